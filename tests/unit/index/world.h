/*
 * A small installation in plain tables, changed at random, written to an index
 * through the writer, and compared with it entry by entry through a view. It
 * is the tests' own idea of what the index must say.
 */
#ifndef TESTS_UNIT_INDEX_WORLD_H
#define TESTS_UNIT_INDEX_WORLD_H

#include "decide/decision.h"
#include "index/writer.h"

#define WORLD_ACCOUNTS 6u
#define WORLD_HOSTS 12u
#define WORLD_RESOURCES 40u
#define WORLD_PROFILES 24u
#define WORLD_ROUTES 24u
#define WORLD_NOW_US INT64_C(1000000) /* when its requests come */
#define WORLD_TOKENS 6u               /* of one key, in all its life */

struct world_account {
	bool there, active;
};

struct world_profile {
	bool there;
	uint32_t account;
	unsigned name_version;
	uint64_t resources; /* bit i: slot i + 1 */
};

struct world_key {
	bool there;
	uint32_t account;
	enum key_state state;
	int64_t expires_at_us;
	unsigned tokens_count;
	bool live[WORLD_TOKENS];
	uint32_t profiles; /* bit i: slot i + 1 */
	unsigned addresses_count;
	unsigned limits;           /* bit i: window i limits */
	unsigned external_version; /* 0: none */
};

struct world {
	uint64_t random;
	struct world_account accounts[WORLD_ACCOUNTS];
	unsigned host_account[WORLD_HOSTS]; /* slot; 0: nobody's */
	bool resources[WORLD_RESOURCES];
	struct world_profile profiles[WORLD_PROFILES];
	bool routes_there;
	unsigned routes_resource[WORLD_ROUTES]; /* slot */
	struct world_key *keys;
	unsigned keys_count;
	uint64_t revision;
	struct digest_context *digests;
};

/* A world at random, with keys_count keys, of which about nine in ten are there. */
void world_make(struct world *world, uint64_t seed, unsigned keys_count);
void world_free(struct world *world);

uint32_t world_random(struct world *world, uint32_t below);

/* Put all of it into a fresh writer and commit. */
void world_build(struct world *world, struct index_writer *writer);
/* Change count things at random, and the index with them, in one transaction. */
void world_change(struct world *world, struct index_writer *writer, unsigned count);

struct index_mark world_mark(const struct world *world);

/* NULL, or what differs (a text that lives until the next call). */
const char *world_compare(const struct world *world, const struct view *view);
/* How many entries an index of it has. */
uint64_t world_entries(const struct world *world);

struct span world_app_key(unsigned key, struct buf *out);
struct span world_token(unsigned key, unsigned token, struct buf *out);

/* May the key with this token call the route? By the tables alone. */
bool world_allows(const struct world *world, unsigned key, unsigned token, unsigned route);

/* The same question to the engine. */
struct world_asking {
	struct decide_scratch scratch;
	struct decision decision;
};
bool world_asks(const struct world *world, struct world_asking *asking, const struct view *view,
	const unsigned key_token_route[3]);

/* A fresh directory under the system's one for temporary files. */
void temporary_dir(char out[64]);
void remove_dir(const char *dir);

#endif
