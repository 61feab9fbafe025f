/*
 * Preloaded into a daemon, it counts the work that a login costs, and holds the checking of
 * passwords for as long as a test wants. The control file (HASH_SHIM names it) is mapped at the
 * start. It stands before libsodium's and liboath's own functions.
 */
#include "control.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

/* hash_shim.mjs writes the same. */
struct control {
	_Atomic uint32_t held;   /* passwords that are checked wait */
	_Atomic uint32_t inside; /* of them, those that are being checked now */
	_Atomic uint32_t checks, makes, steps;
};

static struct control idle;
static struct control *control = &idle;

__attribute__((constructor)) static void shim_start(void)
{
	control = control_map("HASH_SHIM", sizeof(*control), &idle);
}

/* The function of this name that we stand before. */
static void next_of(const char *name, void *out_function)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	*(void **)out_function = found;
}

EXPORT int crypto_pwhash_argon2id_str_verify(
	const char *text, const char *password, unsigned long long password_len)
{
	int (*next)(const char *, const char *, unsigned long long);
	int result;

	next_of("crypto_pwhash_argon2id_str_verify", &next);
	atomic_fetch_add(&control->checks, 1);
	atomic_fetch_add(&control->inside, 1);
	while (atomic_load(&control->held) != 0)
		(void)nanosleep(&(struct timespec){ 0, 1000000L }, NULL);
	result = next(text, password, password_len);
	atomic_fetch_sub(&control->inside, 1);
	return result;
}

EXPORT int crypto_pwhash_argon2id_str(char *out, const char *password,
	unsigned long long password_len, unsigned long long passes, size_t memory)
{
	int (*next)(char *, const char *, unsigned long long, unsigned long long, size_t);

	next_of("crypto_pwhash_argon2id_str", &next);
	atomic_fetch_add(&control->makes, 1);
	return next(out, password, password_len, passes, memory);
}

/* signature: liboath */
EXPORT int oath_totp_generate(const char *secret, size_t secret_len, time_t now, unsigned step,
	time_t start, unsigned digits, char *out)
{
	int (*next)(const char *, size_t, time_t, unsigned, time_t, unsigned, char *);

	next_of("oath_totp_generate", &next);
	atomic_fetch_add(&control->steps, 1);
	return next(secret, secret_len, now, step, start, digits, out);
}
