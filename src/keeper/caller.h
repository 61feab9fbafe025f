/*
 * Who makes a request of /v1, and whether he may: found once, before the
 * handler. What counts is asked again by the records within the change.
 *
 * C1: whoever sends no credentials is the operator on the unix socket, and
 *     nobody elsewhere. Credentials that prove nothing make nobody, there too.
 * C2: one credential a request: a cookie, or one bearer token; else it is refused.
 * C3: a browser's cookie changes something only for a page of this server.
 */
#ifndef KEEPER_CALLER_H
#define KEEPER_CALLER_H

#include "http/server.h"
#include "records/management_token.h"
#include "records/right.h"
#include "records/session.h"

#define CALLER_COOKIE "__Host-llavero-session"

enum caller_kind {
	CALLER_NOBODY = 0,
	CALLER_OPERATOR, /* by the unix socket */
	CALLER_USER,     /* a person with a session */
	CALLER_TOKEN     /* a machine with a management token */
};

struct caller {
	enum caller_kind kind;
	uint32_t account_slot; /* 0 for the operator and nobody */
	uint32_t user_slot;
	uint32_t session_slot;
	uint32_t token_slot;
	uint32_t rights; /* a bit each, as in records/right.h; the operator needs none */
	bool is_owner;
	bool manages_installation;
	bool by_cookie;
	int64_t second_factor_at_us;
	struct record_session session;         /* CALLER_USER */
	struct record_management_token *token; /* CALLER_TOKEN; in the call's arena */
};

/* What a route needs: a right, or one of these. */
enum need {
	NEED_OPERATOR = RIGHT_NONE,
	NEED_NOBODY = RIGHT_COUNT, /* no login */
	NEED_ANYBODY,              /* whoever is logged in; the operator too */
	NEED_OWNER                 /* the account's owner, or the operator */
};

/* Flags of a route. */
#define API_STEP_UP 1u /* of a person: the second factor within the last SESSION_STEP_UP_US */
#define API_STEP_UP_WIDENING                                                                       \
	2u /* the same, of what widens alone: the handler calls caller_widens */

struct api_call;

/* Find who calls: call->caller. Anything but ST_OK is answered with call->complaint. */
NODISCARD enum status caller_find(struct api_call *call);
/* May he use a route that needs this? */
NODISCARD enum status caller_admit(struct api_call *call, unsigned need, unsigned flags);
/* Once an edit is made, before it is committed: if it widens, he is asked as API_STEP_UP asks. */
NODISCARD enum status caller_widens(struct api_call *call);
/* Note that his session or token was used; once the call holds no snapshot or change. */
void caller_seen(const struct api_call *call);

/* Is the Host one that this server answers to: not a name that somebody points at it? */
bool caller_host_is_own(const struct api_call *call);

#endif
