/* Opening: what is made at first, what is refused, what a second one sees. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned mode_of(const char *path)
{
	struct stat at;

	assert_int_equal(stat(path, &at), 0);
	return at.st_mode & 07777;
}

static void the_first_event_names_the_installation(void **state)
{
	struct fixture *f = *state;
	struct head head = records_head(f->records);
	struct span text = last_event(f, 0);

	assert_int_equal(head.epoch, 1);
	assert_int_equal(head.revision, 1);
	assert_true(span_contains(text, "\"action\":\"installation.create\""));
	assert_true(span_contains(text, records_installation_id(f->records).ptr));
	assert_chain(f);
}

static void files_are_private(void **state)
{
	struct fixture *f = *state;

	fixture_accounts(f);
	assert_int_equal(mode_of(f->db_path), 0600);
	assert_int_equal(mode_of(fixture_path(f, "records.db-wal")), 0600);
	assert_int_equal(mode_of(fixture_path(f, "root-key")), 0600);
	assert_int_equal(mode_of(fixture_path(f, "high-water")), 0600);
	assert_int_equal(mode_of(fixture_path(f, "event-public-key")), 0644);
}

static void what_was_committed_is_there_after_reopening(void **state)
{
	struct fixture *f = *state;
	struct head before;
	struct head after;

	fixture_accounts(f);
	make_key(f, f->acme, "appkey-acme-1", 1);
	before = records_head(f->records);
	fixture_reopen(f);
	after = records_head(f->records);
	assert_int_equal(before.revision, after.revision);
	assert_memory_equal(before.hash, after.hash, DIGEST_SIZE);
	assert_chain(f);
}

static void a_second_writer_is_refused(void **state)
{
	struct fixture *f = *state;
	struct fixture second = *f;

	second.records = NULL;
	ASSERT_ST(ST_BUSY, fixture_open(&second, NULL));
	assert_string_equal(second.complaint.key, "records.in_use");
	/* The first one is not disturbed. */
	fixture_accounts(f);
}

static void a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;

	records_close(&f->records);
	meddle(f->db_path, "UPDATE schema_version SET version = version + 1");
	ASSERT_ST(ST_FORMAT, fixture_open(f, NULL));
	assert_string_equal(f->complaint.key, "records.version_newer");
	meddle(f->db_path, "UPDATE schema_version SET version = version - 1");
	ASSERT_OK(fixture_open(f, NULL));
}

static void another_root_key_is_refused(void **state)
{
	struct fixture *f = *state;

	records_close(&f->records);
	root_key_close(&f->root_key);
	ASSERT_OK(root_key_open(fixture_path(f, "other-key"), true, &f->root_key, &f->complaint));
	ASSERT_ST(ST_CONFLICT, fixture_open(f, NULL));
	assert_string_equal(f->complaint.key, "records.other_root_key");
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void what_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;

	records_close(&f->records);
	unlink(f->db_path);
	write_file(
		f->db_path, "this is a text of some length, and surely no database at all.....\n");
	ASSERT_ST(ST_DAMAGED, fixture_open(f, NULL));
	assert_string_equal(f->complaint.key, "records.not_records");
	unlink(f->db_path);
	assert_int_equal(symlink("/etc/passwd", f->db_path), 0);
	ASSERT_ST(ST_DENIED, fixture_open(f, NULL));
	assert_string_equal(f->complaint.key, "records.not_permitted");
}

static void urls(void **state)
{
	static const char *const BAD[] = { "", "sqlite", "sqlite:", "sqlitex:/tmp/x", "mysql:x",
		"/tmp/records.db" };
	struct fixture *f = *state;

	records_close(&f->records);
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		snprintf(f->url, sizeof(f->url), "%s", BAD[i]);
		CHECK_ROW(BAD[i], fixture_open(f, NULL) == ST_INVALID);
		CHECK_ROW(BAD[i], strcmp(f->complaint.key, "records.url") == 0);
	}
}

static void a_change_that_is_aborted_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct account_new account = { .name = SPAN_LIT("acme"),
		.owner_email = SPAN_LIT("ana@acme.example") };
	struct head before = records_head(f->records), after;
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(account_create(change, &account, &slot, &f->complaint));
	change_abort(&change);
	assert_null(change);
	after = records_head(f->records);
	assert_int_equal(before.revision, after.revision);
	/* The name and the slot are free again. */
	change = begin(f);
	ASSERT_OK(account_create(change, &account, &slot, &f->complaint));
	commit(&change);
	assert_int_equal(slot, 1);
}

static void a_change_without_events_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct head before = records_head(f->records);
	struct change *change = begin(f);
	struct head head = commit(&change);

	assert_int_equal(head.revision, before.revision);
	assert_int_equal(records_head(f->records).revision, before.revision);
}

static void a_change_that_failed_cannot_be_committed(void **state)
{
	struct fixture *f = *state;
	struct account_new bad = { .name = SPAN_LIT("Bad Name"),
		.owner_email = SPAN_LIT("ana@acme.example") };
	struct account_new good = { .name = SPAN_LIT("good"),
		.owner_email = SPAN_LIT("ana@acme.example") };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(account_create(change, &good, &slot, &f->complaint));
	ASSERT_ST(ST_INVALID, account_create(change, &bad, &slot, &f->complaint));
	ASSERT_ST(ST_INVALID, account_create(change, &good, &slot, &f->complaint));
	ASSERT_ST(ST_INVALID, change_commit(&change, NULL));
	assert_null(change);
	assert_int_equal(records_head(f->records).revision, 1);
}

static void ticking_keeps_order(void **state)
{
	struct fixture *f = *state;
	struct records_figures figures;

	fixture_accounts(f);
	records_figures(f->records, &figures);
	assert_int_equal(figures.mark.revision, 1);
	ASSERT_OK(records_tick(f->records, NOW));
	records_figures(f->records, &figures);
	assert_int_equal(figures.mark.revision, figures.head.revision);
	assert_int_equal(figures.changes, 2); /* the installation, the accounts */
	assert_int_equal(figures.mark_failures, 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(the_first_event_names_the_installation),
		WITH(files_are_private),
		WITH(what_was_committed_is_there_after_reopening),
		WITH(a_second_writer_is_refused),
		WITH(a_newer_schema_is_refused),
		WITH(another_root_key_is_refused),
		WITH(what_is_no_database_is_refused),
		WITH(urls),
		WITH(a_change_that_is_aborted_leaves_nothing),
		WITH(a_change_without_events_writes_nothing),
		WITH(a_change_that_failed_cannot_be_committed),
		WITH(ticking_keeps_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
