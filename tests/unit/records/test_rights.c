/* Who may what: rights by profiles, what nobody can grant, and that it is asked within the change.
 */
#include "fixture.h"

#include "records/account.h"
#include "records/app_key.h"
#include "records/catalog.h"
#include "records/profile.h"
#include "records/right.h"

#include <stdio.h>

/* Ana (1) owns acme, Otto (2) owns other; acme was first and manages the installation. */
enum { ANA = 1, OTTO = 2 };

struct world {
	struct fixture *f;
	uint32_t rights[RIGHT_COUNT]; /* Llavero's resources */
	uint32_t orders, bills;       /* of another product */
	uint32_t eva, leo;            /* users of acme */
};

static void as_operator(struct fixture *f)
{
	f->actor = (struct actor){ .kind = ACTOR_OPERATOR, .peer_uid = 0 };
}

static void as_user(struct fixture *f, uint32_t slot)
{
	f->actor = (struct actor){ .kind = ACTOR_USER, .user_slot = slot, .peer_uid = -1 };
}

static void as_token(struct fixture *f, uint32_t slot)
{
	f->actor = (struct actor){ .kind = ACTOR_TOKEN, .token_slot = slot, .peer_uid = -1 };
}

static struct world make_world(struct fixture *f)
{
	struct world w = { .f = f };

	fixture_accounts(f);
	ASSERT_OK(rights_install(f->records, f->now_us));
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	for (unsigned i = RIGHT_NONE + 1; i < RIGHT_COUNT; i++) {
		struct record_resource resource;

		ASSERT_OK(snapshot_resource_by_key(snapshot, SPAN_LIT(RIGHT_PRODUCT),
			span_str(right_name((enum right)i)), f->arena, &resource));
		w.rights[i] = resource.slot;
	}
	snapshot_end(&snapshot);
	w.orders = make_resource(f, "OMS", "orders");
	w.bills = make_resource(f, "OMS", "bills");
	w.eva = make_user(f, f->acme, "eva@acme.example");
	w.leo = make_user(f, f->acme, "leo@acme.example");
	return w;
}

static enum status give(struct fixture *f, uint32_t user, const uint32_t *profiles, size_t count)
{
	struct change *change = begin(f);

	return end(&change, user_set_profiles(change, user, profiles, count, &f->complaint));
}

/* The user holds one profile with these rights, given by the operator. */
static uint32_t grant(struct world *w, uint32_t user, const char *name, enum right a, enum right b)
{
	struct actor actor = w->f->actor;
	const uint32_t slots[] = { w->rights[a], w->rights[b] };
	uint32_t profile;

	as_operator(w->f);
	profile = make_profile(w->f, w->f->acme, name, slots, b == RIGHT_NONE ? 1 : 2);
	ASSERT_OK(give(w->f, user, &profile, 1));
	w->f->actor = actor;
	return profile;
}

static enum status edit_profile(
	struct fixture *f, uint32_t profile, const struct profile_edit *edit)
{
	struct change *change = begin(f);

	return end(&change, profile_edit(change, profile, edit, &f->complaint));
}

static enum status set_resources(
	struct fixture *f, uint32_t profile, const uint32_t *slots, size_t count)
{
	return edit_profile(f, profile,
		&(struct profile_edit){
			.set_resources = true, .resource_slots = slots, .resources_count = count });
}

static enum status set_handles(struct fixture *f, uint32_t profile, bool handles)
{
	return edit_profile(f, profile,
		&(struct profile_edit){ .set_handles_keys = true, .handles_keys = handles });
}

static struct holding holding_of(struct fixture *f, uint32_t user)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct holding holding;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_user_holding(snapshot, user, &holding));
	return holding;
}

static bool has(struct fixture *f, uint32_t user, enum right right)
{
	return (holding_of(f, user).rights & RIGHT_BIT(right)) != 0;
}

static enum status new_key(struct fixture *f, uint32_t account, const char *app_key)
{
	static unsigned number = 1000;
	struct key_new key = { .account_slot = account,
		.app_key = span_str(app_key),
		.digest = digest_of(++number),
		.label = SPAN_LIT("k") };
	struct change *change = begin(f);
	uint32_t slot;

	return end(&change, key_create(change, &key, &slot, &f->complaint));
}

/* ---- names ---- */

static void edit_implies_view(void **state)
{
	static const struct {
		const char *label;
		enum right has, implied;
	} rows[] = {
		{ "keys", RIGHT_KEYS_EDIT, RIGHT_KEYS_VIEW },
		{ "users", RIGHT_USERS_EDIT, RIGHT_USERS_VIEW },
		{ "profiles", RIGHT_PROFILES_EDIT, RIGHT_PROFILES_VIEW },
		{ "the catalogue", RIGHT_CATALOG_EDIT, RIGHT_CATALOG_VIEW },
		{ "profiles are made of it", RIGHT_PROFILES_VIEW, RIGHT_CATALOG_VIEW },
		{ "at second hand too", RIGHT_PROFILES_EDIT, RIGHT_CATALOG_VIEW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t all = rights_with_implied(RIGHT_BIT(rows[i].has));

		CHECK_ROW(rows[i].label, (all & RIGHT_BIT(rows[i].implied)) != 0);
		CHECK_ROW(rows[i].label, (rights_with_implied(RIGHT_BIT(rows[i].implied)) &
						 RIGHT_BIT(rows[i].has)) == 0);
	}
	for (unsigned i = RIGHT_NONE + 1; i < RIGHT_COUNT; i++)
		assert_int_equal(right_of_name(span_str(right_name((enum right)i))), i);
	assert_int_equal(right_of_name(SPAN_LIT("")), RIGHT_NONE);
	assert_int_equal(right_of_name(SPAN_LIT("Keys.view")), RIGHT_NONE);
	assert_int_equal(rights_of_text(SPAN_LIT("keys.view nothing diagnose")),
		RIGHT_BIT(RIGHT_KEYS_VIEW) | RIGHT_BIT(RIGHT_DIAGNOSE));
	assert_int_equal(rights_of_text(SPAN_LIT("")), 0);
}

/* ---- Llavero's own resources ---- */

static void its_own_resources_are_made_once_and_nobody_changes_them(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct resource_new made = { .product = SPAN_LIT(RIGHT_PRODUCT), .key = SPAN_LIT("more") };
	struct resource_new named = { .name = SPAN_LIT("x") };
	struct head before = records_head(f->records);
	struct change *change;
	uint32_t slot;

	ASSERT_OK(rights_install(f->records, f->now_us));
	assert_int_equal(records_head(f->records).revision, before.revision);
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, resource_create(change, &made, &slot, &f->complaint)));
	assert_string_equal(f->complaint.key, "records.resource_is_own");
	change = begin(f);
	slot = w.rights[RIGHT_DIAGNOSE];
	ASSERT_ST(ST_CONFLICT, end(&change, resource_edit(change, slot, 0, &named, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, resource_delete(change, slot, &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change, resource_edit(change, w.orders, 0, &named, &f->complaint)));
}

static void no_route_needs_them(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct record_service service = { .name = SPAN_LIT("s"), .base_path = SPAN_LIT("") };
	struct record_route route = { .method = SPAN_LIT("GET"),
		.path = SPAN_LIT("/a"),
		.needs = RECORD_NEEDS_RESOURCES,
		.resources_count = 1 };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(service_create(change, &service, &route.service_slot, &f->complaint));
	commit(&change);
	route.resource_slots = &w.rights[RIGHT_DIAGNOSE];
	change = begin(f);
	ASSERT_ST(ST_INVALID, end(&change, route_create(change, &route, &slot, &f->complaint)));
	route.resource_slots = &w.orders;
	change = begin(f);
	ASSERT_OK(end(&change, route_create(change, &route, &slot, &f->complaint)));
	route.resource_slots = &w.rights[RIGHT_DIAGNOSE];
	change = begin(f);
	ASSERT_ST(ST_INVALID, end(&change, route_edit(change, slot, 0, &route, &f->complaint)));
}

/* ---- who has what ---- */

static void the_owner_has_all_and_others_what_they_hold(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);

	assert_int_equal(holding_of(f, ANA).rights, RIGHTS_ALL);
	/* Otto's account does not manage the installation. */
	assert_int_equal(holding_of(f, OTTO).rights, RIGHTS_ALL & ~RIGHT_BIT(RIGHT_CATALOG_EDIT));
	assert_int_equal(holding_of(f, w.eva).rights, 0);
	grant(&w, w.eva, "Users", RIGHT_USERS_EDIT, RIGHT_NONE);
	assert_int_equal(holding_of(f, w.eva).rights,
		RIGHT_BIT(RIGHT_USERS_EDIT) | RIGHT_BIT(RIGHT_USERS_VIEW));
}

static void who_is_suspended_has_none(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct change *change;

	grant(&w, w.eva, "Users", RIGHT_USERS_EDIT, RIGHT_NONE);
	change = begin(f);
	ASSERT_OK(end(&change, user_set_state(change, w.eva, USER_SUSPENDED, &f->complaint)));
	assert_false(has(f, w.eva, RIGHT_USERS_VIEW));
	as_user(f, w.eva);
	change = begin(f);
	ASSERT_ST(ST_DENIED,
		end(&change, user_set_state(change, w.leo, USER_SUSPENDED, &f->complaint)));
	assert_string_equal(f->complaint.key, "records.login_over");
	as_operator(f);
	change = begin(f);
	ASSERT_OK(
		end(&change, account_set_state(change, f->acme, ACCOUNT_SUSPENDED, &f->complaint)));
	assert_int_equal(holding_of(f, ANA).rights, 0);
	assert_true(has(f, OTTO, RIGHT_KEYS_EDIT));
	as_user(f, ANA);
	ASSERT_ST(ST_DENIED, new_key(f, f->acme, "appkey-acme-1"));
}

/* Keys are handled through a profile that handles them, and has keys.edit. */
static void keys_are_the_owners_unless_he_delegates(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t profile = grant(&w, w.eva, "Keys", RIGHT_KEYS_EDIT, RIGHT_PROFILES_EDIT);

	as_user(f, w.eva);
	ASSERT_ST(ST_DENIED, new_key(f, f->acme, "appkey-acme-1"));
	assert_string_equal(f->complaint.key, "records.right_missing");
	assert_string_equal(f->complaint.args[0].value, "keys.edit");
	ASSERT_ST(ST_DENIED, set_handles(f, profile, true));
	as_user(f, ANA);
	ASSERT_OK(set_handles(f, profile, true));
	as_user(f, w.eva);
	ASSERT_OK(new_key(f, f->acme, "appkey-acme-1"));
	assert_true(span_contains(last_event(f, 0), "\"id\":\"user:3\""));
	assert_true(span_contains(last_event(f, 0), "\"delegated\":true}"));
	assert_chain(f);
	/* And another account's stay another's. */
	ASSERT_ST(ST_NOT_FOUND, new_key(f, f->other, "appkey-other-1"));
	as_user(f, ANA);
	ASSERT_OK(new_key(f, f->acme, "appkey-acme-2"));
	assert_false(span_contains(last_event(f, 0), "delegated"));
	ASSERT_OK(set_handles(f, profile, false));
	as_user(f, w.eva);
	ASSERT_ST(ST_DENIED, new_key(f, f->acme, "appkey-acme-3"));
}

/* handlesKeys in one profile and keys.edit in another make no delegate. */
static void both_halves_must_be_in_one_profile(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t both[2];

	both[0] = make_profile(f, f->acme, "Handles", &w.orders, 1);
	both[1] = make_profile(f, f->acme, "Edits", &w.rights[RIGHT_KEYS_EDIT], 1);
	ASSERT_OK(set_handles(f, both[0], true));
	ASSERT_OK(give(f, w.eva, both, 2));
	assert_false(has(f, w.eva, RIGHT_KEYS_EDIT));
	ASSERT_OK(set_handles(f, both[1], true));
	assert_true(has(f, w.eva, RIGHT_KEYS_EDIT));
}

/* ---- nobody grants what he does not hold ---- */

static void nobody_adds_to_a_profile_what_he_does_not_hold(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t plain = make_profile(f, f->acme, "Plain", NULL, 0);
	uint32_t held[2] = { 0 }, slot, many[2] = { w.orders, w.bills };
	struct change *change;

	held[0] = grant(&w, w.eva, "Profiles", RIGHT_PROFILES_EDIT, RIGHT_NONE);
	held[1] = make_profile(f, f->acme, "Orders", &w.orders, 1);
	ASSERT_OK(give(f, w.eva, held, 2));
	as_user(f, w.eva);
	ASSERT_OK(set_resources(f, plain, &w.orders, 1));
	ASSERT_ST(ST_DENIED, set_resources(f, plain, many, 2));
	assert_string_equal(f->complaint.key, "records.grant_too_much");
	assert_string_equal(f->complaint.args[0].value, "OMS/bills");
	ASSERT_ST(ST_DENIED, set_resources(f, plain, &w.rights[RIGHT_USERS_EDIT], 1));
	change = begin(f);
	ASSERT_ST(ST_DENIED,
		end(&change, profile_create(change,
				     &(struct profile_new){ f->acme, SPAN_LIT("New"), &w.bills, 1 },
				     &slot, &f->complaint)));
	/* What is there already stays: only what is added counts. */
	as_user(f, ANA);
	ASSERT_OK(set_resources(f, plain, &w.bills, 1));
	as_user(f, w.eva);
	ASSERT_OK(set_resources(f, plain, many, 2));
	ASSERT_OK(set_resources(f, plain, NULL, 0));
	ASSERT_ST(ST_DENIED, set_resources(f, plain, &w.bills, 1));
}

static void nobody_adds_to_a_profile_of_his_own(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t held[2];

	held[0] = grant(&w, w.eva, "Profiles", RIGHT_PROFILES_EDIT, RIGHT_NONE);
	held[1] = make_profile(f, f->acme, "Orders", &w.orders, 1);
	ASSERT_OK(give(f, w.eva, held, 2));
	as_user(f, w.eva);
	/* Not even what he holds by another one. */
	ASSERT_ST(ST_DENIED, set_resources(f, held[0],
				     (uint32_t[]){ w.rights[RIGHT_PROFILES_EDIT], w.orders }, 2));
	assert_string_equal(f->complaint.key, "records.profile_is_own");
	ASSERT_OK(set_resources(f, held[1], NULL, 0));
	as_user(f, ANA);
	ASSERT_OK(set_resources(
		f, held[0], (uint32_t[]){ w.rights[RIGHT_PROFILES_EDIT], w.orders }, 2));
}

static void nobody_gives_a_profile_beyond_his_own(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t users = grant(&w, w.eva, "Users", RIGHT_USERS_EDIT, RIGHT_KEYS_EDIT);
	uint32_t all[2] = { users, make_profile(f, f->acme, "Bills", &w.bills, 1) };
	uint32_t foreign = make_profile(f, f->other, "Foreign", NULL, 0);

	as_user(f, w.eva);
	ASSERT_OK(give(f, w.leo, &users, 1));
	ASSERT_ST(ST_DENIED, give(f, w.leo, &all[1], 1));
	ASSERT_ST(ST_DENIED, give(f, w.eva, all, 2)); /* nor to himself */
	ASSERT_ST(ST_NOT_FOUND, give(f, w.leo, &foreign, 1));
	ASSERT_ST(ST_NOT_FOUND, give(f, OTTO, &users, 1));
	ASSERT_ST(ST_DENIED, give(f, ANA, &users, 1));
	assert_string_equal(f->complaint.key, "records.owner_only");
	/* Whoever may more is out of reach. */
	as_user(f, ANA);
	ASSERT_OK(give(f, w.leo, all, 2));
	as_user(f, w.eva);
	ASSERT_ST(ST_DENIED, give(f, w.leo, NULL, 0));
	assert_string_equal(f->complaint.key, "records.user_may_more");
	as_user(f, ANA);
	ASSERT_OK(give(f, w.leo, &users, 1));
	as_user(f, w.eva);
	ASSERT_OK(give(f, w.leo, NULL, 0));
}

/* To hold keys.edit in a profile that does not handle keys is no way to one that does. */
static void only_the_owner_gives_what_handles_keys(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t plain = grant(&w, w.eva, "Users", RIGHT_USERS_EDIT, RIGHT_KEYS_EDIT);
	uint32_t profiles = make_profile(f, f->acme, "Profiles", &w.rights[RIGHT_PROFILES_EDIT], 1);
	uint32_t handles = make_profile(f, f->acme, "Keys", &w.rights[RIGHT_KEYS_EDIT], 1);
	uint32_t empty = make_profile(f, f->acme, "Empty", NULL, 0);

	ASSERT_OK(set_handles(f, handles, true));
	ASSERT_OK(set_handles(f, empty, true));
	ASSERT_OK(give(f, w.eva, (uint32_t[]){ plain, profiles }, 2));
	as_user(f, w.eva);
	ASSERT_ST(ST_DENIED, give(f, w.leo, &handles, 1));
	ASSERT_ST(ST_DENIED, give(f, w.eva, (uint32_t[]){ plain, profiles, handles }, 3));
	ASSERT_ST(ST_DENIED, give(f, w.leo, &empty, 1));
	ASSERT_ST(ST_DENIED, set_resources(f, empty, &w.rights[RIGHT_KEYS_EDIT], 1));
	assert_string_equal(f->complaint.key, "records.owner_only");
	as_user(f, ANA);
	ASSERT_OK(give(f, w.leo, &handles, 1));
	assert_true(has(f, w.leo, RIGHT_KEYS_EDIT));
	as_user(f, w.eva);
	ASSERT_ST(ST_DENIED, give(f, w.leo, NULL, 0)); /* he handles keys, she does not */
}

static void the_owner_is_out_of_reach_of_users_edit(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct user_new edited = { .name = SPAN_LIT("X") };
	struct change *change;

	grant(&w, w.eva, "Users", RIGHT_USERS_EDIT, RIGHT_NONE);
	as_user(f, w.eva);
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, user_edit(change, ANA, 0, &edited, &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change, user_edit(change, w.leo, 0, &edited, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_NOT_FOUND, end(&change, user_edit(change, OTTO, 0, &edited, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, owner_transfer(change, w.eva, &f->complaint)));
	as_user(f, ANA);
	change = begin(f);
	ASSERT_OK(end(&change, owner_transfer(change, w.leo, &f->complaint)));
	/* From then on she is one of the others. */
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, user_edit(change, w.eva, 0, &edited, &f->complaint)));
}

/* ---- within the transaction ---- */

/* What was true when the request came is asked again when it is made. */
static void a_right_taken_away_meanwhile_is_gone(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct change *change;

	grant(&w, w.eva, "Users", RIGHT_USERS_EDIT, RIGHT_NONE);
	assert_true(has(f, w.eva, RIGHT_USERS_EDIT));
	ASSERT_OK(give(f, w.eva, NULL, 0));
	as_user(f, w.eva);
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, user_erase(change, w.leo, &f->complaint)));
	assert_string_equal(f->complaint.key, "records.right_missing");
}

static void a_session_that_ended_changes_nothing(void **state)
{
	static const char SESSION[] =
		"INSERT INTO sessions (slot, digest, user_slot, kind, created_at_us, seen_at_us,"
		" second_factor_at_us, expires_at_us) VALUES (7, zeroblob(32), 1, 1, %lld, %lld,"
		" 1, %lld)";
	static const struct {
		const char *label;
		int64_t ends_after_us;
		uint32_t user, session;
		enum status expected;
	} rows[] = {
		{ "one microsecond left", 1, ANA, 7, ST_OK },
		{ "its end", 0, ANA, 7, ST_DENIED },
		{ "another's", 1, 3, 7, ST_DENIED },
		{ "none of that number", 1, ANA, 8, ST_DENIED },
	};
	struct fixture *f = *state;
	struct world w = make_world(f);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct change *change;
		char sql[400];

		meddle(f->db_path, "DELETE FROM sessions");
		snprintf(sql, sizeof(sql), SESSION, (long long)f->now_us, (long long)f->now_us,
			(long long)(f->now_us + rows[i].ends_after_us));
		meddle(f->db_path, sql);
		as_user(f, rows[i].user);
		f->actor.session_slot = rows[i].session;
		change = begin(f);
		CHECK_ROW(rows[i].label,
			end(&change, user_edit(change, w.leo, 0,
					     &(struct user_new){ .name = SPAN_LIT("L") },
					     &f->complaint)) == rows[i].expected);
	}
}

/* ---- management tokens ---- */

static void a_token_does_what_its_rights_say_until_it_ends(void **state)
{
	static const char TOKEN[] =
		"INSERT INTO management_tokens (slot, account_slot, label, digest, rights,"
		" addresses, created_by, created_at_us, expires_at_us, revoked_at_us, used_at_us,"
		" version) VALUES (4, 1, 't', zeroblob(32), '%s', '', 1, 1, %lld, %d, 0, 1)";
	static const struct {
		const char *label, *rights;
		int64_t ends_after_us;
		int revoked;
		enum status expected;
	} rows[] = {
		{ "its right", "keys.edit diagnose", 1, 0, ST_OK },
		{ "at its end", "keys.edit", 0, 0, ST_DENIED },
		{ "revoked", "keys.edit", 1, 1, ST_DENIED },
		{ "another right", "users.edit", 1, 0, ST_DENIED },
		{ "none", "", 1, 0, ST_DENIED },
	};
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t profile = make_profile(f, f->acme, "P", NULL, 0);
	char sql[500], app_key[40];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		meddle(f->db_path, "DELETE FROM management_tokens");
		snprintf(sql, sizeof(sql), TOKEN, rows[i].rights,
			(long long)(f->now_us + rows[i].ends_after_us), rows[i].revoked);
		meddle(f->db_path, sql);
		as_token(f, 4);
		snprintf(app_key, sizeof(app_key), "appkey-acme-t%zu", i);
		CHECK_ROW(rows[i].label, new_key(f, f->acme, app_key) == rows[i].expected);
	}
	meddle(f->db_path, "DELETE FROM management_tokens");
	snprintf(sql, sizeof(sql), TOKEN, "profiles.edit keys.edit", (long long)(f->now_us + 1), 0);
	meddle(f->db_path, sql);
	ASSERT_OK(new_key(f, f->acme, "appkey-acme-t9"));
	assert_true(span_contains(last_event(f, 0), "\"kind\":\"token\",\"id\":\"token:4\""));
	assert_true(span_contains(last_event(f, 0), "\"delegated\":true}"));
	ASSERT_ST(ST_NOT_FOUND, new_key(f, f->other, "appkey-other-t9"));
	/* Resources of other products it may set, Llavero's own never. */
	ASSERT_OK(set_resources(f, profile, &w.orders, 1));
	ASSERT_ST(ST_DENIED, set_resources(f, profile, &w.rights[RIGHT_PROFILES_EDIT], 1));
	ASSERT_ST(ST_DENIED, set_handles(f, profile, true));
	assert_chain(f);
}

/* ---- the catalogue, and deleting ---- */

static void the_catalogue_is_edited_from_the_account_that_manages(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct resource_new resource = { .product = SPAN_LIT("P"), .key = SPAN_LIT("a") };
	struct change *change;
	uint32_t slot;

	as_user(f, ANA);
	change = begin(f);
	ASSERT_OK(end(&change, resource_create(change, &resource, &slot, &f->complaint)));
	grant(&w, w.eva, "Catalog", RIGHT_CATALOG_EDIT, RIGHT_NONE);
	as_user(f, w.eva);
	resource.key = SPAN_LIT("b");
	change = begin(f);
	ASSERT_OK(end(&change, resource_create(change, &resource, &slot, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_DENIED,
		end(&change, account_set_manages(change, f->other, true, &f->complaint)));
	as_operator(f);
	change = begin(f);
	ASSERT_OK(end(&change, account_set_manages(change, f->acme, false, &f->complaint)));
	assert_false(has(f, ANA, RIGHT_CATALOG_EDIT));
	as_user(f, w.eva);
	resource.key = SPAN_LIT("c");
	change = begin(f);
	ASSERT_ST(
		ST_DENIED, end(&change, resource_create(change, &resource, &slot, &f->complaint)));
}

static void a_profile_that_is_held_is_deleted_on_purpose(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t profile = grant(&w, w.eva, "Users", RIGHT_USERS_VIEW, RIGHT_NONE);
	struct change *change = begin(f);

	ASSERT_ST(ST_CONFLICT, end(&change, profile_delete(change, profile, false, &f->complaint)));
	assert_string_equal(f->complaint.key, "records.profile_is_held");
	change = begin(f);
	ASSERT_OK(end(&change, profile_delete(change, profile, true, &f->complaint)));
	assert_false(has(f, w.eva, RIGHT_USERS_VIEW));
	assert_chain(f);
}

static void a_linked_profile_goes_with_whoever_handles_keys(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t profile = make_profile(f, f->acme, "Linked", NULL, 0);
	uint32_t key = make_key(f, f->acme, "appkey-acme-1", 1);
	struct change *change = begin(f);

	ASSERT_OK(end(&change, link_add(change, key, profile, &f->complaint)));
	grant(&w, w.eva, "Profiles", RIGHT_PROFILES_EDIT, RIGHT_NONE);
	as_user(f, w.eva);
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, profile_delete(change, profile, true, &f->complaint)));
	as_user(f, ANA);
	change = begin(f);
	ASSERT_OK(end(&change, profile_delete(change, profile, true, &f->complaint)));
}

/* To empty it reaches as far as to delete it. */
static void what_others_work_with_is_emptied_by_whom_may_as_much(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	const uint32_t slots[] = { w.orders, w.bills };
	uint32_t held = grant(&w, w.leo, "Held", RIGHT_EVENTS_VIEW, RIGHT_USERS_VIEW);
	uint32_t linked = make_profile(f, f->acme, "Linked", slots, 2);
	uint32_t loose = make_profile(f, f->acme, "Loose", slots, 2);
	uint32_t key = make_key(f, f->acme, "appkey-acme-1", 1);
	uint32_t more[2], keys;
	struct change *change = begin(f);

	ASSERT_OK(end(&change, link_add(change, key, linked, &f->complaint)));
	more[0] = grant(&w, w.eva, "Helpers", RIGHT_PROFILES_EDIT, RIGHT_USERS_EDIT);
	as_user(f, w.eva);
	ASSERT_ST(ST_DENIED, set_resources(f, held, NULL, 0));
	assert_string_equal(f->complaint.key, "records.user_may_more");
	ASSERT_ST(ST_DENIED, set_resources(f, held, &w.rights[RIGHT_USERS_VIEW], 1));
	ASSERT_ST(ST_DENIED, set_resources(f, linked, slots, 1));
	assert_string_equal(f->complaint.key, "records.right_missing");
	ASSERT_OK(set_resources(f, loose, NULL, 0));
	/* Who handles keys takes from them what he holds himself. */
	as_operator(f);
	keys = make_profile(f, f->acme, "Keys", &w.rights[RIGHT_KEYS_EDIT], 1);
	ASSERT_OK(set_handles(f, keys, true));
	more[1] = keys;
	ASSERT_OK(give(f, w.eva, more, 2));
	as_user(f, w.eva);
	ASSERT_ST(ST_DENIED, set_resources(f, linked, slots, 1));
	assert_string_equal(f->complaint.key, "records.take_too_much");
	as_operator(f);
	ASSERT_OK(set_resources(
		f, keys, (const uint32_t[]){ w.rights[RIGHT_KEYS_EDIT], w.bills }, 2));
	as_user(f, w.eva);
	ASSERT_OK(set_resources(f, linked, slots, 1));
	/* The owner may all of it. */
	as_user(f, ANA);
	ASSERT_OK(set_resources(f, linked, NULL, 0));
	ASSERT_OK(set_resources(f, held, NULL, 0));
	assert_chain(f);
}

/* A key of another account is known to whom it is linked in, and to nobody else. */
static void an_external_key_is_unlinked_by_whose_profile_it_is(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	uint32_t profile = make_profile(f, f->acme, "P", NULL, 0);
	uint32_t second = make_profile(f, f->acme, "Q", NULL, 0);
	uint32_t key = make_key(f, f->other, "appkey-other-1", 1);
	struct change *change;

	(void)w;
	as_user(f, ANA);
	change = begin(f);
	ASSERT_ST(ST_NOT_FOUND, end(&change, link_add(change, key, profile, &f->complaint)));
	as_operator(f);
	change = begin(f);
	ASSERT_OK(end(&change, link_add(change, key, profile, &f->complaint)));
	as_user(f, OTTO);
	change = begin(f);
	ASSERT_ST(ST_NOT_FOUND, end(&change, link_remove(change, key, profile, &f->complaint)));
	as_user(f, ANA);
	change = begin(f);
	ASSERT_OK(end(&change, link_add(change, key, second, &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change, link_remove(change, key, second, &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change, link_remove(change, key, profile, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_NOT_FOUND, end(&change, link_add(change, key, profile, &f->complaint)));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edit_implies_view),
		WITH(its_own_resources_are_made_once_and_nobody_changes_them),
		WITH(no_route_needs_them),
		WITH(the_owner_has_all_and_others_what_they_hold),
		WITH(who_is_suspended_has_none),
		WITH(keys_are_the_owners_unless_he_delegates),
		WITH(both_halves_must_be_in_one_profile),
		WITH(nobody_adds_to_a_profile_what_he_does_not_hold),
		WITH(nobody_adds_to_a_profile_of_his_own),
		WITH(nobody_gives_a_profile_beyond_his_own),
		WITH(only_the_owner_gives_what_handles_keys),
		WITH(the_owner_is_out_of_reach_of_users_edit),
		WITH(a_right_taken_away_meanwhile_is_gone),
		WITH(a_session_that_ended_changes_nothing),
		WITH(a_token_does_what_its_rights_say_until_it_ends),
		WITH(the_catalogue_is_edited_from_the_account_that_manages),
		WITH(a_profile_that_is_held_is_deleted_on_purpose),
		WITH(a_linked_profile_goes_with_whoever_handles_keys),
		WITH(what_others_work_with_is_emptied_by_whom_may_as_much),
		WITH(an_external_key_is_unlinked_by_whose_profile_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
