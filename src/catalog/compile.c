/*
 * The catalogue as the gates will have it: does it compile, and on which paths would two of its
 * routes meet? Those are refused as ambiguous, so whoever imports must see them.
 */
#include "catalog/internal.h"

#include "decide/routes.h"

struct compile {
	const struct catalog *catalog;
	struct catalog_report *report;
	struct arena *arena;
	struct service_spec *services;
	struct route_spec *routes;
	enum status st; /* of the report */
};

/* As the records keep it: small letters, no port. What is no host stays, and is complained of. */
static struct span canonical_host(struct compile *c, struct span host)
{
	char memory[LIMIT_HOST], whole[LIMIT_HOST + 2];
	struct buf text = BUF_ARRAY(whole);
	bool pattern = span_starts_with(host, SPAN_LIT("*."));
	struct span canonical;
	const char *copy;

	if (!host_canonicalise(pattern ? span_part(host, 2, host.len) : host, memory, &canonical))
		return host;
	buf_append_str(&text, pattern ? "*." : "");
	buf_append(&text, canonical);
	copy = buf_ok(&text) ? text_copy_span(c->arena, buf_span(&text)) : NULL;
	return copy == NULL ? SPAN_ABSENT : span_str(copy);
}

static enum status fill_service(struct compile *c, size_t i)
{
	const struct catalog_service *service = &c->catalog->services[i];
	struct span rest = span_str(service->hosts), host, *hosts;
	size_t count = 0;

	while (lines_next(&rest, &host))
		count++;
	hosts = arena_array(c->arena, count + 1, sizeof(*hosts));
	if (hosts == NULL)
		return ST_NO_MEMORY;
	rest = span_str(service->hosts);
	for (size_t k = 0; k < count && lines_next(&rest, &host); k++) {
		hosts[k] = canonical_host(c, host);
		if (!span_present(hosts[k]))
			return ST_NO_MEMORY;
	}
	c->services[i] = (struct service_spec){
		.id = i + 1,
		.name = span_str(service->name),
		.hosts = hosts,
		.hosts_count = count,
		.base_path = span_str(service->base_path),
		.unmapped_authenticated = service->unmapped_authenticated,
		.preflight_pass = service->preflight_pass,
		.switches = { .strip_semicolon = service->semicolon_strip,
			.case_insensitive = service->case_insensitive },
	};
	return ST_OK;
}

static enum route_access access_of(enum catalog_access access)
{
	switch (access) {
	case CATALOG_PUBLIC:
		return ROUTE_PUBLIC;
	case CATALOG_AUTHENTICATED:
		return ROUTE_AUTHENTICATED;
	case CATALOG_RESOURCES:
		break;
	}
	return ROUTE_NEEDS_RESOURCE;
}

/* catalog_check() has seen that services and resources exist. */
static enum status fill_route(struct compile *c, size_t i)
{
	const struct catalog_route *route = &c->catalog->routes[i];
	const struct catalog_need *need = &route->need;
	uint32_t *ids = arena_array(c->arena, need->resources_count + 1, sizeof(*ids));

	if (ids == NULL)
		return ST_NO_MEMORY;
	for (size_t k = 0; k < need->resources_count; k++)
		ids[k] = (uint32_t)(catalog_find_resource(c->catalog,
					    span_str(need->resources[k].product),
					    span_str(need->resources[k].key)) -
				    c->catalog->resources);
	c->routes[i] = (struct route_spec){
		.id = i + 1,
		.service_id =
			(uint64_t)(catalog_find_service(c->catalog, span_str(route->service)) -
				   c->catalog->services) +
			1,
		.method = span_str(route->method),
		.template_text = span_str(route->path),
		.access = access_of(need->access),
		.resource_ids = ids,
		.resource_ids_count = need->resources_count,
	};
	return ST_OK;
}

static void note(void *context, const struct route_conflict *conflict)
{
	struct compile *c = context;
	struct catalog_ambiguous item = {
		.slash = conflict->kind == ROUTE_CONFLICT_SLASH,
		.route = &c->catalog->routes[conflict->route->id - 1],
		.other = &c->catalog->routes[conflict->other->id - 1],
		.method = text_copy_span(c->report->arena, conflict->method),
		.path = text_copy_span(c->report->arena, conflict->path),
	};

	if (c->st == ST_OK)
		c->st = report_ambiguous(c->report, &item);
}

static enum status build(struct compile *c, struct complaint *out_complaint)
{
	CLEANUP(buf_free)
	struct buf blob = buf_heap(ROUTES_BLOB_MAX);
	const struct route_conflict_sink sink = { note, c };
	const struct routes_input input = { c->services, c->catalog->services_count, c->routes,
		c->catalog->routes_count };
	struct routes_built built = { 0 };
	enum status st = ST_OK;

	for (size_t i = 0; i < c->catalog->services_count && st == ST_OK; i++)
		st = fill_service(c, i);
	for (size_t i = 0; i < c->catalog->routes_count && st == ST_OK; i++)
		st = fill_route(c, i);
	if (st == ST_OK)
		st = routes_build(&input, &sink, &blob, &built, out_complaint);
	c->report->ambiguous_incomplete = built.conflicts_incomplete;
	return st == ST_OK ? c->st : st;
}

enum status catalog_compile(const struct catalog *catalog, struct catalog_report *report,
	struct complaint *out_complaint)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(CATALOG_MEMORY_MAX);
	struct compile c = { .catalog = catalog, .report = report, .arena = arena };

	report->ambiguous_count = 0;
	if (arena == NULL)
		return ST_NO_MEMORY;
	if (catalog->services_count == 0)
		return ST_OK;
	c.services = arena_array(arena, catalog->services_count, sizeof(*c.services));
	c.routes = arena_array(arena, catalog->routes_count + 1, sizeof(*c.routes));
	if (c.services == NULL || c.routes == NULL)
		return ST_NO_MEMORY;
	return build(&c, out_complaint);
}
