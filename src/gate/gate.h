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

/* Everything is borrowed and lives as long as the process. */
struct gate_setup {
	unsigned number; /* 0, 1, ...: names the process in logs and metrics */
	const char *index_dir;
	const char *ledger_dir; /* NULL: none, and keys with limits are refused (ledger/ledger.h) */
	const char *sealing_key_path;          /* base/key_file.h, kind "sealing" */
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
