/* Lists from rows, and the counters that slots come from. */
#include "records/store.h"

#include <stdio.h>
#include <stdlib.h>

/* Grows a heap array of items of a size, one item at a time. */
static enum status room_for_one(void **items, size_t count, size_t size)
{
	void *grown;
	size_t bytes;

	if (count != 0 && (count & (count - 1)) != 0)
		return ST_OK;
	if (__builtin_mul_overflow(count == 0 ? 1 : count * 2, size, &bytes))
		return ST_NO_MEMORY;
	grown = realloc(*items, bytes);
	if (grown == NULL)
		return ST_NO_MEMORY;
	*items = grown;
	return ST_OK;
}

static void free_items(void **items)
{
	free(*items);
	*items = NULL;
}

static enum status keep_items(
	struct arena *arena, const void *items, size_t count, size_t size, const void **out_items)
{
	void *kept;

	if (count == 0) {
		*out_items = NULL;
		return ST_OK;
	}
	kept = arena_array(arena, count, size);
	if (kept == NULL)
		return ST_NO_MEMORY;
	memcpy(kept, items, count * size);
	*out_items = kept;
	return ST_OK;
}

enum status slots_read(
	struct db *db, const char *sql, uint32_t of, struct arena *arena, struct slots *out_slots)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	CLEANUP(free_items)
	void *items = NULL;
	const void *kept = NULL;
	size_t count = 0;
	enum status st = db_query(db, sql, &rows, DB_INT(of));

	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		st = room_for_one(&items, count, sizeof(uint32_t));
		if (st == ST_OK)
			((uint32_t *)items)[count++] = (uint32_t)db_int(rows, 0);
	}
	if (st != ST_NOT_FOUND)
		return st;
	st = keep_items(arena, items, count, sizeof(uint32_t), &kept);
	*out_slots = (struct slots){ kept, count };
	return st;
}

enum status texts_read(
	struct db *db, const char *sql, uint32_t of, struct arena *arena, struct texts *out_texts)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	CLEANUP(free_items)
	void *items = NULL;
	const void *kept = NULL;
	size_t count = 0;
	enum status st = db_query(db, sql, &rows, DB_INT(of));

	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		st = room_for_one(&items, count, sizeof(struct span));
		if (st == ST_OK)
			st = span_keep(arena, db_bytes(rows, 0), &((struct span *)items)[count++]);
	}
	if (st != ST_NOT_FOUND)
		return st;
	st = keep_items(arena, items, count, sizeof(struct span), &kept);
	*out_texts = (struct texts){ kept, count };
	return st;
}

enum status slot_find(struct db *db, const char *sql, const struct db_value *values,
	size_t values_count, uint32_t *out_slot)
{
	int64_t slot = 0;
	enum status st = db_one_int_values(db, sql, &slot, values, values_count);

	if (st == ST_OK)
		*out_slot = (uint32_t)slot;
	return st;
}

enum status slot_take(struct db *db, const char *counter, uint32_t count, uint32_t *out_first)
{
	int64_t last = 0;
	enum status st = db_one_int(db,
		"UPDATE counters SET last = last + $2 WHERE name = $1 RETURNING last", &last,
		DB_TEXT(span_str(counter)), DB_INT(count));

	if (st == ST_NOT_FOUND)
		return ST_DAMAGED;
	if (st != ST_OK)
		return st;
	if (last > UINT32_MAX)
		return ST_LIMIT;
	*out_first = (uint32_t)(last - count + 1);
	return ST_OK;
}
