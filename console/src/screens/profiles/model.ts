// A profile as a set of resources, and which routes a change of it opens and closes.
import { api, data, type Schemas } from '@/api/client';
import { queries } from '@/api/hooks';

export type Profile = Schemas['Profile'];
export type Resource = Schemas['Resource'];
export type ResourceName = Schemas['ResourceName'];
export type Route = Schemas['Route'];

/** Product and key as one text: neither holds the end of a line. */
export const nameOf = (resource: ResourceName) => `${resource.product}\n${resource.key}`;
export const refOf = (name: string): ResourceName => ({ product: name.slice(0, name.indexOf('\n')), key: name.slice(name.indexOf('\n') + 1) });
/** A resource as people are told of it in passing: by its key alone. */
export const wordOf = (name: string) => refOf(name).key;
export const namesOf = (profile: { resources: ResourceName[] } | undefined): Set<string> => new Set((profile?.resources ?? []).map(nameOf));

export interface Difference {
  added: string[];
  removed: string[];
}

export function difference(before: Set<string>, after: Set<string>): Difference {
  return { added: [...after].filter((name) => !before.has(name)), removed: [...before].filter((name) => !after.has(name)) };
}

/** More resources than this are not asked about; the page says so. */
export const ASKED_MAX = 60;
const ROUTES_MAX = 200;
const AT_ONCE = 4;

/** Other parts keep resources under this key in other shapes. */
type ResourcePages = { pages?: { items: Resource[] }[] };

async function idOf(name: string): Promise<number | undefined> {
  const { product, key } = refOf(name);
  for (const [, read] of queries.getQueriesData<ResourcePages>({ queryKey: ['resources'] })) {
    const match = read?.pages?.flatMap((page) => page.items).find((each) => each.product === product && each.key === key);
    if (match) return match.id;
  }
  let cursor: string | undefined;
  for (let page = 0; page < 5; page += 1) {
    const found = await data(api.GET('/v1/resources', { params: { query: { q: key, limit: 200, cursor } } }));
    const match = found.items.find((each) => each.product === product && each.key === key);
    if (match || !found.next) return match?.id;
    cursor = found.next;
  }
  return undefined;
}

interface Opened {
  routes: Route[];
  isAll: boolean;
}

/** The routes that one resource opens. */
function opened(name: string): Promise<Opened> {
  return queries.fetchQuery({
    queryKey: ['routes', 'of', name],
    staleTime: 30_000,
    queryFn: async () => {
      const resource = await idOf(name);
      if (resource === undefined) return { routes: [], isAll: true };
      const page = await data(api.GET('/v1/routes', { params: { query: { resource, limit: ROUTES_MAX } } }));
      return { routes: page.items, isAll: !page.next };
    },
  });
}

async function openedByAny(names: string[]): Promise<Opened> {
  const asked = names.slice(0, ASKED_MAX);
  const routes = new Map<number, Route>();
  let isAll = asked.length === names.length;
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = await Promise.all(asked.slice(at, at + AT_ONCE).map((name) => opened(name)));
    for (const each of some) {
      isAll &&= each.isAll;
      each.routes.forEach((route) => routes.set(route.id, route));
    }
  }
  return { routes: [...routes.values()].sort((a, b) => (a.path === b.path ? a.method.localeCompare(b.method) : a.path.localeCompare(b.path))), isAll };
}

export interface Effect {
  opens: Route[];
  closes: Route[];
  stays: Route[];
  isAll: boolean;
}

/** Any one of a route's resources will do: it closes only when the last of them goes. */
export async function effectOf(before: Set<string>, after: Set<string>): Promise<Effect> {
  const { added, removed } = difference(before, after);
  const isChange = added.length + removed.length > 0;
  const { routes, isAll } = await openedByAny(isChange ? [...added, ...removed] : [...after]);
  const held = (route: Route, set: Set<string>) => route.resources.some((resource) => set.has(nameOf(resource)));
  return {
    opens: routes.filter((route) => held(route, after) && !held(route, before)),
    closes: routes.filter((route) => held(route, before) && !held(route, after)),
    stays: isChange ? [] : routes,
    isAll,
  };
}
