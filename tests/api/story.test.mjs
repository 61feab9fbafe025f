// The FAQ's story on a real llaverod: a key is made, refused, explained, linked, allowed, mistyped,
// rotated, revoked; and what one gateway's headers must not do to another dialect.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, Llaverod, request, ROOT } from '../lib/llaverod.mjs';

let daemon;
let key;

const auth = (dialect, headers) => request(daemon.gate, 'GET', `/auth/${dialect}`, { headers });

const ask = (token = key.appToken, more = {}) => auth('nginx', {
  'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7',
  'X-App-Key': key.appKey, 'X-App-Token': token, ...more });

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  for (const name of ['ViewOrder', 'EditOrder']) {
    await daemon.api('POST', '/v1/resources', { product: 'OMS', key: name });
  }
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Reader', resources: ['ViewOrder'] });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'All', resources: ['ViewOrder', 'EditOrder'] });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Editor', resources: ['EditOrder'] });
  key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
});

after(() => daemon?.close());

test('a new key is refused for having no profile, and says so', async () => {
  const answer = await ask();
  assert.equal(answer.status, 403);
  assert.equal(answer.headers['x-llavero-cause'], 'no_profile');
  assert.equal(answer.json.cause, 'no_profile');
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('the owner reads why, with the profile of fewest further rights first', async () => {
  const { headers } = await ask();
  const told = await daemon.api('POST', '/v1/explain',
    { diagnosis: headers['x-llavero-diagnosis'], lang: 'es' });
  assert.equal(told.cause, 'no_profile');
  const links = told.fixes.filter((fix) => fix.kind === 'link_profile');
  assert.deepEqual(links.map((fix) => fix.facts.profile), ['Reader', 'All']);
});

test('a profile that lacks the resource is refused with its name', async () => {
  await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: 'Editor' });
  const answer = await ask();
  assert.equal(answer.json.cause, 'profile_lacks_resource');
  assert.deepEqual(answer.json.resources.map((r) => `${r.product}/${r.key}`), ['OMS/ViewOrder']);
});

test('linked right, it passes with its identity', async () => {
  await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: 'Reader' });
  const answer = await ask();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['x-llavero-key'], key.appKey);
  assert.equal(answer.headers['x-llavero-profile'], 'Reader');
  assert.equal(answer.headers['x-llavero-resource'], 'OMS/ViewOrder');
});

test('each mistake of typing has its own words', async () => {
  const token = key.appToken;
  const wrong = token[10] === 'Q' ? 'P' : 'Q';
  const rows = [
    ['a space inside', `${token.slice(0, 20)} ${token.slice(20)}`, 'whitespace'],
    ['lower case', token.toLowerCase(), 'wrong_case'],
    ['one character', token.slice(0, 10) + wrong + token.slice(11), 'token_typo'],
    ['cut', token.slice(0, 30), 'token_truncated'],
    ['unexpanded', '{{appToken}}', 'placeholder'],
  ];
  for (const [label, text, cause] of rows) {
    const answer = await ask(text);
    assert.equal(answer.status, 401, label);
    assert.equal(answer.json.cause, cause, label);
    assert.match(answer.headers['www-authenticate'], /^Bearer /, label);
  }
  const swapped = await auth('nginx', { 'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7',
    'X-App-Key': token, 'X-App-Token': key.appKey });
  assert.equal(swapped.json.cause, 'fields_swapped');
});

test('an unknown appKey and a wrong token answer alike', async () => {
  const other = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'other' });
  const seen = (answer) => ({ status: answer.status, cause: answer.headers['x-llavero-cause'],
    body: { ...answer.json, requestId: 0, diagnosis: 0, instance: 0 } });
  const wrong = seen(await ask(other.appToken));
  const ghost = { ...key };
  await daemon.api('POST', `/v1/keys/${other.appKey}/revoke`, { reason: 'unused' });
  const unknown = await auth('nginx', { 'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7',
    'X-App-Key': 'imported-key-of-nobody', 'X-App-Token': ghost.appToken });
  assert.deepEqual(seen(unknown), wrong);
  assert.equal(wrong.cause, 'credentials_invalid');
});

test('headers of another dialect, and forged answers, do not steer the decision', async () => {
  const forged = { 'X-Forwarded-Method': 'DELETE', 'X-Forwarded-Uri': '/nowhere', 'X-Real-IP': '10.9.9.9',
    'X-Llavero-Cause': 'none', 'X-Llavero-Account': 'other', 'X-HTTP-Method-Override': 'DELETE' };
  assert.equal((await ask(key.appToken, forged)).status, 200);
  const original = { 'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7' };
  const forwarded = await auth('forwarded', { ...original, 'X-App-Key': key.appKey,
    'X-App-Token': key.appToken });
  assert.equal(forwarded.json.cause, 'request_malformed');
});

test('a token is shown once', async () => {
  const shown = await request(daemon.keeper, 'GET', `/v1/keys/${key.appKey}`);
  assert.equal(shown.status, 200);
  assert.ok(!shown.text.includes(key.appToken));
  const sent = { body: { account: 'store', label: 'twice' }, headers: { 'Idempotency-Key': 'k-1' } };
  const first = await request(daemon.keeper, 'POST', '/v1/keys', sent);
  const again = await request(daemon.keeper, 'POST', '/v1/keys', sent);
  assert.ok(first.json.appToken);
  assert.equal(again.json.appKey, first.json.appKey);
  assert.equal(again.json.appToken, undefined);
});

test('rotation: both pass, then only the new one; the old one is known as retired', async () => {
  const old = key.appToken;
  const renewed = await daemon.api('POST', `/v1/keys/${key.appKey}/rotate`, {});
  await daemon.api('POST', `/v1/keys/${key.appKey}/rotate`, {}, 409);
  assert.equal((await ask(old)).status, 200);
  assert.equal((await ask(renewed.appToken)).status, 200);
  await daemon.api('POST', `/v1/keys/${key.appKey}/finish-rotation`);
  assert.equal((await ask(old)).json.cause, 'token_retired');
  key.appToken = renewed.appToken;
  assert.equal((await ask()).status, 200);
});

test('can: what the decision would be, without a token', async () => {
  const answer = await daemon.api('POST', '/v1/can',
    { appKey: key.appKey, method: 'GET', path: '/orders/7', withoutProfiles: ['Reader'] });
  assert.equal(answer.allowed, false);
  assert.equal(answer.cause, 'profile_lacks_resource');
});

test('the sample catalogue is imported once, and its routes decide', async () => {
  const names = ['shop.catalog.yaml', 'orders.openapi.yaml', 'billing.openapi.json'];
  const documents = names.map((name) => (
    { name, text: fs.readFileSync(path.join(ROOT, 'docs/sample', name), 'utf8') }));
  const first = await daemon.api('POST', '/v1/catalog/import', { documents });
  assert.ok(first.added > 0);
  const again = await daemon.api('POST', '/v1/catalog/import', { documents });
  assert.deepEqual([again.added, again.changed, again.removed], [0, 0, 0]);
  const route = first.diff.find((d) => d.kind === 'route' && d.after.resources?.length > 0);
  const target = route.path.replace(/\{[^}]*\}/g, '7');
  const refused = await ask(key.appToken, { 'X-Original-Method': route.method, 'X-Original-URI': target });
  assert.equal(refused.json.cause, 'profile_lacks_resource');
  const [{ product, key: resource }] = route.after.resources;
  assert.ok(refused.json.resources.some((r) => r.product === product && r.key === resource));
});

test('a daemon that was killed and started again decides as before', async () => {
  await daemon.stop('SIGKILL');
  await daemon.launch();
  assert.equal((await ask()).status, 200);
});

test('revoked is refused at the next request, with a receipt', async () => {
  const revoked = await daemon.api('POST', `/v1/keys/${key.appKey}/revoke`, { reason: 'compromised' });
  assert.equal(revoked.receipt.nodes[0].revision, revoked.revision);
  const answer = await ask();
  assert.equal(answer.status, 401);
  assert.equal(answer.json.cause, 'key_revoked');
});

test('only the unix socket is the operator: an address is refused, loopback included', async () => {
  const port = await freePort();
  const open = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  try {
    for (const [method, url] of [['GET', '/v1/status'], ['POST', '/v1/init'], ['GET', '/v1/backup']]) {
      const answer = await request({ port }, method, url,
        method === 'POST' ? { body: { account: 'thief', owner: 't@example.com' } } : {});
      assert.equal(answer.status, 401, url);
      assert.equal(answer.json.code, 'api.login_needed', url);
    }
    assert.equal((await request({ port }, 'GET', '/causes/no_profile')).status, 200);
    const accounts = await open.api('GET', '/v1/accounts');
    assert.deepEqual(accounts.items, []);
  } finally { await open.close(); }
});

test('no secret stands in the log', () => {
  assert.ok(!daemon.logText().includes(key.appToken));
});

test('an expiry at the beginning of time is one that is over, not none', async () => {
  const expiresAt = '1970-01-01T00:00:00Z';
  const created = await request(daemon.keeper, 'POST', '/v1/keys', { body: { account: 'store', label: 'x', expiresAt } });
  assert.ok(created.status >= 400 && created.status < 500, created.text);
  const { appKey } = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'y' });
  const edited = await request(daemon.keeper, 'PATCH', `/v1/keys/${appKey}`, { body: { expiresAt } });
  if (edited.status === 200) assert.notEqual(edited.json.expiresAt, null);
  else assert.ok(edited.status >= 400 && edited.status < 500, edited.text);
});
