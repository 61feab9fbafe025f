// The ownership of an account: invitations as the operator and the command line see them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { llavero } from '../lib/cli.mjs';
import { Llaverod, request } from '../lib/llaverod.mjs';
import { logIn } from '../lib/sessions.mjs';

let daemon;
let bea;

const owner = (words, options) => llavero(daemon, ['--json', 'owner', ...words, '--account', 'store'], options);
const owners = async () => (await daemon.api('GET', '/v1/users?account=store')).items.filter((u) => u.owner).map((u) => u.email);
const actions = async () => (await daemon.api('GET', '/v1/events?entity=user&limit=200')).items
  .map((item) => (item.event ?? item).action).filter((action) => action.startsWith('owner.'));

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  await daemon.api('POST', '/v1/accounts', { name: 'second', owner: 'eva@example.com' });
  bea = await daemon.api('POST', '/v1/users', { account: 'store', email: 'bea@example.com' });
  await logIn(daemon, [{ user: bea.id }]);
});

after(() => daemon?.close());

test('an invitation waits, is replaced, and is taken back; each is recorded', async () => {
  const url = '/v1/accounts/store/owner/invitation';
  assert.equal((await request(daemon.keeper, 'GET', url)).json.code, 'records.no_invitation');
  const made = await daemon.api('POST', url, { user: 'bea@example.com' });
  assert.equal(made.user.id, bea.id);
  const hours = (Date.parse(made.expiresAt) - Date.parse(made.createdAt)) / 3600000;
  assert.equal(hours, 72);
  assert.equal((await daemon.api('GET', url)).user.email, 'bea@example.com');
  await daemon.api('POST', url, { user: bea.id });
  await daemon.api('DELETE', url);
  await daemon.api('DELETE', url, undefined, 404);
  assert.deepEqual(await owners(), ['ana@example.com']);
  assert.deepEqual((await actions()).sort(), ['owner.cancel', 'owner.invite', 'owner.invite']);
});

test('who may not be invited, and who may not accept', async () => {
  const url = '/v1/accounts/store/owner/invitation';
  await daemon.api('POST', url, { user: 'ana@example.com' }, 409);
  await daemon.api('POST', url, { user: 'eva@example.com' }, 404);
  await daemon.api('POST', url, { user: 4000000000 }, 404);
  await daemon.api('POST', url, { user: bea.id });
  const accepted = await request(daemon.keeper, 'POST', '/v1/accounts/store/owner/accept');
  assert.deepEqual([accepted.status, accepted.json.code], [403, 'records.only_invited']);
  assert.deepEqual(await owners(), ['ana@example.com']);
  // Whoever holds the link of somebody who has not enrolled would become the owner.
  const lea = await daemon.api('POST', '/v1/users', { account: 'store', email: 'lea@example.com' });
  const refused = await request(daemon.keeper, 'POST', url, { body: { user: lea.id } });
  assert.deepEqual([refused.status, refused.json.code], [409, 'records.owner_not_enrolled']);
  assert.match(refused.json.detail, /owner transfer --now/);
});

test('the command line invites, shows, cancels, and transfers at once', async () => {
  assert.equal((await owner(['transfer', 'bea@example.com'])).json.user.id, bea.id);
  assert.equal((await owner(['invitation'])).json.user.id, bea.id);
  await owner(['accept'], { code: 1 });
  await owner(['cancel']);
  assert.deepEqual(await owners(), ['ana@example.com']);
  await daemon.api('POST', '/v1/accounts/store/owner/invitation', { user: bea.id });
  await owner(['transfer', 'bea@example.com', '--now']);
  assert.deepEqual(await owners(), ['bea@example.com']);
  // What was offered to her is over: she has it.
  await daemon.api('GET', '/v1/accounts/store/owner/invitation', undefined, 404);
});

test('a lost owner: the operator moves it to somebody who has not enrolled, by a new link alone', async () => {
  const opening = async (link) => (await request(daemon.keeper, 'POST', '/v1/enrolment/open', { body: { token: link.split('#')[1] } })).status;
  const ida = await daemon.api('POST', '/v1/users', { account: 'store', email: 'ida@example.com' });
  assert.equal(await opening(ida.enrolment), 200);
  const moved = await owner(['transfer', 'ida@example.com', '--now']);
  assert.deepEqual(await owners(), ['ida@example.com']);
  // Who made the link that there was may have kept it.
  assert.equal(await opening(ida.enrolment), 404);
  assert.equal(await opening(moved.json.enrolment), 200);
  assert.ok(Date.parse(moved.json.enrolmentExpiresAt) > Date.now());
  // One who has enrolled needs none.
  const back = await owner(['transfer', 'bea@example.com', '--now']);
  assert.deepEqual([back.json.enrolment, back.json.enrolmentExpiresAt], [null, null]);
  const jon = await daemon.api('POST', '/v1/users', { account: 'store', email: 'jon@example.com' });
  const words = await llavero(daemon, ['owner', 'transfer', String(jon.id), '--now', '--account', 'store']);
  assert.match(words.stdout, /\/enrol#[A-Za-z0-9_-]{43}/);
});
