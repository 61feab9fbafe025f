/*
 * Sessions: how a person who proved who he is goes on being known. A session is
 * a random text of which only the digest is stored.
 *
 * S1: a session is there or it is not: ending one deletes it.
 * S2: it is over SESSION_*_IDLE_US after it was last seen and SESSION_*_LIFE_US
 *     after it began, whichever comes first; from that instant on, not after it.
 * S3: when a person's password, second factor, role or state changes, all of
 *     his sessions end, but for the one that made the change.
 */
#ifndef RECORDS_SESSION_H
#define RECORDS_SESSION_H

#include "records/snapshot.h"

enum session_kind { SESSION_BROWSER = 1, SESSION_CLI = 2 };

#define SESSION_BROWSER_IDLE_US (INT64_C(30) * 60 * 1000000)
#define SESSION_BROWSER_LIFE_US (INT64_C(12) * 3600 * 1000000)
#define SESSION_CLI_IDLE_US (INT64_C(12) * 3600 * 1000000)
#define SESSION_CLI_LIFE_US (INT64_C(7) * 86400 * 1000000)
/* How long a proof of the second factor does for what needs it again. */
#define SESSION_STEP_UP_US (INT64_C(10) * 60 * 1000000)
/* Of one person at once; the one that was seen longest ago gives way to a new one. */
#define SESSIONS_PER_USER 20u

/* "LS1" (command line only), then 43 characters of the URL alphabet: 256 random bits. */
#define SESSION_TEXT_MAX 46u
struct session_secret {
	char text[SESSION_TEXT_MAX + 1];
	uint8_t digest[DIGEST_SIZE];
};
/* Wipe it with crypto_wipe. ST_NO_MEMORY. */
NODISCARD enum status session_secret_make(enum session_kind kind, struct session_secret *out);
/* The digest of a text that somebody sent; ST_NOT_FOUND when it has not the form of this kind. */
NODISCARD enum status session_digest(
	enum session_kind kind, struct span text, uint8_t out_digest[DIGEST_SIZE]);

struct record_session {
	uint32_t slot, user_slot, account_slot;
	enum session_kind kind;
	int64_t created_at_us, seen_at_us, second_factor_at_us;
	int64_t expires_at_us;      /* whatever happens */
	int64_t idle_until_us;      /* unless it is seen again */
	struct span address, agent; /* where it began; absent by session_find */
};

/*
 * The session of that kind and digest that is not over at now_us, of an active
 * person of an active account; ST_NOT_FOUND for any other.
 */
NODISCARD enum status session_find(struct snapshot *snapshot, enum session_kind kind,
	const uint8_t digest[DIGEST_SIZE], int64_t now_us, struct record_session *out_session);
/* A session by its slot, also one that is over: ST_NOT_FOUND. Without address and agent. */
NODISCARD enum status session_get(
	struct snapshot *snapshot, uint32_t slot, struct record_session *out_session);
/* Note that it was seen; writes at most once a minute. Call without a snapshot or change open. */
NODISCARD enum status session_seen(
	struct records *records, const struct record_session *session, int64_t now_us);

/* A person's sessions that are not over, oldest first. */
NODISCARD enum status sessions_of_user(struct snapshot *snapshot, uint32_t user_slot,
	int64_t now_us, struct arena *arena, struct record_session out_sessions[SESSIONS_PER_USER],
	size_t *out_count);
void session_append_json(struct buf *out, const struct record_session *session, bool is_current);

/* Begin one, both factors just proved. agent is cut to what is kept of it. */
struct session_new {
	uint32_t user_slot;
	enum session_kind kind;
	const uint8_t *digest;
	struct span address, agent; /* may be absent */
};
NODISCARD enum status session_begin(
	struct change *change, const struct session_new *session, uint32_t *out_slot);
/* The second factor was proved again, now. ST_NOT_FOUND. */
NODISCARD enum status session_confirm(struct change *change, uint32_t slot);
/* Codes and passwords in a person's sessions that were wrong: how many since the last such event.
 * Of the system. */
NODISCARD enum status session_failures(
	struct change *change, uint32_t user_slot, int64_t count, struct span address);
/* End one of this person. ST_NOT_FOUND. */
NODISCARD enum status session_end(
	struct change *change, uint32_t user_slot, uint32_t slot, struct complaint *complaint);
/*
 * End all of a person's but one (0: all). Part of a change that says why: no event of its own.
 */
NODISCARD enum status sessions_end(struct change *change, uint32_t user_slot, uint32_t but_slot);

#endif
