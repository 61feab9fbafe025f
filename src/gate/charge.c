#include "gate/charge.h"

#include "base/clock.h"
#include "base/log.h"

/* struct limits_source: without a ledger nobody can tell, and limited keys are refused. */
static struct allowance_state take(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	struct gate *gate = context;
	struct allowance_state state = ledger_take(
		gate->ledger, key_slot, limits, (struct ledger_now){ clock_boot_us(), now_us });

	gate->ledger_full |= gate->ledger != NULL && state.outcome == ALLOWANCE_UNKNOWN;
	return state;
}

static void open_ledger(struct gate *gate)
{
	enum status st = ledger_open(gate->setup->ledger_dir, &gate->ledger);

	if (st == ST_OK)
		log_info("ledger_opened", LOG_STR("dir", gate->setup->ledger_dir));
	else if (st != gate->ledger_status)
		log_error("ledger_not_opened", LOG_STR("status", status_name(st)));
	gate->ledger_status = st;
}

void charge_open(struct gate *gate)
{
	gate->limits = (struct limits_source){ gate, take };
	if (gate->setup->ledger_dir == NULL)
		return;
	open_ledger(gate);
	(void)!steady_read(&gate->clock, gate->setup->ledger_dir);
}

int64_t charge_now_us(const struct gate *gate)
{
	return steady_us(&gate->clock, (struct ledger_now){ clock_boot_us(), clock_wall_us() });
}

void charge_tend(struct gate *gate)
{
	enum status st = gate->ledger == NULL ? ST_OK : ledger_check(gate->ledger);

	/* What was read before holds on when there is nothing to read. */
	if (gate->setup->ledger_dir != NULL)
		(void)!steady_read(&gate->clock, gate->setup->ledger_dir);

	if (gate->ledger_full)
		log_error("ledger_full", LOG_NUM("cells", LIMIT_LEDGER_CELLS));
	gate->ledger_full = false;
	if (st != ST_OK) {
		log_warn("ledger_let_go", LOG_STR("status", status_name(st)));
		ledger_close(&gate->ledger);
	}
	if (gate->ledger == NULL && gate->setup->ledger_dir != NULL)
		open_ledger(gate);
}
