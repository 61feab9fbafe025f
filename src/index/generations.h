/*
 * The numbered directories of an index and the link "current" to one of them.
 * What is neither current nor being built was left by somebody who died, and is removed.
 */
#ifndef INDEX_GENERATIONS_H
#define INDEX_GENERATIONS_H

#include "base/attr.h"
#include "base/status.h"

#include <stdint.h>

/* Make dir when missing, remove what was left behind, make the next numbered directory. */
NODISCARD enum status generations_add(const char *dir, uint64_t *out_generation);

/*
 * Let "current" lead to generation, durably; tell the readers of the one before; remove all
 * others. Removing is best effort: what is left goes the next time.
 */
NODISCARD enum status generations_switch(const char *dir, uint64_t generation);

/* Remove one. Whoever has it mapped keeps it until he closes it. */
void generations_remove(const char *dir, uint64_t generation);

#endif
