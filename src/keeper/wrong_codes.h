/*
 * Codes that were wrong beside the right password, in a row, of each person. Whoever knows a
 * password may try six digits only so often: then the person's codes are held (records/login.h).
 * Who does not know it counts for nothing here, so that he cannot bring that about.
 */
#ifndef KEEPER_WRONG_CODES_H
#define KEEPER_WRONG_CODES_H

#include "base/buf.h"

#define WRONG_CODES_MAX 100u
/* Of so many people at once; beyond, those of whom the fewest were wrong are forgotten. */
#define WRONG_CODES_PEOPLE 256u
#define WRONG_CODES_ADDRESS_MAX 64u

struct wrong_codes_of {
	uint32_t user_slot; /* 0: free */
	uint32_t count;
	char address[WRONG_CODES_ADDRESS_MAX]; /* of the last one */
};

struct wrong_codes {
	struct wrong_codes_of items[WRONG_CODES_PEOPLE];
};

void wrong_codes_add(struct wrong_codes *codes, uint32_t user_slot, struct span address);
/* A login that was right, or another password: they begin anew. */
void wrong_codes_forget(struct wrong_codes *codes, uint32_t user_slot);
/* Somebody of whom it were too many, until he is forgotten; false: nobody. */
bool wrong_codes_due(const struct wrong_codes *codes, struct wrong_codes_of *out_of);

#endif
