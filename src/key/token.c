#include "key/token.h"

#include "key/bch.h"
#include "key/token_code.h"

#include <assert.h>

static_assert(TOKEN_PREFIX_LEN + TOKEN_DATA_LEN + TOKEN_CHECK_LEN == TOKEN_LEN, "parts");
static_assert(TOKEN_CHECK_LEN == BCH_CHECK_LEN, "the check part is the code's");
static_assert(sizeof(TOKEN_ALPHABET) - 1 == 32, "five bits a character");
static_assert(TOKEN_DATA_LEN * 5 <= TOKEN_RANDOM_SIZE * 8, "enough random bits");

static const char ALPHABET[33] = TOKEN_ALPHABET;

/* 32 marks what is outside the alphabet. */
static const uint8_t SYMBOLS[256] = { 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
	32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
	32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 15, 32, 10, 17, 21, 20, 26, 30, 7, 5, 32, 32, 32,
	32, 32, 32, 32, 29, 32, 24, 13, 25, 9, 8, 23, 32, 18, 22, 31, 27, 19, 32, 1, 0, 3, 16, 11,
	28, 12, 14, 6, 4, 2, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
	32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
	[128 ... 255] = 32 };

int token_symbol(char c)
{
	uint8_t symbol = SYMBOLS[(uint8_t)c];

	return symbol < 32 ? symbol : -1;
}

/* The prefix's letter of each kind. */
static char kind_letter(enum token_kind kind)
{
	switch (kind) {
	case TOKEN_LIVE:
		return 'V';
	case TOKEN_TEST:
		return 'T';
	case TOKEN_MANAGEMENT:
		return 'M';
	default:
		return '\0';
	}
}

enum token_kind token_kind(struct span text)
{
	if (text.len < TOKEN_PREFIX_LEN || text.ptr[0] != TOKEN_LETTER || text.ptr[2] != TOKEN_ONE)
		return TOKEN_FOREIGN;
	for (enum token_kind kind = TOKEN_LIVE; kind < TOKEN_KIND_COUNT; kind++) {
		if (text.ptr[1] == kind_letter(kind))
			return kind;
	}
	return TOKEN_FOREIGN;
}

void token_make(enum token_kind kind, const uint8_t random_secret[TOKEN_RANDOM_SIZE],
	char out_token_secret[TOKEN_LEN])
{
	uint8_t word_secret[TOKEN_WORD_LEN];
	uint32_t bits = 0;
	unsigned bits_count = 0;
	size_t used = 0;

	assert(kind > TOKEN_FOREIGN && kind < TOKEN_KIND_COUNT);
	word_secret[0] = SYMBOLS[(uint8_t)TOKEN_LETTER];
	word_secret[1] = SYMBOLS[(uint8_t)kind_letter(kind)];
	for (size_t i = 0; i < TOKEN_DATA_LEN; i++) {
		if (bits_count < 5) {
			bits = bits << 8 | random_secret[used++];
			bits_count += 8;
		}
		bits_count -= 5;
		word_secret[2 + i] = bits >> bits_count & 31;
	}
	bch_make(word_secret, 2 + TOKEN_DATA_LEN, word_secret + 2 + TOKEN_DATA_LEN);
	token_word_text(word_secret, out_token_secret);
	explicit_bzero(word_secret, sizeof(word_secret));
	explicit_bzero(&bits, sizeof(bits));
}

void token_word_text(const uint8_t word_secret[TOKEN_WORD_LEN], char out_text_secret[TOKEN_LEN])
{
	for (size_t i = 0; i < TOKEN_WORD_LEN; i++)
		out_text_secret[token_word_place(i)] = ALPHABET[word_secret[i]];
	out_text_secret[TOKEN_ONE_AT] = TOKEN_ONE;
}

/* The symbols of a part of the text; 32 or more when one is outside the alphabet. */
static uint8_t read_symbols(const char *text_secret, size_t count, uint8_t *out_secret)
{
	uint8_t all = 0;

	for (size_t i = 0; i < count; i++) {
		out_secret[i] = SYMBOLS[(uint8_t)text_secret[i]];
		all |= out_secret[i];
	}
	return all;
}

bool token_valid(struct span text)
{
	uint8_t word_secret[TOKEN_WORD_LEN];
	uint8_t outside;
	bool valid;

	if (text.len != TOKEN_LEN || token_kind(text) == TOKEN_FOREIGN)
		return false;
	outside = read_symbols(text.ptr, TOKEN_ONE_AT, word_secret);
	outside |= read_symbols(text.ptr + TOKEN_ONE_AT + 1, TOKEN_WORD_LEN - TOKEN_ONE_AT,
		word_secret + TOKEN_ONE_AT);
	valid = outside < 32 && bch_valid(word_secret, TOKEN_WORD_LEN);
	explicit_bzero(word_secret, sizeof(word_secret));
	return valid;
}

bool token_refused(struct span text)
{
	return token_kind(text) != TOKEN_FOREIGN && !token_valid(text);
}
