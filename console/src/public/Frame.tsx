import { type ReactNode, useEffect, useState } from 'react';
import icon from '@/assets/icon.svg';
import { Icon } from '@/parts/icons';
import { type Language, LANGUAGES, setLanguage, useLanguage, useText } from '@/text/text';

/** Brand, one card, and the languages below it. */
export function Frame({ title, children }: { title: string; children: ReactNode }) {
  const t = useText('public');
  const lang = useLanguage();
  useEffect(() => {
    document.title = `${title} · Llavero`;
  }, [title]);
  return (
    <div className="l-door">
      <main className="l-door-body">
        <div className="l-door-card" data-wide>
          <div className="l-brand"><img src={icon} alt="" width={24} height={24} />Llavero</div>
          <section className="l-panel">
            <div className="l-panel-body p-card">
              <h1>{title}</h1>
              {children}
            </div>
          </section>
        </div>
      </main>
      <footer className="l-door-foot">
        <nav aria-label={t('language')}>
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <button key={code} type="button" className="p-language" lang={code} aria-pressed={code === lang} onClick={() => void setLanguage(code as Language)}>{name}</button>
          ))}
        </nav>
      </footer>
    </div>
  );
}

/** As in the console: the words in a tinted box. */
export function Say({ tone = 'info', children }: { tone?: 'info' | 'warn' | 'bad' | 'good'; children: ReactNode }) {
  return (
    <div className="l-notice" data-tone={tone} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon name={tone === 'good' ? 'check' : tone === 'info' ? 'info' : 'warning'} />
      <div>{children}</div>
    </div>
  );
}

export function Copy({ text, label }: { text: string; label: string }) {
  const t = useText('public');
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button type="button" className="p-button" onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false))}>
      <Icon name={copied ? 'check' : 'copy'} />
      <span aria-live="polite">{copied ? t('copied') : label}</span>
    </button>
  );
}
