// The ownership of an account goes to the invited user when he accepts, himself, with his second factor at hand.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { freePort, Llaverod, request } from '../lib/llaverod.mjs';
import { logIn } from '../lib/sessions.mjs';

let daemon;
let port;
let ana;
let bea;
let carl;
let sleepy;
const ids = {};
const INVITATION = '/v1/accounts/store/owner/invitation';

const as = (token, method, url, body) => request({ port }, method, url, { body, headers: { Authorization: `Bearer ${token}` } });
const word = (answer) => answer.json.code.split('.').pop();
const owners = async () => (await daemon.api('GET', '/v1/users?account=store')).items.filter((u) => u.owner).map((u) => u.email);

before(async () => {
  port = await freePort();
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  for (const name of ['bea', 'carl']) {
    ids[name] = (await daemon.api('POST', '/v1/users', { account: 'store', email: `${name}@example.com` })).id;
  }
  ids.ana = (await daemon.api('GET', '/v1/accounts/store')).ownerId;
  [ana, bea, carl, sleepy] = await logIn(daemon, [{ user: ids.ana }, { user: ids.bea }, { user: ids.carl },
    { user: ids.bea, factorAge: 3600 }]);
});

after(() => daemon?.close());

test('who may invite, see, accept and decline', async () => {
  const offered = await as(bea, 'POST', INVITATION, { user: ids.carl });
  assert.deepEqual([offered.status, word(offered)], [403, 'owner_only']);
  assert.equal((await as(ana, 'POST', INVITATION, { user: ids.bea })).status, 201);
  assert.equal((await as(ana, 'GET', INVITATION)).json.user.id, ids.bea);
  assert.equal((await as(bea, 'GET', INVITATION)).json.user.id, ids.bea);
  assert.equal((await as(carl, 'GET', INVITATION)).status, 404);
  for (const other of [ana, carl]) {
    const refused = await as(other, 'POST', '/v1/accounts/store/owner/accept');
    assert.deepEqual([refused.status, word(refused)], [403, 'only_invited']);
  }
  assert.equal((await as(carl, 'DELETE', INVITATION)).status, 403);
  const late = await as(sleepy, 'POST', '/v1/accounts/store/owner/accept');
  assert.deepEqual([late.status, word(late)], [403, 'second_factor_needed']);
  assert.equal((await as(bea, 'DELETE', INVITATION)).status, 200);
  assert.deepEqual(await owners(), ['ana@example.com']);
});

test('accepted, the new owner is the only one, and the old one keeps nothing that acts for him', async () => {
  const machine = (await as(ana, 'POST', '/v1/management-tokens', { label: 'deploy', rights: ['keys.edit'],
    addresses: ['127.0.0.1'], expiresAt: new Date(Date.now() + 3600000).toISOString() })).json;
  assert.equal((await as(machine.token, 'GET', '/v1/keys?account=store')).status, 200);
  assert.equal((await as(ana, 'POST', INVITATION, { user: ids.bea })).status, 201);
  // At once with a withdrawal: one of both counts.
  const [accepted, withdrawn] = await Promise.all([as(bea, 'POST', '/v1/accounts/store/owner/accept'), as(ana, 'DELETE', INVITATION)]);
  const codes = `${accepted.status} ${withdrawn.status}`;
  assert.ok(['200 404', '200 401', '200 403', '404 200'].includes(codes), codes);
  if (accepted.status !== 200) {
    assert.equal((await as(ana, 'POST', INVITATION, { user: ids.bea })).status, 201);
    assert.equal((await as(bea, 'POST', '/v1/accounts/store/owner/accept')).status, 200);
  }
  assert.deepEqual(await owners(), ['bea@example.com']);
  // The session that accepted is the owner's now; her other one, and those of the old owner, are over.
  assert.equal((await as(bea, 'POST', '/v1/keys', { account: 'store', label: 'mine' })).status, 201);
  assert.equal((await as(sleepy, 'GET', '/v1/session')).status, 401);
  assert.equal((await as(machine.token, 'GET', '/v1/keys?account=store')).status, 401);
  assert.equal((await as(ana, 'POST', '/v1/keys', { account: 'store', label: 'x' })).status, 401);
  const events = (await daemon.api('GET', '/v1/events?entity=user&limit=200')).items.map((item) => item.event ?? item);
  const actor = (action) => events.filter((event) => event.action === action).at(-1)?.actor.id;
  assert.equal(actor('owner.invite'), `user:${ids.ana}`);
  for (const action of ['owner.accept', 'owner.leave', 'owner.transfer']) assert.equal(actor(action), `user:${ids.bea}`, action);
});

test('from then on he cannot, with a new session either', async () => {
  const [again, now] = await logIn(daemon, [{ user: ids.ana }, { user: ids.bea }]);
  const refused = await as(again, 'POST', '/v1/keys', { account: 'store', label: 'x' });
  assert.deepEqual([refused.status, word(refused)], [403, 'right_missing']);
  assert.equal((await as(again, 'POST', INVITATION, { user: ids.ana })).status, 403);
  assert.equal((await as(now, 'POST', '/v1/keys', { account: 'store', label: 'x' })).status, 201);
});

test('a link that the owner makes names him, and its opening nobody', async () => {
  const [owner] = await logIn(daemon, [{ user: ids.bea }]);
  const made = (await as(owner, 'POST', '/v1/keys', { account: 'store', label: 'handed', handover: true })).json;
  const secret = made.handover.url.split('#')[1];
  assert.equal((await request({ port }, 'POST', '/v1/share/open', { body: { secret } })).status, 200);
  const events = (await daemon.api('GET', `/v1/events?entity=key&entityId=${made.appKey}`)).items.map((item) => item.event ?? item);
  const actor = (action) => events.find((event) => event.action === action).actor;
  assert.equal(actor('key.handover').id, `user:${ids.bea}`);
  assert.equal(actor('key.handover_open').id, 'system:one-time-link');
  assert.equal(actor('key.handover_open').address, '127.0.0.1');
});

test('a reset of the owner ends the tokens that the owner made, and says how many', async () => {
  const body = { account: 'store', label: 'deploy', rights: ['keys.view'], addresses: ['127.0.0.1'], expiresAt: new Date(Date.now() + 3600000).toISOString() };
  const mine = (await as(bea, 'POST', '/v1/management-tokens', body)).json;
  const ours = await daemon.api('POST', '/v1/management-tokens', { ...body, label: 'of the operator' });
  const works = async ({ token }) => (await as(token, 'GET', '/v1/keys?account=store')).status;
  assert.deepEqual([await works(mine), await works(ours)], [200, 200]);
  const reset = await daemon.api('POST', `/v1/users/${ids.bea}/enrolment`);
  assert.equal(reset.managementTokensEnded, 1);
  assert.deepEqual([await works(mine), await works(ours)], [401, 200]);
  const { items } = await daemon.api('GET', '/v1/events?action=management_token.revoke&order=desc');
  assert.equal(items[0].event.entity.id, `token:${mine.id}`);
});
