#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/limits.h> /* base has a limits.h of its own */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

enum status file_read(const char *path, struct buf *out)
{
	CLEANUP(close_fd)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char piece[4096];
	ssize_t got;

	if (fd < 0)
		return errno == ELOOP ? ST_DENIED : status_from_errno(errno);
	while ((got = read(fd, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return status_from_errno(errno);
		buf_append(out, span_of(piece, (size_t)got));
		if (!buf_ok(out))
			return ST_LIMIT;
	}
	return ST_OK;
}

static enum status write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.ptr, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return status_from_errno(errno);
		bytes = span_part(bytes, (size_t)put, bytes.len);
	}
	return ST_OK;
}

static enum status write_new(const char *path, struct span bytes, unsigned mode)
{
	CLEANUP(close_fd)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum status st;

	if (fd < 0)
		return status_from_errno(errno);
	st = write_all(fd, bytes);
	/* The umask does not take part. */
	if (st == ST_OK && fchmod(fd, mode) != 0)
		st = status_from_errno(errno);
	if (st == ST_OK && fsync(fd) != 0)
		st = status_from_errno(errno);
	return st;
}

enum status directory_sync(const char *path_in_it)
{
	char copy[PATH_MAX];
	struct buf b = BUF_ARRAY(copy);
	CLEANUP(close_fd)
	int fd = -1;

	buf_append_str(&b, path_in_it);
	if (!buf_ok(&b))
		return ST_LIMIT;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return status_from_errno(errno);
	return ST_OK;
}

/* Written beside and then put in place: a file of the name is always whole. */
static enum status put_in_place(const char *path, struct span bytes, unsigned mode, bool replace)
{
	char beside[PATH_MAX];
	struct buf b = BUF_ARRAY(beside);
	enum status st;

	buf_printf(&b, "%s.new", path);
	if (!buf_ok(&b))
		return ST_LIMIT;
	/* What an earlier end left half-written. */
	if (unlink(beside) != 0 && errno != ENOENT)
		return status_from_errno(errno);
	st = write_new(beside, bytes, mode);
	if (st == ST_OK && replace && rename(beside, path) != 0)
		st = status_from_errno(errno);
	/* link() refuses a name that is there. */
	if (st == ST_OK && !replace && link(beside, path) != 0)
		st = status_from_errno(errno);
	if (st != ST_OK || !replace)
		(void)unlink(beside);
	return st == ST_OK ? directory_sync(path) : st;
}

enum status file_create(const char *path, struct span bytes, unsigned mode)
{
	return put_in_place(path, bytes, mode, false);
}

enum status file_replace(const char *path, struct span bytes, unsigned mode)
{
	return put_in_place(path, bytes, mode, true);
}
