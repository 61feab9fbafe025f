#include "index/shared.h"

#include "base/crypto.h"

#include <assert.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct place {
	unsigned users; /* 0: free */
	dev_t device;
	ino_t file;
	struct index_env env;
};

/*
 * In memory that a fork gives to the child as zeroes: there the lock is free,
 * whoever held it in the parent, and no place is taken.
 */
struct registry {
	pthread_mutex_t lock;
	uint64_t process; /* 0: not yet drawn */
	struct place places[SHARED_MAX];
};

/* One a process, because LMDB's locks are: two users of this code share it without knowing. */
static struct registry *registry;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_registry(void)
{
	void *memory = mmap(NULL, sizeof(*registry), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return;
	if (madvise(memory, sizeof(*registry), MADV_WIPEONFORK) != 0) {
		(void)munmap(memory, sizeof(*registry));
		return;
	}
	registry = memory;
}

enum status shared_process(uint64_t *out_process)
{
	static const pthread_mutex_t zero = PTHREAD_MUTEX_INITIALIZER;
	static const pthread_mutex_t lock = { 0 };

	/* Or a lock of zeroes would not be a free one. All of its bytes are given. */
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
	assert(memcmp(&zero, &lock, sizeof(lock)) == 0);
	(void)pthread_once(&once, make_registry);
	if (registry == NULL)
		return ST_UNAVAILABLE;
	(void)pthread_mutex_lock(&registry->lock);
	while (registry->process == 0)
		crypto_random(&registry->process, sizeof(registry->process));
	*out_process = registry->process;
	(void)pthread_mutex_unlock(&registry->lock);
	return ST_OK;
}

bool shared_is_process(uint64_t process)
{
	return registry != NULL && registry->process == process;
}

static enum status find_file(const char *dir, uint64_t generation, struct stat *out_info)
{
	char memory[ENV_PATH_MAX];
	struct buf path = BUF_ARRAY(memory);
	enum status st = env_path(dir, generation, &path);

	buf_append_str(&path, "/data.mdb");
	if (st != ST_OK || !buf_ok(&path))
		return ST_LIMIT;
	/* Opening says better than this what is amiss. */
	return stat(buf_str(&path), out_info) == 0 ? ST_OK : ST_NOT_FOUND;
}

static struct place *find_place(const struct stat *info)
{
	for (size_t i = 0; i < SHARED_MAX; i++) {
		struct place *place = &registry->places[i];

		if (place->users > 0 && place->device == info->st_dev &&
			place->file == info->st_ino)
			return place;
	}
	return NULL;
}

/* Its database is opened once, too: LMDB wants no two threads to do that. */
static enum status open_database(struct index_env *env)
{
	MDB_txn *txn = NULL;
	int rc = mdb_txn_begin(env->lmdb, NULL, MDB_RDONLY, &txn);

	if (rc != 0)
		return env_status(rc);
	rc = mdb_dbi_open(txn, NULL, 0, &env->dbi);
	mdb_txn_abort(txn);
	return env_status(rc);
}

static enum status open_place(
	const char *dir, uint64_t generation, struct place *place, struct index_env *out_env)
{
	struct index_env env;
	struct stat info;
	int fd;
	enum status st = env_open(dir, generation, (struct env_how){ 0 }, &env);

	if (st != ST_OK)
		return st;
	st = open_database(&env);
	if (st == ST_OK && (mdb_env_get_fd(env.lmdb, &fd) != 0 || fstat(fd, &info) != 0))
		st = ST_IO;
	if (st != ST_OK) {
		if (st == ST_DAMAGED)
			env_report_damage(&env);
		env_close(&env);
		return st;
	}
	*place = (struct place){ 1, info.st_dev, info.st_ino, env };
	*out_env = env;
	return ST_OK;
}

static struct place *free_place(void)
{
	for (size_t i = 0; i < SHARED_MAX; i++) {
		if (registry->places[i].users == 0)
			return &registry->places[i];
	}
	return NULL;
}

enum status shared_open(const char *dir, uint64_t generation, struct index_env *out_env)
{
	struct place *place = NULL;
	struct stat info;
	enum status st = ST_OK;

	(void)pthread_mutex_lock(&registry->lock);
	if (find_file(dir, generation, &info) == ST_OK)
		place = find_place(&info);
	if (place != NULL) {
		place->users++;
		*out_env = place->env;
	} else {
		place = free_place();
		st = place == NULL ? ST_BUSY : open_place(dir, generation, place, out_env);
	}
	(void)pthread_mutex_unlock(&registry->lock);
	return st;
}

void shared_close(struct index_env *env)
{
	(void)pthread_mutex_lock(&registry->lock);
	for (size_t i = 0; i < SHARED_MAX; i++) {
		struct place *place = &registry->places[i];

		if (place->users == 0 || place->env.lmdb != env->lmdb)
			continue;
		if (--place->users == 0)
			env_close(&place->env);
		break;
	}
	(void)pthread_mutex_unlock(&registry->lock);
	*env = (struct index_env){ .damage_fd = -1, .dir_fd = -1 };
}
