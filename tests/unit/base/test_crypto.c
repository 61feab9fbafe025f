#include "testing.h"

#include "base/crypto.h"
#include "base/encode.h"

static int set_up(void **state)
{
	return crypto_init() == ST_OK ? 0 : -1;
}

static void hex_to(const char *hex, void *out, size_t len)
{
	assert_true(decode_hex(span_str(hex), out, len));
}

/* FIPS 180-2, appendix B, and the digest of nothing. */
static void sha256_vectors(void **state)
{
	static const struct {
		const char *text, *hex;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	CLEANUP(digest_context_free)
	struct digest_context *context = digest_context_make();

	assert_non_null(context);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t expected[DIGEST_SIZE], digest[DIGEST_SIZE];
		struct span text = span_str(rows[i].text);
		struct span parts[] = { span_part(text, 0, 1), SPAN_ABSENT,
			span_part(text, 1, text.len) };

		hex_to(rows[i].hex, expected, sizeof(expected));
		assert_true(digest_sha256(context, text, digest));
		assert_memory_equal(digest, expected, sizeof(digest));
		memset(digest, 0, sizeof(digest));
		assert_true(digest_sha256_parts(context, parts, ARRAY_LEN(parts), digest));
		assert_memory_equal(digest, expected, sizeof(digest));
	}
}

static void compares_all_bytes(void **state)
{
	uint8_t a[64], b[64];

	crypto_random(a, sizeof(a));
	memcpy(b, a, sizeof(b));
	assert_true(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(a, b, 0));
	for (size_t bit = 0; bit < 8 * sizeof(b); bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(crypto_equal(a, b, sizeof(a)));
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void random_bytes_differ(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	crypto_wipe(a, sizeof(a));
	memset(b, 0, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
}

/* The SipHash paper, appendix A. */
static void hash64_is_siphash(void **state)
{
	uint8_t key[16], text[15];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)i;
	assert_true(
		crypto_hash64(key, span_of(text, sizeof(text))) == UINT64_C(0xa129ca6149be45e5));
	key[0] ^= 1;
	assert_false(
		crypto_hash64(key, span_of(text, sizeof(text))) == UINT64_C(0xa129ca6149be45e5));
}

static void sealed_text_opens_only_unchanged(void **state)
{
	uint8_t key[SYMMETRIC_KEY_SIZE], nonce[SEAL_NONCE_SIZE];
	const struct span plain = SPAN_LIT("what was sealed"), associated = SPAN_LIT("account");
	uint8_t sealed[64], opened[64];
	size_t len = plain.len + SEAL_TAG_SIZE;

	crypto_random(key, sizeof(key));
	crypto_random(nonce, sizeof(nonce));
	crypto_seal(key, nonce, associated, plain, sealed);
	assert_int_equal(crypto_open(key, nonce, associated, span_of(sealed, len), opened), ST_OK);
	assert_memory_equal(opened, plain.ptr, plain.len);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(crypto_open(key, nonce, associated, span_of(sealed, len), opened),
			ST_DAMAGED);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t short_len = 0; short_len < len; short_len++)
		assert_int_equal(
			crypto_open(key, nonce, associated, span_of(sealed, short_len), opened),
			ST_DAMAGED);
	assert_int_equal(crypto_open(key, nonce, SPAN_LIT("accounT"), span_of(sealed, len), opened),
		ST_DAMAGED);
	nonce[0] ^= 1;
	assert_int_equal(
		crypto_open(key, nonce, associated, span_of(sealed, len), opened), ST_DAMAGED);
	nonce[0] ^= 1;
	key[31] ^= 1;
	assert_int_equal(
		crypto_open(key, nonce, associated, span_of(sealed, len), opened), ST_DAMAGED);
}

/* RFC 8032, section 7.1, test 2. */
static void signatures_are_ed25519(void **state)
{
	uint8_t seed[32], public_key[SIGN_PUBLIC_KEY_SIZE], expected_key[SIGN_PUBLIC_KEY_SIZE];
	uint8_t secret[SIGN_SECRET_KEY_SIZE], signature[SIGNATURE_SIZE], expected[SIGNATURE_SIZE];
	const struct span message = span_of("\x72", 1);

	hex_to("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed,
		sizeof(seed));
	hex_to("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", expected_key,
		sizeof(expected_key));
	hex_to("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		expected, sizeof(expected));
	sign_pair(seed, public_key, secret);
	assert_memory_equal(public_key, expected_key, sizeof(public_key));
	sign_make(secret, message, signature);
	assert_memory_equal(signature, expected, sizeof(signature));
	assert_true(sign_check(public_key, message, signature));
	assert_false(sign_check(public_key, span_of("\x73", 1), signature));
	signature[63] ^= 0x20;
	assert_false(sign_check(public_key, message, signature));
	signature[63] ^= 0x20;
	public_key[0] ^= 1;
	assert_false(sign_check(public_key, message, signature));
}

static void derived_keys_differ_by_id_and_context(void **state)
{
	uint8_t root[SYMMETRIC_KEY_SIZE] = { 7 };
	uint8_t one[SYMMETRIC_KEY_SIZE], other[SYMMETRIC_KEY_SIZE];

	crypto_derive(one, 1, "contexta", root);
	crypto_derive(other, 1, "contexta", root);
	assert_memory_equal(one, other, sizeof(one));
	crypto_derive(other, 2, "contexta", root);
	assert_memory_not_equal(one, other, sizeof(one));
	crypto_derive(other, 1, "contextb", root);
	assert_memory_not_equal(one, other, sizeof(one));
	root[0] ^= 1;
	crypto_derive(other, 1, "contexta", root);
	assert_memory_not_equal(one, other, sizeof(one));
}

static void secret_memory_is_given_back(void **state)
{
	void *secret = secret_alloc(32);

	assert_non_null(secret);
	memset(secret, 1, 32);
	secret_free(&secret);
	assert_null(secret);
	secret_free(&secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_vectors),
		cmocka_unit_test(compares_all_bytes),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(hash64_is_siphash),
		cmocka_unit_test(sealed_text_opens_only_unchanged),
		cmocka_unit_test(signatures_are_ed25519),
		cmocka_unit_test(derived_keys_differ_by_id_and_context),
		cmocka_unit_test(secret_memory_is_given_back),
	};

	return cmocka_run_group_tests_name("base/crypto", tests, set_up, NULL);
}
