/*
 * Any bytes as what a connection sends, alone or inside a good request. A first
 * byte chooses that, and where they are cut in two. What reaches the handler must satisfy what
 * server.h promises of it.
 */
#include "base/crypto.h"
#include "base/plain.h"
#include "http/internal.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static enum status handle(
	void *context, const struct http_request *request, struct http_response *response)
{
	struct span value;

	(void)context;
	must(plain_is_token(request->method) && strict_target(request->target));
	must(request->target.len <= LIMIT_TARGET);
	must(request->version_minor == 0 || strict_host(request->host));
	must(http_header_find(request, "Transfer-Encoding", &value) == HTTP_ABSENT);
	must(http_header_find(request, "Content-Length", &value) != HTTP_REPEATED);
	must(http_header_find(request, "Host", &value) != HTTP_REPEATED);
	for (size_t i = 0; i < request->headers_count; i++) {
		must(plain_is_token(request->headers[i].name));
		must(strict_value(request->headers[i].value));
	}
	response->status = 200;
	buf_append(&response->body, request->body);
	return ST_OK;
}

static size_t body_max(void *context, const struct http_request *request)
{
	(void)context;
	return request->method.len == 4 ? 512 : 0;
}

static struct http_server *server_once(void)
{
	static struct http_server *server;
	const struct http_server_setup setup = { .handle = handle, .body_max = body_max };

	if (server == NULL)
		must(crypto_init() == ST_OK && http_server_open(&setup, &server) == ST_OK);
	return server;
}

static void turns(struct http_server *server, int count)
{
	for (int i = 0; i < count; i++)
		must(server_turn(server, 0));
}

static const struct {
	const char *before, *behind;
} FRAMES[] = {
	{ "", "" },
	{ "GET /a?b HTTP/1.1\r\nHost: a\r\n", "\r\n\r\n" },
	{ "GET /", " HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n", "" },
};

static void text_make(struct buf *out, const uint8_t *data, size_t size)
{
	size_t frame = data[0] % ARRAY_LEN(FRAMES);

	buf_append_str(out, FRAMES[frame].before);
	buf_append(out, span_of(data + 1, size - 1));
	buf_append_str(out, FRAMES[frame].behind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_server *server = server_once();
	struct buf text = buf_heap(16 * KIB);
	char answer[4096];
	size_t cut;
	int pair[2];

	if (size < 2)
		return 0;
	text_make(&text, data, size);
	cut = text.len == 0 ? 0 : data[0] % text.len;

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	server_take(server, pair[0], 0);
	(void)!write(pair[1], text.ptr, cut);
	turns(server, 3);
	(void)!send(pair[1], text.ptr + cut, text.len - cut, MSG_NOSIGNAL);
	turns(server, 4);
	while (read(pair[1], answer, sizeof(answer)) > 0)
		turns(server, 1);
	close(pair[1]);
	for (int i = 0; i < 8 && http_server_connections(server) > 0; i++)
		turns(server, 1);
	must(http_server_connections(server) == 0);
	buf_free(&text);
	return 0;
}
