/* Who may make a change: asked within its transaction, so that nothing changes in between. */
#include "records/store.h"

#include <stdio.h>

static enum status deny(struct complaint *complaint, const char *key)
{
	complaint_set(complaint, key, 0);
	return ST_DENIED;
}

static bool acts_for_all(const struct change *change)
{
	return change->actor.kind == ACTOR_OPERATOR || change->actor.kind == ACTOR_SYSTEM;
}

/* A session that was ended meanwhile, or is over by itself, changes nothing any more. */
static enum status session_there(struct change *change)
{
	if (change->actor.session_slot == 0)
		return ST_OK;
	return session_lives(change_db(change), change->actor.session_slot, change->actor.user_slot,
		change->now_us);
}

enum status change_holding(
	struct change *change, struct holding *out_holding, struct complaint *complaint)
{
	enum status st = ST_NOT_FOUND;

	if (change->actor.kind == ACTOR_USER) {
		st = session_there(change);
		if (st == ST_OK)
			st = user_holding(change_db(change), change->actor.user_slot, out_holding);
	} else if (change->actor.kind == ACTOR_TOKEN) {
		st = token_holding(
			change_db(change), change->actor.token_slot, change->now_us, out_holding);
	}
	if (st == ST_NOT_FOUND || (st == ST_OK && !out_holding->is_active))
		return deny(complaint, "records.login_over");
	return st;
}

enum status change_need_operator(struct change *change, struct complaint *complaint)
{
	return acts_for_all(change) ? ST_OK : deny(complaint, "records.operator_only");
}

enum status change_need_owner(
	struct change *change, uint32_t account_slot, struct complaint *complaint)
{
	struct holding holding;
	enum status st;

	if (acts_for_all(change))
		return ST_OK;
	if (account_slot == 0)
		return deny(complaint, "records.operator_only");
	st = change_holding(change, &holding, complaint);
	if (st != ST_OK)
		return st;
	if (holding.account_slot != account_slot)
		return ST_NOT_FOUND;
	return holding.is_owner ? ST_OK : deny(complaint, "records.owner_only");
}

enum status change_need(
	struct change *change, uint32_t account_slot, enum right right, struct complaint *complaint)
{
	struct holding holding;
	enum status st;

	if (acts_for_all(change))
		return ST_OK;
	st = change_holding(change, &holding, complaint);
	if (st != ST_OK)
		return st;
	/* What is no account's is the catalogue's. */
	if (account_slot == 0 && right != RIGHT_CATALOG_EDIT)
		return deny(complaint, "records.operator_only");
	if (account_slot != 0 && holding.account_slot != account_slot)
		return ST_NOT_FOUND;
	if (right == RIGHT_NONE || (holding.rights & RIGHT_BIT(right)) == 0) {
		complaint_set(complaint, "records.right_missing", 1, "right", right_name(right));
		return ST_DENIED;
	}
	if (right == RIGHT_KEYS_EDIT && !holding.is_owner)
		change->delegated = true;
	return ST_OK;
}

/* ---- nobody grants what he does not hold ---- */

#define HOLDS                                                                                      \
	"SELECT 1 FROM user_profiles h JOIN profile_resources i"                                   \
	" ON i.profile_slot = h.profile_slot WHERE h.user_slot = $1 AND i.resource_slot = $2"

/*
 * A person's own resources are those of the profiles that he holds. A management
 * token has none: it may set resources of other products, for which its rights
 * were given, and none of Llavero's own.
 */
static enum status covers_one(struct change *change, uint32_t resource_slot)
{
	int64_t found;

	if (change->actor.kind == ACTOR_TOKEN)
		return db_one_int(change_db(change),
			"SELECT slot FROM resources WHERE slot = $1 AND product <> '" RIGHT_PRODUCT
			"'",
			&found, DB_INT(resource_slot));
	return db_one_int(change_db(change), HOLDS, &found, DB_INT(change->actor.user_slot),
		DB_INT(resource_slot));
}

static enum status deny_grant(
	struct change *change, uint32_t resource_slot, struct complaint *complaint)
{
	struct record_resource resource;
	char memory[COMPLAINT_VALUE_MAX];
	struct buf name = BUF_ARRAY(memory);
	enum status st = resource_read(change_db(change), resource_slot, change->arena, &resource);

	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	buf_append(&name, resource.product);
	buf_append_char(&name, '/');
	buf_append(&name, resource.key);
	complaint_set(complaint, "records.grant_too_much", 1, "resource", buf_str(&name));
	return ST_DENIED;
}

enum status change_need_covered(
	struct change *change, struct slots resources, struct complaint *complaint)
{
	struct holding holding;
	enum status st;

	if (acts_for_all(change))
		return ST_OK;
	st = change_holding(change, &holding, complaint);
	if (st != ST_OK || holding.is_owner)
		return st;
	for (size_t i = 0; st == ST_OK && i < resources.count; i++) {
		st = covers_one(change, resources.slots[i]);
		if (st == ST_NOT_FOUND)
			st = deny_grant(change, resources.slots[i], complaint);
	}
	return st;
}

/* The first resource that the user holds and the actor does not; ST_NOT_FOUND: none. */
static enum status exceeds(struct change *change, uint32_t user_slot)
{
	int64_t found;

	/* Of a token the rights alone say what it may; they are compared apart. */
	if (change->actor.kind == ACTOR_TOKEN)
		return ST_NOT_FOUND;
	return db_one_int(change_db(change),
		"SELECT i.resource_slot FROM user_profiles h JOIN profile_resources i"
		" ON i.profile_slot = h.profile_slot WHERE h.user_slot = $1"
		" AND i.resource_slot NOT IN (SELECT o.resource_slot FROM profile_resources o"
		" JOIN user_profiles m ON m.profile_slot = o.profile_slot WHERE m.user_slot = $2)",
		&found, DB_INT(user_slot), DB_INT(change->actor.user_slot));
}

enum status change_need_over(
	struct change *change, const struct record_user *user, struct complaint *complaint)
{
	struct holding own, theirs;
	enum status st;

	if (acts_for_all(change))
		return ST_OK;
	st = change_holding(change, &own, complaint);
	if (st != ST_OK || own.is_owner)
		return st;
	if (user->is_owner)
		return deny(complaint, "records.owner_only");
	st = user_holding(change_db(change), user->slot, &theirs);
	if (st != ST_OK)
		return st;
	if ((theirs.rights & ~own.rights) != 0)
		return deny(complaint, "records.user_may_more");
	st = exceeds(change, user->slot);
	if (st == ST_OK)
		return deny(complaint, "records.user_may_more");
	return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status complain_not_vouched(const struct record_user *user, struct complaint *complaint)
{
	char who[16], maker[16];

	snprintf(who, sizeof(who), "%u", user->slot);
	snprintf(maker, sizeof(maker), "%u", user->link_made_by);
	complaint_set(complaint, "records.link_not_owners", 2, "user", who, "maker", maker);
	return ST_CONFLICT;
}

enum status change_need_vouched(struct change *change, const struct record_user *user,
	struct slots resources, bool handles_keys, struct complaint *complaint)
{
	int64_t found;
	enum status st = ST_OK;

	if (user->link_made_by == 0)
		return ST_OK;
	for (size_t i = 0; st == ST_OK && i < resources.count; i++)
		st = db_one_int(change_db(change), HOLDS, &found, DB_INT(user->link_made_by),
			DB_INT(resources.slots[i]));
	if (st == ST_NOT_FOUND || (st == ST_OK && handles_keys))
		return complain_not_vouched(user, complaint);
	return st;
}

enum status change_holds_profile(struct change *change, uint32_t profile_slot, bool *out_holds)
{
	int64_t found;
	enum status st;

	*out_holds = false;
	if (change->actor.kind != ACTOR_USER)
		return ST_OK;
	st = db_one_int(change_db(change),
		"SELECT 1 FROM user_profiles WHERE user_slot = $1 AND profile_slot = $2", &found,
		DB_INT(change->actor.user_slot), DB_INT(profile_slot));
	*out_holds = st == ST_OK;
	return st == ST_NOT_FOUND ? ST_OK : st;
}
