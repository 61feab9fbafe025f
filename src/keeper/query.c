#include "keeper/query.h"

#include "base/clock.h"
#include "keeper/keys.h"

#define LIMIT_USUAL 50

enum status query_number(
	struct api_call *call, const char *name, uint64_t most, uint64_t *inout_value)
{
	struct span text = http_query(call->http, name);

	if (!span_present(text))
		return ST_OK;
	if (!span_to_u64(text, inout_value) || *inout_value > most)
		return api_refuse(call, ST_INVALID, "api.query_number", "name", name);
	return ST_OK;
}

enum status query_time(struct api_call *call, const char *name, int64_t *inout_us)
{
	struct span text = http_query(call->http, name);

	if (span_present(text) && clock_parse_rfc3339(text, inout_us) != ST_OK)
		return api_refuse(call, ST_INVALID, "api.field_not_time", "name", name);
	return ST_OK;
}

enum status query_limit(struct api_call *call, size_t *out_count)
{
	struct span text = http_query(call->http, "limit");
	uint64_t limit = LIMIT_USUAL;

	*out_count = LIMIT_USUAL;
	if (span_present(text) && (!span_to_u64(text, &limit) || limit == 0 || limit > LIMIT_PAGE))
		return api_refuse(call, ST_INVALID, "api.limit", "max", "200");
	*out_count = (size_t)limit;
	return ST_OK;
}

enum status query_cause(struct api_call *call, enum cause *inout_cause)
{
	struct span name = http_query(call->http, "cause");

	if (!span_present(name))
		return ST_OK;
	*inout_cause = cause_from_name(name);
	if (*inout_cause == CAUSE_NONE || *inout_cause == CAUSE_COUNT)
		return api_refuse(call, ST_INVALID, "api.cause_unknown", NULL, NULL);
	return ST_OK;
}

enum status query_account(struct api_call *call, uint32_t *out_slot)
{
	struct span name = http_query(call->http, "account");
	struct record_account account;
	enum status st;

	*out_slot = 0;
	if (!span_present(name) && call->caller.kind == CALLER_OPERATOR)
		return ST_OK;
	st = api_account(call, name, &account);
	if (st == ST_OK)
		*out_slot = account.slot;
	return st;
}

enum status query_key(struct api_call *call, struct record_key *out_key)
{
	struct span app_key = http_query(call->http, "key");
	enum status st;

	*out_key = (struct record_key){ .slot = 0 };
	if (!span_present(app_key))
		return ST_OK;
	st = snapshot_key_by_app_key(call->reading, app_key, call->arena, out_key);
	if (st == ST_OK && !key_seen(call, out_key))
		st = ST_NOT_FOUND;
	if (st == ST_NOT_FOUND) {
		const char *text = arena_copy(call->arena, app_key);

		return api_refuse(call, st, "api.key_unknown", "appKey", text == NULL ? "" : text);
	}
	return st;
}
