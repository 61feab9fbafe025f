#include "catalog/openapi.h"

#include "catalog/statement.h"

#define EXTENSION_RESOURCES "x-llavero-resources"
#define EXTENSION_AUTHENTICATED "x-llavero-authenticated"
#define EXTENSION_PUBLIC "x-llavero-public"

void decide_unknown(struct decided *out, enum catalog_reason reason, const char *detail)
{
	*out = (struct decided){ .reason = reason, .detail = detail == NULL ? "" : detail };
}

static void decide_flag(struct decided *out, enum catalog_access access)
{
	*out = (struct decided){ .known = true, .need = { .access = access }, .detail = "" };
}

/* What went wrong with a name, as a reason; ST_NO_MEMORY goes up. */
static enum status not_resolved(
	struct openapi *ctx, enum status st, struct span what, struct decided *out)
{
	if (st == ST_NO_MEMORY)
		return st;
	if (st == ST_CONFLICT)
		decide_unknown(out, CATALOG_REASON_RESOURCE, text_copy_span(ctx->arena, what));
	else
		decide_unknown(out, CATALOG_REASON_UNREADABLE, text_copy_span(ctx->arena, what));
	return ST_OK;
}

/* ---- extensions ---- */

/* "key", or {"product": ..., "key": ..., "category": ..., "name": ...} */
static bool read_item(struct openapi *ctx, json_t *item, struct name_query *out)
{
	const char *field;
	json_t *value;

	*out = (struct name_query){ .product = span_str(ctx->product) };
	if (json_is_string(item)) {
		out->key = json_span(item);
		return true;
	}
	json_object_foreach(item, field, value)
	{
		struct span text = json_span(value);

		if (!span_present(text))
			return false;
		if (strcmp(field, "product") == 0)
			out->product = text;
		else if (strcmp(field, "key") == 0)
			out->key = text;
		else if (strcmp(field, "category") == 0)
			out->category = text;
		else if (strcmp(field, "name") == 0)
			out->name = text;
		else
			return false;
	}
	return span_present(out->key) || out->name.len > 0;
}

static enum status read_resources(struct openapi *ctx, json_t *list, struct decided *out)
{
	size_t count = json_array_size(list), i;
	struct catalog_ref *refs;
	json_t *item;

	if (count == 0 || count > LIMIT_RESOURCES_PER_ROUTE) {
		decide_unknown(out, CATALOG_REASON_EXTENSION, EXTENSION_RESOURCES);
		return ST_OK;
	}
	refs = arena_array(ctx->arena, count, sizeof(*refs));
	if (refs == NULL)
		return ST_NO_MEMORY;
	json_array_foreach(list, i, item)
	{
		struct name_query query;
		bool product_stated = json_object_get(item, "product") != NULL;
		enum status st;

		if (!read_item(ctx, item, &query)) {
			decide_unknown(out, CATALOG_REASON_EXTENSION, EXTENSION_RESOURCES);
			return ST_OK;
		}
		if (span_present(query.key) && !product_stated)
			st = names_resolve_key(ctx->names, &query, ctx->out, &refs[i]);
		else
			st = names_resolve(ctx->names, &query, ctx->out, &refs[i]);
		if (st != ST_OK)
			return not_resolved(
				ctx, st, span_present(query.key) ? query.key : query.name, out);
	}
	*out = (struct decided){
		.known = true, .need = { CATALOG_RESOURCES, refs, count }, .detail = ""
	};
	return ST_OK;
}

/* True when holder (an operation or a path item) has extensions that state a need. */
static bool has_extensions(json_t *holder)
{
	json_t *authenticated = json_object_get(holder, EXTENSION_AUTHENTICATED);
	json_t *public = json_object_get(holder, EXTENSION_PUBLIC);

	/* "false" states nothing; any other value than true is wrong, and told. */
	return json_object_get(holder, EXTENSION_RESOURCES) != NULL ||
	       (authenticated != NULL && !json_is_false(authenticated)) ||
	       (public != NULL && !json_is_false(public));
}

static enum status read_extensions(struct openapi *ctx, json_t *holder, struct decided *out)
{
	json_t *resources = json_object_get(holder, EXTENSION_RESOURCES);
	json_t *authenticated = json_object_get(holder, EXTENSION_AUTHENTICATED);
	json_t *public = json_object_get(holder, EXTENSION_PUBLIC);
	int stated = (resources != NULL) + json_is_true(authenticated) + json_is_true(public);

	if ((authenticated != NULL && !json_is_boolean(authenticated)) ||
		(public != NULL && !json_is_boolean(public)))
		decide_unknown(out, CATALOG_REASON_EXTENSION,
			json_is_boolean(public) || public == NULL ? EXTENSION_AUTHENTICATED
								  : EXTENSION_PUBLIC);
	else if (stated > 1)
		decide_unknown(out, CATALOG_REASON_CONTRADICTION, "x-llavero-*");
	else if (resources != NULL)
		return read_resources(ctx, resources, out);
	else
		decide_flag(out, json_is_true(public) ? CATALOG_PUBLIC : CATALOG_AUTHENTICATED);
	return ST_OK;
}

/* ---- the description ---- */

static enum status read_rows(
	struct openapi *ctx, const struct statement *statement, struct decided *out)
{
	struct catalog_ref *refs = arena_array(ctx->arena, statement->rows_count, sizeof(*refs));

	if (refs == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < statement->rows_count; i++) {
		const struct statement_row *row = &statement->rows[i];
		struct name_query query = { row->product, row->category, row->resource, row->key };
		enum status st = names_resolve(ctx->names, &query, ctx->out, &refs[i]);

		if (st != ST_OK)
			return not_resolved(ctx, st, row->resource, out);
	}
	*out = (struct decided){ .known = true,
		.need = { CATALOG_RESOURCES, refs, statement->rows_count },
		.detail = "" };
	return ST_OK;
}

/* "Needs no authentication": public, unless the operation's own security disagrees. */
static void decide_no_authentication(enum security_demand demand, struct decided *out)
{
	if (demand == SECURITY_OWN)
		decide_unknown(out, CATALOG_REASON_CONTRADICTION, "security");
	else
		decide_flag(out, CATALOG_PUBLIC);
}

/*
 * "Needs no permission": whoever has a credential, unless the operation itself says that it
 * wants none. Security that stands nowhere is no such statement.
 */
static void decide_no_permission(enum security_demand demand, struct decided *out)
{
	decide_flag(out, demand == SECURITY_EMPTY ? CATALOG_PUBLIC : CATALOG_AUTHENTICATED);
}

/* False in *out_stated when the description says nothing. */
static enum status read_description(struct openapi *ctx, const struct operation *operation,
	struct decided *out, bool *out_stated)
{
	struct span description = json_span(json_object_get(operation->object, "description"));
	enum security_demand demand = openapi_security_demand(ctx, operation);
	struct statement *statement = arena_alloc(ctx->arena, sizeof(*statement));
	const char *detail;
	enum status st;

	*out_stated = false;
	if (statement == NULL)
		return ST_NO_MEMORY;
	st = statement_read(description, ctx->arena, statement);
	if (st != ST_OK)
		return st;
	*out_stated = statement->kind != STATEMENT_NONE;
	detail = text_copy_span(ctx->arena, statement->detail);
	switch (statement->kind) {
	case STATEMENT_ROWS:
		return read_rows(ctx, statement, out);
	case STATEMENT_ALL_ROWS:
		decide_unknown(out, CATALOG_REASON_ALL_OF, "");
		break;
	case STATEMENT_NO_PERMISSION:
		decide_no_permission(demand, out);
		break;
	case STATEMENT_NO_AUTHENTICATION:
		decide_no_authentication(demand, out);
		break;
	case STATEMENT_ASK_PROVIDER:
		decide_unknown(out, CATALOG_REASON_ASK_PROVIDER, "");
		break;
	case STATEMENT_CONTRADICTION:
		decide_unknown(out, CATALOG_REASON_CONTRADICTION, "description");
		break;
	default:
		decide_unknown(out, CATALOG_REASON_UNREADABLE, detail);
		break;
	}
	return ST_OK;
}

enum status openapi_need(
	struct openapi *ctx, const struct operation *operation, struct decided *out)
{
	bool stated = false;
	enum status st;

	if (has_extensions(operation->object))
		return read_extensions(ctx, operation->object, out);
	if (has_extensions(operation->item))
		return read_extensions(ctx, operation->item, out);
	st = read_description(ctx, operation, out, &stated);
	if (st != ST_OK || stated)
		return st;
	return openapi_security_need(ctx, operation, out);
}

enum status openapi_collect(struct openapi *ctx, const struct operation *operation)
{
	struct decided ignored;

	if (has_extensions(operation->object))
		return read_extensions(ctx, operation->object, &ignored);
	if (has_extensions(operation->item))
		return read_extensions(ctx, operation->item, &ignored);
	return openapi_security_need(ctx, operation, &ignored);
}

/* ---- suggestions ---- */

/* The first tag; else the first literal segment of the path; else "api". */
static struct span tag_of(const struct operation *operation)
{
	struct span tag = json_span(json_array_get(json_object_get(operation->object, "tags"), 0));
	struct span rest = span_str(operation->path);

	if (name_is_sound(tag))
		return tag;
	while (rest.len > 0) {
		struct span segment;

		rest = span_part(rest, 1, rest.len);
		segment = span_part(rest, 0, span_find(rest, '/'));
		if (name_is_sound(segment) && span_find(segment, '{') == segment.len &&
			strchr(":*", segment.ptr[0]) == NULL)
			return segment;
		rest = span_part(rest, segment.len, rest.len);
	}
	return SPAN_LIT("api");
}

enum status openapi_suggest_need(
	struct openapi *ctx, const struct operation *operation, struct decided *out)
{
	bool reads =
		strcmp(operation->method, "GET") == 0 || strcmp(operation->method, "HEAD") == 0;
	struct catalog_ref *ref = arena_alloc(ctx->arena, sizeof(*ref));
	char key_memory[LIMIT_NAME * 4 + 1], name_memory[LIMIT_NAME * 4 + 1];
	struct buf key = BUF_ARRAY(key_memory), name = BUF_ARRAY(name_memory);
	struct span tag = tag_of(operation);
	struct name_query query = { .product = span_str(ctx->product), .category = tag };
	enum status st;

	if (ref == NULL)
		return ST_NO_MEMORY;
	(void)names_slug(&key, tag);
	buf_append_str(&key, key.len == 0 ? "api" : "");
	buf_append_str(&key, reads ? ".read" : ".write");
	buf_append(&name, tag);
	buf_append_str(&name, reads ? ": read" : ": write");
	query.key = buf_span(&key);
	query.name = name_is_sound(buf_span(&name)) ? buf_span(&name) : tag;
	st = names_resolve(ctx->names, &query, ctx->out, ref);
	if (st != ST_OK)
		return not_resolved(ctx, st, tag, out);
	*out = (struct decided){
		.known = true, .need = { CATALOG_RESOURCES, ref, 1 }, .detail = ""
	};
	return ST_OK;
}
