/* Snapshots: connections that read, and what reads through all kinds of records. */
#include "records/snapshot.h"

#include "records/store.h"

#include <stdlib.h>

/* ---- begin and end ---- */

/* An idle connection (or NULL: open one), counted as out; false when too many are. */
static bool reader_take(struct records *records, struct db **out_db)
{
	bool taken;

	pthread_mutex_lock(&records->lock);
	taken = records->readers_out < RECORDS_READERS_MAX;
	*out_db = NULL;
	if (taken) {
		records->readers_out++;
		if (records->readers_idle > 0)
			*out_db = records->readers[--records->readers_idle];
	}
	pthread_mutex_unlock(&records->lock);
	return taken;
}

static void reader_give(struct records *records, struct db **db, bool failed)
{
	if (*db != NULL && failed)
		db_close(db);
	pthread_mutex_lock(&records->lock);
	if (*db != NULL)
		records->readers[records->readers_idle++] = *db;
	records->readers_out--;
	pthread_mutex_unlock(&records->lock);
	*db = NULL;
}

void snapshot_end(struct snapshot **snapshot)
{
	struct snapshot *s = *snapshot;

	if (s == NULL)
		return;
	if (s->db != NULL)
		s->db->driver->rollback(s->db);
	reader_give(s->records, &s->db, s->failed);
	free(s);
	*snapshot = NULL;
}

enum status snapshot_begin(struct records *records, struct snapshot **out_snapshot)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct db *db;
	enum status st = ST_OK;

	if (!reader_take(records, &db))
		return ST_BUSY;
	snapshot = calloc(1, sizeof(*snapshot));
	if (snapshot == NULL) {
		reader_give(records, &db, false);
		return ST_NO_MEMORY;
	}
	snapshot->records = records;
	if (db == NULL)
		st = db_open(records->driver, records->location, DB_READER, &db);
	if (st != ST_OK)
		return st;
	snapshot->db = db;
	st = db->driver->begin(db, false);
	/* The first read fixes what is seen. */
	if (st == ST_OK)
		st = head_read(db, &snapshot->head);
	if (st != ST_OK) {
		snapshot->failed = true;
		return st;
	}
	*out_snapshot = snapshot;
	snapshot = NULL;
	return ST_OK;
}

enum status snapshot_note(struct snapshot *snapshot, enum status st)
{
	if (st == ST_IO || st == ST_NO_SPACE || st == ST_DAMAGED || st == ST_NO_MEMORY)
		snapshot->failed = true;
	return st;
}

struct head snapshot_head(const struct snapshot *snapshot)
{
	return snapshot->head;
}

enum status snapshot_event_hash(
	struct snapshot *snapshot, int64_t revision, uint8_t out_hash[DIGEST_SIZE])
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(snapshot->db, "SELECT hash FROM events WHERE revision = $1", &row,
		DB_INT(revision));
	struct span hash;

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return snapshot_note(snapshot, st);
	hash = db_bytes(row, 0);
	if (hash.len != DIGEST_SIZE)
		return snapshot_note(snapshot, ST_DAMAGED);
	memcpy(out_hash, hash.ptr, DIGEST_SIZE);
	return ST_OK;
}

/* ---- what changed ---- */

static enum status tell_changed(struct db_statement *row, snapshot_changed_fn *fn, void *arg)
{
	enum entity_kind kind = (enum entity_kind)db_int(row, 0);
	uint32_t slot = (uint32_t)db_int(row, 1), last = (uint32_t)db_int(row, 2);
	enum status st = ST_OK;

	if (kind != ENTITY_KEYS)
		return fn(arg, kind, slot);
	for (uint64_t key = slot; st == ST_OK && key <= last; key++)
		st = fn(arg, ENTITY_KEY, (uint32_t)key);
	return st;
}

enum status snapshot_changes(
	struct snapshot *snapshot, int64_t after_revision, snapshot_changed_fn *fn, void *arg)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	/* A key of an import may come again by an event of its own: harmless, and rare. */
	enum status st = db_query(snapshot->db,
		"SELECT DISTINCT entity_kind, entity_slot, entity_last_slot FROM events"
		" WHERE revision > $1 ORDER BY entity_kind, entity_slot",
		&rows, DB_INT(after_revision));

	while (st == ST_OK) {
		st = db_step(rows);
		if (st == ST_NOT_FOUND)
			return ST_OK;
		if (st == ST_OK)
			st = tell_changed(rows, fn, arg);
	}
	return snapshot_note(snapshot, st);
}
