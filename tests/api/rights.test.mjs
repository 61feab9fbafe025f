// Who may what over /v1: a matrix of roles and operations, made of the description's own x-llavero-need, and what
// somebody who may little could try to get at more.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, Llaverod, request, ROOT } from '../lib/llaverod.mjs';
import { browserOf, logIn } from '../lib/sessions.mjs';

const RIGHTS = ['keys.view', 'keys.edit', 'users.view', 'users.edit', 'profiles.view', 'profiles.edit', 'catalog.view',
  'catalog.edit', 'events.view', 'diagnose', 'settings'];
const IMPLIED = { 'keys.edit': ['keys.view'], 'users.edit': ['users.view'], 'profiles.edit': ['profiles.view', 'catalog.view'],
  'profiles.view': ['catalog.view'], 'catalog.edit': ['catalog.view'] };

let daemon;
let tcp;
let browser; // the owner's cookie
let operations; // [{ method, path, need, stepUp }]
const users = {}; // name -> the user
const profiles = {}; // name -> the profile
const bearer = {}; // role -> its token
const keys = {}; // account -> its key
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

const withImplied = (rights) => [...new Set(rights.flatMap((right) => [right, ...(IMPLIED[right] ?? [])]))];

// As whoever holds this bearer token; without one as nobody.
function ask(token, method, url, body, headers = {}) {
  return request(tcp, method, url, { body, agent,
    headers: { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...headers } });
}

async function user(name, account, rights, { handlesKeys = false } = {}) {
  users[name] = await daemon.api('POST', '/v1/users', { account, email: `${name.replace(/[^a-z]/g, '-')}@example.com` });
  if (rights.length === 0) return;
  const profile = await daemon.api('POST', '/v1/profiles', { account, name, resources: rights.map((right) => `llavero/${right}`) });
  profiles[name] = profile;
  if (handlesKeys) await daemon.api('PATCH', `/v1/profiles/${profile.id}`, { handlesKeys: true });
  users[name] = await daemon.api('PUT', `/v1/users/${users[name].id}/profiles`, { profiles: [profile.id] });
}

before(async () => {
  const port = await freePort();
  tcp = { port };
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  for (const account of ['store', 'other']) {
    const { ownerId } = await daemon.api('POST', '/v1/accounts', { name: account, owner: `owner@${account}.example` });
    users[`${account} owner`] = { id: ownerId };
    profiles[account] = await daemon.api('POST', '/v1/profiles', { account, name: 'Plain', resources: [] });
    keys[account] = await daemon.api('POST', '/v1/keys', { account, label: 'one', profiles: ['Plain'] });
  }
  for (const right of RIGHTS) await user(right, 'store', [right], { handlesKeys: right === 'keys.edit' });
  await user('keys.edit undelegated', 'store', ['keys.edit']);
  await user('plain', 'store', []);
  await user('suspended', 'store', ['users.view']);
  await daemon.api('POST', '/v1/resources', { product: 'OMS', key: 'orders' });
  for (const [name, rights, addresses] of [['all', RIGHTS, ['127.0.0.1']], ['few', ['keys.view'], ['127.0.0.1']],
    ['away', RIGHTS, ['203.0.113.7']]]) {
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    bearer[`token ${name}`] = (await daemon.api('POST', '/v1/management-tokens', { account: 'store', label: name, rights, addresses,
      expiresAt })).token;
  }
  const names = Object.keys(users);
  const tokens = await logIn(daemon, names.map((name) => ({ user: users[name].id })));
  names.forEach((name, i) => { bearer[name] = tokens[i]; });
  await daemon.api('PATCH', `/v1/users/${users.suspended.id}`, { state: 'suspended' });
  const owner = users['store owner'].id;
  browser = await browserOf(daemon, owner);
  [bearer.stale, bearer.over] = await logIn(daemon, [{ user: owner, factorAge: 11 * 60 }, { user: owner, sooner: 14 * 86_400 }]);
  const { paths } = await daemon.api('GET', '/openapi.json');
  operations = Object.entries(paths).flatMap(([pattern, item]) => Object.entries(item).map(([method, o]) => ({
    method: method.toUpperCase(), path: pattern, need: o['x-llavero-need'], stepUp: o['x-llavero-step-up'],
    takesBody: o.requestBody !== undefined })))
    .filter((o) => o.path.startsWith('/v1/'));
});

after(async () => { agent.destroy(); await daemon?.close(); });

// What the description promises: the code of the refusal, or undefined.
function promised(role, { need, stepUp }) {
  if (need === 'nobody') return undefined;
  if (role.rights === undefined) return role.refused ?? 'api.login_needed';
  if (need === 'operator') return 'api.operator_only';
  if (need === 'owner' && !role.owner) return 'records.owner_only';
  if (RIGHTS.includes(need) && !role.rights.includes(need)) return 'records.right_missing';
  return stepUp === true && role.stale ? 'api.second_factor_needed' : undefined;
}

const GATE = ['api.login_needed', 'api.operator_only', 'records.owner_only', 'records.right_missing', 'api.second_factor_needed',
  'api.token_address', 'api.origin_foreign'];

test('the matrix: each role at each operation is refused as the description says, or let in', async () => {
  const all = RIGHTS.filter((right) => right !== 'catalog.edit');
  const roles = { nobody: {}, over: {}, suspended: {}, 'token away': { refused: 'api.token_address' },
    plain: { rights: [] }, 'keys.edit undelegated': { rights: [] },
    'store owner': { rights: RIGHTS, owner: true }, 'other owner': { rights: all, owner: true },
    stale: { rights: RIGHTS, owner: true, stale: true },
    'token all': { rights: RIGHTS }, 'token few': { rights: ['keys.view'] } };
  for (const right of RIGHTS) roles[right] = { rights: withImplied([right]) };
  let refused = 0;
  let admitted = 0;
  for (const operation of operations) {
    // Nothing is there, and nothing that is sent makes sense: whoever is let in changes nothing.
    const url = operation.path.replace(/\{[^}]*\}/g, '999999');
    const body = operation.takesBody ? { nonsense: 1 } : undefined;
    if (/^\/v1\/(session|sessions|me|enrolment)\b/.test(operation.path) && operation.method !== 'GET') continue;
    for (const [name, role] of Object.entries(roles)) {
      const answer = await ask(bearer[name], operation.method, url, body);
      const label = `${name}: ${operation.method} ${operation.path} (${operation.need}): ${answer.status} ${answer.text.slice(0, 200)}`;
      const code = promised(role, operation);
      if (code === undefined) {
        assert.ok(!GATE.includes(answer.json?.code), label);
        admitted++;
      } else {
        assert.deepEqual([answer.status, answer.json.code], [code === 'api.login_needed' ? 401 : 403, code], label);
        if (code === 'records.right_missing') assert.equal(answer.json.right, operation.need, label);
        refused++;
      }
    }
  }
  assert.ok(refused > 500 && admitted > 100, `${refused} ${admitted}`);
});

test('the page of rights has a row for each operation, and says the same', () => {
  const rows = fs.readFileSync(path.join(ROOT, 'docs/rights.md'), 'utf8').split('\n')
    .map((line) => /^\| (GET|POST|PUT|PATCH|DELETE) \| `([^`]+)` \| `?([a-z.]+)`? \| (yes|widening|) ?\|$/.exec(line)).filter(Boolean)
    .map(([, method, pattern, need, stepUp]) => `${method} ${pattern} ${need} ${stepUp}`);
  const wanted = operations.map((o) => `${o.method} ${o.path} ${o.need} ${{ true: 'yes', widening: 'widening' }[o.stepUp] ?? ''}`);
  assert.deepEqual(wanted.filter((row) => !rows.includes(row)), []);
});

// Rows: method, address with one id, body.
test('each right is a resource with a name and a sentence, in the language of who asks', async () => {
  const named = {};
  for (const lang of ['en', 'es', 'pt']) {
    const { items } = (await ask(bearer['store owner'], 'GET', '/v1/resources?limit=200', undefined, { 'Accept-Language': lang })).json;
    const own = items.filter(({ product }) => product === 'llavero');
    assert.deepEqual(own.map(({ key }) => key).sort(), [...RIGHTS].sort());
    for (const { key, name, description } of own) assert.ok(name !== key && description.endsWith('.'), `${lang}: ${key}`);
    named[lang] = own.find(({ key }) => key === 'keys.view');
    assert.equal((await ask(bearer['store owner'], 'GET', `/v1/resources/${named[lang].id}`, undefined, { 'Accept-Language': lang })).json.name,
      named[lang].name);
    assert.equal(items.find(({ product }) => product === 'OMS').description, null);
  }
  assert.deepEqual(Object.values(named).map(({ name }) => name), ['View keys', 'Ver claves', 'Ver chaves']);
});

test('what is another account\'s is answered as what is not there', async () => {
  const owner = bearer['store owner'];
  const foreign = { user: users['other owner'].id, profile: profiles.other.id, key: keys.other.appKey };
  const rows = [
    ['GET', (x) => `/v1/users/${x.user}`], ['PATCH', (x) => `/v1/users/${x.user}`, { name: 'X' }], ['DELETE', (x) => `/v1/users/${x.user}`],
    ['PUT', (x) => `/v1/users/${x.user}/profiles`, { profiles: [] }],
    ['GET', (x) => `/v1/profiles/${x.profile}`], ['PATCH', (x) => `/v1/profiles/${x.profile}`, { name: 'X' }],
    ['DELETE', (x) => `/v1/profiles/${x.profile}?unlink=true`],
    ['GET', (x) => `/v1/keys/${x.key}`], ['PATCH', (x) => `/v1/keys/${x.key}`, { label: 'X' }],
    ['POST', (x) => `/v1/keys/${x.key}/rotate`, {}], ['POST', (x) => `/v1/keys/${x.key}/deactivate`],
    ['POST', (x) => `/v1/keys/${x.key}/revoke`, { reason: 'other' }],
    ['POST', (x) => `/v1/keys/${x.key}/links`, { profile: 'Plain' }],
    ['GET', (x) => `/v1/events?entity=key&entityId=${x.key}`],
    ['GET', (x) => `/v1/keys?profile=${x.profile}`],
    ['GET', (x) => `/v1/users?account=${x.account}`], ['GET', (x) => `/v1/events?account=${x.account}`],
    ['GET', (x) => `/v1/keys?account=${x.account}`], ['GET', (x) => `/v1/accounts/${x.account}`],
    ['PATCH', (x) => `/v1/accounts/${x.account}`, { displayName: 'X' }],
    ['POST', () => '/v1/can', (x) => ({ appKey: x.key, method: 'GET', path: '/' })],
    ['POST', () => '/v1/keys', (x) => ({ account: x.account, label: 'x' })],
    ['POST', () => '/v1/users', (x) => ({ account: x.account, email: 'x@example.com' })],
    ['POST', () => '/v1/keys', (x) => ({ account: 'store', label: 'x', profiles: [x.profile] })],
    ['PUT', () => `/v1/users/${users.plain.id}/profiles`, (x) => ({ profiles: [x.profile] })],
  ];
  const before = await daemon.api('GET', '/v1/events?account=other&limit=200');
  const none = { user: 999999, profile: 999999, key: keys.other.appKey.replace(/.{8}$/, 'ZZZZZZZZ'), account: 'absent' };
  // The longest first: a short id may stand in an appKey.
  const strip = (answer, ids) => Object.values(ids).sort((a, b) => String(b).length - String(a).length).reduce((text, id) => text.replaceAll(String(id), '*'),
    answer.text.replace(/"requestId":"[0-9a-f]+"/, ''));
  for (const [method, url, body] of rows) {
    const send = (ids) => ask(owner, method, url(ids), typeof body === 'function' ? body(ids) : body);
    const there = { ...foreign, account: 'other' };
    const [answer, absent] = [await send(there), await send(none)];
    const label = `${method} ${url(there)} ${JSON.stringify(body)}: ${answer.text}`;
    assert.ok([400, 404].includes(answer.status), label);
    assert.deepEqual([answer.status, strip(answer, there)], [absent.status, strip(absent, none)], label);
  }
  const later = await daemon.api('GET', '/v1/events?account=other&limit=200');
  assert.equal(later.items.length, before.items.length);
});

test('lists hold what is the caller\'s account\'s, whether he names it or not', async () => {
  for (const [account, role] of [['store', 'store owner'], ['other', 'other owner']]) {
    const list = async (url) => (await ask(bearer[role], 'GET', url)).json.items;
    assert.deepEqual((await list('/v1/accounts')).map((one) => one.name), [account]);
    for (const query of ['', `?account=${account}`]) {
      assert.ok((await list(`/v1/users${query}`)).some((one) => one.id === users[role].id));
      assert.deepEqual((await list(`/v1/keys${query}`)).map((one) => one.account), [account]);
      // The catalogue is no account's; the one that manages it sees its changes.
      const mine = account === 'store' ? [null, account] : [account];
      assert.deepEqual([...new Set((await list(`/v1/events${query}`)).map((one) => one.event.account))].sort(), mine.sort());
    }
    const revision = (await daemon.api('GET', `/v1/events?account=${account === 'store' ? 'other' : 'store'}&limit=1`)).items[0].event.revision;
    assert.equal((await ask(bearer[role], 'GET', `/v1/events/${revision}`)).status, 404);
  }
  assert.equal((await ask(bearer['store owner'], 'GET', '/v1/status')).json.counts.accounts, 2);
  for (const [role, sees] of [['catalog.view', true], ['profiles.view', true], ['plain', false], ['users.edit', false],
    ['token all', true], ['token few', false], ['other owner', false]]) {
    const { gates, records, counts } = (await ask(bearer[role], 'GET', '/v1/status')).json;
    assert.deepEqual([gates, records, counts].map((part) => part !== undefined), [sees, sees, sees], role);
  }
});

test('an external key shows what decides here, and nothing else', async () => {
  await daemon.api('POST', `/v1/keys/${keys.other.appKey}/links`, { profile: 'Plain', account: 'store' });
  const { json } = await ask(bearer['store owner'], 'GET', `/v1/keys/${keys.other.appKey}`);
  assert.deepEqual([json.appKey, json.state, json.label, json.tokens, json.profiles.map((one) => one.account)],
    [keys.other.appKey, 'active', keys.other.appKey, [], ['store']]);
  const own = await ask(bearer['other owner'], 'GET', `/v1/keys/${keys.other.appKey}`);
  assert.deepEqual([own.json.label, own.json.profiles.map((one) => one.account)], ['one', ['other']]);
  assert.equal((await ask(bearer['store owner'], 'POST', `/v1/keys/${keys.other.appKey}/revoke`, { reason: 'other' })).status, 404);
  assert.equal((await ask(bearer['store owner'], 'DELETE', `/v1/keys/${keys.other.appKey}/links/${profiles.store.id}`)).status, 200);
  assert.equal((await ask(bearer['store owner'], 'GET', `/v1/keys/${keys.other.appKey}`)).status, 404);
});

test('nobody makes himself more than he is', async () => {
  const me = users['users.edit'].id;
  profiles['with a key'] = await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Works', resources: ['OMS/orders'] });
  await daemon.api('POST', '/v1/keys', { account: 'store', label: 'works', profiles: ['Works'] });
  const rows = [
    ['a profile beyond his own, to himself', 'users.edit', 'PUT', `/v1/users/${me}/profiles`,
      { profiles: [profiles['users.edit'].id, profiles.settings.id] }, 403, 'records.grant_too_much'],
    ['the one that handles keys', 'users.edit', 'PUT', `/v1/users/${me}/profiles`, { profiles: [profiles['keys.edit'].id] }, 403, 'records.grant_too_much'],
    ['the owner\'s name', 'users.edit', 'PATCH', `/v1/users/${users['store owner'].id}`, { name: 'X' }, 403, 'records.owner_only'],
    ['somebody who may more', 'users.edit', 'PATCH', `/v1/users/${users.diagnose.id}`, { state: 'suspended' }, 403, 'records.user_may_more'],
    ['owner by assignment', 'users.edit', 'PATCH', `/v1/users/${me}`, { owner: true }, 400, 'api.field_unknown'],
    ['profiles by assignment', 'users.edit', 'PATCH', `/v1/users/${me}`, { profiles: [] }, 400, 'api.field_unknown'],
    ['another account by assignment', 'users.edit', 'PATCH', `/v1/users/${me}`, { account: 'other' }, 400, 'api.field_unknown'],
    ['a right for a profile', 'profiles.edit', 'PATCH', `/v1/profiles/${profiles.store.id}`, { addResources: ['llavero/users.edit'] }, 403, 'records.grant_too_much'],
    ['a new profile with one', 'profiles.edit', 'POST', '/v1/profiles', { account: 'store', name: 'Up', resources: ['OMS/orders'] }, 403, 'records.grant_too_much'],
    ['taking rights from who may more', 'profiles.edit', 'PATCH', `/v1/profiles/${profiles.diagnose.id}`, { resources: [] }, 403, 'records.user_may_more'],
    ['emptying what keys are linked to', 'profiles.edit', 'PATCH', `/v1/profiles/${profiles['with a key'].id}`, { resources: [] }, 403, 'records.right_missing'],
    ['his own profile', 'profiles.edit', 'PATCH', `/v1/profiles/${profiles['profiles.edit'].id}`, { addResources: ['OMS/orders'] }, 403, 'records.profile_is_own'],
    ['to handle keys', 'profiles.edit', 'PATCH', `/v1/profiles/${profiles['profiles.edit'].id}`, { handlesKeys: true }, 403, 'records.owner_only'],
    ['the installation', 'settings', 'PATCH', '/v1/accounts/store', { managesInstallation: true }, 403, 'api.operator_only'],
    ['the state of the account', 'settings', 'PATCH', '/v1/accounts/store', { state: 'suspended' }, 403, 'api.operator_only'],
    ['Llavero\'s own resources', 'catalog.edit', 'POST', '/v1/resources', { product: 'llavero', key: 'x' }, 409, 'records.resource_is_own'],
    ['a route that needs one', 'catalog.edit', 'POST', '/v1/routes', { method: 'GET', path: '/x', resources: ['llavero/diagnose'] }, 400, 'records.resource_not_in_catalog'],
    ['a token of a token', 'token all', 'POST', '/v1/management-tokens', {}, 403, 'records.owner_only'],
    ['a right by a token', 'token all', 'PATCH', `/v1/profiles/${profiles.store.id}`, { addResources: ['llavero/diagnose'] }, 403, 'records.grant_too_much'],
    ['the owner by a token', 'token all', 'PATCH', `/v1/users/${users['store owner'].id}`, { name: 'X' }, 403, 'records.owner_only'],
  ];
  const before = (await daemon.api('GET', '/v1/events')).revision;
  for (const [label, role, method, url, body, status, code] of rows) {
    const answer = await ask(bearer[role], method, url, body);
    assert.deepEqual([answer.status, answer.json.code], [status, code], `${label}: ${answer.text}`);
  }
  assert.equal((await daemon.api('GET', '/v1/events')).revision, before);
});

test('an old second factor is asked for again by what widens, and by nothing else', async () => {
  const { appKey } = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'narrow', addresses: ['10.0.0.0/8'],
    limits: { rate: [{ count: 5, per: 'second' }] }, externalId: 'c-1', expiresAt: new Date(Date.now() + 3600_000).toISOString() });
  const { id } = await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Grows', resources: ['llavero/keys.edit'] });
  const rows = [
    [`/v1/keys/${appKey}`, { label: 'other', metadata: { a: 1 } }, 200],
    [`/v1/keys/${appKey}`, { addresses: ['10.1.0.0/16'] }, 200],
    [`/v1/keys/${appKey}`, { addresses: ['10.1.0.0/16', '10.2.0.0/16'] }, 403],
    [`/v1/keys/${appKey}`, { addresses: [] }, 403],
    [`/v1/keys/${appKey}`, { expiresAt: new Date(Date.now() + 1800_000).toISOString() }, 200],
    [`/v1/keys/${appKey}`, { expiresAt: null }, 403],
    [`/v1/keys/${appKey}`, { limits: { rate: [{ count: 4, per: 'second' }] } }, 200],
    [`/v1/keys/${appKey}`, { limits: null }, 403],
    [`/v1/keys/${appKey}`, { externalId: 'c-2' }, 403],
    [`/v1/profiles/${id}`, { name: 'Shrinks' }, 200],
    [`/v1/profiles/${id}`, { addResources: ['OMS/orders'] }, 403],
    [`/v1/profiles/${id}`, { resources: ['OMS/orders', 'llavero/diagnose'] }, 403],
    [`/v1/profiles/${id}`, { handlesKeys: true }, 403],
    [`/v1/profiles/${id}`, { handlesKeys: false }, 200],
    [`/v1/profiles/${id}`, { removeResources: ['llavero/keys.edit'] }, 200],
  ];
  for (const [url, body, status] of rows) {
    const { version } = await daemon.api('GET', url);
    const answer = await ask(bearer.stale, 'PATCH', url, body);
    const label = `${JSON.stringify(body)}: ${answer.text}`;
    assert.equal(answer.status, status, label);
    if (status === 200) continue;
    assert.equal(answer.json.code, 'api.second_factor_needed', label);
    assert.equal((await daemon.api('GET', url)).version, version, label);
    assert.equal((await ask(bearer['store owner'], 'PATCH', url, body)).status, 200, label);
  }
  for (const [role, status, code] of [['stale', 403, 'api.second_factor_needed'], ['profiles.edit', 403, 'records.owner_only'],
    ['token all', 403, 'records.owner_only'], ['store owner', 201, undefined]]) {
    const made = await ask(bearer[role], 'POST', '/v1/profiles', { account: 'store', name: 'Deputies', handlesKeys: true });
    assert.deepEqual([made.status, made.json.code], [status, code], role);
  }
  // A machine has no second factor.
  assert.equal((await ask(bearer['token all'], 'PATCH', `/v1/keys/${appKey}`, { externalId: 'c-3' })).status, 200);
});

test('a profile is deleted with a fresh second factor alone', async () => {
  const { id } = await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Goes', resources: ['OMS/orders'] });
  await daemon.api('POST', '/v1/keys', { account: 'store', label: 'linked', profiles: ['Goes'] });
  const stale = await ask(bearer.stale, 'DELETE', `/v1/profiles/${id}?unlink=true`);
  assert.deepEqual([stale.status, stale.json.code], [403, 'api.second_factor_needed']);
  assert.equal((await daemon.api('GET', `/v1/profiles/${id}`)).keys, 1);
  assert.equal((await ask(bearer['store owner'], 'DELETE', `/v1/profiles/${id}?unlink=true`)).status, 200);
});

test('what a route needs changes with a fresh second factor alone', async () => {
  await daemon.api('POST', '/v1/services', { name: 'guarded' });
  const { id } = await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/narrow', service: 'guarded', resources: ['OMS/orders'] });
  const text = JSON.stringify({ openapi: '3.1.0', info: { title: 'OMS', version: '1' },
    paths: { '/imported': { get: { responses: {}, 'x-llavero-public': true } } } });
  const before = await daemon.api('GET', '/v1/catalog');
  const revision = (await daemon.api('GET', '/v1/events')).revision;
  const rows = [
    ['PATCH', `/v1/routes/${id}`, { public: true }, 200],
    ['PATCH', `/v1/routes/${id}`, { authenticated: true }, 200],
    ['POST', '/v1/routes', { method: 'GET', path: '/open', service: 'guarded', public: true }, 201],
    ['POST', '/v1/services', { name: 'opened', hosts: ['opened.example'], unmapped: 'authenticated' }, 201],
    ['PATCH', '/v1/services/guarded', { unmapped: 'authenticated' }, 200],
    ['PATCH', '/v1/services/guarded', { preflight: 'pass' }, 200],
    ['POST', '/v1/catalog/import', { documents: [{ name: 'oms.json', text }], service: 'guarded' }, 200],
    ['DELETE', `/v1/routes/${id}`, undefined, 200],
    ['DELETE', '/v1/services/opened', undefined, 200],
  ];
  for (const [method, url, body] of rows) {
    const answer = await ask(bearer.stale, method, url, body);
    assert.deepEqual([answer.status, answer.json.code], [403, 'api.second_factor_needed'], `${method} ${url}: ${answer.text}`);
  }
  assert.deepEqual(await daemon.api('GET', '/v1/catalog'), before);
  assert.equal((await daemon.api('GET', '/v1/events')).revision, revision);
  for (const [method, url, body, status] of rows) {
    const answer = await ask(bearer['store owner'], method, url, body);
    assert.equal(answer.status, status, `${method} ${url}: ${answer.text}`);
  }
});

test('a delegate handles keys, and the event says that he is one', async () => {
  const made = await ask(bearer['keys.edit'], 'POST', '/v1/keys', { account: 'store', label: 'by a delegate' });
  assert.equal(made.status, 201, made.text);
  assert.match(made.json.appToken, /^LV1/);
  const last = async () => (await daemon.api('GET', '/v1/events?order=desc&limit=1')).items[0].event;
  assert.deepEqual([(await last()).actor.id, (await last()).actor.delegated], [`user:${users['keys.edit'].id}`, true]);
  const token = await ask(bearer['token all'], 'POST', `/v1/keys/${made.json.appKey}/deactivate`);
  assert.equal(token.status, 200, token.text);
  assert.deepEqual([(await last()).actor.kind, (await last()).actor.delegated], ['token', true]);
  await ask(bearer['store owner'], 'POST', `/v1/keys/${made.json.appKey}/activate`);
  assert.deepEqual([(await last()).actor.id, (await last()).actor.delegated], [`user:${users['store owner'].id}`, undefined]);
  // What the owner takes back is gone at the next request.
  assert.equal((await ask(bearer['store owner'], 'PATCH', `/v1/profiles/${profiles['keys.edit'].id}`, { handlesKeys: false })).status, 200);
  const late = await ask(bearer['keys.edit'], 'POST', '/v1/keys', { account: 'store', label: 'late' });
  assert.deepEqual([late.status, late.json.code, late.json.right], [403, 'records.right_missing', 'keys.edit']);
});

test('a cookie changes something for a page of this server only', async () => {
  const cookie = { Cookie: `a=b; __Host-llavero-session=${browser}` };
  const here = `http://127.0.0.1:${tcp.port}`;
  const rows = [
    ['a page of this server', { 'Sec-Fetch-Site': 'same-origin' }, 200],
    ['its Origin', { Origin: here }, 200],
    ['neither', {}, 403],
    ['another site', { 'Sec-Fetch-Site': 'cross-site', Origin: here }, 403],
    ['a neighbour', { 'Sec-Fetch-Site': 'same-site' }, 403],
    ['typed by hand', { 'Sec-Fetch-Site': 'none' }, 403],
    ['another Origin', { Origin: 'http://evil.example' }, 403],
    ['another port', { Origin: 'http://127.0.0.1:1' }, 403],
    ['no Origin of any page', { Origin: 'null' }, 403],
  ];
  for (const [label, headers, status] of rows) {
    const answer = await ask(undefined, 'PATCH', '/v1/accounts/store', { displayName: label }, { ...cookie, ...headers });
    assert.equal(answer.status, status, `${label}: ${answer.text}`);
    if (status === 403) assert.equal(answer.json.code, 'api.origin_foreign', label);
  }
  assert.equal((await ask(undefined, 'GET', '/v1/accounts', undefined, cookie)).status, 200);
  // The cookie's text is no bearer token, nor the other way round.
  assert.equal((await ask(browser, 'GET', '/v1/accounts')).status, 401);
  assert.equal((await ask(undefined, 'GET', '/v1/accounts', undefined, { Cookie: `__Host-llavero-session=${bearer['store owner']}` })).status, 401);
});

test('one credential a request, a Host that is ours, and nobody becomes the operator', async () => {
  const owner = { Authorization: `Bearer ${bearer['store owner']}` };
  const cookie = { Cookie: `__Host-llavero-session=${browser}` };
  const status = async (headers, target = tcp) => (await request(target, 'GET', '/v1/accounts', { headers })).status;
  assert.equal(await status({ ...owner, ...cookie }), 400);
  assert.equal(await status(['Host', 'localhost', 'Authorization', owner.Authorization, 'Authorization', owner.Authorization]), 400);
  assert.equal(await status({ Cookie: `${cookie.Cookie}; ${cookie.Cookie}` }), 400);
  for (const [host, wanted] of [['localhost', 200], ['127.0.0.1:1', 200], ['[::1]', 200], ['evil.example', 421], ['localhost.evil.example', 421]]) {
    assert.equal(await status({ ...owner, Host: host }), wanted, host);
  }
  for (const wrong of ['Bearer x', `Bearer ${bearer['store owner']}x`, 'Basic eDp5', 'Bearer', `Bearer LM1${'Q'.repeat(52)}`]) {
    assert.equal(await status({ Authorization: wrong }), 401, wrong);
    // Neither on the unix socket.
    assert.equal(await status({ Authorization: wrong }, daemon.keeper), 401, wrong);
  }
  const { items } = (await request(daemon.keeper, 'GET', '/v1/accounts', { headers: owner })).json;
  assert.deepEqual(items.map((one) => one.name), ['store']);
  assert.equal(await status({ Authorization: `Bearer ${bearer['token all']}` }, daemon.keeper), 403); // it has no address
  const refused = await ask(undefined, 'GET', '/v1/accounts');
  assert.match(refused.headers['www-authenticate'], /^Bearer /);
});
