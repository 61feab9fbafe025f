/* What was counted, as it is asked for. Rows of no account of ours stand under account 0. */
#include "records/store.h"
#include "records/usage.h"

/* ---- sums ---- */

/*
 * $1: the account, or the key, of the scope; $2 until before $3: periods; $4 key, $5 route, $6
 * resource, 0: any; $7: 1, then $8 is the cause; $9: 1, refusals alone; $10 skip; $11 limit.
 */
#define SUMS                                                                                       \
	"SUM(CASE WHEN cause = '' THEN uses ELSE 0 END) AS allowed,"                               \
	" SUM(CASE WHEN cause = '' THEN 0 ELSE uses END) AS refused"
#define FILTERS(period)                                                                            \
	" AND " period " >= $2 AND " period " < $3 AND ($4 = 0 OR key_slot = $4)"                  \
	" AND ($5 = 0 OR route_slot = $5) AND ($6 = 0 OR resource_slot = $6)"                      \
	" AND ($7 = 0 OR cause = $8) AND ($9 = 0 OR cause <> '')"
#define PAGE " LIMIT $11 OFFSET $10"
#define BY_TIME(table, period, scope)                                                              \
	"SELECT " period ", '', " SUMS " FROM " table " WHERE " scope FILTERS(                     \
		period) " GROUP BY " period " ORDER BY " period PAGE
#define BY_SLOT(table, period, scope, slot)                                                        \
	"SELECT " slot ", '', " SUMS " FROM " table " WHERE " scope FILTERS(                       \
		period) " GROUP BY " slot " ORDER BY SUM(uses) DESC, " slot PAGE
#define BY_CAUSE(table, period, scope)                                                             \
	"SELECT 0, cause, " SUMS " FROM " table " WHERE " scope FILTERS(                           \
		period) " GROUP BY cause ORDER BY SUM(uses) DESC, cause" PAGE
#define ALL_BY(table, period, scope)                                                               \
	{                                                                                          \
		[USAGE_BY_TIME] = BY_TIME(table, period, scope),                                   \
		[USAGE_BY_KEY] = BY_SLOT(table, period, scope, "key_slot"),                        \
		[USAGE_BY_ROUTE] = BY_SLOT(table, period, scope, "route_slot"),                    \
		[USAGE_BY_RESOURCE] = BY_SLOT(table, period, scope, "resource_slot"),              \
		[USAGE_BY_CAUSE] = BY_CAUSE(table, period, scope),                                 \
	}
#define SUM_OF(table, period, scope)                                                               \
	"SELECT 0, '', COALESCE(SUM(CASE WHEN cause = '' THEN uses ELSE 0 END), 0),"               \
	" COALESCE(SUM(CASE WHEN cause = '' THEN 0 ELSE uses END), 0)"                             \
	" FROM " table " WHERE " scope                                                             \
	FILTERS(period) " AND $10 = $10 AND $11 = $11"

enum scope { SCOPE_ALL, SCOPE_ACCOUNT, SCOPE_KEY, SCOPE_COUNT };
#define IN_ALL "$1 = $1"
#define IN_ACCOUNT "account_slot = $1"
#define IN_KEY "key_slot = $1"

static const char *const HOURS[SCOPE_COUNT][USAGE_BY_COUNT] = {
	[SCOPE_ALL] = ALL_BY("usage_hours", "hour", IN_ALL),
	[SCOPE_ACCOUNT] = ALL_BY("usage_hours", "hour", IN_ACCOUNT),
	[SCOPE_KEY] = ALL_BY("usage_hours", "hour", IN_KEY),
};
static const char *const DAYS[SCOPE_COUNT][USAGE_BY_COUNT] = {
	[SCOPE_ALL] = ALL_BY("usage_days", "day", IN_ALL),
	[SCOPE_ACCOUNT] = ALL_BY("usage_days", "day", IN_ACCOUNT),
	[SCOPE_KEY] = ALL_BY("usage_days", "day", IN_KEY),
};
static const char *const HOURS_SUM[SCOPE_COUNT] = {
	[SCOPE_ALL] = SUM_OF("usage_hours", "hour", IN_ALL),
	[SCOPE_ACCOUNT] = SUM_OF("usage_hours", "hour", IN_ACCOUNT),
	[SCOPE_KEY] = SUM_OF("usage_hours", "hour", IN_KEY),
};
static const char *const DAYS_SUM[SCOPE_COUNT] = {
	[SCOPE_ALL] = SUM_OF("usage_days", "day", IN_ALL),
	[SCOPE_ACCOUNT] = SUM_OF("usage_days", "day", IN_ACCOUNT),
	[SCOPE_KEY] = SUM_OF("usage_days", "day", IN_KEY),
};

static enum scope scope_of(const struct usage_query *query)
{
	if (query->account_slot != 0)
		return SCOPE_ACCOUNT;
	return query->key_slot != 0 ? SCOPE_KEY : SCOPE_ALL;
}

static enum status sums_query(struct db *db, const char *sql, const struct usage_query *query,
	struct db_statement **out_rows)
{
	enum scope scope = scope_of(query);
	bool by_cause = span_present(query->cause);

	return db_query(db, sql, out_rows,
		DB_INT(scope == SCOPE_KEY ? query->key_slot : query->account_slot),
		DB_INT(query->from), DB_INT(query->until), DB_INT(query->key_slot),
		DB_INT(query->route_slot), DB_INT(query->resource_slot), DB_INT(by_cause),
		DB_TEXT(by_cause ? query->cause : SPAN_LIT("")), DB_INT(query->refused_only),
		DB_INT(query->skip), DB_INT(query->count_max));
}

static void row_of(struct db_statement *rows, struct usage_row *out)
{
	struct span cause = db_bytes(rows, 1);
	struct buf text = BUF_ARRAY(out->cause);

	out->value = db_int(rows, 0);
	out->cause[0] = '\0';
	buf_append(&text, cause);
	out->allowed = db_int(rows, 2);
	out->refused = db_int(rows, 3);
}

enum status usage_list(struct snapshot *snapshot, const struct usage_query *query,
	struct usage_row out_rows[LIMIT_PAGE], size_t *out_count)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	enum scope scope = scope_of(query);
	enum status st;

	*out_count = 0;
	if ((unsigned)query->by >= USAGE_BY_COUNT || query->count_max > LIMIT_PAGE)
		return ST_INVALID;
	st = sums_query(snapshot->db,
		query->days ? DAYS[scope][query->by] : HOURS[scope][query->by], query, &rows);
	while (st == ST_OK && *out_count < query->count_max) {
		st = db_step(rows);
		if (st == ST_OK)
			row_of(rows, &out_rows[(*out_count)++]);
	}
	return snapshot_note(snapshot, st == ST_NOT_FOUND ? ST_OK : st);
}

enum status usage_sum(
	struct snapshot *snapshot, const struct usage_query *query, struct usage_row *out_sum)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	enum scope scope = scope_of(query);
	enum status st = sums_query(
		snapshot->db, query->days ? DAYS_SUM[scope] : HOURS_SUM[scope], query, &rows);

	if (st == ST_OK)
		st = db_step(rows);
	if (st == ST_OK)
		row_of(rows, out_sum);
	return snapshot_note(snapshot, st);
}

/* ---- last use ---- */

static enum status seen_of(struct snapshot *snapshot, enum status st, struct db_statement *row,
	struct arena *arena, struct usage_seen *out_seen)
{
	*out_seen = (struct usage_seen){ .at_us = 0 };
	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_NOT_FOUND)
		return ST_OK;
	if (st == ST_OK) {
		out_seen->at_us = db_int(row, 0);
		st = span_keep(arena, db_bytes(row, 1), &out_seen->address);
	}
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 2), &out_seen->gateway);
	return snapshot_note(snapshot, st);
}

enum status usage_of_key(struct snapshot *snapshot, uint32_t key_slot, struct arena *arena,
	struct usage_seen *out_seen)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(snapshot->db,
		"SELECT used_at_us, address, gateway FROM key_uses WHERE key_slot = $1", &row,
		DB_INT(key_slot));

	return seen_of(snapshot, st, row, arena, out_seen);
}

enum status usage_of_token(struct snapshot *snapshot, uint32_t key_slot,
	const uint8_t digest[DIGEST_SIZE], struct arena *arena, struct usage_seen *out_seen)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(snapshot->db,
		"SELECT used_at_us, address, gateway FROM token_uses"
		" WHERE key_slot = $1 AND digest = $2",
		&row, DB_INT(key_slot), DB_BLOB(digest, DIGEST_SIZE));

	return seen_of(snapshot, st, row, arena, out_seen);
}

enum status usage_clients(struct snapshot *snapshot, uint32_t key_slot,
	const uint8_t digest[DIGEST_SIZE], struct arena *arena,
	struct usage_client out_clients[USAGE_CLIENTS_MAX], size_t *out_count)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	enum status st = db_query(snapshot->db,
		"SELECT address, used_at_us, uses FROM token_clients"
		" WHERE key_slot = $1 AND digest = $2 ORDER BY used_at_us DESC, address LIMIT $3",
		&rows, DB_INT(key_slot), DB_BLOB(digest, DIGEST_SIZE), DB_INT(USAGE_CLIENTS_MAX));

	*out_count = 0;
	while (st == ST_OK && *out_count < USAGE_CLIENTS_MAX && (st = db_step(rows)) == ST_OK) {
		struct usage_client *client = &out_clients[(*out_count)++];

		client->at_us = db_int(rows, 1);
		client->uses = db_int(rows, 2);
		st = span_keep(arena, db_bytes(rows, 0), &client->address);
	}
	return snapshot_note(snapshot, st == ST_NOT_FOUND ? ST_OK : st);
}

enum status usage_retired(struct snapshot *snapshot, const struct usage_slice *slice,
	struct arena *arena, struct usage_retired out_clients[LIMIT_PAGE], size_t *out_count)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	enum status st = slice->count_max > LIMIT_PAGE ? ST_INVALID : ST_OK;

	*out_count = 0;
	/* Uses are counted of those alone who sent it after it was retired. */
	if (st == ST_OK)
		st = db_query(snapshot->db,
			"SELECT c.key_slot, c.digest, c.address, c.used_at_us, c.uses"
			" FROM token_clients c JOIN tokens t ON t.key_slot = c.key_slot"
			" AND t.digest = c.digest JOIN app_keys k ON k.slot = c.key_slot"
			" WHERE c.used_at_us >= $2 AND t.kind = 3 AND c.uses > 0"
			" AND ($1 = 0 OR k.account_slot = $1)"
			" ORDER BY c.used_at_us DESC, c.key_slot, c.digest, c.address"
			" LIMIT $3 OFFSET $4",
			&rows, DB_INT(slice->account_slot), DB_INT(slice->since_us),
			DB_INT(slice->count_max), DB_INT(slice->skip));
	while (st == ST_OK && *out_count < slice->count_max && (st = db_step(rows)) == ST_OK) {
		struct usage_retired *client = &out_clients[(*out_count)++];
		struct span digest = db_bytes(rows, 1);

		if (digest.len != DIGEST_SIZE)
			return snapshot_note(snapshot, ST_DAMAGED);
		memcpy(client->digest, digest.ptr, DIGEST_SIZE);
		client->key_slot = (uint32_t)db_int(rows, 0);
		client->at_us = db_int(rows, 3);
		client->uses = db_int(rows, 4);
		st = span_keep(arena, db_bytes(rows, 2), &client->address);
	}
	return snapshot_note(snapshot, st == ST_NOT_FOUND ? ST_OK : st);
}

/* ---- resources ---- */

enum status usage_resources(struct snapshot *snapshot, const struct usage_slice *slice,
	struct usage_resource out_resources[LIMIT_PAGE], size_t *out_count)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	enum status st = slice->count_max > LIMIT_PAGE ? ST_INVALID : ST_OK;

	*out_count = 0;
	/* Through the profiles that keys are linked to: what nobody was given is not unused. */
	if (st == ST_OK)
		st = db_query(snapshot->db,
			"SELECT g.resource_slot, COALESCE(u.used_on, 0) AS last, g.profiles FROM"
			" (SELECT r.resource_slot, COUNT(*) AS profiles FROM profile_resources r"
			" JOIN profiles p ON p.slot = r.profile_slot WHERE p.account_slot = $1"
			" AND EXISTS (SELECT 1 FROM links l WHERE l.profile_slot = p.slot)"
			" GROUP BY r.resource_slot) g LEFT JOIN resource_uses u"
			" ON u.account_slot = $1 AND u.resource_slot = g.resource_slot"
			" WHERE COALESCE(u.used_on, 0) < $2 ORDER BY last, g.resource_slot"
			" LIMIT $3 OFFSET $4",
			&rows, DB_INT(slice->account_slot), DB_INT(slice->before_day),
			DB_INT(slice->count_max), DB_INT(slice->skip));
	while (st == ST_OK && *out_count < slice->count_max && (st = db_step(rows)) == ST_OK) {
		struct usage_resource *resource = &out_resources[(*out_count)++];

		resource->slot = (uint32_t)db_int(rows, 0);
		resource->used_on = db_int(rows, 1);
		resource->profiles = db_int(rows, 2);
	}
	return snapshot_note(snapshot, st == ST_NOT_FOUND ? ST_OK : st);
}

enum status usage_drained(struct records *records, struct usage_drained *out_drained)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = snapshot_begin(records, &snapshot);

	if (st != ST_OK)
		return st;
	st = db_query(snapshot->db,
		"SELECT batch, drained_at_us, since_us FROM usage_drain WHERE id = 1", &row);
	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		*out_drained =
			(struct usage_drained){ db_int(row, 0), db_int(row, 1), db_int(row, 2) };
	return snapshot_note(snapshot, st == ST_NOT_FOUND ? ST_DAMAGED : st);
}
