/*
 * How people get in: what the login keeps in memory. Passwords are checked at
 * most ENTRY_HASHES at once (19 MiB each) with a short queue behind them, which
 * leaves a thread to everybody else.
 */
#ifndef KEEPER_ENTRY_H
#define KEEPER_ENTRY_H

#include "keeper/guess.h"
#include "keeper/state.h"
#include "records/login.h"

#define ENTRY_HASHES 2u
#define ENTRY_PENDING 64u /* new second factors that are being set up */

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

/* Is it the password of that text? ST_BUSY: too many are being checked. */
NODISCARD enum status entry_password_is(
	struct entry *entry, struct span text, struct span password, bool *out_is);
NODISCARD enum status entry_password_make(
	struct entry *entry, struct span password, char *out_text);

/* The second factor that a session sets up, until it is proved; ST_NOT_FOUND: none, or over. */
void entry_pending_put(struct entry *entry, uint32_t session_slot,
	const uint8_t secret[TOTP_SECRET_SIZE], int64_t now_us);
NODISCARD enum status entry_pending_get(struct entry *entry, uint32_t session_slot, int64_t now_us,
	uint8_t out_secret[TOTP_SECRET_SIZE]);
void entry_pending_drop(struct entry *entry, uint32_t session_slot);

/* A failed login of an account, told by an event at most once a minute (entry_tend). */
void entry_failed(struct entry *entry, uint32_t account_slot, struct span address);
/* Once a second: write what is to be told. */
void entry_tend(struct entry *entry, struct records *records, int64_t now_us);

/* ---- the cookie by which a device is known again ---- */

#define DEVICE_ID_SIZE 16u
#define DEVICE_TEXT_MAX 80u

/* The text of a new device of this person. It dies with his next enrolment. */
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
/* The digest of what somebody typed: capitals, dashes, spaces and O, I, L do not matter. */
NODISCARD enum status recovery_digest(struct span text, uint8_t out_digest[DIGEST_SIZE]);

#endif
