#include "decide/answer.h"

#include "base/clock.h"

static const char HEX[] = "0123456789ABCDEF";

/* Does the byte at i stand for itself in a header value? */
static bool is_plain(struct span value, size_t i)
{
	uint8_t c = (uint8_t)value.ptr[i];
	/* An outer space would be taken off by the next reader. */
	bool outer_space = c == ' ' && (i == 0 || i + 1 == value.len);

	return c >= 0x20 && c < 0x7F && c != '%' && !outer_space;
}

void answer_append_value(struct buf *out, struct span value)
{
	size_t done = 0;

	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = (uint8_t)value.ptr[i];

		if (is_plain(value, i))
			continue;
		buf_append(out, span_part(value, done, i - done));
		buf_append_char(out, '%');
		buf_append_char(out, HEX[c >> 4]);
		buf_append_char(out, HEX[c & 15]);
		done = i + 1;
	}
	buf_append(out, span_part(value, done, value.len));
}

static void begin(struct answer *out)
{
	out->headers_count = 0;
	out->text = BUF_ARRAY(out->memory);
}

/* What was appended since start becomes a header; a value that did not fit is left out whole. */
static void end_header(struct answer *out, const char *name, size_t start)
{
	struct span value = span_of(out->text.ptr + start, out->text.len - start);

	if (out->text.failed || out->headers_count >= ANSWER_HEADERS_MAX) {
		out->text.len = start;
		out->text.failed = false;
		return;
	}
	out->headers[out->headers_count++] = (struct answer_header){ name, value };
}

static void header(struct answer *out, const char *name, struct span value)
{
	size_t start = out->text.len;

	if (value.len == 0)
		return;
	answer_append_value(&out->text, value);
	end_header(out, name, start);
}

static void number_header(struct answer *out, const char *name, uint64_t value)
{
	size_t start = out->text.len;

	buf_append_u64(&out->text, value);
	end_header(out, name, start);
}

/* "/" divides product and key, so one inside a name is escaped too. */
static void append_resource_part(struct buf *out, struct span part)
{
	while (part.len > 0) {
		size_t slash = span_find(part, '/');

		answer_append_value(out, span_part(part, 0, slash));
		if (slash < part.len)
			buf_append_str(out, "%2F");
		part = span_part(part, slash + 1, part.len);
	}
}

static bool find_resource(const struct decision *decision, const struct view *view,
	struct view_resource *out_resource)
{
	return view != NULL && decision->resource != 0 &&
	       view->resource_by_slot(view->context, decision->resource, out_resource) == ST_OK;
}

static void resource_header(
	const struct decision *decision, const struct view *view, struct answer *out)
{
	struct view_resource resource;
	size_t start = out->text.len;

	if (!find_resource(decision, view, &resource))
		return;
	append_resource_part(&out->text, resource.product);
	buf_append_char(&out->text, '/');
	append_resource_part(&out->text, resource.key);
	end_header(out, "X-Llavero-Resource", start);
}

/* A name for each window: a policy's key. */
static void append_policy(struct buf *out, enum allowance_window window)
{
	buf_printf(out, "\"%s%s\"", window_is_quota(window) ? "quota-" : "", window_per(window));
}

static void limits_headers(const struct decision *decision, struct answer *out)
{
	const struct allowance_state *state = &decision->limits_state;
	size_t start = out->text.len;

	if (!allowance_limits(&decision->limits) || state->outcome == ALLOWANCE_UNKNOWN)
		return;
	for (unsigned i = 0; i < WINDOW_COUNT; i++) {
		if (decision->limits.counts[i] == 0)
			continue;
		buf_append_str(&out->text, out->text.len > start ? ", " : "");
		append_policy(&out->text, (enum allowance_window)i);
		buf_printf(&out->text, ";q=%llu", (unsigned long long)decision->limits.counts[i]);
		/* A month has no one length. */
		if (i != QUOTA_MONTH)
			buf_printf(&out->text, ";w=%lld",
				(long long)(window_us((enum allowance_window)i) / US_PER_S));
	}
	end_header(out, "RateLimit-Policy", start);
	start = out->text.len;
	append_policy(&out->text, state->window);
	buf_printf(&out->text, ";r=%llu;t=%lld", (unsigned long long)state->left,
		(long long)((state->reset_us + US_PER_S - 1) / US_PER_S));
	end_header(out, "RateLimit", start);
}

void answer_allowed(const struct decision *decision, const struct view *view, struct answer *out)
{
	begin(out);
	header(out, "X-Llavero-Account", decision->account_name);
	header(out, "X-Llavero-Key", decision->app_key);
	header(out, "X-Llavero-External-Id", decision->external_id);
	header(out, "X-Llavero-Profile", decision->profile_name);
	resource_header(decision, view, out);
	if (view != NULL)
		number_header(out, "X-Llavero-Revision", view->revision);
	limits_headers(decision, out);
}

void answer_refused(const struct decision *decision, const struct problem *problem,
	struct span diagnosis, bool with_document, struct answer *out)
{
	enum cause cause = decision->public_cause == CAUSE_NONE ? CAUSE_INDEX_UNAVAILABLE
								: decision->public_cause;

	begin(out);
	header(out, "X-Llavero-Cause", span_str(cause_name(cause)));
	number_header(out, "X-Llavero-Status", (uint64_t)problem->http_status);
	header(out, "X-Llavero-Diagnosis", diagnosis);
	limits_headers(decision, out);
	/* The document is ASCII without control characters as it is. */
	if (with_document) {
		size_t start = out->text.len;

		buf_append(&out->text, span_of(problem->document, problem->document_len));
		end_header(out, "X-Llavero-Problem", start);
	}
}

static void member(struct buf *out, const char *name, struct span value)
{
	if (!span_present(value))
		return;
	buf_append_char(out, ',');
	buf_append_json(out, span_str(name));
	buf_append_char(out, ':');
	buf_append_json(out, value);
}

static void verify_allowed(
	const struct decision *decision, const struct view *view, struct buf *out)
{
	struct view_resource resource;

	member(out, "account", decision->account_name);
	member(out, "appKey", decision->app_key);
	member(out, "externalId", decision->external_id);
	member(out, "profile", decision->profile_name);
	if (find_resource(decision, view, &resource)) {
		buf_append_str(out, ",\"resource\":{\"product\":");
		buf_append_json(out, resource.product);
		member(out, "key", resource.key);
		member(out, "name", resource.name);
		buf_append_char(out, '}');
	}
	if (decision->key != 0)
		buf_append_str(out, decision->previous_token ? ",\"previousToken\":true"
							     : ",\"previousToken\":false");
}

void answer_verify(const struct decision *decision, const struct view *view,
	const struct problem *problem, struct buf *out)
{
	bool allowed = decision->verdict == VERDICT_ALLOW;

	buf_append_str(out, allowed ? "{\"allowed\":true" : "{\"allowed\":false");
	if (allowed)
		verify_allowed(decision, view, out);
	else {
		enum cause cause = decision->public_cause == CAUSE_NONE ? CAUSE_INDEX_UNAVAILABLE
									: decision->public_cause;

		member(out, "cause", span_str(cause_name(cause)));
		buf_printf(out, ",\"status\":%d", cause_http_status(cause));
		if (problem != NULL) {
			buf_append_str(out, ",\"problem\":");
			buf_append(out, span_of(problem->document, problem->document_len));
		}
	}
	if (view != NULL)
		buf_printf(out, ",\"epoch\":%llu,\"revision\":%llu",
			(unsigned long long)view->epoch, (unsigned long long)view->revision);
	buf_append_char(out, '}');
}
