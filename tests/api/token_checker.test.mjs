// The checker of the browser is the checker of the server: built from the same code, it says the same of every text.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { Llaverod, ROOT } from '../lib/llaverod.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-wasm-'));
let daemon;
let key;
let wasm;

before(async () => {
  const file = path.join(folder, 'key.wasm');
  const built = spawnSync('bash', [path.join(ROOT, 'console/wasm/build'), file], { encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  const module = new WebAssembly.Module(fs.readFileSync(file));
  // It can reach nothing: no clock, no network, no storage.
  assert.deepEqual(WebAssembly.Module.imports(module), []);
  wasm = new WebAssembly.Instance(module).exports;
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
});

after(async () => {
  await daemon?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const memory = () => new Uint8Array(wasm.memory.buffer);

function word(at) {
  const bytes = memory();
  return Buffer.from(bytes.subarray(at, bytes.indexOf(0, at))).toString();
}

function put(text, place) {
  const bytes = Buffer.from(text);
  memory().set(bytes, wasm.input() + place * wasm.field_max());
  return bytes.length;
}

function check(appKey, appToken) {
  const at = wasm.check(0, put(appKey, 0), put(appToken, 1), put('appkey', 2));
  const cells = [...new Int32Array(wasm.memory.buffer, at, 16)];
  return {
    cause: ['none', 'none', 'foreign', word(wasm.cause_name(cells[1]))][cells[0]],
    hint: word(wasm.hint_name(cells[2])),
    positions: cells.slice(8, 8 + cells[7]),
  };
}

// One other character of the alphabet in that place.
const mistype = (text, at) => text.slice(0, at) + (text[at] === 'Q' ? 'P' : 'Q') + text.slice(at + 1);

const PAIRS = [
  ['right', (k) => [k.appKey, k.appToken]],
  ['one wrong character', (k) => [k.appKey, mistype(k.appToken, 20)]],
  ['four wrong characters', (k) => [k.appKey, [5, 17, 30, 50].reduce(mistype, k.appToken)]],
  ['six wrong characters', (k) => [k.appKey, [4, 9, 17, 30, 41, 50].reduce(mistype, k.appToken)]],
  ['a wrong appKey', (k) => [mistype(k.appKey, k.appKey.length - 3), k.appToken]],
  ['swapped', (k) => [k.appToken, k.appKey]],
  ['lower case', (k) => [k.appKey, k.appToken.toLowerCase()]],
  ['cut off', (k) => [k.appKey, k.appToken.slice(0, 40)]],
  ['a space inside', (k) => [k.appKey, `${k.appToken.slice(0, 12)} ${k.appToken.slice(12)}`]],
  ['a placeholder', (k) => [k.appKey, '{{appToken}}']],
  ['imported', () => ['vtexappkey-store-ABCDEF', 'ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ']],
  ['not ASCII', (k) => [k.appKey, k.appToken.replace(/^LV1/, 'LV\u0661')]],
  ['far too long', (k) => [k.appKey, 'A'.repeat(1500)]],
];

test('it says of each pair what the command line says', async () => {
  for (const [label, make] of PAIRS) {
    const [appKey, appToken] = make(key);
    const mine = check(appKey, appToken);
    const { json } = await llavero(daemon, ['--json', 'token', 'check'], { input: `${appKey}\n${appToken}`, code: label === 'right' || label === 'imported' ? 0 : 1 });
    assert.deepEqual(mine, { cause: json.cause, hint: json.hint, positions: json.positions }, label);
  }
  assert.deepEqual(check(key.appKey, mistype(key.appToken, 20)).positions, [21]);
});

test('what was given does not stay in its memory', () => {
  check(key.appKey, key.appToken);
  const held = () => Buffer.from(memory()).includes(key.appToken.slice(3));
  assert.ok(held());
  wasm.wipe();
  assert.ok(!held());
});
