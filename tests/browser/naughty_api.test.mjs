// Every text field of every operation takes every naughty string: it is stored to the byte, or refused with an error
// that names the field; nothing breaks.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { freePort, Llaverod, request } from '../lib/llaverod.mjs';
import { OpenApi } from '../lib/openapi.mjs';
import { NAUGHTY } from './lib/naughty.mjs';

const AT_ONCE = 16;
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
const LOOKED_AT = 20; // answers of a kind that are held against openapi.json
const OTHER = NAUGHTY.filter((_, i) => i % 40 === 0); // where each costs much
let daemon;
let api;
let port;
const made = {};

before(async () => {
  port = await freePort();
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  api = new OpenApi((await request(daemon.keeper, 'GET', '/openapi.json')).json, daemon.keeper);
  const post = (url, body) => daemon.api('POST', url, body);
  const some = (url, body) => Promise.all(Array.from({ length: AT_ONCE }, (_, worker) => post(url, body(worker))));
  await post('/v1/init', { account: 'store', owner: 'ana@example.com' });
  await post('/v1/resources', { product: 'OMS', key: 'ViewOrder' });
  await some('/v1/services', (i) => ({ name: `edit-${i}`, hosts: [`edit-${i}.example.com`] }));
  await some('/v1/accounts', (i) => ({ name: `edit-${i}`, owner: 'ana@example.com' }));
  made.resources = await some('/v1/resources', (i) => ({ product: 'Spare', key: `spare-${i}` }));
  await post('/v1/profiles', { account: 'store', name: 'Reader', resources: ['ViewOrder'] });
  made.profiles = await some('/v1/profiles', (i) => ({ account: 'store', name: `Edited ${i}` }));
  made.users = await some('/v1/users', (i) => ({ account: 'store', email: `leo-${i}@example.com` }));
  made.route = await post('/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
  made.keys = await some('/v1/keys', (i) => ({ account: 'store', label: `erp ${i}` }));
  [made.key] = made.keys;
});
after(() => {
  agent.destroy();
  return daemon?.close();
});

const later = new Date(Date.now() + 86_400_000).toISOString();
let n = 0;

// A good call of each operation that takes texts. list: where what was made is found again; read: where what was
// edited is; some: dear, or refused more and more slowly.
const CALLS = {
  // First, while the catalogue is small: it is read whole each time.
  catalog_import: () => ({ body: { documents: [{ name: 'x', text: '{"llavero": "catalog/1"}' }], dryRun: true } }),
  catalog_suggest: () => ({ body: { name: 'x', text: '{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}' } }),
  // The first account is there; these fields are those of accounts_create.
  init: () => ({ body: { account: 'x', owner: 'x@y.example' }, some: true }),
  session_create: () => ({ body: { account: 'store', email: 'x@y.example', password: 'x', code: '000000' }, some: true }),
  session_confirm: () => ({ body: { code: '000000' }, some: true }),
  enrolment_open: () => ({ body: { token: 'x' }, some: true }),
  enrolment_use: () => ({ body: { token: 'x', password: 'x', code: '000000' }, some: true }),
  me_password: () => ({ body: { current: 'x', password: 'x' }, some: true }),
  me_recovery_codes: () => ({ body: { current: 'x' }, some: true }),
  me_second_factor: () => ({ body: { current: 'x' }, some: true }),
  me_second_factor_confirm: () => ({ body: { code: '000000' }, some: true }),
  share_look: () => ({ body: {} }),
  share_open: () => ({ body: {} }),
  accounts_create: () => ({ body: { name: `a-${n++}`, owner: 'x@y.example' }, list: '/v1/accounts?' }),
  accounts_edit: (_, worker) => ({ path: { account: `edit-${worker}` }, body: {}, read: `/v1/accounts/edit-${worker}` }),
  hosts_add: () => ({ path: { account: 'store' }, body: {} }),
  owner_set: () => ({ path: { account: 'store' }, body: {} }),
  owner_invite: () => ({ path: { account: 'store' }, body: {} }),
  management_tokens_create: () => ({ body: { account: 'store', label: 'x', rights: ['keys.view'], addresses: ['10.0.0.0/8'], expiresAt: later }, list: '/v1/management-tokens?account=store&' }),
  users_create: () => ({ body: { account: 'store', email: `u${n++}@example.com` }, list: '/v1/users?account=store&' }),
  users_edit: (_, worker) => ({ path: { id: made.users[worker].id }, body: {}, read: `/v1/users/${made.users[worker].id}` }),
  users_set_profiles: () => ({ path: { id: made.users[0].id }, body: {} }),
  profiles_create: () => ({ body: { account: 'store', name: `p${n++}` }, list: '/v1/profiles?account=store&' }),
  profiles_edit: (_, worker) => ({ path: { id: made.profiles[worker].id }, body: {}, read: `/v1/profiles/${made.profiles[worker].id}` }),
  routes_create: () => ({ body: { method: 'GET', path: `/r/${n++}`, resources: ['ViewOrder'] }, list: '/v1/routes?' }),
  routes_edit: () => ({ path: { id: made.route.id }, body: {} }),
  resources_create: () => ({ body: { product: 'P', key: `k${n++}` }, list: '/v1/resources?' }),
  resources_edit: (_, worker) => ({ path: { id: made.resources[worker].id }, body: {}, read: `/v1/resources/${made.resources[worker].id}` }),
  services_create: () => ({ body: { name: `s${n}`, hosts: [`s${n++}.example.com`] }, list: '/v1/services?' }),
  services_edit: (_, worker) => ({ path: { service: `edit-${worker}` }, body: {}, read: `/v1/services/edit-${worker}` }),
  keys_create: () => ({ body: { account: 'store', label: 'x' }, list: '/v1/keys?account=store&' }),
  keys_edit: (_, worker) => ({ path: { appKey: made.keys[worker].appKey }, body: {}, read: `/v1/keys/${made.keys[worker].appKey}` }),
  rotate: () => ({ path: { appKey: made.key.appKey }, body: {} }),
  link_create: () => ({ path: { appKey: made.key.appKey }, body: { profile: 'Reader' } }),
  explain: (place) => ({ body: place === '.diagnosis' ? {} : { method: 'GET', path: '/x' } }),
  can: () => ({ body: { method: 'GET', path: '/x', appKey: made.key.appKey } }),
  verify: () => ({ body: { method: 'GET', path: '/x', appKey: made.key.appKey, appToken: made.key.appToken } }),
};

// What names something else, which is or is not there; or what is only asked.
const isReference = (id, place) => /^(explain|can|verify|catalog|share|session|enrolment|me|init|link|rotate|owner|hosts)/.test(id)
  || /^\.(account|service|profiles|resources|addResources|removeResources)\b/.test(place);
// How a detail calls a field, when not by its name.
const WORDS = {
  email: 'e-mail', owner: 'e-mail', appKey: 'key', addresses: 'address', hosts: 'host', basePath: 'base path|path template', resources: 'resource', addResources: 'resource', removeResources: 'resource',
  profiles: 'profile', withProfiles: 'profile', withoutProfiles: 'profile', secret: 'link', token: 'link', documents: '', text: '', expiresAt: 'expir', current: 'password', code: '',
};
// Refused for another reason than the text.
const STATE = /^(api\.(init_done|login_needed|field_missing|diagnosis_and_trial)|login\.|error\.name_taken|route\.service_clash|records\.(too_many|link_exists|rotation_is_open|route_exists|email_taken))/;

// The places of a body that hold a free text: ".label", ".documents[].name".
function textsOf(schema) {
  const found = api.look(schema);
  const inner = ['oneOf', 'anyOf', 'allOf'].flatMap((how) => (found[how] ?? []).flatMap(textsOf));
  const own = [found.type].flat().includes('string') && found.enum === undefined ? [''] : [];
  const members = Object.entries(found.properties ?? {}).flatMap(([name, s]) => textsOf(s).map((rest) => `.${name}${rest}`));
  const items = found.items ? textsOf(found.items).map((rest) => `[]${rest}`) : [];
  return [...new Set([...own, ...inner, ...members, ...items])];
}
const bodyOf = (operation) => Object.values(operation.requestBody?.content ?? {})[0]?.schema;
const placesOf = (id) => textsOf(bodyOf(api.operations.get(id)))
  // References to resources are read by one function, wherever they stand.
  .filter((place) => id === 'profiles_create' || !/esources\[\]\./.test(place));

function put(body, place, value) {
  if (place === '') return value;
  const [, head, rest] = /^(\[\]|\.\w+)(.*)$/.exec(place);
  if (head === '[]') return [put(body?.[0], rest, value)];
  return { ...body, [head.slice(1)]: put(body?.[head.slice(1)], rest, value) };
}
const valueAt = (body, place) => place.match(/\[\]|\w+/g).reduce((at, name) => at?.[name === '[]' ? 0 : name], body);

async function each(items, atOnce, work) {
  const queue = items.values();
  await Promise.all(Array.from({ length: atOnce }, async (_, worker) => { for (const item of queue) await work(item, worker); }));
}

async function listed(url) {
  const all = [];
  for (let cursor = ''; cursor !== null;) {
    const { json } = await request(daemon.keeper, 'GET', `${url}limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, { agent });
    all.push(...json.items);
    cursor = json.next;
  }
  return all;
}

function checkRefusal(label, place, text, { json }) {
  if (STATE.test(json.code)) return;
  if (text.includes('\u0000')) return assert.equal(json.code, 'api.body_nul', label);
  const names = place.match(/\w+/g);
  assert.ok(names.some((name) => new RegExp(`${name}|${WORDS[name] ?? name}`, 'i').test(json.detail)), `${label}: ${json.detail}`);
}

// Sends every string in one place, each worker to a thing of its own; answers those that were kept.
async function tryPlace(id, place) {
  const operation = api.operations.get(id);
  const { some } = CALLS[id](place, 0);
  const kept = [];
  const last = new Map();
  const seen = new Map();
  const target = some ? { port } : daemon.keeper;
  await each(some ? OTHER : NAUGHTY, some ? 1 : AT_ONCE, async (text, worker) => {
    const call = CALLS[id](place, worker);
    const url = operation.path.replace(/\{([^}]+)\}/g, (_, name) => encodeURIComponent(call.path[name]));
    const label = `${id} ${place} ${JSON.stringify(text).slice(0, 80)}`;
    const answer = await request(target, operation.method.toUpperCase(), url, { body: put(call.body, place, text), agent: some ? undefined : agent });
    assert.ok(answer.status < 500, `${label}: ${answer.text}`);
    const kind = `${answer.status} ${answer.json.code}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    if (seen.get(kind) <= LOOKED_AT) assert.deepEqual(api.checkAnswer(operation, answer), [], `${label}: ${answer.text.slice(0, 300)}`);
    if (answer.status >= 400) return checkRefusal(label, place, text, answer);
    if (isReference(id, place)) return undefined;
    if (id === 'management_tokens_create') await daemon.api('DELETE', `/v1/management-tokens/${answer.json.id}`);
    // Without one: none; a date is written in one way; host names in lower case.
    if (text === '' || /expires|host/i.test(place)) return undefined;
    assert.equal(valueAt(answer.json, place) ?? text, text, label);
    if (call.read) last.set(call.read, text);
    return kept.push(text);
  });
  for (const [url, text] of last) {
    assert.equal(valueAt((await request(daemon.keeper, 'GET', url, { agent })).json, place), text, `${url} ${place}: another one is read`);
  }
  return kept;
}

test('every operation that takes a text is among the calls', () => {
  const taking = [...api.operations].filter(([, o]) => o.requestBody && textsOf(bodyOf(o)).length > 0).map(([id]) => id);
  assert.deepEqual(taking.filter((id) => !(id in CALLS)), ['keys_import']);
});

for (const id of Object.keys(CALLS)) {
  test(`every text of ${id} is kept to the byte, or refused by its name`, async () => {
    for (const place of placesOf(id)) {
      const kept = await tryPlace(id, place);
      const { list } = CALLS[id](place, 0);
      if (list === undefined || isReference(id, place) || place === '.ownerName') continue;
      const there = new Set((await listed(list)).map((item) => valueAt(item, place)));
      assert.deepEqual(kept.filter((text) => !there.has(text)), [], `${id} ${place}: not found again`);
    }
  });
}

test('an import of keys keeps every text, or names the line and why', async () => {
  for (const name of ['appKey', 'appToken', 'sha256', 'label', 'externalId', 'expires', 'profiles']) {
    const usable = NAUGHTY.filter((text) => !text.includes('\u0000'));
    const lines = usable.map((text) => JSON.stringify({ appKey: `imported-${n++}`, sha256: (n * 7919).toString(16).padStart(64, '0'), label: 'x',
      ...(name === 'appToken' && { sha256: undefined }), [name]: name === 'profiles' ? [text] : text }));
    const { json } = await request(daemon.keeper, 'POST', '/v1/keys/import?account=store', { body: lines.join('\n'), headers: { 'Content-Type': 'application/x-ndjson' } });
    assert.equal(json.imported + json.refusedCount, usable.length, name);
    if (json.refused.length < json.refusedCount) continue; // the report is cut
    const refused = new Set(json.refused.map(({ line }) => line));
    if (!['label', 'externalId'].includes(name)) continue;
    const there = new Set((await listed('/v1/keys?account=store&')).map((key) => key[name]));
    assert.deepEqual(usable.filter((text, i) => !refused.has(i + 1) && text !== '' && !there.has(text)), [], name);
  }
});

test('every list is searched for every string, and finds what is called so', async () => {
  const labels = new Set((await listed('/v1/keys?account=store&')).map((key) => key.label));
  for (const [id, operation] of api.operations) {
    const { parameters } = operation;
    if (!parameters.some(({ name, in: where }) => where === 'query' && name === 'q')) continue;
    const account = parameters.some(({ name, in: where }) => where === 'query' && name === 'account') ? '&account=store' : '';
    await each(NAUGHTY, AT_ONCE, async (text) => {
      const answer = await request(daemon.keeper, 'GET', `${operation.path}?limit=200&q=${encodeURIComponent(text)}${account}`, { agent });
      const label = `${id} ${JSON.stringify(text).slice(0, 80)}`;
      assert.ok([200, 400, 414].includes(answer.status), `${label}: ${answer.text.slice(0, 200)}`);
      if (answer.status >= 400) assert.match(answer.json.detail, /\bq\b|query|target/, `${label}: ${answer.json.detail}`);
      if (id === 'keys_list' && labels.has(text)) assert.ok(answer.json.items.some((key) => key.label === text), label);
    });
  }
});

test('every string in an address is no more than a thing that is not there', async () => {
  for (const [id, operation] of api.operations) {
    const inPath = operation.parameters.filter((p) => p.in === 'path' && p.schema.type === 'string');
    if (operation.method !== 'get' || inPath.length !== 1) continue;
    await each(NAUGHTY.filter((text) => text !== ''), AT_ONCE, async (text) => {
      const answer = await request(daemon.keeper, 'GET', operation.path.replace(/\{[^}]+\}/, () => encodeURIComponent(text)), { agent });
      assert.ok(answer.status < 500, `${id} ${JSON.stringify(text).slice(0, 80)}: ${answer.text.slice(0, 200)}`);
    });
  }
});

test('what was stored one by one can be exported and imported again', async () => {
  const exported = await request(daemon.keeper, 'GET', '/v1/catalog', { headers: { Accept: 'application/yaml' } });
  const { json, text } = await request(daemon.keeper, 'POST', '/v1/catalog/import', { body: { documents: [{ name: 'all.yaml', text: exported.text }], dryRun: true } });
  assert.equal(json.code, undefined, text.slice(0, 500));
  assert.deepEqual([json.added, json.changed, json.removed, json.conflicts], [0, 0, 0, []]);
});
