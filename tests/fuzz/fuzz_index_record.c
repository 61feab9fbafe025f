/*
 * Records of the index. The input is a kind and a body, which are put under a
 * right check: whatever the body is, decoding reads nothing outside it, and
 * what it gives is within the limits. The same bytes as they come (without a
 * right check) must be refused.
 */
#include "base/encode.h"
#include "index/record.h"

#include <stdlib.h>

#define INPUT_MAX 4096u

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_keys keys = { { 1 }, { 2 } };

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	must(crypto_init() == ST_OK);
	return 0;
}

/* Reads all of it, so that what cannot be read is noticed. */
static void read_all(struct span s)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum = (uint8_t)(sum + (uint8_t)s.ptr[i]);
}

static void read_key(const struct record *record)
{
	struct view_key key;
	uint32_t slot;
	bool has_extra;

	if (record_read_key(record, &key, &has_extra) == ST_OK) {
		must(key.slot != 0 && key.state != KEY_NONE && key.state <= KEY_REVOKED);
		must(key.digests_count <= 2 && key.profiles_count <= LIMIT_PROFILES_PER_KEY);
		must(key.app_key.len > 0 && key.addresses_count == 0);
		for (unsigned i = 0; i < WINDOW_COUNT; i++)
			must(key.limits.counts[i] <= (i < RATE_COUNT ? LIMIT_RATE : LIMIT_QUOTA));
		read_all(key.app_key);
	}
	if (record_read_key_extra(record, &slot, &key) == ST_OK) {
		must(key.addresses_count <= LIMIT_ADDRESSES_PER_KEY);
		for (unsigned i = 0; i < key.addresses_count; i++)
			must(key.addresses[i].prefix_bits <= 128);
		read_all(key.external_id);
	}
}

static void read_texts(const struct record *record)
{
	struct view_resource resource;
	struct view_account account;
	struct view_profile profile;
	struct span part, host;
	uint32_t slot;

	if (record_read_account(record, &account, &part) == ST_OK) {
		read_all(account.name);
		while (record_next_host(&part, &host))
			read_all(host);
		must(part.len == 0);
	}
	if (record_read_name(record, &slot, &part) == ST_OK)
		read_all(part);
	if (record_read_profile(record, &profile) == ST_OK) {
		read_all(profile.name);
		read_all(span_of(profile.resources, profile.resources_count * 4));
	}
	if (record_read_resource(record, &resource) == ST_OK) {
		read_all(resource.product);
		read_all(resource.key);
		read_all(resource.name);
	}
	if (record_read_routes(record, &part) == ST_OK)
		read_all(part);
}

static void read_rest(const struct record *record)
{
	uint8_t digest[DIGEST_SIZE];
	struct view_token token;
	struct record_meta meta;
	uint32_t slot;
	uint64_t at;

	if (record_read_token(record, digest, &token) == ST_OK)
		must(token.key != 0);
	if (record_read_key_slot(record, &slot, &at) != ST_OK)
		(void)slot;
	if (record_read_meta(record, &meta) == ST_OK)
		must(record->body.len > 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t whole = RECORD_HEADER + size - 1;
	struct record record;
	unsigned kind;
	char *bytes;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	kind = data[0] % 16;
	/* Exactly as large as it is, so that one byte more is noticed. */
	bytes = malloc(whole);
	must(bytes != NULL);
	memcpy(bytes + RECORD_HEADER, data + 1, size - 1);
	put_u32(bytes + 8, (uint32_t)kind << 28 | (uint32_t)whole);
	put_u32(bytes + 12, 7);
	put_u64(bytes, crypto_hash64(keys.check, span_of(bytes + 8, whole - 8)));
	must(record_open(&keys, (enum record_kind)kind, span_of(bytes, whole), &record) == ST_OK);
	must(record.size == whole && record.written == 7);
	read_key(&record);
	read_texts(&record);
	read_rest(&record);
	bytes[size * 7 % whole] ^= 1;
	must(record_open(&keys, (enum record_kind)kind, span_of(bytes, whole), &record) != ST_OK);
	must(record_open(&keys, (enum record_kind)kind, span_of(data, size), &record) != ST_OK);
	free(bytes);
	return 0;
}
