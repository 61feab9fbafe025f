/*
 * Changes of access profiles: named sets of resources, per account. They need
 * profiles.edit there; account_slot 0 means a predefined profile, which belongs
 * to the catalogue: catalog.edit. Whoever adds resources holds them himself, and
 * adds none to a profile of his own (records/right.h).
 */
#ifndef RECORDS_PROFILE_H
#define RECORDS_PROFILE_H

#include "records/records.h"

struct profile_new {
	uint32_t account_slot;
	struct span name; /* unique in the account, by bytes; 1 to LIMIT_NAME characters */
	const uint32_t *resource_slots; /* in any order; none: the profile opens nothing */
	size_t resources_count;
	bool handles_keys; /* needs the owner */
};

/* ST_EXISTS, ST_NOT_FOUND (a resource or the account), ST_INVALID, ST_LIMIT, ST_DENIED. */
NODISCARD enum status profile_create(struct change *change, const struct profile_new *profile,
	uint32_t *out_slot, struct complaint *complaint);

/* NULL or absent members stay as they are; version as in account.h. */
struct profile_edit {
	int64_t version;
	struct span name;
	bool set_resources; /* the whole set becomes resource_slots */
	const uint32_t *resource_slots;
	size_t resources_count;
	bool set_handles_keys; /* needs the owner when it differs */
	bool handles_keys;
};
NODISCARD enum status profile_edit(struct change *change, uint32_t slot,
	const struct profile_edit *edit, struct complaint *complaint);

/*
 * With links, or held by users, it is ST_CONFLICT, unless unlink; then each unlinking is an event
 * too, and needs keys.edit or users.edit.
 */
NODISCARD enum status profile_delete(
	struct change *change, uint32_t slot, bool unlink, struct complaint *complaint);

#endif
