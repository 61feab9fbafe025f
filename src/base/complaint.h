/*
 * Why an input was refused, in a form that can be said in any language: the
 * key of a message in locale/ ("error.name_taken") and its named arguments.
 * A function that returns ST_INVALID, ST_EXISTS, ST_CONFLICT or ST_LIMIT fills
 * the complaint that it was given. Never put a secret into one.
 */
#ifndef BASE_COMPLAINT_H
#define BASE_COMPLAINT_H

#include "base/message.h"

#define COMPLAINT_ARGS_MAX 4u
#define COMPLAINT_VALUE_MAX 200u

struct complaint {
	const char *key; /* static text; NULL: nothing to complain of */
	size_t args_count;
	struct {
		const char *name; /* static text */
		char value[COMPLAINT_VALUE_MAX];
	} args[COMPLAINT_ARGS_MAX];
};

/*
 * complaint_set(c, "error.name_taken", 1, "name", name): args_count pairs of
 * (const char *name, const char *value). Values are cut at a character border,
 * also those that were cut within one before, and lose what could steer a terminal. c may be NULL.
 */
void complaint_set(struct complaint *c, const char *key, size_t args_count, ...);

void complaint_append(struct buf *out, enum lang lang, const struct complaint *c);

#endif
