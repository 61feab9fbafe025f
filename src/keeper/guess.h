/*
 * Slowing down who guesses passwords and codes, in memory.
 *
 * G1: each try counts as a failure before it is looked at, so that many at once
 *     gain nothing; one that was right, or was not looked at, takes it back.
 * G2: strangers cannot lock a person out. A device on which he logged in before has a
 *     counter of its own; a recovery code has one too, and is held up only by what was
 *     tried from where it comes; from one network little counts against the person
 *     himself; and from very many, a new device waits half a minute at most.
 * G3: nothing depends on whether the account, the address or the code exists.
 * G4: the memory is fixed, apart for each kind of counter. When it is full, who
 *     failed least is forgotten, and of those who failed longest ago.
 * G5: inside a session its own counter is short of patience. Another one of the person
 *     takes all his sessions together: more of them give no more tries, and one of
 *     them alone cannot fill it.
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
	struct span device;   /* the id of a device that proved to be this person's; absent: none */
	struct span recovery; /* the digest of what has the form of a recovery code, right or not */
	uint32_t user_slot, session_slot; /* of somebody logged in: nothing else counts then */
};

/*
 * May it be tried now? Otherwise *out_wait_us says how long not. now_us: boot time.
 */
NODISCARD bool guess_begin(
	struct guesses *guesses, const struct guess *guess, int64_t now_us, int64_t *out_wait_us);
/* The one that began at begun_us was right. */
void guess_right(struct guesses *guesses, const struct guess *guess, int64_t begun_us);
/* It was never looked at. */
void guess_back(struct guesses *guesses, const struct guess *guess, int64_t begun_us);

#endif
