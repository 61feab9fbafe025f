#include "key/bch.h"

#include <assert.h>
#include <string.h>

/* Powers of 2 in GF(32) (I1), twice over so that a sum of two logarithms needs no modulo. */
static const uint8_t EXP[62] = { 1, 2, 4, 8, 16, 5, 10, 20, 13, 26, 17, 7, 14, 28, 29, 31, 27, 19,
	3, 6, 12, 24, 21, 15, 30, 25, 23, 11, 22, 9, 18, 1, 2, 4, 8, 16, 5, 10, 20, 13, 26, 17, 7,
	14, 28, 29, 31, 27, 19, 3, 6, 12, 24, 21, 15, 30, 25, 23, 11, 22, 9, 18 };
/* LOG[0] is never read. */
static const uint8_t LOG[32] = { 0, 0, 1, 18, 2, 5, 19, 11, 3, 29, 6, 27, 20, 8, 12, 23, 4, 10, 30,
	17, 7, 22, 28, 26, 21, 25, 9, 16, 13, 14, 24, 15 };

/* The 32 sums of five elements: what each symbol makes of a linear map, from what its bits make. */
#define SUMS2(x, a, b) (x), (x) ^ (a), (x) ^ (b), (x) ^ (a) ^ (b)
#define SUMS4(x, a, b, c, d)                                                                       \
	SUMS2(x, a, b), SUMS2((x) ^ (c), a, b), SUMS2((x) ^ (d), a, b), SUMS2((x) ^ (c) ^ (d), a, b)
#define SUMS(a, b, c, d, e) SUMS4(0, a, b, c, d), SUMS4(e, a, b, c, d)

/*
 * Row i: symbol * x^(20 - i) modulo the generator, as the coefficient of x^12 and the twelve
 * below it packed at 5 bits. The last row is the generator itself, below x^13. So
 * eight symbols are divided at once, by look-ups that do not wait for one another.
 * The tests derive them from the roots (I3).
 */
#define AT_ONCE 8u
static const uint8_t REST_TOP[AT_ONCE][32] = {
	{ SUMS(26, 17, 7, 14, 28) },
	{ SUMS(30, 25, 23, 11, 22) },
	{ SUMS(10, 20, 13, 26, 17) },
	{ SUMS(17, 7, 14, 28, 29) },
	{ SUMS(6, 12, 24, 21, 15) },
	{ SUMS(21, 15, 30, 25, 23) },
	{ SUMS(25, 23, 11, 22, 9) },
	{ SUMS(16, 5, 10, 20, 13) },
};
static const uint64_t REST_LOW[AT_ONCE][32] = {
	{ SUMS(0x0fffd839e736882, 0x16f7f2f3ce64504, 0x24e7b5773cc1e08, 0x40c73a7efdab8b0,
		0x818c36ed7f7f145) },
	{ SUMS(0x600b2ed7414d2fd, 0xc0141fbe229357f, 0xa8282df8e40eadb, 0x781a49e5c814533,
		0xf03481df9021e43) },
	{ SUMS(0x7c2bd97b23c1d83, 0xf15ff0e6e6abb06, 0xcabdb15d6c7f2ac, 0xbd33322ed8f75f8,
		0x5b6e345935cffd5) },
	{ SUMS(0xbf0ece9c1050fcb, 0x5f5d8fb805a1b36, 0xb7f95df00a6b2e9, 0x4efaf9f414d6172,
		0x94ffe1fc0d8d6c1) },
	{ SUMS(0xf018f6707424d72, 0xc831ec74cd40ec1, 0xb82b9afd9a81922, 0x581f77ef112b244,
		0xb03cbf4ea756028) },
	{ SUMS(0x8de86793322cb24, 0x3adacf22e1506e8, 0x75b58cc162a0970, 0xe2635b96c4692c5,
		0xec8ef5a928d212a) },
	{ SUMS(0xe4cce315257110e, 0xe8d9c62a4ae221c, 0xf9b1dc5034ec0bd, 0xdb2bfab44df955f,
		0x9e1fb7e89adaa9b) },
	{ SUMS(0xa6fe0774c657c4d, 0x6cf60e7d8ca6c9a, 0xd0e60eef186cd11, 0x89860fceb5d0e07,
		0x3b0c0d8def898ae) },
};

#define LOW_MASK ((UINT64_C(1) << 60) - 1)

static uint8_t mul32(uint8_t a, uint8_t b)
{
	return a == 0 || b == 0 ? 0 : EXP[LOG[a] + LOG[b]];
}

static uint8_t inverse32(uint8_t a)
{
	return EXP[31 - LOG[a]];
}

/* An element a + bz of GF(1024) is b << 5 | a. */
static uint16_t element(uint8_t a, uint8_t b)
{
	return (uint16_t)(b << 5 | a);
}

static uint16_t mul(uint16_t x, uint16_t y)
{
	uint8_t a = x & 31, b = (uint8_t)(x >> 5);
	uint8_t c = y & 31, d = (uint8_t)(y >> 5);
	uint8_t bd = mul32(b, d);

	return element(mul32(a, c) ^ bd, (uint8_t)(mul32(a, d) ^ mul32(b, c) ^ bd));
}

/* x must not be zero. The conjugate of a + bz is (a + b) + bz. */
static uint16_t inverse(uint16_t x)
{
	uint8_t a = x & 31, b = (uint8_t)(x >> 5);
	uint8_t norm = mul32(a, a) ^ mul32(a, b) ^ mul32(b, b);
	uint8_t scale = inverse32(norm);

	return element(mul32((uint8_t)(a ^ b), scale), mul32(b, scale));
}

/* symbol * beta^exponent, with beta^n = 2^n z^n (I2). */
static uint16_t scaled_power(uint8_t symbol, size_t exponent)
{
	uint8_t part;

	if (symbol == 0)
		return 0;
	part = EXP[LOG[symbol] + exponent % 31];
	switch (exponent % 3) {
	case 0:
		return part;
	case 1:
		return (uint16_t)(part << 5);
	default: /* z^2 = z + 1 */
		return element(part, part);
	}
}

static uint16_t power(size_t exponent)
{
	return scaled_power(1, exponent);
}

/* The remainder of data * x^13, as top symbol and the 12 below it. */
struct remainder {
	uint64_t low; /* 60 bits */
	uint8_t top;
};

/* One symbol more. */
static struct remainder divide_one(struct remainder r, uint8_t symbol)
{
	uint8_t feed = (symbol ^ r.top) & 31;

	return (struct remainder){ .top = (uint8_t)(r.low >> 55) ^ REST_TOP[AT_ONCE - 1][feed],
		.low = (r.low << 5 & LOW_MASK) ^ REST_LOW[AT_ONCE - 1][feed] };
}

/* AT_ONCE symbols more. */
static struct remainder divide_many(struct remainder r, const uint8_t *symbols)
{
	struct remainder next = { .top = (uint8_t)(r.low >> (60 - 5 * AT_ONCE) & 31),
		.low = r.low << 5 * AT_ONCE & LOW_MASK };
	unsigned feed = (symbols[0] ^ r.top) & 31;

	next.top ^= REST_TOP[0][feed];
	next.low ^= REST_LOW[0][feed];
/* Written out: compilers leave it a loop, whose shifts are the greater part of the work. */
#define FEED(i)                                                                                    \
	feed = (symbols[i] ^ (unsigned)(r.low >> (60 - 5 * (i)))) & 31;                            \
	next.top ^= REST_TOP[i][feed];                                                             \
	next.low ^= REST_LOW[i][feed]
	FEED(1);
	FEED(2);
	FEED(3);
	FEED(4);
	FEED(5);
	FEED(6);
	FEED(7);
#undef FEED
	static_assert(AT_ONCE == 8, "a line for each");
	return next;
}

static struct remainder divide(const uint8_t *data, size_t data_len)
{
	struct remainder r = { 0, 0 };
	size_t i = 0;

	for (; i < data_len % AT_ONCE; i++)
		r = divide_one(r, data[i]);
	for (; i < data_len; i += AT_ONCE)
		r = divide_many(r, data + i);
	return r;
}

void bch_make(const uint8_t *data, size_t data_len, uint8_t out_check[BCH_CHECK_LEN])
{
	struct remainder r = divide(data, data_len);

	assert(data_len + BCH_CHECK_LEN <= BCH_LEN_MAX);
	out_check[0] = r.top;
	for (size_t i = 1; i < BCH_CHECK_LEN; i++)
		out_check[i] = r.low >> (5 * (BCH_CHECK_LEN - 1 - i)) & 31;
}

bool bch_valid(const uint8_t *symbols, size_t len)
{
	struct remainder r;
	uint64_t low = 0;

	if (len < BCH_CHECK_LEN || len > BCH_LEN_MAX)
		return false;
	r = divide(symbols, len - BCH_CHECK_LEN);
	for (size_t i = len - BCH_CHECK_LEN + 1; i < len; i++)
		low = low << 5 | symbols[i];
	return r.top == symbols[len - BCH_CHECK_LEN] && r.low == low;
}

/* The word's values at beta^2 .. beta^9; all zero for a codeword (I3). */
static bool syndromes(const uint8_t *symbols, size_t len, uint16_t out[BCH_ROOTS])
{
	uint16_t any = 0;

	for (size_t j = 0; j < BCH_ROOTS; j++) {
		uint16_t sum = 0;

		for (size_t i = 0; i < len; i++)
			sum ^= scaled_power(symbols[i], (j + BCH_ROOT_FIRST) * (len - 1 - i));
		out[j] = sum;
		any |= sum;
	}
	return any != 0;
}

struct locator {
	uint16_t at[BCH_ROOTS + 1]; /* coefficients, at[0] = 1 */
	size_t degree;
};

/* The product of 1 - X x over the erased offsets' powers X. */
static void locator_erase(
	struct locator *locator, size_t len, const uint8_t *offsets, size_t offsets_count)
{
	memset(locator, 0, sizeof(*locator));
	locator->at[0] = 1;
	for (size_t k = 0; k < offsets_count; k++) {
		uint16_t x = power(len - 1 - offsets[k]);

		for (size_t i = k + 1; i > 0; i--)
			locator->at[i] ^= mul(locator->at[i - 1], x);
	}
	locator->degree = offsets_count;
}

/* Berlekamp and Massey: the shortest locator beyond the erasures that explains the syndromes. */
static void locator_extend(struct locator *locator, const uint16_t s[BCH_ROOTS])
{
	const size_t erased = locator->degree;
	uint16_t before[BCH_ROOTS + 1];

	memcpy(before, locator->at, sizeof(before));
	for (size_t r = erased; r < BCH_ROOTS; r++) {
		uint16_t discrepancy = 0;
		uint16_t next[BCH_ROOTS + 1];

		for (size_t i = 0; i <= locator->degree && i <= r; i++)
			discrepancy ^= mul(locator->at[i], s[r - i]);
		memmove(before + 1, before, sizeof(before) - sizeof(before[0]));
		before[0] = 0;
		if (discrepancy == 0)
			continue;
		for (size_t i = 0; i <= BCH_ROOTS; i++)
			next[i] = locator->at[i] ^ mul(discrepancy, before[i]);
		if (2 * locator->degree <= r + erased) {
			uint16_t scale = inverse(discrepancy);

			for (size_t i = 0; i <= BCH_ROOTS; i++)
				before[i] = mul(locator->at[i], scale);
			locator->degree = r + 1 + erased - locator->degree;
		}
		memcpy(locator->at, next, sizeof(next));
	}
}

static uint16_t evaluate(const uint16_t *coefficients, size_t count, uint16_t x)
{
	uint16_t sum = 0;

	while (count > 0)
		sum = mul(sum, x) ^ coefficients[--count];
	return sum;
}

/* Chien: the offsets whose powers the locator names. False unless all of them lie in the word. */
static bool locator_roots(const struct locator *locator, size_t len, uint8_t out[BCH_ROOTS])
{
	size_t found = 0;

	for (size_t offset = 0; offset < len; offset++) {
		uint16_t x = power(BCH_LEN_MAX - (len - 1 - offset));

		if (evaluate(locator->at, locator->degree + 1, x) != 0)
			continue;
		if (found == locator->degree)
			return false;
		out[found++] = (uint8_t)offset;
	}
	return found == locator->degree;
}

/* Forney: what was added to the symbol at offset; more than 31 when it is no symbol. */
static uint16_t error_value(
	const struct locator *locator, const uint16_t s[BCH_ROOTS], size_t exponent)
{
	uint16_t x = power(BCH_LEN_MAX - exponent);
	uint16_t evaluator[BCH_ROOTS] = { 0 };
	uint16_t slope = 0;

	for (size_t i = 0; i < BCH_ROOTS; i++) {
		for (size_t k = 0; k <= i && k <= locator->degree; k++)
			evaluator[i] ^= mul(locator->at[k], s[i - k]);
	}
	/* The derivative keeps the odd coefficients only. */
	for (size_t i = 1; i <= locator->degree; i += 2)
		slope ^= mul(locator->at[i], power((i - 1) * (BCH_LEN_MAX - exponent)));
	if (slope == 0)
		return UINT16_MAX;
	/* X^(1 - first root) = x. */
	return mul(mul(evaluate(evaluator, BCH_ROOTS, x), x), inverse(slope));
}

bool bch_mend(uint8_t *symbols, size_t len, const uint8_t *erased_offsets, size_t erased_count)
{
	uint16_t s[BCH_ROOTS];
	uint8_t mended[BCH_LEN_MAX];
	uint8_t offsets[BCH_ROOTS];
	struct locator locator;

	if (len < BCH_CHECK_LEN || len > BCH_LEN_MAX || erased_count > BCH_ROOTS)
		return false;
	if (!syndromes(symbols, len, s))
		return true;
	locator_erase(&locator, len, erased_offsets, erased_count);
	locator_extend(&locator, s);
	if (2 * locator.degree > BCH_ROOTS + erased_count || locator.degree > BCH_ROOTS)
		return false;
	if (!locator_roots(&locator, len, offsets))
		return false;
	memcpy(mended, symbols, len);
	for (size_t i = 0; i < locator.degree; i++) {
		uint16_t value = error_value(&locator, s, len - 1 - offsets[i]);

		if (value > 31)
			return false;
		mended[offsets[i]] ^= (uint8_t)value;
	}
	if (!bch_valid(mended, len))
		return false;
	memcpy(symbols, mended, len);
	return true;
}

/* True when s[j] = e beta^(j * exponent) for one and the same symbol e, zero included. */
static bool explained_by_one(const uint16_t s[BCH_ROOTS], size_t exponent, uint8_t *out_symbol)
{
	uint16_t value = mul(s[0], power((BCH_LEN_MAX - exponent) * BCH_ROOT_FIRST));

	if (value > 31)
		return false;
	for (size_t j = 1; j < BCH_ROOTS; j++) {
		if (s[j] != scaled_power((uint8_t)value, (j + BCH_ROOT_FIRST) * exponent))
			return false;
	}
	*out_symbol = (uint8_t)value;
	return true;
}

bool bch_find_missing(
	const uint8_t *symbols, size_t len, size_t from, size_t *out_offset, uint8_t *out_symbol)
{
	/* Of the symbols before and after the gap, with powers in the longer word. */
	uint16_t s[BCH_ROOTS];

	if (len + 1 < BCH_CHECK_LEN || len + 1 > BCH_LEN_MAX)
		return false;
	/* A gap before everything leaves all powers as they are. */
	(void)syndromes(symbols, len, s);
	for (size_t gap = 0;; gap++) {
		size_t exponent = len - gap;

		if (gap >= from && explained_by_one(s, exponent, out_symbol)) {
			*out_offset = gap;
			return true;
		}
		if (gap == len)
			return false;
		/* The symbol after the gap moves before it, one power up. */
		for (size_t j = 0; j < BCH_ROOTS; j++) {
			size_t root = j + BCH_ROOT_FIRST;

			s[j] ^= scaled_power(symbols[gap], root * (exponent - 1));
			s[j] ^= scaled_power(symbols[gap], root * exponent);
		}
	}
}
