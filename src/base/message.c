#include "base/message.h"

#include "message_table.h" /* made from locale/ by tools/gen-messages */

#include <stdlib.h>

static const char *const CODES[LANG_COUNT] = {
	[LANG_EN] = "en", [LANG_ES] = "es", [LANG_PT] = "pt"
};

const char *lang_code(enum lang lang)
{
	return (unsigned)lang < LANG_COUNT ? CODES[lang] : CODES[LANG_EN];
}

static bool lang_from_tag(struct span tag, enum lang *out_lang)
{
	if (tag.len != 2 && !(tag.len > 2 && (tag.ptr[2] == '-' || tag.ptr[2] == '_')))
		return false;
	for (int i = 0; i < LANG_COUNT; i++) {
		if (span_equal_nocase(span_part(tag, 0, 2), span_str(CODES[i]))) {
			*out_lang = (enum lang)i;
			return true;
		}
	}
	return false;
}

static struct span trim(struct span s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = span_part(s, 1, s.len);
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* The q-value of one item in thousandths; 1000 when there is none, 0 when it is malformed. */
static int quality(struct span params)
{
	struct span s = trim(params);
	int value = 0, scale = 1000;

	if (s.len == 0)
		return 1000;
	if (s.len < 3 || (s.ptr[0] != 'q' && s.ptr[0] != 'Q') || s.ptr[1] != '=')
		return 0;
	for (size_t i = 2; i < s.len && scale > 0; i++) {
		if (s.ptr[i] == '.' && i == 3)
			continue;
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return 0;
		value += (s.ptr[i] - '0') * scale;
		scale /= 10;
	}
	return value > 1000 ? 0 : value;
}

enum lang lang_accept(struct span accept_language, enum lang fallback)
{
	struct span rest = accept_language;
	enum lang best = fallback;
	int best_quality = 0;

	while (rest.len > 0) {
		size_t end = span_find(rest, ',');
		struct span item = span_part(rest, 0, end);
		size_t tag_len = span_find(item, ';');
		int item_quality = quality(span_part(item, tag_len + 1, item.len));
		enum lang lang;

		if (item_quality > best_quality &&
			lang_from_tag(trim(span_part(item, 0, tag_len)), &lang)) {
			best = lang;
			best_quality = item_quality;
		}
		rest = span_part(rest, end + 1, rest.len);
	}
	return best;
}

enum lang lang_posix(const char *locale_name, enum lang fallback)
{
	struct span tag = span_str(locale_name);
	enum lang lang;

	/* Without the encoding and the modifier: "es.UTF-8", "pt@euro". */
	tag = span_part(tag, 0, span_find(tag, '.'));
	tag = span_part(tag, 0, span_find(tag, '@'));
	return lang_from_tag(tag, &lang) ? lang : fallback;
}

enum lang lang_user(enum lang fallback)
{
	static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *value = getenv(variables[i]);

		if (value != NULL && value[0] != '\0')
			return lang_posix(value, fallback);
	}
	return fallback;
}

static int compare_key(const void *key, const void *row)
{
	return strcmp(key, ((const struct message_row *)row)->key);
}

const char *message_text(enum lang lang, const char *key)
{
	const struct message_row *row =
		bsearch(key, MESSAGES, MESSAGES_COUNT, sizeof(MESSAGES[0]), compare_key);

	if (row == NULL || (unsigned)lang >= LANG_COUNT)
		return NULL;
	return row->texts[lang];
}

/* Append the argument that the place at the start of text names; its length, or 0. */
static size_t append_place(
	struct buf *out, struct span text, const struct message_arg *args, size_t args_count)
{
	size_t end = span_find(text, '}');
	struct span name = span_part(text, 1, end - 1);

	if (end == text.len)
		return 0;
	for (size_t i = 0; i < args_count; i++) {
		if (span_is(name, args[i].name)) {
			buf_append(out, args[i].value);
			return end + 1;
		}
	}
	return 0;
}

void message_append(struct buf *out, enum lang lang, const char *key,
	const struct message_arg *args, size_t args_count)
{
	const char *raw = message_text(lang, key);
	struct span text = span_str(raw == NULL ? key : raw);

	while (text.len > 0) {
		size_t brace = span_find(text, '{');
		size_t taken;

		buf_append(out, span_part(text, 0, brace));
		text = span_part(text, brace, text.len);
		if (text.len == 0)
			break;
		taken = append_place(out, text, args, args_count);
		if (taken == 0) {
			buf_append_char(out, '{');
			taken = 1;
		}
		text = span_part(text, taken, text.len);
	}
}
