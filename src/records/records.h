/*
 * The records: the one source of truth, in a SQL database. Every change is one
 * transaction of one or more events (records/event.h); the index, the console
 * and everything else derive from them.
 *
 * I1: a change that was acknowledged survives kill -9 and power loss; a change
 *     that failed left nothing.
 * I2: revisions have no gaps and follow the order of commits.
 * I3: at most one change is written at a time; several may share one commit.
 * I4: a database older than the high-water mark beside it is not opened.
 *
 * Threads: struct records serves any number. A struct change belongs to one
 * thread, which must not begin a second one meanwhile; it holds the writer, so
 * it is begun with everything at hand and never kept while waiting for others.
 * A snapshot belongs to one thread at a time.
 */
#ifndef RECORDS_RECORDS_H
#define RECORDS_RECORDS_H

#include "base/complaint.h"
#include "records/record.h"

struct records;  /* opaque */
struct change;   /* opaque */
struct snapshot; /* records/snapshot.h */
struct root_key; /* records/root_key.h */
struct db_driver;

enum actor_kind {
	ACTOR_SYSTEM = 1,   /* Llavero itself, e.g. the end of an overlap */
	ACTOR_OPERATOR = 2, /* who can reach the keeper's socket; may act for any owner */
	ACTOR_USER = 3,     /* a person with a session: user_slot */
	ACTOR_TOKEN = 4     /* a machine with a management token: token_slot */
};

/* Who makes a change. The spans need to live until change_begin returns. */
struct actor {
	enum actor_kind kind;
	uint32_t user_slot;     /* ACTOR_USER */
	uint32_t session_slot;  /* ACTOR_USER: must be there still; 0: not asked */
	uint32_t token_slot;    /* ACTOR_TOKEN */
	struct span name;       /* ACTOR_SYSTEM, ACTOR_OPERATOR: e.g. "overlap"; may be absent */
	int64_t peer_uid;       /* of the socket's peer; -1: unknown */
	struct span address;    /* client address; may be absent */
	struct span request_id; /* may be absent */
};

/* Where the records stand: the last event. */
struct head {
	int64_t epoch;    /* from 1; a restore or fail-over begins the next */
	int64_t revision; /* from 1; goes on over epochs */
	uint8_t hash[DIGEST_SIZE];
};

struct records_options {
	const char *url;                 /* "sqlite:/var/lib/llavero/records.db" */
	const char *data_dir;            /* for high-water.json and event-public-key */
	const struct root_key *root_key; /* kept by the caller until records_close */
	/*
	 * The operator knows that the database is older than the mark (a restored
	 * backup) and accepts it: begins a new epoch, as an event of this actor.
	 */
	const struct actor *accept_restored;
	/*
	 * A backup was just put in place that is not older than the mark, or there
	 * is no mark: begins a new epoch too, as an event of this actor.
	 */
	const struct actor *restored;
	const struct db_driver *driver; /* NULL: by the url's scheme; tests wrap it */
};

/*
 * Open, or make on first use, the records. *out_records belongs to the caller.
 *
 * Fails with ST_NOT_FOUND (no database, or an empty one, beside a high-water mark),
 * ST_STALE (behind the high-water mark: a restored older backup;
 * the complaint says how to accept it), ST_FORMAT (of a newer version),
 * ST_CONFLICT (another installation's root key), ST_BUSY (another keeper has it
 * open), ST_DAMAGED, ST_DENIED, ST_IO, ST_NO_SPACE, ST_INVALID (the url). The
 * complaint is filled for each but the last four of the system.
 */
NODISCARD enum status records_open(const struct records_options *options,
	struct records **out_records, struct complaint *complaint);

/* Writes the high-water mark, closes and sets *records to NULL. No change or snapshot is open. */
void records_close(struct records **records);

/* The newest committed head. */
struct head records_head(struct records *records);

/* The installation's id (32 lower-case hex digits), until records_close. */
struct span records_installation_id(const struct records *records);
const uint8_t *records_public_key(const struct records *records);

/*
 * What must be done now and then; call it about every second from one thread:
 * the high-water mark, checkpoints of the write-ahead log, old idempotency
 * keys. Returns the first failure, having tried all.
 */
NODISCARD enum status records_tick(struct records *records, int64_t now_us);

/* Figures for `status` and metrics. */
struct records_figures {
	struct head head;
	struct head mark; /* the high-water mark as last written */
	int64_t changes;  /* committed since the start */
	int64_t commits;  /* transactions that carried them */
	int64_t failed_commits;
	int64_t mark_failures; /* the mark could not be written (disk full): alarm */
	int64_t reopened;      /* connections given up after an I/O error */
};
void records_figures(struct records *records, struct records_figures *out_figures);

/*
 * Begin a change by actor at now_us. Waits for its turn (first come, first
 * served). On success the caller must end it with change_commit or
 * change_abort. Fails with ST_BUSY, ST_IO, ST_NO_SPACE, ST_NO_MEMORY.
 *
 * After any failing call on a change the change can only be aborted, unless
 * that call's header says otherwise: change_commit returns that failure again.
 */
NODISCARD enum status change_begin(struct records *records, const struct actor *actor,
	int64_t now_us, struct change **out_change);

/*
 * Commit; returns ST_OK only when the change is on disk. out_head (or NULL)
 * gets epoch, revision and hash of its last event; a change without events
 * writes nothing and gets the head that it saw, once that is on disk. Sets *change to NULL, also on
 * failure. ST_UNKNOWN: the outcome is open (only for databases over a network).
 */
NODISCARD enum status change_commit(struct change **change, struct head *out_head);

/* Undo it; does nothing when *change is NULL. */
void change_abort(struct change **change);

/*
 * Read what this change would leave, itself included; valid until the change
 * ends. Do not close it.
 */
struct snapshot *change_reading(struct change *change);

/*
 * Did an edit in it let somebody do more than before? Of a key: from more addresses, for longer,
 * more often, or as another customer; of a profile: more resources, or handling keys, also a new
 * one.
 */
bool change_widens(const struct change *change);

#endif
