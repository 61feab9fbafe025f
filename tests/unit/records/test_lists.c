/* Pages of keys: what calls for attention, and the orders. */
#include "fixture.h"

#include <stdio.h>

#define DAY_US (INT64_C(86400) * 1000000)

static size_t list(struct fixture *f, struct list_query query, uint32_t slots[LIMIT_PAGE])
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	size_t count;

	query.kind = ENTITY_KEY;
	query.account_slot = query.account_slot == 0 ? f->acme : query.account_slot;
	query.count_max = query.count_max == 0 ? LIMIT_PAGE : query.count_max;
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_list(snapshot, &query, slots, &count));
	return count;
}

/* Is the only key of acme shown with this alert at this time? */
static bool shown(struct fixture *f, unsigned alerts, int64_t now_us)
{
	uint32_t slots[LIMIT_PAGE];

	return list(f, (struct list_query){ .alerts = alerts, .now_us = now_us }, slots) == 1;
}

static void age_is_counted_to_the_microsecond(void **state)
{
	struct fixture *f = *state;
	int64_t made;

	fixture_accounts(f);
	made = f->now_us;
	(void)make_key(f, f->acme, "appkey-acme-1", 1);
	assert_false(shown(f, KEY_ALERT_TOKEN_OLD, made + 90 * DAY_US - 1));
	assert_true(shown(f, KEY_ALERT_TOKEN_OLD, made + 90 * DAY_US));
	assert_false(shown(f, KEY_ALERT_TOKEN_VERY_OLD, made + 180 * DAY_US - 1));
	assert_true(shown(f, KEY_ALERT_TOKEN_VERY_OLD, made + 180 * DAY_US));
	assert_true(shown(f, KEY_ALERT_TOKEN_OLD, made + 180 * DAY_US));
}

static void an_expiry_is_announced_for_two_weeks(void **state)
{
	struct fixture *f = *state;
	int64_t end_us;
	struct key_edit edit = { .set_expiry = true };
	struct change *change;
	uint32_t slot;

	fixture_accounts(f);
	slot = make_key(f, f->acme, "appkey-acme-1", 1);
	end_us = f->now_us + 30 * DAY_US;
	assert_false(shown(f, KEY_ALERT_EXPIRING | KEY_ALERT_EXPIRED, end_us));
	edit.expires_at_us = end_us;
	change = begin(f);
	ASSERT_OK(end(&change, key_edit(change, slot, &edit, &f->complaint)));
	assert_false(shown(f, KEY_ALERT_EXPIRING, end_us - 14 * DAY_US - 1));
	assert_true(shown(f, KEY_ALERT_EXPIRING, end_us - 14 * DAY_US));
	assert_true(shown(f, KEY_ALERT_EXPIRING, end_us - 1));
	assert_false(shown(f, KEY_ALERT_EXPIRED, end_us - 1));
	assert_false(shown(f, KEY_ALERT_EXPIRING, end_us));
	assert_true(shown(f, KEY_ALERT_EXPIRED, end_us));
}

static void only_links_at_home_count(void **state)
{
	struct fixture *f = *state;
	struct change *change;
	uint32_t slot, home, away;

	fixture_accounts(f);
	slot = make_key(f, f->acme, "appkey-acme-1", 1);
	home = make_profile(f, f->acme, "Home", NULL, 0);
	away = make_profile(f, f->other, "Away", NULL, 0);
	assert_true(shown(f, KEY_ALERT_UNLINKED, f->now_us));
	change = begin(f);
	ASSERT_OK(end(&change, link_add(change, slot, away, &f->complaint)));
	assert_true(shown(f, KEY_ALERT_UNLINKED, f->now_us));
	change = begin(f);
	ASSERT_OK(end(&change, link_add(change, slot, home, &f->complaint)));
	assert_false(shown(f, KEY_ALERT_UNLINKED, f->now_us));
	assert_false(shown(f, KEY_ALERT_ANY, f->now_us));
}

static void a_rotation_is_shown_while_it_is_open(void **state)
{
	struct fixture *f = *state;
	struct change *change;
	uint32_t slot;

	fixture_accounts(f);
	slot = make_key(f, f->acme, "appkey-acme-1", 1);
	assert_false(shown(f, KEY_ALERT_ROTATION_OPEN, f->now_us));
	change = begin(f);
	ASSERT_OK(end(&change, key_rotate(change, slot, digest_of(2), ROTATE_OPEN, &f->complaint)));
	assert_true(shown(f, KEY_ALERT_ROTATION_OPEN, f->now_us));
	change = begin(f);
	ASSERT_OK(end(&change, key_revoke(change, slot, REVOKE_UNUSED, &f->complaint)));
	assert_false(shown(f, KEY_ALERT_ANY, f->now_us + 400 * DAY_US));
}

static void assert_pages(struct fixture *f, struct list_query query, const uint32_t wanted[5])
{
	uint32_t slots[LIMIT_PAGE];

	query.count_max = 2;
	for (size_t at = 0; at < 5; at += 2) {
		size_t count = list(f, query, slots);

		assert_int_equal(count, at == 4 ? 1 : 2);
		assert_memory_equal(slots, wanted + at, count * sizeof(slots[0]));
		query.after_slot = slots[count - 1];
	}
	assert_int_equal(list(f, query, slots), 0);
}

static void pages_go_on_in_every_order(void **state)
{
	static const char *const LABELS[5] = { "delta", "Alpha", "charlie", "ALPHA", "Bravo" };
	struct fixture *f = *state;
	uint32_t s[5];

	fixture_accounts(f);
	for (unsigned i = 0; i < 5; i++) {
		char name[16];
		struct key_new key = { .account_slot = f->acme,
			.digest = digest_of(i + 1),
			.label = span_str(LABELS[i]) };
		struct change *change = begin(f);

		(void)snprintf(name, sizeof(name), "appkey-acme-%u", i);
		key.app_key = span_str(name);
		ASSERT_OK(end(&change, key_create(change, &key, &s[i], &f->complaint)));
	}
	assert_pages(f, (struct list_query){ .order = KEY_ORDER_OLDEST },
		(uint32_t[]){ s[0], s[1], s[2], s[3], s[4] });
	assert_pages(f, (struct list_query){ .order = KEY_ORDER_NEWEST },
		(uint32_t[]){ s[4], s[3], s[2], s[1], s[0] });
	assert_pages(f, (struct list_query){ .order = KEY_ORDER_LABEL },
		(uint32_t[]){ s[1], s[3], s[4], s[2], s[0] });
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(age_is_counted_to_the_microsecond),
		WITH(an_expiry_is_announced_for_two_weeks),
		WITH(only_links_at_home_count),
		WITH(a_rotation_is_shown_while_it_is_open),
		WITH(pages_go_on_in_every_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
