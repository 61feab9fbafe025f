// What the text of a credential alone tells (DESIGN.md sections 5 and 6). Where
// the documents settle it, a finding is one cause; where they leave room (how a
// cut-off token differs from a mistyped one, say) it is OPEN, and the engine may
// name any text cause or none. A finding explains a failed match; whether a text
// is refused at all is never open.
import { kindOf, symbol, tokenValid } from './credential.mjs';

export const OPEN = 'open';
const SPACE = /[\t\n\v\f\r ]/;
const PLACEHOLDER = /^(\{\{[^{}]*\}\}|\$\{\w+\}|<[a-z_-]+>|undefined|null)$/;
const TAIL_LEN = 8;

// In the order in which they are told when several hold.
export const ORDER = ['fields_swapped', 'placeholder', 'whitespace', 'wrong_case',
	'app_key_typo', 'token_truncated', 'token_typo'];

export const TEXT_CAUSES = new Set(ORDER);

/** Our form: {prefix}-{account}-{8 characters of the alphabet}. */
export function appKeyForm(text, prefix) {
	const rest = text.startsWith(prefix + '-') ? text.slice(prefix.length + 1) : '';
	const account = rest.slice(0, -TAIL_LEN - 1);
	return /^[a-z][a-z0-9-]{1,62}$/.test(account) && rest[account.length] === '-' &&
		Array.from(rest.slice(-TAIL_LEN)).every((c) => symbol(c) >= 0);
}

/** The wrong character or swapped neighbours that lie between a text and a valid appKey. */
function oneStepFrom(text, valid) {
	if (text.length !== valid.length)
		return false;
	const places = [];
	for (let i = 0; i < text.length; i++) {
		if (text[i] !== valid[i])
			places.push(i);
	}
	const [a, b] = places;
	return places.length === 1 || (places.length === 2 && b === a + 1 &&
		text[a] === valid[b] && text[b] === valid[a]);
}

export class Texts {
	/** validAppKeys: appKeys that the installation made. */
	constructor(prefix, validAppKeys) {
		this.prefix = prefix;
		this.valid = new Set(validAppKeys);
		this.folded = new Map(validAppKeys.map((k) => [k.toLowerCase(), k]));
		this.memo = new Map();
	}

	/** null: nothing to tell. */
	ofAppKey(text) {
		if (text.length > 160)
			return OPEN;
		if (/[^\x21-\x7e]/.test(text) && !SPACE.test(text))
			return OPEN;
		if (PLACEHOLDER.test(text))
			return 'placeholder';
		if (tokenValid(text))
			return OPEN;
		if (SPACE.test(text))
			return 'whitespace';
		if (this.valid.has(text))
			return null;
		if (this.folded.has(text.toLowerCase()))
			return 'wrong_case';
		if (!text.startsWith(this.prefix + '-'))
			return this.farFromOurs(text) ? null : OPEN;
		// Of another form: imported, perhaps.
		if (!appKeyForm(text, this.prefix))
			return OPEN;
		for (const known of this.valid) {
			if (oneStepFrom(text, known))
				return 'app_key_typo';
		}
		return OPEN; // one in 1,024 passes the check
	}

	farFromOurs(text) {
		return /^(vtexkey-[a-z0-9-]+-[A-Z0-9]*|nothing)$/.test(text);
	}

	ofToken(text) {
		if (text.length > 512)
			return OPEN;
		if (/[^\x21-\x7e]/.test(text) && !SPACE.test(text))
			return OPEN;
		if (PLACEHOLDER.test(text))
			return 'placeholder';
		if (SPACE.test(text))
			return 'whitespace';
		if (tokenValid(text))
			return null;
		if (tokenValid(text.toUpperCase()))
			return 'wrong_case';
		if (kindOf(text) !== null && text.length === 55 && text === text.toUpperCase())
			return 'token_typo';
		// Foreign tokens have no check part. Far enough from ours, nothing can be said.
		return /^[a-z0-9_]{64,}$/.test(text) ? null : OPEN;
	}

	/** The finding of a pair, or of a token alone (appKey null): {cause, field}. */
	of(appKey, token) {
		const name = appKey === null ? token : `${appKey}\0${token}`;
		let finding = this.memo.get(name);
		if (finding === undefined) {
			finding = this.fresh(appKey, token);
			if (this.memo.size > 100000)
				this.memo.clear();
			this.memo.set(name, finding);
		}
		return finding;
	}

	fresh(appKey, token) {
		if (appKey === null)
			return this.startsLikeOurKey(token) ? { cause: OPEN, field: null } :
				{ cause: this.ofToken(token), field: 'token' };
		if (tokenValid(appKey) && this.valid.has(token))
			return { cause: 'fields_swapped', field: 'both' };
		if (appKey === token || this.startsLikeOurKey(token))
			return { cause: OPEN, field: null };
		const key = this.ofAppKey(appKey), secret = this.ofToken(token);
		if (key === OPEN || secret === OPEN)
			return { cause: OPEN, field: null };
		if (key === null && secret === null)
			return { cause: null, field: null };
		const keyFirst = key !== null &&
			(secret === null || ORDER.indexOf(key) <= ORDER.indexOf(secret));
		if (key !== null && key === secret)
			return { cause: key, field: 'open' };
		return keyFirst ? { cause: key, field: 'key' } : { cause: secret, field: 'token' };
	}

	startsLikeOurKey(token) {
		return token.toLowerCase().includes(`${this.prefix}-`);
	}
}

/** Only texts with a reserved prefix are refused by their text. */
export const textRefuses = (token) => kindOf(token) !== null && !tokenValid(token);
