/*
 * The project's only door to libsodium and OpenSSL. Call crypto_init() once
 * per process, before the first thread and before a sandbox closes.
 * Types that end in _secret hold secrets: wipe them with crypto_wipe.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/attr.h"
#include "base/span.h"
#include "base/status.h"

#define DIGEST_SIZE 32u
#define SYMMETRIC_KEY_SIZE 32u
#define SIGNATURE_SIZE 64u
#define SIGN_PUBLIC_KEY_SIZE 32u
#define SIGN_SECRET_KEY_SIZE 64u
#define SEAL_NONCE_SIZE 24u
#define SEAL_TAG_SIZE 16u

NODISCARD enum status crypto_init(void);

void crypto_random(void *out, size_t len);
void crypto_wipe(void *secret, size_t len);
/* free() after wiping the whole block: for libraries that take a free function. */
void crypto_free_wiped(void *memory);
/* Constant time in len bytes: the one compare for digests and secrets. */
bool crypto_equal(const void *a, const void *b, size_t len);

/*
 * SHA-256. A context serves one thread; it is reused for any number of digests
 * (under 0.1 us for 55 bytes, no memory taken).
 */
struct digest_context;
NODISCARD struct digest_context *digest_context_make(void);
void digest_context_free(struct digest_context **context);
/* False only when OpenSSL fails; then *out is all zero and must not be used. */
NODISCARD bool digest_sha256(
	struct digest_context *context, struct span bytes, uint8_t out[DIGEST_SIZE]);
/* The digest of several parts one after another. */
NODISCARD bool digest_sha256_parts(struct digest_context *context, const struct span *parts,
	size_t parts_count, uint8_t out[DIGEST_SIZE]);

/* Keyed 64-bit hash (SipHash-2-4) for tables that strangers can fill. */
uint64_t crypto_hash64(const uint8_t key[16], struct span bytes);

/* HMAC-SHA-256. */
void crypto_mac(const uint8_t key_secret[SYMMETRIC_KEY_SIZE], struct span message,
	uint8_t out_mac[DIGEST_SIZE]);

/*
 * Locked, guarded memory for keys, excluded from core dumps (sodium_malloc).
 * NULL when the lock limit is too small.
 */
NODISCARD void *secret_alloc(size_t size);
/* Wipes, frees and sets *secret to NULL. */
void secret_free(void **secret);

/* Sub-key number id of a root key, for a context of exactly 8 characters (crypto_kdf). */
void crypto_derive(uint8_t out[SYMMETRIC_KEY_SIZE], uint64_t id, const char context[8],
	const uint8_t root_secret[SYMMETRIC_KEY_SIZE]);

/*
 * XChaCha20-Poly1305. out needs len + SEAL_TAG_SIZE bytes; associated data is
 * authenticated, not stored. open returns ST_DAMAGED when anything differs.
 */
void crypto_seal(const uint8_t key_secret[SYMMETRIC_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
	struct span associated, struct span plain, uint8_t *out_sealed);
NODISCARD enum status crypto_open(const uint8_t key_secret[SYMMETRIC_KEY_SIZE],
	const uint8_t nonce[SEAL_NONCE_SIZE], struct span associated, struct span sealed,
	uint8_t *out_plain);

/* Ed25519. The pair is made from a 32-byte seed. */
void sign_pair(const uint8_t seed_secret[32], uint8_t out_public[SIGN_PUBLIC_KEY_SIZE],
	uint8_t out_secret[SIGN_SECRET_KEY_SIZE]);
void sign_make(const uint8_t secret[SIGN_SECRET_KEY_SIZE], struct span message,
	uint8_t out_signature[SIGNATURE_SIZE]);
NODISCARD bool sign_check(const uint8_t public_key[SIGN_PUBLIC_KEY_SIZE], struct span message,
	const uint8_t signature[SIGNATURE_SIZE]);

#endif
