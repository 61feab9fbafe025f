#include "records/db.h"

#include <stdio.h>

static const struct db_driver *const DRIVERS[] = { &db_sqlite };

const struct db_driver *db_driver_of(const char *url, const char **out_location)
{
	for (size_t i = 0; i < ARRAY_LEN(DRIVERS); i++) {
		size_t len = strlen(DRIVERS[i]->scheme);

		if (strncmp(url, DRIVERS[i]->scheme, len) == 0 && url[len] == ':' &&
			url[len + 1] != '\0') {
			*out_location = url + len + 1;
			return DRIVERS[i];
		}
	}
	return NULL;
}

enum status db_open(
	const struct db_driver *driver, const char *location, enum db_mode mode, struct db **out_db)
{
	return driver->open(driver, location, mode, out_db);
}

void db_close(struct db **db)
{
	if (*db != NULL)
		(*db)->driver->close(db);
}

enum status db_query_values(struct db *db, const char *sql, struct db_statement **out_statement,
	const struct db_value *values, size_t values_count)
{
	CLEANUP(db_finish)
	struct db_statement *statement = NULL;
	enum status st = db->driver->prepare(db, sql, &statement);

	for (size_t i = 0; st == ST_OK && i < values_count; i++)
		st = db->driver->bind(statement, (unsigned)i + 1, &values[i]);
	if (st != ST_OK)
		return st;
	*out_statement = statement;
	statement = NULL;
	return ST_OK;
}

enum status db_step(struct db_statement *statement)
{
	bool row = false;
	enum status st = statement->db->driver->step(statement, &row);

	if (st != ST_OK)
		return st;
	return row ? ST_OK : ST_NOT_FOUND;
}

void db_finish(struct db_statement **statement)
{
	if (*statement == NULL)
		return;
	(*statement)->db->driver->reset(*statement);
	*statement = NULL;
}

enum status db_run_values(
	struct db *db, const char *sql, const struct db_value *values, size_t values_count)
{
	CLEANUP(db_finish)
	struct db_statement *statement = NULL;
	enum status st = db_query_values(db, sql, &statement, values, values_count);

	while (st == ST_OK)
		st = db_step(statement);
	return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status db_one_int_values(struct db *db, const char *sql, int64_t *out_number,
	const struct db_value *values, size_t values_count)
{
	CLEANUP(db_finish)
	struct db_statement *statement = NULL;
	enum status st = db_query_values(db, sql, &statement, values, values_count);

	if (st == ST_OK)
		st = db_step(statement);
	if (st != ST_OK)
		return st;
	*out_number = db_int(statement, 0);
	/* Run on to the end: a RETURNING statement is done only then. */
	while (st == ST_OK)
		st = db_step(statement);
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status version_read(struct db *db, int64_t *out_version)
{
	return db_one_int(db, "SELECT version FROM schema_version WHERE id = 1", out_version);
}

static enum status refuse_version(struct db *db, int64_t version, struct complaint *complaint)
{
	char found[24], known[24];

	snprintf(found, sizeof(found), "%lld", (long long)version);
	snprintf(known, sizeof(known), "%zu", db->driver->migrations_count);
	complaint_set(complaint,
		version > (int64_t)db->driver->migrations_count ? "records.version_newer"
								: "records.version_older",
		2, "found", found, "known", known);
	return ST_FORMAT;
}

static enum status migrate_step(struct db *db, size_t number)
{
	enum status st = db->driver->begin(db, true);

	if (st != ST_OK)
		return st;
	st = db->driver->script(db, db->driver->migrations[number - 1].sql);
	if (st == ST_OK)
		st = db_run(
			db, "UPDATE schema_version SET version = $1 WHERE id = 1", DB_INT(number));
	if (st == ST_OK)
		st = db->driver->commit(db);
	if (st != ST_OK)
		db->driver->rollback(db);
	return st;
}

static enum status version_table_make(struct db *db)
{
	return db->driver->script(db, "CREATE TABLE IF NOT EXISTS schema_version (id BIGINT "
				      "PRIMARY KEY, version BIGINT NOT NULL);"
				      "INSERT INTO schema_version (id, version) VALUES (1, 0) ON "
				      "CONFLICT (id) DO NOTHING;");
}

enum status db_migrate(struct db *db, struct complaint *complaint)
{
	int64_t version = 0;
	enum status st = version_table_make(db);

	if (st == ST_OK)
		st = version_read(db, &version);
	if (st != ST_OK)
		return st;
	if (version < 0 || version > (int64_t)db->driver->migrations_count)
		return refuse_version(db, version, complaint);
	while (st == ST_OK && version < (int64_t)db->driver->migrations_count)
		st = migrate_step(db, (size_t)++version);
	return st;
}

enum status db_check_version(struct db *db, struct complaint *complaint)
{
	int64_t version = 0;
	enum status st = version_read(db, &version);

	if (st == ST_NOT_FOUND || st == ST_FORMAT) {
		complaint_set(complaint, "records.not_records", 0);
		return ST_FORMAT;
	}
	if (st != ST_OK)
		return st;
	if (version < 1 || version > (int64_t)db->driver->migrations_count)
		return refuse_version(db, version, complaint);
	return ST_OK;
}
