/*
 * Slowing down who guesses passwords, in memory.
 *
 * G1: each try counts as a failure before it is looked at, so that many at once
 *     gain nothing; one that was right takes it back.
 * G2: a device on which the person logged in before has a counter of its own
 *     and is not held up by what strangers try: they cannot lock him out.
 * G3: nothing depends on whether the account or the address exists.
 * G4: the memory is fixed; when it is full, who failed longest ago is forgotten.
 */
#ifndef KEEPER_GUESS_H
#define KEEPER_GUESS_H

#include "http/server.h"

struct guesses; /* opaque; for any number of threads */

/* ST_NO_MEMORY. */
NODISCARD enum status guesses_make(struct guesses **out_guesses);
void guesses_free(struct guesses **guesses);

/* Who tries, for whom. */
struct guess {
	const struct http_peer *peer;
	struct span account, email; /* as sent */
	struct span device; /* the id of a device that proved to be this person's; absent: none */
};

/*
 * May it be tried now? Otherwise *out_wait_us says how long not. now_us: boot time.
 */
NODISCARD bool guess_begin(
	struct guesses *guesses, const struct guess *guess, int64_t now_us, int64_t *out_wait_us);
/* It was right. */
void guess_right(struct guesses *guesses, const struct guess *guess);

#endif
