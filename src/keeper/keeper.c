#include "keeper/keeper.h"

#include "base/log.h"
#include "http/problem.h"
#include "http/router.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WORKERS_DEFAULT 4u

struct keeper {
	const struct keeper_setup *setup;
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

/* The log of who asked what. The query is left out: it may hold what people typed. */
static void done(void *context, const struct http_done *done)
{
	char memory[64];
	struct buf peer = BUF_ARRAY(memory);

	(void)context;
	http_peer_append(&peer, done->peer);
	log_info("request", LOG_SPAN("method", done->method), LOG_SPAN("path", done->path),
		LOG_NUM("status", done->status), LOG_STR("peer", buf_str(&peer)),
		LOG_NUM("took_us", done->took_us), LOG_STR("request", done->request_id),
		LOG_STR("refused", done->reason == NULL ? "" : done->reason));
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

/* The sandbox closes before the server starts threads: Landlock holds a thread and its children. */
static enum status keeper_open(struct keeper *keeper)
{
	const struct keeper_setup *setup = keeper->setup;
	struct http_server_setup server = {
		.listeners = setup->listeners,
		.listeners_count = setup->listeners_count,
		.handle = handle,
		.body_max = body_max,
		.done = done,
		.context = keeper,
		.stop_fd = keeper->stop_fd,
		.workers = setup->workers == 0 ? WORKERS_DEFAULT : setup->workers,
	};
	enum status st = setup->confine == NULL ? ST_OK : setup->confine(setup->context);

	return st == ST_OK ? http_server_open(&server, &keeper->server) : st;
}

int keeper_run(const struct keeper_setup *setup)
{
	struct keeper keeper = { .setup = setup, .stop_fd = stop_fd_make() };
	enum status st = keeper.stop_fd < 0 ? ST_IO : keeper_open(&keeper);

	if (st == ST_OK) {
		if (setup->ready != NULL)
			setup->ready(setup->context);
		st = http_server_run(keeper.server);
	}
	if (st != ST_OK)
		log_error("keeper_failed", LOG_STR("status", status_name(st)));
	http_server_close(&keeper.server);
	if (keeper.stop_fd >= 0)
		close(keeper.stop_fd);
	return st == ST_OK ? 0 : 1;
}
