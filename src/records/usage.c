#include "records/usage.h"

#include "records/store.h"

/* Rows that one transaction deletes of a table. */
#define PIECE 128u
#define US_PER_HOUR (INT64_C(3600) * US_PER_S)
#define US_PER_DAY (24 * US_PER_HOUR)
/* The time of a last use is told to the second: it was within that. */
#define WITHIN_US US_PER_S

/* ---- a count ---- */

/* The slot, or 0 when there is none; a row that may not be there yet is nobody's. */
static enum status known_slot(struct db *db, const char *sql, uint32_t slot, int64_t *out_slot)
{
	enum status st = slot == 0 ? ST_NOT_FOUND : db_one_int(db, sql, out_slot, DB_INT(slot));

	if (st == ST_NOT_FOUND)
		*out_slot = 0;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* U4. at_us: the end of the minute of its use. */
static enum status known_key(struct db *db, uint32_t slot, int64_t at_us, int64_t *out_slot)
{
	enum status st = slot == 0 ? ST_NOT_FOUND
				   : db_one_int(db,
					     "SELECT slot FROM app_keys WHERE slot = $1"
					     " AND created_at_us <= $2",
					     out_slot, DB_INT(slot), DB_INT(at_us));

	if (st == ST_NOT_FOUND)
		*out_slot = 0;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* What of an item is there. */
struct place {
	int64_t account, key, route, resource, at_us;
};

static enum status place_of(
	struct db *db, const struct usage_item *item, int64_t now_us, struct place *out)
{
	int64_t at_us = item->minute_at_us;
	enum status st;

	out->at_us = at_us > now_us || at_us < 0 ? now_us : at_us;
	st = known_key(db, item->key_slot, out->at_us + 60 * US_PER_S, &out->key);
	if (st == ST_OK)
		st = known_slot(db, "SELECT slot FROM accounts WHERE slot = $1", item->account_slot,
			&out->account);
	if (st == ST_OK)
		st = known_slot(db, "SELECT slot FROM routes WHERE slot = $1", item->route_slot,
			&out->route);
	return st != ST_OK ? st
			   : known_slot(db, "SELECT slot FROM resources WHERE slot = $1",
				     item->resource_slot, &out->resource);
}

static enum status count_add(
	struct db *db, const struct usage_item *item, const struct place *place)
{
	struct db_value cause = DB_TEXT(span_str(item->cause)), uses = DB_INT(item->uses);
	enum status st = db_run(db,
		"INSERT INTO usage_hours (account_slot, hour, key_slot, route_slot,"
		" resource_slot, cause, uses) VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (account_slot, hour, key_slot, route_slot, resource_slot,"
		" cause) DO UPDATE SET uses = usage_hours.uses + excluded.uses",
		DB_INT(place->account), DB_INT(place->at_us / US_PER_HOUR), DB_INT(place->key),
		DB_INT(place->route), DB_INT(place->resource), cause, uses);

	if (st == ST_OK)
		st = db_run(db,
			"INSERT INTO usage_days (account_slot, day, key_slot, route_slot,"
			" resource_slot, cause, uses) VALUES ($1, $2, $3, $4, $5, $6, $7)"
			" ON CONFLICT (account_slot, day, key_slot, route_slot, resource_slot,"
			" cause) DO UPDATE SET uses = usage_days.uses + excluded.uses",
			DB_INT(place->account), DB_INT(place->at_us / US_PER_DAY),
			DB_INT(place->key), DB_INT(place->route), DB_INT(place->resource), cause,
			uses);
	if (st != ST_OK || place->resource == 0 || item->cause[0] != '\0')
		return st;
	return db_run(db,
		"INSERT INTO resource_uses (account_slot, resource_slot, used_on)"
		" VALUES ($1, $2, $3) ON CONFLICT (account_slot, resource_slot)"
		" DO UPDATE SET used_on = excluded.used_on"
		" WHERE excluded.used_on > resource_uses.used_on",
		DB_INT(place->account), DB_INT(place->resource), DB_INT(place->at_us / US_PER_DAY));
}

/* ---- a last use ---- */

/*
 * The token that had this part at that time: of the live ones the newest is the
 * current, the one before it the previous. ST_NOT_FOUND.
 */
static enum status token_find(struct db *db, const struct usage_item *item, int64_t at_us,
	uint8_t out_digest[DIGEST_SIZE])
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct span digest;
	enum status st;

	if (item->token == USAGE_RETIRED)
		st = db_query(db,
			"SELECT digest FROM tokens WHERE key_slot = $1 AND kind = 3"
			" AND retired_at_us < $2 ORDER BY retired_at_us DESC, digest LIMIT 1",
			&row, DB_INT(item->key_slot), DB_INT(at_us + WITHIN_US));
	else
		st = db_query(db,
			"SELECT digest FROM tokens WHERE key_slot = $1 AND created_at_us < $2"
			" AND (retired_at_us = 0 OR retired_at_us >= $3)"
			" ORDER BY created_at_us DESC, kind, digest LIMIT 1 OFFSET $4",
			&row, DB_INT(item->key_slot), DB_INT(at_us + WITHIN_US), DB_INT(at_us),
			DB_INT(item->token - USAGE_CURRENT));
	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	digest = db_bytes(row, 0);
	if (digest.len != DIGEST_SIZE)
		return ST_DAMAGED;
	memcpy(out_digest, digest.ptr, DIGEST_SIZE);
	return ST_OK;
}

static struct span text_or_absent(const char *text)
{
	return text[0] == '\0' ? SPAN_ABSENT : span_str(text);
}

static enum status key_used(
	struct db *db, const struct usage_item *item, int64_t at_us, const uint8_t *digest)
{
	struct db_value token = digest == NULL ? DB_NULL : DB_BLOB(digest, DIGEST_SIZE);

	return db_run(db,
		"INSERT INTO key_uses (key_slot, used_at_us, address, gateway, token)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key_slot) DO UPDATE SET"
		" used_at_us = excluded.used_at_us, address = excluded.address,"
		" gateway = excluded.gateway, token = excluded.token"
		" WHERE excluded.used_at_us >= key_uses.used_at_us",
		DB_INT(item->key_slot), DB_INT(at_us), DB_TEXT(text_or_absent(item->address)),
		DB_TEXT(text_or_absent(item->gateway)), token);
}

static enum status token_used(struct db *db, const struct usage_item *item, int64_t at_us,
	const uint8_t digest[DIGEST_SIZE])
{
	return db_run(db,
		"INSERT INTO token_uses (key_slot, digest, used_at_us, address, gateway)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key_slot, digest) DO UPDATE SET"
		" used_at_us = excluded.used_at_us, address = excluded.address,"
		" gateway = excluded.gateway WHERE excluded.used_at_us >= token_uses.used_at_us",
		DB_INT(item->key_slot), DB_BLOB(digest, DIGEST_SIZE), DB_INT(at_us),
		DB_TEXT(text_or_absent(item->address)), DB_TEXT(text_or_absent(item->gateway)));
}

static enum status client_used(struct db *db, const struct usage_item *item, int64_t at_us,
	const uint8_t digest[DIGEST_SIZE])
{
	enum status st = db_run(db,
		"INSERT INTO token_clients (key_slot, digest, address, used_at_us, uses)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key_slot, digest, address)"
		" DO UPDATE SET used_at_us = CASE WHEN excluded.used_at_us >"
		" token_clients.used_at_us THEN excluded.used_at_us ELSE token_clients.used_at_us"
		" END, uses = token_clients.uses + excluded.uses",
		DB_INT(item->key_slot), DB_BLOB(digest, DIGEST_SIZE),
		DB_TEXT(span_str(item->address)), DB_INT(at_us),
		DB_INT(item->is_client ? item->uses : 0));

	if (st != ST_OK)
		return st;
	return db_run(db,
		"DELETE FROM token_clients WHERE key_slot = $1 AND digest = $2 AND address IN"
		" (SELECT c.address FROM token_clients c WHERE c.key_slot = $1 AND c.digest = $2"
		" ORDER BY c.used_at_us DESC, c.address LIMIT 1000 OFFSET $3)",
		DB_INT(item->key_slot), DB_BLOB(digest, DIGEST_SIZE), DB_INT(USAGE_CLIENTS_MAX));
}

/* Of a token that was proven, of which the key's is known. */
static enum status last_set(struct db *db, const struct usage_item *item, int64_t now_us)
{
	int64_t at_us = item->at_us > now_us || item->at_us < 0 ? now_us : item->at_us;
	bool allowed = item->cause[0] == '\0' && !item->is_client;
	uint8_t digest[DIGEST_SIZE];
	enum status st = token_find(db, item, at_us, digest);
	bool known = st == ST_OK;

	if (!known && st != ST_NOT_FOUND)
		return st;
	st = allowed ? key_used(db, item, at_us, known ? digest : NULL) : ST_OK;
	if (st == ST_OK && known)
		st = token_used(db, item, at_us, digest);
	/* The uses of a retired token come with their clients. */
	if (st != ST_OK || !known || (item->token == USAGE_RETIRED && !item->is_client))
		return st;
	return client_used(db, item, at_us, digest);
}

/* ---- a batch ---- */

static enum status item_add(struct db *db, const struct usage_item *item, int64_t now_us)
{
	struct place place;
	enum status st = place_of(db, item, now_us, &place);

	if (st == ST_OK && !item->is_client)
		st = count_add(db, item, &place);
	if (st != ST_OK || place.key == 0 || item->token == USAGE_TOKEN_NONE)
		return st;
	return last_set(db, item, now_us);
}

struct storing {
	const struct usage_batch *batch;
	int64_t now_us;
};

static enum status batch_add(struct db *db, void *context)
{
	const struct storing *storing = context;
	const struct usage_batch *batch = storing->batch;
	int64_t last = 0;
	enum status st = db_one_int(db, "SELECT batch FROM usage_drain WHERE id = 1", &last);

	/* U2 */
	if (st != ST_OK || last == batch->id)
		return st;
	for (size_t i = 0; st == ST_OK && i < batch->items_count; i++)
		st = item_add(db, &batch->items[i], storing->now_us);
	return st != ST_OK ? st
			   : db_run(db,
				     "UPDATE usage_drain SET batch = $1, drained_at_us = $2"
				     " WHERE id = 1",
				     DB_INT(batch->id), DB_INT(storing->now_us));
}

enum status usage_store(struct records *records, const struct usage_batch *batch, int64_t now_us)
{
	struct storing storing = { batch, now_us };

	if (batch->items_count > USAGE_BATCH_MAX)
		return ST_INVALID;
	return writer_aside(records, batch_add, &storing);
}

/* ---- what is over ---- */

/* The first periods that stay (U5), and until when clients were seen last. */
struct purge {
	int64_t first_hour, first_day, clients_before_us;
	bool more;
};

static enum status first_kept(struct db *db, const char *count_sql, const char *oldest_sql,
	int64_t rows_max, int64_t *inout_first, bool *inout_any)
{
	int64_t rows = 0, oldest = 0;
	enum status st = db_one_int(db, count_sql, &rows);

	if (st != ST_OK || rows == 0)
		return st;
	st = db_one_int(db, oldest_sql, &oldest);
	if (rows > rows_max && oldest >= *inout_first)
		*inout_first = oldest + 1;
	*inout_any |= oldest < *inout_first;
	return st;
}

/* By a reader: counting rows would keep the writer from its changes. */
static enum status purge_plan(
	struct records *records, const struct usage_keep *keep, struct purge *purge, bool *out_any)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	int64_t clients = 0;
	enum status st = snapshot_begin(records, &snapshot);

	if (st == ST_OK)
		st = first_kept(snapshot->db, "SELECT COUNT(*) FROM usage_hours",
			"SELECT MIN(hour) FROM usage_hours", keep->rows_max, &purge->first_hour,
			out_any);
	if (st == ST_OK)
		st = first_kept(snapshot->db, "SELECT COUNT(*) FROM usage_days",
			"SELECT MIN(day) FROM usage_days", keep->rows_max, &purge->first_day,
			out_any);
	if (st == ST_OK)
		st = db_one_int(snapshot->db,
			"SELECT COUNT(*) FROM token_clients WHERE used_at_us < $1", &clients,
			DB_INT(purge->clients_before_us));
	*out_any |= clients > 0;
	return st == ST_OK || snapshot == NULL ? st : snapshot_note(snapshot, st);
}

#define PURGE(table, period)                                                                       \
	"DELETE FROM " table " WHERE (account_slot, " period                                       \
	", key_slot, route_slot, resource_slot, cause) IN (SELECT account_slot, " period           \
	", key_slot, route_slot, resource_slot, cause FROM " table " WHERE " period                \
	" < $1 ORDER BY " period " LIMIT $2)"

static enum status purge_rows(struct db *db, const char *sql, int64_t before, struct purge *purge)
{
	enum status st = db_run(db, sql, DB_INT(before), DB_INT(PIECE));

	if (st == ST_OK)
		purge->more |= db->driver->changed_rows(db) == PIECE;
	return st;
}

static enum status purge_piece(struct db *db, void *context)
{
	struct purge *purge = context;
	enum status st = purge_rows(db, PURGE("usage_hours", "hour"), purge->first_hour, purge);

	if (st == ST_OK)
		st = purge_rows(db, PURGE("usage_days", "day"), purge->first_day, purge);
	if (st != ST_OK)
		return st;
	return purge_rows(db,
		"DELETE FROM token_clients WHERE (key_slot, digest, address) IN"
		" (SELECT key_slot, digest, address FROM token_clients WHERE used_at_us < $1"
		" LIMIT $2)",
		purge->clients_before_us, purge);
}

enum status usage_purge(
	struct records *records, const struct usage_keep *keep, int64_t now_us, bool *out_more)
{
	struct purge purge = { .first_hour = now_us / US_PER_HOUR - keep->hours + 1,
		.first_day = now_us / US_PER_DAY - keep->days + 1,
		.clients_before_us = now_us - keep->days * US_PER_DAY };
	bool any = false;
	enum status st = purge_plan(records, keep, &purge, &any);

	if (st == ST_OK && any)
		st = writer_aside(records, purge_piece, &purge);
	*out_more = st == ST_OK && purge.more;
	return st;
}
