// Keys as a file for a spreadsheet.
import type { Key } from './model';
import { stateOf, tokenOf } from './model';

/** What a spreadsheet would run as a formula begins with an apostrophe: then it is text. */
export function cell(value: string): string {
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}

const COLUMNS: [string, (key: Key) => string | null | undefined][] = [
  ['appKey', (key) => key.appKey],
  ['label', (key) => key.label],
  ['account', (key) => key.account],
  ['state', (key) => stateOf(key)],
  ['reason', (key) => key.reason],
  ['profiles', (key) => key.profiles.map((link) => (link.account === key.account ? link.name : `${link.account}/${link.name}`)).join('; ')],
  ['externalId', (key) => key.externalId],
  ['createdAt', (key) => key.createdAt],
  ['tokenCreatedAt', (key) => tokenOf(key, 'current')?.createdAt],
  ['previousTokenCreatedAt', (key) => tokenOf(key, 'previous')?.createdAt],
  ['rotationEndsAt', (key) => key.rotation?.endsAt],
  ['lastUsedAt', (key) => key.lastUse?.at],
  ['expiresAt', (key) => key.expiresAt],
  ['revokedAt', (key) => key.revokedAt],
  ['addresses', (key) => key.addresses.join(' ')],
];

/** With the mark that tells a spreadsheet that it is UTF-8. */
export function csvOf(keys: Key[]): string {
  const rows = [COLUMNS.map(([name]) => name), ...keys.map((key) => COLUMNS.map(([, read]) => read(key) ?? ''))];
  return `\uFEFF${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}
