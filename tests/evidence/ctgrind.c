/*
 * One operation on a secret that valgrind is told is undefined: memcheck then reports every
 * branch and every address that depends on it (run-ctgrind). Or, told nothing, one whose
 * instructions callgrind counts (run-counts).
 *
 * usage: ctgrind equal | digest_equal | digest | early_exit [equal | first | last]
 *
 * The second word: the presented value is the stored one, or differs in that byte.
 */
#include "base/crypto.h"
#include "key/digest.h"
#include "key/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <valgrind/memcheck.h>

struct operands {
	struct digest_context *context;
	uint8_t stored[DIGEST_SIZE], presented[DIGEST_SIZE], result[DIGEST_SIZE];
	char token[TOKEN_LEN];
};

typedef bool operation(struct operands *operands);

/* A plain memcmp would be replaced by valgrind's own: the same early exit, written out. */
static bool early_exit(struct operands *operands)
{
	const volatile uint8_t *a = operands->stored;

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		if (a[i] != operands->presented[i])
			return false;
	}
	return true;
}

static bool equal(struct operands *operands)
{
	return crypto_equal(operands->stored, operands->presented, DIGEST_SIZE);
}

static bool equal_digest(struct operands *operands)
{
	return digest_equal(operands->stored, operands->presented);
}

static bool digest(struct operands *operands)
{
	return token_digest(
		operands->context, span_of(operands->token, TOKEN_LEN), operands->result);
}

static const struct {
	const char *name;
	operation *run;
} OPERATIONS[] = {
	{ "equal", equal },
	{ "digest_equal", equal_digest },
	{ "digest", digest },
	{ "early_exit", early_exit },
};

/* What callgrind counts: by this name. */
__attribute__((noinline)) static bool measured(operation *run, struct operands *operands)
{
	bool result = run(operands);

	/* Not a last call, which would be no part of this function. */
	__asm__ volatile("" ::: "memory");
	return result;
}

/* One byte of all, of the random part of a token too. */
static bool change(struct operands *operands, const char *which)
{
	uint8_t random[TOKEN_RANDOM_SIZE] = { 7 };

	if (strcmp(which, "first") == 0) {
		operands->presented[0] ^= 1;
		random[0] ^= 0xFF;
	} else if (strcmp(which, "last") == 0) {
		operands->presented[DIGEST_SIZE - 1] ^= 1;
		random[TOKEN_RANDOM_SIZE - 1] ^= 0xFF;
	} else if (strcmp(which, "equal") != 0) {
		return false;
	}
	token_make(TOKEN_LIVE, random, operands->token);
	return true;
}

int main(int argc, char **argv)
{
	static struct operands operands = { .stored = { 1, 2, 3 }, .presented = { 1, 2, 3 } };
	const char *which = argc > 2 ? argv[2] : "last";
	bool result;

	if (argc < 2 || crypto_init() != ST_OK || !change(&operands, which))
		return 2;
	operands.context = digest_context_make();
	if (operands.context == NULL)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(OPERATIONS); i++) {
		if (strcmp(OPERATIONS[i].name, argv[1]) != 0)
			continue;
		/* Once before: what is set up at the first use is not counted. */
		if (argc > 2)
			(void)OPERATIONS[i].run(&operands);
		(void)VALGRIND_MAKE_MEM_UNDEFINED(operands.stored, DIGEST_SIZE);
		(void)VALGRIND_MAKE_MEM_UNDEFINED(operands.token, TOKEN_LEN);
		result = measured(OPERATIONS[i].run, &operands);
		/* The answer itself may be known: it is what the caller is told. */
		(void)VALGRIND_MAKE_MEM_DEFINED(&result, sizeof(result));
		(void)printf("%d\n", result);
		digest_context_free(&operands.context);
		return 0;
	}
	(void)fprintf(stderr, "usage: ctgrind equal | digest_equal | digest | early_exit [equal | "
			      "first | last]\n");
	return 2;
}
