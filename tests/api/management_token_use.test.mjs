// What a machine may do with its management token: the named rights, in its account, from its addresses; and no more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { freePort, Llaverod, request, until } from '../lib/llaverod.mjs';
import { logIn } from '../lib/sessions.mjs';

let daemon;
let port;
const DAY = 86400000;

before(async () => {
  port = await freePort();
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/accounts', { name: 'second', owner: 'eva@example.com' });
  await daemon.api('POST', '/v1/users', { account: 'store', email: 'bea@example.com' });
  await daemon.api('POST', '/v1/keys', { account: 'second', label: 'theirs' });
});

after(() => daemon?.close());

const make = (rights, more = {}) => daemon.api('POST', '/v1/management-tokens', { account: 'store', label: 'deploy', rights,
  addresses: ['127.0.0.1'], expiresAt: new Date(Date.now() + DAY).toISOString(), ...more });
const as = (token, method, url, body, headers = {}) => request({ port }, method, url,
  { body, headers: { Authorization: `Bearer ${token}`, ...headers } });
const word = (answer) => answer.json.code.split('.').pop();

test('it does what its rights say, in its own account', async () => {
  const { id, token } = await make(['keys.edit']);
  const made = await as(token, 'POST', '/v1/keys', { account: 'store', label: 'by machine' });
  assert.equal(made.status, 201, made.text);
  const listed = await as(token, 'GET', '/v1/keys?account=store');
  assert.deepEqual(listed.json.items.map((key) => key.appKey), [made.json.appKey]);
  assert.equal((await as(token, 'POST', '/v1/keys', { account: 'second', label: 'x' })).status, 404);
  assert.equal((await as(token, 'GET', '/v1/keys?account=second')).status, 404);
  const [event] = (await daemon.api('GET', `/v1/events?entity=key&entityId=${made.json.appKey}`)).items.map((i) => i.event ?? i);
  assert.equal(event.actor.id, `token:${id}`);
  await until('its use is noted', async () => (
    (await daemon.api('GET', '/v1/management-tokens?account=store')).items.find((t) => t.id === id).usedAt), 30000);
});

test('a user whom it makes gets no link from it', async () => {
  const { token } = await make(['users.edit']);
  const made = await as(token, 'POST', '/v1/users', { account: 'store', email: 'mia@example.com' }, { 'Idempotency-Key': 'mia' });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.json.enrolment, undefined);
  assert.equal((await as(token, 'POST', `/v1/users/${made.json.id}/enrolment`)).status, 403);
  assert.match((await daemon.api('POST', `/v1/users/${made.json.id}/enrolment`)).enrolment, /\/enrol#/);
});

test('what it may not', async () => {
  const { token } = await make(['keys.edit', 'users.edit', 'profiles.edit', 'settings']);
  const refused = [
    ['GET', '/v1/management-tokens?account=store'],
    ['POST', '/v1/management-tokens', { account: 'store', label: 'more', rights: ['keys.view'], addresses: ['127.0.0.1'],
      expiresAt: new Date(Date.now() + DAY).toISOString() }],
    ['DELETE', '/v1/management-tokens/1'],
    ['POST', '/v1/accounts/store/owner/invitation', { user: 'bea@example.com' }],
    ['POST', '/v1/accounts/store/owner', { user: 'bea@example.com' }],
    ['POST', '/v1/accounts/store/owner/accept'],
    ['GET', '/v1/backup'],
  ];
  for (const [method, url, body] of refused) {
    const answer = await as(token, method, url, body);
    assert.ok([403, 404].includes(answer.status), `${method} ${url}: ${answer.status} ${answer.text}`);
  }
  const { token: viewer } = await make(['keys.view']);
  assert.equal((await as(viewer, 'GET', '/v1/keys?account=store')).status, 200);
  const answer = await as(viewer, 'POST', '/v1/keys', { account: 'store', label: 'x' });
  assert.deepEqual([answer.status, word(answer)], [403, 'right_missing']);
});

test('an invitation is none of its business', async () => {
  const { token } = await make(['users.view', 'settings']);
  const bea = (await daemon.api('GET', '/v1/users?account=store')).items.find((user) => user.email === 'bea@example.com');
  await logIn(daemon, [{ user: bea.id }]);
  await daemon.api('POST', '/v1/accounts/store/owner/invitation', { user: bea.id });
  const answer = await as(token, 'GET', '/v1/accounts/store/owner/invitation');
  assert.deepEqual([answer.status, word(answer)], [404, 'no_invitation']);
  assert.equal((await as(token, 'DELETE', '/v1/accounts/store/owner/invitation')).status, 403);
  await daemon.api('DELETE', '/v1/accounts/store/owner/invitation');
});

test('from elsewhere, ended, or mistyped it is nobody', async () => {
  const { token: elsewhere } = await make(['keys.view'], { addresses: ['10.0.0.0/8', '2001:db8::/32'] });
  assert.equal((await as(elsewhere, 'GET', '/v1/keys?account=store')).status, 403);
  const { id, token } = await make(['keys.view']);
  const wrong = `${token.slice(0, -1)}${token.endsWith('Q') ? 'P' : 'Q'}`;
  for (const text of [wrong, token.toLowerCase(), `${token} `.repeat(2).trim(), 'LM1', '']) {
    const answer = await as(text, 'GET', '/v1/keys?account=store');
    assert.ok([400, 401].includes(answer.status), JSON.stringify(text));
  }
  assert.equal((await as(token, 'GET', '/v1/keys?account=store')).status, 200);
  await daemon.api('DELETE', `/v1/management-tokens/${id}`);
  assert.equal((await as(token, 'GET', '/v1/keys?account=store')).status, 401);
});

test('it ends with the account, and waits while that is suspended', async () => {
  const { token } = await make(['keys.view']);
  await daemon.api('PATCH', '/v1/accounts/store', { state: 'suspended' });
  assert.equal((await as(token, 'GET', '/v1/keys?account=store')).status, 401);
  await daemon.api('PATCH', '/v1/accounts/store', { state: 'active' });
  assert.equal((await as(token, 'GET', '/v1/keys?account=store')).status, 200);
});

test('two credentials at once are refused', async () => {
  const { token } = await make(['keys.view']);
  const both = await as(token, 'GET', '/v1/keys?account=store', undefined, { Cookie: '__Host-llavero-session=x' });
  assert.equal(both.status, 400);
});
