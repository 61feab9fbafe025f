// What gateways really send to the gate where a client was odd: byte for byte, in every dialect. A question that two
// programs could read differently is refused, whatever its gateway made of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Llaverod, raw } from '../lib/llaverod.mjs';
import { makeStore } from '../lib/store.mjs';
import { readAnswers } from '../lib/strict_http.mjs';

let daemon;
let key;

before(async () => {
  daemon = await Llaverod.start();
  ({ key } = await makeStore(daemon));
});

after(() => daemon?.close());

// The true status and the cause of an answer, whatever the dialect's own status.
async function ask(head) {
  const pair = `X-App-Key: ${key.appKey}\r\nX-App-Token: ${key.appToken}\r\n`;
  const bytes = Buffer.from(`${head}${pair}Connection: close\r\n\r\n`, 'latin1');
  const [answer] = readAnswers(await raw(daemon.gate, bytes, 30000));
  const field = (name) => new RegExp(`^${name}: (.*)$`, 'im').exec(answer.head)?.[1];
  if (answer.status === 200) return '200';
  return `${field('X-Llavero-Status') ?? answer.status} ${field('X-Llavero-Cause') ?? 'none'}`;
}

const FIELDS = { nginx: { method: 'X-Original-Method', target: 'X-Original-URI', host: 'X-Original-Host', address: 'X-Original-Address' },
  forwarded: { method: 'X-Forwarded-Method', target: 'X-Forwarded-Uri', host: 'X-Forwarded-Host', address: 'X-Real-IP' } };

// A question with some of its lines written otherwise: each a text, or undefined for none.
const question = (dialect, lines = {}, version = 'HTTP/1.1', own = 'Host: llavero\r\n') => {
  const name = FIELDS[dialect];
  const all = { method: `${name.method}: GET`, target: `${name.target}: /orders/7`, host: `${name.host}: shop.example`, ...lines };
  return `GET /auth/${dialect} ${version}\r\n${own}${Object.values(all).filter((line) => line !== undefined).map((line) => `${line}\r\n`).join('')}`;
};

const TARGETS = [
  ['/orders/7', '200'],
  ['  /orders/7 \t ', '200', 'spaces around a value are HTTP\'s, not the target\'s'],
  ['/orders/7?x=/../y', '200'],
  ['/orders/7?', '200'],
  ['/%6frders/%37', '200', 'the same letters'],
  ['/orders/7%20', '200', 'an id that ends in a space'],
  ['/ORDERS/7', '403 route_unknown'],
  ['/orders/7/', '403 route_unknown'],
  ['http://shop.example/orders/7', '200', 'absolute, to the same host'],
  ['HTTP://SHOP.example:80/orders/7', '200'],
  ['http://other.example/orders/7', '400 path_ambiguous'],
  ['http://x@shop.example/orders/7', '400 path_ambiguous'],
  ['http://shop.example', '400 request_malformed', 'no path at all'],
  ['http:/orders/7', '400 path_ambiguous'],
  ['ftp://shop.example/orders/7', '400 path_ambiguous'],
  ['//shop.example/orders/7', '400 path_ambiguous'],
  ['shop.example:443', '400 path_ambiguous'],
  ['orders/7', '400 path_ambiguous'],
  ['*', '400 path_ambiguous'],
  ['', '400 request_malformed'],
  ['/orders/7, /open', '400 path_ambiguous', 'two values that somebody has joined'],
  ['/orders/7 HTTP/1.1', '400 path_ambiguous'],
  ['/orders/\t7', '400 path_ambiguous'],
  ['/orders/7#x', '400 path_ambiguous'],
  ['/orders/\xc3\xa9', '400 path_ambiguous'],
  ['/orders/%c3%a9', '200'],
  ['/orders/%c0%af', '400 path_ambiguous'],
  ['/orders%2f7', '400 path_ambiguous'],
  ['/orders%2F7', '400 path_ambiguous'],
  ['/orders/%252f', '400 path_ambiguous'],
  ['/orders/%25', '200', 'a percent sign and no digits'],
  ['/orders/%', '400 path_ambiguous'],
  ['/orders/%4', '400 path_ambiguous'],
  ['/orders/%zz', '400 path_ambiguous'],
  ['/orders/%00', '400 path_ambiguous'],
  ['/orders/%0d%0aX: y', '400 path_ambiguous'],
  ['/orders/./7', '400 path_ambiguous'],
  ['/orders/%2e%2e/7', '400 path_ambiguous'],
  ['/orders/..;/7', '400 path_ambiguous'],
  ['/orders/7;x=y', '400 path_ambiguous'],
  ['/orders\\7', '400 path_ambiguous'],
  ['/orders//7', '400 path_ambiguous'],
  [`/orders/${'x'.repeat(5000)}`, '400 request_malformed'],
];

for (const dialect of Object.keys(FIELDS)) {
  const name = FIELDS[dialect];

  test(`${dialect}: targets as gateways hand them on`, async () => {
    for (const [target, wanted, why = ''] of TARGETS) {
      assert.equal(await ask(question(dialect, { target: `${name.target}: ${target}` })), wanted, `${JSON.stringify(target.slice(0, 60))} ${why}`);
    }
  });

  test(`${dialect}: each line comes once, and under its own name`, async () => {
    const twice = (what) => ({ [what]: `${name[what]}: ${{ method: 'GET', target: '/orders/7', host: 'shop.example' }[what]}\r\n${name[what].toLowerCase()}: x` });
    const rows = [
      ['the target twice, the second one another', twice('target'), '400 request_malformed'],
      ['the target twice, both the same', { target: `${name.target}: /orders/7\r\n${name.target}: /orders/7` }, '400 request_malformed'],
      ['the target twice, the second one empty', { target: `${name.target}: /orders/7\r\n${name.target}:` }, '400 request_malformed'],
      ['the method twice', twice('method'), '400 request_malformed'],
      ['the host twice', twice('host'), '400 request_malformed'],
      ['the address twice', { more: `${name.address}: 10.0.0.1\r\n${name.address}: 10.0.0.1` }, '400 request_malformed'],
      ['no target', { target: undefined }, '400 request_malformed'],
      ['the target with an underscore', { target: `${name.target.replaceAll('-', '_')}: /orders/7` }, '400 request_malformed'],
      ['an underscore beside it', { more: `${name.target.replaceAll('-', '_')}: /nowhere` }, '200'],
      ['no method', { method: undefined }, '400 request_malformed'],
      ['an empty method', { method: `${name.method}:` }, '400 request_malformed'],
      ['a method in lower case', { method: `${name.method}: get` }, '403 route_unknown'],
      ['two methods joined', { method: `${name.method}: GET, POST` }, '400 request_malformed'],
      ['spaces around the method', { method: `${name.method}:  GET\t` }, '200'],
      ['no host', { host: undefined }, '200'],
      ['two hosts joined', { host: `${name.host}: shop.example, other.example` }, '400 request_malformed'],
      ['an address that is none', { more: `${name.address}: unknown` }, '200'],
    ];
    for (const [label, lines, wanted] of rows) assert.equal(await ask(question(dialect, lines)), wanted, label);
  });

  test(`${dialect}: HTTP/1.0, with and without a host of its own`, async () => {
    assert.equal(await ask(question(dialect, {}, 'HTTP/1.0', '')), '200');
    assert.equal(await ask(question(dialect, {}, 'HTTP/1.0')), '200');
    assert.match(await ask(question(dialect, {}, 'HTTP/1.1', '')), /^400 /);
    assert.match(await ask(question(dialect, {}, 'HTTP/2.0')), /^(400|505) /);
  });
}

test('envoy: targets behind its prefix', async () => {
  for (const [target, wanted, why = ''] of TARGETS) {
    // The rest is no request line, or not behind the prefix.
    if (!/^\/[\x21-\x7e]*$/.test(target) || target.startsWith('//') || target.length > 4000) continue;
    assert.equal(await ask(`GET /auth/envoy${target} HTTP/1.1\r\nHost: shop.example\r\n`), wanted, `${target} ${why}`);
  }
  const rows = [
    ['a path without a slash is another address', '/auth/envoyorders/7', '404 none'],
    ['two slashes', '/auth/envoy//orders/7', '400 path_ambiguous'],
    ['upwards out of the prefix', '/auth/envoy/../nginx', '400 path_ambiguous'],
    ['into the prefix', '/auth/x/../envoy/orders/7', '404 none'],
    ['the prefix in other letters', '/auth/%65nvoy/orders/7', '404 none'],
    ['absolute', 'http://shop.example/auth/envoy/orders/7', '400 none'],
  ];
  for (const [label, target, wanted] of rows) {
    assert.equal(await ask(`GET ${target} HTTP/1.1\r\nHost: shop.example\r\n`), wanted, label);
  }
  assert.equal(await ask('GET /auth/envoy/orders/7 HTTP/1.0\r\n'), '200', 'HTTP/1.0 without a host');
  assert.match(await ask('GET /auth/envoy/orders/7 HTTP/1.1\r\nHost: shop.example\r\nHost: shop.example\r\n'), /^400 /);
});
