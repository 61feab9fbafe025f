/*
 * One request, from the library's callbacks to the handler.
 *
 *   R1  request_begin sees the target before the library decodes it, and keeps
 *       a copy: what handlers get is the raw one.
 *   R2  No handler runs before layout_read and strict_check have passed.
 *   R3  What can hold a credential (header block, target, body, answer) is wiped
 *       when the request ends; the library itself only clears it for the next
 *       one. What never became a request goes with the connection's memory.
 */
#include "http/internal.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "http/problem.h"

#include <stdlib.h>

/* Of equal length. Few such names share their last letter: most are told apart without a call. */
static bool same_name(struct span a, struct span b)
{
	return a.len > 0 && ((a.ptr[a.len - 1] ^ b.ptr[b.len - 1]) & ~('a' ^ 'A')) == 0 &&
	       (memcmp(a.ptr, b.ptr, a.len) == 0 || span_equal_nocase(a, b));
}

enum http_lookup http_header_get(
	const struct http_request *request, struct span name, struct span *out_value)
{
	const struct http_header *end = request->headers + request->headers_count;
	enum http_lookup found = HTTP_ABSENT;

	*out_value = SPAN_ABSENT;
	for (const struct http_header *header = request->headers; header < end; header++) {
		if (header->name.len != name.len || !same_name(header->name, name))
			continue;
		if (found == HTTP_ONCE)
			return HTTP_REPEATED;
		found = HTTP_ONCE;
		*out_value = header->value;
	}
	return found;
}

enum http_lookup http_header_find(
	const struct http_request *request, const char *name, struct span *out_value)
{
	return http_header_get(request, span_str(name), out_value);
}

struct span http_header_once(const struct http_request *request, const char *name)
{
	struct span value;

	return http_header_find(request, name, &value) == HTTP_ONCE ? value : SPAN_ABSENT;
}

enum lang http_request_lang(const struct http_request *request)
{
	return lang_accept(http_header_once(request, "Accept-Language"), LANG_EN);
}

struct arena *http_request_arena(const struct http_request *request)
{
	struct request_state *state = request->state;

	if (state->arena == NULL)
		state->arena = arena_make(ARENA_MAX);
	return state->arena;
}

/* Memory of the library that it hands out as const and clears only later (R3). */
static void wipe_borrowed(const char *bytes, size_t len)
{
	explicit_bzero((void *)(uintptr_t)bytes, len);
}

static struct request_state *state_take(struct http_server *server)
{
	struct request_state *state = server->free_states;

	if (state != NULL) {
		server->free_states = state->next;
	} else {
		state = calloc(1, sizeof(*state));
		if (state == NULL)
			return NULL;
		state->response.body = buf_heap(HTTP_RESPONSE_BODY_MAX);
		state->response.file_fd = -1;
	}
	state->next = NULL;
	state->server = server;
	state->request = (struct http_request){ .state = state, .headers = state->headers };
	state->seen = false;
	state->job = JOB_NONE;
	state->handled = ST_OK;
	state->reason = NULL;
	state->body_max = 0;
	state->status_sent = 0;
	return state;
}

/* R3. Large buffers go, small ones are kept for the next request. */
static void state_give_back(struct request_state *state)
{
	struct http_server *server = state->server;

	/* The query's values were copied there. */
	arena_wipe(&state->arena);
	/* People put credentials into addresses, whatever one tells them. */
	explicit_bzero(state->target,
		state->target_len <= LIMIT_TARGET ? state->target_len : LIMIT_TARGET);
	buf_wipe(&state->body);
	respond_end(state);
	response_end(&state->response);
	state->next = server->free_states;
	server->free_states = state;
}

void request_states_free(struct http_server *server)
{
	while (server->free_states != NULL) {
		struct request_state *state = server->free_states;

		server->free_states = state->next;
		buf_free(&state->response.body);
		free(state);
	}
}

/* Random numbers are fetched for many requests at once: a system call less for each. */
static void request_id_make(struct http_server *server, char out_id[HTTP_REQUEST_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	const size_t size = (HTTP_REQUEST_ID_SIZE - 1) / 2;

	if (server->random_left < size) {
		crypto_random(server->random, sizeof(server->random));
		server->random_left = sizeof(server->random);
	}
	server->random_left -= size;
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = server->random[server->random_left + i];

		out_id[2 * i] = digits[byte >> 4];
		out_id[2 * i + 1] = digits[byte & 15];
	}
	out_id[2 * size] = '\0';
}

void *request_begin(void *context, const char *uri, struct MHD_Connection *mhd)
{
	struct http_server *server = context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct request_state *state;
	size_t kept;

	if (uri == NULL || info == NULL || info->socket_context == NULL)
		return NULL;
	state = state_take(server);
	if (state == NULL)
		return NULL;
	state->mhd = mhd;
	state->connection = info->socket_context;
	state->target_at = uri;
	state->target_len = strlen(uri);
	kept = state->target_len <= LIMIT_TARGET ? state->target_len : LIMIT_TARGET;
	memcpy(state->target, uri, kept);
	state->target[kept] = '\0';
	request_id_make(server, state->request.id);
	connection_phase(state->connection, PHASE_HEADERS, 0);
	return state;
}

/* Everything of the request but its headers' meaning. */
static void request_fill(struct request_state *state, struct span method)
{
	struct http_request *request = &state->request;
	size_t mark;

	request->method = method;
	/* Its true length also when only a part was kept: strict_check then refuses it. */
	request->target = span_of(state->target, state->target_len);
	if (state->target_len <= LIMIT_TARGET) {
		mark = span_find(request->target, '?');
		request->path = span_part(request->target, 0, mark);
		if (mark < request->target.len)
			request->query = span_part(request->target, mark + 1, SIZE_MAX);
	}
	request->peer = &state->connection->peer;
	request->listener = state->connection->listener;
	request->secure = state->server->secure;
	request->began_at_us = state->server->now_us;
}

static struct strict_refusal request_check(
	struct request_state *state, const struct layout *layout, uint64_t *out_body_len)
{
	struct http_request *request = &state->request;
	struct strict_refusal refusal = { 0 };
	const struct http_server_setup *setup = &state->server->setup;

	if (layout->header_size > LIMIT_HEADER_BLOCK && state->target_len <= LIMIT_TARGET)
		return (struct strict_refusal){ 431, "http.header_block_long" };
	refusal.reason = layout_read(state->mhd, layout, state->headers, &request->headers_count);
	if (refusal.reason != NULL) {
		refusal.http_status = strcmp(refusal.reason, "http.headers_many") == 0 ? 431 : 400;
		return refusal;
	}
	refusal = strict_check(request, span_str(layout->version), out_body_len);
	if (refusal.http_status != 0 || *out_body_len == 0)
		return refusal;
	if (setup->body_max != NULL)
		state->body_max = setup->body_max(setup->context, request);
	if (*out_body_len > state->body_max)
		refusal = (struct strict_refusal){ 413,
			state->body_max == 0 ? "http.body_refused" : "http.body_long" };
	return refusal;
}

void request_run(struct request_state *state)
{
	const struct http_server_setup *setup = &state->server->setup;
	struct http_response *response = &state->response;

	response_begin(response);
	state->handled = setup->handle(setup->context, &state->request, response);
	if (state->handled == ST_OK && (response->failed || !buf_ok(&response->body)))
		state->handled = ST_LIMIT;
	if (state->handled != ST_OK || response->status == 0)
		http_problem(response, &state->request,
			state->handled == ST_UNAVAILABLE || state->handled == ST_BUSY ? 503 : 500,
			NULL);
}

/* The whole request is here: run the handler, or have a worker run it. */
static enum MHD_Result request_whole(struct request_state *state)
{
	state->request.body = buf_span(&state->body);
	connection_phase(state->connection, PHASE_HANDLER, 0);
	if (!buf_ok(&state->body))
		return respond_refuse(state, 503, "http.no_memory");
	if (state->server->workers == NULL) {
		request_run(state);
		return respond(state);
	}
	if (state->job == JOB_DONE)
		return respond(state);
	state->job = JOB_QUEUED;
	MHD_suspend_connection(state->mhd);
	workers_push(state->server->workers, state);
	return MHD_YES;
}

static enum MHD_Result request_headers(
	struct request_state *state, const char *method, const char *version)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(state->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct layout layout = { method, state->target_at, state->target_len, version, 0 };
	struct strict_refusal refusal;
	uint64_t body_len = 0;

	if (info == NULL)
		return MHD_NO;
	layout.header_size = info->header_size;
	state->seen = true;
	state->block = method;
	state->block_len = layout.header_size;
	request_fill(state, span_str(method));
	refusal = request_check(state, &layout, &body_len);
	if (refusal.http_status != 0)
		return respond_refuse(state, refusal.http_status, refusal.reason);
	if (body_len > 0) {
		state->body = buf_heap(state->body_max);
		connection_phase(state->connection, PHASE_BODY, body_len);
	}
	/*
	 * The library calls once more when the request is whole, body or not. An
	 * answer given earlier would make it close the connection.
	 */
	return MHD_YES;
}

/* signature: libmicrohttpd */
enum MHD_Result request_handle(void *context, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **request_context)
{
	struct request_state *state = *request_context;

	(void)context, (void)mhd, (void)url;
	if (state == NULL)
		return MHD_NO;
	if (!state->seen)
		return request_headers(state, method, version);
	if (*upload_size > 0) {
		buf_append(&state->body, span_of(upload, *upload_size));
		wipe_borrowed(upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	return request_whole(state);
}

static void request_report(struct request_state *state)
{
	const struct http_server_setup *setup = &state->server->setup;
	struct http_done done = {
		.peer = &state->connection->peer,
		.request = state->seen ? &state->request : NULL,
		.request_id = state->request.id,
		.listener = state->connection->listener,
		.status = state->status_sent,
		.reason = state->reason,
		.method = state->request.method,
		.path = state->request.path,
	};

	if (setup->done == NULL)
		return;
	if (state->seen)
		done.took_us = state->server->now_us - state->request.began_at_us;
	else
		done.reason = "http.malformed"; /* the library itself refused it, or it never came
						   whole */
	setup->done(setup->context, &done);
}

void request_completed(void *context, struct MHD_Connection *mhd, void **request_context,
	enum MHD_RequestTerminationCode code)
{
	struct request_state *state = *request_context;

	(void)context, (void)mhd, (void)code;
	if (state == NULL)
		return;
	*request_context = NULL;
	request_report(state);
	if (state->reason != NULL || !state->seen)
		state->connection->refused = true;
	if (state->seen)
		wipe_borrowed(state->block, state->block_len);
	connection_phase(state->connection, PHASE_WAITING, 0);
	state_give_back(state);
}
