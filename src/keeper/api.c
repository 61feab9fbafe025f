#include "keeper/api.h"

#include "base/clock.h"
#include "base/log.h"
#include "keeper/console.h"
#include "keeper/now.h"
#include "keeper/publish.h"
#include "keeper/query.h"
#include "key/mask.h"

#include <stdlib.h>

#define ANSWER_MAX (16 * MIB)
/* Deeper than any of our bodies; Jansson's own limit is far higher. */
#define BODY_DEPTH_MAX 16
#define STRANGER_BODY_MAX (64 * KIB)

/* ---- the router ---- */

struct api {
	struct keeper *keeper;
	struct http_route *http;
	const struct api_route **routes; /* the same order */
	size_t count;
};

static const struct api_table *const TABLES[] = {
	&STATUS_TABLE,
	&ACCOUNTS_TABLE,
	&USERS_TABLE,
	&PROFILES_TABLE,
	&RESOURCES_TABLE,
	&SERVICES_TABLE,
	&ROUTES_TABLE,
	&CATALOG_TABLE,
	&KEYS_TABLE,
	&KEY_CHANGES_TABLE,
	&CHAIN_TABLE,
	&EVENTS_TABLE,
	&EXPLAIN_TABLE,
	&REFUSALS_TABLE,
	&USAGE_TABLE,
	&KEY_USAGE_TABLE,
	&HANDOVERS_TABLE,
	&MANAGEMENT_TOKENS_TABLE,
	&OWNER_TABLE,
	&LOGIN_TABLE,
	&ENROLMENTS_TABLE,
	&SESSIONS_TABLE,
	&PAGES_TABLE,
};

static void call_end(struct api_call *call)
{
	change_abort(&call->change);
	snapshot_end(&call->own_reading);
	json_decref(call->body);
	call->body = NULL;
	call->reading = NULL;
}

const char *api_fault_key(enum status st)
{
	switch (st) {
	case ST_UNKNOWN:
		return "api.outcome_unknown";
	case ST_NO_SPACE:
		return "records.no_space";
	case ST_IO:
		return "api.disk_failed";
	case ST_DAMAGED: /* SQLite says so as well when a read fails with EIO */
	case ST_FORMAT:
		return "api.records_damaged";
	case ST_NO_MEMORY:
		return "api.memory_short";
	default:
		return NULL;
	}
}

/*
 * A fault of ours: a line in the log, and words that do not say more than is
 * known. "Nothing was changed" must be true wherever it stands.
 */
static void fault_tell(struct api_call *call, enum status st)
{
	bool passing = http_status_of(st) < 500 || st == ST_UNAVAILABLE || st == ST_BUSY;

	if (passing && !call->committed)
		return;
	log_error("request_failed", LOG_STR("status", status_name(st)),
		LOG_STR("requestId", call->http->request->id));
	if (call->complaint.key != NULL)
		return;
	complaint_set(
		&call->complaint, call->committed ? "api.made_not_shown" : api_fault_key(st), 0);
}

/*
 * Whoever reaches the unix socket is the operator; an address proves nobody,
 * loopback included: any program of the machine, or a page in a browser, could come by it.
 */
static bool is_operator(const struct http_peer *peer)
{
	return peer->kind == HTTP_PEER_UNIX;
}

/* Who calls, and may he? What is not /v1 is open to all that reach the listener. */
static enum status admit(struct api_call *call, const struct api_route *route)
{
	enum status st;

	if (!span_starts_with(span_str(route->pattern), SPAN_LIT("/v1/")))
		return ST_OK;
	if (call->http->request->peer->kind == HTTP_PEER_IP && !caller_host_is_own(call)) {
		call->problem_status = 421;
		return api_refuse(call, ST_DENIED, "api.host_foreign", NULL, NULL);
	}
	/* What proves itself is not asked for another proof, and a stale one does not stand in its
	 * way. */
	if (route->need == NEED_NOBODY)
		return ST_OK;
	st = caller_find(call);
	return st != ST_OK ? st : caller_admit(call, route->need, route->flags);
}

static void answer_problem(struct api_call *call, enum status st)
{
	unsigned http_status =
		call->problem_status != 0 ? call->problem_status : http_status_of(st);

	http_problem(call->response, call->http->request, http_status, &call->complaint);
	if (http_status == 401)
		http_response_header(
			call->response, "WWW-Authenticate", SPAN_LIT("Bearer realm=\"llavero\""));
}

static enum status api_enter(
	void *context, const struct http_call *http, struct http_response *response)
{
	struct api *api = context;
	struct api_call call = {
		.keeper = api->keeper,
		.http = http,
		.response = response,
		.arena = http->arena,
		.now_us = now_read(api->keeper),
	};
	const struct api_route *route = api->routes[http->route - api->http];
	enum status st;

	st = admit(&call, route);
	if (st == ST_OK)
		st = route->handle(&call);
	if (st != ST_OK) {
		fault_tell(&call, st);
		answer_problem(&call, st);
	}
	call_end(&call);
	caller_seen(&call);
	return ST_OK;
}

enum status api_make(struct keeper *keeper, struct api **out_api)
{
	struct api *api = calloc(1, sizeof(*api));
	size_t at = 0;

	if (api == NULL)
		return ST_NO_MEMORY;
	api->keeper = keeper;
	for (size_t i = 0; i < ARRAY_LEN(TABLES); i++)
		api->count += TABLES[i]->count;
	api->http = calloc(api->count, sizeof(*api->http));
	api->routes = calloc(api->count, sizeof(const struct api_route *));
	if (api->http == NULL || api->routes == NULL) {
		api_free(&api);
		return ST_NO_MEMORY;
	}
	for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
		for (size_t k = 0; k < TABLES[i]->count; k++, at++) {
			const struct api_route *route = &TABLES[i]->routes[k];

			api->routes[at] = route;
			api->http[at] = (struct http_route){
				.method = route->method,
				.pattern = route->pattern,
				.handle = api_enter,
				.query = route->query,
				.body_max = route->body_max,
			};
		}
	}
	*out_api = api;
	return ST_OK;
}

void api_free(struct api **api)
{
	if (*api == NULL)
		return;
	free((*api)->http);
	free((void *)(*api)->routes);
	free(*api);
	*api = NULL;
}

enum status api_handle(
	void *api_context, const struct http_request *request, struct http_response *response)
{
	struct api *api = api_context;
	struct http_routes routes = { api->http, api->count };
	enum status st = console_handle(request, api->keeper->setup->app_key_prefix, response);

	if (st == ST_NOT_FOUND)
		st = http_dispatch(&routes, api, request, response);
	if (st != ST_OK)
		http_problem_status(response, request, st, NULL);
	return ST_OK;
}

/* A body beyond a stranger's, of somebody who may use its route. */
static bool may_send(struct api *api, const struct http_request *request)
{
	const struct http_routes routes = { api->http, api->count };
	struct span length = http_header_once(request, "Content-Length");
	const struct http_route *route = http_routes_find(&routes, request);
	struct http_call http = { .request = request, .arena = http_request_arena(request) };
	struct api_call call = { .keeper = api->keeper,
		.http = &http,
		.arena = http.arena,
		.now_us = now_read(api->keeper) };
	uint64_t bytes;
	bool may;

	if (route == NULL || http.arena == NULL || !span_to_u64(length, &bytes) ||
		bytes <= STRANGER_BODY_MAX)
		return false;
	may = admit(&call, api->routes[route - api->http]) == ST_OK &&
	      call.caller.kind != CALLER_NOBODY;
	call_end(&call);
	return may;
}

size_t api_body_max_stranger(const struct api *api, const struct http_request *request)
{
	struct http_routes routes = { api->http, api->count };
	size_t most = http_routes_body_max(&routes, request);

	return most < STRANGER_BODY_MAX ? most : STRANGER_BODY_MAX;
}

size_t api_body_max(struct api *api, const struct http_request *request)
{
	struct http_routes routes = { api->http, api->count };

	/* Who may not is told so whatever the body is: no memory for a large one. */
	if (is_operator(request->peer) || may_send(api, request))
		return http_routes_body_max(&routes, request);
	return api_body_max_stranger(api, request);
}

/* ---- reading a body ---- */

enum status api_refuse(
	struct api_call *call, enum status st, const char *key, const char *name, const char *value)
{
	if (name == NULL)
		complaint_set(&call->complaint, key, 0);
	else
		complaint_set(&call->complaint, key, 1, name, value);
	mask_complaint(&call->complaint);
	return st;
}

static bool is_json_type(struct span type)
{
	size_t end = span_find(type, ';');

	while (end > 0 && type.ptr[end - 1] == ' ')
		end--;
	return span_equal_nocase(span_part(type, 0, end), SPAN_LIT("application/json"));
}

static bool too_deep(const json_t *value, int depth)
{
	const char *name;
	json_t *item;
	size_t index;

	if (depth > BODY_DEPTH_MAX)
		return true;
	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, name,
			item) if (too_deep(item, depth + 1)) return true;
	} else if (json_is_array(value)) {
		json_array_foreach(value, index, item) if (too_deep(item, depth + 1)) return true;
	}
	return false;
}

static enum status body_parse(struct api_call *call)
{
	const struct http_request *request = call->http->request;
	json_error_t error;
	char where[32];

	if (request->body.len == 0)
		return api_refuse(call, ST_INVALID, "api.body_missing", NULL, NULL);
	if (!is_json_type(http_header_once(request, "Content-Type")))
		return api_refuse(
			call, ST_INVALID, "api.content_type", "expected", "application/json");
	call->body =
		json_loadb(request->body.ptr, request->body.len, JSON_REJECT_DUPLICATES, &error);
	if (call->body == NULL) {
		struct buf text = BUF_ARRAY(where);

		bool nul = json_error_code(&error) == json_error_null_character ||
			   json_error_code(&error) == json_error_null_byte_in_key;

		/* Only the place: error.text may quote the body, and with it a secret. */
		buf_printf(&text, "%d:%d", error.line, error.column);
		return api_refuse(call, ST_INVALID, nul ? "api.body_nul" : "api.body_not_json",
			"place", buf_str(&text));
	}
	if (!json_is_object(call->body))
		return api_refuse(call, ST_INVALID, "api.body_not_object", NULL, NULL);
	if (too_deep(call->body, 0))
		return api_refuse(call, ST_INVALID, "api.body_too_deep", NULL, NULL);
	return ST_OK;
}

static bool text_is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.ptr[i];

		if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F)
			return false;
	}
	return true;
}

static enum status field_read_text(struct api_call *call, struct body_field *field, json_t *value)
{
	if (!json_is_string(value))
		return api_refuse(call, ST_INVALID, "api.field_not_text", "name", field->name);
	field->text = span_of(json_string_value(value), json_string_length(value));
	if (field->kind != BODY_RAW_TEXT && !text_is_plain(field->text))
		return api_refuse(call, ST_INVALID, "api.field_control", "name", field->name);
	if (field->kind != BODY_TIME)
		return ST_OK;
	if (clock_parse_rfc3339(field->text, &field->number) != ST_OK)
		return api_refuse(call, ST_INVALID, "api.field_not_time", "name", field->name);
	/* 0 says that there is none. Who sends that instant means one that is long over. */
	if (field->number == 0)
		field->number = 1;
	return ST_OK;
}

static enum status field_read(struct api_call *call, struct body_field *field, json_t *value)
{
	field->present = true;
	field->json = value;
	if (json_is_null(value)) {
		field->is_null = true;
		if ((field->flags & BODY_NULLABLE) == 0)
			return api_refuse(call, ST_INVALID, "api.field_null", "name", field->name);
		return ST_OK;
	}
	switch (field->kind) {
	case BODY_RAW_TEXT:
	case BODY_TEXT:
	case BODY_TIME:
		return field_read_text(call, field, value);
	case BODY_BOOL:
		if (!json_is_boolean(value))
			return api_refuse(
				call, ST_INVALID, "api.field_not_bool", "name", field->name);
		field->boolean = json_is_true(value);
		return ST_OK;
	case BODY_INTEGER:
		if (!json_is_integer(value))
			return api_refuse(
				call, ST_INVALID, "api.field_not_integer", "name", field->name);
		field->number = json_integer_value(value);
		return ST_OK;
	case BODY_ARRAY:
		if (!json_is_array(value))
			return api_refuse(
				call, ST_INVALID, "api.field_not_array", "name", field->name);
		return ST_OK;
	case BODY_OBJECT:
		if (!json_is_object(value))
			return api_refuse(
				call, ST_INVALID, "api.field_not_object", "name", field->name);
		return ST_OK;
	case BODY_ANY:
		return ST_OK;
	}
	return ST_INVALID;
}

static struct body_field *field_find(struct body_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

enum status api_object(
	struct api_call *call, const json_t *object, struct body_field *fields, size_t count)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		struct body_field *field = field_find(fields, count, name);
		enum status st;

		if (field == NULL)
			return api_refuse(call, ST_INVALID, "api.field_unknown", "name", name);
		st = field_read(call, field, value);
		if (st != ST_OK)
			return st;
	}
	for (size_t i = 0; i < count; i++) {
		if ((fields[i].flags & BODY_REQUIRED) != 0 && !fields[i].present)
			return api_refuse(
				call, ST_INVALID, "api.field_missing", "name", fields[i].name);
	}
	return ST_OK;
}

enum status api_body(struct api_call *call, struct body_field *fields, size_t count)
{
	enum status st = body_parse(call);

	return st != ST_OK ? st : api_object(call, call->body, fields, count);
}

enum status api_texts(struct api_call *call, const json_t *array, const char *name,
	struct span **out_texts, size_t *out_count)
{
	size_t count = json_array_size(array);
	struct span *texts = arena_array(call->arena, count + 1, sizeof(*texts));

	if (texts == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(array, i);

		if (!json_is_string(item))
			return api_refuse(call, ST_INVALID, "api.field_not_texts", "name", name);
		texts[i] = span_of(json_string_value(item), json_string_length(item));
	}
	*out_texts = texts;
	*out_count = count;
	return ST_OK;
}

/* ---- records ---- */

static enum status records_present(struct api_call *call)
{
	if (__atomic_load_n(&call->keeper->records, __ATOMIC_ACQUIRE) != NULL)
		return ST_OK;
	call->complaint = call->keeper->held;
	return ST_UNAVAILABLE;
}

enum status api_reading(struct api_call *call)
{
	enum status st = records_present(call);

	if (st != ST_OK || call->reading != NULL)
		return st;
	st = snapshot_begin(call->keeper->records, &call->own_reading);
	call->reading = call->own_reading;
	return st;
}

void api_actor(const struct api_call *call, struct buf *address, struct actor *out_actor)
{
	const struct http_peer *peer = call->http->request->peer;

	http_peer_append(address, peer);
	*out_actor = (struct actor){
		/* Nobody is a user that there is not: he may nothing. */
		.kind = call->caller.kind == CALLER_OPERATOR ? ACTOR_OPERATOR
			: call->caller.kind == CALLER_TOKEN  ? ACTOR_TOKEN
							     : ACTOR_USER,
		.user_slot = call->caller.user_slot,
		.session_slot = call->caller.session_slot,
		.token_slot = call->caller.token_slot,
		.peer_uid = peer->kind == HTTP_PEER_UNIX ? (int64_t)peer->uid : -1,
		.address = buf_span(address),
		.request_id = span_str(call->http->request->id),
	};
}

enum status api_change_as(struct api_call *call, const struct actor *actor)
{
	enum status st = records_present(call);

	if (st != ST_OK)
		return st;
	/* A change has its own reading; one from before would show an older state. */
	snapshot_end(&call->own_reading);
	st = change_begin(call->keeper->records, actor, call->now_us, &call->change);
	if (st != ST_OK) {
		call->reading = NULL;
		return st;
	}
	call->reading = change_reading(call->change);
	return ST_OK;
}

enum status api_change(struct api_call *call)
{
	char memory[80];
	struct buf address = BUF_ARRAY(memory);
	struct actor actor;

	api_actor(call, &address, &actor);
	return api_change_as(call, &actor);
}

enum status api_commit_unread(struct api_call *call, struct head *out_head)
{
	enum status st;

	call->reading = NULL;
	st = change_commit(&call->change, out_head);
	if (st == ST_OK)
		api_settle(call, out_head);
	return st;
}

enum status api_commit(struct api_call *call, struct head *out_head)
{
	enum status st = api_commit_unread(call, out_head);

	return st != ST_OK ? st : api_reading(call);
}

void api_settle(struct api_call *call, const struct head *head)
{
	/*
	 * The change stands whatever happens now, and a token must be shown: a late
	 * index is told in the answer ("indexed": false), it is no failure.
	 */
	enum status st = publisher_wait(call->keeper->publisher, head);

	call->committed = true;
	call->indexed = st == ST_OK;
	if (st != ST_OK)
		log_warn("index_late", LOG_STR("status", status_name(st)),
			LOG_NUM("revision", head->revision),
			LOG_STR("requestId", call->http->request->id));
}

bool api_sees(const struct api_call *call, uint32_t account_slot)
{
	/* Nobody comes to routes only that ask for a proof of their own. */
	return call->caller.kind == CALLER_OPERATOR || call->caller.kind == CALLER_NOBODY ||
	       call->caller.account_slot == account_slot;
}

enum status api_scope(const struct api_call *call, uint32_t account_slot)
{
	return api_sees(call, account_slot) ? ST_OK : ST_NOT_FOUND;
}

uint32_t api_viewer(const struct api_call *call)
{
	return call->caller.kind == CALLER_OPERATOR ? VIEWER_ALL : call->caller.account_slot;
}

enum status api_account(struct api_call *call, struct span name, struct record_account *out_account)
{
	enum status st;

	if (!span_present(name)) {
		if (call->caller.account_slot == 0)
			return api_refuse(call, ST_INVALID, "api.account_missing", NULL, NULL);
		return snapshot_account(
			call->reading, call->caller.account_slot, call->arena, out_account);
	}
	st = snapshot_account_by_name(call->reading, name, call->arena, out_account);
	if (st == ST_OK)
		st = api_scope(call, out_account->slot);
	if (st == ST_NOT_FOUND) {
		const char *text = arena_copy(call->arena, name);

		return api_refuse(call, ST_NOT_FOUND, "api.account_unknown", "account",
			text == NULL ? "" : text);
	}
	return st;
}

enum status api_slot(struct api_call *call, const char *param, uint32_t *out_slot)
{
	uint64_t value;

	if (!span_to_u64(http_param(call->http, param), &value) || value == 0 || value > UINT32_MAX)
		return ST_NOT_FOUND;
	*out_slot = (uint32_t)value;
	return ST_OK;
}

enum status api_query_bool(struct api_call *call, const char *name, bool *out_value)
{
	struct span value = http_query(call->http, name);

	*out_value = span_is(value, "true");
	if (span_present(value) && !*out_value && !span_is(value, "false"))
		return api_refuse(call, ST_INVALID, "api.query_bool", "name", name);
	return ST_OK;
}

/* The version in If-Match; 0 without one. */
static enum status read_if_match(struct api_call *call, int64_t *out_version)
{
	struct span tag;
	uint64_t version;

	*out_version = 0;
	switch (http_header_find(call->http->request, "If-Match", &tag)) {
	case HTTP_ABSENT:
		return ST_OK;
	case HTTP_ONCE:
		break;
	default:
		return api_refuse(call, ST_INVALID, "api.if_match", NULL, NULL);
	}
	if (span_is(tag, "*"))
		return ST_OK;
	if (tag.len < 3 || tag.ptr[0] != '"' || tag.ptr[tag.len - 1] != '"' ||
		!span_to_u64(span_part(tag, 1, tag.len - 2), &version) || version == 0 ||
		version > INT64_MAX)
		return api_refuse(call, ST_INVALID, "api.if_match", NULL, NULL);
	*out_version = (int64_t)version;
	return ST_OK;
}

enum status api_edit(struct api_call *call)
{
	enum status st = read_if_match(call, &call->if_match);

	return st != ST_OK ? st : api_change(call);
}

enum status api_check_version(struct api_call *call, int64_t present)
{
	if (call->if_match == 0 || call->if_match == present)
		return ST_OK;
	return api_refuse(call, ST_STALE, "api.changed_meanwhile", NULL, NULL);
}

/* ---- answering ---- */

static void answer_begin(struct api_call *call, unsigned http_status)
{
	call->response->status = http_status;
	call->response->content_type = "application/json";
	http_response_header(call->response, "Cache-Control", SPAN_LIT("no-store"));
}

static void append_head(const struct api_call *call, struct buf *body, const struct head *head)
{
	buf_printf(body, "\"epoch\":%lld,\"revision\":%lld,\"indexed\":%s", (long long)head->epoch,
		(long long)head->revision, call->indexed ? "true" : "false");
}

enum status api_answer(struct api_call *call, unsigned http_status, const struct buf *object,
	int64_t version, const struct head *head)
{
	struct buf *body = &call->response->body;
	struct span text = buf_span(object);
	char tag[32];
	struct buf etag = BUF_ARRAY(tag);

	if (!buf_ok(object) || text.len < 2)
		return ST_NO_MEMORY;
	answer_begin(call, http_status);
	if (version > 0) {
		buf_printf(&etag, "\"%lld\"", (long long)version);
		http_response_header(call->response, "ETag", buf_span(&etag));
	}
	buf_append(body, span_part(text, 0, text.len - 1));
	if (head != NULL) {
		if (text.len > 2)
			buf_append_char(body, ',');
		append_head(call, body, head);
	}
	buf_append_char(body, '}');
	return buf_ok(body) ? ST_OK : ST_NO_MEMORY;
}

enum status api_answer_done(struct api_call *call, const struct head *head)
{
	char memory[3];
	struct buf empty = BUF_ARRAY(memory);

	buf_append_str(&empty, "{}");
	return api_answer(call, 200, &empty, 0, head);
}

enum status api_commit_done(struct api_call *call)
{
	struct head head;
	enum status st = api_commit_unread(call, &head);

	return st != ST_OK ? st : api_answer_done(call, &head);
}

static enum status page_limit(struct api_call *call, struct list_query *query)
{
	struct span cursor = http_query(call->http, "cursor");
	uint64_t value;
	enum status st = query_limit(call, &query->count_max);

	if (st == ST_OK && span_present(cursor)) {
		if (!span_to_u64(cursor, &value) || value > UINT32_MAX)
			return api_refuse(call, ST_INVALID, "api.cursor", NULL, NULL);
		query->after_slot = (uint32_t)value;
	}
	return st;
}

enum status api_page(struct api_call *call, struct list_query *query,
	enum status (*item)(struct api_call *call, uint32_t slot, struct buf *out))
{
	struct buf *body = &call->response->body;
	uint32_t slots[LIMIT_PAGE];
	size_t count = 0;
	enum status st = page_limit(call, query);

	if (st == ST_OK)
		st = snapshot_list(call->reading, query, slots, &count);
	if (st != ST_OK)
		return st;
	answer_begin(call, 200);
	buf_append_str(body, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(body, ',');
		st = item(call, slots[i], body);
		if (st != ST_OK)
			return st;
	}
	/* A full page may be the last one: then the next is empty, which is right too. */
	if (count == query->count_max)
		buf_printf(body, "],\"next\":\"%u\"}", slots[count - 1]);
	else
		buf_append_str(body, "],\"next\":null}");
	return buf_ok(body) ? ST_OK : ST_NO_MEMORY;
}
