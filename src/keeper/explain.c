/*
 * /v1/explain, /v1/can and /v1/verify: why a request was, is or would be
 * refused. Source: decide/explain.h, and the records for what would help.
 */
#include "keeper/explain.h"

#include "decide/answer.h"
#include "keeper/fixes.h"
#include "keeper/keys.h"
#include "keeper/refer.h"
#include "keeper/trial.h"

#include <stdlib.h>

#define EXPLANATION_MAX (1 * MIB)

/* ---- the answer ---- */

static enum lang answer_lang(const struct api_call *call, const struct body_field *lang)
{
	return lang != NULL && lang->present ? lang_accept(lang->text, LANG_EN) : call->http->lang;
}

static enum status answer_explanation(struct api_call *call, const struct diagnosis *diagnosis,
	const struct view *view, enum lang lang)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(EXPLAIN_ARENA);
	CLEANUP(buf_free)
	struct buf object = buf_heap(EXPLANATION_MAX);
	struct explanation *explanation;
	enum status st;

	if (arena == NULL)
		return ST_NO_MEMORY;
	explanation = arena_alloc(call->arena, sizeof(*explanation));
	if (explanation == NULL)
		return ST_NO_MEMORY;
	explain(diagnosis, view, arena, explanation);
	st = fixes_add(call, explanation);
	if (st != ST_OK)
		return st;
	explain_append_json(explanation, lang, &object);
	if (!buf_ok(&object) || object.len < 2)
		return ST_NO_MEMORY;
	object.len--;
	st = history_append(call, diagnosis, &object);
	if (st != ST_OK)
		return st;
	buf_append_char(&object, '}');
	return api_answer(call, 200, &object, 0, NULL);
}

/* ---- explain ---- */

/* ST_INVALID with the complaint what is wrong with the code. */
static enum status explain_open(
	struct api_call *call, struct span code, struct diagnosis *out_diagnosis)
{
	switch (diagnosis_open(code, call->keeper->sealing_key_secret, 1, out_diagnosis)) {
	case ST_OK:
		return ST_OK;
	case ST_NOT_FOUND:
		return api_refuse(call, ST_INVALID, "api.diagnosis_foreign", NULL, NULL);
	case ST_FORMAT:
		return api_refuse(call, ST_INVALID, "api.diagnosis_version", NULL, NULL);
	default:
		return api_refuse(call, ST_INVALID, "api.diagnosis_damaged", NULL, NULL);
	}
}

enum status explain_mask(struct api_call *call, struct arena *arena, struct diagnosis *diagnosis)
{
	struct diagnosis_reader reader = {
		.operator= call->caller.kind == CALLER_OPERATOR,
		.account = call->caller.account_slot,
	};
	struct record_key key;
	enum status st;

	if (!diagnosis_may_read(diagnosis, &reader))
		return api_refuse(call, ST_INVALID, "api.diagnosis_foreign", NULL, NULL);
	if (diagnosis->key != 0) {
		st = snapshot_key(call->reading, diagnosis->key, arena, &key);
		if (st != ST_OK && st != ST_NOT_FOUND)
			return st;
		reader.key_linked = st == ST_OK && key_seen(call, &key);
	}
	diagnosis_mask(diagnosis, &reader);
	return ST_OK;
}

static enum status explain_code(struct api_call *call, struct span code, enum lang lang)
{
	CLEANUP(trial_end)
	struct trial trial = { .view = NULL };
	struct diagnosis *diagnosis = arena_alloc(call->arena, sizeof(*diagnosis));
	enum status st;

	if (diagnosis == NULL)
		return ST_NO_MEMORY;
	st = explain_open(call, code, diagnosis);
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = trial_view(call, &trial);
	if (st != ST_OK)
		return st;
	st = explain_mask(call, call->arena, diagnosis);
	return st != ST_OK ? st : answer_explanation(call, diagnosis, trial.view, lang);
}

/*
 * A trial that ended before any credential was looked at, at its path or at a
 * public route, says nothing of an account: whoever tried reads it.
 */
static enum status mask_trial(struct api_call *call, struct diagnosis *diagnosis)
{
	bool before_keys = diagnosis->owner_account == 0 && diagnosis->key == 0 &&
			   (diagnosis->allowed || diagnosis->failed_step < STEP_CREDENTIAL);

	return before_keys ? ST_OK : explain_mask(call, call->arena, diagnosis);
}

static enum status explain_trial(
	struct api_call *call, const struct body_field *fields, enum lang lang)
{
	CLEANUP(trial_end)
	struct trial trial = { .view = NULL };
	struct diagnosis *diagnosis = arena_alloc(call->arena, sizeof(*diagnosis));
	enum status st;

	if (diagnosis == NULL)
		return ST_NO_MEMORY;
	st = api_reading(call);
	if (st == ST_OK)
		st = trial_begin(call, fields, &trial);
	if (st != ST_OK)
		return st;
	trial_decide(&trial);
	trial_diagnosis(call, &trial, diagnosis);
	st = mask_trial(call, diagnosis);
	return st != ST_OK ? st : answer_explanation(call, diagnosis, trial.view, lang);
}

static enum status explain_request(struct api_call *call)
{
	struct body_field fields[TRIAL_FIELDS_COUNT + 2];
	struct body_field *code = &fields[TRIAL_FIELDS_COUNT];
	struct body_field *lang = &fields[TRIAL_FIELDS_COUNT + 1];
	enum status st;

	trial_fields(fields);
	*code = (struct body_field){ .name = "diagnosis", .kind = BODY_TEXT };
	*lang = (struct body_field){ .name = "lang", .kind = BODY_TEXT };
	st = api_body(call, fields, ARRAY_LEN(fields));
	if (st != ST_OK)
		return st;
	if (!code->present)
		return explain_trial(call, fields, answer_lang(call, lang));
	for (size_t i = 0; i < TRIAL_FIELDS_COUNT; i++) {
		if (fields[i].present)
			return api_refuse(call, ST_INVALID, "api.diagnosis_and_trial", NULL, NULL);
	}
	return explain_code(call, code->text, answer_lang(call, lang));
}

/* ---- can ---- */

/*
 * The view as it would be with other links of one key, and with a token that
 * only this question knows, so that it needs none of the key's.
 */
struct what_if {
	struct view view;
	const struct view *base;
	struct span app_key;
	uint8_t digest[DIGEST_SIZE];
	const uint32_t *with, *without;
	size_t with_count, without_count;
};

static void change_links(const struct what_if *what_if, struct view_key *key)
{
	unsigned count = 0;

	for (unsigned i = 0; i < key->profiles_count; i++) {
		if (!slots_contain(what_if->without, what_if->without_count, key->profiles[i]))
			key->profiles[count++] = key->profiles[i];
	}
	for (size_t i = 0; i < what_if->with_count && count < LIMIT_PROFILES_PER_KEY; i++) {
		if (!slots_contain(key->profiles, count, what_if->with[i]))
			key->profiles[count++] = what_if->with[i];
	}
	key->profiles_count = count;
}

static enum status what_if_key(void *context, struct span app_key, struct view_key *out_key)
{
	const struct what_if *what_if = context;
	enum status st = what_if->base->key_by_app_key(what_if->base->context, app_key, out_key);

	if (st != ST_OK || !span_equal(app_key, what_if->app_key))
		return st;
	change_links(what_if, out_key);
	out_key->digests_count = 1;
	memcpy(out_key->digests[0], what_if->digest, DIGEST_SIZE);
	return ST_OK;
}

static enum status what_if_key_by_slot(void *context, uint32_t slot, struct view_key *out_key)
{
	const struct what_if *what_if = context;

	return what_if->base->key_by_slot(what_if->base->context, slot, out_key);
}

static enum status what_if_key_extra(void *context, struct view_key *key)
{
	const struct what_if *what_if = context;

	return what_if->base->key_extra(what_if->base->context, key);
}

static enum status what_if_token(
	void *context, const uint8_t digest[DIGEST_SIZE], struct view_token *out_token)
{
	const struct what_if *what_if = context;

	return what_if->base->token_by_digest(what_if->base->context, digest, out_token);
}

static enum status what_if_account(void *context, uint32_t slot, struct view_account *out_account)
{
	const struct what_if *what_if = context;

	return what_if->base->account_by_slot(what_if->base->context, slot, out_account);
}

static enum status what_if_account_name(
	void *context, struct span name, struct view_account *out_account)
{
	const struct what_if *what_if = context;

	return what_if->base->account_by_name(what_if->base->context, name, out_account);
}

static enum status what_if_account_host(
	void *context, struct span host, struct view_account *out_account)
{
	const struct what_if *what_if = context;

	return what_if->base->account_by_host(what_if->base->context, host, out_account);
}

static enum status what_if_profile(void *context, uint32_t slot, struct view_profile *out_profile)
{
	const struct what_if *what_if = context;

	return what_if->base->profile_by_slot(what_if->base->context, slot, out_profile);
}

static enum status what_if_resource(
	void *context, uint32_t slot, struct view_resource *out_resource)
{
	const struct what_if *what_if = context;

	return what_if->base->resource_by_slot(what_if->base->context, slot, out_resource);
}

static void what_if_make(struct what_if *what_if, const struct view *base)
{
	what_if->base = base;
	what_if->view = *base;
	what_if->view.context = what_if;
	what_if->view.key_by_app_key = what_if_key;
	what_if->view.key_by_slot = what_if_key_by_slot;
	what_if->view.key_extra = what_if_key_extra;
	what_if->view.token_by_digest = what_if_token;
	what_if->view.account_by_slot = what_if_account;
	what_if->view.account_by_name = what_if_account_name;
	what_if->view.account_by_host = what_if_account_host;
	what_if->view.profile_by_slot = what_if_profile;
	what_if->view.resource_by_slot = what_if_resource;
}

/* The profiles of the question, in the account that it is about. */
static enum status read_what_if(struct api_call *call, const struct body_field *fields,
	const struct body_field *with, const struct body_field *without, struct what_if *what_if)
{
	uint32_t *slots;
	uint32_t account_slot;
	struct record_key key;
	struct record_account account;
	enum status st = snapshot_key_by_app_key(
		call->reading, fields[TRIAL_APP_KEY].text, call->arena, &key);

	if (st == ST_OK && !key_seen(call, &key))
		st = ST_NOT_FOUND;
	if (st == ST_NOT_FOUND)
		return api_refuse(call, ST_NOT_FOUND, "api.key_unknown", "appKey",
			arena_copy(call->arena, fields[TRIAL_APP_KEY].text));
	if (st != ST_OK)
		return st;
	account_slot =
		api_sees(call, key.account_slot) ? key.account_slot : call->caller.account_slot;
	if (fields[TRIAL_ACCOUNT].present) {
		st = api_account(call, fields[TRIAL_ACCOUNT].text, &account);
		account_slot = account.slot;
	}
	if (st == ST_OK && with->present) {
		st = refer_profiles(call, account_slot, with->json, &slots, &what_if->with_count);
		what_if->with = slots;
	}
	if (st == ST_OK && without->present) {
		st = refer_profiles(
			call, account_slot, without->json, &slots, &what_if->without_count);
		what_if->without = slots;
	}
	return st;
}

static enum status can(struct api_call *call)
{
	struct body_field fields[TRIAL_FIELDS_COUNT + 2];
	struct body_field *with = &fields[TRIAL_FIELDS_COUNT];
	struct body_field *without = &fields[TRIAL_FIELDS_COUNT + 1];
	CLEANUP(token_fresh_wipe)
	struct token_fresh_secret token = { .text = { 0 } };
	CLEANUP(trial_end)
	struct trial trial = { .view = NULL };
	struct what_if *what_if = arena_alloc(call->arena, sizeof(*what_if));
	struct diagnosis *diagnosis = arena_alloc(call->arena, sizeof(*diagnosis));
	enum status st;

	if (what_if == NULL || diagnosis == NULL)
		return ST_NO_MEMORY;
	trial_fields(fields);
	fields[TRIAL_APP_KEY].flags = BODY_REQUIRED;
	*with = (struct body_field){ .name = "withProfiles", .kind = BODY_ARRAY };
	*without = (struct body_field){ .name = "withoutProfiles", .kind = BODY_ARRAY };
	st = api_body(call, fields, ARRAY_LEN(fields));
	if (st == ST_OK && fields[TRIAL_APP_TOKEN].present)
		return api_refuse(call, ST_INVALID, "api.field_unknown", "name", "appToken");
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = read_what_if(call, fields, with, without, what_if);
	if (st == ST_OK)
		st = trial_begin(call, fields, &trial);
	if (st == ST_OK)
		st = token_fresh_make(&token);
	if (st != ST_OK)
		return st;
	trial.input.credential.app_token = span_of(token.text, TOKEN_LEN);
	what_if->app_key = fields[TRIAL_APP_KEY].text;
	memcpy(what_if->digest, token.digest, DIGEST_SIZE);
	if (trial.view != NULL) {
		what_if_make(what_if, trial.view);
		trial.view = &what_if->view;
	}
	trial_decide(&trial);
	trial_diagnosis(call, &trial, diagnosis);
	st = mask_trial(call, diagnosis);
	if (st != ST_OK)
		return st;
	return answer_explanation(call, diagnosis, trial.view, call->http->lang);
}

/* ---- verify ---- */

static enum status verify(struct api_call *call)
{
	struct body_field fields[TRIAL_FIELDS_COUNT];
	CLEANUP(trial_end)
	struct trial trial = { .view = NULL };
	const struct keeper_setup *setup = call->keeper->setup;
	struct problem_site site = { setup->public_url, setup->console_url, setup->realm };
	struct problem *problem = arena_alloc(call->arena, sizeof(*problem));
	CLEANUP(buf_free)
	struct buf object = buf_heap(64 * KIB);
	char sealed_memory[LIMIT_DIAGNOSIS + 1];
	struct buf sealed = BUF_ARRAY(sealed_memory);
	uint8_t nonce[SEAL_NONCE_SIZE];
	struct diagnosis diagnosis;
	bool allowed;
	enum status st;

	if (problem == NULL)
		return ST_NO_MEMORY;
	trial_fields(fields);
	st = api_body(call, fields, ARRAY_LEN(fields));
	if (st == ST_OK)
		st = trial_begin(call, fields, &trial);
	if (st != ST_OK)
		return st;
	trial_decide(&trial);
	allowed = trial.decision.verdict == VERDICT_ALLOW;
	if (!allowed) {
		trial_diagnosis(call, &trial, &diagnosis);
		crypto_random(nonce, sizeof(nonce));
		diagnosis_seal(&diagnosis, call->keeper->sealing_key_secret, nonce, &sealed);
		problem_make(&site, &trial.decision, trial.view,
			&(struct problem_request){ .request_id = span_str(call->http->request->id),
				.diagnosis = buf_span(&sealed),
				.lang = call->http->lang },
			problem);
	}
	answer_verify(&trial.decision, trial.view, allowed ? NULL : problem, &object);
	return api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "POST", "/v1/explain", explain_request, NULL, LIMIT_BODY, RIGHT_DIAGNOSE, 0 },
	{ "POST", "/v1/can", can, NULL, LIMIT_BODY, RIGHT_DIAGNOSE, 0 },
	{ "POST", "/v1/verify", verify, NULL, LIMIT_BODY, RIGHT_DIAGNOSE, 0 },
};

const struct api_table EXPLAIN_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
