/* The state of the chain of events for those who may read them; checkpoints for the owner. */
#include "keeper/chain.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "keeper/api.h"

/* What a second may cost while a long history is checked: some 60 ms. */
#define EVENTS_A_SECOND 1000

void chain_open(struct chain *chain)
{
	(void)pthread_mutex_init(&chain->lock, NULL);
}

static struct chain_state state_read(struct chain *chain)
{
	struct chain_state state;

	(void)pthread_mutex_lock(&chain->lock);
	state = chain->state;
	(void)pthread_mutex_unlock(&chain->lock);
	return state;
}

void chain_tend(struct keeper *keeper, int64_t now_us)
{
	struct chain *chain = &keeper->chain;
	struct chain_state next = state_read(chain);
	enum status st;

	if (next.result.fault != EVENT_FAULT_NONE ||
		(next.ended && next.result.head.revision == records_head(keeper->records).revision))
		return;
	st = events_check_on(keeper->records, EVENTS_A_SECOND, &next.result, &next.ended);
	if (st != ST_OK) {
		log_warn("chain_not_checked", LOG_STR("status", status_name(st)));
		return;
	}
	next.checked_at_us = now_us;
	if (next.result.fault != EVENT_FAULT_NONE)
		log_error("chain_broken", LOG_STR("fault", event_fault_name(next.result.fault)),
			LOG_NUM("revision", next.result.first_bad));
	(void)pthread_mutex_lock(&chain->lock);
	chain->state = next;
	(void)pthread_mutex_unlock(&chain->lock);
}

/* ---- for people ---- */

static void append_checkpoint(
	struct api_call *call, struct buf *out, const struct checkpoint *checkpoint)
{
	char line_memory[512];
	struct buf line = BUF_ARRAY(line_memory);

	checkpoint_append(&line, checkpoint);
	buf_printf(out, "{\"epoch\":%lld,\"revision\":%lld,\"hash\":\"",
		(long long)checkpoint->head.epoch, (long long)checkpoint->head.revision);
	encode_hex(out, checkpoint->head.hash, DIGEST_SIZE);
	buf_append_str(out, "\",\"time\":\"");
	clock_append_rfc3339(out, checkpoint->time_us);
	buf_append_str(out, "\",\"signature\":\"");
	encode_hex(out, checkpoint->signature, SIGNATURE_SIZE);
	buf_append_str(out, "\",\"publicKey\":\"");
	encode_hex(out, records_public_key(call->keeper->records), SIGN_PUBLIC_KEY_SIZE);
	buf_append_str(out, "\",\"text\":");
	buf_append_json(out, buf_span(&line));
	buf_append_char(out, '}');
}

static enum status checkpoint(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(8 * KIB);
	struct checkpoint made;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = checkpoint_make(call->keeper->records, call->now_us, &made);
	if (st == ST_OK)
		st = checkpoint_keep(call->keeper->records, &made);
	if (st != ST_OK)
		return st;
	append_checkpoint(call, &object, &made);
	return api_answer(call, 200, &object, 0, NULL);
}

static void append_fault(struct api_call *call, struct buf *out, const struct verify_result *result)
{
	struct complaint complaint = { .key = NULL };
	struct buf words = buf_heap(4 * KIB);

	if (result->fault == EVENT_FAULT_NONE) {
		buf_append_str(out, "null");
		return;
	}
	verify_complain(result, &complaint);
	complaint_append(&words, call->http->lang, &complaint);
	buf_printf(out,
		"{\"kind\":\"%s\",\"revision\":%lld,\"detail\":", event_fault_name(result->fault),
		(long long)result->first_bad);
	buf_append_json(out, buf_span(&words));
	buf_append_char(out, '}');
	buf_free(&words);
}

static void append_checked(
	struct api_call *call, struct buf *out, const struct chain_state *state, int64_t head)
{
	const struct verify_result *result = &state->result;
	const char *word = state->ended && result->head.revision >= head ? "good" : "checking";

	buf_printf(out,
		",\"checked\":{\"state\":\"%s\",\"revision\":%lld,\"events\":%lld,"
		"\"signatures\":%lld,\"time\":",
		result->fault != EVENT_FAULT_NONE ? "bad" : word, (long long)result->head.revision,
		(long long)result->events, (long long)result->signatures);
	if (state->checked_at_us == 0) {
		buf_append_str(out, "null");
	} else {
		buf_append_char(out, '"');
		clock_append_rfc3339(out, state->checked_at_us);
		buf_append_char(out, '"');
	}
	buf_append_str(out, ",\"fault\":");
	append_fault(call, out, result);
	buf_append_char(out, '}');
}

static enum status chain_get(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(16 * KIB);
	struct records_figures figures;
	struct chain_state state;
	struct checkpoint kept;
	enum status st = api_reading(call);

	if (st != ST_OK)
		return st;
	state = state_read(&call->keeper->chain);
	records_figures(call->keeper->records, &figures);
	buf_printf(&object, "{\"epoch\":%lld,\"revision\":%lld,\"hash\":\"",
		(long long)figures.head.epoch, (long long)figures.head.revision);
	encode_hex(&object, figures.head.hash, DIGEST_SIZE);
	buf_append_str(&object, "\",\"publicKey\":\"");
	encode_hex(&object, records_public_key(call->keeper->records), SIGN_PUBLIC_KEY_SIZE);
	buf_append_char(&object, '"');
	append_checked(call, &object, &state, figures.head.revision);
	buf_printf(&object,
		",\"highWaterRevision\":%lld,\"checkpoint\":", (long long)figures.mark.revision);
	/* One that cannot be read is none: the next one takes its place. */
	if (checkpoint_kept(call->keeper->records, &kept) == ST_OK)
		append_checkpoint(call, &object, &kept);
	else
		buf_append_str(&object, "null");
	buf_append_char(&object, '}');
	return api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/events/chain", chain_get, NULL, 0, RIGHT_EVENTS_VIEW, 0 },
	{ "POST", "/v1/events/checkpoint", checkpoint, NULL, 0, NEED_OWNER, 0 },
};

const struct api_table CHAIN_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
