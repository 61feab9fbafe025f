/*
 * Several processes count while another drains, and each of them is killed in the
 * middle again and again: every use is in the records once.
 */
#include "drained.h"

#include "base/crypto.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define WRITERS 3u
#define KEYS 400u
#define MINUTES 5u
#define KILLS 40u

/* What a database is: a transaction takes effect by one write, or not at all. */
struct copy {
	uint64_t batch, sum;
};

struct shared {
	_Atomic uint32_t stop;
	/* Before and after each call. Of one that was killed, one at most is in between. */
	_Atomic uint64_t begun, counted;
	_Atomic uint32_t valid; /* the copy that holds */
	struct copy copies[2];
	_Atomic uint64_t drains;
};

static struct shared *shared;

static _Noreturn void count_until_stopped(uint64_t seed)
{
	struct ledger *ledger = NULL;
	struct use use = ALLOWED;

	if (ledger_open(folder_dir, &ledger) != ST_OK)
		_exit(1);
	while (atomic_load(&shared->stop) == 0) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		use.key = (uint32_t)(seed >> 33) % KEYS + 1;
		use.route = (seed >> 20) % 3 + 1;
		use.client.bytes[15] = (uint8_t)(seed >> 50);
		use.at_us = NOON + (int64_t)(seed >> 40) % MINUTES * MINUTE_US;
		atomic_fetch_add(&shared->begun, 1);
		use_count(ledger, &unkept, &use);
		atomic_fetch_add(&shared->counted, 1);
	}
	_exit(0);
}

static enum status sum_up(void *context, const struct use_item *item)
{
	uint64_t *sum = context;

	*sum += item->count;
	return ST_OK;
}

static void drain_once(struct use_drain *drain, uint32_t *items_left)
{
	uint32_t valid = atomic_load(&shared->valid);
	struct copy next = shared->copies[valid];
	struct use_batch batch = { 0 };

	drain->last_batch = next.batch;
	drain->context = &next.sum;
	if (use_drain(drain, &batch) != ST_OK)
		_exit(2);
	*items_left = batch.count;
	if (batch.count == 0)
		return;
	next.batch = batch.id;
	shared->copies[valid ^ 1] = next;
	atomic_store(&shared->valid, valid ^ 1);
	/* Told each second time only: both ways must do. */
	if (atomic_fetch_add(&shared->drains, 1) % 2 == 0 && use_drained(drain, batch.id) != ST_OK)
		_exit(3);
}

static _Noreturn void drain_until_stopped(void)
{
	struct use_drain drain = { .dir = folder_dir, .items_max = 900, .take = sum_up };
	uint32_t items = 0;

	while (atomic_load(&shared->stop) == 0)
		drain_once(&drain, &items);
	_exit(0);
}

static pid_t start(unsigned which, uint64_t seed)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (which < WRITERS)
		count_until_stopped(seed);
	drain_until_stopped();
}

static void end(pid_t pid, bool expect_well)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (expect_well)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void run(unsigned kills)
{
	pid_t pids[WRITERS + 1];

	memset(shared, 0, sizeof(*shared));
	for (unsigned i = 0; i <= WRITERS; i++)
		pids[i] = start(i, i);
	for (unsigned i = 0; i < kills; i++) {
		unsigned which = i % (WRITERS + 1);
		uint64_t until = atomic_load(&shared->begun) + 5000 + i * 137;

		while (atomic_load(&shared->begun) < until)
			;
		assert_int_equal(kill(pids[which], SIGKILL), 0);
		end(pids[which], false);
		pids[which] = start(which, 1000 + i);
	}
	while (atomic_load(&shared->counted) < 200000 || atomic_load(&shared->drains) < 5)
		;
	atomic_store(&shared->stop, 1);
	for (unsigned i = 0; i <= WRITERS; i++)
		end(pids[i], true);
}

/* All that is left, and then nothing. */
static uint64_t sum_of_all(void)
{
	struct use_drain drain = { .dir = folder_dir, .items_max = UINT32_MAX, .take = sum_up };
	uint32_t items = 1;

	while (items > 0)
		drain_once(&drain, &items);
	return shared->copies[atomic_load(&shared->valid)].sum;
}

static void together_exactly_what_was_counted(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);

	(void)state;
	run(0);
	assert_int_equal(sum_of_all(), atomic_load(&shared->counted));
	assert_int_equal(totals_of(ledger).decided[0], atomic_load(&shared->counted));
	ledger_close(&ledger);
}

static void killed_in_the_middle_no_more_than_one_each(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	uint64_t sum;

	(void)state;
	run(KILLS);
	sum = sum_of_all();
	assert_true(sum >= atomic_load(&shared->counted));
	assert_true(sum <= atomic_load(&shared->begun));
	assert_true(atomic_load(&shared->begun) - atomic_load(&shared->counted) <= KILLS);
	ledger_close(&ledger);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(together_exactly_what_was_counted),
		IN_A_FOLDER(killed_in_the_middle_no_more_than_one_each),
	};

	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("ledger use processes", tests, NULL, NULL);
}
