// Random requests against a world, biased to borders: nearly right paths, nearly
// right credentials, the instant of expiry, the edge of an address range.
import { ALPHABET, tokenMake } from './credential.mjs';
import { ACCOUNT_NAMES, NOW } from './world.mjs';

const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'PURGE', 'FOO',
	'get', 'TRACE', 'CONNECT', '', 'M-SEARCH', 'GE T', 'GET,POST', 'G\u00c9T', '~', 'A'.repeat(33)];
const WORDS = ['orders', 'o', 'group', 'note', 'items', 'v1', 'v22', 'xx', 'oxo', 'a@b', 'x:1', 'x:', 'v',
	'@', 'ORDERS', 'caf%C3%A9', 'caf%c3%a9s', 'a%20b', '1.json', 'a.b', '100%25', '...', 'ox', 'xo',
	'%6f', '%6Frders', 'o%2ejson', '.json', 'a%40b', '%7e', '1', '%E2%82%AC', '%F0%9F%98%80'];
// What stands in many templates, so that several match.
const COMMON = ['orders', 'o', 'group', 'note', 'items', 'v1', 'xx', 'oxo'];
const IN_PATH = ['%2f', '%2F', '%5c', '%5C', '%3f', '%3F', '%23', '%3b', '%3B', '%00', '%09', '%0a', '%0d',
	'%7f', '%1f', '%20', '%2e', '%2E%2e', '%252e', '%252E%252e', '%25', '%25%32%65', '%2565', '%25g0',
	'%zz', '%', '%4', '%c0%ae', '%c0%af', '%e0%80%af', '%ed%a0%80', '%f4%90%80%80', '%f8%88%80%80%80',
	'%80', '%c3', '%C3%A9', '\\', '\x85', '\xa0', '\xc3\xa9', ' ', '\t', '\x01', '\x7f', '#', '#frag',
	'?', '?q=1', ';', ';x=1', ';a=b;c', '/', '//', '/.', '/..', '/./', '/../', '/..;/', '/.;x/',
	'/%2e/', '/%2e%2e/', '/.%2e/', '/..%3b/', '/...', '/;x', '/;/', '+', '*', '~', ':', '@', '.'];
const QUERIES = ['', '', '', '', '', '?', '?a=1', '?a=/../%2f;//', '?x=%zz%00', '?a?b', '?a=%252e'];
const BAD_QUERIES = ['?a#b', '?a b', '?\xe9', '?a=\x01', '?\x7f'];
const HOSTS = ['api.example.com', 'shop.example.com', 'x.example.com', 'a.shop.example.com', 'example.com',
	'api.example.org', 'other.test', 'API.Example.com', 'api.example.com:8080', 'api.example.com.',
	'shop.example.com.:443', 'a.b.shop.example.com', 'xshop.example.com'];
const ADDRESSES = [null, '10.0.0.1', '10.1.2.3', '10.1.2.4', '9.255.255.255', '11.0.0.0', '192.168.7.127',
	'192.168.7.128', '192.168.7.255', '192.168.8.0', '203.0.113.7', '2001:db8::1', '2001:db8::2',
	'2001:db8:0:1::5', '2001:db9::', '::1', '172.16.0.0', '172.31.255.255', '172.32.0.0', 'fe80::1',
	'febf:ffff::1', 'fec0::1', '198.51.100.7', '127.0.0.1'];
const PLACEHOLDERS = ['{{appToken}}', '{{app_key}}', '${APP_TOKEN}', '<app-token>', 'undefined', 'null'];
const FORMS_MOSTLY = ['pair', 'pair', 'pair', 'pair', 'token', 'bearer'];
const ACCOUNT_SOURCES = ['key', 'key', 'key', 'key', 'key', 'fixed', 'header', 'host'];
const TIMES = [NOW, NOW, NOW, NOW, NOW - 1, NOW + 1, NOW - 2, NOW + 2, NOW + 86_400_000_000, 0];

function fillSegment(random, segment) {
	if (segment === '*' || segment === '**' || /^\{(\*|[^{}]*(\.\.\.|\+)\})/.test(segment))
		return Array.from({ length: random.between(1, 3) }, () => random.pick(WORDS)).join('/');
	if (segment === ':id')
		return random.pick(random.chance(60) ? COMMON : WORDS);
	return segment.replace(/\{[^{}]*\}/g, () => random.pick(random.chance(60) ? COMMON : WORDS))
		.replace(/[\x80-\xff]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
}

function mutatePath(random, path) {
	const at = random.below(path.length + 1);
	switch (random.below(12)) {
	case 0: // a letter in its encoded spelling
		return at < path.length && /[a-z]/i.test(path[at]) ?
			`${path.slice(0, at)}%${path.charCodeAt(at).toString(16)}${path.slice(at + 1)}` : path;
	case 1:
		return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
	case 2:
		return random.chance(50) ? path.toUpperCase() : path.toLowerCase();
	case 3:
		return path.slice(0, at) + path.slice(at + 1);
	case 4:
		return `${random.pick(['http', 'https', 'HTTP', 'ftp'])}://${random.pick(HOSTS)}${random.chance(80) ?
			path : ''}`;
	case 5:
		return random.pick(['*', 'api.example.com:443', '', path.slice(1), `user@api.example.com${path}`,
			`http://u@api.example.com${path}`, '?', '//', '/', 'http:///x']);
	case 6: { // at the borders of size
		const more = random.pick([4094, 4095, 4096, 4097, 5000]) - path.length;
		return more > 0 && random.chance(20) ? path + 'a'.repeat(more) : path;
	}
	case 7:
		return random.chance(20) ? `${'/a'.repeat(random.pick([127, 128, 129]))}${random.pick(['', '/'])}` :
			`${path}/${random.pick(WORDS)}`;
	default:
		return path.slice(0, at) + random.pick(IN_PATH) + path.slice(at);
	}
}

function mutateCase(random, text) {
	const at = random.below(text.length);
	const one = text[at] === text[at].toLowerCase() ? text[at].toUpperCase() : text[at].toLowerCase();
	return random.chance(50) ? text.slice(0, at) + one + text.slice(at + 1) :
		random.chance(50) ? text.toLowerCase() : text.toUpperCase();
}

/** Another text that somebody could have typed. */
function mutateText(random, text) {
	if (text === '')
		return text;
	const at = random.below(text.length);
	switch (random.below(12)) {
	case 0:
	case 1: // a wrong character, or some
		return [...Array(random.pick([1, 1, 2, 4, 5, 8, 20]))].reduce((t) => {
			const i = random.between(3, t.length - 1);
			return t.slice(0, i) + random.pick(ALPHABET) + t.slice(i + 1);
		}, text);
	case 2: // neighbours swapped
		return text.slice(0, at) + (text[at + 1] ?? '') + text[at] + text.slice(at + 2);
	case 3:
		return mutateCase(random, text);
	case 4: // spaces, inside or around
		return text.slice(0, at) + random.pick([' ', '  ', '\t', '\n', '\r\n']) + text.slice(at);
	case 5:
		return random.pick([` ${text}`, `${text} `, `${text}\n`, `"${text}"`, `'${text}'`, `Bearer ${text}`]);
	case 6: // cut off
		return random.chance(50) ? text.slice(0, at) : text.slice(at);
	case 7: // left out, doubled, one too many
		return random.chance(50) ? text.slice(0, at) + text.slice(at + 1) :
			text.slice(0, at) + random.pick([text[at], random.pick(ALPHABET)]) + text.slice(at);
	case 8:
		return random.pick(PLACEHOLDERS);
	case 9:
		return random.pick([text + text, 'x'.repeat(600), '\xe9'.repeat(40), `${text}\0`, '*'.repeat(55),
			`${text.slice(0, 8)}****`, '%20' + text, '\xc2\xa0' + text]);
	case 10: // look-alikes
		return text.replace(/[0QS]/g, (c) => ({ 0: 'O', Q: 'O', S: '5' })[c]);
	default:
		return '';
	}
}

function credential(random, world) {
	const key = random.pick(world.keys), other = random.pick(world.keys);
	const tokens = [...key.tokens, ...(random.chance(20) ? key.retired : [])];
	let appKey = key.appKey;
	let appToken = tokens.length > 0 ? random.pick(tokens) : random.pick(key.retired) ?? null;
	const kind = random.below(100);
	if (kind < 8)
		appToken = mutateText(random, appToken ?? 'LV1');
	else if (kind < 14)
		appKey = mutateText(random, appKey);
	else if (kind < 18)
		appToken = random.pick([...other.tokens, ...other.retired]) ?? null;
	else if (kind < 21)
		[appKey, appToken] = [appToken, appKey];
	else if (kind < 24)
		appToken = tokenMake(random.pick(['LV1', 'LV1', 'LT1', 'LM1']), () => random.below(32));
	else if (kind < 26)
		appKey = random.pick([...world.madeAppKeys, 'vtexkey-acme-AAAAAA', 'nothing']);
	else if (kind < 28)
		[appKey, appToken] = random.pick([[appKey, null], [null, appToken], [null, null], ['', appToken],
			[appKey, ''], ['', ''], [appKey, appKey], [appToken, appToken]]);
	else if (kind < 29)
		[appKey, appToken] = [mutateText(random, appKey), mutateText(random, appToken ?? '')];
	const form = random.chance(1) ? 'none' : random.pick(FORMS_MOSTLY);
	return { form, appKey: form === 'pair' ? appKey : null, appToken: form === 'none' ? null : appToken };
}

function destination(random, world) {
	const route = world.routes.length > 0 && random.chance(80) ? random.pick(world.routes) : null;
	const service = route === null ? random.pick(world.services) : world.services[route.service];
	let path = service.base === '/' ? '' : fillSegment(random, service.base);
	if (route === null)
		path += Array.from({ length: random.between(0, 4) }, () => `/${random.pick(WORDS)}`).join('');
	else
		path += route.template.split('/').map((s) => fillSegment(random, s)).join('/');
	let target = path === '' ? '/' : path;
	if (random.chance(18))
		target = mutatePath(random, target);
	if (random.chance(4))
		target = mutatePath(random, target);
	let host = service.host?.replace('*', random.pick(['a', 'b.c', 'www'])) ?? random.pick([null, ...HOSTS]);
	if (random.chance(10))
		host = random.pick([...HOSTS, null, `${world.accounts[0].name}.example.com`]);
	else if (host !== null && random.chance(10))
		host = random.pick([host.toUpperCase(), `${host}:8443`, `${host}.`, `${host}.:80`]);
	const method = route !== null && random.chance(75) ? route.method : random.pick(METHODS);
	return { method: method === 'GET' && random.chance(15) ? 'HEAD' : method, target: target + random.pick(random.chance(2) ? BAD_QUERIES : QUERIES), host };
}

function accountAsked(random, world) {
	const accountSource = random.pick(ACCOUNT_SOURCES);
	const account = accountSource === 'key' || accountSource === 'host' ? null :
		random.chance(85) ? random.pick(world.accounts).name :
		random.pick([...ACCOUNT_NAMES, 'nobody', '', null, 'ACME']);
	return { accountSource, account };
}

const PREFLIGHT_METHOD = 'OPTIONS';
const LIMITS_SAID = ['unknown', 'left', 'rate', 'quota'];

export function makeRequest(random, world) {
	const { form, appKey, appToken } = credential(random, world);
	const { method, target, host } = destination(random, world);
	const { accountSource, account } = accountAsked(random, world);
	const request = {
		form, appKey, appToken, repeated: random.chance(1),
		method, target, host,
		malformed: random.chance(1) && random.chance(50), preflight: false,
		address: random.pick(ADDRESSES),
		accountSource, account,
		now: random.pick(TIMES),
		limits: random.chance(20) ? null : random.pick(LIMITS_SAID),
	};
	// Else the source "host" would hardly ever find an account.
	if (accountSource === 'host' && random.chance(60)) {
		const hosts = world.accounts.flatMap((a) => a.hosts);
		request.host = hosts.length > 0 ? random.pick(hosts) : host;
	}
	if (random.chance(5)) {
		request.method = PREFLIGHT_METHOD;
		request.preflight = true;
	}
	if (target === '' && random.chance(50))
		request.target = null;
	return request;
}

const FORMS = ['none', 'pair', 'token', 'bearer'], SOURCES = ['key', 'fixed', 'header', 'host'];

/** One line for the driver: short, since there are millions. */
export function requestLine(r) {
	return JSON.stringify([FORMS.indexOf(r.form), r.appKey, r.appToken, r.repeated, r.method, r.target, r.host,
		r.malformed, r.preflight, r.address, SOURCES.indexOf(r.accountSource), r.account, r.now,
		r.limits === null ? -1 : LIMITS_SAID.indexOf(r.limits)]);
}
