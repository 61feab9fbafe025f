/*
 * One operation on a secret that valgrind is told is undefined: memcheck then reports
 * every branch and every address that depends on it. tests/evidence/ctgrind runs each.
 *
 * usage: ctgrind equal | digest_equal | digest | early_exit
 */
#include "base/crypto.h"
#include "key/digest.h"
#include "key/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <valgrind/memcheck.h>

/* A plain memcmp would be replaced by valgrind's own: the same early exit, written out. */
static bool early_exit_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

/* The answer itself may be known: it is what the caller is told. */
static void publish(const void *result, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(result, len);
}

static int compare(const char *what)
{
	uint8_t stored[DIGEST_SIZE], presented[DIGEST_SIZE];
	bool equal;

	crypto_random(stored, sizeof(stored));
	memcpy(presented, stored, sizeof(stored));
	presented[20] ^= 1;
	(void)VALGRIND_MAKE_MEM_UNDEFINED(stored, sizeof(stored));
	if (strcmp(what, "equal") == 0)
		equal = crypto_equal(stored, presented, sizeof(stored));
	else if (strcmp(what, "digest_equal") == 0)
		equal = digest_equal(stored, presented);
	else
		equal = early_exit_equal(stored, presented, sizeof(stored));
	publish(&equal, sizeof(equal));
	return equal ? 1 : 0;
}

static int digest(void)
{
	CLEANUP(digest_context_free)
	struct digest_context *context = digest_context_make();
	uint8_t random[TOKEN_RANDOM_SIZE], result[DIGEST_SIZE];
	char token[TOKEN_LEN];
	bool ok;

	if (context == NULL)
		return 1;
	crypto_random(random, sizeof(random));
	token_make(TOKEN_LIVE, random, token);
	(void)VALGRIND_MAKE_MEM_UNDEFINED(token, sizeof(token));
	ok = token_digest(context, span_of(token, sizeof(token)), result);
	publish(&ok, sizeof(ok));
	publish(result, sizeof(result));
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "equal", "digest_equal", "early_exit" };

	if (crypto_init() != ST_OK)
		return 1;
	if (argc == 2 && strcmp(argv[1], "digest") == 0)
		return digest();
	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(names); i++) {
		if (strcmp(argv[1], names[i]) == 0)
			return compare(argv[1]);
	}
	(void)fprintf(stderr, "usage: ctgrind equal | digest_equal | digest | early_exit\n");
	return 2;
}
