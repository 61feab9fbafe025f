// Every kind of secret is made and used as it is in life, by people, machines and those who mistype;
// then each is searched for wherever something is kept or told. It stands in its one answer alone.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { argumentsAreClean, Canaries, coreIsClean, files, ifAllowed, memory, NOT_ALLOWED, tokenBits } from '../lib/canary.mjs';
import { environment, llavero, onTerminal } from '../lib/cli.mjs';
import { LLAVERO, Llaverod, raw, request, until } from '../lib/llaverod.mjs';
import { dialects, makeStore } from '../lib/store.mjs';

// What must be found in each place that is searched, by the same search: the test can fail.
const PLANTED = `planted-${crypto.randomBytes(12).toString('hex')}`;

const canaries = new Canaries();
const planted = new Canaries();
const told = []; // [what was asked, the whole answer without the secret that it is there to hand over]
let daemon;
let key;
let pids;

const random = (bytes) => crypto.randomBytes(bytes).toString('base64url');
const foreign = () => `sk_live_${random(36)}`;

// An answer that hands a secret over once: it is remembered as a canary and struck from the answer.
function handed(name, answer) {
  canaries.add(name, answer.json.appToken);
  told.push([name, answer.text.replace(answer.json.appToken, '')]);
  return answer.json;
}

async function ask(name, target, method, url, options) {
  const answer = await request(target, method, url, options);
  told.push([name, JSON.stringify(answer.headers) + answer.text]);
  return answer;
}

const post = (name, url, body, headers) => ask(name, daemon.keeper, 'POST', url, { body, headers });

before(async () => {
  const folder = fs.mkdtempSync(path.join('/tmp', `llavero-test-${PLANTED}-`));
  planted.add('planted', PLANTED);
  daemon = await Llaverod.start({ folder, env: { LLAVERO_LOG_LEVEL: 'debug' } });
  daemon.ownsFolder = true;
  ({ key } = await makeStore(daemon));
  canaries.add('token of a key', key.appToken);
  const children = execFileSync('pgrep', ['-P', String(daemon.process.pid)], { encoding: 'ascii' });
  pids = [daemon.process.pid, ...children.trim().split('\n').map(Number)];
});

after(() => daemon?.close());

// ---- the keys of the installation ----

// crypto_kdf of libsodium; the sealing key's file below shows that it is computed right.
const derive = (root, id) => Buffer.from(execFileSync('python3', ['-c', 'import hashlib, sys\n'
  + 'root, number = bytes.fromhex(sys.stdin.readline()), int(sys.stdin.readline())\n'
  + 'print(hashlib.blake2b(b"", digest_size=32, key=root, salt=number.to_bytes(8, "little") + bytes(8),'
  + ' person=b"llavero " + bytes(8)).hexdigest())'], { input: `${root.toString('hex')}\n${id}\n`, encoding: 'ascii' }).trim(), 'hex');

const keys = {};

test('the keys of the installation are derived as is known', () => {
  const last = (file) => Buffer.from(fs.readFileSync(path.join(daemon.data, file), 'ascii').trim().split(' ').at(-1), 'hex');
  keys.root = last('root.key');
  keys.sealing = derive(keys.root, 2);
  keys.eventSeed = derive(keys.root, 1);
  assert.deepEqual(keys.sealing, last('gate/sealing.key'));
  // What the signature is made with: the seed's hash, its first half clamped.
  const expanded = crypto.createHash('sha512').update(keys.eventSeed).digest();
  const scalar = Buffer.from(expanded.subarray(0, 32));
  scalar[0] &= 248;
  scalar[31] = (scalar[31] & 127) | 64;
  canaries.add('root key', keys.root);
  canaries.add('sealing key', keys.sealing);
  canaries.add('event signing key', keys.eventSeed);
  canaries.add('event signing key, hashed', expanded);
  canaries.add('event signing key, as a scalar', scalar);
});

// ---- use ----

test('keys are made, rotated, imported and refused by the API', async () => {
  const made = handed('token by key create', await request(daemon.keeper, 'POST', '/v1/keys',
    { body: { account: 'store', label: PLANTED, externalId: PLANTED, profiles: ['Reader'] } }));
  const first = handed('token by key create with Idempotency-Key', await request(daemon.keeper, 'POST', '/v1/keys',
    { body: { account: 'store', label: 'twice' }, headers: { 'Idempotency-Key': 'once' } }));
  const again = await post('replay', '/v1/keys', { account: 'store', label: 'twice' }, { 'Idempotency-Key': 'once' });
  assert.equal(again.json.appToken, undefined);
  assert.deepEqual({ ...first, ...again.json }, first);
  const rotated = handed('token by rotate', await request(daemon.keeper, 'POST', `/v1/keys/${made.appKey}/rotate`, { body: {} }));
  assert.ok(rotated.appToken);
  await post('rotate while open', `/v1/keys/${made.appKey}/rotate`, {});
  await post('cancel', `/v1/keys/${made.appKey}/cancel-rotation`, {});
  const [taken, duplicate, short, spaced, named] = [foreign(), foreign(), random(20), `${random(30)} ${random(30)}`, foreign()];
  for (const [name, text] of Object.entries({ 'imported token': taken, 'imported twice': duplicate, 'imported, refused: short': short,
    'imported, refused: space': spaced, 'imported, refused: as another name': named })) canaries.add(name, text);
  const lines = [{ appKey: 'legacy-1', appToken: taken, label: 'legacy' }, { appKey: 'legacy-2', appToken: duplicate },
    { appKey: 'legacy-3', appToken: duplicate }, { appKey: 'legacy-4', appToken: short }, { appKey: 'legacy-5', appToken: spaced },
    { appKey: 'legacy-6', token: named }, { appKey: 'legacy-7', appToken: [named] }];
  const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"appKey":"legacy-8","appToken":"${named}`;
  const imported = await post('import', '/v1/keys/import?account=store', text);
  assert.equal(imported.json.imported, 2);
  assert.equal(imported.json.refusedCount, 6);
  key.legacy = { appKey: 'legacy-1', appToken: taken };
});

test('bodies with a secret where none is wanted, and bodies that are broken, are refused', async () => {
  const secret = foreign();
  canaries.add('in a refused body', secret);
  const pair = { appKey: key.appKey, appToken: secret };
  const statuses = [
    await post('unknown member', '/v1/keys', { account: 'store', label: 'x', appToken: secret }),
    await post('the value as a member', '/v1/keys', { account: 'store', label: 'x', [secret]: 1 }),
    await post('wrong type', '/v1/keys', { account: 'store', label: [secret] }),
    await post('profile', '/v1/keys', { account: 'store', label: 'x', expires: secret }),
    await post('cut', '/v1/keys', `{"account":"store","appToken":"${secret}`),
    await post('twice', '/v1/explain', `{"appToken":"${secret}","appToken":"${secret}"}`),
    await post('no JSON', '/v1/keys', `appToken=${secret}`, { 'Content-Type': 'application/x-www-form-urlencoded' }),
    await post('can', '/v1/can', { ...pair, method: 'GET', path: '/orders/7' }),
    await ask('verify: cut', daemon.gate, 'POST', '/v1/verify', { body: `{"appToken":"${secret}` }),
    await ask('verify: unknown', daemon.gate, 'POST', '/v1/verify', { body: { ...pair, token: secret, method: 'GET', path: '/' } }),
    await ask('verify: number', daemon.gate, 'POST', '/v1/verify', { body: { ...pair, appToken: [secret], method: 'GET', path: '/' } }),
  ].map((answer) => answer.status);
  assert.ok(statuses.every((status) => status >= 400 && status < 500), statuses.join(' '));
});

test('callers present right, wrong, mistyped, foreign and misplaced tokens in every dialect', async () => {
  const token = key.appToken;
  const other = (c) => (c === 'Q' ? 'P' : 'Q');
  const presented = {
    'mistyped token': token.slice(0, 20) + other(token[20]) + token.slice(21),
    'token in lower case': token.toLowerCase(),
    'token with a space inside': `${token.slice(0, 30)} ${token.slice(30)}`,
    'token cut': token.slice(0, 40),
    'unknown foreign token': foreign(),
    'token twice over': token + token,
    'quoted token': `"${foreign()}"`,
    'encoded token': encodeURIComponent(`${foreign()}%`),
  };
  for (const [name, text] of Object.entries(presented)) canaries.add(name, text);
  for (const text of [token, key.legacy.appToken, ...Object.values(presented)]) {
    for (const { name, send } of dialects(daemon)) {
      for (const headers of [{ 'X-App-Key': key.appKey, 'X-App-Token': text },
        { 'X-VTEX-API-AppKey': key.appKey, 'X-VTEX-API-AppToken': text },
        { 'X-API-Key': text }, { Authorization: `Bearer ${text}` }, { 'X-App-Key': text, 'X-App-Token': key.appKey },
        { 'X-App-Key': key.appKey, 'X-App-Token': text, 'X-API-Key': text }, { 'X-App-Key': text }]) {
        const answer = await send(headers);
        told.push([`auth ${name}`, JSON.stringify(answer.headers) + answer.text]);
      }
    }
    for (const pair of [{ appKey: key.appKey, appToken: text }, { appKey: text, appToken: key.appKey }]) {
      await ask('verify', daemon.tcp, 'POST', '/v1/verify', { body: { ...pair, method: 'GET', path: '/orders/7' } });
    }
  }
});

test('secrets stand where something else belongs, and an owner reads what came of it', async () => {
  // Not in the method, host and path of the request itself: those are what an owner is shown.
  const wrong = (name) => { const secret = foreign(); canaries.add(`as ${name}`, secret); return secret; };
  const auth = { 'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7', 'X-App-Key': key.appKey };
  const question = { method: 'GET', path: '/orders/7' };
  await post('profile', '/v1/keys', { account: 'store', label: 'x', profiles: [wrong('a profile')] });
  await post('link', `/v1/keys/${key.appKey}/links`, { profile: wrong('a link') });
  await post('resource', '/v1/profiles', { account: 'store', name: 'x', resources: [wrong('a resource')] });
  await post('account', '/v1/keys', { account: wrong('an account'), label: 'x' });
  await post('reason', `/v1/keys/${key.appKey}/revoke`, { reason: wrong('a reason') });
  await post('diagnosis', '/v1/explain', { diagnosis: wrong('a diagnosis'), lang: wrong('a language') });
  await post('explain', '/v1/explain', { appKey: key.appKey, appToken: wrong('a token to explain'), ...question });
  await post('explain swapped', '/v1/explain', { appKey: wrong('an appKey'), appToken: key.appKey, ...question });
  await post('explain ours swapped', '/v1/explain', { appKey: key.appToken, appToken: key.appKey, ...question });
  await ask('member', daemon.gate, 'POST', '/v1/verify', { body: { [wrong('a member')]: 1 } });
  for (const token of [key.appToken, wrong('a path')]) {
    await ask('path', daemon.keeper, 'GET', `/v1/keys/${token}`);
    await ask('path of nothing', daemon.keeper, 'GET', `/v1/${token}`);
    await ask('query', daemon.keeper, 'GET', `/v1/keys?account=store&appToken=${token}`);
    for (const more of [{ 'X-App-Token': token }, { 'X-App-Key': token, 'X-App-Token': key.appKey },
      { 'X-Original-URI': `/orders/7?appToken=${token}` }, { 'X-Original-Address': token }]) {
      const { headers } = await ask('auth', daemon.gate, 'GET', `/auth/nginx?appToken=${token}`, { headers: { ...auth, ...more } });
      if (headers['x-llavero-diagnosis']) {
        await post('explain a diagnosis', '/v1/explain', { diagnosis: headers['x-llavero-diagnosis'], lang: 'es' });
      }
    }
  }
  assert.ok(told.filter(([name, text]) => name === 'explain a diagnosis' && /"steps":/.test(text)).length >= 6);
});

test('requests whose framing is refused carry a token as well', async () => {
  const token = key.appToken;
  const head = 'GET /auth/nginx HTTP/1.1\r\nHost: gate\r\nX-Original-Method: GET\r\nX-Original-URI: /orders/7\r\n';
  const credential = `X-App-Key: ${key.appKey}\r\nX-App-Token: ${token}\r\n`;
  for (const [name, bytes] of Object.entries({
    'folded': `${head}${credential}X-More: a\r\n ${token}\r\n\r\n`,
    'bare line feed': `${head}${credential}X-More: a\nX-Less: ${token}\r\n\r\n`,
    'NUL': `${head}X-App-Key: ${key.appKey}\r\nX-App-Token: ${token}\0${token}\r\n\r\n`,
    'no colon': `${head}${credential}${token}\r\n\r\n`,
    'chunked': `${head}${credential}Transfer-Encoding: chunked\r\n\r\n37\r\n${token}\r\n0\r\n\r\n`,
    'pipelined': `${head}${credential}\r\n${head}${credential}Connection: close\r\n\r\n`,
    'never whole': `${head}${credential}X-More: ${token}`,
    'too large': `${head}${credential}${`X-More: ${token}\r\n`.repeat(400)}\r\n`,
    'body cut': 'POST /v1/verify HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n'
      + `Content-Length: 4000\r\n\r\n{"appToken":"${token}"`,
    'no request': `${token}\r\n\r\n`,
    'half a line': `GET /${token}`,
  })) told.push([name, (await raw(daemon.tcp, bytes, 100)).toString('latin1')]);
});

test('a person tries and explains a credential on the command line', async () => {
  const secret = foreign();
  canaries.add('typed on the command line', secret);
  const file = path.join(daemon.folder, '..', `llavero-canary-${process.pid}`);
  fs.writeFileSync(file, `${key.appToken}\n`, { mode: 0o600 });
  try {
    for (const [args, options] of [
      [['explain', '--app-key', key.appKey, '--app-token-file', '-', 'GET', '/orders/7'], { input: `${secret}\n`, code: 1 }],
      [['explain', '--app-key', key.appKey, '--app-token-file', file, 'DELETE', '/orders/7'], { code: 1 }],
      [['--json', 'verify', '--app-key', key.appKey, '--app-token-file', '-', 'GET', '/orders/7'], { input: secret, code: 1 }],
      [['verify', '--app-key', key.appKey, '--app-token-file', file, 'GET', '/orders/7'], {}],
      [['token', 'check'], { input: `${key.appToken.toLowerCase()}\n`, code: 1 }],
      [['key', 'show', key.appKey], {}],
      [['--json', 'events', 'list', '--limit', '100'], {}],
    ]) {
      const { stdout, stderr } = await llavero(daemon, args, options);
      told.push([`llavero ${args.slice(0, 2).join(' ')}`, stdout + stderr]);
    }
  } finally { fs.rmSync(file); }
  const typed = onTerminal(daemon, ['verify', 'GET', '/orders/7', '--app-key', key.appKey], secret);
  assert.match(typed.shown, /appToken:/);
  told.push(['prompt', typed.shown]);
  const made = await llavero(daemon, ['--json', 'key', 'create', '--account', 'store', '--label', 'cli']);
  handed('token by llavero key create', { json: made.json, text: made.stdout + made.stderr });
  const shown = await llavero(daemon, ['key', 'rotate', made.json.appKey]);
  const [token] = /LV1[A-Z0-9]{52}/.exec(shown.stdout);
  handed('token by llavero key rotate', { json: { appToken: token }, text: shown.stdout + shown.stderr });
});

test('while it reads a secret, the command line shows nothing of it', async () => {
  const child = spawn(LLAVERO, ['explain', '--app-key', key.appKey, '--app-token-file', '-', 'GET', '/orders/7'],
    { env: environment(daemon), stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    // It reads to the end of its input, which does not come before it was looked at.
    await new Promise((resolve) => child.stdin.write(key.appToken, resolve));
    await until('it runs', () => fs.readFileSync(`/proc/${child.pid}/cmdline`, 'latin1').includes(key.appKey), 30000);
    for (const name of ['cmdline', 'environ']) told.push([`${name} of llavero`, fs.readFileSync(`/proc/${child.pid}/${name}`, 'latin1')]);
  } finally { child.stdin.end(); }
  await ended;
});

test('what keeps or tells more is asked', async () => {
  for (const url of ['/v1/events?limit=100', '/v1/keys?account=store', `/v1/keys/${key.appKey}`, '/v1/status', '/v1/catalog']) {
    await ask(url, daemon.keeper, 'GET', url);
  }
  for (const [name, target] of [['gate', daemon.gate], ['keeper', daemon.keeper]]) {
    await ask(`metrics of the ${name}`, target, 'GET', '/metrics');
  }
  const backup = path.join(daemon.folder, 'backup.db');
  await llavero(daemon, ['backup', backup]);
});

// Before other work could cover what was left.
test('a core that is taken right after an answer holds nothing of it', async (t) => {
  if (ifAllowed(() => memory(daemon.process.pid)) === null) return t.diagnostic(NOT_ALLOWED);
  const question = { method: 'GET', path: '/orders/7' };
  const wrong = foreign();
  canaries.add('asked last', wrong);
  const verify = { body: { appKey: key.appKey, appToken: wrong, ...question } };
  const imported = foreign();
  canaries.add('imported last', imported);
  let made;
  for (const [what, act] of [
    ['create', async () => {
      made = handed('token made last', await request(daemon.keeper, 'POST', '/v1/keys', { body: { account: 'store', label: 'last' } }));
    }],
    ['rotate', async () => handed('token rotated last', await request(daemon.keeper, 'POST', `/v1/keys/${made.appKey}/rotate`, { body: {} }))],
    ['import', () => post('import', '/v1/keys/import?account=store', `{"appKey":"legacy-9","appToken":"${imported}"}`)],
    ['explain', () => post('explain', '/v1/explain', verify.body)],
    ['verify', () => ask('verify', daemon.gate, 'POST', '/v1/verify', verify)],
    ['auth', () => dialects(daemon)[0].send({ 'X-App-Key': key.appKey, 'X-App-Token': wrong })],
    ['auth, allowed', () => dialects(daemon)[0].send({ 'X-App-Key': key.appKey, 'X-App-Token': key.appToken })],
  ]) {
    await act();
    for (const pid of pids.slice(1)) await coreIsClean(pid, `after ${what}`, canaries, planted);
  }
  return undefined;
});

// ---- the search ----

test('the search finds a secret in each of its forms, wherever it stands', () => {
  const token = key.appToken;
  const { symbols, packed } = tokenBits(token);
  const raws = { token: Buffer.from(token), 'root key': keys.root, symbols, bits: packed };
  for (const [name, bytes] of Object.entries(raws)) {
    for (let before = 0; before < 3; before++) {
      const around = (text) => Buffer.concat([Buffer.alloc(before, '-'), Buffer.from(text), Buffer.from('-')]);
      assert.notDeepEqual(canaries.find(around(bytes)), [], `${name} as it is`);
      if (name === 'symbols') continue;
      assert.notDeepEqual(canaries.find(around(bytes.toString('hex'))), [], `${name} in hex`);
      assert.notDeepEqual(canaries.find(around(bytes).toString('base64')), [], `${name} in base64`);
      assert.notDeepEqual(canaries.find(around(bytes).toString('base64url')), [], `${name} in base64url`);
    }
  }
  assert.notDeepEqual(canaries.find(token.slice(10, 43)), [], 'a part of a token');
  assert.deepEqual(canaries.find(crypto.randomBytes(1 << 20)), []);
  assert.deepEqual(canaries.find(crypto.createHash('sha256').update(token).digest('hex')), []);
});

// A place, its bytes, and that the planted text is found there when it must be.
function clean(place, bytes, { control = false, allowed = [] } = {}) {
  assert.deepEqual(canaries.find(bytes).filter((found) => !allowed.includes(found)), [], place);
  if (control) assert.notDeepEqual(planted.find(bytes), [], `the search finds what is planted in ${place}`);
}

test('no answer but the one holds a secret', () => {
  assert.ok(told.length > 200);
  for (const [name, text] of told) clean(name, text);
  const all = told.filter(([name]) => /^(\/v1\/events|\/v1\/keys\?)/.test(name));
  for (const [name, text] of all) clean(name, text, { control: true });
  assert.match(told.find(([name]) => name === 'metrics of the gate')[1], /llavero_decisions_total\{/);
});

test('no log and no file holds a secret but the two that keep the keys', () => {
  const kept = files(daemon.folder);
  const names = kept.map(([name]) => path.relative(daemon.folder, name));
  for (const wanted of ['data/records.db', 'data/records.db-wal', 'data/records.db-shm', 'data/gate/sealing.key',
    'data/root.key', 'data/ledger/cells', 'backup.db', 'llaverod.log']) {
    assert.ok(names.includes(wanted), `${wanted} of ${names.join(' ')}`);
  }
  const control = /^(data\/records\.db-wal|backup\.db|data\/index\/.*data\.mdb|llaverod\.log)$/;
  assert.equal(names.filter((name) => control.test(name)).length, 4, names.join(' '));
  for (const [name, bytes] of kept) {
    const place = path.relative(daemon.folder, name);
    const allowed = { 'data/root.key': ['root key in hex'], 'data/gate/sealing.key': ['sealing key in hex'] }[place] ?? [];
    clean(place, bytes, { control: control.test(place), allowed });
    for (const one of allowed) assert.ok(canaries.find(bytes).includes(one), `${one} in ${place}`);
  }
});

test('no process shows a secret in its arguments or environment', (t) => {
  const unseen = argumentsAreClean(pids, clean);
  if (unseen) t.diagnostic(unseen);
});

test('a core of a process that has answered holds no token and no key', async (t) => {
  if (ifAllowed(() => memory(daemon.process.pid)) === null) return t.diagnostic(NOT_ALLOWED);
  const roles = pids.map((pid) => fs.readFileSync(`/proc/${pid}/comm`, 'ascii').trim());
  assert.ok(roles.includes('keeper') && roles.includes('gate-0'), roles.join(' '));
  for (const [i, pid] of pids.entries()) {
    const role = roles[i];
    const seen = await coreIsClean(pid, 'at the end', canaries, planted);
    assert.ok(seen.control, `the search finds what is planted in a core of ${role}`);
    // The keys are there, in memory that no core takes.
    if (role !== 'llaverod') assert.ok(seen.apart.includes('sealing key as it is'), `${role} has the sealing key`);
    if (role === 'keeper') assert.ok(seen.apart.includes('event signing key as it is'), 'the keeper has the signing key');
  }
  return undefined;
});
