/*
 * Bytes stored once: equal texts get the same offset (B3 of routes_blob.h).
 * And the hash table under it, which the builder's tree uses too.
 */
#ifndef DECIDE_ROUTES_POOL_H
#define DECIDE_ROUTES_POOL_H

#include "base/buf.h"

/* Open addressing over numbers that the owner gives a meaning; it never shrinks. */
struct table {
	uint32_t *slots; /* number + 1; 0 is free */
	uint64_t *hashes;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

/* Is the entry number what is looked for? */
typedef bool table_equal(const void *context, uint32_t number);

/* False: not there. */
bool table_find(const struct table *t, uint64_t hash, table_equal *equal, const void *context,
	uint32_t *out_number);
NODISCARD enum status table_add(struct table *t, uint64_t hash, uint32_t number);
void table_free(struct table *t);

struct pool_text {
	uint32_t at, len;
};

struct pool {
	struct buf bytes; /* make it by pool_make */
	struct pool_text *texts;
	size_t texts_count, texts_capacity;
	struct table table;
};

struct pool pool_make(size_t ceiling);
void pool_free(struct pool *p);

/* The offset of these bytes, added when they are new. ST_LIMIT beyond the ceiling. */
NODISCARD enum status pool_intern(struct pool *p, struct span bytes, uint32_t *out_at);

/* Room for one more entry in an array that grows by doubling. */
NODISCARD enum status array_grow(void **array, size_t count, size_t *capacity, size_t entry_size);

#endif
