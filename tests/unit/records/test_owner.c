/* The ownership of an account by invitation, and what the old owner keeps: nothing. */
#include "fixture.h"

#include "records/login.h"
#include "records/management_token.h"
#include "records/owner.h"
#include "records/session.h"

#include <pthread.h>
#include <stdio.h>

struct people {
	uint32_t ana, bea, carl;
	struct actor as_ana, as_bea, as_carl, operator;
};

static struct actor as(uint32_t user_slot)
{
	return (struct actor){ .kind = ACTOR_USER, .user_slot = user_slot, .peer_uid = -1 };
}

/* As after his enrolment. */
static void enrol(struct fixture *f, uint32_t user_slot)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		"INSERT INTO credentials (user_slot, password, totp, totp_last_step,"
		" created_at_us, changed_at_us) VALUES (%u, '$argon2id$', zeroblob(%u), 0, 1, 1)",
		user_slot, TOTP_SEALED_SIZE);
	meddle(f->db_path, sql);
}

/* Ana owns acme; Bea and Carl are its users; all of them enrolled. */
static struct people people_make(struct fixture *f)
{
	struct people p = { .operator= f->actor };

	fixture_accounts(f);
	p.ana = owner_of(f);
	p.bea = make_user(f, f->acme, "bea@acme.example");
	p.carl = make_user(f, f->acme, "carl@acme.example");
	enrol(f, p.ana);
	enrol(f, p.bea);
	enrol(f, p.carl);
	p.as_ana = as(p.ana);
	p.as_bea = as(p.bea);
	p.as_carl = as(p.carl);
	return p;
}

static enum status invite(struct fixture *f, struct actor who, uint32_t user_slot)
{
	struct change *change;

	f->actor = who;
	change = begin(f);
	return end(&change, owner_invite(change, user_slot, &f->complaint));
}

static enum status accept(struct fixture *f, struct actor who)
{
	struct change *change;

	f->actor = who;
	change = begin(f);
	return end(&change, owner_invitation_accept(change, f->acme, &f->complaint));
}

static enum status cancel(struct fixture *f, struct actor who)
{
	struct change *change;

	f->actor = who;
	change = begin(f);
	return end(&change, owner_invitation_cancel(change, f->acme, &f->complaint));
}

static enum status invitation(struct fixture *f, struct record_invitation *out)
{
	struct snapshot *snapshot = NULL;
	enum status st;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	st = snapshot_invitation(snapshot, f->acme, out);
	snapshot_end(&snapshot);
	return st;
}

static void the_invited_accepts_and_the_old_owner_cannot(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);
	struct record_invitation waiting;

	ASSERT_OK(invite(f, p.as_ana, p.bea));
	ASSERT_OK(invitation(f, &waiting));
	assert_int_equal(waiting.user_slot, p.bea);
	assert_int_equal(waiting.expires_at_us, NOW + OWNER_INVITATION_VALID_US);
	assert_int_equal(owner_of(f), p.ana);
	assert_true(span_contains(last_event(f, 0), "\"action\":\"owner.invite\""));

	ASSERT_OK(accept(f, p.as_bea));
	assert_int_equal(owner_of(f), p.bea);
	assert_true(span_contains(last_event(f, 2), "\"action\":\"owner.accept\""));
	assert_true(span_contains(last_event(f, 1), "\"action\":\"owner.leave\""));
	assert_true(span_contains(last_event(f, 0), "\"action\":\"owner.transfer\""));
	ASSERT_ST(ST_NOT_FOUND, invitation(f, &waiting));
	ASSERT_ST(ST_DENIED, invite(f, p.as_ana, p.carl));
	ASSERT_OK(invite(f, p.as_bea, p.ana));
	assert_chain(f);
}

static bool link_is_there(struct fixture *f, unsigned digest)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct record_enrolment enrolment;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	return snapshot_enrolment(snapshot, digest_of(digest), f->now_us, &enrolment) == ST_OK;
}

static void give_link(struct fixture *f, struct actor who, uint32_t user_slot, unsigned digest)
{
	struct change *change;
	int64_t expires;

	f->actor = who;
	change = begin(f);
	ASSERT_OK(end(&change,
		login_reset(change, user_slot, digest_of(digest), &expires, &f->complaint)));
}

static void who_has_not_enrolled_is_not_invited(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);

	give_link(f, p.as_ana, p.bea, 60);
	ASSERT_ST(ST_CONFLICT, invite(f, p.as_ana, p.bea));
	assert_string_equal(f->complaint.key, "records.owner_not_enrolled");
	ASSERT_ST(ST_CONFLICT, invite(f, p.operator, p.bea));
	enrol(f, p.bea);
	ASSERT_OK(invite(f, p.as_ana, p.bea));
	/* Reset in between: what she proves herself with is not hers any more. */
	meddle(f->db_path, "DELETE FROM credentials WHERE user_slot > 1");
	ASSERT_ST(ST_CONFLICT, accept(f, p.as_bea));
	assert_string_equal(f->complaint.key, "records.owner_not_enrolled");
	assert_int_equal(owner_of(f), p.ana);
	enrol(f, p.bea);
	ASSERT_OK(accept(f, p.as_bea));
}

static void links_of_the_new_owner_are_void(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);
	struct change *change;

	/* Made by the old owner, who may have kept it. */
	give_link(f, p.as_ana, p.bea, 60);
	enrol(f, p.bea);
	assert_true(link_is_there(f, 60));
	ASSERT_OK(invite(f, p.as_ana, p.bea));
	ASSERT_OK(accept(f, p.as_bea));
	assert_false(link_is_there(f, 60));
	/* A lost owner's way out: the operator, and somebody who has not enrolled. */
	give_link(f, p.as_bea, p.carl, 61);
	f->actor = p.operator;
	change = begin(f);
	ASSERT_OK(end(&change, owner_transfer(change, p.carl, &f->complaint)));
	assert_int_equal(owner_of(f), p.carl);
	assert_false(link_is_there(f, 61));
	assert_chain(f);
}

/* He is not who he was when he was invited, or is not to be it any more. */
static void what_takes_an_invitation_back(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);
	struct record_invitation waiting;
	struct change *change;
	int64_t expires;

	for (int i = 0; i < 3; i++) {
		ASSERT_OK(invite(f, p.as_ana, p.bea));
		/* What becomes of another user takes nothing back. */
		give_link(f, p.as_ana, p.carl, 70 + (unsigned)i);
		ASSERT_OK(invitation(f, &waiting));
		change = begin(f);
		if (i == 0)
			ASSERT_OK(
				login_reset(change, p.bea, digest_of(80), &expires, &f->complaint));
		else if (i == 1)
			ASSERT_OK(user_set_state(change, p.bea, USER_SUSPENDED, &f->complaint));
		else
			ASSERT_OK(user_erase(change, p.bea, &f->complaint));
		commit(&change);
		ASSERT_ST(ST_NOT_FOUND, invitation(f, &waiting));
		if (i == 0)
			enrol(f, p.bea);
		if (i != 1)
			continue;
		change = begin(f);
		ASSERT_OK(user_set_state(change, p.bea, USER_ACTIVE, &f->complaint));
		commit(&change);
		ASSERT_ST(ST_NOT_FOUND, invitation(f, &waiting));
	}
	assert_chain(f);
}

static void a_suspension_voids_the_link_too(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);
	struct change *change;

	give_link(f, p.as_ana, p.bea, 60);
	change = begin(f);
	ASSERT_OK(user_set_state(change, p.bea, USER_SUSPENDED, &f->complaint));
	ASSERT_OK(user_set_state(change, p.bea, USER_ACTIVE, &f->complaint));
	commit(&change);
	assert_false(link_is_there(f, 60));
}

static void who_may_accept(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);

	ASSERT_ST(ST_NOT_FOUND, accept(f, p.as_bea));
	ASSERT_OK(invite(f, p.as_ana, p.bea));
	ASSERT_ST(ST_DENIED, accept(f, p.as_carl));
	ASSERT_ST(ST_DENIED, accept(f, p.as_ana));
	ASSERT_ST(ST_DENIED, accept(f, p.operator));
	f->now_us = NOW + OWNER_INVITATION_VALID_US;
	ASSERT_ST(ST_CONFLICT, accept(f, p.as_bea));
	assert_string_equal(f->complaint.key, "records.invitation_expired");
	f->now_us--;
	ASSERT_OK(accept(f, p.as_bea));
}

static void who_may_invite_whom(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);
	struct change *change;

	ASSERT_ST(ST_DENIED, invite(f, p.as_bea, p.carl));
	ASSERT_ST(ST_CONFLICT, invite(f, p.as_ana, p.ana));
	f->actor = p.operator;
	uint32_t stranger = make_user(f, f->other, "zoe@other.example");
	change = begin(f);
	ASSERT_OK(user_set_state(change, p.carl, USER_SUSPENDED, &f->complaint));
	commit(&change);
	ASSERT_ST(ST_NOT_FOUND, invite(f, p.as_ana, stranger));
	ASSERT_ST(ST_CONFLICT, invite(f, p.as_ana, p.carl));
	/* A newer one takes the place of the older. */
	ASSERT_OK(invite(f, p.as_ana, p.bea));
	f->actor = p.operator;
	change = begin(f);
	ASSERT_OK(user_set_state(change, p.carl, USER_ACTIVE, &f->complaint));
	commit(&change);
	ASSERT_OK(invite(f, p.as_ana, p.carl));
	ASSERT_ST(ST_DENIED, accept(f, p.as_bea));
	ASSERT_OK(accept(f, p.as_carl));
}

static void who_may_cancel(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);

	ASSERT_OK(invite(f, p.as_ana, p.bea));
	ASSERT_ST(ST_DENIED, cancel(f, p.as_carl));
	ASSERT_OK(cancel(f, p.as_bea));
	assert_true(span_contains(last_event(f, 0), "\"action\":\"owner.cancel\""));
	ASSERT_ST(ST_NOT_FOUND, accept(f, p.as_bea));
	ASSERT_OK(invite(f, p.as_ana, p.bea));
	ASSERT_OK(cancel(f, p.as_ana));
	ASSERT_ST(ST_NOT_FOUND, cancel(f, p.as_ana));
	assert_int_equal(owner_of(f), p.ana);
}

static void a_suspended_user_does_not_accept(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);

	ASSERT_OK(invite(f, p.as_ana, p.bea));
	/* A suspension takes the invitation back; his state alone must do as well. */
	meddle(f->db_path, "UPDATE users SET state = 2 WHERE email_key LIKE 'bea@%'");
	ASSERT_ST(ST_DENIED, accept(f, p.as_bea));
	ASSERT_ST(ST_DENIED, cancel(f, p.as_bea));
	assert_int_equal(owner_of(f), p.ana);
}

static void a_session_that_ended_accepts_nothing(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);

	ASSERT_OK(invite(f, p.as_ana, p.bea));
	p.as_bea.session_slot = 4711;
	ASSERT_ST(ST_DENIED, accept(f, p.as_bea));
	assert_int_equal(owner_of(f), p.ana);
}

static uint32_t start_session(struct fixture *f, uint32_t user_slot, unsigned n)
{
	struct session_new session = {
		.user_slot = user_slot, .kind = SESSION_CLI, .digest = digest_of(n)
	};
	struct change *change = begin(f);
	uint32_t slot = 0;

	ASSERT_OK(end(&change, session_begin(change, &session, &slot)));
	return slot;
}

static enum status find_session(struct fixture *f, unsigned n)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct record_session session;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	return session_find(snapshot, SESSION_CLI, digest_of(n), f->now_us, &session);
}

static void the_session_that_accepts_stays_and_the_others_end(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);

	start_session(f, p.ana, 1);
	start_session(f, p.bea, 2);
	p.as_bea.session_slot = start_session(f, p.bea, 3);
	start_session(f, p.carl, 4);
	ASSERT_OK(invite(f, p.as_ana, p.bea));
	ASSERT_OK(accept(f, p.as_bea));
	ASSERT_ST(ST_NOT_FOUND, find_session(f, 1));
	ASSERT_ST(ST_NOT_FOUND, find_session(f, 2));
	ASSERT_OK(find_session(f, 3));
	ASSERT_OK(find_session(f, 4));
	/* It is the owner's now. */
	ASSERT_OK(invite(f, p.as_bea, p.carl));
}

static void the_operators_transfer_ends_it(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);
	struct record_invitation waiting;
	struct change *change;

	ASSERT_OK(invite(f, p.as_ana, p.bea));
	f->actor = p.operator;
	change = begin(f);
	ASSERT_OK(owner_transfer(change, p.carl, &f->complaint));
	commit(&change);
	ASSERT_ST(ST_NOT_FOUND, invitation(f, &waiting));
	ASSERT_ST(ST_NOT_FOUND, accept(f, p.as_bea));
	assert_int_equal(owner_of(f), p.carl);
}

static uint32_t make_token(struct fixture *f, unsigned digest)
{
	static const struct span RIGHTS[] = { { "keys.edit", 9 } };
	static const struct span ADDRESSES[] = { { "10.0.0.0/8", 10 } };
	struct management_token_new token = { .account_slot = f->acme,
		.digest = digest_of(digest),
		.label = SPAN_LIT("deploy"),
		.rights = RIGHTS,
		.rights_count = 1,
		.addresses = ADDRESSES,
		.addresses_count = 1,
		.expires_at_us = NOW + OWNER_INVITATION_VALID_US };
	struct change *change = begin(f);
	uint32_t slot;

	ASSERT_OK(management_token_create(change, &token, &slot, &f->complaint));
	commit(&change);
	return slot;
}

static bool is_live(struct fixture *f, uint32_t slot)
{
	struct snapshot *snapshot = NULL;
	struct record_management_token token;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_management_token(snapshot, slot, f->arena, &token));
	snapshot_end(&snapshot);
	return management_token_live(&token, f->now_us);
}

static void all_tokens_end_with_the_old_owner(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);
	uint32_t of_operator = make_token(f, 1), of_ana;

	f->actor = p.as_ana;
	of_ana = make_token(f, 2);
	ASSERT_OK(invite(f, p.as_ana, p.bea));
	assert_true(is_live(f, of_ana));
	ASSERT_OK(accept(f, p.as_bea));
	assert_false(is_live(f, of_ana));
	assert_false(is_live(f, of_operator));
	assert_true(span_contains(last_event(f, 0), "\"action\":\"management_token.revoke\""));
	assert_chain(f);
}

/* ---- a race ---- */

struct racer {
	struct fixture *f;
	struct actor actor;
	enum status (*act)(
		struct change *change, uint32_t account_slot, struct complaint *complaint);
	enum status st;
};

static void *racer_run(void *arg)
{
	struct racer *racer = arg;
	struct change *change = NULL;
	struct complaint complaint = { 0 };

	racer->st = change_begin(racer->f->records, &racer->actor, NOW, &change);
	if (racer->st == ST_OK)
		racer->st = end(&change, racer->act(change, racer->f->acme, &complaint));
	return NULL;
}

static void accepted_or_cancelled_never_both(void **state)
{
	struct fixture *f = *state;
	struct people p = people_make(f);

	for (int i = 0; i < 20 && owner_of(f) == p.ana; i++) {
		struct racer racers[] = {
			{ .f = f, .actor = p.as_ana, .act = owner_invitation_cancel },
			{ .f = f, .actor = p.as_bea, .act = owner_invitation_accept },
		};
		pthread_t threads[2];

		ASSERT_OK(invite(f, p.as_ana, p.bea));
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(
				pthread_create(&threads[k], NULL, racer_run, &racers[k]), 0);
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(pthread_join(threads[k], NULL), 0);
		assert_int_equal((racers[0].st == ST_OK) + (racers[1].st == ST_OK), 1);
		assert_int_equal(owner_of(f), racers[1].st == ST_OK ? p.bea : p.ana);
	}
	assert_chain(f);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_invited_accepts_and_the_old_owner_cannot),
		TEST(who_has_not_enrolled_is_not_invited),
		TEST(links_of_the_new_owner_are_void),
		TEST(what_takes_an_invitation_back),
		TEST(a_suspension_voids_the_link_too),
		TEST(who_may_accept),
		TEST(who_may_invite_whom),
		TEST(who_may_cancel),
		TEST(a_suspended_user_does_not_accept),
		TEST(a_session_that_ended_accepts_nothing),
		TEST(the_session_that_accepts_stays_and_the_others_end),
		TEST(the_operators_transfer_ends_it),
		TEST(all_tokens_end_with_the_old_owner),
		TEST(accepted_or_cancelled_never_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
