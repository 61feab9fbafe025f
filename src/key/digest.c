#include "key/digest.h"

bool token_digest(
	struct digest_context *context, struct span token, uint8_t out_digest[DIGEST_SIZE])
{
	return digest_sha256(context, token, out_digest);
}

bool digest_equal(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE])
{
	return crypto_equal(a, b, DIGEST_SIZE);
}
