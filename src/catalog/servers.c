/*
 * Where an operation is mounted: the paths of its servers before its own path.
 *
 * I1: a server's variable with a list of values stands for each of them; one without stands for
 *     any one segment, unless its default is no segment ("" or "a/b"): then for the default.
 * I2: whatever else cannot be told (a relative URL, a query) is not guessed.
 */
#include "catalog/openapi.h"

#include "decide/template.h"

struct prefixes {
	struct span text[TEMPLATES_MAX];
	size_t count;
	bool unclear;
};

static struct span default_of(json_t *variables, struct span name)
{
	json_t *variable = name.len == 0 ? NULL : json_object_getn(variables, name.ptr, name.len);

	return json_span(json_object_get(variable, "default"));
}

/* The name in "{name}" at the start of s; absent when it is not one. */
static struct span variable_at(struct span s)
{
	size_t end = span_find(s, '}');

	return s.len > 0 && s.ptr[0] == '{' && end < s.len ? span_part(s, 1, end - 1) : SPAN_ABSENT;
}

/*
 * The path in a server's URL. A variable at the start that is no scheme ("{base}/v1") is put in
 * with its default first.
 */
static bool path_of_url(struct openapi *ctx, struct span url, json_t *variables, struct span *out)
{
	const char *scheme;
	size_t at;

	for (int i = 0; i < 4; i++) {
		struct span name = variable_at(url), rest, value;
		struct buf joined;
		const char *copy;

		if (!span_present(name))
			break;
		rest = span_part(url, name.len + 2, url.len);
		if (span_starts_with(rest, SPAN_LIT("://")))
			break;
		value = default_of(variables, name);
		if (!span_present(value))
			return false;
		joined = buf_heap(LIMIT_TARGET);
		buf_append(&joined, value);
		buf_append(&joined, rest);
		copy = buf_ok(&joined) ? text_copy_span(ctx->arena, buf_span(&joined)) : NULL;
		buf_free(&joined);
		if (copy == NULL)
			return false;
		url = span_str(copy);
	}
	scheme = url.len == 0 ? NULL : memmem(url.ptr, url.len, "://", 3);
	if (scheme != NULL && span_find(url, '/') == (size_t)(scheme - url.ptr) + 1)
		url = span_part(url, (size_t)(scheme - url.ptr) + 3, url.len);
	else if (span_starts_with(url, SPAN_LIT("//")))
		url = span_part(url, 2, url.len);
	else if (url.len > 0 && url.ptr[0] != '/')
		return false;
	at = span_find(url, '/');
	*out = span_part(url, at, url.len);
	return span_find(*out, '?') == out->len && span_find(*out, '#') == out->len;
}

/* Every text of list with each of the values after it. */
static enum status multiply(
	struct openapi *ctx, struct prefixes *list, const struct span *values, size_t values_count)
{
	struct prefixes result = { .unclear = list->unclear };

	for (size_t i = 0; i < list->count; i++) {
		for (size_t k = 0; k < values_count; k++) {
			char *joined;

			if (result.count == TEMPLATES_MAX ||
				list->text[i].len + values[k].len > LIMIT_TARGET) {
				result.unclear = true;
				continue;
			}
			joined = arena_alloc(ctx->arena, list->text[i].len + values[k].len + 1);
			if (joined == NULL)
				return ST_NO_MEMORY;
			if (list->text[i].len > 0)
				memcpy(joined, list->text[i].ptr, list->text[i].len);
			if (values[k].len > 0)
				memcpy(joined + list->text[i].len, values[k].ptr, values[k].len);
			result.text[result.count++] =
				span_of(joined, list->text[i].len + values[k].len);
		}
	}
	*list = result;
	return ST_OK;
}

static enum status put_variable(
	struct openapi *ctx, struct prefixes *list, struct span whole, json_t *variables)
{
	struct span name = variable_at(whole), values[TEMPLATES_MAX];
	json_t *variable = name.len == 0 ? NULL : json_object_getn(variables, name.ptr, name.len);
	json_t *choices = json_object_get(variable, "enum");
	size_t count = json_array_size(choices);

	if (count > TEMPLATES_MAX) {
		list->unclear = true;
		return ST_OK;
	}
	for (size_t i = 0; i < count; i++) {
		values[i] = json_span(json_array_get(choices, i));
		list->unclear |= !span_present(values[i]);
	}
	if (count == 0) {
		struct span value = default_of(variables, name);
		bool segment = !span_present(value) ||
			       (value.len > 0 && span_find(value, '/') == value.len);

		values[0] = segment ? whole : value;
		count = 1;
	}
	return multiply(ctx, list, values, count);
}

/* No slash at the end, none twice. */
static struct span tidy(struct openapi *ctx, struct span text)
{
	char *copy = arena_copy(ctx->arena, text);
	size_t len = 0;

	for (size_t i = 0; copy != NULL && i < text.len; i++) {
		if (copy[i] != '/' || len == 0 || copy[len - 1] != '/')
			copy[len++] = copy[i];
	}
	while (len > 0 && copy[len - 1] == '/')
		len--;
	return span_of(copy, len);
}

/* Append the prefixes of one server. */
static enum status add_server(struct openapi *ctx, json_t *server, struct prefixes *out)
{
	struct prefixes list = { .text = { SPAN_LIT("") }, .count = 1 };
	json_t *variables = json_object_get(server, "variables");
	struct span url = json_span(json_object_get(server, "url")), path;
	enum status st = ST_OK;

	if (!span_present(url) || url.len > LIMIT_TARGET ||
		!path_of_url(ctx, url, variables, &path)) {
		out->unclear = true;
		return ST_OK;
	}
	while (path.len > 0 && st == ST_OK) {
		size_t brace = span_find(path, '{');
		struct span text = span_part(path, 0, brace), name;

		st = multiply(ctx, &list, &text, 1);
		path = span_part(path, brace, path.len);
		name = variable_at(path);
		if (st != ST_OK || path.len == 0)
			break;
		if (!span_present(name)) {
			out->unclear = true;
			return ST_OK;
		}
		st = put_variable(ctx, &list, span_part(path, 0, name.len + 2), variables);
		path = span_part(path, name.len + 2, path.len);
	}
	out->unclear |= list.unclear;
	for (size_t i = 0; i < list.count && st == ST_OK; i++) {
		struct span text = tidy(ctx, list.text[i]);
		bool repeated = false;

		if (text.ptr == NULL)
			return ST_NO_MEMORY;
		for (size_t k = 0; k < out->count; k++)
			repeated |= span_equal(out->text[k], text);
		if (repeated)
			continue;
		if (out->count == TEMPLATES_MAX)
			out->unclear = true;
		else
			out->text[out->count++] = text;
	}
	return st;
}

static bool is_stated(const json_t *servers)
{
	return servers != NULL && !json_is_null(servers) &&
	       !(json_is_array(servers) && json_array_size(servers) == 0);
}

static enum status read_servers(struct openapi *ctx, json_t *servers, struct prefixes *out)
{
	enum status st = ST_OK;
	json_t *server;
	size_t i;

	*out = (struct prefixes){ 0 };
	/* Of another type than a list: it says something, and what is not known. */
	out->unclear = ctx->servers != CATALOG_SERVERS_IGNORE && is_stated(servers) &&
		       !json_is_array(servers);
	if (ctx->servers == CATALOG_SERVERS_IGNORE || json_array_size(servers) == 0) {
		out->text[out->count++] = SPAN_LIT("");
		return ST_OK;
	}
	json_array_foreach(servers, i, server)
	{
		if (st == ST_OK)
			st = add_server(ctx, server, out);
	}
	return st;
}

const char *openapi_common_prefix(struct openapi *ctx)
{
	struct prefixes prefixes;

	if (read_servers(ctx, json_object_get(ctx->root, "servers"), &prefixes) != ST_OK)
		return NULL;
	if (prefixes.unclear || prefixes.count != 1 || !base_path_is_sound(prefixes.text[0]))
		return "";
	return text_copy_span(ctx->arena, prefixes.text[0]);
}

/* Do both read the same but for the names of parameters? */
static bool same_template(struct span a, struct span b)
{
	struct template parsed;
	char a_memory[LIMIT_TARGET * 2], b_memory[LIMIT_TARGET * 2];
	struct buf a_normal = BUF_ARRAY(a_memory), b_normal = BUF_ARRAY(b_memory);

	if (template_parse(a, &parsed, NULL) != ST_OK)
		return false;
	template_append_normal(&parsed, &a_normal);
	if (template_parse(b, &parsed, NULL) != ST_OK)
		return false;
	template_append_normal(&parsed, &b_normal);
	return buf_ok(&a_normal) && buf_ok(&b_normal) &&
	       span_equal(buf_span(&a_normal), buf_span(&b_normal));
}

/* How much of the start of path the end of prefix repeats, in whole segments. */
static size_t overlap(struct span prefix, struct span path)
{
	for (size_t at = 0; at < prefix.len; at++) {
		struct span tail = span_part(prefix, at, prefix.len);

		if (tail.ptr[0] == '/' && span_starts_with(path, tail) &&
			(path.len == tail.len || path.ptr[tail.len] == '/'))
			return tail.len;
	}
	return 0;
}

static struct span join(struct openapi *ctx, struct span prefix, struct span path)
{
	char *joined = arena_alloc(ctx->arena, prefix.len + path.len + 1);

	if (joined == NULL)
		return SPAN_ABSENT;
	if (prefix.len > 0)
		memcpy(joined, prefix.ptr, prefix.len);
	if (path.len > 0)
		memcpy(joined + prefix.len, path.ptr, path.len);
	return span_of(joined, prefix.len + path.len);
}

/*
 * An operation's own server often repeats the beginning of the operation's path by mistake
 * (".../pricing" and "/pricing/prices"). When, joined once, it says what the document's own
 * servers say, that is meant; when it does not, nobody can tell.
 */
static bool repair_overlap(
	struct openapi *ctx, struct span path, const struct prefixes *defaults, struct span *prefix)
{
	size_t repeated = overlap(*prefix, path);
	struct span once = span_part(*prefix, 0, prefix->len - repeated);

	if (repeated == 0)
		return true;
	for (size_t i = 0; i < defaults->count; i++) {
		struct span a = join(ctx, once, path), b = join(ctx, defaults->text[i], path);

		if (span_present(a) && span_present(b) && same_template(a, b)) {
			*prefix = once;
			return true;
		}
	}
	return false;
}

static void unknown(struct templates *out, enum catalog_reason reason, const char *detail)
{
	out->known = false;
	out->reason = reason;
	out->detail = detail;
}

/* The template below the service's base path; absent when it lies elsewhere. */
static struct span below_base(struct openapi *ctx, struct span prefix, struct span path)
{
	struct span base = span_str(ctx->base_path), full = join(ctx, prefix, path), rest;

	if (base.len == 0 || !span_present(full))
		return full;
	rest = span_part(full, base.len, full.len);
	if (span_starts_with(full, base) && rest.len > 0 && rest.ptr[0] == '/')
		return rest;
	/* No server says where: the service's own base path does. */
	return prefix.len == 0 ? path : SPAN_ABSENT;
}

static enum status add_template(
	struct openapi *ctx, struct span prefix, struct span path, struct templates *out)
{
	struct template parsed;
	struct span text = below_base(ctx, prefix, path);
	const char *copy;

	if (!span_present(text)) {
		unknown(out, CATALOG_REASON_SERVER, text_copy_span(ctx->arena, prefix));
		return ST_OK;
	}
	if (text.len > LIMIT_TARGET || template_parse(text, &parsed, NULL) != ST_OK) {
		unknown(out, CATALOG_REASON_PATH, "");
		return ST_OK;
	}
	copy = text_copy_span(ctx->arena, text);
	out->path[out->count++] = copy;
	return copy == NULL ? ST_NO_MEMORY : ST_OK;
}

static struct span trim(struct span s)
{
	while (s.len > 0 && strchr(" \t", s.ptr[0]) != NULL)
		s = span_part(s, 1, s.len);
	while (s.len > 0 && strchr(" \t", s.ptr[s.len - 1]) != NULL)
		s.len--;
	return s;
}

enum status openapi_templates(
	struct openapi *ctx, const struct operation *operation, struct templates *out)
{
	json_t *defaults_json = json_object_get(ctx->root, "servers");
	json_t *own = json_object_get(operation->object, "servers");
	struct span path = trim(span_str(operation->path));
	struct prefixes prefixes, defaults;
	enum status st;

	*out = (struct templates){ .known = true, .detail = "" };
	if (!is_stated(own))
		own = json_object_get(operation->item, "servers");
	if (path.len == 0 || path.ptr[0] != '/' || span_find(path, '?') < path.len ||
		span_find(path, '#') < path.len) {
		unknown(out, CATALOG_REASON_PATH, "");
		return ST_OK;
	}
	st = read_servers(ctx, defaults_json, &defaults);
	if (st == ST_OK)
		st = read_servers(ctx, is_stated(own) ? own : defaults_json, &prefixes);
	if (st != ST_OK)
		return st;
	if (prefixes.unclear)
		unknown(out, CATALOG_REASON_SERVER, "");
	for (size_t i = 0; i < prefixes.count && st == ST_OK && out->known; i++) {
		if (is_stated(own) && !repair_overlap(ctx, path, &defaults, &prefixes.text[i]))
			unknown(out, CATALOG_REASON_SERVER,
				text_copy_span(ctx->arena, prefixes.text[i]));
		else
			st = add_template(ctx, prefixes.text[i], path, out);
	}
	return st != ST_OK || out->detail == NULL ? ST_NO_MEMORY : ST_OK;
}
