/* One-time links: made for a user, opened, and used to set a password and a second factor. */
#include "keeper/login.h"

#include "base/otp.h"
#include "base/password.h"

/* ---- making one ---- */

static enum status enrolment_reset(struct api_call *call)
{
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(4 * KIB);
	struct login_link link = { .url = { 0 } };
	int64_t expires_at_us = 0, tokens_count = 0;
	struct head head;
	uint32_t slot;
	enum status st = api_slot(call, "id", &slot);

	if (st == ST_OK)
		st = login_link_make(call, &link);
	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = snapshot_management_tokens_of(
			call->reading, slot, call->now_us, &tokens_count);
	if (st == ST_OK)
		st = login_reset(call->change, slot, link.digest, &expires_at_us, &call->complaint);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st == ST_OK) {
		buf_append_str(&object, "{\"enrolment\":");
		buf_append_json(&object, span_str(link.url));
		buf_append_str(&object, ",\"expiresAt\":\"");
		clock_append_rfc3339(&object, expires_at_us);
		buf_printf(&object, "\",\"managementTokensEnded\":%lld}", (long long)tokens_count);
		st = api_answer(call, 201, &object, 0, &head);
	}
	crypto_wipe(&link, sizeof(link));
	return st;
}

/* ---- opening one ---- */

struct opened {
	uint8_t digest[DIGEST_SIZE];
	uint8_t secret[TOTP_SECRET_SIZE];
	struct record_enrolment link;
	struct record_user user;
	struct record_account account;
};

static void opened_wipe(struct opened *opened)
{
	crypto_wipe(opened, sizeof(*opened));
}

static enum status over(struct api_call *call, enum status st)
{
	if (st != ST_NOT_FOUND)
		return st;
	return api_refuse(call, ST_NOT_FOUND, "login.enrolment_over", NULL, NULL);
}

/* Whose link it is. Needs a reading. */
static enum status read_link(struct api_call *call, struct opened *opened)
{
	enum status st =
		snapshot_enrolment(call->reading, opened->digest, call->now_us, &opened->link);

	if (st == ST_OK)
		st = snapshot_user(
			call->reading, opened->link.user_slot, call->arena, &opened->user);
	if (st == ST_OK)
		st = snapshot_account(
			call->reading, opened->user.account_slot, call->arena, &opened->account);
	return over(call, st);
}

/*
 * Each opening makes another second factor, in a change that says that it was
 * opened: who looked before knows one that is void. opened->link stays as it was before.
 */
static enum status open_anew(struct api_call *call, struct opened *opened)
{
	uint8_t sealed[TOTP_SEALED_SIZE];
	struct head head;
	enum status st = login_change_of(call, SPAN_LIT("one-time-link"));

	if (st == ST_OK)
		st = read_link(call, opened);
	if (st != ST_OK)
		return st;
	crypto_random(opened->secret, sizeof(opened->secret));
	totp_seal(call->keeper->root_key, opened->user.slot, opened->secret, sealed);
	st = over(call, enrolment_open(call->change, opened->digest, opened->user.slot, sealed));
	return st != ST_OK ? st : api_commit_unread(call, &head);
}

static void append_factor(struct buf *out, const struct opened *opened)
{
	struct span secret = span_of(opened->secret, sizeof(opened->secret));
	CLEANUP(buf_wipe)
	struct buf uri = buf_heap(4 * KIB);

	otp_append_uri(&uri, secret, opened->account.name, opened->user.email);
	buf_append_str(out, "\"secret\":\"");
	otp_append_secret(out, secret);
	buf_append_str(out, "\",\"otpauth\":");
	buf_append_json(out, buf_span(&uri));
}

/* When it was opened before; null: never. */
static void append_before(struct buf *out, const struct record_enrolment *link)
{
	buf_append_str(out, ",\"openedBefore\":");
	if (link->openings == 0) {
		buf_append_str(out, "null}");
		return;
	}
	buf_append_char(out, '"');
	clock_append_rfc3339(out, link->opened_at_us);
	buf_append_str(out, "\"}");
}

static enum status enrolment_look(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "token", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
	};
	CLEANUP(opened_wipe)
	struct opened opened = { .digest = { 0 } };
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(16 * KIB);
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = login_link_digest(fields[0].text, opened.digest);
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = read_link(call, &opened);
	if (st == ST_OK)
		st = open_anew(call, &opened);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"account\":");
	buf_append_json(&object, opened.account.name);
	buf_append_str(&object, ",\"email\":");
	buf_append_json(&object, opened.user.email);
	buf_append_str(&object, ",\"name\":");
	if (span_present(opened.user.name))
		buf_append_json(&object, opened.user.name);
	else
		buf_append_str(&object, "null");
	buf_append_char(&object, ',');
	append_factor(&object, &opened);
	append_before(&object, &opened.link);
	return api_answer(call, 200, &object, 0, NULL);
}

/* ---- using one ---- */

struct enrol {
	struct opened opened;
	struct span password, code;
	char password_text[PASSWORD_TEXT_SIZE];
	struct recovery_secrets recovery;
	struct session_secret session;
	int64_t step;
};

static void enrol_wipe(struct enrol *enrol)
{
	crypto_wipe(enrol, sizeof(*enrol));
}

/* What is wrong with it is told: who holds the link is who he is. */
static enum status enrol_check(struct api_call *call, struct enrol *enrol)
{
	struct opened *opened = &enrol->opened;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = read_link(call, opened);
	if (st == ST_OK && opened->link.openings == 0)
		return api_refuse(call, ST_CONFLICT, "login.enrolment_unopened", NULL, NULL);
	if (st == ST_OK)
		st = totp_open(call->keeper->root_key, opened->user.slot, opened->link.totp,
			opened->secret);
	if (st == ST_OK)
		st = password_fit(enrol->password, opened->user.email, &call->complaint);
	if (st == ST_OK && !otp_is(span_of(opened->secret, sizeof(opened->secret)), call->now_us,
				   enrol->code, &enrol->step))
		return api_refuse(call, ST_INVALID, "login.enrolment_code", NULL, NULL);
	snapshot_end(&call->own_reading);
	call->reading = NULL;
	return st;
}

static enum status enrol_commit(struct api_call *call, struct enrol *enrol, struct buf *object,
	struct record_login *out_login, struct head *out_head)
{
	/* Who the link was for, and what it showed, when the code was looked at: it must be so
	 * still. */
	struct opened now = { .digest = { 0 } };
	uint32_t user_slot = enrol->opened.user.slot;
	enum status st = login_change(call, user_slot);

	memcpy(now.digest, enrol->opened.digest, sizeof(now.digest));
	if (st == ST_OK)
		st = read_link(call, &now);
	if (st == ST_OK)
		st = login_enrol(call->change,
			&(struct login_new){
				.user_slot = user_slot,
				.password = span_str(enrol->password_text),
				.totp = enrol->opened.link.totp,
				.totp_step = enrol->step,
				.recovery = (const uint8_t(*)[DIGEST_SIZE])enrol->recovery.digests,
			},
			enrol->opened.digest, &call->complaint);
	if (st == ST_OK)
		st = snapshot_login(call->reading, user_slot, call->arena, out_login);
	if (st == ST_OK)
		st = login_give(call, user_slot, SESSION_BROWSER, &enrol->session, object);
	return st != ST_OK ? st : api_commit_unread(call, out_head);
}

static enum status enrolment_use(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "token", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "password", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
		{ .name = "code", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
	};
	CLEANUP(enrol_wipe)
	struct enrol enrol = { .step = 0 };
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(64 * KIB);
	struct record_login login;
	struct head head;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = login_link_digest(fields[0].text, enrol.opened.digest);
	enrol.password = fields[1].text;
	enrol.code = fields[2].text;
	if (st == ST_OK)
		st = enrol_check(call, &enrol);
	if (st != ST_OK)
		return st;
	st = entry_password_make(call->keeper->entry, enrol.password, enrol.password_text);
	if (st == ST_OK)
		st = recovery_make(&enrol.recovery);
	if (st != ST_OK)
		return login_busy(call, st);
	st = enrol_commit(call, &enrol, &object, &login, &head);
	if (st != ST_OK)
		return st;
	buf_append_char(&object, ',');
	login_append_recovery(&object, &enrol.recovery);
	buf_append_char(&object, '}');
	entry_code_right(call->keeper->entry, login.user_slot);
	login_cookies(call, SESSION_BROWSER, &enrol.session, &login);
	return api_answer(call, 201, &object, 0, &head);
}

static const struct api_route ROUTES[] = {
	{ "POST", "/v1/enrolment/open", enrolment_look, NULL, LOGIN_BODY_MAX, NEED_NOBODY, 0 },
	{ "POST", "/v1/enrolment", enrolment_use, NULL, LOGIN_BODY_MAX, NEED_NOBODY, 0 },
	{ "POST", "/v1/users/{id}/enrolment", enrolment_reset, NULL, 0, NEED_OWNER, API_STEP_UP },
};

const struct api_table ENROLMENTS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
