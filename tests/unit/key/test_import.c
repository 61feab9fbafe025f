#include "testing.h"

#include "base/message.h"
#include "key/import.h"
#include "key/token.h"

static void judges_tokens(void **state)
{
	static const struct {
		const char *label, *text;
		enum import_verdict verdict;
		size_t position;
	} rows[] = {
		{ "valid of ours", "LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
			IMPORT_OK, 0 },
		{ "ours, mistyped", "LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92X",
			IMPORT_RESERVED_PREFIX, 0 },
		{ "reserved for tests", "LT1ZPVJUTEWWYSCFYYFKALTNTPQGBVAPYHGB",
			IMPORT_RESERVED_PREFIX, 0 },
		{ "reserved for machines", "LM1ZPVJUTEWWYSCFYYFKALTNTPQGBVAPYHGB",
			IMPORT_RESERVED_PREFIX, 0 },
		{ "empty", "", IMPORT_TOO_SHORT, 0 },
		{ "31", "MASPZVJUTEWWYSCFYYFKALTNTPQGBVA", IMPORT_TOO_SHORT, 0 },
		{ "32", "MASPZVJUTEWWYSCFYYFKALTNTPQGBVAP", IMPORT_OK, 0 },
		{ "upper case letters, 64",
			"MASPZVJUTEWWYSCFYYFKALTNTPQGBVAPYHGBTZALCXBUXTRKRAWNYRVSIXEFLGPM",
			IMPORT_OK, 0 },
		{ "hexadecimal", "9f86d081884c7d659a2feaa0c55ad015", IMPORT_OK, 0 },
		{ "UUID", "3b1f8b40-222c-4a6e-b77e-779d5a94e21c", IMPORT_OK, 0 },
		{ "base64", "q83vEjRWeJq83u7/ABEiM0RVZneImaq7zN3u/w==", IMPORT_OK, 0 },
		{ "first and last printable", "!9f86d081884c7d659a2feaa0c55ad01~", IMPORT_OK, 0 },
		{ "space inside", "9f86d081884c7d65 9a2feaa0c55ad015", IMPORT_BAD_CHARACTER, 17 },
		{ "line end", "9f86d081884c7d659a2feaa0c55ad015\n", IMPORT_BAD_CHARACTER, 33 },
		{ "DEL",
			"\x7F"
			"9f86d081884c7d659a2feaa0c55ad015",
			IMPORT_BAD_CHARACTER, 1 },
		{ "accent", "9f86d081884c7d659a2feaa0c55ad01\xC3\xA9", IMPORT_BAD_CHARACTER, 32 },
		{ "placeholder", "{{a_rather_long_name_of_the_app_token}}", IMPORT_PLACEHOLDER, 0 },
		{ "short placeholder", "${TOKEN}", IMPORT_PLACEHOLDER, 0 },
		{ "one letter", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", IMPORT_FEW_CHARACTERS, 0 },
		{ "seven letters", "abcdefgabdcefgacbdefgbacdefgabcdfeg", IMPORT_FEW_CHARACTERS,
			0 },
		{ "repeated", "k3J9x7Qmk3J9x7Qmk3J9x7Qmk3J9x7Qm", IMPORT_REPEATED, 0 },
		{ "repeated and cut", "k3J9x7QmZk3J9x7QmZk3J9x7QmZk3J9x7Qm", IMPORT_REPEATED, 0 },
		{ "alphabet", "abcdefghijklmnopqrstuvwxyz0123456789", IMPORT_SEQUENCE, 0 },
		{ "keyboard", "qwertyuiopasdfghjklzxcvbnm1234567890", IMPORT_SEQUENCE, 0 },
		{ "counting down", "zyxwvutsrqponmlkjihgfedcba9876543210", IMPORT_SEQUENCE, 0 },
		{ "padded counter", "000000000000000000000000000000000123456789", IMPORT_SEQUENCE,
			0 },
		{ "words", "this-is-the-secret-token-of-my-store", IMPORT_PREDICTABLE, 0 },
		{ "words in Spanish", "esta-es-la-clave-secreta-de-mi-tienda", IMPORT_PREDICTABLE,
			0 },
		{ "words without signs", "contrasenasupersecretadelatiendanueva",
			IMPORT_PREDICTABLE, 0 },
		{ "password thrice", "MyPassword1!MyPassword2!MyPassword3!", IMPORT_PREDICTABLE,
			0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t position = 77;
		enum import_verdict verdict = import_check_token(span_str(rows[i].text), &position);

		if (verdict != rows[i].verdict || position != rows[i].position)
			fail_msg("%s: %s at %zu", rows[i].label, import_verdict_name(verdict),
				position);
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Random tokens of any usual alphabet and length must not be called weak. */
static void takes_what_is_random(void **state)
{
	static const struct {
		const char *label, *alphabet;
	} rows[] = {
		{ "hexadecimal", "0123456789abcdef" },
		{ "upper case letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
		{ "lower case letters", "abcdefghijklmnopqrstuvwxyz" },
		{ "base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" },
		{ "base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" },
	};
	static const size_t lengths[] = { 32, 40, 64, 128, 512 };
	uint32_t seed = 4711;

	for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
		for (unsigned trial = 0; trial < 5000; trial++) {
			char text[512];
			size_t len = lengths[trial % ARRAY_LEN(lengths)];
			enum import_verdict verdict;

			if (len == 512 && trial % 25 != 4)
				len = 48;
			for (size_t i = 0; i < len; i++)
				text[i] = rows[row].alphabet[(next_random(&seed) >> 7) %
							     strlen(rows[row].alphabet)];
			/* Chance may hit a reserved prefix, which is refused with reason. */
			text[0] = text[0] == 'L' ? 'K' : text[0];
			verdict = import_check_token(span_of(text, len), NULL);
			if (verdict != IMPORT_OK)
				fail_msg("%s: %.*s: %s", rows[row].label, (int)len, text,
					import_verdict_name(verdict));
		}
	}
}

static void knows_the_longest(void **state)
{
	char text[LIMIT_APP_TOKEN + 1];
	uint32_t seed = 99;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(0x21 + (next_random(&seed) >> 9) % (0x7F - 0x21));
	assert_int_equal(import_check_token(span_of(text, LIMIT_APP_TOKEN), NULL), IMPORT_OK);
	assert_int_equal(
		import_check_token(span_of(text, LIMIT_APP_TOKEN + 1), NULL), IMPORT_TOO_LONG);
}

#define GOOD "BA7816BF8F01CFEA414140DE5DAE2223b00361a396177a9cb410ff61f20015ad"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void judges_digests(void **state)
{
	static const struct {
		const char *label, *text;
		enum import_verdict verdict;
	} rows[] = {
		{ "either case", GOOD, IMPORT_OK },
		{ "63 digits", "a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			IMPORT_BAD_DIGEST },
		{ "66 digits", GOOD "00", IMPORT_BAD_DIGEST },
		{ "not hexadecimal",
			"gA7816BF8F01CFEA414140DE5DAE2223b00361a396177a9cb410ff61f20015ad",
			IMPORT_BAD_DIGEST },
		{ "space", " A7816BF8F01CFEA414140DE5DAE2223b00361a396177a9cb410ff61f20015ad",
			IMPORT_BAD_DIGEST },
		{ "empty", "", IMPORT_BAD_DIGEST },
		{ "all zero", ZERO, IMPORT_EMPTY_DIGEST },
		{ "of nothing", NOTHING, IMPORT_EMPTY_DIGEST },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t digest[32] = { 0x55 };

		CHECK_ROW(rows[i].label,
			import_check_digest(span_str(rows[i].text), digest) == rows[i].verdict);
		CHECK_ROW(rows[i].label, rows[i].verdict == IMPORT_OK
						 ? digest[0] == 0xBA && digest[31] == 0xAD
						 : digest[0] == 0x55);
	}
}

static void every_verdict_has_a_name_and_a_text(void **state)
{
	for (int i = 0; i < IMPORT_VERDICT_COUNT; i++) {
		char memory[64];
		struct buf key = BUF_ARRAY(memory);

		buf_printf(&key, "token_import.%s", import_verdict_name((enum import_verdict)i));
		CHECK_ROW(memory, i <= IMPORT_OK || message_text(LANG_PT, memory) != NULL);
	}
	assert_string_equal(import_verdict_name((enum import_verdict)999), "unchecked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_tokens),
		cmocka_unit_test(takes_what_is_random),
		cmocka_unit_test(knows_the_longest),
		cmocka_unit_test(judges_digests),
		cmocka_unit_test(every_verdict_has_a_name_and_a_text),
	};

	return cmocka_run_group_tests_name("key/import", tests, NULL, NULL);
}
