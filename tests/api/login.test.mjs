// People log in: enrolment, two factors, sessions, guessing; against a real llaverod over TCP.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, LLAVERO, Llaverod, request, until } from '../lib/llaverod.mjs';
import { PASSWORD, Person, stepNow, totp } from '../lib/people.mjs';

let daemon;
let owner;
let link;
const secrets = new Set([PASSWORD]);

const RULES = 'Path=/; Secure; HttpOnly; SameSite=Strict';

async function user(email) {
  const made = await daemon.api('POST', '/v1/users', { account: 'store', email });
  const person = new Person(daemon, { email });
  person.id = made.id;
  person.link = made.enrolment;
  secrets.add(made.enrolment.split('#')[1]);
  return person;
}

function remember(person, answer) {
  for (const text of [person.secret, ...(answer.json.recoveryCodes ?? []), ...Object.values(person.cookies)]) secrets.add(text);
}

before(async () => {
  const port = await freePort();
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  daemon.people = { port };
  const made = await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
  link = made.enrolment;
  secrets.add(link.split('#')[1]);
  owner = new Person(daemon, { email: 'ana@example.com' });
});

after(() => daemon?.close());

test('the link of init leads to this server, with its secret in the fragment', () => {
  assert.match(link, new RegExp(`^http://127\\.0\\.0\\.1:${daemon.people.port}/enrol#[A-Za-z0-9_-]{43}$`));
});

test('a password that is weak, or a code that is wrong, does not use the link up', async () => {
  const token = link.split('#')[1];
  const enrol = (body) => request(daemon.people, 'POST', '/v1/enrolment', { body: { token, ...body } });
  assert.equal((await enrol({ password: PASSWORD, code: '000000' })).status, 409, 'before it is opened');
  const opened = await request(daemon.people, 'POST', '/v1/enrolment/open', { body: { token } });
  assert.equal(opened.status, 200, opened.text);
  const again = await request(daemon.people, 'POST', '/v1/enrolment/open', { body: { token } });
  secrets.add(opened.json.secret);
  secrets.add(again.json.secret);
  // Who looked first knows a factor that counts no more, and the second one is told of him.
  assert.equal(opened.json.openedBefore, null);
  assert.notEqual(again.json.secret, opened.json.secret);
  assert.ok(Math.abs(Date.parse(again.json.openedBefore) - Date.now()) < 600000, again.json.openedBefore);
  assert.deepEqual({ ...again.json, secret: 0, otpauth: 0, openedBefore: 0 }, { ...opened.json, secret: 0, otpauth: 0, openedBefore: 0 });
  const peeked = await enrol({ password: PASSWORD, code: totp(opened.json.secret, stepNow()) });
  assert.deepEqual([peeked.status, peeked.json.code], [400, 'login.enrolment_code']);
  const openings = (await daemon.api('GET', '/v1/events?action=user.enrolment_open')).items.map((item) => item.event);
  assert.equal(openings.length, 2);
  for (const event of openings) assert.deepEqual([event.actor.id, event.actor.address], ['system:one-time-link', '127.0.0.1']);
  assert.match(opened.json.otpauth, /^otpauth:\/\/totp\/Llavero%20store:ana%40example\.com\?secret=[A-Z2-7]{32}&/);
  const code = totp(again.json.secret, stepNow());
  for (const [label, body, key] of [
    ['short', { password: 'Kq0-zLw3xBf', code }, 'password_short'],
    ['common', { password: 'Password1234', code }, 'password_common'],
    ['his address', { password: 'ANA@example.com', code }, 'password_is_email'],
    ['wrong code', { password: PASSWORD, code: totp(again.json.secret, stepNow() - 5) }, 'enrolment_code'],
  ]) {
    const answer = await enrol(body);
    assert.equal(answer.status, 400, label);
    assert.match(answer.json.code, new RegExp(`${key}$`), label);
  }
});

test('enrolment gives ten recovery codes and a session', async () => {
  const answer = await owner.enrol(link);
  remember(owner, answer);
  assert.equal(answer.json.recoveryCodes.length, 10);
  for (const code of answer.json.recoveryCodes) assert.match(code, /^([0-9A-HJKMNP-TV-Z]{6}-){3}[0-9A-HJKMNP-TV-Z]{6}$/);
  assert.equal(answer.json.account, 'store');
  assert.equal(answer.json.user.owner, true);
  assert.ok(answer.json.rights.includes('keys.edit'));
  for (const cookie of answer.headers['set-cookie']) assert.ok(cookie.includes(RULES), cookie);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const shown = await owner.ask('GET', '/v1/session');
  assert.equal(shown.status, 200, shown.text);
  assert.equal(shown.json.caller, 'user');
  assert.equal(shown.json.user.email, 'ana@example.com');
});

test('the link is used up', async () => {
  const token = link.split('#')[1];
  for (const [url, body] of [['/v1/enrolment/open', { token }], ['/v1/enrolment', { token, password: PASSWORD, code: '123456' }]]) {
    const answer = await request(daemon.people, 'POST', url, { body });
    assert.equal(answer.status, 404, url);
    assert.match(answer.json.code, /enrolment_over$/);
  }
});

test('wrong in any way has one answer, and a step counts once', async () => {
  const eva = await user('eva@example.com');
  remember(eva, await eva.enrol(eva.link));
  await user('not-enrolled@example.com');
  const right = eva.code();
  const step = eva.last;
  const rows = [
    ['a wrong password', { password: `${PASSWORD}x` }],
    ['the password with a space behind it', { password: `${PASSWORD} ` }],
    ['a wrong code', { code: totp(eva.secret, step - 9) }],
    ['the code that enrolled', { code: totp(eva.secret, step - 1) }],
    ['a code with a letter', { code: '12345a' }],
    ['an unknown recovery code', { code: 'AAAAAA-AAAAAA-AAAAAA-AAAAAA' }],
    ['an unknown address', { email: 'nobody@example.com' }],
    ['no address at all', { email: 'nobody' }],
    ['who did not enrol', { email: 'not-enrolled@example.com' }],
    ['an unknown account', { account: 'nowhere' }],
  ];
  const shapes = new Set();
  for (const [label, wrong] of rows) {
    // Each from where nobody tried before: this row is about the answer, not about slowing down.
    const answer = await request(daemon.people, 'POST', '/v1/session',
      { body: { email: eva.email, password: PASSWORD, code: right, ...wrong }, headers: { Cookie: `__Host-llavero-device=${eva.cookies['__Host-llavero-device']}` } });
    assert.equal(answer.status, 401, `${label}: ${answer.text}`);
    const { requestId, ...rest } = answer.json;
    assert.match(rest.code, /login_failed$/);
    const { date, ...headers } = answer.headers;
    assert.equal(headers['set-cookie'], undefined, label);
    shapes.add(JSON.stringify([rest, { ...headers, 'x-request-id': undefined }]));
    // A right one between them, so that the count begins anew.
    if (label === 'a code with a letter') {
      const good = await eva.ask('POST', '/v1/session', { email: eva.email, password: PASSWORD, code: right });
      assert.equal(good.status, 201, good.text);
      eva.keep(good);
      const replay = await eva.ask('POST', '/v1/session', { email: eva.email, password: PASSWORD, code: right });
      assert.equal(replay.status, 401, 'the same code again');
    }
  }
  assert.equal(shapes.size, 1, [...shapes].join('\n'));
});

test('a recovery code counts once, however it is typed', async () => {
  const leo = await user('leo@example.com');
  remember(leo, await leo.enrol(leo.link));
  const code = leo.recoveryCodes.shift();
  const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
  const first = await leo.login({ code: typed });
  assert.equal(first.status, 201, first.text);
  assert.equal((await leo.login({ code })).status, 401);
});

const guess = (email, device) => request(daemon.people, 'POST', '/v1/session',
  { body: { email, password: 'a guess that is wrong', code: '000000' }, headers: device && { Cookie: `__Host-llavero-device=${device}` } });

// Strangers guess until they are slowed. One beyond the free ones goes through only once its wait was over: how long
// that is doubles, and a machine may be slow. free, wait: to be held to; without them, however many it takes.
async function slowed(email, free, wait) {
  const began = [];
  for (;;) {
    const now = Date.now();
    const answer = await guess(email);
    if (answer.status === 429) {
      assert.ok(began.length >= (free ?? 0), `${email}: ${began.length}`);
      assert.match(answer.json.code, /login_slowed$/);
      return Number(answer.headers['retry-after']);
    }
    assert.equal(answer.status, 401);
    if (began.length >= free) {
      const waited = Date.now() - began.at(-1);
      assert.ok(waited >= wait * 2 ** (began.length - free) * 1000, `${email}: guess ${began.length + 1} after ${waited} ms`);
    }
    began.push(now);
  }
}

// Is who shows this cookie a stranger? He is asked while all of them surely have to wait.
const isStranger = async (email, device) => until('a wait that lasts', async () => {
  const began = Date.now();
  const left = await slowed(email);
  const answer = await guess(email, device);
  assert.ok([401, 429].includes(answer.status), answer.text);
  return Date.now() - began < (left - 1) * 1000 && { yes: answer.status === 429 };
}, 60000).then(({ yes }) => yes);

test('who guesses is slowed, and cannot lock the person out', async () => {
  const zoe = await user('zoe@example.com');
  remember(zoe, await zoe.enrol(zoe.link));
  // Whoever is asked for, existing or not.
  for (const email of [zoe.email, 'nobody-else@example.com']) assert.ok(await slowed(email, 5, 2) >= 1, email);
  const good = await zoe.login();
  assert.equal(good.status, 201, good.text);
  // A device of another person, or an altered one, is a stranger's.
  const device = zoe.cookies['__Host-llavero-device'];
  assert.equal(await isStranger(zoe.email, device), false);
  for (const other of [owner.cookies['__Host-llavero-device'], `${device.slice(0, -2)}AA`]) assert.ok(await isStranger(zoe.email, other));
});

test('a new password or factor makes all known devices unknown, but the one that made it', async () => {
  const kai = await user('kai@example.com');
  remember(kai, await kai.enrol(kai.link));
  const device = () => kai.cookies['__Host-llavero-device'];
  const next = 'another-Meadow 42 ü copper';
  const stolen = device();
  assert.equal(await isStranger(kai.email, stolen), false);
  // New recovery codes are none of it.
  assert.equal(kai.keep(await kai.ask('POST', '/v1/me/recovery-codes', { current: PASSWORD })).status, 200);
  assert.equal(device(), stolen);
  assert.equal(await isStranger(kai.email, stolen), false);
  const changed = kai.keep(await kai.ask('POST', '/v1/me/password', { current: PASSWORD, password: next }));
  assert.equal(changed.status, 200, changed.text);
  for (const cookie of changed.headers['set-cookie']) assert.ok(cookie.startsWith('__Host-llavero-device=') && cookie.includes(RULES), cookie);
  assert.ok(await isStranger(kai.email, stolen));
  assert.equal(await isStranger(kai.email, device()), false);
  const kept = device();
  const begun = await kai.ask('POST', '/v1/me/second-factor', { current: next });
  assert.equal(begun.headers['set-cookie'], undefined);
  const proved = kai.keep(await kai.ask('POST', '/v1/me/second-factor/confirm', { code: totp(begun.json.secret, stepNow()) }));
  assert.equal(proved.status, 200, proved.text);
  assert.ok(await isStranger(kai.email, kept));
  assert.equal(await isStranger(kai.email, device()), false);
  // So does a reset, after which nobody is known.
  assert.equal((await owner.ask('POST', `/v1/users/${kai.id}/enrolment`)).status, 201);
  assert.ok(await isStranger(kai.email, device()));
});

test('a session is new at each login, and is not taken over from what the client sent', async () => {
  const mia = await user('mia@example.com');
  remember(mia, await mia.enrol(mia.link));
  const before = mia.cookies['__Host-llavero-session'];
  const answer = await mia.login();
  assert.equal(answer.status, 201, answer.text);
  const now = mia.cookies['__Host-llavero-session'];
  remember(mia, answer);
  assert.notEqual(now, before);
  const planted = 'A'.repeat(43);
  const login = await request(daemon.people, 'POST', '/v1/session', {
    body: { email: mia.email, password: PASSWORD, code: mia.code() },
    headers: { ...mia.headers(), Cookie: mia.headers().Cookie.replace(now, planted) } });
  assert.notEqual(login.status, 500);
  const looked = await request(daemon.people, 'GET', '/v1/session', { headers: { Cookie: `__Host-llavero-session=${planted}` } });
  assert.equal(looked.status, 401);
});

test('own sessions are listed, ended one by one, and by logging out', async () => {
  const kim = await user('kim@example.com');
  remember(kim, await kim.enrol(kim.link));
  const cli = await kim.ask('POST', '/v1/session', { email: kim.email, password: PASSWORD, code: kim.code(), kind: 'cli' });
  assert.equal(cli.status, 201, cli.text);
  assert.match(cli.json.token, /^LS1[A-Za-z0-9_-]{43}$/);
  secrets.add(cli.json.token);
  assert.ok(!cli.headers['set-cookie'].some((line) => line.startsWith('__Host-llavero-session')));
  const bearer = (method, url) => request(daemon.people, method, url, { headers: { Authorization: `Bearer ${cli.json.token}` } });
  assert.equal((await bearer('GET', '/v1/session')).status, 200);
  const { items } = (await kim.ask('GET', '/v1/sessions')).json;
  assert.deepEqual(items.map((s) => [s.kind, s.current]), [['browser', true], ['cli', false]]);
  assert.equal((await kim.ask('DELETE', `/v1/sessions/${items[1].id}`)).status, 200);
  assert.equal((await bearer('GET', '/v1/session')).status, 401);
  const strangers = (await owner.ask('GET', '/v1/sessions')).json.items[0];
  assert.equal((await kim.ask('DELETE', `/v1/sessions/${strangers.id}`)).status, 404);
  const others = [];
  for (let i = 0; i < 2; i++) {
    const one = await kim.ask('POST', '/v1/session', { email: kim.email, password: PASSWORD, code: kim.code(), kind: 'cli' });
    secrets.add(one.json.token);
    others.push(one.json.token);
  }
  assert.equal((await kim.ask('DELETE', '/v1/sessions')).status, 200);
  for (const token of others) {
    assert.equal((await request(daemon.people, 'GET', '/v1/session', { headers: { Authorization: `Bearer ${token}` } })).status, 401);
  }
  assert.deepEqual((await kim.ask('GET', '/v1/sessions')).json.items.map((s) => s.current), [true]);
  assert.equal((await owner.ask('GET', '/v1/session')).status, 200, 'his alone');
  const ended = (await daemon.api('GET', '/v1/events?action=session.end&order=desc&limit=3')).items;
  assert.deepEqual(ended.slice(0, 2).map(({ event }) => event.actor.id), Array(2).fill(`user:${kim.id ?? ended[0].event.entity.slot}`));
  const cookie = kim.cookies['__Host-llavero-session'];
  const out = kim.keep(await kim.ask('DELETE', '/v1/session'));
  assert.equal(out.status, 200, out.text);
  assert.match(out.headers['set-cookie'][0], /Max-Age=0/);
  const gone = await request(daemon.people, 'GET', '/v1/session', { headers: { Cookie: `__Host-llavero-session=${cookie}` } });
  assert.equal(gone.status, 401);
});

test('another address ends nothing, is recorded as what it is, and is told in the sessions that go on', async () => {
  const lea = await user('lea@example.com');
  remember(lea, await lea.enrol(lea.link));
  const { user: { id }, emailChangedAt } = (await lea.ask('GET', '/v1/session')).json;
  assert.equal(emailChangedAt, null);
  assert.equal((await owner.ask('PATCH', `/v1/users/${id}`, { name: 'Lea' })).status, 200);
  assert.equal((await lea.ask('GET', '/v1/session')).json.emailChangedAt, null);
  assert.equal((await owner.ask('PATCH', `/v1/users/${id}`, { email: 'lea.new@example.com' })).status, 200);
  const { json } = await lea.ask('GET', '/v1/session');
  assert.equal(json.user.email, 'lea.new@example.com');
  const [{ event }] = (await daemon.api('GET', '/v1/events?action=user.email&order=desc&limit=1')).items;
  assert.deepEqual([event.entity.id, event.time], [`user:${id}`, json.emailChangedAt]);
  assert.ok(!JSON.stringify(event).includes('lea'));
  lea.email = 'lea.new@example.com';
  const again = await lea.ask('POST', '/v1/session', { email: lea.email, password: PASSWORD, code: lea.code(), kind: 'cli' });
  assert.equal(again.status, 201);
  secrets.add(again.json.token);
  assert.equal(again.json.emailChangedAt, null, 'a session that began with it is not told');
});

test('the owner gives himself another name', async () => {
  const { user: { id } } = (await owner.ask('GET', '/v1/session')).json;
  assert.equal((await owner.ask('PATCH', `/v1/users/${id}`, { name: 'Ana the first' })).status, 200);
  assert.equal((await owner.ask('GET', '/v1/session')).json.user.name, 'Ana the first');
});

test('a new password ends the other sessions, a suspension all of them', async () => {
  const pia = await user('pia@example.com');
  remember(pia, await pia.enrol(pia.link));
  const other = await pia.ask('POST', '/v1/session', { email: pia.email, password: PASSWORD, code: pia.code(), kind: 'cli' });
  secrets.add(other.json.token);
  const bearer = () => request(daemon.people, 'GET', '/v1/session', { headers: { Authorization: `Bearer ${other.json.token}` } });
  assert.equal((await bearer()).status, 200);
  const next = 'another-Meadow 42 ü copper';
  secrets.add(next);
  assert.equal((await pia.ask('POST', '/v1/me/password', { current: 'not it at all', password: next })).status, 401);
  assert.equal((await pia.ask('POST', '/v1/me/password', { current: PASSWORD, password: 'password1234' })).status, 400);
  const changed = await pia.ask('POST', '/v1/me/password', { current: PASSWORD, password: next });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await bearer()).status, 401);
  assert.equal((await pia.ask('GET', '/v1/session')).status, 200);
  await daemon.api('PATCH', `/v1/users/${pia.id}`, { state: 'suspended' });
  assert.equal((await pia.ask('GET', '/v1/session')).status, 401);
  pia.password = next;
  assert.equal((await pia.login()).status, 401);
});

test('of two passwords that are set at once, by the same present one, one counts', async () => {
  const ivo = await user('ivo@example.com');
  remember(ivo, await ivo.enrol(ivo.link));
  const wanted = ['first-Meadow 42 ü copper', 'second-Meadow 42 ü copper'];
  for (const text of wanted) secrets.add(text);
  const answers = await Promise.all(wanted.map((password) => ivo.ask('POST', '/v1/me/password', { current: PASSWORD, password })));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 401], answers.map((answer) => answer.text).join('\n'));
  ivo.password = wanted[answers.findIndex((answer) => answer.status === 200)];
  assert.equal((await ivo.login()).status, 201);
});

test('the second factor is proved again, renewed, and the codes made anew', async () => {
  const max = await user('max@example.com');
  remember(max, await max.enrol(max.link));
  assert.equal((await max.ask('POST', '/v1/session/confirm', { code: '000000' })).status, 401);
  const proved = await max.ask('POST', '/v1/session/confirm', { code: max.code() });
  assert.equal(proved.status, 200, proved.text);
  assert.equal(proved.json.caller, 'user');
  const [old] = max.recoveryCodes;
  // A session alone, with a fresh second factor, neither sees nor changes what its person proves himself with.
  for (const url of ['/v1/me/recovery-codes', '/v1/me/second-factor']) {
    for (const [body, status, code] of [[{}, 400], [{ current: 'not it at all' }, 401, 'login.login_failed']]) {
      const answer = await max.ask('POST', url, body);
      assert.equal(answer.status, status, `${url}: ${answer.text}`);
      if (code) assert.equal(answer.json.code, code);
      assert.equal(answer.json.secret ?? answer.json.recoveryCodes, undefined);
    }
  }
  assert.equal((await max.ask('POST', '/v1/me/second-factor/confirm', { code: '123456' })).json.code, 'login.factor_not_begun');
  const codes = await max.ask('POST', '/v1/me/recovery-codes', { current: PASSWORD });
  assert.equal(codes.json.recoveryCodes.length, 10);
  for (const code of codes.json.recoveryCodes) secrets.add(code);
  assert.equal((await max.ask('POST', '/v1/session/confirm', { code: old })).status, 401);
  const begun = await max.ask('POST', '/v1/me/second-factor', { current: PASSWORD });
  assert.equal(begun.status, 200, begun.text);
  secrets.add(begun.json.secret);
  assert.equal((await max.ask('POST', '/v1/me/second-factor/confirm', { code: totp(begun.json.secret, stepNow() + 9) })).status, 400);
  const done = await max.ask('POST', '/v1/me/second-factor/confirm', { code: totp(begun.json.secret, stepNow()) });
  assert.equal(done.status, 200, done.text);
  assert.equal((await max.login({ code: totp(max.secret, stepNow() + 1) })).status, 401, 'the old factor');
  assert.equal((await max.login({ code: totp(begun.json.secret, stepNow() + 1) })).status, 201);
});

test('who guesses the password in a session is slowed there, and told of', async () => {
  const uma = await user('uma@example.com');
  remember(uma, await uma.enrol(uma.link));
  const urls = ['/v1/me/recovery-codes', '/v1/me/second-factor', '/v1/me/password'];
  const guess = (url) => uma.ask('POST', url, { current: 'a guess that is wrong', ...(url.endsWith('password') && { password: PASSWORD }) });
  let passed = 0;
  let answer;
  for (let i = 0; i < 30; i += 1) {
    answer = await guess(urls[i % 3]);
    if (answer.status === 429) break;
    assert.equal(answer.status, 401, answer.text);
    passed += 1;
  }
  assert.equal(answer.status, 429);
  assert.ok(passed >= 8 && passed < 20, `${passed}`);
  // Then the right one waits too, at each of the doors.
  for (const url of urls) assert.equal((await uma.ask('POST', url, { current: PASSWORD, ...(url.endsWith('password') && { password: PASSWORD }) })).status, 429, url);
  const told = await until('the event of failures in his session', async () => {
    const { items } = await daemon.api('GET', '/v1/events?action=session.confirm_refuse&order=desc');
    return items.map(({ event }) => event).find(({ entity }) => entity.id === `user:${uma.id}`);
  }, 30000);
  assert.ok(told.after.failures >= 1);
});

test('a reset takes password, factor and sessions, and gives a new link', async () => {
  const ben = await user('ben@example.com');
  remember(ben, await ben.enrol(ben.link));
  const reset = await owner.ask('POST', `/v1/users/${ben.id}/enrolment`);
  assert.equal(reset.status, 201, reset.text);
  secrets.add(reset.json.enrolment.split('#')[1]);
  assert.equal((await ben.ask('GET', '/v1/session')).status, 401);
  assert.equal((await ben.login()).status, 401);
  ben.cookies = {};
  ben.last = 0;
  remember(ben, await ben.enrol(reset.json.enrolment));
  const self = (await owner.ask('GET', '/v1/session')).json.user.id;
  assert.equal((await owner.ask('POST', `/v1/users/${self}/enrolment`)).status, 403, "the owner's own is the operator's");
});

test('the command line keeps a session in a file of its own', async () => {
  const tom = await user('tom@example.com');
  remember(tom, await tom.enrol(tom.link));
  const url = `http://127.0.0.1:${daemon.people.port}`;
  const state = path.join(daemon.folder, 'state');
  const run = (words, input, env = {}) => {
    const done = spawnSync(LLAVERO, [...words, '--json'],
      { input, encoding: 'utf8', env: { PATH: process.env.PATH, XDG_STATE_HOME: state, LLAVERO_URL: url, ...env } });
    return { ...done, json: done.stdout ? JSON.parse(done.stdout) : undefined };
  };
  const file = path.join(daemon.folder, 'password');
  fs.writeFileSync(file, `${PASSWORD}\n`, { mode: 0o600 });
  const login = (code, more = []) => run(['login', '--email', tom.email, '--password-file', file, '--code-file', '-', ...more], `${code}\n`);
  assert.equal(login('000000').status, 1);
  const done = login(tom.code());
  assert.equal(done.status, 0, done.stderr);
  assert.equal(done.json.user.email, tom.email);
  assert.equal(done.json.token, undefined, 'the token is kept, not shown');
  const kept = path.join(state, 'llavero', 'sessions.json');
  assert.equal(fs.statSync(kept).mode & 0o777, 0o600);
  const { token } = JSON.parse(fs.readFileSync(kept, 'utf8'))[url];
  assert.match(token, /^LS1/);
  secrets.add(token);
  const bearer = () => request(daemon.people, 'GET', '/v1/session', { headers: { Authorization: `Bearer ${token}` } });
  assert.equal((await bearer()).json.user.email, tom.email);
  assert.equal(run(['login', '--confirm', '--code-file', '-'], `${tom.recoveryCodes.shift()}\n`).status, 0);
  // A file that others can read is not trusted.
  fs.chmodSync(kept, 0o644);
  assert.equal(run(['logout']).status, 1);
  fs.chmodSync(kept, 0o600);
  assert.equal(run(['logout']).status, 0);
  assert.equal((await bearer()).status, 401);
  assert.equal(run(['logout']).status, 1);
  assert.equal(run(['login', '--email', tom.email], '', { LLAVERO_URL: 'http://llavero.example' }).status, 2, 'not over plain HTTP');
  const operator = { LLAVERO_URL: '', LLAVERO_SOCKET: daemon.keeper.socket };
  const reset = run(['user', 'reset', String(tom.id)], '', operator);
  assert.match(reset.json.enrolment, /\/enrol#/);
  secrets.add(reset.json.enrolment.split('#')[1]);
  const account = await daemon.api('GET', '/v1/accounts/store');
  const again = run(['owner', 'reset', '--account', 'store'], '', operator);
  assert.equal(again.status, 0, again.stderr);
  secrets.add(again.json.enrolment.split('#')[1]);
  assert.equal((await owner.ask('GET', '/v1/session')).status, 401, `owner ${account.ownerId} has to enrol again`);
});

test('failures are told by one event, and nothing secret stands anywhere', async () => {
  const told = await until('the event of failures', async () => {
    const { items } = await daemon.api('GET', '/v1/events?action=session.refuse&order=desc');
    return items[0]?.event;
  }, 30000);
  assert.equal(told.actor.id, 'system:login');
  assert.ok(told.after.failures >= 1);
  const { items } = await daemon.api('GET', '/v1/events?limit=200');
  const actions = new Set(items.map(({ event }) => event.action));
  for (const action of ['user.enrol', 'user.enrolment_open', 'session.begin', 'session.end', 'session.confirm', 'user.reset',
    'user.password', 'user.second_factor', 'user.recovery_codes', 'user.recovery_used']) assert.ok(actions.has(action), action);
  const files = fs.readdirSync(daemon.data, { recursive: true }).map((name) => path.join(daemon.data, name))
    .filter((name) => fs.statSync(name).isFile());
  for (const file of [...files, daemon.log]) {
    const bytes = fs.readFileSync(file);
    for (const secret of secrets) assert.equal(bytes.indexOf(secret), -1, `${path.basename(file)} holds ${secret.slice(0, 6)}...`);
  }
  assert.ok(secrets.size > 100, `${secrets.size}`);
});
