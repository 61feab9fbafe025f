/*
 * A span is borrowed bytes: pointer and length, owned by somebody else, not
 * ended by NUL. All input travels as spans.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *ptr; /* NULL: absent, which differs from empty */
	size_t len;
};

#define SPAN_ABSENT ((struct span){ NULL, 0 })
#define SPAN_LIT(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

static inline struct span span_of(const void *ptr, size_t len)
{
	return (struct span){ ptr, len };
}

/* Text ended by NUL; NULL gives the absent span. */
static inline struct span span_str(const char *text)
{
	return (struct span){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool span_present(struct span s)
{
	return s.ptr != NULL;
}

/* Byte for byte, never for secrets (base/crypto.h has the constant-time one). */
static inline bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool span_is(struct span a, const char *text)
{
	return span_equal(a, span_str(text));
}

static inline bool span_starts_with(struct span s, struct span prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/* The part from offset (at most len) of at most count bytes. */
static inline struct span span_part(struct span s, size_t offset, size_t count)
{
	if (offset > s.len)
		offset = s.len;
	if (count > s.len - offset)
		count = s.len - offset;
	/* Not even zero may be added to NULL. */
	return (struct span){ offset == 0 ? s.ptr : s.ptr + offset, count };
}

/* Order by bytes, shorter first when one is the start of the other. */
int span_compare(struct span a, struct span b);

/* ASCII letters only; the rest compares by bytes. */
bool span_equal_nocase(struct span a, struct span b);

/* Offset of the first byte b, or s.len. */
size_t span_find(struct span s, char b);

/* A decimal number without sign, space or leading zero ("0" itself is fine). */
bool span_to_u64(struct span s, uint64_t *out_value);

/* True when the bytes are UTF-8 as RFC 3629 has it: no overlong form, no surrogate, <= U+10FFFF. */
bool span_is_utf8(struct span s);

#endif
