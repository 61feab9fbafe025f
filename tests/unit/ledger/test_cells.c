/* One process: both sides of every border of a rate and of a quota. */
#include "folder.h"

#define S US_PER_S
#define DAY (INT64_C(86400) * S)
#define KEY 7u

/* 2026-11-24T00:00:00Z, in the middle of a month. */
#define TODAY (INT64_C(1795478400) * S)
#define BOOT (INT64_C(1000) * S)

static const struct ledger_now START = { BOOT, TODAY + 3600 * S };

static struct ledger_now after(int64_t us)
{
	return (struct ledger_now){ START.boot_us + us, START.wall_us + us };
}

static struct allowance one(enum allowance_window window, uint64_t count)
{
	struct allowance allowance = { .counts = { 0 } };

	allowance.counts[window] = count;
	return allowance;
}

/* How many of tries are allowed at one moment. */
static uint64_t taken(struct ledger *ledger, uint32_t key, const struct allowance *allowance,
	struct ledger_now now, uint64_t tries)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < tries; i++)
		count += ledger_take(ledger, key, allowance, now).outcome == ALLOWANCE_LEFT;
	return count;
}

static void a_count_is_free_at_once_and_no_more(void **state)
{
	static const struct {
		const char *label;
		enum allowance_window window;
		uint64_t count;
	} rows[] = {
		{ "one a second", RATE_SECOND, 1 },
		{ "three a second, which does not divide", RATE_SECOND, 3 },
		{ "seven a minute", RATE_MINUTE, 7 },
		{ "999 an hour", RATE_HOUR, 999 },
		{ "1000 a day", RATE_DAY, 1000 },
		{ "999999 a second", RATE_SECOND, 999999 },
		{ "a quota of a day", QUOTA_DAY, 5 },
		{ "a quota of a month", QUOTA_MONTH, 1 },
	};
	struct ledger *ledger = folder_ledger(LEDGER_MADE);

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct allowance allowance = one(rows[i].window, rows[i].count);
		uint64_t count = taken(ledger, i + 1, &allowance, START, rows[i].count + 3);

		CHECK_ROW(rows[i].label, count == rows[i].count);
	}
	ledger_close(&ledger);
}

/* The keeper's way: what it says is what whoever has it mapped says. */
static void the_file_alone_says_the_same(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(QUOTA_DAY, 12);

	(void)state;
	/* Many keys, so that some stand far from their place, and some at the table's end. */
	for (uint32_t key = 1; key <= LIMIT_LEDGER_CELLS / 2; key++)
		assert_non_null(cell_claim(ledger->cells, key));
	for (uint32_t key = 1; key <= 2000; key++)
		assert_int_equal(taken(ledger, key, &allowance, START, key % 14),
			key % 14 > 12 ? 12 : key % 14);
	for (uint32_t key = 1; key <= 2000; key++) {
		struct allowance_state mapped = ledger_peek(ledger, key, &allowance, START);
		struct allowance_state looked = ledger_look(folder_dir, key, &allowance, START);

		assert_int_equal(looked.outcome, mapped.outcome);
		assert_int_equal(looked.left, mapped.left);
	}
	assert_int_equal(ledger_look(folder_dir, 0, &allowance, START).outcome, ALLOWANCE_UNKNOWN);
	/* Those that begin at the table's end and stand at its beginning. */
	for (uint32_t key = LIMIT_LEDGER_CELLS, ends = 0; ends < 24; key++) {
		if (cell_place(key) < LIMIT_LEDGER_CELLS - 4)
			continue;
		assert_int_equal(taken(ledger, key, &allowance, START, 5), 5);
		assert_int_equal(ledger_look(folder_dir, key, &allowance, START).left, 7);
		ends++;
	}
	/* A key that used nothing has all. */
	assert_int_equal(ledger_look(folder_dir, 4000000, &allowance, START).left, 12);
	ledger_close(&ledger);
	assert_int_equal(truncate(folder_file(LEDGER_FILE), 8192), 0);
	assert_int_equal(ledger_look(folder_dir, 1, &allowance, START).outcome, ALLOWANCE_UNKNOWN);
	assert_int_equal(ledger_share(folder_dir, 2), ST_DAMAGED);
	assert_int_equal(ledger_sync(folder_dir), ST_DAMAGED);
	assert_int_equal(ledger_size(folder_dir).all, 0);
	assert_int_equal(unlink(folder_file(LEDGER_FILE)), 0);
	assert_int_equal(ledger_share(folder_dir, 2), ST_NOT_FOUND);
}

static void machines_share_a_count(void **state)
{
	static const struct {
		const char *label;
		enum allowance_window window;
		uint64_t count;
		uint32_t nodes;
		uint64_t expected;
	} rows[] = {
		{ "one machine has all", RATE_HOUR, 10, 1, 10 },
		{ "three of them have a third, rounded down", RATE_HOUR, 10, 3, 3 },
		{ "as many as there are", QUOTA_DAY, 10, 10, 1 },
		{ "more than there are: one each", QUOTA_DAY, 10, 11, 1 },
		{ "a file that says none is one machine's", RATE_HOUR, 10, 0, 10 },
		{ "one that says too many", QUOTA_MONTH, 2000, UINT32_MAX, 2000 / LIMIT_NODES },
	};
	struct ledger *ledger = folder_ledger(LEDGER_MADE);

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct allowance allowance = one(rows[i].window, rows[i].count);
		struct allowance_state before;

		assert_int_equal(ledger_share(folder_dir, rows[i].nodes), ST_OK);
		before = ledger_peek(ledger, i + 1, &allowance, START);
		CHECK_ROW(rows[i].label, before.count == rows[i].expected);
		CHECK_ROW(rows[i].label, before.left == rows[i].expected);
		CHECK_ROW(rows[i].label, taken(ledger, i + 1, &allowance, START,
						 rows[i].count + 3) == rows[i].expected);
	}
	ledger_close(&ledger);
}

static void another_number_of_machines_keeps_what_was_used(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE), *other = NULL;
	struct allowance allowance = one(QUOTA_DAY, 12);

	(void)state;
	assert_int_equal(ledger_open(folder_dir, &other), ST_OK);
	assert_int_equal(taken(ledger, KEY, &allowance, START, 5), 5);
	/* Told to one, it holds for all that have the file open. */
	assert_int_equal(ledger_share(folder_dir, 2), ST_OK);
	assert_int_equal(taken(other, KEY, &allowance, START, 9), 1);
	assert_int_equal(ledger_share(folder_dir, 1), ST_OK);
	assert_int_equal(taken(other, KEY, &allowance, START, 9), 6);
	ledger_close(&ledger);
	ledger_close(&other);
}

static void a_rate_refills_evenly(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(RATE_SECOND, 4);
	struct allowance_state used_up;

	(void)state;
	assert_int_equal(taken(ledger, KEY, &allowance, START, 9), 4);
	used_up = ledger_take(ledger, KEY, &allowance, START);
	assert_int_equal(used_up.outcome, ALLOWANCE_USED_UP);
	assert_int_equal(used_up.window, RATE_SECOND);
	assert_int_equal(used_up.count, 4);
	assert_int_equal(used_up.left, 0);
	assert_int_equal(used_up.wait_us, S / 4);
	assert_int_equal(used_up.reset_us, S);
	/* One microsecond early, and the moment itself. */
	assert_int_equal(taken(ledger, KEY, &allowance, after(S / 4 - 1), 1), 0);
	assert_int_equal(taken(ledger, KEY, &allowance, after(S / 4), 2), 1);
	assert_int_equal(taken(ledger, KEY, &allowance, after(S), 9), 3);
	/* A long pause gives the count, not more. */
	assert_int_equal(taken(ledger, KEY, &allowance, after(100 * S), 9), 4);
	ledger_close(&ledger);
}

static void a_refused_use_is_not_counted(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance both = one(RATE_SECOND, 5);

	(void)state;
	both.counts[QUOTA_DAY] = 2;
	assert_int_equal(taken(ledger, KEY, &both, START, 50), 2);
	/* The 48 that the quota refused have not used the rate. */
	assert_int_equal(ledger_window(ledger, KEY, &both, RATE_SECOND, START).left, 3);
	assert_int_equal(ledger_window(ledger, KEY, &both, QUOTA_DAY, START).left, 0);
	assert_int_equal(ledger_peek(ledger, KEY, &both, START).window, QUOTA_DAY);
	ledger_close(&ledger);
}

static void the_longest_wait_is_told(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(RATE_SECOND, 2);
	struct allowance_state said;

	(void)state;
	allowance.counts[RATE_HOUR] = 2;
	assert_int_equal(taken(ledger, KEY, &allowance, START, 3), 2);
	said = ledger_take(ledger, KEY, &allowance, START);
	assert_int_equal(said.window, RATE_HOUR);
	assert_int_equal(said.wait_us, 1800 * S);
	/* The second has refilled, the hour has not. */
	said = ledger_take(ledger, KEY, &allowance, after(10 * S));
	assert_int_equal(said.outcome, ALLOWANCE_USED_UP);
	assert_int_equal(said.wait_us, 1790 * S);
	ledger_close(&ledger);
}

static void looking_counts_nothing(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(RATE_MINUTE, 2);

	(void)state;
	for (int i = 0; i < 9; i++)
		assert_int_equal(ledger_peek(ledger, KEY, &allowance, START).left, 2);
	assert_int_equal(ledger_size(folder_dir).used, 0);
	assert_int_equal(ledger_take(ledger, KEY, &allowance, START).left, 1);
	assert_int_equal(ledger_peek(ledger, KEY, &allowance, START).left, 1);
	assert_int_equal(ledger_size(folder_dir).used, 1);
	ledger_close(&ledger);
}

static void keys_do_not_touch_each_other(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(RATE_DAY, 3);

	(void)state;
	assert_int_equal(taken(ledger, 1, &allowance, START, 1000), 3);
	for (uint32_t key = 2; key < 2000; key++)
		assert_int_equal(taken(ledger, key, &allowance, START, 4), 3);
	ledger_close(&ledger);
}

static void a_changed_rate_holds_at_once(void **state)
{
	static const struct {
		const char *label;
		uint64_t before, used, count, expected_left;
	} rows[] = {
		{ "raised: what was used stays used", 2, 2, 100, 98 },
		{ "raised from untouched", 2, 0, 100, 100 },
		{ "lowered below what was used", 100, 50, 10, 0 },
		{ "lowered, and still room", 100, 4, 10, 6 },
		{ "lowered to what was used", 100, 4, 4, 0 },
		{ "lowered to one more", 100, 4, 5, 1 },
		{ "the same", 100, 4, 100, 96 },
	};
	struct ledger *ledger = folder_ledger(LEDGER_MADE);

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct allowance before = one(RATE_HOUR, rows[i].before);
		struct allowance now = one(RATE_HOUR, rows[i].count);
		uint64_t left;

		assert_int_equal(taken(ledger, i + 1, &before, START, rows[i].used), rows[i].used);
		left = ledger_peek(ledger, i + 1, &now, START).left;
		CHECK_ROW(rows[i].label, left == rows[i].expected_left);
		left = taken(ledger, i + 1, &now, START, 200);
		CHECK_ROW(rows[i].label, left == rows[i].expected_left);
	}
	ledger_close(&ledger);
}

static void a_changed_quota_holds_at_once(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance two = one(QUOTA_DAY, 2), five = one(QUOTA_DAY, 5);

	(void)state;
	assert_int_equal(taken(ledger, KEY, &two, START, 9), 2);
	assert_int_equal(taken(ledger, KEY, &five, START, 9), 3);
	assert_int_equal(taken(ledger, KEY, &two, START, 9), 0);
	ledger_close(&ledger);
}

static void a_quota_ends_with_its_period(void **state)
{
	/* 2026-11-30T23:59:59Z: the day and the month end together. */
	const int64_t last = TODAY + 7 * DAY - S;
	struct ledger *ledger = folder_ledger(LEDGER_MADE);

	(void)state;
	for (enum allowance_window window = QUOTA_DAY; window <= QUOTA_MONTH; window++) {
		struct allowance allowance = one(window, 3);
		uint32_t key = 1 + window;
		struct allowance_state said;

		assert_int_equal(
			taken(ledger, key, &allowance, (struct ledger_now){ BOOT, last }, 9), 3);
		said = ledger_take(ledger, key, &allowance, (struct ledger_now){ BOOT, last });
		assert_int_equal(said.wait_us, S);
		assert_int_equal(taken(ledger, key, &allowance,
					 (struct ledger_now){ BOOT, last + S - 1 }, 9),
			0);
		assert_int_equal(
			taken(ledger, key, &allowance, (struct ledger_now){ BOOT, last + S }, 9),
			3);
	}
	ledger_close(&ledger);
}

static void a_clock_that_goes_back_gives_no_quota(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(QUOTA_DAY, 3);
	struct ledger_now now = START;

	(void)state;
	assert_int_equal(taken(ledger, KEY, &allowance, now, 9), 3);
	/* Over midnight, where a new one begins, and back again and again. */
	now.wall_us = TODAY + DAY;
	assert_int_equal(taken(ledger, KEY, &allowance, now, 2), 2);
	for (int i = 0; i < 9; i++) {
		now.wall_us = TODAY + DAY - 1;
		assert_int_equal(taken(ledger, KEY, &allowance, now, 9), i == 0 ? 1 : 0);
		now.wall_us = TODAY + DAY + i;
		assert_int_equal(taken(ledger, KEY, &allowance, now, 9), 0);
	}
	/* Back by a year: the same use, in the period that the clock says. */
	now.wall_us = TODAY - 365 * DAY;
	assert_int_equal(taken(ledger, KEY, &allowance, now, 9), 0);
	ledger_close(&ledger);
}

static void a_clock_gone_astray_does_not_block_for_years(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(QUOTA_DAY, 3);
	struct ledger_now now = START;

	(void)state;
	now.wall_us = TODAY + 3650 * DAY;
	assert_int_equal(taken(ledger, KEY, &allowance, now, 2), 2);
	assert_int_equal(taken(ledger, KEY, &allowance, START, 9), 1);
	assert_int_equal(taken(ledger, KEY, &allowance, after(DAY), 9), 3);
	ledger_close(&ledger);
}

static void bytes_that_changed_refuse_for_a_period_at_most(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(RATE_MINUTE, 3);
	struct ledger_cell *cell;

	(void)state;
	assert_int_equal(taken(ledger, KEY, &allowance, START, 1), 1);
	cell = cell_claim(ledger->cells, KEY);
	atomic_store(&cell->full_at_ns[RATE_MINUTE], UINT64_MAX / 2);
	assert_int_equal(taken(ledger, KEY, &allowance, START, 1), 0);
	assert_int_equal(taken(ledger, KEY, &allowance, after(20 * S), 9), 1);
	ledger_close(&ledger);
}

static void a_full_table_refuses_what_it_cannot_count(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance allowance = one(RATE_DAY, 2);
	uint32_t key = 0;

	(void)state;
	do
		key++;
	while (cell_claim(ledger->cells, key) != NULL);
	/* At random places a table of this kind is nearly full by then. */
	assert_true(ledger_size(folder_dir).used > LIMIT_LEDGER_CELLS * 3 / 4);
	assert_int_equal(ledger_take(ledger, key, &allowance, START).outcome, ALLOWANCE_UNKNOWN);
	assert_int_equal(ledger_peek(ledger, key, &allowance, START).outcome, ALLOWANCE_UNKNOWN);
	/* Those that have a cell go on. */
	assert_int_equal(taken(ledger, 1, &allowance, START, 9), 2);
	assert_int_equal(taken(ledger, key - 1, &allowance, START, 9), 2);
	ledger_close(&ledger);
}

static void without_a_ledger_nobody_can_tell(void **state)
{
	struct allowance allowance = one(RATE_DAY, 2);

	(void)state;
	assert_int_equal(ledger_take(NULL, KEY, &allowance, START).outcome, ALLOWANCE_UNKNOWN);
	assert_int_equal(ledger_peek(NULL, KEY, &allowance, START).outcome, ALLOWANCE_UNKNOWN);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_count_is_free_at_once_and_no_more),
		IN_A_FOLDER(the_file_alone_says_the_same),
		IN_A_FOLDER(machines_share_a_count),
		IN_A_FOLDER(another_number_of_machines_keeps_what_was_used),
		IN_A_FOLDER(a_rate_refills_evenly),
		IN_A_FOLDER(a_refused_use_is_not_counted),
		IN_A_FOLDER(the_longest_wait_is_told),
		IN_A_FOLDER(looking_counts_nothing),
		IN_A_FOLDER(keys_do_not_touch_each_other),
		IN_A_FOLDER(a_changed_rate_holds_at_once),
		IN_A_FOLDER(a_changed_quota_holds_at_once),
		IN_A_FOLDER(a_quota_ends_with_its_period),
		IN_A_FOLDER(a_clock_that_goes_back_gives_no_quota),
		IN_A_FOLDER(a_clock_gone_astray_does_not_block_for_years),
		IN_A_FOLDER(bytes_that_changed_refuse_for_a_period_at_most),
		IN_A_FOLDER(a_full_table_refuses_what_it_cannot_count),
		cmocka_unit_test(without_a_ledger_nobody_can_tell),
	};

	return cmocka_run_group_tests_name("ledger cells", tests, NULL, NULL);
}
