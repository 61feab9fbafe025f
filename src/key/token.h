/*
 * The text of an appToken: 55 characters, one SHA-256 block.
 *
 *   LV1 + 39 data characters (195 random bits) + 13 check characters
 *
 * over the 32 characters of TOKEN_ALPHABET (upper case, no look-alikes; the
 * prefix's "1" is the only character from outside). The check part belongs to
 * a code of distance 9 (key/bch.h) that covers the prefix's letters too; the "1" is
 * compared by itself. Up to 8 wrong characters are always seen, up to 4 are
 * located, from the text alone.
 *
 * Pure: random bytes are an argument, nothing is kept. A token is a secret: its
 * text must not reach a log, an error or an arena.
 */
#ifndef KEY_TOKEN_H
#define KEY_TOKEN_H

#include "base/attr.h"
#include "base/limits.h"
#include "base/span.h"

#define TOKEN_LEN 55u
#define TOKEN_PREFIX_LEN 3u
#define TOKEN_DATA_LEN 39u
#define TOKEN_CHECK_LEN 13u
#define TOKEN_RANDOM_SIZE 25u /* bytes; 195 of their 200 bits are used */
#define TOKEN_ALPHABET "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"

/* What a text is by its prefix. */
enum token_kind {
	TOKEN_FOREIGN = 0, /* no reserved prefix: imported, or nothing of ours */
	TOKEN_LIVE,        /* LV1: the appToken of a key */
	TOKEN_TEST,        /* LT1: reserved for test tokens */
	TOKEN_MANAGEMENT,  /* LM1: a management token for machines */
	TOKEN_KIND_COUNT
};

/*
 * Write the token of a kind (not TOKEN_FOREIGN) for these random bytes, without
 * a NUL. The same bytes give the same token. The caller wipes both.
 */
void token_make(enum token_kind kind, const uint8_t random_secret[TOKEN_RANDOM_SIZE],
	char out_token_secret[TOKEN_LEN]);

/* By the exact prefix alone: the rest may be anything. */
enum token_kind token_kind(struct span text);

/* True for exactly the texts that token_make can write, of any kind. */
NODISCARD bool token_valid(struct span text);

/*
 * True when the text alone refuses a token: it has a reserved prefix and is not
 * valid. The one test that a gate makes before it looks anything up; why it
 * failed is credential_check's work (key/credential.h).
 */
NODISCARD bool token_refused(struct span text);

/* 0..31, or -1 for a character outside the alphabet (lower case is outside). */
int token_symbol(char c);

#endif
