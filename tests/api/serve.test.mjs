// How people reach the keeper: by TLS, behind a trusted proxy, and everybody at the public addresses.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { get, HOST, REFUSED } from '../lib/framing.mjs';
import { LLAVEROD, Llaverod, freePort, raw, request, until } from '../lib/llaverod.mjs';
import { readAnswers } from '../lib/strict_http.mjs';

const EVERYWHERE = ['content-security-policy', 'x-content-type-options', 'x-frame-options', 'referrer-policy',
  'cross-origin-opener-policy', 'cross-origin-resource-policy', 'permissions-policy', 'cache-control'];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-tls-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function certificate(name) {
  const [cert, key] = [path.join(folder, `${name}.pem`), path.join(folder, `${name}.key`)];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  fs.chmodSync(key, 0o600);
  return { cert, key };
}

// One request by TLS; answers { status, headers, text, name } with the certificate's name.
function secure(port, ca, method, url, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const req = https.request({ host: '127.0.0.1', port, method, path: url, headers, ca: fs.readFileSync(ca), agent: false }, (res) => {
      const { subject } = res.socket.getPeerCertificate();
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, text: Buffer.concat(chunks).toString(), name: subject.CN }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

// Bytes as they are inside TLS; all that came until the end.
function rawSecure(port, bytes) {
  return new Promise((resolve) => {
    const chunks = [];
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => socket.write(Buffer.from(bytes, 'latin1')));
    socket.setTimeout(30000, () => socket.destroy());
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

const OPEN = ['/causes', '/causes/no_profile', '/check', '/share', '/healthz'];
const SHUT = ['/', '/login', '/keys', '/settings', '/v1/status', '/v1/accounts', '/v1/keys', '/openapi.json', '/readyz', '/index.html',
  '/share.html', '/v1/share/look/x', '/v1/share', '/causes/../v1/status', '/nothing', '/metrics'];

describe('by TLS', () => {
  const one = certificate('one');
  let daemon;
  let people;
  let everybody;
  before(async () => {
    [people, everybody] = [await freePort(), await freePort()];
    fs.copyFileSync(one.cert, path.join(folder, 'used.pem'));
    fs.copyFileSync(one.key, path.join(folder, 'used.key'));
    daemon = await Llaverod.start({ env: {
      LLAVERO_KEEPER_LISTEN: `127.0.0.1:${people}`,
      LLAVERO_PUBLIC_LISTEN: `127.0.0.1:${everybody}`,
      LLAVERO_KEEPER_TLS_CERTIFICATE: path.join(folder, 'used.pem'),
      LLAVERO_KEEPER_TLS_KEY: path.join(folder, 'used.key') } });
  });
  after(async () => { if (daemon) assert.deepEqual(await daemon.close(), { code: 0, signal: null }); });

  test('every answer has the headers, and says to come by TLS only', async () => {
    for (const url of [...OPEN, ...SHUT]) {
      const answer = await secure(people, one.cert, 'GET', url);
      for (const name of EVERYWHERE) assert.ok(answer.headers[name], `${url}: ${name}`);
      assert.match(answer.headers['strict-transport-security'], /^max-age=\d{8}/, url);
    }
    assert.equal((await request(daemon.keeper, 'GET', '/healthz')).headers['strict-transport-security'], undefined);
  });

  test('the public address answers what needs no login, and 404 to all else', async () => {
    for (const url of OPEN) {
      const [here, there] = [await secure(everybody, one.cert, 'GET', url), await secure(people, one.cert, 'GET', url)];
      assert.equal(here.status, there.status, url);
      assert.notEqual(here.status, 404, url);
    }
    for (const url of SHUT) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
        const answer = await secure(everybody, one.cert, method, url);
        assert.equal(answer.status, 404, `${method} ${url}`);
        for (const name of EVERYWHERE) assert.ok(answer.headers[name], `${url}: ${name}`);
      }
    }
  });

  test('one-time links are looked at there', async () => {
    const body = JSON.stringify({ secret: 'not one' });
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    for (const url of ['/v1/share/look', '/v1/share/open']) {
      const [here, there] = [await secure(everybody, one.cert, 'POST', url, headers, body), await secure(people, one.cert, 'POST', url, headers, body)];
      assert.equal(here.status, there.status, url);
      assert.ok(here.headers['content-type'].includes('json'));
    }
  });

  test('a proxy that nobody named is not believed', async () => {
    const answer = await secure(people, one.cert, 'GET', '/v1/status', { 'X-Forwarded-For': '::1', 'X-Forwarded-Proto': 'http' });
    assert.ok(answer.headers['strict-transport-security']);
  });

  test('plain HTTP gets nothing', async () => {
    const text = (await raw({ port: people }, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 5000)).toString('latin1');
    assert.doesNotMatch(text, /HTTP\/1/);
  });

  test('nothing older than TLS 1.2', async () => {
    const handshake = (options) => new Promise((resolve) => {
      const socket = tls.connect({ host: '127.0.0.1', port: people, rejectUnauthorized: false, ...options },
        () => { resolve(socket.getProtocol()); socket.destroy(); });
      socket.on('error', () => resolve('refused'));
    });
    assert.equal(await handshake({}), 'TLSv1.3');
    assert.equal(await handshake({ maxVersion: 'TLSv1.2' }), 'TLSv1.2');
    assert.equal(await handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), 'refused');
    assert.equal(await handshake({ maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }), 'refused', 'without forward secrecy');
    assert.equal(await handshake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }), 'refused', 'CBC');
  });

  test('requests are read as strictly inside TLS', async () => {
    for (const [label, bytes, status] of REFUSED) {
      const got = await rawSecure(people, bytes + get(HOST, 'GET /healthz HTTP/1.1'));
      const answers = readAnswers(Buffer.from(got, 'latin1'));
      assert.ok(answers.length >= 1, `${label}: no answer`);
      assert.ok([status].flat().includes(answers[0].status), `${label}: got ${answers[0].status}`);
      assert.ok(answers.every((answer) => answer.status >= 400), `${label}: something reached a handler`);
    }
  });

  test('a renewed certificate is used after SIGHUP; one that is of no use is not', async () => {
    const two = certificate('two');
    fs.copyFileSync(two.key, path.join(folder, 'used.key')); // does not fit the certificate
    daemon.process.kill('SIGHUP');
    await until('the refusal in the log', () => daemon.logText().includes('configuration_refused'), 30000);
    assert.equal((await secure(people, one.cert, 'GET', '/healthz')).name, 'one');
    fs.copyFileSync(two.cert, path.join(folder, 'used.pem'));
    daemon.process.kill('SIGHUP');
    await until('the new certificate', async () => {
      try { return (await secure(people, two.cert, 'GET', '/healthz')).name === 'two'; } catch { return false; }
    }, 30000);
  });
});

describe('behind a proxy', () => {
  let daemon;
  let people;
  before(async () => {
    people = { port: await freePort() };
    daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${people.port}`, LLAVERO_KEEPER_TRUSTED_PROXY: '127.0.0.1, 10.0.0.0/8' } });
  });
  after(() => daemon?.close());

  const ask = (headers) => request(people, 'GET', '/login', { headers });
  const isPlain = (answer) => answer.status === 403 && answer.json.code === 'http.tls_needed';

  test('what its client did is believed', async () => {
    const answer = await ask({ 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https' });
    assert.ok(!isPlain(answer) && answer.headers['strict-transport-security']);
  });

  test('a client that came in the clear is refused, unless it is this machine', async () => {
    assert.ok(isPlain(await ask({ 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'http' })));
    assert.ok(isPlain(await ask({ 'X-Forwarded-For': '203.0.113.9' })));
    assert.ok(isPlain(await ask({ 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https, http' })));
    assert.ok(!isPlain(await ask({})));
    assert.equal((await request(people, 'GET', '/healthz', { headers: { 'X-Forwarded-For': '203.0.113.9' } })).status, 200);
  });

  test('what stands left of a stranger is his own word', async () => {
    assert.ok(isPlain(await ask({ 'X-Forwarded-For': '127.0.0.1, 203.0.113.9' })), 'loopback claimed by a stranger');
    assert.ok(isPlain(await ask({ 'X-Forwarded-For': '127.0.0.1, 203.0.113.9, 10.1.2.3' })));
    assert.ok(!isPlain(await ask({ 'X-Forwarded-For': '203.0.113.9, ::1' })), 'the nearest is this machine');
  });

  test('the log names the client, and who connected', async () => {
    const line = (id) => until(`the line of ${id}`, () => daemon.logText().split('\n').find((one) => one.includes(id)), 30000);
    const rows = [[['X-Forwarded-For', '198.51.100.1, 203.0.113.9, 10.1.2.3', 'X-Forwarded-Proto', 'https'], '203.0.113.9'],
      [['X-Forwarded-For', '203.0.113.9'], '203.0.113.9'], [['X-Forwarded-For', '2001:db8::7'], '2001:db8::7'],
      [['X-Forwarded-For', 'somebody'], '127.0.0.1'], [['X-Forwarded-For', '203.0.113.9, 198.51.100.1x'], '127.0.0.1'], [[], '127.0.0.1']];
    for (const [headers, client] of rows) {
      const answer = await request(people, 'GET', '/v1/session', { headers: ['Host', 'localhost', ...headers] });
      const logged = JSON.parse(await line(answer.json.requestId));
      assert.deepEqual([logged.peer, logged.client], ['127.0.0.1', client], headers.join(' '));
    }
  });

  test('a large body is taken of whom the client is, wherever the proxy stands', async () => {
    await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
    const { token } = await daemon.api('POST', '/v1/management-tokens', { account: 'store', label: 'deploy', rights: ['catalog.edit'],
      addresses: ['203.0.113.9'], expiresAt: new Date(Date.now() + 86400000).toISOString() });
    const send = (headers) => request(people, 'POST', '/v1/catalog/suggest', { body: JSON.stringify({ filler: 'x'.repeat(70000) }), headers });
    const bearer = { Authorization: `Bearer ${token}` };
    const from = (address, proto = 'https') => ({ 'X-Forwarded-For': address, 'X-Forwarded-Proto': proto });
    const read = await send({ ...bearer, ...from('203.0.113.9') });
    assert.ok(read.status === 400 && read.json.code !== 'http.body_long', `${read.status} ${read.text}`);
    for (const [label, headers] of [['from elsewhere', { ...bearer, ...from('203.0.113.8') }], ['in the clear', { ...bearer, ...from('203.0.113.9', 'http') }],
      ['of nobody', from('203.0.113.9')], ['with a header that means nothing', { ...bearer, ...from('somebody') }]]) {
      assert.equal((await send(headers)).status, 413, label);
    }
  });

  test('headers that mean nothing are refused', async () => {
    for (const headers of [['X-Forwarded-For', '1.2.3.4', 'X-Forwarded-For', '::1'], ['X-Forwarded-Proto', 'https', 'X-Forwarded-Proto', 'http'],
      ['X-Forwarded-For', 'somebody'], ['X-Forwarded-For', '1.2.3.4,'], ['X-Forwarded-For', '']]) {
      const answer = await request(people, 'GET', '/login', { headers: ['Host', 'localhost', ...headers] });
      assert.equal(answer.status, 400, headers.join(' '));
      assert.equal(answer.json.code, 'http.forwarded_invalid');
    }
  });
});

describe('in the clear', () => {
  test('an address beyond loopback is refused at --check, with the reason', () => {
    const check = (env) => spawnSync(LLAVEROD, ['--check', '--lang', 'en', '--config', '/dev/null'], { env: { ...process.env, ...env }, encoding: 'utf8' });
    for (const name of ['KEEPER', 'PUBLIC']) {
      const run = check({ [`LLAVERO_${name}_LISTEN`]: '0.0.0.0:7999' });
      assert.equal(run.status, 1);
      assert.match(run.stderr, /0\.0\.0\.0:7999 can be reached from outside.*tls_certificate.*trusted_proxy/);
    }
    assert.equal(check({ LLAVERO_KEEPER_LISTEN: '0.0.0.0:7999', LLAVERO_KEEPER_TRUSTED_PROXY: '10.0.0.1' }).status, 0);
  });

  test('files that are of no use are refused at --check, with the reason', () => {
    const [a, b] = [certificate('a'), certificate('b')];
    const check = (cert, key) => spawnSync(LLAVEROD, ['--check', '--lang', 'en', '--config', '/dev/null'],
      { env: { ...process.env, LLAVERO_KEEPER_TLS_CERTIFICATE: cert, LLAVERO_KEEPER_TLS_KEY: key }, encoding: 'utf8' });
    const said = (run) => { assert.equal(run.status, 1); return run.stderr; };
    assert.equal(check(a.cert, a.key).status, 0);
    assert.match(said(check(a.cert, b.key)), /of no use together/);
    assert.match(said(check(a.key, a.key)), /of no use together/);
    assert.match(said(check(path.join(folder, 'none.pem'), a.key)), /none\.pem cannot be read/);
    assert.match(said(check(folder, a.key)), /cannot be read/);
    fs.chmodSync(b.key, 0o644);
    assert.match(said(check(b.cert, b.key)), /Everybody can read the key/);
  });
});

test('a refusal of the transport has the headers too', async () => {
  const daemon = await Llaverod.start();
  try {
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n']) {
      const text = (await raw(daemon.keeper, bytes, 5000)).toString('latin1').toLowerCase();
      assert.match(text, /^http\/1\.1 400 /);
      for (const name of EVERYWHERE) assert.ok(text.includes(`\r\n${name}: `), name);
    }
  } finally {
    await daemon.close();
  }
});
