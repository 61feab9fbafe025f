/*
 * Backup to a file while everything runs, and restore while nothing does. A
 * backup holds no root key. Both files have mode 0600.
 */
#ifndef RECORDS_BACKUP_H
#define RECORDS_BACKUP_H

#include "records/records.h"
#include "records/verify.h"

#include <limits.h>

/*
 * A consistent copy of the database, complete and on disk when it returns.
 * path must not exist yet: ST_EXISTS. out_head: what it holds.
 */
NODISCARD enum status records_backup(struct records *records, const char *path,
	struct head *out_head, struct complaint *complaint);

struct restore_options {
	const struct records_options *records; /* where it goes */
	const char *path;                      /* of the backup */
	bool replace;                          /* there may be a database */
	verify_progress_fn *progress;          /* may be NULL */
	void *progress_arg;
};

struct restore_result {
	struct head head;     /* of the backup */
	char aside[PATH_MAX]; /* where the database that was there went; "" when there was none */
};

/*
 * Put a backup in the place of the database of options (which nobody has open;
 * ST_BUSY otherwise). Checked first: that it is a whole database of a known
 * version, its chain of events and signatures, and that it is of this
 * installation. The database that was there stays beside it, under the first
 * free name of DATABASE.before-restore, DATABASE.before-restore-2 and so on;
 * without replace its being there is ST_EXISTS. Opening it afterwards says
 * ST_STALE when it is older than the high-water mark.
 */
NODISCARD enum status records_restore(const struct restore_options *options,
	struct restore_result *out_result, struct complaint *complaint);

/* ---- what a restored older database gives back ---- */

enum lost_kind {
	LOST_REVOKED = 1,    /* a key that was revoked */
	LOST_DEACTIVATED,    /* a key that was deactivated */
	LOST_RETIRED,        /* a token that was retired: app_key is its key */
	LOST_SUSPENDED,      /* an account that was suspended */
	LOST_MANAGEMENT,     /* a management token that was revoked, of the account */
	LOST_USER_SUSPENDED, /* a user who was suspended or erased */
	LOST_USER_LOGIN,     /* the password or second factor that a user had before */
	LOST_USER_PROFILE    /* an access profile that was taken from a user */
};
/* "key_revoked", ... */
const char *lost_kind_name(enum lost_kind kind);

struct lost {
	enum lost_kind kind;
	struct span account;
	struct span app_key; /* absent: it is of no key */
	struct span user;    /* his e-mail address in the older one; absent: it is of no user */
};
typedef enum status lost_fn(void *arg, const struct lost *lost);

/*
 * Compare the database of url with the newer ones that restores put aside, and
 * name what had been taken away and is alive again. Neither is changed. *out_events: how
 * many events of the newest were lost. ST_NOT_FOUND: no newer one is there that
 * can be read, so that nobody knows; stops at the first status of fn that is not ST_OK.
 */
NODISCARD enum status records_lost(const char *url, lost_fn *fn, void *arg, int64_t *out_events);

#endif
