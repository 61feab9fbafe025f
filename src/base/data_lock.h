/*
 * One data directory, one process that may write there: llaverod, or a command
 * that works while llaverod is stopped.
 */
#ifndef BASE_DATA_LOCK_H
#define BASE_DATA_LOCK_H

#include "base/complaint.h"
#include "base/status.h"

#include <sys/types.h>

/*
 * Lock the directory for this process and its children, as long as *out_fd
 * stays open in one of them. uid and gid own the lock's file; (uid_t)-1: leave
 * as it is. ST_BUSY when somebody holds it; ST_DENIED, ST_NOT_FOUND, ST_IO. Always with a
 * complaint.
 */
NODISCARD enum status data_lock_take(
	const char *data_dir, uid_t uid, gid_t gid, int *out_fd, struct complaint *complaint);

#endif
