#include "testing.h"

#include "base/encode.h"

static void hex_both_ways(void **state)
{
	static const struct {
		const char *label, *text;
		bool ok;
	} rows[] = {
		{ "right", "00ff7f80", true },
		{ "upper case", "00FF7F80", false },
		{ "odd", "00ff7f8", false },
		{ "too long", "00ff7f8000", false },
		{ "too short", "00ff7f", false },
		{ "not hexadecimal", "00ff7f8g", false },
		{ "sign", "00ff7f+8", false },
		{ "space", "00ff7f 8", false },
		{ "empty", "", false },
	};
	const uint8_t bytes[] = { 0x00, 0xFF, 0x7F, 0x80 };
	char memory[16];
	struct buf b = BUF_ARRAY(memory);

	encode_hex(&b, bytes, sizeof(bytes));
	assert_string_equal(buf_str(&b), "00ff7f80");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t out[4];

		CHECK_ROW(rows[i].label,
			decode_hex(span_str(rows[i].text), out, sizeof(out)) == rows[i].ok);
		CHECK_ROW(rows[i].label, !rows[i].ok || memcmp(out, bytes, sizeof(out)) == 0);
	}
	assert_true(decode_hex(SPAN_LIT(""), memory, 0));
}

/* RFC 4648, section 10, without the padding. */
static void base64url_vectors(void **state)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" },
		{ "\xFB\xFF\xBF", "-_-_" } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char memory[16], back[16];
		struct buf b = BUF_ARRAY(memory);
		struct buf out = BUF_ARRAY(back);

		encode_base64url(&b, rows[i].bytes, strlen(rows[i].bytes));
		CHECK_ROW(rows[i].text, span_is(buf_span(&b), rows[i].text));
		CHECK_ROW(rows[i].text, decode_base64url(span_str(rows[i].text), &out) == ST_OK);
		CHECK_ROW(rows[i].text, span_is(buf_span(&out), rows[i].bytes));
	}
}

static void base64url_has_one_text_for_each_value(void **state)
{
	static const struct {
		const char *label, *text;
	} rows[] = {
		{ "one character", "Z" },
		{ "five characters", "Zm9vY" },
		{ "stray bits of two", "Zh" },
		{ "stray bits of three", "Zm9"
					 "\0" },
		{ "padding", "Zg==" },
		{ "other alphabet, plus", "+_-_" },
		{ "other alphabet, slash", "-/-_" },
		{ "space", "Zm9v Zm9" },
		{ "line end", "Zm9v\n" },
		{ "beyond ASCII", "Zm9\xC3" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char back[16];
		struct buf out = BUF_ARRAY(back);

		CHECK_ROW(rows[i].label,
			decode_base64url(span_str(rows[i].text), &out) == ST_INVALID);
	}
}

static void base64url_minds_the_ceiling(void **state)
{
	char memory[4];
	struct buf out = BUF_ARRAY(memory);

	assert_int_equal(decode_base64url(SPAN_LIT("Zm9v"), &out), ST_OK);
	buf_clear(&out);
	assert_int_equal(decode_base64url(SPAN_LIT("Zm9vYg"), &out), ST_LIMIT);
}

static void every_length_comes_back(void **state)
{
	uint8_t bytes[200];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 73 + 5);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		CLEANUP(buf_free)
		struct buf text = buf_heap(400);
		CLEANUP(buf_free)
		struct buf back = buf_heap(400);

		encode_base64url(&text, bytes, len);
		assert_int_equal(decode_base64url(buf_span(&text), &back), ST_OK);
		assert_true(span_equal(buf_span(&back), span_of(bytes, len)));
	}
}

static void integers_at_any_alignment(void **state)
{
	uint8_t memory[16] = { 0 };

	put_u32(memory + 1, 0x01020304);
	assert_int_equal(memory[1], 4);
	assert_int_equal(memory[4], 1);
	assert_int_equal(get_u32(memory + 1), 0x01020304);
	put_u64(memory + 3, UINT64_C(0x0102030405060708));
	assert_true(get_u64(memory + 3) == UINT64_C(0x0102030405060708));
	put_u16(memory + 5, 0xABCD);
	assert_int_equal(get_u16(memory + 5), 0xABCD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_both_ways),
		cmocka_unit_test(base64url_vectors),
		cmocka_unit_test(base64url_has_one_text_for_each_value),
		cmocka_unit_test(base64url_minds_the_ceiling),
		cmocka_unit_test(every_length_comes_back),
		cmocka_unit_test(integers_at_any_alignment),
	};

	return cmocka_run_group_tests_name("base/encode", tests, NULL, NULL);
}
