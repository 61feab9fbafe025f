/*
 * The loop. Our epoll holds the listening sockets, an eventfd, and the epoll of
 * the library, which holds the connections.
 *
 *   S1  Listening sockets are shared by processes: EPOLLEXCLUSIVE wakes one of
 *       them, and it takes one connection a wake-up, so that the load spreads.
 *   S2  At its limit of connections, or without descriptors, a process leaves
 *       new ones in the queue, for its siblings or for later.
 *   S3  A stop takes what the kernel has queued, then ends accepting, lets
 *       requests under way finish, says "Connection: close" with each answer,
 *       and gives up at its deadline.
 *   S4  Nobody is kept out by somebody who may do less: an eighth of the
 *       connections is for unix sockets alone, and strangers share another one.
 *   S5  Where anybody may connect, who holds most gives way at the limit (shed.c).
 */
#include "http/server.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "http/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENT_LIBRARY HTTP_LISTENERS_MAX
#define EVENT_WAKE (HTTP_LISTENERS_MAX + 1)
#define EVENT_STOP (HTTP_LISTENERS_MAX + 2)
#define EVENTS_MAX (HTTP_LISTENERS_MAX + 3)
#define ACCEPT_PAUSE_US (US_PER_S / 10)
#define OUT_OF_FILES_EVERY_US (60 * US_PER_S)
#define STOP_TURN_MS 50
#define LINGER_TURN_MS 20
#define TURN_MS 1000
#define ROOM_PARTS 8u /* S4 */

static unsigned or_default(unsigned value, unsigned fallback)
{
	return value == 0 ? fallback : value;
}

static bool watch(struct http_server *server, int fd, uint32_t events, uint64_t number)
{
	struct epoll_event event = { .events = events, .data.u64 = number };

	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EEXIST;
}

static bool listeners_watch(struct http_server *server, enum http_peer_kind kind)
{
	for (size_t i = 0; !server->accepting[kind] && i < server->setup.listeners_count; i++) {
		if (server->kinds[i] == kind &&
			!watch(server, server->listeners[i].fd, EPOLLIN | EPOLLEXCLUSIVE, i))
			return false;
	}
	server->accepting[kind] = true;
	return true;
}

static void listeners_leave(struct http_server *server, enum http_peer_kind kind)
{
	for (size_t i = 0; server->accepting[kind] && i < server->setup.listeners_count; i++) {
		if (server->kinds[i] == kind)
			(void)epoll_ctl(
				server->epoll_fd, EPOLL_CTL_DEL, server->listeners[i].fd, NULL);
	}
	server->accepting[kind] = false;
}

static void listeners_leave_all(struct http_server *server)
{
	listeners_leave(server, HTTP_PEER_UNIX);
	listeners_leave(server, HTTP_PEER_IP);
}

static void listeners_sort(struct http_server *server)
{
	for (size_t i = 0; i < server->setup.listeners_count; i++) {
		struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
		socklen_t len = sizeof(address);

		(void)getsockname(server->listeners[i].fd, (struct sockaddr *)&address, &len);
		server->kinds[i] = address.ss_family == AF_UNIX ? HTTP_PEER_UNIX : HTTP_PEER_IP;
		server->has_unix |= server->kinds[i] == HTTP_PEER_UNIX;
	}
}

/* As many as may come from addresses. */
static unsigned ip_most(const struct http_server *server)
{
	unsigned most = server->setup.connections_max;

	return most - (server->has_unix ? most / ROOM_PARTS : 0);
}

static bool server_has_room(const struct http_server *server, enum http_peer_kind kind)
{
	return server->connections_count < server->setup.connections_max &&
	       (kind == HTTP_PEER_UNIX || server->ip_count < ip_most(server));
}

bool server_has_room_for_strangers(const struct http_server *server)
{
	return server->strangers_count <= server->setup.connections_max / ROOM_PARTS;
}

static enum status library_start(struct http_server *server)
{
	const struct http_server_setup *setup = &server->setup;
	/* Turbo reads before it is told to, which a handshake does not want. */
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
			 (server->secure ? MHD_USE_TLS : MHD_USE_TURBO);
	struct MHD_OptionItem tls[TLS_OPTIONS_MAX] = { { MHD_OPTION_END, 0, NULL } };
	const union MHD_DaemonInfo *info;

	if (server->secure)
		tls_options(setup->tls, tls);
	if (setup->workers > 0)
		flags |= MHD_ALLOW_SUSPEND_RESUME;
	server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, request_handle, server,
		MHD_OPTION_URI_LOG_CALLBACK, request_begin, server, MHD_OPTION_NOTIFY_COMPLETED,
		request_completed, server, MHD_OPTION_NOTIFY_CONNECTION, connection_notify, server,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, setup->workers > 0 ? POOL_WORKERS : POOL_GATE,
		MHD_OPTION_CONNECTION_LIMIT, setup->connections_max + 1,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, setup->connections_per_address_max,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (server->daemon == NULL)
		return ST_IO;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return ST_IO;
	server->library_fd = info->epoll_fd;
	return ST_OK;
}

static enum status open_parts(struct http_server *server)
{
	enum status st = layout_selfcheck();

	if (st != ST_OK)
		return st;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->epoll_fd < 0 || server->event_fd < 0)
		return ST_IO;
	st = library_start(server);
	if (st != ST_OK)
		return st;
	if (!watch(server, server->event_fd, EPOLLIN, EVENT_WAKE) ||
		!watch(server, server->library_fd, EPOLLIN, EVENT_LIBRARY))
		return ST_IO;
	if (server->setup.stop_fd > 0 &&
		!watch(server, server->setup.stop_fd, EPOLLIN | EPOLLONESHOT, EVENT_STOP))
		return ST_IO;
	if (server->setup.workers > 0)
		return workers_start(server, server->setup.workers, &server->workers);
	return ST_OK;
}

enum status http_server_open(const struct http_server_setup *setup, struct http_server **out_server)
{
	CLEANUP(http_server_close)
	struct http_server *server = calloc(1, sizeof(*server));
	enum status st;

	if (server == NULL)
		return ST_NO_MEMORY;
	server->epoll_fd = -1;
	server->event_fd = -1;
	server->setup = *setup;
	server->secure = setup->tls != NULL;
	if (setup->listeners_count > HTTP_LISTENERS_MAX)
		return ST_LIMIT;
	if (setup->listeners_count > 0)
		memcpy(server->listeners, setup->listeners,
			setup->listeners_count * sizeof(server->listeners[0]));
	server->setup.listeners = server->listeners;
	listeners_sort(server);
	server->setup.connections_max = or_default(setup->connections_max, 1024);
	server->setup.idle_timeout_s = or_default(setup->idle_timeout_s, 75);
	server->setup.header_timeout_s = or_default(setup->header_timeout_s, 10);
	server->setup.transfer_timeout_s = or_default(setup->transfer_timeout_s, 30);
	server->setup.stop_timeout_s = or_default(setup->stop_timeout_s, 10);
	server->now_us = clock_boot_us();
	crypto_random(server->hash_key, sizeof(server->hash_key));
	st = open_parts(server);
	if (st != ST_OK)
		return st;
	*out_server = server;
	server = NULL;
	return ST_OK;
}

/* S2 */
static void out_of_files(struct http_server *server)
{
	listeners_leave_all(server);
	server->accept_at_us = server->now_us + ACCEPT_PAUSE_US;
	if (server->setup.out_of_files == NULL ||
		(server->out_of_files_us != 0 &&
			server->now_us - server->out_of_files_us < OUT_OF_FILES_EVERY_US))
		return;
	server->out_of_files_us = server->now_us;
	server->setup.out_of_files(server->setup.context);
}

/* False when there is none to take. */
static bool accept_one(struct http_server *server, size_t index)
{
	const struct http_listener *listener = &server->listeners[index];
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		server_take(server, fd, listener->id);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		out_of_files(server);
	return false;
}

static void take_results(struct http_server *server)
{
	struct request_state *state;

	while (server->workers != NULL && (state = workers_take_done(server->workers)) != NULL) {
		state->job = JOB_DONE;
		MHD_resume_connection(state->mhd);
	}
}

/* S3. Their clients are connected, and some have sent their requests. */
static void stop_begin(struct http_server *server)
{
	unsigned room = server->setup.connections_max > server->connections_count
				? server->setup.connections_max - server->connections_count
				: 0;

	server->stopping = true;
	server->stop_began_us = server->now_us;
	server->stop_until_us = server->now_us + US_PER_S * (int64_t)server->setup.stop_timeout_s;
	for (size_t i = 0; i < server->setup.listeners_count; i++) {
		while (room > 0 && accept_one(server, i))
			room--;
	}
	listeners_leave_all(server);
	if (server->setup.left != NULL)
		server->setup.left(server->setup.context);
}

static void stop_step(struct http_server *server)
{
	if (!server->stopping)
		stop_begin(server);
	connection_stop_all(server, server->now_us >= server->stop_until_us);
}

/* S2, S4, S5 */
static void accepting_adjust(struct http_server *server, enum http_peer_kind kind)
{
	if (server->setup.sheds && kind == HTTP_PEER_IP && !server_has_room(server, kind))
		shed(server, ip_most(server));
	if (!server_has_room(server, kind))
		listeners_leave(server, kind);
	else if (server->now_us >= server->accept_at_us)
		(void)listeners_watch(server, kind);
}

/* What each turn does beside serving. */
static void housekeeping(struct http_server *server)
{
	linger_sweep(server);
	if (atomic_load(&server->stop_asked)) {
		stop_step(server);
		return;
	}
	accepting_adjust(server, HTTP_PEER_UNIX);
	accepting_adjust(server, HTTP_PEER_IP);
	if (server->now_us - server->swept_at_us >= US_PER_S) {
		server->swept_at_us = server->now_us;
		connection_sweep(server);
	}
}

static int turn_timeout_ms(struct http_server *server, int timeout_ms)
{
	MHD_UNSIGNED_LONG_LONG library_ms;

	if (server->stopping && timeout_ms > STOP_TURN_MS)
		timeout_ms = STOP_TURN_MS;
	if (!(server->accepting[HTTP_PEER_UNIX] && server->accepting[HTTP_PEER_IP]) &&
		timeout_ms > (int)(ACCEPT_PAUSE_US / 1000))
		timeout_ms = (int)(ACCEPT_PAUSE_US / 1000);
	if (server->linger.count > 0 && timeout_ms > LINGER_TURN_MS)
		timeout_ms = LINGER_TURN_MS;
	if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES &&
		library_ms < (MHD_UNSIGNED_LONG_LONG)timeout_ms)
		timeout_ms = (int)library_ms;
	return timeout_ms;
}

static bool stop_complete(const struct http_server *server)
{
	/* A second beyond the deadline for the library to see what was shut down. */
	return server->stopping && ((server->connections_count == 0 && server->arriving == NULL) ||
					   server->now_us >= server->stop_until_us + US_PER_S);
}

bool server_turn(struct http_server *server, int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t wakes;
	int count;

	timeout_ms = turn_timeout_ms(server, timeout_ms);
	if (timeout_ms > 0 && server->setup.before_wait != NULL)
		server->setup.before_wait(server->setup.context);
	count = epoll_wait(server->epoll_fd, events, (int)ARRAY_LEN(events), timeout_ms);
	server->now_us = clock_boot_us();
	for (int i = 0; i < count; i++) {
		uint64_t number = events[i].data.u64;

		if (number == EVENT_WAKE)
			(void)!read(server->event_fd, &wakes, sizeof(wakes));
		else if (number == EVENT_STOP)
			atomic_store(&server->stop_asked, true);
		else if (number < HTTP_LISTENERS_MAX)
			(void)accept_one(server, number);
	}
	take_results(server);
	(void)MHD_run(server->daemon);
	housekeeping(server);
	return !stop_complete(server);
}

enum status http_server_run(struct http_server *server)
{
	if (!listeners_watch(server, HTTP_PEER_UNIX) || !listeners_watch(server, HTTP_PEER_IP))
		return ST_IO;
	while (server_turn(server, TURN_MS))
		continue;
	return ST_OK;
}

void http_server_stop(struct http_server *server)
{
	const uint64_t one = 1;
	int saved = errno; /* may run in a signal handler */

	atomic_store(&server->stop_asked, true);
	(void)!write(server->event_fd, &one, sizeof(one));
	errno = saved;
}

unsigned http_server_connections(const struct http_server *server)
{
	return server->connections_count;
}

void http_server_close(struct http_server **server_at)
{
	struct http_server *server = *server_at;

	if (server == NULL)
		return;
	if (server->workers != NULL) {
		/* The library cannot stop while a request is suspended. */
		workers_join(server->workers);
		take_results(server);
		(void)MHD_run(server->daemon);
	}
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	workers_free(&server->workers);
	while (server->arriving != NULL) {
		struct http_connection *next = server->arriving->next;

		free(server->arriving);
		server->arriving = next;
	}
	linger_end(server);
	request_states_free(server);
	if (server->event_fd >= 0)
		close(server->event_fd);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	free(server);
	*server_at = NULL;
}

int http_stop_fd_make(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) != 0)
		return -1;
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}
