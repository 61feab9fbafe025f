/*
 * Recent refusals: who was refused lately and why, so that an owner finds the
 * refusal also when the integrator did not keep its code. Each with its sealed
 * diagnosis, in rings in the ledger's file.
 *
 * E1: an account has two rings of its own, REFUSALS_RING long: one of those who
 *     proved a token, one of all others. LIMIT_REFUSAL_ACCOUNTS have them; further
 *     accounts share two, until an account was quiet for an hour. What belongs to no
 *     account (the operator's) has two for itself.
 * E2: one key, or one client that proves nothing, writes at most a part of a ring
 *     at once and then one each ten seconds: it cannot push out the others. Every
 *     refusal is counted (use.h) whether it is in a ring or not.
 * E3: an entry is given out whole or not at all: a writer may be killed midway,
 *     and what does not check is left out.
 * E4: whoever may write the file can write entries, and cannot make a diagnosis
 *     without the sealing key. What stands beside it is to search by; what is shown
 *     comes from the diagnosis, after the questions of diagnosis_may_read() and _mask().
 */
#ifndef LEDGER_REFUSALS_H
#define LEDGER_REFUSALS_H

#include "ledger/use.h"

#include "base/span.h"

#define REFUSALS_RING 1000u
#define REFUSALS_DIAGNOSIS 512u
#define REFUSALS_REQUEST_ID 36u
#define REFUSALS_METHOD 16u

struct refused {
	int64_t at_us;    /* wall time */
	uint32_t account; /* slot of the one whose owner may know of it; 0: the operator alone */
	uint32_t key;     /* slot of the key that was named, proven or not; 0: none is known */
	uint64_t route;   /* id; 0: none */
	uint8_t cause;    /* below USE_CAUSES */
	uint8_t by;       /* enum use_by */
	bool proven;      /* the token is or was this key's */
	struct use_client client;
	struct span request_id, method; /* cut at the lengths above */
	struct span diagnosis;          /* sealed; absent: none could be made */
};

/* Write one down, unless its writer has had its part (E2). ledger may be NULL. */
void refusals_note(struct ledger *ledger, const struct refused *refused);

/* ---- reading: the keeper ---- */

#define REFUSALS_OF_ALL UINT32_MAX

struct refusals {
	struct refused *items; /* the newest first; spans point into the list's memory */
	size_t count;
	void *memory;
};

/*
 * Those of one account (0: of no account; REFUSALS_OF_ALL: every one). Reads the
 * file and never maps it. Give the list back with refusals_free(). ST_NOT_FOUND
 * (no ledger), ST_FORMAT, ST_DAMAGED, ST_NO_MEMORY, ST_IO.
 */
NODISCARD enum status refusals_read(const char *dir, uint32_t account, struct refusals *out);
void refusals_free(struct refusals *refusals);

#endif
