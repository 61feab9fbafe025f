#!/usr/bin/env node
// Compare a real gate with the reference, over HTTP: /auth/nginx, /auth/forwarded,
// /auth/envoy and /v1/verify on kept-alive connections to its unix sockets, with
// indexes made from the worlds and the other dialects' headers forged.
// usage: tests/model/gate.mjs COUNT [SEED]
// The last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { appKeysOf } from './driver.mjs';
import { GateClient } from './gate_client.mjs';
import { carried, question, wrongAnswer } from './gate_questions.mjs';
import { Random } from './random.mjs';
import { Reference } from './reference.mjs';
import { makeRequest } from './requests.mjs';
import { ACCOUNT_NAMES, NOW, makeWorld } from './world.mjs';

const PER_WORLD = 2000, SHOWN_MAX = 5, CONNECTIONS = 4;
const SOURCES = ['key', 'fixed', 'header', 'host'];
const DIALECTS = ['nginx', 'nginx', 'forwarded', 'envoy', 'verify'];

const [count, seed = 1] = process.argv.slice(2).map(Number);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
	console.error('usage: tests/model/gate.mjs COUNT [SEED]');
	process.exit(2);
}
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const build = path.join(process.env.BUILD_ROOT ?? path.join(root, 'build'), 'tests/model');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-model-'));

/** A gate has the real time: what has expired did so long ago, the rest has years. */
function atRealTime(world) {
	const far = (Date.now() + 3.2e11) * 1000;
	return {
		...world, stale: false,
		keys: world.keys.map((k) => ({ ...k, expires: k.expires === 0 ? 0 : k.expires <= NOW ? 1 : far })),
	};
}

/** {dialect, request, bytes} for each request that its dialect can carry. */
function makeQuestions(random, world) {
	const made = [];
	while (made.length < PER_WORLD) {
		const dialect = random.pick(DIALECTS);
		const request = carried(makeRequest(random, world), dialect);
		if (request !== null) {
			request.now = Date.now() * 1000;
			made.push({ dialect, request, bytes: question(random, request, dialect) });
		}
	}
	return made;
}

async function main() {
	const gate = spawn(path.join(build, 'model-gate'), [folder], { stdio: ['pipe', 'pipe', 'pipe'] });
	// Refused requests are logged as warnings: here they are what is asked for.
	readline.createInterface({ input: gate.stderr }).on('line', (line) => {
		if (!/"level":"(info|warn)"/.test(line))
			console.error(line);
	});
	const said = readline.createInterface({ input: gate.stdout })[Symbol.asyncIterator]();
	const made = Object.fromEntries(ACCOUNT_NAMES.map((name) =>
		[name, appKeysOf(path.join(build, 'model-driver'), 'appkey', name, 40)]));
	const clients = Object.fromEntries(SOURCES.map((source) =>
		[source, new GateClient(path.join(folder, `${source}.sock`), CONNECTIONS)]));
	let passed = 0, failed = 0;
	for (let worldSeed = seed; passed + failed < count; worldSeed++) {
		const random = new Random(worldSeed);
		const world = atRealTime(makeWorld(random, made));
		const reference = new Reference(world);
		gate.stdin.write(`${JSON.stringify(world)}\n`);
		if ((await said.next()).value !== 'ready')
			throw new Error('the gate did not take the world');
		const questions = makeQuestions(random, world).slice(0, count - passed - failed);
		for (const source of SOURCES) {
			const mine = questions.filter((q) => q.request.accountSource === source);
			const answers = await clients[source].all(mine.map((q) => q.bytes));
			mine.forEach(({ dialect, request, bytes }, i) => {
				const wrong = wrongAnswer(world, reference.decide(request), answers[i], dialect);
				passed += wrong === null ? 1 : 0;
				if (wrong !== null && failed++ < SHOWN_MAX)
					console.log(`difference (seed ${worldSeed}, ${dialect}): ${wrong}\n  ${JSON.stringify(bytes)}\n  ${JSON.stringify(request)}`);
			});
		}
	}
	Object.values(clients).forEach((client) => client.close());
	gate.stdin.end();
	await once(gate, 'exit');
	console.log(`${passed} passed, ${failed} failed`);
	return failed;
}

let result = 1;
try {
	result = await main();
} finally {
	fs.rmSync(folder, { recursive: true, force: true });
}
process.exit(result === 0 ? 0 : 1);
