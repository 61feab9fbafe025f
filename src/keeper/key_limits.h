/* The limits of keys in the keeper: read from requests, and looked at in the ledger. */
#ifndef KEEPER_KEY_LIMITS_H
#define KEEPER_KEY_LIMITS_H

#include "keeper/api.h"

/*
 * {"rate":[{"count":100,"per":"second"}],"quota":{"count":10000,"per":"day"}};
 * null and absent: none. ST_INVALID with a complaint.
 */
NODISCARD enum status limits_read(
	struct api_call *call, const struct body_field *field, struct allowance *out_limits);

/*
 * Append {"rate":[{"count":..,"per":..,"remaining":..,"resetsAt":..}],"quota":{..}}:
 * what a key has left now on this machine. null when it has no limits, or nobody can tell.
 */
void limits_append_state(struct api_call *call, const struct record_key *key, struct buf *out);

/* The source of a trial: it looks and counts nothing. */
struct limits_source limits_source_of(struct keeper *keeper);

/* Once a second: make a ledger that is gone or damaged again, write what was counted to disk. */
void limits_tend(struct keeper *keeper);
void limits_close(struct keeper *keeper);

#endif
