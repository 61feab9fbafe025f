/*
 * A diagnosis in words: every step with what it saw, the cause, and the fixes
 * that would help. As text in a language, and as JSON.
 *
 * Build it with explain(), add the fixes that need more than one decision knows
 * (which profile to link, who rotated the key) with explain_fix_add(), render it.
 * All texts live in the arena, or are static. explain.c gathers,
 * explain_render.c writes.
 */
#ifndef DECIDE_EXPLAIN_H
#define DECIDE_EXPLAIN_H

#include "base/arena.h"
#include "base/message.h"
#include "decide/diagnosis.h"

#define EXPLAIN_FACTS_MAX 8u
#define EXPLAIN_FIXES_MAX 16u
#define EXPLAIN_ARENA (64 * KIB) /* enough for any explanation */

/* A named value; also the argument of that name in the step's or fix's text. */
struct explain_fact {
	const char *name;
	struct span value;
	bool number; /* bare in JSON */
};

struct explain_facts {
	size_t count;
	struct explain_fact items[EXPLAIN_FACTS_MAX];
};

struct explain_step {
	enum step_outcome outcome;
	const char *message; /* key in locale/ */
	struct explain_facts facts;
};

/* What would help. The facts each one takes are in brackets; message "explain.fix_{name}". */
enum fix_kind {
	FIX_NONE = 0,
	/* of the request */
	FIX_SEND_CREDENTIALS,
	FIX_SEND_APP_KEY,
	FIX_SEND_APP_TOKEN,
	FIX_SEND_ONE_CREDENTIAL, /* one family, each header once */
	FIX_MEND_REQUEST,
	FIX_SPELL_PATH, /* reason */
	/* of what was typed */
	FIX_REMOVE_SPACES,    /* field */
	FIX_SWAP_FIELDS,      /* each value into the other field */
	FIX_FILL_PLACEHOLDER, /* field */
	FIX_RETYPE_CASE,      /* field */
	FIX_RETYPE_POSITIONS, /* field, positions */
	FIX_RETYPE_TOKEN,     /* the whole of it, positions unknown */
	FIX_RETYPE_APP_KEY,
	FIX_COPY_WHOLE_TOKEN, /* length, expected */
	FIX_TRIM,             /* the near misses of a token without a check part */
	FIX_UNQUOTE,
	FIX_BEARER_OFF,
	FIX_URL_DECODE,
	FIX_UPPER_CASE,
	FIX_LOWER_CASE,
	/* of the key */
	FIX_USE_NEAREST_KEY,  /* app_key: the nearest known one */
	FIX_USE_KEY_OF_TOKEN, /* app_key: whose token it is */
	FIX_USE_NEW_TOKEN,    /* the one of the rotation */
	FIX_OPEN_LINK,        /* its token is made when the one-time link is opened */
	FIX_ROTATE_KEY,       /* no one has the token any more */
	FIX_ACTIVATE_KEY,     /* app_key */
	FIX_CREATE_KEY,       /* for a revoked one */
	FIX_EXTEND_EXPIRY,    /* app_key */
	FIX_ACTIVATE_ACCOUNT, /* account */
	FIX_ASK_RIGHT_ACCOUNT,
	FIX_LINK_IN_ACCOUNT, /* account, app_key */
	FIX_ALLOW_ADDRESS,   /* address, app_key */
	FIX_TELL_ADDRESS,    /* the gateway must hand the client's address over */
	/* of the rights */
	FIX_LINK_PROFILE,  /* profile, app_key, resource?, further? */
	FIX_ADD_RESOURCE,  /* resource, profile */
	FIX_MAKE_PROFILE,  /* resource */
	FIX_LINK_ANY,      /* app_key: any profile will do */
	FIX_ADD_ROUTE,     /* method, path */
	FIX_SET_RESOURCES, /* method, path: the route has an empty set */
	FIX_SETTLE_ROUTE,  /* method, path: two templates claim it */
	/* of the moment */
	FIX_WAIT,        /* seconds */
	FIX_RAISE_LIMIT, /* app_key */
	FIX_CHECK_NODE,
	FIX_KIND_COUNT
};

struct explain_fix {
	enum fix_kind kind;
	struct explain_facts facts;
};

struct explanation {
	const struct diagnosis *diagnosis;
	const struct view *view; /* may be NULL */
	struct arena *arena;
	struct explain_step steps[STEP_COUNT];
	size_t fixes_count;
	struct explain_fix fixes[EXPLAIN_FIXES_MAX];
	bool incomplete; /* the arena was too small: some facts are missing */
};

/*
 * Explain. view, for the names of slots as they are now, may be NULL. Mask the
 * diagnosis for its reader first (diagnosis_mask). Diagnosis, view and arena
 * must outlive the explanation.
 */
void explain(const struct diagnosis *diagnosis, const struct view *view, struct arena *arena,
	struct explanation *out);

/* Values are copied into the arena. The fix to try first stands first. */
void explain_fix_add(struct explanation *explanation, enum fix_kind kind,
	const struct explain_fact *facts, size_t facts_count);
/*
 * Move the fixes from that index on before the first one of that kind, which is
 * of less help. Without one they stay where they are.
 */
void explain_fixes_lead(struct explanation *explanation, size_t from, enum fix_kind before);
/* Drop every fix of that kind: a better one replaces it. */
void explain_fix_drop(struct explanation *explanation, enum fix_kind kind);

/* "link_profile"; never NULL. */
const char *fix_name(enum fix_kind kind);
/* The key of its text, "explain.fix_link_profile"; never NULL. */
const char *fix_message(enum fix_kind kind);
/* "resource"; never NULL. */
const char *step_name(enum step step);
/* "passed" "failed" "skipped" "not_reached" */
const char *step_outcome_name(enum step_outcome outcome);

/* One step, or one fix, in words. */
void explain_step_text(
	const struct explanation *explanation, enum step step, enum lang lang, struct buf *out);
void explain_fix_text(
	const struct explanation *explanation, size_t fix, enum lang lang, struct buf *out);

/* For a terminal: the verdict, the steps up to the failing one, what to do. UTF-8. */
void explain_append_text(const struct explanation *explanation, enum lang lang, struct buf *out);

/*
 * {"allowed":false,"cause":"no_profile","publicCause":"no_profile","title":...,"meaning":...,
 *  "failedStep":"links","at":...,"epoch":1,"revision":7,"requestId":...,"node":...,"method":...,
 *  "path":...,"host":...,"address":...,"appKey":...,"account":...,
 *  "resources":[{"product":...,"key":...,"name":...}],"field":"appToken","positions":[3],
 *  "steps":[{"name":"links","outcome":"failed","text":"...","facts":{...}}],
 *  "fixes":[{"kind":"link_profile","text":"...","facts":{...}}]}
 *
 * ASCII; what is not known is left out.
 */
void explain_append_json(const struct explanation *explanation, enum lang lang, struct buf *out);

/* The texts of a cause: "cause.{name}.{part}", parts title detail meaning check fix. Never NULL. */
const char *cause_text(enum lang lang, enum cause cause, const char *part);

#endif
