/*
 * F1: of the profiles that hold a needed resource, the one that would give the
 *     key the fewest further rights stands first (least privilege).
 */
#include "keeper/fixes.h"

#include "base/clock.h"

#include <stdlib.h>

#define LINK_FIXES_MAX 5u
/* A look for the nearest appKey reads at most so many keys of the account. */
#define NEAREST_KEYS_MAX 100000u

/* ---- profiles that would do ---- */

struct candidate {
	uint32_t slot;
	const char *name;
	uint32_t resource; /* the needed one that it holds */
	size_t further;    /* rights that the key does not have yet, beside the needed one */
	bool linked;
};

struct rights {
	uint32_t *slots; /* ascending, may repeat */
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

/* All that the key may do already in the account. */
static enum status rights_of_key(
	struct api_call *call, const struct diagnosis *diagnosis, struct rights *out)
{
	struct record_key key;
	enum status st = snapshot_key(call->reading, diagnosis->key, call->arena, &key);

	*out = (struct rights){ NULL, 0 };
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_OK : st;
	for (size_t i = 0; i < key.links_count; i++) {
		struct record_profile profile;
		uint32_t *grown;

		if (key.links[i].account_slot != diagnosis->asked_account)
			continue;
		st = snapshot_profile(
			call->reading, key.links[i].profile_slot, call->arena, &profile);
		if (st != ST_OK)
			return st;
		grown = arena_array(
			call->arena, out->count + profile.resources_count + 1, sizeof(*grown));
		if (grown == NULL)
			return ST_NO_MEMORY;
		if (out->count > 0)
			memcpy(grown, out->slots, out->count * sizeof(*grown));
		if (profile.resources_count > 0)
			memcpy(grown + out->count, profile.resource_slots,
				profile.resources_count * sizeof(*grown));
		out->slots = grown;
		out->count += profile.resources_count;
	}
	if (out->count > 0)
		qsort(out->slots, out->count, sizeof(*out->slots), compare_slots);
	return ST_OK;
}

static uint32_t needed_in(const struct diagnosis *diagnosis, const struct record_profile *profile)
{
	size_t count = diagnosis->resources_count < DIAGNOSIS_RESOURCES_MAX
			       ? diagnosis->resources_count
			       : DIAGNOSIS_RESOURCES_MAX;

	for (size_t i = 0; i < count; i++) {
		if (has_right(profile->resource_slots, profile->resources_count,
			    diagnosis->resources[i]))
			return diagnosis->resources[i];
	}
	return 0;
}

static size_t further_rights(
	const struct record_profile *profile, const struct rights *rights, uint32_t needed)
{
	size_t further = 0;

	for (size_t i = 0; i < profile->resources_count; i++) {
		uint32_t slot = profile->resource_slots[i];

		if (slot != needed && !has_right(rights->slots, rights->count, slot))
			further++;
	}
	return further;
}

/* Keep the best few, in order (F1). */
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

static enum status candidates_of_account(struct api_call *call, const struct diagnosis *diagnosis,
	struct candidate best[LINK_FIXES_MAX], size_t *out_count)
{
	struct list_query query = {
		.kind = ENTITY_PROFILE,
		.account_slot = diagnosis->asked_account,
		.count_max = LIMIT_PAGE,
	};
	struct rights rights;
	uint32_t slots[LIMIT_PAGE];
	size_t count;
	enum status st = rights_of_key(call, diagnosis, &rights);

	*out_count = 0;
	while (st == ST_OK) {
		st = snapshot_list(call->reading, &query, slots, &count);
		for (size_t i = 0; st == ST_OK && i < count; i++) {
			struct record_profile profile;
			struct candidate offered;

			st = snapshot_profile(call->reading, slots[i], call->arena, &profile);
			if (st != ST_OK)
				break;
			offered = (struct candidate){
				.slot = profile.slot,
				.name = arena_copy(call->arena, profile.name),
				.resource = needed_in(diagnosis, &profile),
			};
			if (offered.resource == 0 || offered.name == NULL)
				continue;
			offered.further = further_rights(&profile, &rights, offered.resource);
			candidate_offer(best, out_count, &offered);
		}
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

static enum status add_link_fixes(struct api_call *call, struct explanation *explanation)
{
	const struct diagnosis *diagnosis = explanation->diagnosis;
	struct candidate best[LINK_FIXES_MAX + 1];
	struct record_key key;
	size_t count;
	enum status st = snapshot_key(call->reading, diagnosis->key, call->arena, &key);

	if (st == ST_NOT_FOUND)
		return ST_OK;
	if (st == ST_OK)
		st = candidates_of_account(call, diagnosis, best, &count);
	if (st != ST_OK || count == 0)
		return st;
	explain_fix_drop(explanation, FIX_LINK_PROFILE);
	for (size_t i = 0; i < count; i++) {
		struct explain_fact facts[] = {
			{ .name = "profile", .value = span_str(best[i].name) },
			{ .name = "appKey", .value = key.app_key },
			{ .name = "resource" },
			{ .name = "further",
				.value = number_text(call, best[i].further),
				.number = true },
			{ .name = "profile_id",
				.value = number_text(call, best[i].slot),
				.number = true },
		};

		st = resource_text(call, best[i].resource, &facts[2].value);
		if (st != ST_OK)
			return st;
		explain_fix_add(explanation, FIX_LINK_PROFILE, facts, ARRAY_LEN(facts));
	}
	return ST_OK;
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

	if (diagnosis->app_key.state != DIAGNOSIS_TEXT_WHOLE || diagnosis->owner_account == 0)
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
	explain_fix_add(explanation, FIX_USE_NEAREST_KEY,
		&(struct explain_fact){
			.name = "appKey", .value = span_of(nearest.best, nearest.best_len) },
		1);
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

enum status history_append(
	struct api_call *call, const struct diagnosis *diagnosis, struct buf *out)
{
	uint32_t slot = diagnosis->other_key != 0 ? diagnosis->other_key : diagnosis->key;
	struct record_key key;
	enum status st;

	if (slot == 0)
		return ST_OK;
	st = snapshot_key(call->reading, slot, call->arena, &key);
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
	if (key.revoked_at_us != 0) {
		buf_append_char(out, ',');
		append_time(out, "revokedAt", key.revoked_at_us);
		buf_printf(out, ",\"reason\":\"%s\"", revoke_reason_name(key.reason));
	}
	append_tokens(&key, out);
	buf_append_char(out, '}');
	return ST_OK;
}
