/*
 * The gate: one process of the data plane. It answers forward-auth and verify
 * requests from the index and holds nothing else: no records, no root key.
 *
 * The supervisor binds the sockets, forks, and calls gate_run in the child; the
 * process serves until SIGTERM.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "decide/decision.h"
#include "http/server.h"

#define GATE_LISTENERS_MAX 8u
#define GATE_TRUSTED_MAX 64u

/* Where the account asked for comes from, for one listener. */
struct gate_account {
	enum account_source source;
	struct span value; /* ACCOUNT_FIXED: the name; ACCOUNT_HEADER: the header's name */
};

/*
 * Counters of one gate, in memory that all gates share (the supervisor maps it
 * before it forks), so that any of them can answer for the machine. Only the
 * gate of that number writes; they go on when a gate is restarted.
 */
#define GATE_BUCKETS_COUNT 12u
struct gate_counters {
	_Atomic uint64_t allowed;
	_Atomic uint64_t refused[CAUSE_COUNT];            /* by the owner's cause */
	_Atomic uint64_t untrusted;                       /* asked by a peer that may not */
	_Atomic uint64_t buckets[GATE_BUCKETS_COUNT + 1]; /* of decision times; the last: more */
	_Atomic uint64_t duration_ns;
};

/* Shared, zeroed memory for count gates; NULL without memory. */
NODISCARD struct gate_counters *gate_counters_map(size_t count);

/* Everything is borrowed and lives as long as the process. */
struct gate_setup {
	unsigned number; /* 0, 1, ...: names the process in logs and metrics */
	const char *index_dir;
	const char *ledger_dir;       /* of the counts of limits (ledger/ledger.h); NULL: none, and
					 limited       keys are refused */
	const char *sealing_key_path; /* base/key_file.h, kind "sealing" */
	const struct http_listener *listeners; /* ids are indexes of accounts[] */
	size_t listeners_count;
	struct gate_account accounts[GATE_LISTENERS_MAX];
	const struct address_range *trusted; /* IP peers that may ask; unix peers always may */
	size_t trusted_count;
	const struct families *families;
	struct span app_key_prefix;
	struct span public_url, console_url; /* absent: relative references */
	struct span realm;
	bool refuse_when_stale; /* index.when_stale = refuse */
	int64_t lease_us;       /* index.lease */
	unsigned connections_max;
	struct gate_counters *counters; /* of all gates; [number] is this one's */
	size_t counters_count;
	const char *version;
	/* Called once everything is open and before the first request: closes the sandbox. */
	enum status (*confine)(void *context);
	/* Called when requests are being answered. */
	void (*ready)(void *context);
	/* Called when it stops and accepts no more: the listening sockets may be closed. */
	void (*left)(void *context);
	void *context;
};

/* The exit code of the process: 0 after SIGTERM. */
int gate_run(const struct gate_setup *setup);

#endif
