#include "records/session.h"

#include "base/encode.h"
#include "records/store.h"

#include <stdio.h>

#define SECRET_BYTES 32u
#define SECRET_CHARS 43u
#define CLI_PREFIX "LS1"
#define AGENT_MAX 200u
#define SEEN_EVERY_US (60 * US_PER_S)
#define JSON_MAX (4 * KIB)

/* ---- the secret ---- */

static struct span prefix_of(enum session_kind kind)
{
	return kind == SESSION_CLI ? SPAN_LIT(CLI_PREFIX) : SPAN_LIT("");
}

static enum status digest_text(struct span text, uint8_t out_digest[DIGEST_SIZE])
{
	CLEANUP(digest_context_free)
	struct digest_context *context = digest_context_make();

	if (context == NULL || !digest_sha256(context, text, out_digest))
		return ST_NO_MEMORY;
	return ST_OK;
}

enum status session_secret_make(enum session_kind kind, struct session_secret *out)
{
	uint8_t bytes[SECRET_BYTES];
	struct buf text = buf_fixed(out->text, sizeof(out->text));

	crypto_random(bytes, sizeof(bytes));
	buf_append(&text, prefix_of(kind));
	encode_base64url(&text, bytes, sizeof(bytes));
	crypto_wipe(bytes, sizeof(bytes));
	return digest_text(buf_span(&text), out->digest);
}

enum status session_digest(
	enum session_kind kind, struct span text, uint8_t out_digest[DIGEST_SIZE])
{
	struct span prefix = prefix_of(kind);

	if (text.len != prefix.len + SECRET_CHARS || !span_starts_with(text, prefix))
		return ST_NOT_FOUND;
	return digest_text(text, out_digest);
}

/* ---- reading ---- */

#define COLUMNS                                                                                    \
	"SELECT s.slot, s.user_slot, u.account_slot, s.kind, s.created_at_us, s.seen_at_us,"       \
	" s.second_factor_at_us, s.expires_at_us, s.address, s.agent FROM sessions s"              \
	" JOIN users u ON u.slot = s.user_slot"

static int64_t idle_us(enum session_kind kind)
{
	return kind == SESSION_CLI ? SESSION_CLI_IDLE_US : SESSION_BROWSER_IDLE_US;
}

static int64_t life_us(enum session_kind kind)
{
	return kind == SESSION_CLI ? SESSION_CLI_LIFE_US : SESSION_BROWSER_LIFE_US;
}

static void session_of_row(struct db_statement *row, struct record_session *out)
{
	*out = (struct record_session){
		.slot = (uint32_t)db_int(row, 0),
		.user_slot = (uint32_t)db_int(row, 1),
		.account_slot = (uint32_t)db_int(row, 2),
		.kind = (enum session_kind)db_int(row, 3),
		.created_at_us = db_int(row, 4),
		.seen_at_us = db_int(row, 5),
		.second_factor_at_us = db_int(row, 6),
		.expires_at_us = db_int(row, 7),
	};
	out->idle_until_us = out->seen_at_us + idle_us(out->kind);
	if (out->idle_until_us > out->expires_at_us)
		out->idle_until_us = out->expires_at_us;
}

/* S2; a clock that was set back leaves no session from what is now the future. */
static bool is_over(const struct record_session *session, int64_t now_us)
{
	return now_us >= session->expires_at_us || now_us >= session->idle_until_us ||
	       session->created_at_us - now_us > life_us(session->kind);
}

enum status session_find(struct snapshot *snapshot, enum session_kind kind,
	const uint8_t digest[DIGEST_SIZE], int64_t now_us, struct record_session *out_session)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct record_session session;
	enum status st = db_query(snapshot->db,
		COLUMNS " JOIN accounts a ON a.slot = u.account_slot"
			" WHERE s.digest = $1 AND s.kind = $2 AND u.state = 1 AND a.state = 1",
		&row, DB_BLOB(digest, DIGEST_SIZE), DB_INT(kind));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return snapshot_note(snapshot, st);
	session_of_row(row, &session);
	if (is_over(&session, now_us))
		return ST_NOT_FOUND;
	*out_session = session;
	return ST_OK;
}

enum status session_get(
	struct snapshot *snapshot, uint32_t slot, struct record_session *out_session)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(snapshot->db, COLUMNS " WHERE s.slot = $1", &row, DB_INT(slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		session_of_row(row, out_session);
	return snapshot_note(snapshot, st);
}

enum status session_lives(struct db *db, uint32_t slot, uint32_t user_slot, int64_t now_us)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	struct record_session session;
	enum status st = db_query(db, COLUMNS " WHERE s.slot = $1 AND s.user_slot = $2", &row,
		DB_INT(slot), DB_INT(user_slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	session_of_row(row, &session);
	return is_over(&session, now_us) ? ST_NOT_FOUND : ST_OK;
}

enum status session_seen(
	struct records *records, const struct record_session *session, int64_t now_us)
{
	enum status st = ST_OK;

	if (now_us - session->seen_at_us < SEEN_EVERY_US && now_us >= session->seen_at_us)
		return ST_OK;
	turn_wait(records);
	/* Not in a group's transaction, which is the changes' own. */
	if (records->group_count == 0)
		st = writer_open(records);
	if (st == ST_OK && records->group_count == 0)
		st = db_run(records->writer, "UPDATE sessions SET seen_at_us = $2 WHERE slot = $1",
			DB_INT(session->slot), DB_INT(now_us));
	turn_end(records);
	return st;
}

enum status sessions_of_user(struct snapshot *snapshot, uint32_t user_slot, int64_t now_us,
	struct arena *arena, struct record_session out_sessions[SESSIONS_PER_USER],
	size_t *out_count)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	size_t count = 0;
	enum status st = db_query(snapshot->db, COLUMNS " WHERE s.user_slot = $1 ORDER BY s.slot",
		&rows, DB_INT(user_slot));

	while (st == ST_OK && count < SESSIONS_PER_USER && (st = db_step(rows)) == ST_OK) {
		struct record_session *session = &out_sessions[count];

		session_of_row(rows, session);
		st = span_keep(arena, db_bytes(rows, 8), &session->address);
		if (st == ST_OK)
			st = span_keep(arena, db_bytes(rows, 9), &session->agent);
		if (!is_over(session, now_us))
			count++;
	}
	*out_count = count;
	return st == ST_OK || st == ST_NOT_FOUND ? ST_OK : snapshot_note(snapshot, st);
}

void session_append_json(struct buf *out, const struct record_session *session, bool is_current)
{
	buf_append_char(out, '{');
	json_number(out, "id", session->slot);
	json_text(out, "kind", span_str(session->kind == SESSION_CLI ? "cli" : "browser"));
	json_bool(out, "current", is_current);
	json_time(out, "createdAt", session->created_at_us);
	json_time(out, "seenAt", session->seen_at_us);
	json_time(out, "idleUntil", session->idle_until_us);
	json_time(out, "expiresAt", session->expires_at_us);
	json_text(out, "address", session->address);
	json_text(out, "agent", session->agent);
	buf_append_char(out, '}');
}

/* ---- changing ---- */

enum status person_event(
	struct change *change, const char *action, uint32_t user_slot, struct span about)
{
	int64_t account_slot = 0;
	char id[24];
	enum status st = db_one_int(change_db(change),
		"SELECT account_slot FROM users WHERE slot = $1", &account_slot, DB_INT(user_slot));

	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	snprintf(id, sizeof(id), "user:%u", user_slot);
	return change_event(change, &(struct event_about){ .action = action,
					    .account_slot = (uint32_t)account_slot,
					    .kind = ENTITY_USER,
					    .slot = user_slot,
					    .id = span_str(id),
					    .after = about });
}

static enum status session_event(
	struct change *change, const char *action, uint32_t user_slot, uint32_t slot)
{
	char memory[64];
	struct buf about = BUF_ARRAY(memory);

	buf_printf(&about, "{\"session\":%u}", slot);
	return person_event(change, action, user_slot, buf_span(&about));
}

/* Room for one more: what is over goes, then who was seen longest ago. */
static enum status make_room(struct change *change, uint32_t user_slot)
{
	enum status st = db_run(change_db(change),
		"DELETE FROM sessions WHERE user_slot = $1 AND expires_at_us <= $2",
		DB_INT(user_slot), DB_INT(change->now_us));

	if (st != ST_OK)
		return st;
	return db_run(change_db(change),
		"DELETE FROM sessions WHERE slot IN (SELECT slot FROM sessions WHERE user_slot = $1"
		" ORDER BY seen_at_us DESC, slot DESC LIMIT 1000000 OFFSET $2)",
		DB_INT(user_slot), DB_INT(SESSIONS_PER_USER - 1));
}

/* As much of a client's own words as is fit to be kept: printable ASCII. */
static struct span agent_fit(struct span agent, char memory[AGENT_MAX + 1])
{
	struct buf kept = buf_fixed(memory, AGENT_MAX + 1);

	if (!span_present(agent))
		return SPAN_ABSENT;
	for (size_t i = 0; i < agent.len && kept.len < AGENT_MAX; i++) {
		char c = agent.ptr[i];

		buf_append_char(&kept, c >= 0x20 && c < 0x7F ? c : '?');
	}
	return buf_span(&kept);
}

enum status session_begin(
	struct change *change, const struct session_new *session, uint32_t *out_slot)
{
	char agent[AGENT_MAX + 1];
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = make_room(change, session->user_slot);
	if (st == ST_OK)
		st = slot_take(change_db(change), "session", 1, out_slot);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"INSERT INTO sessions (slot, digest, user_slot, kind, created_at_us,"
			" seen_at_us, second_factor_at_us, expires_at_us, address, agent)"
			" VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7, $8)",
			DB_INT(*out_slot), DB_BLOB(session->digest, DIGEST_SIZE),
			DB_INT(session->user_slot), DB_INT(session->kind), DB_INT(change->now_us),
			DB_INT(change->now_us + life_us(session->kind)), DB_TEXT(session->address),
			DB_TEXT(agent_fit(session->agent, agent)));
	if (st == ST_OK)
		st = session_event(change, "session.begin", session->user_slot, *out_slot);
	return change_leave(change, st);
}

/* Whose it is; ST_NOT_FOUND. */
static enum status session_user(struct change *change, uint32_t slot, uint32_t *out_user_slot)
{
	struct db_value value = DB_INT(slot);

	return slot_find(change_db(change), "SELECT user_slot FROM sessions WHERE slot = $1",
		&value, 1, out_user_slot);
}

enum status session_confirm(struct change *change, uint32_t slot)
{
	uint32_t user_slot = 0;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = session_user(change, slot, &user_slot);
	if (st == ST_OK)
		st = db_run(change_db(change),
			"UPDATE sessions SET second_factor_at_us = $2 WHERE slot = $1",
			DB_INT(slot), DB_INT(change->now_us));
	if (st == ST_OK)
		st = session_event(change, "session.confirm", user_slot, slot);
	return change_leave(change, st);
}

enum status session_end(
	struct change *change, uint32_t user_slot, uint32_t slot, struct complaint *complaint)
{
	uint32_t of_slot = 0;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = session_user(change, slot, &of_slot);
	if (st == ST_OK && of_slot != user_slot)
		st = ST_NOT_FOUND;
	if (st == ST_NOT_FOUND)
		complaint_set(complaint, "login.session_unknown", 0);
	if (st == ST_OK)
		st = db_run(
			change_db(change), "DELETE FROM sessions WHERE slot = $1", DB_INT(slot));
	if (st == ST_OK)
		st = session_event(change, "session.end", user_slot, slot);
	change->narrows |= st == ST_OK;
	return change_leave(change, st);
}

enum status sessions_end(struct change *change, uint32_t user_slot, uint32_t but_slot)
{
	enum status st = db_run(change_db(change),
		"DELETE FROM sessions WHERE user_slot = $1 AND slot <> $2", DB_INT(user_slot),
		DB_INT(but_slot));

	change->narrows |= st == ST_OK;
	return st;
}

enum status sessions_purge(struct db *db, int64_t now_us)
{
	enum status st =
		db_run(db, "DELETE FROM sessions WHERE expires_at_us <= $1", DB_INT(now_us));

	if (st == ST_OK)
		st = db_run(db,
			"DELETE FROM enrolments WHERE expires_at_us <= $1 OR used_at_us <> 0",
			DB_INT(now_us));
	return st;
}

enum status session_failures(
	struct change *change, uint32_t user_slot, int64_t count, struct span address)
{
	CLEANUP(buf_free)
	struct buf about = buf_heap(KIB);
	enum status st = change_enter(change);

	buf_append_char(&about, '{');
	json_number(&about, "failures", count);
	json_text(&about, "address", address);
	buf_append_char(&about, '}');
	if (st == ST_OK)
		st = person_event(change, "session.confirm_refuse", user_slot, buf_span(&about));
	return change_leave(change, st);
}
