/* Keys that are linked in another account than their own: where they are listed. */
#include "fixture.h"

static void link_it(struct fixture *f, uint32_t key, uint32_t profile)
{
	struct change *change = begin(f);

	ASSERT_OK(end(&change, link_add(change, key, profile, &f->complaint)));
}

static void unlink_it(struct fixture *f, uint32_t key, uint32_t profile)
{
	struct change *change = begin(f);

	ASSERT_OK(end(&change, link_remove(change, key, profile, &f->complaint)));
}

/* The keys of other accounts that are linked in this one: at most one; 0: none. */
static uint32_t external_key(struct fixture *f, uint32_t account)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	const struct list_query query = {
		.kind = ENTITY_KEY, .linked_in = account, .count_max = 5
	};
	uint32_t slots[LIMIT_PAGE];
	size_t count;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_list(snapshot, &query, slots, &count));
	assert_in_range(count, 0, 1);
	return count == 1 ? slots[0] : 0;
}

/* A key of acme and one of other, each linked at home. */
static uint32_t two_keys(struct fixture *f)
{
	uint32_t slot;

	fixture_accounts(f);
	slot = make_key(f, f->acme, "appkey-acme-1", 1);
	link_it(f, slot, make_profile(f, f->acme, "Home", NULL, 0));
	link_it(f, make_key(f, f->other, "appkey-other-1", 2),
		make_profile(f, f->other, "Own", NULL, 0));
	return slot;
}

static void they_are_listed_where_they_are_linked(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = two_keys(f);
	uint32_t away = make_profile(f, f->other, "Away", NULL, 0);
	uint32_t far = make_profile(f, f->other, "Far", NULL, 0);

	assert_int_equal(external_key(f, f->other), 0);
	link_it(f, slot, away);
	link_it(f, slot, far);
	assert_int_equal(external_key(f, f->other), slot);
	assert_int_equal(external_key(f, f->acme), 0);
	unlink_it(f, slot, away);
	assert_int_equal(external_key(f, f->other), slot);
	unlink_it(f, slot, far);
	assert_int_equal(external_key(f, f->other), 0);
}

/* In a database of the schema before, which had no column for it. */
static void those_from_before_are_told_apart(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = two_keys(f);

	link_it(f, slot, make_profile(f, f->other, "Away", NULL, 0));
	records_close(&f->records);
	meddle(f->db_path, WITHOUT_EXTERNAL_LINKS "UPDATE schema_version SET version = 2");
	ASSERT_OK(fixture_open(f, NULL));
	assert_int_equal(external_key(f, f->other), slot);
	assert_int_equal(external_key(f, f->acme), 0);
}

static size_t list(struct fixture *f, const struct list_query *query, uint32_t slots[LIMIT_PAGE])
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	size_t count;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_list(snapshot, query, slots, &count));
	return count;
}

static uint32_t make_labelled(
	struct fixture *f, uint32_t account, const char *app_key, const char *label, unsigned n)
{
	struct key_new key = { .account_slot = account,
		.app_key = span_str(app_key),
		.digest = digest_of(n),
		.label = span_str(label),
		.external_id = span_str(label) };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(end(&change, key_create(change, &key, &slot, &f->complaint)));
	return slot;
}

/* acme's key "aaa" and other's keys "bbb" and "mmm", in a profile of other. */
struct mixed {
	uint32_t away, theirs, own[2];
};

static struct mixed make_mixed(struct fixture *f)
{
	struct mixed m;

	fixture_accounts(f);
	m.away = make_profile(f, f->other, "Away", NULL, 0);
	m.theirs = make_labelled(f, f->acme, "appkey-acme-HIJ", "aaa", 1);
	m.own[0] = make_labelled(f, f->other, "appkey-other-1", "mmm", 2);
	m.own[1] = make_labelled(f, f->other, "appkey-other-2", "bbb", 3);
	link_it(f, m.theirs, m.away);
	link_it(f, m.own[0], m.away);
	link_it(f, m.own[1], m.away);
	return m;
}

static void no_search_tells_what_is_not_shown(void **state)
{
	struct fixture *f = *state;
	struct mixed m = make_mixed(f);
	uint32_t slots[LIMIT_PAGE];
	const struct {
		const char *label;
		struct list_query query;
		bool hidden; /* from the account where the key is linked */
	} ROWS[] = {
		{ "its label", { .search = SPAN_LIT("aaa") }, true },
		{ "its appKey", { .search = SPAN_LIT("acme-hij") }, false },
		{ "its state", { .state = RECORD_KEY_ACTIVE, .search = SPAN_LIT("acme") }, false },
		{ "its external id", { .external_id = SPAN_LIT("aaa") }, true },
		{ "its age", { .alerts = KEY_ALERT_TOKEN_OLD, .search = SPAN_LIT("acme") }, true },
	};

	for (size_t i = 0; i < 2 * ARRAY_LEN(ROWS); i++) {
		struct list_query query = ROWS[i / 2].query;
		bool by_profile = i % 2 == 0;

		query.kind = ENTITY_KEY;
		query.count_max = LIMIT_PAGE;
		query.now_us = f->now_us + 2 * KEY_TOKEN_OLD_US;
		query.profile_slot = by_profile ? m.away : 0;
		query.linked_in = by_profile ? 0 : f->other;
		query.viewer = VIEWER_ALL;
		if (list(f, &query, slots) != 1)
			fail_msg("%s: hidden from the operator", ROWS[i / 2].label);
		query.viewer = f->acme;
		if (list(f, &query, slots) != 1)
			fail_msg("%s: hidden from its own account", ROWS[i / 2].label);
		query.viewer = f->other;
		if (list(f, &query, slots) != (ROWS[i / 2].hidden ? 0 : 1))
			fail_msg("%s: wrong for the other account", ROWS[i / 2].label);
	}
}

/* Its label is before all others; its appKey, which is shown, between "ab" and "bbb". */
static void no_order_tells_what_is_not_shown(void **state)
{
	struct fixture *f = *state;
	struct mixed m = make_mixed(f);
	uint32_t between = make_labelled(f, f->other, "appkey-other-3", "ab", 4);
	uint32_t slots[LIMIT_PAGE];
	struct list_query query = { .kind = ENTITY_KEY,
		.profile_slot = m.away,
		.order = KEY_ORDER_LABEL,
		.count_max = LIMIT_PAGE,
		.viewer = f->other };

	link_it(f, between, m.away);
	assert_int_equal(list(f, &query, slots), 4);
	assert_memory_equal(slots, ((uint32_t[]){ between, m.theirs, m.own[1], m.own[0] }),
		4 * sizeof(slots[0]));
	query.after_slot = m.theirs;
	assert_int_equal(list(f, &query, slots), 2);
	query.viewer = VIEWER_ALL;
	assert_int_equal(list(f, &query, slots), 3);

	/* A cursor that somebody made up, of a key that is not in the list. */
	query = (struct list_query){ .kind = ENTITY_KEY,
		.account_slot = f->other,
		.order = KEY_ORDER_LABEL,
		.after_slot = m.theirs,
		.count_max = LIMIT_PAGE,
		.viewer = f->other };
	assert_int_equal(list(f, &query, slots), 0);
	unlink_it(f, m.theirs, m.away);
	query.account_slot = 0;
	query.profile_slot = m.away;
	assert_int_equal(list(f, &query, slots), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(they_are_listed_where_they_are_linked),
		WITH(those_from_before_are_told_apart),
		WITH(no_search_tells_what_is_not_shown),
		WITH(no_order_tells_what_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
