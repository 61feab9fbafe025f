#include "model/world_rows.h"

#include "key/digest.h"

#include <stdio.h>

#define WORLD_SIZE (64 * MIB)

/* ---- JSON ---- */

struct span bytes_of(struct arena *arena, const json_t *string)
{
	if (!json_is_string(string))
		return SPAN_ABSENT;
	const char *utf8 = json_string_value(string);
	size_t utf8_len = json_string_length(string), len = 0;
	char *out = arena_alloc(arena, utf8_len + 1);
	if (out == NULL)
		abort();
	for (size_t i = 0; i < utf8_len; i++) {
		unsigned char c = (unsigned char)utf8[i];
		if (c >= 0x80 && i + 1 < utf8_len)
			c = (unsigned char)((c & 0x03) << 6 | (utf8[++i] & 0x3f));
		out[len++] = (char)c;
	}
	return span_of(out, len);
}

static struct span text_at(const struct world *world, const json_t *object, const char *name)
{
	return bytes_of(world->arena, json_object_get(object, name));
}

static uint32_t number_at(const json_t *object, const char *name)
{
	return (uint32_t)json_integer_value(json_object_get(object, name));
}

static bool flag_at(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* An array of the arena for the items of a list. */
static void *rows_for(const struct world *world, const json_t *list, size_t size, size_t *out_count)
{
	*out_count = json_array_size(list);
	void *rows = arena_array(world->arena, *out_count + 1, size);
	if (rows == NULL)
		abort();
	return rows;
}

static uint32_t *slots_of(const struct world *world, const json_t *list, size_t *out_count)
{
	uint32_t *slots = rows_for(world, list, sizeof(*slots), out_count);
	for (size_t i = 0; i < *out_count; i++)
		slots[i] = (uint32_t)json_integer_value(json_array_get(list, i));
	return slots;
}

/* ---- What the view answers ---- */

static enum status key_by_app_key(void *context, struct span app_key, struct view_key *out_key)
{
	const struct world *world = context;
	for (size_t i = 0; i < world->keys_count; i++) {
		if (span_equal(world->keys[i].app_key, app_key)) {
			*out_key = world->keys[i];
			return ST_OK;
		}
	}
	return ST_NOT_FOUND;
}

static enum status key_by_slot(void *context, uint32_t slot, struct view_key *out_key)
{
	const struct world *world = context;
	for (size_t i = 0; i < world->keys_count; i++) {
		if (world->keys[i].slot == slot) {
			*out_key = world->keys[i];
			return ST_OK;
		}
	}
	return ST_NOT_FOUND;
}

static enum status token_by_digest(
	void *context, const uint8_t digest[DIGEST_SIZE], struct view_token *out_token)
{
	const struct world *world = context;
	for (size_t i = 0; i < world->tokens_count; i++) {
		if (digest_equal(world->tokens[i].digest, digest)) {
			*out_token = world->tokens[i].token;
			return ST_OK;
		}
	}
	return ST_NOT_FOUND;
}

static enum status account_by_slot(void *context, uint32_t slot, struct view_account *out_account)
{
	const struct world *world = context;
	if (slot == 0 || slot > world->accounts_count)
		return ST_NOT_FOUND;
	*out_account = world->accounts[slot - 1].account;
	return ST_OK;
}

static enum status account_by_name(
	void *context, struct span name, struct view_account *out_account)
{
	const struct world *world = context;
	for (size_t i = 0; i < world->accounts_count; i++) {
		if (span_equal(world->accounts[i].account.name, name)) {
			*out_account = world->accounts[i].account;
			return ST_OK;
		}
	}
	return ST_NOT_FOUND;
}

static enum status account_by_host(
	void *context, struct span host, struct view_account *out_account)
{
	const struct world *world = context;
	for (size_t i = 0; i < world->accounts_count; i++) {
		for (size_t j = 0; j < world->accounts[i].hosts_count; j++) {
			if (span_equal(world->accounts[i].hosts[j], host)) {
				*out_account = world->accounts[i].account;
				return ST_OK;
			}
		}
	}
	return ST_NOT_FOUND;
}

static enum status profile_by_slot(void *context, uint32_t slot, struct view_profile *out_profile)
{
	const struct world *world = context;
	if (slot == 0 || slot > world->profiles_count)
		return ST_NOT_FOUND;
	*out_profile = world->profiles[slot - 1];
	return ST_OK;
}

static enum status resource_by_slot(
	void *context, uint32_t slot, struct view_resource *out_resource)
{
	const struct world *world = context;
	if (slot == 0 || slot > world->resources_count)
		return ST_NOT_FOUND;
	*out_resource = world->resources[slot - 1];
	return ST_OK;
}

/* ---- Loading ---- */

static void load_accounts(struct world *world, const json_t *list)
{
	size_t i;
	json_t *item;
	world->accounts = rows_for(world, list, sizeof(*world->accounts), &world->accounts_count);
	json_array_foreach(list, i, item)
	{
		struct account_row *row = &world->accounts[i];
		json_t *hosts = json_object_get(item, "hosts");
		row->account.slot = number_at(item, "slot");
		row->account.name = text_at(world, item, "name");
		row->account.active = flag_at(item, "active");
		row->hosts = rows_for(world, hosts, sizeof(*row->hosts), &row->hosts_count);
		for (size_t j = 0; j < row->hosts_count; j++)
			row->hosts[j] = bytes_of(world->arena, json_array_get(hosts, j));
	}
}

static void load_rights(struct world *world, const json_t *resources, const json_t *profiles)
{
	size_t i;
	json_t *item;
	world->resources =
		rows_for(world, resources, sizeof(*world->resources), &world->resources_count);
	json_array_foreach(resources, i, item)
	{
		world->resources[i].slot = number_at(item, "slot");
		world->resources[i].product = text_at(world, item, "product");
		world->resources[i].key = text_at(world, item, "key");
	}
	world->profiles =
		rows_for(world, profiles, sizeof(*world->profiles), &world->profiles_count);
	json_array_foreach(profiles, i, item)
	{
		struct view_profile *row = &world->profiles[i];
		row->slot = number_at(item, "slot");
		row->account = number_at(item, "account");
		row->name = text_at(world, item, "name");
		/* This machine is little-endian, as the view wants it. */
		row->resources = (const uint8_t *)slots_of(
			world, json_object_get(item, "resources"), &row->resources_count);
	}
}

static void add_token(struct world *world, struct digest_context *digests, const json_t *text,
	struct view_token token)
{
	struct token_row *row = &world->tokens[world->tokens_count++];
	if (!token_digest(digests, bytes_of(world->arena, text), row->digest))
		abort();
	row->token = token;
}

static void load_tokens(struct world *world, struct digest_context *digests, struct view_key *key,
	const json_t *item)
{
	size_t i;
	json_t *text;
	json_array_foreach(json_object_get(item, "tokens"), i, text)
	{
		add_token(world, digests, text, (struct view_token){ key->slot, true });
		memcpy(key->digests[i], world->tokens[world->tokens_count - 1].digest, DIGEST_SIZE);
		key->digests_count++;
	}
	json_array_foreach(json_object_get(item, "retired"), i, text)
		add_token(world, digests, text, (struct view_token){ key->slot, false });
}

static enum key_state state_named(struct span name)
{
	return span_is(name, "active")     ? KEY_ACTIVE
	       : span_is(name, "inactive") ? KEY_INACTIVE
	       : span_is(name, "revoked")  ? KEY_REVOKED
					   : KEY_NONE;
}

static void load_key(struct world *world, struct view_key *key, const json_t *item)
{
	size_t i;
	json_t *one;
	key->slot = number_at(item, "slot");
	key->account = number_at(item, "account");
	key->state = state_named(text_at(world, item, "state"));
	key->expires_at_us = json_integer_value(json_object_get(item, "expires"));
	key->app_key = text_at(world, item, "appKey");
	key->external_id = text_at(world, item, "externalId");
	if (json_is_true(json_object_get(item, "limited")))
		key->limits.counts[RATE_DAY] = 7;
	json_array_foreach(json_object_get(item, "profiles"), i, one)
		key->profiles[key->profiles_count++] = (uint32_t)json_integer_value(one);
	json_array_foreach(json_object_get(item, "addresses"), i, one)
	{
		if (address_range_parse(bytes_of(world->arena, one),
			    &key->addresses[key->addresses_count++]) != ST_OK)
			abort();
	}
}

static void load_keys(struct world *world, struct digest_context *digests, const json_t *list)
{
	size_t i, tokens = 0;
	json_t *item;
	json_array_foreach(list, i, item) tokens +=
		json_array_size(json_object_get(item, "tokens")) +
		json_array_size(json_object_get(item, "retired"));
	world->tokens = arena_array(world->arena, tokens + 1, sizeof(*world->tokens));
	world->keys = rows_for(world, list, sizeof(*world->keys), &world->keys_count);
	if (world->tokens == NULL)
		abort();
	json_array_foreach(list, i, item)
	{
		load_key(world, &world->keys[i], item);
		load_tokens(world, digests, &world->keys[i], item);
	}
}

static struct service_spec service_of(const struct world *world, const json_t *item, size_t number)
{
	struct service_spec spec = {
		.id = number,
		.base_path = text_at(world, item, "base"),
		.unmapped_authenticated =
			span_is(text_at(world, item, "unmapped"), "authenticated"),
		.preflight_pass = span_is(text_at(world, item, "preflight"), "pass"),
		.switches = { .strip_semicolon =
				      span_is(text_at(world, item, "semicolon"), "strip"),
			.case_insensitive = flag_at(item, "caseInsensitive") },
	};
	char *name = arena_alloc(world->arena, 32);
	struct span *host = arena_alloc(world->arena, sizeof(*host));
	if (name == NULL || host == NULL)
		abort();
	(void)snprintf(name, 32, "service%zu", number);
	spec.name = span_str(name);
	*host = text_at(world, item, "host");
	spec.hosts = host;
	spec.hosts_count = span_present(*host) ? 1 : 0;
	return spec;
}

static struct route_spec route_of(const struct world *world, const json_t *item, size_t number)
{
	struct route_spec spec = {
		.id = number,
		.service_id = number_at(item, "service") + 1,
		.method = text_at(world, item, "method"),
		.template_text = text_at(world, item, "template"),
		.access = flag_at(item, "public")          ? ROUTE_PUBLIC
			  : flag_at(item, "authenticated") ? ROUTE_AUTHENTICATED
							   : ROUTE_NEEDS_RESOURCE,
	};
	spec.resource_ids =
		slots_of(world, json_object_get(item, "resources"), &spec.resource_ids_count);
	return spec;
}

static enum status load_routes(struct world *world, const json_t *services, const json_t *routes,
	struct complaint *complaint)
{
	size_t i;
	json_t *item;
	struct routes_input input = { 0 };
	struct service_spec *service =
		rows_for(world, services, sizeof(*service), &input.services_count);
	struct route_spec *route = rows_for(world, routes, sizeof(*route), &input.routes_count);
	json_array_foreach(services, i, item) service[i] = service_of(world, item, i + 1);
	json_array_foreach(routes, i, item) route[i] = route_of(world, item, i + 1);
	input.services = service;
	input.routes = route;
	struct routes_built built;
	enum status st = routes_build(&input, NULL, &world->blob, &built, complaint);
	return st != ST_OK ? st : routes_open(buf_span(&world->blob), &world->routes);
}

static void fill_view(struct world *world)
{
	world->view = (struct view){
		.context = world,
		.key_by_app_key = key_by_app_key,
		.key_by_slot = key_by_slot,
		.token_by_digest = token_by_digest,
		.account_by_slot = account_by_slot,
		.account_by_name = account_by_name,
		.account_by_host = account_by_host,
		.profile_by_slot = profile_by_slot,
		.resource_by_slot = resource_by_slot,
		.routes = &world->routes,
		.epoch = 1,
		.revision = 1,
	};
}

struct world *world_make(const json_t *description, struct digest_context *digests)
{
	struct arena *arena = arena_make(WORLD_SIZE);
	struct world *world = arena == NULL ? NULL : arena_alloc(arena, sizeof(*world));
	if (world == NULL)
		abort();
	world->arena = arena;
	world->prefix = text_at(world, description, "prefix");
	load_accounts(world, json_object_get(description, "accounts"));
	load_rights(world, json_object_get(description, "resources"),
		json_object_get(description, "profiles"));
	load_keys(world, digests, json_object_get(description, "keys"));
	fill_view(world);
	world->view.stale = flag_at(description, "stale");
	world->blob = buf_heap(ROUTES_BLOB_MAX);
	struct complaint complaint = { 0 };
	enum status st = load_routes(world, json_object_get(description, "services"),
		json_object_get(description, "routes"), &complaint);
	if (st == ST_OK)
		return world;
	fprintf(stderr, "driver: the catalogue was refused: %s %s %s\n", status_name(st),
		complaint.key == NULL ? "" : complaint.key,
		complaint.args_count > 0 ? complaint.args[0].value : "");
	world_free(&world);
	return NULL;
}

void world_free(struct world **world)
{
	if (*world == NULL)
		return;
	struct arena *arena = (*world)->arena;
	buf_free(&(*world)->blob);
	arena_free(&arena);
	*world = NULL;
}

const struct view *world_view(const struct world *world)
{
	return &world->view;
}

struct span world_prefix(const struct world *world)
{
	return world->prefix;
}
