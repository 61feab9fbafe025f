// An import is written in batches, and the next one is read meanwhile: every line is taken once
// and in its order, wherever a batch ends.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Llaverod, request } from '../lib/llaverod.mjs';

const BATCH = 3072; // keys of one change: KEYS_IMPORT_MAX
let daemon;

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Reader', resources: [] });
});
after(() => daemon?.close());

const digest = (text) => createHash('sha256').update(text).digest('hex');
const line = (name, more = {}) =>
  JSON.stringify({ appKey: `many-${name}`, sha256: digest(name), profiles: ['Reader'], ...more });

async function put(body, query = '') {
  const { json, status, text } = await request(daemon.keeper, 'POST', `/v1/keys/import?account=store${query}`,
    { body, headers: { 'Content-Type': 'application/jsonl' } });
  assert.equal(status, 200, text);
  return { ...json, refused: json.refused.map((one) => [one.line, one.code]) };
}

test('several batches, with lines in each that are not taken', async () => {
  const lines = Array.from({ length: 2 * BATCH + 5 }, (_, i) => line(`a${i}`));
  lines[0] = 'no object';                                 // line 1
  lines[7] = '';                                          // no line at all
  lines[BATCH - 1] = '[]';                                // line 3072
  lines[BATCH + 1] = line('other', { profiles: ['?'] });  // line 3074
  lines[BATCH + 9] = line('a1');                          // line 3082: an appKey of the batch before
  lines[2 * BATCH + 4] = '{';                             // the last line
  const answer = await put(`${lines.slice(0, BATCH).join('\r\n')}\r\n${lines.slice(BATCH).join('\n')}`);
  assert.deepEqual(answer.refused, [[1, 'api.import_line'], [BATCH, 'api.import_line'],
    [BATCH + 2, 'api.profile_unknown'], [BATCH + 10, 'records.app_key_taken'],
    [2 * BATCH + 5, 'api.import_line']]);
  assert.equal(answer.imported, lines.length - 6);
  for (const i of [1, BATCH, 2 * BATCH, 2 * BATCH + 3]) {
    const key = await daemon.api('GET', `/v1/keys/many-a${i}`);
    assert.deepEqual(key.profiles.map((profile) => profile.name), ['Reader'], key.appKey);
  }
});

test('exactly one batch, one more, and nothing', async () => {
  for (const [name, count] of [['b', BATCH], ['c', BATCH + 1], ['d', 0]]) {
    const body = Array.from({ length: count }, (_, i) => `${line(`${name}${i}`)}\n`).join('');
    const answer = await put(body === '' ? '\n\n' : body);
    assert.deepEqual([answer.imported, answer.refused], [count, []], name);
  }
});

test('a trial run takes nothing', async () => {
  const body = Array.from({ length: BATCH + 1 }, (_, i) => line(`e${i}`)).join('\n');
  for (let i = 0; i < 2; i++)
    assert.equal((await put(body, '&dryRun=true')).imported, BATCH + 1);
});
