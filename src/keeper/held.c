#include "keeper/held.h"

#include "base/log.h"
#include "keeper/publish.h"

/*
 * Handlers read keeper->records without a lock: it goes from NULL to its final
 * value once, after the publisher is there, and stays until the server has ended.
 */
static enum status open_records(struct keeper *keeper, const struct actor *accept)
{
	struct records_options options = {
		.url = keeper->setup->records_url,
		.data_dir = keeper->setup->data_dir,
		.root_key = keeper->root_key,
		.accept_restored = accept,
	};
	struct complaint complaint = { .key = NULL };
	struct records *records = NULL;
	struct publisher *publisher = NULL;
	enum status st = records_open(&options, &records, &complaint);

	if (st == ST_OK)
		st = publisher_make(keeper, records, &publisher);
	if (st != ST_OK) {
		if (records != NULL)
			records_close(&records);
		keeper->held = complaint;
		return st;
	}
	keeper->publisher = publisher;
	__atomic_store_n(&keeper->records, records, __ATOMIC_RELEASE);
	return ST_OK;
}

enum status held_open(struct keeper *keeper)
{
	enum status st = open_records(keeper, NULL);

	if (st != ST_STALE)
		return st;
	log_error("records_held", LOG_STR("reason", "older than the high-water mark"));
	return ST_OK;
}

enum status held_confirm(struct api_call *call, struct head *out_head)
{
	struct keeper *keeper = call->keeper;
	char memory[80];
	struct buf address = BUF_ARRAY(memory);
	struct actor actor;
	enum status st = ST_OK;

	api_actor(call, &address, &actor);
	(void)pthread_mutex_lock(&keeper->held_lock);
	/* Two confirmations at once: the second finds it done. */
	if (keeper->records == NULL)
		st = open_records(keeper, &actor);
	if (st != ST_OK)
		call->complaint = keeper->held;
	(void)pthread_mutex_unlock(&keeper->held_lock);
	if (st != ST_OK)
		return st;
	*out_head = records_head(keeper->records);
	call->indexed = publisher_wait(keeper->publisher, out_head) == ST_OK;
	return ST_OK;
}
