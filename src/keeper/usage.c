/*
 * /v1/usage: how often keys were used and refused, and what nobody uses. Source:
 * records/usage.h. Counts come from the ledger every few seconds (keeper/drain.c).
 */
#include "keeper/usage.h"

#include "base/clock.h"
#include "decide/cause.h"
#include "keeper/keys.h"
#include "keeper/query.h"
#include "records/usage.h"

#define US_PER_HOUR (INT64_C(3600) * US_PER_S)
#define US_PER_DAY (24 * US_PER_HOUR)
/* Without `since`. */
#define HOURS_SHOWN 24
#define DAYS_SHOWN 30
#define UNUSED_DAYS_MAX 3650u

/* ---- the question ---- */

struct window {
	uint32_t skip;
	size_t count_max;
};

/* `limit` and `cursor`, which counts what was given out already. */
static enum status read_window(struct api_call *call, struct window *out_window)
{
	uint64_t cursor = 0;
	enum status st;

	*out_window = (struct window){ 0 };
	st = query_limit(call, &out_window->count_max);
	if (st == ST_OK)
		st = query_number(call, "cursor", UINT32_MAX / 2, &cursor);
	out_window->skip = (uint32_t)cursor;
	return st;
}

static void append_next(struct buf *out, const struct window *window, size_t count)
{
	if (count == window->count_max)
		buf_printf(out, "],\"next\":\"%zu\"", window->skip + count);
	else
		buf_append_str(out, "],\"next\":null");
}

/* ---- /v1/usage ---- */

/* Of its own account a key is shown wherever it was used; of another's what it did here. */
static enum status read_key(struct api_call *call, struct usage_query *query)
{
	struct record_key key;
	enum status st = query_key(call, &key);

	if (st != ST_OK || key.slot == 0)
		return st;
	query->key_slot = key.slot;
	if (!span_present(http_query(call->http, "account")) && api_sees(call, key.account_slot))
		query->account_slot = 0;
	return ST_OK;
}

static enum status read_slot(struct api_call *call, const char *name, uint32_t *out_slot)
{
	uint64_t value = 0;
	enum status st = query_number(call, name, UINT32_MAX, &value);

	*out_slot = (uint32_t)value;
	return st;
}

static enum status read_cause(struct api_call *call, struct usage_query *query)
{
	struct span cause = http_query(call->http, "cause");
	struct span verdict = http_query(call->http, "verdict");
	enum cause known = CAUSE_NONE;
	enum status st = query_cause(call, &known);

	query->cause = cause;
	if (st != ST_OK || !span_present(verdict))
		return st;
	if (span_is(verdict, "refused"))
		query->refused_only = true;
	else if (span_is(verdict, "allowed") && !span_present(cause))
		query->cause = SPAN_LIT("");
	else
		return api_refuse(call, ST_INVALID, "api.verdict", NULL, NULL);
	return ST_OK;
}

static enum status read_shape(struct api_call *call, struct usage_query *query)
{
	static const char *const names[USAGE_BY_COUNT] = { "time", "key", "route", "resource",
		"cause" };
	struct span step = http_query(call->http, "step"), by = http_query(call->http, "by");

	query->days = span_is(step, "day");
	if (span_present(step) && !query->days && !span_is(step, "hour"))
		return api_refuse(call, ST_INVALID, "api.usage_step", NULL, NULL);
	if (!span_present(by))
		return ST_OK;
	for (unsigned i = 0; i < USAGE_BY_COUNT; i++) {
		if (!span_is(by, names[i]))
			continue;
		query->by = (enum usage_by)i;
		return ST_OK;
	}
	return api_refuse(call, ST_INVALID, "api.usage_by", NULL, NULL);
}

/* Whole hours or days: the one that `since` lies in, up to the one before `until`'s. */
static enum status read_times(struct api_call *call, struct usage_query *query)
{
	int64_t unit_us = query->days ? US_PER_DAY : US_PER_HOUR;
	int64_t since_us, until_us = call->now_us;
	enum status st = query_time(call, "until", &until_us);

	since_us = until_us - (query->days ? DAYS_SHOWN - 1 : HOURS_SHOWN - 1) * unit_us;
	if (st == ST_OK)
		st = query_time(call, "since", &since_us);
	query->from = since_us / unit_us;
	query->until = (until_us + unit_us - 1) / unit_us;
	return st;
}

static enum status read_query(struct api_call *call, struct usage_query *query)
{
	struct window window = { 0, 0 };
	enum status st = read_window(call, &window);

	if (st == ST_OK)
		st = read_shape(call, query);
	if (st == ST_OK)
		st = read_times(call, query);
	if (st == ST_OK)
		st = read_cause(call, query);
	if (st == ST_OK)
		st = read_slot(call, "route", &query->route_slot);
	if (st == ST_OK)
		st = read_slot(call, "resource", &query->resource_slot);
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = query_account(call, &query->account_slot);
	query->skip = window.skip;
	query->count_max = window.count_max;
	return st == ST_OK ? read_key(call, query) : st;
}

/* What is gone is null, as above. */
static enum status append_route_name(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_route route;
	enum status st =
		slot == 0 ? ST_NOT_FOUND : snapshot_route(call->reading, slot, call->arena, &route);

	if (st == ST_NOT_FOUND) {
		buf_append_str(out, "\"route\":null");
		return ST_OK;
	}
	if (st != ST_OK)
		return st;
	buf_printf(out, "\"route\":{\"id\":%u,", slot);
	usage_append_text(out, "method", route.method);
	buf_append_char(out, ',');
	usage_append_text(out, "path", route.path);
	buf_append_char(out, '}');
	return ST_OK;
}

static enum status append_resource_name(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_resource resource;
	enum status st = slot == 0 ? ST_NOT_FOUND
				   : snapshot_resource(call->reading, slot, call->arena, &resource);

	if (st == ST_NOT_FOUND) {
		buf_append_str(out, "\"resource\":null");
		return ST_OK;
	}
	if (st != ST_OK)
		return st;
	buf_printf(out, "\"resource\":{\"id\":%u,", slot);
	usage_append_text(out, "product", resource.product);
	buf_append_char(out, ',');
	usage_append_text(out, "key", resource.key);
	buf_append_char(out, ',');
	usage_append_text(out, "name", resource.name);
	buf_append_char(out, '}');
	return ST_OK;
}

static enum status append_row(struct api_call *call, const struct usage_query *query,
	const struct usage_row *row, struct buf *out)
{
	int64_t unit_us = query->days ? US_PER_DAY : US_PER_HOUR;
	enum status st = ST_OK;

	buf_append_char(out, '{');
	if (query->by == USAGE_BY_TIME)
		usage_append_time(out, "at", row->value * unit_us);
	else if (query->by == USAGE_BY_KEY)
		st = usage_append_key_name(call, (uint32_t)row->value, out);
	else if (query->by == USAGE_BY_ROUTE)
		st = append_route_name(call, (uint32_t)row->value, out);
	else if (query->by == USAGE_BY_RESOURCE)
		st = append_resource_name(call, (uint32_t)row->value, out);
	else
		usage_append_text(out, "cause", span_str(row->cause));
	buf_printf(out, ",\"allowed\":%lld,\"refused\":%lld}", (long long)row->allowed,
		(long long)row->refused);
	return st;
}

static enum status usage_get(struct api_call *call)
{
	struct usage_query query = { .by = USAGE_BY_TIME };
	struct usage_row *rows = arena_array(call->arena, LIMIT_PAGE, sizeof(*rows));
	struct window window = { 0, 0 };
	struct usage_row sum;
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * MIB);
	size_t count = 0;
	int64_t unit_us;
	enum status st = rows == NULL ? ST_NO_MEMORY : read_query(call, &query);

	if (st == ST_OK)
		st = usage_sum(call->reading, &query, &sum);
	if (st == ST_OK)
		st = usage_list(call->reading, &query, rows, &count);
	if (st != ST_OK)
		return st;
	unit_us = query.days ? US_PER_DAY : US_PER_HOUR;
	window = (struct window){ query.skip, query.count_max };
	buf_append_char(&object, '{');
	usage_append_time(&object, "since", query.from * unit_us);
	buf_append_char(&object, ',');
	usage_append_time(&object, "until", query.until * unit_us);
	buf_printf(&object, ",\"step\":\"%s\",\"allowed\":%lld,\"refused\":%lld,\"items\":[",
		query.days ? "day" : "hour", (long long)sum.allowed, (long long)sum.refused);
	for (size_t i = 0; st == ST_OK && i < count; i++) {
		buf_append_str(&object, i > 0 ? "," : "");
		st = append_row(call, &query, &rows[i], &object);
	}
	append_next(&object, &window, count);
	if (st == ST_OK)
		st = usage_append_counted(call, &object);
	buf_append_char(&object, '}');
	return st != ST_OK ? st : api_answer(call, 200, &object, 0, NULL);
}

/* ---- /v1/usage/resources ---- */

static enum status resources_get(struct api_call *call)
{
	struct usage_resource *resources = arena_array(call->arena, LIMIT_PAGE, sizeof(*resources));
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * MIB);
	struct record_account account;
	struct window window = { 0, 0 };
	uint64_t unused_days = 0;
	size_t count = 0;
	enum status st = resources == NULL ? ST_NO_MEMORY : read_window(call, &window);

	if (st == ST_OK)
		st = query_number(call, "unusedDays", UNUSED_DAYS_MAX, &unused_days);
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = api_account(call, http_query(call->http, "account"), &account);
	if (st == ST_OK)
		st = usage_resources(call->reading,
			&(struct usage_slice){ .account_slot = account.slot,
				.before_day = call->now_us / US_PER_DAY + 1 - (int64_t)unused_days,
				.skip = window.skip,
				.count_max = window.count_max },
			resources, &count);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"items\":[");
	for (size_t i = 0; st == ST_OK && i < count; i++) {
		buf_append_str(&object, i > 0 ? ",{" : "{");
		st = append_resource_name(call, resources[i].slot, &object);
		buf_append_char(&object, ',');
		usage_append_time(&object, "lastDay", resources[i].used_on * US_PER_DAY);
		buf_printf(&object, ",\"profiles\":%lld}", (long long)resources[i].profiles);
	}
	append_next(&object, &window, count);
	if (st == ST_OK)
		st = usage_append_counted(call, &object);
	buf_append_char(&object, '}');
	return st != ST_OK ? st : api_answer(call, 200, &object, 0, NULL);
}

/* ---- /v1/usage/retired-tokens ---- */

static enum status retired_get(struct api_call *call)
{
	struct usage_retired *clients = arena_array(call->arena, LIMIT_PAGE, sizeof(*clients));
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * MIB);
	struct usage_slice slice = { .since_us = call->now_us - DAYS_SHOWN * US_PER_DAY };
	struct window window = { 0, 0 };
	size_t count = 0;
	enum status st = clients == NULL ? ST_NO_MEMORY : read_window(call, &window);

	if (st == ST_OK)
		st = query_time(call, "since", &slice.since_us);
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = query_account(call, &slice.account_slot);
	slice.skip = window.skip;
	slice.count_max = window.count_max;
	if (st == ST_OK)
		st = usage_retired(call->reading, &slice, call->arena, clients, &count);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"items\":[");
	for (size_t i = 0; st == ST_OK && i < count; i++) {
		buf_append_str(&object, i > 0 ? ",{" : "{");
		st = usage_append_key_name(call, clients[i].key_slot, &object);
		buf_append_char(&object, ',');
		usage_append_token_id(&object, clients[i].digest);
		buf_append_char(&object, ',');
		usage_append_text(&object, "address", clients[i].address);
		buf_append_char(&object, ',');
		usage_append_time(&object, "at", clients[i].at_us);
		buf_printf(&object, ",\"uses\":%lld}", (long long)clients[i].uses);
	}
	append_next(&object, &window, count);
	if (st == ST_OK)
		st = usage_append_counted(call, &object);
	buf_append_char(&object, '}');
	return st != ST_OK ? st : api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/usage", usage_get,
		"account key route resource cause verdict since until step by limit cursor", 0,
		RIGHT_KEYS_VIEW, 0 },
	{ "GET", "/v1/usage/resources", resources_get, "account unusedDays limit cursor", 0,
		RIGHT_KEYS_VIEW, 0 },
	{ "GET", "/v1/usage/retired-tokens", retired_get, "account since limit cursor", 0,
		RIGHT_KEYS_VIEW, 0 },
};

const struct api_table USAGE_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
