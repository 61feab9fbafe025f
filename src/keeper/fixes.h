/*
 * Fixes that need the records: which existing profile to link, which known key
 * the presented one resembles, who rotated or revoked it and when.
 */
#ifndef KEEPER_FIXES_H
#define KEEPER_FIXES_H

#include "decide/explain.h"
#include "keeper/api.h"

/* Needs api_reading. What cannot be found is left out. */
NODISCARD enum status fixes_add(struct api_call *call, struct explanation *explanation);

/*
 * What happened to the key that the diagnosis is about, as a JSON member
 * ("history":{...}) or nothing: state, rotations with time and actor, revocation.
 */
NODISCARD enum status history_append(
	struct api_call *call, const struct diagnosis *diagnosis, struct buf *out);

#endif
