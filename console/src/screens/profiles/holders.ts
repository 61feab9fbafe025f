// Who notices a change of a profile: the keys that are linked to it and the users who hold it, and which resources each
// gains or loses. What another profile of theirs gives as well, they keep.
import { api, data, type Schemas } from '@/api/client';
import { difference, namesOf, type Profile } from './model';

const ASKED_MAX = 200;

export interface Holder {
  kind: 'key' | 'user';
  id: string;
  name: string;
  to: string;
  gains: string[];
  loses: string[];
}

export interface Holders {
  holders: Holder[];
  /** More than were asked about. */
  isCut: boolean;
}

interface Sees {
  keys: boolean;
  users: boolean;
}

type Key = Schemas['Key'];
type User = Schemas['User'];

async function keysOf(account: string, profile: Profile): Promise<{ items: Key[]; isCut: boolean }> {
  if (profile.keys === 0) return { items: [], isCut: false };
  // Those of other accounts too.
  const page = await data(api.GET('/v1/keys', { params: { query: { account, profile: profile.id, limit: ASKED_MAX } } }));
  return { items: page.items, isCut: Boolean(page.next) };
}

async function usersOf(account: string, profile: Profile): Promise<{ items: User[]; isCut: boolean }> {
  if (profile.users === 0) return { items: [], isCut: false };
  const page = await data(api.GET('/v1/users', { params: { query: { account, limit: ASKED_MAX } } }));
  const items = page.items.filter((user) => user.profiles.some(({ id }) => id === profile.id));
  return { items, isCut: items.length < profile.users };
}

/** The account's profiles, and so what else each holder has. */
async function resourcesOf(account: string): Promise<Map<number, Set<string>>> {
  const page = await data(api.GET('/v1/profiles', { params: { query: { account, limit: ASKED_MAX } } }));
  return new Map(page.items.map((profile) => [profile.id, namesOf(profile)]));
}

export async function holdersOf(account: string, profile: Profile, before: Set<string>, after: Set<string>, sees: Sees): Promise<Holders> {
  const [keys, users, resources] = await Promise.all([
    sees.keys ? keysOf(account, profile) : { items: [], isCut: false },
    sees.users ? usersOf(account, profile) : { items: [], isCut: false },
    resourcesOf(account),
  ]);
  const { added, removed } = difference(before, after);
  const changed = (others: number[]) => {
    const has = (name: string) => others.some((id) => id !== profile.id && resources.get(id)?.has(name));
    return { gains: added.filter((name) => !has(name)), loses: removed.filter((name) => !has(name)) };
  };
  const holders: Holder[] = [
    ...keys.items.filter((key) => key.state !== 'revoked').map((key): Holder => ({
      kind: 'key', id: key.appKey, name: key.account === account ? key.label : key.appKey, to: `/keys/${encodeURIComponent(key.appKey)}`,
      ...changed(key.profiles.filter((link) => link.account === account).map((link) => link.id)),
    })),
    ...users.items.map((user): Holder => ({
      kind: 'user', id: String(user.id), name: user.name || user.email || `#${user.id}`, to: `/users/${user.id}`, ...changed(user.profiles.map(({ id }) => id)),
    })),
  ];
  return { holders, isCut: keys.isCut || users.isCut };
}
