/* One-time links: made, opened once, void. */
#include "records/handover.h"

#include "records/keys.h"

static enum status refuse(struct complaint *complaint, const char *key)
{
	complaint_set(complaint, key, 0);
	return ST_CONFLICT;
}

/* ---- reading ---- */

const char *handover_state_name(enum handover_state state)
{
	static const char *const NAMES[] = {
		[HANDOVER_VOID] = "void",
		[HANDOVER_WAITING] = "waiting",
		[HANDOVER_OPENED] = "opened",
		[HANDOVER_EXPIRED] = "expired",
	};

	return (unsigned)state < ARRAY_LEN(NAMES) ? NAMES[state] : NAMES[HANDOVER_VOID];
}

enum handover_state handover_state(const struct record_handover *handover, int64_t now_us)
{
	if (handover->opened_at_us != 0)
		return HANDOVER_OPENED;
	if (handover->voided_at_us != 0 || handover->key_slot == 0)
		return HANDOVER_VOID;
	return now_us < handover->expires_at_us ? HANDOVER_WAITING : HANDOVER_EXPIRED;
}

#define COLUMNS                                                                                    \
	"SELECT key_slot, is_rotation, overlap_us, created_at_us, expires_at_us, opened_at_us,"    \
	" voided_at_us, void_cause, made_by_user, made_by_token FROM handovers"

/* The row, or ST_NOT_FOUND. */
static enum status handover_take(
	enum status st, struct db_statement *row, struct record_handover *out_handover)
{
	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		*out_handover = (struct record_handover){ .key_slot = (uint32_t)db_int(row, 0),
			.is_rotation = db_int(row, 1) == 1,
			.overlap_us = db_int(row, 2),
			.created_at_us = db_int(row, 3),
			.expires_at_us = db_int(row, 4),
			.opened_at_us = db_int(row, 5),
			.voided_at_us = db_int(row, 6),
			.void_cause = (enum handover_void)db_int(row, 7),
			.made_by_user = (uint32_t)db_int(row, 8),
			.made_by_token = (uint32_t)db_int(row, 9) };
	return st;
}

enum status handover_of_key(struct db *db, uint32_t key_slot, struct record_handover *out_handover)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db,
		COLUMNS " WHERE key_slot = $1 AND (voided_at_us = 0 OR void_cause <> 0)"
			" ORDER BY created_at_us DESC, expires_at_us DESC LIMIT 1",
		&row, DB_INT(key_slot));

	*out_handover = (struct record_handover){ 0 };
	st = handover_take(st, row, out_handover);
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status handover_find(
	struct db *db, const uint8_t digest[DIGEST_SIZE], struct record_handover *out_handover)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st =
		db_query(db, COLUMNS " WHERE digest = $1", &row, DB_BLOB(digest, DIGEST_SIZE));

	return handover_take(st, row, out_handover);
}

enum status snapshot_handover(struct snapshot *snapshot, const uint8_t digest[DIGEST_SIZE],
	struct record_handover *out_handover)
{
	return snapshot_note(snapshot, handover_find(snapshot->db, digest, out_handover));
}

/* ---- whose link it is ---- */

static enum status maker_may(struct db *db, const struct record_handover *handover,
	uint32_t account_slot, int64_t now_us, bool *out_may)
{
	struct holding holding = { .is_active = false };
	enum status st = ST_OK;

	*out_may = handover->made_by_user == 0 && handover->made_by_token == 0;
	if (*out_may)
		return ST_OK;
	if (handover->made_by_user != 0)
		st = user_holding(db, handover->made_by_user, &holding);
	else
		st = token_holding(db, handover->made_by_token, now_us, &holding);
	*out_may = st == ST_OK && holding.account_slot == account_slot &&
		   (holding.rights & RIGHT_BIT(RIGHT_KEYS_EDIT)) != 0;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status snapshot_handover_maker(struct snapshot *snapshot,
	const struct record_handover *handover, uint32_t account_slot, int64_t now_us,
	bool *out_may)
{
	return snapshot_note(
		snapshot, maker_may(snapshot->db, handover, account_slot, now_us, out_may));
}

/* ---- void ---- */

enum status handover_void(struct change *change, uint32_t key_slot)
{
	/* One that was void by another cause too: what was done to the key since is what counts. */
	enum status st = db_run(change_db(change),
		"UPDATE handovers SET void_cause = 0 WHERE key_slot = $1 AND void_cause <> 0",
		DB_INT(key_slot));

	if (st != ST_OK)
		return st;
	return db_run(change_db(change),
		"UPDATE handovers SET voided_at_us = $2"
		" WHERE key_slot = $1 AND opened_at_us = 0 AND voided_at_us = 0",
		DB_INT(key_slot), DB_INT(change->now_us));
}

enum status handovers_void(struct change *change, uint32_t account_slot)
{
	return db_run(change_db(change),
		"UPDATE handovers SET voided_at_us = $2, void_cause = $3 WHERE opened_at_us = 0"
		" AND voided_at_us = 0"
		" AND key_slot IN (SELECT slot FROM app_keys WHERE account_slot = $1)",
		DB_INT(account_slot), DB_INT(change->now_us), DB_INT(HANDOVER_VOID_OWNER));
}

enum status handovers_void_of_user(struct change *change, uint32_t user_slot)
{
	return db_run(change_db(change),
		"UPDATE handovers SET voided_at_us = $2, void_cause = $3 WHERE opened_at_us = 0"
		" AND voided_at_us = 0 AND made_by_user = $1",
		DB_INT(user_slot), DB_INT(change->now_us), DB_INT(HANDOVER_VOID_MAKER));
}

enum status handovers_void_of_token(struct change *change, uint32_t token_slot)
{
	return db_run(change_db(change),
		"UPDATE handovers SET voided_at_us = $2, void_cause = $3 WHERE opened_at_us = 0"
		" AND voided_at_us = 0 AND made_by_token = $1",
		DB_INT(token_slot), DB_INT(change->now_us), DB_INT(HANDOVER_VOID_MAKER));
}

enum status handovers_void_unfit(struct change *change, uint32_t account_slot)
{
	struct slots makers;
	enum status st = slots_read(change_db(change),
		"SELECT DISTINCT h.made_by_user FROM handovers h"
		" JOIN app_keys k ON k.slot = h.key_slot WHERE h.opened_at_us = 0"
		" AND h.voided_at_us = 0 AND h.made_by_user <> 0 AND k.account_slot = $1",
		account_slot, change->arena, &makers);

	for (size_t i = 0; st == ST_OK && i < makers.count; i++) {
		const struct record_handover made = { .made_by_user = makers.slots[i] };
		bool may = false;

		st = maker_may(change_db(change), &made, account_slot, change->now_us, &may);
		if (st == ST_OK && !may)
			st = handovers_void_of_user(change, makers.slots[i]);
	}
	return st;
}

/* ---- making ---- */

/* A day; of a management token's link that token's own end, if it comes first. */
static enum status valid_until(struct change *change, int64_t *out_us)
{
	int64_t token_us = 0;
	enum status st;

	*out_us = change->now_us + HANDOVER_VALID_US;
	if (change->actor.kind != ACTOR_TOKEN)
		return ST_OK;
	st = db_one_int(change_db(change),
		"SELECT expires_at_us FROM management_tokens WHERE slot = $1", &token_us,
		DB_INT(change->actor.token_slot));
	if (st == ST_OK && token_us < *out_us)
		*out_us = token_us;
	return st == ST_NOT_FOUND ? ST_DAMAGED : st;
}

static enum status handover_insert(struct change *change, const struct key_step *step,
	const uint8_t digest[DIGEST_SIZE], int64_t overlap_us)
{
	const struct actor *maker = &change->actor;
	int64_t until_us = 0;
	enum status st = valid_until(change, &until_us);

	if (st != ST_OK)
		return st;
	return db_run(change_db(change),
		"INSERT INTO handovers (digest, key_slot, is_rotation, overlap_us, created_at_us,"
		" expires_at_us, opened_at_us, voided_at_us, void_cause, made_by_user,"
		" made_by_token) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7, $8)",
		DB_BLOB(digest, DIGEST_SIZE), DB_INT(step->key.slot),
		DB_INT(step->key.live_count > 0), DB_INT(overlap_us), DB_INT(change->now_us),
		DB_INT(until_us), DB_INT(maker->kind == ACTOR_USER ? maker->user_slot : 0),
		DB_INT(maker->kind == ACTOR_TOKEN ? maker->token_slot : 0));
}

/* A token that nobody could use is not handed over. */
static enum status key_check(
	const struct change *change, const struct record_key *key, struct complaint *complaint)
{
	if (key->state == RECORD_KEY_INACTIVE)
		return refuse(complaint, "records.handover_inactive");
	if (key->expires_at_us != 0 && key->expires_at_us <= change->now_us)
		return refuse(complaint, "records.handover_key_expired");
	return ST_OK;
}

enum status handover_create(struct change *change, uint32_t key_slot,
	const uint8_t digest[DIGEST_SIZE], int64_t overlap_us, struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	enum status st = key_step_begin(change, key_slot, &step, complaint);

	if (st == ST_OK)
		st = rotate_check(&step, overlap_us, complaint);
	if (st == ST_OK)
		st = key_check(change, &step.key, complaint);
	if (st == ST_OK)
		st = handover_void(change, key_slot);
	if (st == ST_OK)
		st = handover_insert(change, &step, digest, overlap_us);
	if (st == ST_OK)
		st = key_touch(change, &step, "key.handover");
	return change_leave(change, st);
}

enum status handover_withdraw(struct change *change, uint32_t key_slot, struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	enum status st = key_step_begin(change, key_slot, &step, complaint);

	if (st == ST_OK && handover_state(&step.key.handover, change->now_us) != HANDOVER_WAITING)
		st = refuse(complaint, "records.handover_none_waits");
	if (st == ST_OK)
		st = handover_void(change, key_slot);
	if (st == ST_OK)
		st = key_touch(change, &step, "key.handover_void");
	change->narrows |= st == ST_OK;
	return change_leave(change, st);
}

/* ---- opening ---- */

static enum status open_check(
	struct change *change, const struct record_handover *handover, struct complaint *complaint)
{
	switch (handover_state(handover, change->now_us)) {
	case HANDOVER_WAITING:
		return ST_OK;
	case HANDOVER_OPENED:
		return refuse(complaint, "records.handover_opened");
	case HANDOVER_EXPIRED:
		return refuse(complaint, "records.handover_expired");
	case HANDOVER_VOID:
		break;
	}
	return refuse(complaint, "records.handover_void");
}

static enum status opened_set(struct change *change, const uint8_t digest[DIGEST_SIZE])
{
	int64_t key_slot;
	/* I1: by its own condition too, whatever was read before. */
	enum status st = db_one_int(change_db(change),
		"UPDATE handovers SET opened_at_us = $2"
		" WHERE digest = $1 AND opened_at_us = 0 AND voided_at_us = 0 RETURNING key_slot",
		&key_slot, DB_BLOB(digest, DIGEST_SIZE), DB_INT(change->now_us));

	return st == ST_NOT_FOUND ? ST_CONFLICT : st;
}

enum status handover_open(struct change *change, const uint8_t digest[DIGEST_SIZE],
	const uint8_t token_digest[DIGEST_SIZE], uint32_t *out_key_slot,
	struct complaint *complaint)
{
	CLEANUP(key_step_free)
	struct key_step step = { 0 };
	struct record_handover handover;
	bool may = false;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = handover_find(change_db(change), digest, &handover);
	if (st == ST_NOT_FOUND)
		complaint_set(complaint, "records.no_handover", 0);
	if (st == ST_OK)
		st = open_check(change, &handover, complaint);
	if (st == ST_OK)
		st = key_step_begin(change, handover.key_slot, &step, complaint);
	/* I3 */
	if (st == ST_OK)
		st = maker_may(
			change_db(change), &handover, step.key.account_slot, change->now_us, &may);
	if (st == ST_OK && !may)
		st = refuse(complaint, "records.handover_void");
	if (st == ST_OK)
		st = rotate_check(&step, handover.overlap_us, complaint);
	if (st == ST_OK && key_check(change, &step.key, NULL) != ST_OK)
		st = refuse(complaint, "records.handover_void");
	if (st == ST_OK)
		st = opened_set(change, digest);
	if (st == ST_OK)
		st = rotate_rows(change, &step, token_digest, handover.overlap_us, complaint);
	if (st == ST_OK)
		st = key_touch(change, &step, "key.handover_open");
	if (st == ST_OK)
		*out_key_slot = handover.key_slot;
	return change_leave(change, st);
}
