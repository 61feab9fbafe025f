/*
 * The records as plain values, as they are read back: what is stored about an
 * account, user, profile, resource, service, route or key.
 *
 * Spans and arrays point into the arena that the reader was given (getters) or
 * live until the callback returns (scans). "slot" is the compact id of a
 * record: 32 bits, from 1, never used again after its record is gone.
 * "version" counts the changes of one record, from 1; it is its ETag.
 * Absent optional texts are absent spans. Times are as in base/clock.h.
 */
#ifndef RECORDS_RECORD_H
#define RECORDS_RECORD_H

#include "base/allowance.h"
#include "base/buf.h"
#include "base/crypto.h"

/* What an event is about. The numbers are stored: never reorder. */
enum entity_kind {
	ENTITY_NONE = 0,
	ENTITY_INSTALLATION = 1,
	ENTITY_ACCOUNT = 2,
	ENTITY_USER = 3,
	ENTITY_PROFILE = 4,
	ENTITY_PREDEFINED = 5, /* a profile of the catalogue, in no account */
	ENTITY_RESOURCE = 6,
	ENTITY_SERVICE = 7,
	ENTITY_ROUTE = 8,
	ENTITY_KEY = 9,   /* its tokens and links too */
	ENTITY_KEYS = 10, /* many keys imported by one event */
	ENTITY_MANAGEMENT_TOKEN = 11,
	ENTITY_KIND_COUNT
};

/* "account", "profile", ...; NULL for a number that is none. */
const char *entity_name(enum entity_kind kind);
/* ENTITY_NONE for a text that is none. */
enum entity_kind entity_of_name(struct span name);

enum account_state { ACCOUNT_ACTIVE = 1, ACCOUNT_SUSPENDED = 2 };

struct record_account {
	uint32_t slot;
	struct span name;
	struct span display_name;
	enum account_state state;
	const struct span *hosts; /* by bytes */
	size_t hosts_count;
	uint32_t owner_slot;       /* the user */
	bool manages_installation; /* catalog.edit counts there */
	int64_t created_at_us;
	int64_t version;
};

enum user_state { USER_ACTIVE = 1, USER_SUSPENDED = 2, USER_ERASED = 3 };

/* A profile that a user holds. */
struct record_held {
	uint32_t slot;
	struct span name;
};

struct record_user {
	uint32_t slot;
	uint32_t account_slot;
	struct span email; /* absent once the person was erased */
	struct span name;  /* absent when not given or erased */
	bool is_owner;
	bool is_enrolled;         /* has set a password and a second factor */
	uint32_t link_made_by;    /* who made the link to enrol with, if not the owner; else 0 */
	int64_t codes_held_at_us; /* since when his codes let no unknown device in; 0: they do */
	enum user_state state;
	const struct record_held *profiles; /* by slot */
	size_t profiles_count;
	int64_t created_at_us;
	int64_t version;
};

struct record_profile {
	uint32_t slot;
	uint32_t account_slot; /* 0: predefined, in no account; never linked */
	struct span account;   /* its name; absent in scans */
	struct span name;
	bool handles_keys;              /* with keys.edit in it: whoever holds it may change keys */
	const uint32_t *resource_slots; /* ascending */
	size_t resources_count;
	int64_t created_at_us;
	int64_t version;
};

struct record_resource {
	uint32_t slot;
	struct span product;
	struct span category; /* may be empty */
	struct span key;
	struct span name;    /* for people */
	struct span aliases; /* further names that documents use, one a line; may be empty */
	int64_t version;
};

enum record_unmapped { RECORD_UNMAPPED_REFUSE = 1, RECORD_UNMAPPED_AUTHENTICATED = 2 };
enum record_preflight { RECORD_PREFLIGHT_REFUSE = 1, RECORD_PREFLIGHT_PASS = 2 };
enum record_semicolon { RECORD_SEMICOLON_REFUSE = 1, RECORD_SEMICOLON_STRIP = 2 };

struct record_service {
	uint32_t slot;
	struct span name;
	const struct span *hosts; /* lower case, "*.example.com" is a pattern; none: every host */
	size_t hosts_count;
	struct span base_path; /* "" or "/..." without a trailing slash */
	enum record_unmapped unmapped;
	enum record_preflight preflight;
	enum record_semicolon semicolon;
	bool case_insensitive;
	int64_t version;
};

enum record_needs {
	RECORD_NEEDS_RESOURCES = 1,
	RECORD_NEEDS_PUBLIC = 2,
	RECORD_NEEDS_AUTHENTICATED = 3
};

struct record_route {
	uint32_t slot;
	uint32_t service_slot;
	struct span service; /* its name; absent in scans */
	struct span method;
	struct span path; /* the template, under the service's base path */
	enum record_needs needs;
	const uint32_t *resource_slots; /* any one of them does; ascending; only for
					   RECORD_NEEDS_RESOURCES */
	size_t resources_count;         /* none: nobody passes */
	struct span sources; /* the imported documents that state it, sorted, one a line; empty:
				a person does */
	int64_t version;
};

/* Expired is not a state: it follows from expires_at_us and the time of the question. */
enum record_key_state { RECORD_KEY_ACTIVE = 1, RECORD_KEY_INACTIVE = 2, RECORD_KEY_REVOKED = 3 };

enum revoke_reason {
	REVOKE_NONE = 0,
	REVOKE_COMPROMISED = 1,
	REVOKE_UNUSED = 2,
	REVOKE_REPLACED = 3,
	REVOKE_CONTRACT_ENDED = 4,
	REVOKE_OTHER = 5,
	REVOKE_REASON_COUNT
};

/* "compromised", "unused", "replaced", "contract_ended", "other"; "" for REVOKE_NONE. */
const char *revoke_reason_name(enum revoke_reason reason);
/* REVOKE_NONE for a text that is none. */
enum revoke_reason revoke_reason_of_name(struct span name);
const char *record_key_state_name(enum record_key_state state);

/* A network: family 4 or 6, the host bits zero (IPv4 in the first four bytes). */
struct record_address {
	uint8_t family;
	uint8_t prefix_len;
	uint8_t bytes[16];
};

enum record_token_kind {
	RECORD_TOKEN_CURRENT = 1,
	RECORD_TOKEN_PREVIOUS = 2,
	RECORD_TOKEN_RETIRED = 3
};

enum retire_cause {
	RETIRE_NONE = 0,
	RETIRE_ROTATED = 1,   /* the rotation was finished or its overlap ended */
	RETIRE_CANCELLED = 2, /* the rotation that made it was cancelled */
	RETIRE_KEY_REVOKED = 3
};

struct record_token {
	uint8_t digest[DIGEST_SIZE];
	uint32_t key_slot;
	enum record_token_kind kind;
	enum retire_cause cause; /* RETIRE_NONE while live */
	int64_t created_at_us;
	int64_t retired_at_us;  /* 0 while live */
	struct span retired_by; /* the actor, as in events; absent while live and in scans */
};

struct record_link {
	uint32_t profile_slot;
	uint32_t account_slot; /* the profile's; another than the key's for an external key */
	struct span profile;   /* names; absent in scans */
	struct span account;
};

/* Why a one-time link is void. The numbers are stored. */
enum handover_void {
	HANDOVER_VOID_KEY = 0, /* by what was done to its key since */
	HANDOVER_VOID_MAKER = 1,
	HANDOVER_VOID_OWNER = 2
};

/* A one-time link (records/handover.h). All 0: there is none. */
struct record_handover {
	uint32_t key_slot;
	bool is_rotation;   /* of a key that has a token; false: its first one */
	int64_t overlap_us; /* of that rotation */
	int64_t created_at_us;
	int64_t expires_at_us;
	int64_t opened_at_us; /* 0: it was not */
	int64_t voided_at_us; /* 0: it was not */
	enum handover_void void_cause;
	uint32_t made_by_user, made_by_token; /* both 0: by the operator */
};

struct record_key {
	uint32_t slot;
	struct span app_key;
	uint32_t account_slot;
	struct span account; /* its name; absent in scans */
	enum record_key_state state;
	enum revoke_reason reason;
	int64_t created_at_us;
	int64_t expires_at_us; /* 0: never. Dead from this instant on. */
	int64_t revoked_at_us;
	bool rotation_open;
	int64_t rotation_ends_at_us; /* 0: open until finished by hand, or none open */
	struct span label;
	struct span external_id;                /* absent when none */
	struct span metadata;                   /* canonical JSON; absent when none */
	const struct record_address *addresses; /* none: any address */
	size_t addresses_count;
	struct allowance limits;           /* all 0: none */
	const struct record_token *tokens; /* current, previous, then retired, newest first */
	size_t tokens_count;
	size_t live_count; /* how many of them are live: 0 (never issued, or revoked), 1 or 2 */
	const struct record_link *links; /* by profile slot */
	size_t links_count;
	struct record_handover handover; /* the newest but those void by HANDOVER_VOID_KEY; absent
					    in scans */
	int64_t version;
};

/*
 * Canonical JSON without secrets: the API's answers and the events' before and
 * after. Compact, keys in a fixed order, ASCII. viewer: the account that may
 * read it; links into other accounts are left out, and of a key of another account
 * all that does not decide here, but for when it was made. VIEWER_ALL: the operator.
 * Users: the personal part (e-mail, name) only on request, never for events.
 */
#define VIEWER_ALL 0u

void account_append_json(struct buf *out, const struct record_account *account);
void user_append_json(struct buf *out, const struct record_user *user, bool with_personal);
void resource_append_json(struct buf *out, const struct record_resource *resource);
void service_append_json(struct buf *out, const struct record_service *service);
void key_append_json(struct buf *out, const struct record_key *key, uint32_t viewer_account_slot);
/* The same with the link of its handover, which is a secret: for the one answer that shows it. */
void key_append_json_handed(struct buf *out, const struct record_key *key,
	uint32_t viewer_account_slot, struct span url_secret);

/* A name for a token that says nothing of it, nor of its digest. */
struct digest_context;
void token_append_id(
	struct buf *out, const uint8_t digest[DIGEST_SIZE], struct digest_context *context);

/* These name resources, which are looked up in the snapshot. */
struct snapshot;
NODISCARD enum status profile_append_json(
	struct buf *out, struct snapshot *snapshot, const struct record_profile *profile);
NODISCARD enum status route_append_json(
	struct buf *out, struct snapshot *snapshot, const struct record_route *route);

/* "10.0.0.0/8", "2001:db8::/32" */
void record_address_append(struct buf *out, const struct record_address *address);

#endif
