/*
 * Members of a question's query that several collections take. What is not there
 * leaves the value as it is; what cannot be read is ST_INVALID with the complaint.
 */
#ifndef KEEPER_QUERY_H
#define KEEPER_QUERY_H

#include "decide/cause.h"
#include "keeper/api.h"

/* A whole number, at most `most`. */
NODISCARD enum status query_number(
	struct api_call *call, const char *name, uint64_t most, uint64_t *inout_value);

/* A time as RFC 3339, in microseconds. */
NODISCARD enum status query_time(struct api_call *call, const char *name, int64_t *inout_us);

/* `limit`, from 1 to LIMIT_PAGE; 50 when it is not there. */
NODISCARD enum status query_limit(struct api_call *call, size_t *out_count);

/* `cause` by its name, not "none". */
NODISCARD enum status query_cause(struct api_call *call, enum cause *inout_cause);

/* Needs api_reading. `account`: the caller's own, or by name; to the operator without a name all
 * (0). */
NODISCARD enum status query_account(struct api_call *call, uint32_t *out_slot);

/* Needs api_reading. `key`: an appKey that the caller may see; slot 0 when it is not there. */
NODISCARD enum status query_key(struct api_call *call, struct record_key *out_key);

#endif
