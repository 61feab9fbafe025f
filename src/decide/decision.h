/*
 * The decision: may this request pass? Pure: the time, the index and the
 * limits' state are arguments; the same input gives the same decision and the
 * same trace in the gate, the library, the nginx module and `explain`.
 *
 * I1: zero denies. A zeroed struct decision refuses.
 * I2: the first failing step names the cause; later steps stay STEP_NOT_REACHED.
 *     One exception: revoking a key ends its tokens with it, so a retired token
 *     of a revoked key fails at STEP_STATE with CAUSE_KEY_REVOKED.
 * I3: cause is the truth for the owner; public_cause is what this caller may
 *     learn, and depends only on the presented text and on what it proved.
 *     Text causes explain a failed exact match; only texts with a reserved
 *     prefix are refused at STEP_TEXT. A finding about an appKey that is known
 *     exactly, or about a token that is known exactly, is no cause for the owner.
 * I4: no refusal by unknown key, wrong token or another key's token differs
 *     from another in the look-ups and digests that are done, nor in how many of
 *     them find something (docs/decisions/hidden.md).
 */
#ifndef DECIDE_DECISION_H
#define DECIDE_DECISION_H

#include "decide/cause.h"
#include "decide/path.h"
#include "decide/presented.h"
#include "decide/routes.h"
#include "decide/view.h"
#include "key/credential.h"

enum verdict { VERDICT_DENY = 0, VERDICT_ALLOW = 1 };

/* In the order in which they are looked at. */
enum step {
	STEP_REQUEST = 0, /* well formed: one method, one target */
	STEP_PATH,        /* one reading of the path */
	STEP_ROUTE,       /* looked up; a public one ends the decision here */
	STEP_CREDENTIAL,  /* is there one, and only one */
	STEP_TEXT,        /* what its text alone tells */
	STEP_KEY,
	STEP_TOKEN,
	STEP_STATE, /* active, not expired */
	STEP_ACCOUNT,
	STEP_ADDRESS,
	STEP_MAPPED, /* is anything mapped to this method and path */
	STEP_LINKS,
	STEP_RESOURCE,
	STEP_LIMITS,
	STEP_COUNT
};

enum step_outcome {
	STEP_NOT_REACHED = 0,
	STEP_PASSED,
	STEP_FAILED,
	STEP_SKIPPED /* does not apply, e.g. a key without an address list */
};

enum account_source {
	ACCOUNT_OF_KEY = 0, /* none configured: the key's own account */
	ACCOUNT_FIXED,      /* account holds the name */
	ACCOUNT_HEADER,     /* account holds what the gateway's header said; absent refuses */
	ACCOUNT_HOST        /* the account that the request's host belongs to */
};

/*
 * What a key has used of its limits. Asked once, as the very last step, for a
 * request of a limited key that is allowed otherwise: so a gate's source may
 * count the use right then, and a request that is refused is never charged. The
 * source of a trial (explain, can) only looks.
 */
struct limits_source {
	void *context;
	struct allowance_state (*ask)(
		void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us);
};

struct decide_input {
	struct presented credential;
	/* host absent or empty: none is known. One that is no host (decide/path.h) is malformed. */
	struct span method, target, host;
	bool malformed;      /* framing, sizes, a missing or repeated original method or target */
	bool cors_preflight; /* OPTIONS with Origin and Access-Control-Request-Method */
	struct address client;
	enum account_source account_source;
	struct span account;
	int64_t now_us;
	const struct limits_source *limits; /* NULL: a limited key is refused */
};

/*
 * Refused, and yet nearly right: what would have made the presented text match.
 * Looked for on every refusal at STEP_KEY and STEP_TOKEN alike; told to the
 * owner only.
 */
struct near_hit {
	uint8_t steps; /* enum near_miss_step (key/near_miss.h) of the token; 0: none */
	bool swapped;  /* the appKey field holds a known token and the token field its appKey */
};

struct decision {
	enum verdict verdict;
	enum cause cause; /* CAUSE_NONE when allowed */
	enum cause public_cause;
	enum step failed_step;     /* meaningful when denied */
	uint8_t trace[STEP_COUNT]; /* enum step_outcome */
	bool proven;               /* the token is or was this key's */

	uint32_t asked_account; /* slot; 0: none or unknown */
	uint32_t owner_account; /* whose owner may read the diagnosis; 0: the operator alone */
	uint32_t key;           /* slot of the key that appKey (or the token) named; 0: unknown */
	uint32_t key_account;   /* home account of key */
	uint32_t other_key;     /* whose token it is or was (or nearly is), when not key's */
	uint32_t other_account; /* home account of other_key */
	bool previous_token;    /* allowed with the older of two live tokens */
	uint32_t profile;       /* the profile that allows */
	uint32_t resource;      /* the resource that allows */
	enum path_reason path_reason;
	struct route_match route; /* with the needed resources */
	struct text_finding text;
	struct near_hit near;
	struct allowance limits;             /* of the key, once STEP_LIMITS was reached */
	struct allowance_state limits_state; /* meaningful when there are limits */
	uint32_t retry_after_s;              /* with a 429 */
	unsigned profiles_here; /* links of the key in the asked account; all, when denied */

	/* For the answer of an allow; they live in the view. */
	struct span account_name, app_key, external_id, profile_name;
};

/*
 * Scratch that a caller keeps per thread, so that a decision allocates nothing.
 * What the last decision read stands in it until the next one.
 */
struct decide_scratch {
	struct digest_context *digests; /* owned by the caller */
	struct span app_key_prefix;     /* of this installation; absent: the default */

	/* Not for the caller to fill. */
	char path_memory[PATH_SIZE];
	char host_memory[LIMIT_HOST];
	struct path_result path; /* the canonical path, when its reason is PATH_OK */
	struct span host;        /* canonical; absent when there was none */
	struct view_key key;     /* of the slot in the decision, when that is not 0 */
	struct view_key other;
};

/*
 * Decide. view NULL: CAUSE_INDEX_UNAVAILABLE. *out is overwritten whole.
 * There is no status to return: whatever fails is a refusal with its cause.
 */
void decide(const struct view *view, const struct decide_input *input,
	struct decide_scratch *scratch, struct decision *out);

/*
 * The owner's cause of a credential that nobody proved, as far as the named key
 * and the text tell: the text's cause, unless it speaks of an appKey that is
 * known exactly; else unknown_key or token_mismatch.
 */
enum cause decision_unproven_cause(
	enum cause public_cause, bool key_known, enum text_field text_field);

#endif
