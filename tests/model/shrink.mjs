// Make a difference small: leave out what it does not need.
import { differences } from './compare.mjs';
import { Reference } from './reference.mjs';
import { requestLine } from './requests.mjs';

async function wrongWith(driver, world, request) {
	const [actual] = await driver.decide(world, [requestLine(request)]);
	return differences(new Reference(world).decide(request), actual, request);
}

/** Worlds that lack one thing. Services stay: routes name them by place. */
function* smaller(world) {
	for (const part of ['keys', 'routes']) {
		for (let i = 0; i < world[part].length; i++)
			yield { ...world, [part]: without(world[part], i) };
	}
	for (let k = 0; k < world.keys.length; k++) {
		for (const list of ['profiles', 'addresses', 'retired', 'tokens']) {
			for (let i = 0; i < world.keys[k][list].length; i++) {
				const key = { ...world.keys[k], [list]: without(world.keys[k][list], i) };
				yield { ...world, keys: world.keys.map((other, j) => j === k ? key : other) };
			}
		}
	}
	const last = world.services.length - 1;
	if (last > 0 && world.routes.every((r) => r.service !== last))
		yield { ...world, services: world.services.slice(0, last) };
}

const without = (list, i) => [...list.slice(0, i), ...list.slice(i + 1)];

/** The same difference (by the names of what differs) in less: {world, request, wrong}. */
export async function shrink(driver, world, request) {
	let wrong = await wrongWith(driver, world, request);
	if (wrong === null)
		return { world, request, wrong };
	const kind = (list) => list.map((w) => w.split(':', 1)[0]).join();
	const wanted = kind(wrong);
	for (let again = true; again;) {
		again = false;
		for (const candidate of smaller(world)) {
			const still = await wrongWith(driver, candidate, request);
			if (still !== null && kind(still) === wanted) {
				[world, wrong, again] = [candidate, still, true];
				break;
			}
		}
	}
	return { world, request, wrong };
}
