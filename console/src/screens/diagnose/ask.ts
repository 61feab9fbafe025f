// What the screen asks the keeper, and what it can read a diagnosis code from.
import { api, data, type Schemas } from '@/api/client';
import { type Credentials, curlOf } from '@/text/curl';

export type Explanation = Schemas['Explanation'];
export type Step = Explanation['steps'][number];
export type Fix = Explanation['fixes'][number];

/** A request to try: no token is needed for it. */
export interface Attempt {
  appKey: string;
  method: string;
  path: string;
  host?: string;
  address?: string;
  account?: string;
}

/** A code as it is found in the wild: alone, in a link, in a header's line, in a whole problem document. */
export function codeIn(pasted: string): string {
  const text = pasted.trim();
  const found =
    /"diagnosis"\s*:\s*"([\w-]+)"/.exec(text) ?? /#([\w-]{20,})/.exec(text) ?? /x-llavero-diagnosis\s*:\s*([\w-]+)/i.exec(text);
  return found?.[1] ?? text.replace(/\s+/g, '');
}

export const explainCode = (diagnosis: string, lang: string) => data(api.POST('/v1/explain', { body: { diagnosis, lang } }));

export function tryRequest({ appKey, method, path, host, address, account }: Attempt): Promise<Explanation> {
  // A member that is empty was not meant.
  const more = { host: host || undefined, address: address || undefined, account: account || undefined };
  return data(api.POST('/v1/can', { body: { appKey, method, path, ...more } }));
}

/** The refused request as one that can be tried again; undefined when too little of it is known. */
export function attemptOf(explanation: Explanation): Attempt | undefined {
  const { appKey, method, path, host, address } = explanation;
  if (!appKey || !method || !path) return undefined;
  // The account is asked for again only when it was not the key's own.
  const account = explanation.account && explanation.account !== explanation.history?.account ? explanation.account : undefined;
  return { appKey, method, path, host, address, account };
}

/** The next request, ready to paste. */
export function curl({ appKey, method, path, host }: Attempt, credentials: Credentials): string {
  return curlOf({ method, url: `https://${host || 'YOUR-API'}${path}`, appKey }, credentials);
}

/** What the keeper's side can mend; of the other causes only the integrator can. */
const OURS = new Set<string>([
  'no_profile', 'profile_lacks_resource', 'key_inactive', 'key_expired', 'key_revoked', 'account_suspended', 'address_not_allowed',
  'route_unknown', 'route_ambiguous', 'index_stale', 'index_unavailable', 'limits_unavailable',
]);
export const isOurs = (cause: string | undefined) => cause !== undefined && OURS.has(cause);

/** Causes of the credential's text: a try without the token cannot meet them again. */
const OF_TOKEN = new Set<string>([
  'credentials_missing', 'app_key_missing', 'app_token_missing', 'whitespace', 'fields_swapped', 'placeholder', 'wrong_case', 'app_key_typo',
  'token_typo', 'token_truncated', 'credentials_invalid', 'unknown_key', 'token_mismatch', 'token_of_another_key', 'token_retired', 'header_repeated',
]);
export const isOfToken = (cause: string | undefined) => cause !== undefined && OF_TOKEN.has(cause);
