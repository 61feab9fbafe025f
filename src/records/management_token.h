/*
 * Management tokens: credentials of machines for /v1, made by the owner of an
 * account for named rights from named addresses. Of the token (key/token.h,
 * TOKEN_MANAGEMENT) only the SHA-256 comes here.
 *
 * I1: a token lives at most MANAGEMENT_TOKEN_VALID_MAX_US and is never live again.
 * I2: when the ownership of the account goes to somebody else, all of its tokens are revoked,
 *     the operator's too: the new owner begins with none that he did not make.
 * I3: a token acts for the owner who made it: it ends when he is reset, suspended or erased, for
 *     who had his session may have made it; and it counts only while he is the owner and active.
 */
#ifndef RECORDS_MANAGEMENT_TOKEN_H
#define RECORDS_MANAGEMENT_TOKEN_H

#include "records/snapshot.h"

#define MANAGEMENT_TOKEN_VALID_MAX_US (INT64_C(90) * 86400 * 1000000)

struct record_management_token {
	uint32_t slot;
	uint32_t account_slot;
	struct span account; /* its name */
	struct span label;
	struct span rights; /* names, a space between them */
	const struct record_address *addresses;
	size_t addresses_count;
	uint32_t created_by; /* the user; 0: the operator */
	int64_t created_at_us;
	int64_t expires_at_us; /* dead from this instant on */
	int64_t revoked_at_us; /* 0: it is not */
	int64_t used_at_us;    /* to about a minute; 0: never */
	int64_t version;
};

/* ST_NOT_FOUND, ST_NO_MEMORY, ST_IO. */
NODISCARD enum status snapshot_management_token(struct snapshot *snapshot, uint32_t slot,
	struct arena *arena, struct record_management_token *out_token);
/* By the digest, revoked and expired ones too. */
NODISCARD enum status management_token_find(struct snapshot *snapshot,
	const uint8_t digest[DIGEST_SIZE], struct arena *arena,
	struct record_management_token *out_token);

/* How many live ones a user made. */
NODISCARD enum status snapshot_management_tokens_of(
	struct snapshot *snapshot, uint32_t user_slot, int64_t now_us, int64_t *out_count);

bool management_token_live(const struct record_management_token *token, int64_t now_us);
/* address: IPv6 or IPv4-mapped IPv6, network order. */
bool management_token_admits(
	const struct record_management_token *token, const uint8_t address[16]);

/* with_use: also when it was used last, which is no part of its version. */
void management_token_append_json(
	struct buf *out, const struct record_management_token *token, bool with_use);

/*
 * Remember that it was used, at most once a minute, and not while others write:
 * then the next use does. Not a change and no event.
 */
NODISCARD enum status management_token_used(
	struct records *records, const struct record_management_token *token, int64_t now_us);

struct management_token_new {
	uint32_t account_slot;
	const uint8_t *digest; /* DIGEST_SIZE bytes */
	struct span label;
	const struct span *rights; /* names of records/right.h, at least one */
	size_t rights_count;
	const struct span *addresses; /* at least one */
	size_t addresses_count;
	int64_t expires_at_us;
};

/* By the owner or the operator. ST_INVALID, ST_LIMIT, ST_DENIED, ST_NOT_FOUND, ST_EXISTS. */
NODISCARD enum status management_token_create(struct change *change,
	const struct management_token_new *token, uint32_t *out_slot, struct complaint *complaint);
/* Final. ST_CONFLICT: it is revoked. */
NODISCARD enum status management_token_revoke(
	struct change *change, uint32_t slot, struct complaint *complaint);

#endif
