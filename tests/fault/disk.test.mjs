// A disk that is full or broken: the change is refused and says what to do, nothing is half done, the gate
// decides on from its last good index, and all goes on when the disk does.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Llaverod, raw, request, until } from '../lib/llaverod.mjs';
import { catalogue, Client } from './lib/accounts.mjs';
import { Random } from '../model/random.mjs';
import { Shim } from './lib/shim.mjs';

const once = (() => { let number = 0; return () => { number += 1; return `once-${number}`; }; })();

class Installation {
  static async start(folder, options = {}) {
    const one = new Installation();
    one.folder = folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-test-'));
    one.shim = new Shim(fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-shim-')));
    one.daemon = await Llaverod.start({ folder: one.folder, 
      ...options, env: { ...one.shim.env, LLAVERO_GATE_PROCESSES: '1', ...options.env } });
    await catalogue(one.daemon);
    one.client = new Client(one.daemon, 0, new Random(7));
    await one.client.setUp();
    one.good = await one.daemon.api('POST', '/v1/keys', { account: 'store0', label: 'good', profiles: ['Reader'] });
    return one;
  }

  change(method, url, body, headers = {}) { return request(this.daemon.keeper, method, url, { body, headers }); }

  // The key that was good before is let in, whatever the disk does.
  async decides() {
    const verdict = await this.client.ask(this.good, { text: this.good.appToken });
    assert.equal(verdict.status, 200, `the gate decides on: ${verdict.text}`);
  }

  async end() {
    await this.daemon.close();
    this.shim.close();
    fs.rmSync(path.dirname(this.shim.path), { recursive: true });
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// Each kind of change, and how to see whether it is there.
const CHANGES = {
  async create(one) {
    const label = once();
    const headers = { 'Idempotency-Key': label };
    const send = () => one.change('POST', '/v1/keys', { account: 'store0', label, profiles: ['Reader', 'Editor'] }, headers);
    const there = async () => {
      const { items } = await one.daemon.api('GET', `/v1/keys?account=store0&q=${label}`);
      if (items.length === 0) return false;
      assert.deepEqual([items.length, items[0].profiles.length, items[0].tokens.length], [1, 2, 1], 'a key is half there');
      return true;
    };
    return { send, there, again: 'idempotent' };
  },
  async revoke(one) {
    const key = await one.daemon.api('POST', '/v1/keys', { account: 'store0', label: once(), profiles: ['Reader'] });
    const send = () => one.change('POST', `/v1/keys/${key.appKey}/revoke`, { reason: 'unused' });
    const there = async () => (await one.daemon.api('GET', `/v1/keys/${key.appKey}`)).state === 'revoked';
    const refused = async () => (await one.client.ask(key, { text: key.appToken })).status !== 200;
    return { send, there, refused };
  },
  async rotate(one) {
    const key = await one.daemon.api('POST', '/v1/keys', { account: 'store0', label: once(), profiles: ['Reader'] });
    const headers = { 'Idempotency-Key': once() };
    const send = () => one.change('POST', `/v1/keys/${key.appKey}/rotate`, {}, headers);
    const there = async () => (await one.daemon.api('GET', `/v1/keys/${key.appKey}`)).tokens.length === 2;
    return { send, there, again: 'idempotent' };
  },
  async dropProfile(one) {
    const name = once();
    const profile = await one.daemon.api('POST', '/v1/profiles', { account: 'store0', name, resources: ['ViewOrder'] });
    const keys = [];
    for (let i = 0; i < 3; i += 1) keys.push(await one.daemon.api('POST', '/v1/keys', { account: 'store0', label: once(), profiles: [name] }));
    const send = () => one.change('DELETE', `/v1/profiles/${profile.id}?unlink=true`);
    const there = async () => {
      const gone = (await request(one.daemon.keeper, 'GET', `/v1/profiles/${profile.id}`)).status === 404;
      for (const { appKey } of keys) {
        const { profiles } = await one.daemon.api('GET', `/v1/keys/${appKey}`);
        assert.equal(profiles.length, gone ? 0 : 1, 'a profile is half gone');
      }
      return gone;
    };
    return { send, there };
  },
};

// One change whose calls fail from the given one on. Answers how many did.
async function oneFault(one, kind, calls, error, options) {
  const label = `${kind}, ${calls} ${error} ${JSON.stringify(options)}`;
  const { send, there, again, refused } = await CHANGES[kind](one);
  one.shim.fail(calls, error, options);
  const answer = await send();
  await one.decides();
  const failed = one.shim.calm();
  const made = await there();
  if (answer.status < 300) {
    assert.ok(made, `${label}: answered ${answer.status}, but not there`);
  } else if (answer.json.code === 'api.made_not_shown') {
    assert.ok(made, `${label}: said to be there`);
  } else {
    assert.ok(answer.status === 507 || answer.status === 500 || answer.status === 503, `${label}: ${answer.status} ${answer.text}`);
    if (answer.json.code !== 'api.outcome_unknown') assert.ok(!made, `${label}: refused with ${answer.text}, but there`);
    assert.ok(answer.json.detail.length > 20 && !/Something failed/.test(answer.json.detail), `${label}: says nothing: ${answer.text}`);
  }
  // The disk is well again: what was refused goes through now, what was made stays made once.
  if (!made || again) {
    const second = await send();
    assert.ok(second.status < 300, `${label}: afterwards ${second.status} ${second.text}`);
    assert.equal(second.headers['idempotency-replayed'] === 'true', made, label);
    assert.ok(await there(), label);
  }
  if (refused) await until(`${label}: refused`, refused);
  await one.decides();
  return failed;
}

for (const error of ['ENOSPC', 'EIO']) {
  test(`${error} at each call of each kind of change`, async () => {
    const one = await Installation.start();
    let faults = 0;
    try {
      for (const kind of Object.keys(CHANGES)) {
        for (const calls of [['write'], ['sync'], ['size'], ['name'], ...(error === 'EIO' ? [['read']] : [])]) {
          for (const failing of [1, -1]) {
            // On and on until the change is over before its turn to fail comes.
            for (let passing = 0, quiet = 0; quiet < 2; passing += 1) {
              const failed = await oneFault(one, kind, calls, error, { passing, failing });
              faults += failed > 0 ? 1 : 0;
              quiet = failed > 0 ? 0 : quiet + 1;
            }
          }
        }
      }
      assert.ok(faults > 40, `${faults} faults`);
      const state = await one.daemon.api('GET', '/v1/status');
      await until('the index follows', async () => (await request(one.daemon.gate, 'GET', '/readyz')).json.revision === state.revision);
    } finally { await one.end(); }
  });
}

const events = (daemon) => daemon.logText().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

test('a real full disk: changes are refused, verdicts go on, and room is all that it takes', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-full-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', folder]).status !== 0) {
    fs.rmdirSync(folder);
    console.log('# skipped: a real full disk (may not mount a file system here)');
    t.skip('may not mount');
    return;
  }
  // The log stands elsewhere: on the full disk its lines would be cut.
  const logs = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-log-'));
  const stderr = fs.openSync(path.join(logs, 'log'), 'a');
  const one = await Installation.start(folder, { stderr });
  one.daemon.log = path.join(logs, 'log');
  const ballast = path.join(folder, 'ballast');
  // To the last byte; what was free is asked again, because others write meanwhile.
  const fill = () => {
    const fd = fs.openSync(ballast, 'a');
    for (let size = 1 << 20; size >= 1;) {
      try { fs.writeSync(fd, Buffer.alloc(size)); } catch { size = size === 1 ? 0 : Math.floor(size / 16) || 1; }
    }
    fs.closeSync(fd);
  };
  try {
    fill();
    const label = once();
    const headers = { 'Idempotency-Key': label };
    const create = () => one.change('POST', '/v1/keys', { account: 'store0', label }, headers);
    const refused = await until('refused', async () => {
      fill();
      const answer = await one.change('POST', '/v1/keys', { account: 'store0', label: once() });
      return answer.status >= 400 && answer;
    });
    assert.equal(refused.status, 507, refused.text);
    const spanish = await one.change('POST', '/v1/keys', { account: 'store0', label }, { 'Accept-Language': 'es' });
    assert.match(spanish.json.detail, /disco está lleno/);
    await one.decides();
    // A keeper that dies now cannot come back, says so, and the gate still decides.
    const [{ pid }] = events(one.daemon).filter((e) => e.event === 'started' && e.child === 'keeper');
    process.kill(pid, 'SIGKILL');
    await until('the keeper says that there is no room', () => /"event":"keeper_failed"[^\n]*disk is full/.test(fs.readFileSync(one.daemon.log, 'utf8')));
    await one.decides();
    fs.rmSync(ballast);
    await until('the keeper serves again', async () => {
      try { return (await request(one.daemon.keeper, 'GET', '/readyz')).status === 200; } catch { return false; }
    }, 30000);
    assert.equal((await create()).status, 201);
    assert.equal((await create()).status, 200, 'once is enough');
    await one.decides();
  } finally {
    await one.daemon.stop();
    one.shim.close();
    execFileSync('umount', ['-l', folder]);
    fs.closeSync(stderr);
    fs.rmSync(logs, { recursive: true });
    fs.rmSync(path.dirname(one.shim.path), { recursive: true });
    fs.rmdirSync(folder);
  }
});

// Each call that may fail in a start is one start; LLAVERO_FAULT_STEP=4 tries nearly all of them.
const STEP = Number(process.env.LLAVERO_FAULT_STEP ?? 24);

// A start that is interrupted by a fault leaves nothing that the next one stumbles over.
for (const fresh of [true, false]) {
  test(`faults at each call of a start ${fresh ? 'in an empty folder' : 'with an installation'}`, async () => {
    const base = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-base-'));
    let good;
    if (!fresh) {
      const one = await Installation.start(base);
      good = one.good;
      await one.daemon.stop();
      one.shim.close();
      fs.rmSync(one.daemon.log);
    }
    let faults = 0, refused = 0;
    // A start that finds everything there makes fewer calls: smaller steps.
    const stride = fresh ? STEP : STEP / 2, fine = Math.max(1, stride / 4);
    for (const [calls, error, step] of [['write', 'ENOSPC', stride], ['sync', 'EIO', fine], ['size', 'ENOSPC', fine], ['name', 'ENOSPC', fine], ['read', 'EIO', 2 * stride]]) {
      for (let passing = 0, failed = 1; failed > 0; passing += step) {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-test-'));
        fs.cpSync(base, folder, { recursive: true, verbatimSymlinks: true });
        const shim = new Shim(folder);
        shim.fail([calls], error, { passing, failing: 1 });
        const label = `${calls} ${error} ${passing}`;
        const daemon = await Llaverod.start({ folder, env: { ...shim.env, LLAVERO_GATE_PROCESSES: '1' } }).catch((failure) => failure);
        failed = shim.calm();
        faults += failed;
        let running = daemon;
        if (daemon instanceof Error) {
          // The supervisor gave up, or the keeper where there was no index to serve from: with words,
          // and the next start goes well.
          refused += 1;
          assert.match(daemon.message, /(llaverod: |"event":"keeper_failed".*"reason":").*(data directory|disk|configuration)/, `${label}: ${daemon.message}`);
          running = await Llaverod.start({ folder, env: { LLAVERO_GATE_PROCESSES: '1' } });
        }
        if (good) {
          const answer = await request(running.gate, 'GET', '/auth/forwarded', { headers: { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/orders/7', 'X-App-Key': good.appKey, 'X-App-Token': good.appToken } });
          assert.equal(answer.status, 200, `${label}: ${answer.text}`);
        } else {
          await running.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
        }
        await running.stop();
        shim.close();
        fs.rmSync(folder, { recursive: true });
      }
    }
    assert.ok(faults >= 10, `${faults} faults, ${refused} of them ended the start`);
    fs.rmSync(base, { recursive: true });
  });
}

// ---- the log ----

test('a log that nobody reads stops nothing', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-test-'));
  const fifo = path.join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const stderr = fs.openSync(fifo, 'r+');
  const one = await Installation.start(folder, { stderr });
  try {
    // About 200 bytes a line; a pipe holds 64 KiB.
    for (let i = 0; i < 600; i += 1) assert.equal((await request(one.daemon.keeper, 'GET', '/healthz')).status, 200);
    for (let i = 0; i < 600; i += 1) await raw(one.daemon.gate, 'nonsense\r\n\r\n', 1000);
    await one.decides();
    assert.equal((await one.change('POST', '/v1/keys', { account: 'store0', label: once() })).status, 201);
    // The supervisor writes as well: a gate that dies comes back.
    const { pid } = one.daemon.process;
    const children = () => fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    const gate = children().find((child) => fs.readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('gate'));
    process.kill(gate, 'SIGKILL');
    await until('another gate', async () => { try { await one.decides(); return !children().includes(gate); } catch { return false; } });
    // Read at last: lines that were lost are told.
    const bytes = Buffer.alloc(1 << 20);
    let text = bytes.toString('utf8', 0, fs.readSync(stderr, bytes));
    await request(one.daemon.keeper, 'GET', '/healthz');
    text = bytes.toString('utf8', 0, fs.readSync(stderr, bytes));
    assert.match(text, /"lost":\d\d/);
  } finally {
    await one.end();
    fs.closeSync(stderr);
  }
});

test('a log whose reader is gone stops nothing', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-test-'));
  const one = await Installation.start(folder, { command: ['sh', '-c', '"$@" 2>&1 | head -n 1 >/dev/null', 'sh'] });
  try {
    for (let i = 0; i < 20; i += 1) assert.equal((await request(one.daemon.keeper, 'GET', '/healthz')).status, 200);
    await one.decides();
  } finally {
    const pid = Number(fs.readFileSync(path.join(one.daemon.data, 'llaverod.lock'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    assert.equal((await one.daemon.exited).code, 0);
    one.shim.close();
    fs.rmSync(path.dirname(one.shim.path), { recursive: true });
    fs.rmSync(folder, { recursive: true });
  }
});

test('with its standard streams closed it writes its log into nothing of ours', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-test-'));
  const one = await Installation.start(folder, { command: ['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh'] });
  try {
    await one.decides();
    for (const name of fs.readdirSync(one.daemon.data)) {
      const file = path.join(one.daemon.data, name);
      if (fs.statSync(file).isFile()) assert.ok(!fs.readFileSync(file).includes('"part":"'), name);
    }
  } finally { await one.end(); }
});
