/* llv_decide: the decision, and what there is to say of it. */
#include "lib/handle.h"

#include "base/encode.h"

/* What is copied must outlive the view: the writer may use its pages again. */
static struct llv_span keep(struct buf *text, struct span part)
{
	size_t start = text->len;

	if (!span_present(part))
		return handle_out(SPAN_ABSENT);
	buf_append(text, part);
	/* The records' limits leave room for all of them. */
	if (!buf_ok(text))
		return handle_out(SPAN_ABSENT);
	return handle_out(span_of(text->ptr + start, part.len));
}

static void add_header(
	struct llv *llv, struct llv_decision *out, const char *name, struct span value)
{
	if (value.len == 0 || out->headers_count >= HANDLE_HEADERS_MAX)
		return;
	llv->headers[out->headers_count++] =
		(struct llv_header){ handle_out(span_str(name)), handle_out(value) };
}

static void add_answer(struct llv *llv, struct llv_decision *out)
{
	for (size_t i = 0; i < llv->answer.headers_count; i++)
		add_header(llv, out, llv->answer.headers[i].name, llv->answer.headers[i].value);
}

/* ---- allowed ---- */

static void say_resource(
	const struct llv *llv, const struct view *view, struct buf *text, struct llv_decision *out)
{
	struct view_resource resource;
	uint32_t slot = llv->decision.resource;

	if (slot == 0 || view->resource_by_slot(view->context, slot, &resource) != ST_OK)
		return;
	out->resource_product = keep(text, resource.product);
	out->resource_key = keep(text, resource.key);
}

static void say_allowed(struct llv *llv, const struct view *view, bool with_headers,
	struct buf *text, struct llv_decision *out)
{
	const struct decision *decision = &llv->decision;

	out->allowed = 1;
	out->http_status = 200;
	out->account = keep(text, decision->account_name);
	out->external_id = keep(text, decision->external_id);
	out->profile = keep(text, decision->profile_name);
	say_resource(llv, view, text, out);
	if (decision->previous_token)
		out->flags |= LLV_PREVIOUS_TOKEN;
	if (!with_headers)
		return;
	answer_allowed(decision, view, &llv->answer);
	add_answer(llv, out);
}

/* ---- refused ---- */

static struct span request_id(struct llv *llv, const struct llv_request *request)
{
	struct buf text = BUF_ARRAY(llv->request_id);
	uint8_t random[(sizeof(llv->request_id) - 1) / 2];

	if (request->request_id.ptr != NULL)
		return handle_span(request->request_id);
	crypto_random(random, sizeof(random));
	encode_hex(&text, random, sizeof(random));
	return buf_span(&text);
}

static void say_refused(struct llv *llv, const struct view *view,
	const struct handle_question *question, struct llv_decision *out)
{
	struct span accept =
		question->headers.get(question->headers.context, SPAN_LIT("Accept-Language")).value;
	struct refusal_request told = { request_id(llv, &question->request),
		lang_accept(accept, llv->lang) };
	const struct problem *problem = &llv->refusal.problem;

	decider_refuse(llv->decider, view, &question->input, &llv->decision, &told, &llv->refusal);
	answer_refused(&llv->decision, problem, llv->refusal.diagnosis, false, &llv->answer);
	out->http_status = problem->http_status;
	out->retry_after_s = problem->http_status == 429 ? llv->decision.retry_after_s : 0;
	out->request_id = handle_out(told.request_id);
	out->diagnosis = handle_out(llv->refusal.diagnosis);
	out->content_type = handle_out(SPAN_LIT(PROBLEM_CONTENT_TYPE));
	out->body = handle_out(span_of(problem->document, problem->document_len));
	add_header(llv, out, "Cache-Control", SPAN_LIT(PROBLEM_CACHE_CONTROL));
	add_header(llv, out, "WWW-Authenticate", span_str(problem->www_authenticate));
	add_header(llv, out, "Retry-After", span_str(problem->retry_after));
	add_answer(llv, out);
}

/* ---- both ---- */

static enum llv_form form_of(enum presented_form form)
{
	switch (form) {
	case PRESENTED_PAIR:
		return LLV_FORM_PAIR;
	case PRESENTED_TOKEN:
		return LLV_FORM_TOKEN;
	case PRESENTED_BEARER:
		return LLV_FORM_BEARER;
	case PRESENTED_NONE:
		break;
	}
	return LLV_FORM_NONE;
}

/* A refusal that names no cause is a fault, and told as one (decide/answer.h). */
static enum cause told_cause(enum cause cause, bool allowed)
{
	return cause == CAUSE_NONE && !allowed ? CAUSE_INDEX_UNAVAILABLE : cause;
}

static void say(struct llv *llv, const struct view *view, const struct handle_question *question,
	struct llv_decision *out)
{
	const struct decision *decision = &llv->decision;
	bool allowed = decision->verdict == VERDICT_ALLOW && view != NULL;
	struct buf text = BUF_ARRAY(llv->text);

	out->headers = llv->headers;
	out->cause = cause_name(told_cause(decision->public_cause, allowed));
	out->owner_cause = cause_name(told_cause(decision->cause, allowed));
	out->form = form_of(question->input.credential.form);
	out->service = decision->route.service_id;
	out->route = decision->route.route_id;
	out->key = keep(&text, decider_named_key(llv->decider, decision));
	if (view != NULL) {
		out->epoch = view->epoch;
		out->revision = view->revision;
		if (view->overdue && !view->stale)
			out->flags |= LLV_STALE_SERVED;
	}
	if (allowed)
		say_allowed(llv, view, (question->request.flags & LLV_REQUEST_HEADERS) != 0, &text,
			out);
	else
		say_refused(llv, view, question, out);
}

int llv_decide(
	struct llv *llv, const struct llv_request *request, struct llv_decision *out_decision)
{
	struct llv_decision said = { 0 };
	struct handle_question question;
	const struct view *view;

	if (llv == NULL || out_decision == NULL || out_decision->size < sizeof(said))
		return 0;
	handle_ask(llv, request, &question);
	/* In a child of fork() this is NULL, too. */
	view = handle_is_mine(llv) ? decider_view(llv->decider, question.request.min_revision)
				   : NULL;
	decider_decide(llv->decider, view, &question.input, &llv->decision);
	said.size = out_decision->size;
	say(llv, view, &question, &said);
	decider_view_end(llv->decider);
	memcpy(out_decision, &said, sizeof(said));
	return said.allowed;
}
