/*
 * A secret key in a file: one line "llavero-{kind}-key-1 {id} {key}", id of 16
 * and key of 64 lower-case hex digits. kind: "root", "sealing".
 */
#ifndef BASE_KEY_FILE_H
#define BASE_KEY_FILE_H

#include "base/attr.h"
#include "base/crypto.h"

#define KEY_ID_SIZE 17u /* with the ending NUL */

struct key_file_secret {
	char id[KEY_ID_SIZE];
	uint8_t key[SYMMETRIC_KEY_SIZE];
};

/*
 * Read a key. forbidden_mode: the permission bits that it must not have, e.g.
 * 077. ST_NOT_FOUND; ST_DENIED for a symbolic link, no regular file, such a
 * bit, or an owner other than this process's user or root; ST_DAMAGED for any
 * other content; ST_IO. Wipe *out_key with crypto_wipe.
 */
NODISCARD enum status key_file_read(const char *path, const char *kind, unsigned forbidden_mode,
	struct key_file_secret *out_key);

/* Make the file with exactly this mode; on disk when it returns. ST_EXISTS, ST_IO, ST_NO_SPACE. */
NODISCARD enum status key_file_create(
	const char *path, const char *kind, unsigned mode, const struct key_file_secret *key);

/* The same, in the place of what is there. */
NODISCARD enum status key_file_replace(
	const char *path, const char *kind, unsigned mode, const struct key_file_secret *key);

#endif
