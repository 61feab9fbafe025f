/*
 * The root key of an installation: 32 random bytes with an id, in a file of
 * mode 0600 outside the database (base/key_file.h). All other keys come from
 * it. It lives in locked memory and leaves the process never.
 */
#ifndef RECORDS_ROOT_KEY_H
#define RECORDS_ROOT_KEY_H

#include "base/complaint.h"
#include "base/crypto.h"

struct root_key; /* opaque */

/*
 * Read the file, or make it when it is not there and create is set. Refused
 * are a symbolic link, another owner than this process or root, any right for
 * group or others: ST_DENIED; another content: ST_DAMAGED; ST_NOT_FOUND, ST_IO,
 * ST_NO_SPACE, ST_NO_MEMORY. The complaint is filled for the first three.
 */
NODISCARD enum status root_key_open(
	const char *path, bool create, struct root_key **out_key, struct complaint *complaint);
/*
 * The same for a key that systemd hands over: it is never made, and its group may
 * read it, for that is how the rights of another user than root show on it.
 */
NODISCARD enum status root_key_open_handed(
	const char *path, struct root_key **out_key, struct complaint *complaint);
/* Wipes it. */
void root_key_close(struct root_key **key);

/* 16 lower-case hex digits. */
const char *root_key_id(const struct root_key *key);

void root_key_event_pair(const struct root_key *key, uint8_t out_public[SIGN_PUBLIC_KEY_SIZE],
	uint8_t out_secret[SIGN_SECRET_KEY_SIZE]);

/* What people's second factors are sealed with, and what devices are known again by. */
void root_key_factor(const struct root_key *key, uint8_t out_secret[SYMMETRIC_KEY_SIZE]);
void root_key_device(const struct root_key *key, uint8_t out_secret[SYMMETRIC_KEY_SIZE]);

/*
 * Write the sealing key as a file of its own, for gates, which must not see
 * the root key: mode 0640, replaced at once, only when it differs. Its id is
 * the root key's.
 */
NODISCARD enum status root_key_write_sealing(const struct root_key *key, const char *path);

#endif
