// The gateway kit of docs/gateways on a real nginx, before an upstream that tells what it saw: callers
// get the true status and the problem document, upstreams get who it is and no credential, and no
// spelling of a path or a header makes the upstream see something else than what was decided on.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { Llaverod, raw, request, until } from '../lib/llaverod.mjs';
import { Nginx, Upstream } from '../lib/nginx.mjs';
import { readAnswers } from '../lib/strict_http.mjs';
import { assertNoOtherReading, FORGED, forgery, openHttp2 } from './lib/hostile.mjs';

let daemon;
let nginx;
let upstream;
let key; // may read and write /open, not /secret
let bare; // linked to nothing

const pair = (k = key) => ({ 'X-App-Key': k.appKey, 'X-App-Token': k.appToken });
const ask = (method, url, headers = pair(), more = {}) => (
  request({ port: nginx.port }, method, url, { headers: { Host: 'shop.example', ...headers }, ...more }));

// One raw request on a connection of its own: { status, body, seen } (seen: what the upstream got).
async function rawAsk(line, headers = {}, body = '') {
  upstream.take();
  const all = { Host: 'shop.example', ...pair(), Connection: 'close', ...headers };
  const lines = Object.entries(all).flatMap(([n, v]) => [v].flat().map((one) => `${n}: ${one}`));
  const bytes = await raw({ port: nginx.port },
    Buffer.from(`${line}\r\n${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'), 5000);
  const [answer] = readAnswers(bytes);
  return { status: answer?.status, head: answer?.head, body: answer?.body, seen: upstream.take() };
}

const names = (seen) => seen.headers.map(([name]) => name.toLowerCase());
const value = (seen, wanted) => seen.headers.filter(([name]) => name.toLowerCase() === wanted.toLowerCase()).map(([, v]) => v);

before(async () => {
  daemon = await Llaverod.start({ config: 'index { lease = "1s" }\n' });
  const api = (url, body) => daemon.api('POST', url, body);
  await api('/v1/init', { account: 'store', owner: 'ana@example.com' });
  await api('/v1/services', { name: 'inner', hosts: ['inner.example'] });
  await api('/v1/services', { name: 'cors', hosts: ['cors.example'], preflight: 'pass' });
  for (const name of ['Open', 'Secret']) await api('/v1/resources', { product: 'OMS', key: name });
  const route = (method, path, more) => api('/v1/routes', { method, path, ...more });
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
    await route(method, '/open/{id}', { resources: ['Open'] });
  }
  await route('GET', '/open/{id}/notes', { resources: ['Open'] });
  await route('GET', '/secret/{id}', { resources: ['Secret'] });
  await route('GET', '/secret/{id}.json', { resources: ['Secret'] });
  await route('GET', '/news/{id}', { public: true });
  await route('GET', '/open/{id}', { service: 'inner', resources: ['Secret'] });
  await api('/v1/profiles', { account: 'store', name: 'Reader', resources: ['Open'] });
  key = await api('/v1/keys', { account: 'store', label: 'erp', externalId: 'customer 7' });
  bare = await api('/v1/keys', { account: 'store', label: 'bare' });
  await api(`/v1/keys/${key.appKey}/links`, { profile: 'Reader' });
  upstream = await Upstream.start();
  nginx = await Nginx.start({ gate: daemon.gate.socket, upstream: upstream.port });
});

after(async () => {
  await nginx?.stop();
  await upstream?.stop();
  await daemon?.close();
});

// ---- what the caller gets ----

function assertRefused(answer, status, cause, label = cause) {
  assert.equal(answer.status, status, label);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/, label);
  assert.equal(answer.headers['cache-control'], 'no-store', label);
  assert.equal(answer.json?.cause, cause, label);
  assert.equal(answer.json.status, status, label);
  assert.ok(answer.json.type.endsWith(`/causes/${cause}`), label);
  const challenges = answer.rawHeaders.filter((h) => h.toLowerCase() === 'www-authenticate').length;
  assert.equal(challenges, [401, 403].includes(status) ? 1 : 0, `${label}: challenges`);
  assert.equal(answer.headers['retry-after'] !== undefined, [429, 503].includes(status), `${label}: Retry-After`);
}

test('an allowed request passes, and only the upstream answers', async () => {
  const answer = await ask('GET', '/open/7?q=%2F..%2F&x=1');
  assert.equal(answer.status, 200);
  assert.equal(answer.text, 'upstream\n');
  const [seen] = upstream.take();
  assert.equal(seen.url, '/open/7?q=%2F..%2F&x=1');
});

test('400, 401, 403: the true status with the problem document, in the language asked for', async () => {
  const rows = [
    ['path', await ask('GET', '/open/..%2fsecret/1'), 400, 'path_ambiguous'],
    ['nothing sent', await ask('GET', '/open/7', {}), 401, 'credentials_missing'],
    ['half sent', await ask('GET', '/open/7', { 'X-App-Key': key.appKey }), 401, 'app_token_missing'],
    ['a mistyped token', await ask('GET', '/open/7', { ...pair(), 'X-App-Token': key.appToken.toLowerCase() }), 401, 'wrong_case'],
    ['the wrong token', await ask('GET', '/open/7', { 'X-App-Key': key.appKey, 'X-App-Token': bare.appToken }), 401, 'credentials_invalid'],
    ['no profile', await ask('GET', '/open/7', pair(bare)), 403, 'no_profile'],
    ['a resource lacks', await ask('GET', '/secret/7'), 403, 'profile_lacks_resource'],
    ['by its ending a JSON file', await ask('GET', '/secret/7.json'), 403, 'profile_lacks_resource'],
    ['by its ending a page', await ask('GET', '/nowhere/7.html'), 403, 'route_unknown'],
  ];
  for (const [label, answer, status, cause] of rows) assertRefused(answer, status, cause, label);
  assert.deepEqual(rows[6][1].json.resources, [{ product: 'OMS', key: 'Secret', name: 'Secret' }]);
  assert.equal(rows[1][1].headers['www-authenticate'], 'Bearer realm="llavero"');
  assert.match(rows[3][1].headers['www-authenticate'], /error="invalid_token"$/);
  assert.match(rows[5][1].headers['www-authenticate'], /error="insufficient_scope"$/);
  const titles = await Promise.all(['es', 'en', 'pt'].map(async (lang) => (
    (await ask('GET', '/open/7', { ...pair(bare), 'Accept-Language': lang })).json.title)));
  assert.equal(new Set(titles).size, 3);
  assert.deepEqual(upstream.take(), []);
});

test('429: a limited key is told when to come back, the upstream is left alone', async () => {
  const limited = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'limited', profiles: ['Reader'],
    limits: { rate: [{ count: 2, per: 'hour' }] } });
  for (let i = 0; i < 2; i++) assert.equal((await ask('GET', '/open/7', pair(limited))).status, 200);
  // What is refused for another reason is not charged, and told as such.
  assertRefused(await ask('GET', '/secret/7', pair(limited)), 403, 'profile_lacks_resource');
  assert.equal(upstream.take().length, 2);
  const answer = await ask('GET', '/open/7', pair(limited));
  assertRefused(answer, 429, 'rate_limited');
  const seconds = Number(answer.headers['retry-after']);
  assert.ok(seconds > 1700 && seconds <= 1800, `${seconds}`);
  assert.equal(answer.json.retryAfter, seconds);
  assert.equal(answer.headers['ratelimit-policy'], '"hour";q=2;w=3600');
  assert.match(answer.headers.ratelimit, /^"hour";r=0;t=\d+$/);
  assert.equal((await ask('GET', '/open/7')).headers.ratelimit, undefined);
  assert.equal(upstream.take().length, 1);
});

test('the diagnosis of a refusal at the gateway is explained to the owner', async () => {
  const { json } = await ask('GET', '/open/7', pair(bare));
  const told = await daemon.api('POST', '/v1/explain', { diagnosis: json.diagnosis, lang: 'es' });
  assert.equal(told.cause, 'no_profile');
  upstream.take();
});

test('a credential header that comes twice, or in two families, is refused', async () => {
  const rows = [
    ['appKey twice', { 'X-App-Key': [key.appKey, key.appKey] }],
    ['appToken twice', { 'X-App-Token': [key.appToken, 'x'] }],
    ['in two cases', { 'x-app-token': key.appToken }],
    ['two families', { 'X-VTEX-API-AppKey': key.appKey, 'X-VTEX-API-AppToken': key.appToken }],
    ['the token alone beside the pair', { 'X-API-Key': key.appToken }],
  ];
  for (const [label, headers] of rows) {
    const answer = await rawAsk('GET /open/7 HTTP/1.1', headers);
    assert.equal(answer.status, 400, label);
    assert.equal(JSON.parse(answer.body).cause, 'header_repeated', label);
    assert.deepEqual(answer.seen, [], label);
  }
});

// ---- what the upstream gets ----

test('the upstream learns who it is, and no credential of any family', async () => {
  const families = [
    pair(),
    { 'X-VTEX-API-AppKey': key.appKey, 'X-VTEX-API-AppToken': key.appToken },
    { 'X-API-Key': key.appToken },
    { Authorization: `Bearer ${key.appToken}` },
  ];
  for (const headers of families) {
    assert.equal((await ask('GET', '/open/7', headers)).status, 200);
    const [seen] = upstream.take();
    assert.ok(!JSON.stringify(seen.headers).includes(key.appToken), JSON.stringify(headers));
    assert.deepEqual(value(seen, 'X-Llavero-Key'), [key.appKey]);
    assert.deepEqual(value(seen, 'X-Llavero-Account'), ['store']);
    assert.deepEqual(value(seen, 'X-Llavero-External-Id'), ['customer 7']);
    assert.deepEqual(value(seen, 'X-Llavero-Profile'), ['Reader']);
    assert.deepEqual(value(seen, 'X-Llavero-Resource'), ['OMS/Open']);
    assert.match(value(seen, 'X-Llavero-Revision')[0], /^[0-9]+$/);
    assert.ok(!names(seen).some((n) => n.startsWith('x-app-') || n.startsWith('x-vtex-') || n === 'x-api-key'));
  }
});

test('Authorization beside another family is the upstream\'s own; alone it ends at the gateway', async () => {
  await ask('GET', '/open/7', { ...pair(), Authorization: 'Bearer of-a-user' });
  assert.deepEqual(value(upstream.take()[0], 'Authorization'), ['Bearer of-a-user']);
  await ask('GET', '/news/7', { Authorization: `Bearer ${key.appToken}` });
  assert.deepEqual(value(upstream.take()[0], 'Authorization'), []);
});

test('headers that a client forges change no decision and reach no upstream', async () => {
  const rows = [
    ['allowed', '/open/7', pair(), 200], ['no right', '/secret/7', pair(), 403],
    ['no key', '/open/7', { 'X-App-Key': [], 'X-App-Token': [] }, 401], ['public', '/news/7', {}, 200],
  ];
  for (const [label, url, headers, status] of rows) {
    const answer = await rawAsk(`GET ${url} HTTP/1.1`, { ...FORGED, ...headers });
    assert.equal(answer.status, status, label);
    assert.equal(answer.seen.length, status === 200 ? 1 : 0, label);
    if (status !== 200) continue;
    assert.equal(answer.seen[0].url, url, label);
    assert.doesNotMatch(JSON.stringify(answer.seen[0].headers), forgery, label);
  }
});

test('each forged header alone reaches no upstream either', async () => {
  for (const [name, forged] of Object.entries(FORGED)) {
    const { status, seen } = await rawAsk('GET /news/7 HTTP/1.1', { [name]: forged });
    assert.equal(status, 200, name);
    assert.equal(seen[0].url, '/news/7', name);
    assert.doesNotMatch(JSON.stringify(seen[0].headers), forgery, name);
  }
});

test('a key bound to addresses sees the address that nginx saw, not the one that a client tells', async () => {
  const bound = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'bound', addresses: ['10.66.66.0/24'] });
  await daemon.api('POST', `/v1/keys/${bound.appKey}/links`, { profile: 'Reader' });
  const answer = await ask('GET', '/open/7', { ...pair(bound), 'X-Original-Address': '10.66.66.66',
    'X-Forwarded-For': '10.66.66.66', 'X-Real-IP': '10.66.66.66' });
  assertRefused(answer, 403, 'address_not_allowed');
});

// ---- paths ----

test('no spelling of a path passes that an upstream could read as another one', async () => {
  await assertNoOtherReading(rawAsk);
});

test('the host decided on is the one by which nginx chose the server', async () => {
  const rows = [
    ['plain', 'GET /open/7 HTTP/1.1', 'shop.example', 200, 'shop.example'],
    ['with port and case', 'GET /open/7 HTTP/1.1', 'SHOP.example:80', 200, 'shop.example'],
    ['the inner one', 'GET /open/7 HTTP/1.1', 'inner.example', 403],
    ['the inner one in capitals', 'GET /open/7 HTTP/1.1', 'INNER.EXAMPLE', 403],
    ['an absolute target beats the header', 'GET http://inner.example/open/7 HTTP/1.1', 'shop.example', 403],
    ['also the other way', 'GET http://shop.example/open/7 HTTP/1.1', 'inner.example', 200, 'shop.example'],
  ];
  for (const [label, line, host, status, seenHost] of rows) {
    const answer = await rawAsk(line, { Host: host });
    assert.equal(answer.status, status, label);
    if (status === 200) assert.deepEqual(value(answer.seen[0], 'Host'), [seenHost], label);
    else assert.deepEqual(answer.seen, [], label);
  }
});

// ---- methods, bodies, sizes, connections ----

test('a body reaches the upstream as it was sent, and never the gate', async () => {
  const bodies = ['', 'x', '{"a":1}', Buffer.alloc(300000, 'z').toString(), '\r\n\r\nGET /secret/1 HTTP/1.1\r\n'];
  for (const body of bodies) {
    for (const method of ['POST', 'PUT']) {
      assert.equal((await ask(method, '/open/7', pair(), { body })).status, 200);
      const [seen] = upstream.take();
      assert.equal(seen.method, method);
      assert.equal(seen.body.toString(), body);
    }
  }
  const chunked = await rawAsk('POST /open/7 HTTP/1.1', { 'Transfer-Encoding': 'chunked' }, '3\r\nabc\r\n0\r\n\r\n');
  assert.equal(chunked.status, 200);
  assert.equal(chunked.seen[0].body.toString(), 'abc');
});

test('a refused body is not read as the next request', async () => {
  const smuggled = 'GET /news/smuggled HTTP/1.1\r\nHost: shop.example\r\n\r\n';
  const rows = [
    ['refused', { 'X-App-Token': 'wrong' }, 401],
    ['CL and TE', { 'Transfer-Encoding': 'chunked' }, 400],
  ];
  for (const [label, headers, status] of rows) {
    const answer = await rawAsk('POST /open/7 HTTP/1.1', { 'Content-Length': String(smuggled.length), ...headers }, smuggled);
    assert.equal(answer.status, status, label);
    assert.deepEqual(answer.seen, [], label);
  }
});

test('HEAD follows GET, with the status and no body', async () => {
  const allowed = await ask('HEAD', '/open/7');
  assert.deepEqual([allowed.status, allowed.text], [200, '']);
  assert.equal(upstream.take()[0].method, 'HEAD');
  const refused = await ask('HEAD', '/secret/7');
  assert.deepEqual([refused.status, refused.text], [403, '']);
  assert.equal(refused.headers['x-llavero-cause'], 'profile_lacks_resource');
});

test('OPTIONS needs what its route says; a preflight passes only where the service lets it', async () => {
  const preflight = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' };
  assert.equal((await ask('OPTIONS', '/open/7', {})).status, 401);
  assert.equal((await ask('OPTIONS', '/open/7', preflight)).status, 401);
  assert.equal((await ask('OPTIONS', '/open/7')).status, 200);
  upstream.take();
  await daemon.api('POST', '/v1/routes', { service: 'cors', method: 'GET', path: '/open/{id}', resources: ['Open'] });
  const cors = (method, headers) => ask(method, '/open/7', { ...headers, Host: 'cors.example' });
  assert.equal((await cors('OPTIONS', preflight)).status, 200);
  assert.equal((await cors('OPTIONS', { Origin: 'https://app.example' })).status, 401);
  assert.equal((await cors('GET', preflight)).status, 401);
});

test('a method that no route names is refused, whatever it is called', async () => {
  for (const method of ['PATCH', 'FOO', 'get', 'PROPFIND']) {
    const answer = await rawAsk(`${method} /open/7 HTTP/1.1`);
    assert.notEqual(answer.status, 200, method);
    assert.deepEqual(answer.seen, [], method);
  }
});

test('large headers pass up to what the gate reads; beyond, the caller is told so', async () => {
  const row = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-Filler-${i}`, 'y'.repeat(1000)]));
  assert.equal((await ask('GET', '/open/7', { ...pair(), ...row(12) })).status, 200);
  upstream.take();
  const answer = await ask('GET', '/open/7', { ...pair(), ...row(20) });
  assert.equal(answer.status, 431);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.equal(answer.json.cause, 'request_malformed');
  assert.equal(answer.headers['retry-after'], undefined);
  assert.deepEqual(upstream.take(), []);
});

test('on one connection each request is decided by itself', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const statuses = [];
  try {
    for (const [url, headers] of [['/open/1', pair()], ['/secret/1', pair()], ['/open/1', {}], ['/open/2', pair()],
      ['/open/1', pair(bare)], ['/news/1', {}], ['/open/3', pair()]]) {
      const { status } = await ask('GET', url, headers, { agent });
      statuses.push(status);
    }
  } finally { agent.destroy(); }
  assert.deepEqual(statuses, [200, 403, 401, 200, 403, 200, 200]);
  assert.deepEqual(upstream.take().map((seen) => [seen.url, value(seen, 'X-Llavero-Key')[0]]),
    [['/open/1', key.appKey], ['/open/2', key.appKey], ['/news/1', undefined], ['/open/3', key.appKey]]);
});

test('pipelined requests are decided one by one', async () => {
  const head = `Host: shop.example\r\nX-App-Key: ${key.appKey}\r\nX-App-Token: ${key.appToken}\r\n`;
  const bytes = await raw({ port: nginx.port }, `GET /open/1 HTTP/1.1\r\n${head}\r\nGET /secret/1 HTTP/1.1\r\n${head}\r\n`
    + `GET /open/2 HTTP/1.1\r\n${head}Connection: close\r\n\r\n`, 5000);
  const statuses = [...bytes.toString('latin1').matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map((m) => Number(m[1]));
  assert.deepEqual(statuses, [200, 403, 200]);
  assert.deepEqual(upstream.take().map((seen) => seen.url), ['/open/1', '/open/2']);
});

test('HTTP/2 is decided like HTTP/1.1', async () => {
  const session = openHttp2(`http://127.0.0.1:${nginx.port2}`);
  const get = (path, headers = pair(), more = {}) => session.get(path, { ...headers, ...more });
  try {
    assert.equal((await get('/open/7')).status, 200);
    const [seen] = upstream.take();
    assert.deepEqual([seen.url, value(seen, 'X-Llavero-Key')[0], value(seen, 'X-App-Token').length], ['/open/7', key.appKey, 0]);
    const refused = await get('/secret/7');
    assert.equal(refused.status, 403);
    assert.equal(JSON.parse(refused.text).cause, 'profile_lacks_resource');
    for (const path of ['/open/..%2fsecret/1', '/open/../secret/1', '/open//secret/1', '/open/7;/../secret/1', '/open/..;/secret/1', '/open/7#x']) {
      assert.equal((await get(path)).status, 400, path);
    }
    assert.equal((await get('/open/7', pair(), { 'x-original-uri': '/news/1', 'x-llavero-key': 'forged' })).status, 200);
    assert.doesNotMatch(JSON.stringify(upstream.take()), /forged/);
    assert.equal((await get('/open/7', {}, { 'x-original-uri': '/news/1' })).status, 401);
    assert.deepEqual(upstream.take(), []);
  } finally { await session.close(); }
});

test('the place where nginx asks is closed to clients', async () => {
  assert.equal((await ask('GET', '/_llavero')).status, 404);
  assert.equal((await ask('GET', '/_llavero?x')).status, 404);
  assert.deepEqual(upstream.take(), []);
});

// ---- Llavero not well ----

test('503: an index older than its lease refuses, and serves again once it is fresh', async () => {
  const started = daemon.logText().split('\n').filter(Boolean).map((line) => JSON.parse(line))
    .filter((e) => e.event === 'started' && e.child === 'keeper').at(-1);
  process.kill(started.pid, 'SIGSTOP');
  try {
    const answer = await until('the index stale', async () => {
      const one = await ask('GET', '/open/7');
      return one.status !== 200 && one;
    });
    assertRefused(answer, 503, 'index_stale');
    assert.equal(answer.headers['retry-after'], '1');
  } finally { process.kill(started.pid, 'SIGCONT'); }
  await until('fresh again', async () => (await ask('GET', '/open/7')).status === 200);
  upstream.take();
});

test('503: no Llavero, no passage, not even to what is public', async () => {
  await daemon.stop('SIGKILL');
  for (const url of ['/open/7', '/news/7', '/secret/7']) {
    const answer = await ask('GET', url);
    assertRefused(answer, 503, 'index_unavailable', url);
    assert.equal(answer.headers['retry-after'], '1', url);
  }
  assert.deepEqual(upstream.take(), []);
  await daemon.launch();
  nginx.allowGate();
  await until('Llavero back', async () => (await ask('GET', '/open/7')).status === 200);
});

test('no secret stands in a log of the gateway or of Llavero', () => {
  for (const text of [nginx.log(), daemon.logText()]) {
    for (const secret of [key.appToken, bare.appToken]) assert.ok(!text.includes(secret));
  }
});
