// A one-time link, opened by the integrator. The secret stands in the address's fragment, which no server and no link
// preview sees; it is taken out of the address bar and the history first of all. Looking changes nothing: only the
// button opens the link, and only then is the token made.
import createClient from 'openapi-fetch';
import { useCallback, useEffect, useState } from 'react';
import type { components, paths } from '@/api/schema';
import { download } from '@/parts/download';
import { Icon } from '@/parts/icons';
import { headersOf } from '@/text/curl';
import { language, useLanguage, useText } from '@/text/text';
import { Copy, Frame, Say } from './Frame';
import { mountPublic } from './mount';

type Look = components['schemas']['Share'];
type Pair = components['schemas']['Shared'] & components['schemas']['NewToken'];

const api = createClient<paths, 'application/json'>({ baseUrl: '/', credentials: 'omit', cache: 'no-store' });

/** How an answer that is none of the above reads: the link is not known, too many tries, or nobody answered. */
type Trouble = 'unknown' | 'slow' | 'away';

class ShareError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
  }
}

const told = (secret: string) => ({ body: { secret }, headers: { 'Accept-Language': language() } });

async function answerOf<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data, response } = await call.catch(() => {
    throw new ShareError('away');
  });
  if (data !== undefined) return data;
  if (response.status === 429) throw new ShareError('slow');
  throw new ShareError(response.status >= 500 ? 'away' : 'unknown');
}

function takeSecret(): string {
  const secret = window.location.hash.slice(1);
  if (secret) window.history.replaceState(null, '', window.location.pathname);
  return secret;
}

const first = takeSecret();

function Share() {
  const t = useText('share');
  const lang = useLanguage();
  const [secret, setSecret] = useState(first);
  const [look, setLook] = useState<Look>();
  const [trouble, setTrouble] = useState<Trouble>();
  const [isBusy, setBusy] = useState(false);
  const [pair, setPair] = useState<Pair>();
  const [isDone, setDone] = useState(false);

  // Another link pasted into the same tab.
  useEffect(() => {
    const again = () => {
      const next = takeSecret();
      if (!next) return;
      setPair(undefined);
      setDone(false);
      setLook(undefined);
      setSecret(next);
    };
    window.addEventListener('hashchange', again);
    return () => window.removeEventListener('hashchange', again);
  }, []);

  const see = useCallback(async () => {
    if (!secret) return;
    setTrouble(undefined);
    try {
      setLook(await answerOf(api.POST('/v1/share/look', told(secret))));
    } catch (error) {
      setTrouble(error instanceof ShareError ? error.trouble : 'away');
    }
  }, [secret]);
  useEffect(() => void see(), [see]);

  const open = async () => {
    if (isBusy) return;
    setBusy(true);
    setTrouble(undefined);
    try {
      setPair(await answerOf(api.POST('/v1/share/open', told(secret))));
      setSecret('');
    } catch (error) {
      // Refused: it was opened, ended or made void meanwhile; looking again says which.
      if (error instanceof ShareError && error.trouble === 'unknown') await see();
      else setTrouble(error instanceof ShareError ? error.trouble : 'away');
    }
    setBusy(false);
  };

  if (pair) {
    return (
      <Shown
        pair={pair}
        onDone={() => {
          setPair(undefined);
          setDone(true);
        }}
      />
    );
  }
  if (isDone) return <Frame title={t('done_title')}><p>{t('done_detail')}</p></Frame>;
  if (!secret) return <Frame title={t('none_title')}><p>{t('none_detail')}</p></Frame>;
  if (trouble === 'unknown') return <Frame title={t('unknown_title')}><p>{t('unknown_detail')}</p></Frame>;
  if (trouble) {
    return (
      <Frame title={t(`${trouble}_title`)}>
        <Say tone="warn">{t(`${trouble}_detail`)}</Say>
        <div className="p-row"><button type="button" className="p-button" onClick={() => void see()}>{t('retry')}</button></div>
      </Frame>
    );
  }
  if (!look) return <Frame title={t('title')}><p className="p-dim" role="status">{t('looking')}</p></Frame>;

  const when = (at: string) => new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(at));
  const places = { account: look.account, label: look.label };
  if (look.state === 'opened') {
    return (
      <Frame title={t('opened_title')}>
        <Say tone="bad">{look.openedAt ? t('opened_at', { when: when(look.openedAt) }) : t('opened_once')}</Say>
        <p>{t('opened_you')}</p>
        <p>{t('opened_not_you', places)}</p>
      </Frame>
    );
  }
  if (look.state !== 'waiting') return <Frame title={t(`${look.state}_title`)}><p>{t(`${look.state}_detail`, places)}</p></Frame>;
  return (
    <Frame title={t('title')}>
      <p>{t('waiting_what', places)}</p>
      <Say tone="info">{t('waiting_unopened')}</Say>
      <Say tone="warn">{t('waiting_once')}</Say>
      {look.expiresAt && <p className="p-dim">{t('waiting_until', { when: when(look.expiresAt) })}</p>}
      <div className="p-row"><button type="button" className="p-button" data-main disabled={isBusy} onClick={() => void open()}>{isBusy ? t('opening') : t('open')}</button></div>
    </Frame>
  );
}

function Shown({ pair, onDone }: { pair: Pair; onDone: () => void }) {
  const t = useText('share');
  const [stored, setStored] = useState(false);
  useEffect(() => {
    const stay = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', stay);
    // Coming back to this page must not show it again.
    window.addEventListener('pagehide', onDone);
    return () => {
      window.removeEventListener('beforeunload', stay);
      window.removeEventListener('pagehide', onDone);
    };
  }, [onDone]);
  const text = `appKey: ${pair.appKey}\nappToken: ${pair.appToken}\n`;
  return (
    <Frame title={t('shown_title')}>
      <Say tone="warn">{t('shown_once')}</Say>
      <dl className="l-secret">
        <div><dt>appKey</dt><dd>{pair.appKey}</dd></div>
        <div><dt>appToken</dt><dd>{pair.appToken}</dd></div>
      </dl>
      <div className="p-row">
        <Copy text={pair.appKey} label={t('copy_key')} />
        <Copy text={pair.appToken} label={t('copy_token')} />
        <button type="button" className="p-button" onClick={() => download(`${pair.appKey}.txt`, text)}><Icon name="download" />{t('download')}</button>
      </div>
      <h2>{t('use')}</h2>
      <pre className="p-snippet">{headersOf(pair.credentials, pair.appKey, '$APP_TOKEN').map(([name, value]) => `${name}: ${value}`).join('\n')}</pre>
      <p className="p-dim">{t('use_why')}</p>
      <label className="p-check"><input type="checkbox" checked={stored} onChange={(event) => setStored(event.currentTarget.checked)} />{t('stored')}</label>
      <div className="p-row" data-end><button type="button" className="p-button" data-main disabled={!stored} onClick={onDone}>{t('done')}</button></div>
    </Frame>
  );
}

void mountPublic('share', <Share />);
