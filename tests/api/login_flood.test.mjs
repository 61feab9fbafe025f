// Many logins at once, and what one costs: real requests, with the checking of passwords held by the test.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { HashShim } from '../lib/hash_shim.mjs';
import { freePort, Llaverod, request, until } from '../lib/llaverod.mjs';
import { PASSWORD, Person, stepNow, totp } from '../lib/people.mjs';

const WORKERS = 8;
const STRANGERS = WORKERS / 4;
const shim = new HashShim();
let daemon;
let people;
let owner;
let sources = 0;

// By a proxy of ours, so that each may come from where nobody tried before.
const from = (address) => ({ 'X-Forwarded-For': address, 'X-Forwarded-Proto': 'https' });
const elsewhere = () => { sources += 1; return from(`100.64.${sources % 256}.${sources >> 8}`); };
const word = (answer) => answer.json.code.split('.').pop();

function login(body, headers = elsewhere()) {
  return request(people, 'POST', '/v1/session', { body: { account: 'store', email: 'nobody@example.com', password: 'a guess that is wrong', code: '000000', ...body }, headers, timeout: 30000 });
}

async function person(email, more = {}) {
  const made = await daemon.api('POST', '/v1/users', { account: 'store', email, ...more });
  const one = new Person(daemon, { account: 'store', email });
  one.id = made.id;
  await one.enrol(made.enrolment);
  return one;
}

// Do something while the places of strangers are taken.
async function whileFull(work) {
  shim.hold();
  const held = Array.from({ length: STRANGERS }, (_, i) => login({ email: `held${i}@example.com` }));
  try {
    await until('the places of strangers are taken', () => shim.inside === STRANGERS, 30000);
    await work();
  } finally {
    shim.release();
    for (const answer of await Promise.all(held)) assert.equal(answer.status, 401, answer.text);
  }
}

before(async () => {
  people = { port: await freePort() };
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${people.port}`, LLAVERO_KEEPER_TRUSTED_PROXY: '127.0.0.1',
    LLAVERO_KEEPER_WORKERS: String(WORKERS), ...shim.env } });
  daemon.people = people;
  const made = await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  owner = new Person(daemon, { account: 'store', email: 'ana@example.com' });
  await owner.enrol(made.enrolment);
  for (const name of ['closed', 'quiet']) await daemon.api('POST', '/v1/accounts', { name, owner: 'lia@example.com' });
});

afterEach(() => shim.release());

after(async () => {
  shim.release();
  await daemon?.close();
  shim.close();
});

test('a flood of logins is refused at once, and all else goes on', () => whileFull(async () => {
  const flood = await Promise.all(Array.from({ length: 40 }, (_, i) => login({ email: `flood${i}@example.com` })));
  for (const answer of flood) {
    assert.deepEqual([answer.status, word(answer)], [503, 'login_busy'], answer.text);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  }
  assert.equal(shim.inside, STRANGERS);
  // More at once than the threads that such a flood would leave, were it not bounded.
  const going = await Promise.all([
    ...Array.from({ length: 4 }, () => request(people, 'GET', '/healthz')),
    owner.ask('GET', '/v1/keys?account=store'),
    owner.ask('POST', '/v1/keys', { account: 'store', label: 'made meanwhile' }),
    request(daemon.keeper, 'GET', '/v1/status'),
    request(daemon.gate, 'GET', '/readyz'),
    request(daemon.tcp, 'GET', '/readyz'),
  ]);
  for (const answer of going) assert.ok([200, 201].includes(answer.status), `${answer.status} ${answer.text}`);
  const verdict = await request(daemon.gate, 'POST', '/v1/verify', { body: { method: 'GET', target: '/', host: 'a' } });
  assert.ok(verdict.status < 500, verdict.text);
}));

test('who is known has a place of his own, and what was not looked at counts against nobody', async () => {
  const stranger = elsewhere();
  const device = { Cookie: `__Host-llavero-device=${owner.cookies['__Host-llavero-device']}` };
  const wrong = { email: owner.email };
  const change = (current) => owner.ask('POST', '/v1/me/password', { current, password: 'another-Meadow 42 ü copper' });
  let first;
  await whileFull(async () => {
    // Each far more often than it would be tried in vain before it is slowed.
    for (let i = 0; i < 40; i += 1) assert.equal((await login({}, stranger)).status, 503);
    const { steps } = shim.work;
    first = owner.login();
    await until('the login on the own device is under way', () => shim.work.steps >= steps + 3, 30000);
    for (let i = 0; i < 20; i += 1) {
      for (const answer of [await login(wrong, { ...elsewhere(), ...device }), await change(PASSWORD)]) {
        assert.deepEqual([answer.status, word(answer)], [503, 'login_busy'], answer.text);
      }
    }
  });
  const done = await first;
  assert.equal(done.status, 201, done.text);
  assert.equal((await login({}, stranger)).status, 401);
  assert.equal((await login(wrong, { ...elsewhere(), ...device })).status, 401);
  assert.equal((await change('not it at all')).status, 401);
});

test('wrong in any way costs the same work, and has the same answer byte for byte', async () => {
  const eva = await person('eva@example.com');
  const away = await person('away@example.com');
  await daemon.api('PATCH', `/v1/users/${away.id}`, { state: 'suspended' });
  await daemon.api('POST', '/v1/users', { account: 'store', email: 'not-enrolled@example.com' });
  await daemon.api('PATCH', '/v1/accounts/closed', { state: 'suspended' });
  const right = (one, more) => ({ account: 'store', email: one.email, password: PASSWORD, code: totp(one.secret, stepNow() + 1), ...more });
  const rows = [
    ['a wrong password', right(eva, { password: `${PASSWORD}x` })],
    ['a very long password', right(eva, { password: 'x'.repeat(5000) })],
    ['an empty password', right(eva, { password: '' })],
    ['a wrong code', right(eva, { code: totp(eva.secret, stepNow() - 9) })],
    ['a code that was used', right(eva, { code: totp(eva.secret, eva.last) })],
    ['no code at all', right(eva, { code: '' })],
    ['an unknown recovery code', right(eva, { code: 'AAAAAA-AAAAAA-AAAAAA-AAAAAA' })],
    ['a recovery code with a wrong password', right(eva, { code: eva.recoveryCodes[0], password: 'not it at all' })],
    ["somebody else's recovery code", right(eva, { code: owner.recoveryCodes[0] })],
    ['who is suspended', right(away)],
    ['who is suspended, with a wrong password', right(away, { password: 'not it at all' })],
    ['who did not enrol', right(eva, { email: 'not-enrolled@example.com' })],
    ['an unknown address', right(eva, { email: 'nobody@example.com' })],
    ['what is no address', right(eva, { email: 'nobody' })],
    ['an unknown account', right(eva, { account: 'nowhere' })],
    ['a suspended account', right(eva, { account: 'closed', email: 'lia@example.com' })],
    ['the address of another account', right(eva, { email: 'lia@example.com' })],
  ];
  const seen = new Map();
  for (const [label, body] of rows) {
    const start = shim.work;
    const answer = await login(body);
    const end = shim.work;
    assert.equal(answer.status, 401, `${label}: ${answer.text}`);
    const id = answer.json.requestId;
    const headers = answer.rawHeaders.join('\n').replace(answer.headers.date, 'DATE');
    const cost = `checks ${end.checks - start.checks} makes ${end.makes - start.makes} steps ${end.steps - start.steps}`;
    seen.set(label, `${cost}\n${headers}\n\n${answer.text}`.replaceAll(id, 'REQUEST-ID'));
  }
  assert.match(seen.get('a wrong password'), /^checks 1 makes 0 steps 3\n/);
  for (const [label, text] of seen) assert.equal(text, seen.get('a wrong password'), label);
});

test('with a recovery code the person gets in, also while very many guess from everywhere', async () => {
  const zoe = await person('zoe@example.com');
  // Of as many networks as it takes.
  let shut = false;
  for (let i = 0; i < 60 && !shut; i += 1) shut = (await login({ email: zoe.email }, elsewhere())).status === 429;
  assert.ok(shut, 'the person is slowed from everywhere');
  const code = zoe.recoveryCodes.shift();
  const body = { account: 'store', email: zoe.email, password: PASSWORD };
  const slowed = await login({ ...body, code: totp(zoe.secret, stepNow() + 1) });
  assert.equal(slowed.status, 429, 'a new device, without one');
  assert.ok(Number(slowed.headers['retry-after']) <= 30);
  const noisy = elsewhere();
  let tries = 0;
  while ((await login({ email: `other${tries}@example.com` }, noisy)).status === 401) tries += 1;
  assert.equal(tries, 30);
  assert.equal((await login({ ...body, code }, noisy)).status, 429, 'where somebody guesses, it is no way around');
  const passed = await login({ ...body, code });
  assert.equal(passed.status, 201, passed.text);
});

test('a stolen session cannot hold up another one, and what it tries is told', async () => {
  const pia = await person('pia@example.com');
  const stolen = { ...pia.headers() };
  const other = new Person(daemon, { account: 'store', email: pia.email });
  Object.assign(other, { password: PASSWORD, secret: pia.secret, last: pia.last, recoveryCodes: pia.recoveryCodes });
  assert.equal((await other.login()).status, 201);
  const wrong = (url, body) => request(people, 'POST', url, { body, headers: stolen });
  let tries = 0;
  while ((await wrong('/v1/session/confirm', { code: '000000' })).status === 401) tries += 1;
  assert.equal(tries, 8);
  assert.equal((await wrong('/v1/me/password', { current: 'not it at all', password: PASSWORD })).status, 429);
  const proved = await other.ask('POST', '/v1/session/confirm', { code: other.code() });
  assert.equal(proved.status, 200, proved.text);
  const told = await until('the event', async () => {
    const { items } = await daemon.api('GET', '/v1/events?action=session.confirm_refuse&order=desc');
    return items.map((item) => item.event).find((event) => event.entity.id === `user:${pia.id}`);
  }, 30000);
  assert.equal(told.actor.id, 'system:login');
  assert.ok(told.after.failures >= 1 && told.after.failures <= 8, JSON.stringify(told));
  assert.equal(told.after.address, '127.0.0.1');
});

test('what was not told yet is told when the keeper ends', async () => {
  const told = async () => (await daemon.api('GET', '/v1/events?action=session.refuse&account=quiet'))
    .items.reduce((sum, { event }) => sum + event.after.failures, 0);
  const wrong = async () => assert.equal((await login({ account: 'quiet' })).status, 401);
  await wrong();
  await until('the first is told', async () => await told() === 1, 30000);
  // Their turn is a minute later.
  await wrong();
  await wrong();
  await daemon.stop();
  await daemon.launch();
  assert.equal(await told(), 3);
});
