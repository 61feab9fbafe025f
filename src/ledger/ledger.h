/*
 * The ledger: how much each key has used of its limits, in one file that all
 * processes of a machine map and count in without locks.
 *
 * L1: what is allowed by all processes together is never more than the limit.
 *     A process that dies at any instruction may leave a use counted that was
 *     not allowed, never one allowed that was not counted.
 * L2: what cannot be counted is refused (ALLOWANCE_UNKNOWN): no file, a file of
 *     another version or start of the machine, no cell left for a further key.
 * L3: a quota's use survives restarts and reboots; a clock that goes back does
 *     not begin its period again. Rates are kept in boot time, which does not
 *     jump, and begin full after a reboot.
 * L4: a refused use is not counted. (Where two processes race for the last use
 *     of a longer window, the loser's may stay counted in the shorter ones until
 *     those have refilled.)
 * L5: where nodes machines share the limits, this one lets a part of each through:
 *     its count divided by nodes, rounded down, and one where that is none. So all
 *     together are never allowed more than the count, or than one each.
 *
 * A rate of n in a period is n at once and then one each period / n (GCRA). When
 * its count is changed, what was used stays used. A quota is n from the start of
 * the UTC day or month to its end.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/allowance.h"
#include "base/attr.h"
#include "base/status.h"

struct ledger; /* opaque; one thread's, or behind a lock */

/* The name of the file in the ledger's folder. */
#define LEDGER_FILE "cells"

enum ledger_found {
	LEDGER_KEPT,    /* as it was */
	LEDGER_RENEWED, /* after a reboot or of the version before; or cells of idle keys were given
			   up */
	LEDGER_MADE,    /* there was none */
	LEDGER_REPLACED /* what stood there was damaged, foreign or of another version */
};

/*
 * Make the file in dir ready, before any process has it open: make it, replace
 * it when it is unusable, begin the rates again after a reboot. Its space on disk
 * is taken at once, so that no later use can run out of it. nodes: L5; 1 to LIMIT_NODES.
 *
 * ST_NO_SPACE, ST_IO, ST_DENIED: nothing was changed.
 */
NODISCARD enum status ledger_prepare(const char *dir, uint32_t nodes, enum ledger_found *out_found);

/* A fresh file in the place of one that is gone or unusable, while processes run. */
NODISCARD enum status ledger_replace(const char *dir, uint32_t nodes);

/*
 * Open the file in dir. On success *out_ledger belongs to the caller; give it
 * back with ledger_close(). ST_NOT_FOUND (none), ST_FORMAT (another version),
 * ST_DAMAGED (not one, cut, or of an earlier start of the machine), ST_IO.
 */
NODISCARD enum status ledger_open(const char *dir, struct ledger **out_ledger);
void ledger_close(struct ledger **ledger);

/*
 * Is the open file still the one in dir, and whole? ST_STALE: it is gone or was
 * replaced, open it again; ST_DAMAGED: it was cut: do not use it, its pages
 * would end the process (SIGBUS). Once a second.
 */
NODISCARD enum status ledger_check(const struct ledger *ledger);

/* The two clocks at the moment of the question (base/clock.h). */
struct ledger_now {
	int64_t boot_us, wall_us;
};

/*
 * Use one. ALLOWANCE_LEFT: it was counted, and left is what remains of the
 * window with the least; ALLOWANCE_USED_UP: nothing was, and wait_us says when
 * one will be free. key: a slot, not 0. ledger NULL: ALLOWANCE_UNKNOWN.
 */
struct allowance_state ledger_take(struct ledger *ledger, uint32_t key,
	const struct allowance *allowance, struct ledger_now now);

/* What ledger_take would say, counting nothing. */
struct allowance_state ledger_peek(const struct ledger *ledger, uint32_t key,
	const struct allowance *allowance, struct ledger_now now);

/* The state of one window alone; its count must not be 0. */
struct allowance_state ledger_window(const struct ledger *ledger, uint32_t key,
	const struct allowance *allowance, enum allowance_window window, struct ledger_now now);

/*
 * ---- For a process that must outlive whoever may write the file: the keeper ----
 *
 * These read and write it and map nothing, so that one that is cut is ST_DAMAGED and
 * not the end of the process. Each opens it anew; none needs a lock.
 */

/*
 * Is the file usable? Let nodes machines share the limits from now on (L5). As
 * ledger_open().
 */
NODISCARD enum status ledger_share(const char *dir, uint32_t nodes);

/* Write what was counted to disk: what a power failure then cannot take back. As ledger_open(). */
NODISCARD enum status ledger_sync(const char *dir);

/* Cells in use and in all; none in all when the file cannot be read. */
struct ledger_size {
	uint32_t used, all;
};
struct ledger_size ledger_size(const char *dir);

/* As ledger_peek(); ALLOWANCE_UNKNOWN also when the file cannot be read. */
struct allowance_state ledger_look(
	const char *dir, uint32_t key, const struct allowance *allowance, struct ledger_now now);

#endif
