#include "llaverod/instance.h"

#include "base/data_lock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_SIZE 4096

static enum status complain(
	struct complaint *complaint, const char *key, const char *path, int error)
{
	complaint_set(complaint, key, 2, "path", path, "reason", strerror(error));
	return error == 0 ? ST_DENIED : status_from_errno(error);
}

static enum status place(
	char out[PLACE_SIZE], const char *data_dir, const char *name, struct complaint *complaint)
{
	int len = snprintf(out, PLACE_SIZE, "%s/%s", data_dir, name);

	if (len > 0 && (size_t)len < PLACE_SIZE)
		return ST_OK;
	return complain(complaint, "daemon.data_dir_unwritable", data_dir, ENAMETOOLONG);
}

static enum status directory_check(
	const char *data_dir, uid_t uid, gid_t gid, struct complaint *complaint)
{
	struct stat info;

	if (stat(data_dir, &info) != 0 && errno == ENOENT) {
		if (mkdir(data_dir, 0750) != 0)
			return complain(complaint, "daemon.data_dir_missing", data_dir, errno);
		if (uid != (uid_t)-1 && lchown(data_dir, uid, gid) != 0)
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
static enum status folder_make(const char *data_dir, const char *name, struct complaint *complaint)
{
	char path[PLACE_SIZE];
	enum status st = place(path, data_dir, name, complaint);

	if (st != ST_OK || mkdir(path, 0750) == 0 || errno == EEXIST)
		return st;
	return complain(complaint, "daemon.data_dir_unwritable", path, errno);
}

/* What somebody else left here, root after a command for example, would fail later and darkly. */
static enum status ours_check(const char *data_dir, struct complaint *complaint)
{
	static const struct {
		const char *name;
		int needed;
	} OURS[] = {
		{ "index", R_OK | W_OK | X_OK },
		{ "gate", R_OK | W_OK | X_OK },
		{ "ledger", R_OK | W_OK | X_OK },
		{ "records.db", R_OK | W_OK },
		{ "high-water", R_OK },
	};
	char path[PLACE_SIZE];
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < ARRAY_LEN(OURS); i++) {
		st = place(path, data_dir, OURS[i].name, complaint);
		if (st == ST_OK && faccessat(AT_FDCWD, path, OURS[i].needed, AT_EACCESS) != 0 &&
			errno != ENOENT)
			st = complain(complaint, "daemon.data_file_foreign", path, errno);
	}
	return st;
}

static enum status format_write(int dir_fd, const char *data_dir, struct complaint *complaint)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u\n", INSTANCE_FORMAT);
	int fd = openat(dir_fd, "format.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	bool ok = fd >= 0 && write(fd, text, (size_t)len) == len && fsync(fd) == 0 &&
		  renameat(dir_fd, "format.new", dir_fd, "format") == 0 && fsync(dir_fd) == 0;
	int error = errno;

	if (fd >= 0)
		close(fd);
	return ok ? ST_OK : complain(complaint, "daemon.data_dir_unwritable", data_dir, error);
}

/* *out_found: there is one, and it is one that we know. */
static enum status format_check(
	int dir_fd, const char *data_dir, bool *out_found, struct complaint *complaint)
{
	int fd = openat(dir_fd, "format", O_RDONLY | O_CLOEXEC);
	char text[16] = { 0 }, ours[16];
	struct span number;
	uint64_t format;
	ssize_t got;

	*out_found = false;
	if (fd < 0 && errno == ENOENT)
		return ST_OK;
	if (fd < 0)
		return complain(complaint, "daemon.data_dir_unwritable", data_dir, errno);
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	number = span_of(text, got > 0 ? (size_t)got : 0);
	number = span_part(number, 0, span_find(number, '\n'));
	*out_found = span_to_u64(number, &format) && format > 0 && format <= INSTANCE_FORMAT;
	if (*out_found)
		return ST_OK;
	snprintf(ours, sizeof(ours), "%u", INSTANCE_FORMAT);
	text[number.len] = '\0';
	complaint_set(complaint, "daemon.data_dir_newer", 3, "path", data_dir, "format", text,
		"ours", ours);
	return ST_FORMAT;
}

static enum status directory_open(
	const char *data_dir, int *out_fd, bool *out_formatted, struct complaint *complaint)
{
	enum status st;

	*out_fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*out_fd < 0)
		return complain(complaint, "daemon.data_dir_unwritable", data_dir, errno);
	st = format_check(*out_fd, data_dir, out_formatted, complaint);
	if (st != ST_OK)
		close_fd(out_fd);
	return st;
}

enum status instance_lock(
	const char *data_dir, uid_t uid, gid_t gid, int *out_lock_fd, struct complaint *complaint)
{
	CLEANUP(close_fd)
	int dir_fd = -1;
	enum status st = directory_check(data_dir, uid, gid, complaint);
	bool formatted = false;

	/* Before the lock's file is made: a newer version's directory is left as it is. */
	if (st == ST_OK)
		st = directory_open(data_dir, &dir_fd, &formatted, complaint);
	if (st == ST_OK)
		st = data_lock_take(data_dir, uid, gid, out_lock_fd, complaint);
	return st;
}

enum status instance_prepare(const char *data_dir, struct complaint *complaint)
{
	static const char *const FOLDERS[] = { "index", "gate", "ledger" };
	CLEANUP(close_fd)
	int dir_fd = -1;
	bool formatted = false;
	enum status st = directory_open(data_dir, &dir_fd, &formatted, complaint);

	if (st == ST_OK && faccessat(dir_fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		st = complain(complaint, "daemon.data_dir_unwritable", data_dir, errno);
	if (st == ST_OK)
		st = ours_check(data_dir, complaint);
	if (st == ST_OK && !formatted)
		st = format_write(dir_fd, data_dir, complaint);
	for (size_t i = 0; st == ST_OK && i < ARRAY_LEN(FOLDERS); i++)
		st = folder_make(data_dir, FOLDERS[i], complaint);
	return st;
}
