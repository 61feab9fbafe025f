/* The Prometheus text of all processes of the machine that decide. */
#ifndef GATE_METRICS_H
#define GATE_METRICS_H

#include "gate/state.h"

/* Text format 0.0.4. Never a key as a label. */
void metrics_append(struct gate *gate, struct buf *out);

#endif
