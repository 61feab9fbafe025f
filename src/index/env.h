/*
 * One index directory: LMDB's environment, the head and the damage mark, opened
 * together. The only header that names LMDB; for src/index alone.
 */
#ifndef INDEX_ENV_H
#define INDEX_ENV_H

#include "index/head.h"

#include <lmdb.h>

/* valgrind has no room for as much: what it looks at is built with less. */
#ifndef ENV_MAP_SIZE
#define ENV_MAP_SIZE ((size_t)64 << 30)
#endif
#define ENV_READERS_MAX 512u
#define ENV_PATH_MAX 4096u
#define ENV_CURRENT "current"
#define ENV_DAMAGE "damage"

struct index_env {
	MDB_env *lmdb;
	MDB_dbi dbi;   /* 0: not opened yet (index/shared.h opens it once) */
	int dir_fd;    /* of the numbered directory */
	int damage_fd; /* -1: this process may not report damage */
	uint64_t generation;
	struct index_head head;
	/* LMDB's map, once env_find_map has found it; NULL: it cannot be known. */
	const char *map;
	size_t map_size;
};

/* LMDB's codes and errno. MDB_NOTFOUND is ST_NOT_FOUND. */
NODISCARD enum status env_status(int rc);

/* The number that "current" in dir leads to. ST_NOT_FOUND, ST_IO, ST_DAMAGED (not a number). */
NODISCARD enum status env_current(const char *dir, uint64_t *out_generation);

/* "dir/0000000000000007" */
NODISCARD enum status env_path(const char *dir, uint64_t generation, struct buf *out);

/*
 * Open a numbered directory. create: it is new and empty. writable: as the one writer.
 * ST_NOT_FOUND, ST_FORMAT, ST_DAMAGED, ST_BUSY, ST_IO, ...
 */
struct env_how {
	bool writable;
	bool create;
};
NODISCARD enum status env_open(
	const char *dir, uint64_t generation, struct env_how how, struct index_env *out_env);
void env_close(struct index_env *env);
/* All but LMDB's handle, which somebody else goes on using. */
void env_close_rest(struct index_env *env);

/*
 * Is what we have open what dir leads to? After a folder was removed the numbers begin anew, and
 * somebody may put an older copy in place: so files are compared, not names. Ours are open: no
 * other one can be alike.
 */
enum env_place { ENV_IN_PLACE, ENV_GONE, ENV_ANOTHER };
enum env_place env_place(const struct index_env *env, const char *dir);
/* Nothing open, another number, or another one under the number. */
bool env_is_another(const struct index_env *env, const char *dir, uint64_t generation);

/* Up to the last page that LMDB has ever used; pages freed at the end may never have been written,
 * so the file may be shorter. */
uint64_t env_bytes_used(const struct index_env *env);
uint64_t env_bytes_file(const struct index_env *env);

/* Is the data file at least as long as it was after the last commit? ST_DAMAGED when not. */
NODISCARD enum status env_check_size(const struct index_env *env);

/* Note for the keeper that something did not check; survives this process. */
void env_report_damage(const struct index_env *env);
bool env_damage_reported(const struct index_env *env);

/* Find LMDB's map from an address in it. */
void env_find_map(struct index_env *env, const void *address);
/* Map the pages from *done on, at most bytes_max more; moves *done. */
void env_populate(const struct index_env *env, size_t bytes_max, size_t *done);

#endif
