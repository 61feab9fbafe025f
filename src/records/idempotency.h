/*
 * Idempotency keys: a create that is sent twice happens once. Remembered per
 * actor and account for IDEMPOTENCY_KEPT_US, in the same transaction as the
 * change.
 */
#ifndef RECORDS_IDEMPOTENCY_H
#define RECORDS_IDEMPOTENCY_H

#include "records/records.h"

#define IDEMPOTENCY_KEPT_US (INT64_C(24) * 3600 * 1000000)
#define IDEMPOTENCY_KEY_MAX 255u
#define IDEMPOTENCY_ANSWER_MAX (64u * 1024u)

struct idempotency {
	uint32_t account_slot;         /* 0: none */
	struct span key;               /* 1 to IDEMPOTENCY_KEY_MAX bytes of 0x21-0x7E */
	const uint8_t *request_digest; /* SHA-256 over method, path and body */
};

/*
 * ST_NOT_FOUND: new, go on. ST_OK: a replay; out_answer gets what was stored,
 * and the change is to be aborted. ST_CONFLICT: the key came with another
 * request. ST_INVALID: not a key. After ST_NOT_FOUND the change may go on.
 */
NODISCARD enum status idempotency_find(struct change *change, const struct idempotency *what,
	struct buf *out_answer, struct complaint *complaint);

/* answer: JSON without the token, so that a replay cannot show it again. */
NODISCARD enum status idempotency_store(
	struct change *change, const struct idempotency *what, struct span answer);

#endif
