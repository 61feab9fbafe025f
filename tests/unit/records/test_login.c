/* Sessions, second factors, recovery codes and one-time links. */
#include "fixture.h"

#include "records/login.h"
#include "records/profile.h"
#include "records/session.h"

#include <stdio.h>

#define MINUTE (60 * US_PER_S)

static const uint8_t SECRET[TOTP_SECRET_SIZE] = "12345678901234567890";

/* ---- helpers ---- */

static uint32_t start_session(struct fixture *f, uint32_t user, enum session_kind kind, unsigned n)
{
	struct change *change = begin(f);
	uint32_t slot = 0;

	ASSERT_OK(end(&change, session_begin(change,
				       &(struct session_new){ .user_slot = user,
					       .kind = kind,
					       .digest = digest_of(n),
					       .agent = SPAN_LIT("agent \xc3\xb1\n1") },
				       &slot)));
	return slot;
}

static enum status find(struct fixture *f, enum session_kind kind, unsigned n, int64_t at_us,
	struct record_session *out)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	return session_find(snapshot, kind, digest_of(n), at_us, out);
}

static void give_link(struct fixture *f, uint32_t user, unsigned n)
{
	struct change *change = begin(f);
	int64_t expires;

	ASSERT_OK(end(&change, login_reset(change, user, digest_of(n), &expires, &f->complaint)));
	assert_true(expires == f->now_us + ENROLMENT_VALID_US);
}

static enum status open_link(
	struct fixture *f, uint32_t user, unsigned link, uint8_t out_sealed[TOTP_SEALED_SIZE])
{
	struct change *change = begin(f);

	totp_seal(f->root_key, user, SECRET, out_sealed);
	return end(&change, enrolment_open(change, digest_of(link), user, out_sealed));
}

/* With the second factor that an opening showed. */
static enum status enrol_with(
	struct fixture *f, uint32_t user, unsigned link, const uint8_t sealed[TOTP_SEALED_SIZE])
{
	uint8_t recovery[RECOVERY_CODES][DIGEST_SIZE];
	struct change *change = begin(f);

	for (unsigned i = 0; i < RECOVERY_CODES; i++)
		memcpy(recovery[i], digest_of(500 + i), DIGEST_SIZE);
	return end(&change, login_enrol(change,
				    &(struct login_new){ .user_slot = user,
					    .password = SPAN_LIT("$argon2id$text"),
					    .totp = sealed,
					    .totp_step = 100,
					    .recovery = recovery },
				    digest_of(link), &f->complaint));
}

static enum status enrol(struct fixture *f, uint32_t user, unsigned link)
{
	uint8_t sealed[TOTP_SEALED_SIZE];
	enum status st = open_link(f, user, link, sealed);

	return st == ST_OK || st == ST_NOT_FOUND ? enrol_with(f, user, link, sealed) : st;
}

static enum status read_login(struct fixture *f, uint32_t user, struct record_login *out)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	return snapshot_login(snapshot, user, f->arena, out);
}

static enum status read_link(struct fixture *f, unsigned n, int64_t at_us)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct record_enrolment enrolment;

	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	return snapshot_enrolment(snapshot, digest_of(n), at_us, &enrolment);
}

/* ---- sessions ---- */

static void a_session_ends_by_itself(void **state)
{
	static const struct {
		const char *label;
		enum session_kind kind;
		int64_t seen_us, at_us;
		enum status st;
	} ROWS[] = {
		{ "browser, before the idle limit", SESSION_BROWSER, 0, 30 * MINUTE - 1, ST_OK },
		{ "browser, the idle limit itself", SESSION_BROWSER, 0, 30 * MINUTE, ST_NOT_FOUND },
		{ "browser, seen later", SESSION_BROWSER, 29 * MINUTE, 59 * MINUTE - 1, ST_OK },
		{ "browser, before its end", SESSION_BROWSER, 719 * MINUTE, 720 * MINUTE - 1,
			ST_OK },
		{ "browser, its end", SESSION_BROWSER, 719 * MINUTE, 720 * MINUTE, ST_NOT_FOUND },
		{ "cli, before the idle limit", SESSION_CLI, 0, 720 * MINUTE - 1, ST_OK },
		{ "cli, the idle limit itself", SESSION_CLI, 0, 720 * MINUTE, ST_NOT_FOUND },
		{ "cli, its end", SESSION_CLI, 10079 * MINUTE, 10080 * MINUTE, ST_NOT_FOUND },
		{ "a clock set back behind its beginning", SESSION_BROWSER, 0, -721 * MINUTE,
			ST_NOT_FOUND },
	};
	struct fixture *f = *state;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	for (unsigned i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct record_session session = { 0 };

		start_session(f, user, ROWS[i].kind, 10 + i);
		ASSERT_OK(find(f, ROWS[i].kind, 10 + i, f->now_us, &session));
		if (ROWS[i].seen_us > 0)
			ASSERT_OK(session_seen(f->records, &session, f->now_us + ROWS[i].seen_us));
		CHECK_ROW(ROWS[i].label, find(f, ROWS[i].kind, 10 + i, f->now_us + ROWS[i].at_us,
						 &session) == ROWS[i].st);
	}
}

static void being_seen_is_written_once_a_minute(void **state)
{
	struct fixture *f = *state;
	struct record_session session;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	start_session(f, user, SESSION_BROWSER, 1);
	ASSERT_OK(find(f, SESSION_BROWSER, 1, f->now_us, &session));
	ASSERT_OK(session_seen(f->records, &session, f->now_us + MINUTE - 1));
	ASSERT_OK(find(f, SESSION_BROWSER, 1, f->now_us, &session));
	assert_true(session.seen_at_us == f->now_us);
	ASSERT_OK(session_seen(f->records, &session, f->now_us + MINUTE));
	ASSERT_OK(find(f, SESSION_BROWSER, 1, f->now_us, &session));
	assert_true(session.seen_at_us == f->now_us + MINUTE);
}

static void a_session_is_of_its_kind_and_person(void **state)
{
	struct fixture *f = *state;
	struct record_session session;
	struct change *change;
	uint32_t user, slot;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	slot = start_session(f, user, SESSION_CLI, 1);
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_BROWSER, 1, f->now_us, &session));
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_CLI, 2, f->now_us, &session));
	ASSERT_OK(find(f, SESSION_CLI, 1, f->now_us, &session));
	assert_int_equal(session.account_slot, f->acme);
	change = begin(f);
	ASSERT_ST(ST_NOT_FOUND, end(&change, session_end(change, user + 1, slot, &f->complaint)));
	assert_string_equal(f->complaint.key, "login.session_unknown");
	change = begin(f);
	ASSERT_OK(end(&change, session_end(change, user, slot, &f->complaint)));
	assert_true(span_contains(last_event(f, 0), "\"action\":\"session.end\""));
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_CLI, 1, f->now_us, &session));
}

static void sessions_end_with_the_state_of_person_and_account(void **state)
{
	struct fixture *f = *state;
	struct record_session session;
	struct change *change;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	start_session(f, user, SESSION_CLI, 1);
	change = begin(f);
	ASSERT_OK(
		end(&change, account_set_state(change, f->acme, ACCOUNT_SUSPENDED, &f->complaint)));
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_CLI, 1, f->now_us, &session));
	change = begin(f);
	ASSERT_OK(end(&change, account_set_state(change, f->acme, ACCOUNT_ACTIVE, &f->complaint)));
	ASSERT_OK(find(f, SESSION_CLI, 1, f->now_us, &session));
	change = begin(f);
	ASSERT_OK(end(&change, user_set_state(change, user, USER_SUSPENDED, &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change, user_set_state(change, user, USER_ACTIVE, &f->complaint)));
	/* It was ended, not only refused for a while. */
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_CLI, 1, f->now_us, &session));
}

static enum status hold(struct fixture *f, uint32_t user, const uint32_t *profiles, size_t count)
{
	struct change *change = begin(f);

	return end(&change, user_set_profiles(change, user, profiles, count, &f->complaint));
}

static void sessions_end_with_what_a_person_may_do(void **state)
{
	struct fixture *f = *state;
	struct record_session session;
	struct change *change;
	uint32_t user, other, profile;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	other = make_user(f, f->acme, "leo@acme.example");
	profile = make_profile(f, f->acme, "readers", NULL, 0);
	start_session(f, user, SESSION_CLI, 1);
	start_session(f, other, SESSION_CLI, 2);
	ASSERT_OK(hold(f, user, NULL, 0));
	/* Nothing differs. */
	ASSERT_OK(find(f, SESSION_CLI, 1, f->now_us, &session));
	ASSERT_OK(hold(f, user, &profile, 1));
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_CLI, 1, f->now_us, &session));
	start_session(f, user, SESSION_CLI, 3);
	ASSERT_OK(hold(f, user, NULL, 0));
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_CLI, 3, f->now_us, &session));
	ASSERT_OK(hold(f, user, &profile, 1));
	start_session(f, user, SESSION_CLI, 4);
	change = begin(f);
	ASSERT_OK(end(&change, profile_delete(change, profile, true, &f->complaint)));
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_CLI, 4, f->now_us, &session));
	ASSERT_OK(find(f, SESSION_CLI, 2, f->now_us, &session));
}

static void one_more_than_a_person_may_have(void **state)
{
	struct fixture *f = *state;
	struct record_session session;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	for (unsigned i = 0; i <= SESSIONS_PER_USER; i++) {
		f->now_us += US_PER_S;
		start_session(f, user, SESSION_BROWSER, 100 + i);
	}
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_BROWSER, 100, f->now_us, &session));
	ASSERT_OK(find(f, SESSION_BROWSER, 101, f->now_us, &session));
	ASSERT_OK(find(f, SESSION_BROWSER, 100 + SESSIONS_PER_USER, f->now_us, &session));
}

static void the_text_of_a_session(void **state)
{
	struct session_secret cli, browser;
	uint8_t digest[DIGEST_SIZE];

	ASSERT_OK(session_secret_make(SESSION_CLI, &cli));
	ASSERT_OK(session_secret_make(SESSION_BROWSER, &browser));
	assert_memory_equal(cli.text, "LS1", 3);
	assert_int_equal(strlen(cli.text), 46);
	assert_int_equal(strlen(browser.text), 43);
	ASSERT_OK(session_digest(SESSION_CLI, span_str(cli.text), digest));
	assert_memory_equal(digest, cli.digest, DIGEST_SIZE);
	ASSERT_ST(ST_NOT_FOUND, session_digest(SESSION_BROWSER, span_str(cli.text), digest));
	ASSERT_ST(ST_NOT_FOUND, session_digest(SESSION_CLI, span_str(browser.text), digest));
	ASSERT_ST(ST_NOT_FOUND, session_digest(SESSION_BROWSER, SPAN_LIT(""), digest));
}

/* ---- what proves a person ---- */

static void a_link_works_once(void **state)
{
	struct fixture *f = *state;
	struct record_login login;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	give_link(f, user, 1);
	ASSERT_OK(read_link(f, 1, f->now_us + ENROLMENT_VALID_US - 1));
	ASSERT_ST(ST_NOT_FOUND, read_link(f, 1, f->now_us + ENROLMENT_VALID_US));
	ASSERT_ST(ST_NOT_FOUND, read_login(f, user, &login));
	ASSERT_ST(ST_NOT_FOUND, enrol(f, user, 2));
	assert_string_equal(f->complaint.key, "login.enrolment_over");
	ASSERT_OK(enrol(f, user, 1));
	ASSERT_OK(read_login(f, user, &login));
	assert_int_equal(login.totp_last_step, 100);
	ASSERT_ST(ST_NOT_FOUND, enrol(f, user, 1));
	ASSERT_ST(ST_NOT_FOUND, read_link(f, 1, f->now_us));
	assert_false(span_contains(last_event(f, 0), "argon2"));
}

static void a_link_that_is_over(void **state)
{
	struct fixture *f = *state;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	give_link(f, user, 1);
	f->now_us += ENROLMENT_VALID_US;
	ASSERT_ST(ST_NOT_FOUND, enrol(f, user, 1));
	f->now_us -= 1;
	ASSERT_OK(enrol(f, user, 1));
}

static void each_opening_makes_another_factor(void **state)
{
	struct fixture *f = *state;
	uint8_t peeked[TOTP_SEALED_SIZE], shown[TOTP_SEALED_SIZE];
	struct record_login login;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	give_link(f, user, 1);
	ASSERT_OK(open_link(f, user, 1, peeked));
	assert_true(span_contains(last_event(f, 0), "\"action\":\"user.enrolment_open\""));
	ASSERT_OK(open_link(f, user, 1, shown));
	assert_true(span_contains(last_event(f, 0), "\"action\":\"user.enrolment_open\""));
	assert_true(span_contains(last_event(f, 1), "\"action\":\"user.enrolment_open\""));
	/* What was proved by what the first one saw is refused, and the link stays good. */
	ASSERT_ST(ST_CONFLICT, enrol_with(f, user, 1, peeked));
	assert_string_equal(f->complaint.key, "login.enrolment_reopened");
	ASSERT_ST(ST_NOT_FOUND, read_login(f, user, &login));
	ASSERT_OK(enrol_with(f, user, 1, shown));
	ASSERT_OK(read_login(f, user, &login));
	assert_memory_equal(login.totp, shown, sizeof(shown));
	assert_chain(f);
}

static void a_link_is_opened_so_often_and_no_more(void **state)
{
	struct fixture *f = *state;
	uint8_t sealed[TOTP_SEALED_SIZE], late[TOTP_SEALED_SIZE];
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	give_link(f, user, 1);
	for (int i = 0; i < ENROLMENT_OPENINGS_MAX; i++)
		ASSERT_OK(open_link(f, user, 1, sealed));
	ASSERT_ST(ST_NOT_FOUND, open_link(f, user, 1, late));
	ASSERT_OK(enrol_with(f, user, 1, sealed));
}

/* What was looked at before the change's turn came must be so within it. */
static void what_proves_a_person_is_looked_at_again(void **state)
{
	struct fixture *f = *state;
	struct record_login was, now;
	struct login_new factor = { .totp_step = 200 };
	uint8_t sealed[TOTP_SEALED_SIZE];
	struct change *change;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	give_link(f, user, 1);
	ASSERT_OK(enrol(f, user, 1));
	ASSERT_OK(read_login(f, user, &was));
	change = begin(f);
	ASSERT_OK(end(&change, login_still(change, &was)));
	/* A code that was used up is none of it. */
	change = begin(f);
	ASSERT_OK(end(&change, login_use_step(change, user, 150)));
	change = begin(f);
	ASSERT_OK(end(&change, login_still(change, &was)));
	f->now_us++;
	change = begin(f);
	ASSERT_OK(end(&change, login_set_password(change, user, SPAN_LIT("$argon2id$new"), 0)));
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, login_still(change, &was)));
	ASSERT_OK(read_login(f, user, &now));
	totp_seal(f->root_key, user, SECRET, sealed);
	factor.user_slot = user;
	factor.totp = sealed;
	change = begin(f);
	ASSERT_OK(end(&change, login_set_factor(change, &factor, 0)));
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, login_still(change, &now)));
	ASSERT_OK(read_login(f, user, &now));
	give_link(f, user, 2);
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, login_still(change, &now)));
}

/* A request that waited long for its turn: its session is asked for at the change's own time. */
static void a_session_that_is_over_changes_nothing(void **state)
{
	static const struct {
		const char *label;
		int64_t seen_us, at_us;
		enum status st;
	} ROWS[] = {
		{ "before the idle limit", 0, 30 * MINUTE - 1, ST_OK },
		{ "the idle limit itself", 0, 30 * MINUTE, ST_DENIED },
		{ "seen later, before its end", 719 * MINUTE, 720 * MINUTE - 1, ST_OK },
		{ "seen later, its end", 719 * MINUTE, 720 * MINUTE, ST_DENIED },
	};
	struct fixture *f = *state;
	struct actor actor = { .kind = ACTOR_USER, .peer_uid = -1 };

	fixture_accounts(f);
	actor.user_slot = make_user(f, f->acme, "eva@acme.example");
	give_link(f, actor.user_slot, 1);
	ASSERT_OK(enrol(f, actor.user_slot, 1));
	for (unsigned i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct record_session session = { 0 };
		struct change *change = NULL;
		enum status st;

		actor.session_slot = start_session(f, actor.user_slot, SESSION_BROWSER, 10 + i);
		ASSERT_OK(find(f, SESSION_BROWSER, 10 + i, f->now_us, &session));
		if (ROWS[i].seen_us > 0)
			ASSERT_OK(session_seen(f->records, &session, f->now_us + ROWS[i].seen_us));
		ASSERT_OK(change_begin(f->records, &actor, f->now_us + ROWS[i].at_us, &change));
		st = login_set_password(
			change, actor.user_slot, SPAN_LIT("$argon2id$x"), actor.session_slot);
		CHECK_ROW(ROWS[i].label, end(&change, st) == ROWS[i].st);
	}
}

static void a_step_counts_once(void **state)
{
	static const struct {
		const char *label;
		int64_t step;
		enum status st;
	} ROWS[] = {
		{ "that of the enrolment", 100, ST_DENIED },
		{ "the next one", 101, ST_OK },
		{ "the same again", 101, ST_DENIED },
		{ "an older one that nobody used", 99, ST_DENIED },
		{ "a later one", 105, ST_OK },
		{ "one that was passed over", 104, ST_DENIED },
	};
	struct fixture *f = *state;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	give_link(f, user, 1);
	ASSERT_OK(enrol(f, user, 1));
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct change *change = begin(f);
		uint32_t slot;
		enum status st = login_use_step(change, user, ROWS[i].step);

		/* With an event, as a login has one: without it nothing would be written. */
		if (st == ST_OK)
			st = session_begin(change,
				&(struct session_new){ .user_slot = user,
					.kind = SESSION_CLI,
					.digest = digest_of(200 + (unsigned)i) },
				&slot);
		CHECK_ROW(ROWS[i].label, end(&change, st) == ROWS[i].st);
	}
}

static void a_recovery_code_counts_once(void **state)
{
	struct fixture *f = *state;
	struct change *change;
	uint32_t user, other;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	other = make_user(f, f->acme, "leo@acme.example");
	give_link(f, user, 1);
	ASSERT_OK(enrol(f, user, 1));
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, login_use_recovery(change, other, digest_of(500))));
	change = begin(f);
	ASSERT_OK(end(&change, login_use_recovery(change, user, digest_of(500))));
	change = begin(f);
	ASSERT_ST(ST_DENIED, end(&change, login_use_recovery(change, user, digest_of(500))));
}

static void a_factor_is_its_persons(void **state)
{
	struct fixture *f = *state;
	uint8_t sealed[TOTP_SEALED_SIZE], secret[TOTP_SECRET_SIZE];

	totp_seal(f->root_key, 7, SECRET, sealed);
	ASSERT_OK(totp_open(f->root_key, 7, sealed, secret));
	assert_memory_equal(secret, SECRET, sizeof(SECRET));
	ASSERT_ST(ST_DAMAGED, totp_open(f->root_key, 8, sealed, secret));
	sealed[TOTP_SEALED_SIZE - 1] ^= 1;
	ASSERT_ST(ST_DAMAGED, totp_open(f->root_key, 7, sealed, secret));
}

static void who_may_reset_whom(void **state)
{
	struct fixture *f = *state;
	struct record_account acme;
	struct record_login login;
	struct record_session session;
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	uint32_t eva, leo, stranger;

	fixture_accounts(f);
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_account(snapshot, f->acme, f->arena, &acme));
	snapshot_end(&snapshot);
	eva = make_user(f, f->acme, "eva@acme.example");
	leo = make_user(f, f->acme, "leo@acme.example");
	stranger = make_user(f, f->other, "zoe@other.example");
	give_link(f, eva, 1);
	ASSERT_OK(enrol(f, eva, 1));
	start_session(f, eva, SESSION_CLI, 5);

	const struct {
		const char *label;
		struct actor actor;
		uint32_t user;
		enum status st;
	} rows[] = {
		{ "another user", { .kind = ACTOR_USER, .user_slot = leo }, eva, ST_DENIED },
		{ "himself", { .kind = ACTOR_USER, .user_slot = eva }, eva, ST_DENIED },
		{ "of another account", { .kind = ACTOR_USER, .user_slot = stranger }, eva,
			ST_NOT_FOUND },
		{ "the owner himself", { .kind = ACTOR_USER, .user_slot = acme.owner_slot },
			acme.owner_slot, ST_DENIED },
		{ "the owner a user", { .kind = ACTOR_USER, .user_slot = acme.owner_slot }, eva,
			ST_OK },
		{ "the operator the owner", { .kind = ACTOR_OPERATOR, .peer_uid = 0 },
			acme.owner_slot, ST_OK },
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct change *change;
		int64_t expires;

		f->actor = rows[i].actor;
		change = begin(f);
		CHECK_ROW(rows[i].label,
			end(&change, login_reset(change, rows[i].user, digest_of(20 + i), &expires,
					     &f->complaint)) == rows[i].st);
		CHECK_ROW(rows[i].label,
			(read_link(f, 20 + i, f->now_us) == ST_OK) == (rows[i].st == ST_OK));
	}
	/* What was set before is gone. */
	ASSERT_ST(ST_NOT_FOUND, read_login(f, eva, &login));
	ASSERT_ST(ST_NOT_FOUND, find(f, SESSION_CLI, 5, f->now_us, &session));
}

/* A request that waited for its turn while its session was ended must not set what it set out to.
 */
static void an_ended_session_sets_nothing(void **state)
{
	struct fixture *f = *state;
	struct actor actor = { .kind = ACTOR_USER, .peer_uid = -1 };
	uint8_t recovery[RECOVERY_CODES][DIGEST_SIZE], sealed[TOTP_SEALED_SIZE] = { 1 };

	fixture_accounts(f);
	for (unsigned i = 0; i < RECOVERY_CODES; i++)
		memcpy(recovery[i], digest_of(600 + i), DIGEST_SIZE);
	actor.user_slot = make_user(f, f->acme, "eva@acme.example");
	give_link(f, actor.user_slot, 1);
	ASSERT_OK(enrol(f, actor.user_slot, 1));
	actor.session_slot = start_session(f, actor.user_slot, SESSION_BROWSER, 70);
	for (int ended = 0; ended <= 1; ended++) {
		for (int what = 0; what < 3; what++) {
			const struct login_new login = {
				.user_slot = actor.user_slot, .totp = sealed, .totp_step = 101
			};
			struct change *change = NULL;
			enum status st = ST_OK;

			ASSERT_OK(change_begin(f->records, &actor, f->now_us, &change));
			if (what == 0)
				st = login_set_password(change, actor.user_slot,
					SPAN_LIT("$argon2id$other"), actor.session_slot);
			else if (what == 1)
				st = login_set_factor(change, &login, actor.session_slot);
			else
				st = login_set_recovery(change, actor.user_slot,
					(const uint8_t(*)[DIGEST_SIZE])recovery,
					actor.session_slot);
			assert_int_equal(end(&change, st), ended ? ST_DENIED : ST_OK);
		}
		if (!ended) {
			struct change *change = begin(f);

			ASSERT_OK(end(&change, login_set_password(change, actor.user_slot,
						       SPAN_LIT("$argon2id$third"), 0)));
		}
	}
	assert_chain(f);
}

static void who_is_erased_keeps_nothing(void **state)
{
	struct fixture *f = *state;
	struct record_login login;
	struct change *change;
	uint32_t user;

	fixture_accounts(f);
	user = make_user(f, f->acme, "eva@acme.example");
	give_link(f, user, 1);
	ASSERT_OK(enrol(f, user, 1));
	give_link(f, user, 2);
	ASSERT_ST(ST_NOT_FOUND, read_login(f, user, &login));
	ASSERT_OK(enrol(f, user, 2));
	change = begin(f);
	ASSERT_OK(end(&change, user_erase(change, user, &f->complaint)));
	ASSERT_ST(ST_NOT_FOUND, read_login(f, user, &login));
	assert_chain(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		TEST(a_session_ends_by_itself),
		TEST(being_seen_is_written_once_a_minute),
		TEST(a_session_is_of_its_kind_and_person),
		TEST(sessions_end_with_the_state_of_person_and_account),
		TEST(sessions_end_with_what_a_person_may_do),
		TEST(one_more_than_a_person_may_have),
		TEST(the_text_of_a_session),
		TEST(a_link_works_once),
		TEST(a_link_that_is_over),
		TEST(each_opening_makes_another_factor),
		TEST(a_link_is_opened_so_often_and_no_more),
		TEST(what_proves_a_person_is_looked_at_again),
		TEST(a_session_that_is_over_changes_nothing),
		TEST(a_step_counts_once),
		TEST(a_recovery_code_counts_once),
		TEST(a_factor_is_its_persons),
		TEST(who_may_reset_whom),
		TEST(an_ended_session_sets_nothing),
		TEST(who_is_erased_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
