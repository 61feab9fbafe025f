/*
 * Two catalogues into one.
 *
 * I1: under CATALOG_NARROW the result of two needs never allows what one of them does not;
 *     with nothing in common it is the empty list of resources, which allows nobody.
 * I2: a document changes or removes silently only what it alone stated, so a restriction that
 *     another document or a person stated is never lost by reading one document again.
 */
#include "catalog/internal.h"

#include <stdlib.h>

struct merge {
	const struct catalog_merge_options *options;
	struct catalog_report *report;
	const char *documents; /* what is read again */
	struct catalog *out;
};

/* ---- needs ---- */

static enum status refs_union(struct arena *arena, const struct catalog_need *a,
	const struct catalog_need *b, struct catalog_need *out)
{
	size_t count = a->resources_count + b->resources_count;
	struct catalog_ref *refs = arena_array(arena, count + 1, sizeof(*refs));

	if (refs == NULL)
		return ST_NO_MEMORY;
	if (a->resources_count > 0)
		memcpy(refs, a->resources, a->resources_count * sizeof(*refs));
	if (b->resources_count > 0)
		memcpy(refs + a->resources_count, b->resources, b->resources_count * sizeof(*refs));
	return refs_copy(arena, refs, count, &out->resources, &out->resources_count);
}

/* Both are sorted. */
static enum status refs_intersection(struct arena *arena, const struct catalog_need *a,
	const struct catalog_need *b, struct catalog_need *out)
{
	struct catalog_ref *refs = arena_array(arena, a->resources_count + 1, sizeof(*refs));
	size_t i = 0, k = 0;

	if (refs == NULL)
		return ST_NO_MEMORY;
	out->resources = refs;
	out->resources_count = 0;
	while (i < a->resources_count && k < b->resources_count) {
		int order = ref_compare(&a->resources[i], &b->resources[k]);

		if (order == 0)
			refs[out->resources_count++] = a->resources[i];
		i += order <= 0;
		k += order >= 0;
	}
	return ST_OK;
}

static enum status combine(struct arena *arena, enum catalog_policy policy,
	const struct catalog_need *a, const struct catalog_need *b, struct catalog_need *out)
{
	/* The order of enum catalog_access is that of strictness. */
	const struct catalog_need *stricter = a->access <= b->access ? a : b;
	const struct catalog_need *looser = stricter == a ? b : a;

	if (policy == CATALOG_FAIL) {
		*out = *a;
		return ST_OK;
	}
	if (a->access != b->access || a->access != CATALOG_RESOURCES) {
		*out = policy == CATALOG_NARROW ? *stricter : *looser;
		return ST_OK;
	}
	out->access = CATALOG_RESOURCES;
	return policy == CATALOG_NARROW ? refs_intersection(arena, a, b, out)
					: refs_union(arena, a, b, out);
}

/* ---- sources ---- */

/* All lines of text are lines of whole. */
static bool lines_within(const char *text, const char *whole)
{
	struct span rest = span_str(text), line;

	while (lines_next(&rest, &line)) {
		if (!lines_have(whole, line))
			return false;
	}
	return true;
}

/* What a person stated ("") stays a person's. */
static const char *sources_union(struct arena *arena, const char *a, const char *b)
{
	struct span x = span_str(a), y = span_str(b), x_line = { 0 }, y_line = { 0 };
	bool has_x, has_y;
	struct buf text;
	const char *copy;

	if (a[0] == '\0' || b[0] == '\0')
		return "";
	text = buf_heap(LIMIT_BODY);
	has_x = lines_next(&x, &x_line);
	has_y = lines_next(&y, &y_line);
	while (has_x || has_y) {
		int order = !has_x ? 1 : !has_y ? -1 : span_compare(x_line, y_line);

		buf_append_str(&text, text.len == 0 ? "" : "\n");
		buf_append(&text, order <= 0 ? x_line : y_line);
		if (order <= 0)
			has_x = lines_next(&x, &x_line);
		if (order >= 0)
			has_y = lines_next(&y, &y_line);
	}
	copy = buf_ok(&text) ? text_copy_span(arena, buf_span(&text)) : NULL;
	buf_free(&text);
	return copy;
}

/* The lines of text that are not lines of documents. */
static const char *sources_without(struct arena *arena, const char *text, const char *documents)
{
	struct span rest = span_str(text), line;
	struct buf kept = buf_heap(LIMIT_BODY);
	const char *copy;

	while (lines_next(&rest, &line)) {
		if (lines_have(documents, line))
			continue;
		buf_append_str(&kept, kept.len == 0 ? "" : "\n");
		buf_append(&kept, line);
	}
	copy = buf_ok(&kept) ? text_copy_span(arena, buf_span(&kept)) : NULL;
	buf_free(&kept);
	return copy;
}

/* ---- routes ---- */

static enum status conflict(struct merge *m, const struct catalog_route *there,
	const struct catalog_route *incoming, struct catalog_route *out)
{
	struct catalog_conflict item = {
		.kind = CATALOG_ROUTE,
		.service = there->service,
		.method = there->method,
		.path = there->path,
		.there = there->need,
		.incoming = incoming->need,
		.there_sources = there->sources,
		.incoming_sources = incoming->sources,
	};
	enum status st = combine(
		m->out->arena, m->options->policy, &there->need, &incoming->need, &item.result);

	out->need = item.result;
	out->sources = sources_union(m->out->arena, there->sources, incoming->sources);
	if (st != ST_OK || out->sources == NULL)
		return ST_NO_MEMORY;
	return report_conflict(m->report, &item);
}

/* One route on both sides. The path keeps its spelling. */
static enum status merge_route(
	struct merge *m, const struct catalog_route *there, const struct catalog_route *incoming)
{
	struct catalog_route route = *there;
	bool same = catalog_need_equal(&there->need, &incoming->need);
	bool replaced = strcmp(there->sources, incoming->sources) == 0 ||
			(there->sources[0] != '\0' && lines_within(there->sources, m->documents));
	enum status st = ST_OK;

	if (replaced) {
		route.need = incoming->need;
		route.sources = incoming->sources;
	} else if (same) {
		const char *others = sources_without(m->out->arena, there->sources, m->documents);

		route.sources = others == NULL ? NULL
				: others[0] == '\0'
					? there->sources
					: sources_union(m->out->arena, others, incoming->sources);
	} else {
		st = conflict(m, there, incoming, &route);
	}
	if (st != ST_OK || route.sources == NULL)
		return ST_NO_MEMORY;
	return catalog_add_route(m->out, &route);
}

/* A route that is not stated any more: kept, unless only what is read again stated it. */
static enum status keep_route(struct merge *m, const struct catalog_route *there)
{
	struct catalog_route route = *there;

	if (m->options->prune ||
		(there->sources[0] != '\0' && lines_within(there->sources, m->documents)))
		return ST_OK;
	route.sources = sources_without(m->out->arena, there->sources, m->documents);
	return route.sources == NULL ? ST_NO_MEMORY : catalog_add_route(m->out, &route);
}

static enum status merge_routes(
	struct merge *m, const struct catalog *base, const struct catalog *incoming)
{
	size_t i = 0, k = 0;
	enum status st = ST_OK;

	while (st == ST_OK && (i < base->routes_count || k < incoming->routes_count)) {
		const struct catalog_route *there = &base->routes[i], *in = &incoming->routes[k];
		int order = i == base->routes_count       ? 1
			    : k == incoming->routes_count ? -1
							  : route_compare(there, in);

		if (order < 0)
			st = keep_route(m, there);
		else if (order > 0)
			st = catalog_add_route(m->out, in);
		else
			st = merge_route(m, there, in);
		i += order <= 0;
		k += order >= 0;
	}
	return st;
}

/* ---- the rest ---- */

static const char *or_other(const char *text, const char *other)
{
	return text[0] != '\0' ? text : other;
}

/* Names are for people and change without a conflict; what incoming leaves empty stays. */
static enum status merge_resource(struct merge *m, const struct catalog_resource *there,
	const struct catalog_resource *incoming)
{
	struct catalog_resource resource = {
		.product = there->product,
		.key = there->key,
		.category = or_other(incoming->category, there->category),
		.name = or_other(incoming->name, there->name),
		.aliases = or_other(incoming->aliases, there->aliases),
	};

	return catalog_add_resource(m->out, &resource);
}

static enum status merge_resources(
	struct merge *m, const struct catalog *base, const struct catalog *incoming)
{
	size_t i = 0, k = 0;
	enum status st = ST_OK;

	while (st == ST_OK && (i < base->resources_count || k < incoming->resources_count)) {
		const struct catalog_resource *there = &base->resources[i];
		const struct catalog_resource *in = &incoming->resources[k];
		int order = i == base->resources_count       ? 1
			    : k == incoming->resources_count ? -1
							     : strcmp(there->product, in->product);

		if (order == 0)
			order = strcmp(there->key, in->key);
		if (order < 0)
			st = catalog_add_resource(m->out, there);
		else if (order > 0)
			st = catalog_add_resource(m->out, in);
		else
			st = merge_resource(m, there, in);
		i += order <= 0;
		k += order >= 0;
	}
	return st;
}

static enum status merge_services(
	struct merge *m, const struct catalog *base, const struct catalog *incoming)
{
	size_t i = 0, k = 0;
	enum status st = ST_OK;

	while (st == ST_OK && (i < base->services_count || k < incoming->services_count)) {
		const struct catalog_service *there = &base->services[i];
		const struct catalog_service *in = &incoming->services[k];
		int order = i == base->services_count       ? 1
			    : k == incoming->services_count ? -1
							    : strcmp(there->name, in->name);

		if (order < 0)
			st = m->options->prune ? ST_OK : catalog_add_service(m->out, there);
		else
			st = catalog_add_service(m->out, order > 0 || in->settled ? in : there);
		i += order <= 0;
		k += order >= 0;
	}
	return st;
}

static enum status merge_profiles(
	struct merge *m, const struct catalog *base, const struct catalog *incoming)
{
	size_t i = 0, k = 0;
	enum status st = ST_OK;

	while (st == ST_OK && (i < base->profiles_count || k < incoming->profiles_count)) {
		int order = i == base->profiles_count ? 1
			    : k == incoming->profiles_count
				    ? -1
				    : strcmp(base->profiles[i].name, incoming->profiles[k].name);

		if (order >= 0)
			st = catalog_add_profile(m->out, &incoming->profiles[k]);
		else if (!m->options->prune)
			st = catalog_add_profile(m->out, &base->profiles[i]);
		i += order <= 0;
		k += order >= 0;
	}
	return st;
}

/* ---- what one incoming catalogue states twice ---- */

static enum status fold_route(
	struct merge *m, struct catalog_route *last, const struct catalog_route *next)
{
	if (!catalog_need_equal(&last->need, &next->need))
		return conflict(m, last, next, last);
	last->sources = sources_union(m->out->arena, last->sources, next->sources);
	return last->sources == NULL ? ST_NO_MEMORY : ST_OK;
}

static enum status fold_routes(struct merge *m, const struct catalog *incoming)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < incoming->routes_count && st == ST_OK; i++) {
		const struct catalog_route *next = &incoming->routes[i];
		struct catalog_route *last = m->out->routes_count == 0
						     ? NULL
						     : &m->out->routes[m->out->routes_count - 1];

		if (last != NULL && route_compare(last, next) == 0)
			st = fold_route(m, last, next);
		else
			st = catalog_add_route(m->out, next);
	}
	return st;
}

static enum status fold_resources(struct merge *m, const struct catalog *incoming)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < incoming->resources_count && st == ST_OK; i++) {
		const struct catalog_resource *next = &incoming->resources[i];
		struct catalog_resource *last =
			m->out->resources_count == 0
				? NULL
				: &m->out->resources[m->out->resources_count - 1];

		if (last == NULL || strcmp(last->product, next->product) != 0 ||
			strcmp(last->key, next->key) != 0) {
			st = catalog_add_resource(m->out, next);
			continue;
		}
		m->out->resources_count--;
		st = merge_resource(m, last, next);
	}
	return st;
}

/* Two that state settings: hosts and base path of the first, each switch by the policy. */
static enum status fold_service(
	struct merge *m, struct catalog_service *last, const struct catalog_service *next)
{
	struct catalog_conflict item = { .kind = CATALOG_SERVICE, .name = last->name };
	bool widen = m->options->policy == CATALOG_WIDEN;

	if (!next->settled || services_equal(last, next))
		return ST_OK;
	if (!last->settled) {
		m->out->services_count--;
		return catalog_add_service(m->out, next);
	}
	if (next->unmapped_authenticated == widen)
		last->unmapped_authenticated = widen;
	if (next->preflight_pass == widen)
		last->preflight_pass = widen;
	if (next->semicolon_strip == widen)
		last->semicolon_strip = widen;
	return report_conflict(m->report, &item);
}

static enum status fold_services(struct merge *m, const struct catalog *incoming)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < incoming->services_count && st == ST_OK; i++) {
		const struct catalog_service *next = &incoming->services[i];
		struct catalog_service *last =
			m->out->services_count == 0 ? NULL
						    : &m->out->services[m->out->services_count - 1];

		if (last == NULL || strcmp(last->name, next->name) != 0)
			st = catalog_add_service(m->out, next);
		else
			st = fold_service(m, last, next);
	}
	return st;
}

static enum status fold_profile(
	struct merge *m, struct catalog_profile *last, const struct catalog_profile *next)
{
	struct catalog_conflict item = {
		.kind = CATALOG_PROFILE,
		.name = last->name,
		.there = { CATALOG_RESOURCES, last->resources, last->resources_count },
		.incoming = { CATALOG_RESOURCES, next->resources, next->resources_count },
	};
	enum status st;

	if (catalog_need_equal(&item.there, &item.incoming))
		return ST_OK;
	st = combine(m->out->arena, m->options->policy, &item.there, &item.incoming, &item.result);
	last->resources = item.result.resources;
	last->resources_count = item.result.resources_count;
	return st == ST_OK ? report_conflict(m->report, &item) : st;
}

static enum status fold_profiles(struct merge *m, const struct catalog *incoming)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < incoming->profiles_count && st == ST_OK; i++) {
		const struct catalog_profile *next = &incoming->profiles[i];
		struct catalog_profile *last =
			m->out->profiles_count == 0 ? NULL
						    : &m->out->profiles[m->out->profiles_count - 1];

		if (last == NULL || strcmp(last->name, next->name) != 0)
			st = catalog_add_profile(m->out, next);
		else
			st = fold_profile(m, last, next);
	}
	return st;
}

/* incoming with everything stated once. */
static enum status fold(struct merge *m, const struct catalog *incoming)
{
	enum status st = fold_resources(m, incoming);

	if (st == ST_OK)
		st = fold_services(m, incoming);
	if (st == ST_OK)
		st = fold_routes(m, incoming);
	return st == ST_OK ? fold_profiles(m, incoming) : st;
}

/* ---- the whole ---- */

/* Resources that the catalogue states or refers to. */
static enum status count_resources(const struct catalog *catalog, size_t *out_count)
{
	size_t used_count;
	struct catalog_ref *used = used_refs(catalog, &used_count);

	if (used == NULL)
		return ST_NO_MEMORY;
	*out_count = catalog->resources_count;
	for (size_t i = 0; i < used_count; i++)
		*out_count += catalog_find_resource(catalog, span_str(used[i].product),
				      span_str(used[i].key)) == NULL;
	free(used);
	return ST_OK;
}

/* Pruned: of base's resources only those that the result refers to. */
static enum status drop_unstated(struct merge *m, const struct catalog *stated)
{
	size_t used_count, kept = 0;
	struct catalog_ref *used = used_refs(m->out, &used_count);

	if (used == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < m->out->resources_count; i++) {
		const struct catalog_resource *resource = &m->out->resources[i];

		if (is_used(used, used_count, resource) ||
			catalog_find_resource(stated, span_str(resource->product),
				span_str(resource->key)) != NULL)
			m->out->resources[kept++] = *resource;
	}
	m->out->resources_count = kept;
	free(used);
	return ST_OK;
}

enum status catalog_merge(const struct catalog *base, const struct catalog *incoming,
	const struct catalog_merge_options *options, struct catalog_report *report,
	struct catalog **out_merged)
{
	CLEANUP(catalog_free)
	struct catalog *folded = catalog_make();
	CLEANUP(catalog_free)
	struct catalog *merged = catalog_make();
	struct merge m = { options, report, incoming->documents, folded };
	size_t conflicts = report->conflicts_count;
	enum status st = folded == NULL || merged == NULL ? ST_NO_MEMORY : fold(&m, incoming);

	m.out = merged;
	if (st == ST_OK)
		st = merge_resources(&m, base, folded);
	if (st == ST_OK)
		st = merge_services(&m, base, folded);
	if (st == ST_OK)
		st = merge_routes(&m, base, folded);
	if (st == ST_OK)
		st = merge_profiles(&m, base, folded);
	if (st == ST_OK && options->prune)
		st = drop_unstated(&m, folded);
	if (st == ST_OK)
		st = count_resources(folded, &report->resources_count);
	if (st != ST_OK)
		return st;
	report->services_count = folded->services_count;
	report->routes_count = folded->routes_count;
	if (options->policy == CATALOG_FAIL && report->conflicts_count > conflicts)
		return ST_CONFLICT;
	catalog_sort(merged);
	*out_merged = merged;
	merged = NULL;
	return ST_OK;
}
