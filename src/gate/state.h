/* What a gate's process holds open. One thread uses it. */
#ifndef GATE_STATE_H
#define GATE_STATE_H

#include "decide/answer.h"
#include "gate/gate.h"
#include "lib/decider.h"

struct gate {
	const struct gate_setup *setup;
	struct decider_setup decider_setup;
	struct decider *decider; /* index, ledger, sealing key: all that decides */
	char node[16];           /* "gate-0", as it names itself in diagnoses */
	struct answer answer;    /* of the request at hand: too large for the stack of each */
	int64_t tended_at_us;    /* boot time */
	int64_t warned_at_s;     /* boot time; of what anybody can cause: */
	unsigned warnings;       /* written in that second */
	int64_t warnings_left_out;
	struct http_server *server;
	int stop_fd;
};

#endif
