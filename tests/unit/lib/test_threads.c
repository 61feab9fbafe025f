/*
 * Threads of one process decide, each with a handle, while the index changes
 * under them and is replaced. In a build with -Db_sanitize=thread this is where
 * races of the library show.
 */
#include "testing.h"

#include "installation.h"

#include "base/clock.h"
#include "index/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4u
#define COMMITS 150u /* LLAVERO_TEST_COMMITS: others */
#define CHANGES 20u
#define REPLACE_EVERY 50u

static struct installation made;
static _Atomic bool stop;
static _Atomic unsigned running; /* threads that have seen an "allowed" */

struct work {
	pthread_t thread;
	uint64_t allowed, refused, revision;
	const char *wrong;
};

static void *decide_on(void *arg)
{
	struct llv_setup setup = installation_setup(&made);
	struct work *work = arg;
	struct llv *llv = NULL;

	while (work->wrong == NULL &&
		(!atomic_load(&stop) || work->allowed == 0 || work->refused == 0)) {
		struct llv_decision decision = { .size = sizeof(decision) };
		uint64_t count = work->allowed + work->refused;
		struct question question;

		/* Opened and closed now and then, beside the others. */
		if (count % 4096 == 0)
			llv_close(&llv);
		if (llv == NULL && llv_open(&setup, &llv) != LLV_OK)
			work->wrong = "does not open";
		question_make((unsigned)count % INSTALLATION_KEYS, 0,
			(unsigned)count % WORLD_ROUTES, &question);
		if (llv_decide(llv, &question.request, &decision)) {
			if (work->allowed++ == 0)
				atomic_fetch_add(&running, 1);
		} else {
			work->refused++;
		}
		if (decision.http_status == 503)
			work->wrong = decision.cause;
		/* A revision is never followed by an older one. */
		if (decision.revision < work->revision)
			work->wrong = "went back";
		work->revision = decision.revision;
		if (count % 512 == 511 && llv_tend(llv) != LLV_OK)
			work->wrong = "cannot be tended";
	}
	llv_close(&llv);
	return NULL;
}

/* Begins with the first byte that comes in. */
static int write_on(int orders)
{
	struct index_writer *writer = NULL;
	struct index_writer_stats stats;
	const char *wanted = getenv("LLAVERO_TEST_COMMITS");
	unsigned long commits = wanted == NULL ? COMMITS : strtoul(wanted, NULL, 10);
	char byte;

	if (read(orders, &byte, 1) != 1)
		return 3;
	if (index_writer_open(made.index_dir, &writer) != ST_OK)
		return 1;
	for (unsigned long i = 0; i < commits; i++) {
		world_change(&made.world, writer, CHANGES);
		index_writer_confirm(writer, clock_boot_us());
		if (index_writer_tend(writer, &stats) != ST_OK ||
			(i % REPLACE_EVERY == 10 && index_writer_compact(&writer) != ST_OK))
			return 2;
	}
	index_writer_close(&writer);
	return 0;
}

static void threads_decide_while_the_index_changes(void **state)
{
	struct work works[THREADS] = { 0 };
	int64_t deadline_us = clock_boot_us() + 60 * US_PER_S;
	int orders[2], status = 0;
	pid_t writer;

	installation_make(&made);
	assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		_exit(write_on(orders[0]));
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&works[i].thread, NULL, decide_on, &works[i]), 0);
	while (atomic_load(&running) < THREADS && clock_boot_us() < deadline_us)
		(void)usleep(500);
	assert_int_equal(write(orders[1], "w", 1), 1);
	while (waitpid(writer, &status, 0) < 0 && errno == EINTR)
		;
	atomic_store(&stop, true);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(works[i].thread, NULL), 0);
		if (works[i].wrong != NULL)
			fail_msg("%s", works[i].wrong);
		assert_true(works[i].allowed > 0 && works[i].refused > 0);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	(void)close(orders[0]);
	(void)close(orders[1]);
	installation_remove(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_decide_while_the_index_changes),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
