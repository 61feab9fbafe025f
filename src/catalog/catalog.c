#include "catalog/catalog.h"

#include "catalog/internal.h"
#include "decide/template.h"

#include <stdlib.h>

enum status items_reserve(void **items, size_t count, size_t *capacity, size_t item_size)
{
	size_t wanted = *capacity < 16 ? 16 : *capacity * 2, bytes;
	void *memory;

	if (count < *capacity)
		return ST_OK;
	if (__builtin_mul_overflow(wanted, item_size, &bytes))
		return ST_NO_MEMORY;
	memory = realloc(*items, bytes);
	if (memory == NULL)
		return ST_NO_MEMORY;
	*items = memory;
	*capacity = wanted;
	return ST_OK;
}

const char *text_copy_span(struct arena *arena, struct span text)
{
	return text.len == 0 ? "" : arena_copy(arena, text);
}

const char *text_copy(struct arena *arena, const char *text)
{
	return text_copy_span(arena, span_str(text));
}

struct catalog *catalog_make(void)
{
	struct catalog *catalog = calloc(1, sizeof(*catalog));

	if (catalog == NULL)
		return NULL;
	catalog->documents = "";
	catalog->arena = arena_make(CATALOG_MEMORY_MAX);
	if (catalog->arena == NULL)
		catalog_free(&catalog);
	return catalog;
}

void catalog_free(struct catalog **catalog)
{
	if (*catalog == NULL)
		return;
	free((*catalog)->resources);
	free((*catalog)->services);
	free((*catalog)->routes);
	free((*catalog)->profiles);
	arena_free(&(*catalog)->arena);
	free(*catalog);
	*catalog = NULL;
}

enum status catalog_add_resource(struct catalog *catalog, const struct catalog_resource *resource)
{
	struct arena *arena = catalog->arena;
	struct catalog_resource copy = {
		.product = text_copy(arena, resource->product),
		.key = text_copy(arena, resource->key),
		.category = text_copy(arena, resource->category),
		.name = text_copy(arena, resource->name),
		.aliases = text_copy(arena, resource->aliases),
	};
	enum status st = items_reserve((void **)&catalog->resources, catalog->resources_count,
		&catalog->resources_capacity, sizeof(copy));

	if (st != ST_OK || copy.product == NULL || copy.key == NULL || copy.category == NULL ||
		copy.name == NULL || copy.aliases == NULL)
		return ST_NO_MEMORY;
	catalog->resources[catalog->resources_count++] = copy;
	return ST_OK;
}

enum status catalog_add_service(struct catalog *catalog, const struct catalog_service *service)
{
	struct catalog_service copy = *service;
	enum status st = items_reserve((void **)&catalog->services, catalog->services_count,
		&catalog->services_capacity, sizeof(copy));

	copy.name = text_copy(catalog->arena, service->name);
	copy.hosts = text_copy(catalog->arena, service->hosts);
	copy.base_path = text_copy(catalog->arena, service->base_path);
	if (st != ST_OK || copy.name == NULL || copy.hosts == NULL || copy.base_path == NULL)
		return ST_NO_MEMORY;
	catalog->services[catalog->services_count++] = copy;
	return ST_OK;
}

/* A path that is no template stands for itself; catalog_check() refuses it. */
static const char *normal_path(struct arena *arena, const char *path)
{
	struct template template;
	char memory[LIMIT_TARGET * 3 + 1];
	struct buf normal = BUF_ARRAY(memory);

	if (template_parse(span_str(path), &template, NULL) != ST_OK)
		return path;
	template_append_normal(&template, &normal);
	return buf_ok(&normal) ? text_copy_span(arena, buf_span(&normal)) : path;
}

enum status catalog_add_route(struct catalog *catalog, const struct catalog_route *route)
{
	struct arena *arena = catalog->arena;
	struct catalog_route copy = {
		.service = text_copy(arena, route->service),
		.method = text_copy(arena, route->method),
		.path = text_copy(arena, route->path),
		.sources = text_copy(arena, route->sources),
		.origin = text_copy(arena, route->origin),
	};
	enum status st = items_reserve((void **)&catalog->routes, catalog->routes_count,
		&catalog->routes_capacity, sizeof(copy));

	if (st != ST_OK || copy.service == NULL || copy.method == NULL || copy.path == NULL ||
		copy.sources == NULL || copy.origin == NULL)
		return ST_NO_MEMORY;
	copy.normal = route->normal != NULL ? text_copy(arena, route->normal)
					    : normal_path(arena, copy.path);
	st = need_copy(arena, &route->need, &copy.need);
	if (st != ST_OK || copy.normal == NULL)
		return ST_NO_MEMORY;
	catalog->routes[catalog->routes_count++] = copy;
	return ST_OK;
}

enum status catalog_add_profile(struct catalog *catalog, const struct catalog_profile *profile)
{
	struct catalog_profile copy = { .name = text_copy(catalog->arena, profile->name) };
	enum status st = items_reserve((void **)&catalog->profiles, catalog->profiles_count,
		&catalog->profiles_capacity, sizeof(copy));

	if (st != ST_OK || copy.name == NULL)
		return ST_NO_MEMORY;
	st = refs_copy(catalog->arena, profile->resources, profile->resources_count,
		&copy.resources, &copy.resources_count);
	if (st == ST_OK)
		catalog->profiles[catalog->profiles_count++] = copy;
	return st;
}

static int compare_resources(const void *a, const void *b)
{
	const struct catalog_resource *x = a, *y = b;
	int order = strcmp(x->product, y->product);

	return order != 0 ? order : strcmp(x->key, y->key);
}

static int compare_services(const void *a, const void *b)
{
	return strcmp(((const struct catalog_service *)a)->name,
		((const struct catalog_service *)b)->name);
}

static int compare_profiles(const void *a, const void *b)
{
	return strcmp(((const struct catalog_profile *)a)->name,
		((const struct catalog_profile *)b)->name);
}

int route_compare(const struct catalog_route *a, const struct catalog_route *b)
{
	int order = strcmp(a->service, b->service);

	if (order == 0)
		order = strcmp(a->normal, b->normal);
	return order != 0 ? order : strcmp(a->method, b->method);
}

/* Of equal routes the order is still that of their texts, so that sorting is deterministic. */
static int compare_routes(const void *a, const void *b)
{
	const struct catalog_route *x = a, *y = b;
	int order = route_compare(x, y);

	if (order == 0)
		order = strcmp(x->path, y->path);
	return order != 0 ? order : strcmp(x->sources, y->sources);
}

static void sort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count > 1)
		qsort(items, count, size, compare);
}

void catalog_sort(struct catalog *c)
{
	sort(c->resources, c->resources_count, sizeof(*c->resources), compare_resources);
	sort(c->services, c->services_count, sizeof(*c->services), compare_services);
	sort(c->routes, c->routes_count, sizeof(*c->routes), compare_routes);
	sort(c->profiles, c->profiles_count, sizeof(*c->profiles), compare_profiles);
}

/* Find by a comparison of items with the wanted one; the array is sorted by it. */
static const void *find(const void *wanted, const void *items, size_t count, size_t size,
	int (*compare)(const void *, const void *))
{
	return count == 0 ? NULL : bsearch(wanted, items, count, size, compare);
}

struct named {
	struct span first, second;
};

static int compare_named_resource(const void *wanted, const void *item)
{
	const struct named *named = wanted;
	const struct catalog_resource *resource = item;
	int order = span_compare(named->first, span_str(resource->product));

	return order != 0 ? order : span_compare(named->second, span_str(resource->key));
}

const struct catalog_resource *catalog_find_resource(
	const struct catalog *catalog, struct span product, struct span key)
{
	struct named named = { product, key };

	return find(&named, catalog->resources, catalog->resources_count,
		sizeof(*catalog->resources), compare_named_resource);
}

static int compare_named_service(const void *wanted, const void *item)
{
	return span_compare(((const struct named *)wanted)->first,
		span_str(((const struct catalog_service *)item)->name));
}

const struct catalog_service *catalog_find_service(const struct catalog *catalog, struct span name)
{
	struct named named = { .first = name };

	return find(&named, catalog->services, catalog->services_count, sizeof(*catalog->services),
		compare_named_service);
}

static int compare_identity(const void *a, const void *b)
{
	return route_compare(a, b);
}

const struct catalog_route *catalog_find_route(
	const struct catalog *catalog, const char *service, const char *method, const char *path)
{
	const struct catalog_route *route = NULL;
	struct arena *arena = arena_make(64 * KIB);
	struct catalog_route wanted = { .service = service, .method = method };

	if (arena == NULL)
		return NULL;
	wanted.normal = normal_path(arena, path);
	if (wanted.normal != NULL)
		route = find(&wanted, catalog->routes, catalog->routes_count,
			sizeof(*catalog->routes), compare_identity);
	arena_free(&arena);
	return route;
}
