#include "base/crypto.h"

#include <assert.h>
#include <malloc.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

static_assert(crypto_kdf_KEYBYTES == SYMMETRIC_KEY_SIZE, "root key size");
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == SYMMETRIC_KEY_SIZE, "seal key size");
static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == SEAL_NONCE_SIZE, "nonce size");
static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == SEAL_TAG_SIZE, "tag size");
static_assert(crypto_sign_BYTES == SIGNATURE_SIZE, "signature size");
static_assert(crypto_sign_SECRETKEYBYTES == SIGN_SECRET_KEY_SIZE, "secret key size");

struct digest_context {
	EVP_MD *algorithm;
	EVP_MD_CTX *state;
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
	struct digest_context *context = calloc(1, sizeof(*context));

	if (context == NULL)
		return NULL;
	context->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	context->state = EVP_MD_CTX_new();
	if (context->algorithm == NULL || context->state == NULL)
		digest_context_free(&context);
	return context;
}

void digest_context_free(struct digest_context **context)
{
	if (*context == NULL)
		return;
	EVP_MD_CTX_free((*context)->state);
	EVP_MD_free((*context)->algorithm);
	free(*context);
	*context = NULL;
}

bool digest_sha256_parts(struct digest_context *context, const struct span *parts,
	size_t parts_count, uint8_t out[DIGEST_SIZE])
{
	bool ok = EVP_DigestInit_ex2(context->state, context->algorithm, NULL) == 1;

	for (size_t i = 0; ok && i < parts_count; i++)
		ok = EVP_DigestUpdate(context->state, parts[i].ptr, parts[i].len) == 1;
	if (!ok || EVP_DigestFinal_ex(context->state, out, NULL) != 1) {
		memset(out, 0, DIGEST_SIZE);
		return false;
	}
	return true;
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
