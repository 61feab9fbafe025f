// The keeper against its own description: every operation is called on a real daemon, every answer conforms,
// every route is described, and bodies that the description forbids are refused and change nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, Llaverod, raw, request, ROOT, until } from '../lib/llaverod.mjs';
import { OpenApi } from '../lib/openapi.mjs';
import { PASSWORD, Person, stepNow, totp } from '../lib/people.mjs';
import { dialects } from '../lib/store.mjs';

let daemon;
let api;
let port;
const samples = new Map(); // operationId -> the call that succeeded, with a body

before(async () => {
  port = await freePort();
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  api = new OpenApi((await request(daemon.keeper, 'GET', '/openapi.json')).json, daemon.keeper);
});

after(() => daemon?.close());

// A call that succeeds; its body is spoiled later.
async function works(id, status, call = {}) {
  const answer = await api.call(id, status, call);
  if (call.body !== undefined) samples.set(id, call);
  return answer;
}

test('the document is valid', () => {
  assert.deepEqual(api.check(), []);
});

const STEP_UP = { 0: undefined, API_STEP_UP: true, API_STEP_UP_WIDENING: 'widening' };

// { "GET", "/v1/things", handler, "query names" or NULL, body limit, who, step-up }
function routesOfSource() {
  const folder = path.join(ROOT, 'src/keeper');
  const routes = [];
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.c'))) {
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    const row = /\{\s*"([A-Z]+)",\s*"(\/[^"]*)",\s*\w+,\s*(NULL|"[^"]*"),\s*(\w+),\s*(\w+),\s*(\w+)\s*\}/g;
    for (const [, method, pattern, query, body, who, flags] of text.matchAll(row)) {
      const [, kind, name] = /^(NEED|RIGHT)_(\w+)$/.exec(who);
      routes.push({ name: `${method} ${pattern}`, body: body !== '0', stepUp: STEP_UP[flags],
        need: kind === 'NEED' ? name.toLowerCase() : name.toLowerCase().replace('_', '.'),
        query: query === 'NULL' ? [] : query.slice(1, -1).split(' ') });
    }
  }
  return routes;
}

test('a description names a credential just when the operation needs one over an address', () => {
  assert.deepEqual(api.document.security, [{ session: [] }, { bearer: [] }]);
  for (const [id, operation] of api.operations) {
    const without = ['nobody', 'operator'].includes(operation['x-llavero-need']);
    assert.deepEqual(operation.security, without ? [] : undefined, id);
  }
});

test('every route of the keeper is described, and every description has a route', () => {
  const routes = routesOfSource();
  const described = [...api.operations.values()].map((o) => ({
    name: `${o.method.toUpperCase()} ${o.path}`,
    body: o.requestBody !== undefined,
    stepUp: o['x-llavero-step-up'],
    need: o['x-llavero-need'],
    query: o.parameters.filter((p) => p.in === 'query').map((p) => p.name) }));
  const sorted = (list) => list.map((r) => ({ ...r, query: [...r.query].sort() })).sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.deepEqual(sorted(described), sorted(routes));
});

const store = 'store';
let key;

test('health, status and causes', async () => {
  for (const id of ['healthz', 'readyz', 'status', 'openapi', 'causes_list', 'products_list', 'catalog_export', 'backup',
    'checkpoint']) await works(id, 200);
  await works('causes_get', 200, { path: { cause: 'no_profile' } });
  await works('causes_get', 200, { path: { cause: 'no_profile' }, headers: { Accept: 'text/html' } });
  await api.call('causes_get', 404, { path: { cause: 'none' } });
  await works('catalog_export', 200, { headers: { Accept: 'application/yaml' } });
});

test('accounts, hosts, users, owner', async () => {
  await works('init', 201, { body: { account: store, owner: 'ana@example.com', displayName: 'Store' } });
  await api.call('init', 409, { body: { account: store, owner: 'ana@example.com' }, headers: { 'Accept-Language': 'es' } });
  await works('accounts_create', 201, { body: { name: 'second', owner: 'eva@example.com', ownerName: 'Eva', displayName: 'Two' } });
  await api.call('accounts_create', 400, { body: { name: 'Second', owner: 'eva@example.com' } });
  await works('accounts_list', 200);
  const account = { path: { account: store } };
  const read = await works('accounts_get', 200, account);
  await api.call('accounts_get', 404, { path: { account: 'none' } });
  await works('accounts_edit', 200, { ...account, body: { displayName: 'Store 1', state: 'active' }, headers: { 'If-Match': read.headers.etag } });
  await api.call('accounts_edit', 412, { ...account, body: { displayName: 'x' }, headers: { 'If-Match': read.headers.etag } });
  await works('hosts_add', 201, { ...account, body: { host: 'shop.example.com' } });
  await api.call('hosts_add', 409, { path: { account: 'second' }, body: { host: 'shop.example.com' } });
  await works('hosts_remove', 200, { path: { account: store, host: 'shop.example.com' } });
  await api.call('hosts_remove', 404, { path: { account: store, host: 'shop.example.com' } });
  const user = await works('users_create', 201, { body: { account: store, email: 'leo@example.com', name: 'Leo' } });
  await api.call('users_create', 409, { body: { account: store, email: 'leo@example.com' } });
  await works('users_list', 200, { query: { account: store, limit: 1 } });
  await api.call('users_list', 400);
  const one = { path: { id: user.json.id } };
  await works('users_get', 200, one);
  await works('users_edit', 200, { ...one, body: { email: 'leo@example.org', name: 'Leo', state: 'active' } });
  await api.call('users_edit', 400, { ...one, body: { state: 'gone' } });
  await works('users_set_profiles', 200, { ...one, body: { profiles: [] } });
  await api.call('users_set_profiles', 400, { ...one, body: { profiles: ['nothing'] } });
  await api.call('owner_invite', 409, { ...account, body: { user: 'leo@example.org' } });
  await new Person({ people: { port } }, { account: store, email: 'leo@example.org' }).enrol(user.json.enrolment);
  await works('owner_invite', 201, { ...account, body: { user: 'leo@example.org' } });
  await api.call('owner_invite', 404, { ...account, body: { user: 'nobody@example.org' } });
  await works('owner_invitation', 200, account);
  await api.call('owner_accept', 403, account); // the invited user alone
  await works('owner_invitation_cancel', 200, account);
  await api.call('owner_invitation', 404, account);
  const late = await works('users_create', 201, { body: { account: store, email: 'late@example.com' } });
  const moved = await works('owner_set', 200, { ...account, body: { user: late.json.id } });
  assert.ok(moved.json.enrolment && moved.json.enrolmentExpiresAt, 'one who has not enrolled gets a link');
  await works('owner_set', 200, { ...account, body: { user: 'leo@example.org' } });
  await api.call('owner_set', 404, { ...account, body: { user: 'nobody@example.org' } });
  const erased = await works('users_create', 201, { body: { account: store, email: 'old@example.com' } });
  await works('users_erase', 200, { path: { id: erased.json.id } });
  await works('users_get', 200, { path: { id: erased.json.id } });
  await api.call('users_erase', 409, one); // the owner stays
});

test('people: links, sessions, own factors', async () => {
  const target = { port };
  const person = new Person({ people: target }, { account: store, email: 'mia@example.com' });
  const made = await works('users_create', 201, { body: { account: store, email: person.email } });
  const one = { path: { id: made.json.id } };
  const { enrolment } = (await works('users_reset', 201, one)).json;
  await api.call('users_reset', 404, { path: { id: 99999 } });
  const as = (more = {}) => ({ target, headers: person.headers(), ...more });
  const token = enrolment.split('#')[1];
  person.secret = (await works('enrolment_open', 200, { target, body: { token } })).json.secret;
  await api.call('enrolment_open', 404, { target, body: { token: 'x' } });
  const enrolled = await works('enrolment_use', 201, { target, body: { token, password: PASSWORD, code: person.code() } });
  await api.call('enrolment_use', 404, { target, body: { token, password: PASSWORD, code: '000000' } });
  person.keep(enrolled);
  person.recoveryCodes = [...enrolled.json.recoveryCodes];
  const login = { account: store, email: person.email, password: PASSWORD };
  person.keep(await works('session_create', 201, as({ body: { ...login, code: person.code() } })));
  const cli = await works('session_create', 201, as({ body: { ...login, code: person.code(), kind: 'cli' } }));
  await api.call('session_create', 401, { target, body: { ...login, code: '000000' } });
  await works('session_get', 200, as());
  await works('session_get', 200); // the operator
  await api.call('session_get', 401, { target });
  await works('session_confirm', 200, as({ body: { code: person.recoveryCodes.shift() } }));
  await api.call('session_confirm', 401, as({ body: { code: '000000' } }));
  const { items } = (await works('sessions_list', 200, as())).json;
  await api.call('sessions_list', 409);
  await works('sessions_delete', 200, as({ path: { id: items.find((s) => s.kind === 'cli').id } }));
  await api.call('sessions_delete', 404, as({ path: { id: 99999 } }));
  await works('sessions_delete_others', 200, as());
  await api.call('sessions_delete_others', 409);
  await api.call('session_get', 401, { target, headers: { Authorization: `Bearer ${cli.json.token}` } });
  const next = 'another-Meadow 42 ü copper';
  await works('me_password', 200, as({ body: { current: PASSWORD, password: next } }));
  await api.call('me_password', 400, as({ body: { current: next, password: 'password1234' } }));
  await works('me_recovery_codes', 200, as({ body: { current: next } }));
  await api.call('me_recovery_codes', 401, as({ body: { current: PASSWORD } }));
  await api.call('me_recovery_codes', 409, { body: { current: next } });
  const { secret } = (await works('me_second_factor', 200, as({ body: { current: next } }))).json;
  await api.call('me_second_factor', 401, as({ body: { current: PASSWORD } }));
  await api.call('me_second_factor', 409, { body: { current: next } });
  await api.call('me_second_factor_confirm', 400, as({ body: { code: '000000' } }));
  await works('me_second_factor_confirm', 200, as({ body: { code: totp(secret, stepNow()) } }));
  const account = { path: { account: store } };
  await works('owner_invite', 201, { ...account, body: { user: person.email } });
  await works('owner_accept', 200, as(account));
  await works('session_delete', 200, as());
  await api.call('owner_set', 200, { ...account, body: { user: 'leo@example.org' } });
  await api.call('session_delete', 409);
  // Failures are told by an event a moment later: not while revisions are counted.
  await until('the event of failures', async () => (
    await api.call('events_list', 200, { query: { action: 'session.refuse' } })).json.items.length > 0, 30000);
  // Spoiled later as the operator: the session is over then.
  for (const [id, call] of samples) {
    if (call.target !== undefined) samples.set(id, { body: call.body });
  }
});

test('resources, services, routes, profiles', async () => {
  for (const name of ['ViewOrder', 'EditOrder', 'Spare']) {
    await works('resources_create', 201, { body: { product: 'OMS', key: name, category: 'Orders', name: `${name}s` } });
  }
  await api.call('resources_create', 409, { body: { product: 'OMS', key: 'Spare' } });
  const resources = (await works('resources_list', 200)).json.items;
  await works('products_list', 200);
  const spare = { path: { id: resources.find((r) => r.key === 'Spare').id } };
  await works('resources_get', 200, spare);
  await works('resources_edit', 200, { ...spare, body: { category: 'Other', name: 'Spare part' } });
  await api.call('resources_edit', 404, { path: { id: 4000000000 }, body: { name: 'x' } });
  await works('resources_delete', 200, spare);
  await api.call('resources_delete', 404, spare);

  await works('services_create', 201, { body: { name: 'api', hosts: ['api.example.com'], basePath: '/v1', unmapped: 'refuse',
    preflight: 'pass', semicolon: 'strip', caseInsensitive: false } });
  await api.call('services_create', 409, { body: { name: 'api' } });
  const service = { path: { service: 'api' } };
  await works('services_list', 200);
  await works('services_get', 200, service);
  await api.call('services_get', 404, { path: { service: 'none' } });
  await works('services_edit', 200, { ...service, body: { unmapped: 'authenticated', basePath: '' } });
  await api.call('services_edit', 400, { ...service, body: { unmapped: 'pass' } });

  const route = await works('routes_create', 201, { body: { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] } });
  await works('routes_create', 201, { body: { method: 'PUT', path: '/orders/{id}', service: 'api', authenticated: true } });
  await works('routes_create', 201, { body: { method: 'GET', path: '/gone', service: 'api', public: true } });
  await api.call('routes_create', 409, { body: { method: 'GET', path: '/orders/{id}', public: true } });
  await api.call('services_delete', 409, service);
  const one = { path: { id: route.json.id } };
  const page = await works('routes_list', 200, { query: { service: 'api' } });
  await works('routes_list', 200, { query: { limit: 1, cursor: 1, resource: 1 } });
  await works('routes_get', 200, one);
  await api.call('routes_get', 404, { path: { id: 0 } });
  await works('routes_edit', 200, { ...one, body: { resources: [{ product: 'OMS', key: 'ViewOrder' }] } });
  await api.call('routes_edit', 400, { ...one, body: { public: true, authenticated: true } });
  for (const [host, target] of [['', '/orders/7'], ['', '/orders//7'], ['', '/none'], ['api.example.com', '/x'], ['api.example.com', '/gone']]) {
    await works('routes_match', 200, { query: { method: 'GET', path: target, ...(host && { host }) } });
  }
  await api.call('routes_match', 400, { query: { method: 'GET' } });
  for (const item of page.json.items) await works('routes_delete', 200, { path: { id: item.id } });
  await api.call('routes_delete', 404, { path: { id: page.json.items[0].id } });
  await works('services_delete', 200, service);

  const profile = await works('profiles_create', 201, { body: { account: store, name: 'Reader', resources: ['ViewOrder'] } });
  await works('profiles_create', 201, { body: { account: store, name: 'Editor', resources: ['OMS/EditOrder'] } });
  await api.call('profiles_create', 409, { body: { account: store, name: 'Editor' } });
  const mine = { path: { id: profile.json.id } };
  await works('profiles_list', 200, { query: { account: store } });
  await works('profiles_list', 200, { query: { account: store, predefined: true } });
  await works('profiles_get', 200, mine);
  await works('profiles_edit', 200, { ...mine, body: { addResources: ['EditOrder'], removeResources: ['EditOrder'] } });
  await works('profiles_edit', 200, { ...mine, body: { name: 'Readers', resources: ['ViewOrder'] } });
  await api.call('profiles_edit', 404, { path: { id: 99999 }, body: { name: 'x' } });
});

test('management tokens', async () => {
  const body = { account: store, label: 'deploy', rights: ['keys.view', 'events.view'], addresses: ['10.0.0.0/8'],
    expiresAt: new Date(Date.now() + 86400000).toISOString() };
  const headers = { 'Idempotency-Key': 'machine' };
  const made = await works('management_tokens_create', 201, { body, headers });
  assert.equal((await api.call('management_tokens_create', 200, { body, headers })).json.token, undefined);
  await api.call('management_tokens_create', 400, { body: { ...body, rights: ['owner'] } });
  await works('management_tokens_list', 200, { query: { account: store, q: 'depl' } });
  await works('management_tokens_revoke', 200, { path: { id: made.json.id } });
  await api.call('management_tokens_revoke', 409, { path: { id: made.json.id } });
  await api.call('management_tokens_revoke', 404, { path: { id: 4000000000 } });
});

test('a key handed over by a one-time link', async () => {
  const made = await works('keys_create', 201, { body: { account: store, label: 'handed', handover: true } });
  const body = { secret: made.json.handover.url.split('#')[1] };
  await works('share_look', 200, { body });
  await works('share_open', 200, { body });
  await works('share_look', 200, { body });
  await api.call('share_open', 409, { body });
  await api.call('share_look', 404, { body: { secret: 'none' } });
  const one = { path: { appKey: made.json.appKey } };
  await works('rotate', 200, { ...one, body: { handover: true, overlap: '1h' } });
  await works('keys_get', 200, one);
  await works('handover_withdraw', 200, one);
  await api.call('handover_withdraw', 409, one);
  await api.call('handover_withdraw', 404, { path: { appKey: 'none' } });
});

test('keys from their creation to their revocation', async () => {
  const profiles = (await api.call('profiles_list', 200, { query: { account: store } })).json.items;
  const body = { account: store, label: 'erp', profiles: ['Readers'], expiresAt: '2090-01-01T00:00:00Z', addresses: ['10.0.0.0/8'],
    externalId: 'c-1', metadata: { team: 'a' },
    limits: { rate: [{ count: 100, per: 'second' }, { count: 5000, per: 'hour' }], quota: { count: 100000, per: 'month' } } };
  const headers = { 'Idempotency-Key': 'conformance' };
  key = (await works('keys_create', 201, { body, headers })).json;
  await api.call('keys_create', 200, { body, headers });
  await api.call('keys_create', 409, { body: { ...body, label: 'other' }, headers });
  await api.call('keys_create', 404, { body: { ...body, account: 'none' } });
  await api.call('keys_create', 422, { body: { ...body, label: 'x'.repeat(101) } });
  const one = { path: { appKey: key.appKey } };
  samples.set('revoke', { ...one, body: { reason: 'compromised' } }); // done at the end
  await works('keys_list', 200, { query: { account: store, state: 'active', profile: profiles[0].id, externalId: 'c-1', q: 'erp' } });
  await works('keys_list', 200, { query: { account: 'second', external: 'true' } });
  await api.call('keys_list', 400, { query: { state: 'dead' } });
  await works('keys_list', 200, { query: { account: store, alert: 'any', sort: 'label' } });
  await works('keys_get', 200, one);
  await api.call('keys_get', 404, { path: { appKey: 'a/b c' } });
  await works('key_usage', 200, one);
  await api.call('key_usage', 404, { path: { appKey: 'none' } });
  await works('usage', 200, { query: { account: store, key: key.appKey, route: 1, resource: 1, cause: 'no_profile', verdict: 'refused',
    since: '2027-01-31T12:00:00Z', until: '2027-02-01T12:00:00Z', step: 'day', by: 'cause', limit: 1, cursor: 1 } });
  await works('usage_resources', 200, { query: { account: store, unusedDays: 30, limit: 1, cursor: 1 } });
  await works('usage_retired', 200, { query: { account: store, since: '2027-01-31T12:00:00Z' } });
  await works('refusals_list', 200, { query: { account: store, key: key.appKey, cause: 'no_profile', address: '10.0.0.1', requestId: 'x' } });
  await works('keys_edit', 200, { ...one, body: { label: 'erp 2', expiresAt: null, addresses: [], externalId: 'c-2', metadata: null, limits: { rate: [], quota: null } } });
  await api.call('keys_edit', 400, { ...one, body: { addresses: ['10.0.0.1/8'] } });
  await works('link_create', 201, { ...one, body: { profile: 'Editor', account: store } });
  await api.call('link_create', 409, { ...one, body: { profile: 'Editor' } });
  await works('link_delete', 200, { path: { ...one.path, profile: profiles.find((p) => p.name === 'Editor').id } });
  await api.call('link_delete', 404, { path: { ...one.path, profile: 99999 } });
  await api.call('profiles_delete', 409, { path: { id: profiles.find((p) => p.name === 'Readers').id } });
  await works('profiles_delete', 200, { path: { id: profiles.find((p) => p.name === 'Editor').id }, query: { unlink: 'true' } });

  await works('rotate', 200, one);
  await api.call('rotate', 409, { ...one, body: {} });
  await works('keys_get', 200, one);
  await works('finish_rotation', 200, one);
  await api.call('finish_rotation', 409, one);
  await works('rotate', 200, { ...one, body: { overlap: '24h' } });
  await works('cancel_rotation', 200, one);
  await api.call('cancel_rotation', 409, one);
  const again = { ...one, body: { overlap: 'now' }, headers: { 'Idempotency-Key': 'conformance-rotate' } };
  key.appToken = (await works('rotate', 200, again)).json.appToken;
  assert.equal((await api.call('rotate', 200, again)).json.appToken, undefined);
  await works('deactivate', 200, one);
  await api.call('deactivate', 409, one);
  await works('activate', 200, one);
  await api.call('activate', 409, one);
  await works('keys_import', 200, { query: { account: store, dryRun: 'true' }, body: Buffer.from('x\n{}\n') });
  const line = { appKey: 'legacy-1', appToken: 'f3'.repeat(10) + 'Zq8-Wn2_Kp5.Rt9', label: 'old', profiles: ['Readers'],
    state: 'active', expires: null, externalId: 'c-3' };
  await works('keys_import', 200, { query: { account: store }, body: Buffer.from(`${JSON.stringify(line)}\n`) });
  samples.set('keys_import', { query: { account: store }, body: { ...line, appKey: 'legacy-2' } });
  await api.call('keys_import', 404, { query: { account: 'none' }, body: Buffer.from('{}') });
});

test('explaining: by code, by trial, without a token', async () => {
  const [nginx] = dialects(daemon, { path: '/nothing/here' });
  const refused = await nginx.send({ 'X-App-Key': key.appKey, 'X-App-Token': key.appToken });
  await works('explain', 200, { body: { diagnosis: refused.headers['x-llavero-diagnosis'], lang: 'pt' } });
  await api.call('explain', 400, { body: { diagnosis: 'AAAA' } });
  const { appKey, appToken } = key;
  const asked = { method: 'GET', path: '/orders/7', host: 'x.example', address: '10.0.0.1' };
  await works('explain', 200, { body: { ...asked, appKey, appToken, account: store, lang: 'es' } });
  for (const trial of [{}, { appKey }, { appToken }, { appKey: 'nobody', appToken }, { appKey: `${appKey.slice(0, -1)}x`, appToken },
    { appKey, appToken: appToken.replace(/.$/, (c) => (c === 'Q' ? 'P' : 'Q')) }, { appKey: appToken, appToken: appKey },
    { appKey: 'legacy-1', appToken }, { appKey, appToken: appToken.toLowerCase() }]) {
    await works('explain', 200, { body: { ...asked, ...trial } });
    await works('verify', 200, { body: { ...asked, ...trial } });
  }
  const verify = await works('verify', 200, { body: { ...asked, appKey, appToken, account: store } });
  assert.equal(verify.json.allowed, true);
  await api.call('verify', 400, { body: { ...asked, address: 'here' } });
  await works('can', 200, { body: { ...asked, appKey, account: store, withProfiles: [], withoutProfiles: ['Readers'] } });
  await api.call('can', 404, { body: { ...asked, appKey: 'nobody' } });
});

test('catalogue: import, conflicts, suggestions', async () => {
  const sample = (name) => ({ name, text: fs.readFileSync(path.join(ROOT, 'docs/sample', name), 'utf8') });
  const documents = ['shop.catalog.yaml', 'orders.openapi.yaml', 'billing.openapi.json'].map(sample);
  await works('catalog_import', 200, { body: { documents, dryRun: true } });
  await works('catalog_import', 200, { body: { documents, onConflict: 'fail', servers: 'follow', prune: false, dryRun: false } });
  const other = documents.map((d) => ({ ...d, text: d.text.replaceAll('public: true', 'authenticated: true') }));
  await api.call('catalog_import', 409, { body: { documents: [documents[0], other[0]] } });
  await api.call('catalog_import', 400, { body: { documents: [{ name: 'x', text: '{"openapi": "3.1.0"' }] } });
  await works('catalog_import', 200, { body: { documents, service: 'default', onConflict: 'widen', servers: 'ignore', prune: true } });
  await works('catalog_export', 200);
  const exported = await works('catalog_export', 200, { headers: { Accept: 'application/yaml' } });
  await works('catalog_import', 200, { body: { documents: [{ name: 'own.yaml', text: exported.text }] } });
  const text = JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' },
    paths: { '/things': { get: { tags: ['Things'], responses: {} }, post: { tags: ['Things'], responses: {} } } } });
  const body = { name: 'things.json', text };
  await works('catalog_import', 200, { body: { documents: [body], dryRun: true } }); // undecided
  await works('catalog_suggest', 200, { body, headers: { Accept: 'application/yaml' } });
  await works('catalog_suggest', 200, { body: { ...body, service: 'default' } });
  await api.call('catalog_suggest', 400, { body: { name: 'x', text: '[' } });
});

test('events and checkpoints', async () => {
  const first = await works('events_list', 200, { query: { limit: 3 } });
  await works('events_list', 200, { query: { cursor: first.json.next, limit: 200 } });
  await works('events_list', 200, { query: { account: store, entity: 'key', entityId: key.appKey, order: 'desc',
    since: '2020-01-01T00:00:00Z', until: '2090-01-01T00:00:00Z', action: 'key.rotated', wait: 0 } });
  await api.call('events_list', 400, { query: { order: 'up' } });
  await works('events_get', 200, { path: { revision: 1 } });
  await api.call('events_get', 404, { path: { revision: 99999999 } });
  await works('checkpoint', 200);
  await works('chain_get', 200);
});

test('a body that the document forbids is refused and changes nothing', async () => {
  const revision = async () => (await api.call('status', 200)).json.revision;
  const before = await revision();
  const described = [...api.operations].filter(([, o]) => o.requestBody !== undefined).map(([id]) => id);
  assert.deepEqual(described.filter((id) => !samples.has(id)), [], 'without a sample of a good body');
  for (const [id, call] of samples) {
    for (const [label, body] of api.forbidden(id, call.body)) {
      if (id === 'keys_import') {
        const { json } = await api.call(id, 200, { ...call, body: Buffer.from(JSON.stringify(body)) });
        assert.deepEqual([json.imported, json.refusedCount], [0, 1], label);
      } else {
        const headers = { ...call.headers };
        delete headers['Idempotency-Key'];
        const answer = await api.call(id, 400, { ...call, headers, body });
        assert.match(answer.json.code, /^(api|records|catalog|route|login)\./, `${id}, ${label}`);
      }
    }
    if (id === 'keys_import') continue;
    const text = async (body, headers = {}) => {
      const answer = await api.call(id, 400, { ...call, headers, body });
      assert.match(answer.json.code, /^api\./, id);
    };
    await text('{"a":');
    await text('[]');
    await text('{"a":1,"a":1}');
    await text(`{"a":${'['.repeat(40)}${']'.repeat(40)}}`);
    await text('{"a":"\\ud800"}');
    await text(Buffer.from('{"a":"\xff"}', 'latin1'));
    await text('{"a":1e400}');
    await text(JSON.stringify(call.body), { 'Content-Type': 'text/plain' });
    const { method, path: pattern } = api.operations.get(id);
    const url = pattern.replace(/\{(\w+)\}/g, (_, name) => call.path[name]);
    const head = `${method.toUpperCase()} ${url} HTTP/1.1\r\nHost: x\r\nContent-Length: ${65 * 1024 * 1024}\r\n\r\n`;
    assert.match((await raw(daemon.keeper, head)).toString(), /^HTTP\/1\.1 413 [^]*"code":"http\.body_long"/, id);
  }
  assert.equal(await revision(), before);
});

test('an unknown query parameter, and one that comes twice, is refused by every operation', async () => {
  const some = { account: store, id: 1, host: 'x', appKey: key.appKey, profile: 1, service: 'default', revision: 1, cause: 'no_profile' };
  for (const [id, operation] of api.operations) {
    const body = samples.get(id)?.body;
    const answer = await api.call(id, 400, { path: some, query: { unknown: '1' }, body: operation.requestBody && body });
    assert.equal(answer.json.code, 'http.query_unknown', id);
    const known = operation.parameters.find((p) => p.in === 'query')?.name;
    if (known === undefined) continue;
    const twice = await api.call(id, 400, { path: some, query: [[known, '1'], [known, '1']], body: operation.requestBody && body });
    assert.equal(twice.json.code, 'http.query_repeated', id);
  }
});

test('an address is nobody: 401 for every operation of /v1 that needs somebody', async () => {
  const some = { account: store, id: 1, host: 'x', appKey: key.appKey, profile: 1, service: 'default', revision: 1 };
  for (const [id, operation] of api.operations) {
    if (operation['x-llavero-need'] === 'nobody') continue;
    const query = Object.fromEntries(operation.parameters.filter((p) => p.in === 'query' && p.required).map((p) => [p.name, '1']));
    const body = operation.requestBody && JSON.stringify(samples.get(id).body);
    const answer = await api.call(id, 401, { path: some, query, body, target: { port } });
    assert.equal(answer.json.code, 'api.login_needed', id);
  }
});

test('methods: the others are refused with those that there are; HEAD follows GET', async () => {
  for (const pattern of Object.keys(api.document.paths)) {
    const url = pattern.replace(/\{[^}]*\}/g, '1');
    const answer = await request(daemon.keeper, 'TRACE', url);
    assert.equal(answer.status, 405, pattern);
    const same = (other) => new RegExp(`^${other.replace(/\{[^}]*\}/g, '[^/]+')}$`).test(url);
    const methods = Object.entries(api.document.paths).filter(([other]) => same(other)).flatMap(([, i]) => Object.keys(i));
    const allow = new Set(methods.flatMap((m) => (m === 'get' ? ['GET', 'HEAD'] : [m.toUpperCase()])));
    assert.deepEqual(answer.headers.allow.split(', ').sort(), [...allow].sort(), pattern);
  }
  const get = await request(daemon.keeper, 'GET', '/v1/accounts');
  const head = await request(daemon.keeper, 'HEAD', '/v1/accounts');
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', get.headers['content-length']]);
  assert.equal((await request(daemon.keeper, 'GET', '/v1/nothing')).status, 404);
});

test('revoked, with a receipt; and again', async () => {
  const call = samples.get('revoke');
  await works('revoke', 200, call);
  await api.call('revoke', 409, call);
  await works('keys_get', 200, { path: call.path });
});

test('an older copy is held until it is confirmed; meanwhile every answer conforms', async () => {
  await api.call('restore_confirm', 409);
  const copy = (await api.call('backup', 200)).bytes;
  await api.call('resources_create', 201, { body: { product: 'Late', key: 'late' } });
  await daemon.stop();
  const file = path.join(daemon.data, 'records.db');
  for (const end of ['-wal', '-shm']) fs.rmSync(file + end, { force: true });
  fs.writeFileSync(file, copy);
  await daemon.launch();
  assert.match((await api.call('status', 200)).json.held, /confirm|backup|accept/);
  await api.call('keys_list', 503);
  await api.call('resources_create', 503, { body: { product: 'Late', key: 'late' } });
  await api.call('backup', 503);
  await works('restore_confirm', 200);
  await works('keys_list', 200);
});

test('every operation was seen to succeed and to fail', () => {
  const missing = [...api.operations.keys()].filter((id) => {
    const statuses = [...api.seen.get(id) ?? []];
    return !statuses.some((s) => s < 300) || !statuses.some((s) => s >= 400);
  });
  assert.deepEqual(missing, []);
});
