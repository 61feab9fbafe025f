// The owner alone handles keys unless he delegated it to a profile; and the profile must hold the resource, too.
import { api, data, type Schemas } from '@/api/client';
import { useList } from '@/api/hooks';
import { useSession } from '@/session/session';

type Profile = Pick<Schemas['Profile'], 'handlesKeys' | 'resources'>;

export const holdsKeysEdit = (resources: Profile['resources']) => resources.some(({ product, key }) => product === 'llavero' && key === 'keys.edit');

/**
 * What a profile says of handling keys: `on`, who holds it does. `resource`: it holds keys.edit, which gives nothing
 * without the owner's delegation. `switch`: delegated, and without keys.edit that gives nothing either.
 */
export function delegationOf({ handlesKeys, resources }: Profile): 'on' | 'resource' | 'switch' | undefined {
  if (holdsKeysEdit(resources)) return handlesKeys ? 'on' : 'resource';
  return handlesKeys ? 'switch' : undefined;
}

/** The account's access profiles by name: those that hold the search, at most a page. */
export function useProfiles(q = '', options: { enabled?: boolean } = {}) {
  const { account, may } = useSession();
  return useList<Schemas['Profile']>(
    ['profiles', account, q, 'choice'],
    () => data(api.GET('/v1/profiles', { params: { query: { account, q: q || undefined, limit: 200 } } })),
    { enabled: may('profiles.view') && (options.enabled ?? true) },
  );
}
