// The FAQ's "verify typing errors": both texts are looked at in this page and go nowhere.
import { useEffect, useMemo, useState } from 'react';
import { type Checker, type Finding, loadChecker } from '@/key/check';
import { compare } from '@/key/same';
import { Icon } from '@/parts/icons';
import { type Language, useLanguage, useText } from '@/text/text';
import { Frame, Say } from './Frame';
import { mountPublic } from './mount';

type Texts = Record<string, string>;
/** The very texts of the refusals and of /causes. */
const causes = import.meta.glob<Texts>('../../../locale/*/cause.json', { import: 'default' });
const hints = import.meta.glob<Texts>('../../../locale/*/hint.json', { import: 'default' });
const read = (lang: Language) => Promise.all([causes[`../../../locale/${lang}/cause.json`]!(), hints[`../../../locale/${lang}/hint.json`]!()]);

/** What this installation's appKeys begin with; the keeper writes it into the page. */
const PREFIX = document.querySelector<HTMLMetaElement>('meta[name="llavero-app-key-prefix"]')?.content || 'appkey';

interface Meant {
  /** Empty: no key in particular. */
  appKey: string;
  prefix: string;
  isOfConsole: boolean;
}

/** The key that the console came from, in the fragment: like all here it is sent nowhere. */
function meantBy(hash: string): Meant {
  const fragment = new URLSearchParams(hash.slice(1));
  return { appKey: fragment.get('appKey') ?? '', prefix: fragment.get('prefix') ?? PREFIX, isOfConsole: fragment.has('appKey') || fragment.has('prefix') };
}

function useMeant() {
  const [meant, setMeant] = useState(() => meantBy(window.location.hash));
  useEffect(() => {
    const again = () => setMeant(meantBy(window.location.hash));
    window.addEventListener('hashchange', again);
    return () => window.removeEventListener('hashchange', again);
  }, []);
  return meant;
}

function Check({ meant }: { meant: Meant }) {
  const t = useText('check');
  const lang = useLanguage();
  const [checker, setChecker] = useState<Checker>();
  const [isAway, setAway] = useState(false);
  const [texts, setTexts] = useState<[Texts, Texts]>();
  const [appKey, setAppKey] = useState(meant.appKey);
  const [appToken, setAppToken] = useState('');
  const [prefix, setPrefix] = useState(meant.prefix);
  useEffect(() => void loadChecker().then(setChecker, () => setAway(true)), []);
  useEffect(() => void read(lang).then(setTexts, () => setAway(true)), [lang]);

  const found = useMemo(() => {
    if (!checker) return undefined;
    const given = { prefix: prefix.trim() || PREFIX, appKey: appKey || undefined, appToken: appToken || undefined };
    return {
      key: appKey ? checker.check('appKey', given) : undefined,
      token: appToken ? checker.check('appToken', given) : undefined,
      pair: appKey && appToken ? checker.check('pair', given) : undefined,
    };
  }, [checker, appKey, appToken, prefix]);
  // Only what the two together tell stands above them; the rest is told at its field.
  const together = found?.pair?.field === 'both' && found.pair.verdict === 'wrong' ? found.pair : undefined;

  return (
    <Frame title={t('title')}>
      {meant.isOfConsole && <a className="l-back" href={`/keys/${encodeURIComponent(meant.appKey)}`.replace(/\/$/, '')}><Icon name="back" size={14} />{t(meant.appKey ? 'back' : 'back_keys')}</a>}
      <p>{meant.appKey ? t('lead_key') : t('lead')}</p>
      <Say tone="good">{t('private')}</Say>
      {isAway && <Say tone="bad">{t('away')}</Say>}
      <div className="p-field">
        <label htmlFor="app-key">appKey</label>
        <input id="app-key" value={appKey} onChange={(event) => setAppKey(event.currentTarget.value)} autoComplete="off" autoCapitalize="off" spellCheck={false} aria-describedby="app-key-said" />
      </div>
      <div id="app-key-said" aria-live="polite" className="p-said">
        {meant.appKey && appKey && <Same pasted={appKey} meant={meant.appKey} isValid={found?.key?.verdict === 'valid'} />}
        {texts && found?.key && !together && (!meant.appKey || (found.key.verdict === 'wrong' && compare(appKey, meant.appKey).kind === 'other')) && <Told text={appKey} finding={found.key} field="appKey" causes={texts[0]} hints={texts[1]} />}
      </div>
      <div className="p-field">
        <label htmlFor="app-token">appToken</label>
        <textarea id="app-token" rows={2} value={appToken} onChange={(event) => setAppToken(event.currentTarget.value)} autoComplete="off" autoCapitalize="off" spellCheck={false} aria-describedby="app-token-said" />
      </div>
      <div id="app-token-said" aria-live="polite">{texts && found?.token && !together && <Told text={appToken} finding={found.token} field="appToken" causes={texts[0]} hints={texts[1]} />}</div>
      <div aria-live="polite">{texts && together && <Reason finding={together} causes={texts[0]} hints={texts[1]} />}</div>
      <details>
        <summary>{t('prefix_other')}</summary>
        <div className="p-field">
          <label htmlFor="prefix">{t('prefix')}</label>
          <input id="prefix" value={prefix} onChange={(event) => setPrefix(event.currentTarget.value)} autoComplete="off" autoCapitalize="off" spellCheck={false} />
        </div>
      </details>
      {(appKey || appToken) && (
        <div className="p-row">
          <button
            type="button"
            className="p-button"
            onClick={() => {
              setAppKey('');
              setAppToken('');
            }}
          >
            {t('clear')}
          </button>
        </div>
      )}
    </Frame>
  );
}

/** Is it this key's? Byte for byte, as the server compares. */
function Same({ pasted, meant, isValid }: { pasted: string; meant: string; isValid: boolean }) {
  const t = useText('check');
  const found = compare(pasted, meant);
  if (found.kind === 'same') return <Say tone="good">{t('same')}</Say>;
  return (
    <Say tone="bad">
      <strong>{t('not_same')}</strong>
      {found.kind === 'typo' && <Marked text={pasted} positions={found.positions} />}
      <p>{found.kind === 'other' ? t(isValid ? 'not_same_other' : 'not_same_unlike') : t(`not_same_${found.kind}`)}</p>
      <p>{t('not_same_copy', { appKey: meant })}</p>
    </Say>
  );
}

interface ToldProps {
  text: string;
  finding: Finding;
  field: 'appKey' | 'appToken';
  causes: Texts;
  hints: Texts;
}

function Told({ text, finding, field, causes: words, hints: more }: ToldProps) {
  const t = useText('check');
  if (finding.verdict === 'valid') return <Say tone="good">{t(`valid_${field}`)}</Say>;
  if (finding.verdict !== 'wrong') return <Say tone="info">{t(`foreign_${field}`)}</Say>;
  return <Reason text={text} finding={finding} causes={words} hints={more} />;
}

/** What is wrong, where, and what to do. */
function Reason({ text, finding, causes: words, hints: more }: { text?: string; finding: Finding; causes: Texts; hints: Texts }) {
  const t = useText('check');
  const say = (part: string) => words[`${finding.cause}.${part}`];
  const title = say('title') ?? t('malformed_title');
  return (
    <Say tone="bad">
      <strong>{title}</strong>
      {text !== undefined && finding.positions.length > 0 && (
        <>
          <Marked text={text} positions={finding.positions} />
          <div>
            {t('positions', { positions: finding.positions.join(', ') })}
            {finding.wrongCount > finding.positions.length && ` ${t('positions_more', { count: finding.wrongCount })}`}
          </div>
        </>
      )}
      {finding.expected > 0 && finding.length !== finding.expected && <div>{t('length', { length: finding.length, expected: finding.expected })}</div>}
      {finding.hint && more[finding.hint] && <p>{more[finding.hint]}</p>}
      <p>{say('meaning') ?? t('malformed_meaning')}</p>
      {say('check') && <p>{say('check')}</p>}
      {say('fix') && <p>{say('fix')}</p>}
    </Say>
  );
}

/** The text itself, its wrong characters marked; a space is made visible. */
function Marked({ text, positions }: { text: string; positions: number[] }) {
  const wrong = new Set(positions);
  const characters = [...text];
  return (
    <p className="p-marked">
      {characters.map((character, index) => (wrong.has(index + 1) ? <mark key={index}>{/\s/.test(character) ? '\u2423' : character}</mark> : character))}
      {/* Something is missing at the end. */}
      {positions.some((position) => position > characters.length) && <mark>…</mark>}
    </p>
  );
}

function Page() {
  const meant = useMeant();
  return <Check key={`${meant.appKey} ${meant.prefix}`} meant={meant} />;
}

void mountPublic('check', <Page />);
