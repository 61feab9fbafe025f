#include "cli/cli.h"

#include "base/limits.h"
#include "base/plain.h"

#include <stdio.h>
#include <stdlib.h>

#define COLUMNS_MAX 12u
#define CELL_MAX 60u

/* The first character, as JSON escapes it; its bytes. A line end between members stays. */
static size_t show_escaped(struct span json)
{
	uint8_t first = (uint8_t)json.ptr[0];
	size_t len = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	char memory[24];
	struct buf text = BUF_ARRAY(memory);

	if (first == '\n') {
		(void)putchar(first);
		return len;
	}
	buf_append_json(&text, span_part(json, 0, len));
	(void)fwrite(text.ptr + 1, 1, text.len - 2, stdout); /* without the quotes */
	return len;
}

void show_dump(const json_t *json, size_t flags)
{
	char *text = json_dumps(json, flags);
	struct span rest = span_str(text == NULL ? "" : text);

	while (rest.len > 0) {
		size_t len = plain_run(rest);

		(void)fwrite(rest.ptr, 1, len, stdout);
		rest = span_part(rest, len, rest.len);
		if (rest.len > 0)
			rest = span_part(rest, show_escaped(rest), rest.len);
	}
	if (text != NULL)
		explicit_bzero(text, strlen(text)); /* an appToken is shown once */
	free(text);
}

int show_json(const json_t *json)
{
	show_dump(json, JSON_INDENT(2));
	(void)putchar('\n');
	return EXIT_YES;
}

const json_t *show_member(const json_t *object, const char *member)
{
	struct span rest = span_str(member);
	const json_t *at = object;

	while (rest.len > 0 && at != NULL) {
		size_t end = span_find(rest, '.');

		at = json_object_getn(at, rest.ptr, end);
		rest = span_part(rest, end + 1, rest.len);
	}
	return at;
}

/* A terminal obeys control characters: what comes from elsewhere must not hold any. */
static void append_plain(struct buf *out, const json_t *text)
{
	plain_append(out, span_of(json_string_value(text), json_string_length(text)));
}

/* What stands for an object in a list: its name, or product/key. */
static void show_object(struct buf *out, const json_t *object)
{
	const json_t *product = json_object_get(object, "product");
	const json_t *key = json_object_get(object, "key");
	const json_t *name = json_object_get(object, "name");
	const json_t *account = json_object_get(object, "account");

	if (json_is_string(product) && json_is_string(key)) {
		append_plain(out, product);
		buf_append_char(out, '/');
		append_plain(out, key);
		return;
	}
	if (json_is_string(json_object_get(object, "profile")))
		name = json_object_get(object, "profile");
	if (json_is_string(name)) {
		append_plain(out, name);
		if (json_is_string(account)) {
			buf_append_str(out, " (");
			append_plain(out, account);
			buf_append_char(out, ')');
		}
		return;
	}
	char *text = json_dumps(object, JSON_COMPACT);
	plain_append(out, span_str(text == NULL ? "" : text));
	free(text);
}

/* People read seconds: "2026-01-31T12:00:00.123456Z" without its fraction. */
static void append_text(struct buf *out, const json_t *value)
{
	static const char FORM[] = "0000-00-00T00:00:00.000000Z";
	const char *text = json_string_value(value);
	size_t i = 0;

	while (FORM[i] != '\0' &&
		(FORM[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == FORM[i]))
		i++;
	if (FORM[i] == '\0' && text[i] == '\0') {
		buf_append(out, span_of(text, sizeof("0000-00-00T00:00:00") - 1));
		buf_append_char(out, 'Z');
		return;
	}
	append_plain(out, value);
}

void show_value(struct buf *out, const json_t *value)
{
	size_t index;
	const json_t *item;

	switch (value == NULL ? JSON_NULL : json_typeof(value)) {
	case JSON_STRING:
		append_text(out, value);
		break;
	case JSON_INTEGER:
		buf_printf(out, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		buf_printf(out, "%g", json_real_value(value));
		break;
	case JSON_TRUE:
		buf_append_str(out, "true");
		break;
	case JSON_FALSE:
		buf_append_str(out, "false");
		break;
	case JSON_ARRAY:
		json_array_foreach(value, index, item)
		{
			if (index > 0)
				buf_append_str(out, ", ");
			show_value(out, item);
		}
		break;
	case JSON_OBJECT:
		show_object(out, value);
		break;
	default:
		buf_append_char(out, '-');
	}
}

/* A value of its own place: yes and no in the language, and something for an empty list. */
static void show_cell(const struct cli *cli, struct buf *out, const json_t *value)
{
	if (json_is_boolean(value))
		buf_append_str(out, cli_text(cli, json_is_true(value) ? "cli.yes" : "cli.no"));
	else if (json_is_array(value) && json_array_size(value) == 0)
		buf_append_char(out, '-');
	else
		show_value(out, value);
}

/* Characters of UTF-8, not bytes. */
static size_t width(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += ((uint8_t)text.ptr[i] & 0xC0) != 0x80;
	return count;
}

static void print_padded(struct span text, size_t to)
{
	printf("%.*s", (int)text.len, text.ptr);
	for (size_t i = width(text); i < to; i++)
		(void)putchar(' ');
}

/* Wider than its column: the next one still begins apart from it. */
static void print_cell(struct span text, size_t to, bool last)
{
	print_padded(text, last ? 0 : to);
	if (!last)
		printf("  ");
}

static const char *title_of(const struct cli *cli, const struct column *column)
{
	const char *text = message_text(cli->lang, column->title);

	return text == NULL ? column->title : text;
}

void show_table(const struct cli *cli, const json_t *items, const struct column *columns,
	size_t columns_count)
{
	size_t widths[COLUMNS_MAX], index;
	const json_t *item;

	for (size_t c = 0; c < columns_count; c++) {
		widths[c] = width(span_str(title_of(cli, &columns[c])));
		json_array_foreach(items, index, item)
		{
			struct buf cell = buf_heap(MIB);
			size_t w;

			show_cell(cli, &cell, show_member(item, columns[c].member));
			w = width(buf_span(&cell));
			if (w > widths[c])
				widths[c] = w < CELL_MAX ? w : CELL_MAX;
			buf_free(&cell);
		}
	}
	for (size_t c = 0; c < columns_count; c++)
		print_cell(span_str(title_of(cli, &columns[c])), widths[c], c + 1 == columns_count);
	(void)putchar('\n');
	json_array_foreach(items, index, item)
	{
		for (size_t c = 0; c < columns_count; c++) {
			struct buf cell = buf_heap(MIB);

			show_cell(cli, &cell, show_member(item, columns[c].member));
			print_cell(buf_span(&cell), widths[c], c + 1 == columns_count);
			buf_free(&cell);
		}
		(void)putchar('\n');
	}
}

void show_fields(const struct cli *cli, const json_t *object, const struct column *columns,
	size_t columns_count)
{
	size_t widest = 0;

	for (size_t c = 0; c < columns_count; c++) {
		size_t w = width(span_str(title_of(cli, &columns[c])));

		if (w > widest)
			widest = w;
	}
	for (size_t c = 0; c < columns_count; c++) {
		const json_t *value = show_member(object, columns[c].member);
		struct buf text = buf_heap(MIB);

		if (value == NULL || json_is_null(value)) {
			buf_free(&text);
			continue;
		}
		show_cell(cli, &text, value);
		print_padded(span_str(title_of(cli, &columns[c])), widest + 2);
		printf("%s\n", buf_str(&text));
		buf_free(&text);
	}
}
