/*
 * The chain of events, checked by the keeper itself while it runs, bit by bit: from the first event
 * at its start, then each new one. A fault that was found stays until the keeper is started again.
 */
#ifndef KEEPER_CHAIN_H
#define KEEPER_CHAIN_H

#include "keeper/state.h"

/* Before the first thread. */
void chain_open(struct chain *chain);

/* Once a second, with the records open: check some more; a fault is logged once. */
void chain_tend(struct keeper *keeper, int64_t now_us);

#endif
