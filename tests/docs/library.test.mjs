// The programs of docs/library, built as their first lines say, over a real installation.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { BUILD, Llaverod, ROOT } from '../lib/llaverod.mjs';
import { makeStore } from '../lib/store.mjs';

const LIBRARIES = path.join(BUILD, 'src/lib');
const at = (name) => path.join(ROOT, 'docs/library', name);
const INCLUDE = `-I${path.join(ROOT, 'include')}`;
const SHARED = [`-L${LIBRARIES}`, '-lllavero', `-Wl,-rpath,${LIBRARIES}`];
const ARCHIVE = [path.join(LIBRARIES, 'libllavero.a'), '-llmdb', '-lcrypto', '-lsodium', '-lpthread'];
const WARN = ['-Wall', '-Wextra', '-Werror'];
let daemon;
let key;
let folder;

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-library-'));
  daemon = await Llaverod.start();
  ({ key } = await makeStore(daemon));
});

after(async () => {
  await daemon?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const PROGRAMS = {
  'C, shared library': () => build('c-shared', 'cc', ['-std=c99', '-pedantic', '-D_POSIX_C_SOURCE=200809L'], 'decide.c', SHARED),
  'C, archive': () => build('c-archive', 'cc', ['-std=c99'], 'decide.c', ARCHIVE),
  'C++': () => build('cpp', 'c++', ['-std=c++17'], 'decide.cpp', SHARED),
  Python: () => ['python3', at('decide.py')],
};

function build(name, compiler, options, source, libraries) {
  const program = path.join(folder, name);
  execFileSync(compiler, [...options, ...WARN, INCLUDE, at(source), '-o', program, ...libraries],
    { stdio: ['ignore', 'inherit', 'inherit'] });
  return [program];
}

for (const [name, make] of Object.entries(PROGRAMS)) {
  test(`${name}: allows, and says why it refuses`, () => {
    const [program, ...words] = make();
    const ask = (method, target, headers, data = daemon.data) => {
      const input = headers.map(([header, value]) => `${header}: ${value}\r\n`).join('');
      const done = spawnSync(program, [...words, data, method, target], { input, encoding: 'utf8',
        env: { ...process.env, LIBLLAVERO: path.join(LIBRARIES, 'libllavero.so.0') } });
      return { code: done.status, lines: done.stdout.split('\n'), said: done.stderr };
    };
    const pair = (token) => [['X-App-Key', key.appKey], ['X-App-Token', token]];
    const allowed = ask('GET', '/orders/7', pair(key.appToken));
    assert.deepEqual([allowed.code, ...allowed.lines.slice(0, 2)],
      [0, '200 none', `${key.appKey} as store, by Reader`], allowed.said);
    const lacking = ask('DELETE', '/orders/7', pair(key.appToken));
    assert.deepEqual([lacking.code, lacking.lines[0]], [1, '403 profile_lacks_resource']);
    assert.ok(lacking.lines.includes('X-Llavero-Status: 403'));
    const document = JSON.parse(lacking.lines.at(-2));
    assert.equal(document.cause, 'profile_lacks_resource');
    assert.deepEqual(document.resources.map((resource) => resource.key), ['EditOrder']);
    const typed = key.appToken.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'));
    assert.equal(ask('GET', '/orders/7', pair(typed)).lines[0], '401 token_typo');
    assert.equal(ask('GET', '/orders/7', [...pair(key.appToken), ['x-app-key', key.appKey]]).lines[0],
      '400 header_repeated');
    assert.equal(ask('GET', '/open', []).lines[0], '200 none');
    const nowhere = ask('GET', '/open', [], path.join(folder, 'nowhere'));
    assert.deepEqual([nowhere.code, nowhere.lines[0]], [1, '503 index_unavailable']);
  });
}

test('the structs of the Python program are those of the header', () => {
  const source = path.join(folder, 'sizes.c');
  fs.writeFileSync(source, '#include <llavero.h>\n#include <stdio.h>\nint main(void) { printf("%zu %zu %zu %zu\\n", '
    + 'sizeof(struct llv_setup), sizeof(struct llv_request), sizeof(struct llv_decision), sizeof(struct llv_header)); }\n');
  execFileSync('cc', [INCLUDE, source, '-o', path.join(folder, 'sizes')]);
  const python = 'import sys; sys.path.insert(0, sys.argv[1]); import decide as d; '
    + 'print(*(d.sizeof(s) for s in (d.Setup, d.Request, d.Decision, d.Header)))';
  assert.equal(execFileSync('python3', ['-B', '-c', python, at('')], { encoding: 'utf8' }),
    execFileSync(path.join(folder, 'sizes'), { encoding: 'utf8' }));
});
