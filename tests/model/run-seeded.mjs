#!/usr/bin/env node
// Show that the comparison can fail: build the engine with each of the five
// seeded faults (meson -Dseeded_fault=N) and let the reference find it.
// usage: tests/model/run-seeded.mjs [COUNT]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fs from 'node:fs';
import path from 'node:path';

const FAULTS = 5;
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..', '..');
const count = process.argv[2] ?? '40000';

function build(fault) {
	const folder = path.join(root, `build-fault-${fault}`);
	const run = (command, args) => {
		const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
		if (status !== 0)
			throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`);
	};
	if (!fs.existsSync(path.join(folder, 'build.ninja')))
		run('meson', ['setup', folder, `-Dseeded_fault=${fault}`]);
	run('ninja', ['-C', folder, 'tests/model/model-driver']);
	return path.join(folder, 'tests/model/model-driver');
}

let found = 0;
for (let fault = 1; fault <= FAULTS; fault++) {
	const driver = build(fault);
	const { status, stdout } = spawnSync('node', [path.join(here, 'run.mjs'), count, '--driver', driver],
		{ encoding: 'utf8', maxBuffer: 1 << 28 });
	const lines = stdout.trim().split('\n');
	const first = lines.find((line) => /^ {2}\w+: reference/.test(line));
	const differs = status === 1 && first !== undefined;
	console.log(`fault ${fault}: ${differs ? 'found' : 'NOT FOUND'} (${lines.at(-1)})${first ? `;${first}` : ''}`);
	found += differs ? 1 : 0;
}
console.log(`${found} passed, ${FAULTS - found} failed`);
process.exit(found === FAULTS ? 0 : 1);
