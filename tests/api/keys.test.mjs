// Keys of other accounts, rotation, and who is recorded: what the collection tests do not cover.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { Llaverod, request, until } from '../lib/llaverod.mjs';
import { refused } from '../lib/refused.mjs';
import { dialects, makeStore } from '../lib/store.mjs';

let daemon;
let key;

before(async () => {
  daemon = await Llaverod.start();
  ({ key } = await makeStore(daemon, 'home'));
  await daemon.api('POST', '/v1/accounts', { name: 'other', owner: 'eva@example.com' });
  await daemon.api('POST', '/v1/accounts', { name: 'third', owner: 'leo@example.com' });
  for (const account of ['other', 'third']) {
    await daemon.api('POST', '/v1/profiles', { account, name: 'Guest editor', resources: ['EditOrder'] });
  }
});

after(() => daemon?.close());

const ask = (method, url, body, headers) => request(daemon.keeper, method, url, { body, headers });
const verify = async (account, method, more = {}) => (await request(daemon.gate, 'POST', '/v1/verify', { body:
  { method, path: '/orders/7', appKey: key.appKey, appToken: key.appToken, ...(account && { account }), ...more } })).json;
const told = async (...question) => { const v = await verify(...question); return v.allowed ? v.profile : v.cause; };

test('a key that is not linked in another account is refused there', async () => {
  assert.equal(await told(undefined, 'GET'), 'Reader');
  assert.equal(await told('home', 'GET'), 'Reader');
  assert.equal(await told('other', 'GET'), 'wrong_account');
  assert.equal(await told('nobody', 'GET'), 'wrong_account');
});

test('linked in another account, that account\'s links decide, and only there', async () => {
  const linked = await ask('POST', `/v1/keys/${key.appKey}/links`, { profile: 'Guest editor', account: 'other' });
  assert.equal(linked.status, 201, linked.text);
  assert.equal(linked.headers.etag, `"${linked.json.version}"`);
  assert.deepEqual(linked.json.profiles.map((p) => `${p.account}/${p.name}`), ['home/Reader', 'other/Guest editor']);
  assert.equal(await told('other', 'DELETE'), 'Guest editor');
  assert.equal(await told('other', 'GET'), 'profile_lacks_resource');
  assert.equal(await told('home', 'DELETE'), 'profile_lacks_resource');
  assert.equal(await told('third', 'DELETE'), 'wrong_account');
  // It authenticates at home: a wrong token is one everywhere.
  assert.equal(await told('other', 'DELETE', { appToken: 'x' }), 'credentials_invalid');
});

test('the other account is shown the link, and nothing else of the key', async () => {
  const listed = async (query) => (await ask('GET', `/v1/keys?${query}`)).json.items.map((k) => k.appKey);
  assert.deepEqual(await listed('account=other'), []);
  assert.deepEqual(await listed('account=other&external=true'), [key.appKey]);
  assert.deepEqual(await listed('account=third&external=true'), []);
  await ask('PATCH', `/v1/keys/${key.appKey}`, { label: 'secret label', externalId: 'secret-id' });
  assert.deepEqual(await listed('account=home&q=CRET-I'), [key.appKey], 'by its external id');
  assert.deepEqual(await listed('account=home&q=cret-ix'), []);
  const { json } = await ask('GET', '/v1/events?account=other&limit=200');
  const about = json.items.filter((item) => item.event.entity.id === key.appKey).map((item) => item.event);
  assert.deepEqual(about.map((event) => event.action), ['key.link']);
  assert.deepEqual(about[0].after, { appKey: key.appKey, profileId: about[0].after.profileId, profile: 'Guest editor',
    account: 'other', external: true });
  assert.doesNotMatch(JSON.stringify(json), /secret|Reader/);
});

test('suspended at home or there, it is refused there; unlinked, it is a stranger again', async () => {
  for (const account of ['home', 'other']) {
    await ask('PATCH', `/v1/accounts/${account}`, { state: 'suspended' });
    assert.equal(await told('other', 'DELETE'), 'account_suspended', account);
    await ask('PATCH', `/v1/accounts/${account}`, { state: 'active' });
  }
  assert.equal(await told('other', 'DELETE'), 'Guest editor');
  const { profiles } = (await ask('GET', `/v1/keys/${key.appKey}`)).json;
  const { id } = profiles.find((p) => p.account === 'other');
  const unlinked = await ask('DELETE', `/v1/keys/${key.appKey}/links/${id}`);
  assert.equal(unlinked.status, 200);
  assert.equal(unlinked.headers.etag, `"${unlinked.json.version}"`);
  assert.ok(unlinked.json.receipt.nodes[0].revision >= unlinked.json.revision);
  assert.equal(await told('other', 'DELETE'), 'wrong_account');
});

test('a profile of another account cannot be linked by its id, nor named', async () => {
  const { items: [foreign] } = (await ask('GET', '/v1/profiles?account=third')).json;
  const url = `/v1/keys/${key.appKey}/links`;
  await refused(daemon, 'POST', url, { body: { profile: foreign.id } }, 400, 'api.profile_unknown');
  await refused(daemon, 'POST', url, { body: { profile: 'Guest editor' } }, 400, 'api.profile_unknown');
  await refused(daemon, 'POST', url, { body: { profile: 'Reader', account: 'third' } }, 400, 'api.profile_unknown');
  await refused(daemon, 'POST', url, { body: { profile: 'Reader', account: 'nobody' } }, 404, 'api.account_unknown');
});

// ---- rotation ----

const tokens = async (appKey) => (await ask('GET', `/v1/keys/${appKey}`)).json.tokens.map((t) => [t.kind, t.cause]);
const passes = async (appKey, appToken) => {
  const [nginx] = dialects(daemon);
  const answer = await nginx.send({ 'X-App-Key': appKey, 'X-App-Token': appToken });
  return answer.status === 200 ? true : answer.headers['x-llavero-cause'];
};

async function rotating(overlap) {
  const made = await daemon.api('POST', '/v1/keys', { account: 'home', label: 'rotating', profiles: ['Reader'] });
  const renewed = await daemon.api('POST', `/v1/keys/${made.appKey}/rotate`, overlap === undefined ? {} : { overlap });
  return { appKey: made.appKey, old: made.appToken, fresh: renewed.appToken, renewed };
}

test('rotation: open, both pass; a second one is refused; finished, the old one is known as retired', async () => {
  const { appKey, old, fresh, renewed } = await rotating();
  assert.deepEqual(renewed.rotation, { endsAt: null });
  assert.deepEqual([await passes(appKey, old), await passes(appKey, fresh)], [true, true]);
  await refused(daemon, 'POST', `/v1/keys/${appKey}/rotate`, {}, 409, 'records.rotation_is_open');
  assert.deepEqual(await tokens(appKey), [['current', null], ['previous', null]]);
  assert.equal((await daemon.api('POST', `/v1/keys/${appKey}/finish-rotation`)).rotation, null);
  assert.deepEqual([await passes(appKey, old), await passes(appKey, fresh)], ['token_retired', true]);
  await refused(daemon, 'POST', `/v1/keys/${appKey}/finish-rotation`, {}, 409, 'records.rotation_not_open');
  await refused(daemon, 'POST', `/v1/keys/${appKey}/cancel-rotation`, {}, 409, 'records.rotation_not_open');
});

test('rotation: cancelled, the new one is retired and the old one stays', async () => {
  const { appKey, old, fresh } = await rotating('24h');
  assert.equal((await daemon.api('POST', `/v1/keys/${appKey}/cancel-rotation`)).rotation, null);
  assert.deepEqual([await passes(appKey, old), await passes(appKey, fresh)], [true, 'token_retired']);
  await daemon.api('POST', `/v1/keys/${appKey}/rotate`, {}); // and may be tried again
});

test('rotation: at the end of its overlap the old one is refused, and the change is recorded', async () => {
  const { appKey, old, fresh, renewed } = await rotating('1s');
  assert.ok(Date.parse(renewed.rotation.endsAt) <= Date.now() + 1000);
  await until('overlap over', async () => await passes(appKey, old) === 'token_retired');
  assert.ok(Date.now() >= Date.parse(renewed.rotation.endsAt));
  assert.equal(await passes(appKey, fresh), true);
  const ended = await until('recorded', async () => {
    const { json } = await ask('GET', `/v1/events?entity=key&entityId=${appKey}&order=desc&limit=1`);
    return json.items[0].event.actor.kind === 'system' && json.items[0].event;
  });
  assert.deepEqual([ended.actor.id, ended.actor.uid], ['system:overlap', null]);
  assert.deepEqual((await tokens(appKey))[0], ['current', null]);
});

test('rotation: without overlap, over at once; an overlap beyond 90 days or unreadable is refused', async () => {
  const { appKey, old, fresh } = await rotating('now');
  assert.deepEqual([await passes(appKey, old), await passes(appKey, fresh)], ['token_retired', true]);
  const url = `/v1/keys/${appKey}/rotate`;
  await refused(daemon, 'POST', url, { body: { overlap: '91d' } }, 400, 'records.overlap');
  for (const overlap of ['soon', '-1s', '1', '1.5h', '']) await refused(daemon, 'POST', url, { body: { overlap } }, 400, 'api.overlap');
  await daemon.api('POST', url, { overlap: '90d' });
});

test('revoked while a rotation is open, both end; a revoked key takes no further change', async () => {
  const { appKey, old, fresh } = await rotating();
  await daemon.api('POST', `/v1/keys/${appKey}/revoke`, { reason: 'compromised' });
  assert.deepEqual([await passes(appKey, old), await passes(appKey, fresh)], ['key_revoked', 'key_revoked']);
  const url = `/v1/keys/${appKey}`;
  for (const [what, body] of [['rotate', {}], ['activate', undefined], ['deactivate', undefined], ['revoke', { reason: 'other' }],
    ['links', { profile: 'Editor' }]]) await refused(daemon, 'POST', `${url}/${what}`, { body }, 409, 'records.key_is_revoked');
  await refused(daemon, 'POST', `${url}/revoke`, { body: { reason: 'boredom' } }, 400, 'api.revoke_reason');
});

// ---- who did it ----

test('an event names the operator by the uid of the peer, whatever the request says', async () => {
  const url = '/v1/events?order=desc&limit=1';
  const forged = { 'X-Llavero-Account': 'root', 'X-Forwarded-For': '10.0.0.1', 'X-Real-IP': '10.0.0.1' };
  await ask('PATCH', `/v1/keys/${key.appKey}`, { label: 'by me' }, forged);
  const { event } = (await ask('GET', url)).json.items[0];
  assert.deepEqual([event.actor.kind, event.actor.uid, event.actor.address],
    ['operator', process.getuid(), `unix:${process.getuid()}`]);
});

test('another user who was let at the socket is recorded as that user', { skip: process.getuid() !== 0 && 'needs root' }, async () => {
  fs.chmodSync(daemon.folder, 0o711);
  fs.chmodSync(daemon.keeper.socket, 0o666);
  const done = spawnSync('curl', ['-sS', '--unix-socket', daemon.keeper.socket, '-X', 'PATCH', '-H', 'Content-Type: application/json',
    '-d', '{"label":"by nobody"}', `http://x/v1/keys/${key.appKey}`], { uid: 65534, gid: 65534, encoding: 'utf8' });
  fs.chmodSync(daemon.keeper.socket, 0o600);
  assert.match(done.stdout, /"label":"by nobody"/, done.stderr);
  const { event } = (await ask('GET', '/v1/events?order=desc&limit=1')).json.items[0];
  assert.deepEqual([event.actor.uid, event.actor.address], [65534, 'unix:65534']);
});
