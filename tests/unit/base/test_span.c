#include "testing.h"

static void absent_is_not_empty(void **state)
{
	assert_false(span_present(SPAN_ABSENT));
	assert_false(span_present(span_str(NULL)));
	assert_true(span_present(span_str("")));
	/* Both compare alike: absence is asked for by span_present. */
	assert_true(span_equal(SPAN_ABSENT, span_str("")));
	assert_int_equal(span_part(SPAN_ABSENT, 0, 5).len, 0);
	assert_null(span_part(SPAN_ABSENT, 3, 5).ptr);
	assert_true(span_starts_with(span_str("a"), SPAN_ABSENT));
	assert_true(span_starts_with(SPAN_ABSENT, SPAN_ABSENT));
	assert_int_equal(span_find(SPAN_ABSENT, 'a'), 0);
}

static void parts_stay_inside(void **state)
{
	static const struct {
		const char *label;
		size_t offset, count;
		const char *part;
	} rows[] = {
		{ "whole", 0, 5, "hello" },
		{ "more than there is", 0, 99, "hello" },
		{ "middle", 1, 3, "ell" },
		{ "end", 5, 1, "" },
		{ "behind the end", 6, 1, "" },
		{ "greatest numbers", SIZE_MAX, SIZE_MAX, "" },
		{ "sum overflows", 2, SIZE_MAX, "llo" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].label,
			span_is(span_part(span_str("hello"), rows[i].offset, rows[i].count),
				rows[i].part));
}

static void compares_by_bytes(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = { { "", "", 0 }, { "a", "a", 0 }, { "a", "b", -1 }, { "b", "a", 1 },
		{ "a", "ab", -1 }, { "ab", "a", 1 }, { "", "a", -1 }, { "z", "\xC3\xA1", -1 },
		{ "B", "a", -1 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int order = span_compare(span_str(rows[i].a), span_str(rows[i].b));

		CHECK_ROW(rows[i].a, (order > 0) - (order < 0) == rows[i].order);
	}
	assert_false(span_equal(span_of("a\0b", 3), span_of("a\0c", 3)));
	assert_false(span_is(span_of("a\0", 2), "a"));
}

static void folds_ascii_only(void **state)
{
	assert_true(span_equal_nocase(span_str("AbZ-9"), span_str("aBz-9")));
	assert_false(span_equal_nocase(span_str("[@"), span_str("{`")));
	assert_false(span_equal_nocase(span_str("\xC3\x89"), span_str("\xC3\xA9")));
	assert_false(span_equal_nocase(span_str("a"), span_str("ab")));
}

static void reads_decimal_numbers_strictly(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "7", true, 7 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "00", false, 0 },
		{ "07", false, 0 },
		{ "+7", false, 0 },
		{ "-7", false, 0 },
		{ " 7", false, 0 },
		{ "7 ", false, 0 },
		{ "0x7", false, 0 },
		{ "7e1", false, 0 },
		{ "\xD9\xA7", false, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t value = 0;

		CHECK_ROW(rows[i].text, span_to_u64(span_str(rows[i].text), &value) == rows[i].ok);
		CHECK_ROW(rows[i].text, value == rows[i].value);
	}
}

static void knows_utf8(void **state)
{
	static const struct {
		const char *label, *text;
		bool ok;
	} rows[] = {
		{ "ASCII", "hello\x7F", true },
		{ "two bytes, first", "\xC2\x80", true },
		{ "two bytes, overlong", "\xC1\xBF", false },
		{ "overlong slash", "\xC0\xAF", false },
		{ "three bytes, first", "\xE0\xA0\x80", true },
		{ "three bytes, overlong", "\xE0\x9F\xBF", false },
		{ "before the surrogates", "\xED\x9F\xBF", true },
		{ "first surrogate", "\xED\xA0\x80", false },
		{ "behind the surrogates", "\xEE\x80\x80", true },
		{ "four bytes, first", "\xF0\x90\x80\x80", true },
		{ "four bytes, overlong", "\xF0\x8F\xBF\xBF", false },
		{ "last", "\xF4\x8F\xBF\xBF", true },
		{ "behind the last", "\xF4\x90\x80\x80", false },
		{ "five bytes", "\xF8\x88\x80\x80\x80", false },
		{ "lone continuation", "a\x80", false },
		{ "cut off", "a\xE2\x82", false },
		{ "cut off by a letter",
			"\xE2\x82"
			"a",
			false },
		{ "third byte wrong", "\xF0\x90\x41\x80", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].label, span_is_utf8(span_str(rows[i].text)) == rows[i].ok);
	assert_true(span_is_utf8(span_of("\0", 1)));
	assert_true(span_is_utf8(SPAN_ABSENT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_is_not_empty),
		cmocka_unit_test(parts_stay_inside),
		cmocka_unit_test(compares_by_bytes),
		cmocka_unit_test(folds_ascii_only),
		cmocka_unit_test(reads_decimal_numbers_strictly),
		cmocka_unit_test(knows_utf8),
	};

	return cmocka_run_group_tests_name("base/span", tests, NULL, NULL);
}
