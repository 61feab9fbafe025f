/*
 * Texts that a foreign token may have been meant to be. Such a token has no
 * check part, so after a refusal each is digested and looked up, and a hit is
 * told to the owner only (never used for access).
 *
 * Always NEAR_MISS_COUNT candidates, whatever the text is, so that the work
 * does not depend on it:
 *
 *   for (near_miss_begin(&it, text); near_miss_next(&it);)
 *           digest and look up near_miss_text(&it), also when !it.changed
 *   near_miss_end(&it);
 */
#ifndef KEY_NEAR_MISS_H
#define KEY_NEAR_MISS_H

#include "base/limits.h"
#include "base/span.h"

#define NEAR_MISS_COUNT 6u

/* What was done to the text; several may be joined by "or". */
enum near_miss_step {
	NEAR_MISS_TRIMMED = 1,     /* white space around taken off */
	NEAR_MISS_UNQUOTED = 2,    /* quotes around taken off */
	NEAR_MISS_BEARER_OFF = 4,  /* "Bearer " in front taken off */
	NEAR_MISS_URL_DECODED = 8, /* %XX decoded */
	NEAR_MISS_UPPER = 16,      /* all letters upper case */
	NEAR_MISS_LOWER = 32,      /* all letters lower case */
};

struct near_miss {
	struct span original; /* borrowed; must outlive the iterator */
	unsigned made;        /* candidates so far */
	unsigned steps;       /* of the current candidate: enum near_miss_step */
	bool changed;         /* the current candidate differs from the original */
	size_t start, len;    /* of the current candidate in text_secret */
	char text_secret[LIMIT_APP_TOKEN];
};

/* A text beyond LIMIT_APP_TOKEN is treated as empty. */
void near_miss_begin(struct near_miss *it, struct span text);
bool near_miss_next(struct near_miss *it);
/* Valid until the next call. */
struct span near_miss_text(const struct near_miss *it);
/* Wipes the copy. */
void near_miss_end(struct near_miss *it);

#endif
