#include "index/reader.h"

#include "index/reader_internal.h"
#include "index/shared.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Pages mapped by one tend after the keeper has switched to another directory. */
#define POPULATE_STEP (256 * MIB)
#define OPEN_TRIES 16u
#define RENEW_TRIES 64u

/* ---- Snapshots ---- */

static enum status load_meta(struct index_reader *reader)
{
	struct record record;
	enum status st = reader_fetch_slot(reader, KIND_META, 0, &record);

	if (st == ST_OK)
		st = record_read_meta(&record, &reader->meta);
	if (st == ST_NOT_FOUND)
		return ST_DAMAGED;
	if (st == ST_OK)
		reader->snapshot = record.written;
	return st;
}

/* The compiled routes are read through once per change of them, not per revision. */
static enum status load_routes(struct index_reader *reader)
{
	struct record record;
	struct span value = SPAN_ABSENT, compiled;
	uint64_t check;
	enum status st = reader_fetch(reader, record_at_slot(KIND_ROUTES, 0), &value);

	reader->view.routes = NULL;
	if (st == ST_NOT_FOUND)
		return head_cell(&reader->env.head, KIND_ROUTES, 0) == 0 ? ST_OK : ST_DAMAGED;
	if (st != ST_OK || value.len < RECORD_HEADER)
		return st == ST_OK ? ST_DAMAGED : st;
	memcpy(&check, value.ptr, sizeof(check));
	st = reader_check(reader, KIND_ROUTES, value, &record);
	if (st == ST_OK)
		st = record_read_routes(&record, &compiled);
	if (st == ST_OK && !head_is_newest(&reader->env.head, &record, 0, reader->snapshot))
		st = ST_DAMAGED;
	if (st != ST_OK || compiled.len == 0)
		return st;
	if (reader->routes_at != value.ptr || reader->routes_check != check) {
		reader->routes_at = NULL;
		st = routes_open(compiled, &reader->routes);
		if (st != ST_OK)
			return st;
		reader->routes_at = value.ptr;
		reader->routes_check = check;
	}
	reader->view.routes = &reader->routes;
	return ST_OK;
}

/* I3: an older copy that was put in place would let in what was revoked since. */
static enum status advance(struct index_reader *reader)
{
	const struct index_mark *mark = &reader->meta.mark;

	if (mark->epoch < reader->newest_epoch ||
		(mark->epoch == reader->newest_epoch && mark->revision < reader->newest_revision))
		return ST_DAMAGED;
	reader->newest_epoch = mark->epoch;
	reader->newest_revision = mark->revision;
	return ST_OK;
}

static enum status load_snapshot(struct index_reader *reader)
{
	enum status st = env_check_size(&reader->env);

	if (st != ST_OK)
		return st;
	reader->file_end = reader->env.map +
			   (reader->env.map == NULL ? 0 : (size_t)env_bytes_file(&reader->env));
	st = load_meta(reader);
	if (st == ST_OK)
		st = advance(reader);
	if (st == ST_OK)
		st = load_routes(reader);
	if (st != ST_OK)
		return st;
	reader->view.epoch = reader->meta.mark.epoch;
	reader->view.revision = reader->meta.mark.revision;
	reader->view.keys_count = reader->meta.keys_count;
	reader->txn_id = mdb_txn_id(reader->txn);
	reader->loaded = true;
	return ST_OK;
}

static uint64_t committed(const struct index_reader *reader)
{
	return atomic_load_explicit(&reader->env.head.block->committed, memory_order_acquire);
}

static uint64_t committing(const struct index_reader *reader)
{
	return atomic_load_explicit(&reader->env.head.block->committing, memory_order_acquire);
}

/*
 * I1: begin LMDB's snapshot. LMDB takes the number of the newest commit, publishes it
 * so that the commit's pages stay, and then copies the commit's root from one of two
 * places that commits write in turn. It does not look again: a reader that is held up
 * in between, while two commits pass, has the number of one and the root of another,
 * or half a root. One commit alone writes the other place. So a snapshot counts only
 * when no commit has begun since before it; otherwise it is taken again.
 */
static enum status renew(struct index_reader *reader)
{
	for (unsigned tries = 0; tries < RENEW_TRIES; tries++) {
		uint64_t before = committing(reader);
		int rc = mdb_txn_renew(reader->txn);

		if (rc != 0)
			return env_status(rc);
		/* The copy is read before the number is read again. */
		atomic_thread_fence(memory_order_acquire);
		if (before == committing(reader)) {
			reader->begun = true;
			return ST_OK;
		}
		mdb_txn_reset(reader->txn);
	}
	return ST_BUSY;
}

/* I3: not older than what was committed before, nor newer than what can be by now. */
static enum status begin_snapshot(struct index_reader *reader)
{
	uint64_t least = committed(reader);
	enum status st;

	index_reader_view_end(reader);
	st = renew(reader);
	if (st != ST_OK)
		return st;
	if (!reader->loaded || reader->txn_id != mdb_txn_id(reader->txn)) {
		reader->loaded = false;
		st = load_snapshot(reader);
		if (st != ST_OK)
			return st;
	}
	if (reader->snapshot < least || reader->snapshot > committed(reader) + 1)
		return ST_DAMAGED;
	return ST_OK;
}

static int64_t age_of(const struct index_reader *reader, int64_t now_boot_us)
{
	const struct head_block *block = reader->env.head.block;
	int64_t at = atomic_load_explicit(&block->confirmed_at_us, memory_order_acquire);

	if (at <= 0 || memcmp(block->boot_id, reader->boot_id, BOOT_ID_SIZE) != 0)
		return INT64_MAX;
	return now_boot_us > at ? now_boot_us - at : 0;
}

/* ---- Opening ---- */

static void close_env(struct index_reader *reader)
{
	if (reader->txn != NULL)
		mdb_txn_abort(reader->txn);
	reader->txn = NULL;
	reader->begun = reader->loaded = false;
	reader->routes_at = NULL;
	reader->view.routes = NULL;
	reader->populated = 0;
	memset(reader->checked, 0, sizeof(reader->checked));
	memset(reader->cached, 0, sizeof(reader->cached));
	if (reader->env_is_ours && reader->env.lmdb != NULL)
		shared_close(&reader->env);
}

static enum status open_txn(struct index_reader *reader)
{
	int rc = mdb_txn_begin(reader->env.lmdb, NULL, MDB_RDONLY, &reader->txn);
	struct span value = SPAN_ABSENT;
	enum status st;

	if (rc != 0)
		return env_status(rc);
	reader->dbi = reader->env.dbi;
	if (reader->dbi == 0)
		rc = mdb_dbi_open(reader->txn, NULL, 0, &reader->dbi);
	if (rc != 0)
		return env_status(rc);
	mdb_txn_reset(reader->txn);
	st = renew(reader);
	if (st != ST_OK)
		return st;
	/* Any value tells where the map is. */
	if (reader->env.map == NULL &&
		reader_fetch(reader, record_at_slot(KIND_META, 0), &value) == ST_OK)
		env_find_map(&reader->env, value.ptr);
	index_reader_view_end(reader);
	return ST_OK;
}

/* Open the directory that "current" leads to; the reader has none open. */
static enum status open_current(struct index_reader *reader)
{
	struct index_env env;
	uint64_t generation = 0, before;
	enum status st = env_current(reader->dir, &generation);

	/* The keeper may switch between the look and the opening. */
	for (unsigned tries = 0; st == ST_OK; tries++) {
		before = generation;
		st = shared_open(reader->dir, generation, &env);
		if (st == ST_OK || tries == OPEN_TRIES)
			break;
		if (env_current(reader->dir, &generation) != ST_OK || generation == before)
			break;
		st = ST_OK;
	}
	if (st != ST_OK)
		return st;
	reader->env = env;
	st = open_txn(reader);
	if (st == ST_OK)
		st = begin_snapshot(reader);
	if (st != ST_OK) {
		(void)reader_told(reader, st);
		close_env(reader);
		return st;
	}
	index_reader_view_end(reader);
	return ST_OK;
}

static enum status make_reader(
	const struct index_reader_options *options, struct index_reader **out_reader)
{
	struct index_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return ST_NO_MEMORY;
	reader->options =
		options != NULL ? *options : (struct index_reader_options){ .populate = true };
	if (clock_boot_id(reader->boot_id) == ST_IO) {
		free(reader);
		return ST_IO;
	}
	reader->env = (struct index_env){ .dir_fd = -1, .damage_fd = -1 };
	reader->view = reader_view(reader);
	*out_reader = reader;
	return ST_OK;
}

enum status index_reader_open(const char *dir, const struct index_reader_options *options,
	struct index_reader **out_reader)
{
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	enum status st = make_reader(options, &reader);

	if (st != ST_OK)
		return st;
	reader->env_is_ours = true;
	reader->dir = strdup(dir);
	if (reader->dir == NULL)
		return ST_NO_MEMORY;
	st = shared_process(&reader->process);
	if (st == ST_OK)
		st = open_current(reader);
	if (st != ST_OK)
		return st;
	if (reader->options.populate)
		env_populate(&reader->env, SIZE_MAX / 2, &reader->populated);
	*out_reader = reader;
	reader = NULL;
	return ST_OK;
}

enum status reader_open_beside(const struct index_env *env, struct index_reader **out_reader)
{
	const struct index_reader_options options = { 0 };
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	enum status st = make_reader(&options, &reader);

	if (st != ST_OK)
		return st;
	reader->env = *env;
	st = open_txn(reader);
	if (st != ST_OK)
		return st;
	*out_reader = reader;
	reader = NULL;
	return ST_OK;
}

/* S2: opened before a fork. */
static bool is_foreign(const struct index_reader *reader)
{
	return reader->env_is_ours && !shared_is_process(reader->process);
}

void index_reader_close(struct index_reader **reader)
{
	if (*reader == NULL)
		return;
	if (!is_foreign(*reader))
		close_env(*reader);
	free((*reader)->dir);
	free(*reader);
	*reader = NULL;
}

/* ---- Views ---- */

/* Move to the directory that "current" leads to now. */
static enum status reopen(struct index_reader *reader)
{
	uint64_t generation;
	enum status st = env_current(reader->dir, &generation);

	if (st != ST_OK)
		return st;
	if (!env_is_another(&reader->env, reader->dir, generation)) {
		/* It says that it was superseded, by itself. */
		env_report_damage(&reader->env);
		return ST_DAMAGED;
	}
	close_env(reader);
	return open_current(reader);
}

static bool must_reopen(const struct index_reader *reader)
{
	if (!reader->env_is_ours)
		return false;
	return reader->env.lmdb == NULL ||
	       atomic_load_explicit(&reader->env.head.block->superseded, memory_order_acquire) != 0;
}

enum status index_reader_view_begin(
	struct index_reader *reader, int64_t now_boot_us, const struct view **out_view)
{
	enum status st = ST_OK;
	int64_t age;

	*out_view = NULL;
	if (is_foreign(reader))
		return ST_CONFLICT;
	if (must_reopen(reader))
		st = reopen(reader);
	if (st == ST_OK)
		st = begin_snapshot(reader);
	st = reader_told(reader, st);
	if (st != ST_OK) {
		index_reader_view_end(reader);
		return st;
	}
	age = age_of(reader, now_boot_us);
	reader->view.overdue = age == INT64_MAX ||
			       (reader->options.lease_us > 0 && age > reader->options.lease_us);
	reader->view.stale =
		age == INT64_MAX || (reader->view.overdue && !reader->options.serve_stale);
	*out_view = &reader->view;
	return ST_OK;
}

void index_reader_view_end(struct index_reader *reader)
{
	if (reader->begun && !is_foreign(reader))
		mdb_txn_reset(reader->txn);
	reader->begun = false;
}

enum status index_reader_tend(struct index_reader *reader)
{
	uint64_t generation;
	enum status st;

	if (is_foreign(reader))
		return ST_CONFLICT;
	index_reader_view_end(reader);
	if (!reader->env_is_ours)
		return env_check_size(&reader->env);
	st = env_current(reader->dir, &generation);
	if (st == ST_OK && env_is_another(&reader->env, reader->dir, generation)) {
		close_env(reader);
		st = open_current(reader);
	}
	/* No link: the folder was removed. What is mapped is still whole; the keeper mends it. */
	if (reader->env.lmdb == NULL)
		return st;
	if (reader->options.populate)
		env_populate(&reader->env, POPULATE_STEP, &reader->populated);
	return reader_told(reader, env_check_size(&reader->env));
}

enum status index_reader_info(
	struct index_reader *reader, int64_t now_boot_us, struct index_info *out_info)
{
	bool was_begun = reader->begun && !is_foreign(reader);
	const struct view *view;
	MDB_stat stat;
	enum status st = was_begun ? ST_OK : index_reader_view_begin(reader, now_boot_us, &view);

	if (st != ST_OK)
		return st;
	st = env_status(mdb_stat(reader->txn, reader->dbi, &stat));
	*out_info = (struct index_info){
		.epoch = reader->meta.mark.epoch,
		.revision = reader->meta.mark.revision,
		.revision_at_us = reader->meta.mark.revision_at_us,
		.age_us = age_of(reader, now_boot_us),
		.keys_count = reader->meta.keys_count,
		.entries_count = stat.ms_entries,
		.bytes_used = env_bytes_used(&reader->env),
		.bytes_file = env_bytes_file(&reader->env),
		.generation = reader->env.generation,
	};
	memcpy(out_info->installation, reader->meta.mark.installation, 16);
	memcpy(out_info->event_hash, reader->meta.mark.event_hash, DIGEST_SIZE);
	if (!was_begun)
		index_reader_view_end(reader);
	return st;
}
