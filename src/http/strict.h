/* Strict checks of single parts of a request, on spans alone. */
#ifndef HTTP_STRICT_H
#define HTTP_STRICT_H

#include "http/server.h"

/* A field value: visible ASCII, space, tab and bytes from 0x80. */
bool strict_value(struct span s);

/* Origin form: '/' and then visible ASCII only. */
bool strict_target(struct span s);

/* host[:port] with a host of at most LIMIT_HOST bytes: a name, an IPv4 address or [IPv6]; no
 * userinfo. */
bool strict_host(struct span s);

/* Why a request that came whole is still refused. */
struct strict_refusal {
	unsigned http_status; /* 0: it is not */
	const char *reason;   /* message key */
};

/*
 * Check what the headers and the first line say together: version, method,
 * target, Host, Content-Length, Transfer-Encoding, Expect. Fills
 * request->host, version_minor and *out_body_len.
 */
struct strict_refusal strict_check(
	struct http_request *request, struct span version, uint64_t *out_body_len);

/* value without spaces and tabs at its ends */
struct span strict_trim(struct span value);

#endif
