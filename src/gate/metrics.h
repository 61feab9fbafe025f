/* Counting decisions, and the Prometheus text of all gates of the machine. */
#ifndef GATE_METRICS_H
#define GATE_METRICS_H

#include "gate/state.h"

int64_t metrics_now_ns(void);
void metrics_count(struct gate *gate, const struct decision *decision, int64_t took_ns);
/* Text format 0.0.4. Never a key as a label. */
void metrics_append(struct gate *gate, struct buf *out);

#endif
