#include "decide/problem.h"

#include "decide/explain.h"
#include "key/credential.h"

#define REALM_DEFAULT "llavero"
#define REALM_MAX 64u

/* What may stand in the document; taken away step by step until it fits (P2). */
struct parts {
	size_t resources_max;
	bool instance, positions, detail;
};

static const struct parts LEVELS[] = {
	{ PROBLEM_RESOURCES_MAX, true, true, true },
	{ 2, true, true, true },
	{ 2, false, true, true },
	{ 0, false, true, true },
	{ 0, false, false, true },
	{ 0, false, false, false },
};

static enum cause told_cause(const struct decision *decision)
{
	/* I1: a refusal without a cause is a fault. */
	return decision->public_cause == CAUSE_NONE ? CAUSE_INDEX_UNAVAILABLE
						    : decision->public_cause;
}

static void append_text(struct buf *out, const char *name, struct span value)
{
	if (out->len > 1)
		buf_append_char(out, ',');
	buf_append_json(out, span_str(name));
	buf_append_char(out, ':');
	buf_append_json(out, value);
}

/* base (absent: nothing) + path + more, as one JSON text. */
static void append_reference(
	struct buf *out, const char *name, struct span base, const char *path, struct span more)
{
	char memory[LIMIT_PROBLEM];
	struct buf text = BUF_ARRAY(memory);

	buf_append(&text, base);
	buf_append_str(&text, path);
	buf_append(&text, more);
	if (!buf_ok(&text)) {
		out->failed = true;
		return;
	}
	append_text(out, name, buf_span(&text));
}

/* Only a finding that is told as the cause has positions to show. */
static void append_positions(struct buf *out, const struct text_finding *finding)
{
	bool key = finding->field == FIELD_APP_KEY, token = finding->field == FIELD_APP_TOKEN;

	if (key || token)
		append_text(out, "field", key ? SPAN_LIT("appKey") : SPAN_LIT("appToken"));
	if (finding->positions_count == 0)
		return;
	buf_append_str(out, ",\"positions\":[");
	for (size_t i = 0; i < finding->positions_count; i++)
		buf_printf(out, "%s%u", i == 0 ? "" : ",", (unsigned)finding->positions[i]);
	buf_append_char(out, ']');
}

static void append_resources(struct buf *out, const struct route_match *route,
	const struct view *view, size_t resources_max)
{
	struct view_resource resource;
	size_t written = 0;

	for (size_t i = 0; i < route->resources_count && written < resources_max; i++) {
		struct buf item;
		char memory[LIMIT_PROBLEM];

		if (view->resource_by_slot(
			    view->context, route_match_resource(route, i), &resource) != ST_OK)
			continue;
		item = BUF_ARRAY(memory);
		buf_append_char(&item, '{');
		append_text(&item, "product", resource.product);
		append_text(&item, "key", resource.key);
		append_text(&item, "name", resource.name);
		buf_append_char(&item, '}');
		if (!buf_ok(&item))
			continue;
		buf_append_str(out, written++ == 0 ? ",\"resources\":[" : ",");
		buf_append(out, buf_span(&item));
	}
	if (written > 0)
		buf_append_char(out, ']');
}

static bool told_by_text(enum cause cause)
{
	return cause >= CAUSE_WHITESPACE && cause <= CAUSE_TOKEN_TRUNCATED;
}

static void append_document(struct buf *out, const struct problem_site *site,
	const struct decision *decision, const struct view *view,
	const struct problem_request *request, const struct parts *parts)
{
	enum cause cause = told_cause(decision);
	bool rights = cause == CAUSE_NO_PROFILE || cause == CAUSE_PROFILE_LACKS_RESOURCE;

	buf_append_char(out, '{');
	append_reference(out, "type", site->public_url, "/causes/", span_str(cause_name(cause)));
	append_text(out, "title", span_str(cause_text(request->lang, cause, "title")));
	buf_printf(out, ",\"status\":%d", cause_http_status(cause));
	if (parts->detail)
		append_text(out, "detail", span_str(cause_text(request->lang, cause, "detail")));
	append_text(out, "cause", span_str(cause_name(cause)));
	if (parts->positions && told_by_text(cause))
		append_positions(out, &decision->text);
	if (rights && view != NULL && parts->resources_max > 0)
		append_resources(out, &decision->route, view, parts->resources_max);
	if (cause_http_status(cause) == 429)
		buf_printf(out, ",\"retryAfter\":%u", decision->retry_after_s);
	if (span_present(request->request_id))
		append_text(out, "requestId", request->request_id);
	if (span_present(request->diagnosis)) {
		append_text(out, "diagnosis", request->diagnosis);
		if (parts->instance)
			append_reference(out, "instance", site->console_url, "/diagnose#",
				request->diagnosis);
	}
	buf_append_char(out, '}');
}

/* A quoted-string of RFC 9110: what could end it or a line is left out. */
static void append_realm(struct buf *out, struct span realm)
{
	for (size_t i = 0; i < realm.len && i < REALM_MAX; i++) {
		char c = realm.ptr[i];

		if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\')
			buf_append_char(out, c);
	}
}

/* RFC 6750 section 3: no error code for a request that brought no credential. */
static void make_challenge(const struct problem_site *site, enum cause cause, struct problem *out)
{
	struct buf text = BUF_ARRAY(out->www_authenticate);
	struct span realm = span_present(site->realm) ? site->realm : SPAN_LIT(REALM_DEFAULT);
	int http_status = cause_http_status(cause);

	if (http_status != 401 && http_status != 403)
		return;
	buf_append_str(&text, "Bearer realm=\"");
	append_realm(&text, realm);
	buf_append_char(&text, '"');
	if (http_status == 403)
		buf_append_str(&text, ", error=\"insufficient_scope\"");
	else if (cause != CAUSE_CREDENTIALS_MISSING)
		buf_append_str(&text, ", error=\"invalid_token\"");
}

static void make_retry_after(const struct decision *decision, enum cause cause, struct problem *out)
{
	struct buf text = BUF_ARRAY(out->retry_after);

	if (cause_http_status(cause) == 429)
		buf_append_u64(&text, decision->retry_after_s);
	else if (cause_http_status(cause) == 503)
		buf_append_str(&text, "1");
}

void problem_make(const struct problem_site *site, const struct decision *decision,
	const struct view *view, const struct problem_request *request, struct problem *out)
{
	enum cause cause = told_cause(decision);

	out->http_status = cause_http_status(cause);
	out->www_authenticate[0] = '\0';
	make_challenge(site, cause, out);
	out->retry_after[0] = '\0';
	make_retry_after(decision, cause, out);
	for (size_t level = 0; level < ARRAY_LEN(LEVELS); level++) {
		struct buf text = BUF_ARRAY(out->document);

		append_document(&text, site, decision, view, request, &LEVELS[level]);
		out->document_len = text.len;
		if (buf_ok(&text))
			return;
	}
	/* Site or request id are absurdly long: the bare cause always fits. */
	struct buf text = BUF_ARRAY(out->document);

	buf_append_char(&text, '{');
	append_text(&text, "cause", span_str(cause_name(cause)));
	buf_printf(&text, ",\"status\":%d}", out->http_status);
	out->document_len = text.len;
}
