/*
 * A view over tables in memory, for tests and benchmarks: what src/index is to
 * the gate. Make it, fill it, call table_build() once, decide with &t->view.
 * Slots are counted from 1 in the order of adding.
 */
#ifndef TESTS_UNIT_DECIDE_TABLE_VIEW_H
#define TESTS_UNIT_DECIDE_TABLE_VIEW_H

#include "base/encode.h"
#include "decide/decision.h"
#include "key/digest.h"

#include <assert.h>
#include <stdlib.h>

enum table_look_up {
	TABLE_KEY_BY_APP_KEY = 0,
	TABLE_KEY_BY_SLOT,
	TABLE_KEY_EXTRA,
	TABLE_TOKEN,
	TABLE_ACCOUNT_BY_SLOT,
	TABLE_ACCOUNT_BY_NAME,
	TABLE_ACCOUNT_BY_HOST,
	TABLE_PROFILE,
	TABLE_RESOURCE,
	TABLE_LOOK_UPS
};

#define TABLE_SMALL 64u /* accounts, profiles, resources, hosts, services, routes */
#define TABLE_PROFILE_RESOURCES 32u

struct table_profile_row {
	struct view_profile profile;
	uint8_t resources[TABLE_PROFILE_RESOURCES * sizeof(uint32_t)];
};

struct table_token_row {
	uint8_t digest[DIGEST_SIZE];
	struct view_token token;
};

/* Open addressing; holds row + 1. */
struct table_hash {
	uint32_t *cells;
	size_t size; /* a power of two */
};

struct table_view {
	struct view view;
	struct digest_context *digests;

	size_t keys_count, keys_max;
	struct view_key *keys;
	struct table_hash keys_hash;
	size_t tokens_count, tokens_max;
	struct table_token_row *tokens;
	struct table_hash tokens_hash;
	size_t accounts_count, profiles_count, resources_count, hosts_count;
	struct view_account accounts[TABLE_SMALL];
	struct table_profile_row profiles[TABLE_SMALL];
	struct view_resource resources[TABLE_SMALL];
	struct {
		struct span host;
		uint32_t account;
	} hosts[TABLE_SMALL];

	size_t services_count, routes_count;
	struct service_spec services[TABLE_SMALL];
	struct route_spec routes[TABLE_SMALL];
	uint32_t route_resources[TABLE_SMALL][LIMIT_RESOURCES_PER_ROUTE];
	struct buf blob;
	struct routes compiled;

	unsigned calls[TABLE_LOOK_UPS];
	unsigned found[TABLE_LOOK_UPS];     /* of the calls */
	enum status faults[TABLE_LOOK_UPS]; /* not ST_OK: what that look-up answers */
};

#define TABLE_FN __attribute__((unused)) static

/* ---- Hashing ---- */

TABLE_FN uint64_t table_hash_of(struct span bytes)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ (uint8_t)bytes.ptr[i]) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

TABLE_FN void table_hash_add(struct table_hash *hash, struct span bytes, size_t row)
{
	size_t at = table_hash_of(bytes) & (hash->size - 1);

	while (hash->cells[at] != 0)
		at = (at + 1) & (hash->size - 1);
	hash->cells[at] = (uint32_t)row + 1;
}

TABLE_FN size_t table_power(size_t wanted)
{
	size_t size = 16;

	while (size < wanted)
		size *= 2;
	return size;
}

/* ---- Look-ups ---- */

TABLE_FN enum status table_called(struct table_view *t, enum table_look_up which)
{
	t->calls[which]++;
	return t->faults[which];
}

TABLE_FN enum status table_found(struct table_view *t, enum table_look_up which)
{
	t->found[which]++;
	return ST_OK;
}

/* As an index does: only what is there. */
TABLE_FN void table_copy_key(struct view_key *out, const struct view_key *key)
{
	out->slot = key->slot;
	out->account = key->account;
	out->state = key->state;
	out->expires_at_us = key->expires_at_us;
	out->app_key = key->app_key;
	out->limits = key->limits;
	out->digests_count = key->digests_count;
	memcpy(out->digests, key->digests, key->digests_count * DIGEST_SIZE);
	out->profiles_count = key->profiles_count;
	memcpy(out->profiles, key->profiles, key->profiles_count * sizeof(key->profiles[0]));
	out->has_extra = key->addresses_count > 0 || span_present(key->external_id);
	out->external_id = SPAN_ABSENT;
	out->addresses_count = 0;
}

TABLE_FN enum status table_key_by_app_key(
	void *context, struct span app_key, struct view_key *out_key)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_KEY_BY_APP_KEY);
	size_t at = table_hash_of(app_key) & (t->keys_hash.size - 1);

	if (st != ST_OK)
		return st;
	for (; t->keys_hash.cells[at] != 0; at = (at + 1) & (t->keys_hash.size - 1)) {
		const struct view_key *key = &t->keys[t->keys_hash.cells[at] - 1];

		if (span_equal(key->app_key, app_key)) {
			table_copy_key(out_key, key);
			return table_found(t, TABLE_KEY_BY_APP_KEY);
		}
	}
	return ST_NOT_FOUND;
}

TABLE_FN enum status table_key_by_slot(void *context, uint32_t slot, struct view_key *out_key)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_KEY_BY_SLOT);

	if (st != ST_OK)
		return st;
	if (slot == 0 || slot > t->keys_count)
		return ST_NOT_FOUND;
	table_copy_key(out_key, &t->keys[slot - 1]);
	return table_found(t, TABLE_KEY_BY_SLOT);
}

TABLE_FN enum status table_key_extra(void *context, struct view_key *out_key)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_KEY_EXTRA);
	const struct view_key *key = &t->keys[out_key->slot - 1];

	if (st != ST_OK)
		return st;
	out_key->has_extra = false;
	out_key->external_id = key->external_id;
	out_key->addresses_count = key->addresses_count;
	memcpy(out_key->addresses, key->addresses,
		key->addresses_count * sizeof(key->addresses[0]));
	return ST_OK;
}

TABLE_FN enum status table_token_by_digest(
	void *context, const uint8_t digest[DIGEST_SIZE], struct view_token *out_token)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_TOKEN);
	size_t at = table_hash_of(span_of(digest, DIGEST_SIZE)) & (t->tokens_hash.size - 1);

	if (st != ST_OK)
		return st;
	for (; t->tokens_hash.cells[at] != 0; at = (at + 1) & (t->tokens_hash.size - 1)) {
		const struct table_token_row *row = &t->tokens[t->tokens_hash.cells[at] - 1];

		if (memcmp(row->digest, digest, DIGEST_SIZE) == 0) {
			*out_token = row->token;
			return table_found(t, TABLE_TOKEN);
		}
	}
	return ST_NOT_FOUND;
}

TABLE_FN enum status table_account_by_slot(
	void *context, uint32_t slot, struct view_account *out_account)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_ACCOUNT_BY_SLOT);

	if (st != ST_OK)
		return st;
	if (slot == 0 || slot > t->accounts_count)
		return ST_NOT_FOUND;
	*out_account = t->accounts[slot - 1];
	return ST_OK;
}

TABLE_FN enum status table_account_by_name(
	void *context, struct span name, struct view_account *out_account)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_ACCOUNT_BY_NAME);

	for (size_t i = 0; st == ST_OK && i < t->accounts_count; i++) {
		if (span_equal(t->accounts[i].name, name)) {
			*out_account = t->accounts[i];
			return table_found(t, TABLE_ACCOUNT_BY_NAME);
		}
	}
	return st == ST_OK ? ST_NOT_FOUND : st;
}

TABLE_FN enum status table_account_by_host(
	void *context, struct span host, struct view_account *out_account)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_ACCOUNT_BY_HOST);

	for (size_t i = 0; st == ST_OK && i < t->hosts_count; i++) {
		if (span_equal(t->hosts[i].host, host)) {
			*out_account = t->accounts[t->hosts[i].account - 1];
			return ST_OK;
		}
	}
	return st == ST_OK ? ST_NOT_FOUND : st;
}

TABLE_FN enum status table_profile_by_slot(
	void *context, uint32_t slot, struct view_profile *out_profile)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_PROFILE);

	if (st != ST_OK)
		return st;
	if (slot == 0 || slot > t->profiles_count)
		return ST_NOT_FOUND;
	*out_profile = t->profiles[slot - 1].profile;
	return ST_OK;
}

TABLE_FN enum status table_resource_by_slot(
	void *context, uint32_t slot, struct view_resource *out_resource)
{
	struct table_view *t = context;
	enum status st = table_called(t, TABLE_RESOURCE);

	if (st != ST_OK)
		return st;
	if (slot == 0 || slot > t->resources_count)
		return ST_NOT_FOUND;
	*out_resource = t->resources[slot - 1];
	return ST_OK;
}

/* ---- Filling ---- */

/* For at most keys_max keys, and three tokens each. */
TABLE_FN struct table_view *table_make(size_t keys_max)
{
	struct table_view *t = calloc(1, sizeof(*t));

	assert(t != NULL);
	t->keys_max = keys_max;
	t->tokens_max = keys_max * 3;
	t->keys = calloc(t->keys_max, sizeof(*t->keys));
	t->tokens = calloc(t->tokens_max, sizeof(*t->tokens));
	t->keys_hash.size = table_power(t->keys_max * 2);
	t->keys_hash.cells = calloc(t->keys_hash.size, sizeof(uint32_t));
	t->tokens_hash.size = table_power(t->tokens_max * 2);
	t->tokens_hash.cells = calloc(t->tokens_hash.size, sizeof(uint32_t));
	t->digests = digest_context_make();
	assert(t->keys != NULL && t->tokens != NULL && t->keys_hash.cells != NULL &&
		t->tokens_hash.cells != NULL && t->digests != NULL);
	t->view = (struct view){
		.context = t,
		.key_by_app_key = table_key_by_app_key,
		.key_by_slot = table_key_by_slot,
		.key_extra = table_key_extra,
		.token_by_digest = table_token_by_digest,
		.account_by_slot = table_account_by_slot,
		.account_by_name = table_account_by_name,
		.account_by_host = table_account_by_host,
		.profile_by_slot = table_profile_by_slot,
		.resource_by_slot = table_resource_by_slot,
		.epoch = 1,
		.revision = 7,
	};
	return t;
}

TABLE_FN void table_free(struct table_view **table)
{
	if (*table == NULL)
		return;
	buf_free(&(*table)->blob);
	digest_context_free(&(*table)->digests);
	free((*table)->keys);
	free((*table)->tokens);
	free((*table)->keys_hash.cells);
	free((*table)->tokens_hash.cells);
	free(*table);
	*table = NULL;
}

TABLE_FN uint32_t table_account(struct table_view *t, const char *name)
{
	uint32_t slot = (uint32_t)++t->accounts_count;

	assert(slot <= TABLE_SMALL);
	t->accounts[slot - 1] =
		(struct view_account){ .slot = slot, .name = span_str(name), .active = true };
	return slot;
}

TABLE_FN void table_host(struct table_view *t, const char *host, uint32_t account)
{
	assert(t->hosts_count < TABLE_SMALL);
	t->hosts[t->hosts_count].host = span_str(host);
	t->hosts[t->hosts_count++].account = account;
}

TABLE_FN uint32_t table_resource(
	struct table_view *t, const char *product, const char *key, const char *name)
{
	uint32_t slot = (uint32_t)++t->resources_count;

	assert(slot <= TABLE_SMALL);
	t->resources[slot - 1] =
		(struct view_resource){ slot, span_str(product), span_str(key), span_str(name) };
	return slot;
}

TABLE_FN uint32_t table_profile(struct table_view *t, uint32_t account, const char *name)
{
	uint32_t slot = (uint32_t)++t->profiles_count;
	struct table_profile_row *row = &t->profiles[slot - 1];

	assert(slot <= TABLE_SMALL);
	row->profile = (struct view_profile){ .slot = slot,
		.account = account,
		.name = span_str(name),
		.resources = row->resources };
	return slot;
}

/* In ascending order only. */
TABLE_FN void table_grant(struct table_view *t, uint32_t profile, uint32_t resource)
{
	struct table_profile_row *row = &t->profiles[profile - 1];

	assert(row->profile.resources_count < TABLE_PROFILE_RESOURCES);
	put_u32(row->resources + row->profile.resources_count++ * sizeof(uint32_t), resource);
}

TABLE_FN struct view_key *table_key(struct table_view *t, uint32_t account, const char *app_key)
{
	struct view_key *key = &t->keys[t->keys_count++];

	assert(t->keys_count <= t->keys_max);
	key->slot = (uint32_t)t->keys_count;
	key->account = account;
	key->state = KEY_ACTIVE;
	key->app_key = span_str(app_key);
	table_hash_add(&t->keys_hash, key->app_key, t->keys_count - 1);
	return key;
}

/* Live tokens are added newest first. */
TABLE_FN void table_token(struct table_view *t, struct view_key *key, struct span token, bool live)
{
	struct table_token_row *row = &t->tokens[t->tokens_count++];
	bool ok = token_digest(t->digests, token, row->digest);

	assert(ok && t->tokens_count <= t->tokens_max);
	(void)ok;
	row->token = (struct view_token){ key->slot, live };
	if (live) {
		assert(key->digests_count < 2);
		memcpy(key->digests[key->digests_count++], row->digest, DIGEST_SIZE);
	}
	table_hash_add(&t->tokens_hash, span_of(row->digest, DIGEST_SIZE), t->tokens_count - 1);
}

TABLE_FN void table_link(struct view_key *key, uint32_t profile)
{
	assert(key->profiles_count < LIMIT_PROFILES_PER_KEY);
	key->profiles[key->profiles_count++] = profile;
}

/* A service without a host; change the row before table_build(). */
TABLE_FN struct service_spec *table_service(
	struct table_view *t, const char *name, const char *base_path)
{
	struct service_spec *service = &t->services[t->services_count++];

	assert(t->services_count <= TABLE_SMALL);
	*service = (struct service_spec){
		.id = t->services_count, .name = span_str(name), .base_path = span_str(base_path)
	};
	return service;
}

/* resource 0: none; more are added by table_route_needs(). */
TABLE_FN struct route_spec *table_route(struct table_view *t, const struct service_spec *service,
	const char *method, const char *template_text, uint32_t resource)
{
	size_t row = t->routes_count++;
	struct route_spec *route = &t->routes[row];

	assert(row < TABLE_SMALL);
	t->route_resources[row][0] = resource;
	*route = (struct route_spec){ .id = row + 1,
		.service_id = service->id,
		.method = span_str(method),
		.template_text = span_str(template_text),
		.access = ROUTE_NEEDS_RESOURCE,
		.resource_ids = t->route_resources[row],
		.resource_ids_count = resource == 0 ? 0 : 1 };
	return route;
}

TABLE_FN void table_route_needs(struct table_view *t, struct route_spec *route, uint32_t resource)
{
	t->route_resources[route->id - 1][route->resource_ids_count++] = resource;
}

TABLE_FN void table_build(struct table_view *t)
{
	const struct routes_input input = {
		.services = t->services,
		.services_count = t->services_count,
		.routes = t->routes,
		.routes_count = t->routes_count,
	};
	struct routes_built built;
	struct complaint complaint = { 0 };
	enum status st;

	buf_free(&t->blob);
	t->blob = buf_heap(ROUTES_BLOB_MAX);
	st = routes_build(&input, NULL, &t->blob, &built, &complaint);
	assert(st == ST_OK);
	st = routes_open(buf_span(&t->blob), &t->compiled);
	assert(st == ST_OK);
	(void)st;
	t->view.routes = &t->compiled;
}

#endif
