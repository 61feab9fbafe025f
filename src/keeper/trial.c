#include "keeper/trial.h"

#include "keeper/key_limits.h"
#include "keeper/publish.h"

#include <stdlib.h>

void trial_fields(struct body_field fields[TRIAL_FIELDS_COUNT])
{
	static const char *const names[TRIAL_FIELDS_COUNT] = {
		[TRIAL_APP_KEY] = "appKey",
		[TRIAL_APP_TOKEN] = "appToken",
		[TRIAL_METHOD] = "method",
		[TRIAL_PATH] = "path",
		[TRIAL_HOST] = "host",
		[TRIAL_ADDRESS] = "address",
		[TRIAL_ACCOUNT] = "account",
	};

	/* Any text: a credential with a control character is a wrong one, not a wrong body. */
	for (size_t i = 0; i < TRIAL_FIELDS_COUNT; i++)
		fields[i] = (struct body_field){ .name = names[i], .kind = BODY_RAW_TEXT };
}

void trial_end(struct trial *trial)
{
	reading_release(&trial->reading);
	if (trial->scratch != NULL)
		digest_context_free(&trial->scratch->digests);
	free(trial->scratch);
	trial->scratch = NULL;
	trial->view = NULL;
}

enum status trial_view(struct api_call *call, struct trial *trial)
{
	enum status st;

	if (call->keeper->publisher == NULL)
		return ST_OK;
	st = reading_acquire(call->keeper->publisher, &trial->reading, &trial->view);
	if (st == ST_BUSY)
		return api_refuse(call, ST_BUSY, "api.busy", NULL, NULL);
	/* No index is an answer here: the trial says index_unavailable, as a gate would. */
	if (st != ST_OK)
		trial->view = NULL;
	return ST_OK;
}

static enum status read_input(
	struct api_call *call, const struct body_field *fields, struct decide_input *input)
{
	if (!fields[TRIAL_METHOD].present || !fields[TRIAL_PATH].present)
		return api_refuse(call, ST_INVALID, "api.field_missing", "name",
			fields[TRIAL_METHOD].present ? "path" : "method");
	*input = (struct decide_input){
		.credential = { .app_key = fields[TRIAL_APP_KEY].text,
			.app_token = fields[TRIAL_APP_TOKEN].text },
		.method = fields[TRIAL_METHOD].text,
		.target = fields[TRIAL_PATH].text,
		.host = fields[TRIAL_HOST].text,
		.now_us = call->now_us,
	};
	if (fields[TRIAL_APP_KEY].present)
		input->credential.form = PRESENTED_PAIR;
	else if (fields[TRIAL_APP_TOKEN].present)
		input->credential.form = PRESENTED_TOKEN;
	if (fields[TRIAL_ACCOUNT].present) {
		input->account_source = ACCOUNT_HEADER;
		input->account = fields[TRIAL_ACCOUNT].text;
	}
	if (fields[TRIAL_ADDRESS].present &&
		address_parse(fields[TRIAL_ADDRESS].text, &input->client) != ST_OK)
		return api_refuse(call, ST_INVALID, "api.address", NULL, NULL);
	return ST_OK;
}

/* Whoever is not the operator asks of his own account. */
static enum status scope_account(
	struct api_call *call, const struct body_field *fields, struct decide_input *input)
{
	struct record_account account;
	enum status st;

	if (call->caller.kind == CALLER_OPERATOR)
		return ST_OK;
	st = api_reading(call);
	if (st == ST_OK)
		st = api_account(call, fields[TRIAL_ACCOUNT].text, &account);
	if (st != ST_OK)
		return st;
	input->account_source = ACCOUNT_HEADER;
	input->account = account.name;
	return ST_OK;
}

enum status trial_begin(struct api_call *call, const struct body_field *fields, struct trial *trial)
{
	enum status st = read_input(call, fields, &trial->input);

	if (st == ST_OK)
		st = scope_account(call, fields, &trial->input);

	if (st != ST_OK)
		return st;
	trial->limits = limits_source_of(call->keeper);
	trial->input.limits = &trial->limits;
	trial->scratch = calloc(1, sizeof(*trial->scratch));
	if (trial->scratch == NULL)
		return ST_NO_MEMORY;
	trial->scratch->app_key_prefix = call->keeper->setup->app_key_prefix;
	trial->scratch->digests = digest_context_make();
	if (trial->scratch->digests == NULL)
		return ST_NO_MEMORY;
	return trial_view(call, trial);
}

void trial_decide(struct trial *trial)
{
	decide(trial->view, &trial->input, trial->scratch, &trial->decision);
}

void trial_diagnosis(
	const struct api_call *call, const struct trial *trial, struct diagnosis *out_diagnosis)
{
	struct diagnosis_origin origin = { span_str(call->http->request->id), SPAN_LIT("keeper") };

	diagnosis_make(&trial->decision, &trial->input, trial->scratch, trial->view, &origin,
		out_diagnosis);
}
