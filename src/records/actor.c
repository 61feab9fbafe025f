/* Who may make a change: asked within its transaction, so that nothing changes in between. */
#include "records/store.h"

static enum status deny(struct complaint *complaint, const char *key)
{
	complaint_set(complaint, key, 0);
	return ST_DENIED;
}

enum status change_need_operator(struct change *change, struct complaint *complaint)
{
	if (change->actor.kind == ACTOR_OPERATOR || change->actor.kind == ACTOR_SYSTEM)
		return ST_OK;
	return deny(complaint, "records.only_operator");
}

enum status change_need_owner(
	struct change *change, uint32_t account_slot, struct complaint *complaint)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st;

	if (change->actor.kind == ACTOR_OPERATOR || change->actor.kind == ACTOR_SYSTEM)
		return ST_OK;
	if (change->actor.kind != ACTOR_USER || account_slot == 0)
		return deny(complaint, "records.only_operator");
	st = db_query(change_db(change),
		"SELECT account_slot, is_owner, state FROM users WHERE slot = $1", &row,
		DB_INT(change->actor.user_slot));
	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_NOT_FOUND)
		return deny(complaint, "records.only_owner");
	if (st != ST_OK)
		return st;
	if (db_int(row, 0) != account_slot)
		return ST_NOT_FOUND;
	if (db_int(row, 1) != 1 || db_int(row, 2) != USER_ACTIVE)
		return deny(complaint, "records.only_owner");
	return ST_OK;
}
