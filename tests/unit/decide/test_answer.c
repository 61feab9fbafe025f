/* What stands in an X-Llavero-* header for the bytes of a name. */
#include "testing.h"

#include "decide/answer.h"

static void test_append_value(void **state)
{
	static const struct {
		const char *label, *text, *value;
	} rows[] = {
		{ "nothing", "", "" },
		{ "plain", "a/b~!", "a/b~!" },
		{ "an inner space", "a b", "a b" },
		{ "outer spaces", " a ", "%20a%20" },
		{ "a space alone", " ", "%20" },
		{ "per cent", "%", "%25" },
		{ "a line end in the middle", "a\r\nb", "a%0D%0Ab" },
		{ "escaped first and last", "%a%", "%25a%25" },
		{ "DEL, and bytes of UTF-8", "\x7f\xc3\xb1", "%7F%C3%B1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char memory[64];
		struct buf out = BUF_ARRAY(memory);

		answer_append_value(&out, span_str(rows[i].text));
		CHECK_ROW(rows[i].label, span_is(buf_span(&out), rows[i].value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
