// What several parts of this screen read.
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';

export const keyQuery = (appKey: string) => ['key', appKey];

export function useKey(appKey: string) {
  return useRead(keyQuery(appKey), () => data(api.GET('/v1/keys/{appKey}', { params: { path: { appKey } } })));
}

/** Every read that a change of a key makes old. */
export const keyReads = (appKey: string) => [keyQuery(appKey), ['keys'], ['events'], ['profiles'], ['overview']];
