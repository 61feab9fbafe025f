#!/usr/bin/env node
// Kill keeper, gates and supervisor at random moments while clients change keys, start them again,
// and look: no answered change lost, none half there, no revoked key alive again, one whose answer
// never came settled by its Idempotency-Key, the chain of events whole, the index equal to the records.
//
// usage: tests/fault/kill.mjs [KILLS] [--seed N]
//
// Every ROUND kills an installation is audited and a fresh one begins. A failure leaves its data
// directory behind and says where.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Random } from '../model/random.mjs';
import { BUILD, Llaverod, request, until } from '../lib/llaverod.mjs';
import { catalogue, Client } from './lib/accounts.mjs';

const CLIENTS = 4;
const ROUND = 50;
const GATES = 2;

function options() {
  const given = { kills: 100, seed: Number(process.hrtime.bigint() % 4294967296n) };
  const args = process.argv.slice(2);
  while (args.length > 0) {
    const arg = args.shift();
    if (arg === '--seed') given.seed = Number(args.shift());
    else given.kills = Number(arg);
  }
  if (!Number.isInteger(given.kills) || given.kills < 1 || !Number.isInteger(given.seed)) {
    console.error('usage: tests/fault/kill.mjs [KILLS] [--seed N]');
    process.exit(2);
  }
  return given;
}

const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

class Round {
  constructor(daemon, random) {
    Object.assign(this, { daemon, random, asked: 0, kills: { keeper: 0, gate: 0, supervisor: 0 } });
    this.clients = Array.from({ length: CLIENTS }, (_, number) => new Client(daemon, number, random));
  }

  async setUp() {
    await catalogue(this.daemon);
    for (const client of this.clients) {
      await client.setUp();
      await client.observe();
    }
    this.freshAgents();
  }

  // A connection to a process that was killed is of no use.
  freshAgents() {
    this.gateAgent?.destroy();
    this.gateAgent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    for (const client of this.clients) client.gateAgent = this.gateAgent;
  }

  // The processes of that name below the supervisor.
  children(name) {
    const { pid } = this.daemon.process;
    let pids = [];
    try { pids = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number); } catch { }
    return pids.filter((child) => {
      try { return fs.readFileSync(`/proc/${child}/comm`, 'utf8').startsWith(name); } catch { return false; }
    });
  }

  async kill() {
    const choice = this.random.below(100);
    const what = choice < 45 ? 'keeper' : choice < 65 ? 'gate' : 'supervisor';
    const pids = what === 'supervisor' ? [this.daemon.process.pid] : this.children(what);
    // It may be about to be started again: then the supervisor is the one to kill.
    const pid = pids.length > 0 ? this.random.pick(pids) : this.daemon.process.pid;
    const whole = pid === this.daemon.process.pid;
    process.kill(pid, 'SIGKILL');
    this.kills[whole ? 'supervisor' : what] += 1;
    if (whole) {
      await this.daemon.exited;
      await this.daemon.launch({ wait: false });
    } else {
      await until(`${pid} is gone`, () => { try { return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z'); } catch { return true; } });
    }
  }

  // Ready: both roles serve, and the index has the records' revision.
  async ready() {
    await until('all serve again', async () => {
      if (this.daemon.process.exitCode !== null) throw new Error(`llaverod ended:\n${this.daemon.logText().slice(-4000)}`);
      this.freshAgents();
      this.asked += await this.random.pick(this.clients).askRevoked();
      if (this.children('keeper').length !== 1 || this.children('gate').length !== GATES) return false;
      try {
        const [keeper, gate] = await Promise.all([request(this.daemon.keeper, 'GET', '/readyz'), request(this.daemon.gate, 'GET', '/readyz')]);
        return keeper.status === 200 && gate.status === 200 && gate.json.revision === keeper.json.revision;
      } catch { return false; }
    }, 30000);
  }

  async cycle(kills) {
    let stop = false;
    const running = this.clients.map((client) => client.run(() => stop));
    const failed = Promise.all(running).then(() => null, (error) => error);
    await sleep(20 + this.random.below(220));
    for (let i = 0; i < kills; i += 1) {
      await this.kill();
      await sleep(this.random.below(80));
    }
    stop = true;
    await this.ready();
    const error = await failed;
    if (error) throw error;
    await this.ready();
    for (const client of this.clients) await client.settle();
    for (const client of this.clients) this.asked += await client.checkVerdicts(5);
  }

  // At rest: kill all once more, look at what is left, and build the index anew from the records.
  async audit() {
    for (const client of this.clients) this.asked += await client.checkVerdicts(100);
    await this.daemon.stop('SIGKILL');
    await until('children gone', () => {
      try { execFileSync('flock', ['-n', path.join(this.daemon.data, 'llaverod.lock'), 'true']); return true; } catch { return false; }
    });
    const audit = spawnSync(path.join(BUILD, 'tests/fault/audit'), [this.daemon.data], { encoding: 'utf8', env: { ...process.env, CMOCKA_MESSAGE_OUTPUT: 'TAP' } });
    if (audit.status !== 0) throw new Error(`the audit failed:\n${audit.stdout}${audit.stderr}`);
    fs.rmSync(path.join(this.daemon.data, 'index'), { recursive: true });
    await this.daemon.launch();
    await this.ready();
    for (const client of this.clients) {
      await client.settle();
      this.asked += await client.checkVerdicts(100);
    }
  }

  end() {
    this.gateAgent?.destroy();
    for (const client of this.clients) client.end();
  }
}

async function round(seed, kills) {
  const random = new Random(seed);
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: String(GATES) } });
  const one = new Round(daemon, random);
  try {
    await one.setUp();
    for (let left = kills; left > 0;) {
      // One time in four the start after a kill is killed as well.
      const now = left > 1 && random.chance(25) ? 2 : 1;
      await one.cycle(now);
      left -= now;
    }
    await one.audit();
  } catch (error) {
    await daemon.stop('SIGKILL');
    console.log(`FAIL seed ${seed}: ${error.message}\n(left behind: ${daemon.folder})`);
    one.end();
    return null;
  }
  one.end();
  await daemon.close();
  const changes = {};
  for (const client of one.clients) for (const [what, count] of Object.entries(client.changes)) changes[what] = (changes[what] ?? 0) + count;
  return { kills: one.kills, changes, asked: one.asked };
}

function tell(result) {
  const list = (counts) => Object.entries(counts).map(([what, count]) => `${what} ${count}`).join(', ');
  return `killed: ${list(result.kills)}; changes: ${list(result.changes)}; verdicts asked: ${result.asked}`;
}

const given = options();
console.log(`seed ${given.seed}`);
let passed = 0;
let failed = 0;
while (passed < given.kills && failed === 0) {
  const kills = Math.min(ROUND, given.kills - passed);
  const result = await round(given.seed + passed, kills);
  if (result === null) {
    failed = 1;
  } else {
    passed += kills;
    console.log(`${passed} kills: ${tell(result)}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed);
