// An upstream that keeps what reaches it byte for byte, and takes no liberty in reading it: what it cannot
// read by the letter of RFC 9112 it keeps as `odd`, so that no test passes on what a parser made right.
import { createHash } from 'node:crypto';
import net from 'node:net';

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/s;

/** The values of a header of a request that was kept, whatever the case of its name. */
export const values = (seen, wanted) => seen.headers
  .filter(([name]) => name.toLowerCase() === wanted.toLowerCase()).map(([, value]) => value);

// The head in front of an empty line: { method, url, minor, headers, odd }.
function readHead(text) {
  const [first, ...lines] = text.split('\r\n');
  const line = REQUEST_LINE.exec(first);
  if (!line) return { odd: 'request line', headers: [] };
  const headers = [];
  for (const one of lines) {
    const field = FIELD.exec(one);
    if (!field || /[\r\n\0]/.test(field[2])) return { odd: `header ${JSON.stringify(one)}`, headers };
    headers.push([field[1], field[2]]);
  }
  return { method: line[1], url: line[2], minor: Number(line[3]), headers };
}

// How long the body is: a number, 'chunked', or undefined when two readers could differ.
function bodyLength(head) {
  const lengths = values(head, 'content-length');
  const codings = values(head, 'transfer-encoding');
  if (lengths.length + codings.length > 1) return undefined;
  if (codings.length === 1) return codings[0].toLowerCase() === 'chunked' ? 'chunked' : undefined;
  if (lengths.length === 0) return 0;
  return /^(0|[1-9]\d{0,9})$/.test(lengths[0]) ? Number(lengths[0]) : undefined;
}

// { body, next } of a chunked body from offset on; null while it is not whole; undefined when it is odd.
function readChunks(bytes, offset) {
  const parts = [];
  for (let at = offset; ;) {
    const end = bytes.indexOf('\r\n', at, 'latin1');
    if (end < 0) return null;
    const size = /^([0-9A-Fa-f]{1,8})(?:;.*)?$/.exec(bytes.toString('latin1', at, end));
    if (!size) return undefined;
    const length = parseInt(size[1], 16);
    at = end + 2;
    if (length === 0) {
      // No trailers are sent to it.
      if (bytes.length < at + 2) return null;
      return bytes.toString('latin1', at, at + 2) === '\r\n' ? { body: Buffer.concat(parts), next: at + 2 } : undefined;
    }
    if (bytes.length < at + length + 2) return null;
    parts.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
}

class Connection {
  constructor(upstream, socket) {
    Object.assign(this, { upstream, socket, bytes: Buffer.alloc(0), open: true });
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (!this.open) { socket.write(chunk); return; } // an echo, once the protocol is another
      this.bytes = Buffer.concat([this.bytes, chunk]);
      while (this.open && this.one());
    });
  }

  // Keep and answer one request; false while it is not whole.
  one() {
    const end = this.bytes.indexOf('\r\n\r\n', 0, 'latin1');
    if (end < 0) return false;
    const head = readHead(this.bytes.toString('latin1', 0, end));
    const length = head.odd ? undefined : bodyLength(head);
    if (length === undefined) {
      this.keep({ ...head, odd: head.odd ?? 'framing', body: this.bytes.subarray(end + 4) }, this.bytes.length);
      this.socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      this.open = false;
      return false;
    }
    const whole = this.body(length, end + 4);
    if (!whole) return false;
    this.keep({ ...head, body: Buffer.from(whole.body) }, whole.next);
    this.answer(head);
    return true;
  }

  body(length, at) {
    if (length === 'chunked') {
      const whole = readChunks(this.bytes, at);
      return whole === undefined ? { body: this.bytes.subarray(at), next: this.bytes.length } : whole;
    }
    return this.bytes.length < at + length ? null : { body: this.bytes.subarray(at, at + length), next: at + length };
  }

  keep(seen, next) {
    this.upstream.keep({ ...seen, bytes: Buffer.from(this.bytes.subarray(0, next)) });
    this.bytes = this.bytes.subarray(next);
  }

  answer(head) {
    if (values(head, 'upgrade').some((value) => value.toLowerCase() === 'websocket')) {
      this.open = false;
      const accept = createHash('sha1').update(`${values(head, 'sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      this.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
        + `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
      this.socket.write(this.bytes);
      return;
    }
    const last = head.minor === 0 || values(head, 'connection').some((value) => /close/i.test(value));
    this.socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n${last ? 'Connection: close\r\n' : ''}\r\n`
      + (head.method === 'HEAD' ? '' : 'upstream\n'));
    if (last) this.socket.end();
  }
}

export class RecordingUpstream {
  // keep: what is done with each request instead of keeping it for take().
  static async start(keep) {
    const upstream = new RecordingUpstream();
    upstream.seen = [];
    upstream.keep = keep ?? ((one) => upstream.seen.push(one));
    upstream.sockets = new Set();
    upstream.server = net.createServer({ noDelay: true }, (socket) => {
      upstream.sockets.add(socket);
      socket.on('close', () => upstream.sockets.delete(socket));
      new Connection(upstream, socket);
    });
    await new Promise((resolve) => upstream.server.listen(0, '127.0.0.1', 4096, resolve));
    upstream.port = upstream.server.address().port;
    return upstream;
  }

  /** What came since the last call: [{ method, url, minor, headers (pairs), body, bytes, odd }]. */
  take() { return this.seen.splice(0); }

  stop() {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
