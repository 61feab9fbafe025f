#include "module.h"

static ngx_int_t add(ngx_http_request_t *r, const ngx_table_elt_t *told)
{
	static const ngx_str_t CHALLENGE = ngx_string("www-authenticate");
	ngx_table_elt_t *header = ngx_list_push(&r->headers_out.headers);

	if (header == NULL)
		return NGX_ERROR;
	*header = *told;
	if (told->key.len == CHALLENGE.len &&
		ngx_memcmp(told->lowcase_key, CHALLENGE.data, CHALLENGE.len) == 0)
		r->headers_out.www_authenticate = header;
	return NGX_OK;
}

ngx_int_t reply_tell(ngx_http_request_t *r, struct state *state)
{
	const struct verdict *verdict = state->verdict;

	if (state->told)
		return NGX_OK;
	state->told = 1;
	for (size_t i = 0; i < verdict->headers_count; i++) {
		/* Who it is concerns the upstream alone. */
		if (verdict->allowed && (verdict->identity >> i & 1) != 0)
			continue;
		if (add(r, &verdict->headers[i]) != NGX_OK)
			return NGX_ERROR;
	}
	return NGX_OK;
}

ngx_int_t reply_refuse(ngx_http_request_t *r, const struct settings *settings, struct state *state)
{
	struct verdict *verdict = state->verdict;
	ngx_http_complex_value_t body = { .value = verdict->body };

	if (reply_tell(r, state) != NGX_OK)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	if (!settings->problem || verdict->body.len == 0)
		return (ngx_int_t)verdict->http_status;
	/* As an error_page with "=200" sets it: it would stand in place of the status. */
	r->err_status = 0;
	r->headers_out.content_type_lowcase = NULL;
	ngx_http_finalize_request(
		r, ngx_http_send_response(r, verdict->http_status, &verdict->content_type, &body));
	return NGX_DONE;
}
