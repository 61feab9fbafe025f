/* /v1/profiles: access profiles of an account. Source: records/profile.h. */
#include "keeper/refer.h"

#include "records/profile.h"

#include <inttypes.h>

/* With how many keys are linked to it, and users hold it: no part of its version. */
static enum status append_profile(
	struct api_call *call, const struct record_profile *profile, struct buf *out)
{
	int64_t keys, users;
	enum status st = profile_append_json(out, call->reading, profile);

	if (st == ST_OK)
		st = snapshot_profile_keys(call->reading, profile->slot, &keys);
	if (st == ST_OK)
		st = snapshot_profile_holders(call->reading, profile->slot, &users);
	if (st != ST_OK)
		return st;
	if (out->len > 0)
		out->len--; /* the closing brace */
	buf_printf(out, ",\"keys\":%" PRId64 ",\"users\":%" PRId64 "}", keys, users);
	return ST_OK;
}

static enum status item_profile(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_profile profile;
	enum status st = snapshot_profile(call->reading, slot, call->arena, &profile);

	return st != ST_OK ? st : append_profile(call, &profile, out);
}

/* A profile of an account; a predefined one belongs to the catalogue and is not found here. */
static enum status profile_of_path(struct api_call *call, struct record_profile *out_profile)
{
	uint32_t slot;
	enum status st = api_slot(call, "id", &slot);

	if (st == ST_OK)
		st = snapshot_profile(call->reading, slot, call->arena, out_profile);
	if (st == ST_OK && out_profile->account_slot == 0)
		st = ST_NOT_FOUND;
	return st != ST_OK ? st : api_scope(call, out_profile->account_slot);
}

static enum status answer_profile(
	struct api_call *call, unsigned http_status, uint32_t slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(API_ANSWER_MAX);
	struct record_profile profile;
	enum status st = snapshot_profile(call->reading, slot, call->arena, &profile);

	if (st == ST_OK)
		st = append_profile(call, &profile, &object);
	return st != ST_OK ? st : api_answer(call, http_status, &object, profile.version, head);
}

static enum status profiles_list(struct api_call *call)
{
	struct list_query query = {
		.kind = ENTITY_PROFILE,
		.search = http_query(call->http, "q"),
	};
	struct record_account account;
	bool predefined;
	enum status st = api_query_bool(call, "predefined", &predefined);

	if (st == ST_OK)
		st = api_reading(call);
	/* The predefined ones belong to the catalogue: an account copies what it wants. */
	if (st == ST_OK)
		st = api_account(call, http_query(call->http, "account"), &account);
	if (st != ST_OK)
		return st;
	query.account_slot = account.slot;
	if (predefined)
		query.kind = ENTITY_PREDEFINED;
	return api_page(call, &query, item_profile);
}

static enum status profiles_create(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "account", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "name", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "resources", .kind = BODY_ARRAY },
		{ .name = "handlesKeys", .kind = BODY_BOOL },
	};
	struct profile_new profile = { .account_slot = 0 };
	struct record_account account;
	uint32_t slot, *resources = NULL;
	bool answered;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = api_account(call, fields[0].text, &account);
	if (st == ST_OK)
		st = api_replay(call, account.slot, &answered);
	if (st != ST_OK || answered)
		return st;
	if (fields[2].present)
		st = refer_resources(call, fields[2].json, &resources, &profile.resources_count);
	profile.account_slot = account.slot;
	profile.name = fields[1].text;
	profile.resource_slots = resources;
	profile.handles_keys = fields[3].boolean;
	if (st == ST_OK)
		st = profile_create(call->change, &profile, &slot, &call->complaint);
	if (st == ST_OK)
		st = caller_widens(call);
	return st != ST_OK ? st : api_answer_created(call, account.slot, slot, item_profile);
}

static enum status profiles_get(struct api_call *call)
{
	struct record_profile profile;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = profile_of_path(call, &profile);
	return st != ST_OK ? st : answer_profile(call, 200, profile.slot, NULL);
}

/* The profile's set with some added and some taken away. */
static enum status changed_set(struct api_call *call, const struct record_profile *profile,
	const struct body_field *add, const struct body_field *take, struct profile_edit *edit)
{
	uint32_t *added = NULL, *taken = NULL, *all;
	size_t added_count = 0, taken_count = 0, count = 0;
	enum status st = ST_OK;

	if (add->present)
		st = refer_resources(call, add->json, &added, &added_count);
	if (st == ST_OK && take->present)
		st = refer_resources(call, take->json, &taken, &taken_count);
	if (st != ST_OK)
		return st;
	all = arena_array(call->arena, profile->resources_count + added_count + 1, sizeof(*all));
	if (all == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < profile->resources_count; i++) {
		if (!slots_contain(taken, taken_count, profile->resource_slots[i]))
			all[count++] = profile->resource_slots[i];
	}
	for (size_t i = 0; i < added_count; i++) {
		if (!slots_contain(profile->resource_slots, profile->resources_count, added[i]))
			all[count++] = added[i];
	}
	edit->set_resources = true;
	edit->resource_slots = all;
	edit->resources_count = count;
	return ST_OK;
}

static enum status profiles_edit(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "name", .kind = BODY_TEXT },
		{ .name = "resources", .kind = BODY_ARRAY },
		{ .name = "addResources", .kind = BODY_ARRAY },
		{ .name = "removeResources", .kind = BODY_ARRAY },
		{ .name = "handlesKeys", .kind = BODY_BOOL },
	};
	struct record_profile profile;
	struct profile_edit edit = { .version = 0 };
	struct head head;
	uint32_t *resources;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK && fields[1].present && (fields[2].present || fields[3].present))
		return api_refuse(call, ST_INVALID, "api.resources_twice", NULL, NULL);
	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = profile_of_path(call, &profile);
	if (st == ST_OK)
		st = api_check_version(call, profile.version);
	/* To delegate keys is as much as to handle them. */
	if (st == ST_OK && fields[4].present)
		st = caller_admit(call, NEED_OWNER, 0);
	edit.name = fields[0].text;
	edit.set_handles_keys = fields[4].present;
	edit.handles_keys = fields[4].boolean;
	if (st == ST_OK && fields[1].present) {
		st = refer_resources(call, fields[1].json, &resources, &edit.resources_count);
		edit.set_resources = true;
		edit.resource_slots = resources;
	}
	if (st == ST_OK && (fields[2].present || fields[3].present))
		st = changed_set(call, &profile, &fields[2], &fields[3], &edit);
	if (st == ST_OK)
		st = profile_edit(call->change, profile.slot, &edit, &call->complaint);
	if (st == ST_OK)
		st = caller_widens(call);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_profile(call, 200, profile.slot, &head);
}

static enum status profiles_delete(struct api_call *call)
{
	struct record_profile profile;
	bool unlink;
	enum status st = api_query_bool(call, "unlink", &unlink);

	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = profile_of_path(call, &profile);
	if (st == ST_OK)
		st = api_check_version(call, profile.version);
	if (st == ST_OK)
		st = profile_delete(call->change, profile.slot, unlink, &call->complaint);
	return st != ST_OK ? st : api_commit_done(call);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/profiles", profiles_list, "limit cursor account predefined q", 0,
		RIGHT_PROFILES_VIEW, 0 },
	{ "POST", "/v1/profiles", profiles_create, NULL, LIMIT_BODY, RIGHT_PROFILES_EDIT,
		API_STEP_UP_WIDENING },
	{ "GET", "/v1/profiles/{id}", profiles_get, NULL, 0, RIGHT_PROFILES_VIEW, 0 },
	{ "PATCH", "/v1/profiles/{id}", profiles_edit, NULL, LIMIT_BODY, RIGHT_PROFILES_EDIT,
		API_STEP_UP_WIDENING },
	{ "DELETE", "/v1/profiles/{id}", profiles_delete, "unlink", 0, RIGHT_PROFILES_EDIT,
		API_STEP_UP },
};

const struct api_table PROFILES_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
