/*
 * /v1/routes: what each method and path needs, and which route a request would
 * find. Source: records/catalog.h, decide/template.h, decide/routes.h.
 */
#include "keeper/refer.h"

#include "decide/template.h"
#include "follow/follow.h"
#include "keeper/trial.h"
#include "records/catalog.h"

#define SERVICE_DEFAULT "default"

static enum status item_route(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_route route;
	enum status st = snapshot_route(call->reading, slot, call->arena, &route);

	return st != ST_OK ? st : route_append_json(out, call->reading, &route);
}

static enum status answer_route(
	struct api_call *call, unsigned http_status, uint32_t slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	struct record_route route;
	enum status st = snapshot_route(call->reading, slot, call->arena, &route);

	if (st == ST_OK)
		st = route_append_json(&object, call->reading, &route);
	return st != ST_OK ? st : api_answer(call, http_status, &object, route.version, head);
}

static enum status service_named(
	struct api_call *call, struct span name, struct record_service *out_service)
{
	enum status st = snapshot_service_by_name(call->reading, name, call->arena, out_service);

	if (st == ST_NOT_FOUND) {
		const char *text = arena_copy(call->arena, name);

		return api_refuse(
			call, ST_INVALID, "api.service_unknown", "name", text == NULL ? "" : text);
	}
	return st;
}

/* `resource` of the query: a resource's id. */
static enum status query_resource(struct api_call *call, struct list_query *query)
{
	struct span resource = http_query(call->http, "resource");
	uint64_t slot;

	if (!span_present(resource))
		return ST_OK;
	if (!span_to_u64(resource, &slot) || slot == 0 || slot > UINT32_MAX)
		return api_refuse(call, ST_INVALID, "api.resource_id", NULL, NULL);
	query->resource_slot = (uint32_t)slot;
	return ST_OK;
}

static enum status routes_list(struct api_call *call)
{
	struct list_query query = {
		.kind = ENTITY_ROUTE,
		.search = http_query(call->http, "q"),
	};
	struct span service_name = http_query(call->http, "service");
	struct record_service service;
	enum status st = query_resource(call, &query);

	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK && span_present(service_name)) {
		st = service_named(call, service_name, &service);
		query.service_slot = service.slot;
	}
	return st != ST_OK ? st : api_page(call, &query, item_route);
}

/* What the route needs: exactly one of the three members. */
static enum status read_needs(struct api_call *call, const struct body_field *resources,
	const struct body_field *authenticated, const struct body_field *public_flag,
	struct record_route *route)
{
	unsigned given = (unsigned)resources->present +
			 (unsigned)(authenticated->present && authenticated->boolean) +
			 (unsigned)(public_flag->present && public_flag->boolean);
	uint32_t *slots;
	enum status st;

	if (given != 1)
		return api_refuse(call, ST_INVALID, "api.route_needs", NULL, NULL);
	route->resource_slots = NULL;
	route->resources_count = 0;
	if (!resources->present) {
		route->needs = authenticated->present && authenticated->boolean
				       ? RECORD_NEEDS_AUTHENTICATED
				       : RECORD_NEEDS_PUBLIC;
		return ST_OK;
	}
	route->needs = RECORD_NEEDS_RESOURCES;
	st = refer_resources(call, resources->json, &slots, &route->resources_count);
	route->resource_slots = slots;
	return st;
}

/* The service named, or the default one, which is made when it is first needed. */
static enum status service_of_route(
	struct api_call *call, const struct body_field *field, uint32_t *out_slot)
{
	struct record_service service;
	struct span name = field->present ? field->text : SPAN_LIT(SERVICE_DEFAULT);
	enum status st = snapshot_service_by_name(call->reading, name, call->arena, &service);

	if (st == ST_OK) {
		*out_slot = service.slot;
		return ST_OK;
	}
	if (st != ST_NOT_FOUND)
		return st;
	if (field->present)
		return service_named(call, name, &service);
	service = (struct record_service){ .name = name, .base_path = SPAN_LIT("") };
	return service_create(call->change, &service, out_slot, &call->complaint);
}

static enum status check_template(struct api_call *call, struct span method, struct span path)
{
	struct template *parsed = arena_alloc(call->arena, sizeof(*parsed));
	enum status st;

	if (parsed == NULL)
		return ST_NO_MEMORY;
	st = method_check(method, &call->complaint);
	return st != ST_OK ? st : template_parse(path, parsed, &call->complaint);
}

/*
 * Looks for a route that takes the same requests: only the parameters' names differ. The records
 * refuse the one that is the same to the letter.
 */
struct twin {
	const struct record_route *route;
	struct template *parsed;
	const char *normal; /* of the route */
	struct buf other;
	bool found;
};

static enum status compare_twin(void *arg, const struct record_route *route)
{
	struct twin *twin = arg;

	if (twin->found || route->service_slot != twin->route->service_slot ||
		!span_equal(route->method, twin->route->method) ||
		span_equal(route->path, twin->route->path) ||
		template_parse(route->path, twin->parsed, NULL) != ST_OK)
		return ST_OK;
	buf_clear(&twin->other);
	template_append_normal(twin->parsed, &twin->other);
	twin->found = strcmp(buf_str(&twin->other), twin->normal) == 0;
	return ST_OK;
}

static enum status refuse_twin(struct api_call *call, const struct record_route *route)
{
	char memory[LIMIT_TARGET * 2], other[LIMIT_TARGET * 2];
	struct buf normal = BUF_ARRAY(memory);
	struct twin twin = { .route = route,
		.parsed = arena_alloc(call->arena, sizeof(*twin.parsed)),
		.other = BUF_ARRAY(other) };
	enum status st = twin.parsed == NULL ? ST_NO_MEMORY : ST_OK;

	if (st == ST_OK)
		st = template_parse(route->path, twin.parsed, &call->complaint);
	if (st != ST_OK)
		return st;
	template_append_normal(twin.parsed, &normal);
	twin.normal = buf_str(&normal);
	st = snapshot_each_route(call->reading, compare_twin, &twin);
	if (st == ST_OK && twin.found)
		st = api_refuse(call, ST_EXISTS, "api.route_twin", NULL, NULL);
	return st;
}

static enum status routes_create(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "method", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "path", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "service", .kind = BODY_TEXT },
		{ .name = "resources", .kind = BODY_ARRAY },
		{ .name = "authenticated", .kind = BODY_BOOL },
		{ .name = "public", .kind = BODY_BOOL },
	};
	struct record_route route = { .slot = 0 };
	bool answered;
	uint32_t slot;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = check_template(call, fields[0].text, fields[1].text);
	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = api_replay(call, 0, &answered);
	if (st != ST_OK || answered)
		return st;
	route.method = fields[0].text;
	route.path = fields[1].text;
	st = read_needs(call, &fields[3], &fields[4], &fields[5], &route);
	if (st == ST_OK)
		st = service_of_route(call, &fields[2], &route.service_slot);
	if (st == ST_OK)
		st = refuse_twin(call, &route);
	if (st == ST_OK)
		st = route_create(call->change, &route, &slot, &call->complaint);
	if (st == ST_OK)
		st = follow_check_routes(call->reading, &call->complaint);
	return st != ST_OK ? st : api_answer_created(call, 0, slot, item_route);
}

static enum status routes_get(struct api_call *call)
{
	uint32_t slot;
	enum status st = api_slot(call, "id", &slot);

	if (st == ST_OK)
		st = api_reading(call);
	return st != ST_OK ? st : answer_route(call, 200, slot, NULL);
}

static enum status routes_edit(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "resources", .kind = BODY_ARRAY },
		{ .name = "authenticated", .kind = BODY_BOOL },
		{ .name = "public", .kind = BODY_BOOL },
	};
	struct record_route route;
	struct head head;
	uint32_t slot;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_slot(call, "id", &slot);
	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = snapshot_route(call->reading, slot, call->arena, &route);
	if (st == ST_OK)
		st = api_check_version(call, route.version);
	if (st == ST_OK)
		st = read_needs(call, &fields[0], &fields[1], &fields[2], &route);
	if (st == ST_OK)
		st = route_edit(call->change, slot, 0, &route, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_route(call, 200, slot, &head);
}

static enum status routes_delete(struct api_call *call)
{
	struct record_route route;
	uint32_t slot;
	enum status st = api_slot(call, "id", &slot);

	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = snapshot_route(call->reading, slot, call->arena, &route);
	if (st == ST_OK)
		st = api_check_version(call, route.version);
	if (st == ST_OK)
		st = route_delete(call->change, slot, &call->complaint);
	return st != ST_OK ? st : api_commit_done(call);
}

/* ---- which route a request finds ---- */

static enum status append_route(
	struct api_call *call, const char *name, uint64_t id, struct buf *out)
{
	buf_printf(out, ",\"%s\":", name);
	return item_route(call, (uint32_t)id, out);
}

static enum status append_match(
	struct api_call *call, const struct route_match *match, struct buf *out)
{
	static const char *const kinds[] = {
		[ROUTE_MATCH_NONE] = "none",
		[ROUTE_MATCH_PATH_REFUSED] = "path_refused",
		[ROUTE_MATCH_AMBIGUOUS] = "ambiguous",
		[ROUTE_MATCH_FOUND] = "found",
	};
	enum status st = ST_OK;

	buf_printf(out, "\"match\":\"%s\"", kinds[match->kind]);
	if (match->has_service) {
		buf_append_str(out, ",\"service\":");
		buf_append_json(out, match->service_name);
		buf_printf(out, ",\"unmapped\":\"%s\"",
			match->unmapped_authenticated ? "authenticated" : "refuse");
	}
	if (match->kind == ROUTE_MATCH_PATH_REFUSED)
		buf_printf(out, ",\"reason\":\"%s\"", path_reason_name(match->path_reason));
	if (match->kind == ROUTE_MATCH_FOUND)
		st = append_route(call, "route", match->route_id, out);
	if (match->kind == ROUTE_MATCH_AMBIGUOUS && !match->exhausted) {
		st = append_route(call, "route", match->route_id, out);
		/* The twin with or without the slash may be what is unmapped. */
		if (st == ST_OK && match->other_route_id != 0)
			st = append_route(call, "otherRoute", match->other_route_id, out);
	}
	return st;
}

static enum status routes_match_request(struct api_call *call)
{
	struct span method = http_query(call->http, "method");
	struct span target = http_query(call->http, "path");
	struct span host = http_query(call->http, "host");
	CLEANUP(trial_end)
	struct trial trial = { .view = NULL };
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	char host_memory[LIMIT_HOST], *path_memory = arena_alloc(call->arena, PATH_SIZE);
	struct path_result path;
	struct route_match match = { .kind = ROUTE_MATCH_NONE };
	enum status st;

	if (path_memory == NULL)
		return ST_NO_MEMORY;
	if (!span_present(method) || !span_present(target))
		return api_refuse(call, ST_INVALID, "api.field_missing", "name",
			span_present(method) ? "path" : "method");
	if (span_present(host) && !host_canonicalise(host, host_memory, &host))
		return api_refuse(call, ST_INVALID, "api.host", NULL, NULL);
	st = api_reading(call);
	if (st == ST_OK)
		st = trial_view(call, &trial);
	if (st != ST_OK)
		return st;
	path_canonicalise(target, host, path_memory, PATH_SIZE, &path);
	buf_append_char(&object, '{');
	if (path.reason != PATH_OK) {
		buf_printf(&object, "\"match\":\"path_refused\",\"reason\":\"%s\",\"offset\":%zu}",
			path_reason_name(path.reason), path.offset);
		return api_answer(call, 200, &object, 0, NULL);
	}
	if (trial.view != NULL && trial.view->routes != NULL)
		st = routes_match(
			trial.view->routes, &(struct route_request){ host, method, &path }, &match);
	if (st == ST_OK)
		st = append_match(call, &match, &object);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, ",\"canonicalPath\":");
	buf_append_json(&object, path.path);
	buf_append_char(&object, '}');
	return api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/routes", routes_list, "limit cursor service resource q", 0,
		RIGHT_CATALOG_VIEW, 0 },
	{ "POST", "/v1/routes", routes_create, NULL, LIMIT_BODY, RIGHT_CATALOG_EDIT, API_STEP_UP },
	{ "GET", "/v1/routes/match", routes_match_request, "method path host", 0,
		RIGHT_CATALOG_VIEW, 0 },
	{ "GET", "/v1/routes/{id}", routes_get, NULL, 0, RIGHT_CATALOG_VIEW, 0 },
	{ "PATCH", "/v1/routes/{id}", routes_edit, NULL, LIMIT_BODY, RIGHT_CATALOG_EDIT,
		API_STEP_UP },
	{ "DELETE", "/v1/routes/{id}", routes_delete, NULL, 0, RIGHT_CATALOG_EDIT, API_STEP_UP },
};

const struct api_table ROUTES_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
