/* The file as the keeper reads it, who must outlive whoever cuts it: without mapping it. */
#include "ledger/layout.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CELLS_AT_ONCE 16u
#define CELLS_SCANNED 128u
static_assert(CELL_PROBES_MAX % CELLS_AT_ONCE == 0, "whole steps");

/*
 * ST_NOT_FOUND: it has used nothing yet; ST_LIMIT: there is no cell left for it. The steps do not
 * straddle the table's end.
 */
static enum status cell_read(int fd, uint32_t key, struct ledger_cell *out_cell)
{
	struct ledger_cell cells[CELLS_AT_ONCE];
	uint32_t place = cell_place(key);

	for (uint32_t i = 0; i < CELL_PROBES_MAX;) {
		uint32_t at = (place + i) & (LIMIT_LEDGER_CELLS - 1), count = CELLS_AT_ONCE;
		enum status st;

		if (count > LIMIT_LEDGER_CELLS - at)
			count = LIMIT_LEDGER_CELLS - at;
		st = ledger_file_read(fd, cells, count * sizeof(cells[0]),
			region_at(REGION_LIMITS) + (uint64_t)at * sizeof(cells[0]));
		if (st != ST_OK)
			return st;
		for (uint32_t k = 0; k < count && i < CELL_PROBES_MAX; k++, i++) {
			uint32_t owner = atomic_load(&cells[k].key);

			if (owner == 0)
				return ST_NOT_FOUND;
			if (owner == key) {
				memcpy(out_cell, &cells[k], sizeof(*out_cell));
				return ST_OK;
			}
		}
	}
	return ST_LIMIT;
}

struct allowance_state ledger_look(
	const char *dir, uint32_t key, const struct allowance *allowance, struct ledger_now now)
{
	struct ledger_header header;
	struct ledger_cell cell;
	int fd = -1;
	enum status st = key == 0 ? ST_LIMIT : ledger_file_open_now(dir, &header, &fd);

	if (st == ST_OK) {
		st = cell_read(fd, key, &cell);
		close(fd);
	}
	if (st != ST_OK && st != ST_NOT_FOUND)
		return (struct allowance_state){ .outcome = ALLOWANCE_UNKNOWN };
	return cell_look(&header, st == ST_OK ? &cell : NULL, allowance, now);
}

struct ledger_size ledger_size(const char *dir)
{
	struct ledger_cell cells[CELLS_SCANNED];
	struct ledger_size size = { .used = 0 };
	struct ledger_header header;
	int fd = -1;
	enum status st = ledger_file_open_now(dir, &header, &fd);

	for (uint32_t i = 0; st == ST_OK && i < LIMIT_LEDGER_CELLS; i += CELLS_SCANNED) {
		st = ledger_file_read(fd, cells, sizeof(cells),
			region_at(REGION_LIMITS) + (uint64_t)i * sizeof(cells[0]));
		for (uint32_t k = 0; st == ST_OK && k < CELLS_SCANNED; k++)
			size.used += atomic_load(&cells[k].key) != 0;
	}
	if (fd >= 0)
		close(fd);
	if (st != ST_OK)
		return (struct ledger_size){ .used = 0 };
	size.all = LIMIT_LEDGER_CELLS;
	return size;
}

enum status ledger_share(const char *dir, uint32_t nodes)
{
	struct ledger_header header;
	int fd = -1;
	enum status st = ledger_file_open_now(dir, &header, &fd);

	if (st == ST_OK && atomic_load(&header.nodes) != nodes)
		st = ledger_file_write(
			fd, &nodes, sizeof(nodes), offsetof(struct ledger_header, nodes));
	if (fd >= 0)
		close(fd);
	return st;
}

enum status ledger_sync(const char *dir)
{
	struct ledger_header header;
	int fd = -1;
	enum status st = ledger_file_open_now(dir, &header, &fd);

	if (st == ST_OK && fdatasync(fd) != 0)
		st = status_from_errno(errno);
	if (fd >= 0)
		close(fd);
	return st;
}
