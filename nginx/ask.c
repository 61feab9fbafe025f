#include "module.h"

/* ---- the state of a client's request ---- */

/* Marks the state among what the request's pool cleans up: nginx forgets a module's context on a
 * redirect inside, not that list. */
static void mark(void *data)
{
	(void)data;
}

struct state *ask_state(ngx_http_request_t *r)
{
	struct state *state = ngx_http_get_module_ctx(r->main, ngx_http_llavero_module);

	if (state != NULL)
		return state;
	for (ngx_pool_cleanup_t *c = r->main->pool->cleanup; c != NULL; c = c->next) {
		if (c->handler == mark)
			return c->data;
	}
	return NULL;
}

static struct state *state_of(ngx_http_request_t *r)
{
	struct state *state = ngx_http_get_module_ctx(r->main, ngx_http_llavero_module);
	ngx_pool_cleanup_t *cleanup;

	if (state == NULL && r->main->internal)
		state = ask_state(r);
	if (state == NULL) {
		cleanup = ngx_pool_cleanup_add(r->main->pool, sizeof(*state));
		if (cleanup == NULL)
			return NULL;
		cleanup->handler = mark;
		state = cleanup->data;
		ngx_memzero(state, sizeof(*state));
		state->client_headers = r->main->headers_in.headers;
	}
	ngx_http_set_ctx(r->main, state, ngx_http_llavero_module);
	return state;
}

/* ---- what is asked ---- */

static struct llv_span span_of(const ngx_str_t *text)
{
	return (struct llv_span){ (const char *)text->data, text->len };
}

/* The client's method: nginx makes it GET when it shows an error page. */
static struct llv_span method_of(const ngx_http_request_t *r)
{
	const ngx_str_t *line = &r->request_line;
	size_t len = 0;

	if (!r->internal)
		return span_of(&r->method_name);
	while (len < line->len && line->data[len] != ' ')
		len++;
	return (struct llv_span){ (const char *)line->data, len };
}

/* The request as the client made it, whatever it has become inside. */
static ngx_int_t read_request(ngx_http_request_t *r, const struct settings *settings,
	const ngx_str_t *account, struct llv_request *out)
{
	const ngx_http_request_t *asked = r->main;

	*out = (struct llv_request){
		.size = sizeof(*out),
		.method = method_of(asked),
		.target = span_of(&asked->unparsed_uri),
		.account_source = (enum llv_account_source)settings->account_source,
		.flags = LLV_REQUEST_HEADERS,
	};
	if (asked->headers_in.server.len > 0)
		out->host = span_of(&asked->headers_in.server);
	if (settings->account_source == LLV_ACCOUNT_NAMED && account->len > 0)
		out->account = span_of(account);
	if (settings->client_address == NULL) {
		out->client_address = span_of(&asked->connection->addr_text);
	} else {
		ngx_str_t address;

		if (ngx_http_complex_value(r, settings->client_address, &address) != NGX_OK)
			return NGX_ERROR;
		out->client_address = span_of(&address);
	}
	return NGX_OK;
}

/* ---- what is kept of the answer ---- */

static void keep(u_char **at, struct llv_span text, ngx_str_t *out)
{
	out->data = *at;
	out->len = text.len;
	*at = ngx_cpymem(*at, text.ptr, text.len);
}

static void keep_header(
	u_char **at, const struct site *site, const struct llv_header *header, ngx_table_elt_t *out)
{
	if (!headers_usual(site, header->name, out)) {
		keep(at, header->name, &out->key);
		out->lowcase_key = *at;
		out->hash = ngx_hash_strlow(*at, out->key.data, out->key.len);
		*at += out->key.len;
	}
	keep(at, header->value, &out->value);
}

/* The decision in the memory of the request: the library's holds until the next one. */
static struct verdict *keep_verdict(ngx_pool_t *pool, struct site *site, ngx_uint_t allowed,
	const struct llv_decision *decision)
{
	struct llv_span cause = { decision->cause, ngx_strlen(decision->cause) };
	size_t texts = cause.len + decision->content_type.len + decision->body.len;
	struct verdict *out;
	u_char *at;

	for (size_t i = 0; i < decision->headers_count; i++)
		texts += 2 * decision->headers[i].name.len + decision->headers[i].value.len;
	out = ngx_palloc(
		pool, sizeof(*out) + decision->headers_count * sizeof(*out->headers) + texts);
	if (out == NULL)
		return NULL;
	out->site = site;
	out->headers = (ngx_table_elt_t *)(void *)(out + 1);
	out->headers_count = decision->headers_count;
	at = (u_char *)(out->headers + decision->headers_count);
	out->allowed = allowed;
	out->http_status = (ngx_uint_t)decision->http_status;
	keep(&at, cause, &out->cause);
	keep(&at, decision->content_type, &out->content_type);
	keep(&at, decision->body, &out->body);
	out->identity = 0;
	for (size_t i = 0; i < decision->headers_count; i++) {
		keep_header(&at, site, &decision->headers[i], &out->headers[i]);
		out->identity |= (uint64_t)headers_is_identity(&out->headers[i]) << i;
	}
	return out;
}

static struct verdict *decide(ngx_http_request_t *r, const struct settings *settings,
	const ngx_str_t *account, struct state *state)
{
	/* What a library that wrote nothing leaves: a refusal. */
	struct llv_decision decision = {
		.size = sizeof(decision),
		.http_status = NGX_HTTP_SERVICE_UNAVAILABLE,
		.cause = "index_unavailable",
	};
	struct llv_request request;
	struct picked picked;
	struct verdict *verdict;
	ngx_uint_t allowed;

	if (read_request(r, settings, account, &request) != NGX_OK)
		return NULL;
	headers_pick(settings->site, &state->client_headers, &picked);
	request.headers = picked.headers;
	request.headers_count = picked.count;
	if (picked.too_many)
		request.flags |= LLV_REQUEST_MALFORMED;
	allowed = llv_decide(settings->site->llv, &request, &decision) == 1;
	verdict = keep_verdict(r->main->pool, settings->site, allowed, &decision);
	if (verdict == NULL)
		return NULL;
	verdict->asked_account = *account;
	return verdict;
}

/* ---- asking ---- */

static ngx_int_t answers(
	const struct verdict *verdict, const struct site *site, const ngx_str_t *account)
{
	return verdict->site == site && verdict->asked_account.len == account->len &&
	       (account->len == 0 ||
		       ngx_memcmp(verdict->asked_account.data, account->data, account->len) == 0);
}

/* The state with a verdict for this location's settings; NULL: none could be made. */
static struct state *ask(ngx_http_request_t *r, const struct settings *settings)
{
	struct state *state = state_of(r);
	ngx_str_t account = ngx_null_string;
	struct verdict *verdict;

	if (state == NULL || state->refused)
		return state;
	if (settings->account != NULL &&
		ngx_http_complex_value(r, settings->account, &account) != NGX_OK)
		return NULL;
	if (state->verdict != NULL && answers(state->verdict, settings->site, &account))
		return state;
	verdict = decide(r, settings, &account, state);
	if (verdict == NULL)
		return NULL;
	state->verdict = verdict;
	state->told = 0;
	return state;
}

ngx_int_t ask_access(ngx_http_request_t *r)
{
	const struct settings *settings = ngx_http_get_module_loc_conf(r, ngx_http_llavero_module);
	struct state *state;

	if (settings->mode == MODE_OFF)
		return NGX_DECLINED;
	state = ask(r, settings);
	if (settings->mode == MODE_OBSERVE)
		return NGX_DECLINED;
	if (state == NULL)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	if (state->refused || !state->verdict->allowed) {
		state->refused = 1;
		return reply_refuse(r, settings, state);
	}
	return reply_tell(r, state) == NGX_OK ? NGX_OK : NGX_HTTP_INTERNAL_SERVER_ERROR;
}

ngx_int_t ask_before_content(ngx_http_request_t *r)
{
	const struct settings *settings = ngx_http_get_module_loc_conf(r, ngx_http_llavero_module);
	struct state *state;

	if (settings->mode != MODE_ENFORCE)
		return NGX_DECLINED;
	/* What nginx reads from files no upstream sees. */
	if (r == r->main && r->content_handler == NULL)
		return NGX_DECLINED;
	if (r == r->main) {
		/* Let in: by a verdict, or by another check under "satisfy any". */
		state = state_of(r);
	} else {
		state = ask(r, settings);
		if (state != NULL && (state->refused || !state->verdict->allowed))
			return (ngx_int_t)state->verdict->http_status;
	}
	if (state == NULL || headers_clean(r, settings->site, state) != NGX_OK)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	return NGX_DECLINED;
}
