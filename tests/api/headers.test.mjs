// What every answer of the keeper says to a browser: each operation of openapi.json, each page and each error, asked for
// with each method, over an address and over the socket.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { freePort, Llaverod, raw, request } from '../lib/llaverod.mjs';
import { OpenApi } from '../lib/openapi.mjs';

const EXACT = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const PAGES = ['/', '/login', '/enrol', '/overview', '/keys', '/keys/x', '/profiles', '/users/1', '/catalog', '/diagnose', '/events', '/settings', '/me', '/share', '/check',
  '/causes', '/causes/no_profile', '/causes/none', '/nothing', '/v1', '/v1/nothing', '/assets/none.js'];

let daemon;
let api;
let people;
let owner;

before(async () => {
  people = { port: await freePort() };
  daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${people.port}` } });
  api = new OpenApi((await request(daemon.keeper, 'GET', '/openapi.json')).json, daemon.keeper);
  owner = await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
});

after(() => daemon?.close());

function assertGuarded({ headers }, label, page = '') {
  for (const [name, value] of Object.entries(EXACT)) assert.equal(headers[name], value, `${label}: ${name}`);
  const policy = Object.fromEntries(headers['content-security-policy'].split(/; ?/).map((part) => part.split(' ')).map(([name, ...values]) => [name, values.join(' ')]));
  assert.equal(policy['default-src'], "'none'", label);
  assert.equal(policy['frame-ancestors'], "'none'", label);
  assert.doesNotMatch(headers['content-security-policy'], /unsafe-inline|'unsafe-eval'|unsafe-hashes|\*|https?:/, label);
  assert.equal(/wasm-unsafe-eval/.test(headers['content-security-policy']), page === '/check', label);
  if (policy['script-src'] !== undefined) assert.deepEqual([policy['require-trusted-types-for'], policy['base-uri'], policy['form-action']], ["'script'", "'none'", "'none'"], label);
  assert.deepEqual(Object.keys(headers).filter((name) => name.startsWith('access-control-')), [], label);
  assert.ok(headers['permissions-policy'], label);
}
const isFile = (url) => url.startsWith('/assets/');

test('every operation, with every method, over both ways', async () => {
  const some = { account: 'store', id: 1, host: 'x', appKey: 'x', profile: 1, service: 'default', revision: 1, cause: 'no_profile' };
  for (const pattern of Object.keys(api.document.paths)) {
    const url = pattern.replace(/\{(\w+)\}/g, (_, name) => some[name]);
    for (const [way, target] of [['address', people], ['socket', daemon.keeper]]) {
      // Over the socket whoever asks is the operator: only what changes nothing.
      for (const method of way === 'address' ? METHODS : ['GET', 'HEAD', 'TRACE']) {
        const answer = await request(target, method, url, { body: ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined });
        const label = `${way} ${method} ${url}: ${answer.status}`;
        assertGuarded(answer, label);
        if (url.startsWith('/v1/')) assert.equal(answer.headers['cache-control'], 'no-store', label);
        assert.ok(answer.status < 500 || url === '/readyz', `${label} ${answer.text}`);
      }
    }
  }
});

test('every page, and what is none', async () => {
  for (const url of PAGES) {
    for (const method of METHODS) {
      const answer = await request(people, method, url);
      const page = answer.headers['content-type']?.startsWith('text/html') && ['GET', 'HEAD'].includes(method) ? url : '';
      assertGuarded(answer, `${method} ${url}: ${answer.status}`, page);
    }
  }
  const files = [...(await request(people, 'GET', '/')).text.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1]).filter(isFile);
  for (const url of files) assertGuarded(await request(people, 'GET', url), url);
});

test('every error of the transport', async () => {
  const head = (line, ...headers) => `${[line, 'Host: localhost', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;
  for (const [label, status, bytes] of [
    ['without a host', 400, 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', 400, head('GET / HTTP/1.1', 'Host: b')],
    ['another host', 421, 'GET /v1/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'],
    ['not JSON', 400, head('POST /v1/session HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 1', '').replace(/\r\n\r\n$/, '\r\n\r\n{')],
    ['an unknown query', 400, head('GET /v1/session?x=1 HTTP/1.1')],
    ['nobody', 401, head('GET /v1/session HTTP/1.1')],
    ['nothing there', 404, head('GET /v1/nothing HTTP/1.1')],
    ['another method', 405, head('DELETE /v1/keys HTTP/1.1')],
    ['a body that is too long', 413, head('POST /v1/session HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 99999999')],
    ['a long target', 414, head(`GET /${'x'.repeat(5000)} HTTP/1.1`)],
    ['long headers', 431, head('GET / HTTP/1.1', ...Array.from({ length: 20 }, (_, i) => `X-Filler-${i}: ${'x'.repeat(1000)}`))],
  ]) {
    const [first, ...lines] = (await raw(people, bytes, 30_000)).toString('latin1').split('\r\n\r\n')[0].split('\r\n');
    assert.match(first, new RegExp(`^HTTP/1\\.1 ${status} `), label);
    assertGuarded({ headers: Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])) }, label);
    assert.ok(lines.some((line) => /^cache-control: no-store$/i.test(line)), label);
  }
});

test('what holds a secret is never kept by a browser or a proxy', async () => {
  const key = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'erp' });
  const made = [
    ['POST', '/v1/keys', { account: 'store', label: 'crm' }], ['POST', `/v1/keys/${key.appKey}/rotate`, {}],
    ['POST', '/v1/keys', { account: 'store', label: 'link', handover: true }], ['POST', '/v1/users', { account: 'store', email: 'leo@example.com' }],
    ['POST', '/v1/enrolment/open', { token: owner.enrolment.split('#')[1] }],
    ['POST', '/v1/management-tokens', { account: 'store', label: 'x', rights: ['keys.view'], addresses: ['10.0.0.0/8'], expiresAt: new Date(Date.now() + 86_400_000).toISOString() }],
    ['GET', '/v1/backup'],
  ];
  for (const [method, url, body] of made) {
    const answer = await request(url.startsWith('/v1/enrolment') ? people : daemon.keeper, method, url, { body });
    assert.ok(answer.status < 300, `${url}: ${answer.text.slice(0, 200)}`);
    assert.equal(answer.headers['cache-control'], 'no-store', url);
  }
  for (const url of ['/', '/share', '/check', '/enrol', '/login']) assert.equal((await request(people, 'GET', url)).headers['cache-control'], 'no-store', url);
});
