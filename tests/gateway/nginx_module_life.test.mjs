// The module in a real nginx over its life: configurations that are wrong, Llavero not there, stale or
// damaged, and nginx reloaded and replaced while requests come.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Llaverod, request, until } from '../lib/llaverod.mjs';
import { ModuleNginx } from '../lib/nginx_module.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

const PATIENCE = 30000;
const NOBODY = 65534;
let daemon;
let nginx;
let upstream;
let key;

const pair = (k = key) => ({ 'X-App-Key': k.appKey, 'X-App-Token': k.appToken });
const at = (host, url, headers = pair(), server = nginx) => request({ port: server.port }, 'GET', url,
  { headers: { Host: host, Connection: 'close', ...headers }, timeout: PATIENCE });
const ask = (url, headers) => at('shop.example', url, headers);

const servers = (n) => `
	upstream seen { server 127.0.0.1:${upstream.port}; keepalive 4; }
	server {
		listen 127.0.0.1:${n.port};
		server_name short.example;
		llavero enforce;
		llavero_on_stale refuse lease=1s;
		location / { proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name shop.example;
		llavero enforce;
		location / { proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name lenient.example;
		llavero enforce;
		llavero_on_stale serve lease=1s;
		location / { proxy_pass http://seen; }
	}
`;

before(async () => {
  daemon = await Llaverod.start();
  const api = (url, body) => daemon.api('POST', url, body);
  await api('/v1/init', { account: 'store', owner: 'ana@example.com' });
  await api('/v1/resources', { product: 'OMS', key: 'Open' });
  await api('/v1/routes', { method: 'GET', path: '/open/{id}', resources: ['Open'] });
  await api('/v1/routes', { method: 'GET', path: '/news/{id}', public: true });
  await api('/v1/profiles', { account: 'store', name: 'Reader', resources: ['Open'] });
  key = await api('/v1/keys', { account: 'store', label: 'erp', profiles: ['Reader'] });
  upstream = await RecordingUpstream.start();
  nginx = await ModuleNginx.start({ data: daemon.data, http: servers });
  upstream.take();
});

after(async () => {
  await nginx?.stop();
  await upstream?.stop();
  await daemon?.close();
});

// ---- configurations ----

const CONFIGURED = [
  ['enforcing', 'llavero enforce;', 0, /test is successful/],
  ['no such mode', 'llavero perhaps;', 1, /invalid value "perhaps"/],
  ['said twice', 'llavero enforce; llavero off;', 1, /"llavero" directive is duplicate/],
  ['no mode', 'llavero;', 1, /invalid number of arguments in "llavero" directive/],
  ['the index twice', 'llavero_index /a; llavero_index /b;', 1, /"llavero_index" directive is duplicate/],
  ['no path', 'llavero_index "";', 1, /"llavero_index" directive needs a path/],
  ['an index that is not there', 'llavero enforce; llavero_index /nowhere/index;', 0, /\[warn\].* there is no index in "\/nowhere\/index"/],
  ['the ledger off', 'llavero enforce; llavero_ledger off; llavero_sealing_key off;', 0, /test is successful/],
  ['an empty account', 'llavero_account "";', 1, /needs the name of an account/],
  ['an account twice', 'llavero_account a; llavero_account host;', 1, /"llavero_account" directive is duplicate/],
  ['an unknown variable', 'llavero_account $no_such_thing;', 1, /unknown "no_such_thing" variable/],
  ['an address without a variable', 'llavero_client_address 10.0.0.1;', 1, /needs a variable, such as \$remote_addr/],
  ['three headers in one', 'llavero_headers "A B C";', 1, /"A B C" is neither/],
  ['a header that is none', 'llavero_headers X_App;', 1, /"X_App" is neither/],
  ['a header that is too long', `llavero_headers ${'x'.repeat(64)};`, 1, /is neither/],
  ['nine families', 'llavero_headers A B C D E F G H I;', 1, /at most 8/],
  ['eight, and bearer', 'llavero enforce; llavero_headers A B C D E F G "H I" bearer;', 0, /test is successful/],
  ['stale: neither', 'llavero_on_stale later;', 1, /needs "refuse" or "serve"/],
  ['stale: a lease of nothing', 'llavero_on_stale refuse lease=0;', 1, /lease that is no time/],
  ['stale: another word', 'llavero_on_stale refuse 60s;', 1, /takes "lease=TIME"/],
  ['stale: serve', 'llavero enforce; llavero_on_stale serve;', 0, /\[warn\].*revoked keys may pass/],
  ['observing', 'llavero observe;', 0, /\[warn\].*requests pass there whatever is decided/],
  ['an answer before the check', 'llavero enforce; return 200 x;', 0, /\[warn\].*"return 200" in location "\/" answers before/],
  ['a refusal before the check', 'llavero enforce; return 403;', 0, /^(?!.*answers before)/s],
  ['an answer where nothing is checked', 'return 200 x;', 0, /^(?!.*answers before)/s],
];

test('what is wrong in a configuration is said by nginx -t, in words that help', async () => {
  const one = await ModuleNginx.prepare({ data: daemon.data, http: '' });
  try {
    for (const [label, lines, status, said] of CONFIGURED) {
      one.configure({ http: (n) => `server { listen 127.0.0.1:${n.port}; location / { ${lines} } }` });
      const done = one.check();
      assert.equal(done.status, status, `${label}: ${done.text}`);
      assert.match(done.text, said, label);
    }
  } finally { await one.stop(); }
});

// ---- Llavero not well ----

const serves = async (label) => {
  await until(label, async () => (await ask('/open/7').catch(() => ({}))).status === 200, 75000);
  upstream.take();
};

const keeperPid = () => daemon.logText().split('\n').filter(Boolean).map((line) => JSON.parse(line))
  .filter((event) => event.event === 'started' && event.child === 'keeper').at(-1).pid;

test('a stale index refuses, and serves where that is configured; a fresh one serves again', async () => {
  await serves('serving');
  process.kill(keeperPid(), 'SIGSTOP');
  try {
    await until('the index stale', async () => (await at('short.example', '/open/7')).status === 503, PATIENCE);
    upstream.take();
    for (const url of ['/open/7', '/news/7', '/nowhere']) {
      const { status, headers, json } = await at('short.example', url);
      assert.deepEqual([status, json.cause, headers['retry-after']], [503, 'index_stale', '1'], url);
    }
    assert.deepEqual(upstream.take(), []);
    assert.equal((await at('lenient.example', '/open/7')).status, 200);
    assert.equal((await at('lenient.example', '/open/7', {})).status, 401);
  } finally { process.kill(keeperPid(), 'SIGCONT'); }
  await until('fresh again', async () => (await at('short.example', '/open/7')).status === 200, PATIENCE);
  upstream.take();
});

test('a key that was revoked is refused by the next request', async () => {
  for (let i = 0; i < 10; i++) {
    const made = await daemon.api('POST', '/v1/keys', { account: 'store', label: `short ${i}`, profiles: ['Reader'] });
    assert.equal((await ask('/open/7', pair(made))).status, 200);
    await daemon.api('POST', `/v1/keys/${made.appKey}/revoke`, { reason: 'unused' });
    const answer = await ask('/open/7', pair(made));
    assert.deepEqual([answer.status, answer.json.cause], [401, 'key_revoked']);
  }
  upstream.take();
});

// What may happen to the index; folder is the one in use, inside of index.
const DAMAGE = {
  'the data are noise': (folder) => {
    const file = path.join(folder, 'data.mdb');
    fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 0xa5));
  },
  'the data are cut': (folder) => fs.truncateSync(path.join(folder, 'data.mdb'), 8192),
  'the index is gone': (folder) => fs.rmSync(path.dirname(folder), { recursive: true }),
};

test('a damaged index lets nothing pass, and a new one is taken up without a reload', async () => {
  for (const [label, damage] of Object.entries(DAMAGE)) {
    await serves(`before: ${label}`);
    await daemon.stop('SIGKILL');
    damage(fs.realpathSync(path.join(daemon.data, 'index/current')));
    for (let i = 0; i < 20; i++) {
      // A worker may die of a map that was cut; nginx starts another.
      const { status } = await ask('/open/8').catch(() => ({ status: 0 }));
      assert.ok(status === 0 || status === 503 || label === 'the index is gone', `${label}: ${status}`);
    }
    // What is mapped lives on without its folder, and is stale once the lease is over.
    await until(`${label}: refused`, async () => (await at('short.example', '/open/8').catch(() => ({}))).status === 503, PATIENCE);
    upstream.take();
    await daemon.launch();
    await serves(`after: ${label}`);
  }
});

test('nginx that starts before there is any Llavero refuses, and needs no reload once it is there', async () => {
  const early = await ModuleNginx.start({ data: path.join(daemon.folder, 'later'), http: servers });
  try {
    for (const url of ['/open/7', '/news/7']) {
      const { status, json } = await at('shop.example', url, pair(), early);
      assert.deepEqual([status, json.cause], [503, 'index_unavailable'], url);
    }
    await serves('the data there');
    fs.symlinkSync(daemon.data, path.join(daemon.folder, 'later'));
    await until('the index opened', async () => (await at('shop.example', '/open/7', pair(), early)).status === 200, PATIENCE);
    assert.match(early.errors(), /llavero: index of ".*" not usable: not_found/);
    assert.match(early.errors(), /llavero: index of ".*" opened/);
    upstream.take();
  } finally { await early.stop(); }
});

test('workers without privileges need nothing but the group of index, gate and ledger', { skip: process.getuid() !== 0 && 'needs privileges' }, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-test-'));
  fs.chmodSync(folder, 0o711);
  fs.mkdirSync(path.join(folder, 'data'), { mode: 0o751 });
  // As tmpfiles.d/llavero.conf makes them.
  for (const name of ['index', 'gate', 'ledger']) {
    fs.mkdirSync(path.join(folder, 'data', name));
    fs.chownSync(path.join(folder, 'data', name), 0, NOBODY);
    fs.chmodSync(path.join(folder, 'data', name), 0o2750);
  }
  const confined = await Llaverod.start({ folder });
  let served;
  try {
    await confined.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
    await confined.api('POST', '/v1/resources', { product: 'OMS', key: 'Open' });
    await confined.api('POST', '/v1/routes', { method: 'GET', path: '/open/{id}', resources: ['Open'] });
    await confined.api('POST', '/v1/profiles', { account: 'store', name: 'Reader', resources: ['Open'] });
    const made = await confined.api('POST', '/v1/keys', { account: 'store', label: 'erp', profiles: ['Reader'], limits: { rate: [{ count: 9, per: 'hour' }] } });
    served = await ModuleNginx.start({ data: confined.data, http: servers, user: 'nobody nogroup' });
    const answer = await until('served', async () => {
      const one = await at('shop.example', '/open/7', pair(made), served);
      return one.status === 200 && one;
    }, PATIENCE);
    assert.match(answer.headers.ratelimit, /^"hour";r=\d/);
    assert.match((await at('shop.example', '/nowhere', pair(made), served)).json.diagnosis, /^[\w-]+$/);
    assert.equal(fs.statSync(`/proc/${served.workers()[0]}`).uid, NOBODY);
    assert.doesNotMatch(served.errors(), /not usable/);
  } finally {
    await served?.stop();
    await confined.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
  upstream.take();
});

// ---- nginx replaced while requests come ----

// Requests one after another, on connections of their own, from several clients, while work() runs.
async function underLoad(server, work) {
  let over = false;
  const seen = { allowed: 0, refused: 0, other: [] };
  const client = async (headers, wanted) => {
    while (!over) {
      try {
        const { status, text } = await at('shop.example', '/open/7', headers, server);
        if (status !== wanted) seen.other.push(`${status} ${text.slice(0, 80)}`);
        else if (wanted === 200) seen.allowed++;
        else seen.refused++;
      } catch (error) { seen.other.push(`${error.code} ${error.message}`); }
    }
  };
  const clients = [1, 2, 3, 4].map(() => client(pair(), 200)).concat([client({}, 401)]);
  try { await work(seen); } finally { over = true; await Promise.all(clients); }
  upstream.take();
  return seen;
}

const more = (seen, count) => {
  const goal = seen.allowed + count;
  return until('more requests', () => seen.allowed >= goal, PATIENCE);
};

test('reloads under load lose no request and let none through unchecked', async () => {
  await serves('before');
  const seen = await underLoad(nginx, async (counts) => {
    for (let i = 0; i < 5; i++) {
      await more(counts, 20);
      await nginx.reload();
    }
    await more(counts, 20);
  });
  assert.deepEqual(seen.other, []);
  assert.ok(seen.refused > 0);
});

test('nginx is replaced under load and loses no request', async () => {
  const service = await ModuleNginx.start({ data: daemon.data, http: servers, daemon: true });
  try {
    const seen = await underLoad(service, async (counts) => {
      for (let i = 0; i < 2; i++) {
        await more(counts, 20);
        const old = service.pid();
        service.signal('SIGUSR2');
        await until('the new nginx', () => service.pid('nginx.pid.oldbin') === old && service.pid() !== old && service.pid() !== 0
          && service.workers().length > 0, PATIENCE);
        await more(counts, 20);
        service.signal('SIGQUIT', old);
        await until('the old nginx gone', () => service.pid('nginx.pid.oldbin') === 0, PATIENCE);
      }
      await more(counts, 20);
    });
    assert.deepEqual(seen.other, []);
    assert.ok(seen.refused > 0);
  } finally { await service.stop(); }
});

test('no secret stands in a log, and no worker ended but of a map that was cut', () => {
  for (const text of [nginx.errors(), daemon.logText()]) assert.ok(!text.includes(key.appToken));
  const bad = nginx.errors().split('\n').filter((line) => /\[(crit|alert|emerg)\]/.test(line) && !/exited on signal (7|11)/.test(line));
  assert.deepEqual(bad, []);
});
