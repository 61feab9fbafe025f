#include "../records/fixture.h"

#include "compare.h"
#include "follow/follow.h"
#include "index/reader.h"
#include "shell.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef HISTORIES
#define HISTORIES 100u
#endif
#define STEPS 40u

struct run {
	struct fixture *f;
	struct follower *follower;
	uint64_t random;
	unsigned made; /* numbers names and digests */
	char index_dir[96];
};

static uint32_t rnd(struct run *run, uint32_t below)
{
	run->random ^= run->random >> 12;
	run->random ^= run->random << 25;
	run->random ^= run->random >> 27;
	return (uint32_t)((run->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* ---- Comparing the index with the records ---- */

/* I1: everything that the records hold, as they hold it, at their revision. */
static uint64_t compare_all(struct run *run)
{
	struct follow_reading *reading = NULL;
	struct snapshot *snapshot = NULL;
	const struct view *view;
	uint64_t entries;

	ASSERT_OK(snapshot_begin(run->f->records, &snapshot));
	ASSERT_OK(follow_reading_begin(run->follower, &reading, &view));
	assert_false(view->stale);
	entries = compare_index(snapshot, view);
	follow_reading_end(&reading);
	snapshot_end(&snapshot);
	return entries;
}

/* And nothing else: the index has just as many entries. Closes the follower. */
static void count_all(struct run *run, uint64_t entries)
{
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	struct index_info info;

	follow_close(&run->follower);
	ASSERT_OK(index_reader_open(run->index_dir, NULL, &reader));
	ASSERT_OK(index_reader_info(reader, clock_boot_us(), &info));
	assert_int_equal(info.entries_count, entries);
}

/* ---- Changes at random, of all kinds; those that the records refuse change nothing ---- */

static struct span name_of(struct run *run, char memory[48], const char *form)
{
	struct buf text = buf_fixed(memory, 48);

	buf_append_str(&text, form);
	buf_append_u64(&text, ++run->made);
	return buf_span(&text);
}

static enum status change_account(struct run *run, struct change *change)
{
	struct complaint *complaint = &run->f->complaint;
	uint32_t slot = 1 + rnd(run, 4);
	char memory[48], host_memory[48];
	struct buf host = BUF_ARRAY(host_memory);
	struct account_new account = { .owner_email = SPAN_LIT("o@example.com") };

	buf_printf(&host, "shop%u.example", rnd(run, 6));
	switch (rnd(run, 4)) {
	case 0:
		account.name = name_of(run, memory, "store");
		return account_create(change, &account, &slot, complaint);
	case 1:
		return account_set_state(
			change, slot, rnd(run, 2) ? ACCOUNT_ACTIVE : ACCOUNT_SUSPENDED, complaint);
	case 2:
		return account_host_add(change, slot, buf_span(&host), complaint);
	default:
		return account_host_remove(change, slot, buf_span(&host), complaint);
	}
}

static enum status change_resource(struct run *run, struct change *change)
{
	char memory[48];
	struct resource_new resource = { .product = SPAN_LIT("orders") };
	uint32_t slot = 1 + rnd(run, 10);

	if (rnd(run, 4) == 0)
		return resource_delete(change, slot, &run->f->complaint);
	if (rnd(run, 3) == 0) {
		resource.name = name_of(run, memory, "Resource ");
		return resource_edit(change, slot, 0, &resource, &run->f->complaint);
	}
	resource.key = name_of(run, memory, "r");
	return resource_create(change, &resource, &slot, &run->f->complaint);
}

static enum status change_profile(struct run *run, struct change *change)
{
	char memory[48];
	uint32_t slots[3] = { 1 + rnd(run, 4), 5 + rnd(run, 4), 9 + rnd(run, 4) };
	uint32_t slot = 1 + rnd(run, 10);
	struct profile_new profile = { rnd(run, 4), SPAN_ABSENT, slots, rnd(run, 4) };
	struct profile_edit edit = { .set_resources = rnd(run, 2) != 0,
		.resource_slots = slots,
		.resources_count = rnd(run, 4) };

	switch (rnd(run, 3)) {
	case 0:
		profile.name = name_of(run, memory, "Profile ");
		return profile_create(change, &profile, &slot, &run->f->complaint);
	case 1:
		if (rnd(run, 2))
			edit.name = name_of(run, memory, "Renamed ");
		return profile_edit(change, slot, &edit, &run->f->complaint);
	default:
		return profile_delete(change, slot, true, &run->f->complaint);
	}
}

static enum status change_catalog(struct run *run, struct change *change)
{
	char memory[48], base[48];
	uint32_t resources[2] = { 1 + rnd(run, 3), 4 + rnd(run, 3) }, slot = 1 + rnd(run, 8);
	struct record_service service = { .base_path = name_of(run, base, "/b") };
	struct record_route route = { .service_slot = 1 + rnd(run, 3),
		.method = SPAN_LIT("GET"),
		.needs = rnd(run, 4) ? RECORD_NEEDS_RESOURCES : RECORD_NEEDS_PUBLIC,
		.resource_slots = resources };

	route.resources_count = route.needs == RECORD_NEEDS_RESOURCES ? 2 : 0;
	switch (rnd(run, 6)) {
	case 0:
		service.name = name_of(run, memory, "service");
		return service_create(change, &service, &slot, &run->f->complaint);
	case 1:
		return service_delete(change, slot, &run->f->complaint);
	case 2:
		return route_delete(change, slot, &run->f->complaint);
	case 3:
		return route_edit(change, slot, 0, &route, &run->f->complaint);
	default:
		route.path = name_of(run, memory, "/path");
		return route_create(change, &route, &slot, &run->f->complaint);
	}
}

static enum status create_key(struct run *run, struct change *change, uint32_t *out_slot)
{
	static const struct span addresses[] = { SPAN_LIT("10.0.0.0/8"),
		SPAN_LIT("2001:db8::/32") };
	char memory[48];
	struct key_new key = { .account_slot = 1 + rnd(run, 3),
		.app_key = name_of(run, memory, "appkey-acme-"),
		.digest = rnd(run, 6) ? digest_of(++run->made) : NULL,
		.label = SPAN_LIT("label"),
		.external_id = rnd(run, 3) ? SPAN_ABSENT : SPAN_LIT("customer 5"),
		.addresses = addresses,
		.addresses_count = rnd(run, 3),
		.expires_at_us = rnd(run, 2) ? 0 : NOW + 1000,
		.limits = {
			.counts = { [RATE_SECOND] = rnd(run, 3), [QUOTA_DAY] = rnd(run, 2) } } };

	return key_create(change, &key, out_slot, &run->f->complaint);
}

static enum status import_keys(struct run *run, struct change *change)
{
	char memory[5][48];
	struct key_import keys[5] = { 0 };
	static struct key_import_result results[5];

	for (unsigned i = 0; i < 5; i++)
		keys[i].key = (struct key_new){ .account_slot = 1,
			.app_key = name_of(run, memory[i], "imported-"),
			.digest = digest_of(++run->made),
			.label = SPAN_LIT("imported") };
	keys[1].state = RECORD_KEY_INACTIVE;
	return keys_import(change, keys, 5, results);
}

static enum status edit_key(struct run *run, struct change *change, uint32_t slot)
{
	static const struct span addresses[] = { SPAN_LIT("192.0.2.7") };
	struct key_edit edit = { .set_addresses = rnd(run, 2) != 0,
		.addresses = addresses,
		.addresses_count = rnd(run, 2),
		.set_limits = rnd(run, 2) != 0,
		.limits = { .counts = { [RATE_HOUR] = rnd(run, 3) } },
		.external_id = rnd(run, 2) ? SPAN_LIT("") : SPAN_LIT("another") };

	return key_edit(change, slot, &edit, &run->f->complaint);
}

static enum status change_key(struct run *run, struct change *change)
{
	struct complaint *complaint = &run->f->complaint;
	uint32_t slot = 1 + rnd(run, 12), profile = 1 + rnd(run, 8);

	switch (rnd(run, 13)) {
	case 0:
	case 1:
		return create_key(run, change, &slot);
	case 2:
		return import_keys(run, change);
	case 3:
		return edit_key(run, change, slot);
	case 4:
		return key_deactivate(change, slot, complaint);
	case 5:
		return key_activate(change, slot, complaint);
	case 6:
		return rnd(run, 3) ? ST_CONFLICT
				   : key_revoke(change, slot, REVOKE_COMPROMISED, complaint);
	case 7:
		return key_rotate(change, slot, digest_of(++run->made),
			rnd(run, 2) ? ROTATE_OPEN : 0, complaint);
	case 8:
		return key_finish_rotation(change, slot, complaint);
	case 9:
		return key_cancel_rotation(change, slot, complaint);
	case 10:
		return link_remove(change, slot, profile, complaint);
	default:
		return link_add(change, slot, profile, complaint);
	}
}

static void change_something(struct run *run)
{
	struct change *change = begin(run->f);
	uint32_t dice = rnd(run, 20);
	enum status st;

	if (dice < 11)
		st = change_key(run, change);
	else if (dice < 14)
		st = change_profile(run, change);
	else if (dice < 16)
		st = change_account(run, change);
	else if (dice < 18)
		st = change_resource(run, change);
	else
		st = change_catalog(run, change);
	assert_int_not_equal(end(&change, st), ST_IO);
}

/* ---- Runs ---- */

static void start(struct run *run, void **state, uint64_t seed)
{
	*run = (struct run){ .f = *state, .random = seed * 2 + 1 };
	(void)snprintf(run->index_dir, sizeof(run->index_dir), "%s/index", run->f->dir);
	ASSERT_OK(follow_open(run->index_dir, run->f->records, &run->follower));
}

static void some_records(struct run *run)
{
	uint32_t resources[2], profile;

	fixture_accounts(run->f);
	resources[0] = make_resource(run->f, "orders", "view");
	resources[1] = make_resource(run->f, "orders", "edit");
	profile = make_profile(run->f, run->f->acme, "Reader", resources, 2);
	(void)make_service(run->f, "shop");
	(void)make_key(run->f, run->f->acme, "appkey-acme-00000001", 1);
	(void)profile;
}

static void follow(struct run *run, bool rebuilt)
{
	struct follow_result result;

	ASSERT_OK(follow_once(run->follower, &result));
	assert_int_equal(result.rebuilt, rebuilt);
	assert_int_equal(result.revision, records_head(run->f->records).revision);
	assert_false(result.routes_refused);
	(void)compare_all(run);
}

static void the_index_equals_the_records_after_any_history(void **state)
{
	for (unsigned i = 0; i < HISTORIES; i++) {
		struct run run;

		assert_int_equal(fixture_setup(state), 0);
		start(&run, state, 1000 + i);
		some_records(&run);
		follow(&run, true);
		for (unsigned step = 0; step < STEPS; step++) {
			change_something(&run);
			if (rnd(&run, 3) == 0)
				follow(&run, false);
			if (rnd(&run, 20) == 0) {
				follow_close(&run.follower);
				ASSERT_OK(
					follow_open(run.index_dir, run.f->records, &run.follower));
			}
		}
		follow(&run, false);
		count_all(&run, compare_all(&run));
		assert_int_equal(fixture_teardown(state), 0);
	}
}

static void write_at(const struct run *run, const char *name, off_t at, const char *bytes)
{
	char path[160];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/current/%s", run->index_dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, strlen(bytes), at), strlen(bytes));
	(void)close(fd);
}

static void run_command(const struct run *run, const char *form)
{
	char command[400];

	(void)snprintf(command, sizeof(command), "cd %s && %s", run->index_dir, form);
	assert_int_equal(shell(command), 0);
}

static void an_index_that_does_not_hold_is_built_anew(void **state)
{
	static const struct {
		const char *label;
		const char *command; /* in the index's folder, while nobody has it open */
		bool rebuilt;
	} rows[] = {
		{ "nothing happened", "true", false },
		{ "no folder's contents", "rm -rf ./*", true },
		{ "no link", "rm current", true },
		{ "a link to nowhere", "ln -sfn 0000000000009999 current", true },
		{ "a link to something else", "ln -sfn elsewhere current", true },
		{ "no data", "rm current/data.mdb", true },
		{ "no head", "rm current/head", true },
		{ "data cut to nothing", "truncate -s 0 current/data.mdb", true },
		{ "data cut in half", "truncate -s 12288 current/data.mdb", true },
		{ "head cut", "truncate -s 4096 current/head", true },
		{ "both roots zeroed",
			"dd if=/dev/zero of=current/data.mdb bs=4096 count=2 conv=notrunc "
			"status=none",
			true },
		{ "reported by a reader", "printf 1 > current/damage", true },
		{ "no lock file", "rm current/lock.mdb", false },
		{ "left-over directory", "mkdir 0000000000000900", false },
	};
	struct run run;

	start(&run, state, 5);
	some_records(&run);
	follow(&run, true);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("# %s\n", rows[i].label);
		follow_close(&run.follower);
		run_command(&run, rows[i].command);
		ASSERT_OK(follow_open(run.index_dir, run.f->records, &run.follower));
		follow(&run, rows[i].rebuilt);
	}
	follow_close(&run.follower);
}

static void an_index_of_another_version_is_built_anew(void **state)
{
	struct run run;

	start(&run, state, 5);
	some_records(&run);
	follow(&run, true);
	follow_close(&run.follower);
	write_at(&run, "head", 7, "Z");
	ASSERT_OK(follow_open(run.index_dir, run.f->records, &run.follower));
	follow(&run, true);
	follow_close(&run.follower);
}

static void damage_while_it_is_open_is_mended_by_tending(void **state)
{
	struct run run;

	start(&run, state, 6);
	some_records(&run);
	follow(&run, true);
	run_command(&run, "rm -rf ./*");
	ASSERT_OK(follow_tend(run.follower));
	(void)compare_all(&run);
	run_command(&run, "truncate -s 8192 current/data.mdb");
	ASSERT_OK(follow_tend(run.follower));
	(void)compare_all(&run);
	run_command(&run, "test -s current/data.mdb -a -e current/head");
	follow_close(&run.follower);
}

/* The same revision, and another history: the records were put back, and went on elsewhere. */
static void an_index_of_another_history_is_built_anew(void **state)
{
	struct run run;
	char command[600];

	start(&run, state, 7);
	some_records(&run);
	follow(&run, true);
	follow_close(&run.follower);
	records_close(&run.f->records);
	(void)snprintf(command, sizeof(command), "cp %s %s.old && rm -f %s/high-water",
		run.f->db_path, run.f->db_path, run.f->dir);
	assert_int_equal(shell(command), 0);
	ASSERT_OK(fixture_open(run.f, NULL));
	(void)make_key(run.f, run.f->acme, "appkey-acme-00000002", 2);
	ASSERT_OK(follow_open(run.index_dir, run.f->records, &run.follower));
	follow(&run, false);
	follow_close(&run.follower);
	records_close(&run.f->records);
	(void)snprintf(command, sizeof(command),
		"mv %s.old %s && rm -f %s/high-water %s-wal %s-shm", run.f->db_path, run.f->db_path,
		run.f->dir, run.f->db_path, run.f->db_path);
	assert_int_equal(shell(command), 0);
	ASSERT_OK(fixture_open(run.f, NULL));
	ASSERT_OK(follow_open(run.index_dir, run.f->records, &run.follower));
	follow(&run, true); /* the index was ahead */
	follow_close(&run.follower);
}

/* As many events as the index has, of which the last is another one. */
static void an_index_of_other_events_is_built_anew(void **state)
{
	struct run run;
	char command[600];

	start(&run, state, 7);
	some_records(&run);
	records_close(&run.f->records);
	(void)snprintf(command, sizeof(command), "cp %s %s.old", run.f->db_path, run.f->db_path);
	assert_int_equal(shell(command), 0);
	ASSERT_OK(fixture_open(run.f, NULL));
	(void)make_key(run.f, run.f->acme, "appkey-acme-00000002", 2);
	follow_close(&run.follower);
	ASSERT_OK(follow_open(run.index_dir, run.f->records, &run.follower));
	follow(&run, true);
	follow_close(&run.follower);
	records_close(&run.f->records);
	(void)snprintf(command, sizeof(command),
		"mv %s.old %s && rm -f %s/high-water %s-wal %s-shm", run.f->db_path, run.f->db_path,
		run.f->dir, run.f->db_path, run.f->db_path);
	assert_int_equal(shell(command), 0);
	ASSERT_OK(fixture_open(run.f, NULL));
	(void)make_key(run.f, run.f->acme, "appkey-acme-00000003", 3);
	ASSERT_OK(follow_open(run.index_dir, run.f->records, &run.follower));
	follow(&run, true);
	follow_close(&run.follower);
}

static void an_index_of_another_installation_is_built_anew(void **state)
{
	struct run run, other;
	void *other_state = NULL;
	char command[400];

	start(&run, state, 8);
	some_records(&run);
	follow(&run, true);
	follow_close(&run.follower);
	assert_int_equal(fixture_setup(&other_state), 0);
	start(&other, &other_state, 9);
	some_records(&other);
	(void)snprintf(command, sizeof(command), "cp -a --sparse=always %s %s", run.index_dir,
		other.index_dir);
	assert_int_equal(shell(command), 0);
	follow(&other, true);
	follow_close(&other.follower);
	assert_int_equal(fixture_teardown(&other_state), 0);
}

static void a_key_that_was_revoked_stays_known_and_dead(void **state)
{
	struct follow_reading *reading = NULL;
	const struct view *view;
	struct view_token token;
	struct view_key key;
	struct change *change;
	struct run run;
	uint32_t slot;

	start(&run, state, 10);
	some_records(&run);
	slot = make_key(run.f, run.f->acme, "appkey-acme-00000009", 9);
	follow(&run, true);
	change = begin(run.f);
	ASSERT_OK(key_revoke(change, slot, REVOKE_COMPROMISED, &run.f->complaint));
	commit(&change);
	follow(&run, false);
	ASSERT_OK(follow_reading_begin(run.follower, &reading, &view));
	ASSERT_OK(view->key_by_slot(view->context, slot, &key));
	assert_int_equal(key.state, KEY_REVOKED);
	assert_int_equal(key.digests_count, 0);
	ASSERT_OK(view->token_by_digest(view->context, digest_of(9), &token));
	assert_int_equal(token.key, slot);
	assert_false(token.live);
	follow_reading_end(&reading);
	follow_close(&run.follower);
}

struct readers {
	struct follower *follower;
	_Atomic bool stop;
	_Atomic uint64_t revision; /* the index had it when a reading began */
	_Atomic unsigned count, wrong;
};

static void *read_on(void *arg)
{
	struct readers *readers = arg;

	while (!readers->stop) {
		struct follow_reading *reading = NULL;
		uint64_t least = readers->revision;
		const struct view *view;
		struct view_account account;
		enum status st = follow_reading_begin(readers->follower, &reading, &view);

		if (st == ST_UNAVAILABLE)
			continue; /* it is being built */
		readers->wrong += st != ST_OK;
		if (st != ST_OK)
			continue;
		readers->wrong += view->revision < least;
		readers->wrong += view->account_by_slot(view->context, 1, &account) != ST_OK;
		readers->count++;
		follow_reading_end(&reading);
	}
	return NULL;
}

static void readings_go_on_in_other_threads(void **state)
{
	struct readers readers = { 0 };
	pthread_t threads[3];
	struct run run;

	start(&run, state, 11);
	some_records(&run);
	follow(&run, true);
	readers.follower = run.follower;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers), 0);
	for (unsigned i = 0; i < 60; i++) {
		change_something(&run);
		if (i % 15 == 14)
			run_command(&run, "rm -rf ./*");
		ASSERT_OK(i % 5 == 4 ? follow_tend(run.follower) : follow_once(run.follower, NULL));
		readers.revision = (uint64_t)records_head(run.f->records).revision;
	}
	readers.stop = true;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(readers.wrong, 0);
	assert_true(readers.count > 100);
	follow_close(&run.follower);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_index_that_does_not_hold_is_built_anew, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			an_index_of_another_version_is_built_anew, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(damage_while_it_is_open_is_mended_by_tending,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			an_index_of_another_history_is_built_anew, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			an_index_of_other_events_is_built_anew, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(an_index_of_another_installation_is_built_anew,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_key_that_was_revoked_stays_known_and_dead,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			readings_go_on_in_other_threads, fixture_setup, fixture_teardown),
		cmocka_unit_test(the_index_equals_the_records_after_any_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
