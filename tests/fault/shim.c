/*
 * Preloaded into a process, it lets chosen calls fail on demand, as a full or broken disk
 * would, shifts the wall clock or all time, and makes chance the same in every run. What to
 * do stands in a file that the process maps at its start (FAULT_SHIM names it) and that a test
 * writes to at any time. Only regular files are
 * concerned, and not standard error: a log is no disk of ours.
 */
#include "control.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define INODES_MAX 8
#define UP_S 1000000000 /* so long a machine runs on another day, at least */

enum call_class {
	CLASS_WRITE = 1,
	CLASS_SYNC = 2,
	CLASS_SIZE = 4,
	CLASS_NAME = 8,
	CLASS_READ = 16
};

/* tests/fault/lib/shim.mjs writes the same. */
struct control {
	_Atomic uint32_t mask;   /* of call classes; 0: nothing fails */
	_Atomic uint32_t error;  /* errno */
	_Atomic int32_t passing; /* so many calls are let through first */
	_Atomic int32_t failing; /* then so many fail; negative: all */
	_Atomic uint32_t failed; /* counted here */
	_Atomic uint32_t inodes_count;
	_Atomic uint64_t inodes[INODES_MAX]; /* only these files; none: all */
	_Atomic int64_t clock_offset_s;
	_Atomic int64_t time_offset_s; /* of wall and boot clock: it is another day */
	_Atomic uint64_t chance;       /* 0: real; else where the row of numbers stands */
};

static struct control idle;
static struct control *control = &idle;

__attribute__((constructor)) static void shim_start(void)
{
	control = control_map("FAULT_SHIM", sizeof(*control), &idle);
}

static void *next_of(_Atomic(void *) *known, const char *name)
{
	void *found = atomic_load(known);

	if (found == NULL) {
		found = dlsym(RTLD_NEXT, name);
		if (found == NULL)
			abort();
		atomic_store(known, found);
	}
	return found;
}

/* The function of this name that we stand before. */
#define NEXT(name)                                                                                 \
	static _Atomic(void *) known_##name;                                                       \
	__typeof__(&name) next_##name;                                                             \
	*(void **)&next_##name = next_of(&known_##name, #name)

static bool concerns(int fd)
{
	uint32_t count = atomic_load(&control->inodes_count);
	struct stat info;

	if (fd == STDERR_FILENO || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return false;
	for (uint32_t i = 0; i < count && i < INODES_MAX; i++) {
		if (atomic_load(&control->inodes[i]) == info.st_ino)
			return true;
	}
	return count == 0;
}

/* Is it this call's turn to fail? */
static bool fails(void)
{
	if (atomic_fetch_sub(&control->passing, 1) > 0)
		return false;
	if (atomic_load(&control->failing) == 0)
		return false;
	if (atomic_load(&control->failing) > 0)
		atomic_fetch_sub(&control->failing, 1);
	atomic_fetch_add(&control->failed, 1);
	errno = (int)atomic_load(&control->error);
	return true;
}

static bool fd_fails(enum call_class class, int fd)
{
	return (atomic_load(&control->mask) & class) != 0 && concerns(fd) && fails();
}

static bool name_fails(void)
{
	return (atomic_load(&control->mask) & CLASS_NAME) != 0 &&
	       atomic_load(&control->inodes_count) == 0 && fails();
}

/* ---- writing ---- */

EXPORT ssize_t write(int fd, const void *bytes, size_t count)
{
	NEXT(write);
	return fd_fails(CLASS_WRITE, fd) ? -1 : next_write(fd, bytes, count);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	NEXT(pwrite64);
	return fd_fails(CLASS_WRITE, fd) ? -1 : next_pwrite64(fd, bytes, count, at);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
	NEXT(writev);
	return fd_fails(CLASS_WRITE, fd) ? -1 : next_writev(fd, parts, count);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
	NEXT(pwritev64);
	return fd_fails(CLASS_WRITE, fd) ? -1 : next_pwritev64(fd, parts, count, at);
}

/* ---- reading ---- */

EXPORT ssize_t read(int fd, void *bytes, size_t count)
{
	NEXT(read);
	return fd_fails(CLASS_READ, fd) ? -1 : next_read(fd, bytes, count);
}

EXPORT ssize_t pread(int fd, void *bytes, size_t count, off_t at)
{
	NEXT(pread64);
	return fd_fails(CLASS_READ, fd) ? -1 : next_pread64(fd, bytes, count, at);
}

/* ---- to disk ---- */

EXPORT int fsync(int fd)
{
	NEXT(fsync);
	return fd_fails(CLASS_SYNC, fd) ? -1 : next_fsync(fd);
}

EXPORT int fdatasync(int fd)
{
	NEXT(fdatasync);
	return fd_fails(CLASS_SYNC, fd) ? -1 : next_fdatasync(fd);
}

/* ---- sizes ---- */

EXPORT int ftruncate(int fd, off_t size)
{
	NEXT(ftruncate64);
	return fd_fails(CLASS_SIZE, fd) ? -1 : next_ftruncate64(fd, size);
}

EXPORT int posix_fallocate(int fd, off_t at, off_t size)
{
	NEXT(posix_fallocate64);
	return fd_fails(CLASS_SIZE, fd) ? errno : next_posix_fallocate64(fd, at, size);
}

/* ---- names ---- */

EXPORT int rename(const char *from, const char *to)
{
	NEXT(rename);
	return name_fails() ? -1 : next_rename(from, to);
}

EXPORT int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	NEXT(renameat);
	return name_fails() ? -1 : next_renameat(from_dir, from, to_dir, to);
}

EXPORT int symlinkat(const char *target, int dir, const char *path)
{
	NEXT(symlinkat);
	return name_fails() ? -1 : next_symlinkat(target, dir, path);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	NEXT(mkdir);
	return name_fails() ? -1 : next_mkdir(path, mode);
}

static mode_t mode_of(int flags, va_list *more)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(*more, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...)
{
	NEXT(open64);
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = mode_of(flags, &more);
	va_end(more);
	return (flags & O_CREAT) != 0 && name_fails() ? -1 : next_open64(path, flags, mode);
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
	NEXT(openat64);
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = mode_of(flags, &more);
	va_end(more);
	return (flags & O_CREAT) != 0 && name_fails() ? -1 : next_openat64(dir, path, flags, mode);
}

/* The libraries were built with either name. */
#ifndef __OFF_T_MATCHES_OFF64_T
#error "off_t and off64_t differ here"
#endif
EXPORT ssize_t pread64(int fd, void *bytes, size_t count, off_t at) __attribute__((alias("pread")));
EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at)
	__attribute__((alias("pwrite")));
EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at)
	__attribute__((alias("pwritev")));
EXPORT int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));
EXPORT int posix_fallocate64(int fd, off_t at, off_t size)
	__attribute__((alias("posix_fallocate")));
EXPORT int open64(const char *path, int flags, ...) __attribute__((alias("open")));
EXPORT int openat64(int dir, const char *path, int flags, ...) __attribute__((alias("openat")));

/* ---- time ---- */

EXPORT int clock_gettime(clockid_t clock, struct timespec *out)
{
	NEXT(clock_gettime);
	int result = next_clock_gettime(clock, out);
	int64_t other_s = atomic_load(&control->time_offset_s);

	if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME))
		return result;
	if (clock == CLOCK_REALTIME)
		out->tv_sec += (time_t)atomic_load(&control->clock_offset_s);
	else if (other_s != 0)
		out->tv_sec += UP_S;
	out->tv_sec += (time_t)other_s;
	return 0;
}

/* ---- chance ---- */

/* libsodium's: what the daemon draws its identifiers and secrets from. */
void randombytes_buf(void *out, size_t size);

EXPORT void randombytes_buf(void *out, size_t size)
{
	NEXT(randombytes_buf);
	uint8_t *bytes = out;

	if (atomic_load(&control->chance) == 0) {
		next_randombytes_buf(out, size);
		return;
	}
	/* splitmix64, a number for each eight bytes. */
	for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t x = atomic_fetch_add(&control->chance, 0x9e3779b97f4a7c15u);

		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
		x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
		x ^= x >> 31;
		for (size_t i = 0; i < sizeof(x) && at + i < size; i++)
			bytes[at + i] = (uint8_t)(x >> (8 * i));
	}
}
