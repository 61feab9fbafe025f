/*
 * The keeper: the one process of the admin plane. It owns the records, writes
 * the index, and answers /v1: to the operator on its unix socket, to people and
 * machines on an address (keeper/caller.h).
 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include "decide/decision.h"
#include "http/server.h"

#define KEEPER_PROXIES_MAX 64u

#define KEEPER_GATES_MAX 8u

/* Where this machine's gates listen, and where each takes the account from. */
struct keeper_gate {
	struct span address; /* as configured */
	enum account_source account_source;
	struct span value; /* ACCOUNT_FIXED: the name; ACCOUNT_HEADER: the header's name */
};

/* Everything is borrowed and lives as long as the process. */
struct keeper_setup {
	const char *data_dir;
	const char *records_url; /* "sqlite:..." */
	const char *index_dir;
	const char *ledger_dir;
	uint32_t nodes;               /* machines that share the limits of keys (ledger/ledger.h) */
	const char *root_key_path;    /* made on first start */
	bool root_key_handed;         /* by systemd: never made, and others may own its mode */
	const char *sealing_key_path; /* written for the gates, mode 0640 */
	const struct http_listener *listeners;
	size_t listeners_count;
	const struct http_listener *public_listeners; /* only pages without login, one-time links */
	size_t public_count;
	const char *tls_certificate, *tls_key; /* of all that is no unix socket; "": plain */
	const struct address_range *proxies;   /* whose X-Forwarded-* headers are believed */
	size_t proxies_count;
	const struct families *families; /* for explaining what a gate would have read */
	struct keeper_gate gates[KEEPER_GATES_MAX];
	size_t gates_count;
	struct span app_key_prefix;
	struct span public_url, console_url;
	struct span realm;
	unsigned workers; /* threads that answer; 0: 4 */
	unsigned usage_keep_hours, usage_keep_days;
	enum lang lang; /* of the reason when it cannot start */
	const char *version;
	/* Called once everything is open and before the first request: closes the sandbox. */
	enum status (*confine)(void *context);
	void (*ready)(void *context);
	/* Called when it stops and accepts no more: the listening sockets may be closed. */
	void (*left)(void *context);
	void *context;
};

/* The exit code of the process: 0 after SIGTERM. */
int keeper_run(const struct keeper_setup *setup);

#endif
