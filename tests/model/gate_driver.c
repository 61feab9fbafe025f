/*
 * A real gate over indexes that are made from worlds, for tests/model/gate.mjs.
 *
 * usage: model-gate DIR. Standard input: a world a line (world.h). Each becomes
 * the index in DIR/index; then "ready" is written. The gate listens on four
 * unix sockets, one a source of the account: DIR/key.sock, fixed.sock (account
 * "acme"), header.sock (X-Account), host.sock. It ends with the standard input.
 */
#include "model/world_index.h"

#include "base/key_file.h"
#include "gate/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTENERS 4u

static const struct {
	const char *name;
	struct gate_account account;
} SOURCES[LISTENERS] = {
	{ "key", { ACCOUNT_OF_KEY, { NULL, 0 } } },
	{ "fixed", { ACCOUNT_FIXED, { "acme", 4 } } },
	{ "header", { ACCOUNT_HEADER, { "X-Account", 9 } } },
	{ "host", { ACCOUNT_HOST, { NULL, 0 } } },
};

static void die(const char *what)
{
	fprintf(stderr, "model-gate: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int listen_at(const char *dir, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s.sock", dir, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (len < 0 || (size_t)len >= sizeof(address.sun_path) || fd < 0 ||
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(fd, 64) != 0)
		die("listen");
	return fd;
}

static void write_sealing_key(const char *path)
{
	struct key_file_secret key = { .id = "0000000000000001" };
	crypto_random(key.key, sizeof(key.key));
	if (key_file_create(path, "sealing", 0600, &key) != ST_OK)
		die("sealing key");
	crypto_wipe(&key, sizeof(key));
}

static void tell_ready(void *context)
{
	const int *pipe_end = context;
	if (write(*pipe_end, "r", 1) != 1)
		die("ready");
}

static int serve(const char *dir, const char *index_dir, int ready_fd)
{
	char sealing[4096];
	struct http_listener listeners[LISTENERS];
	struct gate_setup setup = {
		.index_dir = index_dir,
		.sealing_key_path = sealing,
		.listeners = listeners,
		.listeners_count = LISTENERS,
		.families = families_default(),
		.app_key_prefix = SPAN_LIT("appkey"),
		.version = "test",
		.ready = tell_ready,
		.context = &ready_fd,
	};
	(void)snprintf(sealing, sizeof(sealing), "%s/sealing.key", dir);
	write_sealing_key(sealing);
	for (unsigned i = 0; i < LISTENERS; i++) {
		listeners[i] = (struct http_listener){ listen_at(dir, SOURCES[i].name), i };
		setup.accounts[i] = SOURCES[i].account;
	}
	return gate_run(&setup);
}

/* The process id of a gate that answers. */
static pid_t start_gate(const char *dir, const char *index_dir)
{
	int ends[2];
	char byte;
	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		/* The worlds are for the parent alone. */
		close(STDIN_FILENO);
		close(ends[0]);
		_exit(serve(dir, index_dir, ends[1]));
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		die("the gate did not start");
	close(ends[0]);
	return pid;
}

static void take_world(const char *line, size_t len, struct digest_context *digests,
	const char *index_dir, uint64_t revision)
{
	json_t *description = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	struct world *world = description == NULL ? NULL : world_make(description, digests);
	if (world == NULL)
		die("no world");
	enum status st = world_write_index(world, index_dir, revision);
	if (st != ST_OK) {
		fprintf(stderr, "model-gate: index: %s\n", status_name(st));
		exit(2);
	}
	world_free(&world);
	json_decref(description);
}

int main(int argc, char **argv)
{
	char index_dir[4096];
	if (argc != 2 || crypto_init() != ST_OK)
		return 2;
	(void)snprintf(index_dir, sizeof(index_dir), "%s/index", argv[1]);
	if (mkdir(index_dir, 0700) != 0)
		die("mkdir");
	struct digest_context *digests = digest_context_make();
	pid_t gate = 0;
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;
	uint64_t revision = 0;
	while (digests != NULL && (len = getline(&line, &capacity, stdin)) > 0) {
		take_world(line, (size_t)len, digests, index_dir, ++revision);
		if (gate == 0)
			gate = start_gate(argv[1], index_dir);
		puts("ready");
		fflush(stdout);
	}
	free(line);
	digest_context_free(&digests);
	if (gate > 0) {
		kill(gate, SIGTERM);
		waitpid(gate, NULL, 0);
	}
	return 0;
}
