// What a client sends along must not steer the decision: every header of the other dialects, of the
// answers and of the usual proxies is forged on every dialect. And a credential comes once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Llaverod, request } from '../lib/llaverod.mjs';
import { dialects, makeStore, told } from '../lib/store.mjs';

let daemon;
let key;
let bound; // a key that may be used from 10.0.0.1 only

before(async () => {
  daemon = await Llaverod.start();
  ({ key } = await makeStore(daemon));
  bound = await daemon.api('POST', '/v1/keys',
    { account: 'store', label: 'bound', profiles: ['Reader'], addresses: ['10.0.0.1'] });
});

after(() => daemon?.close());

const pair = (k) => ({ 'X-App-Key': k.appKey, 'X-App-Token': k.appToken });

// Each with a value that would change the verdict if it were read.
const FORGED = {
  nginx: { 'X-Original-Method': 'DELETE', 'X-Original-URI': '/nowhere', 'X-Original-URL': '/nowhere',
    'X-Original-Host': 'other.example', 'X-Original-Address': '10.0.0.1' },
  forwarded: { 'X-Forwarded-Method': 'DELETE', 'X-Forwarded-Uri': '/nowhere', 'X-Forwarded-Host': 'other.example',
    'X-Real-IP': '10.0.0.1' },
  answers: { 'X-Llavero-Account': 'other', 'X-Llavero-Key': 'k', 'X-Llavero-External-Id': '1',
    'X-Llavero-Profile': 'Editor', 'X-Llavero-Resource': 'OMS/EditOrder', 'X-Llavero-Revision': '99999999',
    'X-Llavero-Cause': 'no_profile', 'X-Llavero-Status': '200', 'X-Llavero-Diagnosis': 'x', 'X-Llavero-Problem': '{}' },
  proxies: { Forwarded: 'for=10.0.0.1;host=other.example;proto=https', 'X-Forwarded-For': '10.0.0.1',
    'X-Forwarded-Proto': 'https', 'X-Forwarded-Port': '443', 'X-Forwarded-Prefix': '/nowhere',
    'X-Client-IP': '10.0.0.1', 'True-Client-IP': '10.0.0.1', 'CF-Connecting-IP': '10.0.0.1',
    'X-Envoy-External-Address': '10.0.0.1', 'X-Envoy-Original-Path': '/nowhere', 'X-Envoy-Original-Method': 'DELETE',
    'X-Rewrite-URL': '/nowhere', 'X-Host': 'other.example', 'X-Scheme': 'https' },
  overrides: { 'X-HTTP-Method-Override': 'DELETE', 'X-HTTP-Method': 'DELETE', 'X-Method-Override': 'DELETE' },
};

// The families that a dialect does not read; those that it does are of one sender only.
const foreign = (dialect) => Object.entries(FORGED).filter(([family]) => family !== dialect);

// question: of dialects(); who: the headers of the credential; the verdict that it must stay at.
const QUESTIONS = [
  ['allowed', {}, () => pair(key), 200, undefined],
  ['public', { path: '/open' }, () => ({}), 200, undefined],
  ['lacks the resource', { method: 'DELETE' }, () => pair(key), 403, 'profile_lacks_resource'],
  ['nothing mapped there', { path: '/elsewhere' }, () => pair(key), 403, 'route_unknown'],
  ['no credential', {}, () => ({}), 401, 'credentials_missing'],
  ['another address', { address: '10.9.9.9' }, () => pair(bound), 403, 'address_not_allowed'],
  ['no address known', {}, () => pair(bound), 403, 'address_not_allowed'],
];

for (const [label, question, who, status, cause] of QUESTIONS) {
  test(`forged headers change nothing: ${label}`, async () => {
    for (const { name, send } of dialects(daemon, question)) {
      const plain = await send(who());
      assert.equal(plain.status, status, `${name}: ${plain.text}`);
      assert.equal(plain.headers['x-llavero-cause'], cause, name);
      const all = {};
      for (const [family, headers] of foreign(name)) {
        assert.deepEqual(told(await send({ ...who(), ...headers })), told(plain), `${name}, all of ${family}`);
        Object.assign(all, headers);
        for (const [header, value] of Object.entries(headers)) {
          const answer = await send({ ...who(), [header]: value });
          assert.deepEqual(told(answer), told(plain), `${name}, ${header}`);
        }
      }
      assert.deepEqual(told(await send({ ...who(), ...all })), told(plain), `${name}, everything at once`);
    }
  });
}

test('the headers of a dialect do steer it, so that the rows above can fail', async () => {
  const [nginx, forwarded] = dialects(daemon, { address: '10.0.0.1' });
  assert.equal((await nginx.send(pair(bound))).status, 200);
  assert.equal((await forwarded.send(pair(bound))).status, 200);
});

test('method, target, host and address come once', async () => {
  const own = { nginx: FORGED.nginx, forwarded: FORGED.forwarded };
  for (const { name, send } of dialects(daemon, { host: 'a.example', address: '10.0.0.1' })) {
    for (const [header, value] of Object.entries(own[name] ?? {})) {
      if (header === 'X-Original-URL') continue;
      const answer = await send({ ...pair(key), [header]: value });
      assert.equal(answer.headers['x-llavero-cause'], 'request_malformed', `${name}, ${header}`);
      assert.equal(answer.headers['x-llavero-status'], '400', `${name}, ${header}`);
    }
  }
});

test('a dialect without its method or target is refused, whatever else is there', async () => {
  const others = { nginx: FORGED.forwarded, forwarded: FORGED.nginx };
  for (const { name, send } of dialects(daemon, { method: undefined, path: undefined }).slice(0, 2)) {
    const answer = await send({ ...pair(key), ...others[name], ...FORGED.proxies, ...FORGED.overrides });
    assert.equal(answer.headers['x-llavero-cause'], 'request_malformed', name);
  }
});

test('a credential header that comes twice, or two families of them, is refused', async () => {
  const { appKey, appToken } = key;
  const rows = [
    ['appKey twice', ['X-App-Key', appKey, 'X-App-Key', appKey, 'X-App-Token', appToken]],
    ['appToken twice', ['X-App-Key', appKey, 'X-App-Token', appToken, 'X-App-Token', appToken]],
    ['appToken twice, spelled otherwise', ['X-App-Key', appKey, 'X-App-Token', appToken, 'x-aPP-token', 'y']],
    ['two families', ['X-App-Key', appKey, 'X-App-Token', appToken, 'X-API-Key', appToken]],
    ['the third one alone twice', ['X-API-Key', appToken, 'X-API-Key', appToken]],
    ['halves of two', ['X-App-Key', appKey, 'X-VTEX-API-AppToken', appToken]],
    ['bearer twice', ['Authorization', `Bearer ${appToken}`, 'Authorization', `Bearer ${appToken}`]],
  ];
  for (const { name, send } of dialects(daemon)) {
    for (const [label, headers] of rows) {
      const answer = await send(headers);
      assert.equal(answer.headers['x-llavero-cause'], 'header_repeated', `${name}, ${label}`);
      assert.equal(answer.headers['x-llavero-status'], '400', `${name}, ${label}`);
      assert.equal(answer.status, name === 'nginx' ? 403 : 400, `${name}, ${label}`);
    }
    // Authorization is the upstream's own business beside another family.
    assert.equal((await send({ ...pair(key), Authorization: 'Bearer of-a-user' })).status, 200, name);
    assert.equal((await send({ Authorization: `Bearer ${appToken}` })).status, 200, name);
  }
});

test('the query of /auth is never read', async () => {
  const query = `?X-App-Key=${key.appKey}&appKey=${key.appKey}&method=GET&path=/orders/7`;
  for (const dialect of ['nginx', 'forwarded']) {
    const answer = await request(daemon.gate, 'GET', `/auth/${dialect}${query}`, { headers: pair(key) });
    assert.equal(answer.headers['x-llavero-cause'], 'request_malformed', dialect);
  }
});
