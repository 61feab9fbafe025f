#include "base/complaint.h"

#include "base/plain.h"

static void copy_value(char out[COMPLAINT_VALUE_MAX], const char *value)
{
	struct buf text = buf_fixed(out, COMPLAINT_VALUE_MAX);
	size_t len = strnlen(value, COMPLAINT_VALUE_MAX - 1), whole = len;

	/* It was cut here, or by who gave it, maybe within a character. */
	while (len > 0 && whole - len < 3 && (uint8_t)value[len - 1] >= 0x80 &&
		!span_is_utf8(span_of(value, len)))
		len--;
	if (!span_is_utf8(span_of(value, len)))
		len = whole;
	plain_append(&text, span_of(value, len));
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
