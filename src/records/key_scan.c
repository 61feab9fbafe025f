/*
 * Many keys with their tokens and links: three statements for all of them, read
 * side by side in the order of the keys' slots, not three for each key.
 */
#include "records/keys.h"

#include <stdlib.h>

/* Rows that belong to keys, in the order of their slots; one row ahead. */
struct cursor {
	struct db_statement *rows;
	unsigned slot_column;
	uint32_t slot; /* of the row that is next; 0: there is none */
};

struct scan {
	struct db_statement *keys;
	struct cursor tokens, links;
	struct arena *arena; /* of one key */
};

static enum status cursor_next(struct cursor *cursor)
{
	enum status st = db_step(cursor->rows);

	cursor->slot = st == ST_OK ? (uint32_t)db_int(cursor->rows, cursor->slot_column) : 0;
	if (st == ST_OK && cursor->slot == 0)
		return ST_DAMAGED;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* As the getters order them: the newest live one first. */
static int compare_tokens(const void *a, const void *b)
{
	const struct record_token *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->retired_at_us != y->retired_at_us)
		return x->retired_at_us > y->retired_at_us ? -1 : 1;
	if (x->created_at_us != y->created_at_us)
		return x->created_at_us > y->created_at_us ? -1 : 1;
	return memcmp(x->digest, y->digest, DIGEST_SIZE);
}

/* An array that has grown full, twice as large. */
static void *grown(struct arena *arena, const void *old, size_t count, size_t size)
{
	void *more = arena_array(arena, count == 0 ? 1 : 2 * count, size);

	if (more != NULL && count > 0)
		memcpy(more, old, count * size);
	return more;
}

static bool is_full(size_t count)
{
	return (count & (count - 1)) == 0; /* 0, 1, 2, 4, ... */
}

static enum status take_tokens(struct scan *scan, struct record_key *key)
{
	struct record_token *tokens = NULL;
	size_t count = 0;
	enum status st = ST_OK;

	while (st == ST_OK && scan->tokens.slot == key->slot) {
		if (is_full(count))
			tokens = grown(scan->arena, tokens, count, sizeof(*tokens));
		if (tokens == NULL)
			return ST_NO_MEMORY;
		st = token_take(scan->tokens.rows, scan->arena, &tokens[count]);
		if (st == ST_OK && tokens[count++].kind != RECORD_TOKEN_RETIRED)
			key->live_count++;
		if (st == ST_OK)
			st = cursor_next(&scan->tokens);
	}
	if (count > 1)
		qsort(tokens, count, sizeof(*tokens), compare_tokens);
	key->tokens = tokens;
	key->tokens_count = count;
	return st;
}

static enum status take_links(struct scan *scan, struct record_key *key)
{
	struct record_link *links = NULL;
	size_t count = 0;
	enum status st = ST_OK;

	while (st == ST_OK && scan->links.slot == key->slot) {
		if (count == LIMIT_PROFILES_PER_KEY)
			return ST_DAMAGED;
		if (is_full(count))
			links = grown(scan->arena, links, count, sizeof(*links));
		if (links == NULL)
			return ST_NO_MEMORY;
		links[count].profile_slot = (uint32_t)db_int(scan->links.rows, 1);
		links[count++].account_slot = (uint32_t)db_int(scan->links.rows, 2);
		st = cursor_next(&scan->links);
	}
	key->links = links;
	key->links_count = count;
	return st;
}

/* The key of the present row, whole. Rows of no key would be damage: foreign keys forbid them. */
static enum status take_key(struct scan *scan, struct record_key *out_key)
{
	enum status st = key_take(scan->keys, scan->arena, out_key);

	if (st == ST_OK && ((scan->tokens.slot != 0 && scan->tokens.slot < out_key->slot) ||
				   (scan->links.slot != 0 && scan->links.slot < out_key->slot)))
		return ST_DAMAGED;
	if (st == ST_OK)
		st = take_tokens(scan, out_key);
	return st == ST_OK ? take_links(scan, out_key) : st;
}

static enum status scan_begin(struct db *db, struct scan *scan, uint32_t first, uint32_t last)
{
	enum status st = db_query(db,
		KEY_COLUMNS " FROM app_keys k WHERE k.slot BETWEEN $1 AND $2 ORDER BY k.slot",
		&scan->keys, DB_INT(first), DB_INT(last));

	if (st == ST_OK)
		st = db_query(db,
			TOKEN_COLUMNS " WHERE key_slot BETWEEN $1 AND $2 ORDER BY key_slot, digest",
			&scan->tokens.rows, DB_INT(first), DB_INT(last));
	if (st == ST_OK)
		st = db_query(db,
			"SELECT key_slot, profile_slot, account_slot FROM links"
			" WHERE key_slot BETWEEN $1 AND $2 ORDER BY key_slot, profile_slot",
			&scan->links.rows, DB_INT(first), DB_INT(last));
	if (st == ST_OK)
		st = cursor_next(&scan->tokens);
	return st == ST_OK ? cursor_next(&scan->links) : st;
}

static void scan_end(struct scan *scan)
{
	arena_free(&scan->arena);
	db_finish(&scan->links.rows);
	db_finish(&scan->tokens.rows);
	db_finish(&scan->keys);
}

enum status snapshot_keys(
	struct snapshot *snapshot, uint32_t first, uint32_t last, snapshot_key_fn *fn, void *arg)
{
	CLEANUP(scan_end)
	struct scan scan = { .tokens.slot_column = 6 };
	enum status st = scan_begin(snapshot->db, &scan, first, last);

	while (st == ST_OK) {
		struct record_key key;

		st = db_step(scan.keys);
		if (st == ST_NOT_FOUND)
			return ST_OK;
		arena_free(&scan.arena);
		scan.arena = arena_make(ROW_ARENA_MAX);
		if (st == ST_OK && scan.arena == NULL)
			st = ST_NO_MEMORY;
		if (st == ST_OK)
			st = take_key(&scan, &key);
		if (st == ST_OK)
			st = fn(arg, &key);
	}
	return snapshot_note(snapshot, st);
}

enum status snapshot_each_key(struct snapshot *snapshot, snapshot_key_fn *fn, void *arg)
{
	return snapshot_keys(snapshot, 0, UINT32_MAX, fn, arg);
}
