/* Routes: service + method + path -> what a caller needs. An empty set of resources: nobody. */
#include "records/catalog.h"

#include "base/plain.h"
#include "records/store.h"

#define JSON_MAX (256 * KIB)

/* ---- reading ---- */

enum status route_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_route *out_route)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct slots resources;
	enum status st = db_query(db,
		"SELECT r.service_slot, s.name, r.method, r.path, r.needs, r.version, r.sources"
		" FROM routes r"
		" JOIN services s ON s.slot = r.service_slot WHERE r.slot = $1",
		&row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	*out_route = (struct record_route){ .slot = slot,
		.service_slot = (uint32_t)db_int(row, 0),
		.needs = (enum record_needs)db_int(row, 4),
		.version = db_int(row, 5) };
	st = span_keep(arena, db_bytes(row, 1), &out_route->service);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 2), &out_route->method);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 3), &out_route->path);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 6), &out_route->sources);
	if (st == ST_OK)
		st = slots_read(db,
			"SELECT resource_slot FROM route_resources WHERE route_slot = $1"
			" ORDER BY resource_slot",
			slot, arena, &resources);
	if (st != ST_OK)
		return st;
	out_route->resource_slots = resources.slots;
	out_route->resources_count = resources.count;
	return ST_OK;
}

enum status snapshot_route(struct snapshot *snapshot, uint32_t slot, struct arena *arena,
	struct record_route *out_route)
{
	return snapshot_note(snapshot, route_read(snapshot->db, slot, arena, out_route));
}

enum status snapshot_route_by_name(struct snapshot *snapshot, const struct route_name *name,
	struct arena *arena, struct record_route *out_route)
{
	uint32_t slot = 0;
	enum status st = slot_find(snapshot->db,
		"SELECT slot FROM routes WHERE service_slot = $1 AND method = $2 AND path = $3",
		(const struct db_value[]){
			DB_INT(name->service_slot), DB_TEXT(name->method), DB_TEXT(name->path) },
		3, &slot);

	if (st == ST_OK)
		st = route_read(snapshot->db, slot, arena, out_route);
	return snapshot_note(snapshot, st);
}

static void sources_append_json(struct buf *out, struct span sources)
{
	json_name(out, "sources");
	buf_append_char(out, '[');
	while (sources.len > 0) {
		struct span line = span_part(sources, 0, span_find(sources, '\n'));

		buf_append_json(out, line);
		sources = span_part(sources, line.len + 1, sources.len);
		buf_append_str(out, sources.len > 0 ? "," : "");
	}
	buf_append_char(out, ']');
}

static enum status append_json(struct buf *out, struct db *db, const struct record_route *route)
{
	static const char *const NEEDS[] = {
		[RECORD_NEEDS_RESOURCES] = "resources",
		[RECORD_NEEDS_PUBLIC] = "public",
		[RECORD_NEEDS_AUTHENTICATED] = "authenticated",
	};
	enum status st;

	buf_append_char(out, '{');
	json_number(out, "id", route->slot);
	json_text(out, "service", route->service);
	json_text(out, "method", route->method);
	json_text(out, "path", route->path);
	json_text(out, "needs", span_str(NEEDS[route->needs]));
	st = resources_append_json(out, db, route->resource_slots, route->resources_count);
	if (route->sources.len > 0)
		sources_append_json(out, route->sources);
	json_number(out, "version", route->version);
	buf_append_char(out, '}');
	return st == ST_OK && !buf_ok(out) ? ST_LIMIT : st;
}

enum status route_append_json(
	struct buf *out, struct snapshot *snapshot, const struct record_route *route)
{
	return snapshot_note(snapshot, append_json(out, snapshot->db, route));
}

/* ---- changing ---- */

static bool method_is_fit(struct span method)
{
	if (method.len == 0 || method.len > LIMIT_METHOD)
		return false;
	for (size_t i = 0; i < method.len; i++)
		if (!((method.ptr[i] >= 'A' && method.ptr[i] <= 'Z') || method.ptr[i] == '-'))
			return false;
	return true;
}

static bool path_is_fit(struct span path)
{
	if (path.len == 0 || path.len > LIMIT_TARGET || path.ptr[0] != '/')
		return false;
	return plain_is(path);
}

static enum status needs_check(const struct record_route *route, struct complaint *complaint)
{
	bool wants = route->needs == RECORD_NEEDS_RESOURCES;

	if (route->needs < RECORD_NEEDS_RESOURCES || route->needs > RECORD_NEEDS_AUTHENTICATED ||
		(!wants && route->resources_count > 0)) {
		complaint_set(complaint, "records.route_needs", 0);
		return ST_INVALID;
	}
	if (route->resources_count > LIMIT_RESOURCES_PER_ROUTE) {
		complaint_set(complaint, "records.route_many_resources", 0);
		return ST_LIMIT;
	}
	return ST_OK;
}

static enum status route_check(const struct record_route *route, struct complaint *complaint)
{
	if (!method_is_fit(route->method)) {
		complaint_set(complaint, "records.method", 0);
		return ST_INVALID;
	}
	if (!path_is_fit(route->path)) {
		complaint_set(complaint, "records.path", 0);
		return ST_INVALID;
	}
	return needs_check(route, complaint);
}

struct route_texts {
	struct span before, after;
};

static enum status route_event(struct change *change, const char *action,
	const struct record_route *route, struct route_texts texts)
{
	CLEANUP(buf_free)
	struct buf id = buf_heap(LIMIT_TARGET + 1024);

	buf_append(&id, route->service);
	buf_append_char(&id, ' ');
	buf_append(&id, route->method);
	buf_append_char(&id, ' ');
	buf_append(&id, route->path);
	return change_event(change, &(struct event_about){ .action = action,
					    .kind = ENTITY_ROUTE,
					    .slot = route->slot,
					    .id = buf_span(&id),
					    .before = texts.before,
					    .after = texts.after });
}

static enum status route_event_after(
	struct change *change, const char *action, uint32_t slot, struct span before)
{
	CLEANUP(buf_free)
	struct buf after = buf_heap(JSON_MAX);
	struct record_route route = { 0 };
	enum status st = route_read(change_db(change), slot, change->arena, &route);

	if (st == ST_OK)
		st = append_json(&after, change_db(change), &route);
	if (st == ST_OK)
		st = route_event(
			change, action, &route, (struct route_texts){ before, buf_span(&after) });
	return st;
}

static enum status resources_insert(struct change *change, uint32_t slot, struct slots resources)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < resources.count; i++)
		st = db_run(change_db(change),
			"INSERT INTO route_resources (route_slot, resource_slot) VALUES ($1, $2)",
			DB_INT(slot), DB_INT(resources.slots[i]));
	return st;
}

static enum status route_insert(struct change *change, const struct record_route *route,
	uint32_t *out_slot, struct complaint *complaint)
{
	int64_t count = 0;
	enum status st = db_one_int(change_db(change), "SELECT COUNT(*) FROM routes", &count);

	if (st == ST_OK && count >= (int64_t)LIMIT_ROUTES) {
		complaint_set(complaint, "records.too_many_routes", 0);
		return ST_LIMIT;
	}
	if (st == ST_OK)
		st = slot_take(change_db(change), "route", 1, out_slot);
	if (st != ST_OK)
		return st;
	st = db_run(change_db(change),
		"INSERT INTO routes (slot, service_slot, method, path, needs, sources, version)"
		" VALUES ($1, $2, $3, $4, $5, $6, 1)",
		DB_INT(*out_slot), DB_INT(route->service_slot), DB_TEXT(route->method),
		DB_TEXT(route->path), DB_INT(route->needs),
		DB_TEXT(span_present(route->sources) ? route->sources : SPAN_LIT("")));
	if (st == ST_EXISTS)
		complaint_set(complaint, "records.route_exists", 0);
	return st;
}

static enum status service_there(
	struct change *change, uint32_t service_slot, struct complaint *complaint)
{
	int64_t slot;

	return complain_missing(
		db_one_int(change_db(change), "SELECT slot FROM services WHERE slot = $1", &slot,
			DB_INT(service_slot)),
		ENTITY_SERVICE, complaint);
}

enum status route_create(struct change *change, const struct record_route *route,
	uint32_t *out_slot, struct complaint *complaint)
{
	struct slots resources = { route->resource_slots, route->resources_count };
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = change_need(change, 0, RIGHT_CATALOG_EDIT, complaint);
	if (st == ST_OK)
		st = route_check(route, complaint);
	if (st == ST_OK)
		st = service_there(change, route->service_slot, complaint);
	if (st == ST_OK)
		st = resources_settle(change, resources, &resources, complaint);
	if (st == ST_OK)
		st = resources_need_none_own(change, resources, complaint);
	if (st == ST_OK)
		st = route_insert(change, route, out_slot, complaint);
	if (st == ST_OK)
		st = resources_insert(change, *out_slot, resources);
	if (st == ST_OK)
		st = route_event_after(change, "route.create", *out_slot, SPAN_ABSENT);
	change->narrows |= st == ST_OK; /* it may be more specific than a laxer one */
	return change_leave(change, st);
}

/* A route that exists, with its state before. */
static enum status route_begin(struct change *change, uint32_t slot, struct record_route *out_route,
	struct buf *before, struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = change_need(change, 0, RIGHT_CATALOG_EDIT, complaint);
	if (st == ST_OK)
		st = complain_missing(route_read(change_db(change), slot, change->arena, out_route),
			ENTITY_ROUTE, complaint);
	if (st == ST_OK)
		st = append_json(before, change_db(change), out_route);
	return st;
}

static bool needs_equal(
	const struct record_route *route, enum record_needs needs, struct slots resources)
{
	return route->needs == needs && route->resources_count == resources.count &&
	       (resources.count == 0 || memcmp(route->resource_slots, resources.slots,
						resources.count * sizeof(uint32_t)) == 0);
}

static enum status route_update(struct change *change, uint32_t slot,
	const struct record_route *edited, struct slots resources)
{
	enum status st = db_run(change_db(change),
		"UPDATE routes SET needs = $2, sources = $3, version = version + 1"
		" WHERE slot = $1",
		DB_INT(slot), DB_INT(edited->needs), DB_TEXT(edited->sources));

	if (st == ST_OK)
		st = db_run(change_db(change), "DELETE FROM route_resources WHERE route_slot = $1",
			DB_INT(slot));
	if (st == ST_OK)
		st = resources_insert(change, slot, resources);
	change->narrows |= st == ST_OK;
	return st;
}

enum status route_edit(struct change *change, uint32_t slot, int64_t version,
	const struct record_route *edited, struct complaint *complaint)
{
	CLEANUP(buf_free)
	struct buf before = buf_heap(JSON_MAX);
	struct slots resources = { edited->resource_slots, edited->resources_count };
	struct record_route route = { 0 }, after = *edited;
	enum status st = route_begin(change, slot, &route, &before, complaint);

	if (st == ST_OK)
		st = version_check(version, route.version, complaint);
	if (st == ST_OK)
		st = needs_check(edited, complaint);
	if (st == ST_OK)
		st = resources_settle(change, resources, &resources, complaint);
	if (st == ST_OK)
		st = resources_need_none_own(change, resources, complaint);
	if (st == ST_OK && !span_present(edited->sources))
		after.sources = route.sources;
	if (st != ST_OK || (needs_equal(&route, edited->needs, resources) &&
				   span_equal(route.sources, after.sources)))
		return change_leave(change, st);
	st = route_update(change, slot, &after, resources);
	if (st == ST_OK)
		st = route_event_after(change, "route.edit", slot, buf_span(&before));
	return change_leave(change, st);
}

static enum status route_remove(struct change *change, uint32_t slot)
{
	enum status st = db_run(change_db(change),
		"DELETE FROM route_resources WHERE route_slot = $1", DB_INT(slot));

	if (st == ST_OK)
		st = db_run(change_db(change), "DELETE FROM routes WHERE slot = $1", DB_INT(slot));
	change->narrows |= st == ST_OK;
	return st;
}

enum status route_delete(struct change *change, uint32_t slot, struct complaint *complaint)
{
	CLEANUP(buf_free)
	struct buf before = buf_heap(JSON_MAX);
	struct record_route route = { 0 };
	enum status st = route_begin(change, slot, &route, &before, complaint);

	if (st == ST_OK)
		st = route_remove(change, slot);
	if (st == ST_OK)
		st = route_event(change, "route.delete", &route,
			(struct route_texts){ buf_span(&before), SPAN_ABSENT });
	return change_leave(change, st);
}
