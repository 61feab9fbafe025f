/* Many threads, kills at any moment, and disks that fail: rules I1 to I5 of change.c. */
#include "fixture.h"

#include "records/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- threads ---- */

enum { THREADS = 4, CHANGES = 150 };

struct worker {
	struct fixture *f;
	unsigned number;
	int64_t revisions[CHANGES];
	unsigned aborted;
	enum status st;
};

static enum status one_change(struct worker *worker, unsigned i, struct head *head)
{
	struct fixture *f = worker->f;
	struct change *change = NULL;
	char app_key[32];
	uint8_t digest[DIGEST_SIZE] = { 7 };
	struct key_new key = { .account_slot = f->acme, .digest = digest, .label = SPAN_LIT("l") };
	struct actor actor = f->actor;
	uint32_t slot;
	enum status st = change_begin(f->records, &actor, NOW, &change);

	snprintf(app_key, sizeof(app_key), "key-%u-%u", worker->number, i);
	key.app_key = span_str(app_key);
	memcpy(digest + 1, &worker->number, sizeof(worker->number));
	memcpy(digest + 8, &i, sizeof(i));
	if (st == ST_OK)
		st = key_create(change, &key, &slot, NULL);
	/* Every fifth thinks better of it. */
	if (st == ST_OK && i % 5 == 4) {
		change_abort(&change);
		worker->aborted++;
		head->revision = 0;
		return ST_OK;
	}
	if (st == ST_OK)
		return change_commit(&change, head);
	change_abort(&change);
	return st;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct head head;

	for (unsigned i = 0; worker->st == ST_OK && i < CHANGES; i++) {
		worker->st = one_change(worker, i, &head);
		worker->revisions[i] = head.revision;
	}
	return NULL;
}

static void revisions_have_no_gap_with_many_threads(void **state)
{
	struct fixture *f = *state;
	struct worker workers[THREADS] = { 0 };
	pthread_t threads[THREADS];
	struct records_figures figures;
	uint8_t *seen;
	int64_t first, last, committed = 0;

	fixture_accounts(f);
	first = records_head(f->records).revision;
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .f = f, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	last = records_head(f->records).revision;
	seen = arena_alloc(f->arena, (size_t)(last - first) + 1);
	for (unsigned i = 0; i < THREADS; i++) {
		ASSERT_OK(workers[i].st);
		for (unsigned j = 0; j < CHANGES; j++) {
			if (workers[i].revisions[j] == 0)
				continue;
			assert_in_range(workers[i].revisions[j], first + 1, last);
			assert_int_equal(seen[workers[i].revisions[j] - first]++, 0);
			committed++;
		}
	}
	assert_int_equal(committed, last - first);
	assert_int_equal(committed, THREADS * CHANGES * 4 / 5);
	assert_chain(f);
	records_figures(f->records, &figures);
	/* They shared commits. */
	assert_true(figures.commits < figures.changes);
}

static void a_snapshot_does_not_move(void **state)
{
	struct fixture *f = *state;
	struct snapshot *snapshot = NULL;
	struct record_counts before, after;

	fixture_accounts(f);
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_counts(snapshot, &before));
	make_user(f, f->acme, "new@acme.example");
	ASSERT_OK(snapshot_counts(snapshot, &after));
	assert_int_equal(before.users, after.users);
	assert_int_equal(snapshot_head(snapshot).revision, records_head(f->records).revision - 1);
	snapshot_end(&snapshot);
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_counts(snapshot, &after));
	assert_int_equal(after.users, before.users + 1);
	snapshot_end(&snapshot);
}

static void snapshots_have_a_maximum(void **state)
{
	struct fixture *f = *state;
	struct snapshot *snapshots[RECORDS_READERS_MAX + 1] = { 0 };

	for (unsigned i = 0; i < RECORDS_READERS_MAX; i++)
		ASSERT_OK(snapshot_begin(f->records, &snapshots[i]));
	ASSERT_ST(ST_BUSY, snapshot_begin(f->records, &snapshots[RECORDS_READERS_MAX]));
	snapshot_end(&snapshots[0]);
	ASSERT_OK(snapshot_begin(f->records, &snapshots[0]));
	for (unsigned i = 0; i < RECORDS_READERS_MAX; i++)
		snapshot_end(&snapshots[i]);
}

/* ---- kills ---- */

/* Makes keys for ever; each number goes to out once it was acknowledged. */
static void child_works(struct fixture *f, int out, unsigned round)
{
	if (fixture_open(f, NULL) != ST_OK)
		_exit(3);
	for (unsigned i = 0;; i++) {
		struct worker worker = { .f = f, .number = 1000 + round };
		struct head head;
		uint32_t told[2] = { round, i };

		if (i % 5 == 4)
			continue;
		if (one_change(&worker, i, &head) != ST_OK)
			_exit(4);
		if (write(out, told, sizeof(told)) != sizeof(told))
			_exit(5);
	}
}

static void assert_key_is_there(struct fixture *f, uint32_t round, uint32_t number)
{
	struct snapshot *snapshot = NULL;
	struct record_key key;
	char app_key[32];

	snprintf(app_key, sizeof(app_key), "key-%u-%u", 1000 + round, number);
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_key_by_app_key(snapshot, span_str(app_key), f->arena, &key));
	assert_int_equal(key.live_count, 1);
	snapshot_end(&snapshot);
}

static unsigned kill_once(struct fixture *f, unsigned round)
{
	uint32_t told[2], last = 0;
	unsigned count = 0;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		child_works(f, ends[1], round);
	close(ends[1]);
	/* After a different number of acknowledgements, and a moment, each round. */
	for (unsigned i = 0; i < 2 + round % 7; i++)
		if (read(ends[0], told, sizeof(told)) == sizeof(told))
			last = told[1], count++;
	for (volatile unsigned spin = 0; spin < round * 40000; spin++)
		;
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(ends[0], told, sizeof(told)) == sizeof(told))
		last = told[1], count++;
	close(ends[0]);
	ASSERT_OK(fixture_open(f, NULL));
	assert_chain(f);
	for (uint32_t i = 0; count > 0 && i <= last; i++)
		if (i % 5 != 4)
			assert_key_is_there(f, round, i);
	records_close(&f->records);
	return count;
}

static void kills_lose_nothing_that_was_acknowledged(void **state)
{
	struct fixture *f = *state;
	unsigned acknowledged = 0;

	fixture_accounts(f);
	records_close(&f->records);
	for (unsigned round = 0; round < 25; round++)
		acknowledged += kill_once(f, round);
	assert_true(acknowledged >= 50);
}

/* ---- a disk that fails on demand ---- */

static struct {
	int countdown; /* calls until the one that fails; < 0: none */
	enum status st;
	bool at_commit_only;
} fault = { -1, ST_IO, false };

static struct db_driver faulty;

static bool is_due(bool commit)
{
	if (fault.countdown < 0 || (fault.at_commit_only && !commit))
		return false;
	return fault.countdown-- == 0;
}

static enum status faulty_open(
	const struct db_driver *driver, const char *location, enum db_mode mode, struct db **out_db)
{
	enum status st = db_sqlite.open(&faulty, location, mode, out_db);

	(void)driver;
	return st;
}

static enum status faulty_step(struct db_statement *statement, bool *out_row)
{
	return is_due(false) ? fault.st : db_sqlite.step(statement, out_row);
}

static enum status faulty_bind(
	struct db_statement *statement, unsigned number, const struct db_value *value)
{
	return is_due(false) ? fault.st : db_sqlite.bind(statement, number, value);
}

static enum status faulty_commit(struct db *db)
{
	return is_due(true) ? fault.st : db_sqlite.commit(db);
}

static int faulty_setup(void **state)
{
	struct fixture *f;

	fault.countdown = -1;
	faulty = db_sqlite;
	faulty.open = faulty_open;
	faulty.step = faulty_step;
	faulty.bind = faulty_bind;
	faulty.commit = faulty_commit;
	fixture_setup(state);
	f = *state;
	records_close(&f->records);
	f->driver = &faulty;
	ASSERT_OK(fixture_open(f, NULL));
	fixture_accounts(f);
	return 0;
}

/* A change with all kinds of statements; st: what became of it. */
static enum status long_change(struct fixture *f, unsigned number)
{
	struct change *change = NULL;
	struct profile_new profile = { .account_slot = f->acme };
	struct key_new key = { .account_slot = f->acme, .label = SPAN_LIT("l") };
	char name[24];
	uint32_t slot, key_slot;
	enum status st = change_begin(f->records, &f->actor, NOW, &change);

	snprintf(name, sizeof(name), "name-%u", number);
	profile.name = key.app_key = span_str(name);
	key.digest = digest_of(number);
	if (st == ST_OK)
		st = profile_create(change, &profile, &slot, NULL);
	if (st == ST_OK)
		st = key_create(change, &key, &key_slot, NULL);
	if (st == ST_OK)
		st = link_add(change, key_slot, slot, NULL);
	if (st == ST_OK)
		st = key_revoke(change, key_slot, REVOKE_OTHER, NULL);
	if (st != ST_OK) {
		change_abort(&change);
		return st;
	}
	return change_commit(&change, NULL);
}

static void a_failure_at_any_statement_leaves_nothing(void **state)
{
	static const enum status KINDS[] = { ST_IO, ST_NO_SPACE, ST_DAMAGED, ST_NO_MEMORY,
		ST_BUSY };
	struct fixture *f = *state;
	bool reached_end = false;

	for (int at = 0; !reached_end; at++) {
		struct head before = records_head(f->records), after;
		enum status wanted = KINDS[at % (int)ARRAY_LEN(KINDS)], st;

		fault.at_commit_only = false;
		fault.st = wanted;
		fault.countdown = at;
		st = long_change(f, (unsigned)at);
		reached_end = fault.countdown >= 0;
		fault.countdown = -1;
		after = records_head(f->records);
		if (reached_end) {
			ASSERT_OK(st);
			break;
		}
		if (st != wanted)
			fail_msg("at %d: %s instead of %s", at, status_name(st),
				status_name(wanted));
		assert_int_equal(before.revision, after.revision);
		/* And the next one goes through, under the same names. */
		if (at % 9 == 0)
			ASSERT_OK(long_change(f, (unsigned)at));
		assert_true(at < 1000);
	}
	assert_chain(f);
}

static void a_failed_commit_leaves_nothing(void **state)
{
	static const enum status KINDS[] = { ST_IO, ST_NO_SPACE };
	struct fixture *f = *state;
	struct records_figures figures;

	for (unsigned i = 0; i < ARRAY_LEN(KINDS); i++) {
		struct head before = records_head(f->records);

		fault.at_commit_only = true;
		fault.st = KINDS[i];
		fault.countdown = 0;
		ASSERT_ST(KINDS[i], long_change(f, i));
		assert_int_equal(records_head(f->records).revision, before.revision);
		ASSERT_OK(long_change(f, i));
	}
	records_figures(f->records, &figures);
	assert_int_equal(figures.failed_commits, 2);
	assert_true(figures.reopened >= 2);
	fixture_reopen(f);
	assert_chain(f);
}

/* Makes a profile, and ends its turn when somebody waits for the next. */
struct first {
	struct fixture *f;
	struct span name;
	_Atomic bool begun;
	enum status st;
	struct head head;
};

static bool somebody_waits(struct records *records)
{
	bool waits;

	pthread_mutex_lock(&records->lock);
	waits = records->ticket_next > records->ticket_served + 1;
	pthread_mutex_unlock(&records->lock);
	return waits;
}

static void *make_first(void *context)
{
	struct first *first = context;
	struct profile_new profile = { .account_slot = first->f->acme, .name = first->name };
	struct change *change = NULL;
	uint32_t slot;

	first->st = change_begin(first->f->records, &first->f->actor, NOW, &change);
	atomic_store(&first->begun, true);
	if (first->st == ST_OK)
		first->st = profile_create(change, &profile, &slot, NULL);
	while (!somebody_waits(first->f->records))
		sched_yield();
	if (first->st == ST_OK)
		first->st = change_commit(&change, &first->head);
	return NULL;
}

/* What a change without events saw of its group is not told before it is on disk. */
static void a_look_shares_the_outcome(void **state)
{
	struct fixture *f = *state;

	for (unsigned failing = 0; failing < 2; failing++) {
		struct first first = { .f = f,
			.name = failing == 0 ? SPAN_LIT("comes") : SPAN_LIT("fails") };
		struct change *change = NULL;
		struct head head;
		pthread_t thread;

		fault.at_commit_only = true;
		fault.st = ST_IO;
		assert_int_equal(pthread_create(&thread, NULL, make_first, &first), 0);
		while (!atomic_load(&first.begun))
			sched_yield();
		ASSERT_OK(change_begin(f->records, &f->actor, NOW, &change));
		fault.countdown = failing == 0 ? -1 : 0;
		ASSERT_ST(failing == 0 ? ST_OK : ST_IO, change_commit(&change, &head));
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_null(change);
		ASSERT_ST(failing == 0 ? ST_OK : ST_IO, first.st);
		if (failing == 0)
			assert_int_equal(head.revision, first.head.revision);
	}
	assert_chain(f);
}

/* The operating system's own refusal: no file may grow beyond what it has. */
static void a_full_disk_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	pid_t child;
	int status;

	fixture_accounts(f);
	records_close(&f->records);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit = { 300 * 1024, 300 * 1024 };
		enum status st = ST_OK;
		int64_t committed;

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || fixture_open(f, NULL) != ST_OK)
			_exit(2);
		for (unsigned i = 0; st == ST_OK && i < 10000; i++) {
			committed = records_head(f->records).revision;
			st = long_change(f, i);
		}
		if (st != ST_IO && st != ST_NO_SPACE)
			_exit(3);
		_exit(records_head(f->records).revision == committed ? 0 : 4);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
	ASSERT_OK(fixture_open(f, NULL));
	assert_chain(f);
	ASSERT_OK(long_change(f, 20000));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
#define WITH_FAULTS(test) cmocka_unit_test_setup_teardown(test, faulty_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(revisions_have_no_gap_with_many_threads),
		WITH(a_snapshot_does_not_move),
		WITH(snapshots_have_a_maximum),
		WITH(kills_lose_nothing_that_was_acknowledged),
		WITH_FAULTS(a_failure_at_any_statement_leaves_nothing),
		WITH_FAULTS(a_failed_commit_leaves_nothing),
		WITH_FAULTS(a_look_shares_the_outcome),
		WITH(a_full_disk_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
