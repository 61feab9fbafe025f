// The module in a real nginx, with the kit of docs/gateways: callers get the true status and the problem
// document, upstreams get who it is and no credential; and no spelling of a path, no header, no way through
// nginx lets an upstream see something else than what was decided on.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { Llaverod, raw, request, until } from '../lib/llaverod.mjs';
import { KIT, makeCertificate, ModuleNginx } from '../lib/nginx_module.mjs';
import { readAnswers } from '../lib/strict_http.mjs';
import { assertNoOtherReading, FORGED, forgery, openHttp2, PATHS } from './lib/hostile.mjs';
import { RecordingUpstream, values } from './lib/upstream.mjs';

let daemon;
let nginx;
let upstream;
let key; // may read and write /open, not /secret
let bare; // linked to nothing

const pair = (k = key) => ({ 'X-App-Key': k.appKey, 'X-App-Token': k.appToken });
const ask = (method, url, headers = pair(), more = {}) => (
  request({ port: nginx.port }, method, url, { headers: { Host: 'shop.example', ...headers }, ...more }));
const at = (host, method, url, headers = pair(), more = {}) => ask(method, url, { ...headers, Host: host }, more);

// One raw request on a connection of its own: { status, head, body, seen } (seen: what the upstream got).
async function rawAsk(line, headers = {}, body = '') {
  upstream.take();
  const all = { Host: 'shop.example', ...pair(), Connection: 'close', ...headers };
  const lines = Object.entries(all).flatMap(([n, v]) => [v].flat().map((one) => `${n}: ${one}`));
  const bytes = await raw({ port: nginx.port },
    Buffer.from(`${line}\r\n${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'), 5000);
  const [answer] = readAnswers(bytes);
  return { status: answer?.status, head: answer?.head, body: answer?.body, seen: upstream.take() };
}

const names = (seen) => seen.headers.map(([name]) => name.toLowerCase());

// A server block for each way through nginx that a test takes.
const servers = (n) => `
	map $http_upgrade $llavero_connection { default ""; ~*^websocket$ upgrade; }
	log_format verdict '$host|$llavero_status|$llavero_cause|$llavero_key|$llavero_account|$llavero_external_id|$llavero_profile|$llavero_resource|$http_x_app_token';
	upstream seen { server 127.0.0.1:${upstream.port}; keepalive 4; }
	server {
		listen 127.0.0.1:${n.port};
		listen 127.0.0.1:${n.port2} http2;
		listen 127.0.0.1:${n.portTls} ssl http2;
		ssl_certificate cert.pem;
		ssl_certificate_key key.pem;
		server_name shop.example;
		location / { include ${KIT}; proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name inner.example;
		location / { include ${KIT}; proxy_pass http://seen; }
	}
	server {
		# Names with "_" and other signs reach upstreams.
		listen 127.0.0.1:${n.port};
		server_name lax.example;
		underscores_in_headers on;
		ignore_invalid_headers off;
		llavero enforce;
		location / { proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name based.example;
		location / { include ${KIT}; proxy_pass http://seen/base/; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name rewritten.example;
		location / { include ${KIT}; rewrite ^/(.*)$ /base/$1 break; proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name variable.example;
		location / { include ${KIT}; proxy_pass http://seen/base$request_uri; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name socket.example;
		location / {
			include ${KIT};
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $llavero_connection;
			proxy_pass http://seen;
		}
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name page.example;
		llavero enforce;
		llavero_problem off;
		location / { proxy_pass http://seen; }
		location /in/own/ { error_page 401 403 =200 /page.html; proxy_pass http://seen; }
		location /in/fall/ { error_page 401 403 = @through; proxy_pass http://seen; }
		location /secret/ { error_page 401 403 = @through; proxy_pass http://seen; }
		location /secret/ok { error_page 403 =200 /open/9; proxy_pass http://seen; }
		location /in/stranger/ { llavero_account stranger; error_page 403 = @through; proxy_pass http://seen; }
		location /in/mixed/ { error_page 401 403 =200 @document; proxy_pass http://seen; }
		location @through { proxy_pass http://seen; }
		location @document { llavero_problem on; proxy_pass http://seen; }
		location = /page.html { internal; llavero off; root .; }
	}
	server {
		# With the problem document a refusal is an answer, and no error for nginx.
		listen 127.0.0.1:${n.port};
		server_name problem.example;
		llavero enforce;
		error_page 400 401 403 429 503 =200 @through;
		location / { proxy_pass http://seen; }
		location @through { llavero off; proxy_pass http://seen; }
	}
	server {
		# Locations that are open lead into one that is not.
		listen 127.0.0.1:${n.port};
		server_name inside.example;
		root .;
		location / { try_files /nothing @check; }
		location /old/ { rewrite ^/old/(.*)$ /open/$1 last; }
		location /open/ { llavero enforce; proxy_pass http://seen; }
		location /secret/ { error_page 405 404 = /open/7; root nowhere; }
		location /news/8 { error_page 405 404 = /open/8; root nowhere; }
		location /in/twice/ { llavero enforce; try_files /nothing @check; }
		location /in/accel/ { llavero enforce; proxy_pass http://127.0.0.1:${n.portInner}; }
		location /in/moved/ { llavero enforce; try_files /nothing @stranger; }
		location @stranger { llavero enforce; llavero_account stranger; proxy_pass http://seen; }
		location /hidden/ { internal; llavero enforce; proxy_pass http://seen; }
		location @check { llavero enforce; proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.portInner};
		location / { add_header X-Accel-Redirect /hidden/9; return 200 "not this"; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name any.example;
		llavero enforce;
		satisfy any;
		location /in/here/ { allow 127.0.0.1; deny all; proxy_pass http://seen; }
		location /in/away/ { allow 10.0.0.1; deny all; proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name all.example;
		llavero enforce;
		satisfy all;
		location /in/here/ { allow 127.0.0.1; deny all; proxy_pass http://seen; }
		location /in/away/ { allow 10.0.0.1; deny all; proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name parts.example;
		location /page/ { llavero off; ssi on; ssi_types *; root .; }
		location /in/page/ { llavero enforce; ssi on; ssi_types *; alias ./page/; }
		location /part/ { llavero enforce; proxy_pass http://seen; }
		location /in/mirrored/ { llavero enforce; mirror /copy; proxy_pass http://seen; }
		location = /copy { internal; proxy_pass http://seen/copy; }
		location /in/asked/ { llavero enforce; auth_request /part/question; proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name watched.example;
		access_log verdict.log verdict;
		llavero observe;
		location / { proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name logged.example;
		access_log verdict.log verdict;
		llavero enforce;
		location / { proxy_pass http://seen; }
	}
	server {
		listen 127.0.0.1:${n.port};
		server_name words.example;
		llavero enforce;
		llavero_headers "X-Name X-Word";
		llavero_realm words;
		llavero_public_url https://keys.example;
		location / { proxy_pass http://seen; }
		location /in/named/ { llavero_account store; proxy_pass http://seen; }
		location /in/stranger/ { llavero_account stranger; proxy_pass http://seen; }
		location /in/empty/ { llavero_account $http_x_nothing; proxy_pass http://seen; }
		location /in/address/ { llavero_client_address $http_x_address; proxy_pass http://seen; }
	}
`;

before(async () => {
  daemon = await Llaverod.start({ config: 'index { lease = "2s" }\n' });
  const api = (url, body) => daemon.api('POST', url, body);
  await api('/v1/init', { account: 'store', owner: 'ana@example.com' });
  await api('/v1/services', { name: 'inner', hosts: ['inner.example'] });
  for (const name of ['Open', 'Secret']) await api('/v1/resources', { product: 'OMS', key: name });
  const route = (method, path, more) => api('/v1/routes', { method, path, ...more });
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
    await route(method, '/open/{id}', { resources: ['Open'] });
    await route(method, '/in/{id}/{part}', { resources: ['Open'] });
  }
  await route('GET', '/secret/{id}', { resources: ['Secret'] });
  await route('GET', '/news/{id}', { public: true });
  await route('GET', '/old/{id}', { resources: ['Open'] });
  await api('/v1/routes', { service: 'inner', method: 'GET', path: '/open/{id}', resources: ['Secret'] });
  await api('/v1/profiles', { account: 'store', name: 'Reader', resources: ['Open'] });
  key = await api('/v1/keys', { account: 'store', label: 'erp', externalId: 'customer 7', profiles: ['Reader'] });
  bare = await api('/v1/keys', { account: 'store', label: 'bare' });
  upstream = await RecordingUpstream.start();
  nginx = await ModuleNginx.prepare({ data: daemon.data, http: servers });
  makeCertificate(nginx.folder);
  nginx.write('page.html', 'our own page\n');
  nginx.write('page/7', 'before <!--#include virtual="/part/7" --> after\n');
  await nginx.launch();
  upstream.take();
});

after(async () => {
  await nginx?.stop();
  await upstream?.stop();
  await daemon?.close();
});

// ---- what the caller gets ----

function assertRefused(answer, status, cause, label = cause) {
  assert.equal(answer.status, status, `${label}: ${answer.text}`);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/, label);
  assert.equal(answer.headers['cache-control'], 'no-store', label);
  assert.equal(answer.json?.cause, cause, label);
  assert.equal(answer.json.status, status, label);
  assert.ok(answer.json.type.endsWith(`/causes/${cause}`), label);
  assert.equal(answer.headers['x-llavero-cause'], cause, label);
  const count = (name) => answer.rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name).length;
  assert.equal(count('www-authenticate'), [401, 403].includes(status) ? 1 : 0, `${label}: challenges`);
  assert.equal(count('retry-after'), [429, 503].includes(status) ? 1 : 0, `${label}: Retry-After`);
}

test('an allowed request passes as it was sent, and only the upstream answers', async () => {
  const answer = await ask('GET', '/open/7?q=%2F..%2F&x=1');
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.text, 'upstream\n');
  assert.ok(!Object.keys(answer.headers).some((name) => /^(x-llavero|ratelimit)/.test(name)));
  assert.deepEqual(upstream.take().map((seen) => seen.url), ['/open/7?q=%2F..%2F&x=1']);
});

test('400, 401, 403: the true status with the problem document, in the language asked for', async () => {
  const rows = [
    ['path', await ask('GET', '/open/..%2fsecret/1'), 400, 'path_ambiguous'],
    ['nothing sent', await ask('GET', '/open/7', {}), 401, 'credentials_missing'],
    ['half sent', await ask('GET', '/open/7', { 'X-App-Key': key.appKey }), 401, 'app_token_missing'],
    ['a mistyped token', await ask('GET', '/open/7', { ...pair(), 'X-App-Token': key.appToken.toLowerCase() }), 401, 'wrong_case'],
    ['the wrong token', await ask('GET', '/open/7', { 'X-App-Key': key.appKey, 'X-App-Token': bare.appToken }), 401, 'credentials_invalid'],
    ['no profile', await ask('GET', '/open/7', pair(bare)), 403, 'no_profile'],
    ['a resource lacks', await ask('GET', '/secret/7'), 403, 'profile_lacks_resource'],
    ['by its ending a page', await ask('GET', '/nowhere/7.html'), 403, 'route_unknown'],
  ];
  for (const [label, answer, status, cause] of rows) assertRefused(answer, status, cause, label);
  assert.deepEqual(rows[6][1].json.resources, [{ product: 'OMS', key: 'Secret', name: 'Secret' }]);
  assert.equal(rows[1][1].headers['www-authenticate'], 'Bearer realm="llavero"');
  assert.match(rows[5][1].headers['www-authenticate'], /error="insufficient_scope"$/);
  const titles = await Promise.all(['es', 'en', 'pt'].map(async (lang) => (
    (await ask('GET', '/open/7', { ...pair(bare), 'Accept-Language': lang })).json.title)));
  assert.equal(new Set(titles).size, 3);
  const told = await daemon.api('POST', '/v1/explain', { diagnosis: rows[5][1].json.diagnosis });
  assert.equal(told.cause, 'no_profile');
  assert.deepEqual(upstream.take(), []);
});

const limitedKey = (label, count) => daemon.api('POST', '/v1/keys', { account: 'store', label, profiles: ['Reader'],
  limits: { rate: [{ count, per: 'hour' }] } });

test('429: a limited key is told what is left, and when to come back', async () => {
  const limited = await limitedKey('limited', 2);
  const first = await ask('GET', '/open/7', pair(limited));
  assert.equal(first.status, 200);
  assert.equal(first.headers['ratelimit-policy'], '"hour";q=2;w=3600');
  assert.match(first.headers.ratelimit, /^"hour";r=1;t=\d+$/);
  // What is refused for another reason is not charged, and told as such.
  assertRefused(await ask('GET', '/secret/7', pair(limited)), 403, 'profile_lacks_resource');
  assert.equal((await ask('GET', '/open/7', pair(limited))).status, 200);
  for (const seen of upstream.take()) assert.ok(!names(seen).some((name) => name.startsWith('ratelimit')));
  const answer = await ask('GET', '/open/7', pair(limited));
  assertRefused(answer, 429, 'rate_limited');
  const seconds = Number(answer.headers['retry-after']);
  assert.ok(seconds > 1700 && seconds <= 1800, `${seconds}`);
  assert.match(answer.headers.ratelimit, /^"hour";r=0;t=\d+$/);
  assert.deepEqual(upstream.take(), []);
});

test('a credential header that comes twice, or in two families, is refused', async () => {
  const rows = [
    ['appKey twice', { 'X-App-Key': [key.appKey, key.appKey] }],
    ['appToken twice', { 'X-App-Token': [key.appToken, 'x'] }],
    ['in two cases', { 'x-app-token': key.appToken }],
    ['more often than there is room for', { 'X-App-Key': Array.from({ length: 40 }, () => key.appKey) }],
    ['behind many that nobody sends', { 'Accept-Language': Array.from({ length: 40 }, () => 'es'), 'x-app-token': key.appToken }],
    ['two families', { 'X-VTEX-API-AppKey': key.appKey, 'X-VTEX-API-AppToken': key.appToken }],
    ['the token alone beside the pair', { 'X-API-Key': key.appToken }],
  ];
  for (const [label, headers] of rows) {
    const answer = await rawAsk('GET /open/7 HTTP/1.1', headers);
    assert.equal(answer.status, 400, label);
    assert.match(JSON.parse(answer.body).cause, /^(header_repeated|request_malformed)$/, label);
    assert.deepEqual(answer.seen, [], label);
  }
});

// ---- what the upstream gets ----

test('the upstream learns who it is, and no credential of any family', async () => {
  const families = [
    pair(),
    { 'X-VTEX-API-AppKey': key.appKey, 'X-VTEX-API-AppToken': key.appToken },
    { 'X-API-Key': key.appToken },
    { Authorization: `Bearer ${key.appToken}` },
    { Authorization: `bearer   ${key.appToken}` },
  ];
  for (const headers of families) {
    assert.equal((await ask('GET', '/open/7', headers)).status, 200);
    const [seen] = upstream.take();
    assert.ok(!seen.bytes.includes(key.appToken), JSON.stringify(headers));
    const told = (name) => values(seen, `X-Llavero-${name}`);
    assert.deepEqual(['Key', 'Account', 'External-Id', 'Profile', 'Resource'].map(told),
      [[key.appKey], ['store'], ['customer 7'], ['Reader'], ['OMS/Open']]);
    assert.match(told('Revision')[0], /^[0-9]+$/);
    assert.ok(!names(seen).some((n) => n.startsWith('x-app-') || n.startsWith('x-vtex-') || n === 'x-api-key'));
  }
});

test('Authorization beside another family, or of another scheme, is the upstream\'s own', async () => {
  await ask('GET', '/open/7', { ...pair(), Authorization: 'Bearer of-a-user' });
  assert.deepEqual(values(upstream.take()[0], 'Authorization'), ['Bearer of-a-user']);
  await ask('GET', '/news/7', { Authorization: 'Basic YTpi' });
  assert.deepEqual(values(upstream.take()[0], 'Authorization'), ['Basic YTpi']);
  await ask('GET', '/news/7', { Authorization: `Bearer ${key.appToken}` });
  assert.deepEqual(values(upstream.take()[0], 'Authorization'), []);
});

test('headers that a client forges change no decision and reach no upstream', async () => {
  const rows = [
    ['allowed', '/open/7', pair(), 200], ['no right', '/secret/7', pair(), 403],
    ['no key', '/open/7', { 'X-App-Key': [], 'X-App-Token': [] }, 401],
    ['public', '/news/7', { 'X-App-Key': [], 'X-App-Token': [] }, 200],
  ];
  const forgeries = [FORGED, ...Object.entries(FORGED).map(([name, value]) => ({ [name]: value }))];
  for (const [label, url, headers, status] of rows) {
    for (const forged of forgeries) {
      const answer = await rawAsk(`GET ${url} HTTP/1.1`, { ...forged, ...headers });
      const what = `${label}: ${JSON.stringify(forged)}`;
      assert.equal(answer.status, status, what);
      assert.equal(answer.seen.length, status === 200 ? 1 : 0, what);
      if (status !== 200) continue;
      assert.equal(answer.seen[0].url, url, what);
      assert.doesNotMatch(answer.seen[0].bytes.toString('latin1'), forgery, what);
      assert.deepEqual(values(answer.seen[0], 'X-Llavero-Key'), label === 'public' ? [] : [key.appKey], what);
    }
  }
});

test('an identity in any spelling ends here, also where nginx lets odd names through', async () => {
  const spelled = ['X_Llavero_Key', 'x_llavero-key', 'X-LLAVERO_KEY', 'X-Llavero.Key', 'X.Llavero.Key', 'X~Llavero~Key', 'x-llavero-anything',
    'X-Llavero-Key'];
  for (const name of spelled) {
    for (const [url, headers] of [['/open/7', pair()], ['/news/7', { 'X-App-Key': [], 'X-App-Token': [] }]]) {
      const { status, seen } = await rawAsk(`GET ${url} HTTP/1.1`, { ...headers, Host: 'lax.example', [name]: 'forged' });
      assert.equal(status, 200, name);
      assert.ok(!seen[0].bytes.includes('forged'), `${name}: ${seen[0].bytes}`);
    }
  }
  const { status, seen } = await rawAsk('GET /open/7 HTTP/1.1', { Host: 'lax.example', X_App_Token: key.appToken, 'X-App.Token': key.appToken });
  assert.equal(status, 200);
  assert.ok(!seen[0].bytes.includes(key.appToken));
});

test('a key bound to addresses sees that of the connection, or of the variable that is configured', async () => {
  const bound = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'bound', addresses: ['10.66.66.0/24'], profiles: ['Reader'] });
  const forged = { 'X-Forwarded-For': '10.66.66.66', 'X-Real-IP': '10.66.66.66' };
  assertRefused(await ask('GET', '/open/7', { ...pair(bound), ...forged }), 403, 'address_not_allowed');
  const named = (k, more) => ({ 'X-Name': k.appKey, 'X-Word': k.appToken, ...more });
  const rows = [['10.66.66.7', 200], ['10.66.67.7', 403], ['nonsense', 403], ['', 403]];
  for (const [address, status] of rows) {
    assert.equal((await at('words.example', 'GET', '/in/address/7', named(bound, { 'X-Address': address }))).status, status, address);
  }
  upstream.take();
});

// ---- paths ----

test('no spelling of a path passes that an upstream could read as another one', async () => {
  await assertNoOtherReading(rawAsk);
});

// The gate's own word about a target.
const verify = async (path) => (await request(daemon.gate, 'POST', '/v1/verify', {
  body: { appKey: key.appKey, appToken: key.appToken, method: 'GET', path } })).json;

test('where nginx makes the upstream\'s target anew, it is another spelling of the path that was decided on', async () => {
  for (const host of ['based.example', 'rewritten.example', 'variable.example']) {
    let passed = 0;
    // A target in absolute form names another server.
    for (const target of PATHS.filter((one) => !/^https?:/i.test(one))) {
      const { status, seen } = await rawAsk(`GET ${target} HTTP/1.1`, { Host: host });
      const label = `${host} ${JSON.stringify(target)}`;
      if (status !== 200) { assert.deepEqual(seen, [], label); continue; }
      passed += 1;
      assert.equal(seen.length, 1, label);
      assert.match(seen[0].url, /^\/base\//, label);
      const rest = seen[0].url.slice('/base'.length);
      assert.equal((await verify(rest)).allowed, true, `${label} reached the upstream as ${seen[0].url}`);
      const decoded = (text) => decodeURIComponent(text.split('?')[0]);
      assert.equal(decoded(rest), decoded(target), label);
    }
    assert.ok(passed >= 6, `${host}: ${passed}`);
  }
});

test('the host decided on is the one by which nginx chose the server', async () => {
  const rows = [
    ['plain', 'GET /open/7 HTTP/1.1', 'shop.example', 200],
    ['with port and case', 'GET /open/7 HTTP/1.1', 'SHOP.example:80', 200],
    ['the inner one', 'GET /open/7 HTTP/1.1', 'inner.example', 403],
    ['the inner one in capitals', 'GET /open/7 HTTP/1.1', 'INNER.EXAMPLE', 403],
    ['an absolute target beats the header', 'GET http://inner.example/open/7 HTTP/1.1', 'shop.example', 403],
    ['also the other way', 'GET http://shop.example/open/7 HTTP/1.1', 'inner.example', 200],
  ];
  for (const [label, line, host, status] of rows) {
    const answer = await rawAsk(line, { Host: host });
    assert.equal(answer.status, status, label);
    if (status === 200) assert.deepEqual(values(answer.seen[0], 'Host'), ['shop.example'], label);
    else assert.deepEqual(answer.seen, [], label);
  }
});

// ---- ways through nginx ----

test('a redirect inside is no way around, and the client\'s request is what counts', async () => {
  const inside = (line, headers) => rawAsk(line, { ...headers, Host: 'inside.example' });
  const rows = [
    // label, request, headers, status, what the upstream sees
    ['from an open place into a checked one', 'GET /news/1 HTTP/1.1', { 'X-App-Key': [], 'X-App-Token': [] }, 200, '/news/1'],
    ['the same without the right', 'GET /nowhere/1 HTTP/1.1', {}, 403],
    ['the same without a credential', 'GET /old/7 HTTP/1.1', { 'X-App-Key': [], 'X-App-Token': [] }, 401],
    ['rewritten by the server', 'GET /old/7 HTTP/1.1', {}, 200, '/open/7'],
    ['an error page in a checked place', 'GET /news/8 HTTP/1.1', {}, 200, '/open/8'],
    ['another method, which nginx makes GET there', 'POST /news/8 HTTP/1.1', {}, 403],
    ['a path without the right that leads to one with it', 'GET /secret/1 HTTP/1.1', {}, 403],
    ['decided, then sent on', 'GET /in/twice/1 HTTP/1.1', {}, 200, '/in/twice/1'],
    ['decided, then sent on by an upstream', 'GET /in/accel/1 HTTP/1.1', {}, 200, '/hidden/9'],
    ['decided, then sent to where another account is asked for', 'GET /in/moved/1 HTTP/1.1', {}, 403],
    ['an upstream is not asked before', 'GET /in/accel/1 HTTP/1.1', pair(bare), 403],
    ['what is for the inside only', 'GET /hidden/9 HTTP/1.1', {}, 404],
  ];
  for (const [label, line, headers, status, url] of rows) {
    const answer = await inside(line, headers);
    assert.equal(answer.status, status, `${label}: ${answer.body}`);
    assert.deepEqual(answer.seen.map((one) => one.url), url ? [url] : [], label);
    if (url && !line.includes('/news/')) assert.deepEqual(values(answer.seen[0], 'X-Llavero-Key'), [key.appKey], label);
    if (url) assert.ok(!answer.seen[0].bytes.includes(key.appToken), label);
  }
});

test('a request that nginx sends on inside is counted once', async () => {
  const limited = await limitedKey('once', 3);
  const statuses = [];
  for (const url of ['/in/twice/1', '/in/accel/1', '/old/7', '/old/7']) {
    statuses.push((await at('inside.example', 'GET', url, pair(limited))).status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 429]);
  upstream.take();
});

test('an error page shows a refusal, and makes no allow of it', async () => {
  const page = (url, headers) => rawAsk(`GET ${url} HTTP/1.1`, { ...headers, Host: 'page.example' });
  const plain = await page('/secret/7', {});
  assert.equal(plain.status, 403);
  const own = await page('/in/own/1', pair(bare));
  assert.deepEqual([own.status, own.body], [200, 'our own page\n']);
  for (const [label, url, headers, status] of [
    ['through a named place', '/in/fall/1', pair(bare), 403], ['without a credential', '/in/fall/1', { 'X-App-Key': [], 'X-App-Token': [] }, 401],
    ['to where the account would do', '/in/stranger/1', {}, 403], ['=200 to where the document is', '/in/mixed/1', pair(bare), 403],
    ['=200 to a page that the key may read', '/secret/ok', {}, 403]]) {
    const answer = await page(url, headers);
    assert.equal(answer.status, status, label);
    assert.deepEqual(answer.seen, [], label);
  }
  assert.equal((await page('/in/fall/1', {})).status, 200);
  // Without the document, nginx's own page, and the same headers.
  const { headers, text } = await at('page.example', 'GET', '/open/7', pair(bare));
  assert.match(text, /<html>/);
  assert.deepEqual([headers['x-llavero-cause'], headers['cache-control']], ['no_profile', 'no-store']);
  assert.match(headers['www-authenticate'], /^Bearer /);
  const answer = await at('problem.example', 'GET', '/open/7', pair(bare));
  assertRefused(answer, 403, 'no_profile');
  upstream.take();
});

test('satisfy: any of the checks lets in, or all are needed; credentials end here either way', async () => {
  const rows = [
    ['any.example', '/in/here/1', pair(bare), 200], ['any.example', '/in/away/1', pair(bare), 403],
    ['any.example', '/in/here/1', {}, 200], ['any.example', '/in/away/1', {}, 401], ['any.example', '/in/away/1', pair(), 200],
    ['all.example', '/in/here/1', pair(bare), 403], ['all.example', '/in/here/1', pair(), 200], ['all.example', '/in/away/1', pair(), 403],
  ];
  for (const [host, url, headers, status] of rows) {
    const label = `${host}${url} ${JSON.stringify(headers)}`;
    const answer = await rawAsk(`GET ${url} HTTP/1.1`, { 'X-App-Key': [], 'X-App-Token': [], ...headers, 'X-Llavero-Key': 'forged', Host: host });
    assert.equal(answer.status, status, `${label}: ${answer.body}`);
    assert.equal(answer.seen.length, status === 200 ? 1 : 0, label);
    for (const seen of answer.seen) {
      assert.doesNotMatch(seen.bytes.toString('latin1'), /forged|X-App-/i, label);
      // Who was let in by the address is nobody that Llavero knows.
      assert.deepEqual(values(seen, 'X-Llavero-Key'), host === 'all.example' || url.includes('away') ? [key.appKey] : [], label);
    }
  }
  const document = await at('any.example', 'GET', '/in/away/1', pair(bare));
  assertRefused(document, 403, 'no_profile');
});

test('a subrequest into a checked place passes when the client\'s request may', async () => {
  const parts = (url, headers = pair()) => at('parts.example', 'GET', url, headers);
  // The page is open; the part of it is not, and the client asked for a page that no route names.
  const open = await parts('/page/7');
  assert.equal(open.status, 200);
  assert.doesNotMatch(open.text, /upstream/);
  assert.deepEqual(upstream.take(), []);
  const checked = await parts('/in/page/7');
  assert.equal(checked.status, 200);
  assert.match(checked.text, /before upstream\n after/);
  const [part] = upstream.take();
  assert.deepEqual([part.url, values(part, 'X-Llavero-Key'), part.bytes.includes(key.appToken)], ['/part/7', [key.appKey], false]);
  assert.equal((await parts('/in/page/7', pair(bare))).status, 403);
  assert.equal((await parts('/in/mirrored/1')).status, 200);
  await until('the copy', () => upstream.seen.length === 2, 30000);
  for (const seen of upstream.take()) {
    assert.deepEqual([values(seen, 'X-Llavero-Key'), seen.bytes.includes(key.appToken)], [[key.appKey], false], seen.url);
  }
  assert.equal((await parts('/in/asked/1')).status, 200);
  assert.deepEqual(upstream.take().map((seen) => [seen.url, seen.bytes.includes(key.appToken)]), [['/part/question', false], ['/in/asked/1', false]]);
  assert.equal((await parts('/in/asked/1', pair(bare))).status, 403);
  assert.deepEqual(upstream.take(), []);
});

test('the settings of a location: other headers, realm, account, address', async () => {
  const named = (k) => ({ 'X-Name': k.appKey, 'X-Word': k.appToken });
  const words = (url, headers) => at('words.example', 'GET', url, headers);
  assert.equal((await words('/open/7', { ...named(key), 'X-Api-Key': 'the upstream\'s own' })).status, 200);
  const [seen] = upstream.take();
  assert.deepEqual([values(seen, 'X-Llavero-Key'), values(seen, 'X-Name'), values(seen, 'X-Word'), values(seen, 'X-Api-Key')],
    [[key.appKey], [], [], ['the upstream\'s own']]);
  const unknown = await words('/open/7', pair());
  assertRefused(unknown, 401, 'credentials_missing');
  assert.equal(unknown.headers['www-authenticate'], 'Bearer realm="words"');
  assert.equal(unknown.json.type, 'https://keys.example/causes/credentials_missing');
  for (const [url, status] of [['/in/named/1', 200], ['/in/stranger/1', 403], ['/in/empty/1', 403]]) {
    assert.equal((await words(url, { ...named(key), Authorization: `Bearer ${key.appToken}` })).status, status, url);
  }
  upstream.take();
});

test('observe: all pass untouched, and the log says what would have been refused', async () => {
  const forged = { 'X-Llavero-Key': 'forged' };
  for (const [url, headers] of [['/open/7', pair()], ['/secret/7', pair()], ['/open/..%2fsecret/1', {}], ['/open/7', pair(bare)]]) {
    const { status, seen } = await rawAsk(`GET ${url} HTTP/1.1`, { 'X-App-Key': [], 'X-App-Token': [], ...headers, ...forged, Host: 'watched.example' });
    assert.equal(status, 200, url);
    assert.deepEqual([seen[0].url, values(seen[0], 'X-Llavero-Key'), values(seen[0], 'X-App-Key')],
      [url, ['forged'], headers['X-App-Key'] ? [headers['X-App-Key']] : []]);
  }
  await at('logged.example', 'GET', '/open/7');
  await at('logged.example', 'GET', '/secret/7');
  await at('logged.example', 'GET', '/news/7', {});
  const lines = await until('the log', () => {
    const all = nginx.file('verdict.log').split('\n').filter(Boolean);
    return all.length === 7 && all;
  }, 30000);
  const k = key.appKey;
  assert.deepEqual(lines.map((line) => line.split('|').slice(0, 8).join('|')), [
    `watched.example|200|none|${k}|store|customer 7|Reader|OMS/Open`, 'watched.example|403|profile_lacks_resource|-|-|-|-|-',
    'watched.example|400|path_ambiguous|-|-|-|-|-', 'watched.example|403|no_profile|-|-|-|-|-',
    `logged.example|200|none|${k}|store|customer 7|Reader|OMS/Open`, 'logged.example|403|profile_lacks_resource|-|-|-|-|-',
    'logged.example|200|none|-|-|-|-|-']);
  upstream.take();
});

// ---- transport ----

test('a body reaches the upstream as it was sent; a refused one is not read as the next request', async () => {
  for (const body of ['', 'x', 'z'.repeat(300000), '\r\n\r\nGET /secret/1 HTTP/1.1\r\n']) {
    assert.equal((await ask('POST', '/open/7', pair(), { body })).status, 200, `${body.length} bytes`);
    assert.equal(upstream.take()[0].body.toString(), body);
  }
  const chunked = await rawAsk('PUT /open/7 HTTP/1.1', { 'Transfer-Encoding': 'chunked' }, '3\r\nabc\r\n0\r\n\r\n');
  assert.deepEqual([chunked.status, chunked.seen[0].body.toString()], [200, 'abc']);
  const smuggled = 'GET /news/smuggled HTTP/1.1\r\nHost: shop.example\r\n\r\n';
  for (const more of [{ 'X-App-Token': 'wrong' }, { 'Transfer-Encoding': 'chunked' }]) {
    const { status, seen } = await rawAsk('POST /open/7 HTTP/1.1', { 'Content-Length': String(smuggled.length), ...more }, smuggled);
    assert.ok(status >= 400, `${status}`);
    assert.deepEqual(seen, []);
  }
});

test('HEAD follows GET, with the status and no body; a method that no route names is refused', async () => {
  const refused = await ask('HEAD', '/secret/7');
  assert.deepEqual([refused.status, refused.text, refused.headers['x-llavero-cause']], [403, '', 'profile_lacks_resource']);
  assert.equal((await ask('HEAD', '/open/7')).status, 200);
  assert.deepEqual(upstream.take().map((seen) => seen.method), ['HEAD']);
  for (const method of ['PATCH', 'FOO', 'PROPFIND', 'OPTIONS']) {
    const answer = await rawAsk(`${method} /open/7 HTTP/1.1`);
    assert.equal(answer.status, 403, method);
    assert.deepEqual(answer.seen, [], method);
  }
});

test('on one connection, and pipelined, each request is decided by itself', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const statuses = [];
  try {
    for (const [url, headers] of [['/open/1', pair()], ['/secret/1', pair()], ['/open/1', {}], ['/open/2', pair()],
      ['/open/1', pair(bare)], ['/news/1', {}], ['/open/3', pair()]]) {
      statuses.push((await ask('GET', url, headers, { agent })).status);
    }
  } finally { agent.destroy(); }
  assert.deepEqual(statuses, [200, 403, 401, 200, 403, 200, 200]);
  assert.deepEqual(upstream.take().map((seen) => [seen.url, values(seen, 'X-Llavero-Key')[0]]),
    [['/open/1', key.appKey], ['/open/2', key.appKey], ['/news/1', undefined], ['/open/3', key.appKey]]);
  const head = `Host: shop.example\r\nX-App-Key: ${key.appKey}\r\nX-App-Token: ${key.appToken}\r\n`;
  const bytes = await raw({ port: nginx.port }, `GET /open/1 HTTP/1.1\r\n${head}\r\nGET /secret/1 HTTP/1.1\r\n${head}\r\n`
    + `GET /open/2 HTTP/1.1\r\n${head}Connection: close\r\n\r\n`, 5000);
  assert.deepEqual([...bytes.toString('latin1').matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map((m) => Number(m[1])), [200, 403, 200]);
  assert.deepEqual(upstream.take().map((seen) => seen.url), ['/open/1', '/open/2']);
});

async function overHttp2(origin) {
  const session = openHttp2(origin);
  const get = (path, headers = pair()) => session.get(path, headers);
  try {
    assert.equal((await get('/open/7')).status, 200);
    const [seen] = upstream.take();
    assert.deepEqual([seen.url, values(seen, 'X-Llavero-Key'), values(seen, 'X-App-Token')], ['/open/7', [key.appKey], []]);
    const refused = await get('/secret/7');
    assert.deepEqual([refused.status, JSON.parse(refused.text).cause], [403, 'profile_lacks_resource']);
    for (const path of ['/open/..%2fsecret/1', '/open/../secret/1', '/open//secret/1', '/open/7;/../secret/1', '/open/7#x']) {
      assert.equal((await get(path)).status, 400, path);
    }
    assert.equal((await get('/open/7', { ...pair(), 'x-llavero-key': 'forged', 'x-original-uri': '/news/1' })).status, 200);
    assert.doesNotMatch(upstream.take().map((one) => one.bytes.toString('latin1')).join(), /forged|original/);
    assert.equal((await get('/open/7', {})).status, 401);
    assert.deepEqual(upstream.take(), []);
  } finally { await session.close(); }
}

test('HTTP/2 and TLS are decided like HTTP/1.1', async () => {
  await overHttp2(`http://127.0.0.1:${nginx.port2}`);
  await overHttp2(`https://127.0.0.1:${nginx.portTls}`);
  const overTls = (headers) => new Promise((resolve, reject) => {
    https.get({ host: '127.0.0.1', port: nginx.portTls, path: '/open/7', rejectUnauthorized: false, headers: { Host: 'shop.example', ...headers } },
      (res) => { res.resume(); res.on('end', () => resolve(res.statusCode)); }).on('error', reject);
  });
  assert.deepEqual([await overTls(pair()), await overTls(pair(bare)), await overTls({})], [200, 403, 401]);
  upstream.take();
});

test('a websocket opens for who may, and carries bytes both ways', async () => {
  const upgrade = { Host: 'socket.example', Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  assertRefused(await ask('GET', '/open/7', { ...pair(bare), ...upgrade }), 403, 'no_profile');
  assert.deepEqual(upstream.take(), []);
  const socket = net.connect(nginx.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => { text += chunk.toString('latin1'); });
  socket.on('error', () => {});
  try {
    socket.write(`GET /open/7 HTTP/1.1\r\n${Object.entries({ ...pair(), ...upgrade }).map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`);
    await until('the upgrade', () => text.includes('\r\n\r\n'), 30000);
    assert.match(text, /^HTTP\/1\.1 101 /);
    socket.write('both ways');
    await until('the echo', () => text.endsWith('both ways'), 30000);
  } finally { socket.destroy(); }
  const [seen] = upstream.take();
  assert.deepEqual([values(seen, 'X-Llavero-Key'), seen.bytes.includes(key.appToken)], [[key.appKey], false]);
});
