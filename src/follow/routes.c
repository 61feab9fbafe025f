#include "follow/entity.h"
#include "follow/follow.h"

#include "base/arena.h"
#include "decide/routes.h"

#include <stdlib.h>

/* All services and routes of the largest catalogue, with their texts. */
#define CATALOG_BYTES_MAX (1024 * MIB)

/* What routes_build takes, collected from the snapshot. */
struct collected {
	struct arena *arena;
	struct service_spec *services;
	size_t services_count, services_capacity;
	struct route_spec *routes;
	size_t routes_count, routes_capacity;
};

static void collected_free(struct collected *all)
{
	arena_free(&all->arena);
	free(all->services);
	free(all->routes);
}

/* Room for one more; count < capacity afterwards. */
static bool grow(void **items, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity * 2 + 64;
	void *more;

	if (count < *capacity)
		return true;
	more = reallocarray(*items, wanted, size);
	if (more == NULL)
		return false;
	*items = more;
	*capacity = wanted;
	return true;
}

static struct span keep(struct collected *all, struct span text, bool *ok)
{
	char *copy = arena_copy(all->arena, text);

	*ok &= copy != NULL;
	return span_of(copy, text.len);
}

static enum status add_service(void *arg, const struct record_service *service)
{
	struct collected *all = arg;
	void *services = all->services;
	struct span *hosts;
	bool ok = grow(
		&services, all->services_count, &all->services_capacity, sizeof(*all->services));

	all->services = services;
	if (!ok)
		return ST_NO_MEMORY;
	hosts = arena_array(all->arena, service->hosts_count + 1, sizeof(*hosts));
	if (hosts == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < service->hosts_count; i++)
		hosts[i] = keep(all, service->hosts[i], &ok);
	all->services[all->services_count++] = (struct service_spec){
		.id = service->slot,
		.name = keep(all, service->name, &ok),
		.hosts = hosts,
		.hosts_count = service->hosts_count,
		.base_path = keep(all, service->base_path, &ok),
		.unmapped_authenticated = service->unmapped == RECORD_UNMAPPED_AUTHENTICATED,
		.preflight_pass = service->preflight == RECORD_PREFLIGHT_PASS,
		.switches = {
			.strip_semicolon = service->semicolon == RECORD_SEMICOLON_STRIP,
			.case_insensitive = service->case_insensitive,
		},
	};
	return ok ? ST_OK : ST_NO_MEMORY;
}

static enum route_access access_of(enum record_needs needs)
{
	switch (needs) {
	case RECORD_NEEDS_PUBLIC:
		return ROUTE_PUBLIC;
	case RECORD_NEEDS_AUTHENTICATED:
		return ROUTE_AUTHENTICATED;
	case RECORD_NEEDS_RESOURCES:
		break;
	}
	/* With no resource listed nobody passes: what is not known refuses. */
	return ROUTE_NEEDS_RESOURCE;
}

static enum status add_route(void *arg, const struct record_route *route)
{
	struct collected *all = arg;
	void *routes = all->routes;
	size_t count = route->needs == RECORD_NEEDS_RESOURCES ? route->resources_count : 0;
	uint32_t *resources;
	bool ok = grow(&routes, all->routes_count, &all->routes_capacity, sizeof(*all->routes));

	all->routes = routes;
	if (!ok)
		return ST_NO_MEMORY;
	resources = arena_array(all->arena, count + 1, sizeof(*resources));
	if (resources == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		resources[i] = route->resource_slots[i];
	all->routes[all->routes_count++] = (struct route_spec){
		.id = route->slot,
		.service_id = route->service_slot,
		.method = keep(all, route->method, &ok),
		.template_text = keep(all, route->path, &ok),
		.access = access_of(route->needs),
		.resource_ids = resources,
		.resource_ids_count = count,
	};
	return ok ? ST_OK : ST_NO_MEMORY;
}

enum status entity_build_routes(
	struct snapshot *snapshot, struct buf *out, struct complaint *complaint)
{
	CLEANUP(collected_free)
	struct collected all = { .arena = arena_make(CATALOG_BYTES_MAX) };
	struct routes_built built;
	struct routes_input input;
	enum status st;

	if (all.arena == NULL)
		return ST_NO_MEMORY;
	st = snapshot_each_service(snapshot, add_service, &all);
	if (st == ST_OK)
		st = snapshot_each_route(snapshot, add_route, &all);
	if (st != ST_OK || all.services_count == 0)
		return st; /* no service: no catalogue */
	input = (struct routes_input){
		.services = all.services,
		.services_count = all.services_count,
		.routes = all.routes,
		.routes_count = all.routes_count,
	};
	return routes_build(&input, NULL, out, &built, complaint);
}

enum status follow_check_routes(struct snapshot *snapshot, struct complaint *complaint)
{
	CLEANUP(buf_free)
	struct buf compiled = buf_heap(ROUTES_BLOB_MAX);

	return entity_build_routes(snapshot, &compiled, complaint);
}
