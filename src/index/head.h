/*
 * The head of an index: a small shared file beside LMDB's, written in place by
 * the keeper and mapped read-only by every reader. It says what LMDB's own file
 * cannot: that what is read there is the newest.
 *
 * LMDB never writes over a page that is in use, so its file is full of whole,
 * valid pages of the past. One changed bit in a pointer, or two pages swapped, can
 * bring one of them back, with records whose checksums are right: a revoked key
 * would be alive again. Against that
 *
 * I1: committed is the number of the last commit; a snapshot that is older is
 *     refused (and one that claims to be more than one commit newer).
 * I2: cells hold, per kind and slot, the number of the commit that last wrote (or
 *     deleted) that record. A record of an older commit is refused, unless the
 *     snapshot itself is older than the cell says: then the commit is just
 *     happening and the snapshot is right for its time.
 *
 * Order in a commit: cells, then committing, then LMDB's commit, then committed.
 * So a cell may be ahead of the data (the keeper died in between; the next open
 * mends it), never behind.
 *
 * It also carries what changes without a commit: when the keeper last confirmed
 * the index, and that another index took its place.
 */
#ifndef INDEX_HEAD_H
#define INDEX_HEAD_H

#include "base/attr.h"
#include "base/clock.h"
#include "base/status.h"
#include "index/record.h"

#include <stdatomic.h>

#define HEAD_FILE "head"

/* The file starts with this; the cells follow from HEAD_CELLS_AT on. */
struct head_block {
	uint64_t magic; /* with the format's number */
	uint64_t generation;
	uint8_t boot_id[BOOT_ID_SIZE]; /* of the boot in which it is in use */
	_Atomic uint64_t committed;
	_Atomic uint64_t data_bytes;     /* LMDB's file has at least these */
	_Atomic int64_t confirmed_at_us; /* boot time; 0: never in this boot */
	_Atomic uint32_t superseded;     /* 1: "current" leads elsewhere now */
	_Atomic uint32_t clean;          /* 1: closed in good order, flushed */
	_Atomic uint32_t cells_ready[4]; /* per cell class: cells that may be read */
	/*
	 * Openings for writing since something last went well. A writer that dies of
	 * the same damage each time (SIGBUS, an assertion) must not do so for ever.
	 */
	_Atomic uint32_t openings;
	/* The newest commit that was begun: LMDB may be writing it (index/reader.c, renew()). */
	_Atomic uint64_t committing;
};

struct index_head {
	struct head_block *block;
	_Atomic uint32_t *cells[4]; /* per class */
	void *map;
	size_t map_size;
	int fd;
	bool writable;
};

/* The most slots of a kind that cells can hold: ST_LIMIT from there on. */
#define HEAD_KEYS_MAX (UINT32_C(1) << 28)
#define HEAD_PROFILES_MAX (UINT32_C(1) << 24)
#define HEAD_ACCOUNTS_MAX (UINT32_C(1) << 22)
#define HEAD_CATALOG_MAX (UINT32_C(1) << 18)

/*
 * dir is a descriptor of the index's numbered directory. ST_NOT_FOUND,
 * ST_FORMAT (another version), ST_DAMAGED (not the size it must have), ST_IO, ST_NO_SPACE.
 */
NODISCARD enum status head_create(int dir, uint64_t generation, struct index_head *out_head);
NODISCARD enum status head_open(int dir, bool writable, struct index_head *out_head);
/* Is its file as long as it must be? ST_DAMAGED: a touch beyond its end would be a SIGBUS. */
NODISCARD enum status head_check_size(const struct index_head *head);
void head_close(struct index_head *head);

/* The commit that last wrote the record; 0 when none did. For kinds without cells 0. */
uint32_t head_cell(const struct index_head *head, enum record_kind kind, uint32_t slot);

/* Have the cell brought near; any slot will do. */
void head_cell_ahead(const struct index_head *head, enum record_kind kind, uint32_t slot);

/*
 * Writer: the cell of a record, with the file's space really there, so that
 * storing into it cannot fail. ST_LIMIT, ST_NO_SPACE, ST_IO.
 */
NODISCARD enum status head_cell_reserve(
	struct index_head *head, enum record_kind kind, uint32_t slot, _Atomic uint32_t **out_cell);

/* Writer: the slots of the kind's class that have cells: all below the answer. */
uint32_t head_cells_count(const struct index_head *head, enum record_kind kind);

/*
 * Is a record, written by commit written and seen in the snapshot of commit
 * snapshot, the newest that the snapshot can have?
 */
bool head_is_newest(const struct index_head *head, const struct record *record, uint32_t slot,
	uint32_t snapshot);

/* Is the head's boot the one that the machine is in? False when that cannot be known. */
bool head_is_of_this_boot(const struct index_head *head);

/* Write the head to disk (for a clean close). */
NODISCARD enum status head_flush(struct index_head *head);

#endif
