#include "llaverod/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static enum status complain(struct complaint *complaint, const char *address, int error)
{
	const char *key = "daemon.listen_failed";

	if (error == EADDRINUSE)
		key = "daemon.address_taken";
	else if (error == EACCES || error == EPERM)
		key = "daemon.address_denied";
	else if (error == EADDRNOTAVAIL)
		key = "daemon.address_elsewhere";
	else if (error == ENOENT || error == ENOTDIR)
		key = "daemon.socket_folder_missing";
	complaint_set(complaint, key, 2, "address", address, "reason", strerror(error));
	return status_from_errno(error);
}

static int socket_failed(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

static int listen_ip(const struct config_listen *listen_at)
{
	int fd =
		socket(listen_at->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int one = 1, zero = 0;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* "*" takes IPv4 as well. */
	if (listen_at->address.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, (const struct sockaddr *)&listen_at->address, listen_at->address_len) != 0 ||
		listen(fd, BACKLOG) != 0)
		return socket_failed(fd);
	return fd;
}

/* Is somebody listening there? A socket that a dead daemon left is removed. */
static bool unix_taken(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat info;
	bool alive;

	if (lstat(address->sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) {
		close(fd);
		return false; /* bind says what is the matter, if anything is */
	}
	alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		errno == EAGAIN;
	close(fd);
	if (!alive)
		(void)unlink(address->sun_path);
	return alive;
}

/* Its folder under /run may be gone after a start of the machine. */
static void folder_make(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	size_t end = 0;

	for (size_t i = 0; path[i] != '\0' && i < sizeof(folder) - 1; i++) {
		folder[i] = path[i];
		if (path[i] == '/')
			end = i;
	}
	folder[end] = '\0';
	if (end > 0)
		(void)mkdir(folder, 0755);
}

static int listen_unix(const char *path, mode_t mode, const char *group)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct group *entry = group[0] == '\0' ? NULL : getgrnam(group);
	int fd;
	mode_t mask;

	memcpy(address.sun_path, path, strlen(path) + 1); /* its length was checked */
	folder_make(path);
	if (unix_taken(&address)) {
		errno = EADDRINUSE;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	mask = umask((mode_t)(0777 & ~mode));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		umask(mask);
		return socket_failed(fd);
	}
	umask(mask);
	/* Whoever may write to the folder could put a link in its place: none is followed. */
	if (fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) != 0 ||
		(entry != NULL && lchown(path, (uid_t)-1, entry->gr_gid) != 0) ||
		listen(fd, BACKLOG) != 0) {
		(void)unlink(path);
		return socket_failed(fd);
	}
	return fd;
}

struct opening {
	struct sockets *sockets;
	struct http_listener *list;
	size_t *count;
	struct complaint *complaint;
};

static enum status add(struct opening *opening, int fd, const char *address, const char *path)
{
	if (fd < 0)
		return complain(opening->complaint, address, errno);
	opening->list[*opening->count] =
		(struct http_listener){ .fd = fd, .id = (unsigned)*opening->count };
	(*opening->count)++;
	if (path != NULL)
		opening->sockets->paths[opening->sockets->paths_count++] = path;
	return ST_OK;
}

static enum status add_listens(struct opening *opening, const struct config_listens *listens)
{
	for (size_t i = 0; i < listens->count; i++) {
		enum status st =
			add(opening, listen_ip(&listens->items[i]), listens->items[i].text, NULL);

		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

static enum status add_unix(
	struct opening *opening, const char *path, mode_t mode, const char *group)
{
	if (path == NULL || path[0] == '\0')
		return ST_OK;
	if (group[0] != '\0' && getgrnam(group) == NULL) {
		complaint_set(opening->complaint, "daemon.socket_group_unknown", 1, "name", group);
		return ST_NOT_FOUND;
	}
	return add(opening, listen_unix(path, mode, group), path, path);
}

/* In the order of gate_accounts (role.c). */
static enum status open_gate(const struct config *config, struct opening *opening)
{
	enum status st = add_listens(opening, &config->gate.listen);

	if (st == ST_OK)
		st = add_unix(opening, config->gate.socket, 0660, config->gate.socket_group);
	for (size_t i = 0; st == ST_OK && i < config->gate.listeners_count; i++) {
		st = add_listens(opening, &config->gate.listeners[i].listen);
		if (st == ST_OK)
			st = add_unix(opening, config->gate.listeners[i].socket, 0660,
				config->gate.socket_group);
	}
	return st;
}

enum status sockets_open(
	const struct config *config, struct sockets *out_sockets, struct complaint *complaint)
{
	struct opening gate = { out_sockets, out_sockets->gate, &out_sockets->gate_count,
		complaint };
	struct opening keeper = { out_sockets, out_sockets->keeper, &out_sockets->keeper_count,
		complaint };
	struct opening public = { out_sockets, out_sockets->public, &out_sockets->public_count,
		complaint };
	enum status st;

	memset(out_sockets, 0, sizeof(*out_sockets));
	st = open_gate(config, &gate);
	if (st == ST_OK)
		st = add_unix(&keeper, config->keeper.socket, 0600, "");
	if (st == ST_OK)
		st = add_listens(&keeper, &config->keeper.listen);
	if (st == ST_OK)
		st = add_listens(&public, &config->public.listen);
	if (st != ST_OK)
		sockets_close(out_sockets);
	return st;
}

void sockets_close_gate(struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->gate_count; i++)
		close(sockets->gate[i].fd);
	sockets->gate_count = 0;
}

void sockets_close_keeper(struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->keeper_count; i++)
		close(sockets->keeper[i].fd);
	for (size_t i = 0; i < sockets->public_count; i++)
		close(sockets->public[i].fd);
	sockets->keeper_count = 0;
	sockets->public_count = 0;
}

void sockets_close(struct sockets *sockets)
{
	sockets_close_gate(sockets);
	sockets_close_keeper(sockets);
	for (size_t i = 0; i < sockets->paths_count; i++)
		(void)unlink(sockets->paths[i]);
	sockets->paths_count = 0;
}
