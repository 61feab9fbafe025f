// llavero as a person meets it: help, mistakes of typing, languages, errors for programs, completion,
// prompts and progress on a terminal.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { environment, llavero, onTerminal, start } from '../lib/cli.mjs';
import { freePort, LLAVERO, Llaverod, request } from '../lib/llaverod.mjs';

let daemon;
let tcp;

before(async () => {
  tcp = await freePort();
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${tcp}` } });
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
});

after(() => daemon?.close());

const names = async () => {
  const { stdout } = await llavero(null, ['help']);
  return stdout.split('\n').filter((line) => line.startsWith('  '))
    .map((line) => line.trim().split(/\s{2,}/)[0].replace(/ [[A-Z].*$/, ''));
};

test('every command has help, by two ways, in three languages', async () => {
  const commands = await names();
  assert.ok(commands.length > 45 && commands.includes('events verify'), commands.join(', '));
  for (const command of commands) {
    const words = command.split(' ');
    const { stdout: one } = await llavero(null, ['help', ...words]);
    const { stdout: two } = await llavero(null, [...words, '--help']);
    assert.equal(one, two, command);
    assert.ok(one.startsWith(`Usage: llavero ${command}`), one);
    assert.ok(!/\bcli\.[a-z_]+/.test(one), one);
  }
  for (const [env, start] of [[{ LC_ALL: 'es_AR.UTF-8' }, 'Uso:'], [{ LC_ALL: '', LC_MESSAGES: 'pt_BR', LANG: 'es' }, 'Uso:'],
    [{ LC_ALL: '', LC_MESSAGES: '', LANG: 'es_ES' }, 'Uso:'], [{ LC_ALL: 'de_DE' }, 'Usage:'], [{ LC_ALL: 'C', LANG: 'es' }, 'Usage:']]) {
    const { stdout } = await llavero(null, ['help'], { env });
    assert.ok(stdout.startsWith(start), JSON.stringify(env));
  }
  const { stdout } = await llavero(null, ['--lang', 'pt', 'key', 'create', '--help']);
  assert.match(stdout, /Opções/);
});

test('a group alone lists itself and is a mistake; with help it is none', async () => {
  const { stderr } = await llavero(null, ['key'], { code: 2 });
  assert.match(stderr, /key rotate/);
  assert.ok(!stderr.includes('profile list'));
  assert.match((await llavero(null, ['help', 'key'])).stdout, /key rotate/);
  assert.match((await llavero(null, ['key', '--help'])).stdout, /key rotate/);
});

test('mistakes end with 2 and say what was probably meant', async () => {
  const rows = [
    [['kye', 'create'], /key create/], [['key', 'craete'], /key create/], [['acount'], /account/],
    [['events', 'verfy', 'x'], /events verify/], [['nonsense'], /llavero help/],
    [['key', 'create', '--lable', 'x'], /--label/], [['--jsno', 'status'], /--json/],
    [['key', 'create', '--account', 'a'], /--label/], [['key', 'show'], /APPKEY/],
    [['key', 'show', 'a', 'b'], /APPKEY/], [['status', 'x'], /only options/], [['status', '--socket'], /--socket/],
    [['status', '--json=1'], /no value/], [['status', '-x'], /-x/], [['key', 'create', '--label', 'a', '--label', 'b'], /twice/],
    [['key', 'edit', 'k'], /what to change/], [['profile', 'edit', 'p', '--account', 'store'], /what to change/],
    [['--lang', 'fr', 'status'], /fr.*en, es and pt/], [['status', '--lang', 'fr'], /fr.*en, es and pt/],
    [['catalog', 'add', 'GET', '/a'], /--resource/], [['catalog', 'add', 'GET', '/a', '--public', '--authenticated'], /exactly one/],
    [['completion', 'tcsh'], /bash, zsh and fish/], [['--socket'], /--socket/],
  ];
  for (const [args, pattern] of rows) {
    const { stderr, stdout } = await llavero(daemon, args, { code: 2 });
    assert.match(stderr, pattern, args.join(' '));
    if (!args.includes('--json=1')) assert.equal(stdout, '', args.join(' '));
  }
});

test('with --json every failure is one problem object on standard output', async () => {
  const rows = [
    [['key', 'craete', '--json'], 2, 'cli.unknown_command_near'],
    [['key', 'create', '--json', '--account', 'store'], 2, 'cli.option_missing'],
    [['--socket', '/nonexistent', 'status', '--json'], 3, 'cli.keeper_absent'],
    [['events', 'verify', '/nonexistent', '--json'], 3, 'cli.open_failed'],
  ];
  for (const [args, code, problem] of rows) {
    const { json, stderr } = await llavero(daemon, args, { code });
    assert.equal(json.exit, code, args.join(' '));
    if (problem) assert.equal(json.code, problem);
    assert.ok(stderr.includes(json.detail), stderr);
  }
  /* What the keeper refuses comes as the keeper says it. */
  const { json } = await llavero(daemon, ['account', 'show', 'nobody', '--json'], { code: 1 });
  assert.equal(json.status, 404);
});

test('the socket comes from the option, then from the environment; a missing daemon gets advice', async () => {
  await llavero({ keeper: { socket: '/nonexistent' } }, ['status', '--socket', daemon.keeper.socket]);
  const { stderr } = await llavero({ keeper: { socket: '/nonexistent' } }, ['status'], { code: 3 });
  assert.match(stderr, /\/nonexistent.*--socket or LLAVERO_SOCKET/);
});

test('whatever stops a command is told in the language of the person, with what to do', async () => {
  const folder = path.join(daemon.folder, 'a folder');
  fs.mkdirSync(folder);
  const rows = [
    [['catalog', 'import', '/nonexistent.yaml'], 2, /no existe ese archivo/],
    [['catalog', 'import', folder], 3, /no se puede leer|es una carpeta/i],
    [['backup', '/nonexistent/b.db'], 3, /no existe ese archivo o carpeta/],
    [['events', 'verify', '/nonexistent.db'], 3, /no existe ese archivo/],
    [['--url', 'ftp://llavero.example', 'status'], 3, /no es la dirección de un keeper.*https:\/\/HOST/],
    [['--url', 'http://127.0.0.1:1', 'status'], 3, /Nadie responde en http:\/\/127\.0\.0\.1:1.*keeper\.listen/],
    [['--url', `https://127.0.0.1:${tcp}`, 'status'], 3, /no habla TLS/],
    [['--url', `http://127.0.0.1:${tcp}`, 'whoami'], 1, /Inicie sesión.*llavero login --url http/s],
    [['--url', `http://127.0.0.1:${tcp}`, 'login', '--email', 'a@example.com'], 2, /terminal/],
    [['login'], 2, /--url o LLAVERO_URL/],
    [['password'], 2, /terminal/],
  ];
  for (const [args, code, pattern] of rows) {
    const { stderr } = await llavero(daemon, ['--lang', 'es', ...args], { code, env: { HOME: daemon.folder, XDG_STATE_HOME: '' } });
    assert.match(stderr, pattern, args.join(' '));
    assert.doesNotMatch(stderr, /not_found|No such file|Couldn't/, args.join(' '));
  }
});

test('a language may be written as locales are', async () => {
  for (const lang of ['es', 'es_ES.UTF-8', 'es-AR']) {
    const { stdout } = await llavero(null, ['--lang', lang, 'help']);
    assert.ok(stdout.startsWith('Uso:'), lang);
  }
});

test('a route is removed by what it was added with, and resources are listed', async () => {
  await llavero(daemon, ['resource', 'create', 'Shop', 'shop.read']);
  assert.match((await llavero(daemon, ['resource', 'list', '--search', 'shop'])).stdout, /Shop +shop\.read/);
  await llavero(daemon, ['catalog', 'add', 'GET', '/things/{id}', '--resource', 'shop.read']);
  await llavero(daemon, ['catalog', 'add', 'GET', '/things', '--public']);
  for (const near of [['POST', '/things'], ['GET', '/things/{it}'], ['GET', '/thing']])
    await llavero(daemon, ['catalog', 'remove', ...near], { code: 1 });
  await llavero(daemon, ['catalog', 'remove', 'GET', '/things/{id}', '--service', 'other'], { code: 1 });
  await llavero(daemon, ['catalog', 'remove', 'GET', '/things/{id}']);
  const { json } = await llavero(daemon, ['catalog', 'show', '--json']);
  assert.deepEqual(json.map((route) => route.path), ['/things']);
});

test('what a request would match is told in words, and as it is to programs', async () => {
  await llavero(daemon, ['catalog', 'add', 'GET', '/told-of', '--public']);
  assert.match((await llavero(daemon, ['catalog', 'show', 'GET', '/told-of'])).stdout, /^Match +this route$/m);
  assert.match((await llavero(daemon, ['catalog', 'show', 'GET', '/none', '--lang', 'es'])).stdout, /^Coincidencia +ninguna ruta$/m);
  assert.match((await llavero(daemon, ['catalog', 'show', 'GET', '/a//b'])).stdout, /^Match +none: the path is refused$/m);
  assert.equal((await llavero(daemon, ['catalog', 'show', 'GET', '/told-of', '--json'])).json.match, 'found');
  await llavero(daemon, ['catalog', 'remove', 'GET', '/told-of']);
});

test('who asks a gate, or for an id that is not there, learns of both', async () => {
  const gate = await llavero({ keeper: { socket: daemon.gate.socket } }, ['status'], { code: 1 });
  assert.ok(gate.stderr.includes(`${daemon.gate.socket} is the keeper, not a gate`), gate.stderr);
  assert.match((await llavero(daemon, ['profile', 'show', '999'], { code: 1 })).stderr, /no such thing.*id or name/);
  assert.match((await llavero(daemon, ['key', 'show', 'nope'], { code: 1 })).stderr, /There is no key nope/);
});

test('restore asks which data directory when the usual one is not there', async () => {
  const { stderr } = await llavero(daemon, ['restore', 'b.db', '--data-dir', '/nonexistent'], { code: 3 });
  assert.match(stderr, /\/nonexistent.*--data-dir/);
});

test('a key says while its rotation is open, and until when both tokens work', async () => {
  const { json: key } = await llavero(daemon, ['key', 'create', '--account', 'store', '--label', 'r', '--json']);
  const show = async () => (await llavero(daemon, ['key', 'show', key.appKey])).stdout;
  assert.doesNotMatch(await show(), /Rotation/);
  await llavero(daemon, ['key', 'rotate', key.appKey]);
  assert.match(await show(), /Rotation +both tokens work until key finish-rotation/);
  await llavero(daemon, ['key', 'cancel-rotation', key.appKey]);
  assert.doesNotMatch(await show(), /Rotation/);
  const { stdout } = await llavero(daemon, ['key', 'rotate', key.appKey, '--overlap', '24h']);
  assert.match(stdout, /Rotation +both tokens work until 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ;/);
});

// Ask bash for COMPREPLY after these words, the last one being completed.
function complete(...words) {
  const script = `source <("$1" completion bash); shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _llavero; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', LLAVERO, 'llavero', ...words],
    { encoding: 'utf8', cwd: daemon.folder });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout.split('\n').filter(Boolean);
}

test('bash completes commands, options, their values and files', () => {
  assert.ok(complete('').includes('events') && !complete('').includes('verify '));
  assert.deepEqual(complete('ev'), ['events']);
  assert.deepEqual(complete('events', '').sort(), ['chain', 'checkpoint', 'list', 'tail', 'verify']);
  assert.deepEqual(complete('account', 'host', '').sort(), ['add', 'remove']);
  assert.deepEqual(complete('--json', 'key', 'rot'), ['rotate']);
  assert.deepEqual(complete('key', 'create', '--la').sort(), ['--label', '--lang']);
  assert.deepEqual(complete('key', 'create', '--label', 'x', '--ext'), ['--external-id']);
  assert.deepEqual(complete('key', 'revoke', 'k', '--reason', 'comp'), ['compromised']);
  assert.deepEqual(complete('--socket', 'key', 'sta'), ['status']);
  assert.deepEqual(complete('completion', '').sort(), ['bash', 'fish', 'zsh']);
  assert.deepEqual(complete('events', 'verify', 'llaverod.c'), ['llaverod.conf']);
  assert.deepEqual(complete('events', 'verify', 'x', '--checkpoint', 'llaverod.c'), ['llaverod.conf']);
  assert.deepEqual(complete('key', 'show', ''), []);
});

test('the scripts for zsh and fish are taken by their shells', async () => {
  for (const [shell, args] of [['zsh', ['-n']], ['fish', ['-n']]]) {
    const { stdout } = await llavero(null, ['completion', shell]);
    assert.match(stdout, /llavero/);
    const file = path.join(daemon.folder, `completion.${shell}`);
    fs.writeFileSync(file, stdout);
    const { error, status, stderr } = spawnSync(shell, [...args, file], { encoding: 'utf8' });
    if (error) console.log(`# skipped: ${shell} is not installed`);
    else assert.equal(status, 0, stderr);
  }
});

test('a secret that is asked for does not appear, and without a terminal nothing is asked', async () => {
  const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
  const { code, shown } = onTerminal(daemon, ['verify', 'GET', '/orders/7', '--app-key', key.appKey], key.appToken);
  assert.equal(code, 1);
  assert.match(shown, /appToken:/);
  assert.match(shown, /route_unknown/);
  assert.ok(!shown.includes(key.appToken), shown);
  const { stderr } = await llavero(daemon, ['verify', 'GET', '/orders/7', '--app-key', key.appKey], { code: 2 });
  assert.match(stderr, /standard input/);
});

test('what is needed is asked for at a terminal, in the language of the person; nothing is made when it ends', async () => {
  const { code, shown } = onTerminal(daemon, ['account', 'create', 'asked', '--lang', 'pt'],
    [['Titular:', '\n'], ['Titular:', 'bea@example.com\n']]);
  assert.equal(code, 0, shown);
  assert.match(shown, /Link +http\S+\/enrol#\S{43}/);
  assert.equal((await daemon.api('GET', '/v1/accounts/asked')).name, 'asked');
  const ended = onTerminal(daemon, ['account', 'create', 'ended'], [['owner:', 'bea\x04\x04']]);
  assert.equal(ended.code, 2, ended.shown);
  assert.match(ended.shown, /--owner is needed/);
  await llavero(daemon, ['account', 'show', 'ended'], { code: 1 });
  assert.match((await llavero(null, ['account', 'create', '--help'])).stdout, /asked for at a terminal/);
});

test('progress is shown on a terminal and nowhere else', async () => {
  /* More than one piece of 16 MiB: there is progress between two. */
  const lines = Array.from({ length: 90000 }, (_, i) => JSON.stringify({ appKey: `imported-${i}`,
    label: `imported number ${i}, with a name that takes some room`.padEnd(100, '.'), sha256: (i + 1).toString(16).padStart(64, '0') }));
  const file = path.join(daemon.folder, 'keys.jsonl');
  fs.writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  const { code, shown } = onTerminal(daemon, ['key', 'import', file, '--account', 'store', '--dry-run']);
  assert.equal(code, 0, shown);
  assert.match(shown, / \d+%/);
  const { stderr } = await llavero(daemon, ['key', 'import', file, '--account', 'store', '--dry-run']);
  assert.equal(stderr, '');
});

test('explain tells a person each step in words, up to the one that refused, and what would help', async () => {
  await daemon.api('POST', '/v1/resources', { product: 'oms', key: 'orders.read' });
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/told/{id}', resources: ['orders.read'] });
  await daemon.api('POST', '/v1/profiles', { account: 'store', name: 'Readers', resources: ['orders.read'] });
  const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'told' });
  const { stdout } = await llavero(daemon, ['--lang', 'es', 'explain', 'GET', '/told/1', '--app-key', key.appKey,
    '--app-token-file', '-'], { code: 1, input: key.appToken });
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.filter((line) => line.startsWith('RECHAZÓ ')).length, 1, stdout);
  assert.match(stdout, new RegExp(`  1\\. Vincule ${key.appKey} al perfil de acceso Readers; no agrega nada más\\.\n     llavero key link ${key.appKey} Readers\n`));
  assert.ok(!/passed|failed|skipped|not_reached|no se conoce/.test(stdout), stdout);
});

// Escapes of one and of two bytes, line ends, and what turns the order of text.
const STEERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const HOSTILE = 'a%c2%9b31m%e2%80%aeb%e2%81%a6c%c2%9d0d%d8%9ce%e2%80%a8f%ef%bb%bfg';

test('what a stranger wrote into a request does not steer the terminal of who reads about it', async () => {
  const { headers } = await request(daemon.gate, 'GET', '/auth/nginx', { headers: {
    'X-Original-Method': 'GET', 'X-Original-URI': `/${HOSTILE}`, 'X-App-Key': 'k', 'X-App-Token': 'x'.repeat(40) } });
  const answer = await llavero(daemon, ['explain', headers['x-llavero-diagnosis']], { code: 1 });
  assert.match(answer.stdout, /a\?+31m/);
  for (const text of [answer.stdout, answer.stderr]) assert.doesNotMatch(text, STEERS);
});

test('nor does what stands in a document that is imported, or in an error about it', async () => {
  const quiet = decodeURIComponent(HOSTILE);
  const hostile = JSON.parse(`"${quiet}\\u001b]0;x\\u0007\\n"`);
  const file = path.join(daemon.folder, 'hostile.json');
  const document = (title, tag, url) => JSON.stringify({ openapi: '3.0.0', info: { title, version: '1' },
    ...(url && { servers: [{ url }] }), tags: [{ name: tag }],
    paths: { [`/${tag}`]: { get: { tags: [tag], operationId: tag, summary: tag, responses: {} } } } });
  const texts = [quiet, hostile].flatMap((text) => [document(text, 'x'), document('x', text), document('x', 'x', text), `{"${text}`]);
  for (const text of texts) {
    fs.writeFileSync(file, text);
    for (const args of [['catalog', 'import', file], ['catalog', 'import', '--dry-run', file]]) {
      const { stdout, stderr } = await start(daemon, args).done;
      for (const said of [stdout, stderr]) assert.doesNotMatch(said, STEERS, `${args.join(' ')}: ${text}`);
    }
  }
  const { stdout } = await llavero(daemon, ['catalog', 'show']);
  assert.doesNotMatch(stdout, STEERS);
});
