#include "http/problem.h"

#include "http/internal.h"

#include <stdio.h>

unsigned http_status_of(enum status st)
{
	switch (st) {
	case ST_OK:
		return 200;
	case ST_NOT_FOUND:
		return 404;
	case ST_EXISTS:
	case ST_CONFLICT:
		return 409;
	case ST_INVALID:
		return 400;
	case ST_LIMIT:
		return 422;
	case ST_DENIED:
		return 403;
	case ST_STALE:
		return 412;
	case ST_NO_SPACE:
		return 507;
	case ST_BUSY:
	case ST_UNAVAILABLE:
	case ST_TIMEOUT:
	case ST_UNKNOWN:
		return 503;
	default:
		return 500;
	}
}

/* The statuses that have sentences of their own in locale/; another one says what its class says.
 */
static unsigned known_status(unsigned http_status)
{
	static const unsigned known[] = { 400, 401, 403, 404, 405, 409, 411, 412, 413, 414, 415,
		417, 421, 422, 428, 429, 431, 500, 501, 503, 505, 507 };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i] == http_status)
			return http_status;
	}
	return http_status >= 500 ? 500 : 400;
}

static void append_text(
	struct buf *out, const char *field, enum lang lang, const struct complaint *complaint)
{
	char memory[1024];
	struct buf text = BUF_ARRAY(memory);

	complaint_append(&text, lang, complaint);
	buf_printf(out, ",\"%s\":", field);
	buf_append_json(out, buf_span(&text));
}

/* Which right is missing: programs read it. */
static void append_right(struct buf *out, const struct complaint *complaint)
{
	for (size_t i = 0; i < complaint->args_count; i++) {
		if (strcmp(complaint->args[i].name, "right") != 0)
			continue;
		buf_append_str(out, ",\"right\":");
		buf_append_json(out, span_str(complaint->args[i].value));
	}
}

void http_problem_append(struct buf *out, enum lang lang, unsigned http_status,
	const struct complaint *complaint, const char *request_id)
{
	char title_key[32], detail_key[32];
	struct complaint title = { .key = title_key };
	struct complaint detail = { .key = detail_key };
	bool specific = complaint != NULL && complaint->key != NULL;

	snprintf(title_key, sizeof(title_key), "http.title_%u", known_status(http_status));
	snprintf(detail_key, sizeof(detail_key), "http.detail_%u", known_status(http_status));
	buf_append_str(out, "{\"type\":\"about:blank\"");
	append_text(out, "title", lang, &title);
	buf_printf(out, ",\"status\":%u", http_status);
	append_text(out, "detail", lang, specific ? complaint : &detail);
	if (specific) {
		buf_append_str(out, ",\"code\":");
		buf_append_json(out, span_str(complaint->key));
		append_right(out, complaint);
	}
	buf_append_str(out, ",\"requestId\":");
	buf_append_json(out, span_str(request_id));
	buf_append_char(out, '}');
}

void http_problem(struct http_response *response, const struct http_request *request,
	unsigned http_status, const struct complaint *complaint)
{
	enum lang lang = http_request_lang(request);

	response_begin(response);
	response->status = http_status;
	response->content_type = "application/problem+json";
	http_response_header(response, "Cache-Control", SPAN_LIT("no-store"));
	http_response_header(response, "Content-Language", span_str(lang_code(lang)));
	http_problem_append(&response->body, lang, http_status, complaint, request->id);
}

void http_problem_status(struct http_response *response, const struct http_request *request,
	enum status st, const struct complaint *complaint)
{
	http_problem(response, request, http_status_of(st), complaint);
}
