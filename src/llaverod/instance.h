/* One data directory, one daemon: the directory itself, its lock and its format. */
#ifndef LLAVEROD_INSTANCE_H
#define LLAVEROD_INSTANCE_H

#include "base/complaint.h"

#include <sys/types.h>

/* What this version writes. A directory with a higher number belongs to a newer one. */
#define INSTANCE_FORMAT 1u

/*
 * Make sure of the directory (made, 0750, when only it is missing) and lock it
 * for this process and its children. *out_lock_fd stays open as long as the
 * daemon lives. uid and gid own what is made; (uid_t)-1: leave as it is. Nothing
 * else is made yet, so that a start that fails leaves nothing.
 *
 * ST_BUSY: another daemon has it. ST_FORMAT: written by a newer version.
 * ST_DENIED, ST_NOT_FOUND, ST_IO: cannot be used. Always with a complaint.
 */
NODISCARD enum status instance_lock(
	const char *data_dir, uid_t uid, gid_t gid, int *out_lock_fd, struct complaint *complaint);

/*
 * Make the format's file and the folders, as who we are from now on. ST_DENIED when
 * something there is another user's, ST_FORMAT, ST_IO, ST_NO_SPACE, with a complaint.
 */
NODISCARD enum status instance_prepare(const char *data_dir, struct complaint *complaint);

#endif
