/* Which word is near to a mistyped one, on both sides of the border. */
#include "testing.h"

#include "base/nearest.h"

static void distances(void **state)
{
	static const struct {
		const char *label, *a, *b;
		size_t distance;
	} ROWS[] = {
		{ "the same", "key", "key", 0 },
		{ "empty", "", "key", 3 },
		{ "one replaced", "kez", "key", 1 },
		{ "one left out", "ky", "key", 1 },
		{ "one put in", "keyy", "key", 1 },
		{ "neighbours swapped", "kye", "key", 1 },
		{ "swapped twice", "kye craete", "key create", 2 },
		{ "swapped over one between", "eyk", "key", 2 },
		{ "nothing in common", "abc", "xyz", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		CHECK_ROW(ROWS[i].label, word_distance(span_str(ROWS[i].a), span_str(ROWS[i].b)) ==
						 ROWS[i].distance);
		CHECK_ROW(ROWS[i].label, word_distance(span_str(ROWS[i].b), span_str(ROWS[i].a)) ==
						 ROWS[i].distance);
	}
}

static void the_longest_word_is_compared_and_no_longer_one(void **state)
{
	char text[NEAREST_WORD_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(
		word_distance(span_of(text, NEAREST_WORD_MAX), span_of(text, NEAREST_WORD_MAX)), 0);
	assert_true(word_distance(span_of(text, sizeof(text)), SPAN_LIT("a")) == SIZE_MAX);
	assert_true(word_distance(SPAN_LIT("a"), span_of(text, sizeof(text))) == SIZE_MAX);
}

static void near_or_not(void **state)
{
	static const struct {
		const char *a, *b;
		bool near;
	} ROWS[] = {
		{ "lable", "label", true },
		{ "lbael", "abel", false },
		{ "verfy", "verify", true },
		{ "acount", "account", true },
		{ "acuont", "account", true },
		{ "konto", "account", false },
		{ "ca", "can", false },
		{ "caan", "can", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct span a = span_str(ROWS[i].a), b = span_str(ROWS[i].b);

		CHECK_ROW(ROWS[i].a, word_is_near(a, b, word_distance(a, b)) == ROWS[i].near);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(the_longest_word_is_compared_and_no_longer_one),
		cmocka_unit_test(near_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
