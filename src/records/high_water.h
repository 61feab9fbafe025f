/*
 * The high-water mark: the newest head that this installation ever answered
 * for, in a small file beside the database but outside of it and of its
 * backups. A database behind it was restored from an older backup, where a
 * revoked key may be alive again.
 *
 * The file holds a checkpoint (records/verify.h), so that it cannot be forged
 * without the root key. It is written and on disk
 *   - before the answer to a change that takes access away (revoke,
 *     deactivate, unlink, retire, suspend, narrow a profile or route): what was
 *     taken away must not come back unnoticed;
 *   - within about a second after any other change, and at the end: losing
 *     one of these to an unnoticed restore gives nobody access.
 * It is written after the commit, never before: a mark ahead of the database
 * would make a plain crash look like a restore.
 */
#ifndef RECORDS_HIGH_WATER_H
#define RECORDS_HIGH_WATER_H

#include "records/verify.h"

#define HIGH_WATER_FILE "high-water"

/* The mark in data_dir. ST_NOT_FOUND: none yet; ST_DAMAGED: not a mark; ST_IO. */
NODISCARD enum status high_water_read(const char *data_dir, struct checkpoint *out_mark);
/* Is there one, of whatever content? Then this directory had records and a root key. */
bool high_water_is_there(const char *data_dir);
/* Replace it, mode 0600, on disk when it returns. ST_IO, ST_NO_SPACE. */
NODISCARD enum status high_water_write(const char *data_dir, const struct checkpoint *mark);

#endif
