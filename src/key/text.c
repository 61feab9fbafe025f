#include "key/text.h"

char ascii_upper(char c)
{
	return ascii_is_lower(c) ? (char)(c - ('a' - 'A')) : c;
}

char ascii_lower(char c)
{
	return ascii_is_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

bool ascii_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

bool ascii_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What people cannot see, or see as a gap. */
static bool is_invisible(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x09, 0x0D },
		{ 0x20, 0x20 },
		{ 0x85, 0x85 },
		{ 0xA0, 0xA0 },
		{ 0xAD, 0xAD },
		{ 0x1680, 0x1680 },
		{ 0x2000, 0x200F },
		{ 0x2028, 0x202F },
		{ 0x205F, 0x2064 },
		{ 0x3000, 0x3000 },
		{ 0xFEFF, 0xFEFF },
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

/* Bullets and the like, as screens show a hidden secret. */
static bool is_mask(uint32_t c)
{
	return c == 0xB7 || c == 0x2022 || c == 0x2026 || c == 0x25CF || c == 0x26AB;
}

/* The character at the start of text; a stray byte stands for itself, as in Latin-1. */
static uint32_t first_character(struct span text, size_t *out_len)
{
	uint8_t lead = (uint8_t)text.ptr[0];
	size_t len = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	uint32_t value;

	*out_len = 1;
	if (len == 1 || len > text.len || !span_is_utf8(span_part(text, 0, len)))
		return lead;
	value = lead & (0xFFu >> (len + 1));
	for (size_t i = 1; i < len; i++)
		value = value << 6 | ((uint8_t)text.ptr[i] & 0x3F);
	*out_len = len;
	return value;
}

bool cells_make(struct span text, struct cells *out)
{
	out->count = 0;
	if (text.len > CELLS_MAX)
		return false;
	for (size_t i = 0; i < text.len;) {
		size_t len;
		uint32_t c = first_character(span_part(text, i, text.len), &len);

		if (is_invisible(c))
			out->at_secret[out->count++] = CELL_SPACE;
		else if (is_mask(c))
			out->at_secret[out->count++] = '*';
		else
			out->at_secret[out->count++] = c < 0x80 ? (char)c : CELL_OTHER;
		i += len;
	}
	return true;
}

void cells_wipe(struct cells *cells)
{
	explicit_bzero(cells, sizeof(*cells));
}

struct span cells_span(const struct cells *cells)
{
	return span_of(cells->at_secret, cells->count);
}

struct span cells_trimmed(const struct cells *cells)
{
	struct span text = cells_span(cells);

	while (text.len > 0 && text.ptr[0] == CELL_SPACE)
		text = span_part(text, 1, text.len);
	while (text.len > 0 && text.ptr[text.len - 1] == CELL_SPACE)
		text.len--;
	return text;
}

static size_t characters_count(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len && count < UINT16_MAX; count++) {
		size_t len;

		(void)first_character(span_part(text, i, text.len), &len);
		i += len;
	}
	return count;
}

void finding_begin(struct text_finding *out, struct span text, size_t expected)
{
	memset(out, 0, sizeof(*out));
	out->length = (uint16_t)characters_count(text);
	out->expected = (uint16_t)expected;
}

void finding_add(struct text_finding *out, size_t offset)
{
	if (out->positions_count < TEXT_POSITIONS_MAX)
		out->positions[out->positions_count++] = (uint16_t)(offset + 1);
	out->wrong_count++;
}

void finding_add_around(struct text_finding *out, size_t start, size_t len)
{
	for (size_t i = 0; i < start; i++)
		finding_add(out, i);
	for (size_t i = start + len; i < out->length; i++)
		finding_add(out, i);
}

/* The first words of what stands before a token in a copied header or command. */
static bool is_label(struct span text)
{
	static const char *const names[] = { "bearer", "basic", "token", "apikey",
		"authorization" };

	if (text.len > 0 && (text.ptr[text.len - 1] == ':' || text.ptr[text.len - 1] == '='))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (span_equal_nocase(text, span_str(names[i])))
			return true;
	}
	return false;
}

bool text_has_space(const struct cells *cells, struct text_finding *out)
{
	struct span trimmed = cells_trimmed(cells);
	size_t gap = span_find(trimmed, CELL_SPACE);

	if (gap == trimmed.len && trimmed.len == cells->count)
		return false;
	out->cause = TEXT_WHITESPACE;
	for (size_t i = 0; i < cells->count; i++) {
		if (cells->at_secret[i] == CELL_SPACE)
			finding_add(out, i);
	}
	if (trimmed.len > 0 && gap == trimmed.len)
		out->hint = HINT_OUTER_SPACE;
	else if (is_label(span_part(trimmed, 0, gap)))
		out->hint = HINT_BEARER;
	else if (text_is_twice(trimmed))
		out->hint = HINT_PASTED_TWICE;
	return true;
}

/* 16: below that a repetition may be chance or a short word. */
bool text_is_twice(struct span text)
{
	size_t half = text.len / 2;
	size_t second = text.len - half;

	while (half > 0 && text.ptr[half - 1] == CELL_SPACE)
		half--;
	while (second < text.len && text.ptr[second] == CELL_SPACE)
		second++;
	return half >= 16 &&
	       span_equal(span_part(text, 0, half), span_part(text, second, text.len));
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`' || c == CELL_OTHER;
}

static bool is_hex(char c)
{
	return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'F');
}

static bool has_percent_encoding(struct span text)
{
	for (size_t i = 0; i + 2 < text.len; i++) {
		if (text.ptr[i] == '%' && is_hex(text.ptr[i + 1]) && is_hex(text.ptr[i + 2]))
			return true;
	}
	return false;
}

enum text_hint text_surroundings(struct span text, size_t start, size_t len)
{
	struct span before = span_part(text, 0, start);
	struct span after = span_part(text, start + len, text.len);

	if (before.len <= 1 && after.len <= 1 && (before.len == 0 || is_quote(before.ptr[0])) &&
		(after.len == 0 || is_quote(after.ptr[0])))
		return HINT_QUOTED;
	if (has_percent_encoding(before) || has_percent_encoding(after))
		return HINT_URL_ENCODED;
	return is_label(before) ? HINT_BEARER : HINT_SURROUNDED;
}

enum text_hint text_wrapping(struct span text)
{
	if (text.len > 2 && is_quote(text.ptr[0]) && text.ptr[text.len - 1] == text.ptr[0])
		return HINT_QUOTED;
	if (has_percent_encoding(text))
		return HINT_URL_ENCODED;
	return text_is_twice(text) ? HINT_PASTED_TWICE : HINT_NONE;
}

bool text_look_alike(char wrong, char right)
{
	static const char *const groups[] = { "0OoQD", "1IiLl|!7J", "8B3", "5Ss", "2Zz", "6Gb",
		"9gq", "UVuv", "MN", "EF", "4A", "KX", "CG", "VW", "VY" };

	if (ascii_upper(wrong) == ascii_upper(right))
		return true;
	if (wrong == '\0' || right == '\0')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		if (strchr(groups[i], wrong) != NULL && strchr(groups[i], right) != NULL)
			return true;
	}
	return false;
}
