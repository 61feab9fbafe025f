// Use from the gates to the answers of a real daemon: counted exactly, whoever is killed meanwhile, kept as long as
// configured, and told to its own account alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { Llaverod, request, until } from '../lib/llaverod.mjs';
import { OpenApi } from '../lib/openapi.mjs';

const WAIT = 30000;
let daemon;
let api;
let key;
let bare; // linked to nothing
let foreign; // of the other account

const ask = (credential, { path: target = '/orders/7', address = '192.0.2.7', to = daemon.gate, id } = {}) =>
  request(to, 'GET', '/auth/nginx', { headers: { 'X-Original-Method': 'GET', 'X-Original-URI': target,
    'X-Original-Address': address, ...(id && { 'X-Request-Id': id }),
    ...(credential && { 'X-App-Key': credential.appKey, 'X-App-Token': credential.appToken }) } });

async function many(count, credential, more) {
  for (let i = 0; i < count; i++) await ask(credential, more);
}

const usage = (query = {}) => daemon.api('GET', `/v1/usage?${new URLSearchParams(query)}`);

// Sums are there once the keeper has drained: wait until they are at least that, then they must be just that.
async function counted(query, allowed, refused) {
  const answer = await until(`${allowed} allowed and ${refused} refused`, async () => {
    const seen = await usage(query);
    return seen.allowed >= allowed && seen.refused >= refused && seen;
  }, WAIT);
  assert.deepEqual([answer.allowed, answer.refused], [allowed, refused], JSON.stringify(query));
  return answer;
}

const children = () => fs.readFileSync(`/proc/${daemon.process.pid}/task/${daemon.process.pid}/children`, 'utf8')
  .trim().split(' ').map((pid) => ({ pid: Number(pid), name: fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() }));
const keeperPid = () => children().find(({ name }) => name.startsWith('keeper'))?.pid;
const answers = async () => { try { return (await request(daemon.keeper, 'GET', '/readyz', { timeout: 1000 })).status === 200; } catch { return false; } };

before(async () => {
  daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '2' } });
  api = new OpenApi((await request(daemon.keeper, 'GET', '/openapi.json')).json, daemon.keeper);
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/accounts', { name: 'other', owner: 'eva@example.com' });
  for (const name of ['ViewOrder', 'Spare']) await daemon.api('POST', '/v1/resources', { product: 'OMS', key: name });
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/spare', resources: ['Spare'] });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Reader', resources: ['ViewOrder', 'Spare'] });
  await daemon.api('POST', '/v1/profiles', { account: 'other', name: 'Reader', resources: ['ViewOrder'] });
  key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp', profiles: ['Reader'] });
  bare = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'bare' });
  foreign = await daemon.api('POST', '/v1/keys', { account: 'other', label: 'theirs', profiles: ['Reader'] });
  await until('both gates decide', async () => {
    const lines = daemon.logText().split('\n').filter((line) => line.includes('"index_opened"'));
    return ['gate-0', 'gate-1'].every((name) => lines.some((line) => line.includes(`"${name}"`)));
  }, WAIT);
});

after(() => daemon?.close());

test('before the first use there is none', async () => {
  const { lastUse } = await daemon.api('GET', `/v1/keys/${key.appKey}`);
  assert.equal(lastUse, null);
  const unused = await daemon.api('GET', '/v1/keys?account=store&alert=never_used');
  assert.deepEqual(unused.items.map(({ label }) => label), ['erp', 'bare']);
});

test('sums over both gates are exact, by key, cause, route, resource and time', async () => {
  await Promise.all([many(40, key), many(30, key, { to: daemon.tcp }), many(5, key, { path: '/none' }),
    many(7, bare), many(3, { ...key, appToken: foreign.appToken }), many(4, foreign)]);
  await counted({ account: 'store', key: key.appKey }, 70, 8);
  await counted({ account: 'other' }, 4, 0);
  const all = await counted({ account: 'store' }, 70, 15);
  assert.equal(all.items.reduce((sum, item) => sum + item.allowed + item.refused, 0), 85);
  const byKey = await usage({ account: 'store', by: 'key' });
  assert.deepEqual(byKey.items.map((item) => [item.key?.label, item.allowed, item.refused]), [['erp', 70, 8], ['bare', 0, 7]]);
  const causes = await usage({ account: 'store', by: 'cause', step: 'day' });
  assert.deepEqual(Object.fromEntries(causes.items.map((item) => [item.cause, item.allowed + item.refused])),
    { null: 70, no_profile: 7, route_unknown: 5, token_of_another_key: 3 });
  const routes = await usage({ account: 'store', by: 'route', verdict: 'allowed' });
  assert.deepEqual(routes.items.map((item) => [item.route.path, item.allowed]), [['/orders/{id}', 70]]);
  const resources = await usage({ account: 'store', by: 'resource', verdict: 'allowed' });
  assert.deepEqual(resources.items.map((item) => [item.resource.key, item.allowed]), [['ViewOrder', 70]]);
  assert.equal((await usage({ account: 'store', cause: 'no_profile' })).refused, 7);
  const [first] = (await usage({ account: 'store', by: 'cause', limit: 1 })).items;
  const { next } = await usage({ account: 'store', by: 'cause', limit: 1 });
  const [second] = (await usage({ account: 'store', by: 'cause', limit: 1, cursor: next })).items;
  assert.deepEqual([first.cause, second.cause], [null, 'no_profile']);
});

test('the metrics of any gate have the same sums', async () => {
  const text = (await request(daemon.gate, 'GET', '/metrics')).text;
  const of = (labels) => Number(new RegExp(`^llavero_decisions_total\\{${labels}\\} (\\d+)$`, 'm').exec(text)[1]);
  assert.equal(of('verdict="allow",cause="none"'), 74);
  assert.equal(of('verdict="deny",cause="no_profile"'), 7);
});

test('the last use of a key and of each of its tokens', async () => {
  const shown = await daemon.api('GET', `/v1/keys/${key.appKey}`);
  assert.equal(shown.lastUse.address, '192.0.2.7');
  assert.equal(shown.lastUse.gateway, 'gate');
  assert.ok(Math.abs(Date.parse(shown.lastUse.at) - Date.now()) < 120000);
  const listed = await daemon.api('GET', '/v1/keys?account=store&sort=last_used');
  assert.deepEqual(listed.items.map(({ label, lastUse }) => [label, lastUse === null]), [['bare', true], ['erp', false]]);
  const rotated = await daemon.api('POST', `/v1/keys/${key.appKey}/rotate`, {});
  const old = { ...key };
  key = { ...key, appToken: rotated.appToken };
  const tokens = async () => (await daemon.api('GET', `/v1/keys/${key.appKey}/usage`)).tokens;
  await ask(old, { address: '192.0.2.20' });
  await until('the older token\'s client', async () => (await tokens()).find(({ kind }) => kind === 'previous')
    .clients.some(({ address }) => address === '192.0.2.20'), WAIT);
  await ask(key, { address: '192.0.2.30' });
  await until('the newer token\'s client', async () => (await tokens()).find(({ kind }) => kind === 'current')
    .lastUse?.address === '192.0.2.30', WAIT);
  await daemon.api('POST', `/v1/keys/${key.appKey}/finish-rotation`);
  for (let i = 0; i < 3; i++) await ask(old, { address: '192.0.2.40' });
  const retired = await until('three uses of the retired token', async () => {
    const { items } = await daemon.api('GET', '/v1/usage/retired-tokens?account=store');
    return items[0]?.uses >= 3 && items;
  }, WAIT);
  assert.deepEqual(retired.map((item) => [item.key.label, item.address, item.uses]), [['erp', '192.0.2.40', 3]]);
  assert.deepEqual((await tokens()).map(({ kind }) => kind), ['current', 'retired']);
  assert.equal(retired[0].token, (await tokens())[1].token);
});

test('resources that nobody uses are found', async () => {
  const { items } = await daemon.api('GET', '/v1/usage/resources?account=store');
  assert.deepEqual(items.map(({ resource, lastDay }) => [resource.key, lastDay === null]), [['Spare', true], ['ViewOrder', false]]);
  const unused = await daemon.api('GET', '/v1/usage/resources?account=store&unusedDays=30');
  assert.deepEqual(unused.items.map(({ resource }) => resource.key), ['Spare']);
});

test('a refusal is found without its code, and opens to the same explanation', async () => {
  await ask(bare, { address: '198.51.100.9', path: '/orders/8' });
  const find = async (query) => (await daemon.api('GET', `/v1/refusals?${new URLSearchParams({ account: 'store', ...query })}`)).items;
  const [found] = await until('the refusal', async () => {
    const items = await find({ address: '198.51.100.9' });
    return items.length > 0 && items;
  }, WAIT);
  assert.deepEqual([found.cause, found.key.label, found.path, found.method, found.proven], ['no_profile', 'bare', '/orders/8', 'GET', true]);
  const why = await daemon.api('POST', '/v1/explain', { diagnosis: found.diagnosis });
  assert.equal(why.cause, 'no_profile');
  assert.deepEqual((await find({ requestId: found.requestId })).map(({ path: target }) => target), ['/orders/8']);
  assert.ok((await find({ key: bare.appKey })).every(({ key: { appKey } }) => appKey === bare.appKey));
  assert.ok((await find({ cause: 'route_unknown' })).every(({ cause }) => cause === 'route_unknown'));
  assert.deepEqual(await find({ until: '2020-01-01T00:00:00Z' }), []);
  // Page by page it is the same as at once.
  const whole = (await find({ limit: 200 })).map(({ requestId }) => requestId);
  const paged = [];
  for (let cursor; ;) {
    const page = await daemon.api('GET', `/v1/refusals?account=store&limit=4${cursor ? `&cursor=${cursor}` : ''}`);
    paged.push(...page.items.map(({ requestId }) => requestId));
    cursor = page.next;
    if (cursor === null) break;
  }
  assert.ok(whole.length > 10);
  assert.deepEqual(paged, whole);
});

test('the command line tells the same', async () => {
  const { json } = await llavero(daemon, ['usage', '--account', 'store', '--by', 'cause', '--json']);
  const answer = await usage({ account: 'store', by: 'cause' });
  assert.deepEqual(json.items, answer.items);
  const { stdout } = await llavero(daemon, ['usage', '--account', 'store', '--by', 'key']);
  assert.match(stdout, new RegExp(`^${key.appKey} +erp +\\d+ +\\d+$`, 'm'));
  const { stdout: spanish } = await llavero(daemon, ['usage', '--account', 'store'], { env: { LC_ALL: 'es_ES.UTF-8' } });
  assert.match(spanish, /^Permitido +\d+$/m);
  const { json: unused } = await llavero(daemon, ['usage', 'resources', '--account', 'store', '--unused-days', '30', '--json']);
  assert.deepEqual(unused.map(({ resource }) => resource.key), ['Spare']);
  const { stdout: retired } = await llavero(daemon, ['usage', 'retired-tokens', '--account', 'store']);
  assert.match(retired, /192\.0\.2\.40 +3 /);
  const { json: refusals } = await llavero(daemon, ['refusals', 'list', '--account', 'store', '--from', '198.51.100.9', '--json']);
  assert.deepEqual(refusals.map(({ cause }) => cause), ['no_profile']);
  const { stdout: why } = await llavero(daemon, ['explain', refusals[0].diagnosis], { code: 1 });
  assert.match(why, /no_profile/);
  const { stdout: shown } = await llavero(daemon, ['key', 'show', key.appKey]);
  assert.match(shown, /192\.0\.2\.30/);
  assert.match(shown, /retired +192\.0\.2\.40/);
  assert.match(shown, /token_retired +3/);
  assert.match((await llavero(daemon, ['key', 'show', bare.appKey])).stdout, /never used/);
  assert.match((await llavero(daemon, ['status'])).stdout, /^Uses counted without their key +0$/m);
  await llavero(daemon, ['usage', '--by', 'colour'], { code: 1 });
  await llavero(daemon, ['usage', '--limit', 'x'], { code: 2 });
});

test('the keeper is killed again and again, and each use counts once', async () => {
  const before = await usage({ account: 'store', key: key.appKey });
  for (let round = 0; round < 4; round++) {
    const pid = keeperPid();
    const asking = many(50, key);
    process.kill(pid, 'SIGKILL');
    await asking;
    await until('another keeper', async () => keeperPid() !== undefined && keeperPid() !== pid && answers(), WAIT);
  }
  await counted({ account: 'store', key: key.appKey }, before.allowed + 200, before.refused);
});

test('while the keeper stands still gates count on, and it drains what they counted', async () => {
  const before = await usage({ account: 'store', key: key.appKey });
  const pid = keeperPid();
  process.kill(pid, 'SIGSTOP');
  try {
    await many(60, key);
    await many(10, key, { path: '/none' });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await counted({ account: 'store', key: key.appKey }, before.allowed + 60, before.refused + 10);
});

test('after a restart it is all there, and the events check', async () => {
  const before = await usage({ account: 'store' });
  await daemon.stop();
  await daemon.launch();
  const since = await usage({ account: 'store' });
  assert.deepEqual([since.allowed, since.refused], [before.allowed, before.refused]);
  assert.equal((await daemon.api('GET', '/v1/events?limit=200')).items.some(({ event }) => /usage/.test(event.action)), false);
});

test('every answer is as it is described', async () => {
  for (const [id, call] of [['usage', { query: { account: 'store', by: 'key' } }], ['usage', { query: { by: 'route', step: 'day' } }],
    ['usage', { query: { account: 'store', by: 'resource' } }], ['usage', {}], ['usage_resources', { query: { account: 'store' } }],
    ['usage_retired', { query: { account: 'store' } }], ['key_usage', { path: { appKey: key.appKey } }],
    ['refusals_list', { query: { account: 'store' } }], ['keys_list', { query: { account: 'store' } }]]) {
    await api.call(id, 200, call);
  }
  for (const query of [{ by: 'colour' }, { step: 'minute' }, { cause: 'none' }, { since: 'yesterday' }, { limit: 0 }, { limit: 201 },
    { verdict: 'maybe' }, { route: '-1' }, { cursor: 'x' }, { verdict: 'allowed', cause: 'no_profile' }])
    await api.call('usage', 400, { query });
  for (const query of [{ address: 'here' }, { cause: 'x' }, { since: 'x' }, { limit: 0 }, { cursor: 'x' }])
    await api.call('refusals_list', 400, { query });
  await api.call('usage', 404, { query: { key: 'none' } });
  await api.call('usage', 404, { query: { account: 'none' } });
});

test('a hostile ledger ends no keeper, and is counted on without it', async () => {
  const file = path.join(daemon.data, 'ledger/cells');
  const pid = keeperPid();
  const before = await usage({ account: 'store' });
  const size = fs.statSync(file).size;
  const handle = fs.openSync(file, 'r+');
  // Noise over all but the header.
  const noise = Buffer.alloc(1 << 20);
  for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE((Math.imul(i + 1, 2654435761) >>> 0), i);
  for (let offset = 4096; offset < size; offset += noise.length)
    fs.writeSync(handle, noise, 0, Math.min(noise.length, size - offset), offset);
  fs.closeSync(handle);
  await until('a drain of the noise', async () => (await usage({ account: 'store' })).countedUntil !== before.countedUntil, WAIT);
  assert.ok((await usage({ account: 'store', by: 'key' })).items.every((item) => item.key === null || item.key.appKey));
  await daemon.api('GET', '/v1/refusals?account=store');
  fs.truncateSync(file, 4096);
  // A gate that meets the cut is ended by it and started again; it allows nothing for that.
  for (let i = 0; i < 5; i++) {
    const { status } = await ask(bare).catch(() => ({ status: 503 }));
    assert.notEqual(status, 200);
  }
  await until('another ledger', async () => fs.statSync(file).size >= size, WAIT);
  assert.equal(keeperPid(), pid);
  await daemon.api('GET', '/v1/keys?account=store');
});

test('hours and days stay as long as configured', async () => {
  await daemon.stop();
  const before = execFileSync('sqlite3', [path.join(daemon.data, 'records.db'), 'SELECT COUNT(*) FROM usage_hours']).toString().trim();
  assert.notEqual(before, '0');
  execFileSync('sqlite3', [path.join(daemon.data, 'records.db'), 'UPDATE usage_hours SET hour = hour - 400; UPDATE usage_days SET day = day - 3']);
  await daemon.launch();
  const hours = (since) => usage({ account: 'store', since });
  await until('the hours are gone', async () => (await hours('2020-01-01T00:00:00Z')).allowed === 0, WAIT);
  assert.ok((await usage({ account: 'store', step: 'day' })).allowed > 0);
});
