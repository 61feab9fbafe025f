// As many routes as an installation takes, imported by the command line from one document; one more is refused in
// words that say how many there may be; what is there is decided, exported, and imported again without a change.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { Llaverod, request } from '../lib/llaverod.mjs';
import { LANGUAGES, revisionOf, wording } from '../lib/refused.mjs';

const ROUTES_MAX = 65536;

let daemon;

function document(count) {
  const paths = {};
  for (let i = 0; i < count; i += 1) paths[`/shop/a${i >> 8}/b${i}/{id}`] = { get: { responses: {}, 'x-llavero-resources': [`r${i % 1000}`] } };
  return JSON.stringify({ openapi: '3.0.3', info: { title: 'Shop', version: '1' }, paths });
}

function file(name, text) {
  const at = path.join(daemon.folder, name);
  fs.writeFileSync(at, text);
  return at;
}

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
});

after(() => daemon?.close());

test('one operation more than there may be is refused, and nothing is changed', async () => {
  const at = file('over.json', document(ROUTES_MAX + 1));
  const revision = await revisionOf(daemon);
  for (const language of LANGUAGES) {
    const { stderr } = await llavero(daemon, ['--lang', language, 'catalog', 'import', at], { code: 1 });
    assert.match(stderr.replace(/^llavero: /, '').trim(), wording(language, 'catalog.too_many'));
    assert.match(stderr, new RegExp(String(ROUTES_MAX)));
  }
  assert.equal(await revisionOf(daemon), revision);
});

test('as many as there may be are taken, decided, exported and imported again', async () => {
  const at = file('full.json', document(ROUTES_MAX));
  const first = await llavero(daemon, ['--json', 'catalog', 'import', at]);
  assert.deepEqual([first.json.routes, first.json.resources, first.json.indexed], [ROUTES_MAX, 1000, true]);
  const again = await llavero(daemon, ['--json', 'catalog', 'import', at]);
  assert.deepEqual([again.json.diff, again.json.revision], [[], first.json.revision]);
  const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'R', resources: ['r535'] });
  await daemon.api('POST', `/v1/keys/${key.appKey}/links`, { profile: 'R' });
  for (const [target, status] of [['/shop/a255/b65535/7', 200], ['/shop/a255/b65534/7', 403], ['/shop/a255/b65536/7', 403]]) {
    const answer = await request(daemon.gate, 'GET', '/auth/nginx', { headers: { 'X-Original-Method': 'GET',
      'X-Original-URI': target, 'X-App-Key': key.appKey, 'X-App-Token': key.appToken } });
    assert.equal(answer.status, status, target);
  }
  // Another one, whichever way it comes.
  await llavero(daemon, ['catalog', 'add', 'GET', '/another', '--public'], { code: 1 });
  const more = file('more.json', document(1).replace('/shop/', '/other/'));
  assert.match((await llavero(daemon, ['catalog', 'import', more], { code: 1 })).stderr, new RegExp(String(ROUTES_MAX)));
  const { stdout } = await llavero(daemon, ['catalog', 'export']);
  const revision = await revisionOf(daemon);
  await llavero(daemon, ['catalog', 'import', file('own.yaml', stdout)]);
  assert.equal(await revisionOf(daemon), revision);
});
