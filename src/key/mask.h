/*
 * Text that somebody sent and that is said or logged: what could be a
 * credential in it is cut, for people paste one in the wrong place.
 */
#ifndef KEY_MASK_H
#define KEY_MASK_H

#include "base/complaint.h"

/*
 * Cut in place, to its first characters and "...", each run of letters, digits,
 * '-' and '_' that is as long as a credential (LIMIT_APP_TOKEN_IMPORT_MIN) and
 * has letters and digits both, unless it is an appKey of ours. What is cut is
 * wiped. Returns the new length; writes no NUL.
 */
size_t mask_secrets(char *text, size_t len);

/* The same for every value of a complaint. */
void mask_complaint(struct complaint *complaint);

#endif
