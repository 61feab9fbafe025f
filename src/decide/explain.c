#include "decide/explain.h"

#include "base/clock.h"
#include "key/near_miss.h"

#include <stdio.h>

/* ---- Facts ---- */

static void fact_set(struct explain_facts *facts, const char *name, struct span value, bool number)
{
	if (!span_present(value) || facts->count >= EXPLAIN_FACTS_MAX)
		return;
	facts->items[facts->count++] = (struct explain_fact){ name, value, number };
}

static struct span copy(struct explanation *e, struct span value)
{
	char *memory;

	if (!span_present(value))
		return value;
	memory = arena_copy(e->arena, value);
	if (memory == NULL) {
		e->incomplete = true;
		return SPAN_ABSENT;
	}
	return span_of(memory, value.len);
}

static void fact_text(
	struct explanation *e, struct explain_facts *facts, const char *name, struct span value)
{
	fact_set(facts, name, copy(e, value), false);
}

static void fact_number(
	struct explanation *e, struct explain_facts *facts, const char *name, uint64_t value)
{
	char memory[24];
	struct buf text = BUF_ARRAY(memory);

	buf_append_u64(&text, value);
	fact_set(facts, name, copy(e, buf_span(&text)), true);
}

/* A presented text; one that was cut ends in "...". */
static void fact_kept(struct explanation *e, struct explain_facts *facts, const char *name,
	const struct diagnosis_text *kept)
{
	char memory[DIAGNOSIS_TEXT_MAX + 4];
	struct buf text = BUF_ARRAY(memory);
	struct span value = diagnosis_text_span(kept);

	if (!span_present(value))
		return;
	buf_append(&text, value);
	if (kept->state == DIAGNOSIS_TEXT_CUT)
		buf_append_str(&text, "...");
	fact_text(e, facts, name, buf_span(&text));
}

/* ---- Names of slots, as they are now ---- */

static struct span account_name(const struct explanation *e, uint32_t slot)
{
	struct view_account account;

	if (e->view == NULL || slot == 0 ||
		e->view->account_by_slot(e->view->context, slot, &account) != ST_OK)
		return SPAN_ABSENT;
	return account.name;
}

static struct span app_key_of(const struct explanation *e, uint32_t slot)
{
	struct view_key key;

	if (e->view == NULL || slot == 0 ||
		e->view->key_by_slot(e->view->context, slot, &key) != ST_OK)
		return SPAN_ABSENT;
	return key.app_key;
}

/* Its token waits for a one-time link to be opened. */
static bool token_unmade(const struct explanation *e)
{
	struct view_key key;

	return e->view != NULL && e->diagnosis->key != 0 &&
	       e->view->key_by_slot(e->view->context, e->diagnosis->key, &key) == ST_OK &&
	       key.digests_count == 0 && key.state != KEY_REVOKED;
}

static struct span profile_name(const struct explanation *e, uint32_t slot)
{
	struct view_profile profile;

	if (e->view == NULL || slot == 0 ||
		e->view->profile_by_slot(e->view->context, slot, &profile) != ST_OK)
		return SPAN_ABSENT;
	return profile.name;
}

static void append_resource(const struct explanation *e, uint32_t slot, struct buf *out)
{
	struct view_resource resource;

	if (e->view == NULL ||
		e->view->resource_by_slot(e->view->context, slot, &resource) != ST_OK) {
		buf_printf(out, "#%u", slot);
		return;
	}
	buf_append(out, resource.product);
	buf_append_char(out, '/');
	buf_append(out, resource.key);
}

static void fact_resource(struct explanation *e, struct explain_facts *facts, uint32_t slot)
{
	char memory[256];
	struct buf text = BUF_ARRAY(memory);

	if (slot == 0)
		return;
	append_resource(e, slot, &text);
	fact_text(e, facts, "resource", buf_span(&text));
}

static size_t resources_kept(const struct diagnosis *d)
{
	return d->resources_count < DIAGNOSIS_RESOURCES_MAX ? d->resources_count
							    : DIAGNOSIS_RESOURCES_MAX;
}

static void fact_resources(struct explanation *e, struct explain_facts *facts)
{
	const struct diagnosis *d = e->diagnosis;
	char memory[1536];
	struct buf text = BUF_ARRAY(memory);

	if (d->resources_count == 0)
		return;
	for (size_t i = 0; i < resources_kept(d); i++) {
		buf_append_str(&text, i == 0 ? "" : ", ");
		append_resource(e, d->resources[i], &text);
	}
	if (d->resources_count > DIAGNOSIS_RESOURCES_MAX)
		buf_printf(
			&text, " (+%u)", (unsigned)(d->resources_count - DIAGNOSIS_RESOURCES_MAX));
	fact_text(e, facts, "resources", buf_span(&text));
}

/* The key of the request: its own appKey, else what was presented. */
static void fact_app_key(struct explanation *e, struct explain_facts *facts)
{
	struct span known = app_key_of(e, e->diagnosis->key);

	if (span_present(known))
		fact_text(e, facts, "appKey", known);
	else
		fact_kept(e, facts, "appKey", &e->diagnosis->app_key);
}

/* The account asked for, else the key's own. */
static void fact_account(struct explanation *e, struct explain_facts *facts)
{
	const struct diagnosis *d = e->diagnosis;

	fact_text(e, facts, "account",
		account_name(e, d->asked_account != 0 ? d->asked_account : d->key_account));
}

static void fact_address(struct explanation *e, struct explain_facts *facts)
{
	char memory[64];
	struct buf text = BUF_ARRAY(memory);

	if (!e->diagnosis->client.known)
		return;
	address_append(&text, &e->diagnosis->client);
	fact_text(e, facts, "address", buf_span(&text));
}

static const char *field_name(enum text_field field)
{
	switch (field) {
	case FIELD_APP_KEY:
		return "appKey";
	case FIELD_APP_TOKEN:
		return "appToken";
	case FIELD_BOTH:
		return "appKey, appToken";
	case FIELD_NONE:
		break;
	}
	return NULL;
}

static void fact_finding(struct explanation *e, struct explain_facts *facts)
{
	const struct text_finding *finding = &e->diagnosis->text;
	char memory[64];
	struct buf text = BUF_ARRAY(memory);

	fact_set(facts, "field", span_str(field_name(finding->field)), false);
	for (size_t i = 0; i < finding->positions_count; i++)
		buf_printf(&text, "%s%u", i == 0 ? "" : ", ", (unsigned)finding->positions[i]);
	if (finding->positions_count > 0)
		fact_text(e, facts, "positions", buf_span(&text));
	if (finding->length > 0 && finding->expected > 0) {
		fact_number(e, facts, "length", finding->length);
		fact_number(e, facts, "expected", finding->expected);
	}
}

/* ---- Names ---- */

static const char *const STEP_NAMES[STEP_COUNT] = {
	[STEP_REQUEST] = "request",
	[STEP_PATH] = "path",
	[STEP_ROUTE] = "route",
	[STEP_CREDENTIAL] = "credential",
	[STEP_TEXT] = "text",
	[STEP_KEY] = "key",
	[STEP_TOKEN] = "token",
	[STEP_STATE] = "state",
	[STEP_ACCOUNT] = "account",
	[STEP_ADDRESS] = "address",
	[STEP_MAPPED] = "mapped",
	[STEP_LINKS] = "links",
	[STEP_RESOURCE] = "resource",
	[STEP_LIMITS] = "limits",
};

const char *step_name(enum step step)
{
	return (unsigned)step < STEP_COUNT ? STEP_NAMES[step] : "unknown";
}

const char *step_outcome_name(enum step_outcome outcome)
{
	static const char *const OUTCOMES[] = { [STEP_NOT_REACHED] = "not_reached",
		[STEP_PASSED] = "passed",
		[STEP_FAILED] = "failed",
		[STEP_SKIPPED] = "skipped" };

	return (unsigned)outcome < ARRAY_LEN(OUTCOMES) ? OUTCOMES[outcome] : "unknown";
}

const char *cause_text(enum lang lang, enum cause cause, const char *part)
{
	char key[96];
	const char *text;

	(void)snprintf(key, sizeof(key), "cause.%s.%s", cause_name(cause), part);
	text = message_text(lang, key);
	return text == NULL ? cause_name(cause) : text;
}

/* ---- Steps ---- */

static const char *route_message(const struct diagnosis *d)
{
	switch (d->route_kind) {
	case ROUTE_MATCH_FOUND:
		break;
	case ROUTE_MATCH_AMBIGUOUS:
		return "explain.route_ambiguous";
	case ROUTE_MATCH_NONE:
	case ROUTE_MATCH_PATH_REFUSED:
		if (d->allowed && d->cors_preflight)
			return "explain.route_preflight";
		return d->unmapped_authenticated ? "explain.route_unmapped" : "explain.route_none";
	}
	if (d->access == ROUTE_PUBLIC)
		return "explain.route_public";
	if (d->access == ROUTE_AUTHENTICATED)
		return "explain.route_authenticated";
	return d->resources_count == 0 ? "explain.route_empty" : "explain.route_resources";
}

static const char *credential_message(const struct diagnosis *d)
{
	if (d->form == PRESENTED_PAIR)
		return d->app_key.state == DIAGNOSIS_TEXT_WITHHELD && d->key == 0
			       ? "explain.credential_pair_hidden"
			       : "explain.credential_pair";
	return d->form == PRESENTED_BEARER ? "explain.credential_bearer"
					   : "explain.credential_token";
}

static const char *passed_message(const struct diagnosis *d, enum step step)
{
	static const char *const MESSAGES[STEP_COUNT] = {
		[STEP_REQUEST] = "explain.request_passed",
		[STEP_PATH] = "explain.path_passed",
		[STEP_TEXT] = "explain.text_passed",
		[STEP_KEY] = "explain.key_passed",
		[STEP_TOKEN] = "explain.token_passed",
		[STEP_STATE] = "explain.state_passed",
		[STEP_ACCOUNT] = "explain.account_passed",
		[STEP_ADDRESS] = "explain.address_passed",
		[STEP_MAPPED] = "explain.mapped_passed",
		[STEP_LINKS] = "explain.links_passed",
		[STEP_RESOURCE] = "explain.resource_passed",
		[STEP_LIMITS] = "explain.limits_passed",
	};

	if (step == STEP_ROUTE)
		return route_message(d);
	if (step == STEP_CREDENTIAL)
		return credential_message(d);
	if (step == STEP_TOKEN && d->previous_token)
		return "explain.token_previous";
	if (step == STEP_TOKEN && d->cause == CAUSE_KEY_REVOKED)
		return "explain.token_was";
	return MESSAGES[step];
}

/* What a text says where the usual one would name something that is not known. */
static const char *failed_variant(const struct explanation *e)
{
	const struct diagnosis *d = e->diagnosis;

	switch ((int)d->cause) {
	case CAUSE_RATE_LIMITED:
	case CAUSE_QUOTA_EXHAUSTED:
		return d->retry_after_s != 0 ? window_per(d->limit_window) : NULL;
	case CAUSE_TOKEN_TYPO:
		return d->text.positions_count == 0 ? "unlocated" : NULL;
	case CAUSE_UNKNOWN_KEY:
		if (d->form != PRESENTED_PAIR)
			return "alone";
		return d->app_key.state == DIAGNOSIS_TEXT_WITHHELD ? "hidden" : NULL;
	case CAUSE_TOKEN_MISMATCH:
		return token_unmade(e) ? "unmade" : NULL;
	case CAUSE_ADDRESS_NOT_ALLOWED:
		return d->client.known ? NULL : "unknown";
	case CAUSE_PROFILE_LACKS_RESOURCE:
		return d->resources_count == 0 ? "empty" : NULL;
	default:
		return NULL;
	}
}

/*
 * "explain.failed_{cause}", with the variant behind it where there is one (for a
 * limit the period that it counts); the message table is static, so its key is found once.
 */
static const char *failed_message(struct explanation *e, enum cause cause)
{
	const char *variant = failed_variant(e);
	char key[96];
	struct span held;

	(void)snprintf(key, sizeof(key), "explain.failed_%s%s%s", cause_name(cause),
		variant != NULL ? "_" : "", variant != NULL ? variant : "");
	held = copy(e, span_str(key));
	return span_present(held) ? held.ptr : "explain.step_failed";
}

static const char *skipped_message(const struct diagnosis *d, enum step step)
{
	if (step == STEP_ADDRESS)
		return "explain.address_skipped";
	if (step == STEP_RESOURCE)
		return d->route_kind == ROUTE_MATCH_FOUND ? "explain.resource_skipped"
							  : "explain.resource_unmapped";
	return "explain.limits_skipped";
}

/* Which limit was used up, and when one more is free. */
static void fact_limit(struct explanation *e, struct explain_facts *facts)
{
	const struct diagnosis *d = e->diagnosis;
	char memory[40];
	struct buf at = BUF_ARRAY(memory);

	if (d->retry_after_s == 0)
		return;
	fact_number(e, facts, "count", d->limit_count);
	fact_set(facts, "per", span_str(window_per(d->limit_window)), false);
	fact_number(e, facts, "seconds", d->retry_after_s);
	clock_append_rfc3339(&at, d->at_us + (int64_t)d->retry_after_s * US_PER_S);
	if (buf_ok(&at))
		fact_text(e, facts, "freeAt", buf_span(&at));
}

static void step_facts(struct explanation *e, enum step step, struct explain_facts *facts)
{
	const struct diagnosis *d = e->diagnosis;

	switch (step) {
	case STEP_REQUEST:
	case STEP_PATH:
	case STEP_ROUTE:
	case STEP_MAPPED:
		fact_kept(e, facts, "method", &d->method);
		fact_kept(e, facts, "path", &d->path);
		fact_kept(e, facts, "host", &d->host);
		if (step == STEP_PATH && d->path_reason > PATH_OK)
			fact_set(
				facts, "reason", span_str(path_reason_name(d->path_reason)), false);
		if (step == STEP_ROUTE)
			fact_resources(e, facts);
		break;
	case STEP_CREDENTIAL:
	case STEP_STATE:
	case STEP_LIMITS:
		fact_app_key(e, facts);
		if (step == STEP_LIMITS)
			fact_limit(e, facts);
		break;
	case STEP_TEXT:
	case STEP_KEY:
	case STEP_TOKEN:
		fact_app_key(e, facts);
		fact_finding(e, facts);
		if (step == STEP_KEY)
			fact_text(e, facts, "account", account_name(e, d->key_account));
		fact_text(e, facts, "otherKey", app_key_of(e, d->other_key));
		break;
	case STEP_ACCOUNT:
		fact_account(e, facts);
		fact_app_key(e, facts);
		break;
	case STEP_ADDRESS:
		fact_address(e, facts);
		fact_app_key(e, facts);
		break;
	case STEP_LINKS:
	case STEP_RESOURCE:
		fact_account(e, facts);
		fact_app_key(e, facts);
		fact_number(e, facts, "links", d->profiles_here);
		fact_resources(e, facts);
		fact_text(e, facts, "profile", profile_name(e, d->profile));
		fact_resource(e, facts, d->resource);
		break;
	case STEP_COUNT:
		break;
	}
}

static void explain_step(struct explanation *e, enum step step)
{
	const struct diagnosis *d = e->diagnosis;
	struct explain_step *out = &e->steps[step];

	out->outcome = (enum step_outcome)d->trace[step];
	switch (out->outcome) {
	case STEP_NOT_REACHED:
		out->message = "explain.step_not_reached";
		return;
	case STEP_PASSED:
		out->message = passed_message(d, step);
		break;
	case STEP_FAILED:
		out->message = failed_message(e, d->cause);
		break;
	case STEP_SKIPPED:
		out->message = skipped_message(d, step);
		break;
	}
	step_facts(e, step, &out->facts);
}

/* ---- Fixes that one decision knows ---- */

void explain_fix_add(struct explanation *explanation, enum fix_kind kind,
	const struct explain_fact *facts, size_t facts_count)
{
	struct explain_fix *fix;

	if (explanation->fixes_count >= EXPLAIN_FIXES_MAX)
		return;
	fix = &explanation->fixes[explanation->fixes_count++];
	*fix = (struct explain_fix){ .kind = kind };
	for (size_t i = 0; i < facts_count; i++)
		fact_set(&fix->facts, facts[i].name, copy(explanation, facts[i].value),
			facts[i].number);
}

void explain_fixes_lead(struct explanation *explanation, size_t from, enum fix_kind before)
{
	struct explain_fix *fixes = explanation->fixes;
	size_t to = 0;

	while (to < from && fixes[to].kind != before)
		to++;
	for (; to < from && from < explanation->fixes_count; to++, from++) {
		struct explain_fix moved = fixes[from];

		memmove(&fixes[to + 1], &fixes[to], (from - to) * sizeof(*fixes));
		fixes[to] = moved;
	}
}

void explain_fix_drop(struct explanation *explanation, enum fix_kind kind)
{
	size_t kept = 0;

	for (size_t i = 0; i < explanation->fixes_count; i++) {
		if (explanation->fixes[i].kind != kind)
			explanation->fixes[kept++] = explanation->fixes[i];
	}
	explanation->fixes_count = kept;
}

/* Add a fix and return its facts to fill; those of a throw-away fix when there are too many. */
static struct explain_facts *add(struct explanation *e, enum fix_kind kind)
{
	size_t before = e->fixes_count;

	explain_fix_add(e, kind, NULL, 0);
	return &e->fixes[before < EXPLAIN_FIXES_MAX ? before : EXPLAIN_FIXES_MAX - 1].facts;
}

static void add_with_finding(struct explanation *e, enum fix_kind kind)
{
	fact_finding(e, add(e, kind));
}

static void add_with_key(struct explanation *e, enum fix_kind kind)
{
	fact_app_key(e, add(e, kind));
}

static void add_with_route(struct explanation *e, enum fix_kind kind)
{
	struct explain_facts *facts = add(e, kind);

	fact_kept(e, facts, "method", &e->diagnosis->method);
	fact_kept(e, facts, "path", &e->diagnosis->path);
}

static void add_near_misses(struct explanation *e)
{
	static const struct {
		unsigned step;
		enum fix_kind fix;
	} ROWS[] = {
		{ NEAR_MISS_TRIMMED, FIX_TRIM },
		{ NEAR_MISS_UNQUOTED, FIX_UNQUOTE },
		{ NEAR_MISS_BEARER_OFF, FIX_BEARER_OFF },
		{ NEAR_MISS_URL_DECODED, FIX_URL_DECODE },
		{ NEAR_MISS_UPPER, FIX_UPPER_CASE },
		{ NEAR_MISS_LOWER, FIX_LOWER_CASE },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		if ((e->diagnosis->near.steps & ROWS[i].step) != 0)
			(void)add(e, ROWS[i].fix);
	}
	/* The text alone may say so as well. */
	if (e->diagnosis->near.swapped && e->diagnosis->cause != CAUSE_FIELDS_SWAPPED)
		(void)add(e, FIX_SWAP_FIELDS);
}

static void add_key_of_token(struct explanation *e)
{
	struct span other = app_key_of(e, e->diagnosis->other_key);

	if (span_present(other))
		fact_text(e, add(e, FIX_USE_KEY_OF_TOKEN), "appKey", other);
}

/* 400, and 401 by what was sent. */
static void fixes_of_text(struct explanation *e)
{
	const struct diagnosis *d = e->diagnosis;

	switch ((int)d->cause) {
	case CAUSE_PATH_AMBIGUOUS:
		fact_set(add(e, FIX_SPELL_PATH), "reason",
			span_str(path_reason_name(d->path_reason)), false);
		break;
	case CAUSE_HEADER_REPEATED:
		(void)add(e, FIX_SEND_ONE_CREDENTIAL);
		break;
	case CAUSE_REQUEST_MALFORMED:
		(void)add(e, FIX_MEND_REQUEST);
		break;
	case CAUSE_CREDENTIALS_MISSING:
		(void)add(e, FIX_SEND_CREDENTIALS);
		break;
	case CAUSE_APP_KEY_MISSING:
		(void)add(e, FIX_SEND_APP_KEY);
		break;
	case CAUSE_APP_TOKEN_MISSING:
		(void)add(e, FIX_SEND_APP_TOKEN);
		break;
	case CAUSE_WHITESPACE:
		add_with_finding(e, FIX_REMOVE_SPACES);
		break;
	case CAUSE_FIELDS_SWAPPED:
		(void)add(e, FIX_SWAP_FIELDS);
		break;
	case CAUSE_PLACEHOLDER:
		add_with_finding(e, FIX_FILL_PLACEHOLDER);
		break;
	case CAUSE_WRONG_CASE:
		add_with_finding(e, FIX_RETYPE_CASE);
		break;
	case CAUSE_APP_KEY_TYPO:
		(void)add(e, FIX_RETYPE_APP_KEY);
		break;
	case CAUSE_TOKEN_TYPO:
		add_with_finding(
			e, d->text.positions_count > 0 ? FIX_RETYPE_POSITIONS : FIX_RETYPE_TOKEN);
		break;
	case CAUSE_TOKEN_TRUNCATED:
		add_with_finding(e, FIX_COPY_WHOLE_TOKEN);
		break;
	default:
		break;
	}
}

/* 401 by what is known of key and token. */
static void fixes_of_key(struct explanation *e)
{
	switch ((int)e->diagnosis->cause) {
	case CAUSE_CREDENTIALS_INVALID:
		(void)add(e, FIX_RETYPE_APP_KEY);
		(void)add(e, FIX_RETYPE_TOKEN);
		break;
	case CAUSE_UNKNOWN_KEY:
		add_key_of_token(e);
		(void)add(e, e->diagnosis->form == PRESENTED_PAIR ? FIX_RETYPE_APP_KEY
								  : FIX_RETYPE_TOKEN);
		break;
	case CAUSE_TOKEN_MISMATCH:
		if (token_unmade(e)) {
			add_with_key(e, FIX_OPEN_LINK);
			break;
		}
		(void)add(e, FIX_RETYPE_TOKEN);
		add_with_key(e, FIX_ROTATE_KEY);
		break;
	case CAUSE_TOKEN_OF_ANOTHER_KEY:
		add_key_of_token(e);
		(void)add(e, FIX_RETYPE_TOKEN);
		break;
	case CAUSE_TOKEN_RETIRED:
		add_with_key(e, FIX_USE_NEW_TOKEN);
		add_with_key(e, FIX_ROTATE_KEY);
		break;
	case CAUSE_KEY_INACTIVE:
		add_with_key(e, FIX_ACTIVATE_KEY);
		break;
	case CAUSE_KEY_REVOKED:
		(void)add(e, FIX_CREATE_KEY);
		break;
	case CAUSE_KEY_EXPIRED:
		add_with_key(e, FIX_EXTEND_EXPIRY);
		break;
	default:
		break;
	}
}

static void add_missing_rights(struct explanation *e)
{
	const struct diagnosis *d = e->diagnosis;

	if (d->route_kind != ROUTE_MATCH_FOUND || d->access == ROUTE_AUTHENTICATED) {
		add_with_key(e, FIX_LINK_ANY);
		return;
	}
	if (d->resources_count == 0) {
		add_with_route(e, FIX_SET_RESOURCES);
		return;
	}
	fact_resource(e, add(e, d->cause == CAUSE_NO_PROFILE ? FIX_MAKE_PROFILE : FIX_ADD_RESOURCE),
		d->resources[0]);
}

/* 403, 429, 503. */
static void fixes_of_rights(struct explanation *e)
{
	const struct diagnosis *d = e->diagnosis;
	struct explain_facts *facts;

	switch ((int)d->cause) {
	case CAUSE_ACCOUNT_SUSPENDED:
		fact_account(e, add(e, FIX_ACTIVATE_ACCOUNT));
		break;
	case CAUSE_WRONG_ACCOUNT:
		(void)add(e, FIX_ASK_RIGHT_ACCOUNT);
		facts = add(e, FIX_LINK_IN_ACCOUNT);
		fact_account(e, facts);
		fact_app_key(e, facts);
		break;
	case CAUSE_ADDRESS_NOT_ALLOWED:
		facts = add(e, d->client.known ? FIX_ALLOW_ADDRESS : FIX_TELL_ADDRESS);
		fact_address(e, facts);
		fact_app_key(e, facts);
		break;
	case CAUSE_ROUTE_UNKNOWN:
		add_with_route(e, FIX_ADD_ROUTE);
		break;
	case CAUSE_ROUTE_AMBIGUOUS:
		add_with_route(e, FIX_SETTLE_ROUTE);
		break;
	case CAUSE_NO_PROFILE:
	case CAUSE_PROFILE_LACKS_RESOURCE:
		add_missing_rights(e);
		break;
	case CAUSE_RATE_LIMITED:
	case CAUSE_QUOTA_EXHAUSTED:
		fact_number(e, add(e, FIX_WAIT), "seconds", d->retry_after_s);
		add_with_key(e, FIX_RAISE_LIMIT);
		break;
	case CAUSE_INDEX_STALE:
	case CAUSE_INDEX_UNAVAILABLE:
	case CAUSE_LIMITS_UNAVAILABLE:
		(void)add(e, FIX_CHECK_NODE);
		break;
	default:
		break;
	}
}

void explain(const struct diagnosis *diagnosis, const struct view *view, struct arena *arena,
	struct explanation *out)
{
	*out = (struct explanation){ .diagnosis = diagnosis, .view = view, .arena = arena };
	for (int step = 0; step < STEP_COUNT; step++)
		explain_step(out, (enum step)step);
	/* What would have matched stands first: it is sure. */
	add_near_misses(out);
	fixes_of_text(out);
	fixes_of_key(out);
	fixes_of_rights(out);
}
