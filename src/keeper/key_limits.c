#include "keeper/key_limits.h"

#include "base/clock.h"
#include "base/log.h"

/* What a power failure may take back of the counts. */
#define SYNC_EVERY_US (5 * US_PER_S)
#define SIZE_EVERY_US (60 * US_PER_S)

/* ---- reading ---- */

static enum status refuse_limit(struct api_call *call, enum status st, bool quota)
{
	switch (st) {
	case ST_LIMIT:
		return api_refuse(
			call, ST_INVALID, quota ? "api.quota_large" : "api.rate_large", NULL, NULL);
	case ST_EXISTS:
		return api_refuse(call, ST_INVALID, "api.rate_twice", NULL, NULL);
	default:
		return api_refuse(call, ST_INVALID, quota ? "api.quota" : "api.rate", NULL, NULL);
	}
}

/* {"count":100,"per":"second"} */
static enum status read_item(
	struct api_call *call, const json_t *item, bool quota, struct allowance *limits)
{
	struct body_field fields[] = {
		{ .name = "count", .kind = BODY_INTEGER, .flags = BODY_REQUIRED },
		{ .name = "per", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
	};
	enum status st;

	if (!json_is_object(item))
		return refuse_limit(call, ST_INVALID, quota);
	st = api_object(call, item, fields, ARRAY_LEN(fields));
	if (st != ST_OK)
		return st;
	if (fields[0].number <= 0)
		return refuse_limit(call, ST_INVALID, quota);
	st = allowance_set(limits, quota, (uint64_t)fields[0].number, fields[1].text);
	return st == ST_OK ? ST_OK : refuse_limit(call, st, quota);
}

enum status limits_read(
	struct api_call *call, const struct body_field *field, struct allowance *out_limits)
{
	struct body_field fields[] = {
		{ .name = "rate", .kind = BODY_ARRAY },
		{ .name = "quota", .kind = BODY_OBJECT, .flags = BODY_NULLABLE },
	};
	struct allowance limits = { 0 };
	enum status st = ST_OK;
	const json_t *item;
	size_t i;

	if (field->present && !field->is_null)
		st = api_object(call, field->json, fields, ARRAY_LEN(fields));
	if (st == ST_OK && fields[0].present) {
		json_array_foreach(fields[0].json, i, item)
		{
			st = read_item(call, item, false, &limits);
			if (st != ST_OK)
				return st;
		}
	}
	if (st == ST_OK && fields[1].present && !fields[1].is_null)
		st = read_item(call, fields[1].json, true, &limits);
	if (st == ST_OK)
		*out_limits = limits;
	return st;
}

/* ---- looking ---- */

static struct allowance_state look(
	struct keeper *keeper, uint32_t key, const struct allowance *limits, struct ledger_now now)
{
	if (keeper->setup->ledger_dir == NULL)
		return (struct allowance_state){ .outcome = ALLOWANCE_UNKNOWN };
	return ledger_look(keeper->setup->ledger_dir, key, limits, now);
}

static struct allowance_state peek(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	return look(context, key_slot, limits, (struct ledger_now){ clock_boot_us(), now_us });
}

struct limits_source limits_source_of(struct keeper *keeper)
{
	return (struct limits_source){ keeper, peek };
}

static void append_window(struct buf *out, const struct allowance_state *state, int64_t now_us)
{
	buf_printf(out, "{\"count\":%llu,\"per\":\"%s\",\"remaining\":%llu,\"resetsAt\":\"",
		(unsigned long long)state->count, window_per(state->window),
		(unsigned long long)state->left);
	clock_append_rfc3339(out, now_us + state->reset_us);
	buf_append_str(out, "\"}");
}

void limits_append_state(struct api_call *call, const struct record_key *key, struct buf *out)
{
	struct ledger_now now = { clock_boot_us(), call->now_us };
	struct buf text = buf_heap(4 * KIB);
	bool known = allowance_limits(&key->limits), first = true, quota = false;

	buf_append_str(&text, "{\"rate\":[");
	for (unsigned i = 0; known && i < WINDOW_COUNT; i++) {
		struct allowance alone = { 0 };
		struct allowance_state state;

		alone.counts[i] = key->limits.counts[i];
		if (alone.counts[i] == 0)
			continue;
		state = look(call->keeper, key->slot, &alone, now);
		known = state.outcome != ALLOWANCE_UNKNOWN;
		if (window_is_quota((enum allowance_window)i)) {
			buf_append_str(&text, "],\"quota\":");
			quota = true;
		} else {
			buf_append_str(&text, first ? "" : ",");
		}
		append_window(&text, &state, call->now_us);
		first = false;
	}
	buf_append_str(&text, quota ? "}" : "],\"quota\":null}");
	buf_append(out, known && buf_ok(&text) ? buf_span(&text) : SPAN_LIT("null"));
	buf_free(&text);
}

/* ---- keeping ---- */

/* The file that is there, told of the configuration as it was read last; or a fresh one. */
static enum status keep(const struct keeper_setup *setup)
{
	enum status st = ledger_share(setup->ledger_dir, setup->nodes);

	if (st != ST_NOT_FOUND && st != ST_DAMAGED && st != ST_FORMAT)
		return st;
	log_error("ledger_replaced", LOG_STR("status", status_name(st)),
		LOG_STR("effect", "what keys had used of their limits is forgotten"));
	return ledger_replace(setup->ledger_dir, setup->nodes);
}

/* Before keys are refused for want of a cell. */
static void look_at_size(struct keeper *keeper, int64_t now_us)
{
	struct ledger_size size;

	if (now_us - keeper->ledger_sized_at_us < SIZE_EVERY_US)
		return;
	keeper->ledger_sized_at_us = now_us;
	size = ledger_size(keeper->setup->ledger_dir);
	if (size.used > size.all / 4 * 3)
		log_warn("ledger_crowded", LOG_NUM("used", size.used), LOG_NUM("all", size.all),
			LOG_STR("advice", "restart the daemon: cells of idle keys are given up"));
}

void limits_tend(struct keeper *keeper)
{
	int64_t now_us = clock_boot_us();
	enum status st;

	if (keeper->setup->ledger_dir == NULL)
		return;
	st = keep(keeper->setup);
	if (st == ST_OK && now_us - keeper->ledger_synced_at_us >= SYNC_EVERY_US) {
		st = ledger_sync(keeper->setup->ledger_dir);
		keeper->ledger_synced_at_us = now_us;
		look_at_size(keeper, now_us);
	}
	if (st != ST_OK)
		log_warn("ledger_not_kept", LOG_STR("status", status_name(st)));
}

void limits_close(struct keeper *keeper)
{
	if (keeper->setup->ledger_dir != NULL)
		(void)!ledger_sync(keeper->setup->ledger_dir);
}
