#include "index/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_MODE 0640
/* Readers of the group take slots in the lock file and may report damage. */
#define SHARED_MODE 0660
#define GENERATION_DIGITS 16u

enum status env_status(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return ST_OK;
	case MDB_NOTFOUND:
		return ST_NOT_FOUND;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return ST_NO_SPACE;
	case MDB_READERS_FULL:
		return ST_BUSY;
	case MDB_VERSION_MISMATCH:
		return ST_FORMAT;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_FULL:
	case MDB_INCOMPATIBLE:
	case MDB_BAD_VALSIZE:
	case MDB_BAD_DBI:
	case MDB_MAP_RESIZED:
	case MDB_KEYEXIST: /* appended out of order */
		return ST_DAMAGED;
	case MDB_PANIC:
	case MDB_BAD_TXN:
	case MDB_BAD_RSLOT:
		return ST_IO;
	default:
		return rc < 0 ? ST_IO : status_from_errno(rc);
	}
}

enum status env_path(const char *dir, uint64_t generation, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "%s/%016llu", dir, (unsigned long long)generation);
	return buf_ok(out) ? ST_OK : ST_LIMIT;
}

static enum env_place place_of(int ours_fd, bool is_there, const struct stat *there)
{
	struct stat ours;

	if (!is_there || fstat(ours_fd, &ours) != 0)
		return ENV_GONE;
	return there->st_dev == ours.st_dev && there->st_ino == ours.st_ino ? ENV_IN_PLACE
									    : ENV_ANOTHER;
}

enum env_place env_place(const struct index_env *env, const char *dir)
{
	char memory[ENV_PATH_MAX];
	struct buf path = BUF_ARRAY(memory);
	struct stat there;
	enum env_place place;
	int data_fd;

	if (env_path(dir, env->generation, &path) != ST_OK ||
		mdb_env_get_fd(env->lmdb, &data_fd) != 0)
		return ENV_GONE;
	place = place_of(env->dir_fd, stat(buf_str(&path), &there) == 0, &there);
	if (place != ENV_IN_PLACE)
		return place;
	return place_of(data_fd, fstatat(env->dir_fd, "data.mdb", &there, 0) == 0, &there);
}

bool env_is_another(const struct index_env *env, const char *dir, uint64_t generation)
{
	return env->lmdb == NULL || generation != env->generation ||
	       env_place(env, dir) == ENV_ANOTHER;
}

enum status env_current(const char *dir, uint64_t *out_generation)
{
	char path[ENV_PATH_MAX], target[GENERATION_DIGITS + 1];
	struct buf text = BUF_ARRAY(path);
	uint64_t generation = 0;
	ssize_t len;

	buf_printf(&text, "%s/" ENV_CURRENT, dir);
	if (!buf_ok(&text))
		return ST_LIMIT;
	len = readlink(buf_str(&text), target, sizeof(target));
	if (len < 0)
		return errno == EINVAL || errno == ENOTDIR ? ST_DAMAGED : status_from_errno(errno);
	if (len != (ssize_t)GENERATION_DIGITS)
		return ST_DAMAGED;
	for (ssize_t i = 0; i < len; i++) {
		if (target[i] < '0' || target[i] > '9')
			return ST_DAMAGED;
		generation = generation * 10 + (uint64_t)(target[i] - '0');
	}
	*out_generation = generation;
	return ST_OK;
}

/* The mark, a file that a reader may write one byte into. */
static enum status open_damage(struct index_env *env, struct env_how how)
{
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;

	if (how.create)
		flags |= O_CREAT | O_EXCL;
	env->damage_fd = openat(env->dir_fd, ENV_DAMAGE, flags, SHARED_MODE);
	if (env->damage_fd < 0)
		return how.writable ? status_from_errno(errno) : ST_OK;
	if (how.create && fchmod(env->damage_fd, SHARED_MODE) != 0)
		return status_from_errno(errno);
	return ST_OK;
}

/* LMDB believes its file's length; a shorter one would be a SIGBUS at the first page beyond. */
static enum status check_before_open(int dir_fd)
{
	struct stat info;

	if (fstatat(dir_fd, "data.mdb", &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? ST_DAMAGED : status_from_errno(errno);
	return S_ISREG(info.st_mode) && info.st_size >= 2 * sysconf(_SC_PAGESIZE) ? ST_OK
										  : ST_DAMAGED;
}

static enum status open_lmdb(const char *path, struct env_how how, struct index_env *env)
{
	/*
	 * NOTLS: a reader's slot belongs to its transaction. NOMETASYNC: see
	 * writer.h. Nothing else is given up for speed.
	 */
	unsigned flags = MDB_NOTLS | (how.writable ? MDB_NOMETASYNC : MDB_RDONLY);
	enum status st = how.create ? ST_OK : check_before_open(env->dir_fd);
	int rc;

	if (st != ST_OK)
		return st;
	rc = mdb_env_create(&env->lmdb);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env->lmdb, ENV_MAP_SIZE);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(env->lmdb, ENV_READERS_MAX);
	if (rc == 0)
		rc = mdb_env_open(env->lmdb, path, flags, DATA_MODE);
	if (rc == 0 && how.create) {
		if (fchmodat(env->dir_fd, "data.mdb", DATA_MODE, 0) != 0 ||
			fchmodat(env->dir_fd, "lock.mdb", SHARED_MODE, 0) != 0)
			rc = errno;
	}
	return env_status(rc);
}

enum status env_open(
	const char *dir, uint64_t generation, struct env_how how, struct index_env *out_env)
{
	struct index_env env = { .damage_fd = -1, .dir_fd = -1, .generation = generation };
	char memory[ENV_PATH_MAX];
	struct buf path = BUF_ARRAY(memory);
	enum status st = env_path(dir, generation, &path);

	if (st != ST_OK)
		return st;
	env.dir_fd = open(buf_str(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (env.dir_fd < 0)
		return status_from_errno(errno);
	st = how.create ? head_create(env.dir_fd, generation, &env.head)
			: head_open(env.dir_fd, how.writable, &env.head);
	/* The directory is there, so a part that is not is damage. */
	if (st == ST_NOT_FOUND || (st == ST_OK && env.head.block->generation != generation))
		st = ST_DAMAGED;
	if (st == ST_OK)
		st = open_damage(&env, how);
	if (st == ST_OK)
		st = open_lmdb(buf_str(&path), how, &env);
	if (st == ST_OK && !how.create)
		st = env_check_size(&env);
	if (st != ST_OK) {
		env_close(&env);
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	}
	*out_env = env;
	return ST_OK;
}

void env_close_rest(struct index_env *env)
{
	head_close(&env->head);
	if (env->damage_fd >= 0)
		(void)close(env->damage_fd);
	if (env->dir_fd >= 0)
		(void)close(env->dir_fd);
	*env = (struct index_env){ .damage_fd = -1, .dir_fd = -1 };
}

void env_close(struct index_env *env)
{
	if (env->lmdb != NULL)
		mdb_env_close(env->lmdb);
	env_close_rest(env);
}

uint64_t env_bytes_used(const struct index_env *env)
{
	MDB_envinfo info;
	MDB_stat stat;

	if (mdb_env_info(env->lmdb, &info) != 0 || mdb_env_stat(env->lmdb, &stat) != 0)
		return 0;
	return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

uint64_t env_bytes_file(const struct index_env *env)
{
	struct stat info;
	mdb_filehandle_t fd;

	if (mdb_env_get_fd(env->lmdb, &fd) != 0 || fstat(fd, &info) != 0 || info.st_size < 0)
		return 0;
	return (uint64_t)info.st_size;
}

enum status env_check_size(const struct index_env *env)
{
	/* In this order: the file only grows, and data_bytes after it. */
	uint64_t least = atomic_load_explicit(&env->head.block->data_bytes, memory_order_acquire);
	uint64_t file = env_bytes_file(env);

	return file < least || file < 2 * (uint64_t)sysconf(_SC_PAGESIZE) ? ST_DAMAGED : ST_OK;
}

void env_report_damage(const struct index_env *env)
{
	if (env->damage_fd >= 0 && pwrite(env->damage_fd, "1", 1, 0) != 1)
		return; /* the keeper finds out when it comes to that page itself */
}

bool env_damage_reported(const struct index_env *env)
{
	struct stat info;

	return env->damage_fd >= 0 && fstat(env->damage_fd, &info) == 0 && info.st_size != 0;
}

void env_find_map(struct index_env *env, const void *address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned long begin, end;

	if (maps == NULL)
		return;
	while (fgets(line, sizeof(line), maps) != NULL) {
		char *rest;

		errno = 0;
		begin = strtoul(line, &rest, 16);
		if (errno != 0 || *rest != '-')
			continue;
		end = strtoul(rest + 1, &rest, 16);
		if (errno != 0 || *rest != ' ' || (uintptr_t)address < begin ||
			(uintptr_t)address >= end)
			continue;
		env->map = (const char *)address - ((uintptr_t)address - begin);
		env->map_size = end - begin;
		break;
	}
	(void)fclose(maps);
}

void env_populate(const struct index_env *env, size_t bytes_max, size_t *done)
{
	size_t used = (size_t)env_bytes_file(env);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (env->map == NULL || used > env->map_size || *done >= used)
		return;
	if (bytes_max > used - *done)
		bytes_max = used - *done;
	bytes_max = (bytes_max + page - 1) / page * page;
	/* A refusal costs page faults later, nothing else. */
	(void)madvise((char *)((uintptr_t)env->map + *done), bytes_max, MADV_POPULATE_READ);
	*done += bytes_max;
}
