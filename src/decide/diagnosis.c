#include "decide/diagnosis.h"

#include "base/encode.h"
#include "decide/diagnosis_codec.h"

#include <assert.h>

#define ID_BYTES 8u
#define HEAD_LEN (1u + ID_BYTES)
#define SEALED_MIN (HEAD_LEN + SEAL_NONCE_SIZE + SEAL_TAG_SIZE)
#define SEALED_MAX (SEALED_MIN + DIAGNOSIS_PLAIN_MAX)

static_assert((SEALED_MAX + 2) / 3 * 4 <= LIMIT_DIAGNOSIS, "D3: the sealed text keeps its limit");
static_assert(KEY_ID_SIZE == 2 * ID_BYTES + 1, "a key id is 8 bytes in hex");

/* The least that a text keeps when all together are too long. */
#define PATH_MIN 28u
#define HOST_MIN 16u
#define APP_KEY_MIN 40u
static_assert(DIAGNOSIS_METHOD_MAX + DIAGNOSIS_REQUEST_ID_MAX + DIAGNOSIS_NODE_MAX + PATH_MIN +
			      HOST_MIN + APP_KEY_MIN <=
		      DIAGNOSIS_TEXTS_LEN,
	"D3: the cut texts fit");

/* ---- What must not be kept (D1) ---- */

/* Less than this of a token tells nothing: every prefix and many words are that short. */
#define TOKEN_PART_MIN 8u
/* After "LV1": so many letters and digits can only be a token. */
#define TOKEN_RUN_MIN 12u
/* A word in an appKey that does not say "key" at its start. */
#define FOREIGN_RUN_MAX 16u
#define FOREIGN_CHARACTERS_MAX 28u
#define KEYED_RUN_MAX 32u

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool contains(struct span text, struct span part)
{
	for (size_t i = 0; part.len > 0 && i + part.len <= text.len; i++) {
		if (span_equal(span_part(text, i, part.len), part))
			return true;
	}
	return false;
}

/* How many letters and digits stand in a row from offset on. */
static size_t run_from(struct span text, size_t offset)
{
	size_t end = offset;

	while (end < text.len && is_alnum(text.ptr[end]))
		end++;
	return end - offset;
}

static bool holds_token_of_ours(struct span text)
{
	static const char *const PREFIXES[] = { "LV1", "LT1", "LM1" };

	for (size_t i = 0; i + TOKEN_PREFIX_LEN <= text.len; i++) {
		for (size_t p = 0; p < ARRAY_LEN(PREFIXES); p++) {
			if (span_equal_nocase(
				    span_part(text, i, TOKEN_PREFIX_LEN), span_str(PREFIXES[p])) &&
				run_from(text, i + TOKEN_PREFIX_LEN) >= TOKEN_RUN_MIN)
				return true;
		}
	}
	return false;
}

/* Both ways: the token in the text, and the text a piece of the token. */
static bool may_hold_token(struct span text, struct span token)
{
	if (token.len >= TOKEN_PART_MIN && contains(text, token))
		return true;
	if (text.len >= TOKEN_PART_MIN && contains(token, text))
		return true;
	return holds_token_of_ours(text);
}

/* "appkey-", "vtexappkey-", "key_": a first word that ends in "key". */
static bool says_key(struct span text)
{
	size_t word = run_from(text, 0);

	return word >= 3 && word < text.len &&
	       span_equal_nocase(span_part(text, word - 3, 3), SPAN_LIT("key"));
}

/* Could the text of the appKey field be a foreign token that was put there? */
static bool looks_like_foreign_token(struct span text)
{
	bool keyed = says_key(text);
	size_t longest = 0, characters = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t run = run_from(text, i);

		longest = run > longest ? run : longest;
		characters += run > 0;
	}
	if (keyed)
		return longest > KEYED_RUN_MAX;
	return longest > FOREIGN_RUN_MAX || characters > FOREIGN_CHARACTERS_MAX;
}

static bool app_key_withheld(const struct decision *decision, const struct presented *credential)
{
	struct span app_key = credential->app_key;

	if (decision->text.cause == TEXT_FIELDS_SWAPPED || decision->text.hint == HINT_SAME_TEXT)
		return true;
	return may_hold_token(app_key, credential->app_token) || looks_like_foreign_token(app_key);
}

/* ---- Making one ---- */

static void keep(struct diagnosis_text *out, struct span text, size_t len_max, bool withheld)
{
	if (!span_present(text))
		return;
	if (withheld) {
		out->state = DIAGNOSIS_TEXT_WITHHELD;
		return;
	}
	out->state = text.len > len_max ? DIAGNOSIS_TEXT_CUT : DIAGNOSIS_TEXT_WHOLE;
	out->len = (uint8_t)(text.len > len_max ? len_max : text.len);
	memcpy(out->bytes, text.ptr, out->len);
}

/* Cut the text by at most surplus bytes, but not below len_min. What is still too much. */
static size_t give_way(struct diagnosis_text *text, size_t len_min, size_t surplus)
{
	size_t spare = text->len > len_min ? text->len - len_min : 0;
	size_t cut = surplus < spare ? surplus : spare;

	if (cut > 0) {
		text->len = (uint8_t)(text->len - cut);
		memset(text->bytes + text->len, 0, cut);
		text->state = DIAGNOSIS_TEXT_CUT;
	}
	return surplus - cut;
}

static void make_fit(struct diagnosis *d)
{
	size_t total = (size_t)d->method.len + d->path.len + d->host.len + d->app_key.len +
		       d->request_id.len + d->node.len;
	size_t surplus = total > DIAGNOSIS_TEXTS_LEN ? total - DIAGNOSIS_TEXTS_LEN : 0;

	surplus = give_way(&d->path, PATH_MIN, surplus);
	surplus = give_way(&d->host, HOST_MIN, surplus);
	surplus = give_way(&d->app_key, APP_KEY_MIN, surplus);
	assert(surplus == 0);
}

static void keep_texts(const struct decision *decision, const struct decide_input *input,
	const struct decide_scratch *scratch, const struct diagnosis_origin *origin,
	struct diagnosis *d)
{
	struct span token = input->credential.app_token;
	struct span raw_path = span_part(input->target, 0, span_find(input->target, '?'));
	struct span path = scratch->path.reason == PATH_OK ? scratch->path.path : raw_path;
	struct span host = span_present(scratch->host) ? scratch->host : input->host;
	struct span app_key =
		input->credential.form == PRESENTED_PAIR ? input->credential.app_key : SPAN_ABSENT;

	keep(&d->method, input->method, DIAGNOSIS_METHOD_MAX, may_hold_token(input->method, token));
	keep(&d->path, path, DIAGNOSIS_PATH_MAX, may_hold_token(path, token));
	keep(&d->host, host, DIAGNOSIS_HOST_MAX, may_hold_token(host, token));
	keep(&d->app_key, app_key, DIAGNOSIS_APP_KEY_MAX,
		app_key_withheld(decision, &input->credential));
	keep(&d->request_id, origin->request_id, DIAGNOSIS_REQUEST_ID_MAX,
		may_hold_token(origin->request_id, token));
	keep(&d->node, origin->node, DIAGNOSIS_NODE_MAX, false);
	make_fit(d);
	/*
	 * A look-up told that the appKey field holds a token: blank it, at its length,
	 * for the length must not tell what is there (D2).
	 */
	if (decision->near.swapped) {
		d->app_key.state = DIAGNOSIS_TEXT_WITHHELD;
		memset(d->app_key.bytes, 0, sizeof(d->app_key.bytes));
	}
}

static void copy_verdict(const struct decision *decision, struct diagnosis *d)
{
	d->allowed = decision->verdict == VERDICT_ALLOW;
	d->cause = decision->cause;
	/* I1: a refusal without a cause is a fault. */
	if (!d->allowed && d->cause == CAUSE_NONE)
		d->cause = CAUSE_INDEX_UNAVAILABLE;
	d->public_cause = decision->public_cause;
	if (!d->allowed && d->public_cause == CAUSE_NONE)
		d->public_cause = CAUSE_INDEX_UNAVAILABLE;
	d->failed_step = decision->failed_step;
	memcpy(d->trace, decision->trace, sizeof(d->trace));
	d->proven = decision->proven;
	d->previous_token = decision->previous_token;
	d->asked_account = decision->asked_account;
	d->owner_account = decision->owner_account;
	d->key = decision->key;
	d->key_account = decision->key_account;
	d->other_key = decision->other_key;
	d->other_account = decision->other_account;
	d->profile = decision->profile;
	d->resource = decision->resource;
	d->retry_after_s = decision->retry_after_s;
	if (decision->retry_after_s != 0) {
		d->limit_window = decision->limits_state.window;
		d->limit_count = decision->limits_state.count;
	}
	d->profiles_here = (uint16_t)decision->profiles_here;
	d->path_reason = decision->path_reason;
	d->text = decision->text;
	d->near = decision->near;
}

static void copy_route(const struct route_match *route, struct diagnosis *d)
{
	d->route_kind = route->kind;
	d->access = route->access;
	d->has_service = route->has_service;
	d->unmapped_authenticated = route->unmapped_authenticated;
	d->preflight_pass = route->preflight_pass;
	d->service = route->service_id;
	d->route = route->route_id;
	d->other_route = route->other_route_id;
	d->resources_count = (uint16_t)route->resources_count;
	for (size_t i = 0; i < route->resources_count && i < DIAGNOSIS_RESOURCES_MAX; i++)
		d->resources[i] = route_match_resource(route, i);
}

void diagnosis_make(const struct decision *decision, const struct decide_input *input,
	const struct decide_scratch *scratch, const struct view *view,
	const struct diagnosis_origin *origin, struct diagnosis *out)
{
	*out = (struct diagnosis){ 0 };
	copy_verdict(decision, out);
	copy_route(&decision->route, out);
	out->form = input->credential.form;
	out->account_source = input->account_source;
	out->cors_preflight = input->cors_preflight;
	out->at_us = input->now_us;
	out->epoch = view == NULL ? 0 : view->epoch;
	out->revision = view == NULL ? 0 : view->revision;
	out->client = input->client;
	keep_texts(decision, input, scratch, origin, out);
}

/* ---- Who may read it ---- */

bool diagnosis_may_read(const struct diagnosis *diagnosis, const struct diagnosis_reader *reader)
{
	if (reader->operator)
		return true;
	return reader->account != 0 && diagnosis->owner_account == reader->account;
}

static bool refused_unproven(const struct diagnosis *d)
{
	return !d->proven && (d->failed_step == STEP_KEY || d->failed_step == STEP_TOKEN) &&
	       cause_http_status(d->cause) == 401;
}

static void mask_key(struct diagnosis *d)
{
	d->key = 0;
	d->key_account = 0;
	d->near = (struct near_hit){ 0 };
	if (d->proven) {
		d->cause = d->public_cause;
		return;
	}
	if (d->failed_step != STEP_TOKEN)
		return;
	d->failed_step = STEP_KEY;
	d->trace[STEP_KEY] = STEP_FAILED;
	d->trace[STEP_TOKEN] = STEP_NOT_REACHED;
}

void diagnosis_mask(struct diagnosis *diagnosis, const struct diagnosis_reader *reader)
{
	bool key_seen = diagnosis->key_account == reader->account || reader->key_linked;

	if (reader->operator)
		return;
	if (diagnosis->other_key != 0 && diagnosis->other_account != reader->account) {
		diagnosis->other_key = 0;
		diagnosis->other_account = 0;
		diagnosis->near.swapped = false;
		if (diagnosis->form != PRESENTED_PAIR)
			diagnosis->near.steps = 0;
	}
	if (diagnosis->key != 0 && !key_seen)
		mask_key(diagnosis);
	/* What is left must be what it would be if the other key did not exist. */
	if (refused_unproven(diagnosis) && diagnosis->other_key == 0)
		diagnosis->cause = decision_unproven_cause(
			diagnosis->public_cause, diagnosis->key != 0, diagnosis->text.field);
}

/* ---- Sealing ---- */

void diagnosis_seal(const struct diagnosis *diagnosis, const struct key_file_secret *key,
	const uint8_t nonce[SEAL_NONCE_SIZE], struct buf *out)
{
	uint8_t plain[DIAGNOSIS_PLAIN_MAX], sealed[SEALED_MAX] = { DIAGNOSIS_VERSION };
	size_t len = diagnosis_encode(diagnosis, plain);
	bool id_ok = decode_hex(span_str(key->id), sealed + 1, ID_BYTES);

	assert(id_ok);
	(void)id_ok;
	memcpy(sealed + HEAD_LEN, nonce, SEAL_NONCE_SIZE);
	crypto_seal(key->key, nonce, span_of(sealed, HEAD_LEN), span_of(plain, len),
		sealed + HEAD_LEN + SEAL_NONCE_SIZE);
	encode_base64url(out, sealed, SEALED_MIN + len);
}

/* The bytes of a sealed text of this version. */
static enum status unwrap(struct span text, struct buf *out)
{
	enum status st;

	if (text.len == 0 || text.len > LIMIT_DIAGNOSIS)
		return ST_INVALID;
	st = decode_base64url(text, out);
	if (st != ST_OK)
		return ST_INVALID;
	if (out->len < 1)
		return ST_INVALID;
	if ((uint8_t)out->ptr[0] != DIAGNOSIS_VERSION)
		return ST_FORMAT;
	return out->len < SEALED_MIN ? ST_INVALID : ST_OK;
}

bool diagnosis_key_id(struct span text, char out_id[KEY_ID_SIZE])
{
	char memory[SEALED_MAX + 1];
	struct buf bytes = BUF_ARRAY(memory), id = buf_fixed(out_id, KEY_ID_SIZE);

	if (unwrap(text, &bytes) != ST_OK)
		return false;
	encode_hex(&id, bytes.ptr + 1, ID_BYTES);
	return buf_ok(&id);
}

static const struct key_file_secret *find_key(
	const struct key_file_secret *keys, size_t keys_count, const uint8_t id[ID_BYTES])
{
	for (size_t i = 0; i < keys_count; i++) {
		uint8_t own[ID_BYTES];

		if (decode_hex(span_str(keys[i].id), own, ID_BYTES) &&
			memcmp(own, id, ID_BYTES) == 0)
			return &keys[i];
	}
	return NULL;
}

enum status diagnosis_open(struct span text, const struct key_file_secret *keys, size_t keys_count,
	struct diagnosis *out)
{
	char memory[SEALED_MAX + 1];
	uint8_t plain[DIAGNOSIS_PLAIN_MAX];
	struct buf bytes = BUF_ARRAY(memory);
	const struct key_file_secret *key;
	const uint8_t *sealed = (const uint8_t *)memory;
	size_t body;
	enum status st = unwrap(text, &bytes);

	if (st != ST_OK)
		return st;
	key = find_key(keys, keys_count, sealed + 1);
	if (key == NULL)
		return ST_NOT_FOUND;
	body = bytes.len - HEAD_LEN - SEAL_NONCE_SIZE;
	st = crypto_open(key->key, sealed + HEAD_LEN, span_of(sealed, HEAD_LEN),
		span_of(sealed + HEAD_LEN + SEAL_NONCE_SIZE, body), plain);
	if (st != ST_OK)
		return st;
	return diagnosis_decode(span_of(plain, body - SEAL_TAG_SIZE), out);
}
