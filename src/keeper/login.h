/* What logging in, enrolment and a session's own pages share. */
#ifndef KEEPER_LOGIN_H
#define KEEPER_LOGIN_H

#include "keeper/api.h"
#include "keeper/entry.h"
#include "records/session.h"

#define LOGIN_BODY_MAX (8 * KIB)

/* Begin a change as a person who just proved who he is; as the one-time link, or the login. */
NODISCARD enum status login_change(struct api_call *call, uint32_t user_slot);
NODISCARD enum status login_change_of(struct api_call *call, struct span system_name);

/* In a change: begin a session; *object gets what is shown of it. Wipe *out_secret. */
NODISCARD enum status login_give(struct api_call *call, uint32_t user_slot, enum session_kind kind,
	struct session_secret *out_secret, struct buf *object);
/* The cookies of an answer: the session's (not for the command line), and the device's. */
void login_cookies(struct api_call *call, enum session_kind kind,
	const struct session_secret *secret, const struct record_login *login);

/* The device's alone: where the person changed what the one before was bound to. */
void login_cookie_device(struct api_call *call, const struct record_login *login);
/* The session is over: its cookie goes. */
void login_cookie_drop(struct api_call *call);

/* What proves a person besides his password. */
struct login_code {
	bool is_right;
	bool is_recovery;
	int64_t step;
	uint8_t digest[DIGEST_SIZE]; /* of a recovery code */
};
/*
 * Look at a code; the work does not depend on the answer. A step that was used is not right.
 */
NODISCARD enum status login_code_check(struct api_call *call, const struct record_login *login,
	struct span code, struct login_code *out_code);
/* In a change: use it up. ST_DENIED: somebody was faster. */
NODISCARD enum status login_code_use(
	struct api_call *call, uint32_t user_slot, const struct login_code *code);

/* To be told by an event: a login of the account failed, or (user_slot not 0) a proof in a session.
 */
void login_failed(struct api_call *call, uint32_t account_slot, uint32_t user_slot);

/* 401 login_failed, the same whatever was wrong; 429 with Retry-After. Both answer. */
NODISCARD enum status login_refuse(struct api_call *call);
NODISCARD enum status login_slow(struct api_call *call, int64_t wait_us);
/* ST_BUSY as the login says it, with Retry-After: answers. Another status: returned as it is. */
NODISCARD enum status login_busy(struct api_call *call, enum status st);

/* The recovery codes as a member: "recoveryCodes":[...] */
void login_append_recovery(struct buf *out, const struct recovery_secrets *codes);

/* A fresh one-time link: its digest, and the URL that is shown once. */
struct login_link {
	char url[512];
	uint8_t digest[DIGEST_SIZE];
};
NODISCARD enum status login_link_make(struct api_call *call, struct login_link *out_link);
NODISCARD enum status login_link_digest(struct span token, uint8_t out_digest[DIGEST_SIZE]);

#endif
