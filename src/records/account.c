/* Accounts and their hosts. */
#include "records/account.h"

#include "key/app_key.h"
#include "records/store.h"

#include <stdio.h>

#define JSON_MAX (256 * KIB)

/* ---- reading ---- */

enum status account_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_account *out_account)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct texts hosts;
	enum status st = db_query(db,
		"SELECT a.name, a.display_name, a.state, a.created_at_us, a.version, u.slot,"
		" a.manages_installation"
		" FROM accounts a JOIN users u ON u.account_slot = a.slot AND u.is_owner = 1"
		" WHERE a.slot = $1",
		&row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	*out_account = (struct record_account){ .slot = slot,
		.state = (enum account_state)db_int(row, 2),
		.created_at_us = db_int(row, 3),
		.version = db_int(row, 4),
		.owner_slot = (uint32_t)db_int(row, 5),
		.manages_installation = db_int(row, 6) == 1 };
	st = span_keep(arena, db_bytes(row, 0), &out_account->name);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 1), &out_account->display_name);
	if (st == ST_OK)
		st = texts_read(db,
			"SELECT host FROM account_hosts WHERE account_slot = $1 ORDER BY host",
			slot, arena, &hosts);
	if (st != ST_OK)
		return st;
	out_account->hosts = hosts.texts;
	out_account->hosts_count = hosts.count;
	return ST_OK;
}

enum status snapshot_account(struct snapshot *snapshot, uint32_t slot, struct arena *arena,
	struct record_account *out_account)
{
	return snapshot_note(snapshot, account_read(snapshot->db, slot, arena, out_account));
}

enum status snapshot_account_by_name(struct snapshot *snapshot, struct span name,
	struct arena *arena, struct record_account *out_account)
{
	uint32_t slot = 0;
	struct db_value value = DB_TEXT(name);
	enum status st = slot_find(
		snapshot->db, "SELECT slot FROM accounts WHERE name = $1", &value, 1, &slot);

	if (st == ST_OK)
		st = account_read(snapshot->db, slot, arena, out_account);
	return snapshot_note(snapshot, st);
}

void account_append_json(struct buf *out, const struct record_account *account)
{
	buf_append_char(out, '{');
	json_number(out, "id", account->slot);
	json_text(out, "name", account->name);
	json_text(out, "displayName", account->display_name);
	json_text(
		out, "state", span_str(account->state == ACCOUNT_ACTIVE ? "active" : "suspended"));
	json_name(out, "hosts");
	buf_append_char(out, '[');
	for (size_t i = 0; i < account->hosts_count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		buf_append_json(out, account->hosts[i]);
	}
	buf_append_char(out, ']');
	json_number(out, "ownerId", account->owner_slot);
	json_bool(out, "managesInstallation", account->manages_installation);
	json_time(out, "createdAt", account->created_at_us);
	json_number(out, "version", account->version);
	buf_append_char(out, '}');
}

/* ---- changing ---- */

/* One change of an account that exists: its state before, and then its event. */
struct account_step {
	struct record_account account;
	struct buf before;
};

static void account_step_free(struct account_step *step)
{
	buf_free(&step->before);
}

static enum status account_step_read(struct change *change, uint32_t slot,
	struct account_step *step, struct complaint *complaint)
{
	enum status st = complain_missing(
		account_read(change_db(change), slot, change->arena, &step->account),
		ENTITY_ACCOUNT, complaint);

	step->before = buf_heap(JSON_MAX);
	if (st == ST_OK)
		account_append_json(&step->before, &step->account);
	return st;
}

static enum status account_step_begin(struct change *change, uint32_t slot,
	struct account_step *step, struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = change_need_operator(change, complaint);
	return st != ST_OK ? st : account_step_read(change, slot, step, complaint);
}

static enum status account_event(
	struct change *change, const char *action, uint32_t slot, struct span before)
{
	CLEANUP(buf_free)
	struct buf after = buf_heap(JSON_MAX);
	struct record_account account;
	enum status st = account_read(change_db(change), slot, change->arena, &account);

	if (st != ST_OK)
		return st;
	account_append_json(&after, &account);
	if (!buf_ok(&after))
		return ST_LIMIT;
	return change_event(change, &(struct event_about){ .action = action,
					    .account_slot = slot,
					    .kind = ENTITY_ACCOUNT,
					    .slot = slot,
					    .id = account.name,
					    .before = before,
					    .after = buf_span(&after) });
}

static enum status account_touch(
	struct change *change, struct account_step *step, const char *action)
{
	enum status st = db_run(change_db(change),
		"UPDATE accounts SET version = version + 1 WHERE slot = $1",
		DB_INT(step->account.slot));

	if (st == ST_OK)
		st = account_event(change, action, step->account.slot, buf_span(&step->before));
	return st;
}

static enum status account_check(const struct account_new *account, struct complaint *complaint)
{
	enum status st = ST_OK;

	if (!account_name_ok(account->name)) {
		complaint_set(complaint, "records.account_name", 0);
		return ST_INVALID;
	}
	if (span_present(account->display_name))
		st = text_check(account->display_name, "displayName", LIMIT_NAME, false, complaint);
	if (st == ST_OK && span_present(account->owner_name))
		st = text_check(account->owner_name, "ownerName", LIMIT_NAME, true, complaint);
	return st;
}

static enum status account_insert(
	struct change *change, const struct account_new *account, uint32_t *out_slot)
{
	struct span display_name =
		span_present(account->display_name) ? account->display_name : account->name;
	enum status st = slot_take(change_db(change), "account", 1, out_slot);

	if (st != ST_OK)
		return st;
	return db_run(change_db(change),
		"INSERT INTO accounts (slot, name, display_name, state, created_at_us, version,"
		" manages_installation) SELECT $1, $2, $3, 1, $4, 1,"
		" CASE WHEN EXISTS (SELECT slot FROM accounts) THEN 0 ELSE 1 END",
		DB_INT(*out_slot), DB_TEXT(account->name), DB_TEXT(display_name),
		DB_INT(change->now_us));
}

static enum status account_create_do(struct change *change, const struct account_new *account,
	uint32_t *out_slot, struct complaint *complaint)
{
	struct user_new owner = { .email = account->owner_email, .name = account->owner_name };
	uint32_t user_slot;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = change_need_operator(change, complaint);
	if (st == ST_OK)
		st = account_check(account, complaint);
	if (st == ST_OK)
		st = account_insert(change, account, out_slot);
	st = complain_name_taken(st, account->name, complaint);
	if (st != ST_OK)
		return st;
	owner.account_slot = *out_slot;
	st = user_insert(change, &owner, true, &user_slot, complaint);
	if (st == ST_OK)
		st = account_event(change, "account.create", *out_slot, SPAN_ABSENT);
	if (st == ST_OK)
		st = user_event(change, "user.create", user_slot, SPAN_ABSENT);
	return st;
}

enum status account_create(struct change *change, const struct account_new *account,
	uint32_t *out_slot, struct complaint *complaint)
{
	return change_leave(change, account_create_do(change, account, out_slot, complaint));
}

enum status account_set_display_name(struct change *change, uint32_t slot, int64_t version,
	struct span display_name, struct complaint *complaint)
{
	CLEANUP(account_step_free)
	struct account_step step = { 0 };
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = complain_missing(change_need(change, slot, RIGHT_SETTINGS, complaint),
			ENTITY_ACCOUNT, complaint);
	if (st == ST_OK)
		st = account_step_read(change, slot, &step, complaint);
	if (st == ST_OK)
		st = version_check(version, step.account.version, complaint);
	if (st == ST_OK)
		st = text_check(display_name, "displayName", LIMIT_NAME, false, complaint);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE accounts SET display_name = $2 WHERE slot = $1", DB_INT(slot),
			DB_TEXT(display_name));
	if (st == ST_OK)
		st = account_touch(change, &step, "account.edit");
	return change_leave(change, st);
}

enum status account_set_state(
	struct change *change, uint32_t slot, enum account_state state, struct complaint *complaint)
{
	CLEANUP(account_step_free)
	struct account_step step = { 0 };
	enum status st = account_step_begin(change, slot, &step, complaint);
	bool suspend = state == ACCOUNT_SUSPENDED;

	if (st == ST_OK && state == step.account.state) {
		complaint_set(complaint,
			suspend ? "records.account_is_suspended" : "records.account_is_active", 0);
		st = ST_CONFLICT;
	}
	if (st == ST_OK)
		st = db_run(change_db(change), "UPDATE accounts SET state = $2 WHERE slot = $1",
			DB_INT(slot), DB_INT(state));
	if (st == ST_OK)
		st = account_touch(change, &step, suspend ? "account.suspend" : "account.activate");
	change->narrows |= suspend;
	return change_leave(change, st);
}

enum status account_set_manages(
	struct change *change, uint32_t slot, bool manages, struct complaint *complaint)
{
	CLEANUP(account_step_free)
	struct account_step step = { 0 };
	enum status st = account_step_begin(change, slot, &step, complaint);

	if (st == ST_OK && manages == step.account.manages_installation)
		return change_leave(change, ST_OK);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE accounts SET manages_installation = $2 WHERE slot = $1",
			DB_INT(slot), DB_INT(manages));
	if (st == ST_OK)
		st = account_touch(change, &step, "account.edit");
	change->narrows |= !manages;
	return change_leave(change, st);
}

/* ---- hosts ---- */

static enum status host_insert(struct change *change, const struct account_step *step,
	const char *host, struct complaint *complaint)
{
	enum status st;

	if (step->account.hosts_count >= ACCOUNT_HOSTS_MAX) {
		complaint_set(complaint, "records.too_many_hosts", 0);
		return ST_LIMIT;
	}
	st = db_run(change_db(change),
		"INSERT INTO account_hosts (host, account_slot) VALUES ($1, $2)",
		DB_TEXT(span_str(host)), DB_INT(step->account.slot));
	if (st == ST_EXISTS)
		complaint_set(complaint, "error.name_taken", 1, "name", host);
	return st;
}

enum status account_host_add(
	struct change *change, uint32_t slot, struct span host, struct complaint *complaint)
{
	CLEANUP(account_step_free)
	struct account_step step = { 0 };
	char canonical[LIMIT_HOST + 1];
	enum status st = account_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = host_check(host, false, canonical, complaint);
	if (st == ST_OK)
		st = host_insert(change, &step, canonical, complaint);
	if (st == ST_OK)
		st = account_touch(change, &step, "account.host_add");
	return change_leave(change, st);
}

enum status account_host_remove(
	struct change *change, uint32_t slot, struct span host, struct complaint *complaint)
{
	CLEANUP(account_step_free)
	struct account_step step = { 0 };
	char canonical[LIMIT_HOST + 1];
	int64_t removed;
	enum status st = account_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = host_check(host, false, canonical, complaint);
	if (st == ST_OK)
		st = db_one_int(change_db(change),
			"DELETE FROM account_hosts WHERE host = $1 AND account_slot = $2"
			" RETURNING account_slot",
			&removed, DB_TEXT(span_str(canonical)), DB_INT(slot));
	if (st == ST_NOT_FOUND && step.account.slot != 0)
		complaint_set(complaint, "records.no_host", 1, "host", canonical);
	if (st == ST_OK)
		st = account_touch(change, &step, "account.host_remove");
	change->narrows |= st == ST_OK;
	return change_leave(change, st);
}
