/*
 * The index as the keeper writes it. One writer an installation directory: the
 * caller holds the data directory's lock.
 *
 * dir holds numbered directories, each with one LMDB environment and its head
 * (index/head.h), and the symbolic link "current" to the one in use. A new one
 * is built beside and switched to by renaming the link; readers follow within
 * one request.
 *
 * Changes stand in transactions: begin, any puts and deletes, commit with the
 * revision that the index then equals. Readers see all of one or nothing. A put
 * replaces what its slot (or digest) had. After a put or delete that failed the
 * transaction must be aborted.
 *
 * Durability: each commit flushes its pages before the page that makes them
 * current (LMDB's MDB_NOMETASYNC). A crash of the machine may undo the last
 * commit, never tear one; the follower then applies the missing events, and
 * readers count the index as stale until the keeper has confirmed it in this
 * boot. After a boot without a clean close every record is checked once at open.
 */
#ifndef INDEX_WRITER_H
#define INDEX_WRITER_H

#include "decide/view.h"

struct index_writer; /* opaque */

#define INDEX_LOCK_WAIT_MS 2000

/* Which records, at which revision, the index equals. */
struct index_mark {
	uint8_t installation[16];
	uint64_t epoch, revision;
	uint8_t event_hash[DIGEST_SIZE];
	int64_t revision_at_us;
};

struct index_account {
	struct view_account account;
	const struct span *hosts; /* lower case, without port */
	size_t hosts_count;
};

struct index_writer_stats {
	uint64_t bytes_used, bytes_file, entries_count, keys_count, generation;
	bool damage_reported; /* by a reader; opening it again fails with ST_DAMAGED */
	bool bloated;         /* much more file than use: a reader holds an old revision; compact */
};

/*
 * Open the current index of dir for writing.
 *
 * Fails with ST_NOT_FOUND, ST_FORMAT, ST_DAMAGED, ST_TIMEOUT (as
 * index_writer_begin; in these four build a new one with index_writer_create),
 * ST_IO, ST_NO_SPACE, ST_DENIED.
 */
NODISCARD enum status index_writer_open(const char *dir, struct index_writer **out_writer);

/*
 * Begin a new, empty index beside the current one. Its first transaction is a
 * build: puts come in any order, each slot and digest once, deletes are not
 * allowed; they are sorted and appended. Then index_writer_publish().
 * Closing it unpublished removes it.
 */
NODISCARD enum status index_writer_create(const char *dir, struct index_writer **out_writer);

/* Switch "current" to this index, tell the readers of the one before, and remove that. */
NODISCARD enum status index_writer_publish(struct index_writer *writer);

/*
 * Copy the index without its free pages into a new directory, switch to it, and
 * let *writer be that one's. On failure *writer is as it was.
 */
NODISCARD enum status index_writer_compact(struct index_writer **writer);

/* Flush, mark as cleanly closed, close, set to NULL. An open transaction is aborted. */
void index_writer_close(struct index_writer **writer);

/* ST_NOT_FOUND before the first commit. */
NODISCARD enum status index_writer_mark(
	const struct index_writer *writer, struct index_mark *out_mark);

/*
 * ST_TIMEOUT: the write lock was not to be had within INDEX_LOCK_WAIT_MS (a hostile or
 * frozen process holds it). This writer is of no more use: close it, build a new directory.
 */
NODISCARD enum status index_writer_begin(struct index_writer *writer);
NODISCARD enum status index_writer_commit(
	struct index_writer *writer, const struct index_mark *mark);
void index_writer_abort(struct index_writer *writer);

NODISCARD enum status index_put_account(
	struct index_writer *writer, const struct index_account *account);
NODISCARD enum status index_put_profile(
	struct index_writer *writer, const struct view_profile *profile);
NODISCARD enum status index_put_resource(
	struct index_writer *writer, const struct view_resource *resource);
/* The compiled form of decide/routes.h; absent: no catalogue. */
NODISCARD enum status index_put_routes(struct index_writer *writer, struct span compiled);
/* The spans, digests, links and addresses of key are copied. Its tokens are put apart. */
NODISCARD enum status index_put_key(struct index_writer *writer, const struct view_key *key);
NODISCARD enum status index_put_token(struct index_writer *writer,
	const uint8_t digest[DIGEST_SIZE], const struct view_token *token);

/* Deleting what is not there is ST_OK. */
NODISCARD enum status index_delete_account(struct index_writer *writer, uint32_t slot);
NODISCARD enum status index_delete_profile(struct index_writer *writer, uint32_t slot);
NODISCARD enum status index_delete_resource(struct index_writer *writer, uint32_t slot);
NODISCARD enum status index_delete_key(struct index_writer *writer, uint32_t slot);
NODISCARD enum status index_delete_token(
	struct index_writer *writer, const uint8_t digest[DIGEST_SIZE]);

/*
 * A reader for the writer's own process, which must not open the index a second
 * time (LMDB's file locks would be lost). It sees what is committed. Close it before this writer
 * is closed or compacted.
 */
struct index_reader;
NODISCARD enum status index_writer_reader(
	const struct index_writer *writer, struct index_reader **out_reader);

/*
 * The index equals the records as of now_boot_us: readers measure its age from
 * here. Costs one store, no commit.
 */
void index_writer_confirm(struct index_writer *writer, int64_t now_boot_us);

/*
 * Once a second: frees the slots of dead readers, checks that the directory is still
 * there, still current and not cut short (ST_DAMAGED, ST_NOT_FOUND: build a new one).
 */
NODISCARD enum status index_writer_tend(
	struct index_writer *writer, struct index_writer_stats *out_stats);

#endif
