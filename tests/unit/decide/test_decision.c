/* Every cause, on both sides of its border. */
#include "story.h"

#include "key/near_miss.h"

#include <stdio.h>

typedef void change_fn(struct story *s);

struct row {
	const char *label;
	change_fn *change;
	enum cause cause, public_cause;
	enum step step;
};

#define ALLOWED CAUSE_NONE, CAUSE_NONE, STEP_REQUEST
#define OPEN(cause, step) cause, cause, step
#define HIDDEN(cause, step) cause, CAUSE_CREDENTIALS_INVALID, step
#define CHANGE(name) static void name(struct story *s)

static char memory[8192];

static struct span token_of(struct story *s)
{
	return s->input.credential.app_token;
}

/* The presented token, with the character at position (from 0) replaced. */
static void change_token(struct story *s, size_t position, char with)
{
	memcpy(memory, token_of(s).ptr, token_of(s).len);
	memory[position] = with;
	s->input.credential.app_token = span_of(memory, token_of(s).len);
}

static void set_token(struct story *s, const char *text)
{
	s->input.credential.app_token = span_str(text);
}

static void set_app_key(struct story *s, const char *text)
{
	s->input.credential.app_key = span_str(text);
}

static void use_plain(struct story *s)
{
	set_app_key(s, FOREIGN_KEY);
	set_token(s, FOREIGN_TOKEN);
}

static void use_away(struct story *s)
{
	set_app_key(s, s->away_key);
	set_token(s, s->away_token);
}

static void request(struct story *s, const char *method, const char *target)
{
	s->input.method = span_str(method);
	s->input.target = span_str(target);
}

static void ask(struct story *s, enum account_source source, const char *account)
{
	s->input.account_source = source;
	s->input.account = span_str(account);
}

/* clang-format off */
CHANGE(nothing) { (void)s; }

/* ---- the request ---- */
CHANGE(malformed) { s->input.malformed = true; }
CHANGE(no_method) { s->input.method = SPAN_LIT(""); }
CHANGE(method_32) { memset(memory, 'A', 32); s->input.method = span_of(memory, 32); s->input.target = SPAN_LIT("/api/ping"); }
CHANGE(method_33) { memset(memory, 'A', 33); s->input.method = span_of(memory, 33); }
CHANGE(method_marks) { request(s, "M-S^EARCH~1", "/api/ping"); }
CHANGE(method_space) { request(s, "GE T", "/api/ping"); }
CHANGE(method_slash) { request(s, "GET/", "/api/ping"); }
CHANGE(method_null) { request(s, "GET", "/api/ping"); s->input.method = span_of("GET", 4); }
CHANGE(method_accent) { request(s, "GÉT", "/api/ping"); }
CHANGE(no_target) { s->input.target = SPAN_ABSENT; }
CHANGE(no_host) { s->input.host = SPAN_ABSENT; }
CHANGE(bad_host) { s->input.host = SPAN_LIT("acme..example.com"); }
CHANGE(target_longest) { memset(memory, 'a', sizeof(memory)); memcpy(memory, "/api/orders?", 12); s->input.target = span_of(memory, LIMIT_TARGET); }
CHANGE(target_too_long) { target_longest(s); s->input.target.len++; }
CHANGE(encoded_letter) { s->input.target = SPAN_LIT("/api/order%73"); }
CHANGE(encoded_slash) { s->input.target = SPAN_LIT("/api%2forders"); }
CHANGE(semicolon) { s->input.target = SPAN_LIT("/api/orders;x=1"); }
CHANGE(dot_segment) { s->input.target = SPAN_LIT("/api/./orders"); }

/* ---- public, preflight ---- */
CHANGE(public_without) { request(s, "GET", "/api/ping"); s->input.credential = (struct presented){ 0 }; }
CHANGE(public_head) { public_without(s); s->input.method = SPAN_LIT("HEAD"); }
CHANGE(public_post) { public_without(s); s->input.method = SPAN_LIT("POST"); }
CHANGE(public_repeated) { public_without(s); s->input.credential.repeated = true; }
CHANGE(preflight) { request(s, "OPTIONS", "/open/orders"); s->input.credential = (struct presented){ 0 }; s->input.cors_preflight = true; }
CHANGE(preflight_closed) { preflight(s); s->input.target = SPAN_LIT("/api/orders"); }
CHANGE(options_only) { preflight(s); s->input.cors_preflight = false; }
CHANGE(preflight_get) { preflight(s); s->input.method = SPAN_LIT("GET"); }
CHANGE(preflight_nowhere) { preflight(s); s->input.target = SPAN_LIT("/elsewhere"); }

/* ---- what was sent ---- */
CHANGE(repeated) { s->input.credential.repeated = true; }
CHANGE(none) { s->input.credential = (struct presented){ 0 }; }
CHANGE(pair_empty) { set_app_key(s, ""); set_token(s, ""); }
CHANGE(no_key) { s->input.credential.app_key = SPAN_ABSENT; }
CHANGE(no_token) { s->input.credential.app_token = SPAN_ABSENT; }
CHANGE(bearer) { s->input.credential.form = PRESENTED_BEARER; s->input.credential.app_key = SPAN_ABSENT; }
CHANGE(token_alone) { bearer(s); s->input.credential.form = PRESENTED_TOKEN; }
CHANGE(bearer_empty) { bearer(s); set_token(s, ""); }
CHANGE(key_160) { use_plain(s); memset(memory, 'k', 160); s->input.credential.app_key = span_of(memory, 160); }
CHANGE(key_161) { key_160(s); s->input.credential.app_key.len = 161; }
CHANGE(token_512) { use_plain(s); memset(memory, 't', 513); s->input.credential.app_token = span_of(memory, 512); }
CHANGE(token_513) { token_512(s); s->input.credential.app_token.len = 513; }

/* ---- text ---- */
CHANGE(typo) { change_token(s, 10, token_of(s).ptr[10] == 'Q' ? 'P' : 'Q'); }
CHANGE(typo_unknown_key) { typo(s); set_app_key(s, s->no_key); }
CHANGE(truncated) { s->input.credential.app_token.len = 50; }
CHANGE(inner_space) { change_token(s, 20, ' '); }
CHANGE(key_space) { (void)snprintf(memory, sizeof(memory), "%.8s %s", s->app_key, s->app_key + 8); set_app_key(s, memory); }
CHANGE(lower_case) { for (size_t i = 0; i < TOKEN_LEN; i++) memory[i] = (char)(s->token[i] | (s->token[i] >= 'A' ? 0x20 : 0)); s->input.credential.app_token = span_of(memory, TOKEN_LEN); }
CHANGE(one_lower) { change_token(s, 12, (char)(s->token[12] >= 'A' ? s->token[12] | 0x20 : s->token[12])); }
CHANGE(swapped) { set_app_key(s, s->token); set_token(s, s->app_key); }
CHANGE(placeholder) { set_token(s, "{{appToken}}"); }
CHANGE(key_placeholder) { set_app_key(s, "{{appKey}}"); }
CHANGE(key_typo) { size_t n = strlen(s->app_key); memcpy(memory, s->app_key, n); memory[n - 1] = memory[n - 1] == 'Q' ? 'P' : 'Q'; s->input.credential.app_key = span_of(memory, n); }

/* ---- hidden ---- */
CHANGE(unknown_key) { set_app_key(s, s->no_key); set_token(s, s->unused); }
CHANGE(unknown_account) { story_app_key(s->no_key, "nobody", 3); unknown_key(s); }
CHANGE(wrong_token) { set_token(s, s->unused); }
CHANGE(other_token) { set_token(s, s->away_token); }
CHANGE(unknown_key_other_token) { set_app_key(s, s->no_key); set_token(s, s->away_token); }
CHANGE(unknown_alone) { token_alone(s); set_token(s, s->unused); }
CHANGE(key_with_nul) { memcpy(memory, s->app_key, strlen(s->app_key)); memory[strlen(s->app_key)] = '\0'; s->input.credential.app_key = span_of(memory, strlen(s->app_key) + 1); }
CHANGE(no_tokens) { s->key->digests_count = 0; set_token(s, s->unused); }

/* ---- token, state ---- */
CHANGE(plain) { use_plain(s); }
CHANGE(plain_trailing) { use_plain(s); set_token(s, FOREIGN_TOKEN "X"); }
CHANGE(retired) { set_token(s, s->retired); }
CHANGE(retired_alone) { token_alone(s); set_token(s, s->retired); }
CHANGE(second_token) { table_token(s->table, s->key, span_str(s->second), true); set_token(s, s->second); }
CHANGE(first_of_two) { table_token(s->table, s->key, span_str(s->second), true); }
CHANGE(second_retired) { table_token(s->table, s->key, span_str(s->second), false); set_token(s, s->second); }
CHANGE(inactive) { s->key->state = KEY_INACTIVE; }
CHANGE(no_state) { s->key->state = KEY_NONE; }
CHANGE(inactive_wrong) { inactive(s); wrong_token(s); }
CHANGE(revoked) { s->key->state = KEY_REVOKED; }
CHANGE(revoked_retired) { revoked(s); retired(s); }
CHANGE(revoked_wrong) { revoked(s); wrong_token(s); }
CHANGE(inactive_retired) { inactive(s); retired(s); }
CHANGE(us_left) { s->key->expires_at_us = STORY_NOW + 1; }
CHANGE(expiry_itself) { s->key->expires_at_us = STORY_NOW; }
CHANGE(expired) { s->key->expires_at_us = STORY_NOW - 1; }
CHANGE(revoked_expired) { revoked(s); expired(s); }

/* ---- account ---- */
CHANGE(fixed_home) { ask(s, ACCOUNT_FIXED, "acme"); }
CHANGE(fixed_other) { ask(s, ACCOUNT_FIXED, "other"); }
CHANGE(fixed_nobody) { ask(s, ACCOUNT_FIXED, "nobody"); }
CHANGE(fixed_capital) { ask(s, ACCOUNT_FIXED, "Acme"); }
CHANGE(header_absent) { s->input.account_source = ACCOUNT_HEADER; }
CHANGE(header_home) { ask(s, ACCOUNT_HEADER, "acme"); }
CHANGE(host_home) { s->input.account_source = ACCOUNT_HOST; }
CHANGE(host_port) { host_home(s); s->input.host = SPAN_LIT("ACME.example.com:8443"); }
CHANGE(host_other) { host_home(s); s->input.host = SPAN_LIT("other.example.com"); }
CHANGE(host_unknown) { host_home(s); s->input.host = SPAN_LIT("example.com"); }
CHANGE(host_absent) { host_home(s); s->input.host = SPAN_ABSENT; }
CHANGE(external) { fixed_other(s); table_link(s->key, s->others_reader); }
CHANGE(external_unneeded) { fixed_other(s); table_link(s->key, s->others_reader); request(s, "GET", "/api/me"); }
CHANGE(home_suspended) { s->table->accounts[s->acme - 1].active = false; }
CHANGE(asked_suspended) { external(s); s->table->accounts[s->other - 1].active = false; }
CHANGE(stranger_suspended) { fixed_other(s); s->table->accounts[s->other - 1].active = false; }
CHANGE(inactive_expired) { inactive(s); expired(s); }
CHANGE(third_suspended) { s->table->accounts[s->other - 1].active = false; }
CHANGE(home_suspended_external) { external(s); home_suspended(s); }
CHANGE(links_of_other_only) { s->key->profiles[0] = s->others_reader; }

/* ---- address ---- */
static void allow_range(struct story *s, const char *range) { assert_int_equal(address_range_parse(span_str(range), &s->key->addresses[s->key->addresses_count++]), ST_OK); }
static void from(struct story *s, const char *address) { assert_int_equal(address_parse(span_str(address), &s->input.client), ST_OK); }
CHANGE(bound_wrong) { allow_range(s, "10.0.0.0/8"); wrong_token(s); }
CHANGE(bare_wrong) { s->key->external_id = SPAN_ABSENT; wrong_token(s); }
CHANGE(address_in_list) { allow_range(s, "192.0.2.1"); allow_range(s, "10.0.0.0/8"); from(s, "10.255.255.255"); }
CHANGE(address_outside) { allow_range(s, "10.0.0.0/8"); from(s, "11.0.0.0"); }
CHANGE(address_unknown) { allow_range(s, "0.0.0.0/0"); }
CHANGE(address_family) { allow_range(s, "0.0.0.0/0"); from(s, "2001:db8::1"); }
CHANGE(address_v6) { allow_range(s, "2001:db8::/33"); from(s, "2001:db8:7fff::1"); }
CHANGE(address_v6_out) { allow_range(s, "2001:db8::/33"); from(s, "2001:db8:8000::1"); }

/* ---- routes and rights ---- */
CHANGE(head) { s->input.method = SPAN_LIT("HEAD"); }
CHANGE(post) { s->input.method = SPAN_LIT("POST"); }
CHANGE(trailing_slash) { s->input.target = SPAN_LIT("/api/orders/"); }
CHANGE(elsewhere) { s->input.target = SPAN_LIT("/elsewhere"); }
CHANGE(unmapped_open) { s->input.target = SPAN_LIT("/open/anything"); }
CHANGE(unmapped_open_unlinked) { unmapped_open(s); s->key->profiles_count = 0; }
CHANGE(unmapped_without) { elsewhere(s); none(s); }
CHANGE(crossing) { s->input.target = SPAN_LIT("/api/o/group/note"); }
CHANGE(crossing_left) { s->input.target = SPAN_LIT("/api/o/group/other"); }
CHANGE(no_links) { s->key->profiles_count = 0; }
CHANGE(no_links_unmapped) { no_links(s); elsewhere(s); }
CHANGE(authenticated) { request(s, "GET", "/api/me"); }
CHANGE(authenticated_unlinked) { authenticated(s); no_links(s); }
CHANGE(other_resource) { request(s, "PUT", "/api/prices/7"); }
CHANGE(second_profile) { other_resource(s); table_link(s->key, s->pricer); }
CHANGE(empty_set) { request(s, "GET", "/api/nothing"); }
CHANGE(second_resource) { s->key->profiles[0] = s->pricer; table_grant(s->table, s->pricer, s->edit_price + 100); }
CHANGE(any_of) { s->table->profiles[s->reader - 1].profile.resources_count = 0; table_grant(s->table, s->reader, s->view_order); }
CHANGE(empty_profile) { s->table->profiles[s->reader - 1].profile.resources_count = 0; }

/* ---- the index ---- */
CHANGE(stale) { s->table->view.stale = true; }
CHANGE(stale_public) { stale(s); public_without(s); }
CHANGE(no_routes) { s->table->view.routes = NULL; }
CHANGE(fault_key) { s->table->faults[TABLE_KEY_BY_APP_KEY] = ST_DAMAGED; }
CHANGE(fault_token) { s->table->faults[TABLE_TOKEN] = ST_IO; wrong_token(s); }
CHANGE(fault_account) { s->table->faults[TABLE_ACCOUNT_BY_SLOT] = ST_IO; }
CHANGE(no_account) { s->key->account = 9; }
CHANGE(fault_asked) { fixed_home(s); s->table->faults[TABLE_ACCOUNT_BY_NAME] = ST_UNAVAILABLE; }
CHANGE(fault_profile) { s->table->faults[TABLE_PROFILE] = ST_DAMAGED; }
CHANGE(no_such_profile) { s->key->profiles[0] = 60; }
CHANGE(live_by_digest_only) { s->key->digests_count = 0; }
CHANGE(alone_live_by_digest_only) { token_alone(s); s->key->digests_count = 0; }
CHANGE(fault_alone) { token_alone(s); s->table->faults[TABLE_KEY_BY_SLOT] = ST_NOT_FOUND; }
/* clang-format on */

static void limits_uncounted(struct story *s)
{
	s->key->limits.counts[RATE_DAY] = 1000;
}

static const struct row ROWS[] = {
	{ "the good request", nothing, ALLOWED },
	{ "malformed", malformed, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "no method", no_method, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "the longest method", method_32, OPEN(CAUSE_ROUTE_UNKNOWN, STEP_MAPPED) },
	{ "a longer method", method_33, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "a method of letters, marks and figures", method_marks,
		OPEN(CAUSE_ROUTE_UNKNOWN, STEP_MAPPED) },
	{ "a space in the method", method_space, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "a slash in the method", method_slash, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "a null byte in the method", method_null, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "an accent in the method", method_accent, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "no target", no_target, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "no host", no_host, ALLOWED },
	{ "what is no host", bad_host, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "the longest target", target_longest, ALLOWED },
	{ "a longer target", target_too_long, OPEN(CAUSE_REQUEST_MALFORMED, STEP_REQUEST) },
	{ "an encoded letter", encoded_letter, ALLOWED },
	{ "an encoded slash", encoded_slash, OPEN(CAUSE_PATH_AMBIGUOUS, STEP_PATH) },
	{ "a semicolon", semicolon, OPEN(CAUSE_PATH_AMBIGUOUS, STEP_PATH) },
	{ "a dot segment", dot_segment, OPEN(CAUSE_PATH_AMBIGUOUS, STEP_PATH) },

	{ "public without a key", public_without, ALLOWED },
	{ "public by HEAD", public_head, ALLOWED },
	{ "public by another method", public_post,
		OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },
	{ "public, repeated headers", public_repeated, ALLOWED },
	{ "preflight where it passes", preflight, ALLOWED },
	{ "preflight where it does not", preflight_closed,
		OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },
	{ "OPTIONS that is no preflight", options_only,
		OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },
	{ "preflight headers on a GET", preflight_get,
		OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },
	{ "preflight in no service", preflight_nowhere,
		OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },

	{ "a repeated header", repeated, OPEN(CAUSE_HEADER_REPEATED, STEP_CREDENTIAL) },
	{ "nothing sent", none, OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },
	{ "both empty", pair_empty, OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },
	{ "no appKey", no_key, OPEN(CAUSE_APP_KEY_MISSING, STEP_CREDENTIAL) },
	{ "no appToken", no_token, OPEN(CAUSE_APP_TOKEN_MISSING, STEP_CREDENTIAL) },
	{ "bearer", bearer, ALLOWED },
	{ "the token alone", token_alone, ALLOWED },
	{ "bearer of nothing", bearer_empty, OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },
	{ "the longest appKey", key_160, HIDDEN(CAUSE_UNKNOWN_KEY, STEP_KEY) },
	{ "a longer appKey", key_161, OPEN(CAUSE_REQUEST_MALFORMED, STEP_CREDENTIAL) },
	{ "the longest token", token_512, HIDDEN(CAUSE_TOKEN_MISMATCH, STEP_TOKEN) },
	{ "a longer token", token_513, OPEN(CAUSE_REQUEST_MALFORMED, STEP_CREDENTIAL) },

	{ "a mistyped token", typo, OPEN(CAUSE_TOKEN_TYPO, STEP_TEXT) },
	{ "the same with an unknown key", typo_unknown_key, OPEN(CAUSE_TOKEN_TYPO, STEP_TEXT) },
	{ "a truncated token", truncated, OPEN(CAUSE_TOKEN_TRUNCATED, STEP_TEXT) },
	{ "an inner space", inner_space, OPEN(CAUSE_WHITESPACE, STEP_TEXT) },
	{ "a space in the appKey", key_space, OPEN(CAUSE_WHITESPACE, STEP_KEY) },
	{ "a lower-case token", lower_case, OPEN(CAUSE_WRONG_CASE, STEP_TOKEN) },
	{ "swapped fields", swapped, OPEN(CAUSE_FIELDS_SWAPPED, STEP_KEY) },
	{ "a placeholder", placeholder, OPEN(CAUSE_PLACEHOLDER, STEP_TOKEN) },
	{ "a placeholder for the appKey", key_placeholder, OPEN(CAUSE_PLACEHOLDER, STEP_KEY) },
	{ "a mistyped appKey", key_typo, OPEN(CAUSE_APP_KEY_TYPO, STEP_KEY) },

	{ "an unknown appKey", unknown_key, HIDDEN(CAUSE_UNKNOWN_KEY, STEP_KEY) },
	{ "a wrong token", wrong_token, HIDDEN(CAUSE_TOKEN_MISMATCH, STEP_TOKEN) },
	{ "another key's token", other_token, HIDDEN(CAUSE_TOKEN_OF_ANOTHER_KEY, STEP_TOKEN) },
	{ "unknown appKey, another's token", unknown_key_other_token,
		HIDDEN(CAUSE_UNKNOWN_KEY, STEP_KEY) },
	{ "an unknown token alone", unknown_alone, HIDDEN(CAUSE_UNKNOWN_KEY, STEP_KEY) },
	{ "a key without tokens", no_tokens, HIDDEN(CAUSE_TOKEN_MISMATCH, STEP_TOKEN) },

	{ "an imported pair", plain, ALLOWED },
	{ "an imported token and one byte", plain_trailing,
		HIDDEN(CAUSE_TOKEN_MISMATCH, STEP_TOKEN) },
	{ "a retired token", retired, OPEN(CAUSE_TOKEN_RETIRED, STEP_TOKEN) },
	{ "a retired token alone", retired_alone, OPEN(CAUSE_TOKEN_RETIRED, STEP_TOKEN) },
	{ "the older of two", second_token, ALLOWED },
	{ "the newer of two", first_of_two, ALLOWED },
	{ "the older, retired", second_retired, OPEN(CAUSE_TOKEN_RETIRED, STEP_TOKEN) },
	{ "inactive", inactive, OPEN(CAUSE_KEY_INACTIVE, STEP_STATE) },
	{ "a state that is none", no_state, OPEN(CAUSE_KEY_INACTIVE, STEP_STATE) },
	{ "inactive, unproven", inactive_wrong, HIDDEN(CAUSE_TOKEN_MISMATCH, STEP_TOKEN) },
	{ "inactive, retired token", inactive_retired, OPEN(CAUSE_TOKEN_RETIRED, STEP_TOKEN) },
	{ "revoked", revoked, OPEN(CAUSE_KEY_REVOKED, STEP_STATE) },
	{ "revoked, its retired token", revoked_retired, OPEN(CAUSE_KEY_REVOKED, STEP_STATE) },
	{ "revoked, unproven", revoked_wrong, HIDDEN(CAUSE_TOKEN_MISMATCH, STEP_TOKEN) },
	{ "one microsecond left", us_left, ALLOWED },
	{ "the expiry itself", expiry_itself, OPEN(CAUSE_KEY_EXPIRED, STEP_STATE) },
	{ "after the expiry", expired, OPEN(CAUSE_KEY_EXPIRED, STEP_STATE) },
	{ "revoked and expired", revoked_expired, OPEN(CAUSE_KEY_REVOKED, STEP_STATE) },

	{ "home asked by name", fixed_home, ALLOWED },
	{ "another account asked", fixed_other, OPEN(CAUSE_WRONG_ACCOUNT, STEP_ACCOUNT) },
	{ "an unknown account asked", fixed_nobody, OPEN(CAUSE_WRONG_ACCOUNT, STEP_ACCOUNT) },
	{ "the name in other case", fixed_capital, OPEN(CAUSE_WRONG_ACCOUNT, STEP_ACCOUNT) },
	{ "the account's header absent", header_absent, OPEN(CAUSE_WRONG_ACCOUNT, STEP_ACCOUNT) },
	{ "the account by header", header_home, ALLOWED },
	{ "the account by host", host_home, ALLOWED },
	{ "host with port and capitals", host_port, ALLOWED },
	{ "another's host", host_other, OPEN(CAUSE_WRONG_ACCOUNT, STEP_ACCOUNT) },
	{ "nobody's host", host_unknown, OPEN(CAUSE_WRONG_ACCOUNT, STEP_ACCOUNT) },
	{ "no host to ask by", host_absent, OPEN(CAUSE_WRONG_ACCOUNT, STEP_ACCOUNT) },
	{ "an external key", external, ALLOWED },
	{ "an external key, any link", external_unneeded, ALLOWED },
	{ "home suspended", home_suspended, OPEN(CAUSE_ACCOUNT_SUSPENDED, STEP_ACCOUNT) },
	{ "asked account suspended", asked_suspended, OPEN(CAUSE_ACCOUNT_SUSPENDED, STEP_ACCOUNT) },
	{ "asked account suspended, not linked", stranger_suspended,
		OPEN(CAUSE_WRONG_ACCOUNT, STEP_ACCOUNT) },
	{ "inactive and expired", inactive_expired, OPEN(CAUSE_KEY_EXPIRED, STEP_STATE) },
	{ "a third account suspended", third_suspended, ALLOWED },
	{ "external, home suspended", home_suspended_external,
		OPEN(CAUSE_ACCOUNT_SUSPENDED, STEP_ACCOUNT) },
	{ "links elsewhere only", links_of_other_only, OPEN(CAUSE_NO_PROFILE, STEP_LINKS) },

	{ "an address of the list", address_in_list, ALLOWED },
	{ "one address further", address_outside, OPEN(CAUSE_ADDRESS_NOT_ALLOWED, STEP_ADDRESS) },
	{ "a list and no address known", address_unknown,
		OPEN(CAUSE_ADDRESS_NOT_ALLOWED, STEP_ADDRESS) },
	{ "all of IPv4 is not IPv6", address_family,
		OPEN(CAUSE_ADDRESS_NOT_ALLOWED, STEP_ADDRESS) },
	{ "the last address of a /33", address_v6, ALLOWED },
	{ "the first behind it", address_v6_out, OPEN(CAUSE_ADDRESS_NOT_ALLOWED, STEP_ADDRESS) },

	{ "HEAD follows GET", head, ALLOWED },
	{ "POST does not", post, OPEN(CAUSE_ROUTE_UNKNOWN, STEP_MAPPED) },
	{ "a trailing slash counts", trailing_slash, OPEN(CAUSE_ROUTE_UNKNOWN, STEP_MAPPED) },
	{ "no service", elsewhere, OPEN(CAUSE_ROUTE_UNKNOWN, STEP_MAPPED) },
	{ "unmapped = authenticated", unmapped_open, ALLOWED },
	{ "the same, not linked", unmapped_open_unlinked, OPEN(CAUSE_NO_PROFILE, STEP_LINKS) },
	{ "unmapped, nothing sent", unmapped_without,
		OPEN(CAUSE_CREDENTIALS_MISSING, STEP_CREDENTIAL) },
	{ "two routes claim it", crossing, OPEN(CAUSE_ROUTE_AMBIGUOUS, STEP_MAPPED) },
	{ "one route claims it", crossing_left, ALLOWED },
	{ "a new key", no_links, OPEN(CAUSE_NO_PROFILE, STEP_LINKS) },
	{ "a new key, unmapped", no_links_unmapped, OPEN(CAUSE_ROUTE_UNKNOWN, STEP_MAPPED) },
	{ "authenticated, linked", authenticated, ALLOWED },
	{ "authenticated, not linked", authenticated_unlinked, OPEN(CAUSE_NO_PROFILE, STEP_LINKS) },
	{ "a profile without it", other_resource,
		OPEN(CAUSE_PROFILE_LACKS_RESOURCE, STEP_RESOURCE) },
	{ "a second profile with it", second_profile, ALLOWED },
	{ "the empty set", empty_set, OPEN(CAUSE_PROFILE_LACKS_RESOURCE, STEP_RESOURCE) },
	{ "resources near the needed", second_resource,
		OPEN(CAUSE_PROFILE_LACKS_RESOURCE, STEP_RESOURCE) },
	{ "any one of them", any_of, ALLOWED },
	{ "an empty profile", empty_profile, OPEN(CAUSE_PROFILE_LACKS_RESOURCE, STEP_RESOURCE) },

	{ "a stale index", stale, OPEN(CAUSE_INDEX_STALE, STEP_ROUTE) },
	{ "stale, public", stale_public, OPEN(CAUSE_INDEX_STALE, STEP_ROUTE) },
	{ "no catalogue", no_routes, OPEN(CAUSE_ROUTE_UNKNOWN, STEP_MAPPED) },
	{ "fault: key", fault_key, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_KEY) },
	{ "fault: token", fault_token, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_TOKEN) },
	{ "fault: account", fault_account, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_ACCOUNT) },
	{ "home is not there", no_account, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_ACCOUNT) },
	{ "fault: asked account", fault_asked, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_ACCOUNT) },
	{ "fault: profile", fault_profile, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_LINKS) },
	{ "a link to nothing", no_such_profile, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_LINKS) },
	{ "live by digest only", live_by_digest_only, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_TOKEN) },
	{ "alone, live by digest only", alone_live_by_digest_only,
		OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_TOKEN) },
	{ "limits that nobody counts", limits_uncounted,
		OPEN(CAUSE_LIMITS_UNAVAILABLE, STEP_LIMITS) },
	{ "a token without its key", fault_alone, OPEN(CAUSE_INDEX_UNAVAILABLE, STEP_KEY) },
};

/* Steps before the failing one passed or do not apply; those after it were not reached. */
static void check_trace(const char *label, const struct decision *d)
{
	for (int step = 0; step < STEP_COUNT; step++) {
		if (d->verdict == VERDICT_ALLOW) {
			CHECK_ROW(label, d->trace[step] != STEP_FAILED);
		} else if (step < (int)d->failed_step) {
			CHECK_ROW(label,
				d->trace[step] == STEP_PASSED || d->trace[step] == STEP_SKIPPED);
		} else if (step == (int)d->failed_step) {
			CHECK_ROW(label, d->trace[step] == STEP_FAILED);
		} else {
			CHECK_ROW(label, d->trace[step] == STEP_NOT_REACHED);
		}
	}
}

static void every_cause_on_both_sides(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct row *row = &ROWS[i];
		CLEANUP(story_free)
		struct story *s = story_make();
		const struct decision *d;

		row->change(s);
		d = story_decide(s);
		if (d->cause != row->cause || d->public_cause != row->public_cause)
			fail_msg("%s: %s (told: %s), expected %s (told: %s)", row->label,
				cause_name(d->cause), cause_name(d->public_cause),
				cause_name(row->cause), cause_name(row->public_cause));
		CHECK_ROW(row->label, (d->verdict == VERDICT_ALLOW) == (row->cause == CAUSE_NONE));
		if (row->cause != CAUSE_NONE && d->failed_step != row->step)
			fail_msg("%s: failed at step %d, expected %d", row->label, d->failed_step,
				row->step);
		check_trace(row->label, d);
	}
}

static void every_cause_stands_in_a_row(void **state)
{
	(void)state;
	for (int cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++) {
		bool found = cause == CAUSE_RATE_LIMITED || cause == CAUSE_QUOTA_EXHAUSTED;

		for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
			found |= (int)ROWS[i].cause == cause || (int)ROWS[i].public_cause == cause;
		CHECK_ROW(cause_name((enum cause)cause), found);
	}
}

/* ---- More than a row can say ---- */

static void zero_denies(void **state)
{
	const struct decision zero = { 0 };
	CLEANUP(story_free)
	struct story *s = story_make();

	(void)state;
	assert_int_equal(zero.verdict, VERDICT_DENY);
	assert_int_equal(cause_http_status(zero.cause), 503);
	decide(NULL, &s->input, &s->scratch, &s->decision);
	assert_int_equal(s->decision.verdict, VERDICT_DENY);
	assert_int_equal(s->decision.cause, CAUSE_INDEX_UNAVAILABLE);
}

static void the_allowed_names_what_it_rests_on(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	const struct decision *d;

	(void)state;
	second_token(s);
	d = story_decide(s);
	assert_int_equal(d->verdict, VERDICT_ALLOW);
	assert_true(d->previous_token);
	assert_int_equal(d->profile, s->reader);
	assert_int_equal(d->resource, s->list_orders);
	assert_true(span_is(d->account_name, "acme"));
	assert_true(span_is(d->app_key, s->app_key));
	assert_true(span_is(d->external_id, "customer-7"));
	assert_true(span_is(d->profile_name, "Lectura de pedidos"));
	set_token(s, s->token);
	assert_false(story_decide(s)->previous_token);
	public_without(s);
	d = story_decide(s);
	assert_int_equal(d->verdict, VERDICT_ALLOW);
	assert_false(span_present(d->app_key));
	assert_int_equal(d->key, 0);
}

static void near_misses_are_for_the_owner(void **state)
{
	static const struct {
		const char *label, *token;
		unsigned steps;
		enum cause public_cause;
	} rows[] = {
		{ "quoted", "\"" FOREIGN_TOKEN "\"", NEAR_MISS_UNQUOTED,
			CAUSE_CREDENTIALS_INVALID },
		{ "bearer", "Bearer " FOREIGN_TOKEN, NEAR_MISS_BEARER_OFF, CAUSE_WHITESPACE },
		{ "lower case", "qwertyasdfzxcvtgbnhyujmkiolpplokmijnuhbygvtfc", NEAR_MISS_UPPER,
			CAUSE_CREDENTIALS_INVALID },
		{ "spaces around", " " FOREIGN_TOKEN " ", NEAR_MISS_TRIMMED, CAUSE_WHITESPACE },
		{ "encoded", "%51WERTYASDFZXCVTGBNHYUJMKIOLPPLOKMIJNUHBYGVTFC",
			NEAR_MISS_URL_DECODED, CAUSE_CREDENTIALS_INVALID },
		{ "far", FOREIGN_TOKEN "Y", 0, CAUSE_CREDENTIALS_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(story_free)
		struct story *s = story_make();
		const struct decision *d;

		use_plain(s);
		set_token(s, rows[i].token);
		d = story_decide(s);
		CHECK_ROW(rows[i].label, d->verdict == VERDICT_DENY);
		CHECK_ROW(rows[i].label, d->near.steps == rows[i].steps);
		CHECK_ROW(rows[i].label, d->public_cause == rows[i].public_cause);
		/* Another key's token is no near miss of this one. */
		set_app_key(s, s->app_key);
		CHECK_ROW(rows[i].label, story_decide(s)->near.steps == 0);
	}
}

static void swapped_foreign_pair_is_seen_by_look_up(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	const struct decision *d;

	(void)state;
	set_app_key(s, FOREIGN_TOKEN);
	set_token(s, FOREIGN_KEY);
	d = story_decide(s);
	assert_int_equal(d->verdict, VERDICT_DENY);
	assert_true(d->near.swapped);
	assert_int_equal(d->other_key, s->plain->slot);
	assert_int_equal(d->owner_account, s->acme);
	set_token(s, s->app_key);
	assert_false(story_decide(s)->near.swapped);
}

static void owner_is_who_may_read(void **state)
{
	static const struct {
		const char *label;
		change_fn *change;
		bool acme, other; /* whose it is; neither: the operator's alone */
	} rows[] = {
		{ "the key's account", no_links, true, false },
		{ "a wrong token: the key's account", wrong_token, true, false },
		{ "an unknown key: whom its text names", unknown_key, true, false },
		{ "the asked account before the key's", fixed_other, false, true },
		{ "an unknown account: the key's", fixed_nobody, true, false },
		{ "refused by text: the key's", typo, true, false },
		{ "no token: the key's", no_token, true, false },
		{ "a bad path: the key's", dot_segment, true, false },
		{ "nothing sent: nobody's", none, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(story_free)
		struct story *s = story_make();
		uint32_t expected;

		rows[i].change(s);
		expected = rows[i].acme ? s->acme : rows[i].other ? s->other : 0;
		CHECK_ROW(rows[i].label, story_decide(s)->owner_account == expected);
	}
}

/* I4. Counted, which does not flicker as a clock does. */
static void hidden_causes_do_the_same_work(void **state)
{
	change_fn *const changes[] = { wrong_token, unknown_key, other_token,
		unknown_key_other_token, inactive_wrong, revoked_wrong, bound_wrong, bare_wrong,
		unknown_account };
	unsigned expected[TABLE_LOOK_UPS], found[TABLE_LOOK_UPS];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		CLEANUP(story_free)
		struct story *s = story_make();

		changes[i](s);
		(void)story_decide(s);
		assert_int_equal(s->decision.public_cause, CAUSE_CREDENTIALS_INVALID);
		if (i == 0) {
			memcpy(expected, s->table->calls, sizeof(expected));
			memcpy(found, s->table->found, sizeof(found));
		}
		assert_memory_equal(expected, s->table->calls, sizeof(expected));
		assert_memory_equal(found, s->table->found, sizeof(found));
	}
	/* Two for the credential itself: the key, and the digest. */
	assert_true(expected[TABLE_KEY_BY_APP_KEY] >= 1 && expected[TABLE_TOKEN] >= 1);
}

static void allowed_pair_costs_one_look_up_each(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	const unsigned expected[TABLE_LOOK_UPS] = {
		[TABLE_KEY_BY_APP_KEY] = 1,
		[TABLE_KEY_EXTRA] = 1,
		[TABLE_ACCOUNT_BY_SLOT] = 1,
		[TABLE_PROFILE] = 1,
	};

	(void)state;
	assert_int_equal(story_decide(s)->verdict, VERDICT_ALLOW);
	assert_memory_equal(expected, s->table->calls, sizeof(expected));
}

static void the_same_input_decides_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		CLEANUP(story_free)
		struct story *s = story_make();
		struct decision first;

		ROWS[i].change(s);
		first = *story_decide(s);
		/* What an earlier decision left behind plays no part. */
		memset(&s->scratch.key, 0xA5, sizeof(s->scratch.key));
		memset(&s->scratch.other, 0xA5, sizeof(s->scratch.other));
		memset(s->scratch.path_memory, 0xA5, sizeof(s->scratch.path_memory));
		(void)story_decide(s);
		CHECK_ROW(ROWS[i].label, memcmp(&first, &s->decision, sizeof(first)) == 0);
	}
}

/* A fault of any look-up, at any row: never an allow that was none before. */
static void no_fault_ever_allows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		for (int which = 0; which < TABLE_LOOK_UPS; which++) {
			CLEANUP(story_free)
			struct story *s = story_make();

			ROWS[i].change(s);
			if (s->table->faults[which] == ST_OK)
				s->table->faults[which] = ST_DAMAGED;
			(void)story_decide(s);
			if (ROWS[i].cause != CAUSE_NONE)
				CHECK_ROW(ROWS[i].label, s->decision.verdict == VERDICT_DENY);
		}
	}
}

/* Case matters, nothing is trimmed: every change of one byte of a good pair refuses. */
static void every_byte_of_the_pair_counts(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char text[2 * LIMIT_APP_KEY];

	(void)state;
	for (size_t i = 0; i < TOKEN_LEN; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(text, s->token, TOKEN_LEN);
			text[i] = (char)(text[i] ^ (1 << bit));
			s->input.credential.app_token = span_of(text, TOKEN_LEN);
			assert_int_equal(story_decide(s)->verdict, VERDICT_DENY);
		}
	}
	set_token(s, s->token);
	for (size_t i = 0; i < strlen(s->app_key); i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(text, s->app_key, strlen(s->app_key));
			text[i] = (char)(text[i] ^ (1 << bit));
			s->input.credential.app_key = span_of(text, strlen(s->app_key));
			assert_int_equal(story_decide(s)->verdict, VERDICT_DENY);
		}
	}
	key_with_nul(s);
	assert_int_equal(story_decide(s)->verdict, VERDICT_DENY);
	set_app_key(s, s->app_key);
	assert_int_equal(story_decide(s)->verdict, VERDICT_ALLOW);
	one_lower(s);
	assert_int_equal(
		story_decide(s)->verdict, s->token[12] >= 'A' ? VERDICT_DENY : VERDICT_ALLOW);
}

/* What the FAQ tells, in its order. */
static void the_story_of_the_faq(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();

	(void)state;
	no_links(s);
	assert_int_equal(story_decide(s)->cause, CAUSE_NO_PROFILE);
	table_link(s->key, s->pricer);
	assert_int_equal(story_decide(s)->cause, CAUSE_PROFILE_LACKS_RESOURCE);
	assert_int_equal(s->decision.route.resources_count, 2);
	assert_int_equal(route_match_resource(&s->decision.route, 0), s->list_orders);
	inner_space(s);
	assert_int_equal(story_decide(s)->public_cause, CAUSE_WHITESPACE);
	lower_case(s);
	assert_int_equal(story_decide(s)->public_cause, CAUSE_WRONG_CASE);
	set_token(s, s->token);
	typo(s);
	assert_int_equal(story_decide(s)->public_cause, CAUSE_TOKEN_TYPO);
	assert_int_equal(s->decision.text.positions_count, 1);
	assert_int_equal(s->decision.text.positions[0], 11);
	swapped(s);
	assert_int_equal(story_decide(s)->public_cause, CAUSE_FIELDS_SWAPPED);
	set_app_key(s, s->app_key);
	set_token(s, s->token);
	table_link(s->key, s->reader);
	assert_int_equal(story_decide(s)->verdict, VERDICT_ALLOW);
	revoked(s);
	assert_int_equal(story_decide(s)->cause, CAUSE_KEY_REVOKED);
}

/* A text cause only explains: an imported appKey that looks mistyped works. */
static void text_never_refuses_an_exact_match(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	struct view_key *odd;
	const struct decision *d;

	(void)state;
	odd = table_key(s->table, s->acme, "appkey-acme-QQQQQQQQ");
	table_token(s->table, odd, SPAN_LIT("{{this-is-a-really-odd-imported-token}}"), true);
	table_link(odd, s->reader);
	set_app_key(s, "appkey-acme-QQQQQQQQ");
	set_token(s, "{{this-is-a-really-odd-imported-token}}");
	assert_int_equal(story_decide(s)->verdict, VERDICT_ALLOW);
	/* The caller cannot tell that the odd key exists; its owner can. */
	set_token(s, s->unused);
	d = story_decide(s);
	assert_int_equal(d->cause, CAUSE_TOKEN_MISMATCH);
	assert_int_equal(d->public_cause, CAUSE_APP_KEY_TYPO);
	set_app_key(s, "appkey-acme-QQQQQQQP");
	d = story_decide(s);
	assert_int_equal(d->public_cause, CAUSE_APP_KEY_TYPO);
	use_away(s);
	assert_int_equal(story_decide(s)->verdict, VERDICT_ALLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cause_on_both_sides),
		cmocka_unit_test(every_cause_stands_in_a_row),
		cmocka_unit_test(zero_denies),
		cmocka_unit_test(the_allowed_names_what_it_rests_on),
		cmocka_unit_test(near_misses_are_for_the_owner),
		cmocka_unit_test(swapped_foreign_pair_is_seen_by_look_up),
		cmocka_unit_test(owner_is_who_may_read),
		cmocka_unit_test(hidden_causes_do_the_same_work),
		cmocka_unit_test(allowed_pair_costs_one_look_up_each),
		cmocka_unit_test(the_same_input_decides_the_same),
		cmocka_unit_test(no_fault_ever_allows),
		cmocka_unit_test(every_byte_of_the_pair_counts),
		cmocka_unit_test(the_story_of_the_faq),
		cmocka_unit_test(text_never_refuses_an_exact_match),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
