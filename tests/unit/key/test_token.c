#include "testing.h"

#include "key/digest.h"
#include "key/token.h"

static void make(enum token_kind kind, uint8_t fill, char out[TOKEN_LEN + 1])
{
	uint8_t random[TOKEN_RANDOM_SIZE];

	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)(fill * 31u + i * 17u);
	token_make(kind, random, out);
	out[TOKEN_LEN] = '\0';
}

static void has_the_form_that_is_promised(void **state)
{
	static const struct {
		enum token_kind kind;
		const char *prefix;
	} rows[] = { { TOKEN_LIVE, "LV1" }, { TOKEN_TEST, "LT1" }, { TOKEN_MANAGEMENT, "LM1" } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char token[TOKEN_LEN + 1];

		make(rows[i].kind, 5, token);
		CHECK_ROW(rows[i].prefix, strlen(token) == 55);
		CHECK_ROW(rows[i].prefix, strncmp(token, rows[i].prefix, 3) == 0);
		CHECK_ROW(rows[i].prefix, strspn(token + 3, TOKEN_ALPHABET) == 52);
		CHECK_ROW(rows[i].prefix, token_valid(span_str(token)));
		CHECK_ROW(rows[i].prefix, token_kind(span_str(token)) == rows[i].kind);
		CHECK_ROW(rows[i].prefix, !token_refused(span_str(token)));
	}
}

/* The format is a promise to everybody who holds a token: it must not drift. */
static void the_format_stands(void **state)
{
	uint8_t random[TOKEN_RANDOM_SIZE];
	char token[TOKEN_LEN + 1] = "";

	memset(random, 0, sizeof(random));
	token_make(TOKEN_LIVE, random, token);
	assert_string_equal(token, "LV1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQHVSWCH5EKMYFX");
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)i;
	token_make(TOKEN_LIVE, random, token);
	assert_string_equal(token, "LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U");
}

static void every_random_bit_counts_but_the_last_five(void **state)
{
	uint8_t random[TOKEN_RANDOM_SIZE] = { 0 };
	char zero[TOKEN_LEN + 1] = "", other[TOKEN_LEN + 1] = "";

	token_make(TOKEN_LIVE, random, zero);
	for (size_t bit = 0; bit < 200; bit++) {
		memset(random, 0, sizeof(random));
		random[bit / 8] = (uint8_t)(0x80 >> bit % 8);
		token_make(TOKEN_LIVE, random, other);
		assert_int_equal(strcmp(zero, other) != 0, bit < 195);
	}
}

static void no_other_text_is_valid(void **state)
{
	char token[TOKEN_LEN + 2];

	make(TOKEN_LIVE, 9, token);
	for (size_t i = 0; i < TOKEN_LEN; i++) {
		char right = token[i];

		for (int c = 0; c < 256; c++) {
			token[i] = (char)c;
			if (token_valid(span_of(token, TOKEN_LEN)) != (token[i] == right))
				fail_msg("byte %d at %zu", c, i);
		}
		token[i] = right;
	}
	assert_false(token_valid(span_of(token, TOKEN_LEN - 1)));
	token[TOKEN_LEN] = 'Q';
	assert_false(token_valid(span_of(token, TOKEN_LEN + 1)));
	assert_false(token_valid(span_of("", 0)));
	assert_false(token_valid(SPAN_ABSENT));
}

static void only_reserved_prefixes_are_refused_by_their_text(void **state)
{
	static const struct {
		const char *text;
		bool refused;
	} rows[] = {
		{ "LV1", true },
		{ "LV1QQQ", true },
		{ "LT1ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH", true },
		{ "LM1ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH", true },
		{ "LV", false },
		{ "", false },
		{ "lv1QQQ", false },
		{ "LX1ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH", false },
		{ "LVIABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH", false },
		{ "MASPZVJUTEWWYSCFYYFKALTNTPQGBVAPYHGBTZALCXBUXTRKRAWNYRVSIXEFLGPM", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].text, token_refused(span_str(rows[i].text)) == rows[i].refused);
}

/* A kind is part of the check: none becomes another by one letter. */
static void a_kind_cannot_be_exchanged(void **state)
{
	char token[TOKEN_LEN + 1];

	make(TOKEN_TEST, 3, token);
	token[1] = 'V';
	assert_false(token_valid(span_str(token)));
	assert_true(token_refused(span_str(token)));
}

static void symbols_are_those_of_the_alphabet(void **state)
{
	for (int c = -128; c < 128; c++) {
		const char *at = c > 0 ? strchr(TOKEN_ALPHABET, c) : NULL;

		assert_int_equal(token_symbol((char)c), at == NULL ? -1 : at - TOKEN_ALPHABET);
	}
}

static void the_digest_is_sha256_of_the_text(void **state)
{
	/* FIPS 180-2, appendix B.1. */
	static const uint8_t expected[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41,
		0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a,
		0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	CLEANUP(digest_context_free)
	struct digest_context *context = digest_context_make();
	uint8_t digest[DIGEST_SIZE];

	assert_non_null(context);
	assert_true(token_digest(context, SPAN_LIT("abc"), digest));
	assert_memory_equal(digest, expected, sizeof(expected));
	assert_true(digest_equal(digest, expected));
	digest[31] ^= 1;
	assert_false(digest_equal(digest, expected));
	digest[31] ^= 1;
	digest[0] ^= 0x80;
	assert_false(digest_equal(digest, expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_form_that_is_promised),
		cmocka_unit_test(the_format_stands),
		cmocka_unit_test(every_random_bit_counts_but_the_last_five),
		cmocka_unit_test(no_other_text_is_valid),
		cmocka_unit_test(only_reserved_prefixes_are_refused_by_their_text),
		cmocka_unit_test(a_kind_cannot_be_exchanged),
		cmocka_unit_test(symbols_are_those_of_the_alphabet),
		cmocka_unit_test(the_digest_is_sha256_of_the_text),
	};

	return cmocka_run_group_tests_name("key/token", tests, NULL, NULL);
}
