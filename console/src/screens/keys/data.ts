// What several parts of this screen read.
import { api, data, type Schemas } from '@/api/client';
import { useList, useRead } from '@/api/hooks';
import { useSession } from '@/session/session';

export type Profile = Schemas['Profile'];

/** The account's access profiles by name: those that hold the search, at most a page. */
export function useProfiles(q = '') {
  const { account, may } = useSession();
  return useList<Profile>(
    ['profiles', account, q, 'choice'],
    () => data(api.GET('/v1/profiles', { params: { query: { account, q: q || undefined, limit: 200 } } })),
    { enabled: may('profiles.view') },
  );
}

export const keyQuery = (appKey: string) => ['key', appKey];

export function useKey(appKey: string) {
  return useRead(keyQuery(appKey), () => data(api.GET('/v1/keys/{appKey}', { params: { path: { appKey } } })));
}

/** Every read that a change of a key makes old. */
export const keyReads = (appKey: string) => [keyQuery(appKey), ['keys'], ['events'], ['profiles'], ['overview']];
