// What the keeper offers to people: login, enrolment, own account, users, management tokens, ownership.
import { api, data, type Schemas } from '@/api/client';
import { tellTabs } from '@/api/tabs';

export type OwnSession = Schemas['OwnSession'];
export type Person = Schemas['User'];
export type ManagementToken = Schemas['ManagementToken'];

type Created = { 'Idempotency-Key': string };
const of = (account: string) => ({ params: { path: { account } } });
const the = (id: number) => ({ params: { path: { id } } });

type Entered = Pick<Schemas['Session'], 'account' | 'user'>;

/** The other tabs have the cookie of whoever came in here. */
async function entering<T extends Entered>(entered: Promise<T>): Promise<T> {
  const session = await entered;
  tellTabs({ kind: 'in', user: session.user?.id });
  return session;
}

async function leaving(left: Promise<unknown>): Promise<void> {
  await left;
  tellTabs({ kind: 'out' });
}

export const people = {
  login: (body: Omit<Schemas['SessionBody'], 'kind'>) => entering(data(api.POST('/v1/session', { body: { ...body, kind: 'browser' } }))),
  session: () => data(api.GET('/v1/session')),
  confirm: (code: string) => data(api.POST('/v1/session/confirm', { body: { code } })),
  logout: () => leaving(data(api.DELETE('/v1/session'))),
  enrolOpen: (token: string) => data(api.POST('/v1/enrolment/open', { body: { token } })),
  enrol: (body: Schemas['EnrolmentBody']) => entering(data(api.POST('/v1/enrolment', { body }))),
  sessions: () => data(api.GET('/v1/sessions')),
  endOthers: () => data(api.DELETE('/v1/sessions')),
  endSession: (id: number) => data(api.DELETE('/v1/sessions/{id}', the(id))),
  password: (body: Schemas['PasswordBody']) => data(api.POST('/v1/me/password', { body })),
  recoveryCodes: (current: string) => data(api.POST('/v1/me/recovery-codes', { body: { current } })),
  factor: (current: string) => data(api.POST('/v1/me/second-factor', { body: { current } })),
  factorConfirm: (code: string) => data(api.POST('/v1/me/second-factor/confirm', { body: { code } })),

  list: (account: string, q: string, cursor?: string) => data(api.GET('/v1/users', { params: { query: { account, q: q || undefined, cursor } } })),
  one: (id: number) => data(api.GET('/v1/users/{id}', the(id))),
  invite: async (body: Schemas['UserBody'], header: Created): Promise<Person & { enrolment?: string }> => data(api.POST('/v1/users', { params: { header }, body })),
  edit: (id: number, body: Schemas['UserEdit'], header: { 'If-Match': string }) => data(api.PATCH('/v1/users/{id}', { params: { path: { id }, header }, body })),
  setProfiles: (id: number, profiles: number[]) => data(api.PUT('/v1/users/{id}/profiles', { ...the(id), body: { profiles } })),
  reset: (id: number) => data(api.POST('/v1/users/{id}/enrolment', the(id))),
  erase: (id: number) => data(api.DELETE('/v1/users/{id}', the(id))),

  tokens: (account: string, cursor?: string) => data(api.GET('/v1/management-tokens', { params: { query: { account, cursor } } })),
  createToken: async (body: Schemas['ManagementTokenBody'], header: Created): Promise<ManagementToken & { token?: string }> =>
    data(api.POST('/v1/management-tokens', { params: { header }, body })),
  endToken: (id: number) => data(api.DELETE('/v1/management-tokens/{id}', the(id))),

  ownerInvitation: (account: string) => data(api.GET('/v1/accounts/{account}/owner/invitation', of(account))),
  inviteOwner: (account: string, user: number) => data(api.POST('/v1/accounts/{account}/owner/invitation', { ...of(account), body: { user } })),
  withdrawOwner: (account: string) => data(api.DELETE('/v1/accounts/{account}/owner/invitation', of(account))),
  acceptOwner: (account: string) => data(api.POST('/v1/accounts/{account}/owner/accept', of(account))),
};
