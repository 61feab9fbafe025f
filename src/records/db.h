/*
 * The door to a SQL database: one table of functions a database, one SQL text
 * for all. Statements use $1..$n, each bound by its number wherever it stands
 * and however often. A connection belongs to one thread at a time.
 *
 * I1: after a failure of the disk (ST_IO, ST_NO_SPACE, ST_DAMAGED) within a
 *     transaction nothing is tried again on this connection: it is closed.
 */
#ifndef RECORDS_DB_H
#define RECORDS_DB_H

#include "base/attr.h"
#include "base/complaint.h"
#include "base/span.h"
#include "base/status.h"

#include <limits.h>

struct db_driver;

/* A connection. Drivers put their own members behind these. */
struct db {
	const struct db_driver *driver;
};

/* A prepared statement, of its connection. Drivers put their own members behind these. */
struct db_statement {
	struct db *db;
};

enum db_mode {
	DB_WRITER,       /* made when it is not there; exclusive among writers */
	DB_WRITER_AGAIN, /* the same, ST_NOT_FOUND when it is not there or empty */
	DB_READER,       /* of a database that a writer has open */
	DB_COPY          /* offline, of a file that nobody has open; never changes it */
};

enum db_kind { DB_VALUE_NULL = 0, DB_VALUE_INT, DB_VALUE_TEXT, DB_VALUE_BLOB };

struct db_value {
	enum db_kind kind;
	int64_t number;
	struct span bytes;
};

struct db_driver {
	const char *scheme; /* of the url, e.g. "sqlite" */
	const struct db_migration *migrations;
	size_t migrations_count;

	/* location: the url without its scheme. */
	enum status (*open)(const struct db_driver *driver, const char *location, enum db_mode mode,
		struct db **out_db);
	void (*close)(struct db **db);

	/* Several statements without parameters: DDL. */
	enum status (*script)(struct db *db, const char *sql);
	enum status (*begin)(struct db *db, bool to_write);
	enum status (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	/* False when the database undid the transaction by itself. */
	bool (*in_transaction)(struct db *db);

	/* sql lives for ever: its address is the key of the cache. */
	enum status (*prepare)(struct db *db, const char *sql, struct db_statement **out_statement);
	/* number from 1. The bytes live until the statement is reset. */
	enum status (*bind)(
		struct db_statement *statement, unsigned number, const struct db_value *value);
	enum status (*step)(struct db_statement *statement, bool *out_row);
	void (*reset)(struct db_statement *statement);
	/* Rows that the last INSERT, UPDATE or DELETE touched. */
	int64_t (*changed_rows)(struct db *db);

	/* column from 0; bytes live until the next step or reset. */
	int64_t (*column_int)(struct db_statement *statement, unsigned column);
	struct span (*column_bytes)(struct db_statement *statement, unsigned column);

	/* A consistent, complete copy to a new file of mode 0600, on disk when it returns. */
	enum status (*backup)(struct db *db, const char *path);
	bool (*exists)(const char *location);
	/* Put such a copy in the place of a database that nobody has open. The one that was there
	 * stays beside it, at out_aside ("": there was none). ST_BUSY. */
	enum status (*restore)(const char *location, const char *path, char out_aside[PATH_MAX]);
	/* Where restores put the databases that were there, by number from 1: ST_NOT_FOUND. */
	enum status (*aside)(const char *location, unsigned number, char out_path[PATH_MAX]);
	/* Is the structure whole? ST_DAMAGED. */
	enum status (*check)(struct db *db);
	/* Housekeeping off the writer's path (write-ahead log). */
	enum status (*tidy)(struct db *db);
	/* Nothing that was overwritten stays readable in the files. By the writer, outside a
	 * transaction. */
	enum status (*scrub)(struct db *db);
};

/* One step of the schema; its number is its place, from 1. */
struct db_migration {
	const char *sql;
};

/* The driver for a url, and *out_location behind its scheme; NULL when there is none. */
const struct db_driver *db_driver_of(const char *url, const char **out_location);
extern const struct db_driver db_sqlite;

NODISCARD enum status db_open(const struct db_driver *driver, const char *location,
	enum db_mode mode, struct db **out_db);
void db_close(struct db **db);

/*
 * Bring the schema to the newest version, each step in its own transaction.
 * ST_FORMAT: the database is of a newer version. out_version: what it has.
 */
NODISCARD enum status db_migrate(struct db *db, struct complaint *complaint);
/* ST_FORMAT unless the schema is the newest, or an older one that can be brought up to it. */
NODISCARD enum status db_check_version(struct db *db, struct complaint *complaint);

#define DB_INT(n) ((struct db_value){ .kind = DB_VALUE_INT, .number = (int64_t)(n) })
/* The absent span is NULL. */
#define DB_TEXT(s) db_text(s)
#define DB_BLOB(p, n) ((struct db_value){ .kind = DB_VALUE_BLOB, .bytes = span_of((p), (n)) })
#define DB_NULL ((struct db_value){ .kind = DB_VALUE_NULL })

static inline struct db_value db_text(struct span s)
{
	return (struct db_value){ .kind = s.ptr == NULL ? DB_VALUE_NULL : DB_VALUE_TEXT,
		.bytes = s };
}

/*
 * Prepare (or take from the cache) and bind: db_query(db, SQL, &statement,
 * DB_INT(1), DB_TEXT(name)). Then db_step and at the end db_finish. A statement
 * is in use once at a time.
 */
#define db_query(db, sql, out_statement, ...)                                                      \
	db_query_values((db), (sql), (out_statement), (const struct db_value[]){ __VA_ARGS__ },    \
		sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))
NODISCARD enum status db_query_values(struct db *db, const char *sql,
	struct db_statement **out_statement, const struct db_value *values, size_t values_count);

/* Run a statement whose rows do not matter. ST_NOT_FOUND never. */
#define db_run(db, sql, ...)                                                                       \
	db_run_values((db), (sql), (const struct db_value[]){ __VA_ARGS__ },                       \
		sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))
NODISCARD enum status db_run_values(
	struct db *db, const char *sql, const struct db_value *values, size_t values_count);

/* The first column of the only row as a number; ST_NOT_FOUND without a row. */
#define db_one_int(db, sql, out_number, ...)                                                       \
	db_one_int_values((db), (sql), (out_number), (const struct db_value[]){ __VA_ARGS__ },     \
		sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))
NODISCARD enum status db_one_int_values(struct db *db, const char *sql, int64_t *out_number,
	const struct db_value *values, size_t values_count);

/* ST_OK with a row, ST_NOT_FOUND behind the last, or a failure. */
NODISCARD enum status db_step(struct db_statement *statement);
void db_finish(struct db_statement **statement);

static inline int64_t db_int(struct db_statement *statement, unsigned column)
{
	return statement->db->driver->column_int(statement, column);
}

/* NULL gives the absent span. */
static inline struct span db_bytes(struct db_statement *statement, unsigned column)
{
	return statement->db->driver->column_bytes(statement, column);
}

#endif
