// Backup and restore with a real daemon: an older backup must not bring a revoked key back to life
// unnoticed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { Llaverod, request, until } from '../lib/llaverod.mjs';

let daemon;
let key;
let kept;
let backup;
let atBackup;

const gate = (credential) => request(daemon.gate, 'GET', '/auth/nginx', { headers: {
  'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7',
  'X-App-Key': credential.appKey, 'X-App-Token': credential.appToken } });
const trueStatus = async (credential) => {
  const answer = await gate(credential);
  return Number(answer.headers['x-llavero-status'] ?? answer.status);
};
const restore = (args, options) => llavero(daemon, ['restore', '--data-dir', daemon.data, ...args], options);

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/resources', { product: 'OMS', key: 'ViewOrder' });
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Reader', resources: ['ViewOrder'] });
  key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp', profiles: ['Reader'] });
  kept = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'crm', profiles: ['Reader'] });
  backup = path.join(daemon.folder, 'backup.db');
});

after(() => daemon?.close());

test('a backup is private, whole, says its revision, and overwrites nothing', async () => {
  const { json, stderr } = await llavero(daemon, ['backup', backup, '--json']);
  atBackup = json.revision;
  assert.equal(json.revision, kept.revision);
  assert.equal(json.bytes, fs.statSync(backup).size);
  assert.equal(fs.statSync(backup).mode & 0o777, 0o600);
  assert.match(stderr, /root key/);
  assert.ok(!fs.readFileSync(backup).includes(fs.readFileSync(path.join(daemon.data, 'root.key'))));
  await llavero(null, ['events', 'verify', backup, '--public-key', path.join(daemon.data, 'event-public-key')]);

  const { stderr: taken } = await llavero(daemon, ['backup', backup], { code: 1 });
  assert.match(taken, /exists already/);
  await llavero(daemon, ['backup', path.join(daemon.folder, 'nowhere/b')], { code: 3 });
  await llavero({ keeper: { socket: '/nonexistent' } }, ['backup', path.join(daemon.folder, 'none')], { code: 3 });
  assert.deepEqual(fs.readdirSync(daemon.folder).filter((name) => /none|part/.test(name)), []);
});

test('after the backup a key is revoked; then the daemon runs, and nothing is restored', async () => {
  assert.equal(await trueStatus(key), 200);
  await llavero(daemon, ['key', 'revoke', key.appKey, '--reason', 'compromised']);
  assert.equal(await trueStatus(key), 401);
  const { stderr } = await restore([backup, '--replace'], { code: 1 });
  assert.match(stderr, /is running/);
  assert.equal(await trueStatus(key), 401);
});

test('what is no good backup of this installation changes nothing', async () => {
  await daemon.stop();
  const records = path.join(daemon.data, 'records.db');
  const bytes = fs.readFileSync(records);
  const damaged = path.join(daemon.folder, 'damaged.db');
  const content = fs.readFileSync(backup);
  const at = content.indexOf('key.create');
  content.write('key.revoke', at);
  fs.writeFileSync(damaged, content);

  assert.match((await restore([backup], { code: 1 })).stderr, /--replace/);
  await restore([damaged, '--replace'], { code: 1 });
  await restore([path.join(daemon.folder, 'absent'), '--replace'], { code: 1 });
  await restore([daemon.config, '--replace'], { code: 1 });
  await restore(['--replace'], { code: 2 });
  await restore([backup, '--confirm'], { code: 2 });
  const empty = path.join(daemon.folder, 'empty');
  fs.mkdirSync(empty);
  const { stderr } = await llavero(daemon, ['restore', backup, '--data-dir', empty], { code: 1 });
  assert.match(stderr, /root key/);
  assert.ok(fs.readFileSync(records).equals(bytes));
});

test('restored, it names the key that comes back, and the daemon refuses', async () => {
  const { json, stderr } = await restore([backup, '--replace', '--json']);
  assert.equal(json.revision, atBackup);
  assert.equal(json.mustConfirm, true);
  assert.equal(json.lost.events, 1);
  assert.deepEqual(json.lost.items.map(({ kind, appKey }) => [kind, appKey]), [['key_revoked', key.appKey]]);
  assert.ok(fs.existsSync(json.aside));
  assert.match(stderr, /restore --confirm/);

  await daemon.launch({ wait: false });
  await until('the keeper answers', async () => {
    try { return (await request(daemon.keeper, 'GET', '/healthz')).status === 200; } catch { return false; }
  });
  for (const credential of [key, kept]) {
    const answer = await request(daemon.gate, 'POST', '/v1/verify', { body: {
      appKey: credential.appKey, appToken: credential.appToken, method: 'GET', path: '/orders/7' } });
    assert.equal(answer.json.allowed ?? false, false);
    assert.equal(await trueStatus(credential), 503);
  }
  assert.equal((await request(daemon.gate, 'GET', '/readyz')).status, 503);
  assert.equal((await request(daemon.keeper, 'GET', '/readyz')).status, 503);

  const { json: status } = await llavero(daemon, ['status', '--json']);
  assert.match(status.held, /older backup/);
  assert.equal(status.lost.items[0].appKey, key.appKey);
  const { stdout } = await llavero(daemon, ['status']);
  assert.match(stdout, /restore --confirm/);
  assert.ok(stdout.includes(key.appKey));
  assert.ok(daemon.logText().includes('"records_held"'));
  await llavero(daemon, ['key', 'list'], { code: 3 });
  await llavero(daemon, ['backup', path.join(daemon.folder, 'held')], { code: 3 });
});

test('confirmed, a new epoch begins, the index is made anew, and the history holds', async () => {
  const { stdout } = await llavero(daemon, ['restore', '--confirm']);
  assert.ok(stdout.includes(key.appKey) && /revoked key/.test(stdout), stdout);
  await until('the gate decides', async () => (await trueStatus(kept)) === 200);
  const { json: status } = await llavero(daemon, ['status', '--json']);
  assert.equal(status.held, null);
  assert.equal(status.epoch, 2);
  assert.equal(status.index.epoch, 2);
  assert.equal(status.index.revision, status.revision);
  /* It is alive again, as was said: revoking it once more is the operator's next step. */
  assert.equal(await trueStatus(key), 200);
  await llavero(daemon, ['key', 'revoke', key.appKey, '--reason', 'compromised']);
  assert.equal(await trueStatus(key), 401);

  const { json: events } = await llavero(daemon, ['events', 'list', '--action', 'installation.new_epoch', '--json']);
  assert.equal(events.length, 1);
  assert.equal(events[0].event.actor.kind, 'operator');
  const { json } = await llavero(null, ['events', 'verify', path.join(daemon.data, 'records.db'), '--json',
    '--public-key', path.join(daemon.data, 'event-public-key')]);
  assert.equal(json.epoch, 2);
  await llavero(daemon, ['restore', '--confirm'], { code: 1 });
});

test('a backup that is not older needs no confirmation and begins an epoch too', async () => {
  const newest = path.join(daemon.folder, 'newest.db');
  await llavero(daemon, ['backup', newest]);
  await daemon.stop();
  const { json, stderr } = await restore([newest, '--replace', '--json']);
  assert.equal(json.mustConfirm, false);
  assert.equal(json.epoch, 3);
  assert.match(json.aside, /before-restore-2$/);
  assert.match(stderr, /new epoch/);
  await daemon.launch();
  assert.equal(await trueStatus(kept), 200);
  assert.equal(await trueStatus(key), 401);
});

test('where nothing tells how new the records were, it says that what comes back is not known', async () => {
  await daemon.stop();
  const { stdout } = await restore([backup, '--replace']);
  assert.doesNotMatch(stdout, /suspended users/);
  fs.rmSync(path.join(daemon.data, 'high-water'));
  assert.match((await restore([backup, '--replace'])).stdout, /suspended users.*Compare with your own records/);
  await daemon.launch();
});

test('as root it leaves nothing that the data directory\'s owner could not open', async () => {
  if (process.getuid() !== 0) {
    console.log('# skipped: needs the root user');
    return;
  }
  const owner = 65534;
  const chown = (uid) => spawnSync('chown', ['-R', `${uid}:${uid}`, daemon.data]);
  fs.chmodSync(daemon.folder, 0o755);
  await daemon.stop();
  chown(owner);
  await restore([backup, '--replace']);
  for (const name of fs.readdirSync(daemon.data)) {
    assert.equal(fs.statSync(path.join(daemon.data, name)).uid, owner, name);
  }
  assert.deepEqual(fs.readdirSync(daemon.data).filter((name) => name.endsWith('.tmp')), []);
  chown(0);
});
