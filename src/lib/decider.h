/*
 * All that a process holds open to decide requests, and the one way to do so:
 * the index, the ledger, the sealing key, the clock, the scratch of a decision. A
 * gate asks it, and so does libllavero (include/llavero.h).
 *
 * D1: without an index the answer is a refusal (503), never an allow.
 * D2: nothing here logs: what changes is told to the setup's function.
 * D3: a decision and the refusal of one allocate nothing.
 *
 * One thread uses a decider. Open it after fork() and before a sandbox closes.
 */
#ifndef LIB_DECIDER_H
#define LIB_DECIDER_H

#include "base/message.h"
#include "decide/decision.h"
#include "decide/diagnosis.h"
#include "decide/problem.h"
#include "index/reader.h"
#include "ledger/use.h"

struct decider; /* opaque */

enum decider_event {
	DECIDER_INDEX_OPENED,
	DECIDER_INDEX_NOT_OPENED, /* said at each try */
	DECIDER_INDEX_NOT_USABLE, /* it was open before; said at each look */
	DECIDER_SEALING_KEY_READ,
	DECIDER_SEALING_KEY_NOT_READ, /* said once */
	DECIDER_LEDGER_OPENED,
	DECIDER_LEDGER_NOT_OPENED, /* said once */
	DECIDER_LEDGER_LET_GO,     /* it was replaced or cut */
	DECIDER_LEDGER_FULL        /* a key with limits found no cell since it was last said */
};

/* Borrowed, as all that it points to, until decider_close(). */
struct decider_setup {
	const char *index_dir;
	const char *ledger_dir;       /* NULL: none, and keys with limits are refused */
	const char *sealing_key_path; /* base/key_file.h, kind "sealing"; NULL: no diagnoses */
	bool refuse_when_stale;       /* index.when_stale = refuse */
	int64_t lease_us;             /* index.lease */
	struct span app_key_prefix;
	struct problem_site site;
	struct span node; /* in diagnoses */
	enum use_by by;   /* what kind of process asks, in what is counted */
	/* Called from within decider_open() and decider_tend(). */
	void (*told)(void *context, enum decider_event event, enum status status);
	void *context;
};

/*
 * Open what is there; what is not is opened by a later decider_tend(). On success
 * *out_decider belongs to the caller. ST_NO_MEMORY, ST_UNAVAILABLE.
 */
NODISCARD enum status decider_open(const struct decider_setup *setup, struct decider **out_decider);
/* Close *decider and set it to NULL. Does nothing when it is NULL. */
void decider_close(struct decider **decider);

/*
 * Once a second, without an open view: opens what was not there or was replaced.
 * The status is the index's: ST_OK when requests are decided.
 */
enum status decider_tend(struct decider *decider);

/*
 * The view of the newest revision, or NULL, which decide() refuses; marked stale
 * when it is older than min_revision (0: any will do). End it before the process
 * waits: an open one keeps the writer from using freed pages again.
 */
const struct view *decider_view(struct decider *decider, uint64_t min_revision);
void decider_view_end(struct decider *decider);

/* ST_NOT_FOUND: no index. */
NODISCARD enum status decider_index_info(struct decider *decider, struct index_info *out_info);
/* Can refusals be explained: is there a sealing key? */
bool decider_seals(const struct decider *decider);

/* A question with the time, and with the limits to count in; the rest is the caller's to fill. */
struct decide_input decider_input(const struct decider *decider);

/* Decide, take what is allowed off the key's limits, and count the decision (ledger/use.h). */
void decider_decide(struct decider *decider, const struct view *view,
	const struct decide_input *input, struct decision *out);
/* What decider_decide() would say, counting nothing. */
void decider_try(struct decider *decider, const struct view *view, const struct decide_input *input,
	struct decision *out);

/* The key that the decision made last names; absent: an unknown one. Not a proven one. */
struct span decider_named_key(const struct decider *decider, const struct decision *decision);

/* All that the decision made last found, of the same view and input. */
void decider_diagnose(const struct decider *decider, const struct view *view,
	const struct decide_input *input, const struct decision *decision, struct span request_id,
	struct diagnosis *out);
/* Open a sealed one: as diagnosis_open(); ST_UNAVAILABLE without a sealing key. */
NODISCARD enum status decider_open_diagnosis(
	const struct decider *decider, struct span text, struct diagnosis *out);

/* Large: what is allowed need not pay for it. */
struct refusal {
	struct span diagnosis; /* sealed; absent: none could be made */
	struct problem problem;
	char memory[LIMIT_DIAGNOSIS + 1];
};

/* What a refusal is told with. */
struct refusal_request {
	struct span request_id;
	enum lang lang;
};

/* What all processes of the machine counted; without a ledger, what this one did. */
void decider_totals(const struct decider *decider, struct use_totals *out);
/* A peer that may not ask did. */
void decider_count_untrusted(struct decider *decider);

/*
 * Render the refusal that decider_decide() made last, of the same view and input, and
 * write it down among the recent ones (ledger/refusals.h).
 */
void decider_refuse(struct decider *decider, const struct view *view,
	const struct decide_input *input, const struct decision *decision,
	const struct refusal_request *request, struct refusal *out);

#endif
