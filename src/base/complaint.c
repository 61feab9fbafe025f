#include "base/complaint.h"

/* The bytes of a character that steers a terminal or turns the order of text, or 0. */
static size_t steering(struct span s)
{
	const uint8_t *b = (const uint8_t *)s.ptr;

	if (b[0] < 0x20 || b[0] == 0x7F)
		return 1;
	/* U+0080 to U+009F */
	if (s.len >= 2 && b[0] == 0xC2 && b[1] < 0xA0)
		return 2;
	/* U+2028 to U+202E, U+2066 to U+2069 */
	if (s.len >= 3 && b[0] == 0xE2 &&
		((b[1] == 0x80 && b[2] >= 0xA8 && b[2] <= 0xAE) ||
			(b[1] == 0x81 && b[2] >= 0xA6 && b[2] <= 0xA9)))
		return 3;
	return 0;
}

static void copy_value(char out[COMPLAINT_VALUE_MAX], const char *value)
{
	size_t len = strlen(value);
	bool utf8 = span_is_utf8(span_of(value, len));

	if (len > COMPLAINT_VALUE_MAX - 1)
		len = COMPLAINT_VALUE_MAX - 1;
	while (len > 0 && len < strlen(value) && ((uint8_t)value[len] & 0xC0) == 0x80)
		len--;
	memcpy(out, value, len);
	for (size_t i = 0; i < len; i++) {
		size_t bad = steering(span_of(value + i, len - i));

		/* What is not UTF-8 could mean anything to a terminal. */
		if (bad == 0 && !utf8 && (uint8_t)value[i] >= 0x80)
			bad = 1;
		memset(out + i, '?', bad);
		i += bad > 0 ? bad - 1 : 0;
	}
	out[len] = '\0';
}

void complaint_set(struct complaint *c, const char *key, size_t args_count, ...)
{
	va_list args;

	if (c == NULL)
		return;
	c->key = key;
	c->args_count = args_count > COMPLAINT_ARGS_MAX ? COMPLAINT_ARGS_MAX : args_count;
	va_start(args, args_count);
	for (size_t i = 0; i < c->args_count; i++) {
		c->args[i].name = va_arg(args, const char *);
		copy_value(c->args[i].value, va_arg(args, const char *));
	}
	va_end(args);
}

void complaint_append(struct buf *out, enum lang lang, const struct complaint *c)
{
	struct message_arg args[COMPLAINT_ARGS_MAX];

	if (c->key == NULL)
		return;
	for (size_t i = 0; i < c->args_count; i++)
		args[i] = (struct message_arg){ c->args[i].name, span_str(c->args[i].value) };
	message_append(out, lang, c->key, args, c->args_count);
}
