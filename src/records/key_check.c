/* What a key must be before it is stored: texts, metadata, addresses, times. */
#include "key/app_key.h"
#include "records/keys.h"

#include <jansson.h>
#include <stdlib.h>

#define METADATA_INPUT_MAX (4 * LIMIT_METADATA) /* spaces and escapes may go */

/* The upstream gets it in a header: visible ASCII and inner spaces. */
static bool external_id_is_fit(struct span id)
{
	if (id.len == 0 || id.len > LIMIT_EXTERNAL_ID || id.ptr[0] == ' ' ||
		id.ptr[id.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] < 0x20 || id.ptr[i] > 0x7E)
			return false;
	return true;
}

enum status external_id_check(
	struct change *change, struct span id, struct span *out_id, struct complaint *complaint)
{
	if (!span_present(id) || id.len == 0) {
		*out_id = SPAN_ABSENT;
		return ST_OK;
	}
	if (!external_id_is_fit(id)) {
		complaint_set(complaint, "records.external_id", 0);
		return ST_INVALID;
	}
	return span_keep(change->arena, id, out_id);
}

static void free_json(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}

static enum status refuse_metadata(struct complaint *complaint, const char *key, enum status st)
{
	complaint_set(complaint, key, 0);
	return st;
}

/* One text for one value: keys sorted, no spaces, ASCII. */
static enum status metadata_canonical(struct arena *arena, const json_t *object,
	struct span *out_metadata, struct complaint *complaint)
{
	const size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII;
	size_t len = json_dumpb(object, NULL, 0, flags);
	char *text;

	if (len > LIMIT_METADATA)
		return refuse_metadata(complaint, "records.metadata_long", ST_LIMIT);
	if (len == 0)
		return ST_NO_MEMORY;
	text = arena_alloc(arena, len);
	if (text == NULL || json_dumpb(object, text, len, flags) != len)
		return ST_NO_MEMORY;
	*out_metadata = span_of(text, len);
	return ST_OK;
}

enum status metadata_check(struct change *change, struct span metadata, struct span *out_metadata,
	struct complaint *complaint)
{
	CLEANUP(free_json)
	json_t *object = NULL;
	json_error_t error;

	*out_metadata = SPAN_ABSENT;
	if (!span_present(metadata) || metadata.len == 0)
		return ST_OK;
	if (metadata.len > METADATA_INPUT_MAX)
		return refuse_metadata(complaint, "records.metadata_long", ST_LIMIT);
	object = json_loadb(metadata.ptr, metadata.len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(object))
		return refuse_metadata(complaint, "records.metadata", ST_INVALID);
	return metadata_canonical(change->arena, object, out_metadata, complaint);
}

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct record_address));
}

static size_t without_repeats(struct record_address *addresses, size_t count)
{
	size_t kept = 0;

	qsort(addresses, count, sizeof(*addresses), compare_addresses);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_addresses(&addresses[kept - 1], &addresses[i]) != 0)
			addresses[kept++] = addresses[i];
	return kept;
}

enum status addresses_check(struct change *change, const struct span *texts, size_t count,
	const struct record_address **out_addresses, size_t *out_count, struct complaint *complaint)
{
	struct record_address *addresses;
	enum status st = ST_OK;

	*out_addresses = NULL;
	*out_count = 0;
	if (count == 0)
		return ST_OK;
	if (count > LIMIT_ADDRESSES_PER_KEY) {
		complaint_set(complaint, "records.too_many_addresses", 0);
		return ST_LIMIT;
	}
	addresses = arena_array(change->arena, count, sizeof(*addresses));
	if (addresses == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; st == ST_OK && i < count; i++)
		st = record_address_parse(texts[i], &addresses[i], complaint);
	if (st != ST_OK)
		return st;
	*out_addresses = addresses;
	*out_count = without_repeats(addresses, count);
	return ST_OK;
}

enum status expiry_check(
	const struct change *change, int64_t expires_at_us, struct complaint *complaint)
{
	if (expires_at_us == 0 || expires_at_us > change->now_us)
		return ST_OK;
	complaint_set(complaint, "records.expiry_past", 0);
	return ST_INVALID;
}

static enum status token_prepare(
	struct change *change, const struct key_new *key, struct record_key *out_key)
{
	struct record_token *token;

	if (key->digest == NULL)
		return ST_OK;
	token = arena_alloc(change->arena, sizeof(*token));
	if (token == NULL)
		return ST_NO_MEMORY;
	memcpy(token->digest, key->digest, DIGEST_SIZE);
	token->kind = RECORD_TOKEN_CURRENT;
	token->created_at_us = change->now_us;
	out_key->tokens = token;
	out_key->tokens_count = 1;
	out_key->live_count = 1;
	return ST_OK;
}

static int compare_links(const void *a, const void *b)
{
	uint32_t x = ((const struct record_link *)a)->profile_slot;
	uint32_t y = ((const struct record_link *)b)->profile_slot;

	return x < y ? -1 : x > y;
}

static size_t links_without_repeats(struct record_link *links, size_t count)
{
	size_t kept = 0;

	qsort(links, count, sizeof(*links), compare_links);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || links[kept - 1].profile_slot != links[i].profile_slot)
			links[kept++] = links[i];
	return kept;
}

static enum status target_find(struct change *change, uint32_t profile_slot, struct key_memo *memo,
	struct record_link *out_link)
{
	enum status st;

	for (size_t i = 0; i < memo->targets_count; i++) {
		if (memo->targets[i].profile_slot == profile_slot) {
			*out_link = memo->targets[i];
			return ST_OK;
		}
	}
	st = link_target(change, profile_slot, out_link);
	if (st == ST_OK && memo->targets_count < KEY_MEMO_PROFILES)
		memo->targets[memo->targets_count++] = *out_link;
	return st;
}

static enum status links_prepare(struct change *change, const struct key_new *key,
	struct key_memo *memo, struct record_key *out_key, struct complaint *complaint)
{
	struct record_link *links;
	enum status st = ST_OK;

	if (key->profiles_count == 0)
		return ST_OK;
	if (key->profiles_count > LIMIT_PROFILES_PER_KEY) {
		complaint_set(complaint, "records.too_many_links", 0);
		return ST_LIMIT;
	}
	links = arena_array(change->arena, key->profiles_count, sizeof(*links));
	if (links == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; st == ST_OK && i < key->profiles_count; i++) {
		st = target_find(change, key->profile_slots[i], memo, &links[i]);
		if (st == ST_OK && links[i].account_slot != key->account_slot)
			st = ST_NOT_FOUND;
	}
	if (st != ST_OK)
		return complain_missing(st, ENTITY_PROFILE, complaint);
	out_key->links = links;
	out_key->links_count = links_without_repeats(links, key->profiles_count);
	return ST_OK;
}

static enum status texts_prepare(struct change *change, const struct key_new *key,
	struct record_key *out_key, struct complaint *complaint)
{
	enum status st;

	if (!app_key_import_ok(key->app_key)) {
		complaint_set(complaint, "records.app_key", 0);
		return ST_INVALID;
	}
	st = text_check(key->label, "label", LIMIT_NAME, false, complaint);
	if (st == ST_OK)
		st = span_keep(change->arena, key->app_key, &out_key->app_key);
	if (st == ST_OK)
		st = span_keep(change->arena, key->label, &out_key->label);
	if (st == ST_OK)
		st = external_id_check(change, key->external_id, &out_key->external_id, complaint);
	if (st == ST_OK)
		st = metadata_check(change, key->metadata, &out_key->metadata, complaint);
	return st;
}

static enum status account_prepare(struct change *change, uint32_t account_slot,
	struct key_memo *memo, struct complaint *complaint)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st;

	if (memo->account_slot != 0 && memo->account_slot == account_slot)
		return ST_OK;
	memo->account_slot = 0;
	st = change_need(change, account_slot, RIGHT_KEYS_EDIT, complaint);
	if (st == ST_OK)
		st = db_query(change_db(change), "SELECT name FROM accounts WHERE slot = $1", &row,
			DB_INT(account_slot));
	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		st = span_keep(change->arena, db_bytes(row, 0), &memo->account);
	if (st == ST_OK)
		memo->account_slot = account_slot;
	return complain_missing(st, ENTITY_ACCOUNT, complaint);
}

enum status key_prepare(struct change *change, const struct key_new *key, struct key_memo *memo,
	struct record_key *out_key, struct complaint *complaint)
{
	enum status st;

	*out_key = (struct record_key){ .account_slot = key->account_slot,
		.state = RECORD_KEY_ACTIVE,
		.created_at_us = change->now_us,
		.expires_at_us = key->expires_at_us,
		.limits = key->limits,
		.version = 1 };
	st = account_prepare(change, key->account_slot, memo, complaint);
	out_key->account = memo->account;
	if (st == ST_OK)
		st = texts_prepare(change, key, out_key, complaint);
	if (st == ST_OK)
		st = addresses_check(change, key->addresses, key->addresses_count,
			&out_key->addresses, &out_key->addresses_count, complaint);
	if (st == ST_OK)
		st = expiry_check(change, key->expires_at_us, complaint);
	if (st == ST_OK)
		st = token_prepare(change, key, out_key);
	if (st == ST_OK)
		st = links_prepare(change, key, memo, out_key, complaint);
	return st;
}
