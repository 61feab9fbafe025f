/* Texts that a template, a manual or a program without a value left where a credential belongs. */
#include "key/text.h"

static bool is_name_character(char c)
{
	return ascii_is_lower(c) || ascii_is_upper(c) || ascii_is_digit(c) || c == '_' ||
	       c == '-' || c == '.' || c == CELL_SPACE;
}

/* A variable's or a field's name: nothing but name characters, one letter at least. */
static bool is_name(struct span text)
{
	bool letter = false;

	for (size_t i = 0; i < text.len; i++) {
		if (!is_name_character(text.ptr[i]))
			return false;
		letter |= ascii_is_lower(text.ptr[i]) || ascii_is_upper(text.ptr[i]);
	}
	return letter && text.len <= 64;
}

/* Offset behind the first occurrence of mark, or 0. */
static size_t behind(struct span text, struct span mark)
{
	for (size_t i = 0; i + mark.len <= text.len; i++) {
		if (span_starts_with(span_part(text, i, text.len), mark))
			return i + mark.len;
	}
	return 0;
}

/* A name between open and close, anywhere in the text. */
static bool holds_template(struct span text, const char *open, const char *close)
{
	size_t start = behind(text, span_str(open));
	struct span rest = span_part(text, start, text.len);
	size_t end = behind(rest, span_str(close));

	return start > 0 && end > 0 && is_name(span_part(rest, 0, end - strlen(close)));
}

/* A name between open and close, and nothing else. */
static bool is_template(struct span text, const char *open, const char *close)
{
	struct span tail = span_str(close);

	if (text.len <= strlen(open) + tail.len || !span_starts_with(text, span_str(open)) ||
		!span_equal(span_part(text, text.len - tail.len, tail.len), tail))
		return false;
	return is_name(span_part(text, strlen(open), text.len - strlen(open) - tail.len));
}

static bool is_any_template(struct span text)
{
	static const char *const anywhere[][2] = { { "{{", "}}" }, { "${", "}" }, { "<%=", "%>" },
		{ "#{", "}" } };
	static const char *const whole[][2] = { { "<", ">" }, { "[", "]" }, { "{", "}" },
		{ "%", "%" }, { "$(", ")" }, { "$", "" }, { ":", "" }, { "@", "@" },
		{ "__", "__" } };

	for (size_t i = 0; i < ARRAY_LEN(anywhere); i++) {
		if (holds_template(text, anywhere[i][0], anywhere[i][1]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		if (is_template(text, whole[i][0], whole[i][1]))
			return true;
	}
	return false;
}

/* The text in lower case with "_" for every gap; false when it is no name or too long for one. */
static bool word_of(struct span text, char out[65], size_t *out_len)
{
	if (text.len == 0 || !is_name(text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = ascii_lower(text.ptr[i]);

		out[i] = c == CELL_SPACE || c == '-' || c == '.' ? '_' : c;
	}
	out[text.len] = '\0';
	*out_len = text.len;
	return true;
}

static bool is_listed(const char *word, const char *const *list, size_t list_count)
{
	for (size_t i = 0; i < list_count; i++) {
		if (strcmp(word, list[i]) == 0)
			return true;
	}
	return false;
}

static bool is_sample_word(const char *word, size_t len)
{
	static const char *const starts[] = { "your_", "my_", "insert_", "enter_", "replace_",
		"paste_", "tu_", "su_", "seu_", "sua_" };
	static const char *const words[] = { "token", "apptoken", "app_token", "appkey", "app_key",
		"apikey", "api_key", "key", "secret", "password", "changeme", "change_me", "todo",
		"tbd", "example", "sample", "string", "value", "yourtoken", "yourapptoken",
		"yourappkey", "yourapikey", "x_vtex_api_appkey", "x_vtex_api_apptoken" };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		if (strncmp(word, starts[i], strlen(starts[i])) == 0)
			return true;
	}
	if (len > 5 && strcmp(word + len - 5, "_here") == 0)
		return true;
	/* "xxxx" of any length. */
	return is_listed(word, words, ARRAY_LEN(words)) || (len >= 3 && strspn(word, "x") == len);
}

/* What languages print for a value that was never set. */
static bool is_unset(struct span text, const char *word)
{
	static const char *const words[] = { "undefined", "null", "none", "nil", "nan", "false",
		"true" };
	static const char *const others[] = { "[object Object]", "[object Promise]", "(null)",
		"<nil>", "%!s(<nil>)", "\"\"", "''", "{}", "[]" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (span_equal_nocase(text, span_str(others[i])))
			return true;
	}
	return is_listed(word, words, ARRAY_LEN(words));
}

/* Stars or dots in a row; cells_make turns bullets into stars. */
static bool is_masked(struct span text)
{
	size_t run = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		run = c == '*' || c == '.' ? run + 1 : 0;
		if (run >= 3)
			return true;
	}
	return false;
}

bool text_is_placeholder(const struct cells *cells, struct text_finding *out)
{
	struct span text = cells_trimmed(cells);
	char word[65] = "";
	size_t word_len = 0;

	if (text.len == 0)
		return false;
	(void)word_of(text, word, &word_len);
	if (is_unset(text, word))
		out->hint = HINT_UNSET;
	else if (is_masked(text))
		out->hint = HINT_MASKED;
	else if (!is_any_template(text) && !is_sample_word(word, word_len))
		return false;
	out->cause = TEXT_PLACEHOLDER;
	return true;
}
