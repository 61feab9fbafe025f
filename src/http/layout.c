/*
 * How the library lays a request out, and what that proves.
 *
 * libmicrohttpd 0.9.75 reads the header block into one buffer and cuts it in
 * place: it writes NUL over the space behind the method, over the space behind
 * the target, over the colon behind each name, and over each line end (two for
 * CR LF, one for a lone LF). What it hides or forgives shows as a byte that no
 * part accounts for:
 *
 *   NUL in a value       the value ends early, the next name is too far away
 *   folded line          the name is a copy elsewhere, made longer
 *   lone LF              the next part is one byte too near
 *   empty header name    the header is left out, a gap
 *   spaces               the target is too far from the method
 *
 * So a request is taken only when
 *
 *   L1  method, NUL, target, NUL, version, NUL NUL follow one another;
 *   L2  each header is name, NUL, spaces and tabs, value, NUL NUL, and begins
 *       where the one before ended;
 *   L3  behind the last one come NUL NUL, and that is header_size bytes from
 *       the method; the four bytes of both line ends are NUL.
 *
 * Five things cannot be told from the memory afterwards. None hides more than NULs
 * of a request from the handler:
 *
 *   E1  empty lines in front of a request line (RFC 9112 section 2.2 lets them
 *       be) may also be lone LFs or begin with NUL; the library skips them;
 *   E2  a line end written as NUL LF reads as CR LF. Line and block end at the
 *       LF, as they do for every reader that takes a lone LF;
 *   E3  the last line's end and the empty line behind it, written as LF NUL CR LF
 *       (or LF NUL NUL LF), read as CR LF CR LF;
 *   E4  the empty line behind the last one may also begin with a colon where E2 and
 *       E3 have it begin with NUL: colon LF, and behind a lone LF colon CR LF;
 *   E5  one NUL in front of the last line's end when the empty line behind it is a
 *       lone LF: NUL CR LF LF.
 *
 * Each takes a lone LF, which a gateway that writes requests itself never sends.
 */
#include "http/internal.h"

#include "base/plain.h"
#include <sys/socket.h>
#include <unistd.h>

struct collector {
	struct http_header *headers;
	size_t count;
	const char *expected; /* where the next name must begin */
	bool gap;
	const char *reason;
};

static bool is_zero(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\0')
			return false;
	}
	return true;
}

/* L2 for one header. The library's sizes are those of strlen: they stop at a NUL. */
static enum MHD_Result collect(void *context, enum MHD_ValueKind kind, const char *name,
	size_t name_len, const char *value, size_t value_len)
{
	struct collector *c = context;
	struct span padding;

	(void)kind;
	if (c->count >= HTTP_HEADERS_MAX) {
		c->reason = "http.headers_many";
		return MHD_NO;
	}
	c->gap = name != c->expected || value == NULL || value < name ||
		 (size_t)(value - name) < name_len + 1 ||
		 (size_t)(value - name) > LIMIT_HEADER_BLOCK;
	if (c->gap)
		return MHD_NO;
	padding = span_of(name + name_len + 1, (size_t)(value - name) - name_len - 1);
	c->gap = strict_trim(padding).len != 0;
	if (c->gap)
		return MHD_NO;
	c->headers[c->count].name = span_of(name, name_len);
	c->headers[c->count].value = strict_trim(span_of(value, value_len));
	if (!plain_is_token(c->headers[c->count].name)) {
		c->reason = "http.header_name";
		return MHD_NO;
	}
	if (!strict_value(c->headers[c->count].value)) {
		c->reason = "http.header_value";
		return MHD_NO;
	}
	c->count++;
	c->expected = value + value_len + 2;
	return MHD_YES;
}

const char *layout_read(struct MHD_Connection *mhd, const struct layout *layout,
	struct http_header *out_headers, size_t *out_count)
{
	struct collector c = { .headers = out_headers };
	size_t method_len = strlen(layout->method);

	*out_count = 0;
	if (layout->target != layout->method + method_len + 1 ||
		layout->version != layout->target + layout->target_len + 1)
		return "http.header_hidden";
	c.expected = layout->version + strlen(layout->version) + 2;
	(void)MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, collect, &c);
	if (c.gap)
		return "http.header_hidden";
	if (c.reason != NULL)
		return c.reason;
	if (c.expected + 2 != layout->method + layout->header_size || !is_zero(c.expected - 2, 4))
		return "http.header_hidden";
	*out_count = c.count;
	return NULL;
}

/* The self-check: requests whose reading is known, through a library of our own. */

struct probe {
	const char *label;
	struct span bytes;
	bool taken; /* layout_read must find nothing wrong */
	size_t headers_count;
};

#define PROBE(label, bytes, taken, count)                                                          \
	{                                                                                          \
		label, { bytes, sizeof(bytes) - 1 }, taken, count                                  \
	}

static const struct probe PROBES[] = {
	PROBE("plain", "GET /a%20b?x=%31&y HTTP/1.1\r\nHost: a\r\nX-A:b\r\n\r\n", true, 2),
	PROBE("spaces, empty value", "GET / HTTP/1.1\r\nHost: \t a \t\r\nX-A:\r\n\r\n", true, 2),
	PROBE("no header", "GET / HTTP/1.0\r\n\r\n", true, 0),
	PROBE("cookies", "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=\"b\"; c=d\r\nX:y\r\n\r\n", true,
		3),
	PROBE("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\nX-B: d\r\n\r\n", false,
		0),
	PROBE("NUL in the last value", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", false, 0),
	PROBE("NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", false, 0),
	PROBE("NUL in the method", "GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n", false, 0),
	PROBE("folded line", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\nX-B: d\r\n\r\n", false,
		0),
	PROBE("folded last line", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tc\r\n\r\n", false, 0),
	PROBE("folded empty line", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n \r\n\r\n", false, 0),
	PROBE("lone LF", "GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n", false, 0),
	PROBE("lone LF first", "GET / HTTP/1.1\nHost: a\r\n\r\n", false, 0),
	PROBE("lone LF last", "GET / HTTP/1.1\r\nHost: a\r\n\n", false, 0),
	PROBE("lone LF and a line that NUL hides", "GET / HTTP/1.1\r\nHost: a\n\0b\n", false, 0),
	PROBE("colon alone", "GET / HTTP/1.1\r\nHost: a\r\n:\r\n\r\n", false, 0),
	PROBE("CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rc\r\n\r\n", false, 0),
	PROBE("space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", false, 0),
	PROBE("empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", false, 0),
	PROBE("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", false, 0),
};

struct probe_result {
	const char *target;
	size_t target_len;
	bool handled;
	bool taken;
	size_t headers_count;
};

static void *probe_begin(void *context, const char *uri, struct MHD_Connection *mhd)
{
	struct probe_result *result = context;

	(void)mhd;
	result->target = uri;
	result->target_len = uri == NULL ? 0 : strlen(uri);
	return result;
}

/* signature: libmicrohttpd */
static enum MHD_Result probe_handle(void *context, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **request_context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct probe_result *result = context;
	struct http_header headers[HTTP_HEADERS_MAX];
	struct layout layout = { method, result->target, result->target_len, version, 0 };

	(void)url, (void)upload, (void)upload_size, (void)request_context;
	result->handled = true;
	if (info == NULL)
		return MHD_NO;
	layout.header_size = info->header_size;
	result->taken = layout_read(mhd, &layout, headers, &result->headers_count) == NULL;
	return MHD_NO;
}

static bool probe_run(const struct probe *probe)
{
	struct probe_result result = { 0 };
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0,
		NULL, NULL, probe_handle, &result, MHD_OPTION_URI_LOG_CALLBACK, probe_begin,
		&result, MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_GATE, MHD_OPTION_END);
	struct sockaddr address = { .sa_family = AF_UNIX };
	int pair[2];
	bool sent = false;

	if (daemon == NULL)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0) {
		sent = write(pair[1], probe->bytes.ptr, probe->bytes.len) ==
		       (ssize_t)probe->bytes.len;
		if (MHD_add_connection(daemon, pair[0], &address, sizeof(address)) != MHD_YES)
			sent = false; /* the library closed it */
		for (int i = 0; sent && i < 4; i++)
			(void)MHD_run(daemon);
		close(pair[1]);
	}
	MHD_stop_daemon(daemon);
	if (!sent || result.taken != probe->taken)
		return false;
	return !probe->taken || (result.handled && result.headers_count == probe->headers_count);
}

enum status layout_selfcheck(void)
{
	for (size_t i = 0; i < ARRAY_LEN(PROBES); i++) {
		if (!probe_run(&PROBES[i]))
			return ST_FORMAT;
	}
	return ST_OK;
}
