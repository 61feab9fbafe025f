/*
 * What a gateway is told: the X-Llavero-* headers of forward-auth and the JSON
 * of /v1/verify. Pure rendering.
 *
 * Header values are printable ASCII: any other byte, and "%", stands as %XX, so
 * no name or id can break a line or add a header.
 */
#ifndef DECIDE_ANSWER_H
#define DECIDE_ANSWER_H

#include "decide/problem.h"

#define ANSWER_HEADERS_MAX 8u
#define ANSWER_TEXT_LEN (8 * KIB)

struct answer_header {
	const char *name;
	struct span value; /* into the struct answer */
};

struct answer {
	size_t headers_count;
	struct answer_header headers[ANSWER_HEADERS_MAX];
	struct buf text;
	char memory[ANSWER_TEXT_LEN];
};

/*
 * Allowed: X-Llavero-Account, -Key, -External-Id, -Profile, -Resource
 * ("product/key"), -Revision; each only when there is a value. A public route
 * has only the revision. Both, for a limited key: RateLimit-Policy and RateLimit
 * (the IETF's draft of these fields), the latter of the window that binds.
 */
void answer_allowed(const struct decision *decision, const struct view *view, struct answer *out);

/*
 * Refused: X-Llavero-Cause (what the caller may know), -Status, -Diagnosis.
 * with_document: also X-Llavero-Problem, for a gateway that drops bodies (nginx).
 */
void answer_refused(const struct decision *decision, const struct problem *problem,
	struct span diagnosis, bool with_document, struct answer *out);

/*
 * /v1/verify, always HTTP 200: {"allowed":true,"account":...,"appKey":...,
 * "externalId":...,"profile":...,"resource":{...},"previousToken":...,"revision":...} or
 * {"allowed":false,"cause":...,"status":...,"problem":{...},"revision":...}. problem is
 * NULL when allowed.
 */
void answer_verify(const struct decision *decision, const struct view *view,
	const struct problem *problem, struct buf *out);

/* Append the bytes as a header value (see above). */
void answer_append_value(struct buf *out, struct span value);

#endif
