/*
 * Access profiles: named sets of resources of one account; and the predefined
 * ones of the catalogue, which stand in account 0 and are never linked.
 */
#include "records/profile.h"

#include "records/store.h"

#include <stdio.h>

/* ---- reading ---- */

enum status profile_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_profile *out_profile)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct slots resources;
	enum status st = db_query(db,
		"SELECT p.account_slot, p.name, p.created_at_us, p.version, a.name, p.handles_keys"
		" FROM profiles p LEFT JOIN accounts a ON a.slot = p.account_slot"
		" WHERE p.slot = $1",
		&row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	*out_profile = (struct record_profile){ .slot = slot,
		.account_slot = (uint32_t)db_int(row, 0),
		.created_at_us = db_int(row, 2),
		.version = db_int(row, 3),
		.handles_keys = db_int(row, 5) == 1 };
	st = span_keep(arena, db_bytes(row, 1), &out_profile->name);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 4), &out_profile->account);
	if (st == ST_OK)
		st = slots_read(db,
			"SELECT resource_slot FROM profile_resources WHERE profile_slot = $1"
			" ORDER BY resource_slot",
			slot, arena, &resources);
	if (st != ST_OK)
		return st;
	out_profile->resource_slots = resources.slots;
	out_profile->resources_count = resources.count;
	return ST_OK;
}

enum status snapshot_profile(struct snapshot *snapshot, uint32_t slot, struct arena *arena,
	struct record_profile *out_profile)
{
	return snapshot_note(snapshot, profile_read(snapshot->db, slot, arena, out_profile));
}

enum status snapshot_profile_by_name(struct snapshot *snapshot, uint32_t account_slot,
	struct span name, struct arena *arena, struct record_profile *out_profile)
{
	uint32_t slot = 0;
	enum status st = slot_find(snapshot->db,
		"SELECT slot FROM profiles WHERE account_slot = $1 AND name = $2",
		(const struct db_value[]){ DB_INT(account_slot), DB_TEXT(name) }, 2, &slot);

	if (st == ST_OK)
		st = profile_read(snapshot->db, slot, arena, out_profile);
	return snapshot_note(snapshot, st);
}

enum status snapshot_profile_holders(struct snapshot *snapshot, uint32_t slot, int64_t *out_count)
{
	return snapshot_note(
		snapshot, db_one_int(snapshot->db,
				  "SELECT COUNT(*) FROM user_profiles WHERE profile_slot = $1",
				  out_count, DB_INT(slot)));
}

static enum status append_json(struct buf *out, struct db *db, const struct record_profile *profile)
{
	enum status st;

	buf_append_char(out, '{');
	json_number(out, "id", profile->slot);
	json_text(out, "name", profile->name);
	st = resources_append_json(out, db, profile->resource_slots, profile->resources_count);
	json_bool(out, "handlesKeys", profile->handles_keys);
	json_time(out, "createdAt", profile->created_at_us);
	json_number(out, "version", profile->version);
	buf_append_char(out, '}');
	return st == ST_OK && !buf_ok(out) ? ST_LIMIT : st;
}

enum status profile_append_json(
	struct buf *out, struct snapshot *snapshot, const struct record_profile *profile)
{
	return snapshot_note(snapshot, append_json(out, snapshot->db, profile));
}

/* ---- changing ---- */

/* The predefined ones are of the catalogue. */
static enum status need_profiles_edit(
	struct change *change, uint32_t account_slot, struct complaint *complaint)
{
	return change_need(change, account_slot,
		account_slot == 0 ? RIGHT_CATALOG_EDIT : RIGHT_PROFILES_EDIT, complaint);
}

struct profile_step {
	struct record_profile profile;
	struct buf before;
};

static void profile_step_free(struct profile_step *step)
{
	buf_free(&step->before);
}

static enum status profile_step_begin(struct change *change, uint32_t slot,
	struct profile_step *step, struct complaint *complaint)
{
	enum status st = change_enter(change);

	step->before = buf_heap(EVENT_TEXT_MAX);
	if (st == ST_OK)
		st = profile_read(change_db(change), slot, change->arena, &step->profile);
	if (st == ST_OK)
		st = need_profiles_edit(change, step->profile.account_slot, complaint);
	st = complain_missing(st, ENTITY_PROFILE, complaint);
	if (st == ST_OK)
		st = append_json(&step->before, change_db(change), &step->profile);
	return st;
}

struct profile_texts {
	struct span before, after;
};

static enum status profile_event(struct change *change, const char *const actions[2],
	const struct record_profile *profile, struct profile_texts texts)
{
	bool predefined = profile->account_slot == 0;

	return change_event(change, &(struct event_about){ .action = actions[predefined],
					    .account_slot = profile->account_slot,
					    .kind = predefined ? ENTITY_PREDEFINED : ENTITY_PROFILE,
					    .slot = profile->slot,
					    .id = profile->name,
					    .before = texts.before,
					    .after = texts.after });
}

static enum status profile_event_after(
	struct change *change, const char *const actions[2], uint32_t slot, struct span before)
{
	CLEANUP(buf_free)
	struct buf after = buf_heap(EVENT_TEXT_MAX);
	struct record_profile profile;
	enum status st = profile_read(change_db(change), slot, change->arena, &profile);

	if (st == ST_OK)
		st = append_json(&after, change_db(change), &profile);
	if (st == ST_OK)
		st = profile_event(change, actions, &profile,
			(struct profile_texts){ before, buf_span(&after) });
	return st;
}

static enum status resources_insert(struct change *change, uint32_t slot, struct slots resources)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < resources.count; i++)
		st = db_run(change_db(change),
			"INSERT INTO profile_resources (profile_slot, resource_slot) VALUES ($1, "
			"$2)",
			DB_INT(slot), DB_INT(resources.slots[i]));
	return st;
}

static enum status profile_insert(
	struct change *change, const struct profile_new *profile, uint32_t *out_slot)
{
	enum status st = slot_take(change_db(change), "profile", 1, out_slot);

	if (st != ST_OK)
		return st;
	return db_run(change_db(change),
		"INSERT INTO profiles (slot, account_slot, name, created_at_us, version,"
		" handles_keys) VALUES ($1, $2, $3, $4, 1, $5)",
		DB_INT(*out_slot), DB_INT(profile->account_slot), DB_TEXT(profile->name),
		DB_INT(change->now_us), DB_INT(profile->handles_keys));
}

static enum status account_there(
	struct change *change, uint32_t account_slot, struct complaint *complaint)
{
	int64_t slot;
	enum status st;

	if (account_slot == 0)
		return ST_OK;
	st = db_one_int(change_db(change), "SELECT slot FROM accounts WHERE slot = $1", &slot,
		DB_INT(account_slot));
	return complain_missing(st, ENTITY_ACCOUNT, complaint);
}

enum status profile_create(struct change *change, const struct profile_new *profile,
	uint32_t *out_slot, struct complaint *complaint)
{
	static const char *const ACTIONS[2] = { "profile.create", "predefined.create" };
	struct slots resources = { profile->resource_slots, profile->resources_count };
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = complain_missing(need_profiles_edit(change, profile->account_slot, complaint),
			ENTITY_ACCOUNT, complaint);
	if (st == ST_OK)
		st = account_there(change, profile->account_slot, complaint);
	if (st == ST_OK && profile->handles_keys)
		st = change_need_owner(change, profile->account_slot, complaint);
	if (st == ST_OK)
		st = text_check(profile->name, "name", LIMIT_NAME, false, complaint);
	if (st == ST_OK)
		st = resources_settle(change, resources, &resources, complaint);
	if (st == ST_OK)
		st = change_need_covered(change, resources, complaint);
	if (st == ST_OK && profile->account_slot == 0)
		st = resources_need_none_own(change, resources, complaint);
	if (st == ST_OK)
		st = complain_name_taken(
			profile_insert(change, profile, out_slot), profile->name, complaint);
	if (st == ST_OK)
		st = resources_insert(change, *out_slot, resources);
	if (st == ST_OK)
		st = profile_event_after(change, ACTIONS, *out_slot, SPAN_ABSENT);
	change->widens |= st == ST_OK && profile->handles_keys;
	return change_leave(change, st);
}

static enum status rename_profile(
	struct change *change, uint32_t slot, struct span name, struct complaint *complaint)
{
	enum status st = text_check(name, "name", LIMIT_NAME, false, complaint);

	if (st == ST_OK)
		st = db_run(change_db(change), "UPDATE profiles SET name = $2 WHERE slot = $1",
			DB_INT(slot), DB_TEXT(name));
	return complain_name_taken(st, name, complaint);
}

/* Those of the one that are not in the other; both ascending. */
static enum status slots_without(
	struct change *change, struct slots slots, struct slots others, struct slots *out_slots)
{
	uint32_t *left = arena_array(change->arena, slots.count + 1, sizeof(*left));
	size_t count = 0;

	if (left == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0, k = 0; i < slots.count; i++) {
		while (k < others.count && others.slots[k] < slots.slots[i])
			k++;
		if (k == others.count || others.slots[k] != slots.slots[i])
			left[count++] = slots.slots[i];
	}
	*out_slots = (struct slots){ left, count };
	return ST_OK;
}

/* The keys that link to it, and the users who hold it. */
static enum status keys_read(struct change *change, uint32_t slot, struct slots *out_keys)
{
	return slots_read(change_db(change),
		"SELECT key_slot FROM links WHERE profile_slot = $1 ORDER BY key_slot", slot,
		change->arena, out_keys);
}

static enum status holders_read(struct change *change, uint32_t slot, struct slots *out_users)
{
	return slots_read(change_db(change),
		"SELECT user_slot FROM user_profiles WHERE profile_slot = $1 ORDER BY user_slot",
		slot, change->arena, out_users);
}

/* keys.edit among them makes a profile that handles keys effective. */
static enum status holds_keys_edit(struct change *change, struct slots slots, bool *out_holds)
{
	int64_t keys_edit = 0;
	enum status st = db_one_int(change_db(change),
		"SELECT slot FROM resources WHERE product = $1 AND resource_key = $2", &keys_edit,
		DB_TEXT(SPAN_LIT(RIGHT_PRODUCT)), DB_TEXT(span_str(right_name(RIGHT_KEYS_EDIT))));

	*out_holds = false;
	for (size_t i = 0; st == ST_OK && i < slots.count; i++)
		*out_holds |= slots.slots[i] == keys_edit;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* What its holders get by it must be held by whoever made their links. */
static enum status holders_need_vouched(struct change *change, uint32_t slot, struct slots added,
	bool handles_keys, struct complaint *complaint)
{
	struct slots holders = { NULL, 0 };
	enum status st = holders_read(change, slot, &holders);

	for (size_t i = 0; st == ST_OK && i < holders.count; i++) {
		struct record_user user;

		st = user_read(change_db(change), holders.slots[i], change->arena, &user);
		if (st == ST_OK)
			st = change_need_vouched(change, &user, added, handles_keys, complaint);
	}
	return st;
}

static enum status may_add(struct change *change, const struct record_profile *profile,
	struct slots added, struct complaint *complaint)
{
	bool own = false, keys_edit = false;
	enum status st = ST_OK;

	if (added.count == 0)
		return ST_OK;
	if (profile->account_slot == 0)
		return resources_need_none_own(change, added, complaint);
	st = change_holds_profile(change, profile->slot, &own);
	if (st == ST_OK && own) {
		st = change_need_owner(change, profile->account_slot, complaint);
		if (st == ST_DENIED)
			complaint_set(complaint, "records.profile_is_own", 0);
	}
	if (st == ST_OK)
		st = change_need_covered(change, added, complaint);
	if (st == ST_OK)
		st = holders_need_vouched(change, profile->slot, added, false, complaint);
	if (st == ST_OK && profile->handles_keys)
		st = holds_keys_edit(change, added, &keys_edit);
	if (st == ST_OK && keys_edit)
		st = change_need_owner(change, profile->account_slot, complaint);
	return st;
}

/* What goes from a profile that works is taken from its holders and from the keys linked to it. */
static enum status may_reach(struct change *change, const struct record_profile *profile,
	struct slots holders, struct slots keys, struct complaint *complaint)
{
	enum status st = ST_OK;

	if (keys.count > 0)
		st = change_need(change, profile->account_slot, RIGHT_KEYS_EDIT, complaint);
	for (size_t i = 0; st == ST_OK && i < holders.count; i++) {
		struct record_user user;

		st = user_read(change_db(change), holders.slots[i], change->arena, &user);
		if (st == ST_OK)
			st = change_need_over(change, &user, complaint);
	}
	return st;
}

/* Emptying a profile reaches as far as deleting it: nobody strips whoever may do more than he. */
static enum status may_take(struct change *change, const struct record_profile *profile,
	struct slots taken, struct complaint *complaint)
{
	struct slots holders = { NULL, 0 }, keys = { NULL, 0 };
	enum status st;

	if (taken.count == 0)
		return ST_OK;
	st = holders_read(change, profile->slot, &holders);
	if (st == ST_OK)
		st = keys_read(change, profile->slot, &keys);
	if (st == ST_OK)
		st = may_reach(change, profile, holders, keys, complaint);
	if (st != ST_OK || holders.count + keys.count == 0)
		return st;
	st = change_need_covered(change, taken, complaint);
	if (st == ST_DENIED)
		complaint_set(complaint, "records.take_too_much", 0);
	return st;
}

static enum status replace_resources(struct change *change, const struct record_profile *profile,
	const struct profile_edit *edit, struct complaint *complaint)
{
	struct slots resources = { edit->resource_slots, edit->resources_count };
	struct slots before = { profile->resource_slots, profile->resources_count }, added, taken;
	uint32_t slot = profile->slot;
	enum status st = resources_settle(change, resources, &resources, complaint);

	if (st == ST_OK)
		st = slots_without(change, resources, before, &added);
	if (st == ST_OK)
		st = may_add(change, profile, added, complaint);
	if (st == ST_OK)
		st = slots_without(change, before, resources, &taken);
	if (st == ST_OK)
		st = may_take(change, profile, taken, complaint);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"DELETE FROM profile_resources WHERE profile_slot = $1", DB_INT(slot));
	if (st == ST_OK)
		st = resources_insert(change, slot, resources);
	change->widens |= st == ST_OK && added.count > 0;
	/* It may have lost some. */
	change->narrows |= st == ST_OK;
	return st;
}

static enum status set_handles_keys(struct change *change, const struct record_profile *profile,
	bool handles_keys, struct complaint *complaint)
{
	enum status st = ST_OK;

	if (handles_keys == profile->handles_keys)
		return ST_OK;
	st = change_need_owner(change, profile->account_slot, complaint);
	if (st == ST_OK && handles_keys)
		st = holders_need_vouched(
			change, profile->slot, (struct slots){ NULL, 0 }, true, complaint);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE profiles SET handles_keys = $2 WHERE slot = $1",
			DB_INT(profile->slot), DB_INT(handles_keys));
	change->narrows |= st == ST_OK && !handles_keys;
	change->widens |= st == ST_OK && handles_keys;
	return st;
}

enum status profile_edit(struct change *change, uint32_t slot, const struct profile_edit *edit,
	struct complaint *complaint)
{
	static const char *const ACTIONS[2] = { "profile.edit", "predefined.edit" };
	CLEANUP(profile_step_free)
	struct profile_step step = { 0 };
	enum status st = profile_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = version_check(edit->version, step.profile.version, complaint);
	if (st == ST_OK && span_present(edit->name))
		st = rename_profile(change, slot, edit->name, complaint);
	if (st == ST_OK && edit->set_resources)
		st = replace_resources(change, &step.profile, edit, complaint);
	if (st == ST_OK && edit->set_handles_keys)
		st = set_handles_keys(change, &step.profile, edit->handles_keys, complaint);
	/* Who holds it may be no delegate any more. */
	if (st == ST_OK && step.profile.handles_keys)
		st = handovers_void_unfit(change, step.profile.account_slot);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE profiles SET version = version + 1 WHERE slot = $1", DB_INT(slot));
	if (st == ST_OK)
		st = profile_event_after(change, ACTIONS, slot, buf_span(&step.before));
	return change_leave(change, st);
}

/* Refuse, or take off, what links to it. */
static enum status links_settle(struct change *change, const struct record_profile *profile,
	bool unlink, struct complaint *complaint)
{
	uint32_t slot = profile->slot;
	struct slots keys;
	char count[24];
	enum status st = keys_read(change, slot, &keys);

	if (st == ST_OK && keys.count > 0 && !unlink) {
		snprintf(count, sizeof(count), "%zu", keys.count);
		complaint_set(complaint, "records.profile_is_linked", 1, "count", count);
		return ST_CONFLICT;
	}
	if (st == ST_OK && keys.count > 0)
		st = change_need(change, profile->account_slot, RIGHT_KEYS_EDIT, complaint);
	for (size_t i = 0; st == ST_OK && i < keys.count; i++)
		st = link_drop(change, keys.slots[i], slot);
	return st;
}

/* The same of the people who hold it. */
static enum status holders_settle(
	struct change *change, uint32_t slot, bool unlink, struct complaint *complaint)
{
	struct slots users;
	char count[24];
	enum status st = holders_read(change, slot, &users);

	if (st == ST_OK && users.count > 0 && !unlink) {
		snprintf(count, sizeof(count), "%zu", users.count);
		complaint_set(complaint, "records.profile_is_held", 1, "count", count);
		return ST_CONFLICT;
	}
	for (size_t i = 0; st == ST_OK && i < users.count; i++)
		st = holder_drop(change, users.slots[i], slot, complaint);
	return st;
}

static enum status profile_remove(struct change *change, uint32_t slot)
{
	enum status st = db_run(change_db(change),
		"DELETE FROM profile_resources WHERE profile_slot = $1", DB_INT(slot));

	if (st == ST_OK)
		st = db_run(
			change_db(change), "DELETE FROM profiles WHERE slot = $1", DB_INT(slot));
	change->narrows |= st == ST_OK;
	return st;
}

enum status profile_delete(
	struct change *change, uint32_t slot, bool unlink, struct complaint *complaint)
{
	static const char *const ACTIONS[2] = { "profile.delete", "predefined.delete" };
	CLEANUP(profile_step_free)
	struct profile_step step = { 0 };
	enum status st = profile_step_begin(change, slot, &step, complaint);

	if (st == ST_OK)
		st = links_settle(change, &step.profile, unlink, complaint);
	if (st == ST_OK)
		st = holders_settle(change, slot, unlink, complaint);
	if (st == ST_OK)
		st = profile_remove(change, slot);
	if (st == ST_OK)
		st = profile_event(change, ACTIONS, &step.profile,
			(struct profile_texts){ buf_span(&step.before), SPAN_ABSENT });
	return change_leave(change, st);
}
