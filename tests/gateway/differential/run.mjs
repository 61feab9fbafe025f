#!/usr/bin/env node
// Hostile requests through every gateway to an upstream that keeps what reaches it: whatever got there must be allowed when
// it is decided afresh. The last line is `N passed, N failed`.
//
// usage: run.mjs COUNT [--seed N] [--first N] [--server NAME]... [--fault NAME] [--show]
//   COUNT    how many, shared by the servers: each gets the same requests
//   --first  the number of the first one: with COUNT 1, a seed and one server, one request alone
//   --fault  break the kit as faults.mjs says, on its server alone
//   --show   print each request and what became of it
import net from 'node:net';
import { parseArgs } from 'node:util';

import { Llaverod, until } from '../../lib/llaverod.mjs';
import { SERVERS } from '../lib/servers.mjs';
import { makeStore } from '../lib/suite.mjs';
import { RecordingUpstream } from '../lib/upstream.mjs';
import { FAULTS } from './faults.mjs';
import { http2Exchange } from './http2.mjs';
import { Oracle } from './oracle.mjs';
import { makeRequest } from './requests.mjs';

const AT_ONCE = 32; // connections to each server
const QUIET_MS = 150; // without a byte, when it is open how many answers come
const SHOWN = 10;

const printable = (bytes) => JSON.stringify(bytes.toString('latin1')).replace(/[\x7f-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);

// The status of the first final answer, and whether it is whole.
function firstAnswer(bytes) {
  const text = bytes.toString('latin1');
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return {};
    const status = Number(text.slice(at + 9, at + 12));
    if (status < 200 && status !== 101) { at = end + 4; continue; }
    const length = Number(/^content-length: *(\d+)/im.exec(text.slice(at, end))?.[1] ?? NaN);
    return { status, whole: text.length >= end + 4 + length };
  }
}

// Send one request; its status, or 0 when the connection was closed without a word.
function exchange(port, { bytes, framed }) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let got = Buffer.alloc(0);
    socket.setTimeout(framed ? QUIET_MS : 10000, () => socket.destroy());
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      const { status, whole } = firstAnswer(got);
      if (status === 101 || (whole && !framed)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(firstAnswer(got).status ?? 0));
  });
}

// One server with an upstream of its own.
class Lane {
  constructor(name, options) { Object.assign(this, { name, ...options, statuses: new Map(), reached: 0, failures: [], pending: new Set() }); }

  async open(daemon) {
    this.upstream = await RecordingUpstream.start((seen) => this.judge(seen));
    this.server = await SERVERS[this.name]({ gate: daemon.gate.socket, upstream: this.upstream.port, ...this.fault });
    // What it said while it started is none of ours.
    await Promise.all(this.pending);
    Object.assign(this, { reached: 0, failures: [] });
  }

  judge(seen) {
    this.reached += 1;
    const judged = this.oracle.judge(seen).then((wrong) => {
      this.pending.delete(judged);
      if (wrong) this.fail(seen, wrong);
    });
    this.pending.add(judged);
  }

  fail(seen, wrong) {
    const n = /^x-case:[ \t]*c(\d+)/im.exec(seen.bytes.toString('latin1'))?.[1];
    this.failures.push({ wrong, n: n && Number(n), bytes: seen.bytes });
  }

  async run(first, count) {
    let next = first;
    const worker = async () => {
      while (next < first + count) {
        const n = next++;
        const one = makeRequest(this.seed, n, this.oracle.key);
        const status = one.http2 ? await http2Exchange(this.server.port2, one.bytes, QUIET_MS) : await exchange(this.server.port, one);
        if (this.show) console.log(`${this.name} ${status} ${printable(one.bytes)}`);
        this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await until('all judged', () => this.pending.size === 0, 60000);
  }

  report() {
    const statuses = [...this.statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${status}: ${n}`).join(', ');
    console.log(`${this.name}: ${this.reached} reached the upstream, ${this.failures.length} of them wrongly (${statuses})`);
    for (const { wrong, n, bytes } of this.failures.slice(0, SHOWN)) {
      console.log(`  FAILED seed ${this.seed} number ${n ?? 'unknown'}: ${wrong}`);
      if (n !== undefined) console.log(`    sent ${printable(makeRequest(this.seed, n, this.oracle.key).bytes)}`);
      console.log(`    got  ${printable(bytes)}`);
    }
  }

  async close() {
    await this.upstream?.stop();
    await this.server?.stop();
  }
}

async function main() {
  const { values: given, positionals } = parseArgs({ allowPositionals: true, options: {
    seed: { type: 'string', default: '20261125' }, first: { type: 'string', default: '0' }, show: { type: 'boolean', default: false },
    server: { type: 'string', multiple: true, default: Object.keys(SERVERS) },
    fault: { type: 'string' } } });
  const { server, ...fault } = FAULTS[given.fault] ?? {};
  const names = server === undefined ? given.server : [server];
  const count = Math.ceil(Number(positionals[0] ?? 20000) / names.length);
  const seed = Number(given.seed);
  const began = Date.now();
  const daemon = await Llaverod.start();
  const { key } = await makeStore(daemon);
  const oracle = new Oracle(daemon, key);
  const lanes = names.map((name) => new Lane(name, { oracle, seed, fault, show: given.show }));
  try {
    for (const lane of lanes) await lane.open(daemon);
    await Promise.all(lanes.map((lane) => lane.run(Number(given.first), count)));
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
    oracle.close();
    await daemon.close();
  }
  console.log(`seed ${seed}, requests ${given.first} to ${Number(given.first) + count - 1}, each through ${lanes.length} gateways, in ${Math.round((Date.now() - began) / 1000)} s`);
  let failed = 0;
  for (const lane of lanes) {
    lane.report();
    failed += lane.failures.length;
    // A run in which nothing passes, or nothing is refused, has looked at nothing.
    if (count >= 1000 && !(lane.reached > count / 20 && lane.reached < count / 2)) {
      console.log(`  FAILED ${lane.reached} of ${count} reached the upstream: too few or too many to tell anything`);
      failed += 1;
    }
  }
  console.log(`${count * lanes.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

await main();
