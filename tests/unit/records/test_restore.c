/* Backups, and older ones that come back: a revoked key must not live again unnoticed. */
#include "fixture.h"

#include "records/handover.h"
#include "records/login.h"
#include "records/management_token.h"
#include "records/owner.h"
#include "records/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status revoke_it(struct fixture *f, uint32_t slot)
{
	struct change *change = begin(f);

	return end(&change, key_revoke(change, slot, REVOKE_COMPROMISED, &f->complaint));
}

static void a_backup_is_whole_and_private(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");
	struct head head;
	struct stat at;

	fixture_accounts(f);
	make_key(f, f->acme, "k", 1);
	ASSERT_OK(records_backup(f->records, path, &head, &f->complaint));
	assert_int_equal(head.revision, records_head(f->records).revision);
	assert_int_equal(stat(path, &at), 0);
	assert_int_equal(at.st_mode & 0777, 0600);
	assert_int_equal(verify_file(f, path, NULL).head.revision, head.revision);
	ASSERT_ST(ST_EXISTS, records_backup(f->records, path, &head, &f->complaint));
	ASSERT_ST(ST_NOT_FOUND,
		records_backup(f->records, fixture_path(f, "no/such/dir"), &head, &f->complaint));
}

static bool session_is_there(struct fixture *f)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct record_session session;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	return session_find(snapshot, SESSION_CLI, digest_of(71), f->now_us, &session) == ST_OK;
}

static bool link_is_there(struct fixture *f)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct record_enrolment enrolment;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	return snapshot_enrolment(snapshot, digest_of(72), f->now_us, &enrolment) == ST_OK;
}

/* A session that was ended, and a link that was used, after the backup. */
static void no_way_in_comes_back_with_a_backup(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");
	struct change *change;
	uint32_t eva, leo, slot;
	int64_t expires;

	fixture_accounts(f);
	eva = make_user(f, f->acme, "eva@acme.example");
	leo = make_user(f, f->acme, "leo@acme.example");
	change = begin(f);
	ASSERT_OK(login_reset(change, leo, digest_of(72), &expires, &f->complaint));
	ASSERT_OK(session_begin(change,
		&(struct session_new){
			.user_slot = eva, .kind = SESSION_CLI, .digest = digest_of(71) },
		&slot));
	commit(&change);
	assert_true(session_is_there(f) && link_is_there(f));
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	change = begin(f);
	ASSERT_OK(user_set_state(change, eva, USER_SUSPENDED, &f->complaint));
	ASSERT_OK(user_set_state(change, leo, USER_SUSPENDED, &f->complaint));
	commit(&change);
	records_close(&f->records);
	ASSERT_OK(fixture_restore(f, path));
	ASSERT_OK(fixture_open(f, &f->actor));
	assert_int_equal(read_user(f, eva).state, USER_ACTIVE);
	assert_false(session_is_there(f));
	assert_false(link_is_there(f));
	/* What is begun since stays. */
	change = begin(f);
	ASSERT_OK(session_begin(change,
		&(struct session_new){
			.user_slot = eva, .kind = SESSION_CLI, .digest = digest_of(71) },
		&slot));
	commit(&change);
	fixture_reopen(f);
	assert_true(session_is_there(f));
	assert_chain(f);
}

#define ENROLLED                                                                                   \
	"INSERT INTO credentials (user_slot, password, totp, totp_last_step, created_at_us,"       \
	" changed_at_us) VALUES (%1$u, '$argon2id$text', zeroblob(%2$u), 0, 1, 1);"                \
	" INSERT INTO recovery_codes (user_slot, digest, used_at_us) VALUES (%1$u,"                \
	" zeroblob(32), 0)"

struct waiting {
	bool invitation, code, link;
};

static struct waiting read_waiting(struct fixture *f, uint32_t user_slot)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct record_invitation invitation;
	struct record_handover handover;
	uint8_t code[DIGEST_SIZE] = { 0 };
	struct waiting is;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	is.invitation = snapshot_invitation(snapshot, f->acme, &invitation) == ST_OK;
	ASSERT_OK(snapshot_recovery_is(snapshot, user_slot, code, &is.code));
	ASSERT_OK(snapshot_handover(snapshot, digest_of(74), &handover));
	is.link = handover_state(&handover, f->now_us) == HANDOVER_WAITING;
	return is;
}

/* An invitation, a recovery code and a one-time link, which may have been used since. */
static void nothing_that_counts_once_comes_back_with_a_backup(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");
	struct actor operator= f->actor;
	char sql[512];
	struct change *change;
	struct waiting is;
	uint32_t eva;

	fixture_accounts(f);
	eva = make_user(f, f->acme, "eva@acme.example");
	(void)snprintf(sql, sizeof(sql), ENROLLED, eva, TOTP_SEALED_SIZE);
	meddle(f->db_path, sql);
	f->actor = (struct actor){ .kind = ACTOR_USER, .user_slot = owner_of(f) };
	change = begin(f);
	ASSERT_OK(owner_invite(change, eva, &f->complaint));
	commit(&change);
	f->actor = operator;
	make_key(f, f->acme, "k", 1);
	change = begin(f);
	ASSERT_OK(handover_create(change, 1, digest_of(74), 0, &f->complaint));
	commit(&change);
	is = read_waiting(f, eva);
	assert_true(is.invitation && is.code && is.link);
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	make_key(f, f->acme, "later", 2);
	records_close(&f->records);
	ASSERT_OK(fixture_restore(f, path));
	ASSERT_OK(fixture_open(f, &f->actor));
	is = read_waiting(f, eva);
	assert_false(is.invitation || is.code || is.link);
	assert_chain(f);
}

static void a_restored_older_backup_is_refused_until_accepted(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");
	uint32_t slot;
	struct head head;

	fixture_accounts(f);
	slot = make_key(f, f->acme, "k", 1);
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	ASSERT_OK(revoke_it(f, slot));
	head = records_head(f->records);
	records_close(&f->records);
	ASSERT_OK(fixture_restore(f, path));
	ASSERT_ST(ST_STALE, fixture_open(f, NULL));
	assert_string_equal(f->complaint.key, "records.stale");
	/* Asking again changes nothing. */
	ASSERT_ST(ST_STALE, fixture_open(f, NULL));
	ASSERT_OK(fixture_open(f, &f->actor));
	assert_int_equal(records_head(f->records).epoch, head.epoch + 1);
	assert_true(span_contains(last_event(f, 0), "\"action\":\"installation.new_epoch\""));
	assert_true(span_contains(last_event(f, 0), "\"id\":\"operator:1000\""));
	assert_chain(f);
	/* Once accepted, it is the history, even though it is shorter. */
	fixture_reopen(f);
	assert_int_equal(read_key(f, slot).state, RECORD_KEY_ACTIVE);
	assert_chain(f);
}

static void the_mark_is_on_disk_before_a_revocation_is_answered(void **state)
{
	struct fixture *f = *state;
	struct checkpoint mark;
	uint32_t slot;

	fixture_accounts(f);
	slot = make_key(f, f->acme, "k", 1);
	ASSERT_OK(high_water_read(f->dir, &mark));
	assert_true(mark.head.revision < records_head(f->records).revision);
	ASSERT_OK(revoke_it(f, slot));
	ASSERT_OK(high_water_read(f->dir, &mark));
	assert_int_equal(mark.head.revision, records_head(f->records).revision);
}

static void the_same_length_is_not_the_same_history(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");

	fixture_accounts(f);
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	make_key(f, f->acme, "k", 1);
	records_close(&f->records);
	/* Another history of the same length and epoch, by going on from the backup unseen. */
	assert_int_equal(rename(fixture_path(f, "high-water"), fixture_path(f, "kept")), 0);
	ASSERT_OK(fixture_restore(f, path));
	ASSERT_OK(fixture_open(f, NULL));
	make_key(f, f->acme, "another", 2);
	records_close(&f->records);
	assert_int_equal(rename(fixture_path(f, "kept"), fixture_path(f, "high-water")), 0);
	ASSERT_ST(ST_STALE, fixture_open(f, NULL));
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void a_damaged_or_foreign_mark_is_refused(void **state)
{
	struct fixture *f = *state;
	const char *mark = fixture_path(f, "high-water");
	char text[1024] = { 0 };
	FILE *file;

	records_close(&f->records);
	file = fopen(mark, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	write_text(mark, "rubbish");
	ASSERT_ST(ST_DAMAGED, fixture_open(f, NULL));
	assert_string_equal(f->complaint.key, "records.mark_damaged");
	/* A lower revision, without the key that signs it. */
	*strstr(text, " 1 1 ") = '\t';
	write_text(mark, text);
	ASSERT_ST(ST_DAMAGED, fixture_open(f, NULL));
	/* Where there is a mark there were records: none is made in their place. */
	unlink(f->db_path);
	ASSERT_ST(ST_NOT_FOUND, fixture_open(f, NULL));
	assert_string_equal(f->complaint.key, "records.lost");
	assert_int_equal(access(f->db_path, F_OK), -1);
	/* Nor out of an empty file. */
	write_text(f->db_path, "");
	ASSERT_ST(ST_NOT_FOUND, fixture_open(f, NULL));
}

static void bad_backups_are_refused_and_nothing_changes(void **state)
{
	static const struct {
		const char *label, *sql;
		enum status st;
	} ROWS[] = {
		{ "whole", "SELECT 1", ST_OK },
		{ "an event edited", "UPDATE events SET text = text || ' ' WHERE revision = 2",
			ST_DAMAGED },
		{ "of a newer version", "UPDATE schema_version SET version = version + 1",
			ST_FORMAT },
		{ "of another root key", "UPDATE installation SET root_key_id = 'other'",
			ST_CONFLICT },
		{ "not of Llavero", "DROP TABLE schema_version", ST_FORMAT },
	};
	struct fixture *f = *state;

	fixture_accounts(f);
	for (size_t i = ARRAY_LEN(ROWS); i-- > 0;) {
		char name[16];
		const char *path;

		snprintf(name, sizeof(name), "b%zu", i);
		path = fixture_path(f, name);
		ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
		meddle(path, ROWS[i].sql);
		CHECK_ROW(
			ROWS[i].label, fixture_restore(f, path) == (i == 0 ? ST_BUSY : ROWS[i].st));
		CHECK_ROW(ROWS[i].label, f->complaint.key != NULL);
	}
	records_close(&f->records);
	ASSERT_OK(fixture_restore(f, fixture_path(f, "b0")));
	ASSERT_OK(fixture_open(f, NULL));
	assert_int_equal(access(fixture_path(f, "records.db.before-restore"), F_OK), 0);
}

static void a_truncated_backup_is_refused(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");
	struct stat at;

	fixture_accounts(f);
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	records_close(&f->records);
	assert_int_equal(stat(path, &at), 0);
	for (off_t size = 0; size < at.st_size; size += 4096 * 7 + 13) {
		const char *cut = fixture_path(f, "cut");
		char command[320];

		snprintf(command, sizeof(command), "head -c %lld %s > %s", (long long)size, path,
			cut);
		assert_int_equal(system(command), 0);
		assert_int_not_equal(fixture_restore(f, cut), ST_OK);
	}
	ASSERT_OK(fixture_open(f, NULL));
	assert_chain(f);
}

/* ---- what comes back ---- */

static enum status note(void *arg, const struct lost *lost)
{
	struct buf *out = arg;

	struct span of = span_present(lost->user) ? lost->user : lost->app_key;

	buf_printf(out, "%s %.*s %.*s\n", lost_kind_name(lost->kind), (int)lost->account.len,
		lost->account.ptr, (int)of.len, of.ptr == NULL ? "" : of.ptr);
	return ST_OK;
}

static void assert_lost(struct fixture *f, const char *expected, int64_t events)
{
	CLEANUP(buf_free)
	struct buf text = buf_heap(4096);
	int64_t found = -1;

	ASSERT_OK(records_lost(f->url, note, &text, &found));
	assert_string_equal(buf_str(&text), expected);
	assert_int_equal(found, events);
}

static void do_change(struct fixture *f,
	enum status (*fn)(struct change *change, uint32_t slot, struct complaint *complaint),
	uint32_t slot)
{
	struct change *change = begin(f);

	ASSERT_OK(end(&change, fn(change, slot, &f->complaint)));
}

static enum status rotate_now(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return key_rotate(change, slot, digest_of(99), 0, complaint);
}

static enum status suspend(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return account_set_state(change, slot, ACCOUNT_SUSPENDED, complaint);
}

static enum status revoke_key(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return key_revoke(change, slot, REVOKE_COMPROMISED, complaint);
}

static uint32_t make_machine_token(struct fixture *f)
{
	static const struct span rights[] = { { "keys.view", 9 } };
	static const struct span addresses[] = { { "10.0.0.0/8", 10 } };
	struct management_token_new token = { .account_slot = f->acme,
		.digest = digest_of(90),
		.label = SPAN_LIT("deploy"),
		.rights = rights,
		.rights_count = 1,
		.addresses = addresses,
		.addresses_count = 1,
		.expires_at_us = NOW + 1000000 };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(management_token_create(change, &token, &slot, &f->complaint));
	commit(&change);
	return slot;
}

static void tokens_of_machines_come_back_too(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");
	uint32_t key, token;

	fixture_accounts(f);
	key = make_key(f, f->acme, "handed", 1);
	token = make_machine_token(f);
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	do_change(f, management_token_revoke, token);
	do_change(f, rotate_now, key);
	records_close(&f->records);
	ASSERT_OK(fixture_restore(f, path));
	assert_lost(f, "token_retired acme handed\nmanagement_token_revoked acme \n", 2);
}

static enum status suspend_user(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return user_set_state(change, slot, USER_SUSPENDED, complaint);
}

static enum status take_profiles(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return user_set_profiles(change, slot, NULL, 0, complaint);
}

static enum status reset(struct change *change, uint32_t slot, struct complaint *complaint)
{
	int64_t expires;

	return login_reset(change, slot, digest_of(80), &expires, complaint);
}

static void what_users_get_back_is_named(void **state)
{
	static const char *const names[] = { "same", "held", "erased", "new-password", "reset",
		"suspended" };
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");
	uint32_t users[ARRAY_LEN(names)], profile;
	char text[512];
	struct change *change;

	fixture_accounts(f);
	profile = make_profile(f, f->acme, "Support", NULL, 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(text, sizeof(text), "%s@acme.example", names[i]);
		users[i] = make_user(f, f->acme, text);
		(void)snprintf(text, sizeof(text), ENROLLED, users[i], TOTP_SEALED_SIZE);
		meddle(f->db_path, text);
		change = begin(f);
		ASSERT_OK(user_set_profiles(change, users[i], &profile, 1, &f->complaint));
		commit(&change);
	}
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	do_change(f, take_profiles, users[1]);
	do_change(f, user_erase, users[2]);
	change = begin(f);
	ASSERT_OK(login_set_password(change, users[3], SPAN_LIT("$argon2id$new"), 0));
	commit(&change);
	do_change(f, reset, users[4]);
	do_change(f, suspend_user, users[5]);
	make_user(f, f->acme, "later@acme.example");
	records_close(&f->records);
	ASSERT_OK(fixture_restore(f, path));
	assert_lost(f,
		"user_suspended acme erased@acme.example\n"
		"user_login_changed acme new-password@acme.example\n"
		"user_login_changed acme reset@acme.example\n"
		"user_suspended acme suspended@acme.example\n"
		"user_profile_removed acme held@acme.example\n",
		6);
}

static void what_comes_back_is_named(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup"), *later = fixture_path(f, "later");
	uint32_t keys[5];

	fixture_accounts(f);
	keys[0] = make_key(f, f->acme, "revoked", 1);
	keys[1] = make_key(f, f->acme, "revoked-before", 2);
	keys[2] = make_key(f, f->acme, "deactivated", 3);
	keys[3] = make_key(f, f->acme, "rotated", 4);
	do_change(f, revoke_key, keys[1]);
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	do_change(f, revoke_key, keys[0]);
	do_change(f, key_deactivate, keys[2]);
	do_change(f, rotate_now, keys[3]);
	keys[4] = make_key(f, f->acme, "made-after", 5);
	do_change(f, revoke_key, keys[4]);
	ASSERT_OK(records_backup(f->records, later, NULL, &f->complaint));
	do_change(f, suspend, f->other);
	records_close(&f->records);
	ASSERT_ST(ST_NOT_FOUND, records_lost(f->url, note, NULL, &(int64_t){ 0 }));
	ASSERT_OK(fixture_restore(f, path));
	assert_lost(f,
		"key_revoked acme revoked\nkey_deactivated acme deactivated\n"
		"token_retired acme rotated\naccount_suspended other \n",
		6);
	/* A second thought: the newest database is still the measure. */
	ASSERT_OK(fixture_restore(f, later));
	assert_int_equal(access(fixture_path(f, "records.db.before-restore-2"), F_OK), 0);
	assert_lost(f, "account_suspended other \n", 1);
	/* Once accepted, what is beside it belongs to an epoch that is over. */
	ASSERT_OK(fixture_open(f, &f->actor));
	records_close(&f->records);
	ASSERT_ST(ST_NOT_FOUND, records_lost(f->url, note, NULL, &(int64_t){ 0 }));
	ASSERT_OK(fixture_open(f, NULL));
}

static void a_restore_that_is_not_older_begins_an_epoch_too(void **state)
{
	struct fixture *f = *state;
	const char *path = fixture_path(f, "backup");
	struct records_options options = {
		.url = f->url, .data_dir = f->dir, .root_key = f->root_key, .restored = &f->actor
	};
	struct head head;

	fixture_accounts(f);
	ASSERT_OK(records_backup(f->records, path, &head, &f->complaint));
	for (int i = 0; i < 2; i++) {
		records_close(&f->records);
		/* The second time on a machine that never had the installation. */
		if (i == 1)
			assert_int_equal(unlink(fixture_path(f, HIGH_WATER_FILE)), 0);
		ASSERT_OK(fixture_restore(f, path));
		ASSERT_OK(records_open(&options, &f->records, &f->complaint));
		assert_int_equal(records_head(f->records).epoch, head.epoch + 1);
		assert_int_equal(records_head(f->records).revision, head.revision + 1);
	}
	assert_chain(f);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(a_backup_is_whole_and_private),
		WITH(a_restored_older_backup_is_refused_until_accepted),
		WITH(no_way_in_comes_back_with_a_backup),
		WITH(nothing_that_counts_once_comes_back_with_a_backup),
		WITH(the_mark_is_on_disk_before_a_revocation_is_answered),
		WITH(the_same_length_is_not_the_same_history),
		WITH(a_damaged_or_foreign_mark_is_refused),
		WITH(bad_backups_are_refused_and_nothing_changes),
		WITH(a_truncated_backup_is_refused),
		WITH(what_comes_back_is_named),
		WITH(tokens_of_machines_come_back_too),
		WITH(what_users_get_back_is_named),
		WITH(a_restore_that_is_not_older_begins_an_epoch_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
