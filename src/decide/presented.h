/*
 * The credential that a request presents, taken from its headers by the
 * configured families (DESIGN: pair of headers, one header with the token, or
 * Authorization: Bearer).
 */
#ifndef DECIDE_PRESENTED_H
#define DECIDE_PRESENTED_H

#include "base/span.h"

#define FAMILIES_MAX 8u

enum presented_form {
	PRESENTED_NONE = 0,
	PRESENTED_PAIR,  /* app_key and app_token; either may be absent */
	PRESENTED_TOKEN, /* one header with the token alone */
	PRESENTED_BEARER /* Authorization: Bearer */
};

struct presented {
	enum presented_form form;
	struct span app_key;
	struct span app_token;
	bool repeated; /* a credential header twice, or two families at once: CAUSE_HEADER_REPEATED
			*/
};

/* One way of sending a credential. key_header is absent for a family of one header. */
struct family {
	struct span key_header;
	struct span token_header;
};

struct families {
	size_t count;
	struct family items[FAMILIES_MAX];
	bool bearer; /* Authorization: Bearer counts when no other family is present */
};

/* The default: X-VTEX-API-AppKey/-AppToken, X-App-Key/X-App-Token, X-API-Key, and bearer. */
const struct families *families_default(void);

/* How often a header came (names compare without case) and its first value. */
struct header_value {
	unsigned count;
	struct span value;
};

struct headers {
	const void *context;
	struct header_value (*get)(const void *context, struct span name);
};

/* Spans of the result point into the headers. */
struct presented presented_from_headers(
	const struct families *families, const struct headers *headers);

/* A CORS preflight: OPTIONS with one Origin and one Access-Control-Request-Method. */
bool presented_preflight(struct span method, const struct headers *headers);

#endif
