/*
 * A buffer is output with a ceiling that its owner chose. Appending beyond the
 * ceiling, or without memory, marks the buffer failed and keeps what was there;
 * so many appends can be written in a row and buf_ok() asked once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/attr.h"
#include "base/span.h"
#include "base/status.h"

#include <stdarg.h>

struct buf {
	char *ptr;  /* always ended by NUL once something was appended */
	size_t len; /* without that NUL */
	size_t capacity;
	size_t ceiling; /* the most bytes len may reach */
	bool on_heap;   /* ptr is ours to free */
	bool failed;
};

/* Grows on the heap up to ceiling; give back with buf_free. */
struct buf buf_heap(size_t ceiling);

/* Uses the caller's memory of size bytes (ceiling size - 1) and never grows. */
struct buf buf_fixed(char *memory, size_t size);

#define BUF_ARRAY(array) buf_fixed((array), sizeof(array))

void buf_free(struct buf *b);
void buf_clear(struct buf *b);
/* Like buf_free, after wiping the bytes: for what held a secret. */
void buf_wipe(struct buf *b);

void buf_append(struct buf *b, struct span s);
void buf_append_str(struct buf *b, const char *text);
void buf_append_char(struct buf *b, char c);
void buf_append_u64(struct buf *b, uint64_t value);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args) PRINTF_LIKE(2, 0);

/*
 * The text as a JSON string with its quotes: ASCII only, everything else as
 * \u escapes; a byte that is not UTF-8 becomes \ufffd.
 */
void buf_append_json(struct buf *b, struct span text);

static inline bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){ b->ptr == NULL ? "" : b->ptr, b->len };
}

/* The text ended by NUL; "" when nothing was appended. */
static inline const char *buf_str(const struct buf *b)
{
	return b->ptr == NULL ? "" : b->ptr;
}

#endif
