/* Resources: one permission each, named by product and key. */
#include "records/catalog.h"
#include "records/store.h"

#include <stdlib.h>

#define JSON_MAX (256 * KIB)

/* ---- reading ---- */

enum status resource_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_resource *out_resource)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db,
		"SELECT product, category, resource_key, name, version, aliases FROM resources"
		" WHERE slot = $1",
		&row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	*out_resource = (struct record_resource){ .slot = slot, .version = db_int(row, 4) };
	st = span_keep(arena, db_bytes(row, 0), &out_resource->product);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 1), &out_resource->category);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 2), &out_resource->key);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 3), &out_resource->name);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 5), &out_resource->aliases);
	return st;
}

enum status snapshot_resource(struct snapshot *snapshot, uint32_t slot, struct arena *arena,
	struct record_resource *out_resource)
{
	return snapshot_note(snapshot, resource_read(snapshot->db, slot, arena, out_resource));
}

static enum status resource_find(
	struct db *db, struct span product, struct span key, uint32_t *out_slot)
{
	return slot_find(db, "SELECT slot FROM resources WHERE product = $1 AND resource_key = $2",
		(const struct db_value[]){ DB_TEXT(product), DB_TEXT(key) }, 2, out_slot);
}

enum status snapshot_resource_by_key(struct snapshot *snapshot, struct span product,
	struct span key, struct arena *arena, struct record_resource *out_resource)
{
	uint32_t slot = 0;
	enum status st = resource_find(snapshot->db, product, key, &slot);

	if (st == ST_OK)
		st = resource_read(snapshot->db, slot, arena, out_resource);
	return snapshot_note(snapshot, st);
}

/* The next line of text, taken off it; false when there is none. */
static bool next_line(struct span *text, struct span *out_line)
{
	size_t end = span_find(*text, '\n');

	if (text->len == 0)
		return false;
	*out_line = span_part(*text, 0, end);
	*text = span_part(*text, end + 1, text->len);
	return true;
}

static void append_aliases(struct buf *out, struct span aliases)
{
	struct span alias;
	bool first = true;

	json_name(out, "aliases");
	buf_append_char(out, '[');
	while (next_line(&aliases, &alias)) {
		buf_append_str(out, first ? "" : ",");
		buf_append_json(out, alias);
		first = false;
	}
	buf_append_char(out, ']');
}

void resource_append_json(struct buf *out, const struct record_resource *resource)
{
	buf_append_char(out, '{');
	json_number(out, "id", resource->slot);
	json_text(out, "product", resource->product);
	json_text(out, "category", resource->category);
	json_text(out, "key", resource->key);
	json_text(out, "name", resource->name);
	append_aliases(out, resource->aliases);
	json_number(out, "version", resource->version);
	buf_append_char(out, '}');
}

enum status resources_append_json(
	struct buf *out, struct db *db, const uint32_t *slots, size_t slots_count)
{
	enum status st = ST_OK;

	json_name(out, "resources");
	buf_append_char(out, '[');
	for (size_t i = 0; st == ST_OK && i < slots_count; i++) {
		CLEANUP(db_finish)
		struct db_statement *row = NULL;

		st = db_query(db, "SELECT product, resource_key FROM resources WHERE slot = $1",
			&row, DB_INT(slots[i]));
		if (st == ST_OK)
			st = db_step(row);
		if (st != ST_OK)
			break;
		buf_append_str(out, i > 0 ? ",{" : "{");
		json_text(out, "product", db_bytes(row, 0));
		json_text(out, "key", db_bytes(row, 1));
		buf_append_char(out, '}');
	}
	buf_append_char(out, ']');
	if (st == ST_NOT_FOUND)
		return ST_DAMAGED;
	return st == ST_OK && !buf_ok(out) ? ST_LIMIT : st;
}

static int compare_slots(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static enum status resource_there(struct db *db, uint32_t slot)
{
	int64_t found;

	return db_one_int(db, "SELECT slot FROM resources WHERE slot = $1", &found, DB_INT(slot));
}

enum status resources_settle(struct change *change, struct slots wanted, struct slots *out_settled,
	struct complaint *complaint)
{
	uint32_t *slots = NULL;
	size_t count = 0;
	enum status st = ST_OK;

	if (wanted.count > 0) {
		slots = arena_array(change->arena, wanted.count, sizeof(*slots));
		if (slots == NULL)
			return ST_NO_MEMORY;
		memcpy(slots, wanted.slots, wanted.count * sizeof(*slots));
		qsort(slots, wanted.count, sizeof(*slots), compare_slots);
	}
	for (size_t i = 0; st == ST_OK && i < wanted.count; i++) {
		if (i > 0 && slots[i] == slots[count - 1])
			continue;
		slots[count++] = slots[i];
		st = resource_there(change_db(change), slots[i]);
	}
	*out_settled = (struct slots){ slots, count };
	return complain_missing(st, ENTITY_RESOURCE, complaint);
}

enum status resources_need_none_own(
	struct change *change, struct slots resources, struct complaint *complaint)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < resources.count; i++) {
		int64_t found;

		st = db_one_int(change_db(change),
			"SELECT slot FROM resources WHERE slot = $1 AND product = '" RIGHT_PRODUCT
			"'",
			&found, DB_INT(resources.slots[i]));
		if (st == ST_OK) {
			complaint_set(complaint, "records.resource_not_in_catalog", 0);
			return ST_INVALID;
		}
		st = st == ST_NOT_FOUND ? ST_OK : st;
	}
	return st;
}

/* ---- changing ---- */

static enum status aliases_check(struct span aliases, struct complaint *complaint)
{
	struct span alias;
	size_t count = 0;
	enum status st = ST_OK;

	while (st == ST_OK && next_line(&aliases, &alias)) {
		if (++count > RESOURCE_ALIASES_MAX) {
			complaint_set(complaint, "records.too_many_aliases", 0);
			return ST_LIMIT;
		}
		st = text_check(alias, "aliases", LIMIT_TEXT, false, complaint);
	}
	return st;
}

static enum status resource_check(const struct resource_new *resource, struct complaint *complaint)
{
	enum status st = text_check(resource->product, "product", LIMIT_NAME, false, complaint);

	if (st == ST_OK)
		st = text_check(resource->key, "key", LIMIT_NAME, false, complaint);
	if (st == ST_OK)
		st = text_check(resource->category, "category", LIMIT_NAME, true, complaint);
	if (st == ST_OK && span_present(resource->name))
		st = text_check(resource->name, "name", LIMIT_NAME, false, complaint);
	if (st == ST_OK && span_present(resource->aliases))
		st = aliases_check(resource->aliases, complaint);
	return st;
}

static enum status resource_event(
	struct change *change, const char *action, uint32_t slot, struct span before)
{
	CLEANUP(buf_free)
	struct buf after = buf_heap(JSON_MAX), id = buf_heap(JSON_MAX);
	struct record_resource resource = { 0 };
	enum status st = resource_read(change_db(change), slot, change->arena, &resource);

	if (st != ST_OK)
		return st;
	resource_append_json(&after, &resource);
	buf_append(&id, resource.product);
	buf_append_char(&id, '/');
	buf_append(&id, resource.key);
	return change_event(change, &(struct event_about){ .action = action,
					    .kind = ENTITY_RESOURCE,
					    .slot = slot,
					    .id = buf_span(&id),
					    .before = before,
					    .after = buf_span(&after) });
}

static enum status resource_insert(struct change *change, const struct resource_new *resource,
	uint32_t *out_slot, struct complaint *complaint)
{
	struct span category = span_present(resource->category) ? resource->category : SPAN_LIT("");
	struct span name = span_present(resource->name) ? resource->name : resource->key;
	struct span aliases = span_present(resource->aliases) ? resource->aliases : SPAN_LIT("");
	int64_t count = 0;
	enum status st = db_one_int(change_db(change), "SELECT COUNT(*) FROM resources", &count);

	if (st == ST_OK && count >= (int64_t)LIMIT_RESOURCES) {
		complaint_set(complaint, "records.too_many_resources", 0);
		return ST_LIMIT;
	}
	if (st == ST_OK)
		st = slot_take(change_db(change), "resource", 1, out_slot);
	if (st != ST_OK)
		return st;
	return db_run(change_db(change),
		"INSERT INTO resources (slot, product, category, resource_key, name, aliases,"
		" version) VALUES ($1, $2, $3, $4, $5, $6, 1)",
		DB_INT(*out_slot), DB_TEXT(resource->product), DB_TEXT(category),
		DB_TEXT(resource->key), DB_TEXT(name), DB_TEXT(aliases));
}

/* Llavero's own resources are what its code asks for: nobody makes, edits or deletes one. */
static enum status refuse_own(
	const struct change *change, struct span product, struct complaint *complaint)
{
	if (!span_is(product, RIGHT_PRODUCT) || change->actor.kind == ACTOR_SYSTEM)
		return ST_OK;
	complaint_set(complaint, "records.resource_is_own", 0);
	return ST_CONFLICT;
}

enum status resource_create(struct change *change, const struct resource_new *resource,
	uint32_t *out_slot, struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = change_need(change, 0, RIGHT_CATALOG_EDIT, complaint);
	if (st == ST_OK)
		st = resource_check(resource, complaint);
	if (st != ST_OK)
		return change_leave(change, st);
	st = resource_find(change_db(change), resource->product, resource->key, out_slot);
	if (st == ST_OK) {
		/* Nothing was written: the change may go on. */
		complaint_set(complaint, "records.resource_exists", 0);
		return ST_EXISTS;
	}
	if (st == ST_NOT_FOUND)
		st = refuse_own(change, resource->product, complaint);
	if (st == ST_OK)
		st = resource_insert(change, resource, out_slot, complaint);
	if (st == ST_OK)
		st = resource_event(change, "resource.create", *out_slot, SPAN_ABSENT);
	return change_leave(change, st);
}

/* A resource that exists, with its state before. */
static enum status resource_begin(struct change *change, uint32_t slot,
	struct record_resource *out_resource, struct buf *before, struct complaint *complaint)
{
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = change_need(change, 0, RIGHT_CATALOG_EDIT, complaint);
	if (st == ST_OK)
		st = complain_missing(
			resource_read(change_db(change), slot, change->arena, out_resource),
			ENTITY_RESOURCE, complaint);
	if (st == ST_OK)
		st = refuse_own(change, out_resource->product, complaint);
	if (st == ST_OK)
		resource_append_json(before, out_resource);
	return st;
}

static enum status resource_update(struct change *change, const struct record_resource *resource,
	struct span before, struct complaint *complaint)
{
	enum status st =
		resource_check(&(struct resource_new){ resource->product, resource->key,
				       resource->category, resource->name, resource->aliases },
			complaint);

	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE resources SET category = $2, name = $3, aliases = $4,"
			" version = version + 1"
			" WHERE slot = $1",
			DB_INT(resource->slot), DB_TEXT(resource->category),
			DB_TEXT(resource->name), DB_TEXT(resource->aliases));
	if (st == ST_OK)
		st = resource_event(change, "resource.edit", resource->slot, before);
	return st;
}

enum status resource_edit(struct change *change, uint32_t slot, int64_t version,
	const struct resource_new *edited, struct complaint *complaint)
{
	CLEANUP(buf_free)
	struct buf before = buf_heap(JSON_MAX);
	struct record_resource resource = { 0 };
	enum status st = resource_begin(change, slot, &resource, &before, complaint);
	bool same = true;

	if (st == ST_OK)
		st = version_check(version, resource.version, complaint);
	if (st == ST_OK && span_present(edited->category)) {
		same = span_equal(edited->category, resource.category);
		resource.category = edited->category;
	}
	if (st == ST_OK && span_present(edited->name)) {
		same = same && span_equal(edited->name, resource.name);
		resource.name = edited->name;
	}
	if (st == ST_OK && span_present(edited->aliases)) {
		same = same && span_equal(edited->aliases, resource.aliases);
		resource.aliases = edited->aliases;
	}
	if (st == ST_OK && !same)
		st = resource_update(change, &resource, buf_span(&before), complaint);
	return change_leave(change, st);
}

static enum status resource_unused(
	struct change *change, uint32_t slot, struct complaint *complaint)
{
	int64_t used;
	enum status st = db_one_int(change_db(change),
		"SELECT 1 FROM profile_resources WHERE resource_slot = $1 UNION ALL"
		" SELECT 1 FROM route_resources WHERE resource_slot = $1",
		&used, DB_INT(slot));

	if (st == ST_OK) {
		complaint_set(complaint, "records.resource_in_use", 0);
		return ST_CONFLICT;
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status resource_delete(struct change *change, uint32_t slot, struct complaint *complaint)
{
	CLEANUP(buf_free)
	struct buf before = buf_heap(JSON_MAX), id = buf_heap(JSON_MAX);
	struct record_resource resource = { 0 };
	enum status st = resource_begin(change, slot, &resource, &before, complaint);

	if (st == ST_OK)
		st = resource_unused(change, slot, complaint);
	if (st == ST_OK)
		st = db_run(
			change_db(change), "DELETE FROM resources WHERE slot = $1", DB_INT(slot));
	if (st != ST_OK)
		return change_leave(change, st);
	buf_append(&id, resource.product);
	buf_append_char(&id, '/');
	buf_append(&id, resource.key);
	st = change_event(change, &(struct event_about){ .action = "resource.delete",
					  .kind = ENTITY_RESOURCE,
					  .slot = slot,
					  .id = buf_span(&id),
					  .before = buf_span(&before) });
	return change_leave(change, st);
}
