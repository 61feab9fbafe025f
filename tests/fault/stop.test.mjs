// Ends by SIGTERM: of a start, at any moment; and under load. Nothing half made stays, and nothing
// that was taken in is lost.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { Llaverod, request, until } from '../lib/llaverod.mjs';
import { Random } from '../model/random.mjs';

const STARTS = Number(process.env.LLAVERO_TEST_STARTS ?? 50);
const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
const sockets = (daemon) => [daemon.keeper.socket, daemon.gate.socket].filter((name) => fs.existsSync(name));

test(`SIGTERM at any moment of a start: ends with 0, and the next start is as good`, async () => {
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '2' } });
  const random = new Random(20261124);
  try {
    await daemon.stop();
    const fresh = () => { fs.rmSync(daemon.data, { recursive: true }); fs.mkdirSync(daemon.data, { mode: 0o700 }); };
    let begun = 0;
    for (let i = 0; i < STARTS; i += 1) {
      // Half of them begin with nothing, the others with what the one before left.
      if (i % 2 === 0) fresh();
      fs.rmSync(daemon.log, { force: true });
      await daemon.launch({ wait: false });
      // The moment is a step of the start, so that a slow machine sees the same ones.
      const lines = random.below(16);
      const spins = random.below(2000);
      await until('it came so far', () => (fs.existsSync(daemon.log) ? daemon.logText().split('\n').length > lines : false)
        || /"serving"/.test(daemon.logText()), 30000);
      for (let spin = 0; spin < spins; spin += 1) fs.existsSync(daemon.data);
      const pids = [...daemon.logText().matchAll(/"started","child":"[^"]*","pid":(\d+)/g)].map(([, pid]) => Number(pid));
      const { code, signal } = await daemon.stop();
      // Before it has begun anything the signal itself may end it.
      if (signal === null) { assert.equal(code, 0, daemon.logText()); begun += 1; } else assert.equal(lines, 0, daemon.logText());
      assert.deepEqual(sockets(daemon), [], 'a socket stayed');
      assert.doesNotMatch(daemon.logText(), /"level":"error"/);
      await until('its processes are gone', () => !pids.some(alive), 30000);
    }
    assert.ok(begun > STARTS / 2);
    await daemon.launch();
    await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
    const { code } = await daemon.stop();
    assert.equal(code, 0);
    await daemon.launch();
    assert.equal((await daemon.api('GET', '/v1/accounts')).items[0].name, 'store');
  } finally { await daemon.close(); }
});

test('SIGTERM lets a request that is under way finish', async () => {
  const daemon = await Llaverod.start();
  try {
    const body = JSON.stringify({ appKey: 'x', appToken: 'y', method: 'GET', path: '/' });
    const socket = net.connect(daemon.gate.socket);
    let answer = '';
    socket.on('data', (chunk) => { answer += chunk; });
    const ended = once(socket, 'close');
    socket.write(`POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    // It has the headers and waits for the body.
    await until('100 Continue', () => answer.startsWith('HTTP/1.1 100 '), 30000);
    answer = '';
    const stopped = daemon.stop();
    // Nobody listens any more: every process has seen the signal.
    await until('closed', () => new Promise((resolve) => {
      const other = net.connect(daemon.port, '127.0.0.1');
      other.on('connect', () => { other.destroy(); resolve(false); });
      other.on('error', () => resolve(true));
    }), 30000);
    socket.write(body);
    await ended;
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
    assert.match(answer, /\r\nConnection: close\r\n/i);
    assert.match(answer, /"allowed":\s*false/);
    assert.deepEqual(await stopped, { code: 0, signal: null });
  } finally { await daemon.close(); }
});

// A request on a connection of its own; 'taken' says when it was connected.
function lone(target, method, url, body) {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const one = { answered: null, taken: false };
  one.done = new Promise((resolve) => {
    const req = http.request({ ...(target.socket ? { socketPath: target.socket } : { host: '127.0.0.1', port: target.port }),
      method, path: url, agent: false, headers: payload ? { 'Content-Type': 'application/json', 'Content-Length': payload.length } : {} }, (res) => {
      let text = '';
      res.on('data', (chunk) => { text += chunk; });
      res.on('end', () => { one.answered = { status: res.statusCode, text }; resolve(); });
      res.on('error', resolve);
    });
    req.on('socket', (socket) => socket.on('connect', () => { one.taken = true; }));
    req.on('error', (error) => { one.error = error.code; resolve(); });
    req.end(payload);
  });
  return one;
}

test('a stop answers what is connected and not yet accepted', async () => {
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '1' } });
  try {
    const [, pid] = daemon.logText().match(/"started","child":"gate-0","pid":(\d+)/);
    process.kill(Number(pid), 'SIGSTOP');
    // The kernel connects them; the gate, which holds still, has seen none.
    const waiting = Array.from({ length: 40 }, (_, i) => lone(i % 2 ? daemon.gate : daemon.tcp, 'GET', '/readyz'));
    await until('connected', () => waiting.every((one) => one.taken), 30000);
    const stopped = daemon.stop();
    await until('told to end', () => /"stopping"/.test(daemon.logText()), 30000);
    process.kill(Number(pid), 'SIGCONT');
    await Promise.all(waiting.map((one) => one.done));
    assert.deepEqual(waiting.map((one) => one.answered?.status ?? one.error), Array(40).fill(200));
    assert.deepEqual(await stopped, { code: 0, signal: null });
  } finally { await daemon.close(); }
});

test('a stop under load loses no request that was taken in', async () => {
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '2' } });
  try {
    await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
    for (let round = 0; round < 3; round += 1) {
      const all = [];
      let stopping = false, made = 0;
      const labels = new Map();
      const client = async (next) => {
        while (!stopping) {
          const one = next();
          all.push(one);
          await one.done;
        }
      };
      const clients = [
        ...Array.from({ length: 16 }, () => client(() => lone(daemon.gate, 'GET', '/readyz'))),
        ...Array.from({ length: 16 }, () => client(() => lone(daemon.tcp, 'GET', '/readyz'))),
        ...Array.from({ length: 4 }, () => client(() => {
          const label = `k-${round}-${made += 1}`;
          const one = lone(daemon.keeper, 'POST', '/v1/keys', { account: 'store', label });
          labels.set(label, one);
          return one;
        })),
      ];
      await until('under load', () => all.length > 400 && [...labels.values()].filter((one) => one.answered).length >= 8, 60000);
      const taken = all.filter((one) => one.taken && !one.answered && !one.error);
      const stopped = daemon.stop();
      stopping = true;
      await Promise.all(clients);
      assert.deepEqual(await stopped, { code: 0, signal: null });
      for (const one of taken) assert.ok(one.answered, `taken in and not answered: ${one.error}`);
      for (const one of all) if (one.answered) assert.ok([200, 201].includes(one.answered.status), one.answered.text);
      assert.doesNotMatch(daemon.logText(), /stop_forced|"level":"error"/);
      assert.deepEqual(sockets(daemon), []);
      await daemon.launch();
      const there = new Set();
      for (let cursor = ''; cursor !== null;) {
        const page = await daemon.api('GET', `/v1/keys?account=store&limit=200${cursor && `&cursor=${cursor}`}`);
        for (const key of page.items) there.add(key.label);
        cursor = page.next;
      }
      for (const [label, one] of labels) if (one.answered) assert.ok(there.has(label), `${label} was made and is lost`);
    }
  } finally { await daemon.close(); }
});
