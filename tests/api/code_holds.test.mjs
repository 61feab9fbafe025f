// Who knows a password and guesses at the code has a hundred tries in a row; then a new device needs a recovery code.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Shim } from '../fault/lib/shim.mjs';
import { llavero } from '../lib/cli.mjs';
import { freePort, Llaverod, request, until } from '../lib/llaverod.mjs';
import { PASSWORD, Person, totp } from '../lib/people.mjs';

const HOUR = 3_600_000;
const STEP = 30_000;
let daemon;
let shim;
let sam;

// Time goes on for the daemon: what the brakes remember is over, and codes are other ones.
let ahead = 0;
function pass(milliseconds) {
  ahead += milliseconds;
  shim.time(Date.now() + ahead);
  http.globalAgent.destroy();
}

class Late extends Person {
  code() {
    pass(STEP);
    return totp(this.secret, Math.floor((Date.now() + ahead) / STEP));
  }
}

before(async () => {
  const port = await freePort();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-holds-'));
  shim = new Shim(folder);
  pass(HOUR);
  daemon = await Llaverod.start({ folder, env: { ...shim.env, LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  daemon.people = { port };
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
});

after(async () => {
  await daemon?.close();
  shim?.close();
  if (daemon) fs.rmSync(daemon.folder, { recursive: true, force: true });
});

async function enrolled(email) {
  const made = await daemon.api('POST', '/v1/users', { account: 'store', email });
  const person = new Late(daemon, { email });
  person.id = made.id;
  await person.enrol(made.enrolment);
  return person;
}

// On a device that nobody knows.
const stranger = (person, more) => request(daemon.people, 'POST', '/v1/session',
  { body: { email: person.email, password: person.password, code: '000000', ...more } });

async function guess(person, count, more) {
  for (let i = 0; i < count; i += 1) {
    if (i % 4 === 0) pass(2 * HOUR);
    const answer = await stranger(person, more);
    assert.deepEqual([answer.status, answer.json.code], [401, 'login.login_failed'], answer.text);
  }
}

const held = async (person) => (await daemon.api('GET', `/v1/users/${person.id}`)).codesHeldSince;
const events = async (person, action) => (await daemon.api('GET', `/v1/events?action=${action}&limit=200`)).items
  .map(({ event }) => event).filter(({ entity }) => entity.id === `user:${person.id}`);

test('a hundred wrong codes in a row beside the right password, and they are held', async () => {
  sam = await enrolled('sam@example.com');
  const max = await enrolled('max@example.com');
  await guess(sam, 10);
  pass(2 * HOUR);
  assert.equal((await stranger(sam, { code: sam.code() })).status, 201, 'and now the count begins anew');
  await guess(sam, 99);
  // Who does not know the password brings nothing about, and recovery codes are not guessed.
  await guess(sam, 4, { password: `${PASSWORD}x` });
  await guess(sam, 4, { code: 'AAAAAA-AAAAAA-AAAAAA-AAAAAA' });
  await guess(max, 100);
  await until('his codes are held', () => held(max), 30000);
  assert.equal(await held(sam), null);
  await guess(sam, 1);
  await until('his codes are held', () => held(sam), 30000);
  const [event, ...more] = await events(sam, 'user.codes_hold');
  assert.deepEqual(more, []);
  assert.deepEqual([event.actor.id, event.after], ['system:login', { failures: 100, address: '127.0.0.1' }]);
  const reset = await daemon.api('POST', `/v1/users/${max.id}/enrolment`);
  assert.equal(await held(max), null, 'a reset ends it');
  max.cookies = {};
  await max.enrol(reset.enrolment);
  assert.equal(await held(max), null);
});

test('then a right code lets in on a known device alone, and says so where it does not', async () => {
  pass(2 * HOUR);
  const code = sam.code();
  const refused = await stranger(sam, { code });
  assert.deepEqual([refused.status, refused.json.code, refused.headers['set-cookie']], [401, 'login.codes_held', undefined], refused.text);
  assert.equal((await events(sam, 'user.codes_refuse')).length, 1);
  // It is used up: who guessed it has nothing of it elsewhere.
  const replayed = await sam.ask('POST', '/v1/session', { email: sam.email, password: PASSWORD, code });
  assert.deepEqual([replayed.status, replayed.json.code], [401, 'login.login_failed']);
  // One of both alone is told nothing.
  await guess(sam, 1);
  await guess(sam, 1, { password: `${PASSWORD}x`, code: sam.code() });
  const known = await sam.login();
  assert.equal(known.status, 201, known.text);
  assert.equal(known.json.codesHeldSince, await held(sam));
  assert.equal((await sam.ask('GET', '/v1/session')).json.codesHeldSince, known.json.codesHeldSince);
  assert.equal((await sam.ask('POST', '/v1/session/confirm', { code: sam.code() })).status, 200, 'a session goes on');
  const recovered = await stranger(sam, { code: sam.recoveryCodes.shift() });
  assert.equal(recovered.status, 201, recovered.text);
  assert.equal(recovered.json.codesHeldSince, known.json.codesHeldSince);
  const file = (name, text) => {
    fs.writeFileSync(path.join(daemon.folder, name), text, { mode: 0o600 });
    return path.join(daemon.folder, name);
  };
  const told = await llavero(daemon, ['--url', `http://127.0.0.1:${daemon.people.port}`, 'login', '--email', sam.email,
    '--password-file', file('password', PASSWORD), '--code-file', file('code', sam.recoveryCodes.shift())],
  { env: { HOME: daemon.folder, XDG_STATE_HOME: '' } });
  assert.match(told.stderr, /guessed at your codes.*llavero password/);
});

test('another password ends it, another second factor does not', async () => {
  const begun = await sam.ask('POST', '/v1/me/second-factor', { current: PASSWORD });
  assert.equal(begun.status, 200, begun.text);
  sam.secret = begun.json.secret;
  assert.equal(sam.keep(await sam.ask('POST', '/v1/me/second-factor/confirm', { code: sam.code() })).status, 200);
  assert.ok(await held(sam));
  assert.equal((await stranger(sam, { code: sam.code() })).json.code, 'login.codes_held');
  sam.password = 'another-Meadow 42 ü copper';
  const changed = await sam.ask('POST', '/v1/me/password', { current: PASSWORD, password: sam.password });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await sam.ask('GET', '/v1/session')).json.codesHeldSince, null);
  assert.equal((await stranger(sam, { code: sam.code() })).status, 201);
});
