#include "keeper/caller.h"

#include "base/log.h"
#include "keeper/api.h"
#include "key/digest.h"
#include "key/token.h"

#include <arpa/inet.h>

static enum status refuse_as(
	struct api_call *call, unsigned http_status, enum status st, const char *key)
{
	call->problem_status = http_status;
	return api_refuse(call, st, key, NULL, NULL);
}

/* ---- what the request says of itself ---- */

/* "host" of "host:port" and "[v6]:port". */
static struct span host_name(struct span authority)
{
	size_t end = span_find(authority, ']');

	if (authority.len > 0 && authority.ptr[0] == '[')
		return span_part(authority, 1, end - 1);
	end = span_find(authority, ':');
	return span_part(authority, 0, end);
}

/* scheme://authority of a URL; absent stays absent. */
static struct span url_origin(struct span url)
{
	for (size_t i = 0; i + 2 < url.len; i++) {
		size_t end;

		if (url.ptr[i] != ':' || url.ptr[i + 1] != '/' || url.ptr[i + 2] != '/')
			continue;
		end = i + 3 + span_find(span_part(url, i + 3, url.len), '/');
		return span_part(url, 0, end);
	}
	return SPAN_ABSENT;
}

static bool is_host_of(struct span name, struct span url)
{
	struct span origin = url_origin(url);
	size_t scheme = span_find(origin, '/');

	if (!span_present(origin))
		return false;
	return span_equal_nocase(name, host_name(span_part(origin, scheme + 2, origin.len)));
}

/* No name that somebody else's name server could answer with our address. */
static bool is_address(struct span name)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (name.len == 0 || name.len >= sizeof(text))
		return false;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

bool caller_host_is_own(const struct api_call *call)
{
	const struct keeper_setup *setup = call->keeper->setup;
	struct span name = host_name(call->http->request->host);

	if (!span_present(call->http->request->host))
		return false;
	return is_address(name) || span_equal_nocase(name, SPAN_LIT("localhost")) ||
	       is_host_of(name, setup->console_url) || is_host_of(name, setup->public_url);
}

/* Does the request come from a page of this server, as far as a browser says? */
static bool origin_is_own(const struct api_call *call)
{
	const struct http_request *request = call->http->request;
	struct span scheme = request->secure ? SPAN_LIT("https://") : SPAN_LIT("http://");
	struct span site, origin;
	enum http_lookup has_site = http_header_find(request, "Sec-Fetch-Site", &site);
	enum http_lookup has_origin = http_header_find(request, "Origin", &origin);

	if (has_site == HTTP_REPEATED || has_origin == HTTP_REPEATED)
		return false;
	if (has_site == HTTP_ONCE)
		return span_is(site, "same-origin");
	if (has_origin != HTTP_ONCE)
		return false;
	if (span_present(call->keeper->setup->console_url) &&
		span_equal_nocase(origin, url_origin(call->keeper->setup->console_url)))
		return true;
	return span_starts_with(origin, scheme) && span_present(request->host) &&
	       span_equal_nocase(span_part(origin, scheme.len, origin.len), request->host);
}

/* ---- credentials ---- */

struct credential {
	unsigned count;
	bool is_cookie;
	struct span text; /* absent: one of no kind that we know */
};

static struct span trim(struct span text)
{
	while (text.len > 0 && text.ptr[0] == ' ')
		text = span_part(text, 1, text.len);
	while (text.len > 0 && text.ptr[text.len - 1] == ' ')
		text = span_part(text, 0, text.len - 1);
	return text;
}

static void read_cookies(struct span cookies, struct credential *credential)
{
	while (cookies.len > 0) {
		size_t end = span_find(cookies, ';');
		struct span one = trim(span_part(cookies, 0, end));
		size_t equals = span_find(one, '=');

		if (span_is(span_part(one, 0, equals), CALLER_COOKIE)) {
			credential->count++;
			credential->is_cookie = true;
			credential->text = span_part(one, equals + 1, one.len);
		}
		cookies = span_part(cookies, end + 1, cookies.len);
	}
}

static void read_authorization(struct span value, struct credential *credential)
{
	size_t space = span_find(value, ' ');

	credential->count++;
	credential->is_cookie = false;
	credential->text = span_equal_nocase(span_part(value, 0, space), SPAN_LIT("Bearer"))
				   ? trim(span_part(value, space, value.len))
				   : SPAN_ABSENT;
}

static struct credential read_credential(const struct http_request *request)
{
	struct credential credential = { .text = SPAN_ABSENT };

	for (size_t i = 0; i < request->headers_count; i++) {
		const struct http_header *header = &request->headers[i];

		if (span_equal_nocase(header->name, SPAN_LIT("Cookie")))
			read_cookies(header->value, &credential);
		else if (span_equal_nocase(header->name, SPAN_LIT("Authorization")))
			read_authorization(header->value, &credential);
	}
	return credential;
}

/* ---- who that is ---- */

static void hold(struct caller *caller, enum caller_kind kind, const struct holding *holding)
{
	if (!holding->is_active)
		return;
	caller->kind = kind;
	caller->account_slot = holding->account_slot;
	caller->rights = holding->rights;
	caller->is_owner = holding->is_owner;
	caller->manages_installation = holding->manages_installation;
}

static enum status find_session(struct api_call *call, enum session_kind kind, struct span text)
{
	struct caller *caller = &call->caller;
	uint8_t digest[DIGEST_SIZE];
	struct holding holding = { .is_active = false };
	enum status st = session_digest(kind, text, digest);

	if (st == ST_OK)
		st = session_find(call->reading, kind, digest, call->now_us, &caller->session);
	if (st == ST_OK)
		st = snapshot_user_holding(call->reading, caller->session.user_slot, &holding);
	if (st != ST_OK)
		return st;
	hold(caller, CALLER_USER, &holding);
	caller->user_slot = caller->session.user_slot;
	caller->session_slot = caller->session.slot;
	caller->second_factor_at_us = caller->session.second_factor_at_us;
	caller->by_cookie = kind == SESSION_BROWSER;
	return ST_OK;
}

static enum status find_token(struct api_call *call, struct span text)
{
	CLEANUP(digest_context_free)
	struct digest_context *digests = digest_context_make();
	struct record_management_token *token = arena_alloc(call->arena, sizeof(*token));
	const struct http_peer *peer = call->http->request->peer;
	struct holding holding = { .is_active = false };
	uint8_t digest[DIGEST_SIZE];
	enum status st = ST_OK;

	if (digests == NULL || token == NULL)
		return ST_NO_MEMORY;
	if (!token_digest(digests, text, digest))
		return ST_NOT_FOUND;
	st = management_token_find(call->reading, digest, call->arena, token);
	if (st == ST_OK)
		st = snapshot_token_holding(call->reading, token->slot, call->now_us, &holding);
	if (st != ST_OK || !holding.is_active)
		return st;
	/* It proved who it is: it may be told that it asks from elsewhere. */
	if (peer->kind != HTTP_PEER_IP || !management_token_admits(token, peer->address))
		return api_refuse(call, ST_DENIED, "api.token_address", NULL, NULL);
	hold(&call->caller, CALLER_TOKEN, &holding);
	call->caller.token_slot = token->slot;
	call->caller.token = token;
	return ST_OK;
}

enum status caller_find(struct api_call *call)
{
	struct credential credential = read_credential(call->http->request);
	enum status st;

	/* C1 */
	call->caller = (struct caller){ .kind = CALLER_NOBODY };
	if (credential.count == 0) {
		if (call->http->request->peer->kind == HTTP_PEER_UNIX)
			call->caller.kind = CALLER_OPERATOR;
		return ST_OK;
	}
	/* C2 */
	if (credential.count > 1)
		return api_refuse(call, ST_INVALID, "api.credentials_twice", NULL, NULL);
	if (!span_present(credential.text))
		return ST_OK;
	st = api_reading(call);
	if (st != ST_OK)
		return st;
	if (credential.is_cookie)
		st = find_session(call, SESSION_BROWSER, credential.text);
	else if (span_starts_with(credential.text, SPAN_LIT("LM1")))
		st = find_token(call, credential.text);
	else
		st = find_session(call, SESSION_CLI, credential.text);
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* ---- whether he may ---- */

static enum status admit_need(struct api_call *call, unsigned need)
{
	const struct caller *caller = &call->caller;

	if (need == NEED_NOBODY || caller->kind == CALLER_OPERATOR)
		return ST_OK;
	if (caller->kind == CALLER_NOBODY)
		return refuse_as(call, 401, ST_DENIED, "api.login_needed");
	if (need == NEED_ANYBODY)
		return ST_OK;
	if (need == NEED_OPERATOR)
		return api_refuse(call, ST_DENIED, "api.operator_only", NULL, NULL);
	if (need == NEED_OWNER)
		return caller->is_owner
			       ? ST_OK
			       : api_refuse(call, ST_DENIED, "records.owner_only", NULL, NULL);
	if ((caller->rights & RIGHT_BIT(need)) != 0)
		return ST_OK;
	return api_refuse(
		call, ST_DENIED, "records.right_missing", "right", right_name((enum right)need));
}

static bool is_safe(struct span method)
{
	return span_is(method, "GET") || span_is(method, "HEAD");
}

static enum status step_up(struct api_call *call)
{
	if (call->caller.kind == CALLER_USER &&
		call->now_us >= call->caller.second_factor_at_us + SESSION_STEP_UP_US)
		return api_refuse(call, ST_DENIED, "api.second_factor_needed", NULL, NULL);
	return ST_OK;
}

enum status caller_admit(struct api_call *call, unsigned need, unsigned flags)
{
	const struct caller *caller = &call->caller;
	enum status st;

	/* C3 */
	if (caller->by_cookie && !is_safe(call->http->request->method) && !origin_is_own(call))
		return api_refuse(call, ST_DENIED, "api.origin_foreign", NULL, NULL);
	st = admit_need(call, need);
	if (st != ST_OK)
		return st;
	return (flags & API_STEP_UP) != 0 ? step_up(call) : ST_OK;
}

enum status caller_widens(struct api_call *call)
{
	return change_widens(call->change) ? step_up(call) : ST_OK;
}

void caller_seen(const struct api_call *call)
{
	const struct caller *caller = &call->caller;
	enum status st = ST_OK;

	if (caller->kind == CALLER_USER)
		st = session_seen(call->keeper->records, &caller->session, call->now_us);
	else if (caller->kind == CALLER_TOKEN)
		st = management_token_used(call->keeper->records, caller->token, call->now_us);
	/* What cannot be noted ends earlier than it might: no harm. */
	if (st != ST_OK)
		log_warn("use_not_noted", LOG_STR("status", status_name(st)));
}
