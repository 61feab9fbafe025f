/*
 * Answers. The library borrows body and header values from the request's state
 * until the request is completed; nothing is copied but the header strings,
 * which the library duplicates, and frees as they are. A cookie is a credential:
 * an answer that gives one out is held until the end, when its copies are wiped.
 */
#include "http/internal.h"

#include "http/problem.h"

#include <stdlib.h>
#include <unistd.h>

#define BODY_KEPT (16 * KIB) /* a larger buffer is not kept for the next request */

void response_begin(struct http_response *response)
{
	if (response->file_fd >= 0)
		close(response->file_fd);
	response->status = 0;
	response->content_type = NULL;
	buf_clear(&response->body);
	response->file_fd = -1;
	response->file_size = 0;
	response->close = false;
	response->headers_count = 0;
	response->header_bytes_len = 0;
	response->failed = false;
}

void response_end(struct http_response *response)
{
	struct buf *body = &response->body;

	if (response->file_fd >= 0)
		close(response->file_fd);
	response->file_fd = -1;
	explicit_bzero(response->header_bytes, response->header_bytes_len);
	response->header_bytes_len = 0;
	if (body->capacity > BODY_KEPT) {
		buf_wipe(body);
	} else if (body->len > 0) {
		explicit_bzero(body->ptr, body->len);
		buf_clear(body);
	}
}

void http_response_header(struct http_response *response, const char *name, struct span value)
{
	size_t at = response->header_bytes_len;

	if (response->headers_count == HTTP_RESPONSE_HEADERS_MAX ||
		value.len >= sizeof(response->header_bytes) - at || !strict_value(value)) {
		response->failed = true;
		return;
	}
	if (value.len > 0)
		memcpy(response->header_bytes + at, value.ptr, value.len);
	response->header_bytes[at + value.len] = '\0';
	response->header_bytes_len = at + value.len + 1;
	response->headers[response->headers_count].name = name;
	response->headers[response->headers_count].value_offset = at;
	response->headers_count++;
}

bool http_response_has(const struct http_response *response, const char *name)
{
	for (size_t i = 0; i < response->headers_count; i++) {
		if (strcmp(response->headers[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool add(struct MHD_Response *out, const char *name, const char *value)
{
	/* The library takes no empty value: leave the header out. */
	return value[0] == '\0' || MHD_add_response_header(out, name, value) == MHD_YES;
}

static struct MHD_Response *library_body(struct http_response *response)
{
	struct MHD_Response *out;

	if (response->file_fd < 0)
		return MHD_create_response_from_buffer(response->body.len,
			response->body.ptr == NULL ? response->header_bytes : response->body.ptr,
			MHD_RESPMEM_PERSISTENT);
	out = MHD_create_response_from_fd64(response->file_size, response->file_fd);
	if (out != NULL)
		response->file_fd = -1; /* the library closes it */
	return out;
}

static struct MHD_Response *library_response(struct http_response *response, bool stopping)
{
	struct MHD_Response *out = library_body(response);
	bool ok = out != NULL;

	if (ok && response->content_type != NULL)
		ok = add(out, "Content-Type", response->content_type);
	for (size_t i = 0; ok && i < response->headers_count; i++)
		ok = add(out, response->headers[i].name,
			response->header_bytes + response->headers[i].value_offset);
	if (ok && (response->close || stopping))
		ok = add(out, "Connection", "close");
	if (!ok && out != NULL) {
		MHD_destroy_response(out);
		out = NULL;
	}
	return out;
}

static enum MHD_Result wipe_cookie(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)context, (void)kind;
	/* The library's own memory, which nobody else reads any more. */
	if (strcmp(name, MHD_HTTP_HEADER_SET_COOKIE) == 0)
		explicit_bzero((void *)(uintptr_t)value, strlen(value));
	return MHD_YES;
}

void respond_end(struct request_state *state)
{
	if (state->cookies_out == NULL)
		return;
	(void)MHD_get_response_headers(state->cookies_out, wipe_cookie, NULL);
	MHD_destroy_response(state->cookies_out);
	state->cookies_out = NULL;
}

enum MHD_Result respond(struct request_state *state)
{
	const struct http_server_setup *setup = &state->server->setup;
	struct http_response *response = &state->response;
	uint64_t size = response->file_fd >= 0 ? response->file_size : response->body.len;
	struct MHD_Response *out;
	enum MHD_Result result;

	if (setup->finish != NULL)
		setup->finish(setup->context, &state->request, response);
	if (response->failed)
		return MHD_NO;
	out = library_response(response, state->server->stopping);
	if (out == NULL)
		return MHD_NO;
	state->status_sent = response->status;
	connection_phase(state->connection, PHASE_ANSWER, size);
	result = MHD_queue_response(state->mhd, response->status, out);
	if (http_response_has(response, MHD_HTTP_HEADER_SET_COOKIE)) {
		respond_end(state);
		state->cookies_out = out;
	} else {
		MHD_destroy_response(out);
	}
	return result;
}

enum MHD_Result respond_refuse(
	struct request_state *state, unsigned http_status, const char *reason)
{
	struct complaint complaint = { .key = reason };

	state->reason = reason;
	response_begin(&state->response);
	http_problem(&state->response, &state->request, http_status, &complaint);
	state->response.close = true;
	return respond(state);
}
