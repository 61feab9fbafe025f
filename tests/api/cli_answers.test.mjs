// What programs may rely on: the members of each command's JSON answer, and what people read instead of
// them: seconds, yes and no, hints; the first account; the text check with this installation's prefix.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { environment, llavero } from '../lib/cli.mjs';
import { LLAVERO, Llaverod } from '../lib/llaverod.mjs';

let daemon;
let made;
let key;

const json = async (...args) => (await llavero(daemon, [...args, '--json'])).json;
const has = (answer, members, label) => {
  for (const member of members) assert.ok(Object.hasOwn(answer, member), `${label}: no ${member} in ${JSON.stringify(answer)}`);
};
const KEY = ['appKey', 'label', 'state', 'revision'];

before(async () => {
  daemon = await Llaverod.start({ config: 'app_key_prefix = "acme"\n' });
  made = await json('init', '--account', 'store', '--owner', 'ana@example.com');
});

after(() => daemon?.close());

test('init makes the first account once; another one is refused, with the command that makes it', async () => {
  has(made, ['account', 'owner', 'enrolment', 'revision'], 'init');
  assert.deepEqual([made.account, made.owner], ['store', 'ana@example.com']);
  const { revision } = await json('status');
  for (const account of ['store', 'second']) {
    const { json: problem } = await llavero(daemon, ['init', '--account', account, '--owner', 'bea@example.com', '--json'], { code: 1 });
    assert.deepEqual([problem.status, problem.code], [409, 'api.init_done']);
    assert.match(problem.detail, /store.*llavero account create NAME --owner EMAIL/);
  }
  const { stderr } = await llavero(daemon, ['--lang', 'es', 'init', '--account', 'x2', '--owner', 'b@example.com'], { code: 1 });
  assert.match(stderr, /Ya existe una cuenta: store/);
  assert.equal((await json('status')).revision, revision);
  // This keeper has no address: the link is a path.
  assert.match((await llavero(daemon, ['account', 'create', 'third', '--owner', 'eva@example.com'])).stderr, /keeper\.listen/);
  has(await json('account', 'create', 'second', '--owner', 'bea@example.com'), ['name', 'state', 'revision'], 'account create');
  assert.deepEqual((await json('account', 'list')).map(({ name }) => name), ['store', 'third', 'second']);
});

test('catalogue and profiles', async () => {
  const document = path.join(daemon.folder, 'shop.json');
  fs.writeFileSync(document, JSON.stringify({ openapi: '3.0.0', info: { title: 'Shop', version: '1' },
    servers: [{ url: 'https://shop.example' }], paths: {
      '/orders': { get: { tags: ['orders'], 'x-llavero-resources': [{ product: 'OMS', key: 'ViewOrder' }], responses: {} },
        post: { tags: ['orders'], responses: {} } } } }));
  const imported = await json('catalog', 'import', document);
  has(imported, ['services', 'routes', 'resources', 'conflicts', 'undecided'], 'catalog import');
  assert.ok(Array.isArray(imported.conflicts) && Array.isArray(imported.undecided) && imported.undecided.length === 1);
  const route = await json('catalog', 'add', 'GET', '/stock', '--resource', 'ViewOrder');
  has(route, ['method', 'path', 'resources'], 'catalog add');
  for (const one of await json('catalog', 'show')) has(one, ['method', 'path', 'needs', 'resources'], 'catalog show');
  has(await json('profile', 'create', 'Reader', '--account', 'store', '--resource', 'ViewOrder'),
    ['id', 'name', 'resources', 'revision'], 'profile create');
  for (const one of await json('profile', 'list', '--account', 'store')) has(one, ['id', 'name', 'resources'], 'profile list');
  has(await json('profile', 'show', 'Reader', '--account', 'store'), ['id', 'name', 'resources'], 'profile show');
});

test('keys: a token in the answers that make one, and in no other', async () => {
  key = await json('key', 'create', '--account', 'store', '--label', 'erp');
  has(key, [...KEY, 'appToken'], 'key create');
  const { appKey } = key;
  const answers = {
    link: await json('key', 'link', appKey, 'Reader'), show: { revision: 0, ...await json('key', 'show', appKey) },
    edit: await json('key', 'edit', appKey, '--label', 'erp 2'), unlink: await json('key', 'unlink', appKey, 'Reader'),
    deactivate: await json('key', 'deactivate', appKey), activate: await json('key', 'activate', appKey) };
  for (const [name, answer] of Object.entries(answers)) {
    has(answer, KEY, name);
    assert.ok(!Object.hasOwn(answer, 'appToken'), name);
  }
  for (const one of await json('key', 'list', '--account', 'store')) has(one, ['appKey', 'label', 'state'], 'key list');
  const rotated = await json('key', 'rotate', appKey, '--overlap', '24h');
  has(rotated, [...KEY, 'appToken'], 'key rotate');
  assert.notEqual(rotated.appToken, key.appToken);
  has(await json('key', 'finish-rotation', appKey), KEY, 'finish-rotation');
  key = { ...key, appToken: rotated.appToken };
  const spare = await json('key', 'create', '--account', 'store', '--label', 'spare');
  const revoked = await json('key', 'revoke', spare.appKey, '--reason', 'unused');
  has(revoked, ['appKey', 'state', 'receipt', 'revision'], 'key revoke');
  has(revoked.receipt, ['revision', 'nodes'], 'receipt');
  const lines = path.join(daemon.folder, 'keys.jsonl');
  fs.writeFileSync(lines, `${JSON.stringify({ appKey: 'old-1', sha256: 'ab'.repeat(32), label: 'old' })}\n{"appKey":"x"}\n`);
  const { json: counts } = await llavero(daemon, ['key', 'import', lines, '--account', 'store', '--json'], { code: 1 });
  has(counts, ['imported', 'refused', 'refusedCount', 'revision'], 'key import');
  assert.deepEqual([counts.imported, counts.refusedCount, counts.refused[0].line], [1, 1, 2]);
});

test('verdicts', async () => {
  const trial = ['--app-key', key.appKey, '--app-token-file', '-', 'GET', '/stock', '--json'];
  for (const [command, members] of [['verify', ['allowed', 'cause']], ['explain', ['allowed', 'cause', 'steps', 'fixes']]]) {
    const { json: refused } = await llavero(daemon, [command, ...trial], { code: 1, input: key.appToken });
    has(refused, members, command);
    assert.equal(refused.allowed, false);
  }
  const { json: could } = await llavero(daemon, ['can', key.appKey, 'GET', '/stock', '--with-profile', 'Reader', '--json']);
  has(could, ['allowed', 'steps', 'fixes'], 'can');
  for (const event of await json('events', 'list')) has(event, ['event', 'hash'], 'events list');
  has(await json('status'), ['version', 'revision', 'index', 'appKeyPrefix'], 'status');
});

test('the text check knows the prefix of this installation, where the daemon is there or the option says it', async () => {
  const away = { keeper: { socket: '/nonexistent' } };
  const check = async (target, args, input, code) => (await llavero(target, ['token', 'check', '--json', ...args], { input, code })).json;
  const typo = `${key.appKey.slice(0, -1)}${key.appKey.endsWith('Q') ? 'P' : 'Q'}\n`;
  for (const [target, args] of [[daemon, []], [away, ['--prefix', 'acme']], [daemon, ['--prefix', 'acme']]]) {
    const good = await check(target, args, `${key.appKey}\n`, 0);
    has(good, ['valid', 'cause', 'positions'], 'token check');
    assert.equal(good.valid, true);
    assert.equal((await check(target, args, typo, 1)).cause, 'app_key_typo');
  }
  // Unknown to the prefix, it is taken for a token.
  assert.equal((await check(away, [], typo, 1)).cause, 'malformed');
  assert.equal((await check(daemon, ['--prefix', 'other'], typo, 1)).cause, 'malformed');
  assert.equal((await check(away, [], `${key.appToken}\n`, 0)).valid, true);
  const { stdout, stderr } = await llavero(away, ['--lang', 'es', 'token', 'check'], { input: key.appToken.slice(0, 30), code: 1 });
  assert.match(stdout, /Falta una parte del appToken/);
  assert.equal(stderr, '');
  assert.ok(!stdout.includes(key.appToken.slice(0, 30)));
});

test('people read seconds, yes and no, and what a new key needs; programs read all of it', async () => {
  const exact = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/;
  for (const args of [['key', 'list', '--account', 'store'], ['key', 'show', key.appKey], ['account', 'list'], ['status'], ['events', 'list']]) {
    const { stdout } = await llavero(daemon, args);
    assert.match(stdout, /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, args.join(' '));
    assert.ok(!exact.test(stdout), stdout);
  }
  assert.match((await json('key', 'show', key.appKey)).createdAt, exact);
  const { stdout: users } = await llavero(daemon, ['--lang', 'pt', 'user', 'list', '--account', 'store']);
  assert.match(users, /\bsim\b/);
  const create = ['key', 'create', '--account', 'store', '--label', 'new'];
  const { stdout, stderr } = await llavero(daemon, create);
  const appKey = stdout.match(/acme-store-\w+/)[0];
  assert.ok(stderr.includes(`llavero key link ${appKey} PROFILE`), stderr);
  for (const args of [[...create, '--link', 'Reader'], [...create, '--json']]) {
    assert.ok(!(await llavero(daemon, args)).stderr.includes('key link'), args.join(' '));
  }
});

// What bash offers for the last word, with the command found on the PATH.
function offered(target, ...words) {
  const script = 'source <(llavero completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _llavero; printf \'%s\\n\' "${COMPREPLY[@]}"';
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', 'llavero', ...words], { encoding: 'utf8',
    env: environment(target, { PATH: `${path.dirname(LLAVERO)}:${process.env.PATH}` }) });
  assert.deepEqual([status, stderr], [0, ''], words.join(' '));
  return stdout.split('\n').filter(Boolean).sort();
}

test('what is not there is named, with how to find it', async () => {
  const rows = [[['user', 'edit', '99', '--name', 'x'], /no user with the id 99.*llavero user list/],
    [['user', 'erase', 'abc'], /no user with the id abc/], [['can', 'nope', 'GET', '/x'], /no key nope/]];
  for (const [args, pattern] of rows) assert.match((await llavero(daemon, args, { code: 1 })).stderr, pattern, args.join(' '));
});

test('the shell offers the appKeys, profiles and accounts that there are, and is silent without the daemon', async () => {
  const away = { keeper: { socket: '/nonexistent' } };
  const { appKey } = key;
  await json('profile', 'create', "Ana's orders", '--account', 'store');
  await json('profile', 'create', 'Far', '--account', 'second');
  const profiles = ["Ana\\'s\\ orders", 'Reader'];
  const rows = [
    [['key', 'show', appKey.slice(0, -3)], [appKey]], [['can', appKey.slice(0, -3)], [appKey]],
    [['key', 'link', appKey, ''], profiles], [['key', 'link', appKey, 'Re'], ['Reader']],
    [['key', 'link', appKey, '--account', 'second', ''], ['Far']], [['key', 'link', appKey, 'Reader', ''], []],
    [['can', appKey, 'GET', '/stock', '--with-profile', ''], profiles],
    [['key', 'create', '--account', 'store', '--link', 'Ana'], [profiles[0]]],
    [['verify', '--app-key', appKey.slice(0, -3)], [appKey]], [['account', 'show', 'st'], ['store']],
    [['key', 'list', '--account', 'se'], ['second']], [['account', 'create', 'st'], []],
    [['--lang', 'es', 'profile', 'show', '--account', 'second', ''], ['Far']],
  ];
  for (const [words, wanted] of rows) {
    assert.deepEqual(offered(daemon, ...words), wanted, words.join(' '));
    assert.deepEqual(offered(away, ...words), [], words.join(' '));
    assert.deepEqual(offered(away, '--socket', daemon.keeper.socket, ...words), wanted, words.join(' '));
  }
  const { stderr } = await llavero(daemon, ['completion', 'names', 'TOKEN'], { code: 2 });
  assert.match(stderr, /APPKEY, PROFILE and ACCOUNT/);
});
