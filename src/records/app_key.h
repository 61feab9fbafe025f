/*
 * Changes of keys, their tokens and links. The operator and the owner of the
 * key's account may; for links the owner of the profile's account.
 * Only digests come here: no token ever does.
 *
 * States: active <-> inactive; either -> revoked, which is final.
 */
#ifndef RECORDS_APP_KEY_H
#define RECORDS_APP_KEY_H

#include "records/records.h"

struct key_new {
	uint32_t account_slot;
	struct span app_key;          /* its text form is the caller's (key/) to make or check */
	const uint8_t *digest;        /* DIGEST_SIZE bytes; NULL: no token yet */
	struct span label;            /* 1 to LIMIT_NAME characters */
	struct span external_id;      /* absent: none */
	struct span metadata;         /* JSON object; absent: none */
	const struct span *addresses; /* CIDR or single addresses */
	size_t addresses_count;
	int64_t expires_at_us;         /* 0: never; else after now */
	struct allowance limits;       /* by allowance_set(): within its ceilings */
	const uint32_t *profile_slots; /* linked at once */
	size_t profiles_count;
};

/*
 * ST_EXISTS for an appKey that is taken and for a digest that any token, live
 * or retired, has had (the complaint does not say whose); ST_NOT_FOUND,
 * ST_INVALID, ST_LIMIT, ST_DENIED.
 */
NODISCARD enum status key_create(struct change *change, const struct key_new *key,
	uint32_t *out_slot, struct complaint *complaint);

/* Absent, NULL or false: unchanged. To take one off, set it to "" or to none. */
struct key_edit {
	int64_t version;
	struct span label;
	struct span external_id;
	struct span metadata;
	bool set_addresses;
	const struct span *addresses;
	size_t addresses_count;
	bool set_expiry;
	int64_t expires_at_us;
	bool set_limits;
	struct allowance limits;
};
NODISCARD enum status key_edit(struct change *change, uint32_t slot, const struct key_edit *edit,
	struct complaint *complaint);

/* ST_CONFLICT when it is so already, or revoked. */
NODISCARD enum status key_activate(
	struct change *change, uint32_t slot, struct complaint *complaint);
NODISCARD enum status key_deactivate(
	struct change *change, uint32_t slot, struct complaint *complaint);
/* Final. Ends an open rotation; all tokens become retired. */
NODISCARD enum status key_revoke(struct change *change, uint32_t slot, enum revoke_reason reason,
	struct complaint *complaint);

/*
 * A new token beside the present one. overlap_us: ROTATE_OPEN (both live until
 * finished or cancelled), 0 (the old one is retired at once) or how long both
 * live, at most ROTATE_OVERLAP_MAX_US. A key that had no token yet gets its
 * first. While one is open: ST_CONFLICT. ST_EXISTS as in key_create.
 */
#define ROTATE_OPEN (-1)
#define ROTATE_OVERLAP_MAX_US (INT64_C(90) * 86400 * 1000000)
NODISCARD enum status key_rotate(struct change *change, uint32_t slot,
	const uint8_t new_digest[DIGEST_SIZE], int64_t overlap_us, struct complaint *complaint);
/* Retire the old token. None open: ST_CONFLICT. */
NODISCARD enum status key_finish_rotation(
	struct change *change, uint32_t slot, struct complaint *complaint);
/* Retire the new token. None open: ST_CONFLICT. */
NODISCARD enum status key_cancel_rotation(
	struct change *change, uint32_t slot, struct complaint *complaint);

/*
 * End the overlaps that are over at now_us, each as an event of the system.
 * Begins and commits its own changes; call it about every second. out_ended:
 * how many; out_next_us: when the next one ends, 0: none.
 */
NODISCARD enum status keys_end_overlaps(
	struct records *records, int64_t now_us, size_t *out_ended, int64_t *out_next_us);

/*
 * Link a key to a profile; a key of another account becomes an external key in
 * the profile's. ST_EXISTS, ST_LIMIT (LIMIT_PROFILES_PER_KEY), ST_NOT_FOUND,
 * ST_CONFLICT (revoked).
 */
NODISCARD enum status link_add(struct change *change, uint32_t key_slot, uint32_t profile_slot,
	struct complaint *complaint);
NODISCARD enum status link_remove(struct change *change, uint32_t key_slot, uint32_t profile_slot,
	struct complaint *complaint);

/*
 * Import up to KEYS_IMPORT_MAX keys as one event. What a line lacks to be
 * accepted stands in its result, and the others are imported; a failure of the
 * call itself (ST_IO, ...) leaves the change to be aborted.
 */
#define KEYS_IMPORT_MAX 3072u
struct key_import {
	struct key_new key;
	enum record_key_state state; /* 0: active */
	enum revoke_reason reason;
};
struct key_import_result {
	enum status status; /* ST_OK: imported */
	uint32_t slot;
	struct complaint complaint;
};
NODISCARD enum status keys_import(struct change *change, const struct key_import *keys,
	size_t keys_count, struct key_import_result *out_results);

/* "10.1.2.3", "10.0.0.0/8", "2001:db8::/32"; the host bits must be zero. ST_INVALID. */
NODISCARD enum status record_address_parse(
	struct span text, struct record_address *out_address, struct complaint *complaint);

#endif
