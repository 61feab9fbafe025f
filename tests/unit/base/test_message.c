#include "testing.h"

#include "base/complaint.h"
#include "base/message.h"

static void chooses_by_accept_language(void **state)
{
	static const struct {
		const char *header;
		enum lang lang;
	} rows[] = {
		{ "es", LANG_ES },
		{ "es-AR", LANG_ES },
		{ "ES-419", LANG_ES },
		{ "pt-BR,pt;q=0.9,en;q=0.8", LANG_PT },
		{ "fr,pt;q=0.5,es;q=0.6", LANG_ES },
		{ "es;q=0.5,pt;q=0.5", LANG_ES },
		{ "en;q=0.1, es ; q=0.2 ,pt;q=0.15", LANG_ES },
		{ "es;q=0,pt;q=0.001", LANG_PT },
		{ "es;q=0", LANG_EN },
		{ "pt;q=1.000", LANG_PT },
		{ "pt;q=1.001,es;q=0.1", LANG_ES },
		{ "pt;q=2,es;q=0.1", LANG_ES },
		{ "pt;q=x,es;q=0.1", LANG_ES },
		{ "pt;q=,es;q=0.1", LANG_ES },
		{ "pt;Q=0.3,es;q=0.1", LANG_PT },
		{ "fr", LANG_EN },
		{ "*", LANG_EN },
		{ "", LANG_EN },
		{ ",,,;;;", LANG_EN },
		{ "spa", LANG_EN },
		{ "e", LANG_EN },
		{ "\xC3\xA9s", LANG_EN },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].header,
			lang_accept(span_str(rows[i].header), LANG_EN) == rows[i].lang);
	assert_int_equal(lang_accept(SPAN_ABSENT, LANG_PT), LANG_PT);
	assert_int_equal(lang_accept(span_of("es\0", 3), LANG_PT), LANG_PT);
}

static void chooses_by_locale_name(void **state)
{
	static const struct {
		const char *name;
		enum lang lang;
	} rows[] = { { "pt_BR.UTF-8", LANG_PT }, { "es", LANG_ES }, { "en_US", LANG_EN },
		{ "pt.UTF-8", LANG_PT }, { "en@euro", LANG_EN }, { ".pt", LANG_ES },
		{ "C", LANG_ES }, { "", LANG_ES }, { "C.UTF-8", LANG_ES }, { "ptx", LANG_ES } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].name, lang_posix(rows[i].name, LANG_ES) == rows[i].lang);
	assert_int_equal(lang_posix(NULL, LANG_ES), LANG_ES);
	assert_string_equal(lang_code(LANG_PT), "pt");
	assert_string_equal(lang_code((enum lang)77), "en");
}

static void fills_places(void **state)
{
	const struct message_arg args[] = { { "name", SPAN_LIT("{name}{other}") } };
	char memory[200];
	struct buf b = BUF_ARRAY(memory);

	message_append(&b, LANG_EN, "error.name_taken", args, 1);
	/* What is filled in is not filled again. */
	assert_non_null(strstr(buf_str(&b), "{name}{other}"));
	buf_clear(&b);
	message_append(&b, LANG_ES, "error.name_taken", NULL, 0);
	assert_non_null(strstr(buf_str(&b), "{name}"));
	buf_clear(&b);
	message_append(&b, LANG_ES, "no.such_key{", NULL, 0);
	assert_string_equal(buf_str(&b), "no.such_key{");
	assert_null(message_text(LANG_EN, "no.such_key"));
	assert_null(message_text((enum lang)77, "error.name_taken"));
}

static void every_text_is_found_and_differs(void **state)
{
	for (int lang = 0; lang < LANG_COUNT; lang++)
		assert_non_null(message_text((enum lang)lang, "error.name_taken"));
	assert_string_not_equal(message_text(LANG_ES, "error.name_taken"),
		message_text(LANG_PT, "error.name_taken"));
}

static void complaints_are_said(void **state)
{
	struct complaint c = { 0 };
	char memory[400];
	struct buf b = BUF_ARRAY(memory);

	complaint_append(&b, LANG_EN, &c);
	assert_string_equal(buf_str(&b), "");
	complaint_set(&c, "error.name_taken", 1, "name", "tienda");
	complaint_append(&b, LANG_EN, &c);
	assert_non_null(strstr(buf_str(&b), "tienda"));
	complaint_set(NULL, "error.name_taken", 1, "name", "tienda");
}

/* A complaint is printed on terminals and in logs: a value must not steer them. */
static void complaints_lose_what_steers_a_terminal(void **state)
{
	static const struct {
		const char *label, *value, *kept;
	} rows[] = {
		{ "plain", "se\xC3\xB1or", "se\xC3\xB1or" },
		{ "line ends", "a\r\nb", "a??b" },
		{ "escape", "\x1B[2J", "?[2J" },
		{ "DEL", "\x7F", "?" },
		{ "C1 escape",
			"\xC2\x9B"
			"2J",
			"??2J" },
		{ "line separator", "a\xE2\x80\xA8z", "a???z" },
		{ "right to left", "a\xE2\x80\xAEz", "a???z" },
		{ "isolate", "a\xE2\x81\xA6z", "a???z" },
		{ "marks of direction", "\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", "????????" },
		{ "word joiner", "\xE2\x81\xA0", "???" },
		{ "byte order mark", "\xEF\xBB\xBFz", "???z" },
		{ "Arabic letter", "\xD8\xA7", "\xD8\xA7" },
		{ "quotation marks stay", "\xE2\x80\x9Cz", "\xE2\x80\x9Cz" },
		{ "not UTF-8", "\xC3\xB1\xFFz", "???z" },
		{ "emoji", "\xF0\x9F\x94\x91", "\xF0\x9F\x94\x91" },
		{ "joined", "a\xE2\x80\x8Dz", "a\xE2\x80\x8Dz" },
		{ "without width", "a\xE2\x80\x8Bz", "a???z" },
		{ "soft hyphen", "a\xC2\xADz", "a??z" },
		{ "tag", "\xF3\xA0\x81\x81", "????" },
		{ "cut within a character", "\xC3\xB1\xF0\x9F\x94", "\xC3\xB1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct complaint c;

		complaint_set(&c, "error.name_taken", 1, "name", rows[i].value);
		if (strcmp(c.args[0].value, rows[i].kept) != 0)
			fail_msg("%s: %s", rows[i].label, c.args[0].value);
	}
}

static void complaints_are_cut_between_characters(void **state)
{
	for (size_t lead = 0; lead < 4; lead++) {
		char value[2 * COMPLAINT_VALUE_MAX] = "";
		struct complaint c;

		memset(value, 'a', lead);
		for (size_t i = lead; i + 4 < sizeof(value); i += 4)
			memcpy(value + i, "\xF0\x9F\x94\x91", 5);
		complaint_set(&c, "error.name_taken", 1, "name", value);
		assert_true(strlen(c.args[0].value) >= COMPLAINT_VALUE_MAX - 4);
		assert_true(span_is_utf8(span_str(c.args[0].value)));
		assert_null(strchr(c.args[0].value, '?'));
	}
}

static void complaints_have_few_arguments(void **state)
{
	struct complaint c;

	complaint_set(&c, "x.y", 6, "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6");
	assert_int_equal(c.args_count, COMPLAINT_ARGS_MAX);
	assert_string_equal(c.args[3].value, "4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_by_accept_language),
		cmocka_unit_test(chooses_by_locale_name),
		cmocka_unit_test(fills_places),
		cmocka_unit_test(every_text_is_found_and_differs),
		cmocka_unit_test(complaints_are_said),
		cmocka_unit_test(complaints_lose_what_steers_a_terminal),
		cmocka_unit_test(complaints_are_cut_between_characters),
		cmocka_unit_test(complaints_have_few_arguments),
	};

	return cmocka_run_group_tests_name("base/message", tests, NULL, NULL);
}
