#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)8192)

struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *chunks;
	size_t taken, ceiling;
};

struct arena *arena_make(size_t ceiling)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena != NULL)
		arena->ceiling = ceiling;
	return arena;
}

void arena_wipe(struct arena **arena)
{
	if (*arena == NULL)
		return;
	for (struct chunk *chunk = (*arena)->chunks; chunk != NULL; chunk = chunk->next)
		explicit_bzero(chunk->bytes, chunk->used);
	arena_free(arena);
}

void arena_free(struct arena **arena)
{
	struct chunk *chunk;

	if (*arena == NULL)
		return;
	chunk = (*arena)->chunks;
	while (chunk != NULL) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	free(*arena);
	*arena = NULL;
}

static struct chunk *chunk_add(struct arena *arena, size_t at_least)
{
	size_t size = at_least > CHUNK_SIZE ? at_least : CHUNK_SIZE;
	struct chunk *chunk;
	size_t total;

	if (__builtin_add_overflow(sizeof(*chunk), size, &total))
		return NULL;
	chunk = calloc(1, total);
	if (chunk == NULL)
		return NULL;
	chunk->size = size;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded;
	struct chunk *chunk = arena->chunks;
	void *result;

	if (__builtin_add_overflow(size, alignof(max_align_t) - 1, &rounded))
		return NULL;
	rounded &= ~(alignof(max_align_t) - 1);
	if (rounded > arena->ceiling - arena->taken)
		return NULL;
	if (chunk == NULL || chunk->size - chunk->used < rounded)
		chunk = chunk_add(arena, rounded);
	if (chunk == NULL)
		return NULL;
	result = chunk->bytes + chunk->used;
	chunk->used += rounded;
	arena->taken += rounded;
	return result;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, struct span text)
{
	char *copy = text.len == SIZE_MAX ? NULL : arena_alloc(arena, text.len + 1);

	if (copy != NULL && text.len > 0)
		memcpy(copy, text.ptr, text.len);
	return copy;
}
