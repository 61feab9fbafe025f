// A database that this version cannot open is refused before anything is made, by --check and at the
// start alike, in the user's language, and without repeating an address that may hold a password.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { LLAVEROD } from '../lib/llaverod.mjs';

let folder;
before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-test-')); });
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function run(words, url, lang = 'C') {
  const config = path.join(folder, 'llaverod.conf');
  fs.writeFileSync(config, `records { url = "${url}" }\n`);
  return spawnSync(LLAVEROD, [...words, '--config', config], { encoding: 'utf8', timeout: 60000,
    env: { ...process.env, LC_ALL: lang, LANG: lang, LLAVERO_DATA_DIR: path.join(folder, 'data'),
      LLAVERO_GATE_LISTEN: '', LLAVERO_GATE_SOCKET: path.join(folder, 'gate.sock'), LLAVERO_KEEPER_LISTEN: '',
      LLAVERO_KEEPER_SOCKET: path.join(folder, 'keeper.sock') } });
}

test('another database is refused with what this version takes', () => {
  const rows = [['postgresql://llavero:hunter2secret@db/llavero', /PostgreSQL/], ['postgres://hunter2secret@db/x', /PostgreSQL/],
    ['mysql:hunter2secret', /no database/], ['sqlite:hunter2secret.db', /absolute path/], ['sqlite:', /absolute path/]];
  for (const words of [['--check'], []]) {
    for (const [url, why] of rows) {
      const { status, signal, stdout, stderr } = run(words, url);
      assert.equal(signal, null, url);
      assert.notEqual(status, 0, url);
      assert.match(stderr, /llaverod\.conf:1: records\.url: /, url);
      assert.match(stderr, why, url);
      assert.match(stderr, /sqlite:\//, url);
      assert.ok(!`${stdout}${stderr}`.includes('hunter2secret'), url);
      assert.ok(!fs.existsSync(path.join(folder, 'data')), url);
    }
  }
  assert.match(run(['--check'], 'postgresql://db/x', 'es_AR.UTF-8').stderr, /Esta versión no puede abrir PostgreSQL/);
  assert.match(run(['--check'], 'postgresql://db/x', 'pt_BR.UTF-8').stderr, /Esta versão não consegue abrir PostgreSQL/);
});

test('an absolute path, and none, are taken', () => {
  for (const url of [`sqlite:${folder}/r.db`, '']) assert.equal(run(['--check'], url).status, 0, url);
});
