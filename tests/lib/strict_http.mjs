// A strict HTTP/1.1 reader, written from RFC 9110 and 9112 only: what may reach a handler.
//
// readRequests(bytes) answers { requests, rest }: the requests in front of the first thing that is
// not one. rest: 'end' (nothing more), 'partial' (a beginning that may still become one), 'refused'.
//
// Five liberties of the server are named in src/http/layout.c and built in here:
//   E1  lines in front of a request line that are empty, or begin with NUL, are skipped;
//   E2  NUL LF ends a line as CR LF does;
//   E3  LF NUL CR LF, or LF NUL NUL LF, ends a line and the block behind it;
//   E4  the empty line at the end of the block may be colon LF, or colon CR LF behind a lone LF;
//   E5  one NUL may stand in front of the last line's end when a lone LF is the empty line.

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HOST = /^(?:\[[0-9A-Za-z:.]+\]|[0-9A-Za-z\-._~%!$&'()*+,;=]+)(?::[0-9]{1,5})?$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const BLOCK_MAX = 16384;
const TARGET_MAX = 4096;
const HEADERS_MAX = 128;
const BODY_MAX = 4096;

// The line from offset on, without its end; null when its LF is not there yet. ends: how many bytes
// behind it end the block together with it, where E3 to E5 let them.
function lineAt(text, offset) {
  const lf = text.indexOf('\n', offset);
  if (lf < 0) return null;
  const before = lf > offset ? text[lf - 1] : '';
  const strict = before === '\r' || before === '\0';
  let end = strict ? lf - 1 : lf;
  let ends = !strict && /^[\0:][\r\0]\n/.test(text.slice(lf + 1, lf + 4)) ? 3 : 0;
  if (strict && end > offset && text[end - 1] === '\0' && text[lf + 1] === '\n') { // E5
    end -= 1;
    ends = 1;
  }
  return { line: text.slice(offset, end), strict: strict || ends > 0, ends, next: lf + 1 };
}

function skipEmpty(text, start) {
  let offset = start;
  for (;;) {
    const { line, next } = lineAt(text, offset) ?? {};
    if (line === undefined || !(line === '' || line[0] === '\0')) return offset;
    offset = next;
  }
}

function checkHeaders(minor, headers) {
  const all = (name) => headers.filter((h) => h.name.toLowerCase() === name).map((h) => h.value);
  const hosts = all('host');
  const lengths = all('content-length');
  const encodings = all('transfer-encoding');
  const expects = all('expect');
  if (hosts.length > 1 || (minor === 1 && hosts.length === 0)) return null;
  if (hosts.length === 1) {
    if (!HOST.test(hosts[0])) return null;
    if (hosts[0].replace(/:[0-9]*$/, '').length > 255) return null;
    const port = /:([0-9]+)$/.exec(hosts[0].replace(/^\[[^\]]*\]/, ''));
    if (port && Number(port[1]) > 65535) return null;
  }
  if (encodings.length > 0) return null; // never taken
  if (lengths.length > 1) return null;
  if (lengths.length === 1 && !/^(0|[1-9][0-9]*)$/.test(lengths[0])) return null;
  if (expects.length > 1 || (expects.length === 1 && expects[0].toLowerCase() !== '100-continue')) return null;
  const length = lengths.length === 1 ? BigInt(lengths[0]) : 0n;
  return length > BigInt(BODY_MAX) ? null : Number(length);
}

// One request from offset on: { request, next }, 'partial' or 'refused'.
function readOne(text, offset) {
  const first = lineAt(text, offset);
  if (first === null) return 'partial';
  const parts = first.line.split(' ');
  if (!first.strict || parts.length !== 3) return 'refused';
  const [method, target, version] = parts;
  if (!TOKEN.test(method) || method.length > 32) return 'refused';
  if (!/^\/[\x21-\x7e]*$/.test(target) || target.length > TARGET_MAX) return 'refused';
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return 'refused';
  const headers = [];
  let at = first.next;
  for (let next = first; ;) {
    if (next.ends > 0) { at += next.ends; break; } // E3, E5
    if (text.startsWith(':\n', at)) { at += 2; break; } // E4
    next = lineAt(text, at);
    if (next === null) return 'partial';
    at = next.next;
    if (!next.strict) return 'refused';
    if (next.line === '' && next.ends === 0) break;
    const colon = next.line.indexOf(':');
    const name = next.line.slice(0, colon);
    const value = next.line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
    if (colon < 1 || !TOKEN.test(name) || !VALUE.test(value)) return 'refused';
    headers.push({ name, value });
  }
  if (at - offset > BLOCK_MAX || headers.length > HEADERS_MAX) return 'refused';
  const minor = version === 'HTTP/1.1' ? 1 : 0;
  const length = checkHeaders(minor, headers);
  if (length === null) return 'refused';
  if (text.length - at < length) return 'partial';
  const last = headers.some((h) => h.name.toLowerCase() === 'connection' && /close/i.test(h.value)) || minor === 0;
  return {
    request: { method, target, minor, headers, body: text.slice(at, at + length) }, next: at + length, last,
  };
}

export function readRequests(bytes) {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
  const requests = [];
  let offset = skipEmpty(text, 0);
  while (offset < text.length) {
    const one = readOne(text, offset);
    if (typeof one === 'string') return { requests, rest: one };
    requests.push(one.request);
    offset = skipEmpty(text, one.next);
  }
  return { requests, rest: 'end' };
}

// The answers in the bytes that a server sent: [{ status, head, body }].
export function readAnswers(bytes) {
  const text = Buffer.from(bytes).toString('latin1');
  const answers = [];
  let offset = 0;
  while (offset < text.length) {
    const end = text.indexOf('\r\n\r\n', offset);
    if (end < 0) break;
    const head = text.slice(offset, end);
    const status = Number(head.slice(9, 12));
    const length = Number(/^content-length: *([0-9]+)/im.exec(head)?.[1] ?? 0);
    offset = end + 4;
    if (status >= 200) {
      answers.push({ status, head, body: text.slice(offset, offset + length) });
      offset += length;
    }
  }
  return answers;
}
