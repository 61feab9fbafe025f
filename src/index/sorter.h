/*
 * Puts the records of a new index in the order of its tree, so that they are
 * appended instead of inserted. Memory is bounded: beyond SORTER_MEMORY the
 * records go to a nameless file, by ranges of the tree, and come back range by range.
 */
#ifndef INDEX_SORTER_H
#define INDEX_SORTER_H

#include "base/attr.h"
#include "base/span.h"
#include "base/status.h"

#define SORTER_MEMORY ((size_t)64 << 20)

struct sorter; /* opaque */

/* dir_fd: where the nameless file may stand; used while the sorter lives. */
NODISCARD enum status sorter_make(int dir_fd, struct sorter **out_sorter);
void sorter_free(struct sorter **sorter);

NODISCARD enum status sorter_add(struct sorter *sorter, uint64_t at, struct span record);

/*
 * Give all records in ascending order of at; those with the same at come in one
 * call, one after another in records. Stops at the first status that is not ST_OK.
 */
typedef enum status sorter_fn(void *arg, uint64_t at, struct span records);
NODISCARD enum status sorter_each(struct sorter *sorter, sorter_fn *fn, void *arg);

#endif
