/* The keeper's process: what it opens, in which order, and how it ends. */
#include "keeper/keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/otp.h"
#include "keeper/api.h"
#include "keeper/chain.h"
#include "keeper/entry.h"
#include "keeper/held.h"
#include "keeper/key_limits.h"
#include "keeper/now.h"
#include "keeper/publish.h"
#include "keeper/serve.h"
#include "keeper/usage.h"
#include "records/app_key.h"
#include "records/high_water.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Of one source: enough for people behind one address, little for a guesser. */
#define SHARE_BURST 20u
#define SHARE_EVERY_US (3 * US_PER_S)
#define WORKERS_DEFAULT 4u

struct process {
	struct keeper keeper;
	struct api *api;
	struct serve *serve;
	struct drain *drain;
	pthread_t ticking;
	bool ticks;
	atomic_bool ending;
};

/* ---- once a second ---- */

static void tick(struct keeper *keeper, int64_t now_us)
{
	int64_t next_us = 0;
	size_t ended = 0;
	enum status st = keys_end_overlaps(keeper->records, now_us, &ended, &next_us);

	if (st == ST_OK && ended > 0) {
		struct head head = records_head(keeper->records);

		log_info("overlaps_ended", LOG_NUM("keys", ended));
		st = publisher_wait(keeper->publisher, &head);
	}
	if (st != ST_OK)
		log_warn("overlaps_not_ended", LOG_STR("status", status_name(st)));
	st = records_tick(keeper->records, now_us);
	if (st != ST_OK)
		log_warn("records_tick_failed", LOG_STR("status", status_name(st)));
	chain_tend(keeper, now_us);
	entry_tend(keeper->entry, keeper->records, now_us);
}

static void *tick_thread(void *context)
{
	struct process *process = context;
	int64_t last_us = 0;

	while (!atomic_load(&process->ending)) {
		struct timespec step = { 0, 100000000L };

		(void)nanosleep(&step, NULL);
		if (clock_boot_us() - last_us < US_PER_S)
			continue;
		last_us = clock_boot_us();
		now_tend(&process->keeper);
		limits_tend(&process->keeper);
		if (__atomic_load_n(&process->keeper.records, __ATOMIC_ACQUIRE) != NULL)
			tick(&process->keeper, now_read(&process->keeper));
	}
	return NULL;
}

/* ---- open and close ---- */

static enum status open_root_key(struct keeper *keeper)
{
	const struct keeper_setup *setup = keeper->setup;
	/* Records that are there were made with a root key: another one is of no use to them. */
	bool first = !high_water_is_there(setup->data_dir);

	if (setup->root_key_handed)
		return root_key_open_handed(setup->root_key_path, &keeper->root_key, &keeper->held);
	return root_key_open(setup->root_key_path, first, &keeper->root_key, &keeper->held);
}

/* Once the records have said that the root key is theirs: gates seal with what comes from it. */
static enum status open_sealing_key(struct keeper *keeper)
{
	const struct keeper_setup *setup = keeper->setup;
	enum status st = root_key_write_sealing(keeper->root_key, setup->sealing_key_path);

	if (st != ST_OK)
		return st;
	keeper->sealing_key_secret = secret_alloc(sizeof(*keeper->sealing_key_secret));
	if (keeper->sealing_key_secret == NULL)
		return ST_NO_MEMORY;
	return key_file_read(setup->sealing_key_path, "sealing", 037, keeper->sealing_key_secret);
}

/* Read before the sandbox closes, and kept no longer than until the servers are made. */
static enum status open_tls(struct keeper *keeper, struct http_tls **out_tls)
{
	const struct keeper_setup *setup = keeper->setup;

	if (setup->tls_certificate[0] == '\0')
		return ST_OK;
	return http_tls_open(setup->tls_certificate, setup->tls_key, out_tls, &keeper->held);
}

static enum status process_open(struct process *process)
{
	struct keeper *keeper = &process->keeper;
	CLEANUP(http_tls_close)
	struct http_tls *tls = NULL;
	enum status st = crypto_init();

	if (st == ST_OK)
		st = otp_init();

	/* Bodies hold tokens. */
	json_set_alloc_funcs(malloc, crypto_free_wiped);
	(void)pthread_mutex_init(&keeper->held_lock, NULL);
	chain_open(&keeper->chain);
	source_rate_open(&keeper->share_rate, SHARE_BURST, SHARE_EVERY_US);
	keeper->started_at_us = clock_wall_us();
	keeper->workers = keeper->setup->workers != 0 ? keeper->setup->workers : WORKERS_DEFAULT;
	if (st == ST_OK)
		st = open_root_key(keeper);
	if (st == ST_OK)
		st = open_tls(keeper, &tls);
	/* Before the first thread: Landlock holds the thread that asks, and its children. */
	if (st == ST_OK && keeper->setup->confine != NULL)
		st = keeper->setup->confine(keeper->setup->context);
	if (st == ST_OK) {
		now_open(keeper);
		st = held_open(keeper);
	}
	if (st == ST_OK)
		st = open_sealing_key(keeper);
	if (st == ST_OK)
		st = entry_make(keeper->root_key, keeper->workers, &keeper->entry);
	if (st == ST_OK)
		st = api_make(keeper, &process->api);
	if (st != ST_OK)
		return st;
	return serve_open(keeper, process->api, tls, &process->serve);
}

static void process_close(struct process *process)
{
	struct keeper *keeper = &process->keeper;
	void *secret = keeper->sealing_key_secret;

	drain_end(&process->drain);
	atomic_store(&process->ending, true);
	if (process->ticks)
		(void)pthread_join(process->ticking, NULL);
	serve_close(&process->serve);
	if (process->ticks && keeper->records != NULL)
		entry_tell_last(keeper->entry, keeper->records, now_read(keeper));
	api_free(&process->api);
	limits_close(keeper);
	publisher_free(&keeper->publisher);
	entry_free(&keeper->entry);
	if (keeper->records != NULL)
		records_close(&keeper->records);
	secret_free(&secret);
	buf_free(&keeper->held_lost);
	if (keeper->root_key != NULL)
		root_key_close(&keeper->root_key);
}

static void log_failure(const struct keeper *keeper, enum status st)
{
	char memory[1024];
	struct buf reason = BUF_ARRAY(memory);
	struct complaint what = keeper->held;

	/* A first change that a fault left open was the start's own: the next one makes it again.
	 */
	if (what.key == NULL)
		complaint_set(&what, api_fault_key(st == ST_UNKNOWN ? ST_IO : st), 0);
	complaint_append(&reason, keeper->setup->lang, &what);
	log_error("keeper_failed", LOG_STR("status", status_name(st)),
		LOG_SPAN("reason", buf_span(&reason)));
}

static enum status process_run(struct process *process)
{
	const struct keeper_setup *setup = process->keeper.setup;
	enum status st;

	if (pthread_create(&process->ticking, NULL, tick_thread, process) != 0)
		return ST_NO_MEMORY;
	process->ticks = true;
	st = drain_start(&process->keeper, &process->drain);
	if (st != ST_OK)
		return st;
	if (setup->ready != NULL)
		setup->ready(setup->context);
	return serve_run(process->serve);
}

int keeper_run(const struct keeper_setup *setup)
{
	struct process process = { .keeper = { .setup = setup, .stop_fd = http_stop_fd_make() } };
	enum status st = process.keeper.stop_fd < 0 ? ST_IO : process_open(&process);

	if (st == ST_OK)
		st = process_run(&process);
	if (st != ST_OK)
		log_failure(&process.keeper, st);
	process_close(&process);
	if (process.keeper.stop_fd >= 0)
		close(process.keeper.stop_fd);
	return st == ST_OK ? 0 : 1;
}
