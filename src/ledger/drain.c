/*
 * The way of what was counted out of the file. The keeper's alone.
 *
 * A cell keeps its count; beside it stand two numbers that only the drainer writes:
 * how much of it the open batch gives out (marked), and how much the records have
 * (taken). A batch goes through these steps, and may end after any:
 *
 *   1. stage MARKING
 *   2. each cell with more than is taken: given out, and marked
 *   3. stage OPEN with the batch's id, on the disk
 *   4. (the caller commits the items and the id)
 *   5. each marked cell: taken = marked if the records have that id, else marked = taken
 *   6. stage NONE
 *
 * While marked and taken differ, or the count is more than taken, no other use
 * gets the cell (use.c): so step 5 may be done twice, by whoever comes next.
 *
 * The file is read and written, not mapped: others may cut it at any time.
 */
#include "ledger/layout.h"

#include "base/crypto.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 512u

/* A cell as it was read. */
struct cell_bytes {
	uint64_t word, marks, who, route, what, when, client[2];
};
static_assert(sizeof(struct cell_bytes) == sizeof(struct use_cell), "the same bytes");

struct draining {
	struct use_drain *drain;
	int fd;
	struct cell_bytes cells[CHUNK], again[CHUNK];
};

static uint32_t marked_of(const struct cell_bytes *cell)
{
	return (uint32_t)(cell->marks >> 32);
}

static uint32_t taken_of(const struct cell_bytes *cell)
{
	return (uint32_t)cell->marks;
}

/* ---- where the cells lie ---- */

/* The tables one after the other, without what is between them. */
static const struct {
	enum ledger_region_kind region;
	enum use_kind kind;
	uint32_t count;
} TABLES[] = {
	{ REGION_USE, USE_OWN, LIMIT_USE_CELLS },
	{ REGION_USE_OTHER, USE_OTHER, USE_OTHER_CELLS + USE_CAUSES },
	{ REGION_USE_RETIRED, USE_RETIRED, USE_RETIRED_CELLS },
};

struct stretch {
	uint64_t at; /* in the file */
	enum use_kind kind;
	uint32_t count; /* of cells, at most CHUNK */
};

/* The cells from that number on that lie together; count 0 behind the last. */
static struct stretch stretch_from(uint32_t number)
{
	struct stretch stretch = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
		if (number < TABLES[i].count) {
			uint32_t rest = TABLES[i].count - number;

			stretch.at = region_at(TABLES[i].region) +
				     (uint64_t)number * sizeof(struct use_cell);
			stretch.kind = TABLES[i].kind;
			stretch.count = rest < CHUNK ? rest : CHUNK;
			return stretch;
		}
		number -= TABLES[i].count;
	}
	return stretch;
}

static enum status read_cells(
	const struct draining *it, const struct stretch *stretch, struct cell_bytes *out)
{
	return ledger_file_read(it->fd, out, stretch->count * sizeof(*out), stretch->at);
}

static enum status write_marks(const struct draining *it, const struct stretch *stretch, uint32_t i,
	uint32_t marked, uint32_t taken)
{
	uint64_t marks = use_marks(marked, taken);

	return ledger_file_write(it->fd, &marks, sizeof(marks),
		stretch->at + i * sizeof(struct use_cell) + offsetof(struct use_cell, marks));
}

static enum status write_stage(
	const struct draining *it, enum use_drain_stage stage, uint64_t batch)
{
	struct use_drain_state state = { .stage = stage, .batch = batch };

	return ledger_file_write(it->fd, &state, sizeof(state), region_at(REGION_DRAIN));
}

/* ---- settling ---- */

static enum status settle_cells(struct draining *it, bool committed)
{
	struct stretch stretch = stretch_from(0);
	enum status st = ST_OK;

	for (uint32_t number = 0; st == ST_OK && stretch.count > 0;) {
		st = read_cells(it, &stretch, it->cells);
		for (uint32_t i = 0; st == ST_OK && i < stretch.count; i++) {
			const struct cell_bytes *cell = &it->cells[i];
			uint32_t is = committed ? marked_of(cell) : taken_of(cell);

			if (marked_of(cell) != taken_of(cell))
				st = write_marks(it, &stretch, i, is, is);
		}
		number += stretch.count;
		stretch = stretch_from(number);
	}
	return st;
}

/* What became of the batch that stands open, if one does. */
static enum status settle(struct draining *it, uint64_t last_batch)
{
	struct use_drain_state state;
	enum status st = ledger_file_read(it->fd, &state, sizeof(state), region_at(REGION_DRAIN));

	if (st != ST_OK || state.stage == DRAIN_NONE)
		return st;
	st = settle_cells(it, state.stage == DRAIN_OPEN && state.batch == last_batch);
	return st == ST_OK ? write_stage(it, DRAIN_NONE, 0) : st;
}

/* ---- giving out ---- */

static bool gives(const struct cell_bytes *cell)
{
	return use_state(cell->word) == USE_CELL_READY && use_counted(cell->word) > taken_of(cell);
}

/* Was it one use's all the while it was read? Of two readings the second began after the first. */
static bool is_whole(const struct cell_bytes *a, const struct cell_bytes *b)
{
	return ((a->word ^ b->word) & (USE_TURN_MASK | UINT64_C(3) << USE_STATE_AT)) == 0 &&
	       a->who == b->who && a->route == b->route && a->what == b->what &&
	       a->when >> 32 == b->when >> 32 && a->marks == b->marks;
}

static int64_t us_of(uint64_t second)
{
	return (int64_t)(second & UINT32_MAX) * US_PER_S;
}

/* Numbers that no process of ours writes become ones that the reader has a name for. */
static void item_read(const struct cell_bytes *cell, enum use_kind kind, struct use_item *out)
{
	int64_t minute = us_of((cell->when >> 32) * 60), last = us_of(cell->when);
	uint8_t token = (uint8_t)(cell->what >> 8), by = (uint8_t)cell->what;

	*out = (struct use_item){ .kind = kind,
		.account = (uint32_t)(cell->who >> 32),
		.key = (uint32_t)cell->who,
		.route = cell->route,
		.resource = (uint32_t)(cell->what >> 32),
		.cause = (uint8_t)(cell->what >> 16) % USE_CAUSES,
		.token = token < USE_TOKENS ? token : USE_TOKEN_NONE,
		.by = by < USE_BYS ? by : USE_BY_GATE,
		.count = use_counted(cell->word) - taken_of(cell),
		.minute_at_us = kind == USE_OWN ? minute : last - last % (60 * US_PER_S),
		.last_at_us = last };
	out->client.known = (cell->client[0] | cell->client[1]) != 0;
	memcpy(out->client.bytes, cell->client, sizeof(out->client.bytes));
}

static enum status take_cells(struct draining *it, const struct stretch *stretch,
	struct use_batch *batch, uint32_t *out_done)
{
	enum status st = read_cells(it, stretch, it->again);

	for (uint32_t i = 0; st == ST_OK && i < stretch->count; i++) {
		const struct cell_bytes *cell = &it->again[i];
		struct use_item item;

		*out_done = i + 1;
		if (!gives(cell) || !is_whole(&it->cells[i], cell))
			continue;
		if (batch->count == it->drain->items_max) {
			batch->more = true;
			*out_done = i;
			return ST_OK;
		}
		item_read(cell, stretch->kind, &item);
		st = it->drain->take(it->drain->context, &item);
		if (st == ST_OK)
			st = write_marks(it, stretch, i, use_counted(cell->word), taken_of(cell));
		batch->count++;
	}
	return st;
}

static bool any_gives(const struct draining *it, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (gives(&it->cells[i]))
			return true;
	return false;
}

static enum status take_all(struct draining *it, struct use_batch *batch)
{
	uint32_t number = it->drain->from;
	struct stretch stretch = stretch_from(number);
	enum status st = ST_OK;

	while (st == ST_OK && stretch.count > 0 && !batch->more) {
		uint32_t done = stretch.count;

		st = read_cells(it, &stretch, it->cells);
		if (st == ST_OK && any_gives(it, stretch.count))
			st = take_cells(it, &stretch, batch, &done);
		number += done;
		stretch = stretch_from(number);
	}
	batch->full = batch->count > LIMIT_USE_CELLS / 2;
	it->drain->from = batch->more ? number : 0;
	return st;
}

static enum status drain_batch(struct draining *it, struct use_batch *batch)
{
	enum status st = settle(it, it->drain->last_batch);

	if (st == ST_OK)
		st = write_stage(it, DRAIN_MARKING, 0);
	if (st == ST_OK)
		st = take_all(it, batch);
	if (st != ST_OK)
		return st;
	if (batch->count == 0)
		return write_stage(it, DRAIN_NONE, 0);
	do
		crypto_random(&batch->id, sizeof(batch->id));
	while (batch->id == 0);
	st = write_stage(it, DRAIN_OPEN, batch->id);
	/* Else a power failure could leave the records with a batch that the file does not know. */
	return st == ST_OK && fdatasync(it->fd) != 0 ? ST_IO : st;
}

/* ---- both calls ---- */

static void draining_free(struct draining **it)
{
	if (*it != NULL && (*it)->fd >= 0)
		close((*it)->fd);
	free(*it);
	*it = NULL;
}

static enum status draining_open(struct use_drain *drain, struct draining **out)
{
	CLEANUP(draining_free)
	struct draining *it = calloc(1, sizeof(*it));
	struct ledger_header header;
	enum status st;

	if (it == NULL)
		return ST_NO_MEMORY;
	it->drain = drain;
	it->fd = -1;
	st = ledger_file_open(drain->dir, &header, &it->fd);
	if (st != ST_OK)
		return st;
	*out = it;
	it = NULL;
	return ST_OK;
}

enum status use_drain(struct use_drain *drain, struct use_batch *out_batch)
{
	CLEANUP(draining_free)
	struct draining *it = NULL;
	struct use_batch batch = { 0 };
	enum status st = draining_open(drain, &it);

	if (st == ST_OK)
		st = drain_batch(it, &batch);
	if (st == ST_OK)
		*out_batch = batch;
	else
		drain->from = 0;
	return st;
}

enum status use_drained(struct use_drain *drain, uint64_t id)
{
	CLEANUP(draining_free)
	struct draining *it = NULL;
	enum status st = draining_open(drain, &it);

	return st == ST_OK ? settle(it, id) : st;
}
