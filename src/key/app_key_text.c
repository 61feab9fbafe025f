/* Why a text is no appKey of ours, as far as the text tells. */
#include "key/app_key_code.h"
#include "key/text.h"

static void report_case(struct span text, struct span prefix, struct text_finding *out)
{
	char folded[LIMIT_APP_KEY];

	out->cause = TEXT_WRONG_CASE;
	if (!app_key_fold(text, prefix, folded))
		return;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != folded[i])
			finding_add(out, i);
	}
}

/* A valid appKey inside of a longer text. */
static bool examine_inside(struct span text, struct span prefix, struct text_finding *out)
{
	for (size_t start = 0; start + prefix.len < text.len; start++) {
		if (!span_starts_with(span_part(text, start, text.len), prefix))
			continue;
		for (size_t len = text.len - start; len > prefix.len; len--) {
			if (app_key_check(span_part(text, start, len), prefix) != APP_KEY_VALID)
				continue;
			out->cause = TEXT_APP_KEY_TYPO;
			out->hint = text_is_twice(text) ? HINT_PASTED_TWICE
							: text_surroundings(text, start, len);
			finding_add_around(out, start, len);
			return true;
		}
	}
	return false;
}

/*
 * The check cannot locate, but a character that no appKey has is seen. Only the
 * last eight and what no part may hold: a wrong account name is as good as another.
 */
static void report_typo(struct span text, struct text_finding *out)
{
	bool alike = true;
	bool ascii = true;
	size_t tail = text.len;

	out->cause = TEXT_APP_KEY_TYPO;
	while (tail > 0 && text.ptr[tail - 1] != '-')
		tail--;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool fits = i >= tail ? token_symbol(c) >= 0
				      : ascii_is_lower(c) || ascii_is_digit(c) || c == '-';

		if (fits)
			continue;
		alike = alike && strchr("OI1Bio", c) != NULL && c != '\0';
		ascii = ascii && c != CELL_OTHER;
		finding_add(out, i);
	}
	if (!ascii)
		out->hint = HINT_NOT_ASCII;
	else if (out->wrong_count > 0 && alike)
		out->hint = HINT_LOOK_ALIKE;
	else
		out->hint = text_wrapping(text);
}

static void examine_foreign(struct span text, struct text_finding *out)
{
	out->cause = TEXT_FOREIGN;
	out->hint = text_wrapping(text);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] > 0x20 && text.ptr[i] < 0x7F)
			continue;
		out->cause = TEXT_MALFORMED;
		out->hint = HINT_NOT_ASCII;
		finding_add(out, i);
	}
}

/* The dash of a text processor, or another sign outside ASCII, for each "-". */
static bool examine_dashes(struct span text, struct span prefix, struct text_finding *out)
{
	char mended[LIMIT_APP_KEY];
	bool other = false;

	if (text.len > sizeof(mended))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		mended[i] = text.ptr[i] == CELL_OTHER ? '-' : text.ptr[i];
		other = other || text.ptr[i] == CELL_OTHER;
	}
	if (!other || app_key_check(span_of(mended, text.len), prefix) != APP_KEY_VALID)
		return false;
	out->cause = TEXT_APP_KEY_TYPO;
	out->hint = HINT_NOT_ASCII;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == CELL_OTHER)
			finding_add(out, i);
	}
	return true;
}

static void examine(const struct cells *cells, struct span prefix, struct text_finding *out)
{
	struct span text = cells_span(cells);

	if (text_is_placeholder(cells, out) || text_has_space(cells, out))
		return;
	switch (app_key_check(text, prefix)) {
	case APP_KEY_CASE:
		report_case(text, prefix, out);
		return;
	case APP_KEY_TYPO:
		if (!examine_inside(text, prefix, out))
			report_typo(text, out);
		return;
	default:
		if (!examine_inside(text, prefix, out) && !examine_dashes(text, prefix, out))
			examine_foreign(text, out);
	}
}

void app_key_text(struct span text, struct span prefix, struct text_finding *out_finding)
{
	struct cells cells;

	finding_begin(out_finding, text, 0);
	out_finding->field = FIELD_APP_KEY;
	if (!span_present(text))
		return;
	if (app_key_check(text, prefix) == APP_KEY_VALID) {
		out_finding->cause = TEXT_VALID;
		return;
	}
	if (text.len == 0 || text.len > LIMIT_APP_KEY || !cells_make(text, &cells)) {
		out_finding->cause = TEXT_MALFORMED;
		return;
	}
	examine(&cells, prefix, out_finding);
	cells_wipe(&cells); /* the field may hold a token by mistake */
}
