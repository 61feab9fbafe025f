#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

struct buf buf_heap(size_t ceiling)
{
	return (struct buf){ .ceiling = ceiling, .on_heap = true };
}

struct buf buf_fixed(char *memory, size_t size)
{
	if (size > 0)
		memory[0] = '\0';
	return (struct buf){
		.ptr = size > 0 ? memory : NULL,
		.capacity = size,
		.ceiling = size > 0 ? size - 1 : 0,
	};
}

void buf_free(struct buf *b)
{
	if (b->on_heap)
		free(b->ptr);
	*b = (struct buf){ .ceiling = b->ceiling, .on_heap = b->on_heap };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->ptr != NULL)
		b->ptr[0] = '\0';
}

void buf_wipe(struct buf *b)
{
	if (b->ptr != NULL)
		explicit_bzero(b->ptr, b->capacity);
	if (b->on_heap)
		buf_free(b);
	else
		buf_clear(b);
}

/*
 * Room for extra more bytes and the final NUL. Memory is replaced, never
 * realloc()ed, so that the old bytes are wiped: a buffer may hold a secret.
 */
static bool buf_reserve(struct buf *b, size_t extra)
{
	size_t wanted, capacity;
	char *memory;

	if (b->failed || extra > b->ceiling - b->len) {
		b->failed = true;
		return false;
	}
	wanted = b->len + extra + 1;
	if (wanted <= b->capacity)
		return true;
	capacity = b->capacity < 128 ? 256 : b->capacity * 2;
	if (capacity < wanted)
		capacity = wanted;
	if (capacity > b->ceiling + 1)
		capacity = b->ceiling + 1;
	memory = b->on_heap ? malloc(capacity) : NULL;
	if (memory == NULL) {
		b->failed = true;
		return false;
	}
	if (b->ptr != NULL) {
		memcpy(memory, b->ptr, b->len);
		explicit_bzero(b->ptr, b->capacity);
		free(b->ptr);
	}
	b->ptr = memory;
	b->capacity = capacity;
	return true;
}

void buf_append(struct buf *b, struct span s)
{
	if (s.len == 0 || !buf_reserve(b, s.len))
		return;
	memcpy(b->ptr + b->len, s.ptr, s.len);
	b->len += s.len;
	b->ptr[b->len] = '\0';
}

void buf_append_str(struct buf *b, const char *text)
{
	buf_append(b, span_str(text));
}

void buf_append_char(struct buf *b, char c)
{
	buf_append(b, span_of(&c, 1));
}

void buf_append_u64(struct buf *b, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buf_append(b, span_of(digits + at, sizeof(digits) - at));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	/* Into the room that is there; once more when it is too small. */
	size_t room = b->failed || b->ptr == NULL ? 0 : b->capacity - b->len;
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(room > 0 ? b->ptr + b->len : NULL, room, format, args);
	if (len >= 0 && (size_t)len >= room && room > 0)
		b->ptr[b->len] = '\0';
	if (len < 0)
		b->failed = true;
	else if (buf_reserve(b, (size_t)len)) {
		if ((size_t)len >= room)
			(void)vsnprintf(b->ptr + b->len, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

/* One UTF-8 sequence at s.ptr: its code point, or U+FFFD and one byte. */
static size_t utf8_decode(struct span s, uint32_t *out_point)
{
	for (size_t len = 1; len <= 4 && len <= s.len; len++) {
		uint32_t point = (uint8_t)s.ptr[0];

		if (!span_is_utf8(span_part(s, 0, len)))
			continue;
		if (len > 1)
			point &= 0x7Fu >> len;
		for (size_t i = 1; i < len; i++)
			point = point << 6 | ((uint8_t)s.ptr[i] & 0x3Fu);
		*out_point = point;
		return len;
	}
	*out_point = 0xFFFD;
	return 1;
}

static void append_escaped_point(struct buf *b, uint32_t point)
{
	if (point >= 0x10000) {
		point -= 0x10000;
		buf_printf(b, "\\u%04x\\u%04x", 0xD800 + (point >> 10), 0xDC00 + (point & 0x3FF));
		return;
	}
	buf_printf(b, "\\u%04x", point);
}

/* How many bytes of text from i on stand in JSON as they are. */
static size_t plain_run(struct span text, size_t i)
{
	size_t end = i;

	while (end < text.len && text.ptr[end] >= 0x20 && text.ptr[end] < 0x7F &&
		text.ptr[end] != '"' && text.ptr[end] != '\\')
		end++;
	return end - i;
}

void buf_append_json(struct buf *b, struct span text)
{
	buf_append_char(b, '"');
	for (size_t i = 0; i < text.len;) {
		size_t plain = plain_run(text, i);
		char c = text.ptr[i];
		uint32_t point;

		if (plain > 0) {
			buf_append(b, span_part(text, i, plain));
			i += plain;
		} else if (c == '"' || c == '\\') {
			buf_append_char(b, '\\');
			buf_append_char(b, c);
			i++;
		} else {
			i += utf8_decode(span_part(text, i, text.len - i), &point);
			append_escaped_point(b, point);
		}
	}
	buf_append_char(b, '"');
}
