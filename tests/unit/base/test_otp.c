/* Codes of a second factor: RFC 6238's vectors, the window of one step, and what is no code. */
#include "testing.h"

#include "base/clock.h"
#include "base/otp.h"

static int set_up(void **state)
{
	return otp_init() == ST_OK ? 0 : -1;
}

/* The step of 2000000000, whose code the standard names. */
#define BEGINS INT64_C(1999999980)
#define SECRET SPAN_LIT("12345678901234567890")

/* RFC 6238, appendix B: the last six of its eight digits. */
static void codes_of_the_standard(void **state)
{
	static const struct {
		int64_t at_s;
		const char *code;
	} rows[] = {
		{ 59, "287082" },
		{ 1111111109, "081804" },
		{ 1111111111, "050471" },
		{ 1234567890, "005924" },
		{ 2000000000, "279037" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t step = 0;

		CHECK_ROW(rows[i].code,
			otp_is(SECRET, rows[i].at_s * US_PER_S, span_str(rows[i].code), &step));
		CHECK_ROW(rows[i].code, step == rows[i].at_s / 30);
	}
}

static void one_step_either_way(void **state)
{
	static const struct {
		const char *label;
		int64_t at_s;
		bool taken;
	} rows[] = {
		{ "two steps late", BEGINS + 60, false },
		{ "the last second of the step after", BEGINS + 59, true },
		{ "its own first second", BEGINS, true },
		{ "the first second of the step before", BEGINS - 30, true },
		{ "one second earlier", BEGINS - 31, false },
	};
	int64_t step;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].label, otp_is(SECRET, rows[i].at_s * US_PER_S, SPAN_LIT("279037"),
						 &step) == rows[i].taken);
}

static void what_is_no_code(void **state)
{
	static const char *const rows[] = { "", "28708", "2870822", "28708a", " 87082", "000000" };
	int64_t step;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i], !otp_is(SECRET, 59 * US_PER_S, span_str(rows[i]), &step));
}

static void the_uri_that_authenticators_read(void **state)
{
	char memory[256];
	struct buf uri = BUF_ARRAY(memory);

	otp_append_uri(&uri, SECRET, SPAN_LIT("store"), SPAN_LIT("ana+x@example.com"));
	assert_string_equal(buf_str(&uri),
		"otpauth://totp/Llavero%20store:ana%2Bx%40example.com"
		"?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Llavero%20store");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_of_the_standard),
		cmocka_unit_test(one_step_either_way),
		cmocka_unit_test(what_is_no_code),
		cmocka_unit_test(the_uri_that_authenticators_read),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
