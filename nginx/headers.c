#include "module.h"

/* ---- names ---- */

static const u_char IDENTITY[] = "x-llavero-";
#define IDENTITY_LEN (sizeof(IDENTITY) - 1)

static void learn(struct site *site, const char *text, enum name_kind kind)
{
	struct name *name = &site->names[site->names_count];
	size_t len = ngx_strlen(text);

	if (site->names_count == NAMES_MAX || len > NAME_LEN_MAX)
		return;
	ngx_strlow(name->lower, bytes_of(text), len);
	name->len = len;
	name->kind = kind;
	site->names_count++;
	site->name_lengths |= (uint64_t)1 << len;
	if (kind != NAME_READ)
		site->secret_lengths |= (uint64_t)1 << len;
}

static void learn_told(struct site *site)
{
	static const char *const NAMES[TOLD_COUNT] = { "X-Llavero-Account", "X-Llavero-Key",
		"X-Llavero-External-Id", "X-Llavero-Profile", "X-Llavero-Resource",
		"X-Llavero-Revision", "RateLimit-Policy", "RateLimit" };

	for (size_t i = 0; i < TOLD_COUNT; i++) {
		struct told_name *told = &site->told[i];

		told->key = (ngx_str_t){ ngx_strlen(NAMES[i]), bytes_of(NAMES[i]) };
		told->hash = ngx_hash_strlow(told->lower, told->key.data, told->key.len);
	}
}

ngx_int_t headers_usual(const struct site *site, struct llv_span name, ngx_table_elt_t *out)
{
	for (size_t i = 0; i < TOLD_COUNT; i++) {
		const struct told_name *told = &site->told[i];

		if (told->key.len != name.len ||
			ngx_memcmp(told->key.data, name.ptr, name.len) != 0)
			continue;
		out->hash = told->hash;
		out->key = told->key;
		out->lowcase_key = (u_char *)(uintptr_t)told->lower;
		return 1;
	}
	return 0;
}

void headers_learn(struct site *site)
{
	const char *name;

	learn_told(site);

	for (size_t i = 0; (name = llv_credential_header(site->llv, i)) != NULL; i++)
		learn(site, name,
			ngx_strcasecmp(bytes_of(name), bytes_of("Authorization")) == 0
				? NAME_AUTHORIZATION
				: NAME_CREDENTIAL);
	learn(site, "Origin", NAME_READ);
	learn(site, "Access-Control-Request-Method", NAME_READ);
	learn(site, "Accept-Language", NAME_READ);
}

/* Whether some upstream may take the one for the other: many read "_" and more as "-". */
static ngx_int_t alike(const u_char *lower, const u_char *other, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		u_char c = other[i];

		if (lower[i] == c)
			continue;
		if (lower[i] != '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			return 0;
	}
	return 1;
}

static ngx_int_t has_length(uint64_t lengths, const ngx_table_elt_t *header)
{
	return header->key.len <= NAME_LEN_MAX && (lengths >> header->key.len & 1) != 0;
}

static const struct name *exactly(const struct site *site, const ngx_table_elt_t *header)
{
	for (size_t i = 0; i < site->names_count; i++) {
		const struct name *name = &site->names[i];

		if (name->len == header->key.len &&
			ngx_memcmp(name->lower, header->lowcase_key, name->len) == 0)
			return name;
	}
	return NULL;
}

/* ---- walking a list ---- */

struct walk {
	ngx_list_part_t *part;
	ngx_uint_t next;
};

static ngx_table_elt_t *walk_next(struct walk *walk)
{
	while (walk->part != NULL && walk->next >= walk->part->nelts) {
		walk->part = walk->part->next;
		walk->next = 0;
	}
	if (walk->part == NULL)
		return NULL;
	return &((ngx_table_elt_t *)walk->part->elts)[walk->next++];
}

/* ---- for a decision ---- */

void headers_pick(const struct site *site, ngx_list_t *list, struct picked *out)
{
	struct walk walk = { &list->part, 0 };
	ngx_table_elt_t *header;

	out->count = 0;
	out->too_many = 0;
	while ((header = walk_next(&walk)) != NULL) {
		if (!has_length(site->name_lengths, header) || exactly(site, header) == NULL)
			continue;
		if (out->count == PICKED_MAX) {
			out->too_many = 1;
			return;
		}
		out->headers[out->count++] = (struct llv_header){
			.name = { (const char *)header->key.data, header->key.len },
			.value = { (const char *)header->value.data, header->value.len },
		};
	}
}

/* ---- for the upstream ---- */

ngx_int_t headers_is_identity(const ngx_table_elt_t *header)
{
	return header->key.len > IDENTITY_LEN && header->lowcase_key[0] == IDENTITY[0] &&
	       alike(IDENTITY, header->lowcase_key, IDENTITY_LEN);
}

static ngx_int_t is_bearer(const ngx_str_t *value)
{
	size_t start = 0;

	/* Some upstreams skip what stands in front of the scheme, a form feed say. */
	while (start < value->len && (value->data[start] <= ' ' || value->data[start] >= 0x7f))
		start++;
	return value->len - start >= 6 &&
	       ngx_strncasecmp(value->data + start, bytes_of("Bearer"), 6) == 0;
}

/* Whether Authorization carried the credential: it counts when no other header for one came. */
static ngx_int_t by_authorization(const struct site *site, ngx_list_t *list)
{
	struct walk walk = { &list->part, 0 };
	ngx_table_elt_t *header;

	while ((header = walk_next(&walk)) != NULL) {
		const struct name *name =
			has_length(site->secret_lengths, header) ? exactly(site, header) : NULL;

		if (name != NULL && name->kind == NAME_CREDENTIAL)
			return 0;
	}
	return 1;
}

/* Whether it is a credential, in a spelling that some upstream may take for it. */
static ngx_int_t is_secret(
	const struct site *site, const ngx_table_elt_t *header, ngx_list_t *client_headers)
{
	if (!has_length(site->secret_lengths, header))
		return 0;
	for (size_t i = 0; i < site->names_count; i++) {
		const struct name *name = &site->names[i];

		if (name->len != header->key.len || name->kind == NAME_READ ||
			!alike(name->lower, header->lowcase_key, name->len))
			continue;
		return name->kind == NAME_CREDENTIAL ||
		       (is_bearer(&header->value) && by_authorization(site, client_headers));
	}
	return 0;
}

static ngx_uint_t count_headers(ngx_list_t *list)
{
	ngx_uint_t count = 0;

	for (ngx_list_part_t *part = &list->part; part != NULL; part = part->next)
		count += part->nelts;
	return count;
}

/*
 * A new list, and the old one left as it is: nginx holds pointers into it, and a
 * second decision reads what the client sent.
 */
ngx_int_t headers_clean(ngx_http_request_t *r, const struct site *site, struct state *state)
{
	ngx_list_t old = r->headers_in.headers;
	ngx_list_t *list = &r->headers_in.headers;
	struct verdict *verdict = state->verdict;
	size_t ours = verdict == NULL || !verdict->allowed ? 0 : verdict->headers_count;
	struct walk walk = { &old.part, 0 };
	ngx_table_elt_t *header, *out;

	/* A handle that is not open names no headers. */
	if (site->names_count == 0 || ngx_list_init(list, r->pool, count_headers(&old) + ours + 1,
					      sizeof(ngx_table_elt_t)) != NGX_OK)
		return NGX_ERROR;
	out = list->part.elts;
	while ((header = walk_next(&walk)) != NULL) {
		if (headers_is_identity(header))
			continue;
		if (is_secret(site, header, &state->client_headers)) {
			if (header == r->headers_in.authorization)
				r->headers_in.authorization = NULL;
			continue;
		}
		*out++ = *header;
	}
	for (size_t i = 0; i < ours; i++) {
		/* What stands beside it is for the client. */
		if (verdict->identity >> i & 1)
			*out++ = verdict->headers[i];
	}
	list->part.nelts = (ngx_uint_t)(out - (ngx_table_elt_t *)list->part.elts);
	return NGX_OK;
}
