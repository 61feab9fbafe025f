#include "decide/cause.h"

struct cause_row {
	const char *name;
	int http_status;
};

static const struct cause_row CAUSES[CAUSE_COUNT] = {
	[CAUSE_NONE] = { "none", 503 },
	[CAUSE_PATH_AMBIGUOUS] = { "path_ambiguous", 400 },
	[CAUSE_HEADER_REPEATED] = { "header_repeated", 400 },
	[CAUSE_REQUEST_MALFORMED] = { "request_malformed", 400 },
	[CAUSE_CREDENTIALS_MISSING] = { "credentials_missing", 401 },
	[CAUSE_APP_KEY_MISSING] = { "app_key_missing", 401 },
	[CAUSE_APP_TOKEN_MISSING] = { "app_token_missing", 401 },
	[CAUSE_WHITESPACE] = { "whitespace", 401 },
	[CAUSE_FIELDS_SWAPPED] = { "fields_swapped", 401 },
	[CAUSE_PLACEHOLDER] = { "placeholder", 401 },
	[CAUSE_WRONG_CASE] = { "wrong_case", 401 },
	[CAUSE_APP_KEY_TYPO] = { "app_key_typo", 401 },
	[CAUSE_TOKEN_TYPO] = { "token_typo", 401 },
	[CAUSE_TOKEN_TRUNCATED] = { "token_truncated", 401 },
	[CAUSE_CREDENTIALS_INVALID] = { "credentials_invalid", 401 },
	[CAUSE_UNKNOWN_KEY] = { "unknown_key", 401 },
	[CAUSE_TOKEN_MISMATCH] = { "token_mismatch", 401 },
	[CAUSE_TOKEN_OF_ANOTHER_KEY] = { "token_of_another_key", 401 },
	[CAUSE_TOKEN_RETIRED] = { "token_retired", 401 },
	[CAUSE_KEY_INACTIVE] = { "key_inactive", 401 },
	[CAUSE_KEY_REVOKED] = { "key_revoked", 401 },
	[CAUSE_KEY_EXPIRED] = { "key_expired", 401 },
	[CAUSE_ACCOUNT_SUSPENDED] = { "account_suspended", 403 },
	[CAUSE_WRONG_ACCOUNT] = { "wrong_account", 403 },
	[CAUSE_ADDRESS_NOT_ALLOWED] = { "address_not_allowed", 403 },
	[CAUSE_ROUTE_UNKNOWN] = { "route_unknown", 403 },
	[CAUSE_ROUTE_AMBIGUOUS] = { "route_ambiguous", 403 },
	[CAUSE_NO_PROFILE] = { "no_profile", 403 },
	[CAUSE_PROFILE_LACKS_RESOURCE] = { "profile_lacks_resource", 403 },
	[CAUSE_RATE_LIMITED] = { "rate_limited", 429 },
	[CAUSE_QUOTA_EXHAUSTED] = { "quota_exhausted", 429 },
	[CAUSE_INDEX_STALE] = { "index_stale", 503 },
	[CAUSE_INDEX_UNAVAILABLE] = { "index_unavailable", 503 },
	[CAUSE_LIMITS_UNAVAILABLE] = { "limits_unavailable", 503 },
};

const char *cause_name(enum cause cause)
{
	return (unsigned)cause < CAUSE_COUNT ? CAUSES[cause].name : CAUSES[CAUSE_NONE].name;
}

enum cause cause_from_name(struct span name)
{
	for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
		if (span_is(name, CAUSES[i].name))
			return (enum cause)i;
	}
	return CAUSE_COUNT;
}

int cause_http_status(enum cause cause)
{
	return (unsigned)cause < CAUSE_COUNT ? CAUSES[cause].http_status : 503;
}

enum cause cause_of_text(enum text_cause text)
{
	switch (text) {
	case TEXT_FIELDS_SWAPPED:
		return CAUSE_FIELDS_SWAPPED;
	case TEXT_PLACEHOLDER:
		return CAUSE_PLACEHOLDER;
	case TEXT_WHITESPACE:
		return CAUSE_WHITESPACE;
	case TEXT_WRONG_CASE:
		return CAUSE_WRONG_CASE;
	case TEXT_APP_KEY_TYPO:
		return CAUSE_APP_KEY_TYPO;
	case TEXT_TOKEN_TRUNCATED:
		return CAUSE_TOKEN_TRUNCATED;
	case TEXT_TOKEN_TYPO:
		return CAUSE_TOKEN_TYPO;
	case TEXT_UNCHECKED:
	case TEXT_VALID:
	case TEXT_FOREIGN:
	case TEXT_MALFORMED:
	case TEXT_CAUSE_COUNT:
		break;
	}
	return CAUSE_NONE;
}
