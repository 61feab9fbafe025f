// The pages for people without a login stand alone and are small: the console's look and texts without its libraries.
import '../shell/styles.css';
import './public.css';
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { cssVariables, theme } from '@/shell/theme';
import { loadTexts } from '@/text/text';

const wish = window.matchMedia('(prefers-color-scheme: dark)');

function isDark(): boolean {
  try {
    const chosen = localStorage.getItem('llavero-theme');
    if (chosen === 'dark' || chosen === 'light') return chosen === 'dark';
  } catch {
    // Storage may be switched off.
  }
  return wish.matches;
}

function paint(): void {
  const root = document.documentElement;
  const scheme = isDark() ? 'dark' : 'light';
  root.dataset.mantineColorScheme = scheme;
  const colours = cssVariables(theme as Parameters<typeof cssVariables>[0])[scheme];
  for (const [name, value] of Object.entries(colours)) root.style.setProperty(name, value);
  root.style.setProperty('--mantine-font-family-monospace', theme.fontFamilyMonospace ?? 'monospace');
  root.style.setProperty('font-family', theme.fontFamily ?? 'sans-serif');
}

export async function mountPublic(texts: string, page: ReactNode): Promise<void> {
  paint();
  wish.addEventListener('change', paint);
  await Promise.all([loadTexts('public'), loadTexts(texts)]);
  const root = document.getElementById('root');
  if (!root) throw new Error('no #root');
  createRoot(root).render(page);
}
