#include "index/writer_internal.h"

/* ---- Every record ---- */

struct scan {
	struct index_writer *writer;
	uint64_t keys_count;
};

/* The integer under which a record must stand, and its slot when its kind has cells. */
struct place {
	uint64_t at;
	uint32_t slot;
	bool has_cell;
};

static enum status place_of_text(struct scan *scan, const struct record *record, struct place *out)
{
	const struct record_keys *keys = &scan->writer->meta.keys;
	uint8_t digest[DIGEST_SIZE];
	struct view_token token;
	struct view_key key;
	struct span name = SPAN_ABSENT;
	uint32_t slot;
	bool has_extra;
	enum status st;

	*out = (struct place){ 0 };
	switch (record->kind) {
	case KIND_KEY:
		st = record_read_key(record, &key, &has_extra);
		if (st != ST_OK)
			return st;
		scan->keys_count++;
		out->slot = key.slot;
		out->has_cell = true;
		name = key.app_key;
		break;
	case KIND_TOKEN:
		st = record_read_token(record, digest, &token);
		name = span_of(digest, DIGEST_SIZE);
		break;
	default:
		st = record_read_name(record, &slot, &name);
		break;
	}
	if (st == ST_OK)
		out->at = record_at_hash(keys, record->kind, name);
	return st;
}

static enum status place_of_slot(const struct record *record, struct place *out)
{
	struct view_resource resource;
	struct view_account account;
	struct view_profile profile;
	struct view_key key;
	struct span part;
	uint64_t at;
	enum status st;

	*out = (struct place){ .has_cell = true };
	switch (record->kind) {
	case KIND_ACCOUNT:
		st = record_read_account(record, &account, &part);
		out->slot = account.slot;
		break;
	case KIND_PROFILE:
		st = record_read_profile(record, &profile);
		out->slot = profile.slot;
		break;
	case KIND_RESOURCE:
		st = record_read_resource(record, &resource);
		out->slot = resource.slot;
		break;
	case KIND_ROUTES:
		st = record_read_routes(record, &part);
		break;
	case KIND_KEY_SLOT:
		out->has_cell = false;
		st = record_read_key_slot(record, &out->slot, &at);
		break;
	case KIND_KEY_EXTRA:
		out->has_cell = false;
		st = record_read_key_extra(record, &out->slot, &key);
		break;
	default:
		return ST_DAMAGED;
	}
	out->at = record_at_slot(record->kind, out->slot);
	return st;
}

static bool stands_under_hash(enum record_kind kind)
{
	return kind == KIND_KEY || kind == KIND_TOKEN || kind == KIND_ACCOUNT_NAME ||
	       kind == KIND_HOST;
}

/* No record may be newer than the last commit, or older than its cell knows it. */
static enum status settle_cell(
	struct index_writer *writer, const struct record *record, const struct place *place)
{
	_Atomic uint32_t *cell;
	uint32_t value;
	enum status st;

	if (record->written > writer->commit)
		return ST_DAMAGED;
	if (!place->has_cell)
		return ST_OK;
	st = head_cell_reserve(&writer->env.head, record->kind, place->slot, &cell);
	if (st != ST_OK)
		return st;
	value = atomic_load(cell);
	if (value > record->written && value <= writer->commit)
		return ST_DAMAGED;
	atomic_store(cell, record->written);
	return ST_OK;
}

static enum status scan_value(struct scan *scan, uint64_t at, struct span rest)
{
	enum record_kind kind = (enum record_kind)(at >> 60);
	enum status st = ST_OK;

	while (rest.len > 0 && st == ST_OK) {
		struct record record;
		struct place place;

		st = record_open(&scan->writer->meta.keys, kind, rest, &record);
		if (st == ST_OK)
			st = stands_under_hash(kind) ? place_of_text(scan, &record, &place)
						     : place_of_slot(&record, &place);
		if (st == ST_OK && place.at != at)
			st = ST_DAMAGED;
		if (st == ST_OK)
			st = settle_cell(scan->writer, &record, &place);
		if (st == ST_OK)
			rest = span_part(rest, record.size, rest.len);
	}
	return st;
}

static enum status scan_all(struct scan *scan, MDB_cursor *cursor, uint64_t *out_entries)
{
	MDB_val key, value;
	uint64_t at, before = 0;
	enum status st = ST_OK;
	int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);

	*out_entries = 0;
	for (; rc == 0 && st == ST_OK; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
		if (key.mv_size != sizeof(at))
			return ST_DAMAGED;
		memcpy(&at, key.mv_data, sizeof(at));
		if (at <= before || value.mv_size > RECORD_SIZE_MAX)
			return ST_DAMAGED;
		before = at;
		++*out_entries;
		if (at != record_at_slot(KIND_META, 0)) /* was read before */
			st = scan_value(scan, at, span_of(value.mv_data, value.mv_size));
	}
	if (st != ST_OK)
		return st;
	return rc == MDB_NOTFOUND ? ST_OK : env_status(rc);
}

enum status writer_scan(struct index_writer *writer)
{
	struct scan scan = { .writer = writer };
	MDB_txn *txn = NULL;
	MDB_cursor *cursor = NULL;
	MDB_stat stat;
	uint64_t entries;
	enum status st = env_status(mdb_txn_begin(writer->env.lmdb, NULL, MDB_RDONLY, &txn));

	if (st == ST_OK)
		st = env_status(mdb_cursor_open(txn, writer->dbi, &cursor));
	if (st == ST_OK)
		st = env_status(mdb_stat(txn, writer->dbi, &stat));
	if (st == ST_OK)
		st = scan_all(&scan, cursor, &entries);
	if (st == ST_OK &&
		(entries != stat.ms_entries || scan.keys_count != writer->meta.keys_count))
		st = ST_DAMAGED;
	if (cursor != NULL)
		mdb_cursor_close(cursor);
	if (txn != NULL)
		mdb_txn_abort(txn);
	return st == ST_NOT_FOUND ? ST_DAMAGED : st;
}

/* ---- Cells that are ahead ---- */

static enum status get(
	struct index_writer *writer, MDB_txn *txn, uint64_t at, struct span *out_value)
{
	MDB_val value, key = { .mv_size = sizeof(at), .mv_data = &at };
	enum status st = env_status(mdb_get(txn, writer->dbi, &key, &value));

	if (st == ST_OK)
		*out_value = span_of(value.mv_data, value.mv_size);
	return st;
}

/* Under which integer the record of a slot stands. ST_NOT_FOUND: there is none. */
static enum status find_at(struct index_writer *writer, MDB_txn *txn, enum record_kind kind,
	uint32_t slot, uint64_t *out_at)
{
	struct record record;
	struct span value = SPAN_ABSENT;
	uint32_t own_slot;
	enum status st;

	*out_at = record_at_slot(kind, slot);
	if (kind != KIND_KEY)
		return ST_OK;
	st = get(writer, txn, record_at_slot(KIND_KEY_SLOT, slot), &value);
	if (st == ST_OK)
		st = record_open(&writer->meta.keys, KIND_KEY_SLOT, value, &record);
	return st == ST_OK ? record_read_key_slot(&record, &own_slot, out_at) : st;
}

/* The commit that wrote the record of a slot; the last one when there is no record. */
static enum status written_of(struct index_writer *writer, MDB_txn *txn, enum record_kind kind,
	uint32_t slot, uint32_t *out_written)
{
	struct span rest = SPAN_ABSENT;
	uint64_t at;
	enum status st = find_at(writer, txn, kind, slot, &at);

	*out_written = writer->commit;
	if (st == ST_OK)
		st = get(writer, txn, at, &rest);
	while (st == ST_OK && rest.len > 0) {
		struct record record;
		struct view_key key = { .slot = slot };
		bool has_extra;

		st = record_open(&writer->meta.keys, kind, rest, &record);
		if (st == ST_OK && kind == KIND_KEY)
			st = record_read_key(&record, &key, &has_extra);
		if (st == ST_OK && key.slot == slot) {
			*out_written = record.written;
			return ST_OK;
		}
		if (st == ST_OK)
			rest = span_part(rest, record.size, rest.len);
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status mend_kind(struct index_writer *writer, MDB_txn *txn, enum record_kind kind)
{
	uint32_t count = head_cells_count(&writer->env.head, kind);
	enum status st = ST_OK;

	for (uint32_t slot = 0; slot < count && st == ST_OK; slot++) {
		_Atomic uint32_t *cell;
		uint32_t written;

		if (head_cell(&writer->env.head, kind, slot) <= writer->commit)
			continue;
		/* Slot 0 of the resources' cells is the routes'. */
		st = written_of(writer, txn,
			kind == KIND_RESOURCE && slot == 0 ? KIND_ROUTES : kind, slot, &written);
		if (st == ST_OK)
			st = head_cell_reserve(&writer->env.head, kind, slot, &cell);
		if (st == ST_OK)
			atomic_store(cell, written);
	}
	return st;
}

enum status writer_mend_cells(struct index_writer *writer)
{
	static const enum record_kind kinds[] = { KIND_RESOURCE, KIND_ACCOUNT, KIND_PROFILE,
		KIND_KEY };
	MDB_txn *txn = NULL;
	enum status st = env_status(mdb_txn_begin(writer->env.lmdb, NULL, MDB_RDONLY, &txn));

	for (size_t i = 0; i < ARRAY_LEN(kinds) && st == ST_OK; i++)
		st = mend_kind(writer, txn, kinds[i]);
	if (txn != NULL)
		mdb_txn_abort(txn);
	return st;
}
