/*
 * The index as a gate, the nginx module or the library reads it: one
 * consistent revision behind struct view (decide/view.h), from a memory map
 * that the keeper's writer changes beside it without locks.
 *
 * I1: a view is one whole revision; it never mixes two.
 * I2: what a look-up answers is checked first: the record's own key, its
 *     checksum, its bounds, and that it is the newest one written (index/head.h
 *     keeps that outside LMDB's file, so an old page that damage brings back
 *     is found out). What does not check is ST_DAMAGED, never an answer.
 * I3: a revision that was once seen as committed is never undone: a snapshot
 *     that is older than the head says, or than this reader has seen in whatever
 *     directory, is ST_DAMAGED.
 *
 * SIGBUS and SIGSEGV. The index is a mapped file. When somebody cuts it short or
 * its disk fails while it is mapped, the kernel can only say so by SIGBUS; a
 * page whose inner structure is damaged may lead LMDB outside the map
 * (SIGSEGV) or into an assertion (SIGABRT). No handler is installed: a library
 * has no right to another program's signals, and unwinding out of LMDB is not
 * defined. So the process dies: a gate is restarted by the supervisor, and a
 * request that died was not allowed. The keeper finds the damage at its next
 * look (at start, and by index_reader_tend's checks) and builds a new directory
 * from the records. The size of the file is compared with what the index uses
 * at open, with each new revision and with each index_reader_tend(), so most
 * cuts are found as ST_DAMAGED before a page is touched. A program that embeds
 * the library and must not die of a damaged disk asks the gate instead.
 *
 * A reader serves one thread; readers of several threads share what is mapped
 * (index/shared.h). In a child of fork() a reader of the parent answers ST_CONFLICT
 * and leaves the parent's places alone. A process that has a writer must not open a
 * reader beside it: it has index_writer_reader() for that.
 */
#ifndef INDEX_READER_H
#define INDEX_READER_H

#include "decide/view.h"

struct index_reader; /* opaque */

struct index_reader_options {
	bool populate;    /* map all used pages at open, so that no request waits for one */
	int64_t lease_us; /* view.overdue when not confirmed by the keeper for this long; 0: no
			     lease */
	bool serve_stale; /* else an overdue view is stale. One that was not confirmed since the
			     machine started is stale in any case. */
};

struct index_info {
	uint8_t installation[16];
	uint64_t epoch, revision;
	uint8_t event_hash[DIGEST_SIZE]; /* of the event with that revision */
	int64_t revision_at_us;          /* wall time of that event */
	int64_t age_us; /* since the keeper last confirmed that the index equals the records;
			   INT64_MAX: not since the machine started */
	uint64_t keys_count, entries_count;
	uint64_t bytes_used, bytes_file;
	uint64_t generation; /* number of the index directory */
};

/*
 * Open the index in dir (the folder that holds the symbolic link "current").
 * options NULL: populate, no lease.
 *
 * On success *out_reader belongs to the caller; give it back with
 * index_reader_close(). On failure *out_reader is left as it was. Call after
 * fork() and before a sandbox closes.
 *
 * Fails with ST_NOT_FOUND (no index yet), ST_FORMAT (written by another
 * version), ST_DAMAGED (in these three the keeper builds a new one: try again),
 * ST_BUSY (no free reader slot), ST_IO, ST_NO_MEMORY, ST_DENIED.
 */
NODISCARD enum status index_reader_open(const char *dir, const struct index_reader_options *options,
	struct index_reader **out_reader);

/* Close *reader and set it to NULL. Does nothing when it is NULL. */
void index_reader_close(struct index_reader **reader);

/*
 * Begin the view of the newest revision, once a request; a view that is still
 * open is moved to it. *out_view belongs to the reader and holds until the next
 * begin, end or close. now_boot_us (clock_boot_us()) is for view.stale only.
 * When the keeper has switched to a new directory, it is opened here.
 *
 * On failure (ST_DAMAGED, ST_IO, ...) *out_view is NULL, which decide() refuses
 * with index_unavailable.
 */
NODISCARD enum status index_reader_view_begin(
	struct index_reader *reader, int64_t now_boot_us, const struct view **out_view);

/*
 * End the view: before waiting for the next request, always. An open view keeps
 * the writer from using freed pages again.
 */
void index_reader_view_end(struct index_reader *reader);

/*
 * Once a second, without an open view: compares the file's size, looks whether "current" leads
 * elsewhere (then opens that), maps further pages. ST_DAMAGED and others as
 * index_reader_open; the reader stays usable when a later call finds it mended.
 */
NODISCARD enum status index_reader_tend(struct index_reader *reader);

/* What the newest revision says about itself; usable with and without an open view. */
NODISCARD enum status index_reader_info(
	struct index_reader *reader, int64_t now_boot_us, struct index_info *out_info);

#endif
