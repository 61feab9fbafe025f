/*
 * Why a text is no valid token, as far as the text tells.
 *
 * I1: A text is called mistyped, cut or in the wrong case only when it has a
 *     reserved prefix, or when what it would be after mending is a valid token that
 *     chance does not make (fewer than one in 10^8 texts of that length).
 * I2: Reported positions are exactly those at which the text differs from the one
 *     valid token found, or there are none. Never a part of them.
 */
#include "key/bch.h"
#include "key/text.h"
#include "key/token_code.h"

#include <assert.h>

/* So many wrong characters are located whatever they are. */
#define LOCATED_MAX 4u

static int folded_symbol(char c)
{
	return token_symbol(ascii_upper(c));
}

/* The symbols of the 54 coded characters; those outside the alphabet are erased. */
struct word {
	uint8_t symbols_secret[TOKEN_WORD_LEN];
	uint8_t erased[TOKEN_WORD_LEN];
	size_t erased_count;
};

static void word_read(const char text[TOKEN_LEN], bool fold, struct word *out)
{
	out->erased_count = 0;
	for (size_t i = 0; i < TOKEN_WORD_LEN; i++) {
		char c = text[token_word_place(i)];
		int symbol = fold ? folded_symbol(c) : token_symbol(c);

		out->symbols_secret[i] = symbol < 0 ? 0 : (uint8_t)symbol;
		if (symbol < 0)
			out->erased[out->erased_count++] = (uint8_t)i;
	}
}

/* Mend the word into a valid token's text. False when there is none near. */
static bool word_mend(struct word *word, char out_token_secret[TOKEN_LEN])
{
	if (!bch_mend(word->symbols_secret, TOKEN_WORD_LEN, word->erased, word->erased_count))
		return false;
	token_word_text(word->symbols_secret, out_token_secret);
	return token_valid(span_of(out_token_secret, TOKEN_LEN));
}

/*
 * The valid token that was meant by these 55 characters. Lower-case letters count as
 * their upper-case ones; failing that, as unknown.
 */
static bool nearest_token(const char text[TOKEN_LEN], char out_token_secret[TOKEN_LEN])
{
	struct word word;
	bool found;

	word_read(text, true, &word);
	found = word_mend(&word, out_token_secret);
	if (!found) {
		word_read(text, false, &word);
		found = word_mend(&word, out_token_secret);
	}
	explicit_bzero(&word, sizeof(word));
	return found;
}

static size_t differences(
	const char *text, const char *token, bool fold, size_t out[TEXT_POSITIONS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < TOKEN_LEN; i++) {
		char c = fold ? ascii_upper(text[i]) : text[i];

		if (c == token[i])
			continue;
		if (count < TEXT_POSITIONS_MAX)
			out[count] = i;
		count++;
	}
	return count;
}

static enum text_hint typo_hint(
	const char *text, const char *token, const size_t *wrong, size_t wrong_count)
{
	bool alike = true;

	for (size_t i = 0; i < wrong_count; i++) {
		if (text[wrong[i]] == CELL_OTHER)
			return HINT_NOT_ASCII;
		alike = alike && text_look_alike(text[wrong[i]], token[wrong[i]]);
	}
	if (wrong_count == 2 && wrong[1] == wrong[0] + 1 && text[wrong[0]] == token[wrong[1]] &&
		text[wrong[1]] == token[wrong[0]])
		return HINT_NEIGHBOURS_SWAPPED;
	return alike ? HINT_LOOK_ALIKE : HINT_NONE;
}

static bool mostly_lower(const char text[TOKEN_LEN])
{
	size_t lower = 0;
	size_t upper = 0;

	for (size_t i = 0; i < TOKEN_LEN; i++) {
		lower += ascii_is_lower(text[i]);
		upper += ascii_is_upper(text[i]);
	}
	return lower > 4 * upper;
}

/*
 * More than four wrong characters can be told when most of them are outside the
 * alphabet, but then the token found must not be of the kind that chance finds
 * (key/bch.h, I5): two at least lie off the residue that most have.
 */
static bool is_trustworthy(const size_t *wrong, size_t wrong_count)
{
	size_t by_residue[3] = { 0 };
	size_t most = 0;

	if (wrong_count <= LOCATED_MAX)
		return true;
	if (wrong_count > BCH_ROOTS)
		return false;
	for (size_t i = 0; i < wrong_count; i++) {
		/* The "1" is no part of the word. */
		if (wrong[i] != TOKEN_ONE_AT)
			by_residue[(wrong[i] - (wrong[i] > TOKEN_ONE_AT)) % 3]++;
	}
	for (size_t i = 0; i < 3; i++)
		most = by_residue[i] > most ? by_residue[i] : most;
	return most + 2 <= wrong_count;
}

static_assert(TEXT_POSITIONS_MAX >= BCH_ROOTS, "room for all that can be located");

static void report_differences(const char *text, const char *token, struct text_finding *out)
{
	size_t wrong[TEXT_POSITIONS_MAX];
	size_t count = differences(text, token, true, wrong);
	bool case_only = count == 0;

	out->cause = case_only ? TEXT_WRONG_CASE : TEXT_TOKEN_TYPO;
	if (!case_only && mostly_lower(text)) {
		out->hint = HINT_LOWER_CASE;
	} else {
		count = differences(text, token, false, wrong);
		if (!case_only && !is_trustworthy(wrong, count))
			return;
		if (!case_only)
			out->hint = typo_hint(text, token, wrong, count);
	}
	for (size_t i = 0; i < count && i < TEXT_POSITIONS_MAX; i++)
		finding_add(out, wrong[i]);
	out->wrong_count = (uint16_t)count;
}

/* How many of the prefix's characters are there, in any case. */
static size_t prefix_matches(struct span text)
{
	size_t count = 0;

	if (text.len < TOKEN_PREFIX_LEN)
		return 0;
	count += ascii_upper(text.ptr[0]) == TOKEN_LETTER;
	count += strchr("VTMvtm", text.ptr[1]) != NULL && text.ptr[1] != '\0';
	count += text.ptr[TOKEN_ONE_AT] == TOKEN_ONE;
	return count;
}

static bool all_in_alphabet(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (folded_symbol(text.ptr[i]) < 0 && text.ptr[i] != TOKEN_ONE)
			return false;
	}
	return true;
}

/*
 * The text says of itself that it is ours. A lower-case prefix does not suffice, as a
 * foreign token may begin so; but with every letter of the alphabet it does.
 */
static bool claims(struct span text)
{
	if (token_kind(text) != TOKEN_FOREIGN)
		return true;
	return text.len >= 16 && prefix_matches(text) == TOKEN_PREFIX_LEN && all_in_alphabet(text);
}

/* True when the text is the token without one character; the first place where that may be. */
static bool is_without_one(struct span text, const char *token, size_t *out_offset)
{
	size_t at = 0;

	while (at < text.len && ascii_upper(text.ptr[at]) == token[at])
		at++;
	for (size_t i = at; i < text.len; i++) {
		if (ascii_upper(text.ptr[i]) != token[i + 1])
			return false;
	}
	/* At the end of the token it is cut off, also when it was the last of a run. */
	while (text.len > at && at > 0 && token[at - 1] == token[at])
		at--;
	*out_offset = at;
	return true;
}

/* One character of the code word is left out, and there are 53 symbols. */
static bool mend_left_out(const uint8_t *symbols, struct span text, size_t *out_offset)
{
	uint8_t word_secret[TOKEN_WORD_LEN];
	char token_secret[TOKEN_LEN];
	const size_t len = TOKEN_WORD_LEN - 1;
	bool found = false;

	for (size_t from = 0, gap; !found && from <= len; from = gap + 1) {
		uint8_t symbol;

		if (!bch_find_missing(symbols, len, from, &gap, &symbol))
			break;
		memcpy(word_secret, symbols, gap);
		word_secret[gap] = symbol;
		memcpy(word_secret + gap + 1, symbols + gap, len - gap);
		token_word_text(word_secret, token_secret);
		found = token_valid(span_of(token_secret, TOKEN_LEN)) &&
			is_without_one(text, token_secret, out_offset);
	}
	explicit_bzero(word_secret, sizeof(word_secret));
	explicit_bzero(token_secret, sizeof(token_secret));
	return found;
}

/* One character left out of 55: the offset at which it is missing. */
static bool find_left_out(struct span text, size_t *out_offset)
{
	uint8_t symbols_secret[TOKEN_WORD_LEN];
	char token_secret[TOKEN_LEN];
	size_t count = 0;
	bool found = false;

	for (size_t i = 0; i < text.len; i++) {
		int symbol = folded_symbol(text.ptr[i]);

		if (symbol < 0 && (text.ptr[i] != TOKEN_ONE || i > TOKEN_ONE_AT))
			return false;
		if (symbol >= 0)
			symbols_secret[count++] = (uint8_t)symbol;
	}
	if (count == TOKEN_WORD_LEN) {
		token_word_text(symbols_secret, token_secret);
		found = token_valid(span_of(token_secret, TOKEN_LEN)) &&
			is_without_one(text, token_secret, out_offset);
	} else if (count == TOKEN_WORD_LEN - 1) {
		found = mend_left_out(symbols_secret, text, out_offset);
	}
	explicit_bzero(symbols_secret, sizeof(symbols_secret));
	explicit_bzero(token_secret, sizeof(token_secret));
	return found;
}

/* True when the text, with unknown characters before or after it, is a valid token. */
static bool is_piece(struct span text, bool front_missing)
{
	char padded_secret[TOKEN_LEN];
	char token_secret[TOKEN_LEN];
	size_t missing = TOKEN_LEN - text.len;
	bool found;

	memset(padded_secret, CELL_OTHER, sizeof(padded_secret));
	memcpy(padded_secret + (front_missing ? missing : 0), text.ptr, text.len);
	if (front_missing)
		memcpy(padded_secret, "LV1",
			missing < TOKEN_PREFIX_LEN ? missing : TOKEN_PREFIX_LEN);
	found = nearest_token(padded_secret, token_secret);
	/* Only what is missing may differ, else chance could have found it. */
	for (size_t i = 0; found && i < text.len; i++) {
		size_t at = front_missing ? missing + i : i;

		found = ascii_upper(text.ptr[i]) == token_secret[at];
	}
	explicit_bzero(padded_secret, sizeof(padded_secret));
	explicit_bzero(token_secret, sizeof(token_secret));
	return found;
}

static bool examine_left_out(struct span text, struct text_finding *out)
{
	size_t offset;

	if (text.len != TOKEN_LEN - 1 || !find_left_out(text, &offset))
		return false;
	out->cause = offset == TOKEN_LEN - 1 ? TEXT_TOKEN_TRUNCATED : TEXT_TOKEN_TYPO;
	out->hint = offset == TOKEN_LEN - 1 ? HINT_CUT_END : HINT_LEFT_OUT;
	if (offset == 0) {
		out->cause = TEXT_TOKEN_TRUNCATED;
		out->hint = HINT_CUT_FRONT;
	}
	finding_add(out, offset);
	return true;
}

/* Too short, and what is missing is known to be at one end. */
static bool examine_cut(struct span text, struct text_finding *out)
{
	/* Eight unknown characters leave a chance of 32^-5, five one of 32^-8. */
	const size_t provable_end = BCH_ROOTS;
	const size_t provable_front = TOKEN_PREFIX_LEN + 5;
	size_t missing = TOKEN_LEN - text.len;

	if (missing <= provable_end && claims(text) && is_piece(text, false))
		out->hint = HINT_CUT_END;
	else if (missing <= provable_front && all_in_alphabet(text) && is_piece(text, true))
		out->hint = HINT_CUT_FRONT;
	else
		return false;
	out->cause = TEXT_TOKEN_TRUNCATED;
	return true;
}

/* One character too many: without it the token is valid. Of a run the last place. */
static bool examine_extra(struct span text, struct text_finding *out)
{
	char shorter_secret[TOKEN_LEN];
	size_t extra = text.len;

	if (text.len != TOKEN_LEN + 1)
		return false;
	memcpy(shorter_secret, text.ptr + 1, TOKEN_LEN);
	for (size_t i = 0; i < text.len; i++) {
		if (i > 0)
			shorter_secret[i - 1] = text.ptr[i - 1];
		if (token_valid(span_of(shorter_secret, TOKEN_LEN)))
			extra = i;
	}
	explicit_bzero(shorter_secret, sizeof(shorter_secret));
	if (extra == text.len)
		return false;
	out->cause = TEXT_TOKEN_TYPO;
	out->hint = extra > 0 && text.ptr[extra] == text.ptr[extra - 1] ? HINT_DOUBLED : HINT_EXTRA;
	if (text.ptr[extra] == CELL_OTHER)
		out->hint = HINT_NOT_ASCII;
	finding_add(out, extra);
	return true;
}

/* A valid token inside of a longer text. */
static bool examine_inside(struct span text, struct text_finding *out)
{
	for (size_t start = 0; start + TOKEN_LEN <= text.len; start++) {
		if (!token_valid(span_part(text, start, TOKEN_LEN)))
			continue;
		out->cause = TEXT_TOKEN_TYPO;
		out->hint = text_is_twice(text) ? HINT_PASTED_TWICE
						: text_surroundings(text, start, TOKEN_LEN);
		finding_add_around(out, start, TOKEN_LEN);
		return true;
	}
	return false;
}

/* 55 characters, and near enough to a valid token. */
static bool examine_full(struct span text, struct text_finding *out)
{
	char token_secret[TOKEN_LEN];
	bool found = nearest_token(text.ptr, token_secret);

	if (found)
		report_differences(text.ptr, token_secret, out);
	explicit_bzero(token_secret, sizeof(token_secret));
	return found;
}

/* What the check part proves. */
static bool examine_proof(struct span text, struct text_finding *out)
{
	if (text.len < TOKEN_LEN)
		return examine_left_out(text, out) || examine_cut(text, out);
	if (text.len == TOKEN_LEN)
		return examine_full(text, out);
	return examine_extra(text, out) || examine_inside(text, out);
}

/* What the prefix alone says. */
static bool examine_claim(struct span text, struct text_finding *out)
{
	if (!claims(text))
		return false;
	out->cause = text.len < TOKEN_LEN ? TEXT_TOKEN_TRUNCATED : TEXT_TOKEN_TYPO;
	if (text.len + BCH_ROOTS < TOKEN_LEN)
		out->hint = HINT_CUT_END;
	else if (text.len > TOKEN_LEN)
		out->hint = text_wrapping(text);
	return true;
}

/* Nothing of ours: imported, or bytes and a length that no import has. */
static void examine_foreign(struct span text, struct text_finding *out)
{
	out->expected = 0;
	out->cause = TEXT_FOREIGN;
	out->hint = text_wrapping(text);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] > 0x20 && text.ptr[i] < 0x7F)
			continue;
		out->cause = TEXT_MALFORMED;
		out->hint = HINT_NOT_ASCII;
		finding_add(out, i);
	}
	if (text.len < LIMIT_APP_TOKEN_IMPORT_MIN)
		out->cause = TEXT_MALFORMED;
}

/* With white space inside: where it stands, and what else is wrong when that is known (I2). */
static void examine_spaced(const struct cells *cells, struct text_finding *out)
{
	struct text_finding full = { .length = out->length };

	out->expected = claims(cells_trimmed(cells)) ? TOKEN_LEN : 0;
	if (cells->count != TOKEN_LEN || !examine_full(cells_span(cells), &full))
		return;
	if (full.positions_count == 0)
		return;
	memcpy(out->positions, full.positions, sizeof(out->positions));
	out->positions_count = full.positions_count;
	out->wrong_count = full.wrong_count;
}

static void examine(const struct cells *cells, struct text_finding *out)
{
	struct span text = cells_span(cells);
	bool spaced = span_find(text, CELL_SPACE) < text.len;

	/* Proof first: "$" for the first letter is a typo, not a variable's name. */
	if (!spaced && examine_proof(text, out))
		return;
	if (text_is_placeholder(cells, out)) {
		out->expected = 0;
		return;
	}
	if (text_has_space(cells, out))
		examine_spaced(cells, out);
	else if (!examine_claim(text, out))
		examine_foreign(text, out);
}

void token_text(struct span text, struct text_finding *out_finding)
{
	struct cells cells;

	finding_begin(out_finding, text, TOKEN_LEN);
	out_finding->field = FIELD_APP_TOKEN;
	if (!span_present(text))
		return;
	if (token_valid(text)) {
		enum token_kind kind = token_kind(text);

		out_finding->cause = TEXT_VALID;
		out_finding->hint = kind == TOKEN_MANAGEMENT ? HINT_MANAGEMENT
				    : kind == TOKEN_TEST     ? HINT_TEST
							     : HINT_NONE;
		return;
	}
	if (text.len == 0 || !cells_make(text, &cells)) {
		out_finding->cause = TEXT_MALFORMED;
		out_finding->expected = 0;
		return;
	}
	examine(&cells, out_finding);
	cells_wipe(&cells);
}
