/*
 * The answer to a refused request: an RFC 9457 problem document and the headers
 * that go with it. Pure rendering; everything in it may be told to the caller.
 *
 * P1: for the hidden causes it is byte for byte the same, save requestId,
 *     diagnosis and instance.
 * P2: ASCII, at most LIMIT_PROBLEM bytes. What does not fit is left out in a fixed
 *     order: resources beyond the first two, instance, resources, positions, detail.
 */
#ifndef DECIDE_PROBLEM_H
#define DECIDE_PROBLEM_H

#include "base/message.h"
#include "decide/decision.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"
#define PROBLEM_CACHE_CONTROL "no-store"
#define PROBLEM_RESOURCES_MAX 5u
#define PROBLEM_CHALLENGE_LEN 192u

/* Of the configuration. */
struct problem_site {
	struct span public_url;  /* "https://keys.example.com", without a slash at the end; absent:
				    type is relative */
	struct span console_url; /* absent: instance is relative */
	struct span realm;       /* absent: "llavero" */
};

/* Of one request. */
struct problem_request {
	struct span request_id;
	struct span diagnosis; /* sealed; absent: none could be made */
	enum lang lang;
};

struct problem {
	int http_status;
	char www_authenticate[PROBLEM_CHALLENGE_LEN]; /* "": no such header */
	char retry_after[12];                         /* seconds; "": no such header */
	size_t document_len;
	char document[LIMIT_PROBLEM + 1]; /* ended by NUL */
};

/* The document of a denied decision. view, for the names of the resources, may be NULL. */
void problem_make(const struct problem_site *site, const struct decision *decision,
	const struct view *view, const struct problem_request *request, struct problem *out);

#endif
