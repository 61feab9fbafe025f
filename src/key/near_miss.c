#include "key/near_miss.h"

void near_miss_begin(struct near_miss *it, struct span text)
{
	memset(it, 0, sizeof(*it));
	it->original = text.len <= sizeof(it->text_secret) ? text : span_of("", 0);
	it->len = it->original.len;
	if (it->len > 0)
		memcpy(it->text_secret, it->original.ptr, it->len);
}

struct span near_miss_text(const struct near_miss *it)
{
	return span_of(it->text_secret + it->start, it->len);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(struct near_miss *it)
{
	size_t before = it->len;

	while (it->len > 0 && is_space(it->text_secret[it->start])) {
		it->start++;
		it->len--;
	}
	while (it->len > 0 && is_space(it->text_secret[it->start + it->len - 1]))
		it->len--;
	if (it->len != before)
		it->steps |= NEAR_MISS_TRIMMED;
}

static void unquote(struct near_miss *it)
{
	const char *text = it->text_secret + it->start;

	if (it->len < 2 || text[0] != text[it->len - 1] || strchr("\"'`", text[0]) == NULL ||
		text[0] == '\0')
		return;
	it->start++;
	it->len -= 2;
	it->steps |= NEAR_MISS_UNQUOTED;
}

static void bearer_off(struct near_miss *it)
{
	const struct span scheme = SPAN_LIT("bearer");
	struct span text = near_miss_text(it);

	if (text.len <= scheme.len || !span_equal_nocase(span_part(text, 0, scheme.len), scheme) ||
		!is_space(text.ptr[scheme.len]))
		return;
	it->start += scheme.len;
	it->len -= scheme.len;
	/* The gap belongs to the scheme: no step of its own. */
	while (it->len > 0 && is_space(it->text_secret[it->start])) {
		it->start++;
		it->len--;
	}
	it->steps |= NEAR_MISS_BEARER_OFF;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place: what is decoded is never longer. */
static void url_decode(struct near_miss *it)
{
	char *text = it->text_secret + it->start;
	size_t used = 0;

	for (size_t i = 0; i < it->len; i++) {
		int high = text[i] == '%' && i + 2 < it->len ? hex_value(text[i + 1]) : -1;
		int low = high >= 0 ? hex_value(text[i + 2]) : -1;

		if (low >= 0) {
			text[used++] = (char)(high << 4 | low);
			i += 2;
		} else {
			text[used++] = text[i];
		}
	}
	if (used != it->len)
		it->steps |= NEAR_MISS_URL_DECODED;
	it->len = used;
}

static void fold(struct near_miss *it, bool upper)
{
	char *text = it->text_secret + it->start;

	for (size_t i = 0; i < it->len; i++) {
		char first = upper ? 'a' : 'A';

		if (text[i] >= first && text[i] <= first + 25)
			text[i] ^= 0x20;
	}
	it->steps &= ~(unsigned)(NEAR_MISS_UPPER | NEAR_MISS_LOWER);
	it->steps |= upper ? NEAR_MISS_UPPER : NEAR_MISS_LOWER;
}

/* Each candidate goes on from the one before, so that two mistakes at once are found too. */
bool near_miss_next(struct near_miss *it)
{
	switch (it->made) {
	case 0:
		trim(it);
		break;
	case 1:
		unquote(it);
		trim(it);
		break;
	case 2:
		bearer_off(it);
		break;
	case 3:
		url_decode(it);
		trim(it);
		unquote(it);
		bearer_off(it);
		break;
	case 4:
		fold(it, true);
		break;
	case 5:
		fold(it, false);
		break;
	default:
		return false;
	}
	it->made++;
	it->changed = !span_equal(near_miss_text(it), it->original);
	return true;
}

void near_miss_end(struct near_miss *it)
{
	explicit_bzero(it, sizeof(*it));
}
