// The control file of shim.c: which calls fail, with what, from when on, on which files; the clock, and chance.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BUILD } from '../../lib/llaverod.mjs';

export const CALLS = { write: 1, sync: 2, size: 4, name: 8, read: 16 };
export const ERRORS = { ENOSPC: os.constants.errno.ENOSPC, EIO: os.constants.errno.EIO, EROFS: os.constants.errno.EROFS };
const AT = { mask: 0, error: 4, passing: 8, failing: 12, failed: 16, inodes: 20, list: 24, clock: 88, time: 96, chance: 104, size: 112 };

export class Shim {
  constructor(folder) {
    this.path = path.join(folder, 'shim');
    this.bytes = Buffer.alloc(AT.size);
    fs.writeFileSync(this.path, this.bytes);
    this.fd = fs.openSync(this.path, 'r+');
  }

  get env() { return { LD_PRELOAD: path.join(BUILD, 'tests/fault/fault_shim.so'), FAULT_SHIM: this.path }; }

  put(at, size) { fs.writeSync(this.fd, this.bytes, at, size, at); }

  // calls: names of CALLS. After passing calls, failing calls fail (all when it is not given). files: only these.
  fail(calls, error, { passing = 0, failing = -1, files = [] } = {}) {
    this.calm();
    this.bytes.writeUInt32LE(ERRORS[error], AT.error);
    this.bytes.writeInt32LE(passing, AT.passing);
    this.bytes.writeInt32LE(failing, AT.failing);
    this.bytes.writeUInt32LE(0, AT.failed);
    this.bytes.writeUInt32LE(files.length, AT.inodes);
    files.forEach((file, i) => this.bytes.writeBigUInt64LE(fs.statSync(file, { bigint: true }).ino, AT.list + 8 * i));
    this.put(AT.error, AT.clock - AT.error);
    this.bytes.writeUInt32LE(calls.reduce((mask, call) => mask | CALLS[call], 0), AT.mask);
    this.put(AT.mask, 4);
  }

  // No more failures; how many there were.
  calm() {
    this.bytes.writeUInt32LE(0, AT.mask);
    this.put(AT.mask, 4);
    return this.failed();
  }

  failed() {
    const count = Buffer.alloc(4);
    fs.readSync(this.fd, count, 0, 4, AT.failed);
    return count.readUInt32LE(0);
  }

  // Seconds that the wall clock is off.
  clock(seconds) {
    this.bytes.writeBigInt64LE(BigInt(seconds), AT.clock);
    this.put(AT.clock, 8);
  }

  // It is another time of another day: not a clock that was set, but time itself. Milliseconds since 1970.
  time(milliseconds) {
    this.bytes.writeBigInt64LE(BigInt(Math.round((milliseconds - Date.now()) / 1000)), AT.time);
    this.put(AT.time, 8);
  }

  // The same numbers are drawn in every run.
  fixChance(seed = 1) {
    this.bytes.writeBigUInt64LE(BigInt(seed), AT.chance);
    this.put(AT.chance, 8);
  }

  close() { fs.closeSync(this.fd); }
}
