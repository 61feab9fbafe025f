/* What may stand where the ledger should, and what survives. */
#include "folder.h"

#include "base/crypto.h"

#include <fcntl.h>
#include <sys/stat.h>

#define KEY 7u

static struct ledger_now now_is(void)
{
	return (struct ledger_now){ clock_boot_us(), clock_wall_us() };
}

static const struct allowance LIMITS = { .counts = { [RATE_DAY] = 5, [QUOTA_MONTH] = 9 } };

static uint64_t left_of(const struct ledger *ledger, enum allowance_window window)
{
	return ledger_window(ledger, KEY, &LIMITS, window, now_is()).left;
}

static void use_twice(struct ledger *ledger)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			ledger_take(ledger, KEY, &LIMITS, now_is()).outcome, ALLOWANCE_LEFT);
}

/* Change the header; with_check: make it hold together again. */
static void patch(void (*change)(struct ledger_header *header), bool with_check)
{
	struct ledger_header header;
	int fd = open(folder_file(LEDGER_FILE), O_RDWR | O_CLOEXEC);

	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	change(&header);
	if (with_check)
		header.check = header_check(&header);
	assert_int_equal(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
	close(fd);
}

static void another_magic(struct ledger_header *header)
{
	header->magic ^= 1;
}

static void another_version(struct ledger_header *header)
{
	header->version++;
}

static void another_boot(struct ledger_header *header)
{
	header->boot_id[3] ^= 1;
}

static void another_size(struct ledger_header *header)
{
	header->regions[0].items_count /= 2;
}

static void the_use_survives_a_restart(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct stat info;

	(void)state;
	use_twice(ledger);
	assert_int_equal(ledger_sync(folder_dir), ST_OK);
	ledger_close(&ledger);
	ledger = folder_ledger(LEDGER_KEPT);
	assert_int_equal(left_of(ledger, RATE_DAY), 3);
	assert_int_equal(left_of(ledger, QUOTA_MONTH), 7);
	assert_int_equal(stat(folder_file(LEDGER_FILE), &info), 0);
	assert_int_equal(info.st_mode & 07777, LEDGER_MODE);
	assert_int_equal(info.st_size, LEDGER_BYTES);
	/* Its space is taken: a full disk cannot end a process that counts. */
	assert_true(info.st_blocks * 512 >= (long)LEDGER_BYTES);
	ledger_close(&ledger);
}

static void a_reboot_begins_the_rates_and_keeps_the_quotas(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE), *none = NULL;

	(void)state;
	use_twice(ledger);
	ledger_close(&ledger);
	patch(another_boot, true);
	assert_int_equal(ledger_open(folder_dir, &none), ST_DAMAGED);
	ledger = folder_ledger(LEDGER_RENEWED);
	assert_int_equal(left_of(ledger, RATE_DAY), 5);
	assert_int_equal(left_of(ledger, QUOTA_MONTH), 7);
	ledger_close(&ledger);
}

/* It ends behind the limits' cells, and its header names that region alone. */
static void the_version_before(struct ledger_header *header)
{
	header->version = 1;
	header->regions_count = 1;
	memset(header->regions + 1, 0, sizeof(header->regions) - sizeof(header->regions[0]));
	header->file_size = region_at(REGION_USE);
}

static void the_version_before_keeps_what_was_used(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE), *none = NULL;

	(void)state;
	use_twice(ledger);
	ledger_close(&ledger);
	patch(the_version_before, true);
	assert_int_equal(truncate(folder_file(LEDGER_FILE), (off_t)region_at(REGION_USE)), 0);
	assert_int_equal(ledger_open(folder_dir, &none), ST_FORMAT);
	ledger = folder_ledger(LEDGER_RENEWED);
	assert_int_equal(left_of(ledger, RATE_DAY), 3);
	assert_int_equal(left_of(ledger, QUOTA_MONTH), 7);
	ledger_close(&ledger);
	/* Cut as well, it is none. */
	patch(the_version_before, true);
	assert_int_equal(truncate(folder_file(LEDGER_FILE), (off_t)region_at(REGION_USE) - 1), 0);
	ledger = folder_ledger(LEDGER_REPLACED);
	assert_int_equal(left_of(ledger, QUOTA_MONTH), 9);
	ledger_close(&ledger);
}

static void what_is_no_ledger_is_replaced(void **state)
{
	static const struct {
		const char *label;
		void (*change)(struct ledger_header *header);
		bool with_check;
		enum status opens;
	} rows[] = {
		{ "another magic", another_magic, true, ST_DAMAGED },
		{ "another version", another_version, true, ST_FORMAT },
		{ "another size", another_size, true, ST_FORMAT },
		{ "a changed byte", another_boot, false, ST_DAMAGED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ledger *ledger = folder_ledger(i == 0 ? LEDGER_MADE : LEDGER_KEPT),
			      *none = NULL;

		ledger_close(&ledger);
		patch(rows[i].change, rows[i].with_check);
		CHECK_ROW(rows[i].label, ledger_open(folder_dir, &none) == rows[i].opens);
		CHECK_ROW(rows[i].label, none == NULL);
		ledger = folder_ledger(LEDGER_REPLACED);
		CHECK_ROW(rows[i].label, left_of(ledger, QUOTA_MONTH) == 9);
		ledger_close(&ledger);
	}
}

static void a_file_that_was_cut_is_noticed(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE), *none = NULL;

	(void)state;
	assert_int_equal(ledger_check(ledger), ST_OK);
	assert_int_equal(truncate(folder_file(LEDGER_FILE), LEDGER_BYTES - 1), 0);
	assert_int_equal(ledger_check(ledger), ST_DAMAGED);
	assert_int_equal(ledger_open(folder_dir, &none), ST_DAMAGED);
	ledger_close(&ledger);
	ledger = folder_ledger(LEDGER_REPLACED);
	ledger_close(&ledger);
}

static void a_file_that_went_away_is_noticed(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE), *other;

	(void)state;
	assert_int_equal(unlink(folder_file(LEDGER_FILE)), 0);
	assert_int_equal(ledger_check(ledger), ST_STALE);
	other = folder_ledger(LEDGER_MADE);
	assert_int_equal(ledger_check(ledger), ST_STALE);
	assert_int_equal(ledger_check(other), ST_OK);
	ledger_close(&ledger);
	ledger_close(&other);
}

static void a_link_is_no_ledger(void **state)
{
	struct ledger *ledger = NULL;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", folder_file(LEDGER_FILE)), 0);
	assert_int_equal(ledger_open(folder_dir, &ledger), ST_DAMAGED);
	ledger = folder_ledger(LEDGER_REPLACED);
	ledger_close(&ledger);
}

static void the_number_of_machines_is_told_at_each_start(void **state)
{
	static const uint32_t NODES[] = { 2, 3, 1 };
	enum ledger_found found;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(NODES); i++) {
		struct ledger *ledger = NULL;

		assert_int_equal(ledger_prepare(folder_dir, NODES[i], &found), ST_OK);
		assert_int_equal(found, i == 0 ? LEDGER_MADE : LEDGER_KEPT);
		assert_int_equal(ledger_open(folder_dir, &ledger), ST_OK);
		assert_int_equal(left_of(ledger, QUOTA_MONTH), 9 / NODES[i]);
		ledger_close(&ledger);
		assert_int_equal(ledger_replace(folder_dir, NODES[i]), ST_OK);
		assert_int_equal(ledger_open(folder_dir, &ledger), ST_OK);
		assert_int_equal(left_of(ledger, QUOTA_MONTH), 9 / NODES[i]);
		ledger_close(&ledger);
	}
}

static void none_there_is_said(void **state)
{
	struct ledger *ledger = NULL;

	(void)state;
	assert_int_equal(ledger_open(folder_dir, &ledger), ST_NOT_FOUND);
	assert_null(ledger);
}

static void idle_cells_are_given_up_when_it_is_crowded(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct allowance other = { .counts = { [RATE_DAY] = 1 } };

	(void)state;
	use_twice(ledger);
	/* Half of the table and one more: most say nothing, a few do. */
	for (uint32_t key = 100; key < 100 + LIMIT_LEDGER_CELLS / 2; key++)
		assert_non_null(cell_claim(ledger->cells, key));
	assert_int_equal(ledger_take(ledger, 90, &other, now_is()).outcome, ALLOWANCE_LEFT);
	ledger_close(&ledger);
	ledger = folder_ledger(LEDGER_RENEWED);
	assert_int_equal(ledger_size(folder_dir).used, 2);
	assert_int_equal(left_of(ledger, RATE_DAY), 3);
	assert_int_equal(left_of(ledger, QUOTA_MONTH), 7);
	assert_int_equal(ledger_peek(ledger, 90, &other, now_is()).outcome, ALLOWANCE_USED_UP);
	ledger_close(&ledger);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(the_use_survives_a_restart),
		IN_A_FOLDER(a_reboot_begins_the_rates_and_keeps_the_quotas),
		IN_A_FOLDER(the_version_before_keeps_what_was_used),
		IN_A_FOLDER(what_is_no_ledger_is_replaced),
		IN_A_FOLDER(a_file_that_was_cut_is_noticed),
		IN_A_FOLDER(a_file_that_went_away_is_noticed),
		IN_A_FOLDER(a_link_is_no_ledger),
		IN_A_FOLDER(the_number_of_machines_is_told_at_each_start),
		IN_A_FOLDER(none_there_is_said),
		IN_A_FOLDER(idle_cells_are_given_up_when_it_is_crowded),
	};

	return crypto_init() != ST_OK
		       ? 1
		       : cmocka_run_group_tests_name("ledger file", tests, NULL, NULL);
}
