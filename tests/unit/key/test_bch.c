#include "testing.h"

#include "key/bch.h"

/*
 * An independent road to the same code: plain polynomial arithmetic over GF(32),
 * and GF(1024) as pairs, without tables.
 */
static unsigned times32(unsigned a, unsigned b)
{
	unsigned product = 0;

	for (unsigned bit = 0; bit < 5; bit++) {
		if ((b >> bit & 1) != 0)
			product ^= a << bit;
	}
	for (unsigned bit = 9; bit >= 5; bit--) {
		if ((product >> bit & 1) != 0)
			product ^= 0x25u << (bit - 5);
	}
	return product;
}

struct pair {
	unsigned a, b; /* a + bz, z^2 = z + 1 */
};

static struct pair times(struct pair x, struct pair y)
{
	unsigned bd = times32(x.b, y.b);

	return (struct pair){ times32(x.a, y.a) ^ bd, times32(x.a, y.b) ^ times32(x.b, y.a) ^ bd };
}

static struct pair power_of(struct pair x, unsigned exponent)
{
	struct pair product = { 1, 0 };

	while (exponent-- > 0)
		product = times(product, x);
	return product;
}

static const struct pair BETA = { 0, 2 };

static void beta_has_order_93(void **state)
{
	for (unsigned n = 1; n < 93; n++) {
		struct pair p = power_of(BETA, n);

		if (p.a == 1 && p.b == 0)
			fail_msg("beta^%u is 1", n);
	}
	assert_int_equal(power_of(BETA, 93).a, 1);
	assert_int_equal(power_of(BETA, 93).b, 0);
}

static struct pair value_at(const uint8_t *symbols, size_t len, struct pair x)
{
	struct pair sum = { 0, 0 };

	for (size_t i = 0; i < len; i++) {
		sum = times(sum, x);
		sum.a ^= symbols[i];
	}
	return sum;
}

/* The generator is data "1" with its check part: it must vanish at all eight powers. */
static void every_codeword_vanishes_at_the_roots(void **state)
{
	for (unsigned first = 0; first < 32; first++) {
		for (size_t data_len = 1; data_len <= BCH_LEN_MAX - BCH_CHECK_LEN; data_len += 13) {
			uint8_t word[BCH_LEN_MAX];

			for (size_t i = 0; i < data_len; i++)
				word[i] = (uint8_t)((first + 7 * i * i) % 32);
			bch_make(word, data_len, word + data_len);
			assert_true(bch_valid(word, data_len + BCH_CHECK_LEN));
			for (unsigned n = BCH_ROOT_FIRST; n < BCH_ROOT_FIRST + BCH_ROOTS; n++) {
				struct pair v =
					value_at(word, data_len + BCH_CHECK_LEN, power_of(BETA, n));

				assert_int_equal(v.a | v.b, 0);
			}
		}
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void make_word(uint8_t *word, size_t len, uint32_t *seed)
{
	for (size_t i = 0; i + BCH_CHECK_LEN < len; i++)
		word[i] = next_random(seed) & 31;
	bch_make(word, len - BCH_CHECK_LEN, word + len - BCH_CHECK_LEN);
}

/* Change count distinct symbols; the offsets go to out. */
static void spoil(uint8_t *word, size_t len, size_t count, uint8_t *out, uint32_t *seed)
{
	bool hit[BCH_LEN_MAX] = { false };

	for (size_t k = 0; k < count;) {
		uint8_t at = (uint8_t)(next_random(seed) % len);

		if (hit[at])
			continue;
		hit[at] = true;
		word[at] ^= (uint8_t)(1 + next_random(seed) % 31);
		out[k++] = at;
	}
}

static void mends_every_mix_of_wrong_and_erased(void **state)
{
	static const size_t lengths[] = { 14, 22, 54, 93 };
	uint32_t seed = 77;

	for (size_t row = 0; row < ARRAY_LEN(lengths); row++) {
		for (unsigned trial = 0; trial < 500; trial++) {
			size_t erased = trial % 9;
			size_t wrong = (8 - erased) / 2;
			uint8_t offsets[8], word[BCH_LEN_MAX], right[BCH_LEN_MAX];

			make_word(right, lengths[row], &seed);
			memcpy(word, right, sizeof(word));
			spoil(word, lengths[row], erased + wrong, offsets, &seed);
			/* The first of them are known, and one of those may even be right. */
			if (erased > 0 && trial % 2 == 0)
				word[offsets[0]] = right[offsets[0]];
			assert_true(bch_mend(word, lengths[row], offsets, erased));
			assert_memory_equal(word, right, lengths[row]);
		}
	}
}

static void leaves_alone_what_it_cannot_mend(void **state)
{
	uint32_t seed = 78;
	unsigned refused = 0;

	for (unsigned trial = 0; trial < 2000; trial++) {
		uint8_t offsets[8], word[54], before[54];

		make_word(word, 54, &seed);
		spoil(word, 54, 5 + trial % 4, offsets, &seed);
		memcpy(before, word, sizeof(before));
		assert_false(bch_valid(word, 54));
		if (bch_mend(word, 54, NULL, 0)) {
			assert_true(bch_valid(word, 54));
			continue;
		}
		refused++;
		assert_memory_equal(word, before, 54);
	}
	assert_true(refused >= 1999);
}

static void up_to_eight_wrong_symbols_are_never_valid(void **state)
{
	uint32_t seed = 79;

	for (unsigned trial = 0; trial < 20000; trial++) {
		uint8_t offsets[8], word[54];

		make_word(word, 54, &seed);
		spoil(word, 54, 1 + trial % 8, offsets, &seed);
		assert_false(bch_valid(word, 54));
	}
}

static void finds_the_missing_symbol(void **state)
{
	uint32_t seed = 80;

	for (size_t gone = 0; gone < 54; gone++) {
		uint8_t word[54], shorter[53], symbol;
		size_t offset = 99, first = gone;
		bool found = false;

		make_word(word, 54, &seed);
		memcpy(shorter, word, gone);
		memcpy(shorter + gone, word + gone + 1, 53 - gone);
		while (first > 0 && word[first - 1] == word[gone])
			first--;
		for (size_t from = 0; !found && from < 54; from = offset + 1) {
			assert_true(bch_find_missing(shorter, 53, from, &offset, &symbol));
			found = offset == first && symbol == word[gone];
		}
		assert_true(found);
	}
}

static void refuses_lengths_that_no_word_has(void **state)
{
	uint8_t word[BCH_LEN_MAX + 1] = { 0 };
	uint8_t symbol;
	size_t offset;

	assert_false(bch_valid(word, BCH_CHECK_LEN - 1));
	assert_true(bch_valid(word, BCH_CHECK_LEN));
	assert_true(bch_valid(word, BCH_LEN_MAX));
	assert_false(bch_valid(word, BCH_LEN_MAX + 1));
	assert_false(bch_mend(word, BCH_LEN_MAX + 1, NULL, 0));
	assert_false(bch_find_missing(word, BCH_LEN_MAX, 0, &offset, &symbol));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beta_has_order_93),
		cmocka_unit_test(every_codeword_vanishes_at_the_roots),
		cmocka_unit_test(mends_every_mix_of_wrong_and_erased),
		cmocka_unit_test(leaves_alone_what_it_cannot_mend),
		cmocka_unit_test(up_to_eight_wrong_symbols_are_never_valid),
		cmocka_unit_test(finds_the_missing_symbol),
		cmocka_unit_test(refuses_lengths_that_no_word_has),
	};

	return cmocka_run_group_tests_name("key/bch", tests, NULL, NULL);
}
