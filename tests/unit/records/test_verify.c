/* Tampering with a copy of the database: each kind is found, at the record where it shows. */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

/*
 * A history of 12 events in several transactions; events 5 to 7 are of one
 * transaction (an import, a profile and a link come together).
 */
static void history(struct fixture *f)
{
	struct profile_new profile = { 0 };
	struct change *change;
	uint32_t key, slots[3];

	fixture_accounts(f);                            /* 2-5: one transaction */
	key = make_key(f, f->acme, "appkey-acme-1", 1); /* 6 */
	change = begin(f);
	profile.account_slot = f->acme;
	profile.name = SPAN_LIT("a");
	ASSERT_OK(profile_create(change, &profile, &slots[0], &f->complaint)); /* 7 */
	profile.name = SPAN_LIT("b");
	ASSERT_OK(profile_create(change, &profile, &slots[1], &f->complaint)); /* 8 */
	ASSERT_OK(link_add(change, key, slots[0], &f->complaint));             /* 9 */
	ASSERT_OK(link_add(change, key, slots[1], &f->complaint));             /* 10 */
	commit(&change);
	make_key(f, f->acme, "appkey-acme-2", 2);   /* 11 */
	make_key(f, f->other, "appkey-other-1", 3); /* 12 */
	assert_int_equal(records_head(f->records).revision, 12);
}

static const char *copy(struct fixture *f, size_t number)
{
	char name[24];
	const char *path;

	snprintf(name, sizeof(name), "copy-%zu.db", number);
	path = fixture_path(f, name);
	ASSERT_OK(records_backup(f->records, path, NULL, &f->complaint));
	return path;
}

/* What an attacker who can write the file does who cannot sign: SHA-256 is not in SQLite, so rows
 * that need a recomputed hash take it from the test. */
/* long: the table of tamperings is the test */
static void tampering_is_found(void **state)
{
	static const struct {
		const char *label, *sql;
		enum event_fault fault;
		int64_t first_bad;
	} ROWS[] = {
		{ "nothing", "SELECT 1", EVENT_FAULT_NONE, 0 },
		{ "text edited",
			"UPDATE events SET text = REPLACE(text, 'a label', 'b label')"
			" WHERE revision = 6",
			EVENT_FAULT_EDITED, 6 },
		{ "first event edited", "UPDATE events SET text = text || ' ' WHERE revision = 1",
			EVENT_FAULT_EDITED, 1 },
		{ "last event edited",
			"UPDATE events SET text = REPLACE(text, 'key.create',"
			" 'key.revoke') WHERE revision = 12",
			EVENT_FAULT_EDITED, 12 },
		{ "hash edited", "UPDATE events SET hash = zeroblob(32) WHERE revision = 8",
			EVENT_FAULT_EDITED, 8 },
		{ "hash cut", "UPDATE events SET hash = x'00' WHERE revision = 8",
			EVENT_FAULT_EDITED, 8 },
		{ "hidden from its account",
			"UPDATE events SET account_slot = 2 WHERE revision = 6", EVENT_FAULT_EDITED,
			6 },
		{ "actor's column", "UPDATE events SET actor = 'user:1' WHERE revision = 9",
			EVENT_FAULT_EDITED, 9 },
		{ "time's column", "UPDATE events SET time_us = time_us + 1 WHERE revision = 9",
			EVENT_FAULT_EDITED, 9 },
		{ "action's column", "UPDATE events SET action = 'key.edit' WHERE revision = 9",
			EVENT_FAULT_EDITED, 9 },
		{ "kind's column", "UPDATE events SET entity_kind = 2 WHERE revision = 9",
			EVENT_FAULT_EDITED, 9 },
		{ "slot's column", "UPDATE events SET entity_slot = 9 WHERE revision = 9",
			EVENT_FAULT_EDITED, 9 },
		{ "epoch's column", "UPDATE events SET epoch = 2 WHERE revision = 9",
			EVENT_FAULT_EDITED, 9 },
		{ "removed from the middle", "DELETE FROM events WHERE revision = 8",
			EVENT_FAULT_MISSING, 8 },
		{ "the first removed", "DELETE FROM events WHERE revision = 1", EVENT_FAULT_MISSING,
			1 },
		{ "removed, the rest moved up",
			"DELETE FROM events WHERE revision = 11;"
			"UPDATE events SET revision = 11 WHERE revision = 12;"
			"UPDATE head SET revision = 11,"
			" hash = (SELECT hash FROM events WHERE revision = 11)",
			EVENT_FAULT_ORDER, 11 },
		{ "two swapped",
			"UPDATE events SET revision = 100 WHERE revision = 6;"
			"UPDATE events SET revision = 6 WHERE revision = 11;"
			"UPDATE events SET revision = 11 WHERE revision = 100",
			EVENT_FAULT_ORDER, 6 },
		{ "a copy at the end",
			"INSERT INTO events SELECT 13, epoch, time_us, account_slot, actor, action,"
			" entity_kind, entity_slot, entity_last_slot, text, hash, signature"
			" FROM events WHERE revision = 6; UPDATE head SET revision = 13",
			EVENT_FAULT_ORDER, 13 },
		{ "one inserted, the rest moved down",
			"UPDATE events SET revision = revision + 100 WHERE revision > 6;"
			"INSERT INTO events SELECT 7, epoch, time_us, account_slot, actor, action,"
			" entity_kind, entity_slot, entity_last_slot, text, hash, signature"
			" FROM events WHERE revision = 6;"
			"UPDATE events SET revision = revision - 99 WHERE revision > 100;"
			"UPDATE head SET revision = 13",
			EVENT_FAULT_ORDER, 7 },
		{ "signature removed", "UPDATE events SET signature = NULL WHERE revision = 10",
			EVENT_FAULT_SIGNATURE, 10 },
		{ "another's signature",
			"UPDATE events SET signature = (SELECT signature FROM events"
			" WHERE revision = 6) WHERE revision = 11",
			EVENT_FAULT_SIGNATURE, 11 },
		{ "signature cut", "UPDATE events SET signature = x'01' WHERE revision = 12",
			EVENT_FAULT_SIGNATURE, 12 },
		{ "signature where none belongs",
			"UPDATE events SET signature = (SELECT signature FROM events"
			" WHERE revision = 6) WHERE revision = 8",
			EVENT_FAULT_SIGNATURE, 8 },
		{ "tail cut, head left", "DELETE FROM events WHERE revision > 11", EVENT_FAULT_TAIL,
			12 },
		{ "tail cut within a transaction",
			"DELETE FROM events WHERE revision > 8; UPDATE head SET revision = 8,"
			" hash = (SELECT hash FROM events WHERE revision = 8)",
			EVENT_FAULT_TAIL, 9 },
		{ "all cut", "DELETE FROM events", EVENT_FAULT_TAIL, 1 },
		{ "head's hash", "UPDATE head SET hash = zeroblob(32)", EVENT_FAULT_CHAIN, 12 },
		{ "head's epoch", "UPDATE head SET epoch = 7", EVENT_FAULT_CHAIN, 12 },
	};
	struct fixture *f = *state;

	history(f);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const char *path = copy(f, i);
		struct verify_result result;

		meddle(path, ROWS[i].sql);
		result = verify_file(f, path, NULL);
		if (result.fault != ROWS[i].fault || result.first_bad != ROWS[i].first_bad)
			fail_msg("%s: %s at %lld", ROWS[i].label, event_fault_name(result.fault),
				(long long)result.first_bad);
		CHECK_ROW(ROWS[i].label, (f->complaint.key != NULL) == (result.fault != 0));
	}
}

static void append_blob(struct buf *sql, const uint8_t *bytes, size_t len)
{
	buf_append_str(sql, "x'");
	for (size_t i = 0; i < len; i++)
		buf_printf(sql, "%02x", bytes[i]);
	buf_append_char(sql, '\'');
}

/* The text of one event of a page that begins at the first. */
static struct span text_of(struct fixture *f, int64_t revision)
{
	return last_event(f, records_head(f->records).revision - revision);
}

static void edited_with(struct fixture *f, int64_t revision, struct buf *sql)
{
	CLEANUP(digest_context_free)
	struct digest_context *digest = digest_context_make();
	struct span text = text_of(f, revision);
	uint8_t hash[DIGEST_SIZE];
	char *edited = arena_copy(f->arena, text);
	char *at = strstr(edited, "operator:1000");
	const struct span parts[] = { SPAN_LIT("llavero event 1\n"), span_of(edited, text.len) };

	assert_non_null(at);
	memcpy(at, "operator:1001", 13);
	assert_true(digest_sha256_parts(digest, parts, 2, hash));
	buf_printf(sql, "UPDATE events SET actor = 'operator:1001', text = '%s', hash = ", edited);
	append_blob(sql, hash, sizeof(hash));
	buf_printf(sql, " WHERE revision = %lld;", (long long)revision);
}

/* An attacker who recomputes the hash, too: only signatures stop him. */
static void a_recomputed_hash_is_found(void **state)
{
	static const struct {
		const char *label;
		int64_t revision;
		enum event_fault fault;
	} ROWS[] = {
		{ "signed by itself", 6, EVENT_FAULT_SIGNATURE },
		{ "in the middle of a transaction", 8, EVENT_FAULT_EDITED },
		{ "the first of a transaction", 7, EVENT_FAULT_EDITED },
		{ "the last of a transaction", 10, EVENT_FAULT_SIGNATURE },
	};
	struct fixture *f = *state;

	history(f);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		CLEANUP(buf_free)
		struct buf sql = buf_heap(MIB);
		const char *path = copy(f, i);
		struct verify_result result;

		edited_with(f, ROWS[i].revision, &sql);
		meddle(path, buf_str(&sql));
		result = verify_file(f, path, NULL);
		CHECK_ROW(ROWS[i].label, result.fault == ROWS[i].fault);
		CHECK_ROW(ROWS[i].label, result.first_bad == ROWS[i].revision);
	}
}

static void checkpoints_show_a_tail_that_was_cut(void **state)
{
	struct fixture *f = *state;
	struct checkpoint early, late, forged;
	struct verify_result result;
	const char *path;

	history(f);
	ASSERT_OK(checkpoint_make(f->records, NOW, &early));
	make_key(f, f->acme, "appkey-acme-3", 33);
	make_key(f, f->acme, "appkey-acme-4", 34);
	ASSERT_OK(checkpoint_make(f->records, NOW, &late));
	path = copy(f, 0);
	assert_int_equal(verify_file(f, path, &early).fault, EVENT_FAULT_NONE);
	assert_int_equal(verify_file(f, path, &late).fault, EVENT_FAULT_NONE);
	meddle(path, "DELETE FROM events WHERE revision > 13; UPDATE head SET revision = 13,"
		     " hash = (SELECT hash FROM events WHERE revision = 13)");
	/* Well cut, and seen only by what is kept elsewhere. */
	assert_int_equal(verify_file(f, path, NULL).fault, EVENT_FAULT_NONE);
	assert_int_equal(verify_file(f, path, &early).fault, EVENT_FAULT_NONE);
	result = verify_file(f, path, &late);
	assert_int_equal(result.fault, EVENT_FAULT_TAIL);
	assert_int_equal(result.first_bad, 14);
	forged = late;
	forged.head.revision = 13;
	assert_int_equal(verify_file(f, path, &forged).fault, EVENT_FAULT_CHECKPOINT_SIGNATURE);
}

static void another_history_does_not_meet_the_checkpoint(void **state)
{
	struct fixture *f = *state;
	struct checkpoint checkpoint;
	struct verify_result result;
	const char *path;

	history(f);
	path = copy(f, 0);
	make_key(f, f->acme, "appkey-acme-3", 33);
	ASSERT_OK(checkpoint_make(f->records, NOW, &checkpoint));
	/* Going on from the copy, with the same key, to the same revision. */
	records_close(&f->records);
	ASSERT_OK(fixture_restore(f, path));
	ASSERT_OK(fixture_open(f, &f->actor));
	result = verify_file(f, f->db_path, &checkpoint);
	assert_int_equal(result.fault, EVENT_FAULT_CHECKPOINT);
	assert_int_equal(result.first_bad, 13);
}

static struct verify_result check_on(
	struct fixture *f, struct verify_result from, int64_t most, bool *out_ended)
{
	ASSERT_OK(events_check_on(f->records, most, &from, out_ended));
	return from;
}

static void open_records_are_checked_bit_by_bit(void **state)
{
	struct fixture *f = *state;
	struct verify_result result = { 0 }, bad;
	bool ended = false;

	history(f);
	result = check_on(f, result, 6, &ended);
	assert_int_equal(result.head.revision, 6);
	assert_false(ended);
	/* Half of the next transaction vouches for nothing: all of it is read. */
	result = check_on(f, result, 1, &ended);
	assert_int_equal(result.head.revision, 10);
	result = check_on(f, result, 1000, &ended);
	assert_int_equal(result.head.revision, 12);
	assert_int_equal(result.events, 12);
	assert_true(ended);
	make_key(f, f->acme, "appkey-acme-3", 33);
	make_key(f, f->acme, "appkey-acme-4", 34);
	assert_int_equal(check_on(f, result, 1, &ended).head.revision, 13);
	assert_false(ended);
	assert_int_equal(check_on(f, result, 1000, &ended).fault, EVENT_FAULT_NONE);

	meddle(f->db_path, "UPDATE events SET action = 'key.none' WHERE revision = 13");
	bad = check_on(f, result, 1000, &ended);
	assert_int_equal(bad.fault, EVENT_FAULT_EDITED);
	assert_int_equal(bad.first_bad, 13);
	meddle(f->db_path, "DELETE FROM events WHERE revision >= 13");
	bad = check_on(f, result, 1000, &ended);
	assert_int_equal(bad.fault, EVENT_FAULT_TAIL);
	assert_int_equal(bad.first_bad, 13);
	verify_complain(&bad, &f->complaint);
	assert_string_equal(f->complaint.key, "records.fault_tail");
}

static void the_newest_checkpoint_is_kept(void **state)
{
	struct fixture *f = *state;
	struct checkpoint made, kept;
	FILE *file;

	ASSERT_ST(ST_NOT_FOUND, checkpoint_kept(f->records, &kept));
	ASSERT_OK(checkpoint_make(f->records, NOW, &made));
	ASSERT_OK(checkpoint_keep(f->records, &made));
	history(f);
	ASSERT_OK(checkpoint_make(f->records, NOW, &made));
	ASSERT_OK(checkpoint_keep(f->records, &made));
	ASSERT_OK(checkpoint_kept(f->records, &kept));
	assert_int_equal(kept.head.revision, 12);
	assert_memory_equal(kept.signature, made.signature, SIGNATURE_SIZE);
	/* One that this installation did not sign is none. */
	made.head.revision = 11;
	ASSERT_OK(checkpoint_keep(f->records, &made));
	ASSERT_ST(ST_DAMAGED, checkpoint_kept(f->records, &kept));
	file = fopen(fixture_path(f, "checkpoint"), "w");
	assert_non_null(file);
	assert_true(fputs("not one", file) > 0);
	assert_int_equal(fclose(file), 0);
	ASSERT_ST(ST_DAMAGED, checkpoint_kept(f->records, &kept));
}

static void texts_of_checkpoints(void **state)
{
	struct fixture *f = *state;
	struct checkpoint checkpoint, read;
	char memory[1024];
	struct buf text = BUF_ARRAY(memory);
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE];

	ASSERT_OK(checkpoint_make(f->records, NOW, &checkpoint));
	checkpoint_append(&text, &checkpoint);
	ASSERT_OK(checkpoint_parse(buf_span(&text), &read));
	assert_true(checkpoint_is_signed(&read, records_public_key(f->records)));
	assert_memory_equal(&read.head.hash, &checkpoint.head.hash, DIGEST_SIZE);
	/* Any byte of it that is changed shows. */
	for (size_t i = 0; i + 1 < text.len; i++) {
		char kept = memory[i];

		memory[i] = kept == '1' ? '2' : '1';
		if (checkpoint_parse(buf_span(&text), &read) == ST_OK)
			assert_false(checkpoint_is_signed(&read, records_public_key(f->records)));
		memory[i] = kept;
	}
	ASSERT_ST(ST_INVALID, checkpoint_parse(SPAN_LIT(""), &read));
	ASSERT_ST(ST_INVALID, public_key_parse(SPAN_LIT("llavero-event-key-1 00"), public_key));
}

static void another_key_verifies_nothing(void **state)
{
	struct fixture *f = *state;
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE] = { 1 };
	struct verify_options options = { .public_key = public_key };
	struct verify_result result;

	history(f);
	options.path = copy(f, 0);
	ASSERT_OK(events_verify(&options, &result, &f->complaint));
	assert_int_equal(result.fault, EVENT_FAULT_SIGNATURE);
	assert_int_equal(result.first_bad, 1);
}

static void verifying_leaves_the_copy_as_it_is(void **state)
{
	struct fixture *f = *state;
	const char *path;
	char beside[160];

	history(f);
	path = copy(f, 0);
	assert_int_equal(verify_file(f, path, NULL).fault, EVENT_FAULT_NONE);
	snprintf(beside, sizeof(beside), "%s-wal", path);
	assert_int_not_equal(access(beside, F_OK), 0);
	snprintf(beside, sizeof(beside), "%s-shm", path);
	assert_int_not_equal(access(beside, F_OK), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(tampering_is_found),
		WITH(a_recomputed_hash_is_found),
		WITH(checkpoints_show_a_tail_that_was_cut),
		WITH(another_history_does_not_meet_the_checkpoint),
		WITH(open_records_are_checked_bit_by_bit),
		WITH(the_newest_checkpoint_is_kept),
		WITH(texts_of_checkpoints),
		WITH(another_key_verifies_nothing),
		WITH(verifying_leaves_the_copy_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
