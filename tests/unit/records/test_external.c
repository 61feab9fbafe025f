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

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(they_are_listed_where_they_are_linked),
		WITH(those_from_before_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
