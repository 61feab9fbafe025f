/*
 * Several processes use one key at once, and some are killed in the middle: all
 * together are never allowed more than the limit, and exactly it when none dies.
 */
#include "folder.h"

#include "base/crypto.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PROCESSES 4u
#define KEY 3u
#define KILLS 25u
#define QUOTA 400000u

/* What the processes tell each other. */
struct shared {
	_Atomic uint32_t go, ready;
	_Atomic uint64_t allowed, tries;
};

static struct shared *shared;

struct work {
	struct allowance limits;
	struct ledger_now now; /* boot_us 0: the real clocks */
	uint64_t tries;        /* of one process; 0: until killed */
};

static struct ledger_now moment(const struct work *work)
{
	if (work->now.boot_us != 0)
		return work->now;
	return (struct ledger_now){ clock_boot_us(), clock_wall_us() };
}

static _Noreturn void child(const struct work *work)
{
	struct ledger *ledger = NULL;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ledger_open(folder_dir, &ledger) != ST_OK)
		_exit(1);
	atomic_fetch_add(&shared->ready, 1);
	while (atomic_load(&shared->go) == 0)
		;
	for (uint64_t i = 0; work->tries == 0 || i < work->tries; i++) {
		struct allowance_state said = ledger_take(ledger, KEY, &work->limits, moment(work));

		atomic_fetch_add(&shared->allowed, said.outcome == ALLOWANCE_LEFT);
		atomic_fetch_add(&shared->tries, 1);
	}
	_exit(0);
}

static void start(const struct work *work, pid_t pids[PROCESSES])
{
	atomic_store(&shared->go, 0);
	atomic_store(&shared->ready, 0);
	for (unsigned i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			child(work);
	}
	while (atomic_load(&shared->ready) < PROCESSES)
		;
	atomic_store(&shared->go, 1);
}

static void join(const pid_t pids[PROCESSES], bool expect_well)
{
	for (unsigned i = 0; i < PROCESSES; i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		if (expect_well)
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

static uint64_t allowed_by_all(const struct work *work)
{
	pid_t pids[PROCESSES];

	atomic_store(&shared->allowed, 0);
	start(work, pids);
	join(pids, true);
	return atomic_load(&shared->allowed);
}

static void together_exactly_the_limit(void **state)
{
	static const struct {
		const char *label;
		struct allowance limits;
		uint64_t expected;
	} rows[] = {
		{ "a rate", { .counts = { [RATE_SECOND] = 20000 } }, 20000 },
		{ "a quota", { .counts = { [QUOTA_DAY] = 20000 } }, 20000 },
		{ "the shorter window binds",
			{ .counts = { [RATE_SECOND] = 15000, [RATE_DAY] = 20000 } }, 15000 },
		{ "the longer window binds",
			{ .counts = { [RATE_SECOND] = 20000, [RATE_DAY] = 15000 } }, 15000 },
		{ "the quota binds",
			{ .counts = { [RATE_SECOND] = 20000,
				  [RATE_MINUTE] = 19000,
				  [RATE_HOUR] = 18000,
				  [RATE_DAY] = 17000,
				  [QUOTA_MONTH] = 16000 } },
			16000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ledger *ledger = folder_ledger(LEDGER_MADE);
		/* At one moment nothing refills, so the number is exact. */
		struct work work = { .limits = rows[i].limits,
			.now = { clock_boot_us(), clock_wall_us() },
			.tries = 10000 };
		uint64_t allowed;

		ledger_close(&ledger);
		allowed = allowed_by_all(&work);
		CHECK_ROW(rows[i].label, allowed == rows[i].expected);
		(void)unlink(folder_file(LEDGER_FILE));
	}
}

static void over_time_never_more_than_refilled(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct work work = { .limits = { .counts = { [RATE_SECOND] = 1000 } }, .tries = 30000 };
	int64_t began_us = clock_boot_us(), took_us;
	uint64_t allowed;

	(void)state;
	ledger_close(&ledger);
	allowed = allowed_by_all(&work);
	took_us = clock_boot_us() - began_us;
	assert_true(allowed >= 1000);
	assert_true(allowed <= 1000 + (uint64_t)took_us * 1000 / (uint64_t)US_PER_S + 1);
}

static void killed_in_the_middle_never_more(void **state)
{
	struct ledger *ledger = folder_ledger(LEDGER_MADE);
	struct work work = {
		.limits = { .counts = { [RATE_SECOND] = 2 * QUOTA, [QUOTA_DAY] = QUOTA } },
		.now = { clock_boot_us(), clock_wall_us() }
	};
	uint64_t before, rest;

	(void)state;
	ledger_close(&ledger);
	atomic_store(&shared->allowed, 0);
	for (unsigned i = 0; i < KILLS; i++) {
		uint64_t until = atomic_load(&shared->tries) + 10000 + i * 137;
		pid_t pids[PROCESSES];

		start(&work, pids);
		while (atomic_load(&shared->tries) < until)
			;
		for (unsigned k = 0; k < PROCESSES; k++)
			assert_int_equal(kill(pids[k], SIGKILL), 0);
		join(pids, false);
	}
	/* Those who live get the rest: neither blocked by the dead nor given more. */
	before = atomic_load(&shared->allowed);
	work.tries = QUOTA;
	rest = allowed_by_all(&work);
	assert_true(before + rest <= QUOTA);
	/* A dying process had at most one use under way. */
	assert_true(before + rest >= QUOTA - KILLS * PROCESSES);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(together_exactly_the_limit),
		IN_A_FOLDER(over_time_never_more_than_refilled),
		IN_A_FOLDER(killed_in_the_middle_never_more),
	};

	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("ledger processes", tests, NULL, NULL);
}
