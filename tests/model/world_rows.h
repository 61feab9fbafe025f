/* The tables of a world; for the world's own files. */
#ifndef TESTS_MODEL_WORLD_ROWS_H
#define TESTS_MODEL_WORLD_ROWS_H

#include "model/world.h"

struct token_row {
	uint8_t digest[DIGEST_SIZE];
	struct view_token token;
};

struct account_row {
	struct view_account account;
	size_t hosts_count;
	struct span *hosts;
};

struct world {
	struct arena *arena;
	struct span prefix;
	size_t accounts_count, profiles_count, resources_count, keys_count, tokens_count;
	struct account_row *accounts;
	struct view_profile *profiles;
	struct view_resource *resources;
	struct view_key *keys;
	struct token_row *tokens;
	struct buf blob;
	struct routes routes;
	struct view view;
};

#endif
