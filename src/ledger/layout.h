/*
 * The bytes of the ledger's file; inside src/ledger and its tests only.
 *
 * A header of one page, then regions of items of one size, each from a page on.
 *
 * The limits' cells: a table with open addressing by key slot. Cells are claimed
 * by whoever first uses them and given up only by ledger_prepare(): so a key never
 * has two.
 *
 * The cells of use, in three tables: of a key, route, cause and minute; of an
 * account and cause; of a client with a retired token. In all of them a place may
 * be given to another use once its count was drained (use.c).
 *
 * The totals, in stripes that processes share by chance; the drain's state; when
 * each may write a refusal down again; the rings of refusals.
 */
#ifndef LEDGER_LAYOUT_H
#define LEDGER_LAYOUT_H

#include "base/clock.h"
#include "base/limits.h"
#include "ledger/ledger.h"
#include "ledger/refusals.h"
#include "ledger/use.h"

#include <assert.h>
#include <stdatomic.h>

#define LEDGER_MAGIC UINT64_C(0x726567646c766c6c) /* "llvldger" */
#define LEDGER_VERSION 2u
#define LEDGER_HEADER_SIZE 4096u
#define LEDGER_REGIONS_MAX 8u
#define LEDGER_MODE 0660

/* In the order in which they lie in the file. */
enum ledger_region_kind {
	REGION_NONE = 0,
	REGION_LIMITS,
	REGION_USE,
	REGION_USE_OTHER,
	REGION_USE_RETIRED,
	REGION_TOTALS,
	REGION_DRAIN,
	REGION_PACES,
	REGION_RINGS,
	REGIONS_END
};
#define LEDGER_REGIONS ((unsigned)REGIONS_END - 1)

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
	/* Its counts were carried over to a new file: limits are not counted here any more. */
	_Atomic uint32_t left;
	_Atomic uint32_t nodes; /* that share the limits; a file that says nothing: one */
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

/* ---- use ---- */

/*
 * word: the state above, then a number that changes whenever the place is given to
 * another use, then the count. Whoever counts compares and swaps it: so no count
 * reaches a use that is not its own. While a place is being claimed the count's
 * bits hold the minute, so that one whose claimer died is taken again.
 */
enum use_cell_state { USE_CELL_FREE = 0, USE_CELL_CLAIMED = 1, USE_CELL_READY = 2 };
#define USE_STATE_AT 62
#define USE_LOCKED (UINT64_C(1) << 61) /* the client is being written */
#define USE_TURN_ONE (UINT64_C(1) << 32)
#define USE_TURN_MASK (USE_LOCKED - USE_TURN_ONE)
#define USE_COUNT_MASK UINT64_C(0xffffffff)

struct use_cell {
	_Atomic uint64_t word;
	_Atomic uint64_t marks;     /* the drainer's: count of the open batch, count taken */
	_Atomic uint64_t who;       /* account, key */
	_Atomic uint64_t route;     /* id */
	_Atomic uint64_t what;      /* resource, cause, token, by */
	_Atomic uint64_t when;      /* minute (0 where it is none's), second of the last */
	_Atomic uint64_t client[2]; /* of the last; all zero: unknown */
};

/* The tables of use lie one after the other and are drained as one. */
#define USE_OTHER_CELLS 8192u
#define USE_RETIRED_CELLS 16384u
/* One for each cause behind those of the accounts. */
#define USE_ALL_CELLS (LIMIT_USE_CELLS + USE_OTHER_CELLS + USE_CAUSES + USE_RETIRED_CELLS)
/* A key's cells of a minute stand in one of these, so no key takes more. */
#define USE_BUCKET 256u
#define USE_OTHER_BUCKET 64u
#define USE_RETIRED_BUCKET 32u

static inline unsigned use_state(uint64_t word)
{
	return (unsigned)(word >> USE_STATE_AT);
}
static inline uint32_t use_counted(uint64_t word)
{
	return (uint32_t)(word & USE_COUNT_MASK);
}
static inline uint64_t use_marks(uint32_t marked, uint32_t taken)
{
	return (uint64_t)marked << 32 | taken;
}

#define USE_BUCKETS_IN_FILE 16u
#define USE_STRIPES 32u
struct use_stripe {
	_Atomic uint64_t decided[USE_CAUSES][USE_BUCKETS_IN_FILE];
	_Atomic uint64_t duration_ns, untrusted;
	_Atomic uint64_t dropped; /* counted in no cell of its own */
	uint64_t spare[5];
};

enum use_drain_stage { DRAIN_NONE = 0, DRAIN_MARKING, DRAIN_OPEN };
struct use_drain_state {
	uint64_t stage; /* enum use_drain_stage */
	uint64_t batch; /* that the marks belong to, when open */
};

/* ---- refusals ---- */

/* Half of them by key, for those who proved a token; half by client, for all others. */
#define PACES_HALF 4096u

struct refusal_bytes {
	uint64_t check; /* of all after it */
	int64_t at_us;
	uint32_t account, key;
	uint64_t route;
	uint8_t client[16];
	uint8_t client_known, cause, by, proven;
	uint8_t request_id_len, method_len;
	uint16_t diagnosis_len;
	char request_id[REFUSALS_REQUEST_ID];
	char method[REFUSALS_METHOD];
	char diagnosis[REFUSALS_DIAGNOSIS];
	uint8_t spare[4];
};
#define REFUSAL_WORDS (sizeof(struct refusal_bytes) / sizeof(uint64_t))

struct refusal_entry {
	_Atomic uint64_t seq; /* odd: being written. Twice the number of the entry, plus 2 */
	_Atomic uint64_t words[REFUSAL_WORDS];
};

enum { RING_PROVEN = 0, RING_OTHERS, RINGS_EACH };
/* Of no account; shared by those without; one each. */
enum { RINGS_OF_NONE = 0, RINGS_SHARED, RINGS_OWN };
#define RINGS_COUNT (RINGS_OWN + LIMIT_REFUSAL_ACCOUNTS)

struct refusal_rings {
	_Atomic uint32_t account; /* 0: nobody's yet */
	uint32_t unused;
	_Atomic int64_t last_at_us;
	_Atomic uint64_t next[RINGS_EACH]; /* the number of the next entry */
	uint64_t spare[4];
	struct refusal_entry entries[RINGS_EACH][REFUSALS_RING];
};

static_assert(sizeof(struct use_cell) == 64, "a cache line");
static_assert(sizeof(struct use_stripe) == 8256, "no padding");
static_assert(sizeof(struct use_drain_state) == 16, "no padding");
static_assert(sizeof(struct refusal_bytes) == 624, "whole words, no padding");
static_assert(sizeof(struct refusal_rings) == 64 + RINGS_EACH * REFUSALS_RING * 632u, "no padding");
static_assert(USE_BUCKETS <= USE_BUCKETS_IN_FILE, "room for each");
static_assert(LIMIT_USE_CELLS % USE_BUCKET == 0 && USE_OTHER_CELLS % USE_OTHER_BUCKET == 0 &&
		      USE_RETIRED_CELLS % USE_RETIRED_BUCKET == 0,
	"whole buckets");
static_assert(LEDGER_REGIONS <= LEDGER_REGIONS_MAX, "they stand in the header");

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
	struct ledger_header *header;
	struct ledger_cell *cells;
	struct use_cell *use, *use_other, *use_retired;
	struct use_stripe *stripes, *stripe; /* all, and this one's */
	_Atomic uint64_t *paces;
	struct refusal_rings *rings;
};

/* Of what stands in an entry's bytes. */
uint64_t refusal_check(const struct refusal_bytes *bytes);

/* Where a region begins in the file of this version; of REGIONS_END: where the file ends. */
uint64_t region_at(enum ledger_region_kind kind);

/*
 * Open the file of dir, checked; *out_fd is the caller's. ST_NOT_FOUND, ST_FORMAT,
 * ST_DAMAGED, ST_IO. It may be of an earlier start of the machine.
 */
NODISCARD enum status ledger_file_open(
	const char *dir, struct ledger_header *out_header, int *out_fd);

/* The same, and of this start of the machine; else ST_DAMAGED. */
NODISCARD enum status ledger_file_open_now(
	const char *dir, struct ledger_header *out_header, int *out_fd);

/* Read or write all of it, or ST_DAMAGED (the file was cut) or ST_IO. */
NODISCARD enum status ledger_file_read(int fd, void *out, size_t len, uint64_t at);
NODISCARD enum status ledger_file_write(int fd, const void *bytes, size_t len, uint64_t at);

uint64_t header_check(const struct ledger_header *header);

/* Where a key's cell is looked for first, and in how many from there on. */
#define CELL_PROBES_MAX 512u
uint32_t cell_place(uint32_t key);

/* What is left of the cell's windows, for this machine; cell NULL: nothing was used. */
struct allowance_state cell_look(const struct ledger_header *header, const struct ledger_cell *cell,
	const struct allowance *allowance, struct ledger_now now);

/* The cell of a key, claimed when there is none; NULL when none is left. */
struct ledger_cell *cell_claim(struct ledger_cell *cells, uint32_t key);

/* Does the cell say more than a fresh one would? boot_ok: its rates are of this boot. */
bool cell_is_live(const struct ledger_cell *cell, struct ledger_now now, bool boot_ok);

#endif
