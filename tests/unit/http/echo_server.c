/*
 * A server for tests: answers what it saw. `echo_server WORKERS [SOCKET]` listens
 * on a loopback port, or on a unix socket, prints its number, and ends at SIGTERM.
 */
#include "http/problem.h"
#include "http/router.h"

#include "base/crypto.h"
#include "base/encode.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct http_server *the_server;

static void on_term(int signal_number)
{
	(void)signal_number;
	http_server_stop(the_server);
}

static void append_hex(struct buf *out, const char *name, struct span value)
{
	buf_printf(out, ",\"%s\":\"", name);
	encode_hex(out, value.ptr, value.len);
	buf_append_char(out, '"');
}

/* Everything in hexadecimal, so that no byte is lost on the way to the test. */
static enum status echo(
	void *context, const struct http_request *request, struct http_response *response)
{
	(void)context;
	response->status = 200;
	response->content_type = "application/json";
	buf_printf(&response->body, "{\"minor\":%u", request->version_minor);
	append_hex(&response->body, "method", request->method);
	append_hex(&response->body, "target", request->target);
	append_hex(&response->body, "host", request->host);
	append_hex(&response->body, "body", request->body);
	buf_append_str(&response->body, ",\"headers\":[");
	for (size_t i = 0; i < request->headers_count; i++) {
		buf_printf(&response->body, "%s{\"i\":%zu", i > 0 ? "," : "", i);
		append_hex(&response->body, "name", request->headers[i].name);
		append_hex(&response->body, "value", request->headers[i].value);
		buf_append_char(&response->body, '}');
	}
	buf_append_str(&response->body, "]}");
	if (span_is(request->path, "/slow"))
		usleep(300 * 1000);
	return ST_OK;
}

static size_t body_max(void *context, const struct http_request *request)
{
	(void)context;
	return span_is(request->path, "/none") ? 0 : 4096;
}

static int listen_loopback(unsigned *out_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 128) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return -1;
	*out_port = ntohs(address.sin_port);
	return fd;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(fd, 128) != 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	unsigned port = 0;
	struct http_listener listener = {
		.fd = argc > 2 ? listen_unix(argv[2]) : listen_loopback(&port), .id = 7
	};
	struct http_server_setup setup = {
		.listeners = &listener,
		.listeners_count = 1,
		.handle = echo,
		.body_max = body_max,
		.workers = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0,
		.header_timeout_s = 2,
		.idle_timeout_s = 4,
		.transfer_timeout_s = 2,
		.connections_max = 64,
	};
	enum status st;

	if (listener.fd < 0 || crypto_init() != ST_OK)
		return 1;
	st = http_server_open(&setup, &the_server);
	if (st != ST_OK) {
		fprintf(stderr, "http_server_open: %s\n", status_name(st));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_term);
	printf("%u\n", port);
	fflush(stdout);
	st = http_server_run(the_server);
	http_server_close(&the_server);
	close(listener.fd);
	return st == ST_OK ? 0 : 1;
}
