// A key handed over by a one-time link: the token is made when the link is opened, once, and not before.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { freePort, Llaverod, request } from '../lib/llaverod.mjs';
import { logIn } from '../lib/sessions.mjs';

let daemon;
let port;
const PUBLIC = 'https://keys.example.com';

before(async () => {
  port = await freePort();
  daemon = await Llaverod.start({ config: `public_url = "${PUBLIC}"\n`, env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/resources', { product: 'OMS', key: 'ViewOrder' });
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/orders', resources: ['ViewOrder'] });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Reader', resources: ['ViewOrder'] });
});

after(() => daemon?.close());

const handed = (label, more = {}) => daemon.api('POST', '/v1/keys',
  { account: 'store', label, profiles: ['Reader'], handover: true, ...more });
const secretOf = (answer) => answer.handover.url.split('#')[1];
// As the integrator: over an address, without credentials.
const share = (what, secret, target = { port }) => request(target, 'POST', `/v1/share/${what}`, { body: { secret } });
const ask = (appKey, appToken) => request(daemon.gate, 'GET', '/auth/nginx', { headers: {
  'X-Original-Method': 'GET', 'X-Original-URI': '/orders', 'X-App-Key': appKey, 'X-App-Token': appToken } });

const VALID = 'LV1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8';

test('until it is opened the key has no token; opened, it has the one that was shown', async () => {
  const key = await handed('first');
  assert.equal(key.appToken, undefined);
  assert.ok(key.handover.url.startsWith(`${PUBLIC}/share#`));
  assert.equal(key.handover.openedAt, null);
  assert.deepEqual(key.tokens, []);
  const kept = await daemon.api('GET', `/v1/keys/${key.appKey}`);
  assert.equal(kept.handover.url, undefined);
  assert.equal(kept.handover.expiresAt, key.handover.expiresAt);

  const looked = await share('look', secretOf(key));
  assert.equal(looked.status, 200);
  assert.equal(looked.headers['cache-control'], 'no-store');
  assert.deepEqual({ ...looked.json, expiresAt: 0 },
    { state: 'waiting', account: 'store', label: 'first', openedAt: null, expiresAt: 0 });
  // Looking, as often as one likes, opens nothing.
  assert.equal((await share('look', secretOf(key))).json.state, 'waiting');
  assert.deepEqual((await daemon.api('GET', `/v1/keys/${key.appKey}`)).tokens, []);

  const opened = await share('open', secretOf(key));
  assert.equal(opened.status, 200);
  assert.equal(opened.headers['cache-control'], 'no-store');
  assert.equal(opened.json.appKey, key.appKey);
  assert.equal((await ask(key.appKey, opened.json.appToken)).status, 200);

  const again = await share('open', secretOf(key));
  assert.deepEqual([again.status, again.json.code], [409, 'records.handover_opened']);
  assert.equal((await share('look', secretOf(key))).json.state, 'opened');
  assert.ok((await daemon.api('GET', `/v1/keys/${key.appKey}`)).handover.openedAt);
});

test('a key whose token was not made yet refuses as an unknown one does', async () => {
  const key = await handed('waiting');
  const other = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'other' });
  const seen = (answer) => ({ status: answer.status, headers: Object.keys(answer.headers).sort(),
    body: { ...answer.json, requestId: 0, diagnosis: 0, instance: 0 } });
  const waiting = await ask(key.appKey, other.appToken);
  const code = waiting.headers['x-llavero-diagnosis'];
  assert.equal(waiting.json.cause, 'credentials_invalid');
  assert.deepEqual(seen(waiting), seen(await ask('imported-key-of-nobody', other.appToken)));
  for (const token of ['0'.repeat(64), VALID]) {
    assert.equal((await ask(key.appKey, token)).status, 401);
  }
  // The owner reads what it waits for.
  const stranger = await ask(key.appKey, `${'x1Y2z3'.repeat(8)}`);
  const told = await daemon.api('POST', '/v1/explain', { diagnosis: stranger.headers['x-llavero-diagnosis'], lang: 'en' });
  assert.equal(told.cause, 'token_mismatch');
  assert.match(told.steps.find((step) => step.name === 'token').text, /no token yet/);
  assert.deepEqual(told.fixes.map((fix) => fix.kind), ['open_link']);
  assert.equal((await daemon.api('POST', '/v1/explain', { diagnosis: code })).cause, 'token_of_another_key');
});

test('a rotation by a link is made when it is opened; both tokens pass until it is finished', async () => {
  const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'rotated', profiles: ['Reader'] });
  const rotated = await daemon.api('POST', `/v1/keys/${key.appKey}/rotate`, { handover: true });
  assert.equal(rotated.appToken, undefined);
  assert.equal(rotated.rotation, null);
  const opened = (await share('open', secretOf(rotated))).json;
  assert.equal((await ask(key.appKey, key.appToken)).status, 200);
  assert.equal((await ask(key.appKey, opened.appToken)).status, 200);
  await daemon.api('POST', `/v1/keys/${key.appKey}/rotate`, { handover: true }, 409);
  await daemon.api('POST', `/v1/keys/${key.appKey}/finish-rotation`);
  assert.equal((await ask(key.appKey, key.appToken)).json.cause, 'token_retired');
});

test('of many that open it at once one gets the token, the others are told', async () => {
  const key = await handed('raced');
  const answers = await Promise.all(Array.from({ length: 10 }, () => share('open', secretOf(key), daemon.keeper)));
  assert.equal(answers.filter((a) => a.status === 200).length, 1);
  assert.equal(answers.filter((a) => a.status === 409 && a.json.code === 'records.handover_opened').length, 9);
  assert.equal((await daemon.api('GET', `/v1/keys/${key.appKey}`)).tokens.length, 1);
});

test('what makes a link void', async () => {
  const acts = [
    ['revoked', (k) => daemon.api('POST', `/v1/keys/${k}/revoke`, { reason: 'unused' })],
    ['deactivated', (k) => daemon.api('POST', `/v1/keys/${k}/deactivate`)],
    ['rotated by hand', (k) => daemon.api('POST', `/v1/keys/${k}/rotate`)],
    ['withdrawn', (k) => daemon.api('DELETE', `/v1/keys/${k}/handover`)],
    ['a newer link', (k) => daemon.api('POST', `/v1/keys/${k}/rotate`, { handover: true })],
  ];
  for (const [label, act] of acts) {
    const key = await handed(label);
    await act(key.appKey);
    assert.equal((await share('look', secretOf(key), daemon.keeper)).json.state, 'void', label);
    const opened = await share('open', secretOf(key), daemon.keeper);
    assert.deepEqual([opened.status, opened.json.code], [409, 'records.handover_void'], label);
  }
  // Of them all the list has the one that waits.
  const waiting = async () => (await daemon.api('GET', '/v1/keys?account=store&limit=200&alert=link_waiting')).items.map(({ label }) => label);
  const listed = (await waiting()).filter((label) => acts.some(([name]) => name === label));
  assert.deepEqual(listed, ['a newer link']);
  const key = await handed('suspended account');
  assert.ok((await waiting()).includes('suspended account'));
  await daemon.api('PATCH', '/v1/accounts/store', { state: 'suspended' });
  assert.equal((await share('look', secretOf(key), daemon.keeper)).json.state, 'void');
  assert.equal((await share('open', secretOf(key), daemon.keeper)).status, 409);
  await daemon.api('PATCH', '/v1/accounts/store', { state: 'active' });
  assert.equal((await share('open', secretOf(key), daemon.keeper)).status, 200);
  assert.ok(!(await waiting()).includes('suspended account'), 'opened');
});

test('a link is void once its maker may not handle keys, and the owner reads why', async () => {
  const dia = await daemon.api('POST', '/v1/users', { account: 'store', email: 'dia@example.com' });
  const { id } = await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Keys', resources: ['llavero/keys.edit'] });
  await daemon.api('PATCH', `/v1/profiles/${id}`, { handlesKeys: true });
  await daemon.api('PUT', `/v1/users/${dia.id}/profiles`, { profiles: [id] });
  const [token] = await logIn(daemon, [{ user: dia.id }]);
  const create = (label) => request({ port }, 'POST', '/v1/keys',
    { body: { account: 'store', label, handover: true }, headers: { Authorization: `Bearer ${token}` } });
  const [key, other] = [(await create('by a delegate')).json, (await handed('by the operator'))];
  assert.equal(key.handover.voidedAt, null);
  await daemon.api('PATCH', `/v1/profiles/${id}`, { handlesKeys: false });
  await daemon.api('POST', `/v1/keys/${other.appKey}/deactivate`);
  // Whoever holds it is told as of any void link.
  const seen = async (what, from) => {
    const { status, json } = await share(what, secretOf(from), daemon.keeper);
    return JSON.stringify([status, { ...json, requestId: 0, label: 0, expiresAt: 0 }]);
  };
  for (const what of ['look', 'open']) assert.equal(await seen(what, key), await seen(what, other), what);
  const { handover } = await daemon.api('GET', `/v1/keys/${key.appKey}`);
  assert.deepEqual([handover.voidBecause, handover.openedAt], ['maker', null]);
  assert.ok(Date.parse(handover.voidedAt) >= Date.parse(handover.createdAt));
  const listed = (await daemon.api('GET', '/v1/keys?account=store&limit=200')).items.find((one) => one.appKey === key.appKey);
  assert.equal(listed.handover.voidBecause, 'maker');
  assert.match((await llavero(daemon, ['key', 'show', key.appKey])).stdout, /may not handle this account/);
  // It stays void when he is a delegate again.
  await daemon.api('PATCH', `/v1/profiles/${id}`, { handlesKeys: true });
  assert.equal((await share('open', secretOf(key), daemon.keeper)).status, 409);
});

test('a repeated create shows no link again', async () => {
  const sent = { body: { account: 'store', label: 'twice', handover: true }, headers: { 'Idempotency-Key': 'h-1' } };
  const first = await request(daemon.keeper, 'POST', '/v1/keys', sent);
  const again = await request(daemon.keeper, 'POST', '/v1/keys', sent);
  assert.ok(first.json.handover.url);
  assert.equal(again.json.appKey, first.json.appKey);
  assert.equal(again.json.handover.url, undefined);
});

test('the command line shows a link once, and what became of it', async () => {
  const made = await llavero(daemon, ['key', 'create', '--account', 'store', '--label', 'cli', '--handover']);
  const [, secret] = /https:\S+\/share#(\S+)/.exec(made.stdout);
  const [appKey] = /appkey-store-\S+/.exec(made.stdout);
  assert.match(made.stderr, /only now/);
  const shown = await llavero(daemon, ['key', 'show', appKey]);
  assert.match(shown.stdout, /not opened yet/);
  assert.ok(!shown.stdout.includes(secret));
  await share('open', secret, daemon.keeper);
  assert.match((await llavero(daemon, ['key', 'show', appKey])).stdout, /link was opened at/);
  const rotated = (await llavero(daemon, ['--json', 'key', 'rotate', appKey, '--handover', '--overlap', 'now'])).json;
  assert.ok(rotated.handover.url);
  assert.equal(rotated.tokens.length, 1);
});

test('what is no link is told alike, and a source that asks too often waits', async () => {
  const unknown = 'A'.repeat(43);
  const seen = ({ status, json }) => ({ status, json: { ...json, requestId: 0 } });
  const first = seen(await share('look', unknown, daemon.keeper));
  assert.equal(first.status, 404);
  for (const text of ['', 'x', 'A'.repeat(5000), 'ñ', '../x']) {
    assert.deepEqual(seen(await share('look', text, daemon.keeper)), first, JSON.stringify(text.slice(0, 10)));
    assert.deepEqual(seen(await share('open', text, daemon.keeper)), first, JSON.stringify(text.slice(0, 10)));
  }
  let slowed;
  for (let i = 0; i < 200 && slowed === undefined; i++) {
    const answer = await share('look', unknown);
    if (answer.status === 429) slowed = answer;
    else assert.equal(answer.status, 404);
  }
  assert.equal(slowed.json.code, 'api.share_slowed');
  assert.ok(Number(slowed.headers['retry-after']) >= 1);
  assert.equal(slowed.headers['cache-control'], 'no-store');
  // Whoever has the machine's own socket does not wait for strangers.
  assert.equal((await share('look', unknown, daemon.keeper)).status, 404);
});

test('neither the secret nor the token stands in a log, an event, or a row', async () => {
  const key = await handed('canary');
  const secret = secretOf(key);
  const { appToken } = (await share('open', secret, daemon.keeper)).json;
  const events = JSON.stringify((await daemon.api('GET', '/v1/events?limit=200&order=desc')).items
    ?? await daemon.api('GET', '/v1/events?limit=200'));
  const opened = (await daemon.api('GET', `/v1/events?entity=key&entityId=${key.appKey}`)).items
    .map((item) => item.event ?? item).find((event) => event.action === 'key.handover_open');
  assert.equal(opened.actor.id, 'system:one-time-link');
  await daemon.stop();
  const files = [daemon.log, ...fs.readdirSync(daemon.data, { recursive: true }).map((f) => path.join(daemon.data, f))]
    .filter((f) => fs.statSync(f).isFile());
  for (const needle of [secret, appToken]) {
    assert.ok(!events.includes(needle));
    for (const file of files) assert.ok(!fs.readFileSync(file).includes(needle), file);
  }
  await daemon.launch();
});
