/* Inside of libllavero: a handle, and what the public functions share. */
#ifndef LIB_HANDLE_H
#define LIB_HANDLE_H

#include "base/arena.h"
#include "decide/answer.h"
#include "lib/decider.h"
#include "llavero.h"

/* An answer's own headers, and Cache-Control, WWW-Authenticate and Retry-After. */
#define HANDLE_HEADERS_MAX (ANSWER_HEADERS_MAX + 3u)
#define HANDLE_TEXT_LEN (2 * KIB)

struct llv {
	struct arena *texts; /* of the setup, copied */
	/* A page that a child of fork() sees as zero. */
	const bool *mine;
	struct decider_setup setup;
	struct families families;
	const char *credential_headers[2 * FAMILIES_MAX + 1];
	enum lang lang;
	struct decider *decider;

	void (*told)(void *context, enum llv_event event, enum llv_status status);
	void *context;
	int told_status[LLV_EVENT_LEDGER + 1]; /* last of each event; -1: nothing yet */

	/* Of the last decision: what it points to. */
	struct decision decision;
	struct answer answer;
	struct refusal refusal;
	char request_id[33];
	struct llv_header headers[HANDLE_HEADERS_MAX];
	char text[HANDLE_TEXT_LEN];
};

/* Opened by this process, and not before a fork? */
static inline bool handle_is_mine(const struct llv *llv)
{
	return *llv->mine;
}

enum llv_status handle_status(enum status st);

/*
 * Copy a struct that says its size into memory of ours, which has size bytes; least: as it was when
 * it was first published. False when it cannot be one.
 */
NODISCARD bool handle_read(const void *given, size_t least, void *out, size_t size);

/* Of "en", "es", "pt"; NULL leaves *lang as it is; false for any other. */
NODISCARD bool handle_language(const char *code, enum lang *lang);

/* What the request asks, with the time and the limits of the handle. What is no request at all is
 * malformed. */
struct handle_question {
	struct llv_request request;
	struct decide_input input;
	struct headers headers;  /* over this question */
	uint64_t header_lengths; /* bit i: some header's name has i % 64 bytes */
};
void handle_ask(
	const struct llv *llv, const struct llv_request *given, struct handle_question *out);

static inline struct span handle_span(struct llv_span text)
{
	return span_of(text.ptr, text.ptr == NULL ? 0 : text.len);
}

static inline struct llv_span handle_out(struct span text)
{
	return (struct llv_span){ text.ptr, text.len };
}

#endif
