// Few open files: what is more than they allow waits its turn, the log says so once, and all is well again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { Llaverod, request, until } from '../lib/llaverod.mjs';

const WAIT = 60000;

test('more connections than files: told once, and served when there is room again', async () => {
  const daemon = await Llaverod.start({ command: ['prlimit', '--nofile=64:64'], env: { LLAVERO_GATE_PROCESSES: '1' } });
  const lines = (event) => daemon.logText().split('\n').filter((line) => line.includes(`"event":"${event}"`));
  const idle = [];
  try {
    assert.match(lines('files_limited')[0], /"limit":64/);
    const [, gate] = daemon.logText().match(/"started","child":"gate-0","pid":(\d+)/);
    const ticks = () => fs.readFileSync(`/proc/${gate}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, n) => sum + Number(n), 0);
    for (let i = 0; i < 100; i += 1) {
      const socket = net.connect(daemon.port, '127.0.0.1');
      socket.on('error', () => {});
      // They keep to what a slow client may do: the first half of a request.
      socket.on('connect', () => socket.write('GET /healthz HTTP/1.1\r\n'));
      idle.push(socket);
    }
    await until('told', () => lines('out_of_files').length > 0, WAIT);
    // One more waits in the queue; it is answered when some of them go.
    const waiting = request(daemon.tcp, 'GET', '/healthz');
    const before = ticks();
    const keeper = await request(daemon.keeper, 'GET', '/healthz');
    assert.equal(keeper.status, 200, 'the keeper has files of its own');
    // Ten looks a second, each of a moment: of the time that passes it takes a small part.
    const began = process.hrtime.bigint();
    const passed = () => Number(process.hrtime.bigint() - began) / 1e7;
    await until('a while of that', () => passed() > 150, WAIT);
    assert.ok((ticks() - before) * 2 < passed(), 'it spins');
    for (const socket of idle.splice(0)) socket.destroy();
    assert.equal((await waiting).status, 200);
    for (let i = 0; i < 50; i += 1) assert.equal((await request(daemon.gate, 'GET', '/readyz')).status, 200);
    assert.equal(lines('out_of_files').length, 1, 'told once');
  } finally {
    for (const socket of idle) socket.destroy();
    await daemon.close();
  }
});

test('a low soft limit is raised to what the connections need', async () => {
  const daemon = await Llaverod.start({ command: ['prlimit', '--nofile=64:4096'] });
  try {
    assert.match(fs.readFileSync(`/proc/${daemon.process.pid}/limits`, 'utf8'), /Max open files\s+1280\s+4096/);
    assert.doesNotMatch(daemon.logText(), /files_limited/);
  } finally { await daemon.close(); }
});
