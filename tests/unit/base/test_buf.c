#include "testing.h"

static void fixed_keeps_what_fitted(void **state)
{
	char memory[8];
	struct buf b = BUF_ARRAY(memory);

	buf_append_str(&b, "1234567");
	assert_true(buf_ok(&b));
	assert_string_equal(buf_str(&b), "1234567");
	buf_append_char(&b, '8');
	assert_false(buf_ok(&b));
	assert_string_equal(buf_str(&b), "1234567");
	/* Failed stays failed: a hole in the middle would be worse than a cut. */
	buf_append_str(&b, "");
	buf_printf(&b, "%s", "");
	assert_false(buf_ok(&b));
	buf_clear(&b);
	assert_true(buf_ok(&b));
	assert_string_equal(memory, "");
	/* All or nothing. */
	buf_append_str(&b, "123456789");
	assert_int_equal(b.len, 0);
}

static void no_memory_at_all(void **state)
{
	char byte = 'x';
	struct buf none = buf_fixed(&byte, 0);
	struct buf one = buf_fixed(&byte, 1);

	buf_append_char(&none, 'a');
	assert_false(buf_ok(&none));
	assert_string_equal(buf_str(&none), "");
	assert_int_equal(buf_span(&none).len, 0);
	buf_printf(&one, "%s", "");
	assert_true(buf_ok(&one));
	buf_append_char(&one, 'a');
	assert_false(buf_ok(&one));
	assert_int_equal(byte, '\0');
}

static void heap_grows_to_its_ceiling(void **state)
{
	CLEANUP(buf_free)
	struct buf b = buf_heap(1000);

	for (int i = 0; i < 1000; i++)
		buf_append_char(&b, (char)('a' + i % 26));
	assert_true(buf_ok(&b));
	assert_int_equal(b.len, 1000);
	assert_int_equal(strlen(buf_str(&b)), 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(b.ptr[i], 'a' + (int)i % 26);
	buf_append_char(&b, '!');
	assert_false(buf_ok(&b));
	assert_int_equal(b.len, 1000);
}

static void can_be_used_again_after_free(void **state)
{
	struct buf b = buf_heap(10);

	buf_append_str(&b, "12345678901");
	assert_false(buf_ok(&b));
	buf_free(&b);
	buf_append_str(&b, "1234567890");
	assert_true(buf_ok(&b));
	buf_free(&b);
	buf_free(&b);
	assert_string_equal(buf_str(&b), "");
}

static void wipes_what_held_a_secret(void **state)
{
	char memory[16];
	const char zero[16] = { 0 };
	struct buf b = BUF_ARRAY(memory);

	buf_append_str(&b, "secret");
	b.len = 2; /* also what was cut off */
	buf_wipe(&b);
	assert_memory_equal(memory, zero, sizeof(memory));
	assert_int_equal(b.len, 0);
}

static void prints_numbers(void **state)
{
	char memory[64];
	struct buf b = BUF_ARRAY(memory);

	buf_append_u64(&b, 0);
	buf_append_char(&b, ' ');
	buf_append_u64(&b, UINT64_MAX);
	buf_printf(&b, " %d", -5);
	assert_string_equal(buf_str(&b), "0 18446744073709551615 -5");
}

static void json_is_ascii_and_cannot_be_left(void **state)
{
	static const struct {
		const char *label, *text, *json;
	} rows[] = {
		{ "plain", "a b", "\"a b\"" },
		{ "empty", "", "\"\"" },
		{ "quote and backslash", "\"\\", "\"\\\"\\\\\"" },
		{ "line ends", "a\r\nb", "\"a\\u000d\\u000ab\"" },
		{ "escape sequence", "\x1B[31m", "\"\\u001b[31m\"" },
		{ "DEL", "\x7F", "\"\\u007f\"" },
		{ "C1", "\xC2\x9B", "\"\\u009b\"" },
		{ "accent", "\xC3\xA9", "\"\\u00e9\"" },
		{ "line separator", "\xE2\x80\xA8", "\"\\u2028\"" },
		{ "beyond the first plane", "\xF0\x9F\x94\x91", "\"\\ud83d\\udd11\"" },
		{ "last", "\xF4\x8F\xBF\xBF", "\"\\udbff\\udfff\"" },
		{ "stray byte", "a\x80z", "\"a\\ufffdz\"" },
		{ "cut off", "\xE2\x80", "\"\\ufffd\\ufffd\"" },
		{ "surrogate in UTF-8", "\xED\xA0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "overlong quote", "\xC0\xA2", "\"\\ufffd\\ufffd\"" },
		{ "slash for HTML", "</script>", "\"</script>\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char memory[128];
		struct buf b = BUF_ARRAY(memory);

		buf_append_json(&b, span_str(rows[i].text));
		if (strcmp(buf_str(&b), rows[i].json) != 0)
			fail_msg("%s: %s", rows[i].label, buf_str(&b));
	}
}

static void json_takes_nul(void **state)
{
	char memory[32];
	struct buf b = BUF_ARRAY(memory);

	buf_append_json(&b, span_of("a\0b", 3));
	assert_string_equal(buf_str(&b), "\"a\\u0000b\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_keeps_what_fitted),
		cmocka_unit_test(no_memory_at_all),
		cmocka_unit_test(heap_grows_to_its_ceiling),
		cmocka_unit_test(can_be_used_again_after_free),
		cmocka_unit_test(wipes_what_held_a_secret),
		cmocka_unit_test(prints_numbers),
		cmocka_unit_test(json_is_ascii_and_cannot_be_left),
		cmocka_unit_test(json_takes_nul),
	};

	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
