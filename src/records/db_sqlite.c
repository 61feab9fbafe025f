/*
 * SQLite behind the driver table.
 *
 * I1: durable at commit: write-ahead log, synchronous=FULL.
 * I2: what was overwritten or deleted is zeroed (secure_delete).
 * I3: one writer: a lock on PATH-writer is held as long as the connection.
 * I4: the file is hostile until proven otherwise: no SQL of the schema is
 *     trusted, cells are checked, symbolic links are refused.
 */
#include "records/db.h"

#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000
#define PARAMETERS_MAX 24u
#define CACHE_BUCKETS 256u /* statements are a fixed set of about 150 */

struct sqlite_statement {
	struct db_statement base;
	const char *sql; /* the key of the cache */
	sqlite3_stmt *handle;
	struct sqlite_statement *next;
	bool in_use;
	/* SQLite numbers $n by first appearance; this is its number for ours. */
	int places[PARAMETERS_MAX];
};

struct sqlite_db {
	struct db base;
	sqlite3 *handle;
	int lock_fd; /* -1: none */
	struct sqlite_statement *cache[CACHE_BUCKETS];
};

static struct sqlite_db *of(struct db *db)
{
	return (struct sqlite_db *)(void *)db;
}

static struct sqlite_statement *of_statement(struct db_statement *statement)
{
	return (struct sqlite_statement *)(void *)statement;
}

static enum status constraint_status(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return ST_EXISTS;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return ST_CONFLICT;
	default:
		return ST_INVALID;
	}
}

static enum status translate(int code)
{
	if (code == SQLITE_IOERR_NOMEM)
		return ST_NO_MEMORY;
	switch (code & 0xFF) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ST_OK;
	case SQLITE_FULL:
		return ST_NO_SPACE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ST_BUSY;
	case SQLITE_CONSTRAINT:
		return constraint_status(code);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ST_DAMAGED;
	case SQLITE_NOMEM:
		return ST_NO_MEMORY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ST_DENIED;
	case SQLITE_TOOBIG:
		return ST_LIMIT;
	case SQLITE_ERROR:
	case SQLITE_SCHEMA:
		/* Our SQL is constant: what does not fit is the schema that it meets. */
		return ST_FORMAT;
	default:
		return ST_IO;
	}
}

static enum status script(struct db *db, const char *sql)
{
	return translate(sqlite3_exec(of(db)->handle, sql, NULL, NULL, NULL));
}

static void close_db(struct db **db)
{
	struct sqlite_db *s = of(*db);

	for (size_t i = 0; i < CACHE_BUCKETS; i++) {
		while (s->cache[i] != NULL) {
			struct sqlite_statement *next = s->cache[i]->next;

			sqlite3_finalize(s->cache[i]->handle);
			free(s->cache[i]);
			s->cache[i] = next;
		}
	}
	sqlite3_close_v2(s->handle);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s);
	*db = NULL;
}

static bool writes(enum db_mode mode)
{
	return mode == DB_WRITER || mode == DB_WRITER_AGAIN;
}

/* A regular file of ours; made with mode 0600 when missing and the mode says so. */
static enum status file_prepare(const char *path, enum db_mode mode)
{
	struct stat at;
	int fd;

	if (mode == DB_WRITER) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd >= 0) {
			close(fd);
			return ST_OK;
		}
		if (errno != EEXIST)
			return status_from_errno(errno);
	}
	if (lstat(path, &at) != 0)
		return status_from_errno(errno);
	/* SQLite would take an empty file for a new database. */
	if (mode == DB_WRITER_AGAIN && S_ISREG(at.st_mode) && at.st_size == 0)
		return ST_NOT_FOUND;
	return S_ISREG(at.st_mode) ? ST_OK : ST_DENIED;
}

static enum status path_with(char out[PATH_MAX], const char *path, const char *suffix)
{
	struct buf b = buf_fixed(out, PATH_MAX);

	buf_append_str(&b, path);
	buf_append_str(&b, suffix);
	return buf_ok(&b) ? ST_OK : ST_LIMIT;
}

/* I3. The lock file stays: taking it away would let two hold different ones. */
static enum status lock_writer(struct sqlite_db *s, const char *path)
{
	char lock_path[PATH_MAX];
	enum status st = path_with(lock_path, path, "-writer");

	if (st != ST_OK)
		return st;
	s->lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return status_from_errno(errno);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? ST_BUSY : status_from_errno(errno);
	return ST_OK;
}

static bool has_log(const char *path)
{
	char log_path[PATH_MAX];
	struct stat at;

	return path_with(log_path, path, "-wal") == ST_OK && stat(log_path, &at) == 0 &&
	       at.st_size > 0;
}

/* Has a keeper this database open, so that it is no copy? */
static bool has_writer(const char *path)
{
	char lock_path[PATH_MAX];
	bool held;
	int fd;

	if (path_with(lock_path, path, "-writer") != ST_OK)
		return false;
	fd = open(lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

/*
 * The log's index of a copy is made in memory and its pages stay in the log:
 * without locks, which nobody else takes, no file beside it is made or changed.
 */
static int open_copy_with_log(const char *path, sqlite3 **handle)
{
	int code = sqlite3_open_v2(
		path, handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, "unix-none");

	if (code == SQLITE_OK)
		code = sqlite3_db_config(*handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(*handle, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
	return code;
}

/*
 * A copy without a log is opened as unchanging, so that nothing is made beside
 * it and its directory may be read-only.
 */
static int open_copy(const char *path, sqlite3 **handle)
{
	CLEANUP(buf_free)
	struct buf uri = buf_heap(3 * PATH_MAX + 64);

	if (has_writer(path))
		return sqlite3_open_v2(
			path, handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (has_log(path))
		return open_copy_with_log(path, handle);
	buf_append_str(&uri, "file:");
	for (const char *p = path; *p != '\0'; p++)
		buf_printf(&uri, "%%%02x", (unsigned)(uint8_t)*p);
	buf_append_str(&uri, "?immutable=1");
	if (!buf_ok(&uri))
		return SQLITE_NOMEM;
	return sqlite3_open_v2(buf_str(&uri), handle,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
}

static enum status set_up(struct sqlite_db *s, enum db_mode mode)
{
	static const char *const SCRIPTS[] = {
		[DB_WRITER_AGAIN] =
			("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			 "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
			 "PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -65536;"),
		[DB_READER] = ("PRAGMA query_only = ON; PRAGMA cache_size = -8192;PRAGMA "
			       "wal_autocheckpoint = 0;"),
		[DB_COPY] = "PRAGMA query_only = ON; PRAGMA cache_size = -8192;",
	};
	enum status st;

	sqlite3_extended_result_codes(s->handle, 1);
	sqlite3_busy_timeout(s->handle, BUSY_TIMEOUT_MS);
	sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	st = script(&s->base, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
			      "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;");
	if (st == ST_OK)
		st = script(&s->base, SCRIPTS[writes(mode) ? DB_WRITER_AGAIN : mode]);
	/* Reads the header, so that what is no database shows here. */
	if (st == ST_OK)
		st = script(&s->base, "SELECT COUNT(*) FROM sqlite_schema");
	return st;
}

static enum status open_handle(struct sqlite_db *s, const char *path, enum db_mode mode)
{
	enum status st = file_prepare(path, mode);

	if (st == ST_OK && writes(mode))
		st = lock_writer(s, path);
	if (st != ST_OK)
		return st;
	if (mode == DB_COPY)
		return translate(open_copy(path, &s->handle));
	/* A reader writes too: the log's shared memory, and checkpoints in tidy. */
	return translate(sqlite3_open_v2(
		path, &s->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
}

static enum status open_db(
	const struct db_driver *driver, const char *location, enum db_mode mode, struct db **out_db)
{
	struct sqlite_db *s = calloc(1, sizeof(*s));
	CLEANUP(db_close)
	struct db *db = s == NULL ? NULL : &s->base;
	enum status st;

	if (s == NULL)
		return ST_NO_MEMORY;
	/* The plain driver until it is handed out, so that unwinding is not intercepted. */
	s->base.driver = &db_sqlite;
	s->lock_fd = -1;
	st = open_handle(s, location, mode);
	if (st == ST_OK)
		st = set_up(s, mode);
	if (st != ST_OK)
		return st;
	s->base.driver = driver;
	*out_db = db;
	db = NULL;
	return ST_OK;
}

static enum status begin(struct db *db, bool to_write)
{
	return script(db, to_write ? "BEGIN IMMEDIATE" : "BEGIN");
}

static enum status commit(struct db *db)
{
	return script(db, "COMMIT");
}

static bool in_transaction(struct db *db)
{
	return sqlite3_get_autocommit(of(db)->handle) == 0;
}

static void rollback(struct db *db)
{
	if (in_transaction(db))
		(void)script(db, "ROLLBACK");
}

static void places_find(struct sqlite_statement *statement)
{
	char name[8];

	for (unsigned i = 0; i < PARAMETERS_MAX; i++) {
		snprintf(name, sizeof(name), "$%u", i + 1);
		statement->places[i] = sqlite3_bind_parameter_index(statement->handle, name);
	}
}

static enum status statement_make(
	struct sqlite_db *s, const char *sql, struct sqlite_statement **out_statement)
{
	struct sqlite_statement *statement = calloc(1, sizeof(*statement));
	enum status st;

	if (statement == NULL)
		return ST_NO_MEMORY;
	st = translate(sqlite3_prepare_v3(
		s->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL));
	if (st != ST_OK) {
		free(statement);
		return st;
	}
	statement->base.db = &s->base;
	statement->sql = sql;
	places_find(statement);
	*out_statement = statement;
	return ST_OK;
}

static enum status prepare(struct db *db, const char *sql, struct db_statement **out_statement)
{
	struct sqlite_db *s = of(db);
	size_t bucket = ((uintptr_t)sql >> 4) % CACHE_BUCKETS;
	struct sqlite_statement *found = s->cache[bucket];
	enum status st;

	while (found != NULL && (found->sql != sql || found->in_use))
		found = found->next;
	if (found == NULL) {
		st = statement_make(s, sql, &found);
		if (st != ST_OK)
			return st;
		found->next = s->cache[bucket];
		s->cache[bucket] = found;
	}
	found->in_use = true;
	*out_statement = &found->base;
	return ST_OK;
}

static enum status bind(
	struct db_statement *statement, unsigned number, const struct db_value *value)
{
	struct sqlite_statement *s = of_statement(statement);
	const char *bytes = value->bytes.ptr == NULL ? "" : value->bytes.ptr;
	int place;

	assert(number >= 1 && number <= PARAMETERS_MAX);
	place = s->places[number - 1];
	assert(place > 0); /* the SQL text has no such parameter */
	switch (value->kind) {
	case DB_VALUE_INT:
		return translate(sqlite3_bind_int64(s->handle, place, value->number));
	case DB_VALUE_TEXT:
		return translate(sqlite3_bind_text64(
			s->handle, place, bytes, value->bytes.len, SQLITE_STATIC, SQLITE_UTF8));
	case DB_VALUE_BLOB:
		return translate(sqlite3_bind_blob64(
			s->handle, place, bytes, value->bytes.len, SQLITE_STATIC));
	case DB_VALUE_NULL:
		break;
	}
	return translate(sqlite3_bind_null(s->handle, place));
}

static enum status step(struct db_statement *statement, bool *out_row)
{
	int code = sqlite3_step(of_statement(statement)->handle);

	*out_row = code == SQLITE_ROW;
	return translate(code);
}

static void reset(struct db_statement *statement)
{
	struct sqlite_statement *s = of_statement(statement);

	sqlite3_reset(s->handle);
	/* The bound bytes are the caller's and may be gone from now on. */
	sqlite3_clear_bindings(s->handle);
	s->in_use = false;
}

static int64_t changed_rows(struct db *db)
{
	return sqlite3_changes64(of(db)->handle);
}

static int64_t column_int(struct db_statement *statement, unsigned column)
{
	return sqlite3_column_int64(of_statement(statement)->handle, (int)column);
}

static struct span column_bytes(struct db_statement *statement, unsigned column)
{
	sqlite3_stmt *handle = of_statement(statement)->handle;
	const void *bytes;

	if (sqlite3_column_type(handle, (int)column) == SQLITE_NULL)
		return SPAN_ABSENT;
	bytes = sqlite3_column_blob(handle, (int)column);
	if (bytes == NULL)
		return SPAN_LIT("");
	return span_of(bytes, (size_t)sqlite3_column_bytes(handle, (int)column));
}

static enum status sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	enum status st = ST_OK;

	if (fd < 0)
		return status_from_errno(errno);
	if (fsync(fd) != 0)
		st = status_from_errno(errno);
	close(fd);
	return st;
}

static enum status sync_file_and_directory(const char *path)
{
	char copy[PATH_MAX];
	enum status st = path_with(copy, path, "");

	if (st == ST_OK)
		st = sync_path(path, O_RDWR);
	if (st == ST_OK)
		st = sync_path(dirname(copy), O_RDONLY | O_DIRECTORY);
	return st;
}

static enum status copy_pages(sqlite3 *from, const char *path)
{
	sqlite3 *to = NULL;
	sqlite3_backup *backup = NULL;
	int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (code == SQLITE_OK) {
		backup = sqlite3_backup_init(to, "main", from, "main");
		code = backup == NULL ? sqlite3_extended_errcode(to) : SQLITE_OK;
	}
	if (backup != NULL) {
		/* All at once: one read transaction, which stops nobody. */
		int step_code = sqlite3_backup_step(backup, -1);

		code = sqlite3_backup_finish(backup);
		if (code == SQLITE_OK && step_code != SQLITE_DONE)
			code = step_code;
	}
	sqlite3_close(to);
	return translate(code);
}

/* The copied header says that there is a log; a backup is one file. */
static enum status leave_log_mode(const char *path)
{
	sqlite3 *handle = NULL;
	int code =
		sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (sqlite3_close(handle) != SQLITE_OK && code == SQLITE_OK)
		code = SQLITE_IOERR;
	return translate(code);
}

static enum status backup(struct db *db, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum status st;

	if (fd < 0)
		return status_from_errno(errno);
	close(fd);
	st = copy_pages(of(db)->handle, path);
	if (st == ST_OK)
		st = leave_log_mode(path);
	if (st == ST_OK)
		st = sync_file_and_directory(path);
	if (st != ST_OK)
		(void)unlink(path);
	return st;
}

/* ---- restore ---- */

static enum status copy_bytes(int from, int to)
{
	char piece[64 * 1024];
	ssize_t got;

	while ((got = read(from, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return status_from_errno(errno);
		for (ssize_t put = 0, n; put < got; put += n) {
			n = write(to, piece + put, (size_t)(got - put));
			if (n < 0)
				return status_from_errno(errno);
		}
	}
	return fsync(to) == 0 ? ST_OK : status_from_errno(errno);
}

static enum status copy_file(const char *from_path, const char *to_path)
{
	int from = open(from_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), to = -1;
	enum status st = from < 0 ? status_from_errno(errno) : ST_OK;

	if (st == ST_OK) {
		(void)unlink(to_path);
		to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		st = to < 0 ? status_from_errno(errno) : copy_bytes(from, to);
	}
	if (to >= 0)
		close(to);
	if (from >= 0)
		close(from);
	return st;
}

static bool exists(const char *location)
{
	struct stat at;

	return lstat(location, &at) == 0;
}

#define ASIDES_MAX 1000u

/* "LOCATION.before-restore", "LOCATION.before-restore-2", ... */
static enum status aside_name(const char *location, unsigned number, char out_path[PATH_MAX])
{
	struct buf b = buf_fixed(out_path, PATH_MAX);

	buf_printf(&b, "%s.before-restore", location);
	if (number > 1)
		buf_printf(&b, "-%u", number);
	return buf_ok(&b) ? ST_OK : ST_LIMIT;
}

static enum status aside(const char *location, unsigned number, char out_path[PATH_MAX])
{
	enum status st = aside_name(location, number, out_path);

	if (st != ST_OK)
		return st;
	return exists(out_path) ? ST_OK : ST_NOT_FOUND;
}

/* One that was put aside before is never overwritten: it may be the newest there is. */
static enum status aside_free(const char *location, char out_path[PATH_MAX])
{
	enum status st = ST_OK;

	for (unsigned number = 1; st == ST_OK && number <= ASIDES_MAX; number++) {
		st = aside_name(location, number, out_path);
		if (st == ST_OK && !exists(out_path))
			return ST_OK;
	}
	return st == ST_OK ? ST_LIMIT : st;
}

/* Bring the log of the old database into it, when it still opens; else move both away. */
static enum status old_aside(const char *location, char out_aside[PATH_MAX])
{
	char log_path[PATH_MAX], log_aside[PATH_MAX], shared[PATH_MAX];
	sqlite3 *handle = NULL;
	enum status st = aside_free(location, out_aside);

	if (st == ST_OK)
		st = path_with(log_path, location, "-wal");
	if (st == ST_OK)
		st = path_with(log_aside, out_aside, "-wal");
	if (st == ST_OK)
		st = path_with(shared, location, "-shm");
	if (st != ST_OK)
		return st;
	if (sqlite3_open_v2(location, &handle, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		(void)sqlite3_wal_checkpoint_v2(
			handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(handle);
	(void)unlink(shared);
	/* A log of the old database beside the new one would be taken for its own. */
	if (rename(log_path, log_aside) != 0 && errno != ENOENT)
		return status_from_errno(errno);
	if (link(location, out_aside) == 0)
		return ST_OK;
	out_aside[0] = '\0';
	return errno == ENOENT ? ST_OK : status_from_errno(errno);
}

static enum status put_in_place(const char *location, const char *path, char out_aside[PATH_MAX])
{
	char beside[PATH_MAX];
	enum status st = path_with(beside, location, ".restoring");

	if (st == ST_OK)
		st = copy_file(path, beside);
	if (st == ST_OK)
		st = old_aside(location, out_aside);
	if (st == ST_OK && rename(beside, location) != 0)
		st = status_from_errno(errno);
	if (st != ST_OK)
		(void)unlink(beside);
	return st == ST_OK ? sync_file_and_directory(location) : st;
}

static enum status restore(const char *location, const char *path, char out_aside[PATH_MAX])
{
	struct sqlite_db lock = { .lock_fd = -1 };
	enum status st = lock_writer(&lock, location);

	if (st == ST_OK)
		st = put_in_place(location, path, out_aside);
	if (lock.lock_fd >= 0)
		close(lock.lock_fd);
	return st;
}

static enum status check(struct db *db)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db, "PRAGMA quick_check(1)", &row);

	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK && !span_is(db_bytes(row, 0), "ok"))
		return ST_DAMAGED;
	return st == ST_NOT_FOUND ? ST_DAMAGED : st;
}

static enum status tidy(struct db *db)
{
	int code = sqlite3_wal_checkpoint_v2(
		of(db)->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	return code == SQLITE_BUSY ? ST_OK : translate(code);
}

/* ST_BUSY while a snapshot needs the log: the caller tries again. */
static enum status scrub(struct db *db)
{
	int code;

	sqlite3_busy_timeout(of(db)->handle, 0);
	code = sqlite3_wal_checkpoint_v2(
		of(db)->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(of(db)->handle, BUSY_TIMEOUT_MS);
	return translate(code);
}

static const struct db_migration MIGRATIONS[] = {
#include "sqlite_migrations.h"
};

const struct db_driver db_sqlite = {
	.scheme = "sqlite",
	.migrations = MIGRATIONS,
	.migrations_count = ARRAY_LEN(MIGRATIONS),
	.open = open_db,
	.close = close_db,
	.script = script,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.prepare = prepare,
	.bind = bind,
	.step = step,
	.reset = reset,
	.changed_rows = changed_rows,
	.column_int = column_int,
	.column_bytes = column_bytes,
	.backup = backup,
	.exists = exists,
	.restore = restore,
	.aside = aside,
	.check = check,
	.tidy = tidy,
	.scrub = scrub,
};
