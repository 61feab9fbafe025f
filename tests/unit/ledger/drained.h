/* What a drain gives out, kept for the tests; and a use to begin with. */
#ifndef TESTS_LEDGER_DRAINED_H
#define TESTS_LEDGER_DRAINED_H

#include "folder.h"

#define MINUTE_US (60 * US_PER_S)
/* 2026-11-24T01:00:00Z */
#define NOON (INT64_C(1795482000) * US_PER_S)
#define DRAINED_MAX 300000u

struct drained {
	struct use_item *items;
	size_t count;
	size_t fails_at; /* the item that is not taken; 0: all are */
	uint64_t sum[USE_RETIRED + 1];
};

static struct drained drained;

static inline enum status drained_take(void *context, const struct use_item *item)
{
	struct drained *it = context;

	if (it->fails_at != 0 && it->count + 1 == it->fails_at)
		return ST_NO_SPACE;
	assert_true(it->count < DRAINED_MAX);
	it->items[it->count++] = *item;
	it->sum[item->kind] += item->count;
	return ST_OK;
}

static inline void drained_clear(void)
{
	drained.count = drained.fails_at = 0;
	memset(drained.sum, 0, sizeof(drained.sum));
}

/* One batch after the one that the records have; its id. */
static inline struct use_batch drain_after(uint64_t last_batch)
{
	struct use_drain drain = { .dir = folder_dir,
		.last_batch = last_batch,
		.items_max = UINT32_MAX,
		.take = drained_take,
		.context = &drained };
	struct use_batch batch = { 0 };

	drained_clear();
	assert_int_equal(use_drain(&drain, &batch), ST_OK);
	assert_int_equal(batch.count, drained.count);
	assert_int_equal(batch.count == 0, batch.id == 0);
	return batch;
}

/* The count of all items like this one: those members that are not 0. */
static inline uint64_t drained_of(const struct use_item *like)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < drained.count; i++) {
		const struct use_item *item = &drained.items[i];

		if (item->kind == like->kind &&
			(like->account == 0 || item->account == like->account) &&
			(like->key == 0 || item->key == like->key) &&
			(like->route == 0 || item->route == like->route) &&
			(like->resource == 0 || item->resource == like->resource) &&
			(like->cause == 0 || item->cause == like->cause) &&
			(like->token == 0 || item->token == like->token) &&
			(like->by == 0 || item->by == like->by) &&
			(like->minute_at_us == 0 || item->minute_at_us == like->minute_at_us))
			sum += item->count;
	}
	return sum;
}

#define DRAINED(...) drained_of(&(struct use_item){ __VA_ARGS__ })

static const struct use ALLOWED = { .account = 2,
	.key = 7,
	.route = 40,
	.resource = 5,
	.token = USE_TOKEN_NEWEST,
	.client = { .bytes = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 7 }, .known = true },
	.at_us = NOON,
	.took_ns = 900 };

static struct use_totals unkept;

static inline void count_times(struct ledger *ledger, const struct use *use, uint64_t times)
{
	for (uint64_t i = 0; i < times; i++)
		use_count(ledger, &unkept, use);
}

static inline struct use_totals totals_of(const struct ledger *ledger)
{
	struct use_totals totals;

	use_totals_read(ledger, &unkept, &totals);
	return totals;
}

static inline int drained_open(void **state)
{
	(void)state;
	drained.items = malloc(DRAINED_MAX * sizeof(*drained.items));
	return drained.items == NULL ? -1 : 0;
}

static inline int drained_close(void **state)
{
	(void)state;
	free(drained.items);
	return 0;
}

#endif
