#include "module.h"

/* The value of one header that the upstream is told; empty for what was not allowed. */
static const ngx_str_t *identity(const struct verdict *verdict, const char *name)
{
	size_t len = ngx_strlen(name);

	for (size_t i = 0; verdict->allowed && i < verdict->headers_count; i++) {
		const ngx_table_elt_t *header = &verdict->headers[i];

		if (header->key.len == len && ngx_strncmp(header->key.data, name, len) == 0)
			return &header->value;
	}
	return NULL;
}

static void set(ngx_http_variable_value_t *value, const char *data, size_t len)
{
	value->len = (unsigned)len & 0xfffffffu;
	value->data = bytes_of(data);
	value->valid = 1;
	/* A later location may decide anew. */
	value->no_cacheable = 1;
	value->not_found = 0;
}

/* signature: nginx */
static ngx_int_t get_identity(
	ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t data)
{
	const struct state *state = ask_state(r);
	const ngx_str_t *found = NULL;

	if (state != NULL && state->verdict != NULL)
		found = identity(state->verdict, (const char *)data);
	if (found == NULL)
		value->not_found = 1;
	else
		set(value, (const char *)found->data, found->len);
	return NGX_OK;
}

/* signature: nginx */
static ngx_int_t get_cause(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t data)
{
	const struct state *state = ask_state(r);

	(void)data;
	if (state == NULL || state->verdict == NULL)
		value->not_found = 1;
	else
		set(value, (const char *)state->verdict->cause.data, state->verdict->cause.len);
	return NGX_OK;
}

/* signature: nginx */
static ngx_int_t get_status(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t data)
{
	const struct state *state = ask_state(r);
	u_char *text;

	(void)data;
	if (state == NULL || state->verdict == NULL) {
		value->not_found = 1;
		return NGX_OK;
	}
	text = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
	if (text == NULL)
		return NGX_ERROR;
	set(value, (const char *)text,
		(size_t)(ngx_sprintf(text, "%ui", state->verdict->http_status) - text));
	return NGX_OK;
}

#define IDENTITY(name, header)                                                                     \
	{                                                                                          \
		ngx_string(name), NULL, get_identity, (uintptr_t)(header),                         \
			NGX_HTTP_VAR_NOCACHEABLE, 0                                                \
	}

static ngx_http_variable_t variables[] = {
	IDENTITY("llavero_account", "X-Llavero-Account"),
	IDENTITY("llavero_key", "X-Llavero-Key"),
	IDENTITY("llavero_external_id", "X-Llavero-External-Id"),
	IDENTITY("llavero_profile", "X-Llavero-Profile"),
	IDENTITY("llavero_resource", "X-Llavero-Resource"),
	IDENTITY("llavero_revision", "X-Llavero-Revision"),
	{ ngx_string("llavero_cause"), NULL, get_cause, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },
	{ ngx_string("llavero_status"), NULL, get_status, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },
};

ngx_int_t variables_add(ngx_conf_t *cf)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		ngx_http_variable_t *made =
			ngx_http_add_variable(cf, &variables[i].name, variables[i].flags);

		if (made == NULL)
			return NGX_ERROR;
		made->get_handler = variables[i].get_handler;
		made->data = variables[i].data;
	}
	return NGX_OK;
}
