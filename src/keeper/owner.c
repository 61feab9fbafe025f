/* /v1/accounts/{account}/owner: the transfer by invitation. Source: records/owner.h. */
#include "keeper/api.h"

#include "base/clock.h"
#include "keeper/refer.h"
#include "records/account.h"
#include "records/owner.h"

#define ANSWER_MAX (64 * KIB)

static enum status account_of_path(struct api_call *call, struct record_account *out_account)
{
	return api_account(call, http_param(call->http, "account"), out_account);
}

/* Who is invited, and until when. */
static enum status append_invitation(
	struct api_call *call, const struct record_invitation *invitation, struct buf *out)
{
	struct record_user user;
	enum status st = snapshot_user(call->reading, invitation->user_slot, call->arena, &user);

	if (st != ST_OK)
		return st;
	buf_append_str(out, "{\"user\":");
	user_append_json(out, &user, true);
	buf_append_str(out, ",\"createdAt\":\"");
	clock_append_rfc3339(out, invitation->created_at_us);
	buf_append_str(out, "\",\"expiresAt\":\"");
	clock_append_rfc3339(out, invitation->expires_at_us);
	buf_append_str(out, "\"}");
	return ST_OK;
}

/* It is told to whom it concerns: the owner, the invited user, and the operator. */
static bool concerns(const struct caller *caller, const struct record_invitation *invitation)
{
	return caller->kind == CALLER_OPERATOR || caller->is_owner ||
	       (caller->kind == CALLER_USER && caller->user_slot == invitation->user_slot);
}

static enum status answer_invitation(
	struct api_call *call, unsigned http_status, uint32_t account_slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(ANSWER_MAX);
	struct record_invitation invitation;
	enum status st = snapshot_invitation(call->reading, account_slot, &invitation);

	if (st == ST_NOT_FOUND || (st == ST_OK && !concerns(&call->caller, &invitation)))
		return api_refuse(call, ST_NOT_FOUND, "records.no_invitation", NULL, NULL);
	if (st == ST_OK)
		st = append_invitation(call, &invitation, &object);
	return st != ST_OK ? st : api_answer(call, http_status, &object, 0, head);
}

static enum status invite(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "user", .kind = BODY_ANY, .flags = BODY_REQUIRED },
	};
	struct record_account account = { 0 };
	struct record_user user = { 0 };
	struct head head;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = account_of_path(call, &account);
	if (st == ST_OK)
		st = refer_user(call, account.slot, fields[0].json, &user);
	if (st == ST_OK)
		st = owner_invite(call->change, user.slot, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_invitation(call, 201, account.slot, &head);
}

static enum status show(struct api_call *call)
{
	struct record_account account = { 0 };
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = account_of_path(call, &account);
	return st != ST_OK ? st : answer_invitation(call, 200, account.slot, NULL);
}

static enum status cancel(struct api_call *call)
{
	struct record_account account = { 0 };
	enum status st = api_change(call);

	if (st == ST_OK)
		st = account_of_path(call, &account);
	if (st == ST_OK)
		st = owner_invitation_cancel(call->change, account.slot, &call->complaint);
	return st != ST_OK ? st : api_commit_done(call);
}

static enum status accept(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	struct record_account account = { 0 };
	struct head head;
	enum status st = api_change(call);

	if (st == ST_OK)
		st = account_of_path(call, &account);
	if (st == ST_OK)
		st = owner_invitation_accept(call->change, account.slot, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	if (st == ST_OK)
		st = snapshot_account(call->reading, account.slot, call->arena, &account);
	if (st != ST_OK)
		return st;
	account_append_json(&object, &account);
	return api_answer(call, 200, &object, account.version, &head);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/accounts/{account}/owner/invitation", show, NULL, 0, NEED_ANYBODY, 0 },
	{ "POST", "/v1/accounts/{account}/owner/invitation", invite, NULL, LIMIT_BODY, NEED_OWNER,
		API_STEP_UP },
	{ "DELETE", "/v1/accounts/{account}/owner/invitation", cancel, NULL, 0, NEED_ANYBODY, 0 },
	{ "POST", "/v1/accounts/{account}/owner/accept", accept, NULL, 0, NEED_ANYBODY,
		API_STEP_UP },
};

const struct api_table OWNER_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
