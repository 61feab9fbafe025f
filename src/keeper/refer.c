#include "keeper/refer.h"

static enum status refuse_named(
	struct api_call *call, enum status st, const char *key, struct span text)
{
	const char *copy = arena_copy(call->arena, text);

	return api_refuse(call, st, key, "name", copy == NULL ? "" : copy);
}

/* ---- resources ---- */

static enum status resource_of_product(
	struct api_call *call, struct span product, struct span key, uint32_t *out_slot)
{
	struct record_resource resource;
	enum status st =
		snapshot_resource_by_key(call->reading, product, key, call->arena, &resource);

	if (st == ST_OK)
		*out_slot = resource.slot;
	return st;
}

struct key_search {
	struct span key;
	uint32_t found;
	unsigned count;
};

static enum status key_matches(void *arg, const struct record_resource *resource)
{
	struct key_search *search = arg;

	if (span_equal(resource->key, search->key)) {
		search->found = resource->slot;
		search->count++;
	}
	return ST_OK;
}

/* A bare key names a resource when only one product has it. */
static enum status resource_of_any_product(
	struct api_call *call, struct span key, uint32_t *out_slot)
{
	struct key_search search = { .key = key };
	enum status st = snapshot_each_resource(call->reading, key_matches, &search);

	if (st != ST_OK)
		return st;
	if (search.count > 1)
		return refuse_named(call, ST_INVALID, "api.resource_of_several", key);
	if (search.count == 0)
		return ST_NOT_FOUND;
	*out_slot = search.found;
	return ST_OK;
}

/* One resource by its text form. */
static enum status find_resource(struct api_call *call, struct span text, uint32_t *out_slot)
{
	/* Product and key may hold slashes themselves: every split is tried. */
	for (size_t i = 0; i < text.len; i++) {
		enum status st;

		if (text.ptr[i] != '/')
			continue;
		st = resource_of_product(
			call, span_part(text, 0, i), span_part(text, i + 1, text.len), out_slot);
		if (st != ST_NOT_FOUND)
			return st;
	}
	enum status st = resource_of_any_product(call, text, out_slot);
	if (st == ST_NOT_FOUND)
		return refuse_named(call, ST_INVALID, "api.resource_unknown", text);
	return st;
}

static enum status refer_resource_object(
	struct api_call *call, const json_t *object, uint32_t *out_slot)
{
	struct body_field fields[] = {
		{ .name = "product", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "key", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		/* As in our own answers, so that one can be sent back. */
		{ .name = "name", .kind = BODY_TEXT },
		{ .name = "category", .kind = BODY_TEXT },
		{ .name = "id", .kind = BODY_ANY },
	};
	enum status st = api_object(call, object, fields, ARRAY_LEN(fields));

	if (st != ST_OK)
		return st;
	st = resource_of_product(call, fields[0].text, fields[1].text, out_slot);
	if (st == ST_NOT_FOUND)
		return refuse_named(call, ST_INVALID, "api.resource_unknown", fields[1].text);
	return st;
}

enum status refer_resources(
	struct api_call *call, const json_t *array, uint32_t **out_slots, size_t *out_count)
{
	size_t count = json_array_size(array);
	uint32_t *slots = arena_array(call->arena, count + 1, sizeof(*slots));

	if (slots == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(array, i);
		enum status st;

		if (json_is_string(item))
			st = find_resource(call,
				span_of(json_string_value(item), json_string_length(item)),
				&slots[i]);
		else if (json_is_object(item))
			st = refer_resource_object(call, item, &slots[i]);
		else
			st = api_refuse(call, ST_INVALID, "api.resource_reference", NULL, NULL);
		if (st != ST_OK)
			return st;
	}
	*out_slots = slots;
	*out_count = count;
	return ST_OK;
}

/* ---- profiles ---- */

static enum status profile_of_slot(
	struct api_call *call, uint32_t account_slot, uint64_t slot, uint32_t *out_slot)
{
	struct record_profile profile;
	enum status st;

	if (slot == 0 || slot > UINT32_MAX)
		return ST_NOT_FOUND;
	st = snapshot_profile(call->reading, (uint32_t)slot, call->arena, &profile);
	/* Another account's profile is as unknown as none. */
	if (st == ST_OK && profile.account_slot != account_slot)
		return ST_NOT_FOUND;
	if (st == ST_OK)
		*out_slot = profile.slot;
	return st;
}

enum status refer_profile(
	struct api_call *call, uint32_t account_slot, const json_t *reference, uint32_t *out_slot)
{
	struct record_profile profile;
	struct span text = { "", 0 };
	uint64_t slot;
	enum status st;

	if (json_is_integer(reference)) {
		st = profile_of_slot(
			call, account_slot, (uint64_t)json_integer_value(reference), out_slot);
	} else if (json_is_string(reference)) {
		text = span_of(json_string_value(reference), json_string_length(reference));
		st = snapshot_profile_by_name(
			call->reading, account_slot, text, call->arena, &profile);
		if (st == ST_OK)
			*out_slot = profile.slot;
		/* A name may be digits, and then it is meant. */
		if (st == ST_NOT_FOUND && span_to_u64(text, &slot))
			st = profile_of_slot(call, account_slot, slot, out_slot);
	} else {
		return api_refuse(call, ST_INVALID, "api.profile_reference", NULL, NULL);
	}
	if (st == ST_NOT_FOUND)
		return refuse_named(call, ST_INVALID, "api.profile_unknown", text);
	return st;
}

enum status refer_profiles(struct api_call *call, uint32_t account_slot, const json_t *array,
	uint32_t **out_slots, size_t *out_count)
{
	size_t count = json_array_size(array);
	uint32_t *slots = arena_array(call->arena, count + 1, sizeof(*slots));

	if (slots == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		enum status st =
			refer_profile(call, account_slot, json_array_get(array, i), &slots[i]);

		if (st != ST_OK)
			return st;
	}
	*out_slots = slots;
	*out_count = count;
	return ST_OK;
}

/* ---- users ---- */

enum status refer_user(struct api_call *call, uint32_t account_slot, const json_t *reference,
	struct record_user *out_user)
{
	uint64_t slot = 0;
	enum status st;

	if (json_is_integer(reference))
		slot = (uint64_t)json_integer_value(reference);
	if (slot > 0 && slot <= UINT32_MAX)
		st = snapshot_user(call->reading, (uint32_t)slot, call->arena, out_user);
	else if (json_is_string(reference))
		st = snapshot_user_by_email(call->reading, account_slot,
			span_of(json_string_value(reference), json_string_length(reference)),
			call->arena, out_user);
	else
		return api_refuse(call, ST_INVALID, "api.user_reference", NULL, NULL);
	if (st == ST_OK && out_user->account_slot != account_slot)
		st = ST_NOT_FOUND;
	if (st == ST_NOT_FOUND)
		return api_refuse(call, st, "api.user_unknown", NULL, NULL);
	return st;
}

bool slots_contain(const uint32_t *slots, size_t count, uint32_t slot)
{
	for (size_t i = 0; i < count; i++) {
		if (slots[i] == slot)
			return true;
	}
	return false;
}
