/* One-time links of keys are worth what whoever made them may, while he may it. */
#include "fixture.h"

#include "records/handover.h"
#include "records/login.h"
#include "records/management_token.h"
#include "records/profile.h"
#include "records/right.h"

#include <stdio.h>

#define LINK 900u

static const struct actor LINK_ACTOR = {
	.kind = ACTOR_SYSTEM, .name = { "one-time-link", 13 }, .peer_uid = -1
};
static const struct actor OPERATOR = { .kind = ACTOR_OPERATOR, .peer_uid = 0 };

/* Eva is a delegate by her profile, with a key of hers to hand over; leo is another user. */
struct world {
	struct fixture *f;
	uint32_t keys_edit, profile, eva, leo, key;
};

static enum status give(struct world *w, uint32_t user, size_t count)
{
	struct change *change = begin(w->f);

	return end(&change, user_set_profiles(change, user, &w->profile, count, &w->f->complaint));
}

static enum status set_handles(struct world *w, bool handles)
{
	struct change *change = begin(w->f);

	return end(&change,
		profile_edit(change, w->profile,
			&(struct profile_edit){ .set_handles_keys = true, .handles_keys = handles },
			&w->f->complaint));
}

static uint32_t keys_edit_of(struct fixture *f)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct record_resource resource;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_resource_by_key(snapshot, SPAN_LIT(RIGHT_PRODUCT),
		span_str(right_name(RIGHT_KEYS_EDIT)), f->arena, &resource));
	return resource.slot;
}

static struct world make_world(struct fixture *f)
{
	struct world w = { .f = f };

	fixture_accounts(f);
	ASSERT_OK(rights_install(f->records, f->now_us));
	w.keys_edit = keys_edit_of(f);
	w.eva = make_user(f, f->acme, "eva@acme.example");
	w.leo = make_user(f, f->acme, "leo@acme.example");
	w.profile = make_profile(f, f->acme, "keys", &w.keys_edit, 1);
	ASSERT_OK(set_handles(&w, true));
	ASSERT_OK(give(&w, w.eva, 1));
	w.key = make_key(f, f->acme, "appkey-acme-m", 1);
	return w;
}

static enum status make_link(struct world *w, const struct actor *maker, unsigned link)
{
	struct change *change = NULL;

	ASSERT_OK(change_begin(w->f->records, maker, w->f->now_us, &change));
	return end(&change, handover_create(change, w->key, digest_of(link), 0, &w->f->complaint));
}

static struct actor as_user(uint32_t slot)
{
	return (struct actor){ .kind = ACTOR_USER, .user_slot = slot, .peer_uid = -1 };
}

static enum status open_link(struct world *w, unsigned link, unsigned token)
{
	struct change *change = NULL;
	uint32_t slot;

	w->f->complaint = (struct complaint){ 0 };
	ASSERT_OK(change_begin(w->f->records, &LINK_ACTOR, w->f->now_us, &change));
	return end(&change,
		handover_open(change, digest_of(link), digest_of(token), &slot, &w->f->complaint));
}

/* ---- what may become of a maker ---- */

typedef enum status act_fn(struct change *change, struct world *w);

static enum status nothing(struct change *change, struct world *w)
{
	return user_set_state(change, w->leo, USER_SUSPENDED, &w->f->complaint);
}

static enum status suspend(struct change *change, struct world *w)
{
	return user_set_state(change, w->eva, USER_SUSPENDED, &w->f->complaint);
}

static enum status suspend_for_a_while(struct change *change, struct world *w)
{
	enum status st = suspend(change, w);

	return st != ST_OK ? st : user_set_state(change, w->eva, USER_ACTIVE, &w->f->complaint);
}

static enum status erase(struct change *change, struct world *w)
{
	return user_erase(change, w->eva, &w->f->complaint);
}

static enum status reset(struct change *change, struct world *w)
{
	int64_t expires;

	return login_reset(change, w->eva, digest_of(800), &expires, &w->f->complaint);
}

static enum status take_profile(struct change *change, struct world *w)
{
	return user_set_profiles(change, w->eva, NULL, 0, &w->f->complaint);
}

static enum status handle_no_more(struct change *change, struct world *w)
{
	return profile_edit(change, w->profile,
		&(struct profile_edit){ .set_handles_keys = true, .handles_keys = false },
		&w->f->complaint);
}

static enum status take_resource(struct change *change, struct world *w)
{
	return profile_edit(change, w->profile,
		&(struct profile_edit){ .set_resources = true, .resource_slots = NULL },
		&w->f->complaint);
}

static enum status delete_profile(struct change *change, struct world *w)
{
	return profile_delete(change, w->profile, true, &w->f->complaint);
}

static enum status rename_profile(struct change *change, struct world *w)
{
	return profile_edit(change, w->profile, &(struct profile_edit){ .name = SPAN_LIT("k") },
		&w->f->complaint);
}

static const struct {
	const char *label;
	act_fn *act;
	bool is_void;
} ACTS[] = {
	{ "another user is suspended", nothing, false },
	{ "the profile has another name", rename_profile, false },
	{ "suspended", suspend, true },
	{ "suspended, and active again", suspend_for_a_while, true },
	{ "erased", erase, true },
	{ "reset: who had his session may have made it", reset, true },
	{ "the profile is taken", take_profile, true },
	{ "the profile handles no keys any more", handle_no_more, true },
	{ "keys.edit is taken out of the profile", take_resource, true },
	{ "the profile is deleted", delete_profile, true },
};

static void check_act(struct fixture *f, size_t i)
{
	struct world w = make_world(f);
	struct actor eva = as_user(w.eva);
	struct record_key key;
	struct change *change;

	ASSERT_OK(make_link(&w, &eva, LINK));
	change = begin(f);
	ASSERT_OK(end(&change, ACTS[i].act(change, &w)));
	key = read_key(f, w.key);
	CHECK_ROW(ACTS[i].label, (key.handover.voided_at_us != 0) == ACTS[i].is_void);
	CHECK_ROW(ACTS[i].label, key.handover.void_cause == (ACTS[i].is_void ? HANDOVER_VOID_MAKER
									     : HANDOVER_VOID_KEY));
	CHECK_ROW(ACTS[i].label, open_link(&w, LINK, 2) == (ACTS[i].is_void ? ST_CONFLICT : ST_OK));
	if (ACTS[i].is_void)
		assert_string_equal(f->complaint.key, "records.handover_void");
	assert_chain(f);
}

static void a_link_is_void_with_its_makers_right(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ACTS); i++) {
		if (i > 0) {
			assert_int_equal(fixture_teardown(state), 0);
			assert_int_equal(fixture_setup(state), 0);
		}
		check_act(*state, i);
	}
}

/* I3: also of a link that nothing made void so far. */
static void it_is_asked_when_the_link_is_opened(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct actor eva = as_user(w.eva);
	struct change *change;

	ASSERT_OK(make_link(&w, &eva, LINK));
	change = begin(f);
	ASSERT_OK(end(&change, take_profile(change, &w)));
	meddle(f->db_path, "UPDATE handovers SET voided_at_us = 0, void_cause = 0");
	ASSERT_ST(ST_CONFLICT, open_link(&w, LINK, 2));
	assert_string_equal(f->complaint.key, "records.handover_void");
	assert_int_equal(read_key(f, w.key).tokens_count, 1);
	ASSERT_OK(give(&w, w.eva, 1));
	ASSERT_OK(open_link(&w, LINK, 2));
}

static uint32_t make_token(struct fixture *f, const char *right, int64_t expires_at_us)
{
	const struct span rights[] = { span_str(right) }, lan[] = { SPAN_LIT("10.0.0.0/8") };
	struct change *change = begin(f);
	uint32_t slot = 0;

	ASSERT_OK(end(&change, management_token_create(change,
				       &(struct management_token_new){ .account_slot = f->acme,
					       .digest = digest_of(40),
					       .label = SPAN_LIT("deploy"),
					       .rights = rights,
					       .rights_count = 1,
					       .addresses = lan,
					       .addresses_count = 1,
					       .expires_at_us = expires_at_us },
				       &slot, &f->complaint)));
	return slot;
}

static void a_management_tokens_link_ends_with_the_token(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct actor machine = { .kind = ACTOR_TOKEN, .peer_uid = -1 };
	struct change *change;

	machine.token_slot = make_token(f, "keys.edit", NOW + 1000);
	ASSERT_OK(make_link(&w, &machine, LINK));
	assert_true(read_key(f, w.key).handover.expires_at_us == NOW + 1000);
	f->now_us = NOW + 1000;
	ASSERT_ST(ST_CONFLICT, open_link(&w, LINK, 2));
	assert_string_equal(f->complaint.key, "records.handover_expired");
	f->now_us = NOW + 999;
	ASSERT_OK(make_link(&w, &machine, LINK + 1));
	change = begin(f);
	ASSERT_OK(end(&change, management_token_revoke(change, machine.token_slot, &f->complaint)));
	assert_int_equal(read_key(f, w.key).handover.void_cause, HANDOVER_VOID_MAKER);
	ASSERT_ST(ST_CONFLICT, open_link(&w, LINK + 1, 2));
	assert_string_equal(f->complaint.key, "records.handover_void");
}

/* What was done to the key since takes the place of what became of the maker. */
static void what_is_shown_of_a_void_link(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct actor eva = as_user(w.eva);
	struct change *change;

	ASSERT_OK(make_link(&w, &eva, LINK));
	change = begin(f);
	ASSERT_OK(end(&change, suspend(change, &w)));
	assert_int_equal(read_key(f, w.key).handover.made_by_user, w.eva);
	ASSERT_OK(make_link(&w, &OPERATOR, LINK + 1));
	assert_int_equal(read_key(f, w.key).handover.made_by_user, 0);
	assert_int_equal(read_key(f, w.key).handover.voided_at_us, 0);
	ASSERT_OK(open_link(&w, LINK + 1, 2));
	change = begin(f);
	ASSERT_OK(
		end(&change, key_rotate(change, w.key, digest_of(3), ROTATE_OPEN, &f->complaint)));
	assert_true(read_key(f, w.key).handover.opened_at_us != 0);
	ASSERT_ST(ST_CONFLICT, open_link(&w, LINK, 4));
}

static void another_owner_is_shown_as_the_cause(void **state)
{
	struct fixture *f = *state;
	struct world w = make_world(f);
	struct change *change;

	ASSERT_OK(make_link(&w, &OPERATOR, LINK));
	change = begin(f);
	ASSERT_OK(end(&change, owner_transfer(change, w.leo, &f->complaint)));
	assert_int_equal(read_key(f, w.key).handover.void_cause, HANDOVER_VOID_OWNER);
	assert_true(read_key(f, w.key).handover.voided_at_us == NOW);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_link_is_void_with_its_makers_right),
		TEST(it_is_asked_when_the_link_is_opened),
		TEST(a_management_tokens_link_ends_with_the_token),
		TEST(what_is_shown_of_a_void_link),
		TEST(another_owner_is_shown_as_the_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
