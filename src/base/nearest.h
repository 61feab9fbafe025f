/* The word that somebody probably meant. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/span.h"

/* The longest word that is compared; a longer one is near to nothing. */
#define NEAREST_WORD_MAX 64u

/*
 * How many characters differ: one put in, left out, replaced, or two neighbours
 * swapped count one each. SIZE_MAX when a word is too long.
 */
size_t word_distance(struct span a, struct span b);

/* Is b at most what typing a wrongly makes of it: one slip, or two in a longer word? */
bool word_is_near(struct span a, struct span b, size_t distance);

#endif
