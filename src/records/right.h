/*
 * Rights: what a person or a machine may do in Llavero itself. They are
 * resources like any other, of the product "llavero", and come to a person by
 * the profiles that he holds.
 *
 * R1: the owner of an account has all rights in it, and nobody has one in
 *     another account. catalog.edit counts in the account that manages the
 *     installation only, for the catalogue belongs to all.
 * R2: keys.edit counts for others than the owner only through a profile with
 *     handles_keys, which the owner alone sets and gives away.
 * R3: who is suspended, or of a suspended account, has none.
 * R4: nobody grants what he does not hold, nor adds to a profile that he holds.
 */
#ifndef RECORDS_RIGHT_H
#define RECORDS_RIGHT_H

#include "records/snapshot.h"

#define RIGHT_PRODUCT "llavero"
#define RIGHT_CATEGORY "Llavero"

enum right {
	RIGHT_NONE = 0,
	RIGHT_KEYS_VIEW,
	RIGHT_KEYS_EDIT,
	RIGHT_USERS_VIEW,
	RIGHT_USERS_EDIT,
	RIGHT_PROFILES_VIEW,
	RIGHT_PROFILES_EDIT,
	RIGHT_CATALOG_VIEW,
	RIGHT_CATALOG_EDIT,
	RIGHT_EVENTS_VIEW,
	RIGHT_DIAGNOSE,
	RIGHT_SETTINGS,
	RIGHT_COUNT
};

#define RIGHT_BIT(right) (UINT32_C(1) << (right))
#define RIGHTS_ALL ((RIGHT_BIT(RIGHT_COUNT) - 1) & ~RIGHT_BIT(RIGHT_NONE))

/* "keys.view", ...; "" for RIGHT_NONE. */
const char *right_name(enum right right);
/* RIGHT_NONE for a text that is none. */
enum right right_of_name(struct span name);
/* With what they imply: edit its view, and profiles.view the catalogue's, whose resources fill
 * profiles. */
uint32_t rights_with_implied(uint32_t rights);
/* ["keys.view",...] */
void rights_append_json(struct buf *out, uint32_t rights);
/* As a management token keeps them: names, a space between. Unknown ones count for nothing. */
uint32_t rights_of_text(struct span text);

/* What somebody may do now. */
struct holding {
	uint32_t account_slot;
	bool is_owner;
	bool is_active;            /* he and his account; without it rights are none */
	bool manages_installation; /* his account does */
	uint32_t rights;           /* with what they imply; a bit each */
};
/* ST_NOT_FOUND: no such user. */
NODISCARD enum status snapshot_user_holding(
	struct snapshot *snapshot, uint32_t user_slot, struct holding *out_holding);
/* The same of a management token: ended or expired at now_us it is not active. */
NODISCARD enum status snapshot_token_holding(struct snapshot *snapshot, uint32_t token_slot,
	int64_t now_us, struct holding *out_holding);

/* Make Llavero's own resources that are not there yet; at start, as a change of the system. */
NODISCARD enum status rights_install(struct records *records, int64_t now_us);

#endif
