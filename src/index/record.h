/*
 * The records of the index and their codec. Pure: bytes in, bytes out.
 *
 * All records stand in one B-tree under 8-byte integers: the kind in the top 4
 * bits, below it the slot, or 60 bits of a SipHash (key: random per index) of
 * the text or digest. Under one integer stand the records of all texts with
 * that hash, one after another; each holds its own text, which is compared.
 *
 * A record, little-endian:
 *   0  u64  check: SipHash (another random key) of all that follows
 *   8  u32  kind in the top 4 bits, size of the whole record below
 *  12  u32  written: number of the commit that wrote it (index/head.h)
 *  16  body
 *
 * I1: nothing of a record is believed before record_open() has checked it.
 * I2: a record of one kind, slot or text never passes for another's: kind and
 *     own key are inside and under the check.
 */
#ifndef INDEX_RECORD_H
#define INDEX_RECORD_H

#include "base/buf.h"
#include "decide/view.h"
#include "index/writer.h"

#define INDEX_FORMAT 2u

#define RECORD_HEADER 16u
#define RECORD_SIZE_MAX ((1u << 28) - 1)
/* Without routes: the largest is a profile with all resources, or an account with its hosts. */
#define RECORD_SMALL_MAX (512 * KIB)

enum record_kind {
	KIND_NONE = 0,
	KIND_META,
	KIND_ACCOUNT,
	KIND_ACCOUNT_NAME,
	KIND_HOST,
	KIND_PROFILE,
	KIND_RESOURCE,
	KIND_ROUTES,
	KIND_KEY_SLOT,
	KIND_KEY_EXTRA, /* addresses and external id, only when there are any */
	KIND_KEY,
	KIND_TOKEN,
	KIND_COUNT
};

/* Random per index, so that neither hashes nor checks of one fit another. Not secret. */
struct record_keys {
	uint8_t lookup[16];
	uint8_t check[16];
};

struct record {
	enum record_kind kind;
	uint32_t written;
	size_t size;
	struct span body;
};

struct record_meta {
	struct record_keys keys;
	struct index_mark mark;
	uint64_t keys_count;
};

/* The integers under which records stand. */
uint64_t record_at_slot(enum record_kind kind, uint32_t slot);
uint64_t record_at_hash(const struct record_keys *keys, enum record_kind kind, struct span text);

/* The check key of KIND_META, which holds the others. */
extern const struct record_keys record_keys_of_meta;

/*
 * Check the record that bytes begin with; more may follow. ST_DAMAGED unless
 * kind, size and check are right.
 */
NODISCARD enum status record_open(const struct record_keys *keys, enum record_kind kind,
	struct span bytes, struct record *out_record);

/* The same for bytes whose check is known to be right; the rest is looked at again. */
NODISCARD enum status record_open_checked(
	enum record_kind kind, struct span bytes, struct record *out_record);

/*
 * The slot that the key record at the beginning of bytes claims, before any check: good for
 * nothing but fetching ahead. 0 when bytes are too few.
 */
uint32_t record_key_slot_claimed(struct span bytes);

/* Decoders of an opened record: ST_DAMAGED when the body has not the form of its kind. */
NODISCARD enum status record_read_meta(const struct record *record, struct record_meta *out_meta);
NODISCARD enum status record_read_account(
	const struct record *record, struct view_account *out_account, struct span *out_hosts);
/* For KIND_ACCOUNT_NAME and KIND_HOST. */
NODISCARD enum status record_read_name(
	const struct record *record, uint32_t *out_slot, struct span *out_name);
NODISCARD enum status record_read_profile(
	const struct record *record, struct view_profile *out_profile);
NODISCARD enum status record_read_resource(
	const struct record *record, struct view_resource *out_resource);
NODISCARD enum status record_read_routes(const struct record *record, struct span *out_compiled);
/* All but addresses and external id; *out_key is overwritten but for unused array elements. */
NODISCARD enum status record_read_key(
	const struct record *record, struct view_key *out_key, bool *out_has_extra);
NODISCARD enum status record_read_key_slot(
	const struct record *record, uint32_t *out_slot, uint64_t *out_at);
NODISCARD enum status record_read_key_extra(
	const struct record *record, uint32_t *out_slot, struct view_key *out_key);
NODISCARD enum status record_read_token(
	const struct record *record, uint8_t out_digest[DIGEST_SIZE], struct view_token *out_token);

/* The hosts of an account one by one: false at the end. *hosts starts as record_read_account's. */
bool record_next_host(struct span *hosts, struct span *out_host);

/*
 * Encoders: append one whole record. ST_LIMIT (a part is beyond its maximum), ST_INVALID (a slot
 * of 0, resources not ascending, an empty key), ST_NO_MEMORY; out is then as it was.
 */
struct record_writer {
	const struct record_keys *keys;
	uint32_t written;
	struct buf *out;
};
NODISCARD enum status record_write_meta(struct record_writer *to, const struct record_meta *meta);
NODISCARD enum status record_write_account(
	struct record_writer *to, const struct index_account *account);
NODISCARD enum status record_write_name(
	struct record_writer *to, enum record_kind kind, uint32_t slot, struct span name);
NODISCARD enum status record_write_profile(
	struct record_writer *to, const struct view_profile *profile);
NODISCARD enum status record_write_resource(
	struct record_writer *to, const struct view_resource *resource);
NODISCARD enum status record_write_routes(struct record_writer *to, struct span compiled);
NODISCARD enum status record_write_key(struct record_writer *to, const struct view_key *key);
NODISCARD enum status record_write_key_slot(struct record_writer *to, uint32_t slot, uint64_t at);
/* Has this key an extra record? */
bool record_key_has_extra(const struct view_key *key);
NODISCARD enum status record_write_key_extra(struct record_writer *to, const struct view_key *key);
NODISCARD enum status record_write_token(struct record_writer *to,
	const uint8_t digest[DIGEST_SIZE], const struct view_token *token);

#endif
