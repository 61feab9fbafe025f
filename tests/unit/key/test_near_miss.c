#include "testing.h"

#include "key/near_miss.h"

#define F "MASPZVJUTEWWYSCFYYFKALTNTPQGBVAPYHGB"
#define LOWER "maspzvjutewwyscfyyfkaltntpqgbvapyhgb"

/* The steps of the first candidate that is the token meant, or 0. */
static unsigned steps_to(const char *label, struct span text, struct span meant)
{
	struct near_miss it;
	unsigned steps = 0;
	unsigned count = 0;

	for (near_miss_begin(&it, text); near_miss_next(&it); count++) {
		CHECK_ROW(label, text.len > LIMIT_APP_TOKEN ||
					 it.changed == !span_equal(near_miss_text(&it), text));
		if (steps == 0 && it.changed && span_equal(near_miss_text(&it), meant))
			steps = it.steps;
	}
	CHECK_ROW(label, count == NEAR_MISS_COUNT);
	near_miss_end(&it);
	return steps;
}

static void finds_what_was_meant(void **state)
{
	static const struct {
		const char *text, *meant;
		unsigned steps;
	} rows[] = {
		{ F, F, 0 },
		{ F " ", F, NEAR_MISS_TRIMMED },
		{ "\t " F "\r\n", F, NEAR_MISS_TRIMMED },
		{ "\"" F "\"", F, NEAR_MISS_UNQUOTED },
		{ "'" F "'", F, NEAR_MISS_UNQUOTED },
		{ " \" " F " \"", F, NEAR_MISS_TRIMMED | NEAR_MISS_UNQUOTED },
		{ "\"" F "'", F, 0 },
		{ "Bearer " F, F, NEAR_MISS_BEARER_OFF },
		{ "bearer\t " F, F, NEAR_MISS_BEARER_OFF },
		{ "Bearer" F, F, 0 },
		{ F "%0A", F, NEAR_MISS_URL_DECODED | NEAR_MISS_TRIMMED },
		{ "%22" F "%22", F, NEAR_MISS_URL_DECODED | NEAR_MISS_UNQUOTED },
		{ "Bearer%20" F, F, NEAR_MISS_URL_DECODED | NEAR_MISS_BEARER_OFF },
		{ "a%2Fb%3D", "a/b=", NEAR_MISS_URL_DECODED },
		{ "100%", "100", 0 },
		{ LOWER, F, NEAR_MISS_UPPER },
		{ F, LOWER, NEAR_MISS_LOWER },
		{ " 'Bearer " LOWER "'", F,
			NEAR_MISS_TRIMMED | NEAR_MISS_UNQUOTED | NEAR_MISS_BEARER_OFF |
				NEAR_MISS_UPPER },
		{ "", "", 0 },
		{ "   ", "", NEAR_MISS_TRIMMED },
		{ "\"\"", "", NEAR_MISS_UNQUOTED },
		{ "\"", "", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned steps =
			steps_to(rows[i].text, span_str(rows[i].text), span_str(rows[i].meant));

		if (steps != rows[i].steps)
			fail_msg("%s: %u", rows[i].text, steps);
	}
}

/* A token that holds "%41" itself is still found when only spaces are around it. */
static void earlier_candidates_leave_percent_signs(void **state)
{
	assert_int_equal(steps_to("percent", SPAN_LIT(" abc%41def "), SPAN_LIT("abc%41def")),
		NEAR_MISS_TRIMMED);
}

static void makes_as_many_candidates_of_any_text(void **state)
{
	static char text[LIMIT_APP_TOKEN + 1];

	for (size_t len = 0; len <= sizeof(text); len++) {
		memset(text, len % 3 == 0 ? '%' : ' ', sizeof(text));
		(void)steps_to("length", span_of(text, len), SPAN_LIT("x"));
		assert_int_equal(
			steps_to("too long", span_of(text, sizeof(text)), SPAN_LIT("")), 0);
	}
	(void)steps_to("absent", SPAN_ABSENT, SPAN_LIT("x"));
}

static void leaves_nothing_behind(void **state)
{
	struct near_miss it;
	const struct near_miss nothing = { 0 };

	near_miss_begin(&it, SPAN_LIT(F));
	assert_true(near_miss_next(&it));
	near_miss_end(&it);
	assert_memory_equal(it.text_secret, nothing.text_secret, sizeof(it.text_secret));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_meant),
		cmocka_unit_test(earlier_candidates_leave_percent_signs),
		cmocka_unit_test(makes_as_many_candidates_of_any_text),
		cmocka_unit_test(leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("key/near_miss", tests, NULL, NULL);
}
