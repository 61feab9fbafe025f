#include "testing.h"

#include "base/message.h"
#include "key/credential.h"

/* A valid token and a valid appKey of the default prefix. */
#define TOKEN "LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U"
#define KEY "appkey-tienda-PSQXQZF9"
#define FOREIGN_TOKEN "MASPZVJUTEWWYSCFYYFKALTNTPQGBVAPYHGBTZALCXBUXTRKRAWNYRVSIXEFLGPM"
#define FOREIGN_KEY "vtexappkey-example-YSWQFZ"

static const struct span PREFIX = { APP_KEY_PREFIX_DEFAULT, sizeof(APP_KEY_PREFIX_DEFAULT) - 1 };

struct row {
	const char *label;
	const char *text;
	enum text_cause cause;
	enum text_hint hint;
	uint16_t wrong_count;
	uint16_t positions[4];
};

static void check_row(const struct row *row, const struct text_finding *finding)
{
	if (finding->cause != row->cause || finding->hint != row->hint)
		fail_msg("%s: %s, %s", row->label, text_cause_name(finding->cause),
			text_hint_name(finding->hint));
	if (finding->wrong_count != row->wrong_count)
		fail_msg("%s: %u wrong", row->label, finding->wrong_count);
	for (size_t i = 0; i < ARRAY_LEN(row->positions) && row->positions[i] != 0; i++) {
		if (finding->positions[i] != row->positions[i])
			fail_msg("%s: position %zu is %u", row->label, i, finding->positions[i]);
	}
}

static const struct row TOKENS[] = {
	{ "valid", TOKEN, TEXT_VALID, HINT_NONE, 0, { 0 } },
	{ "empty", "", TEXT_MALFORMED, HINT_NONE, 0, { 0 } },
	/* wrong characters */
	{ "first of prefix", "XV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TYPO, HINT_NONE, 1, { 1 } },
	{ "kind", "LT1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_NONE, 1, { 2 } },
	{ "I for the prefix's 1", "LVIQQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TYPO, HINT_LOOK_ALIKE, 1, { 3 } },
	{ "whole prefix", "ABCQQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TYPO, HINT_NONE, 3, { 1, 2, 3 } },
	{ "four at once", "LV1QQXSYQCYQ5RQWZQFPG9SXRGWPUGPZYSNZS23V9C2KHQ6RXCFA92X",
		TEXT_TOKEN_TYPO, HINT_NONE, 4, { 6, 24, 49, 55 } },
	{ "five at once", "LV1QQXSYQCYQ5RQWZQFPG9SXRGWPUGPZYSXZS23V9C2KHQ6RXCFA92X",
		TEXT_TOKEN_TYPO, HINT_NONE, 0, { 0 } },
	{ "look-alikes", "LV1QQQSYQCYQ5RQW2QFPG9SCRGWPUGPZY5NZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_LOOK_ALIKE, 2, { 17, 34 } },
	{ "O for Q", "LV1OQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_LOOK_ALIKE, 1, { 4 } },
	{ "six, all outside the alphabet",
		"LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ!!!!!!92U", TEXT_TOKEN_TYPO,
		HINT_NONE, 6, { 47, 48, 49, 50 } },
	{ "neighbours", "LV1QQQSYQCYQ5RWQZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_NEIGHBOURS_SWAPPED, 2, { 15, 16 } },
	{ "neighbours over the prefix", "LVQ1QQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TYPO, HINT_NEIGHBOURS_SWAPPED, 2, { 3, 4 } },
	{ "Cyrillic look-alike", "LV1QQQSYQСYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TYPO, HINT_NOT_ASCII, 1, { 10 } },
	{ "dollar first, no variable", "$V1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TYPO, HINT_NONE, 1, { 1 } },
	/* case */
	{ "one lower", "LV1QQQsYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_WRONG_CASE,
		HINT_NONE, 1, { 7 } },
	{ "all lower", "lv1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9c2khq6rfcfa92u", TEXT_WRONG_CASE,
		HINT_NONE, 45, { 1, 2, 4, 5 } },
	{ "all lower and one wrong", "lv1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9c2khq6rfcfax2u",
		TEXT_TOKEN_TYPO, HINT_LOWER_CASE, 1, { 53 } },
	{ "lower case that is also wrong",
		"LV1QQQxYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_NONE, 1, { 7 } },
	{ "case and typo", "LV1QQQsYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA9XU",
		TEXT_TOKEN_TYPO, HINT_NONE, 2, { 7, 54 } },
	{ "six lower and three wrong: too many to tell",
		"LV1qqqsyqCYQ5RQWZQFPG9SXRGWPUGPZYSNZS23V9C2KHQ6RXCFA92X", TEXT_TOKEN_TYPO,
		HINT_NONE, 0, { 0 } },
	{ "five lower and three wrong: all told",
		"LV1qqqsyQCYQ5RQWZQFPG9SXRGWPUGPZYSNZS23V9C2KHQ6RXCFA92X", TEXT_TOKEN_TYPO,
		HINT_NONE, 8, { 4, 5, 6, 7 } },
	/* length */
	{ "last cut off", "LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92",
		TEXT_TOKEN_TRUNCATED, HINT_CUT_END, 1, { 55 } },
	{ "eight cut off", "LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6", TEXT_TOKEN_TRUNCATED,
		HINT_CUT_END, 0, { 0 } },
	{ "half", "LV1QQQSYQCYQ5RQWZQFPG9SC", TEXT_TOKEN_TRUNCATED, HINT_CUT_END, 0, { 0 } },
	{ "prefix only", "LV1", TEXT_TOKEN_TRUNCATED, HINT_CUT_END, 0, { 0 } },
	{ "two missing inside", "LV1QQQSYQCYQ5RZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TRUNCATED, HINT_NONE, 0, { 0 } },
	{ "first cut off", "V1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TRUNCATED, HINT_CUT_FRONT, 1, { 1 } },
	{ "prefix cut off", "QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TRUNCATED, HINT_CUT_FRONT, 0, { 0 } },
	{ "eight of the front cut off", "QCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TRUNCATED, HINT_CUT_FRONT, 0, { 0 } },
	{ "nine of the front cut off", "CYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_FOREIGN, HINT_NONE, 0, { 0 } },
	{ "left out", "LV1QQQSYQCYQ5RQZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_LEFT_OUT, 1, { 16 } },
	{ "left out of a run: its first place",
		"LV1QQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_LEFT_OUT, 1, { 4 } },
	{ "1 left out", "LVQQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_LEFT_OUT, 1, { 3 } },
	{ "V left out", "L1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_LEFT_OUT, 1, { 2 } },
	{ "doubled", "LV1QQQSYQCYQ5RQWWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U", TEXT_TOKEN_TYPO,
		HINT_DOUBLED, 1, { 17 } },
	{ "one too many", "LV1QQQSYQCYQ5RQWKZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_TOKEN_TYPO, HINT_EXTRA, 1, { 17 } },
	{ "one behind", TOKEN ";", TEXT_TOKEN_TYPO, HINT_EXTRA, 1, { 56 } },
	{ "one in front", "=" TOKEN, TEXT_TOKEN_TYPO, HINT_EXTRA, 1, { 1 } },
	{ "much too long", TOKEN "ABCDEFGH", TEXT_TOKEN_TYPO, HINT_SURROUNDED, 8,
		{ 56, 57, 58, 59 } },
	{ "twice", TOKEN TOKEN, TEXT_TOKEN_TYPO, HINT_PASTED_TWICE, 55, { 56, 57 } },
	{ "twice, a line each", TOKEN "\n" TOKEN, TEXT_WHITESPACE, HINT_PASTED_TWICE, 1, { 56 } },
	/* around */
	{ "quotes", "\"" TOKEN "\"", TEXT_TOKEN_TYPO, HINT_QUOTED, 2, { 1, 57 } },
	{ "curly quotes", "\xE2\x80\x9C" TOKEN "\xE2\x80\x9D", TEXT_TOKEN_TYPO, HINT_QUOTED, 2,
		{ 1, 57 } },
	{ "Bearer", "Bearer " TOKEN, TEXT_WHITESPACE, HINT_BEARER, 1, { 7 } },
	{ "header's name", "X-App-Token:" TOKEN, TEXT_TOKEN_TYPO, HINT_BEARER, 12, { 1, 2 } },
	{ "URL-encoded line end", TOKEN "%0A", TEXT_TOKEN_TYPO, HINT_URL_ENCODED, 3,
		{ 56, 57, 58 } },
	{ "inside braces", "{{" TOKEN "}}", TEXT_TOKEN_TYPO, HINT_SURROUNDED, 4, { 1, 2, 58, 59 } },
	/* white space */
	{ "space behind", TOKEN " ", TEXT_WHITESPACE, HINT_OUTER_SPACE, 1, { 56 } },
	{ "line end", TOKEN "\r\n", TEXT_WHITESPACE, HINT_OUTER_SPACE, 2, { 56, 57 } },
	{ "space in front", "  " TOKEN, TEXT_WHITESPACE, HINT_OUTER_SPACE, 2, { 1, 2 } },
	{ "space inside", "LV1QQQSYQC YQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_WHITESPACE, HINT_NONE, 1, { 11 } },
	{ "space for a character", "LV1QQQSYQC Q5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_WHITESPACE, HINT_NONE, 1, { 11 } },
	{ "space for a character and a typo",
		"LV1QQQSYQC Q5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92X", TEXT_WHITESPACE,
		HINT_NONE, 2, { 11, 55 } },
	{ "no-break space", "LV1QQQSYQC\xC2\xA0YQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U",
		TEXT_WHITESPACE, HINT_NONE, 1, { 11 } },
	{ "zero-width space", "\xE2\x80\x8B" TOKEN, TEXT_WHITESPACE, HINT_OUTER_SPACE, 1, { 1 } },
	{ "only spaces", "   ", TEXT_WHITESPACE, HINT_NONE, 3, { 1, 2, 3 } },
	{ "space in a foreign token", "MASPZVJUTEWWYSCFYYFKALTNTP QGBVAPYHGBTZALCXBUXTRKRAWNYRV",
		TEXT_WHITESPACE, HINT_NONE, 1, { 27 } },
	/* placeholders */
	{ "handlebars", "{{appToken}}", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "handlebars with spaces", "{{ app.token }}", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "shell", "${APP_TOKEN}", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "bare shell", "$APP_TOKEN", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "angle brackets", "<token>", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "Windows", "%TOKEN%", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "manual", "YOUR_TOKEN_HERE", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "manual with spaces", "your app token here", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "crosses", "XXXXXXXX", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "undefined", "undefined", TEXT_PLACEHOLDER, HINT_UNSET, 0, { 0 } },
	{ "None", "None", TEXT_PLACEHOLDER, HINT_UNSET, 0, { 0 } },
	{ "object", "[object Object]", TEXT_PLACEHOLDER, HINT_UNSET, 0, { 0 } },
	{ "stars", "LV1QQQ**********", TEXT_PLACEHOLDER, HINT_MASKED, 0, { 0 } },
	{ "bullets", "\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2", TEXT_PLACEHOLDER,
		HINT_MASKED, 0, { 0 } },
	/* foreign */
	{ "foreign", FOREIGN_TOKEN, TEXT_FOREIGN, HINT_NONE, 0, { 0 } },
	{ "foreign, hexadecimal",
		"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", TEXT_FOREIGN,
		HINT_NONE, 0, { 0 } },
	{ "foreign of 55 characters", "ZZ7QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFXXXX",
		TEXT_FOREIGN, HINT_NONE, 0, { 0 } },
	{ "foreign that begins with lv1", "lv1-b3a59d01-6d4c-4ab5-8e2b-55b1d3a1f6aa", TEXT_FOREIGN,
		HINT_NONE, 0, { 0 } },
	{ "foreign in quotes", "'" FOREIGN_TOKEN "'", TEXT_FOREIGN, HINT_QUOTED, 0, { 0 } },
	{ "foreign twice", FOREIGN_TOKEN FOREIGN_TOKEN, TEXT_FOREIGN, HINT_PASTED_TWICE, 0, { 0 } },
	{ "too short for any", "hunter2", TEXT_MALFORMED, HINT_NONE, 0, { 0 } },
	{ "foreign with an accent", "MASPZVJUTEWWYSCFYYFKALTNTPQGBVAPYHGBTZALCXBUX\xC3\x89RKRAWN",
		TEXT_MALFORMED, HINT_NOT_ASCII, 1, { 46 } },
};

static void tells_what_is_wrong_with_a_token(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(TOKENS); i++) {
		struct text_finding finding;

		token_text(span_str(TOKENS[i].text), &finding);
		CHECK_ROW(TOKENS[i].label, finding.field == FIELD_APP_TOKEN);
		check_row(&TOKENS[i], &finding);
	}
}

static const struct row KEYS[] = {
	{ "valid", KEY, TEXT_VALID, HINT_NONE, 0, { 0 } },
	{ "empty", "", TEXT_MALFORMED, HINT_NONE, 0, { 0 } },
	{ "wrong in the last part", "appkey-tienda-PSQXQZF8", TEXT_APP_KEY_TYPO, HINT_NONE, 0,
		{ 0 } },
	{ "wrong in the account", "appkey-tiemda-PSQXQZF9", TEXT_APP_KEY_TYPO, HINT_NONE, 0,
		{ 0 } },
	{ "wrong in the prefix", "appkei-tienda-PSQXQZF9", TEXT_APP_KEY_TYPO, HINT_NONE, 0, { 0 } },
	{ "left out of the prefix", "apkey-tienda-PSQXQZF9", TEXT_APP_KEY_TYPO, HINT_NONE, 0,
		{ 0 } },
	{ "doubled in the prefix", "apppkey-tienda-PSQXQZF9", TEXT_APP_KEY_TYPO, HINT_NONE, 0,
		{ 0 } },
	{ "left out of the last part", "appkey-tienda-PSQXQZ9", TEXT_APP_KEY_TYPO, HINT_NONE, 0,
		{ 0 } },
	{ "neighbours", "appkey-tienda-PSXQQZF9", TEXT_APP_KEY_TYPO, HINT_NONE, 0, { 0 } },
	{ "look-alike", "appkey-tienda-PSOXQZF9", TEXT_APP_KEY_TYPO, HINT_LOOK_ALIKE, 1, { 17 } },
	{ "a dash that is none", "appkey-tienda\xE2\x80\x93PSQXQZF9", TEXT_APP_KEY_TYPO,
		HINT_NOT_ASCII, 1, { 14 } },
	{ "lower case", "appkey-tienda-psqxqzf9", TEXT_WRONG_CASE, HINT_NONE, 7,
		{ 15, 16, 17, 18 } },
	{ "upper case", "APPKEY-tienda-PSQXQZF9", TEXT_WRONG_CASE, HINT_NONE, 6, { 1, 2, 3, 4 } },
	{ "quotes", "\"" KEY "\"", TEXT_APP_KEY_TYPO, HINT_QUOTED, 2, { 1, 24 } },
	{ "comma", KEY ",", TEXT_APP_KEY_TYPO, HINT_SURROUNDED, 1, { 23 } },
	{ "twice", KEY KEY, TEXT_APP_KEY_TYPO, HINT_PASTED_TWICE, 22, { 23 } },
	{ "space behind", KEY " ", TEXT_WHITESPACE, HINT_OUTER_SPACE, 1, { 23 } },
	{ "space inside", "appkey-tienda -PSQXQZF9", TEXT_WHITESPACE, HINT_NONE, 1, { 14 } },
	{ "placeholder", "{{appKey}}", TEXT_PLACEHOLDER, HINT_NONE, 0, { 0 } },
	{ "placeholder inside", "appkey-{{account}}-PSQXQZF9", TEXT_PLACEHOLDER, HINT_NONE, 0,
		{ 0 } },
	{ "null", "null", TEXT_PLACEHOLDER, HINT_UNSET, 0, { 0 } },
	{ "foreign", FOREIGN_KEY, TEXT_FOREIGN, HINT_NONE, 0, { 0 } },
	{ "imported under our prefix", "appkey-tienda-YSWQFZ", TEXT_FOREIGN, HINT_NONE, 0, { 0 } },
	{ "imported without last part", "appkey-tienda", TEXT_FOREIGN, HINT_NONE, 0, { 0 } },
	{ "control character", "vtexappkey-\x01-YSWQFZ", TEXT_MALFORMED, HINT_NOT_ASCII, 1,
		{ 12 } },
};

static void tells_what_is_wrong_with_an_app_key(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
		struct text_finding finding;

		app_key_text(span_str(KEYS[i].text), PREFIX, &finding);
		CHECK_ROW(KEYS[i].label, finding.field == FIELD_APP_KEY);
		check_row(&KEYS[i], &finding);
	}
}

static void examines_the_pair(void **state)
{
	static const struct {
		const char *label, *app_key, *app_token;
		enum text_cause cause;
		enum text_hint hint;
		enum text_field field;
	} rows[] = {
		{ "both right", KEY, TOKEN, TEXT_VALID, HINT_NONE, FIELD_BOTH },
		{ "both foreign", FOREIGN_KEY, FOREIGN_TOKEN, TEXT_FOREIGN, HINT_NONE,
			FIELD_APP_TOKEN },
		{ "imported key with a token of ours", FOREIGN_KEY, TOKEN, TEXT_FOREIGN, HINT_NONE,
			FIELD_APP_KEY },
		{ "swapped", TOKEN, KEY, TEXT_FIELDS_SWAPPED, HINT_NONE, FIELD_BOTH },
		{ "swapped, foreign token", FOREIGN_TOKEN, KEY, TEXT_FIELDS_SWAPPED, HINT_NONE,
			FIELD_BOTH },
		{ "swapped, imported key", TOKEN, FOREIGN_KEY, TEXT_FIELDS_SWAPPED, HINT_NONE,
			FIELD_BOTH },
		{ "swapped, and the token mistyped",
			"LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92X", KEY,
			TEXT_FIELDS_SWAPPED, HINT_NONE, FIELD_BOTH },
		{ "swapped, both foreign: unknown", FOREIGN_TOKEN, FOREIGN_KEY, TEXT_MALFORMED,
			HINT_NONE, FIELD_APP_TOKEN },
		{ "token in both", TOKEN, TOKEN, TEXT_FIELDS_SWAPPED, HINT_SAME_TEXT, FIELD_BOTH },
		{ "key in both", KEY, KEY, TEXT_FIELDS_SWAPPED, HINT_SAME_TEXT, FIELD_BOTH },
		{ "two different tokens", TOKEN,
			"LV1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQHVSWCH5EKMYFX",
			TEXT_FIELDS_SWAPPED, HINT_NONE, FIELD_APP_KEY },
		{ "key mistyped", "appkey-tienda-PSQXQZF8", TOKEN, TEXT_APP_KEY_TYPO, HINT_NONE,
			FIELD_APP_KEY },
		{ "token mistyped", KEY, "LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92X",
			TEXT_TOKEN_TYPO, HINT_NONE, FIELD_APP_TOKEN },
		{ "key mistyped, token with a space", "appkey-tienda-PSQXQZF8", TOKEN " ",
			TEXT_WHITESPACE, HINT_OUTER_SPACE, FIELD_APP_TOKEN },
		{ "both placeholders", "{{key}}", "{{token}}", TEXT_PLACEHOLDER, HINT_NONE,
			FIELD_APP_KEY },
		{ "only a token", NULL, TOKEN, TEXT_VALID, HINT_NONE, FIELD_APP_TOKEN },
		{ "only a mistyped token", NULL, "LV1QQQ", TEXT_TOKEN_TRUNCATED, HINT_CUT_END,
			FIELD_APP_TOKEN },
		{ "only a key in the token's field", NULL, KEY, TEXT_FIELDS_SWAPPED, HINT_NONE,
			FIELD_APP_TOKEN },
		{ "only a key", KEY, NULL, TEXT_VALID, HINT_NONE, FIELD_APP_KEY },
		{ "only a token in the key's field", TOKEN, NULL, TEXT_FIELDS_SWAPPED, HINT_NONE,
			FIELD_APP_KEY },
		{ "neither", NULL, NULL, TEXT_UNCHECKED, HINT_NONE, FIELD_APP_TOKEN },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text_finding finding;

		credential_check(
			span_str(rows[i].app_key), span_str(rows[i].app_token), PREFIX, &finding);
		if (finding.cause != rows[i].cause || finding.hint != rows[i].hint ||
			finding.field != rows[i].field)
			fail_msg("%s: %s, %s, field %d", rows[i].label,
				text_cause_name(finding.cause), text_hint_name(finding.hint),
				(int)finding.field);
	}
}

/* A finding that nobody filled must not read as "valid". */
static void zero_is_not_valid(void **state)
{
	struct text_finding finding = { 0 };

	assert_int_equal(finding.cause, TEXT_UNCHECKED);
	assert_int_not_equal(TEXT_VALID, 0);
	assert_string_equal(text_cause_name(finding.cause), "unchecked");
	assert_string_equal(text_cause_name((enum text_cause)99), "unchecked");
	assert_string_equal(text_hint_name((enum text_hint)99), "none");
}

static void every_hint_has_a_text(void **state)
{
	for (int hint = HINT_NONE + 1; hint < HINT_COUNT; hint++) {
		char memory[64];
		struct buf key = BUF_ARRAY(memory);

		buf_printf(&key, "hint.%s", text_hint_name((enum text_hint)hint));
		CHECK_ROW(memory, message_text(LANG_ES, memory) != NULL);
	}
}

/* Other kinds are told apart, as they open nothing here. */
static void tells_the_kind_of_a_valid_token(void **state)
{
	static const struct {
		enum token_kind kind;
		enum text_hint hint;
	} rows[] = { { TOKEN_LIVE, HINT_NONE }, { TOKEN_TEST, HINT_TEST },
		{ TOKEN_MANAGEMENT, HINT_MANAGEMENT } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint8_t random[TOKEN_RANDOM_SIZE] = { 1, 2, 3 };
		struct text_finding finding;
		char token[TOKEN_LEN];

		token_make(rows[i].kind, random, token);
		token_text(span_of(token, sizeof(token)), &finding);
		assert_int_equal(finding.cause, TEXT_VALID);
		assert_int_equal(finding.hint, rows[i].hint);
	}
}

static void survives_any_length(void **state)
{
	static char text[70000];

	memset(text, 'L', sizeof(text));
	memcpy(text, TOKEN, TOKEN_LEN);
	for (size_t len = 0; len <= sizeof(text); len += len < 1100 ? 1 : 9973) {
		struct text_finding finding;

		token_text(span_of(text, len), &finding);
		assert_int_equal(finding.cause == TEXT_VALID, len == TOKEN_LEN);
		assert_int_equal(finding.length, len > UINT16_MAX ? UINT16_MAX : len);
		app_key_text(span_of(text, len), PREFIX, &finding);
		assert_int_not_equal(finding.cause, TEXT_VALID);
	}
}

/* NUL, control characters and broken UTF-8 are characters like others. */
static void takes_any_bytes(void **state)
{
	for (int byte = 0; byte < 256; byte++) {
		char text[TOKEN_LEN + 1] = TOKEN;
		struct text_finding finding;

		text[30] = (char)byte;
		token_text(span_of(text, TOKEN_LEN), &finding);
		if (byte == (uint8_t)TOKEN[30]) {
			assert_int_equal(finding.cause, TEXT_VALID);
			continue;
		}
		assert_int_not_equal(finding.cause, TEXT_VALID);
		assert_int_equal(finding.wrong_count, 1);
		assert_int_equal(finding.positions[0], 31);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_is_wrong_with_a_token),
		cmocka_unit_test(tells_what_is_wrong_with_an_app_key),
		cmocka_unit_test(examines_the_pair),
		cmocka_unit_test(zero_is_not_valid),
		cmocka_unit_test(every_hint_has_a_text),
		cmocka_unit_test(tells_the_kind_of_a_valid_token),
		cmocka_unit_test(survives_any_length),
		cmocka_unit_test(takes_any_bytes),
	};

	return cmocka_run_group_tests_name("key/credential", tests, NULL, NULL);
}
