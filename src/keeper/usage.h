/*
 * Use as the API shows it, and how it comes there: a thread of its own drains the
 * ledger into the records, so that neither changes nor decisions wait for it.
 */
#ifndef KEEPER_USAGE_H
#define KEEPER_USAGE_H

#include "keeper/api.h"
#include "records/usage.h"

/* ,"lastUse":{"at","address","gateway"} or null; also for a key that the caller does not own. */
NODISCARD enum status usage_append_last(
	struct api_call *call, const struct record_key *key, struct buf *out);

/* "name":"2027-01-31T12:00:00Z", null for 0; a text, null when absent or empty. */
void usage_append_time(struct buf *out, const char *name, int64_t at_us);
void usage_append_text(struct buf *out, const char *name, struct span value);
/* "key":{"appKey","label"}. What is gone, or not the caller's to see, is null: its uses count. */
NODISCARD enum status usage_append_key_name(struct api_call *call, uint32_t slot, struct buf *out);
/* "token":"..." as the id of the key's tokens. */
void usage_append_token_id(struct buf *out, const uint8_t digest[DIGEST_SIZE]);
/* ,"countedSince","countedUntil": between them what is said here was counted. */
NODISCARD enum status usage_append_counted(struct api_call *call, struct buf *out);

/* The thread; it waits for records and ledger by itself. */
struct drain;
NODISCARD enum status drain_start(struct keeper *keeper, struct drain **out_drain);
void drain_end(struct drain **drain);

#endif
