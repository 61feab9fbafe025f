// Every malformed request by name: what is answered, that the connection ends, and that no handler
// saw it. Once with the handler in the loop's thread (a gate), once with worker threads (a keeper).
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Echo, seen } from '../lib/echo.mjs';
import { get, HOST, post, REFUSED } from '../lib/framing.mjs';
import { readAnswers, readRequests } from '../lib/strict_http.mjs';

const TAKEN = [
  ['plain', get(HOST)],
  ['HTTP/1.0 without Host', get('', 'GET /a HTTP/1.0')],
  ['spaces around a value', get(`${HOST}X: \t b c \t\r\n`)],
  ['no space, empty value', get(`${HOST}X:b\r\nY:\r\nZ: \r\n`)],
  ['bytes above 0x7F and tab in a value', get(`${HOST}X: \xe9\tb\r\n`)],
  ['the same header twice', get(`${HOST}Authorization: a\r\nAuthorization: b\r\n`)],
  ['names with _ and - are apart', get(`${HOST}X_App_Key: a\r\nX-App-Key: b\r\n`)],
  ['IPv6 Host with port', get('Host: [::1]:7480\r\n')],
  ['Host of 255 bytes', get(`Host: ${'a'.repeat(255)}\r\n`)],
  ['target as sent', get(HOST, 'GET /a%2fb//..;x?q=%20&a+b#f HTTP/1.1')],
  ['target of 4096 bytes', get(HOST, `GET /${'a'.repeat(4095)} HTTP/1.1`)],
  ['method of 32 characters', get(HOST, `${'G'.repeat(32)} /a HTTP/1.1`)],
  ['cookies stay as sent', get(`${HOST}Cookie: a="b"; c=d, e\r\n`)],
  ['128 headers', get(HOST + 'X: y\r\n'.repeat(127))],
  ['block just below 16 KiB', get(`${HOST}X: ${'a'.repeat(16384 - 33)}\r\n`)],
  ['body', post('Content-Length: 5\r\n', 'h\0\r\nx')],
  ['body of the largest size', post('Content-Length: 4096\r\n', 'x'.repeat(4096))],
  ['empty body', post('Content-Length: 0\r\n')],
  ['100-continue with its body', post('Content-Length: 2\r\nExpect: 100-Continue\r\n', 'ab')],
  ['two requests at once', get(HOST) + get(HOST, 'GET /b HTTP/1.1')],
  ['a body and the next request', post('Content-Length: 3\r\n', 'abc') + get(HOST)],
  ['empty lines in front', `\r\n\r\n${get(HOST)}`],
];

for (const workers of [0, 2]) {
  describe(`${workers} workers`, () => {
    let echo;
    before(async () => { echo = await Echo.start(workers); });
    after(async () => assert.deepEqual(await echo.stop(), { code: 0, signal: null }));

    for (const [label, bytes, status] of REFUSED) {
      test(`refused: ${label}`, async () => {
        // The reference knows no address that takes no body.
        if (!bytes.includes('/none')) assert.notEqual(readRequests(bytes).rest, 'end', 'the reference takes it');
        // What stands behind it on the connection must not be read as a request.
        const { bytes: got } = await echo.send(bytes + get(HOST, 'GET /smuggled HTTP/1.1'), { end: false });
        const answers = readAnswers(got);
        assert.ok(answers.length >= 1, 'no answer');
        assert.ok([status].flat().includes(answers[0].status), `got ${answers[0].status}`);
        assert.match(answers[0].head, /^connection: close/im);
        assert.ok(answers.every((a) => a.status >= 400), 'something reached the handler');
      });
    }

    for (const [label, bytes] of TAKEN) {
      test(`taken: ${label}`, async () => {
        const wanted = readRequests(bytes);
        assert.equal(wanted.rest, 'end');
        for (const pieces of [bytes, [...bytes.match(/[^]{1,700}/g)]]) {
          const { bytes: got } = await echo.send(pieces, { settle: workers > 0 ? 150 : 0 });
          const answers = readAnswers(got);
          assert.deepEqual(answers.map((a) => a.status), wanted.requests.map(() => 200));
          assert.deepEqual(answers.map(seen), wanted.requests);
        }
      });
    }

    test('who is refused while still sending gets the answer, not a reset', async () => {
      for (let i = 0; i < 5; i += 1) {
        const pieces = ['GET /a HTTP/1.1\r\nHost: a\r\n', ...Array(300).fill('X: y\r\n'.repeat(1000))];
        const { bytes: got } = await echo.send(pieces);
        assert.deepEqual(readAnswers(got).map((a) => a.status), [431]);
        const body = await echo.send(['POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n', ...Array(300).fill('x'.repeat(10000))]);
        assert.deepEqual(readAnswers(body.bytes).map((a) => a.status), [413]);
      }
    });

    test('a problem document says what is wrong, in the language asked for', async () => {
      const { bytes } = await echo.send(get('Host: a\r\nHost: b\r\nAccept-Language: es-AR\r\n'));
      const [answer] = readAnswers(bytes);
      const problem = JSON.parse(answer.body);
      assert.match(answer.head, /^content-type: application\/problem\+json/im);
      assert.match(answer.head, /^cache-control: no-store/im);
      assert.equal(problem.status, 400);
      assert.equal(problem.code, 'http.host_repeated');
      assert.match(problem.detail, /llegó más de una vez/);
      assert.match(problem.requestId, /^[0-9a-f]{32}$/);
    });

    test('100-continue is answered before the body comes, not when the body is refused', async () => {
      const asked = await echo.send('POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
        { end: false });
      assert.match(asked.bytes.toString('latin1'), /^HTTP\/1.1 100 /);
      const refused = await echo.send('POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9999\r\n\r\n',
        { end: false });
      assert.match(refused.bytes.toString('latin1'), /^HTTP\/1.1 413 /);
    });

    test('slow clients are cut off: header, body, silence', async () => {
      const [header, body, silence] = await Promise.all([
        echo.send('GET /a HTTP/1.1\r\nHo', { end: false }),
        echo.send(post('Content-Length: 3\r\n', 'x'), { end: false }),
        echo.send('', { end: false }),
      ]);
      assert.match(header.bytes.toString('latin1'), /^HTTP\/1.1 408 /);
      assert.match(body.bytes.toString('latin1'), /^HTTP\/1.1 408 /);
      assert.equal(silence.bytes.length, 0);
      for (const { ms } of [header, body, silence]) assert.ok(ms > 900 && ms < 6000, `${ms} ms`);
    });

    test('a trickle of bytes does not keep a request open', async () => {
      const start = Date.now();
      await new Promise((resolve) => {
        const socket = net.connect(echo.socket);
        let timer;
        socket.on('error', () => {});
        socket.on('connect', () => {
          socket.write('GET /a HTTP/1.1\r\nX: ');
          timer = setInterval(() => socket.write('a'), 100);
        });
        socket.on('close', () => { clearInterval(timer); resolve(); });
        socket.resume();
      });
      assert.ok(Date.now() - start < 6000);
    });
  });
}
