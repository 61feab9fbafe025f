// What the screen reads of the catalogue, and how a need reads.
import { api, data, type Schemas } from '@/api/client';

export type Route = Schemas['Route'];
export type Resource = Schemas['Resource'];
export type Service = Schemas['Service'];
export type Need = Schemas['Need'];
export type Report = Schemas['Import'];

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

export const nameOf = (resource: { product: string; key: string }) => `${resource.product}/${resource.key}`;

export const needOf = (route: Route): Need => {
  if (route.needs === 'public') return { public: true };
  if (route.needs === 'authenticated') return { authenticated: true };
  return { resources: route.resources };
};

/** What a route's body says of its need: exactly one of the three. */
export type Chosen = { kind: 'resources' | 'authenticated' | 'public'; resources: string[] };

export const bodyOf = (chosen: Chosen) => (chosen.kind === 'resources' ? { resources: chosen.resources } : { [chosen.kind]: true });

/** Of a request that came, the route that it may be one of: below its service's base, without query, numbers as parameters. */
export function templateOf(request: string, base = ''): string {
  let count = 0;
  const name = () => (++count === 1 ? '{id}' : `{id${count}}`);
  const path = request.replace(/\?.*/, '');
  return (path.startsWith(`${base}/`) ? path.slice(base.length) : path)
    .split('/')
    .map((segment) => (/^(\d+|[0-9a-f]{8}-[0-9a-f-]{27})$/i.test(segment) ? name() : segment))
    .join('/');
}

export const matchRequest = (query: { method: string; path: string; host?: string | undefined }) => data(api.GET('/v1/routes/match', { params: { query } }));
export const readServices = () => data(api.GET('/v1/services', { params: { query: { limit: 200 } } }));
export const readService = (service: string) => data(api.GET('/v1/services/{service}', { params: { path: { service } } }));
export const readResource = (id: number) => data(api.GET('/v1/resources/{id}', { params: { path: { id } } }));
export const readRoute = (id: number) => data(api.GET('/v1/routes/{id}', { params: { path: { id } } }));

/** Llavero's own: what people may do in it. Nobody edits them. */
export const OWN_PRODUCT = 'llavero';

export interface Document {
  name: string;
  text: string;
}

export type Policy = 'narrow' | 'widen';

export interface ImportOptions {
  documents: Document[];
  service: string;
  followServers: boolean;
  prune: boolean;
}

const importThem = ({ documents, service, followServers, prune }: ImportOptions, onConflict: Policy | 'fail', dryRun: boolean): Promise<Report> =>
  data(api.POST('/v1/catalog/import', { body: { documents, service: service.trim() || undefined, servers: followServers ? 'follow' : 'ignore', prune, onConflict, dryRun } }));

/** Only looks: every conflict is in the report, with what that policy would make of it. */
export const preview = (options: ImportOptions, policy: Policy) => importThem(options, policy, true);

/** Without conflicts at the preview there is nothing to decide: one that came since stops the import. */
export const apply = (options: ImportOptions, policy: Policy, hadConflicts: boolean) => importThem(options, hadConflicts ? policy : 'fail', false);

const asYaml = { headers: { Accept: 'application/yaml' }, parseAs: 'text' } as const;

export const exported = () => data(api.GET('/v1/catalog', asYaml));

export const suggestion = ({ name, text }: Document, service: string) =>
  data(api.POST('/v1/catalog/suggest', { ...asYaml, body: { name, text, service: service.trim() || undefined } }));
