/* Making events at the commit of a change, and reading them back. */
#include "records/event.h"

#include "base/encode.h"
#include "records/store.h"

#include <assert.h>
#include <stdio.h>

#define WINDOW_MAX 20000 /* events that one call looks at */

/* ---- remembering ---- */

enum status change_event(struct change *change, const struct event_about *about)
{
	struct pending_event *event = arena_alloc(change->arena, sizeof(*event));
	enum status st;

	if (event == NULL)
		return ST_NO_MEMORY;
	event->action = about->action;
	event->account_slot = about->account_slot;
	event->kind = about->kind;
	event->slot = about->slot;
	event->last_slot = about->last_slot == 0 ? about->slot : about->last_slot;
	st = span_keep(change->arena, about->id, &event->id);
	if (st == ST_OK)
		st = span_keep(change->arena, about->before, &event->before);
	if (st == ST_OK)
		st = span_keep(change->arena, about->after, &event->after);
	if (st != ST_OK)
		return st;
	*change->events_end = event;
	change->events_end = &event->next;
	change->events_count++;
	return ST_OK;
}

/* ---- writing ---- */

struct event_place {
	struct head before; /* the head that it follows */
	int64_t epoch, revision;
	size_t part; /* of its change, from 1 */
};

static void append_actor(struct buf *out, const struct change *change)
{
	static const char *const KINDS[] = {
		[ACTOR_SYSTEM] = "system",
		[ACTOR_OPERATOR] = "operator",
		[ACTOR_USER] = "user",
		[ACTOR_TOKEN] = "token",
	};

	json_name(out, "actor");
	buf_append_char(out, '{');
	json_text(out, "kind", span_str(KINDS[change->actor.kind]));
	json_text(out, "id", span_str(change->actor_text));
	if (change->actor.peer_uid >= 0)
		json_number(out, "uid", change->actor.peer_uid);
	else
		json_text(out, "uid", SPAN_ABSENT);
	json_text(out, "address", change->actor.address);
	json_text(out, "requestId", change->actor.request_id);
	if (change->delegated)
		json_bool(out, "delegated", true);
	buf_append_char(out, '}');
}

static void append_value(struct buf *out, const char *name, struct span json)
{
	json_name(out, name);
	buf_append(out, span_present(json) ? json : SPAN_LIT("null"));
}

static enum status append_account(struct change *change, struct buf *out, uint32_t account_slot)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st;

	if (account_slot == 0) {
		json_text(out, "account", SPAN_ABSENT);
		json_text(out, "accountId", SPAN_ABSENT);
		return ST_OK;
	}
	st = db_query(change_db(change), "SELECT name FROM accounts WHERE slot = $1", &row,
		DB_INT(account_slot));
	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	json_text(out, "account", db_bytes(row, 0));
	json_number(out, "accountId", account_slot);
	return ST_OK;
}

static void append_entity(struct buf *out, const struct pending_event *event)
{
	json_name(out, "entity");
	buf_append_char(out, '{');
	json_text(out, "kind", span_str(entity_name(event->kind)));
	json_text(out, "id", event->id);
	json_number(out, "slot", event->slot);
	if (event->last_slot != event->slot)
		json_number(out, "lastSlot", event->last_slot);
	buf_append_char(out, '}');
}

static enum status event_render(struct change *change, const struct pending_event *event,
	const struct event_place *place, struct buf *out)
{
	enum status st;

	buf_append_str(out, "{\"v\":1");
	json_number(out, "epoch", place->epoch);
	json_number(out, "revision", place->revision);
	json_time(out, "time", change->now_us);
	json_number(out, "part", (int64_t)place->part);
	json_number(out, "parts", (int64_t)change->events_count);
	append_actor(out, change);
	st = append_account(change, out, event->account_slot);
	if (st != ST_OK)
		return st;
	json_text(out, "action", span_str(event->action));
	append_entity(out, event);
	append_value(out, "before", event->before);
	append_value(out, "after", event->after);
	json_name(out, "previous");
	buf_append_char(out, '"');
	encode_hex(out, place->before.hash, DIGEST_SIZE);
	buf_append_str(out, "\"}");
	return buf_ok(out) ? ST_OK : ST_LIMIT;
}

bool event_hash(struct digest_context *digest, struct span text, uint8_t out_hash[DIGEST_SIZE])
{
	const struct span parts[] = { SPAN_LIT("llavero event 1\n"), text };

	return digest_sha256_parts(digest, parts, ARRAY_LEN(parts), out_hash);
}

void head_statement(struct buf *out, const struct head *head)
{
	buf_printf(out, "llavero head 1\n%lld\n%lld\n", (long long)head->epoch,
		(long long)head->revision);
	encode_hex(out, head->hash, DIGEST_SIZE);
	buf_append_char(out, '\n');
}

static enum status event_insert(struct change *change, const struct pending_event *event,
	const struct head *head, struct span text)
{
	uint8_t signature[SIGNATURE_SIZE];
	char memory[160];
	struct buf statement = BUF_ARRAY(memory);
	bool is_last = event->next == NULL;

	if (is_last) {
		head_statement(&statement, head);
		assert(buf_ok(&statement));
		sign_make(change->records->sign_secret, buf_span(&statement), signature);
	}
	return db_run(change_db(change),
		"INSERT INTO events (revision, epoch, time_us, account_slot, actor, action,"
		" entity_kind, entity_slot, entity_last_slot, text, hash, signature)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		DB_INT(head->revision), DB_INT(head->epoch), DB_INT(change->now_us),
		DB_INT(event->account_slot), DB_TEXT(span_str(change->actor_text)),
		DB_TEXT(span_str(event->action)), DB_INT(event->kind), DB_INT(event->slot),
		DB_INT(event->last_slot), DB_TEXT(text), DB_BLOB(head->hash, DIGEST_SIZE),
		is_last ? DB_BLOB(signature, SIGNATURE_SIZE) : DB_NULL);
}

static enum status event_write(struct change *change, const struct pending_event *event,
	struct event_place *place, struct buf *text)
{
	struct head head = { .epoch = place->epoch, .revision = place->revision };
	enum status st;

	buf_clear(text);
	st = event_render(change, event, place, text);
	if (st != ST_OK)
		return st;
	if (!event_hash(change->records->digest, buf_span(text), head.hash))
		return ST_UNAVAILABLE;
	st = event_insert(change, event, &head, buf_span(text));
	place->before = head;
	place->revision++;
	place->part++;
	return st;
}

/* The row serialises commits, so that revisions follow their order without a gap. */
static enum status head_advance(struct change *change, struct event_place *place)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	int64_t count = (int64_t)change->events_count;
	enum status st = db_query(change_db(change),
		"UPDATE head SET revision = revision + $1 WHERE id = 1"
		" RETURNING epoch, revision, hash",
		&row, DB_INT(count));
	struct span hash;

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	hash = db_bytes(row, 2);
	if (hash.len != DIGEST_SIZE)
		return ST_DAMAGED;
	memcpy(place->before.hash, hash.ptr, DIGEST_SIZE);
	place->epoch =
		change->records->next_epoch != 0 ? change->records->next_epoch : db_int(row, 0);
	place->revision = db_int(row, 1) - count + 1;
	place->part = 1;
	return ST_OK;
}

enum status events_write(struct change *change)
{
	CLEANUP(buf_free)
	struct buf text = buf_heap(EVENT_TEXT_MAX);
	struct event_place place = { 0 };
	enum status st = head_advance(change, &place);

	for (struct pending_event *e = change->events; st == ST_OK && e != NULL; e = e->next)
		st = event_write(change, e, &place, &text);
	if (st != ST_OK)
		return st;
	change->head = place.before;
	return db_run(change_db(change), "UPDATE head SET epoch = $1, hash = $2 WHERE id = 1",
		DB_INT(place.epoch), DB_BLOB(place.before.hash, DIGEST_SIZE));
}

/* ---- reading ---- */

#define COLUMNS                                                                                    \
	"SELECT revision, epoch, time_us, account_slot, actor, action, entity_kind, text, hash,"   \
	" signature FROM events"
#define UP " ORDER BY revision LIMIT $2"
#define DOWN " ORDER BY revision DESC LIMIT $2"
#define OF_RECORD                                                                                  \
	" AND ((entity_kind = $3 AND entity_slot = $4)"                                            \
	" OR ($3 = 9 AND entity_kind = 10 AND entity_slot <= $4 AND entity_last_slot >= $4))"

static const char ALL_UP[] = COLUMNS " WHERE revision > $1" UP;
static const char ALL_DOWN[] = COLUMNS " WHERE revision < $1" DOWN;
static const char ACCOUNT_UP[] = COLUMNS " WHERE revision > $1 AND account_slot = $3" UP;
static const char ACCOUNT_DOWN[] = COLUMNS " WHERE revision < $1 AND account_slot = $3" DOWN;
static const char RECORD_UP[] = COLUMNS " WHERE revision > $1" OF_RECORD UP;
static const char RECORD_DOWN[] = COLUMNS " WHERE revision < $1" OF_RECORD DOWN;

static_assert(ENTITY_KEY == 9 && ENTITY_KEYS == 10, "OF_RECORD says so");

static enum status candidates(
	struct db *db, const struct event_query *query, struct db_statement **out_rows)
{
	bool down = query->newest_first;
	struct db_value from = DB_INT(down && query->cursor == 0 ? INT64_MAX : query->cursor);

	if (query->entity_kind != ENTITY_NONE && query->entity_slot != 0)
		return db_query(db, down ? RECORD_DOWN : RECORD_UP, out_rows, from,
			DB_INT(WINDOW_MAX), DB_INT(query->entity_kind), DB_INT(query->entity_slot));
	if (query->account_slot != 0 && !query->with_catalog)
		return db_query(db, down ? ACCOUNT_DOWN : ACCOUNT_UP, out_rows, from,
			DB_INT(WINDOW_MAX), DB_INT(query->account_slot));
	return db_query(db, down ? ALL_DOWN : ALL_UP, out_rows, from, DB_INT(WINDOW_MAX));
}

typedef bool matches_fn(struct span value, struct span wanted);

static bool action_matches(struct span action, struct span wanted)
{
	if (wanted.len > 0 && wanted.ptr[wanted.len - 1] == '.')
		return span_starts_with(action, wanted);
	return span_equal(action, wanted);
}

/* Any of those between the commas; no filter lets everything pass. */
static bool any_matches(struct span value, struct span wanted, matches_fn *matches)
{
	struct span rest = wanted;
	bool found = wanted.len == 0;

	while (!found && rest.len > 0) {
		size_t end = span_find(rest, ',');

		found = matches(value, span_part(rest, 0, end));
		rest = end < rest.len ? span_part(rest, end + 1, SIZE_MAX) : SPAN_ABSENT;
	}
	return found;
}

static bool kind_matches(int64_t kind, const struct event_query *query)
{
	if (query->entity_kind != ENTITY_NONE)
		return kind == query->entity_kind;
	return query->entity_kinds == 0 ||
	       (kind > 0 && kind < ENTITY_KIND_COUNT &&
		       (query->entity_kinds & 1u << (unsigned)kind) != 0);
}

static bool account_matches(struct db_statement *row, const struct event_query *query)
{
	static const unsigned CATALOG = 1u << ENTITY_PREDEFINED | 1u << ENTITY_RESOURCE |
					1u << ENTITY_SERVICE | 1u << ENTITY_ROUTE;
	int64_t account = db_int(row, 3), kind = db_int(row, 6);

	if (query->account_slot == 0 || account == query->account_slot)
		return true;
	return query->with_catalog && account == 0 && kind > 0 && kind < ENTITY_KIND_COUNT &&
	       (CATALOG & 1u << (unsigned)kind) != 0;
}

static bool event_matches(struct db_statement *row, const struct event_query *query)
{
	int64_t time_us = db_int(row, 2);

	if (!account_matches(row, query))
		return false;
	/* A record's history holds the import of many as well: decided by the query. */
	if (query->entity_slot == 0 && !kind_matches(db_int(row, 6), query))
		return false;
	if (!any_matches(db_bytes(row, 4), query->actor_id, span_equal) ||
		!any_matches(db_bytes(row, 5), query->action, action_matches))
		return false;
	return time_us >= query->from_us && (query->until_us == 0 || time_us < query->until_us);
}

static enum status event_take(struct db_statement *row, struct arena *arena, struct event *out)
{
	struct span hash = db_bytes(row, 8);

	if (hash.len != DIGEST_SIZE)
		return ST_DAMAGED;
	out->revision = db_int(row, 0);
	out->epoch = db_int(row, 1);
	out->time_us = db_int(row, 2);
	memcpy(out->hash, hash.ptr, DIGEST_SIZE);
	out->is_signed = span_present(db_bytes(row, 9));
	return span_keep(arena, db_bytes(row, 7), &out->text);
}

enum status events_list(struct snapshot *snapshot, const struct event_query *query,
	struct arena *arena, struct event out_events[EVENTS_PAGE_MAX], size_t *out_count,
	int64_t *out_next)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	size_t count = 0, looked_at = 0;
	int64_t last = 0;
	enum status st;

	*out_count = 0;
	*out_next = 0;
	if (query->count_max == 0 || query->count_max > EVENTS_PAGE_MAX || query->cursor < 0)
		return ST_INVALID;
	st = candidates(snapshot->db, query, &rows);
	while (st == ST_OK && count < query->count_max) {
		st = db_step(rows);
		if (st != ST_OK)
			break;
		looked_at++;
		last = db_int(rows, 0);
		if (event_matches(rows, query))
			st = event_take(rows, arena, &out_events[count++]);
	}
	if (st != ST_OK && st != ST_NOT_FOUND)
		return snapshot_note(snapshot, st);
	*out_count = count;
	if (count == query->count_max || looked_at == WINDOW_MAX)
		*out_next = last;
	return ST_OK;
}
