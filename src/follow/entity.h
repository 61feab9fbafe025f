/* One record of the records as one of the index. */
#ifndef FOLLOW_ENTITY_H
#define FOLLOW_ENTITY_H

#include "index/writer.h"
#include "records/snapshot.h"

/* Put what a record says. The texts are copied. */
NODISCARD enum status entity_put_account(
	struct index_writer *writer, const struct record_account *account);
/* Those of the catalogue (account 0) are never linked and do not stand in the index. */
NODISCARD enum status entity_put_profile(
	struct index_writer *writer, const struct record_profile *profile);
NODISCARD enum status entity_put_resource(
	struct index_writer *writer, const struct record_resource *resource);
/* With its tokens, live and retired. */
NODISCARD enum status entity_put_key(struct index_writer *writer, const struct record_key *key);

/* What the decision reads of a key: used by tests, too. ST_LIMIT. */
NODISCARD enum status entity_view_key(const struct record_key *key, struct view_key *out_key);

/*
 * Compile services and routes of the snapshot into out. ST_INVALID, ST_EXISTS, ST_LIMIT: they
 * do not compile, and the complaint (may be NULL) says why; other failures are those of the
 * snapshot and of memory.
 */
NODISCARD enum status entity_build_routes(
	struct snapshot *snapshot, struct buf *out, struct complaint *complaint);

#endif
