#include "../testing.h"

#include "decide/path.h"

#include <stdio.h>

struct path_row {
	const char *label;
	struct span raw;
	enum path_reason reason;
	const char *path; /* when PATH_OK */
};

#define ROW(label, raw, reason, path)                                                              \
	{                                                                                          \
		label, SPAN_LIT(raw), reason, path                                                 \
	}

static void check_rows(const struct path_row *rows, size_t rows_count)
{
	for (size_t i = 0; i < rows_count; i++) {
		const struct path_row *row = &rows[i];
		char out[PATH_SIZE];
		struct path_result result;

		path_canonicalise(row->raw, SPAN_LIT("shop.example"), out, sizeof(out), &result);
		if (result.reason != row->reason)
			fail_msg("%s: %s, not %s", row->label, path_reason_name(result.reason),
				path_reason_name(row->reason));
		CHECK_ROW(row->label, span_present(result.path) == (row->reason == PATH_OK));
		if (row->path != NULL)
			CHECK_ROW(row->label, span_is(result.path, row->path));
	}
}

static const struct path_row PATHS[] = {
	/* Plain. */
	ROW("root", "/", PATH_OK, "/"),
	ROW("segments", "/a/b/c", PATH_OK, "/a/b/c"),
	ROW("a trailing slash counts", "/a/b/", PATH_OK, "/a/b/"),
	ROW("sub-delimiters", "/a!$&'()*+,=:@-._~", PATH_OK, "/a!$&'()*+,=:@-._~"),
	ROW("braces and quotes", "/{a}\"<>^`|", PATH_OK, "/{a}\"<>^`|"),
	ROW("case is kept", "/Api/ORDERS", PATH_OK, "/Api/ORDERS"),
	ROW("the query is cut off", "/a?b=/../c//d%2f\\;%zz", PATH_OK, "/a"),
	ROW("an empty query", "/a?", PATH_OK, "/a"),
	ROW("a query of the root", "/?a", PATH_OK, "/"),
	/* Decoded once. */
	ROW("an encoded letter", "/%41%62", PATH_OK, "/Ab"),
	ROW("an encoded space", "/a%20b", PATH_OK, "/a b"),
	ROW("an encoded percent", "/100%25", PATH_OK, "/100%"),
	ROW("an encoded percent and one hex digit", "/%252", PATH_OK, "/%2"),
	ROW("an encoded percent, a hex digit, a letter", "/%252g", PATH_OK, "/%2g"),
	ROW("an encoded percent across segments", "/%252/f", PATH_OK, "/%2/f"),
	ROW("UTF-8", "/caf%C3%A9", PATH_OK, "/caf\xC3\xA9"),
	ROW("UTF-8 of four bytes", "/%F0%9F%94%91", PATH_OK, "/\xF0\x9F\x94\x91"),
	ROW("the last code point", "/%F4%8F%BF%BF", PATH_OK, "/\xF4\x8F\xBF\xBF"),
	ROW("encoded braces", "/%7Bid%7D", PATH_OK, "/{id}"),
	ROW("7e is printable", "/%7e", PATH_OK, "/~"),
	ROW("21 is printable", "/%21", PATH_OK, "/!"),
	/* Encoded bytes that servers read in two ways. */
	ROW("%2f", "/a%2fb", PATH_ENCODED_SLASH, NULL),
	ROW("%2F", "/a%2Fb", PATH_ENCODED_SLASH, NULL),
	ROW("%2e is a dot", "/a%2eb", PATH_OK, "/a.b"),
	ROW("%5c", "/a%5cb", PATH_ENCODED_BACKSLASH, NULL),
	ROW("%5C", "/a%5Cb", PATH_ENCODED_BACKSLASH, NULL),
	ROW("%5b", "/a%5bb", PATH_OK, "/a[b"),
	ROW("%3f", "/a%3fb", PATH_ENCODED_QUESTION, NULL),
	ROW("%3F", "/a%3Fb", PATH_ENCODED_QUESTION, NULL),
	ROW("%3e", "/a%3eb", PATH_OK, "/a>b"),
	ROW("%23", "/a%23b", PATH_ENCODED_HASH, NULL),
	ROW("%24", "/a%24b", PATH_OK, "/a$b"),
	ROW("%3b", "/a%3bb", PATH_ENCODED_SEMICOLON, NULL),
	ROW("%3B", "/a%3Bb", PATH_ENCODED_SEMICOLON, NULL),
	ROW("%3a", "/a%3ab", PATH_OK, "/a:b"),
	ROW("%00", "/a%00b", PATH_ENCODED_NUL, NULL),
	ROW("%00 at the end", "/a%00", PATH_ENCODED_NUL, NULL),
	ROW("%01", "/a%01b", PATH_ENCODED_CONTROL, NULL),
	ROW("%09", "/a%09b", PATH_ENCODED_CONTROL, NULL),
	ROW("%0a", "/a%0ab", PATH_ENCODED_CONTROL, NULL),
	ROW("%0d%0a", "/a%0d%0ab", PATH_ENCODED_CONTROL, NULL),
	ROW("%1f", "/a%1fb", PATH_ENCODED_CONTROL, NULL),
	ROW("%7f", "/a%7fb", PATH_ENCODED_CONTROL, NULL),
	/* Double encoding. */
	ROW("%252f", "/a%252fb", PATH_DOUBLE_ENCODING, NULL),
	ROW("%252e%252e", "/a/%252e%252e/b", PATH_DOUBLE_ENCODING, NULL),
	ROW("%2541", "/%2541", PATH_DOUBLE_ENCODING, NULL),
	ROW("%25 and encoded hex digits", "/%25%32%66", PATH_DOUBLE_ENCODING, NULL),
	ROW("%25 and one encoded hex digit", "/%252%66", PATH_DOUBLE_ENCODING, NULL),
	ROW("%25252f", "/%25252f", PATH_DOUBLE_ENCODING, NULL),
	ROW("at the end of a segment", "/%2541/b", PATH_DOUBLE_ENCODING, NULL),
	/* Bad percent encoding. */
	ROW("% alone", "/a%", PATH_BAD_ENCODING, NULL),
	ROW("% and one digit", "/a%2", PATH_BAD_ENCODING, NULL),
	ROW("% and no digit", "/a%zz", PATH_BAD_ENCODING, NULL),
	ROW("% and half a digit", "/a%2g", PATH_BAD_ENCODING, NULL),
	ROW("%u002f", "/a%u002fb", PATH_BAD_ENCODING, NULL),
	ROW("% before the query", "/a%2?f", PATH_BAD_ENCODING, NULL),
	ROW("%%", "/%%32%66", PATH_BAD_ENCODING, NULL),
	/* UTF-8. */
	ROW("overlong slash", "/%c0%af", PATH_NOT_UTF8, NULL),
	ROW("overlong dot", "/%c0%ae%c0%ae/b", PATH_NOT_UTF8, NULL),
	ROW("overlong of three bytes", "/%e0%80%af", PATH_NOT_UTF8, NULL),
	ROW("overlong of four bytes", "/%f0%80%80%af", PATH_NOT_UTF8, NULL),
	ROW("shortest of two bytes", "/%c2%80", PATH_OK, "/\xC2\x80"),
	ROW("a surrogate", "/%ed%a0%80", PATH_NOT_UTF8, NULL),
	ROW("before the surrogates", "/%ed%9f%bf", PATH_OK, "/\xED\x9F\xBF"),
	ROW("beyond U+10FFFF", "/%f4%90%80%80", PATH_NOT_UTF8, NULL),
	ROW("Latin-1", "/caf%e9", PATH_NOT_UTF8, NULL),
	ROW("%85", "/a%85", PATH_NOT_UTF8, NULL),
	ROW("%a0", "/a%a0", PATH_NOT_UTF8, NULL),
	ROW("a cut sequence", "/%c3/%a9", PATH_NOT_UTF8, NULL),
	ROW("a cut sequence at the end", "/a%c3", PATH_NOT_UTF8, NULL),
	/* Raw bytes. */
	ROW("a raw space", "/a b", PATH_RAW_BYTE, NULL),
	ROW("a raw tab", "/a\tb", PATH_RAW_BYTE, NULL),
	ROW("a raw line feed", "/a\nb", PATH_RAW_BYTE, NULL),
	ROW("a raw NUL", "/a\0b", PATH_RAW_BYTE, NULL),
	ROW("a raw 1f", "/a\x1f", PATH_RAW_BYTE, NULL),
	ROW("a raw DEL", "/a\x7f", PATH_RAW_BYTE, NULL),
	ROW("a raw 85", "/a\x85", PATH_RAW_BYTE, NULL),
	ROW("a raw a0", "/a\xa0", PATH_RAW_BYTE, NULL),
	ROW("raw UTF-8", "/caf\xC3\xA9", PATH_RAW_BYTE, NULL),
	ROW("a raw space in the query", "/a?b c", PATH_RAW_BYTE, NULL),
	ROW("raw UTF-8 in the query", "/a?\xC3\xA9", PATH_RAW_BYTE, NULL),
	ROW("a raw NUL in the query", "/a?b\0", PATH_RAW_BYTE, NULL),
	ROW("a raw space at the start", " /a", PATH_RAW_BYTE, NULL),
	/* Backslash and fragment. */
	ROW("a backslash", "/a\\b", PATH_BACKSLASH, NULL),
	ROW("a backslash at the start", "\\a", PATH_AUTHORITY_FORM, NULL),
	ROW("/\\host", "/\\evil.example/a", PATH_BACKSLASH, NULL),
	ROW("a backslash in the query", "/a?b\\c", PATH_OK, "/a"),
	ROW("a fragment", "/a#b", PATH_FRAGMENT, NULL),
	ROW("an empty fragment", "/a#", PATH_FRAGMENT, NULL),
	ROW("a fragment behind a query", "/a?b#c", PATH_FRAGMENT, NULL),
	/* Dot segments. */
	ROW(".", "/.", PATH_DOT_SEGMENT, NULL),
	ROW("/./", "/a/./b", PATH_DOT_SEGMENT, NULL),
	ROW("..", "/..", PATH_DOT_SEGMENT, NULL),
	ROW("/../", "/a/../b", PATH_DOT_SEGMENT, NULL),
	ROW("/.. before a query", "/a/..?b", PATH_DOT_SEGMENT, NULL),
	ROW("three dots are a name", "/a/.../b", PATH_OK, "/a/.../b"),
	ROW("a dot at the start of a name", "/a/.b", PATH_OK, "/a/.b"),
	ROW("dots at the end of a name", "/a/b..", PATH_OK, "/a/b.."),
	ROW("%2e", "/a/%2e/b", PATH_DOT_SEGMENT, NULL),
	ROW("%2e%2E", "/a/%2e%2E/b", PATH_DOT_SEGMENT, NULL),
	ROW(".%2e", "/a/.%2e/b", PATH_DOT_SEGMENT, NULL),
	ROW("%2e.", "/a/%2e.", PATH_DOT_SEGMENT, NULL),
	ROW("%2e%2e%2e is a name", "/a/%2e%2e%2e", PATH_OK, "/a/..."),
	ROW("..;", "/a/..;/b", PATH_DOT_SEGMENT, NULL),
	ROW("..;x=1", "/a/..;x=1/b", PATH_DOT_SEGMENT, NULL),
	ROW(".;", "/a/.;/b", PATH_DOT_SEGMENT, NULL),
	ROW("%2e%2e;", "/a/%2e%2e;/b", PATH_DOT_SEGMENT, NULL),
	/* Empty segments. */
	ROW("//", "//", PATH_EMPTY_SEGMENT, NULL),
	ROW("//host", "//evil.example/a", PATH_EMPTY_SEGMENT, NULL),
	ROW("a//b", "/a//b", PATH_EMPTY_SEGMENT, NULL),
	ROW("a//", "/a//", PATH_EMPTY_SEGMENT, NULL),
	ROW("// in the query", "/a?b=//", PATH_OK, "/a"),
	ROW("an empty name with parameters", "/a/;x/b", PATH_EMPTY_SEGMENT, NULL),
	ROW("an empty last name with parameters", "/a/;x", PATH_EMPTY_SEGMENT, NULL),
	/* Forms of the target. */
	ROW("nothing", "", PATH_EMPTY, NULL),
	ROW("a query alone", "?a", PATH_AUTHORITY_FORM, NULL),
	ROW("*", "*", PATH_ASTERISK, NULL),
	ROW("/*", "/*", PATH_OK, "/*"),
	ROW("authority form", "shop.example:443", PATH_AUTHORITY_FORM, NULL),
	ROW("a relative path", "a/b", PATH_AUTHORITY_FORM, NULL),
	ROW("absolute, same host", "http://shop.example/a?b", PATH_OK, "/a"),
	ROW("absolute, https", "https://shop.example/a", PATH_OK, "/a"),
	ROW("absolute, other case", "HTTP://SHOP.example/a", PATH_OK, "/a"),
	ROW("absolute, a port", "http://shop.example:8080/a", PATH_OK, "/a"),
	ROW("absolute, a trailing dot", "http://shop.example./a", PATH_OK, "/a"),
	ROW("absolute, other host", "http://other.example/a", PATH_OTHER_HOST, NULL),
	ROW("absolute, a host below", "http://a.shop.example/a", PATH_OTHER_HOST, NULL),
	ROW("absolute, user info", "http://shop.example@evil.example/a", PATH_OTHER_HOST, NULL),
	ROW("absolute, our host as user info", "http://u@shop.example/a", PATH_OTHER_HOST, NULL),
	ROW("absolute, other scheme", "ftp://shop.example/a", PATH_OTHER_HOST, NULL),
	ROW("absolute, no host", "http:///a", PATH_OTHER_HOST, NULL),
	ROW("absolute, no path", "http://shop.example", PATH_EMPTY, NULL),
	ROW("absolute, a fragment for a path", "http://shop.example#f/a", PATH_FRAGMENT, NULL),
	ROW("absolute, query without path", "http://shop.example?a", PATH_EMPTY, NULL),
	ROW("absolute, then a dot segment", "http://shop.example/../a", PATH_DOT_SEGMENT, NULL),
	ROW("absolute, a backslash", "http://shop.example\\@evil.example/", PATH_OTHER_HOST, NULL),
};

static void every_rule_holds_on_both_sides_of_its_border(void **state)
{
	check_rows(PATHS, ARRAY_LEN(PATHS));
}

/* What nginx 1.22 makes of raw targets: wherever it changes one, we refuse it. */
static const struct path_row NGINX[] = {
	ROW("/b to nginx", "/a/%2e%2e/b", PATH_DOT_SEGMENT, NULL),
	ROW("/a/b to nginx, from //", "/a//b", PATH_EMPTY_SEGMENT, NULL),
	ROW("/b to nginx, from ;x=1/..", "/a;x=1/../b", PATH_DOT_SEGMENT, NULL),
	ROW("unchanged by nginx", "/a/..;/b", PATH_DOT_SEGMENT, NULL),
	ROW("/a/b to nginx, from %2f", "/a%2fb", PATH_ENCODED_SLASH, NULL),
	ROW("/a?b to nginx", "/a%3fb", PATH_ENCODED_QUESTION, NULL),
	ROW("/a#b to nginx", "/a%23b", PATH_ENCODED_HASH, NULL),
	ROW("/a\\b to nginx, from %5c", "/a%5cb", PATH_ENCODED_BACKSLASH, NULL),
	ROW("/a\\b to nginx", "/a\\b", PATH_BACKSLASH, NULL),
	ROW("/a to nginx, from a fragment", "/a#frag", PATH_FRAGMENT, NULL),
	ROW("/a/%2e%2e/b to nginx", "/a/%252e%252e/b", PATH_DOUBLE_ENCODING, NULL),
	ROW("%c0%ae passes nginx", "/%c0%ae%c0%ae/b", PATH_NOT_UTF8, NULL),
	ROW("\\x85 passes nginx", "/a\x85", PATH_RAW_BYTE, NULL),
	ROW("\\xa0 passes nginx", "/a\xa0", PATH_RAW_BYTE, NULL),
	ROW("%09 passes nginx", "/a%09", PATH_ENCODED_CONTROL, NULL),
	ROW("/b to nginx, from another host", "http://other/b", PATH_OTHER_HOST, NULL),
	ROW("400 by nginx: %00", "/a%00b", PATH_ENCODED_NUL, NULL),
	ROW("400 by nginx: %zz", "/a%zz", PATH_BAD_ENCODING, NULL),
	ROW("400 by nginx: /..", "/../a", PATH_DOT_SEGMENT, NULL),
};

static void what_nginx_reads_differently_is_refused(void **state)
{
	check_rows(NGINX, ARRAY_LEN(NGINX));
}

static void without_a_host_no_absolute_form_passes(void **state)
{
	char out[PATH_SIZE];
	struct path_result result;

	path_canonicalise(
		SPAN_LIT("http://shop.example/a"), SPAN_ABSENT, out, sizeof(out), &result);
	assert_int_equal(result.reason, PATH_OTHER_HOST);
}

static void sizes_end_at_their_limits(void **state)
{
	static char raw[LIMIT_TARGET + 1];
	static char out[PATH_SIZE];
	struct path_result result;

	memset(raw, 'a', sizeof(raw));
	raw[0] = '/';
	path_canonicalise(span_of(raw, LIMIT_TARGET), SPAN_ABSENT, out, sizeof(out), &result);
	assert_int_equal(result.reason, PATH_OK);
	assert_int_equal(result.path.len, LIMIT_TARGET);
	path_canonicalise(span_of(raw, LIMIT_TARGET + 1), SPAN_ABSENT, out, sizeof(out), &result);
	assert_int_equal(result.reason, PATH_TOO_LONG);
	path_canonicalise(span_of(raw, 10), SPAN_ABSENT, out, 10, &result);
	assert_int_equal(result.reason, PATH_OK);
	path_canonicalise(span_of(raw, 11), SPAN_ABSENT, out, 10, &result);
	assert_int_equal(result.reason, PATH_TOO_LONG);

	for (size_t i = 0; i < (size_t)LIMIT_PATH_SEGMENTS * 2 + 2; i += 2)
		raw[i] = '/';
	path_canonicalise(
		span_of(raw, LIMIT_PATH_SEGMENTS * 2), SPAN_ABSENT, out, sizeof(out), &result);
	assert_int_equal(result.reason, PATH_OK);
	path_canonicalise(
		span_of(raw, LIMIT_PATH_SEGMENTS * 2 + 1), SPAN_ABSENT, out, sizeof(out), &result);
	assert_int_equal(result.reason, PATH_OK); /* a trailing slash */
	path_canonicalise(
		span_of(raw, LIMIT_PATH_SEGMENTS * 2 + 2), SPAN_ABSENT, out, sizeof(out), &result);
	assert_int_equal(result.reason, PATH_TOO_MANY_SEGMENTS);
	assert_true(path_reason_is_size(result.reason));
	assert_false(path_reason_is_size(PATH_DOT_SEGMENT));
}

static void every_raw_byte_is_plain_or_refused(void **state)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		char raw[] = { '/', 'a', (char)byte, 'b' };
		char out[sizeof(raw)];
		struct path_result result;
		bool special =
			byte <= 0x20 || byte >= 0x7F || byte == '#' || byte == '%' || byte == '\\';

		path_canonicalise(
			span_of(raw, sizeof(raw)), SPAN_ABSENT, out, sizeof(out), &result);
		assert_int_equal(result.reason == PATH_OK, !special);
		if (!special && byte != ';' && byte != '?')
			assert_true(span_equal(result.path, span_of(raw, sizeof(raw))));
	}
}

static void every_encoded_byte_is_itself_or_refused(void **state)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		char raw[8];
		char out[8];
		struct path_result result;
		bool refused = byte < 0x20 || byte >= 0x7F || byte == '#' || byte == '/' ||
			       byte == ';' || byte == '?' || byte == '\\';

		(void)snprintf(raw, sizeof(raw), "/a%%%02xb", byte);
		path_canonicalise(span_str(raw), SPAN_ABSENT, out, sizeof(out), &result);
		assert_int_equal(result.reason == PATH_OK, !refused);
		if (!refused) {
			assert_int_equal(result.path.len, 4);
			assert_int_equal((uint8_t)result.path.ptr[2], byte);
		}
	}
}

static void the_offset_points_at_what_offends(void **state)
{
	static const struct {
		const char *raw;
		size_t offset;
	} ROWS[] = {
		{ "/abc%2fd", 4 },
		{ "/abc/../d", 5 },
		{ "/abc//d", 5 },
		{ "/ab\\c", 3 },
		{ "/a?b#c", 4 },
		{ "/abc%", 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char out[64];
		struct path_result result;

		path_canonicalise(span_str(ROWS[i].raw), SPAN_ABSENT, out, sizeof(out), &result);
		CHECK_ROW(ROWS[i].raw, result.offset == ROWS[i].offset);
	}
}

struct switch_row {
	const char *raw;
	const char *path;
	struct path_switches switches;
	size_t base_len;
	enum path_reason reason;
};

#define STRIP                                                                                      \
	{                                                                                          \
		.strip_semicolon = true                                                            \
	}
#define FOLD                                                                                       \
	{                                                                                          \
		.case_insensitive = true                                                           \
	}

static const struct switch_row SWITCHES[] = {
	{ "/a/b;x=1/c", "/a/b/c", { 0 }, 0, PATH_SEMICOLON },
	{ "/a/b;x=1/c", "/a/b/c", STRIP, 0, PATH_OK },
	{ "/a/b;x=1/c;y", "/a/b/c", STRIP, 2, PATH_OK },
	{ "/a/b;x;y=2;/c", "/a/b/c", STRIP, 2, PATH_OK },
	{ "/a;x/b", "/a/b", STRIP, 2, PATH_SEMICOLON }, /* in the base path "/a" */
	{ "/a/b;x", "/a/b", STRIP, 2, PATH_OK },
	{ "/a/b;", "/a/b", STRIP, 0, PATH_OK },
	{ "/a/b", "/a/b", { 0 }, 0, PATH_OK },
	{ "/a/b?c;d", "/a/b", { 0 }, 0, PATH_OK },
	{ "/caf%C3%A9", "/caf\xC3\xA9", { 0 }, 0, PATH_OK },
	{ "/caf%C3%A9", "/caf\xC3\xA9", FOLD, 0, PATH_NON_ASCII },
	{ "/caf%7e", "/caf~", FOLD, 0, PATH_OK },
};

static void a_service_switches_semicolon_and_case(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(SWITCHES); i++) {
		const struct switch_row *row = &SWITCHES[i];
		char out[64];
		struct path_result result;

		path_canonicalise(span_str(row->raw), SPAN_ABSENT, out, sizeof(out), &result);
		CHECK_ROW(row->raw, result.reason == PATH_OK);
		CHECK_ROW(row->raw, span_is(result.path, row->path));
		CHECK_ROW(row->raw,
			path_check_service(&result, row->switches, row->base_len) == row->reason);
	}
}

static void a_refused_path_stays_refused_by_every_switch(void **state)
{
	struct path_result result = { 0 };
	struct path_switches both = { true, true };

	assert_int_equal(path_check_service(&result, both, 0), PATH_NOT_LOOKED_AT);
	result.reason = PATH_DOT_SEGMENT;
	assert_int_equal(path_check_service(&result, both, 0), PATH_DOT_SEGMENT);
}

static void every_reason_has_its_own_name(void **state)
{
	for (int i = 0; i < PATH_REASON_COUNT; i++) {
		for (int k = 0; k < i; k++)
			assert_string_not_equal(path_reason_name((enum path_reason)i),
				path_reason_name((enum path_reason)k));
	}
	assert_string_equal(path_reason_name((enum path_reason)1000), "not_looked_at");
}

static const struct {
	const char *label;
	struct span raw;
	const char *host; /* NULL: refused */
} HOSTS[] = {
	{ "a name", SPAN_LIT("shop.example"), "shop.example" },
	{ "capitals", SPAN_LIT("Shop.EXAMPLE"), "shop.example" },
	{ "a port", SPAN_LIT("shop.example:8080"), "shop.example" },
	{ "the last port", SPAN_LIT("a:65535"), "a" },
	{ "beyond the last port", SPAN_LIT("a:65536"), NULL },
	{ "port 0", SPAN_LIT("a:0"), NULL },
	{ "an empty port", SPAN_LIT("a:"), NULL },
	{ "a port that is none", SPAN_LIT("a:8x"), NULL },
	{ "two ports", SPAN_LIT("a:1:2"), NULL },
	{ "a trailing dot", SPAN_LIT("shop.example."), "shop.example" },
	{ "two trailing dots", SPAN_LIT("shop.example.."), NULL },
	{ "a dot and a port", SPAN_LIT("shop.example.:80"), "shop.example" },
	{ "a dot alone", SPAN_LIT("."), NULL },
	{ "nothing", SPAN_LIT(""), NULL },
	{ "a port alone", SPAN_LIT(":80"), NULL },
	{ "an empty label", SPAN_LIT("a..b"), NULL },
	{ "a dot at the start", SPAN_LIT(".a"), NULL },
	{ "an underscore", SPAN_LIT("my_service"), "my_service" },
	{ "a hyphen inside", SPAN_LIT("a-b"), "a-b" },
	{ "a hyphen at the start", SPAN_LIT("-a"), NULL },
	{ "a hyphen at the end", SPAN_LIT("a-.b"), NULL },
	{ "a space", SPAN_LIT("a b"), NULL },
	{ "a space at the end", SPAN_LIT("a "), NULL },
	{ "NUL", SPAN_LIT("a\0b"), NULL },
	{ "a slash", SPAN_LIT("a/b"), NULL },
	{ "user info", SPAN_LIT("u@a"), NULL },
	{ "two hosts", SPAN_LIT("a,b"), NULL },
	{ "not ASCII", SPAN_LIT("caf\xC3\xA9"), NULL },
	{ "an escape", SPAN_LIT("a%41"), NULL },
	{ "IPv4", SPAN_LIT("127.0.0.1:80"), "127.0.0.1" },
	{ "IPv6", SPAN_LIT("[::1]"), "[::1]" },
	{ "IPv6 with a port", SPAN_LIT("[2001:DB8::0:1]:443"), "[2001:db8::1]" },
	{ "IPv6 in full", SPAN_LIT("[0:0:0:0:0:0:0:1]"), "[::1]" },
	{ "IPv6 with a zone", SPAN_LIT("[fe80::1%25eth0]"), NULL },
	{ "IPv6 without brackets", SPAN_LIT("::1"), NULL },
	{ "an open bracket", SPAN_LIT("[::1"), NULL },
	{ "empty brackets", SPAN_LIT("[]"), NULL },
	{ "text behind the bracket", SPAN_LIT("[::1]a"), NULL },
	{ "IPv4 in brackets", SPAN_LIT("[127.0.0.1]"), NULL },
};

static void a_host_has_one_form(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(HOSTS); i++) {
		char memory[LIMIT_HOST];
		struct span host = SPAN_ABSENT;
		bool good = host_canonicalise(HOSTS[i].raw, memory, &host);

		CHECK_ROW(HOSTS[i].label, good == (HOSTS[i].host != NULL));
		if (good)
			CHECK_ROW(HOSTS[i].label, span_is(host, HOSTS[i].host));
	}
}

static void a_host_ends_at_its_limits(void **state)
{
	char raw[300], memory[LIMIT_HOST];
	struct span host;

	memset(raw, 'a', sizeof(raw));
	assert_true(host_canonicalise(span_of(raw, 63), memory, &host));
	assert_false(host_canonicalise(span_of(raw, 64), memory, &host));
	for (size_t i = 63; i < sizeof(raw); i += 64)
		raw[i] = '.';
	assert_true(host_canonicalise(span_of(raw, 253), memory, &host));
	assert_false(host_canonicalise(span_of(raw, 254), memory, &host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_holds_on_both_sides_of_its_border),
		cmocka_unit_test(what_nginx_reads_differently_is_refused),
		cmocka_unit_test(without_a_host_no_absolute_form_passes),
		cmocka_unit_test(sizes_end_at_their_limits),
		cmocka_unit_test(every_raw_byte_is_plain_or_refused),
		cmocka_unit_test(every_encoded_byte_is_itself_or_refused),
		cmocka_unit_test(the_offset_points_at_what_offends),
		cmocka_unit_test(a_service_switches_semicolon_and_case),
		cmocka_unit_test(a_refused_path_stays_refused_by_every_switch),
		cmocka_unit_test(every_reason_has_its_own_name),
		cmocka_unit_test(a_host_has_one_form),
		cmocka_unit_test(a_host_ends_at_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
