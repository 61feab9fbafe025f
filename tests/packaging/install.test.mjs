// `make install` into an empty folder: what lies there, whether it agrees with itself, and whether
// the installed server starts with the installed configuration, confined as its unit says.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { BUILD, Llaverod, ROOT, freePort, request } from '../lib/llaverod.mjs';

const UNIT = 'usr/lib/systemd/system/llaverod.service';
const EXPOSURE_MAX = 2.0;
let root;

const at = (name) => path.join(root, name);
const read = (name) => fs.readFileSync(at(name), 'utf8');
const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const install = (destdir) => execFileSync('make', ['-s', 'install', `DESTDIR=${destdir}`, `BUILD=${BUILD}`],
  { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

before(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-install-'));
  install(root);
});

after(() => fs.rmSync(root, { recursive: true, force: true }));

function walk(folder, prefix = '') {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(prefix, entry.name);
    return entry.isDirectory() ? walk(path.join(folder, entry.name), name) : [name];
  });
}

test('what is installed is what is listed, with its modes', () => {
  const wanted = fs.readFileSync(path.join(ROOT, 'tests/packaging/installed.txt'), 'utf8')
    .split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // Examples are installed as whole folders.
  for (const folder of ['gateways', 'library', 'sample']) {
    wanted.push(...walk(path.join(ROOT, 'docs', folder), `usr/share/doc/llavero/examples/${folder}`).map((name) => `644 ${name}`));
  }
  // Debian has a folder for each machine's libraries.
  const plain = (name) => name.replace(/^usr\/lib\/[a-z0-9_]+-linux-gnu[a-z0-9_]*\//, 'usr/lib/ARCH/');
  const found = walk(root).map((name) => `${(fs.statSync(at(name)).mode & 0o7777).toString(8)} ${plain(name)}`).sort();
  assert.deepEqual(found, wanted.sort());
});

test('installing again keeps a configuration that was changed', () => {
  const before = read('etc/llavero/llaverod.conf');
  fs.appendFileSync(at('etc/llavero/llaverod.conf'), '# mine\n');
  install(root);
  assert.match(read('etc/llavero/llaverod.conf'), /# mine\n$/);
  fs.writeFileSync(at('etc/llavero/llaverod.conf'), before);
});

test('unit, configuration, users and folders name the same paths', () => {
  const unit = read(UNIT);
  const conf = read('etc/llavero/llaverod.conf');
  assert.match(unit, /^ExecStart=\/usr\/sbin\/llaverod --config \/etc\/llavero\/llaverod\.conf$/m);
  assert.match(unit, /^StateDirectory=llavero$/m);
  assert.match(conf, /^data_dir = "\/var\/lib\/llavero"$/m);
  assert.match(unit, /^RuntimeDirectory=llavero$/m);
  for (const socket of ['gate', 'keeper']) assert.match(conf, new RegExp(`socket = "/run/llavero/${socket}\\.sock"`));
  const users = read('usr/lib/sysusers.d/llavero.conf');
  for (const group of [/^SupplementaryGroups=(.*)$/m.exec(unit)[1], /socket_group = "(.*)"/.exec(conf)[1]]) {
    assert.match(users, new RegExp(`^g ${group} `, 'm'));
  }
  assert.match(users, new RegExp(`^u ${/^User=(.*)$/m.exec(unit)[1]} `, 'm'));
});

test('the binaries run, and take the configuration', () => {
  assert.match(execFileSync(at('usr/sbin/llaverod'), ['--version'], { encoding: 'utf8' }), /^llaverod \d/);
  assert.match(execFileSync(at('usr/bin/llavero'), ['--version'], { encoding: 'utf8' }), /^llavero \d/);
  for (const name of ['etc/llavero/llaverod.conf', 'usr/share/doc/llavero/examples/llaverod.conf']) {
    execFileSync(at('usr/sbin/llaverod'), ['--config', at(name), '--check'], { stdio: 'pipe' });
  }
});

test('systemd takes the unit, and finds little exposed', { skip: !has('systemd-analyze') }, () => {
  const copy = path.join(root, 'llaverod.service');
  fs.writeFileSync(copy, read(UNIT).replace('ExecStart=/usr', `ExecStart=${root}/usr`));
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
  assert.equal(verified.stderr + verified.stdout, '');
  assert.equal(verified.status, 0);
  const judged = execFileSync('systemd-analyze', ['security', '--offline=true', copy], { encoding: 'utf8' });
  fs.rmSync(copy);
  const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(judged)[1]);
  assert.ok(exposure <= EXPOSURE_MAX, `exposure ${exposure}`);
});

test('users and folders are made with the rights that the manual names',
  { skip: !has('systemd-sysusers') || process.geteuid() !== 0 }, () => {
    fs.mkdirSync(at('var'), { recursive: true });
    execFileSync('systemd-sysusers', [`--root=${root}`], { stdio: 'pipe' });
    execFileSync('systemd-tmpfiles', [`--root=${root}`, '--create', 'llavero.conf'], { stdio: 'pipe' });
    const id = (file, name) => Number(new RegExp(`^${name}:[^:]*:(\\d+)`, 'm').exec(read(`etc/${file}`))[1]);
    const seen = (name) => { const s = fs.statSync(at(name)); return [(s.mode & 0o7777).toString(8), s.uid, s.gid]; };
    const user = id('passwd', 'llavero');
    assert.deepEqual(seen('var/lib/llavero'), ['751', user, id('group', 'llavero')]);
    for (const name of ['index', 'gate', 'ledger']) {
      assert.deepEqual(seen(`var/lib/llavero/${name}`), ['2750', user, id('group', 'llavero-gate')], name);
    }
    assert.match(read('etc/group'), /^llavero-gate:.*:llavero$/m);
  });

test('the installed server serves with the installed configuration, confined as its unit says',
  { skip: !has('systemd-analyze') }, async () => {
    const port = await freePort();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-installed-'));
    const binary = path.join(folder, 'confined');
    fs.writeFileSync(binary, `#!/bin/sh\nexec ${ROOT}/tests/packaging/as-unit ${at(UNIT)} ${at('usr/sbin/llaverod')} "$@"\n`,
      { mode: 0o755 });
    const daemon = await Llaverod.start({ folder, port, binary, config: read('etc/llavero/llaverod.conf'),
      // The user and the group are not on this machine.
      env: { LLAVERO_USER: '', LLAVERO_GATE_SOCKET_GROUP: '' } });
    try {
      const cli = (...args) => JSON.parse(execFileSync(at('usr/bin/llavero'),
        ['--socket', daemon.keeper.socket, '--json', ...args], { encoding: 'utf8' }));
      cli('init', '--account', 'store', '--owner', 'owner@example.com');
      const key = cli('key', 'create', '--account', 'store', '--label', 'first');
      const answer = await request(daemon.tcp, 'GET', '/auth/nginx', { headers: { 'X-Original-Method': 'GET',
        'X-Original-URI': '/orders', 'X-App-Key': key.appKey, 'X-App-Token': key.appToken } });
      assert.equal(answer.headers['x-llavero-cause'], 'route_unknown');
      const logged = daemon.logText().split('\n').filter(Boolean).map((line) => JSON.parse(line));
      // Its own sandbox closes inside that of the unit, as far as the kernel offers it.
      const sandboxes = logged.filter((e) => e.event === 'sandbox');
      assert.ok(sandboxes.length >= 2 && sandboxes.every((e) => e.seccomp === 'on'), JSON.stringify(sandboxes));
      assert.deepEqual(logged.filter((e) => e.level === 'error'), []);
    } finally {
      assert.deepEqual(await daemon.close(), { code: 0, signal: null });
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
