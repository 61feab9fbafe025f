// From an empty installation to the first request: catalogue, profile, key, link, request. Gone once a key is linked.
import { Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router-dom';
import { api, data, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { CopyIcon } from '@/parts/Copy';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { keyPath } from '@/screens/keys/model';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';

type Key = Schemas['Key'];
const DISMISSED = 'llavero-first-steps';

interface Found {
  routes: Schemas['Route'][];
  profiles: Schemas['Profile'][];
  keys: Key[];
  services: Schemas['Service'][];
}

async function look(account: string, sees: { profiles: boolean }): Promise<Found> {
  const one = { params: { query: { limit: 20 } } };
  const [routes, services, profiles, keys] = await Promise.all([
    sees.profiles ? data(api.GET('/v1/routes', one)) : { items: [] },
    sees.profiles ? data(api.GET('/v1/services', one)) : { items: [] },
    sees.profiles ? data(api.GET('/v1/profiles', { params: { query: { account, limit: 20 } } })) : { items: [] },
    data(api.GET('/v1/keys', { params: { query: { account, sort: 'oldest', limit: 50 } } })),
  ]);
  return { routes: routes.items, services: services.items, profiles: profiles.items, keys: keys.items };
}

/** In single quotes a shell takes every character for itself, but for the quote. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A request of the key's to a route that one of its profiles opens. */
function curlOf(found: Found, key: Key): string {
  const held = new Set(found.profiles.filter((profile) => key.profiles.some((link) => link.id === profile.id)).flatMap((profile) => profile.resources.map(({ product, key: name }) => `${product}\n${name}`)));
  const opens = (route: Schemas['Route']) => route.resources.some(({ product, key: name }) => held.has(`${product}\n${name}`));
  const route = found.routes.find((each) => each.method === 'GET' && opens(each)) ?? found.routes.find(opens) ?? found.routes[0];
  const service = found.services.find((each) => each.name === route?.service);
  const host = service?.hosts.find((each) => !each.includes('*')) ?? 'api.example.com';
  const path = `${service?.basePath ?? ''}${(route?.path ?? '/').replace(/\{[^}]*\}/g, '1')}`;
  const method = route && route.method !== 'GET' ? `-X ${route.method} ` : '';
  return [`read -rs APP_TOKEN`, `curl -i ${method}${quoted(`https://${host}${path}`)} \\`, `  -H ${quoted(`X-App-Key: ${key.appKey}`)} \\`, `  -H "X-App-Token: $APP_TOKEN"`].join('\n');
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

function dismissed(account: string): boolean {
  try {
    return localStorage.getItem(DISMISSED) === account;
  } catch {
    return false;
  }
}

export function FirstSteps() {
  const t = useText('overview');
  const { account, may } = useSession();
  const sees = { profiles: may('profiles.view') };
  const hidden = dismissed(account);
  const read = useRead(['overview', account, 'first', sees.profiles], () => look(account, sees), { enabled: !hidden });
  const found = read.data;
  if (!found || hidden) return null;
  const key = found.keys.find((each) => each.state !== 'revoked');
  const linked = found.keys.find((each) => each.state === 'active' && each.profiles.length > 0);
  const done = [found.routes.length > 0, found.profiles.length > 0, Boolean(key), Boolean(linked)];
  // An account that is in use already needs no guide.
  if (!sees.profiles || found.keys.length > 3) return null;
  const next = done.indexOf(false);
  const curl = linked && curlOf(found, linked);
  const act = (to: string, text: string, allowed: boolean) => allowed && <Button component={Link} to={to} size="xs" mt={8}>{text}</Button>;
  const step = (number: number, name: string, children?: ReactNode) => (
    <Step key={name} number={number} isDone={done[number - 1] ?? false} isNext={next === number - 1 || (next === -1 && number === 5)} title={t(`step_${name}`)} detail={t(`step_detail_${name}`)}>{children}</Step>
  );
  const end = () => {
    try {
      localStorage.setItem(DISMISSED, account);
    } catch {
      // Then it is shown again at the next visit.
    }
    void read.refetch();
  };
  return (
    <Panel title={t('first')} lead={t('first_lead')} actions={next === -1 && <Button variant="default" size="xs" onClick={end}>{t('first_end')}</Button>}>
      <ol className="l-steps">
        {step(1, 'catalog', act('/catalog', t('do_catalog'), may('catalog.view')))}
        {step(2, 'profile', act('/profiles/new', t('do_profile'), may('profiles.edit')))}
        {step(3, 'key', act('/keys?view=new', t('do_key'), may('keys.edit')))}
        {step(4, 'link', key && act(keyPath(key.appKey), t('do_link'), may('keys.edit')))}
        {step(5, 'request', curl && (
          <div className="l-curl">
            <pre className="l-pre" tabIndex={0}>{curl}</pre>
            <CopyIcon text={curl} what={t('copy_curl')} />
            <Text size="sm" c="dimmed" mt={6}>{t('curl_hint')} <Link className="l-link" to="/diagnose">{t('curl_diagnose')}</Link></Text>
          </div>
        ))}
      </ol>
    </Panel>
  );
}
