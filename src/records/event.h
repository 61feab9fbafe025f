/*
 * Events: the audit log and the change feed, the same rows.
 *
 * An event is stored as TEXT, made once and never rendered again: JSON with
 * its keys in this order
 *   {"v":1,"epoch","revision","time","part","parts","actor":{"kind","id","uid",
 *   "address","requestId"[,"delegated"]},"account","accountId","action","entity":{"kind","id","slot"[,"lastSlot"]},
 *   "before","after","previous"}
 * (absent: null), where previous is the hash of the event before, and
 *   hash = SHA-256("llavero event 1\n" + text).
 * The last event of a transaction (part == parts) carries an Ed25519 signature
 *   over "llavero head 1\n{epoch}\n{revision}\n{hash in hex}\n".
 * Neither tokens, nor their digests, nor e-mail addresses stand in events: a
 * token is named by the first 16 hex digits of SHA-256("llavero token 1\n" +
 * digest), a person by "user:{slot}".
 */
#ifndef RECORDS_EVENT_H
#define RECORDS_EVENT_H

#include "records/snapshot.h"

#define EVENTS_PAGE_MAX 200u

/* Filters that are 0 or absent do not filter. */
struct event_query {
	uint32_t account_slot;
	bool with_catalog;            /* the catalogue's too, which are no account's */
	uint32_t entity_kinds;        /* bit 1 << kind for each that is wanted */
	enum entity_kind entity_kind; /* with entity_slot: one record's history */
	uint32_t entity_slot;
	/* One or several with "," between, any of which will do. */
	struct span action;        /* exactly, or a prefix that ends in "." ("key.") */
	struct span actor_id;      /* "operator:1000", "user:7", "token:2", "system:overlap" */
	int64_t from_us, until_us; /* from <= time < until */
	int64_t cursor; /* a revision, exclusive; 0: from the end that the order begins at */
	bool newest_first;
	size_t count_max; /* <= EVENTS_PAGE_MAX */
};

struct event {
	int64_t revision;
	int64_t epoch;
	int64_t time_us;
	struct span text; /* the canonical JSON */
	uint8_t hash[DIGEST_SIZE];
	bool is_signed; /* the last one of its transaction */
};

/*
 * A page of events. A page may hold fewer than count_max, or none, and still
 * have a next one: each call looks at a bounded number of events.
 * *out_next: the cursor of the next page, 0 at the end. ST_INVALID, ST_IO,
 * ST_NO_MEMORY.
 */
NODISCARD enum status events_list(struct snapshot *snapshot, const struct event_query *query,
	struct arena *arena, struct event out_events[EVENTS_PAGE_MAX], size_t *out_count,
	int64_t *out_next);

#endif
