/*
 * The configuration: one file, overridden by LLAVERO_SECTION_KEY variables.
 * man/llaverod.conf.5 describes every key; config_keys.c is the table of them.
 *
 * What is wrong is told with its place ("llaverod.conf:12", or the variable's
 * name), all of it at once; an unknown or repeated key is wrong.
 */
#ifndef LLAVEROD_CONFIG_H
#define LLAVEROD_CONFIG_H

#include "base/arena.h"
#include "base/complaint.h"
#include "base/log.h"
#include "gate/gate.h"
#include "keeper/keeper.h"

#include <sys/socket.h>

#define CONFIG_FILE_MAX (256 * KIB)
#define CONFIG_LISTENS_MAX 4u
#define CONFIG_FAULTS_MAX 16u
#define CONFIG_PROCESSES_MAX 256u

/* Somewhere to listen: an IP address with a port, or a unix socket. */
struct config_listen {
	const char *text; /* as configured, for messages */
	const char *path; /* of a unix socket; NULL: an IP address */
	struct sockaddr_storage address;
	socklen_t address_len;
};

struct config_listens {
	size_t count;
	struct config_listen items[CONFIG_LISTENS_MAX];
};

/* A further listener of the gate, with an account source of its own. */
struct config_gate_listener {
	const char *name;
	struct config_listens listen;
	const char *socket;
	struct gate_account account;
};

struct config {
	struct arena *arena; /* owns every text below */
	const char *data_dir;
	const char *root_key;     /* "": in data_dir; a path; or "credential:NAME" */
	const char *user, *group; /* "" : stay who we are */
	const char *public_url, *console_url;
	const char *realm;
	const char *app_key_prefix;
	bool sandbox;
	enum log_level log_level;

	struct {
		struct config_listens listen;
		const char *socket;       /* "" : none */
		const char *socket_group; /* "" : the daemon's own */
		struct gate_account account;
		struct address_range trusted[GATE_TRUSTED_MAX];
		size_t trusted_count;
		unsigned processes; /* 0: one a core */
		unsigned connections;
		struct config_gate_listener listeners[GATE_LISTENERS_MAX];
		size_t listeners_count;
	} gate;
	struct {
		struct config_listens listen; /* beyond loopback: TLS, or a trusted proxy */
		const char *socket;
		const char *tls_certificate, *tls_key; /* "": none */
		struct address_range proxies[KEEPER_PROXIES_MAX];
		size_t proxies_count;
		unsigned workers;
	} keeper;
	struct {
		struct config_listens listen;
	} public;
	struct {
		const char *url; /* "" : sqlite: in data_dir */
	} records;
	struct {
		bool refuse_when_stale;
		int64_t lease_us;
	} index;
	struct {
		unsigned nodes; /* that share the limits of keys */
	} limits;
	struct {
		unsigned keep_hours, keep_days;
	} usage;
	struct families families;
};

/* One thing that is wrong. */
struct config_fault {
	char where[COMPLAINT_VALUE_MAX]; /* "FILE:LINE", or a variable's name */
	char key[64];                    /* "gate.listen"; "" for what is no key */
	struct complaint what;
};

struct config_faults {
	size_t count; /* those kept; there may have been more */
	struct config_fault items[CONFIG_FAULTS_MAX];
};

/*
 * Read the file at path (NULL: defaults and variables only). environment is a
 * NULL-ended list of NAME=VALUE. On success *out_config belongs to the caller.
 * ST_INVALID: *out_faults says what is wrong. ST_NO_MEMORY.
 */
NODISCARD enum status config_load(const char *path, char *const *environment,
	struct config **out_config, struct config_faults *out_faults);

/* The same from text; name stands for the file in messages. */
NODISCARD enum status config_parse(struct span text, const char *name, char *const *environment,
	struct config **out_config, struct config_faults *out_faults);

#define CONFIG_CREDENTIAL "credential:"
/* The NAME of a root key that systemd hands over; NULL: it is a file. */
const char *config_root_key_credential(const struct config *config);

/* Are the files that it names of use? ST_INVALID: the complaint says which is not, and why. */
NODISCARD enum status config_files_check(const struct config *config, struct complaint *complaint);

void config_free(struct config **config);

/* "WHERE: KEY: what is wrong" */
void config_fault_append(struct buf *out, enum lang lang, const struct config_fault *fault);

/* Do a and b listen at the same places? Then a running daemon can go from one to the other. */
bool config_same_listeners(const struct config *a, const struct config *b);

#endif
