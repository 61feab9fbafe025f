/*
 * The writer: turns, groups of changes that share a commit, and what happens
 * when the disk fails.
 *
 * I1: one turn at a time, in the order of the tickets.
 * I2: within a turn the change works in the group's transaction, all but the
 *     first in a savepoint of it, so that each can be undone alone.
 * I3: whoever ends a turn while nobody waits for the next commits the group,
 *     so nobody of it waits for ever; GROUP_MAX and GROUP_AGE_MAX_US bound it.
 * I4: changes of a group share the outcome: all are committed or none. One
 *     without events writes nothing, but has seen what joined before it: it
 *     shares the outcome too.
 * I5: after a failure of the disk the connection is closed. The next one
 *     begins with a small write, which takes the place of what the failed
 *     commit may have left in the log.
 */
#include "records/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define GROUP_MAX 64u
#define GROUP_AGE_MAX_US 50000

static bool is_fatal(enum status st)
{
	return st == ST_IO || st == ST_NO_SPACE || st == ST_DAMAGED;
}

/* ---- the connection, by whose turn it is ---- */

enum status writer_open(struct records *records)
{
	enum status st;

	if (records->writer != NULL)
		return ST_OK;
	st = db_open(records->driver, records->location,
		records->made_before ? DB_WRITER_AGAIN : DB_WRITER, &records->writer);
	if (st == ST_OK && records->figures.reopened > 0) {
		/* I5 */
		st = db_run(records->writer, "UPDATE head SET revision = revision WHERE id = 1");
		if (st != ST_OK)
			db_close(&records->writer);
	}
	return st;
}

static void writer_give_up(struct records *records)
{
	if (records->writer == NULL)
		return;
	records->writer->driver->rollback(records->writer);
	db_close(&records->writer);
	pthread_mutex_lock(&records->lock);
	records->figures.reopened++;
	pthread_mutex_unlock(&records->lock);
}

/*
 * After a commit that failed: is it there all the same? Almost never; but when
 * it is, or when nobody can look, "failed" would be a lie, and the answer is
 * ST_UNKNOWN. Without room the last frame of the commit was never written.
 */
static enum status commit_outcome(struct records *records, int64_t revision, enum status st)
{
	struct head head;

	writer_give_up(records);
	if (writer_open(records) != ST_OK || head_read(records->writer, &head) != ST_OK)
		return st == ST_NO_SPACE ? st : ST_UNKNOWN;
	if (head.revision < revision)
		return st;
	pthread_mutex_lock(&records->lock);
	records->head = head;
	records->mark_behind = true;
	pthread_mutex_unlock(&records->lock);
	return ST_UNKNOWN;
}

/* ---- groups ---- */

static void group_add(struct records *records, struct change *change)
{
	if (records->group_count == 0) {
		records->group_begun_us = clock_boot_us();
		records->group_narrows = false;
		records->group_scrubs = false;
	}
	change->group_next = NULL;
	*records->group_end = change;
	records->group_end = &change->group_next;
	records->group_count++;
	records->group_narrows |= change->narrows;
	records->group_scrubs |= change->scrubs;
}

/* Tell all of the group; lock is held. */
static void group_tell(struct records *records, enum status st)
{
	struct change *change = records->group;

	if (st == ST_OK) {
		records->figures.changes += (int64_t)records->group_count;
		records->figures.commits++;
	} else {
		records->figures.failed_commits++;
	}
	records->group = NULL;
	records->group_end = &records->group;
	records->group_count = 0;
	while (change != NULL) {
		struct change *next = change->group_next;

		change->result = st;
		change->done = true;
		change = next;
	}
	pthread_cond_broadcast(&records->done);
}

static struct head group_head(const struct records *records)
{
	const struct change *change = records->group;

	while (change->group_next != NULL)
		change = change->group_next;
	return change->head;
}

/* By whose turn it is; lock is not held. */
static void group_commit(struct records *records)
{
	struct head head = group_head(records);
	enum status st = records->writer->driver->commit(records->writer);

	if (st != ST_OK)
		st = commit_outcome(records, head.revision, st);
	pthread_mutex_lock(&records->lock);
	if (st == ST_OK) {
		records->head = head;
		records->mark_behind = true;
		records->scrub_wanted |= records->group_scrubs;
	}
	pthread_mutex_unlock(&records->lock);
	if (st == ST_OK && records->group_narrows)
		(void)mark_write(records, clock_wall_us());
	pthread_mutex_lock(&records->lock);
	group_tell(records, st);
	pthread_mutex_unlock(&records->lock);
}

/* The transaction is lost, and with it all that joined it (I4). */
static void group_lose(struct records *records, enum status st)
{
	writer_give_up(records);
	pthread_mutex_lock(&records->lock);
	if (records->group_count > 0)
		group_tell(records, st);
	pthread_mutex_unlock(&records->lock);
}

/* ---- turns ---- */

void turn_wait(struct records *records)
{
	pthread_mutex_lock(&records->lock);
	uint64_t ticket = records->ticket_next++;

	while (records->ticket_served != ticket)
		pthread_cond_wait(&records->turn, &records->lock);
	pthread_mutex_unlock(&records->lock);
}

static bool group_is_due(const struct records *records)
{
	if (records->group_count == 0)
		return false;
	/* I3: nobody behind the present turn. */
	return records->ticket_next == records->ticket_served + 1 ||
	       records->group_count >= GROUP_MAX ||
	       clock_boot_us() - records->group_begun_us > GROUP_AGE_MAX_US;
}

void turn_end(struct records *records)
{
	bool due;

	pthread_mutex_lock(&records->lock);
	due = group_is_due(records);
	pthread_mutex_unlock(&records->lock);
	if (due)
		group_commit(records);
	pthread_mutex_lock(&records->lock);
	records->ticket_served++;
	pthread_cond_broadcast(&records->turn);
	pthread_mutex_unlock(&records->lock);
}

enum status writer_aside(
	struct records *records, enum status (*work)(struct db *db, void *context), void *context)
{
	enum status st;

	turn_wait(records);
	/* The group would share the fate of what is none of its business. */
	if (records->group_count > 0)
		group_commit(records);
	st = writer_open(records);
	if (st == ST_OK)
		st = records->driver->begin(records->writer, true);
	if (st == ST_OK)
		st = work(records->writer, context);
	if (st == ST_OK)
		st = records->driver->commit(records->writer);
	if (is_fatal(st))
		writer_give_up(records);
	else if (st != ST_OK && records->writer != NULL)
		records->driver->rollback(records->writer);
	turn_end(records);
	return st;
}

/* ---- a change ---- */

static void keep_text(char *out, size_t size, struct span text, struct span *kept)
{
	struct buf b = buf_fixed(out, size);

	for (size_t i = 0; i < text.len; i++)
		buf_append_char(&b, text.ptr[i]);
	*kept = span_present(text) ? buf_span(&b) : SPAN_ABSENT;
}

/* Nothing that JSON would escape: the column and the text show it alike. */
static void append_word(struct buf *out, const char *prefix, struct span word)
{
	buf_append_str(out, prefix);
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];
		bool fit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';

		buf_append_char(out, fit ? c : '_');
	}
}

static void actor_keep(struct change *change, const struct actor *actor)
{
	struct buf b = BUF_ARRAY(change->actor_text);

	change->actor = *actor;
	keep_text(change->actor_name, sizeof(change->actor_name), actor->name, &change->actor.name);
	keep_text(change->actor_address, sizeof(change->actor_address), actor->address,
		&change->actor.address);
	keep_text(change->actor_request, sizeof(change->actor_request), actor->request_id,
		&change->actor.request_id);
	if (actor->kind == ACTOR_USER)
		buf_printf(&b, "user:%u", actor->user_slot);
	else if (actor->kind == ACTOR_TOKEN)
		buf_printf(&b, "token:%u", actor->token_slot);
	else if (actor->kind == ACTOR_SYSTEM)
		append_word(&b, "system:", change->actor.name);
	else
		buf_printf(&b, "operator:%lld", (long long)actor->peer_uid);
}

static void change_free(struct change **change)
{
	if (*change == NULL)
		return;
	arena_free(&(*change)->arena);
	free(*change);
	*change = NULL;
}

static struct change *change_make(
	struct records *records, const struct actor *actor, int64_t now_us)
{
	struct change *change = calloc(1, sizeof(*change));

	if (change == NULL)
		return NULL;
	change->arena = arena_make(CHANGE_ARENA_MAX);
	if (change->arena == NULL) {
		change_free(&change);
		return NULL;
	}
	change->records = records;
	change->now_us = now_us;
	change->events_end = &change->events;
	change->reading.records = records;
	change->reading.borrowed = true;
	actor_keep(change, actor);
	return change;
}

static enum status savepoint_begin(struct change *change)
{
	struct records *records = change->records;
	enum status st = writer_open(records);

	/* A savepoint has its price in SQLite: every page is copied once more. */
	change->in_savepoint = records->group_count > 0;
	if (st == ST_OK && change->in_savepoint)
		st = records->driver->script(records->writer, "SAVEPOINT change");
	else if (st == ST_OK)
		st = records->driver->begin(records->writer, true);
	if (st == ST_OK)
		st = head_read(records->writer, &change->reading.head);
	change->head = change->reading.head;
	change->reading.db = records->writer;
	return st;
}

enum status change_begin(struct records *records, const struct actor *actor, int64_t now_us,
	struct change **out_change)
{
	struct change *change = change_make(records, actor, now_us);
	enum status st;

	if (change == NULL)
		return ST_NO_MEMORY;
	turn_wait(records);
	st = savepoint_begin(change);
	if (st != ST_OK) {
		group_lose(records, st);
		turn_end(records);
		change_free(&change);
		return st;
	}
	*out_change = change;
	return ST_OK;
}

/* Back to before this change; those that joined before it stay, if they can. */
static void savepoint_undo(struct change *change, enum status st)
{
	struct records *records = change->records;
	const struct db_driver *driver = records->driver;

	if (is_fatal(st) || !driver->in_transaction(records->writer)) {
		group_lose(records, is_fatal(st) ? st : ST_IO);
		return;
	}
	if (records->group_count == 0) {
		driver->rollback(records->writer);
		return;
	}
	st = driver->script(records->writer, "ROLLBACK TO change; RELEASE change");
	if (st != ST_OK)
		group_lose(records, st);
}

void change_abort(struct change **change)
{
	struct records *records;

	if (*change == NULL)
		return;
	records = (*change)->records;
	savepoint_undo(*change, (*change)->failed);
	turn_end(records);
	change_free(change);
}

static void wait_done(struct change *change)
{
	struct records *records = change->records;

	pthread_mutex_lock(&records->lock);
	while (!change->done)
		pthread_cond_wait(&records->done, &records->lock);
	pthread_mutex_unlock(&records->lock);
}

/* The turn ends; what becomes of the group becomes of this change. */
static enum status change_join(struct change *change)
{
	group_add(change->records, change);
	turn_end(change->records);
	wait_done(change);
	return change->result;
}

static enum status change_finish(struct change *change)
{
	change->failed = events_write(change);
	if (change->failed == ST_OK && change->in_savepoint)
		change->failed =
			change->records->driver->script(change->records->writer, "RELEASE change");
	return change->failed != ST_OK ? change->failed : change_join(change);
}

/* Without events there is nothing to write. */
static enum status change_look(struct change *change)
{
	struct records *records = change->records;

	/* What it saw of its group must come true, or its answer would not be. */
	if (!change->in_savepoint) {
		savepoint_undo(change, ST_OK);
		turn_end(records);
		change->done = true;
		return ST_OK;
	}
	change->failed =
		records->driver->script(records->writer, "ROLLBACK TO change; RELEASE change");
	if (change->failed != ST_OK)
		return change->failed;
	return change_join(change);
}

enum status change_commit(struct change **change, struct head *out_head)
{
	CLEANUP(change_free)
	struct change *finished = NULL;
	enum status st = (*change)->failed;

	if (st == ST_OK)
		st = (*change)->events_count == 0 ? change_look(*change) : change_finish(*change);
	/* Not joined: the turn is still ours. */
	if (!(*change)->done) {
		change_abort(change);
		return st;
	}
	finished = *change;
	*change = NULL;
	if (st == ST_OK && out_head != NULL)
		*out_head = finished->head;
	return st;
}

struct snapshot *change_reading(struct change *change)
{
	return &change->reading;
}

bool change_widens(const struct change *change)
{
	return change->widens;
}

enum status change_enter(struct change *change)
{
	return change->failed;
}

enum status change_leave(struct change *change, enum status st)
{
	if (st != ST_OK && change->failed == ST_OK)
		change->failed = st;
	return st;
}
