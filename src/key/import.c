#include "key/import.h"

#include "key/text.h"

#include <stdint.h>

/* SHA-256 of nothing: what a broken export writes for a missing token. */
static const uint8_t DIGEST_OF_NOTHING[32] = { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a,
	0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
	0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55 };

static size_t distinct_count(struct span text)
{
	bool seen[256] = { false };
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++) {
		count += !seen[(uint8_t)text.ptr[i]];
		seen[(uint8_t)text.ptr[i]] = true;
	}
	return count;
}

/* The whole text is one piece over and over, the last time perhaps cut. */
static bool is_repeated(struct span text)
{
	for (size_t period = 1; period <= text.len / 2; period++) {
		if (span_equal(span_part(text, period, text.len),
			    span_part(text, 0, text.len - period)))
			return true;
	}
	return false;
}

/* True when c follows b as b follows a: abc, 321, aaa, or a row of a keyboard. */
static bool goes_on(char a, char b, char c)
{
	static const char *const rows[] = { "qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890" };

	if (b - a == c - b && b - a >= -1 && b - a <= 1)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *at = strchr(rows[i], ascii_lower(a));

		if (at != NULL && a != '\0' && at[1] != '\0' && at[1] == ascii_lower(b) &&
			at[2] != '\0' && at[2] == ascii_lower(c))
			return true;
	}
	return false;
}

/* Half of the characters or more continue a run. Chance makes it about one in 200. */
static bool is_sequence(struct span text)
{
	size_t count = 0;

	for (size_t i = 2; i < text.len; i++)
		count += goes_on(text.ptr[i - 2], text.ptr[i - 1], text.ptr[i]);
	return 2 * count >= text.len;
}

/*
 * How often a piece of three characters (in one case) stood in the text before: words,
 * templates and padded counters repeat themselves, random text of this length does not.
 */
static size_t echoes_count(struct span text)
{
	size_t count = 0;

	for (size_t i = 1; i + 3 <= text.len; i++) {
		for (size_t k = 0; k < i; k++) {
			if (span_equal_nocase(span_part(text, i, 3), span_part(text, k, 3))) {
				count++;
				break;
			}
		}
	}
	return count;
}

static bool is_letter(char c)
{
	return ascii_is_lower(c) || ascii_is_upper(c);
}

/* Pairs of letters that make up most of English, Spanish and Portuguese text. */
static bool is_common_pair(char a, char b)
{
	static const char pairs[] =
		"th he in er an re on at en nd ti es or te of ed is it al ar st to "
		"nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch "
		"ll be ma si om ur el la os ad ue ie ci da do qu ab ta na ac no ca "
		"pa em um ao so sa po am";

	for (size_t i = 0; i + 1 < sizeof(pairs); i += 3) {
		if (pairs[i] == ascii_lower(a) && pairs[i + 1] == ascii_lower(b))
			return true;
	}
	return false;
}

/*
 * Made of words: most of the text is letters, and half of the pairs of letters or
 * more are common ones. Of random letters one pair in nine is.
 */
static bool is_words(struct span text)
{
	size_t pairs = 0;
	size_t common = 0;

	for (size_t i = 1; i < text.len; i++) {
		if (!is_letter(text.ptr[i - 1]) || !is_letter(text.ptr[i]))
			continue;
		pairs++;
		common += is_common_pair(text.ptr[i - 1], text.ptr[i]);
	}
	return 2 * pairs >= text.len && 2 * common >= pairs;
}

/*
 * Words, or a third of it was there before. The bounds lie where no random text of
 * any common alphabet gets by chance (hexadecimal echoes most: of 512 digits one in ten).
 */
static bool is_predictable(struct span text)
{
	return is_words(text) || 3 * echoes_count(text) >= text.len;
}

enum import_verdict import_check_token(struct span token, size_t *out_position)
{
	struct text_finding finding = { 0 };
	struct cells cells;
	bool placeholder;

	if (out_position != NULL)
		*out_position = 0;
	if (token.len > LIMIT_APP_TOKEN)
		return IMPORT_TOO_LONG;
	for (size_t i = 0; i < token.len; i++) {
		if (token.ptr[i] < 0x21 || token.ptr[i] > 0x7E) {
			if (out_position != NULL)
				*out_position = i + 1;
			return IMPORT_BAD_CHARACTER;
		}
	}
	if (token_valid(token))
		return IMPORT_OK;
	if (token_kind(token) != TOKEN_FOREIGN)
		return IMPORT_RESERVED_PREFIX;
	placeholder = cells_make(token, &cells) && text_is_placeholder(&cells, &finding);
	cells_wipe(&cells);
	if (placeholder)
		return IMPORT_PLACEHOLDER;
	if (token.len < LIMIT_APP_TOKEN_IMPORT_MIN)
		return IMPORT_TOO_SHORT;
	/* 32 random hexadecimal digits have 14 different ones; 8 or fewer one in 10^6. */
	if (distinct_count(token) < 8)
		return IMPORT_FEW_CHARACTERS;
	if (is_repeated(token))
		return IMPORT_REPEATED;
	if (is_sequence(token))
		return IMPORT_SEQUENCE;
	return is_predictable(token) ? IMPORT_PREDICTABLE : IMPORT_OK;
}

static int digit_value(char c)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum import_verdict import_check_digest(struct span hex, uint8_t out_digest[32])
{
	uint8_t digest[32];
	uint8_t any = 0;

	if (hex.len != 2 * sizeof(digest))
		return IMPORT_BAD_DIGEST;
	for (size_t i = 0; i < sizeof(digest); i++) {
		int high = digit_value(hex.ptr[2 * i]);
		int low = digit_value(hex.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return IMPORT_BAD_DIGEST;
		digest[i] = (uint8_t)(high << 4 | low);
		any |= digest[i];
	}
	/* A stored digest is no secret that this compare could betray. */
	if (any == 0 || memcmp(digest, DIGEST_OF_NOTHING, sizeof(digest)) == 0)
		return IMPORT_EMPTY_DIGEST;
	memcpy(out_digest, digest, sizeof(digest));
	return IMPORT_OK;
}

const char *import_verdict_name(enum import_verdict verdict)
{
	static const char *const names[IMPORT_VERDICT_COUNT] = {
		[IMPORT_UNCHECKED] = "unchecked",
		[IMPORT_OK] = "ok",
		[IMPORT_TOO_SHORT] = "too_short",
		[IMPORT_TOO_LONG] = "too_long",
		[IMPORT_BAD_CHARACTER] = "bad_character",
		[IMPORT_RESERVED_PREFIX] = "reserved_prefix",
		[IMPORT_PLACEHOLDER] = "placeholder",
		[IMPORT_FEW_CHARACTERS] = "few_characters",
		[IMPORT_REPEATED] = "repeated",
		[IMPORT_SEQUENCE] = "sequence",
		[IMPORT_PREDICTABLE] = "predictable",
		[IMPORT_BAD_DIGEST] = "bad_digest",
		[IMPORT_EMPTY_DIGEST] = "empty_digest",
	};

	return (unsigned)verdict < IMPORT_VERDICT_COUNT ? names[verdict] : "unchecked";
}
