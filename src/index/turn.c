#include "index/turn.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum order { ORDER_NONE = 0, ORDER_BEGIN, ORDER_COMMIT, ORDER_ABORT, ORDER_QUIT };

struct turn {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	enum order order; /* ORDER_NONE: the last one was carried out */
	bool left_behind; /* nobody waits any more: whoever comes last frees */
	int rc;
	MDB_env *lmdb;
	MDB_txn *txn;
};

static void destroy(struct turn *turn)
{
	(void)pthread_mutex_destroy(&turn->mutex);
	(void)pthread_cond_destroy(&turn->changed);
	free(turn);
}

/* Without the mutex: the caller waits, or has left. */
static int carry_out(struct turn *turn, enum order order)
{
	int rc;

	if (order == ORDER_BEGIN)
		return mdb_txn_begin(turn->lmdb, NULL, 0, &turn->txn);
	rc = 0;
	if (order == ORDER_COMMIT)
		rc = mdb_txn_commit(turn->txn); /* frees it, also on failure */
	else if (turn->txn != NULL)
		mdb_txn_abort(turn->txn);
	turn->txn = NULL;
	return rc;
}

static void *serve(void *arg)
{
	struct turn *turn = arg;
	enum order order;
	bool left_behind;

	do {
		int rc;

		(void)pthread_mutex_lock(&turn->mutex);
		while (turn->order == ORDER_NONE)
			(void)pthread_cond_wait(&turn->changed, &turn->mutex);
		order = turn->order;
		(void)pthread_mutex_unlock(&turn->mutex);

		rc = carry_out(turn, order);

		(void)pthread_mutex_lock(&turn->mutex);
		turn->rc = rc;
		turn->order = ORDER_NONE;
		left_behind = turn->left_behind;
		(void)pthread_cond_broadcast(&turn->changed);
		(void)pthread_mutex_unlock(&turn->mutex);
	} while (order != ORDER_QUIT && !left_behind);
	if (left_behind) {
		if (turn->txn != NULL)
			mdb_txn_abort(turn->txn);
		mdb_env_close(turn->lmdb);
		destroy(turn);
	}
	return NULL;
}

/* No signal of the process is for this thread. */
static int start(struct turn *turn)
{
	sigset_t all, before;
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&turn->thread, NULL, serve, turn);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

enum status turn_make(MDB_env *lmdb, struct turn **out_turn)
{
	struct turn *turn = calloc(1, sizeof(*turn));
	pthread_condattr_t attributes;
	int err;

	if (turn == NULL)
		return ST_NO_MEMORY;
	turn->lmdb = lmdb;
	(void)pthread_mutex_init(&turn->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&turn->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	err = start(turn);
	if (err != 0) {
		destroy(turn);
		return status_from_errno(err);
	}
	*out_turn = turn;
	return ST_OK;
}

static struct timespec deadline_in(unsigned wait_ms)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += wait_ms / 1000;
	at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* Give an order and wait until it was carried out. */
static enum status give(struct turn *turn, enum order order, const struct timespec *deadline)
{
	int err = 0;
	enum status st;

	(void)pthread_mutex_lock(&turn->mutex);
	assert(turn->order == ORDER_NONE);
	turn->order = order;
	(void)pthread_cond_broadcast(&turn->changed);
	while (turn->order != ORDER_NONE && err == 0)
		err = deadline == NULL
			      ? pthread_cond_wait(&turn->changed, &turn->mutex)
			      : pthread_cond_timedwait(&turn->changed, &turn->mutex, deadline);
	st = turn->order == ORDER_NONE ? env_status(turn->rc) : ST_TIMEOUT;
	(void)pthread_mutex_unlock(&turn->mutex);
	return st;
}

enum status turn_begin(struct turn *turn, unsigned wait_ms, MDB_txn **out_txn)
{
	struct timespec deadline = deadline_in(wait_ms);
	enum status st = give(turn, ORDER_BEGIN, &deadline);

	if (st == ST_OK)
		*out_txn = turn->txn;
	return st;
}

enum status turn_commit(struct turn *turn)
{
	return give(turn, ORDER_COMMIT, NULL);
}

void turn_abort(struct turn *turn)
{
	(void)give(turn, ORDER_ABORT, NULL);
}

bool turn_free(struct turn **turn)
{
	struct turn *self = *turn;

	if (self == NULL)
		return true;
	*turn = NULL;
	(void)pthread_mutex_lock(&self->mutex);
	if (self->order != ORDER_NONE) {
		self->left_behind = true;
		(void)pthread_detach(self->thread);
		(void)pthread_mutex_unlock(&self->mutex);
		return false;
	}
	self->order = ORDER_QUIT;
	(void)pthread_cond_broadcast(&self->changed);
	(void)pthread_mutex_unlock(&self->mutex);
	(void)pthread_join(self->thread, NULL);
	destroy(self);
	return true;
}
