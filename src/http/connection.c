/* Connections: who is at the other end, and how long each phase may take. */
#include "http/internal.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* At a stop, how long one that has just connected may take to send its request. */
#define FIRST_REQUEST_US US_PER_S

static bool is_unix_socket(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

/*
 * libc's function, for every library of the program: an executable's own symbol
 * comes first. libmicrohttpd 0.9.75 wants TCP_NODELAY on and TCP_CORK off after
 * each answer and remembers what succeeded. On a unix socket neither can, so with
 * every answer it made two calls in vain and looked up two error texts. A unix
 * socket never holds back what was sent: what is wanted is so already. Later
 * versions of the library know this themselves.
 */
__attribute__((visibility("default"))) int setsockopt(
	int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == IPPROTO_TCP && is_unix_socket(fd))
		return 0;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* The peer of a connected socket; false when it cannot be told. */
static bool peer_read(int fd, struct http_peer *out_peer)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} address;
	socklen_t len = sizeof(address);
	struct ucred credentials;
	socklen_t credentials_len = sizeof(credentials);

	memset(out_peer, 0, sizeof(*out_peer));
	memset(&address, 0, sizeof(address));
	if (getpeername(fd, &address.any, &len) != 0)
		return false;
	switch (address.any.sa_family) {
	case AF_UNIX:
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &credentials_len) != 0)
			return false;
		out_peer->kind = HTTP_PEER_UNIX;
		out_peer->uid = credentials.uid;
		out_peer->gid = credentials.gid;
		out_peer->pid = credentials.pid;
		return true;
	case AF_INET:
		out_peer->kind = HTTP_PEER_IP;
		memset(out_peer->address + 10, 0xFF, 2);
		memcpy(out_peer->address + 12, &address.v4.sin_addr, 4);
		out_peer->port = ntohs(address.v4.sin_port);
		return true;
	case AF_INET6:
		out_peer->kind = HTTP_PEER_IP;
		memcpy(out_peer->address, &address.v6.sin6_addr, 16);
		out_peer->port = ntohs(address.v6.sin6_port);
		return true;
	default:
		return false;
	}
}

void http_peer_append(struct buf *out, const struct http_peer *peer)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	char text[INET6_ADDRSTRLEN];

	if (peer->kind == HTTP_PEER_UNIX) {
		buf_printf(out, "unix:%u", (unsigned)peer->uid);
		return;
	}
	if (memcmp(peer->address, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, peer->address + 12, text, sizeof(text));
	else
		inet_ntop(AF_INET6, peer->address, text, sizeof(text));
	buf_append_str(out, text);
}

static int64_t phase_allowance_us(
	const struct http_connection *connection, enum connection_phase phase, uint64_t bytes)
{
	const struct http_server_setup *setup = &connection->server->setup;

	switch (phase) {
	case PHASE_WAITING:
		/* A new connection owes its request at once; a kept one may rest. */
		return US_PER_S *
		       (connection->served_one ? setup->idle_timeout_s : setup->header_timeout_s);
	case PHASE_HEADERS:
		return US_PER_S * setup->header_timeout_s;
	case PHASE_BODY:
	case PHASE_ANSWER:
		return US_PER_S * (setup->transfer_timeout_s + (int64_t)(bytes / (16 * KIB)));
	case PHASE_HANDLER:
		break;
	}
	return INT64_MAX / 2;
}

void connection_phase(
	struct http_connection *connection, enum connection_phase phase, uint64_t bytes)
{
	if (phase == PHASE_WAITING)
		connection->served_one = true;
	connection->phase = phase;
	connection->phase_began_us = connection->server->now_us;
	connection->phase_end_us =
		connection->server->now_us + phase_allowance_us(connection, phase, bytes);
}

static struct http_connection *arriving_take(struct http_server *server, int fd)
{
	for (struct http_connection **at = &server->arriving; *at != NULL; at = &(*at)->next) {
		struct http_connection *connection = *at;

		if (connection->fd == fd) {
			*at = connection->next;
			connection->next = NULL;
			return connection;
		}
	}
	return NULL;
}

static void connection_link(struct http_connection *connection)
{
	struct http_server *server = connection->server;

	connection->previous = NULL;
	connection->next = server->connections;
	if (connection->next != NULL)
		connection->next->previous = connection;
	server->connections = connection;
	server->connections_count++;
	server->ip_count += connection->peer.kind == HTTP_PEER_IP;
	server->strangers_count += connection->stranger;
	connection->phase_began_us = server->now_us;
	connection->phase_end_us =
		server->now_us + phase_allowance_us(connection, PHASE_WAITING, 0);
}

static void connection_unlink(struct http_connection *connection)
{
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		connection->server->connections = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	connection->server->connections_count--;
	connection->server->ip_count -= connection->peer.kind == HTTP_PEER_IP;
	connection->server->strangers_count -= connection->stranger;
}

static bool is_stranger(const struct http_server *server, const struct http_peer *peer)
{
	return server->setup.known != NULL && !server->setup.known(server->setup.context, peer);
}

void connection_notify(void *context, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		struct http_connection *connection = *socket_context;

		*socket_context = NULL;
		if (connection != NULL) {
			connection_unlink(connection);
			/* One without a request may have been refused by the library itself. */
			if (connection->refused || !connection->served_one)
				linger_begin(server, connection->fd);
		}
		free(connection);
		return;
	}
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	*socket_context = info == NULL ? NULL : arriving_take(server, info->connect_fd);
	if (*socket_context != NULL)
		connection_link(*socket_context);
	if (server->secure)
		tls_begin(mhd);
}

void server_take(struct http_server *server, int fd, unsigned listener)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	if (connection == NULL || !peer_read(fd, &connection->peer) ||
		getpeername(fd, (struct sockaddr *)&address, &len) != 0) {
		free(connection);
		close(fd);
		return;
	}
	connection->stranger = is_stranger(server, &connection->peer);
	if (connection->stranger && !server_has_room_for_strangers(server)) {
		free(connection);
		close(fd);
		return;
	}
	/* One that the library dropped without a word had the same number. */
	free(arriving_take(server, fd));
	connection->server = server;
	connection->fd = fd;
	connection->listener = listener;
	connection->next = server->arriving;
	server->arriving = connection;
	/* The library wants some address, and calls none what a unix socket has. */
	if (len < sizeof(struct sockaddr))
		len = sizeof(struct sockaddr);
	if (MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, len) != MHD_YES)
		free(arriving_take(server, fd)); /* the library has closed it */
}

/* 408 for a request that has begun; the library would close without a word. */
static void send_timeout(int fd)
{
	static const char answer[] = "HTTP/1.1 408 Request Timeout\r\n"
				     "Connection: close\r\nContent-Length: 0\r\n\r\n";

	(void)!send(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void connection_cut(struct http_connection *connection, int how)
{
	connection->cut = true;
	(void)shutdown(connection->fd, how);
}

void connection_sweep(struct http_server *server)
{
	for (struct http_connection *c = server->connections; c != NULL; c = c->next) {
		if (c->cut || server->now_us < c->phase_end_us)
			continue;
		/* Inside TLS only the library may speak. */
		if (!server->secure && (c->phase == PHASE_HEADERS || c->phase == PHASE_BODY))
			send_timeout(c->fd);
		connection_cut(c, SHUT_RDWR);
	}
}

void connection_stop_all(struct http_server *server, bool also_busy)
{
	for (struct http_connection *c = server->connections; c != NULL; c = c->next) {
		if (also_busy)
			connection_cut(c, SHUT_RDWR);
		else if (!c->cut && c->phase == PHASE_WAITING &&
			 (c->served_one ||
				 server->now_us - server->stop_began_us >= FIRST_REQUEST_US))
			/* What has already arrived is still read and answered. */
			connection_cut(c, SHUT_RD);
	}
}
