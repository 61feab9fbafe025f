#include "base/data_lock.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOCK_FILE "llaverod.lock"
/* The children of a daemon that was killed hold its lock a moment longer. */
#define LOCK_WAIT_US (2 * US_PER_S)

static enum status complain(struct complaint *complaint, const char *data_dir, int error)
{
	complaint_set(complaint, "daemon.data_dir_unwritable", 2, "path", data_dir, "reason",
		strerror(error));
	return error == 0 ? ST_DENIED : status_from_errno(error);
}

static void lock_holder(int fd, char *out, size_t size)
{
	ssize_t got = pread(fd, out, size - 1, 0);

	out[got > 0 ? got : 0] = '\0';
	for (char *c = out; *c != '\0'; c++) {
		if (*c < '0' || *c > '9')
			*c = '\0';
	}
}

static enum status lock_wait(int fd, const char *data_dir, struct complaint *complaint)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int64_t until_us = clock_boot_us() + LOCK_WAIT_US;
	char pid[24];
	int len;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return complain(complaint, data_dir, errno);
		if (clock_boot_us() >= until_us) {
			lock_holder(fd, pid, sizeof(pid));
			complaint_set(complaint, "daemon.already_running", 2, "path", data_dir,
				"pid", pid[0] == '\0' ? "?" : pid);
			return ST_BUSY;
		}
		nanosleep(&pause, NULL);
	}
	len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)len, 0) != len)
		return complain(complaint, data_dir, errno);
	return ST_OK;
}

enum status data_lock_take(
	const char *data_dir, uid_t uid, gid_t gid, int *out_fd, struct complaint *complaint)
{
	CLEANUP(close_fd)
	int fd = -1;
	char path[4096];
	struct buf name = BUF_ARRAY(path);
	enum status st;

	buf_printf(&name, "%s/" LOCK_FILE, data_dir);
	if (!buf_ok(&name))
		return complain(complaint, data_dir, ENAMETOOLONG);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0 && errno == EACCES && access(path, F_OK) == 0) {
		complaint_set(complaint, "daemon.data_file_foreign", 2, "path", path, "reason",
			strerror(errno));
		return ST_DENIED;
	}
	if (fd < 0)
		return complain(complaint, data_dir, errno);
	st = lock_wait(fd, data_dir, complaint);
	if (st == ST_OK && uid != (uid_t)-1 && fchown(fd, uid, gid) != 0)
		st = complain(complaint, data_dir, errno);
	if (st != ST_OK)
		return st;
	*out_fd = fd;
	/* Read by the cleanup, of which the analyser does not know. */
	fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores) */
	return ST_OK;
}
