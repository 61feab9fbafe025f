// Followers that wait for events hold half of the keeper's workers at most: the others go on answering,
// and a stop waits for none of them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Llaverod, request, until } from '../lib/llaverod.mjs';

const WORKERS = 4;
const FOLLOWERS = 10;
let daemon;

before(async () => {
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_WORKERS: String(WORKERS) } });
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
});

after(() => daemon?.close());

// Followers at the head of the events, and what they were answered so far.
async function follow(count) {
  const { revision } = await daemon.api('GET', '/v1/events?limit=1');
  const answers = [];
  const failed = [];
  const asked = Array.from({ length: count }, () => request(daemon.keeper, 'GET',
    `/v1/events?cursor=${revision}&wait=30`).then((answer) => answers.push(answer), (error) => failed.push(error)));
  return { answers, failed, done: Promise.all(asked) };
}

test('half of the workers wait, further followers are answered at once, and other calls are served', async () => {
  const { answers, failed, done } = await follow(FOLLOWERS);
  await until('followers beyond the bound answered', () => answers.length >= FOLLOWERS - WORKERS / 2, 25000);
  assert.equal(answers.length, FOLLOWERS - WORKERS / 2);
  for (const answer of answers) assert.deepEqual([answer.status, answer.json.items], [200, []]);
  await daemon.api('GET', '/v1/status');
  await daemon.api('POST', '/v1/accounts', { name: 'other', owner: 'bea@example.com' });
  await done;
  assert.deepEqual(failed, []);
  const told = answers.slice(FOLLOWERS - WORKERS / 2);
  assert.equal(told.length, WORKERS / 2);
  for (const { json } of told) assert.equal(json.items[0].event.action, 'account.create');
});

test('a stop does not wait for followers', async () => {
  const { answers, done } = await follow(FOLLOWERS);
  await until('followers beyond the bound answered', () => answers.length === FOLLOWERS - WORKERS / 2, 25000);
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  await done;
  assert.match(daemon.logText(), /"event":"stopped"[^\n]*"forced":(0|false)/);
});
