#!/usr/bin/env node
// Compare the engine with the reference.
// usage: tests/model/run.mjs COUNT [SEED] [--driver FILE] [--quiet]
//
// COUNT decisions, 2,000 on each random installation. The last line is
// `N passed, N failed`; a difference is shown with a world that was shrunk as
// far as it still differs. Exit 0: no difference; 1: differences; 2: usage.
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { differences } from './compare.mjs';
import { Driver, appKeysOf } from './driver.mjs';
import { Random } from './random.mjs';
import { Reference } from './reference.mjs';
import { makeRequest, requestLine } from './requests.mjs';
import { shrink } from './shrink.mjs';
import { ACCOUNT_NAMES, makeWorld } from './world.mjs';

const PER_WORLD = 2000;
const SHOWN_MAX = 5;

function options(argv) {
	const numbers = [];
	const found = { driver: null, quiet: false };
	for (let i = 0; i < argv.length; i++) {
		if (argv[i] === '--driver')
			found.driver = argv[++i];
		else if (argv[i] === '--quiet')
			found.quiet = true;
		else
			numbers.push(Number(argv[i]));
	}
	const [count, seed = 1] = numbers;
	if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
		console.error('usage: tests/model/run.mjs COUNT [SEED] [--driver FILE] [--quiet]');
		process.exit(2);
	}
	const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
	found.driver ??= path.join(process.env.BUILD_ROOT ?? path.join(root, 'build'), 'tests/model/model-driver');
	return { count, seed, ...found };
}

/** Everything that one seed stands for. */
function makeCase(seed, count, madeAppKeys) {
	const random = new Random(seed);
	const world = makeWorld(random, madeAppKeys);
	return { world, requests: Array.from({ length: count }, () => makeRequest(random, world)) };
}

async function show(driver, seed, world, request, wrong) {
	const small = await shrink(driver, world, request);
	console.log(`difference (seed ${seed}):`);
	for (const line of small.wrong ?? wrong)
		console.log(`  ${line}`);
	console.log(`  request ${JSON.stringify(small.request)}`);
	console.log(`  world ${JSON.stringify(small.world)}`);
}

async function main() {
	const { count, seed, driver: file, quiet } = options(process.argv.slice(2));
	const madeAppKeys = Object.fromEntries(ACCOUNT_NAMES.map((name) =>
		[name, appKeysOf(file, 'appkey', name, 40)]));
	const driver = new Driver(file);
	const causes = new Map(), started = performance.now();
	let passed = 0, failed = 0;
	// One world is decided by the engine while the next is made here.
	let waiting = null;
	const settle = async () => {
		if (waiting === null)
			return;
		const { seed: worldSeed, world, requests, answers } = waiting;
		const reference = new Reference(world);
		const actual = await answers;
		for (let i = 0; i < requests.length; i++) {
			const expected = reference.decide(requests[i]);
			const wrong = differences(expected, actual[i], requests[i]);
			causes.set(actual[i].cause, (causes.get(actual[i].cause) ?? 0) + 1);
			if (wrong === null) {
				passed++;
			} else if (failed++ < SHOWN_MAX && !quiet) {
				await show(driver, worldSeed, world, requests[i], wrong);
			}
		}
	};
	for (let done = 0, worldSeed = seed; done < count; done += PER_WORLD, worldSeed++) {
		const { world, requests } = makeCase(worldSeed, Math.min(PER_WORLD, count - done), madeAppKeys);
		const answers = driver.decide(world, requests.map(requestLine));
		await settle();
		waiting = { seed: worldSeed, world, requests, answers };
	}
	await settle();
	await driver.close();
	if (!quiet) {
		const seconds = (performance.now() - started) / 1000;
		console.log(`${seconds.toFixed(1)} s, ${Math.round((passed + failed) / seconds)} decisions a second`);
		for (const [cause, times] of [...causes].sort((a, b) => b[1] - a[1]))
			console.log(`  ${(times / (passed + failed) * 100).toFixed(3).padStart(7)} % ${cause}`);
	}
	console.log(`${passed} passed, ${failed} failed`);
	process.exit(failed === 0 ? 0 : 1);
}

await main();
