#include "catalog/openapi.h"

#include <stdio.h>

static const struct {
	const char *field, *method;
} METHODS[] = { { "get", "GET" }, { "head", "HEAD" }, { "post", "POST" }, { "put", "PUT" },
	{ "patch", "PATCH" }, { "delete", "DELETE" }, { "options", "OPTIONS" },
	{ "trace", "TRACE" } };

static enum status complain_place(
	struct complaint *out_complaint, const char *key, const char *place)
{
	complaint_set(out_complaint, key, 1, "place", place);
	return ST_INVALID;
}

/* ---- references ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One step of a JSON pointer that stands in a URI fragment: %XX, then ~1 and ~0. */
static bool decode_step(struct span step, struct buf *out)
{
	for (size_t i = 0; i < step.len; i++) {
		char c = step.ptr[i];

		if (c == '%') {
			int high = i + 2 < step.len ? hex_value(step.ptr[i + 1]) : -1;
			int low = i + 2 < step.len ? hex_value(step.ptr[i + 2]) : -1;

			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '~') {
			char next = i + 1 < step.len ? step.ptr[i + 1] : ' ';

			if (next != '0' && next != '1')
				return false;
			c = next == '0' ? '~' : '/';
			i++;
		}
		buf_append_char(out, c);
	}
	return buf_ok(out);
}

static json_t *step_into(json_t *value, struct span step)
{
	char memory[LIMIT_TARGET + 1];
	struct buf name = BUF_ARRAY(memory);
	uint64_t index;

	if (!decode_step(step, &name))
		return NULL;
	if (json_is_array(value))
		return span_to_u64(buf_span(&name), &index) ? json_array_get(value, (size_t)index)
							    : NULL;
	return json_object_get(value, buf_str(&name));
}

json_t *openapi_follow(json_t *root, json_t *value)
{
	for (unsigned hops = 0; hops < LIMIT_DOCUMENT_REFERENCES; hops++) {
		json_t *reference = json_object_get(value, "$ref");
		struct span pointer = json_span(reference);

		if (reference == NULL)
			return value;
		if (pointer.len == 0 || pointer.ptr[0] != '#')
			return NULL;
		value = root;
		pointer = span_part(pointer, 1, pointer.len);
		while (pointer.len > 0 && value != NULL) {
			size_t end;

			if (pointer.ptr[0] != '/')
				return NULL;
			pointer = span_part(pointer, 1, pointer.len);
			end = span_find(pointer, '/');
			value = step_into(value, span_part(pointer, 0, end));
			pointer = span_part(pointer, end, pointer.len);
		}
		if (value == NULL)
			return NULL;
	}
	return NULL;
}

/* ---- operations ---- */

static enum status undecided(struct openapi *ctx, const struct operation *operation,
	enum catalog_reason reason, const char *detail)
{
	struct catalog_undecided item = {
		.document = ctx->document,
		.service = ctx->service,
		.method = operation->method,
		.path = operation->path,
		.reason = reason,
		.detail = detail,
	};

	return report_undecided(ctx->report, &item);
}

static enum status add_routes(struct openapi *ctx, const struct operation *operation,
	const struct templates *templates, const struct catalog_need *need)
{
	struct catalog_route route = {
		.service = ctx->service,
		.method = operation->method,
		.need = *need,
		.sources = ctx->suggest ? "" : ctx->document,
		.origin = operation->path,
	};
	enum status st = ST_OK;

	for (size_t i = 0; i < templates->count && st == ST_OK; i++) {
		route.path = templates->path[i];
		st = ctx->out->routes_count >= LIMIT_ROUTES ? ST_LIMIT
							    : catalog_add_route(ctx->out, &route);
	}
	return st;
}

static bool may_suggest(const struct openapi *ctx, const struct decided *decided)
{
	return ctx->suggest && !decided->known &&
	       (decided->reason == CATALOG_REASON_SILENT ||
		       decided->reason == CATALOG_REASON_AUTH_ONLY ||
		       decided->reason == CATALOG_REASON_ANONYMOUS);
}

static enum status read_operation(struct openapi *ctx, const struct operation *operation)
{
	struct templates templates;
	struct decided decided = { .detail = "" };
	enum status st;

	if (json_object_get(operation->object, "$ref") != NULL)
		return undecided(ctx, operation, CATALOG_REASON_REFERENCE,
			json_string_value(json_object_get(operation->object, "$ref")));
	st = openapi_templates(ctx, operation, &templates);
	if (st != ST_OK)
		return st;
	/* First the place: resources of a route that cannot be are not wanted. */
	if (!templates.known)
		return undecided(ctx, operation, templates.reason, templates.detail);
	st = openapi_need(ctx, operation, &decided);
	if (st == ST_OK && may_suggest(ctx, &decided))
		st = openapi_suggest_need(ctx, operation, &decided);
	if (st != ST_OK)
		return st;
	if (!decided.known)
		return undecided(ctx, operation, decided.reason, decided.detail);
	return add_routes(ctx, operation, &templates, &decided.need);
}

/* Each operation has memory of its own, so that their number does not add up. */
static enum status in_own_arena(struct openapi *ctx, const struct operation *operation,
	enum status (*work)(struct openapi *ctx, const struct operation *operation))
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(CATALOG_MEMORY_MAX);
	struct arena *outer = ctx->arena;
	enum status st;

	if (arena == NULL)
		return ST_NO_MEMORY;
	ctx->arena = arena;
	st = work(ctx, operation);
	ctx->arena = outer;
	return st;
}

static void place_of(char *out, size_t size, const char *path, const char *field)
{
	(void)snprintf(out, size, "paths.%.150s%s%s", path, field[0] == '\0' ? "" : ".", field);
}

/* Types that would otherwise be read as "says nothing". */
static enum status check_operation(
	json_t *object, const char *path, const char *field, struct complaint *out_complaint)
{
	json_t *description = json_object_get(object, "description");
	char place[COMPLAINT_VALUE_MAX];

	/* In YAML a field whose value was left out is null. */
	if ((json_is_object(object) || json_is_null(object)) &&
		(description == NULL || json_is_null(description) || json_is_string(description)))
		return ST_OK;
	place_of(place, sizeof(place), path, field);
	return complain_place(out_complaint, "catalog.wrong_type", place);
}

static enum status read_method(struct openapi *ctx, const char *path, json_t *item, size_t method,
	struct complaint *out_complaint)
{
	json_t *target = openapi_follow(ctx->root, item);
	json_t *beside = json_object_get(item, METHODS[method].field);
	json_t *object = json_object_get(target, METHODS[method].field);
	struct operation operation = { target, object, METHODS[method].method, path };
	enum status st;

	if (ctx->out->resources_count > LIMIT_RESOURCES) {
		complain_too_many(out_complaint, "resources");
		return ST_LIMIT;
	}
	if (object == NULL) {
		operation.item = item;
		operation.object = object = beside;
	}
	if (object == NULL)
		return ST_OK;
	st = check_operation(object, path, METHODS[method].field, out_complaint);
	if (st != ST_OK)
		return st;
	/*
	 * Resources whose keys the document states come before any name: else a name would get a
	 * derived key when it stands before the statement, and the stated one after it.
	 */
	if (ctx->collecting)
		return in_own_arena(ctx, &operation, openapi_collect);
	if (++ctx->operations > LIMIT_ROUTES) {
		complain_too_many(out_complaint, "operations");
		return ST_LIMIT;
	}
	/* Stated beside a $ref and behind it: which one counts is undefined. */
	if (beside != NULL && beside != object)
		return undecided(ctx, &operation, CATALOG_REASON_CONTRADICTION, "$ref");
	st = in_own_arena(ctx, &operation, read_operation);
	if (st == ST_LIMIT)
		complain_too_many(out_complaint, "routes");
	return st;
}

static bool is_field_of_item(const char *field)
{
	static const char *const FIELDS[] = { "summary", "description", "servers", "parameters",
		"$ref" };

	for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
		if (strcmp(field, FIELDS[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(METHODS); i++) {
		if (strcmp(field, METHODS[i].field) == 0)
			return true;
	}
	return strncmp(field, "x-", 2) == 0;
}

/* "GET" in capitals, "query": somebody meant an operation, so it is not passed over in silence. */
static enum status list_strange_methods(struct openapi *ctx, const char *path, json_t *item)
{
	const char *field;
	json_t *value;

	json_object_foreach(item, field, value)
	{
		struct operation operation = { item, value, field, path };
		enum status st = ST_OK;

		if (json_is_object(value) && !is_field_of_item(field))
			st = undecided(ctx, &operation, CATALOG_REASON_METHOD, "");
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

static enum status read_item(
	struct openapi *ctx, const char *path, json_t *item, struct complaint *out_complaint)
{
	json_t *target = openapi_follow(ctx->root, item);
	enum status st = ST_OK;

	if (json_is_null(item))
		return ST_OK;
	if (!json_is_object(item) || (target != NULL && !json_is_object(target))) {
		char place[COMPLAINT_VALUE_MAX];

		place_of(place, sizeof(place), path, "");
		return complain_place(out_complaint, "catalog.wrong_type", place);
	}
	if (target == NULL && !ctx->collecting) {
		struct operation operation = { item, NULL, "*", path };
		const char *reference = json_string_value(json_object_get(item, "$ref"));

		st = undecided(ctx, &operation, CATALOG_REASON_REFERENCE, reference);
	}
	for (size_t i = 0; i < ARRAY_LEN(METHODS) && st == ST_OK; i++)
		st = read_method(ctx, path, item, i, out_complaint);
	if (st == ST_OK && !ctx->collecting)
		st = list_strange_methods(ctx, path, target == NULL ? item : target);
	return st;
}

static enum status read_paths(struct openapi *ctx, json_t *paths, struct complaint *out_complaint)
{
	const char *path;
	json_t *item;
	enum status st;

	json_object_foreach(paths, path, item)
	{
		/* "x-...": somebody's extension, no path. */
		if (strncmp(path, "x-", 2) == 0)
			continue;
		st = read_item(ctx, path, item, out_complaint);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

/* "3.0.x" and "3.1.x" */
static bool is_supported(struct span version)
{
	return span_starts_with(version, SPAN_LIT("3.0.")) ||
	       span_starts_with(version, SPAN_LIT("3.1."));
}

/* Resources that are named by key alone belong to this product. */
static const char *default_product(struct openapi *ctx)
{
	struct span stated = json_span(json_object_get(ctx->root, "x-llavero-product"));
	struct span title = json_span(json_object_get(json_object_get(ctx->root, "info"), "title"));

	if (name_is_sound(stated))
		return text_copy_span(ctx->arena, stated);
	return name_is_sound(title) ? text_copy_span(ctx->arena, title) : ctx->service;
}

enum status openapi_read(struct openapi *ctx, struct complaint *out_complaint)
{
	json_t *paths = json_object_get(ctx->root, "paths");
	struct span version = json_span(json_object_get(ctx->root, "openapi"));
	enum status st;

	if (!is_supported(version)) {
		complaint_set(out_complaint, "catalog.version", 1, "version",
			span_present(version)
				? json_string_value(json_object_get(ctx->root, "openapi"))
				: "?");
		return ST_INVALID;
	}
	if (paths != NULL && !json_is_object(paths))
		return complain_place(out_complaint, "catalog.wrong_type", "paths");
	ctx->product = default_product(ctx);
	if (ctx->product == NULL)
		return ST_NO_MEMORY;
	ctx->collecting = true;
	st = read_paths(ctx, paths, out_complaint);
	ctx->collecting = false;
	return st == ST_OK ? read_paths(ctx, paths, out_complaint) : st;
}
