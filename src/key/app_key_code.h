/* Inside of src/key only. */
#ifndef KEY_APP_KEY_CODE_H
#define KEY_APP_KEY_CODE_H

#include "key/app_key.h"

/*
 * The text with its letters in the case that an appKey has: the last eight upper,
 * the rest lower. True when that is a valid one; out has text.len characters then.
 */
bool app_key_fold(struct span text, struct span prefix, char out[LIMIT_APP_KEY]);

#endif
