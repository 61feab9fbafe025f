/*
 * /v1/share: looking at a one-time link and opening it, without a login. The
 * link's secret comes in a body, so that it is in no log; what it is worth is
 * known by its digest alone, and one that is unknown is told from no other one.
 */
#include "keeper/handovers.h"

#include "base/clock.h"
#include "base/encode.h"
#include "keeper/gates.h"
#include "keeper/link.h"
#include "key/digest.h"
#include "records/app_key.h"
#include "records/handover.h"

#define SECRET_SIZE 32u
#define SECRET_TEXT_MAX 44u
#define URL_MAX (4 * KIB)

/* ---- making ---- */

static enum status secret_digest(struct span secret, uint8_t digest[DIGEST_SIZE])
{
	CLEANUP(digest_context_free)
	struct digest_context *digests = digest_context_make();

	if (digests == NULL)
		return ST_NO_MEMORY;
	return token_digest(digests, secret, digest) ? ST_OK : ST_UNAVAILABLE;
}

enum status share_link_make(struct api_call *call, struct share_link_secret *out_link)
{
	uint8_t random_secret[SECRET_SIZE];
	char text_secret[SECRET_TEXT_MAX];
	struct buf text = BUF_ARRAY(text_secret);
	enum status st;

	crypto_random(random_secret, sizeof(random_secret));
	encode_base64url(&text, random_secret, sizeof(random_secret));
	st = secret_digest(buf_span(&text), out_link->digest);
	out_link->url = buf_heap(URL_MAX);
	link_base_append(call->keeper, true, &out_link->url);
	buf_append_str(&out_link->url, "/share#");
	buf_append(&out_link->url, buf_span(&text));
	crypto_wipe(random_secret, sizeof(random_secret));
	crypto_wipe(text_secret, sizeof(text_secret));
	return st == ST_OK && !buf_ok(&out_link->url) ? ST_NO_MEMORY : st;
}

void share_link_wipe(struct share_link_secret *link)
{
	buf_wipe(&link->url);
	crypto_wipe(link->digest, sizeof(link->digest));
}

/* ---- looking and opening ---- */

/* The secret of the body as its digest; or that this source asks too often: *out_slowed. */
static enum status read_secret(struct api_call *call, uint8_t digest[DIGEST_SIZE], bool *out_slowed)
{
	struct body_field fields[] = {
		{ .name = "secret", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
	};
	unsigned wait_s = source_rate_take(
		&call->keeper->share_rate, call->http->request->peer, clock_boot_us());
	char memory[16];
	struct buf seconds = BUF_ARRAY(memory);
	enum status st;

	*out_slowed = wait_s > 0;
	if (*out_slowed) {
		complaint_set(&call->complaint, "api.share_slowed", 0);
		http_problem(call->response, call->http->request, 429, &call->complaint);
		buf_append_u64(&seconds, wait_s);
		http_response_header(call->response, "Retry-After", buf_span(&seconds));
		return ST_OK;
	}
	st = api_body(call, fields, ARRAY_LEN(fields));
	return st != ST_OK ? st : secret_digest(fields[0].text, digest);
}

/* The link of the body, in call->reading: who only guesses takes nobody's turn at the records. */
static enum status find_link(struct api_call *call, uint8_t digest[DIGEST_SIZE],
	struct record_handover *out_handover, bool *out_slowed)
{
	enum status st = read_secret(call, digest, out_slowed);

	if (st != ST_OK || *out_slowed)
		return st;
	st = api_reading(call);
	if (st == ST_OK)
		st = snapshot_handover(call->reading, digest, out_handover);
	return st == ST_NOT_FOUND ? api_refuse(call, st, "records.no_handover", NULL, NULL) : st;
}

/* What is of no use, or worth nothing, any more: its key expired, its account is suspended. */
static enum status key_serves(struct api_call *call, const struct record_key *key, bool *out_serves)
{
	struct record_account account;
	enum status st = snapshot_account(call->reading, key->account_slot, call->arena, &account);

	*out_serves = st == ST_OK && account.state == ACCOUNT_ACTIVE &&
		      (key->expires_at_us == 0 || call->now_us < key->expires_at_us);
	return st;
}

static void append_time(struct buf *out, const char *name, int64_t at_us)
{
	buf_printf(out, ",\"%s\":", name);
	if (at_us == 0) {
		buf_append_str(out, "null");
		return;
	}
	buf_append_char(out, '"');
	clock_append_rfc3339(out, at_us);
	buf_append_char(out, '"');
}

static enum status share_look(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * KIB);
	uint8_t digest[DIGEST_SIZE];
	struct record_handover handover = { 0 };
	struct record_key key;
	enum handover_state state;
	bool slowed, serves = false;
	enum status st = find_link(call, digest, &handover, &slowed);

	if (st != ST_OK || slowed)
		return st;
	st = snapshot_key(call->reading, handover.key_slot, call->arena, &key);
	if (st == ST_OK)
		st = key_serves(call, &key, &serves);
	if (st == ST_OK && serves)
		st = snapshot_handover_maker(
			call->reading, &handover, key.account_slot, call->now_us, &serves);
	if (st != ST_OK)
		return st;
	state = handover_state(&handover, call->now_us);
	if (state == HANDOVER_WAITING && !serves)
		state = HANDOVER_VOID;
	buf_printf(&object, "{\"state\":\"%s\",\"account\":", handover_state_name(state));
	buf_append_json(&object, key.account);
	buf_append_str(&object, ",\"label\":");
	buf_append_json(&object, key.label);
	append_time(&object, "expiresAt", handover.expires_at_us);
	append_time(&object, "openedAt", handover.opened_at_us);
	buf_append_char(&object, '}');
	return api_answer(call, 200, &object, 0, NULL);
}

/* As whoever holds the link: nobody by name, from this address. */
static enum status link_change(struct api_call *call)
{
	char memory[80];
	struct buf address = BUF_ARRAY(memory);
	struct actor actor;

	http_peer_append(&address, call->http->request->peer);
	actor = (struct actor){
		.kind = ACTOR_SYSTEM,
		.name = SPAN_LIT("one-time-link"),
		.peer_uid = -1,
		.address = buf_span(&address),
		.request_id = span_str(call->http->request->id),
	};
	return api_change_as(call, &actor);
}

static enum status share_open(struct api_call *call)
{
	CLEANUP(token_fresh_wipe)
	struct token_fresh_secret token = { .text = { 0 } };
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * KIB);
	uint8_t digest[DIGEST_SIZE];
	struct record_handover handover;
	struct record_key key;
	struct head head;
	uint32_t slot = 0;
	bool slowed, serves = false;
	enum status st = find_link(call, digest, &handover, &slowed);

	if (st != ST_OK || slowed)
		return st;
	st = token_fresh_make(&token);
	if (st == ST_OK)
		st = link_change(call);
	if (st != ST_OK)
		return st;
	st = handover_open(call->change, digest, token.digest, &slot, &call->complaint);
	if (st == ST_OK)
		st = snapshot_key(call->reading, slot, call->arena, &key);
	if (st == ST_OK)
		st = key_serves(call, &key, &serves);
	if (st == ST_OK && !serves)
		return api_refuse(call, ST_CONFLICT, "records.handover_void", NULL, NULL);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"appKey\":");
	buf_append_json(&object, key.app_key);
	buf_append_str(&object, ",\"account\":");
	buf_append_json(&object, key.account);
	buf_append_str(&object, ",\"label\":");
	buf_append_json(&object, key.label);
	buf_append_str(&object, ",\"credentials\":");
	gates_append_credentials(&object, call->keeper->setup->families);
	buf_append_char(&object, '}');
	return key_answer_token(call, 200, &object, 0, NULL, &token);
}

static const struct api_route ROUTES[] = {
	{ "POST", "/v1/share/look", share_look, NULL, LIMIT_BODY, NEED_NOBODY, 0 },
	{ "POST", "/v1/share/open", share_open, NULL, LIMIT_BODY, NEED_NOBODY, 0 },
};

const struct api_table HANDOVERS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
