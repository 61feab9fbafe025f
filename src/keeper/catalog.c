/*
 * /v1/catalog: import with a diff, export, suggest. Source: catalog/catalog.h for
 * reading and merging, records/catalog.h for what is kept.
 *
 * An import is one change: all of its differences are applied, or none.
 */
#include "keeper/catalog_records.h"

#include "keeper/publish.h"

#define REPORT_MAX (64 * MIB)

/* ---- the report as JSON ---- */

static void append_text(struct buf *out, const char *name, const char *value)
{
	buf_append_json(out, span_str(name));
	buf_append_char(out, ':');
	buf_append_json(out, span_str(value));
}

static void append_need(struct buf *out, const char *name, const struct catalog_need *need)
{
	buf_printf(out, "\"%s\":", name);
	if (need->access == CATALOG_PUBLIC) {
		buf_append_str(out, "{\"public\":true}");
		return;
	}
	if (need->access == CATALOG_AUTHENTICATED) {
		buf_append_str(out, "{\"authenticated\":true}");
		return;
	}
	buf_append_str(out, "{\"resources\":[");
	for (size_t i = 0; i < need->resources_count; i++) {
		buf_append_str(out, i > 0 ? ",{" : "{");
		append_text(out, "product", need->resources[i].product);
		buf_append_char(out, ',');
		append_text(out, "key", need->resources[i].key);
		buf_append_char(out, '}');
	}
	buf_append_str(out, "]}");
}

static void append_route_name(
	struct buf *out, const char *service, const char *method, const char *path)
{
	append_text(out, "service", service);
	buf_append_char(out, ',');
	append_text(out, "method", method);
	buf_append_char(out, ',');
	append_text(out, "path", path);
}

static void append_conflicts(struct buf *out, const struct catalog_report *report)
{
	static const char *const kinds[] = { "resource", "service", "route", "profile" };

	buf_append_str(out, ",\"conflicts\":[");
	for (size_t i = 0; i < report->conflicts_count; i++) {
		const struct catalog_conflict *conflict = &report->conflicts[i];

		buf_printf(out, "%s{\"kind\":\"%s\",", i > 0 ? "," : "", kinds[conflict->kind]);
		if (conflict->kind == CATALOG_ROUTE)
			append_route_name(out, conflict->service, conflict->method, conflict->path);
		else
			append_text(out, "name", conflict->name);
		buf_append_char(out, ',');
		append_need(out, "there", &conflict->there);
		buf_append_char(out, ',');
		append_need(out, "incoming", &conflict->incoming);
		buf_append_char(out, ',');
		append_need(out, "result", &conflict->result);
		buf_append_char(out, ',');
		append_text(out, "thereSources", conflict->there_sources);
		buf_append_char(out, ',');
		append_text(out, "incomingSources", conflict->incoming_sources);
		buf_append_char(out, '}');
	}
	buf_append_char(out, ']');
}

static void append_undecided(struct buf *out, enum lang lang, const struct catalog_report *report)
{
	buf_append_str(out, ",\"undecided\":[");
	for (size_t i = 0; i < report->undecided_count; i++) {
		const struct catalog_undecided *undecided = &report->undecided[i];
		struct buf text = buf_heap(4 * KIB);

		catalog_undecided_append(&text, lang, undecided);
		buf_append_str(out, i > 0 ? ",{" : "{");
		append_text(out, "document", undecided->document);
		buf_append_char(out, ',');
		append_route_name(out, undecided->service, undecided->method, undecided->path);
		buf_printf(out,
			",\"reason\":\"%s\",\"detail\":", catalog_reason_name(undecided->reason));
		buf_append_json(out, buf_span(&text));
		buf_append_char(out, '}');
		buf_free(&text);
	}
	buf_append_char(out, ']');
}

static void append_difference(struct buf *out, const struct catalog_difference *difference)
{
	static const char *const changes[] = { "added", "changed", "removed", "noted" };

	buf_printf(out, "{\"change\":\"%s\",", changes[difference->change]);
	if (difference->kind == CATALOG_RESOURCE) {
		const struct catalog_resource *resource = difference->resource.after != NULL
								  ? difference->resource.after
								  : difference->resource.before;

		buf_append_str(out, "\"kind\":\"resource\",");
		append_text(out, "product", resource->product);
		buf_append_char(out, ',');
		append_text(out, "key", resource->key);
	} else if (difference->kind == CATALOG_ROUTE) {
		const struct catalog_route *before = difference->route.before;
		const struct catalog_route *after = difference->route.after;
		const struct catalog_route *route = after != NULL ? after : before;

		buf_append_str(out, "\"kind\":\"route\",");
		append_route_name(out, route->service, route->method, route->path);
		if (before != NULL) {
			buf_append_char(out, ',');
			append_need(out, "before", &before->need);
		}
		if (after != NULL) {
			buf_append_char(out, ',');
			append_need(out, "after", &after->need);
		}
	} else if (difference->kind == CATALOG_SERVICE) {
		buf_append_str(out, "\"kind\":\"service\",");
		append_text(out, "name",
			(difference->service.after != NULL ? difference->service.after
							   : difference->service.before)
				->name);
	} else {
		buf_append_str(out, "\"kind\":\"profile\",");
		append_text(out, "name",
			(difference->profile.after != NULL ? difference->profile.after
							   : difference->profile.before)
				->name);
	}
	buf_append_char(out, '}');
}

static void append_claim(struct buf *out, const char *name, const struct catalog_route *route)
{
	buf_printf(out, ",\"%s\":{", name);
	append_route_name(out, route->service, route->method, route->path);
	buf_append_char(out, ',');
	append_need(out, "needs", &route->need);
	buf_append_char(out, '}');
}

/* What the gates will refuse as route_ambiguous, each with an example. */
static void append_ambiguous(struct buf *out, const struct catalog_report *report)
{
	buf_append_str(out, ",\"ambiguous\":[");
	for (size_t i = 0; i < report->ambiguous_count; i++) {
		const struct catalog_ambiguous *item = &report->ambiguous[i];

		buf_printf(out, "%s{\"kind\":\"%s\",", i > 0 ? "," : "",
			item->slash ? "slash" : "crossing");
		append_text(out, "method", item->method);
		buf_append_char(out, ',');
		append_text(out, "path", item->path);
		append_claim(out, "route", item->route);
		append_claim(out, "otherRoute", item->other);
		buf_append_char(out, '}');
	}
	buf_printf(out, "],\"ambiguousIncomplete\":%s",
		report->ambiguous_incomplete ? "true" : "false");
}

static size_t count_changes(const struct catalog_report *report, enum catalog_change change)
{
	size_t count = 0;

	for (size_t i = 0; i < report->differences_count; i++)
		count += report->differences[i].change == change;
	return count;
}

static void append_report(
	struct api_call *call, const struct catalog_report *report, bool dry_run, struct buf *out)
{
	buf_printf(out,
		"{\"dryRun\":%s,\"operations\":%zu,\"services\":%zu,\"routes\":%zu,\"resources\":%"
		"zu,"
		"\"added\":%zu,\"changed\":%zu,\"removed\":%zu,\"unchanged\":%zu",
		dry_run ? "true" : "false", report->operations_count, report->services_count,
		report->routes_count, report->resources_count, count_changes(report, CATALOG_ADDED),
		count_changes(report, CATALOG_CHANGED), count_changes(report, CATALOG_REMOVED),
		report->unchanged_count);
	append_conflicts(out, report);
	append_undecided(out, call->http->lang, report);
	append_ambiguous(out, report);
	buf_append_str(out, ",\"diff\":[");
	for (size_t i = 0; i < report->differences_count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		append_difference(out, &report->differences[i]);
	}
	buf_append_char(out, ']');
}

/* ---- import ---- */

struct import {
	struct catalog_document *documents;
	size_t documents_count;
	struct catalog_import options;
	bool dry_run;
};

static enum status read_documents(struct api_call *call, const json_t *array, struct import *import)
{
	size_t count = json_array_size(array);

	if (count == 0)
		return api_refuse(call, ST_INVALID, "api.documents_missing", NULL, NULL);
	import->documents = arena_array(call->arena, count, sizeof(*import->documents));
	if (import->documents == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct body_field fields[] = {
			{ .name = "name", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
			{ .name = "text", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
		};
		const json_t *item = json_array_get(array, i);
		enum status st;

		if (!json_is_object(item))
			return api_refuse(
				call, ST_INVALID, "api.field_not_object", "name", "documents");
		st = api_object(call, item, fields, ARRAY_LEN(fields));
		if (st != ST_OK)
			return st;
		/* Jansson's texts end with NUL, and BODY_TEXT holds none inside. */
		import->documents[i] =
			(struct catalog_document){ fields[1].text, fields[0].text.ptr };
	}
	import->documents_count = count;
	return ST_OK;
}

static enum status read_policy(
	struct api_call *call, const struct body_field *field, enum catalog_policy *out_policy)
{
	if (!field->present || span_is(field->text, "fail"))
		*out_policy = CATALOG_FAIL;
	else if (span_is(field->text, "narrow"))
		*out_policy = CATALOG_NARROW;
	else if (span_is(field->text, "widen"))
		*out_policy = CATALOG_WIDEN;
	else
		return api_refuse(call, ST_INVALID, "api.on_conflict", NULL, NULL);
	return ST_OK;
}

static enum status read_import(struct api_call *call, struct import *import)
{
	struct body_field fields[] = {
		{ .name = "documents", .kind = BODY_ARRAY, .flags = BODY_REQUIRED },
		{ .name = "service", .kind = BODY_TEXT },
		{ .name = "onConflict", .kind = BODY_TEXT },
		{ .name = "servers", .kind = BODY_TEXT },
		{ .name = "prune", .kind = BODY_BOOL },
		{ .name = "dryRun", .kind = BODY_BOOL },
	};
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (st == ST_OK)
		st = read_documents(call, fields[0].json, import);
	if (st == ST_OK)
		st = read_policy(call, &fields[2], &import->options.merge.policy);
	if (st != ST_OK)
		return st;
	if (fields[3].present && !span_is(fields[3].text, "follow") &&
		!span_is(fields[3].text, "ignore"))
		return api_refuse(call, ST_INVALID, "api.servers", NULL, NULL);
	import->options.service = fields[1].present ? fields[1].text.ptr : NULL;
	import->options.servers =
		span_is(fields[3].text, "ignore") ? CATALOG_SERVERS_IGNORE : CATALOG_SERVERS_FOLLOW;
	import->options.merge.prune = fields[4].boolean;
	import->dry_run = fields[5].boolean;
	return ST_OK;
}

/* 409 with the whole list, so that a person can decide. */
static enum status answer_conflicts(
	struct api_call *call, const struct catalog_report *report, struct buf *object)
{
	CLEANUP(buf_free)
	struct buf detail = buf_heap(4 * KIB);

	message_append(&detail, call->http->lang, "api.catalog_conflicts", NULL, 0);
	append_report(call, report, true, object);
	buf_append_str(object, ",\"code\":\"api.catalog_conflicts\",");
	append_text(object, "detail", buf_str(&detail));
	buf_append_char(object, '}');
	return api_answer(call, 409, object, 0, NULL);
}

static enum status apply_and_answer(struct api_call *call, const struct catalog_report *report,
	bool dry_run, struct buf *object)
{
	struct head head;
	enum status st;

	if (!dry_run) {
		st = catalog_records_apply(call, report);
		if (st == ST_OK)
			st = api_commit(call, &head);
		if (st != ST_OK)
			return st;
	}
	append_report(call, report, dry_run, object);
	buf_append_char(object, '}');
	return api_answer(call, 200, object, 0, dry_run ? NULL : &head);
}

static enum status catalog_import_request(struct api_call *call)
{
	CLEANUP(catalog_free)
	struct catalog *base = NULL;
	CLEANUP(catalog_free)
	struct catalog *merged = NULL;
	CLEANUP(catalog_report_free)
	struct catalog_report *report = catalog_report_make();
	CLEANUP(buf_free)
	struct buf object = buf_heap(REPORT_MAX);
	struct import import = { .documents = NULL };
	enum status st;

	if (report == NULL)
		return ST_NO_MEMORY;
	st = read_import(call, &import);
	if (st == ST_OK)
		st = import.dry_run ? api_reading(call) : api_change(call);
	if (st == ST_OK)
		st = catalog_records_read(call, &base);
	if (st != ST_OK)
		return st;
	import.options.base = base;
	import.options.documents = import.documents;
	import.options.documents_count = import.documents_count;
	st = catalog_import(&import.options, report, &merged, &call->complaint);
	if (st == ST_CONFLICT)
		return answer_conflicts(call, report, &object);
	return st != ST_OK ? st : apply_and_answer(call, report, import.dry_run, &object);
}

/* ---- export and suggest ---- */

static bool wants_yaml(const struct api_call *call)
{
	struct span accept = http_header_once(call->http->request, "Accept");

	return span_is(accept, "application/yaml");
}

static enum status answer_catalog(struct api_call *call, const struct catalog *catalog, bool yaml)
{
	CLEANUP(buf_free)
	struct buf text = buf_heap(REPORT_MAX);
	enum status st = catalog_write(catalog, yaml ? CATALOG_YAML : CATALOG_JSON, &text);

	if (st != ST_OK)
		return st;
	call->response->status = 200;
	call->response->content_type = yaml ? "application/yaml" : "application/json";
	http_response_header(call->response, "Cache-Control", SPAN_LIT("no-store"));
	buf_append(&call->response->body, buf_span(&text));
	return buf_ok(&call->response->body) ? ST_OK : ST_NO_MEMORY;
}

static enum status catalog_export(struct api_call *call)
{
	CLEANUP(catalog_free)
	struct catalog *catalog = NULL;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = catalog_records_read(call, &catalog);
	return st != ST_OK ? st : answer_catalog(call, catalog, wants_yaml(call));
}

static enum status catalog_suggest_request(struct api_call *call)
{
	struct body_field fields[] = {
		{ .name = "name", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		{ .name = "text", .kind = BODY_RAW_TEXT, .flags = BODY_REQUIRED },
		{ .name = "service", .kind = BODY_TEXT },
	};
	CLEANUP(catalog_free)
	struct catalog *known = NULL;
	CLEANUP(catalog_free)
	struct catalog *suggested = NULL;
	CLEANUP(catalog_report_free)
	struct catalog_report *report = catalog_report_make();
	struct catalog_read_options options = { .service = NULL };
	enum status st = api_body(call, fields, ARRAY_LEN(fields));

	if (report == NULL)
		return ST_NO_MEMORY;
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = catalog_records_read(call, &known);
	if (st != ST_OK)
		return st;
	options.known = known;
	options.service = fields[2].present ? fields[2].text.ptr : NULL;
	st = catalog_suggest(&(struct catalog_document){ fields[1].text, fields[0].text.ptr },
		&options, report, &suggested, &call->complaint);
	if (st != ST_OK)
		return st;
	catalog_sort(suggested);
	return answer_catalog(call, suggested, wants_yaml(call));
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/catalog", catalog_export, NULL, 0, RIGHT_CATALOG_VIEW, 0 },
	{ "POST", "/v1/catalog/import", catalog_import_request, NULL, LIMIT_BODY_IMPORT,
		RIGHT_CATALOG_EDIT, API_STEP_UP },
	{ "POST", "/v1/catalog/suggest", catalog_suggest_request, NULL, LIMIT_BODY_IMPORT,
		RIGHT_CATALOG_EDIT, 0 },
};

const struct api_table CATALOG_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
