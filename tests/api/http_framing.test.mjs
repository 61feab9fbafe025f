// Every malformed request by name: what is answered, that the connection ends, and that no handler
// saw it. Once with the handler in the loop's thread (a gate), once with worker threads (a keeper).
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Echo, seen } from '../lib/echo.mjs';
import { readAnswers, readRequests } from '../lib/strict_http.mjs';

const get = (headers, line = 'GET /a HTTP/1.1') => `${line}\r\n${headers}\r\n`;
const post = (headers, body = '') => `POST /a HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
const HOST = 'Host: a\r\n';

const REFUSED = [
  ['lone LF everywhere', 'GET /a HTTP/1.1\nHost: a\n\n', 400],
  ['lone LF behind the first line', 'GET /a HTTP/1.1\nHost: a\r\n\r\n', 400],
  ['lone LF between headers', get('Host: a\nX: b\r\n'), 400],
  ['lone LF at the end', 'GET /a HTTP/1.1\r\nHost: a\r\n\n', 400],
  ['bare CR in a value', get(`${HOST}X: b\rc\r\n`), 400],
  ['bare CR that fakes a header', get(`${HOST}X: b\rY: c\r\n`), 400],
  ['CR CR LF', get('Host: a\r\r\n'), 400],
  ['NUL in a value', get(`${HOST}X: b\0c\r\n`), 400],
  ['NUL at the end of a value', get(`${HOST}X: b\0\r\n`), 400],
  ['NUL in a name', get(`${HOST}X\0Y: b\r\n`), 400],
  ['NUL in the target', get(HOST, 'GET /a\0b HTTP/1.1'), 400],
  ['NUL in the method', get(HOST, 'G\0T /a HTTP/1.1'), 400],
  ['NUL in the version', get(HOST, 'GET /a HTTP/1.1\0'), 400],
  ['a line that begins with NUL', get(`${HOST}\0X: b\r\n`), 400],
  ['folded value', get(`${HOST}X: b\r\n c\r\n`), 400],
  ['folded value, tab', get(`${HOST}X: b\r\n\tc\r\n`), 400],
  ['folded with a token', get(`X: b\r\n Y\r\n${HOST}`), 400],
  ['folded, empty line of spaces', get(`${HOST}X: b\r\n \r\n`), 400],
  ['first header line folded', get(` X: b\r\n${HOST}`), 400],
  ['space before colon', get('Host : a\r\n'), 400],
  ['tab before colon', get('Host\t: a\r\n'), 400],
  ['space in a name', get(`${HOST}X Y: b\r\n`), 400],
  ['empty name', get(`${HOST}: b\r\n`), 400],
  ['no colon', get(`${HOST}foo\r\n`), 400],
  ['parenthesis in a name', get(`${HOST}X(: b\r\n`), 400],
  ['control character in a value', get(`${HOST}X: b\x01\r\n`), 400],
  ['DEL in a value', get(`${HOST}X: b\x7f\r\n`), 400],
  ['byte above 0x7F in a name', get(`${HOST}X\xe9: b\r\n`), 400],
  ['no Host', get(''), 400],
  ['two Hosts', get('Host: a\r\nHost: b\r\n'), 400],
  ['the same Host twice', get('Host: a\r\nhost: a\r\n'), 400],
  ['empty Host', get('Host:\r\n'), 400],
  ['Host with userinfo', get('Host: u@a\r\n'), 400],
  ['Host with a path', get('Host: a/b\r\n'), 400],
  ['Host with a space', get('Host: a b\r\n'), 400],
  ['Host list', get('Host: a, b\r\n'), 400],
  ['Host with two ports', get('Host: a:1:2\r\n'), 400],
  ['Host with an empty port', get('Host: a:\r\n'), 400],
  ['Host with port 65536', get('Host: a:65536\r\n'), 400],
  ['Host of 256 bytes', get(`Host: ${'a'.repeat(256)}\r\n`), 400],
  ['two Hosts in HTTP/1.0', get('Host: a\r\nHost: b\r\n', 'GET /a HTTP/1.0'), 400],
  ['length and chunked', post('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['chunked and length', post('Transfer-Encoding: chunked\r\nContent-Length: 1\r\n', '0\r\n\r\n'), 400],
  ['chunked', post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n'), 411],
  ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), [411, 501]],
  ['unknown encoding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 501],
  ['encoding identity', post('Transfer-Encoding: identity\r\n'), 501],
  ['empty encoding', post('Transfer-Encoding:\r\n'), 501],
  ['encoding with vertical tab', post('Transfer-Encoding:\x0bchunked\r\n', '0\r\n\r\n'), 400],
  ['encoding in HTTP/1.0', 'POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['two lengths', post('Content-Length: 1\r\nContent-Length: 2\r\n', 'x'), 400],
  ['the same length twice', post('Content-Length: 1\r\nContent-Length: 1\r\n', 'x'), 400],
  ['length +1', post('Content-Length: +1\r\n', 'x'), 400],
  ['length -1', post('Content-Length: -1\r\n', 'x'), 400],
  ['length 01', post('Content-Length: 01\r\n', 'x'), 400],
  ['length 0x1', post('Content-Length: 0x1\r\n', 'x'), 400],
  ['length 1,1', post('Content-Length: 1,1\r\n', 'x'), 400],
  ['length 1 1', post('Content-Length: 1 1\r\n', 'x'), 400],
  ['empty length', post('Content-Length:\r\n'), 400],
  ['length beyond 64 bits', post('Content-Length: 99999999999999999999\r\n'), [400, 413]],
  ['body larger than the address takes', post('Content-Length: 4097\r\n', 'x'), 413],
  ['body where none is taken', 'GET /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx', 413],
  ['expectation that nobody knows', get(`${HOST}Expect: 200-ok\r\n`), 417],
  ['two expectations', get(`${HOST}Expect: 100-continue\r\nExpect: 100-continue\r\n`), 417],
  ['HTTP/1.2', get(HOST, 'GET /a HTTP/1.2'), 505],
  ['HTTP/1.9', get(HOST, 'GET /a HTTP/1.9'), 505],
  ['HTTP/2.0', get(HOST, 'GET /a HTTP/2.0'), 505],
  ['HTTP/0.9', 'GET /a\r\n', 400],
  ['http/1.1', get(HOST, 'GET /a http/1.1'), 400],
  ['no version', get(HOST, 'GET /a'), 400],
  ['two spaces', get(HOST, 'GET  /a HTTP/1.1'), 400],
  ['two spaces before the version', get(HOST, 'GET /a  HTTP/1.1'), 400],
  ['space in the target', get(HOST, 'GET /a b HTTP/1.1'), 400],
  ['space behind the version', get(HOST, 'GET /a HTTP/1.1 '), 400],
  ['tab for a space', get(HOST, 'GET\t/a HTTP/1.1'), 400],
  ['tab in the target', get(HOST, 'GET /a\tb HTTP/1.1'), 400],
  ['byte above 0x7F in the target', get(HOST, 'GET /\xe9 HTTP/1.1'), 400],
  ['DEL in the target', get(HOST, 'GET /\x7f HTTP/1.1'), 400],
  ['absolute target', get(HOST, 'GET http://a/b HTTP/1.1'), 400],
  ['authority target', get(HOST, 'CONNECT a:443 HTTP/1.1'), 400],
  ['asterisk target', get(HOST, 'OPTIONS * HTTP/1.1'), 400],
  ['target without slash', get(HOST, 'GET a HTTP/1.1'), 400],
  ['method with a bracket', get(HOST, 'G(T /a HTTP/1.1'), 400],
  ['method of 33 characters', get(HOST, `${'G'.repeat(33)} /a HTTP/1.1`), 400],
  ['target of 4097 bytes', get(HOST, `GET /${'a'.repeat(4096)} HTTP/1.1`), 414],
  ['target of 20000 bytes', get(HOST, `GET /${'a'.repeat(19999)} HTTP/1.1`), 414],
  ['block beyond 16 KiB', get(`${HOST}X: ${'a'.repeat(16384)}\r\n`), 431],
  ['block far beyond', get(`${HOST}X: ${'a'.repeat(60000)}\r\n`), 431],
  ['129 headers', get(HOST + 'X: y\r\n'.repeat(128)), 431],
  ['10000 headers', get(HOST + 'X: y\r\n'.repeat(10000)), 431],
];

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
