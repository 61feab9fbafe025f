#include "keeper/now.h"

#include "base/clock.h"
#include "base/log.h"

static const char *const STATES[] = {
	[STEADY_RIGHT] = "right",
	[STEADY_BEHIND] = "behind",
	[STEADY_AHEAD] = "ahead",
};

static struct ledger_now read_clocks(void)
{
	return (struct ledger_now){ clock_boot_us(), clock_wall_us() };
}

void now_open(struct keeper *keeper)
{
	const char *dir = keeper->setup->ledger_dir;
	enum status found;

	(void)pthread_mutex_init(&keeper->clock_lock, NULL);
	if (dir == NULL)
		return;
	found = steady_read(&keeper->clock, dir);
	if (found == ST_DAMAGED)
		log_error("clock_forgotten", LOG_STR("status", status_name(found)));
	steady_begin(&keeper->clock, found, read_clocks());
	now_tend(keeper);
}

static void tell(enum steady_state state, int64_t off_us)
{
	if (state == STEADY_BEHIND)
		log_error("clock_behind", LOG_NUM("byMs", -off_us / 1000),
			LOG_STR("advice", "set the machine's clock; until then the time goes on "
					  "from the latest known"));
	else if (state == STEADY_AHEAD)
		log_warn("clock_ahead", LOG_NUM("byMs", off_us / 1000),
			LOG_STR("advice", "set the machine's clock if it is wrong; in ten minutes "
					  "it is taken for right"));
	else
		log_info("clock_right", LOG_NUM("offMs", off_us / 1000));
}

void now_tend(struct keeper *keeper)
{
	enum steady_state before = keeper->clock_state;
	enum status st;

	if (keeper->setup->ledger_dir == NULL)
		return;
	(void)pthread_mutex_lock(&keeper->clock_lock);
	st = steady_keep(&keeper->clock, keeper->setup->ledger_dir, read_clocks(),
		&keeper->clock_state, &keeper->clock_off_us);
	(void)pthread_mutex_unlock(&keeper->clock_lock);
	if (keeper->clock_state != before)
		tell(keeper->clock_state, keeper->clock_off_us);
	if (st != ST_OK && keeper->clock_status == ST_OK)
		log_warn("clock_not_kept", LOG_STR("status", status_name(st)));
	keeper->clock_status = st;
}

int64_t now_read(struct keeper *keeper)
{
	int64_t now_us;

	(void)pthread_mutex_lock(&keeper->clock_lock);
	now_us = steady_us(&keeper->clock, read_clocks());
	(void)pthread_mutex_unlock(&keeper->clock_lock);
	return now_us;
}

void now_append(struct keeper *keeper, struct buf *out)
{
	(void)pthread_mutex_lock(&keeper->clock_lock);
	buf_printf(out, ",\"clock\":{\"state\":\"%s\",\"offMs\":%lld}", STATES[keeper->clock_state],
		(long long)(keeper->clock_off_us / 1000));
	(void)pthread_mutex_unlock(&keeper->clock_lock);
}
