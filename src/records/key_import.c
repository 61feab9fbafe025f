/*
 * Importing many keys: one event for all keys of an account that stand one after
 * another in a call. It holds each key's canonical JSON, so that the history is complete and hashed
 * at the price of its bytes. Their slots lie side by side, so the event names them by the first and
 * the last.
 */
#include "records/keys.h"

#include <stdio.h>

struct import {
	struct change *change;
	struct buf json;
	struct key_memo memo;
	uint32_t first_slot, next_slot; /* of the event that is being gathered */
	uint32_t account_slot;
};

static enum status import_state(
	const struct key_import *item, struct record_key *key, struct complaint *complaint)
{
	bool revoked = item->state == RECORD_KEY_REVOKED;

	if (item->state != 0)
		key->state = item->state;
	key->reason = item->reason;
	if (revoked)
		key->revoked_at_us = key->created_at_us;
	if (revoked == (item->reason != REVOKE_NONE) && (unsigned)item->state <= RECORD_KEY_REVOKED)
		return ST_OK;
	complaint_set(complaint, "records.reason", 0);
	return ST_INVALID;
}

/* A key that comes in revoked has no live token. */
static void retire_token(const struct change *change, struct record_key *key)
{
	struct record_token *token;

	if (key->state != RECORD_KEY_REVOKED || key->tokens_count == 0)
		return;
	token = arena_alloc(change->arena, sizeof(*token));
	if (token == NULL) {
		key->tokens_count = key->live_count = 0;
		return;
	}
	*token = key->tokens[0];
	token->kind = RECORD_TOKEN_RETIRED;
	token->cause = RETIRE_KEY_REVOKED;
	token->retired_at_us = change->now_us;
	token->retired_by = span_str(change->actor_text);
	key->tokens = token;
	key->live_count = 0;
}

/* Refusals of one line; anything else ends the whole import. */
static bool is_refusal(enum status st)
{
	return st == ST_EXISTS || st == ST_INVALID || st == ST_LIMIT || st == ST_NOT_FOUND ||
	       st == ST_DENIED;
}

static enum status import_event(struct import *import)
{
	char id[48];
	enum status st;

	if (import->next_slot == import->first_slot)
		return ST_OK;
	buf_append_char(&import->json, ']');
	if (!buf_ok(&import->json))
		return ST_LIMIT;
	snprintf(id, sizeof(id), "%u-%u", import->first_slot, import->next_slot - 1);
	st = change_event(import->change, &(struct event_about){ .action = "key.import",
						  .account_slot = import->account_slot,
						  .kind = ENTITY_KEYS,
						  .slot = import->first_slot,
						  .last_slot = import->next_slot - 1,
						  .id = span_str(id),
						  .after = buf_span(&import->json) });
	buf_clear(&import->json);
	import->first_slot = import->next_slot;
	return st;
}

/* One line; *out_refused: the line was refused and nothing of it was written. */
static enum status import_one(struct import *import, const struct key_import *item,
	struct key_import_result *result, bool *out_refused)
{
	struct record_key key;
	enum status st =
		key_prepare(import->change, &item->key, &import->memo, &key, &result->complaint);

	if (st == ST_OK)
		st = import_state(item, &key, &result->complaint);
	if (st == ST_OK) {
		retire_token(import->change, &key);
		key.slot = import->next_slot;
		st = key_insert(import->change, &key, &result->complaint);
	}
	*out_refused = is_refusal(st);
	if (st != ST_OK)
		return st;
	/* An account's history holds its own keys only. */
	if (key.account_slot != import->account_slot)
		st = import_event(import);
	import->account_slot = key.account_slot;
	result->slot = import->next_slot++;
	buf_append_char(&import->json, import->json.len == 0 ? '[' : ',');
	key_append_json_with(
		&import->json, &key, key.account_slot, import->change->records->digest);
	return st;
}

static void import_free(struct import *import)
{
	buf_free(&import->json);
}

static enum status import_all(struct change *change, const struct key_import *keys,
	size_t keys_count, struct key_import_result *out_results)
{
	CLEANUP(import_free)
	struct import import = { .change = change, .json = buf_heap(EVENT_TEXT_MAX / 2) };
	enum status st =
		slot_take(change_db(change), "key", (uint32_t)keys_count, &import.first_slot);

	import.next_slot = import.first_slot;
	for (size_t i = 0; st == ST_OK && i < keys_count; i++) {
		bool refused;

		out_results[i] = (struct key_import_result){ 0 };
		st = import_one(&import, &keys[i], &out_results[i], &refused);
		out_results[i].status = st;
		if (refused)
			st = ST_OK;
	}
	return st == ST_OK ? import_event(&import) : st;
}

enum status keys_import(struct change *change, const struct key_import *keys, size_t keys_count,
	struct key_import_result *out_results)
{
	enum status st = change_enter(change);

	if (st == ST_OK && keys_count > KEYS_IMPORT_MAX)
		st = ST_LIMIT;
	if (st == ST_OK && keys_count > 0)
		st = import_all(change, keys, keys_count, out_results);
	return change_leave(change, st);
}
