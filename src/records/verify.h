/*
 * Checking the chain of events offline, on a copy of the database, with the
 * public key alone; and checkpoints, which are kept elsewhere and show a tail
 * that was cut off.
 */
#ifndef RECORDS_VERIFY_H
#define RECORDS_VERIFY_H

#include "records/snapshot.h"

struct checkpoint {
	struct head head;
	int64_t time_us;
	uint8_t installation_id[16];
	uint8_t signature[SIGNATURE_SIZE];
};

/* A signed statement of the present head. ST_NOT_FOUND while there is no event. */
NODISCARD enum status checkpoint_make(
	struct records *records, int64_t now_us, struct checkpoint *out_checkpoint);
/*
 * The newest one that was asked for, in a file of the data directory, on disk when
 * checkpoint_keep returns. checkpoint_kept: ST_NOT_FOUND (none yet), ST_DAMAGED (not one of this
 * installation), ST_IO.
 */
NODISCARD enum status checkpoint_keep(
	const struct records *records, const struct checkpoint *checkpoint);
NODISCARD enum status checkpoint_kept(
	const struct records *records, struct checkpoint *out_checkpoint);
/* One line: llavero-checkpoint-1 {installation} {epoch} {revision} {hash} {time} {signature} */
void checkpoint_append(struct buf *out, const struct checkpoint *checkpoint);
/* ST_INVALID: not a checkpoint. The signature is not looked at. */
NODISCARD enum status checkpoint_parse(struct span text, struct checkpoint *out_checkpoint);
bool checkpoint_is_signed(
	const struct checkpoint *checkpoint, const uint8_t public_key[SIGN_PUBLIC_KEY_SIZE]);

/* "llavero-event-key-1 {hex}", as the data directory's event-public-key has it, or the hex alone.
 */
NODISCARD enum status public_key_parse(
	struct span text, uint8_t out_public_key[SIGN_PUBLIC_KEY_SIZE]);

enum event_fault {
	EVENT_FAULT_NONE = 0,
	EVENT_FAULT_EDITED,     /* the text does not have the stored hash, or a column differs */
	EVENT_FAULT_MISSING,    /* a revision is not there */
	EVENT_FAULT_ORDER,      /* the text is of another revision: moved, inserted or duplicated */
	EVENT_FAULT_CHAIN,      /* does not follow the event before */
	EVENT_FAULT_SIGNATURE,  /* the signature is missing or wrong */
	EVENT_FAULT_TAIL,       /* ends before the checkpoint, or within a transaction */
	EVENT_FAULT_CHECKPOINT, /* another event stands where the checkpoint was made */
	EVENT_FAULT_CHECKPOINT_SIGNATURE /* the checkpoint itself is not signed by this key */
};
/* "edited", "missing", ... */
const char *event_fault_name(enum event_fault fault);

struct verify_result {
	enum event_fault fault;
	int64_t first_bad;  /* the revision where it shows first; 0 with no fault */
	struct head head;   /* the last event that checks */
	int64_t events;     /* how many were checked */
	int64_t signatures; /* how many of them were signed */
};

typedef void verify_progress_fn(void *arg, int64_t done, int64_t total);

struct verify_options {
	const char *path; /* of the database file; it is not changed */
	const uint8_t *public_key;
	const struct checkpoint *checkpoint; /* may be NULL */
	verify_progress_fn *progress;        /* may be NULL */
	void *progress_arg;
};

/*
 * ST_OK: the file was read, and out_result says what was found. ST_NOT_FOUND,
 * ST_FORMAT, ST_DAMAGED (not a database at all), ST_IO. The complaint is for
 * people in any case: also for a fault that was found.
 */
NODISCARD enum status events_verify(const struct verify_options *options,
	struct verify_result *out_result, struct complaint *complaint);

/*
 * Check the open records bit by bit: go on from inout_result, all zero for the first event on.
 * Reads events_max events, and as many more as their transaction has. *out_ended: it came to the
 * present end. Once a fault was found it is not called again. ST_IO, ST_NO_MEMORY.
 */
NODISCARD enum status events_check_on(struct records *records, int64_t events_max,
	struct verify_result *inout_result, bool *out_ended);

/* What was found, for people; nothing without a fault. */
void verify_complain(const struct verify_result *result, struct complaint *complaint);

/*
 * The key and the head that the database itself states. Whoever could change
 * the events could change them too: checked with them, they show damage, not forgery.
 */
NODISCARD enum status events_stated(const char *path, uint8_t out_public_key[SIGN_PUBLIC_KEY_SIZE],
	struct head *out_head, struct complaint *complaint);

#endif
