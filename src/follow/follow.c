#include "follow/follow.h"

#include "base/clock.h"
#include "base/encode.h"
#include "decide/routes.h"
#include "follow/entity.h"
#include "index/reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* For one record at a time. */
#define ENTITY_ARENA_MAX (8 * MIB)
/* From so many changes on, and when they are a good part of all keys, building anew is faster. */
#define REBUILD_CHANGES_MIN 100000u
#define REBUILD_KEYS_PART 4u
/* Damage that readers report is mended at most this often: they could cry wolf. */
#define REPORTED_INTERVAL_US (30 * US_PER_S)

struct changed {
	enum entity_kind kind;
	uint32_t slot;
};

struct follow_reading {
	struct follower *follower;
	struct index_reader *reader;
};

struct follower {
	char *dir;
	struct records *records;
	struct index_writer *writer; /* NULL: none open */
	/* Held for writing while writer changes, for reading while somebody uses it elsewhere. */
	pthread_rwlock_t writer_lock;
	int64_t rebuilt_at_us; /* boot time; 0: not by us */
	bool routes_refused;
	struct arena *arena;
	struct changed *changed;
	size_t changed_count, changed_capacity;
};

enum status follow_open(const char *dir, struct records *records, struct follower **out_follower)
{
	struct follower *follower = calloc(1, sizeof(*follower));
	pthread_rwlockattr_t attributes;

	if (follower == NULL)
		return ST_NO_MEMORY;
	follower->records = records;
	follower->dir = strdup(dir);
	if (follower->dir == NULL) {
		free(follower);
		return ST_NO_MEMORY;
	}
	(void)pthread_rwlockattr_init(&attributes);
	/* One reading after the other must not keep the follower from changing the index. */
	(void)pthread_rwlockattr_setkind_np(
		&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	(void)pthread_rwlock_init(&follower->writer_lock, &attributes);
	(void)pthread_rwlockattr_destroy(&attributes);
	*out_follower = follower;
	return ST_OK;
}

/* Let writer be the one in use, or none; closes the one before. On disk that stays what it was. */
static void use_writer(struct follower *follower, struct index_writer *writer)
{
	(void)pthread_rwlock_wrlock(&follower->writer_lock);
	index_writer_close(&follower->writer);
	follower->writer = writer;
	(void)pthread_rwlock_unlock(&follower->writer_lock);
}

static void close_index(struct follower *follower)
{
	use_writer(follower, NULL);
}

void follow_close(struct follower **follower)
{
	if (*follower == NULL)
		return;
	close_index(*follower);
	(void)pthread_rwlock_destroy(&(*follower)->writer_lock);
	arena_free(&(*follower)->arena);
	free((*follower)->changed);
	free((*follower)->dir);
	free(*follower);
	*follower = NULL;
}

/* ---- What the index is of ---- */

static void mark_of(const struct follower *follower, struct head head, struct index_mark *out_mark)
{
	*out_mark = (struct index_mark){
		.epoch = (uint64_t)head.epoch,
		.revision = (uint64_t)head.revision,
		.revision_at_us = clock_wall_us(),
	};
	memcpy(out_mark->event_hash, head.hash, DIGEST_SIZE);
	/* 32 hexadecimal digits by its contract; anything else would be all zero here. */
	(void)decode_hex(records_installation_id(follower->records), out_mark->installation,
		sizeof(out_mark->installation));
}

static bool same_history(const struct index_mark *a, const struct index_mark *b)
{
	return a->epoch == b->epoch &&
	       memcmp(a->installation, b->installation, sizeof(a->installation)) == 0;
}

/* I2: is the index an earlier (or this very) state of these records? */
static enum status check_history(
	struct snapshot *snapshot, const struct index_mark *index, const struct index_mark *records)
{
	uint8_t hash[DIGEST_SIZE];
	enum status st;

	if (!same_history(index, records) || index->revision > records->revision)
		return ST_CONFLICT;
	if (index->revision == records->revision)
		return memcmp(index->event_hash, records->event_hash, DIGEST_SIZE) == 0
			       ? ST_OK
			       : ST_CONFLICT;
	st = snapshot_event_hash(snapshot, (int64_t)index->revision, hash);
	if (st == ST_NOT_FOUND)
		return ST_CONFLICT;
	if (st == ST_OK && memcmp(index->event_hash, hash, DIGEST_SIZE) != 0)
		return ST_CONFLICT;
	return st;
}

/* ---- Building ---- */

static enum status build_account(void *arg, const struct record_account *account)
{
	return entity_put_account(arg, account);
}

static enum status build_profile(void *arg, const struct record_profile *profile)
{
	return entity_put_profile(arg, profile);
}

static enum status build_resource(void *arg, const struct record_resource *resource)
{
	return entity_put_resource(arg, resource);
}

static enum status build_key(void *arg, const struct record_key *key)
{
	return entity_put_key(arg, key);
}

static enum status put_routes(
	struct follower *follower, struct index_writer *writer, struct snapshot *snapshot)
{
	CLEANUP(buf_free)
	struct buf compiled = buf_heap(ROUTES_BLOB_MAX);
	enum status st = entity_build_routes(snapshot, &compiled, NULL);

	follower->routes_refused = st == ST_INVALID || st == ST_EXISTS || st == ST_LIMIT;
	if (follower->routes_refused) {
		buf_clear(&compiled);
		st = ST_OK;
	}
	return st == ST_OK ? index_put_routes(writer, buf_span(&compiled)) : st;
}

static enum status build_all(
	struct follower *follower, struct index_writer *writer, struct snapshot *snapshot)
{
	enum status st = snapshot_each_account(snapshot, build_account, writer);

	if (st == ST_OK)
		st = snapshot_each_profile(snapshot, build_profile, writer);
	if (st == ST_OK)
		st = snapshot_each_resource(snapshot, build_resource, writer);
	if (st == ST_OK)
		st = put_routes(follower, writer, snapshot);
	if (st == ST_OK)
		st = snapshot_each_key(snapshot, build_key, writer);
	return st;
}

static enum status rebuild(
	struct follower *follower, struct snapshot *snapshot, const struct index_mark *mark)
{
	CLEANUP(index_writer_close)
	struct index_writer *next = NULL;
	enum status st;

	/* Damage in the old one must not be read again, not even here. */
	close_index(follower);
	st = index_writer_create(follower->dir, &next);
	if (st == ST_OK)
		st = index_writer_begin(next);
	if (st == ST_OK)
		st = build_all(follower, next, snapshot);
	if (st == ST_OK)
		st = index_writer_commit(next, mark);
	if (st == ST_OK)
		st = index_writer_publish(next);
	if (st != ST_OK)
		return st;
	use_writer(follower, next);
	next = NULL;
	follower->rebuilt_at_us = clock_boot_us();
	return ST_OK;
}

/* ---- Applying ---- */

static enum status note_changed(void *arg, enum entity_kind kind, uint32_t slot)
{
	struct follower *follower = arg;

	if (follower->changed_count == follower->changed_capacity) {
		size_t wanted = follower->changed_capacity * 2 + 256;
		struct changed *more = reallocarray(follower->changed, wanted, sizeof(*more));

		if (more == NULL)
			return ST_NO_MEMORY;
		follower->changed = more;
		follower->changed_capacity = wanted;
	}
	follower->changed[follower->changed_count++] = (struct changed){ kind, slot };
	return ST_OK;
}

static enum status apply_account(
	struct follower *follower, struct snapshot *snapshot, uint32_t slot)
{
	struct record_account account;
	enum status st = snapshot_account(snapshot, slot, follower->arena, &account);

	if (st == ST_NOT_FOUND)
		return index_delete_account(follower->writer, slot);
	return st == ST_OK ? entity_put_account(follower->writer, &account) : st;
}

static enum status apply_profile(
	struct follower *follower, struct snapshot *snapshot, uint32_t slot)
{
	struct record_profile profile;
	enum status st = snapshot_profile(snapshot, slot, follower->arena, &profile);

	if (st == ST_NOT_FOUND)
		return index_delete_profile(follower->writer, slot);
	return st == ST_OK ? entity_put_profile(follower->writer, &profile) : st;
}

static enum status apply_resource(
	struct follower *follower, struct snapshot *snapshot, uint32_t slot)
{
	struct record_resource resource;
	enum status st = snapshot_resource(snapshot, slot, follower->arena, &resource);

	if (st == ST_NOT_FOUND)
		return index_delete_resource(follower->writer, slot);
	return st == ST_OK ? entity_put_resource(follower->writer, &resource) : st;
}

struct key_run {
	struct follower *follower;
	uint32_t next; /* the first slot that was not seen yet */
};

/* Those from next up to before slot are gone. */
static enum status delete_keys(struct key_run *run, uint64_t slot)
{
	enum status st = ST_OK;

	for (uint64_t gone = run->next; st == ST_OK && gone < slot; gone++)
		st = index_delete_key(run->follower->writer, (uint32_t)gone);
	return st;
}

static enum status apply_key(void *arg, const struct record_key *key)
{
	struct key_run *run = arg;
	enum status st = delete_keys(run, key->slot);

	run->next = key->slot + 1;
	return st == ST_OK ? entity_put_key(run->follower->writer, key) : st;
}

/* Keys whose slots follow one another, as those of an import do. */
static enum status apply_keys(
	struct follower *follower, struct snapshot *snapshot, uint32_t first, uint32_t last)
{
	struct key_run run = { follower, first };
	enum status st = snapshot_keys(snapshot, first, last, apply_key, &run);

	return st == ST_OK ? delete_keys(&run, (uint64_t)last + 1) : st;
}

/* How many of the changes from i on are of keys with slots that follow one another. */
static size_t keys_in_a_row(const struct follower *follower, size_t i)
{
	const struct changed *changed = &follower->changed[i];
	size_t count = 0;

	while (i + count < follower->changed_count && changed[count].kind == ENTITY_KEY &&
		changed[count].slot == changed[0].slot + count)
		count++;
	return count;
}

/* Services and routes are compiled together, once, after the rest. */
static enum status apply_one(struct follower *follower, struct snapshot *snapshot,
	struct changed changed, bool *routes_changed)
{
	/* A fresh arena a record: one holds the largest, not all of a long list. */
	arena_free(&follower->arena);
	follower->arena = arena_make(ENTITY_ARENA_MAX);
	if (follower->arena == NULL)
		return ST_NO_MEMORY;
	switch (changed.kind) {
	case ENTITY_ACCOUNT:
		return apply_account(follower, snapshot, changed.slot);
	case ENTITY_PROFILE:
		return apply_profile(follower, snapshot, changed.slot);
	case ENTITY_RESOURCE:
		return apply_resource(follower, snapshot, changed.slot);
	case ENTITY_SERVICE:
	case ENTITY_ROUTE:
		*routes_changed = true;
		return ST_OK;
	case ENTITY_NONE:
	case ENTITY_INSTALLATION:
	case ENTITY_USER:
	case ENTITY_PREDEFINED:
	case ENTITY_KEY:  /* apply_keys */
	case ENTITY_KEYS: /* told key by key */
	case ENTITY_MANAGEMENT_TOKEN:
	case ENTITY_KIND_COUNT:
		break;
	}
	return ST_OK;
}

static enum status apply_all(
	struct follower *follower, struct snapshot *snapshot, const struct index_mark *mark)
{
	bool routes_changed = false;
	enum status st = index_writer_begin(follower->writer);

	for (size_t i = 0, count; i < follower->changed_count && st == ST_OK; i += count) {
		struct changed first = follower->changed[i];

		count = keys_in_a_row(follower, i);
		if (count > 0)
			st = apply_keys(
				follower, snapshot, first.slot, first.slot + (uint32_t)count - 1);
		else
			st = apply_one(follower, snapshot, first, &routes_changed);
		if (count == 0)
			count = 1;
	}
	if (st == ST_OK && routes_changed)
		st = put_routes(follower, follower->writer, snapshot);
	if (st == ST_OK)
		st = index_writer_commit(follower->writer, mark);
	return st;
}

/* ST_CONFLICT: it is better built anew. */
static enum status catch_up(struct follower *follower, struct snapshot *snapshot,
	const struct index_mark *index, const struct index_mark *records)
{
	struct index_writer_stats stats;
	enum status st;

	follower->changed_count = 0;
	st = snapshot_changes(snapshot, (int64_t)index->revision, note_changed, follower);
	if (st == ST_OK && follower->changed_count > REBUILD_CHANGES_MIN) {
		st = index_writer_tend(follower->writer, &stats);
		if (st == ST_OK && follower->changed_count > stats.keys_count / REBUILD_KEYS_PART)
			return ST_CONFLICT;
	}
	return st == ST_OK ? apply_all(follower, snapshot, records) : st;
}

/* ---- Following ---- */

/* Is this a failure of the index that building it anew mends? */
static bool rebuild_mends(enum status st)
{
	switch (st) {
	case ST_NOT_FOUND:
	case ST_FORMAT:
	case ST_DAMAGED:
	case ST_CONFLICT:
	case ST_TIMEOUT: /* the write lock */
	case ST_LIMIT:   /* commits are counted in 32 bits; cells have a maximum */
	case ST_UNAVAILABLE:
		return true;
	default:
		return false;
	}
}

static enum status open_index(struct follower *follower, struct index_mark *out_mark)
{
	struct index_writer *writer = NULL;
	enum status st = ST_OK;

	if (follower->writer == NULL) {
		st = index_writer_open(follower->dir, &writer);
		if (st == ST_OK)
			use_writer(follower, writer);
	}
	return st == ST_OK ? index_writer_mark(follower->writer, out_mark) : st;
}

static enum status follow_snapshot(
	struct follower *follower, struct snapshot *snapshot, struct follow_result *result)
{
	struct index_mark index, records;
	enum status st = open_index(follower, &index);

	mark_of(follower, snapshot_head(snapshot), &records);
	follower->changed_count = 0;
	if (st == ST_OK)
		st = check_history(snapshot, &index, &records);
	if (st == ST_OK && index.revision < records.revision)
		st = catch_up(follower, snapshot, &index, &records);
	if (st != ST_OK && rebuild_mends(st)) {
		st = rebuild(follower, snapshot, &records);
		result->rebuilt = st == ST_OK;
		follower->changed_count = 0;
	}
	if (st != ST_OK)
		close_index(follower); /* opened, and checked, by the next call */
	result->epoch = records.epoch;
	result->revision = records.revision;
	result->changes_count = follower->changed_count;
	return st;
}

/* Nothing to do, told from the head alone. */
static bool is_current(struct follower *follower, struct follow_result *result)
{
	struct index_mark index, records;

	if (follower->writer == NULL || index_writer_mark(follower->writer, &index) != ST_OK)
		return false;
	mark_of(follower, records_head(follower->records), &records);
	result->epoch = records.epoch;
	result->revision = records.revision;
	return same_history(&index, &records) && index.revision == records.revision &&
	       memcmp(index.event_hash, records.event_hash, DIGEST_SIZE) == 0;
}

enum status follow_once(struct follower *follower, struct follow_result *out_result)
{
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	struct follow_result result = { 0 };
	int64_t now_boot_us = clock_boot_us(); /* what is read below is not older */
	enum status st = ST_OK;

	if (!is_current(follower, &result)) {
		st = snapshot_begin(follower->records, &snapshot);
		if (st == ST_OK)
			st = follow_snapshot(follower, snapshot, &result);
	}
	if (st != ST_OK)
		return st;
	index_writer_confirm(follower->writer, now_boot_us);
	result.routes_refused = follower->routes_refused;
	if (out_result != NULL)
		*out_result = result;
	return ST_OK;
}

enum status follow_reading_begin(struct follower *follower, struct follow_reading **out_reading,
	const struct view **out_view)
{
	struct follow_reading *reading = calloc(1, sizeof(*reading));
	enum status st = ST_UNAVAILABLE;

	if (reading == NULL)
		return ST_NO_MEMORY;
	reading->follower = follower;
	(void)pthread_rwlock_rdlock(&follower->writer_lock);
	if (follower->writer != NULL)
		st = index_writer_reader(follower->writer, &reading->reader);
	if (st == ST_OK)
		st = index_reader_view_begin(reading->reader, clock_boot_us(), out_view);
	if (st != ST_OK) {
		follow_reading_end(&reading);
		return st;
	}
	*out_reading = reading;
	return ST_OK;
}

void follow_reading_end(struct follow_reading **reading)
{
	if (*reading == NULL)
		return;
	index_reader_close(&(*reading)->reader);
	(void)pthread_rwlock_unlock(&(*reading)->follower->writer_lock);
	free(*reading);
	*reading = NULL;
}

/* Look after the index that is open; one that does not hold is closed. */
static void tend_index(struct follower *follower)
{
	struct index_writer_stats stats;
	int64_t since_us = clock_boot_us() - follower->rebuilt_at_us;
	enum status st = index_writer_tend(follower->writer, &stats);

	if (st == ST_OK && stats.bloated) {
		(void)pthread_rwlock_wrlock(&follower->writer_lock);
		/* On failure it stays large, and whole. */
		st = index_writer_compact(&follower->writer);
		(void)pthread_rwlock_unlock(&follower->writer_lock);
		if (st == ST_NO_SPACE || st == ST_NO_MEMORY)
			st = ST_OK;
	}
	if (st == ST_OK && stats.damage_reported &&
		(follower->rebuilt_at_us == 0 || since_us >= REPORTED_INTERVAL_US))
		st = ST_DAMAGED;
	if (st != ST_OK)
		close_index(follower);
}

enum status follow_tend(struct follower *follower)
{
	if (follower->writer != NULL)
		tend_index(follower);
	return follow_once(follower, NULL);
}
