/*
 * The "security" of an operation. Its requirements are alternatives; within one, all schemes and
 * all scopes are needed together, which routes cannot say: such an operation stays undecided.
 */
#include "catalog/openapi.h"

static json_t *effective_security(struct openapi *ctx, const struct operation *operation)
{
	json_t *own = json_object_get(operation->object, "security");

	return own != NULL ? own : json_object_get(ctx->root, "security");
}

static json_t *scheme_of(struct openapi *ctx, const char *name)
{
	json_t *schemes =
		json_object_get(json_object_get(ctx->root, "components"), "securitySchemes");

	return openapi_follow(ctx->root, json_object_get(schemes, name));
}

static bool is_cookie(struct openapi *ctx, const char *name)
{
	return span_is(json_span(json_object_get(scheme_of(ctx, name), "in")), "cookie");
}

enum security_demand openapi_security_demand(struct openapi *ctx, const struct operation *operation)
{
	json_t *own = json_object_get(operation->object, "security");
	json_t *security = effective_security(ctx, operation), *requirement, *scopes;
	bool cookies = true;
	const char *name;
	size_t i;

	if (security == NULL)
		return SECURITY_ABSENT;
	if (json_array_size(security) == 0)
		return own != NULL ? SECURITY_EMPTY : SECURITY_ABSENT;
	json_array_foreach(security, i, requirement)
	{
		if (json_object_size(requirement) == 0)
			return SECURITY_OPTIONAL;
		json_object_foreach(requirement, name, scopes) cookies &= is_cookie(ctx, name);
	}
	if (own == NULL)
		return SECURITY_INHERITED;
	return cookies ? SECURITY_COOKIE : SECURITY_OWN;
}

/* What the document says about a scope, for people; absent when nothing, or no name. */
static struct span scope_name(json_t *scheme, const char *scope)
{
	json_t *flows = json_object_get(scheme, "flows"), *flow;
	const char *kind;

	json_object_foreach(flows, kind, flow)
	{
		struct span text =
			json_span(json_object_get(json_object_get(flow, "scopes"), scope));

		if (name_is_sound(text))
			return text;
	}
	return SPAN_ABSENT;
}

/* The scopes of one requirement: how many, and the last with its scheme. */
struct needed {
	size_t count;
	bool malformed;
	const char *scope;
	json_t *scheme;
};

static struct needed read_requirement(struct openapi *ctx, json_t *requirement)
{
	struct needed needed = { .malformed = !json_is_object(requirement) };
	const char *name;
	json_t *scopes, *scope;
	size_t i;

	json_object_foreach(requirement, name, scopes)
	{
		needed.malformed |= !json_is_array(scopes);
		json_array_foreach(scopes, i, scope)
		{
			needed.malformed |= !json_is_string(scope);
			needed.count++;
			needed.scope = json_string_value(scope);
			needed.scheme = scheme_of(ctx, name);
		}
	}
	return needed;
}

static enum status add_scope(struct openapi *ctx, const struct needed *needed,
	struct catalog_ref *ref, struct decided *out)
{
	struct name_query query = { .product = span_str(ctx->product),
		.key = span_str(needed->scope),
		.name = scope_name(needed->scheme, needed->scope) };
	enum status st = names_resolve_key(ctx->names, &query, ctx->out, ref);

	if (st == ST_NO_MEMORY)
		return st;
	if (st != ST_OK)
		decide_unknown(out, CATALOG_REASON_RESOURCE, text_copy(ctx->arena, needed->scope));
	return ST_OK;
}

enum status openapi_security_need(
	struct openapi *ctx, const struct operation *operation, struct decided *out)
{
	json_t *security = effective_security(ctx, operation), *requirement;
	struct catalog_ref *refs;
	size_t count = json_array_size(security), refs_count = 0, i;
	enum status st = ST_OK;

	decide_unknown(out, CATALOG_REASON_SILENT, "");
	if (security == NULL || (json_is_array(security) && count == 0)) {
		if (openapi_security_demand(ctx, operation) == SECURITY_EMPTY)
			decide_unknown(out, CATALOG_REASON_ANONYMOUS, "");
		return ST_OK;
	}
	refs = count > LIMIT_RESOURCES_PER_ROUTE
		       ? NULL
		       : arena_array(ctx->arena, count + 1, sizeof(*refs));
	if (!json_is_array(security) || refs == NULL) {
		decide_unknown(out, CATALOG_REASON_UNREADABLE, "security");
		return ST_OK;
	}
	decide_unknown(out, CATALOG_REASON_AUTH_ONLY, "");
	out->known = true;
	json_array_foreach(security, i, requirement)
	{
		struct needed needed = read_requirement(ctx, requirement);

		if (needed.malformed)
			decide_unknown(out, CATALOG_REASON_UNREADABLE, "security");
		else if (json_object_size(requirement) == 0)
			decide_unknown(out, CATALOG_REASON_ANONYMOUS, "");
		else if (needed.count > 1)
			decide_unknown(out, CATALOG_REASON_ALL_OF, "security");
		else if (needed.count == 1)
			st = add_scope(ctx, &needed, &refs[refs_count++], out);
		if (st != ST_OK || !out->known)
			return st;
	}
	/* An alternative without scopes beside one with: the stricter one counts. */
	out->known = refs_count > 0;
	out->need = (struct catalog_need){ CATALOG_RESOURCES, refs, refs_count };
	return ST_OK;
}
