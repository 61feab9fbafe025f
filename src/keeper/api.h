/*
 * What every handler of /v1 shares: reading a body strictly, making a change
 * as the caller, answering with an entity, a page or a problem.
 *
 * A handler gets a struct api_call, and returns ST_OK after it has answered, or
 * a status: then the answer is the problem of that status and call->complaint.
 * A change or snapshot that it left open is ended for it, a change undone.
 */
#ifndef KEEPER_API_H
#define KEEPER_API_H

#include "http/problem.h"
#include "http/router.h"
#include "keeper/caller.h"
#include "keeper/state.h"
#include "records/snapshot.h"

#include <jansson.h>

/* What one entity takes as JSON, at most. */
#define API_ANSWER_MAX (16 * MIB)

struct api_call {
	struct keeper *keeper;
	const struct http_call *http;
	struct http_response *response;
	struct arena *arena;
	int64_t now_us;
	struct caller caller;
	struct complaint complaint;
	unsigned problem_status;  /* of the answer to what fails; 0: the status's own */
	struct snapshot *reading; /* by api_reading; also inside a change */
	struct snapshot *own_reading;
	struct change *change;
	json_t *body;
	int64_t if_match; /* of api_edit; 0: none given */
	bool indexed;     /* the last commit is in this node's index */
	bool committed;   /* whatever fails from now on, a change was made */
};

struct api_route {
	const char *method, *pattern;
	enum status (*handle)(struct api_call *call);
	const char *query;
	size_t body_max;
	unsigned need;  /* a right, or enum need; 0: the operator */
	unsigned flags; /* API_STEP_UP, API_STEP_UP_WIDENING */
};

/* The routes of one handler file. */
struct api_table {
	const struct api_route *routes;
	size_t count;
};

/* One named member of a request's body. */
enum body_kind {
	BODY_RAW_TEXT, /* any text */
	BODY_TEXT,     /* UTF-8 without control characters but line ends and tabs */
	BODY_BOOL,
	BODY_INTEGER,
	BODY_TIME, /* RFC 3339 text; number gets microseconds */
	BODY_ARRAY,
	BODY_OBJECT,
	BODY_ANY
};
#define BODY_REQUIRED 1u
#define BODY_NULLABLE 2u
struct body_field {
	const char *name;
	enum body_kind kind;
	unsigned flags;
	/* Filled in: */
	bool present; /* also when null */
	bool is_null;
	bool boolean;
	int64_t number;
	struct span text;
	json_t *json; /* borrowed from the body */
};

/*
 * Read the body as one JSON object with these members and no others.
 * ST_INVALID with a complaint that names the member.
 */
NODISCARD enum status api_body(struct api_call *call, struct body_field *fields, size_t count);
/* The same for an object inside the body. */
NODISCARD enum status api_object(
	struct api_call *call, const json_t *object, struct body_field *fields, size_t count);

/* A JSON array of texts as spans in the call's arena. */
NODISCARD enum status api_texts(struct api_call *call, const json_t *array, const char *name,
	struct span **out_texts, size_t *out_count);

/* The records as they stand now; ended with the call. Inside a change: what it would leave. */
NODISCARD enum status api_reading(struct api_call *call);

/* The caller as the actor of a change; address is memory for its text. */
void api_actor(const struct api_call *call, struct buf *address, struct actor *out_actor);

/* Begin a change as the caller; call->reading then reads what it leaves. */
NODISCARD enum status api_change(struct api_call *call);
/* The same as another actor. */
NODISCARD enum status api_change_as(struct api_call *call, const struct actor *actor);
/*
 * Commit it and wait until this node's index has it (call->indexed says whether
 * it came to that). Nothing is read afterwards: what is to be shown was read before, so
 * that no failure can keep a new token from being shown.
 */
NODISCARD enum status api_commit_unread(struct api_call *call, struct head *out_head);
/* The same, and read on from a fresh snapshot. When that fails the answer says that the change
 * stands.
 */
NODISCARD enum status api_commit(struct api_call *call, struct head *out_head);

/* Wait for the index to have a head that was committed already; sets call->indexed. */
void api_settle(struct api_call *call, const struct head *head);

/*
 * May the caller see what is this account's? Else it is answered as if it were not there. Whoever
 * is logged in sees his own account alone.
 */
bool api_sees(const struct api_call *call, uint32_t account_slot);
/* The same as a status: ST_NOT_FOUND. */
NODISCARD enum status api_scope(const struct api_call *call, uint32_t account_slot);
/* As whom keys are shown: VIEWER_ALL to the operator, else the caller's account. */
uint32_t api_viewer(const struct api_call *call);

/*
 * The account that a name names: ST_NOT_FOUND with a complaint, also for one that the caller does
 * not see; without a name his own. Needs api_reading or api_change.
 */
NODISCARD enum status api_account(
	struct api_call *call, struct span name, struct record_account *out_account);
/* A slot in a path: ST_NOT_FOUND when it is not a number. */
NODISCARD enum status api_slot(struct api_call *call, const char *param, uint32_t *out_slot);

/* `true` or `false` in the query; false when it is not there. */
NODISCARD enum status api_query_bool(struct api_call *call, const char *name, bool *out_value);

/*
 * Begin a change of one entity that exists: the version in If-Match is kept.
 * ST_INVALID when that is not one of our ETags.
 */
NODISCARD enum status api_edit(struct api_call *call);

/* Once the entity is read: ST_STALE (412) when If-Match named another version than the present. */
NODISCARD enum status api_check_version(struct api_call *call, int64_t present);

/*
 * Answer with an entity: its JSON object, its version as ETag (0: none), and
 * for a change the head that it made (NULL: not a change) as epoch and revision.
 */
NODISCARD enum status api_answer(struct api_call *call, unsigned http_status,
	const struct buf *object, int64_t version, const struct head *head);
/* The same of a change that leaves nothing to show. */
NODISCARD enum status api_answer_done(struct api_call *call, const struct head *head);
/* Commit a change that leaves nothing to show: {"epoch":..,"revision":..}. */
NODISCARD enum status api_commit_done(struct api_call *call);

/* What a fault that nobody explained says; NULL: what its HTTP status says. */
const char *api_fault_key(enum status st);

/* Fill a complaint and return st, for one-line refusals. */
NODISCARD enum status api_refuse(struct api_call *call, enum status st, const char *key,
	const char *name, const char *value);

/*
 * A page of slots: `limit` and `cursor` of the query are read, the items are
 * rendered by item() as JSON objects, `next` is added.
 */
NODISCARD enum status api_page(struct api_call *call, struct list_query *query,
	enum status (*item)(struct api_call *call, uint32_t slot, struct buf *out));

/*
 * Idempotency-Key of a create. api_replay answers a replay itself: *out_answered.
 * api_remember stores the answer (without secrets) inside the change.
 */
NODISCARD enum status api_replay(struct api_call *call, uint32_t account_slot, bool *out_answered);
NODISCARD enum status api_remember(
	struct api_call *call, uint32_t account_slot, const struct buf *object);

/* The end of a create: what item() shows of the new entity is remembered, committed and answered.
 */
NODISCARD enum status api_answer_created(struct api_call *call, uint32_t account_slot,
	uint32_t slot, enum status (*item)(struct api_call *call, uint32_t slot, struct buf *out));

/* The same with one more member, a text that is shown this once and not remembered. */
NODISCARD enum status api_answer_created_with(struct api_call *call, uint32_t account_slot,
	uint32_t slot, enum status (*item)(struct api_call *call, uint32_t slot, struct buf *out),
	const char *name, struct span value);

/* The router over all tables; made once. ST_NO_MEMORY. */
struct api;
NODISCARD enum status api_make(struct keeper *keeper, struct api **out_api);
void api_free(struct api **api);
NODISCARD enum status api_handle(
	void *api, const struct http_request *request, struct http_response *response);
/* How large a body its client may send; and somebody of whom nothing is known. */
size_t api_body_max(struct api *api, const struct http_request *request);
size_t api_body_max_stranger(const struct api *api, const struct http_request *request);

extern const struct api_table ACCOUNTS_TABLE, USERS_TABLE, PROFILES_TABLE, RESOURCES_TABLE,
	SERVICES_TABLE, ROUTES_TABLE, CATALOG_TABLE, KEYS_TABLE, KEY_CHANGES_TABLE, EVENTS_TABLE,
	EXPLAIN_TABLE, STATUS_TABLE, PAGES_TABLE, HANDOVERS_TABLE, MANAGEMENT_TOKENS_TABLE,
	OWNER_TABLE, LOGIN_TABLE, ENROLMENTS_TABLE, SESSIONS_TABLE, CHAIN_TABLE, REFUSALS_TABLE,
	USAGE_TABLE, KEY_USAGE_TABLE;

#endif
