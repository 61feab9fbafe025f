#include "decide/decision.h"

#include "base/clock.h"
#include "base/plain.h"
#include "key/digest.h"
#include "key/near_miss.h"

/*
 * Faults that a test build plants, so that the independent model can be seen to
 * find them (tests/model/README.md). 0, the only value of a real build: none.
 */
#ifndef LLAVERO_SEEDED_FAULT
#define LLAVERO_SEEDED_FAULT 0
#endif
#define FAULT_EXPIRY (LLAVERO_SEEDED_FAULT == 1)
#define FAULT_SECOND_TOKEN (LLAVERO_SEEDED_FAULT == 2)
#define FAULT_HEAD (LLAVERO_SEEDED_FAULT == 3)
#define FAULT_OTHER_ACCOUNT (LLAVERO_SEEDED_FAULT == 4)
#define FAULT_EMPTY_SET (LLAVERO_SEEDED_FAULT == 5)

/* One decision under way. */
struct run {
	const struct view *view;
	const struct decide_input *input;
	struct decide_scratch *scratch;
	struct decision *out;
	uint8_t digest[DIGEST_SIZE];
	struct view_account home, asked;
	bool asked_looked_up;
	bool links_scanned;
};

/* Every step returns true to go on; false when the decision has fallen. */

static bool fail_hidden(struct run *run, enum step step, enum cause cause, enum cause public_cause)
{
	struct decision *out = run->out;

	out->trace[step] = STEP_FAILED;
	out->failed_step = step;
	out->cause = cause;
	out->public_cause = public_cause;
	return false;
}

static bool fail(struct run *run, enum step step, enum cause cause)
{
	return fail_hidden(run, step, cause, cause);
}

static bool pass(struct run *run, enum step step)
{
	run->out->trace[step] = STEP_PASSED;
	return true;
}

static bool skip(struct run *run, enum step step)
{
	run->out->trace[step] = STEP_SKIPPED;
	return true;
}

static bool allow(struct run *run)
{
	run->out->verdict = VERDICT_ALLOW;
	return false;
}

static bool is_empty(struct span s)
{
	return s.len == 0;
}

static struct span key_prefix(const struct run *run)
{
	return span_present(run->scratch->app_key_prefix) ? run->scratch->app_key_prefix
							  : SPAN_LIT(APP_KEY_PREFIX_DEFAULT);
}

/* The appKey for a look-up; empty, which no key has, when none came or it is too long. */
static struct span presented_app_key(const struct run *run)
{
	const struct presented *credential = &run->input->credential;

	if (credential->form != PRESENTED_PAIR || !span_present(credential->app_key) ||
		credential->app_key.len > LIMIT_APP_KEY)
		return SPAN_LIT("");
	return credential->app_key;
}

/* Nothing of an earlier decision may answer for this key. */
static void forget_key(struct view_key *key)
{
	key->slot = 0;
	key->account = 0;
	key->state = KEY_NONE;
	key->digests_count = 0;
	key->profiles_count = 0;
	key->has_extra = false;
	key->addresses_count = 0;
	key->limits = (struct allowance){ 0 };
}

static bool step_request(struct run *run)
{
	const struct decide_input *in = run->input;
	struct decide_scratch *scratch = run->scratch;

	scratch->host = SPAN_ABSENT;
	scratch->path = (struct path_result){ 0 };
	if (in->malformed || in->method.len > LIMIT_METHOD || !plain_is_token(in->method))
		return fail(run, STEP_REQUEST, CAUSE_REQUEST_MALFORMED);
	if (!is_empty(in->host) &&
		!host_canonicalise(in->host, scratch->host_memory, &scratch->host))
		return fail(run, STEP_REQUEST, CAUSE_REQUEST_MALFORMED);
	return pass(run, STEP_REQUEST);
}

static bool step_path(struct run *run)
{
	struct decide_scratch *scratch = run->scratch;

	path_canonicalise(run->input->target, scratch->host, scratch->path_memory,
		sizeof(scratch->path_memory), &scratch->path);
	run->out->path_reason = scratch->path.reason;
	if (scratch->path.reason == PATH_OK)
		return pass(run, STEP_PATH);
	if (path_reason_is_size(scratch->path.reason) || scratch->path.reason == PATH_NOT_LOOKED_AT)
		return fail(run, STEP_REQUEST, CAUSE_REQUEST_MALFORMED);
	return fail(run, STEP_PATH, CAUSE_PATH_AMBIGUOUS);
}

static bool find_route(struct run *run)
{
	const struct route_request request = {
		.host = run->scratch->host,
		.method = run->input->method,
		.path = &run->scratch->path,
	};
	struct route_match *route = &run->out->route;

	if (run->view->routes == NULL)
		return true;
	if (routes_match(run->view->routes, &request, route) != ST_OK)
		return fail(run, STEP_ROUTE, CAUSE_INDEX_UNAVAILABLE);
	if (FAULT_HEAD && span_is(request.method, "HEAD") && route->kind == ROUTE_MATCH_FOUND)
		route->kind = ROUTE_MATCH_NONE;
	return true;
}

static bool step_route(struct run *run)
{
	const struct route_match *route = &run->out->route;

	if (run->view == NULL)
		return fail(run, STEP_ROUTE, CAUSE_INDEX_UNAVAILABLE);
	if (run->view->stale)
		return fail(run, STEP_ROUTE, CAUSE_INDEX_STALE);
	if (!find_route(run))
		return false;
	if (route->kind == ROUTE_MATCH_PATH_REFUSED) {
		run->out->path_reason = route->path_reason;
		return fail(run, STEP_PATH, CAUSE_PATH_AMBIGUOUS);
	}
	pass(run, STEP_ROUTE);
	if (run->input->cors_preflight && span_is(run->input->method, "OPTIONS") &&
		route->has_service && route->preflight_pass)
		return allow(run);
	if (route->kind == ROUTE_MATCH_FOUND && route->access == ROUTE_PUBLIC)
		return allow(run);
	return true;
}

static bool step_credential(struct run *run)
{
	const struct presented *credential = &run->input->credential;
	bool pair = credential->form == PRESENTED_PAIR;
	bool no_key = is_empty(credential->app_key), no_token = is_empty(credential->app_token);

	if (credential->repeated)
		return fail(run, STEP_CREDENTIAL, CAUSE_HEADER_REPEATED);
	if (credential->form == PRESENTED_NONE || (no_token && (no_key || !pair)))
		return fail(run, STEP_CREDENTIAL, CAUSE_CREDENTIALS_MISSING);
	if (pair && no_key)
		return fail(run, STEP_CREDENTIAL, CAUSE_APP_KEY_MISSING);
	if (no_token)
		return fail(run, STEP_CREDENTIAL, CAUSE_APP_TOKEN_MISSING);
	if (credential->app_token.len > LIMIT_APP_TOKEN ||
		(pair && credential->app_key.len > LIMIT_APP_KEY))
		return fail(run, STEP_CREDENTIAL, CAUSE_REQUEST_MALFORMED);
	return pass(run, STEP_CREDENTIAL);
}

/* Examine the texts; the cause that anybody may be told. */
static enum cause examine_text(struct run *run)
{
	const struct presented *credential = &run->input->credential;
	struct span app_key =
		credential->form == PRESENTED_PAIR ? credential->app_key : SPAN_ABSENT;
	enum cause cause;

	credential_check(app_key, credential->app_token, key_prefix(run), &run->out->text);
	cause = cause_of_text(run->out->text.cause);
	return cause == CAUSE_NONE ? CAUSE_CREDENTIALS_INVALID : cause;
}

static bool step_text(struct run *run)
{
	if (token_refused(run->input->credential.app_token))
		return fail(run, STEP_TEXT, examine_text(run));
	return pass(run, STEP_TEXT);
}

/* ---- The refusal that must not tell what exists (I4) ---- */

/* The token of the record, in constant time: 0 none, 1 the newest, 2 the older. */
static unsigned matching_token(const struct run *run, const struct view_key *key)
{
	static const uint8_t ABSENT[DIGEST_SIZE];
	bool first = digest_equal(run->digest, key->digests_count > 0 ? key->digests[0] : ABSENT);
	bool second = digest_equal(run->digest, key->digests_count > 1 ? key->digests[1] : ABSENT);

	if (FAULT_SECOND_TOKEN)
		second = false;
	if (first && key->digests_count > 0)
		return 1;
	return second && key->digests_count > 1 ? 2 : 0;
}

/* A text of one field, looked up as if it were a token; in vain: as if it were an unknown one. */
static enum status look_up_token(
	struct run *run, struct span text, bool in_vain, struct view_token *out_token)
{
	uint8_t digest[DIGEST_SIZE];
	enum status st = ST_UNAVAILABLE;

	if (token_digest(run->scratch->digests, text, digest)) {
		digest[0] ^= in_vain;
		st = run->view->token_by_digest(run->view->context, digest, out_token);
	}
	crypto_wipe(digest, sizeof(digest));
	return st;
}

/* Some key, for equal work: always the same for a text, so that it is as near as a known one. */
static uint32_t stand_in(const struct run *run, struct span text)
{
	static const uint8_t ANY[16];
	uint64_t count = run->view->keys_count;

	return count == 0 ? 1 : (uint32_t)(1 + crypto_hash64(ANY, text) % count);
}

/* The key of a slot into scratch->other; for slot 0 the text's stand-in. */
static enum status look_up_other(struct run *run, uint32_t slot, struct span text)
{
	struct view_key *other = &run->scratch->other;
	uint32_t wanted = slot != 0 ? slot : stand_in(run, text);
	enum status st;

	forget_key(other);
	st = run->view->key_by_slot(run->view->context, wanted, other);
	return slot == 0 && st == ST_NOT_FOUND ? ST_OK : st;
}

/* The appKey was found, or not: now one that is not, or one that is. */
static void even_out_key(struct run *run)
{
	struct view_key *other = &run->scratch->other;
	struct span text = other->slot != 0 && run->out->key == 0
				   ? other->app_key
				   : span_of(run->digest, sizeof(run->digest));

	(void)run->view->key_by_app_key(run->view->context, text, other);
}

/* The same for the digest; scratch->other stays as it is. */
static void even_out_token(struct run *run, bool found)
{
	const struct view_key *other = &run->scratch->other;
	struct view_token ignored;
	uint8_t digest[DIGEST_SIZE];

	memcpy(digest, run->digest, sizeof(digest));
	/* Of another byte than in look_up_token: not one that is still at hand. */
	digest[1] ^= 1;
	(void)run->view->token_by_digest(run->view->context,
		!found && other->digests_count > 0 ? other->digests[0] : digest, &ignored);
}

static void know_other(struct run *run, uint32_t slot)
{
	run->out->other_key = slot;
	run->out->other_account = run->scratch->other.account;
}

/* The presented token, rewritten; for the pair only the named key's own token counts. */
static void try_rewritings(struct run *run)
{
	struct decision *out = run->out;
	bool alone = run->input->credential.form != PRESENTED_PAIR;
	struct near_miss it;
	struct view_token token;
	uint32_t key = 0;

	for (near_miss_begin(&it, run->input->credential.app_token); near_miss_next(&it);) {
		/* Unchanged it is the presented one, whose finding would take time each time. */
		enum status st = look_up_token(run, near_miss_text(&it), !it.changed, &token);

		if (st != ST_OK || !token.live || !it.changed || key != 0)
			continue;
		if (alone || token.key == out->key) {
			out->near.steps = (uint8_t)it.steps;
			key = token.key;
		}
	}
	near_miss_end(&it);
	if (look_up_other(run, alone ? key : out->key, presented_app_key(run)) == ST_OK && alone &&
		key != 0)
		know_other(run, key);
	even_out_key(run);
}

/* Each value in the other's field. */
static void try_swapped(struct run *run)
{
	struct span as_key = span_part(run->input->credential.app_token, 0, LIMIT_APP_KEY);
	struct view_key *other = &run->scratch->other;
	struct view_token token;
	uint32_t key = 0;

	if (look_up_token(run, presented_app_key(run), false, &token) == ST_OK)
		key = token.key;
	forget_key(other);
	if (run->view->key_by_app_key(run->view->context, as_key, other) != ST_OK || key == 0)
		return;
	if (key == other->slot) {
		run->out->near.swapped = true;
		know_other(run, key);
	}
}

enum cause decision_unproven_cause(
	enum cause public_cause, bool key_known, enum text_field text_field)
{
	if (public_cause != CAUSE_CREDENTIALS_INVALID &&
		!(key_known && text_field == FIELD_APP_KEY))
		return public_cause;
	return key_known ? CAUSE_TOKEN_MISMATCH : CAUSE_UNKNOWN_KEY;
}

/* The cause for the owner of a credential that nobody proved. */
static enum cause hidden_cause(const struct run *run, enum cause public_cause, bool of_other)
{
	bool key_known = run->out->key != 0;
	enum text_field field = run->out->text.field;

	if (of_other && key_known)
		return CAUSE_TOKEN_OF_ANOTHER_KEY;
	/* A finding about a token that is known exactly explains nothing. */
	if (of_other && field == FIELD_APP_TOKEN)
		return CAUSE_UNKNOWN_KEY;
	return decision_unproven_cause(public_cause, key_known, field);
}

/* The token is or was this key's by its digest, and not live in the key's record. */
static bool refuse_own_token(struct run *run, const struct view_token *token)
{
	struct decision *out = run->out;

	/* Live by its digest, and yet not in the key's own record: the index is damaged. */
	if (token->live)
		return fail(run, STEP_TOKEN, CAUSE_INDEX_UNAVAILABLE);
	out->proven = true;
	/* An exact match: nothing about the text needs explaining. */
	out->text = (struct text_finding){ 0 };
	out->near = (struct near_hit){ 0 };
	if (run->scratch->key.state == KEY_REVOKED)
		return pass(run, STEP_TOKEN);
	return fail(run, STEP_TOKEN, CAUSE_TOKEN_RETIRED);
}

/*
 * No such key, or not a live token of it. The same digests and look-ups whatever is
 * there, as many of them in vain (I4); faults in what only helps the owner cost the help, no more.
 * True to go on, for the retired token of a revoked key (I2).
 */
static bool refuse_credentials(struct run *run)
{
	struct decision *out = run->out;
	struct view_token token = { 0 };
	enum step step = out->key == 0 ? STEP_KEY : STEP_TOKEN;
	enum cause public_cause = examine_text(run);
	enum status st, other_st;
	bool of_other;

	st = run->view->token_by_digest(run->view->context, run->digest, &token);
	if (st != ST_OK)
		token = (struct view_token){ 0 };
	of_other = token.key != 0 && token.key != out->key;
	try_rewritings(run);
	try_swapped(run);
	other_st = look_up_other(run, token.key, span_of(run->digest, sizeof(run->digest)));
	even_out_token(run, token.key != 0);
	if ((st != ST_OK && st != ST_NOT_FOUND) || other_st != ST_OK)
		return fail(run, step, CAUSE_INDEX_UNAVAILABLE);
	if (of_other)
		know_other(run, token.key);
	else if (token.key != 0)
		return refuse_own_token(run, &token);
	return fail_hidden(run, step, hidden_cause(run, public_cause, of_other), public_cause);
}

static void know_key(struct run *run)
{
	run->out->key = run->scratch->key.slot;
	run->out->key_account = run->scratch->key.account;
}

/* The key that the request names: by its appKey, or by the token when that comes alone. */
static enum status look_up_key(struct run *run)
{
	const struct view *view = run->view;
	struct view_key *key = &run->scratch->key;
	struct view_token token;
	enum status st;

	forget_key(key);
	if (run->input->credential.form == PRESENTED_PAIR)
		return view->key_by_app_key(view->context, presented_app_key(run), key);
	st = view->token_by_digest(view->context, run->digest, &token);
	if (st != ST_OK)
		return st;
	st = view->key_by_slot(view->context, token.key, key);
	/* A token without its key: the index is damaged. */
	return st == ST_NOT_FOUND ? ST_DAMAGED : st;
}

static bool step_key(struct run *run)
{
	enum status st;

	if (!token_digest(run->scratch->digests, run->input->credential.app_token, run->digest))
		return fail(run, STEP_KEY, CAUSE_INDEX_UNAVAILABLE);
	st = look_up_key(run);
	if (st != ST_OK && st != ST_NOT_FOUND)
		return fail(run, STEP_KEY, CAUSE_INDEX_UNAVAILABLE);
	if (st == ST_NOT_FOUND) {
		/* The compare of step_token, against nothing (I4). */
		forget_key(&run->scratch->key);
		(void)matching_token(run, &run->scratch->key);
		return refuse_credentials(run);
	}
	know_key(run);
	return pass(run, STEP_KEY);
}

static bool step_token(struct run *run)
{
	unsigned which = matching_token(run, &run->scratch->key);

	if (which == 0)
		return refuse_credentials(run);
	if (run->scratch->key.has_extra &&
		run->view->key_extra(run->view->context, &run->scratch->key) != ST_OK)
		return fail(run, STEP_TOKEN, CAUSE_INDEX_UNAVAILABLE);
	/* From here on the caller may know what is wrong with the key. */
	run->out->proven = true;
	run->out->previous_token = which == 2;
	return pass(run, STEP_TOKEN);
}

/* ---- With the right token ---- */

static bool step_state(struct run *run)
{
	const struct view_key *key = &run->scratch->key;
	int64_t now_us = run->input->now_us;
	bool expired;

	/* The hardest to undo names the cause. */
	if (key->state == KEY_REVOKED)
		return fail(run, STEP_STATE, CAUSE_KEY_REVOKED);
	/* A key is dead from its expiry on, not after it. */
	expired = FAULT_EXPIRY ? now_us > key->expires_at_us : now_us >= key->expires_at_us;
	if (key->expires_at_us != 0 && expired)
		return fail(run, STEP_STATE, CAUSE_KEY_EXPIRED);
	if (key->state != KEY_ACTIVE)
		return fail(run, STEP_STATE, CAUSE_KEY_INACTIVE);
	return pass(run, STEP_STATE);
}

/* The account that the listener asks for; ST_NOT_FOUND also when it says nothing. */
static enum status look_up_asked(struct run *run)
{
	const struct view *view = run->view;
	enum status st = ST_NOT_FOUND;

	switch (run->input->account_source) {
	case ACCOUNT_OF_KEY:
		return run->out->key == 0 ? ST_NOT_FOUND
					  : view->account_by_slot(view->context,
						    run->out->key_account, &run->asked);
	case ACCOUNT_FIXED:
	case ACCOUNT_HEADER:
		if (run->input->account.len > 0)
			st = view->account_by_name(view->context, run->input->account, &run->asked);
		break;
	case ACCOUNT_HOST:
		if (run->scratch->host.len > 0)
			st = view->account_by_host(view->context, run->scratch->host, &run->asked);
		break;
	}
	return st;
}

static enum status resolve_asked(struct run *run)
{
	enum status st = look_up_asked(run);

	run->asked_looked_up = true;
	if (st == ST_OK)
		run->out->asked_account = run->asked.slot;
	return st;
}

/* The first of the needed resources that the profile holds; 0: none. */
static uint32_t held_resource(const struct route_match *route, const struct view_profile *profile)
{
	for (size_t i = 0; i < route->resources_count; i++) {
		uint32_t resource = route_match_resource(route, i);

		if (profile_has(profile, resource))
			return resource;
	}
	return 0;
}

/* A route that asks for a link and for nothing else. */
static bool needs_link_only(const struct route_match *route)
{
	if (route->kind == ROUTE_MATCH_NONE)
		return route->has_service && route->unmapped_authenticated;
	return route->kind == ROUTE_MATCH_FOUND && route->access == ROUTE_AUTHENTICATED;
}

/* Does this link answer the route? */
static bool link_suffices(struct run *run, const struct view_profile *profile)
{
	const struct route_match *route = &run->out->route;
	bool needs_resource =
		route->kind == ROUTE_MATCH_FOUND && route->access == ROUTE_NEEDS_RESOURCE;
	uint32_t resource = needs_resource ? held_resource(route, profile) : 0;

	if (FAULT_EMPTY_SET && needs_resource && route->resources_count == 0) {
		run->out->profile = profile->slot;
		return true;
	}
	if (resource == 0 && !needs_link_only(route))
		return false;
	run->out->profile = profile->slot;
	run->out->resource = resource;
	run->out->profile_name = profile->name;
	return true;
}

/*
 * Count the key's links in the asked account and find the first that suffices.
 * A link to a profile that is not there is damage, never "no link".
 */
static enum status scan_links(struct run *run)
{
	const struct view_key *key = &run->scratch->key;
	struct view_profile profile;

	if (run->links_scanned)
		return ST_OK;
	for (unsigned i = 0; i < key->profiles_count && i < LIMIT_PROFILES_PER_KEY; i++) {
		enum status st =
			run->view->profile_by_slot(run->view->context, key->profiles[i], &profile);

		if (st != ST_OK)
			return st;
		if (profile.account != run->asked.slot && !FAULT_OTHER_ACCOUNT)
			continue;
		run->out->profiles_here++;
		if (link_suffices(run, &profile))
			break;
	}
	run->links_scanned = true;
	return ST_OK;
}

static bool step_account(struct run *run)
{
	const struct view *view = run->view;
	uint32_t home = run->scratch->key.account;
	enum status st = resolve_asked(run);
	enum status home_st = ST_OK;

	if (st != ST_OK && st != ST_NOT_FOUND)
		return fail(run, STEP_ACCOUNT, CAUSE_INDEX_UNAVAILABLE);
	if (st == ST_OK && run->asked.slot == home)
		run->home = run->asked;
	else
		home_st = view->account_by_slot(view->context, home, &run->home);
	/* A key's home is always there. */
	if (home_st != ST_OK)
		return fail(run, STEP_ACCOUNT, CAUSE_INDEX_UNAVAILABLE);
	if (!run->home.active)
		return fail(run, STEP_ACCOUNT, CAUSE_ACCOUNT_SUSPENDED);
	if (st == ST_NOT_FOUND)
		return fail(run, STEP_ACCOUNT, CAUSE_WRONG_ACCOUNT);
	/* Without a link there, a key learns no more of an account than of an unknown one. */
	if (run->asked.slot != home) {
		if (scan_links(run) != ST_OK)
			return fail(run, STEP_ACCOUNT, CAUSE_INDEX_UNAVAILABLE);
		if (run->out->profiles_here == 0)
			return fail(run, STEP_ACCOUNT, CAUSE_WRONG_ACCOUNT);
	}
	if (!run->asked.active)
		return fail(run, STEP_ACCOUNT, CAUSE_ACCOUNT_SUSPENDED);
	return pass(run, STEP_ACCOUNT);
}

static bool step_address(struct run *run)
{
	const struct view_key *key = &run->scratch->key;

	/* A list that was not read is no empty list. */
	if (key->has_extra)
		return fail(run, STEP_ADDRESS, CAUSE_INDEX_UNAVAILABLE);
	if (key->addresses_count == 0)
		return skip(run, STEP_ADDRESS);
	for (unsigned i = 0; i < key->addresses_count && i < LIMIT_ADDRESSES_PER_KEY; i++) {
		if (address_in(&run->input->client, &key->addresses[i]))
			return pass(run, STEP_ADDRESS);
	}
	return fail(run, STEP_ADDRESS, CAUSE_ADDRESS_NOT_ALLOWED);
}

static bool step_mapped(struct run *run)
{
	const struct route_match *route = &run->out->route;

	if (route->kind == ROUTE_MATCH_AMBIGUOUS)
		return fail(run, STEP_MAPPED, CAUSE_ROUTE_AMBIGUOUS);
	if (route->kind != ROUTE_MATCH_FOUND && !needs_link_only(route))
		return fail(run, STEP_MAPPED, CAUSE_ROUTE_UNKNOWN);
	return pass(run, STEP_MAPPED);
}

static bool step_links(struct run *run)
{
	if (scan_links(run) != ST_OK)
		return fail(run, STEP_LINKS, CAUSE_INDEX_UNAVAILABLE);
	if (run->out->profiles_here == 0)
		return fail(run, STEP_LINKS, CAUSE_NO_PROFILE);
	return pass(run, STEP_LINKS);
}

static bool step_resource(struct run *run)
{
	if (needs_link_only(&run->out->route))
		return skip(run, STEP_RESOURCE);
	if (run->out->profile == 0)
		return fail(run, STEP_RESOURCE, CAUSE_PROFILE_LACKS_RESOURCE);
	return pass(run, STEP_RESOURCE);
}

/* Whole seconds, so that who waits that long is not early. */
static uint32_t wait_seconds(int64_t wait_us)
{
	int64_t seconds = wait_us <= 0 ? 1 : (wait_us - 1) / US_PER_S + 1;

	return seconds > INT32_MAX ? INT32_MAX : (uint32_t)seconds;
}

static bool step_limits(struct run *run)
{
	const struct limits_source *source = run->input->limits;
	struct decision *out = run->out;

	if (!allowance_limits(&run->scratch->key.limits))
		return skip(run, STEP_LIMITS);
	out->limits = run->scratch->key.limits;
	if (source != NULL)
		out->limits_state =
			source->ask(source->context, out->key, &out->limits, run->input->now_us);
	switch (out->limits_state.outcome) {
	case ALLOWANCE_LEFT:
		return pass(run, STEP_LIMITS);
	case ALLOWANCE_USED_UP:
		out->retry_after_s = wait_seconds(out->limits_state.wait_us);
		return fail(run, STEP_LIMITS,
			window_is_quota(out->limits_state.window) ? CAUSE_QUOTA_EXHAUSTED
								  : CAUSE_RATE_LIMITED);
	case ALLOWANCE_UNKNOWN:
		break;
	}
	/* What cannot be counted is not allowed (I1). */
	return fail(run, STEP_LIMITS, CAUSE_LIMITS_UNAVAILABLE);
}

/* ---- Afterwards ---- */

static void finish_allow(struct run *run)
{
	struct decision *out = run->out;

	/* A public route asked for no key: the answer names none. */
	if (out->key == 0)
		return;
	out->owner_account = out->asked_account;
	out->account_name = run->asked.name;
	out->app_key = run->scratch->key.app_key;
	out->external_id = run->scratch->key.external_id;
}

/* The account that the presented appKey's text names: a look-up that finds, and one in vain. */
static uint32_t account_of_text(struct run *run)
{
	const struct view *view = run->view;
	const struct span nobody = SPAN_LIT("-"); /* no account has this name */
	struct span name = app_key_account(presented_app_key(run), key_prefix(run));
	struct view_account named, first;
	bool found;

	if (!span_present(name))
		name = nobody;
	found = view->account_by_name(view->context, name, &named) == ST_OK;
	if (view->account_by_slot(view->context, 1, &first) != ST_OK)
		first.name = nobody;
	(void)view->account_by_name(view->context, found ? nobody : first.name, &first);
	return found ? named.slot : 0;
}

/*
 * Whose owner may read the diagnosis. Nothing here changes the verdict or the
 * cause, and a fault costs the owner, not the refusal.
 */
static void finish_refusal(struct run *run)
{
	struct decision *out = run->out;
	uint32_t named;

	if (run->view == NULL)
		return;
	if (out->trace[STEP_KEY] == STEP_NOT_REACHED) {
		forget_key(&run->scratch->key);
		if (run->view->key_by_app_key(run->view->context, presented_app_key(run),
			    &run->scratch->key) == ST_OK)
			know_key(run);
	}
	/* The key's own account needs no look-up, which would tell that there is a key (I4). */
	if (!run->asked_looked_up && run->input->account_source != ACCOUNT_OF_KEY)
		(void)resolve_asked(run);
	named = out->proven ? 0 : account_of_text(run);
	if (out->asked_account != 0)
		out->owner_account = out->asked_account;
	else if (out->key_account != 0)
		out->owner_account = out->key_account;
	else
		out->owner_account = named != 0 ? named : out->other_account;
}

static bool (*const STEPS[STEP_COUNT])(struct run *) = {
	[STEP_REQUEST] = step_request,
	[STEP_PATH] = step_path,
	[STEP_ROUTE] = step_route,
	[STEP_CREDENTIAL] = step_credential,
	[STEP_TEXT] = step_text,
	[STEP_KEY] = step_key,
	[STEP_TOKEN] = step_token,
	[STEP_STATE] = step_state,
	[STEP_ACCOUNT] = step_account,
	[STEP_ADDRESS] = step_address,
	[STEP_MAPPED] = step_mapped,
	[STEP_LINKS] = step_links,
	[STEP_RESOURCE] = step_resource,
	[STEP_LIMITS] = step_limits,
};

void decide(const struct view *view, const struct decide_input *input,
	struct decide_scratch *scratch, struct decision *out)
{
	struct run run = { .view = view, .input = input, .scratch = scratch, .out = out };
	size_t step = 0;

	*out = (struct decision){ 0 };
	while (step < STEP_COUNT && STEPS[step](&run))
		step++;
	if (step == STEP_COUNT)
		allow(&run);
	if (out->verdict == VERDICT_ALLOW)
		finish_allow(&run);
	else
		finish_refusal(&run);
}
