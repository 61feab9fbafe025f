#include "gate/ask.h"

#include "base/clock.h"
#include "http/problem.h"
#include "key/mask.h"

#include <jansson.h>

#define ENVOY_PREFIX "/auth/envoy"

/* ---- reading ---- */

/* struct headers (decide/presented.h) over the request. */
static struct header_value header_get(const void *context, struct span name)
{
	struct header_value found;

	found.count = (unsigned)http_header_get(context, name, &found.value);
	return found;
}

/* A header that may be missing, but not come twice. */
static struct span optional(
	const struct http_request *request, const char *name, struct decide_input *input)
{
	struct span value = SPAN_ABSENT;

	if (http_header_find(request, name, &value) == HTTP_REPEATED)
		input->malformed = true;
	return value;
}

static struct span required(
	const struct http_request *request, const char *name, struct decide_input *input)
{
	struct span value = optional(request, name, input);

	if (!span_present(value) || value.len == 0)
		input->malformed = true;
	return value;
}

/* An address that cannot be read is an unknown one: a key with a list is then refused. */
static void read_address(struct span text, struct decide_input *input)
{
	if (span_present(text) && address_parse(text, &input->client) != ST_OK)
		input->client = (struct address){ .known = false };
}

static void read_dialect(
	enum dialect dialect, const struct http_request *request, struct decide_input *input)
{
	switch (dialect) {
	case DIALECT_NGINX:
		input->method = required(request, "X-Original-Method", input);
		input->target = required(request, "X-Original-URI", input);
		input->host = optional(request, "X-Original-Host", input);
		read_address(optional(request, "X-Original-Address", input), input);
		return;
	case DIALECT_FORWARDED:
		input->method = required(request, "X-Forwarded-Method", input);
		input->target = required(request, "X-Forwarded-Uri", input);
		input->host = optional(request, "X-Forwarded-Host", input);
		read_address(optional(request, "X-Real-IP", input), input);
		return;
	case DIALECT_ENVOY:
		input->method = request->method;
		input->target =
			span_part(request->target, sizeof(ENVOY_PREFIX) - 1, request->target.len);
		input->host = request->host;
		return;
	}
	input->malformed = true;
}

static void read_account(
	const struct gate *gate, const struct http_request *request, struct decide_input *input)
{
	const struct gate_account *account;

	if (request->listener >= gate->setup->listeners_count) {
		input->malformed = true;
		return;
	}
	account = &gate->setup->accounts[request->listener];
	input->account_source = account->source;
	if (account->source == ACCOUNT_FIXED) {
		input->account = account->value;
	} else if (account->source == ACCOUNT_HEADER) {
		struct header_value value = header_get(request, account->value);

		if (value.count > 1)
			input->malformed = true;
		input->account = value.value;
	}
}

/* ---- deciding ---- */

struct verdict_made {
	struct decision decision;
	const struct view *view;
};

static void make_verdict(
	struct gate *gate, const struct decide_input *input, struct verdict_made *made)
{
	decider_decide(gate->decider, made->view, input, &made->decision);
}

static void make_refusal(struct gate *gate, const struct decide_input *input,
	const struct http_request *request, const struct verdict_made *made, struct refusal *out)
{
	const struct refusal_request refusal_request = { span_str(request->id),
		http_request_lang(request) };

	decider_refuse(gate->decider, made->view, input, &made->decision, &refusal_request, out);
}

/* ---- answering ---- */

/* nginx turns a subrequest's other statuses into 500; X-Llavero-Status has the true one. */
static unsigned dialect_status(enum dialect dialect, int true_status)
{
	if (dialect == DIALECT_NGINX && true_status != 401)
		return 403;
	return (unsigned)true_status;
}

static void add_answer(struct http_response *response, const struct answer *answer)
{
	for (size_t i = 0; i < answer->headers_count; i++)
		http_response_header(response, answer->headers[i].name, answer->headers[i].value);
	if (!buf_ok(&answer->text))
		response->failed = true;
}

static void answer_refusal(struct gate *gate, enum dialect dialect, const struct verdict_made *made,
	const struct refusal *refusal, struct http_response *response)
{
	const struct problem *problem = &refusal->problem;

	response->status = dialect_status(dialect, problem->http_status);
	response->content_type = PROBLEM_CONTENT_TYPE;
	answer_refused(&made->decision, problem, refusal->diagnosis, dialect == DIALECT_NGINX,
		&gate->answer);
	add_answer(response, &gate->answer);
	if (problem->www_authenticate[0] != '\0')
		http_response_header(
			response, "WWW-Authenticate", span_str(problem->www_authenticate));
	if (problem->retry_after[0] != '\0')
		http_response_header(response, "Retry-After", span_str(problem->retry_after));
	buf_append(&response->body, span_of(problem->document, problem->document_len));
}

enum status ask_forward_auth(struct gate *gate, enum dialect dialect,
	const struct http_request *request, struct http_response *response)
{
	struct headers headers = { request, header_get };
	struct decide_input input = decider_input(gate->decider);
	struct verdict_made made;

	read_dialect(dialect, request, &input);
	read_account(gate, request, &input);
	input.credential = presented_from_headers(gate->setup->families, &headers);
	input.cors_preflight = presented_preflight(input.method, &headers);
	made.view = decider_view(gate->decider, 0);
	make_verdict(gate, &input, &made);
	http_response_header(response, "Cache-Control", SPAN_LIT(PROBLEM_CACHE_CONTROL));
	if (made.decision.verdict == VERDICT_ALLOW) {
		response->status = 200;
		answer_allowed(&made.decision, made.view, &gate->answer);
		add_answer(response, &gate->answer);
	} else {
		struct refusal refusal;

		make_refusal(gate, &input, request, &made, &refusal);
		answer_refusal(gate, dialect, &made, &refusal, response);
	}
	return ST_OK;
}

/* ---- /v1/verify ---- */

struct verify_body {
	json_t *json;
	const char *texts[7];
	json_int_t min_revision;
};

enum verify_text {
	VERIFY_APP_KEY,
	VERIFY_APP_TOKEN,
	VERIFY_METHOD,
	VERIFY_PATH,
	VERIFY_HOST,
	VERIFY_ADDRESS,
	VERIFY_ACCOUNT
};

static const char *const VERIFY_NAMES[] = { "appKey", "appToken", "method", "path", "host",
	"address", "account" };

static struct span verify_span(const struct verify_body *body, enum verify_text text)
{
	const json_t *value = json_object_get(body->json, VERIFY_NAMES[text]);

	if (value == NULL)
		return SPAN_ABSENT;
	return span_of(json_string_value(value), json_string_length(value));
}

static enum status verify_member(
	struct verify_body *body, const char *name, json_t *value, struct complaint *complaint)
{
	if (strcmp(name, "minRevision") == 0) {
		if (!json_is_integer(value) || json_integer_value(value) < 0) {
			complaint_set(complaint, "gate.member_number", 1, "name", name);
			return ST_INVALID;
		}
		body->min_revision = json_integer_value(value);
		return ST_OK;
	}
	for (size_t i = 0; i < ARRAY_LEN(VERIFY_NAMES); i++) {
		if (strcmp(name, VERIFY_NAMES[i]) != 0)
			continue;
		if (json_is_string(value))
			return ST_OK;
		complaint_set(complaint, "gate.member_text", 1, "name", name);
		return ST_INVALID;
	}
	complaint_set(complaint, "gate.member_unknown", 1, "name", name);
	mask_complaint(complaint);
	return ST_INVALID;
}

static void verify_body_free(struct verify_body *body)
{
	json_decref(body->json);
	body->json = NULL;
}

static enum status verify_parse(
	const struct http_request *request, struct verify_body *body, struct complaint *complaint)
{
	const char *name;
	json_t *value;

	/* JSON_ALLOW_NUL: a token with NUL inside is a wrong token, not a wrong body. */
	body->json = json_loadb(request->body.ptr, request->body.len,
		JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!json_is_object(body->json)) {
		complaint_set(complaint, "gate.body_not_object", 0);
		return ST_INVALID;
	}
	json_object_foreach(body->json, name, value)
	{
		enum status st = verify_member(body, name, value, complaint);

		if (st != ST_OK)
			return st;
	}
	for (enum verify_text i = VERIFY_METHOD; i <= VERIFY_PATH; i++) {
		if (!span_present(verify_span(body, i))) {
			complaint_set(complaint, "gate.member_missing", 1, "name", VERIFY_NAMES[i]);
			return ST_INVALID;
		}
	}
	return ST_OK;
}

static struct presented verify_credential(const struct verify_body *body)
{
	struct presented presented = {
		.app_key = verify_span(body, VERIFY_APP_KEY),
		.app_token = verify_span(body, VERIFY_APP_TOKEN),
	};

	if (span_present(presented.app_key))
		presented.form = PRESENTED_PAIR;
	else if (span_present(presented.app_token))
		presented.form = PRESENTED_TOKEN;
	return presented;
}

enum status ask_verify(
	struct gate *gate, const struct http_request *request, struct http_response *response)
{
	CLEANUP(verify_body_free)
	struct verify_body body = { .json = NULL };
	struct complaint complaint = { .key = NULL };
	struct decide_input input = decider_input(gate->decider);
	struct verdict_made made;
	struct refusal refusal;
	bool allowed;

	if (verify_parse(request, &body, &complaint) != ST_OK) {
		http_problem(response, request, 400, &complaint);
		return ST_OK;
	}
	input.method = verify_span(&body, VERIFY_METHOD);
	input.target = verify_span(&body, VERIFY_PATH);
	input.host = verify_span(&body, VERIFY_HOST);
	read_address(verify_span(&body, VERIFY_ADDRESS), &input);
	read_account(gate, request, &input);
	/* The asker is a trusted gateway: it may name the account where none is configured. */
	if (input.account_source == ACCOUNT_OF_KEY &&
		span_present(verify_span(&body, VERIFY_ACCOUNT))) {
		input.account_source = ACCOUNT_HEADER;
		input.account = verify_span(&body, VERIFY_ACCOUNT);
	}
	input.credential = verify_credential(&body);
	made.view = decider_view(gate->decider, (uint64_t)body.min_revision);
	make_verdict(gate, &input, &made);
	allowed = made.decision.verdict == VERDICT_ALLOW;
	if (!allowed)
		make_refusal(gate, &input, request, &made, &refusal);
	response->status = 200;
	response->content_type = "application/json";
	http_response_header(response, "Cache-Control", SPAN_LIT(PROBLEM_CACHE_CONTROL));
	answer_verify(
		&made.decision, made.view, allowed ? NULL : &refusal.problem, &response->body);
	return ST_OK;
}
