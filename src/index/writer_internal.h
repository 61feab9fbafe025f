/* The writer's state, shared by writer.c (life and transactions), put.c (records) and scan.c. */
#ifndef INDEX_WRITER_INTERNAL_H
#define INDEX_WRITER_INTERNAL_H

#include "index/sorter.h"
#include "index/turn.h"
#include "index/writer.h"

/* A cell that the open transaction will set, and what it holds. */
struct touched {
	_Atomic uint32_t *cell;
	uint32_t before;
};

struct index_writer {
	char *dir;
	struct index_env env;
	struct turn *turn;
	MDB_dbi dbi;
	MDB_txn *txn; /* open transaction of changes; NULL while building */
	struct sorter *sorter;
	bool building; /* an index that nobody reads yet; its first transaction is open or to come
			*/
	bool begun;
	bool failed;     /* a commit failed: of no more use */
	bool published;  /* "current" leads, or led, here */
	uint32_t commit; /* number of the last commit */
	struct record_meta meta;
	uint64_t keys_count; /* with what the open transaction changes */

	struct buf record; /* the record that is written now */
	struct buf bucket; /* the records under one hash that are written now */
	struct touched *touched;
	size_t touched_count, touched_capacity;
};

/* Does a record lead to what identity says? Records under one hash are told apart by it. */
struct identity {
	enum record_kind kind;
	struct span text; /* appKey, name, host or digest */
};

/* Check every record and its cell, and set the cells right. ST_DAMAGED when one does not hold. */
NODISCARD enum status writer_scan(struct index_writer *writer);
/* Cells of a commit that never came (the keeper died in it) get what the records say. */
NODISCARD enum status writer_mend_cells(struct index_writer *writer);

#endif
