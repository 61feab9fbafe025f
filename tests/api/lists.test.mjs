// What lists can be narrowed and ordered by: keys that call for attention, keys by label, routes that a resource
// opens, predefined profiles.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Llaverod, request } from '../lib/llaverod.mjs';
import { refused } from '../lib/refused.mjs';
import { makeStore } from '../lib/store.mjs';

let daemon;
let key;
let reader;

before(async () => {
  daemon = await Llaverod.start();
  ({ key, reader } = await makeStore(daemon, 'home'));
  await daemon.api('POST', '/v1/accounts', { name: 'other', owner: 'eva@example.com' });
});

after(() => daemon?.close());

const list = async (url) => (await request(daemon.keeper, 'GET', url)).json.items;
const labels = async (query) => (await list(`/v1/keys?account=home&${query}`)).map((item) => item.label);
const inDays = (days) => new Date(Date.now() + days * 86400e3).toISOString();
const make = (label, more = {}) => daemon.api('POST', '/v1/keys', { account: 'home', label, profiles: ['Reader'], ...more });

test('keys that call for attention, each kind by itself and any of them', async () => {
  await make('lonely', { profiles: [] });
  await make('ending', { expiresAt: inDays(13) });
  await make('later', { expiresAt: inDays(15) });
  const turning = await make('turning');
  await daemon.api('POST', `/v1/keys/${turning.appKey}/rotate`, {});
  const gone = await make('gone', { profiles: [] });
  await daemon.api('POST', `/v1/keys/${gone.appKey}/revoke`, { reason: 'unused' });
  assert.deepEqual(await labels('alert=unlinked'), ['lonely']);
  assert.deepEqual(await labels('alert=expiring'), ['ending']);
  assert.deepEqual(await labels('alert=expired'), []);
  assert.deepEqual(await labels('alert=rotation_open'), ['turning']);
  assert.deepEqual(await labels('alert=token_old'), []);
  assert.deepEqual(await labels('alert=any'), ['lonely', 'ending', 'turning']);
  assert.deepEqual(await labels('alert=any&sort=newest&q=en'), ['ending']);
  assert.deepEqual(await labels(`alert=any&profile=${reader.id}&state=active`), ['ending', 'turning']);
  await refused(daemon, 'GET', '/v1/keys?account=home&alert=bored', {}, 400, 'api.key_alert');
});

test('keys in the order of their labels, page by page', async () => {
  await make('Erp two');
  const all = await labels('sort=label');
  assert.deepEqual(all, [...all].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
  const paged = [];
  for (let next = ''; next !== null;) {
    const { json } = await request(daemon.keeper, 'GET', `/v1/keys?account=home&sort=label&limit=3${next && `&cursor=${next}`}`);
    paged.push(...json.items.map((item) => item.label));
    next = json.next;
  }
  assert.deepEqual(paged, all);
  await refused(daemon, 'GET', '/v1/keys?account=home&sort=mood', {}, 400, 'api.key_sort');
});

test('of another account\'s key neither its label nor its age can be asked for', async () => {
  const guest = await daemon.api('POST', '/v1/profiles', { account: 'other', name: 'Guest', resources: ['ViewOrder'] });
  await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: guest.id, account: 'other' });
  const outside = '/v1/keys?account=other&external=true';
  assert.deepEqual((await list(`${outside}&sort=newest`)).map((item) => item.appKey), [key.appKey]);
  await refused(daemon, 'GET', `${outside}&sort=label`, {}, 400, 'api.key_external_query');
  await refused(daemon, 'GET', `${outside}&alert=token_old`, {}, 400, 'api.key_external_query');
});

test('a profile says how many keys are linked to it', async () => {
  const count = async () => (await request(daemon.keeper, 'GET', `/v1/profiles/${reader.id}`)).json.keys;
  const before = await count();
  const one = await make('counted');
  assert.equal(await count(), before + 1);
  await daemon.api('DELETE', `/v1/keys/${one.appKey}/links/${reader.id}`);
  assert.equal(await count(), before);
});

test('routes that a resource opens', async () => {
  const resources = await list('/v1/resources');
  const opened = async (name) => (await list(`/v1/routes?resource=${resources.find((r) => r.key === name).id}`))
    .map((route) => `${route.method} ${route.path}`);
  assert.deepEqual(await opened('ViewOrder'), ['GET /orders/{id}']);
  assert.deepEqual(await opened('EditOrder'), ['DELETE /orders/{id}']);
  assert.deepEqual(await list('/v1/routes?resource=4000000000'), []);
  await refused(daemon, 'GET', '/v1/routes?resource=ViewOrder', {}, 400, 'api.resource_id');
});

test('predefined profiles are listed apart from those of the account', async () => {
  const text = JSON.stringify({ llavero: 'catalog/1', resources: [{ product: 'OMS', key: 'ViewOrder' }], services: [], routes: [],
    profiles: [{ name: 'Order viewer', resources: [{ product: 'OMS', key: 'ViewOrder' }] }] });
  await daemon.api('POST', '/v1/catalog/import', { documents: [{ name: 'sample.json', text }] });
  const names = async (query) => (await list(`/v1/profiles?account=home${query}`)).map((profile) => profile.name);
  assert.deepEqual(await names('&predefined=true'), ['Order viewer']);
  assert.deepEqual(await names(''), ['Reader', 'Editor']);
});
