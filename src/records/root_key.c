#include "records/root_key.h"

#include "base/encode.h"
#include "base/key_file.h"

#include <stdlib.h>

/* Numbers of the keys that come from the root key: never reuse one. */
enum { DERIVED_EVENT_SEED = 1, DERIVED_SEALING = 2, DERIVED_FACTOR = 3, DERIVED_DEVICE = 4 };
#define CONTEXT "llavero "

struct root_key {
	struct key_file_secret *file_secret; /* secret_alloc */
};

static enum status make_file(const char *path, struct key_file_secret *secret)
{
	uint8_t id[8];
	struct buf text = buf_fixed(secret->id, sizeof(secret->id));

	crypto_random(id, sizeof(id));
	encode_hex(&text, id, sizeof(id));
	crypto_random(secret->key, sizeof(secret->key));
	return key_file_create(path, "root", 0600, secret);
}

struct place {
	const char *path;
	bool create, handed;
};

static void complain(enum status st, const struct place *place, struct complaint *complaint)
{
	if (st == ST_DENIED)
		complaint_set(complaint,
			place->handed ? "records.credential_denied" : "records.root_key_denied", 1,
			"path", place->path);
	else if (st == ST_DAMAGED)
		complaint_set(complaint, "records.root_key_damaged", 1, "path", place->path);
	else if (st == ST_NOT_FOUND)
		complaint_set(complaint,
			place->handed ? "records.credential_missing" : "records.root_key_missing",
			1, "path", place->path);
}

static enum status open_place(
	const struct place *place, struct root_key **out_key, struct complaint *complaint)
{
	CLEANUP(root_key_close)
	struct root_key *key = calloc(1, sizeof(*key));
	enum status st;

	if (key == NULL)
		return ST_NO_MEMORY;
	key->file_secret = secret_alloc(sizeof(*key->file_secret));
	if (key->file_secret == NULL)
		return ST_NO_MEMORY;
	st = key_file_read(place->path, "root", place->handed ? 037 : 077, key->file_secret);
	if (st == ST_NOT_FOUND && place->create)
		st = make_file(place->path, key->file_secret);
	if (st != ST_OK) {
		complain(st, place, complaint);
		return st;
	}
	*out_key = key;
	key = NULL;
	return ST_OK;
}

enum status root_key_open(
	const char *path, bool create, struct root_key **out_key, struct complaint *complaint)
{
	return open_place(&(struct place){ path, create, false }, out_key, complaint);
}

enum status root_key_open_handed(
	const char *path, struct root_key **out_key, struct complaint *complaint)
{
	return open_place(&(struct place){ path, false, true }, out_key, complaint);
}

void root_key_close(struct root_key **key)
{
	if (*key == NULL)
		return;
	secret_free((void **)&(*key)->file_secret);
	free(*key);
	*key = NULL;
}

const char *root_key_id(const struct root_key *key)
{
	return key->file_secret->id;
}

void root_key_event_pair(const struct root_key *key, uint8_t out_public[SIGN_PUBLIC_KEY_SIZE],
	uint8_t out_secret[SIGN_SECRET_KEY_SIZE])
{
	uint8_t seed[SYMMETRIC_KEY_SIZE];

	crypto_derive(seed, DERIVED_EVENT_SEED, CONTEXT, key->file_secret->key);
	sign_pair(seed, out_public, out_secret);
	crypto_wipe(seed, sizeof(seed));
}

void root_key_factor(const struct root_key *key, uint8_t out_secret[SYMMETRIC_KEY_SIZE])
{
	crypto_derive(out_secret, DERIVED_FACTOR, CONTEXT, key->file_secret->key);
}

void root_key_device(const struct root_key *key, uint8_t out_secret[SYMMETRIC_KEY_SIZE])
{
	crypto_derive(out_secret, DERIVED_DEVICE, CONTEXT, key->file_secret->key);
}

static void root_key_sealing(const struct root_key *key, uint8_t out_secret[SYMMETRIC_KEY_SIZE])
{
	crypto_derive(out_secret, DERIVED_SEALING, CONTEXT, key->file_secret->key);
}

enum status root_key_write_sealing(const struct root_key *key, const char *path)
{
	struct key_file_secret wanted = { 0 }, there = { 0 };
	enum status st;

	memcpy(wanted.id, key->file_secret->id, sizeof(wanted.id));
	root_key_sealing(key, wanted.key);
	st = key_file_read(path, "sealing", 037, &there);
	if (st != ST_OK || strcmp(wanted.id, there.id) != 0 ||
		!crypto_equal(wanted.key, there.key, sizeof(wanted.key)))
		st = key_file_replace(path, "sealing", 0640, &wanted);
	crypto_wipe(&wanted, sizeof(wanted));
	crypto_wipe(&there, sizeof(there));
	return st;
}
