/*
 * Links: a key and a profile. The profile's account decides; a key of another
 * account is an external key there. An event of a link tells nothing else of
 * the key, which another account may own.
 */
#include "records/keys.h"

#include <stdio.h>

enum status link_target(struct change *change, uint32_t profile_slot, struct record_link *out_link)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(change_db(change),
		"SELECT p.account_slot, p.name, a.name FROM profiles p"
		" JOIN accounts a ON a.slot = p.account_slot WHERE p.slot = $1",
		&row, DB_INT(profile_slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	out_link->profile_slot = profile_slot;
	out_link->account_slot = (uint32_t)db_int(row, 0);
	st = span_keep(change->arena, db_bytes(row, 1), &out_link->profile);
	if (st == ST_OK)
		st = span_keep(change->arena, db_bytes(row, 2), &out_link->account);
	return st;
}

/* What of the key a link needs. */
struct link_key {
	uint32_t slot;
	uint32_t account_slot;
	struct span app_key;
	enum record_key_state state;
};

static enum status link_key_read(struct change *change, uint32_t slot, struct link_key *out_key)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(change_db(change),
		"SELECT app_key, account_slot, state FROM app_keys WHERE slot = $1", &row,
		DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	out_key->slot = slot;
	out_key->account_slot = (uint32_t)db_int(row, 1);
	out_key->state = (enum record_key_state)db_int(row, 2);
	return span_keep(change->arena, db_bytes(row, 0), &out_key->app_key);
}

static void link_append_json(
	struct buf *out, const struct link_key *key, const struct record_link *link)
{
	buf_append_char(out, '{');
	json_text(out, "appKey", key->app_key);
	json_number(out, "profileId", link->profile_slot);
	json_text(out, "profile", link->profile);
	json_text(out, "account", link->account);
	json_bool(out, "external", key->account_slot != link->account_slot);
	buf_append_char(out, '}');
}

static enum status link_event(struct change *change, const struct link_key *key,
	const struct record_link *link, bool added)
{
	CLEANUP(buf_free)
	struct buf json = buf_heap(16 * KIB);
	enum status st = ST_OK;

	link_append_json(&json, key, link);
	/* Another account's link does not show in the key's own version. */
	if (key->account_slot == link->account_slot)
		st = db_run(change_db(change),
			"UPDATE app_keys SET version = version + 1 WHERE slot = $1",
			DB_INT(key->slot));
	if (st != ST_OK)
		return st;
	return change_event(
		change, &(struct event_about){ .action = added ? "key.link" : "key.unlink",
				.account_slot = link->account_slot,
				.kind = ENTITY_KEY,
				.slot = key->slot,
				.id = key->app_key,
				.before = added ? SPAN_ABSENT : buf_span(&json),
				.after = added ? buf_span(&json) : SPAN_ABSENT });
}

/* ST_NOT_FOUND unless the key is linked in that account, which thus knows it already. */
static enum status link_known(struct change *change, uint32_t key_slot, uint32_t account_slot)
{
	int64_t found;

	return db_one_int(change_db(change),
		"SELECT key_slot FROM links WHERE key_slot = $1 AND account_slot = $2", &found,
		DB_INT(key_slot), DB_INT(account_slot));
}

static enum status link_begin(struct change *change, struct link_key *key, struct record_link *link,
	struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = link_target(change, link->profile_slot, link);
	if (st == ST_OK)
		st = change_need(change, link->account_slot, RIGHT_KEYS_EDIT, complaint);
	st = complain_missing(st, ENTITY_PROFILE, complaint);
	if (st != ST_OK)
		return st;
	st = link_key_read(change, key->slot, key);
	/* Nobody is told that another account's key exists; the operator may link it. */
	if (st == ST_OK && key->account_slot != link->account_slot &&
		(change->actor.kind == ACTOR_USER || change->actor.kind == ACTOR_TOKEN))
		st = link_known(change, key->slot, link->account_slot);
	return complain_missing(st, ENTITY_KEY, complaint);
}

static enum status link_room(
	struct change *change, const struct link_key *key, struct complaint *complaint)
{
	int64_t count = 0;
	enum status st = db_one_int(change_db(change),
		"SELECT COUNT(*) FROM links WHERE key_slot = $1", &count, DB_INT(key->slot));

	if (st == ST_OK && count >= (int64_t)LIMIT_PROFILES_PER_KEY) {
		complaint_set(complaint, "records.too_many_links", 0);
		return ST_LIMIT;
	}
	if (st == ST_OK && key->state == RECORD_KEY_REVOKED) {
		complaint_set(complaint, "records.key_is_revoked", 0);
		return ST_CONFLICT;
	}
	return st;
}

static enum status link_there(
	struct change *change, const struct link_key *key, const struct record_link *link)
{
	int64_t slot;

	return db_one_int(change_db(change),
		"SELECT profile_slot FROM links WHERE key_slot = $1 AND profile_slot = $2", &slot,
		DB_INT(key->slot), DB_INT(link->profile_slot));
}

static enum status link_insert(struct change *change, const struct link_key *key,
	const struct record_link *link, struct complaint *complaint)
{
	enum status st = link_there(change, key, link);

	if (st == ST_OK) {
		complaint_set(complaint, "records.link_exists", 0);
		return ST_EXISTS;
	}
	if (st != ST_NOT_FOUND)
		return st;
	st = link_room(change, key, complaint);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"INSERT INTO links (key_slot, profile_slot, account_slot, is_external)"
			" VALUES ($1, $2, $3, $4)",
			DB_INT(key->slot), DB_INT(link->profile_slot), DB_INT(link->account_slot),
			DB_INT(key->account_slot != link->account_slot));
	if (st == ST_OK)
		st = link_event(change, key, link, true);
	return st;
}

enum status link_add(struct change *change, uint32_t key_slot, uint32_t profile_slot,
	struct complaint *complaint)
{
	struct link_key key = { .slot = key_slot };
	struct record_link link = { .profile_slot = profile_slot };
	enum status st = link_begin(change, &key, &link, complaint);

	if (st == ST_OK)
		st = link_insert(change, &key, &link, complaint);
	return change_leave(change, st);
}

static enum status link_delete(
	struct change *change, const struct link_key *key, const struct record_link *link)
{
	enum status st = link_there(change, key, link);

	if (st == ST_OK)
		st = db_run(change_db(change),
			"DELETE FROM links WHERE key_slot = $1 AND profile_slot = $2",
			DB_INT(key->slot), DB_INT(link->profile_slot));
	if (st == ST_OK)
		st = link_event(change, key, link, false);
	change->narrows |= st == ST_OK;
	return st;
}

enum status link_drop(struct change *change, uint32_t key_slot, uint32_t profile_slot)
{
	struct link_key key;
	struct record_link link;
	enum status st = link_target(change, profile_slot, &link);

	if (st == ST_OK)
		st = link_key_read(change, key_slot, &key);
	if (st == ST_OK)
		st = link_delete(change, &key, &link);
	return st == ST_NOT_FOUND ? ST_DAMAGED : st;
}

enum status link_remove(struct change *change, uint32_t key_slot, uint32_t profile_slot,
	struct complaint *complaint)
{
	struct link_key key = { .slot = key_slot };
	struct record_link link = { .profile_slot = profile_slot };
	enum status st = link_begin(change, &key, &link, complaint);

	if (st != ST_OK)
		return change_leave(change, st);
	st = link_delete(change, &key, &link);
	if (st == ST_NOT_FOUND)
		complaint_set(complaint, "records.no_link", 0);
	return change_leave(change, st);
}
