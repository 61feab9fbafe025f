// Changes of the catalogue belong to no account: whoever may change it, and he alone beside the operator, finds them
// among his account's events.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Llaverod, request } from '../lib/llaverod.mjs';
import { logIn } from '../lib/sessions.mjs';
import { makeStore } from '../lib/store.mjs';

let daemon;
let sessions; // of the owner, of a colleague with events.view alone, of another account's owner

const ask = (session, url) => request(daemon.keeper, 'GET', url, { headers: { Authorization: `Bearer ${session}` } });
const actions = async (session, query = '') => {
  const { json } = await ask(session, `/v1/events?limit=200${query}`);
  return new Set(json.items.map(({ event }) => event.action));
};

before(async () => {
  daemon = await Llaverod.start();
  await makeStore(daemon, 'home');
  const other = await daemon.api('POST', '/v1/accounts', { name: 'other', owner: 'eva@example.com' });
  const colleague = await daemon.api('POST', '/v1/users', { account: 'home', email: 'beto@example.com' });
  const watching = await daemon.api('POST', '/v1/profiles', { account: 'home', name: 'Watching', resources: [{ product: 'llavero', key: 'events.view' }] });
  await daemon.api('PUT', `/v1/users/${colleague.id}/profiles`, { profiles: [watching.id] });
  const owner = async (account) => (await daemon.api('GET', `/v1/users?account=${account}`)).items.find((user) => user.owner).id;
  sessions = await logIn(daemon, [{ user: await owner('home') }, { user: colleague.id }, { user: await owner(other.name) }]);
});

after(() => daemon?.close());

test('the owner of the account that manages the catalogue reads its changes, and nothing else that is no account\'s', async () => {
  const all = new Set((await daemon.api('GET', '/v1/events?limit=200')).items.map(({ event }) => event.action));
  assert.ok(all.has('installation.create'), 'the operator reads everything');
  const [owner, colleague, other] = [await actions(sessions[0]), await actions(sessions[1]), await actions(sessions[2])];
  for (const action of ['route.create', 'resource.create', 'profile.create']) assert.ok(owner.has(action), action);
  assert.ok(!owner.has('installation.create'));
  assert.ok(colleague.has('profile.create'));
  for (const [who, seen] of [['without catalog.view', colleague], ['another account', other]]) {
    assert.deepEqual([...seen].filter((action) => /^(route|resource|service|predefined|installation)\./.test(action)), [], who);
  }
  assert.deepEqual([...await actions(sessions[0], '&entity=route')], ['route.create']);
});

test('one of them is there for the same people', async () => {
  const { items } = await daemon.api('GET', '/v1/events?entity=route');
  const url = `/v1/events/${items[0].event.revision}`;
  const answers = [];
  for (const session of sessions) answers.push((await ask(session, url)).status);
  assert.deepEqual(answers, [200, 404, 404]);
});

test('when the operator takes the catalogue from the account, its changes go too', async () => {
  await daemon.api('PATCH', '/v1/accounts/home', { managesInstallation: false });
  assert.ok(!(await actions(sessions[0])).has('route.create'));
});
