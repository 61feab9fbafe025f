/*
 * Inside of src/key only: how a token's characters lie in the code word.
 *
 * The word has 54 symbols: the prefix's two letters and the 52 characters
 * of data and check. So a mistyped prefix is located like any other character, and an
 * LV1 token with its V made a T is not a valid LT1 token. The "1" is no character
 * of the alphabet and is compared by itself.
 */
#ifndef KEY_TOKEN_CODE_H
#define KEY_TOKEN_CODE_H

#include "key/token.h"

#define TOKEN_WORD_LEN (TOKEN_LEN - 1)
#define TOKEN_LETTER 'L'
#define TOKEN_ONE '1'
#define TOKEN_ONE_AT 2u

/* The offset in the text of the word's symbol i. */
static inline size_t token_word_place(size_t i)
{
	return i < TOKEN_ONE_AT ? i : i + 1;
}

/* The text of a word. */
void token_word_text(const uint8_t word_secret[TOKEN_WORD_LEN], char out_text_secret[TOKEN_LEN]);

#endif
