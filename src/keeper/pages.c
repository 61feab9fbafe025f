/*
 * /causes: what each cause means, how to check it, how to fix it, in three
 * languages: as a page for people, or as JSON. Needs no login and holds no data.
 */
#include "keeper/api.h"

#include "decide/explain.h"
#include "keeper/html.h"

static const char *const PARTS[] = { "title", "detail", "meaning", "check", "fix" };

static enum status read_lang(struct api_call *call, enum lang *out_lang)
{
	struct span lang = http_query(call->http, "lang");

	*out_lang = span_present(lang) ? lang_accept(lang, call->http->lang) : call->http->lang;
	return ST_OK;
}

static bool wants_html(const struct api_call *call)
{
	struct span accept = http_header_once(call->http->request, "Accept");
	static const char html[] = "text/html";

	for (size_t i = 0; i + sizeof(html) - 1 <= accept.len; i++) {
		if (memcmp(accept.ptr + i, html, sizeof(html) - 1) == 0)
			return true;
	}
	return false;
}

static void append_cause(struct buf *out, enum cause cause, enum lang lang)
{
	buf_printf(out, "{\"cause\":\"%s\",\"status\":%d", cause_name(cause),
		cause_http_status(cause));
	for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
		buf_printf(out, ",\"%s\":", PARTS[i]);
		buf_append_json(out, span_str(cause_text(lang, cause, PARTS[i])));
	}
	buf_append_char(out, '}');
}

static enum status causes_list(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	enum lang lang;
	enum status st = read_lang(call, &lang);

	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"items\":[");
	for (enum cause cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
		if (cause > CAUSE_NONE + 1)
			buf_append_char(&object, ',');
		append_cause(&object, cause, lang);
	}
	buf_append_str(&object, "],\"next\":null}");
	return api_answer(call, 200, &object, 0, NULL);
}

static void append_section(struct buf *out, enum cause cause, enum lang lang, const char *part)
{
	char name[32];
	struct buf key = BUF_ARRAY(name);

	buf_printf(&key, "page.%s", part);
	buf_append_str(out, "<h2>");
	html_text(out, message_text(lang, buf_str(&key)));
	buf_append_str(out, "</h2><p>");
	html_text(out, cause_text(lang, cause, part));
	buf_append_str(out, "</p>");
}

static enum status answer_page(struct api_call *call, enum cause cause, enum lang lang)
{
	struct buf *body = &call->response->body;

	call->response->status = 200;
	call->response->content_type = "text/html; charset=utf-8";
	http_response_header(call->response, "Cache-Control", SPAN_LIT("no-cache"));
	http_response_header(call->response, "Content-Security-Policy", SPAN_LIT(HTML_POLICY));
	http_response_header(call->response, "Vary", SPAN_LIT("Accept, Accept-Language"));
	html_begin(body, lang, cause_text(lang, cause, "title"));
	buf_append_str(body, "<h1>");
	html_text(body, cause_text(lang, cause, "title"));
	buf_printf(body, "</h1><p class=\"dim\"><code>%s</code> (HTTP %d)</p><p>",
		cause_name(cause), cause_http_status(cause));
	html_text(body, cause_text(lang, cause, "detail"));
	buf_append_str(body, "</p>");
	append_section(body, cause, lang, "meaning");
	append_section(body, cause, lang, "check");
	append_section(body, cause, lang, "fix");
	html_end(body, lang, true);
	return buf_ok(body) ? ST_OK : ST_NO_MEMORY;
}

static enum status causes_get(struct api_call *call)
{
	enum cause cause = cause_from_name(http_param(call->http, "cause"));
	char memory[8 * KIB];
	struct buf object = BUF_ARRAY(memory);
	enum lang lang;
	enum status st = read_lang(call, &lang);

	if (st != ST_OK)
		return st;
	if (cause == CAUSE_COUNT || cause == CAUSE_NONE)
		return ST_NOT_FOUND;
	if (wants_html(call))
		return answer_page(call, cause, lang);
	append_cause(&object, cause, lang);
	http_response_header(call->response, "Vary", SPAN_LIT("Accept, Accept-Language"));
	return api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/causes", causes_list, "lang", 0, NEED_NOBODY, 0 },
	{ "GET", "/causes/{cause}", causes_get, "lang", 0, NEED_NOBODY, 0 },
};

const struct api_table PAGES_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
