#include "key/credential.h"

/* One of ours in the wrong field, whatever else is wrong with it. */
static bool is_our_token(const struct text_finding *as_token, struct span text)
{
	switch (as_token->cause) {
	case TEXT_VALID:
	case TEXT_WRONG_CASE:
	case TEXT_TOKEN_TYPO:
		return true;
	case TEXT_TOKEN_TRUNCATED:
		/* A few characters are too little to be sure. */
		return text.len >= LIMIT_APP_TOKEN_IMPORT_MIN;
	default:
		return false;
	}
}

static bool is_our_app_key(const struct text_finding *as_app_key)
{
	return as_app_key->cause == TEXT_VALID || as_app_key->cause == TEXT_WRONG_CASE ||
	       as_app_key->cause == TEXT_APP_KEY_TYPO;
}

static void report_swapped(enum text_field field, enum text_hint hint, struct text_finding *out)
{
	memset(out, 0, sizeof(*out));
	out->cause = TEXT_FIELDS_SWAPPED;
	out->hint = hint;
	out->field = field;
}

/* The fields hold each other's text, or both the same, or the only one the other's. */
static bool check_swapped(
	struct span app_key, struct span app_token, struct span prefix, struct text_finding *out)
{
	struct text_finding token_there = { 0 };
	struct text_finding key_there = { 0 };
	struct text_finding key_here = { 0 };
	bool both = span_present(app_key) && span_present(app_token);

	token_text(app_key, &token_there);
	app_key_text(app_token, prefix, &key_there);
	app_key_text(app_key, prefix, &key_here);
	/* An appKey is no secret; that the two are the same is all that is compared. */
	if (both && app_key.len > 0 && span_equal(app_key, app_token) &&
		(is_our_token(&token_there, app_key) || is_our_app_key(&key_here))) {
		report_swapped(FIELD_BOTH, HINT_SAME_TEXT, out);
		return true;
	}
	if (is_our_token(&token_there, app_key) && !is_our_app_key(&key_here)) {
		struct text_finding token_here = { 0 };

		token_text(app_token, &token_here);
		report_swapped(
			both && !is_our_token(&token_here, app_token) ? FIELD_BOTH : FIELD_APP_KEY,
			HINT_NONE, out);
		return true;
	}
	/* By the check alone: a foreign token may begin like an appKey. */
	if (key_there.cause == TEXT_VALID && key_here.cause != TEXT_VALID) {
		report_swapped(both ? FIELD_BOTH : FIELD_APP_TOKEN, HINT_NONE, out);
		return true;
	}
	return false;
}

void credential_check(struct span app_key, struct span app_token, struct span prefix,
	struct text_finding *out_finding)
{
	struct text_finding key_finding, token_finding;

	if (check_swapped(app_key, app_token, prefix, out_finding))
		return;
	app_key_text(app_key, prefix, &key_finding);
	token_text(app_token, &token_finding);
	if (!span_present(app_key)) {
		*out_finding = token_finding;
		return;
	}
	if (!span_present(app_token)) {
		*out_finding = key_finding;
		return;
	}
	if (text_tells(&key_finding) &&
		(!text_tells(&token_finding) || key_finding.cause <= token_finding.cause)) {
		*out_finding = key_finding;
		return;
	}
	*out_finding = token_finding;
	/* "Valid" is said of a pair only when it holds for both. */
	if (token_finding.cause == TEXT_VALID && key_finding.cause == TEXT_FOREIGN)
		*out_finding = key_finding;
	else if (token_finding.cause == TEXT_VALID)
		out_finding->field = FIELD_BOTH;
}

const char *text_cause_name(enum text_cause cause)
{
	switch (cause) {
	case TEXT_VALID:
		return "valid";
	case TEXT_FOREIGN:
		return "foreign";
	case TEXT_FIELDS_SWAPPED:
		return "fields_swapped";
	case TEXT_PLACEHOLDER:
		return "placeholder";
	case TEXT_WHITESPACE:
		return "whitespace";
	case TEXT_WRONG_CASE:
		return "wrong_case";
	case TEXT_APP_KEY_TYPO:
		return "app_key_typo";
	case TEXT_TOKEN_TRUNCATED:
		return "token_truncated";
	case TEXT_TOKEN_TYPO:
		return "token_typo";
	case TEXT_MALFORMED:
		return "malformed";
	default:
		return "unchecked";
	}
}

const char *text_hint_name(enum text_hint hint)
{
	static const char *const names[HINT_COUNT] = {
		[HINT_NONE] = "none",
		[HINT_LOOK_ALIKE] = "look_alike",
		[HINT_NEIGHBOURS_SWAPPED] = "neighbours_swapped",
		[HINT_LEFT_OUT] = "left_out",
		[HINT_DOUBLED] = "doubled",
		[HINT_EXTRA] = "extra",
		[HINT_PASTED_TWICE] = "pasted_twice",
		[HINT_QUOTED] = "quoted",
		[HINT_BEARER] = "bearer",
		[HINT_URL_ENCODED] = "url_encoded",
		[HINT_SURROUNDED] = "surrounded",
		[HINT_CUT_FRONT] = "cut_front",
		[HINT_CUT_END] = "cut_end",
		[HINT_OUTER_SPACE] = "outer_space",
		[HINT_SAME_TEXT] = "same_text",
		[HINT_MASKED] = "masked",
		[HINT_UNSET] = "unset",
		[HINT_LOWER_CASE] = "lower_case",
		[HINT_NOT_ASCII] = "not_ascii",
		[HINT_MANAGEMENT] = "management",
		[HINT_TEST] = "test",
	};

	return (unsigned)hint < HINT_COUNT ? names[hint] : "none";
}
