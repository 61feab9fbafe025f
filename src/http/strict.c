#include "http/strict.h"

#include "base/plain.h"

/* Is any of the eight bytes below 0x20, or 0x7F? Exact for "any", not for which one. */
static bool any_control(uint64_t bytes)
{
	const uint64_t ones = UINT64_MAX / 0xFF, tops = ones * 0x80;
	uint64_t deletes = bytes ^ ones * 0x7F;

	return ((((bytes - ones * 0x20) & ~bytes) | ((deletes - ones) & ~deletes)) & tops) != 0;
}

static bool value_bytes(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)bytes[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

/* Every byte of every request comes by here, so eight at a time where nothing is in doubt. */
bool strict_value(struct span s)
{
	uint64_t eight;

	for (; s.len >= sizeof(eight); s = span_part(s, sizeof(eight), s.len)) {
		memcpy(&eight, s.ptr, sizeof(eight));
		if (any_control(eight) && !value_bytes(s.ptr, sizeof(eight)))
			return false;
	}
	return value_bytes(s.ptr, s.len);
}

bool strict_target(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.ptr[i];

		if (c <= 0x20 || c >= 0x7F)
			return false;
	}
	return s.len > 0 && s.ptr[0] == '/';
}

struct span strict_trim(struct span value)
{
	while (value.len > 0 && (value.ptr[0] == ' ' || value.ptr[0] == '\t'))
		value = span_part(value, 1, value.len);
	while (value.len > 0 &&
		(value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
		value.len--;
	return value;
}

static bool all_of(struct span s, const char *marks)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool alnum =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!alnum && (c == '\0' || strchr(marks, c) == NULL))
			return false;
	}
	return s.len > 0;
}

static bool strict_port(struct span s)
{
	uint64_t port = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9' || i >= 5)
			return false;
		port = port * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	return s.len > 0 && port <= 65535;
}

bool strict_host(struct span s)
{
	struct span name, rest;

	if (s.len > 0 && s.ptr[0] == '[') {
		size_t end = span_find(s, ']');

		if (end == s.len || !all_of(span_part(s, 1, end - 1), ":."))
			return false;
		name = span_part(s, 0, end + 1);
		rest = span_part(s, end + 1, s.len);
	} else {
		size_t end = span_find(s, ':');

		name = span_part(s, 0, end);
		rest = span_part(s, end, s.len);
		if (!all_of(name, "-._~%!$&'()*+,;="))
			return false;
	}
	if (name.len > LIMIT_HOST)
		return false;
	return rest.len == 0 || (rest.ptr[0] == ':' && strict_port(span_part(rest, 1, rest.len)));
}

/* "HTTP/1.1" -> 1, "HTTP/1.0" -> 0, anything else -1. */
static int strict_version(struct span s)
{
	if (span_is(s, "HTTP/1.1"))
		return 1;
	return span_is(s, "HTTP/1.0") ? 0 : -1;
}

static struct strict_refusal refuse(unsigned http_status, const char *reason)
{
	return (struct strict_refusal){ http_status, reason };
}

#define PASS refuse(0, NULL)

static struct strict_refusal check_line(const struct http_request *request)
{
	if (request->method.len > LIMIT_METHOD || !plain_is_token(request->method))
		return refuse(400, "http.method_invalid");
	if (request->target.len > LIMIT_TARGET)
		return refuse(414, "http.target_long");
	if (!strict_target(request->target))
		return refuse(400, "http.target_invalid");
	return PASS;
}

static struct strict_refusal check_host(struct http_request *request)
{
	switch (http_header_find(request, "Host", &request->host)) {
	case HTTP_ABSENT:
		request->host = SPAN_ABSENT;
		return request->version_minor == 0 ? PASS : refuse(400, "http.host_missing");
	case HTTP_REPEATED:
		return refuse(400, "http.host_repeated");
	case HTTP_ONCE:
		break;
	}
	return strict_host(request->host) ? PASS : refuse(400, "http.host_invalid");
}

static struct strict_refusal check_body(const struct http_request *request, uint64_t *out_body_len)
{
	struct span encoding, length;
	enum http_lookup lengths = http_header_find(request, "Content-Length", &length);

	*out_body_len = 0;
	if (http_header_find(request, "Transfer-Encoding", &encoding) != HTTP_ABSENT) {
		if (lengths != HTTP_ABSENT || request->version_minor == 0)
			return refuse(400, "http.length_and_encoding");
		if (!span_equal_nocase(encoding, SPAN_LIT("chunked")))
			return refuse(501, "http.encoding_unknown");
		return refuse(411, "http.encoding_refused");
	}
	if (lengths == HTTP_REPEATED)
		return refuse(400, "http.length_repeated");
	if (lengths == HTTP_ONCE && !span_to_u64(length, out_body_len))
		return refuse(400, "http.length_invalid");
	return PASS;
}

struct strict_refusal strict_check(
	struct http_request *request, struct span version, uint64_t *out_body_len)
{
	struct strict_refusal refusal = check_line(request);
	struct span expect;
	int minor = strict_version(version);
	enum http_lookup expects = http_header_find(request, "Expect", &expect);

	if (refusal.http_status != 0)
		return refusal;
	if (minor < 0)
		return refuse(505, "http.version_unknown");
	request->version_minor = (unsigned)minor;
	refusal = check_host(request);
	if (refusal.http_status == 0)
		refusal = check_body(request, out_body_len);
	if (refusal.http_status != 0)
		return refusal;
	if (expects == HTTP_REPEATED ||
		(expects == HTTP_ONCE && !span_equal_nocase(expect, SPAN_LIT("100-continue"))))
		return refuse(417, "http.expect_unknown");
	return PASS;
}
