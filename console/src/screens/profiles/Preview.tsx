// What a change of the profile will do, before it is saved: the routes that open and close, and the keys that it
// touches. Without a change: what the profile opens.
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { Button, Text } from '@mantine/core';
import { Link } from 'react-router-dom';
import { api, data } from '@/api/client';
import { useList, useRead } from '@/api/hooks';
import { Panel } from '@/parts/Page';
import { ErrorState, LoadingState, Notice } from '@/parts/States';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { difference, type Effect, effectOf, type Profile, type Route } from './model';

const SHOWN = 12;
const KEYS_SHOWN = 5;

function Routes({ routes, tone, title }: { routes: Route[]; tone: 'good' | 'bad' | undefined; title: string }) {
  const t = useText('profiles');
  const [all, setAll] = useState(false);
  if (routes.length === 0) return null;
  return (
    <div className="l-gap">
      <Text size="sm" fw={600}>{title}</Text>
      <ul className="l-routes" data-tone={tone}>
        {(all ? routes : routes.slice(0, SHOWN)).map((route) => (
          <li key={route.id}><b>{route.method}</b> {route.path}</li>
        ))}
      </ul>
      {!all && routes.length > SHOWN && <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>{t('routes_all', { count: routes.length })}</Button>}
    </div>
  );
}

function Touched({ profile }: { profile: Profile }) {
  const t = useText('profiles');
  const { account, may } = useSession();
  const list = useList(['keys', account, 'of', profile.id], () => data(api.GET('/v1/keys', { params: { query: { account, profile: profile.id, limit: KEYS_SHOWN } } })), { enabled: profile.keys > 0 && may('keys.view') });
  if (profile.keys === 0) return <Text size="sm" c="dimmed">{t('touches_none')}</Text>;
  const more = profile.keys - list.items.length;
  return (
    <Text size="sm" component="div">
      {t('touches', { count: profile.keys })}{' '}
      {list.items.map((key, index) => (
        <span key={key.appKey}>{index > 0 && ', '}<Link className="l-link" to={`/keys/${encodeURIComponent(key.appKey)}`}>{key.label}</Link></span>
      ))}
      {list.items.length > 0 && more > 0 && <> <Link className="l-link" to={`/keys?profile=${profile.id}`}>{t('and_more', { count: more })}</Link></>}
    </Text>
  );
}

function Summary({ effect, isChange }: { effect: Effect; isChange: boolean }) {
  const t = useText('profiles');
  const { opens, closes, stays } = effect;
  return (
    <>
      <Routes routes={opens} tone="good" title={t('opens', { count: opens.length })} />
      <Routes routes={closes} tone="bad" title={t('closes', { count: closes.length })} />
      <Routes routes={stays} tone={undefined} title={t('opened', { count: stays.length })} />
      {isChange && opens.length + closes.length === 0 && <Text size="sm" mb="sm">{t('no_route_changes')}</Text>}
      {!isChange && stays.length === 0 && <Text size="sm" c="dimmed" mb="sm">{t('opens_no_route')}</Text>}
      {!effect.isAll && <div className="l-gap"><Notice>{t('not_all')}</Notice></div>}
    </>
  );
}

interface PreviewProps {
  profile: Profile | undefined;
  before: Set<string>;
  after: Set<string>;
}

export function Preview({ profile, before, after }: PreviewProps) {
  const t = useText('profiles');
  const [settled] = useDebouncedValue(after, 300);
  const change = difference(before, settled);
  const isChange = change.added.length + change.removed.length > 0;
  const effect = useRead(
    ['preview', [...before].sort(), [...settled].sort()],
    () => effectOf(before, settled),
  );
  return (
    <Panel title={isChange ? t('preview') : t('preview_now')}>
      <div aria-live="polite">
        {isChange && <Text size="sm" c="dimmed" mb="sm">{t('preview_counts', { added: change.added.length, removed: change.removed.length })}</Text>}
        {effect.data ? <Summary effect={effect.data} isChange={isChange} /> : effect.error ? <ErrorState error={effect.error} onRetry={() => void effect.refetch()} /> : <LoadingState />}
        {profile && <Touched profile={profile} />}
      </div>
    </Panel>
  );
}
