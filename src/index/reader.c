#include "index/reader.h"

#include "decide/routes.h"
#include "index/env.h"
#include "index/reader_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Pages mapped by one tend after the keeper has switched to another directory. */
#define POPULATE_STEP (256 * MIB)
#define OPEN_TRIES 16u
#define RENEW_TRIES 64u

/*
 * Large records that were checked at this address in this or an earlier
 * snapshot. A page in use is never written, so it needs no second look while its
 * address, commit and check stay the same.
 */
#define CHECKED_MIN 512u
#define CHECKED_COUNT 4096u

struct checked {
	const char *ptr;
	uint64_t check;
	size_t size;
};

/*
 * Accounts, profiles and resources are few and asked for at every request: where
 * they stand in this snapshot, checked. Another snapshot looks again.
 */
#define CACHED_COUNT 8192u

struct cached {
	uint64_t at;
	size_t txn_id;
	struct record record;
};

struct index_reader {
	struct index_env env;
	bool env_is_ours; /* else a writer's */
	char *dir;
	struct index_reader_options options;
	uint8_t boot_id[BOOT_ID_SIZE];
	MDB_txn *txn;
	MDB_dbi dbi;
	bool begun;

	/* Of the snapshot that is open or was last: */
	bool loaded;
	size_t txn_id;
	uint32_t snapshot;    /* number of its commit */
	const char *file_end; /* pages beyond do not exist */
	struct record_meta meta;
	uint64_t newest_epoch, newest_revision; /* I3: of all snapshots so far */
	struct routes routes;
	const char *routes_at;
	uint64_t routes_check;

	struct view view;
	size_t populated;
	struct checked checked[CHECKED_COUNT];
	struct cached cached[CACHED_COUNT];
};

/* ---- Look-ups ---- */

static enum status fetch(struct index_reader *reader, uint64_t at, struct span *out_value)
{
	MDB_val key = { .mv_size = sizeof(at), .mv_data = &at };
	MDB_val value = { 0 };
	int rc = mdb_get(reader->txn, reader->dbi, &key, &value);
	const char *ptr = value.mv_data;

	if (rc != 0)
		return env_status(rc);
	/* A damaged page may tell any place and length. */
	if (reader->env.map != NULL && (ptr < reader->env.map || ptr > reader->file_end ||
					       value.mv_size > (size_t)(reader->file_end - ptr)))
		return ST_DAMAGED;
	*out_value = span_of(ptr, value.mv_size);
	return ST_OK;
}

static enum status checked_open(struct index_reader *reader, enum record_kind kind,
	struct span bytes, struct record *out_record)
{
	const struct record_keys *keys =
		kind == KIND_META ? &record_keys_of_meta : &reader->meta.keys;
	struct checked *known;
	uint64_t check;
	enum status st;

	if (bytes.len < CHECKED_MIN)
		return record_open(keys, kind, bytes, out_record);
	known = &reader->checked[((uintptr_t)bytes.ptr >> 4) % CHECKED_COUNT];
	memcpy(&check, bytes.ptr, sizeof(check));
	if (known->ptr == bytes.ptr && known->check == check && known->size == bytes.len)
		return record_open_checked(kind, bytes, out_record);
	st = record_open(keys, kind, bytes, out_record);
	if (st == ST_OK)
		*known = (struct checked){ bytes.ptr, check, bytes.len };
	return st;
}

/* The one record that stands under a slot. */
static enum status fetch_slot(struct index_reader *reader, enum record_kind kind, uint32_t slot,
	struct record *out_record)
{
	struct span value = SPAN_ABSENT;
	enum status st = fetch(reader, record_at_slot(kind, slot), &value);

	if (st == ST_OK)
		st = checked_open(reader, kind, value, out_record);
	if (st == ST_OK && out_record->size != value.len)
		st = ST_DAMAGED;
	return st;
}

/* fetch_slot for the few kinds of which many requests ask the same. */
static enum status fetch_cached(struct index_reader *reader, enum record_kind kind, uint32_t slot,
	struct record *out_record)
{
	uint64_t at = record_at_slot(kind, slot);
	struct cached *cached = &reader->cached[(slot ^ (uint32_t)kind << 11) % CACHED_COUNT];
	enum status st;

	if (cached->at == at && cached->txn_id == reader->txn_id) {
		*out_record = cached->record;
		return ST_OK;
	}
	st = fetch_slot(reader, kind, slot, out_record);
	if (st == ST_OK)
		*cached = (struct cached){ at, reader->txn_id, *out_record };
	return st;
}

static bool is_newest(const struct index_reader *reader, const struct record *record, uint32_t slot)
{
	return head_is_newest(&reader->env.head, record, slot, reader->snapshot);
}

/* Damage is told to the keeper; the caller refuses. */
static enum status told(struct index_reader *reader, enum status st)
{
	if (st == ST_DAMAGED)
		env_report_damage(&reader->env);
	return st;
}

static enum status key_extra(void *context, struct view_key *key)
{
	struct index_reader *reader = context;
	struct record extra;
	uint32_t slot;
	enum status st = fetch_slot(reader, KIND_KEY_EXTRA, key->slot, &extra);

	if (st == ST_OK)
		st = record_read_key_extra(&extra, &slot, key);
	/* Written together, so the addresses are those of this very state of the key. */
	if (st == ST_NOT_FOUND ||
		(st == ST_OK && (slot != key->slot || extra.written != key->written)))
		st = ST_DAMAGED;
	key->has_extra = st != ST_OK;
	return told(reader, st);
}

/* One of the keys under a hash: that with the appKey, or, when it is absent, the slot. */
struct key_wanted {
	struct span app_key;
	uint32_t slot;
};

static enum status find_key(struct index_reader *reader, uint64_t at,
	const struct key_wanted *wanted, struct view_key *out_key)
{
	struct span rest = SPAN_ABSENT;
	enum status st = fetch(reader, at, &rest);

	/* Among many keys the cell is far; it comes while the record is checked. */
	if (st == ST_OK)
		head_cell_ahead(&reader->env.head, KIND_KEY, record_key_slot_claimed(rest));
	while (st == ST_OK && rest.len > 0) {
		struct record record;

		st = record_open(&reader->meta.keys, KIND_KEY, rest, &record);
		if (st == ST_OK)
			st = record_read_key(&record, out_key, &out_key->has_extra);
		if (st != ST_OK)
			return st;
		out_key->written = record.written;
		if (span_present(wanted->app_key) ? span_equal(out_key->app_key, wanted->app_key)
						  : out_key->slot == wanted->slot)
			return is_newest(reader, &record, out_key->slot) ? ST_OK : ST_DAMAGED;
		rest = span_part(rest, record.size, rest.len);
	}
	return st == ST_OK ? ST_NOT_FOUND : st;
}

static enum status key_by_app_key(void *context, struct span app_key, struct view_key *out_key)
{
	struct index_reader *reader = context;
	struct key_wanted wanted = { .app_key = app_key };

	if (app_key.len == 0 || app_key.len > LIMIT_APP_KEY)
		return ST_NOT_FOUND;
	return told(reader, find_key(reader, record_at_hash(&reader->meta.keys, KIND_KEY, app_key),
				    &wanted, out_key));
}

static enum status find_key_by_slot(
	struct index_reader *reader, uint32_t slot, struct view_key *out_key)
{
	struct key_wanted wanted = { .slot = slot };
	struct record record;
	uint32_t own_slot;
	uint64_t at;
	enum status st = fetch_slot(reader, KIND_KEY_SLOT, slot, &record);

	if (st == ST_OK)
		st = record_read_key_slot(&record, &own_slot, &at);
	if (st != ST_OK)
		return st;
	if (own_slot != slot)
		return ST_DAMAGED;
	st = find_key(reader, at, &wanted, out_key);
	return st == ST_NOT_FOUND ? ST_DAMAGED : st;
}

static enum status key_by_slot(void *context, uint32_t slot, struct view_key *out_key)
{
	struct index_reader *reader = context;

	return slot == 0 ? ST_NOT_FOUND : told(reader, find_key_by_slot(reader, slot, out_key));
}

/*
 * A token has no cell of its own (index/head.h): an old record may say that a
 * retired one is live. decide() believes only the digests in the key, which has one.
 */
static enum status find_token(struct index_reader *reader, const uint8_t digest[DIGEST_SIZE],
	struct view_token *out_token)
{
	struct span rest = SPAN_ABSENT;
	enum status st = fetch(reader,
		record_at_hash(&reader->meta.keys, KIND_TOKEN, span_of(digest, DIGEST_SIZE)),
		&rest);

	while (st == ST_OK && rest.len > 0) {
		struct record record;
		uint8_t own_digest[DIGEST_SIZE];

		st = record_open(&reader->meta.keys, KIND_TOKEN, rest, &record);
		if (st == ST_OK)
			st = record_read_token(&record, own_digest, out_token);
		if (st != ST_OK)
			return st;
		if (crypto_equal(own_digest, digest, DIGEST_SIZE))
			return ST_OK;
		rest = span_part(rest, record.size, rest.len);
	}
	return st == ST_OK ? ST_NOT_FOUND : st;
}

static enum status token_by_digest(
	void *context, const uint8_t digest[DIGEST_SIZE], struct view_token *out_token)
{
	struct index_reader *reader = context;

	return told(reader, find_token(reader, digest, out_token));
}

static enum status find_account(struct index_reader *reader, uint32_t slot,
	struct view_account *out_account, struct span *out_hosts)
{
	struct record record;
	enum status st = fetch_cached(reader, KIND_ACCOUNT, slot, &record);

	if (st == ST_OK)
		st = record_read_account(&record, out_account, out_hosts);
	if (st == ST_OK && (out_account->slot != slot || !is_newest(reader, &record, slot)))
		st = ST_DAMAGED;
	return st;
}

static enum status account_by_slot(void *context, uint32_t slot, struct view_account *out_account)
{
	struct index_reader *reader = context;
	struct span hosts;

	if (slot == 0)
		return ST_NOT_FOUND;
	return told(reader, find_account(reader, slot, out_account, &hosts));
}

/* The account that a name or host leads to; the account itself must have that name or host. */
static enum status find_account_by(struct index_reader *reader, enum record_kind kind,
	struct span name, struct view_account *out_account)
{
	struct span rest = SPAN_ABSENT, hosts, own_name;
	struct record record;
	uint32_t slot = 0;
	enum status st = fetch(reader, record_at_hash(&reader->meta.keys, kind, name), &rest);

	while (st == ST_OK && rest.len > 0 && slot == 0) {
		uint32_t this_slot;

		st = record_open(&reader->meta.keys, kind, rest, &record);
		if (st == ST_OK)
			st = record_read_name(&record, &this_slot, &own_name);
		if (st != ST_OK)
			return st;
		if (span_equal(own_name, name))
			slot = this_slot;
		rest = span_part(rest, record.size, rest.len);
	}
	if (st != ST_OK || slot == 0)
		return st == ST_OK ? ST_NOT_FOUND : st;
	st = find_account(reader, slot, out_account, &hosts);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	if (kind == KIND_ACCOUNT_NAME)
		return span_equal(out_account->name, name) ? ST_OK : ST_DAMAGED;
	while (record_next_host(&hosts, &own_name))
		if (span_equal(own_name, name))
			return ST_OK;
	return ST_DAMAGED;
}

static enum status account_by_name(
	void *context, struct span name, struct view_account *out_account)
{
	struct index_reader *reader = context;

	if (name.len == 0 || name.len > LIMIT_ACCOUNT_NAME)
		return ST_NOT_FOUND;
	return told(reader, find_account_by(reader, KIND_ACCOUNT_NAME, name, out_account));
}

static enum status account_by_host(
	void *context, struct span host, struct view_account *out_account)
{
	struct index_reader *reader = context;

	if (host.len == 0 || host.len > LIMIT_HOST)
		return ST_NOT_FOUND;
	return told(reader, find_account_by(reader, KIND_HOST, host, out_account));
}

static enum status profile_by_slot(void *context, uint32_t slot, struct view_profile *out_profile)
{
	struct index_reader *reader = context;
	struct record record;
	enum status st;

	if (slot == 0)
		return ST_NOT_FOUND;
	st = fetch_cached(reader, KIND_PROFILE, slot, &record);
	if (st == ST_OK)
		st = record_read_profile(&record, out_profile);
	if (st == ST_OK && (out_profile->slot != slot || !is_newest(reader, &record, slot)))
		st = ST_DAMAGED;
	return told(reader, st);
}

static enum status resource_by_slot(
	void *context, uint32_t slot, struct view_resource *out_resource)
{
	struct index_reader *reader = context;
	struct record record;
	enum status st;

	if (slot == 0)
		return ST_NOT_FOUND;
	st = fetch_cached(reader, KIND_RESOURCE, slot, &record);
	if (st == ST_OK)
		st = record_read_resource(&record, out_resource);
	if (st == ST_OK && (out_resource->slot != slot || !is_newest(reader, &record, slot)))
		st = ST_DAMAGED;
	return told(reader, st);
}

/* ---- Snapshots ---- */

static enum status load_meta(struct index_reader *reader)
{
	struct record record;
	enum status st = fetch_slot(reader, KIND_META, 0, &record);

	if (st == ST_OK)
		st = record_read_meta(&record, &reader->meta);
	if (st == ST_NOT_FOUND)
		return ST_DAMAGED;
	if (st == ST_OK)
		reader->snapshot = record.written;
	return st;
}

/* The compiled routes are read through once per change of them, not per revision. */
static enum status load_routes(struct index_reader *reader)
{
	struct record record;
	struct span value = SPAN_ABSENT, compiled;
	uint64_t check;
	enum status st = fetch(reader, record_at_slot(KIND_ROUTES, 0), &value);

	reader->view.routes = NULL;
	if (st == ST_NOT_FOUND)
		return head_cell(&reader->env.head, KIND_ROUTES, 0) == 0 ? ST_OK : ST_DAMAGED;
	if (st != ST_OK || value.len < RECORD_HEADER)
		return st == ST_OK ? ST_DAMAGED : st;
	memcpy(&check, value.ptr, sizeof(check));
	st = checked_open(reader, KIND_ROUTES, value, &record);
	if (st == ST_OK)
		st = record_read_routes(&record, &compiled);
	if (st == ST_OK && !is_newest(reader, &record, 0))
		st = ST_DAMAGED;
	if (st != ST_OK || compiled.len == 0)
		return st;
	if (reader->routes_at != value.ptr || reader->routes_check != check) {
		reader->routes_at = NULL;
		st = routes_open(compiled, &reader->routes);
		if (st != ST_OK)
			return st;
		reader->routes_at = value.ptr;
		reader->routes_check = check;
	}
	reader->view.routes = &reader->routes;
	return ST_OK;
}

/* I3: an older copy that was put in place would let in what was revoked since. */
static enum status advance(struct index_reader *reader)
{
	const struct index_mark *mark = &reader->meta.mark;

	if (mark->epoch < reader->newest_epoch ||
		(mark->epoch == reader->newest_epoch && mark->revision < reader->newest_revision))
		return ST_DAMAGED;
	reader->newest_epoch = mark->epoch;
	reader->newest_revision = mark->revision;
	return ST_OK;
}

static enum status load_snapshot(struct index_reader *reader)
{
	enum status st = env_check_size(&reader->env);

	if (st != ST_OK)
		return st;
	reader->file_end = reader->env.map +
			   (reader->env.map == NULL ? 0 : (size_t)env_bytes_file(&reader->env));
	st = load_meta(reader);
	if (st == ST_OK)
		st = advance(reader);
	if (st == ST_OK)
		st = load_routes(reader);
	if (st != ST_OK)
		return st;
	reader->view.epoch = reader->meta.mark.epoch;
	reader->view.revision = reader->meta.mark.revision;
	reader->view.keys_count = reader->meta.keys_count;
	reader->txn_id = mdb_txn_id(reader->txn);
	reader->loaded = true;
	return ST_OK;
}

static uint64_t committed(const struct index_reader *reader)
{
	return atomic_load_explicit(&reader->env.head.block->committed, memory_order_acquire);
}

static uint64_t committing(const struct index_reader *reader)
{
	return atomic_load_explicit(&reader->env.head.block->committing, memory_order_acquire);
}

/*
 * I1: begin LMDB's snapshot. LMDB takes the number of the newest commit, publishes it
 * so that the commit's pages stay, and then copies the commit's root from one of two
 * places that commits write in turn. It does not look again: a reader that is held up
 * in between, while two commits pass, has the number of one and the root of another,
 * or half a root. One commit alone writes the other place. So a snapshot counts only
 * when no commit has begun since before it; otherwise it is taken again.
 */
static enum status renew(struct index_reader *reader)
{
	for (unsigned tries = 0; tries < RENEW_TRIES; tries++) {
		uint64_t before = committing(reader);
		int rc = mdb_txn_renew(reader->txn);

		if (rc != 0)
			return env_status(rc);
		/* The copy is read before the number is read again. */
		atomic_thread_fence(memory_order_acquire);
		if (before == committing(reader)) {
			reader->begun = true;
			return ST_OK;
		}
		mdb_txn_reset(reader->txn);
	}
	return ST_BUSY;
}

/* I3: not older than what was committed before, nor newer than what can be by now. */
static enum status begin_snapshot(struct index_reader *reader)
{
	uint64_t least = committed(reader);
	enum status st;

	index_reader_view_end(reader);
	st = renew(reader);
	if (st != ST_OK)
		return st;
	if (!reader->loaded || reader->txn_id != mdb_txn_id(reader->txn)) {
		reader->loaded = false;
		st = load_snapshot(reader);
		if (st != ST_OK)
			return st;
	}
	if (reader->snapshot < least || reader->snapshot > committed(reader) + 1)
		return ST_DAMAGED;
	return ST_OK;
}

static int64_t age_of(const struct index_reader *reader, int64_t now_boot_us)
{
	const struct head_block *block = reader->env.head.block;
	int64_t at = atomic_load_explicit(&block->confirmed_at_us, memory_order_acquire);

	if (at <= 0 || memcmp(block->boot_id, reader->boot_id, BOOT_ID_SIZE) != 0)
		return INT64_MAX;
	return now_boot_us > at ? now_boot_us - at : 0;
}

/* ---- Opening ---- */

static void close_env(struct index_reader *reader)
{
	if (reader->txn != NULL)
		mdb_txn_abort(reader->txn);
	reader->txn = NULL;
	reader->begun = reader->loaded = false;
	reader->routes_at = NULL;
	reader->view.routes = NULL;
	reader->populated = 0;
	memset(reader->checked, 0, sizeof(reader->checked));
	memset(reader->cached, 0, sizeof(reader->cached));
	if (reader->env_is_ours)
		env_close(&reader->env);
}

static enum status open_txn(struct index_reader *reader)
{
	int rc = mdb_txn_begin(reader->env.lmdb, NULL, MDB_RDONLY, &reader->txn);
	struct span value = SPAN_ABSENT;
	enum status st;

	if (rc != 0)
		return env_status(rc);
	rc = mdb_dbi_open(reader->txn, NULL, 0, &reader->dbi);
	if (rc != 0)
		return env_status(rc);
	mdb_txn_reset(reader->txn);
	st = renew(reader);
	if (st != ST_OK)
		return st;
	/* Any value tells where the map is. */
	if (reader->env.map == NULL && fetch(reader, record_at_slot(KIND_META, 0), &value) == ST_OK)
		env_find_map(&reader->env, value.ptr);
	index_reader_view_end(reader);
	return ST_OK;
}

/* Open the directory that "current" leads to; the reader has none open. */
static enum status open_current(struct index_reader *reader)
{
	struct index_env env;
	uint64_t generation = 0, before;
	enum status st = env_current(reader->dir, &generation);

	/* The keeper may switch between the look and the opening. */
	for (unsigned tries = 0; st == ST_OK; tries++) {
		before = generation;
		st = env_open(reader->dir, generation, (struct env_how){ 0 }, &env);
		if (st == ST_OK || tries == OPEN_TRIES)
			break;
		if (env_current(reader->dir, &generation) != ST_OK || generation == before)
			break;
		st = ST_OK;
	}
	if (st != ST_OK)
		return st;
	reader->env = env;
	st = open_txn(reader);
	if (st == ST_OK)
		st = begin_snapshot(reader);
	if (st != ST_OK) {
		(void)told(reader, st);
		close_env(reader);
		return st;
	}
	index_reader_view_end(reader);
	return ST_OK;
}

static enum status make_reader(
	const struct index_reader_options *options, struct index_reader **out_reader)
{
	struct index_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return ST_NO_MEMORY;
	reader->options =
		options != NULL ? *options : (struct index_reader_options){ .populate = true };
	if (clock_boot_id(reader->boot_id) == ST_IO) {
		free(reader);
		return ST_IO;
	}
	reader->env = (struct index_env){ .dir_fd = -1, .damage_fd = -1 };
	reader->view = (struct view){
		.context = reader,
		.key_by_app_key = key_by_app_key,
		.key_by_slot = key_by_slot,
		.key_extra = key_extra,
		.token_by_digest = token_by_digest,
		.account_by_slot = account_by_slot,
		.account_by_name = account_by_name,
		.account_by_host = account_by_host,
		.profile_by_slot = profile_by_slot,
		.resource_by_slot = resource_by_slot,
	};
	*out_reader = reader;
	return ST_OK;
}

enum status index_reader_open(const char *dir, const struct index_reader_options *options,
	struct index_reader **out_reader)
{
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	enum status st = make_reader(options, &reader);

	if (st != ST_OK)
		return st;
	reader->env_is_ours = true;
	reader->dir = strdup(dir);
	if (reader->dir == NULL)
		return ST_NO_MEMORY;
	st = open_current(reader);
	if (st != ST_OK)
		return st;
	if (reader->options.populate)
		env_populate(&reader->env, SIZE_MAX / 2, &reader->populated);
	*out_reader = reader;
	reader = NULL;
	return ST_OK;
}

enum status reader_open_beside(const struct index_env *env, struct index_reader **out_reader)
{
	const struct index_reader_options options = { 0 };
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	enum status st = make_reader(&options, &reader);

	if (st != ST_OK)
		return st;
	reader->env = *env;
	st = open_txn(reader);
	if (st != ST_OK)
		return st;
	*out_reader = reader;
	reader = NULL;
	return ST_OK;
}

void index_reader_close(struct index_reader **reader)
{
	if (*reader == NULL)
		return;
	close_env(*reader);
	free((*reader)->dir);
	free(*reader);
	*reader = NULL;
}

/* ---- Views ---- */

/* Move to the directory that "current" leads to now. */
static enum status reopen(struct index_reader *reader)
{
	uint64_t generation;
	enum status st = env_current(reader->dir, &generation);

	if (st != ST_OK)
		return st;
	if (!env_is_another(&reader->env, reader->dir, generation)) {
		/* It says that it was superseded, by itself. */
		env_report_damage(&reader->env);
		return ST_DAMAGED;
	}
	close_env(reader);
	return open_current(reader);
}

static bool must_reopen(const struct index_reader *reader)
{
	if (!reader->env_is_ours)
		return false;
	return reader->env.lmdb == NULL ||
	       atomic_load_explicit(&reader->env.head.block->superseded, memory_order_acquire) != 0;
}

enum status index_reader_view_begin(
	struct index_reader *reader, int64_t now_boot_us, const struct view **out_view)
{
	enum status st = ST_OK;
	int64_t age;

	*out_view = NULL;
	if (must_reopen(reader))
		st = reopen(reader);
	if (st == ST_OK)
		st = begin_snapshot(reader);
	st = told(reader, st);
	if (st != ST_OK) {
		index_reader_view_end(reader);
		return st;
	}
	age = age_of(reader, now_boot_us);
	reader->view.overdue = age == INT64_MAX ||
			       (reader->options.lease_us > 0 && age > reader->options.lease_us);
	reader->view.stale =
		age == INT64_MAX || (reader->view.overdue && !reader->options.serve_stale);
	*out_view = &reader->view;
	return ST_OK;
}

void index_reader_view_end(struct index_reader *reader)
{
	if (reader->begun)
		mdb_txn_reset(reader->txn);
	reader->begun = false;
}

enum status index_reader_tend(struct index_reader *reader)
{
	uint64_t generation;
	enum status st;

	index_reader_view_end(reader);
	if (!reader->env_is_ours)
		return env_check_size(&reader->env);
	st = env_current(reader->dir, &generation);
	if (st == ST_OK && env_is_another(&reader->env, reader->dir, generation)) {
		close_env(reader);
		st = open_current(reader);
	}
	/* No link: the folder was removed. What is mapped is still whole; the keeper mends it. */
	if (reader->env.lmdb == NULL)
		return st;
	if (reader->options.populate)
		env_populate(&reader->env, POPULATE_STEP, &reader->populated);
	return told(reader, env_check_size(&reader->env));
}

enum status index_reader_info(
	struct index_reader *reader, int64_t now_boot_us, struct index_info *out_info)
{
	bool was_begun = reader->begun;
	const struct view *view;
	MDB_stat stat;
	enum status st = was_begun ? ST_OK : index_reader_view_begin(reader, now_boot_us, &view);

	if (st != ST_OK)
		return st;
	st = env_status(mdb_stat(reader->txn, reader->dbi, &stat));
	*out_info = (struct index_info){
		.epoch = reader->meta.mark.epoch,
		.revision = reader->meta.mark.revision,
		.revision_at_us = reader->meta.mark.revision_at_us,
		.age_us = age_of(reader, now_boot_us),
		.keys_count = reader->meta.keys_count,
		.entries_count = stat.ms_entries,
		.bytes_used = env_bytes_used(&reader->env),
		.bytes_file = env_bytes_file(&reader->env),
		.generation = reader->env.generation,
	};
	memcpy(out_info->installation, reader->meta.mark.installation, 16);
	memcpy(out_info->event_hash, reader->meta.mark.event_hash, DIGEST_SIZE);
	if (!was_begun)
		index_reader_view_end(reader);
	return st;
}
