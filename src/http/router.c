#include "http/router.h"

#include "http/problem.h"

/* The next segment of a path that begins with '/'; takes it off *rest. */
static struct span segment_take(struct span *rest)
{
	struct span tail = span_part(*rest, 1, SIZE_MAX);
	size_t end = span_find(tail, '/');
	struct span segment = span_part(tail, 0, end);

	*rest = span_part(tail, end, SIZE_MAX);
	return segment;
}

static bool is_param(struct span segment)
{
	return segment.len > 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

/* Segment by segment; out_params still encoded. */
static bool pattern_match(const char *pattern_text, struct span path,
	struct span out_params[HTTP_PARAMS_MAX], size_t *out_count)
{
	struct span pattern = span_str(pattern_text);

	*out_count = 0;
	while (pattern.len > 0 && path.len > 0) {
		struct span wanted = segment_take(&pattern);
		struct span given = segment_take(&path);

		if (!is_param(wanted)) {
			if (!span_equal(wanted, given))
				return false;
			continue;
		}
		if (given.len == 0 || *out_count == HTTP_PARAMS_MAX)
			return false;
		out_params[(*out_count)++] = given;
	}
	return pattern.len == 0 && path.len == 0;
}

static bool method_fits(const struct http_route *route, struct span method)
{
	return span_is(method, route->method) ||
	       (span_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoded once; ST_INVALID for bad encoding, a control character or what is not UTF-8. */
static enum status decode(
	struct arena *arena, struct span text, bool plus_is_space, struct span *out_value)
{
	char *bytes = arena_array(arena, 1, text.len + 1);
	size_t len = 0;

	if (bytes == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '%') {
			int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
			int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return ST_INVALID;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		if ((uint8_t)c < 0x20 || c == 0x7F)
			return ST_INVALID;
		bytes[len++] = c;
	}
	*out_value = span_of(bytes, len);
	return span_is_utf8(*out_value) ? ST_OK : ST_INVALID;
}

static bool query_known(const struct http_route *route, struct span name)
{
	struct span names = span_str(route->query == NULL ? "" : route->query);

	while (names.len > 0) {
		size_t end = span_find(names, ' ');

		if (name.len > 0 && span_equal(name, span_part(names, 0, end)))
			return true;
		names = span_part(names, end + 1, SIZE_MAX);
	}
	return false;
}

static void complain_query(struct complaint *complaint, const char *key, struct span name)
{
	char memory[COMPLAINT_VALUE_MAX];
	struct buf text = BUF_ARRAY(memory);

	buf_append(&text, span_part(name, 0, sizeof(memory) - 1));
	complaint_set(complaint, key, 1, "name", buf_str(&text));
}

static enum status query_add(
	struct http_call *call, struct span name, struct span value, struct complaint *complaint)
{
	if (!query_known(call->route, name)) {
		complain_query(complaint, "http.query_unknown", name);
		return ST_INVALID;
	}
	if (span_present(http_query(call, name.ptr)) || call->query_count == HTTP_QUERY_MAX) {
		complain_query(complaint, "http.query_repeated", name);
		return ST_INVALID;
	}
	call->query[call->query_count].name = name;
	call->query[call->query_count].value = value;
	call->query_count++;
	return ST_OK;
}

static enum status query_parse(struct http_call *call, struct complaint *complaint)
{
	struct span rest = call->request->query;

	while (rest.len > 0) {
		size_t end = span_find(rest, '&');
		struct span item = span_part(rest, 0, end);
		size_t equals = span_find(item, '=');
		struct span name, value;
		enum status st = decode(call->arena, span_part(item, 0, equals), true, &name);

		if (st == ST_OK)
			st = decode(
				call->arena, span_part(item, equals + 1, SIZE_MAX), true, &value);
		if (st == ST_INVALID)
			complaint_set(complaint, "http.encoding_invalid", 0);
		if (st == ST_OK)
			st = query_add(call, name, value, complaint);
		if (st != ST_OK)
			return st;
		rest = span_part(rest, end + 1, SIZE_MAX);
	}
	return ST_OK;
}

static enum status call_prepare(struct http_call *call, const struct http_request *request,
	const struct span *raw_params, struct complaint *complaint)
{
	call->request = request;
	call->lang = http_request_lang(request);
	call->arena = http_request_arena(request);
	if (call->arena == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < call->params_count; i++) {
		enum status st = decode(call->arena, raw_params[i], false, &call->params[i]);

		if (st == ST_INVALID)
			complaint_set(complaint, "http.encoding_invalid", 0);
		if (st != ST_OK)
			return st;
	}
	return query_parse(call, complaint);
}

/* Add a method and what follows it to an Allow header; two patterns may have the same one. */
static void allow_add(struct buf *allow, const char *method)
{
	struct span rest = buf_span(allow);

	while (rest.len > 0) {
		size_t end = span_find(rest, ',');

		if (span_is(span_part(rest, 0, end), method))
			return;
		rest = span_part(rest, end + 2, SIZE_MAX);
	}
	buf_printf(allow, "%s%s", allow->len > 0 ? ", " : "", method);
	if (strcmp(method, "GET") == 0)
		allow_add(allow, "HEAD");
}

static void answer_no_method(const struct http_routes *routes, const struct http_request *request,
	struct http_response *response)
{
	char memory[256];
	struct buf allow = BUF_ARRAY(memory);
	struct span params[HTTP_PARAMS_MAX];
	struct complaint complaint = { 0 };
	size_t count;

	for (size_t i = 0; i < routes->count; i++) {
		const struct http_route *route = &routes->table[i];

		if (pattern_match(route->pattern, request->path, params, &count))
			allow_add(&allow, route->method);
	}
	complaint_set(&complaint, "http.method_not_allowed", 1, "allow", buf_str(&allow));
	http_problem(response, request, 405, &complaint);
	http_response_header(response, "Allow", buf_span(&allow));
}

/* The route of the request, or NULL; *out_path_known: some other method has one there. */
static const struct http_route *route_find(const struct http_routes *routes,
	const struct http_request *request, struct span out_params[HTTP_PARAMS_MAX],
	size_t *out_count, bool *out_path_known)
{
	*out_path_known = false;
	for (size_t i = 0; i < routes->count; i++) {
		const struct http_route *route = &routes->table[i];

		if (!pattern_match(route->pattern, request->path, out_params, out_count))
			continue;
		if (method_fits(route, request->method))
			return route;
		*out_path_known = true;
	}
	return NULL;
}

enum status http_dispatch(const struct http_routes *routes, void *context,
	const struct http_request *request, struct http_response *response)
{
	struct span raw_params[HTTP_PARAMS_MAX];
	struct complaint complaint = { 0 };
	struct http_call call = { 0 };
	bool path_known;
	enum status st;

	call.route = route_find(routes, request, raw_params, &call.params_count, &path_known);
	if (call.route == NULL) {
		if (path_known)
			answer_no_method(routes, request, response);
		else
			http_problem(response, request, 404, NULL);
		return ST_OK;
	}
	st = call_prepare(&call, request, raw_params, &complaint);
	if (st == ST_INVALID) {
		http_problem(response, request, 400, &complaint);
		return ST_OK;
	}
	return st == ST_OK ? call.route->handle(context, &call, response) : st;
}

const struct http_route *http_routes_find(
	const struct http_routes *routes, const struct http_request *request)
{
	struct span params[HTTP_PARAMS_MAX];
	size_t count;
	bool path_known;

	return route_find(routes, request, params, &count, &path_known);
}

size_t http_routes_body_max(const struct http_routes *routes, const struct http_request *request)
{
	const struct http_route *route = http_routes_find(routes, request);

	return route == NULL ? 0 : route->body_max;
}

struct span http_param(const struct http_call *call, const char *name)
{
	struct span pattern = span_str(call->route->pattern);
	size_t index = 0;

	while (pattern.len > 0) {
		struct span segment = segment_take(&pattern);

		if (!is_param(segment))
			continue;
		if (span_is(span_part(segment, 1, segment.len - 2), name))
			return call->params[index];
		index++;
	}
	return SPAN_ABSENT;
}

struct span http_query(const struct http_call *call, const char *name)
{
	for (size_t i = 0; i < call->query_count; i++) {
		if (span_is(call->query[i].name, name))
			return call->query[i].value;
	}
	return SPAN_ABSENT;
}
