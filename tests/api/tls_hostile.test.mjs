// What a hostile client does to the listeners of people: odd handshakes, many connections, slow ones, headers of a proxy that it is not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';

import { freePort, Llaverod, until } from '../lib/llaverod.mjs';
import { readAnswers } from '../lib/strict_http.mjs';

const MANY = 1100; // more than a listener holds
const GET = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-hostile-'));
const [cert, key] = [path.join(folder, 'used.pem'), path.join(folder, 'used.key')];
let daemon;
let port;
let slow;

// Each of an own network of this machine: 127.0.NETWORK.1.
const at = (network) => ({ host: '127.0.0.1', port, localAddress: `127.0.${network}.1` });

// The type and the body of a handshake's message, as records of at most 16 KiB.
function records(type, body) {
  const message = Buffer.concat([Buffer.from([type, body.length >> 16, (body.length >> 8) & 255, body.length & 255]), body]);
  const parts = [];
  for (let i = 0; i < message.length; i += 16384) {
    const part = message.subarray(i, i + 16384);
    parts.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(parts);
}

const u16 = (value) => Buffer.from([value >> 8, value & 255]);
const extension = (type, body) => Buffer.concat([u16(type), u16(body.length), body]);

function clientHello(extensions = [], version = '0303') {
  const all = Buffer.concat([extension(10, Buffer.from('00020017', 'hex')), extension(11, Buffer.from('0100', 'hex')),
    extension(13, Buffer.from('00020403', 'hex')), ...extensions]);
  return records(1, Buffer.concat([Buffer.from(version, 'hex'), Buffer.alloc(32, 7), Buffer.from('000002c02b0100', 'hex').subarray(0, 1),
    Buffer.from('0002c02b0100', 'hex'), u16(all.length), all]));
}

const serverName = (length) => extension(0, Buffer.concat([u16(length + 3), Buffer.from([0]), u16(length), Buffer.alloc(length, 97)]));

// All that comes back for these bytes, until the other side closes, or says hello.
function answerTo(bytes) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(at(9), () => socket.write(bytes));
    let got = Buffer.alloc(0);
    socket.setTimeout(30000, () => { socket.destroy(); reject(new Error('neither answered nor closed')); });
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got[0] === 22) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(got));
  });
}

// Bytes inside TLS, one write each; everything that came once count answers have, or the end.
function inside(writes, count, options = {}) {
  return new Promise((resolve) => {
    const socket = tls.connect({ ...at(9), rejectUnauthorized: false, ...options }, () => writes.forEach((bytes) => socket.write(bytes)));
    let got = '';
    socket.setTimeout(30000, () => socket.destroy());
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      if (got.split('HTTP/1.1 ').length > count) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(got));
  });
}

function ask({ method = 'GET', url = '/healthz', headers = {}, body, network = 7, agent = false } = {}) {
  return new Promise((resolve, reject) => {
    const req = https.request({ ...at(network), method, path: url, headers, agent, rejectUnauthorized: false }, (res) => {
      let text = '';
      res.on('data', (chunk) => { text += chunk; });
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, text }));
    });
    req.setTimeout(30000, () => req.destroy(new Error('no answer')));
    req.on('error', reject);
    req.end(body);
  });
}

const held = (bytes = '', network = 5) => new Promise((resolve) => {
  const socket = net.connect(at(network), () => { if (bytes.length) socket.write(bytes); resolve(socket); });
  socket.ended = false;
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.on('close', () => { socket.ended = true; });
});

before(async () => {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=used', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  fs.chmodSync(key, 0o600);
  port = await freePort();
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}`,
    LLAVERO_KEEPER_TLS_CERTIFICATE: cert, LLAVERO_KEEPER_TLS_KEY: key } });
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  const drip = await held('', 10);
  const hello = clientHello([serverName(3000)]);
  let sent = 0;
  const dripping = setInterval(() => drip.write(hello.subarray(sent, sent += 1)), 200);
  drip.on('close', () => clearInterval(dripping));
  slow = { nothing: await held('', 10), 'half a greeting': await held(hello.subarray(0, 20), 10),
    'a greeting, and then nothing': await held(clientHello(), 10), drip };
});

after(async () => {
  for (const socket of Object.values(slow ?? {})) socket.destroy();
  if (daemon) assert.deepEqual(await daemon.close(), { code: 0, signal: null });
  fs.rmSync(folder, { recursive: true });
});

test('what is no handshake is closed, and nothing of it is answered as a request', async () => {
  const hello = clientHello();
  const rows = [
    ['plain HTTP', GET],
    ['the PROXY protocol', `PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n${GET}`],
    ['the PROXY protocol, before a handshake', Buffer.concat([Buffer.from('PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n'), hello])],
    ['the PROXY protocol, version 2', Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a2111000ccb0071097f00000100010002', 'hex'), hello])],
    ['noise', Buffer.alloc(5000, 0xff)],
    ['zeros', Buffer.alloc(5000)],
    ['garbage before the handshake', Buffer.concat([Buffer.from('00', 'hex'), hello])],
    ['data before the handshake', Buffer.concat([Buffer.from('1703030003414243', 'hex'), hello])],
    ['an alert', Buffer.from('15030300020250', 'hex')],
    ['an empty record', Buffer.concat([Buffer.from('1603010000', 'hex').subarray(0, 5), Buffer.from('1603010000', 'hex'), Buffer.alloc(4096)])],
    ['a record that is too long', Buffer.concat([Buffer.from('160301ffff', 'hex'), Buffer.alloc(65535)])],
    ['SSL 3', clientHello([], '0300')],
    ['a name of 60000 bytes', clientHello([serverName(60000)])],
    ['a protocol list with a wrong length', clientHello([extension(16, Buffer.from('0005ff6161', 'hex'))])],
    ['an extension that is longer than the rest', records(1, Buffer.concat([Buffer.from('0303', 'hex'), Buffer.alloc(32), Buffer.from('000002c02b0100ffff', 'hex')]))],
  ];
  for (const [label, bytes] of rows) {
    const got = await answerTo(bytes);
    assert.notEqual(got[0], 22, `${label}: greeted`);
    assert.doesNotMatch(got.toString('latin1'), /HTTP\/1/, label);
  }
  for (const [label, bytes] of [['a plain greeting', hello], ['a name of 9000 bytes', clientHello([serverName(9000)])]]) {
    assert.equal((await answerTo(bytes))[0], 22, label);
  }
  assert.equal((await ask()).status, 200);
});

test('requests are whole however they are cut into records, and each has its answer', async () => {
  const rows = [
    ['thirty in one record', [GET.repeat(30)], 30],
    ['a byte a record', [...GET], 1],
    ['one and a half', [GET + GET.slice(0, 20), GET.slice(20)], 2],
    ['another protocol only', [GET], 1, { ALPNProtocols: ['h2'] }],
    ['many protocols', [GET], 1, { ALPNProtocols: Array.from({ length: 200 }, (_, i) => `p${i}`) }],
    ['TLS 1.2', [GET.repeat(3)], 3, { maxVersion: 'TLSv1.2' }],
  ];
  for (const [label, writes, count, options] of rows) {
    const answers = readAnswers(Buffer.from(await inside(writes, count, options), 'latin1'));
    assert.deepEqual(answers.map((answer) => answer.status), Array(count).fill(200), label);
  }
});

test('who wants to shake hands again is closed', async () => {
  const got = await new Promise((resolve) => {
    const socket = tls.connect({ ...at(9), rejectUnauthorized: false, maxVersion: 'TLSv1.2' }, () => {
      socket.renegotiate({ rejectUnauthorized: false }, () => {});
      socket.write(GET);
    });
    let text = '';
    const over = (what) => { resolve(what); socket.destroy(); };
    socket.setTimeout(30000, () => over('neither answered nor closed'));
    socket.on('data', (chunk) => { text += chunk; });
    socket.on('error', () => {});
    socket.on('end', () => over(text));
    socket.on('close', () => over(text));
  });
  assert.equal(got, '');
  assert.equal((await ask()).status, 200);
});

test('who goes away in the middle leaves nothing behind', async () => {
  const [keeper] = execFileSync('pgrep', ['-P', String(daemon.process.pid)], { encoding: 'utf8' }).split('\n');
  const open = () => fs.readdirSync(`/proc/${keeper}/fd`).length;
  const start = open();
  const hello = clientHello();
  const post = 'POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{';
  const gone = [];
  for (let i = 0; i < 60; i += 1) {
    const bytes = hello.subarray(0, (i * 7) % (hello.length + 1));
    gone.push(new Promise((resolve) => {
      const socket = net.connect(at(9), () => socket.write(bytes, () => socket.destroy()));
      socket.on('error', () => {});
      socket.on('close', resolve);
    }), new Promise((resolve) => {
      const text = i % 2 === 0 ? post : GET.slice(0, i % GET.length);
      const socket = tls.connect({ ...at(9), rejectUnauthorized: false }, () => (text ? socket.write(text, () => socket.destroy()) : socket.destroy()));
      socket.on('error', () => {});
      socket.on('close', resolve);
    }));
  }
  await Promise.all(gone);
  await until('its descriptors are free again', () => open() <= start, 30000);
  assert.equal((await ask()).status, 200);
});

test('who holds as many connections as there may be keeps nobody out', async () => {
  // Somebody is here before, and is not made to go.
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  assert.equal((await ask({ network: 3, agent })).status, 200);
  const mine = agent.freeSockets[Object.keys(agent.freeSockets)[0]][0];
  for (const bytes of [Buffer.alloc(0), clientHello()]) {
    const crowd = await Promise.all(Array.from({ length: MANY }, () => held(bytes)));
    const still = () => crowd.filter((socket) => !socket.ended).length;
    try {
      for (const network of [6, 5]) assert.equal((await ask({ network })).status, 200);
      // Answered while they are all there, not when their time was over.
      assert.ok(still() > MANY / 2, `${still()} are still there`);
      assert.equal((await ask({ network: 3, agent })).status, 200);
      assert.equal(mine.destroyed, false, 'on the same connection');
    } finally {
      for (const socket of crowd) socket.destroy();
    }
  }
  agent.destroy();
});

test('nobody is who he says that he forwards', async () => {
  const body = JSON.stringify({ account: 'store', email: 'ana@example.com', password: 'a guess that is wrong', code: '000000' });
  const statuses = [];
  for (let i = 0; i < 6; i += 1) {
    const one = `203.0.113.${i}`;
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length, 'X-Forwarded-For': one, 'X-Real-IP': one,
      Forwarded: `for=${one}`, 'True-Client-IP': one, 'X-Forwarded-Proto': 'https' };
    statuses.push((await ask({ method: 'POST', url: '/v1/session', headers, body, network: 8 })).status);
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
});

test('a certificate of no use is not taken, and it is said why', async () => {
  const good = fs.readFileSync(cert);
  const said = () => daemon.logText().split('\n').filter((line) => line.includes('configuration_refused'));
  const rows = [
    ['none', () => fs.rmSync(cert)],
    ['an empty one', () => fs.writeFileSync(cert, '')],
    ['noise', () => fs.writeFileSync(cert, Buffer.alloc(3000, 0xff))],
    ['half of one', () => fs.writeFileSync(cert, good.subarray(0, good.length / 2))],
    ['a folder', () => { fs.rmSync(cert); fs.mkdirSync(cert); }],
    ['a very large file', () => { fs.rmdirSync(cert); fs.writeFileSync(cert, Buffer.concat([good, Buffer.alloc(1 << 20, 10)])); }],
  ];
  for (const [i, [label, spoil]] of rows.entries()) {
    spoil();
    daemon.process.kill('SIGHUP');
    await until(`the refusal of ${label}`, () => said().length === i + 1, 30000);
    assert.ok(said()[i].includes('used.pem'), said()[i]);
    assert.equal((await ask()).status, 200, label);
  }
  fs.writeFileSync(cert, good);
});

test('a connection without a request ends, however slowly it is used', async () => {
  for (const [label, socket] of Object.entries(slow)) await until(`the end of ${label}`, () => socket.ended, 30000);
});
