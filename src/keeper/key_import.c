/*
 * POST /v1/keys/import: credentials of another system, as JSON Lines
 *   {"appKey","appToken"|"sha256","label","profiles":[..],"state","expires","externalId","limits"}
 * A line that cannot be taken over is listed with the reason; the others are
 * imported, in changes of some thousand keys each, so that a revocation passes between.
 * Source: records/app_key.h, key/import.h.
 */
#include "keeper/keys.h"

#include "base/clock.h"
#include "keeper/key_limits.h"
#include "keeper/publish.h"
#include "keeper/refer.h"
#include "key/digest.h"
#include "key/import.h"
#include "records/app_key.h"

#include <pthread.h>
#include <stdlib.h>

/* About 50 ms of writing. */
#define BATCH_KEYS KEYS_IMPORT_MAX
#define PROFILES_KNOWN 16u
#define ANSWER_LINES_MAX 1000u

struct line {
	size_t number;
	json_t *json; /* NULL: not an object */
	uint8_t digest[DIGEST_SIZE];
};

/* Lines that are read, by a thread of their own, while those before them are written. */
struct batch {
	struct line lines[BATCH_KEYS];
	size_t count;
};

/* Where reading is in the body; of whoever reads. */
struct reading {
	struct span rest;
	size_t number; /* of the line before rest */
	struct batch *batch;
};

struct import {
	struct api_call *call;
	struct digest_context *digests;
	struct record_account account;
	bool dry_run;
	struct batch batches[2];
	struct key_import keys[BATCH_KEYS];
	struct key_import_result results[BATCH_KEYS];
	struct arena *arena; /* of one batch, and in it the profiles that its lines have named */
	struct {
		struct span name;
		uint32_t slot;
	} known[PROFILES_KNOWN];
	size_t known_count;
	struct buf refused;
	size_t refused_count, imported_count;
	struct head head;
	bool committed;
};

static void refuse_line(struct import *import, size_t number, const struct complaint *complaint)
{
	struct buf text = buf_heap(4 * KIB);

	if (import->refused_count++ < ANSWER_LINES_MAX) {
		complaint_append(&text, import->call->http->lang, complaint);
		if (import->refused_count > 1)
			buf_append_char(&import->refused, ',');
		buf_printf(&import->refused, "{\"line\":%zu,\"code\":", number);
		buf_append_json(&import->refused,
			span_str(complaint->key == NULL ? "internal" : complaint->key));
		buf_append_str(&import->refused, ",\"detail\":");
		buf_append_json(&import->refused, buf_span(&text));
		buf_append_char(&import->refused, '}');
	}
	buf_free(&text);
}

/* ---- one line ---- */

enum {
	LINE_APP_KEY,
	LINE_TOKEN,
	LINE_SHA256,
	LINE_LABEL,
	LINE_PROFILES,
	LINE_STATE,
	LINE_EXPIRES,
	LINE_EXTERNAL_ID,
	LINE_LIMITS,
	LINE_COUNT
};

static enum status read_secret(
	struct import *import, const struct body_field *fields, uint8_t digest[DIGEST_SIZE])
{
	const struct body_field *token = &fields[LINE_TOKEN], *sha256 = &fields[LINE_SHA256];
	enum import_verdict verdict;
	size_t position = 0;
	char key[64], at[24];
	struct buf text = BUF_ARRAY(key), number = BUF_ARRAY(at);

	if (token->present == sha256->present)
		return api_refuse(import->call, ST_INVALID, "api.import_token", NULL, NULL);
	verdict = token->present ? import_check_token(token->text, &position)
				 : import_check_digest(sha256->text, digest);
	if (verdict != IMPORT_OK) {
		buf_printf(&text, "token_import.%s", import_verdict_name(verdict));
		buf_append_u64(&number, position);
		return api_refuse(import->call, ST_INVALID,
			arena_copy(import->call->arena, buf_span(&text)), "position",
			arena_copy(import->call->arena, buf_span(&number)));
	}
	if (token->present && !token_digest(import->digests, token->text, digest))
		return ST_UNAVAILABLE;
	return ST_OK;
}

static enum status read_state(
	struct import *import, const struct body_field *field, struct key_import *key)
{
	key->state = RECORD_KEY_ACTIVE;
	if (!field->present || span_is(field->text, "active"))
		return ST_OK;
	if (span_is(field->text, "inactive")) {
		key->state = RECORD_KEY_INACTIVE;
		return ST_OK;
	}
	if (span_is(field->text, "revoked")) {
		key->state = RECORD_KEY_REVOKED;
		key->reason = REVOKE_OTHER;
		return ST_OK;
	}
	return api_refuse(import->call, ST_INVALID, "api.key_state", NULL, NULL);
}

/* Many lines name the same few profiles: each is looked up once a batch. */
static enum status find_profile(struct import *import, const json_t *reference, uint32_t *out_slot)
{
	struct span name = span_of(json_string_value(reference), json_string_length(reference));
	const char *kept;
	enum status st;

	for (size_t i = 0; json_is_string(reference) && i < import->known_count; i++) {
		if (span_equal(import->known[i].name, name)) {
			*out_slot = import->known[i].slot;
			return ST_OK;
		}
	}
	st = refer_profile(import->call, import->account.slot, reference, out_slot);
	if (st != ST_OK || !json_is_string(reference) || import->known_count == PROFILES_KNOWN)
		return st;
	kept = arena_copy(import->arena, name);
	if (kept == NULL)
		return ST_NO_MEMORY;
	import->known[import->known_count].name = span_of(kept, name.len);
	import->known[import->known_count++].slot = *out_slot;
	return ST_OK;
}

static enum status read_profiles(
	struct import *import, const struct body_field *field, struct key_import *key)
{
	size_t count = json_array_size(field->json);
	uint32_t *slots = arena_array(import->arena, count + 1, sizeof(*slots));
	enum status st = slots == NULL ? ST_NO_MEMORY : ST_OK;

	for (size_t i = 0; st == ST_OK && i < count; i++)
		st = find_profile(import, json_array_get(field->json, i), &slots[i]);
	key->key.profile_slots = slots;
	key->key.profiles_count = count;
	return st;
}

static enum status read_line(
	struct import *import, const json_t *json, struct line *line, struct key_import *key)
{
	struct body_field fields[LINE_COUNT] = {
		[LINE_APP_KEY] = { .name = "appKey", .kind = BODY_TEXT, .flags = BODY_REQUIRED },
		[LINE_TOKEN] = { .name = "appToken", .kind = BODY_RAW_TEXT },
		[LINE_SHA256] = { .name = "sha256", .kind = BODY_TEXT },
		[LINE_LABEL] = { .name = "label", .kind = BODY_TEXT },
		[LINE_PROFILES] = { .name = "profiles", .kind = BODY_ARRAY },
		[LINE_STATE] = { .name = "state", .kind = BODY_TEXT },
		[LINE_EXPIRES] = { .name = "expires", .kind = BODY_TIME, .flags = BODY_NULLABLE },
		[LINE_EXTERNAL_ID] = { .name = "externalId", .kind = BODY_TEXT },
		[LINE_LIMITS] = { .name = "limits", .kind = BODY_OBJECT, .flags = BODY_NULLABLE },
	};
	enum status st;

	*key = (struct key_import){ .state = RECORD_KEY_ACTIVE };
	if (json == NULL)
		return api_refuse(import->call, ST_INVALID, "api.import_line", NULL, NULL);
	st = api_object(import->call, json, fields, LINE_COUNT);
	if (st == ST_OK && !app_key_import_ok(fields[LINE_APP_KEY].text))
		return api_refuse(import->call, ST_INVALID, "api.import_app_key", NULL, NULL);
	if (st == ST_OK)
		st = read_secret(import, fields, line->digest);
	if (st == ST_OK)
		st = read_state(import, &fields[LINE_STATE], key);
	if (st == ST_OK && fields[LINE_PROFILES].present)
		st = read_profiles(import, &fields[LINE_PROFILES], key);
	if (st == ST_OK)
		st = limits_read(import->call, &fields[LINE_LIMITS], &key->key.limits);
	key->key.account_slot = import->account.slot;
	key->key.app_key = fields[LINE_APP_KEY].text;
	key->key.digest = line->digest;
	key->key.label =
		fields[LINE_LABEL].present ? fields[LINE_LABEL].text : fields[LINE_APP_KEY].text;
	key->key.external_id = fields[LINE_EXTERNAL_ID].text;
	key->key.expires_at_us = fields[LINE_EXPIRES].number;
	return st;
}

/* ---- a batch ---- */

static void batch_clear(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		json_decref(batch->lines[i].json);
	batch->count = 0;
}

static void import_free(struct import *import)
{
	batch_clear(&import->batches[0]);
	batch_clear(&import->batches[1]);
	arena_free(&import->arena);
	digest_context_free(&import->digests);
	buf_free(&import->refused);
}

/*
 * Lines are read inside the change that writes them, so that the profiles they
 * name are there when they are linked.
 */
static enum status batch_write(struct import *import, struct batch *batch)
{
	struct api_call *call = import->call;
	struct arena *request_arena = call->arena;
	struct line *lines = batch->lines;
	size_t taken = 0, imported = 0;
	enum status st = api_change(call);

	if (st != ST_OK)
		return st;
	import->arena = arena_make(16 * MIB);
	if (import->arena == NULL)
		return ST_NO_MEMORY;
	call->arena = import->arena;
	for (size_t i = 0; i < batch->count; i++) {
		st = read_line(import, lines[i].json, &lines[i], &import->keys[taken]);
		if (st == ST_INVALID) {
			refuse_line(import, lines[i].number, &call->complaint);
			st = ST_OK; /* of the batch, also when it was the last line */
			continue;
		}
		if (st != ST_OK)
			break;
		import->results[taken] = (struct key_import_result){ .status = ST_OK };
		lines[taken].number = lines[i].number;
		memcpy(lines[taken].digest, lines[i].digest, DIGEST_SIZE);
		import->keys[taken].key.digest = lines[taken].digest;
		taken++;
	}
	if (st == ST_OK && taken > 0)
		st = keys_import(call->change, import->keys, taken, import->results);
	for (size_t i = 0; st == ST_OK && i < taken; i++) {
		if (import->results[i].status == ST_OK)
			imported++;
		else
			refuse_line(import, lines[i].number, &import->results[i].complaint);
	}
	call->complaint = (struct complaint){ .key = NULL };
	call->arena = request_arena;
	if (st == ST_OK && import->dry_run)
		change_abort(&call->change);
	else if (st == ST_OK)
		st = change_commit(&call->change, &import->head);
	if (st == ST_OK && !import->dry_run)
		publisher_hint(call->keeper->publisher, &import->head);
	call->reading = NULL;
	import->committed = import->committed || (st == ST_OK && !import->dry_run);
	import->imported_count += st == ST_OK ? imported : 0;
	arena_free(&import->arena);
	import->known_count = 0;
	return st;
}

/* ---- reading ahead ---- */

static void take_line(struct batch *batch, struct span text, size_t number)
{
	json_t *json;

	while (text.len > 0 && (text.ptr[text.len - 1] == '\r' || text.ptr[text.len - 1] == ' '))
		text.len--;
	if (text.len == 0)
		return;
	json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		json = NULL;
	}
	batch->lines[batch->count++] = (struct line){ .number = number, .json = json };
}

/* Fill reading->batch, in place of what it held. */
static void *read_batch(void *arg)
{
	struct reading *reading = arg;
	struct batch *batch = reading->batch;

	batch_clear(batch);
	while (reading->rest.len > 0 && batch->count < BATCH_KEYS) {
		size_t end = span_find(reading->rest, '\n');

		take_line(batch, span_part(reading->rest, 0, end), ++reading->number);
		reading->rest = span_part(reading->rest, end + 1, reading->rest.len);
	}
	return NULL;
}

/* Write one batch while the next is read; without a thread for that, before it. */
static enum status write_reading(
	struct import *import, struct batch *batch, struct reading *reading)
{
	pthread_t thread;
	bool ahead = pthread_create(&thread, NULL, read_batch, reading) == 0;
	enum status st = batch_write(import, batch);

	if (ahead)
		(void)pthread_join(thread, NULL);
	else
		(void)read_batch(reading);
	return st;
}

static enum status import_body(struct import *import)
{
	struct reading reading = { .rest = import->call->http->request->body,
		.batch = &import->batches[0] };
	enum status st = ST_OK;

	(void)read_batch(&reading);
	while (st == ST_OK && reading.batch->count > 0) {
		struct batch *full = reading.batch;

		reading.batch =
			full == &import->batches[0] ? &import->batches[1] : &import->batches[0];
		st = write_reading(import, full, &reading);
	}
	return st;
}

static enum status answer_import(struct import *import)
{
	struct api_call *call = import->call;
	CLEANUP(buf_free)
	struct buf object = buf_heap(8 * MIB);

	buf_printf(&object, "{\"imported\":%zu,\"refusedCount\":%zu,\"dryRun\":%s,\"refused\":[",
		import->imported_count, import->refused_count, import->dry_run ? "true" : "false");
	buf_append(&object, buf_span(&import->refused));
	buf_append_str(&object, "]}");
	return api_answer(call, 200, &object, 0, import->committed ? &import->head : NULL);
}

/* Batches before the one that failed are there. */
static void complain_part(struct import *import)
{
	char count[24];
	struct buf text = BUF_ARRAY(count);

	buf_printf(&text, "%zu", import->imported_count);
	complaint_set(&import->call->complaint, "api.import_part", 1, "count", buf_str(&text));
}

static enum status import_run(struct api_call *call, struct import *import)
{
	enum status st = api_query_bool(call, "dryRun", &import->dry_run);

	if (st != ST_OK)
		return st;
	import->digests = digest_context_make();
	if (import->digests == NULL)
		return ST_NO_MEMORY;
	st = api_reading(call);
	if (st == ST_OK)
		st = api_account(call, http_query(call->http, "account"), &import->account);
	if (st == ST_OK)
		st = import_body(import);
	if (import->committed)
		api_settle(call, &import->head);
	if (st != ST_OK && import->committed)
		complain_part(import);
	return st != ST_OK ? st : answer_import(import);
}

enum status keys_import_request(struct api_call *call)
{
	struct import *import = calloc(1, sizeof(*import));
	enum status st;

	if (import == NULL)
		return ST_NO_MEMORY;
	import->call = call;
	import->refused = buf_heap(4 * MIB);
	st = import_run(call, import);
	import_free(import);
	free(import);
	return st;
}
