/* Recent refusals: found again, bounded, and nobody's flood pushes out the others. */
#include "drained.h"

#include "base/crypto.h"

static struct refusals list;

static struct refused one(uint32_t account, uint32_t key)
{
	return (struct refused){ .at_us = NOON,
		.account = account,
		.key = key,
		.route = 40,
		.cause = 25,
		.by = USE_BY_NGINX,
		.proven = true,
		.client = ALLOWED.client,
		.request_id = SPAN_LIT("0123456789abcdef"),
		.method = SPAN_LIT("GET"),
		.diagnosis = SPAN_LIT("AQIDBAUGBwgJ") };
}

static size_t read_of(uint32_t account)
{
	refusals_free(&list);
	assert_int_equal(refusals_read(folder_dir, account, &list), ST_OK);
	return list.count;
}

/* How many of a key (0: without) are in the list. */
static size_t of_key(uint32_t key)
{
	size_t count = 0;

	for (size_t i = 0; i < list.count; i++)
		count += list.items[i].key == key;
	return count;
}

static void a_refusal_is_found_again(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct refused refused = one(3, 7), other = one(4, 8);
	const struct refused *item;

	(void)state;
	refusals_note(NULL, &refused);
	refusals_note(ledger, &refused);
	other.at_us += US_PER_S;
	refusals_note(ledger, &other);
	other.account = 3;
	other.proven = false;
	other.diagnosis = SPAN_ABSENT;
	other.client.known = false;
	refusals_note(ledger, &other);
	assert_int_equal(read_of(3), 2);
	/* The newest first. */
	assert_int_equal(list.items[0].key, 8);
	assert_false(list.items[0].proven);
	assert_false(list.items[0].client.known);
	assert_false(span_present(list.items[0].diagnosis));
	item = &list.items[1];
	assert_int_equal(item->at_us, NOON);
	assert_int_equal(item->account, 3);
	assert_int_equal(item->key, 7);
	assert_int_equal(item->route, 40);
	assert_int_equal(item->cause, 25);
	assert_int_equal(item->by, USE_BY_NGINX);
	assert_true(item->proven && item->client.known);
	assert_memory_equal(item->client.bytes, refused.client.bytes, 16);
	assert_true(span_is(item->request_id, "0123456789abcdef"));
	assert_true(span_is(item->method, "GET"));
	assert_true(span_is(item->diagnosis, "AQIDBAUGBwgJ"));
	assert_int_equal(read_of(4), 1);
	assert_int_equal(read_of(5), 0);
	assert_int_equal(read_of(0), 0);
	assert_int_equal(read_of(REFUSALS_OF_ALL), 3);
	ledger_close(&ledger);
}

static void long_texts_are_cut(void **state)
{
	char text[600];
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct refused refused = one(3, 7);

	(void)state;
	memset(text, 'x', sizeof(text));
	refused.request_id = refused.method = refused.diagnosis = span_of(text, sizeof(text));
	refusals_note(ledger, &refused);
	assert_int_equal(read_of(3), 1);
	assert_int_equal(list.items[0].request_id.len, REFUSALS_REQUEST_ID);
	assert_int_equal(list.items[0].method.len, REFUSALS_METHOD);
	assert_int_equal(list.items[0].diagnosis.len, REFUSALS_DIAGNOSIS);
	ledger_close(&ledger);
}

static void the_last_thousand_are_kept(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct refused refused = one(3, 1);

	(void)state;
	for (; refused.key <= 2 * REFUSALS_RING + 5; refused.key++, refused.at_us += US_PER_S)
		refusals_note(ledger, &refused);
	assert_int_equal(read_of(3), REFUSALS_RING);
	assert_int_equal(list.items[0].key, 2 * REFUSALS_RING + 5);
	assert_int_equal(list.items[REFUSALS_RING - 1].key, REFUSALS_RING + 6);
	ledger_close(&ledger);
}

static void a_flood_of_one_pushes_nobody_out(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct refused quiet = one(3, 1), flood = one(3, 9999);
	uint32_t quiet_count = 500;

	(void)state;
	for (; quiet.key <= quiet_count; quiet.key++)
		refusals_note(ledger, &quiet);
	for (unsigned i = 0; i < 50000; i++)
		refusals_note(ledger, &flood);
	assert_int_equal(read_of(3), quiet_count + 125);
	/* One more each ten seconds. */
	flood.at_us += 9 * US_PER_S;
	refusals_note(ledger, &flood);
	(void)read_of(3);
	assert_int_equal(of_key(9999), 125);
	flood.at_us += US_PER_S;
	refusals_note(ledger, &flood);
	refusals_note(ledger, &flood);
	(void)read_of(3);
	assert_int_equal(of_key(9999), 126);
	ledger_close(&ledger);
}

static void a_stranger_has_one_part_whatever_it_names(void **state)
{
	static const struct {
		const char *label;
		struct use_client first, second;
		size_t count;
	} rows[] = {
		{ "one address", { { [10] = 0xff, [11] = 0xff, 9 }, true },
			{ { [10] = 0xff, [11] = 0xff, 9 }, true }, 30 },
		{ "two addresses", { { [10] = 0xff, [11] = 0xff, 8 }, true },
			{ { [10] = 0xff, [11] = 0xff, 7 }, true }, 60 },
		{ "one network of IPv6", { { 0x20, 1, 1, [15] = 1 }, true },
			{ { 0x20, 1, 1, [15] = 2 }, true }, 30 },
		{ "two networks of IPv6", { { 0x20, 1, 2, [15] = 1 }, true },
			{ { 0x20, 1, 3, [15] = 1 }, true }, 60 },
		{ "none is known", { { 0 }, false }, { { 0 }, false }, 30 },
	};
	struct ledger *ledger = folder_ledger(LEDGER_MADE);

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct refused refused = one(10 + i, 0);

		refused.proven = false;
		for (refused.key = 1; refused.key <= 100; refused.key++) {
			refused.client = refused.key % 2 == 0 ? rows[i].first : rows[i].second;
			refusals_note(ledger, &refused);
		}
		CHECK_ROW(rows[i].label, read_of(10 + i) == rows[i].count);
	}
	/* The client's part is spent for every account: known and unknown keys are one to it. */
	for (uint32_t account = 0; account < 5; account++) {
		struct refused refused = one(account, 0);

		refused.proven = false;
		refused.client = rows[0].first;
		refusals_note(ledger, &refused);
		assert_int_equal(read_of(account), 0);
	}
	ledger_close(&ledger);
}

static void a_clock_that_was_ahead_holds_nobody_up(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct refused refused = one(3, 7);

	(void)state;
	refused.at_us += 1000 * 86400 * US_PER_S;
	for (unsigned i = 0; i < 200; i++)
		refusals_note(ledger, &refused);
	refused = one(3, 7);
	refused.at_us += 10 * US_PER_S;
	/* At worst it waits as if its part had just been spent. */
	refusals_note(ledger, &refused);
	for (unsigned i = 0; i < 2; i++) {
		refused.at_us += 10 * US_PER_S;
		refusals_note(ledger, &refused);
	}
	assert_true(read_of(3) > 125);
	ledger_close(&ledger);
}

static void accounts_beyond_those_with_rings_share(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct refused refused = one(1, 1);
	uint32_t accounts = LIMIT_REFUSAL_ACCOUNTS + 4;

	(void)state;
	for (; refused.account <= accounts; refused.account++, refused.key++)
		for (unsigned i = 0; i < 3; i++)
			refusals_note(ledger, &refused);
	for (uint32_t account = 1; account <= accounts; account++) {
		assert_int_equal(read_of(account), 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(list.items[i].account, account);
	}
	/* After a quiet hour the rings are another's; what is left of the old one's is not told. */
	refused = one(100, 100);
	refused.at_us += 3601 * US_PER_S;
	refusals_note(ledger, &refused);
	assert_int_equal(read_of(100), 1);
	assert_int_equal(read_of(1), 0);
	ledger_close(&ledger);
}

static void a_writer_that_died_leaves_the_others_whole(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct refused refused = one(3, 1);
	struct refusal_rings *rings = &ledger->rings[RINGS_OWN];
	struct refusal_entry *entry = &rings->entries[RING_PROVEN][1];

	(void)state;
	for (; refused.key <= 3; refused.key++)
		refusals_note(ledger, &refused);
	assert_int_equal(read_of(3), 3);
	/* Midway: odd, and half of the words are another's. */
	atomic_store(&entry->seq, 3);
	atomic_store(&entry->words[2], 1);
	assert_int_equal(read_of(3), 2);
	assert_int_equal(of_key(2), 0);
	/* The next time around the place is used again. */
	for (; refused.key <= REFUSALS_RING + 3; refused.key++)
		refusals_note(ledger, &refused);
	assert_int_equal(read_of(3), REFUSALS_RING);
	assert_int_equal(of_key(REFUSALS_RING + 2), 1);
	/* Even, but the words are not what was written. */
	atomic_fetch_add(&entry->words[5], 1);
	assert_int_equal(read_of(3), REFUSALS_RING - 1);
	ledger_close(&ledger);
}

/* With a check that holds: what a process of the group may write on purpose. */
static void what_others_write_stays_within_bounds(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct refused refused = one(3, 1);
	size_t found;

	(void)state;
	refusals_note(ledger, &refused);
	for (unsigned i = 0; i < REFUSALS_RING; i++) {
		struct refusal_entry *entry = &ledger->rings[RINGS_OWN].entries[RING_OTHERS][i];
		struct refusal_bytes bytes;
		uint64_t words[REFUSAL_WORDS];

		crypto_random(&bytes, sizeof(bytes));
		bytes.account = 3;
		bytes.check = refusal_check(&bytes);
		memcpy(words, &bytes, sizeof(words));
		for (size_t k = 0; k < REFUSAL_WORDS; k++)
			atomic_store(&entry->words[k], words[k]);
		atomic_store(&entry->seq, 2);
	}
	found = read_of(3);
	assert_true(found >= 1);
	for (size_t i = 0; i < found; i++) {
		const struct refused *item = &list.items[i];

		assert_true(item->cause < USE_CAUSES && item->by < USE_BYS);
		assert_true(item->request_id.len <= REFUSALS_REQUEST_ID &&
			    item->method.len <= REFUSALS_METHOD &&
			    item->diagnosis.len <= REFUSALS_DIAGNOSIS);
	}
	/* Numbers at the end of their range neither end the process nor the others' entries. */
	for (uint32_t i = 0; i < RINGS_COUNT; i++)
		for (unsigned kind = 0; kind < RINGS_EACH; kind++)
			atomic_store(&ledger->rings[i].next[kind], UINT64_MAX - 1);
	for (; refused.key < 50; refused.key++)
		refusals_note(ledger, &refused);
	assert_true(read_of(3) >= 1);
	assert_int_equal(truncate(folder_file(LEDGER_FILE), 8192), 0);
	refusals_free(&list);
	assert_int_equal(refusals_read(folder_dir, 3, &list), ST_DAMAGED);
	ledger_close(&ledger);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_refusal_is_found_again),
		IN_A_FOLDER(long_texts_are_cut),
		IN_A_FOLDER(the_last_thousand_are_kept),
		IN_A_FOLDER(a_flood_of_one_pushes_nobody_out),
		IN_A_FOLDER(a_stranger_has_one_part_whatever_it_names),
		IN_A_FOLDER(a_clock_that_was_ahead_holds_nobody_up),
		IN_A_FOLDER(accounts_beyond_those_with_rings_share),
		IN_A_FOLDER(a_writer_that_died_leaves_the_others_whole),
		IN_A_FOLDER(what_others_write_stays_within_bounds),
	};
	int failed = crypto_init() != ST_OK
			     ? 1
			     : cmocka_run_group_tests_name("ledger refusals", tests, NULL, NULL);

	refusals_free(&list);
	return failed;
}
