/* The time to decide by, under a clock that jumps. */
#include "testing.h"

#include "base/clock.h"
#include "ledger/steady.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define S US_PER_S
#define NOON (INT64_C(1764000000) * S)
#define BOOT (1000 * S)

static char folder_dir[64], clock_file[96];

static int folder_make(void **state)
{
	(void)state;
	snprintf(folder_dir, sizeof(folder_dir), "/tmp/llavero-clock-XXXXXX");
	if (mkdtemp(folder_dir) == NULL)
		return -1;
	snprintf(clock_file, sizeof(clock_file), "%s/" STEADY_FILE, folder_dir);
	return 0;
}

static int folder_remove(void **state)
{
	(void)state;
	(void)unlink(clock_file);
	return rmdir(folder_dir);
}

/* boot_s after the start the clock is off by off_s from what it should be. */
static struct ledger_now at(int64_t boot_s, int64_t off_s)
{
	return (struct ledger_now){ BOOT + boot_s * S, NOON + (boot_s + off_s) * S };
}

static enum steady_state keep(struct steady *steady, struct ledger_now now)
{
	enum steady_state state;
	int64_t off_us;

	assert_int_equal(steady_keep(steady, folder_dir, now, &state, &off_us), ST_OK);
	return state;
}

/* A link in place of the file: reading it fails as a disk would. */
static void hide(bool hidden)
{
	char aside[128];

	snprintf(aside, sizeof(aside), "%s.aside", clock_file);
	if (hidden) {
		assert_int_equal(rename(clock_file, aside), 0);
		assert_int_equal(symlink("nowhere", clock_file), 0);
	} else {
		assert_int_equal(rename(aside, clock_file), 0);
	}
}

static void begin(struct steady *steady, enum status expected, struct ledger_now now)
{
	enum status st;

	*steady = (struct steady){ .this_boot = false };
	st = steady_read(steady, folder_dir);
	assert_int_equal(st, expected);
	steady_begin(steady, st, now);
	(void)keep(steady, now);
}

static int64_t seen_s(const struct steady *steady, struct ledger_now now)
{
	return (steady_us(steady, now) - NOON) / S;
}

static void a_clock_that_goes_back_is_carried_on(void **state)
{
	struct steady steady;

	(void)state;
	begin(&steady, ST_NOT_FOUND, at(0, 0));
	assert_int_equal(keep(&steady, at(1, 0)), STEADY_RIGHT);
	assert_int_equal(keep(&steady, at(2, -2)), STEADY_RIGHT);
	assert_int_equal(keep(&steady, at(3, -3)), STEADY_BEHIND);
	assert_int_equal(seen_s(&steady, at(3, -86400)), 3);
	assert_int_equal(keep(&steady, at(1000, -86400)), STEADY_BEHIND);
	assert_int_equal(seen_s(&steady, at(1000, -86400)), 1000);
	/* The next start, of another process too. */
	begin(&steady, ST_OK, at(1001, -86400));
	assert_int_equal(seen_s(&steady, at(1001, -86400)), 1001);
	assert_int_equal(keep(&steady, at(1002, 0)), STEADY_RIGHT);
}

static void what_cannot_be_read_is_not_forgotten(void **state)
{
	struct steady steady;
	enum steady_state now_state;
	int64_t off_us;

	(void)state;
	begin(&steady, ST_NOT_FOUND, at(0, 0));
	hide(true);
	steady = (struct steady){ .this_boot = false };
	assert_int_equal(steady_read(&steady, folder_dir), ST_IO);
	steady_begin(&steady, ST_IO, at(1, -86400));
	assert_int_equal(
		steady_keep(&steady, folder_dir, at(1, -86400), &now_state, &off_us), ST_IO);
	hide(false);
	assert_int_equal(keep(&steady, at(2, -86400)), STEADY_BEHIND);
	assert_int_equal(seen_s(&steady, at(2, -86400)), 2);
}

static void one_that_was_ahead_for_a_moment_leaves_no_trace(void **state)
{
	struct steady steady;

	(void)state;
	begin(&steady, ST_NOT_FOUND, at(0, 0));
	assert_int_equal(keep(&steady, at(1, 86400)), STEADY_AHEAD);
	assert_int_equal(seen_s(&steady, at(1, 86400)), 86401);
	assert_int_equal(keep(&steady, at(600, 86400)), STEADY_AHEAD);
	assert_int_equal(keep(&steady, at(601, 0)), STEADY_RIGHT);
	assert_int_equal(seen_s(&steady, at(601, 0)), 601);
}

static void one_that_stays_ahead_is_trusted(void **state)
{
	struct steady steady;

	(void)state;
	begin(&steady, ST_NOT_FOUND, at(0, 0));
	assert_int_equal(keep(&steady, at(1, 86400)), STEADY_AHEAD);
	/* Another jump begins the ten minutes again. */
	assert_int_equal(keep(&steady, at(300, 90000)), STEADY_AHEAD);
	assert_int_equal(keep(&steady, at(899, 90000)), STEADY_AHEAD);
	assert_int_equal(keep(&steady, at(900, 90000)), STEADY_RIGHT);
	assert_int_equal(keep(&steady, at(901, 0)), STEADY_BEHIND);
	assert_int_equal(seen_s(&steady, at(901, 0)), 90901);
}

static void small_steps_are_trusted_at_once(void **state)
{
	struct steady steady;

	(void)state;
	begin(&steady, ST_NOT_FOUND, at(0, 0));
	assert_int_equal(keep(&steady, at(1, 60)), STEADY_RIGHT);
	assert_int_equal(keep(&steady, at(2, 121)), STEADY_AHEAD);
	assert_int_equal(keep(&steady, at(3, 120)), STEADY_RIGHT);
	assert_int_equal(seen_s(&steady, at(3, 0)), 123);
}

static void patch(size_t where, uint8_t bits)
{
	int fd = open(clock_file, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, (off_t)where), 1);
	byte ^= bits;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)where), 1);
	close(fd);
}

static void a_file_that_is_damaged_says_nothing(void **state)
{
	struct steady steady, before;

	(void)state;
	begin(&steady, ST_NOT_FOUND, at(0, 0));
	for (size_t where = 0; where < 48; where++) {
		patch(where, 1);
		before = steady;
		assert_int_equal(steady_read(&steady, folder_dir), ST_DAMAGED);
		assert_memory_equal(&before, &steady, sizeof(steady));
		patch(where, 1);
	}
	assert_int_equal(steady_read(&steady, folder_dir), ST_OK);
	assert_int_equal(truncate(clock_file, 47), 0);
	assert_int_equal(steady_read(&steady, folder_dir), ST_DAMAGED);
}

/* What another start of the machine left: how long it was off nobody knows. */
static void after_a_reboot_the_time_written_last_holds(void **state)
{
	struct steady steady;

	(void)state;
	begin(&steady, ST_NOT_FOUND, at(100, 0));
	steady.this_boot = false;
	steady_begin(&steady, ST_OK, at(0, 0));
	/* Boot time began anew; the clock went on. */
	assert_int_equal(keep(&steady, at(-900, 5000)), STEADY_RIGHT);
	assert_int_equal(seen_s(&steady, at(-900, 0)), 100);
	assert_int_equal(keep(&steady, at(-899, 900)), STEADY_BEHIND);
	assert_int_equal(keep(&steady, at(-898, 5000)), STEADY_RIGHT);
	assert_int_equal(keep(&steady, at(-298, 5000)), STEADY_RIGHT);
	/* Ten minutes later it is the time. */
	assert_int_equal(keep(&steady, at(-297, 4000)), STEADY_BEHIND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_clock_that_goes_back_is_carried_on, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_read_is_not_forgotten, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(one_that_was_ahead_for_a_moment_leaves_no_trace,
			folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			one_that_stays_ahead_is_trusted, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			small_steps_are_trusted_at_once, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			a_file_that_is_damaged_says_nothing, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			after_a_reboot_the_time_written_last_holds, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
