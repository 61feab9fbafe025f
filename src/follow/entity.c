#include "follow/entity.h"

#include "base/encode.h"

#include <string.h>

/* IPv4 addresses stand in the index as ::ffff:a.b.c.d. */
#define MAPPED_BITS 96u
#define MAPPED_BYTES 12u

enum status entity_put_account(struct index_writer *writer, const struct record_account *account)
{
	const struct index_account out = {
		.account = {
			.slot = account->slot,
			.name = account->name,
			.active = account->state == ACCOUNT_ACTIVE,
		},
		.hosts = account->hosts,
		.hosts_count = account->hosts_count,
	};

	return index_put_account(writer, &out);
}

enum status entity_put_profile(struct index_writer *writer, const struct record_profile *profile)
{
	const struct view_profile out = {
		.slot = profile->slot,
		.account = profile->account_slot,
		.name = profile->name,
		/* Little-endian in memory as in the index (base/encode.h). */
		.resources = (const uint8_t *)profile->resource_slots,
		.resources_count = profile->resources_count,
	};

	return profile->account_slot == 0 ? ST_OK : index_put_profile(writer, &out);
}

enum status entity_put_resource(struct index_writer *writer, const struct record_resource *resource)
{
	const struct view_resource out = {
		.slot = resource->slot,
		.product = resource->product,
		.key = resource->key,
		.name = resource->name,
	};

	return index_put_resource(writer, &out);
}

static enum key_state state_of(enum record_key_state state)
{
	switch (state) {
	case RECORD_KEY_ACTIVE:
		return KEY_ACTIVE;
	case RECORD_KEY_INACTIVE:
		return KEY_INACTIVE;
	case RECORD_KEY_REVOKED:
		break;
	}
	/* What is not known refuses. */
	return KEY_REVOKED;
}

static void view_address(const struct record_address *address, struct address_range *out_range)
{
	*out_range = (struct address_range){ 0 };
	if (address->family == 6) {
		memcpy(out_range->bytes, address->bytes, sizeof(out_range->bytes));
		out_range->prefix_bits = address->prefix_len;
		return;
	}
	memset(out_range->bytes + MAPPED_BYTES - 2, 0xff, 2);
	memcpy(out_range->bytes + MAPPED_BYTES, address->bytes, 4);
	out_range->prefix_bits = (uint8_t)(MAPPED_BITS + address->prefix_len);
}

static bool is_live(const struct record_token *token)
{
	return token->kind == RECORD_TOKEN_CURRENT || token->kind == RECORD_TOKEN_PREVIOUS;
}

enum status entity_view_key(const struct record_key *key, struct view_key *out_key)
{
	*out_key = (struct view_key){
		.slot = key->slot,
		.account = key->account_slot,
		.state = state_of(key->state),
		.expires_at_us = key->expires_at_us,
		.app_key = key->app_key,
		.external_id = key->external_id,
		.limits = key->limits,
	};
	if (key->links_count > LIMIT_PROFILES_PER_KEY ||
		key->addresses_count > LIMIT_ADDRESSES_PER_KEY)
		return ST_LIMIT;
	for (size_t i = 0; i < key->tokens_count; i++) {
		if (!is_live(&key->tokens[i]))
			continue;
		if (out_key->digests_count == ARRAY_LEN(out_key->digests))
			return ST_LIMIT;
		memcpy(out_key->digests[out_key->digests_count++], key->tokens[i].digest,
			DIGEST_SIZE);
	}
	for (size_t i = 0; i < key->links_count; i++)
		out_key->profiles[out_key->profiles_count++] = key->links[i].profile_slot;
	for (size_t i = 0; i < key->addresses_count; i++)
		view_address(&key->addresses[i], &out_key->addresses[out_key->addresses_count++]);
	return ST_OK;
}

enum status entity_put_key(struct index_writer *writer, const struct record_key *key)
{
	struct view_key view;
	enum status st = entity_view_key(key, &view);

	if (st == ST_OK)
		st = index_put_key(writer, &view);
	for (size_t i = 0; i < key->tokens_count && st == ST_OK; i++) {
		struct view_token token = {
			.key = key->slot,
			.live = is_live(&key->tokens[i]),
		};

		st = index_put_token(writer, key->tokens[i].digest, &token);
	}
	return st;
}
