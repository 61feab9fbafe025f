/* A batch reaches the records once, wherever its drain ends. */
#include "drained.h"

#include "base/crypto.h"

#include <fcntl.h>

static void only_what_is_new_is_given_out(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use_batch batch;

	(void)state;
	batch = drain_after(0);
	assert_int_equal(batch.count, 0);
	count_times(ledger, &ALLOWED, 5);
	batch = drain_after(0);
	assert_int_equal(drained.sum[USE_OWN], 5);
	count_times(ledger, &ALLOWED, 2);
	batch = drain_after(batch.id);
	assert_int_equal(drained.sum[USE_OWN], 2);
	batch = drain_after(batch.id);
	assert_int_equal(batch.count, 0);
	ledger_close(&ledger);
}

static void what_was_not_committed_comes_again(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use_batch first, second;

	(void)state;
	count_times(ledger, &ALLOWED, 5);
	first = drain_after(0);
	count_times(ledger, &ALLOWED, 2);
	second = drain_after(0);
	assert_int_equal(drained.sum[USE_OWN], 7);
	assert_true(first.id != second.id);
	/* The id of a batch that was given up settles nothing. */
	(void)drain_after(first.id);
	assert_int_equal(drained.sum[USE_OWN], 7);
	ledger_close(&ledger);
}

static void told_of_the_commit_it_settles_at_once(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use_drain drain = { .dir = folder_dir };
	struct use_batch batch;

	(void)state;
	count_times(ledger, &ALLOWED, 5);
	batch = drain_after(0);
	assert_int_equal(use_drained(&drain, batch.id), ST_OK);
	/* Twice, and with what the records say anyway: nothing more happens. */
	assert_int_equal(use_drained(&drain, batch.id), ST_OK);
	count_times(ledger, &ALLOWED, 1);
	(void)drain_after(batch.id);
	assert_int_equal(drained.sum[USE_OWN], 1);
	ledger_close(&ledger);
}

static void a_drain_that_ends_midway_gives_out_nothing(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use_drain drain = { .dir = folder_dir,
		.items_max = UINT32_MAX,
		.take = drained_take,
		.context = &drained };
	struct use use = ALLOWED;
	struct use_batch batch = { 0 };

	(void)state;
	for (use.key = 1; use.key <= 3000; use.key++)
		use_count(ledger, &unkept, &use);
	drained_clear();
	drained.fails_at = 2500;
	assert_int_equal(use_drain(&drain, &batch), ST_NO_SPACE);
	assert_int_equal(batch.id, 0);
	/* Also when the records have some batch of before. */
	(void)drain_after(77);
	assert_int_equal(drained.sum[USE_OWN], 3000);
	ledger_close(&ledger);
}

static void large_ones_come_in_parts(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct use_drain drain = {
		.dir = folder_dir, .items_max = 700, .take = drained_take, .context = &drained
	};
	struct use use = ALLOWED;
	struct use_batch batch = { .more = true };
	unsigned parts = 0;

	(void)state;
	for (use.key = 1; use.key <= 3000; use.key++)
		use_count(ledger, &unkept, &use);
	use.token = USE_TOKEN_RETIRED;
	for (use.key = 1; use.key <= 300; use.key++)
		use_count(ledger, &unkept, &use);
	drained_clear();
	for (; batch.more; parts++) {
		assert_int_equal(use_drain(&drain, &batch), ST_OK);
		assert_true(batch.count <= 700);
		drain.last_batch = batch.id;
	}
	assert_int_equal(parts, (3000 + 300 + 300 + 699) / 700);
	assert_int_equal(drained.sum[USE_OWN], 3300);
	assert_int_equal(drained.sum[USE_RETIRED], 300);
	assert_int_equal(drain_after(batch.id).count, 0);
	ledger_close(&ledger);
}

static void what_cannot_be_read_is_said(void **state)
{
	struct use_drain drain = { .dir = folder_dir,
		.items_max = UINT32_MAX,
		.take = drained_take,
		.context = &drained };
	struct use_batch batch;
	struct ledger *ledger;

	(void)state;
	assert_int_equal(use_drain(&drain, &batch), ST_NOT_FOUND);
	assert_int_equal(use_drained(&drain, 1), ST_NOT_FOUND);
	ledger = folder_ledger(LEDGER_MADE);
	ledger_close(&ledger);
	assert_int_equal(truncate(folder_file(LEDGER_FILE), 8192), 0);
	assert_int_equal(use_drain(&drain, &batch), ST_DAMAGED);
}

/* Whoever may write the file writes anything: what comes out is within bounds, and counting ends.
 */
static void anything_may_stand_in_the_file(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	uint64_t batch = 0;

	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		size_t at = (size_t)region_at(REGION_USE), end = (size_t)region_at(REGION_PACES);

		for (; at < end; at += 4096)
			crypto_random(ledger->map + at, 4096);
		count_times(ledger, &ALLOWED, 1000);
		(void)totals_of(ledger);
		batch = drain_after(batch).id;
		assert_true(drained.count > 0);
		for (size_t i = 0; i < drained.count; i++) {
			const struct use_item *item = &drained.items[i];

			assert_true(item->kind <= USE_RETIRED && item->cause < USE_CAUSES);
			assert_true(item->token < USE_TOKENS && item->by < USE_BYS);
			assert_true(item->count > 0 && item->minute_at_us >= 0 &&
				    item->last_at_us >= 0);
		}
	}
	/* Settled, and drained again, it is at rest. */
	batch = drain_after(batch).id;
	batch = drain_after(batch).id;
	assert_int_equal(batch, 0);
	ledger_close(&ledger);
}

/* In the header, so that the file is one of another start. */
static void another_boot(void)
{
	struct ledger_header header;
	int fd = open(folder_file(LEDGER_FILE), O_RDWR | O_CLOEXEC);

	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	header.boot_id[3] ^= 1;
	header.check = header_check(&header);
	assert_int_equal(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
	close(fd);
}

static void what_was_not_drained_survives_a_reboot(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE), *old = NULL;
	struct use use = ALLOWED;
	uint64_t batch;

	(void)state;
	count_times(ledger, &use, 5);
	batch = drain_after(0).id;
	count_times(ledger, &use, 3);
	assert_int_equal(ledger_open(folder_dir, &old), ST_OK);
	ledger_close(&ledger);
	another_boot();
	ledger = folder_ledger(LEDGER_RENEWED);
	assert_int_equal(totals_of(ledger).decided[0], 8);
	(void)drain_after(batch);
	assert_int_equal(drained.sum[USE_OWN], 3);
	/* Who still has the old file open counts there no more. */
	assert_int_equal(ledger_check(old), ST_STALE);
	assert_int_equal(ledger_take(old, 7, &(struct allowance){ .counts = { 1 } },
				 (struct ledger_now){ 1, NOON })
				 .outcome,
		ALLOWANCE_UNKNOWN);
	count_times(old, &use, 2);
	ledger_close(&old);
	use_keep(ledger, &unkept);
	assert_int_equal(totals_of(ledger).decided[0], 10);
	ledger_close(&ledger);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(only_what_is_new_is_given_out),
		IN_A_FOLDER(what_was_not_committed_comes_again),
		IN_A_FOLDER(told_of_the_commit_it_settles_at_once),
		IN_A_FOLDER(a_drain_that_ends_midway_gives_out_nothing),
		IN_A_FOLDER(large_ones_come_in_parts),
		IN_A_FOLDER(what_cannot_be_read_is_said),
		IN_A_FOLDER(anything_may_stand_in_the_file),
		IN_A_FOLDER(what_was_not_drained_survives_a_reboot),
	};

	return crypto_init() != ST_OK ? 1
				      : cmocka_run_group_tests_name(
						"ledger drain", tests, drained_open, drained_close);
}
