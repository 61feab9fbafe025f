// What the keeper offers to people: login, enrolment, own account, users, management tokens, ownership.
import { call } from '@/api/call';
import { api, data, type Schemas } from '@/api/client';

export interface Enrolment { account: string; email: string; name: string | null; secret: string; otpauth: string }
export interface OwnSession { id: number; kind: 'browser' | 'cli'; current: boolean; address: string | null; agent: string | null; createdAt: string; seenAt: string; expiresAt: string }
export interface Person { id: number; email: string | null; name: string | null; owner: boolean; state: 'active' | 'suspended' | 'erased'; enrolled: boolean; profiles: { id: number; name: string }[]; createdAt: string; version: number }
export interface Invitation { enrolment?: string; expiresAt?: string }
export type ManagementToken = Schemas['ManagementToken'];

type Header = Record<string, string>;
const json = <T>(method: string, path: string, body?: unknown, header?: Header) => call<T>(method, path, body, header);
const of = (account: string) => ({ params: { path: { account } } });

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

  tokens: (account: string, cursor?: string) => data(api.GET('/v1/management-tokens', { params: { query: { account, cursor } } })),
  createToken: async (body: Schemas['ManagementTokenBody'], header: { 'Idempotency-Key': string }): Promise<ManagementToken & { token?: string }> =>
    data(api.POST('/v1/management-tokens', { params: { header }, body })),
  endToken: (id: number) => data(api.DELETE('/v1/management-tokens/{id}', { params: { path: { id } } })),

  ownerInvitation: (account: string) => data(api.GET('/v1/accounts/{account}/owner/invitation', of(account))),
  inviteOwner: (account: string, user: number) => data(api.POST('/v1/accounts/{account}/owner/invitation', { ...of(account), body: { user } })),
  withdrawOwner: (account: string) => data(api.DELETE('/v1/accounts/{account}/owner/invitation', of(account))),
  acceptOwner: (account: string) => data(api.POST('/v1/accounts/{account}/owner/accept', of(account))),
};
