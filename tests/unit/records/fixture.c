#include "fixture.h"

#include "shell.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *fixture_path(struct fixture *f, const char *name)
{
	char *path = arena_alloc(f->arena, 128);

	assert_non_null(path);
	snprintf(path, 128, "%s/%s", f->dir, name);
	return path;
}

enum status fixture_open(struct fixture *f, const struct actor *accept_restored)
{
	struct records_options options = { .url = f->url,
		.data_dir = f->dir,
		.root_key = f->root_key,
		.accept_restored = accept_restored,
		.driver = f->driver };

	f->complaint = (struct complaint){ 0 };
	return records_open(&options, &f->records, &f->complaint);
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	ASSERT_OK(crypto_init());
	f->arena = arena_make(256 * MIB);
	snprintf(f->dir, sizeof(f->dir), "/tmp/llavero-records-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->db_path, sizeof(f->db_path), "%s/records.db", f->dir);
	snprintf(f->url, sizeof(f->url), "sqlite:%s", f->db_path);
	f->now_us = NOW;
	f->actor = (struct actor){ .kind = ACTOR_OPERATOR,
		.peer_uid = 1000,
		.address = SPAN_LIT("unix"),
		.request_id = SPAN_LIT("req-1") };
	ASSERT_OK(root_key_open(fixture_path(f, "root-key"), true, &f->root_key, &f->complaint));
	ASSERT_OK(fixture_open(f, NULL));
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	records_close(&f->records);
	root_key_close(&f->root_key);
	arena_free(&f->arena);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(shell(command), 0);
	free(f);
	return 0;
}

enum status fixture_restore(struct fixture *f, const char *path)
{
	struct records_options records = {
		.url = f->url, .data_dir = f->dir, .root_key = f->root_key
	};
	struct restore_options options = { .records = &records, .path = path, .replace = true };
	struct restore_result result;

	f->complaint = (struct complaint){ 0 };
	return records_restore(&options, &result, &f->complaint);
}

void fixture_reopen(struct fixture *f)
{
	records_close(&f->records);
	ASSERT_OK(fixture_open(f, NULL));
}

struct change *begin(struct fixture *f)
{
	struct change *change = NULL;

	f->complaint = (struct complaint){ 0 };
	ASSERT_OK(change_begin(f->records, &f->actor, f->now_us, &change));
	return change;
}

struct head commit(struct change **change)
{
	struct head head;

	ASSERT_OK(change_commit(change, &head));
	assert_null(*change);
	return head;
}

enum status end(struct change **change, enum status st)
{
	if (st == ST_OK)
		return change_commit(change, NULL);
	change_abort(change);
	return st;
}

void fixture_accounts(struct fixture *f)
{
	struct account_new acme = { .name = SPAN_LIT("acme"),
		.owner_email = SPAN_LIT("ana@acme.example") };
	struct account_new other = { .name = SPAN_LIT("other"),
		.owner_email = SPAN_LIT("otto@other.example") };
	struct change *change = begin(f);

	ASSERT_OK(account_create(change, &acme, &f->acme, &f->complaint));
	ASSERT_OK(account_create(change, &other, &f->other, &f->complaint));
	commit(&change);
}

const uint8_t *digest_of(unsigned number)
{
	static uint8_t digests[8][DIGEST_SIZE];
	static unsigned next;
	uint8_t *digest = digests[next++ % 8];

	memset(digest, 0xA5, DIGEST_SIZE);
	memcpy(digest, &number, sizeof(number));
	return digest;
}

uint32_t make_resource(struct fixture *f, const char *product, const char *key)
{
	struct resource_new resource = { .product = span_str(product), .key = span_str(key) };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(resource_create(change, &resource, &slot, &f->complaint));
	commit(&change);
	return slot;
}

uint32_t make_profile(
	struct fixture *f, uint32_t account, const char *name, const uint32_t *slots, size_t count)
{
	struct profile_new profile = { account, span_str(name), slots, count };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(profile_create(change, &profile, &slot, &f->complaint));
	commit(&change);
	return slot;
}

uint32_t make_key(struct fixture *f, uint32_t account, const char *app_key, unsigned digest)
{
	struct key_new key = { .account_slot = account,
		.app_key = span_str(app_key),
		.digest = digest_of(digest),
		.label = SPAN_LIT("a label") };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(key_create(change, &key, &slot, &f->complaint));
	commit(&change);
	return slot;
}

uint32_t make_service(struct fixture *f, const char *name)
{
	struct record_service service = { .name = span_str(name) };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(service_create(change, &service, &slot, &f->complaint));
	commit(&change);
	return slot;
}

uint32_t make_user(struct fixture *f, uint32_t account, const char *email)
{
	struct user_new user = { .account_slot = account, .email = span_str(email) };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(user_create(change, &user, &slot, &f->complaint));
	commit(&change);
	return slot;
}

struct record_key read_key(struct fixture *f, uint32_t slot)
{
	struct snapshot *snapshot = NULL;
	struct record_key key;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_key(snapshot, slot, f->arena, &key));
	snapshot_end(&snapshot);
	return key;
}

uint32_t owner_of(struct fixture *f)
{
	struct snapshot *snapshot = NULL;
	struct record_account account;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_account(snapshot, f->acme, f->arena, &account));
	snapshot_end(&snapshot);
	return account.owner_slot;
}

struct record_user read_user(struct fixture *f, uint32_t slot)
{
	struct snapshot *snapshot = NULL;
	struct record_user user;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_user(snapshot, slot, f->arena, &user));
	snapshot_end(&snapshot);
	return user;
}

struct span last_event(struct fixture *f, int64_t before)
{
	struct event events[EVENTS_PAGE_MAX];
	struct event_query query = { .newest_first = true, .count_max = (size_t)before + 1 };
	struct snapshot *snapshot = NULL;
	size_t count;
	int64_t next;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(events_list(snapshot, &query, f->arena, events, &count, &next));
	snapshot_end(&snapshot);
	assert_int_equal(count, before + 1);
	return events[before].text;
}

bool span_contains(struct span text, const char *part)
{
	return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

struct verify_result verify_file(
	struct fixture *f, const char *path, const struct checkpoint *checkpoint)
{
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE], secret[SIGN_SECRET_KEY_SIZE];
	struct verify_options options = {
		.path = path, .public_key = public_key, .checkpoint = checkpoint
	};
	struct verify_result result;

	root_key_event_pair(f->root_key, public_key, secret);
	f->complaint = (struct complaint){ 0 };
	ASSERT_OK(events_verify(&options, &result, &f->complaint));
	return result;
}

void assert_chain(struct fixture *f)
{
	struct verify_result result = verify_file(f, f->db_path, NULL);

	assert_string_equal(event_fault_name(result.fault), "none");
	if (f->records != NULL) {
		struct head head = records_head(f->records);

		assert_int_equal(result.head.revision, head.revision);
		assert_memory_equal(result.head.hash, head.hash, DIGEST_SIZE);
		assert_int_equal(result.events, head.revision);
	}
}

void meddle(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	char *error = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}
