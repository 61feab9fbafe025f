/* Keys for resources that documents only name. */
#include "catalog/internal.h"
#include "catalog/names.h"

/* The letter under an accent, for what Spanish, Portuguese and their neighbours use. */
static char unaccented(uint8_t second)
{
	/* U+00C0 to U+00FF by the second byte of their UTF-8; "." has no plain letter. */
	static const char LETTERS[] = "aaaaaa.ceeeeiiii.nooooo.ouuuuy.."
				      "aaaaaa.ceeeeiiii.nooooo.ouuuuy.y";

	return LETTERS[second & 0x3F];
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void append_dash(struct buf *out, size_t start)
{
	if (out->len > start && out->ptr[out->len - 1] != '-')
		buf_append_char(out, '-');
}

bool names_slug(struct buf *out, struct span text)
{
	size_t start = out->len;
	bool whole = true;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i], next = i + 1 < text.len ? text.ptr[i + 1] : ' ';

		if (c >= 'A' && c <= 'Z') {
			/* A word begins: "ViewBudget". */
			if (i > 0 && text.ptr[i - 1] >= 'a' && text.ptr[i - 1] <= 'z')
				append_dash(out, start);
			buf_append_char(out, (char)(c + ('a' - 'A')));
		} else if (is_plain(c)) {
			buf_append_char(out, c);
		} else if ((uint8_t)c == 0xC3 && unaccented((uint8_t)next) != '.') {
			buf_append_char(out, unaccented((uint8_t)next));
			whole = false;
			i++;
		} else {
			append_dash(out, start);
			whole &= c == ' ' || c == '-' || c == '_';
		}
	}
	if (out->len > start && out->ptr[out->len - 1] == '-')
		out->ptr[--out->len] = '\0';
	return whole;
}

/*
 * FNV-1a over what names are compared by: tells names apart whose slugs are equal. Nobody's
 * security rests on it.
 */
static uint32_t hash(uint32_t value, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == ' ' || c == '-' || c == '_')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		value = (value ^ (uint8_t)c) * 16777619u;
	}
	return (value ^ 0xFFu) * 16777619u;
}

void names_derive_key(struct buf *out, struct span category, struct span name)
{
	char memory[LIMIT_NAME * 8 + 8];
	struct buf slug = BUF_ARRAY(memory);
	bool whole = true;

	if (category.len > 0) {
		whole = names_slug(&slug, category);
		buf_append_char(&slug, '.');
	}
	whole &= names_slug(&slug, name);
	if (whole && slug.len > 0 && slug.len <= LIMIT_NAME && buf_ok(&slug)) {
		buf_append(out, buf_span(&slug));
		return;
	}
	buf_append(out, span_part(buf_span(&slug), 0, LIMIT_NAME - 9));
	buf_printf(out, "%s%08x", slug.len > 0 ? "-" : "", hash(hash(2166136261u, category), name));
}
