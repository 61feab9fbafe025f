/* Checks of texts, pieces of JSON and names of numbers: what the entities share. */
#include "records/record.h"
#include "records/store.h"

#include "base/plain.h"

#include <stdio.h>

static const char *const ENTITY_NAMES[ENTITY_KIND_COUNT] = {
	[ENTITY_INSTALLATION] = "installation",
	[ENTITY_ACCOUNT] = "account",
	[ENTITY_USER] = "user",
	[ENTITY_PROFILE] = "profile",
	[ENTITY_PREDEFINED] = "predefined",
	[ENTITY_RESOURCE] = "resource",
	[ENTITY_SERVICE] = "service",
	[ENTITY_ROUTE] = "route",
	[ENTITY_KEY] = "key",
	[ENTITY_KEYS] = "keys",
	[ENTITY_MANAGEMENT_TOKEN] = "management_token",
};

const char *entity_name(enum entity_kind kind)
{
	return (unsigned)kind < ENTITY_KIND_COUNT ? ENTITY_NAMES[kind] : NULL;
}

enum entity_kind entity_of_name(struct span name)
{
	for (unsigned i = 1; i < ENTITY_KIND_COUNT; i++)
		if (span_is(name, ENTITY_NAMES[i]))
			return (enum entity_kind)i;
	return ENTITY_NONE;
}

static const char *const REASON_NAMES[REVOKE_REASON_COUNT] = {
	[REVOKE_NONE] = "",
	[REVOKE_COMPROMISED] = "compromised",
	[REVOKE_UNUSED] = "unused",
	[REVOKE_REPLACED] = "replaced",
	[REVOKE_CONTRACT_ENDED] = "contract_ended",
	[REVOKE_OTHER] = "other",
};

const char *revoke_reason_name(enum revoke_reason reason)
{
	return (unsigned)reason < REVOKE_REASON_COUNT ? REASON_NAMES[reason] : "";
}

enum revoke_reason revoke_reason_of_name(struct span name)
{
	for (unsigned i = 1; i < REVOKE_REASON_COUNT; i++)
		if (span_is(name, REASON_NAMES[i]))
			return (enum revoke_reason)i;
	return REVOKE_NONE;
}

const char *record_key_state_name(enum record_key_state state)
{
	switch (state) {
	case RECORD_KEY_ACTIVE:
		return "active";
	case RECORD_KEY_INACTIVE:
		return "inactive";
	case RECORD_KEY_REVOKED:
		return "revoked";
	}
	return "";
}

enum status span_keep(struct arena *arena, struct span text, struct span *out_kept)
{
	char *copy;

	if (!span_present(text)) {
		*out_kept = SPAN_ABSENT;
		return ST_OK;
	}
	copy = arena_copy(arena, text);
	if (copy == NULL)
		return ST_NO_MEMORY;
	*out_kept = span_of(copy, text.len);
	return ST_OK;
}

/* ---- checks ---- */

static size_t characters(struct span utf8)
{
	size_t count = 0;

	for (size_t i = 0; i < utf8.len; i++)
		count += ((uint8_t)utf8.ptr[i] & 0xC0) != 0x80;
	return count;
}

static bool has_outer_space(struct span text)
{
	return text.len > 0 && (text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ');
}

enum status text_check(struct span text, const char *field, size_t characters_max,
	bool may_be_empty, struct complaint *complaint)
{
	char most[24];
	size_t count = characters(text);

	if (!span_is_utf8(text)) {
		complaint_set(complaint, "records.text_not_utf8", 1, "field", field);
		return ST_INVALID;
	}
	if (!plain_is(text)) {
		complaint_set(complaint, "records.text_unfit", 1, "field", field);
		return ST_INVALID;
	}
	if (has_outer_space(text)) {
		complaint_set(complaint, "records.text_outer_space", 1, "field", field);
		return ST_INVALID;
	}
	if (count > characters_max || (count == 0 && !may_be_empty)) {
		snprintf(most, sizeof(most), "%zu", characters_max);
		complaint_set(complaint, count == 0 ? "records.text_empty" : "records.text_long", 2,
			"field", field, "most", most);
		return count == 0 ? ST_INVALID : ST_LIMIT;
	}
	return ST_OK;
}

bool label_is_fit(struct span label)
{
	if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' ||
		label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

enum status host_check(
	struct span host, bool wild, char out_host[LIMIT_HOST + 1], struct complaint *complaint)
{
	bool fit = host.len > 0 && host.len <= 253;
	struct span rest;

	for (size_t i = 0; fit && i < host.len; i++)
		out_host[i] = host.ptr[i] >= 'A' && host.ptr[i] <= 'Z'
				      ? (char)(host.ptr[i] - 'A' + 'a')
				      : host.ptr[i];
	out_host[fit ? host.len : 0] = '\0';
	rest = span_str(out_host);
	fit = fit && rest.len == host.len;
	if (fit && wild && span_starts_with(rest, SPAN_LIT("*.")))
		rest = span_part(rest, 2, rest.len);
	while (fit) {
		size_t dot = span_find(rest, '.');

		fit = label_is_fit(span_part(rest, 0, dot));
		if (dot == rest.len)
			break;
		rest = span_part(rest, dot + 1, rest.len);
	}
	if (fit)
		return ST_OK;
	complaint_set(complaint, "records.host", 0);
	return ST_INVALID;
}

enum status version_check(int64_t expected, int64_t version, struct complaint *complaint)
{
	if (expected == 0 || expected == version)
		return ST_OK;
	complaint_set(complaint, "records.changed_meanwhile", 0);
	return ST_CONFLICT;
}

enum status complain_missing(enum status st, enum entity_kind kind, struct complaint *complaint)
{
	static const char *const KEYS[ENTITY_KIND_COUNT] = {
		[ENTITY_ACCOUNT] = "records.no_account",
		[ENTITY_USER] = "records.no_user",
		[ENTITY_PROFILE] = "records.no_profile",
		[ENTITY_PREDEFINED] = "records.no_profile",
		[ENTITY_RESOURCE] = "records.no_resource",
		[ENTITY_SERVICE] = "records.no_service",
		[ENTITY_ROUTE] = "records.no_route",
		[ENTITY_KEY] = "records.no_key",
		[ENTITY_MANAGEMENT_TOKEN] = "records.no_management_token",
	};

	if (st == ST_NOT_FOUND && KEYS[kind] != NULL)
		complaint_set(complaint, KEYS[kind], 0);
	return st;
}

enum status complain_name_taken(enum status st, struct span name, struct complaint *complaint)
{
	char text[COMPLAINT_VALUE_MAX];
	struct buf b = BUF_ARRAY(text);

	if (st == ST_EXISTS) {
		buf_append(&b, span_part(name, 0, sizeof(text) - 1));
		complaint_set(complaint, "error.name_taken", 1, "name", buf_str(&b));
	}
	return st;
}

/* ---- JSON ---- */

void json_name(struct buf *out, const char *name)
{
	if (out->len > 0 && out->ptr[out->len - 1] != '{')
		buf_append_char(out, ',');
	buf_append_char(out, '"');
	buf_append_str(out, name);
	buf_append_str(out, "\":");
}

void json_text(struct buf *out, const char *name, struct span value)
{
	json_name(out, name);
	if (span_present(value))
		buf_append_json(out, value);
	else
		buf_append_str(out, "null");
}

void json_number(struct buf *out, const char *name, int64_t value)
{
	json_name(out, name);
	if (value < 0)
		buf_append_char(out, '-');
	buf_append_u64(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_bool(struct buf *out, const char *name, bool value)
{
	json_name(out, name);
	buf_append_str(out, value ? "true" : "false");
}

void json_time(struct buf *out, const char *name, int64_t at_us)
{
	json_name(out, name);
	if (at_us == 0) {
		buf_append_str(out, "null");
		return;
	}
	buf_append_char(out, '"');
	clock_append_rfc3339(out, at_us);
	buf_append_char(out, '"');
}
