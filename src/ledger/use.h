/*
 * Use: every decision counted, exactly, by all processes of a machine, in the
 * ledger's file; and its way from there into the records.
 *
 * U1: counting one decision takes no lock, makes no system call and is one atomic
 *     step: a process that is killed has counted it or has not.
 * U2: a count that finds no place of its own goes to a cell of its account and
 *     cause, or to one of its cause alone; `dropped` says how many did. None is
 *     left out silently.
 * U3: a batch that was drained is in the records once: its id is stored in the
 *     transaction that adds it, and use_drain() compares. So a keeper may be
 *     killed at any instruction.
 * U4: what is read back was written by whoever may write the file. Every value is
 *     bounded before it is given out; which key it names is not vouched for.
 *
 * docs/decisions/use.md says why so, and what a crash of the machine can take.
 */
#ifndef LEDGER_USE_H
#define LEDGER_USE_H

#include "ledger/ledger.h"

/* Causes are numbers below this (decide/cause.h's are); 0: it was allowed. */
#define USE_CAUSES 64u

/* Which token was used. The numbers stand in the file and in the records. */
enum use_token {
	USE_TOKEN_NONE = 0, /* none was proven */
	USE_TOKEN_NEWEST,
	USE_TOKEN_PREVIOUS, /* the older of two live ones */
	USE_TOKEN_RETIRED,
	USE_TOKENS
};

/* What kind of process decided. The numbers stand in the file and in the records. */
enum use_by { USE_BY_GATE = 0, USE_BY_NGINX, USE_BY_LIBRARY, USE_BYS };

/* IPv4 stands as ::ffff:a.b.c.d. */
struct use_client {
	uint8_t bytes[16];
	bool known;
};

/* One decision, as it is counted. */
struct use {
	uint32_t account;  /* slot of the one whose owner may know of it; 0: the operator alone */
	uint32_t key;      /* slot of the key that was named, proven or not; 0: none is known */
	uint64_t route;    /* id; 0: none. Of an unproven refusal it is not counted */
	uint32_t resource; /* slot of the one that allowed; 0: none */
	uint8_t cause;     /* 0: allowed */
	uint8_t token;     /* enum use_token */
	uint8_t by;        /* enum use_by */
	struct use_client client;
	int64_t at_us;   /* wall time, as it was decided by */
	int64_t took_ns; /* the decision's time */
};

/*
 * What a process counted while it had no ledger: totals alone. All zero to begin
 * with; use_keep() adds it to a ledger and makes it zero again.
 */
#define USE_BUCKETS 13u /* of decision times; the last: more */
struct use_totals {
	uint64_t decided[USE_CAUSES]; /* by cause; [0]: allowed */
	uint64_t buckets[USE_BUCKETS];
	uint64_t duration_ns;
	uint64_t untrusted; /* asked by a peer that may not */
	uint64_t dropped;   /* counted in no cell of its own (U2) */
};

/* Upper borders of all buckets but the last, in nanoseconds. */
extern const int64_t USE_BUCKETS_NS[USE_BUCKETS - 1];

/* Count one decision; in *unkept when ledger is NULL. */
void use_count(struct ledger *ledger, struct use_totals *unkept, const struct use *use);

/* Count a question of a peer that may not ask. */
void use_count_untrusted(struct ledger *ledger, struct use_totals *unkept);

/* Right after opening a ledger. Its decisions have no key any more: they are dropped (U2). */
void use_keep(struct ledger *ledger, struct use_totals *unkept);

/*
 * The sums over all processes of the machine since the file was made; with ledger
 * NULL those of *unkept alone.
 */
void use_totals_read(
	const struct ledger *ledger, const struct use_totals *unkept, struct use_totals *out);

/* The same from the file in dir, which is not mapped. ST_NOT_FOUND, ST_FORMAT, ST_DAMAGED, ST_IO.
 */
NODISCARD enum status use_totals_of(const char *dir, struct use_totals *out);

/* ---- draining: one process, the keeper ---- */

enum use_kind {
	USE_OWN = 0, /* a key (or none), with its route, cause and minute */
	USE_OTHER,   /* of an account and cause, or of a cause alone: those that found no place (U2)
		      */
	USE_RETIRED  /* a client that sent a retired token of the key: counted besides USE_OWN */
};

/*
 * What was counted since the last batch. Each use is in one USE_OWN or USE_OTHER.
 * A minute, a key or a route may come in several items, also of one batch: add.
 */
struct use_item {
	enum use_kind kind;
	uint32_t account;
	uint32_t key;         /* 0: none, or unknown (USE_OTHER) */
	uint64_t route;       /* 0: none, unknown */
	uint32_t resource;    /* 0: none, unknown */
	uint8_t cause;        /* below USE_CAUSES, 0: allowed; maybe one that no version knows */
	uint8_t token;        /* enum use_token */
	uint8_t by;           /* enum use_by */
	uint32_t count;       /* not 0 */
	int64_t minute_at_us; /* the minute's begin; of USE_OTHER and USE_RETIRED that of last_at_us
			       */
	int64_t last_at_us;   /* the last of them, to the second */
	struct use_client client; /* of the last; USE_RETIRED: of all. Unknown in USE_OTHER */
};

/* Take one item into the transaction. Not ST_OK: the drain ends with that. */
typedef enum status (*use_take)(void *context, const struct use_item *item);

struct use_drain {
	const char *dir;
	uint64_t last_batch; /* that the records say was added last; 0: none */
	uint32_t items_max;  /* of one batch */
	use_take take;
	void *context;
	/* The drain's own, kept from one to the next; 0 at first. */
	uint32_t from;
};

/* What a batch is; count 0: there was nothing, and there is no id to store. */
struct use_batch {
	uint64_t id;
	uint32_t count;
	bool more; /* items_max was reached: there is more to take now */
	bool full; /* more than half of the places are in use: drain more often */
};

/*
 * Settle what the batch before became (last_batch was read from the records within
 * the same transaction), then give out what was counted since. Store id together
 * with the items; if the transaction is not committed nothing is lost: the same
 * uses come again. A commit of unknown outcome is told apart by the next call.
 *
 * No more than items_max at once. Reads the file and never maps it: one that is cut
 * meanwhile is ST_DAMAGED. ST_NOT_FOUND (none), ST_FORMAT, ST_IO, take's own.
 */
NODISCARD enum status use_drain(struct use_drain *drain, struct use_batch *out_batch);

/* After the commit, to give the places free at once; else the next drain does. */
NODISCARD enum status use_drained(struct use_drain *drain, uint64_t id);

#endif
