/*
 * A reader may be held up anywhere while it begins a view, for as long as several
 * commits take. Here it is stopped after one machine instruction after the other of
 * index_reader_view_begin(), two commits pass, and it goes on: what it has then must
 * be one whole revision all the same.
 *
 * The reader is a child that is traced; the parent steps it and writes.
 */
#include "testing.h"

#include "index/reader.h"
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROFILES 4u
#define KEYS 24u
#define COMMITS 2u
#define EXIT_BEGIN 41
#define EXIT_MIXED 42
#define EXIT_FAULT 43
/* More instructions than any beginning has, so that a fault in the test ends. */
#define STEPS_MAX 200000u
#define DENSE 300u
#define STRIDE 17u

struct shared {
	_Atomic bool beginning; /* the reader is inside index_reader_view_begin() */
	_Atomic bool stop;
};

static struct shared *shared;
static char dir[64];

/* A commit writes its number into every place. */
static void commit_number(struct index_writer *writer, uint64_t number)
{
	struct index_mark mark = { .epoch = 1, .revision = number };
	char memory[2][64];
	struct buf name = BUF_ARRAY(memory[0]), app_key = BUF_ARRAY(memory[1]);

	buf_append_u64(&name, number);
	assert_int_equal(index_writer_begin(writer), ST_OK);
	for (uint32_t slot = 1; slot <= PROFILES; slot++) {
		struct view_profile profile = {
			.slot = slot, .account = 1, .name = buf_span(&name)
		};

		assert_int_equal(index_put_profile(writer, &profile), ST_OK);
	}
	for (uint32_t i = 0; i < KEYS; i++) {
		struct view_key key = { .slot = i + 1,
			.account = 1,
			.state = KEY_ACTIVE,
			.expires_at_us = (int64_t)number };

		key.app_key = world_app_key(i, &app_key);
		assert_int_equal(index_put_key(writer, &key), ST_OK);
	}
	assert_int_equal(index_writer_commit(writer, &mark), ST_OK);
}

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
	for (unsigned i = 0; i < KEYS; i++) {
		char memory[64];
		struct buf app_key = BUF_ARRAY(memory);
		struct view_key key;

		if (view->key_by_app_key(view->context, world_app_key(i, &app_key), &key) != ST_OK)
			return EXIT_FAULT;
		if ((uint64_t)key.expires_at_us != view->revision)
			return EXIT_MIXED;
	}
	return 0;
}

/* The child: stops before each beginning, so that the parent takes over there. */
static int read_on(void)
{
	struct index_reader *reader = NULL;
	const struct view *view;
	int code = 0;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ||
		index_reader_open(dir, NULL, &reader) != ST_OK)
		return EXIT_BEGIN;
	while (code == 0) {
		/* Up to date, with all of it in the caches. */
		if (index_reader_view_begin(reader, 1, &view) != ST_OK)
			code = EXIT_BEGIN;
		else
			code = check_view(view);
		index_reader_view_end(reader);
		(void)raise(SIGSTOP);
		if (code != 0 || atomic_load(&shared->stop))
			break;
		atomic_store(&shared->beginning, true);
		if (index_reader_view_begin(reader, 1, &view) != ST_OK)
			code = EXIT_BEGIN;
		atomic_store(&shared->beginning, false);
		if (code == 0)
			code = check_view(view);
	}
	index_reader_close(&reader);
	return code;
}

static void wait_stopped(pid_t child, int signal)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	if (WIFEXITED(status))
		fail_msg("the reader ended with %d", WEXITSTATUS(status));
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), signal);
}

static void step(pid_t child)
{
	assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
	wait_stopped(child, SIGTRAP);
}

/* Step into the beginning and steps instructions further. False: it is over by then. */
static bool step_into(pid_t child, unsigned steps)
{
	for (unsigned i = 0; !atomic_load(&shared->beginning); i++) {
		assert_true(i < STEPS_MAX);
		step(child);
	}
	while (steps-- > 0 && atomic_load(&shared->beginning))
		step(child);
	return atomic_load(&shared->beginning);
}

static pid_t start_reader(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		_exit(read_on());
	}
	return child;
}

static void end_reader(pid_t child)
{
	int status = 0;

	atomic_store(&shared->stop, true);
	assert_int_equal(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/*
 * before: commits that the reader has not seen when it begins. After the first DENSE
 * instructions, in which LMDB's snapshot is taken, not each one is tried: the price
 * grows with their square.
 */
static void overtake_everywhere(unsigned before)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;
	uint64_t number = 1;
	unsigned steps = 0;
	pid_t child = start_reader();
	bool inside = true;

	wait_stopped(child, SIGSTOP);
	assert_int_equal(index_writer_open(dir, &writer), ST_OK);
	for (; inside; steps += steps < DENSE ? 1 : STRIDE) {
		assert_true(steps < STEPS_MAX);
		for (unsigned i = 0; i < before; i++)
			commit_number(writer, ++number);
		inside = step_into(child, steps);
		for (unsigned i = 0; i < COMMITS; i++)
			commit_number(writer, ++number);
		assert_int_equal(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
		wait_stopped(child, SIGSTOP);
	}
	end_reader(child);
}

static int set_up(void **state)
{
	struct index_writer *writer = NULL;

	temporary_dir(dir);
	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	assert_int_equal(index_writer_create(dir, &writer), ST_OK);
	commit_number(writer, 1);
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

static void a_view_that_is_begun_again_may_be_overtaken(void **state)
{
	overtake_everywhere(0);
}

static void a_view_of_a_new_revision_may_be_overtaken(void **state)
{
	overtake_everywhere(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_view_that_is_begun_again_may_be_overtaken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_view_of_a_new_revision_may_be_overtaken, set_up, tear_down),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
