/*
 * The text of an appKey: {prefix}-{account}-{8 characters}.
 *
 * The 8 characters are of TOKEN_ALPHABET; the last two are a check over the
 * whole text, so that a mistyped appKey is known as such offline. Every single
 * wrong character and every swap of two neighbours is seen; of other changes
 * one in 1,024 passes. Imported appKeys look otherwise or fail the check, and
 * work all the same: an appKey is matched exactly first, and only then explained.
 *
 * An appKey is public. Pure.
 */
#ifndef KEY_APP_KEY_H
#define KEY_APP_KEY_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"

#define APP_KEY_PREFIX_DEFAULT "appkey"
#define APP_KEY_PREFIX_MAX 32u
#define APP_KEY_TAIL_LEN 8u
#define APP_KEY_RANDOM_SIZE 4u /* bytes; 30 of their 32 bits are used */

/* [a-z][a-z0-9-]{0,31}, not ending in "-". */
bool app_key_prefix_ok(struct span prefix);

/* An account's name: [a-z][a-z0-9-]{1,62}. */
bool account_name_ok(struct span account);

/*
 * Append the appKey of account for these random bytes to out. ST_INVALID when
 * prefix or account is not acceptable, ST_LIMIT when out is too small. Another
 * key may have the same text already: draw again then.
 */
NODISCARD enum status app_key_make(struct span prefix, struct span account,
	const uint8_t random[APP_KEY_RANDOM_SIZE], struct buf *out);

/* What can be said of a text offline. */
enum app_key_form {
	APP_KEY_FOREIGN = 0, /* not our form: imported, or nonsense */
	APP_KEY_VALID,       /* our form and the check holds */
	APP_KEY_TYPO,        /* our prefix, but form or check does not hold */
	APP_KEY_CASE,        /* becomes valid when upper and lower case are put right */
};

enum app_key_form app_key_check(struct span text, struct span prefix);

/* The account that the text names when it has our form (check or not); absent otherwise. */
struct span app_key_account(struct span text, struct span prefix);

/* True for 1..LIMIT_APP_KEY bytes of 0x21-0x7E: what an imported appKey may be. */
bool app_key_import_ok(struct span text);

/*
 * How many characters differ: wrong, left out, too many, or two neighbours
 * swapped, each 1. Bounded: everything above APP_KEY_DISTANCE_MAX is
 * APP_KEY_DISTANCE_MAX + 1, at a cost of a few bytes compared.
 */
#define APP_KEY_DISTANCE_MAX 3u
unsigned app_key_distance(struct span a, struct span b);

/*
 * The nearest of many known keys, for the owner's diagnosis. Begin with the
 * text that was presented, offer every known key of the account, then read
 * best (empty: none within APP_KEY_DISTANCE_MAX). Of equals the first offered.
 */
struct app_key_nearest {
	struct span wanted;
	char best[LIMIT_APP_KEY];
	size_t best_len;
	unsigned distance;
};

void app_key_nearest_begin(struct app_key_nearest *nearest, struct span wanted);
void app_key_nearest_offer(struct app_key_nearest *nearest, struct span known);

#endif
