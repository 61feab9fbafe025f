/*
 * The chain, checked from the first event to the last, one transaction at a
 * time. A signature vouches for its event; that event's "previous" vouches for
 * the one before, and so on back to the start of the transaction. So the first
 * record that nothing vouches for is the one that was touched.
 */
#include "records/verify.h"

#include "base/encode.h"
#include "records/store.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const FAULT_NAMES[] = {
	[EVENT_FAULT_NONE] = "none",
	[EVENT_FAULT_EDITED] = "edited",
	[EVENT_FAULT_MISSING] = "missing",
	[EVENT_FAULT_ORDER] = "order",
	[EVENT_FAULT_CHAIN] = "chain",
	[EVENT_FAULT_SIGNATURE] = "signature",
	[EVENT_FAULT_TAIL] = "tail",
	[EVENT_FAULT_CHECKPOINT] = "checkpoint",
	[EVENT_FAULT_CHECKPOINT_SIGNATURE] = "checkpoint_signature",
};

const char *event_fault_name(enum event_fault fault)
{
	return (unsigned)fault < ARRAY_LEN(FAULT_NAMES) ? FAULT_NAMES[fault] : "unknown";
}

/* ---- what a text says of itself ---- */

/* The parts of an event's text that are checked; strings as they stand, escapes and all. */
struct statement {
	int64_t epoch, revision, part, parts, account_slot, slot, last_slot;
	struct span time, actor, action, kind;
	uint8_t previous[DIGEST_SIZE];
};

static bool take(struct span *text, const char *literal)
{
	struct span wanted = span_str(literal);

	if (!span_starts_with(*text, wanted))
		return false;
	*text = span_part(*text, wanted.len, text->len);
	return true;
}

static bool take_number(struct span *text, int64_t *out_number)
{
	size_t len = 0;
	uint64_t number;

	while (len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9')
		len++;
	if (!span_to_u64(span_part(*text, 0, len), &number) || number > INT64_MAX)
		return false;
	*out_number = (int64_t)number;
	*text = span_part(*text, len, text->len);
	return true;
}

static bool take_string(struct span *text, struct span *out_string)
{
	size_t len = 1;

	if (text->len == 0 || text->ptr[0] != '"')
		return false;
	while (len < text->len && text->ptr[len] != '"')
		len += text->ptr[len] == '\\' ? 2 : 1;
	if (len >= text->len)
		return false;
	*out_string = span_part(*text, 1, len - 1);
	*text = span_part(*text, len + 1, text->len);
	return true;
}

static bool take_string_or_null(struct span *text, struct span *out_string)
{
	*out_string = SPAN_ABSENT;
	return take(text, "null") || take_string(text, out_string);
}

static bool take_number_or_null(struct span *text, int64_t *out_number)
{
	*out_number = 0;
	return take(text, "null") || take_number(text, out_number);
}

static bool take_actor(struct span *text, struct statement *s)
{
	struct span ignored;
	int64_t uid;

	return take(text, ",\"actor\":{\"kind\":") && take_string(text, &ignored) &&
	       take(text, ",\"id\":") && take_string(text, &s->actor) && take(text, ",\"uid\":") &&
	       take_number_or_null(text, &uid) && take(text, ",\"address\":") &&
	       take_string_or_null(text, &ignored) && take(text, ",\"requestId\":") &&
	       take_string_or_null(text, &ignored) &&
	       (take(text, ",\"delegated\":true}") || take(text, "}"));
}

static bool take_entity(struct span *text, struct statement *s)
{
	struct span ignored;

	if (!take(text, ",\"entity\":{\"kind\":") || !take_string(text, &s->kind) ||
		!take(text, ",\"id\":") || !take_string_or_null(text, &ignored) ||
		!take(text, ",\"slot\":") || !take_number(text, &s->slot))
		return false;
	s->last_slot = s->slot;
	if (take(text, ",\"lastSlot\":") && !take_number(text, &s->last_slot))
		return false;
	return take(text, "},\"before\":");
}

static bool take_previous(struct span text, struct statement *s)
{
	static const char WORD[] = ",\"previous\":\"";
	const size_t len = sizeof(WORD) - 1 + 2 * DIGEST_SIZE + 2;

	if (text.len < len)
		return false;
	text = span_part(text, text.len - len, len);
	return take(&text, WORD) &&
	       decode_hex(span_part(text, 0, 2 * DIGEST_SIZE), s->previous, DIGEST_SIZE) &&
	       span_is(span_part(text, 2 * DIGEST_SIZE, 2), "\"}");
}

static bool statement_read(struct span text, struct statement *s)
{
	struct span account;

	if (!take_previous(text, s))
		return false;
	return take(&text, "{\"v\":1,\"epoch\":") && take_number(&text, &s->epoch) &&
	       take(&text, ",\"revision\":") && take_number(&text, &s->revision) &&
	       take(&text, ",\"time\":") && take_string(&text, &s->time) &&
	       take(&text, ",\"part\":") && take_number(&text, &s->part) &&
	       take(&text, ",\"parts\":") && take_number(&text, &s->parts) &&
	       take_actor(&text, s) && take(&text, ",\"account\":") &&
	       take_string_or_null(&text, &account) && take(&text, ",\"accountId\":") &&
	       take_number_or_null(&text, &s->account_slot) && take(&text, ",\"action\":") &&
	       take_string(&text, &s->action) && take_entity(&text, s);
}

/* The columns that queries use say the same as the text. */
static bool columns_agree(struct db_statement *row, const struct statement *s)
{
	const char *kind = entity_name((enum entity_kind)db_int(row, 6));
	char memory[40];
	struct buf time = BUF_ARRAY(memory);

	clock_append_rfc3339(&time, db_int(row, 2));
	return db_int(row, 1) == s->epoch && span_equal(buf_span(&time), s->time) &&
	       db_int(row, 3) == s->account_slot && span_equal(db_bytes(row, 4), s->actor) &&
	       span_equal(db_bytes(row, 5), s->action) && kind != NULL && span_is(s->kind, kind) &&
	       db_int(row, 7) == s->slot && db_int(row, 8) == s->last_slot;
}

/* ---- one transaction ---- */

struct link_of_chain {
	uint8_t hash[DIGEST_SIZE];
	uint8_t previous[DIGEST_SIZE];
};

struct walk {
	const struct verify_options *options;
	struct verify_result *result;
	struct digest_context *digest;
	struct head last;        /* the last event that was read, whole transaction or not */
	int64_t checkpoint_seen; /* -1: another hash, 1: the same, 0: not reached */
	int64_t part, parts;     /* of the transaction under way */
	struct link_of_chain *links;
	size_t links_room;
	int64_t events_left; /* may be read yet, but for the rest of a transaction */
	bool ended;          /* there were no more */
};

static void walk_free(struct walk *walk)
{
	digest_context_free(&walk->digest);
	free(walk->links);
	walk->links = NULL;
}

/* Remember the first one only. */
static void found(struct walk *walk, enum event_fault fault, int64_t revision)
{
	if (walk->result->fault != EVENT_FAULT_NONE)
		return;
	walk->result->fault = fault;
	walk->result->first_bad = revision;
}

static enum status links_keep(struct walk *walk, const struct link_of_chain *link)
{
	size_t at = (size_t)walk->part - 1;

	if (at >= walk->links_room) {
		size_t room = walk->links_room == 0 ? 64 : walk->links_room * 2;
		void *grown = realloc(walk->links, room * sizeof(*link));

		if (grown == NULL)
			return ST_NO_MEMORY;
		walk->links = grown;
		walk->links_room = room;
	}
	walk->links[at] = *link;
	return ST_OK;
}

static bool signature_holds(const struct walk *walk, struct span signature)
{
	char memory[160];
	struct buf statement = BUF_ARRAY(memory);

	if (signature.len != SIGNATURE_SIZE)
		return false;
	head_statement(&statement, &walk->last);
	return sign_check(
		walk->options->public_key, buf_span(&statement), (const uint8_t *)signature.ptr);
}

/* The signed end is right: back from there, what does the next one not vouch for? */
static void transaction_check(struct walk *walk, struct span signature)
{
	int64_t first = walk->last.revision - walk->parts + 1;
	int64_t bad = 0;

	if (!signature_holds(walk, signature)) {
		found(walk, EVENT_FAULT_SIGNATURE, walk->last.revision);
		return;
	}
	for (size_t i = (size_t)walk->parts - 1; i > 0; i--)
		if (memcmp(walk->links[i].previous, walk->links[i - 1].hash, DIGEST_SIZE) != 0)
			bad = first + (int64_t)i - 1;
	if (bad != 0)
		found(walk, EVENT_FAULT_EDITED, bad);
	if (memcmp(walk->links[0].previous, walk->result->head.hash, DIGEST_SIZE) != 0)
		found(walk, EVENT_FAULT_CHAIN, first);
	if (walk->result->fault != EVENT_FAULT_NONE)
		return;
	walk->result->head = walk->last;
	walk->result->events += walk->parts;
	walk->result->signatures++;
	walk->part = walk->parts = 0;
}

/* Is it the next one, of its transaction too? */
static bool place_check(struct walk *walk, int64_t revision, const struct statement *s)
{
	bool begins = walk->part == walk->parts;

	if (s->revision != revision || s->epoch < walk->last.epoch ||
		s->part != (begins ? 1 : walk->part + 1) || s->parts < s->part ||
		(!begins && s->parts != walk->parts)) {
		found(walk, EVENT_FAULT_ORDER, revision);
		return false;
	}
	walk->part = s->part;
	walk->parts = s->parts;
	return true;
}

static void checkpoint_look(struct walk *walk)
{
	const struct checkpoint *checkpoint = walk->options->checkpoint;

	if (checkpoint == NULL || checkpoint->head.revision != walk->last.revision)
		return;
	walk->checkpoint_seen =
		checkpoint->head.epoch == walk->last.epoch &&
				memcmp(checkpoint->head.hash, walk->last.hash, DIGEST_SIZE) == 0
			? 1
			: -1;
}

static enum status event_check(struct walk *walk, struct db_statement *row)
{
	int64_t revision = db_int(row, 0);
	struct span text = db_bytes(row, 9), stored = db_bytes(row, 10);
	struct link_of_chain link;
	struct statement s;
	enum status st;

	if (revision != walk->last.revision + 1) {
		found(walk, EVENT_FAULT_MISSING, walk->last.revision + 1);
		return ST_OK;
	}
	if (!event_hash(walk->digest, text, link.hash))
		return ST_UNAVAILABLE;
	if (!span_equal(stored, span_of(link.hash, DIGEST_SIZE)) || !statement_read(text, &s)) {
		found(walk, EVENT_FAULT_EDITED, revision);
		return ST_OK;
	}
	if (!place_check(walk, revision, &s))
		return ST_OK;
	if (!columns_agree(row, &s)) {
		found(walk, EVENT_FAULT_EDITED, revision);
		return ST_OK;
	}
	memcpy(link.previous, s.previous, DIGEST_SIZE);
	st = links_keep(walk, &link);
	if (st != ST_OK)
		return st;
	walk->last = (struct head){ .epoch = s.epoch, .revision = revision };
	memcpy(walk->last.hash, link.hash, DIGEST_SIZE);
	checkpoint_look(walk);
	if (walk->part == walk->parts)
		transaction_check(walk, db_bytes(row, 11));
	else if (span_present(db_bytes(row, 11)))
		found(walk, EVENT_FAULT_SIGNATURE, revision);
	return ST_OK;
}

/* ---- the whole ---- */

static void report(const struct walk *walk, int64_t total)
{
	if (walk->options->progress != NULL && walk->last.revision % 1024 == 0)
		walk->options->progress(walk->options->progress_arg, walk->last.revision, total);
}

static bool goes_on(const struct walk *walk)
{
	return walk->result->fault == EVENT_FAULT_NONE &&
	       (walk->events_left > 0 || walk->part != walk->parts);
}

static enum status events_walk(struct walk *walk, struct db *db, int64_t total)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	enum status st = db_query(db,
		"SELECT revision, epoch, time_us, account_slot, actor, action, entity_kind,"
		" entity_slot, entity_last_slot, text, hash, signature FROM events"
		" WHERE revision > $1 ORDER BY revision",
		&rows, DB_INT(walk->last.revision));

	while (st == ST_OK && goes_on(walk)) {
		st = db_step(rows);
		if (st == ST_OK)
			st = event_check(walk, rows);
		walk->events_left--;
		report(walk, total);
	}
	walk->ended = st == ST_NOT_FOUND;
	return walk->ended ? ST_OK : st;
}

static enum status installation_of(struct db *db, uint8_t out_id[16])
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st =
		db_query(db, "SELECT installation_id FROM installation WHERE id = 1", &row);
	struct span id;

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	id = db_bytes(row, 0);
	if (id.len != 16)
		return ST_DAMAGED;
	memcpy(out_id, id.ptr, 16);
	return ST_OK;
}

/* What only the end shows. */
static void end_check(struct walk *walk, const struct head *head)
{
	const struct checkpoint *checkpoint = walk->options->checkpoint;

	/* A transaction whose signed end is not there. */
	if (walk->part != walk->parts)
		found(walk, EVENT_FAULT_TAIL, walk->last.revision + 1);
	if (head->revision != walk->last.revision)
		found(walk, EVENT_FAULT_TAIL, walk->last.revision + 1);
	if (head->epoch != walk->last.epoch ||
		memcmp(head->hash, walk->last.hash, DIGEST_SIZE) != 0)
		found(walk, EVENT_FAULT_CHAIN, walk->last.revision);
	if (checkpoint == NULL)
		return;
	if (walk->checkpoint_seen == 0)
		found(walk, EVENT_FAULT_TAIL, walk->last.revision + 1);
	if (walk->checkpoint_seen < 0)
		found(walk, EVENT_FAULT_CHECKPOINT, checkpoint->head.revision);
}

static enum status checkpoint_check(struct walk *walk, struct db *db)
{
	const struct checkpoint *checkpoint = walk->options->checkpoint;
	uint8_t id[16];
	enum status st;

	if (checkpoint == NULL)
		return ST_OK;
	st = installation_of(db, id);
	if (st != ST_OK)
		return st;
	if (!checkpoint_is_signed(checkpoint, walk->options->public_key))
		found(walk, EVENT_FAULT_CHECKPOINT_SIGNATURE, 0);
	else if (memcmp(id, checkpoint->installation_id, sizeof(id)) != 0)
		found(walk, EVENT_FAULT_CHECKPOINT, 0);
	return ST_OK;
}

static enum status verify(struct walk *walk, struct db *db, struct complaint *complaint)
{
	struct head head;
	enum status st = db_check_version(db, complaint);

	if (st == ST_OK)
		st = head_read(db, &head);
	if (st == ST_OK)
		st = checkpoint_check(walk, db);
	if (st == ST_OK && walk->result->fault == EVENT_FAULT_NONE)
		st = events_walk(walk, db, head.revision);
	if (st == ST_OK && walk->result->fault == EVENT_FAULT_NONE)
		end_check(walk, &head);
	return st;
}

static void complain_read(const char *path, enum status st, struct complaint *complaint)
{
	if (complaint == NULL || complaint->key != NULL)
		return;
	if (st == ST_DAMAGED || st == ST_FORMAT)
		complaint_set(complaint, "records.not_records", 0);
	else
		complaint_set(complaint, "records.cannot_open", 2, "path", path, "reason",
			status_name(st));
}

void verify_complain(const struct verify_result *result, struct complaint *complaint)
{
	static const char *const KEYS[] = {
		[EVENT_FAULT_NONE] = NULL,
		[EVENT_FAULT_EDITED] = "records.fault_edited",
		[EVENT_FAULT_MISSING] = "records.fault_missing",
		[EVENT_FAULT_ORDER] = "records.fault_order",
		[EVENT_FAULT_CHAIN] = "records.fault_chain",
		[EVENT_FAULT_SIGNATURE] = "records.fault_signature",
		[EVENT_FAULT_TAIL] = "records.fault_tail",
		[EVENT_FAULT_CHECKPOINT] = "records.fault_checkpoint",
		[EVENT_FAULT_CHECKPOINT_SIGNATURE] = "records.fault_checkpoint_signature",
	};
	char revision[24];

	snprintf(revision, sizeof(revision), "%lld", (long long)result->first_bad);
	if (KEYS[result->fault] != NULL)
		complaint_set(complaint, KEYS[result->fault], 1, "revision", revision);
}

enum status events_verify(const struct verify_options *options, struct verify_result *out_result,
	struct complaint *complaint)
{
	CLEANUP(walk_free)
	struct walk walk = {
		.options = options,
		.result = out_result,
		.digest = digest_context_make(),
		.events_left = INT64_MAX,
	};
	CLEANUP(db_close)
	struct db *db = NULL;
	const char *location = options->path;
	enum status st;

	*out_result = (struct verify_result){ 0 };
	if (walk.digest == NULL)
		return ST_NO_MEMORY;
	st = db_open(&db_sqlite, location, DB_COPY, &db);
	if (st == ST_OK)
		st = verify(&walk, db, complaint);
	if (st == ST_OK)
		verify_complain(out_result, complaint);
	else
		complain_read(options->path, st, complaint);
	return st;
}

enum status events_check_on(struct records *records, int64_t events_max,
	struct verify_result *inout_result, bool *out_ended)
{
	struct verify_options options = { .public_key = records_public_key(records) };
	CLEANUP(walk_free)
	struct walk walk = {
		.options = &options,
		.result = inout_result,
		.digest = digest_context_make(),
		.last = inout_result->head,
		.events_left = events_max,
	};
	CLEANUP(snapshot_end)
	struct snapshot *snapshot = NULL;
	enum status st;

	if (walk.digest == NULL)
		return ST_NO_MEMORY;
	st = snapshot_begin(records, &snapshot);
	if (st == ST_OK)
		st = snapshot_note(snapshot, events_walk(&walk, snapshot->db, 0));
	if (st == ST_OK && walk.ended && inout_result->fault == EVENT_FAULT_NONE)
		end_check(&walk, &snapshot->head);
	*out_ended = walk.ended;
	return st;
}

static enum status stated_read(
	struct db *db, uint8_t out_public_key[SIGN_PUBLIC_KEY_SIZE], struct head *out_head)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st =
		db_query(db, "SELECT event_public_key FROM installation WHERE id = 1", &row);

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st == ST_NOT_FOUND ? ST_DAMAGED : st;
	if (db_bytes(row, 0).len != SIGN_PUBLIC_KEY_SIZE)
		return ST_DAMAGED;
	memcpy(out_public_key, db_bytes(row, 0).ptr, SIGN_PUBLIC_KEY_SIZE);
	return head_read(db, out_head);
}

enum status events_stated(const char *path, uint8_t out_public_key[SIGN_PUBLIC_KEY_SIZE],
	struct head *out_head, struct complaint *complaint)
{
	CLEANUP(db_close)
	struct db *db = NULL;
	enum status st = db_open(&db_sqlite, path, DB_COPY, &db);

	if (st == ST_OK)
		st = db_check_version(db, complaint);
	if (st == ST_OK)
		st = stated_read(db, out_public_key, out_head);
	if (st != ST_OK)
		complain_read(path, st, complaint);
	return st;
}
