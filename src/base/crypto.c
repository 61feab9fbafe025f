#include "base/crypto.h"

/*
 * SHA-256 by its own functions, which OpenSSL calls deprecated: EVP takes and frees memory for
 * every digest (3.0), and a decision must not.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <assert.h>
#include <malloc.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdlib.h>

static_assert(crypto_kdf_KEYBYTES == SYMMETRIC_KEY_SIZE, "root key size");
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == SYMMETRIC_KEY_SIZE, "seal key size");
static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == SEAL_NONCE_SIZE, "nonce size");
static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == SEAL_TAG_SIZE, "tag size");
static_assert(crypto_sign_BYTES == SIGNATURE_SIZE, "signature size");
static_assert(crypto_sign_SECRETKEYBYTES == SIGN_SECRET_KEY_SIZE, "secret key size");

struct digest_context {
	SHA256_CTX state;
};

enum status crypto_init(void)
{
	return sodium_init() < 0 ? ST_UNAVAILABLE : ST_OK;
}

void crypto_random(void *out, size_t len)
{
	randombytes_buf(out, len);
}

void crypto_wipe(void *secret, size_t len)
{
	sodium_memzero(secret, len);
}

void crypto_free_wiped(void *memory)
{
	if (memory == NULL)
		return;
	sodium_memzero(memory, malloc_usable_size(memory));
	free(memory);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	/* A digest's size has a function that takes words; the other goes byte by byte. */
	if (len == crypto_verify_32_BYTES)
		return crypto_verify_32(a, b) == 0;
	return sodium_memcmp(a, b, len) == 0;
}

struct digest_context *digest_context_make(void)
{
	return calloc(1, sizeof(struct digest_context));
}

void digest_context_free(struct digest_context **context)
{
	free(*context);
	*context = NULL;
}

bool digest_sha256_parts(struct digest_context *context, const struct span *parts,
	size_t parts_count, uint8_t out[DIGEST_SIZE])
{
	bool ok = SHA256_Init(&context->state) == 1;

	for (size_t i = 0; ok && i < parts_count; i++)
		ok = SHA256_Update(&context->state, parts[i].ptr, parts[i].len) == 1;
	ok = ok && SHA256_Final(out, &context->state) == 1;
	/* What was digested may be a token, and stands in there. */
	sodium_memzero(&context->state, sizeof(context->state));
	if (!ok)
		memset(out, 0, DIGEST_SIZE);
	return ok;
}

bool digest_sha256(struct digest_context *context, struct span bytes, uint8_t out[DIGEST_SIZE])
{
	return digest_sha256_parts(context, &bytes, 1, out);
}

uint64_t crypto_hash64(const uint8_t key[16], struct span bytes)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t value;

	static_assert(crypto_shorthash_BYTES == sizeof(value), "hash size");
	static_assert(crypto_shorthash_KEYBYTES == 16, "hash key size");
	(void)crypto_shorthash(out, (const unsigned char *)bytes.ptr, bytes.len, key);
	memcpy(&value, out, sizeof(value));
	return value;
}

void crypto_mac(const uint8_t key_secret[SYMMETRIC_KEY_SIZE], struct span message,
	uint8_t out_mac[DIGEST_SIZE])
{
	static_assert(crypto_auth_hmacsha256_BYTES == DIGEST_SIZE, "mac size");
	static_assert(crypto_auth_hmacsha256_KEYBYTES == SYMMETRIC_KEY_SIZE, "mac key size");
	(void)crypto_auth_hmacsha256(
		out_mac, (const unsigned char *)message.ptr, message.len, key_secret);
}

void *secret_alloc(size_t size)
{
	return sodium_malloc(size);
}

void secret_free(void **secret)
{
	sodium_free(*secret); /* wipes first; accepts NULL */
	*secret = NULL;
}

void crypto_derive(uint8_t out[SYMMETRIC_KEY_SIZE], uint64_t id, const char context[8],
	const uint8_t root_secret[SYMMETRIC_KEY_SIZE])
{
	(void)crypto_kdf_derive_from_key(out, SYMMETRIC_KEY_SIZE, id, context, root_secret);
}

void crypto_seal(const uint8_t key_secret[SYMMETRIC_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
	struct span associated, struct span plain, uint8_t *out_sealed)
{
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out_sealed, NULL,
		(const unsigned char *)plain.ptr, plain.len, (const unsigned char *)associated.ptr,
		associated.len, NULL, nonce, key_secret);
}

enum status crypto_open(const uint8_t key_secret[SYMMETRIC_KEY_SIZE],
	const uint8_t nonce[SEAL_NONCE_SIZE], struct span associated, struct span sealed,
	uint8_t *out_plain)
{
	if (sealed.len < SEAL_TAG_SIZE)
		return ST_DAMAGED;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out_plain, NULL, NULL,
		    (const unsigned char *)sealed.ptr, sealed.len,
		    (const unsigned char *)associated.ptr, associated.len, nonce, key_secret) != 0)
		return ST_DAMAGED;
	return ST_OK;
}

void sign_pair(const uint8_t seed_secret[32], uint8_t out_public[SIGN_PUBLIC_KEY_SIZE],
	uint8_t out_secret[SIGN_SECRET_KEY_SIZE])
{
	(void)crypto_sign_seed_keypair(out_public, out_secret, seed_secret);
}

void sign_make(const uint8_t secret[SIGN_SECRET_KEY_SIZE], struct span message,
	uint8_t out_signature[SIGNATURE_SIZE])
{
	(void)crypto_sign_detached(
		out_signature, NULL, (const unsigned char *)message.ptr, message.len, secret);
}

bool sign_check(const uint8_t public_key[SIGN_PUBLIC_KEY_SIZE], struct span message,
	const uint8_t signature[SIGNATURE_SIZE])
{
	return crypto_sign_verify_detached(
		       signature, (const unsigned char *)message.ptr, message.len, public_key) == 0;
}
