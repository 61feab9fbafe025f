/*
 * The diagnosis: everything that a decision found, as a plain struct of its own
 * (nothing points into a view), and its sealed form for the answer.
 *
 * The sealed form is self-contained: no store is written at a refusal, any node
 * that holds the sealing key opens it, and the explanation is rendered again
 * from it (decide/explain.h).
 *
 *   base64url( version 1 | key id 8 | nonce 24 | XChaCha20-Poly1305( plain ) )
 *
 * D1: it holds no token and no part of one: texts that could hold one are
 *     withheld (an appKey field that looks like a token, a path that contains it,
 *     every query).
 * D2: its length depends on what the caller sent alone (and this node's name):
 *     what is looked up stands in fields of fixed width.
 * D3: at most LIMIT_DIAGNOSIS characters, whatever the input; long texts are cut
 *     and marked as cut.
 * D4: opening checks everything: a sealed text that we did not write is
 *     ST_DAMAGED, also when the sealing key leaked.
 */
#ifndef DECIDE_DIAGNOSIS_H
#define DECIDE_DIAGNOSIS_H

#include "base/buf.h"
#include "base/key_file.h"
#include "decide/decision.h"

#define DIAGNOSIS_VERSION 2u
#define DIAGNOSIS_RESOURCES_MAX 5u

/* The most that is kept of each text. Together they must fit; then path, host, appKey give way. */
#define DIAGNOSIS_METHOD_MAX 16u
#define DIAGNOSIS_HOST_MAX 40u
#define DIAGNOSIS_PATH_MAX 96u
#define DIAGNOSIS_APP_KEY_MAX 64u
#define DIAGNOSIS_REQUEST_ID_MAX 36u
#define DIAGNOSIS_NODE_MAX 16u
#define DIAGNOSIS_TEXT_MAX 96u /* the longest of them */

enum diagnosis_text_state {
	DIAGNOSIS_TEXT_ABSENT = 0,
	DIAGNOSIS_TEXT_WHOLE,
	DIAGNOSIS_TEXT_CUT,     /* only the beginning */
	DIAGNOSIS_TEXT_WITHHELD /* it could have held a token */
};

struct diagnosis_text {
	enum diagnosis_text_state state;
	uint8_t len;
	char bytes[DIAGNOSIS_TEXT_MAX]; /* as presented: not to be trusted as UTF-8 */
};

struct diagnosis {
	/* As in struct decision. */
	bool allowed;
	enum cause cause, public_cause;
	enum step failed_step;
	uint8_t trace[STEP_COUNT];
	bool proven, previous_token;
	uint32_t asked_account, owner_account;
	uint32_t key, key_account, other_key, other_account;
	uint32_t profile, resource;
	uint32_t retry_after_s;
	enum allowance_window limit_window; /* that was used up; meaningful with retry_after_s */
	uint64_t limit_count;               /* its limit */
	uint16_t profiles_here;
	enum path_reason path_reason;
	struct text_finding text;
	struct near_hit near;

	/* The route. */
	enum route_match_kind route_kind;
	enum route_access access;
	bool has_service, unmapped_authenticated, preflight_pass;
	uint64_t service, route, other_route; /* ids; 0: none */
	uint16_t resources_count;             /* how many would do; the first of them: */
	uint32_t resources[DIAGNOSIS_RESOURCES_MAX];

	/* The request and where it was decided. */
	enum presented_form form;
	enum account_source account_source;
	bool cors_preflight;
	int64_t at_us;
	uint64_t epoch, revision; /* of the view; 0 when there was none */
	struct address client;
	struct diagnosis_text method, path, host, app_key, request_id, node;
};

/* Who decided, for the record. */
struct diagnosis_origin {
	struct span request_id;
	struct span node; /* this node or gateway, as configured */
};

/*
 * What decide() found, with the input it was given and the scratch it used
 * (for the canonical path). view may be NULL.
 */
void diagnosis_make(const struct decision *decision, const struct decide_input *input,
	const struct decide_scratch *scratch, const struct view *view,
	const struct diagnosis_origin *origin, struct diagnosis *out);

static inline struct span diagnosis_text_span(const struct diagnosis_text *text)
{
	return text->state == DIAGNOSIS_TEXT_WHOLE || text->state == DIAGNOSIS_TEXT_CUT
		       ? span_of(text->bytes, text->len)
		       : SPAN_ABSENT;
}

/* Who wants to read one. */
struct diagnosis_reader {
	bool operator;
	uint32_t account;
	bool key_linked; /* the diagnosis' key is linked in the reader's account now */
};

/* Whether the account's owner (or a delegate) may open it at all. */
bool diagnosis_may_read(const struct diagnosis *diagnosis, const struct diagnosis_reader *reader);

/*
 * Take out what another account's existence would show through (the operator
 * sees all): the token of another account's key becomes token_mismatch, a key
 * of another account that is not linked here becomes unknown_key, or, where the
 * caller proved it, what the caller itself was told.
 */
void diagnosis_mask(struct diagnosis *diagnosis, const struct diagnosis_reader *reader);

/* Append the sealed text to out. nonce: SEAL_NONCE_SIZE random bytes, never used twice. */
void diagnosis_seal(const struct diagnosis *diagnosis, const struct key_file_secret *key,
	const uint8_t nonce[SEAL_NONCE_SIZE], struct buf *out);

/*
 * Open a text with the key of its id. ST_INVALID: not such a text at all.
 * ST_FORMAT: of another version. ST_NOT_FOUND: sealed under a key that is not
 * given. ST_DAMAGED: altered, cut, or not ours.
 */
NODISCARD enum status diagnosis_open(struct span text, const struct key_file_secret *keys,
	size_t keys_count, struct diagnosis *out);

/* The key id that a sealed text names; false when it is no such text. */
bool diagnosis_key_id(struct span text, char out_id[KEY_ID_SIZE]);

/* The plain form, for tests: at most DIAGNOSIS_PLAIN_MAX bytes. */
#define DIAGNOSIS_PLAIN_MAX 335u
size_t diagnosis_encode(const struct diagnosis *diagnosis, uint8_t out[DIAGNOSIS_PLAIN_MAX]);
NODISCARD enum status diagnosis_decode(struct span plain, struct diagnosis *out);

#endif
