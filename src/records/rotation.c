/*
 * Rotation: a new token beside the present one.
 *
 * I1: a key has at most one current and, only while its rotation is open, one
 *     previous token.
 * I2: a retired token is never live again, and its digest never free again.
 */
#include "records/keys.h"

#define ENDED_AT_ONCE 100u

static enum status refuse(struct complaint *complaint, const char *key)
{
	complaint_set(complaint, key, 0);
	return ST_CONFLICT;
}

static enum status retire(
	struct change *change, uint32_t slot, enum record_token_kind kind, enum retire_cause cause)
{
	change->narrows = true;
	return db_run(change_db(change),
		"UPDATE tokens SET kind = 3, cause = $3, retired_at_us = $4, retired_by = $5"
		" WHERE key_slot = $1 AND kind = $2",
		DB_INT(slot), DB_INT(kind), DB_INT(cause), DB_INT(change->now_us),
		DB_TEXT(span_str(change->actor_text)));
}

static enum status rename_kind(struct change *change, uint32_t slot, enum record_token_kind from,
	enum record_token_kind to)
{
	return db_run(change_db(change),
		"UPDATE tokens SET kind = $3 WHERE key_slot = $1 AND kind = $2", DB_INT(slot),
		DB_INT(from), DB_INT(to));
}

static enum status rotation_set(struct change *change, uint32_t slot, bool open, int64_t ends_at_us)
{
	return db_run(change_db(change),
		"UPDATE app_keys SET rotation_open = $2, rotation_ends_at_us = $3 WHERE slot = $1",
		DB_INT(slot), DB_INT(open), DB_INT(ends_at_us));
}

static enum status token_add(struct change *change, uint32_t slot,
	const uint8_t digest[DIGEST_SIZE], struct complaint *complaint)
{
	enum status st = db_run(change_db(change),
		"INSERT INTO tokens (key_slot, digest, kind, cause, created_at_us, retired_at_us,"
		" retired_by) VALUES ($1, $2, 1, 0, $3, 0, NULL)",
		DB_INT(slot), DB_BLOB(digest, DIGEST_SIZE), DB_INT(change->now_us));

	if (st == ST_EXISTS)
		complaint_set(complaint, "records.token_taken", 0);
	return st;
}

enum status rotate_check(
	const struct key_step *step, int64_t overlap_us, struct complaint *complaint)
{
	if (step->key.state == RECORD_KEY_REVOKED)
		return refuse(complaint, "records.key_is_revoked");
	if (step->key.rotation_open)
		return refuse(complaint, "records.rotation_is_open");
	if (overlap_us < ROTATE_OPEN || overlap_us > ROTATE_OVERLAP_MAX_US) {
		complaint_set(complaint, "records.overlap", 0);
		return ST_INVALID;
	}
	return ST_OK;
}

/* The present token steps aside: kept beside the new one, or retired at once. */
static enum status current_aside(
	struct change *change, const struct key_step *step, int64_t overlap_us)
{
	uint32_t slot = step->key.slot;
	enum status st;

	if (step->key.live_count == 0)
		return ST_OK;
	if (overlap_us == 0)
		return retire(change, slot, RECORD_TOKEN_CURRENT, RETIRE_ROTATED);
	st = rename_kind(change, slot, RECORD_TOKEN_CURRENT, RECORD_TOKEN_PREVIOUS);
	if (st == ST_OK)
		st = rotation_set(change, slot, true,
			overlap_us == ROTATE_OPEN ? 0 : change->now_us + overlap_us);
	return st;
}

enum status rotate_rows(struct change *change, const struct key_step *step,
	const uint8_t new_digest[DIGEST_SIZE], int64_t overlap_us, struct complaint *complaint)
{
	enum status st = current_aside(change, step, overlap_us);

	return st != ST_OK ? st : token_add(change, step->key.slot, new_digest, complaint);
}

enum status key_rotate(struct change *change, uint32_t slot, const uint8_t new_digest[DIGEST_SIZE],
	int64_t overlap_us, struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	enum status st = key_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = rotate_check(&step, overlap_us, complaint);
	if (st == ST_OK)
		st = rotate_rows(change, &step, new_digest, overlap_us, complaint);
	if (st == ST_OK)
		st = handover_void(change, slot);
	if (st == ST_OK)
		st = key_touch(change, &step, "key.rotate");
	return change_leave(change, st);
}

static enum status open_step(
	struct change *change, uint32_t slot, struct key_step *step, struct complaint *complaint)
{
	enum status st = key_step_begin(change, slot, step, complaint);

	if (st == ST_OK && !step->key.rotation_open)
		st = refuse(complaint, "records.rotation_not_open");
	return st;
}

static enum status finish(struct change *change, struct key_step *step)
{
	uint32_t slot = step->key.slot;
	enum status st = retire(change, slot, RECORD_TOKEN_PREVIOUS, RETIRE_ROTATED);

	if (st == ST_OK)
		st = rotation_set(change, slot, false, 0);
	if (st == ST_OK)
		st = key_touch(change, step, "key.finish_rotation");
	return st;
}

enum status key_finish_rotation(struct change *change, uint32_t slot, struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	enum status st = open_step(change, slot, &step, complaint);

	if (st == ST_OK)
		st = finish(change, &step);
	return change_leave(change, st);
}

enum status key_cancel_rotation(struct change *change, uint32_t slot, struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	enum status st = open_step(change, slot, &step, complaint);

	if (st == ST_OK)
		st = retire(change, slot, RECORD_TOKEN_CURRENT, RETIRE_CANCELLED);
	if (st == ST_OK)
		st = rename_kind(change, slot, RECORD_TOKEN_PREVIOUS, RECORD_TOKEN_CURRENT);
	if (st == ST_OK)
		st = rotation_set(change, slot, false, 0);
	if (st == ST_OK)
		st = key_touch(change, &step, "key.cancel_rotation");
	return change_leave(change, st);
}

/* ---- overlaps that are over ---- */

static enum status overlaps_find(struct records *records, int64_t now_us, struct arena *arena,
	struct slots *out_due, int64_t *out_next_us)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	uint32_t *due = arena_array(arena, ENDED_AT_ONCE, sizeof(*due));
	size_t count = 0;
	enum status st = due == NULL ? ST_NO_MEMORY : snapshot_begin(records, &snapshot);

	*out_next_us = 0;
	if (st == ST_OK)
		st = db_query(snapshot->db,
			"SELECT slot, rotation_ends_at_us FROM app_keys"
			" WHERE rotation_ends_at_us > 0 ORDER BY rotation_ends_at_us LIMIT $1",
			&rows, DB_INT(ENDED_AT_ONCE));
	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		*out_next_us = db_int(rows, 1);
		if (*out_next_us > now_us)
			break;
		due[count++] = (uint32_t)db_int(rows, 0);
		*out_next_us = 0;
	}
	*out_due = (struct slots){ due, count };
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* Asked again within the change: it may have been finished meanwhile. */
static enum status overlap_end(struct change *change, uint32_t slot, size_t *ended)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	enum status st = key_step_begin(change, slot, &step, NULL);
	int64_t ends_at_us = step.key.rotation_ends_at_us;

	if (st != ST_OK || !step.key.rotation_open || ends_at_us == 0 ||
		ends_at_us > change->now_us)
		return change_leave(change, st);
	(*ended)++;
	return change_leave(change, finish(change, &step));
}

static enum status overlaps_end(
	struct records *records, int64_t now_us, struct slots due, size_t *out_ended)
{
	static const struct actor SYSTEM = {
		.kind = ACTOR_SYSTEM, .name = { "overlap", 7 }, .peer_uid = -1
	};
	CLEANUP(change_abort)
	struct change *change = NULL;
	size_t ended = 0;
	enum status st = change_begin(records, &SYSTEM, now_us, &change);

	for (size_t i = 0; st == ST_OK && i < due.count; i++)
		st = overlap_end(change, due.slots[i], &ended);
	if (st == ST_OK)
		st = change_commit(&change, NULL);
	if (st == ST_OK)
		*out_ended += ended;
	return st;
}

enum status keys_end_overlaps(
	struct records *records, int64_t now_us, size_t *out_ended, int64_t *out_next_us)
{
	struct slots due = { NULL, ENDED_AT_ONCE };
	enum status st = ST_OK;

	*out_ended = 0;
	*out_next_us = 0;
	while (st == ST_OK && due.count == ENDED_AT_ONCE) {
		CLEANUP(arena_free)
		struct arena *arena = arena_make(64 * KIB);

		if (arena == NULL)
			return ST_NO_MEMORY;
		st = overlaps_find(records, now_us, arena, &due, out_next_us);
		if (st == ST_OK && due.count > 0)
			st = overlaps_end(records, now_us, due, out_ended);
	}
	return st;
}
