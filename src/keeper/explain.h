/* Reading a sealed diagnosis as the caller may. */
#ifndef KEEPER_EXPLAIN_H
#define KEEPER_EXPLAIN_H

#include "keeper/api.h"

/*
 * Take out what the caller may not know; another account's diagnosis is ST_INVALID,
 * as one that was never ours. Needs api_reading; what it reads is in arena.
 */
NODISCARD enum status explain_mask(
	struct api_call *call, struct arena *arena, struct diagnosis *diagnosis);

#endif
