/*
 * The bytes of the ledger's file; inside src/ledger and its tests only.
 *
 * A header of one page, then regions of items of one size. There is one region
 * now, the limits' cells: a table with open addressing by key slot. Cells are
 * claimed by whoever first uses them and given up only by ledger_prepare(), when
 * no process has the file open: so a key never has two.
 */
#ifndef LEDGER_LAYOUT_H
#define LEDGER_LAYOUT_H

#include "base/clock.h"
#include "base/limits.h"
#include "ledger/ledger.h"

#include <assert.h>
#include <stdatomic.h>

#define LEDGER_MAGIC UINT64_C(0x726567646c766c6c) /* "llvldger" */
#define LEDGER_VERSION 1u
#define LEDGER_HEADER_SIZE 4096u
#define LEDGER_REGIONS_MAX 8u
#define LEDGER_MODE 0660

enum ledger_region_kind { REGION_NONE = 0, REGION_LIMITS = 1 };

struct ledger_region {
	uint32_t kind;
	uint32_t item_size;
	uint64_t items_count;
	uint64_t offset; /* in the file */
};

struct ledger_header {
	uint64_t magic;
	uint32_t version;
	uint32_t regions_count;
	uint64_t epoch; /* random: tells one file from the next in logs */
	uint64_t file_size;
	uint8_t boot_id[BOOT_ID_SIZE]; /* that the rates' times belong to */
	struct ledger_region regions[LEDGER_REGIONS_MAX];
	uint64_t check; /* of all before it */
};

/* Where the used part of a quota stands: the period's number above, how many below. */
#define QUOTA_USED_BITS 40
#define QUOTA_USED_MASK ((UINT64_C(1) << QUOTA_USED_BITS) - 1)

#define QUOTA_COUNT ((unsigned)WINDOW_COUNT - RATE_COUNT)

struct ledger_cell {
	_Atomic uint32_t key; /* 0: free */
	uint32_t unused;
	_Atomic uint64_t
		full_at_ns[RATE_COUNT];      /* boot time at which all of a rate is free again */
	_Atomic uint32_t counts[RATE_COUNT]; /* the limits for which that was reckoned */
	_Atomic uint64_t used[QUOTA_COUNT];  /* of the quotas */
	uint64_t spare[7];
};

static_assert(sizeof(struct ledger_header) <= LEDGER_HEADER_SIZE, "a page");
static_assert(sizeof(struct ledger_cell) == 128, "two cache lines");
static_assert(sizeof(_Atomic uint64_t) == 8 && sizeof(_Atomic uint32_t) == 4, "plain in the file");
static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "no lock can be left held");
static_assert((LIMIT_LEDGER_CELLS & (LIMIT_LEDGER_CELLS - 1)) == 0, "a power of two");
static_assert(LIMIT_QUOTA <= QUOTA_USED_MASK && LIMIT_RATE <= UINT32_MAX, "counts fit");

struct ledger {
	char dir[4096];
	int fd;
	char *map;
	size_t map_size;
	struct ledger_cell *cells;
};

uint64_t header_check(const struct ledger_header *header);

/* The cell of a key, claimed when there is none; NULL when none is left. */
struct ledger_cell *cell_claim(struct ledger_cell *cells, uint32_t key);

/* Does the cell say more than a fresh one would? boot_ok: its rates are of this boot. */
bool cell_is_live(const struct ledger_cell *cell, struct ledger_now now, bool boot_ok);

#endif
