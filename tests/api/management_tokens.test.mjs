// Management tokens, as the operator makes them for an account: shown once, at most 90 days, from named addresses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { Llaverod, request } from '../lib/llaverod.mjs';

let daemon;
const DAY = 86400000;
const ahead = (ms) => new Date(Date.now() + ms).toISOString();

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/accounts', { name: 'second', owner: 'eva@example.com' });
});

after(() => daemon?.close());

const body = (more = {}) => ({ account: 'store', label: 'deploy', rights: ['keys.view'], addresses: ['127.0.0.1'],
  expiresAt: ahead(DAY), ...more });

test('one is shown once, and its end is recorded', async () => {
  const sent = { body: body(), headers: { 'Idempotency-Key': 'm-1' } };
  const first = await request(daemon.keeper, 'POST', '/v1/management-tokens', sent);
  assert.equal(first.status, 201);
  assert.match(first.json.token, /^LM1[A-Z0-9]{52}$/);
  assert.equal(first.headers['cache-control'], 'no-store');
  const again = await request(daemon.keeper, 'POST', '/v1/management-tokens', sent);
  assert.deepEqual([again.json.id, again.json.token], [first.json.id, undefined]);

  const listed = await request(daemon.keeper, 'GET', '/v1/management-tokens?account=store');
  assert.ok(!listed.text.includes(first.json.token));
  assert.deepEqual(listed.json.items.map((t) => [t.id, t.addresses, t.usedAt]), [[first.json.id, ['127.0.0.1/32'], null]]);
  assert.deepEqual((await daemon.api('GET', '/v1/management-tokens?account=second')).items, []);

  const ended = await daemon.api('DELETE', `/v1/management-tokens/${first.json.id}`);
  assert.ok(ended.revokedAt);
  await daemon.api('DELETE', `/v1/management-tokens/${first.json.id}`, undefined, 409);
  await daemon.api('DELETE', '/v1/management-tokens/77', undefined, 404);
  const events = (await daemon.api('GET', '/v1/events?entity=management_token')).items.map((item) => item.event ?? item);
  assert.deepEqual(events.map((event) => event.action).sort(), ['management_token.create', 'management_token.revoke']);
  assert.ok(!JSON.stringify(events).includes(first.json.token));
});

test('what one may not be', async () => {
  const rows = [
    ['longer than 90 days', { expiresAt: ahead(90 * DAY + 3600000) }, 'records.token_expiry'],
    ['over already', { expiresAt: ahead(-DAY) }, 'records.token_expiry'],
    ['from anywhere', { addresses: [] }, 'records.token_addresses'],
    ['without a right', { rights: [] }, 'records.token_rights'],
    ['with a right that is none', { rights: ['owner'] }, 'records.token_rights'],
    ['without a label', { label: '' }, 'records.text_empty'],
  ];
  for (const [label, more, code] of rows) {
    const answer = await request(daemon.keeper, 'POST', '/v1/management-tokens', { body: body(more) });
    assert.equal(answer.status, 400, label);
    if (code !== 'records.text_empty') assert.equal(answer.json.code, code, label);
  }
  await daemon.api('POST', '/v1/management-tokens', body({ expiresAt: ahead(90 * DAY - 60000) }));
});

test('the command line makes, lists and ends one', async () => {
  const options = ['--account', 'store', '--label', 'ci', '--right', 'keys.view', '--right', 'diagnose',
    '--address', '10.0.0.0/8', '--expires', ahead(DAY)];
  const made = (await llavero(daemon, ['--json', 'token', 'create', ...options])).json;
  assert.match(made.token, /^LM1/);
  assert.deepEqual(made.rights, ['keys.view', 'diagnose']);
  const shown = await llavero(daemon, ['token', 'create', ...options]);
  assert.match(shown.stdout, /LM1[A-Z0-9]{52}/);
  assert.match(shown.stderr, /only now/);
  const listed = await llavero(daemon, ['--json', 'token', 'list', '--account', 'store', '--search', 'ci']);
  assert.ok(listed.json.some((token) => token.id === made.id));
  assert.ok(!listed.stdout.includes(made.token));
  assert.ok((await llavero(daemon, ['--json', 'token', 'revoke', String(made.id)])).json.revokedAt);
  await llavero(daemon, ['token', 'revoke', String(made.id)], { code: 1 });
});

test('a gate takes none for the token of a key', async () => {
  const { token } = await daemon.api('POST', '/v1/management-tokens', body());
  const answer = await request(daemon.gate, 'GET', '/auth/nginx', { headers: { 'X-Original-Method': 'GET',
    'X-Original-URI': '/x', 'X-App-Key': 'appkey-store-QPZRY9X8', 'X-App-Token': token } });
  assert.equal(answer.status, 401);
});
