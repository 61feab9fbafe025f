// Services, route templates and their matching, from DESIGN.md section 6. The
// plainest form: try every template of the service, then compare the ones that
// match, segment by segment.
import { AMBIGUOUS, decodeOnce, plainHost, readTarget } from './path.mjs';

const TAIL = 0, PARAMETER = 1, MIXED = 2, LITERAL = 3;

const quote = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

const TAILS = /^(\{[^{}]+(\.\.\.|[+*])\}|\{\*{1,2}[^{}]*\}|\{\+[^{}]+\}|:\w+[+*]|\*{1,2}|\*\w+)$/;

function segmentOf(text, fold) {
	if (TAILS.test(text))
		return { rank: TAIL };
	if (/^\{[^{}]+\}$/.test(text) || /^:[A-Za-z_]\w*$/.test(text))
		return { rank: PARAMETER };
	if (!text.includes('{')) {
		const literal = decodeOnce(text);
		return { rank: LITERAL, text: fold ? literal.toLowerCase() : literal };
	}
	const parts = text.split(/\{[^{}]+\}/).map((part) => fold ? decodeOnce(part).toLowerCase() : decodeOnce(part));
	return {
		rank: MIXED,
		shape: parts.join('\0'),
		literals: parts.reduce((sum, part) => sum + part.length, 0),
		pattern: new RegExp(`^${parts.map(quote).join('.+')}$`, fold ? 'is' : 's'),
	};
}

/** The same for templates that differ in the names of their parameters only. */
const formOf = (template) => JSON.stringify(template.map((s) => [s.rank, s.text ?? s.shape ?? '']));

function accepts(segment, text) {
	if (segment.rank === LITERAL)
		return segment.text === text;
	if (segment.rank === MIXED)
		return segment.pattern.test(text);
	return text !== '';
}

function matches(template, segments) {
	for (let i = 0; i < template.length; i++) {
		if (template[i].rank === TAIL) {
			const slash = template.length > i + 1;
			const rest = segments.slice(i, slash ? -1 : undefined);
			return rest.length > 0 && rest.every((s) => s !== '') &&
				(!slash || segments[segments.length - 1] === '');
		}
		if (i >= segments.length || !accepts(template[i], segments[i]))
			return false;
	}
	return template.length === segments.length;
}

/** Above zero: a is more specific in this place than b. NaN: they differ and no rule decides. */
function compareSegment(a, b) {
	if (a.rank !== b.rank)
		return a.rank - b.rank;
	if (a.rank !== MIXED || a.shape === b.shape)
		return 0;
	return a.literals === b.literals ? NaN : a.literals - b.literals;
}

/**
 * first: the leftmost decided difference; crossing: a later one points the other
 * way; open: in some place they differ and no rule decides; openFirst: in the
 * leftmost that differs.
 */
function compareTemplates(a, b) {
	let first = 0, crossing = false, open = false, openFirst = false;
	for (let i = 0; i < Math.min(a.length, b.length); i++) {
		const difference = Math.sign(compareSegment(a[i], b[i]));
		if (Number.isNaN(difference)) {
			open = true;
			openFirst ||= first === 0;
		} else if (first === 0) {
			first = difference;
		} else if (difference === -first) {
			crossing = true;
		}
		if (a[i].rank === TAIL || b[i].rank === TAIL)
			break;
	}
	return { first, crossing, open, openFirst };
}

const needsKey = (route) => route.public ? 'public' : route.authenticated ? 'authenticated' :
	[...new Set(route.resources)].sort((a, b) => a - b).join(',');

const split = (path) => path.split('/').slice(1);

const baseOf = (service) => service.base === '/' ? '' : service.base;

/** The rank of a service for a host: 0 does not serve it. */
function hostRank(service, host) {
	if (service.host === null)
		return 1;
	if (host === null)
		return 0;
	if (!service.host.startsWith('*.'))
		return service.host === host ? 1e6 : 0;
	const end = service.host.slice(1);
	return host.endsWith(end) && host.length > end.length ? 1 + end.length : 0;
}

function underBase(service, path) {
	const base = baseOf(service);
	const start = service.caseInsensitive ? path.toLowerCase() : path;
	const wanted = service.caseInsensitive ? base.toLowerCase() : base;
	return start === wanted || start.startsWith(wanted + '/');
}

export class Routes {
	constructor(world) {
		this.services = world.services.map((service, index) => ({
			...service,
			routes: world.routes.filter((r) => r.service === index).map((r) => ({
				...r,
				needs: needsKey(r),
				form: formOf(split(baseOf(service) + r.template).map((s) => segmentOf(s, service.caseInsensitive))),
				template: split(baseOf(service) + r.template).map((s) => segmentOf(s, service.caseInsensitive)),
			})),
		}));
		this.stale = world.stale;
		this.memo = new Map();
	}

	serviceFor(host, path) {
		const plain = host === null ? null : plainHost(host);
		let best = 0;
		for (const service of this.services)
			best = Math.max(best, hostRank(service, plain));
		let found = null;
		for (const service of this.services) {
			if (hostRank(service, plain) === best && best > 0 && underBase(service, path) &&
				(found === null || service.base.length > found.base.length))
				found = service;
		}
		return found;
	}

	/** {stale} when the index may not be asked; {refused: causes} for a path without one reading, else {service, route, ambiguous}. */
	lookUp(method, target, host, preflight) {
		const name = JSON.stringify([method, target, host, preflight]);
		let answer = this.memo.get(name);
		if (answer === undefined) {
			answer = this.lookUpFresh(method, target, host, preflight);
			if (this.memo.size < 200000)
				this.memo.set(name, answer);
		}
		return answer;
	}

	lookUpFresh(method, target, host, preflight) {
		const reading = readTarget(target, host);
		if (reading.refused !== undefined)
			return reading;
		if (this.stale)
			return { stale: true };
		const { path, semicolonAt } = reading;
		const service = this.serviceFor(host, path);
		if (service === null)
			return { service, route: null, ambiguous: false };
		// A gateway that does not strip would have looked at another base path.
		const strips = service.semicolon === 'strip' && semicolonAt >= baseOf(service).length + 1;
		if (semicolonAt >= 0 && !strips)
			return { refused: [AMBIGUOUS] };
		if (service.caseInsensitive && /[\x80-\xff]/.test(path))
			return { refused: [AMBIGUOUS] };
		const passes = preflight && service.preflight === 'pass';
		return { service, preflight: passes, ...this.match(service, method, path) };
	}

	match(service, method, path) {
		const folded = service.caseInsensitive ? path.toLowerCase() : path;
		const { winner, ambiguous } = this.best(service, method, folded);
		const twin = folded.endsWith('/') ? folded.slice(0, -1) : folded + '/';
		const { equals } = this.best(service, method, twin);
		return {
			route: winner,
			ambiguous: ambiguous || equals.some((other) => this.shadowed(service, winner, other)),
		};
	}

	/** The path with or without its trailing slash is a more specific route with other needs. */
	shadowed(service, winner, twin) {
		if (winner === null)
			return service.unmapped === 'authenticated' && twin.needs !== 'authenticated';
		const { first, openFirst } = compareTemplates(twin.template, winner.template);
		return twin.needs !== winner.needs && (first > 0 || openFirst);
	}

	best(service, method, path) {
		const segments = split(path);
		const all = service.routes.filter((r) =>
			(r.method === method || (method === 'HEAD' && r.method === 'GET')) &&
			matches(r.template, segments));
		// Under one template HEAD's own route stands in for GET's.
		const candidates = all.filter((r) => r.method === method ||
			!all.some((own) => own.method === method && own.form === r.form));
		let winner = null;
		for (const one of candidates) {
			if (winner === null) {
				winner = one;
				continue;
			}
			const { first } = compareTemplates(one.template, winner.template);
			if (first > 0 || (first === 0 && one.method === 'HEAD' && winner.method !== 'HEAD'))
				winner = one;
		}
		const ambiguous = candidates.some((one) => one !== winner && one.needs !== winner.needs &&
			this.crosses(winner, one));
		// Those that none of the others precedes.
		const equals = candidates.filter((one) => !candidates.some((other) => {
			const { first, openFirst } = compareTemplates(other.template, one.template);
			return first > 0 && !openFirst;
		}));
		return { winner, ambiguous, equals };
	}

	/** Neither is more specific everywhere. */
	crosses(winner, other) {
		const { first, crossing, open } = compareTemplates(winner.template, other.template);
		return crossing || open || (first === 0 && winner.method === other.method);
	}
}
