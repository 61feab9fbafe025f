/*
 * From one catalogue to another, in an order in which records can follow: what is referred to
 * is made before what refers to it, and removed after it.
 */
#include "catalog/internal.h"

/* A walk over two sorted lists; order < 0: only before has the item, > 0: only after. */
struct walk {
	size_t before, after, before_count, after_count;
};

static bool walk_on(const struct walk *w)
{
	return w->before < w->before_count || w->after < w->after_count;
}

static int walk_order(const struct walk *w, int compared)
{
	if (w->before == w->before_count)
		return 1;
	return w->after == w->after_count ? -1 : compared;
}

static void walk_step(struct walk *w, int order)
{
	w->before += order <= 0;
	w->after += order >= 0;
}

/* removals: report only them, or only the rest. */
static enum status note(struct catalog_report *report, struct catalog_difference *difference,
	int order, bool equal, bool removals)
{
	if ((order < 0) != removals)
		return ST_OK;
	if (order == 0 && equal) {
		report->unchanged_count++;
		return ST_OK;
	}
	if (order != 0)
		difference->change = order < 0 ? CATALOG_REMOVED : CATALOG_ADDED;
	return report_difference(report, difference);
}

static enum status diff_resources(const struct catalog *before, const struct catalog *after,
	struct catalog_report *report, bool removals)
{
	struct walk w = { 0, 0, before->resources_count, after->resources_count };
	enum status st = ST_OK;

	while (st == ST_OK && walk_on(&w)) {
		const struct catalog_resource *a = &before->resources[w.before];
		const struct catalog_resource *b = &after->resources[w.after];
		bool both = w.before < w.before_count && w.after < w.after_count;
		int order = both ? strcmp(a->product, b->product) : 0;
		struct catalog_difference item = { .kind = CATALOG_RESOURCE,
			.change = CATALOG_CHANGED };
		bool equal;

		if (both && order == 0)
			order = strcmp(a->key, b->key);
		order = walk_order(&w, order);
		equal = order == 0 && strcmp(a->category, b->category) == 0 &&
			strcmp(a->name, b->name) == 0 && strcmp(a->aliases, b->aliases) == 0;
		item.resource.before = order <= 0 ? a : NULL;
		item.resource.after = order >= 0 ? b : NULL;
		st = note(report, &item, order, equal, removals);
		walk_step(&w, order);
	}
	return st;
}

bool services_equal(const struct catalog_service *a, const struct catalog_service *b)
{
	return strcmp(a->hosts, b->hosts) == 0 && strcmp(a->base_path, b->base_path) == 0 &&
	       a->case_insensitive == b->case_insensitive &&
	       a->semicolon_strip == b->semicolon_strip &&
	       a->unmapped_authenticated == b->unmapped_authenticated &&
	       a->preflight_pass == b->preflight_pass;
}

static enum status diff_services(const struct catalog *before, const struct catalog *after,
	struct catalog_report *report, bool removals)
{
	struct walk w = { 0, 0, before->services_count, after->services_count };
	enum status st = ST_OK;

	while (st == ST_OK && walk_on(&w)) {
		const struct catalog_service *a = &before->services[w.before];
		const struct catalog_service *b = &after->services[w.after];
		bool both = w.before < w.before_count && w.after < w.after_count;
		int order = walk_order(&w, both ? strcmp(a->name, b->name) : 0);
		struct catalog_difference item = { .kind = CATALOG_SERVICE,
			.change = CATALOG_CHANGED };

		item.service.before = order <= 0 ? a : NULL;
		item.service.after = order >= 0 ? b : NULL;
		st = note(report, &item, order, order == 0 && services_equal(a, b), removals);
		walk_step(&w, order);
	}
	return st;
}

static enum status diff_routes(const struct catalog *before, const struct catalog *after,
	struct catalog_report *report, bool removals)
{
	struct walk w = { 0, 0, before->routes_count, after->routes_count };
	enum status st = ST_OK;

	while (st == ST_OK && walk_on(&w)) {
		const struct catalog_route *a = &before->routes[w.before];
		const struct catalog_route *b = &after->routes[w.after];
		bool both = w.before < w.before_count && w.after < w.after_count;
		int order = walk_order(&w, both ? route_compare(a, b) : 0);
		struct catalog_difference item = { .kind = CATALOG_ROUTE,
			.change = CATALOG_CHANGED };
		bool equal = order == 0 && catalog_need_equal(&a->need, &b->need);

		item.route.before = order <= 0 ? a : NULL;
		item.route.after = order >= 0 ? b : NULL;
		if (equal && strcmp(a->sources, b->sources) != 0) {
			item.change = CATALOG_NOTED;
			equal = false;
		}
		st = note(report, &item, order, equal, removals);
		walk_step(&w, order);
	}
	return st;
}

static enum status diff_profiles(const struct catalog *before, const struct catalog *after,
	struct catalog_report *report, bool removals)
{
	struct walk w = { 0, 0, before->profiles_count, after->profiles_count };
	enum status st = ST_OK;

	while (st == ST_OK && walk_on(&w)) {
		const struct catalog_profile *a = &before->profiles[w.before];
		const struct catalog_profile *b = &after->profiles[w.after];
		bool both = w.before < w.before_count && w.after < w.after_count;
		int order = walk_order(&w, both ? strcmp(a->name, b->name) : 0);
		struct catalog_difference item = { .kind = CATALOG_PROFILE,
			.change = CATALOG_CHANGED };
		bool equal = order == 0 && refs_equal(a->resources, a->resources_count,
						   b->resources, b->resources_count);

		item.profile.before = order <= 0 ? a : NULL;
		item.profile.after = order >= 0 ? b : NULL;
		st = note(report, &item, order, equal, removals);
		walk_step(&w, order);
	}
	return st;
}

enum status catalog_diff(
	const struct catalog *before, const struct catalog *after, struct catalog_report *report)
{
	static enum status (*const STEPS[])(const struct catalog *, const struct catalog *,
		struct catalog_report *, bool) = { diff_services, diff_resources, diff_routes,
		diff_profiles, diff_routes, diff_profiles, diff_resources, diff_services };
	enum status st = ST_OK;

	report->differences_count = 0;
	report->unchanged_count = 0;
	/* The first half makes and changes, the second removes. */
	for (size_t i = 0; i < ARRAY_LEN(STEPS) && st == ST_OK; i++)
		st = STEPS[i](before, after, report, i >= ARRAY_LEN(STEPS) / 2);
	return st;
}
