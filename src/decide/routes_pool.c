#include "decide/routes_pool.h"

#include "base/crypto.h"

#include <stdlib.h>

#define FIRST_SIZE 64u

static void table_put(struct table *t, uint64_t hash, uint32_t slot)
{
	size_t i = hash & (t->size - 1);

	while (t->slots[i] != 0)
		i = (i + 1) & (t->size - 1);
	t->slots[i] = slot;
	t->hashes[i] = hash;
}

static enum status table_double(struct table *t)
{
	size_t size = t->size == 0 ? FIRST_SIZE : t->size * 2;
	struct table larger = {
		.slots = calloc(size, sizeof(*larger.slots)),
		.hashes = calloc(size, sizeof(*larger.hashes)),
		.size = size,
		.used = t->used,
	};

	if (larger.slots == NULL || larger.hashes == NULL) {
		table_free(&larger);
		return ST_NO_MEMORY;
	}
	for (size_t i = 0; i < t->size; i++) {
		if (t->slots[i] != 0)
			table_put(&larger, t->hashes[i], t->slots[i]);
	}
	table_free(t);
	*t = larger;
	return ST_OK;
}

bool table_find(const struct table *t, uint64_t hash, table_equal *equal, const void *context,
	uint32_t *out_number)
{
	if (t->size == 0)
		return false;
	for (size_t i = hash & (t->size - 1); t->slots[i] != 0; i = (i + 1) & (t->size - 1)) {
		if (t->hashes[i] == hash && equal(context, t->slots[i] - 1)) {
			*out_number = t->slots[i] - 1;
			return true;
		}
	}
	return false;
}

enum status table_add(struct table *t, uint64_t hash, uint32_t number)
{
	if (t->used * 2 >= t->size) {
		enum status st = table_double(t);

		if (st != ST_OK)
			return st;
	}
	table_put(t, hash, number + 1);
	t->used++;
	return ST_OK;
}

void table_free(struct table *t)
{
	free(t->slots);
	free(t->hashes);
	*t = (struct table){ 0 };
}

enum status array_grow(void **array, size_t count, size_t *capacity, size_t entry_size)
{
	size_t larger = *capacity == 0 ? FIRST_SIZE : *capacity * 2;
	void *memory;

	if (count < *capacity)
		return ST_OK;
	memory = reallocarray(*array, larger, entry_size);
	if (memory == NULL)
		return ST_NO_MEMORY;
	*array = memory;
	*capacity = larger;
	return ST_OK;
}

struct pool pool_make(size_t ceiling)
{
	return (struct pool){ .bytes = buf_heap(ceiling) };
}

void pool_free(struct pool *p)
{
	buf_free(&p->bytes);
	free(p->texts);
	table_free(&p->table);
	*p = (struct pool){ 0 };
}

struct wanted {
	const struct pool *pool;
	struct span bytes;
};

static bool text_is(const void *context, uint32_t number)
{
	const struct wanted *wanted = context;
	struct pool_text text = wanted->pool->texts[number];

	return span_equal(
		wanted->bytes, span_part(buf_span(&wanted->pool->bytes), text.at, text.len));
}

enum status pool_intern(struct pool *p, struct span bytes, uint32_t *out_at)
{
	/* A fixed key: equal input must give equal bytes. */
	static const uint8_t KEY[16] = "llavero interns";
	uint64_t hash = crypto_hash64(KEY, bytes);
	struct wanted wanted = { p, bytes };
	uint32_t number;
	enum status st;

	if (table_find(&p->table, hash, text_is, &wanted, &number)) {
		*out_at = p->texts[number].at;
		return ST_OK;
	}
	st = array_grow((void **)&p->texts, p->texts_count, &p->texts_capacity, sizeof(*p->texts));
	if (st != ST_OK)
		return st;
	number = (uint32_t)p->texts_count;
	p->texts[number] = (struct pool_text){ (uint32_t)p->bytes.len, (uint32_t)bytes.len };
	buf_append(&p->bytes, bytes);
	if (!buf_ok(&p->bytes))
		return p->bytes.len + bytes.len > p->bytes.ceiling ? ST_LIMIT : ST_NO_MEMORY;
	st = table_add(&p->table, hash, number);
	if (st != ST_OK)
		return st;
	p->texts_count++;
	*out_at = p->texts[number].at;
	return ST_OK;
}
