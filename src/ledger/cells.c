/* Counting. Every number is changed by one atomic step; no step leaves a lock (L1). */
#include "ledger/layout.h"

#define NS_PER_US 1000u

/* ---- The cell of a key ---- */

uint32_t cell_place(uint32_t key)
{
	/* Slots count up from 1; Fibonacci hashing spreads them evenly. */
	return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (LIMIT_LEDGER_CELLS - 1);
}

struct ledger_cell *cell_claim(struct ledger_cell *cells, uint32_t key)
{
	uint32_t place = cell_place(key);

	for (uint32_t i = 0; i < CELL_PROBES_MAX; i++) {
		struct ledger_cell *cell = &cells[(place + i) & (LIMIT_LEDGER_CELLS - 1)];
		uint32_t owner = atomic_load(&cell->key);

		/* Of two that claim the same one the second sees whose it became. */
		if (owner == 0 && atomic_compare_exchange_strong(&cell->key, &owner, key))
			return cell;
		if (owner == key)
			return cell;
	}
	return NULL;
}

/* ST_NOT_FOUND: it has used nothing yet; ST_LIMIT: there is no cell left for it. */
static enum status cell_find(
	const struct ledger *ledger, uint32_t key, struct ledger_cell **out_cell)
{
	uint32_t place = cell_place(key);

	for (uint32_t i = 0; i < CELL_PROBES_MAX; i++) {
		struct ledger_cell *cell = &ledger->cells[(place + i) & (LIMIT_LEDGER_CELLS - 1)];
		uint32_t owner = atomic_load(&cell->key);

		if (owner == 0)
			return ST_NOT_FOUND;
		if (owner == key) {
			*out_cell = cell;
			return ST_OK;
		}
	}
	return ST_LIMIT;
}

/* ---- Rates ---- */

/* One use costs this much of the period; rounded up, to the strict side. */
static uint64_t cost_ns(unsigned window, uint64_t count)
{
	uint64_t period_ns = (uint64_t)window_us((enum allowance_window)window) * NS_PER_US;

	return (period_ns + count - 1) / count;
}

/* How much is used, as the time until all is free again. */
static uint64_t debt_of(uint64_t full_at_ns, uint64_t now_ns)
{
	return full_at_ns > now_ns ? full_at_ns - now_ns : 0;
}

/*
 * The debt as it is to be read for count: when the limit was another one, as many
 * uses as before at their new cost, and never more than everything. So bytes that
 * changed on disk refuse for one period at most.
 */
static uint64_t debt_settled(uint64_t debt, unsigned window, uint64_t was, uint64_t count)
{
	uint64_t cost = cost_ns(window, count), used = count;

	if (was == count || was == 0 || debt == 0)
		return debt > count * cost ? count * cost : debt;
	if (debt < count * cost_ns(window, was))
		used = (debt + cost_ns(window, was) - 1) / cost_ns(window, was);
	return used * cost;
}

/*
 * Write what debt_settled says. Whoever writes the new count does it; one that
 * dies in between leaves the same share of the period used instead.
 */
static void rate_settle(struct ledger_cell *cell, unsigned window, uint64_t count, uint64_t now_ns)
{
	uint32_t was = atomic_load(&cell->counts[window]);
	uint64_t old, debt, settled;

	if (was != count &&
		!atomic_compare_exchange_strong(&cell->counts[window], &was, (uint32_t)count))
		return;
	old = atomic_load(&cell->full_at_ns[window]);
	do {
		debt = debt_of(old, now_ns);
		settled = debt_settled(debt, window, was, count);
		if (settled == debt)
			return;
	} while (!atomic_compare_exchange_weak(&cell->full_at_ns[window], &old, now_ns + settled));
}

static struct allowance_state rate_look(
	const struct ledger_cell *cell, unsigned window, uint64_t count, uint64_t now_ns)
{
	uint64_t cost = cost_ns(window, count);
	uint64_t most = (count - 1) * cost; /* debt with which one more is free */
	uint64_t debt = 0;
	struct allowance_state state = {
		.outcome = ALLOWANCE_LEFT, .window = (enum allowance_window)window, .count = count
	};

	if (cell != NULL)
		debt = debt_settled(debt_of(atomic_load(&cell->full_at_ns[window]), now_ns), window,
			atomic_load(&cell->counts[window]), count);
	state.reset_us = (int64_t)((debt + NS_PER_US - 1) / NS_PER_US);
	if (debt <= most) {
		state.left = (most - debt) / cost + 1;
		return state;
	}
	state.outcome = ALLOWANCE_USED_UP;
	state.wait_us = (int64_t)((debt - most + NS_PER_US - 1) / NS_PER_US);
	return state;
}

/* What a charge found and left, so that it can be undone. */
struct charge {
	uint64_t before, after;
};

static bool rate_charge(struct ledger_cell *cell, unsigned window, uint64_t count, uint64_t now_ns,
	struct charge *out_charge)
{
	uint64_t cost = cost_ns(window, count), most = (count - 1) * cost;
	uint64_t old = atomic_load(&cell->full_at_ns[window]), next;

	do {
		uint64_t debt = debt_of(old, now_ns);

		if (debt > most)
			return false;
		next = now_ns + debt + cost;
	} while (!atomic_compare_exchange_weak(&cell->full_at_ns[window], &old, next));
	*out_charge = (struct charge){ old, next };
	return true;
}

/*
 * Only when nobody charged in between: time may have repaid a part of ours
 * meanwhile, and taking all of it off a later charge would give a use for nothing.
 */
static void rate_undo(struct ledger_cell *cell, unsigned window, const struct charge *charge)
{
	uint64_t expected = charge->after;

	(void)atomic_compare_exchange_strong(&cell->full_at_ns[window], &expected, charge->before);
}

/* ---- Quotas ---- */

static uint32_t period_now(unsigned window, int64_t wall_us)
{
	return window == QUOTA_MONTH ? clock_month(wall_us) : clock_day(wall_us);
}

static int64_t period_begins_us(unsigned window, uint32_t period)
{
	return window == QUOTA_MONTH ? clock_month_begins_us(period) : clock_day_begins_us(period);
}

/*
 * The period that counts, and what is used of it. A stored period that is the
 * next one: the clock went back a little, and the use goes on there (L3). One
 * further ahead was a clock gone astray: its use counts for now, so that it
 * neither gives a quota again nor blocks the key for years.
 */
static uint32_t quota_period(uint64_t word, uint32_t now, uint64_t *out_used)
{
	uint32_t stored = (uint32_t)(word >> QUOTA_USED_BITS);

	*out_used = stored < now ? 0 : word & QUOTA_USED_MASK;
	return stored == now + 1 ? stored : now;
}

static struct allowance_state quota_look(
	const struct ledger_cell *cell, unsigned window, uint64_t count, int64_t wall_us)
{
	uint64_t word = cell == NULL ? 0 : atomic_load(&cell->used[window - RATE_COUNT]), used;
	uint32_t period = quota_period(word, period_now(window, wall_us), &used);
	struct allowance_state state = {
		.outcome = ALLOWANCE_LEFT, .window = (enum allowance_window)window, .count = count
	};

	state.reset_us = period_begins_us(window, period + 1) - wall_us;
	if (used < count) {
		state.left = count - used;
		return state;
	}
	state.outcome = ALLOWANCE_USED_UP;
	state.wait_us = state.reset_us;
	return state;
}

static bool quota_charge(struct ledger_cell *cell, unsigned window, uint64_t count, int64_t wall_us)
{
	_Atomic uint64_t *at = &cell->used[window - RATE_COUNT];
	uint32_t now = period_now(window, wall_us);
	uint64_t old = atomic_load(at), next, used;

	do {
		uint32_t period = quota_period(old, now, &used);

		if (used >= count)
			return false;
		next = (uint64_t)period << QUOTA_USED_BITS | (used + 1);
	} while (!atomic_compare_exchange_weak(at, &old, next));
	return true;
}

/* ---- All windows of a key ---- */

static struct allowance_state look(
	const struct ledger_cell *cell, unsigned window, uint64_t count, struct ledger_now now)
{
	return window < RATE_COUNT
		       ? rate_look(cell, window, count, (uint64_t)now.boot_us * NS_PER_US)
		       : quota_look(cell, window, count, now.wall_us);
}

/* The one of two that binds: the longer wait, else the smaller share that is left. */
static bool binds_more(const struct allowance_state *a, const struct allowance_state *b)
{
	if (a->wait_us != b->wait_us)
		return a->wait_us > b->wait_us;
	/* Counts are below 2^40: as real numbers they compare well enough for this. */
	return (double)a->left * (double)b->count < (double)b->left * (double)a->count;
}

static struct allowance_state look_at_all(
	const struct ledger_cell *cell, const struct allowance *allowance, struct ledger_now now)
{
	struct allowance_state worst = { .outcome = ALLOWANCE_LEFT };
	bool any = false;

	for (unsigned i = 0; i < WINDOW_COUNT; i++) {
		struct allowance_state state;

		if (allowance->counts[i] == 0)
			continue;
		state = look(cell, i, allowance->counts[i], now);
		if (!any || binds_more(&state, &worst))
			worst = state;
		any = true;
	}
	return worst;
}

/*
 * Shortest window first: what a lost race leaves counted has refilled soonest.
 * False when a window had none left by now; *out_window says which.
 */
static bool charge_all(struct ledger_cell *cell, const struct allowance *allowance,
	struct ledger_now now, unsigned *out_window)
{
	struct charge charges[RATE_COUNT];
	uint64_t now_ns = (uint64_t)now.boot_us * NS_PER_US;
	unsigned i;

	for (i = 0; i < WINDOW_COUNT; i++) {
		uint64_t count = allowance->counts[i];

		if (count != 0 &&
			!(i < RATE_COUNT ? rate_charge(cell, i, count, now_ns, &charges[i])
					 : quota_charge(cell, i, count, now.wall_us)))
			break;
	}
	if (i == WINDOW_COUNT)
		return true;
	*out_window = i;
	while (i-- > 0)
		if (i < RATE_COUNT && allowance->counts[i] != 0)
			rate_undo(cell, i, &charges[i]);
	return false;
}

/* Of what the key may, this machine's part (L5). Whoever may write the file may write anything. */
static struct allowance part_of(
	const struct ledger_header *header, const struct allowance *allowance)
{
	uint32_t nodes = atomic_load_explicit(&header->nodes, memory_order_relaxed);
	struct allowance part = *allowance;

	if (nodes > LIMIT_NODES)
		nodes = LIMIT_NODES;
	for (unsigned i = 0; nodes > 1 && i < WINDOW_COUNT; i++)
		if (part.counts[i] > 0)
			part.counts[i] = part.counts[i] < nodes ? 1 : part.counts[i] / nodes;
	return part;
}

/* The windows of this machine, taken shortest first. */
static struct allowance_state take(
	struct ledger_cell *cell, const struct allowance *allowance, struct ledger_now now)
{
	struct allowance_state state;
	unsigned window;

	for (unsigned i = 0; i < RATE_COUNT; i++)
		if (allowance->counts[i] != 0)
			rate_settle(
				cell, i, allowance->counts[i], (uint64_t)now.boot_us * NS_PER_US);
	state = look_at_all(cell, allowance, now);
	if (state.outcome != ALLOWANCE_LEFT)
		return state;
	if (charge_all(cell, allowance, now, &window)) {
		state = look(cell, state.window, state.count, now);
		/* Others may have used the rest since; this one was counted. */
		state.outcome = ALLOWANCE_LEFT;
		state.wait_us = 0;
		return state;
	}
	state = look(cell, window, allowance->counts[window], now);
	state.outcome = ALLOWANCE_USED_UP;
	return state;
}

struct allowance_state ledger_take(struct ledger *ledger, uint32_t key,
	const struct allowance *allowance, struct ledger_now now)
{
	struct allowance_state unknown = { .outcome = ALLOWANCE_UNKNOWN };
	struct allowance part;
	struct ledger_cell *cell;

	if (ledger == NULL || key == 0 || atomic_load(&ledger->header->left) != 0)
		return unknown;
	cell = cell_claim(ledger->cells, key);
	if (cell == NULL)
		return unknown;
	part = part_of(ledger->header, allowance);
	return take(cell, &part, now);
}

struct allowance_state cell_look(const struct ledger_header *header, const struct ledger_cell *cell,
	const struct allowance *allowance, struct ledger_now now)
{
	struct allowance part = part_of(header, allowance);

	return look_at_all(cell, &part, now);
}

struct allowance_state ledger_peek(const struct ledger *ledger, uint32_t key,
	const struct allowance *allowance, struct ledger_now now)
{
	struct ledger_cell *cell = NULL;

	if (ledger == NULL || key == 0 || cell_find(ledger, key, &cell) == ST_LIMIT)
		return (struct allowance_state){ .outcome = ALLOWANCE_UNKNOWN };
	return cell_look(ledger->header, cell, allowance, now);
}

struct allowance_state ledger_window(const struct ledger *ledger, uint32_t key,
	const struct allowance *allowance, enum allowance_window window, struct ledger_now now)
{
	struct allowance alone = { .counts = { 0 } };

	alone.counts[window] = allowance->counts[window];
	return ledger_peek(ledger, key, &alone, now);
}

bool cell_is_live(const struct ledger_cell *cell, struct ledger_now now, bool boot_ok)
{
	uint64_t now_ns = (uint64_t)now.boot_us * NS_PER_US, used;
	bool live = false;

	for (unsigned i = 0; i < RATE_COUNT; i++)
		live |= boot_ok && debt_of(atomic_load(&cell->full_at_ns[i]), now_ns) > 0;
	for (unsigned i = RATE_COUNT; i < WINDOW_COUNT; i++) {
		(void)quota_period(atomic_load(&cell->used[i - RATE_COUNT]),
			period_now(i, now.wall_us), &used);
		live |= used > 0;
	}
	return live && atomic_load(&cell->key) != 0;
}
