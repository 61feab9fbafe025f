#include "testing.h"

#include "base/allowance.h"
#include "base/clock.h"
#include "base/limits.h"

#include <time.h>

static void a_window_is_set_once_and_within_its_ceiling(void **state)
{
	static const struct {
		const char *label;
		bool quota;
		uint64_t count;
		const char *per;
		enum status expected;
	} rows[] = {
		{ "a rate", false, 1, "second", ST_OK },
		{ "none", false, 0, "second", ST_INVALID },
		{ "the largest rate", false, LIMIT_RATE, "day", ST_OK },
		{ "one more", false, LIMIT_RATE + 1, "day", ST_LIMIT },
		{ "the largest quota", true, LIMIT_QUOTA, "month", ST_OK },
		{ "one more", true, LIMIT_QUOTA + 1, "month", ST_LIMIT },
		{ "a quota of an hour", true, 1, "hour", ST_INVALID },
		{ "a rate of a month", false, 1, "month", ST_INVALID },
		{ "no word of ours", false, 1, "Second", ST_INVALID },
		{ "no word at all", true, 1, "", ST_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct allowance allowance = { .counts = { 0 } };
		enum status st = allowance_set(
			&allowance, rows[i].quota, rows[i].count, span_str(rows[i].per));

		CHECK_ROW(rows[i].label, st == rows[i].expected);
		CHECK_ROW(rows[i].label, allowance_limits(&allowance) == (st == ST_OK));
		if (st == ST_OK)
			CHECK_ROW(rows[i].label, allowance_set(&allowance, rows[i].quota, 1,
							 span_str(rows[i].per)) == ST_EXISTS);
	}
}

static void one_quota_is_all(void **state)
{
	struct allowance allowance = { .counts = { 0 } };

	(void)state;
	assert_int_equal(allowance_set(&allowance, true, 5, SPAN_LIT("day")), ST_OK);
	assert_int_equal(allowance_set(&allowance, true, 5, SPAN_LIT("month")), ST_EXISTS);
	assert_int_equal(allowance_set(&allowance, false, 5, SPAN_LIT("day")), ST_OK);
}

static void texts_come_back(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "", "null" },
		{ "100/second", "{\"rate\":[{\"count\":100,\"per\":\"second\"}],\"quota\":null}" },
		{ "quota:7/month", "{\"rate\":[],\"quota\":{\"count\":7,\"per\":\"month\"}}" },
		{ "1/second 2/minute 3/hour 4/day quota:5/day",
			"{\"rate\":[{\"count\":1,\"per\":\"second\"},{\"count\":2,\"per\":"
			"\"minute\"},"
			"{\"count\":3,\"per\":\"hour\"},{\"count\":4,\"per\":\"day\"}],"
			"\"quota\":{\"count\":5,\"per\":\"day\"}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char memory[2][512];
		struct buf text = BUF_ARRAY(memory[0]), json = BUF_ARRAY(memory[1]);
		struct allowance allowance;

		assert_int_equal(allowance_parse_text(span_str(rows[i].text), &allowance), ST_OK);
		allowance_append_text(&text, &allowance);
		allowance_append_json(&json, &allowance);
		assert_string_equal(buf_str(&text), rows[i].text);
		assert_string_equal(buf_str(&json), rows[i].json);
	}
}

static void other_texts_are_damage(void **state)
{
	static const char *const rows[] = { "100", "100/", "/second", "0/second",
		"1/second 1/second", "1/month", "quota:1/second", "quota:1/day quota:1/month",
		"01/second", "-1/second", "1/second  1/day", "quota: 1/day", "1000000001/second",
		"99999999999999999999/day" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct allowance allowance;

		CHECK_ROW(
			rows[i], allowance_parse_text(span_str(rows[i]), &allowance) == ST_DAMAGED);
	}
}

static void months_are_those_of_the_library(void **state)
{
	(void)state;
	for (uint32_t day = 0; day < 100000; day++) {
		int64_t at_us = clock_day_begins_us(day);
		time_t t = (time_t)(at_us / US_PER_S);
		struct tm tm;
		uint32_t month;

		assert_non_null(gmtime_r(&t, &tm));
		month = (uint32_t)(tm.tm_year - 70) * 12 + (uint32_t)tm.tm_mon;
		if (clock_month(at_us) != month)
			fail_msg("day %u: month %u, expected %u", day, clock_month(at_us), month);
		if (tm.tm_mday == 1)
			assert_int_equal(clock_month_begins_us(month), at_us);
	}
}

static void days_and_months_begin_where_they_should(void **state)
{
	static const struct {
		const char *at;
		uint32_t day, month;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0, 0 },
		{ "1970-01-31T23:59:59.999999Z", 30, 0 },
		{ "1970-02-01T00:00:00Z", 31, 1 },
		{ "2024-02-29T23:59:59.999999Z", 19782, 649 },
		{ "2024-03-01T00:00:00Z", 19783, 650 },
		{ "2026-12-31T23:59:59.999999Z", 20818, 683 },
		{ "2027-01-01T00:00:00Z", 20819, 684 },
		{ "2106-02-07T06:28:16Z", 49710, 1633 },
		{ "1969-12-31T23:59:59Z", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t at_us;

		assert_int_equal(clock_parse_rfc3339(span_str(rows[i].at), &at_us), ST_OK);
		CHECK_ROW(rows[i].at, clock_day(at_us) == rows[i].day);
		CHECK_ROW(rows[i].at, clock_month(at_us) == rows[i].month);
		if (at_us < 0)
			continue;
		CHECK_ROW(rows[i].at, clock_day_begins_us(rows[i].day) <= at_us &&
					      clock_day_begins_us(rows[i].day + 1) > at_us);
		CHECK_ROW(rows[i].at, clock_month_begins_us(rows[i].month) <= at_us &&
					      clock_month_begins_us(rows[i].month + 1) > at_us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_is_set_once_and_within_its_ceiling),
		cmocka_unit_test(one_quota_is_all),
		cmocka_unit_test(texts_come_back),
		cmocka_unit_test(other_texts_are_damage),
		cmocka_unit_test(months_are_those_of_the_library),
		cmocka_unit_test(days_and_months_begin_where_they_should),
	};

	return cmocka_run_group_tests_name("base allowance", tests, NULL, NULL);
}
