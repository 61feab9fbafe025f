/*
 * POST /v1/session, and what enrolment shares with it.
 *
 * L1: a failure has one answer, and takes the same work, whoever was asked for:
 *     one password (of nobody when there is none), three steps of a code, one
 *     look-up of each kind.
 * L2: password and code are one request: neither is told to be right alone.
 * L3: what was looked at outside the change is looked at again inside.
 */
#include "keeper/login.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/otp.h"
#include "keeper/link.h"
#include "records/right.h"

#define SESSION_COOKIE "__Host-llavero-session"
#define DEVICE_COOKIE "__Host-llavero-device"
#define COOKIE_RULES "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="
#define DEVICE_AGE_S 31536000
#define LINK_BYTES 32u
#define LINK_CHARS 43u
#define FIELD_TEXT_MAX 1100u /* bytes of a password, at most */

/* ---- changes of who is not a caller yet ---- */

static enum status change_as(struct api_call *call, struct actor actor)
{
	char memory[80];
	struct buf address = BUF_ARRAY(memory);

	http_peer_append(&address, call->http->request->peer);
	actor.peer_uid = -1;
	actor.request_id = span_str(call->http->request->id);
	actor.address = buf_span(&address);
	return api_change_as(call, &actor);
}

enum status login_change(struct api_call *call, uint32_t user_slot)
{
	return change_as(call, (struct actor){ .kind = ACTOR_USER, .user_slot = user_slot });
}

enum status login_change_of(struct api_call *call, struct span system_name)
{
	return change_as(call, (struct actor){ .kind = ACTOR_SYSTEM, .name = system_name });
}

/* ---- cookies ---- */

static void set_cookie(struct api_call *call, const char *name, struct span value, int64_t age_s)
{
	char memory[512];
	struct buf text = BUF_ARRAY(memory);

	buf_printf(&text, "%s=", name);
	buf_append(&text, value);
	buf_printf(&text, COOKIE_RULES "%lld", (long long)age_s);
	http_response_header(call->response, "Set-Cookie", buf_span(&text));
	crypto_wipe(memory, sizeof(memory));
}

void login_cookie_device(struct api_call *call, const struct record_login *login)
{
	char memory[DEVICE_TEXT_MAX];
	struct buf device = BUF_ARRAY(memory);

	device_make(call->keeper->root_key, login, &device);
	set_cookie(call, DEVICE_COOKIE, buf_span(&device), DEVICE_AGE_S);
}

void login_cookies(struct api_call *call, enum session_kind kind,
	const struct session_secret *secret, const struct record_login *login)
{
	if (kind == SESSION_BROWSER)
		set_cookie(call, SESSION_COOKIE, span_str(secret->text),
			SESSION_BROWSER_LIFE_US / US_PER_S);
	login_cookie_device(call, login);
}

void login_cookie_drop(struct api_call *call)
{
	set_cookie(call, SESSION_COOKIE, SPAN_LIT(""), 0);
}

/* A cookie of the request; absent when it is not there, or not once. */
static struct span cookie_find(const struct http_request *request, const char *name)
{
	struct span rest = http_header_once(request, "Cookie"), found = SPAN_ABSENT;

	while (span_present(rest) && rest.len > 0) {
		size_t end = span_find(rest, ';');
		struct span pair = span_part(rest, 0, end);
		size_t equals;

		while (pair.len > 0 && pair.ptr[0] == ' ')
			pair = span_part(pair, 1, pair.len);
		equals = span_find(pair, '=');
		if (span_is(span_part(pair, 0, equals), name)) {
			if (span_present(found))
				return SPAN_ABSENT;
			found = span_part(pair, equals + 1, pair.len);
		}
		rest = span_part(rest, end + 1, rest.len);
	}
	return found;
}

/* The device that the request shows, when it is one of this person's: its id, or absent. */
static struct span device_of(const struct api_call *call, const struct record_login *login,
	uint8_t id_memory[DEVICE_ID_SIZE])
{
	struct span text = cookie_find(call->http->request, DEVICE_COOKIE);

	if (!device_is(call->keeper->root_key, login, text, id_memory))
		return SPAN_ABSENT;
	return span_of(id_memory, DEVICE_ID_SIZE);
}

/* ---- refusals ---- */

static enum status refuse_as(struct api_call *call, const char *key)
{
	complaint_set(&call->complaint, key, 0);
	http_problem(call->response, call->http->request, 401, &call->complaint);
	http_response_header(
		call->response, "WWW-Authenticate", SPAN_LIT("Bearer realm=\"llavero\""));
	return ST_OK;
}

enum status login_refuse(struct api_call *call)
{
	return refuse_as(call, "login.login_failed");
}

static void retry_after(struct api_call *call, int64_t wait_us)
{
	char memory[24];
	struct buf text = BUF_ARRAY(memory);

	buf_printf(&text, "%lld", (long long)((wait_us + US_PER_S - 1) / US_PER_S));
	http_response_header(call->response, "Retry-After", buf_span(&text));
}

enum status login_slow(struct api_call *call, int64_t wait_us)
{
	char memory[24];
	struct buf seconds = BUF_ARRAY(memory);

	buf_printf(&seconds, "%lld", (long long)((wait_us + US_PER_S - 1) / US_PER_S));
	complaint_set(&call->complaint, "login.login_slowed", 1, "seconds", buf_str(&seconds));
	http_problem(call->response, call->http->request, 429, &call->complaint);
	retry_after(call, wait_us);
	return ST_OK;
}

enum status login_busy(struct api_call *call, enum status st)
{
	if (st != ST_BUSY)
		return st;
	complaint_set(&call->complaint, "login.login_busy", 0);
	http_problem(call->response, call->http->request, 503, &call->complaint);
	retry_after(call, US_PER_S);
	return ST_OK;
}

/* ---- codes ---- */

enum status login_code_check(struct api_call *call, const struct record_login *login,
	struct span code, struct login_code *out_code)
{
	uint8_t secret[TOTP_SECRET_SIZE] = { 0 };
	bool step_is, recovery_is = false;
	enum status st = totp_open(call->keeper->root_key, login->user_slot, login->totp, secret);

	*out_code = (struct login_code){ .is_recovery = !otp_has_form(code) };
	step_is = otp_is(span_of(secret, sizeof(secret)), call->now_us, code, &out_code->step);
	crypto_wipe(secret, sizeof(secret));
	if (st == ST_OK)
		st = recovery_digest(code, out_code->digest);
	if (st == ST_OK)
		st = snapshot_recovery_is(
			call->reading, login->user_slot, out_code->digest, &recovery_is);
	if (st != ST_OK)
		return st;
	out_code->is_right = out_code->is_recovery
				     ? recovery_is
				     : step_is && out_code->step > login->totp_last_step;
	return ST_OK;
}

enum status login_code_use(struct api_call *call, uint32_t user_slot, const struct login_code *code)
{
	if (code->is_recovery)
		return login_use_recovery(call->change, user_slot, code->digest);
	return login_use_step(call->change, user_slot, code->step);
}

void login_append_recovery(struct buf *out, const struct recovery_secrets *codes)
{
	buf_append_str(out, "\"recoveryCodes\":[");
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", codes->texts[i]);
	buf_append_char(out, ']');
}

/* ---- one-time links ---- */

enum status login_link_digest(struct span token, uint8_t out_digest[DIGEST_SIZE])
{
	const struct span parts[] = { SPAN_LIT("llavero enrolment 1\n"), token };
	CLEANUP(digest_context_free)
	struct digest_context *context = digest_context_make();

	if (context == NULL || !digest_sha256_parts(context, parts, ARRAY_LEN(parts), out_digest))
		return ST_NO_MEMORY;
	return ST_OK;
}

enum status login_link_make(struct api_call *call, struct login_link *out_link)
{
	uint8_t bytes[LINK_BYTES];
	char memory[LINK_CHARS + 1];
	struct buf token = BUF_ARRAY(memory), url = BUF_ARRAY(out_link->url);
	enum status st;

	crypto_random(bytes, sizeof(bytes));
	encode_base64url(&token, bytes, sizeof(bytes));
	link_base_append(call->keeper, false, &url);
	buf_printf(&url, "/enrol#%s", memory);
	st = login_link_digest(buf_span(&token), out_link->digest);
	crypto_wipe(bytes, sizeof(bytes));
	crypto_wipe(memory, sizeof(memory));
	return st == ST_OK && !buf_ok(&url) ? ST_LIMIT : st;
}

/* ---- logging in ---- */

struct attempt {
	struct span email, account_name, password, code;
	enum session_kind kind;
	struct record_account account;
	struct record_user user;
	struct record_login login;
	bool has_account, has_login;
	bool only_code_wrong;
	struct login_code proved;
	uint8_t device_memory[DEVICE_ID_SIZE];
	uint8_t recovery_memory[DIGEST_SIZE];
	struct guess guess;
	int64_t begun_us;
};

/* ST_NOT_FOUND is no failure here: out_found says it. */
static enum status found(enum status st, bool *out_found)
{
	*out_found = st == ST_OK;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* The account that is named, or the only one. */
static enum status find_account(struct api_call *call, struct attempt *attempt)
{
	struct list_query query = { .kind = ENTITY_ACCOUNT, .count_max = 2 };
	uint32_t slots[LIMIT_PAGE];
	size_t count = 0;
	enum status st;

	if (span_present(attempt->account_name))
		return found(snapshot_account_by_name(call->reading, attempt->account_name,
				     call->arena, &attempt->account),
			&attempt->has_account);
	st = snapshot_list(call->reading, &query, slots, &count);
	if (st != ST_OK || count == 0)
		return st;
	if (count > 1)
		return api_refuse(call, ST_INVALID, "login.account_needed", NULL, NULL);
	st = snapshot_account(call->reading, slots[0], call->arena, &attempt->account);
	attempt->account_name = attempt->account.name;
	return found(st, &attempt->has_account);
}

static enum status find_login(struct api_call *call, struct attempt *attempt)
{
	uint32_t account_slot = attempt->has_account ? attempt->account.slot : 0;
	bool has_user = false;
	enum status st = found(snapshot_user_by_email(call->reading, account_slot, attempt->email,
				       call->arena, &attempt->user),
		&has_user);

	if (st == ST_OK)
		st = found(snapshot_login(call->reading, has_user ? attempt->user.slot : 0,
				   call->arena, &attempt->login),
			&attempt->has_login);
	if (!attempt->has_login)
		attempt->login = *entry_nobody(call->keeper->entry);
	return st;
}

static enum status read_attempt(struct api_call *call, struct attempt *attempt)
{
	struct body_field fields[] = {
		{ .name = "account", .kind = BODY_TEXT },
		{ .name = "email", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "password", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
		{ .name = "code", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "kind", .kind = BODY_TEXT },
	};
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st != ST_OK)
		return st;
	attempt->account_name = fields[0].text;
	attempt->email = fields[1].text;
	attempt->password = span_part(fields[2].text, 0, FIELD_TEXT_MAX);
	attempt->code = fields[3].text;
	attempt->kind = SESSION_BROWSER;
	if (fields[4].present && span_is(fields[4].text, "cli"))
		attempt->kind = SESSION_CLI;
	else if (fields[4].present && !span_is(fields[4].text, "browser"))
		return api_refuse(call, ST_INVALID, "login.kind", NULL, NULL);
	return ST_OK;
}

/* L1. */
static enum status weigh(struct api_call *call, struct attempt *attempt, bool *out_right)
{
	bool password_right = false;
	enum status st = login_code_check(call, &attempt->login, attempt->code, &attempt->proved);

	/* Nothing is held open while others are waited for. */
	snapshot_end(&call->own_reading);
	call->reading = NULL;
	if (st == ST_OK)
		st = entry_password_is(call->keeper->entry,
			span_present(attempt->guess.device) ? ENTRY_KNOWN : ENTRY_STRANGER,
			attempt->login.password, attempt->password, &password_right);
	*out_right = st == ST_OK && attempt->has_login && password_right &&
		     attempt->proved.is_right && attempt->user.state == USER_ACTIVE &&
		     attempt->account.state == ACCOUNT_ACTIVE;
	/* A recovery code is not guessed. */
	attempt->only_code_wrong = st == ST_OK && attempt->has_login && password_right &&
				   !attempt->proved.is_right && !attempt->proved.is_recovery;
	return st;
}

/* L3. ST_DENIED when it is not as it was. */
static enum status same_still(struct api_call *call, const struct attempt *attempt)
{
	struct record_user user;
	struct record_account account;
	enum status st = login_still(call->change, &attempt->login);

	if (st == ST_OK)
		st = snapshot_user(call->reading, attempt->user.slot, call->arena, &user);
	if (st == ST_OK)
		st = snapshot_account(call->reading, attempt->account.slot, call->arena, &account);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DENIED : st;
	return user.state == USER_ACTIVE && account.state == ACCOUNT_ACTIVE ? ST_OK : ST_DENIED;
}

static enum status enter(struct api_call *call, const struct attempt *attempt)
{
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(64 * KIB);
	struct session_secret secret = { .text = { 0 } };
	struct head head;
	enum status st = login_change(call, attempt->user.slot);

	if (st == ST_OK)
		st = same_still(call, attempt);
	if (st == ST_OK)
		st = login_code_use(call, attempt->user.slot, &attempt->proved);
	if (st == ST_OK)
		st = login_give(call, attempt->user.slot, attempt->kind, &secret, &object);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st == ST_OK) {
		guess_right(entry_guesses(call->keeper->entry), &attempt->guess, attempt->begun_us);
		entry_code_right(call->keeper->entry, attempt->user.slot);
		if (attempt->kind == SESSION_CLI)
			buf_printf(&object, ",\"token\":\"%s\"", secret.text);
		buf_append_char(&object, '}');
		login_cookies(call, attempt->kind, &secret, &attempt->login);
		st = api_answer(call, 201, &object, 0, &head);
	}
	crypto_wipe(&secret, sizeof(secret));
	return st;
}

void login_failed(struct api_call *call, uint32_t account_slot, uint32_t user_slot)
{
	char memory[80];
	struct buf address = BUF_ARRAY(memory);

	http_peer_append(&address, call->http->request->peer);
	entry_failed(call->keeper->entry, account_slot, user_slot, buf_span(&address));
}

static void note_wrong_code(struct api_call *call, const struct attempt *attempt)
{
	char memory[80];
	struct buf address = BUF_ARRAY(memory);

	http_peer_append(&address, call->http->request->peer);
	entry_code_wrong(call->keeper->entry, attempt->user.slot, buf_span(&address));
}

static enum status fail(struct api_call *call, const struct attempt *attempt)
{
	if (attempt->has_account)
		login_failed(call, attempt->account.slot, 0);
	if (attempt->only_code_wrong)
		note_wrong_code(call, attempt);
	return login_refuse(call);
}

/* His codes are guessed at: of a device that is not known this one may be such a guess. */
static bool is_held(const struct attempt *attempt)
{
	return attempt->login.codes_held_at_us != 0 && !attempt->proved.is_recovery &&
	       !span_present(attempt->guess.device);
}

/*
 * Who proved both is told the way that is left. The code is used up: one that was guessed is good
 * for nothing else either. It counts as a wrong try.
 */
static enum status refuse_held(struct api_call *call, const struct attempt *attempt)
{
	struct head head;
	enum status st = login_change_of(call, SPAN_LIT("login"));

	if (st == ST_OK)
		st = same_still(call, attempt);
	if (st == ST_OK)
		st = login_code_use(call, attempt->user.slot, &attempt->proved);
	if (st == ST_OK)
		st = login_codes_refused(call->change, attempt->user.slot);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	return st != ST_OK ? st : refuse_as(call, "login.codes_held");
}

/* Who tries, by what is known before it is looked at (guess.h). */
static enum status guess_of(struct api_call *call, struct attempt *attempt)
{
	attempt->guess = (struct guess){
		.peer = call->http->request->peer,
		.account = attempt->account_name,
		.email = attempt->email,
		.device = device_of(call, &attempt->login, attempt->device_memory),
	};
	if (!recovery_has_form(attempt->code))
		return ST_OK;
	attempt->guess.recovery = span_of(attempt->recovery_memory, DIGEST_SIZE);
	return recovery_digest(attempt->code, attempt->recovery_memory);
}

static enum status try_it(struct api_call *call, struct attempt *attempt)
{
	bool right = false;
	enum status st = weigh(call, attempt, &right);

	if (st == ST_OK && right)
		st = is_held(attempt) ? refuse_held(call, attempt) : enter(call, attempt);
	else if (st == ST_OK)
		st = ST_DENIED;
	if (st == ST_DENIED)
		return fail(call, attempt);
	/* What nobody could judge is held against nobody. */
	if (st != ST_OK)
		guess_back(entry_guesses(call->keeper->entry), &attempt->guess, attempt->begun_us);
	return login_busy(call, st);
}

static enum status session_create(struct api_call *call)
{
	struct attempt attempt = { .kind = SESSION_BROWSER, .begun_us = clock_boot_us() };
	int64_t wait_us = 0;
	enum status st = read_attempt(call, &attempt);

	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = find_account(call, &attempt);
	if (st == ST_OK)
		st = find_login(call, &attempt);
	if (st == ST_OK)
		st = guess_of(call, &attempt);
	if (st != ST_OK)
		return st;
	if (!guess_begin(
		    entry_guesses(call->keeper->entry), &attempt.guess, attempt.begun_us, &wait_us))
		return login_slow(call, wait_us);
	return try_it(call, &attempt);
}

static const struct api_route ROUTES[] = {
	{ "POST", "/v1/session", session_create, NULL, LOGIN_BODY_MAX, NEED_NOBODY, 0 },
};

const struct api_table LOGIN_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
