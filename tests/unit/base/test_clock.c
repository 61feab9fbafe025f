#include "testing.h"

#include "base/clock.h"

static void reads_times(void **state)
{
	static const struct {
		const char *text;
		enum status st;
		int64_t at_us;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", ST_OK, 0 },
		{ "1969-12-31T23:59:59Z", ST_OK, -US_PER_S },
		{ "1970-01-01T00:00:00.000001Z", ST_OK, 1 },
		{ "1970-01-01t00:00:01.5z", ST_OK, 1500000 },
		{ "1970-01-01 00:00:01Z", ST_OK, US_PER_S },
		{ "1970-01-01T01:00:00+01:00", ST_OK, 0 },
		{ "1969-12-31T23:30:00-00:30", ST_OK, 0 },
		{ "2026-11-24T03:46:58.123456Z", ST_OK, INT64_C(1795492018123456) },
		{ "2038-01-19T03:14:08Z", ST_OK, INT64_C(2147483648) * US_PER_S },
		{ "2106-02-07T06:28:16Z", ST_OK, INT64_C(4294967296) * US_PER_S },
		{ "2024-02-29T00:00:00Z", ST_OK, INT64_C(1709164800) * US_PER_S },
		{ "9999-12-31T23:59:59.999999Z", ST_OK, INT64_C(253402300799999999) },
		{ "9999-12-31T23:59:59-00:01", ST_INVALID, 0 },
		{ "0000-01-01T00:00:00+00:01", ST_INVALID, 0 },
		{ "2023-02-29T00:00:00Z", ST_INVALID, 0 },
		{ "2026-02-31T00:00:00Z", ST_INVALID, 0 },
		{ "2026-13-01T00:00:00Z", ST_INVALID, 0 },
		{ "2026-00-01T00:00:00Z", ST_INVALID, 0 },
		{ "2026-01-00T00:00:00Z", ST_INVALID, 0 },
		{ "2026-01-01T24:00:00Z", ST_INVALID, 0 },
		{ "2026-01-01T00:60:00Z", ST_INVALID, 0 },
		{ "2026-01-01T00:00:60Z", ST_INVALID, 0 },
		{ "2026-01-01T00:00:00", ST_INVALID, 0 },
		{ "2026-01-01T00:00:00.Z", ST_INVALID, 0 },
		{ "2026-01-01T00:00:00.1234567Z", ST_INVALID, 0 },
		{ "2026-01-01T00:00:00+24:00", ST_INVALID, 0 },
		{ "2026-01-01T00:00:00+0100", ST_INVALID, 0 },
		{ "2026-01-01T00:00:00Zx", ST_INVALID, 0 },
		{ "2026-01-01", ST_INVALID, 0 },
		{ "-001-01-01T00:00:00Z", ST_INVALID, 0 },
		{ "2026-1-01T00:00:00Z", ST_INVALID, 0 },
		{ "", ST_INVALID, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t at_us = 0;

		CHECK_ROW(rows[i].text,
			clock_parse_rfc3339(span_str(rows[i].text), &at_us) == rows[i].st);
		CHECK_ROW(rows[i].text, at_us == rows[i].at_us);
	}
	assert_int_equal(clock_parse_rfc3339(SPAN_ABSENT, &(int64_t){ 0 }), ST_INVALID);
	assert_int_equal(clock_parse_rfc3339(span_of("2026-01-01T00:00:00\0", 20), &(int64_t){ 0 }),
		ST_INVALID);
}

static void writes_times(void **state)
{
	static const struct {
		int64_t at_us;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ 1, "1970-01-01T00:00:00.000001Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ -US_PER_S, "1969-12-31T23:59:59.000000Z" },
		{ INT64_C(1795492018123456), "2026-11-24T03:46:58.123456Z" },
		{ INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z" },
		/* Four digits of a year are all that can be read back. */
		{ INT64_C(253402300800000000), "" },
		{ INT64_MAX, "" },
		{ INT64_MIN, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char memory[64];
		struct buf b = BUF_ARRAY(memory);
		int64_t back = 0;

		clock_append_rfc3339(&b, rows[i].at_us);
		if (strcmp(buf_str(&b), rows[i].text) != 0)
			fail_msg("%lld: %s", (long long)rows[i].at_us, buf_str(&b));
		assert_int_equal(buf_ok(&b), rows[i].text[0] != '\0');
		if (!buf_ok(&b))
			continue;
		assert_int_equal(b.len, 27);
		assert_int_equal(clock_parse_rfc3339(buf_span(&b), &back), ST_OK);
		assert_true(back == rows[i].at_us);
	}
}

static void reads_durations(void **state)
{
	static const struct {
		const char *text;
		enum status st;
		int64_t us;
	} rows[] = {
		{ "0s", ST_OK, 0 },
		{ "90s", ST_OK, 90 * US_PER_S },
		{ "15m", ST_OK, 900 * US_PER_S },
		{ "24h", ST_OK, 86400 * US_PER_S },
		{ "30d", ST_OK, 30 * 86400 * US_PER_S },
		{ "106751991d", ST_OK, INT64_C(106751991) * 86400 * US_PER_S },
		{ "106751992d", ST_INVALID, 0 },
		{ "18446744073709551615s", ST_INVALID, 0 },
		{ "9223372036854775808s", ST_INVALID, 0 },
		{ "24", ST_INVALID, 0 },
		{ "h", ST_INVALID, 0 },
		{ "", ST_INVALID, 0 },
		{ "1.5h", ST_INVALID, 0 },
		{ "-1h", ST_INVALID, 0 },
		{ "01h", ST_INVALID, 0 },
		{ "1 h", ST_INVALID, 0 },
		{ "1H", ST_INVALID, 0 },
		{ "1w", ST_INVALID, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t us = 0;

		CHECK_ROW(rows[i].text,
			clock_parse_duration(span_str(rows[i].text), &us) == rows[i].st);
		CHECK_ROW(rows[i].text, rows[i].st != ST_OK || us == rows[i].us);
	}
}

static void boot_time_does_not_go_back(void **state)
{
	int64_t before = clock_boot_us();

	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_boot_us();

		assert_true(now >= before);
		before = now;
	}
	/* After 2020: seconds are not taken for microseconds. */
	assert_true(clock_wall_us() > INT64_C(1577836800) * US_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_times),
		cmocka_unit_test(writes_times),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(boot_time_does_not_go_back),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
