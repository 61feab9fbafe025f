#include "keeper/serve.h"

#include "base/log.h"
#include "keeper/console.h"
#include "keeper/forwarded.h"
#include "key/mask.h"

#include <stdlib.h>
#include <sys/socket.h>

#define PUBLIC_WORKERS 2u

enum door_kind { DOOR_OPERATOR, DOOR_PEOPLE, DOOR_PUBLIC, DOORS };

struct door {
	struct serve *serve;
	enum door_kind kind;
	struct http_server *server; /* NULL: it has no listener */
	pthread_t thread;
	bool runs;
	enum status ended;
};

struct serve {
	struct keeper *keeper;
	struct api *api;
	struct door doors[DOORS];
	atomic_uint open; /* doors that still accept */
};

/* What an answer that is no page may do in a browser that shows it: nothing. */
#define DATA_POLICY                                                                                \
	"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

static const struct {
	const char *name;
	struct span value;
} HEADERS[] = {
	{ "Content-Security-Policy", SPAN_LIT(DATA_POLICY) },
	{ "Cache-Control", SPAN_LIT("no-store") },
	{ "X-Content-Type-Options", SPAN_LIT("nosniff") },
	{ "X-Frame-Options", SPAN_LIT("DENY") },
	{ "Referrer-Policy", SPAN_LIT("no-referrer") },
	{ "Cross-Origin-Opener-Policy", SPAN_LIT("same-origin") },
	{ "Cross-Origin-Resource-Policy", SPAN_LIT("same-origin") },
	{ "Permissions-Policy",
		SPAN_LIT("accelerometer=(), camera=(), display-capture=(), geolocation=(), "
			 "gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), "
			 "payment=(), serial=(), usb=()") },
};

/* ---- one request ---- */

/* What anybody may see, of all that the keeper answers. */
static bool is_public(struct span path)
{
	return console_is_public(path) || span_is(path, "/healthz") || span_is(path, "/causes") ||
	       span_starts_with(path, SPAN_LIT("/causes/")) || span_is(path, "/v1/share/look") ||
	       span_is(path, "/v1/share/open");
}

static enum status handle(
	void *context, const struct http_request *request, struct http_response *response)
{
	struct door *door = context;
	struct http_request seen = *request;
	struct http_peer client;
	struct complaint complaint = { 0 };
	enum status st = forwarded_read(door->serve->keeper->setup, &seen, &client, &complaint);

	/* A load balancer asks without being one of the proxies. */
	if (st != ST_OK && (st != ST_DENIED || !span_is(request->path, "/healthz"))) {
		http_problem_status(response, request, st, &complaint);
		return ST_OK;
	}
	if (door->kind == DOOR_PUBLIC && !is_public(seen.path)) {
		http_problem(response, request, 404, NULL);
		return ST_OK;
	}
	return api_handle(door->serve->api, &seen, response);
}

static void finish(
	void *context, const struct http_request *request, struct http_response *response)
{
	const struct door *door = context;

	for (size_t i = 0; i < ARRAY_LEN(HEADERS); i++) {
		if (!http_response_has(response, HEADERS[i].name))
			http_response_header(response, HEADERS[i].name, HEADERS[i].value);
	}
	if (forwarded_secure(door->serve->keeper->setup, request))
		http_response_header(
			response, "Strict-Transport-Security", SPAN_LIT("max-age=31536000"));
}

/* As its client made the request: a token that is bound to addresses is known by the client's. */
static size_t body_max(void *context, const struct http_request *request)
{
	const struct door *door = context;
	struct http_request seen = *request;
	struct http_peer client;
	struct complaint complaint = { 0 };
	bool refused =
		forwarded_read(door->serve->keeper->setup, &seen, &client, &complaint) != ST_OK ||
		(door->kind == DOOR_PUBLIC && !is_public(seen.path));

	return refused ? api_body_max_stranger(door->serve->api, request)
		       : api_body_max(door->serve->api, &seen);
}

static void done(void *context, const struct http_done *done)
{
	const struct door *door = context;
	char peer_memory[80], client_memory[80], path[LIMIT_TARGET];
	struct buf peer = BUF_ARRAY(peer_memory), client = BUF_ARRAY(client_memory);
	size_t sent_len = done->path.len <= sizeof(path) ? done->path.len : sizeof(path), path_len;

	if (sent_len > 0)
		memcpy(path, done->path.ptr, sent_len);
	path_len = mask_secrets(path, sent_len);
	if (done->peer != NULL)
		http_peer_append(&peer, done->peer);
	if (done->request != NULL) {
		struct http_peer asked =
			forwarded_client(door->serve->keeper->setup, done->request);

		http_peer_append(&client, &asked);
	}
	log_info("request", LOG_STR("requestId", done->request_id),
		LOG_SPAN("peer", buf_span(&peer)), LOG_SPAN("client", buf_span(&client)),
		LOG_SPAN("method", done->method), LOG_SPAN("path", span_of(path, path_len)),
		LOG_NUM("status", done->status), LOG_NUM("tookUs", done->took_us),
		LOG_STR("reason", done->reason == NULL ? "" : done->reason));
}

static void out_of_files(void *context)
{
	(void)context;
	log_error("out_of_files", LOG_STR("advice", "raise the limit of open files"));
}

/* The sockets may be closed only when no door looks at its own any more. */
static void left(void *context)
{
	struct serve *serve = ((struct door *)context)->serve;
	const struct keeper_setup *setup = serve->keeper->setup;

	if (atomic_fetch_sub(&serve->open, 1) == 1 && setup->left != NULL)
		setup->left(setup->context);
}

/* ---- the servers ---- */

static bool is_unix(int fd)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	       address.ss_family == AF_UNIX;
}

static size_t listeners_of(const struct keeper_setup *setup, enum door_kind kind,
	struct http_listener out[HTTP_LISTENERS_MAX])
{
	const struct http_listener *from =
		kind == DOOR_PUBLIC ? setup->public_listeners : setup->listeners;
	size_t from_count = kind == DOOR_PUBLIC ? setup->public_count : setup->listeners_count;
	size_t count = 0;

	for (size_t i = 0; i < from_count && count < HTTP_LISTENERS_MAX; i++) {
		if (is_unix(from[i].fd) == (kind == DOOR_OPERATOR))
			out[count++] = from[i];
	}
	return count;
}

static enum status door_open(struct door *door, const struct http_tls *tls)
{
	const struct keeper *keeper = door->serve->keeper;
	struct http_listener listeners[HTTP_LISTENERS_MAX];
	size_t count = listeners_of(keeper->setup, door->kind, listeners);
	enum status st;

	if (count == 0)
		return ST_OK;
	st = http_server_open(
		&(struct http_server_setup){
			.listeners = listeners,
			.listeners_count = count,
			.handle = handle,
			.finish = finish,
			.body_max = body_max,
			.done = done,
			.left = left,
			.out_of_files = out_of_files,
			.stop_fd = keeper->stop_fd,
			.context = door,
			.workers = door->kind == DOOR_PUBLIC ? PUBLIC_WORKERS : keeper->workers,
			.sheds = true,
			.tls = door->kind == DOOR_OPERATOR ? NULL : tls,
		},
		&door->server);
	if (st == ST_OK)
		atomic_fetch_add(&door->serve->open, 1);
	return st;
}

enum status serve_open(struct keeper *keeper, struct api *api, const struct http_tls *tls,
	struct serve **out_serve)
{
	CLEANUP(serve_close)
	struct serve *serve = calloc(1, sizeof(*serve));
	enum status st = ST_OK;

	if (serve == NULL)
		return ST_NO_MEMORY;
	serve->keeper = keeper;
	serve->api = api;
	for (size_t i = 0; st == ST_OK && i < DOORS; i++) {
		serve->doors[i].serve = serve;
		serve->doors[i].kind = (enum door_kind)i;
		st = door_open(&serve->doors[i], tls);
	}
	if (st != ST_OK)
		return st;
	*out_serve = serve;
	serve = NULL;
	return ST_OK;
}

static void *door_run(void *context)
{
	struct door *door = context;

	door->ended = http_server_run(door->server);
	return NULL;
}

enum status serve_run(struct serve *serve)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < DOORS; i++) {
		struct door *door = &serve->doors[i];

		if (door->server == NULL)
			continue;
		door->runs = pthread_create(&door->thread, NULL, door_run, door) == 0;
		if (!door->runs)
			st = ST_NO_MEMORY;
	}
	for (size_t i = 0; i < DOORS; i++) {
		struct door *door = &serve->doors[i];

		if (st != ST_OK && door->runs)
			http_server_stop(door->server);
		if (door->runs)
			(void)pthread_join(door->thread, NULL);
		if (st == ST_OK && door->runs)
			st = door->ended;
	}
	return st;
}

void serve_close(struct serve **serve_at)
{
	struct serve *serve = *serve_at;

	if (serve == NULL)
		return;
	for (size_t i = 0; i < DOORS; i++)
		http_server_close(&serve->doors[i].server);
	free(serve);
	*serve_at = NULL;
}
