/*
 * How a person proves who he is: a password (argon2id's own text) and a second
 * factor (the secret of a TOTP, sealed with a key of the root key), or a
 * recovery code in its place. A one-time link lets him set them.
 *
 * P1: a code's time step counts once: totp_last_step only grows.
 * P2: a recovery code counts once; only its digest is stored.
 * P3: a new link takes away what was set before it, and all sessions.
 * P4: nothing here is in an event but that it was done.
 * P5: each opening of a link makes another second factor, and the one before it
 *     is void: who looked first does not know what the person sets up.
 * P6: once codes are held, because too many were wrong beside the right password, they let a known
 *     device in alone, and another one needs a recovery code, until the password is another one.
 */
#ifndef RECORDS_LOGIN_H
#define RECORDS_LOGIN_H

#include "records/root_key.h"
#include "records/snapshot.h"

#define TOTP_SECRET_SIZE 20u
#define TOTP_SEALED_SIZE (SEAL_NONCE_SIZE + TOTP_SECRET_SIZE + SEAL_TAG_SIZE)
#define RECOVERY_CODES 10u
#define ENROLMENT_VALID_US (INT64_C(24) * 3600 * 1000000)
/* Each leaves an event: who holds a link must not fill the records with them. */
#define ENROLMENT_OPENINGS_MAX 20

struct record_login {
	uint32_t user_slot;
	struct span password; /* "$argon2id$..." */
	uint8_t totp[TOTP_SEALED_SIZE];
	int64_t totp_last_step;
	int64_t created_at_us, changed_at_us;
	int64_t codes_held_at_us; /* P6; 0: they are not */
};

/* ST_NOT_FOUND: he has none yet. */
NODISCARD enum status snapshot_login(struct snapshot *snapshot, uint32_t user_slot,
	struct arena *arena, struct record_login *out_login);
/* Is it a code of his that was not used yet? */
NODISCARD enum status snapshot_recovery_is(struct snapshot *snapshot, uint32_t user_slot,
	const uint8_t digest[DIGEST_SIZE], bool *out_is);

/* The secret of a second factor at rest, bound to its person. */
void totp_seal(const struct root_key *key, uint32_t user_slot,
	const uint8_t secret[TOTP_SECRET_SIZE], uint8_t out_sealed[TOTP_SEALED_SIZE]);
/* ST_DAMAGED. */
NODISCARD enum status totp_open(const struct root_key *key, uint32_t user_slot,
	const uint8_t sealed[TOTP_SEALED_SIZE], uint8_t out_secret[TOTP_SECRET_SIZE]);

/*
 * Use a code up, within a change that goes on only when it counted. ST_DENIED:
 * it was used before (there is none such); that fails the change.
 */
NODISCARD enum status login_use_step(struct change *change, uint32_t user_slot, int64_t step);
NODISCARD enum status login_use_recovery(
	struct change *change, uint32_t user_slot, const uint8_t digest[DIGEST_SIZE]);

/*
 * Within a change: is what he proves himself with still what was read before?
 * ST_DENIED when it was set anew or taken away meanwhile; that fails the change.
 */
NODISCARD enum status login_still(struct change *change, const struct record_login *was);

/*
 * Hold the codes of who was guessed at, count times in a row (P6): an event of the system's that
 * tells it. Nothing when they are held already, or he has none.
 */
NODISCARD enum status login_hold_codes(
	struct change *change, uint32_t user_slot, int64_t count, struct span address);
/* A right code that let nobody in, for it is held. */
NODISCARD enum status login_codes_refused(struct change *change, uint32_t user_slot);

/* What a person proved that he has, at enrolment. */
struct login_new {
	uint32_t user_slot;
	struct span password;
	const uint8_t *totp;                    /* sealed */
	int64_t totp_step;                      /* of the code that proved it: used up */
	const uint8_t (*recovery)[DIGEST_SIZE]; /* RECOVERY_CODES of them */
};
/*
 * Ends the person's sessions, all of them, and uses the link up. ST_NOT_FOUND:
 * it is over; ST_CONFLICT: it was opened again since login->totp was read of it.
 */
NODISCARD enum status login_enrol(struct change *change, const struct login_new *login,
	const uint8_t link_digest[DIGEST_SIZE], struct complaint *complaint);

/* Each by the person himself; ends his sessions but one. */
NODISCARD enum status login_set_password(
	struct change *change, uint32_t user_slot, struct span password, uint32_t but_session_slot);
NODISCARD enum status login_set_factor(
	struct change *change, const struct login_new *login, uint32_t but_session_slot);
NODISCARD enum status login_set_recovery(struct change *change, uint32_t user_slot,
	const uint8_t (*digests)[DIGEST_SIZE], uint32_t but_session_slot);

/* ---- one-time links ---- */

struct record_enrolment {
	uint32_t user_slot;
	int64_t openings;
	int64_t opened_at_us;           /* the last time; 0: never */
	uint8_t totp[TOTP_SEALED_SIZE]; /* of the last opening */
	int64_t expires_at_us;
};

/* ST_NOT_FOUND: none such, used, over at now_us, or of a person who is not active. */
NODISCARD enum status snapshot_enrolment(struct snapshot *snapshot,
	const uint8_t digest[DIGEST_SIZE], int64_t now_us, struct record_enrolment *out_enrolment);

/*
 * A new link for a person: by the owner for the others of his account, by the operator for all.
 * P3. For a person that is being created in this change: login_invite.
 */
NODISCARD enum status login_reset(struct change *change, uint32_t user_slot,
	const uint8_t digest[DIGEST_SIZE], int64_t *out_expires_at_us, struct complaint *complaint);
NODISCARD enum status login_invite(struct change *change, uint32_t user_slot,
	const uint8_t digest[DIGEST_SIZE], int64_t *out_expires_at_us);
/* It is opened: this is the second factor that it shows. ST_NOT_FOUND: too often already. */
NODISCARD enum status enrolment_open(struct change *change, const uint8_t digest[DIGEST_SIZE],
	uint32_t user_slot, const uint8_t sealed[TOTP_SEALED_SIZE]);

/* A failure to log in, for the events: how many since the last such event. Of the system. */
NODISCARD enum status login_failures(
	struct change *change, uint32_t account_slot, int64_t count, struct span address);

#endif
