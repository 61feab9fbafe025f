/* /v1/resources and /v1/products. Source: records/catalog.h. */
#include "keeper/api.h"

#include "base/message.h"
#include "records/catalog.h"
#include "records/right.h"

/* Llavero's own ones have a name and a sentence in the language of who asks. */
static const struct {
	const char *name, *text;
} RIGHTS[RIGHT_COUNT] = {
	[RIGHT_KEYS_VIEW] = { "right.keys_view", "right.keys_view_text" },
	[RIGHT_KEYS_EDIT] = { "right.keys_edit", "right.keys_edit_text" },
	[RIGHT_USERS_VIEW] = { "right.users_view", "right.users_view_text" },
	[RIGHT_USERS_EDIT] = { "right.users_edit", "right.users_edit_text" },
	[RIGHT_PROFILES_VIEW] = { "right.profiles_view", "right.profiles_view_text" },
	[RIGHT_PROFILES_EDIT] = { "right.profiles_edit", "right.profiles_edit_text" },
	[RIGHT_CATALOG_VIEW] = { "right.catalog_view", "right.catalog_view_text" },
	[RIGHT_CATALOG_EDIT] = { "right.catalog_edit", "right.catalog_edit_text" },
	[RIGHT_EVENTS_VIEW] = { "right.events_view", "right.events_view_text" },
	[RIGHT_DIAGNOSE] = { "right.diagnose", "right.diagnose_text" },
	[RIGHT_SETTINGS] = { "right.settings", "right.settings_text" },
};

static void append_resource(
	struct api_call *call, const struct record_resource *resource, struct buf *out)
{
	struct record_resource shown = *resource;
	enum right right = RIGHT_NONE;

	if (span_is(resource->product, RIGHT_PRODUCT))
		right = right_of_name(resource->key);
	if (right != RIGHT_NONE)
		shown.name = span_str(message_text(call->http->lang, RIGHTS[right].name));
	resource_append_json(out, &shown);
	if (out->len > 0)
		out->len--; /* the closing brace */
	buf_append_str(out, ",\"description\":");
	if (right != RIGHT_NONE)
		buf_append_json(out, span_str(message_text(call->http->lang, RIGHTS[right].text)));
	else
		buf_append_str(out, "null");
	buf_append_char(out, '}');
}

static enum status item_resource(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_resource resource;
	enum status st = snapshot_resource(call->reading, slot, call->arena, &resource);

	if (st == ST_OK)
		append_resource(call, &resource, out);
	return st;
}

static enum status answer_resource(
	struct api_call *call, unsigned http_status, uint32_t slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(64 * KIB);
	struct record_resource resource;
	enum status st = snapshot_resource(call->reading, slot, call->arena, &resource);

	if (st != ST_OK)
		return st;
	append_resource(call, &resource, &object);
	return api_answer(call, http_status, &object, resource.version, head);
}

static enum status resources_list(struct api_call *call)
{
	struct list_query query = {
		.kind = ENTITY_RESOURCE,
		.search = http_query(call->http, "q"),
	};
	enum status st = api_reading(call);

	return st != ST_OK ? st : api_page(call, &query, item_resource);
}

static enum status resources_create(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "product", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "key", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "category", .kind = BODY_TEXT },
		{ .name = "name", .kind = BODY_TEXT },
	};
	bool answered;
	uint32_t slot;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = api_replay(call, 0, &answered);
	if (st != ST_OK || answered)
		return st;
	st = resource_create(call->change,
		&(struct resource_new){
			.product = fields[0].text,
			.key = fields[1].text,
			.category = fields[2].text,
			.name = fields[3].text,
		},
		&slot, &call->complaint);
	return st != ST_OK ? st : api_answer_created(call, 0, slot, item_resource);
}

static enum status resources_get(struct api_call *call)
{
	uint32_t slot;
	enum status st = api_slot(call, "id", &slot);

	if (st == ST_OK)
		st = api_reading(call);
	return st != ST_OK ? st : answer_resource(call, 200, slot, NULL);
}

static enum status resources_edit(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "category", .kind = BODY_TEXT },
		{ .name = "name", .kind = BODY_TEXT },
	};
	struct record_resource resource;
	struct head head;
	uint32_t slot;
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = api_slot(call, "id", &slot);
	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = snapshot_resource(call->reading, slot, call->arena, &resource);
	if (st == ST_OK)
		st = api_check_version(call, resource.version);
	if (st == ST_OK)
		st = resource_edit(call->change, slot, 0,
			&(struct resource_new){
				.category = fields[0].text, .name = fields[1].text },
			&call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_resource(call, 200, slot, &head);
}

static enum status resources_delete(struct api_call *call)
{
	struct record_resource resource;
	uint32_t slot;
	enum status st = api_slot(call, "id", &slot);

	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = snapshot_resource(call->reading, slot, call->arena, &resource);
	if (st == ST_OK)
		st = api_check_version(call, resource.version);
	if (st == ST_OK)
		st = resource_delete(call->change, slot, &call->complaint);
	return st != ST_OK ? st : api_commit_done(call);
}

/* ---- products: what the resources name ---- */

struct product {
	const char *name;
	size_t resources_count;
};

struct products {
	struct api_call *call;
	struct product *items;
	size_t count, capacity;
};

static enum status product_count(void *arg, const struct record_resource *resource)
{
	struct products *products = arg;

	for (size_t i = 0; i < products->count; i++) {
		if (span_is(resource->product, products->items[i].name)) {
			products->items[i].resources_count++;
			return ST_OK;
		}
	}
	if (products->count == products->capacity) {
		size_t capacity = products->capacity * 2 + 64;
		struct product *grown =
			arena_array(products->call->arena, capacity, sizeof(*grown));

		if (grown == NULL)
			return ST_NO_MEMORY;
		if (products->count > 0)
			memcpy(grown, products->items, products->count * sizeof(*grown));
		products->items = grown;
		products->capacity = capacity;
	}
	products->items[products->count] =
		(struct product){ arena_copy(products->call->arena, resource->product), 1 };
	return products->items[products->count++].name == NULL ? ST_NO_MEMORY : ST_OK;
}

static enum status products_list(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	struct products products = { .call = call };
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = snapshot_each_resource(call->reading, product_count, &products);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"items\":[");
	for (size_t i = 0; i < products.count; i++) {
		buf_append_str(&object, i > 0 ? ",{\"product\":" : "{\"product\":");
		buf_append_json(&object, span_str(products.items[i].name));
		buf_printf(&object, ",\"resources\":%zu}", products.items[i].resources_count);
	}
	buf_append_str(&object, "],\"next\":null}");
	return api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/products", products_list, NULL, 0, RIGHT_CATALOG_VIEW, 0 },
	{ "GET", "/v1/resources", resources_list, "limit cursor q", 0, RIGHT_CATALOG_VIEW, 0 },
	{ "POST", "/v1/resources", resources_create, NULL, LIMIT_BODY, RIGHT_CATALOG_EDIT, 0 },
	{ "GET", "/v1/resources/{id}", resources_get, NULL, 0, RIGHT_CATALOG_VIEW, 0 },
	{ "PATCH", "/v1/resources/{id}", resources_edit, NULL, LIMIT_BODY, RIGHT_CATALOG_EDIT, 0 },
	{ "DELETE", "/v1/resources/{id}", resources_delete, NULL, 0, RIGHT_CATALOG_EDIT, 0 },
};

const struct api_table RESOURCES_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
