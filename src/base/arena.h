/* Memory of one request: taken piece by piece, freed at once. Never for secrets. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/attr.h"
#include "base/span.h"

struct arena; /* opaque */

/* At most ceiling bytes in all. NULL without memory. */
NODISCARD struct arena *arena_make(size_t ceiling);
void arena_free(struct arena **arena);
/*
 * The same, and nothing that stood in it stays behind: for what was copied of a request, in which
 * people put credentials wherever they can.
 */
void arena_wipe(struct arena **arena);

/* Zeroed, aligned for any type; NULL beyond the ceiling or without memory. */
void *arena_alloc(struct arena *arena, size_t size);
/* count * size with the overflow checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy ended by NUL. */
char *arena_copy(struct arena *arena, struct span text);

#endif
