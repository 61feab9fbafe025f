/*
 * A small installation in memory, read from one line of JSON, for decide().
 *
 * Strings of bytes stand in JSON as characters U+0000 to U+00FF, a byte each,
 * because targets and credentials need not be UTF-8.
 */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include "base/arena.h"
#include "decide/decision.h"

#include <jansson.h>

struct world;

/* The view and prefix point into the world. NULL with a message on stderr when it is no world. */
struct world *world_make(const json_t *description, struct digest_context *digests);
void world_free(struct world **world);
const struct view *world_view(const struct world *world);
struct span world_prefix(const struct world *world);

/* The bytes of a JSON string, copied into the arena; absent for null. */
struct span bytes_of(struct arena *arena, const json_t *string);

#endif
