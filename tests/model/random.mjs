// Repeatable random numbers: a seed gives the same worlds and requests everywhere.
export class Random {
	constructor(seed) {
		this.state = seed >>> 0;
		for (let i = 0; i < 4; i++)
			this.next();
	}

	/** 32 bits (mulberry32). */
	next() {
		this.state = (this.state + 0x6d2b79f5) >>> 0;
		let t = this.state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return (t ^ (t >>> 14)) >>> 0;
	}

	/** 0 to n - 1. */
	below(n) {
		return Math.floor(this.next() / 4294967296 * n);
	}

	between(low, high) {
		return low + this.below(high - low + 1);
	}

	chance(percent) {
		return this.below(100) < percent;
	}

	pick(list) {
		return list[this.below(list.length)];
	}

	/** Up to n different ones, in the list's order. */
	some(list, n) {
		const left = new Set();
		for (let i = 0; i < n && list.length > 0; i++)
			left.add(this.below(list.length));
		return [...left].sort((a, b) => a - b).map((i) => list[i]);
	}

	text(alphabet, length) {
		let out = '';
		for (let i = 0; i < length; i++)
			out += alphabet[this.below(alphabet.length)];
		return out;
	}
}
