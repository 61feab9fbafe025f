#include "lib/handle.h"

enum llv_status handle_status(enum status st)
{
	switch (st) {
	case ST_OK:
		return LLV_OK;
	case ST_NOT_FOUND:
		return LLV_NOT_FOUND;
	case ST_INVALID:
	case ST_EXISTS:
		return LLV_INVALID;
	case ST_FORMAT:
		return LLV_FORMAT;
	case ST_DAMAGED:
		return LLV_DAMAGED;
	case ST_DENIED:
		return LLV_DENIED;
	case ST_IO:
	case ST_NO_SPACE:
		return LLV_IO;
	case ST_NO_MEMORY:
		return LLV_NO_MEMORY;
	case ST_LIMIT:
		return LLV_NO_ROOM;
	case ST_BUSY:
	case ST_TIMEOUT:
		return LLV_BUSY;
	case ST_CONFLICT:
		return LLV_FORKED;
	default:
		return LLV_UNAVAILABLE;
	}
}

/*
 * A newer program may hand over more than we know. What it set there must not be passed over: it
 * could forbid something.
 */
bool handle_read(const void *given, size_t least, void *out, size_t size)
{
	const uint8_t *bytes = given;
	size_t given_size;

	if (given == NULL)
		return false;
	memcpy(&given_size, given, sizeof(given_size));
	if (given_size < least || given_size > 64 * KIB)
		return false;
	for (size_t i = size; i < given_size; i++) {
		if (bytes[i] != 0)
			return false;
	}
	memset(out, 0, size);
	memcpy(out, given, given_size < size ? given_size : size);
	return true;
}

bool handle_language(const char *code, enum lang *lang)
{
	for (enum lang known = 0; code != NULL && known < LANG_COUNT; known++) {
		if (strcmp(code, lang_code(known)) == 0) {
			*lang = known;
			return true;
		}
	}
	return code == NULL;
}

/* ---- a request ---- */

/* struct headers over the list that the caller has. */
static struct header_value find_in_list(const void *context, struct span name)
{
	const struct handle_question *question = context;
	const struct llv_request *request = &question->request;
	struct header_value found = { 0 };

	/* Most names that are asked for are not there. */
	if ((question->header_lengths >> name.len % 64 & 1) == 0)
		return found;
	for (size_t i = 0; i < request->headers_count; i++) {
		const struct llv_header *header = &request->headers[i];

		if (header->name.len != name.len ||
			!span_equal_nocase(handle_span(header->name), name))
			continue;
		if (found.count++ == 0)
			found.value = handle_span(header->value);
	}
	return found;
}

static struct header_value find_by_caller(const void *context, struct span name)
{
	const struct handle_question *question = context;
	const struct llv_request *request = &question->request;
	struct llv_span value = { NULL, 0 };
	struct header_value found = { 0 };

	found.count = request->find(request->find_context, handle_out(name), &value);
	if (found.count > 0)
		found.value = handle_span(value);
	return found;
}

static void ask_account(const struct llv_request *request, struct decide_input *input)
{
	switch (request->account_source) {
	case LLV_ACCOUNT_OF_KEY:
		input->account_source = ACCOUNT_OF_KEY;
		return;
	case LLV_ACCOUNT_NAMED:
		input->account_source = ACCOUNT_HEADER;
		input->account = handle_span(request->account);
		return;
	case LLV_ACCOUNT_OF_HOST:
		input->account_source = ACCOUNT_HOST;
		return;
	}
	input->malformed = true;
}

/* One that cannot be read is an unknown one: a key with a list is then refused. */
static void ask_client(const struct llv_request *request, struct decide_input *input)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	struct span text = handle_span(request->client_address);
	struct address *client = &input->client;

	if (request->client_bytes != NULL && request->client_bytes_len == 4) {
		memcpy(client->bytes, mapped, sizeof(mapped));
		memcpy(client->bytes + sizeof(mapped), request->client_bytes, 4);
		client->known = true;
	} else if (request->client_bytes != NULL && request->client_bytes_len == 16) {
		memcpy(client->bytes, request->client_bytes, 16);
		client->known = true;
	} else if (span_present(text) && address_parse(text, client) != ST_OK) {
		*client = (struct address){ .known = false };
	}
}

void handle_ask(const struct llv *llv, const struct llv_request *given, struct handle_question *out)
{
	struct llv_request *request = &out->request;
	struct decide_input *input = &out->input;

	*input = decider_input(llv->decider);
	if (!handle_read(given, sizeof(*request), request, sizeof(*request))) {
		*request = (struct llv_request){ .size = sizeof(*request) };
		input->malformed = true;
	}
	out->headers =
		(struct headers){ out, request->find != NULL ? find_by_caller : find_in_list };
	out->header_lengths = 0;
	for (size_t i = 0; i < request->headers_count; i++)
		out->header_lengths |= UINT64_C(1) << request->headers[i].name.len % 64;
	input->method = handle_span(request->method);
	input->target = handle_span(request->target);
	input->host = handle_span(request->host);
	/* No part of HTTP can do without these two. */
	if (input->method.len == 0 || input->target.len == 0 ||
		(request->flags & LLV_REQUEST_MALFORMED) != 0)
		input->malformed = true;
	ask_client(request, input);
	ask_account(request, input);
	input->credential = presented_from_headers(&llv->families, &out->headers);
	input->cors_preflight = presented_preflight(input->method, &out->headers);
	if (request->now_us != 0)
		input->now_us = request->now_us;
}
