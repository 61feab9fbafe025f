/* /v1/services: what routes belong to, with the switches of each. Source: records/catalog.h. */
#include "keeper/api.h"

#include "follow/follow.h"
#include "records/catalog.h"

static enum status answer_service(
	struct api_call *call, unsigned http_status, uint32_t slot, const struct head *head)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(MIB);
	struct record_service service;
	enum status st = snapshot_service(call->reading, slot, call->arena, &service);

	if (st != ST_OK)
		return st;
	service_append_json(&object, &service);
	return api_answer(call, http_status, &object, service.version, head);
}

static enum status item_service(struct api_call *call, uint32_t slot, struct buf *out)
{
	struct record_service service;
	enum status st = snapshot_service(call->reading, slot, call->arena, &service);

	if (st == ST_OK)
		service_append_json(out, &service);
	return st;
}

static enum status services_list(struct api_call *call)
{
	struct list_query query = {
		.kind = ENTITY_SERVICE,
		.search = http_query(call->http, "q"),
	};
	enum status st = api_reading(call);

	return st != ST_OK ? st : api_page(call, &query, item_service);
}

enum { SET_HOSTS, SET_BASE_PATH, SET_UNMAPPED, SET_PREFLIGHT, SET_SEMICOLON, SET_CASE, SET_COUNT };

static void settings_fields(struct body_field fields[SET_COUNT])
{
	fields[SET_HOSTS] = (struct body_field){ .name = "hosts", .kind = BODY_ARRAY };
	fields[SET_BASE_PATH] = (struct body_field){ .name = "basePath", .kind = BODY_TEXT };
	fields[SET_UNMAPPED] = (struct body_field){ .name = "unmapped", .kind = BODY_TEXT };
	fields[SET_PREFLIGHT] = (struct body_field){ .name = "preflight", .kind = BODY_TEXT };
	fields[SET_SEMICOLON] = (struct body_field){ .name = "semicolon", .kind = BODY_TEXT };
	fields[SET_CASE] = (struct body_field){ .name = "caseInsensitive", .kind = BODY_BOOL };
}

/* One of two words: 1 for the first, 2 for the second, as the records number them. */
static enum status read_word(struct api_call *call, const struct body_field *field,
	const char *first, const char *second, int *out)
{
	if (!field->present)
		return ST_OK;
	if (span_is(field->text, first))
		*out = 1;
	else if (span_is(field->text, second))
		*out = 2;
	else
		return api_refuse(call, ST_INVALID, "api.service_switch", "name", field->name);
	return ST_OK;
}

static enum status read_settings(
	struct api_call *call, const struct body_field *fields, struct record_service *service)
{
	int unmapped = (int)service->unmapped, preflight = (int)service->preflight;
	int semicolon = (int)service->semicolon;
	struct span *hosts = NULL;
	enum status st = ST_OK;

	if (fields[SET_HOSTS].present) {
		st = api_texts(
			call, fields[SET_HOSTS].json, "hosts", &hosts, &service->hosts_count);
		service->hosts = hosts;
	}
	if (fields[SET_BASE_PATH].present)
		service->base_path = fields[SET_BASE_PATH].text;
	if (fields[SET_CASE].present)
		service->case_insensitive = fields[SET_CASE].boolean;
	if (st == ST_OK)
		st = read_word(call, &fields[SET_UNMAPPED], "refuse", "authenticated", &unmapped);
	if (st == ST_OK)
		st = read_word(call, &fields[SET_PREFLIGHT], "refuse", "pass", &preflight);
	if (st == ST_OK)
		st = read_word(call, &fields[SET_SEMICOLON], "refuse", "strip", &semicolon);
	service->unmapped = (enum record_unmapped)unmapped;
	service->preflight = (enum record_preflight)preflight;
	service->semicolon = (enum record_semicolon)semicolon;
	return st;
}

static enum status services_create(struct api_call *call)
{
	struct body_field fields[SET_COUNT + 1];
	struct body_field *name = &fields[SET_COUNT];
	struct record_service service = {
		.base_path = SPAN_LIT(""),
		.unmapped = RECORD_UNMAPPED_REFUSE,
		.preflight = RECORD_PREFLIGHT_REFUSE,
		.semicolon = RECORD_SEMICOLON_REFUSE,
	};
	bool answered;
	uint32_t slot;
	enum status st;

	settings_fields(fields);
	*name = (struct body_field){ .name = "name", .kind = BODY_TEXT, .flags = BODY_REQUIRED };
	st = api_body(call, fields, ARRAY_LEN(fields));
	if (st == ST_OK)
		st = read_settings(call, fields, &service);
	service.name = name->text;
	if (st == ST_OK)
		st = api_change(call);
	if (st == ST_OK)
		st = api_replay(call, 0, &answered);
	if (st != ST_OK || answered)
		return st;
	st = service_create(call->change, &service, &slot, &call->complaint);
	if (st == ST_OK)
		st = follow_check_routes(call->reading, &call->complaint);
	return st != ST_OK ? st : api_answer_created(call, 0, slot, item_service);
}

static enum status service_of_path(struct api_call *call, struct record_service *out_service)
{
	return snapshot_service_by_name(
		call->reading, http_param(call->http, "service"), call->arena, out_service);
}

static enum status services_get(struct api_call *call)
{
	struct record_service service;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = service_of_path(call, &service);
	return st != ST_OK ? st : answer_service(call, 200, service.slot, NULL);
}

static enum status services_edit(struct api_call *call)
{
	struct body_field fields[SET_COUNT];
	struct record_service service;
	struct head head;
	enum status st;

	settings_fields(fields);
	st = api_body(call, fields, SET_COUNT);
	if (st == ST_OK)
		st = api_edit(call);
	if (st == ST_OK)
		st = service_of_path(call, &service);
	if (st == ST_OK)
		st = api_check_version(call, service.version);
	if (st == ST_OK)
		st = read_settings(call, fields, &service);
	if (st == ST_OK)
		st = service_edit(call->change, service.slot, 0, &service, &call->complaint);
	if (st == ST_OK)
		st = follow_check_routes(call->reading, &call->complaint);
	if (st == ST_OK)
		st = api_commit(call, &head);
	return st != ST_OK ? st : answer_service(call, 200, service.slot, &head);
}

static enum status services_delete(struct api_call *call)
{
	struct record_service service;
	enum status st = api_edit(call);

	if (st == ST_OK)
		st = service_of_path(call, &service);
	if (st == ST_OK)
		st = api_check_version(call, service.version);
	if (st == ST_OK)
		st = service_delete(call->change, service.slot, &call->complaint);
	return st != ST_OK ? st : api_commit_done(call);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/services", services_list, "limit cursor q", 0, RIGHT_CATALOG_VIEW, 0 },
	{ "POST", "/v1/services", services_create, NULL, LIMIT_BODY, RIGHT_CATALOG_EDIT,
		API_STEP_UP },
	{ "GET", "/v1/services/{service}", services_get, NULL, 0, RIGHT_CATALOG_VIEW, 0 },
	{ "PATCH", "/v1/services/{service}", services_edit, NULL, LIMIT_BODY, RIGHT_CATALOG_EDIT,
		API_STEP_UP },
	{ "DELETE", "/v1/services/{service}", services_delete, NULL, 0, RIGHT_CATALOG_EDIT,
		API_STEP_UP },
};

const struct api_table SERVICES_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
