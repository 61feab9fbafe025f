/* Rotation, states and links of a key. Source: records/app_key.h. */
#include "keeper/keys.h"

#include "base/clock.h"
#include "keeper/handovers.h"
#include "keeper/publish.h"
#include "keeper/refer.h"
#include "records/app_key.h"
#include "records/handover.h"

/* ---- rotation ---- */

static enum status read_overlap(
	struct api_call *call, const struct body_field *field, int64_t *out_us)
{
	*out_us = ROTATE_OPEN;
	if (!field->present || field->is_null)
		return ST_OK;
	if (span_is(field->text, "0") || span_is(field->text, "now")) {
		*out_us = 0;
		return ST_OK;
	}
	if (clock_parse_duration(field->text, out_us) != ST_OK)
		return api_refuse(call, ST_INVALID, "api.overlap", NULL, NULL);
	return ST_OK;
}

static enum status rotate_now(struct api_call *call, uint32_t slot, int64_t overlap_us)
{
	CLEANUP(token_fresh_wipe)
	struct token_fresh_secret token = { .text = { 0 } };
	enum status st = token_fresh_make(&token);

	if (st == ST_OK)
		st = key_rotate(call->change, slot, token.digest, overlap_us, &call->complaint);
	return st != ST_OK ? st : key_end_secret(call, 200, slot, &token, NULL);
}

/* The token is made, and the rotation with it, when the link is opened. */
static enum status rotate_by_link(struct api_call *call, uint32_t slot, int64_t overlap_us)
{
	CLEANUP(share_link_wipe)
	struct share_link_secret link = { .url = buf_heap(0) };
	enum status st = share_link_make(call, &link);

	if (st == ST_OK)
		st = handover_create(call->change, slot, link.digest, overlap_us, &call->complaint);
	return st != ST_OK ? st : key_end_secret(call, 200, slot, NULL, &link);
}

static enum status rotate(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "overlap", .kind = BODY_TEXT, .flags = BODY_NULLABLE },
		{ .name = "handover", .kind = BODY_BOOL },
	};
	struct record_key key;
	int64_t overlap_us = ROTATE_OPEN;
	bool answered;
	enum status st = ST_OK;

	/* Nothing to say is nothing to send. */
	if (call->http->request->body.len > 0)
		st = api_body(call, fields, ARRAY_LEN(fields));
	if (st == ST_OK)
		st = read_overlap(call, &fields[0], &overlap_us);
	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st == ST_OK)
		st = api_replay(call, key.account_slot, &answered);
	if (st != ST_OK || answered)
		return st;
	return fields[1].boolean ? rotate_by_link(call, key.slot, overlap_us)
				 : rotate_now(call, key.slot, overlap_us);
}

/* A change that needs nothing but the key. */
static enum status simple_change(struct api_call *call,
	enum status (*apply)(struct change *change, uint32_t slot, struct complaint *complaint))
{
	struct record_key key;
	struct head head;
	enum status st = api_edit(call);

	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st == ST_OK)
		st = api_check_version(call, key.version);
	if (st == ST_OK)
		st = apply(call->change, key.slot, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : key_answer(call, 200, key.slot, &head);
}

static enum status finish_rotation(struct api_call *call)
{
	return simple_change(call, key_finish_rotation);
}

static enum status cancel_rotation(struct api_call *call)
{
	return simple_change(call, key_cancel_rotation);
}

static enum status withdraw_handover(struct api_call *call)
{
	return simple_change(call, handover_withdraw);
}

static enum status activate(struct api_call *call)
{
	return simple_change(call, key_activate);
}

/* ---- narrowing changes answer with a receipt ---- */

/* What this node has applied, and when: the change is in force here. */
static void append_receipt(struct api_call *call, const struct head *head, struct buf *out)
{
	struct publisher_figures figures;

	publisher_figures(call->keeper->publisher, &figures);
	buf_append_str(out, ",\"receipt\":{");
	buf_printf(out, "\"epoch\":%lld,\"revision\":%lld,\"decidedAt\":\"", (long long)head->epoch,
		(long long)head->revision);
	clock_append_rfc3339(out, call->now_us);
	buf_append_str(out, "\",\"nodes\":[{\"node\":\"local\",\"revision\":");
	buf_printf(out, "%lld,\"appliedAt\":\"", (long long)figures.revision);
	clock_append_rfc3339(out, figures.applied_at_us);
	buf_append_str(out, "\"}]}");
}

static enum status answer_receipt(struct api_call *call, uint32_t slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	struct record_key key;
	enum status st = snapshot_key(call->reading, slot, call->arena, &key);

	if (st != ST_OK)
		return st;
	key_append_json(&object, &key, api_viewer(call));
	if (!buf_ok(&object) || object.len < 2)
		return ST_NO_MEMORY;
	object.len--; /* the closing brace comes after the receipt */
	append_receipt(call, head, &object);
	buf_append_char(&object, '}');
	return api_answer(call, 200, &object, key.version, head);
}

static enum status deactivate(struct api_call *call)
{
	struct record_key key;
	struct head head;
	enum status st = api_edit(call);

	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st == ST_OK)
		st = api_check_version(call, key.version);
	if (st == ST_OK)
		st = key_deactivate(call->change, key.slot, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_receipt(call, key.slot, &head);
}

static enum status revoke(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "reason", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
	};
	struct record_key key;
	struct head head;
	enum revoke_reason reason;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st != ST_OK)
		return st;
	reason = revoke_reason_of_name(fields[0].text);
	if (reason == REVOKE_NONE)
		return api_refuse(call, ST_INVALID, "api.revoke_reason", NULL, NULL);
	st = api_edit(call);
	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st == ST_OK)
		st = api_check_version(call, key.version);
	if (st == ST_OK)
		st = key_revoke(call->change, key.slot, reason, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_receipt(call, key.slot, &head);
}

/* ---- links ---- */

/* Whose profile: the named account's, else the key's own. */
static enum status link_account(struct api_call *call, const struct record_key *key,
	struct span account_name, uint32_t *out_slot)
{
	struct record_account account;
	enum status st;

	*out_slot =
		api_sees(call, key->account_slot) ? key->account_slot : call->caller.account_slot;
	if (!span_present(account_name))
		return ST_OK;
	st = api_account(call, account_name, &account);
	if (st == ST_OK)
		*out_slot = account.slot;
	return st;
}

static enum status link_create(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "profile", .kind = BODY_ANY, .flags = BODY_REQUIRED },
		{ .name = "account", .kind = BODY_TEXT },
	};
	struct record_key key;
	struct head head;
	uint32_t account_slot, profile_slot;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st == ST_OK)
		st = link_account(call, &key, fields[1].text, &account_slot);
	if (st == ST_OK)
		st = refer_profile(call, account_slot, fields[0].json, &profile_slot);
	if (st == ST_OK)
		st = link_add(call->change, key.slot, profile_slot, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : key_answer(call, 201, key.slot, &head);
}

static enum status link_delete(struct api_call *call)
{
	struct record_key key;
	struct head head;
	uint32_t profile_slot;
	enum status st = api_slot(call, "profile", &profile_slot);

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = key_of_path(call, &key);
	if (st == ST_OK)
		st = link_remove(call->change, key.slot, profile_slot, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_receipt(call, key.slot, &head);
}

static const struct api_route ROUTES[] = {
	{ "POST", "/v1/keys/{appKey}/rotate", rotate, NULL, LIMIT_BODY, RIGHT_KEYS_EDIT,
		API_STEP_UP },
	{ "POST", "/v1/keys/{appKey}/finish-rotation", finish_rotation, NULL, 0, RIGHT_KEYS_EDIT,
		API_STEP_UP },
	{ "POST", "/v1/keys/{appKey}/cancel-rotation", cancel_rotation, NULL, 0, RIGHT_KEYS_EDIT,
		API_STEP_UP },
	{ "DELETE", "/v1/keys/{appKey}/handover", withdraw_handover, NULL, 0, RIGHT_KEYS_EDIT, 0 },
	{ "POST", "/v1/keys/{appKey}/activate", activate, NULL, 0, RIGHT_KEYS_EDIT, API_STEP_UP },
	{ "POST", "/v1/keys/{appKey}/deactivate", deactivate, NULL, 0, RIGHT_KEYS_EDIT,
		API_STEP_UP },
	{ "POST", "/v1/keys/{appKey}/revoke", revoke, NULL, LIMIT_BODY, RIGHT_KEYS_EDIT,
		API_STEP_UP },
	{ "POST", "/v1/keys/{appKey}/links", link_create, NULL, LIMIT_BODY, RIGHT_KEYS_EDIT,
		API_STEP_UP },
	{ "DELETE", "/v1/keys/{appKey}/links/{profile}", link_delete, NULL, 0, RIGHT_KEYS_EDIT,
		API_STEP_UP },
};

const struct api_table KEY_CHANGES_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
