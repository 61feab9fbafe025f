/*
 * The check of an appKey.
 *
 * I1: The characters, seven or eight bits before the last eight and five bits in
 *     them, are coefficients of a polynomial in x^5 over GF(1024), the
 *     polynomials over GF(2) modulo x^10 + x^3 + 1, which is primitive. The text is
 *     valid when the sum is zero; the last two characters are chosen so.
 * I2: x^5 has order 1023, so within 1023 characters all places have different
 *     weights: a single wrong character changes the sum by d * w, two swapped ones
 *     by d * (w - w'), neither of which is zero.
 */
#include "key/app_key.h"

#include "key/app_key_code.h"
#include "key/token.h"

#include <assert.h>

#define CHECK_LEN 2u
#define ACCOUNT_MIN 2u

static_assert(APP_KEY_PREFIX_MAX + LIMIT_ACCOUNT_NAME + APP_KEY_TAIL_LEN + 2 <= LIMIT_APP_KEY,
	"every appKey of ours fits");

static const char ALPHABET[33] = TOKEN_ALPHABET;

/* [a-z][a-z0-9-]* */
static bool is_name(struct span text)
{
	if (text.len == 0 || text.ptr[0] < 'a' || text.ptr[0] > 'z')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

bool app_key_prefix_ok(struct span prefix)
{
	return prefix.len <= APP_KEY_PREFIX_MAX && is_name(prefix) &&
	       prefix.ptr[prefix.len - 1] != '-';
}

bool account_name_ok(struct span account)
{
	return account.len >= ACCOUNT_MIN && account.len <= LIMIT_ACCOUNT_NAME && is_name(account);
}

/* sum * x^5 + value */
static uint32_t check_add(uint32_t sum, uint32_t value)
{
	sum = sum << 5 ^ value;
	for (unsigned bit = 14; bit >= 10; bit--) {
		if ((sum >> bit & 1) != 0)
			sum ^= 0x409u << (bit - 10);
	}
	return sum;
}

/* The sum over a head as bytes and a tail as symbols; the tail must be of the alphabet. */
static uint32_t check_sum(struct span head, struct span tail)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < head.len; i++)
		sum = check_add(sum, (uint8_t)head.ptr[i]);
	for (size_t i = 0; i < tail.len; i++)
		sum = check_add(sum, (uint32_t)token_symbol(tail.ptr[i]));
	return sum;
}

enum status app_key_make(struct span prefix, struct span account,
	const uint8_t random[APP_KEY_RANDOM_SIZE], struct buf *out)
{
	size_t start = out->len;
	char tail[APP_KEY_TAIL_LEN];
	uint32_t bits, check;

	if (!app_key_prefix_ok(prefix) || !account_name_ok(account))
		return ST_INVALID;
	memcpy(&bits, random, sizeof(bits));
	for (size_t i = 0; i < APP_KEY_TAIL_LEN - CHECK_LEN; i++)
		tail[i] = ALPHABET[bits >> 5 * i & 31];
	buf_append(out, prefix);
	buf_append_char(out, '-');
	buf_append(out, account);
	buf_append_char(out, '-');
	if (!buf_ok(out))
		return ST_LIMIT;
	check = check_sum(span_part(buf_span(out), start, out->len),
		span_of(tail, APP_KEY_TAIL_LEN - CHECK_LEN));
	check = check_add(check_add(check, 0), 0);
	tail[APP_KEY_TAIL_LEN - 2] = ALPHABET[check >> 5];
	tail[APP_KEY_TAIL_LEN - 1] = ALPHABET[check & 31];
	buf_append(out, span_of(tail, sizeof(tail)));
	return buf_ok(out) ? ST_OK : ST_LIMIT;
}

struct span app_key_account(struct span text, struct span prefix)
{
	struct span account;
	const size_t around = prefix.len + 1 + 1 + APP_KEY_TAIL_LEN;

	if (text.len > LIMIT_APP_KEY || text.len < around + ACCOUNT_MIN ||
		!span_starts_with(text, prefix) || text.ptr[prefix.len] != '-' ||
		text.ptr[text.len - APP_KEY_TAIL_LEN - 1] != '-')
		return SPAN_ABSENT;
	account = span_part(text, prefix.len + 1, text.len - around);
	return account_name_ok(account) ? account : SPAN_ABSENT;
}

static bool is_valid(struct span text, struct span prefix)
{
	struct span tail;

	if (!span_present(app_key_account(text, prefix)))
		return false;
	tail = span_part(text, text.len - APP_KEY_TAIL_LEN, APP_KEY_TAIL_LEN);
	for (size_t i = 0; i < tail.len; i++) {
		if (token_symbol(tail.ptr[i]) < 0)
			return false;
	}
	return check_sum(span_part(text, 0, text.len - tail.len), tail) == 0;
}

bool app_key_fold(struct span text, struct span prefix, char out[LIMIT_APP_KEY])
{
	if (text.len > LIMIT_APP_KEY || text.len < APP_KEY_TAIL_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool in_tail = i >= text.len - APP_KEY_TAIL_LEN;

		if (in_tail && c >= 'a' && c <= 'z')
			c = (char)(c - ('a' - 'A'));
		if (!in_tail && c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		out[i] = c;
	}
	return is_valid(span_of(out, text.len), prefix);
}

/* Valid with the right prefix, when one character of it is wrong, missing or too many. */
static bool is_prefix_typo(struct span text, struct span prefix)
{
	for (size_t len = prefix.len - 1; len <= prefix.len + 1; len++) {
		struct span head = span_part(text, 0, len);
		struct span rest = span_part(text, len, text.len);
		char mended[LIMIT_APP_KEY];

		if (rest.len == 0 || rest.ptr[0] != '-' || rest.len > sizeof(mended) - prefix.len ||
			app_key_distance(head, prefix) != 1)
			continue;
		memcpy(mended, prefix.ptr, prefix.len);
		memcpy(mended + prefix.len, rest.ptr, rest.len);
		if (is_valid(span_of(mended, prefix.len + rest.len), prefix))
			return true;
	}
	return false;
}

/*
 * Our prefix, an account and a last part, which has not the six characters that the
 * keys of the system have from which people import: those may share the prefix.
 */
static bool is_ours(struct span text, struct span prefix)
{
	size_t tail_len = 0;

	if (!span_starts_with(text, prefix) || text.len <= prefix.len ||
		text.ptr[prefix.len] != '-')
		return false;
	while (text.ptr[text.len - 1 - tail_len] != '-')
		tail_len++;
	return tail_len != 6 && text.len - 1 - tail_len > prefix.len;
}

enum app_key_form app_key_check(struct span text, struct span prefix)
{
	char folded[LIMIT_APP_KEY];

	if (!app_key_prefix_ok(prefix) || text.len > LIMIT_APP_KEY)
		return APP_KEY_FOREIGN;
	if (is_valid(text, prefix))
		return APP_KEY_VALID;
	if (app_key_fold(text, prefix, folded))
		return APP_KEY_CASE;
	return is_ours(text, prefix) || is_prefix_typo(text, prefix) ? APP_KEY_TYPO
								     : APP_KEY_FOREIGN;
}

bool app_key_import_ok(struct span text)
{
	if (text.len == 0 || text.len > LIMIT_APP_KEY)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < 0x21 || text.ptr[i] > 0x7E)
			return false;
	}
	return true;
}
