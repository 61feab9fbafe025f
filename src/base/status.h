/*
 * What became of a call that can fail. A status is not a verdict: "allow" and
 * "deny" travel apart (decide/decision.h), and no status means "allow".
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
	ST_OK = 0,
	ST_NOT_FOUND, /* an answer: there is no such thing */
	ST_EXISTS,    /* a name or digest that must be unique is taken */
	ST_CONFLICT,  /* the thing is in a state that forbids this, or it changed meanwhile */
	ST_INVALID,   /* the input is not acceptable; a struct complaint says why */
	ST_LIMIT,     /* beyond a maximum of base/limits.h */
	ST_FORMAT,    /* written by another version */
	ST_DAMAGED,   /* does not check: bytes changed on disk or on the way */
	ST_IO,        /* the operating system failed; errno was logged by who saw it */
	ST_NO_SPACE,  /* disk or quota full */
	ST_NO_MEMORY,
	ST_BUSY, /* somebody else holds it; try again */
	ST_TIMEOUT,
	ST_STALE,       /* older than what was asked for */
	ST_DENIED,      /* the actor may not do this */
	ST_UNAVAILABLE, /* a part that is needed is not there now */
	ST_UNKNOWN,     /* the connection ended before the outcome was known */
	ST_COUNT
};

/* A short constant name for logs, e.g. "not_found". Never NULL. */
const char *status_name(enum status st);

/* The status that an errno value stands for (ENOSPC -> ST_NO_SPACE, ...). */
enum status status_from_errno(int err);

#endif
