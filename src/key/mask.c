#include "key/mask.h"

#include "base/crypto.h"
#include "key/app_key.h"
#include "key/text.h"

#define SHOWN 4u
#define DOTS 3u

static bool is_letter(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static bool in_run(char c)
{
	return ascii_is_digit(c) || is_letter(c) || c == '-' || c == '_';
}

/* Whatever the installation's prefix is. */
static bool is_app_key(struct span run)
{
	return span_present(app_key_account(run, span_part(run, 0, span_find(run, '-'))));
}

static bool could_be_secret(struct span run)
{
	bool letter = false, digit = false;

	if (run.len < LIMIT_APP_TOKEN_IMPORT_MIN)
		return false;
	for (size_t i = 0; i < run.len; i++) {
		letter = letter || is_letter(run.ptr[i]);
		digit = digit || ascii_is_digit(run.ptr[i]);
	}
	return letter && digit && !is_app_key(run);
}

size_t mask_secrets(char *text, size_t len)
{
	size_t kept = 0, from = 0;

	while (from < len) {
		size_t run = 0, shown;

		while (from + run < len && in_run(text[from + run]))
			run++;
		shown = run > 0 ? run : 1;
		if (could_be_secret(span_of(text + from, run))) {
			memset(text + from + SHOWN, '.', DOTS);
			shown = SHOWN + DOTS;
		}
		memmove(text + kept, text + from, shown);
		kept += shown;
		from += run > 0 ? run : 1;
	}
	crypto_wipe(text + kept, len - kept);
	return kept;
}

void mask_complaint(struct complaint *complaint)
{
	for (size_t i = 0; i < complaint->args_count; i++) {
		char *value = complaint->args[i].value;

		value[mask_secrets(value, strlen(value))] = '\0';
	}
}
