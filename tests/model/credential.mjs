// The credential's text, from DESIGN.md section 5. Which BCH code of distance 9
// a token belongs to is stated in key/bch.h (I1 to I4) and judged here by its
// definition: a word is good when its polynomial is zero at eight consecutive
// powers of beta in GF(1024). Nothing is divided, no generator is needed.

export const ALPHABET = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L';
export const TOKEN_LEN = 55;
export const CHECK_LEN = 13;
const KINDS = ['LV1', 'LT1', 'LM1'];

const SYMBOL = new Int8Array(256).fill(-1);
for (let i = 0; i < 32; i++)
	SYMBOL[ALPHABET.charCodeAt(i)] = i;

export const symbol = (char) => SYMBOL[char.charCodeAt(0) & 255];

// GF(32): polynomials over GF(2) modulo x^5 + x^2 + 1.
function mul32(a, b) {
	let product = 0;
	for (let i = 0; i < 5; i++) {
		if (b >> i & 1)
			product ^= a << i;
	}
	for (let i = 9; i >= 5; i--) {
		if (product >> i & 1)
			product ^= 0b100101 << (i - 5);
	}
	return product;
}

// GF(1024): a + bz stands as a | b << 5; z^2 = z + 1.
function mul1024(a, b) {
	const a0 = a & 31, a1 = a >> 5, b0 = b & 31, b1 = b >> 5;
	const high = mul32(a1, b1);
	return (mul32(a0, b0) ^ high) | (mul32(a0, b1) ^ mul32(a1, b0) ^ high) << 5;
}

const BETA = 2 << 5; // 2z, of order 93
const ROOT_FIRST = 2, ROOTS = 8;

const roots = [];
for (let i = 0, power = mul1024(BETA, BETA); i < ROOTS; i++, power = mul1024(power, BETA))
	roots.push(power);
// times[i][a]: a times the i-th root.
const times = roots.map((root) => Int16Array.from({ length: 1024 }, (_, a) => mul1024(a, root)));

/** True when the symbols, highest power first, are a word of the code. */
export function isCodeword(symbols) {
	for (const table of times) {
		let value = 0;
		for (const s of symbols)
			value = table[value] ^ s;
		if (value !== 0)
			return false;
	}
	return true;
}

/** The symbols of a token's word: all its characters but the "1". */
const wordOf = (text) => Array.from(text[0] + text[1] + text.slice(3), symbol);

export const kindOf = (text) => KINDS.includes(text.slice(0, 3)) ? text.slice(0, 3) : null;

const known = new Map();

export function tokenValid(text) {
	if (text.length !== TOKEN_LEN || kindOf(text) === null)
		return false;
	let valid = known.get(text);
	if (valid === undefined) {
		const word = wordOf(text);
		valid = !word.includes(-1) && isCodeword(word);
		if (known.size > 100000)
			known.clear();
		known.set(text, valid);
	}
	return valid;
}

// The check symbols of unit words, so that a token is made by adding: the code
// is linear. Found by solving for the 13 symbols that make a unit word good.
function solveChecks() {
	const length = TOKEN_LEN - 1, data = length - CHECK_LEN;
	const valueAt = (place) => times.flatMap((table) => {
		let value = 1;
		for (let i = place + 1; i < length; i++)
			value = table[value];
		return [value & 31, value >> 5];
	});
	const columns = Array.from({ length }, (_, i) => valueAt(i));
	return { columns, data };
}

function inverse32(a) {
	for (let b = 1; b < 32; b++) {
		if (mul32(a, b) === 1)
			return b;
	}
	throw new Error('zero has no inverse');
}

/** Solve sum(x_j * columns[j]) = target over GF(32) by elimination; columns are independent. */
function solve(columns, target) {
	const rows = target.map((t, r) => [...columns.map((c) => c[r]), t]);
	const width = columns.length;
	let used = 0;
	for (let c = 0; c < width; c++) {
		const pivot = rows.findIndex((row, r) => r >= used && row[c] !== 0);
		[rows[used], rows[pivot]] = [rows[pivot], rows[used]];
		const scale = inverse32(rows[used][c]);
		rows[used] = rows[used].map((v) => mul32(v, scale));
		for (let r = 0; r < rows.length; r++) {
			if (r !== used && rows[r][c] !== 0) {
				const factor = rows[r][c];
				rows[r] = rows[r].map((v, k) => v ^ mul32(factor, rows[used][k]));
			}
		}
		used++;
	}
	return rows.slice(0, width).map((row) => row[width]);
}

let checks = null;

/** A valid token of a kind; draw() gives symbols 0..31. */
export function tokenMake(kind, draw) {
	if (checks === null) {
		const { columns, data } = solveChecks();
		checks = { data, units: columns.slice(0, data).map((c) => solve(columns.slice(data), c)) };
	}
	const word = [symbol(kind[0]), symbol(kind[1])];
	while (word.length < checks.data)
		word.push(draw());
	const check = new Array(CHECK_LEN).fill(0);
	word.forEach((s, i) => checks.units[i].forEach((unit, k) => {
		check[k] ^= mul32(s, unit);
	}));
	return kind + [...word.slice(2), ...check].map((s) => ALPHABET[s]).join('');
}
