/* A person's own sessions, password, second factor and recovery codes. */
#include "keeper/login.h"

#include "base/clock.h"
#include "base/otp.h"
#include "base/password.h"
#include "records/right.h"

/* ---- what is shown ---- */

static void append_time(struct buf *out, const char *name, int64_t at_us)
{
	buf_printf(out, ",\"%s\":", name);
	if (at_us == 0) {
		buf_append_str(out, "null");
		return;
	}
	buf_append_char(out, '"');
	clock_append_rfc3339(out, at_us);
	buf_append_char(out, '"');
}

/* All but the closing brace, so that what is shown once can follow. */
static void append_shown(struct buf *out, const char *caller, const struct record_account *account,
	const struct record_user *user, const struct holding *holding)
{
	buf_printf(out, "{\"caller\":\"%s\",\"account\":", caller);
	if (account == NULL)
		buf_append_str(out, "null");
	else
		buf_append_json(out, account->name);
	buf_append_str(out, ",\"user\":");
	if (user == NULL) {
		buf_append_str(out, "null");
	} else {
		buf_printf(out, "{\"id\":%u,\"email\":", user->slot);
		buf_append_json(out, user->email);
		buf_append_str(out, ",\"name\":");
		if (span_present(user->name))
			buf_append_json(out, user->name);
		else
			buf_append_str(out, "null");
		buf_printf(out, ",\"owner\":%s}", user->is_owner ? "true" : "false");
	}
	buf_append_str(out, ",\"rights\":");
	rights_append_json(out, holding->rights);
	buf_printf(out, ",\"managesInstallation\":%s",
		holding->manages_installation ? "true" : "false");
}

static enum status append_session(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_session session;
	struct record_account account;
	struct record_user user;
	struct record_login login;
	struct holding holding;
	int64_t email_changed_at_us = 0;
	enum status st = session_get(call->reading, slot, &session);

	if (st == ST_OK)
		st = snapshot_user(call->reading, session.user_slot, call->arena, &user);
	if (st == ST_OK)
		st = snapshot_account(call->reading, user.account_slot, call->arena, &account);
	if (st == ST_OK)
		st = snapshot_user_holding(call->reading, user.slot, &holding);
	if (st == ST_OK)
		st = snapshot_login(call->reading, user.slot, call->arena, &login);
	if (st == ST_OK)
		st = snapshot_email_changed(
			call->reading, user.slot, session.created_at_us, &email_changed_at_us);
	if (st != ST_OK)
		return st;
	append_shown(out, "user", &account, &user, &holding);
	append_time(out, "emailChangedAt", email_changed_at_us);
	append_time(out, "secondFactorUntil", session.second_factor_at_us + SESSION_STEP_UP_US);
	append_time(out, "idleUntil", session.idle_until_us);
	append_time(out, "expiresAt", session.expires_at_us);
	append_time(out, "codesHeldSince", login.codes_held_at_us);
	return ST_OK;
}

enum status login_give(struct api_call *call, uint32_t user_slot, enum session_kind kind,
	struct session_secret *out_secret, struct buf *object)
{
	char memory[80];
	struct buf address = BUF_ARRAY(memory);
	uint32_t slot = 0;
	enum status st = session_secret_make(kind, out_secret);

	http_peer_append(&address, call->http->request->peer);
	if (st == ST_OK)
		st = session_begin(call->change,
			&(struct session_new){
				.user_slot = user_slot,
				.kind = kind,
				.digest = out_secret->digest,
				.address = buf_span(&address),
				.agent = http_header_once(call->http->request, "User-Agent"),
			},
			&slot);
	return st != ST_OK ? st : append_session(call, slot, object);
}

static enum status session_show(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(64 * KIB);
	struct record_account account;
	struct holding holding = { .rights = RIGHTS_ALL, .manages_installation = true };
	bool is_token = call->caller.kind == CALLER_TOKEN;
	enum status st = api_reading(call);

	if (st == ST_OK && call->caller.kind == CALLER_USER) {
		st = append_session(call, call->caller.session_slot, &object);
	} else if (st == ST_OK) {
		if (is_token)
			st = snapshot_account(
				call->reading, call->caller.account_slot, call->arena, &account);
		if (is_token) {
			holding.rights = call->caller.rights;
			holding.manages_installation = false;
		}
		if (st == ST_OK)
			append_shown(&object, is_token ? "token" : "operator",
				is_token ? &account : NULL, NULL, &holding);
		append_time(&object, "emailChangedAt", 0);
		append_time(&object, "secondFactorUntil", 0);
		append_time(&object, "idleUntil", 0);
		append_time(&object, "expiresAt", 0);
		append_time(&object, "codesHeldSince", 0);
	}
	buf_append_char(&object, '}');
	return st != ST_OK ? st : api_answer(call, 200, &object, 0, NULL);
}

/* ---- ending ---- */

static struct entry_whose whose(const struct api_call *call)
{
	return (struct entry_whose){ call->caller.user_slot, call->caller.session_slot };
}

/* Only a person has sessions. */
static enum status need_person(struct api_call *call)
{
	if (call->caller.kind == CALLER_USER)
		return ST_OK;
	return api_refuse(call, ST_CONFLICT, "login.no_person", NULL, NULL);
}

static enum status session_drop(struct api_call *call)
{
	struct head head;
	enum status st = need_person(call);

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = session_end(call->change, call->caller.user_slot, call->caller.session_slot,
			&call->complaint);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	entry_pending_drop(call->keeper->entry, whose(call));
	login_cookie_drop(call);
	return api_answer_done(call, &head);
}

static enum status sessions_list(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(64 * KIB);
	struct record_session sessions[SESSIONS_PER_USER];
	size_t count = 0;
	enum status st = need_person(call);

	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = sessions_of_user(call->reading, call->caller.user_slot, call->now_us,
			call->arena, sessions, &count);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(&object, ',');
		session_append_json(
			&object, &sessions[i], sessions[i].slot == call->caller.session_slot);
	}
	buf_append_str(&object, "],\"next\":null}");
	return api_answer(call, 200, &object, 0, NULL);
}

static enum status sessions_drop(struct api_call *call)
{
	uint32_t slot = 0;
	enum status st = need_person(call);

	if (st == ST_OK && api_slot(call, "id", &slot) != ST_OK)
		st = api_refuse(call, ST_NOT_FOUND, "login.session_unknown", NULL, NULL);
	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = session_end(call->change, call->caller.user_slot, slot, &call->complaint);
	return st != ST_OK ? st : api_commit_done(call);
}

static enum status sessions_drop_others(struct api_call *call)
{
	struct record_session sessions[SESSIONS_PER_USER];
	size_t count = 0;
	enum status st = need_person(call);

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = sessions_of_user(call->reading, call->caller.user_slot, call->now_us,
			call->arena, sessions, &count);
	for (size_t i = 0; st == ST_OK && i < count; i++) {
		if (sessions[i].slot != call->caller.session_slot)
			st = session_end(call->change, call->caller.user_slot, sessions[i].slot,
				&call->complaint);
	}
	return st != ST_OK ? st : api_commit_done(call);
}

/* ---- proving it again ---- */

struct own {
	struct record_login login;
	struct record_user user;
	struct record_account account;
	struct guess guess;
	int64_t begun_us;
};

/* The person, and whether he may try now. ST_OK and *out_wait_us when not. */
static enum status own_begin(struct api_call *call, struct own *own, int64_t *out_wait_us)
{
	uint32_t user_slot = call->caller.user_slot;
	enum status st = need_person(call);

	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = snapshot_login(call->reading, user_slot, call->arena, &own->login);
	if (st == ST_OK)
		st = snapshot_user(call->reading, user_slot, call->arena, &own->user);
	if (st == ST_OK)
		st = snapshot_account(
			call->reading, own->user.account_slot, call->arena, &own->account);
	if (st != ST_OK)
		return st;
	own->guess = (struct guess){
		.peer = call->http->request->peer,
		.user_slot = user_slot,
		.session_slot = call->caller.session_slot,
	};
	own->begun_us = clock_boot_us();
	*out_wait_us = 0;
	if (!guess_begin(
		    entry_guesses(call->keeper->entry), &own->guess, own->begun_us, out_wait_us))
		snapshot_end(&call->own_reading);
	return ST_OK;
}

static void own_right(struct api_call *call, const struct own *own)
{
	guess_right(entry_guesses(call->keeper->entry), &own->guess, own->begun_us);
}

static enum status own_wrong(struct api_call *call, const struct own *own)
{
	login_failed(call, own->account.slot, own->user.slot);
	return login_refuse(call);
}

/* What nobody could judge is held against nobody. */
static enum status own_fault(struct api_call *call, const struct own *own, enum status st)
{
	guess_back(entry_guesses(call->keeper->entry), &own->guess, own->begun_us);
	return login_busy(call, st);
}

/* Look at the code, use it up and note that it was right. ST_OK and *out_wrong when it was not. */
static enum status prove(struct api_call *call, struct own *own, struct span text,
	struct buf *object, bool *out_wrong)
{
	struct login_code code = { .is_right = false };
	enum status st = login_code_check(call, &own->login, text, &code);

	*out_wrong = st == ST_OK && !code.is_right;
	if (st != ST_OK || *out_wrong)
		return st;
	st = api_change(call);
	if (st != ST_OK)
		return st;
	st = login_still(call->change, &own->login);
	if (st == ST_OK)
		st = login_code_use(call, own->user.slot, &code);
	*out_wrong = st == ST_DENIED;
	if (*out_wrong)
		return ST_OK;
	if (st == ST_OK)
		st = session_confirm(call->change, call->caller.session_slot);
	if (st == ST_OK)
		st = append_session(call, call->caller.session_slot, object);
	return st;
}

static enum status session_prove(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "code", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
	};
	CLEANUP(buf_free)
	struct buf object = buf_heap(64 * KIB);
	struct own own;
	struct head head;
	bool wrong = false;
	int64_t wait_us = 0;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = own_begin(call, &own, &wait_us);
	if (st != ST_OK)
		return st;
	if (wait_us > 0)
		return login_slow(call, wait_us);
	st = prove(call, &own, fields[0].text, &object, &wrong);
	if (wrong)
		return own_wrong(call, &own);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return own_fault(call, &own, st);
	buf_append_char(&object, '}');
	own_right(call, &own);
	return api_answer(call, 200, &object, 0, &head);
}

/* ---- changing it ---- */

/*
 * Who has a session has not the password: what changes a login asks for it. A wrong one counts as
 * a guess; *out_answered when it, or a brake, answered the call.
 */
static enum status own_password(
	struct api_call *call, struct own *own, struct span text, bool *out_answered)
{
	bool is = false;
	int64_t wait_us = 0;
	enum status st = own_begin(call, own, &wait_us);

	*out_answered = true;
	if (st != ST_OK)
		return st;
	if (wait_us > 0)
		return login_slow(call, wait_us);
	snapshot_end(&call->own_reading);
	call->reading = NULL;
	st = entry_password_is(call->keeper->entry, ENTRY_KNOWN, own->login.password, text, &is);
	if (st != ST_OK)
		return own_fault(call, own, st);
	if (!is)
		return own_wrong(call, own);
	own_right(call, own);
	*out_answered = false;
	return ST_OK;
}

/* Begin the change that the password allowed. *out_answered: somebody was faster, and what was
 * typed as the present password is not it any more. */
static enum status own_change(struct api_call *call, const struct own *own, bool *out_answered)
{
	enum status st = api_change(call);

	if (st == ST_OK)
		st = login_still(call->change, &own->login);
	*out_answered = st == ST_DENIED;
	return st == ST_DENIED ? login_refuse(call) : st;
}

/* Commit what makes his devices unknown, all but this one. */
static enum status own_commit(struct api_call *call)
{
	struct record_login login;
	struct head head;
	enum status st = snapshot_login(call->reading, call->caller.user_slot, call->arena, &login);

	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	login_cookie_device(call, &login);
	return api_answer_done(call, &head);
}

static enum status password_change(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "current", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
		{ .name = "password", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
	};
	char text[PASSWORD_TEXT_SIZE];
	struct own own;
	bool answered = false;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = own_password(call, &own, fields[0].text, &answered);
	if (st != ST_OK || answered)
		return st;
	st = password_fit(fields[1].text, own.user.email, &call->complaint);
	if (st == ST_OK)
		st = entry_password_make(call->keeper->entry, fields[1].text, text);
	if (st != ST_OK)
		return login_busy(call, st);
	st = own_change(call, &own, &answered);
	if (st != ST_OK || answered)
		return st;
	st = login_set_password(
		call->change, own.user.slot, span_str(text), call->caller.session_slot);
	if (st == ST_OK)
		st = own_commit(call);
	if (st == ST_OK)
		entry_code_right(call->keeper->entry, own.user.slot);
	return st;
}

static enum status recovery_set(
	struct api_call *call, const struct own *own, const struct recovery_secrets *codes)
{
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(4 * KIB);
	struct head head;
	bool answered = false;
	enum status st = own_change(call, own, &answered);

	if (st != ST_OK || answered)
		return st;
	st = login_set_recovery(call->change, own->user.slot,
		(const uint8_t(*)[DIGEST_SIZE])codes->digests, call->caller.session_slot);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	buf_append_char(&object, '{');
	login_append_recovery(&object, codes);
	buf_append_char(&object, '}');
	return api_answer(call, 200, &object, 0, &head);
}

static enum status recovery_renew(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "current", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
	};
	struct recovery_secrets codes = { .texts = { { 0 } } };
	struct own own;
	bool answered = false;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = own_password(call, &own, fields[0].text, &answered);
	if (st != ST_OK || answered)
		return st;
	st = recovery_make(&codes);
	if (st == ST_OK)
		st = recovery_set(call, &own, &codes);
	crypto_wipe(&codes, sizeof(codes));
	return st;
}

static void append_factor(
	struct buf *out, const struct own *own, const uint8_t secret[TOTP_SECRET_SIZE])
{
	CLEANUP(buf_wipe)
	struct buf uri = buf_heap(4 * KIB);

	otp_append_uri(&uri, span_of(secret, TOTP_SECRET_SIZE), own->account.name, own->user.email);
	buf_append_str(out, "{\"secret\":\"");
	otp_append_secret(out, span_of(secret, TOTP_SECRET_SIZE));
	buf_append_str(out, "\",\"otpauth\":");
	buf_append_json(out, buf_span(&uri));
	buf_append_char(out, '}');
}

static enum status factor_begin(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "current", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
	};
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(16 * KIB);
	uint8_t secret[TOTP_SECRET_SIZE];
	struct own own;
	bool answered = false;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = own_password(call, &own, fields[0].text, &answered);
	if (st != ST_OK || answered)
		return st;
	crypto_random(secret, sizeof(secret));
	st = entry_pending_put(call->keeper->entry, whose(call), secret, clock_boot_us());
	append_factor(&object, &own, secret);
	crypto_wipe(secret, sizeof(secret));
	if (st != ST_OK)
		return login_busy(call, st);
	return api_answer(call, 200, &object, 0, NULL);
}

static enum status factor_finish(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "code", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
	};
	uint8_t secret[TOTP_SECRET_SIZE] = { 0 }, sealed[TOTP_SEALED_SIZE];
	struct login_new login = { .user_slot = call->caller.user_slot, .totp = sealed };
	bool is = false;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = need_person(call);
	if (st == ST_OK)
		st = entry_pending_get(call->keeper->entry, whose(call), clock_boot_us(), secret);
	if (st == ST_NOT_FOUND)
		st = api_refuse(call, ST_CONFLICT, "login.factor_not_begun", NULL, NULL);
	if (st == ST_OK)
		is = otp_is(span_of(secret, sizeof(secret)), call->now_us, fields[0].text,
			&login.totp_step);
	totp_seal(call->keeper->root_key, login.user_slot, secret, sealed);
	crypto_wipe(secret, sizeof(secret));
	if (st == ST_OK && !is)
		st = api_refuse(call, ST_INVALID, "login.code_wrong", NULL, NULL);
	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = login_set_factor(call->change, &login, call->caller.session_slot);
	if (st == ST_OK)
		st = own_commit(call);
	if (st == ST_OK)
		entry_pending_drop(call->keeper->entry, whose(call));
	return st;
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/session", session_show, NULL, 0, NEED_ANYBODY, 0 },
	{ "DELETE", "/v1/session", session_drop, NULL, 0, NEED_ANYBODY, 0 },
	{ "POST", "/v1/session/confirm", session_prove, NULL, LOGIN_BODY_MAX, NEED_ANYBODY, 0 },
	{ "GET", "/v1/sessions", sessions_list, NULL, 0, NEED_ANYBODY, 0 },
	{ "DELETE", "/v1/sessions", sessions_drop_others, NULL, 0, NEED_ANYBODY, 0 },
	{ "DELETE", "/v1/sessions/{id}", sessions_drop, NULL, 0, NEED_ANYBODY, 0 },
	{ "POST", "/v1/me/password", password_change, NULL, LOGIN_BODY_MAX, NEED_ANYBODY,
		API_STEP_UP },
	{ "POST", "/v1/me/recovery-codes", recovery_renew, NULL, LOGIN_BODY_MAX, NEED_ANYBODY,
		API_STEP_UP },
	{ "POST", "/v1/me/second-factor", factor_begin, NULL, LOGIN_BODY_MAX, NEED_ANYBODY,
		API_STEP_UP },
	{ "POST", "/v1/me/second-factor/confirm", factor_finish, NULL, LOGIN_BODY_MAX, NEED_ANYBODY,
		API_STEP_UP },
};

const struct api_table SESSIONS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
