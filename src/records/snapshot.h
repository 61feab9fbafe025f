/*
 * Consistent reading: everything read through one snapshot is the state at
 * exactly its head. Holding one never stops a change, but the write-ahead log
 * grows meanwhile, so hold it briefly (or scan on).
 */
#ifndef RECORDS_SNAPSHOT_H
#define RECORDS_SNAPSHOT_H

#include "base/arena.h"
#include "base/limits.h"
#include "records/records.h"

/* Fails with ST_BUSY (RECORDS_READERS_MAX are open), ST_IO, ST_NO_MEMORY. */
#define RECORDS_READERS_MAX 32u
NODISCARD enum status snapshot_begin(struct records *records, struct snapshot **out_snapshot);
void snapshot_end(struct snapshot **snapshot);

struct head snapshot_head(const struct snapshot *snapshot);

/* The hash of an event, to know whether the index comes from this history: ST_NOT_FOUND. */
NODISCARD enum status snapshot_event_hash(
	struct snapshot *snapshot, int64_t revision, uint8_t out_hash[DIGEST_SIZE]);

/*
 * The distinct records that the events after a revision touched, by kind and
 * slot; a getter that answers ST_NOT_FOUND says that it is gone. Imports of
 * many keys come key by key. Stops at the first status that is not ST_OK and
 * returns it.
 */
typedef enum status snapshot_changed_fn(void *arg, enum entity_kind kind, uint32_t slot);
NODISCARD enum status snapshot_changes(
	struct snapshot *snapshot, int64_t after_revision, snapshot_changed_fn *fn, void *arg);

/*
 * One record, by slot or by its unique name; texts and arrays in arena.
 * ST_NOT_FOUND, ST_NO_MEMORY (the arena's ceiling: 4 MiB do for any), ST_IO.
 */
NODISCARD enum status snapshot_account(struct snapshot *snapshot, uint32_t slot,
	struct arena *arena, struct record_account *out_account);
NODISCARD enum status snapshot_account_by_name(struct snapshot *snapshot, struct span name,
	struct arena *arena, struct record_account *out_account);
NODISCARD enum status snapshot_user(struct snapshot *snapshot, uint32_t slot, struct arena *arena,
	struct record_user *out_user);
NODISCARD enum status snapshot_user_by_email(struct snapshot *snapshot, uint32_t account_slot,
	struct span email, struct arena *arena, struct record_user *out_user);
/* When he was last given another address, if after that time; 0: he was not. */
NODISCARD enum status snapshot_email_changed(
	struct snapshot *snapshot, uint32_t slot, int64_t after_us, int64_t *out_us);
NODISCARD enum status snapshot_profile(struct snapshot *snapshot, uint32_t slot,
	struct arena *arena, struct record_profile *out_profile);
/* How many users hold it. */
NODISCARD enum status snapshot_profile_holders(
	struct snapshot *snapshot, uint32_t slot, int64_t *out_count);
/* account_slot 0: a predefined one. */
NODISCARD enum status snapshot_profile_by_name(struct snapshot *snapshot, uint32_t account_slot,
	struct span name, struct arena *arena, struct record_profile *out_profile);
NODISCARD enum status snapshot_resource(struct snapshot *snapshot, uint32_t slot,
	struct arena *arena, struct record_resource *out_resource);
NODISCARD enum status snapshot_resource_by_key(struct snapshot *snapshot, struct span product,
	struct span key, struct arena *arena, struct record_resource *out_resource);
NODISCARD enum status snapshot_service(struct snapshot *snapshot, uint32_t slot,
	struct arena *arena, struct record_service *out_service);
NODISCARD enum status snapshot_service_by_name(struct snapshot *snapshot, struct span name,
	struct arena *arena, struct record_service *out_service);
NODISCARD enum status snapshot_route(struct snapshot *snapshot, uint32_t slot, struct arena *arena,
	struct record_route *out_route);
struct route_name {
	uint32_t service_slot;
	struct span method, path;
};
NODISCARD enum status snapshot_route_by_name(struct snapshot *snapshot,
	const struct route_name *name, struct arena *arena, struct record_route *out_route);
/* With tokens and links; names filled. */
NODISCARD enum status snapshot_key(
	struct snapshot *snapshot, uint32_t slot, struct arena *arena, struct record_key *out_key);
NODISCARD enum status snapshot_key_by_app_key(struct snapshot *snapshot, struct span app_key,
	struct arena *arena, struct record_key *out_key);

/*
 * Every record of a kind, by slot. Each record lives until fn returns. Stops at
 * the first status that is not ST_OK and returns it. Other scans and getters
 * may be called from fn, only not the same scan again.
 */
typedef enum status snapshot_account_fn(void *arg, const struct record_account *account);
typedef enum status snapshot_profile_fn(void *arg, const struct record_profile *profile);
typedef enum status snapshot_resource_fn(void *arg, const struct record_resource *resource);
typedef enum status snapshot_service_fn(void *arg, const struct record_service *service);
typedef enum status snapshot_route_fn(void *arg, const struct record_route *route);
typedef enum status snapshot_key_fn(void *arg, const struct record_key *key);

NODISCARD enum status snapshot_each_account(
	struct snapshot *snapshot, snapshot_account_fn *fn, void *arg);
/* Those of the accounts, without the predefined ones. */
NODISCARD enum status snapshot_each_profile(
	struct snapshot *snapshot, snapshot_profile_fn *fn, void *arg);
NODISCARD enum status snapshot_each_resource(
	struct snapshot *snapshot, snapshot_resource_fn *fn, void *arg);
NODISCARD enum status snapshot_each_service(
	struct snapshot *snapshot, snapshot_service_fn *fn, void *arg);
NODISCARD enum status snapshot_each_route(
	struct snapshot *snapshot, snapshot_route_fn *fn, void *arg);
/* With tokens and links: what the index holds of a key. */
NODISCARD enum status snapshot_each_key(struct snapshot *snapshot, snapshot_key_fn *fn, void *arg);
/* Those with first <= slot <= last. */
NODISCARD enum status snapshot_keys(
	struct snapshot *snapshot, uint32_t first, uint32_t last, snapshot_key_fn *fn, void *arg);

/*
 * A page of a collection as slots, ascending or in the order asked for, those after
 * after_slot (0: from the start), at most count_max <= LIMIT_PAGE. Read the records with the
 * getters. Filters that are 0 or absent do not filter.
 */
/* What of a key calls for its owner's attention; any of the bits that a query names. */
enum key_alert {
	KEY_ALERT_UNLINKED = 1 << 0,       /* linked to no profile of its own account */
	KEY_ALERT_TOKEN_OLD = 1 << 1,      /* its token is older than KEY_TOKEN_OLD_US */
	KEY_ALERT_TOKEN_VERY_OLD = 1 << 2, /* or than KEY_TOKEN_VERY_OLD_US */
	KEY_ALERT_ROTATION_OPEN = 1 << 3,
	KEY_ALERT_EXPIRING = 1 << 4, /* expires within KEY_EXPIRING_US */
	KEY_ALERT_EXPIRED = 1 << 5,
	KEY_ALERT_ANY = (1 << 6) - 1, /* of those above */
	/* As far as use was counted (records/usage.h): */
	KEY_ALERT_NEVER_USED = 1 << 6,
	KEY_ALERT_UNUSED = 1 << 7,      /* for KEY_UNUSED_US; it is not newer than that */
	KEY_ALERT_LONG_UNUSED = 1 << 8, /* for KEY_LONG_UNUSED_US */
	/* Nothing that calls for attention: a one-time link waits to be opened. */
	KEY_ALERT_LINK_WAITING = 1 << 9
};
#define KEY_UNUSED_US (INT64_C(30) * 86400 * 1000000)
#define KEY_LONG_UNUSED_US (INT64_C(90) * 86400 * 1000000)
#define KEY_TOKEN_OLD_US (INT64_C(90) * 86400 * 1000000)
#define KEY_TOKEN_VERY_OLD_US (INT64_C(180) * 86400 * 1000000)
#define KEY_EXPIRING_US (INT64_C(14) * 86400 * 1000000)

enum key_order {
	KEY_ORDER_OLDEST,
	KEY_ORDER_NEWEST,
	KEY_ORDER_LABEL,
	KEY_ORDER_USED, /* those that were used never, then longest ago, first */
	KEY_ORDER_COUNT
};

struct list_query {
	enum entity_kind kind;
	/* Users, profiles, management tokens (required there), keys: of this home account. */
	uint32_t account_slot;
	uint32_t service_slot;  /* routes */
	uint32_t resource_slot; /* routes: those that it opens */
	uint32_t profile_slot;  /* keys: linked to it */
	uint32_t linked_in;     /* keys: linked in this account, home elsewhere (external keys) */
	enum record_key_state state; /* keys */
	struct span external_id;     /* keys: exactly this */
	unsigned alerts; /* keys: of enum key_alert, as of now_us; revoked ones have none */
	int64_t now_us;
	enum key_order order; /* keys; external ones only by age */
	struct span search;   /* a part of the name, label or appKey, ASCII case aside */
	/* Keys: VIEWER_ALL, or the account that looks: for other accounts' keys their appKey
	 * stands for the label, and external id and alerts find none of them. */
	uint32_t viewer;
	uint32_t after_slot;
	size_t count_max;
};
NODISCARD enum status snapshot_list(struct snapshot *snapshot, const struct list_query *query,
	uint32_t out_slots[LIMIT_PAGE], size_t *out_count);

/* How many keys are linked to a profile. */
NODISCARD enum status snapshot_profile_keys(
	struct snapshot *snapshot, uint32_t profile_slot, int64_t *out_count);

/* How many there are, for `status`. */
struct record_counts {
	int64_t accounts, users, profiles, resources, services, routes, keys;
};
NODISCARD enum status snapshot_counts(struct snapshot *snapshot, struct record_counts *out_counts);

#endif
