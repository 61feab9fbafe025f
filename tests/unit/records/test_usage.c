/* Use: counted once, told to the right key and token, bounded, and no part of the chain. */
#include "fixture.h"

#include "records/usage.h"

#include <stdio.h>

#define MINUTE_US (INT64_C(60) * 1000000)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)

static void store(struct fixture *f, int64_t id, const struct usage_item *items, size_t count)
{
	ASSERT_OK(usage_store(f->records,
		&(struct usage_batch){ .id = id, .items = items, .items_count = count },
		f->now_us));
}

static struct usage_item used(struct fixture *f, uint32_t key, uint32_t uses)
{
	return (struct usage_item){ .account_slot = f->acme,
		.key_slot = key,
		.cause = "",
		.gateway = "gate",
		.token = USAGE_CURRENT,
		.minute_at_us = f->now_us - f->now_us % MINUTE_US,
		.at_us = f->now_us,
		.uses = uses,
		.address = "192.0.2.7" };
}

static struct usage_item refused(struct fixture *f, uint32_t key, const char *cause, uint32_t uses)
{
	struct usage_item item = used(f, key, uses);

	item.cause = cause;
	item.token = USAGE_TOKEN_NONE;
	return item;
}

static struct usage_row sum_of(struct fixture *f, struct usage_query query)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct usage_row sum;

	query.until = query.until == 0 ? INT64_MAX : query.until;
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(usage_sum(snapshot, &query, &sum));
	return sum;
}

static size_t list_of(struct fixture *f, struct usage_query query, struct usage_row *rows)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	size_t count;

	query.until = query.until == 0 ? INT64_MAX : query.until;
	query.count_max = query.count_max == 0 ? LIMIT_PAGE : query.count_max;
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(usage_list(snapshot, &query, rows, &count));
	return count;
}

static struct usage_seen seen_of(struct fixture *f, uint32_t key)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct usage_seen seen;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(usage_of_key(snapshot, key, f->arena, &seen));
	return seen;
}

static struct usage_seen token_seen(struct fixture *f, uint32_t key, unsigned digest)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct usage_seen seen;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(usage_of_token(snapshot, key, digest_of(digest), f->arena, &seen));
	return seen;
}

static uint32_t one_key(struct fixture *f)
{
	fixture_accounts(f);
	return make_key(f, f->acme, "appkey-acme-1", 1);
}

static void a_batch_counts_once(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct usage_item items[] = { used(f, key, 5), refused(f, key, "no_profile", 2) };
	struct usage_drained drained;

	store(f, 71, items, 2);
	store(f, 71, items, 2);
	assert_int_equal(sum_of(f, (struct usage_query){ .account_slot = f->acme }).allowed, 5);
	assert_int_equal(sum_of(f, (struct usage_query){ .account_slot = f->acme }).refused, 2);
	fixture_reopen(f);
	store(f, 71, items, 2);
	ASSERT_OK(usage_drained(f->records, &drained));
	assert_int_equal(drained.batch, 71);
	assert_int_equal(drained.at_us, f->now_us);
	store(f, 72, items, 2);
	assert_int_equal(
		sum_of(f, (struct usage_query){ .account_slot = f->acme, .days = true }).allowed,
		10);
}

static void use_is_no_event(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct head before = records_head(f->records), after;
	struct usage_item item = used(f, key, 1);

	store(f, 1, &item, 1);
	after = records_head(f->records);
	assert_int_equal(after.revision, before.revision);
	assert_memory_equal(after.hash, before.hash, DIGEST_SIZE);
	fixture_reopen(f);
	assert_chain(f);
	/* And a change goes on behind it. */
	(void)make_key(f, f->acme, "appkey-acme-2", 2);
	assert_chain(f);
}

static void sums_are_by_what_is_asked(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f), second = make_key(f, f->acme, "appkey-acme-2", 2);
	uint32_t orders = make_resource(f, "OMS", "orders");
	struct usage_item items[] = { used(f, key, 5), used(f, second, 7),
		refused(f, key, "no_profile", 3), refused(f, key, "rate_limited", 1),
		refused(f, 0, "credentials_missing", 9) };
	struct usage_row rows[LIMIT_PAGE];
	struct usage_query query = { .account_slot = f->acme, .by = USAGE_BY_KEY };

	/* A use cannot be older than its key. */
	meddle(f->db_path, "UPDATE app_keys SET created_at_us = 1");
	items[0].resource_slot = orders;
	items[3].minute_at_us -= HOUR_US;
	items[4].account_slot = f->other;
	store(f, 1, items, 5);
	assert_int_equal(list_of(f, query, rows), 2);
	assert_int_equal(rows[0].value, key);
	assert_int_equal(rows[0].allowed, 5);
	assert_int_equal(rows[0].refused, 4);
	assert_int_equal(rows[1].value, second);
	query.by = USAGE_BY_CAUSE;
	query.refused_only = true;
	assert_int_equal(list_of(f, query, rows), 2);
	assert_string_equal(rows[0].cause, "no_profile");
	assert_int_equal(rows[0].refused, 3);
	query = (struct usage_query){ .account_slot = f->acme, .by = USAGE_BY_TIME };
	assert_int_equal(list_of(f, query, rows), 2);
	assert_int_equal(rows[0].value, f->now_us / HOUR_US - 1);
	assert_int_equal(rows[0].refused, 1);
	assert_int_equal(rows[1].allowed, 12);
	query.from = f->now_us / HOUR_US;
	assert_int_equal(list_of(f, query, rows), 1);
	query.by = USAGE_BY_RESOURCE;
	assert_int_equal(list_of(f, query, rows), 2);
	assert_int_equal(rows[1].value, orders);
	query.cause = SPAN_LIT("no_profile");
	assert_int_equal(sum_of(f, query).refused, 3);
	assert_int_equal(sum_of(f, query).allowed, 0);
	/* The other account's own, and those of all. */
	assert_int_equal(sum_of(f, (struct usage_query){ .account_slot = f->other }).refused, 9);
	assert_int_equal(sum_of(f, (struct usage_query){ .account_slot = f->other }).allowed, 0);
	assert_int_equal(sum_of(f, (struct usage_query){ .account_slot = 0 }).refused, 13);
	assert_int_equal(sum_of(f, (struct usage_query){ .key_slot = key }).allowed, 5);
}

static void pages_go_on_where_one_ended(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct usage_item items[5];
	struct usage_row rows[LIMIT_PAGE];
	struct usage_query query = { .account_slot = f->acme, .count_max = 2, .skip = 4 };

	for (size_t i = 0; i < 5; i++) {
		items[i] = used(f, key, (uint32_t)i + 1);
		items[i].minute_at_us += (int64_t)i * HOUR_US - 4 * HOUR_US;
	}
	meddle(f->db_path, "UPDATE app_keys SET created_at_us = 1");
	store(f, 1, items, 5);
	assert_int_equal(list_of(f, query, rows), 1);
	assert_int_equal(rows[0].allowed, 5);
}

static void what_cannot_be_is_nobodys(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct usage_item items[] = { used(f, key + 1, 1), used(f, key, 2), used(f, key, 4),
		used(f, key, 8) };
	struct usage_row rows[LIMIT_PAGE];
	struct usage_query query = { .account_slot = f->acme, .by = USAGE_BY_KEY };

	/* Before the key was made: of another one that had its number before a restore. */
	items[1].minute_at_us -= 2 * MINUTE_US;
	items[1].at_us -= 2 * MINUTE_US;
	/* From the future. */
	items[2].minute_at_us = INT64_MAX;
	items[2].at_us = INT64_MAX;
	items[3].account_slot = 999;
	items[3].route_slot = 999;
	items[3].resource_slot = 999;
	store(f, 1, items, 4);
	assert_int_equal(list_of(f, query, rows), 2);
	assert_int_equal(rows[0].value, key);
	assert_int_equal(rows[0].allowed, 4);
	assert_int_equal(rows[1].value, 0);
	assert_int_equal(rows[1].allowed, 3);
	assert_int_equal(sum_of(f, (struct usage_query){ .key_slot = key }).allowed, 12);
	assert_int_equal(seen_of(f, key).at_us, f->now_us);
	query.until = f->now_us / HOUR_US + 1;
	assert_int_equal(sum_of(f, query).allowed, 7);
}

static void the_last_use_has_its_token(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct usage_item item = used(f, key, 3);
	struct change *change;
	int64_t rotated_us;

	assert_int_equal(seen_of(f, key).at_us, 0);
	f->now_us += MINUTE_US;
	rotated_us = f->now_us;
	change = begin(f);
	ASSERT_OK(end(&change, key_rotate(change, key, digest_of(2), ROTATE_OPEN, &f->complaint)));
	f->now_us += MINUTE_US;
	/* Told late: it was used before the rotation, with what is the older one now. */
	item.at_us = rotated_us - 10 * INT64_C(1000000);
	store(f, 1, &item, 1);
	assert_int_equal(token_seen(f, key, 1).at_us, item.at_us);
	assert_int_equal(token_seen(f, key, 2).at_us, 0);
	item = used(f, key, 1);
	store(f, 2, &item, 1);
	assert_int_equal(token_seen(f, key, 2).at_us, f->now_us);
	item.token = USAGE_PREVIOUS;
	snprintf(item.address, sizeof(item.address), "2001:db8::1");
	item.at_us = f->now_us - 5 * INT64_C(1000000);
	store(f, 3, &item, 1);
	assert_int_equal(token_seen(f, key, 1).at_us, item.at_us);
	assert_true(span_is(token_seen(f, key, 1).address, "2001:db8::1"));
	/* The key's own is the newest of them, not the one that came last. */
	assert_int_equal(seen_of(f, key).at_us, f->now_us);
	assert_true(span_is(seen_of(f, key).address, "192.0.2.7"));
	assert_true(span_is(seen_of(f, key).gateway, "gate"));
	/* What was refused is no use, though it is when its token was sent. */
	f->now_us += MINUTE_US;
	item = used(f, key, 1);
	item.cause = "no_profile";
	store(f, 4, &item, 1);
	assert_int_equal(seen_of(f, key).at_us, f->now_us - MINUTE_US);
	assert_int_equal(token_seen(f, key, 2).at_us, f->now_us);
}

static size_t retired_of(struct fixture *f, uint32_t account, struct usage_retired *clients)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	size_t count;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(usage_retired(snapshot,
		&(struct usage_slice){ .account_slot = account, .count_max = LIMIT_PAGE }, f->arena,
		clients, &count));
	return count;
}

static void clients_of_a_retired_token_are_told(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct usage_item items[40];
	struct usage_retired clients[LIMIT_PAGE];
	struct usage_item before = used(f, key, 1);
	struct change *change;

	store(f, 1, &before, 1);
	f->now_us += MINUTE_US;
	change = begin(f);
	ASSERT_OK(end(&change, key_rotate(change, key, digest_of(2), 0, &f->complaint)));
	assert_int_equal(retired_of(f, f->acme, clients), 0);
	f->now_us += MINUTE_US;
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		items[i] = refused(f, key, "token_retired", (uint32_t)i + 1);
		items[i].is_client = true;
		items[i].token = USAGE_RETIRED;
		items[i].at_us = f->now_us - (int64_t)(ARRAY_LEN(items) - i) * 1000000;
		snprintf(items[i].address, sizeof(items[i].address), "192.0.2.%zu", i + 100);
	}
	store(f, 2, items, ARRAY_LEN(items));
	/* Bounded: those of whom something was heard last. */
	assert_int_equal(retired_of(f, f->acme, clients), USAGE_CLIENTS_MAX);
	assert_true(span_is(clients[0].address, "192.0.2.139"));
	assert_int_equal(clients[0].uses, 40);
	assert_memory_equal(clients[0].digest, digest_of(1), DIGEST_SIZE);
	assert_int_equal(retired_of(f, f->other, clients), 0);
	/* They were counted as refusals elsewhere. */
	assert_int_equal(sum_of(f, (struct usage_query){ .key_slot = key }).refused, 0);
}

static void old_rows_go_piece_by_piece(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct usage_keep keep = { .hours = 2, .days = 2, .rows_max = 1000 };
	struct usage_item items[4];
	bool more;

	meddle(f->db_path, "UPDATE app_keys SET created_at_us = 1");
	for (size_t i = 0; i < 4; i++) {
		items[i] = used(f, key, 1);
		items[i].minute_at_us -= (int64_t)i * HOUR_US;
	}
	store(f, 1, items, 4);
	ASSERT_OK(usage_purge(f->records, &keep, f->now_us, &more));
	assert_false(more);
	assert_int_equal(sum_of(f, (struct usage_query){ .key_slot = key }).allowed, 2);
	for (size_t i = 0; i < 4; i++)
		items[i].minute_at_us = f->now_us - (int64_t)i * DAY_US;
	store(f, 2, items, 4);
	ASSERT_OK(usage_purge(f->records, &keep, f->now_us, &more));
	assert_true(sum_of(f, (struct usage_query){ .key_slot = key, .days = true }).allowed <= 6);
	assert_int_equal(sum_of(f, (struct usage_query){ .key_slot = key,
					   .days = true,
					   .until = f->now_us / DAY_US - 1 })
				 .allowed,
		0);
}

static void too_many_rows_push_out_the_oldest(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct usage_keep keep = { .hours = 100, .days = 100, .rows_max = 3 };
	struct usage_item items[4];
	struct usage_row rows[LIMIT_PAGE];
	bool more;

	meddle(f->db_path, "UPDATE app_keys SET created_at_us = 1");
	for (size_t i = 0; i < 4; i++) {
		items[i] = used(f, key, 1);
		items[i].minute_at_us -= (int64_t)i * HOUR_US;
	}
	store(f, 1, items, 4);
	ASSERT_OK(usage_purge(f->records, &keep, f->now_us, &more));
	assert_int_equal(list_of(f, (struct usage_query){ .key_slot = key }, rows), 3);
	assert_int_equal(rows[0].value, f->now_us / HOUR_US - 2);
	ASSERT_OK(usage_purge(f->records, &keep, f->now_us, &more));
	assert_int_equal(list_of(f, (struct usage_query){ .key_slot = key }, rows), 3);
}

static size_t unused_of(struct fixture *f, int64_t before_day, struct usage_resource *resources)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	size_t count;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(usage_resources(snapshot,
		&(struct usage_slice){ .account_slot = f->acme,
			.before_day = before_day,
			.count_max = LIMIT_PAGE },
		resources, &count));
	return count;
}

static void resources_that_nobody_uses_are_found(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	uint32_t slots[] = { make_resource(f, "OMS", "orders"), make_resource(f, "OMS", "stock"),
		make_resource(f, "OMS", "given to nobody") };
	uint32_t profile = make_profile(f, f->acme, "Plain", slots, 2);
	struct usage_resource resources[LIMIT_PAGE];
	struct usage_item item = used(f, key, 1);
	int64_t today = f->now_us / DAY_US;
	struct change *change = begin(f);

	ASSERT_OK(end(&change, link_add(change, key, profile, &f->complaint)));
	item.resource_slot = slots[0];
	store(f, 1, &item, 1);
	assert_int_equal(unused_of(f, today + 1, resources), 2);
	assert_int_equal(resources[0].slot, slots[1]);
	assert_int_equal(resources[0].used_on, 0);
	assert_int_equal(resources[1].used_on, today);
	assert_int_equal(resources[1].profiles, 1);
	assert_int_equal(unused_of(f, today, resources), 1);
}

static size_t keys_of(struct fixture *f, struct list_query query, uint32_t slots[LIMIT_PAGE])
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	size_t count;

	query.kind = ENTITY_KEY;
	query.account_slot = f->acme;
	query.count_max = query.count_max == 0 ? LIMIT_PAGE : query.count_max;
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_list(snapshot, &query, slots, &count));
	return count;
}

static void keys_are_listed_by_use(void **state)
{
	struct fixture *f = *state;
	uint32_t first = one_key(f), slots[LIMIT_PAGE];
	uint32_t second = make_key(f, f->acme, "appkey-acme-2", 2);
	uint32_t third = make_key(f, f->acme, "appkey-acme-3", 3);
	struct usage_item items[] = { used(f, first, 1), used(f, third, 1) };
	int64_t later = f->now_us + KEY_UNUSED_US;

	meddle(f->db_path, "UPDATE usage_drain SET since_us = 0");
	items[1].at_us += 2 * MINUTE_US;
	f->now_us += 2 * MINUTE_US;
	store(f, 1, items, 2);
	assert_int_equal(
		keys_of(f, (struct list_query){ .order = KEY_ORDER_USED, .viewer = f->acme },
			slots),
		3);
	assert_int_equal(slots[0], second);
	assert_int_equal(slots[1], first);
	assert_int_equal(slots[2], third);
	assert_int_equal(
		keys_of(f,
			(struct list_query){
				.order = KEY_ORDER_USED, .viewer = f->acme, .after_slot = first },
			slots),
		1);
	assert_int_equal(
		keys_of(f, (struct list_query){ .alerts = KEY_ALERT_NEVER_USED }, slots), 1);
	assert_int_equal(slots[0], second);
	/* At the very instant; a key that is younger cannot be unused for so long. */
	assert_int_equal(keys_of(f,
				 (struct list_query){
					 .alerts = KEY_ALERT_UNUSED, .now_us = later + MINUTE_US },
				 slots),
		2);
	assert_int_equal(keys_of(f,
				 (struct list_query){ .alerts = KEY_ALERT_UNUSED,
					 .now_us = items[1].at_us + KEY_UNUSED_US - 1 },
				 slots),
		2);
	assert_int_equal(keys_of(f,
				 (struct list_query){ .alerts = KEY_ALERT_UNUSED,
					 .now_us = items[1].at_us + KEY_UNUSED_US },
				 slots),
		3);
	assert_int_equal(
		keys_of(f, (struct list_query){ .alerts = KEY_ALERT_LONG_UNUSED, .now_us = later },
			slots),
		0);
	/* What was not counted yet is not unused. */
	meddle(f->db_path, "UPDATE usage_drain SET since_us = 9000000000000000");
	assert_int_equal(
		keys_of(f,
			(struct list_query){ .alerts = KEY_ALERT_UNUSED, .now_us = later + DAY_US },
			slots),
		0);
}

static void a_restore_has_it_as_it_stood(void **state)
{
	struct fixture *f = *state;
	uint32_t key = one_key(f);
	struct usage_item item = used(f, key, 5);
	struct usage_drained drained;
	const char *path = fixture_path(f, "backup");

	store(f, 1, &item, 1);
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	store(f, 2, &item, 1);
	records_close(&f->records);
	ASSERT_OK(fixture_restore(f, path));
	ASSERT_OK(fixture_open(f, &f->actor));
	assert_int_equal(sum_of(f, (struct usage_query){ .key_slot = key }).allowed, 5);
	ASSERT_OK(usage_drained(f->records, &drained));
	assert_int_equal(drained.batch, 1);
	assert_chain(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		TEST(a_batch_counts_once),
		TEST(use_is_no_event),
		TEST(sums_are_by_what_is_asked),
		TEST(pages_go_on_where_one_ended),
		TEST(what_cannot_be_is_nobodys),
		TEST(the_last_use_has_its_token),
		TEST(clients_of_a_retired_token_are_told),
		TEST(old_rows_go_piece_by_piece),
		TEST(too_many_rows_push_out_the_oldest),
		TEST(resources_that_nobody_uses_are_found),
		TEST(keys_are_listed_by_use),
		TEST(a_restore_has_it_as_it_stood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
