/* Bytes to values: every hostile document gets its complaint, with line and column. */
#include "support.h"

#include "catalog/tree.h"

static void parse(const char *label, struct span bytes, enum status status, const char *key,
	const char *line, const char *column)
{
	struct complaint complaint = { 0 };
	json_t *root = NULL;
	enum status st = tree_read(bytes, &root, &complaint);

	if (st != status || (key == NULL) != (complaint.key == NULL) ||
		(key != NULL && strcmp(key, complaint.key) != 0))
		fail_msg("%s: status %s, complaint %s", label, status_name(st),
			complaint.key == NULL ? "none" : complaint.key);
	CHECK_ROW(label, (root != NULL) == (status == ST_OK));
	if (line != NULL) {
		CHECK_TEXT(label, complaint.args[0].value, line);
		CHECK_TEXT(label, complaint.args[1].value, column);
	}
	json_decref(root);
}

static void broken_documents_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *label, *text, *key, *line, *column;
	} ROWS[] = {
		{ "nothing", "", "catalog.empty", NULL, NULL },
		{ "spaces only", " \n\t\n", "catalog.empty", NULL, NULL },
		{ "comment only", "# nothing\n", "catalog.empty", NULL, NULL },
		{ "byte order mark", "\xEF\xBB\xBF{}", "catalog.byte_order_mark", NULL, NULL },
		{ "UTF-16 little endian", "\xFF\xFE{", "catalog.wide", NULL, NULL },
		{ "UTF-16 big endian", "\xFE\xFF{", "catalog.wide", NULL, NULL },
		{ "Latin-1", "{\"a\":\n \"\xF1\"}", "catalog.not_utf8", "2", "3" },
		{ "surrogate in UTF-8", "{\"a\":\"\xED\xA0\x80\"}", "catalog.not_utf8", "1", "7" },
		{ "overlong", "a: \xC0\xAF\n", "catalog.not_utf8", "1", "4" },
		{ "cut in a character", "a: \xE2\x82", "catalog.not_utf8", "1", "4" },
		{ "control character", "{\"a\":\"\x01\"}", "catalog.control", "1", "7" },
		{ "DEL", "a: \x7F\n", "catalog.control", "1", "4" },
		{ "C1 control in YAML", "a: \xC2\x80\n", "catalog.control", "1", "4" },
		{ "JSON cut off", "{\"a\": [1", "catalog.cut_off", NULL, NULL },
		{ "JSON syntax", "{\"a\": }", "catalog.json_syntax", "1", "7" },
		{ "JSON trailing text", "{} x", "catalog.json_syntax", NULL, NULL },
		{ "JSON repeated key", "{\"a\": 1,\n\"a\": 2}", "catalog.repeated_key", "2", NULL },
		{ "JSON repeated by escape", "{\"a\": 1, \"\\u0061\": 2}", "catalog.repeated_key",
			NULL, NULL },
		{ "JSON 1e400", "{\"a\": 1e400}", "catalog.number", "1", NULL },
		{ "JSON -1e400", "{\"a\": -1e400}", "catalog.number", "1", NULL },
		{ "JSON lone surrogate", "{\"a\": \"\\ud800\"}", "catalog.json_syntax", NULL,
			NULL },
		{ "JSON lone low surrogate", "{\"a\": \"\\udc00\"}", "catalog.json_syntax", NULL,
			NULL },
		{ "JSON NUL escape", "{\"a\": \"\\u0000\"}", "catalog.control", NULL, NULL },
		{ "JSON NUL escape in a key", "{\"\\u0000\": 1}", "catalog.control", NULL, NULL },
		{ "YAML syntax", "a: [1\nb: 2\n", "catalog.yaml_syntax", NULL, NULL },
		{ "YAML tab as indentation", "a:\n\tb: 1\n", "catalog.yaml_syntax", "2", "1" },
		{ "YAML repeated key", "a: 1\nb: 2\na: 3\n", "catalog.repeated_key", "3", "1" },
		{ "YAML repeated by quotes", "a: 1\n\"a\": 3\n", "catalog.repeated_key", "2", "1" },
		{ "YAML repeated merge key", "x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n",
			"catalog.repeated_key", "4", "3" },
		{ "YAML 1e400", "a: 1e400\n", "catalog.number", "1", "4" },
		{ "YAML infinity", "a: .inf\n", "catalog.number", "1", "4" },
		{ "YAML not a number", "a: .NaN\n", "catalog.number", "1", "4" },
		{ "YAML NUL escape", "a: \"\\0\"\n", "catalog.control", "1", "4" },
		{ "YAML NUL escape in a key", "\"\\0\": 1\n", "catalog.control", "1", "1" },
		{ "YAML lone surrogate", "a: \"\\ud800\"\n", "catalog.yaml_syntax", NULL, NULL },
		{ "YAML tag", "a: !!python/object x\n", "catalog.yaml_tag", "1", "4" },
		{ "YAML binary", "a: !!binary aGk=\n", "catalog.yaml_tag", "1", "4" },
		{ "YAML tagged mapping", "a: !own {b: 1}\n", "catalog.yaml_tag", "1", "4" },
		{ "YAML unknown alias", "a: *b\n", "catalog.yaml_alias", "1", "4" },
		{ "YAML alias within its anchor", "a: &a [1, *a]\n", "catalog.yaml_alias", "1",
			"11" },
		{ "YAML alias as key", "a: &a x\n*a : 1\n", "catalog.yaml_key", NULL, NULL },
		{ "YAML list as key", "? [a, b]\n: 1\n", "catalog.yaml_key", "1", "3" },
		{ "YAML merge of a text", "a:\n  <<: x\n", "catalog.yaml_merge", NULL, NULL },
		{ "two YAML documents", "a: 1\n---\nb: 2\n", "catalog.yaml_documents", "2", "1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		parse(ROWS[i].label, span_str(ROWS[i].text), ST_INVALID, ROWS[i].key,
			ROWS[i].column == NULL ? NULL : ROWS[i].line, ROWS[i].column);
	parse("UTF-32", span_of("\0\0\xFE\xFF", 4), ST_INVALID, "catalog.wide", NULL, NULL);
	parse("UTF-16 without mark", span_of("{\0\"\0", 4), ST_INVALID, "catalog.wide", NULL, NULL);
	parse("NUL within", span_of("{\"a\":\"\0\"}", 9), ST_INVALID, "catalog.control", "1", "7");
}

/* depth levels of "[" with a value within, as JSON or as YAML. */
static char *nested(size_t depth, bool yaml)
{
	struct buf text = buf_heap(1 << 20);

	buf_append_str(&text, yaml ? "a: " : "");
	for (size_t i = 0; i < depth; i++)
		buf_append_char(&text, '[');
	buf_append_char(&text, '1');
	for (size_t i = 0; i < depth; i++)
		buf_append_char(&text, ']');
	return text.ptr;
}

static void depth_has_a_limit(void **state)
{
	static const struct {
		const char *label;
		size_t depth;
		bool yaml;
		enum status status;
	} ROWS[] = {
		{ "JSON at the limit", LIMIT_DOCUMENT_DEPTH, false, ST_OK },
		{ "JSON one deeper", LIMIT_DOCUMENT_DEPTH + 1, false, ST_LIMIT },
		{ "JSON far deeper", 500000, false, ST_LIMIT },
		{ "YAML at the limit", LIMIT_DOCUMENT_DEPTH - 1, true, ST_OK },
		{ "YAML one deeper", LIMIT_DOCUMENT_DEPTH, true, ST_LIMIT },
		{ "YAML far deeper", 500000, true, ST_LIMIT },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char *text = nested(ROWS[i].depth, ROWS[i].yaml);

		parse(ROWS[i].label, span_str(text), ROWS[i].status,
			ROWS[i].status == ST_OK ? NULL : "catalog.too_deep", NULL, NULL);
		free(text);
	}
}

static void aliases_count_as_often_as_they_are_used(void **state)
{
	struct buf bomb = buf_heap(1 << 20), many = buf_heap(1 << 20);

	/* Nine levels of ten aliases: a thousand million values out of a kilobyte. */
	buf_append_str(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++) {
		buf_printf(&bomb, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&bomb, "%s*a%d", k == 0 ? "" : ",", i - 1);
		buf_append_str(&bomb, "]\n");
	}
	parse("billion laughs", buf_span(&bomb), ST_LIMIT, "catalog.too_many_values", "7", "10");
	for (unsigned i = 0; i <= LIMIT_DOCUMENT_ANCHORS; i++)
		buf_printf(&many, "- &a%u x\n", i);
	parse("too many anchors", buf_span(&many), ST_LIMIT, "catalog.too_many_anchors", "1025",
		"3");
	buf_free(&bomb);
	buf_free(&many);
}

static void size_and_number_of_values_have_limits(void **state)
{
	size_t size = LIMIT_BODY_IMPORT + 1;
	char *text = malloc(size);

	assert_non_null(text);
	memset(text, ' ', size);
	parse("one byte too long", span_of(text, size), ST_LIMIT, "catalog.too_large", NULL, NULL);
	parse("as long as may be", span_of(text, size - 1), ST_INVALID, "catalog.empty", NULL,
		NULL);
	/* "[0,0,0,...": a comma a value. */
	text[0] = '[';
	for (size_t i = 1; i + 1 < size; i += 2) {
		text[i] = '0';
		text[i + 1] = ',';
	}
	parse("too many values", span_of(text, 8 * MIB), ST_LIMIT, "catalog.too_many_values", NULL,
		NULL);
	free(text);
}

static void yaml_means_what_its_core_schema_says(void **state)
{
	static const struct {
		const char *label, *yaml, *json;
	} ROWS[] = {
		{ "texts", "[a, 'b', \"c\", 2020-01-01, 1.2.3, yes, NO, 0x, 0o9, '1', \"true\"]",
			"[\"a\",\"b\",\"c\",\"2020-01-01\",\"1.2.3\",\"yes\",\"NO\",\"0x\",\"0o9\","
			"\"1\",\"true\"]" },
		{ "null", "a: ~\nb:\nc: null\n", "{\"a\":null,\"b\":null,\"c\":null}" },
		{ "truth", "a: true\nb: False\n", "{\"a\":true,\"b\":false}" },
		{ "numbers", "a: 1\nb: -2.5\nc: 0x10\nd: 1e3\n",
			"{\"a\":1.0,\"b\":-2.5,\"c\":16.0,\"d\":1000.0}" },
		{ "a huge whole number", "a: 99999999999999999999\n",
			"{\"a\":100000000000000000000.0}" },
		{ "tagged text", "a: !!str 1\nb: ! 2\n", "{\"a\":\"1\",\"b\":\"2\"}" },
		{ "keys are texts", "200: a\ntrue: b\n~: c\n",
			"{\"200\":\"a\",\"true\":\"b\",\"~\":\"c\"}" },
		{ "block text", "a: |\n  b\n  c\n", "{\"a\":\"b\\nc\\n\"}" },
		{ "folded text", "a: >-\n  b\n  c\n", "{\"a\":\"b c\"}" },
		{ "alias", "a: &x [1]\nb: *x\n", "{\"a\":[1.0],\"b\":[1.0]}" },
		{ "anchor again", "a: &x p\nb: &x q\nc: *x\n",
			"{\"a\":\"p\",\"b\":\"q\",\"c\":\"q\"}" },
		{ "merge key", "a: &x {p: '1', q: '2'}\nb:\n  <<: *x\n  q: '3'\n",
			"{\"a\":{\"p\":\"1\",\"q\":\"2\"},\"b\":{\"p\":\"1\",\"q\":\"3\"}}" },
		{ "merge list: the earlier wins",
			"b:\n  <<: [{p: '1'}, {p: '2', q: '4'}]\n  r: '5'\n",
			"{\"b\":{\"p\":\"1\",\"q\":\"4\",\"r\":\"5\"}}" },
		{ "quoted << is a key", "a:\n  '<<': x\n", "{\"a\":{\"<<\":\"x\"}}" },
		{ "astral character", "a: \"\\U0001F511\"\n", "{\"a\":\"\xF0\x9F\x94\x91\"}" },
		{ "one document with markers", "---\na: x\n...\n", "{\"a\":\"x\"}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		json_t *yaml = NULL, *json = json_loads(ROWS[i].json, 0, NULL);
		struct complaint complaint = { 0 };
		/* Read as YAML even where it begins with a bracket. */
		enum status st = tree_read_yaml(span_str(ROWS[i].yaml), &yaml, &complaint);

		CHECK_ROW(ROWS[i].label, st == ST_OK);
		CHECK_ROW(ROWS[i].label, json != NULL && json_equal(yaml, json));
		json_decref(yaml);
		json_decref(json);
	}
}

static void json_takes_numbers_that_examples_hold(void **state)
{
	parse("beyond 64 bits", SPAN_LIT("{\"a\": 18446744073709551616}"), ST_OK, NULL, NULL, NULL);
	parse("smallest", SPAN_LIT("{\"a\": 1e-400}"), ST_OK, NULL, NULL, NULL);
	parse("largest", SPAN_LIT("{\"a\": 1e308}"), ST_OK, NULL, NULL, NULL);
	parse("surrogate pair", SPAN_LIT("{\"a\": \"\\ud83d\\udd11\"}"), ST_OK, NULL, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_documents_are_refused_with_their_place),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(aliases_count_as_often_as_they_are_used),
		cmocka_unit_test(size_and_number_of_values_have_limits),
		cmocka_unit_test(yaml_means_what_its_core_schema_says),
		cmocka_unit_test(json_takes_numbers_that_examples_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
