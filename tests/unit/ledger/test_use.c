/* One process counts: each number where it belongs, and none is lost. */
#include "drained.h"

#include "base/crypto.h"

static void each_is_counted_where_it_belongs(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use use = ALLOWED;

	(void)state;
	count_times(ledger, &use, 3);
	use.key = 8;
	count_times(ledger, &use, 5);
	use.route = 41;
	use.by = USE_BY_NGINX;
	count_times(ledger, &use, 7);
	use.token = USE_TOKEN_PREVIOUS;
	count_times(ledger, &use, 11);
	use.at_us += MINUTE_US;
	count_times(ledger, &use, 13);
	use.cause = 29;
	count_times(ledger, &use, 17);
	(void)drain_after(0);
	assert_int_equal(drained.count, 6);
	assert_int_equal(DRAINED(.key = 7), 3);
	assert_int_equal(DRAINED(.key = 8, .route = 40), 5);
	assert_int_equal(DRAINED(.route = 41, .token = USE_TOKEN_NEWEST), 7);
	assert_int_equal(DRAINED(.by = USE_BY_NGINX), 48);
	assert_int_equal(DRAINED(.minute_at_us = NOON), 26);
	assert_int_equal(DRAINED(.minute_at_us = NOON + MINUTE_US), 30);
	assert_int_equal(DRAINED(.cause = 29), 17);
	assert_int_equal(DRAINED(.account = 2, .resource = 5), 56);
	ledger_close(&ledger);
}

static void the_last_use_is_kept(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use use = ALLOWED;
	const struct use_item *item = &drained.items[0];

	(void)state;
	use_count(ledger, &unkept, &use);
	use.at_us += 59 * US_PER_S;
	use.client = (struct use_client){ .bytes = { 0x20, 1, 13, [15] = 9 }, .known = true };
	use_count(ledger, &unkept, &use);
	(void)drain_after(0);
	assert_int_equal(drained.count, 1);
	assert_int_equal(item->count, 2);
	assert_int_equal(item->last_at_us, use.at_us);
	assert_true(item->client.known);
	assert_memory_equal(item->client.bytes, use.client.bytes, 16);
	/* The same client again; and one that is not known. */
	use_count(ledger, &unkept, &use);
	use.client.known = false;
	use_count(ledger, &unkept, &use);
	(void)drain_after(0);
	assert_int_equal(item->count, 4);
	assert_false(item->client.known);
	ledger_close(&ledger);
}

static void who_proves_nothing_fills_no_table_with_routes(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use use = ALLOWED;

	(void)state;
	use.token = USE_TOKEN_NONE;
	use.cause = 14;
	for (use.route = 1; use.route <= 1000; use.route++)
		use_count(ledger, &unkept, &use);
	(void)drain_after(0);
	assert_int_equal(drained.count, 1);
	assert_int_equal(drained.items[0].count, 1000);
	assert_int_equal(drained.items[0].route, 0);
	assert_int_equal(drained.items[0].resource, 0);
	/* Public routes are allowed without any token, and counted each. */
	use.cause = 0;
	for (use.route = 1; use.route <= 10; use.route++)
		use_count(ledger, &unkept, &use);
	(void)drain_after(0);
	assert_int_equal(drained.count, 11);
	ledger_close(&ledger);
}

/* A key's places of a minute are bounded: what is beyond is counted without its route. */
static void beyond_its_places_a_key_counts_as_others(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use use = ALLOWED, neighbour = ALLOWED;
	uint64_t before = totals_of(ledger).dropped, dropped;

	(void)state;
	neighbour.key = 1234;
	for (use.route = 1; use.route <= 1000; use.route++)
		use_count(ledger, &unkept, &use);
	count_times(ledger, &neighbour, 6);
	dropped = totals_of(ledger).dropped - before;
	(void)drain_after(0);
	assert_int_equal(drained.sum[USE_OWN], 1000 - dropped + 6);
	assert_int_equal(drained.sum[USE_OTHER], dropped);
	assert_int_equal(DRAINED(.kind = USE_OTHER, .account = 2), dropped);
	assert_true(dropped >= 1000 - USE_BUCKET);
	assert_true(dropped < 1000 - USE_BUCKET / 2);
	assert_int_equal(DRAINED(.key = 1234), 6);
	ledger_close(&ledger);
}

/* As if the keeper had been away for long: every place has a count that nobody took. */
static void fill(struct use_cell *cells, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (atomic_load(&cells[i].word) != 0)
			continue;
		atomic_store(&cells[i].who, UINT64_MAX);
		atomic_store(&cells[i].word, (uint64_t)USE_CELL_READY << USE_STATE_AT | 1);
	}
}

static void full_tables_count_by_account_then_by_cause(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use use = ALLOWED;

	(void)state;
	fill(ledger->use, LIMIT_USE_CELLS);
	use.cause = 3;
	count_times(ledger, &use, 4);
	use.account = 9;
	count_times(ledger, &use, 5);
	fill(ledger->use_other, USE_OTHER_CELLS);
	use.account = 10;
	count_times(ledger, &use, 6);
	use.cause = USE_CAUSES - 1;
	count_times(ledger, &use, 7);
	(void)drain_after(0);
	assert_int_equal(DRAINED(.kind = USE_OTHER, .cause = 3), 15);
	assert_int_equal(DRAINED(.kind = USE_OTHER, .cause = USE_CAUSES - 1), 7);
	assert_int_equal(totals_of(ledger).dropped, 22);
	for (size_t i = 0; i < drained.count; i++)
		if (drained.items[i].kind == USE_OTHER && drained.items[i].account == 0)
			assert_int_equal(drained.items[i].last_at_us, NOON);
	ledger_close(&ledger);
}

/* Whoever was stopped with the word of before in hand finds another one there, whatever the counts.
 */
static void the_turn_is_another_when_the_use_is(
	const struct ledger *ledger, uint64_t *words, uint64_t *whens, uint64_t *changed)
{
	for (uint32_t i = 0; i < LIMIT_USE_CELLS; i++) {
		uint64_t word = atomic_load(&ledger->use[i].word);
		uint64_t when = atomic_load(&ledger->use[i].when);

		if (use_state(words[i]) == USE_CELL_READY && when >> 32 != whens[i] >> 32) {
			assert_true(((word ^ words[i]) & USE_TURN_MASK) != 0);
			++*changed;
		}
		words[i] = word;
		whens[i] = when;
	}
}

static void places_are_given_on_once_they_were_drained(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use use = ALLOWED;
	uint64_t batch = 0, sum = 0, changed = 0;
	uint64_t *words = calloc(LIMIT_USE_CELLS, sizeof(*words));
	uint64_t *whens = calloc(LIMIT_USE_CELLS, sizeof(*whens));

	(void)state;
	assert_true(words != NULL && whens != NULL);
	/* Five times what the table holds, a part of it each minute. */
	for (uint32_t minute = 0; minute < 64; minute++, use.at_us += MINUTE_US) {
		struct use_batch made;

		for (use.key = 1; use.key <= 5 * LIMIT_USE_CELLS / 64; use.key++)
			use_count(ledger, &unkept, &use);
		made = drain_after(batch);
		assert_int_equal(made.count, use.key - 1);
		sum += drained.sum[USE_OWN];
		batch = made.id;
		the_turn_is_another_when_the_use_is(ledger, words, whens, &changed);
	}
	assert_true(changed > LIMIT_USE_CELLS);
	free(words);
	free(whens);
	assert_int_equal(sum, 5 * LIMIT_USE_CELLS);
	assert_int_equal(totals_of(ledger).dropped, 0);
	ledger_close(&ledger);
}

static void a_place_that_a_dead_process_was_taking_is_taken_again(void **state)
{
	static const struct {
		const char *label;
		uint32_t minutes;
		bool own;
	} rows[] = {
		{ "ten minutes ago it may still live", 10, false },
		{ "one more, and it is dead", 11, true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ledger *ledger = folder_ledger(i == 0 ? LEDGER_MADE : LEDGER_KEPT);
		uint32_t minute = (uint32_t)(NOON / MINUTE_US) - rows[i].minutes;

		memset((void *)ledger->use, 0, LIMIT_USE_CELLS * sizeof(struct use_cell));
		for (uint32_t k = 0; k < LIMIT_USE_CELLS; k++)
			atomic_store(&ledger->use[k].word,
				(uint64_t)USE_CELL_CLAIMED << USE_STATE_AT | minute);
		use_count(ledger, &unkept, &ALLOWED);
		(void)drain_after(0);
		CHECK_ROW(rows[i].label, (DRAINED(.key = 7) == 1) == rows[i].own);
		ledger_close(&ledger);
	}
}

static void clients_with_a_retired_token_are_listed(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use use = ALLOWED;

	(void)state;
	use.token = USE_TOKEN_RETIRED;
	use.cause = 18;
	for (uint8_t client = 1; client <= 5; client++) {
		use.client.bytes[15] = client;
		count_times(ledger, &use, client);
	}
	use.key = 9;
	use.client.bytes[15] = 1;
	count_times(ledger, &use, 4);
	/* One key with very many clients leaves the others their places. */
	use.key = 10;
	for (uint32_t client = 0; client < 5000; client++) {
		memcpy(use.client.bytes + 12, &client, sizeof(client));
		use_count(ledger, &unkept, &use);
	}
	(void)drain_after(0);
	assert_int_equal(DRAINED(.kind = USE_RETIRED, .key = 7), 15);
	assert_int_equal(DRAINED(.kind = USE_RETIRED, .key = 9), 4);
	assert_in_range(DRAINED(.kind = USE_RETIRED, .key = 10), 8, USE_RETIRED_BUCKET);
	for (size_t i = 0; i < drained.count; i++)
		if (drained.items[i].kind == USE_RETIRED && drained.items[i].key == 7)
			assert_int_equal(drained.items[i].client.bytes[15], drained.items[i].count);
	/* They are counted as uses all the same. */
	assert_int_equal(drained.sum[USE_OWN], 15 + 4 + 5000);
	ledger_close(&ledger);
}

static void totals_are_of_all(void **state)
{
	static const struct {
		const char *label;
		int64_t took_ns;
		size_t bucket;
	} rows[] = {
		{ "negative: a clock that was set", -1, 0 },
		{ "the border belongs to the lower one", 500, 0 },
		{ "one more", 501, 1 },
		{ "the last border", 10000000, USE_BUCKETS - 2 },
		{ "beyond all", 10000001, USE_BUCKETS - 1 },
	};
	struct ledger *ledger = folder_ledger(LEDGER_MADE), *other = NULL;
	struct use use = ALLOWED;
	struct use_totals totals;

	(void)state;
	assert_int_equal(ledger_open(folder_dir, &other), ST_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct use_totals before = totals_of(ledger);

		use.took_ns = rows[i].took_ns;
		use_count(i % 2 == 0 ? ledger : other, &unkept, &use);
		totals = totals_of(other);
		CHECK_ROW(rows[i].label,
			totals.buckets[rows[i].bucket] == before.buckets[rows[i].bucket] + 1);
	}
	use.cause = 30;
	count_times(other, &use, 2);
	use_count_untrusted(other, &unkept);
	totals = totals_of(ledger);
	assert_int_equal(totals.decided[0], 5);
	assert_int_equal(totals.decided[30], 2);
	assert_int_equal(totals.untrusted, 1);
	assert_int_equal(totals.duration_ns, 501 + 500 + 20000001 + 2 * 10000001);
	ledger_close(&ledger);
	ledger_close(&other);
}

static void without_a_ledger_totals_wait_for_one(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use use = ALLOWED;
	struct use_totals totals;

	(void)state;
	count_times(NULL, &use, 3);
	use.cause = 12;
	use.took_ns = 60000;
	count_times(NULL, &use, 4);
	use_count_untrusted(NULL, &unkept);
	totals = totals_of(NULL);
	assert_int_equal(totals.decided[12], 4);
	assert_int_equal(totals.untrusted, 1);
	use_keep(ledger, &unkept);
	assert_int_equal(unkept.decided[12], 0);
	totals = totals_of(ledger);
	assert_int_equal(totals.decided[0], 3);
	assert_int_equal(totals.decided[12], 4);
	assert_int_equal(totals.buckets[1], 3);
	assert_int_equal(totals.buckets[8], 4);
	assert_int_equal(totals.duration_ns, 3 * 900 + 4 * 60000);
	assert_int_equal(totals.untrusted, 1);
	assert_int_equal(totals.dropped, 7);
	ledger_close(&ledger);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(each_is_counted_where_it_belongs),
		IN_A_FOLDER(the_last_use_is_kept),
		IN_A_FOLDER(who_proves_nothing_fills_no_table_with_routes),
		IN_A_FOLDER(beyond_its_places_a_key_counts_as_others),
		IN_A_FOLDER(full_tables_count_by_account_then_by_cause),
		IN_A_FOLDER(places_are_given_on_once_they_were_drained),
		IN_A_FOLDER(a_place_that_a_dead_process_was_taking_is_taken_again),
		IN_A_FOLDER(clients_with_a_retired_token_are_listed),
		IN_A_FOLDER(totals_are_of_all),
		IN_A_FOLDER(without_a_ledger_totals_wait_for_one),
	};

	return crypto_init() != ST_OK ? 1
				      : cmocka_run_group_tests_name(
						"ledger use", tests, drained_open, drained_close);
}
