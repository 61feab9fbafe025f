// What the daemon's processes may still do once they serve: nothing that they do not need.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Llaverod, request, until } from '../lib/llaverod.mjs';

const CHILDREN = ['keeper', 'gate-0', 'gate-1'];

function processes(daemon) {
  const events = daemon.logText().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const children = CHILDREN.map((name) => [name, events.findLast((e) => e.event === 'started' && e.child === name).pid]);
  return [['supervisor', daemon.process.pid], ...children];
}

// /proc/PID/status as an object.
const status = (pid) => Object.fromEntries(fs.readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n')
  .map((line) => line.split(/:\s*/, 2)));

test('no process leaves a core or gains rights; the children are confined', async () => {
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '2' } });
  try {
    for (const [name, pid] of processes(daemon)) {
      const now = status(pid);
      assert.equal(now.NoNewPrivs, '1', name);
      assert.match(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max core file size\s+0\s+0\s/m, name);
      if (name !== 'supervisor') assert.equal(now.Seccomp, '2', name);
    }
    for (const [name, pid] of processes(daemon).slice(1)) {
      // The keys in memory are never written to swap. A gate has one as soon as the keeper has made it.
      await until(`locked memory of ${name}`, () => Number.parseInt(status(pid).VmLck, 10) > 0);
    }
  } finally {
    await daemon.close();
  }
});

test('started as root with a user, it is that user and nothing else', {
  skip: process.getuid() === 0 ? false : 'only root can become another user',
}, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-user-'));
  fs.chmodSync(folder, 0o755);
  const [, , uid, gid] = fs.readFileSync('/etc/passwd', 'utf8').match(/^nobody:.*$/m)[0].split(':');
  // The sockets stand in a folder of the user's own, as /run/llavero does.
  fs.chownSync(folder, Number(uid), Number(gid));
  fs.mkdirSync(path.join(folder, 'data'), { mode: 0o700 });
  fs.chownSync(path.join(folder, 'data'), Number(uid), Number(gid));
  const daemon = await Llaverod.start({ folder, env: { LLAVERO_USER: 'nobody', LLAVERO_GATE_PROCESSES: '2' } });
  try {
    for (const [name, pid] of processes(daemon)) {
      const now = status(pid);
      assert.deepEqual(now.Uid.split(/\s+/), Array(4).fill(uid), name);
      assert.deepEqual(now.Gid.split(/\s+/), Array(4).fill(gid), name);
      // What may not be dumped or traced has a /proc folder of root's, whoever it runs as.
      assert.equal(fs.statSync(`/proc/${pid}/mem`).uid, 0, name);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.match(now[set], /^0+$/, `${name} ${set}`);
    }
    for (const entry of fs.readdirSync(daemon.data, { recursive: true })) {
      assert.equal(fs.statSync(path.join(daemon.data, entry)).uid, Number(uid), entry);
    }
    assert.doesNotMatch(daemon.logText(), /runs_as_root/);
    // It serves, and so does a child that is made anew.
    process.kill(processes(daemon)[1][1], 'SIGKILL');
    await until('the keeper again', async () => {
      try { return (await request(daemon.keeper, 'GET', '/readyz')).status === 200; } catch { return false; }
    });
    await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  } finally {
    assert.deepEqual(await daemon.close(), { code: 0, signal: null });
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
