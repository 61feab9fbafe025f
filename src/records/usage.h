/*
 * Use: how often keys were used and refused, when last and from where, as the
 * ledger counted it at the gates.
 *
 * U1: use is no change: it makes no event, moves no revision, and a restored
 *     backup has it as it stood then.
 * U2: a batch of the ledger counts once, however often it is brought: its id is
 *     written in the same transaction as what it says.
 * U3: that transaction is small (USAGE_BATCH_MAX), for changes wait for it.
 * U4: nothing is believed that cannot be: a key that is not there, or that was made
 *     after the time of its use (the ledger outlives a restore), counts as no key;
 *     times in the future are now.
 * U5: tables are bounded: by age, and by rows (then the oldest go first).
 */
#ifndef RECORDS_USAGE_H
#define RECORDS_USAGE_H

#include "records/snapshot.h"

#define USAGE_CAUSE_MAX 40u

/* Items of one batch, at most. */
#define USAGE_BATCH_MAX 128u

enum usage_token { USAGE_TOKEN_NONE = 0, USAGE_CURRENT, USAGE_PREVIOUS, USAGE_RETIRED };

/* So many uses of one kind within a minute, and the last of them. */
struct usage_item {
	/* Uses that are counted already: who sent a retired token, and how often. */
	bool is_client;
	uint32_t account_slot, key_slot, route_slot, resource_slot; /* 0: none known */
	const char *cause;                                          /* "": allowed; static */
	const char *gateway;                                        /* static */
	enum usage_token token;                                     /* that was proven */
	int64_t minute_at_us, at_us;
	uint32_t uses;
	char address[48]; /* of the last; "": not known */
};

struct usage_batch {
	int64_t id; /* not 0 */
	const struct usage_item *items;
	size_t items_count;
};

/* The id of the batch that was stored last, 0: none; when that was; and since when use is counted.
 */
struct usage_drained {
	int64_t batch, at_us, since_us;
};
NODISCARD enum status usage_drained(struct records *records, struct usage_drained *out_drained);

/* ST_IO, ST_NO_SPACE: whether it is there now usage_drained tells. */
NODISCARD enum status usage_store(
	struct records *records, const struct usage_batch *batch, int64_t now_us);

struct usage_keep {
	int64_t hours, days;
	int64_t rows_max; /* of each table */
};
/* One piece of what is over; true: there is more. Off the path of changes as usage_store. */
NODISCARD enum status usage_purge(
	struct records *records, const struct usage_keep *keep, int64_t now_us, bool *out_more);

/* ---- reading ---- */

enum usage_by {
	USAGE_BY_TIME = 0,
	USAGE_BY_KEY,
	USAGE_BY_ROUTE,
	USAGE_BY_RESOURCE,
	USAGE_BY_CAUSE,
	USAGE_BY_COUNT
};

struct usage_query {
	bool days; /* of the days' table, else of the hours' */
	enum usage_by by;
	uint32_t account_slot; /* 0: of all */
	uint32_t key_slot;     /* 0: any; account_slot 0 with it: wherever it was used */
	uint32_t route_slot, resource_slot;
	struct span cause; /* absent: any; "": what was allowed */
	bool refused_only;
	int64_t from, until; /* periods (hours or days since 1970), until is beyond the last */
	uint32_t skip;
	size_t count_max; /* at most LIMIT_PAGE */
};

struct usage_row {
	int64_t value; /* the period, or a slot */
	char cause[USAGE_CAUSE_MAX];
	int64_t allowed, refused;
};

/* By time: oldest first; else the most first. One more than count_max is never given. */
NODISCARD enum status usage_list(struct snapshot *snapshot, const struct usage_query *query,
	struct usage_row out_rows[LIMIT_PAGE], size_t *out_count);
/* All that the query selects, as one row. */
NODISCARD enum status usage_sum(
	struct snapshot *snapshot, const struct usage_query *query, struct usage_row *out_sum);

struct usage_seen {
	int64_t at_us;                /* 0: never, as far as is known */
	struct span address, gateway; /* absent: not known */
};
/* When the key was allowed last. */
NODISCARD enum status usage_of_key(struct snapshot *snapshot, uint32_t key_slot,
	struct arena *arena, struct usage_seen *out_seen);
/* When the token was sent last: of a retired one, in vain. */
NODISCARD enum status usage_of_token(struct snapshot *snapshot, uint32_t key_slot,
	const uint8_t digest[DIGEST_SIZE], struct arena *arena, struct usage_seen *out_seen);

#define USAGE_CLIENTS_MAX 16u
struct usage_client {
	struct span address; /* "": not known */
	int64_t at_us, uses; /* uses: of a retired token, else 0 */
};
/* Who sends the token, the last one first. */
NODISCARD enum status usage_clients(struct snapshot *snapshot, uint32_t key_slot,
	const uint8_t digest[DIGEST_SIZE], struct arena *arena,
	struct usage_client out_clients[USAGE_CLIENTS_MAX], size_t *out_count);

/* A page of what an account's keys did. */
struct usage_slice {
	uint32_t account_slot;
	int64_t since_us;   /* of usage_retired: sent since */
	int64_t before_day; /* of usage_resources: not used on this day or later */
	uint32_t skip;
	size_t count_max; /* at most LIMIT_PAGE */
};

/* The clients that sent a token after it was retired, of an account (0: of all); the last first. */
struct usage_retired {
	uint32_t key_slot;
	uint8_t digest[DIGEST_SIZE];
	struct span address;
	int64_t at_us, uses;
};
NODISCARD enum status usage_retired(struct snapshot *snapshot, const struct usage_slice *slice,
	struct arena *arena, struct usage_retired out_clients[LIMIT_PAGE], size_t *out_count);

/* Resources that keys may use by profiles of the account, the never and the longest unused first.
 */
struct usage_resource {
	uint32_t slot;
	int64_t used_on; /* day; 0: never */
	int64_t profiles;
};
NODISCARD enum status usage_resources(struct snapshot *snapshot, const struct usage_slice *slice,
	struct usage_resource out_resources[LIMIT_PAGE], size_t *out_count);

#endif
