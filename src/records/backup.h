/*
 * Backup to a file while everything runs, and restore while nothing does. A
 * backup holds no root key. Both files have mode 0600.
 */
#ifndef RECORDS_BACKUP_H
#define RECORDS_BACKUP_H

#include "records/records.h"

/*
 * A consistent copy of the database, complete and on disk when it returns.
 * path must not exist yet: ST_EXISTS. out_head: what it holds.
 */
NODISCARD enum status records_backup(struct records *records, const char *path,
	struct head *out_head, struct complaint *complaint);

/*
 * Put a backup in the place of the database of options (which nobody has open;
 * ST_BUSY otherwise). Checked first: that it is a whole database of a known
 * version, its chain of events and signatures, and that it is of this
 * installation. The database that was there stays beside it, with the suffix
 * ".before-restore". Opening it afterwards says ST_STALE when it is older than
 * the high-water mark.
 */
NODISCARD enum status records_restore(const struct records_options *options, const char *path,
	struct head *out_head, struct complaint *complaint);

#endif
