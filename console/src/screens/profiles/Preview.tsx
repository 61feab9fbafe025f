// What a change of the profile will do, before it is saved: the routes that open and close, and the keys
// and users whom it touches. Without a change: what the profile opens, and who has it.
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { Button, Text } from '@mantine/core';
import { Link } from 'react-router-dom';
import { useRead } from '@/api/hooks';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { ErrorState, LoadingState, Notice } from '@/parts/States';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { holdersOf } from './holders';
import { difference, type Effect, effectOf, type Profile, type Route, wordOf } from './model';

const SHOWN = 12;
const HOLDERS_SHOWN = 8;
const NAMES_SHOWN = 3;

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

function Change({ tone, names }: { tone: 'good' | 'bad'; names: string[] }) {
  const t = useText('profiles');
  if (names.length === 0) return null;
  const more = names.length - NAMES_SHOWN;
  return (
    <span className="l-change" data-tone={tone}>
      <span className="l-hidden">{t(tone === 'good' ? 'gains' : 'loses')}</span>
      {names.slice(0, NAMES_SHOWN).map(wordOf).join(', ')}{more > 0 && ` ${t('and_more', { count: more })}`}
    </span>
  );
}

/** Who has it, and during a change what each gains and loses by it. */
function Touched({ profile, before, after, isChange }: { profile: Profile; before: Set<string>; after: Set<string>; isChange: boolean }) {
  const t = useText('profiles');
  const { account, may } = useSession();
  const [all, setAll] = useState(false);
  const sees = { keys: may('keys.view'), users: may('users.view') };
  const isHeld = profile.keys + profile.users > 0;
  const read = useRead(
    ['preview', 'holders', account, profile.id, profile.version, sees, isChange && [...before].sort(), isChange && [...after].sort()],
    () => holdersOf(account, profile, before, after, sees),
    { enabled: isHeld && (sees.keys || sees.users) },
  );
  const counts = [profile.keys > 0 && t('keys', { count: profile.keys }), profile.users > 0 && t('users', { count: profile.users })].filter(Boolean).join(', ');
  if (!isHeld) return <Text size="sm" c="dimmed">{t('touches_none')}</Text>;
  const touched = (read.data?.holders ?? []).filter((holder) => !isChange || holder.gains.length + holder.loses.length > 0);
  const spared = (read.data?.holders.length ?? 0) - touched.length;
  const shown = all ? touched : touched.slice(0, HOLDERS_SHOWN);
  return (
    <div>
      <Text size="sm" fw={600}>{isChange ? t('touches') : t('held_now')} <span className="l-dim l-plain-weight">{counts}</span></Text>
      {read.error && <ErrorState error={read.error} onRetry={() => void read.refetch()} />}
      <ul className="l-holders">
        {shown.map((holder) => (
          <li key={holder.kind + holder.id}>
            <Icon name={holder.kind} size={14} />
            <span>
              <Link className="l-link" to={holder.to}>{holder.name}</Link>
              <Change tone="good" names={holder.gains} />
              <Change tone="bad" names={holder.loses} />
            </span>
          </li>
        ))}
      </ul>
      {touched.length > shown.length && <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>{t('holders_all', { count: touched.length })}</Button>}
      {isChange && spared > 0 && <Text size="sm" c="dimmed">{t('spared', { count: spared })}</Text>}
      {read.data?.isCut && <Text size="sm" c="dimmed">{t('not_all')}</Text>}
      {isChange && touched.length > 0 && <Text size="sm" c="dimmed" mt={4}>{t('touches_when')}</Text>}
    </div>
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
        {profile && <Touched profile={profile} before={before} after={settled} isChange={isChange} />}
      </div>
    </Panel>
  );
}
