#include "gate/gate.h"

#include "base/log.h"
#include "http/problem.h"
#include "http/router.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct gate {
	const struct gate_setup *setup;
	struct http_server *server;
	int stop_fd;
};

static enum status answer_ok(
	void *context, const struct http_call *call, struct http_response *response)
{
	(void)context, (void)call;
	response->status = 200;
	response->content_type = "application/json";
	http_response_header(response, "Cache-Control", SPAN_LIT("no-store"));
	buf_append_str(&response->body, "{\"status\":\"ok\"}\n");
	return ST_OK;
}

static const struct http_route ROUTES[] = {
	{ "GET", "/healthz", answer_ok, NULL, 0 },
	{ "GET", "/readyz", answer_ok, NULL, 0 },
};

static const struct http_routes TABLE = { ROUTES, ARRAY_LEN(ROUTES) };

static enum status handle(
	void *context, const struct http_request *request, struct http_response *response)
{
	return http_dispatch(&TABLE, context, request, response);
}

static size_t body_max(void *context, const struct http_request *request)
{
	(void)context;
	return http_routes_body_max(&TABLE, request);
}

/* Verdicts have counters; only what never became a request is worth a line. */
static void done(void *context, const struct http_done *done)
{
	char memory[64];
	struct buf peer = BUF_ARRAY(memory);

	(void)context;
	if (done->reason == NULL)
		return;
	http_peer_append(&peer, done->peer);
	log_warn("request_refused", LOG_STR("reason", done->reason),
		LOG_NUM("status", done->status), LOG_STR("peer", buf_str(&peer)),
		LOG_STR("request", done->request_id));
}

/* SIGTERM arrives by a descriptor, so that it needs no handler and no global. */
static int stop_fd_make(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) != 0)
		return -1;
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum status gate_open(struct gate *gate)
{
	const struct gate_setup *setup = gate->setup;
	struct http_server_setup server = {
		.listeners = setup->listeners,
		.listeners_count = setup->listeners_count,
		.handle = handle,
		.body_max = body_max,
		.done = done,
		.context = gate,
		.stop_fd = gate->stop_fd,
		.connections_max = setup->connections_max,
	};
	enum status st = http_server_open(&server, &gate->server);

	if (st == ST_OK && setup->confine != NULL)
		st = setup->confine(setup->context);
	return st;
}

int gate_run(const struct gate_setup *setup)
{
	struct gate gate = { .setup = setup, .stop_fd = stop_fd_make() };
	enum status st = gate.stop_fd < 0 ? ST_IO : gate_open(&gate);

	if (st == ST_OK) {
		if (setup->ready != NULL)
			setup->ready(setup->context);
		st = http_server_run(gate.server);
	}
	if (st != ST_OK)
		log_error("gate_failed", LOG_STR("status", status_name(st)));
	http_server_close(&gate.server);
	if (gate.stop_fd >= 0)
		close(gate.stop_fd);
	return st == ST_OK ? 0 : 1;
}
