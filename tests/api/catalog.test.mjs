// The catalogue on a real llaverod, by the API and by the command line: what documents state is what the gates
// then decide, what they do not state is listed and refused, and what disagrees changes nothing until somebody chooses.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { Llaverod, request } from '../lib/llaverod.mjs';
import { documentOf, expected, files, missing, resourceList, triple } from '../lib/published.mjs';

const daemons = [];

async function installation() {
  const daemon = await Llaverod.start();
  daemons.push(daemon);
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  return daemon;
}

after(() => Promise.all(daemons.map((daemon) => daemon.close())));

const importing = (daemon, documents, more = {}, status = 200) => (
  daemon.api('POST', '/v1/catalog/import', { documents, ...more }, status));

async function all(daemon, url) {
  const items = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await daemon.api('GET', `${url}?limit=200${cursor && `&cursor=${cursor}`}`);
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
}

// A need of the API as one text: "public", "authenticated", "Shop/a Shop/b", or "nobody".
const needText = (item) => {
  if (item.public || item.needs === 'public') return 'public';
  if (item.authenticated || item.needs === 'authenticated') return 'authenticated';
  return item.resources.map((r) => `${r.product}/${r.key}`).sort().join(' ') || 'nobody';
};
const needsOf = async (daemon) => Object.fromEntries(
  (await all(daemon, '/v1/routes')).map((route) => [`${route.method} ${route.path}`, needText(route)]));
const revisionOf = async (daemon) => (await daemon.api('GET', '/v1/status')).revision;

// A document that states needs by extensions: { 'GET /a': ['key', ...] | 'public' | 'authenticated' | '' }.
function stated(name, operations, product = 'Shop') {
  const paths = {};
  for (const [operation, need] of Object.entries(operations)) {
    const [method, at] = operation.split(' ');
    const states = Array.isArray(need) ? { 'x-llavero-resources': need } : need && { [`x-llavero-${need}`]: true };
    paths[at] = { ...paths[at], [method.toLowerCase()]: { responses: {}, ...states } };
  }
  return { name, text: JSON.stringify({ openapi: '3.1.0', info: { title: product, version: '1' }, paths }) };
}

function file(daemon, name, text) {
  const at = path.join(daemon.folder, name);
  fs.writeFileSync(at, text);
  return at;
}

const ask = (daemon, method, target, key) => request(daemon.gate, 'GET', '/auth/nginx', { headers: {
  'X-Original-Method': method, 'X-Original-URI': target,
  ...(key && { 'X-App-Key': key.appKey, 'X-App-Token': key.appToken }) } });
const verdict = async (daemon, method, target, key) => {
  const answer = await ask(daemon, method, target, key);
  return answer.status === 200 ? 'allowed' : answer.json.cause;
};

// ---- the published documents ----

// Each in a service of its own, so that documents which state the same route stay apart.
test('each of 421 published operations needs what its document says, or is listed as undecided', { skip: missing }, async () => {
  const daemon = await installation();
  const found = new Map();
  const services = new Map();
  let operations = 0;
  // Parameters' names do not tell paths apart: some documents state a path twice.
  const keyOf = (document, method, at) => `${document}: ${method} ${at.trim().replace(/\{[^}]*\}/g, '{}')}`;
  for (const [i, at] of files().entries()) {
    const document = documentOf(at);
    const service = `d${i}`;
    services.set(service, document.name);
    await daemon.api('POST', '/v1/services', { name: service, basePath: `/${service}` });
    const answer = await importing(daemon, [document], { service, servers: 'ignore' });
    for (const u of answer.undecided) found.set(keyOf(document.name, u.method, u.path), u.reason);
    operations += answer.operations;
  }
  const names = new Map((await all(daemon, '/v1/resources')).map((r) => [`${r.product}/${r.key}`, triple(r.product, r.category, r.name)]));
  for (const route of await all(daemon, '/v1/routes')) {
    const need = route.needs === 'resources'
      ? route.resources.map((r) => names.get(`${r.product}/${r.key}`)).sort().join(' ') : needText(route);
    found.set(keyOf(services.get(route.service), route.method, route.path), need);
  }
  const wanted = expected();
  assert.equal(wanted.length, 421);
  for (const row of wanted) {
    const key = keyOf(row.document, row.method, row.path);
    assert.equal(found.get(key), row.need, key);
  }
  assert.equal(operations, 421);
  assert.equal(found.size, new Set(wanted.map((row) => keyOf(row.document, row.method, row.path))).size);
});

test('the published documents together, by the command line: conflicts, a choice, again, away and back', { skip: missing }, async () => {
  const daemon = await installation();
  const words = ['--json', 'catalog', 'import', resourceList, ...files()];
  const empty = await revisionOf(daemon);

  const refused = await llavero(daemon, words, { code: 1 });
  assert.equal(refused.json.conflicts.length, 5);
  assert.equal(refused.json.code, 'api.catalog_conflicts');
  for (const conflict of refused.json.conflicts) {
    assert.match(`${conflict.thereSources} ${conflict.incomingSources}`, /Custom Card Payment/);
    assert.ok([conflict.there, conflict.incoming].some((side) => side.authenticated), JSON.stringify(conflict));
  }
  const dry = await llavero(daemon, [...words, '--on-conflict', 'narrow', '--dry-run']);
  assert.equal(await revisionOf(daemon), empty);

  const done = await llavero(daemon, [...words, '--on-conflict', 'narrow']);
  assert.deepEqual(done.json.diff, dry.json.diff);
  assert.deepEqual([done.json.operations, done.json.undecided.length], [421, 23]);
  // What is refused as claimed by two routes is told at once, with both.
  assert.deepEqual(done.json.ambiguous.map((a) => [a.kind, a.path, a.route.path, a.otherRoute.path]), [
    ['crossing', '/api/oms/pvt/orders/order-group/conversation-message',
      '/api/oms/pvt/orders/order-group/{orderGroup}', '/api/oms/pvt/orders/{orderId}/conversation-message'],
    ['crossing', '/api/oms/pvt/orders/order-group/payment-transaction',
      '/api/oms/pvt/orders/order-group/{orderGroup}', '/api/oms/pvt/orders/{orderId}/payment-transaction']]);
  const again = await llavero(daemon, [...words, '--on-conflict', 'narrow']);
  assert.deepEqual([again.json.diff, again.json.added, again.json.changed, again.json.removed], [[], 0, 0, 0]);
  assert.equal(again.json.unchanged, done.json.added);
  assert.equal(await revisionOf(daemon), done.json.revision, 'importing again changed something');

  const first = (await llavero(daemon, ['catalog', 'export'])).stdout;
  const other = await installation();
  await llavero(other, ['catalog', 'import', file(other, 'shop.catalog.yaml', first)]);
  assert.equal((await llavero(other, ['catalog', 'export'])).stdout, first);
  await decide(daemon);
});

async function decide(daemon) {
  const profile = { account: 'store', name: 'Orders', resources: [{ product: 'OMS', key: 'OMSViewer' }] };
  const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
  const order = '/api/oms/pvt/orders/order-group/7';
  await daemon.api('POST', '/v1/profiles', profile);
  assert.equal(await verdict(daemon, 'GET', order, key), 'no_profile');
  await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: 'Orders' });
  for (const [method, target, cause] of [
    ['GET', order, 'allowed'], ['HEAD', order, 'allowed'], ['GET', `${order}?an=store`, 'allowed'],
    ['GET', '/api/oms/pvt/orders/%6Frder-group/7', 'allowed'],
    ['GET', '/api/oms/pvt/orders/7/payment-transaction', 'allowed'],
    ['POST', '/api/sessions', 'allowed'],
    // What needs another resource, and what is not mapped at all.
    ['GET', '/api/oms/pvt/orders/7/conversation-message', 'profile_lacks_resource'],
    ['GET', '/api/catalog_system/pub/products/search', 'route_unknown'],
    ['GET', '/buscaautocomplete', 'route_unknown'],
    ['POST', order, 'route_unknown'], ['GET', '/api/oms/pvt', 'route_unknown'], ['GET', '/', 'route_unknown'],
    ['GET', '/api/oms/pvt/orders/order-group/payment-transaction', 'route_ambiguous'],
    // Other spellings of a path that is allowed.
    ['GET', '/API/oms/pvt/orders/order-group/7', 'route_unknown'], ['GET', `${order}/`, 'route_unknown'],
    ['GET', `/${order}`, 'path_ambiguous'], ['GET', '/api/oms//pvt/orders/order-group/7', 'path_ambiguous'],
    ['GET', '/api/oms/pvt/./orders/order-group/7', 'path_ambiguous'], ['GET', `/x/..${order}`, 'path_ambiguous'],
    ['GET', `/x/%2e%2e${order}`, 'path_ambiguous'], ['GET', '/api%2foms/pvt/orders/order-group/7', 'path_ambiguous'],
    ['GET', `${order}%00`, 'path_ambiguous'], ['GET', `${order};a=b`, 'path_ambiguous'],
    ['GET', '/api/oms/pvt/orders/%256Frder-group/7', 'path_ambiguous'], ['GET', `${order}%23`, 'path_ambiguous'],
  ]) {
    assert.equal(await verdict(daemon, method, target, key), cause, `${method} ${target}`);
  }
  // Nobody without a key, but for what is public.
  assert.equal(await verdict(daemon, 'GET', order), 'credentials_missing');
  assert.equal(await verdict(daemon, 'POST', '/api/sessions'), 'allowed');
}

// ---- what disagrees ----

const FIRST = stated('first.json', { 'GET /both': ['a', 'b'], 'GET /apart': ['a'], 'GET /flag': ['a'], 'GET /open': 'authenticated',
  'GET /same': ['a'], 'GET /first': ['a'] });
const SECOND = stated('second.json', { 'GET /both': ['b', 'c'], 'GET /apart': ['b'], 'GET /flag': 'public', 'GET /open': 'public',
  'GET /same': ['a'], 'GET /second': ['b'] });

test('by default all conflicts are listed with both needs and their documents, and nothing is changed', async () => {
  const daemon = await installation();
  const revision = await revisionOf(daemon);
  const rows = (answer) => answer.conflicts.map((c) => (
    [c.path, needText(c.there), c.thereSources, needText(c.incoming), c.incomingSources])).sort();
  const wanted = [
    ['/apart', 'Shop/a', 'first.json', 'Shop/b', 'second.json'],
    ['/both', 'Shop/a Shop/b', 'first.json', 'Shop/b Shop/c', 'second.json'],
    ['/flag', 'Shop/a', 'first.json', 'public', 'second.json'],
    ['/open', 'authenticated', 'first.json', 'public', 'second.json']];
  assert.deepEqual(rows(await importing(daemon, [FIRST, SECOND], {}, 409)), wanted);
  assert.deepEqual(rows(await importing(daemon, [FIRST, SECOND], { onConflict: 'fail' }, 409)), wanted);
  assert.equal(await revisionOf(daemon), revision);
  assert.deepEqual(await needsOf(daemon), {});
  // One after the other is the same conflict.
  await importing(daemon, [FIRST]);
  assert.deepEqual(rows(await importing(daemon, [SECOND], {}, 409)), wanted);
});

test('narrow takes what both allow, widen what either allows, and both are what the gate decides', async () => {
  const NEEDS = {
    narrow: { '/both': 'Shop/b', '/apart': 'nobody', '/flag': 'Shop/a', '/open': 'authenticated' },
    widen: { '/both': 'Shop/a Shop/b Shop/c', '/apart': 'Shop/a Shop/b', '/flag': 'public', '/open': 'public' },
  };
  for (const [policy, needs] of Object.entries(NEEDS)) {
    const daemon = await installation();
    const answer = await importing(daemon, [FIRST, SECOND], { onConflict: policy });
    const results = Object.fromEntries(answer.conflicts.map((c) => [c.path, needText(c.result)]));
    const routes = await needsOf(daemon);
    assert.deepEqual(results, needs, policy);
    for (const [at, need] of Object.entries({ ...needs, '/same': 'Shop/a', '/first': 'Shop/a', '/second': 'Shop/b' })) {
      assert.equal(routes[`GET ${at}`], need, `${policy}: ${at}`);
    }
    const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
    await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'A', resources: ['a'] });
    await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: 'A' });
    assert.equal(await verdict(daemon, 'GET', '/apart', key), policy === 'narrow' ? 'profile_lacks_resource' : 'allowed');
    assert.equal(await verdict(daemon, 'GET', '/both', key), policy === 'narrow' ? 'profile_lacks_resource' : 'allowed');
    assert.equal(await verdict(daemon, 'GET', '/flag'), policy === 'narrow' ? 'credentials_missing' : 'allowed');
  }
});

test('a choice speaks in the words of whoever chooses: an option, or a field', async () => {
  const daemon = await installation();
  const files_ = [FIRST, SECOND].map(({ name, text }) => file(daemon, name, text));
  for (const lang of ['es', 'en', 'pt']) {
    const { stderr, stdout } = await llavero(daemon, ['--lang', lang, 'catalog', 'import', ...files_], { code: 1 });
    assert.match(stderr, /--on-conflict narrow/, lang);
    assert.doesNotMatch(stderr, /onConflict/, lang);
    assert.match(stdout, /Shop\/a, Shop\/b \(first\.json\) +Shop\/b, Shop\/c \(second\.json\)/, lang);
    const { json } = await request(daemon.keeper, 'POST', '/v1/catalog/import',
      { body: { documents: [FIRST, SECOND] }, headers: { 'Accept-Language': lang } });
    assert.match(json.detail, /onConflict narrow/, lang);
    assert.doesNotMatch(json.detail, /--on-conflict/, lang);
  }
});

// ---- again ----

test('a changed document shows what it adds, changes and removes; trying it changes nothing', async () => {
  const daemon = await installation();
  await importing(daemon, [stated('shop.json', { 'GET /a': ['read'], 'GET /b': ['read'], 'GET /c': 'public' })]);
  const next = stated('shop.json', { 'GET /a': ['read'], 'GET /b': ['write'], 'GET /d': 'authenticated', 'GET /e': '' });
  const revision = await revisionOf(daemon);
  const dry = await importing(daemon, [next], { dryRun: true });
  const at = file(daemon, 'shop.json', next.text);
  const shown = await llavero(daemon, ['catalog', 'import', at, '--dry-run']);

  assert.equal(await revisionOf(daemon), revision);
  assert.equal(dry.revision, undefined);
  const done = await llavero(daemon, ['--json', 'catalog', 'import', at]);
  assert.deepEqual(done.json.diff, dry.diff);
  assert.deepEqual(dry.diff.filter((d) => d.kind === 'route')
    .map((d) => [d.change, d.path, d.before && needText(d.before), d.after && needText(d.after)]).sort(), [
    ['added', '/d', undefined, 'authenticated'], ['changed', '/b', 'Shop/read', 'Shop/write'], ['removed', '/c', 'public', undefined]]);
  for (const line of [/changed +GET \/b +Shop\/read +Shop\/write/, /removed +GET \/c +public/, /added +GET \/d .*any linked key/,
    /shop\.json +GET +\/e/]) assert.match(shown.stdout, line);
  assert.deepEqual(await needsOf(daemon), { 'GET /a': 'Shop/read', 'GET /b': 'Shop/write', 'GET /d': 'authenticated' });
  const again = await importing(daemon, [next]);
  assert.deepEqual([again.diff, again.unchanged], [[], 6]);
  assert.equal(await verdict(daemon, 'GET', '/c'), 'credentials_missing');
});

test('documents that state nothing get proposals for review, and nothing by themselves', async () => {
  const daemon = await installation();
  const silent = JSON.stringify({ openapi: '3.0.3', info: { title: 'Shop', version: '1' }, paths: {
    '/orders': { get: { tags: ['Order history'], responses: {} }, post: { tags: ['Order history'], responses: {} } } } });
  const at = file(daemon, 'silent.json', silent);
  const imported = await llavero(daemon, ['--json', 'catalog', 'import', at]);
  assert.deepEqual([imported.json.routes, imported.json.undecided.map((u) => u.reason)], [0, ['silent', 'silent']]);
  assert.equal(await verdict(daemon, 'GET', '/orders'), 'credentials_missing');
  const { stdout } = await llavero(daemon, ['catalog', 'suggest', at]);
  assert.deepEqual(await needsOf(daemon), {});
  await llavero(daemon, ['catalog', 'import', file(daemon, 'suggested.yaml', stdout)]);
  assert.deepEqual(await needsOf(daemon), { 'GET /orders': 'Shop/order-history.read', 'POST /orders': 'Shop/order-history.write' });
});

test('one route is mapped without any document, and a document does not undo it silently', async () => {
  const daemon = await installation();
  await daemon.api('POST', '/v1/resources', { product: 'Shop', key: 'read' });
  const added = await llavero(daemon, ['--json', 'catalog', 'add', 'GET', '/orders/{id}', '--resource', 'read']);
  assert.deepEqual(added.json.resources, [{ product: 'Shop', key: 'read' }]);
  const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'R', resources: ['read'] });
  assert.equal(await verdict(daemon, 'GET', '/orders/7', key), 'no_profile');
  await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: 'R' });
  assert.equal(await verdict(daemon, 'GET', '/orders/7', key), 'allowed');
  const answer = await importing(daemon, [stated('open.json', { 'GET /orders/{order}': 'public' })], {}, 409);
  assert.deepEqual(answer.conflicts.map((c) => [c.path, c.thereSources]), [['/orders/{id}', '']]);
  assert.equal(await verdict(daemon, 'GET', '/orders/7'), 'credentials_missing');
  // Its twin under other names, two needs at once, and a method that is none.
  await llavero(daemon, ['catalog', 'add', 'GET', '/x', '--public', '--authenticated'], { code: 2 });
  await llavero(daemon, ['catalog', 'add', 'get', '/x', '--public'], { code: 1 });
  await llavero(daemon, ['catalog', 'add', 'GET', '/orders/{other}', '--public'], { code: 1 });
});

// ---- what two routes claim ----

test('a path that two routes claim is told by the import, refused at the gate, and both are named', async () => {
  const daemon = await installation();
  const crossing = stated('o.json', { 'GET /o/group/{x}': ['group'], 'GET /o/{id}/note': ['note'], 'GET /s': ['group'], 'GET /s/': ['note'] });
  const answer = await importing(daemon, [crossing]);
  assert.deepEqual(answer.ambiguous.map((a) => [a.kind, a.path, a.route.path, needText(a.route.needs), a.otherRoute.path,
    needText(a.otherRoute.needs)]), [
    ['crossing', '/o/group/note', '/o/group/{x}', 'Shop/group', '/o/{id}/note', 'Shop/note']]);
  const { stdout } = await llavero(daemon, ['catalog', 'import', file(daemon, 'o.json', crossing.text)]);
  assert.match(stdout, /GET \/o\/group\/note +GET \/o\/group\/\{x\} +GET \/o\/\{id\}\/note/);
  const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'All', resources: ['group', 'note'] });
  await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: 'All' });
  assert.equal(await verdict(daemon, 'GET', '/o/group/note', key), 'route_ambiguous');
  assert.equal(await verdict(daemon, 'GET', '/o/group/1', key), 'allowed');
  assert.equal(await verdict(daemon, 'GET', '/o/1/note', key), 'allowed');
  const match = await daemon.api('GET', '/v1/routes/match?method=GET&path=/o/group/note');
  assert.deepEqual([match.match, match.route.path, match.otherRoute.path], ['ambiguous', '/o/group/{x}', '/o/{id}/note']);
});

test('a service that claims what another has is refused, whichever way it comes, and requests go on', async () => {
  const daemon = await installation();
  await importing(daemon, [stated('open.json', { 'GET /open': 'public' })]);
  const own = (services) => ({ name: 'own.yaml', text: `llavero: catalog/1\nservices: [${services}]\n` });
  const CODE = 'route.service_clash';
  const revision = await revisionOf(daemon);
  for (const [method, url, body] of [
    ['POST', '/v1/services', { name: 'twin' }],
    ['POST', '/v1/catalog/import', { documents: [own('{name: a, basePath: /x}, {name: b, basePath: /x}')] }],
    ['POST', '/v1/catalog/import', { documents: [own('{name: a, hosts: [A.example]}'.toLowerCase()), own('{name: b, hosts: [a.example.]}')] }],
    ['POST', '/v1/catalog/import', { documents: [stated('two.json', { 'GET /two': 'public' })], service: 'two' }],
    ['POST', '/v1/catalog/import', { documents: [stated('two.json', { 'GET /two': 'public' })], service: 'two', dryRun: true }],
  ]) {
    const answer = await request(daemon.keeper, method, url, { body });
    assert.deepEqual([answer.status, answer.json.code], [409, CODE], `${url} ${JSON.stringify(body)}: ${answer.text}`);
  }
  assert.equal(await revisionOf(daemon), revision);
  await daemon.api('POST', '/v1/services', { name: 'twin', basePath: '/twin' });
  assert.equal((await request(daemon.keeper, 'PATCH', '/v1/services/twin', { body: { basePath: '' } })).json.code, CODE);
  assert.equal(await verdict(daemon, 'GET', '/open'), 'allowed');
});
