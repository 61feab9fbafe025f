/*
 * Text that came from elsewhere, for a terminal, a page or a line of a log. What
 * steers a terminal, ends a line, shows nothing or turns the order of what stands
 * around it is unfit there.
 */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include "base/buf.h"

/* Whether text is UTF-8 without unfit characters. */
bool plain_is(struct span text);

/* How many bytes of valid UTF-8 stand before its first unfit character. */
size_t plain_run(struct span utf8);

/*
 * Append text with '?' for each byte of an unfit character. What is not UTF-8
 * could mean anything: there, each byte outside of ASCII is unfit.
 */
void plain_append(struct buf *out, struct span text);

/* RFC 9110 token, as methods and names of headers are: at least one tchar and nothing else. */
bool plain_is_token(struct span s);

#endif
