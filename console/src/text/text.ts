// Texts: locale/{language}/console/{screen}.json, each loaded when its screen is.
import i18next from 'i18next';
import { useSyncExternalStore } from 'react';

export const LANGUAGES = { es: 'Español', en: 'English', pt: 'Português' } as const;
export type Language = keyof typeof LANGUAGES;
export type Places = Record<string, string | number | undefined>;
export type Translate = (key: string, places?: Places) => string;

const STORED = 'llavero-language';
const files = import.meta.glob<Record<string, string>>('../../../locale/*/console/*.json', { import: 'default' });

const isLanguage = (name: string | null | undefined): name is Language => name != null && name in LANGUAGES;

function preferred(): Language {
  try {
    const stored = localStorage.getItem(STORED);
    if (isLanguage(stored)) return stored;
  } catch {
    // Storage may be switched off; the browser's wish will do.
  }
  for (const wish of navigator.languages) {
    const short = wish.slice(0, 2).toLowerCase();
    if (isLanguage(short)) return short;
  }
  return 'en';
}

let current: Language = preferred();
let revision = 0;
const wanted = new Set<string>();
const listeners = new Set<() => void>();

void i18next.init({
  lng: current,
  fallbackLng: false,
  resources: {},
  keySeparator: false,
  nsSeparator: false,
  interpolation: { prefix: '{', suffix: '}', escapeValue: false },
  returnEmptyString: false,
});

async function load(lang: Language, screen: string): Promise<void> {
  if (i18next.hasResourceBundle(lang, screen)) return;
  const file = files[`../../../locale/${lang}/console/${screen}.json`];
  if (!file) throw new Error(`no texts ${lang}/console/${screen}.json`);
  const texts = { ...(await file()) };
  // Spanish and Portuguese have a form for exact millions; ours read the same.
  for (const key of Object.keys(texts)) {
    if (key.endsWith('_other')) texts[key.replace(/_other$/, '_many')] ??= texts[key]!;
  }
  i18next.addResourceBundle(lang, screen, texts);
}

/** Load the texts of a screen in the language in use. A screen's module waits for it before it is shown. */
export async function loadTexts(screen: string): Promise<void> {
  wanted.add(screen);
  await load(current, screen);
}

export function language(): Language {
  return current;
}

export async function setLanguage(next: Language): Promise<void> {
  await Promise.all([...wanted].map((screen) => load(next, screen)));
  await i18next.changeLanguage(next);
  current = next;
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // It holds for this visit.
  }
  document.documentElement.lang = next;
  revision += 1;
  listeners.forEach((listener) => listener());
}

export function useLanguage(): Language {
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => revision,
  );
  return current;
}

/** `const t = useText('users')`; `t('invite')`, `t('found', { count: 3 })` (keys found_one, found_other). */
export function useText(screen: string): Translate {
  useLanguage();
  return (key, places) => i18next.t(key, { ns: screen, ...places }) as string;
}

document.documentElement.lang = current;
