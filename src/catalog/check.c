/* Is a catalogue sound? */
#include "catalog/internal.h"

#include "base/plain.h"

#include "decide/template.h"

#include <assert.h>

bool lines_next(struct span *rest, struct span *out_line)
{
	size_t end;

	if (rest->len == 0)
		return false;
	end = span_find(*rest, '\n');
	*out_line = span_part(*rest, 0, end);
	*rest = span_part(*rest, end + 1, rest->len);
	return true;
}

bool lines_have(const char *lines, struct span line)
{
	struct span rest = span_str(lines), item;

	while (lines_next(&rest, &item)) {
		if (span_equal(item, line))
			return true;
	}
	return false;
}

static size_t characters(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += ((uint8_t)text.ptr[i] & 0xC0) != 0x80;
	return count;
}

bool name_is_sound(struct span name)
{
	return name.len > 0 && characters(name) <= LIMIT_NAME && name.ptr[0] != ' ' &&
	       name.ptr[name.len - 1] != ' ' && plain_is(name);
}

bool service_name_is_sound(struct span name)
{
	if (name.len == 0 || name.len > LIMIT_ACCOUNT_NAME || name.ptr[0] == '-' ||
		name.ptr[name.len - 1] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return true;
}

bool base_path_is_sound(struct span base_path)
{
	struct template template;

	if (base_path.len == 0)
		return true;
	if (base_path.ptr[0] != '/' || base_path.ptr[base_path.len - 1] == '/' ||
		template_parse(base_path, &template, NULL) != ST_OK)
		return false;
	for (size_t i = 0; i < template.segments_count; i++) {
		if (template.segments[i].kind != SEGMENT_LITERAL)
			return false;
	}
	return true;
}

static bool host_is_sound(struct span host)
{
	if (span_starts_with(host, SPAN_LIT("*.")))
		host = span_part(host, 2, host.len);
	if (host.len == 0 || host.len > LIMIT_HOST)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' &&
			c != '_' && c != ':' && c != '[' && c != ']')
			return false;
	}
	return true;
}

static enum status complain_value(
	struct complaint *out_complaint, const char *key, const char *what, const char *value)
{
	complaint_set(out_complaint, key, 2, "what", what, "value", value);
	return ST_INVALID;
}

void complain_too_many(struct complaint *out_complaint, const char *what)
{
	static_assert(LIMIT_ROUTES == LIMIT_RESOURCES, "one number for all but services");
	char memory[16];
	struct buf limit = BUF_ARRAY(memory);

	buf_append_u64(&limit, strcmp(what, "services") == 0 ? LIMIT_SERVICES : LIMIT_ROUTES);
	complaint_set(out_complaint, "catalog.too_many", 2, "what", what, "limit", buf_str(&limit));
}

static enum status check_counts(const struct catalog *catalog, struct complaint *out_complaint)
{
	const char *what = NULL;

	if (catalog->resources_count > LIMIT_RESOURCES)
		what = "resources";
	else if (catalog->routes_count > LIMIT_ROUTES)
		what = "routes";
	else if (catalog->services_count > LIMIT_SERVICES)
		what = "services";
	else if (catalog->profiles_count > LIMIT_RESOURCES)
		what = "profiles";
	if (what == NULL)
		return ST_OK;
	complain_too_many(out_complaint, what);
	return ST_LIMIT;
}

static enum status check_resource(
	const struct catalog_resource *resource, struct complaint *out_complaint)
{
	struct span rest = span_str(resource->aliases), alias;

	if (!name_is_sound(span_str(resource->product)))
		return complain_value(
			out_complaint, "catalog.bad_name", "product", resource->product);
	if (!name_is_sound(span_str(resource->key)))
		return complain_value(out_complaint, "catalog.bad_name", "key", resource->key);
	if (resource->category[0] != '\0' && !name_is_sound(span_str(resource->category)))
		return complain_value(
			out_complaint, "catalog.bad_name", "category", resource->category);
	if (resource->name[0] != '\0' && !name_is_sound(span_str(resource->name)))
		return complain_value(out_complaint, "catalog.bad_name", "name", resource->name);
	while (lines_next(&rest, &alias)) {
		if (alias.len == 0 || alias.len > LIMIT_NAME * 12 || !plain_is(alias))
			return complain_value(
				out_complaint, "catalog.bad_name", "aliases", resource->aliases);
	}
	return ST_OK;
}

static enum status check_service(
	const struct catalog_service *service, struct complaint *out_complaint)
{
	struct span rest = span_str(service->hosts), host;

	if (!service_name_is_sound(span_str(service->name)))
		return complain_value(
			out_complaint, "catalog.bad_service", "service", service->name);
	if (!base_path_is_sound(span_str(service->base_path)))
		return complain_value(
			out_complaint, "catalog.bad_base_path", "basePath", service->base_path);
	while (lines_next(&rest, &host)) {
		if (!host_is_sound(host))
			return complain_value(
				out_complaint, "catalog.bad_host", "hosts", service->hosts);
	}
	return ST_OK;
}

static enum status check_refs(const struct catalog *catalog, const struct catalog_ref *refs,
	size_t count, struct complaint *out_complaint)
{
	for (size_t i = 0; i < count; i++) {
		if (catalog_find_resource(
			    catalog, span_str(refs[i].product), span_str(refs[i].key)) == NULL) {
			complaint_set(out_complaint, "catalog.no_such_resource", 2, "product",
				refs[i].product, "key", refs[i].key);
			return ST_INVALID;
		}
	}
	return ST_OK;
}

static enum status check_route(const struct catalog *catalog, const struct catalog_route *route,
	struct complaint *out_complaint)
{
	struct template template;
	enum status st = method_check(span_str(route->method), out_complaint);

	if (st == ST_OK)
		st = template_parse(span_str(route->path), &template, out_complaint);
	if (st != ST_OK)
		return st;
	if (catalog_find_service(catalog, span_str(route->service)) == NULL)
		return complain_value(
			out_complaint, "catalog.no_such_service", "service", route->service);
	if (route->need.resources_count > LIMIT_RESOURCES_PER_ROUTE) {
		complaint_set(out_complaint, "catalog.too_many_for_route", 2, "method",
			route->method, "path", route->path);
		return ST_LIMIT;
	}
	return check_refs(
		catalog, route->need.resources, route->need.resources_count, out_complaint);
}

static enum status check_profile(const struct catalog *catalog,
	const struct catalog_profile *profile, struct complaint *out_complaint)
{
	if (!name_is_sound(span_str(profile->name)))
		return complain_value(out_complaint, "catalog.bad_name", "profile", profile->name);
	return check_refs(catalog, profile->resources, profile->resources_count, out_complaint);
}

static enum status twice(struct complaint *out_complaint, const char *what, const char *name)
{
	(void)complain_value(out_complaint, "catalog.twice", what, name);
	return ST_EXISTS;
}

/* Sorted, so that repeats are neighbours. */
static enum status check_unique(const struct catalog *c, struct complaint *out_complaint)
{
	for (size_t i = 1; i < c->resources_count; i++) {
		if (strcmp(c->resources[i - 1].product, c->resources[i].product) == 0 &&
			strcmp(c->resources[i - 1].key, c->resources[i].key) == 0)
			return twice(out_complaint, "resources", c->resources[i].key);
	}
	for (size_t i = 1; i < c->services_count; i++) {
		if (strcmp(c->services[i - 1].name, c->services[i].name) == 0)
			return twice(out_complaint, "services", c->services[i].name);
	}
	for (size_t i = 1; i < c->routes_count; i++) {
		if (route_compare(&c->routes[i - 1], &c->routes[i]) == 0)
			return twice(out_complaint, "routes", c->routes[i].path);
	}
	for (size_t i = 1; i < c->profiles_count; i++) {
		if (strcmp(c->profiles[i - 1].name, c->profiles[i].name) == 0)
			return twice(out_complaint, "profiles", c->profiles[i].name);
	}
	return ST_OK;
}

enum status catalog_check(const struct catalog *catalog, struct complaint *out_complaint)
{
	enum status st = check_counts(catalog, out_complaint);

	for (size_t i = 0; i < catalog->resources_count && st == ST_OK; i++)
		st = check_resource(&catalog->resources[i], out_complaint);
	for (size_t i = 0; i < catalog->services_count && st == ST_OK; i++)
		st = check_service(&catalog->services[i], out_complaint);
	for (size_t i = 0; i < catalog->routes_count && st == ST_OK; i++)
		st = check_route(catalog, &catalog->routes[i], out_complaint);
	for (size_t i = 0; i < catalog->profiles_count && st == ST_OK; i++)
		st = check_profile(catalog, &catalog->profiles[i], out_complaint);
	return st == ST_OK ? check_unique(catalog, out_complaint) : st;
}
