/*
 * Things that a body names: resources as "KEY", "product/KEY" or
 * {"product","key"}; profiles by id or name. Each refusal names the one that
 * was not found, or that several answer to.
 */
#ifndef KEEPER_REFER_H
#define KEEPER_REFER_H

#include "keeper/api.h"

/* The slots of an array of references to resources, in the call's arena. */
NODISCARD enum status refer_resources(
	struct api_call *call, const json_t *array, uint32_t **out_slots, size_t *out_count);

/* A profile of that account by id (number, or a text of digits only) or name. */
NODISCARD enum status refer_profile(
	struct api_call *call, uint32_t account_slot, const json_t *reference, uint32_t *out_slot);
NODISCARD enum status refer_profiles(struct api_call *call, uint32_t account_slot,
	const json_t *array, uint32_t **out_slots, size_t *out_count);

/* A user of that account by id (number) or e-mail address. */
NODISCARD enum status refer_user(struct api_call *call, uint32_t account_slot,
	const json_t *reference, struct record_user *out_user);

bool slots_contain(const uint32_t *slots, size_t count, uint32_t slot);

#endif
