// Whoever makes users without being the owner sees their links: what he gets by using one is no more than he had.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { freePort, Llaverod, request } from '../lib/llaverod.mjs';
import { PASSWORD, Person } from '../lib/people.mjs';

const right = (key) => ({ product: 'llavero', key });
const STAFF = ['users.edit', 'events.view'];
let daemon;
let owner;
let eve;
let mole; // whom she made and enrolled as
const profiles = {};

before(async () => {
  const port = await freePort();
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  daemon.people = { port };
  const made = await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  owner = new Person(daemon, { email: 'ana@example.com' });
  await owner.enrol(made.enrolment);
  for (const [name, ...resources] of [['staff', ...STAFF], ['some', 'events.view'], ['more', 'events.view', 'settings'], ['deputy', 'events.view']])
    profiles[name] = (await ok(owner, 'POST', '/v1/profiles', { account: 'store', name, resources: resources.map(right) })).id;
  await ok(owner, 'PATCH', `/v1/profiles/${profiles.deputy}`, { handlesKeys: true });
  eve = await invited(owner, 'eve@example.com');
  await ok(owner, 'PUT', `/v1/users/${eve.id}/profiles`, { profiles: [profiles.staff] });
  eve.keep(await eve.login());
});

after(() => daemon?.close());

async function ok(person, ...call) {
  const answer = await person.ask(...call);
  assert.ok([200, 201].includes(answer.status), answer.text);
  return answer.json;
}

async function invited(by, email) {
  const made = await ok(by, 'POST', '/v1/users', { account: 'store', email });
  const person = new Person(daemon, { email });
  person.id = made.id;
  await person.enrol(made.enrolment);
  return person;
}

const give = (by, name) => by.ask('PUT', `/v1/users/${mole.id}/profiles`, { profiles: [profiles[name]] });
const rights = async () => (await ok(mole, 'GET', '/v1/session')).rights;
const seen = async () => (await ok(owner, 'GET', `/v1/users/${mole.id}`)).linkMadeBy;

test('who opened the link and enrolled with it is recorded, and the owner is told who made it', async () => {
  mole = await invited(eve, 'mole@example.com');
  assert.equal(await seen(), eve.id);
  assert.equal((await ok(owner, 'GET', `/v1/users/${eve.id}`)).linkMadeBy, null, 'by the owner');
  const events = (await ok(owner, 'GET', '/v1/events?order=desc&limit=20')).items.map(({ event }) => event)
    .filter(({ entity }) => entity.id === `user:${mole.id}`);
  for (const [action, actor] of [['user.create', `user:${eve.id}`], ['user.enrolment_open', 'system:one-time-link'], ['user.enrol', `user:${mole.id}`]]) {
    const event = events.find((one) => one.action === action);
    assert.deepEqual([event.actor.id, event.actor.address], [actor, '127.0.0.1'], action);
  }
  const waiting = await ok(eve, 'POST', '/v1/users', { account: 'store', email: 'waiting@example.com' });
  assert.equal(waiting.linkMadeBy, eve.id, 'before anybody enrolled, too');
});

test('so its maker gets nothing that he did not hold, by whomever it is given', async () => {
  assert.deepEqual(await rights(), []);
  const refused = async (by, call, code) => {
    const answer = await by.ask(...call);
    assert.deepEqual([answer.status, answer.json.code], code, answer.text);
  };
  const NOT_SO = [409, 'records.link_not_owners'];
  assert.equal((await give(eve, 'more')).json.code, 'records.grant_too_much');
  for (const name of ['more', 'deputy']) assert.deepEqual([(await give(owner, name)).status, (await give(owner, name)).json.code], NOT_SO, name);
  const operators = await request(daemon.keeper, 'PUT', `/v1/users/${mole.id}/profiles`, { body: { profiles: [profiles.more] } });
  assert.deepEqual([operators.status, operators.json.code], NOT_SO);
  assert.equal((await give(owner, 'some')).status, 200);
  await mole.keep(await mole.login());
  assert.deepEqual(await rights(), ['events.view']);
  await refused(owner, ['PATCH', `/v1/profiles/${profiles.some}`, { resources: ['events.view', 'settings'].map(right) }], NOT_SO);
  await refused(owner, ['PATCH', `/v1/profiles/${profiles.some}`, { handlesKeys: true }], NOT_SO);
  await refused(owner, ['POST', '/v1/accounts/store/owner/invitation', { user: mole.id }], NOT_SO);
  const set = await request(daemon.keeper, 'POST', '/v1/accounts/store/owner', { body: { user: mole.id } });
  assert.deepEqual([set.status, set.json.code], NOT_SO);
  // What she holds herself may be added.
  await ok(owner, 'PATCH', `/v1/profiles/${profiles.some}`, { resources: STAFF.map(right) });
  assert.deepEqual(await rights(), ['users.view', 'users.edit', 'events.view']);
});

test('a link of the owner ends it', async () => {
  const { enrolment } = await ok(owner, 'POST', `/v1/users/${mole.id}/enrolment`);
  assert.equal(await seen(), null);
  assert.equal((await mole.ask('GET', '/v1/session')).status, 401, 'who enrolled with hers is out');
  assert.equal((await give(owner, 'more')).status, 200, 'nobody but the owner knows the link');
  mole.cookies = {};
  mole.last = 0;
  await mole.enrol(enrolment, PASSWORD);
  assert.equal(await seen(), null);
  assert.equal((await give(owner, 'deputy')).status, 200);
});
