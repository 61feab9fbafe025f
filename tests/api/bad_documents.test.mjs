// Broken and hostile documents over the API: each is refused in the caller's language, with what to do, soon,
// and nothing is changed; the keeper goes on.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { Llaverod, request } from '../lib/llaverod.mjs';
import { LANGUAGES, refused, revisionOf, wording } from '../lib/refused.mjs';

let daemon;

before(async () => { daemon = await Llaverod.start(); });
after(() => daemon?.close());

const head = '"openapi":"3.0.3","info":{"title":"x","version":"1"}';
const document = (paths, more = '') => `{${head},"paths":${paths}${more}}`;
const nested = (n) => `${'['.repeat(n)}${']'.repeat(n)}`;
const operation = '{"get":{"responses":{},"description":"x"}}';

// [what, text, code]; a limit that is exceeded is told as one (422).
const LIMITS = ['catalog.too_deep', 'catalog.too_many_values'];
const DOCUMENTS = [
  ['nothing', '', 'catalog.empty'],
  ['cut off', document('{').slice(0, -1), 'catalog.cut_off'],
  ['no JSON', `{${head},}`, 'catalog.json_syntax'],
  ['no YAML', 'openapi: 3.0.3\n\tpaths: {}\n', 'catalog.yaml_syntax'],
  ['another kind', '{"a":1}', 'catalog.form'],
  ['Swagger', '{"swagger":"2.0"}', 'catalog.swagger'],
  ['of the future', '{"openapi":"4.0.0","info":{},"paths":{}}', 'catalog.version'],
  ['129 levels', document('{}', `,"x-a":${nested(129)}`), 'catalog.too_deep'],
  ['100,000 levels', document('{}', `,"x-a":${'['.repeat(100000)}`), 'catalog.too_deep'],
  ['100,000 levels of YAML', `openapi: 3.0.3\nx: ${'['.repeat(100000)}`, 'catalog.too_deep'],
  ['a key twice', document('{"/a":{},"/a":{}}'), 'catalog.repeated_key'],
  ['a key twice, spelled otherwise', document('{"/a":{},"/\\u0061":{}}'), 'catalog.repeated_key'],
  ['a key twice in YAML', `openapi: 3.0.3\ninfo: {title: x, version: "1"}\npaths:\n  /a: {}\n  /a: {}\n`, 'catalog.repeated_key'],
  ['1e400', document('{}', ',"x-a":1e400'), 'catalog.number'],
  ['a byte order mark', `\ufeff${document('{}')}`, 'catalog.byte_order_mark'],
  ['a billion laughs', `openapi: 3.0.3\na: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (c, i) => (
    `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(9).slice(0, -1)}]\n`))}paths: {}\n`, 'catalog.too_many_values'],
  ['an alias of itself', 'openapi: 3.0.3\nx: &x [*x]\npaths: {}\n', 'catalog.yaml_alias'],
  ['a tag', 'openapi: 3.0.3\nx: !!python/object:os.system x\n', 'catalog.yaml_tag'],
  ['two YAML documents', 'openapi: 3.0.3\npaths: {}\n---\nopenapi: 3.0.3\n', 'catalog.yaml_documents'],
  ['a control character', `${document('{}')}\u0001`, 'catalog.control'],
];

for (const [label, text, code] of DOCUMENTS) {
  test(`a document: ${label}`, async () => {
    const status = LIMITS.includes(code) ? 422 : 400;
    const answer = await refused(daemon, 'POST', '/v1/catalog/import', { body: { documents: [{ name: 'bad.json', text }] } }, status, code);
    assert.match(answer.json.detail, /bad\.json/);
    await refused(daemon, 'POST', '/v1/catalog/suggest', { body: { name: 'bad.json', text } }, status, code);
    // A good one beside it is not taken either: all or nothing.
    const documents = [{ name: 'good.json', text: document(`{"/good":${operation.replace('"x"', '"x","x-llavero-public":true')}}`) },
      { name: 'bad.json', text }];
    await refused(daemon, 'POST', '/v1/catalog/import', { body: { documents } }, status, code);
  });
}

// The command line's own: what is no text cannot be sent at all.
const FILES = [
  ['bytes that are not UTF-8', Buffer.from('openapi: 3.0.3\nx: \xc3\x28\n', 'latin1'), 'cli.not_utf8'],
  ['UTF-16', Buffer.from('\ufeffopenapi: 3.0.3\n', 'utf16le'), 'cli.not_utf8'],
  ['a NUL', 'openapi: 3.0.3\nx: "\u0000"\n', 'cli.not_utf8'],
];

test('by the command line each is refused with the same words in three languages, and nothing is changed', async () => {
  const before_ = await revisionOf(daemon);
  const rows = [...DOCUMENTS, ...FILES];
  const good = path.join(daemon.folder, 'good.json');
  fs.writeFileSync(good, document(`{"/good":${operation.replace('"x"', '"x","x-llavero-public":true')}}`));
  for (const [i, [label, text, code]] of rows.entries()) {
    const at = path.join(daemon.folder, `bad${i}.json`);
    const language = LANGUAGES[i % LANGUAGES.length];
    fs.writeFileSync(at, text);
    for (const words of [['import', good, at], ['suggest', at], ['import', at, '--dry-run']]) {
      const { stderr } = await llavero(daemon, ['--lang', language, 'catalog', ...words], { code: 1 });
      assert.match(stderr.replace(/^llavero: /, '').trim(), wording(language, code), `${label}: ${words[0]}: ${stderr}`);
      assert.match(stderr, new RegExp(`bad${i}\\.json`), label);
    }
    const { json } = await llavero(daemon, ['--json', 'catalog', 'import', at], { code: 1 });
    assert.equal(json.code, code, label);
  }
  assert.equal(await revisionOf(daemon), before_);
});

test('a document with bytes that are not UTF-8 is refused as a body', async () => {
  const body = Buffer.from('{"documents":[{"name":"x","text":"\xc3\x28"}]}', 'latin1');
  await refused(daemon, 'POST', '/v1/catalog/import', { body }, 400, 'api.body_not_json');
});

test('references that lead in a circle, or nowhere, are listed as undecided and map nothing', async () => {
  const circle = document('{"/a":{"$ref":"#/paths/~1b"},"/b":{"$ref":"#/paths/~1a"}}');
  const self = document('{"/a":{"get":{"parameters":[{"$ref":"#/components/parameters/A"}],"responses":{}}}}',
    ',"components":{"parameters":{"A":{"$ref":"#/components/parameters/A"}},"schemas":{"S":{"$ref":"#/components/schemas/S"}}}');
  const nowhere = document('{"/a":{"$ref":"#/paths/~1gone"},"/c":{"$ref":"https://example.com/x.json#/a"}}');
  for (const text of [circle, self, nowhere]) {
    const answer = await request(daemon.keeper, 'POST', '/v1/catalog/import', { body: { documents: [{ name: 'c.json', text }] } });
    assert.ok([200, 400].includes(answer.status), answer.text);
    if (answer.status === 200) assert.equal(answer.json.routes, 0, answer.text);
    else assert.match(answer.json.code, /^catalog\./);
  }
  assert.deepEqual((await daemon.api('GET', '/v1/routes')).items, []);
});

test('a hundred bad documents later the keeper answers as before', async () => {
  for (let i = 0; i < 100; i += 1) {
    const [, text, code] = DOCUMENTS[i % DOCUMENTS.length];
    const { json } = await request(daemon.keeper, 'POST', '/v1/catalog/import', { body: { documents: [{ name: 'bad.json', text }] } });
    assert.equal(json.code, code);
  }
  assert.equal((await daemon.api('GET', '/v1/status')).held, null);
  assert.equal((daemon.logText().match(/"event":"ended"/g) ?? []).length, 0);
});
