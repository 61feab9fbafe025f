// The keys that somebody should look at, most urgent kind first, each with what ends it.
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'react-router-dom';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Panel } from '@/parts/Page';
import { EmptyState, ErrorState, LoadingState, Mark } from '@/parts/States';
import { type Alert, ageOf, ALERT_TONES, type Key, keyPath, tokenOf } from '@/screens/keys/model';
import { useSession } from '@/session/session';
import { Ago } from '@/text/format';
import { loadTexts, useText } from '@/text/text';

// It speaks with the words of the keys' own pages.
const Resolve = lazy(async () => {
  const [module] = await Promise.all([import('@/screens/keys/Resolve'), loadTexts('keys')]);
  return module;
});

/** What nobody uses is looked at; there is no one change that ends it. */
type Told = Alert | 'unused_30d';

const URGENCY: Told[] = ['expired', 'token_very_old', 'expiring', 'rotation_open', 'token_old', 'unlinked', 'unused_30d'];
const SHOWN = 5;
/** More than are shown: some of them stand elsewhere. */
const ASKED = 100;

/** A token of six months is one of three months too, and one that is being renewed needs no renewal: it is told once. */
const isTold = (alert: Told, key: Key) => /^token_/.test(alert) && (key.rotation !== null || ageOf(tokenOf(key, 'current')) !== alert);

interface Kind {
  alert: Told;
  keys: Key[];
  hasMore: boolean;
}

async function readKinds(account: string): Promise<{ kinds: Kind[]; hasKeys: boolean }> {
  const kinds = await Promise.all(
    URGENCY.map(async (alert): Promise<Kind> => {
      const page = await data(api.GET('/v1/keys', { params: { query: { account, alert, sort: 'oldest', limit: ASKED } } }));
      const keys = page.items.filter((key) => !isTold(alert, key));
      return { alert, keys, hasMore: keys.length > SHOWN || Boolean(page.next) };
    }),
  );
  const shown = kinds.filter((kind) => kind.keys.length > 0);
  const any = shown.length > 0 ? shown[0]!.keys : (await data(api.GET('/v1/keys', { params: { query: { account, limit: 1 } } }))).items;
  return { kinds: shown, hasKeys: any.length > 0 };
}

function Since({ item, alert }: { item: Key; alert: Told }) {
  const t = useText('overview');
  const token = tokenOf(item, 'current');
  if (alert === 'unused_30d') return <span className="l-dim"> · {t(item.lastUse ? 'since_unused_30d' : 'since_never_used')} <Ago at={item.lastUse?.at ?? item.createdAt} /></span>;
  const at = alert === 'expired' || alert === 'expiring' ? item.expiresAt : alert === 'unlinked' ? item.createdAt : token?.createdAt;
  if (!at) return null;
  return <span className="l-dim"> · {t(`since_${alert}`)} <Ago at={at} /></span>;
}

export function Attention() {
  const t = useText('overview');
  const { account, may } = useSession();
  const [open, setOpen] = useState<{ item: Key; alert: Alert } | undefined>();
  const edits = may('keys.edit');
  const read = useRead(['overview', account, 'attention'], () => readKinds(account), { every: 60_000 });
  if (!read.data) return <Panel title={t('attention')}>{read.error ? <ErrorState error={read.error} onRetry={() => void read.refetch()} /> : <LoadingState />}</Panel>;
  if (!read.data.hasKeys) return null;
  if (read.data.kinds.length === 0) return <Panel title={t('attention')}><EmptyState icon="check" title={t('attention_none')}>{t('attention_none_detail')}</EmptyState></Panel>;
  return (
    <Panel flush title={t('attention')}>
      {read.data.kinds.map(({ alert, keys, hasMore }) => (
        <section className="l-kind" key={alert}>
          <div>
            <h3><Mark tone={alert === 'unused_30d' ? 'warn' : ALERT_TONES[alert]}>{t(`alert_${alert}`)}</Mark></h3>
            <p>{t(`why_${alert}`)}</p>
          </div>
          <ul className="l-rows">
            {keys.slice(0, SHOWN).map((key) => (
              <li key={key.appKey}>
                <span>
                  <Link className="l-link l-strong" to={keyPath(key.appKey)}>{key.label}</Link>
                  <Since item={key} alert={alert} />
                </span>
                {alert === 'unused_30d' && <Button component={Link} to={keyPath(key.appKey)} variant="default" size="compact-sm" aria-label={t('do_named', { deed: t('do_unused_30d'), label: key.label })}>{t('do_unused_30d')}</Button>}
                {edits && alert !== 'unused_30d' && <Button variant="default" size="compact-sm" aria-label={t('do_named', { deed: t(`do_${alert}`), label: key.label })} onClick={() => setOpen({ item: key, alert })}>{t(`do_${alert}`)}</Button>}
              </li>
            ))}
            {hasMore && <li><Button component={Link} to={`/keys?alert=${alert}`} variant="subtle" size="compact-sm">{t('all')}</Button></li>}
          </ul>
        </section>
      ))}
      {open && <Suspense fallback={null}><Resolve item={open.item} alert={open.alert} onClose={() => setOpen(undefined)} /></Suspense>}
    </Panel>
  );
}
