#!/usr/bin/env node
// Show that the comparison can fail: each of the broken kits of faults.mjs must be found.
// usage: run-faults.mjs [COUNT]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { FAULTS } from './faults.mjs';

const count = process.argv[2] ?? '4000';
let found = 0;
for (const name of Object.keys(FAULTS)) {
  const run = spawnSync('node', [fileURLToPath(new URL('run.mjs', import.meta.url)), count, '--fault', name],
    { encoding: 'latin1', maxBuffer: 1 << 28 });
  const first = /FAILED seed \d+ number .*/.exec(run.stdout)?.[0];
  const seen = run.status === 1 && first !== undefined;
  console.log(`${name}: ${seen ? `found; ${first}` : `NOT FOUND ${run.stderr}`}`);
  found += seen ? 1 : 0;
}
console.log(`${found} passed, ${Object.keys(FAULTS).length - found} failed`);
process.exit(found === Object.keys(FAULTS).length ? 0 : 1);
