// Without the right token a caller cannot tell whether an appKey exists, nor in what state it is: the answers
// are the same bytes, request id, diagnosis and date aside, and of the same length with them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { raw } from '../lib/llaverod.mjs';
import { strangers } from '../lib/strangers.mjs';

let daemon;
let key;
let rows;

before(async () => { ({ daemon, key, rows } = await strangers()); });
after(() => daemon?.close());

const request = (line, headers, body = '') => [line, 'Host: gate.example', 'Connection: close', ...headers, '', body].join('\r\n');
const json = (members) => {
  const body = JSON.stringify(members);
  return [[`Content-Length: ${body.length}`, 'Content-Type: application/json'], body];
};
const WHERE = {
  nginx: (method, path) => [`GET /auth/nginx HTTP/1.1`, [`X-Original-Method: ${method}`, `X-Original-URI: ${path}`, 'X-Original-Address: 10.0.0.1']],
  forwarded: (method, path) => [`GET /auth/forwarded HTTP/1.1`, [`X-Forwarded-Method: ${method}`, `X-Forwarded-Uri: ${path}`, 'X-Real-IP: 10.0.0.1']],
  envoy: (method, path) => [`${method} /auth/envoy${path} HTTP/1.1`, []],
};
const PAIR = {
  'X-App': (k, t) => [`X-App-Key: ${k}`, `X-App-Token: ${t}`],
  'X-VTEX': (k, t) => [`X-VTEX-API-AppKey: ${k}`, `X-VTEX-API-AppToken: ${t}`],
};

// The bytes of one answer, without what is another in each.
async function answered(bytes) {
  const answer = (await raw(daemon.gate, bytes)).toString('latin1');
  const plain = answer.replace(/^Date: .*\r\n/m, '')
    .replace(/"requestId":"[0-9a-f]{32}"/g, '"requestId":""')
    .replace(/[A-Za-z0-9_-]{100,}/g, (sealed) => `<${sealed.length}>`);
  return { answer, plain };
}

async function alike(label, ask) {
  const [first, ...others] = rows;
  const wanted = await answered(ask(first[1], first[2]));
  assert.match(wanted.plain, /credentials_invalid/, label);
  for (const [what, appKey, appToken] of others) {
    const { answer, plain } = await answered(ask(appKey, appToken));
    assert.equal(plain, wanted.plain, `${label}: ${first[0]} and ${what}`);
    assert.equal(answer.length, wanted.answer.length, `${label}: ${what}: length`);
    assert.ok(!answer.includes(appKey) && !answer.includes(appToken), what);
  }
  // And can fail: the right pair is answered in another way.
  assert.notEqual((await answered(ask(key.appKey, key.appToken))).plain, wanted.plain, label);
}

for (const [dialect, where] of Object.entries(WHERE)) {
  for (const [family, pair] of Object.entries(PAIR)) {
    test(`${dialect}, ${family}: strangers are answered alike, in each language and wherever they ask`, async () => {
      for (const language of ['es', 'en', 'pt']) {
        for (const [method, path] of [['GET', '/orders/7'], ['DELETE', '/orders/7'], ['GET', '/not/mapped']]) {
          const [line, own] = where(method, path);
          await alike(`${dialect} ${method} ${path} ${language}`, (appKey, appToken) => (
            request(line, [...own, `Accept-Language: ${language}`, ...pair(appKey, appToken)])));
        }
      }
    });
  }
}

test('verify: strangers are answered alike', async () => {
  for (const account of [undefined, 'store', 'stoqt', 'nobody']) {
    await alike(`verify for ${account}`, (appKey, appToken) => (
      request('POST /v1/verify HTTP/1.1', ...json({ appKey, appToken, method: 'GET', path: '/orders/7', account }))));
  }
});

test('a token alone: one of nobody and one that is not live here are answered alike', async () => {
  const seen = new Set();
  for (const token of [rows[0][2], rows[4][2]]) {
    for (const header of ['X-API-Key: ', 'Authorization: Bearer ']) {
      const [line, own] = WHERE.nginx('GET', '/orders/7');
      seen.add((await answered(request(line, [...own, header + token]))).plain);
    }
  }
  assert.equal(seen.size, 1);
});

test('what is told of a text holds for known and unknown keys alike', async () => {
  const broken = (token) => [['token_typo', token.replace(/.$/, (c) => (c === 'Q' ? 'P' : 'Q'))], ['wrong_case', token.toLowerCase()],
    ['whitespace', `${token.slice(0, 9)} ${token.slice(9)}`], ['token_truncated', token.slice(0, 40)]];
  const [line, own] = WHERE.forwarded('GET', '/orders/7');
  const rest = (plain) => plain.replace(/"positions":\[[^\]]*\]/, '');
  for (const [cause, token] of broken(rows[0][2])) {
    const answers = [];
    for (const [, appKey] of rows) answers.push((await answered(request(line, [...own, ...PAIR['X-App'](appKey, token)]))).plain);
    assert.match(answers[0], new RegExp(`"cause":"${cause}"`));
    assert.equal(new Set(answers.map(rest)).size, 1, cause);
  }
});
