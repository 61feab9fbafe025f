/* /v1/users: people of an account, as data. Source: records/account.h. */
#include "keeper/login.h"
#include "keeper/refer.h"

#include "records/account.h"

static enum status item_user(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_user user;
	enum status st = snapshot_user(call->reading, slot, call->arena, &user);

	if (st == ST_OK)
		user_append_json(out, &user, true);
	return st;
}

static enum status answer_user(
	struct api_call *call, unsigned http_status, uint32_t slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	struct record_user user;
	enum status st = snapshot_user(call->reading, slot, call->arena, &user);

	if (st != ST_OK)
		return st;
	user_append_json(&object, &user, true);
	return api_answer(call, http_status, &object, user.version, head);
}

static enum status users_list(struct api_call *call)
{
	struct list_query query = { .kind = ENTITY_USER, .search = http_query(call->http, "q") };
	struct record_account account;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = api_account(call, http_query(call->http, "account"), &account);
	if (st != ST_OK)
		return st;
	query.account_slot = account.slot;
	return api_page(call, &query, item_user);
}

/* With a link somebody logs in as a person, and goes on when the token is over. */
static bool gets_link(const struct api_call *call)
{
	return call->caller.kind != CALLER_TOKEN;
}

static enum status users_create(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "account", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "email", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "name", .kind = BODY_TEXT },
	};
	struct record_account account;
	struct login_link link = { .url = { 0 } };
	int64_t expires_at_us;
	bool answered;
	uint32_t slot;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = login_link_make(call, &link);
	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = api_account(call, fields[0].text, &account);
	if (st == ST_OK)
		st = api_replay(call, account.slot, &answered);
	if (st != ST_OK || answered)
		return st;
	st = user_create(call->change,
		&(struct user_new){ account.slot, fields[1].text, fields[2].text }, &slot,
		&call->complaint);
	if (st == ST_OK && !gets_link(call))
		st = api_answer_created(call, account.slot, slot, item_user);
	else if (st == ST_OK)
		st = login_invite(call->change, slot, link.digest, &expires_at_us);
	if (st == ST_OK && gets_link(call))
		st = api_answer_created_with(
			call, account.slot, slot, item_user, "enrolment", span_str(link.url));
	crypto_wipe(&link, sizeof(link));
	return st;
}

/* A user whom the caller sees. */
static enum status user_of_path(struct api_call *call, struct record_user *out_user)
{
	uint32_t slot;
	enum status st = api_slot(call, "id", &slot);

	if (st == ST_OK)
		st = snapshot_user(call->reading, slot, call->arena, out_user);
	return st != ST_OK ? st : api_scope(call, out_user->account_slot);
}

/* The status, with a word about the user when it is that there is none of that id. */
static enum status about_user(struct api_call *call, enum status st)
{
	if (st != ST_NOT_FOUND || call->complaint.key != NULL)
		return st;
	return api_refuse(call, ST_NOT_FOUND, "api.user_id_unknown", "id",
		arena_copy(call->arena, http_param(call->http, "id")));
}

static enum status users_get(struct api_call *call)
{
	struct record_user user;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = user_of_path(call, &user);
	return about_user(call, st != ST_OK ? st : answer_user(call, 200, user.slot, NULL));
}

static enum status set_state(
	struct api_call *call, const struct record_user *user, const struct body_field *state)
{
	enum user_state wanted;

	if (!state->present)
		return ST_OK;
	if (span_is(state->text, "active"))
		wanted = USER_ACTIVE;
	else if (span_is(state->text, "suspended"))
		wanted = USER_SUSPENDED;
	else
		return api_refuse(call, ST_INVALID, "api.user_state", NULL, NULL);
	if (wanted == user->state)
		return ST_OK;
	return user_set_state(call->change, user->slot, wanted, &call->complaint);
}

static enum status users_edit(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "email", .kind = BODY_TEXT },
		{ .name = "name", .kind = BODY_TEXT },
		{ .name = "state", .kind = BODY_TEXT },
	};
	struct record_user user;
	struct head head;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = user_of_path(call, &user);
	if (st == ST_OK)
		st = api_check_version(call, user.version);
	if (st == ST_OK && (fields[0].present || fields[1].present))
		st = user_edit(call->change, user.slot, 0,
			&(struct user_new){ user.account_slot, fields[0].text, fields[1].text },
			&call->complaint);
	if (st == ST_OK)
		st = set_state(call, &user, &fields[2]);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return about_user(call, st != ST_OK ? st : answer_user(call, 200, user.slot, &head));
}

/* The whole set that he holds becomes these. */
static enum status users_set_profiles(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "profiles", .kind = BODY_ARRAY, .flags = BODY_REQUIRED },
	};
	struct record_user user;
	struct head head;
	uint32_t *slots = NULL;
	size_t count = 0;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = user_of_path(call, &user);
	if (st == ST_OK)
		st = api_check_version(call, user.version);
	if (st == ST_OK)
		st = refer_profiles(call, user.account_slot, fields[0].json, &slots, &count);
	if (st == ST_OK)
		st = user_set_profiles(call->change, user.slot, slots, count, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return about_user(call, st != ST_OK ? st : answer_user(call, 200, user.slot, &head));
}

/* Erasing forgets the person; events go on naming the slot. */
static enum status users_erase(struct api_call *call)
{
	struct record_user user;
	enum status st = api_change(call);

	if (st == ST_OK)
		st = user_of_path(call, &user);
	if (st == ST_OK)
		st = user_erase(call->change, user.slot, &call->complaint);
	return about_user(call, st != ST_OK ? st : api_commit_done(call));
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/users", users_list, "limit cursor account q", 0, RIGHT_USERS_VIEW, 0 },
	{ "POST", "/v1/users", users_create, NULL, LIMIT_BODY, RIGHT_USERS_EDIT, API_STEP_UP },
	{ "GET", "/v1/users/{id}", users_get, NULL, 0, RIGHT_USERS_VIEW, 0 },
	{ "PATCH", "/v1/users/{id}", users_edit, NULL, LIMIT_BODY, RIGHT_USERS_EDIT, API_STEP_UP },
	{ "PUT", "/v1/users/{id}/profiles", users_set_profiles, NULL, LIMIT_BODY, RIGHT_USERS_EDIT,
		API_STEP_UP },
	{ "DELETE", "/v1/users/{id}", users_erase, NULL, 0, RIGHT_USERS_EDIT, API_STEP_UP },
};

const struct api_table USERS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
