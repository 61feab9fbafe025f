/*
 * What a request costs the gate in instructions of its own process: a gate over
 * a prepared folder, and one connection that sends the requests of a file one
 * after the other. For callgrind, which counts what http_server_run takes.
 *
 *   bench_gate DATA-DIR REQUESTS-FILE SOCKET COUNT
 *
 * Prints "name value" lines.
 */
#include "file_map.h"
#include "gate/gate.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COUNT_MAX 1000000u
#define PLACE_SIZE 512

struct bench {
	struct span requests;
	const char *socket;
	uint64_t count;
	pthread_t client;
};

static void stop(const char *what)
{
	(void)fprintf(stderr, "bench_gate: %s: %s\n", what, errno == 0 ? "wrong" : strerror(errno));
	exit(1);
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		stop(path);
	memcpy(address.sun_path, path, strlen(path));
	return address;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(fd, 16) != 0)
		stop(path);
	return fd;
}

/* The next request of the file, from its start again after the last one. */
static struct span request_take(const struct bench *bench, size_t *at)
{
	const char *begin = bench->requests.ptr + *at;
	const char *end = memmem(begin, bench->requests.len - *at, "\r\n\r\n", 4);

	if (end == NULL && *at == 0)
		stop("no request in the file");
	if (end == NULL) {
		*at = 0;
		return request_take(bench, at);
	}
	*at = (size_t)(end - bench->requests.ptr) + 4;
	return span_of(begin, (size_t)(end - begin) + 4);
}

static void *client_main(void *context)
{
	const struct bench *bench = context;
	struct sockaddr_un address = address_of(bench->socket);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[4096];
	size_t at = 0;

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		stop(bench->socket);
	for (uint64_t i = 0; i < bench->count; i++) {
		struct span request = request_take(bench, &at);

		if (send(fd, request.ptr, request.len, MSG_NOSIGNAL) != (ssize_t)request.len ||
			recv(fd, answer, sizeof(answer), 0) < 12 ||
			memcmp(answer, "HTTP/1.1 200", 12) != 0)
			stop("not allowed");
	}
	close(fd);
	(void)kill(getpid(), SIGTERM);
	return NULL;
}

/* The gate has blocked SIGTERM by now, and this thread inherits that. */
static void ready(void *context)
{
	struct bench *bench = context;

	if (pthread_create(&bench->client, NULL, client_main, bench) != 0)
		stop("thread");
}

int main(int argc, char **argv)
{
	struct bench bench = { 0 };
	struct http_listener listener = { 0 };
	enum ledger_found found;
	char index[PLACE_SIZE], ledger[PATH_SIZE], sealing[PATH_SIZE];
	struct gate_setup setup = { .listeners = &listener,
		.listeners_count = 1,
		.accounts = { { .source = ACCOUNT_OF_KEY } },
		.families = families_default(),
		.app_key_prefix = SPAN_LIT("appkey"),
		.realm = SPAN_LIT("llavero"),
		.version = "bench",
		.ready = ready,
		.context = &bench };

	if (argc != 5 || !span_to_u64(span_str(argv[4]), &bench.count) || bench.count == 0 ||
		bench.count > COUNT_MAX) {
		(void)fprintf(stderr, "usage: bench_gate DATA-DIR REQUESTS-FILE SOCKET COUNT\n");
		return 2;
	}
	(void)snprintf(index, sizeof(index), "%s/index", argv[1]);
	(void)snprintf(ledger, sizeof(ledger), "%s/ledger", argv[1]);
	(void)snprintf(sealing, sizeof(sealing), "%s/gate/sealing.key", argv[1]);
	setup.index_dir = index;
	setup.ledger_dir = ledger;
	setup.sealing_key_path = sealing;
	if (ledger_prepare(ledger, 1, &found) != ST_OK)
		stop(ledger);
	bench.requests = file_map(argv[2]);
	if (!span_present(bench.requests))
		stop(argv[2]);
	bench.socket = argv[3];
	listener.fd = listen_at(bench.socket);
	if (gate_run(&setup) != 0 || pthread_join(bench.client, NULL) != 0)
		stop("the gate");
	(void)unlink(bench.socket);
	(void)printf("requests %llu\n", (unsigned long long)bench.count);
	return 0;
}
