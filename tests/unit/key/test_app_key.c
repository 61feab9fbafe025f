#include "testing.h"

#include "key/app_key.h"
#include "key/token.h"

#define PREFIX SPAN_LIT(APP_KEY_PREFIX_DEFAULT)

static void make(const char *prefix, const char *account, uint32_t random, char out[LIMIT_APP_KEY])
{
	struct buf text = buf_fixed(out, LIMIT_APP_KEY);
	uint8_t bytes[APP_KEY_RANDOM_SIZE];

	memcpy(bytes, &random, sizeof(bytes));
	assert_int_equal(app_key_make(span_str(prefix), span_str(account), bytes, &text), ST_OK);
}

/* Keys are written down everywhere: the format must not drift. */
static void the_format_stands(void **state)
{
	char key[LIMIT_APP_KEY];

	make("appkey", "tienda", 0x04030201, key);
	assert_string_equal(key, "appkey-tienda-PSQXQZF9");
	assert_int_equal(app_key_check(span_str(key), PREFIX), APP_KEY_VALID);
}

static void names_are_checked(void **state)
{
	static const struct {
		const char *label, *text;
		bool prefix_ok, account_ok;
	} rows[] = {
		{ "two letters", "ab", true, true },
		{ "one letter", "a", true, false },
		{ "empty", "", false, false },
		{ "digit first", "1a", false, false },
		{ "dash first", "-a", false, false },
		{ "dash last", "ab-", false, true },
		{ "dash inside", "a-b", true, true },
		{ "upper case", "aB", false, false },
		{ "underscore", "a_b", false, false },
		{ "accent", "se\xC3\xB1or", false, false },
		{ "32", "abcdefghijklmnopqrstuvwxyzabcdef", true, true },
		{ "33", "abcdefghijklmnopqrstuvwxyzabcdefg", false, true },
		{ "63", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk", false,
			true },
		{ "64", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl", false,
			false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(rows[i].label,
			app_key_prefix_ok(span_str(rows[i].text)) == rows[i].prefix_ok);
		CHECK_ROW(rows[i].label,
			account_name_ok(span_str(rows[i].text)) == rows[i].account_ok);
	}
	assert_false(account_name_ok(SPAN_ABSENT));
	assert_false(account_name_ok(span_of("ab\0c", 4)));
}

static void refuses_to_make_what_is_no_key(void **state)
{
	const uint8_t random[APP_KEY_RANDOM_SIZE] = { 0 };
	char memory[22];
	struct buf small = BUF_ARRAY(memory);

	assert_int_equal(app_key_make(SPAN_LIT("A"), SPAN_LIT("shop"), random, &small), ST_INVALID);
	assert_int_equal(app_key_make(PREFIX, SPAN_LIT("s"), random, &small), ST_INVALID);
	assert_int_equal(small.len, 0);
	/* "appkey-shopz-XXXXXXXX" is 21 characters. */
	assert_int_equal(app_key_make(PREFIX, SPAN_LIT("shopz"), random, &small), ST_OK);
	buf_clear(&small);
	assert_int_equal(app_key_make(PREFIX, SPAN_LIT("shopzz"), random, &small), ST_LIMIT);
}

static void the_longest_fits(void **state)
{
	char key[LIMIT_APP_KEY];

	make("abcdefghijklmnopqrstuvwxyzabcdef",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk", 0xFFFFFFFF, key);
	assert_int_equal(strlen(key), 32 + 1 + 63 + 1 + 8);
	assert_int_equal(app_key_check(span_str(key), SPAN_LIT("abcdefghijklmnopqrstuvwxyzabcdef")),
		APP_KEY_VALID);
}

/* x^5 must have an order beyond the longest key, or two places would weigh the same. */
static void places_have_different_weights(void **state)
{
	uint32_t weight = 1;

	for (unsigned n = 1; n < 1023; n++) {
		weight <<= 5;
		for (unsigned bit = 14; bit >= 10; bit--) {
			if ((weight >> bit & 1) != 0)
				weight ^= 0x409u << (bit - 10);
		}
		assert_int_not_equal(weight, 1);
	}
}

static const char *const samples[][2] = { { "appkey", "tienda" }, { "vtexappkey", "my-store" },
	{ "k", "zz" },
	{ "appkey", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk" } };

static void sees_every_single_wrong_character(void **state)
{
	for (size_t row = 0; row < ARRAY_LEN(samples); row++) {
		char key[LIMIT_APP_KEY];
		size_t len;

		make(samples[row][0], samples[row][1], 0x9E3779B9u * (uint32_t)(row + 1), key);
		len = strlen(key);
		for (size_t i = 0; i < len; i++) {
			char right = key[i];

			for (int c = 0; c < 256; c++) {
				key[i] = (char)c;
				if ((app_key_check(span_of(key, len), span_str(samples[row][0])) ==
					    APP_KEY_VALID) != (key[i] == right))
					fail_msg("%s: byte %d at %zu", samples[row][1], c, i);
			}
			key[i] = right;
		}
	}
}

static void sees_every_swap(void **state)
{
	for (size_t row = 0; row < ARRAY_LEN(samples); row++) {
		for (uint32_t trial = 0; trial < 200; trial++) {
			char key[LIMIT_APP_KEY];
			size_t len;

			make(samples[row][0], samples[row][1], 0x9E3779B9u * (trial + 1), key);
			len = strlen(key);
			for (size_t i = 0; i + 1 < len; i++) {
				char first = key[i], second = key[i + 1];

				key[i] = second;
				key[i + 1] = first;
				if ((app_key_check(span_of(key, len), span_str(samples[row][0])) ==
					    APP_KEY_VALID) != (first == second))
					fail_msg("%s: swap at %zu", key, i);
				key[i] = first;
				key[i + 1] = second;
			}
		}
	}
}

static void tells_forms_apart(void **state)
{
	static const struct {
		const char *label, *text;
		enum app_key_form form;
		const char *account;
	} rows[] = {
		{ "valid", "appkey-tienda-PSQXQZF9", APP_KEY_VALID, "tienda" },
		{ "check wrong", "appkey-tienda-PSQXQZFQ", APP_KEY_TYPO, "tienda" },
		{ "account with dashes", "appkey-a-b-c-PSQXQZF9", APP_KEY_TYPO, "a-b-c" },
		{ "case", "appkey-Tienda-PSQXQZF9", APP_KEY_CASE, NULL },
		{ "case of the last part", "appkey-tienda-psqxqzf9", APP_KEY_CASE, "tienda" },
		{ "short last part", "appkey-tienda-PSQ", APP_KEY_TYPO, NULL },
		{ "long last part", "appkey-tienda-PSQXQZF9Q", APP_KEY_TYPO, NULL },
		{ "empty last part", "appkey-tienda-", APP_KEY_TYPO, NULL },
		{ "last part of imported keys", "appkey-tienda-PSQXQZ", APP_KEY_FOREIGN, NULL },
		{ "account of one letter", "appkey-t-PSQXQZF9", APP_KEY_TYPO, NULL },
		{ "no account", "appkey--PSQXQZF9", APP_KEY_TYPO, NULL },
		{ "no account, one dash", "appkey-PSQXQZF9", APP_KEY_FOREIGN, NULL },
		{ "prefix only", "appkey-", APP_KEY_FOREIGN, NULL },
		{ "prefix without dash", "appkey", APP_KEY_FOREIGN, NULL },
		{ "other prefix", "vtexappkey-tienda-PSQXQZF9", APP_KEY_FOREIGN, NULL },
		{ "prefix with a typo", "appkex-tienda-PSQXQZF9", APP_KEY_TYPO, NULL },
		{ "prefix with two typos", "aqpkex-tienda-PSQXQZF9", APP_KEY_FOREIGN, NULL },
		{ "empty", "", APP_KEY_FOREIGN, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct span text = span_str(rows[i].text);

		CHECK_ROW(rows[i].label, app_key_check(text, PREFIX) == rows[i].form);
		CHECK_ROW(rows[i].label, span_is(app_key_account(text, PREFIX),
						 rows[i].account == NULL ? "" : rows[i].account));
	}
	/* A prefix that the configuration would not take opens nothing. */
	assert_int_equal(
		app_key_check(SPAN_LIT("-tienda-PSQXQZF9"), SPAN_LIT("")), APP_KEY_FOREIGN);
}

/* The plain table over all cells, as a reference for the band. */
static unsigned plain_distance(const char *a, const char *b)
{
	unsigned table[40][40];
	size_t a_len = strlen(a), b_len = strlen(b);

	for (size_t i = 0; i <= a_len; i++) {
		for (size_t j = 0; j <= b_len; j++) {
			unsigned best;

			if (i == 0 || j == 0) {
				table[i][j] = (unsigned)(i + j);
				continue;
			}
			best = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (table[i - 1][j] + 1 < best)
				best = table[i - 1][j] + 1;
			if (table[i][j - 1] + 1 < best)
				best = table[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				table[i - 2][j - 2] + 1 < best)
				best = table[i - 2][j - 2] + 1;
			table[i][j] = best;
		}
	}
	return table[a_len][b_len] > APP_KEY_DISTANCE_MAX ? APP_KEY_DISTANCE_MAX + 1
							  : table[a_len][b_len];
}

static void distance_is_that_of_the_plain_table(void **state)
{
	uint32_t seed = 7;

	for (unsigned trial = 0; trial < 20000; trial++) {
		char a[24], b[24];
		size_t a_len = 0, b_len = 0;

		/* Few letters and a common root, so that near texts are frequent. */
		for (size_t i = 0; i < 12; i++) {
			seed = seed * 1664525 + 1013904223;
			a[a_len++] = (char)('a' + (seed >> 24) % 3);
			if ((seed >> 8) % 8 != 0)
				b[b_len++] = (seed >> 12) % 6 == 0 ? 'c' : a[a_len - 1];
			if ((seed >> 16) % 11 == 0)
				b[b_len++] = 'a';
		}
		a[a_len] = b[b_len] = '\0';
		if (app_key_distance(span_str(a), span_str(b)) != plain_distance(a, b))
			fail_msg("%s %s: %u, not %u", a, b,
				app_key_distance(span_str(a), span_str(b)), plain_distance(a, b));
	}
}

static void distances_by_example(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = { { "", "", 0 }, { "abc", "abc", 0 }, { "", "abc", 3 }, { "abc", "", 3 },
		{ "", "abcd", 4 }, { "abc", "acb", 1 }, { "abc", "abxc", 1 }, { "abc", "xyz", 3 },
		{ "abcd", "wxyz", 4 }, { "abcdefgh", "hgfedcba", 4 }, { "abcd", "badc", 2 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].a, app_key_distance(span_str(rows[i].a), span_str(rows[i].b)) ==
					     rows[i].distance);
}

static void finds_the_nearest(void **state)
{
	static const char *const known[] = { "appkey-tienda-AAAAAAAA", "appkey-tienda-PSQXQZFQ",
		"appkey-tienda-PSQXQZF9", "appkey-tienda-PSQXQZF7" };
	struct app_key_nearest nearest;

	app_key_nearest_begin(&nearest, SPAN_LIT("appkey-tienda-PSQXQZF8"));
	assert_int_equal(nearest.best_len, 0);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		app_key_nearest_offer(&nearest, span_str(known[i]));
	assert_int_equal(nearest.distance, 1);
	/* Three are as near: the first offered stays. */
	assert_true(span_is(span_of(nearest.best, nearest.best_len), known[1]));
	app_key_nearest_begin(&nearest, SPAN_LIT("appkey-other-ZZZZZZZZ"));
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		app_key_nearest_offer(&nearest, span_str(known[i]));
	assert_int_equal(nearest.best_len, 0);
}

static void nearest_refuses_what_does_not_fit(void **state)
{
	static char text[LIMIT_APP_KEY + 1];
	struct app_key_nearest nearest;

	memset(text, 'a', sizeof(text));
	app_key_nearest_begin(&nearest, span_of(text, LIMIT_APP_KEY));
	app_key_nearest_offer(&nearest, span_of(text, LIMIT_APP_KEY + 1));
	assert_int_equal(nearest.best_len, 0);
	app_key_nearest_offer(&nearest, span_of(text, LIMIT_APP_KEY));
	assert_int_equal(nearest.best_len, LIMIT_APP_KEY);
	app_key_nearest_begin(&nearest, span_of(text, LIMIT_APP_KEY + 1));
	app_key_nearest_offer(&nearest, span_of(text, LIMIT_APP_KEY));
	assert_int_equal(nearest.best_len, 0);
}

static void imports_are_printable_and_bounded(void **state)
{
	char text[LIMIT_APP_KEY + 1];

	memset(text, '~', sizeof(text));
	assert_true(app_key_import_ok(span_of(text, LIMIT_APP_KEY)));
	assert_false(app_key_import_ok(span_of(text, LIMIT_APP_KEY + 1)));
	assert_false(app_key_import_ok(span_of(text, 0)));
	assert_true(app_key_import_ok(SPAN_LIT("!")));
	assert_false(app_key_import_ok(SPAN_LIT(" ")));
	assert_false(app_key_import_ok(SPAN_LIT("a\x7F")));
	assert_false(app_key_import_ok(SPAN_LIT("a\n")));
	assert_false(app_key_import_ok(SPAN_LIT("caf\xC3\xA9")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_stands),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(refuses_to_make_what_is_no_key),
		cmocka_unit_test(the_longest_fits),
		cmocka_unit_test(places_have_different_weights),
		cmocka_unit_test(sees_every_single_wrong_character),
		cmocka_unit_test(sees_every_swap),
		cmocka_unit_test(tells_forms_apart),
		cmocka_unit_test(distance_is_that_of_the_plain_table),
		cmocka_unit_test(distances_by_example),
		cmocka_unit_test(finds_the_nearest),
		cmocka_unit_test(nearest_refuses_what_does_not_fit),
		cmocka_unit_test(imports_are_printable_and_bounded),
	};

	return cmocka_run_group_tests_name("key/app_key", tests, NULL, NULL);
}
