// The console's words in a language, from the locale files: what a person reads is found by them, so that a button with
// a wrong text is not found.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../lib/llaverod.mjs';

export const LANGUAGES = ['es', 'en', 'pt'];

const read = (lang, area) => JSON.parse(fs.readFileSync(path.join(ROOT, 'locale', lang, `${area}.json`), 'utf8'));

/** `say('keys', 'create')`, `say('catalog', 'apply', { count: 3 })`. */
export function wordsOf(lang) {
  const areas = new Map();
  return (area, key, places = {}) => {
    if (!areas.has(area)) areas.set(area, read(lang, `console/${area}`));
    const texts = areas.get(area);
    const form = places.count === undefined ? undefined : `${key}_${new Intl.PluralRules(lang).select(places.count)}`;
    const text = texts[form] ?? texts[form && `${key}_other`] ?? texts[key];
    if (text === undefined) throw new Error(`no text ${lang}/console/${area}.json ${key}`);
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in places ? String(places[name]) : whole));
  };
}

/** Names of causes, which are codes in every language. */
export const CAUSES = new Set(Object.keys(read('en', 'cause')).map((key) => key.replace(/\.\w+$/, '')));
