// The first request of a key: one to a route that a profile of the key's opens, by way of the API's own host, or asked
// of Llavero itself as a gateway would ask.
import type { Schemas } from '@/api/client';
import type { Status } from '@/api/status';
import type { Key } from '@/screens/keys/model';
import { effectOf, namesOf, type Profile, type Route } from '@/screens/profiles/model';
import { curlOf } from '@/text/curl';

export interface Found {
  routes: Route[];
  profiles: Profile[];
  keys: Key[];
  services: Schemas['Service'][];
}

export interface Target {
  method: string;
  path: string;
  /** Absent: the service answers on any host, or on some that only a pattern tells. */
  host: string | undefined;
}

/** A parameter of a template takes any text, and so does its end. */
function segment(text: string): string {
  if (/^[:*]/.test(text)) return '1';
  return text.replace(/\{[^}]*\}/g, '1').replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

/** The route that suits best: one that only reads. */
export async function targetOf(found: Found, key: Key): Promise<Target> {
  const held = namesOf({ resources: found.profiles.filter((profile) => key.profiles.some((link) => link.id === profile.id)).flatMap((profile) => profile.resources) });
  const opened = held.size > 0 ? (await effectOf(held, held)).stays : [];
  const route = opened.find((each) => each.method === 'GET') ?? opened[0] ?? found.routes.find((each) => each.method === 'GET') ?? found.routes[0];
  const service = found.services.find((each) => each.name === route?.service);
  const path = `${service?.basePath ?? ''}${route?.path ?? ''}`.split('/').map(segment).join('/');
  return { method: route?.method ?? 'GET', path: path || '/', host: service?.hosts.find((each) => !each.includes('*')) };
}

export function throughApi({ method, path, host }: Target, key: Key, status: Status): string | undefined {
  return host && curlOf({ method, url: `https://${host}${path}`, appKey: key.appKey, shows: true }, status.credentials);
}

type Listener = NonNullable<Status['gates']>['listeners'][number];

/** Any address of a machine is also this one. */
const here = (address: string) => address.replace(/^(\*|0\.0\.0\.0):/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');

const suits = (listener: Listener, account: string) => listener.account !== 'fixed' || listener.value === account;

/** As the dialect of gateways that forward the request's method and target in headers. */
export function askGate({ method, path, host }: Target, key: Key, status: Status): string | undefined {
  const listener = status.gates?.listeners.filter((each) => !each.address.startsWith('/')).find((each) => suits(each, key.account));
  if (!listener) return undefined;
  const more: [string, string][] = [['X-Forwarded-Method', method], ['X-Forwarded-Uri', path]];
  if (host) more.push(['X-Forwarded-Host', host]);
  // A key that lists addresses is refused from this machine's: the first of them stands for a client.
  const from = key.addresses[0]?.split('/')[0];
  if (from) more.push(['X-Real-IP', from]);
  if (listener.account === 'header' && listener.value) more.push([listener.value, key.account]);
  return curlOf({ method: 'GET', url: `http://${here(listener.address)}/auth/forwarded`, appKey: key.appKey, more, shows: true }, status.credentials);
}
