#include "base/otp.h"

#include "base/clock.h"
#include "base/crypto.h"

#include <liboath/oath.h>
#include <stdlib.h>

#define STEP_S 30
#define ISSUER "Llavero"

enum status otp_init(void)
{
	return oath_init() == OATH_OK ? ST_OK : ST_UNAVAILABLE;
}

bool otp_has_form(struct span code)
{
	for (size_t i = 0; i < code.len; i++) {
		if (code.ptr[i] < '0' || code.ptr[i] > '9')
			return false;
	}
	return code.len == OTP_DIGITS;
}

bool otp_is(struct span secret, int64_t now_us, struct span code, int64_t *out_step)
{
	int64_t step = now_us / US_PER_S / STEP_S;
	char padded[OTP_DIGITS] = { 0 }, wanted[OTP_DIGITS + 1];
	bool found = false;

	if (otp_has_form(code))
		memcpy(padded, code.ptr, OTP_DIGITS);
	for (int64_t at = step - 1; at <= step + 1; at++) {
		if (oath_totp_generate(secret.ptr, secret.len, (time_t)(at * STEP_S), STEP_S,
			    OATH_TOTP_DEFAULT_START_TIME, OTP_DIGITS, wanted) != OATH_OK)
			return false;
		if (crypto_equal(wanted, padded, OTP_DIGITS)) {
			*out_step = at;
			found = true;
		}
	}
	crypto_wipe(wanted, sizeof(wanted));
	return found;
}

void otp_append_secret(struct buf *out, struct span secret)
{
	char *text = NULL;
	size_t len = 0;

	if (oath_base32_encode(secret.ptr, secret.len, &text, &len) != OATH_OK) {
		out->failed = true;
		return;
	}
	while (len > 0 && text[len - 1] == '=')
		len--;
	buf_append(out, span_of(text, len));
	crypto_free_wiped(text);
}

static void append_encoded(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';

		if (plain)
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void otp_append_uri(struct buf *out, struct span secret, struct span account, struct span email)
{
	buf_append_str(out, "otpauth://totp/" ISSUER "%20");
	append_encoded(out, account);
	buf_append_char(out, ':');
	append_encoded(out, email);
	buf_append_str(out, "?secret=");
	otp_append_secret(out, secret);
	buf_append_str(out, "&issuer=" ISSUER "%20");
	append_encoded(out, account);
}
