#include "index/writer.h"

#include "index/generations.h"
#include "index/reader_internal.h"
#include "index/writer_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* While building, so much is committed at a time. */
#define BUILD_COMMIT_BYTES (64 * MIB)
/* Openings in a row after which nothing went well. */
#define OPENINGS_MAX 3u
#define BLOATED_MIN (256 * MIB)

/* ---- Opening and closing ---- */

static struct index_writer *make_writer(const char *dir)
{
	struct index_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return NULL;
	writer->env = (struct index_env){ .dir_fd = -1, .damage_fd = -1 };
	writer->record = buf_heap(RECORD_SIZE_MAX);
	writer->bucket = buf_heap(RECORD_SIZE_MAX);
	writer->dir = strdup(dir);
	if (writer->dir == NULL)
		index_writer_close(&writer);
	return writer;
}

static enum status read_meta(struct index_writer *writer)
{
	uint64_t at = record_at_slot(KIND_META, 0);
	MDB_val value = { 0 }, key = { .mv_size = sizeof(at), .mv_data = &at };
	MDB_txn *txn = NULL;
	struct record record;
	enum status st;
	int rc = mdb_txn_begin(writer->env.lmdb, NULL, MDB_RDONLY, &txn);

	if (rc == 0)
		rc = mdb_dbi_open(txn, NULL, 0, &writer->dbi);
	if (rc == 0)
		rc = mdb_get(txn, writer->dbi, &key, &value);
	st = rc == MDB_NOTFOUND ? ST_DAMAGED : env_status(rc);
	if (st == ST_OK)
		st = record_open(&record_keys_of_meta, KIND_META,
			span_of(value.mv_data, value.mv_size), &record);
	if (st == ST_OK)
		st = record_read_meta(&record, &writer->meta);
	if (st == ST_OK)
		writer->commit = record.written;
	if (txn != NULL)
		mdb_txn_abort(txn);
	return st;
}

/*
 * Hold the write lock once before anything is read. A writer that was killed
 * between the page that makes a commit current and telling so leaves a commit
 * that no transaction sees until the next owner of its lock lets LMDB tell; read
 * earlier, we would take the commit before for the last one.
 */
static enum status take_over(struct index_writer *writer)
{
	MDB_txn *txn;
	enum status st = turn_begin(writer->turn, INDEX_LOCK_WAIT_MS, &txn);

	if (st == ST_OK)
		turn_abort(writer->turn);
	return st;
}

/*
 * What the head says must fit what LMDB holds; where the last user did not close it in good
 * order, the cells are set right.
 */
static enum status settle(struct index_writer *writer)
{
	struct head_block *head = writer->env.head.block;
	bool this_boot = head_is_of_this_boot(&writer->env.head);
	bool clean = atomic_load(&head->clean) == 1;
	uint64_t committed = atomic_load(&head->committed);
	enum status st = ST_OK;

	if (this_boot || clean) {
		/* One more when the keeper died between LMDB's commit and ours. */
		if (writer->commit < committed || writer->commit > committed + (clean ? 0 : 1))
			return ST_DAMAGED;
		if (!clean)
			st = writer_mend_cells(writer);
	} else {
		st = writer_scan(writer);
	}
	if (st != ST_OK)
		return st;
	if (!this_boot) {
		atomic_store(&head->confirmed_at_us, 0);
		if (clock_boot_id(head->boot_id) == ST_IO)
			return ST_IO;
	}
	atomic_store(&head->clean, 0);
	atomic_store(&head->committed, writer->commit);
	/* On disk too, or a power cut would leave a head that calls itself clean. */
	return clean || !this_boot ? head_flush(&writer->env.head) : ST_OK;
}

enum status index_writer_open(const char *dir, struct index_writer **out_writer)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = make_writer(dir);
	struct head_block *head;
	uint64_t generation = 0;
	enum status st;

	if (writer == NULL)
		return ST_NO_MEMORY;
	writer->failed = true; /* until it is whole, closing it does not call it clean */
	st = env_current(dir, &generation);
	if (st == ST_OK)
		st = env_open(dir, generation, (struct env_how){ .writable = true }, &writer->env);
	if (st != ST_OK)
		return st;
	writer->published = true;
	head = writer->env.head.block;
	if (env_damage_reported(&writer->env) || atomic_load(&head->superseded) != 0 ||
		atomic_fetch_add(&head->openings, 1) >= OPENINGS_MAX)
		return ST_DAMAGED;
	st = turn_make(writer->env.lmdb, &writer->turn);
	if (st == ST_OK)
		st = take_over(writer);
	if (st == ST_OK)
		st = read_meta(writer);
	if (st == ST_OK)
		st = settle(writer);
	if (st != ST_OK)
		return st;
	writer->keys_count = writer->meta.keys_count;
	writer->failed = false;
	*out_writer = writer;
	writer = NULL;
	return ST_OK;
}

enum status index_writer_create(const char *dir, struct index_writer **out_writer)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = make_writer(dir);
	uint64_t generation;
	enum status st;

	if (writer == NULL)
		return ST_NO_MEMORY;
	st = generations_add(dir, &generation);
	if (st != ST_OK)
		return st;
	writer->building = true;
	writer->env.generation = generation; /* removed when closed unpublished */
	st = env_open(dir, generation, (struct env_how){ .writable = true, .create = true },
		&writer->env);
	if (st != ST_OK)
		return st;
	crypto_random(&writer->meta.keys, sizeof(writer->meta.keys));
	st = turn_make(writer->env.lmdb, &writer->turn);
	if (st != ST_OK)
		return st;
	*out_writer = writer;
	writer = NULL;
	return ST_OK;
}

static void mark_clean(struct index_writer *writer)
{
	struct head_block *head = writer->env.head.block;

	if (mdb_env_sync(writer->env.lmdb, 1) != 0)
		return;
	atomic_store(&head->openings, 0);
	atomic_store(&head->clean, 1);
	if (head_flush(&writer->env.head) != ST_OK)
		atomic_store(&head->clean, 0);
}

void index_writer_close(struct index_writer **writer)
{
	struct index_writer *self = *writer;
	uint64_t generation;

	if (self == NULL)
		return;
	*writer = NULL;
	index_writer_abort(self);
	sorter_free(&self->sorter);
	generation = self->env.generation;
	if (!turn_free(&self->turn)) {
		env_close_rest(&self->env); /* LMDB's handle stays with the thread */
	} else {
		if (self->env.lmdb != NULL && self->published && !self->failed)
			mark_clean(self);
		env_close(&self->env);
	}
	if (!self->published && generation != 0)
		generations_remove(self->dir, generation);
	buf_free(&self->record);
	buf_free(&self->bucket);
	free(self->touched);
	free(self->dir);
	free(self);
}

/* ---- Transactions ---- */

/* Has somebody else written? There is one writer only. */
static enum status check_own(struct index_writer *writer)
{
	uint64_t at = record_at_slot(KIND_META, 0);
	MDB_val value = { 0 }, key = { .mv_size = sizeof(at), .mv_data = &at };
	struct record record;
	enum status st = env_status(mdb_get(writer->txn, writer->dbi, &key, &value));

	if (st == ST_OK)
		st = record_open(&record_keys_of_meta, KIND_META,
			span_of(value.mv_data, value.mv_size), &record);
	if (st == ST_NOT_FOUND || (st == ST_OK && record.written != writer->commit))
		return ST_DAMAGED;
	return st;
}

enum status index_writer_begin(struct index_writer *writer)
{
	enum status st;

	assert(!writer->begun);
	if (writer->failed)
		return ST_UNAVAILABLE;
	if (writer->commit == UINT32_MAX)
		return ST_LIMIT;
	writer->keys_count = writer->meta.keys_count;
	writer->touched_count = 0;
	if (writer->building) {
		st = sorter_make(writer->env.dir_fd, &writer->sorter);
		writer->begun = st == ST_OK;
		return st;
	}
	st = turn_begin(writer->turn, INDEX_LOCK_WAIT_MS, &writer->txn);
	if (st != ST_OK) {
		writer->failed = true;
		return st;
	}
	writer->begun = true;
	st = check_own(writer);
	if (st != ST_OK) {
		index_writer_abort(writer);
		writer->failed = true;
	}
	return st;
}

void index_writer_abort(struct index_writer *writer)
{
	if (!writer->begun)
		return;
	writer->begun = false;
	if (writer->txn != NULL)
		turn_abort(writer->turn);
	writer->txn = NULL;
	sorter_free(&writer->sorter);
	writer->touched_count = 0;
	writer->keys_count = writer->meta.keys_count;
	/* Cells were set while building: start over with another directory. */
	writer->failed |= writer->building;
}

static enum status write_meta(
	struct index_writer *writer, const struct index_mark *mark, struct record_meta *out_meta)
{
	struct record_writer to = {
		.keys = &record_keys_of_meta,
		.written = writer->commit + 1,
		.out = &writer->record,
	};

	buf_clear(&writer->record);
	*out_meta = writer->meta;
	out_meta->mark = *mark;
	out_meta->keys_count = writer->keys_count;
	return record_write_meta(&to, out_meta);
}

/* After a commit: first how long the file is now, then that it is there. */
static void announce(struct index_writer *writer)
{
	struct head_block *head = writer->env.head.block;
	uint64_t used = env_bytes_used(&writer->env), file = env_bytes_file(&writer->env);

	atomic_store_explicit(&head->data_bytes, used < file ? used : file, memory_order_release);
	atomic_store_explicit(&head->committed, writer->commit, memory_order_release);
	atomic_store_explicit(&head->openings, 0, memory_order_release);
}

static void set_cells(struct index_writer *writer, uint32_t number)
{
	for (size_t i = 0; i < writer->touched_count; i++)
		atomic_store_explicit(writer->touched[i].cell, number, memory_order_release);
}

/* Backwards, because a record may have been touched twice. */
static void restore_cells(struct index_writer *writer)
{
	for (size_t i = writer->touched_count; i > 0; i--)
		atomic_store_explicit(writer->touched[i - 1].cell, writer->touched[i - 1].before,
			memory_order_release);
}

static enum status commit_changes(struct index_writer *writer)
{
	uint64_t at = record_at_slot(KIND_META, 0);
	MDB_val key = { .mv_size = sizeof(at), .mv_data = &at };
	MDB_val value = { .mv_size = writer->record.len, .mv_data = writer->record.ptr };
	enum status st = env_status(mdb_put(writer->txn, writer->dbi, &key, &value, 0));

	if (st != ST_OK) {
		index_writer_abort(writer);
		return st;
	}
	set_cells(writer, writer->commit + 1);
	atomic_store_explicit(
		&writer->env.head.block->committing, writer->commit + 1, memory_order_release);
	st = turn_commit(writer->turn);
	writer->txn = NULL;
	writer->begun = false;
	if (st != ST_OK)
		restore_cells(writer);
	writer->touched_count = 0;
	return st;
}

/* ---- Building ---- */

struct building {
	struct index_writer *writer;
	size_t bytes; /* in the open transaction */
};

static enum status append(void *arg, uint64_t at, struct span records)
{
	struct building *building = arg;
	struct index_writer *writer = building->writer;
	MDB_val key = { .mv_size = sizeof(at), .mv_data = &at };
	MDB_val value = { .mv_size = records.len, .mv_data = (void *)(uintptr_t)records.ptr };
	enum status st = ST_OK;

	if (building->bytes > BUILD_COMMIT_BYTES) {
		building->bytes = 0;
		st = turn_commit(writer->turn);
		writer->txn = NULL;
		if (st == ST_OK)
			st = turn_begin(writer->turn, INDEX_LOCK_WAIT_MS, &writer->txn);
	}
	if (st != ST_OK)
		return st;
	building->bytes += records.len;
	return env_status(mdb_put(writer->txn, writer->dbi, &key, &value, MDB_APPEND));
}

/* Nobody reads it yet, so it is flushed once, at the end. */
static enum status commit_build(struct index_writer *writer)
{
	struct building building = { .writer = writer };
	enum status st =
		sorter_add(writer->sorter, record_at_slot(KIND_META, 0), buf_span(&writer->record));

	if (st == ST_OK)
		st = env_status(mdb_env_set_flags(writer->env.lmdb, MDB_NOSYNC, 1));
	if (st == ST_OK)
		st = turn_begin(writer->turn, INDEX_LOCK_WAIT_MS, &writer->txn);
	if (st == ST_OK)
		st = env_status(mdb_dbi_open(writer->txn, NULL, MDB_INTEGERKEY, &writer->dbi));
	if (st == ST_OK)
		st = sorter_each(writer->sorter, append, &building);
	if (st != ST_OK) {
		index_writer_abort(writer);
		return st;
	}
	st = turn_commit(writer->turn);
	writer->txn = NULL;
	writer->begun = false;
	sorter_free(&writer->sorter);
	if (st == ST_OK)
		st = env_status(mdb_env_set_flags(writer->env.lmdb, MDB_NOSYNC, 0));
	if (st == ST_OK)
		st = env_status(mdb_env_sync(writer->env.lmdb, 1));
	return st;
}

enum status index_writer_commit(struct index_writer *writer, const struct index_mark *mark)
{
	struct record_meta meta;
	enum status st;

	assert(writer->begun);
	st = write_meta(writer, mark, &meta);
	if (st != ST_OK) {
		index_writer_abort(writer);
		return st;
	}
	st = writer->building ? commit_build(writer) : commit_changes(writer);
	if (st != ST_OK) {
		/* LMDB's handle may be in any state: the follower opens it anew. */
		writer->failed = true;
		return st;
	}
	writer->building = false;
	writer->meta = meta;
	writer->commit++;
	announce(writer);
	return ST_OK;
}

enum status index_writer_mark(const struct index_writer *writer, struct index_mark *out_mark)
{
	if (writer->commit == 0)
		return ST_NOT_FOUND;
	*out_mark = writer->meta.mark;
	return ST_OK;
}

/* ---- Directories ---- */

enum status index_writer_publish(struct index_writer *writer)
{
	enum status st;

	assert(writer->commit > 0 && !writer->begun);
	st = head_flush(&writer->env.head);
	if (st == ST_OK)
		st = generations_switch(writer->dir, writer->env.generation);
	writer->published |= st == ST_OK;
	return st;
}

static enum status copy_cells(const struct index_head *from, struct index_head *to)
{
	static const enum record_kind kinds[] = { KIND_RESOURCE, KIND_ACCOUNT, KIND_PROFILE,
		KIND_KEY };
	enum status st = ST_OK;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		uint32_t count = head_cells_count(from, kinds[i]);

		for (uint32_t slot = 0; slot < count && st == ST_OK; slot++) {
			uint32_t value = head_cell(from, kinds[i], slot);
			_Atomic uint32_t *cell;

			if (value == 0)
				continue;
			st = head_cell_reserve(to, kinds[i], slot, &cell);
			if (st == ST_OK)
				atomic_store_explicit(cell, value, memory_order_relaxed);
		}
	}
	return st;
}

/* Fill a new directory with a compacted copy and open it. */
static enum status copy_into(struct index_writer *from, struct index_writer *to)
{
	char memory[ENV_PATH_MAX];
	struct buf path = BUF_ARRAY(memory);
	struct env_how how = { .writable = true, .create = true };
	enum status st = env_path(to->dir, to->env.generation, &path);

	if (st == ST_OK)
		st = env_status(mdb_env_copy2(from->env.lmdb, buf_str(&path), MDB_CP_COMPACT));
	if (st == ST_OK)
		st = env_open(to->dir, to->env.generation, how, &to->env);
	if (st == ST_OK)
		st = copy_cells(&from->env.head, &to->env.head);
	if (st == ST_OK)
		st = read_meta(to);
	if (st == ST_OK && to->commit != from->commit)
		st = ST_DAMAGED;
	if (st == ST_OK)
		st = turn_make(to->env.lmdb, &to->turn);
	if (st != ST_OK)
		return st;
	to->keys_count = to->meta.keys_count;
	announce(to);
	atomic_store(&to->env.head.block->confirmed_at_us,
		atomic_load(&from->env.head.block->confirmed_at_us));
	return ST_OK;
}

enum status index_writer_compact(struct index_writer **writer)
{
	CLEANUP(index_writer_close)
	struct index_writer *next = make_writer((*writer)->dir);
	enum status st;

	assert(!(*writer)->begun && (*writer)->commit > 0);
	if (next == NULL)
		return ST_NO_MEMORY;
	st = generations_add(next->dir, &next->env.generation);
	if (st != ST_OK)
		return st;
	st = copy_into(*writer, next);
	if (st == ST_OK)
		st = index_writer_publish(next);
	if (st != ST_OK)
		return st;
	(*writer)->failed = true; /* its directory is gone */
	index_writer_close(writer);
	*writer = next;
	next = NULL;
	return ST_OK;
}

enum status index_writer_reader(const struct index_writer *writer, struct index_reader **out_reader)
{
	return reader_open_beside(&writer->env, out_reader);
}

void index_writer_confirm(struct index_writer *writer, int64_t now_boot_us)
{
	atomic_store_explicit(
		&writer->env.head.block->confirmed_at_us, now_boot_us, memory_order_release);
}

enum status index_writer_tend(struct index_writer *writer, struct index_writer_stats *out_stats)
{
	struct head_block *head = writer->env.head.block;
	uint64_t generation = 0;
	MDB_stat stat;
	int dead = 0;
	enum status st;

	if (writer->failed)
		return ST_UNAVAILABLE;
	st = env_status(mdb_reader_check(writer->env.lmdb, &dead));
	if (st == ST_OK)
		st = env_current(writer->dir, &generation);
	if (st == ST_OK)
		st = env_check_size(&writer->env);
	if (st == ST_OK)
		st = head_check_size(&writer->env.head);
	if (st != ST_OK)
		return st;
	if (generation != writer->env.generation || atomic_load(&head->superseded) != 0 ||
		atomic_load(&head->committed) != writer->commit ||
		env_place(&writer->env, writer->dir) != ENV_IN_PLACE)
		return ST_DAMAGED;
	st = env_status(mdb_env_stat(writer->env.lmdb, &stat));
	if (st != ST_OK)
		return st;
	atomic_store(&head->openings, 0);
	*out_stats = (struct index_writer_stats){
		.bytes_used = (uint64_t)stat.ms_psize *
			      (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages),
		.bytes_file = env_bytes_file(&writer->env),
		.entries_count = stat.ms_entries,
		.keys_count = writer->meta.keys_count,
		.generation = generation,
		.damage_reported = env_damage_reported(&writer->env),
	};
	out_stats->bloated = out_stats->bytes_file > 2 * out_stats->bytes_used + BLOATED_MIN;
	return ST_OK;
}
