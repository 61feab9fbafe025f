/* Idempotency keys, in the transaction of the change that they make single. */
#include "records/idempotency.h"

#include "records/store.h"

static enum status key_check(const struct idempotency *what, struct complaint *complaint)
{
	bool fit = what->key.len >= 1 && what->key.len <= IDEMPOTENCY_KEY_MAX;

	for (size_t i = 0; fit && i < what->key.len; i++)
		fit = what->key.ptr[i] >= 0x21 && what->key.ptr[i] <= 0x7E;
	if (fit)
		return ST_OK;
	complaint_set(complaint, "records.idempotency_key", 0);
	return ST_INVALID;
}

enum status idempotency_find(struct change *change, const struct idempotency *what,
	struct buf *out_answer, struct complaint *complaint)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = key_check(what, complaint);
	if (st == ST_OK)
		st = db_query(change_db(change),
			"SELECT request_digest, answer FROM idempotency_keys WHERE actor = $1"
			" AND account_slot = $2 AND idempotency_key = $3 AND created_at_us > $4",
			&row, DB_TEXT(span_str(change->actor_text)), DB_INT(what->account_slot),
			DB_TEXT(what->key), DB_INT(change->now_us - IDEMPOTENCY_KEPT_US));
	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_NOT_FOUND)
		return st;
	if (st != ST_OK)
		return change_leave(change, st);
	if (!span_equal(db_bytes(row, 0), span_of(what->request_digest, DIGEST_SIZE))) {
		complaint_set(complaint, "records.idempotency_other", 0);
		return change_leave(change, ST_CONFLICT);
	}
	buf_append(out_answer, db_bytes(row, 1));
	return buf_ok(out_answer) ? ST_OK : change_leave(change, ST_LIMIT);
}

enum status idempotency_store(
	struct change *change, const struct idempotency *what, struct span answer)
{
	enum status st = change_enter(change);

	if (st == ST_OK && answer.len > IDEMPOTENCY_ANSWER_MAX)
		st = ST_LIMIT;
	if (st == ST_OK)
		st = key_check(what, NULL);
	/* One that is over and not yet purged gives way. */
	if (st == ST_OK)
		st = db_run(change_db(change),
			"INSERT INTO idempotency_keys (actor, account_slot, idempotency_key,"
			" request_digest, answer, created_at_us) VALUES ($1, $2, $3, $4, $5, $6)"
			" ON CONFLICT (actor, account_slot, idempotency_key) DO UPDATE SET"
			" request_digest = excluded.request_digest, answer = excluded.answer,"
			" created_at_us = excluded.created_at_us",
			DB_TEXT(span_str(change->actor_text)), DB_INT(what->account_slot),
			DB_TEXT(what->key), DB_BLOB(what->request_digest, DIGEST_SIZE),
			DB_TEXT(answer), DB_INT(change->now_us));
	return change_leave(change, st);
}

enum status idempotency_purge(struct db *db, int64_t now_us)
{
	return db_run(db, "DELETE FROM idempotency_keys WHERE created_at_us <= $1",
		DB_INT(now_us - IDEMPOTENCY_KEPT_US));
}
