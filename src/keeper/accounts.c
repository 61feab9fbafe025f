/* /v1/accounts, their hosts and owner, and /v1/init. Source: records/account.h. */
#include "keeper/login.h"

#include "base/clock.h"
#include "keeper/refer.h"
#include "records/account.h"

static enum status answer_account(
	struct api_call *call, unsigned http_status, uint32_t slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	struct record_account account;
	enum status st = snapshot_account(call->reading, slot, call->arena, &account);

	if (st != ST_OK)
		return st;
	account_append_json(&object, &account);
	return api_answer(call, http_status, &object, account.version, head);
}

static enum status item_account(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_account account;
	enum status st = snapshot_account(call->reading, slot, call->arena, &account);

	if (st == ST_OK)
		account_append_json(out, &account);
	return st;
}

static enum status accounts_list(struct api_call *call)
{
	struct list_query query = {
		.kind = ENTITY_ACCOUNT,
		.search = http_query(call->http, "q"),
	};
	enum status st = api_reading(call);

	/* Whoever is not the operator sees his own alone. */
	query.account_slot = call->caller.account_slot;
	return st != ST_OK ? st : api_page(call, &query, item_account);
}

/* The installation's first account is made once; another one is asked for by its own name. */
static enum status refuse_further(struct api_call *call)
{
	struct list_query query = { .kind = ENTITY_ACCOUNT, .count_max = 1 };
	struct record_account account;
	uint32_t slots[LIMIT_PAGE];
	size_t count;
	enum status st = snapshot_list(call->reading, &query, slots, &count);

	if (st != ST_OK || count == 0)
		return st;
	st = snapshot_account(call->reading, slots[0], call->arena, &account);
	if (st != ST_OK)
		return st;
	return api_refuse(call, ST_CONFLICT, "api.init_done", "account",
		arena_copy(call->arena, account.name));
}

/* Create the account (only as the first one) and its owner in a change; answer with object. */
static enum status create(struct api_call *call, const struct account_new *new_account, bool first,
	enum status (*render)(struct api_call *call, uint32_t slot, struct buf *out))
{
	struct login_link link = { .url = { 0 } };
	struct record_account account;
	int64_t expires_at_us;
	bool answered;
	uint32_t slot;
	enum status st = login_link_make(call, &link);

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = api_replay(call, 0, &answered);
	if (st == ST_OK && !answered && first)
		st = refuse_further(call);
	if (st != ST_OK || answered)
		return st;
	st = account_create(call->change, new_account, &slot, &call->complaint);
	if (st == ST_OK)
		st = snapshot_account(call->reading, slot, call->arena, &account);
	if (st == ST_OK)
		st = login_invite(call->change, account.owner_slot, link.digest, &expires_at_us);
	if (st == ST_OK)
		st = api_answer_created_with(
			call, 0, slot, render, "enrolment", span_str(link.url));
	crypto_wipe(&link, sizeof(link));
	return st;
}

static enum status accounts_create(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "name", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "owner", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "ownerName", .kind = BODY_TEXT },
		{ .name = "displayName", .kind = BODY_TEXT },
	};
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st != ST_OK)
		return st;
	return create(call,
		&(struct account_new){
			.name = fields[0].text,
			.owner_email = fields[1].text,
			.owner_name = fields[2].text,
			.display_name = fields[3].text,
		},
		false, item_account);
}

/* What `llavero init` shows. The enrolment link is added, once. */
static enum status render_init(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_account account;
	struct record_user owner;
	enum status st = snapshot_account(call->reading, slot, call->arena, &account);

	if (st == ST_OK)
		st = snapshot_user(call->reading, account.owner_slot, call->arena, &owner);
	if (st != ST_OK)
		return st;
	buf_append_str(out, "{\"account\":");
	buf_append_json(out, account.name);
	buf_append_str(out, ",\"owner\":");
	buf_append_json(out, owner.email);
	buf_append_char(out, '}');
	return ST_OK;
}

static enum status init(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "account", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "owner", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "displayName", .kind = BODY_TEXT },
	};
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st != ST_OK)
		return st;
	return create(call,
		&(struct account_new){
			.name = fields[0].text,
			.owner_email = fields[1].text,
			.display_name = fields[2].text,
		},
		true, render_init);
}

static enum status account_of_path(struct api_call *call, struct record_account *out_account)
{
	return api_account(call, http_param(call->http, "account"), out_account);
}

static enum status accounts_get(struct api_call *call)
{
	struct record_account account;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = account_of_path(call, &account);
	return st != ST_OK ? st : answer_account(call, 200, account.slot, NULL);
}

static enum status set_state(
	struct api_call *call, const struct record_account *account, const struct body_field *state)
{
	enum account_state wanted;

	if (!state->present)
		return ST_OK;
	if (span_is(state->text, "active"))
		wanted = ACCOUNT_ACTIVE;
	else if (span_is(state->text, "suspended"))
		wanted = ACCOUNT_SUSPENDED;
	else
		return api_refuse(call, ST_INVALID, "api.account_state", NULL, NULL);
	if (wanted == account->state)
		return ST_OK;
	return account_set_state(call->change, account->slot, wanted, &call->complaint);
}

/* Keys and hosts of all accounts hang on these: the operator's. */
static enum status need_operator(
	struct api_call *call, const struct body_field *state, const struct body_field *manages)
{
	if ((!state->present && !manages->present) || call->caller.kind == CALLER_OPERATOR)
		return ST_OK;
	return api_refuse(call, ST_DENIED, "api.operator_only", NULL, NULL);
}

static enum status accounts_edit(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "displayName", .kind = BODY_TEXT },
		{ .name = "state", .kind = BODY_TEXT },
		{ .name = "managesInstallation", .kind = BODY_BOOL },
	};
	struct record_account account;
	struct head head;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = need_operator(call, &fields[1], &fields[2]);
	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = account_of_path(call, &account);
	if (st == ST_OK)
		st = api_check_version(call, account.version);
	if (st == ST_OK && fields[0].present)
		st = account_set_display_name(
			call->change, account.slot, 0, fields[0].text, &call->complaint);
	if (st == ST_OK)
		st = set_state(call, &account, &fields[1]);
	if (st == ST_OK && fields[2].present)
		st = account_set_manages(
			call->change, account.slot, fields[2].boolean, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_account(call, 200, account.slot, &head);
}

static enum status hosts_add(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "host", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
	};
	struct record_account account;
	struct head head;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = account_of_path(call, &account);
	if (st == ST_OK)
		st = account_host_add(call->change, account.slot, fields[0].text, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_account(call, 201, account.slot, &head);
}

static enum status hosts_remove(struct api_call *call)
{
	struct record_account account;
	struct head head;
	enum status st = api_change(call);

	if (st == ST_OK)
		st = account_of_path(call, &account);
	if (st == ST_OK)
		st = account_host_remove(call->change, account.slot, http_param(call->http, "host"),
			&call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_account(call, 200, account.slot, &head);
}

/*
 * Commit, and answer with the account, and the link with which a new owner who did not enrol yet
 * does so: those that there were are void.
 */
static enum status end_owner(
	struct api_call *call, uint32_t account_slot, struct span url_secret, int64_t expires_at_us)
{
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(MIB);
	struct record_account account;
	struct head head;
	enum status st = snapshot_account(call->reading, account_slot, call->arena, &account);

	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	account_append_json(&object, &account);
	if (!buf_ok(&object) || object.len < 2)
		return ST_NO_MEMORY;
	object.len--; /* the closing brace */
	buf_append_str(&object, ",\"enrolment\":");
	if (expires_at_us == 0) {
		buf_append_str(&object, "null,\"enrolmentExpiresAt\":null}");
	} else {
		buf_append_json(&object, url_secret);
		buf_append_str(&object, ",\"enrolmentExpiresAt\":\"");
		clock_append_rfc3339(&object, expires_at_us);
		buf_append_str(&object, "\"}");
	}
	return api_answer(call, 200, &object, account.version, &head);
}

static enum status owner_set(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "user", .kind = BODY_ANY, .flags = BODY_REQUIRED },
	};
	struct record_account account = { 0 };
	struct record_user user = { 0 };
	struct login_link link = { .url = { 0 } };
	int64_t expires_at_us = 0;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = login_link_make(call, &link);
	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = account_of_path(call, &account);
	if (st == ST_OK)
		st = refer_user(call, account.slot, fields[0].json, &user);
	if (st == ST_OK)
		st = owner_transfer(call->change, user.slot, &call->complaint);
	if (st == ST_OK && !user.is_enrolled)
		st = login_invite(call->change, user.slot, link.digest, &expires_at_us);
	if (st == ST_OK)
		st = end_owner(call, account.slot, span_str(link.url), expires_at_us);
	crypto_wipe(&link, sizeof(link));
	return st;
}

static const struct api_route ROUTES[] = {
	{ "POST", "/v1/init", init, NULL, LIMIT_BODY, NEED_OPERATOR, 0 },
	{ "GET", "/v1/accounts", accounts_list, "limit cursor q", 0, NEED_ANYBODY, 0 },
	{ "POST", "/v1/accounts", accounts_create, NULL, LIMIT_BODY, NEED_OPERATOR, 0 },
	{ "GET", "/v1/accounts/{account}", accounts_get, NULL, 0, NEED_ANYBODY, 0 },
	{ "PATCH", "/v1/accounts/{account}", accounts_edit, NULL, LIMIT_BODY, RIGHT_SETTINGS, 0 },
	{ "POST", "/v1/accounts/{account}/hosts", hosts_add, NULL, LIMIT_BODY, NEED_OPERATOR, 0 },
	{ "DELETE", "/v1/accounts/{account}/hosts/{host}", hosts_remove, NULL, 0, NEED_OPERATOR,
		0 },
	{ "POST", "/v1/accounts/{account}/owner", owner_set, NULL, LIMIT_BODY, NEED_OPERATOR, 0 },
};

const struct api_table ACCOUNTS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
