/*
 * Inside src/records only: what the files of this folder share.
 */
#ifndef RECORDS_STORE_H
#define RECORDS_STORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "records/db.h"
#include "records/high_water.h"
#include "records/right.h"
#include "records/root_key.h"
#include "records/snapshot.h"
#include "records/verify.h"

#include <pthread.h>

#define ACTOR_TEXT_MAX 128u
#define CHANGE_ARENA_MAX (512 * MIB)
#define EVENT_TEXT_MAX (64 * MIB)
#define LIMIT_TEXT 500u /* characters of longer names */
#define ROW_ARENA_MAX (8 * MIB)

struct snapshot {
	struct records *records;
	struct db *db;
	struct head head;
	bool failed;   /* the connection is given up instead of kept */
	bool borrowed; /* the writer's, inside a change */
};

/* An event of a change, not yet written: it gets its revision at the commit. */
struct pending_event {
	struct pending_event *next;
	const char *action;    /* static text */
	uint32_t account_slot; /* 0: none */
	enum entity_kind kind;
	uint32_t slot, last_slot;  /* last_slot: of ENTITY_KEYS, otherwise slot */
	struct span id;            /* as people know it */
	struct span before, after; /* canonical JSON; absent: null */
};

struct change {
	struct records *records;
	struct snapshot reading;
	int64_t now_us;
	enum status failed; /* the first failure; ST_OK so far */
	bool in_savepoint;  /* the first of a group needs none: its undoing is the transaction's */
	bool narrows;   /* takes access away: the high-water mark goes to disk before the answer */
	bool widens;    /* as change_widens says */
	bool scrubs;    /* what it overwrote must not stay in the log's file */
	bool delegated; /* made by the right of a delegate */

	struct actor actor; /* its spans point to the texts below */
	char actor_name[64], actor_address[64], actor_request[64];
	char actor_text[ACTOR_TEXT_MAX]; /* "operator:0", "user:7": as in events */

	struct arena *arena;
	struct pending_event *events, **events_end;
	size_t events_count;
	struct head head; /* after its events */

	/* Its place in a group of changes that share one commit. */
	struct change *group_next;
	bool done;
	enum status result;
};

struct records {
	const struct db_driver *driver;
	char *location;
	char *data_dir;
	char installation_id[33];
	uint8_t installation_bytes[16];
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE];
	uint8_t *sign_secret; /* secret_alloc, SIGN_SECRET_KEY_SIZE */

	/* Whose turn at the writer it is. lock guards all that follows but writer itself. */
	pthread_mutex_t lock;
	pthread_mutex_t mark_lock; /* the mark's file; taken before lock */
	pthread_cond_t turn, done;
	uint64_t ticket_next, ticket_served;
	struct db *
		writer; /* of whose turn it is; NULL after a failure, until the next one opens it */
	struct digest_context *digest; /* of whose turn it is */
	struct change *group, **group_end;
	size_t group_count;
	bool group_narrows, group_scrubs;
	int64_t group_begun_us; /* boot time */
	struct head head;

	struct db *readers[RECORDS_READERS_MAX]; /* idle connections */
	size_t readers_idle, readers_out;
	struct records_figures figures;
	bool made_before; /* a mark was there: so must be the database */
	bool mark_behind; /* the mark on disk is older than head */
	int64_t purged_at_us;
	int64_t next_epoch; /* of the event that begins one; otherwise 0 */
	const struct root_key *root_key;
	bool scrub_wanted; /* the log's file still holds what was erased */
};

struct slots {
	const uint32_t *slots;
	size_t count;
};

/* ---- the writer ---- */

/* Wait for the turn at records->writer, and give it on. No failure between leaves it. */
void turn_wait(struct records *records);
void turn_end(struct records *records);
/* By whose turn it is. */
NODISCARD enum status writer_open(struct records *records);
/*
 * What is no change, between the changes: work in a transaction of its own. Short: changes wait for
 * it. On a failure it has left nothing; a commit that failed may be there all the same.
 */
NODISCARD enum status writer_aside(
	struct records *records, enum status (*work)(struct db *db, void *context), void *context);
NODISCARD enum status head_read(struct db *db, struct head *out_head);
/* Bring the high-water mark up to the committed head; a failure is counted in the figures too. */
enum status mark_write(struct records *records, int64_t now_us);
/* A signed statement of a head. */
void checkpoint_sign(const struct records *records, const struct head *head, int64_t now_us,
	struct checkpoint *out_checkpoint);

void public_key_append(struct buf *out, const uint8_t public_key[SIGN_PUBLIC_KEY_SIZE]);
NODISCARD enum status idempotency_purge(struct db *db, int64_t now_us);
/* Sessions and one-time links that are over. */
NODISCARD enum status sessions_purge(struct db *db, int64_t now_us);

/* ---- changes ---- */

/*
 * Every call that changes something begins with change_enter (a change that
 * failed takes no more) and ends with change_leave, which remembers a failure.
 */
NODISCARD enum status change_enter(struct change *change);
NODISCARD enum status change_leave(struct change *change, enum status st);

static inline struct db *change_db(struct change *change)
{
	return change->reading.db;
}

/* ST_DENIED with its complaint unless the operator or Llavero itself acts. */
NODISCARD enum status change_need_operator(struct change *change, struct complaint *complaint);
/*
 * The same, or the owner of the account. Of another account's user: ST_NOT_FOUND,
 * so that nothing is told of what is not his.
 */
NODISCARD enum status change_need_owner(
	struct change *change, uint32_t account_slot, struct complaint *complaint);
/*
 * The same, or whoever has the right in the account (0: in the catalogue). keys.edit of others
 * than the owner marks the change as delegated.
 */
NODISCARD enum status change_need(struct change *change, uint32_t account_slot, enum right right,
	struct complaint *complaint);
/* ST_DENIED unless the actor's own resources cover these; those of the owner and operator do. */
NODISCARD enum status change_need_covered(
	struct change *change, struct slots resources, struct complaint *complaint);
/* ST_DENIED for the owner, and for a user who may do what the actor may not. */
NODISCARD enum status change_need_over(
	struct change *change, const struct record_user *user, struct complaint *complaint);

/*
 * Whoever makes a person's link, and is not the owner, sees it and could use it: what is given to
 * that person must be held by the link's maker too. ST_CONFLICT: the owner makes a new link first.
 */
NODISCARD enum status change_need_vouched(struct change *change, const struct record_user *user,
	struct slots resources, bool handles_keys, struct complaint *complaint);
enum status complain_not_vouched(const struct record_user *user, struct complaint *complaint);
/* Does the acting person hold the profile himself? */
NODISCARD enum status change_holds_profile(
	struct change *change, uint32_t profile_slot, bool *out_holds);
/* What the acting person or token may do now; ST_DENIED once it is over. Not of the operator. */
NODISCARD enum status change_holding(
	struct change *change, struct holding *out_holding, struct complaint *complaint);
/* ST_NOT_FOUND unless the session is this person's and not over (records/session.h, S2). */
NODISCARD enum status session_lives(
	struct db *db, uint32_t slot, uint32_t user_slot, int64_t now_us);
NODISCARD enum status user_holding(struct db *db, uint32_t user_slot, struct holding *out_holding);
NODISCARD enum status token_holding(
	struct db *db, uint32_t token_slot, int64_t now_us, struct holding *out_holding);

/* Remember an event. Texts are copied. */
struct event_about {
	const char *action; /* static */
	uint32_t account_slot;
	enum entity_kind kind;
	uint32_t slot, last_slot; /* last_slot 0: slot */
	struct span id;
	struct span before, after; /* absent: null */
};
NODISCARD enum status change_event(struct change *change, const struct event_about *about);

/* Write the remembered events and move the head; part of change_commit. */
NODISCARD enum status events_write(struct change *change);

/* The next slot of a counter: "key", "profile", ... count of them; ST_LIMIT at 2^32. */
NODISCARD enum status slot_take(
	struct db *db, const char *counter, uint32_t count, uint32_t *out_first);

/* The hash of an event's text, and what the signature of a head is over. */
NODISCARD bool event_hash(
	struct digest_context *digest, struct span text, uint8_t out_hash[DIGEST_SIZE]);
void head_statement(struct buf *out, const struct head *head);

/* Remember a failure of the disk, so that the connection is not used again. */
NODISCARD enum status snapshot_note(struct snapshot *snapshot, enum status st);

/* ---- parts of changes that other entities need ---- */

/*
 * One-time links of keys (records/handover.h, I2 and I3) that are void by this change: all of an
 * account that has another owner; all that this user, or this management token, made; those of an
 * account whose makers may not handle its keys any more. None has an event of its own.
 */
NODISCARD enum status handovers_void(struct change *change, uint32_t account_slot);
NODISCARD enum status handovers_void_of_user(struct change *change, uint32_t user_slot);
NODISCARD enum status handovers_void_of_token(struct change *change, uint32_t token_slot);
NODISCARD enum status handovers_void_unfit(struct change *change, uint32_t account_slot);

struct user_new;
NODISCARD enum status user_insert(struct change *change, const struct user_new *user, bool is_owner,
	uint32_t *out_slot, struct complaint *complaint);
/* An event of his that says only this; absent: nothing (session.c). */
NODISCARD enum status person_event(
	struct change *change, const char *action, uint32_t user_slot, struct span about);
NODISCARD enum status user_event(
	struct change *change, const char *action, uint32_t slot, struct span before);

/*
 * May he be invited to be the owner? ST_CONFLICT with the complaint why not. He must
 * have enrolled: otherwise whoever holds his link becomes it.
 */
NODISCARD enum status owner_fit_invited(
	const struct record_user *user, struct complaint *complaint);
/* As owner_transfer; any_actor: whoever acts was asked for his right already. */
NODISCARD enum status owner_move(
	struct change *change, uint32_t to_user_slot, bool any_actor, struct complaint *complaint);
/* What waits for somebody to accept the ownership of this user's account is over. */
NODISCARD enum status invitation_drop(struct change *change, uint32_t user_slot);
/* The same, only if it is he who is invited: he is not who he was when it was made. */
NODISCARD enum status invitation_drop_of(struct change *change, uint32_t user_slot);
/* Links by which he was to enrol are void. */
NODISCARD enum status enrolments_drop(struct change *change, uint32_t user_slot);
/* Revoke all live ones of an account, or those that this user made, with an event each. */
NODISCARD enum status management_tokens_end(struct change *change, uint32_t account_slot);
NODISCARD enum status management_tokens_end_of(struct change *change, uint32_t user_slot);

/* Take a profile off a user who holds it, with its event. */
NODISCARD enum status holder_drop(
	struct change *change, uint32_t slot, uint32_t profile_slot, struct complaint *complaint);

/* "resources":[{"product","key"},...] */
NODISCARD enum status resources_append_json(
	struct buf *out, struct db *db, const uint32_t *slots, size_t slots_count);
/* Ascending and without repeats, all of them there; a copy in the change's arena. */
NODISCARD enum status resources_settle(struct change *change, struct slots wanted,
	struct slots *out_settled, struct complaint *complaint);

/* All that a person proves himself with, and his sessions; part of a change that says why. */
NODISCARD enum status login_forget(struct change *change, uint32_t user_slot);

/* ST_INVALID when one of them is Llavero's own: the catalogue is of other products. */
NODISCARD enum status resources_need_none_own(
	struct change *change, struct slots resources, struct complaint *complaint);

/* Unlink a link that is there, with its event. */
NODISCARD enum status link_drop(struct change *change, uint32_t key_slot, uint32_t profile_slot);

/* ---- small things ---- */

/* A copy in the arena; the absent span stays absent. */
NODISCARD enum status span_keep(struct arena *arena, struct span text, struct span *out_kept);

/*
 * A text for people: UTF-8 without control or direction characters, no space
 * at its ends, 1 (or 0) to characters_max characters. field: its name in the API.
 */
NODISCARD enum status text_check(struct span text, const char *field, size_t characters_max,
	bool may_be_empty, struct complaint *complaint);
/* 1 to 63 lower-case letters, digits and inner hyphens. */
bool label_is_fit(struct span label);
/* Lower case, letters, digits, "-" and "."; a leading "*." only if wild. out: 256 bytes. */
NODISCARD enum status host_check(
	struct span host, bool wild, char out_host[LIMIT_HOST + 1], struct complaint *complaint);
/* ST_CONFLICT unless expected is 0 or the version. */
NODISCARD enum status version_check(int64_t expected, int64_t version, struct complaint *complaint);
/* ST_NOT_FOUND becomes the complaint "there is no such {kind}". */
NODISCARD enum status complain_missing(
	enum status st, enum entity_kind kind, struct complaint *complaint);

/* ST_EXISTS becomes the complaint that the name is taken. */
NODISCARD enum status complain_name_taken(
	enum status st, struct span name, struct complaint *complaint);

/* "name": then the value; JSON text, number and time (null for absent or 0). comma before it. */
void json_text(struct buf *out, const char *name, struct span value);
void json_number(struct buf *out, const char *name, int64_t value);
void json_bool(struct buf *out, const char *name, bool value);
void json_time(struct buf *out, const char *name, int64_t at_us);
/* "name": of an object's first member has no comma. */
void json_name(struct buf *out, const char *name);

/* A stored list of networks, a space between them, and back; ADDRESSES_TEXT_MAX holds any. */
#define ADDRESSES_TEXT_MAX (64 * LIMIT_ADDRESSES_PER_KEY)
NODISCARD enum status addresses_read(struct span text, struct arena *arena,
	const struct record_address **out_addresses, size_t *out_count);
void addresses_append_text(struct buf *out, const struct record_address *addresses, size_t count);
/* Every address that the one list holds is in one network of the other; no list: any address. */
bool addresses_within(const struct record_address *addresses, size_t count,
	const struct record_address *others, size_t others_count);
/* "addresses":[...] */
void addresses_append_json(struct buf *out, const struct record_address *addresses, size_t count);

/* ---- reading, on any connection ---- */

/* The first column of all rows, for one number $1: slots, or texts. In arena. */
NODISCARD enum status slots_read(
	struct db *db, const char *sql, uint32_t of, struct arena *arena, struct slots *out_slots);
struct texts {
	const struct span *texts;
	size_t count;
};
NODISCARD enum status texts_read(
	struct db *db, const char *sql, uint32_t of, struct arena *arena, struct texts *out_texts);
/* The slot that sql finds; ST_NOT_FOUND. */
NODISCARD enum status slot_find(struct db *db, const char *sql, const struct db_value *values,
	size_t values_count, uint32_t *out_slot);

NODISCARD enum status account_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_account *out_account);
NODISCARD enum status user_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_user *out_user);
NODISCARD enum status profile_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_profile *out_profile);
NODISCARD enum status resource_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_resource *out_resource);
NODISCARD enum status service_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_service *out_service);
NODISCARD enum status route_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_route *out_route);
NODISCARD enum status key_read(
	struct db *db, uint32_t slot, struct arena *arena, struct record_key *out_key);

#endif
