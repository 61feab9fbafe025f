/*
 * The stable codes of refusals. Each has a page (/causes/{name}), a title, a
 * detail and fixes in locale/{lang}/cause.json ("cause.{name}.title" ...).
 */
#ifndef DECIDE_CAUSE_H
#define DECIDE_CAUSE_H

#include "base/span.h"
#include "key/credential.h"

enum cause {
	CAUSE_NONE = 0, /* allowed; in a decision that denies it means a fault and answers 503 */

	/* 400 */
	CAUSE_PATH_AMBIGUOUS,
	CAUSE_HEADER_REPEATED,
	CAUSE_REQUEST_MALFORMED,

	/* 401: told to the caller */
	CAUSE_CREDENTIALS_MISSING,
	CAUSE_APP_KEY_MISSING,
	CAUSE_APP_TOKEN_MISSING,
	CAUSE_WHITESPACE,
	CAUSE_FIELDS_SWAPPED,
	CAUSE_PLACEHOLDER,
	CAUSE_WRONG_CASE,
	CAUSE_APP_KEY_TYPO,
	CAUSE_TOKEN_TYPO,
	CAUSE_TOKEN_TRUNCATED,
	CAUSE_CREDENTIALS_INVALID,

	/* 401: what CAUSE_CREDENTIALS_INVALID hides; the owner reads these */
	CAUSE_UNKNOWN_KEY,
	CAUSE_TOKEN_MISMATCH,
	CAUSE_TOKEN_OF_ANOTHER_KEY,

	/* 401: the caller sees these when it proved a token that is or was the key's */
	CAUSE_TOKEN_RETIRED,
	CAUSE_KEY_INACTIVE,
	CAUSE_KEY_REVOKED,
	CAUSE_KEY_EXPIRED,

	/* 403 */
	CAUSE_ACCOUNT_SUSPENDED,
	CAUSE_WRONG_ACCOUNT,
	CAUSE_ADDRESS_NOT_ALLOWED,
	CAUSE_ROUTE_UNKNOWN,
	CAUSE_ROUTE_AMBIGUOUS,
	CAUSE_NO_PROFILE,
	CAUSE_PROFILE_LACKS_RESOURCE,

	/* 429 */
	CAUSE_RATE_LIMITED,
	CAUSE_QUOTA_EXHAUSTED,

	/* 503 */
	CAUSE_INDEX_STALE,
	CAUSE_INDEX_UNAVAILABLE,
	CAUSE_LIMITS_UNAVAILABLE,

	CAUSE_COUNT
};

/* "no_profile"; "none" for CAUSE_NONE, never NULL. */
const char *cause_name(enum cause cause);

/* CAUSE_COUNT when no cause has that name. */
enum cause cause_from_name(struct span name);

/* The status of the answer: 400, 401, 403, 429, 503; 503 for CAUSE_NONE and anything unknown. */
int cause_http_status(enum cause cause);

/* What the text alone tells; CAUSE_NONE when it tells nothing that has a name. */
enum cause cause_of_text(enum text_cause text);

#endif
