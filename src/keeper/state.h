/* What the keeper's process holds open, shared by its threads. */
#ifndef KEEPER_STATE_H
#define KEEPER_STATE_H

#include "decide/diagnosis.h"
#include "keeper/keeper.h"
#include "keeper/source_rate.h"
#include "ledger/steady.h"
#include "records/records.h"
#include "records/root_key.h"
#include "records/verify.h"

#include <pthread.h>
#include <stdatomic.h>

struct entry;     /* keeper/entry.h: what logging in keeps in memory */
struct publisher; /* keeper/publish.h: the follower and the readers of the index */

/* How far the chain of events was checked (keeper/chain.h). */
struct chain_state {
	struct verify_result result;
	bool ended; /* it came to the end then */
	int64_t checked_at_us;
};

struct chain {
	struct chain_state state; /* under the lock */
	pthread_mutex_t lock;
};

struct keeper {
	const struct keeper_setup *setup;
	struct root_key *root_key;
	struct key_file_secret *sealing_key_secret; /* locked memory */
	struct records *records; /* NULL while held: an older copy waits for confirmation */
	struct complaint held;   /* why, with key NULL when it is not */
	struct buf held_lost;    /* JSON: what comes back when it is accepted; "" when not held */
	pthread_mutex_t held_lock;
	struct publisher *publisher;
	struct entry *entry;
	int64_t ledger_synced_at_us, ledger_sized_at_us; /* boot time */
	struct steady clock;                             /* under its lock */
	enum steady_state clock_state;
	enum status clock_status; /* of the last try to write it */
	int64_t clock_off_us;
	pthread_mutex_t clock_lock;
	struct chain chain;
	struct source_rate share_rate; /* looking at one-time links, and opening them */
	int64_t started_at_us;
	unsigned workers;    /* threads that answer */
	atomic_uint waiters; /* of them, those that wait for an event */
	int stop_fd;         /* readable once the keeper is told to stop */
};

#endif
