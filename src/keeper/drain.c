/*
 * The way of the counts: ledger -> records, in batches that count once
 * (ledger/use.h, records/usage.h). Gates count on while nobody drains; then a
 * later drain finds what they counted.
 */
#include "keeper/usage.h"

#include "base/clock.h"
#include "base/log.h"
#include "decide/cause.h"
#include "keeper/now.h"
#include "ledger/use.h"
#include "records/usage.h"

#include <stdlib.h>

#define DRAIN_EVERY_US (2 * US_PER_S)
#define PURGE_EVERY_US (60 * US_PER_S)
/* Batches and pieces in a row; then others get their turn for a step. */
#define IN_A_ROW 64
#define STEP_NS 100000000L

struct drain {
	struct keeper *keeper;
	pthread_t thread;
	atomic_bool ending;
	struct use_drain use;
	struct usage_item items[USAGE_BATCH_MAX];
	size_t count;
	enum status last;                    /* to say a failure once */
	int64_t drained_at_us, purged_at_us; /* boot time */
};

/* ---- an item ---- */

/* What another version counted under numbers of its own is told apart from all that is known. */
static const char *cause_text(uint8_t cause)
{
	if (cause == CAUSE_NONE)
		return "";
	return cause < CAUSE_COUNT ? cause_name((enum cause)cause) : "other";
}

static enum usage_token token_of(uint8_t token)
{
	switch (token) {
	case USE_TOKEN_NEWEST:
		return USAGE_CURRENT;
	case USE_TOKEN_PREVIOUS:
		return USAGE_PREVIOUS;
	case USE_TOKEN_RETIRED:
		return USAGE_RETIRED;
	default:
		return USAGE_TOKEN_NONE;
	}
}

static const char *gateway_of(uint8_t by)
{
	static const char *const names[USE_BYS] = {
		[USE_BY_GATE] = "gate", [USE_BY_NGINX] = "nginx", [USE_BY_LIBRARY] = "library"
	};

	return by < USE_BYS ? names[by] : "";
}

static enum status take(void *context, const struct use_item *item)
{
	struct drain *drain = context;
	struct usage_item *to;
	struct address client = { .known = item->client.known };

	if (drain->count == USAGE_BATCH_MAX)
		return ST_LIMIT;
	to = &drain->items[drain->count++];
	*to = (struct usage_item){ .is_client = item->kind == USE_RETIRED,
		.account_slot = item->account,
		.key_slot = item->key,
		.route_slot = item->route <= UINT32_MAX ? (uint32_t)item->route : 0,
		.resource_slot = item->resource,
		.cause = cause_text(item->cause),
		.gateway = gateway_of(item->by),
		.token = token_of(item->token),
		.minute_at_us = item->minute_at_us,
		.at_us = item->last_at_us,
		.uses = item->count };
	memcpy(client.bytes, item->client.bytes, sizeof(client.bytes));
	if (client.known) {
		struct buf text = BUF_ARRAY(to->address);

		address_append(&text, &client);
	}
	return ST_OK;
}

/* ---- a round ---- */

static enum status drain_batch(struct drain *drain, struct records *records, bool *out_more)
{
	struct usage_drained drained;
	struct use_batch batch = { .count = 0 };
	enum status st = usage_drained(records, &drained);

	*out_more = false;
	if (st != ST_OK)
		return st;
	drain->count = 0;
	drain->use.last_batch = (uint64_t)drained.batch;
	st = use_drain(&drain->use, &batch);
	if (st != ST_OK || batch.count == 0)
		return st;
	st = usage_store(records,
		&(struct usage_batch){ (int64_t)batch.id, drain->items, drain->count },
		now_read(drain->keeper));
	if (st == ST_OK)
		st = use_drained(&drain->use, batch.id);
	*out_more = st == ST_OK && batch.more;
	return st;
}

static enum status drain_all(struct drain *drain, struct records *records)
{
	enum status st = ST_OK;
	bool more = true;

	for (int i = 0; st == ST_OK && more && i < IN_A_ROW; i++)
		st = drain_batch(drain, records, &more);
	/* Else the next step goes on. */
	if (st != ST_OK || !more)
		drain->drained_at_us = clock_boot_us();
	return st;
}

static enum status purge(struct drain *drain, struct records *records)
{
	const struct keeper_setup *setup = drain->keeper->setup;
	struct usage_keep keep = { setup->usage_keep_hours, setup->usage_keep_days,
		LIMIT_USAGE_ROWS };
	enum status st = ST_OK;
	bool more = true;

	for (int i = 0; st == ST_OK && more && i < IN_A_ROW; i++)
		st = usage_purge(records, &keep, now_read(drain->keeper), &more);
	if (st != ST_OK || !more)
		drain->purged_at_us = clock_boot_us();
	return st;
}

static void drain_round(struct drain *drain, struct records *records)
{
	int64_t now_us = clock_boot_us();
	enum status st = ST_OK;

	if (now_us - drain->drained_at_us >= DRAIN_EVERY_US)
		st = drain_all(drain, records);
	if (st == ST_OK && now_us - drain->purged_at_us >= PURGE_EVERY_US)
		st = purge(drain, records);
	if (st != drain->last && st != ST_OK)
		log_warn("use_not_drained", LOG_STR("status", status_name(st)),
			LOG_STR("effect", "counts stay in the ledger until they can be"));
	drain->last = st;
}

static void *drain_thread(void *context)
{
	struct drain *drain = context;

	while (!atomic_load(&drain->ending)) {
		struct timespec step = { 0, STEP_NS };
		struct records *records =
			__atomic_load_n(&drain->keeper->records, __ATOMIC_ACQUIRE);

		if (records != NULL)
			drain_round(drain, records);
		(void)nanosleep(&step, NULL);
	}
	return NULL;
}

enum status drain_start(struct keeper *keeper, struct drain **out_drain)
{
	struct drain *drain;

	if (keeper->setup->ledger_dir == NULL)
		return ST_OK;
	drain = calloc(1, sizeof(*drain));
	if (drain == NULL)
		return ST_NO_MEMORY;
	drain->keeper = keeper;
	drain->use = (struct use_drain){ .dir = keeper->setup->ledger_dir,
		.items_max = USAGE_BATCH_MAX,
		.take = take,
		.context = drain };
	drain->purged_at_us = clock_boot_us() - PURGE_EVERY_US;
	if (pthread_create(&drain->thread, NULL, drain_thread, drain) != 0) {
		free(drain);
		return ST_NO_MEMORY;
	}
	*out_drain = drain;
	return ST_OK;
}

void drain_end(struct drain **drain)
{
	if (*drain == NULL)
		return;
	atomic_store(&(*drain)->ending, true);
	(void)pthread_join((*drain)->thread, NULL);
	free(*drain);
	*drain = NULL;
}
