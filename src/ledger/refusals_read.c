/* Recent refusals: read by the keeper, from the file and not from memory that others may cut. */
#include "ledger/layout.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Entries are read so many at once. */
#define CHUNK 100u
static_assert(REFUSALS_RING % CHUNK == 0, "whole chunks");

struct entry_bytes {
	uint64_t seq;
	struct refusal_bytes bytes;
};
static_assert(sizeof(struct entry_bytes) == sizeof(struct refusal_entry), "the same bytes");

struct reading {
	int fd;
	uint32_t account;
	struct refusal_bytes *found;
	size_t count, room;
	struct entry_bytes chunk[CHUNK];
};

static void reading_free(struct reading **it)
{
	if (*it == NULL)
		return;
	if ((*it)->fd >= 0)
		close((*it)->fd);
	free((*it)->found);
	free(*it);
	*it = NULL;
}

/* Whole, ours, and within bounds: what others write may be anything (U4). */
static bool is_entry(const struct reading *it, const struct entry_bytes *entry)
{
	const struct refusal_bytes *bytes = &entry->bytes;

	return entry->seq != 0 && entry->seq % 2 == 0 && bytes->check == refusal_check(bytes) &&
	       (it->account == REFUSALS_OF_ALL || it->account == bytes->account) &&
	       bytes->at_us > 0 && bytes->cause < USE_CAUSES && bytes->by < USE_BYS &&
	       bytes->request_id_len <= sizeof(bytes->request_id) &&
	       bytes->method_len <= sizeof(bytes->method) &&
	       bytes->diagnosis_len <= sizeof(bytes->diagnosis);
}

static enum status keep(struct reading *it, const struct refusal_bytes *bytes)
{
	if (it->count == it->room) {
		size_t room = it->room == 0 ? CHUNK : it->room * 2;
		struct refusal_bytes *more = realloc(it->found, room * sizeof(*more));

		if (more == NULL)
			return ST_NO_MEMORY;
		it->found = more;
		it->room = room;
	}
	it->found[it->count++] = *bytes;
	return ST_OK;
}

static enum status read_rings(struct reading *it, uint32_t number)
{
	uint64_t at = region_at(REGION_RINGS) + number * sizeof(struct refusal_rings) +
		      offsetof(struct refusal_rings, entries);
	enum status st = ST_OK;

	for (uint32_t i = 0; st == ST_OK && i < RINGS_EACH * REFUSALS_RING; i += CHUNK) {
		st = ledger_file_read(it->fd, it->chunk, sizeof(it->chunk),
			at + i * sizeof(struct refusal_entry));
		for (uint32_t k = 0; st == ST_OK && k < CHUNK; k++)
			if (is_entry(it, &it->chunk[k]))
				st = keep(it, &it->chunk[k].bytes);
	}
	return st;
}

/* An account's entries are in its own rings, and in the shared ones from before it had any. */
static enum status read_all(struct reading *it)
{
	enum status st = ST_OK;

	for (uint32_t i = 0; st == ST_OK && i < RINGS_COUNT; i++) {
		uint32_t owner = 0;

		if (i >= RINGS_OWN)
			st = ledger_file_read(it->fd, &owner, sizeof(owner),
				region_at(REGION_RINGS) + i * sizeof(struct refusal_rings));
		if (st != ST_OK)
			return st;
		if (it->account == REFUSALS_OF_ALL || (i == RINGS_OF_NONE && it->account == 0) ||
			(i == RINGS_SHARED && it->account != 0) ||
			(i >= RINGS_OWN && owner == it->account && owner != 0))
			st = read_rings(it, i);
	}
	return st;
}

static int newest_first(const void *a, const void *b)
{
	const struct refusal_bytes *one = a, *other = b;

	return (one->at_us < other->at_us) - (one->at_us > other->at_us);
}

static void item_read(const struct refusal_bytes *bytes, struct refused *out)
{
	*out = (struct refused){ .at_us = bytes->at_us,
		.account = bytes->account,
		.key = bytes->key,
		.route = bytes->route,
		.cause = bytes->cause,
		.by = bytes->by,
		.proven = bytes->proven != 0,
		.client = { .known = bytes->client_known != 0 },
		.request_id = span_of(bytes->request_id, bytes->request_id_len),
		.method = span_of(bytes->method, bytes->method_len),
		.diagnosis = bytes->diagnosis_len == 0
				     ? SPAN_ABSENT
				     : span_of(bytes->diagnosis, bytes->diagnosis_len) };
	memcpy(out->client.bytes, bytes->client, sizeof(out->client.bytes));
}

static enum status list_make(struct reading *it, struct refusals *out)
{
	struct refused *items = calloc(it->count + 1, sizeof(*items));

	if (items == NULL)
		return ST_NO_MEMORY;
	if (it->count > 0)
		qsort(it->found, it->count, sizeof(*it->found), newest_first);
	for (size_t i = 0; i < it->count; i++)
		item_read(&it->found[i], &items[i]);
	*out = (struct refusals){ .items = items, .count = it->count, .memory = it->found };
	it->found = NULL;
	return ST_OK;
}

enum status refusals_read(const char *dir, uint32_t account, struct refusals *out)
{
	CLEANUP(reading_free)
	struct reading *it = calloc(1, sizeof(*it));
	struct ledger_header header;
	enum status st;

	if (it == NULL)
		return ST_NO_MEMORY;
	it->account = account;
	it->fd = -1;
	st = ledger_file_open(dir, &header, &it->fd);
	if (st == ST_OK)
		st = read_all(it);
	return st == ST_OK ? list_make(it, out) : st;
}

void refusals_free(struct refusals *refusals)
{
	free(refusals->items);
	free(refusals->memory);
	*refusals = (struct refusals){ .count = 0 };
}
