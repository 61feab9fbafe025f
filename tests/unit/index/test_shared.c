/*
 * Several readers in one process, and readers that came through a fork. A writer
 * in a process of its own changes everything and frees the places of readers that
 * it takes for dead; a view that is open must stay what it was.
 */
#include "testing.h"

#include "index/reader.h"
#include "index/shared.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASSERT_ST(expected, st) assert_string_equal(status_name(st), status_name(expected))
#define ROUNDS 40u
#define CHANGES 120u
#define THREADS 6u
#define OPENINGS 25u

static struct {
	char dir[64];
	struct world world; /* as it was before the writer's first change */
	pid_t writer;
	int to_writer, from_writer;
} s;

static int code_of(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* For each byte that comes in: rewrite much of the index, and say so. */
static int write_on(int orders, int answers)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;
	struct index_writer_stats stats;
	char byte;

	while (read(orders, &byte, 1) == 1) {
		if (writer == NULL && index_writer_open(s.dir, &writer) != ST_OK)
			return 1;
		for (unsigned i = 0; i < ROUNDS; i++) {
			world_change(&s.world, writer, CHANGES);
			if (index_writer_tend(writer, &stats) != ST_OK)
				return 1;
		}
		if (write(answers, &byte, 1) != 1)
			return 1;
	}
	return 0;
}

static void let_write(void)
{
	char byte = 'w';

	assert_int_equal(write(s.to_writer, &byte, 1), 1);
	assert_int_equal(read(s.from_writer, &byte, 1), 1);
}

static int set_up(void **state)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;
	int orders[2], answers[2];

	temporary_dir(s.dir);
	world_make(&s.world, 11, 300);
	assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
	assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
	ASSERT_ST(ST_OK, index_writer_create(s.dir, &writer));
	world_build(&s.world, writer);
	ASSERT_ST(ST_OK, index_writer_publish(writer));
	index_writer_confirm(writer, 1);
	index_writer_close(&writer);
	s.writer = fork();
	assert_true(s.writer >= 0);
	if (s.writer == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)close(orders[1]);
		_exit(write_on(orders[0], answers[1]));
	}
	(void)close(orders[0]);
	(void)close(answers[1]);
	s.to_writer = orders[1];
	s.from_writer = answers[0];
	return 0;
}

static int tear_down(void **state)
{
	(void)close(s.to_writer);
	(void)close(s.from_writer);
	assert_int_equal(code_of(s.writer), 0);
	world_free(&s.world);
	remove_dir(s.dir);
	return 0;
}

static void compare(const struct view *view)
{
	const char *wrong = world_compare(&s.world, view);

	if (wrong != NULL)
		fail_msg("%s", wrong);
}

static void closing_one_reader_leaves_another_its_view(void **state)
{
	struct index_reader *one = NULL, *other = NULL;
	const struct view *view;

	ASSERT_ST(ST_OK, index_reader_open(s.dir, NULL, &one));
	ASSERT_ST(ST_OK, index_reader_open(s.dir, NULL, &other));
	ASSERT_ST(ST_OK, index_reader_view_begin(one, 1, &view));
	index_reader_close(&other);
	let_write();
	compare(view);
	index_reader_close(&one);
}

/* What a child may do with a reader of its parent: be refused. */
static int abuse(struct index_reader *reader)
{
	struct index_info info;
	const struct view *view;
	struct index_reader *own = NULL;

	if (index_reader_view_begin(reader, 1, &view) != ST_CONFLICT || view != NULL)
		return 1;
	if (index_reader_tend(reader) != ST_CONFLICT ||
		index_reader_info(reader, 1, &info) != ST_CONFLICT)
		return 2;
	index_reader_view_end(reader);
	if (index_reader_open(s.dir, NULL, &own) != ST_OK ||
		index_reader_view_begin(own, 1, &view) != ST_OK ||
		world_compare(&s.world, view) != NULL)
		return 3;
	/* It is the child's own that works now, the other one still does not. */
	if (index_reader_tend(reader) != ST_CONFLICT)
		return 4;
	index_reader_close(&reader);
	index_reader_close(&own);
	return reader == NULL ? 0 : 5;
}

static void a_child_cannot_use_nor_disturb_its_parents_reader(void **state)
{
	struct index_reader *reader = NULL;
	const struct view *view;
	pid_t child;

	ASSERT_ST(ST_OK, index_reader_open(s.dir, NULL, &reader));
	ASSERT_ST(ST_OK, index_reader_view_begin(reader, 1, &view));
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(abuse(reader));
	assert_int_equal(code_of(child), 0);
	let_write();
	compare(view);
	index_reader_close(&reader);
}

static void *open_and_close(void *arg)
{
	const char **out_wrong = arg;

	for (unsigned i = 0; i < OPENINGS && *out_wrong == NULL; i++) {
		struct index_reader *reader = NULL;
		const struct view *view;
		struct view_key key;
		char memory[64];
		struct buf app_key = BUF_ARRAY(memory);

		if (index_reader_open(s.dir, NULL, &reader) != ST_OK ||
			index_reader_view_begin(reader, 1, &view) != ST_OK)
			*out_wrong = "does not open";
		else if (view->key_by_app_key(view->context, world_app_key(i, &app_key), &key) !=
			 (s.world.keys[i].there ? ST_OK : ST_NOT_FOUND))
			*out_wrong = "says otherwise";
		index_reader_close(&reader);
	}
	return NULL;
}

static void threads_open_and_close_at_once(void **state)
{
	pthread_t threads[THREADS];
	const char *wrong[THREADS] = { NULL };

	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, &wrong[i]), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		if (wrong[i] != NULL)
			fail_msg("%s", wrong[i]);
	}
}

static void a_directory_is_open_once_however_often_it_is_opened(void **state)
{
	struct index_env first, again;
	uint64_t process, generation = 0;

	ASSERT_ST(ST_OK, shared_process(&process));
	assert_true(shared_is_process(process));
	assert_false(shared_is_process(process + 1));
	ASSERT_ST(ST_OK, env_current(s.dir, &generation));
	ASSERT_ST(ST_OK, shared_open(s.dir, generation, &first));
	/* The same one takes no further room. */
	for (unsigned i = 0; i < 2 * SHARED_MAX; i++) {
		ASSERT_ST(ST_OK, shared_open(s.dir, generation, &again));
		assert_ptr_equal(again.lmdb, first.lmdb);
	}
	for (unsigned i = 0; i < 2 * SHARED_MAX; i++) {
		struct index_env copy = first;

		shared_close(&copy);
		assert_null(copy.lmdb);
	}
	shared_close(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			closing_one_reader_leaves_another_its_view, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_child_cannot_use_nor_disturb_its_parents_reader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(threads_open_and_close_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_directory_is_open_once_however_often_it_is_opened, set_up, tear_down),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
