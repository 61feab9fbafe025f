#include "world.h"

#include "base/encode.h"
#include "decide/routes.h"
#include "key/digest.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In a test a failure here is the end of it. */
#define MUST(call)                                                                                 \
	do {                                                                                       \
		enum status must_st = (call);                                                      \
		if (must_st != ST_OK) {                                                            \
			(void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call,        \
				status_name(must_st));                                             \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

uint32_t world_random(struct world *world, uint32_t below)
{
	/* xorshift64*: the same on every run of a seed. */
	world->random ^= world->random >> 12;
	world->random ^= world->random << 25;
	world->random ^= world->random >> 27;
	return (uint32_t)((world->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

static bool chance(struct world *world, uint32_t percent)
{
	return world_random(world, 100) < percent;
}

struct span world_app_key(unsigned key, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "appkey-store%u-%08u", key % 3, key);
	return buf_span(out);
}

struct span world_token(unsigned key, unsigned token, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "imported-token-of-key-%08u-number-%u", key, token);
	return buf_span(out);
}

static void digest_of(
	const struct world *world, unsigned key, unsigned token, uint8_t out[DIGEST_SIZE])
{
	char memory[64];
	struct buf text = BUF_ARRAY(memory);

	if (!token_digest(world->digests, world_token(key, token, &text), out))
		abort();
}

/* ---- Making ---- */

static void make_profile(struct world *world, struct world_profile *profile)
{
	profile->there = true;
	profile->account = 1 + world_random(world, WORLD_ACCOUNTS);
	profile->name_version++;
	profile->resources = 0;
	for (unsigned i = 0; i < WORLD_RESOURCES; i++)
		if (world->resources[i] && chance(world, 30))
			profile->resources |= UINT64_C(1) << i;
}

/* Mostly one of the key's own account, which gives access; any other gives none. */
static void link_at_random(struct world *world, struct world_key *key)
{
	unsigned profile = world_random(world, WORLD_PROFILES);

	for (unsigned i = 0; i < 12 && world->profiles[profile].account != key->account; i++)
		profile = world_random(world, WORLD_PROFILES);
	if (world->profiles[profile].there)
		key->profiles |= 1u << profile;
}

static void make_key(struct world *world, struct world_key *key)
{
	unsigned number = (unsigned)(key - world->keys);

	*key = (struct world_key){
		.there = true,
		.account = 1 + world_random(world, WORLD_ACCOUNTS),
		.state = KEY_ACTIVE,
		.tokens_count = 1,
		.live = { true },
		.addresses_count = chance(world, 10) ? 1 + world_random(world, 3) : 0,
		.limits = number % 5 == 0 ? number % (1u << WINDOW_COUNT) : 0,
		.external_version = chance(world, 20) ? 1 : 0,
	};
	link_at_random(world, key);
	link_at_random(world, key);
}

void world_make(struct world *world, uint64_t seed, unsigned keys_count)
{
	*world = (struct world){ .random = seed * 2 + 1, .keys_count = keys_count };
	world->digests = digest_context_make();
	world->keys = calloc(keys_count, sizeof(*world->keys));
	if (world->keys == NULL || world->digests == NULL)
		abort();
	for (unsigned i = 0; i < WORLD_ACCOUNTS; i++)
		world->accounts[i] = (struct world_account){ true, chance(world, 90) };
	for (unsigned i = 0; i < WORLD_HOSTS; i++)
		world->host_account[i] = world_random(world, WORLD_ACCOUNTS + 1);
	for (unsigned i = 0; i < WORLD_RESOURCES; i++)
		world->resources[i] = chance(world, 90);
	for (unsigned i = 0; i < WORLD_PROFILES; i++)
		make_profile(world, &world->profiles[i]);
	for (unsigned i = 0; i < WORLD_ROUTES; i++)
		world->routes_resource[i] = 1 + world_random(world, WORLD_RESOURCES);
	world->routes_there = true;
	for (unsigned i = 0; i < keys_count; i++)
		if (chance(world, 90))
			make_key(world, &world->keys[i]);
}

void world_free(struct world *world)
{
	free(world->keys);
	digest_context_free(&world->digests);
}

/* ---- Writing ---- */

struct index_mark world_mark(const struct world *world)
{
	struct index_mark mark = { .epoch = 3, .revision = world->revision, .revision_at_us = 7 };

	memset(mark.installation, 0xab, sizeof(mark.installation));
	put_u64(mark.event_hash, world->revision);
	return mark;
}

static void account_name(unsigned slot, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "store%u", slot);
}

static void host_name(unsigned host, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "www.shop-%u.example", host);
}

static void put_account(struct world *world, struct index_writer *writer, unsigned slot)
{
	char name_memory[32], host_memory[WORLD_HOSTS][40];
	struct buf name = BUF_ARRAY(name_memory);
	struct span hosts[WORLD_HOSTS];
	size_t count = 0;
	struct index_account account = { .hosts = hosts };

	if (!world->accounts[slot - 1].there) {
		MUST(index_delete_account(writer, slot));
		return;
	}
	account_name(slot, &name);
	for (unsigned i = 0; i < WORLD_HOSTS; i++) {
		struct buf host = BUF_ARRAY(host_memory[i]);

		if (world->host_account[i] != slot)
			continue;
		host_name(i, &host);
		hosts[count++] = buf_span(&host);
	}
	account.account = (struct view_account){
		.slot = slot,
		.name = buf_span(&name),
		.active = world->accounts[slot - 1].active,
	};
	account.hosts_count = count;
	MUST(index_put_account(writer, &account));
}

static size_t resources_of(uint64_t bits, uint8_t out[WORLD_RESOURCES * 4])
{
	size_t count = 0;

	for (unsigned i = 0; i < WORLD_RESOURCES; i++)
		if (bits >> i & 1)
			put_u32(out + 4 * count++, i + 1);
	return count;
}

static void profile_name(const struct world *world, unsigned slot, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "profile %u, version %u", slot, world->profiles[slot - 1].name_version);
}

static void put_profile(struct world *world, struct index_writer *writer, unsigned slot)
{
	const struct world_profile *profile = &world->profiles[slot - 1];
	uint8_t resources[WORLD_RESOURCES * 4];
	char memory[64];
	struct buf name = BUF_ARRAY(memory);
	struct view_profile out = { .slot = slot, .account = profile->account };

	if (!profile->there) {
		MUST(index_delete_profile(writer, slot));
		return;
	}
	profile_name(world, slot, &name);
	out.name = buf_span(&name);
	out.resources = resources;
	out.resources_count = resources_of(profile->resources, resources);
	MUST(index_put_profile(writer, &out));
}

static void resource_key(unsigned slot, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "resource-%u", slot);
}

static void put_resource(struct world *world, struct index_writer *writer, unsigned slot)
{
	char memory[32];
	struct buf key = BUF_ARRAY(memory);

	if (!world->resources[slot - 1]) {
		MUST(index_delete_resource(writer, slot));
		return;
	}
	resource_key(slot, &key);
	MUST(index_put_resource(writer, &(struct view_resource){ slot, SPAN_LIT("orders"),
						buf_span(&key), SPAN_LIT("R") }));
}

static void put_routes(struct world *world, struct index_writer *writer)
{
	struct service_spec service = { .id = 1, .name = SPAN_LIT("shop") };
	struct route_spec routes[WORLD_ROUTES];
	char paths[WORLD_ROUTES][16];
	uint32_t resources[WORLD_ROUTES];
	struct routes_input input = { &service, 1, routes, WORLD_ROUTES };
	CLEANUP(buf_free)
	struct buf compiled = buf_heap(ROUTES_BLOB_MAX);
	struct complaint complaint;
	struct routes_built built;

	if (!world->routes_there) {
		MUST(index_put_routes(writer, SPAN_ABSENT));
		return;
	}
	for (unsigned i = 0; i < WORLD_ROUTES; i++) {
		struct buf path = BUF_ARRAY(paths[i]);

		buf_printf(&path, "/r/%u", i);
		resources[i] = world->routes_resource[i];
		routes[i] = (struct route_spec){ .id = i + 1,
			.service_id = 1,
			.method = SPAN_LIT("GET"),
			.template_text = buf_span(&path),
			.resource_ids = &resources[i],
			.resource_ids_count = 1 };
	}
	MUST(routes_build(&input, NULL, &compiled, &built, &complaint));
	MUST(index_put_routes(writer, buf_span(&compiled)));
}

static void external_id(const struct world_key *key, unsigned number, struct buf *out)
{
	buf_clear(out);
	if (key->external_version > 0)
		buf_printf(out, "customer-%u.%u", number, key->external_version);
}

static void key_of(
	const struct world *world, unsigned number, struct view_key *out, struct buf texts[2])
{
	const struct world_key *key = &world->keys[number];

	*out = (struct view_key){
		.slot = number + 1,
		.account = key->account,
		.state = key->state,
		.expires_at_us = key->expires_at_us,
		.app_key = world_app_key(number, &texts[0]),
		.addresses_count = key->addresses_count,
	};
	for (unsigned i = 0; i < WINDOW_COUNT; i++)
		out->limits.counts[i] = key->limits >> i & 1 ? LIMIT_RATE - number - i : 0;
	external_id(key, number, &texts[1]);
	out->external_id = texts[1].len == 0 ? SPAN_ABSENT : buf_span(&texts[1]);
	for (unsigned i = key->tokens_count; i > 0; i--)
		if (key->live[i - 1])
			digest_of(world, number, i - 1, out->digests[out->digests_count++]);
	for (unsigned i = 0; i < WORLD_PROFILES; i++)
		if (key->profiles >> i & 1)
			out->profiles[out->profiles_count++] = i + 1;
	for (unsigned i = 0; i < key->addresses_count; i++) {
		out->addresses[i].bytes[0] = (uint8_t)(0x20 + i);
		out->addresses[i].prefix_bits = (uint8_t)(8 + i);
	}
}

static void put_key(struct world *world, struct index_writer *writer, unsigned number)
{
	const struct world_key *key = &world->keys[number];
	char memory[2][64];
	struct buf texts[2] = { BUF_ARRAY(memory[0]), BUF_ARRAY(memory[1]) };
	struct view_key view;

	if (!key->there)
		return;
	key_of(world, number, &view, texts);
	MUST(index_put_key(writer, &view));
	for (unsigned i = 0; i < key->tokens_count; i++) {
		uint8_t digest[DIGEST_SIZE];

		digest_of(world, number, i, digest);
		MUST(index_put_token(
			writer, digest, &(struct view_token){ number + 1, key->live[i] }));
	}
}

void world_build(struct world *world, struct index_writer *writer)
{
	struct index_mark mark;

	MUST(index_writer_begin(writer));
	for (unsigned i = world->keys_count; i > 0; i--)
		put_key(world, writer, i - 1);
	for (unsigned i = 1; i <= WORLD_ACCOUNTS; i++)
		if (world->accounts[i - 1].there)
			put_account(world, writer, i);
	for (unsigned i = 1; i <= WORLD_PROFILES; i++)
		if (world->profiles[i - 1].there)
			put_profile(world, writer, i);
	for (unsigned i = 1; i <= WORLD_RESOURCES; i++)
		if (world->resources[i - 1])
			put_resource(world, writer, i);
	put_routes(world, writer);
	world->revision++;
	mark = world_mark(world);
	MUST(index_writer_commit(writer, &mark));
}

/* ---- Changing ---- */

static void drop_profile(struct world *world, struct index_writer *writer, unsigned slot)
{
	world->profiles[slot - 1].there = false;
	for (unsigned i = 0; i < world->keys_count; i++) {
		if (!(world->keys[i].profiles >> (slot - 1) & 1))
			continue;
		world->keys[i].profiles &= ~(1u << (slot - 1));
		put_key(world, writer, i);
	}
}

static void rotate(struct world_key *key)
{
	unsigned live = 0;

	for (unsigned i = 0; i < key->tokens_count; i++)
		live += key->live[i];
	if (live > 1) {
		for (unsigned i = 0; i + 1 < key->tokens_count; i++)
			key->live[i] = false;
	} else if (key->tokens_count < WORLD_TOKENS) {
		key->live[key->tokens_count++] = true;
	}
}

static void revoke_key(struct world_key *key)
{
	key->state = KEY_REVOKED;
	memset(key->live, 0, sizeof(key->live));
}

static void change_key(struct world *world, struct index_writer *writer)
{
	unsigned number = world_random(world, world->keys_count);
	struct world_key *key = &world->keys[number];

	if (!key->there) {
		make_key(world, key);
	} else if (chance(world, 3)) {
		for (unsigned i = 0; i < key->tokens_count; i++) {
			uint8_t digest[DIGEST_SIZE];

			digest_of(world, number, i, digest);
			MUST(index_delete_token(writer, digest));
		}
		MUST(index_delete_key(writer, number + 1));
		key->there = false;
	} else if (key->state != KEY_REVOKED) {
		switch (world_random(world, 9)) {
		case 0:
			revoke_key(key);
			break;
		case 1:
			key->state = key->state == KEY_ACTIVE ? KEY_INACTIVE : KEY_ACTIVE;
			break;
		case 2:
		case 3:
			rotate(key);
			break;
		case 4:
			link_at_random(world, key);
			break;
		case 5:
		case 6:
			key->profiles = 0;
			break;
		case 7:
			key->expires_at_us = chance(world, 50) ? WORLD_NOW_US : WORLD_NOW_US + 1;
			break;
		default:
			key->addresses_count = chance(world, 50) ? world_random(world, 4) : 0;
			key->external_version = world_random(world, 3);
			key->limits = (unsigned)world->revision % (1u << WINDOW_COUNT);
			break;
		}
	}
	put_key(world, writer, number);
}

static void change_account(struct world *world, struct index_writer *writer)
{
	unsigned slot = 1 + world_random(world, WORLD_ACCOUNTS);
	unsigned host = world_random(world, WORLD_HOSTS);
	unsigned before;

	switch (world_random(world, 3)) {
	case 0:
		world->accounts[slot - 1].active = !world->accounts[slot - 1].active;
		break;
	case 1:
		/* A host moves: the new account is written before the old, or after. */
		before = world->host_account[host];
		world->host_account[host] = slot;
		if (before != 0 && before != slot && chance(world, 50)) {
			put_account(world, writer, slot);
			slot = before;
		} else if (before != 0 && before != slot) {
			put_account(world, writer, before);
		}
		break;
	default:
		before = world->host_account[host];
		world->host_account[host] = 0;
		slot = before != 0 ? before : slot;
		break;
	}
	put_account(world, writer, slot);
}

static void change_profile(struct world *world, struct index_writer *writer)
{
	unsigned slot = 1 + world_random(world, WORLD_PROFILES);

	if (world->profiles[slot - 1].there && chance(world, 15))
		drop_profile(world, writer, slot);
	else
		make_profile(world, &world->profiles[slot - 1]);
	put_profile(world, writer, slot);
}

void world_change(struct world *world, struct index_writer *writer, unsigned count)
{
	struct index_mark mark;

	MUST(index_writer_begin(writer));
	for (unsigned i = 0; i < count; i++) {
		uint32_t dice = world_random(world, 100);

		if (dice < 75) {
			change_key(world, writer);
		} else if (dice < 82) {
			change_account(world, writer);
		} else if (dice < 92) {
			change_profile(world, writer);
		} else if (dice < 96) {
			unsigned slot = 1 + world_random(world, WORLD_RESOURCES);

			world->resources[slot - 1] = !world->resources[slot - 1];
			put_resource(world, writer, slot);
		} else {
			world->routes_there = chance(world, 95);
			world->routes_resource[world_random(world, WORLD_ROUTES)] =
				1 + world_random(world, WORLD_RESOURCES);
			put_routes(world, writer);
		}
	}
	world->revision++;
	mark = world_mark(world);
	MUST(index_writer_commit(writer, &mark));
}

/* ---- Comparing ---- */

static char difference[200];

static const char *differs(const char *what, unsigned number)
{
	(void)snprintf(difference, sizeof(difference), "%s %u", what, number);
	return difference;
}

static bool same_key(const struct view_key *a, const struct view_key *b)
{
	if (a->slot != b->slot || a->account != b->account || a->state != b->state ||
		a->expires_at_us != b->expires_at_us || !span_equal(a->app_key, b->app_key) ||
		!span_equal(a->external_id, b->external_id) ||
		span_present(a->external_id) != span_present(b->external_id) ||
		!allowance_equal(&a->limits, &b->limits))
		return false;
	if (a->digests_count != b->digests_count || a->profiles_count != b->profiles_count ||
		a->addresses_count != b->addresses_count)
		return false;
	for (unsigned i = 0; i < a->addresses_count; i++)
		if (memcmp(a->addresses[i].bytes, b->addresses[i].bytes, 16) != 0 ||
			a->addresses[i].prefix_bits != b->addresses[i].prefix_bits)
			return false;
	return memcmp(a->digests, b->digests, a->digests_count * DIGEST_SIZE) == 0 &&
	       memcmp(a->profiles, b->profiles, a->profiles_count * sizeof(uint32_t)) == 0;
}

static const char *compare_key(const struct world *world, const struct view *view, unsigned number)
{
	const struct world_key *key = &world->keys[number];
	char memory[2][64];
	struct buf texts[2] = { BUF_ARRAY(memory[0]), BUF_ARRAY(memory[1]) };
	struct view_key expected, by_name, by_slot;
	enum status st = key->there ? ST_OK : ST_NOT_FOUND;

	key_of(world, number, &expected, texts);
	if (view->key_by_app_key(view->context, world_app_key(number, &texts[0]), &by_name) != st ||
		view->key_by_slot(view->context, number + 1, &by_slot) != st)
		return differs("is there: key", number);
	if (st == ST_OK &&
		((by_name.has_extra && view->key_extra(view->context, &by_name) != ST_OK) ||
			(by_slot.has_extra && view->key_extra(view->context, &by_slot) != ST_OK)))
		return differs("the rest of key", number);
	if (st == ST_OK && (!same_key(&by_name, &expected) || !same_key(&by_slot, &expected)))
		return differs("key", number);
	for (unsigned i = 0; i < WORLD_TOKENS; i++) {
		struct view_token token = { 0 };
		uint8_t digest[DIGEST_SIZE];

		digest_of(world, number, i, digest);
		st = key->there && i < key->tokens_count ? ST_OK : ST_NOT_FOUND;
		if (view->token_by_digest(view->context, digest, &token) != st)
			return differs("is there: token of key", number);
		if (st == ST_OK && (token.key != number + 1 || token.live != key->live[i]))
			return differs("token of key", number);
	}
	return NULL;
}

static const char *compare_accounts(const struct world *world, const struct view *view)
{
	char memory[40];
	struct buf text = BUF_ARRAY(memory);
	struct view_account account;

	for (unsigned slot = 1; slot <= WORLD_ACCOUNTS; slot++) {
		account_name(slot, &text);
		if (view->account_by_slot(view->context, slot, &account) != ST_OK ||
			account.slot != slot || !span_equal(account.name, buf_span(&text)) ||
			account.active != world->accounts[slot - 1].active)
			return differs("account", slot);
		if (view->account_by_name(view->context, buf_span(&text), &account) != ST_OK ||
			account.slot != slot)
			return differs("account by name", slot);
	}
	for (unsigned i = 0; i < WORLD_HOSTS; i++) {
		unsigned slot = world->host_account[i];

		host_name(i, &text);
		if (view->account_by_host(view->context, buf_span(&text), &account) !=
			(slot == 0 ? ST_NOT_FOUND : ST_OK))
			return differs("is there: host", i);
		if (slot != 0 && account.slot != slot)
			return differs("host", i);
	}
	return NULL;
}

static const char *compare_profiles(const struct world *world, const struct view *view)
{
	uint8_t resources[WORLD_RESOURCES * 4];
	char memory[64];
	struct buf name = BUF_ARRAY(memory);
	struct view_profile profile;

	for (unsigned slot = 1; slot <= WORLD_PROFILES; slot++) {
		const struct world_profile *expected = &world->profiles[slot - 1];
		size_t count = resources_of(expected->resources, resources);

		if (view->profile_by_slot(view->context, slot, &profile) !=
			(expected->there ? ST_OK : ST_NOT_FOUND))
			return differs("is there: profile", slot);
		if (!expected->there)
			continue;
		profile_name(world, slot, &name);
		if (profile.slot != slot || profile.account != expected->account ||
			!span_equal(profile.name, buf_span(&name)) ||
			profile.resources_count != count ||
			memcmp(profile.resources, resources, 4 * count) != 0)
			return differs("profile", slot);
	}
	return NULL;
}

static const char *compare_resources(const struct world *world, const struct view *view)
{
	char memory[32];
	struct buf key = BUF_ARRAY(memory);
	struct view_resource resource;

	for (unsigned slot = 1; slot <= WORLD_RESOURCES; slot++) {
		bool there = world->resources[slot - 1];

		if (view->resource_by_slot(view->context, slot, &resource) !=
			(there ? ST_OK : ST_NOT_FOUND))
			return differs("is there: resource", slot);
		resource_key(slot, &key);
		if (there && (resource.slot != slot || !span_is(resource.product, "orders") ||
				     !span_equal(resource.key, buf_span(&key)) ||
				     !span_is(resource.name, "R")))
			return differs("resource", slot);
	}
	return NULL;
}

const char *world_compare(const struct world *world, const struct view *view)
{
	const char *wrong = compare_accounts(world, view);

	if (wrong == NULL)
		wrong = compare_profiles(world, view);
	if (wrong == NULL)
		wrong = compare_resources(world, view);
	if (wrong == NULL && (view->routes != NULL) != world->routes_there)
		wrong = "are there: routes";
	if (wrong == NULL && (view->epoch != 3 || view->revision != world->revision))
		wrong = differs("revision", (unsigned)view->revision);
	for (unsigned i = 0; i < world->keys_count && wrong == NULL; i++)
		wrong = compare_key(world, view, i);
	return wrong;
}

uint64_t world_entries(const struct world *world)
{
	uint64_t count = 2; /* meta, routes */

	for (unsigned i = 0; i < WORLD_ACCOUNTS; i++)
		count += world->accounts[i].there ? 2 : 0;
	for (unsigned i = 0; i < WORLD_HOSTS; i++)
		count += world->host_account[i] != 0;
	for (unsigned i = 0; i < WORLD_RESOURCES; i++)
		count += world->resources[i];
	for (unsigned i = 0; i < WORLD_PROFILES; i++)
		count += world->profiles[i].there;
	for (unsigned i = 0; i < world->keys_count; i++) {
		const struct world_key *key = &world->keys[i];

		if (key->there)
			count += 2 + key->tokens_count +
				 (key->addresses_count > 0 || key->external_version > 0);
	}
	return count;
}

/* ---- Deciding ---- */

bool world_allows(const struct world *world, unsigned key, unsigned token, unsigned route)
{
	const struct world_key *k = &world->keys[key];
	uint32_t resource = world->routes_resource[route];

	if (!k->there || k->state != KEY_ACTIVE || token >= k->tokens_count || !k->live[token])
		return false;
	if ((k->expires_at_us != 0 && WORLD_NOW_US >= k->expires_at_us) || k->addresses_count > 0)
		return false;
	if (!world->accounts[k->account - 1].active || !world->routes_there)
		return false;
	for (unsigned i = 0; i < WORLD_PROFILES; i++)
		if ((k->profiles >> i & 1) && world->profiles[i].account == k->account &&
			(world->profiles[i].resources >> (resource - 1) & 1))
			return true;
	return false;
}

/* The index is what is asked about here: whoever counts has room. */
static struct allowance_state room(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	return (struct allowance_state){ .outcome = ALLOWANCE_LEFT };
}

bool world_asks(const struct world *world, struct world_asking *asking, const struct view *view,
	const unsigned key_token_route[3])
{
	char memory[3][64];
	struct buf app_key = BUF_ARRAY(memory[0]), token = BUF_ARRAY(memory[1]);
	struct buf target = BUF_ARRAY(memory[2]);
	static const struct limits_source limits = { NULL, room };
	struct decide_input input = {
		.method = SPAN_LIT("GET"), .now_us = WORLD_NOW_US, .limits = &limits
	};

	asking->scratch.digests = world->digests;
	input.credential = (struct presented){
		.form = PRESENTED_PAIR,
		.app_key = world_app_key(key_token_route[0], &app_key),
		.app_token = world_token(key_token_route[0], key_token_route[1], &token),
	};
	buf_printf(&target, "/r/%u", key_token_route[2]);
	input.target = buf_span(&target);
	decide(view, &input, &asking->scratch, &asking->decision);
	return asking->decision.verdict == VERDICT_ALLOW;
}

/* ---- Directories ---- */

void temporary_dir(char out[64])
{
	(void)snprintf(out, 64, "/tmp/llavero-index-XXXXXX");
	if (mkdtemp(out) == NULL)
		abort();
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
	return remove(path);
}

void remove_dir(const char *dir)
{
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
