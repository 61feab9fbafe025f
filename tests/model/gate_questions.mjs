// A request of requests.mjs as bytes to a gate, in one of its dialects, and what
// the gate then has to answer.
import { plainHost } from './path.mjs';
import { OPEN, TEXT_CAUSES } from './text.mjs';

const CRLF = '\r\n';
const FAMILIES = [['X-VTEX-API-AppKey', 'X-VTEX-API-AppToken'], ['X-App-Key', 'X-App-Token'],
	['x-vtex-api-appkey', 'X-VTEX-API-APPTOKEN']];

// What the other dialects read, and what the gate answers: forged, it must not count.
const FORGED = {
	nginx: ['X-Forwarded-Method: GET', 'X-Forwarded-Uri: /', 'X-Forwarded-Host: api.example.org',
		'X-Real-IP: 10.1.2.3'],
	forwarded: ['X-Original-Method: GET', 'X-Original-URI: /', 'X-Original-Host: api.example.org',
		'X-Original-Address: 10.1.2.3'],
	envoy: ['X-Original-Method: GET', 'X-Original-URI: /', 'X-Forwarded-Uri: /', 'X-Forwarded-Method: GET'],
};
const FORGED_ALWAYS = ['X-Llavero-Account: acme', 'X-Llavero-Key: appkey-acme-AAAAAAAA',
	'X-HTTP-Method-Override: GET', 'X-Llavero-Cause: none', 'X-Original-URL: /', 'Forwarded: host=api.example.org'];

const NAMES = {
	nginx: { method: 'X-Original-Method', target: 'X-Original-URI', host: 'X-Original-Host',
		address: 'X-Original-Address' },
	forwarded: { method: 'X-Forwarded-Method', target: 'X-Forwarded-Uri', host: 'X-Forwarded-Host',
		address: 'X-Real-IP' },
};

const trim = (text) => text === null ? null : text.replace(/^[ \t]+|[ \t]+$/g, '');

/**
 * The request as a header can carry it (outer spaces are not part of a value,
 * no control bytes), or null when it cannot.
 */
export function carried(request, dialect) {
	const sent = { ...request, limits: null };
	for (const name of ['appKey', 'appToken', 'target', 'host', 'account', 'method']) {
		sent[name] = trim(request[name]);
		if (sent[name] !== null && /[\x00-\x08\x0a-\x1f\x7f]/.test(sent[name]))
			return null;
	}
	if (sent.accountSource === 'fixed')
		sent.account = 'acme';
	if (sent.form === 'bearer' && !/^[\x21-\x7e]+$/.test(sent.appToken ?? ''))
		return null;
	if (sent.form === 'token' && sent.appToken === null)
		sent.form = 'none';
	if (sent.form === 'pair' && sent.appKey === null && sent.appToken === null)
		sent.form = 'none';
	if (sent.form === 'none')
		sent.repeated = false;
	if (dialect === 'verify')
		return asVerify(sent);
	return dialect === 'envoy' ? asEnvoy(sent) : sent;
}

/** JSON text is UTF-8, and there is no way to say malformed, repeated or preflight in it. */
function asVerify(sent) {
	if (sent.accountSource === 'header' || sent.form === 'bearer')
		return null;
	for (const name of ['appKey', 'appToken', 'target', 'host', 'method']) {
		if (sent[name] !== null && /[^\x20-\x7e]/.test(sent[name]))
			return null;
	}
	if (sent.target === null || sent.method === null)
		return null;
	// Without an appKey the token stands alone.
	const form = sent.form === 'pair' && sent.appKey === null ? 'token' : sent.form;
	return { ...sent, form, malformed: false, repeated: false, preflight: false };
}

/** Envoy sends the request itself, so it must be one that HTTP can carry. */
function asEnvoy(sent) {
	const plain = sent.host !== null && plainHost(sent.host) !== null &&
		/^\/[\x21-\x7e]*$/.test(sent.target ?? '') && !sent.target.includes('#') &&
		/^(GET|POST|PUT|DELETE|PATCH|PURGE|OPTIONS|HEAD)$/.test(sent.method) && sent.target.length < 3000;
	return plain ? { ...sent, malformed: false, address: null } : null;
}

function credentialLines(random, sent) {
	const lines = [];
	if (sent.form === 'pair') {
		const [key, token] = random.pick(FAMILIES);
		if (sent.appKey !== null)
			lines.push(`${key}: ${sent.appKey}`);
		if (sent.appToken !== null)
			lines.push(`${token}: ${sent.appToken}`);
	} else if (sent.form === 'token') {
		lines.push(`X-API-Key: ${sent.appToken}`);
	} else if (sent.form === 'bearer') {
		lines.push(`Authorization: Bearer ${sent.appToken}`);
	}
	if (sent.repeated && sent.form !== 'bearer')
		lines.push(random.chance(50) ? lines[0] : `X-API-Key: ${lines[0].split(': ')[1]}`);
	else if (sent.repeated)
		lines.push(lines[0]);
	return lines;
}

function lines(random, sent, dialect) {
	const out = credentialLines(random, sent);
	const names = NAMES[dialect];
	if (names !== undefined) {
		for (const name of ['method', 'target', 'host', 'address']) {
			if (sent[name] !== null)
				out.push(`${names[name]}: ${sent[name]}`);
		}
		// One of them twice; a missing one is malformed as it is.
		if (sent.malformed && sent.target !== null)
			out.push(`${names[random.pick(['method', 'target'])]}: /`);
	}
	if (sent.accountSource === 'header' && sent.account !== null)
		out.push(`X-Account: ${sent.account}`);
	if (sent.preflight)
		out.push('Origin: https://shop.example', 'Access-Control-Request-Method: PUT');
	if (random.chance(30))
		out.push(...FORGED[dialect], ...FORGED_ALWAYS);
	return out;
}

export function question(random, sent, dialect) {
	if (dialect === 'verify') {
		const body = {
			appKey: sent.appKey ?? undefined, appToken: sent.appToken ?? undefined,
			method: sent.method, path: sent.target, host: sent.host ?? undefined,
			address: sent.address ?? undefined,
		};
		const text = JSON.stringify(body);
		return [`POST /v1/verify HTTP/1.1`, 'Host: gate', 'Content-Type: application/json',
			`Content-Length: ${text.length}`, '', text].join(CRLF);
	}
	const first = dialect === 'envoy' ? [`${sent.method} /auth/envoy${sent.target} HTTP/1.1`,
		`Host: ${sent.host}`] : [`GET /auth/${dialect} HTTP/1.1`, 'Host: gate'];
	return [...first, ...lines(random, sent, dialect), '', ''].join(CRLF);
}

const STATUS = {
	400: ['path_ambiguous', 'header_repeated', 'request_malformed'],
	403: ['account_suspended', 'wrong_account', 'address_not_allowed', 'route_unknown', 'route_ambiguous',
		'no_profile', 'profile_lacks_resource'],
	429: ['rate_limited', 'quota_exhausted'],
	503: ['index_stale', 'index_unavailable', 'limits_unavailable'],
};

export function statusOf(cause) {
	const found = Object.keys(STATUS).find((status) => STATUS[status].includes(cause));
	return found === undefined ? 401 : Number(found);
}

function fits(expected, actual) {
	if (Array.isArray(expected))
		return expected.some((one) => fits(one, actual));
	return expected === OPEN ? TEXT_CAUSES.has(actual) || actual === 'credentials_invalid' : expected === actual;
}

/** null, or what is wrong with the answer. */
export function wrongAnswer(world, expected, answer, dialect) {
	return dialect === 'verify' ? wrongVerify(world, expected, answer) :
		wrongAuth(world, expected, answer, dialect);
}

function wrongVerify(world, expected, { status, body }) {
	const told = status === 200 ? JSON.parse(body) : null;
	if (told === null || told.allowed !== expected.allowed)
		return `allowed ${expected.allowed}, answered ${status} ${body}`;
	if (!expected.allowed)
		return fits(expected.publicCause, told.cause) && told.status === statusOf(told.cause) ? null :
			`cause ${expected.publicCause}, answered ${body}`;
	return wrongIdentity(world, expected, {
		account: told.account, key: told.appKey, externalId: told.externalId, profile: told.profile,
		resource: told.resource && `${told.resource.product}/${told.resource.key}`,
	});
}

function wrongAuth(world, expected, { status, headers, body }, dialect) {
	if (expected.allowed !== (status === 200))
		return `allowed ${expected.allowed}, answered ${status} ${JSON.stringify(headers)} ${body}`;
	if (expected.allowed) {
		return wrongIdentity(world, expected, {
			account: headers['x-llavero-account'], key: headers['x-llavero-key'],
			externalId: headers['x-llavero-external-id'], profile: headers['x-llavero-profile'],
			resource: headers['x-llavero-resource'],
		});
	}
	const cause = headers['x-llavero-cause'], real = statusOf(cause);
	const shown = dialect !== 'nginx' || real === 401 ? real : 403;
	const document = JSON.parse(dialect === 'nginx' ? headers['x-llavero-problem'] : body || '{"cause":"-"}');
	const bodiless = dialect !== 'nginx' && body === '';
	const right = fits(expected.publicCause, cause) && headers['x-llavero-status'] === String(real) &&
		status === shown && (bodiless || (document.cause === cause && document.status === real)) &&
		(headers['www-authenticate'] !== undefined) === (real === 401 || real === 403);
	return right ? null : `cause ${expected.publicCause}, answered ${status} ${JSON.stringify(headers)} ${body}`;
}

/** The gate says who asks: by the names of the world, and only after an allow by a key. */
function wrongIdentity(world, expected, told) {
	const key = world.keys.find((k) => k.slot === expected.key);
	const byKey = expected.grants !== null;
	const wanted = {
		account: byKey ? world.accounts[expected.askedAccount - 1].name : undefined,
		key: byKey ? key.appKey : undefined,
		externalId: byKey ? key.externalId ?? undefined : undefined,
	};
	for (const name of Object.keys(wanted)) {
		if ((told[name] ?? undefined) !== wanted[name])
			return `${name} ${wanted[name]}, answered ${JSON.stringify(told)}`;
	}
	if (!byKey || expected.grants.length === 0)
		return null;
	const granted = expected.grants.some(([profile, resource]) => {
		const r = world.resources[resource - 1];
		return world.profiles[profile - 1].name === told.profile?.replace('%20', ' ') &&
			`${r.product}/${r.key}` === told.resource;
	});
	return granted ? null : `granted by ${JSON.stringify(expected.grants)}, answered ${JSON.stringify(told)}`;
}

