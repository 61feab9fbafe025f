// Damage to what stands in the data directory, under a running daemon and before a start: a key never
// gets more than it has, what can be derived is built anew, and what cannot is asked for in clear words.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Random } from '../model/random.mjs';
import { Llaverod, request, until } from '../lib/llaverod.mjs';
import { catalogue } from './lib/accounts.mjs';

const events = (daemon) => daemon.logText().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

// A long lease: where no keeper comes up, a slow machine needs more than a minute for all damages of a test.
async function installation() {
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '2', LLAVERO_INDEX_LEASE: '1h' } });
  await catalogue(daemon);
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Reader', resources: ['ViewOrder'] });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Editor', resources: ['EditOrder'] });
  const make = (label, profiles) => daemon.api('POST', '/v1/keys', { account: 'store', label, profiles });
  for (let i = 0; i < 60; i += 1) await make(`other-${i}`, ['Editor']);
  const keys = { good: await make('good', ['Reader']), linkless: await make('linkless', []), lacking: await make('lacking', ['Editor']), revoked: await make('revoked', ['Reader']) };
  await daemon.api('POST', `/v1/keys/${keys.revoked.appKey}/revoke`, { reason: 'unused' });
  return { daemon, keys };
}

const ask = ({ daemon }, key) => request(daemon.gate, 'GET', '/auth/forwarded', { headers: {
  'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/orders/7', 'X-App-Key': key.appKey, 'X-App-Token': key.appToken } });

// Right answers again for all, and at no moment an allow for those that lack it.
async function heals(one, label) {
  const wanted = { linkless: 'no_profile', lacking: 'profile_lacks_resource', revoked: 'key_revoked' };
  await until(`${label}: right answers`, async () => {
    let right = true;
    for (const [name, cause] of Object.entries(wanted)) {
      let answer;
      try { answer = await ask(one, one.keys[name]); } catch { right = false; continue; } // the gate died of it
      assert.ok(answer.status >= 400, `${label}: ${name} is let in`);
      right &&= answer.headers['x-llavero-cause'] === cause || answer.json?.cause === cause;
    }
    try { return right && (await ask(one, one.keys.good)).status === 200; } catch { return false; }
  }, 75000); // damage that readers report is mended every 30 s at most
}

function overwrite(file, at, bytes) {
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, bytes, 0, bytes.length, at);
  fs.closeSync(fd);
}

function flip(file, random, bits, from = 0, to = fs.statSync(file).size) {
  const fd = fs.openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  for (let i = 0; i < bits; i += 1) {
    const at = random.between(from, to - 1);
    fs.readSync(fd, byte, 0, 1, at);
    byte[0] ^= 1 << random.below(8);
    fs.writeSync(fd, byte, 0, 1, at);
  }
  fs.closeSync(fd);
}

// What may happen to the index; dir is the one in use.
const INDEX = {
  'the folder is gone': (dir) => fs.rmSync(path.dirname(dir), { recursive: true }),
  'the link is gone': (dir) => fs.rmSync(path.join(path.dirname(dir), 'current')),
  'the numbered folder is gone': (dir) => fs.rmSync(dir, { recursive: true }),
  'the link leads nowhere': (dir) => {
    fs.rmSync(path.join(path.dirname(dir), 'current'));
    fs.symlinkSync('0000000000009999', path.join(path.dirname(dir), 'current'));
  },
  'the data are cut to nothing': (dir) => fs.truncateSync(path.join(dir, 'data.mdb'), 0),
  'the data are cut to two pages': (dir) => fs.truncateSync(path.join(dir, 'data.mdb'), 8192),
  'the data are cut in the middle': (dir) => fs.truncateSync(path.join(dir, 'data.mdb'), Math.floor(fs.statSync(path.join(dir, 'data.mdb')).size / 2)),
  'the data are another version\'s': (dir) => overwrite(path.join(dir, 'data.mdb'), 20, Buffer.from([9])),
  'the data are noise': (dir) => {
    const file = path.join(dir, 'data.mdb');
    overwrite(file, 0, Buffer.alloc(fs.statSync(file).size, 0xA5));
  },
  'bits of the data are turned': (dir, random) => flip(path.join(dir, 'data.mdb'), random, 200),
  'the data are gone': (dir) => fs.rmSync(path.join(dir, 'data.mdb')),
  'the head is another version\'s': (dir) => overwrite(path.join(dir, 'head'), 7, Buffer.from([0x7E])),
  'bits of the head are turned': (dir, random) => flip(path.join(dir, 'head'), random, 20, 0, 128),
  'the head is cut': (dir) => fs.truncateSync(path.join(dir, 'head'), 4096),
  'the lock file is gone': (dir) => fs.rmSync(path.join(dir, 'lock.mdb')),
};

for (const running of [true, false]) {
  test(`a damaged index ${running ? 'under a running daemon' : 'before a start'} is built anew, and allows nobody more`, async () => {
    const one = await installation();
    const random = new Random(20261124);
    try {
      for (const [label, damage] of Object.entries(INDEX)) {
        const index = path.join(one.daemon.data, 'index');
        await until('one is in use', () => fs.existsSync(path.join(index, 'current', 'head')));
        if (!running) await one.daemon.stop();
        damage(path.join(index, fs.readlinkSync(path.join(index, 'current'))), random);
        if (!running) await one.daemon.launch();
        await heals(one, label);
        // And it follows again. Gates that could not be told look for another index once a second.
        const fresh = await one.daemon.api('POST', '/v1/keys', { account: 'store', label: 'fresh', profiles: ['Reader'] });
        await until(`${label}: follows`, async () => { try { return (await ask(one, fresh)).status === 200; } catch { return false; } });
      }
    } finally { await one.daemon.close(); }
  });
}

// An older index is whole in itself: what tells is that it is not the one in use, and older than what was seen.
const OLDER = {
  'the folder': (index, copy) => { fs.renameSync(index, `${copy}-gone`); fs.renameSync(copy, index); },
  'the numbered folder': (index, copy) => {
    const name = fs.readlinkSync(path.join(index, 'current'));
    fs.renameSync(path.join(index, name), `${copy}-gone`);
    fs.renameSync(path.join(copy, name), path.join(index, name));
  },
  'the data': (index, copy) => {
    const file = path.join(fs.readlinkSync(path.join(index, 'current')), 'data.mdb');
    fs.renameSync(path.join(copy, file), path.join(index, file));
  },
};

for (const [what, replace] of Object.entries(OLDER)) {
  test(`an older copy of the index put in place under a running daemon is found, and what it says is not kept: ${what}`, async () => {
    const one = await installation();
    try {
      const index = path.join(one.daemon.data, 'index');
      const copy = path.join(one.daemon.folder, 'older');
      execFileSync('cp', ['-a', '--sparse=always', index, copy]);
      await one.daemon.api('POST', `/v1/keys/${one.keys.good.appKey}/revoke`, { reason: 'compromised' });
      replace(index, copy);
      const wanted = async (key, cause) => {
        try {
          const answer = await ask(one, key);
          return answer.headers['x-llavero-cause'] === cause;
        } catch { return false; }
      };
      await until('refused by what is true now', () => wanted(one.keys.good, 'key_revoked'), 75000);
      // Also what is revoked from now on, by the new index, at its receipt.
      const fresh = await one.daemon.api('POST', '/v1/keys', { account: 'store', label: 'fresh', profiles: ['Reader'] });
      await until('follows', () => wanted(fresh, undefined), 75000);
      await one.daemon.api('POST', `/v1/keys/${fresh.appKey}/revoke`, { reason: 'unused' });
      await until('refused', () => wanted(fresh, 'key_revoked'), 75000);
      assert.ok(await wanted(one.keys.good, 'key_revoked'));
    } finally { await one.daemon.close(); }
  });
}

test('a sealing key that is missing or damaged is made again, and opens what it opened before', async () => {
  const one = await installation();
  const file = path.join(one.daemon.data, 'gate/sealing.key');
  const before = fs.readFileSync(file, 'utf8');
  try {
    const { headers } = await ask(one, one.keys.linkless);
    for (const [label, damage] of Object.entries({
      missing: () => fs.rmSync(file),
      empty: () => fs.truncateSync(file, 0),
      altered: () => fs.writeFileSync(file, before.replace(/[0-9a-f]{8}\n$/, '00000000\n')),
      'open to all': () => fs.chmodSync(file, 0o666),
    })) {
      await one.daemon.stop();
      damage();
      await one.daemon.launch();
      assert.equal(fs.readFileSync(file, 'utf8'), before, label);
      assert.equal(fs.statSync(file).mode & 0o137, 0, label);
      assert.equal((await one.daemon.api('POST', '/v1/explain', { diagnosis: headers['x-llavero-diagnosis'] })).cause, 'no_profile', label);
      // A gate that began with the wrong one finds the right one.
      await until(`${label}: sealed under the right key`, async () => {
        const { headers: now } = await ask(one, one.keys.linkless);
        return (await request(one.daemon.keeper, 'POST', '/v1/explain', { body: { diagnosis: now['x-llavero-diagnosis'] } })).status === 200;
      });
    }
  } finally { await one.daemon.close(); }
});

// What cannot be derived. Each is refused in words, and nothing in the directory is made in its place.
const RECORDS = {
  'the database is noise': [(data) => overwrite(path.join(data, 'records.db'), 0, Buffer.alloc(4096, 0xA5)), /not a database of Llavero, or it is damaged/],
  'the database is empty': [(data) => fs.truncateSync(path.join(data, 'records.db'), 0), /no records/],
  'the database is gone': [(data) => fs.rmSync(path.join(data, 'records.db')), /no records/],
  'the database is a newer version\'s': [(data) => execFileSync('sqlite3', [path.join(data, 'records.db'), 'UPDATE schema_version SET version = 99']), /has version 99.*Install the newer program/],
  'the root key is gone': [(data) => fs.rmSync(path.join(data, 'root.key')), /no root key.*escrow copy/],
  'the root key is damaged': [(data) => fs.writeFileSync(path.join(data, 'root.key'), 'nonsense\n'), /does not hold a root key/],
  'the root key is another one': [(data) => {
    const file = path.join(data, 'root.key');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/[0-9a-f]{8}\n$/, '12345678\n'));
  }, /another root key/],
  'the root key is open to all': [(data) => fs.chmodSync(path.join(data, 'root.key'), 0o644), /mode 0600/],
  'the mark is damaged': [(data) => fs.writeFileSync(path.join(data, 'high-water'), 'nonsense\n'), /high-water.*damaged/],
};

test('records or a root key that are lost or damaged are asked for, and nothing is made in their place', async () => {
  const one = await installation();
  const { data } = one.daemon;
  await one.daemon.stop();
  const whole = path.join(one.daemon.folder, 'whole');
  fs.cpSync(data, whole, { recursive: true, verbatimSymlinks: true });
  const files = ['records.db', 'root.key', 'high-water', 'event-public-key', 'gate/sealing.key'];
  const contents = () => files.map((name) => { try { return fs.readFileSync(path.join(data, name), 'base64'); } catch { return null; } });
  try {
    for (const [label, [damage, words]] of Object.entries(RECORDS)) {
      damage(data);
      const before = contents();
      fs.rmSync(one.daemon.log, { force: true });
      await one.daemon.launch({ wait: false });
      const failure = await until(`${label}: said`, () => fs.existsSync(one.daemon.log) && events(one.daemon).find((e) => e.event === 'keeper_failed'));
      assert.match(failure.reason, words, label);
      assert.ok(await until(`${label}: ended`, () => events(one.daemon).find((e) => e.event === 'ended' && e.child === 'keeper' && e.code === 1)), label);
      // The gates go on from the last good index.
      await heals(one, label);
      await one.daemon.stop();
      assert.deepEqual(contents(), before, `${label}: something was changed`);
      fs.rmSync(data, { recursive: true });
      fs.cpSync(whole, data, { recursive: true, verbatimSymlinks: true });
    }
    await one.daemon.launch();
    await heals(one, 'the whole one again');
  } finally { await one.daemon.close(); }
});
