/*
 * Several processes read while one writes, compacts, and is killed. Every view
 * must be one whole revision: each commit writes the same number into all
 * places, so that a mixture of two shows.
 */
#include "testing.h"

#include "base/clock.h"
#include "base/encode.h"
#include "index/reader.h"
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READERS 3u
#define PROFILES 40u
#define KEYS 200u
#define KILLS 60u
#define EXIT_MIXED 42
#define EXIT_WENT_BACK 43
#define EXIT_FAULT 44
#define EXIT_SAW_LITTLE 45

/* What the processes tell each other. */
struct shared {
	_Atomic uint64_t acknowledged; /* a commit with this number has returned */
	_Atomic uint32_t stop;
	_Atomic uint64_t views;
};

static struct shared *shared;
static char dir[64];

static enum status put_profiles(struct index_writer *writer, uint64_t number)
{
	char memory[32];
	struct buf name = BUF_ARRAY(memory);
	enum status st = ST_OK;

	buf_append_u64(&name, number);
	for (uint32_t i = 1; i <= PROFILES && st == ST_OK; i++)
		st = index_put_profile(writer,
			&(struct view_profile){ .slot = i, .account = 1, .name = buf_span(&name) });
	return st;
}

static enum status put_keys(struct index_writer *writer, uint64_t number)
{
	enum status st = ST_OK;

	for (uint32_t i = 0; i < KEYS && st == ST_OK; i++) {
		char memory[2][64];
		struct buf app_key = BUF_ARRAY(memory[0]), external = BUF_ARRAY(memory[1]);
		struct view_key key = { .slot = i + 1,
			.account = 1,
			.state = KEY_ACTIVE,
			.expires_at_us = (int64_t)number };

		buf_append_u64(&external, number);
		key.app_key = world_app_key(i, &app_key);
		key.external_id = buf_span(&external);
		st = index_put_key(writer, &key);
	}
	return st;
}

static enum status commit_number(struct index_writer *writer, uint64_t number)
{
	struct index_mark mark = { .epoch = 1, .revision = number };
	enum status st = index_writer_begin(writer);

	if (st == ST_OK)
		st = put_profiles(writer, number);
	if (st == ST_OK)
		st = put_keys(writer, number);
	if (st == ST_OK)
		st = index_writer_commit(writer, &mark);
	if (st == ST_OK && number > atomic_load(&shared->acknowledged))
		atomic_store(&shared->acknowledged, number);
	return st;
}

/* All places of a view say its revision. */
static int check_view(const struct view *view)
{
	for (uint32_t slot = 1; slot <= PROFILES; slot++) {
		struct view_profile profile;
		uint64_t number;

		if (view->profile_by_slot(view->context, slot, &profile) != ST_OK)
			return EXIT_FAULT;
		if (!span_to_u64(profile.name, &number) || number != view->revision)
			return EXIT_MIXED;
	}
	for (unsigned i = 0; i < KEYS; i += 7) {
		char memory[64];
		struct buf app_key = BUF_ARRAY(memory);
		struct view_key key;
		uint64_t number;

		if (view->key_by_app_key(view->context, world_app_key(i, &app_key), &key) !=
				ST_OK ||
			!key.has_extra || view->key_extra(view->context, &key) != ST_OK)
			return EXIT_FAULT;
		if ((uint64_t)key.expires_at_us != view->revision ||
			!span_to_u64(key.external_id, &number) || number != view->revision)
			return EXIT_MIXED;
	}
	return 0;
}

static int read_on(void)
{
	struct index_reader *reader = NULL;
	uint64_t views = 0;

	if (index_reader_open(dir, NULL, &reader) != ST_OK)
		return EXIT_FAULT;
	while (atomic_load(&shared->stop) == 0) {
		uint64_t least = atomic_load(&shared->acknowledged);
		const struct view *view;
		int code;

		if (index_reader_view_begin(reader, 1, &view) != ST_OK)
			return EXIT_FAULT;
		/* What was acknowledged before is seen. */
		if (view->revision < least)
			return EXIT_WENT_BACK;
		code = check_view(view);
		if (code != 0)
			return code;
		index_reader_view_end(reader);
		if (++views % 64 == 0 && index_reader_tend(reader) != ST_OK)
			return EXIT_FAULT;
	}
	atomic_fetch_add(&shared->views, views);
	index_reader_close(&reader);
	return views > 10 ? 0 : EXIT_SAW_LITTLE;
}

static void start_readers(pid_t readers[READERS])
{
	for (unsigned i = 0; i < READERS; i++) {
		readers[i] = fork();
		assert_true(readers[i] >= 0);
		if (readers[i] == 0) {
			/* They go with a test that fails, instead of reading for ever. */
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			_exit(read_on());
		}
	}
}

static void end_readers(const pid_t readers[READERS])
{
	atomic_store(&shared->stop, 1);
	for (unsigned i = 0; i < READERS; i++) {
		int status = 0;

		while (waitpid(readers[i], &status, 0) < 0 && errno == EINTR)
			;
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_true(atomic_load(&shared->views) > 100);
}

static int set_up(void **state)
{
	struct index_writer *writer = NULL;

	temporary_dir(dir);
	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	assert_int_equal(index_writer_create(dir, &writer), ST_OK);
	assert_int_equal(commit_number(writer, 1), ST_OK);
	assert_int_equal(index_writer_publish(writer), ST_OK);
	index_writer_close(&writer);
	return 0;
}

static int tear_down(void **state)
{
	(void)munmap(shared, sizeof(*shared));
	remove_dir(dir);
	return 0;
}

static void readers_see_whole_revisions_beside_a_writer(void **state)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;
	struct index_writer_stats stats;
	pid_t readers[READERS];

	start_readers(readers);
	assert_int_equal(index_writer_open(dir, &writer), ST_OK);
	for (uint64_t number = 2; number < 300; number++) {
		assert_int_equal(commit_number(writer, number), ST_OK);
		if (number % 60 == 0)
			assert_int_equal(index_writer_compact(&writer), ST_OK);
		if (number % 30 == 0)
			assert_int_equal(index_writer_tend(writer, &stats), ST_OK);
	}
	end_readers(readers);
}

static int write_on(void)
{
	struct index_writer *writer = NULL;
	struct index_mark mark;

	if (index_writer_open(dir, &writer) != ST_OK || index_writer_mark(writer, &mark) != ST_OK)
		return EXIT_FAULT;
	for (uint64_t number = mark.revision + 1;; number++)
		if (commit_number(writer, number) != ST_OK)
			return EXIT_FAULT;
}

static void a_killed_writer_leaves_a_whole_index(void **state)
{
	struct world dice = { .random = 99 };
	pid_t readers[READERS];
	uint64_t first = atomic_load(&shared->acknowledged);

	start_readers(readers);
	for (unsigned i = 0; i < KILLS; i++) {
		uint64_t before = atomic_load(&shared->acknowledged);
		int64_t deadline_us = clock_boot_us() + 20 * US_PER_S;
		uint32_t wait_us = world_random(&dice, 20000);
		int status = 0;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			_exit(write_on());
		}
		/* One commit at least, then at any instant of the next ones. */
		while (atomic_load(&shared->acknowledged) == before &&
			clock_boot_us() < deadline_us)
			(void)usleep(500);
		assert_true(atomic_load(&shared->acknowledged) > before);
		(void)usleep(wait_us);
		(void)kill(child, SIGKILL);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	assert_true(atomic_load(&shared->acknowledged) >= first + KILLS);
	end_readers(readers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			readers_see_whole_revisions_beside_a_writer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_killed_writer_leaves_a_whole_index, set_up, tear_down),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
