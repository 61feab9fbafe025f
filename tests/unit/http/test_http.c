/* The strict checks on spans, the library's layout, routes and problem documents. */
#include "testing.h"

#include "base/plain.h"
#include "http/internal.h"
#include "http/problem.h"
#include "http/router.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A change of the library may change what layout_read relies on: look before believing it. */
static void test_library_layout(void **state)
{
	(void)state;
	assert_string_equal(MHD_get_version(), "0.9.75");
	assert_int_equal(layout_selfcheck(), ST_OK);
}

/* What the library asks of a unix socket is answered without the kernel; all else is as ever. */
static void test_socket_options(void **state)
{
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int pair[2], on = 1, got = 0;
	socklen_t len = sizeof(got);

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	/* The shared libraries of the program find the same function. */
	assert_ptr_equal(dlsym(RTLD_DEFAULT, "setsockopt"), setsockopt);
	assert_int_equal(setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(getsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &got, &len), 0);
	assert_int_equal(got, 1);
	assert_int_equal(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	assert_int_equal(getsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &got, &len), 0);
	assert_true(got != 0);
	assert_int_equal(setsockopt(-1, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), -1);
	assert_int_equal(errno, EBADF);
	close(tcp);
	close(pair[0]);
	close(pair[1]);
}

static void test_strict(void **state)
{
	static const struct {
		const char *label, *text;
		bool token, value, target, host;
	} rows[] = {
		{ "empty", "", false, true, false, false },
		{ "word", "a-b_c", true, true, false, false },
		{ "name", "a.example", true, true, false, true },
		{ "name and port", "a:1", false, true, false, true },
		{ "port 65535", "a:65535", false, true, false, true },
		{ "port 65536", "a:65536", false, true, false, false },
		{ "port of six", "a:000001", false, true, false, false },
		{ "no port", "a:", false, true, false, false },
		{ "IPv6", "[::1]", false, true, false, true },
		{ "IPv6 and port", "[::1]:80", false, true, false, true },
		{ "IPv6 not closed", "[::1", false, true, false, false },
		{ "IPv6 and letters", "[::1]x", false, true, false, false },
		{ "empty IPv6", "[]", false, true, false, false },
		{ "userinfo", "u@a", false, true, false, false },
		{ "path", "/a?b#c", false, true, true, false },
		{ "space", "/a b", false, true, false, false },
		{ "tab", "/a\tb", false, true, false, false },
		{ "CR", "/a\rb", false, false, false, false },
		{ "DEL", "/a\x7f", false, false, false, false },
		{ "high byte", "/\x80", false, true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct span text = span_str(rows[i].text);

		CHECK_ROW(rows[i].label, strict_value(text) == rows[i].value);
		CHECK_ROW(rows[i].label, strict_target(text) == rows[i].target);
		if (strcmp(rows[i].label, "word") != 0)
			CHECK_ROW(rows[i].label, strict_host(text) == rows[i].host);
		CHECK_ROW(rows[i].label, plain_is_token(text) == rows[i].token);
	}
	assert_false(plain_is_token(span_of("a\0b", 3)));
	assert_false(strict_value(span_of("a\0b", 3)));
	assert_false(strict_host(span_of("a\0b", 3)));
}

/* Eight bytes are looked at together: each value of each byte, wherever it stands. */
static void test_strict_each_byte(void **state)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
		bool letter = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
			      (byte >= 'a' && byte <= 'z');
		bool mark = byte != 0 && strchr(marks, (int)byte) != NULL;

		for (size_t at = 0; at < 20; at++) {
			char text[20], neighbours[20];

			memset(text, 'a', sizeof(text));
			memset(neighbours, '\t', sizeof(neighbours));
			text[at] = neighbours[at] = (char)byte;
			assert_int_equal(strict_value(span_of(text, sizeof(text))), !control);
			assert_int_equal(
				strict_value(span_of(neighbours, sizeof(neighbours))), !control);
			assert_int_equal(
				plain_is_token(span_of(text, sizeof(text))), letter || mark);
		}
	}
}

static enum status answer(
	void *context, const struct http_call *call, struct http_response *response)
{
	(void)context;
	response->status = 200;
	buf_printf(&response->body, "%s", call->route->pattern);
	for (size_t i = 0; i < call->params_count; i++)
		buf_printf(&response->body, " %.*s", (int)call->params[i].len, call->params[i].ptr);
	for (size_t i = 0; i < call->query_count; i++)
		buf_printf(&response->body, " %.*s=%.*s", (int)call->query[i].name.len,
			call->query[i].name.ptr, (int)call->query[i].value.len,
			call->query[i].value.ptr);
	return ST_OK;
}

static const struct http_route ROUTES[] = {
	{ "GET", "/", answer, NULL, 0 },
	{ "GET", "/v1/keys", answer, "cursor limit", 0 },
	{ "POST", "/v1/keys", answer, NULL, 100 },
	{ "GET", "/v1/keys/{key}/links/{id}", answer, NULL, 0 },
};
static const struct http_routes TABLE = { ROUTES, ARRAY_LEN(ROUTES) };

static struct request_state *request_make(const char *method, const char *target)
{
	struct request_state *state = calloc(1, sizeof(*state));
	struct span text = span_str(target);
	size_t mark = span_find(text, '?');

	assert_non_null(state);
	state->response.file_fd = -1;
	state->response.body = buf_heap(4096);
	state->request = (struct http_request){ .method = span_str(method),
		.target = text,
		.path = span_part(text, 0, mark),
		.state = state,
		.headers = state->headers };
	if (mark < text.len)
		state->request.query = span_part(text, mark + 1, SIZE_MAX);
	return state;
}

static void request_drop(struct request_state *state)
{
	arena_free(&state->arena);
	buf_free(&state->response.body);
	free(state);
}

static void test_router(void **test_state)
{
	static const struct {
		const char *label, *method, *target;
		unsigned status;
		const char *body; /* a part of it */
	} rows[] = {
		{ "root", "GET", "/", 200, "/" },
		{ "HEAD as GET", "HEAD", "/v1/keys", 200, "/v1/keys" },
		{ "query", "GET", "/v1/keys?limit=5&cursor=a%20b+c", 200, "limit=5 cursor=a b c" },
		{ "empty value", "GET", "/v1/keys?cursor=", 200, "cursor=" },
		{ "empty query", "GET", "/v1/keys?", 200, "/v1/keys" },
		{ "parameters", "GET", "/v1/keys/a%2Fb/links/%C3%A9", 200, " a/b \xC3\xA9" },
		{ "no such path", "GET", "/v1/key", 404, "requestId" },
		{ "trailing slash", "GET", "/v1/keys/", 404, "" },
		{ "double slash", "GET", "//v1/keys", 404, "" },
		{ "empty parameter", "GET", "/v1/keys//links/1", 404, "" },
		{ "other method", "DELETE", "/v1/keys", 405, "GET, HEAD, POST" },
		{ "method in lower case", "get", "/v1/keys", 405, "" },
		{ "unknown parameter", "GET", "/v1/keys?limits=5", 400, "http.query_unknown" },
		{ "none is known", "POST", "/v1/keys?limit=5", 400, "http.query_unknown" },
		{ "repeated parameter", "GET", "/v1/keys?limit=5&limit=5", 400,
			"http.query_repeated" },
		{ "repeated, encoded", "GET", "/v1/keys?limit=5&%6cimit=6", 400,
			"http.query_repeated" },
		{ "empty item", "GET", "/v1/keys?&limit=5", 400, "http.query_unknown" },
		{ "bad encoding", "GET", "/v1/keys?limit=%5", 400, "http.encoding_invalid" },
		{ "encoded NUL", "GET", "/v1/keys/a%00/links/1", 400, "http.encoding_invalid" },
		{ "encoded line feed", "GET", "/v1/keys/a%0a/links/1", 400,
			"http.encoding_invalid" },
		{ "overlong UTF-8", "GET", "/v1/keys/%c0%af/links/1", 400,
			"http.encoding_invalid" },
	};

	(void)test_state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct request_state *state = request_make(rows[i].method, rows[i].target);

		CHECK_ROW(rows[i].label,
			http_dispatch(&TABLE, NULL, &state->request, &state->response) == ST_OK);
		CHECK_ROW(rows[i].label, state->response.status == rows[i].status);
		CHECK_ROW(rows[i].label,
			strstr(buf_str(&state->response.body), rows[i].body) != NULL);
		request_drop(state);
	}
}

static void test_body_max(void **test_state)
{
	struct request_state *post = request_make("POST", "/v1/keys");
	struct request_state *get = request_make("GET", "/v1/keys");

	(void)test_state;
	assert_int_equal(http_routes_body_max(&TABLE, &post->request), 100);
	assert_int_equal(http_routes_body_max(&TABLE, &get->request), 0);
	request_drop(post);
	request_drop(get);
}

/* Each status and each of our statuses has words in all languages. */
static void test_problem(void **test_state)
{
	(void)test_state;
	for (int st = ST_NOT_FOUND; st < ST_COUNT; st++) {
		for (int lang = 0; lang < LANG_COUNT; lang++) {
			struct buf text = buf_heap(4096);

			http_problem_append(&text, (enum lang)lang, http_status_of((enum status)st),
				NULL, "0123");
			assert_true(buf_ok(&text));
			assert_null(strstr(buf_str(&text), "http."));
			buf_free(&text);
		}
	}
}

/* A value that would break the answer's framing, or too many, becomes a failure. */
static void test_response_header(void **test_state)
{
	struct request_state *state = request_make("GET", "/");
	struct http_response *response = &state->response;

	(void)test_state;
	http_response_header(response, "X-A", SPAN_LIT("a b"));
	assert_false(response->failed);
	http_response_header(response, "X-A", SPAN_LIT("a\r\nX-B: c"));
	assert_true(response->failed);
	response_begin(response);
	for (unsigned i = 0; i < HTTP_RESPONSE_HEADERS_MAX; i++)
		http_response_header(response, "X-A", SPAN_LIT("a"));
	assert_false(response->failed);
	http_response_header(response, "X-A", SPAN_LIT("a"));
	assert_true(response->failed);
	request_drop(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_library_layout),
		cmocka_unit_test(test_socket_options),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_strict_each_byte),
		cmocka_unit_test(test_router),
		cmocka_unit_test(test_body_max),
		cmocka_unit_test(test_problem),
		cmocka_unit_test(test_response_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
