// A search for secrets in every form in which they could be left behind, and what to search: the
// memory of a process as a core would have it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { until } from './llaverod.mjs';

const ALPHABET = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L';
const PIECE = 16; // bytes of text, or of a key: enough to be no accident, small enough to survive a cut

const pieces = (bytes) => {
  const count = Math.max(1, Math.floor(bytes.length / PIECE));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE, (i + 1) * PIECE));
};

// A token of ours without its text: the symbols, and the bits that they stand for.
export function tokenBits(token) {
  const symbols = Buffer.from([...token.slice(3)].map((c) => ALPHABET.indexOf(c)));
  const bits = [...symbols.subarray(0, 39)].map((symbol) => symbol.toString(2).padStart(5, '0')).join('');
  return { symbols, packed: Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2))) };
}

// Where in a longer base64 text the bytes stand: one middle for each of the three positions.
function base64Forms(bytes) {
  const forms = [];
  for (let before = 0; before < 3; before++) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replace(/=+$/, '');
    const middle = text.slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6));
    forms.push(middle, middle.replace(/\+/g, '-').replace(/\//g, '_'));
  }
  return forms;
}

export class Canaries {
  constructor() {
    this.needles = new Map(); // first four bytes -> [{ secret, form, bytes }]
    this.first = new Uint8Array(65536);
    this.names = new Set();
  }

  // Remember a secret that is text, or the bytes of a key.
  add(secret, value) {
    const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1');
    this.names.add(secret);
    this.#forms(secret, bytes);
    if (!Buffer.isBuffer(value) && /^LV1[A-Z0-9]{52}$/.test(value)) {
      const { symbols, packed } = tokenBits(value);
      for (const piece of pieces(symbols)) this.#needle(secret, 'symbols', piece);
      this.#forms(`${secret} (its bits)`, packed);
    }
  }

  #forms(secret, bytes) {
    for (const piece of pieces(bytes)) {
      const hex = piece.toString('hex');
      this.#needle(secret, 'as it is', piece);
      this.#needle(secret, 'in hex', Buffer.from(hex));
      this.#needle(secret, 'in hex', Buffer.from(hex.toUpperCase()));
      for (const text of base64Forms(piece)) this.#needle(secret, 'in base64', Buffer.from(text));
    }
  }

  #needle(secret, form, bytes) {
    const start = bytes.readUInt32LE(0);
    if (!this.needles.has(start)) this.needles.set(start, []);
    this.needles.get(start).push({ secret, form, bytes });
    this.first[start & 0xFFFF] = 1;
  }

  // What stands in the bytes: ['name form', ...], each once.
  find(haystack) {
    const bytes = Buffer.isBuffer(haystack) ? haystack : Buffer.from(haystack, 'latin1');
    const found = new Set();
    const last = bytes.length - 4;
    for (let i = 0; i <= last; i++) {
      if (this.first[bytes[i] | bytes[i + 1] << 8] === 0) continue;
      for (const needle of this.needles.get(bytes.readUInt32LE(i)) ?? []) {
        if (bytes.compare(needle.bytes, 0, needle.bytes.length, i, Math.min(i + needle.bytes.length, bytes.length)) === 0) {
          found.add(`${needle.secret} ${needle.form}`);
        }
      }
    }
    return [...found];
  }
}

// The bytes of a file without its holes, which may be far larger than what is written.
function written(name) {
  const { size, blocks } = fs.statSync(name);
  if (size <= 2 * 512 * blocks) return fs.readFileSync(name);
  return execFileSync('tar', ['--create', '--sparse', '--file=-', `--directory=${path.dirname(name)}`, path.basename(name)],
    { maxBuffer: 1 << 30 });
}

// All files below a folder: [[path, bytes]].
export function files(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return files(name);
    return entry.isFile() ? [[name, written(name)]] : [];
  });
}

const PAGE = 4096;

// The mappings of a process: [{ from, to, file, shared, flags }].
function mappings(pid) {
  const maps = [];
  for (const line of fs.readFileSync(`/proc/${pid}/smaps`, 'latin1').split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+) *(.*)$/.exec(line);
    if (head) {
      maps.push({ from: parseInt(head[1], 16), to: parseInt(head[2], 16), readable: head[3][0] === 'r',
        shared: head[3][3] === 's', file: head[4] !== '0', name: head[5] });
    } else if (line.startsWith('VmFlags:')) {
      maps.at(-1).flags = line.slice(8).trim().split(' ');
    }
  }
  return maps;
}

// The pages of a mapping that are there; an untouched one holds nothing.
function residentRuns(pagemap, { from, to }) {
  const count = (to - from) / PAGE;
  const entries = Buffer.alloc(count * 8);
  const got = fs.readSync(pagemap, entries, 0, entries.length, from / PAGE * 8);
  const runs = [];
  for (let i = 0; i < got / 8; i++) {
    if ((entries[i * 8 + 7] & 0xC0) === 0) continue; // neither present nor swapped out
    if (runs.at(-1)?.to === from + i * PAGE) runs.at(-1).to += PAGE;
    else runs.push({ from: from + i * PAGE, to: from + (i + 1) * PAGE });
  }
  return runs;
}

// The memory of a process: [{ name, core, bytes }], core: whether a core would hold it. The kernel's
// rule (core(5)): what is marked as not to be dumped is left out, and of mappings of files only
// what the process has changed for itself is taken. Fails where this user may not look.
export function memory(pid) {
  const mem = fs.openSync(`/proc/${pid}/mem`, 'r');
  try {
    const pagemap = fs.openSync(`/proc/${pid}/pagemap`, 'r');
    try {
      // The files of shared mappings are searched as files; the kernel's own pages hold nothing of ours.
      return mappings(pid).filter((map) => map.readable && !(map.file && map.shared) && !map.name.startsWith('[v')).flatMap((map) => (
        residentRuns(pagemap, map).map(({ from, to }) => {
          const bytes = Buffer.alloc(to - from);
          fs.readSync(mem, bytes, 0, bytes.length, from);
          return { name: map.name, core: !map.flags.includes('dd') && !map.flags.includes('io'), bytes };
        })));
    } finally { fs.closeSync(pagemap); }
  } finally { fs.closeSync(mem); }
}

export const NOT_ALLOWED = 'skipped: this user may not look into a process that forbids it: environment and memory were not searched';

// Null when this user may not.
export function ifAllowed(read) {
  try { return read(); } catch (error) {
    if (error.code === 'EACCES' || error.code === 'EPERM') return null;
    throw error;
  }
}

// What a core of the process would hold of the canaries; what is kept from it; what is planted.
export function look(pid, canaries, planted) {
  const regions = memory(pid);
  const found = (core) => regions.filter((region) => region.core === core).flatMap(({ name, bytes }) => (
    canaries.find(bytes).map((one) => `${one} (${name || 'memory'})`)));
  return { inCore: found(true), apart: found(false).map((one) => one.replace(/ \(.*/, '')),
    control: regions.some(({ core, bytes }) => core && planted.find(bytes).length > 0) };
}

// A connection that was left may still be closing: what goes in a moment is well.
export async function coreIsClean(pid, when, canaries, planted) {
  let seen = look(pid, canaries, planted);
  await until('nothing is left', () => { seen = look(pid, canaries, planted); return seen.inCore.length === 0; }).catch(() => {});
  assert.deepEqual(seen.inCore, [], `a core of ${fs.readFileSync(`/proc/${pid}/comm`, 'ascii').trim()} ${when}`);
  return seen;
}

/** Nothing in the arguments and the environment of the processes; answers what was not searched, if anything. */
export function argumentsAreClean(pids, clean) {
  for (const pid of pids) {
    clean(`cmdline of ${pid}`, fs.readFileSync(`/proc/${pid}/cmdline`), { control: true });
    const environ = ifAllowed(() => fs.readFileSync(`/proc/${pid}/environ`));
    if (environ === null) return NOT_ALLOWED;
    clean(`environ of ${pid}`, environ, { control: true });
  }
  return undefined;
}
