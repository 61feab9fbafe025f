/* Opening, closing and keeping the records in order. */
#include "records/records.h"

#include "base/encode.h"
#include "records/idempotency.h"
#include "records/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define PUBLIC_KEY_FILE "event-public-key"

enum status head_read(struct db *db, struct head *out_head)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db, "SELECT epoch, revision, hash FROM head WHERE id = 1", &row);
	struct span hash;

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	hash = db_bytes(row, 2);
	if (hash.len != DIGEST_SIZE)
		return ST_DAMAGED;
	out_head->epoch = db_int(row, 0);
	out_head->revision = db_int(row, 1);
	memcpy(out_head->hash, hash.ptr, DIGEST_SIZE);
	return ST_OK;
}

enum status mark_write(struct records *records, int64_t now_us)
{
	struct checkpoint mark;
	struct head head;
	enum status st;

	/* One at a time, each with the newest head: the mark never goes back. */
	pthread_mutex_lock(&records->mark_lock);
	head = records_head(records);
	checkpoint_sign(records, &head, now_us, &mark);
	st = high_water_write(records->data_dir, &mark);
	pthread_mutex_lock(&records->lock);
	if (st == ST_OK) {
		records->figures.mark = head;
		records->mark_behind = records->head.revision != head.revision;
	} else {
		records->figures.mark_failures++;
	}
	pthread_mutex_unlock(&records->lock);
	pthread_mutex_unlock(&records->mark_lock);
	return st;
}

/* ---- the installation ---- */

static enum status installation_make(struct records *records, int64_t now_us)
{
	static const uint8_t zero[DIGEST_SIZE];
	uint8_t id[16];
	struct db *db = records->writer;
	enum status st;

	crypto_random(id, sizeof(id));
	st = db_run(db,
		"INSERT INTO installation (id, installation_id, root_key_id, event_public_key,"
		" created_at_us, version) VALUES (1, $1, $2, $3, $4, 1)",
		DB_BLOB(id, sizeof(id)), DB_TEXT(span_str(root_key_id(records->root_key))),
		DB_BLOB(records->public_key, SIGN_PUBLIC_KEY_SIZE), DB_INT(now_us));
	if (st == ST_OK)
		st = db_run(db, "INSERT INTO head (id, epoch, revision, hash) VALUES (1, 1, 0, $1)",
			DB_BLOB(zero, sizeof(zero)));
	return st;
}

static enum status installation_match(
	struct records *records, struct db_statement *row, struct complaint *complaint)
{
	struct span id = db_bytes(row, 0);
	struct span public_key = db_bytes(row, 2);
	struct buf text = BUF_ARRAY(records->installation_id);

	if (id.len != sizeof(records->installation_bytes))
		return ST_DAMAGED;
	if (!span_is(db_bytes(row, 1), root_key_id(records->root_key)) ||
		!span_equal(public_key, span_of(records->public_key, SIGN_PUBLIC_KEY_SIZE))) {
		complaint_set(complaint, "records.other_root_key", 0);
		return ST_CONFLICT;
	}
	memcpy(records->installation_bytes, id.ptr, id.len);
	encode_hex(&text, id.ptr, id.len);
	return ST_OK;
}

static enum status installation_load(struct records *records, struct complaint *complaint)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(records->writer,
		"SELECT installation_id, root_key_id, event_public_key FROM installation WHERE id "
		"= 1",
		&row);

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	return installation_match(records, row, complaint);
}

static void append_installation_json(struct buf *out, const struct records *records)
{
	buf_append_str(out, "{\"id\":");
	buf_append_json(out, span_str(records->installation_id));
	json_text(out, "rootKeyId", span_str(root_key_id(records->root_key)));
	buf_append_str(out, ",\"eventPublicKey\":\"");
	encode_hex(out, records->public_key, SIGN_PUBLIC_KEY_SIZE);
	buf_append_str(out, "\"}");
}

/* The first event: who this installation is. */
/* more: what else belongs to it; may be NULL. */
static enum status installation_event(struct records *records, const char *action,
	const struct actor *actor, struct span after, enum status (*more)(struct change *change))
{
	CLEANUP(change_abort)
	struct change *change = NULL;
	enum status st = change_begin(records, actor, clock_wall_us(), &change);

	if (st == ST_OK && more != NULL)
		st = more(change);
	if (st == ST_OK)
		st = change_event(change, &(struct event_about){ .action = action,
						  .kind = ENTITY_INSTALLATION,
						  .slot = 1,
						  .id = span_str(records->installation_id),
						  .after = after });
	if (st != ST_OK)
		return st;
	return change_commit(&change, NULL);
}

static enum status installation_first(struct records *records, struct complaint *complaint)
{
	const struct db_driver *driver = records->driver;
	enum status st = driver->begin(records->writer, true);

	if (st == ST_OK)
		st = installation_make(records, clock_wall_us());
	if (st == ST_OK)
		st = driver->commit(records->writer);
	if (st != ST_OK) {
		driver->rollback(records->writer);
		return st;
	}
	return installation_load(records, complaint);
}

static enum status first_event(struct records *records)
{
	static const struct actor SYSTEM = {
		.kind = ACTOR_SYSTEM, .name = { "start", 5 }, .peer_uid = -1
	};
	CLEANUP(buf_free)
	struct buf json = buf_heap(4 * KIB);

	append_installation_json(&json, records);
	return installation_event(records, "installation.create", &SYSTEM, buf_span(&json), NULL);
}

static enum status installation_ready(struct records *records, struct complaint *complaint)
{
	enum status st = installation_load(records, complaint);

	if (st == ST_NOT_FOUND)
		st = installation_first(records, complaint);
	if (st == ST_OK)
		st = head_read(records->writer, &records->head);
	if (st == ST_OK && records->head.revision == 0)
		st = first_event(records);
	return st;
}

/* ---- a restored older backup ---- */

static enum status complain_stale(
	const struct records *records, const struct head *mark, struct complaint *complaint)
{
	char found[24], expected[24];

	snprintf(found, sizeof(found), "%lld", (long long)records->head.revision);
	snprintf(expected, sizeof(expected), "%lld", (long long)mark->revision);
	complaint_set(complaint, "records.stale", 2, "found", found, "expected", expected);
	return ST_STALE;
}

/* Does the database hold the event that the mark names? */
static enum status mark_is_met(struct records *records, const struct head *mark, bool *out_met)
{
	struct snapshot snapshot = { .records = records, .db = records->writer };
	uint8_t hash[DIGEST_SIZE];
	enum status st;

	*out_met = false;
	if (records->head.epoch < mark->epoch)
		return ST_OK;
	st = snapshot_event_hash(&snapshot, mark->revision, hash);
	if (st == ST_OK)
		*out_met = memcmp(hash, mark->hash, DIGEST_SIZE) == 0;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/*
 * What was ended or used up after the backup is in it as it was before: a session that was
 * ended, a link or a code that was used, an invitation that was taken back. Nobody tells
 * which, so none counts.
 */
static enum status ways_in_close(struct change *change)
{
	static const char *const ends[] = { "DELETE FROM sessions", "DELETE FROM enrolments",
		"DELETE FROM owner_invitations" };
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < ARRAY_LEN(ends); i++)
		st = db_run(change_db(change), ends[i]);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE handovers SET voided_at_us = $1"
			" WHERE opened_at_us = 0 AND voided_at_us = 0",
			DB_INT(change->now_us));
	return st != ST_OK ? st
			   : db_run(change_db(change),
				     "UPDATE recovery_codes SET used_at_us = $1"
				     " WHERE used_at_us = 0",
				     DB_INT(change->now_us));
}

static enum status epoch_begin(
	struct records *records, const struct head *mark, const struct actor *actor)
{
	CLEANUP(buf_free)
	struct buf json = buf_heap(4 * KIB);
	int64_t epoch = 1 + (mark->epoch > records->head.epoch ? mark->epoch : records->head.epoch);
	enum status st;

	buf_printf(&json, "{\"epoch\":%lld,\"restoredFrom\":%lld,\"highWater\":%lld}",
		(long long)epoch, (long long)records->head.revision, (long long)mark->revision);
	records->next_epoch = epoch;
	st = installation_event(
		records, "installation.new_epoch", actor, buf_span(&json), ways_in_close);
	records->next_epoch = 0;
	return st;
}

/* The database is as new as the mark; what followed elsewhere, if anything, is another epoch. */
static enum status restored_begin(struct records *records, const struct records_options *options)
{
	if (options->restored == NULL)
		return ST_OK;
	return epoch_begin(records, &records->head, options->restored);
}

static enum status mark_check(
	struct records *records, const struct records_options *options, struct complaint *complaint)
{
	struct checkpoint mark;
	bool met = false;
	enum status st = high_water_read(records->data_dir, &mark);

	if (st == ST_NOT_FOUND)
		return restored_begin(records, options);
	if (st == ST_OK && (!checkpoint_is_signed(&mark, records->public_key) ||
				   memcmp(mark.installation_id, records->installation_bytes,
					   sizeof(mark.installation_id)) != 0))
		st = ST_DAMAGED;
	if (st == ST_DAMAGED)
		complaint_set(complaint, "records.mark_damaged", 0);
	if (st == ST_OK)
		st = mark_is_met(records, &mark.head, &met);
	if (st != ST_OK)
		return st;
	if (met)
		return restored_begin(records, options);
	if (options->accept_restored == NULL)
		return complain_stale(records, &mark.head, complaint);
	return epoch_begin(records, &mark.head, options->accept_restored);
}

/* ---- open and close ---- */

static enum status public_key_write(const struct records *records)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(4 * KIB);
	char text[128];
	struct buf line = BUF_ARRAY(text);

	buf_printf(&path, "%s/%s", records->data_dir, PUBLIC_KEY_FILE);
	public_key_append(&line, records->public_key);
	if (!buf_ok(&path))
		return ST_LIMIT;
	return file_replace(buf_str(&path), buf_span(&line), 0644);
}

static enum status records_make(const struct records_options *options, const char *location,
	const struct db_driver *driver, struct records **out_records)
{
	struct records *records = calloc(1, sizeof(*records));

	if (records == NULL)
		return ST_NO_MEMORY;
	*out_records = records;
	pthread_mutex_init(&records->lock, NULL);
	pthread_mutex_init(&records->mark_lock, NULL);
	pthread_cond_init(&records->turn, NULL);
	pthread_cond_init(&records->done, NULL);
	records->group_end = &records->group;
	records->driver = driver;
	records->root_key = options->root_key;
	records->location = strdup(location);
	records->data_dir = strdup(options->data_dir);
	records->digest = digest_context_make();
	records->sign_secret = secret_alloc(SIGN_SECRET_KEY_SIZE);
	if (records->location == NULL || records->data_dir == NULL || records->digest == NULL ||
		records->sign_secret == NULL)
		return ST_NO_MEMORY;
	root_key_event_pair(options->root_key, records->public_key, records->sign_secret);
	return ST_OK;
}

static void complain_open(enum status st, const char *location, struct complaint *complaint)
{
	if (complaint == NULL || complaint->key != NULL)
		return;
	if (st == ST_BUSY)
		complaint_set(complaint, "records.in_use", 1, "path", location);
	else if (st == ST_DAMAGED || st == ST_FORMAT)
		complaint_set(complaint, "records.not_records", 0);
	else if (st == ST_NOT_FOUND)
		complaint_set(complaint, "records.lost", 1, "path", location);
	else if (st == ST_DENIED)
		complaint_set(complaint, "records.not_permitted", 1, "path", location);
	else if (st == ST_NO_SPACE)
		complaint_set(complaint, "records.no_space", 0);
	else
		complaint_set(complaint, "records.cannot_open", 2, "path", location, "reason",
			status_name(st));
}

/* records_close without the mark: of what never opened. */
static void records_discard(struct records **records)
{
	struct records *r = *records;

	if (r == NULL)
		return;
	assert(r->readers_out == 0 && r->ticket_next == r->ticket_served);
	for (size_t i = 0; i < r->readers_idle; i++)
		db_close(&r->readers[i]);
	db_close(&r->writer);
	digest_context_free(&r->digest);
	secret_free((void **)&r->sign_secret);
	free(r->location);
	free(r->data_dir);
	pthread_cond_destroy(&r->done);
	pthread_cond_destroy(&r->turn);
	pthread_mutex_destroy(&r->mark_lock);
	pthread_mutex_destroy(&r->lock);
	free(r);
	*records = NULL;
}

enum status records_open(const struct records_options *options, struct records **out_records,
	struct complaint *complaint)
{
	CLEANUP(records_discard)
	struct records *records = NULL;
	const char *location = NULL;
	const struct db_driver *driver = db_driver_of(options->url, &location);
	enum status st;

	if (driver == NULL) {
		/* The url is not repeated: one with a password in it must not reach a log. */
		complaint_set(complaint, "records.url", 0);
		return ST_INVALID;
	}
	if (options->driver != NULL)
		driver = options->driver;
	st = records_make(options, location, driver, &records);
	if (st == ST_OK) {
		records->made_before = high_water_is_there(options->data_dir);
		st = writer_open(records);
	}
	if (st == ST_OK)
		st = db_migrate(records->writer, complaint);
	if (st == ST_OK)
		st = installation_ready(records, complaint);
	if (st == ST_OK)
		st = mark_check(records, options, complaint);
	if (st == ST_OK)
		st = public_key_write(records);
	if (st == ST_OK)
		st = mark_write(records, clock_wall_us());
	if (st != ST_OK) {
		complain_open(st, location, complaint);
		return st;
	}
	records->made_before = true;
	*out_records = records;
	records = NULL;
	return ST_OK;
}

void records_close(struct records **records)
{
	if (*records == NULL)
		return;
	if ((*records)->mark_behind)
		(void)mark_write(*records, clock_wall_us());
	records_discard(records);
}

/* ---- questions and housekeeping ---- */

struct head records_head(struct records *records)
{
	struct head head;

	pthread_mutex_lock(&records->lock);
	head = records->head;
	pthread_mutex_unlock(&records->lock);
	return head;
}

struct span records_installation_id(const struct records *records)
{
	return span_str(records->installation_id);
}

const uint8_t *records_public_key(const struct records *records)
{
	return records->public_key;
}

void records_figures(struct records *records, struct records_figures *out_figures)
{
	pthread_mutex_lock(&records->lock);
	*out_figures = records->figures;
	out_figures->head = records->head;
	pthread_mutex_unlock(&records->lock);
}

static enum status tidy_log(struct records *records)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	enum status st = snapshot_begin(records, &snapshot);

	if (st != ST_OK)
		return st;
	/* A checkpoint runs outside of a transaction. */
	snapshot->db->driver->rollback(snapshot->db);
	st = snapshot->db->driver->tidy(snapshot->db);
	snapshot->failed = st != ST_OK;
	return st;
}

/* Erased persons, and what is over: idempotency keys, sessions, one-time links. */
static enum status tidy_writer(struct records *records, int64_t now_us)
{
	enum status st = ST_OK;

	turn_wait(records);
	/* In a group's transaction neither is possible; the next tick tries again. */
	if (records->group_count == 0 && writer_open(records) == ST_OK) {
		if (records->scrub_wanted) {
			st = records->driver->scrub(records->writer);
			records->scrub_wanted = st != ST_OK;
		}
		if (st == ST_OK || st == ST_BUSY)
			st = idempotency_purge(records->writer, now_us);
		if (st == ST_OK)
			st = sessions_purge(records->writer, now_us);
	}
	turn_end(records);
	return st;
}

enum status records_tick(struct records *records, int64_t now_us)
{
	bool mark, scrub, purge;
	enum status first = ST_OK, st;

	pthread_mutex_lock(&records->lock);
	mark = records->mark_behind;
	scrub = records->scrub_wanted;
	purge = now_us - records->purged_at_us > 60 * US_PER_S || now_us < records->purged_at_us;
	if (purge)
		records->purged_at_us = now_us;
	pthread_mutex_unlock(&records->lock);
	if (mark)
		first = mark_write(records, now_us);
	if (scrub || purge) {
		st = tidy_writer(records, now_us);
		first = first == ST_OK ? st : first;
	}
	st = tidy_log(records);
	return first == ST_OK ? st : first;
}
