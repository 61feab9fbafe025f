/*
 * The time that decisions go by: the machine's clock, but never earlier than what
 * is known to have passed. A key that has expired does not come back to life when
 * somebody sets the clock back; nor does it stay dead because the clock stood in
 * the future for a moment.
 *
 * T1: the time is the later one of the clock and of the time that was trusted
 *     last, carried on by the boot clock, which nobody sets.
 * T2: what is trusted follows the clock at once while both agree within a minute,
 *     and one that jumped ahead only when it has stood there for ten minutes.
 *     (Until then T1 already goes by it: what expired is refused.)
 * T3: what is trusted is kept in a small file in the ledger's folder, for the next
 *     start and for the gates. After a reboot nobody knows how long the machine
 *     was off: then it is the time that was written last, and T2 applies.
 *
 * The keeper keeps it, once a second; all others read it, once a second.
 */
#ifndef LEDGER_STEADY_H
#define LEDGER_STEADY_H

#include "ledger/ledger.h"

#include "base/clock.h"

#define STEADY_FILE "clock"

enum steady_state {
	STEADY_RIGHT = 0,
	STEADY_BEHIND, /* the clock is earlier than it can be: T1 goes by the boot clock */
	STEADY_AHEAD   /* it jumped ahead, and is not trusted yet */
};

/* All zero: nothing is known, and the time is the clock's. */
struct steady {
	bool this_boot;
	int64_t offset_us; /* trusted time less boot time; when this_boot */
	int64_t wall_us;   /* trusted, as written last */
	/* The keeper's */
	bool unread;             /* the file is there, and reading it failed: look again */
	bool rebooted;           /* how long the machine was off is not known */
	int64_t ahead_at_us;     /* boot time since which the clock is ahead; 0: it is not */
	int64_t ahead_offset_us; /* its time less boot time then */
	int64_t written_at_us, written_offset_us;
};

/*
 * Read the file in dir. ST_NOT_FOUND, ST_DAMAGED, ST_IO: *steady stays what it
 * was. Once a second.
 */
NODISCARD enum status steady_read(struct steady *steady, const char *dir);

/*
 * Before the first steady_keep, after steady_read; found: what that said. After a
 * failure of the disk steady_keep reads first, and trusts nothing before it has.
 */
void steady_begin(struct steady *steady, enum status found, struct ledger_now now);

/*
 * The keeper, once a second: look at the clock, and write what is trusted to dir
 * when it is time to. *out_off_us: how far the clock is off, negative when behind.
 * The state is right also when writing failed.
 */
NODISCARD enum status steady_keep(struct steady *steady, const char *dir, struct ledger_now now,
	enum steady_state *out_state, int64_t *out_off_us);

/* The time to decide by (T1). */
int64_t steady_us(const struct steady *steady, struct ledger_now now);

#endif
