/*
 * One-time links by which the owner of a key hands its token over. The token is
 * made when the link is opened: until then the key has none, or only its old
 * one, so nothing secret waits in the records. Of the link's own secret only the
 * SHA-256 is stored.
 *
 * I1: a link is opened at most once, in the change that makes the token.
 * I2: a key has at most one link that waits: a new one, a rotation by hand,
 *     withdrawing it, deactivating and revoking make the older one void for good; so does
 *     another owner of the account, of all its keys.
 * I3: a link is worth what its maker may: once he may not handle the key any
 *     more, it is void for good. It is asked again when the link is opened.
 */
#ifndef RECORDS_HANDOVER_H
#define RECORDS_HANDOVER_H

#include "records/snapshot.h"

#define HANDOVER_VALID_US (INT64_C(24) * 3600 * 1000000)

enum handover_state {
	HANDOVER_VOID = 0,
	HANDOVER_WAITING = 1,
	HANDOVER_OPENED = 2,
	HANDOVER_EXPIRED = 3
};
const char *handover_state_name(enum handover_state state);
/* Expired from expires_at_us on. */
enum handover_state handover_state(const struct record_handover *handover, int64_t now_us);

/* Also one that is over or void. ST_NOT_FOUND. */
NODISCARD enum status snapshot_handover(struct snapshot *snapshot,
	const uint8_t digest[DIGEST_SIZE], struct record_handover *out_handover);

/* I3: may the maker still handle keys of this account? */
NODISCARD enum status snapshot_handover_maker(struct snapshot *snapshot,
	const struct record_handover *handover, uint32_t account_slot, int64_t now_us,
	bool *out_may);

/*
 * A link for the first token of a key that has none, or for a rotation with
 * this overlap (as of key_rotate). As key_rotate it refuses an open rotation.
 * One that a management token makes is over with that token at the latest.
 * ST_CONFLICT, ST_INVALID, ST_NOT_FOUND, ST_DENIED.
 */
NODISCARD enum status handover_create(struct change *change, uint32_t key_slot,
	const uint8_t digest[DIGEST_SIZE], int64_t overlap_us, struct complaint *complaint);

/* Make the link that waits void; the key stays as it is. ST_CONFLICT: none waits. */
NODISCARD enum status handover_withdraw(
	struct change *change, uint32_t key_slot, struct complaint *complaint);

/*
 * Open the link of this digest: the key gets the token of token_digest. Whoever
 * holds the link may: Llavero itself (ACTOR_SYSTEM) is the change's actor.
 * ST_NOT_FOUND: there is none; ST_CONFLICT with a complaint: it was opened
 * before, is over or void, its maker may not handle the key any more, or the key
 * is not active or over.
 */
NODISCARD enum status handover_open(struct change *change, const uint8_t digest[DIGEST_SIZE],
	const uint8_t token_digest[DIGEST_SIZE], uint32_t *out_key_slot,
	struct complaint *complaint);

#endif
