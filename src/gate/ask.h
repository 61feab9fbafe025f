/*
 * One question to the gate, whatever the dialect it came in: the request to
 * decide on, and the decision rendered.
 *
 * A dialect reads its own headers and no other family's: a gateway passes the
 * client's other headers along, so a forged X-Original-*, X-Forwarded-* or
 * X-Llavero-* must not count. Method and target must come exactly once.
 */
#ifndef GATE_ASK_H
#define GATE_ASK_H

#include "gate/state.h"

enum dialect {
	DIALECT_NGINX, /* X-Original-Method, -URI, -Host, -Address; answers 200, 401, 403 only */
	DIALECT_FORWARDED, /* X-Forwarded-Method, -Uri, -Host, X-Real-IP */
	DIALECT_ENVOY      /* the request itself, behind /auth/envoy */
};

/* Decide and answer a forward-auth request. */
NODISCARD enum status ask_forward_auth(struct gate *gate, enum dialect dialect,
	const struct http_request *request, struct http_response *response);

/* POST /v1/verify. */
NODISCARD enum status ask_verify(
	struct gate *gate, const struct http_request *request, struct http_response *response);

#endif
