/* Management tokens: what they may be, who makes them, where they work, and when they end. */
#include "fixture.h"

#include "records/login.h"
#include "records/management_token.h"
#include "records/right.h"

#include <stdio.h>

#define DAY_US (INT64_C(86400) * 1000000)

static const struct span KEYS_VIEW[] = { { "keys.view", 9 } };
static const struct span LAN[] = { { "10.0.0.0/8", 10 }, { "2001:db8::/33", 13 } };

static struct management_token_new plain(struct fixture *f)
{
	return (struct management_token_new){ .account_slot = f->acme,
		.digest = digest_of(40),
		.label = SPAN_LIT("deploy"),
		.rights = KEYS_VIEW,
		.rights_count = 1,
		.addresses = LAN,
		.addresses_count = 2,
		.expires_at_us = NOW + DAY_US };
}

static enum status create(
	struct fixture *f, const struct management_token_new *token, uint32_t *out_slot)
{
	struct change *change = begin(f);

	return end(&change, management_token_create(change, token, out_slot, &f->complaint));
}

static struct record_management_token find(struct fixture *f, unsigned digest)
{
	struct snapshot *snapshot = NULL;
	struct record_management_token token;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(management_token_find(snapshot, digest_of(digest), f->arena, &token));
	snapshot_end(&snapshot);
	return token;
}

static void one_is_found_by_its_digest(void **state)
{
	struct fixture *f = *state;
	struct record_management_token token;
	struct management_token_new new;
	uint32_t slot;

	fixture_accounts(f);
	new = plain(f);
	ASSERT_OK(create(f, &new, &slot));
	token = find(f, 40);
	assert_int_equal(token.slot, slot);
	assert_true(span_is(token.account, "acme"));
	assert_true(span_is(token.rights, "keys.view"));
	assert_int_equal(token.created_by, 0);
	assert_true(span_contains(last_event(f, 0), "\"action\":\"management_token.create\""));
	assert_true(span_contains(last_event(f, 0), "\"kind\":\"management_token\""));
	assert_true(management_token_live(&token, NOW + DAY_US - 1));
	assert_false(management_token_live(&token, NOW + DAY_US));
	ASSERT_ST(ST_EXISTS, create(f, &new, &slot));
	assert_chain(f);
}

static void what_one_may_be(void **state)
{
	static const struct span UNKNOWN[] = { { "keys.view", 9 }, { "owner", 5 } };
	static const struct span TWICE[] = { { "keys.edit", 9 }, { "keys.view", 9 },
		{ "keys.edit", 9 } };
	static const struct span BAD[] = { { "10.0.0.1/8", 10 } };
	static const struct {
		const char *label;
		const struct span *rights;
		size_t rights_count;
		const struct span *addresses;
		size_t addresses_count;
		int64_t expires_in_us;
		enum status st;
	} ROWS[] = {
		{ "as long as it may", KEYS_VIEW, 1, LAN, 1, 90 * DAY_US, ST_OK },
		{ "longer", KEYS_VIEW, 1, LAN, 1, 90 * DAY_US + 1, ST_INVALID },
		{ "over already", KEYS_VIEW, 1, LAN, 1, 0, ST_INVALID },
		{ "for ever", KEYS_VIEW, 1, LAN, 1, -NOW, ST_INVALID },
		{ "no rights", KEYS_VIEW, 0, LAN, 1, DAY_US, ST_INVALID },
		{ "a right that is none", UNKNOWN, 2, LAN, 1, DAY_US, ST_INVALID },
		{ "a right twice", TWICE, 3, LAN, 1, DAY_US, ST_OK },
		{ "from anywhere", KEYS_VIEW, 1, LAN, 0, DAY_US, ST_INVALID },
		{ "no network", KEYS_VIEW, 1, BAD, 1, DAY_US, ST_INVALID },
	};
	struct fixture *f = *state;
	uint32_t slot;

	fixture_accounts(f);
	for (unsigned i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct management_token_new token = plain(f);

		token.digest = digest_of(60 + i);
		token.rights = ROWS[i].rights;
		token.rights_count = ROWS[i].rights_count;
		token.addresses = ROWS[i].addresses;
		token.addresses_count = ROWS[i].addresses_count;
		token.expires_at_us = NOW + ROWS[i].expires_in_us;
		CHECK_ROW(ROWS[i].label, create(f, &token, &slot) == ROWS[i].st);
		CHECK_ROW(ROWS[i].label, ROWS[i].st == ST_OK || f->complaint.key != NULL);
	}
	assert_true(span_is(find(f, 66).rights, "keys.view keys.edit"));
}

static void where_it_works(void **state)
{
	static const struct {
		const char *label;
		uint8_t address[16];
		bool admits;
	} ROWS[] = {
		{ "in the IPv4 network",
			{ [10] = 0xFF, [11] = 0xFF, [12] = 10, [13] = 9, [15] = 7 }, true },
		{ "beside it", { [10] = 0xFF, [11] = 0xFF, [12] = 11 }, false },
		{ "in the IPv6 network", { 0x20, 0x01, 0x0d, 0xb8, 0x7F, [15] = 1 }, true },
		{ "one bit beside it", { 0x20, 0x01, 0x0d, 0xb8, 0x80 }, false },
		{ "nothing", { 0 }, false },
		{ "the bytes of the IPv4 network, not mapped", { 10 }, false },
	};
	struct fixture *f = *state;
	struct record_management_token token;
	struct management_token_new new;
	uint32_t slot;

	fixture_accounts(f);
	new = plain(f);
	ASSERT_OK(create(f, &new, &slot));
	token = find(f, 40);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		CHECK_ROW(ROWS[i].label,
			management_token_admits(&token, ROWS[i].address) == ROWS[i].admits);
}

static void revoked_is_final(void **state)
{
	struct fixture *f = *state;
	struct management_token_new new;
	struct change *change;
	uint32_t slot;

	fixture_accounts(f);
	new = plain(f);
	ASSERT_OK(create(f, &new, &slot));
	change = begin(f);
	ASSERT_OK(management_token_revoke(change, slot, &f->complaint));
	commit(&change);
	struct record_management_token token = find(f, 40);
	assert_false(management_token_live(&token, NOW));
	assert_int_equal(token.version, 2);
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, management_token_revoke(change, slot, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_NOT_FOUND,
		end(&change, management_token_revoke(change, slot + 1, &f->complaint)));
}

static void its_use_is_kept_to_a_minute(void **state)
{
	struct fixture *f = *state;
	struct record_management_token token;
	struct management_token_new new;
	struct head head;
	uint32_t slot;

	fixture_accounts(f);
	new = plain(f);
	ASSERT_OK(create(f, &new, &slot));
	head = records_head(f->records);
	token = find(f, 40);
	ASSERT_OK(management_token_used(f->records, &token, NOW + 7));
	token = find(f, 40);
	assert_int_equal(token.used_at_us, NOW + 7);
	ASSERT_OK(management_token_used(f->records, &token, NOW + 7 + 59999999));
	assert_int_equal(find(f, 40).used_at_us, NOW + 7);
	ASSERT_OK(management_token_used(f->records, &token, NOW + 7 + 60000000));
	assert_int_equal(find(f, 40).used_at_us, NOW + 7 + 60000000);
	assert_int_equal(records_head(f->records).revision, head.revision);
	assert_int_equal(find(f, 40).version, 1);
	assert_chain(f);
}

static void only_the_owner_makes_them(void **state)
{
	struct fixture *f = *state;
	struct management_token_new new;
	struct actor boss = f->actor;
	uint32_t slot, bea;

	fixture_accounts(f);
	bea = make_user(f, f->acme, "bea@acme.example");
	new = plain(f);
	f->actor = (struct actor){ .kind = ACTOR_USER, .user_slot = bea, .peer_uid = -1 };
	ASSERT_ST(ST_DENIED, create(f, &new, &slot));
	new.account_slot = f->other;
	ASSERT_ST(ST_NOT_FOUND, create(f, &new, &slot));
	f->actor = boss;
}

static bool counts(struct fixture *f, uint32_t slot)
{
	struct snapshot *snapshot = NULL;
	struct holding holding;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_token_holding(snapshot, slot, f->now_us, &holding));
	snapshot_end(&snapshot);
	return holding.is_active;
}

/* One by the operator, one by the owner. */
static uint32_t two_tokens(struct fixture *f, uint32_t *out_of_operator)
{
	struct management_token_new new;
	struct actor boss = f->actor;
	struct snapshot *snapshot = NULL;
	struct record_account account;
	uint32_t slot;

	fixture_accounts(f);
	new = plain(f);
	ASSERT_OK(create(f, &new, out_of_operator));
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_account(snapshot, f->acme, f->arena, &account));
	snapshot_end(&snapshot);
	f->actor = (struct actor){
		.kind = ACTOR_USER, .user_slot = account.owner_slot, .peer_uid = -1
	};
	new.digest = digest_of(77);
	ASSERT_OK(create(f, &new, &slot));
	f->actor = boss;
	return slot;
}

static void a_reset_of_the_owner_ends_his(void **state)
{
	struct fixture *f = *state;
	uint32_t of_operator, of_owner = two_tokens(f, &of_operator), owner;
	struct snapshot *snapshot = NULL;
	struct record_management_token token;
	struct change *change;
	int64_t expires;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_management_token(snapshot, of_owner, f->arena, &token));
	snapshot_end(&snapshot);
	owner = token.created_by;
	assert_true(counts(f, of_owner));
	change = begin(f);
	ASSERT_OK(end(&change, login_reset(change, owner, digest_of(9), &expires, &f->complaint)));
	assert_false(counts(f, of_owner));
	assert_true(counts(f, of_operator));
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_management_token(snapshot, of_owner, f->arena, &token));
	snapshot_end(&snapshot);
	assert_true(token.revoked_at_us != 0);
	assert_chain(f);
}

/* Whatever became of him without the records seeing to it. */
static void one_counts_only_while_its_maker_is_the_owner(void **state)
{
	static const char *const ACTS[] = { "UPDATE users SET state = 2",
		"UPDATE users SET state = 3", "UPDATE users SET is_owner = 0" };
	struct fixture *f = *state;
	uint32_t of_operator, of_owner = two_tokens(f, &of_operator);

	for (size_t i = 0; i < ARRAY_LEN(ACTS); i++) {
		meddle(f->db_path, ACTS[i]);
		CHECK_ROW(ACTS[i], !counts(f, of_owner) && counts(f, of_operator));
		meddle(f->db_path, "UPDATE users SET state = 1, is_owner = 1");
		CHECK_ROW(ACTS[i], counts(f, of_owner));
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(one_is_found_by_its_digest),
		TEST(what_one_may_be),
		TEST(where_it_works),
		TEST(revoked_is_final),
		TEST(its_use_is_kept_to_a_minute),
		TEST(only_the_owner_makes_them),
		TEST(a_reset_of_the_owner_ends_his),
		TEST(one_counts_only_while_its_maker_is_the_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
