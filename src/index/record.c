#include "index/record.h"

#include "base/encode.h"

#include <assert.h>

#define KIND_SHIFT 60
/* Tests make it small, so that records have to share a place. */
#ifndef LLAVERO_INDEX_HASH_BITS
#define LLAVERO_INDEX_HASH_BITS KIND_SHIFT
#endif
#define HASH_MASK ((UINT64_C(1) << LLAVERO_INDEX_HASH_BITS) - 1)
#define SIZE_BITS 28
#define AT_KIND_SIZE 8u
#define AT_WRITTEN 12u

/* Bits of a key's flag byte. */
#define KEY_DIGESTS_MASK 0x03u
#define KEY_HAS_EXPIRY 0x04u
#define KEY_HAS_EXTRA 0x08u
#define KEY_STATE_SHIFT 4
#define KEY_STATE_MASK 0x03u
#define KEY_HAS_LIMITS 0x40u
#define KEY_FLAGS_MASK 0x7fu

#define ADDRESS_BYTES 17u
/*
 * The routes are matched in place, so they stand aligned: LMDB puts a value
 * that does not fit half a page on pages of its own.
 */
#define ROUTES_SIZE_MIN 4096u

static_assert(WINDOW_COUNT <= 8, "a window has a bit");
static_assert(KIND_COUNT <= 16, "a kind has 4 bits");
static_assert(LIMIT_PROFILES_PER_KEY <= UINT8_MAX, "a count has a byte");
static_assert(LIMIT_ADDRESSES_PER_KEY <= UINT8_MAX, "a count has a byte");
static_assert(LIMIT_APP_KEY <= UINT8_MAX && LIMIT_EXTERNAL_ID * 4 <= UINT16_MAX, "lengths");
static_assert(LIMIT_ACCOUNT_NAME <= UINT8_MAX && LIMIT_HOST <= UINT8_MAX, "lengths");

const struct record_keys record_keys_of_meta = { { 0 }, "llavero-index-1" };

uint64_t record_at_slot(enum record_kind kind, uint32_t slot)
{
	return (uint64_t)kind << KIND_SHIFT | slot;
}

uint64_t record_at_hash(const struct record_keys *keys, enum record_kind kind, struct span text)
{
	return (uint64_t)kind << KIND_SHIFT | (crypto_hash64(keys->lookup, text) & HASH_MASK);
}

static uint64_t check_of(const struct record_keys *keys, struct span record)
{
	return crypto_hash64(
		keys->check, span_part(record, AT_KIND_SIZE, record.len - AT_KIND_SIZE));
}

enum status record_open_checked(enum record_kind kind, struct span bytes, struct record *out_record)
{
	uint32_t kind_size;
	size_t size;

	if (bytes.len < RECORD_HEADER)
		return ST_DAMAGED;
	kind_size = get_u32(bytes.ptr + AT_KIND_SIZE);
	size = kind_size & RECORD_SIZE_MAX;
	if (kind_size >> SIZE_BITS != (uint32_t)kind || size < RECORD_HEADER || size > bytes.len)
		return ST_DAMAGED;
	if (kind != KIND_ROUTES && size > RECORD_SMALL_MAX)
		return ST_DAMAGED;
	*out_record = (struct record){
		.kind = kind,
		.written = get_u32(bytes.ptr + AT_WRITTEN),
		.size = size,
		.body = span_part(bytes, RECORD_HEADER, size - RECORD_HEADER),
	};
	return ST_OK;
}

enum status record_open(const struct record_keys *keys, enum record_kind kind, struct span bytes,
	struct record *out_record)
{
	enum status st = record_open_checked(kind, bytes, out_record);

	if (st != ST_OK)
		return st;
	return get_u64(bytes.ptr) == check_of(keys, span_part(bytes, 0, out_record->size))
		       ? ST_OK
		       : ST_DAMAGED;
}

/* ---- Reading a body part by part; a part beyond the end empties it and marks it bad. ---- */

struct parts {
	struct span rest;
	bool bad;
};

static struct parts parts_of(const struct record *record)
{
	return (struct parts){ .rest = record->body };
}

static struct span take(struct parts *parts, size_t len)
{
	struct span part = span_part(parts->rest, 0, len);

	if (part.len != len) {
		parts->bad = true;
		parts->rest.len = 0;
		return SPAN_ABSENT;
	}
	parts->rest = span_part(parts->rest, len, parts->rest.len);
	return part;
}

static uint8_t take_u8(struct parts *parts)
{
	struct span part = take(parts, sizeof(uint8_t));

	return part.ptr == NULL ? 0 : (uint8_t)part.ptr[0];
}

static uint16_t take_u16(struct parts *parts)
{
	struct span part = take(parts, sizeof(uint16_t));

	return part.ptr == NULL ? 0 : get_u16(part.ptr);
}

static uint32_t take_u32(struct parts *parts)
{
	struct span part = take(parts, sizeof(uint32_t));

	return part.ptr == NULL ? 0 : get_u32(part.ptr);
}

static uint64_t take_u64(struct parts *parts)
{
	struct span part = take(parts, sizeof(uint64_t));

	return part.ptr == NULL ? 0 : get_u64(part.ptr);
}

static void take_bytes(struct parts *parts, void *out, size_t len)
{
	struct span part = take(parts, len);

	if (part.ptr == NULL)
		memset(out, 0, len);
	else
		memcpy(out, part.ptr, len);
}

/* The whole body was read, neither more nor less. */
static enum status parts_end(const struct parts *parts)
{
	return parts->bad || parts->rest.len != 0 ? ST_DAMAGED : ST_OK;
}

enum status record_read_meta(const struct record *record, struct record_meta *out_meta)
{
	struct parts parts = parts_of(record);
	struct index_mark *mark = &out_meta->mark;

	/* The format stands first in every version. */
	if (take_u32(&parts) != INDEX_FORMAT)
		return parts.bad ? ST_DAMAGED : ST_FORMAT;
	take_bytes(&parts, out_meta->keys.lookup, sizeof(out_meta->keys.lookup));
	take_bytes(&parts, out_meta->keys.check, sizeof(out_meta->keys.check));
	take_bytes(&parts, mark->installation, sizeof(mark->installation));
	mark->epoch = take_u64(&parts);
	mark->revision = take_u64(&parts);
	take_bytes(&parts, mark->event_hash, sizeof(mark->event_hash));
	mark->revision_at_us = (int64_t)take_u64(&parts);
	out_meta->keys_count = take_u64(&parts);
	return parts_end(&parts);
}

enum status record_read_account(
	const struct record *record, struct view_account *out_account, struct span *out_hosts)
{
	struct parts parts = parts_of(record);
	struct span hosts, host;
	uint8_t active;

	out_account->slot = take_u32(&parts);
	active = take_u8(&parts);
	out_account->name = take(&parts, take_u8(&parts));
	hosts = parts.rest;
	*out_hosts = hosts;
	while (record_next_host(&hosts, &host))
		;
	out_account->active = active == 1;
	return parts.bad || hosts.len != 0 || active > 1 || out_account->slot == 0 ? ST_DAMAGED
										   : ST_OK;
}

bool record_next_host(struct span *hosts, struct span *out_host)
{
	size_t len;

	if (hosts->len == 0)
		return false;
	len = (uint8_t)hosts->ptr[0];
	if (len == 0 || len > hosts->len - 1)
		return false;
	*out_host = span_part(*hosts, 1, len);
	*hosts = span_part(*hosts, 1 + len, hosts->len);
	return true;
}

enum status record_read_name(const struct record *record, uint32_t *out_slot, struct span *out_name)
{
	struct parts parts = parts_of(record);

	*out_slot = take_u32(&parts);
	*out_name = parts.rest;
	return parts.bad || *out_slot == 0 ? ST_DAMAGED : ST_OK;
}

enum status record_read_profile(const struct record *record, struct view_profile *out_profile)
{
	struct parts parts = parts_of(record);

	out_profile->slot = take_u32(&parts);
	out_profile->account = take_u32(&parts);
	out_profile->name = take(&parts, take_u16(&parts));
	out_profile->resources_count = parts.rest.len / sizeof(uint32_t);
	out_profile->resources = (const uint8_t *)parts.rest.ptr;
	if (parts.bad || parts.rest.len % sizeof(uint32_t) != 0 || out_profile->slot == 0)
		return ST_DAMAGED;
	return ST_OK;
}

enum status record_read_resource(const struct record *record, struct view_resource *out_resource)
{
	struct parts parts = parts_of(record);
	uint16_t product_len, key_len;

	out_resource->slot = take_u32(&parts);
	product_len = take_u16(&parts);
	key_len = take_u16(&parts);
	out_resource->product = take(&parts, product_len);
	out_resource->key = take(&parts, key_len);
	out_resource->name = parts.rest;
	return parts.bad || out_resource->slot == 0 ? ST_DAMAGED : ST_OK;
}

enum status record_read_routes(const struct record *record, struct span *out_compiled)
{
	struct parts parts = parts_of(record);
	uint64_t len = take_u64(&parts);

	(void)take_u64(&parts); /* keeps the blob aligned to 16 bytes */
	if (len > parts.rest.len)
		return ST_DAMAGED;
	*out_compiled = take(&parts, (size_t)len);
	return parts.bad ? ST_DAMAGED : ST_OK;
}

/* A byte with a bit for each window that limits, then the counts of those. */
static bool take_limits(struct parts *parts, struct allowance *out_limits)
{
	uint8_t windows = take_u8(parts);

	for (unsigned i = 0; i < WINDOW_COUNT; i++) {
		if (((unsigned)windows >> i & 1u) == 0)
			continue;
		out_limits->counts[i] = i < RATE_COUNT ? take_u32(parts) : take_u64(parts);
		/* A limit of nothing would read as none. */
		if (out_limits->counts[i] == 0 ||
			out_limits->counts[i] > (i < RATE_COUNT ? LIMIT_RATE : LIMIT_QUOTA))
			return false;
	}
	return windows != 0 && windows >> WINDOW_COUNT == 0;
}

enum status record_read_key(
	const struct record *record, struct view_key *out_key, bool *out_has_extra)
{
	struct parts parts = parts_of(record);
	uint8_t flags = take_u8(&parts);
	unsigned state = flags >> KEY_STATE_SHIFT & KEY_STATE_MASK;
	bool limits_ok = true;

	out_key->profiles_count = take_u8(&parts);
	out_key->slot = take_u32(&parts);
	out_key->account = take_u32(&parts);
	out_key->expires_at_us = flags & KEY_HAS_EXPIRY ? (int64_t)take_u64(&parts) : 0;
	out_key->digests_count = flags & KEY_DIGESTS_MASK;
	out_key->external_id = SPAN_ABSENT;
	out_key->addresses_count = 0;
	out_key->limits = (struct allowance){ 0 };
	if (flags & KEY_HAS_LIMITS)
		limits_ok = take_limits(&parts, &out_key->limits);
	*out_has_extra = (flags & KEY_HAS_EXTRA) != 0;
	if (parts.bad || !limits_ok || flags > KEY_FLAGS_MASK || state == KEY_NONE ||
		out_key->digests_count > 2 || out_key->profiles_count > LIMIT_PROFILES_PER_KEY ||
		out_key->slot == 0)
		return ST_DAMAGED;
	out_key->state = (enum key_state)state;
	take_bytes(&parts, out_key->digests, out_key->digests_count * DIGEST_SIZE);
	take_bytes(&parts, out_key->profiles, out_key->profiles_count * sizeof(uint32_t));
	out_key->app_key = parts.rest;
	return parts.bad || out_key->app_key.len == 0 ? ST_DAMAGED : ST_OK;
}

uint32_t record_key_slot_claimed(struct span bytes)
{
	/* Behind flags and profiles_count. */
	size_t at = RECORD_HEADER + 2;

	return bytes.len < at + sizeof(uint32_t) ? 0 : get_u32(bytes.ptr + at);
}

enum status record_read_key_slot(const struct record *record, uint32_t *out_slot, uint64_t *out_at)
{
	struct parts parts = parts_of(record);

	*out_slot = take_u32(&parts);
	*out_at = take_u64(&parts);
	return parts_end(&parts);
}

enum status record_read_key_extra(
	const struct record *record, uint32_t *out_slot, struct view_key *out_key)
{
	struct parts parts = parts_of(record);
	uint16_t external_len;

	*out_slot = take_u32(&parts);
	out_key->addresses_count = take_u8(&parts);
	external_len = take_u16(&parts);
	if (parts.bad || out_key->addresses_count > LIMIT_ADDRESSES_PER_KEY)
		return ST_DAMAGED;
	for (unsigned i = 0; i < out_key->addresses_count; i++) {
		struct address_range *range = &out_key->addresses[i];

		take_bytes(&parts, range->bytes, sizeof(range->bytes));
		range->prefix_bits = take_u8(&parts);
		if (range->prefix_bits > 128)
			return ST_DAMAGED;
	}
	out_key->external_id = external_len == 0 ? SPAN_ABSENT : take(&parts, external_len);
	return parts_end(&parts);
}

enum status record_read_token(
	const struct record *record, uint8_t out_digest[DIGEST_SIZE], struct view_token *out_token)
{
	struct parts parts = parts_of(record);
	uint8_t live;

	out_token->key = take_u32(&parts);
	live = take_u8(&parts);
	out_token->live = live == 1;
	take_bytes(&parts, out_digest, DIGEST_SIZE);
	if (live > 1 || out_token->key == 0)
		return ST_DAMAGED;
	return parts_end(&parts);
}

/* ---- Writing ---- */

static void add(struct record_writer *to, const void *bytes, size_t len)
{
	buf_append(to->out, span_of(bytes, len));
}

static void add_u8(struct record_writer *to, size_t value)
{
	uint8_t byte = (uint8_t)value;

	add(to, &byte, sizeof(byte));
}

static void add_u16(struct record_writer *to, size_t value)
{
	uint16_t number = (uint16_t)value;

	add(to, &number, sizeof(number));
}

static void add_u32(struct record_writer *to, uint32_t value)
{
	add(to, &value, sizeof(value));
}

static void add_u64(struct record_writer *to, uint64_t value)
{
	add(to, &value, sizeof(value));
}

/* Room for the header; returns where the record starts. */
static size_t begin(struct record_writer *to)
{
	static const uint8_t empty[RECORD_HEADER];
	size_t start = to->out->len;

	add(to, empty, sizeof(empty));
	return start;
}

static enum status end(struct record_writer *to, enum record_kind kind, size_t start)
{
	size_t size;
	char *at;

	if (!buf_ok(to->out))
		return ST_NO_MEMORY;
	size = to->out->len - start;
	if (size > (kind == KIND_ROUTES ? RECORD_SIZE_MAX : RECORD_SMALL_MAX)) {
		to->out->len = start;
		return ST_LIMIT;
	}
	at = to->out->ptr + start;
	put_u32(at + AT_KIND_SIZE, (uint32_t)kind << SIZE_BITS | (uint32_t)size);
	put_u32(at + AT_WRITTEN, to->written);
	put_u64(at, check_of(to->keys, span_of(at, size)));
	return ST_OK;
}

enum status record_write_meta(struct record_writer *to, const struct record_meta *meta)
{
	size_t start = begin(to);
	const struct index_mark *mark = &meta->mark;

	add_u32(to, INDEX_FORMAT);
	add(to, meta->keys.lookup, sizeof(meta->keys.lookup));
	add(to, meta->keys.check, sizeof(meta->keys.check));
	add(to, mark->installation, sizeof(mark->installation));
	add_u64(to, mark->epoch);
	add_u64(to, mark->revision);
	add(to, mark->event_hash, sizeof(mark->event_hash));
	add_u64(to, (uint64_t)mark->revision_at_us);
	add_u64(to, meta->keys_count);
	return end(to, KIND_META, start);
}

enum status record_write_account(struct record_writer *to, const struct index_account *account)
{
	const struct view_account *view = &account->account;
	size_t start;

	if (view->slot == 0)
		return ST_INVALID;
	if (view->name.len > UINT8_MAX)
		return ST_LIMIT;
	start = begin(to);
	add_u32(to, view->slot);
	add_u8(to, view->active ? 1 : 0);
	add_u8(to, view->name.len);
	buf_append(to->out, view->name);
	for (size_t i = 0; i < account->hosts_count; i++) {
		struct span host = account->hosts[i];

		if (host.len == 0 || host.len > UINT8_MAX) {
			to->out->len = start;
			return host.len == 0 ? ST_INVALID : ST_LIMIT;
		}
		add_u8(to, host.len);
		buf_append(to->out, host);
	}
	return end(to, KIND_ACCOUNT, start);
}

enum status record_write_name(
	struct record_writer *to, enum record_kind kind, uint32_t slot, struct span name)
{
	size_t start;

	assert(kind == KIND_ACCOUNT_NAME || kind == KIND_HOST);
	if (slot == 0)
		return ST_INVALID;
	start = begin(to);
	add_u32(to, slot);
	buf_append(to->out, name);
	return end(to, kind, start);
}

static bool ascending(const uint8_t *slots, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (get_u32(slots + 4 * i) <= get_u32(slots + 4 * (i - 1)))
			return false;
	return true;
}

enum status record_write_profile(struct record_writer *to, const struct view_profile *profile)
{
	size_t start;

	if (profile->slot == 0 || !ascending(profile->resources, profile->resources_count))
		return ST_INVALID;
	if (profile->name.len > UINT16_MAX ||
		profile->resources_count > LIMIT_RESOURCES_PER_PROFILE)
		return ST_LIMIT;
	start = begin(to);
	add_u32(to, profile->slot);
	add_u32(to, profile->account);
	add_u16(to, profile->name.len);
	buf_append(to->out, profile->name);
	add(to, profile->resources, profile->resources_count * sizeof(uint32_t));
	return end(to, KIND_PROFILE, start);
}

enum status record_write_resource(struct record_writer *to, const struct view_resource *resource)
{
	size_t start;

	if (resource->slot == 0)
		return ST_INVALID;
	if (resource->product.len > UINT16_MAX || resource->key.len > UINT16_MAX)
		return ST_LIMIT;
	start = begin(to);
	add_u32(to, resource->slot);
	add_u16(to, resource->product.len);
	add_u16(to, resource->key.len);
	buf_append(to->out, resource->product);
	buf_append(to->out, resource->key);
	buf_append(to->out, resource->name);
	return end(to, KIND_RESOURCE, start);
}

enum status record_write_routes(struct record_writer *to, struct span compiled)
{
	static const uint8_t padding[ROUTES_SIZE_MIN];
	size_t start;

	if (compiled.len > RECORD_SIZE_MAX - ROUTES_SIZE_MIN)
		return ST_LIMIT;
	start = begin(to);
	add_u64(to, compiled.len);
	add_u64(to, 0);
	buf_append(to->out, compiled);
	if (buf_ok(to->out) && to->out->len - start < ROUTES_SIZE_MIN)
		add(to, padding, ROUTES_SIZE_MIN - (to->out->len - start));
	return end(to, KIND_ROUTES, start);
}

static void add_limits(struct record_writer *to, const struct allowance *limits)
{
	unsigned windows = 0;

	for (unsigned i = 0; i < WINDOW_COUNT; i++)
		windows |= (unsigned)(limits->counts[i] != 0) << i;
	add_u8(to, windows);
	for (unsigned i = 0; i < WINDOW_COUNT; i++) {
		if (limits->counts[i] != 0 && i < RATE_COUNT)
			add_u32(to, (uint32_t)limits->counts[i]);
		else if (limits->counts[i] != 0)
			add_u64(to, limits->counts[i]);
	}
}

static bool limits_are_within(const struct allowance *limits)
{
	for (unsigned i = 0; i < WINDOW_COUNT; i++)
		if (limits->counts[i] > (i < RATE_COUNT ? LIMIT_RATE : LIMIT_QUOTA))
			return false;
	return true;
}

bool record_key_has_extra(const struct view_key *key)
{
	return key->addresses_count > 0 || key->external_id.len > 0;
}

enum status record_write_key(struct record_writer *to, const struct view_key *key)
{
	size_t start;
	unsigned flags;

	if (key->slot == 0 || key->app_key.len == 0 || key->state == KEY_NONE)
		return ST_INVALID;
	if (key->app_key.len > LIMIT_APP_KEY || key->digests_count > 2 ||
		key->profiles_count > LIMIT_PROFILES_PER_KEY || !limits_are_within(&key->limits))
		return ST_LIMIT;
	start = begin(to);
	flags = key->digests_count | (unsigned)key->state << KEY_STATE_SHIFT;
	if (key->expires_at_us != 0)
		flags |= KEY_HAS_EXPIRY;
	if (record_key_has_extra(key))
		flags |= KEY_HAS_EXTRA;
	if (allowance_limits(&key->limits))
		flags |= KEY_HAS_LIMITS;
	add_u8(to, flags);
	add_u8(to, key->profiles_count);
	add_u32(to, key->slot);
	add_u32(to, key->account);
	if (key->expires_at_us != 0)
		add_u64(to, (uint64_t)key->expires_at_us);
	if (allowance_limits(&key->limits))
		add_limits(to, &key->limits);
	add(to, key->digests, key->digests_count * DIGEST_SIZE);
	add(to, key->profiles, key->profiles_count * sizeof(uint32_t));
	buf_append(to->out, key->app_key);
	return end(to, KIND_KEY, start);
}

enum status record_write_key_slot(struct record_writer *to, uint32_t slot, uint64_t at)
{
	size_t start = begin(to);

	add_u32(to, slot);
	add_u64(to, at);
	return end(to, KIND_KEY_SLOT, start);
}

enum status record_write_key_extra(struct record_writer *to, const struct view_key *key)
{
	size_t start;

	if (key->external_id.len > UINT16_MAX || key->addresses_count > LIMIT_ADDRESSES_PER_KEY)
		return ST_LIMIT;
	start = begin(to);
	add_u32(to, key->slot);
	add_u8(to, key->addresses_count);
	add_u16(to, key->external_id.len);
	for (unsigned i = 0; i < key->addresses_count; i++) {
		add(to, key->addresses[i].bytes, ADDRESS_BYTES - 1);
		add_u8(to, key->addresses[i].prefix_bits);
	}
	buf_append(to->out, key->external_id);
	return end(to, KIND_KEY_EXTRA, start);
}

enum status record_write_token(
	struct record_writer *to, const uint8_t digest[DIGEST_SIZE], const struct view_token *token)
{
	size_t start;

	if (token->key == 0)
		return ST_INVALID;
	start = begin(to);
	add_u32(to, token->key);
	add_u8(to, token->live ? 1 : 0);
	add(to, digest, DIGEST_SIZE);
	return end(to, KIND_TOKEN, start);
}
