/* Collections: scans of all records of a kind, pages of slots, and counts. */
#include "records/store.h"

#include <assert.h>
#include <stdio.h>

/* ---- scans ---- */

typedef enum status visit_fn(struct db *db, uint32_t slot, struct arena *arena, void *visitor);

static enum status visit_row(
	struct db *db, struct db_statement *row, visit_fn *visit, void *visitor)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(ROW_ARENA_MAX);

	if (arena == NULL)
		return ST_NO_MEMORY;
	return visit(db, (uint32_t)db_int(row, 0), arena, visitor);
}

static enum status each_slot(
	struct snapshot *snapshot, const char *sql, visit_fn *visit, void *visitor)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	enum status st = db_query(snapshot->db, sql, &rows);

	while (st == ST_OK) {
		st = db_step(rows);
		if (st == ST_NOT_FOUND)
			return ST_OK;
		if (st == ST_OK)
			st = visit_row(snapshot->db, rows, visit, visitor);
	}
	return snapshot_note(snapshot, st);
}

struct account_visitor {
	snapshot_account_fn *fn;
	void *arg;
};

static enum status visit_account(struct db *db, uint32_t slot, struct arena *arena, void *visitor)
{
	const struct account_visitor *v = visitor;
	struct record_account account;
	enum status st = account_read(db, slot, arena, &account);

	return st == ST_OK ? v->fn(v->arg, &account) : st;
}

enum status snapshot_each_account(struct snapshot *snapshot, snapshot_account_fn *fn, void *arg)
{
	struct account_visitor visitor = { fn, arg };

	return each_slot(
		snapshot, "SELECT slot FROM accounts ORDER BY slot", visit_account, &visitor);
}

struct profile_visitor {
	snapshot_profile_fn *fn;
	void *arg;
};

static enum status visit_profile(struct db *db, uint32_t slot, struct arena *arena, void *visitor)
{
	const struct profile_visitor *v = visitor;
	struct record_profile profile;
	enum status st = profile_read(db, slot, arena, &profile);

	return st == ST_OK ? v->fn(v->arg, &profile) : st;
}

enum status snapshot_each_profile(struct snapshot *snapshot, snapshot_profile_fn *fn, void *arg)
{
	struct profile_visitor visitor = { fn, arg };

	return each_slot(snapshot,
		"SELECT slot FROM profiles WHERE account_slot <> 0 ORDER BY slot", visit_profile,
		&visitor);
}

struct resource_visitor {
	snapshot_resource_fn *fn;
	void *arg;
};

static enum status visit_resource(struct db *db, uint32_t slot, struct arena *arena, void *visitor)
{
	const struct resource_visitor *v = visitor;
	struct record_resource resource;
	enum status st = resource_read(db, slot, arena, &resource);

	return st == ST_OK ? v->fn(v->arg, &resource) : st;
}

enum status snapshot_each_resource(struct snapshot *snapshot, snapshot_resource_fn *fn, void *arg)
{
	struct resource_visitor visitor = { fn, arg };

	return each_slot(
		snapshot, "SELECT slot FROM resources ORDER BY slot", visit_resource, &visitor);
}

struct service_visitor {
	snapshot_service_fn *fn;
	void *arg;
};

static enum status visit_service(struct db *db, uint32_t slot, struct arena *arena, void *visitor)
{
	const struct service_visitor *v = visitor;
	struct record_service service;
	enum status st = service_read(db, slot, arena, &service);

	return st == ST_OK ? v->fn(v->arg, &service) : st;
}

enum status snapshot_each_service(struct snapshot *snapshot, snapshot_service_fn *fn, void *arg)
{
	struct service_visitor visitor = { fn, arg };

	return each_slot(
		snapshot, "SELECT slot FROM services ORDER BY slot", visit_service, &visitor);
}

struct route_visitor {
	snapshot_route_fn *fn;
	void *arg;
};

static enum status visit_route(struct db *db, uint32_t slot, struct arena *arena, void *visitor)
{
	const struct route_visitor *v = visitor;
	struct record_route route;
	enum status st = route_read(db, slot, arena, &route);

	return st == ST_OK ? v->fn(v->arg, &route) : st;
}

enum status snapshot_each_route(struct snapshot *snapshot, snapshot_route_fn *fn, void *arg)
{
	struct route_visitor visitor = { fn, arg };

	return each_slot(snapshot, "SELECT slot FROM routes ORDER BY slot", visit_route, &visitor);
}

/* ---- pages ---- */

/* $1 after, $2 limit, $3 the collection's owner, $4 a LIKE pattern or ''; keys: $5 $6 too. */
#define PAGE " ORDER BY slot LIMIT $2"
#define LIKE(column) "($4 = '' OR LOWER(" column ") LIKE $4 ESCAPE '\\')"

static const char *const PAGES[ENTITY_KIND_COUNT] = {
	[ENTITY_ACCOUNT] =
		"SELECT slot FROM accounts WHERE slot > $1 AND ($3 = 0 OR slot = $3) AND " LIKE(
			"name") PAGE,
	[ENTITY_USER] = "SELECT slot FROM users WHERE slot > $1 AND account_slot = $3"
			" AND ($4 = '' OR LOWER(name) LIKE $4 ESCAPE '\\'"
			" OR email_key LIKE $4 ESCAPE '\\')" PAGE,
	[ENTITY_PROFILE] = "SELECT slot FROM profiles WHERE slot > $1 AND account_slot = $3"
			   " AND account_slot <> 0 AND " LIKE("name") PAGE,
	[ENTITY_PREDEFINED] = "SELECT slot FROM profiles WHERE slot > $1 AND account_slot = 0"
			      " AND $3 = $3 AND " LIKE("name") PAGE,
	[ENTITY_RESOURCE] = "SELECT slot FROM resources WHERE slot > $1 AND $3 = $3"
			    " AND ($4 = '' OR LOWER(name) LIKE $4 ESCAPE '\\'"
			    " OR LOWER(resource_key) LIKE $4 ESCAPE '\\')" PAGE,
	[ENTITY_SERVICE] =
		"SELECT slot FROM services WHERE slot > $1 AND $3 = $3 AND " LIKE("name") PAGE,
	[ENTITY_MANAGEMENT_TOKEN] = "SELECT slot FROM management_tokens WHERE slot > $1"
				    " AND account_slot = $3 AND " LIKE("label") PAGE,
};

static const char ROUTES_PAGE[] =
	"SELECT slot FROM routes WHERE slot > $1 AND ($3 = 0 OR service_slot = $3)"
	" AND ($5 = 0 OR slot IN (SELECT r.route_slot FROM route_resources r"
	" WHERE r.resource_slot = $5)) AND " LIKE("path") PAGE;

/*
 * $9: who looks, VIEWER_ALL or an account. Of the keys of others, which links bring into its
 * lists, only what is shown of them decides there, for a search that finds tells what it found:
 * the appKey stands for the label, and there is no age and no external id.
 */
#define SEEN(key) "($9 = 0 OR " key ".account_slot = $9)"
#define LABEL_SHOWN(key)                                                                           \
	"LOWER(CASE WHEN " SEEN(key) " THEN " key ".label ELSE " key ".app_key END)"
#define KEY_SEEN SEEN("k")
#define KEY_LABEL LABEL_SHOWN("k")

/* $7: the alerts, $8: now. As prose in snapshot.h; a revoked key has none of them. */
#define ALERT(bit, condition) " OR (($7 & " #bit ") <> 0 AND " condition ")"
#define TOKEN_OLDER_BY(us)                                                                         \
	"EXISTS (SELECT 1 FROM tokens t WHERE t.key_slot = k.slot AND t.kind = 1"                  \
	" AND t.created_at_us <= $8 - " #us ")"
#define NOT_USED_SINCE(us)                                                                         \
	"k.created_at_us <= $8 - " #us " AND (SELECT since_us FROM usage_drain) <= $8 - " #us      \
	" AND NOT EXISTS (SELECT 1 FROM key_uses u WHERE u.key_slot = k.slot"                      \
	" AND u.used_at_us > $8 - " #us ")"
#define LINK_WAITING                                                                               \
	"EXISTS (SELECT 1 FROM handovers h WHERE h.key_slot = k.slot AND h.opened_at_us = 0"       \
	" AND h.voided_at_us = 0 AND h.expires_at_us > $8)"
#define KEY_ALERTS                                                                                 \
	" AND ($7 = 0 OR (" KEY_SEEN " AND k.state <> 3 AND (1 = 0" ALERT(1,                       \
		"NOT EXISTS (SELECT 1 FROM links a WHERE a.key_slot = k.slot"                      \
		" AND a.is_external = 0)") ALERT(2, TOKEN_OLDER_BY(7776000000000))                 \
		ALERT(4, TOKEN_OLDER_BY(15552000000000)) ALERT(8, "k.rotation_open = 1") ALERT(    \
			16, "k.expires_at_us > $8 AND k.expires_at_us <= $8 + 1209600000000")      \
			ALERT(32, "k.expires_at_us > 0 AND k.expires_at_us <= $8") ALERT(64,       \
				"NOT EXISTS (SELECT 1 FROM key_uses u WHERE u.key_slot = k.slot)") \
				ALERT(128, NOT_USED_SINCE(2592000000000))                          \
					ALERT(256, NOT_USED_SINCE(7776000000000))                  \
						ALERT(512, LINK_WAITING) ")))"

static_assert(KEY_TOKEN_OLD_US == 7776000000000 && KEY_TOKEN_VERY_OLD_US == 15552000000000 &&
		      KEY_EXPIRING_US == 1209600000000 && KEY_ALERT_EXPIRED == 32 &&
		      KEY_UNUSED_US == 2592000000000 && KEY_LONG_UNUSED_US == 7776000000000 &&
		      KEY_ALERT_LONG_UNUSED == 256 && KEY_ALERT_LINK_WAITING == 512,
	"the numbers in KEY_ALERTS");

#define KEY_FILTERS                                                                                \
	" AND ($5 = 0 OR k.state = $5)"                                                            \
	" AND ($6 = '' OR (k.external_id = $6 AND " KEY_SEEN "))"                                  \
	" AND ($4 = '' OR " KEY_LABEL " LIKE $4 ESCAPE '\\'"                                       \
	" OR LOWER(k.app_key) LIKE $4 ESCAPE '\\'"                                                 \
	" OR (" KEY_SEEN " AND LOWER(k.external_id) LIKE $4 ESCAPE '\\')) AND $8 = $8" KEY_ALERTS

/* A page's start and order, over the column that the index in use has the slot in. */
#define OLDEST(slot) slot " > $1" KEY_FILTERS " ORDER BY " slot " LIMIT $2"
#define NEWEST(slot) slot " < $1" KEY_FILTERS " ORDER BY " slot " DESC LIMIT $2"
/*
 * Behind the key b, which is one that the viewer sees, or one of the list (or_listed): a cursor is
 * what somebody sent, and where the labels of others stand is none of his business.
 */
#define BEHIND(or_listed)                                                                          \
	"(SELECT " LABEL_SHOWN("b") ", b.slot FROM app_keys b WHERE b.slot = $1 AND (" SEEN("b")   \
		or_listed "))"
#define BY_LABEL(behind)                                                                           \
	"($1 = 0 OR (" KEY_LABEL ", k.slot) > " behind ")" KEY_FILTERS " ORDER BY " KEY_LABEL      \
	", k.slot LIMIT $2"
/* The same by last use, of which nothing is told of the keys of others. */
#define USED_SHOWN(key)                                                                            \
	"(CASE WHEN " SEEN(key) " THEN COALESCE((SELECT u.used_at_us FROM key_uses u"              \
				" WHERE u.key_slot = " key ".slot), 0) ELSE 0 END)"
#define BY_USED(or_listed)                                                                         \
	"($1 = 0 OR (" USED_SHOWN("k") ", k.slot) > (SELECT " USED_SHOWN(                          \
		"b") ", b.slot"                                                                    \
		     " FROM app_keys b WHERE b.slot = $1 AND (" SEEN("b") or_listed                \
		")))" KEY_FILTERS " ORDER BY " USED_SHOWN("k") ", k.slot LIMIT $2"
#define OR_LINKED                                                                                  \
	" OR EXISTS (SELECT 1 FROM links m WHERE m.key_slot = b.slot AND m.profile_slot = $3)"
#define NEWEST_START (INT64_C(1) + UINT32_MAX)

#define IN_ALL "SELECT k.slot FROM app_keys k WHERE $3 = $3 AND "
#define IN_ACCOUNT "SELECT k.slot FROM app_keys k WHERE k.account_slot = $3 AND "
#define IN_PROFILE                                                                                 \
	"SELECT k.slot FROM links l JOIN app_keys k ON k.slot = l.key_slot"                        \
	" WHERE l.profile_slot = $3 AND "
#define FROM_OUTSIDE                                                                               \
	"SELECT DISTINCT l.key_slot FROM links l JOIN app_keys k ON k.slot = l.key_slot"           \
	" WHERE l.account_slot = $3 AND l.is_external = 1 AND "

static const char *const KEYS_ALL[KEY_ORDER_COUNT] = {
	IN_ALL OLDEST("k.slot"),
	IN_ALL NEWEST("k.slot"),
	IN_ALL BY_LABEL(BEHIND("")),
	IN_ALL BY_USED(""),
};
static const char *const KEYS_OF_ACCOUNT[KEY_ORDER_COUNT] = {
	IN_ACCOUNT OLDEST("k.slot"),
	IN_ACCOUNT NEWEST("k.slot"),
	IN_ACCOUNT BY_LABEL(BEHIND("")),
	IN_ACCOUNT BY_USED(""),
};
static const char *const KEYS_OF_PROFILE[KEY_ORDER_COUNT] = {
	IN_PROFILE OLDEST("l.key_slot"),
	IN_PROFILE NEWEST("l.key_slot"),
	IN_PROFILE BY_LABEL(BEHIND(OR_LINKED)),
	IN_PROFILE BY_USED(OR_LINKED),
};
/* Not by label nor use: that is their own account's business. */
static const char *const KEYS_FROM_OUTSIDE[KEY_ORDER_COUNT] = {
	FROM_OUTSIDE OLDEST("l.key_slot"),
	FROM_OUTSIDE NEWEST("l.key_slot"),
	NULL,
	NULL,
};

/* Any text that holds the search: its own wildcards are plain characters. */
static enum status pattern_make(struct buf *out, struct span search)
{
	if (search.len == 0)
		return ST_OK;
	buf_append_char(out, '%');
	for (size_t i = 0; i < search.len; i++) {
		char c = search.ptr[i];

		if (c == '%' || c == '_' || c == '\\')
			buf_append_char(out, '\\');
		buf_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
	}
	buf_append_char(out, '%');
	return buf_ok(out) && span_is_utf8(search) ? ST_OK : ST_INVALID;
}

static enum status keys_query(struct db *db, const struct list_query *query, struct span pattern,
	struct db_statement **out_rows)
{
	const char *const *orders = KEYS_ALL;
	bool from_start = query->after_slot == 0;
	int64_t after =
		query->order == KEY_ORDER_NEWEST && from_start ? NEWEST_START : query->after_slot;
	uint32_t of = 0;
	struct span external_id =
		span_present(query->external_id) ? query->external_id : SPAN_LIT("");

	if (query->profile_slot != 0) {
		orders = KEYS_OF_PROFILE;
		of = query->profile_slot;
	} else if (query->linked_in != 0) {
		orders = KEYS_FROM_OUTSIDE;
		of = query->linked_in;
	} else if (query->account_slot != 0) {
		orders = KEYS_OF_ACCOUNT;
		of = query->account_slot;
	}
	if ((unsigned)query->order >= KEY_ORDER_COUNT || orders[query->order] == NULL)
		return ST_INVALID;
	return db_query(db, orders[query->order], out_rows, DB_INT(after), DB_INT(query->count_max),
		DB_INT(of), DB_TEXT(pattern), DB_INT(query->state), DB_TEXT(external_id),
		DB_INT(query->alerts), DB_INT(query->now_us), DB_INT(query->viewer));
}

static enum status page_query(struct db *db, const struct list_query *query, struct span pattern,
	struct db_statement **out_rows)
{
	if (query->kind == ENTITY_KEY)
		return keys_query(db, query, pattern, out_rows);
	if (query->kind == ENTITY_ROUTE)
		return db_query(db, ROUTES_PAGE, out_rows, DB_INT(query->after_slot),
			DB_INT(query->count_max), DB_INT(query->service_slot), DB_TEXT(pattern),
			DB_INT(query->resource_slot));
	if ((unsigned)query->kind >= ENTITY_KIND_COUNT || PAGES[query->kind] == NULL)
		return ST_INVALID;
	return db_query(db, PAGES[query->kind], out_rows, DB_INT(query->after_slot),
		DB_INT(query->count_max), DB_INT(query->account_slot), DB_TEXT(pattern));
}

enum status snapshot_list(struct snapshot *snapshot, const struct list_query *query,
	uint32_t out_slots[LIMIT_PAGE], size_t *out_count)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	char memory[2 * LIMIT_EXTERNAL_ID + 8];
	struct buf pattern = BUF_ARRAY(memory);
	enum status st = pattern_make(&pattern, query->search);

	*out_count = 0;
	if (query->count_max == 0 || query->count_max > LIMIT_PAGE)
		return ST_INVALID;
	if (st == ST_OK)
		st = page_query(snapshot->db, query, buf_span(&pattern), &rows);
	while (st == ST_OK && *out_count < query->count_max) {
		st = db_step(rows);
		if (st == ST_OK)
			out_slots[(*out_count)++] = (uint32_t)db_int(rows, 0);
	}
	return snapshot_note(snapshot, st == ST_NOT_FOUND ? ST_OK : st);
}

enum status snapshot_profile_keys(
	struct snapshot *snapshot, uint32_t profile_slot, int64_t *out_count)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(snapshot->db,
		"SELECT COUNT(*) FROM links WHERE profile_slot = $1", &row, DB_INT(profile_slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		*out_count = db_int(row, 0);
	return snapshot_note(snapshot, st == ST_NOT_FOUND ? ST_DAMAGED : st);
}

enum status snapshot_counts(struct snapshot *snapshot, struct record_counts *out_counts)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(snapshot->db,
		"SELECT (SELECT COUNT(*) FROM accounts), (SELECT COUNT(*) FROM users),"
		" (SELECT COUNT(*) FROM profiles WHERE account_slot <> 0),"
		" (SELECT COUNT(*) FROM resources), (SELECT COUNT(*) FROM services),"
		" (SELECT COUNT(*) FROM routes),"
		" (SELECT last FROM counters WHERE name = 'key')",
		&row);

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return snapshot_note(snapshot, st == ST_NOT_FOUND ? ST_DAMAGED : st);
	*out_counts = (struct record_counts){ .accounts = db_int(row, 0),
		.users = db_int(row, 1),
		.profiles = db_int(row, 2),
		.resources = db_int(row, 3),
		.services = db_int(row, 4),
		.routes = db_int(row, 5),
		.keys = db_int(row, 6) };
	return ST_OK;
}
