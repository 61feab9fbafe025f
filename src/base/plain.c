#include "base/plain.h"

/* The bytes of a character that steers, or 0. */
static size_t steering(struct span s)
{
	const uint8_t *b = (const uint8_t *)s.ptr;

	if (b[0] < 0x20 || b[0] == 0x7F)
		return 1;
	/* U+0080 to U+009F, U+061C */
	if (s.len >= 2 && ((b[0] == 0xC2 && b[1] < 0xA0) || (b[0] == 0xD8 && b[1] == 0x9C)))
		return 2;
	if (s.len < 3)
		return 0;
	/* U+200E, U+200F, U+2028 to U+202E */
	if (b[0] == 0xE2 && b[1] == 0x80 &&
		(b[2] == 0x8E || b[2] == 0x8F || (b[2] >= 0xA8 && b[2] <= 0xAE)))
		return 3;
	/* U+2060 to U+206F, U+FEFF */
	if ((b[0] == 0xE2 && b[1] == 0x81 && b[2] >= 0xA0 && b[2] <= 0xAF) ||
		(b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF))
		return 3;
	return 0;
}

void plain_append(struct buf *out, struct span text)
{
	bool utf8 = span_is_utf8(text);

	for (size_t i = 0; i < text.len; i++) {
		size_t bad = steering(span_part(text, i, text.len));

		if (bad == 0 && !utf8 && (uint8_t)text.ptr[i] >= 0x80)
			bad = 1;
		if (bad == 0)
			buf_append_char(out, text.ptr[i]);
		for (size_t k = 0; k < bad; k++)
			buf_append_char(out, '?');
		i += bad > 0 ? bad - 1 : 0;
	}
}
