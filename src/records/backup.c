#include "records/backup.h"

#include "records/store.h"

#include <stdio.h>

enum status records_backup(struct records *records, const char *path, struct head *out_head,
	struct complaint *complaint)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	enum status st = snapshot_begin(records, &snapshot);

	if (st == ST_OK)
		st = snapshot->db->driver->backup(snapshot->db, path);
	if (st == ST_EXISTS)
		complaint_set(complaint, "records.backup_exists", 1, "path", path);
	else if (st == ST_NO_SPACE)
		complaint_set(complaint, "records.no_space", 0);
	else if (st != ST_OK)
		complaint_set(complaint, "records.backup_failed", 2, "path", path, "reason",
			status_name(st));
	if (st == ST_OK && out_head != NULL)
		*out_head = snapshot->head;
	return st;
}

/* ---- restore ---- */

static enum status installation_check(
	struct db *db, const struct root_key *root_key, struct complaint *complaint)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE], secret[SIGN_SECRET_KEY_SIZE];
	enum status st = db_query(
		db, "SELECT root_key_id, event_public_key FROM installation WHERE id = 1", &row);

	root_key_event_pair(root_key, public_key, secret);
	crypto_wipe(secret, sizeof(secret));
	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	if (span_is(db_bytes(row, 0), root_key_id(root_key)) &&
		span_equal(db_bytes(row, 1), span_of(public_key, sizeof(public_key))))
		return ST_OK;
	complaint_set(complaint, "records.other_root_key", 0);
	return ST_CONFLICT;
}

static enum status events_check(
	const struct restore_options *restore, struct head *out_head, struct complaint *complaint)
{
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE], secret[SIGN_SECRET_KEY_SIZE];
	struct verify_options options = {
		.path = restore->path,
		.public_key = public_key,
		.progress = restore->progress,
		.progress_arg = restore->progress_arg,
	};
	struct verify_result result;
	enum status st;

	root_key_event_pair(restore->records->root_key, public_key, secret);
	crypto_wipe(secret, sizeof(secret));
	st = events_verify(&options, &result, complaint);
	if (st != ST_OK)
		return st;
	*out_head = result.head;
	return result.fault == EVENT_FAULT_NONE ? ST_OK : ST_DAMAGED;
}

static enum status copy_check(const struct db_driver *driver, const struct root_key *root_key,
	const char *path, struct complaint *complaint)
{
	CLEANUP(db_close)
	struct db *db = NULL;
	enum status st = db_open(driver, path, DB_COPY, &db);

	if (st == ST_OK)
		st = db_check_version(db, complaint);
	if (st == ST_OK)
		st = driver->check(db);
	if (st == ST_OK)
		st = installation_check(db, root_key, complaint);
	return st;
}

static void complain_restore(enum status st, const struct restore_options *options,
	const char *location, struct complaint *complaint)
{
	if (complaint == NULL || complaint->key != NULL)
		return;
	if (st == ST_BUSY)
		complaint_set(complaint, "records.in_use", 1, "path", location);
	else if (st == ST_DAMAGED || st == ST_FORMAT)
		complaint_set(complaint, "records.backup_damaged", 1, "path", options->path);
	else if (st == ST_NO_SPACE)
		complaint_set(complaint, "records.no_space", 0);
	else
		complaint_set(complaint, "records.restore_failed", 2, "path", options->path,
			"reason", status_name(st));
}

enum status records_restore(const struct restore_options *options,
	struct restore_result *out_result, struct complaint *complaint)
{
	const char *location = NULL;
	const struct db_driver *driver = db_driver_of(options->records->url, &location);
	struct restore_result result = { .head = { 0 } };
	enum status st;

	if (driver == NULL) {
		complaint_set(complaint, "records.url", 1, "url", options->records->url);
		return ST_INVALID;
	}
	if (!options->replace && driver->exists(location)) {
		complaint_set(complaint, "records.restore_exists", 1, "path", location);
		return ST_EXISTS;
	}
	st = copy_check(driver, options->records->root_key, options->path, complaint);
	if (st == ST_OK)
		st = events_check(options, &result.head, complaint);
	if (st == ST_OK)
		st = driver->restore(location, options->path, result.aside);
	if (st != ST_OK) {
		complain_restore(st, options, location, complaint);
		return st;
	}
	*out_result = result;
	return ST_OK;
}
