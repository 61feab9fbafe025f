// What every kit of docs/gateways must do, on the real server: the caller gets the true status and the problem
// document, the upstream who it is and no credential; nothing that a client says changes the decision; and
// without Llavero nothing passes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Llaverod, raw, request, until } from '../../lib/llaverod.mjs';
import { readAnswers } from '../../lib/strict_http.mjs';
import { FORGED, forgery, openHttp2, PATHS, READERS } from './hostile.mjs';
import { RecordingUpstream, values } from './upstream.mjs';

/** A store with a key that may use /open and not /secret, and one that is linked to nothing. */
export async function makeStore(daemon) {
  const api = (url, body) => daemon.api('POST', url, body);
  await api('/v1/init', { account: 'store', owner: 'ana@example.com' });
  await api('/v1/services', { name: 'inner', hosts: ['inner.example'] });
  for (const name of ['Open', 'Secret']) await api('/v1/resources', { product: 'OMS', key: name });
  for (const method of ['GET', 'POST', 'PUT']) {
    await api('/v1/routes', { method, path: '/open/{id}', resources: ['Open'] });
  }
  await api('/v1/routes', { method: 'GET', path: '/secret/{id}', resources: ['Secret'] });
  await api('/v1/routes', { method: 'GET', path: '/news/{id}', public: true });
  await api('/v1/routes', { method: 'GET', path: '/files/{path...}', resources: ['Open'] });
  await api('/v1/routes', { service: 'inner', method: 'GET', path: '/open/{id}', resources: ['Secret'] });
  await api('/v1/profiles', { account: 'store', name: 'Reader', resources: ['Open'] });
  const key = await api('/v1/keys', { account: 'store', label: 'erp', externalId: 'customer 7', profiles: ['Reader'] });
  const bare = await api('/v1/keys', { account: 'store', label: 'bare' });
  return { key, bare };
}

/** What the gate itself says of a request as an upstream has got it. */
export async function decidedAfresh(daemon, key, { method, url, host }) {
  const { json } = await request(daemon.gate, 'POST', '/v1/verify', {
    body: { appKey: key.appKey, appToken: key.appToken, method, path: url, host } });
  return json;
}

const pair = (k) => ({ 'X-App-Key': k.appKey, 'X-App-Token': k.appToken });
const HOSTED = { Host: 'shop.example' };

function assertRefused(answer, status, cause, label = cause) {
  assert.equal(answer.status, status, `${label}: ${answer.text}`);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/, label);
  assert.equal(answer.headers['cache-control'], 'no-store', label);
  assert.equal(answer.json?.cause, cause, label);
  assert.equal(answer.json.status, status, label);
  assert.ok(answer.json.type.endsWith(`/causes/${cause}`), label);
  const count = (name) => answer.rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name).length;
  assert.equal(count('www-authenticate'), [401, 403].includes(status) ? 1 : 0, `${label}: challenges`);
  assert.equal(count('retry-after'), [429, 503].includes(status) ? 1 : 0, `${label}: Retry-After`);
  assert.equal(count('content-type'), 1, label);
}

// One kit on its server: what the tests below stand on.
class Bench {
  async open(start) {
    this.daemon = await Llaverod.start({ config: 'index { lease = "1s" }\n' });
    Object.assign(this, await makeStore(this.daemon));
    this.upstream = await RecordingUpstream.start();
    this.server = await start({ gate: this.daemon.gate.socket, upstream: this.upstream.port });
    this.upstream.take();
  }

  async close() {
    await this.server?.stop();
    await this.upstream?.stop().catch(() => {});
    await this.daemon?.close();
  }

  ask(method, url, headers = pair(this.key), more = {}) {
    return request({ port: this.server.port }, method, url, { headers: { ...HOSTED, ...headers }, ...more });
  }

  // One raw request on a connection of its own: { status, body, seen } (seen: what the upstream got).
  async raw(line, headers = {}, body = '') {
    this.upstream.take();
    const all = { ...HOSTED, ...pair(this.key), Connection: 'close', ...headers };
    const lines = Object.entries(all).flatMap(([n, v]) => [v].flat().map((one) => `${n}: ${one}`));
    const bytes = await raw({ port: this.server.port },
      Buffer.from(`${line}\r\n${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'), 5000);
    const answer = readAnswers(bytes).at(0);
    return { status: answer?.status, body: answer?.body, seen: this.upstream.take() };
  }

  // The process ids of a role's children, of the newest start of each.
  pids(child) {
    return this.daemon.logText().split('\n').filter(Boolean).map((line) => JSON.parse(line))
      .filter((event) => event.event === 'started' && event.child?.startsWith(child)).map((event) => event.pid);
  }
}

function testCaller(bench) {
  test('an allowed request passes as it was sent, and only the upstream answers', async () => {
    const answer = await bench.ask('GET', '/open/7?q=%2F..%2F&x=1');
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, 'upstream\n');
    assert.deepEqual(bench.upstream.take().map((seen) => seen.url), ['/open/7?q=%2F..%2F&x=1']);
  });

  test('400, 401, 403: the true status with the problem document, in the language asked for', async () => {
    const { key, bare } = bench;
    const rows = [
      ['nothing sent', '/open/7', {}, 401, 'credentials_missing'],
      ['half sent', '/open/7', { 'X-App-Key': key.appKey }, 401, 'app_token_missing'],
      ['a mistyped token', '/open/7', { ...pair(key), 'X-App-Token': key.appToken.toLowerCase() }, 401, 'wrong_case'],
      ['the wrong token', '/open/7', { 'X-App-Key': key.appKey, 'X-App-Token': bare.appToken }, 401, 'credentials_invalid'],
      ['no profile', '/open/7', pair(bare), 403, 'no_profile'],
      ['a resource lacks', '/secret/7', pair(key), 403, 'profile_lacks_resource'],
      ['by its ending a page', '/nowhere/7.html', pair(key), 403, 'route_unknown'],
      ['two families', '/open/7', { ...pair(key), 'X-API-Key': key.appToken }, 400, 'header_repeated'],
    ];
    for (const [label, url, headers, status, cause] of rows) {
      assertRefused(await bench.ask('GET', url, headers), status, cause, label);
    }
    const titles = await Promise.all(['es', 'en', 'pt'].map(async (lang) => (
      (await bench.ask('GET', '/open/7', { ...pair(bare), 'Accept-Language': lang })).json.title)));
    assert.equal(new Set(titles).size, 3);
    const one = await bench.ask('GET', '/open/7', pair(bare));
    assert.match(one.headers['www-authenticate'], /^Bearer realm="llavero",.*error="insufficient_scope"/);
    assert.equal((await bench.daemon.api('POST', '/v1/explain', { diagnosis: one.json.diagnosis })).cause, 'no_profile');
    assert.deepEqual(bench.upstream.take(), []);
  });

  test('429: a limited key is told when to come back, the upstream is left alone', async () => {
    const limited = await bench.daemon.api('POST', '/v1/keys', { account: 'store', label: 'limited', profiles: ['Reader'],
      limits: { rate: [{ count: 2, per: 'hour' }] } });
    for (let i = 0; i < 2; i++) assert.equal((await bench.ask('GET', '/open/7', pair(limited))).status, 200);
    assert.equal(bench.upstream.take().length, 2);
    const answer = await bench.ask('GET', '/open/7', pair(limited));
    assertRefused(answer, 429, 'rate_limited');
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds > 1700 && seconds <= 1800, `${seconds}`);
    assert.equal(answer.headers['ratelimit-policy'], '"hour";q=2;w=3600');
    assert.deepEqual(bench.upstream.take(), []);
  });

  test('HEAD is told the status without a body', async () => {
    const refused = await bench.ask('HEAD', '/secret/7');
    assert.deepEqual([refused.status, refused.text], [403, '']);
    assert.equal((await bench.ask('HEAD', '/open/7')).status, 200);
    assert.deepEqual(bench.upstream.take().map((seen) => seen.method), ['HEAD']);
  });
}

function testUpstream(bench) {
  test('the upstream learns who it is, and no credential of any family', async () => {
    const { key } = bench;
    const families = [pair(key), { 'X-VTEX-API-AppKey': key.appKey, 'X-VTEX-API-AppToken': key.appToken },
      { 'X-API-Key': key.appToken }, { Authorization: `Bearer ${key.appToken}` }];
    for (const headers of families) {
      assert.equal((await bench.ask('GET', '/open/7', headers)).status, 200);
      const [seen] = bench.upstream.take();
      assert.ok(!seen.bytes.includes(key.appToken), JSON.stringify(headers));
      const told = (name) => values(seen, `X-Llavero-${name}`);
      assert.deepEqual(['Key', 'Account', 'External-Id', 'Profile', 'Resource'].map(told),
        [[key.appKey], ['store'], ['customer 7'], ['Reader'], ['OMS/Open']]);
      assert.match(told('Revision')[0], /^[0-9]+$/);
      assert.ok(!seen.headers.some(([name]) => /^x[-_](app|vtex|api)[-_]/i.test(name)), JSON.stringify(seen.headers));
    }
  });

  test('Authorization beside another family is the upstream\'s own; alone it ends at the gateway', async () => {
    await bench.ask('GET', '/open/7', { ...pair(bench.key), Authorization: 'Bearer of-a-user' });
    assert.deepEqual(values(bench.upstream.take()[0], 'Authorization'), ['Bearer of-a-user']);
    await bench.ask('GET', '/news/7', { Authorization: `Bearer ${bench.key.appToken}` });
    assert.deepEqual(values(bench.upstream.take()[0], 'Authorization'), []);
  });

  test('headers that a client forges change no decision and reach no upstream', async () => {
    const rows = [['allowed', '/open/7', {}, 200], ['no right', '/secret/7', {}, 403],
      ['no key', '/open/7', { 'X-App-Key': [], 'X-App-Token': [] }, 401],
      ['public', '/news/7', { 'X-App-Key': [], 'X-App-Token': [] }, 200]];
    const forgeries = [FORGED, ...Object.entries(FORGED).map(([name, value]) => ({ [name]: value }))];
    for (const [label, url, headers, status] of rows) {
      for (const forged of forgeries) {
        const answer = await bench.raw(`GET ${url} HTTP/1.1`, { ...forged, ...headers });
        const what = `${label}: ${JSON.stringify(forged)}`;
        assert.equal(answer.status, status, what);
        assert.equal(answer.seen.length, status === 200 ? 1 : 0, what);
        if (status !== 200) continue;
        assert.equal(answer.seen[0].url, url, what);
        assert.doesNotMatch(answer.seen[0].bytes.toString('latin1'), forgery, what);
        assert.deepEqual(values(answer.seen[0], 'X-Llavero-Key'), label === 'public' ? [] : [bench.key.appKey], what);
      }
    }
  });

  test('a key bound to addresses sees that of the connection', async () => {
    const make = (label, addresses) => bench.daemon.api('POST', '/v1/keys', { account: 'store', label, addresses, profiles: ['Reader'] });
    const forged = { 'X-Original-Address': '10.66.66.66', 'X-Forwarded-For': '10.66.66.66', 'X-Real-IP': '10.66.66.66' };
    const away = await bench.ask('GET', '/open/7', { ...pair(await make('away', ['10.66.66.0/24'])), ...forged });
    assertRefused(away, 403, 'address_not_allowed');
    assert.equal((await bench.ask('GET', '/open/7', { ...pair(await make('here', ['127.0.0.1'])), ...forged })).status, 200);
    const [seen] = bench.upstream.take();
    assert.deepEqual(values(seen, 'X-Forwarded-For'), ['127.0.0.1']);
    assert.deepEqual(values(seen, 'X-Real-IP'), ['127.0.0.1']);
  });

  test('the host that counts is the one that the upstream sees', async () => {
    const rows = [['inner.example', 'GET /open/7 HTTP/1.1'], ['INNER.EXAMPLE:80', 'GET /open/7 HTTP/1.1'],
      ['shop.example', 'GET http://inner.example/open/7 HTTP/1.1'], ['inner.example', 'GET http://shop.example/open/7 HTTP/1.1']];
    for (const [host, line] of rows) {
      const { status, seen } = await bench.raw(line, { Host: host });
      if (status !== 200) { assert.deepEqual(seen, [], line); continue; }
      assert.equal(seen[0].url, '/open/7', line);
      assert.deepEqual(values(seen[0], 'Host'), ['shop.example'], line);
    }
    assert.equal((await bench.raw('GET /open/7 HTTP/1.1', { Host: 'inner.example' })).status, 403);
  });
}

function testTransport(bench, { h2 }) {
  test('a body reaches the upstream as it was sent, and never the gate', async () => {
    const bodies = ['', 'x', '{"a":1}', 'z'.repeat(300000), '\r\n\r\nGET /secret/1 HTTP/1.1\r\n'];
    for (const body of bodies) {
      assert.equal((await bench.ask('POST', '/open/7', pair(bench.key), { body })).status, 200, `${body.length} bytes`);
      assert.equal(bench.upstream.take()[0].body.toString(), body);
    }
    const chunked = await bench.raw('PUT /open/7 HTTP/1.1', { 'Transfer-Encoding': 'chunked' }, '3\r\nabc\r\n0\r\n\r\n');
    assert.equal(chunked.status, 200);
    assert.equal(chunked.seen[0].body.toString(), 'abc');
  });

  test('a body that is refused is not read as the next request', async () => {
    const smuggled = 'GET /news/smuggled HTTP/1.1\r\nHost: shop.example\r\n\r\n';
    for (const more of [{ 'X-App-Token': 'wrong' }, { 'Transfer-Encoding': 'chunked' }]) {
      const { status, seen } = await bench.raw('POST /open/7 HTTP/1.1', { 'Content-Length': String(smuggled.length), ...more }, smuggled);
      assert.ok(status >= 400, `${status}`);
      assert.deepEqual(seen, []);
    }
  });

  test('a websocket opens for who may, and carries bytes both ways', async () => {
    const upgrade = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    assertRefused(await bench.ask('GET', '/open/7', { ...pair(bench.bare), ...upgrade }), 403, 'no_profile');
    assert.deepEqual(bench.upstream.take(), []);
    const headers = { ...HOSTED, ...pair(bench.key), ...upgrade };
    const socket = net.connect(bench.server.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => { text += chunk.toString('latin1'); });
    socket.on('error', () => {});
    try {
      socket.write(`GET /open/7 HTTP/1.1\r\n${Object.entries(headers).map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`);
      await until('the upgrade', () => text.includes('\r\n\r\n'), 30000);
      assert.match(text, /^HTTP\/1\.1 101 /);
      socket.write('both ways');
      await until('the echo', () => text.endsWith('both ways'), 30000);
    } finally { socket.destroy(); }
    assert.ok(!bench.upstream.take()[0].bytes.includes(bench.key.appToken));
  });

  test('on one connection each request is decided by itself', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const statuses = [];
    try {
      for (const [url, headers] of [['/open/1', pair(bench.key)], ['/secret/1', pair(bench.key)], ['/open/1', {}],
        ['/open/2', pair(bench.key)], ['/open/1', pair(bench.bare)], ['/news/1', {}], ['/open/3', pair(bench.key)]]) {
        statuses.push((await bench.ask('GET', url, headers, { agent })).status);
      }
    } finally { agent.destroy(); }
    assert.deepEqual(statuses, [200, 403, 401, 200, 403, 200, 200]);
    assert.deepEqual(bench.upstream.take().map((seen) => [seen.url, values(seen, 'X-Llavero-Key')[0]]),
      [['/open/1', bench.key.appKey], ['/open/2', bench.key.appKey], ['/news/1', undefined], ['/open/3', bench.key.appKey]]);
  });

  test('headers larger than Llavero reads are refused, not passed', async () => {
    const row = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`X-Filler-${i}`, 'y'.repeat(1000)]));
    const answer = await bench.ask('GET', '/secret/7', { ...pair(bench.key), ...row });
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
    assert.deepEqual(bench.upstream.take(), []);
  });

  if (h2) test('HTTP/2 is decided like HTTP/1.1', () => testHttp2(bench));
}

async function testHttp2(bench) {
  const session = openHttp2(`http://127.0.0.1:${bench.server.port2}`);
  const get = (path, headers = pair(bench.key)) => session.get(path, headers);
  try {
    assert.equal((await get('/open/7')).status, 200);
    const [seen] = bench.upstream.take();
    assert.deepEqual([seen.url, values(seen, 'X-Llavero-Key'), values(seen, 'X-App-Token')], ['/open/7', [bench.key.appKey], []]);
    const refused = await get('/secret/7');
    assert.deepEqual([refused.status, JSON.parse(refused.text).cause], [403, 'profile_lacks_resource']);
    for (const path of ['/open/..%2fsecret/1', '/open/../secret/1', '/open//secret/1', '/open/7;/../secret/1']) {
      assert.ok((await get(path)).status >= 400, path);
    }
    assert.equal((await get('/open/7', { ...pair(bench.key), 'x-forwarded-uri': '/news/1', 'x-llavero-key': 'forged' })).status, 200);
    assert.doesNotMatch(bench.upstream.take().map((one) => one.bytes.toString('latin1')).join(), /forged/);
    assert.equal((await get('/open/7', { 'x-forwarded-uri': '/news/1' })).status, 401);
    assert.deepEqual(bench.upstream.take(), []);
  } finally { await session.close(); }
}

function testPaths(bench) {
  test('no spelling of a path passes that an upstream could read as another one', async () => {
    let passed = 0;
    for (const target of PATHS) {
      const { status, seen } = await bench.raw(`GET ${target} HTTP/1.1`);
      const label = JSON.stringify(target);
      if (status !== 200) { assert.deepEqual(seen, [], label); continue; }
      passed += 1;
      assert.equal(seen.length, 1, label);
      assert.equal(seen[0].odd, undefined, label);
      const again = await decidedAfresh(bench.daemon, bench.key, { method: 'GET', url: seen[0].url, host: values(seen[0], 'Host')[0] });
      assert.equal(again.allowed, true, `${label} reached the upstream as ${seen[0].url}: ${again.cause}`);
      const [path] = seen[0].url.split('?');
      for (const read of READERS) {
        assert.doesNotMatch(read(path), /secret/i, `${label} passes as ${path}, and may be read as ${JSON.stringify(read(path))}`);
      }
    }
    assert.ok(passed >= 4 && passed < PATHS.length / 5, `${passed} of ${PATHS.length} pass`);
  });
}

function testFaults(bench) {
  const assertSilent = async (label) => {
    for (const url of ['/open/7', '/news/7', '/secret/7']) {
      assertRefused(await bench.ask('GET', url), 503, 'index_unavailable', `${label}: ${url}`);
    }
    assert.deepEqual(bench.upstream.take(), []);
  };
  const back = (what) => until(what, async () => (await bench.ask('GET', '/open/7')).status === 200, 30000);

  test('503: an index older than its lease refuses, and serves again once it is fresh', async () => {
    const [keeper] = bench.pids('keeper').slice(-1);
    process.kill(keeper, 'SIGSTOP');
    try {
      const answer = await until('the index stale', async () => {
        const one = await bench.ask('GET', '/open/7');
        return one.status !== 200 && one;
      }, 30000);
      assertRefused(answer, 503, 'index_stale');
    } finally { process.kill(keeper, 'SIGCONT'); }
    await back('fresh again');
    bench.upstream.take();
  });

  test('503: a Llavero that does not answer in time lets nothing pass, and is asked again by itself', async () => {
    const gates = bench.pids('gate');
    for (const pid of gates) process.kill(pid, 'SIGSTOP');
    try {
      assertRefused(await bench.ask('GET', '/open/7'), 503, 'index_unavailable');
      assert.deepEqual(bench.upstream.take(), []);
    } finally { for (const pid of gates) process.kill(pid, 'SIGCONT'); }
    await back('answering again');
    bench.upstream.take();
  });

  test('503: no Llavero, no passage, not even to what is public; once it is back, all is as before', async () => {
    await bench.daemon.stop('SIGKILL');
    await assertSilent('killed');
    await bench.daemon.launch();
    bench.server.allowGate();
    await back('Llavero back');
    bench.upstream.take();
  });

  test('an upstream that is down is not told as a fault of Llavero', async () => {
    await bench.upstream.stop();
    // A gateway may hang up where a connection that it kept turns out dead.
    const answer = await until('the upstream seen gone', () => bench.ask('GET', '/open/7').catch(() => false), 30000);
    assert.ok([502, 503].includes(answer.status), `${answer.status}`);
    assert.equal(answer.json?.cause, undefined);
  });

  test('no secret stands in a log of the gateway or of Llavero', () => {
    for (const text of [bench.server.log(), bench.daemon.logText()]) {
      for (const { appToken } of [bench.key, bench.bare]) assert.ok(!text.includes(appToken));
    }
  });
}

// Where the question went astray, to an upstream say, 200 is no verdict.
function testAstray(start) {
  test('a 200 that does not come from Llavero lets nothing pass', async (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-astray-'));
    const other = http.createServer((req, res) => res.end('fine'));
    t.after(() => { other.close(); other.closeAllConnections(); fs.rmSync(folder, { recursive: true }); });
    const gate = path.join(folder, 'gate.sock');
    await new Promise((resolve) => other.listen(gate, resolve));
    const upstream = await RecordingUpstream.start();
    t.after(() => upstream.stop());
    const server = await start({ gate, upstream: upstream.port });
    t.after(() => server.stop());
    const answer = await request({ port: server.port }, 'GET', '/open/7', { headers: { ...HOSTED, 'X-Llavero-Revision': '7' } });
    assertRefused(answer, 503, 'index_unavailable');
    assert.deepEqual(upstream.take(), []);
  });
}

/**
 * All of the above on one kit. start: of servers.mjs; h2: whether the server speaks HTTP/2 without TLS;
 * astray: whether the kit can tell a verdict from another 200.
 */
export function testKit(start, { h2 = true, astray = true } = {}) {
  if (astray) testAstray(start);
  const bench = new Bench();
  before(() => bench.open(start));
  after(() => bench.close());
  testCaller(bench);
  testUpstream(bench);
  testTransport(bench, { h2 });
  testPaths(bench);
  testFaults(bench);
}
