/* What the handlers of keys share. */
#ifndef KEEPER_KEYS_H
#define KEEPER_KEYS_H

#include "keeper/api.h"

/*
 * A fresh token: its text, for the one answer, and its digest for the records.
 * Wipe it with token_fresh_wipe.
 */
struct token_fresh_secret {
	char text[TOKEN_LEN];
	uint8_t digest[DIGEST_SIZE];
};
NODISCARD enum status token_fresh_make(struct token_fresh_secret *out_token);
void token_fresh_wipe(struct token_fresh_secret *token);

/* Is it the caller's account's, or linked there? */
bool key_seen(const struct api_call *call, const struct record_key *key);
/* The key of the path; a complaint when there is none that the caller sees. */
NODISCARD enum status key_of_path(struct api_call *call, struct record_key *out_key);

/* The key as an answer. */
NODISCARD enum status key_answer(
	struct api_call *call, unsigned http_status, uint32_t slot, const struct head *head);

/*
 * The same with the token as appToken: the one time that it is shown. object
 * is the key's JSON and stays as it is.
 */
NODISCARD enum status key_answer_token(struct api_call *call, unsigned http_status,
	const struct buf *object, int64_t version, const struct head *head,
	const struct token_fresh_secret *token);

/*
 * The end of a change that makes a token or a link to hand one over: remembered
 * without it, committed, and shown with it. One of token and link is NULL.
 */
struct share_link_secret; /* keeper/handovers.h */
NODISCARD enum status key_end_secret(struct api_call *call, unsigned http_status, uint32_t slot,
	const struct token_fresh_secret *token, const struct share_link_secret *link);

/* POST /v1/keys/import (key_import.c). */
NODISCARD enum status keys_import_request(struct api_call *call);

#endif
