/*
 * People's passwords: what a new one must be, and argon2id's text of one
 * (19 MiB, two passes, one lane: some 20 ms, so bound how many run at once).
 * A password is its bytes: nothing is trimmed, folded or normalised.
 */
#ifndef BASE_PASSWORD_H
#define BASE_PASSWORD_H

#include "base/complaint.h"
#include "base/status.h"

#define PASSWORD_CHARACTERS_MIN 12u
#define PASSWORD_CHARACTERS_MAX 256u
#define PASSWORD_TEXT_SIZE 128u /* argon2id's text and its NUL */

/*
 * ST_INVALID with a complaint: too short or long, not UTF-8, one of those that
 * many people have, fewer than five different characters, or the person's own address.
 */
NODISCARD enum status password_fit(
	struct span password, struct span email, struct complaint *complaint);

/* ST_NO_MEMORY. */
NODISCARD enum status password_text_make(struct span password, char out_text[PASSWORD_TEXT_SIZE]);
/* Takes as long for a wrong one as for the right one. False without memory too. */
NODISCARD bool password_is(const char *text, struct span password);

#endif
