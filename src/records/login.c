/* Passwords' texts, second factors, recovery codes. */
#include "records/login.h"

#include "records/session.h"
#include "records/store.h"

#include <stdio.h>

/* ---- reading ---- */

enum status snapshot_login(struct snapshot *snapshot, uint32_t user_slot, struct arena *arena,
	struct record_login *out_login)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct span totp;
	enum status st = db_query(snapshot->db,
		"SELECT password, totp, totp_last_step, created_at_us, changed_at_us,"
		" codes_held_at_us"
		" FROM credentials WHERE user_slot = $1",
		&row, DB_INT(user_slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return snapshot_note(snapshot, st);
	totp = db_bytes(row, 1);
	if (totp.len != TOTP_SEALED_SIZE)
		return snapshot_note(snapshot, ST_DAMAGED);
	*out_login = (struct record_login){
		.user_slot = user_slot,
		.totp_last_step = db_int(row, 2),
		.created_at_us = db_int(row, 3),
		.changed_at_us = db_int(row, 4),
		.codes_held_at_us = db_int(row, 5),
	};
	memcpy(out_login->totp, totp.ptr, TOTP_SEALED_SIZE);
	return span_keep(arena, db_bytes(row, 0), &out_login->password);
}

enum status snapshot_recovery_is(struct snapshot *snapshot, uint32_t user_slot,
	const uint8_t digest[DIGEST_SIZE], bool *out_is)
{
	int64_t count = 0;
	enum status st = db_one_int(snapshot->db,
		"SELECT COUNT(*) FROM recovery_codes WHERE user_slot = $1 AND digest = $2"
		" AND used_at_us = 0",
		&count, DB_INT(user_slot), DB_BLOB(digest, DIGEST_SIZE));

	*out_is = st == ST_OK && count == 1;
	return snapshot_note(snapshot, st);
}

/* ---- the second factor at rest ---- */

static void bound_to(uint32_t user_slot, struct buf *out)
{
	buf_printf(out, "llavero totp %u", user_slot);
}

void totp_seal(const struct root_key *key, uint32_t user_slot,
	const uint8_t secret[TOTP_SECRET_SIZE], uint8_t out_sealed[TOTP_SEALED_SIZE])
{
	char memory[40];
	struct buf about = BUF_ARRAY(memory);
	uint8_t key_secret[SYMMETRIC_KEY_SIZE];

	bound_to(user_slot, &about);
	root_key_factor(key, key_secret);
	crypto_random(out_sealed, SEAL_NONCE_SIZE);
	crypto_seal(key_secret, out_sealed, buf_span(&about), span_of(secret, TOTP_SECRET_SIZE),
		out_sealed + SEAL_NONCE_SIZE);
	crypto_wipe(key_secret, sizeof(key_secret));
}

enum status totp_open(const struct root_key *key, uint32_t user_slot,
	const uint8_t sealed[TOTP_SEALED_SIZE], uint8_t out_secret[TOTP_SECRET_SIZE])
{
	char memory[40];
	struct buf about = BUF_ARRAY(memory);
	uint8_t key_secret[SYMMETRIC_KEY_SIZE];
	enum status st;

	bound_to(user_slot, &about);
	root_key_factor(key, key_secret);
	st = crypto_open(key_secret, sealed, buf_span(&about),
		span_of(sealed + SEAL_NONCE_SIZE, TOTP_SEALED_SIZE - SEAL_NONCE_SIZE), out_secret);
	crypto_wipe(key_secret, sizeof(key_secret));
	return st;
}

/* ---- using up ---- */

/* ST_DENIED when the statement touched no row. */
static enum status used(struct change *change, enum status st)
{
	struct db *db = change_db(change);

	if (st == ST_OK && db->driver->changed_rows(db) == 0)
		st = ST_DENIED;
	return change_leave(change, st);
}

enum status login_use_step(struct change *change, uint32_t user_slot, int64_t step)
{
	enum status st = change_enter(change);

	if (st != ST_OK)
		return st;
	return used(change, db_run(change_db(change),
				    "UPDATE credentials SET totp_last_step = $2"
				    " WHERE user_slot = $1 AND totp_last_step < $2",
				    DB_INT(user_slot), DB_INT(step)));
}

enum status login_use_recovery(
	struct change *change, uint32_t user_slot, const uint8_t digest[DIGEST_SIZE])
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = used(
			change, db_run(change_db(change),
					"UPDATE recovery_codes SET used_at_us = $3"
					" WHERE user_slot = $1 AND digest = $2 AND used_at_us = 0",
					DB_INT(user_slot), DB_BLOB(digest, DIGEST_SIZE),
					DB_INT(change->now_us)));
	if (st == ST_OK)
		st = user_event(change, "user.recovery_used", user_slot, SPAN_ABSENT);
	return change_leave(change, st);
}

enum status login_still(struct change *change, const struct record_login *was)
{
	int64_t found;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = db_one_int(change_db(change),
			"SELECT user_slot FROM credentials WHERE user_slot = $1 AND password = $2"
			" AND totp = $3 AND changed_at_us = $4",
			&found, DB_INT(was->user_slot), DB_TEXT(was->password),
			DB_BLOB(was->totp, TOTP_SEALED_SIZE), DB_INT(was->changed_at_us));
	return change_leave(change, st == ST_NOT_FOUND ? ST_DENIED : st);
}

/* ---- codes that are guessed at ---- */

enum status login_hold_codes(
	struct change *change, uint32_t user_slot, int64_t count, struct span address)
{
	struct db *db = change_db(change);
	char memory[160];
	struct buf about = BUF_ARRAY(memory);
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = db_run(db,
			"UPDATE credentials SET codes_held_at_us = $2"
			" WHERE user_slot = $1 AND codes_held_at_us = 0",
			DB_INT(user_slot), DB_INT(change->now_us));
	if (st != ST_OK || db->driver->changed_rows(db) == 0)
		return change_leave(change, st);
	buf_append_char(&about, '{');
	json_number(&about, "failures", count);
	json_text(&about, "address", address);
	buf_append_char(&about, '}');
	return change_leave(
		change, person_event(change, "user.codes_hold", user_slot, buf_span(&about)));
}

enum status login_codes_refused(struct change *change, uint32_t user_slot)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = person_event(change, "user.codes_refuse", user_slot, SPAN_ABSENT);
	return change_leave(change, st);
}

/* ---- setting ---- */

static enum status recovery_put(
	struct change *change, uint32_t user_slot, const uint8_t (*digests)[DIGEST_SIZE])
{
	enum status st = db_run(change_db(change),
		"DELETE FROM recovery_codes WHERE user_slot = $1", DB_INT(user_slot));

	for (size_t i = 0; st == ST_OK && i < RECOVERY_CODES; i++)
		st = db_run(change_db(change),
			"INSERT INTO recovery_codes (user_slot, digest, used_at_us)"
			" VALUES ($1, $2, 0)",
			DB_INT(user_slot), DB_BLOB(digests[i], DIGEST_SIZE));
	return st;
}

/* ST_NOT_FOUND: it is over. ST_CONFLICT: P5, what was proved is not what it shows now. */
static enum status link_use(struct change *change, const struct login_new *login,
	const uint8_t digest[DIGEST_SIZE], struct complaint *complaint)
{
	struct db *db = change_db(change);
	int64_t is_same = 0;
	enum status st = db_one_int(db,
		"SELECT CASE WHEN totp = $4 THEN 1 ELSE 0 END FROM enrolments"
		" WHERE digest = $1 AND user_slot = $2 AND used_at_us = 0 AND expires_at_us > $3",
		&is_same, DB_BLOB(digest, DIGEST_SIZE), DB_INT(login->user_slot),
		DB_INT(change->now_us), DB_BLOB(login->totp, TOTP_SEALED_SIZE));

	if (st == ST_NOT_FOUND)
		complaint_set(complaint, "login.enrolment_over", 0);
	if (st == ST_OK && is_same != 1) {
		complaint_set(complaint, "login.enrolment_reopened", 0);
		st = ST_CONFLICT;
	}
	if (st != ST_OK)
		return st;
	return db_run(db, "UPDATE enrolments SET used_at_us = $2 WHERE digest = $1",
		DB_BLOB(digest, DIGEST_SIZE), DB_INT(change->now_us));
}

enum status login_enrol(struct change *change, const struct login_new *login,
	const uint8_t link_digest[DIGEST_SIZE], struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = link_use(change, login, link_digest, complaint);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"INSERT INTO credentials (user_slot, password, totp, totp_last_step,"
			" created_at_us, changed_at_us, linked_by) VALUES ($1, $2, $3, $4, $5, $5,"
			" (SELECT made_by FROM enrolments WHERE digest = $6))"
			" ON CONFLICT (user_slot) DO UPDATE SET password = excluded.password,"
			" totp = excluded.totp, totp_last_step = excluded.totp_last_step,"
			" created_at_us = excluded.created_at_us,"
			" changed_at_us = excluded.changed_at_us, codes_held_at_us = 0,"
			" linked_by = excluded.linked_by",
			DB_INT(login->user_slot), DB_TEXT(login->password),
			DB_BLOB(login->totp, TOTP_SEALED_SIZE), DB_INT(login->totp_step),
			DB_INT(change->now_us), DB_BLOB(link_digest, DIGEST_SIZE));
	if (st == ST_OK)
		st = recovery_put(change, login->user_slot, login->recovery);
	if (st == ST_OK)
		st = sessions_end(change, login->user_slot, 0);
	if (st == ST_OK)
		st = user_event(change, "user.enrol", login->user_slot, SPAN_ABSENT);
	return change_leave(change, st);
}

/* A session that was ended while this waited for its turn changes nothing any more. */
static enum status enter_own(struct change *change)
{
	struct holding holding;
	enum status st = change_enter(change);

	if (st == ST_OK && change->actor.kind == ACTOR_USER)
		st = change_holding(change, &holding, NULL);
	return st;
}

/* The end of each change that a person makes to what he proves himself with. */
static enum status settle(struct change *change, enum status st, const char *action,
	uint32_t user_slot, uint32_t but_session_slot)
{
	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE credentials SET changed_at_us = $2 WHERE user_slot = $1",
			DB_INT(user_slot), DB_INT(change->now_us));
	if (st == ST_OK)
		st = sessions_end(change, user_slot, but_session_slot);
	if (st == ST_OK)
		st = user_event(change, action, user_slot, SPAN_ABSENT);
	return change_leave(change, st);
}

enum status login_set_password(
	struct change *change, uint32_t user_slot, struct span password, uint32_t but_session_slot)
{
	enum status st = enter_own(change);

	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE credentials SET password = $2, codes_held_at_us = 0"
			" WHERE user_slot = $1",
			DB_INT(user_slot), DB_TEXT(password));
	return settle(change, st, "user.password", user_slot, but_session_slot);
}

enum status login_set_factor(
	struct change *change, const struct login_new *login, uint32_t but_session_slot)
{
	enum status st = enter_own(change);

	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE credentials SET totp = $2, totp_last_step = $3 WHERE user_slot = "
			"$1",
			DB_INT(login->user_slot), DB_BLOB(login->totp, TOTP_SEALED_SIZE),
			DB_INT(login->totp_step));
	return settle(change, st, "user.second_factor", login->user_slot, but_session_slot);
}

enum status login_set_recovery(struct change *change, uint32_t user_slot,
	const uint8_t (*digests)[DIGEST_SIZE], uint32_t but_session_slot)
{
	enum status st = enter_own(change);

	if (st == ST_OK)
		st = recovery_put(change, user_slot, digests);
	return settle(change, st, "user.recovery_codes", user_slot, but_session_slot);
}

enum status login_failures(
	struct change *change, uint32_t account_slot, int64_t count, struct span address)
{
	CLEANUP(buf_free)
	struct buf about = buf_heap(KIB);
	struct record_account account;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = account_read(change_db(change), account_slot, change->arena, &account);
	if (st != ST_OK)
		return change_leave(change, st);
	buf_append_char(&about, '{');
	json_number(&about, "failures", count);
	json_text(&about, "address", address);
	buf_append_char(&about, '}');
	return change_leave(
		change, change_event(change, &(struct event_about){ .action = "session.refuse",
						     .account_slot = account_slot,
						     .kind = ENTITY_ACCOUNT,
						     .slot = account_slot,
						     .id = account.name,
						     .after = buf_span(&about) }));
}
