/*
 * F1: of the profiles that hold a needed resource, the one that would give the
 *     key the fewest further rights stands first (least privilege).
 */
#include "keeper/fixes.h"

#include "base/clock.h"
#include "records/event.h"

#include <stdlib.h>

#define LINK_FIXES_MAX 5u
#define PROFILE_ARENA (4 * MIB) /* of one profile, the largest too */
/* A look for the nearest appKey reads at most so many keys of the account. */
#define NEAREST_KEYS_MAX 100000u

/* ---- profiles that would do ---- */

struct candidate {
	uint32_t slot;
	const char *name;
	uint32_t resource; /* the needed one that it holds */
	size_t further;    /* rights that the key does not have yet, beside the needed one */
};

struct held {
	uint32_t *slots; /* ascending, each once; the search's */
	size_t count;
};

struct search {
	const uint32_t *needed; /* any one of them; borrowed */
	size_t needed_count;
	struct held held; /* what the key may do already */
	struct candidate best[LINK_FIXES_MAX];
	size_t count;
};

static int compare_slots(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool has_right(const uint32_t *slots, size_t count, uint32_t slot)
{
	return count > 0 && bsearch(&slot, slots, count, sizeof(slot), compare_slots) != NULL;
}

static void held_free(struct held *held)
{
	free(held->slots);
	*held = (struct held){ NULL, 0 };
}

static enum status held_add(struct held *held, const struct record_profile *profile)
{
	size_t all = held->count + profile->resources_count, kept = 0;
	uint32_t *grown = realloc(held->slots, (all + 1) * sizeof(*grown));

	if (grown == NULL)
		return ST_NO_MEMORY;
	held->slots = grown;
	if (profile->resources_count > 0)
		memcpy(grown + held->count, profile->resource_slots,
			profile->resources_count * sizeof(*grown));
	qsort(grown, all, sizeof(*grown), compare_slots);
	for (size_t i = 0; i < all; i++) {
		if (kept == 0 || grown[i] != grown[kept - 1])
			grown[kept++] = grown[i];
	}
	held->count = kept;
	return ST_OK;
}

/* All that the key may do already in the account. */
static enum status held_read(
	struct api_call *call, const struct diagnosis *diagnosis, struct held *held)
{
	struct record_key key;
	enum status st = snapshot_key(call->reading, diagnosis->key, call->arena, &key);

	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_OK : st;
	for (size_t i = 0; st == ST_OK && i < key.links_count; i++) {
		CLEANUP(arena_free)
		struct arena *arena = NULL;
		struct record_profile profile;

		if (key.links[i].account_slot != diagnosis->asked_account)
			continue;
		arena = arena_make(PROFILE_ARENA);
		if (arena == NULL)
			return ST_NO_MEMORY;
		st = snapshot_profile(call->reading, key.links[i].profile_slot, arena, &profile);
		if (st == ST_OK)
			st = held_add(held, &profile);
	}
	return st;
}

/* What the route needs, any one of it. A diagnosis keeps the first few: the route has them all. */
static enum status needed_read(
	struct api_call *call, const struct diagnosis *diagnosis, struct search *search)
{
	struct record_route route;
	enum status st;

	search->needed = diagnosis->resources;
	search->needed_count = diagnosis->resources_count;
	if (search->needed_count <= DIAGNOSIS_RESOURCES_MAX)
		return ST_OK;
	search->needed_count = DIAGNOSIS_RESOURCES_MAX;
	st = snapshot_route(call->reading, (uint32_t)diagnosis->route, call->arena, &route);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_OK : st;
	search->needed = route.resource_slots;
	search->needed_count = route.resources_count;
	return ST_OK;
}

static uint32_t needed_in(const struct search *search, const struct record_profile *profile)
{
	for (size_t i = 0; i < search->needed_count; i++) {
		if (has_right(profile->resource_slots, profile->resources_count, search->needed[i]))
			return search->needed[i];
	}
	return 0;
}

static size_t further_rights(
	const struct record_profile *profile, const struct held *held, uint32_t needed)
{
	size_t further = 0;

	for (size_t i = 0; i < profile->resources_count; i++) {
		uint32_t slot = profile->resource_slots[i];

		if (slot != needed && !has_right(held->slots, held->count, slot))
			further++;
	}
	return further;
}

/* Keep the best few, in order (F1); of equals the older profile first. */
static void candidate_offer(struct candidate *best, size_t *count, const struct candidate *offered)
{
	size_t at = *count;

	while (at > 0 && best[at - 1].further > offered->further)
		at--;
	if (at >= LINK_FIXES_MAX)
		return;
	if (*count < LINK_FIXES_MAX)
		(*count)++;
	memmove(&best[at + 1], &best[at], (*count - at - 1) * sizeof(*best));
	best[at] = *offered;
}

/* One profile of the account. Its memory is given back: there may be thousands. */
static enum status candidate_consider(struct api_call *call, uint32_t slot, struct search *search)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(PROFILE_ARENA);
	struct record_profile profile;
	struct candidate offered;
	enum status st = arena == NULL ? ST_NO_MEMORY
				       : snapshot_profile(call->reading, slot, arena, &profile);

	if (st != ST_OK)
		return st;
	offered = (struct candidate){ .slot = slot, .resource = needed_in(search, &profile) };
	if (offered.resource == 0)
		return ST_OK;
	offered.further = further_rights(&profile, &search->held, offered.resource);
	if (search->count == LINK_FIXES_MAX &&
		offered.further >= search->best[LINK_FIXES_MAX - 1].further)
		return ST_OK;
	offered.name = arena_copy(call->arena, profile.name);
	if (offered.name == NULL)
		return ST_NO_MEMORY;
	candidate_offer(search->best, &search->count, &offered);
	return ST_OK;
}

static enum status candidates_of_account(
	struct api_call *call, const struct diagnosis *diagnosis, struct search *search)
{
	struct list_query query = {
		.kind = ENTITY_PROFILE,
		.account_slot = diagnosis->asked_account,
		.count_max = LIMIT_PAGE,
	};
	uint32_t slots[LIMIT_PAGE];
	size_t count;
	enum status st = needed_read(call, diagnosis, search);

	if (st != ST_OK || search->needed_count == 0)
		return st;
	st = held_read(call, diagnosis, &search->held);
	while (st == ST_OK) {
		st = snapshot_list(call->reading, &query, slots, &count);
		for (size_t i = 0; st == ST_OK && i < count; i++)
			st = candidate_consider(call, slots[i], search);
		if (st != ST_OK || count < query.count_max)
			break;
		query.after_slot = slots[count - 1];
	}
	return st;
}

static enum status resource_text(struct api_call *call, uint32_t slot, struct span *out_text)
{
	struct record_resource resource;
	struct buf text = buf_heap(2 * KIB);
	const char *copy;
	enum status st = snapshot_resource(call->reading, slot, call->arena, &resource);

	if (st != ST_OK)
		return st;
	buf_append(&text, resource.product);
	buf_append_char(&text, '/');
	buf_append(&text, resource.key);
	copy = arena_copy(call->arena, buf_span(&text));
	buf_free(&text);
	*out_text = span_str(copy);
	return copy == NULL ? ST_NO_MEMORY : ST_OK;
}

static struct span number_text(struct api_call *call, uint64_t number)
{
	char memory[24];
	struct buf text = BUF_ARRAY(memory);

	buf_append_u64(&text, number);
	return span_str(arena_copy(call->arena, buf_span(&text)));
}

static enum status add_link_fix(struct api_call *call, struct explanation *explanation,
	struct span app_key, const struct candidate *profile)
{
	struct explain_fact facts[] = {
		{ .name = "profile", .value = span_str(profile->name) },
		{ .name = "appKey", .value = app_key },
		{ .name = "resource" },
		{ .name = "further", .value = number_text(call, profile->further), .number = true },
		{ .name = "profile_id", .value = number_text(call, profile->slot), .number = true },
	};
	enum status st = resource_text(call, profile->resource, &facts[2].value);

	if (st == ST_OK)
		explain_fix_add(explanation, FIX_LINK_PROFILE, facts, ARRAY_LEN(facts));
	return st;
}

static enum status add_link_fixes(struct api_call *call, struct explanation *explanation)
{
	const struct diagnosis *diagnosis = explanation->diagnosis;
	size_t from = explanation->fixes_count;
	struct search search = { .count = 0 };
	struct record_key key;
	enum status st = snapshot_key(call->reading, diagnosis->key, call->arena, &key);

	if (st == ST_NOT_FOUND)
		return ST_OK;
	if (st == ST_OK)
		st = candidates_of_account(call, diagnosis, &search);
	for (size_t i = 0; st == ST_OK && i < search.count; i++)
		st = add_link_fix(call, explanation, key.app_key, &search.best[i]);
	held_free(&search.held);
	/* A profile that is there already is less work than one to make or to change. */
	explain_fixes_lead(explanation, from, FIX_MAKE_PROFILE);
	explain_fixes_lead(explanation, from, FIX_ADD_RESOURCE);
	return st;
}

/* ---- the appKey that was meant ---- */

static enum status add_nearest_fix(struct api_call *call, struct explanation *explanation)
{
	const struct diagnosis *diagnosis = explanation->diagnosis;
	struct list_query query = {
		.kind = ENTITY_KEY,
		.account_slot = diagnosis->owner_account,
		.count_max = LIMIT_PAGE,
	};
	struct app_key_nearest nearest;
	uint32_t slots[LIMIT_PAGE];
	size_t count = 0, seen = 0;

	/* A key that is there was meant. */
	if (diagnosis->app_key.state != DIAGNOSIS_TEXT_WHOLE || diagnosis->owner_account == 0 ||
		diagnosis->key != 0)
		return ST_OK;
	app_key_nearest_begin(&nearest, diagnosis_text_span(&diagnosis->app_key));
	do {
		enum status st = snapshot_list(call->reading, &query, slots, &count);

		for (size_t i = 0; st == ST_OK && i < count; i++) {
			CLEANUP(arena_free)
			struct arena *arena = arena_make(MIB);
			struct record_key key;

			if (arena == NULL)
				return ST_NO_MEMORY;
			st = snapshot_key(call->reading, slots[i], arena, &key);
			if (st == ST_OK)
				app_key_nearest_offer(&nearest, key.app_key);
		}
		if (st != ST_OK)
			return st;
		seen += count;
		if (count > 0)
			query.after_slot = slots[count - 1];
	} while (count == query.count_max && seen < NEAREST_KEYS_MAX);
	if (nearest.best_len == 0)
		return ST_OK;
	count = explanation->fixes_count;
	explain_fix_add(explanation, FIX_USE_NEAREST_KEY,
		&(struct explain_fact){
			.name = "appKey", .value = span_of(nearest.best, nearest.best_len) },
		1);
	explain_fixes_lead(explanation, count, FIX_RETYPE_APP_KEY);
	return ST_OK;
}

enum status fixes_add(struct api_call *call, struct explanation *explanation)
{
	switch (explanation->diagnosis->cause) {
	case CAUSE_NO_PROFILE:
	case CAUSE_PROFILE_LACKS_RESOURCE:
	case CAUSE_WRONG_ACCOUNT:
		return add_link_fixes(call, explanation);
	case CAUSE_UNKNOWN_KEY:
	case CAUSE_APP_KEY_TYPO:
	case CAUSE_WRONG_CASE:
	case CAUSE_WHITESPACE:
		return add_nearest_fix(call, explanation);
	default:
		return ST_OK;
	}
}

/* ---- what happened to the key ---- */

static void append_time(struct buf *out, const char *name, int64_t at_us)
{
	buf_append_json(out, span_str(name));
	buf_append_str(out, ":\"");
	clock_append_rfc3339(out, at_us);
	buf_append_char(out, '"');
}

static const char *retire_cause_name(enum retire_cause cause)
{
	switch (cause) {
	case RETIRE_ROTATED:
		return "rotated";
	case RETIRE_CANCELLED:
		return "rotation_cancelled";
	case RETIRE_KEY_REVOKED:
		return "key_revoked";
	case RETIRE_NONE:
		break;
	}
	return "live";
}

static void append_tokens(const struct record_key *key, struct buf *out)
{
	buf_append_str(out, ",\"tokens\":[");
	for (size_t i = 0; i < key->tokens_count; i++) {
		const struct record_token *token = &key->tokens[i];

		if (i > 0)
			buf_append_char(out, ',');
		buf_append_char(out, '{');
		append_time(out, "createdAt", token->created_at_us);
		buf_printf(out, ",\"state\":\"%s\"", retire_cause_name(token->cause));
		if (token->retired_at_us != 0) {
			buf_append_char(out, ',');
			append_time(out, "retiredAt", token->retired_at_us);
		}
		if (span_present(token->retired_by)) {
			buf_append_str(out, ",\"retiredBy\":");
			buf_append_json(out, token->retired_by);
		}
		buf_append_char(out, '}');
	}
	buf_append_char(out, ']');
}

/* Who did that to the key last, and when; absent when nobody did. */
static enum status last_event(
	struct api_call *call, const struct record_key *key, const char *action, json_t **out_event)
{
	struct event *events = arena_array(call->arena, EVENTS_PAGE_MAX, sizeof(*events));
	struct event_query query = { .entity_kind = ENTITY_KEY,
		.entity_slot = key->slot,
		.action = span_str(action),
		.newest_first = true,
		.count_max = 1 };
	size_t count = 0;
	enum status st;

	*out_event = NULL;
	if (events == NULL)
		return ST_NO_MEMORY;
	do
		st = events_list(call->reading, &query, call->arena, events, &count, &query.cursor);
	while (st == ST_OK && count == 0 && query.cursor != 0);
	if (st == ST_OK && count > 0)
		*out_event = json_loadb(
			events[0].text.ptr, events[0].text.len, JSON_REJECT_DUPLICATES, NULL);
	return st;
}

static void append_member(struct buf *out, const char *name, const json_t *text)
{
	if (!json_is_string(text))
		return;
	buf_append_char(out, ',');
	buf_append_json(out, span_str(name));
	buf_append_char(out, ':');
	buf_append_json(out, span_str(json_string_value(text)));
}

static enum status append_deactivated(
	struct api_call *call, const struct record_key *key, struct buf *out)
{
	json_t *event;
	enum status st = last_event(call, key, "key.deactivate", &event);

	/* One that was imported as inactive was never deactivated. */
	if (st == ST_OK && event == NULL)
		st = last_event(call, key, "key.import", &event);
	append_member(out, "deactivatedAt", json_object_get(event, "time"));
	append_member(out, "deactivatedBy", json_object_get(json_object_get(event, "actor"), "id"));
	json_decref(event);
	return st;
}

static enum status append_revoked(
	struct api_call *call, const struct record_key *key, struct buf *out)
{
	json_t *event;
	enum status st = last_event(call, key, "key.revoke", &event);

	if (st == ST_OK && event == NULL)
		st = last_event(call, key, "key.import", &event);
	buf_append_char(out, ',');
	append_time(out, "revokedAt", key->revoked_at_us);
	append_member(out, "revokedBy", json_object_get(json_object_get(event, "actor"), "id"));
	buf_printf(out, ",\"reason\":\"%s\"", revoke_reason_name(key->reason));
	json_decref(event);
	return st;
}

/* Why it is not active: since when, and by whom. */
static enum status append_end(struct api_call *call, const struct record_key *key, struct buf *out)
{
	if (key->state == RECORD_KEY_INACTIVE)
		return append_deactivated(call, key, out);
	return key->state == RECORD_KEY_REVOKED ? append_revoked(call, key, out) : ST_OK;
}

enum status history_append(
	struct api_call *call, const struct diagnosis *diagnosis, struct buf *out)
{
	uint32_t slot = diagnosis->other_key != 0 ? diagnosis->other_key : diagnosis->key;
	struct record_key key;
	enum status st;

	if (slot == 0)
		return ST_OK;
	st = snapshot_key(call->reading, slot, call->arena, &key);
	/* What another account did with its key is not told. */
	if (st == ST_OK && !api_sees(call, key.account_slot))
		return ST_OK;
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_OK : st;
	buf_append_str(out, ",\"history\":{\"appKey\":");
	buf_append_json(out, key.app_key);
	buf_append_str(out, ",\"account\":");
	buf_append_json(out, key.account);
	buf_append_str(out, ",\"label\":");
	buf_append_json(out, key.label);
	buf_printf(out, ",\"state\":\"%s\",", record_key_state_name(key.state));
	append_time(out, "createdAt", key.created_at_us);
	if (key.expires_at_us != 0) {
		buf_append_char(out, ',');
		append_time(out, "expiresAt", key.expires_at_us);
	}
	st = append_end(call, &key, out);
	append_tokens(&key, out);
	buf_append_char(out, '}');
	return st;
}
