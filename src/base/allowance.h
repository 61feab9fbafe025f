/*
 * How much somebody may use: rates (so many in a second, minute, hour or day,
 * refilled evenly) and a quota (so many in a day or month of UTC, then nothing
 * until the next). One count a window; 0: that window does not limit.
 */
#ifndef BASE_ALLOWANCE_H
#define BASE_ALLOWANCE_H

#include "base/buf.h"

/* The numbers stand in the index, in the ledger and in diagnoses: never reorder. */
enum allowance_window {
	RATE_SECOND = 0,
	RATE_MINUTE,
	RATE_HOUR,
	RATE_DAY,
	QUOTA_DAY,
	QUOTA_MONTH,
	WINDOW_COUNT
};
#define RATE_COUNT ((unsigned)QUOTA_DAY)

struct allowance {
	uint64_t counts[WINDOW_COUNT];
};

/* What a look at the use says. */
enum allowance_outcome {
	ALLOWANCE_UNKNOWN = 0, /* nobody can tell: refuses */
	ALLOWANCE_LEFT,
	ALLOWANCE_USED_UP
};

/* Of the window that binds: the one used up for longest, else the one with the least left. */
struct allowance_state {
	enum allowance_outcome outcome;
	enum allowance_window window;
	uint64_t count, left;
	int64_t wait_us;  /* used up: until one more is free */
	int64_t reset_us; /* until all of count is free again, or the next period begins */
};

bool allowance_limits(const struct allowance *allowance);
bool allowance_equal(const struct allowance *a, const struct allowance *b);

static inline bool window_is_quota(enum allowance_window window)
{
	return window >= QUOTA_DAY;
}

/* "second" "minute" "hour" "day" "month"; a rate and a quota may share one. Never NULL. */
const char *window_per(enum allowance_window window);
/* Of a rate, and of a quota of a day; a month has no one length: 30 days. */
int64_t window_us(enum allowance_window window);

/*
 * Set one count. ST_INVALID: no such period for a rate (or quota), or a count
 * of 0; ST_LIMIT: beyond LIMIT_RATE or LIMIT_QUOTA; ST_EXISTS: the window (or,
 * for a quota, a quota) is set already.
 */
NODISCARD enum status allowance_set(
	struct allowance *allowance, bool quota, uint64_t count, struct span per);

/* "100/second": what comes before the slash, and after it. ST_INVALID. */
NODISCARD enum status allowance_item_parse(
	struct span text, uint64_t *out_count, struct span *out_per);

/* As it is stored: "100/second 5000/hour quota:10000/day"; "" without any limit. */
void allowance_append_text(struct buf *out, const struct allowance *allowance);
/* ST_DAMAGED for anything that allowance_append_text does not write. */
NODISCARD enum status allowance_parse_text(struct span text, struct allowance *out_allowance);

/*
 * {"rate":[{"count":100,"per":"second"}],"quota":{"count":10000,"per":"day"}}; rate may be
 * empty, quota null; null without any limit.
 */
void allowance_append_json(struct buf *out, const struct allowance *allowance);

#endif
