/* One-time links with which a person sets what he proves himself with. */
#include "records/login.h"
#include "records/session.h"
#include "records/store.h"

enum status snapshot_enrolment(struct snapshot *snapshot, const uint8_t digest[DIGEST_SIZE],
	int64_t now_us, struct record_enrolment *out_enrolment)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct span totp;
	enum status st = db_query(snapshot->db,
		"SELECT e.user_slot, e.totp, e.expires_at_us, e.openings, e.opened_at_us"
		" FROM enrolments e"
		" JOIN users u ON u.slot = e.user_slot JOIN accounts a ON a.slot = u.account_slot"
		" WHERE e.digest = $1 AND e.used_at_us = 0 AND e.expires_at_us > $2"
		" AND u.state = 1 AND a.state = 1",
		&row, DB_BLOB(digest, DIGEST_SIZE), DB_INT(now_us));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return snapshot_note(snapshot, st);
	totp = db_bytes(row, 1);
	if (span_present(totp) && totp.len != TOTP_SEALED_SIZE)
		return snapshot_note(snapshot, ST_DAMAGED);
	*out_enrolment = (struct record_enrolment){
		.user_slot = (uint32_t)db_int(row, 0),
		.openings = db_int(row, 3),
		.opened_at_us = db_int(row, 4),
		.expires_at_us = db_int(row, 2),
	};
	if ((out_enrolment->openings > 0) != span_present(totp))
		return snapshot_note(snapshot, ST_DAMAGED);
	if (span_present(totp))
		memcpy(out_enrolment->totp, totp.ptr, TOTP_SEALED_SIZE);
	return ST_OK;
}

enum status enrolments_drop(struct change *change, uint32_t user_slot)
{
	return db_run(change_db(change), "DELETE FROM enrolments WHERE user_slot = $1",
		DB_INT(user_slot));
}

enum status login_forget(struct change *change, uint32_t user_slot)
{
	static const char *const TABLES[] = {
		"DELETE FROM recovery_codes WHERE user_slot = $1",
		"DELETE FROM credentials WHERE user_slot = $1",
	};
	enum status st = sessions_end(change, user_slot, 0);

	/* Who had his session may have made them, and keep them. */
	if (st == ST_OK)
		st = handovers_void_of_user(change, user_slot);
	if (st == ST_OK)
		st = management_tokens_end_of(change, user_slot);
	/* Who enrols next is not who was invited. */
	if (st == ST_OK)
		st = invitation_drop_of(change, user_slot);
	if (st == ST_OK)
		st = enrolments_drop(change, user_slot);
	for (size_t i = 0; st == ST_OK && i < ARRAY_LEN(TABLES); i++)
		st = db_run(change_db(change), TABLES[i], DB_INT(user_slot));
	return st;
}

static enum status link_put(struct change *change, uint32_t user_slot,
	const uint8_t digest[DIGEST_SIZE], int64_t *out_expires_at_us)
{
	struct holding maker = { .is_owner = false };
	uint32_t made_by = change->actor.kind == ACTOR_USER ? change->actor.user_slot : 0;
	enum status st = ST_OK;

	if (made_by != 0)
		st = user_holding(change_db(change), made_by, &maker);
	*out_expires_at_us = change->now_us + ENROLMENT_VALID_US;
	if (st != ST_OK)
		return st;
	return db_run(change_db(change),
		"INSERT INTO enrolments (digest, user_slot, totp, created_at_us, expires_at_us,"
		" used_at_us, made_by) VALUES ($1, $2, NULL, $3, $4, 0, $5)",
		DB_BLOB(digest, DIGEST_SIZE), DB_INT(user_slot), DB_INT(change->now_us),
		DB_INT(*out_expires_at_us), DB_INT(maker.is_owner ? 0 : made_by));
}

enum status login_invite(struct change *change, uint32_t user_slot,
	const uint8_t digest[DIGEST_SIZE], int64_t *out_expires_at_us)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = link_put(change, user_slot, digest, out_expires_at_us);
	return change_leave(change, st);
}

/* The owner's own is reset on the machine alone: who has his session must not get his factor. */
static enum status reset_allowed(
	struct change *change, const struct record_user *user, struct complaint *complaint)
{
	if (user->state != USER_ACTIVE) {
		complaint_set(complaint,
			user->state == USER_ERASED ? "records.user_is_erased"
						   : "records.user_is_suspended",
			0);
		return ST_CONFLICT;
	}
	return user->is_owner ? change_need_operator(change, complaint)
			      : change_need_owner(change, user->account_slot, complaint);
}

enum status login_reset(struct change *change, uint32_t user_slot,
	const uint8_t digest[DIGEST_SIZE], int64_t *out_expires_at_us, struct complaint *complaint)
{
	struct record_user user = { 0 };
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = snapshot_user(&change->reading, user_slot, change->arena, &user);
	/* Of another account's: not found, before anything is told of him. */
	if (st == ST_OK && change_need_owner(change, user.account_slot, complaint) == ST_NOT_FOUND)
		st = ST_NOT_FOUND;
	st = complain_missing(st, ENTITY_USER, complaint);
	if (st == ST_OK)
		st = reset_allowed(change, &user, complaint);
	if (st == ST_OK)
		st = login_forget(change, user_slot);
	if (st == ST_OK)
		st = link_put(change, user_slot, digest, out_expires_at_us);
	if (st == ST_OK)
		st = user_event(change, "user.reset", user_slot, SPAN_ABSENT);
	change->narrows |= st == ST_OK;
	return change_leave(change, st);
}

enum status enrolment_open(struct change *change, const uint8_t digest[DIGEST_SIZE],
	uint32_t user_slot, const uint8_t sealed[TOTP_SEALED_SIZE])
{
	struct db *db = change_db(change);
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = db_run(db,
			"UPDATE enrolments SET totp = $2, openings = openings + 1,"
			" opened_at_us = $3 WHERE digest = $1 AND openings < $4",
			DB_BLOB(digest, DIGEST_SIZE), DB_BLOB(sealed, TOTP_SEALED_SIZE),
			DB_INT(change->now_us), DB_INT(ENROLMENT_OPENINGS_MAX));
	if (st == ST_OK && db->driver->changed_rows(db) == 0)
		st = ST_NOT_FOUND;
	if (st == ST_OK)
		st = user_event(change, "user.enrolment_open", user_slot, SPAN_ABSENT);
	return change_leave(change, st);
}
