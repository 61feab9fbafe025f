#include "llaverod/instance.h"

#include "base/data_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status complain(
	struct complaint *complaint, const char *key, const char *path, int error)
{
	complaint_set(complaint, key, 2, "path", path, "reason", strerror(error));
	return error == 0 ? ST_DENIED : status_from_errno(error);
}

static enum status directory_check(
	const char *data_dir, uid_t uid, gid_t gid, struct complaint *complaint)
{
	struct stat info;

	if (stat(data_dir, &info) != 0 && errno == ENOENT) {
		if (mkdir(data_dir, 0750) != 0)
			return complain(complaint, "daemon.data_dir_missing", data_dir, errno);
		if (uid != (uid_t)-1 && chown(data_dir, uid, gid) != 0)
			return complain(complaint, "daemon.data_dir_unwritable", data_dir, errno);
	}
	if (stat(data_dir, &info) != 0)
		return complain(complaint, "daemon.data_dir_missing", data_dir, errno);
	if (!S_ISDIR(info.st_mode))
		return complain(complaint, "daemon.data_dir_missing", data_dir, ENOTDIR);
	if ((info.st_mode & S_IWOTH) != 0) {
		complaint_set(complaint, "daemon.data_dir_open", 1, "path", data_dir);
		return ST_DENIED;
	}
	return ST_OK;
}

/*
 * What a gate may read stands in folders of its own, which are there before any
 * gate closes its sandbox: a rule can name only what exists.
 */
static enum status folder_make(
	const char *data_dir, const char *name, uid_t uid, gid_t gid, struct complaint *complaint)
{
	char path[4096];
	int len = snprintf(path, sizeof(path), "%s/%s", data_dir, name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return complain(complaint, "daemon.data_dir_unwritable", data_dir, ENAMETOOLONG);
	if (mkdir(path, 0750) != 0)
		return errno == EEXIST
			       ? ST_OK
			       : complain(complaint, "daemon.data_dir_unwritable", path, errno);
	if (uid != (uid_t)-1 && chown(path, uid, gid) != 0)
		return complain(complaint, "daemon.data_dir_unwritable", path, errno);
	return ST_OK;
}

static enum status format_write(
	int dir_fd, const char *data_dir, uid_t uid, gid_t gid, struct complaint *complaint)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u\n", INSTANCE_FORMAT);
	int fd = openat(dir_fd, "format.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	bool ok = fd >= 0 && write(fd, text, (size_t)len) == len && fsync(fd) == 0 &&
		  (uid == (uid_t)-1 || fchown(fd, uid, gid) == 0) &&
		  renameat(dir_fd, "format.new", dir_fd, "format") == 0 && fsync(dir_fd) == 0;
	int error = errno;

	if (fd >= 0)
		close(fd);
	return ok ? ST_OK : complain(complaint, "daemon.data_dir_unwritable", data_dir, error);
}

static enum status format_check(
	int dir_fd, const char *data_dir, uid_t uid, gid_t gid, struct complaint *complaint)
{
	int fd = openat(dir_fd, "format", O_RDONLY | O_CLOEXEC);
	char text[16] = { 0 }, ours[16];
	struct span number;
	uint64_t format;
	ssize_t got;

	if (fd < 0 && errno == ENOENT)
		return format_write(dir_fd, data_dir, uid, gid, complaint);
	if (fd < 0)
		return complain(complaint, "daemon.data_dir_unwritable", data_dir, errno);
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	number = span_of(text, got > 0 ? (size_t)got : 0);
	number = span_part(number, 0, span_find(number, '\n'));
	if (span_to_u64(number, &format) && format > 0 && format <= INSTANCE_FORMAT)
		return ST_OK;
	snprintf(ours, sizeof(ours), "%u", INSTANCE_FORMAT);
	text[number.len] = '\0';
	complaint_set(complaint, "daemon.data_dir_newer", 3, "path", data_dir, "format", text,
		"ours", ours);
	return ST_FORMAT;
}

enum status instance_open(
	const char *data_dir, uid_t uid, gid_t gid, int *out_lock_fd, struct complaint *complaint)
{
	enum status st = directory_check(data_dir, uid, gid, complaint);
	int dir_fd, fd = -1;

	if (st != ST_OK)
		return st;
	dir_fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return complain(complaint, "daemon.data_dir_unwritable", data_dir, errno);
	st = data_lock_take(data_dir, uid, gid, &fd, complaint);
	if (st == ST_OK)
		st = format_check(dir_fd, data_dir, uid, gid, complaint);
	if (st == ST_OK)
		st = folder_make(data_dir, "index", uid, gid, complaint);
	if (st == ST_OK)
		st = folder_make(data_dir, "gate", uid, gid, complaint);
	if (st == ST_OK)
		st = folder_make(data_dir, "ledger", uid, gid, complaint);
	close(dir_fd);
	if (st != ST_OK && fd >= 0)
		close(fd);
	if (st == ST_OK)
		*out_lock_fd = fd;
	return st;
}
