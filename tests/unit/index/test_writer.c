#include "testing.h"

#include "index/reader.h"
#include "index/sorter.h"
#include "shell.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASSERT_ST(expected, st) assert_string_equal(status_name(st), status_name(expected))

struct setting {
	char dir[64];
	struct world world;
	struct index_writer *writer;
};

static int set_up(void **state)
{
	struct setting *s = calloc(1, sizeof(*s));

	temporary_dir(s->dir);
	world_make(&s->world, 5, 200);
	ASSERT_ST(ST_OK, index_writer_create(s->dir, &s->writer));
	world_build(&s->world, s->writer);
	ASSERT_ST(ST_OK, index_writer_publish(s->writer));
	index_writer_confirm(s->writer, 1000);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct setting *s = *state;

	index_writer_close(&s->writer);
	world_free(&s->world);
	remove_dir(s->dir);
	free(s);
	return 0;
}

static void compare(const struct setting *s)
{
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	const struct view *view;
	const char *wrong;

	ASSERT_ST(ST_OK, index_writer_reader(s->writer, &reader));
	ASSERT_ST(ST_OK, index_reader_view_begin(reader, 1000, &view));
	wrong = world_compare(&s->world, view);
	if (wrong != NULL)
		fail_msg("%s", wrong);
}

/* Run in a child, so that it has LMDB's handles of its own; its exit code. */
static int in_child(int (*run)(void *arg), void *arg)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(run(arg));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int open_status(void *arg)
{
	struct index_reader *reader = NULL;

	return (int)index_reader_open(arg, NULL, &reader);
}

static int open_for_writing_status(void *arg)
{
	struct index_writer *writer = NULL;
	enum status st = index_writer_open(arg, &writer);

	index_writer_close(&writer);
	return (int)st;
}

static void what_is_there_says_how_opening_ends(void **state)
{
	static const struct {
		const char *label;
		const char *command;
		enum status reading, writing;
	} rows[] = {
		{ "whole", "true", ST_OK, ST_OK },
		{ "no link", "rm current", ST_NOT_FOUND, ST_NOT_FOUND },
		{ "link to nowhere", "ln -sfn 0000000000000077 current", ST_NOT_FOUND,
			ST_NOT_FOUND },
		{ "link to no number", "ln -sfn 000000000000000x current", ST_DAMAGED, ST_DAMAGED },
		{ "no data", "rm current/data.mdb", ST_DAMAGED, ST_DAMAGED },
		{ "no head", "rm current/head", ST_DAMAGED, ST_DAMAGED },
		{ "another format",
			"printf Z | dd of=current/head bs=1 seek=7 conv=notrunc status=none",
			ST_FORMAT, ST_FORMAT },
		{ "another magic",
			"printf Z | dd of=current/head bs=1 seek=3 conv=notrunc status=none",
			ST_DAMAGED, ST_DAMAGED },
		{ "cut by one page", "truncate -s -4096 current/data.mdb", ST_DAMAGED, ST_DAMAGED },
		{ "cut to nothing", "truncate -s 0 current/data.mdb", ST_DAMAGED, ST_DAMAGED },
		{ "roots of zeros",
			"dd if=/dev/zero of=current/data.mdb bs=4096 count=2 conv=notrunc "
			"status=none",
			ST_DAMAGED, ST_DAMAGED },
		{ "reported", "printf 1 > current/damage", ST_OK, ST_DAMAGED },
		{ "lock file gone", "rm current/lock.mdb", ST_OK, ST_OK },
		{ "no mark to report with", "rm current/damage", ST_OK, ST_DAMAGED },
	};
	struct setting *s = *state;
	char copy[64], command[400];

	index_writer_close(&s->writer);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		temporary_dir(copy);
		(void)snprintf(command, sizeof(command),
			"cp -a --sparse=always %s/. %s/ && cd %s && %s", s->dir, copy, copy,
			rows[i].command);
		assert_int_equal(shell(command), 0);
		CHECK_ROW(rows[i].label, in_child(open_status, copy) == (int)rows[i].reading);
		CHECK_ROW(rows[i].label,
			in_child(open_for_writing_status, copy) == (int)rows[i].writing);
		remove_dir(copy);
	}
}

static void what_is_aborted_leaves_nothing(void **state)
{
	struct setting *s = *state;
	struct view_token token = { 1, true };
	uint8_t digest[DIGEST_SIZE] = { 9 };

	ASSERT_ST(ST_OK, index_writer_begin(s->writer));
	ASSERT_ST(ST_OK, index_put_token(s->writer, digest, &token));
	ASSERT_ST(ST_OK, index_delete_profile(s->writer, 1));
	ASSERT_ST(ST_OK, index_delete_key(s->writer, 1));
	index_writer_abort(s->writer);
	compare(s);
	world_change(&s->world, s->writer, 5);
	compare(s);
}

static void an_unpublished_index_goes_when_it_is_closed(void **state)
{
	struct setting *s = *state;
	struct index_writer *other = NULL;
	struct stat info;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/0000000000000002", s->dir);
	ASSERT_ST(ST_OK, index_writer_create(s->dir, &other));
	assert_int_equal(stat(path, &info), 0);
	index_writer_close(&other);
	assert_int_equal(stat(path, &info), -1);
	compare(s);
}

static void compacting_keeps_all_and_drops_the_old_directory(void **state)
{
	struct setting *s = *state;
	struct index_writer_stats stats;
	struct stat info;
	char path[128];

	for (unsigned i = 0; i < 20; i++)
		world_change(&s->world, s->writer, 10);
	ASSERT_ST(ST_OK, index_writer_compact(&s->writer));
	compare(s);
	ASSERT_ST(ST_OK, index_writer_tend(s->writer, &stats));
	assert_int_equal(stats.generation, 2);
	(void)snprintf(path, sizeof(path), "%s/0000000000000001", s->dir);
	assert_int_equal(stat(path, &info), -1);
	world_change(&s->world, s->writer, 10);
	compare(s);
}

static void files_have_the_modes_that_gateways_need(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
	} rows[] = { { "current/data.mdb", 0640 }, { "current/lock.mdb", 0660 },
		{ "current/head", 0640 }, { "current/damage", 0660 }, { "current/.", 0750 } };
	struct setting *s = *state;
	struct stat info;
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", s->dir, rows[i].name);
		assert_int_equal(stat(path, &info), 0);
		CHECK_ROW(rows[i].name, (info.st_mode & 07777) == rows[i].mode);
	}
}

static void age_is_counted_from_the_last_confirmation(void **state)
{
	static const struct {
		const char *label;
		int64_t now_us, lease_us;
		bool serve_stale, overdue, stale;
	} rows[] = {
		{ "no lease", INT64_C(1) << 50, 0, false, false, false },
		{ "just confirmed", 1000, 50, false, false, false },
		{ "as old as the lease", 1050, 50, false, false, false },
		{ "one more", 1051, 50, false, true, true },
		{ "one more, served", 1051, 50, true, true, false },
		{ "a clock that is behind", 10, 50, false, false, false },
	};
	struct setting *s = *state;

	index_writer_close(&s->writer);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct index_reader_options options = { .lease_us = rows[i].lease_us,
			.serve_stale = rows[i].serve_stale };
		CLEANUP(index_reader_close)
		struct index_reader *reader = NULL;
		const struct view *view;

		ASSERT_ST(ST_OK, index_reader_open(s->dir, &options, &reader));
		ASSERT_ST(ST_OK, index_reader_view_begin(reader, rows[i].now_us, &view));
		CHECK_ROW(rows[i].label, view->stale == rows[i].stale);
		CHECK_ROW(rows[i].label, view->overdue == rows[i].overdue);
	}
}

static void an_index_of_another_boot_is_checked_and_stale_until_confirmed(void **state)
{
	struct setting *s = *state;
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	const struct view *view;
	char command[400];

	index_writer_close(&s->writer);
	/* Another boot's id, and not closed in good order. */
	(void)snprintf(command, sizeof(command),
		"cd %s/current && printf 0000000000000000 | dd of=head bs=1 seek=16 conv=notrunc "
		"status=none && printf '\\0' | dd of=head bs=1 seek=60 conv=notrunc status=none",
		s->dir);
	assert_int_equal(shell(command), 0);
	ASSERT_ST(ST_OK, index_writer_open(s->dir, &s->writer));
	compare(s);
	ASSERT_ST(ST_OK, index_writer_reader(s->writer, &reader));
	ASSERT_ST(ST_OK, index_reader_view_begin(reader, 5, &view));
	assert_true(view->stale);
	index_writer_confirm(s->writer, 5);
	ASSERT_ST(ST_OK, index_reader_view_begin(reader, 5, &view));
	assert_false(view->stale);
}

/* ---- The write lock ---- */

struct holder {
	const char *dir;
	int ready_fd, go_fd;
};

static int hold_lock(struct holder *holder)
{
	struct index_writer *writer = NULL;
	char byte = 'x';

	if (read(holder->go_fd, &byte, 1) != 1 ||
		index_writer_open(holder->dir, &writer) != ST_OK ||
		index_writer_begin(writer) != ST_OK)
		return 1;
	if (write(holder->ready_fd, &byte, 1) != 1 || read(holder->go_fd, &byte, 1) < 0)
		return 2;
	return 0;
}

static void a_lock_that_is_not_to_be_had_ends_in_another_directory(void **state)
{
	struct setting *s = *state;
	struct holder holder = { .dir = s->dir };
	int ready[2], go[2], status;
	char byte;
	pid_t child;

	assert_true(pipe2(ready, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0);
	index_writer_close(&s->writer);
	child = fork();
	if (child == 0) {
		holder.ready_fd = ready[1];
		holder.go_fd = go[0];
		(void)close(go[1]);
		_exit(hold_lock(&holder));
	}
	ASSERT_ST(ST_OK, index_writer_open(s->dir, &s->writer));
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	ASSERT_ST(ST_TIMEOUT, index_writer_begin(s->writer));
	ASSERT_ST(ST_UNAVAILABLE, index_writer_begin(s->writer));
	index_writer_close(&s->writer);
	/* Opening takes the lock once, too. */
	ASSERT_ST(ST_TIMEOUT, index_writer_open(s->dir, &s->writer));
	ASSERT_ST(ST_OK, index_writer_create(s->dir, &s->writer));
	world_build(&s->world, s->writer);
	ASSERT_ST(ST_OK, index_writer_publish(s->writer));
	compare(s);
	(void)close(go[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	compare(s);
	(void)close(go[0]);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void a_writer_that_dies_of_it_again_and_again_gives_up(void **state)
{
	static const enum status expected[] = { ST_OK, ST_OK, ST_OK, ST_DAMAGED };
	struct setting *s = *state;

	index_writer_close(&s->writer);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		int status = 0;
		pid_t child = fork();

		if (child == 0) {
			struct index_writer *writer = NULL;

			/* Dies with it open, before anything went well. */
			_exit((int)index_writer_open(s->dir, &writer));
		}
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		assert_int_equal(WEXITSTATUS(status), expected[i]);
	}
}

/* ---- The sorter ---- */

struct checking {
	uint64_t before, count, bytes;
	bool ordered;
};

static enum status check_order(void *arg, uint64_t at, struct span records)
{
	struct checking *checking = arg;

	checking->ordered &= at > checking->before;
	checking->before = at;
	checking->count++;
	checking->bytes += records.len;
	return ST_OK;
}

static void sorting_is_right_beyond_its_memory(void **state)
{
	static const size_t counts[] = { 0, 1, 1000, 900000 };
	struct world world = { .random = 3 };
	char record[100] = { 'r' };
	char dir[64];
	int dir_fd;

	temporary_dir(dir);
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct checking checking = { .ordered = true };
		struct sorter *sorter = NULL;

		ASSERT_ST(ST_OK, sorter_make(dir_fd, &sorter));
		for (size_t n = 0; n < counts[i]; n++) {
			/* Two under each place, far apart in time. */
			uint64_t number = n % ((counts[i] + 1) / 2);
			uint64_t at =
				(2 + number % 9) << 60 | number * 0x10101010101ull % (1ull << 60);

			ASSERT_ST(ST_OK, sorter_add(sorter, at, span_of(record, sizeof(record))));
		}
		ASSERT_ST(ST_OK, sorter_each(sorter, check_order, &checking));
		assert_true(checking.ordered);
		assert_int_equal(checking.count, (counts[i] + 1) / 2);
		assert_int_equal(checking.bytes, counts[i] * sizeof(record));
		sorter_free(&sorter);
	}
	(void)world;
	(void)close(dir_fd);
	remove_dir(dir);
}

#define WITH_INDEX(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_INDEX(what_is_there_says_how_opening_ends),
		WITH_INDEX(what_is_aborted_leaves_nothing),
		WITH_INDEX(an_unpublished_index_goes_when_it_is_closed),
		WITH_INDEX(compacting_keeps_all_and_drops_the_old_directory),
		WITH_INDEX(files_have_the_modes_that_gateways_need),
		WITH_INDEX(age_is_counted_from_the_last_confirmation),
		WITH_INDEX(an_index_of_another_boot_is_checked_and_stale_until_confirmed),
		WITH_INDEX(a_lock_that_is_not_to_be_had_ends_in_another_directory),
		WITH_INDEX(a_writer_that_dies_of_it_again_and_again_gives_up),
		cmocka_unit_test(sorting_is_right_beyond_its_memory),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
