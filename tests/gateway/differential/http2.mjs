// HTTP/2 by hand, without TLS: a client that sends what the libraries would not. Names and values go as literal bytes
// (RFC 7541, 6.2.2, no Huffman), so a value may hold CR and LF, a name may be in capitals, and what only HTTP/1 has
// (Transfer-Encoding, Connection, a second Host) may come along.
import net from 'node:net';

const FRAME = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7 };
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
// The statuses of the static table (RFC 7541, appendix A): an indexed field, one byte.
const STATUSES = { 0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500 };

function integer(value, prefixBits, first) {
  const max = (1 << prefixBits) - 1;
  if (value < max) return Buffer.from([first | value]);
  const bytes = [first | max];
  let left = value - max;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}

const literal = (text) => {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
};

function frame(type, flags, stream, payload) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The bytes of a connection with one request: fields [[name, value]], pseudo fields first; body: text. */
export function http2Bytes(fields, body) {
  const block = Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
  return Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.SETTINGS, 0, 0, Buffer.alloc(0)),
    frame(FRAME.HEADERS, END_HEADERS | (body === '' ? END_STREAM : 0), 1, block),
    ...(body === '' ? [] : [frame(FRAME.DATA, END_STREAM, 1, Buffer.from(body, 'latin1'))])]);
}

/** Send such bytes; the status of the answer, 1 where it has one of other bytes, 0 where none came. */
export function http2Exchange(port, bytes, quietMs) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let got = Buffer.alloc(0);
    let status = 0;
    const read = () => {
      while (got.length >= 9 && got.length >= 9 + got.readUIntBE(0, 3)) {
        const payload = got.subarray(9, 9 + got.readUIntBE(0, 3));
        const [type, flags] = [got[3], got[4]];
        got = got.subarray(9 + payload.length);
        if (type === FRAME.SETTINGS && !(flags & ACK)) socket.write(frame(FRAME.SETTINGS, ACK, 0, Buffer.alloc(0)));
        if (type === FRAME.PING && !(flags & ACK)) socket.write(frame(FRAME.PING, ACK, 0, payload));
        if (type === FRAME.HEADERS && status === 0) status = STATUSES[payload.find((byte) => (byte & 0xe0) !== 0x20)] ?? 1;
        const ended = type === FRAME.RST_STREAM || type === FRAME.GOAWAY
          || ((type === FRAME.DATA || type === FRAME.HEADERS) && (flags & END_STREAM));
        if (ended) socket.destroy();
      }
    };
    socket.setTimeout(quietMs, () => socket.destroy());
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      read();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(status));
  });
}
