/* One-time links: the token is made when one is opened, exactly once; what makes them void. */
#include "fixture.h"

#include "records/handover.h"

#include <pthread.h>
#include <stdio.h>

#define LINK 900u

static const struct actor LINK_ACTOR = {
	.kind = ACTOR_SYSTEM, .name = { "one-time-link", 13 }, .peer_uid = -1
};

/* A key without a token, and a link for its first one. */
static uint32_t waiting_key(struct fixture *f)
{
	struct key_new key = { .app_key = SPAN_LIT("appkey-acme-h"), .label = SPAN_LIT("ERP") };
	struct change *change;
	uint32_t slot;

	fixture_accounts(f);
	key.account_slot = f->acme;
	change = begin(f);
	ASSERT_OK(key_create(change, &key, &slot, &f->complaint));
	ASSERT_OK(handover_create(change, slot, digest_of(LINK), ROTATE_OPEN, &f->complaint));
	commit(&change);
	return slot;
}

static enum status hand_over(struct fixture *f, uint32_t slot, unsigned link, int64_t overlap_us)
{
	struct change *change = begin(f);

	return end(
		&change, handover_create(change, slot, digest_of(link), overlap_us, &f->complaint));
}

static enum status open_link(struct fixture *f, unsigned link, unsigned token)
{
	struct change *change = NULL;
	uint32_t slot;

	f->complaint = (struct complaint){ 0 };
	ASSERT_OK(change_begin(f->records, &LINK_ACTOR, f->now_us, &change));
	return end(&change,
		handover_open(change, digest_of(link), digest_of(token), &slot, &f->complaint));
}

static enum handover_state state_of(struct fixture *f, unsigned link)
{
	struct snapshot *snapshot = NULL;
	struct record_handover handover;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_handover(snapshot, digest_of(link), &handover));
	snapshot_end(&snapshot);
	return handover_state(&handover, f->now_us);
}

static void until_it_is_opened_the_key_has_no_token(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = waiting_key(f);
	struct record_key key = read_key(f, slot);

	assert_int_equal(key.tokens_count, 0);
	assert_int_equal(key.handover.expires_at_us, NOW + HANDOVER_VALID_US);
	assert_true(span_contains(last_event(f, 0), "\"action\":\"key.handover\""));
	assert_int_equal(state_of(f, LINK), HANDOVER_WAITING);

	f->now_us += 5;
	ASSERT_OK(open_link(f, LINK, 1));
	key = read_key(f, slot);
	assert_int_equal(key.live_count, 1);
	assert_memory_equal(key.tokens[0].digest, digest_of(1), DIGEST_SIZE);
	assert_int_equal(key.handover.opened_at_us, NOW + 5);
	assert_true(span_contains(last_event(f, 0), "\"action\":\"key.handover_open\""));
	assert_true(span_contains(last_event(f, 0), "\"id\":\"system:one-time-link\""));
	assert_chain(f);
}

static void a_link_opens_once(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = waiting_key(f);

	ASSERT_OK(open_link(f, LINK, 1));
	ASSERT_ST(ST_CONFLICT, open_link(f, LINK, 2));
	assert_string_equal(f->complaint.key, "records.handover_opened");
	assert_int_equal(read_key(f, slot).tokens_count, 1);
	ASSERT_ST(ST_NOT_FOUND, open_link(f, LINK + 1, 3));
}

static void it_is_over_after_a_day(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = waiting_key(f);

	f->now_us = NOW + HANDOVER_VALID_US;
	assert_int_equal(state_of(f, LINK), HANDOVER_EXPIRED);
	ASSERT_ST(ST_CONFLICT, open_link(f, LINK, 1));
	assert_string_equal(f->complaint.key, "records.handover_expired");
	f->now_us--;
	assert_int_equal(state_of(f, LINK), HANDOVER_WAITING);
	ASSERT_OK(open_link(f, LINK, 1));
	assert_int_equal(read_key(f, slot).live_count, 1);
}

static enum status do_revoke(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return key_revoke(change, slot, REVOKE_UNUSED, complaint);
}

static enum status do_rotate(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return key_rotate(change, slot, digest_of(50), 0, complaint);
}

static enum status do_new_link(struct change *change, uint32_t slot, struct complaint *complaint)
{
	return handover_create(change, slot, digest_of(LINK + 7), 0, complaint);
}

static void what_makes_it_void(void **state)
{
	static const struct {
		const char *label;
		enum status (*apply)(
			struct change *change, uint32_t slot, struct complaint *complaint);
	} ROWS[] = {
		{ "revoking the key", do_revoke },
		{ "deactivating the key", key_deactivate },
		{ "rotating by hand", do_rotate },
		{ "a newer link", do_new_link },
		{ "withdrawing it", handover_withdraw },
	};
	struct fixture *f = *state;

	fixture_accounts(f);
	for (unsigned i = 0; i < ARRAY_LEN(ROWS); i++) {
		char app_key[24];
		uint32_t slot;
		struct change *change;

		snprintf(app_key, sizeof(app_key), "appkey-void-%u", i);
		slot = make_key(f, f->acme, app_key, 100 + i);
		ASSERT_OK(hand_over(f, slot, LINK + 20 + i, 0));
		change = begin(f);
		ASSERT_OK(ROWS[i].apply(change, slot, &f->complaint));
		commit(&change);
		CHECK_ROW(ROWS[i].label, state_of(f, LINK + 20 + i) == HANDOVER_VOID);
		CHECK_ROW(ROWS[i].label, open_link(f, LINK + 20 + i, 200 + i) == ST_CONFLICT);
		if (ROWS[i].apply == do_rotate)
			f->now_us++; /* its digest is taken */
	}
	assert_chain(f);
}

static void only_a_link_that_waits_is_withdrawn(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = waiting_key(f);
	struct change *change = begin(f);

	ASSERT_OK(end(&change, handover_withdraw(change, slot, &f->complaint)));
	assert_true(span_contains(last_event(f, 0), "key.handover_void"));
	for (unsigned i = 0; i < 3; i++) {
		change = begin(f);
		ASSERT_ST(
			ST_CONFLICT, end(&change, handover_withdraw(change, slot, &f->complaint)));
		assert_string_equal(f->complaint.key, "records.handover_none_waits");
		if (i == 0) {
			ASSERT_OK(hand_over(f, slot, LINK + 1, ROTATE_OPEN));
			ASSERT_OK(open_link(f, LINK + 1, 5));
		} else if (i == 1) {
			ASSERT_OK(hand_over(f, slot, LINK + 2, ROTATE_OPEN));
			f->now_us += HANDOVER_VALID_US;
		}
	}
	assert_chain(f);
}

/* Who leaves may hold the link still. */
static void another_owner_makes_it_void(void **state)
{
	struct fixture *f = *state;
	struct change *change;
	uint32_t user;

	(void)waiting_key(f);
	user = make_user(f, f->acme, "eva@acme.example");
	assert_true(state_of(f, LINK) == HANDOVER_WAITING);
	change = begin(f);
	ASSERT_OK(owner_transfer(change, user, &f->complaint));
	commit(&change);
	assert_true(state_of(f, LINK) == HANDOVER_VOID);
	assert_int_equal(open_link(f, LINK, 300), ST_CONFLICT);
	assert_chain(f);
}

static void a_key_that_nobody_may_use_is_not_handed_over(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = waiting_key(f);
	struct key_edit edit = { .set_expiry = true, .expires_at_us = NOW + 10 };
	struct change *change = begin(f);

	ASSERT_OK(key_edit(change, slot, &edit, &f->complaint));
	commit(&change);
	f->now_us = NOW + 10;
	ASSERT_ST(ST_CONFLICT, open_link(f, LINK, 1));
	assert_string_equal(f->complaint.key, "records.handover_void");
	ASSERT_ST(ST_CONFLICT, hand_over(f, slot, LINK + 1, 0));
	f->now_us = NOW + 9;
	ASSERT_OK(open_link(f, LINK, 1));

	change = begin(f);
	ASSERT_OK(key_deactivate(change, slot, &f->complaint));
	commit(&change);
	ASSERT_ST(ST_CONFLICT, hand_over(f, slot, LINK + 2, 0));
	assert_string_equal(f->complaint.key, "records.handover_inactive");
}

static void a_rotation_is_made_when_its_link_is_opened(void **state)
{
	struct fixture *f = *state;
	uint32_t slot;
	struct record_key key;

	fixture_accounts(f);
	slot = make_key(f, f->acme, "appkey-acme-r", 1);
	ASSERT_OK(hand_over(f, slot, LINK, ROTATE_OPEN));
	key = read_key(f, slot);
	assert_false(key.rotation_open);
	assert_true(key.handover.is_rotation);
	ASSERT_OK(open_link(f, LINK, 2));
	key = read_key(f, slot);
	assert_true(key.rotation_open);
	assert_int_equal(key.live_count, 2);
	/* While it is open there is no other one. */
	ASSERT_ST(ST_CONFLICT, hand_over(f, slot, LINK + 1, 0));
	assert_string_equal(f->complaint.key, "records.rotation_is_open");
}

static void neither_secret_nor_digest_stands_in_events(void **state)
{
	struct fixture *f = *state;
	char hex[2 * DIGEST_SIZE + 1];

	waiting_key(f);
	ASSERT_OK(open_link(f, LINK, 1));
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest_of(LINK)[i]);
	for (int64_t i = 0; i < records_head(f->records).revision; i++)
		assert_false(span_contains(last_event(f, i), hex + 8));
}

/* ---- two at once ---- */

struct opener {
	struct fixture *f;
	unsigned token;
	uint8_t link[DIGEST_SIZE], digest[DIGEST_SIZE];
	enum status st;
};

static void *opener_run(void *arg)
{
	struct opener *opener = arg;
	struct change *change = NULL;
	struct complaint complaint = { 0 };
	uint32_t slot;

	opener->st = change_begin(opener->f->records, &LINK_ACTOR, NOW, &change);
	if (opener->st == ST_OK)
		opener->st = end(&change,
			handover_open(change, opener->link, opener->digest, &slot, &complaint));
	return NULL;
}

static void of_many_at_once_one_wins(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = waiting_key(f);
	struct opener openers[8];
	pthread_t threads[8];
	size_t won = 0;

	for (unsigned i = 0; i < ARRAY_LEN(openers); i++) {
		openers[i] = (struct opener){ .f = f };
		memcpy(openers[i].link, digest_of(LINK), DIGEST_SIZE);
		memcpy(openers[i].digest, digest_of(300 + i), DIGEST_SIZE);
		assert_int_equal(pthread_create(&threads[i], NULL, opener_run, &openers[i]), 0);
	}
	for (unsigned i = 0; i < ARRAY_LEN(openers); i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		won += openers[i].st == ST_OK;
		assert_true(openers[i].st == ST_OK || openers[i].st == ST_CONFLICT);
	}
	assert_int_equal(won, 1);
	assert_int_equal(read_key(f, slot).tokens_count, 1);
	assert_chain(f);
}

static void what_a_failed_change_made_is_not_there(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = waiting_key(f);
	struct change *change = NULL;
	uint32_t ignored;

	ASSERT_OK(change_begin(f->records, &LINK_ACTOR, NOW, &change));
	ASSERT_OK(handover_open(change, digest_of(LINK), digest_of(1), &ignored, &f->complaint));
	change_abort(&change);
	assert_int_equal(state_of(f, LINK), HANDOVER_WAITING);
	assert_int_equal(read_key(f, slot).tokens_count, 0);
	ASSERT_OK(open_link(f, LINK, 1));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(until_it_is_opened_the_key_has_no_token),
		TEST(a_link_opens_once),
		TEST(it_is_over_after_a_day),
		TEST(what_makes_it_void),
		TEST(only_a_link_that_waits_is_withdrawn),
		TEST(another_owner_makes_it_void),
		TEST(a_key_that_nobody_may_use_is_not_handed_over),
		TEST(a_rotation_is_made_when_its_link_is_opened),
		TEST(neither_secret_nor_digest_stands_in_events),
		TEST(of_many_at_once_one_wins),
		TEST(what_a_failed_change_made_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
