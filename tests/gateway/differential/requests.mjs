// Requests as a hostile client writes them: a sound one, changed in a few places. Byte by byte, repeatable by seed
// and number. Most stay close to what is sound: what every server refuses at once finds nothing.
import { Random } from '../../model/random.mjs';
import { BETWEEN, FORGED } from '../lib/hostile.mjs';
import { http2Bytes } from './http2.mjs';

const TARGETS = ['/open/7', '/open/7', '/open/7', '/open/a%20b', '/news/7', '/secret/1', '/files/a/b', '/files/a.txt'];
const PIECES = [...BETWEEN, '/', '//', '.', '..', '/..', '/.', '?', '#', ';', '%', '%2', '%zz', '*', '\\', ':', '@', '&', '+', '~', '|', '"', '<', '{',
  '/secret/1', '/open/7', '/news/7', '/files/', 'secret', '%73ecret', '%2573ecret', 'SECRET', 'sec\xadret', '%ef%bb%bf', '\xef\xbb\xbf', '?x=/secret/1',
  ';/secret/1', '#/secret/1', '%3f', '%23', '%3b', '%00', '%0a', '%0d%0a', '%7f', '%25', '%2b', '%41', '%2e', '%2F', '\x7f', '\x01', '\xff', '\xe2\x82\xac'];
const PREFIXES = ['http://shop.example', 'http://inner.example', 'HTTP://shop.example', 'https://inner.example', 'http://shop.example:80', 'http://inner.example:80',
  'http://x@shop.example', 'http://shop.example@inner.example', '//inner.example', 'shop.example', 'http:', 'http:/', 'ws://shop.example', 'http://[::1]', ' ', '\t', '*'];
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'get', 'FOO', 'GETT', 'PRI', 'TRACE', 'CONNECT', 'G\x01T'];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/01.1', 'HTTP/1.10', 'HTTP /1.1', ''];
const HOSTS = ['shop.example', 'inner.example', 'SHOP.example', 'shop.example:80', 'inner.example:8080', 'shop.example.', 'inner.example.', 'shop.example, inner.example',
  'shop.example inner.example', 'shop.example/inner', 'inner.example@shop.example', '', '[::1]', 'shop.example#', 'shop_example', 'sh\xf6p.example', 'shop.example:', 'shop.example:x'];
const SPACES = ['', ' ', '\t', '  ', ' \t', '\x0b', '\x0c', '\xa0', '\r', '\0'];
const CONNECTIONS = ['close', 'keep-alive', 'close, X-Llavero-Key', 'close, X-Llavero-Revision', 'close, X-App-Token', 'close, X-App-Key', 'close, X-Forwarded-Uri',
  'close, X-Forwarded-Method', 'close, X-Forwarded-Host', 'close, X-Original-URI', 'close, X-Real-IP', 'close, Host', 'close, Content-Length', 'close, Transfer-Encoding',
  'Upgrade', 'Upgrade, HTTP2-Settings', 'TE, close'];
const CODINGS = ['chunked', 'Chunked', 'xchunked', 'chunked, identity', 'identity', 'identity, chunked', 'chunked, chunked', '"chunked"', 'chunked;x', ' chunked', 'chunked\t',
  '\x0bchunked', 'gzip, chunked', 'chunked,', ',chunked', 'chun\0ked', ''];
const LENGTHS = ['0', '5', '+5', '-1', '05', '5 ', '5, 5', '5,6', '0x5', '5e0', '5.0', '', '99999999999999999999', '18446744073709551621', '\x0b5'];
const ENDS = ['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\n\r', '\0\r\n', '\r\n '];

const spelled = (random, name) => [...name].map((c) => {
  if (c === '-' && random.chance(25)) return random.pick(['_', '.', '--', '-', ' ', '~', "'"]);
  return random.chance(30) ? (random.chance(50) ? c.toUpperCase() : c.toLowerCase()) : c;
}).join('');

function inserted(random, text, pieces) {
  const at = random.below(text.length + 1);
  const cut = random.chance(40) ? random.below(3) : 0;
  return text.slice(0, at) + random.pick(pieces) + text.slice(at + cut);
}

const encoded = (random, text) => {
  if (text === '') return text;
  const at = random.below(text.length);
  const hex = text.charCodeAt(at).toString(16).padStart(2, '0');
  return `${text.slice(0, at)}%${random.chance(50) ? hex : hex.toUpperCase()}${text.slice(at + 1)}`;
};

function target(random, text) {
  let changed = text;
  for (let n = random.between(1, 3); n > 0; n--) {
    switch (random.below(7)) {
      case 0: case 1: changed = inserted(random, changed, PIECES); break;
      case 2: case 3: changed = encoded(random, changed); break;
      case 4: changed = inserted(random, changed, [String.fromCharCode(random.between(1, 255))]); break;
      case 5: changed = changed.replace(/[a-z]/gi, (c) => (random.chance(10) ? c.toUpperCase() : c)); break;
      default: changed += random.pick(['?x=1', '?/../secret/1', '?', '/', '/.', '#x', ';a=b', '%20']);
    }
  }
  if (random.chance(15)) changed = random.pick(PREFIXES) + changed;
  return changed;
}

// What stands behind the head as a body may be a request of its own to who reads it as one.
const smuggled = (secrets, random) => `GET ${random.pick(['/secret/1', '/open/7', '/news/7'])} HTTP/1.1\r\nHost: shop.example\r\nX-App-Key: ${secrets.appKey}\r\n`
  + `X-App-Token: ${secrets.appToken}\r\nX-Llavero-Key: forged\r\nX-Llavero-Revision: forged\r\n\r\n`;

function chunked(random, text) {
  const size = text.length.toString(16);
  const written = random.pick([size, size.toUpperCase(), `0${size}`, `${size};x=y`, `${size};x="\r\n"`, `0x${size}`, `${size} `, ` ${size}`, `+${size}`, `${size}\n`, `ffffffffffffffff${size}`]);
  const end = random.pick(['0\r\n\r\n', '0\r\n\r\n', '0\r\nX-Llavero-Key: forged\r\n\r\n', '0\r\nContent-Length: 5\r\n\r\n', '0\n\n', '00\r\n\r\n', '0\r\n', '-0\r\n\r\n', '']);
  return `${random.chance(60) ? size : written}${random.pick(['\r\n', '\r\n', '\r\n', '\n', '\r'])}${text}${random.pick(['\r\n', '\r\n', '\r\n', '\n', ''])}${end}`;
}

// Each changes { method, target, version, headers: [[name, value]], body, ends: [what ends each line] }.
const CHANGES = {
  target: (random, one) => { one.target = target(random, one.target); },
  line(random, one) {
    switch (random.below(3)) {
      case 0: one.method = random.pick(METHODS); break;
      case 1: one.version = random.pick(VERSIONS); break;
      default: one.gap = random.pick([' ', '  ', '\t', ' \t', '\x0b', '\xa0', '']);
    }
  },
  host(random, one) {
    const at = one.headers.findIndex(([name]) => /host/i.test(name));
    if (at < 0) return;
    switch (random.below(5)) {
      case 0: one.headers.splice(at, 1); break;
      case 1: one.headers.splice(random.below(one.headers.length), 0, ['host', random.pick(HOSTS)]); break;
      case 2: one.headers[at][1] = random.pick(SPACES) + one.headers[at][1] + random.pick(SPACES); break;
      default: one.headers[at][1] = random.pick(HOSTS);
    }
  },
  forged(random, one) {
    for (let n = random.between(1, 3); n > 0; n--) {
      const [name, value] = random.pick(Object.entries(FORGED));
      one.headers.splice(random.below(one.headers.length + 1), 0, [spelled(random, name), [value].flat()[0]]);
    }
  },
  header(random, one) {
    const header = random.pick(one.headers);
    switch (random.below(6)) {
      case 0: header[0] += random.pick(SPACES); break;
      case 1: header[0] = random.pick(SPACES) + header[0]; break;
      case 2: header[1] = random.pick(SPACES) + header[1] + random.pick(SPACES); break;
      case 3: header[0] = spelled(random, header[0]); break;
      case 4: one.headers.push([...header]); break;
      default: header[1] = inserted(random, header[1], [String.fromCharCode(random.below(256)), '\r\n ', '\r\n\t', ', ', ',', '\n']);
    }
  },
  connection(random, one) {
    const at = one.headers.findIndex(([name]) => name === 'Connection');
    if (at >= 0) one.headers[at][1] = random.pick(CONNECTIONS);
    if (random.chance(30)) one.headers.push(['Upgrade', random.pick(['websocket', 'h2c', 'WebSocket', 'TLS/1.0', 'websocket, h2c'])]);
    if (random.chance(20)) one.headers.push(['Connection', random.pick(CONNECTIONS)]);
  },
  framing(random, one) {
    one.method = random.pick(['POST', 'POST', 'PUT', 'GET']);
    one.framed = true;
    const text = random.chance(60) ? smuggled(one.secrets, random) : 'abcde';
    const lengths = random.pick([[], ['5'], [String(text.length)], [random.pick(LENGTHS)], ['5', random.pick(LENGTHS)]]);
    const codings = random.chance(60) ? [random.chance(50) ? 'chunked' : random.pick(CODINGS)] : [];
    for (const value of lengths) one.headers.push([random.chance(85) ? 'Content-Length' : `Content-Length${random.pick(SPACES)}`, value]);
    for (const value of codings) one.headers.push([random.chance(85) ? 'Transfer-Encoding' : random.pick(['Transfer-Encoding ', 'Transfer_Encoding', 'transfer-encoding\t', 'TE']), value]);
    if (random.chance(10)) one.headers.push(['Transfer-Encoding', random.pick(CODINGS)]);
    if (random.chance(10)) one.headers.push(['Expect', random.pick(['100-continue', '100-Continue', 'x'])]);
    one.body = codings.length > 0 && random.chance(80) ? chunked(random, text) + (random.chance(30) ? smuggled(one.secrets, random) : '') : text;
  },
  ends(random, one) {
    one.framed = true;
    one.ends = one.headers.map(() => (random.chance(80) ? '\r\n' : random.pick(ENDS)));
    if (random.chance(20)) one.last = random.pick(['\n', '\r', '\r\n\r\n', '', '\0']);
    if (random.chance(10)) one.before = random.pick(['\r\n', '\n', '\r\n\r\n', ' ', '\0']);
  },
};

const WEIGHTS = ['target', 'target', 'target', 'target', 'target', 'forged', 'forged', 'header', 'host', 'line', 'connection', 'framing', 'framing', 'ends'];

// The four families of a credential, or none.
const credential = (random, { appKey, appToken }) => random.pick([
  [['X-App-Key', appKey], ['X-App-Token', appToken]], [['X-App-Key', appKey], ['X-App-Token', appToken]], [['X-App-Key', appKey], ['X-App-Token', appToken]],
  [['X-VTEX-API-AppKey', appKey], ['X-VTEX-API-AppToken', appToken]], [['X-API-Key', appToken]], [['Authorization', `Bearer ${appToken}`]], []]);

// What HTTP/2 may carry that turns into something else on the way to an upstream that speaks HTTP/1.
const CHANGES2 = {
  path(random, one) { one.pseudo[1][1] = target(random, one.pseudo[1][1]); },
  authority(random, one) {
    one.pseudo[2][1] = random.pick(HOSTS);
    if (random.chance(50)) one.fields.push(['host', random.pick(HOSTS)]);
  },
  pseudo(random, one) {
    switch (random.below(6)) {
      case 0: one.pseudo.splice(random.below(4), 1); break;
      case 1: one.pseudo.push([...random.pick(one.pseudo)]); break;
      case 2: one.pseudo[0][1] = random.pick(METHODS); break;
      case 3: one.pseudo[3][1] = random.pick(['https', 'HTTP', 'ftp', 'http://shop.example', 'http/1.1\r\nX-Llavero-Key: forged', '', 'javascript']); break;
      case 4: one.fields.push([random.pick([':path', ':method', ':authority', ':forged', ':protocol']), random.pick(['/secret/1', 'POST', 'inner.example', 'websocket'])]); break;
      default: random.pick(one.pseudo)[1] += random.pick([' HTTP/1.1\r\nX-Llavero-Key: forged\r\nX: ', '\r\nX-Llavero-Key: forged', '\n', '\0', ' ', '\t']);
    }
  },
  forged(random, one) {
    for (let k = random.between(1, 3); k > 0; k--) {
      const [name, value] = random.pick(Object.entries(FORGED));
      const written = random.chance(85) ? spelled(random, name).toLowerCase() : spelled(random, name);
      one.fields.push([written, [value].flat()[0]]);
    }
  },
  injected(random, one) {
    const lines = random.pick(['\r\nX-Llavero-Key: forged', '\nX-Llavero-Key: forged', '\r\n\r\nGET /secret/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n', '\0', '\r', ': x']);
    const field = random.pick(one.fields);
    field[random.chance(70) ? 1 : 0] += lines;
  },
  hop(random, one) {
    one.fields.push(random.pick([['transfer-encoding', random.pick(CODINGS)], ['connection', random.pick(CONNECTIONS)], ['upgrade', 'websocket'], ['te', 'trailers, chunked'],
      ['content-length', random.pick(LENGTHS)], ['keep-alive', '1'], ['proxy-connection', 'close'], ['http2-settings', 'AAMAAABkAAQAAP__'], ['expect', '100-continue']]));
    if (random.chance(60)) {
      one.pseudo[0][1] = 'POST';
      one.body = random.chance(50) ? smuggled(one.secrets, random) : chunked(random, smuggled(one.secrets, random));
    }
  },
  field(random, one) {
    const field = random.pick(one.fields);
    if (random.chance(30)) one.fields.push([...field]);
    else field[random.chance(70) ? 1 : 0] = inserted(random, field[1], [String.fromCharCode(random.below(256)), ' ', '\t', ',']);
  },
};

const WEIGHTS2 = ['path', 'path', 'path', 'path', 'path', 'authority', 'forged', 'forged', 'injected', 'hop', 'field'];

function makeRequest2(random, n, secrets) {
  const one = { secrets, body: '', fields: [...credential(random, secrets).map(([name, value]) => [name.toLowerCase(), value]), ['x-case', `c${n}`]],
    pseudo: [[':method', 'GET'], [':path', random.pick(TARGETS)], [':authority', 'shop.example'], [':scheme', 'http']] };
  // What changes a pseudo field counts on all four: one change, or several of the others.
  if (random.chance(15)) CHANGES2.pseudo(random, one);
  else if (!random.chance(3)) for (let k = random.pick([1, 1, 1, 2, 3]); k > 0; k--) CHANGES2[random.pick(WEIGHTS2)](random, one);
  return { bytes: http2Bytes([...one.pseudo, ...one.fields], one.body), framed: true, http2: true };
}

/** Request number n of a seed: { bytes, framed, http2 } (framed: more than one answer, or none, may come). Every fourth is HTTP/2. */
export function makeRequest(seed, n, secrets) {
  const random = new Random((Math.imul(seed, 0x9e3779b1) + n) >>> 0);
  if (n % 4 === 3) return makeRequest2(random, n, secrets);
  const one = { secrets, method: 'GET', target: random.pick(TARGETS), version: 'HTTP/1.1', gap: ' ', before: '', last: '\r\n', body: '',
    headers: [['Host', 'shop.example'], ...credential(random, secrets), ['X-Case', `c${n}`], ['Connection', 'close']] };
  if (!random.chance(3)) for (let k = random.pick([1, 1, 1, 2, 3]); k > 0; k--) CHANGES[random.pick(WEIGHTS)](random, one);
  const lines = one.headers.map(([name, value], i) => `${name}: ${value}${one.ends?.[i] ?? '\r\n'}`);
  const text = `${one.before}${one.method}${one.gap}${one.target}${one.version === '' ? '' : ` ${one.version}`}\r\n${lines.join('')}${one.last}${one.body}`;
  return { bytes: Buffer.from(text, 'latin1'), framed: one.framed === true };
}
