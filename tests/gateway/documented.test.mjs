// The kits for gateways that Debian has no package of: Envoy and Traefik. Each question is replayed byte for byte as
// their documentation says that they ask, and the answer is read as it says that they read it; the files
// of the kits must name what that needs.
//
// Envoy 1.27 to 1.40, ext_authz over HTTP (api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto): method and
// host of the request, path_prefix in front of its path, content-length 0 and no body, authorization and
// allowed_headers; 200 passes with allowed_upstream_headers, which replace what the client sent; a refusal reaches
// the caller with its status, body and allowed_client_headers; 5xx, or no answer, is status_on_error.
//
// Traefik 3.0 to 3.3, ForwardAuth (reference/routing-configuration/http/middlewares/forwardauth): GET on the address,
// the request's headers without those of its connection, X-Forwarded-Method, -Proto, -Host, -Uri and -For set from the
// request; X-Real-Ip is set at the entry point. 2xx passes, after all headers that authResponseHeadersRegex matches
// have been taken off and those of the answer that it matches put on; all else reaches the caller as it is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Llaverod, raw } from '../lib/llaverod.mjs';
import { readAnswers } from '../lib/strict_http.mjs';
import { FORGED } from './lib/hostile.mjs';
import { kit } from './lib/server.mjs';
import { makeStore } from './lib/suite.mjs';

const CREDENTIALS = ['X-App-Key', 'X-App-Token', 'X-VTEX-API-AppKey', 'X-VTEX-API-AppToken', 'X-API-Key'];
const TOLD = ['Account', 'Key', 'External-Id', 'Profile', 'Resource', 'Revision'].map((name) => `X-Llavero-${name}`);
const envoyKit = kit('envoy/envoy.yaml');
const traefikKit = kit('traefik/llavero.yml');

let daemon;
let key;
let bare;
let bound; // may be used from 203.0.113.9 only

before(async () => {
  daemon = await Llaverod.start();
  ({ key, bare } = await makeStore(daemon));
  bound = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'bound', profiles: ['Reader'], addresses: ['203.0.113.9'] });
});

after(() => daemon?.close());

// The section of a kit behind a line, as the items of a list of YAML.
const items = (text, section) => {
  const lines = text.slice(text.indexOf(`${section}:`)).split('\n').slice(1);
  const found = [];
  for (const line of lines) {
    const item = /^ *- (?:exact: |prefix: |remove: )?([A-Za-z-]+)$/.exec(line) ?? /^ *([A-Za-z-]+): ""$/.exec(line);
    if (item) found.push(item[1].toLowerCase());
    else if (found.length > 0) break;
  }
  return found;
};

const pair = ({ appKey, appToken }) => ({ 'X-App-Key': appKey, 'X-App-Token': appToken });

async function send(target, line, headers) {
  const lines = Object.entries(headers).flatMap(([n, v]) => [v].flat().map((one) => `${n}: ${one}\r\n`));
  const [answer] = readAnswers(await raw(target, Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), 300));
  const fields = Object.fromEntries(answer.head.split('\r\n').slice(1).map((one) => {
    const colon = one.indexOf(':');
    return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
  }));
  return { status: answer.status, headers: fields, json: /json/.test(fields['content-type']) ? JSON.parse(answer.body) : undefined };
}

// As Envoy asks: names in lower case, of the client's headers only those that may go.
function envoy(method, path, sent, host = 'shop.example') {
  const allowed = new Set([...items(envoyKit, 'allowed_headers'), 'authorization']);
  const passed = Object.entries(sent).map(([n, v]) => [n.toLowerCase(), v]).filter(([n]) => allowed.has(n));
  return send(daemon.gate, `${method} ${/path_prefix: (\S+)/.exec(envoyKit)[1]}${path}`, { host, 'content-length': '0',
    ...Object.fromEntries(passed), 'x-envoy-internal': 'true', 'x-forwarded-for': '203.0.113.9', 'x-envoy-expected-rq-timeout-ms': '2000' });
}

// As Traefik asks: the client's headers, but for what the entry point and the first middleware take off.
function traefik(method, path, sent, host = 'shop.example') {
  const removed = new Set([...items(traefikKit, 'customRequestHeaders'), 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']);
  const passed = Object.entries(sent).filter(([n]) => !removed.has(n.toLowerCase()));
  return send(daemon.tcp, `GET ${/address: http:\/\/[^/]+(\S+)/.exec(traefikKit)[1]}`, { Host: `127.0.0.1:${daemon.port}`,
    'User-Agent': 'curl/8.5.0', Accept: '*/*', ...Object.fromEntries(passed), 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Host': host,
    'X-Forwarded-Method': method, 'X-Forwarded-Port': '443', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Server': 'traefik',
    'X-Forwarded-Uri': path, 'X-Real-Ip': '203.0.113.9', 'Accept-Encoding': 'gzip' });
}

// What a refusal must still have once the gateway has let through what it lets through.
const handedOn = { envoy: items(envoyKit, 'allowed_client_headers') };

for (const [name, ask] of [['envoy', envoy], ['traefik', traefik]]) {
  const assertRefused = (answer, status, cause) => {
    assert.deepEqual([answer.status, answer.json?.cause, answer.json?.status], [status, cause, status], `${name}: ${cause}`);
    const wanted = ['content-type', 'cache-control', 'x-llavero-cause'];
    if ([401, 403].includes(status)) wanted.push('www-authenticate');
    if ([429, 503].includes(status)) wanted.push('retry-after');
    for (const header of wanted) {
      assert.ok(answer.headers[header], `${name}: ${cause}: ${header}`);
      if (handedOn[name]) assert.ok(handedOn[name].some((one) => header === one || (one.endsWith('-') && header.startsWith(one))), header);
    }
  };

  test(`${name}: 200, 400, 401, 403, 429 by what the client sent`, async () => {
    for (const [method, path] of [['GET', '/open/7'], ['POST', '/open/7'], ['GET', '/open/7?q=%2F..%2F'], ['GET', '/news/7']]) {
      const answer = await ask(method, path, pair(key));
      assert.equal(answer.status, 200, `${method} ${path}`);
      if (path.startsWith('/open')) for (const header of TOLD) assert.ok(answer.headers[header.toLowerCase()], header);
    }
    assertRefused(await ask('GET', '/open/7', {}), 401, 'credentials_missing');
    assertRefused(await ask('GET', '/open/7', { Authorization: `Bearer ${bare.appToken}` }), 403, 'no_profile');
    assertRefused(await ask('GET', '/secret/7', pair(key)), 403, 'profile_lacks_resource');
    assertRefused(await ask('PUT', '/secret/7', pair(key)), 403, 'route_unknown');
    assertRefused(await ask('GET', '/open/..%2fsecret/7', pair(key)), 400, 'path_ambiguous');
    assertRefused(await ask('GET', '/open/7', { ...pair(key), 'X-API-Key': key.appToken }), 400, 'header_repeated');
    assertRefused(await ask('GET', '/open/7', pair(key), 'inner.example'), 403, 'profile_lacks_resource');
    const limited = await daemon.api('POST', '/v1/keys', { account: 'store', label: name, profiles: ['Reader'],
      limits: { rate: [{ count: 1, per: 'hour' }] } });
    assert.equal((await ask('GET', '/open/7', pair(limited))).status, 200);
    assertRefused(await ask('GET', '/open/7', pair(limited)), 429, 'rate_limited');
    assert.equal((await ask('HEAD', '/open/7', pair(key))).status, 200);
  });

  test(`${name}: headers that a client forges change no verdict`, async () => {
    for (const [path, who, status] of [['/open/7', pair(key), 200], ['/secret/7', pair(key), 403], ['/open/7', {}, 401], ['/news/7', {}, 200]]) {
      for (const forged of [FORGED, ...Object.entries(FORGED).map(([n, v]) => ({ [n]: v }))]) {
        assert.equal((await ask('GET', path, { ...forged, ...who })).status, status, `${path}: ${JSON.stringify(forged)}`);
      }
    }
  });
}

test('the address is the one that Traefik saw; Envoy tells none, and a key bound to addresses is refused', async () => {
  assert.equal((await traefik('GET', '/open/7', { ...pair(bound), 'X-Real-Ip': '10.66.66.66' })).status, 200);
  assert.equal((await envoy('GET', '/open/7', { ...pair(bound), 'X-Real-Ip': '203.0.113.9' })).json.cause, 'address_not_allowed');
});

test('the kits take off every header that a client could forge, and every credential', () => {
  assert.match(envoyKit, /headers_with_underscores_action: DROP_HEADER/);
  const forgeable = Object.keys(FORGED).filter((name) => !name.includes('_')).map((name) => name.toLowerCase());
  const takenOff = items(envoyKit, 'request_mutations');
  // use_remote_address makes Envoy write these two itself.
  assert.match(envoyKit, /use_remote_address: true/);
  for (const name of forgeable) {
    if (!['x-forwarded-for', 'x-forwarded-proto'].includes(name)) assert.ok(takenOff.includes(name), `envoy: ${name}`);
  }
  for (const name of CREDENTIALS) assert.ok(items(envoyKit, 'request_headers_to_remove').includes(name.toLowerCase()), `envoy: ${name}`);
  assert.match(envoyKit, /failure_mode_allow: false/);
  assert.match(envoyKit, /status_on_error: \{ code: ServiceUnavailable \}/);

  const told = new RegExp(/authResponseHeadersRegex: \(\?i\)(\S+)/.exec(traefikKit)[1], 'i');
  const [removed, after] = traefikKit.split('llavero-ask:').map((text) => items(text, 'customRequestHeaders'));
  for (const name of Object.keys(FORGED)) {
    // The entry point of Traefik takes these off where the sender is not trusted.
    if (/^x-(forwarded-(for|host|proto)|real-ip)$/i.test(name) || told.test(name)) continue;
    if (name.includes('_')) continue;
    assert.ok(removed.includes(name.toLowerCase()), `traefik: ${name}`);
  }
  for (const name of [...TOLD, 'X_Llavero_Key', 'X-Llavero_Account', 'x_llavero-external_id']) assert.match(name, told);
  for (const name of CREDENTIALS) assert.ok(after.includes(name.toLowerCase()), `traefik: ${name}`);
  assert.match(traefikKit, /trustForwardHeader: false/);
});
