/* Services: which hosts and paths of the installation the routes stand under. */
#include "records/catalog.h"

#include "base/plain.h"
#include "records/store.h"

#define JSON_MAX (128 * KIB)

/* ---- reading ---- */

enum status service_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_service *out_service)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct texts hosts;
	enum status st = db_query(db,
		"SELECT name, base_path, unmapped, preflight, semicolon, case_insensitive, version"
		" FROM services WHERE slot = $1",
		&row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	*out_service = (struct record_service){ .slot = slot,
		.unmapped = (enum record_unmapped)db_int(row, 2),
		.preflight = (enum record_preflight)db_int(row, 3),
		.semicolon = (enum record_semicolon)db_int(row, 4),
		.case_insensitive = db_int(row, 5) == 1,
		.version = db_int(row, 6) };
	st = span_keep(arena, db_bytes(row, 0), &out_service->name);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 1), &out_service->base_path);
	if (st == ST_OK)
		st = texts_read(db,
			"SELECT host FROM service_hosts WHERE service_slot = $1 ORDER BY host",
			slot, arena, &hosts);
	if (st != ST_OK)
		return st;
	out_service->hosts = hosts.texts;
	out_service->hosts_count = hosts.count;
	return ST_OK;
}

enum status snapshot_service(struct snapshot *snapshot, uint32_t slot, struct arena *arena,
	struct record_service *out_service)
{
	return snapshot_note(snapshot, service_read(snapshot->db, slot, arena, out_service));
}

enum status snapshot_service_by_name(struct snapshot *snapshot, struct span name,
	struct arena *arena, struct record_service *out_service)
{
	uint32_t slot = 0;
	struct db_value value = DB_TEXT(name);
	enum status st = slot_find(
		snapshot->db, "SELECT slot FROM services WHERE name = $1", &value, 1, &slot);

	if (st == ST_OK)
		st = service_read(snapshot->db, slot, arena, out_service);
	return snapshot_note(snapshot, st);
}

void service_append_json(struct buf *out, const struct record_service *service)
{
	buf_append_char(out, '{');
	json_number(out, "id", service->slot);
	json_text(out, "name", service->name);
	json_name(out, "hosts");
	buf_append_char(out, '[');
	for (size_t i = 0; i < service->hosts_count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		buf_append_json(out, service->hosts[i]);
	}
	buf_append_char(out, ']');
	json_text(out, "basePath", service->base_path);
	json_text(out, "unmapped",
		span_str(service->unmapped == RECORD_UNMAPPED_AUTHENTICATED ? "authenticated"
									    : "refuse"));
	json_text(out, "preflight",
		span_str(service->preflight == RECORD_PREFLIGHT_PASS ? "pass" : "refuse"));
	json_text(out, "semicolon",
		span_str(service->semicolon == RECORD_SEMICOLON_STRIP ? "strip" : "refuse"));
	json_bool(out, "caseInsensitive", service->case_insensitive);
	json_number(out, "version", service->version);
	buf_append_char(out, '}');
}

/* ---- changing ---- */

static bool path_is_fit(struct span path)
{
	return path.len <= LIMIT_TARGET && span_find(path, ' ') == path.len && plain_is(path);
}

static enum status base_path_check(struct span path, struct complaint *complaint)
{
	bool empty = path.len == 0;

	if (empty || (path_is_fit(path) && path.ptr[0] == '/' && path.ptr[path.len - 1] != '/'))
		return ST_OK;
	complaint_set(complaint, "records.base_path", 0);
	return ST_INVALID;
}

static enum status service_check(const struct record_service *service, struct complaint *complaint)
{
	enum status st;

	if (!label_is_fit(service->name)) {
		complaint_set(complaint, "records.service_name", 0);
		return ST_INVALID;
	}
	st = base_path_check(service->base_path, complaint);
	if (st == ST_OK && service->hosts_count > SERVICE_HOSTS_MAX) {
		complaint_set(complaint, "records.too_many_hosts", 0);
		st = ST_LIMIT;
	}
	return st;
}

static enum status hosts_insert(struct change *change, uint32_t slot,
	const struct record_service *service, struct complaint *complaint)
{
	char host[LIMIT_HOST + 1];
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < service->hosts_count; i++) {
		st = host_check(service->hosts[i], true, host, complaint);
		if (st == ST_OK)
			st = db_run(change_db(change),
				"INSERT INTO service_hosts (service_slot, host) VALUES ($1, $2)"
				" ON CONFLICT (service_slot, host) DO NOTHING",
				DB_INT(slot), DB_TEXT(span_str(host)));
	}
	return st;
}

struct service_texts {
	struct span before, after;
};

static enum status service_event(struct change *change, const char *action,
	const struct record_service *service, struct service_texts texts)
{
	return change_event(change, &(struct event_about){ .action = action,
					    .kind = ENTITY_SERVICE,
					    .slot = service->slot,
					    .id = service->name,
					    .before = texts.before,
					    .after = texts.after });
}

static enum status service_event_after(
	struct change *change, const char *action, uint32_t slot, struct span before)
{
	CLEANUP(buf_free)
	struct buf after = buf_heap(JSON_MAX);
	struct record_service service = { 0 };
	enum status st = service_read(change_db(change), slot, change->arena, &service);

	if (st != ST_OK)
		return st;
	service_append_json(&after, &service);
	return service_event(
		change, action, &service, (struct service_texts){ before, buf_span(&after) });
}

static int64_t or_first(int64_t value)
{
	return value == 0 ? 1 : value; /* the enums begin with "refuse" */
}

static enum status service_insert(struct change *change, const struct record_service *service,
	uint32_t *out_slot, struct complaint *complaint)
{
	int64_t count = 0;
	struct span base_path =
		span_present(service->base_path) ? service->base_path : SPAN_LIT("");
	enum status st = db_one_int(change_db(change), "SELECT COUNT(*) FROM services", &count);

	if (st == ST_OK && count >= (int64_t)LIMIT_SERVICES) {
		complaint_set(complaint, "records.too_many_services", 0);
		return ST_LIMIT;
	}
	if (st == ST_OK)
		st = slot_take(change_db(change), "service", 1, out_slot);
	if (st != ST_OK)
		return st;
	st = db_run(change_db(change),
		"INSERT INTO services (slot, name, base_path, unmapped, preflight, semicolon,"
		" case_insensitive, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)",
		DB_INT(*out_slot), DB_TEXT(service->name), DB_TEXT(base_path),
		DB_INT(or_first(service->unmapped)), DB_INT(or_first(service->preflight)),
		DB_INT(or_first(service->semicolon)), DB_INT(service->case_insensitive));
	return complain_name_taken(st, service->name, complaint);
}

enum status service_create(struct change *change, const struct record_service *service,
	uint32_t *out_slot, struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = change_need(change, 0, RIGHT_CATALOG_EDIT, complaint);
	if (st == ST_OK)
		st = service_check(service, complaint);
	if (st == ST_OK)
		st = service_insert(change, service, out_slot, complaint);
	if (st == ST_OK)
		st = hosts_insert(change, *out_slot, service, complaint);
	if (st == ST_OK)
		st = service_event_after(change, "service.create", *out_slot, SPAN_ABSENT);
	return change_leave(change, st);
}

/* A service that exists, with its state before. */
static enum status service_begin(struct change *change, uint32_t slot,
	struct record_service *out_service, struct buf *before, struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = change_need(change, 0, RIGHT_CATALOG_EDIT, complaint);
	if (st == ST_OK)
		st = complain_missing(
			service_read(change_db(change), slot, change->arena, out_service),
			ENTITY_SERVICE, complaint);
	if (st == ST_OK)
		service_append_json(before, out_service);
	return st;
}

static enum status service_update(struct change *change, uint32_t slot,
	const struct record_service *service, struct complaint *complaint)
{
	struct span base_path =
		span_present(service->base_path) ? service->base_path : SPAN_LIT("");
	enum status st = db_run(change_db(change),
		"UPDATE services SET name = $2, base_path = $3, unmapped = $4, preflight = $5,"
		" semicolon = $6, case_insensitive = $7, version = version + 1 WHERE slot = $1",
		DB_INT(slot), DB_TEXT(service->name), DB_TEXT(base_path),
		DB_INT(or_first(service->unmapped)), DB_INT(or_first(service->preflight)),
		DB_INT(or_first(service->semicolon)), DB_INT(service->case_insensitive));

	st = complain_name_taken(st, service->name, complaint);
	if (st == ST_OK)
		st = db_run(change_db(change), "DELETE FROM service_hosts WHERE service_slot = $1",
			DB_INT(slot));
	if (st == ST_OK)
		st = hosts_insert(change, slot, service, complaint);
	return st;
}

enum status service_edit(struct change *change, uint32_t slot, int64_t version,
	const struct record_service *edited, struct complaint *complaint)
{
	CLEANUP(buf_free)
	struct buf before = buf_heap(JSON_MAX);
	struct record_service service = { 0 };
	enum status st = service_begin(change, slot, &service, &before, complaint);

	if (st == ST_OK)
		st = version_check(version, service.version, complaint);
	if (st == ST_OK)
		st = service_check(edited, complaint);
	if (st == ST_OK)
		st = service_update(change, slot, edited, complaint);
	if (st == ST_OK)
		st = service_event_after(change, "service.edit", slot, buf_span(&before));
	change->narrows |= st == ST_OK;
	return change_leave(change, st);
}

static enum status service_without_routes(
	struct change *change, uint32_t slot, struct complaint *complaint)
{
	int64_t route;
	enum status st = db_one_int(change_db(change),
		"SELECT slot FROM routes WHERE service_slot = $1 LIMIT 1", &route, DB_INT(slot));

	if (st == ST_OK) {
		complaint_set(complaint, "records.service_has_routes", 0);
		return ST_CONFLICT;
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status service_remove(struct change *change, uint32_t slot)
{
	enum status st = db_run(change_db(change),
		"DELETE FROM service_hosts WHERE service_slot = $1", DB_INT(slot));

	if (st == ST_OK)
		st = db_run(
			change_db(change), "DELETE FROM services WHERE slot = $1", DB_INT(slot));
	change->narrows |= st == ST_OK;
	return st;
}

enum status service_delete(struct change *change, uint32_t slot, struct complaint *complaint)
{
	CLEANUP(buf_free)
	struct buf before = buf_heap(JSON_MAX);
	struct record_service service = { 0 };
	enum status st = service_begin(change, slot, &service, &before, complaint);

	if (st == ST_OK)
		st = service_without_routes(change, slot, complaint);
	if (st == ST_OK)
		st = service_remove(change, slot);
	if (st == ST_OK)
		st = service_event(change, "service.delete", &service,
			(struct service_texts){ buf_span(&before), SPAN_ABSENT });
	return change_leave(change, st);
}
