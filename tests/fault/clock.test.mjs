// The machine's clock jumps, under a running daemon and between two runs: what has expired stays so
// when it goes back, and a moment in the future leaves no trace.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Llaverod, request, until } from '../lib/llaverod.mjs';
import { Shim } from './lib/shim.mjs';
import { shop } from './lib/shop.mjs';

const DAY = 86400;
const WAIT = 30000;

test('a clock that jumps', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-clock-'));
  const shim = new Shim(folder);
  const daemon = await Llaverod.start({ folder, env: { ...shim.env, LLAVERO_GATE_PROCESSES: '1' } });
  const logged = (event) => daemon.logText().split('\n').filter((line) => line.includes(`"event":"${event}"`)).length;
  const clock = async () => (await daemon.api('GET', '/v1/status')).clock;
  const at = (seconds) => new Date(Date.now() + 1000 * seconds).toISOString();
  // By the gate, and what it would be by the keeper.
  const ask = async (key) => {
    const headers = { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/me', 'X-App-Key': key.appKey, 'X-App-Token': key.appToken };
    const { status, headers: got } = await request(daemon.gate, 'GET', '/auth/forwarded', { headers });
    return status === 200 ? 'allowed' : got['x-llavero-cause'];
  };
  const becomes = (key, wanted) => until(`${key.label} is ${wanted}`, async () => (await ask(key)) === wanted, WAIT);
  try {
    await shop(daemon);
    const make = (label, expiresAt) => daemon.api('POST', '/v1/keys', { account: 'store', label, profiles: ['Reader'], expiresAt });
    const soon = await make('soon', at(100));
    const later = await make('later', at(10 * DAY));
    for (const key of [soon, later]) await becomes(key, 'allowed');
    assert.deepEqual((await clock()).state, 'right');

    // A moment in the future: refused while it lasts, and no longer.
    shim.clock(20 * DAY);
    assert.equal(await ask(later), 'key_expired');
    await until('ahead', async () => (await clock()).state === 'ahead', WAIT);
    shim.clock(0);
    await becomes(later, 'allowed');
    await until('right', async () => (await clock()).state === 'right', WAIT);
    assert.ok(logged('clock_ahead') >= 1 && logged('clock_right') >= 1);

    // Time passes, in steps that are trusted: what is, less boot time, stands in the file.
    const trusted = () => fs.readFileSync(path.join(daemon.data, 'ledger/clock')).readBigInt64LE(24);
    const start = trusted();
    for (const seconds of [50, 100, 150]) {
      shim.clock(seconds);
      await until('trusted', () => trusted() - start > BigInt(seconds - 5) * 1000000n, WAIT);
    }
    assert.equal(await ask(soon), 'key_expired');
    const events = async () => (await daemon.api('GET', '/v1/events?limit=200')).items.map((item) => item.event).sort((a, b) => a.revision - b.revision);
    const before = (await events()).at(-1);
    shim.clock(-DAY);
    await until('behind', async () => (await clock()).state === 'behind', WAIT);
    // A gate reads what the keeper keeps once a second.
    await becomes(soon, 'key_expired');
    for (let i = 0; i < 20; i += 1) assert.equal(await ask(soon), 'key_expired', 'alive again');
    assert.equal(await ask(later), 'allowed');
    assert.ok((await clock()).offMs < -DAY * 900);
    assert.equal(logged('clock_behind'), 1);
    await make('made while behind');
    const since = (await events()).filter((event) => event.revision > before.revision);
    assert.ok(since.length > 0 && since.every((event) => event.time >= before.time), 'the time of events went back');

    // The next run knows, whoever ended this one.
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      await daemon.stop(signal);
      await daemon.launch();
      for (let i = 0; i < 20; i += 1) assert.equal(await ask(soon), 'key_expired', `alive again after ${signal}`);
      assert.equal((await clock()).state, 'behind');
    }
    shim.clock(150);
    await until('right again', async () => (await clock()).state === 'right', WAIT);
    assert.equal(await ask(soon), 'key_expired');
    assert.equal(await ask(later), 'allowed');
  } finally {
    shim.close();
    await daemon.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
