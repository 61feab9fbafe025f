// What the palette finds beyond its own commands: keys, profiles, users and resources, by name or identifier. Each kind is
// asked only of those who may see it.
import { api, data } from '@/api/client';
import type { IconName } from '@/parts/icons';
import type { Need } from '@/session/session';

export interface Find {
  id: string;
  kind: 'key' | 'profile' | 'user' | 'resource';
  name: string;
  /** What tells it from another of the same name. */
  detail: string;
  to: string;
}

export const FIND_ICONS: Record<Find['kind'], IconName> = { key: 'key', profile: 'profile', user: 'user', resource: 'catalog' };

const SHOWN = 5;
/** A shorter text is in nearly everything. */
export const FIND_FROM = 2;

type Search = (q: string, account: string) => Promise<Find[]>;

const SEARCHES: [need: Need, search: Search][] = [
  ['keys.view', async (q, account) => {
    const { items } = await data(api.GET('/v1/keys', { params: { query: { account, q, sort: 'newest', limit: SHOWN } } }));
    return items.map((key) => ({ id: `key-${key.appKey}`, kind: 'key', name: key.label, detail: key.appKey, to: `/keys/${encodeURIComponent(key.appKey)}` }));
  }],
  ['profiles.view', async (q, account) => {
    const { items } = await data(api.GET('/v1/profiles', { params: { query: { account, q, limit: SHOWN } } }));
    return items.map(({ id, name }) => ({ id: `profile-${id}`, kind: 'profile', name, detail: '', to: `/profiles/${id}` }));
  }],
  ['users.view', async (q, account) => {
    const { items } = await data(api.GET('/v1/users', { params: { query: { account, q, limit: SHOWN } } }));
    return items.map(({ id, name, email }) => ({ id: `user-${id}`, kind: 'user', name: name || email || `#${id}`, detail: name ? (email ?? '') : '', to: `/users/${id}` }));
  }],
  ['catalog.view', async (q) => {
    const { items } = await data(api.GET('/v1/resources', { params: { query: { q, limit: SHOWN } } }));
    return items.map((one) => ({ id: `resource-${one.id}`, kind: 'resource', name: one.name || one.key, detail: `${one.product} · ${one.key}`, to: `/catalog/resources?${new URLSearchParams({ q: one.key })}` }));
  }],
];

export async function find(q: string, account: string, may: (need: Need) => boolean): Promise<Find[]> {
  const found = await Promise.all(SEARCHES.filter(([need]) => may(need)).map(([, search]) => search(q, account)));
  return found.flat();
}
