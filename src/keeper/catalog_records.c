#include "keeper/catalog_records.h"

#include "records/catalog.h"
#include "records/profile.h"
#include "records/right.h"

#include <assert.h>

/* ---- records to catalogue ---- */

struct reader {
	struct api_call *call;
	struct catalog *catalog;
	struct arena *arena; /* of one record */
};

static enum status add_resource(void *arg, const struct record_resource *resource)
{
	struct reader *reader = arg;
	struct arena *arena = reader->catalog->arena;
	struct catalog_resource added = {
		.product = arena_copy(arena, resource->product),
		.key = arena_copy(arena, resource->key),
		.category = arena_copy(arena, resource->category),
		.name = arena_copy(arena, resource->name),
		.aliases = arena_copy(arena, resource->aliases),
	};

	/* Llavero's own are no part of what documents say. */
	if (span_is(resource->product, RIGHT_PRODUCT))
		return ST_OK;
	if (added.product == NULL || added.key == NULL || added.category == NULL ||
		added.name == NULL || added.aliases == NULL)
		return ST_NO_MEMORY;
	return catalog_add_resource(reader->catalog, &added);
}

static char *join_lines(struct arena *arena, const struct span *lines, size_t count)
{
	struct buf text = buf_heap(MIB);
	char *copy;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(&text, '\n');
		buf_append(&text, lines[i]);
	}
	copy = buf_ok(&text) ? arena_copy(arena, buf_span(&text)) : NULL;
	buf_free(&text);
	return copy;
}

static enum status add_service(void *arg, const struct record_service *service)
{
	struct reader *reader = arg;
	struct arena *arena = reader->catalog->arena;
	struct catalog_service added = {
		.name = arena_copy(arena, service->name),
		.hosts = join_lines(arena, service->hosts, service->hosts_count),
		.base_path = arena_copy(arena, service->base_path),
		.case_insensitive = service->case_insensitive,
		.semicolon_strip = service->semicolon == RECORD_SEMICOLON_STRIP,
		.unmapped_authenticated = service->unmapped == RECORD_UNMAPPED_AUTHENTICATED,
		.preflight_pass = service->preflight == RECORD_PREFLIGHT_PASS,
		.settled = true,
	};

	if (added.name == NULL || added.hosts == NULL || added.base_path == NULL)
		return ST_NO_MEMORY;
	return catalog_add_service(reader->catalog, &added);
}

/* The references of slots, in the catalogue's arena. */
static enum status make_refs(
	struct reader *reader, const uint32_t *slots, size_t count, struct catalog_ref **out_refs)
{
	struct arena *arena = reader->catalog->arena;
	struct catalog_ref *refs = arena_array(arena, count + 1, sizeof(*refs));

	if (refs == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		CLEANUP(arena_free)
		struct arena *one = arena_make(64 * KIB);
		struct record_resource resource;
		enum status st;

		if (one == NULL)
			return ST_NO_MEMORY;
		st = snapshot_resource(reader->call->reading, slots[i], one, &resource);
		if (st != ST_OK)
			return st;
		refs[i] = (struct catalog_ref){ arena_copy(arena, resource.product),
			arena_copy(arena, resource.key) };
		if (refs[i].product == NULL || refs[i].key == NULL)
			return ST_NO_MEMORY;
	}
	*out_refs = refs;
	return ST_OK;
}

static enum status add_route(void *arg, const struct record_route *route)
{
	struct reader *reader = arg;
	struct arena *arena = reader->catalog->arena;
	CLEANUP(arena_free)
	struct arena *one = arena_make(MIB);
	struct record_service service;
	struct catalog_ref *refs;
	struct catalog_route added = { .origin = "" };
	enum status st;

	if (one == NULL)
		return ST_NO_MEMORY;
	st = snapshot_service(reader->call->reading, route->service_slot, one, &service);
	if (st == ST_OK)
		st = make_refs(reader, route->resource_slots, route->resources_count, &refs);
	if (st != ST_OK)
		return st;
	added.service = arena_copy(arena, service.name);
	added.method = arena_copy(arena, route->method);
	added.path = arena_copy(arena, route->path);
	added.sources = arena_copy(arena, route->sources);
	added.need.access = route->needs == RECORD_NEEDS_PUBLIC          ? CATALOG_PUBLIC
			    : route->needs == RECORD_NEEDS_AUTHENTICATED ? CATALOG_AUTHENTICATED
									 : CATALOG_RESOURCES;
	added.need.resources = refs;
	added.need.resources_count = route->resources_count;
	if (added.service == NULL || added.method == NULL || added.path == NULL ||
		added.sources == NULL)
		return ST_NO_MEMORY;
	return catalog_add_route(reader->catalog, &added);
}

static enum status add_profile(struct reader *reader, uint32_t slot)
{
	CLEANUP(arena_free)
	struct arena *one = arena_make(4 * MIB);
	struct record_profile profile;
	struct catalog_ref *refs;
	struct catalog_profile added;
	enum status st;

	if (one == NULL)
		return ST_NO_MEMORY;
	st = snapshot_profile(reader->call->reading, slot, one, &profile);
	if (st == ST_OK)
		st = make_refs(reader, profile.resource_slots, profile.resources_count, &refs);
	if (st != ST_OK)
		return st;
	added = (struct catalog_profile){
		.name = arena_copy(reader->catalog->arena, profile.name),
		.resources = refs,
		.resources_count = profile.resources_count,
	};
	return added.name == NULL ? ST_NO_MEMORY : catalog_add_profile(reader->catalog, &added);
}

static enum status add_profiles(struct reader *reader)
{
	struct list_query query = { .kind = ENTITY_PREDEFINED, .count_max = LIMIT_PAGE };
	uint32_t slots[LIMIT_PAGE];
	size_t count;

	do {
		enum status st = snapshot_list(reader->call->reading, &query, slots, &count);

		for (size_t i = 0; st == ST_OK && i < count; i++)
			st = add_profile(reader, slots[i]);
		if (st != ST_OK)
			return st;
		if (count > 0)
			query.after_slot = slots[count - 1];
	} while (count == query.count_max);
	return ST_OK;
}

enum status catalog_records_read(struct api_call *call, struct catalog **out_catalog)
{
	CLEANUP(catalog_free)
	struct catalog *catalog = catalog_make();
	struct reader reader = { .call = call, .catalog = catalog };
	enum status st;

	if (catalog == NULL)
		return ST_NO_MEMORY;
	st = snapshot_each_resource(call->reading, add_resource, &reader);
	if (st == ST_OK)
		st = snapshot_each_service(call->reading, add_service, &reader);
	if (st == ST_OK)
		st = snapshot_each_route(call->reading, add_route, &reader);
	if (st == ST_OK)
		st = add_profiles(&reader);
	if (st != ST_OK)
		return st;
	catalog_sort(catalog);
	*out_catalog = catalog;
	catalog = NULL;
	return ST_OK;
}

/* ---- catalogue to records ---- */

static enum status slot_of_ref(
	struct api_call *call, const struct catalog_ref *ref, uint32_t *out_slot)
{
	struct record_resource resource;
	enum status st = snapshot_resource_by_key(
		call->reading, span_str(ref->product), span_str(ref->key), call->arena, &resource);

	if (st == ST_OK)
		*out_slot = resource.slot;
	return st;
}

static enum status slots_of_refs(
	struct api_call *call, const struct catalog_ref *refs, size_t count, uint32_t **out_slots)
{
	uint32_t *slots = arena_array(call->arena, count + 1, sizeof(*slots));
	enum status st = slots == NULL ? ST_NO_MEMORY : ST_OK;

	for (size_t i = 0; st == ST_OK && i < count; i++)
		st = slot_of_ref(call, &refs[i], &slots[i]);
	*out_slots = slots;
	return st;
}

static enum status apply_resource(struct api_call *call, const struct catalog_difference *d)
{
	const struct catalog_resource *after = d->resource.after;
	struct catalog_ref ref;
	struct resource_new resource;
	uint32_t slot;
	enum status st;

	if (after != NULL) {
		resource = (struct resource_new){ span_str(after->product), span_str(after->key),
			span_str(after->category), span_str(after->name),
			span_str(after->aliases) };
		/* A document that names only the key: the records then use that. */
		if (resource.name.len == 0)
			resource.name = SPAN_ABSENT;
		ref = (struct catalog_ref){ after->product, after->key };
		if (d->change == CATALOG_ADDED)
			return resource_create(call->change, &resource, &slot, &call->complaint);
		st = slot_of_ref(call, &ref, &slot);
		return st != ST_OK
			       ? st
			       : resource_edit(call->change, slot, 0, &resource, &call->complaint);
	}
	ref = (struct catalog_ref){ d->resource.before->product, d->resource.before->key };
	st = slot_of_ref(call, &ref, &slot);
	return st != ST_OK ? st : resource_delete(call->change, slot, &call->complaint);
}

static size_t split_lines(struct api_call *call, const char *lines, struct span **out_spans)
{
	struct span rest = span_str(lines);
	size_t count = 0, most = 1;

	for (size_t i = 0; i < rest.len; i++)
		most += rest.ptr[i] == '\n';
	*out_spans = arena_array(call->arena, most, sizeof(**out_spans));
	while (*out_spans != NULL && rest.len > 0) {
		size_t end = span_find(rest, '\n');

		(*out_spans)[count++] = span_part(rest, 0, end);
		rest = span_part(rest, end + 1, rest.len);
	}
	return count;
}

static enum status apply_service(struct api_call *call, const struct catalog_difference *d)
{
	const struct catalog_service *after = d->service.after;
	const char *name = (after != NULL ? after : d->service.before)->name;
	struct record_service there, wanted;
	struct span *hosts;
	uint32_t slot;
	enum status st;

	if (d->change != CATALOG_ADDED) {
		st = snapshot_service_by_name(call->reading, span_str(name), call->arena, &there);
		if (st != ST_OK)
			return st;
		if (after == NULL)
			return service_delete(call->change, there.slot, &call->complaint);
	}
	assert(after != NULL); /* what is not removed has an after */
	wanted = (struct record_service){
		.name = span_str(after->name),
		.hosts_count = split_lines(call, after->hosts, &hosts),
		.base_path = span_str(after->base_path),
		.unmapped = after->unmapped_authenticated ? RECORD_UNMAPPED_AUTHENTICATED
							  : RECORD_UNMAPPED_REFUSE,
		.preflight =
			after->preflight_pass ? RECORD_PREFLIGHT_PASS : RECORD_PREFLIGHT_REFUSE,
		.semicolon =
			after->semicolon_strip ? RECORD_SEMICOLON_STRIP : RECORD_SEMICOLON_REFUSE,
		.case_insensitive = after->case_insensitive,
	};
	wanted.hosts = hosts;
	if (hosts == NULL)
		return ST_NO_MEMORY;
	if (d->change == CATALOG_ADDED)
		return service_create(call->change, &wanted, &slot, &call->complaint);
	return service_edit(call->change, there.slot, 0, &wanted, &call->complaint);
}

static enum record_needs needs_of(const struct catalog_need *need)
{
	switch (need->access) {
	case CATALOG_PUBLIC:
		return RECORD_NEEDS_PUBLIC;
	case CATALOG_AUTHENTICATED:
		return RECORD_NEEDS_AUTHENTICATED;
	case CATALOG_RESOURCES:
		break;
	}
	return RECORD_NEEDS_RESOURCES;
}

static enum status find_route(
	struct api_call *call, const struct catalog_route *route, struct record_route *out)
{
	struct record_service service;
	struct route_name name = { 0, span_str(route->method), span_str(route->path) };
	enum status st = snapshot_service_by_name(
		call->reading, span_str(route->service), call->arena, &service);

	*out = (struct record_route){ .service_slot = service.slot };
	if (st != ST_OK)
		return st;
	name.service_slot = service.slot;
	return snapshot_route_by_name(call->reading, &name, call->arena, out);
}

static enum status apply_route(struct api_call *call, const struct catalog_difference *d)
{
	const struct catalog_route *after = d->route.after;
	struct record_route there, wanted;
	uint32_t slot, *slots;
	enum status st =
		find_route(call, d->route.before != NULL ? d->route.before : after, &there);

	if (d->change == CATALOG_ADDED && st == ST_NOT_FOUND)
		st = ST_OK;
	if (st != ST_OK)
		return st;
	if (after == NULL)
		return route_delete(call->change, there.slot, &call->complaint);
	st = slots_of_refs(call, after->need.resources, after->need.resources_count, &slots);
	if (st != ST_OK)
		return st;
	wanted = (struct record_route){
		.service_slot = there.service_slot,
		.method = span_str(after->method),
		.path = span_str(after->path),
		.needs = needs_of(&after->need),
		.resource_slots = slots,
		.resources_count = after->need.resources_count,
		.sources = span_str(after->sources),
	};
	if (d->change == CATALOG_ADDED)
		return route_create(call->change, &wanted, &slot, &call->complaint);
	return route_edit(call->change, there.slot, 0, &wanted, &call->complaint);
}

static enum status apply_profile(struct api_call *call, const struct catalog_difference *d)
{
	const struct catalog_profile *after = d->profile.after;
	const char *name = (after != NULL ? after : d->profile.before)->name;
	struct record_profile there = { 0 };
	struct profile_new added;
	uint32_t slot, *slots = NULL;
	enum status st = ST_OK;

	if (d->change != CATALOG_ADDED)
		st = snapshot_profile_by_name(
			call->reading, 0, span_str(name), call->arena, &there);
	if (st == ST_OK && after == NULL)
		return profile_delete(call->change, there.slot, false, &call->complaint);
	if (st == ST_OK)
		st = slots_of_refs(call, after->resources, after->resources_count, &slots);
	if (st != ST_OK)
		return st;
	if (d->change == CATALOG_ADDED) {
		added = (struct profile_new){ 0, span_str(name), slots, after->resources_count };
		return profile_create(call->change, &added, &slot, &call->complaint);
	}
	return profile_edit(call->change, there.slot,
		&(struct profile_edit){ .set_resources = true,
			.resource_slots = slots,
			.resources_count = after->resources_count },
		&call->complaint);
}

enum status catalog_records_apply(struct api_call *call, const struct catalog_report *report)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < report->differences_count; i++) {
		const struct catalog_difference *difference = &report->differences[i];

		switch (difference->kind) {
		case CATALOG_RESOURCE:
			st = apply_resource(call, difference);
			break;
		case CATALOG_SERVICE:
			st = apply_service(call, difference);
			break;
		case CATALOG_ROUTE:
			st = apply_route(call, difference);
			break;
		case CATALOG_PROFILE:
			st = apply_profile(call, difference);
			break;
		}
	}
	return st;
}
