#include "llaverod/role.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "keeper/keeper.h"
#include "llaverod/sandbox.h"
#include "llaverod/version.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PLACE_SIZE 4096

/* Where things stand in the data directory. */
struct places {
	char index[PLACE_SIZE], root_key[PLACE_SIZE], sealing_key[PLACE_SIZE], records[PLACE_SIZE];
	char gate_keys[PLACE_SIZE], ledger[PLACE_SIZE];
};

void role_name(char out[16], enum role_kind kind, unsigned number)
{
	if (kind == ROLE_KEEPER)
		snprintf(out, 16, "keeper");
	else
		snprintf(out, 16, "gate-%u", number);
}

static void place_root_key(const struct config *config, char out[PLACE_SIZE])
{
	const char *credential = config_root_key_credential(config);
	const char *folder = getenv(CREDENTIALS_VARIABLE);

	/* Without the folder it is a file that is not there, and the keeper says so. */
	if (credential != NULL)
		snprintf(out, PLACE_SIZE, "%s/%s", folder == NULL ? "" : folder, credential);
	else if (config->root_key[0] != '\0')
		snprintf(out, PLACE_SIZE, "%s", config->root_key);
	else
		snprintf(out, PLACE_SIZE, "%s/root.key", config->data_dir);
}

static void places_fill(const struct config *config, struct places *out)
{
	snprintf(out->index, sizeof(out->index), "%s/index", config->data_dir);
	place_root_key(config, out->root_key);
	snprintf(out->sealing_key, sizeof(out->sealing_key), "%s/gate/sealing.key",
		config->data_dir);
	snprintf(out->ledger, sizeof(out->ledger), "%s/ledger", config->data_dir);
	snprintf(out->gate_keys, sizeof(out->gate_keys), "%s/gate", config->data_dir);
	if (config->records.url[0] != '\0')
		snprintf(out->records, sizeof(out->records), "%s", config->records.url);
	else
		snprintf(out->records, sizeof(out->records), "sqlite:%s/records.db",
			config->data_dir);
}

/* "" is not set. */
static struct span url_span(const char *text)
{
	return text[0] == '\0' ? SPAN_ABSENT : span_str(text);
}

static void role_ready(void *context)
{
	struct role *role = context;

	if (role->ready_fd < 0)
		return;
	(void)!write(role->ready_fd, "", 1);
	close(role->ready_fd);
	role->ready_fd = -1;
}

static void role_left(void *context)
{
	struct role *role = context;

	if (role->kind == ROLE_GATE)
		sockets_close_gate(role->sockets);
	else
		sockets_close_keeper(role->sockets);
}

static enum status role_confine(void *context)
{
	struct role *role = context;
	struct places places;
	struct sandbox_path gate_paths[] = {
		{ places.index, SANDBOX_WRITE },
		/* The folder: the key in it may be made, or replaced, later. */
		{ places.gate_keys, SANDBOX_READ },
		/* The folder too: the keeper may have to replace the file in it. */
		{ places.ledger, SANDBOX_WRITE },
		{ BOOT_ID_PATH, SANDBOX_READ },
	};
	struct sandbox_path keeper_paths[] = { { role->config->data_dir, SANDBOX_MAKE },
		{ BOOT_ID_PATH, SANDBOX_READ }, { NULL, SANDBOX_MAKE } };
	size_t keeper_count = 2;
	const char *landlock = "off: sandbox = false", *seccomp = landlock;
	char folder[sizeof(places.records)];
	enum status st = ST_OK;

	places_fill(role->config, &places);
	if (strncmp(places.records, "sqlite:/", 8) == 0) {
		memcpy(folder, places.records + 7, strlen(places.records + 7) + 1);
		for (size_t i = strlen(folder); i > 0 && folder[i] != '/'; i--)
			folder[i] = '\0';
		keeper_paths[keeper_count++].path = folder;
	}
	if (role->config->sandbox && role->kind == ROLE_GATE)
		st = sandbox_confine(
			SANDBOX_GATE, gate_paths, ARRAY_LEN(gate_paths), &landlock, &seccomp);
	else if (role->config->sandbox)
		st = sandbox_confine(
			SANDBOX_KEEPER, keeper_paths, keeper_count, &landlock, &seccomp);
	if (st != ST_OK)
		log_error("sandbox_failed", LOG_STR("status", status_name(st)));
	else
		log_info("sandbox", LOG_STR("landlock", landlock), LOG_STR("seccomp", seccomp));
	return st;
}

/* In the order of sockets_open. */
static void accounts_fill(const struct config *config, struct gate_account out[GATE_LISTENERS_MAX])
{
	size_t count = config->gate.listen.count + (config->gate.socket[0] != '\0');
	size_t at = 0;

	while (at < count)
		out[at++] = config->gate.account;
	for (size_t i = 0; i < config->gate.listeners_count; i++) {
		const struct config_gate_listener *listener = &config->gate.listeners[i];

		count = listener->listen.count + (listener->socket[0] != '\0');
		for (size_t k = 0; k < count; k++)
			out[at++] = listener->account;
	}
}

static int run_gate(struct role *role, const struct places *places)
{
	const struct config *config = role->config;
	struct gate_setup setup = {
		.number = role->number,
		.index_dir = places->index,
		.ledger_dir = places->ledger,
		.sealing_key_path = places->sealing_key,
		.listeners = role->sockets->gate,
		.listeners_count = role->sockets->gate_count,
		.trusted = config->gate.trusted,
		.trusted_count = config->gate.trusted_count,
		.families = &config->families,
		.app_key_prefix = span_str(config->app_key_prefix),
		.public_url = url_span(config->public_url),
		.console_url = url_span(config->console_url),
		.realm = span_str(config->realm),
		.refuse_when_stale = config->index.refuse_when_stale,
		.lease_us = config->index.lease_us,
		.connections_max = config->gate.connections,
		.version = LLAVERO_VERSION,
		.confine = role_confine,
		.ready = role_ready,
		.left = role_left,
		.context = role,
	};

	accounts_fill(config, setup.accounts);
	return gate_run(&setup);
}

static void gates_fill(const struct config *config, struct keeper_setup *setup)
{
	struct keeper_gate *to = setup->gates;
	const struct gate_account *from = &config->gate.account;

	for (size_t i = 0; i < config->gate.listen.count; i++)
		*to++ = (struct keeper_gate){ span_str(config->gate.listen.items[i].text),
			from->source, from->value };
	for (size_t i = 0; i < config->gate.listeners_count; i++) {
		const struct config_gate_listener *listener = &config->gate.listeners[i];

		from = &listener->account;
		for (size_t k = 0; k < listener->listen.count; k++)
			*to++ = (struct keeper_gate){ span_str(listener->listen.items[k].text),
				from->source, from->value };
	}
	setup->gates_count = (size_t)(to - setup->gates);
}

static int run_keeper(struct role *role, const struct places *places)
{
	const struct config *config = role->config;
	struct keeper_setup setup = {
		.data_dir = config->data_dir,
		.records_url = places->records,
		.index_dir = places->index,
		.ledger_dir = places->ledger,
		.nodes = config->limits.nodes,
		.root_key_path = places->root_key,
		.root_key_handed = config_root_key_credential(config) != NULL,
		.sealing_key_path = places->sealing_key,
		.listeners = role->sockets->keeper,
		.listeners_count = role->sockets->keeper_count,
		.public_listeners = role->sockets->public,
		.public_count = role->sockets->public_count,
		.tls_certificate = config->keeper.tls_certificate,
		.tls_key = config->keeper.tls_key,
		.proxies = config->keeper.proxies,
		.proxies_count = config->keeper.proxies_count,
		.families = &config->families,
		.app_key_prefix = span_str(config->app_key_prefix),
		.public_url = url_span(config->public_url),
		.console_url = url_span(config->console_url),
		.realm = span_str(config->realm),
		.workers = config->keeper.workers,
		.usage_keep_hours = config->usage.keep_hours,
		.usage_keep_days = config->usage.keep_days,
		.lang = role->lang,
		.version = LLAVERO_VERSION,
		.confine = role_confine,
		.ready = role_ready,
		.left = role_left,
		.context = role,
	};

	gates_fill(config, &setup);
	return keeper_run(&setup);
}

int role_run(struct role *role)
{
	/* For the logs, as long as the process lives. */
	static char name[16];
	struct places places;
	int code;

	role_name(name, role->kind, role->number);
	log_setup(STDERR_FILENO, name, role->config->log_level);
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
	/* Killed with the supervisor; it may have died before this line. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != role->supervisor)
		return 1;
	sandbox_harden();
	signal(SIGPIPE, SIG_IGN);
	if (crypto_init() != ST_OK) {
		log_error("crypto_failed", LOG_STR("library", "libsodium or OpenSSL"));
		return 1;
	}
	places_fill(role->config, &places);
	if (role->kind == ROLE_GATE) {
		sockets_close_keeper(role->sockets);
		code = run_gate(role, &places);
	} else {
		sockets_close_gate(role->sockets);
		code = run_keeper(role, &places);
	}
	return code;
}
