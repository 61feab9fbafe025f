/* What is stored of a token: the SHA-256 of its text, byte for byte. */
#ifndef KEY_DIGEST_H
#define KEY_DIGEST_H

#include "base/crypto.h"

/*
 * The digest of any token, ours or foreign. False only when the library
 * fails; then *out is all zero and must not be looked up.
 */
NODISCARD bool token_digest(
	struct digest_context *context, struct span token, uint8_t out_digest[DIGEST_SIZE]);

/* Constant time. */
NODISCARD bool digest_equal(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE]);

#endif
