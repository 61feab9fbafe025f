/*
 * The follower: makes the index equal to the records.
 *
 * I1: after follow_once() answered ST_OK the index equals the records at
 *     exactly the revision that it reports.
 * I2: the index is derived. When it is missing, damaged, of another version, of
 *     another installation or epoch, ahead of the records, or of a history that the
 *     records do not have (the hash of its event differs), it is built anew beside the
 *     old one and switched to.
 * I3: one changed entity costs its own records, whatever the number of keys.
 */
#ifndef FOLLOW_FOLLOW_H
#define FOLLOW_FOLLOW_H

#include "base/attr.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct complaint; /* base/complaint.h */
struct records;   /* records/records.h */
struct snapshot;  /* records/snapshot.h */
struct follower;  /* opaque */

struct follow_result {
	uint64_t epoch, revision; /* what the index equals now */
	bool rebuilt;             /* built from scratch by this call */
	/*
	 * The catalogue in the records does not compile (who changes it asks
	 * follow_check_routes() before). The index then has no routes, so all are unknown and
	 * refused, and revocations still get through.
	 */
	bool routes_refused;
	size_t changes_count; /* entities that this call applied, when not rebuilt */
};

/*
 * dir: the index's folder (made with mode 0750 when missing). records stays the
 * caller's and must outlive the follower. follow_once(), follow_tend() and follow_close()
 * are for one thread at a time. Opens no index yet: the first
 * follow_once() does, and builds one when it must.
 */
NODISCARD enum status follow_open(
	const char *dir, struct records *records, struct follower **out_follower);
void follow_close(struct follower **follower);

/*
 * Bring the index to the records' newest revision. Call it after each commit,
 * before the change is answered, and at start. When nothing has changed it
 * costs one read of the head and confirms the index to its readers.
 *
 * On failure the index stays at a whole revision (its last), readers go on with
 * it and see it age; the next call tries again. *out_result may be NULL.
 */
NODISCARD enum status follow_once(struct follower *follower, struct follow_result *out_result);

/*
 * Would the services and routes of the snapshot (of a change: as it will leave them) compile? For
 * whoever changes them, before it commits. ST_INVALID, ST_EXISTS or ST_LIMIT with a complaint of
 * area "route"; or the snapshot's failure.
 */
NODISCARD enum status follow_check_routes(struct snapshot *snapshot, struct complaint *complaint);

/*
 * What the index says now, for explaining in the keeper's own process, which
 * must not open the index a second time (LMDB's locks would be lost). These two may be
 * called from any thread, at any time. Hold one briefly: the follower waits for it before
 * it changes to another index. Fails with ST_UNAVAILABLE (none is open now: before the
 * first follow_once(), or it is being built) and as index_reader_view_begin().
 */
struct view;
struct follow_reading; /* opaque */
NODISCARD enum status follow_reading_begin(struct follower *follower,
	struct follow_reading **out_reading, const struct view **out_view);
/* Ends it and sets *reading to NULL. Does nothing when it is NULL. */
void follow_reading_end(struct follow_reading **reading);

/*
 * Once a second: dead readers' slots are freed, a damaged or removed index is
 * built anew, a bloated one is compacted, and the index is confirmed when it still equals the
 * records.
 */
NODISCARD enum status follow_tend(struct follower *follower);

#endif
