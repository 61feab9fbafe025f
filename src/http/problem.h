/*
 * RFC 9457 problem documents for transport and administration errors, in the
 * caller's language. (A decision's own documents come from decide/.)
 *
 *   {"type":"about:blank","title":"...","status":409,"detail":"...",
 *    "code":"error.name_taken","requestId":"..."}
 */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "base/complaint.h"
#include "http/server.h"

/*
 * Make *response that problem: body, content type, Cache-Control: no-store.
 * What the handler had filled in is dropped. complaint says what is wrong and
 * what to do; NULL or empty: the general sentence of that HTTP status.
 */
void http_problem(struct http_response *response, const struct http_request *request,
	unsigned http_status, const struct complaint *complaint);

/* The same from a status of ours: ST_NOT_FOUND is 404, ST_CONFLICT 409, ... */
void http_problem_status(struct http_response *response, const struct http_request *request,
	enum status st, const struct complaint *complaint);

unsigned http_status_of(enum status st);

/* The document alone, ASCII, for those who frame it themselves. */
void http_problem_append(struct buf *out, enum lang lang, unsigned http_status,
	const struct complaint *complaint, const char *request_id);

#endif
