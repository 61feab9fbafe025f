/*
 * LMDB's write lock with a limit to waiting. The lock stands in a file that
 * readers may write to as well, so one of them, hostile or frozen, can hold it for
 * ever; and a wait for it cannot be ended. So a thread of its own begins and ends the write
 * transactions: who waits can then give up and leave the thread behind.
 *
 * Between begin and end the transaction is used by the caller alone; the lock's
 * owner, which LMDB's robust mutex insists on, is the thread in both.
 */
#ifndef INDEX_TURN_H
#define INDEX_TURN_H

#include "index/env.h"

struct turn; /* opaque */

NODISCARD enum status turn_make(MDB_env *lmdb, struct turn **out_turn);

/*
 * End the thread. False: it still waits for the lock; LMDB's handle now is the thread's,
 * which closes it should it ever get the lock. Do not touch the handle then.
 */
NODISCARD bool turn_free(struct turn **turn);

/* ST_TIMEOUT: the lock was not to be had; the turn can only be freed. */
NODISCARD enum status turn_begin(struct turn *turn, unsigned wait_ms, MDB_txn **out_txn);
NODISCARD enum status turn_commit(struct turn *turn);
void turn_abort(struct turn *turn);

#endif
