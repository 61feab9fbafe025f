// The path rules of DESIGN.md section 6. Targets and hosts are strings of
// bytes: every character is one byte, U+0000 to U+00FF.

const HEX = /^[0-9a-fA-F]{2}$/;
// What two servers could read differently once it is decoded.
const NEVER_ENCODED = new Set(['2f', '5c', '3f', '23', '3b', '00']);

/** Lower case, without port and without the dot that ends a full name; null when it is no host. */
export function plainHost(host) {
	const parts = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?$/.exec(host);
	if (parts === null || (parts[2] !== undefined && Number(parts[2].slice(1)) > 65535))
		return null;
	const name = parts[1].toLowerCase().replace(/\.$/, '');
	if (name.startsWith('['))
		return name;
	const fits = name.length <= 253 && name.split('.').every((label) => label.length >= 1 &&
		label.length <= 63 && !label.startsWith('-') && !label.endsWith('-'));
	return fits ? name : null;
}

/** Strict UTF-8 (RFC 3629), by the ranges of its table of well-formed sequences. */
export function isUtf8(bytes) {
	for (let i = 0; i < bytes.length;) {
		const b = bytes.charCodeAt(i);
		if (b < 0x80) {
			i += 1;
			continue;
		}
		let more, low = 0x80, high = 0xbf;
		if (b >= 0xc2 && b <= 0xdf) {
			more = 1;
		} else if (b >= 0xe0 && b <= 0xef) {
			more = 2;
			if (b === 0xe0) low = 0xa0;
			if (b === 0xed) high = 0x9f;
		} else if (b >= 0xf0 && b <= 0xf4) {
			more = 3;
			if (b === 0xf0) low = 0x90;
			if (b === 0xf4) high = 0x8f;
		} else {
			return false;
		}
		for (let k = 1; k <= more; k++) {
			const c = bytes.charCodeAt(i + k);
			if (!(c >= low && c <= high))
				return false;
			low = 0x80;
			high = 0xbf;
		}
		i += more + 1;
	}
	return true;
}

export const AMBIGUOUS = 'path_ambiguous', SIZE = 'request_malformed';
const TARGET_MAX = 4096, SEGMENTS_MAX = 128;

/** The path part of a raw target, still encoded; null for another form or host; '' for none. */
function rawPath(target, host) {
	const front = target.split('?', 1)[0];
	if (front.startsWith('/'))
		return front;
	const absolute = /^https?:\/\/([^/]*)(.*)$/is.exec(front);
	if (absolute === null || host === null || plainHost(host) === null ||
		plainHost(absolute[1]) !== plainHost(host))
		return null;
	return absolute[2];
}

function sizeFits(target, raw) {
	return target !== '' && target.length <= TARGET_MAX && raw !== '' && (raw === null ||
		raw.split('/').length - (raw.endsWith('/') ? 2 : 1) <= SEGMENTS_MAX);
}

/** Decoded once; null for what may not be encoded, or is badly so, or would decode again. */
export function decodeOnce(text) {
	if (!text.includes('%'))
		return text;
	let out = '';
	for (let i = 0; i < text.length; i++) {
		if (text[i] !== '%') {
			out += text[i];
			continue;
		}
		const digits = text.slice(i + 1, i + 3);
		if (!HEX.test(digits) || NEVER_ENCODED.has(digits.toLowerCase()))
			return null;
		const byte = parseInt(digits, 16);
		if (byte < 0x20 || byte === 0x7f)
			return null;
		out += String.fromCharCode(byte);
		i += 2;
	}
	// Who decodes a second time must find nothing to decode.
	return /%[0-9a-fA-F]{2}/.test(out) ? null : out;
}

/** {path, semicolonAt}, or null when two servers could read it differently. */
function pathOf(target, raw) {
	if (/[^\x21-\x7e]|#/.test(target) || raw === null || raw.includes('\\'))
		return null;
	const path = decodeOnce(raw);
	if (path === null || path.includes('//') || path.includes('/;') || !isUtf8(path))
		return null;
	const plain = path.split('/').slice(1).map((s) => s.split(';', 1)[0]);
	if (plain.some((s) => s === '.' || s === '..'))
		return null;
	return { path: '/' + plain.join('/'), semicolonAt: path.indexOf(';') };
}

/**
 * The one reading of a target: {path, semicolonAt}, path without ";parameters"
 * and semicolonAt where the first of them stood (-1: none). Or {refused} with
 * the cause, or both causes when a size and a spelling are wrong.
 */
export function readTarget(target, host) {
	const raw = rawPath(target, host);
	const reading = pathOf(target, raw);
	const fits = sizeFits(target, raw);
	if (fits && reading !== null)
		return reading;
	return { refused: [...(fits ? [] : [SIZE]), ...(reading === null ? [AMBIGUOUS] : [])] };
}
