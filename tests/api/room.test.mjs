// Who may do little cannot take the room of those who may do more: connections, memory, workers, log.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { freePort, Llaverod, request, until } from '../lib/llaverod.mjs';
import { makeStore } from '../lib/store.mjs';

const CONNECTIONS = 64;
const PATIENCE = 30000;
const ANSWER_WITHIN = 25000;

let daemon;
let key;
let strangerPort; // of the gate, from where nobody is trusted
let keeperPort;

before(async () => {
  keeperPort = await freePort();
  strangerPort = await freePort();
  daemon = await Llaverod.start({ env: {
    LLAVERO_GATE_PROCESSES: '1', LLAVERO_GATE_CONNECTIONS: String(CONNECTIONS), LLAVERO_KEEPER_WORKERS: '4',
    LLAVERO_KEEPER_LISTEN: `127.0.0.1:${keeperPort}`, LLAVERO_GATE_TRUSTED: '127.0.0.1/32' },
  config: `gate_listener "outside" { listen = {"127.0.0.2:${strangerPort}"} }\n` });
  ({ key } = await makeStore(daemon));
});

after(() => daemon?.close());

// Count connections that say one thing, and then keep their place for longer than ANSWER_WITHIN.
async function hold(count, port, say, { host = '127.0.0.1', from = '127.0.0.1' } = {}) {
  const sockets = [];
  const held = { answered: 0, closed: 0, end: () => sockets.forEach((socket) => socket.destroy()) };
  await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
    const socket = net.connect({ port, host, localAddress: from });
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => { held.answered += 1; });
    socket.on('connect', () => { socket.write(say); resolve(); });
    socket.on('close', () => { held.closed += 1; resolve(); });
  })));
  return held;
}

const ask = (target) => request(target, 'GET', '/auth/nginx', { timeout: ANSWER_WITHIN, headers: {
  'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7', 'X-App-Key': key.appKey, 'X-App-Token': key.appToken } });

test('an address that is full leaves the socket of the gate its part', async () => {
  const held = await hold(2 * CONNECTIONS, daemon.port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  try {
    await until('the address is full', () => held.answered >= CONNECTIONS - CONNECTIONS / 8, PATIENCE);
    for (let i = 0; i < 20; i++) assert.equal((await ask(daemon.gate)).status, 200);
    assert.ok(held.answered <= CONNECTIONS - CONNECTIONS / 8 + 1, `${held.answered} by the address`);
  } finally { held.end(); }
  assert.equal((await ask(daemon.tcp)).status, 200);
});

test('strangers have an eighth of the gate\'s connections between them, others the rest', async () => {
  const held = await hold(2 * CONNECTIONS, strangerPort,
    'POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n', { host: '127.0.0.2', from: '127.0.0.3' });
  try {
    await until('those beyond are closed', () => held.closed >= 2 * CONNECTIONS - CONNECTIONS / 8 - 2, PATIENCE);
    for (const target of [daemon.gate, daemon.tcp]) assert.equal((await ask(target)).status, 200);
  } finally { held.end(); }
  // Their room comes back, and there they are told why they are refused.
  await until('a stranger is heard again', () => new Promise((resolve) => {
    const socket = net.connect({ port: strangerPort, host: '127.0.0.2', localAddress: '127.0.0.3' });
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => { text += chunk; });
    socket.on('close', () => resolve(/^HTTP\/1.1 403 /.test(text)));
    socket.on('connect', () => socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'));
  }), PATIENCE);
});

test('refused peers cannot fill the log', async () => {
  const lines = () => daemon.logText().split('\n').filter((line) => line.includes('"untrusted_peer"')).length;
  const before = lines();
  const began = Date.now();
  let asked = 0;
  for (; asked < 300; asked++) {
    await new Promise((resolve) => {
      const socket = net.connect({ port: strangerPort, host: '127.0.0.2', localAddress: '127.0.0.3' });
      socket.on('error', () => {});
      socket.on('data', () => {});
      socket.on('close', resolve);
      socket.on('connect', () => socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'));
    });
  }
  const seconds = Math.ceil((Date.now() - began) / 1000) + 1;
  const written = lines() - before;
  assert.ok(written > 0 && written <= Math.min(10 * seconds, asked), `${written} lines in ${seconds} s`);
  const counted = (await request(daemon.gate, 'GET', '/metrics')).text.match(/^llavero_untrusted_total (\d+)$/m);
  assert.ok(Number(counted[1]) >= asked, counted[0]);
});

test('the operator is heard while the keeper\'s address is full', async () => {
  const held = await hold(1100, keeperPort, 'GET /causes/no_profile HTTP/1.1\r\nHost: a\r\n\r\n');
  try {
    await until('all were looked at', () => held.answered + held.closed >= 1024, PATIENCE);
    assert.equal((await request(daemon.keeper, 'GET', '/v1/status', { timeout: ANSWER_WITHIN })).status, 200);
  } finally { held.end(); }
});

test('no memory is kept for a large body of somebody who is no operator', async () => {
  const head = `POST /v1/keys/import?account=store HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${32 << 20}\r\n\r\n`;
  // Closed at once, without a word, until the keeper has seen that those of the last test are gone.
  const answer = await until('there is room', () => new Promise((resolve) => {
    const socket = net.connect(keeperPort, '127.0.0.1');
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => { text += chunk; });
    socket.on('close', () => resolve(text));
    socket.on('connect', () => socket.write(head));
  }), PATIENCE);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  const small = await request({ port: keeperPort }, 'POST', '/v1/keys/import?account=store', { body: '{}' });
  assert.equal(small.json.code, 'api.login_needed');
  // The operator's may be that large.
  const line = `${JSON.stringify({ appKey: 'x', sha256: 'zz' })}\n`;
  const { refusedCount } = await daemon.api('POST', '/v1/keys/import?account=store', line.repeat(3000));
  assert.equal(refusedCount, 3000);
});

test('the data directory shows nothing to others', () => {
  for (const entry of fs.readdirSync(daemon.data, { recursive: true })) {
    const at = fs.lstatSync(`${daemon.data}/${entry}`);
    if (entry !== 'event-public-key' && !at.isSymbolicLink()) assert.equal(at.mode & 0o007, 0, entry);
  }
});
