/*
 * /v1/keys/{appKey}/usage: how one key is used, with what the handlers of use share.
 * Source: records/usage.h.
 */
#include "keeper/usage.h"

#include "base/clock.h"
#include "decide/cause.h"
#include "keeper/keys.h"
#include "key/digest.h"

#define US_PER_DAY (INT64_C(86400) * US_PER_S)
#define DAYS_SHOWN 30

/* ---- what is shared ---- */

void usage_append_time(struct buf *out, const char *name, int64_t at_us)
{
	buf_printf(out, "\"%s\":", name);
	if (at_us == 0) {
		buf_append_str(out, "null");
		return;
	}
	buf_append_char(out, '"');
	clock_append_rfc3339(out, at_us);
	buf_append_char(out, '"');
}

void usage_append_text(struct buf *out, const char *name, struct span value)
{
	buf_printf(out, "\"%s\":", name);
	if (span_present(value) && value.len > 0)
		buf_append_json(out, value);
	else
		buf_append_str(out, "null");
}

/* {"at","address","gateway"} or null. */
static void append_seen(struct buf *out, const struct usage_seen *seen)
{
	if (seen->at_us == 0) {
		buf_append_str(out, "null");
		return;
	}
	buf_append_char(out, '{');
	usage_append_time(out, "at", seen->at_us);
	buf_append_char(out, ',');
	usage_append_text(out, "address", seen->address);
	buf_append_char(out, ',');
	usage_append_text(out, "gateway", seen->gateway);
	buf_append_char(out, '}');
}

enum status usage_append_last(struct api_call *call, const struct record_key *key, struct buf *out)
{
	struct usage_seen seen = { .at_us = 0 };
	enum status st = ST_OK;

	/* From where others use their keys is their business. */
	if (api_sees(call, key->account_slot))
		st = usage_of_key(call->reading, key->slot, call->arena, &seen);
	buf_append_str(out, ",\"lastUse\":");
	append_seen(out, &seen);
	return st;
}

/* Since when, and until when, what is said here was counted. */
enum status usage_append_counted(struct api_call *call, struct buf *out)
{
	struct usage_drained drained;
	enum status st = usage_drained(call->keeper->records, &drained);

	if (st != ST_OK)
		return st;
	buf_append_char(out, ',');
	usage_append_time(out, "countedSince", drained.since_us);
	buf_append_char(out, ',');
	usage_append_time(out, "countedUntil", drained.at_us);
	return ST_OK;
}

enum status usage_append_key_name(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_key key;
	enum status st =
		slot == 0 ? ST_NOT_FOUND : snapshot_key(call->reading, slot, call->arena, &key);

	if (st == ST_NOT_FOUND || (st == ST_OK && !key_seen(call, &key))) {
		buf_append_str(out, "\"key\":null");
		return ST_OK;
	}
	if (st != ST_OK)
		return st;
	buf_append_str(out, "\"key\":{");
	usage_append_text(out, "appKey", key.app_key);
	buf_append_char(out, ',');
	usage_append_text(out, "label", api_sees(call, key.account_slot) ? key.label : key.app_key);
	buf_append_char(out, '}');
	return ST_OK;
}

void usage_append_token_id(struct buf *out, const uint8_t digest[DIGEST_SIZE])
{
	CLEANUP(digest_context_free)
	struct digest_context *context = digest_context_make();

	buf_append_str(out, "\"token\":\"");
	token_append_id(out, digest, context);
	buf_append_char(out, '"');
}

/* ---- one key ---- */

static enum status append_clients(struct api_call *call, const struct record_key *key,
	const struct record_token *token, struct buf *out)
{
	struct usage_client clients[USAGE_CLIENTS_MAX];
	size_t count = 0;
	enum status st = usage_clients(
		call->reading, key->slot, token->digest, call->arena, clients, &count);

	buf_append_str(out, ",\"clients\":[");
	for (size_t i = 0; i < count; i++) {
		buf_append_str(out, i > 0 ? ",{" : "{");
		usage_append_text(out, "address", clients[i].address);
		buf_append_char(out, ',');
		usage_append_time(out, "at", clients[i].at_us);
		if (token->kind == RECORD_TOKEN_RETIRED)
			buf_printf(out, ",\"uses\":%lld}", (long long)clients[i].uses);
		else
			buf_append_str(out, ",\"uses\":null}");
	}
	buf_append_char(out, ']');
	return st;
}

static enum status append_tokens(
	struct api_call *call, const struct record_key *key, struct buf *out)
{
	static const char *const kinds[] = {
		[RECORD_TOKEN_CURRENT] = "current",
		[RECORD_TOKEN_PREVIOUS] = "previous",
		[RECORD_TOKEN_RETIRED] = "retired",
	};
	enum status st = ST_OK;

	buf_append_str(out, ",\"tokens\":[");
	for (size_t i = 0; st == ST_OK && i < key->tokens_count; i++) {
		const struct record_token *token = &key->tokens[i];
		struct usage_seen seen;

		st = usage_of_token(call->reading, key->slot, token->digest, call->arena, &seen);
		if (st != ST_OK)
			return st;
		buf_append_str(out, i > 0 ? ",{" : "{");
		usage_append_token_id(out, token->digest);
		buf_printf(out, ",\"kind\":\"%s\",\"lastUse\":", kinds[token->kind]);
		append_seen(out, &seen);
		st = append_clients(call, key, token, out);
		buf_append_char(out, '}');
	}
	buf_append_char(out, ']');
	return st;
}

/* By cause, of the days that are shown. */
static enum status append_causes(
	struct api_call *call, const struct record_key *key, struct buf *out)
{
	struct usage_query query = { .days = true,
		.by = USAGE_BY_CAUSE,
		.key_slot = key->slot,
		.from = call->now_us / US_PER_DAY - DAYS_SHOWN + 1,
		.until = call->now_us / US_PER_DAY + 1,
		.count_max = CAUSE_COUNT + 1 };
	struct usage_row *rows = arena_array(call->arena, LIMIT_PAGE, sizeof(*rows));
	struct usage_row sum;
	size_t count = 0;
	bool first = true;
	enum status st = rows == NULL ? ST_NO_MEMORY : usage_sum(call->reading, &query, &sum);

	if (st == ST_OK)
		st = usage_list(call->reading, &query, rows, &count);
	if (st != ST_OK)
		return st;
	buf_append_char(out, ',');
	usage_append_time(out, "since", query.from * US_PER_DAY);
	buf_printf(out, ",\"allowed\":%lld,\"refused\":%lld,\"causes\":[", (long long)sum.allowed,
		(long long)sum.refused);
	for (size_t i = 0; i < count; i++) {
		if (rows[i].refused == 0)
			continue;
		buf_append_str(out, first ? "{" : ",{");
		usage_append_text(out, "cause", span_str(rows[i].cause));
		buf_printf(out, ",\"refused\":%lld}", (long long)rows[i].refused);
		first = false;
	}
	buf_append_char(out, ']');
	return ST_OK;
}

/* Of a key of another account only its own account is told. */
static enum status key_usage(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * MIB);
	struct record_key key;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st == ST_OK && !api_sees(call, key.account_slot))
		st = api_refuse(call, ST_NOT_FOUND, "api.usage_elsewhere", NULL, NULL);
	if (st != ST_OK)
		return st;
	buf_append_char(&object, '{');
	usage_append_text(&object, "appKey", key.app_key);
	st = usage_append_last(call, &key, &object);
	if (st == ST_OK)
		st = append_tokens(call, &key, &object);
	if (st == ST_OK)
		st = append_causes(call, &key, &object);
	if (st == ST_OK)
		st = usage_append_counted(call, &object);
	buf_append_char(&object, '}');
	return st != ST_OK ? st : api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/keys/{appKey}/usage", key_usage, NULL, 0, RIGHT_KEYS_VIEW, 0 },
};

const struct api_table KEY_USAGE_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
