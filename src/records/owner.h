/*
 * The transfer of an account's ownership by invitation: the owner invites
 * another user, who accepts it himself; either may cancel it. At most one
 * invitation of an account waits.
 */
#ifndef RECORDS_OWNER_H
#define RECORDS_OWNER_H

#include "records/snapshot.h"

#define OWNER_INVITATION_VALID_US (INT64_C(72) * 3600 * 1000000)

struct record_invitation {
	uint32_t account_slot;
	uint32_t user_slot;
	int64_t created_at_us;
	int64_t expires_at_us; /* over from this instant on */
};

/* Also one that is over. ST_NOT_FOUND. */
NODISCARD enum status snapshot_invitation(
	struct snapshot *snapshot, uint32_t account_slot, struct record_invitation *out_invitation);

/*
 * Invite an active user of the account who enrolled and is not its owner, in place
 * of an earlier invitation. By the owner (the operator may transfer it at once:
 * owner_transfer). ST_CONFLICT, ST_NOT_FOUND, ST_DENIED.
 */
NODISCARD enum status owner_invite(
	struct change *change, uint32_t user_slot, struct complaint *complaint);
/* By the owner or the invited user. ST_NOT_FOUND: nobody is invited. */
NODISCARD enum status owner_invitation_cancel(
	struct change *change, uint32_t account_slot, struct complaint *complaint);
/*
 * By the invited user alone: he becomes the owner, the old one stays a user. The
 * sessions of both end, but for the one that accepts, and enrolment links of the
 * new owner that nobody used are void.
 * ST_CONFLICT: it is over; ST_DENIED: another one, or he or his session is not active.
 */
NODISCARD enum status owner_invitation_accept(
	struct change *change, uint32_t account_slot, struct complaint *complaint);

#endif
