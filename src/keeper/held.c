#include "keeper/held.h"

#include "base/clock.h"
#include "base/log.h"
#include "keeper/publish.h"
#include "records/backup.h"
#include "records/right.h"

#define HELD_LOST_MAX 1000u

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
		st = rights_install(records, clock_wall_us());
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

/* ---- what accepting gives back ---- */

struct lost_list {
	struct buf *out;
	size_t count;
};

static void append_or_null(struct buf *out, struct span text)
{
	if (span_present(text))
		buf_append_json(out, text);
	else
		buf_append_str(out, "null");
}

static enum status append_lost(void *arg, const struct lost *lost)
{
	struct lost_list *list = arg;

	list->count++;
	if (list->count > HELD_LOST_MAX)
		return ST_OK;
	buf_append_str(list->out, list->count > 1 ? ",{\"kind\":\"" : "{\"kind\":\"");
	buf_append_str(list->out, lost_kind_name(lost->kind));
	buf_append_str(list->out, "\",\"account\":");
	buf_append_json(list->out, lost->account);
	buf_append_str(list->out, ",\"appKey\":");
	append_or_null(list->out, lost->app_key);
	buf_append_str(list->out, ",\"user\":");
	append_or_null(list->out, lost->user);
	buf_append_char(list->out, '}');
	return ST_OK;
}

/* {"events":N,"count":N,"items":[{"kind","account","appKey","user"}]}, or null when nobody knows.
 */
static void find_lost(struct keeper *keeper)
{
	CLEANUP(buf_free)
	struct buf items = buf_heap(MIB);
	struct lost_list list = { .out = &items };
	int64_t events = 0;
	enum status st = records_lost(keeper->setup->records_url, append_lost, &list, &events);

	keeper->held_lost = buf_heap(2 * MIB);
	if (st == ST_OK && buf_ok(&items))
		buf_printf(&keeper->held_lost, "{\"events\":%lld,\"count\":%zu,\"items\":[%s]}",
			(long long)events, list.count, buf_str(&items));
	else
		buf_append_str(&keeper->held_lost, "null");
	log_error("records_held", LOG_STR("reason", "older than the high-water mark"),
		LOG_STR("advice", "put the newer database back, or llavero restore --confirm"),
		LOG_NUM("comesBack", st == ST_OK ? (int64_t)list.count : -1));
}

enum status held_open(struct keeper *keeper)
{
	enum status st = open_records(keeper, NULL);

	if (st != ST_STALE)
		return st;
	find_lost(keeper);
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
	if (st == ST_OK)
		log_warn(
			"restore_confirmed", LOG_NUM("epoch", records_head(keeper->records).epoch));
	if (st != ST_OK)
		call->complaint = keeper->held;
	(void)pthread_mutex_unlock(&keeper->held_lock);
	if (st != ST_OK)
		return st;
	*out_head = records_head(keeper->records);
	call->indexed = publisher_wait(keeper->publisher, out_head) == ST_OK;
	return ST_OK;
}
