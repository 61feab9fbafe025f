#include "base/plain.h"

/* Joiners (U+200C, U+200D) stay: Persian and emoji are written with them. */
static bool is_unfit(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C || c == 0x200B ||
	       c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
	       (c & 0xFFFE) == 0xFFFE || (c >= 0xE0000 && c <= 0xE007F);
}

/* The bytes of the character at the start of valid UTF-8; *out_fit: whether it may stand there. */
static size_t character(struct span utf8, bool *out_fit)
{
	uint8_t first = (uint8_t)utf8.ptr[0];
	size_t more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
	uint32_t c = more == 0 ? first : first & (0x3Fu >> more);

	for (size_t i = 1; i <= more; i++)
		c = c << 6 | ((uint8_t)utf8.ptr[i] & 0x3Fu);
	*out_fit = !is_unfit(c);
	return 1 + more;
}

size_t plain_run(struct span utf8)
{
	size_t at = 0;
	bool fit;

	while (at < utf8.len) {
		size_t len = character(span_part(utf8, at, utf8.len), &fit);

		if (!fit)
			break;
		at += len;
	}
	return at;
}

bool plain_is(struct span text)
{
	return span_is_utf8(text) && plain_run(text) == text.len;
}

void plain_append(struct buf *out, struct span text)
{
	bool utf8 = span_is_utf8(text), fit;

	while (text.len > 0) {
		size_t len = 1;

		if (utf8)
			len = character(text, &fit);
		else
			fit = (uint8_t)text.ptr[0] < 0x80 && !is_unfit((uint8_t)text.ptr[0]);
		for (size_t i = 0; i < len; i++)
			buf_append_char(out, fit ? text.ptr[i] : '?');
		text = span_part(text, len, text.len);
	}
}

/* RFC 9110 section 5.6.2: the characters of a token. */
static const bool TOKEN_CHARS[256] = {
	['0' ... '9'] = true,
	['A' ... 'Z'] = true,
	['a' ... 'z'] = true,
	['!'] = true,
	['#'] = true,
	['$'] = true,
	['%'] = true,
	['&'] = true,
	['\''] = true,
	['*'] = true,
	['+'] = true,
	['-'] = true,
	['.'] = true,
	['^'] = true,
	['_'] = true,
	['`'] = true,
	['|'] = true,
	['~'] = true,
};

bool plain_is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!TOKEN_CHARS[(uint8_t)s.ptr[i]])
			return false;
	}
	return s.len > 0;
}
