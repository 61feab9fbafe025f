/*
 * Inside src/records only: keys, shared by app_key.c, key_import.c, rotation.c,
 * handover.c and link.c.
 */
#ifndef RECORDS_KEYS_H
#define RECORDS_KEYS_H

#include "records/app_key.h"
#include "records/store.h"

#define KEY_JSON_MAX (1 * MIB)

/* A key that exists and may be changed by the actor, with its state before. */
struct key_step {
	struct record_key key;
	struct buf before;
};
NODISCARD enum status key_step_begin(
	struct change *change, uint32_t slot, struct key_step *step, struct complaint *complaint);
void key_step_free(struct key_step *step);
/* Count its version up and remember the event with the state after. */
NODISCARD enum status key_touch(struct change *change, struct key_step *step, const char *action);

/* A new token of the key of this step, as key_rotate: its checks and rows, no event. */
NODISCARD enum status rotate_check(
	const struct key_step *step, int64_t overlap_us, struct complaint *complaint);
NODISCARD enum status rotate_rows(struct change *change, const struct key_step *step,
	const uint8_t new_digest[DIGEST_SIZE], int64_t overlap_us, struct complaint *complaint);

/* As of struct record_key; all 0 when there is none. */
NODISCARD enum status handover_of_key(
	struct db *db, uint32_t key_slot, struct record_handover *out_handover);
/* Make the one that waits void; part of a change of the key, which says so by its own event. */
NODISCARD enum status handover_void(struct change *change, uint32_t key_slot);

/*
 * What the keys of one import have in common, looked up once: their account, which the actor may
 * change, and profiles. Of one change, which touches neither meanwhile; zero at first.
 */
#define KEY_MEMO_PROFILES 16u
struct key_memo {
	uint32_t account_slot; /* 0: none yet */
	struct span account;
	struct record_link targets[KEY_MEMO_PROFILES];
	size_t targets_count;
};

/* Checks, and what the new record will hold, in the change's arena; nothing is written. */
NODISCARD enum status key_prepare(struct change *change, const struct key_new *key,
	struct key_memo *memo, struct record_key *out_key, struct complaint *complaint);
/* The parts of it, also for edits. Empty texts become absent. */
NODISCARD enum status external_id_check(
	struct change *change, struct span id, struct span *out_id, struct complaint *complaint);
NODISCARD enum status metadata_check(struct change *change, struct span metadata,
	struct span *out_metadata, struct complaint *complaint);
NODISCARD enum status addresses_check(struct change *change, const struct span *texts, size_t count,
	const struct record_address **out_addresses, size_t *out_count,
	struct complaint *complaint);
NODISCARD enum status expiry_check(
	const struct change *change, int64_t expires_at_us, struct complaint *complaint);
/* The rows of a prepared key with its slot set. ST_EXISTS with the complaint which of both. */
NODISCARD enum status key_insert(
	struct change *change, const struct record_key *key, struct complaint *complaint);

/* Rows of keys and tokens as records, their texts in arena; keys without tokens and links. */
#define KEY_COLUMNS                                                                                \
	"SELECT k.slot, k.app_key, k.account_slot, k.state, k.reason, k.created_at_us,"            \
	" k.expires_at_us, k.revoked_at_us, k.rotation_open, k.rotation_ends_at_us, k.label,"      \
	" k.external_id, k.metadata, k.addresses, k.version, k.limits"
#define TOKEN_COLUMNS                                                                              \
	"SELECT digest, kind, cause, created_at_us, retired_at_us, retired_by, key_slot FROM "     \
	"tokens"
NODISCARD enum status key_take(
	struct db_statement *row, struct arena *arena, struct record_key *out_key);
NODISCARD enum status token_take(
	struct db_statement *row, struct arena *arena, struct record_token *out_token);

/* As key_append_json; with a context at hand. */
void key_append_json_with(struct buf *out, const struct record_key *key,
	uint32_t viewer_account_slot, struct digest_context *digest);

/* A profile that a link may name. ST_NOT_FOUND for a predefined one too. */
NODISCARD enum status link_target(
	struct change *change, uint32_t profile_slot, struct record_link *out_link);

#endif
