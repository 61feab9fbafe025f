#include "../testing.h"

#include "decide/template.h"

static const struct {
	const char *text;
	const char *normal;
} GOOD[] = {
	{ "", "" },
	{ "/", "/" },
	{ "/a", "/a" },
	{ "/a/", "/a/" },
	{ "/a/{id}/b", "/a/{}/b" },
	{ "/a/:id/b", "/a/{}/b" },
	{ "/a/:order-id/b", "/a/{}/b" },
	{ "/a/{order id}", "/a/{}" },
	{ "/a/{}", "/a/{}" },
	{ "/v{version}", "/v{}" },
	{ "/{a}@{b}", "/{}@{}" },
	{ "/x:{id}", "/x:{}" },
	{ "/{id}:cancel", "/{}:cancel" },
	{ "/a:batch", "/a:batch" },
	{ "/carrier@{type}@{policy}/{day}F{start}T{end}", "/carrier@{}@{}/{}F{}T{}" },
	{ "/{a}.{b}", "/{}.{}" },
	{ "/..{a}", "/..{}" },
	{ "/...", "/..." },
	/* Tails. */
	{ "/a/{path...}", "/a/{...}" },
	{ "/a/{path+}", "/a/{...}" },
	{ "/a/{path*}", "/a/{...}" },
	{ "/a/{*path}", "/a/{...}" },
	{ "/a/{**path}", "/a/{...}" },
	{ "/a/{+path}", "/a/{...}" },
	{ "/a/{path:path}", "/a/{...}" },
	{ "/a/{...}", "/a/{...}" },
	{ "/a/*", "/a/{...}" },
	{ "/a/**", "/a/{...}" },
	{ "/a/*path", "/a/{...}" },
	{ "/a/*/", "/a/{...}/" },
	{ "/*", "/{...}" },
	/* Text. */
	{ "/%61", "/a" },
	{ "/caf%C3%A9", "/caf%C3%A9" },
	{ "/caf\xC3\xA9", "/caf%C3%A9" },
	{ "/a%20b", "/a%20b" },
	{ "/%2A", "/%2A" },
	{ "/%3Aid", "/%3Aid" },
	{ "/%7Bid%7D", "/%7Bid%7D" },
	{ "/100%25", "/100%25" },
	{ "/v%7B{x}", "/v%7B{}" },
	{ "/a!$&'()+,=~_-", "/a!$&'()+,=~_-" },
};

static void a_template_has_one_normal_text(void **state)
{
	static struct template t;

	for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
		char memory[256], again[256];
		struct buf normal = BUF_ARRAY(memory), second = BUF_ARRAY(again);

		CHECK_ROW(GOOD[i].text, template_parse(span_str(GOOD[i].text), &t, NULL) == ST_OK);
		template_append_normal(&t, &normal);
		CHECK_ROW(GOOD[i].text, span_is(buf_span(&normal), GOOD[i].normal));
		/* The normal text is a template too, and its own normal text. */
		CHECK_ROW(GOOD[i].text, template_parse(buf_span(&normal), &t, NULL) == ST_OK);
		template_append_normal(&t, &second);
		CHECK_ROW(GOOD[i].text, span_is(buf_span(&second), GOOD[i].normal));
	}
}

static const struct {
	const char *text;
	const char *key;
} BAD[] = {
	{ "a", "route.template_start" },
	{ "{id}", "route.template_start" },
	{ "//", "route.template_empty_segment" },
	{ "/a//b", "route.template_empty_segment" },
	{ "/a//", "route.template_empty_segment" },
	{ "/.", "route.template_dot" },
	{ "/a/../b", "route.template_dot" },
	{ "/a/%2e%2E/b", "route.template_dot" },
	{ "/a/{id", "route.template_brace" },
	{ "/a/id}", "route.template_brace" },
	{ "/a/{i{d}", "route.template_name" },
	{ "/a/{id:[0-9]+}", "route.template_name" },
	{ "/a/{id:int}", "route.template_name" },
	{ "/a/{id?}", "route.template_name" },
	{ "/a/{id=x}", "route.template_name" },
	{ "/a/{a}{b}", "route.template_adjacent" },
	{ "/a/x{a}{b}y", "route.template_adjacent" },
	{ "/a/x{path...}", "route.template_name" },
	{ "/a/{path...}/b", "route.template_tail" },
	{ "/a/*/b", "route.template_tail" },
	{ "/a/{path+}//", "route.template_tail" },
	{ "/a/b*", "route.template_star" },
	{ "/a/{b}*", "route.template_star" },
	{ "/a/*.js", "route.template_star" },
	{ "/a/:", "route.template_colon" },
	{ "/a/:a:b", "route.template_colon" },
	{ "/a/:id.json", "route.template_colon" },
	{ "/a?b", "route.template_query" },
	{ "/a#b", "route.template_text" },
	{ "/a;b", "route.template_text" },
	{ "/a\\b", "route.template_text" },
	{ "/a b", "route.template_text" },
	{ "/a\tb", "route.template_text" },
	{ "/a%2fb", "route.template_text" },
	{ "/a%00b", "route.template_text" },
	{ "/a%3bb", "route.template_text" },
	{ "/a%252fb", "route.template_text" },
	{ "/a%zz", "route.template_text" },
	{ "/%c0%af", "route.template_text" },
	{ "/caf\xe9", "route.template_text" },
};

static void a_bad_template_is_refused_with_its_reason(void **state)
{
	static struct template t;

	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		struct complaint complaint = { 0 };

		CHECK_ROW(BAD[i].text,
			template_parse(span_str(BAD[i].text), &t, &complaint) == ST_INVALID);
		if (strcmp(complaint.key, BAD[i].key) != 0)
			fail_msg("%s: %s, not %s", BAD[i].text, complaint.key, BAD[i].key);
	}
}

static void every_complaint_has_its_text(void **state)
{
	static struct template t;

	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		for (enum lang lang = LANG_EN; lang < LANG_COUNT; lang++) {
			char memory[1024];
			struct buf text = BUF_ARRAY(memory);
			struct complaint complaint = { 0 };

			(void)!template_parse(span_str(BAD[i].text), &t, &complaint);
			complaint_append(&text, lang, &complaint);
			CHECK_ROW(BAD[i].text, span_find(buf_span(&text), '"') < text.len || lang);
			CHECK_ROW(BAD[i].text, !span_is(buf_span(&text), complaint.key));
			CHECK_ROW(
				BAD[i].text, memmem(text.ptr, text.len, "{template}", 10) == NULL);
		}
	}
}

static void sizes_end_at_their_limits(void **state)
{
	static struct template t;
	static char text[LIMIT_TARGET + 1];
	struct complaint complaint = { 0 };

	memset(text, 'a', sizeof(text));
	text[0] = '/';
	assert_int_equal(template_parse(span_of(text, LIMIT_TARGET), &t, NULL), ST_OK);
	assert_int_equal(template_parse(span_of(text, LIMIT_TARGET + 1), &t, &complaint), ST_LIMIT);
	assert_string_equal(complaint.key, "route.template_long");
	for (size_t i = 0; i < (size_t)LIMIT_PATH_SEGMENTS * 2 + 2; i += 2)
		text[i] = '/';
	assert_int_equal(template_parse(span_of(text, LIMIT_PATH_SEGMENTS * 2), &t, NULL), ST_OK);
	assert_int_equal(
		template_parse(span_of(text, LIMIT_PATH_SEGMENTS * 2 + 1), &t, NULL), ST_OK);
	assert_int_equal(t.segments_count, LIMIT_PATH_SEGMENTS + 1);
	assert_int_equal(template_parse(span_of(text, LIMIT_PATH_SEGMENTS * 2 + 2), &t, &complaint),
		ST_LIMIT);
	assert_string_equal(complaint.key, "route.template_segments");
}

static const struct {
	const char *label; /* the template of the segment */
	const char *segment;
	bool matches;
} MIXED[] = {
	{ "v{x}", "v1", true },
	{ "v{x}", "v", false },
	{ "v{x}", "V1", false },
	{ "v{x}", "w1", false },
	{ "v{x}", "vv", true },
	{ "{x}s", "s", false },
	{ "{x}s", "as", true },
	{ "{x}s", "ass", true },
	{ "{x}s", "sa", false },
	{ "a{x}a", "aa", false },
	{ "a{x}a", "aaa", true },
	{ "ab{x}ba", "aba", false },
	{ "ab{x}ba", "abxba", true },
	{ "{a}@{b}", "@", false },
	{ "{a}@{b}", "x@", false },
	{ "{a}@{b}", "@y", false },
	{ "{a}@{b}", "x@y", true },
	{ "{a}@{b}", "@@", false },
	{ "{a}@{b}", "@@@", true },
	{ "{a}@{b}", "x@y@z", true },
	{ "{a}@{b}@{c}", "x@y", false },
	{ "{a}@{b}@{c}", "x@y@z", true },
	{ "{a}@{b}@{c}", "x@@z", false },
	{ "{a}@{b}@{c}", "x@@@z", true },
	{ "{d}F{s}T{e}", "1F08T12", true },
	{ "{d}F{s}T{e}", "1T08F12", false },
	{ "x{a}ab{b}y", "xabaaby", false },
	{ "x{a}ab{b}y", "xaabby", true },
	{ "x{a}ab{b}y", "xaby", false },
	{ "x{a}ab{b}y", "x1ab2y", true },
	{ "x{a}ab{b}y", "x1aby", false },
};

static void a_mixed_segment_gives_each_parameter_a_byte(void **state)
{
	static struct template t;

	for (size_t i = 0; i < ARRAY_LEN(MIXED); i++) {
		char memory[64];
		struct buf text = BUF_ARRAY(memory);

		buf_printf(&text, "/%s", MIXED[i].label);
		CHECK_ROW(MIXED[i].label, template_parse(buf_span(&text), &t, NULL) == ST_OK);
		CHECK_ROW(MIXED[i].label, t.segments[0].kind == SEGMENT_MIXED);
		if (mixed_matches(template_label(&t, 0), span_str(MIXED[i].segment)) !=
			MIXED[i].matches)
			fail_msg("%s and %s", MIXED[i].label, MIXED[i].segment);
	}
}

/* The slow and obvious way: try every share of the text for every parameter. */
static bool matches_slowly(struct span label, struct span text)
{
	if (label.len == 0)
		return text.len == 0;
	if (label.ptr[0] != '\0')
		return text.len > 0 && text.ptr[0] == label.ptr[0] &&
		       matches_slowly(span_part(label, 1, label.len), span_part(text, 1, text.len));
	for (size_t taken = 1; taken <= text.len; taken++) {
		if (matches_slowly(
			    span_part(label, 1, label.len), span_part(text, taken, text.len)))
			return true;
	}
	return false;
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* A text of "a" and "b"; a label has a parameter too, and no two that touch. */
static struct span random_text(uint32_t *seed, char *memory, size_t max, bool label)
{
	size_t len = 1 + next_random(seed) % max;
	size_t parameter = next_random(seed) % len;

	for (size_t i = 0; i < len; i++) {
		bool gap = label && i + 1 < parameter && next_random(seed) % 3 == 0 &&
			   (i == 0 || memory[i - 1] != '\0');

		memory[i] = gap ? '\0' : (char)('a' + next_random(seed) % 2);
	}
	if (label)
		memory[parameter] = '\0';
	return span_of(memory, len);
}

static void mixed_matching_agrees_with_trying_everything(void **state)
{
	uint32_t seed = 7;
	unsigned matched = 0;

	for (unsigned i = 0; i < 200000; i++) {
		char a[8], b[10];
		struct span label = random_text(&seed, a, sizeof(a), true);
		struct span text = random_text(&seed, b, sizeof(b), false);
		bool expected = matches_slowly(label, text);

		matched += expected;
		if (mixed_matches(label, text) != expected)
			fail_msg("run %u", i);
	}
	assert_true(matched > 10000);
}

/* Two labels overlap when the text made for both is taken by both; else no short text is. */
static void mixed_overlap_is_exact(void **state)
{
	uint32_t seed = 11;

	for (unsigned i = 0; i < 100000; i++) {
		char a[6], b[6], c[10], memory[64];
		struct span one = random_text(&seed, a, sizeof(a), true);
		struct span two = random_text(&seed, b, sizeof(b), true);
		struct span text = random_text(&seed, c, sizeof(c), false);
		struct buf common = BUF_ARRAY(memory);

		if (mixed_overlap(one, two)) {
			mixed_append_common(one, two, i % 2 == 0, &common);
			assert_true(mixed_matches(one, buf_span(&common)));
			assert_true(mixed_matches(two, buf_span(&common)));
		} else {
			assert_false(mixed_matches(one, text) && mixed_matches(two, text));
		}
	}
}

static const struct {
	struct span method;
	enum status status;
} METHODS[] = {
	{ SPAN_LIT("GET"), ST_OK },
	{ SPAN_LIT("M-SEARCH"), ST_OK },
	{ SPAN_LIT("get"), ST_INVALID },
	{ SPAN_LIT("GEt"), ST_INVALID },
	{ SPAN_LIT(""), ST_INVALID },
	{ SPAN_LIT("G T"), ST_INVALID },
	{ SPAN_LIT("G\0T"), ST_INVALID },
	{ SPAN_LIT("GET/"), ST_INVALID },
	{ SPAN_LIT("ABCDEFGHIJABCDEFGHIJABCDEFGHIJAB"), ST_OK },
	{ SPAN_LIT("ABCDEFGHIJABCDEFGHIJABCDEFGHIJABC"), ST_INVALID },
};

static void a_method_is_a_token_in_capitals(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(METHODS); i++)
		CHECK_ROW(METHODS[i].method.ptr,
			method_check(METHODS[i].method, NULL) == METHODS[i].status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_has_one_normal_text),
		cmocka_unit_test(a_bad_template_is_refused_with_its_reason),
		cmocka_unit_test(every_complaint_has_its_text),
		cmocka_unit_test(sizes_end_at_their_limits),
		cmocka_unit_test(a_mixed_segment_gives_each_parameter_a_byte),
		cmocka_unit_test(mixed_matching_agrees_with_trying_everything),
		cmocka_unit_test(mixed_overlap_is_exact),
		cmocka_unit_test(a_method_is_a_token_in_capitals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
