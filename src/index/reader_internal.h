/* Inside of src/index only: a reader, and what its look-ups and its snapshots share. */
#ifndef INDEX_READER_INTERNAL_H
#define INDEX_READER_INTERNAL_H

#include "decide/routes.h"
#include "index/env.h"
#include "index/reader.h"

/*
 * Large records that were checked at this address in this or an earlier
 * snapshot. A page in use is never written, so it needs no second look while its
 * address, commit and check stay the same.
 */
#define CHECKED_MIN 512u
#define CHECKED_COUNT 4096u

struct checked {
	const char *ptr;
	uint64_t check;
	size_t size;
};

/*
 * Accounts, profiles and resources are few and asked for at every request: where
 * they stand in this snapshot, checked. Another snapshot looks again.
 */
#define CACHED_COUNT 8192u

struct cached {
	uint64_t at;
	size_t txn_id;
	struct record record;
};

struct index_reader {
	struct index_env env;
	bool env_is_ours; /* shared with other readers at most; else a writer's */
	uint64_t process; /* that opened it (S2) */
	char *dir;
	struct index_reader_options options;
	uint8_t boot_id[BOOT_ID_SIZE];
	MDB_txn *txn;
	MDB_dbi dbi;
	bool begun;

	/* Of the snapshot that is open or was last: */
	bool loaded;
	size_t txn_id;
	uint32_t snapshot;    /* number of its commit */
	const char *file_end; /* pages beyond do not exist */
	struct record_meta meta;
	uint64_t newest_epoch, newest_revision; /* I3: of all snapshots so far */
	struct routes routes;
	const char *routes_at;
	uint64_t routes_check;

	struct view view;
	size_t populated;
	struct checked checked[CHECKED_COUNT];
	struct cached cached[CACHED_COUNT];
};

/* The value at a place, checked for its bounds only. */
NODISCARD enum status reader_fetch(
	struct index_reader *reader, uint64_t at, struct span *out_value);
/* A record's bytes, checked (once, when they are many). */
NODISCARD enum status reader_check(struct index_reader *reader, enum record_kind kind,
	struct span bytes, struct record *out_record);
/* The one record that stands under a slot. */
NODISCARD enum status reader_fetch_slot(struct index_reader *reader, enum record_kind kind,
	uint32_t slot, struct record *out_record);
/* Damage is told to the keeper; the caller refuses. */
enum status reader_told(struct index_reader *reader, enum status st);
/* The functions of a view, for a reader. */
struct view reader_view(struct index_reader *reader);

/* A reader over somebody else's environment, which must outlive it. */
NODISCARD enum status reader_open_beside(
	const struct index_env *env, struct index_reader **out_reader);

#endif
