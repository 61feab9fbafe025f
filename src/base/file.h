/* Small files that must be whole: read at once, put in place at once. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/status.h"

/* Close *fd unless it is negative, and set it to -1. */
void close_fd(int *fd);

/* Append the whole file to out. A symbolic link is ST_DENIED; more than out takes is ST_LIMIT. */
NODISCARD enum status file_read(const char *path, struct buf *out);

/*
 * Write bytes beside path (as `path.new`, mode whatever the umask), sync, put
 * them in its place and sync the directory: after a crash at any instant path
 * holds the old bytes or the new ones. file_create refuses with ST_EXISTS when
 * there is a file.
 */
NODISCARD enum status file_create(const char *path, struct span bytes, unsigned mode);
NODISCARD enum status file_replace(const char *path, struct span bytes, unsigned mode);

/* Sync the directory that path stands in. */
NODISCARD enum status directory_sync(const char *path);

#endif
