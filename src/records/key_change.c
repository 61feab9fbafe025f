/* Creating, editing, activating, deactivating and revoking keys. Revoked is final. */
#include "records/keys.h"

#include <stdlib.h>

/* ---- a key that exists ---- */

void key_step_free(struct key_step *step)
{
	buf_free(&step->before);
}

enum status key_step_begin(
	struct change *change, uint32_t slot, struct key_step *step, struct complaint *complaint)
{
	enum status st = change_enter(change);

	step->before = buf_heap(KEY_JSON_MAX);
	if (st == ST_OK)
		st = key_read(change_db(change), slot, change->arena, &step->key);
	if (st == ST_OK)
		st = change_need(change, step->key.account_slot, RIGHT_KEYS_EDIT, complaint);
	if (st == ST_OK)
		key_append_json_with(
			&step->before, &step->key, step->key.account_slot, change->records->digest);
	return complain_missing(st, ENTITY_KEY, complaint);
}

static enum status key_event(
	struct change *change, const char *action, const struct record_key *key, struct span before)
{
	CLEANUP(buf_free)
	struct buf after = buf_heap(KEY_JSON_MAX);

	key_append_json_with(&after, key, key->account_slot, change->records->digest);
	if (!buf_ok(&after))
		return ST_LIMIT;
	return change_event(change, &(struct event_about){ .action = action,
					    .account_slot = key->account_slot,
					    .kind = ENTITY_KEY,
					    .slot = key->slot,
					    .id = key->app_key,
					    .before = before,
					    .after = buf_span(&after) });
}

enum status key_touch(struct change *change, struct key_step *step, const char *action)
{
	struct record_key after;
	enum status st = db_run(change_db(change),
		"UPDATE app_keys SET version = version + 1 WHERE slot = $1",
		DB_INT(step->key.slot));

	if (!buf_ok(&step->before))
		return ST_LIMIT;
	if (st == ST_OK)
		st = key_read(change_db(change), step->key.slot, change->arena, &after);
	if (st == ST_OK)
		st = key_event(change, action, &after, buf_span(&step->before));
	return st;
}

static enum status refuse(struct complaint *complaint, const char *key)
{
	complaint_set(complaint, key, 0);
	return ST_CONFLICT;
}

/* ---- creating ---- */

/* As they are stored; absent when there is none. */
static struct span addresses_text(struct buf *out, const struct record_key *key)
{
	if (key->addresses_count == 0)
		return SPAN_ABSENT;
	addresses_append_text(out, key->addresses, key->addresses_count);
	return buf_span(out);
}

/* Room for every window at its ceiling. */
#define LIMITS_TEXT_MAX 160u

static struct span limits_text(struct buf *out, const struct record_key *key)
{
	if (!allowance_limits(&key->limits))
		return SPAN_ABSENT;
	allowance_append_text(out, &key->limits);
	return buf_span(out);
}

/*
 * Did the INSERT ... DO NOTHING do something? Asked so and not by RETURNING,
 * which makes SQLite keep a journal for each statement: an import is then slow.
 */
static enum status inserted(struct change *change, enum status st)
{
	struct db *db = change_db(change);

	return st == ST_OK && db->driver->changed_rows(db) == 0 ? ST_EXISTS : st;
}

static enum status key_row_insert(struct change *change, const struct record_key *key)
{
	char memory[ADDRESSES_TEXT_MAX], limits_memory[LIMITS_TEXT_MAX];
	struct buf addresses = BUF_ARRAY(memory), limits = BUF_ARRAY(limits_memory);
	enum status st = db_run(change_db(change),
		"INSERT INTO app_keys (slot, app_key, account_slot, state, reason, created_at_us,"
		" expires_at_us, revoked_at_us, rotation_open, rotation_ends_at_us, label,"
		" external_id, metadata, addresses, limits, version)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11, $12, $13, 1)"
		" ON CONFLICT (app_key) DO NOTHING",
		DB_INT(key->slot), DB_TEXT(key->app_key), DB_INT(key->account_slot),
		DB_INT(key->state), DB_INT(key->reason), DB_INT(key->created_at_us),
		DB_INT(key->expires_at_us), DB_INT(key->revoked_at_us), DB_TEXT(key->label),
		DB_TEXT(key->external_id), DB_TEXT(key->metadata),
		DB_TEXT(addresses_text(&addresses, key)), DB_TEXT(limits_text(&limits, key)));

	return inserted(change, st);
}

static enum status token_row_insert(
	struct change *change, uint32_t key_slot, const struct record_token *token)
{
	enum status st = db_run(change_db(change),
		"INSERT INTO tokens (key_slot, digest, kind, cause, created_at_us, retired_at_us,"
		" retired_by) VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (digest) DO NOTHING",
		DB_INT(key_slot), DB_BLOB(token->digest, DIGEST_SIZE), DB_INT(token->kind),
		DB_INT(token->cause), DB_INT(token->created_at_us), DB_INT(token->retired_at_us),
		DB_TEXT(token->retired_by));

	return inserted(change, st);
}

static enum status token_insert(
	struct change *change, const struct record_key *key, struct complaint *complaint)
{
	enum status st = ST_OK;

	if (key->tokens_count > 0)
		st = token_row_insert(change, key->slot, &key->tokens[0]);
	if (st != ST_EXISTS)
		return st;
	/* Nothing of the key stays, so that an import may go on with the next one. */
	complaint_set(complaint, "records.token_taken", 0);
	st = db_run(change_db(change), "DELETE FROM app_keys WHERE slot = $1", DB_INT(key->slot));
	return st == ST_OK ? ST_EXISTS : st;
}

enum status key_insert(
	struct change *change, const struct record_key *key, struct complaint *complaint)
{
	enum status st = key_row_insert(change, key);

	if (st == ST_EXISTS)
		complaint_set(complaint, "records.app_key_taken", 0);
	if (st == ST_OK)
		st = token_insert(change, key, complaint);
	for (size_t i = 0; st == ST_OK && i < key->links_count; i++)
		st = db_run(change_db(change),
			"INSERT INTO links (key_slot, profile_slot, account_slot, is_external)"
			" VALUES ($1, $2, $3, $4)",
			DB_INT(key->slot), DB_INT(key->links[i].profile_slot),
			DB_INT(key->links[i].account_slot),
			DB_INT(key->links[i].account_slot != key->account_slot));
	return st;
}

enum status key_create(struct change *change, const struct key_new *key, uint32_t *out_slot,
	struct complaint *complaint)
{
	struct key_memo memo = { 0 };
	struct record_key record;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = key_prepare(change, key, &memo, &record, complaint);
	if (st == ST_OK)
		st = slot_take(change_db(change), "key", 1, &record.slot);
	if (st == ST_OK)
		st = key_insert(change, &record, complaint);
	if (st == ST_OK)
		st = key_event(change, "key.create", &record, SPAN_ABSENT);
	if (st == ST_OK)
		*out_slot = record.slot;
	return change_leave(change, st);
}

/* ---- editing ---- */

static enum status key_texts_merge(struct change *change, const struct key_edit *edit,
	struct record_key *key, struct complaint *complaint)
{
	enum status st = ST_OK;

	if (span_present(edit->label)) {
		st = text_check(edit->label, "label", LIMIT_NAME, false, complaint);
		key->label = edit->label;
	}
	if (st == ST_OK && span_present(edit->external_id))
		st = external_id_check(change, edit->external_id, &key->external_id, complaint);
	if (st == ST_OK && span_present(edit->metadata))
		st = metadata_check(change, edit->metadata, &key->metadata, complaint);
	return st;
}

static enum status key_merge(struct change *change, const struct key_edit *edit,
	struct record_key *key, struct complaint *complaint)
{
	enum status st = key_texts_merge(change, edit, key, complaint);

	if (st == ST_OK && edit->set_addresses) {
		st = addresses_check(change, edit->addresses, edit->addresses_count,
			&key->addresses, &key->addresses_count, complaint);
		change->narrows |= st == ST_OK;
	}
	if (st == ST_OK && edit->set_expiry) {
		st = expiry_check(change, edit->expires_at_us, complaint);
		key->expires_at_us = edit->expires_at_us;
		change->narrows |= st == ST_OK;
	}
	if (st == ST_OK && edit->set_limits) {
		key->limits = edit->limits;
		change->narrows = true;
	}
	return st;
}

static bool limits_widen(const struct allowance *before, const struct allowance *after)
{
	for (unsigned i = 0; i < WINDOW_COUNT; i++) {
		if (before->counts[i] != 0 &&
			(after->counts[i] == 0 || after->counts[i] > before->counts[i]))
			return true;
	}
	return false;
}

static bool key_widens(const struct record_key *before, const struct record_key *after)
{
	if (!addresses_within(after->addresses, after->addresses_count, before->addresses,
		    before->addresses_count))
		return true;
	/* 0: never. */
	if (before->expires_at_us != 0 &&
		(after->expires_at_us == 0 || after->expires_at_us > before->expires_at_us))
		return true;
	/* It is handed to the upstream: another one is another customer. */
	if (!span_equal(before->external_id, after->external_id))
		return true;
	return limits_widen(&before->limits, &after->limits);
}

static enum status key_row_update(struct change *change, const struct record_key *key)
{
	char memory[ADDRESSES_TEXT_MAX], limits_memory[LIMITS_TEXT_MAX];
	struct buf addresses = BUF_ARRAY(memory), limits = BUF_ARRAY(limits_memory);

	return db_run(change_db(change),
		"UPDATE app_keys SET label = $2, external_id = $3, metadata = $4, addresses = $5,"
		" expires_at_us = $6, limits = $7 WHERE slot = $1",
		DB_INT(key->slot), DB_TEXT(key->label), DB_TEXT(key->external_id),
		DB_TEXT(key->metadata), DB_TEXT(addresses_text(&addresses, key)),
		DB_INT(key->expires_at_us), DB_TEXT(limits_text(&limits, key)));
}

enum status key_edit(struct change *change, uint32_t slot, const struct key_edit *edit,
	struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	struct record_key edited;
	enum status st = key_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = version_check(edit->version, step.key.version, complaint);
	if (st == ST_OK && step.key.state == RECORD_KEY_REVOKED)
		st = refuse(complaint, "records.key_is_revoked");
	edited = step.key;
	if (st == ST_OK)
		st = key_merge(change, edit, &edited, complaint);
	if (st == ST_OK)
		change->widens |= key_widens(&step.key, &edited);
	if (st == ST_OK)
		st = key_row_update(change, &edited);
	if (st == ST_OK)
		st = key_touch(change, &step, "key.edit");
	return change_leave(change, st);
}

/* ---- states ---- */

static enum status state_move(
	struct change *change, uint32_t slot, enum record_key_state to, struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	enum status st = key_step_begin(change, slot, &step, complaint);
	bool activate = to == RECORD_KEY_ACTIVE;

	if (st == ST_OK && step.key.state == RECORD_KEY_REVOKED)
		st = refuse(complaint, "records.key_is_revoked");
	if (st == ST_OK && step.key.state == to)
		st = refuse(
			complaint, activate ? "records.key_is_active" : "records.key_is_inactive");
	if (st == ST_OK)
		st = db_run(change_db(change), "UPDATE app_keys SET state = $2 WHERE slot = $1",
			DB_INT(slot), DB_INT(to));
	if (st == ST_OK && !activate)
		st = handover_void(change, slot);
	if (st == ST_OK)
		st = key_touch(change, &step, activate ? "key.activate" : "key.deactivate");
	change->narrows |= st == ST_OK && !activate;
	return change_leave(change, st);
}

enum status key_activate(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return state_move(change, slot, RECORD_KEY_ACTIVE, complaint);
}

enum status key_deactivate(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return state_move(change, slot, RECORD_KEY_INACTIVE, complaint);
}

static enum status revoke_rows(struct change *change, uint32_t slot, enum revoke_reason reason)
{
	enum status st = db_run(change_db(change),
		"UPDATE app_keys SET state = $2, reason = $3, revoked_at_us = $4,"
		" rotation_open = 0, rotation_ends_at_us = 0 WHERE slot = $1",
		DB_INT(slot), DB_INT(RECORD_KEY_REVOKED), DB_INT(reason), DB_INT(change->now_us));

	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE tokens SET kind = $2, cause = $3, retired_at_us = $4, retired_by = "
			"$5"
			" WHERE key_slot = $1 AND kind <> $2",
			DB_INT(slot), DB_INT(RECORD_TOKEN_RETIRED), DB_INT(RETIRE_KEY_REVOKED),
			DB_INT(change->now_us), DB_TEXT(span_str(change->actor_text)));
	return st;
}

enum status key_revoke(struct change *change, uint32_t slot, enum revoke_reason reason,
	struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	enum status st = key_step_begin(change, slot, &step, complaint);

	if (st == ST_OK && (reason <= REVOKE_NONE || reason >= REVOKE_REASON_COUNT)) {
		complaint_set(complaint, "records.reason", 0);
		st = ST_INVALID;
	}
	if (st == ST_OK && step.key.state == RECORD_KEY_REVOKED)
		st = refuse(complaint, "records.key_is_revoked");
	if (st == ST_OK)
		st = revoke_rows(change, slot, reason);
	if (st == ST_OK)
		st = handover_void(change, slot);
	if (st == ST_OK)
		st = key_touch(change, &step, "key.revoke");
	change->narrows |= st == ST_OK;
	return change_leave(change, st);
}
