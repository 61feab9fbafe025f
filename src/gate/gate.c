/*
 * The gate's process.
 *
 * G1: a view is ended before the process waits: an open one would keep the
 *     writer from reusing pages.
 */
#include "gate/gate.h"

#include "base/clock.h"
#include "base/log.h"
#include "gate/ask.h"
#include "gate/metrics.h"
#include "http/problem.h"

#include "gate_openapi.h" /* made from openapi.json by tools/gen-embed */

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#define TEND_EVERY_US US_PER_S
#define WARNINGS_A_SECOND 10u

/* ---- what decides ---- */

static void told(void *context, enum decider_event event, enum status st)
{
	struct gate *gate = context;

	switch (event) {
	case DECIDER_INDEX_OPENED:
		log_info("index_opened", LOG_STR("dir", gate->setup->index_dir));
		return;
	case DECIDER_INDEX_NOT_OPENED:
		if (st != ST_NOT_FOUND)
			log_warn("index_not_opened", LOG_STR("status", status_name(st)));
		return;
	case DECIDER_INDEX_NOT_USABLE:
		log_warn("index_not_usable", LOG_STR("status", status_name(st)));
		/*
		 * A folder that was removed and made again is outside of the sandbox, whose
		 * rules go with the folder: only a fresh process can read it.
		 */
		if (st == ST_DENIED && gate->server != NULL)
			http_server_stop(gate->server);
		return;
	case DECIDER_SEALING_KEY_READ:
		return;
	case DECIDER_SEALING_KEY_NOT_READ:
		log_warn("sealing_key_not_read", LOG_STR("status", status_name(st)));
		return;
	case DECIDER_LEDGER_OPENED:
		log_info("ledger_opened", LOG_STR("dir", gate->setup->ledger_dir));
		return;
	case DECIDER_LEDGER_NOT_OPENED:
		log_error("ledger_not_opened", LOG_STR("status", status_name(st)));
		return;
	case DECIDER_LEDGER_LET_GO:
		log_warn("ledger_let_go", LOG_STR("status", status_name(st)));
		return;
	case DECIDER_LEDGER_FULL:
		log_error("ledger_full", LOG_NUM("cells", LIMIT_LEDGER_CELLS));
		return;
	}
}

static void before_wait(void *context)
{
	struct gate *gate = context;
	int64_t now = clock_boot_us();

	decider_view_end(gate->decider);
	if (now - gate->tended_at_us < TEND_EVERY_US)
		return;
	gate->tended_at_us = now;
	(void)decider_tend(gate->decider);
}

static struct decider_setup decider_setup(const struct gate *gate)
{
	const struct gate_setup *setup = gate->setup;

	return (struct decider_setup){
		.index_dir = setup->index_dir,
		.ledger_dir = setup->ledger_dir,
		.sealing_key_path = setup->sealing_key_path,
		.refuse_when_stale = setup->refuse_when_stale,
		.lease_us = setup->lease_us,
		.app_key_prefix = setup->app_key_prefix,
		.site = { setup->public_url, setup->console_url, setup->realm },
		.node = span_str(gate->node),
		.told = told,
	};
}

/* ---- requests ---- */

static bool trusted(const struct gate *gate, const struct http_peer *peer)
{
	struct address address = { .known = true };

	if (peer->kind == HTTP_PEER_UNIX)
		return true;
	memcpy(address.bytes, peer->address, sizeof(address.bytes));
	for (size_t i = 0; i < gate->setup->trusted_count; i++) {
		if (address_in(&address, &gate->setup->trusted[i]))
			return true;
	}
	return false;
}

static bool is_known(void *context, const struct http_peer *peer)
{
	return trusted(context, peer);
}

/*
 * Anybody who reaches the address can cause these lines: some a second are enough to know of
 * it, and more would fill a disk.
 */
static bool may_warn(struct gate *gate)
{
	int64_t second = clock_boot_us() / US_PER_S;

	if (second != gate->warned_at_s) {
		if (gate->warnings_left_out > 0)
			log_warn("lines_left_out", LOG_NUM("count", gate->warnings_left_out));
		gate->warned_at_s = second;
		gate->warnings = 0;
		gate->warnings_left_out = 0;
	}
	if (gate->warnings == WARNINGS_A_SECOND) {
		gate->warnings_left_out++;
		return false;
	}
	gate->warnings++;
	return true;
}

static enum status refuse_peer(
	struct gate *gate, const struct http_request *request, struct http_response *response)
{
	struct complaint complaint = { .key = NULL };
	char memory[80];
	struct buf peer = BUF_ARRAY(memory);

	decider_count_untrusted(gate->decider);
	http_peer_append(&peer, request->peer);
	if (may_warn(gate))
		log_warn("untrusted_peer", LOG_SPAN("peer", buf_span(&peer)),
			LOG_STR("requestId", request->id));
	complaint_set(&complaint, "gate.untrusted", 0);
	http_problem(response, request, 403, &complaint);
	response->close = true;
	return ST_OK;
}

static bool may_get(const struct http_request *request)
{
	return span_is(request->method, "GET") || span_is(request->method, "HEAD");
}

static enum status answer_health(struct http_response *response)
{
	response->status = 200;
	response->content_type = "application/json";
	http_response_header(response, "Cache-Control", SPAN_LIT("no-store"));
	buf_append_str(&response->body, "{\"status\":\"ok\"}");
	return ST_OK;
}

/* Ready: verdicts would come from an index that may be used, and refusals can be explained. */
static enum status answer_ready(struct gate *gate, struct http_response *response)
{
	const struct view *view = decider_view(gate->decider, 0);
	bool ready = view != NULL && !view->stale && decider_seals(gate->decider);

	response->status = ready ? 200 : 503;
	response->content_type = "application/json";
	http_response_header(response, "Cache-Control", SPAN_LIT("no-store"));
	buf_printf(&response->body,
		"{\"ready\":%s,\"index\":\"%s\",\"epoch\":%llu,\"revision\":%llu}",
		ready ? "true" : "false",
		view == NULL  ? "unavailable"
		: view->stale ? "stale"
			      : "ok",
		view == NULL ? 0ULL : (unsigned long long)view->epoch,
		view == NULL ? 0ULL : (unsigned long long)view->revision);
	return ST_OK;
}

static enum status answer_metrics(struct gate *gate, struct http_response *response)
{
	response->status = 200;
	response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	http_response_header(response, "Cache-Control", SPAN_LIT("no-store"));
	metrics_append(gate, &response->body);
	return ST_OK;
}

static enum status answer_description(struct http_response *response)
{
	response->status = 200;
	response->content_type = "application/json";
	http_response_header(response, "Cache-Control", SPAN_LIT("no-store"));
	buf_append(&response->body, span_of(GATE_OPENAPI_JSON, GATE_OPENAPI_JSON_LEN));
	return ST_OK;
}

static enum status refuse_method(
	const struct http_request *request, struct http_response *response, const char *allow)
{
	http_problem(response, request, 405, NULL);
	http_response_header(response, "Allow", span_str(allow));
	return ST_OK;
}

static enum status handle(
	void *context, const struct http_request *request, struct http_response *response)
{
	struct gate *gate = context;
	struct span path = request->path;

	if (!trusted(gate, request->peer))
		return refuse_peer(gate, request, response);
	/* The dialect's path chooses it; the query of /auth is never read. */
	if (span_is(path, "/auth/nginx"))
		return ask_forward_auth(gate, DIALECT_NGINX, request, response);
	if (span_is(path, "/auth/forwarded"))
		return ask_forward_auth(gate, DIALECT_FORWARDED, request, response);
	if (span_starts_with(path, SPAN_LIT("/auth/envoy/")))
		return ask_forward_auth(gate, DIALECT_ENVOY, request, response);
	if (span_is(path, "/v1/verify")) {
		if (!span_is(request->method, "POST"))
			return refuse_method(request, response, "POST");
		return ask_verify(gate, request, response);
	}
	if (span_is(path, "/healthz"))
		return may_get(request) ? answer_health(response)
					: refuse_method(request, response, "GET, HEAD");
	if (span_is(path, "/readyz"))
		return may_get(request) ? answer_ready(gate, response)
					: refuse_method(request, response, "GET, HEAD");
	if (span_is(path, "/metrics"))
		return may_get(request) ? answer_metrics(gate, response)
					: refuse_method(request, response, "GET, HEAD");
	if (span_is(path, "/openapi.json"))
		return may_get(request) ? answer_description(response)
					: refuse_method(request, response, "GET, HEAD");
	http_problem(response, request, 404, NULL);
	return ST_OK;
}

static size_t body_max(void *context, const struct http_request *request)
{
	(void)context;
	return span_is(request->path, "/v1/verify") ? 64 * KIB : 0;
}

/* ---- the process ---- */

static void out_of_files(void *context)
{
	struct gate *gate = context;

	log_error("out_of_files", LOG_NUM("connections", http_server_connections(gate->server)),
		LOG_STR("advice", "raise the limit of open files, or lower gate.connections"));
}

static void left(void *context)
{
	struct gate *gate = context;

	if (gate->setup->left != NULL)
		gate->setup->left(gate->setup->context);
}

/* Verdicts have counters; only what never became a request is worth a line. */
static void done(void *context, const struct http_done *done)
{
	char memory[64];
	struct buf peer = BUF_ARRAY(memory);

	if (done->reason == NULL || !may_warn(context))
		return;
	http_peer_append(&peer, done->peer);
	log_warn("request_refused", LOG_STR("reason", done->reason),
		LOG_NUM("status", done->status), LOG_STR("peer", buf_str(&peer)),
		LOG_STR("requestId", done->request_id));
}

static enum status gate_open(struct gate *gate)
{
	const struct gate_setup *setup = gate->setup;
	struct buf node = BUF_ARRAY(gate->node);
	enum status st;

	/* The body of a verify holds a token. */
	json_set_alloc_funcs(malloc, crypto_free_wiped);
	buf_printf(&node, "gate-%u", setup->number);
	gate->decider_setup = decider_setup(gate);
	gate->decider_setup.context = gate;
	st = decider_open(&gate->decider_setup, &gate->decider);
	if (st != ST_OK)
		return st;
	return http_server_open(
		&(struct http_server_setup){
			.listeners = setup->listeners,
			.listeners_count = setup->listeners_count,
			.handle = handle,
			.known = is_known,
			.body_max = body_max,
			.before_wait = before_wait,
			.done = done,
			.left = left,
			.out_of_files = out_of_files,
			.stop_fd = gate->stop_fd,
			.context = gate,
			.connections_max = setup->connections_max,
		},
		&gate->server);
}

static void gate_close(struct gate *gate)
{
	http_server_close(&gate->server);
	decider_close(&gate->decider);
}

int gate_run(const struct gate_setup *setup)
{
	struct gate gate = { .setup = setup, .stop_fd = http_stop_fd_make() };
	enum status st = gate.stop_fd < 0 ? ST_IO : gate_open(&gate);

	if (st == ST_OK && setup->confine != NULL)
		st = setup->confine(setup->context);
	if (st == ST_OK) {
		if (setup->ready != NULL)
			setup->ready(setup->context);
		st = http_server_run(gate.server);
	}
	if (st != ST_OK)
		log_error("gate_failed", LOG_STR("status", status_name(st)));
	gate_close(&gate);
	if (gate.stop_fd >= 0)
		close(gate.stop_fd);
	return st == ST_OK ? 0 : 1;
}
