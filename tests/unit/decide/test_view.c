/* Addresses, profile sets, causes, and what is read of headers. */
#include "testing.h"

#include "base/encode.h"
#include "decide/cause.h"
#include "decide/presented.h"
#include "decide/view.h"

static void addresses_are_read_strictly(void **state)
{
	static const struct {
		const char *text, *shown; /* NULL: refused */
	} rows[] = {
		{ "10.0.0.7", "10.0.0.7" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "::ffff:10.0.0.7", "10.0.0.7" },
		{ "", NULL },
		{ "10.0.0", NULL },
		{ "10.0.0.256", NULL },
		{ "010.0.0.1", NULL },
		{ "10.0.0.7:80", NULL },
		{ "[2001:db8::1]", NULL },
		{ "fe80::1%eth0", NULL },
		{ " 10.0.0.7", NULL },
		{ "localhost", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address address = { 0 };
		char memory[64];
		struct buf text = BUF_ARRAY(memory);
		enum status st = address_parse(span_str(rows[i].text), &address);

		CHECK_ROW(rows[i].text, (st == ST_OK) == (rows[i].shown != NULL));
		address_append(&text, &address);
		CHECK_ROW(rows[i].text,
			span_is(buf_span(&text), rows[i].shown == NULL ? "" : rows[i].shown));
	}
	struct address address;

	assert_int_equal(address_parse(span_of("10.0.0.7\0", 9), &address), ST_INVALID);
}

static void ranges_are_read_strictly(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "10.0.0.1", "10.0.0.1" },
		{ "10.0.0.1/32", "10.0.0.1" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "::/0", "::/0" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "10.0.0.1/8", NULL },
		{ "10.0.0.0/33", NULL },
		{ "10.0.0.0/08", NULL },
		{ "10.0.0.0/", NULL },
		{ "/8", NULL },
		{ "2001:db8::1/64", NULL },
		{ "::/129", NULL },
		{ "::/340282366920938463463374607431768211456", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address_range range = { 0 };
		char memory[64];
		struct buf text = BUF_ARRAY(memory);

		if (address_range_parse(span_str(rows[i].text), &range) != ST_OK) {
			CHECK_ROW(rows[i].text, rows[i].shown == NULL);
			continue;
		}
		address_range_append(&text, &range);
		CHECK_ROW(rows[i].text,
			rows[i].shown != NULL && span_is(buf_span(&text), rows[i].shown));
	}
}

static void range_ends_where_it_says(void **state)
{
	static const struct {
		const char *label, *range, *address;
		bool in;
	} rows[] = {
		{ "first", "10.0.0.0/9", "10.0.0.0", true },
		{ "last", "10.0.0.0/9", "10.127.255.255", true },
		{ "before", "10.0.0.0/9", "9.255.255.255", false },
		{ "behind", "10.0.0.0/9", "10.128.0.0", false },
		{ "the one", "10.0.0.1", "10.0.0.1", true },
		{ "not the one", "10.0.0.1", "10.0.0.2", false },
		{ "IPv6 is not IPv4", "0.0.0.0/0", "::1", false },
		{ "all", "::/0", "10.0.0.1", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address_range range;
		struct address address;

		assert_int_equal(address_range_parse(span_str(rows[i].range), &range), ST_OK);
		assert_int_equal(address_parse(span_str(rows[i].address), &address), ST_OK);
		CHECK_ROW(rows[i].label, address_in(&address, &range) == rows[i].in);
		address.known = false;
		CHECK_ROW(rows[i].label, !address_in(&address, &range));
	}
}

static void profile_holds_what_it_lists(void **state)
{
	uint8_t bytes[1 + 9 * sizeof(uint32_t)];
	struct view_profile profile = { .resources = bytes + 1 };

	(void)state;
	for (size_t count = 0; count <= 9; count++) {
		profile.resources_count = count;
		for (size_t i = 0; i < count; i++)
			put_u32(bytes + 1 + i * sizeof(uint32_t), (uint32_t)(10 * (i + 1)));
		for (uint32_t resource = 0; resource < 110; resource++) {
			bool expected =
				resource % 10 == 0 && resource != 0 && resource <= 10 * count;

			assert_int_equal(profile_has(&profile, resource), expected);
		}
	}
}

static void every_cause_has_a_name_and_a_status(void **state)
{
	(void)state;
	for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
		const char *name = cause_name((enum cause)cause);
		int http_status = cause_http_status((enum cause)cause);

		assert_non_null(name);
		assert_int_equal(cause_from_name(span_str(name)), cause);
		CHECK_ROW(name, http_status == 400 || http_status == 401 || http_status == 403 ||
					http_status == 429 || http_status == 503);
	}
	assert_int_equal(cause_http_status(CAUSE_NONE), 503);
	assert_int_equal(cause_http_status((enum cause)999), 503);
	assert_int_equal(cause_from_name(SPAN_LIT("none")), CAUSE_COUNT);
	assert_int_equal(cause_from_name(SPAN_LIT("No_Profile")), CAUSE_COUNT);
}

/* ---- Headers: "Name: value" pairs ---- */

struct line {
	const char *name, *value;
};

static struct header_value find_line(const void *context, struct span name)
{
	struct header_value found = { 0 };

	for (const struct line *line = context; line->name != NULL; line++) {
		if (!span_equal_nocase(span_str(line->name), name))
			continue;
		if (found.count++ == 0)
			found.value = span_str(line->value);
	}
	return found;
}

static void credential_is_taken_from_headers(void **state)
{
	static const struct {
		const char *label;
		struct line lines[5];
		enum presented_form form;
		const char *app_key, *app_token;
		bool repeated;
	} rows[] = {
		{ "nothing", { { 0 } }, PRESENTED_NONE, NULL, NULL, false },
		{ "the pair", { { "x-vtex-api-appkey", "k" }, { "X-VTEX-API-AppToken", "t" } },
			PRESENTED_PAIR, "k", "t", false },
		{ "the short pair", { { "X-App-Key", "k" }, { "X-App-Token", "t" } },
			PRESENTED_PAIR, "k", "t", false },
		{ "half a pair", { { "X-App-Token", "t" } }, PRESENTED_PAIR, NULL, "t", false },
		{ "one header", { { "X-API-Key", "t" } }, PRESENTED_TOKEN, NULL, "t", false },
		{ "bearer", { { "Authorization", "bEARER  t" } }, PRESENTED_BEARER, NULL, "t",
			false },
		{ "bearer of nothing", { { "Authorization", "Bearer" } }, PRESENTED_BEARER, NULL,
			"", false },
		{ "another scheme", { { "Authorization", "Basic dDp0" } }, PRESENTED_NONE, NULL,
			NULL, false },
		{ "no scheme of ours", { { "Authorization", "Bearers t" } }, PRESENTED_NONE, NULL,
			NULL, false },
		{ "a user's bearer beside the pair",
			{ { "X-App-Key", "k" }, { "X-App-Token", "t" },
				{ "Authorization", "Bearer user" } },
			PRESENTED_PAIR, "k", "t", false },
		{ "key twice",
			{ { "X-App-Key", "k" }, { "X-App-Key", "k" }, { "X-App-Token", "t" } },
			PRESENTED_PAIR, "k", "t", true },
		{ "token twice", { { "X-API-Key", "t" }, { "x-api-key", "t" } }, PRESENTED_TOKEN,
			NULL, "t", true },
		{ "two families", { { "X-App-Key", "k" }, { "X-API-Key", "t" } }, PRESENTED_PAIR,
			"k", NULL, true },
		{ "halves of two families",
			{ { "X-VTEX-API-AppKey", "k" }, { "X-App-Token", "t" } }, PRESENTED_PAIR,
			"k", NULL, true },
		{ "authorization twice",
			{ { "Authorization", "Bearer t" }, { "Authorization", "Bearer u" } },
			PRESENTED_NONE, NULL, NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct headers headers = { rows[i].lines, find_line };
		struct presented got = presented_from_headers(families_default(), &headers);

		CHECK_ROW(rows[i].label, got.repeated == rows[i].repeated);
		CHECK_ROW(rows[i].label, got.form == rows[i].form);
		CHECK_ROW(rows[i].label, span_present(got.app_key) == (rows[i].app_key != NULL));
		CHECK_ROW(rows[i].label, span_equal(got.app_key, span_str(rows[i].app_key)));
		CHECK_ROW(
			rows[i].label, span_present(got.app_token) == (rows[i].app_token != NULL));
		CHECK_ROW(rows[i].label, span_equal(got.app_token, span_str(rows[i].app_token)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_strictly),
		cmocka_unit_test(ranges_are_read_strictly),
		cmocka_unit_test(range_ends_where_it_says),
		cmocka_unit_test(profile_holds_what_it_lists),
		cmocka_unit_test(every_cause_has_a_name_and_a_status),
		cmocka_unit_test(credential_is_taken_from_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
