// Can a caller without the right token tell by the time of an answer what is there? Every hidden
// cause against an unknown appKey, through the gate's unix socket, over one kept connection: the least
// noise that a caller can have. Two controls must be seen: a token whose text is refused before any
// look-up, and the same request with a header more.
//
// usage: node tests/evidence/strangers_timing.mjs [SAMPLES a class] [PAIRS a class]
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { BUILD } from '../lib/llaverod.mjs';
import { strangers } from '../lib/strangers.mjs';

const SAMPLES = process.argv[2] ?? '50000';
const PAIRS = Number(process.argv[3] ?? 200);
// Gate and caller on one processor: no wake-up across two, which takes longer than an answer.
const [, processor] = /^Cpus_allowed_list:\s*(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
const PINNED = ['taskset', '-c', processor];

const request = (appKey, appToken, more = []) => Buffer.from(['GET /auth/nginx HTTP/1.1', 'Host: gate.example',
  'X-Original-Method: GET', 'X-Original-URI: /orders/7', 'X-Original-Address: 10.0.0.1',
  `X-App-Key: ${appKey}`, `X-App-Token: ${appToken}`, ...more, '', ''].join('\r\n')).toString('hex');

const { daemon, rows, spare } = await strangers({ each: PAIRS,
  options: { command: PINNED, config: 'gate {\n processes = 1\n}\nlog {\n level = "error"\n}\n' } });
try {
  const lines = rows.map(([what, appKey, appToken]) => `hidden\t${what}\t${request(appKey, appToken)}`);
  for (const [i, { appKey, appToken }] of spare.entries()) {
    const mistyped = appToken.replace(/.$/, (c) => (c === 'Q' ? 'P' : 'Q'));
    lines.push(i % 2 === 0 ? `control\ta mistyped token\t${request(appKey, mistyped)}`
      : `control\ta header more\t${request(appKey, appToken, [`X-More: ${'x'.repeat(64)}`])}`);
  }
  const child = spawn(PINNED[0], [...PINNED.slice(1), path.join(BUILD, 'tests/evidence/round_trips'),
    daemon.gate.socket, SAMPLES], { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end(`${lines.join('\n')}\n`);
  process.exitCode = await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
} finally {
  await daemon.close();
}
