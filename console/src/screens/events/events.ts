// The audit log as the keeper answers it, its filters as they stand in the address, and what is made of it: a diff, a
// file, a check of the chain.
import { api, data, type Schemas } from '@/api/client';

export type Row = Schemas['Event'];

export interface Filters {
  kinds: string[];
  actions: string[];
  actors: string[];
  /** Days of the reader's calendar, yyyy-mm-dd. */
  since: string;
  until: string;
  /** One record: an appKey or an id; with exactly one kind. */
  id: string;
}

export const KINDS = ['key', 'profile', 'user', 'account', 'resource', 'route', 'service', 'predefined', 'installation', 'keys'] as const;

const LISTS = { kinds: 'entity', actions: 'action', actors: 'actor' } as const;

export function filtersOf(search: URLSearchParams): Filters {
  const list = (name: string) => (search.get(name) ?? '').split(',').filter(Boolean);
  return { kinds: list(LISTS.kinds), actions: list(LISTS.actions), actors: list(LISTS.actors), since: search.get('since') ?? '', until: search.get('until') ?? '', id: search.get('id') ?? '' };
}

export function searchOf(filters: Filters): Record<string, string> {
  const all = { entity: filters.kinds.join(','), action: filters.actions.join(','), actor: filters.actors.join(','), since: filters.since, until: filters.until, id: filters.id };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

/** The beginning of a day, or of the day after, where the reader lives. */
function dayStart(day: string, plus: number): string | undefined {
  const [year, month, date] = day.split('-').map(Number);
  if (!year || !month || !date) return undefined;
  return new Date(year, month - 1, date + plus).toISOString();
}

export function queryOf(filters: Filters, account: string | undefined) {
  return {
    account,
    entity: filters.kinds.join(',') || undefined,
    entityId: filters.id && filters.kinds.length === 1 ? filters.id : undefined,
    action: filters.actions.join(',') || undefined,
    actor: filters.actors.join(',') || undefined,
    since: dayStart(filters.since, 0),
    until: dayStart(filters.until, 1),
  };
}

export type Query = ReturnType<typeof queryOf>;

export const page = (query: Query, order: 'asc' | 'desc', cursor: string | undefined, limit = 50) =>
  data(api.GET('/v1/events', { params: { query: { ...query, order, limit, cursor } } }));

/* ---- all of them ---- */

const PAGE = 200;
export const EXPORT_MAX = 20_000;

export async function all(query: Query, onProgress: (count: number) => void, signal: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await page(query, 'desc', cursor, PAGE);
    rows.push(...items);
    onProgress(rows.length);
    cursor = next ?? undefined;
  } while (cursor !== undefined && rows.length < EXPORT_MAX && !signal.aborted);
  return rows.slice(0, EXPORT_MAX);
}

/** One event a line, with its hash: what a program reads as it comes. */
export const jsonLines = (rows: Row[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A cell that a spreadsheet would take for a formula becomes text. */
const cell = (value: unknown) => {
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
};

const COLUMNS: [string, (row: Row) => unknown][] = [
  ['revision', (row) => row.event.revision],
  ['time', (row) => row.event.time],
  ['actor', (row) => row.event.actor.id],
  ['address', (row) => row.event.actor.address],
  ['account', (row) => row.event.account],
  ['action', (row) => row.event.action],
  ['entity', (row) => row.event.entity.kind],
  ['id', (row) => row.event.entity.id],
  ['before', (row) => row.event.before],
  ['after', (row) => row.event.after],
  ['hash', (row) => row.hash],
];

export const csv = (rows: Row[]) => [COLUMNS.map(([name]) => name), ...rows.map((row) => COLUMNS.map(([, read]) => read(row)))].map((line) => line.map(cell).join(',')).join('\r\n');

/* ---- before and after ---- */

export interface Change {
  name: string;
  before: string[];
  after: string[];
}

/** A link by its profile, a resource by its product and key, anything else by its members. */
function wordOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  const { appKey, name, product, key } = value as Record<string, unknown>;
  if (typeof appKey === 'string') return appKey;
  if (typeof product === 'string' && typeof key === 'string') return `${product}/${key}`;
  if (typeof name === 'string') return name;
  return Object.entries(value)
    .filter(([, inner]) => inner !== null)
    .map(([member, inner]) => `${member}: ${wordOf(inner)}`)
    .join(', ');
}

const words = (value: unknown): string[] => {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value.map(wordOf) : [wordOf(value)];
};

function leaves(value: unknown, name: string, out: Map<string, string[]>): void {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) leaves(inner, name ? `${name}.${key}` : key, out);
  } else if (name) {
    out.set(name, words(value));
  }
}

/** What differs; of lists only the members that came or went. */
export function changes(event: Row['event']): Change[] {
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  leaves(event.before, '', before);
  // Keys that were imported together are a list.
  leaves(event.after, Array.isArray(event.after) ? event.entity.kind : '', after);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const was = before.get(name) ?? [];
    const is = after.get(name) ?? [];
    const gone = was.filter((one) => !is.includes(one));
    const came = is.filter((one) => !was.includes(one));
    return gone.length + came.length > 0 ? [{ name, before: gone, after: came }] : [];
  });
}

/* ---- the chain ---- */

export interface Chain {
  checked: number;
  first: number;
  last: number;
  /** The account's own view leaves other accounts' events out: what lies between is not seen. */
  gaps: number;
  fault?: { revision: number; kind: 'edited' | 'chain' };
}

/** The end of the JSON object that begins at start. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return i + 1;
  }
  return text.length;
}

/** The events' own bytes, as they were hashed; parsing and writing them again could alter them. */
function texts(answer: string): string[] {
  const opening = '{"event":';
  const found: string[] = [];
  for (let at = answer.indexOf(opening); at >= 0; ) {
    const end = objectEnd(answer, at);
    found.push(answer.slice(at + opening.length, objectEnd(answer, at + opening.length)));
    at = answer.indexOf(opening, end);
  }
  return found;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Every event has its own hash, and names the hash of the one before it. From the oldest to the newest. */
export async function checkChain(account: string | undefined, onProgress: (chain: Chain) => void, signal: AbortSignal): Promise<Chain> {
  const chain: Chain = { checked: 0, first: 0, last: 0, gaps: 0 };
  let before: { revision: number; hash: string } | undefined;
  let cursor: string | null = '0';
  while (cursor !== null && !signal.aborted) {
    const answer: string = await data(api.GET('/v1/events', { params: { query: { account, order: 'asc', limit: PAGE, cursor } }, parseAs: 'text' }));
    const read = JSON.parse(answer) as Schemas['EventPage'];
    const raw = texts(answer);
    for (const [i, row] of read.items.entries()) {
      const { revision, previous } = row.event;
      const follows = before === undefined || before.revision + 1 === revision;
      if (!follows) chain.gaps++;
      if ((await sha256(`llavero event 1\n${raw[i] ?? ''}`)) !== row.hash) return { ...chain, fault: { revision, kind: 'edited' } };
      if (before && follows && before.hash !== previous) return { ...chain, fault: { revision, kind: 'chain' } };
      before = { revision, hash: row.hash };
      chain.first ||= revision;
      chain.last = revision;
      chain.checked++;
    }
    onProgress({ ...chain });
    cursor = read.next;
  }
  return chain;
}
