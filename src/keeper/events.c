/*
 * /v1/events: the audit log and the change feed. Source: records/event.h. An
 * event is answered as it is stored, with its hash beside it.
 *
 * W1: whoever waits for an event holds a worker, so at most half of them wait at
 *     once; one more is answered without waiting. The other calls find a worker,
 *     however many followers there are.
 * W2: nobody waits on while the keeper stops.
 */
#include "keeper/keys.h"
#include "keeper/query.h"

#include "base/clock.h"
#include "base/encode.h"
#include "records/event.h"

#include <poll.h>

#define WAIT_MAX_S 30u
#define WAIT_STEP_MS 50

static void append_event(struct buf *out, const struct event *event)
{
	buf_append_str(out, "{\"event\":");
	buf_append(out, event->text);
	buf_append_str(out, ",\"hash\":\"");
	encode_hex(out, event->hash, DIGEST_SIZE);
	buf_printf(out, "\",\"signed\":%s}", event->is_signed ? "true" : "false");
}

/* entity=profile,user: any of these kinds. */
static enum status read_kinds(struct api_call *call, struct span kinds, struct event_query *query)
{
	struct span rest = kinds;

	while (rest.len > 0) {
		size_t end = span_find(rest, ',');
		enum entity_kind kind = entity_of_name(span_part(rest, 0, end));

		if (kind == ENTITY_NONE)
			return api_refuse(call, ST_INVALID, "api.entity", NULL, NULL);
		query->entity_kinds |= 1u << (unsigned)kind;
		rest = end < rest.len ? span_part(rest, end + 1, SIZE_MAX) : SPAN_ABSENT;
	}
	return ST_OK;
}

/* Kinds, or entity=key with entityId=APPKEY, or a slot for the others. */
static enum status read_entity(struct api_call *call, struct event_query *query)
{
	struct span kind = http_query(call->http, "entity");
	struct span id = http_query(call->http, "entityId");
	struct record_key key;
	uint64_t slot;
	enum status st;

	if (!span_present(kind)) {
		if (span_present(id))
			return api_refuse(call, ST_INVALID, "api.field_missing", "name", "entity");
		return ST_OK;
	}
	if (!span_present(id))
		return read_kinds(call, kind, query);
	query->entity_kind = entity_of_name(kind);
	if (query->entity_kind == ENTITY_NONE)
		return api_refuse(call, ST_INVALID, "api.entity", NULL, NULL);
	if (query->entity_kind == ENTITY_KEY) {
		st = snapshot_key_by_app_key(call->reading, id, call->arena, &key);
		if (st == ST_OK && !key_seen(call, &key))
			st = ST_NOT_FOUND;
		query->entity_slot = key.slot;
		return st;
	}
	if (!span_to_u64(id, &slot) || slot == 0 || slot > UINT32_MAX)
		return ST_NOT_FOUND;
	query->entity_slot = (uint32_t)slot;
	return ST_OK;
}

static enum status read_order(struct api_call *call, struct event_query *query)
{
	struct span order = http_query(call->http, "order");

	if (span_present(order) && !span_is(order, "asc") && !span_is(order, "desc"))
		return api_refuse(call, ST_INVALID, "api.order", NULL, NULL);
	query->newest_first = span_is(order, "desc");
	return ST_OK;
}

/* Who may change the catalogue sees what was changed there, as he sees its routes. */
static bool sees_catalog(const struct caller *caller)
{
	return caller->kind != CALLER_OPERATOR && caller->manages_installation &&
	       (caller->rights & RIGHT_BIT(RIGHT_CATALOG_VIEW)) != 0;
}

static enum status read_query(
	struct api_call *call, struct event_query *query, uint64_t *out_wait_s)
{
	struct span account_name = http_query(call->http, "account");
	uint64_t cursor = 0;
	struct record_account account;
	enum status st = ST_OK;

	/* Whoever is not the operator reads what is his account's. */
	if (span_present(account_name) || call->caller.kind != CALLER_OPERATOR) {
		st = api_account(call, account_name, &account);
		query->account_slot = account.slot;
		query->with_catalog = sees_catalog(&call->caller);
	}
	query->action = http_query(call->http, "action");
	query->actor_id = http_query(call->http, "actor");
	if (st == ST_OK)
		st = read_entity(call, query);
	if (st == ST_OK)
		st = query_time(call, "since", &query->from_us);
	if (st == ST_OK)
		st = query_time(call, "until", &query->until_us);
	if (st == ST_OK)
		st = read_order(call, query);
	if (st == ST_OK)
		st = query_limit(call, &query->count_max);
	if (st == ST_OK)
		st = query_number(call, "cursor", INT64_MAX, &cursor);
	if (st == ST_OK)
		st = query_number(call, "wait", WAIT_MAX_S, out_wait_s);
	query->cursor = (int64_t)cursor;
	return st;
}

/* W2: rest for a step; true when the keeper is to stop. */
static bool stops_within_step(const struct keeper *keeper)
{
	struct pollfd stop = { .fd = keeper->stop_fd, .events = POLLIN };

	return poll(&stop, 1, WAIT_STEP_MS) > 0;
}

/*
 * Wait, at most wait_s, until there is an event beyond the cursor; no snapshot is
 * held meanwhile.
 */
static enum status wait_for_event(
	struct api_call *call, const struct event_query *query, uint64_t wait_s)
{
	struct keeper *keeper = call->keeper;
	int64_t deadline_us = clock_boot_us() + (int64_t)wait_s * US_PER_S;
	bool place = atomic_fetch_add(&keeper->waiters, 1) < keeper->workers / 2; /* W1 */

	snapshot_end(&call->own_reading);
	call->reading = NULL;
	while (place && records_head(keeper->records).revision <= query->cursor &&
		clock_boot_us() < deadline_us && !stops_within_step(keeper))
		continue;
	atomic_fetch_sub(&keeper->waiters, 1);
	return api_reading(call);
}

static enum status events_list_request(struct api_call *call)
{
	struct event_query query = { .count_max = 0 };
	struct event *events = arena_array(call->arena, EVENTS_PAGE_MAX, sizeof(*events));
	CLEANUP(buf_free)
	struct buf object = buf_heap(HTTP_RESPONSE_BODY_MAX);
	uint64_t wait_s = 0;
	size_t count;
	int64_t next;
	enum status st = events == NULL ? ST_NO_MEMORY : api_reading(call);

	if (st == ST_OK)
		st = read_query(call, &query, &wait_s);
	if (st == ST_OK && wait_s > 0)
		st = wait_for_event(call, &query, wait_s);
	if (st == ST_OK)
		st = events_list(call->reading, &query, call->arena, events, &count, &next);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(&object, ',');
		append_event(&object, &events[i]);
	}
	/* Whoever follows goes on from there when no event passed the filters. */
	buf_printf(&object,
		"],\"revision\":%lld,\"next\":", (long long)snapshot_head(call->reading).revision);
	if (next != 0)
		buf_printf(&object, "\"%lld\"}", (long long)next);
	else
		buf_append_str(&object, "null}");
	return api_answer(call, 200, &object, 0, NULL);
}

static enum status events_get(struct api_call *call)
{
	struct event_query query = { .count_max = 1 };
	struct event *events = arena_array(call->arena, EVENTS_PAGE_MAX, sizeof(*events));
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * MIB);
	uint64_t revision;
	size_t count;
	int64_t next;
	enum status st;

	if (events == NULL)
		return ST_NO_MEMORY;
	if (!span_to_u64(http_param(call->http, "revision"), &revision) || revision == 0 ||
		revision > INT64_MAX)
		return ST_NOT_FOUND;
	query.cursor = (int64_t)revision - 1;
	query.account_slot = call->caller.account_slot;
	query.with_catalog = sees_catalog(&call->caller);
	st = api_reading(call);
	if (st == ST_OK)
		st = events_list(call->reading, &query, call->arena, events, &count, &next);
	if (st != ST_OK)
		return st;
	if (count == 0 || events[0].revision != (int64_t)revision)
		return ST_NOT_FOUND;
	append_event(&object, &events[0]);
	return api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/events", events_list_request,
		"limit cursor account entity entityId action actor since until order wait", 0,
		RIGHT_EVENTS_VIEW, 0 },
	{ "GET", "/v1/events/{revision}", events_get, NULL, 0, RIGHT_EVENTS_VIEW, 0 },
};

const struct api_table EVENTS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
