// The daemon's own life: children killed, the supervisor killed, signals.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Llaverod, request, until } from '../lib/llaverod.mjs';

const events = (daemon) => daemon.logText().split('\n').filter(Boolean).map((line) => JSON.parse(line));
// The newest process of that name, by what the supervisor logged.
const pidOf = (daemon, child) => events(daemon).filter((e) => e.event === 'started' && e.child === child).at(-1)?.pid;
const ready = (daemon, child) => events(daemon).filter((e) => e.event === 'ready' && e.child === child).length;
const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };

test('each child that is killed comes back, and the others serve on', async () => {
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '2' } });
  const agent = new (await import('node:http')).Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (const child of ['keeper', 'gate-0', 'gate-1']) {
      const before = ready(daemon, child);
      const others = ['keeper', 'gate-0', 'gate-1'].filter((name) => name !== child);
      const pids = others.map((name) => pidOf(daemon, name));
      process.kill(pidOf(daemon, child), 'SIGKILL');
      if (child === 'keeper') {
        // Not one request to the gates may fail meanwhile.
        for (let i = 0; i < 200; i += 1) {
          assert.equal((await request(daemon.gate, 'GET', '/healthz', { agent })).status, 200);
        }
      }
      await until(`${child} again`, () => ready(daemon, child) > before);
      assert.deepEqual(others.map((name) => pidOf(daemon, name)), pids);
    }
    assert.equal((await request(daemon.keeper, 'GET', '/healthz')).status, 200);
    assert.equal((await request(daemon.gate, 'GET', '/healthz')).status, 200);
  } finally {
    agent.destroy();
    assert.deepEqual(await daemon.close(), { code: 0, signal: null });
  }
});

test('a killed supervisor takes its children along, and the next one starts', async () => {
  const daemon = await Llaverod.start();
  const pids = ['keeper', 'gate-0'].map((name) => pidOf(daemon, name));
  assert.ok(pids.every(alive));
  await daemon.stop('SIGKILL');
  await until('children gone', () => !pids.some(alive));
  await daemon.launch();
  assert.deepEqual(await daemon.close(), { code: 0, signal: null });
});

test('SIGHUP renews the children one by one; a bad configuration leaves the old one in force', async () => {
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '2' } });
  try {
    const names = ['keeper', 'gate-0', 'gate-1'];
    const before = names.map((name) => pidOf(daemon, name));
    fs.writeFileSync(daemon.config, 'relm = x\n');
    process.kill(daemon.process.pid, 'SIGHUP');
    await until('refused', () => events(daemon).some((e) => e.event === 'configuration_refused' && /:1: /.test(e.reason)));
    assert.deepEqual(names.map((name) => pidOf(daemon, name)), before);
    fs.writeFileSync(daemon.config, 'realm = x\n');
    process.kill(daemon.process.pid, 'SIGHUP');
    await until('renewed', () => names.every((name) => ready(daemon, name) === 2));
    assert.equal(events(daemon).filter((e) => e.event === 'ended' && e.level === 'error').length, 0);
    assert.equal((await request(daemon.gate, 'GET', '/healthz')).status, 200);
  } finally {
    assert.deepEqual(await daemon.close(), { code: 0, signal: null });
  }
});
