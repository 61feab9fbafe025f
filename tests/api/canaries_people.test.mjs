// What people prove themselves with, and what they hand on: passwords, second factors, recovery codes, sessions, one-time
// links, management tokens. Each is used as it is in life and by mistake, then searched for wherever something is kept or
// told: it stands in its one answer alone, and is in no answer that an Idempotency-Key gets again.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { argumentsAreClean, Canaries, coreIsClean, files, ifAllowed, memory, NOT_ALLOWED } from '../lib/canary.mjs';
import { llavero } from '../lib/cli.mjs';
import { freePort, LLAVERO, Llaverod, request, until } from '../lib/llaverod.mjs';
import { bytesOf, Person, stepNow, totp } from '../lib/people.mjs';

// What must be found in each place that is searched, by the same search: the test can fail.
const PLANTED = `planted-${crypto.randomBytes(12).toString('hex')}`;
const DAY = 86400000;

const canaries = new Canaries();
const planted = new Canaries();
const told = []; // [what was asked, the whole answer without the secrets that it is there to hand over]
let daemon;
let owner;
let keeper;
let pids;

const random = () => crypto.randomBytes(24).toString('base64url');

function password(name) {
  const text = random();
  canaries.add(name, text);
  return text;
}

// Strikes what an answer hands over once from what it says, and remembers it.
function handed(name, answer, secrets) {
  let text = JSON.stringify(answer.headers) + answer.text;
  for (const [what, secret] of Object.entries(secrets)) {
    assert.ok(text.includes(secret), `${what} stands in the answer of ${name}`);
    canaries.add(`${what} of ${name}`, secret);
    text = text.replaceAll(secret, '').replaceAll(encodeURIComponent(secret), '');
  }
  told.push([name, text]);
  return answer;
}

function factor(name, answer) {
  handed(name, answer, { factor: answer.json.secret });
  canaries.add(`factor of ${name}, its bytes`, bytesOf(answer.json.secret));
  return answer.json.secret;
}

const codesOf = (answer) => Object.fromEntries((answer.json.recoveryCodes ?? []).map((code, i) => [`recovery code ${i}`, code]));

function cookiesOf(answer) {
  const values = (answer.headers['set-cookie'] ?? []).map((line) => /^[^=]+=([^;]*)/.exec(line)[1]).filter((value) => value !== '');
  return Object.fromEntries(values.map((value, i) => [`cookie ${i}`, value]));
}

async function wrong(name, answer, ...statuses) {
  const { status, headers, text } = await answer;
  assert.ok(statuses.includes(status), `${name}: ${status} ${text}`);
  told.push([name, JSON.stringify(headers) + text]);
}

const linkOf = (answer) => (answer.json.enrolment ?? answer.json.handover.url).split('#')[1];

before(async () => {
  const folder = fs.mkdtempSync(path.join('/tmp', `llavero-test-${PLANTED}-`));
  planted.add('planted', PLANTED);
  const port = await freePort();
  daemon = await Llaverod.start({ folder, env: { LLAVERO_LOG_LEVEL: 'debug', LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}` } });
  daemon.ownsFolder = true;
  daemon.people = { port };
  const children = execFileSync('pgrep', ['-P', String(daemon.process.pid)], { encoding: 'ascii' }).trim().split('\n').map(Number);
  pids = [daemon.process.pid, ...children];
  keeper = children.find((pid) => fs.readFileSync(`/proc/${pid}/comm`, 'ascii').trim() === 'keeper');
});

after(() => daemon?.close());

const post = (url, body, headers = {}) => request(daemon.keeper, 'POST', url, { body, headers });

// Before other work could cover what was left.
async function nothingStays(when) {
  if (ifAllowed(() => memory(keeper)) !== null) await coreIsClean(keeper, when, canaries, planted);
}

// Enrols a person by a link that somebody looked at before; answers with the person, logged in.
async function enrol(name, email, token, text) {
  const person = new Person(daemon, { email });
  const open = (what) => request(daemon.people, 'POST', '/v1/enrolment/open', { body: { token } }).then((answer) => factor(`${name}, ${what}`, answer));
  await open('looked at before');
  person.secret = await open('opened');
  await nothingStays(`after a link of ${name} was opened`);
  const body = (more) => ({ token, password: text, code: totp(person.secret, stepNow()), ...more });
  await wrong('a weak password', person.ask('POST', '/v1/enrolment', body({ password: text.slice(0, 9) })), 400);
  await wrong('a wrong code', person.ask('POST', '/v1/enrolment', body({ code: '000000' })), 400);
  await wrong('a member too many', person.ask('POST', '/v1/enrolment', body({ [password('a member of an enrolment')]: 1 })), 400);
  const answer = await person.ask('POST', '/v1/enrolment', body({ code: person.code() }));
  assert.equal(answer.status, 201, answer.text);
  handed(`enrolment of ${name}`, answer, { ...codesOf(answer), ...cookiesOf(answer) });
  person.keep(answer);
  person.password = text;
  person.recoveryCodes = [...answer.json.recoveryCodes];
  await nothingStays(`after the enrolment of ${name}`);
  return person;
}

test('the owner enrols, logs in, is refused, and renews all that proves who he is', async () => {
  const made = await post('/v1/init', { account: 'store', owner: 'ana@example.com', displayName: PLANTED });
  assert.equal(made.status, 201, made.text);
  handed('init', made, { link: linkOf(made) });
  const first = password('first password');
  owner = await enrol('owner', 'ana@example.com', linkOf(made), first);
  for (const [name, more] of Object.entries({ 'wrong password': { password: password('typed at the login') },
    'wrong code': { code: 'AAAAAA-BBBBBB-CCCCCC-DDDDDD' }, 'password as the address': { email: first, password: first },
    'password as the account': { account: first }, 'password as the code': { code: first } })) {
    await wrong(name, owner.ask('POST', '/v1/session', { email: owner.email, password: first, code: '000000', ...more }), 401, 429);
  }
  await wrong('a body that is cut', request(daemon.people, 'POST', '/v1/session', { body: `{"email":"ana@example.com","password":"${first}` }), 400);
  await wrong('a password as a list', owner.ask('POST', '/v1/session', { email: owner.email, password: [first], code: '1' }), 400);
  const cli = await owner.ask('POST', '/v1/session', { email: owner.email, password: first, code: owner.recoveryCodes.shift(), kind: 'cli' });
  assert.equal(cli.status, 201, cli.text);
  handed('login of the command line', cli, { session: cli.json.token, ...cookiesOf(cli) });
  await nothingStays('after the logins');
  await wrong('confirm', owner.ask('POST', '/v1/session/confirm', { code: owner.recoveryCodes.shift() }), 200);
  const next = password('second password');
  await wrong('a wrong present password', owner.ask('POST', '/v1/me/password', { current: password('typed as the present one'), password: next }), 401);
  await wrong('a new password', owner.ask('POST', '/v1/me/password', { current: first, password: next }), 200);
  owner.password = next;
  await nothingStays('after a new password');
  for (const url of ['/v1/me/recovery-codes', '/v1/me/second-factor'])
    await wrong(`a wrong password at ${url}`, owner.ask('POST', url, { current: password(`typed at ${url}`) }), 401);
  const codes = await owner.ask('POST', '/v1/me/recovery-codes', { current: next });
  handed('new recovery codes', codes, codesOf(codes));
  owner.recoveryCodes = [...codes.json.recoveryCodes];
  await nothingStays('after new recovery codes');
  const begun = await owner.ask('POST', '/v1/me/second-factor', { current: next });
  owner.secret = factor('a new factor', begun);
  await nothingStays('while a new factor is set up');
  await wrong('the new factor', owner.ask('POST', '/v1/me/second-factor/confirm', { code: totp(owner.secret, stepNow()) }), 200);
  await nothingStays('after a new factor');
});

test('what is made once is not shown again to the same Idempotency-Key', async () => {
  const expiresAt = new Date(Date.now() + DAY).toISOString();
  const tokenOf = (answer) => answer.json.token;
  const { appKey } = (await daemon.api('POST', '/v1/keys', { account: 'store', label: PLANTED, handover: true }));
  const handing = await post(`/v1/keys/${appKey}/rotate`, { handover: true });
  handed('a link for the first token', handing, { link: linkOf(handing) });
  const shared = await request(daemon.people, 'POST', '/v1/share/open', { body: { secret: linkOf(handing) } });
  handed('an opened link', shared, { token: shared.json.appToken });
  await wrong('an opened link again', request(daemon.people, 'POST', '/v1/share/open', { body: { secret: linkOf(handing) } }), 409);
  const rows = [
    ['a user', '/v1/users', { account: 'store', email: 'bea@example.com', name: PLANTED }, linkOf],
    ['an account', '/v1/accounts', { name: 'second', owner: 'eva@example.com' }, linkOf],
    ['a management token', '/v1/management-tokens', { account: 'store', label: PLANTED, rights: ['keys.view'], addresses: ['127.0.0.1'], expiresAt }, tokenOf],
    ['a key', '/v1/keys', { account: 'store', label: PLANTED }, (answer) => answer.json.appToken],
    ['a key by a link', '/v1/keys', { account: 'store', label: PLANTED, handover: true }, linkOf],
    ['a rotation by a link', `/v1/keys/${appKey}/rotate`, { handover: true }, linkOf],
    ['a rotation', `/v1/keys/${appKey}/rotate`, {}, (answer) => answer.json.appToken],
  ];
  for (const [i, [name, url, body, secretOf]] of rows.entries()) {
    const headers = { 'Idempotency-Key': `${PLANTED}-${i}` };
    const first = await post(url, body, headers);
    assert.ok([200, 201].includes(first.status), `${name}: ${first.text}`);
    const secret = secretOf(first);
    assert.ok(secret.length >= 43, name);
    handed(name, first, { secret });
    for (let n = 0; n < 2; n += 1) {
      const again = await post(url, body, headers);
      assert.deepEqual([again.status, again.headers['idempotency-replayed']], [200, 'true'], `${name}: ${again.text}`);
      assert.ok(!again.text.includes(secret), name);
      told.push([`${name}, replayed`, JSON.stringify(again.headers) + again.text]);
    }
  }
  await nothingStays('after the replays');
});

test('a link that is made by hand, a reset, and a lost owner', async () => {
  const { items } = await daemon.api('GET', '/v1/users?account=store');
  const bea = items.find((user) => user.email === 'bea@example.com');
  // Nobody is shown the same link twice: each time it is another one, and the one before is void.
  const resets = [];
  for (let n = 0; n < 2; n += 1) resets.push(await post(`/v1/users/${bea.id}/enrolment`, undefined, { 'Idempotency-Key': `${PLANTED}-reset` }));
  for (const [n, reset] of resets.entries()) handed(`reset ${n}`, reset, { link: linkOf(reset) });
  assert.notEqual(linkOf(resets[0]), linkOf(resets[1]));
  await wrong('a link that is void', post('/v1/enrolment/open', { token: linkOf(resets[0]) }), 404);
  const moved = await post('/v1/accounts/store/owner', { user: bea.id });
  handed('a transfer', moved, { link: linkOf(moved) });
  await nothingStays('after a transfer');
  const text = password('password of the new owner');
  const person = await enrol('the new owner', 'bea@example.com', linkOf(moved), text);
  await wrong('a session that is read', person.ask('GET', '/v1/sessions'), 200);
  await wrong('a session that ends', person.ask('DELETE', '/v1/session'), 200);
  const made = await post('/v1/management-tokens', { account: 'store', label: 'used', rights: ['keys.view'], addresses: ['127.0.0.1'],
    expiresAt: new Date(Date.now() + DAY).toISOString() });
  handed('a management token that is used', made, { token: made.json.token });
  const headers = { Authorization: `Bearer ${made.json.token}` };
  await wrong('keys by a management token', request(daemon.people, 'GET', '/v1/keys', { headers }), 200);
  await wrong('what it may not', request(daemon.people, 'POST', '/v1/keys', { headers, body: { label: 'x' } }), 403);
  await wrong('two credentials', request(daemon.people, 'GET', '/v1/keys', { headers: { ...headers, Cookie: `__Host-llavero-session=${made.json.token}` } }), 400);
  await wrong('a token in the query', request(daemon.people, 'GET', `/v1/keys?token=${made.json.token}`, { headers }), 400);
  await wrong('a token in the path', request(daemon.people, 'GET', `/v1/${made.json.token}`, { headers }), 404);
  await nothingStays('after a management token');
});

test('while the command line logs in, it shows nothing of what proves its person', async () => {
  const file = path.join(daemon.folder, '..', `llavero-canary-people-${process.pid}`);
  const text = password('password in a file');
  fs.writeFileSync(file, `${text}\n`, { mode: 0o600 });
  const child = spawn(LLAVERO, ['login', '--email', `${PLANTED}@example.com`, '--password-file', file, '--code-file', '-'],
    { env: { PATH: process.env.PATH, LLAVERO_URL: `http://127.0.0.1:${daemon.people.port}`, HOME: daemon.folder }, stdio: ['pipe', 'pipe', 'pipe'] });
  const shown = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => shown.push(chunk));
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    const code = random();
    canaries.add('a code that is typed', code);
    await new Promise((resolve) => child.stdin.write(code, resolve));
    await until('it runs', () => fs.readFileSync(`/proc/${child.pid}/cmdline`, 'latin1').includes(PLANTED), 30000);
    for (const name of ['cmdline', 'environ']) told.push([`${name} of llavero`, fs.readFileSync(`/proc/${child.pid}/${name}`, 'latin1')]);
  } finally { child.stdin.end(); }
  assert.equal(await ended, 1);
  fs.rmSync(file);
  told.push(['llavero login', Buffer.concat(shown).toString('latin1')]);
});

test('what keeps or tells more is asked', async () => {
  for (const url of ['/v1/events?limit=200', '/v1/users?account=store', '/v1/keys?account=store', '/v1/management-tokens?account=store',
    '/v1/accounts', '/v1/status']) {
    const answer = await request(daemon.keeper, 'GET', url);
    assert.equal(answer.status, 200, url);
    told.push([url, answer.text]);
  }
  await llavero(daemon, ['backup', path.join(daemon.folder, 'backup.db')]);
});

// ---- the search ----

// A place, its bytes, and that the planted text is found there when it must be.
function clean(place, bytes, { control = false } = {}) {
  assert.deepEqual(canaries.find(bytes), [], place);
  if (control) assert.notDeepEqual(planted.find(bytes), [], `the search finds what is planted in ${place}`);
}

test('no answer but the one holds a secret', () => {
  assert.ok(told.length > 60, `${told.length}`);
  assert.ok(canaries.names.size > 60, `${canaries.names.size}`);
  for (const [name, text] of told) clean(name, text, { control: /^\/v1\/(users|keys|management)|replayed$/.test(name) && !/account, /.test(name) });
});

test('no log and no file holds a secret', () => {
  const kept = files(daemon.folder);
  const names = kept.map(([name]) => path.relative(daemon.folder, name));
  const control = /^(data\/records\.db-wal|backup\.db|llaverod\.log)$/;
  assert.equal(names.filter((name) => control.test(name)).length, 3, names.join(' '));
  for (const [name, bytes] of kept) {
    const place = path.relative(daemon.folder, name);
    clean(place, bytes, { control: control.test(place) });
  }
});

test('no stored answer holds a secret', () => {
  const rows = execFileSync('python3', ['-c', 'import sqlite3, sys\n'
    + 'db = sqlite3.connect(sys.argv[1])\n'
    + 'for row in db.execute("SELECT * FROM idempotency_keys"): sys.stdout.write(repr(row) + "\\n")', path.join(daemon.folder, 'backup.db')], { encoding: 'utf8' });
  assert.equal(rows.trim().split('\n').length, 7, rows);
  clean('the stored answers', rows, { control: true });
  for (const member of ['appToken', 'token', 'enrolment', 'url', 'recoveryCodes']) assert.ok(!rows.includes(`"${member}":`), member);
});

test('no process shows a secret in its arguments or environment', (t) => {
  const unseen = argumentsAreClean(pids, clean);
  if (unseen) t.diagnostic(unseen);
});

test('a core of a process that has answered holds nothing of people', async (t) => {
  if (ifAllowed(() => memory(daemon.process.pid)) === null) return t.diagnostic(NOT_ALLOWED);
  for (const pid of pids) {
    const seen = await coreIsClean(pid, 'at the end', canaries, planted);
    assert.ok(seen.control, `the search finds what is planted in a core of ${pid}`);
  }
  return undefined;
});
