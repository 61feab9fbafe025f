// 20,000 mutated raw requests against the strict reader of tests/lib/strict_http.mjs: what reaches a
// handler is what the reference reads, byte for byte, and nothing that it refuses. Seeded:
// LLAVERO_SEED=N repeats a run, LLAVERO_MUTATIONS=N changes the number.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Echo, seen } from '../lib/echo.mjs';
import { readAnswers, readRequests } from '../lib/strict_http.mjs';

const COUNT = Number(process.env.LLAVERO_MUTATIONS ?? 20000);
const SEED = Number(process.env.LLAVERO_SEED ?? 20260724);
const AT_ONCE = 32;
// A thousand take a second where several are at work.
const TIMEOUT = 80000 + COUNT * 4;

// mulberry32
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const BASES = [
  'GET /auth/nginx HTTP/1.1\r\nHost: a.example:7480\r\nX-Original-URI: /x?y\r\nX-App-Key: k\r\nX-App-Token: t\r\n\r\n',
  'POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
  'GET /a%20b//c;d?q=1&r=%31 HTTP/1.1\r\nHost: [::1]\r\nCookie: a=b; c="d"\r\nAuthorization: Bearer x\r\n\r\n',
  'HEAD / HTTP/1.0\r\n\r\n',
  'OPTIONS /o HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n',
  'PUT /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX-Empty:\r\nX-Pad: \t v \t\r\n\r\n',
  'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n',
  'POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /4 HTTP/1.1\r\nHost: a\r\n\r\n',
];
const PIECES = ['\r', '\n', '\r\n', '\0', ' ', '\t', ':', ';', ',', '\r\n ', '\r\n\t', '\0\n', '\n\r', '\r\r\n',
  'Host: b\r\n', 'Content-Length: 5\r\n', 'Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n', 'Expect: x\r\n', 'Connection: close\r\n', 'X: y\r\n z\r\n', ': v\r\n', 'X : y\r\n',
  'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'GET ', '/', '*', 'http://a/', '%00', '%0d%0a', '#', '?', '@', '\x80', '\xff',
  '\x01', '\x7f', '+', '-', '0', '9', '0\r\n\r\n', '\r\n\r\n', 'a'.repeat(300), `X: ${'b'.repeat(17000)}\r\n`];

function mutate(random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  let text = pick(BASES);
  for (let n = Math.floor(random() * 4); n >= 0; n -= 1) {
    const at = Math.floor(random() * (text.length + 1));
    const length = Math.floor(random() * 6);
    switch (Math.floor(random() * 7)) {
      case 0: text = text.slice(0, at) + pick(PIECES) + text.slice(at); break;
      case 1: text = text.slice(0, at) + text.slice(at + length); break;
      case 2: text = text.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(at + 1); break;
      case 3: { // at a line's beginning, where headers are
        const lines = text.split('\r\n');
        lines.splice(Math.floor(random() * lines.length), 0, pick(PIECES).replace(/\r\n$/, ''));
        text = lines.join('\r\n');
        break;
      }
      case 4: { // a line twice
        const lines = text.split('\r\n');
        const line = Math.floor(random() * lines.length);
        lines.splice(line, 0, lines[line]);
        text = lines.join('\r\n');
        break;
      }
      case 5: text = text.slice(0, at) + text.slice(at, at + length) + text.slice(at); break;
      default: { // one line end of another kind
        const ends = [...text.matchAll(/\r\n/g)];
        if (ends.length === 0) break;
        const { index } = pick(ends);
        text = text.slice(0, index) + pick(['\n', '\r', '\0\n', '\r\0\n', '\n\n', ' \r\n', '\r\n \r\n', '']) + text.slice(index + 2);
      }
    }
  }
  return text;
}

// In one write, or cut somewhere: the library reads a block in another way when it comes in parts.
function cut(text, random) {
  if (random() < 0.7) return text;
  const at = Math.floor(random() * text.length);
  return [text.slice(0, at), text.slice(at)];
}

function judge(text, got) {
  const wanted = readRequests(text).requests;
  const answers = readAnswers(got);
  const taken = [];
  for (const answer of answers) {
    if (answer.status !== 200) break;
    taken.push(answer);
  }
  assert.ok(answers.slice(taken.length).every((a) => a.status !== 200), 'taken behind a refusal');
  assert.ok(taken.length <= wanted.length, `took ${taken.length}, the reference ${wanted.length}`);
  for (const [i, answer] of taken.entries()) {
    // The body of an answer to HEAD is not there to compare.
    if (wanted[i].method === 'HEAD') return taken.length;
    assert.deepEqual(seen(answer), wanted[i]);
  }
  return taken.length;
}

// The end of a header block is where the library's memory tells least: all of them, not some.
test('every ending of up to five bytes', { timeout: 80000 }, async () => {
  const endings = [];
  const grow = (ending) => {
    if (ending.endsWith('\n')) endings.push(ending);
    if (ending.length < 5) for (const byte of ['\r', '\n', '\0', ':', 'a', ' ']) grow(ending + byte);
  };
  grow('');
  const echo = await Echo.start(0);
  let taken = 0;
  const lane = async () => {
    for (let ending; (ending = endings.pop()) !== undefined;) {
      const text = `GET / HTTP/1.1\r\nHost: a${ending}`;
      const { bytes } = await echo.send(text);
      taken += judge(text, bytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  } finally {
    await echo.stop();
  }
  assert.ok(taken > 0);
});

for (const workers of [0, 2]) {
  const count = workers === 0 ? COUNT : Math.ceil(COUNT / 10);
  test(`${count} mutated requests, seed ${SEED}, ${workers} workers`, { timeout: TIMEOUT }, async () => {
    const echo = await Echo.start(workers);
    const random = generator(SEED + workers);
    let left = count;
    let taken = 0;
    let refused = 0;
    let failed = false;
    const lane = async () => {
      while (left > 0 && !failed) {
        left -= 1;
        const text = mutate(random);
        const { bytes } = await echo.send(cut(text, random), { settle: workers > 0 ? 40 : 0 });
        try {
          const n = judge(text, bytes);
          taken += n > 0 ? 1 : 0;
          refused += n === 0 ? 1 : 0;
        } catch (error) {
          failed = true;
          error.message += `\nrequest: ${JSON.stringify(text)}\nanswer: ${JSON.stringify(bytes.toString('latin1').slice(0, 2000))}`;
          throw error;
        }
      }
    };
    let ended;
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
    } finally {
      ended = await echo.stop();
    }
    assert.deepEqual(ended, { code: 0, signal: null });
    // The mutations must show both sides.
    assert.ok(taken > count / 20 && refused > count / 20, `${taken} taken, ${refused} refused`);
  });
}
