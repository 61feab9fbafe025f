/*
 * How people get in: what the login keeps in memory.
 *
 * E1: passwords are checked at most ENTRY_HASHES at once (19 MiB each). Strangers hold a
 *     quarter of the threads that answer, checking or waiting; beyond that they are told
 *     so at once, and everything else goes on.
 * E2: one more place is kept for who is known: a device, a session, a one-time link.
 * E3: failures become events, few of them however many there are.
 * E4: what one person sets up is not pushed out by others.
 */
#ifndef KEEPER_ENTRY_H
#define KEEPER_ENTRY_H

#include "keeper/guess.h"
#include "keeper/state.h"
#include "records/login.h"

#define ENTRY_HASHES 2u
#define ENTRY_PENDING 256u /* new second factors that are being set up */

struct entry; /* opaque; for any number of threads */

/* workers: the threads that answer. ST_NO_MEMORY. */
NODISCARD enum status entry_make(
	const struct root_key *key, unsigned workers, struct entry **out_entry);
void entry_free(struct entry **entry);

struct guesses *entry_guesses(struct entry *entry);

/*
 * What stands in for the login of who is not there, so that the same work is done: of user 0,
 * with a password and a second factor that nobody has.
 */
const struct record_login *entry_nobody(const struct entry *entry);

enum entry_turn { ENTRY_STRANGER, ENTRY_KNOWN };

/* Is it the password of that text? ST_BUSY: too many are being checked. */
NODISCARD enum status entry_password_is(struct entry *entry, enum entry_turn turn, struct span text,
	struct span password, bool *out_is);
/* For who is known. */
NODISCARD enum status entry_password_make(
	struct entry *entry, struct span password, char *out_text);

/*
 * The second factor that a person sets up in a session, until it is proved there: one a person,
 * the newest. ST_BUSY: no room, for as long as others take.
 */
struct entry_whose {
	uint32_t user_slot, session_slot;
};
NODISCARD enum status entry_pending_put(struct entry *entry, struct entry_whose whose,
	const uint8_t secret[TOTP_SECRET_SIZE], int64_t now_us);
/* ST_NOT_FOUND: none, over, or of another session of his. */
NODISCARD enum status entry_pending_get(struct entry *entry, struct entry_whose whose,
	int64_t now_us, uint8_t out_secret[TOTP_SECRET_SIZE]);
void entry_pending_drop(struct entry *entry, struct entry_whose whose);

/*
 * A failed login of an account, or (user_slot not 0) a wrong code or password in a session. An
 * event tells them (told.h).
 */
void entry_failed(
	struct entry *entry, uint32_t account_slot, uint32_t user_slot, struct span address);
/* A login with the right password, and a code that was wrong (wrong_codes.h). */
void entry_code_wrong(struct entry *entry, uint32_t user_slot, struct span address);
/* Then one that was right, or his password is another one. */
void entry_code_right(struct entry *entry, uint32_t user_slot);
/* Once a second: write what is to be told, and hold the codes that were guessed at. */
void entry_tend(struct entry *entry, struct records *records, int64_t now_us);
/* At the end, when nobody is served any more: also what would be told later. */
void entry_tell_last(struct entry *entry, struct records *records, int64_t now_us);

/* ---- the cookie by which a device is known again ---- */

#define DEVICE_ID_SIZE 16u
#define DEVICE_TEXT_MAX 80u

/* The text of a new device of this person. It dies with his next enrolment, password or second
 * factor. */
void device_make(const struct root_key *key, const struct record_login *login, struct buf *out);
/* Its id in out_id; false unless it is one of this person's. */
NODISCARD bool device_is(const struct root_key *key, const struct record_login *login,
	struct span text, uint8_t out_id[DEVICE_ID_SIZE]);

/* ---- recovery codes ---- */

struct recovery_secrets {
	char texts[RECOVERY_CODES][28]; /* "XXXXXX-XXXXXX-XXXXXX-XXXXXX": 120 bits */
	uint8_t digests[RECOVERY_CODES][DIGEST_SIZE];
};
/* Wipe it with crypto_wipe. ST_NO_MEMORY. */
NODISCARD enum status recovery_make(struct recovery_secrets *out);
/* Could it be one? Capitals, dashes, spaces and O, I, L do not matter, here and below. */
bool recovery_has_form(struct span text);
/* The digest of what somebody typed. */
NODISCARD enum status recovery_digest(struct span text, uint8_t out_digest[DIGEST_SIZE]);

#endif
