// The gate against its own description: every operation, every answer, every path.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Llaverod, raw, request, ROOT } from '../lib/llaverod.mjs';
import { OpenApi } from '../lib/openapi.mjs';
import { makeStore } from '../lib/store.mjs';

let daemon;
let api;
let key;
let pair;

before(async () => {
  daemon = await Llaverod.start();
  api = new OpenApi((await request(daemon.gate, 'GET', '/openapi.json')).json, daemon.gate);
  ({ key } = await makeStore(daemon));
  pair = { 'X-App-Key': key.appKey, 'X-App-Token': key.appToken };
});

after(() => daemon?.close());

test('the document is valid', () => {
  assert.deepEqual(api.check(), []);
});

test('every path of the gate is described, and every description has a path', () => {
  const text = fs.readFileSync(path.join(ROOT, 'src/gate/gate.c'), 'utf8');
  const exact = [...text.matchAll(/span_is\(path, "([^"]+)"\)/g)].map((m) => m[1]);
  const prefix = [...text.matchAll(/span_starts_with\(path, SPAN_LIT\("([^"]+)"\)\)/g)].map((m) => `${m[1]}{target}`);
  assert.deepEqual(Object.keys(api.document.paths).sort(), [...exact, ...prefix].sort());
});

test('health, readiness, metrics, the document', async () => {
  for (const id of ['healthz', 'readyz', 'metrics', 'openapi']) {
    await api.call(id, 200);
    const { path: url } = api.operations.get(id);
    const answer = await request(daemon.gate, 'POST', url);
    assert.deepEqual(api.checkAnswer(api.operations.get(id), answer), [], id);
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD'], id);
    assert.equal((await request(daemon.gate, 'HEAD', url)).status, 200, id);
  }
  assert.equal((await request(daemon.gate, 'GET', '/nothing')).status, 404);
});

// What a dialect says of a request: [operation, call].
const questions = (method, target, headers) => [
  ['auth_nginx', { headers: { 'X-Original-Method': method, 'X-Original-URI': target, ...headers } }],
  ['auth_forwarded', { headers: { 'X-Forwarded-Method': method, 'X-Forwarded-Uri': target, ...headers } }],
  [`auth_envoy_${method.toLowerCase()}`, { path: { target: target.slice(1) }, headers }],
];

const REQUESTS = [
  ['allowed', 200, 'GET', '/orders/7', () => pair],
  ['public', 200, 'GET', '/open', () => ({})],
  ['no credential', 401, 'GET', '/orders/7', () => ({})],
  ['unknown', 401, 'GET', '/orders/7', () => ({ ...pair, 'X-App-Key': 'nobody' })],
  ['a typing mistake', 401, 'GET', '/orders/7', () => ({ ...pair, 'X-App-Token': key.appToken.replace(/.$/, (c) => (c === 'Q' ? 'P' : 'Q')) })],
  ['fields swapped', 401, 'GET', '/orders/7', () => ({ 'X-App-Key': key.appToken, 'X-App-Token': key.appKey })],
  ['lacks the resource', 403, 'DELETE', '/orders/7', () => pair],
  ['not mapped', 403, 'GET', '/none', () => pair],
  ['two families', 400, 'GET', '/orders/7', () => ({ ...pair, 'X-API-Key': key.appToken })],
  ['two readings of the path', 400, 'GET', '/orders//7', () => pair],
];

for (const [label, status, method, target, who] of REQUESTS) {
  test(`forward auth: ${label}`, async () => {
    for (const language of ['es', 'en', 'pt']) {
      for (const [id, call] of questions(method, target, { ...who(), 'Accept-Language': language })) {
        const wanted = id === 'auth_nginx' && status === 400 ? 403 : status;
        const answer = await api.call(id, wanted, call);
        if (status !== 200) assert.equal(answer.headers['x-llavero-status'], String(status));
        if (id !== 'auth_nginx' || status === 200) continue;
        assert.equal(answer.headers['x-llavero-problem'], answer.text);
      }
    }
  });
}

test('every method of the envoy dialect', async () => {
  for (const [id, { method }] of [...api.operations].filter(([name]) => name.startsWith('auth_envoy'))) {
    await api.call(id, 401, { path: { target: 'orders/7?x=1' } });
    if (method !== 'head') {
      await daemon.api('POST', '/v1/routes', { method: method.toUpperCase(), path: '/made', public: true });
    }
    await api.call(id, 200, { path: { target: 'made' } });
  }
});

test('verify: verdicts, and bodies that the document forbids', async () => {
  const good = { method: 'GET', path: '/orders/7', appKey: key.appKey, appToken: key.appToken, host: 'a.example',
    address: '10.0.0.1', account: 'store', minRevision: 1 };
  assert.equal((await api.call('verify', 200, { body: good })).json.allowed, true);
  for (const change of [{ path: '/none' }, { appToken: 'x' }, { method: 'DELETE' }, { minRevision: 99999999 }, { path: '/a//b' },
    { appKey: `${key.appKey}\u0000` }, { account: 'nobody' }, { appKey: key.appToken, appToken: key.appKey }]) {
    assert.equal((await api.call('verify', 200, { body: { ...good, ...change } })).json.allowed, false);
  }
  const { appKey, ...bearer } = good;
  assert.equal((await api.call('verify', 200, { body: bearer })).json.appKey, appKey);
  for (const [label, body] of api.forbidden('verify', good)) {
    const { json } = await api.call('verify', 400, { body });
    assert.match(json.code, /^gate\./, label);
  }
  for (const body of ['{', '[]', '{"a":1,"a":1}', 'null', '{"method":"GET","path":"/","path":"/"}']) await api.call('verify', 400, { body });
  const long = `POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: ${65 * 1024}\r\n\r\n`;
  assert.match((await raw(daemon.gate, long)).toString(), /^HTTP\/1\.1 413 [^]*"code":"http\.body_long"/);
});

test('a peer that is not trusted gets 403 everywhere, and learns nothing', async () => {
  const shy = await Llaverod.start({ env: { LLAVERO_GATE_TRUSTED: '192.0.2.1' } });
  try {
    for (const [id, operation] of api.operations) {
      const headers = { 'X-Original-Method': 'GET', 'X-Original-URI': '/', 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/' };
      const body = operation.requestBody && { method: 'GET', path: '/' };
      const answer = await api.call(id, 403, { path: { target: 'x' }, headers, body, target: shy.tcp });
      if (operation.method !== 'head') assert.equal(answer.json.code, 'gate.untrusted', id);
    }
  } finally { await shy.close(); }
});

test('a revision that is not there yet is waited for with 503', async () => {
  const { json } = await api.call('verify', 200, { body: { method: 'GET', path: '/open', minRevision: 1000000 } });
  assert.deepEqual([json.cause, json.status], ['index_stale', 503]);
});

test('every operation was seen to succeed and to fail', () => {
  const missing = [...api.operations.keys()].filter((id) => {
    const statuses = [...api.seen.get(id) ?? []];
    return !statuses.includes(200) || !statuses.some((s) => s >= 400);
  });
  assert.deepEqual(missing, []);
});
