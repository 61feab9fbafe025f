/*
 * Text that came from elsewhere, for a terminal or a line of a log. What steers a
 * terminal, ends a line or turns the order of what stands around it becomes '?',
 * one for each byte; so does what is not UTF-8, which could mean anything.
 */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include "base/buf.h"

void plain_append(struct buf *out, struct span text);

#endif
