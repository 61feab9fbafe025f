// llavero events: shown, followed, signed, and checked offline on copies that were tampered with.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { llavero, start } from '../lib/cli.mjs';
import { Llaverod, until } from '../lib/llaverod.mjs';

let daemon;
let key;
let publicKey;
let checkpoint;

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/accounts', { name: 'other', owner: 'bea@example.com' });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Reader' });
  key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp', profiles: ['Reader'] });
  await daemon.api('POST', '/v1/keys', { account: 'other', label: 'crm' });
});

after(() => daemon?.close());

const revisions = (items) => items.map((item) => item.event.revision);

test('list shows the newest, oldest first, and what was asked for', async () => {
  const { json: all } = await llavero(daemon, ['events', 'list', '--limit', '0', '--json']);
  const head = all.at(-1).event.revision;
  assert.deepEqual(revisions(all), Array.from({ length: head }, (_, i) => i + 1));

  const { json: two } = await llavero(daemon, ['events', 'list', '--limit', '2', '--json']);
  assert.deepEqual(revisions(two), [head - 1, head]);

  const { json: since } = await llavero(daemon, ['events', 'list', '--since', '3', '--json']);
  assert.deepEqual(revisions(since), revisions(all).slice(2));
  const { json: some } = await llavero(daemon, ['events', 'list', '--since', '3', '--limit', '2', '--json']);
  assert.deepEqual(revisions(some), [3, 4]);
  const { json: late } = await llavero(daemon, ['events', 'list', '--since', '2999-01-01T00:00:00Z', '--json']);
  assert.deepEqual(late, []);

  const { json: theirs } = await llavero(daemon, ['events', 'list', '--account', 'other', '--action', 'key.', '--json']);
  assert.deepEqual(theirs.map((item) => item.event.action), ['key.create']);
  const { json: either } = await llavero(daemon, ['events', 'list', '--entity', 'profile,user', '--action', 'profile.create,user.create,key.create', '--json']);
  assert.deepEqual([...new Set(either.map((item) => item.event.action))].sort(), ['profile.create', 'user.create']);
  const { stderr } = await llavero(daemon, ['events', 'list', '--entity', 'profile,keyring'], { code: 1 });
  assert.match(stderr, /installation, account/);
  const { json: one } = await llavero(daemon, ['events', 'list', '--entity', 'key', '--entity-id', key.appKey, '--json']);
  assert.ok(one.length > 0 && one.every((item) => item.event.entity.id === key.appKey));

  const { stdout } = await llavero(daemon, ['events', 'list', '--account', 'store']);
  assert.match(stdout.split('\n')[0], /^Revision +Time +Actor +Account +Action +Entity/);
  assert.ok(stdout.includes(key.appKey) && !stdout.includes(key.appToken));
});

test('a limit or a time that is none is a usage error', async () => {
  await llavero(daemon, ['events', 'list', '--limit', 'many'], { code: 2 });
  const { stderr } = await llavero(daemon, ['events', 'list', '--since', 'yesterday'], { code: 1 });
  assert.match(stderr, /since/);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`tail --follow prints what comes and ends with 0 on ${signal}`, async () => {
    const tail = start(daemon, ['events', 'tail', '--follow', '--limit', '1', '--account', 'store', '--json']);
    const lines = () => tail.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    await until('the newest event', () => lines().length === 1);
    await daemon.api('POST', '/v1/keys', { account: 'other', label: `unseen ${signal}` });
    const made = await daemon.api('POST', '/v1/keys', { account: 'store', label: `seen ${signal}` });
    await until('the new event', () => lines().some((line) => line.event.entity.id === made.appKey));
    assert.ok(lines().every((line) => line.event.account === 'store'));
    tail.child.kill(signal);
    const { code, stderr } = await tail.done;
    assert.equal(code, 0);
    assert.equal(stderr, '');
  });
}

test('tail without --follow ends by itself', async () => {
  const { stdout } = await llavero(daemon, ['events', 'tail', '--limit', '3']);
  assert.equal(stdout.trim().split('\n').length, 3);
});

test('status and checkpoint show the public key; a checkpoint goes to a file at once', async () => {
  const { json: status } = await llavero(daemon, ['status', '--json']);
  publicKey = status.eventPublicKey;
  assert.match(publicKey, /^[0-9a-f]{64}$/);
  assert.equal(fs.readFileSync(path.join(daemon.data, 'event-public-key'), 'utf8'), `llavero-event-key-1 ${publicKey}\n`);

  const { stdout, stderr } = await llavero(daemon, ['events', 'checkpoint']);
  assert.match(stdout, /^llavero-checkpoint-1 [0-9a-f]{32} 1 \d+ [0-9a-f]{64} \S+ [0-9a-f]{128}\n$/);
  assert.ok(stderr.includes(publicKey));

  checkpoint = path.join(daemon.folder, 'checkpoint');
  fs.writeFileSync(checkpoint, 'old\n');
  const { json } = await llavero(daemon, ['events', 'checkpoint', checkpoint, '--json']);
  assert.equal(fs.readFileSync(checkpoint, 'utf8'), json.text);
  assert.deepEqual(fs.readdirSync(daemon.folder).filter((name) => name.endsWith('.new')), []);
  await llavero(daemon, ['events', 'checkpoint', path.join(daemon.folder, 'nowhere/checkpoint')], { code: 3 });
});

// A copy of the database as cp makes it, in a folder of its own.
function copy(name) {
  const folder = path.join(daemon.folder, name);
  fs.mkdirSync(folder);
  const file = path.join(folder, 'records.db');
  for (const end of ['', '-wal']) fs.copyFileSync(path.join(daemon.data, `records.db${end}`), file + end);
  return file;
}

function sql(file, text) {
  const program = 'import sqlite3,sys,hashlib\n'
    + 'db = sqlite3.connect(sys.argv[1])\n'
    + 'db.create_function("rehash", 1, lambda t: hashlib.sha256(b"llavero event 1\\n" + t.encode()).digest())\n'
    + 'db.executescript(sys.argv[2])\n'
    + 'db.commit()\n';
  const result = spawnSync('python3', ['-c', program, file, text], { encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
}

const verify = (file, code, ...more) => llavero(null, ['events', 'verify', file, '--public-key', publicKey, '--json', ...more], { code });

test('a copy with its log is good, is not written to, and may stand in a folder that cannot be', async () => {
  assert.ok(fs.statSync(path.join(daemon.data, 'records.db-wal')).size > 0, 'the daemon has a log');
  const file = copy('good');
  const bytes = () => fs.readdirSync(path.dirname(file)).map((name) => [name,
    createHash('sha256').update(fs.readFileSync(path.join(path.dirname(file), name))).digest('hex')]);
  const earlier = bytes();
  fs.chmodSync(path.dirname(file), 0o500);
  const { json } = await verify(file, 0, '--checkpoint', checkpoint);
  fs.chmodSync(path.dirname(file), 0o700);
  await verify(file, 0);
  assert.deepEqual(bytes(), earlier);
  assert.equal(json.valid, true);
  assert.equal(json.keySource, 'option');
  assert.equal(json.revision, json.events);
});

test('the database of a running daemon can be checked too', async () => {
  const { json } = await verify(path.join(daemon.data, 'records.db'), 0, '--checkpoint', checkpoint);
  assert.equal(json.valid, true);
});

// The first twelve events are the installation and Llavero's own resources.
test('each kind of tampering is named at its first bad record', async () => {
  const cut = 'DELETE FROM events WHERE revision > 16;'
    + 'UPDATE head SET (epoch, revision, hash) = (SELECT epoch, revision, hash FROM events WHERE revision = 16);';
  const rows = [
    ['edited', "UPDATE events SET text = REPLACE(text, 'key.create', 'key.revoke') WHERE action = 'key.create'"
      + ' AND revision = (SELECT MIN(revision) FROM events WHERE action = \'key.create\')', 'edited'],
    ['edited with its hash', "UPDATE events SET text = REPLACE(text, 'operator', 'operatus') WHERE revision = 15;"
      + 'UPDATE events SET hash = rehash(text) WHERE revision = 15', 'edited'],
    ['removed', 'DELETE FROM events WHERE revision = 16', 'missing'],
    ['reordered', 'UPDATE events SET revision = -1 WHERE revision = 15; UPDATE events SET revision = 15 WHERE revision = 16;'
      + 'UPDATE events SET revision = 16 WHERE revision = -1', 'order'],
    ['inserted', 'UPDATE events SET revision = -revision - 1 WHERE revision >= 16;'
      + 'UPDATE events SET revision = -revision WHERE revision < 0;'
      + 'CREATE TEMP TABLE extra AS SELECT * FROM events WHERE revision = 15; UPDATE extra SET revision = 16;'
      + 'INSERT INTO events SELECT * FROM extra; UPDATE head SET revision = revision + 1', 'order'],
    ['tail cut off', cut, 'tail'],
  ];
  for (const [label, change, fault] of rows) {
    const file = copy(label);
    sql(file, change);
    const { json, stdout } = await verify(file, 1, '--checkpoint', checkpoint);
    assert.equal(json.fault, fault, `${label}: ${stdout}`);
    assert.ok(json.firstBad >= 14 && json.firstBad <= 20, `${label}: ${json.firstBad}`);
    const { stdout: words } = await llavero(null, ['events', 'verify', file, '--public-key', publicKey, '--checkpoint', checkpoint], { code: 1 });
    assert.ok(words.includes(String(json.firstBad)), `${label}: ${words}`);
  }
});

test('a cut tail looks whole without a checkpoint, and the command says that it would', async () => {
  const { stderr } = await verify(path.join(daemon.folder, 'tail cut off/records.db'), 0);
  assert.match(stderr, /No checkpoint was given/);
});

test('keys and checkpoints: from a file, of another installation, none, garbage', async () => {
  const file = copy('keys');
  const keyFile = path.join(daemon.data, 'event-public-key');
  await llavero(null, ['events', 'verify', file, '--public-key', keyFile]);
  const { json: other } = await llavero(null, ['events', 'verify', file, '--public-key', '00'.repeat(31) + '01', '--json'], { code: 1 });
  assert.equal(other.fault, 'signature');
  const { json, stderr } = await llavero(null, ['events', 'verify', file, '--json']);
  assert.equal(json.keySource, 'database');
  assert.match(stderr, /--public-key/);
  await llavero(null, ['events', 'verify', file, '--public-key', checkpoint], { code: 2 });
  await llavero(null, ['events', 'verify', file, '--public-key', publicKey, '--checkpoint', keyFile], { code: 2 });
  await llavero(null, ['events', 'verify', checkpoint, '--public-key', publicKey], { code: 3 });
  await llavero(null, ['events', 'verify', path.join(daemon.folder, 'none'), '--public-key', publicKey], { code: 3 });

  const forged = path.join(daemon.folder, 'forged');
  fs.writeFileSync(forged, fs.readFileSync(checkpoint, 'utf8').replace(/.(\n)$/, (end) => (end[0] === '0' ? '1' : '0') + end[1]));
  const { json: bad } = await verify(file, 1, '--checkpoint', forged);
  assert.equal(bad.fault, 'checkpoint_signature');
});

test('the keeper checks the chain while it runs, and says where it is broken', async () => {
  const chain = (code) => llavero(daemon, ['events', 'chain', '--json'], { code }).then(({ json }) => json);
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Later' });
  const { revision } = await daemon.api('GET', '/v1/status');
  const whole = await until('checked to the end', async () => {
    const now = await chain(0);
    return now.checked.state === 'good' && now.checked.revision >= revision && now;
  }, 30_000);
  assert.equal(whole.checked.events, whole.revision);
  assert.equal(whole.checked.fault, null);
  const { json: made } = await llavero(daemon, ['events', 'checkpoint', '--json']);
  assert.deepEqual((await chain(0)).checkpoint, made);
  const { stdout } = await llavero(daemon, ['events', 'chain']);
  assert.match(stdout, new RegExp(`Checked up to +${whole.revision}\\n`));

  await daemon.stop();
  sql(path.join(daemon.data, 'records.db'), "UPDATE events SET text = REPLACE(text, 'Later', 'Sooner') WHERE revision = " + revision);
  await daemon.launch();
  const broken = await until('the fault', async () => {
    const { json } = await start(daemon, ['events', 'chain', '--json']).done;
    return json?.checked.state === 'bad' && json;
  }, 30_000);
  assert.deepEqual([broken.checked.fault.kind, broken.checked.fault.revision], ['edited', revision]);
  assert.equal(broken.checked.revision, revision - 1);
  assert.match(broken.checked.fault.detail, new RegExp(String(revision)));
  await llavero(daemon, ['events', 'chain'], { code: 1 });
});
