/*
 * What a restored older database gives back: the databases that restores put
 * aside are compared with it, those that are of its epoch or a later one. An
 * older epoch's was given up for good when somebody accepted the restore.
 */
#include "records/backup.h"

#include "records/store.h"

#define PEOPLE_SINCE_VERSION 4 /* of the schema */

static const char *const KIND_NAMES[] = {
	[LOST_REVOKED] = "key_revoked",
	[LOST_DEACTIVATED] = "key_deactivated",
	[LOST_RETIRED] = "token_retired",
	[LOST_SUSPENDED] = "account_suspended",
	[LOST_MANAGEMENT] = "management_token_revoked",
	[LOST_USER_SUSPENDED] = "user_suspended",
	[LOST_USER_LOGIN] = "user_login_changed",
	[LOST_USER_PROFILE] = "user_profile_removed",
};

const char *lost_kind_name(enum lost_kind kind)
{
	return (unsigned)kind < ARRAY_LEN(KIND_NAMES) ? KIND_NAMES[kind] : NULL;
}

struct comparison {
	struct db *old, *newer;
	lost_fn *fn;
	void *arg;
};

/* The number in the first column of the one row; -1: no row. */
static enum status number_of(enum status st, struct db_statement *row, int64_t *out_number)
{
	*out_number = -1;
	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		*out_number = db_int(row, 0);
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status old_state_of_key(struct db *old, struct span app_key, int64_t *out_state)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(
		old, "SELECT state FROM app_keys WHERE app_key = $1", &row, DB_TEXT(app_key));

	return number_of(st, row, out_state);
}

static enum status old_kind_of_token(struct db *old, struct span digest, int64_t *out_kind)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(old, "SELECT kind FROM tokens WHERE digest = $1", &row,
		DB_BLOB(digest.ptr, digest.len));

	return number_of(st, row, out_kind);
}

static enum status old_state_of_account(struct db *old, struct span name, int64_t *out_state)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st =
		db_query(old, "SELECT state FROM accounts WHERE name = $1", &row, DB_TEXT(name));

	return number_of(st, row, out_state);
}

static enum status keys_compare(const struct comparison *c)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	int64_t state;
	enum status st = db_query(c->newer,
		"SELECT k.app_key, a.name, k.state FROM app_keys k"
		" JOIN accounts a ON a.slot = k.account_slot WHERE k.state <> $1"
		" ORDER BY k.slot",
		&rows, DB_INT(RECORD_KEY_ACTIVE));

	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		bool revoked = db_int(rows, 2) == RECORD_KEY_REVOKED;
		struct lost lost = { .kind = revoked ? LOST_REVOKED : LOST_DEACTIVATED,
			.account = db_bytes(rows, 1),
			.app_key = db_bytes(rows, 0) };

		st = old_state_of_key(c->old, lost.app_key, &state);
		if (st == ST_OK &&
			(state == RECORD_KEY_ACTIVE || (revoked && state == RECORD_KEY_INACTIVE)))
			st = c->fn(c->arg, &lost);
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status tokens_compare(const struct comparison *c)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	int64_t kind;
	/* Of keys that are alive; those of the others were named already. */
	enum status st = db_query(c->newer,
		"SELECT t.digest, k.app_key, a.name FROM tokens t"
		" JOIN app_keys k ON k.slot = t.key_slot"
		" JOIN accounts a ON a.slot = k.account_slot"
		" WHERE t.kind = $1 AND k.state = $2 ORDER BY k.slot, t.digest",
		&rows, DB_INT(RECORD_TOKEN_RETIRED), DB_INT(RECORD_KEY_ACTIVE));

	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		struct lost lost = { .kind = LOST_RETIRED,
			.account = db_bytes(rows, 2),
			.app_key = db_bytes(rows, 1) };

		st = old_kind_of_token(c->old, db_bytes(rows, 0), &kind);
		if (st == ST_OK && kind >= 0 && kind != RECORD_TOKEN_RETIRED)
			st = c->fn(c->arg, &lost);
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status accounts_compare(const struct comparison *c)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	int64_t state;
	enum status st =
		db_query(c->newer, "SELECT name FROM accounts WHERE state = $1 ORDER BY slot",
			&rows, DB_INT(ACCOUNT_SUSPENDED));

	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		struct lost lost = {
			.kind = LOST_SUSPENDED, .account = db_bytes(rows, 0), .app_key = SPAN_ABSENT
		};

		st = old_state_of_account(c->old, lost.account, &state);
		if (st == ST_OK && state == ACCOUNT_ACTIVE)
			st = c->fn(c->arg, &lost);
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status old_has_row(struct db *old, const char *sql, struct span digest, bool *out_has)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	int64_t number;
	enum status st = db_query(old, sql, &row, DB_BLOB(digest.ptr, digest.len));

	st = number_of(st, row, &number);
	*out_has = number >= 0;
	return st;
}

static enum status management_tokens_compare(const struct comparison *c)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	bool is_live;
	enum status st = db_query(c->newer,
		"SELECT t.digest, a.name FROM management_tokens t"
		" JOIN accounts a ON a.slot = t.account_slot WHERE t.revoked_at_us <> 0"
		" ORDER BY t.slot",
		&rows);

	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		struct lost lost = { .kind = LOST_MANAGEMENT,
			.account = db_bytes(rows, 1),
			.app_key = SPAN_ABSENT };

		st = old_has_row(c->old,
			"SELECT slot FROM management_tokens"
			" WHERE digest = $1 AND revoked_at_us = 0",
			db_bytes(rows, 0), &is_live);
		if (st == ST_OK && is_live)
			st = c->fn(c->arg, &lost);
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* What the newer database says of a user who is active in the older one. */
enum user_since {
	USER_SINCE_GONE = -1, /* nothing: it is of another history */
	USER_SINCE_SUSPENDED = 0,
	USER_SINCE_OTHER_LOGIN = 1,
	USER_SINCE_SAME = 2
};

/* Slots are given once; created_at_us as well, should the histories part before him. */
static enum status user_since(struct db *newer, struct db_statement *old, int64_t *out_since)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct span password = db_bytes(old, 4), totp = db_bytes(old, 5);
	enum status st;

	/* Who had no login has none to get back. */
	if (!span_present(password))
		st = db_query(newer,
			"SELECT CASE WHEN state <> $3 THEN 0 ELSE 2 END FROM users"
			" WHERE slot = $1 AND created_at_us = $2",
			&row, DB_INT(db_int(old, 0)), DB_INT(db_int(old, 1)), DB_INT(USER_ACTIVE));
	else
		st = db_query(newer,
			"SELECT CASE WHEN u.state <> $3 THEN 0"
			" WHEN c.password = $4 AND c.totp = $5 THEN 2 ELSE 1 END"
			" FROM users u LEFT JOIN credentials c ON c.user_slot = u.slot"
			" WHERE u.slot = $1 AND u.created_at_us = $2",
			&row, DB_INT(db_int(old, 0)), DB_INT(db_int(old, 1)), DB_INT(USER_ACTIVE),
			DB_TEXT(password), DB_BLOB(totp.ptr, totp.len));
	return number_of(st, row, out_since);
}

/* Sessions, links and codes of the older one are closed; what a person knows and may is not. */
static enum status users_compare(const struct comparison *c)
{
	CLEANUP(db_finish)
	struct db_statement *old = NULL;
	int64_t since;
	enum status st = db_query(c->old,
		"SELECT u.slot, u.created_at_us, u.email, a.name, c.password, c.totp FROM users u"
		" JOIN accounts a ON a.slot = u.account_slot"
		" LEFT JOIN credentials c ON c.user_slot = u.slot"
		" WHERE u.state = $1 ORDER BY u.slot",
		&old, DB_INT(USER_ACTIVE));

	while (st == ST_OK && (st = db_step(old)) == ST_OK) {
		struct lost lost = { .account = db_bytes(old, 3),
			.app_key = SPAN_ABSENT,
			.user = db_bytes(old, 2) };

		st = user_since(c->newer, old, &since);
		if (st != ST_OK || since == USER_SINCE_GONE || since == USER_SINCE_SAME)
			continue;
		lost.kind = since == USER_SINCE_SUSPENDED ? LOST_USER_SUSPENDED : LOST_USER_LOGIN;
		st = c->fn(c->arg, &lost);
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* Of users who are active in both; those of the others came back with them. */
static enum status user_profiles_compare(const struct comparison *c)
{
	CLEANUP(db_finish)
	struct db_statement *old = NULL;
	int64_t held;
	enum status st = db_query(c->old,
		"SELECT u.slot, u.created_at_us, u.email, a.name, p.profile_slot"
		" FROM user_profiles p JOIN users u ON u.slot = p.user_slot"
		" JOIN accounts a ON a.slot = u.account_slot"
		" WHERE u.state = $1 ORDER BY u.slot, p.profile_slot",
		&old, DB_INT(USER_ACTIVE));

	while (st == ST_OK && (st = db_step(old)) == ST_OK) {
		CLEANUP(db_finish)
		struct db_statement *row = NULL;
		struct lost lost = { .kind = LOST_USER_PROFILE,
			.account = db_bytes(old, 3),
			.app_key = SPAN_ABSENT,
			.user = db_bytes(old, 2) };

		st = db_query(c->newer,
			"SELECT COUNT(p.profile_slot) FROM users u"
			" LEFT JOIN user_profiles p ON p.user_slot = u.slot AND p.profile_slot = $3"
			" WHERE u.slot = $1 AND u.created_at_us = $2 AND u.state = $4"
			" GROUP BY u.slot",
			&row, DB_INT(db_int(old, 0)), DB_INT(db_int(old, 1)),
			DB_INT(db_int(old, 4)), DB_INT(USER_ACTIVE));
		st = number_of(st, row, &held);
		if (st == ST_OK && held == 0)
			st = c->fn(c->arg, &lost);
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* Databases from before people could log in have nothing of theirs to give back. */
static enum status has_people(struct db *db, bool *out_has)
{
	int64_t version = 0;
	enum status st =
		db_one_int(db, "SELECT version FROM schema_version WHERE id = 1", &version);

	*out_has = version >= PEOPLE_SINCE_VERSION;
	return st;
}

static enum status people_compare(const struct comparison *c)
{
	bool old_has, newer_has;
	enum status st = has_people(c->old, &old_has);

	if (st == ST_OK)
		st = has_people(c->newer, &newer_has);
	if (st != ST_OK || !old_has || !newer_has)
		return st;
	st = management_tokens_compare(c);
	if (st == ST_OK)
		st = users_compare(c);
	return st != ST_OK ? st : user_profiles_compare(c);
}

static enum status compare(const struct comparison *c)
{
	enum status st = keys_compare(c);

	if (st == ST_OK)
		st = tokens_compare(c);
	if (st == ST_OK)
		st = accounts_compare(c);
	if (st == ST_OK)
		st = people_compare(c);
	return st;
}

/* ST_NOT_FOUND: not a newer one, or not to be read. */
static enum status newer_open(const struct db_driver *driver, const char *path,
	const struct head *old, struct db **out, struct head *out_head)
{
	enum status st = db_open(driver, path, DB_COPY, out);

	if (st == ST_OK)
		st = db_check_version(*out, NULL);
	if (st == ST_OK)
		st = head_read(*out, out_head);
	if (st != ST_OK)
		return ST_NOT_FOUND;
	return out_head->epoch >= old->epoch ? ST_OK : ST_NOT_FOUND;
}

static enum status one_aside(const struct db_driver *driver, const char *path, struct comparison *c,
	const struct head *old, int64_t *inout_events)
{
	CLEANUP(db_close)
	struct db *newer = NULL;
	struct head head;
	enum status st = newer_open(driver, path, old, &newer, &head);

	if (st != ST_OK)
		return st;
	c->newer = newer;
	st = compare(c);
	if (head.revision - old->revision > *inout_events)
		*inout_events = head.revision - old->revision;
	/* What cannot be read any further is not known. */
	return st == ST_DAMAGED || st == ST_FORMAT ? ST_NOT_FOUND : st;
}

enum status records_lost(const char *url, lost_fn *fn, void *arg, int64_t *out_events)
{
	CLEANUP(db_close)
	struct db *old = NULL;
	const char *location = NULL;
	const struct db_driver *driver = db_driver_of(url, &location);
	struct comparison c = { .fn = fn, .arg = arg };
	struct head head;
	char path[PATH_MAX];
	bool known = false;
	enum status st = driver == NULL ? ST_INVALID : db_open(driver, location, DB_COPY, &old);

	*out_events = 0;
	if (st == ST_OK)
		st = head_read(old, &head);
	if (st != ST_OK)
		return st;
	c.old = old;
	for (unsigned number = 1; driver->aside(location, number, path) == ST_OK; number++) {
		st = one_aside(driver, path, &c, &head, out_events);
		if (st != ST_OK && st != ST_NOT_FOUND)
			return st;
		known = known || st == ST_OK;
	}
	return known ? ST_OK : ST_NOT_FOUND;
}
