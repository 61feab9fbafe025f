// What the form of a key holds: texts as they are typed, checked, and turned into a body of /v1.
import type { Schemas } from '@/api/client';
import { ADDRESS_FAULTS, TEXT_FAULTS } from '@/parts/fields';
import type { Translate } from '@/text/text';
import type { Key } from './model';

export const RATE_PERIODS = ['second', 'minute', 'hour', 'day'] as const;
export const QUOTA_PERIODS = ['day', 'month'] as const;
type RatePeriod = (typeof RATE_PERIODS)[number];
type QuotaPeriod = (typeof QUOTA_PERIODS)[number];

export interface Draft {
  label: string;
  /** As <input type="datetime-local"> writes it; empty: never. */
  expires: string;
  /** One a line. */
  addresses: string;
  externalId: string;
  metadata: string;
  rate: { count: string; per: RatePeriod }[];
  quotaCount: string;
  quotaPer: QuotaPeriod;
}
export type Field = 'label' | 'expires' | 'addresses' | 'externalId' | 'metadata' | 'rate' | 'quota' | 'profiles';
export type Faults = Partial<Record<Field, string>>;
type Body = Schemas['KeyEdit'];

export const EMPTY: Draft = { label: '', expires: '', addresses: '', externalId: '', metadata: '', rate: [], quotaCount: '', quotaPer: 'month' };

const METADATA_MAX = 4096;
const RATE_MAX = 1_000_000_000;
const QUOTA_MAX = 1_000_000_000_000;
const ADDRESSES_MAX = 32;

/** An instant as the field shows it: local time, to the minute. */
export function localTime(instant: Date): string {
  const shifted = new Date(instant.getTime() - instant.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

const instantOf = (local: string) => new Date(local).toISOString();
const linesOf = (text: string) => text.split(/[\s,;]+/).filter(Boolean);

export function draftOf(key: Key): Draft {
  return {
    label: key.label,
    expires: key.expiresAt ? localTime(new Date(key.expiresAt)) : '',
    addresses: key.addresses.join('\n'),
    externalId: key.externalId ?? '',
    metadata: key.metadata ? JSON.stringify(key.metadata, null, 2) : '',
    rate: (key.limits?.rate ?? []).map(({ count, per }) => ({ count: String(count), per })),
    quotaCount: key.limits?.quota ? String(key.limits.quota.count) : '',
    quotaPer: key.limits?.quota?.per ?? 'month',
  };
}

function metadataOf(text: string): Record<string, never> | null | undefined {
  if (!text.trim()) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, never>) : undefined;
  } catch {
    return undefined;
  }
}

const wholeUpTo = (text: string, max: number) => /^[1-9]\d*$/.test(text.trim()) && Number(text) <= max;

/** What can be told before the keeper is asked; it checks all again. */
export function faultsOf(draft: Draft, before: Draft, t: Translate): Faults {
  const faults: Faults = {};
  if (!draft.label.trim()) faults.label = t('error_label_empty');
  else if ([...draft.label.trim()].length > 100) faults.label = t('error_label_long');
  if (draft.expires && draft.expires !== before.expires && !(new Date(draft.expires).getTime() > Date.now())) faults.expires = t('error_expiry_past');
  if (linesOf(draft.addresses).length > ADDRESSES_MAX) faults.addresses = t('error_addresses_many', { max: ADDRESSES_MAX });
  const metadata = metadataOf(draft.metadata);
  if (metadata === undefined) faults.metadata = t('error_metadata');
  else if (metadata && new TextEncoder().encode(JSON.stringify(metadata)).length > METADATA_MAX) faults.metadata = t('error_metadata_long', { max: METADATA_MAX });
  if (draft.rate.some(({ count }) => !wholeUpTo(count, RATE_MAX))) faults.rate = t('error_count');
  else if (new Set(draft.rate.map(({ per }) => per)).size < draft.rate.length) faults.rate = t('error_rate_twice');
  if (draft.quotaCount.trim() && !wholeUpTo(draft.quotaCount, QUOTA_MAX)) faults.quota = t('error_count');
  return faults;
}

const READ: Record<keyof Body, (draft: Draft) => unknown> = {
  label: (draft) => draft.label.trim(),
  expiresAt: (draft) => (draft.expires ? instantOf(draft.expires) : null),
  addresses: (draft) => linesOf(draft.addresses),
  externalId: (draft) => draft.externalId.trim() || null,
  metadata: (draft) => metadataOf(draft.metadata) ?? null,
  limits: (draft) => {
    const rate = draft.rate.map(({ count, per }) => ({ count: Number(count), per }));
    const quota = draft.quotaCount.trim() ? { count: Number(draft.quotaCount), per: draft.quotaPer } : null;
    return rate.length === 0 && !quota ? null : { rate, quota };
  },
};
const MEMBERS = Object.keys(READ) as (keyof Body)[];

/** The members in which the draft differs from what was there; what was not touched is not sent. */
export function changesOf(draft: Draft, before: Draft): Body {
  const changed = MEMBERS.filter((member) => JSON.stringify(READ[member](draft)) !== JSON.stringify(READ[member](before)));
  return Object.fromEntries(changed.map((member) => [member, READ[member](draft)])) as Body;
}

const FIELDS: Record<keyof Draft, Field> = {
  label: 'label', expires: 'expires', addresses: 'addresses', externalId: 'externalId', metadata: 'metadata', rate: 'rate', quotaCount: 'quota', quotaPer: 'quota',
};

/**
 * Somebody else saved meanwhile: what was not touched here takes their value; where both changed it, what was typed
 * stays and theirs is told.
 */
export function mergeDraft(draft: Draft, before: Draft, theirs: Draft, tell: (field: Field, value: string) => string): { draft: Draft; told: Faults } {
  const merged: Record<string, unknown> = { ...draft };
  const told: Faults = {};
  for (const name of Object.keys(FIELDS) as (keyof Draft)[]) {
    const [mine, was, now] = [draft[name], before[name], theirs[name]].map((value) => JSON.stringify(value));
    if (now === was || now === mine) continue;
    if (mine === was) merged[name] = theirs[name];
    else told[FIELDS[name]] = tell(FIELDS[name], typeof theirs[name] === 'string' ? theirs[name] : theirs[name].map(({ count, per }) => `${count}/${per}`).join(', '));
  }
  return { draft: merged as unknown as Draft, told };
}

const REFUSALS: readonly [Field, readonly string[]][] = [
  ['label', TEXT_FAULTS],
  ['expires', ['records.expiry_past']],
  ['addresses', ADDRESS_FAULTS],
  ['externalId', ['records.external_id']],
  ['metadata', ['records.metadata', 'records.metadata_long']],
  ['rate', ['api.rate', 'api.rate_twice', 'api.rate_large']],
  ['quota', ['api.quota', 'api.quota_large']],
  ['profiles', ['api.profile_unknown', 'records.too_many_links']],
];

/** Which field a refusal of the keeper is about. */
export function fieldOf(code: string | undefined): Field | undefined {
  return code === undefined ? undefined : REFUSALS.find(([, codes]) => codes.includes(code))?.[0];
}
