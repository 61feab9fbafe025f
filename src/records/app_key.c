/* Keys as they are read and rendered. */
#include "records/app_key.h"

#include "base/encode.h"
#include "records/keys.h"

/* ---- reading ---- */

enum status token_take(
	struct db_statement *row, struct arena *arena, struct record_token *out_token)
{
	struct span digest = db_bytes(row, 0);

	if (digest.len != DIGEST_SIZE)
		return ST_DAMAGED;
	memcpy(out_token->digest, digest.ptr, DIGEST_SIZE);
	out_token->kind = (enum record_token_kind)db_int(row, 1);
	out_token->cause = (enum retire_cause)db_int(row, 2);
	out_token->created_at_us = db_int(row, 3);
	out_token->retired_at_us = db_int(row, 4);
	out_token->key_slot = (uint32_t)db_int(row, 6);
	return span_keep(arena, db_bytes(row, 5), &out_token->retired_by);
}

static enum status tokens_read(struct db *db, struct arena *arena, struct record_key *out_key)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	struct record_token *tokens;
	int64_t count = 0;
	enum status st = db_one_int(db, "SELECT COUNT(*) FROM tokens WHERE key_slot = $1", &count,
		DB_INT(out_key->slot));

	if (st != ST_OK || count == 0)
		return st;
	tokens = arena_array(arena, (size_t)count, sizeof(*tokens));
	if (tokens == NULL)
		return ST_NO_MEMORY;
	st = db_query(db,
		TOKEN_COLUMNS " WHERE key_slot = $1"
			      " ORDER BY kind, retired_at_us DESC, created_at_us DESC, digest",
		&rows, DB_INT(out_key->slot));
	for (size_t i = 0; st == ST_OK && i < (size_t)count; i++) {
		st = db_step(rows);
		if (st == ST_OK)
			st = token_take(rows, arena, &tokens[i]);
		if (st == ST_OK && tokens[i].kind != RECORD_TOKEN_RETIRED)
			out_key->live_count++;
	}
	out_key->tokens = tokens;
	out_key->tokens_count = (size_t)count;
	return st == ST_NOT_FOUND ? ST_DAMAGED : st;
}

static const char LINKS[] =
	"SELECT l.profile_slot, l.account_slot, p.name, a.name FROM links l"
	" JOIN profiles p ON p.slot = l.profile_slot JOIN accounts a ON a.slot = l.account_slot"
	" WHERE l.key_slot = $1 ORDER BY l.profile_slot";

static enum status links_read(struct db *db, struct arena *arena, struct record_key *out_key)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	struct record_link links[LIMIT_PROFILES_PER_KEY];
	struct record_link *kept;
	size_t count = 0;
	enum status st = db_query(db, LINKS, &rows, DB_INT(out_key->slot));

	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		if (count == LIMIT_PROFILES_PER_KEY)
			return ST_DAMAGED;
		links[count].profile_slot = (uint32_t)db_int(rows, 0);
		links[count].account_slot = (uint32_t)db_int(rows, 1);
		st = span_keep(arena, db_bytes(rows, 2), &links[count].profile);
		if (st == ST_OK)
			st = span_keep(arena, db_bytes(rows, 3), &links[count].account);
		count++;
	}
	if (st != ST_NOT_FOUND || count == 0)
		return st == ST_NOT_FOUND ? ST_OK : st;
	kept = arena_array(arena, count, sizeof(*kept));
	if (kept == NULL)
		return ST_NO_MEMORY;
	memcpy(kept, links, count * sizeof(*kept));
	out_key->links = kept;
	out_key->links_count = count;
	return ST_OK;
}

enum status key_take(struct db_statement *row, struct arena *arena, struct record_key *out_key)
{
	enum status st;

	*out_key = (struct record_key){ .slot = (uint32_t)db_int(row, 0),
		.account_slot = (uint32_t)db_int(row, 2),
		.state = (enum record_key_state)db_int(row, 3),
		.reason = (enum revoke_reason)db_int(row, 4),
		.created_at_us = db_int(row, 5),
		.expires_at_us = db_int(row, 6),
		.revoked_at_us = db_int(row, 7),
		.rotation_open = db_int(row, 8) == 1,
		.rotation_ends_at_us = db_int(row, 9),
		.version = db_int(row, 14) };
	st = span_keep(arena, db_bytes(row, 1), &out_key->app_key);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 10), &out_key->label);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 11), &out_key->external_id);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 12), &out_key->metadata);
	if (st == ST_OK)
		st = addresses_read(
			db_bytes(row, 13), arena, &out_key->addresses, &out_key->addresses_count);
	/* Limits that cannot be read must not become none. */
	if (st == ST_OK)
		st = allowance_parse_text(db_bytes(row, 15), &out_key->limits);
	return st;
}

enum status key_read(struct db *db, uint32_t slot, struct arena *arena, struct record_key *out_key)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db,
		KEY_COLUMNS ", a.name FROM app_keys k JOIN accounts a ON a.slot = k.account_slot"
			    " WHERE k.slot = $1",
		&row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		st = key_take(row, arena, out_key);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 16), &out_key->account);
	if (st == ST_OK)
		st = tokens_read(db, arena, out_key);
	if (st == ST_OK)
		st = links_read(db, arena, out_key);
	if (st == ST_OK)
		st = handover_of_key(db, slot, &out_key->handover);
	return st;
}

enum status snapshot_key(
	struct snapshot *snapshot, uint32_t slot, struct arena *arena, struct record_key *out_key)
{
	return snapshot_note(snapshot, key_read(snapshot->db, slot, arena, out_key));
}

enum status snapshot_key_by_app_key(struct snapshot *snapshot, struct span app_key,
	struct arena *arena, struct record_key *out_key)
{
	uint32_t slot = 0;
	struct db_value value = DB_TEXT(app_key);
	enum status st = slot_find(
		snapshot->db, "SELECT slot FROM app_keys WHERE app_key = $1", &value, 1, &slot);

	if (st == ST_OK)
		st = key_read(snapshot->db, slot, arena, out_key);
	return snapshot_note(snapshot, st);
}

/* ---- JSON ---- */

void token_append_id(
	struct buf *out, const uint8_t digest[DIGEST_SIZE], struct digest_context *context)
{
	const struct span parts[] = { SPAN_LIT("llavero token 1\n"), span_of(digest, DIGEST_SIZE) };
	uint8_t hash[DIGEST_SIZE] = { 0 };

	if (context != NULL && digest_sha256_parts(context, parts, ARRAY_LEN(parts), hash))
		encode_hex(out, hash, 8);
}

static void append_token_id(
	struct buf *out, const uint8_t digest[DIGEST_SIZE], struct digest_context *context)
{
	json_name(out, "id");
	buf_append_char(out, '"');
	token_append_id(out, digest, context);
	buf_append_char(out, '"');
}

static void append_token(
	struct buf *out, const struct record_token *token, struct digest_context *context)
{
	static const char *const KINDS[] = {
		[RECORD_TOKEN_CURRENT] = "current",
		[RECORD_TOKEN_PREVIOUS] = "previous",
		[RECORD_TOKEN_RETIRED] = "retired",
	};
	static const char *const CAUSES[] = {
		[RETIRE_NONE] = NULL,
		[RETIRE_ROTATED] = "rotated",
		[RETIRE_CANCELLED] = "cancelled",
		[RETIRE_KEY_REVOKED] = "key_revoked",
	};

	buf_append_char(out, '{');
	append_token_id(out, token->digest, context);
	json_text(out, "kind", span_str(KINDS[token->kind]));
	json_time(out, "createdAt", token->created_at_us);
	json_time(out, "retiredAt", token->retired_at_us);
	json_text(out, "retiredBy", token->retired_by);
	json_text(out, "cause", span_str(CAUSES[token->cause]));
	buf_append_char(out, '}');
}

static void append_tokens(
	struct buf *out, const struct record_key *key, struct digest_context *context)
{
	json_name(out, "tokens");
	buf_append_char(out, '[');
	for (size_t i = 0; i < key->tokens_count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		append_token(out, &key->tokens[i], context);
	}
	buf_append_char(out, ']');
}

static void append_links(struct buf *out, const struct record_key *key, uint32_t viewer)
{
	bool first = true;

	json_name(out, "profiles");
	buf_append_char(out, '[');
	for (size_t i = 0; i < key->links_count; i++) {
		const struct record_link *link = &key->links[i];

		if (viewer != VIEWER_ALL && viewer != link->account_slot)
			continue;
		buf_append_str(out, first ? "{" : ",{");
		first = false;
		json_number(out, "id", link->profile_slot);
		json_text(out, "name", link->profile);
		json_text(out, "account", link->account);
		buf_append_char(out, '}');
	}
	buf_append_char(out, ']');
}

static struct span void_because(const struct record_handover *handover)
{
	if (handover->void_cause == HANDOVER_VOID_MAKER)
		return SPAN_LIT("maker");
	return handover->void_cause == HANDOVER_VOID_OWNER ? SPAN_LIT("owner") : SPAN_ABSENT;
}

static void append_handover(
	struct buf *out, const struct record_handover *handover, struct span url_secret)
{
	json_name(out, "handover");
	if (handover->key_slot == 0) {
		buf_append_str(out, "null");
		return;
	}
	buf_append_char(out, '{');
	json_time(out, "createdAt", handover->created_at_us);
	json_time(out, "expiresAt", handover->expires_at_us);
	json_time(out, "openedAt", handover->opened_at_us);
	json_time(out, "voidedAt", handover->voided_at_us);
	json_text(out, "voidBecause", void_because(handover));
	if (span_present(url_secret))
		json_text(out, "url", url_secret);
	buf_append_char(out, '}');
}

static void append_rotation(struct buf *out, const struct record_key *key)
{
	json_name(out, "rotation");
	if (!key->rotation_open) {
		buf_append_str(out, "null");
		return;
	}
	buf_append_char(out, '{');
	json_time(out, "endsAt", key->rotation_ends_at_us);
	buf_append_char(out, '}');
}

static void append_key(struct buf *out, const struct record_key *key, uint32_t viewer_account_slot,
	struct digest_context *digest, struct span url_secret)
{
	struct span reason = key->reason == REVOKE_NONE ? SPAN_ABSENT
							: span_str(revoke_reason_name(key->reason));

	buf_append_char(out, '{');
	json_text(out, "appKey", key->app_key);
	json_text(out, "account", key->account);
	json_text(out, "label", key->label);
	json_text(out, "state", span_str(record_key_state_name(key->state)));
	json_text(out, "reason", reason);
	json_text(out, "externalId", key->external_id);
	json_name(out, "metadata");
	buf_append(out, span_present(key->metadata) ? key->metadata : SPAN_LIT("null"));
	addresses_append_json(out, key->addresses, key->addresses_count);
	json_name(out, "limits");
	allowance_append_json(out, &key->limits);
	json_time(out, "createdAt", key->created_at_us);
	json_time(out, "expiresAt", key->expires_at_us);
	json_time(out, "revokedAt", key->revoked_at_us);
	append_rotation(out, key);
	append_tokens(out, key, digest);
	append_links(out, key, viewer_account_slot);
	append_handover(out, &key->handover, url_secret);
	json_number(out, "version", key->version);
	buf_append_char(out, '}');
}

/* Of a key of another account only what decides here: which it is, its state, its links here. */
static struct record_key key_from_outside(const struct record_key *key)
{
	return (struct record_key){ .slot = key->slot,
		.app_key = key->app_key,
		.account_slot = key->account_slot,
		.account = key->account,
		.state = key->state,
		.label = key->app_key,
		.created_at_us = key->created_at_us,
		.links = key->links,
		.links_count = key->links_count,
		.version = key->version };
}

void key_append_json_with(struct buf *out, const struct record_key *key,
	uint32_t viewer_account_slot, struct digest_context *digest)
{
	append_key(out, key, viewer_account_slot, digest, SPAN_ABSENT);
}

void key_append_json_handed(struct buf *out, const struct record_key *key,
	uint32_t viewer_account_slot, struct span url_secret)
{
	CLEANUP(digest_context_free)
	struct digest_context *digest = digest_context_make();
	struct record_key shown = *key;

	if (viewer_account_slot != VIEWER_ALL && viewer_account_slot != key->account_slot)
		shown = key_from_outside(key);
	append_key(out, &shown, viewer_account_slot, digest, url_secret);
}

void key_append_json(struct buf *out, const struct record_key *key, uint32_t viewer_account_slot)
{
	key_append_json_handed(out, key, viewer_account_slot, SPAN_ABSENT);
}
