/* /v1/keys: the keys of an account. Source: records/app_key.h. */
#include "keeper/keys.h"

#include "keeper/handovers.h"
#include "keeper/key_limits.h"
#include "keeper/refer.h"
#include "keeper/usage.h"
#include "key/digest.h"
#include "records/app_key.h"
#include "records/handover.h"

#include <stdlib.h>

#define KEY_ANSWER_MAX (1 * MIB)
#define APP_KEY_TRIES 8

/* ---- shared ---- */

enum status token_fresh_make(struct token_fresh_secret *out_token)
{
	CLEANUP(digest_context_free)
	struct digest_context *digests = digest_context_make();
	uint8_t random[TOKEN_RANDOM_SIZE];
	bool made;

	if (digests == NULL)
		return ST_NO_MEMORY;
	crypto_random(random, sizeof(random));
	token_make(TOKEN_LIVE, random, out_token->text);
	crypto_wipe(random, sizeof(random));
	made = token_digest(digests, span_of(out_token->text, TOKEN_LEN), out_token->digest);
	return made ? ST_OK : ST_UNAVAILABLE;
}

void token_fresh_wipe(struct token_fresh_secret *token)
{
	crypto_wipe(token, sizeof(*token));
}

bool key_seen(const struct api_call *call, const struct record_key *key)
{
	for (size_t i = 0; i < key->links_count; i++)
		if (api_sees(call, key->links[i].account_slot))
			return true;
	return api_sees(call, key->account_slot);
}

enum status key_of_path(struct api_call *call, struct record_key *out_key)
{
	struct span app_key = http_param(call->http, "appKey");
	enum status st = snapshot_key_by_app_key(call->reading, app_key, call->arena, out_key);

	if (st == ST_OK && !key_seen(call, out_key))
		st = ST_NOT_FOUND;
	if (st == ST_NOT_FOUND) {
		const char *text = arena_copy(call->arena, app_key);

		return api_refuse(call, st, "api.key_unknown", "appKey", text == NULL ? "" : text);
	}
	return st;
}

enum status key_answer(
	struct api_call *call, unsigned http_status, uint32_t slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(KEY_ANSWER_MAX);
	struct record_key key;
	enum status st = snapshot_key(call->reading, slot, call->arena, &key);

	if (st != ST_OK)
		return st;
	key_append_json(&object, &key, api_viewer(call));
	return api_answer(call, http_status, &object, key.version, head);
}

enum status key_answer_token(struct api_call *call, unsigned http_status, const struct buf *object,
	int64_t version, const struct head *head, const struct token_fresh_secret *token)
{
	CLEANUP(buf_wipe)
	struct buf with = buf_heap(KEY_ANSWER_MAX + 128);
	struct span text = buf_span(object);

	if (text.len < 2)
		return ST_NO_MEMORY;
	buf_append(&with, span_part(text, 0, text.len - 1));
	buf_append_str(&with, ",\"appToken\":");
	buf_append_json(&with, span_of(token->text, TOKEN_LEN));
	buf_append_char(&with, '}');
	return api_answer(call, http_status, &with, version, head);
}

enum status key_end_secret(struct api_call *call, unsigned http_status, uint32_t slot,
	const struct token_fresh_secret *token, const struct share_link_secret *link)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(KEY_ANSWER_MAX);
	CLEANUP(buf_wipe)
	struct buf handed = buf_heap(KEY_ANSWER_MAX);
	struct record_key key;
	struct head head;
	enum status st = snapshot_key(call->reading, slot, call->arena, &key);

	if (st != ST_OK)
		return st;
	key_append_json(&object, &key, api_viewer(call));
	st = api_remember(call, key.account_slot, &object);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	if (token != NULL)
		return key_answer_token(call, http_status, &object, key.version, &head, token);
	key_append_json_handed(&handed, &key, api_viewer(call), buf_span(&link->url));
	return api_answer(call, http_status, &handed, key.version, &head);
}

/* ---- list and read ---- */

/* As it is listed: the key, and when it was used last, which is no part of its version. */
static enum status key_listed(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_key key;
	enum status st = snapshot_key(call->reading, slot, call->arena, &key);

	if (st != ST_OK)
		return st;
	key_append_json(out, &key, api_viewer(call));
	if (out->len > 0)
		out->len--; /* the closing brace */
	st = usage_append_last(call, &key, out);
	buf_append_char(out, '}');
	return st;
}

static enum status query_state(struct api_call *call, struct list_query *query)
{
	struct span state = http_query(call->http, "state");

	if (!span_present(state))
		return ST_OK;
	if (span_is(state, "active"))
		query->state = RECORD_KEY_ACTIVE;
	else if (span_is(state, "inactive"))
		query->state = RECORD_KEY_INACTIVE;
	else if (span_is(state, "revoked"))
		query->state = RECORD_KEY_REVOKED;
	else
		return api_refuse(call, ST_INVALID, "api.key_state", NULL, NULL);
	return ST_OK;
}

static enum status query_profile(struct api_call *call, struct list_query *query)
{
	struct span profile = http_query(call->http, "profile");
	uint64_t slot;

	if (!span_present(profile))
		return ST_OK;
	if (!span_to_u64(profile, &slot) || slot == 0 || slot > UINT32_MAX)
		return api_refuse(call, ST_INVALID, "api.profile_reference", NULL, NULL);
	query->profile_slot = (uint32_t)slot;
	return ST_OK;
}

static enum status query_alert(struct api_call *call, struct list_query *query)
{
	static const struct {
		const char *name;
		unsigned bits;
	} ALERTS[] = {
		{ "unlinked", KEY_ALERT_UNLINKED },
		{ "token_old", KEY_ALERT_TOKEN_OLD },
		{ "token_very_old", KEY_ALERT_TOKEN_VERY_OLD },
		{ "rotation_open", KEY_ALERT_ROTATION_OPEN },
		{ "expiring", KEY_ALERT_EXPIRING },
		{ "expired", KEY_ALERT_EXPIRED },
		{ "never_used", KEY_ALERT_NEVER_USED },
		{ "unused_30d", KEY_ALERT_UNUSED },
		{ "unused_90d", KEY_ALERT_LONG_UNUSED },
		{ "link_waiting", KEY_ALERT_LINK_WAITING },
		{ "any", KEY_ALERT_ANY },
	};
	struct span alert = http_query(call->http, "alert");

	for (size_t i = 0; i < ARRAY_LEN(ALERTS) && query->alerts == 0; i++)
		if (span_present(alert) && span_is(alert, ALERTS[i].name))
			query->alerts = ALERTS[i].bits;
	if (span_present(alert) && query->alerts == 0)
		return api_refuse(call, ST_INVALID, "api.key_alert", NULL, NULL);
	return ST_OK;
}

static enum status query_sort(struct api_call *call, struct list_query *query)
{
	struct span sort = http_query(call->http, "sort");

	if (!span_present(sort) || span_is(sort, "oldest"))
		query->order = KEY_ORDER_OLDEST;
	else if (span_is(sort, "newest"))
		query->order = KEY_ORDER_NEWEST;
	else if (span_is(sort, "label"))
		query->order = KEY_ORDER_LABEL;
	else if (span_is(sort, "last_used"))
		query->order = KEY_ORDER_USED;
	else
		return api_refuse(call, ST_INVALID, "api.key_sort", NULL, NULL);
	return ST_OK;
}

/*
 * A key of another account shows here its state, its links here and since when it exists. How it is
 * called, and how its tokens and its expiry stand, is not told: nor by an order or a filter.
 */
static enum status query_outside(struct api_call *call, const struct list_query *query)
{
	if (query->alerts != 0 || query->order == KEY_ORDER_LABEL || query->order == KEY_ORDER_USED)
		return api_refuse(call, ST_INVALID, "api.key_external_query", NULL, NULL);
	return ST_OK;
}

/* Of a profile that the caller does not see there is nothing to list, as of one that is not there.
 */
static enum status scope_profile(struct api_call *call, uint32_t slot)
{
	struct record_profile profile;
	enum status st;

	if (call->caller.kind == CALLER_OPERATOR)
		return ST_OK;
	st = snapshot_profile(call->reading, slot, call->arena, &profile);
	if (st == ST_OK)
		st = api_scope(call, profile.account_slot);
	if (st == ST_NOT_FOUND)
		return api_refuse(call, ST_NOT_FOUND, "records.no_profile", NULL, NULL);
	return st;
}

static enum status keys_list(struct api_call *call)
{
	struct list_query query = {
		.kind = ENTITY_KEY,
		.now_us = call->now_us,
		.search = http_query(call->http, "q"),
		.external_id = http_query(call->http, "externalId"),
		.viewer = api_viewer(call),
	};
	struct span account_name = http_query(call->http, "account");
	struct record_account account;
	bool external;
	enum status st = api_query_bool(call, "external", &external);

	if (st == ST_OK)
		st = query_state(call, &query);
	if (st == ST_OK)
		st = query_profile(call, &query);
	if (st == ST_OK)
		st = query_alert(call, &query);
	if (st == ST_OK)
		st = query_sort(call, &query);
	if (st == ST_OK && external)
		st = query_outside(call, &query);
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK && query.profile_slot != 0)
		st = scope_profile(call, query.profile_slot);
	/* The operator may list the whole installation; external keys are some account's. */
	if (st == ST_OK &&
		(span_present(account_name) || external || call->caller.kind != CALLER_OPERATOR)) {
		st = api_account(call, account_name, &account);
		if (st == ST_OK && external)
			query.linked_in = account.slot;
		else if (st == ST_OK)
			query.account_slot = account.slot;
	}
	return st != ST_OK ? st : api_page(call, &query, key_listed);
}

/* The key, what it has left of its limits, and when it was used last: no part of its version. */
static enum status keys_get(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(KEY_ANSWER_MAX);
	struct record_key key;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st != ST_OK)
		return st;
	key_append_json(&object, &key, api_viewer(call));
	if (object.len > 0)
		object.len--; /* the closing brace */
	/* What a key of another account has left is not told here. */
	if (!api_sees(call, key.account_slot))
		key.limits = (struct allowance){ 0 };
	buf_append_str(&object, ",\"limitsState\":");
	limits_append_state(call, &key, &object);
	st = usage_append_last(call, &key, &object);
	buf_append_char(&object, '}');
	return st != ST_OK ? st : api_answer(call, 200, &object, key.version, NULL);
}

/* ---- create ---- */

/* Metadata is stored as the compact text of the object. */
static enum status metadata_text(
	struct api_call *call, const struct body_field *field, struct span *out_text)
{
	char *dumped;
	const char *copy;

	if (!field->present || field->is_null) {
		/* null takes it off. */
		*out_text = field->present ? span_of("", 0) : SPAN_ABSENT;
		return ST_OK;
	}
	dumped = json_dumps(field->json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	if (dumped == NULL)
		return ST_NO_MEMORY;
	copy = arena_copy(call->arena, span_str(dumped));
	free(dumped);
	*out_text = span_str(copy);
	return copy == NULL ? ST_NO_MEMORY : ST_OK;
}

enum {
	NEW_ACCOUNT,
	NEW_LABEL,
	NEW_PROFILES,
	NEW_EXPIRES,
	NEW_ADDRESSES,
	NEW_EXTERNAL_ID,
	NEW_METADATA,
	NEW_LIMITS,
	NEW_HANDOVER,
	NEW_COUNT
};

static enum status read_new(struct api_call *call, struct body_field *fields, uint32_t account_slot,
	struct key_new *key)
{
	struct span *addresses = NULL;
	uint32_t *profiles = NULL;
	enum status st = metadata_text(call, &fields[NEW_METADATA], &key->metadata);

	if (st == ST_OK && fields[NEW_ADDRESSES].present)
		st = api_texts(call, fields[NEW_ADDRESSES].json, "addresses", &addresses,
			&key->addresses_count);
	if (st == ST_OK && fields[NEW_PROFILES].present)
		st = refer_profiles(call, account_slot, fields[NEW_PROFILES].json, &profiles,
			&key->profiles_count);
	if (st == ST_OK)
		st = limits_read(call, &fields[NEW_LIMITS], &key->limits);
	key->account_slot = account_slot;
	key->label = fields[NEW_LABEL].text;
	key->external_id = fields[NEW_EXTERNAL_ID].text;
	key->expires_at_us = fields[NEW_EXPIRES].number;
	key->addresses = addresses;
	key->profile_slots = profiles;
	return st;
}

/* An appKey that no key of the installation has. */
static enum status draw_app_key(struct api_call *call, struct span account, struct buf *out)
{
	for (int i = 0; i < APP_KEY_TRIES; i++) {
		uint8_t random[APP_KEY_RANDOM_SIZE];
		struct record_key taken;
		enum status st;

		buf_clear(out);
		crypto_random(random, sizeof(random));
		st = app_key_make(call->keeper->setup->app_key_prefix, account, random, out);
		if (st != ST_OK)
			return st;
		st = snapshot_key_by_app_key(call->reading, buf_span(out), call->arena, &taken);
		if (st != ST_OK)
			return st == ST_NOT_FOUND ? ST_OK : st;
	}
	return ST_UNAVAILABLE;
}

/* The key itself, with its token, or without one and with a link for it. */
static enum status create_and_answer(struct api_call *call, struct key_new *key, bool hand_over)
{
	CLEANUP(token_fresh_wipe)
	struct token_fresh_secret token = { .text = { 0 } };
	CLEANUP(share_link_wipe)
	struct share_link_secret link = { .url = buf_heap(0) };
	uint32_t slot = 0;
	enum status st;

	st = hand_over ? share_link_make(call, &link) : token_fresh_make(&token);
	key->digest = hand_over ? NULL : token.digest;
	if (st == ST_OK)
		st = key_create(call->change, key, &slot, &call->complaint);
	key->digest = NULL;
	if (st == ST_OK && hand_over)
		st = handover_create(
			call->change, slot, link.digest, ROTATE_OPEN, &call->complaint);
	if (st != ST_OK)
		return st;
	return key_end_secret(call, 201, slot, hand_over ? NULL : &token, hand_over ? &link : NULL);
}

static enum status keys_create(struct api_call *call)
{
	struct body_field fields[NEW_COUNT] = {
		[NEW_ACCOUNT] = { .name = "account", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		[NEW_LABEL] = { .name = "label", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		[NEW_PROFILES] = { .name = "profiles", .kind = BODY_ARRAY },
		[NEW_EXPIRES] = { .name = "expiresAt", .kind = BODY_TIME, .flags = BODY_NULLABLE },
		[NEW_ADDRESSES] = { .name = "addresses", .kind = BODY_ARRAY },
		[NEW_EXTERNAL_ID] = { .name = "externalId",
			.kind = BODY_TEXT,
			.flags = BODY_NULLABLE },
		[NEW_METADATA] = { .name = "metadata",
			.kind = BODY_OBJECT,
			.flags = BODY_NULLABLE },
		[NEW_LIMITS] = { .name = "limits", .kind = BODY_OBJECT, .flags = BODY_NULLABLE },
		[NEW_HANDOVER] = { .name = "handover", .kind = BODY_BOOL },
	};
	char app_key_memory[LIMIT_APP_KEY + 1];
	struct buf app_key = BUF_ARRAY(app_key_memory);
	struct key_new key = { .digest = NULL };
	struct record_account account;
	bool answered;
	enum status st = api_body(call, fields, NEW_COUNT);

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = api_account(call, fields[NEW_ACCOUNT].text, &account);
	if (st == ST_OK)
		st = api_replay(call, account.slot, &answered);
	if (st != ST_OK || answered)
		return st;
	st = read_new(call, fields, account.slot, &key);
	if (st == ST_OK)
		st = draw_app_key(call, account.name, &app_key);
	key.app_key = buf_span(&app_key);
	return st != ST_OK ? st : create_and_answer(call, &key, fields[NEW_HANDOVER].boolean);
}

/* ---- edit ---- */

static enum status keys_edit(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "label", .kind = BODY_TEXT },
		{ .name = "expiresAt", .kind = BODY_TIME, .flags = BODY_NULLABLE },
		{ .name = "addresses", .kind = BODY_ARRAY },
		{ .name = "externalId", .kind = BODY_TEXT, .flags = BODY_NULLABLE },
		{ .name = "metadata", .kind = BODY_OBJECT, .flags = BODY_NULLABLE },
		{ .name = "limits", .kind = BODY_OBJECT, .flags = BODY_NULLABLE },
	};
	struct key_edit edit = { .version = 0 };
	struct span *addresses = NULL;
	struct record_key key;
	struct head head;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st == ST_OK)
		st = api_check_version(call, key.version);
	if (st == ST_OK)
		st = metadata_text(call, &fields[4], &edit.metadata);
	if (st == ST_OK && fields[2].present)
		st = api_texts(
			call, fields[2].json, "addresses", &addresses, &edit.addresses_count);
	if (st == ST_OK)
		st = limits_read(call, &fields[5], &edit.limits);
	edit.set_limits = fields[5].present;
	edit.label = fields[0].text;
	edit.set_expiry = fields[1].present;
	edit.expires_at_us = fields[1].number;
	edit.set_addresses = fields[2].present;
	edit.addresses = addresses;
	edit.external_id = fields[3].is_null ? span_of("", 0) : fields[3].text;
	if (st == ST_OK)
		st = key_edit(call->change, key.slot, &edit, &call->complaint);
	if (st == ST_OK)
		st = caller_widens(call);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : key_answer(call, 200, key.slot, &head);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/keys", keys_list,
		"limit cursor account state profile externalId external alert sort q", 0,
		RIGHT_KEYS_VIEW, 0 },
	{ "POST", "/v1/keys", keys_create, NULL, LIMIT_BODY, RIGHT_KEYS_EDIT, API_STEP_UP },
	{ "POST", "/v1/keys/import", keys_import_request, "account dryRun", LIMIT_BODY_IMPORT,
		RIGHT_KEYS_EDIT, API_STEP_UP },
	{ "GET", "/v1/keys/{appKey}", keys_get, NULL, 0, RIGHT_KEYS_VIEW, 0 },
	{ "PATCH", "/v1/keys/{appKey}", keys_edit, NULL, LIMIT_BODY, RIGHT_KEYS_EDIT,
		API_STEP_UP_WIDENING },
};

const struct api_table KEYS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
