// What the keeper offers to people: login, enrolment, own account, users, management tokens, ownership.
import { call } from '@/api/call';
import type { Right, Session } from './session';

export interface Enrolment { account: string; email: string; name: string | null; secret: string; otpauth: string }
export interface OwnSession { id: number; kind: 'browser' | 'cli'; current: boolean; address: string | null; agent: string | null; createdAt: string; seenAt: string; expiresAt: string }
export interface Person { id: number; email: string | null; name: string | null; owner: boolean; state: 'active' | 'suspended' | 'erased'; enrolled: boolean; profiles: { id: number; name: string }[]; createdAt: string; version: number }
export interface Invitation { enrolment?: string; expiresAt?: string }
export interface ManagementToken { id: number; label: string; rights: string[]; addresses: string[]; createdAt: string; expiresAt: string; usedAt: string | null; revokedAt: string | null; state?: string }
export interface OwnerInvitation { user: number; expiresAt: string }

type Header = Record<string, string>;
const json = <T>(method: string, path: string, body?: unknown, header?: Header) => call<T>(method, path, body, header);
const account = (name: string) => `/v1/accounts/${encodeURIComponent(name)}`;

export const people = {
  login: (body: { account?: string; email: string; password: string; code: string }) => json<unknown>('POST', '/v1/session', body),
  enrolOpen: (token: string) => json<Enrolment>('POST', '/v1/enrolment/open', { token }),
  enrol: (body: { token: string; password: string; code: string }) => json<{ recoveryCodes: string[] }>('POST', '/v1/enrolment', body),
  sessions: () => json<{ items: OwnSession[] }>('GET', '/v1/sessions'),
  endSession: (id: number) => json<unknown>('DELETE', `/v1/sessions/${id}`),
  password: (body: { current: string; password: string }) => json<unknown>('POST', '/v1/me/password', body),
  recoveryCodes: () => json<{ recoveryCodes: string[] }>('POST', '/v1/me/recovery-codes', {}),
  factor: () => json<{ secret: string; otpauth: string }>('POST', '/v1/me/second-factor', {}),
  factorConfirm: (code: string) => json<unknown>('POST', '/v1/me/second-factor/confirm', { code }),

  list: (name: string, q: string, cursor?: string) =>
    json<{ items: Person[]; next?: string | null }>('GET', `/v1/users?${new URLSearchParams({ account: name, ...(q && { q }), ...(cursor && { cursor }) })}`),
  one: (id: number) => json<Person>('GET', `/v1/users/${id}`),
  invite: (body: { account: string; email: string; name?: string }, header: Header) => json<Person & Invitation>('POST', '/v1/users', body, header),
  edit: (id: number, body: { name?: string; email?: string; state?: 'active' | 'suspended' }, header: Header) => json<Person>('PATCH', `/v1/users/${id}`, body, header),
  setProfiles: (id: number, profiles: number[]) => json<unknown>('PUT', `/v1/users/${id}/profiles`, { profiles }),
  reset: (id: number) => json<Required<Invitation>>('POST', `/v1/users/${id}/enrolment`, {}),
  erase: (id: number) => json<unknown>('DELETE', `/v1/users/${id}`),

  tokens: (name: string, cursor?: string) => json<{ items: ManagementToken[]; next?: string | null }>('GET', `/v1/management-tokens?${new URLSearchParams({ account: name, ...(cursor && { cursor }) })}`),
  createToken: (body: { account: string; label: string; rights: Right[]; addresses: string[]; expiresAt: string }, header: Header) =>
    json<ManagementToken & { token?: string }>('POST', '/v1/management-tokens', body, header),
  endToken: (id: number) => json<unknown>('DELETE', `/v1/management-tokens/${id}`),

  ownerInvitation: (name: string) => json<OwnerInvitation>('GET', `${account(name)}/owner/invitation`),
  inviteOwner: (name: string, user: number) => json<OwnerInvitation>('POST', `${account(name)}/owner/invitation`, { user }),
  withdrawOwner: (name: string) => json<unknown>('DELETE', `${account(name)}/owner/invitation`),
  acceptOwner: (name: string) => json<unknown>('POST', `${account(name)}/owner/accept`, {}),
};

export type { Session };
