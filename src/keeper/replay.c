/* Idempotency-Key: a create that is sent twice happens once. Source: records/idempotency.h. */
#include "keeper/api.h"

#include "key/digest.h"
#include "records/idempotency.h"

static enum status idempotency_of(struct api_call *call, uint32_t account_slot,
	uint8_t digest[DIGEST_SIZE], struct idempotency *out, bool *out_wanted)
{
	const struct http_request *request = call->http->request;
	const struct span parts[] = { request->method, SPAN_LIT(" "), request->target,
		SPAN_LIT("\n"), request->body };
	struct span key;

	*out_wanted = false;
	switch (http_header_find(request, "Idempotency-Key", &key)) {
	case HTTP_ABSENT:
		return ST_OK;
	case HTTP_ONCE:
		break;
	default:
		return api_refuse(call, ST_INVALID, "api.idempotency_repeated", NULL, NULL);
	}
	CLEANUP(digest_context_free)
	struct digest_context *digests = digest_context_make();
	if (digests == NULL || !digest_sha256_parts(digests, parts, ARRAY_LEN(parts), digest))
		return ST_NO_MEMORY;
	*out = (struct idempotency){
		.account_slot = account_slot,
		.key = key,
		.request_digest = digest,
	};
	*out_wanted = true;
	return ST_OK;
}

enum status api_replay(struct api_call *call, uint32_t account_slot, bool *out_answered)
{
	uint8_t digest[DIGEST_SIZE];
	struct idempotency what;
	bool wanted;
	enum status st = idempotency_of(call, account_slot, digest, &what, &wanted);

	*out_answered = false;
	if (st != ST_OK || !wanted)
		return st;
	CLEANUP(buf_free)
	struct buf answer = buf_heap(IDEMPOTENCY_ANSWER_MAX);
	struct head head;
	st = idempotency_find(call->change, &what, &answer, &call->complaint);
	if (st == ST_NOT_FOUND)
		return ST_OK;
	/* The first answer may not be on disk yet. */
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	*out_answered = true;
	http_response_header(call->response, "Idempotency-Replayed", SPAN_LIT("true"));
	return api_answer(call, 200, &answer, 0, &head);
}

enum status api_remember(struct api_call *call, uint32_t account_slot, const struct buf *object)
{
	uint8_t digest[DIGEST_SIZE];
	struct idempotency what;
	bool wanted;
	enum status st = idempotency_of(call, account_slot, digest, &what, &wanted);

	if (st != ST_OK || !wanted)
		return st;
	return idempotency_store(call->change, &what, buf_span(object));
}

enum status api_answer_created_with(struct api_call *call, uint32_t account_slot, uint32_t slot,
	enum status (*item)(struct api_call *call, uint32_t slot, struct buf *out),
	const char *name, struct span value)
{
	CLEANUP(buf_wipe)
	struct buf object = buf_heap(API_ANSWER_MAX);
	struct head head;
	enum status st = item(call, slot, &object);

	if (st == ST_OK)
		st = api_remember(call, account_slot, &object);
	if (st == ST_OK)
		st = api_commit_unread(call, &head);
	if (st != ST_OK)
		return st;
	if (name != NULL && buf_ok(&object) && object.len > 2) {
		object.len--;
		buf_printf(&object, ",\"%s\":", name);
		buf_append_json(&object, value);
		buf_append_char(&object, '}');
	}
	return api_answer(call, 201, &object, 1, &head);
}

enum status api_answer_created(struct api_call *call, uint32_t account_slot, uint32_t slot,
	enum status (*item)(struct api_call *call, uint32_t slot, struct buf *out))
{
	return api_answer_created_with(call, account_slot, slot, item, NULL, SPAN_ABSENT);
}
