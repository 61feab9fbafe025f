/*
 * Connections that were refused while their client was still sending. Closing at
 * once with bytes unread resets the connection, and the client may lose the answer
 * that says what was wrong. So a duplicate is held for a while, and what comes is
 * read and thrown away. The library has said that no more answers come.
 */
#include "http/internal.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_US (2 * US_PER_S)
#define SWEEP_US (US_PER_S / 50)
#define PIECES_MAX 16u /* of one connection in one turn */

/* Throw away what is there. True when more may come. */
static bool drain(int fd)
{
	char piece[4096];

	for (unsigned i = 0; i < PIECES_MAX; i++) {
		ssize_t got = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);

		if (got == 0 || (got < 0 && errno != EINTR))
			return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
	}
	return true;
}

void linger_begin(struct http_server *server, int fd)
{
	struct lingering *linger = &server->linger;

	if (server->stopping || linger->count == LINGER_MAX || !drain(fd))
		return;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* The library only closes, and ours keeps it open: the client waits for the end. */
	(void)shutdown(fd, SHUT_WR);
	linger->fds[linger->count] = fd;
	linger->until_us[linger->count++] = server->now_us + LINGER_US;
}

void linger_sweep(struct http_server *server)
{
	struct lingering *linger = &server->linger;
	unsigned kept = 0;

	if (linger->count == 0 || server->now_us - linger->swept_at_us < SWEEP_US)
		return;
	linger->swept_at_us = server->now_us;
	for (unsigned i = 0; i < linger->count; i++) {
		if (!drain(linger->fds[i]) || server->now_us >= linger->until_us[i]) {
			close(linger->fds[i]);
			continue;
		}
		linger->fds[kept] = linger->fds[i];
		linger->until_us[kept++] = linger->until_us[i];
	}
	linger->count = kept;
}

void linger_end(struct http_server *server)
{
	for (unsigned i = 0; i < server->linger.count; i++)
		close(server->linger.fds[i]);
	server->linger.count = 0;
}
