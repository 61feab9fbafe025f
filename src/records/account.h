/*
 * Changes of accounts and their users. All need the operator, except what
 * says otherwise. Exactly one user of an account is its owner, at any time.
 */
#ifndef RECORDS_ACCOUNT_H
#define RECORDS_ACCOUNT_H

#include "records/records.h"

#define ACCOUNT_HOSTS_MAX 64u

struct account_new {
	struct span name;         /* [a-z][a-z0-9-]{1,62}, for ever */
	struct span display_name; /* absent: the name */
	struct span owner_email;
	struct span owner_name; /* may be absent */
};

/* The account and its owner. ST_EXISTS, ST_INVALID, ST_DENIED. */
NODISCARD enum status account_create(struct change *change, const struct account_new *account,
	uint32_t *out_slot, struct complaint *complaint);

/*
 * version: what the caller has read; 0: whatever it is. ST_CONFLICT when it changed since.
 * Needs settings in the account.
 */
NODISCARD enum status account_set_display_name(struct change *change, uint32_t slot,
	int64_t version, struct span display_name, struct complaint *complaint);
/* Suspending narrows access: all keys of the account are refused. ST_CONFLICT: it is so already. */
NODISCARD enum status account_set_state(struct change *change, uint32_t slot,
	enum account_state state, struct complaint *complaint);

/* Whether catalog.edit counts in the account; it does in the first one. So already: no event. */
NODISCARD enum status account_set_manages(
	struct change *change, uint32_t slot, bool manages, struct complaint *complaint);

/* A host names one account in the installation. Lower-cased. ST_EXISTS, ST_INVALID, ST_LIMIT. */
NODISCARD enum status account_host_add(
	struct change *change, uint32_t slot, struct span host, struct complaint *complaint);
NODISCARD enum status account_host_remove(
	struct change *change, uint32_t slot, struct span host, struct complaint *complaint);

struct user_new {
	uint32_t account_slot;
	struct span email; /* unique in the account, ASCII case aside */
	struct span name;  /* may be absent */
};

/*
 * Users need users.edit. Of others than the owner and operator it reaches no owner
 * and nobody who may do what the actor may not.
 */
NODISCARD enum status user_create(struct change *change, const struct user_new *user,
	uint32_t *out_slot, struct complaint *complaint);
/* Absent: unchanged. */
NODISCARD enum status user_edit(struct change *change, uint32_t slot, int64_t version,
	const struct user_new *edited, struct complaint *complaint);
/* Not the owner: ST_CONFLICT. */
NODISCARD enum status user_set_state(
	struct change *change, uint32_t slot, enum user_state state, struct complaint *complaint);
/*
 * Forget the person: e-mail and name are overwritten, the slot stays, so that
 * events that name it keep their meaning. Not the owner: ST_CONFLICT.
 */
NODISCARD enum status user_erase(struct change *change, uint32_t slot, struct complaint *complaint);

/*
 * The profiles that he holds become these, all of his account. ST_NOT_FOUND (a profile),
 * ST_LIMIT. Whoever gives one holds its resources himself; one that handles keys only the
 * owner gives. His sessions end (session.h, S3). Nothing differs: no event, no end.
 */
#define PROFILES_PER_USER_MAX 64u
NODISCARD enum status user_set_profiles(struct change *change, uint32_t slot,
	const uint32_t *profile_slots, size_t profiles_count, struct complaint *complaint);

/* Make another active user of the same account its owner; the old one stays a user. The owner
 * and the operator may. */
NODISCARD enum status owner_transfer(
	struct change *change, uint32_t to_user_slot, struct complaint *complaint);

#endif
