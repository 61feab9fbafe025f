// An independent reference of the decision, written from DESIGN.md. It favours
// the plainest form over speed. Where DESIGN.md leaves a question open, README.md
// beside this file says how it is read here.
import { Routes } from './routes.mjs';
import { SIZE, plainHost } from './path.mjs';
import { OPEN, Texts, textRefuses } from './text.mjs';

export const STEPS = ['request', 'path', 'route', 'credential', 'text', 'key', 'token', 'state',
	'account', 'address', 'mapped', 'links', 'resource', 'limits'];
const TARGET_MAX = 4096, APP_KEY_MAX = 160, TOKEN_MAX = 512;
const NOT_REACHED = 0, PASSED = 1, FAILED = 2, SKIPPED = 3;
const STEP = Object.fromEntries(STEPS.map((name, i) => [name, i]));

/** The 16 bytes of an address, IPv4 as ::ffff:a.b.c.d; null for none. */
export function addressBytes(text) {
	if (text === null)
		return null;
	const v4 = text.includes('.') ? text.split(':').pop().split('.').map(Number) : null;
	if (v4 !== null && !text.includes(':'))
		return [...new Array(10).fill(0), 255, 255, ...v4];
	const groups = (part) => part === '' ? [] : part.split(':').flatMap((g) => g.includes('.') ? v4 :
		[parseInt(g, 16) >> 8, parseInt(g, 16) & 255]);
	const [front, back] = text.split('::');
	if (back === undefined)
		return groups(front);
	const a = groups(front), b = groups(back);
	return [...a, ...new Array(16 - a.length - b.length).fill(0), ...b];
}

function rangeOf(text) {
	const [address, bits] = text.split('/');
	const v4 = !address.includes(':');
	return {
		bytes: addressBytes(address),
		bits: bits === undefined ? 128 : Number(bits) + (v4 ? 96 : 0),
	};
}

function inRange(bytes, range) {
	for (let bit = 0; bit < range.bits; bit++) {
		const mask = 0x80 >> (bit & 7);
		if ((bytes[bit >> 3] & mask) !== (range.bytes[bit >> 3] & mask))
			return false;
	}
	return true;
}

export class Reference {
	constructor(world) {
		this.world = world;
		this.routes = new Routes(world);
		this.texts = new Texts(world.prefix, world.madeAppKeys);
		this.accountsByName = new Map(world.accounts.map((a) => [a.name, a]));
		this.accountsBySlot = new Map(world.accounts.map((a) => [a.slot, a]));
		this.accountsByHost = new Map(world.accounts.flatMap((a) => a.hosts.map((h) => [h, a])));
		this.profiles = new Map(world.profiles.map((p) =>
			[p.slot, { ...p, resources: new Set(p.resources) }]));
		this.keys = new Map(world.keys.map((k) =>
			[k.appKey, { ...k, ranges: k.addresses.map(rangeOf) }]));
		this.tokens = new Map();
		for (const key of this.keys.values()) {
			key.tokens.forEach((t, i) => this.tokens.set(t, { key, live: true, older: i === 1 }));
			key.retired.forEach((t) => this.tokens.set(t, { key, live: false }));
		}
	}

	decide(request) {
		const run = new Run(this, request);
		try {
			run.all();
		} catch (refusal) {
			if (!(refusal instanceof Refusal))
				throw refusal;
			run.refuse(refusal);
		}
		return run.answer;
	}
}

class Refusal {
	constructor(cause, publicCause = cause) {
		this.cause = cause;
		this.publicCause = publicCause;
	}
}

class Run {
	constructor(reference, request) {
		this.reference = reference;
		this.request = request;
		this.step = STEP.request;
		this.answer = {
			allowed: false, cause: 'none', publicCause: 'none', failedStep: null,
			trace: new Array(STEPS.length).fill(NOT_REACHED), needed: [], proven: false,
			key: 0, askedAccount: 0, previousToken: false, grants: null,
			routeReached: false, ambiguous: false, openStep: false,
		};
	}

	pass(name, outcome = PASSED) {
		this.step = STEP[name];
		this.answer.trace[this.step] = outcome;
	}

	at(name) {
		this.step = STEP[name];
	}

	refuse({ cause, publicCause }) {
		this.answer.cause = cause;
		this.answer.publicCause = publicCause;
		this.answer.failedStep = this.step;
		this.answer.trace[this.step] = FAILED;
	}

	allow(grants) {
		this.answer.allowed = true;
		this.answer.grants = grants;
	}

	all() {
		this.readRequest();
		if (this.findRoute())
			return;
		this.readCredential();
		this.findKey();
		this.checkState();
		this.checkAccount();
		this.checkAddress();
		this.checkRights();
	}

	readRequest() {
		const { method, target, host, malformed } = this.request;
		this.at('request');
		const noHost = host !== null && plainHost(host) === null;
		if (malformed || noHost || method === null || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/.test(method) || target === null ||
			target === '' || target.length > TARGET_MAX)
			throw new Refusal('request_malformed');
		this.pass('request');
		this.at('path');
	}

	/** A size is a malformed request; with a wrong spelling as well, either will do. */
	refusePath(causes) {
		this.answer.openStep = causes.length > 1;
		if (causes[0] === SIZE) {
			this.answer.trace[STEP.request] = NOT_REACHED;
			this.at('request');
		}
		throw new Refusal(causes);
	}

	/** True when the route alone lets the request pass. */
	findRoute() {
		const { method, target, host, preflight } = this.request;
		const found = this.reference.routes.lookUp(method, target, host, preflight);
		if (found.refused !== undefined)
			this.refusePath(found.refused);
		this.pass('path');
		this.at('route');
		if (found.stale)
			throw new Refusal('index_stale');
		this.found = found;
		const { route } = found;
		if (route !== null && !found.ambiguous && !route.public && !route.authenticated)
			this.answer.needed = [...new Set(route.resources)].sort((a, b) => a - b);
		this.pass('route');
		this.answer.routeReached = true;
		this.answer.ambiguous = found.ambiguous;
		if (!found.preflight && (found.ambiguous || route === null || !route.public))
			return false;
		this.allow(null);
		return true;
	}

	readCredential() {
		const { form, appKey, appToken, repeated } = this.request;
		this.at('credential');
		if (repeated)
			throw new Refusal('header_repeated');
		const missing = (text) => text === null || text === '';
		if (form === 'none' || (missing(appKey) && missing(appToken)))
			throw new Refusal('credentials_missing');
		if (form === 'pair' && missing(appKey))
			throw new Refusal('app_key_missing');
		if (missing(appToken))
			throw new Refusal('app_token_missing');
		if ((form === 'pair' && appKey?.length > APP_KEY_MAX) || appToken?.length > TOKEN_MAX)
			throw new Refusal('request_malformed');
		this.pass('credential');
		this.at('text');
		this.finding = this.reference.texts.of(form === 'pair' ? appKey : null, appToken);
		if (textRefuses(appToken))
			throw new Refusal(this.finding.cause);
		this.pass('text');
	}

	/** A failed match: the text's own cause when it has one, else the hidden one. */
	noMatch(cause, keyKnown, tokenKnown) {
		const { cause: told, field } = this.finding;
		if (told === OPEN || field === 'open')
			return new Refusal([cause, told], told);
		if (told === null)
			return new Refusal(cause, 'credentials_invalid');
		const idle = (field === 'key' && keyKnown) || (field === 'token' && tokenKnown);
		return new Refusal(idle ? cause : told, told);
	}

	findKey() {
		const { form, appKey, appToken } = this.request;
		const token = this.reference.tokens.get(appToken);
		const key = form === 'pair' ? this.reference.keys.get(appKey) : token?.key;
		this.at('key');
		if (key === undefined)
			throw this.noMatch('unknown_key', false, token !== undefined);
		this.answer.key = key.slot;
		this.key = key;
		this.pass('key');
		this.at('token');
		if (token === undefined)
			throw this.noMatch('token_mismatch', true, false);
		if (token.key !== key)
			throw this.noMatch('token_of_another_key', true, true);
		this.answer.proven = true;
		// Revoking ends the tokens too: what is to be told then is the revocation.
		if (!token.live && key.state !== 'revoked')
			throw new Refusal('token_retired');
		this.answer.previousToken = token.older === true;
		this.pass('token');
	}

	checkState() {
		const { now } = this.request;
		this.at('state');
		if (this.key.state === 'revoked')
			throw new Refusal('key_revoked');
		if (this.key.expires !== 0 && now >= this.key.expires)
			throw new Refusal('key_expired');
		if (this.key.state !== 'active')
			throw new Refusal('key_inactive');
		this.pass('state');
	}

	askedAccount() {
		const { accountSource, account, host } = this.request;
		const { accountsByName, accountsByHost, accountsBySlot } = this.reference;
		if (accountSource === 'key')
			return accountsBySlot.get(this.key.account);
		if (accountSource === 'host')
			return host === null ? undefined : accountsByHost.get(plainHost(host));
		return account === null ? undefined : accountsByName.get(account);
	}

	checkAccount() {
		this.at('account');
		const home = this.reference.accountsBySlot.get(this.key.account);
		if (!home.active)
			throw new Refusal('account_suspended');
		const asked = this.askedAccount();
		if (asked === undefined)
			throw new Refusal('wrong_account');
		this.answer.askedAccount = asked.slot;
		this.linked = this.key.profiles.map((slot) => this.reference.profiles.get(slot))
			.filter((p) => p.account === asked.slot);
		// Another account than its own, without a link there: not even whether it is active.
		if (asked !== home && this.linked.length === 0)
			throw new Refusal('wrong_account');
		if (!asked.active)
			throw new Refusal('account_suspended');
		this.pass('account');
	}

	checkAddress() {
		this.at('address');
		if (this.key.ranges.length === 0) {
			this.pass('address', SKIPPED);
			return;
		}
		const bytes = addressBytes(this.request.address);
		if (bytes === null || !this.key.ranges.some((range) => inRange(bytes, range)))
			throw new Refusal('address_not_allowed');
		this.pass('address');
	}

	checkRights() {
		const { route, service, ambiguous } = this.found;
		const open = route === null && service?.unmapped === 'authenticated' && !ambiguous;
		this.at('mapped');
		if (ambiguous)
			throw new Refusal('route_ambiguous');
		if (route === null && !open)
			throw new Refusal('route_unknown');
		this.pass('mapped');
		this.at('links');
		if (this.linked.length === 0)
			throw new Refusal('no_profile');
		this.pass('links');
		const grants = this.checkResource(open || route.authenticated);
		this.checkLimits();
		this.allow(grants);
	}

	/** Every pair of profile and resource that would do. */
	checkResource(anyKey) {
		this.at('resource');
		if (anyKey) {
			this.pass('resource', SKIPPED);
			return [];
		}
		const grants = this.linked.flatMap((p) => this.answer.needed
			.filter((r) => p.resources.has(r)).map((r) => [p.slot, r]));
		if (grants.length === 0)
			throw new Refusal('profile_lacks_resource');
		this.pass('resource');
		return grants;
	}

	checkLimits() {
		const { limits } = this.request;
		this.at('limits');
		if (!this.key.limited) {
			this.pass('limits', SKIPPED);
			return;
		}
		// A limited key that nobody counts, or whose count nobody knows, is refused.
		if (limits === null || limits === 'unknown')
			throw new Refusal('limits_unavailable');
		if (limits === 'rate')
			throw new Refusal('rate_limited');
		if (limits === 'quota')
			throw new Refusal('quota_exhausted');
		this.pass('limits');
	}
}
