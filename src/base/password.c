#include "base/password.h"

#include "common_passwords.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#define PASSES 2u
#define MEMORY_BYTES ((size_t)19 * 1024 * 1024)
#define DIFFERENT_MIN 5u

static_assert(crypto_pwhash_argon2id_STRBYTES <= PASSWORD_TEXT_SIZE, "room for the text");

/* ---- what a new one must be ---- */

static size_t characters(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += ((uint8_t)text.ptr[i] & 0xC0u) != 0x80u;
	return count;
}

static size_t different_bytes(struct span text)
{
	bool seen[256] = { false };
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++) {
		count += !seen[(uint8_t)text.ptr[i]];
		seen[(uint8_t)text.ptr[i]] = true;
	}
	return count;
}

static int compare(const void *wanted, const void *item)
{
	return strcmp(wanted, item);
}

/* Capitals do not make a common one less so. */
static bool is_common(struct span password)
{
	char folded[COMMON_PASSWORD_MAX + 1];
	bool found;

	if (password.len > COMMON_PASSWORD_MAX)
		return false;
	for (size_t i = 0; i < password.len; i++) {
		char c = password.ptr[i];

		folded[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	folded[password.len] = '\0';
	found = bsearch(folded, COMMON_PASSWORDS, ARRAY_LEN(COMMON_PASSWORDS),
			sizeof(COMMON_PASSWORDS[0]), compare) != NULL;
	sodium_memzero(folded, sizeof(folded));
	return found;
}

static const char *fault_of(struct span password, struct span email)
{
	size_t count = characters(password);

	if (!span_is_utf8(password))
		return "login.password_not_text";
	if (count < PASSWORD_CHARACTERS_MIN)
		return "login.password_short";
	if (count > PASSWORD_CHARACTERS_MAX)
		return "login.password_long";
	if (different_bytes(password) < DIFFERENT_MIN || is_common(password))
		return "login.password_common";
	if (span_present(email) && span_equal_nocase(password, email))
		return "login.password_is_email";
	return NULL;
}

enum status password_fit(struct span password, struct span email, struct complaint *complaint)
{
	const char *fault = fault_of(password, email);

	if (fault == NULL)
		return ST_OK;
	complaint_set(complaint, fault, 0);
	return ST_INVALID;
}

/* ---- argon2id ---- */

enum status password_text_make(struct span password, char out_text[PASSWORD_TEXT_SIZE])
{
	if (crypto_pwhash_argon2id_str(
		    out_text, password.ptr, password.len, PASSES, MEMORY_BYTES) != 0)
		return ST_NO_MEMORY;
	return ST_OK;
}

bool password_is(const char *text, struct span password)
{
	return crypto_pwhash_argon2id_str_verify(text, password.ptr, password.len) == 0;
}
