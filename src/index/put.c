#include "index/writer_internal.h"

#include <assert.h>
#include <stdlib.h>

static struct record_writer writing(struct index_writer *writer)
{
	buf_clear(&writer->record);
	return (struct record_writer){
		.keys = &writer->meta.keys,
		.written = writer->commit + 1,
		.out = &writer->record,
	};
}

/* ---- The tree ---- */

static enum status fetch(struct index_writer *writer, uint64_t at, struct span *out_value)
{
	MDB_val key = { .mv_size = sizeof(at), .mv_data = &at };
	MDB_val value;
	int rc;

	if (writer->building)
		return ST_NOT_FOUND;
	rc = mdb_get(writer->txn, writer->dbi, &key, &value);
	if (rc == 0)
		*out_value = span_of(value.mv_data, value.mv_size);
	return env_status(rc);
}

static enum status store(struct index_writer *writer, uint64_t at, struct span value)
{
	MDB_val key = { .mv_size = sizeof(at), .mv_data = &at };
	MDB_val data = { .mv_size = value.len, .mv_data = (void *)(uintptr_t)value.ptr };

	if (writer->building)
		return sorter_add(writer->sorter, at, value);
	return env_status(mdb_put(writer->txn, writer->dbi, &key, &data, 0));
}

static enum status erase(struct index_writer *writer, uint64_t at)
{
	MDB_val key = { .mv_size = sizeof(at), .mv_data = &at };
	enum status st = env_status(mdb_del(writer->txn, writer->dbi, &key, NULL));

	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* The record gets its cell set when the transaction commits. */
static enum status touch(struct index_writer *writer, enum record_kind kind, uint32_t slot)
{
	_Atomic uint32_t *cell;
	enum status st = head_cell_reserve(&writer->env.head, kind, slot, &cell);

	if (st != ST_OK)
		return st;
	if (writer->building) {
		atomic_store_explicit(cell, writer->commit + 1, memory_order_relaxed);
		return ST_OK;
	}
	if (writer->touched_count == writer->touched_capacity) {
		size_t wanted = writer->touched_capacity * 2 + 64;
		struct touched *more = reallocarray(writer->touched, wanted, sizeof(*more));

		if (more == NULL)
			return ST_NO_MEMORY;
		writer->touched = more;
		writer->touched_capacity = wanted;
	}
	writer->touched[writer->touched_count++] = (struct touched){
		.cell = cell,
		.before = atomic_load_explicit(cell, memory_order_relaxed),
	};
	return ST_OK;
}

/* The record that stands in writer->record, under a slot. */
static enum status store_slot(struct index_writer *writer, enum record_kind kind, uint32_t slot)
{
	return store(writer, record_at_slot(kind, slot), buf_span(&writer->record));
}

static enum status fetch_slot(struct index_writer *writer, enum record_kind kind, uint32_t slot,
	struct record *out_record)
{
	struct span value = SPAN_ABSENT;
	enum status st = fetch(writer, record_at_slot(kind, slot), &value);

	return st == ST_OK ? record_open(&writer->meta.keys, kind, value, out_record) : st;
}

/* ---- Records under a hash ---- */

static enum status is_same(
	const struct record *record, const struct identity *identity, bool *out_same)
{
	uint8_t digest[DIGEST_SIZE];
	struct view_token token;
	struct view_key key;
	struct span name;
	uint32_t slot;
	bool has_extra;
	enum status st;

	switch (identity->kind) {
	case KIND_KEY:
		st = record_read_key(record, &key, &has_extra);
		*out_same = st == ST_OK && span_equal(key.app_key, identity->text);
		return st;
	case KIND_TOKEN:
		st = record_read_token(record, digest, &token);
		*out_same = st == ST_OK && identity->text.len == DIGEST_SIZE &&
			    crypto_equal(digest, identity->text.ptr, DIGEST_SIZE);
		return st;
	default:
		st = record_read_name(record, &slot, &name);
		*out_same = st == ST_OK && span_equal(name, identity->text);
		return st;
	}
}

static uint64_t at_of(const struct index_writer *writer, const struct identity *identity)
{
	return record_at_hash(&writer->meta.keys, identity->kind, identity->text);
}

/*
 * Split what stands under the identity's hash: the others go to writer->bucket,
 * the record itself to *out_own (absent when there is none).
 */
static enum status split(
	struct index_writer *writer, const struct identity *identity, struct span *out_own)
{
	struct span rest = SPAN_ABSENT;
	enum status st = fetch(writer, at_of(writer, identity), &rest);

	*out_own = SPAN_ABSENT;
	buf_clear(&writer->bucket);
	if (st == ST_NOT_FOUND)
		return ST_OK;
	while (st == ST_OK && rest.len > 0) {
		struct record record;
		bool same = false;

		st = record_open(&writer->meta.keys, identity->kind, rest, &record);
		if (st == ST_OK)
			st = is_same(&record, identity, &same);
		if (st != ST_OK)
			return st;
		if (same)
			*out_own = span_part(rest, 0, record.size);
		else
			buf_append(&writer->bucket, span_part(rest, 0, record.size));
		rest = span_part(rest, record.size, rest.len);
	}
	if (!buf_ok(&writer->bucket))
		return ST_NO_MEMORY;
	return st;
}

/* Put writer->record where nothing stands yet: one way down the tree. ST_EXISTS when something
 * does. */
static enum status store_first(struct index_writer *writer, const struct identity *identity)
{
	uint64_t at = at_of(writer, identity);
	MDB_val key = { .mv_size = sizeof(at), .mv_data = &at };
	MDB_val data = { .mv_size = writer->record.len, .mv_data = writer->record.ptr };
	int rc;

	if (writer->building)
		return store(writer, at, buf_span(&writer->record));
	rc = mdb_put(writer->txn, writer->dbi, &key, &data, MDB_NOOVERWRITE);
	return rc == MDB_KEYEXIST ? ST_EXISTS : env_status(rc);
}

/* Put writer->record in the place of the record with this identity. */
static enum status store_hash(
	struct index_writer *writer, const struct identity *identity, bool *out_is_new)
{
	struct span own;
	enum status st = store_first(writer, identity);

	*out_is_new = true;
	if (st != ST_EXISTS)
		return st;
	st = split(writer, identity, &own);
	if (st != ST_OK)
		return st;
	*out_is_new = !span_present(own);
	if (writer->bucket.len == 0)
		return store(writer, at_of(writer, identity), buf_span(&writer->record));
	buf_append(&writer->bucket, buf_span(&writer->record));
	if (!buf_ok(&writer->bucket))
		return ST_NO_MEMORY;
	return store(writer, at_of(writer, identity), buf_span(&writer->bucket));
}

static enum status erase_hash(struct index_writer *writer, const struct identity *identity)
{
	struct span own;
	enum status st = split(writer, identity, &own);

	if (st != ST_OK || !span_present(own))
		return st;
	if (writer->bucket.len == 0)
		return erase(writer, at_of(writer, identity));
	return store(writer, at_of(writer, identity), buf_span(&writer->bucket));
}

/* ---- Accounts ---- */

static bool among(struct span host, const struct span *hosts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(hosts[i], host))
			return true;
	return false;
}

/* Take a name or host away, unless it leads to another account by now. */
static enum status erase_name(
	struct index_writer *writer, enum record_kind kind, struct span name, uint32_t slot)
{
	struct identity identity = { .kind = kind, .text = name };
	struct record record;
	struct span own, own_name;
	uint32_t own_slot;
	enum status st = split(writer, &identity, &own);

	if (st != ST_OK || !span_present(own))
		return st;
	st = record_open(&writer->meta.keys, kind, own, &record);
	if (st == ST_OK)
		st = record_read_name(&record, &own_slot, &own_name);
	if (st != ST_OK || own_slot != slot)
		return st;
	return erase_hash(writer, &identity);
}

/* Names and hosts that the account had and will not have. */
static enum status erase_old_names(
	struct index_writer *writer, const struct index_account *account, uint32_t slot)
{
	CLEANUP(buf_free)
	struct buf copy = buf_heap(RECORD_SMALL_MAX);
	struct view_account old;
	struct span hosts, host;
	struct record record;
	enum status st = fetch_slot(writer, KIND_ACCOUNT, slot, &record);

	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_OK : st;
	/* What is read lives until the next write of the transaction: keep it. */
	buf_append(&copy, record.body);
	if (!buf_ok(&copy))
		return ST_NO_MEMORY;
	record.body = buf_span(&copy);
	st = record_read_account(&record, &old, &hosts);
	if (st == ST_OK && (account == NULL || !span_equal(old.name, account->account.name)))
		st = erase_name(writer, KIND_ACCOUNT_NAME, old.name, slot);
	while (st == ST_OK && record_next_host(&hosts, &host))
		if (account == NULL || !among(host, account->hosts, account->hosts_count))
			st = erase_name(writer, KIND_HOST, host, slot);
	return st;
}

static enum status put_name(
	struct index_writer *writer, enum record_kind kind, uint32_t slot, struct span name)
{
	struct identity identity = { .kind = kind, .text = name };
	struct record_writer to = writing(writer);
	bool is_new;
	enum status st = record_write_name(&to, kind, slot, name);

	return st == ST_OK ? store_hash(writer, &identity, &is_new) : st;
}

enum status index_put_account(struct index_writer *writer, const struct index_account *account)
{
	uint32_t slot = account->account.slot;
	struct record_writer to;
	enum status st = erase_old_names(writer, account, slot);

	if (st == ST_OK)
		st = touch(writer, KIND_ACCOUNT, slot);
	if (st != ST_OK)
		return st;
	to = writing(writer);
	st = record_write_account(&to, account);
	if (st == ST_OK)
		st = store_slot(writer, KIND_ACCOUNT, slot);
	if (st == ST_OK)
		st = put_name(writer, KIND_ACCOUNT_NAME, slot, account->account.name);
	for (size_t i = 0; i < account->hosts_count && st == ST_OK; i++)
		st = put_name(writer, KIND_HOST, slot, account->hosts[i]);
	return st;
}

enum status index_delete_account(struct index_writer *writer, uint32_t slot)
{
	enum status st = erase_old_names(writer, NULL, slot);

	if (st == ST_OK)
		st = touch(writer, KIND_ACCOUNT, slot);
	return st == ST_OK ? erase(writer, record_at_slot(KIND_ACCOUNT, slot)) : st;
}

/* ---- Records with a slot only ---- */

enum status index_put_profile(struct index_writer *writer, const struct view_profile *profile)
{
	struct record_writer to = writing(writer);
	enum status st = record_write_profile(&to, profile);

	if (st == ST_OK)
		st = touch(writer, KIND_PROFILE, profile->slot);
	return st == ST_OK ? store_slot(writer, KIND_PROFILE, profile->slot) : st;
}

enum status index_put_resource(struct index_writer *writer, const struct view_resource *resource)
{
	struct record_writer to = writing(writer);
	enum status st = record_write_resource(&to, resource);

	if (st == ST_OK)
		st = touch(writer, KIND_RESOURCE, resource->slot);
	return st == ST_OK ? store_slot(writer, KIND_RESOURCE, resource->slot) : st;
}

enum status index_put_routes(struct index_writer *writer, struct span compiled)
{
	struct record_writer to = writing(writer);
	enum status st = record_write_routes(&to, compiled);

	if (st == ST_OK)
		st = touch(writer, KIND_ROUTES, 0);
	return st == ST_OK ? store_slot(writer, KIND_ROUTES, 0) : st;
}

static enum status delete_slot(struct index_writer *writer, enum record_kind kind, uint32_t slot)
{
	enum status st;

	assert(!writer->building);
	st = touch(writer, kind, slot);
	return st == ST_OK ? erase(writer, record_at_slot(kind, slot)) : st;
}

enum status index_delete_profile(struct index_writer *writer, uint32_t slot)
{
	return delete_slot(writer, KIND_PROFILE, slot);
}

enum status index_delete_resource(struct index_writer *writer, uint32_t slot)
{
	return delete_slot(writer, KIND_RESOURCE, slot);
}

/* ---- Keys and tokens ---- */

static enum status put_key_slot(struct index_writer *writer, uint32_t slot, uint64_t at)
{
	struct record_writer to = writing(writer);
	enum status st = record_write_key_slot(&to, slot, at);

	return st == ST_OK ? store_slot(writer, KIND_KEY_SLOT, slot) : st;
}

static enum status put_key_extra(
	struct index_writer *writer, const struct view_key *key, bool is_new)
{
	struct record_writer to;
	enum status st;

	if (!record_key_has_extra(key))
		return is_new ? ST_OK : erase(writer, record_at_slot(KIND_KEY_EXTRA, key->slot));
	to = writing(writer);
	st = record_write_key_extra(&to, key);
	return st == ST_OK ? store_slot(writer, KIND_KEY_EXTRA, key->slot) : st;
}

enum status index_put_key(struct index_writer *writer, const struct view_key *key)
{
	struct identity identity = { .kind = KIND_KEY, .text = key->app_key };
	struct record_writer to = writing(writer);
	bool is_new = false;
	enum status st = record_write_key(&to, key);

	if (st == ST_OK)
		st = touch(writer, KIND_KEY, key->slot);
	if (st == ST_OK)
		st = store_hash(writer, &identity, &is_new);
	if (st == ST_OK && is_new) {
		st = put_key_slot(writer, key->slot, at_of(writer, &identity));
		writer->keys_count++;
	}
	return st == ST_OK ? put_key_extra(writer, key, is_new) : st;
}

enum status index_delete_key(struct index_writer *writer, uint32_t slot)
{
	char app_key[LIMIT_APP_KEY];
	struct identity identity = { .kind = KIND_KEY };
	struct record record;
	struct view_key key;
	struct span rest = SPAN_ABSENT;
	uint32_t own_slot;
	uint64_t at;
	bool has_extra, found = false;
	enum status st = fetch_slot(writer, KIND_KEY_SLOT, slot, &record);

	assert(!writer->building);
	if (st == ST_OK)
		st = record_read_key_slot(&record, &own_slot, &at);
	if (st == ST_OK && own_slot != slot)
		st = ST_DAMAGED;
	if (st == ST_OK)
		st = fetch(writer, at, &rest);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_OK : st;
	while (st == ST_OK && rest.len > 0 && !found) {
		st = record_open(&writer->meta.keys, KIND_KEY, rest, &record);
		if (st == ST_OK)
			st = record_read_key(&record, &key, &has_extra);
		found = st == ST_OK && key.slot == slot;
		rest = span_part(rest, record.size, rest.len);
	}
	if (!found)
		return st == ST_OK ? ST_DAMAGED : st;
	memcpy(app_key, key.app_key.ptr, key.app_key.len);
	identity.text = span_of(app_key, key.app_key.len);
	st = touch(writer, KIND_KEY, slot);
	if (st == ST_OK)
		st = erase_hash(writer, &identity);
	if (st == ST_OK)
		st = erase(writer, record_at_slot(KIND_KEY_EXTRA, slot));
	if (st == ST_OK)
		st = erase(writer, record_at_slot(KIND_KEY_SLOT, slot));
	writer->keys_count--;
	return st;
}

enum status index_put_token(struct index_writer *writer, const uint8_t digest[DIGEST_SIZE],
	const struct view_token *token)
{
	struct identity identity = { .kind = KIND_TOKEN, .text = span_of(digest, DIGEST_SIZE) };
	uint8_t old_digest[DIGEST_SIZE];
	struct record_writer to;
	struct view_token old;
	struct record record;
	struct span own;
	bool is_new;
	enum status st;

	to = writing(writer);
	st = record_write_token(&to, digest, token);
	if (st == ST_OK)
		st = store_first(writer, &identity);
	if (st != ST_EXISTS)
		return st;
	/* Most tokens of a changed key are as they were: no page is written for those. */
	st = split(writer, &identity, &own);
	if (st == ST_OK && span_present(own)) {
		st = record_open(&writer->meta.keys, KIND_TOKEN, own, &record);
		if (st == ST_OK)
			st = record_read_token(&record, old_digest, &old);
		if (st == ST_OK && old.key == token->key && old.live == token->live)
			return ST_OK;
	}
	return st == ST_OK ? store_hash(writer, &identity, &is_new) : st;
}

enum status index_delete_token(struct index_writer *writer, const uint8_t digest[DIGEST_SIZE])
{
	struct identity identity = { .kind = KIND_TOKEN, .text = span_of(digest, DIGEST_SIZE) };

	assert(!writer->building);
	return erase_hash(writer, &identity);
}
