// How the keeper hands out the console: which paths are pages, with which policy and headers, and what a browser may keep.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import http from 'node:http';

import { Llaverod } from '../lib/llaverod.mjs';

let daemon;
let built;

before(async () => {
  daemon = await Llaverod.start();
  built = (await get('/')).status === 200;
});

after(() => daemon?.close());

// The body as bytes: the shared helper reads text.
function get(path, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.request({ socketPath: daemon.keeper.socket, path, method, headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(parts) }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

const EVERYWHERE = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const directives = (answer) => Object.fromEntries(answer.headers['content-security-policy'].split(';')
  .map((part) => part.trim().split(' ')).map(([name, ...values]) => [name, values]));

test('every answer says what a browser may do with it', async () => {
  const paths = ['/', '/login', '/keys', '/share', '/check', '/causes', '/causes/no_profile', '/v1/status', '/v1/keys',
    '/healthz', '/openapi.json', '/nothing', '/index.html', '/assets/none.js'];
  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'POST', 'TRACE']) {
      const answer = await get(path, { method });
      for (const [name, value] of Object.entries(EVERYWHERE)) {
        assert.equal(answer.headers[name], value, `${method} ${path}: ${name}`);
      }
      const policy = directives(answer);
      assert.deepEqual(policy['default-src'], ["'none'"], `${method} ${path}`);
      assert.deepEqual(policy['frame-ancestors'], ["'none'"], `${method} ${path}`);
      assert.ok(!/unsafe-inline|'unsafe-eval'/.test(answer.headers['content-security-policy']), `${method} ${path}`);
      assert.equal(answer.headers['access-control-allow-origin'], undefined, `${method} ${path}`);
    }
  }
});

test('only the token checker may run WebAssembly', async () => {
  for (const path of ['/', '/login', '/keys/appkey-store-AAAAAAAA', '/share', '/diagnose']) {
    assert.ok(!directives(await get(path))['script-src'].includes("'wasm-unsafe-eval'"), path);
  }
  assert.ok(directives(await get('/check'))['script-src'].includes("'wasm-unsafe-eval'"));
});

test('a page has a nonce of its own, in its policy and in itself', async (t) => {
  const [one, two] = [await get('/'), await get('/keys')];
  const nonces = [one, two].map((answer) => answer.headers['content-security-policy'].match(/'nonce-([0-9a-f]{32})'/)[1]);
  assert.notEqual(nonces[0], nonces[1]);
  for (const answer of [one, two]) assert.equal(answer.headers['cache-control'], 'no-store');
  if (!built) return t.skip('the console is not built here');
  for (const [i, answer] of [one, two].entries()) {
    const text = answer.bytes.toString('utf8');
    assert.ok(text.includes(nonces[i]));
    assert.ok(!text.includes('__NONCE__'));
  }
});

test('all below a screen is the console, beside it nothing', async () => {
  const page = (await get('/')).status;
  for (const path of ['/keys/x', '/keys/a/b', '/users/1', '/events', '/settings', '/me', '/keys?state=active']) {
    assert.equal((await get(path)).status, page, path);
  }
  for (const path of ['/keysx', '/login/x', '/index.html', '/share.html', '/assets/', '/assets/../index.html', '/.built-from',
    '/%69ndex.html', '//', '/share/x']) {
    assert.equal((await get(path)).status, 404, path);
  }
  assert.equal((await get('/keys', { method: 'POST' })).status, 404);
});

test('files carry their hash and are kept; compressed only for those who take it', async (t) => {
  if (!built) return t.skip('the console is not built here');
  const text = (await get('/')).bytes.toString('utf8');
  const files = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1]);
  assert.ok(files.length >= 2);
  for (const file of files) {
    const plain = await get(file);
    const packed = await get(file, { headers: { 'Accept-Encoding': 'br, gzip' } });
    const refused = await get(file, { headers: { 'Accept-Encoding': 'gzip;q=0' } });
    assert.equal(plain.status, 200);
    assert.match(plain.headers['cache-control'], /immutable/);
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(refused.headers['content-encoding'], undefined);
    assert.equal(plain.headers.vary, 'Accept-Encoding');
    if (!file.endsWith('.js')) continue;
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.deepEqual(gunzipSync(packed.bytes), plain.bytes);
    assert.ok(packed.bytes.length < plain.bytes.length / 2);
  }
});

test('pages about causes have the look of the console, from one file, and links to the other languages', async () => {
  for (const lang of ['es', 'en', 'pt']) {
    const page = await get(`/causes/no_profile?lang=${lang}`, { headers: { Accept: 'text/html' } });
    const text = page.bytes.toString('utf8');
    assert.ok(text.includes(`<html lang="${lang}">`));
    for (const other of ['es', 'en', 'pt']) assert.ok(text.includes(`<a href="?lang=${other}"`), other);
    assert.equal(text.match(/aria-current/g).length, 1);
    assert.doesNotMatch(text, /<script|<style|style=/);
    assert.deepEqual(directives(page)['style-src'], ["'self'"]);
    assert.equal(directives(page)['script-src'], undefined);
    const style = await get(text.match(/<link rel="stylesheet" href="([^"]+)">/)[1]);
    assert.equal(style.status, 200);
    assert.match(style.headers['content-type'], /^text\/css/);
    assert.match(style.headers['cache-control'], /immutable/);
  }
});

test('without a built console every page says so, in the reader\'s language', async (t) => {
  if (built) return t.skip('the console is built here');
  for (const lang of ['es', 'en', 'pt']) {
    const { no_console: title, no_console_advice: advice } = JSON.parse(fs.readFileSync(new URL(`../../locale/${lang}/page.json`, import.meta.url)));
    for (const path of ['/', '/share', '/check', '/keys']) {
      const page = await get(path, { headers: { 'Accept-Language': lang } });
      const text = page.bytes.toString('utf8');
      assert.equal(page.status, 503);
      assert.match(page.headers['content-type'], /^text\/html/);
      for (const part of [`<html lang="${lang}">`, `<h1>${title}</h1>`, advice, 'scripts/console &amp;&amp; make build']) assert.ok(text.includes(part), part);
    }
  }
});

test('a file that the browser has is not sent again', async () => {
  const page = (await get('/causes/no_profile', { headers: { Accept: 'text/html' } })).bytes.toString('utf8');
  const file = page.match(/href="(\/assets\/[^"]+)"/)[1];
  const { etag } = (await get(file)).headers;
  assert.match(etag, /^W\/"[0-9a-f]{24}"$/);
  for (const [tags, status] of [[etag, 304], [etag.slice(2), 304], [`"other", ${etag}`, 304], ['*', 304], ['"other"', 200], ['', 200],
    [etag.slice(2, -2), 200]]) {
    const answer = await get(file, { headers: { 'If-None-Match': tags } });
    assert.equal(answer.status, status, tags);
    assert.equal(answer.bytes.length > 0, status === 200, tags);
    assert.equal(answer.headers.etag, etag);
  }
});
