/*
 * The token checker of src/key for a browser: what the text of a credential says
 * about itself, computed in the page. The page writes the texts into one block of
 * memory, calls, reads the finding out of another, and wipes the first.
 */
#include "key/credential.h"

#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

/* More than any credential has: what is longer is as wrong as what just is too long. */
#define FIELD_MAX (4 * LIMIT_APP_TOKEN)

enum what { WHAT_PAIR, WHAT_APP_KEY, WHAT_APP_TOKEN };
/* What a reader needs to know first; zero says nothing. */
enum verdict { VERDICT_NONE, VERDICT_VALID, VERDICT_FOREIGN, VERDICT_WRONG };

static struct {
	char app_key[FIELD_MAX];
	char app_token_secret[FIELD_MAX];
	char prefix[FIELD_MAX];
} input;

static struct {
	int32_t verdict, cause, hint, field, length, expected, wrong_count, positions_count;
	int32_t positions[TEXT_POSITIONS_MAX];
} finding;

EXPORT("input") void *input_address(void)
{
	return &input;
}

EXPORT("field_max") int32_t field_max(void)
{
	return FIELD_MAX;
}

EXPORT("wipe") void wipe(void)
{
	explicit_bzero(&input, sizeof(input));
}

static enum verdict verdict_of(const struct text_finding *found)
{
	if (text_tells(found))
		return VERDICT_WRONG;
	if (found->cause == TEXT_VALID)
		return VERDICT_VALID;
	return found->cause == TEXT_FOREIGN ? VERDICT_FOREIGN : VERDICT_NONE;
}

static struct span field_of(const char *text, int32_t len)
{
	return len < 0 || len > (int32_t)FIELD_MAX ? SPAN_ABSENT : span_of(text, (size_t)len);
}

/* Lengths in bytes; a negative one: that field was not given. The finding's address. */
EXPORT("check")
const void *check(enum what what, int32_t app_key_len, int32_t app_token_len, int32_t prefix_len)
{
	struct span app_key = field_of(input.app_key, app_key_len);
	struct span app_token = field_of(input.app_token_secret, app_token_len);
	struct span prefix = field_of(input.prefix, prefix_len);
	struct text_finding found = { .cause = TEXT_UNCHECKED };

	if (what == WHAT_APP_KEY)
		app_key_text(app_key, prefix, &found);
	else if (what == WHAT_APP_TOKEN)
		token_text(app_token, &found);
	else
		credential_check(app_key, app_token, prefix, &found);
	finding.verdict = (int32_t)verdict_of(&found);
	finding.cause = (int32_t)found.cause;
	finding.hint = (int32_t)found.hint;
	finding.field = (int32_t)found.field;
	finding.length = found.length;
	finding.expected = found.expected;
	finding.wrong_count = found.wrong_count;
	finding.positions_count = found.positions_count;
	for (size_t i = 0; i < TEXT_POSITIONS_MAX; i++)
		finding.positions[i] = found.positions[i];
	return &finding;
}

/* As in the list of causes, and as in locale/{lang}/hint.json. */
EXPORT("cause_name") const char *cause_name_of(enum text_cause cause)
{
	return text_cause_name(cause);
}

EXPORT("hint_name") const char *hint_name_of(enum text_hint hint)
{
	return text_hint_name(hint);
}
