/* Accounts, users, profiles, the catalogue, idempotency keys, events' pages and imports. */
#include "fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- accounts and users ---- */

static void names_of_accounts(void **state)
{
	static const struct {
		const char *name;
		enum status st;
	} ROWS[] = {
		{ "ab", ST_OK },
		{ "a", ST_INVALID },
		{ "a-b9", ST_OK },
		{ "9ab", ST_INVALID },
		{ "Ab", ST_INVALID },
		{ "ab_c", ST_INVALID },
		{ "ab", ST_EXISTS },
		{ "", ST_INVALID },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ST_OK },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ST_INVALID },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct account_new account = { .name = span_str(ROWS[i].name),
			.owner_email = SPAN_LIT("ana@acme.example") };
		struct change *change = begin(f);
		uint32_t slot;
		enum status st =
			end(&change, account_create(change, &account, &slot, &f->complaint));

		CHECK_ROW(ROWS[i].name, st == ROWS[i].st);
		CHECK_ROW(ROWS[i].name, st == ST_OK || f->complaint.key != NULL);
	}
}

static void an_account_is_suspended_and_active(void **state)
{
	struct fixture *f = *state;
	struct change *change;

	fixture_accounts(f);
	change = begin(f);
	ASSERT_ST(ST_CONFLICT,
		end(&change, account_set_state(change, f->acme, ACCOUNT_ACTIVE, &f->complaint)));
	change = begin(f);
	ASSERT_OK(
		end(&change, account_set_state(change, f->acme, ACCOUNT_SUSPENDED, &f->complaint)));
	assert_true(span_contains(last_event(f, 0), "\"action\":\"account.suspend\""));
	change = begin(f);
	ASSERT_OK(end(&change, account_set_state(change, f->acme, ACCOUNT_ACTIVE, &f->complaint)));
}

static void a_host_names_one_account(void **state)
{
	static const struct {
		const char *host;
		bool second; /* for the other account */
		enum status st;
	} ROWS[] = {
		{ "Shop.Example.com", false, ST_OK },
		{ "shop.example.com", true, ST_EXISTS },
		{ "other.example.com", true, ST_OK },
		{ "*.example.com", false, ST_INVALID },
		{ "shop.example.com:443", false, ST_INVALID },
		{ "-a.example.com", false, ST_INVALID },
		{ "a..example.com", false, ST_INVALID },
		{ "", false, ST_INVALID },
	};
	struct fixture *f = *state;
	struct change *change;

	fixture_accounts(f);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		change = begin(f);
		CHECK_ROW(ROWS[i].host,
			end(&change, account_host_add(change, ROWS[i].second ? f->other : f->acme,
					     span_str(ROWS[i].host), &f->complaint)) == ROWS[i].st);
	}
	/* Another account's host is not its to remove. */
	change = begin(f);
	ASSERT_ST(
		ST_NOT_FOUND, end(&change, account_host_remove(change, f->acme,
						   SPAN_LIT("other.example.com"), &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change,
		account_host_remove(change, f->acme, SPAN_LIT("shop.example.com"), &f->complaint)));
}

static void emails(void **state)
{
	static const struct {
		const char *email;
		enum status st;
	} ROWS[] = {
		{ "berta@acme.example", ST_OK },
		{ "BERTA@acme.example", ST_EXISTS },
		{ "ana@acme.example", ST_EXISTS },
		{ "otto@other.example", ST_OK }, /* in another account it is another user */
		{ "no-at.example", ST_INVALID },
		{ "a@b@c.example", ST_INVALID },
		{ "@c.example", ST_INVALID },
		{ "a@localhost", ST_INVALID },
		{ "a b@c.example", ST_INVALID },
		{ "a\r\nBcc: x@c.example", ST_INVALID },
		{ "", ST_INVALID },
	};
	struct fixture *f = *state;

	fixture_accounts(f);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct user_new user = { .account_slot = f->acme,
			.email = span_str(ROWS[i].email) };
		struct change *change = begin(f);
		uint32_t slot;

		CHECK_ROW(ROWS[i].email, end(&change, user_create(change, &user, &slot,
							      &f->complaint)) == ROWS[i].st);
	}
}

static void an_account_has_exactly_one_owner(void **state)
{
	struct fixture *f = *state;
	struct change *change;
	uint32_t berta, gone;

	fixture_accounts(f);
	berta = make_user(f, f->acme, "berta@acme.example");
	gone = make_user(f, f->acme, "gone@acme.example");
	assert_true(read_user(f, 1).is_owner);
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, user_erase(change, 1, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT,
		end(&change, user_set_state(change, 1, USER_SUSPENDED, &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change, user_set_state(change, gone, USER_SUSPENDED, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, owner_transfer(change, gone, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, owner_transfer(change, 1, &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change, owner_transfer(change, berta, &f->complaint)));
	assert_false(read_user(f, 1).is_owner);
	assert_true(read_user(f, berta).is_owner);
	/* The other account's is untouched. */
	assert_true(read_user(f, 2).is_owner);
	assert_chain(f);
}

static bool file_holds(const char *path, const char *text)
{
	static char bytes[4 << 20];
	FILE *file = fopen(path, "r");
	size_t len;

	if (file == NULL)
		return false;
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	return memmem(bytes, len, text, strlen(text)) != NULL;
}

static void an_erased_person_is_nowhere(void **state)
{
	struct fixture *f = *state;
	const char *log = fixture_path(f, "records.db-wal");
	struct change *change;
	uint32_t slot;

	fixture_accounts(f);
	slot = make_user(f, f->acme, "zoraida@acme.example");
	assert_true(file_holds(f->db_path, "zoraida") || file_holds(log, "zoraida"));
	change = begin(f);
	ASSERT_OK(end(&change, user_erase(change, slot, &f->complaint)));
	ASSERT_OK(records_tick(f->records, NOW));
	assert_false(span_present(read_user(f, slot).email));
	assert_int_equal(read_user(f, slot).state, USER_ERASED);
	assert_false(file_holds(f->db_path, "zoraida"));
	assert_false(file_holds(log, "zoraida"));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT,
		end(&change, user_set_state(change, slot, USER_ACTIVE, &f->complaint)));
}

/* ---- profiles and catalogue ---- */

static void profiles_are_sets_named_once_an_account(void **state)
{
	struct fixture *f = *state;
	uint32_t slots[4], profile;
	struct profile_new new_profile;
	struct profile_edit edit;
	struct snapshot *snapshot = NULL;
	struct record_profile read;
	struct change *change;

	fixture_accounts(f);
	slots[0] = make_resource(f, "OMS", "b");
	slots[1] = make_resource(f, "OMS", "a");
	slots[2] = slots[0];
	slots[3] = 999;
	profile = make_profile(f, f->acme, "Orders", slots, 3);
	new_profile = (struct profile_new){ f->acme, SPAN_LIT("Orders"), NULL, 0 };
	change = begin(f);
	ASSERT_ST(ST_EXISTS,
		end(&change, profile_create(change, &new_profile, &slots[3], &f->complaint)));
	slots[3] = 999;
	make_profile(f, f->other, "Orders", NULL, 0);
	make_profile(f, f->acme, "orders", NULL, 0);
	edit = (struct profile_edit){
		.version = 1, .set_resources = true, .resource_slots = slots, .resources_count = 4
	};
	change = begin(f);
	ASSERT_ST(ST_NOT_FOUND, end(&change, profile_edit(change, profile, &edit, &f->complaint)));
	edit.resources_count = 1;
	change = begin(f);
	ASSERT_OK(end(&change, profile_edit(change, profile, &edit, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, profile_edit(change, profile, &edit, &f->complaint)));
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_profile(snapshot, profile, f->arena, &read));
	assert_int_equal(read.resources_count, 1);
	assert_int_equal(read.resource_slots[0], slots[0]);
	snapshot_end(&snapshot);
	assert_true(span_contains(
		last_event(f, 0), "\"resources\":[{\"product\":\"OMS\",\"key\":\"b\"}]"));
}

static void a_linked_profile_is_deleted_on_request_only(void **state)
{
	struct fixture *f = *state;
	uint32_t key, profile;
	struct change *change;

	fixture_accounts(f);
	key = make_key(f, f->acme, "k", 1);
	profile = make_profile(f, f->acme, "p", NULL, 0);
	change = begin(f);
	ASSERT_OK(end(&change, link_add(change, key, profile, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, profile_delete(change, profile, false, &f->complaint)));
	assert_string_equal(f->complaint.key, "records.profile_is_linked");
	change = begin(f);
	ASSERT_OK(end(&change, profile_delete(change, profile, true, &f->complaint)));
	assert_int_equal(read_key(f, key).links_count, 0);
	assert_true(span_contains(last_event(f, 1), "\"action\":\"key.unlink\""));
	assert_true(span_contains(last_event(f, 0), "\"action\":\"profile.delete\""));
	/* Its slot is not given again. */
	assert_int_equal(make_profile(f, f->acme, "p", NULL, 0), profile + 1);
	assert_chain(f);
}

static void routes_say_what_they_need(void **state)
{
	static const struct {
		const char *label, *method, *path;
		enum record_needs needs;
		size_t resources;
		enum status st;
	} ROWS[] = {
		{ "resources", "GET", "/a", RECORD_NEEDS_RESOURCES, 1, ST_OK },
		{ "an empty set refuses everyone", "GET", "/b", RECORD_NEEDS_RESOURCES, 0, ST_OK },
		{ "public", "GET", "/c", RECORD_NEEDS_PUBLIC, 0, ST_OK },
		{ "public with resources", "GET", "/d", RECORD_NEEDS_PUBLIC, 1, ST_INVALID },
		{ "authenticated", "GET", "/e", RECORD_NEEDS_AUTHENTICATED, 0, ST_OK },
		{ "nothing said", "GET", "/f", 0, 0, ST_INVALID },
		{ "the same again", "GET", "/a", RECORD_NEEDS_PUBLIC, 0, ST_EXISTS },
		{ "another method", "POST", "/a", RECORD_NEEDS_PUBLIC, 0, ST_OK },
		{ "lower case method", "get", "/g", RECORD_NEEDS_PUBLIC, 0, ST_INVALID },
		{ "no slash", "GET", "g", RECORD_NEEDS_PUBLIC, 0, ST_INVALID },
		{ "control character", "GET", "/g\n", RECORD_NEEDS_PUBLIC, 0, ST_INVALID },
	};
	struct fixture *f = *state;
	uint32_t service = make_service(f, "oms"), resource = make_resource(f, "OMS", "a"), slot;
	struct change *change;

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct record_route route = { .service_slot = service,
			.method = span_str(ROWS[i].method),
			.path = span_str(ROWS[i].path),
			.needs = ROWS[i].needs,
			.resource_slots = &resource,
			.resources_count = ROWS[i].resources };

		change = begin(f);
		CHECK_ROW(ROWS[i].label, end(&change, route_create(change, &route, &slot,
							      &f->complaint)) == ROWS[i].st);
	}
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, resource_delete(change, resource, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, service_delete(change, service, &f->complaint)));
	assert_chain(f);
}

static void the_catalogue_is_the_operators(void **state)
{
	struct fixture *f = *state;
	struct resource_new resource = { .product = SPAN_LIT("P"), .key = SPAN_LIT("k") };
	struct record_service service = { .name = SPAN_LIT("s") };
	struct profile_new predefined = { 0, SPAN_LIT("Owner"), NULL, 0 };
	struct change *change;
	uint32_t slot;

	fixture_accounts(f);
	/* The owner of the second account, which does not manage the installation. */
	f->actor = (struct actor){ .kind = ACTOR_USER, .user_slot = 2, .peer_uid = -1 };
	change = begin(f);
	ASSERT_ST(
		ST_DENIED, end(&change, resource_create(change, &resource, &slot, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, service_create(change, &service, &slot, &f->complaint)));
	change = begin(f);
	ASSERT_ST(
		ST_DENIED, end(&change, profile_create(change, &predefined, &slot, &f->complaint)));
}

/* ---- idempotency keys ---- */

static enum status idempotent(
	struct fixture *f, uint32_t account, const char *key, unsigned request, char answer[64])
{
	struct idempotency what = { account, span_str(key), digest_of(request) };
	struct buf out = buf_fixed(answer, 64);
	struct account_new account_new = { .name = SPAN_LIT("made-once"),
		.owner_email = SPAN_LIT("ana@acme.example") };
	struct change *change = begin(f);
	uint32_t slot;
	enum status st = idempotency_find(change, &what, &out, &f->complaint);

	if (st != ST_NOT_FOUND) {
		change_abort(&change);
		return st;
	}
	st = account_create(change, &account_new, &slot, &f->complaint);
	if (st == ST_OK)
		st = idempotency_store(change, &what, SPAN_LIT("{\"n\":1}"));
	st = end(&change, st);
	return st == ST_OK ? ST_NOT_FOUND : st;
}

static void a_create_that_is_sent_twice_happens_once(void **state)
{
	struct fixture *f = *state;
	char answer[64] = "";
	int64_t revision;

	ASSERT_ST(ST_NOT_FOUND, idempotent(f, 7, "abc", 1, answer));
	revision = records_head(f->records).revision;
	ASSERT_OK(idempotent(f, 7, "abc", 1, answer));
	assert_string_equal(answer, "{\"n\":1}");
	assert_int_equal(records_head(f->records).revision, revision);
	ASSERT_ST(ST_CONFLICT, idempotent(f, 7, "abc", 2, answer));
	/* Another account, actor or case is another key; the account's name is taken then. */
	ASSERT_ST(ST_EXISTS, idempotent(f, 8, "abc", 1, answer));
	ASSERT_ST(ST_EXISTS, idempotent(f, 7, "ABC", 1, answer));
	f->actor.peer_uid = 1001;
	ASSERT_ST(ST_EXISTS, idempotent(f, 7, "abc", 1, answer));
	f->actor.peer_uid = 1000;
	ASSERT_ST(ST_INVALID, idempotent(f, 7, "", 1, answer));
	ASSERT_ST(ST_INVALID, idempotent(f, 7, "a b", 1, answer));
	f->now_us = NOW + IDEMPOTENCY_KEPT_US - 1;
	ASSERT_OK(idempotent(f, 7, "abc", 1, answer));
	f->now_us = NOW + IDEMPOTENCY_KEPT_US;
	ASSERT_ST(ST_EXISTS, idempotent(f, 7, "abc", 1, answer));
}

/* ---- events ---- */

static size_t count_events(struct fixture *f, struct event_query query)
{
	struct event events[EVENTS_PAGE_MAX];
	struct snapshot *snapshot = NULL;
	size_t total = 0, count;
	int64_t next;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	do {
		ASSERT_OK(events_list(snapshot, &query, f->arena, events, &count, &next));
		for (size_t i = 1; i < count; i++)
			assert_true((events[i].revision > events[i - 1].revision) !=
				    query.newest_first);
		total += count;
		query.cursor = next;
	} while (next != 0);
	snapshot_end(&snapshot);
	return total;
}

static void events_are_paged_and_filtered(void **state)
{
	struct fixture *f = *state;
	uint32_t key;

	fixture_accounts(f); /* 1 + 4 */
	key = make_key(f, f->acme, "k", 1);
	f->now_us = NOW + 10;
	make_key(f, f->other, "k2", 2);
	make_profile(f, f->acme, "p", NULL, 0);
	for (size_t page = 1; page <= 9; page++) {
		assert_int_equal(count_events(f, (struct event_query){ .count_max = page }), 8);
		assert_int_equal(count_events(f, (struct event_query){ .count_max = page,
							 .newest_first = true }),
			8);
		assert_int_equal(count_events(f, (struct event_query){ .count_max = page,
							 .account_slot = f->acme }),
			4);
	}
#define COUNT(...) count_events(f, (struct event_query){ .count_max = 2, __VA_ARGS__ })
	assert_int_equal(COUNT(.entity_kind = ENTITY_KEY), 2);
	assert_int_equal(COUNT(.entity_kind = ENTITY_KEY, .entity_slot = key), 1);
	assert_int_equal(
		COUNT(.entity_kind = ENTITY_KEY, .entity_slot = key, .account_slot = f->other), 0);
	assert_int_equal(COUNT(.action = SPAN_LIT("key.create")), 2);
	assert_int_equal(COUNT(.action = SPAN_LIT("key.")), 2);
	assert_int_equal(COUNT(.action = SPAN_LIT("key")), 0);
	assert_int_equal(COUNT(.action = SPAN_LIT("key.create,")), 2);
	assert_int_equal(COUNT(.action = SPAN_LIT("key.create,profile.create")), 3);
	assert_int_equal(COUNT(.action = SPAN_LIT("profile.,key.")), 3);
	assert_int_equal(
		COUNT(.action = SPAN_LIT("profile.create"), .actor_id = SPAN_LIT("user:1,user:2")),
		0);
	assert_int_equal(COUNT(.entity_kinds = 1u << ENTITY_KEY), 2);
	assert_int_equal(COUNT(.entity_kinds = 1u << ENTITY_KEY | 1u << ENTITY_PROFILE), 3);
	assert_int_equal(COUNT(.entity_kinds = 1u << ENTITY_ROUTE), 0);
	assert_int_equal(COUNT(.actor_id = SPAN_LIT("operator:1000")), 7);
	assert_int_equal(COUNT(.actor_id = SPAN_LIT("user:1,operator:1000")), 7);
	assert_int_equal(COUNT(.actor_id = SPAN_LIT("' OR 1=1 --")), 0);
	assert_int_equal(COUNT(.from_us = NOW, .until_us = NOW + 10), 5);
	assert_int_equal(COUNT(.from_us = NOW + 10, .until_us = NOW + 11), 2);
}

/* ---- imports ---- */

static void an_import_takes_what_it_can(void **state)
{
	struct fixture *f = *state;
	struct key_import keys[6] = { 0 };
	struct key_import_result results[6];
	static const enum status WANTED[6] = { ST_OK, ST_EXISTS, ST_EXISTS, ST_INVALID, ST_OK,
		ST_OK };
	static const char *const NAMES[6] = { "i0", "i0", "i2", "", "i4", "i5" };
	struct change *change;
	struct record_key read;

	fixture_accounts(f);
	for (size_t i = 0; i < 6; i++)
		keys[i].key = (struct key_new){ .account_slot = i == 5 ? f->other : f->acme,
			.app_key = span_str(NAMES[i]),
			.digest =
				digest_of(i == 2 ? 0 : (unsigned)i), /* 2: the digest of 0 again */
			.label = SPAN_LIT("imported") };
	keys[4].state = RECORD_KEY_REVOKED;
	keys[4].reason = REVOKE_REPLACED;
	change = begin(f);
	ASSERT_OK(end(&change, keys_import(change, keys, 6, results)));
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(status_name(results[i].status), status_name(WANTED[i]));
	read = read_key(f, results[4].slot);
	assert_int_equal(read.state, RECORD_KEY_REVOKED);
	assert_int_equal(read.live_count, 0);
	assert_int_equal(read.tokens_count, 1);
	/* One event an account; each key finds it in its history. */
	assert_true(span_contains(last_event(f, 1), "\"account\":\"acme\""));
	assert_true(span_contains(last_event(f, 0), "\"account\":\"other\""));
	assert_false(span_contains(last_event(f, 1), "\"i5\""));
	for (size_t i = 0; i < 6; i++)
		if (WANTED[i] == ST_OK)
			assert_int_equal(
				COUNT(.entity_kind = ENTITY_KEY, .entity_slot = results[i].slot),
				1);
	assert_chain(f);
}

static enum status note_change(void *arg, enum entity_kind kind, uint32_t slot)
{
	uint32_t *sums = arg;

	sums[kind] += slot;
	return ST_OK;
}

static void changes_since_a_revision(void **state)
{
	struct fixture *f = *state;
	uint32_t sums[ENTITY_KIND_COUNT] = { 0 }, key, profile;
	struct snapshot *snapshot = NULL;
	struct change *change;
	int64_t since;

	fixture_accounts(f);
	key = make_key(f, f->acme, "k", 1);
	since = records_head(f->records).revision;
	profile = make_profile(f, f->acme, "p", NULL, 0);
	change = begin(f);
	ASSERT_OK(link_add(change, key, profile, &f->complaint));
	ASSERT_OK(link_remove(change, key, profile, &f->complaint));
	commit(&change);
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_changes(snapshot, since, note_change, sums));
	snapshot_end(&snapshot);
	assert_int_equal(sums[ENTITY_KEY], key); /* once */
	assert_int_equal(sums[ENTITY_PROFILE], profile);
	assert_int_equal(sums[ENTITY_ACCOUNT], 0);
}

/* ---- the root key's file ---- */

static void the_root_key_is_private_or_refused(void **state)
{
	static const struct {
		mode_t mode;
		enum status st;
	} ROWS[] = {
		{ 0600, ST_OK },
		{ 0400, ST_OK },
		{ 0640, ST_DENIED },
		{ 0604, ST_DENIED },
		{ 0660, ST_DENIED },
		{ 0610, ST_DENIED },
	};
	struct fixture *f = *state;
	const char *path = fixture_path(f, "root-key"), *other = fixture_path(f, "linked");
	struct root_key *key = NULL;

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		assert_int_equal(chmod(path, ROWS[i].mode), 0);
		ASSERT_ST(ROWS[i].st, root_key_open(path, true, &key, &f->complaint));
		root_key_close(&key);
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(symlink(path, other), 0);
	ASSERT_ST(ST_DENIED, root_key_open(other, true, &key, &f->complaint));
	ASSERT_ST(ST_NOT_FOUND, root_key_open(fixture_path(f, "none"), false, &key, &f->complaint));
	ASSERT_OK(root_key_open(path, false, &key, &f->complaint));
	assert_string_equal(root_key_id(key), root_key_id(f->root_key));
	root_key_close(&key);
	assert_int_equal(truncate(path, 50), 0);
	ASSERT_ST(ST_DAMAGED, root_key_open(path, true, &key, &f->complaint));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(names_of_accounts),
		WITH(an_account_is_suspended_and_active),
		WITH(a_host_names_one_account),
		WITH(emails),
		WITH(an_account_has_exactly_one_owner),
		WITH(an_erased_person_is_nowhere),
		WITH(profiles_are_sets_named_once_an_account),
		WITH(a_linked_profile_is_deleted_on_request_only),
		WITH(routes_say_what_they_need),
		WITH(the_catalogue_is_the_operators),
		WITH(a_create_that_is_sent_twice_happens_once),
		WITH(events_are_paged_and_filtered),
		WITH(an_import_takes_what_it_can),
		WITH(changes_since_a_revision),
		WITH(the_root_key_is_private_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
