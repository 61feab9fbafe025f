/* What a gate's process holds open. One thread uses it. */
#ifndef GATE_STATE_H
#define GATE_STATE_H

#include "decide/answer.h"
#include "decide/diagnosis.h"
#include "decide/problem.h"
#include "gate/gate.h"
#include "index/reader.h"
#include "ledger/steady.h"

struct gate {
	const struct gate_setup *setup;
	struct index_reader *reader; /* NULL while there is no index: every verdict is 503 */
	struct ledger *ledger;       /* NULL while there is none: limited keys get 503 */
	enum status ledger_status;   /* of the last try to open it, to log a change only */
	bool ledger_full;            /* a key found no cell since it was last said */
	struct limits_source limits; /* over it */
	struct steady clock;         /* the time to decide by, as the keeper keeps it */
	struct key_file_secret *sealing_key; /* locked memory; NULL while its file is not there */
	struct timespec
		sealing_key_at; /* when the file that was read was changed; it may be replaced */
	enum status sealing_key_status; /* of the last reading */
	struct problem_site site;
	struct decide_scratch *scratch;
	struct answer answer; /* of the request at hand: too large for the stack of each */
	int64_t tended_at_us; /* boot time */
	int64_t warned_at_s;  /* boot time; of what anybody can cause: */
	unsigned warnings;    /* written in that second */
	int64_t warnings_left_out;
	struct http_server *server;
	int stop_fd;
};

/* The view of the newest revision, or NULL. Ended before the process waits. */
const struct view *gate_view(struct gate *gate);

#endif
