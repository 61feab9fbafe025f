/* /v1/management-tokens: credentials of machines. Source: records/management_token.h. */
#include "keeper/api.h"

#include "key/digest.h"
#include "key/token.h"
#include "records/management_token.h"

#define ANSWER_MAX (64 * KIB)

/* The text is for the one answer, the digest for the records. */
struct machine_token_secret {
	char text[TOKEN_LEN];
	uint8_t digest[DIGEST_SIZE];
};

static void machine_token_wipe(struct machine_token_secret *token)
{
	crypto_wipe(token, sizeof(*token));
}

static enum status machine_token_make(struct machine_token_secret *out_token)
{
	CLEANUP(digest_context_free)
	struct digest_context *digests = digest_context_make();
	uint8_t random_secret[TOKEN_RANDOM_SIZE];

	if (digests == NULL)
		return ST_NO_MEMORY;
	crypto_random(random_secret, sizeof(random_secret));
	token_make(TOKEN_MANAGEMENT, random_secret, out_token->text);
	crypto_wipe(random_secret, sizeof(random_secret));
	return token_digest(digests, span_of(out_token->text, TOKEN_LEN), out_token->digest)
		       ? ST_OK
		       : ST_UNAVAILABLE;
}

static enum status item_token(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_management_token token;
	enum status st = snapshot_management_token(call->reading, slot, call->arena, &token);

	if (st == ST_OK)
		management_token_append_json(out, &token, true);
	return st;
}

static enum status tokens_list(struct api_call *call)
{
	struct list_query query = {
		.kind = ENTITY_MANAGEMENT_TOKEN,
		.search = http_query(call->http, "q"),
	};
	struct record_account account;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = api_account(call, http_query(call->http, "account"), &account);
	if (st != ST_OK)
		return st;
	query.account_slot = account.slot;
	return api_page(call, &query, item_token);
}

/* The end of the create: remembered without the token, committed, and shown with it. */
static enum status answer_created(struct api_call *call, uint32_t account_slot, uint32_t slot,
	const struct machine_token_secret *token)
{
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(ANSWER_MAX);
	struct head head;
	enum status st = item_token(call, slot, &object);

	if (st == ST_OK)
		st = api_remember(call, account_slot, &object);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	if (object.len > 0)
		object.len--; /* the closing brace */
	buf_append_str(&object, ",\"token\":");
	buf_append_json(&object, span_of(token->text, TOKEN_LEN));
	buf_append_char(&object, '}');
	return api_answer(call, 201, &object, 1, &head);
}

static enum status tokens_create(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "account", .kind = BODY_TEXT },
		{ .name = "label", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "rights", .kind = BODY_ARRAY, .flags = BODY_REQUIRED },
		{ .name = "addresses", .kind = BODY_ARRAY, .flags = BODY_REQUIRED },
		{ .name = "expiresAt", .kind = BODY_TIME, .flags = BODY_REQUIRED },
	};
	CLEANUP(machine_token_wipe)
	struct machine_token_secret secret = { .text = { 0 } };
	struct management_token_new token = { .digest = secret.digest };
	struct span *rights = NULL, *addresses = NULL;
	struct record_account account;
	uint32_t slot = 0;
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
	st = api_texts(call, fields[2].json, "rights", &rights, &token.rights_count);
	if (st == ST_OK)
		st = api_texts(
			call, fields[3].json, "addresses", &addresses, &token.addresses_count);
	if (st == ST_OK)
		st = machine_token_make(&secret);
	token.account_slot = account.slot;
	token.label = fields[1].text;
	token.rights = rights;
	token.addresses = addresses;
	token.expires_at_us = fields[4].number;
	if (st == ST_OK)
		st = management_token_create(call->change, &token, &slot, &call->complaint);
	return st != ST_OK ? st : answer_created(call, account.slot, slot, &secret);
}

static enum status tokens_revoke(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(ANSWER_MAX);
	struct record_management_token token;
	struct head head;
	uint32_t slot = 0;
	enum status st = api_slot(call, "id", &slot);

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = snapshot_management_token(call->reading, slot, call->arena, &token);
	if (st == ST_OK)
		st = api_scope(call, token.account_slot);
	if (st == ST_NOT_FOUND)
		return api_refuse(call, st, "records.no_management_token", NULL, NULL);
	if (st == ST_OK)
		st = management_token_revoke(call->change, slot, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	if (st == ST_OK)
		st = snapshot_management_token(call->reading, slot, call->arena, &token);
	if (st != ST_OK)
		return st;
	management_token_append_json(&object, &token, true);
	return api_answer(call, 200, &object, token.version, &head);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/management-tokens", tokens_list, "limit cursor account q", 0, NEED_OWNER, 0 },
	{ "POST", "/v1/management-tokens", tokens_create, NULL, LIMIT_BODY, NEED_OWNER,
		API_STEP_UP },
	{ "DELETE", "/v1/management-tokens/{id}", tokens_revoke, NULL, 0, NEED_OWNER, API_STEP_UP },
};

const struct api_table MANAGEMENT_TOKENS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
