#include "catalog/tree.h"

#include "base/limits.h"

#include <stdio.h>

#define NUMBER_SIZE 24

void tree_free(json_t **root)
{
	json_decref(*root);
	*root = NULL;
}

void tree_complain(struct complaint *out_complaint, const char *key, size_t line, size_t column)
{
	char line_text[NUMBER_SIZE], column_text[NUMBER_SIZE];

	(void)snprintf(line_text, sizeof(line_text), "%zu", line);
	(void)snprintf(column_text, sizeof(column_text), "%zu", column);
	complaint_set(out_complaint, key, 2, "line", line_text, "column", column_text);
}

void tree_complain_at(
	struct complaint *out_complaint, const char *key, struct span bytes, size_t offset)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset && i < bytes.len; i++) {
		if (bytes.ptr[i] == '\n') {
			line++;
			column = 1;
		} else if (((uint8_t)bytes.ptr[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	tree_complain(out_complaint, key, line, column);
}

/* What UTF-16 and UTF-32 begin with, with or without a byte order mark. */
static bool is_wide(struct span bytes)
{
	static const char LE[] = "\xFF\xFE", BE[] = "\xFE\xFF";

	if (span_starts_with(bytes, span_of(LE, 2)) || span_starts_with(bytes, span_of(BE, 2)))
		return true;
	return bytes.len >= 2 && (bytes.ptr[0] == '\0' || bytes.ptr[1] == '\0');
}

/* Offset of the first byte that no document may hold, or bytes.len. */
static size_t find_control(struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t byte = (uint8_t)bytes.ptr[i];

		if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
			return i;
	}
	return bytes.len;
}

static size_t find_not_utf8(struct span bytes)
{
	size_t at = 0;

	/* By lines, which are short, so that the sequence at fault is found without a decoder. */
	while (at < bytes.len) {
		struct span rest = span_part(bytes, at, bytes.len);
		struct span line = span_part(rest, 0, span_find(rest, '\n') + 1);

		if (!span_is_utf8(line))
			break;
		at += line.len;
	}
	while (at < bytes.len) {
		size_t len = 1;

		while (len <= 4 && !span_is_utf8(span_part(bytes, at, len)))
			len++;
		if (len > 4)
			return at;
		at += len;
	}
	return bytes.len;
}

enum status tree_check_bytes(struct span bytes, struct complaint *out_complaint)
{
	size_t at;

	if (bytes.len > LIMIT_BODY_IMPORT) {
		complaint_set(out_complaint, "catalog.too_large", 1, "limit", "64 MiB");
		return ST_LIMIT;
	}
	if (is_wide(bytes)) {
		complaint_set(out_complaint, "catalog.wide", 0);
		return ST_INVALID;
	}
	if (span_starts_with(bytes, SPAN_LIT("\xEF\xBB\xBF"))) {
		complaint_set(out_complaint, "catalog.byte_order_mark", 0);
		return ST_INVALID;
	}
	at = find_not_utf8(bytes);
	if (at < bytes.len) {
		tree_complain_at(out_complaint, "catalog.not_utf8", bytes, at);
		return ST_INVALID;
	}
	at = find_control(bytes);
	if (at < bytes.len) {
		tree_complain_at(out_complaint, "catalog.control", bytes, at);
		return ST_INVALID;
	}
	return ST_OK;
}

enum status tree_read(struct span bytes, json_t **out_root, struct complaint *out_complaint)
{
	size_t first = 0;
	enum status st = tree_check_bytes(bytes, out_complaint);

	if (st != ST_OK)
		return st;
	while (first < bytes.len && strchr(" \t\r\n", bytes.ptr[first]) != NULL)
		first++;
	if (first == bytes.len) {
		complaint_set(out_complaint, "catalog.empty", 0);
		return ST_INVALID;
	}
	if (bytes.ptr[first] == '{' || bytes.ptr[first] == '[')
		return tree_read_json(bytes, out_root, out_complaint);
	return tree_read_yaml(bytes, out_root, out_complaint);
}
