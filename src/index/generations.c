#include "index/generations.h"

#include "index/env.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_MODE 0750
#define NEXT_LINK "current.next"

void generations_remove(const char *dir, uint64_t generation)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", HEAD_FILE, ENV_DAMAGE };
	char memory[ENV_PATH_MAX];
	struct buf path = BUF_ARRAY(memory);
	int fd;

	if (env_path(dir, generation, &path) != ST_OK)
		return;
	fd = open(buf_str(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		(void)unlinkat(fd, files[i], 0);
	(void)close(fd);
	(void)rmdir(buf_str(&path));
}

/* The number in a directory's name; false for other names. */
static bool number_of(const char *name, uint64_t *out_generation)
{
	uint64_t number = 0;

	if (strlen(name) != 16)
		return false;
	for (size_t i = 0; i < 16; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(name[i] - '0');
	}
	*out_generation = number;
	return true;
}

/* Remove all but keep and keep_too; *out_newest is the highest number seen. */
static enum status sweep(const char *dir, uint64_t keep, uint64_t keep_too, uint64_t *out_newest)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	if (stream == NULL)
		return status_from_errno(errno);
	*out_newest = 0;
	while ((entry = readdir(stream)) != NULL) {
		uint64_t generation;

		if (!number_of(entry->d_name, &generation))
			continue;
		if (generation > *out_newest)
			*out_newest = generation;
		if (generation != keep && generation != keep_too)
			generations_remove(dir, generation);
	}
	(void)closedir(stream);
	return ST_OK;
}

enum status generations_add(const char *dir, uint64_t *out_generation)
{
	char memory[ENV_PATH_MAX];
	struct buf path = BUF_ARRAY(memory);
	uint64_t current = 0, newest;
	enum status st;

	if (mkdir(dir, DIR_MODE) != 0 && errno != EEXIST)
		return status_from_errno(errno);
	st = env_current(dir, &current);
	if (st != ST_OK && st != ST_NOT_FOUND && st != ST_DAMAGED)
		return st;
	st = sweep(dir, current, current, &newest);
	if (st != ST_OK)
		return st;
	*out_generation = (newest > current ? newest : current) + 1;
	st = env_path(dir, *out_generation, &path);
	if (st == ST_OK && mkdir(buf_str(&path), DIR_MODE) != 0)
		st = status_from_errno(errno);
	return st;
}

/* Straight into the file: the head may be damaged in any other place. */
static void supersede(const char *dir, uint64_t generation)
{
	char memory[ENV_PATH_MAX];
	struct buf path = BUF_ARRAY(memory);
	uint32_t yes = 1;
	int fd;

	if (env_path(dir, generation, &path) != ST_OK)
		return;
	buf_append_str(&path, "/" HEAD_FILE);
	fd = buf_ok(&path) ? open(buf_str(&path), O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (fd < 0)
		return;
	/* Readers that this does not reach look at "current" once a second. */
	while (pwrite(fd, &yes, sizeof(yes), offsetof(struct head_block, superseded)) < 0 &&
		errno == EINTR)
		;
	(void)close(fd);
}

/* A link is replaced whole, by renaming one that was made beside it. */
static enum status replace_link(int dir_fd, uint64_t generation)
{
	char name[32];
	struct buf target = BUF_ARRAY(name);

	buf_printf(&target, "%016llu", (unsigned long long)generation);
	if (unlinkat(dir_fd, NEXT_LINK, 0) != 0 && errno != ENOENT)
		return status_from_errno(errno);
	if (symlinkat(buf_str(&target), dir_fd, NEXT_LINK) != 0)
		return status_from_errno(errno);
	if (renameat(dir_fd, NEXT_LINK, dir_fd, ENV_CURRENT) == 0)
		return fsync(dir_fd) == 0 ? ST_OK : status_from_errno(errno);
	/* A directory in its place cannot be replaced by a link. */
	if (errno == EISDIR || errno == ENOTDIR || errno == EEXIST || errno == ENOTEMPTY)
		return ST_CONFLICT;
	return status_from_errno(errno);
}

enum status generations_switch(const char *dir, uint64_t generation)
{
	uint64_t before = 0, newest;
	int dir_fd;
	enum status st = env_current(dir, &before);
	bool had_one = st == ST_OK && before != generation;

	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return status_from_errno(errno);
	st = replace_link(dir_fd, generation);
	(void)close(dir_fd);
	if (st != ST_OK)
		return st;
	if (had_one)
		supersede(dir, before);
	return sweep(dir, generation, generation, &newest);
}
