// Random installations: accounts, profiles, a catalogue whose templates cross,
// and keys in every state. Small vocabularies, so that things meet.
import { ALPHABET, tokenMake } from './credential.mjs';

export const NOW = 1_750_000_000_000_000;
export const ACCOUNT_NAMES = ['acme', 'acme2', 'b-store', 'shop', 'zed', 'shop-eu'];

const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS',
	'PURGE'];
const LITERALS = ['orders', 'o', 'group', 'note', 'items', 'v1', 'xx', 'oo', 'a@b', 'x:1', 'Orders',
	'caf%C3%A9', 'caf\xc3\xa9s', 'a%20b', '1.json', 'a.b', '100%25', '...'];
const MIXED = ['v{version}', '{a}@{b}', 'x:{id}', '{id}.json', 'o{x}', '{x}o', 'x{a}', '{a}x', '{a}.{b}',
	'or{rest}', '{n}%20{m}', 'O{x}'];
const PARAMETERS = ['{id}', '{x}', ':id'];
const TAILS = ['{rest...}', '*', '**', '{path+}', '{*all}'];
const HOSTS = [null, null, 'api.example.com', 'shop.example.com', '*.example.com', '*.shop.example.com',
	'api.example.org'];
const BASES = ['/', '/', '/api', '/api/v2', '/shop', '/caf\xc3\xa9'];
// Most keys are sound, so that requests get as far as the rights.
const STATES = [...Array(14).fill('active'), 'inactive', 'revoked'];
const EXPIRIES = [...Array(14).fill(0), NOW + 1_000_000_000, NOW - 1, NOW, NOW + 1, NOW - 86_400_000_000, NOW + 86_400_000_000];
const RANGES = ['10.0.0.0/8', '10.1.2.3', '192.168.7.128/25', '203.0.113.0/24', '0.0.0.0/0', '::/0',
	'2001:db8::/32', '2001:db8:0:1::/64', '2001:db8::1', '::ffff:0.0.0.0/96', '172.16.0.0/12',
	'10.0.0.1/32', 'fe80::/10', '198.51.100.7/32'];

function template(random) {
	const segments = [];
	for (let n = random.pick([0, 1, 1, 2, 2, 2, 3, 3, 4]); n > 0; n--) {
		const kind = random.below(10);
		segments.push(random.pick(kind < 5 ? LITERALS.slice(0, kind < 4 ? 6 : undefined) :
			kind < 7 ? MIXED : PARAMETERS));
	}
	let text = segments.map((s) => `/${s}`).join('');
	if (random.chance(15))
		text += `/${random.pick(TAILS)}`;
	if (random.chance(12) || text === '')
		text += random.chance(85) || text !== '' ? '/' : '';
	return text;
}

/** The text that equal templates share. */
function normal(text) {
	return text.toLowerCase().split('/').map((s) => TAILS.includes(s) ? '{...}' :
		s.replace(/\{[^{}]*\}/g, '{}').replace(/^:id$/, '{}')).join('/');
}

/** A service that ignores case takes ASCII only. */
const ascii = (wanted, text) => wanted ? text.replace(/[\x80-\xff]+|%C3%A9/g, 'e') : text;

function services(random) {
	const list = [], taken = new Set();
	for (let n = random.between(1, 5); n > 0; n--) {
		const host = random.pick(HOSTS), base = random.pick(BASES);
		if (taken.has(`${host} ${base}`))
			continue;
		taken.add(`${host} ${base}`);
		const caseInsensitive = random.chance(20);
		list.push({
			host, base: ascii(caseInsensitive, base),
			unmapped: random.chance(20) ? 'authenticated' : 'refuse',
			preflight: random.chance(30) ? 'pass' : 'refuse',
			semicolon: random.chance(30) ? 'strip' : 'refuse',
			caseInsensitive,
		});
	}
	return list;
}

function needs(random, resources) {
	const kind = random.below(20);
	const count = random.pick([1, 1, 2, 3, 5]);
	return {
		public: kind === 0,
		authenticated: kind === 1 || kind === 2,
		resources: kind <= 3 ? [] : random.some(resources, count).map((r) => r.slot),
	};
}

function routes(random, world) {
	const list = [], taken = new Set();
	for (let n = random.pick([0, 5, 10, 20, 30, 45]); n > 0; n--) {
		const service = random.below(world.services.length);
		const method = random.pick(METHODS);
		const text = ascii(world.services[service].caseInsensitive, template(random));
		const name = `${service} ${method} ${normal(text)}`;
		if (text === '' && world.services[service].base === '/')
			continue;
		// One in thirty stands twice, with needs of its own.
		if (taken.has(name) && !random.chance(3))
			continue;
		taken.add(name);
		list.push({ service, method, template: text, ...needs(random, world.resources) });
	}
	return list;
}

function foreignToken(random) {
	return random.chance(50) ? random.text('abcdefghijklmnopqrstuvwxyz0123456789', random.between(64, 128)) :
		random.text('ABCDEFGHIJKMNOPQRSTUVWXYZ', 128);
}

const token = (random) => random.chance(75) ? tokenMake('LV1', () => random.below(32)) :
	foreignToken(random);

function tokens(random, count) {
	return Array.from({ length: count }, () => token(random));
}

function keys(random, world, madeAppKeys) {
	const list = [], taken = new Set();
	for (let slot = 1, n = random.between(1, 9); slot <= n; slot++) {
		const account = random.pick(world.accounts);
		const appKey = random.chance(75) ? random.pick(madeAppKeys[account.name]) :
			`vtexkey-${account.name}-${random.text(ALPHABET, 6)}`;
		if (taken.has(appKey))
			continue;
		taken.add(appKey);
		const state = random.pick(STATES);
		const home = world.profiles.filter((p) => p.account === account.slot);
		const away = random.chance(30) ? random.some(world.profiles, 2) : [];
		const links = [...random.some(home, random.pick([0, 1, 1, 2, 3, 6])), ...away];
		// Revoking ends the tokens; an index may hold them either way.
		const ended = state === 'revoked' && random.chance(50);
		list.push({
			slot, account: account.slot, appKey, state, expires: random.pick(EXPIRIES),
			externalId: random.chance(40) ? `ext-${slot}` : null,
			tokens: ended ? [] : tokens(random, random.pick([0, 1, 1, 1, 1, 1, 2, 2])),
			retired: tokens(random, random.pick([0, 0, 1, 2]) + (ended ? 1 : 0)),
			profiles: [...new Set(links.map((p) => p.slot))],
			limited: random.chance(30),
			addresses: random.chance(20) ? random.some(RANGES, random.between(1, 4)) : [],
		});
	}
	return list;
}

/** madeAppKeys: by account name, appKeys that the installation made. */
export function makeWorld(random, madeAppKeys) {
	const world = { prefix: 'appkey', stale: random.chance(1) };
	const names = random.some(ACCOUNT_NAMES, random.between(1, 5));
	world.accounts = names.map((name, i) => ({
		slot: i + 1, name, active: !random.chance(7),
		hosts: random.chance(70) ? [`${name}.example.com`, `www.${name}.example.org`] : [],
	}));
	world.resources = Array.from({ length: random.between(1, 12) }, (_, i) =>
		({ slot: i + 1, product: `p${i % 3}`, key: `r${i}` }));
	world.profiles = [];
	for (const account of world.accounts) {
		for (let n = random.between(0, 6); n > 0; n--) {
			world.profiles.push({
				slot: world.profiles.length + 1, account: account.slot, name: `profile ${n}`,
				resources: random.some(world.resources, random.pick([0, 1, 2, 4, 12])).map((r) => r.slot),
			});
		}
	}
	world.services = services(random);
	world.routes = routes(random, world);
	world.keys = keys(random, world, madeAppKeys);
	world.madeAppKeys = [...new Set([...world.keys.map((k) => k.appKey),
		...world.accounts.map((a) => madeAppKeys[a.name][0])])]
		.filter((k) => k.startsWith(`${world.prefix}-`));
	return world;
}
