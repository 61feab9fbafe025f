/*
 * What a decision looks up: one consistent revision of keys, tokens, accounts,
 * profiles, resources and routes. src/index implements it over LMDB; tests
 * implement it over tables. Numbers called "slot" are compact ids of the
 * installation, from 1; 0 means none.
 *
 * Spans and pointers in what is returned live in the view's memory: they hold
 * until the view is closed or moved to another revision.
 *
 * Every look-up answers ST_OK, ST_NOT_FOUND (an answer), or a fault
 * (ST_DAMAGED, ST_IO, ST_UNAVAILABLE), which refuses with 503.
 */
#ifndef DECIDE_VIEW_H
#define DECIDE_VIEW_H

#include "base/allowance.h"
#include "base/attr.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"

struct routes; /* decide/routes.h */

enum key_state {
	KEY_NONE = 0, /* never a state of a key: refuses */
	KEY_ACTIVE,
	KEY_INACTIVE,
	KEY_REVOKED
};

/* An IPv4 address stands as ::ffff:a.b.c.d, so one compare serves both. */
struct address {
	uint8_t bytes[16];
	bool known; /* false: the client's address is not known */
};

struct address_range {
	uint8_t bytes[16];   /* bits beyond prefix_bits are zero */
	uint8_t prefix_bits; /* of 128; an IPv4 /24 is 120 */
};

struct view_key {
	uint32_t slot;
	uint32_t account; /* home account */
	enum key_state state;
	int64_t expires_at_us;           /* 0: never. Refused from that instant on */
	struct allowance limits;         /* all 0: none */
	struct span app_key;             /* byte for byte as stored */
	bool has_extra;                  /* external_id and addresses are there: key_extra */
	uint32_t written;                /* the view's own: of which commit it is */
	struct span external_id;         /* absent when there is none */
	unsigned digests_count;          /* live tokens: 0, 1, or 2 while a rotation is open */
	uint8_t digests[2][DIGEST_SIZE]; /* [0] the newest */
	unsigned profiles_count;
	uint32_t profiles[LIMIT_PROFILES_PER_KEY]; /* links in any account; a profile knows its
						      account */
	unsigned addresses_count;                  /* 0: from anywhere */
	struct address_range addresses[LIMIT_ADDRESSES_PER_KEY];
};

/* A digest of the installation, live or retired. */
struct view_token {
	uint32_t key; /* slot of its key */
	bool live;    /* false: retired, kept for diagnosis */
};

struct view_account {
	uint32_t slot;
	struct span name;
	bool active; /* false: suspended */
};

struct view_profile {
	uint32_t slot;
	uint32_t account;
	struct span name;
	const uint8_t *resources; /* resources_count little-endian uint32_t slots, ascending, any
				     alignment */
	size_t resources_count;
};

struct view_resource {
	uint32_t slot;
	struct span product, key, name;
};

struct view {
	void *context;
	enum status (*key_by_app_key)(void *context, struct span app_key, struct view_key *out_key);
	enum status (*key_by_slot)(void *context, uint32_t slot, struct view_key *out_key);
	/*
	 * Read the rest of a key that the same view has just given with has_extra, which ends
	 * it. Apart, so that finding a key takes as long whether it has any: a stranger may
	 * see that time.
	 */
	enum status (*key_extra)(void *context, struct view_key *key);
	enum status (*token_by_digest)(
		void *context, const uint8_t digest[DIGEST_SIZE], struct view_token *out_token);
	enum status (*account_by_slot)(
		void *context, uint32_t slot, struct view_account *out_account);
	enum status (*account_by_name)(
		void *context, struct span name, struct view_account *out_account);
	/* Host as a client sends it, already lower case and without port. */
	enum status (*account_by_host)(
		void *context, struct span host, struct view_account *out_account);
	enum status (*profile_by_slot)(
		void *context, uint32_t slot, struct view_profile *out_profile);
	enum status (*resource_by_slot)(
		void *context, uint32_t slot, struct view_resource *out_resource);
	const struct routes *routes; /* NULL: no catalogue was imported; every route is unknown */
	uint64_t epoch, revision;
	uint64_t keys_count; /* their slots are about 1 to this; 0: not known */
	bool overdue;        /* older than the lease */
	bool stale;          /* and not to be used any more: refuses */
};

/* True when the profile holds the resource; logarithmic. */
bool profile_has(const struct view_profile *profile, uint32_t resource);

/* True when the address lies in the range. */
bool address_in(const struct address *address, const struct address_range *range);

/* "10.0.0.7", "2001:db8::1"; ST_INVALID for anything else (no port, no zone, no brackets). */
NODISCARD enum status address_parse(struct span text, struct address *out_address);

/* "10.0.0.0/8" or one address; host bits must be zero. */
NODISCARD enum status address_range_parse(struct span text, struct address_range *out_range);

struct buf;
void address_append(struct buf *out, const struct address *address);
void address_range_append(struct buf *out, const struct address_range *range);

#endif
