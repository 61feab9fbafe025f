/* What a gate's process holds open. One thread uses it. */
#ifndef GATE_STATE_H
#define GATE_STATE_H

#include "decide/diagnosis.h"
#include "decide/problem.h"
#include "gate/gate.h"
#include "index/reader.h"

struct gate {
	const struct gate_setup *setup;
	struct index_reader *reader; /* NULL while there is no index: every verdict is 503 */
	struct key_file_secret *sealing_key; /* locked memory; NULL while its file is not there */
	struct problem_site site;
	struct decide_scratch *scratch;
	int64_t tended_at_us; /* boot time */
	struct http_server *server;
	int stop_fd;
};

/* The view of the newest revision, or NULL. Ended before the process waits. */
const struct view *gate_view(struct gate *gate);

#endif
