/* The look-ups of a reader's view. */
#include "index/reader_internal.h"

#include <assert.h>

enum status reader_fetch(struct index_reader *reader, uint64_t at, struct span *out_value)
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

enum status reader_check(struct index_reader *reader, enum record_kind kind, struct span bytes,
	struct record *out_record)
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

enum status reader_fetch_slot(struct index_reader *reader, enum record_kind kind, uint32_t slot,
	struct record *out_record)
{
	struct span value = SPAN_ABSENT;
	enum status st = reader_fetch(reader, record_at_slot(kind, slot), &value);

	if (st == ST_OK)
		st = reader_check(reader, kind, value, out_record);
	if (st == ST_OK && out_record->size != value.len)
		st = ST_DAMAGED;
	return st;
}

/* fetch_slot for the few kinds of which many requests ask the same. */
static_assert(KIND_ACCOUNT % 5 == 2 && KIND_PROFILE % 5 == 0 && KIND_RESOURCE % 5 == 1,
	"kinds that are cached have places of their own");

static enum status fetch_cached(struct index_reader *reader, enum record_kind kind, uint32_t slot,
	struct record *out_record)
{
	uint64_t at = record_at_slot(kind, slot);
	/* The three kinds side by side: equal slots of two must not push each other out. */
	struct cached *cached = &reader->cached[(slot * 3 + (uint32_t)kind % 5) % CACHED_COUNT];
	enum status st;

	if (cached->at == at && cached->txn_id == reader->txn_id) {
		*out_record = cached->record;
		return ST_OK;
	}
	st = reader_fetch_slot(reader, kind, slot, out_record);
	if (st == ST_OK)
		*cached = (struct cached){ at, reader->txn_id, *out_record };
	return st;
}

static bool is_newest(const struct index_reader *reader, const struct record *record, uint32_t slot)
{
	return head_is_newest(&reader->env.head, record, slot, reader->snapshot);
}

enum status reader_told(struct index_reader *reader, enum status st)
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
	enum status st = reader_fetch_slot(reader, KIND_KEY_EXTRA, key->slot, &extra);

	if (st == ST_OK)
		st = record_read_key_extra(&extra, &slot, key);
	/* Written together, so the addresses are those of this very state of the key. */
	if (st == ST_NOT_FOUND ||
		(st == ST_OK && (slot != key->slot || extra.written != key->written)))
		st = ST_DAMAGED;
	key->has_extra = st != ST_OK;
	return reader_told(reader, st);
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
	enum status st = reader_fetch(reader, at, &rest);

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
	return reader_told(
		reader, find_key(reader, record_at_hash(&reader->meta.keys, KIND_KEY, app_key),
				&wanted, out_key));
}

static enum status find_key_by_slot(
	struct index_reader *reader, uint32_t slot, struct view_key *out_key)
{
	struct key_wanted wanted = { .slot = slot };
	struct record record;
	uint32_t own_slot;
	uint64_t at;
	enum status st = reader_fetch_slot(reader, KIND_KEY_SLOT, slot, &record);

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

	return slot == 0 ? ST_NOT_FOUND
			 : reader_told(reader, find_key_by_slot(reader, slot, out_key));
}

/*
 * A token has no cell of its own (index/head.h): an old record may say that a
 * retired one is live. decide() believes only the digests in the key, which has one.
 */
static enum status find_token(struct index_reader *reader, const uint8_t digest[DIGEST_SIZE],
	struct view_token *out_token)
{
	struct span rest = SPAN_ABSENT;
	enum status st = reader_fetch(reader,
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

	return reader_told(reader, find_token(reader, digest, out_token));
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
	return reader_told(reader, find_account(reader, slot, out_account, &hosts));
}

/* The account that a name or host leads to; the account itself must have that name or host. */
static enum status find_account_by(struct index_reader *reader, enum record_kind kind,
	struct span name, struct view_account *out_account)
{
	struct span rest = SPAN_ABSENT, hosts, own_name;
	struct record record;
	uint32_t slot = 0;
	enum status st =
		reader_fetch(reader, record_at_hash(&reader->meta.keys, kind, name), &rest);

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
	return reader_told(reader, find_account_by(reader, KIND_ACCOUNT_NAME, name, out_account));
}

static enum status account_by_host(
	void *context, struct span host, struct view_account *out_account)
{
	struct index_reader *reader = context;

	if (host.len == 0 || host.len > LIMIT_HOST)
		return ST_NOT_FOUND;
	return reader_told(reader, find_account_by(reader, KIND_HOST, host, out_account));
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
	return reader_told(reader, st);
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
	return reader_told(reader, st);
}

struct view reader_view(struct index_reader *reader)
{
	return (struct view){
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
}
