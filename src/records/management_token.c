/* Management tokens: read, made, revoked, and when they were used. */
#include "records/management_token.h"

#include "records/keys.h"
#include "records/right.h"

#include <stdio.h>

#define JSON_MAX (64 * KIB)
#define RIGHTS_TEXT_MAX 512u
#define USED_EVERY_US (60 * US_PER_S)

/* ---- reading ---- */

#define COLUMNS                                                                                    \
	"SELECT t.slot, t.account_slot, a.name, t.label, t.rights, t.addresses, t.created_by,"     \
	" t.created_at_us, t.expires_at_us, t.revoked_at_us, t.used_at_us, t.version"              \
	" FROM management_tokens t JOIN accounts a ON a.slot = t.account_slot"

static enum status token_take_row(
	struct db_statement *row, struct arena *arena, struct record_management_token *out_token)
{
	enum status st;

	*out_token = (struct record_management_token){ .slot = (uint32_t)db_int(row, 0),
		.account_slot = (uint32_t)db_int(row, 1),
		.created_by = (uint32_t)db_int(row, 6),
		.created_at_us = db_int(row, 7),
		.expires_at_us = db_int(row, 8),
		.revoked_at_us = db_int(row, 9),
		.used_at_us = db_int(row, 10),
		.version = db_int(row, 11) };
	st = span_keep(arena, db_bytes(row, 2), &out_token->account);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 3), &out_token->label);
	if (st == ST_OK)
		st = span_keep(arena, db_bytes(row, 4), &out_token->rights);
	if (st == ST_OK)
		st = addresses_read(db_bytes(row, 5), arena, &out_token->addresses,
			&out_token->addresses_count);
	return st;
}

static enum status token_read(struct db *db, uint32_t slot, struct arena *arena,
	struct record_management_token *out_token)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db, COLUMNS " WHERE t.slot = $1", &row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	return st != ST_OK ? st : token_take_row(row, arena, out_token);
}

enum status snapshot_management_token(struct snapshot *snapshot, uint32_t slot, struct arena *arena,
	struct record_management_token *out_token)
{
	return snapshot_note(snapshot, token_read(snapshot->db, slot, arena, out_token));
}

enum status management_token_find(struct snapshot *snapshot, const uint8_t digest[DIGEST_SIZE],
	struct arena *arena, struct record_management_token *out_token)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(
		snapshot->db, COLUMNS " WHERE t.digest = $1", &row, DB_BLOB(digest, DIGEST_SIZE));

	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		st = token_take_row(row, arena, out_token);
	return snapshot_note(snapshot, st);
}

enum status snapshot_management_tokens_of(
	struct snapshot *snapshot, uint32_t user_slot, int64_t now_us, int64_t *out_count)
{
	return snapshot_note(
		snapshot, db_one_int(snapshot->db,
				  "SELECT COUNT(*) FROM management_tokens WHERE created_by = $1"
				  " AND revoked_at_us = 0 AND expires_at_us > $2",
				  out_count, DB_INT(user_slot), DB_INT(now_us)));
}

bool management_token_live(const struct record_management_token *token, int64_t now_us)
{
	return token->revoked_at_us == 0 && now_us < token->expires_at_us;
}

static bool within(
	const uint8_t *address, const struct record_address *network, unsigned prefix_len)
{
	unsigned whole = prefix_len / 8, rest = prefix_len % 8;

	if (memcmp(address, network->bytes, whole) != 0)
		return false;
	return rest == 0 || (address[whole] ^ network->bytes[whole]) >> (8 - rest) == 0;
}

bool management_token_admits(const struct record_management_token *token, const uint8_t address[16])
{
	static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
	bool v4 = memcmp(address, MAPPED, sizeof(MAPPED)) == 0;

	for (size_t i = 0; i < token->addresses_count; i++) {
		const struct record_address *network = &token->addresses[i];

		if (v4 == (network->family == 4) &&
			within(v4 ? address + 12 : address, network, network->prefix_len))
			return true;
	}
	return false;
}

void management_token_append_json(
	struct buf *out, const struct record_management_token *token, bool with_use)
{
	buf_append_char(out, '{');
	json_number(out, "id", token->slot);
	json_text(out, "account", token->account);
	json_text(out, "label", token->label);
	json_name(out, "rights");
	rights_append_json(out, rights_of_text(token->rights));
	addresses_append_json(out, token->addresses, token->addresses_count);
	if (token->created_by != 0)
		json_number(out, "createdBy", token->created_by);
	else
		json_text(out, "createdBy", SPAN_ABSENT);
	json_time(out, "createdAt", token->created_at_us);
	json_time(out, "expiresAt", token->expires_at_us);
	json_time(out, "revokedAt", token->revoked_at_us);
	if (with_use)
		json_time(out, "usedAt", token->used_at_us);
	json_number(out, "version", token->version);
	buf_append_char(out, '}');
}

/* ---- its use ---- */

enum status management_token_used(
	struct records *records, const struct record_management_token *token, int64_t now_us)
{
	enum status st = ST_OK;

	if (now_us - token->used_at_us < USED_EVERY_US && now_us >= token->used_at_us)
		return ST_OK;
	turn_wait(records);
	/* Not in a group's transaction, which is the changes' own. */
	if (records->group_count == 0)
		st = writer_open(records);
	if (st == ST_OK && records->group_count == 0)
		st = db_run(records->writer,
			"UPDATE management_tokens SET used_at_us = $2 WHERE slot = $1",
			DB_INT(token->slot), DB_INT(now_us));
	turn_end(records);
	return st;
}

/* ---- changing ---- */

static enum status token_event(
	struct change *change, const char *action, uint32_t slot, struct span before)
{
	CLEANUP(buf_free)
	struct buf after = buf_heap(JSON_MAX);
	struct record_management_token token;
	char id[40];
	enum status st = token_read(change_db(change), slot, change->arena, &token);

	if (st != ST_OK)
		return st;
	management_token_append_json(&after, &token, false);
	if (!buf_ok(&after))
		return ST_LIMIT;
	snprintf(id, sizeof(id), "token:%u", slot);
	return change_event(change, &(struct event_about){ .action = action,
					    .account_slot = token.account_slot,
					    .kind = ENTITY_MANAGEMENT_TOKEN,
					    .slot = slot,
					    .id = span_str(id),
					    .before = before,
					    .after = buf_span(&after) });
}

static enum status refuse(struct complaint *complaint, enum status st, const char *key)
{
	complaint_set(complaint, key, 0);
	return st;
}

/* Names of rights, in one order and once each, whatever was sent. What a machine cannot be given
 * (to make tokens, owners, links) is no right. */
static enum status rights_check(
	const struct management_token_new *token, struct buf *out, struct complaint *complaint)
{
	uint32_t rights = 0;

	for (size_t i = 0; i < token->rights_count; i++) {
		enum right right = right_of_name(token->rights[i]);

		if (right == RIGHT_NONE)
			return refuse(complaint, ST_INVALID, "records.token_rights");
		rights |= RIGHT_BIT(right);
	}
	if (rights == 0)
		return refuse(complaint, ST_INVALID, "records.token_rights");
	for (unsigned i = RIGHT_NONE + 1; i < RIGHT_COUNT; i++) {
		if ((rights & RIGHT_BIT(i)) == 0)
			continue;
		buf_append_str(out, out->len > 0 ? " " : "");
		buf_append_str(out, right_name((enum right)i));
	}
	return ST_OK;
}

static enum status room_check(
	struct change *change, uint32_t account_slot, struct complaint *complaint)
{
	int64_t count = 0;
	enum status st = db_one_int(change_db(change),
		"SELECT COUNT(*) FROM management_tokens WHERE account_slot = $1"
		" AND revoked_at_us = 0 AND expires_at_us > $2",
		&count, DB_INT(account_slot), DB_INT(change->now_us));

	if (st == ST_OK && count >= LIMIT_MANAGEMENT_TOKENS)
		return refuse(complaint, ST_LIMIT, "records.too_many_management_tokens");
	return st;
}

static enum status expiry_fit(
	const struct change *change, int64_t expires_at_us, struct complaint *complaint)
{
	if (expires_at_us > change->now_us &&
		expires_at_us <= change->now_us + MANAGEMENT_TOKEN_VALID_MAX_US)
		return ST_OK;
	return refuse(complaint, ST_INVALID, "records.token_expiry");
}

static enum status token_insert(struct change *change, const struct management_token_new *token,
	struct span rights, struct span addresses, uint32_t *out_slot)
{
	uint32_t by = change->actor.kind == ACTOR_USER ? change->actor.user_slot : 0;
	enum status st = slot_take(change_db(change), "management_token", 1, out_slot);

	if (st != ST_OK)
		return st;
	return db_run(change_db(change),
		"INSERT INTO management_tokens (slot, account_slot, label, digest, rights,"
		" addresses, created_by, created_at_us, expires_at_us, revoked_at_us, used_at_us,"
		" version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 1)",
		DB_INT(*out_slot), DB_INT(token->account_slot), DB_TEXT(token->label),
		DB_BLOB(token->digest, DIGEST_SIZE), DB_TEXT(rights), DB_TEXT(addresses),
		DB_INT(by), DB_INT(change->now_us), DB_INT(token->expires_at_us));
}

static enum status addresses_fit(struct change *change, const struct management_token_new *token,
	struct buf *out, struct complaint *complaint)
{
	const struct record_address *addresses = NULL;
	size_t count = 0;
	enum status st = addresses_check(
		change, token->addresses, token->addresses_count, &addresses, &count, complaint);

	if (st == ST_OK && count == 0)
		return refuse(complaint, ST_INVALID, "records.token_addresses");
	addresses_append_text(out, addresses, count);
	return st;
}

enum status management_token_create(struct change *change, const struct management_token_new *token,
	uint32_t *out_slot, struct complaint *complaint)
{
	char rights_memory[RIGHTS_TEXT_MAX], addresses_memory[ADDRESSES_TEXT_MAX];
	struct buf rights = BUF_ARRAY(rights_memory), addresses = BUF_ARRAY(addresses_memory);
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = complain_missing(change_need_owner(change, token->account_slot, complaint),
			ENTITY_ACCOUNT, complaint);
	if (st == ST_OK)
		st = text_check(token->label, "label", LIMIT_NAME, false, complaint);
	if (st == ST_OK)
		st = rights_check(token, &rights, complaint);
	if (st == ST_OK)
		st = addresses_fit(change, token, &addresses, complaint);
	if (st == ST_OK)
		st = expiry_fit(change, token->expires_at_us, complaint);
	if (st == ST_OK)
		st = room_check(change, token->account_slot, complaint);
	if (st == ST_OK)
		st = token_insert(change, token, buf_span(&rights), buf_span(&addresses), out_slot);
	if (st == ST_OK)
		st = token_event(change, "management_token.create", *out_slot, SPAN_ABSENT);
	return change_leave(change, st);
}

static enum status revoke(struct change *change, const struct record_management_token *token)
{
	CLEANUP(buf_free)
	struct buf before = buf_heap(JSON_MAX);
	enum status st = db_run(change_db(change),
		"UPDATE management_tokens SET revoked_at_us = $2, version = version + 1"
		" WHERE slot = $1",
		DB_INT(token->slot), DB_INT(change->now_us));

	if (st == ST_OK)
		st = handovers_void_of_token(change, token->slot);
	management_token_append_json(&before, token, false);
	if (st == ST_OK && !buf_ok(&before))
		st = ST_LIMIT;
	if (st == ST_OK)
		st = token_event(change, "management_token.revoke", token->slot, buf_span(&before));
	change->narrows |= st == ST_OK;
	return st;
}

enum status management_token_revoke(
	struct change *change, uint32_t slot, struct complaint *complaint)
{
	struct record_management_token token = { 0 };
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = token_read(change_db(change), slot, change->arena, &token);
	if (st == ST_OK)
		st = change_need_owner(change, token.account_slot, complaint);
	st = complain_missing(st, ENTITY_MANAGEMENT_TOKEN, complaint);
	if (st == ST_OK && token.revoked_at_us != 0)
		st = refuse(complaint, ST_CONFLICT, "records.management_token_is_revoked");
	if (st == ST_OK)
		st = revoke(change, &token);
	return change_leave(change, st);
}

static enum status revoke_all(struct change *change, const char *sql, uint32_t of)
{
	struct slots slots;
	enum status st = slots_read(change_db(change), sql, of, change->arena, &slots);

	for (size_t i = 0; st == ST_OK && i < slots.count; i++) {
		struct record_management_token token;

		st = token_read(change_db(change), slots.slots[i], change->arena, &token);
		/* What is over by itself needs no end. */
		if (st == ST_OK && management_token_live(&token, change->now_us))
			st = revoke(change, &token);
	}
	return st;
}

enum status management_tokens_end(struct change *change, uint32_t account_slot)
{
	return revoke_all(change,
		"SELECT slot FROM management_tokens WHERE account_slot = $1"
		" AND revoked_at_us = 0 ORDER BY slot",
		account_slot);
}

enum status management_tokens_end_of(struct change *change, uint32_t user_slot)
{
	return revoke_all(change,
		"SELECT slot FROM management_tokens WHERE created_by = $1"
		" AND revoked_at_us = 0 ORDER BY slot",
		user_slot);
}
