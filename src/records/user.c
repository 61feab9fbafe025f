/* The people of an account, as data. I1: an account has exactly one owner (an index keeps it). */
#include "records/account.h"
#include "records/keys.h"
#include "records/session.h"
#include "records/store.h"

#include <stdio.h>

#define JSON_MAX (64 * KIB)
#define EMAIL_MAX 254u
#define EMAIL_LOCAL_MAX 64u

/* ---- reading ---- */

static enum status held_read(struct db *db, struct arena *arena, struct record_user *out_user)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	struct record_held held[PROFILES_PER_USER_MAX], *kept;
	size_t count = 0;
	enum status st = db_query(db,
		"SELECT h.profile_slot, p.name FROM user_profiles h"
		" JOIN profiles p ON p.slot = h.profile_slot WHERE h.user_slot = $1"
		" ORDER BY h.profile_slot",
		&rows, DB_INT(out_user->slot));

	while (st == ST_OK && count < PROFILES_PER_USER_MAX) {
		st = db_step(rows);
		if (st != ST_OK)
			break;
		held[count].slot = (uint32_t)db_int(rows, 0);
		st = span_keep(arena, db_bytes(rows, 1), &held[count++].name);
	}
	if ((st != ST_OK && st != ST_NOT_FOUND) || count == 0)
		return st == ST_NOT_FOUND ? ST_OK : st;
	kept = arena_array(arena, count, sizeof(*kept));
	if (kept == NULL)
		return ST_NO_MEMORY;
	memcpy(kept, held, count * sizeof(*kept));
	out_user->profiles = kept;
	out_user->profiles_count = count;
	return ST_OK;
}

enum status user_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_user *out_user)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db,
		"SELECT u.account_slot, u.email, u.name, u.is_owner, u.state, u.created_at_us,"
		" u.version, c.user_slot, c.codes_held_at_us,"
		" COALESCE(c.linked_by, (SELECT e.made_by FROM enrolments e WHERE e.user_slot = "
		"u.slot"
		" AND e.used_at_us = 0 ORDER BY e.created_at_us DESC LIMIT 1), 0) FROM users u "
		"LEFT JOIN credentials c"
		" ON c.user_slot = u.slot WHERE u.slot = $1",
		&row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	*out_user = (struct record_user){ .slot = slot,
		.account_slot = (uint32_t)db_int(row, 0),
		.is_owner = db_int(row, 3) == 1,
		.is_enrolled = db_int(row, 7) != 0,
		.codes_held_at_us = db_int(row, 8),
		.link_made_by = (uint32_t)db_int(row, 9),
		.state = (enum user_state)db_int(row, 4),
		.created_at_us = db_int(row, 5),
		.version = db_int(row, 6) };
	st = span_keep(arena, db_bytes(row, 1), &out_user->email);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 2), &out_user->name);
	return st != ST_OK ? st : held_read(db, arena, out_user);
}

enum status snapshot_user(
	struct snapshot *snapshot, uint32_t slot, struct arena *arena, struct record_user *out_user)
{
	return snapshot_note(snapshot, user_read(snapshot->db, slot, arena, out_user));
}

/* One local part, one domain with a dot; no spaces, quotes or control characters. */
static bool email_is_fit(struct span email)
{
	size_t at = span_find(email, '@');
	struct span domain = span_part(email, at + 1, email.len);
	char host[LIMIT_HOST + 1];

	if (email.len > EMAIL_MAX || at == 0 || at > EMAIL_LOCAL_MAX || at >= email.len)
		return false;
	if (!span_is_utf8(email) || span_find(domain, '.') == domain.len)
		return false;
	for (size_t i = 0; i < at; i++) {
		uint8_t c = (uint8_t)email.ptr[i];

		if (c <= 0x20 || c >= 0x7F || strchr("\"(),:;<>[\\]", c) != NULL)
			return false;
	}
	return host_check(domain, false, host, NULL) == ST_OK;
}

static enum status email_check(
	struct span email, char out_key[EMAIL_MAX + 1], struct complaint *complaint)
{
	if (!span_present(email) || !email_is_fit(email)) {
		complaint_set(complaint, "records.email", 0);
		return ST_INVALID;
	}
	for (size_t i = 0; i < email.len; i++)
		out_key[i] = email.ptr[i] >= 'A' && email.ptr[i] <= 'Z'
				     ? (char)(email.ptr[i] - 'A' + 'a')
				     : email.ptr[i];
	out_key[email.len] = '\0';
	return ST_OK;
}

enum status snapshot_user_by_email(struct snapshot *snapshot, uint32_t account_slot,
	struct span email, struct arena *arena, struct record_user *out_user)
{
	char key[EMAIL_MAX + 1];
	uint32_t slot = 0;
	enum status st;

	if (email_check(email, key, NULL) != ST_OK)
		return ST_NOT_FOUND;
	st = slot_find(snapshot->db,
		"SELECT slot FROM users WHERE account_slot = $1 AND email_key = $2",
		(const struct db_value[]){ DB_INT(account_slot), DB_TEXT(span_str(key)) }, 2,
		&slot);
	if (st == ST_OK)
		st = user_read(snapshot->db, slot, arena, out_user);
	return snapshot_note(snapshot, st);
}

/* Of what happened to one person, that much is looked at. */
#define EMAIL_EVENTS_MAX 500

enum status snapshot_email_changed(
	struct snapshot *snapshot, uint32_t slot, int64_t after_us, int64_t *out_us)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(snapshot->db,
		"SELECT time_us FROM (SELECT action, time_us FROM events WHERE entity_kind = $1"
		" AND entity_slot = $2 ORDER BY revision DESC LIMIT $3) AS newest"
		" WHERE action = 'user.email' AND time_us > $4",
		&row, DB_INT(ENTITY_USER), DB_INT(slot), DB_INT(EMAIL_EVENTS_MAX),
		DB_INT(after_us));

	if (st == ST_OK)
		st = db_step(row);
	*out_us = st == ST_OK ? db_int(row, 0) : 0;
	return st == ST_NOT_FOUND ? ST_OK : snapshot_note(snapshot, st);
}

static void append_held(struct buf *out, const struct record_user *user)
{
	json_name(out, "profiles");
	buf_append_char(out, '[');
	for (size_t i = 0; i < user->profiles_count; i++) {
		buf_append_str(out, i > 0 ? ",{" : "{");
		json_number(out, "id", user->profiles[i].slot);
		json_text(out, "name", user->profiles[i].name);
		buf_append_char(out, '}');
	}
	buf_append_char(out, ']');
}

void user_append_json(struct buf *out, const struct record_user *user, bool with_personal)
{
	static const char *const STATES[] = {
		[USER_ACTIVE] = "active",
		[USER_SUSPENDED] = "suspended",
		[USER_ERASED] = "erased",
	};

	buf_append_char(out, '{');
	json_number(out, "id", user->slot);
	if (with_personal) {
		json_text(out, "email", user->email);
		json_text(out, "name", user->name);
	}
	json_bool(out, "owner", user->is_owner);
	json_text(out, "state", span_str(STATES[user->state]));
	json_bool(out, "enrolled", user->is_enrolled);
	if (with_personal)
		json_time(out, "codesHeldSince", user->codes_held_at_us);
	if (with_personal && user->link_made_by != 0)
		json_number(out, "linkMadeBy", user->link_made_by);
	else if (with_personal)
		json_text(out, "linkMadeBy", SPAN_ABSENT);
	append_held(out, user);
	json_time(out, "createdAt", user->created_at_us);
	json_number(out, "version", user->version);
	buf_append_char(out, '}');
}

/* ---- changing ---- */

enum status user_event(struct change *change, const char *action, uint32_t slot, struct span before)
{
	CLEANUP(buf_free)
	struct buf after = buf_heap(JSON_MAX);
	struct record_user user;
	char id[24];
	enum status st = user_read(change_db(change), slot, change->arena, &user);

	if (st != ST_OK)
		return st;
	user_append_json(&after, &user, false);
	snprintf(id, sizeof(id), "user:%u", slot);
	return change_event(change, &(struct event_about){ .action = action,
					    .account_slot = user.account_slot,
					    .kind = ENTITY_USER,
					    .slot = slot,
					    .id = span_str(id),
					    .before = before,
					    .after = buf_span(&after) });
}

static enum status name_check(struct span name, struct complaint *complaint)
{
	if (!span_present(name))
		return ST_OK;
	return text_check(name, "name", LIMIT_NAME, true, complaint);
}

static enum status complain_email_taken(enum status st, struct complaint *complaint)
{
	if (st == ST_EXISTS)
		complaint_set(complaint, "records.email_taken", 0);
	return st;
}

enum status user_insert(struct change *change, const struct user_new *user, bool is_owner,
	uint32_t *out_slot, struct complaint *complaint)
{
	char key[EMAIL_MAX + 1];
	enum status st = email_check(user->email, key, complaint);

	if (st == ST_OK)
		st = name_check(user->name, complaint);
	if (st == ST_OK)
		st = slot_take(change_db(change), "user", 1, out_slot);
	if (st != ST_OK)
		return st;
	st = db_run(change_db(change),
		"INSERT INTO users (slot, account_slot, email, email_key, name, is_owner, state,"
		" created_at_us, version) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, 1)",
		DB_INT(*out_slot), DB_INT(user->account_slot), DB_TEXT(user->email),
		DB_TEXT(span_str(key)), DB_TEXT(user->name), DB_INT(is_owner),
		DB_INT(change->now_us));
	return complain_email_taken(st, complaint);
}

static enum status account_there(
	struct change *change, uint32_t account_slot, struct complaint *complaint)
{
	int64_t slot;

	return complain_missing(
		db_one_int(change_db(change), "SELECT slot FROM accounts WHERE slot = $1", &slot,
			DB_INT(account_slot)),
		ENTITY_ACCOUNT, complaint);
}

enum status user_create(struct change *change, const struct user_new *user, uint32_t *out_slot,
	struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = complain_missing(
			change_need(change, user->account_slot, RIGHT_USERS_EDIT, complaint),
			ENTITY_ACCOUNT, complaint);
	if (st == ST_OK)
		st = account_there(change, user->account_slot, complaint);
	if (st == ST_OK)
		st = user_insert(change, user, false, out_slot, complaint);
	if (st == ST_OK)
		st = user_event(change, "user.create", *out_slot, SPAN_ABSENT);
	return change_leave(change, st);
}

/* A user that exists, with his state before. */
struct user_step {
	struct record_user user;
	struct buf before;
};

static void user_step_free(struct user_step *step)
{
	buf_free(&step->before);
}

static enum status user_step_read(
	struct change *change, uint32_t slot, struct user_step *step, struct complaint *complaint)
{
	enum status st = change_enter(change);

	step->before = buf_heap(JSON_MAX);
	if (st == ST_OK)
		st = user_read(change_db(change), slot, change->arena, &step->user);
	return complain_missing(st, ENTITY_USER, complaint);
}

/* What follows the question whether the actor may. */
static enum status user_step_enter(
	enum status st, struct user_step *step, struct complaint *complaint)
{
	st = complain_missing(st, ENTITY_USER, complaint);
	if (st == ST_OK && step->user.state == USER_ERASED) {
		complaint_set(complaint, "records.user_is_erased", 0);
		st = ST_CONFLICT;
	}
	if (st == ST_OK)
		user_append_json(&step->before, &step->user, false);
	return st;
}

static enum status user_step_begin(
	struct change *change, uint32_t slot, struct user_step *step, struct complaint *complaint)
{
	enum status st = user_step_read(change, slot, step, complaint);

	if (st == ST_OK)
		st = change_need(change, step->user.account_slot, RIGHT_USERS_EDIT, complaint);
	if (st == ST_OK)
		st = change_need_over(change, &step->user, complaint);
	return user_step_enter(st, step, complaint);
}

/* The same for what only the owner may; any_actor: who acts was asked for it already. */
static enum status user_step_begin_owner(struct change *change, uint32_t slot, bool any_actor,
	struct user_step *step, struct complaint *complaint)
{
	enum status st = user_step_read(change, slot, step, complaint);

	if (st == ST_OK && !any_actor)
		st = change_need_owner(change, step->user.account_slot, complaint);
	return user_step_enter(st, step, complaint);
}

static enum status user_touch(struct change *change, struct user_step *step, const char *action)
{
	enum status st = db_run(change_db(change),
		"UPDATE users SET version = version + 1 WHERE slot = $1", DB_INT(step->user.slot));

	if (st == ST_OK)
		st = user_event(change, action, step->user.slot, buf_span(&step->before));
	return st;
}

static enum status user_update(struct change *change, const struct record_user *user,
	const struct user_new *edited, struct complaint *complaint)
{
	struct span email = span_present(edited->email) ? edited->email : user->email;
	struct span name = span_present(edited->name) ? edited->name : user->name;
	char key[EMAIL_MAX + 1];
	enum status st = email_check(email, key, complaint);

	if (st == ST_OK)
		st = name_check(name, complaint);
	if (st != ST_OK)
		return st;
	st = db_run(change_db(change),
		"UPDATE users SET email = $2, email_key = $3, name = $4 WHERE slot = $1",
		DB_INT(user->slot), DB_TEXT(email), DB_TEXT(span_str(key)), DB_TEXT(name));
	return complain_email_taken(st, complaint);
}

/* Events hold no address: that it is another one is an action of its own. */
static bool gets_another_email(const struct record_user *user, const struct user_new *edited)
{
	return span_present(edited->email) && !span_equal(edited->email, user->email);
}

enum status user_edit(struct change *change, uint32_t slot, int64_t version,
	const struct user_new *edited, struct complaint *complaint)
{
	CLEANUP(user_step_free)
	struct user_step step = { 0 };
	enum status st = user_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = version_check(version, step.user.version, complaint);
	if (st == ST_OK)
		st = user_update(change, &step.user, edited, complaint);
	if (st == ST_OK)
		st = user_touch(change, &step,
			gets_another_email(&step.user, edited) ? "user.email" : "user.edit");
	return change_leave(change, st);
}

static enum status refuse_owner(const struct record_user *user, struct complaint *complaint)
{
	if (!user->is_owner)
		return ST_OK;
	complaint_set(complaint, "records.owner_stays", 0);
	return ST_CONFLICT;
}

/* What would let him, or who has it of him, in again once he is active again. */
static enum status way_in_close(struct change *change, uint32_t slot)
{
	enum status st = sessions_end(change, slot, 0);

	if (st == ST_OK)
		st = enrolments_drop(change, slot);
	if (st == ST_OK)
		st = handovers_void_of_user(change, slot);
	if (st == ST_OK)
		st = management_tokens_end_of(change, slot);
	return st != ST_OK ? st : invitation_drop_of(change, slot);
}

enum status user_set_state(
	struct change *change, uint32_t slot, enum user_state state, struct complaint *complaint)
{
	CLEANUP(user_step_free)
	struct user_step step = { 0 };
	enum status st = user_step_begin(change, slot, &step, complaint);
	bool suspend = state == USER_SUSPENDED;

	if (st == ST_OK && state == USER_ERASED)
		st = ST_INVALID;
	if (st == ST_OK)
		st = refuse_owner(&step.user, complaint);
	if (st == ST_OK && state == step.user.state) {
		complaint_set(complaint,
			suspend ? "records.user_is_suspended" : "records.user_is_active", 0);
		st = ST_CONFLICT;
	}
	if (st == ST_OK)
		st = db_run(change_db(change), "UPDATE users SET state = $2 WHERE slot = $1",
			DB_INT(slot), DB_INT(state));
	if (st == ST_OK && suspend)
		st = way_in_close(change, slot);
	if (st == ST_OK)
		st = user_touch(change, &step, suspend ? "user.suspend" : "user.activate");
	change->narrows |= suspend;
	return change_leave(change, st);
}

enum status user_erase(struct change *change, uint32_t slot, struct complaint *complaint)
{
	CLEANUP(user_step_free)
	struct user_step step = { 0 };
	enum status st = user_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = refuse_owner(&step.user, complaint);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE users SET email = NULL, email_key = NULL, name = NULL, state = 3"
			" WHERE slot = $1",
			DB_INT(slot));
	if (st == ST_OK)
		st = login_forget(change, slot);
	if (st == ST_OK)
		st = db_run(change_db(change), "DELETE FROM user_profiles WHERE user_slot = $1",
			DB_INT(slot));
	if (st == ST_OK)
		st = user_touch(change, &step, "user.erase");
	change->narrows |= st == ST_OK;
	change->scrubs |= st == ST_OK;
	return change_leave(change, st);
}

/* ---- the profiles that he holds ---- */

static bool holds(const struct record_user *user, uint32_t profile_slot)
{
	for (size_t i = 0; i < user->profiles_count; i++)
		if (user->profiles[i].slot == profile_slot)
			return true;
	return false;
}

static enum status profile_give(struct change *change, const struct record_user *user,
	uint32_t profile_slot, struct complaint *complaint)
{
	struct record_profile profile;
	struct slots resources;
	enum status st = profile_read(change_db(change), profile_slot, change->arena, &profile);

	if (st == ST_OK && profile.account_slot != user->account_slot)
		st = ST_NOT_FOUND;
	st = complain_missing(st, ENTITY_PROFILE, complaint);
	if (st != ST_OK)
		return st;
	resources = (struct slots){ profile.resource_slots, profile.resources_count };
	st = change_need_covered(change, resources, complaint);
	if (st == ST_OK)
		st = change_need_vouched(change, user, resources, profile.handles_keys, complaint);
	/* To handle keys is the owner's to delegate. */
	if (st == ST_OK && profile.handles_keys)
		st = change_need_owner(change, user->account_slot, complaint);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"INSERT INTO user_profiles (user_slot, profile_slot) VALUES ($1, $2)",
			DB_INT(user->slot), DB_INT(profile_slot));
	return st;
}

/* What he holds and is not among these; out_taken counts. */
static enum status profiles_take(struct change *change, const struct record_user *user,
	struct slots wanted, size_t *out_taken)
{
	enum status st = ST_OK;

	*out_taken = 0;
	for (size_t i = 0; st == ST_OK && i < user->profiles_count; i++) {
		uint32_t slot = user->profiles[i].slot;
		bool stays = false;

		for (size_t k = 0; k < wanted.count && !stays; k++)
			stays = wanted.slots[k] == slot;
		if (stays)
			continue;
		(*out_taken)++;
		st = db_run(change_db(change),
			"DELETE FROM user_profiles WHERE user_slot = $1 AND profile_slot = $2",
			DB_INT(user->slot), DB_INT(slot));
	}
	return st;
}

/* The new ones; of some that come twice the second is held by then. */
static enum status profiles_give(struct change *change, struct user_step *step, struct slots wanted,
	size_t *out_given, struct complaint *complaint)
{
	enum status st = ST_OK;

	*out_given = 0;
	for (size_t i = 0; st == ST_OK && i < wanted.count; i++) {
		bool twice = holds(&step->user, wanted.slots[i]);

		for (size_t k = 0; k < i && !twice; k++)
			twice = wanted.slots[k] == wanted.slots[i];
		if (twice)
			continue;
		(*out_given)++;
		st = profile_give(change, &step->user, wanted.slots[i], complaint);
	}
	return st;
}

enum status user_set_profiles(struct change *change, uint32_t slot, const uint32_t *profile_slots,
	size_t profiles_count, struct complaint *complaint)
{
	CLEANUP(user_step_free)
	struct user_step step = { 0 };
	struct slots wanted = { profile_slots, profiles_count };
	size_t taken = 0, given = 0;
	enum status st = user_step_begin(change, slot, &step, complaint);

	if (st == ST_OK && profiles_count > PROFILES_PER_USER_MAX) {
		complaint_set(complaint, "records.too_many_held", 0);
		st = ST_LIMIT;
	}
	/* First those that come: what the actor holds himself may be among those that go. */
	if (st == ST_OK)
		st = profiles_give(change, &step, wanted, &given, complaint);
	if (st == ST_OK)
		st = profiles_take(change, &step.user, wanted, &taken);
	if (st == ST_OK && taken > 0)
		st = handovers_void_unfit(change, step.user.account_slot);
	if (st == ST_OK && taken + given > 0)
		st = sessions_end(change, slot, change->actor.session_slot);
	if (st == ST_OK && taken + given > 0)
		st = user_touch(change, &step, "user.profiles");
	change->narrows |= taken > 0;
	return change_leave(change, st);
}

enum status holder_drop(
	struct change *change, uint32_t slot, uint32_t profile_slot, struct complaint *complaint)
{
	CLEANUP(user_step_free)
	struct user_step step = { 0 };
	enum status st = user_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = db_run(change_db(change),
			"DELETE FROM user_profiles WHERE user_slot = $1 AND profile_slot = $2",
			DB_INT(slot), DB_INT(profile_slot));
	if (st == ST_OK)
		st = handovers_void_unfit(change, step.user.account_slot);
	if (st == ST_OK)
		st = sessions_end(change, slot, change->actor.session_slot);
	return st != ST_OK ? st : user_touch(change, &step, "user.profiles");
}

static enum status owner_swap(struct change *change, uint32_t account_slot, uint32_t to_user_slot)
{
	/* The old one first: never two, not even within the transaction. */
	enum status st = db_run(change_db(change),
		"UPDATE users SET is_owner = 0 WHERE account_slot = $1 AND is_owner = 1",
		DB_INT(account_slot));

	if (st == ST_OK)
		st = db_run(change_db(change), "UPDATE users SET is_owner = 1 WHERE slot = $1",
			DB_INT(to_user_slot));
	return st;
}

static enum status owner_find(struct change *change, uint32_t account_slot, uint32_t *out_slot)
{
	struct db_value account = DB_INT(account_slot);
	enum status st = slot_find(change_db(change),
		"SELECT slot FROM users WHERE account_slot = $1 AND is_owner = 1", &account, 1,
		out_slot);

	return st == ST_NOT_FOUND ? ST_DAMAGED : st;
}

/* May he become the owner? ST_CONFLICT with the complaint why not. */
static enum status owner_fit(const struct record_user *user, struct complaint *complaint)
{
	if (!user->is_owner && user->state == USER_ACTIVE && user->is_enrolled &&
		user->link_made_by != 0)
		return complain_not_vouched(user, complaint);
	if (!user->is_owner && user->state == USER_ACTIVE)
		return ST_OK;
	complaint_set(complaint,
		user->is_owner ? "records.is_owner_already" : "records.user_is_suspended", 0);
	return ST_CONFLICT;
}

enum status owner_fit_invited(const struct record_user *user, struct complaint *complaint)
{
	enum status st = owner_fit(user, complaint);

	if (st != ST_OK || user->is_enrolled)
		return st;
	complaint_set(complaint, "records.owner_not_enrolled", 0);
	return ST_CONFLICT;
}

enum status owner_move(
	struct change *change, uint32_t to_user_slot, bool any_actor, struct complaint *complaint)
{
	CLEANUP(user_step_free)
	struct user_step to = { 0 }, from = { 0 };
	uint32_t from_slot = 0;
	enum status st = user_step_begin_owner(change, to_user_slot, any_actor, &to, complaint);

	if (st == ST_OK)
		st = owner_fit(&to.user, complaint);
	if (st == ST_OK)
		st = owner_find(change, to.user.account_slot, &from_slot);
	if (st == ST_OK)
		st = user_step_begin_owner(change, from_slot, any_actor, &from, complaint);
	if (st == ST_OK)
		st = owner_swap(change, to.user.account_slot, to_user_slot);
	if (st == ST_OK)
		st = sessions_end(change, from_slot, change->actor.session_slot);
	if (st == ST_OK)
		st = sessions_end(change, to_user_slot, change->actor.session_slot);
	/* Whoever made one, the old owner or another, may hold it still. */
	if (st == ST_OK)
		st = enrolments_drop(change, to_user_slot);
	if (st == ST_OK)
		st = user_touch(change, &from, "owner.leave");
	if (st == ST_OK)
		st = user_touch(change, &to, "owner.transfer");
	if (st == ST_OK)
		st = management_tokens_end(change, to.user.account_slot);
	if (st == ST_OK)
		st = handovers_void(change, to.user.account_slot);
	change->narrows |= st == ST_OK;
	return st;
}

enum status owner_transfer(
	struct change *change, uint32_t to_user_slot, struct complaint *complaint)
{
	enum status st = owner_move(change, to_user_slot, false, complaint);

	if (st == ST_OK)
		st = invitation_drop(change, to_user_slot);
	return change_leave(change, st);
}
