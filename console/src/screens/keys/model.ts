// What a key is to a reader: its state with expiry counted in, the age of its token, what calls for attention.
import type { Schemas } from '@/api/client';

/** When it was used last is read with a key, not answered to a change of it. */
export type Key = Schemas['Key'] & Partial<Schemas['LastUse']>;
export type Token = Schemas['Token'];
export type KeyState = Key['state'] | 'expired';
export type Alert = 'unlinked' | 'token_old' | 'token_very_old' | 'rotation_open' | 'expiring' | 'expired';
export type Tone = 'good' | 'warn' | 'bad' | 'neutral' | 'info';

export const ALERTS: Alert[] = ['unlinked', 'token_old', 'token_very_old', 'rotation_open', 'expiring', 'expired'];
export const UNUSED = ['never_used', 'unused_30d', 'unused_90d'] as const;
export const SORTS = ['newest', 'oldest', 'label', 'last_used'] as const;
export const REASONS = ['compromised', 'unused', 'replaced', 'contract_ended', 'other'] as const;

// The same borders as /v1/keys?alert= has.
const DAY_MS = 86_400_000;
const OLD_MS = 90 * DAY_MS;
const VERY_OLD_MS = 180 * DAY_MS;
const EXPIRING_MS = 14 * DAY_MS;

const age = (since: string, now: number) => now - new Date(since).getTime();

export function stateOf(key: Key, now = Date.now()): KeyState {
  if (key.state !== 'revoked' && key.expiresAt && age(key.expiresAt, now) >= 0) return 'expired';
  return key.state;
}

export const TONES: Record<KeyState, Tone> = { active: 'good', inactive: 'neutral', expired: 'bad', revoked: 'bad' };
export const ALERT_TONES: Record<Alert, Tone> = { unlinked: 'warn', token_old: 'warn', token_very_old: 'bad', rotation_open: 'info', expiring: 'warn', expired: 'bad' };

export const tokenOf = (key: Key, kind: Token['kind']): Token | undefined => key.tokens.find((token) => token.kind === kind);

export function ageOf(token: Token | undefined, now = Date.now()): 'token_old' | 'token_very_old' | undefined {
  if (!token || age(token.createdAt, now) < OLD_MS) return undefined;
  return age(token.createdAt, now) < VERY_OLD_MS ? 'token_old' : 'token_very_old';
}

export const linksIn = (key: Key, account: string) => key.profiles.filter((link) => link.account === account);

export function alertsOf(key: Key, now = Date.now()): Alert[] {
  if (key.state === 'revoked') return [];
  const found: Alert[] = [];
  if (linksIn(key, key.account).length === 0) found.push('unlinked');
  const old = ageOf(tokenOf(key, 'current'), now);
  if (old) found.push(old);
  if (key.rotation) found.push('rotation_open');
  if (stateOf(key, now) === 'expired') found.push('expired');
  else if (key.expiresAt && age(key.expiresAt, now) >= -EXPIRING_MS) found.push('expiring');
  return found;
}

export const keyPath = (appKey: string) => `/keys/${encodeURIComponent(appKey)}`;
