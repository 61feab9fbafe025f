// What README.md tells a new user to type, typed: on an empty data directory, started by scripts/run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { test } from 'node:test';
import { onTerminal } from '../lib/cli.mjs';
import { BUILD, ROOT, freePort, request, until } from '../lib/llaverod.mjs';

const README = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const DOCUMENTS = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'ARCHITECTURE.md',
  'docs/security.md', 'docs/catalog.md', 'docs/causes/en/README.md', 'docs/causes/es/no_profile.md'];

test('the way in and the first key work as they are written', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-readme-'));
  fs.mkdirSync(path.join(folder, 'run'));
  fs.symlinkSync(BUILD, path.join(folder, 'build'));
  const port = await freePort();
  const console = await freePort();
  const at = (name) => path.join(folder, 'run', name);
  const log = fs.openSync(at('log'), 'w');
  const server = spawn(path.join(ROOT, 'scripts/run'), [], { stdio: ['ignore', log, log], env: { ...process.env,
    LLAVERO_DATA_DIR: at('data'), LLAVERO_KEEPER_SOCKET: at('keeper.sock'), LLAVERO_GATE_SOCKET: at('gate.sock'),
    LLAVERO_GATE_LISTEN: `127.0.0.1:${port}`, LLAVERO_KEEPER_LISTEN: `127.0.0.1:${console}` } });
  const ended = new Promise((resolve) => server.on('exit', (code) => resolve(code)));
  try {
    await until('llaverod ready', () => request({ port }, 'GET', '/readyz', { timeout: 1000 })
      .then((answer) => answer.status === 200, () => false));
    const blocks = [...README.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1]);
    assert.equal(blocks.length, 6);
    // Without a terminal the account is made by hand, and both tell how.
    const [, init] = /`(llavero init [^`]+)`/.exec(README);
    assert.ok(fs.readFileSync(at('log'), 'utf8').includes(`\n  ${init}\n`));
    blocks.splice(1, 0, init);
    const script = blocks.join('\n').replaceAll('127.0.0.1:7480', `127.0.0.1:${port}`);
    const said = execFileSync('bash', ['-eu', '-c', script], { cwd: folder, encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const answers = [...said.matchAll(/^HTTP\/1\.1 (\d+).*?(?:^X-Llavero-(?:Cause|Profile): (\S+))/gmsi)]
      .map((match) => [match[1], match[2]]);
    assert.deepEqual(answers, [['403', 'no_profile'], ['200', 'Reader'], ['401', 'key_revoked']]);
    assert.match(said, /^Cause +key_revoked$/m);
    // The document leads to the page of its cause, and to the console with the diagnosis.
    assert.ok(said.includes(`"type":"http://127.0.0.1:${console}/causes/key_revoked"`));
    assert.match(said, new RegExp(`"instance":"http://127\\.0\\.0\\.1:${console}/diagnose#`));
    assert.equal((await request({ port: console }, 'GET', '/causes/key_revoked', { headers: { Accept: 'text/html' } })).status, 200);
    assert.match(said, /^REFUSED /m);
    // The owner's way in leads to the console that answers there.
    assert.match(said, new RegExp(`http://127\\.0\\.0\\.1:${console}/enrol#\\S{43}`));
    assert.equal((await request({ port: console }, 'GET', '/enrol')).status, 200);
    // What scripts/run tells is the same story.
    const told = fs.readFileSync(at('log'), 'utf8');
    assert.ok(told.includes(`export LLAVERO_SOCKET=${at('keeper.sock')}`));
    assert.ok(told.includes('README.md'));
  } finally {
    server.kill('SIGTERM');
    assert.equal(await ended, 0);
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('at a terminal the first start asks, in the language of the person, and shows the link; the second does not', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-first-'));
  const at = (name) => path.join(folder, name);
  const console = await freePort();
  const env = { LLAVERO_DATA_DIR: at('data'), LLAVERO_KEEPER_SOCKET: at('keeper.sock'), LLAVERO_GATE_SOCKET: at('gate.sock'),
    LLAVERO_GATE_LISTEN: `127.0.0.1:${await freePort()}`, LLAVERO_KEEPER_LISTEN: `127.0.0.1:${console}`, LC_ALL: 'es_AR.UTF-8' };
  const run = (typed) => onTerminal(null, [], typed, { command: path.join(ROOT, 'scripts/run'), env });
  const ctrlC = ['"ready"', '\x03'];
  try {
    const first = run([['como store:', 'Mi tienda\n'], ['Titular:', 'ana@example.com\n'], // refused, and asked again
      ['como store:', 'tienda\n'], ['Titular:', '\n'], ['Titular:', 'ana@example.com\n'], ctrlC]);
    assert.equal(first.code, 0, first.shown);
    assert.match(first.shown, /letras minúsculas, cifras y guiones\.\r/);
    assert.match(first.shown, new RegExp(`http://127\\.0\\.0\\.1:${console}/enrol#\\S{43}`));
    assert.match(first.shown, /El enlace se abre en un navegador/);
    const second = run([ctrlC]);
    assert.equal(second.code, 0, second.shown);
    assert.ok(!second.shown.includes('Titular:'), second.shown);
    assert.ok(second.shown.includes(`Entre en http://127.0.0.1:${console}`), second.shown);
    assert.match(second.shown, /Llavero arranca.*Ctrl-C lo detiene/s);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('links between the documents lead somewhere', () => {
  for (const name of DOCUMENTS) {
    const text = fs.readFileSync(path.join(ROOT, name), 'utf8');
    for (const [, target] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      assert.ok(fs.existsSync(path.join(ROOT, path.dirname(name), target)), `${name}: ${target}`);
    }
  }
});
