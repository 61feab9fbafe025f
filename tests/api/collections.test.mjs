// What all collections of /v1 have in common: names that are taken, stale edits, deletion, pages while others
// write, repeated creates, limits, and two writers at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Llaverod, request } from '../lib/llaverod.mjs';
import { refused, revisionOf } from '../lib/refused.mjs';

let daemon;
const store = 'store';

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: store, owner: 'ana@example.com' });
  for (const key of ['View', ...NAMES]) await daemon.api('POST', '/v1/resources', { product: 'OMS', key });
});

after(() => daemon?.close());

const ask = (method, url, body, headers) => request(daemon.keeper, method, url, { body, headers });

const NAMES = ['R0', 'R1', 'R2', 'R3'];
const SETS = Array.from({ length: 15 }, (_, i) => NAMES.filter((_name, bit) => ((i + 1) >> bit) & 1));

// Another number for each edit: names do not repeat.
let last = 0;
const fresh = () => { last += 1; return last; };

// make(n): the body of the n-th one. one(item): its own address. same: which code a repeated name gets, or null
// where names may repeat. edit(n): the n-th edit, another than those around it.
const COLLECTIONS = [
  { url: '/v1/accounts', make: (n) => ({ name: `a${n}`, owner: `o${n}@example.com` }), one: (i) => i.name, same: 'error.name_taken',
    edit: (n) => ({ displayName: `x${n}` }), stays: true },
  { url: '/v1/users', query: `account=${store}`, make: (n) => ({ account: store, email: `u${n}@example.com` }), one: (i) => i.id,
    same: 'records.email_taken', edit: (n) => ({ name: `x${n}` }) },
  { url: '/v1/profiles', query: `account=${store}`, make: (n) => ({ account: store, name: `p${n}`, resources: ['View'] }),
    one: (i) => i.id, same: 'error.name_taken', edit: (n) => ({ name: `edited ${n}` }) },
  { url: '/v1/services', make: (n) => ({ name: `s${n}`, basePath: `/s${n}` }), one: (i) => i.name, same: 'error.name_taken',
    edit: (n) => ({ basePath: `/x${n}` }) },
  { url: '/v1/routes', make: (n) => ({ method: 'GET', path: `/r${n}`, public: true }), one: (i) => i.id, same: 'records.route_exists',
    edit: (n) => ({ resources: SETS[n % SETS.length] }) },
  { url: '/v1/keys', query: `account=${store}`, make: (n) => ({ account: store, label: `k${n}` }), one: (i) => i.appKey, same: null,
    edit: (n) => ({ label: `x${n}` }), stays: true },
  { url: '/v1/resources', make: (n) => ({ product: 'P', key: `k${n}` }), one: (i) => i.id, same: 'records.resource_exists',
    edit: (n) => ({ name: `x${n}` }) },
];

async function everyPage(collection, limit, between = async () => {}) {
  const items = [];
  let pages = 0;
  let next = null;
  do {
    const url = `${collection.url}?limit=${limit}${collection.query ? `&${collection.query}` : ''}${next ? `&cursor=${next}` : ''}`;
    const { json } = await ask('GET', url);
    items.push(...json.items);
    next = json.next;
    pages += 1;
    await between(pages, json.items);
  } while (next !== null);
  return { items, pages };
}

for (const collection of COLLECTIONS) {
  const { url, make, one, same, edit } = collection;

  test(`${url}: create, read, a name that is taken`, async () => {
    const created = await ask('POST', url, make(1));
    assert.equal(created.status, 201, created.text);
    const { epoch, revision, indexed, appToken, enrolment, ...item } = created.json;
    assert.ok(epoch >= 1 && revision > 1 && indexed === true);
    assert.equal(appToken !== undefined, url === '/v1/keys');
    assert.equal(enrolment !== undefined, url === '/v1/accounts' || url === '/v1/users');
    const read = await ask('GET', `${url}/${one(item)}`);
    const { limitsState, lastUse, ...shown } = read.json;
    assert.deepEqual(shown, item);
    assert.equal(read.headers.etag, created.headers.etag);
    if (same !== null) await refused(daemon, 'POST', url, { body: make(1) }, 409, same);
    else assert.notEqual((await ask('POST', url, make(1))).json.appKey, item.appKey);
  });

  test(`${url}: an edit against an old ETag is refused, without one it is done`, async () => {
    const { json: item, headers } = await ask('POST', url, make(2));
    const target = `${url}/${one(item)}`;
    const stale = { 'If-Match': headers.etag };
    const edited = await ask('PATCH', target, edit(fresh()), stale);
    assert.equal(edited.status, 200, edited.text);
    assert.notEqual(edited.headers.etag, headers.etag);
    await refused(daemon, 'PATCH', target, { body: edit(fresh()), headers: stale }, 412, 'api.changed_meanwhile');
    await refused(daemon, 'PATCH', target, { body: edit(fresh()), headers: { 'If-Match': 'W/"1"' } }, 400, 'api.if_match');
    await refused(daemon, 'PATCH', target, { body: edit(fresh()), headers: { 'If-Match': '"1", "2"' } }, 400, 'api.if_match');
    assert.equal((await ask('PATCH', target, edit(fresh()))).status, 200);
    const any = await ask('PATCH', target, edit(fresh()), { 'If-Match': '*' });
    assert.equal(any.status, 200, any.text);
    const { epoch, revision, indexed, ...shown } = any.json;
    const { limitsState, lastUse, ...read } = (await ask('GET', target)).json;
    assert.deepEqual(read, shown);
  });

  test(`${url}: of two writers with the same ETag exactly one wins`, async () => {
    const { json: item, headers } = await ask('POST', url, make(3));
    const target = `${url}/${one(item)}`;
    for (let round = 0, etag = headers.etag; round < 10; round += 1) {
      const answers = await Promise.all([1, 2, 3, 4].map(() => ask('PATCH', target, edit(fresh()), { 'If-Match': etag })));
      const won = answers.filter((a) => a.status === 200);
      assert.equal(won.length, 1, answers.map((a) => a.status).join());
      for (const lost of answers.filter((a) => a !== won[0])) {
        assert.deepEqual([lost.status, lost.json.code], [412, 'api.changed_meanwhile']);
      }
      assert.equal((await ask('GET', target)).headers.etag, won[0].headers.etag);
      etag = won[0].headers.etag;
    }
    if (same === null) return;
    const answers = await Promise.all([4, 4, 4, 4].map((n) => ask('POST', url, make(n))));
    assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409, 409]);
  });

  test(`${url}: a repeated create is answered again, and done once`, async () => {
    const headers = { 'Idempotency-Key': `once ${url}`.replaceAll(' ', '-') };
    const first = await ask('POST', url, make(5), headers);
    assert.equal(first.status, 201, first.text);
    const before = await revisionOf(daemon);
    const again = await ask('POST', url, make(5), headers);
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [200, 'true']);
    const { appToken, enrolment, ...item } = first.json;
    assert.deepEqual(again.json, item);
    assert.equal(await revisionOf(daemon), before);
    await refused(daemon, 'POST', url, { body: make(6), headers }, 409, 'records.idempotency_other');
    await refused(daemon, 'POST', url, { body: make(7), headers: { 'Idempotency-Key': 'a b' } }, 400, 'records.idempotency_key');
    const four = await Promise.all([1, 2, 3, 4].map(() => ask('POST', url, make(8), { 'Idempotency-Key': `at-once-${url}` })));
    assert.deepEqual(four.map((a) => a.status).sort(), [200, 200, 200, 201]);
    assert.equal(new Set(four.map((a) => one(a.json))).size, 1);
    assert.equal(four.filter((a) => a.json.appToken !== undefined).length, url === '/v1/keys' ? 1 : 0);
  });

  test(`${url}: pages show each one once, while others are created, edited and deleted`, async () => {
    for (let n = 20; n < 31; n += 1) assert.equal((await ask('POST', url, make(n))).status, 201);
    const whole = (await everyPage(collection, 200)).items.map(one);
    const seen = await everyPage(collection, 4, async (page, items) => {
      if (page > 3) return;
      await ask('POST', url, make(40 + page));
      await ask('PATCH', `${url}/${one(items[0])}`, edit(fresh()));
      if (!collection.stays) await ask('DELETE', `${url}/${one(items[1])}`);
    });
    const names = seen.items.map(one);
    assert.ok(seen.pages > 3);
    assert.equal(new Set(names).size, names.length, 'one came twice');
    assert.deepEqual(whole.filter((name) => !names.includes(name)), [], 'one was left out');
    for (const limit of ['0', '201', '-1', 'x']) {
      await refused(daemon, 'GET', `${url}?limit=${limit}${collection.query ? `&${collection.query}` : ''}`, {}, 400, 'api.limit');
    }
    await refused(daemon, 'GET', `${url}?cursor=x${collection.query ? `&${collection.query}` : ''}`, {}, 400, 'api.cursor');
  });

  if (collection.stays) continue;
  test(`${url}: deleted, it is gone, and its name is free`, async () => {
    const { json: item, headers } = await ask('POST', url, make(50));
    const target = `${url}/${one(item)}`;
    await ask('PATCH', target, edit(fresh()));
    if (url !== '/v1/users') await refused(daemon, 'DELETE', target, { headers: { 'If-Match': headers.etag } }, 412, 'api.changed_meanwhile');
    const gone = await ask('DELETE', target);
    assert.deepEqual([gone.status, Object.keys(gone.json)], [200, ['epoch', 'revision', 'indexed']]);
    const read = await ask('GET', target);
    if (url === '/v1/users') assert.deepEqual([read.json.state, read.json.email], ['erased', null]);
    else assert.equal(read.status, 404);
    assert.ok([404, 409].includes((await ask('DELETE', target)).status));
    assert.equal((await ask('POST', url, make(50))).status, 201);
  });
}

const long = (n) => 'x'.repeat(n);

// [what, method, url, a body at the limit, one beyond it, code]
const LIMITS = [
  ['a label', 'POST', '/v1/keys', { account: store, label: long(100) }, { account: store, label: long(101) }, 'records.text_long'],
  ['a label in characters', 'POST', '/v1/keys', { account: store, label: 'ñ'.repeat(100) }, { account: store, label: 'ñ'.repeat(101) }, 'records.text_long'],
  ['metadata', 'POST', '/v1/keys', { account: store, label: 'm', metadata: { a: long(4088) } }, { account: store, label: 'm', metadata: { a: long(4089) } }, 'records.metadata_long'],
  ['addresses', 'POST', '/v1/keys', { account: store, label: 'a', addresses: Array.from({ length: 32 }, (_, i) => `10.0.0.${i}`) },
    { account: store, label: 'a', addresses: Array.from({ length: 33 }, (_, i) => `10.0.0.${i}`) }, 'records.too_many_addresses'],
  ['a profile\'s name', 'POST', '/v1/profiles', { account: store, name: long(100) }, { account: store, name: long(101) }, 'records.text_long'],
  ['a display name', 'POST', '/v1/accounts', { name: 'long', owner: 'l@example.com', displayName: long(100) },
    { name: 'longer', owner: 'l@example.com', displayName: long(101) }, 'records.text_long'],
  ['a user\'s name', 'POST', '/v1/users', { account: store, email: 'n1@example.com', name: long(100) },
    { account: store, email: 'n2@example.com', name: long(101) }, 'records.text_long'],
];

for (const [label, method, url, good, beyond, code] of LIMITS) {
  test(`limits: ${label}`, async () => {
    await refused(daemon, method, url, { body: beyond }, 422, code);
    assert.equal((await ask(method, url, good)).status, 201);
  });
}

// [what, method, url, body, code]: refused as bad input.
const BAD = [
  ['an account of one letter', '/v1/accounts', { name: 'a', owner: 'a@example.com' }, 'records.account_name'],
  ['an account of 64 letters', '/v1/accounts', { name: 'a'.repeat(64), owner: 'a@example.com' }, 'records.account_name'],
  ['an account in capitals', '/v1/accounts', { name: 'Store', owner: 'a@example.com' }, 'records.account_name'],
  ['an owner without address', '/v1/accounts', { name: 'ok', owner: 'ana' }, 'records.email'],
  ['an empty label', '/v1/keys', { account: store, label: '' }, 'records.text_empty'],
  ['a label with an outer space', '/v1/keys', { account: store, label: ' x' }, 'records.text_outer_space'],
  ['a label with an invisible character', '/v1/keys', { account: store, label: 'a\u202eb' }, 'records.text_unfit'],
  ['a label with a control character', '/v1/keys', { account: store, label: 'a\u0001b' }, 'api.field_control'],
  ['an expiry in the past', '/v1/keys', { account: store, label: 'x', expiresAt: '2001-01-01T00:00:00Z' }, 'records.expiry_past'],
  ['an expiry that is no time', '/v1/keys', { account: store, label: 'x', expiresAt: 'tomorrow' }, 'api.field_not_time'],
  ['an address with bits behind its prefix', '/v1/keys', { account: store, label: 'x', addresses: ['10.0.0.1/8'] }, 'records.address'],
  ['an externalId of 201', '/v1/keys', { account: store, label: 'x', externalId: long(201) }, 'records.external_id'],
  ['a profile that is not there', '/v1/keys', { account: store, label: 'x', profiles: ['nobody'] }, 'api.profile_unknown'],
  ['a resource that is not there', '/v1/profiles', { account: store, name: 'x', resources: ['nothing'] }, 'api.resource_unknown'],
  ['a route without needs', '/v1/routes', { method: 'GET', path: '/none' }, 'api.route_needs'],
  ['a route with two', '/v1/routes', { method: 'GET', path: '/none', public: true, authenticated: true }, 'api.route_needs'],
  ['a service that is not there', '/v1/routes', { method: 'GET', path: '/x', public: true, service: 'none' }, 'api.service_unknown'],
];

for (const [label, url, body, code] of BAD) {
  test(`bad input: ${label}`, () => refused(daemon, 'POST', url, { body }, 400, code));
}

test('limits: 64 profiles a key, one by one or at once; and 64 resources a route', async () => {
  const names = Array.from({ length: 65 }, (_, i) => `many${i}`);
  for (const name of names) await daemon.api('POST', '/v1/profiles', { account: store, name });
  const key = await daemon.api('POST', '/v1/keys', { account: store, label: 'many', profiles: names.slice(0, 64) });
  assert.equal(key.profiles.length, 64);
  await refused(daemon, 'POST', `/v1/keys/${key.appKey}/links`, { body: { profile: 'many64' } }, 422, 'records.too_many_links');
  await refused(daemon, 'POST', '/v1/keys', { body: { account: store, label: 'more', profiles: names } }, 422, 'records.too_many_links');
  await daemon.api('DELETE', `/v1/keys/${key.appKey}/links/${key.profiles[0].id}`);
  await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: 'many64' });
  const keys = Array.from({ length: 65 }, (_, i) => `many${i}`);
  for (const name of keys) await daemon.api('POST', '/v1/resources', { product: 'Many', key: name });
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/many', resources: keys.slice(0, 64) });
  await refused(daemon, 'POST', '/v1/routes', { body: { method: 'PUT', path: '/many', resources: keys } }, 422, 'records.route_many_resources');
});

test('two writers link, rotate and revoke one key: each is done once, the others are told why', async () => {
  const key = await daemon.api('POST', '/v1/keys', { account: store, label: 'contested' });
  const at = (what, body) => ask('POST', `/v1/keys/${key.appKey}/${what}`, body);
  const both = async (what, body, code) => {
    const [one, two] = await Promise.all([at(what, body), at(what, body)]);
    const lost = one.status < 300 ? two : one;
    assert.deepEqual([Math.min(one.status, two.status) < 300, lost.status, lost.json.code], [true, 409, code], what);
  };
  await both('links', { profile: 'many1' }, 'records.link_exists');
  await both('rotate', {}, 'records.rotation_is_open');
  await both('finish-rotation', undefined, 'records.rotation_not_open');
  await both('deactivate', undefined, 'records.key_is_inactive');
  await both('activate', undefined, 'records.key_is_active');
  await both('revoke', { reason: 'other' }, 'records.key_is_revoked');
});
