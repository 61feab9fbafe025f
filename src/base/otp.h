/*
 * One-time codes of a second factor (TOTP, RFC 6238: SHA-1, 30 s, six digits,
 * what every authenticator takes). The project's only door to liboath.
 */
#ifndef BASE_OTP_H
#define BASE_OTP_H

#include "base/buf.h"
#include "base/status.h"

#define OTP_DIGITS 6u

/* Once per process, before the first thread. */
NODISCARD enum status otp_init(void);

/* Has the text the form of a code? */
bool otp_has_form(struct span code);

/*
 * Is it the code of the present step, the one before or the one after? *out_step
 * is which; compare it with the last one used. The work does not depend on the answer.
 */
NODISCARD bool otp_is(struct span secret, int64_t now_us, struct span code, int64_t *out_step);

/* The secret as people and authenticators take it: base32 without padding. */
void otp_append_secret(struct buf *out, struct span secret);
/* "otpauth://totp/..." for the person's authenticator. */
void otp_append_uri(struct buf *out, struct span secret, struct span account, struct span email);

#endif
