/*
 * Texts of credentials. Whatever is presented: positions lie inside the text and
 * rise, nothing is valid that token_make and app_key_make do not write, near
 * misses are always as many, and a token that is mended by hand is found wrong only
 * where it was changed.
 */
#include "key/credential.h"
#include "key/import.h"
#include "key/near_miss.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct span PREFIX = { APP_KEY_PREFIX_DEFAULT, sizeof(APP_KEY_PREFIX_DEFAULT) - 1 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_finding(const struct text_finding *finding)
{
	must(finding->cause < TEXT_CAUSE_COUNT && finding->hint < HINT_COUNT);
	must(finding->positions_count <= TEXT_POSITIONS_MAX);
	must(finding->positions_count <= finding->wrong_count);
	for (size_t i = 0; i < finding->positions_count; i++) {
		/* One behind the end is where a character may be missing. */
		must(finding->positions[i] >= 1 && finding->positions[i] <= finding->length + 1);
		must(i == 0 || finding->positions[i] > finding->positions[i - 1]);
	}
}

static void check_texts(struct span text)
{
	struct text_finding token, key;
	size_t position;

	token_text(text, &token);
	check_finding(&token);
	must((token.cause == TEXT_VALID) == token_valid(text));
	must(!token_refused(text) || token.cause != TEXT_FOREIGN);
	app_key_text(text, PREFIX, &key);
	check_finding(&key);
	must((key.cause == TEXT_VALID) == (app_key_check(text, PREFIX) == APP_KEY_VALID));
	must(token.cause != TEXT_VALID || import_check_token(text, &position) == IMPORT_OK);
	(void)import_check_token(text, &position);
	must(position <= text.len);
}

static void check_near_misses(struct span text)
{
	struct near_miss it;
	unsigned count = 0;

	for (near_miss_begin(&it, text); near_miss_next(&it); count++)
		must(near_miss_text(&it).len <= text.len);
	must(count == NEAR_MISS_COUNT);
	near_miss_end(&it);
}

/* A token made of the first bytes, changed at one place as the next two say. */
static void check_one_change(const uint8_t *data, size_t size)
{
	char token[TOKEN_LEN];
	struct text_finding finding;
	size_t at;

	if (size < TOKEN_RANDOM_SIZE + 2)
		return;
	token_make(TOKEN_LIVE, data, token);
	at = data[TOKEN_RANDOM_SIZE] % TOKEN_LEN;
	if (token[at] == (char)data[TOKEN_RANDOM_SIZE + 1])
		return;
	token[at] = (char)data[TOKEN_RANDOM_SIZE + 1];
	token_text(span_of(token, sizeof(token)), &finding);
	must(finding.cause != TEXT_VALID && finding.cause != TEXT_FOREIGN);
	must(finding.wrong_count == 1 && finding.positions[0] == at + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first byte says where the one field ends and the other begins. */
	size_t cut = size == 0 ? 0 : data[0] % size;
	struct span text = span_of(data, size);
	struct text_finding finding;

	check_texts(text);
	check_near_misses(text);
	check_one_change(data, size);
	credential_check(span_part(text, 0, cut), span_part(text, cut, size), PREFIX, &finding);
	check_finding(&finding);
	must(app_key_distance(span_part(text, 0, cut), span_part(text, 0, cut)) == 0);
	must(app_key_distance(span_part(text, 0, cut), span_part(text, cut, size)) ==
		app_key_distance(span_part(text, cut, size), span_part(text, 0, cut)));
	return 0;
}
