#include "decide/presented.h"

static const struct families DEFAULT_FAMILIES = {
	.count = 3,
	.items = {
		{ { "X-VTEX-API-AppKey", 17 }, { "X-VTEX-API-AppToken", 19 } },
		{ { "X-App-Key", 9 }, { "X-App-Token", 11 } },
		{ { NULL, 0 }, { "X-API-Key", 9 } },
	},
	.bearer = true,
};

const struct families *families_default(void)
{
	return &DEFAULT_FAMILIES;
}

static struct header_value header(const struct headers *headers, struct span name)
{
	return span_present(name) ? headers->get(headers->context, name)
				  : (struct header_value){ 0 };
}

/* The token of "Bearer <token>"; absent for another scheme. */
static struct span bearer_token(struct span value)
{
	struct span scheme = SPAN_LIT("Bearer");
	struct span rest;

	if (!span_equal_nocase(span_part(value, 0, scheme.len), scheme))
		return SPAN_ABSENT;
	rest = span_part(value, scheme.len, value.len);
	if (rest.len > 0 && rest.ptr[0] != ' ')
		return SPAN_ABSENT;
	while (rest.len > 0 && rest.ptr[0] == ' ')
		rest = span_part(rest, 1, rest.len);
	return rest;
}

static struct presented from_bearer(const struct headers *headers)
{
	struct header_value value = header(headers, SPAN_LIT("Authorization"));
	struct presented result = { 0 };

	if (value.count == 0)
		return result;
	if (value.count > 1) {
		result.repeated = true;
		return result;
	}
	result.app_token = bearer_token(value.value);
	if (span_present(result.app_token))
		result.form = PRESENTED_BEARER;
	return result;
}

struct presented presented_from_headers(
	const struct families *families, const struct headers *headers)
{
	struct presented result = { 0 };
	size_t families_seen = 0;

	for (size_t i = 0; i < families->count && i < FAMILIES_MAX; i++) {
		const struct family *family = &families->items[i];
		struct header_value key = header(headers, family->key_header);
		struct header_value token = header(headers, family->token_header);

		if (key.count == 0 && token.count == 0)
			continue;
		families_seen++;
		if (key.count > 1 || token.count > 1)
			result.repeated = true;
		if (families_seen > 1)
			continue;
		result.form = span_present(family->key_header) ? PRESENTED_PAIR : PRESENTED_TOKEN;
		result.app_key = key.count > 0 ? key.value : SPAN_ABSENT;
		result.app_token = token.count > 0 ? token.value : SPAN_ABSENT;
	}
	if (families_seen > 1)
		result.repeated = true;
	if (families_seen == 0 && families->bearer)
		return from_bearer(headers);
	return result;
}

bool presented_preflight(struct span method, const struct headers *headers)
{
	return span_is(method, "OPTIONS") && header(headers, SPAN_LIT("Origin")).count == 1 &&
	       header(headers, SPAN_LIT("Access-Control-Request-Method")).count == 1;
}
