/* The ledger as a gate uses it: opened when it is there, each allowed use counted. */
#ifndef GATE_CHARGE_H
#define GATE_CHARGE_H

#include "gate/state.h"

/* Open the ledger when there is one, and have decisions count in it. */
void charge_open(struct gate *gate);
/* The time to decide by (ledger/steady.h). */
int64_t charge_now_us(const struct gate *gate);
/* Once a second: let go of a ledger that was replaced or cut, open the one there is. */
void charge_tend(struct gate *gate);

#endif
