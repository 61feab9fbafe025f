/*
 * Load for an HTTP server: requests from a file, over kept connections, one
 * under way on each, by one thread. TCP (of this machine) and unix sockets alike.
 *
 *   bench_load (PORT | SOCKET) REQUESTS-FILE CONNECTIONS COUNT [RATE]
 *
 * The file's requests have no bodies; they are sent in order, over and over,
 * COUNT in all. RATE limits them to so many a second (0: as fast as answers
 * come). A latency counts from when a request was due, so that a server that
 * pauses is charged with all that waited. Prints JSON.
 */
#include "file_map.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024u
#define COUNT_MAX 20000000u
#define ANSWER_MAX 65536u
#define REQUESTS_MAX 1000000u
#define STATUS_MAX 600u

struct connection {
	int fd;
	bool busy;
	uint64_t due_ns;
	size_t have;
	char answer[ANSWER_MAX];
};

struct load {
	struct span *requests;
	size_t requests_count, next_request;
	struct connection *connections;
	size_t connections_count;
	int epoll;
	uint64_t count, sent, done, rate, began_ns;
	uint32_t *took_us;
	uint64_t statuses[STATUS_MAX];
};

static void stop(const char *what)
{
	(void)fprintf(stderr, "bench_load: %s: %s\n", what, errno == 0 ? "wrong" : strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- what is sent ---- */

static void read_requests(struct load *load, const char *path)
{
	struct span file = file_map(path);
	const char *end, *next;

	if (!span_present(file))
		stop(path);
	end = file.ptr + file.len;
	load->requests = calloc(REQUESTS_MAX, sizeof(*load->requests));
	if (load->requests == NULL)
		stop("memory");
	for (const char *at = file.ptr; at < end && load->requests_count < REQUESTS_MAX;
		at = next) {
		next = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
		if (next == NULL)
			break;
		next += 4;
		load->requests[load->requests_count++] = span_of(at, (size_t)(next - at));
	}
	if (load->requests_count == 0)
		stop("no request in the file");
}

static int dial(const char *where)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in tcp = { .sin_family = AF_INET };
	uint64_t port;
	int fd, one = 1;

	if (span_to_u64(span_str(where), &port)) {
		tcp.sin_port = htons((uint16_t)port);
		tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || connect(fd, (struct sockaddr *)&tcp, sizeof(tcp)) != 0)
			stop(where);
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		return fd;
	}
	if (strlen(where) >= sizeof(local.sun_path))
		stop(where);
	memcpy(local.sun_path, where, strlen(where));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&local, sizeof(local)) != 0)
		stop(where);
	return fd;
}

static void dial_all(struct load *load, const char *where)
{
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->connections = calloc(load->connections_count, sizeof(*load->connections));
	if (load->epoll < 0 || load->connections == NULL)
		stop("memory");
	for (size_t i = 0; i < load->connections_count; i++) {
		struct connection *connection = &load->connections[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };

		connection->fd = dial(where);
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
			stop("epoll");
	}
}

/* ---- sending and taking ---- */

/* The connection sends the next request, if one is due. */
static bool send_next(struct load *load, struct connection *connection)
{
	uint64_t now = now_ns(), due = now;
	struct span request;

	if (load->sent == load->count)
		return false;
	if (load->rate > 0)
		due = load->began_ns + load->sent * UINT64_C(1000000000) / load->rate;
	if (due > now)
		return false;
	request = load->requests[load->next_request++ % load->requests_count];
	connection->due_ns = due;
	connection->have = 0;
	connection->busy = true;
	load->sent++;
	if (send(connection->fd, request.ptr, request.len, MSG_NOSIGNAL) != (ssize_t)request.len)
		stop("send");
	return true;
}

/* Status of the whole answer in the connection's buffer; 0: not whole yet. */
static unsigned answer_status(struct connection *connection)
{
	const char *text = connection->answer;
	const char *end, *length;
	size_t body = 0;

	text = connection->answer;
	end = memmem(text, connection->have, "\r\n\r\n", 4);
	if (end == NULL)
		return 0;
	length = memmem(text, (size_t)(end - text), "Content-Length: ", 16);
	if (length != NULL)
		body = strtoul(length + 16, NULL, 10);
	if (connection->have < (size_t)(end - text) + 4 + body)
		return 0;
	return (unsigned)strtoul(text + 9, NULL, 10);
}

static void take_answer(struct load *load, struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->answer + connection->have,
		ANSWER_MAX - 1 - connection->have, MSG_DONTWAIT);
	unsigned status;

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0)
		stop("the server closed a connection");
	connection->have += (size_t)got;
	connection->answer[connection->have] = '\0';
	status = answer_status(connection);
	if (status == 0)
		return;
	load->took_us[load->done++] = (uint32_t)((now_ns() - connection->due_ns) / 1000);
	load->statuses[status < STATUS_MAX ? status : 0]++;
	connection->busy = false;
}

static int wait_ms(const struct load *load)
{
	/* With a rate, look again soon: a timer is coarser than what is measured. */
	return load->rate > 0 && load->sent < load->count ? 0 : 1000;
}

static void run(struct load *load)
{
	struct epoll_event events[64];
	size_t turn = 0;

	load->began_ns = now_ns();
	while (load->done < load->count) {
		int count;

		for (size_t i = 0; i < load->connections_count; i++) {
			struct connection *idle =
				&load->connections[turn++ % load->connections_count];

			if (!idle->busy && !send_next(load, idle))
				break;
		}
		count = epoll_wait(load->epoll, events, 64, wait_ms(load));
		for (int i = 0; i < count; i++) {
			take_answer(load, events[i].data.ptr);
			if (load->rate == 0 && !((struct connection *)events[i].data.ptr)->busy)
				(void)send_next(load, events[i].data.ptr);
		}
	}
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void report(struct load *load)
{
	double seconds = (double)(now_ns() - load->began_ns) / 1e9;
	const char *comma = "";

	qsort(load->took_us, load->done, sizeof(*load->took_us), by_value);
	(void)printf("{\"requests\":%llu,\"seconds\":%.4f,\"rps\":%.0f,\"p50_us\":%u,\"p99_us\":%u,"
		     "\"max_us\":%u,\"statuses\":{",
		(unsigned long long)load->done, seconds, (double)load->done / seconds,
		load->took_us[load->done / 2], load->took_us[load->done * 99 / 100],
		load->took_us[load->done - 1]);
	for (unsigned i = 0; i < STATUS_MAX; i++) {
		if (load->statuses[i] == 0)
			continue;
		(void)printf("%s\"%u\":%llu", comma, i, (unsigned long long)load->statuses[i]);
		comma = ",";
	}
	(void)printf("}}\n");
}

int main(int argc, char **argv)
{
	struct load load = { 0 };
	uint64_t connections;

	if (argc < 5 || argc > 6 || !span_to_u64(span_str(argv[3]), &connections) ||
		!span_to_u64(span_str(argv[4]), &load.count) || connections == 0 ||
		connections > CONNECTIONS_MAX || load.count == 0 || load.count > COUNT_MAX ||
		(argc == 6 && !span_to_u64(span_str(argv[5]), &load.rate))) {
		(void)fprintf(stderr, "usage: bench_load (PORT | SOCKET) REQUESTS-FILE CONNECTIONS "
				      "COUNT [RATE]\n");
		return 2;
	}
	load.connections_count = (size_t)connections;
	load.took_us = calloc(load.count, sizeof(*load.took_us));
	if (load.took_us == NULL)
		stop("memory");
	read_requests(&load, argv[2]);
	dial_all(&load, argv[1]);
	run(&load);
	report(&load);
	return 0;
}
