// The control file of hash_shim.c: hold the checking of passwords, and count what a login costs.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { BUILD } from './llaverod.mjs';

const AT = { held: 0, inside: 4, checks: 8, makes: 12, steps: 16, size: 20 };

export class HashShim {
  constructor() {
    this.path = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-hash-')), 'shim');
    fs.writeFileSync(this.path, Buffer.alloc(AT.size));
    this.fd = fs.openSync(this.path, 'r+');
  }

  get env() { return { LD_PRELOAD: path.join(BUILD, 'tests/lib/hash_shim.so'), HASH_SHIM: this.path }; }

  #put(value) { fs.writeSync(this.fd, Buffer.from(Uint32Array.of(value).buffer), 0, 4, AT.held); }

  hold() { this.#put(1); }

  release() { this.#put(0); }

  #read() {
    const bytes = Buffer.alloc(AT.size);
    fs.readSync(this.fd, bytes, 0, AT.size, 0);
    return bytes;
  }

  // How many passwords are being checked now.
  get inside() { return this.#read().readUInt32LE(AT.inside); }

  // What was done since the start: passwords checked and made, codes computed.
  get work() {
    const bytes = this.#read();
    return { checks: bytes.readUInt32LE(AT.checks), makes: bytes.readUInt32LE(AT.makes), steps: bytes.readUInt32LE(AT.steps) };
  }

  close() {
    this.release();
    fs.closeSync(this.fd);
    fs.rmSync(path.dirname(this.path), { recursive: true });
  }
}
