// What clients may try on every gateway: headers that claim what only the gateway may say, and paths that two
// readers understand differently.
import assert from 'node:assert/strict';
import http2 from 'node:http2';

export const FORGED = {
  'X-Llavero-Key': 'forged', 'x-llavero-account': 'forged', 'X-LLAVERO-EXTERNAL-ID': 'forged',
  'X-Llavero-Profile': ['forged', 'forged'], 'X-Llavero-Resource': 'forged', 'X-Llavero-Revision': 'forged',
  'X-Llavero-Status': '200', 'X-Llavero-Cause': 'forged', 'X-Llavero-Problem': 'forged', 'X-Llavero-Diagnosis': 'forged',
  X_Llavero_Key: 'forged', 'X-Llavero_Account': 'forged', x_original_uri: '/forged', 'X_App-Token': 'forged',
  'X-Original-URI': ['/news/forged', '/news/forged'], 'X-Original-Method': 'FORGED', 'X-Original-Host': 'forged.example',
  'X-Original-Address': '10.66.66.66', 'X-Original-URL': '/forged', 'X-Rewrite-URL': '/forged',
  'X-Forwarded-Method': 'FORGED', 'X-Forwarded-Uri': '/news/forged', 'X-Forwarded-Host': 'forged.example',
  'X-Forwarded-For': '10.66.66.66', 'X-Forwarded-Proto': 'forged', 'X-Real-IP': '10.66.66.66', Forwarded: 'for=10.66.66.66',
  'X-HTTP-Method-Override': 'FORGED', 'X-Method-Override': 'FORGED', 'X-HTTP-Method': 'FORGED',
};
export const forgery = /forged|10\.66\.66\.66/i;

// How upstreams may read a target: what each of them would serve for it.
const once = (text) => text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
const dots = (text) => {
  const out = [];
  for (const segment of text.split('/')) {
    if (segment === '..') out.pop();
    else if (segment !== '.') out.push(segment);
  }
  return out.join('/');
};
export const READERS = [
  (p) => p, once, (p) => once(once(p)), dots, (p) => dots(once(p)), (p) => once(dots(p)), (p) => dots(once(once(p))),
  (p) => dots(once(p).replace(/;[^/]*/g, '')), (p) => dots(p.replace(/;[^/]*/g, '')),
  (p) => dots(once(p).replace(/\\/g, '/')), (p) => once(p).replace(/\/+/g, '/'), (p) => dots(once(p).replace(/\/+/g, '/')),
  (p) => once(p).split(/[\0?#]/)[0], (p) => once(p).toLowerCase(), (p) => once(p).trim(),
];

export const BETWEEN = ['/../', '/./', '//', '/.//', '/..//', '/%2e%2e/', '/%2E%2e/', '/.%2e/', '/%2e./', '/..;/', '/;/', '/;/../', '/..;x=1/',
  '/;x=/../', '/%2e%2e;/', '/..%2f', '/..%2F', '%2f..%2f', '%2f', '%2F%2E%2E%2F', '/..%5c', '%5c..%5c', '\\..\\', '/..\\', '/%5c..%5c',
  '/%252e%252e/', '/..%252f', '%252f..%252f', '/%25%32%65%25%32%65/', '/%c0%ae%c0%ae/', '/%c0%af', '/%e0%80%ae%e0%80%ae/',
  '/%u002e%u002e/', '/%uff0e%uff0e/', '/..%00/', '/%00../', '%00', '/..%09/', '/..%20/', '/.. /', '/..%0d%0a/', '/..%23/', '/..%3f/', '/%3b/../',
  '/..%3b/', '/.%00./', '/\xa0../', '/..\x85/', '/%ff/../', '/..#/', '/#/../', '#/../', '?/../', '/~/../', '/%2e/', '/..%ef%bc%8f',
  '/\xef\xbc\x8e\xef\xbc\x8e/', '/..%c0%af', '/%2e%2e%2f', '/.../', '/....//', '/.;./', '/.%3b./'];

const SPELLED = ['/secret/1', '/%73ecret/1', '/s%65cret/1', '/%2573ecret/1', '/SECRET/1', '/Secret/1', '/secret/1/', '/secret//1', '//secret/1',
  '///secret/1', '/secret/1;x', '/secret;x/1', '/;/secret/1', '/./secret/1', '/secret/./1', '/secret/1/.', '/secret/1/..', '/secret/1%20',
  '/secret/1%09', '/secret/1%00', '/secret/1.', '/secret/%31', '/secret%2f1', '/secret%5c1', '/secret\\1', '\\secret\\1', '/%2fsecret/1',
  '/%5csecret/1', '/secret/1#', '/secret/1#x', '/secret/1?', '/secret/1?x=/open/7', '/secret/1%3f', '/secret/1%23', '/secret/1%3bx',
  '/secret/1%zz', '/secret/1%', '/secret/1%2', '/secret\x00/1', '/secret/\xe9', '/secret/%e9', '/sec\xc5\xbfret/1', '/secret/1:80',
  'secret/1', '*', '/*', '/', '', 'http://shop.example/secret/1', 'http://shop.example/open/7', 'HTTP://shop.example/secret/1',
  'http://other.example/secret/1', 'http://other.example/open/7', 'http://shop.example/open/../secret/1', 'http://shop.example//secret/1',
  'http://shop.example:80/open/7', 'http://user@shop.example/open/7', 'http://shop.example', 'http:///open/7', 'https://shop.example/secret/1',
  'shop.example:80', 'http:/secret/1', '/http://shop.example/secret/1', '/open/7?/../secret/1', '/open/7?%2e%2e/', '/open/7?#/secret',
  '/open/7;/../../secret/1', '/open/7%3f/../../secret/1', '/open/7/notes', '/open/%e2%82%ac', '/open/%25', '/open/%2525', '/open/a%20b',
  `/open/${'x'.repeat(5000)}`, `/open/${'a/'.repeat(300)}`, `${'/a/..'.repeat(100)}/secret/1`];

export const PATHS = [...SPELLED, ...BETWEEN.flatMap((between) => [
  `/open${between}secret/1`, `/open/7${between}secret/1`, `/open/7${between}${between.replace(/^\//, '')}secret/1`,
  `/open${between}7`, `/secret${between}1`, `/news/7${between}../secret/1`])];

/** Asks for each path by rawAsk (one raw request line in; status, body and what the upstream saw out): what passes arrives as it was sent, and nobody may read it as one that is refused. */
export async function assertNoOtherReading(rawAsk) {
  let passed = 0;
  for (const target of PATHS) {
    const { status, body, seen } = await rawAsk(`GET ${target} HTTP/1.1`);
    const label = JSON.stringify(target);
    if (status !== 200) {
      assert.deepEqual(seen, [], label);
      if (body?.startsWith('{')) {
        const { cause } = JSON.parse(body);
        assert.ok(['path_ambiguous', 'request_malformed', 'route_unknown', 'profile_lacks_resource'].includes(cause), `${label}: ${cause}`);
      }
      continue;
    }
    passed += 1;
    // The upstream got the target as it was sent, save for the origin of an absolute one.
    assert.equal(seen.length, 1, label);
    assert.equal(seen[0].url, target.replace(/^https?:\/\/[^/]*/i, ''), label);
    const [path] = seen[0].url.split('?');
    for (const read of READERS) {
      assert.doesNotMatch(read(path), /secret/i, `${label} passes, and may be read as ${JSON.stringify(read(path))}`);
    }
  }
  // Plain ones among them pass: the table does not agree with everything.
  assert.ok(passed >= 6 && passed < PATHS.length / 5, `${passed} of ${PATHS.length} pass`);
}

/** Asks over HTTP/2: { get(path, headers) -> { status, text }, close() }. */
export function openHttp2(origin) {
  const session = http2.connect(origin, { rejectUnauthorized: false });
  const get = (path, headers) => new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'GET', ':path': path, ':authority': 'shop.example',
      ...Object.fromEntries(Object.entries(headers).map(([n, v]) => [n.toLowerCase(), v])) });
    let head;
    const chunks = [];
    stream.on('response', (h) => { head = h; });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({ status: head[':status'], text: Buffer.concat(chunks).toString() }));
    stream.end();
  });
  return { get, close: () => new Promise((resolve) => { session.close(resolve); }) };
}
