// From an empty installation to the first request: catalogue, profile, key, link, request. Gone once it is hidden, or the account has more keys.
import { Button, Text } from '@mantine/core';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Link } from 'react-router-dom';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useStatus } from '@/api/status';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { keyPath } from '@/screens/keys/model';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import type { Found } from './firstRequest';
import { FirstRequest, wasAllowed } from './FirstRequest';

const IN_USE = 3;
const EVERY_MS = 10_000;

async function look(account: string): Promise<Found> {
  const some = { params: { query: { limit: 20 } } };
  const [routes, services, profiles, keys] = await Promise.all([
    data(api.GET('/v1/routes', some)),
    data(api.GET('/v1/services', some)),
    data(api.GET('/v1/profiles', { params: { query: { account, limit: 200 } } })),
    data(api.GET('/v1/keys', { params: { query: { account, sort: 'oldest', limit: 20 } } })),
  ]);
  return { routes: routes.items, services: services.items, profiles: profiles.items, keys: keys.items };
}

function Step({ number, isDone, isNext, title, detail, children }: { number: number; isDone: boolean; isNext: boolean; title: string; detail: string; children?: ReactNode }) {
  const t = useText('overview');
  return (
    <li data-done={isDone || undefined} aria-current={isNext ? 'step' : undefined}>
      <span className="l-step-mark" aria-hidden>{isDone ? <Icon name="check" size={14} /> : number}</span>
      <div>
        <Text fw={600} size="sm">{title}{isDone && <span className="l-hidden"> ({t('step_done')})</span>}</Text>
        {!isDone && <Text size="sm" c="dimmed">{detail}</Text>}
        {isNext && children}
      </div>
    </li>
  );
}

/** A word kept in this browser; without storage it holds for this visit of the page. */
function useRemembered(name: string, value: string): [boolean, () => void] {
  const [is, setIs] = useState(() => {
    try {
      return localStorage.getItem(name) === value;
    } catch {
      return false;
    }
  });
  const remember = useCallback(() => {
    setIs(true);
    try {
      localStorage.setItem(name, value);
    } catch {
      // Then it is asked again at the next visit.
    }
  }, [name, value]);
  return [is, remember];
}

export function FirstSteps() {
  const t = useText('overview');
  const { account, may } = useSession();
  const [hidden, hide] = useRemembered('llavero-first-steps', account);
  // What the gates counted is gone when the daemon starts again.
  const [requested, remember] = useRemembered('llavero-first-request', account);
  // Without this right neither the catalogue nor the profiles can be looked at.
  const looks = !hidden && may('profiles.view');
  const read = useRead(['overview', account, 'first'], () => look(account), { enabled: looks, every: EVERY_MS });
  const status = useStatus({ enabled: looks });
  const allowed = wasAllowed(status.data);
  const linked = read.data?.keys.find((each) => each.state === 'active' && each.profiles.length > 0);
  useEffect(() => {
    if (linked && allowed) remember();
  }, [linked, allowed, remember]);
  const found = read.data;
  if (!found || hidden) return null;
  // An account that is in use already needs no guide.
  if (found.keys.length > IN_USE) return null;
  const key = found.keys.find((each) => each.state !== 'revoked');
  const done = [found.routes.length > 0, found.profiles.length > 0, Boolean(key), Boolean(linked), Boolean(linked && requested)];
  const next = done.indexOf(false);
  const act = (to: string, text: string, allowed: boolean) => allowed && <Button component={Link} to={to} size="xs" mt={8}>{text}</Button>;
  const step = (number: number, name: string, children?: ReactNode) => (
    <Step key={name} number={number} isDone={done[number - 1] ?? false} isNext={next === number - 1} title={t(`step_${name}`)} detail={t(`step_detail_${name}`)}>{children}</Step>
  );
  return (
    <Panel title={t('first')} lead={t('first_lead')} actions={(next === -1 || next === 4) && <Button variant="default" size="xs" onClick={hide}>{t('first_end')}</Button>}>
      <ol className="l-steps">
        {step(1, 'catalog', act('/catalog', t('do_catalog'), may('catalog.view')))}
        {step(2, 'profile', act('/profiles/new', t('do_profile'), may('profiles.edit')))}
        {step(3, 'key', act('/keys?view=new', t('do_key'), may('keys.edit')))}
        {step(4, 'link', key && act(`${keyPath(key.appKey)}?do=link`, t('do_link'), may('keys.edit')))}
        {step(5, 'request', linked && <FirstRequest found={found} item={linked} />)}
      </ol>
    </Panel>
  );
}
