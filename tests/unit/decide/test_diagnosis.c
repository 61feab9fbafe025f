/* The sealed diagnosis: what it keeps, what it never keeps, and who may open it. */
#include "story.h"

#include "base/encode.h"
#include "decide/diagnosis.h"

#include <stdio.h>

static const struct key_file_secret KEY = { .id = "00000000000000a1", .key = { 1, 2, 3 } };
static const struct key_file_secret OTHER_KEY = { .id = "00000000000000b2", .key = { 9, 9 } };
static const uint8_t NONCE[SEAL_NONCE_SIZE] = { 7, 7, 7 };
static const struct diagnosis_origin ORIGIN = {
	.request_id = { "6f1c2a7e-94a2-4f5e-9a51-0c2f6d4e8b13", 36 },
	.node = { "node-a", 6 },
};

static struct diagnosis diagnose(struct story *s)
{
	struct diagnosis diagnosis;

	(void)story_decide(s);
	diagnosis_make(&s->decision, &s->input, &s->scratch, &s->table->view, &ORIGIN, &diagnosis);
	return diagnosis;
}

static size_t seal(const struct diagnosis *diagnosis, char out[LIMIT_DIAGNOSIS + 1])
{
	struct buf text = buf_fixed(out, LIMIT_DIAGNOSIS + 1);

	diagnosis_seal(diagnosis, &KEY, NONCE, &text);
	assert_true(buf_ok(&text));
	assert_true(text.len > 0 && text.len <= LIMIT_DIAGNOSIS);
	return text.len;
}

static enum status open_with(struct span text, struct diagnosis *out)
{
	return diagnosis_open(text, &KEY, 1, out);
}

static bool kept_is(const struct diagnosis_text *kept, const char *text)
{
	return kept->state == DIAGNOSIS_TEXT_WHOLE && span_is(diagnosis_text_span(kept), text);
}

static void round_trip_keeps_everything(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char text[LIMIT_DIAGNOSIS + 1];
	struct diagnosis made, opened;

	(void)state;
	s->key->profiles[0] = s->pricer;
	assert_int_equal(address_parse(SPAN_LIT("2001:db8::7"), &s->input.client), ST_OK);
	made = diagnose(s);
	assert_int_equal(open_with(span_of(text, seal(&made, text)), &opened), ST_OK);
	assert_memory_equal(&made, &opened, sizeof(made));
	assert_int_equal(opened.cause, CAUSE_PROFILE_LACKS_RESOURCE);
	assert_int_equal(opened.failed_step, STEP_RESOURCE);
	assert_int_equal(opened.trace[STEP_LINKS], STEP_PASSED);
	assert_int_equal(opened.resources_count, 2);
	assert_int_equal(opened.resources[0], s->list_orders);
	assert_int_equal(opened.key, s->key->slot);
	assert_int_equal(opened.owner_account, s->acme);
	assert_int_equal(opened.at_us, STORY_NOW);
	assert_int_equal(opened.epoch, 1);
	assert_int_equal(opened.revision, 7);
	assert_int_equal(opened.profiles_here, 1);
	assert_true(kept_is(&opened.method, "GET"));
	assert_true(kept_is(&opened.path, "/api/orders")); /* never the query */
	assert_true(kept_is(&opened.host, "acme.example.com"));
	assert_true(kept_is(&opened.app_key, s->app_key));
	assert_true(kept_is(&opened.request_id, ORIGIN.request_id.ptr));
	assert_true(kept_is(&opened.node, "node-a"));
	assert_memory_equal(&opened.client, &s->input.client, sizeof(opened.client));
}

static void round_trip_of_an_allowed_one(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char text[LIMIT_DIAGNOSIS + 1];
	struct diagnosis made = diagnose(s), opened;

	(void)state;
	assert_true(made.allowed);
	assert_int_equal(open_with(span_of(text, seal(&made, text)), &opened), ST_OK);
	assert_memory_equal(&made, &opened, sizeof(made));
}

static void a_refusal_without_cause_is_a_fault(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	struct decision zero = { 0 };
	struct diagnosis made;

	(void)state;
	diagnosis_make(&zero, &s->input, &s->scratch, NULL, &ORIGIN, &made);
	assert_false(made.allowed);
	assert_int_equal(made.cause, CAUSE_INDEX_UNAVAILABLE);
	assert_int_equal(made.revision, 0);
}

static void altered_byte_is_found_at_every_place(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char text[LIMIT_DIAGNOSIS + 1], altered[LIMIT_DIAGNOSIS + 1];
	struct diagnosis made, opened, untouched;
	size_t len, opened_count = 0;

	(void)state;
	s->key->profiles_count = 0;
	made = diagnose(s);
	len = seal(&made, text);
	memset(&untouched, 0x5A, sizeof(untouched));
	for (size_t i = 0; i < len; i++) {
		for (int change = 1; change < 256; change++) {
			opened = untouched;
			memcpy(altered, text, len);
			altered[i] = (char)(altered[i] ^ change);
			if (open_with(span_of(altered, len), &opened) == ST_OK)
				opened_count++;
			assert_memory_equal(&opened, &untouched, sizeof(opened));
		}
	}
	assert_int_equal(opened_count, 0);
	/* The same over the bytes, so that no change is caught by the text form alone. */
	char bytes_memory[LIMIT_DIAGNOSIS];
	struct buf bytes = BUF_ARRAY(bytes_memory);

	assert_int_equal(decode_base64url(span_of(text, len), &bytes), ST_OK);
	for (size_t i = 0; i < bytes.len; i++) {
		struct buf again = BUF_ARRAY(altered);
		enum status st;

		bytes.ptr[i] = (char)(bytes.ptr[i] ^ 0x40);
		encode_base64url(&again, bytes.ptr, bytes.len);
		bytes.ptr[i] = (char)(bytes.ptr[i] ^ 0x40);
		st = open_with(buf_span(&again), &opened);
		if (i == 0)
			assert_int_equal(st, ST_FORMAT);
		else if (i <= 8)
			assert_int_equal(st, ST_NOT_FOUND);
		else
			assert_int_equal(st, ST_DAMAGED);
	}
}

static void cut_or_longer_is_found(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char text[LIMIT_DIAGNOSIS + 64];
	struct diagnosis made = diagnose(s), opened;
	size_t len = seal(&made, text);

	(void)state;
	for (size_t i = 0; i < len; i++)
		assert_int_not_equal(open_with(span_of(text, i), &opened), ST_OK);
	memset(text + len, 'A', 8);
	for (size_t i = len + 1; i < len + 8; i++)
		assert_int_not_equal(open_with(span_of(text, i), &opened), ST_OK);
	assert_int_equal(open_with(span_of(text, len), &opened), ST_OK);
}

static void statuses_tell_what_is_wrong(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char text[LIMIT_DIAGNOSIS + 1], long_text[LIMIT_DIAGNOSIS + 2];
	struct key_file_secret wrong = KEY, both[2] = { OTHER_KEY, KEY };
	char id[KEY_ID_SIZE];
	struct diagnosis made = diagnose(s), opened;
	struct span sealed = span_of(text, seal(&made, text));

	(void)state;
	wrong.key[31] = 1;
	assert_int_equal(diagnosis_open(sealed, &wrong, 1, &opened), ST_DAMAGED);
	assert_int_equal(diagnosis_open(sealed, &OTHER_KEY, 1, &opened), ST_NOT_FOUND);
	assert_int_equal(diagnosis_open(sealed, NULL, 0, &opened), ST_NOT_FOUND);
	assert_int_equal(diagnosis_open(sealed, both, 2, &opened), ST_OK);
	assert_int_equal(open_with(SPAN_LIT(""), &opened), ST_INVALID);
	assert_int_equal(open_with(SPAN_LIT("no code at all!"), &opened), ST_INVALID);
	assert_int_equal(open_with(SPAN_LIT("AgAA"), &opened), ST_INVALID);
	assert_int_equal(open_with(SPAN_LIT("AQAA"), &opened), ST_FORMAT);
	memset(long_text, 'A', sizeof(long_text));
	assert_int_equal(open_with(span_of(long_text, LIMIT_DIAGNOSIS + 1), &opened), ST_INVALID);
	assert_true(diagnosis_key_id(sealed, id));
	assert_string_equal(id, KEY.id);
	assert_false(diagnosis_key_id(SPAN_LIT("AQAA"), id));
}

/* ---- D1 ---- */

static bool holds(const struct diagnosis *d, struct span secret)
{
	uint8_t plain[DIAGNOSIS_PLAIN_MAX];
	size_t len = diagnosis_encode(d, plain);

	/* Any eight characters of it in a row. */
	for (size_t i = 0; i + 8 <= secret.len; i++) {
		for (size_t at = 0; at + 8 <= len; at++) {
			if (memcmp(plain + at, secret.ptr + i, 8) == 0)
				return true;
		}
	}
	return false;
}

enum place {
	IN_APP_KEY,
	IN_APP_KEY_LOWER,
	IN_APP_KEY_PART,
	IN_PATH,
	IN_QUERY,
	IN_HOST,
	IN_ID,
	PLACES
};

static void put_secret(struct story *s, const char *secret, enum place place, char memory[512])
{
	size_t len = strlen(secret);

	switch (place) {
	case IN_APP_KEY:
		s->input.credential.app_key = span_of(secret, len);
		break;
	case IN_APP_KEY_LOWER:
		for (size_t i = 0; i < len; i++)
			memory[i] = (char)(secret[i] >= 'A' ? secret[i] | 0x20 : secret[i]);
		s->input.credential.app_key = span_of(memory, len);
		break;
	case IN_APP_KEY_PART:
		s->input.credential.app_key = span_of(secret + 5, len - 12);
		break;
	case IN_PATH:
		(void)snprintf(memory, 512, "/api/orders/%s/x", secret);
		s->input.target = span_str(memory);
		break;
	case IN_QUERY:
		(void)snprintf(memory, 512, "/api//orders?appToken=%s", secret);
		s->input.target = span_str(memory);
		break;
	case IN_HOST:
		(void)snprintf(memory, 512, "%s..com", secret);
		s->input.host = span_str(memory);
		break;
	case IN_ID:
	case PLACES:
		break;
	}
}

static void no_token_is_ever_kept(void **state)
{
	(void)state;
	for (int place = 0; place < PLACES; place++) {
		for (int foreign = 0; foreign < 2; foreign++) {
			for (int token = 0; token < 3; token++) {
				CLEANUP(story_free)
				struct story *s = story_make();
				const char *secret = foreign ? FOREIGN_TOKEN : s->token;
				struct diagnosis_origin origin = ORIGIN;
				struct diagnosis made;
				char memory[512], lower[64] = { 0 };

				/* With it as the token too, with another, with none. */
				s->input.credential.app_token = token == 0   ? span_str(secret)
								: token == 1 ? span_str(s->app_key)
									     : SPAN_ABSENT;
				/* A foreign token is not known as one when it does not stand in its
				 * field; in a path or host nobody can tell. */
				if (foreign && token != 0 && place > IN_APP_KEY_PART)
					continue;
				put_secret(s, secret, (enum place)place, memory);
				if (place == IN_ID)
					origin.request_id = span_str(secret);
				(void)story_decide(s);
				diagnosis_make(&s->decision, &s->input, &s->scratch,
					&s->table->view, &origin, &made);
				for (size_t i = 0; secret[i] != '\0'; i++)
					lower[i] = (char)(secret[i] >= 'A' ? secret[i] | 0x20
									   : secret[i]);
				if (holds(&made, span_str(secret)) || holds(&made, span_str(lower)))
					fail_msg("place %d, foreign %d, token %d", place, foreign,
						token);
			}
		}
	}
}

static void plain_app_keys_are_kept(void **state)
{
	static const struct {
		const char *app_key;
		bool kept;
	} rows[] = {
		{ "vtexappkey-acme-ORYNWX", true },
		{ "appkey-a-very-long-account-name-of-thirty-two", true },
		{ "acme_integration", true },
		{ "shop-42", true },
		{ "", true },
		{ "2b1f7a30-8f3e-4c1d-9b57-6a0de1f2c3b4", false },
		{ "QWERTYASDFZXCVTGBNHYUJMKIOLPPL", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(story_free)
		struct story *s = story_make();
		struct diagnosis made;

		s->input.credential.app_key = span_str(rows[i].app_key);
		made = diagnose(s);
		CHECK_ROW(rows[i].app_key, kept_is(&made.app_key, rows[i].app_key) == rows[i].kept);
	}
}

/* ---- D2, D3 ---- */

static void length_tells_nothing_of_what_is_there(void **state)
{
	size_t first = 0;

	(void)state;
	for (int what = 0; what < 8; what++) {
		CLEANUP(story_free)
		struct story *s = story_make();
		char text[LIMIT_DIAGNOSIS + 1];
		struct diagnosis made;
		size_t len;

		s->input.credential.app_token = span_str(s->unused);
		if (what == 1) /* unknown key: the same text, and no such row */
			s->table->keys[0].app_key = SPAN_LIT("elsewhere");
		if (what == 2) /* another key's token */
			memcpy(s->table->tokens[3].digest, s->table->tokens[0].digest, DIGEST_SIZE);
		if (what == 3) /* no such account */
			s->table->accounts[0].name = SPAN_LIT("elsewhere");
		if (what == 4) /* a route or none, with resources or without */
			s->table->view.routes = NULL;
		if (what == 5)
			s->key->state = KEY_REVOKED;
		if (what == 6)
			s->table->view.revision = UINT64_MAX;
		if (what == 7)
			s->key->account = UINT32_MAX;
		made = diagnose(s);
		assert_int_equal(made.public_cause, CAUSE_CREDENTIALS_INVALID);
		len = seal(&made, text);
		if (what == 0)
			first = len;
		assert_int_equal(len, first);
	}
}

static void swapped_pair_keeps_its_length(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char text[LIMIT_DIAGNOSIS + 1];
	struct diagnosis made;
	struct view_key *short_token;
	size_t known, unknown;

	(void)state;
	short_token = table_key(s->table, s->acme, "any-key-1");
	table_token(s->table, short_token, SPAN_LIT("mykey-short-token"), true);
	s->input.credential.app_key = SPAN_LIT("mykey-short-token");
	s->input.credential.app_token = SPAN_LIT("any-key-1");
	made = diagnose(s);
	assert_int_equal(made.app_key.state, DIAGNOSIS_TEXT_WITHHELD);
	assert_false(holds(&made, SPAN_LIT("mykey-short-token")));
	known = seal(&made, text);
	s->input.credential.app_key = SPAN_LIT("mykey-short-tokes");
	made = diagnose(s);
	assert_int_equal(made.app_key.state, DIAGNOSIS_TEXT_WHOLE);
	unknown = seal(&made, text);
	assert_int_equal(known, unknown);
}

static void longest_input_fits(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char text[LIMIT_DIAGNOSIS + 1], long_path[LIMIT_TARGET], host[LIMIT_HOST],
		key[LIMIT_APP_KEY];
	char method[LIMIT_METHOD], id[500];
	const struct diagnosis_origin origin = { span_of(id, sizeof(id)), span_of(id, sizeof(id)) };
	struct diagnosis made, opened;
	size_t len;

	(void)state;
	memset(long_path, 'p', sizeof(long_path));
	long_path[0] = '/';
	for (size_t i = 0; i < sizeof(host); i++)
		host[i] = i % 8 == 7 ? '.' : 'h';
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = i % 8 == 7 ? '-' : 'k';
	memcpy(key, "appkey-", 7);
	memset(method, 'M', sizeof(method));
	memset(id, '-', sizeof(id));
	s->input.target = span_of(long_path, sizeof(long_path));
	s->input.host = span_of(host, 250);
	s->input.method = span_of(method, sizeof(method));
	s->input.credential.app_key = span_of(key, sizeof(key));
	(void)story_decide(s);
	diagnosis_make(&s->decision, &s->input, &s->scratch, &s->table->view, &origin, &made);
	assert_int_equal(made.path.state, DIAGNOSIS_TEXT_CUT);
	assert_int_equal(made.app_key.state, DIAGNOSIS_TEXT_CUT);
	assert_true(made.path.len >= 28 && made.app_key.len >= 40);
	len = seal(&made, text);
	assert_true(len <= LIMIT_DIAGNOSIS);
	assert_int_equal(open_with(span_of(text, len), &opened), ST_OK);
	assert_memory_equal(&made, &opened, sizeof(made));
}

/* ---- Who may read ---- */

static void other_account_may_not_read(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	struct diagnosis made;
	const struct diagnosis_reader own = { .account = s->acme }, other = { .account = s->other },
				      nobody = { 0 }, operator= { .operator= true };

	(void)state;
	s->key->profiles_count = 0;
	made = diagnose(s);
	assert_true(diagnosis_may_read(&made, &own));
	assert_false(diagnosis_may_read(&made, &other));
	assert_false(diagnosis_may_read(&made, &nobody));
	assert_true(diagnosis_may_read(&made, &operator));
	made.owner_account = 0; /* the operator's alone */
	assert_false(diagnosis_may_read(&made, &nobody));
	assert_true(diagnosis_may_read(&made, &operator));
}

/* Rule: an account sees not even that a key or a token of another exists. */
static void another_accounts_key_and_token_do_not_show(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	const struct diagnosis_reader own = { .account = s->acme }, operator= { .operator= true };
	struct diagnosis theirs, nobodys, copy;

	(void)state;
	s->input.credential.app_token = span_str(s->unused);
	nobodys = diagnose(s);
	s->input.credential.app_token = span_str(s->away_token);
	theirs = diagnose(s);
	assert_int_equal(theirs.cause, CAUSE_TOKEN_OF_ANOTHER_KEY);
	copy = theirs;
	diagnosis_mask(&copy, &operator);
	assert_memory_equal(&copy, &theirs, sizeof(copy));
	diagnosis_mask(&theirs, &own);
	diagnosis_mask(&nobodys, &own);
	assert_memory_equal(&theirs, &nobodys, sizeof(theirs));

	/* The other account's key, asked for in this one. */
	s->input.account_source = ACCOUNT_FIXED;
	s->input.account = SPAN_LIT("acme");
	s->input.credential.app_key = span_str(s->away_key);
	s->input.credential.app_token = span_str(s->unused);
	theirs = diagnose(s);
	assert_int_equal(theirs.cause, CAUSE_TOKEN_MISMATCH);
	assert_int_equal(theirs.owner_account, s->acme);
	s->table->keys[s->away->slot - 1].app_key = SPAN_LIT("elsewhere");
	nobodys = diagnose(s);
	assert_int_equal(nobodys.cause, CAUSE_UNKNOWN_KEY);
	diagnosis_mask(&theirs, &own);
	diagnosis_mask(&nobodys, &own);
	assert_memory_equal(&theirs, &nobodys, sizeof(theirs));
}

static void linked_key_of_another_account_shows(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	const struct diagnosis_reader linked = { .account = s->other, .key_linked = true },
				      unlinked = { .account = s->other };
	struct diagnosis made, copy;

	(void)state;
	s->input.account_source = ACCOUNT_FIXED;
	s->input.account = SPAN_LIT("other");
	s->key->state = KEY_INACTIVE;
	made = diagnose(s);
	copy = made;
	diagnosis_mask(&copy, &linked);
	assert_int_equal(copy.key, s->key->slot);
	assert_int_equal(copy.cause, CAUSE_KEY_INACTIVE);
	copy = made;
	diagnosis_mask(&copy, &unlinked);
	assert_int_equal(copy.key, 0);
	/* What the caller itself was told is no secret. */
	assert_int_equal(copy.cause, CAUSE_KEY_INACTIVE);
}

/* ---- D4 ---- */

static void foreign_plain_text_is_refused(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	struct diagnosis made, opened;
	uint8_t plain[DIAGNOSIS_PLAIN_MAX], changed[DIAGNOSIS_PLAIN_MAX];
	size_t len, refused = 0;

	(void)state;
	s->key->profiles_count = 0;
	made = diagnose(s);
	len = diagnosis_encode(&made, plain);
	for (size_t i = 0; i < len; i++) {
		memcpy(changed, plain, len);
		changed[i] = 0xFF;
		if (diagnosis_decode(span_of(changed, len), &opened) != ST_OK) {
			refused++;
			continue;
		}
		assert_true(opened.cause < CAUSE_COUNT && opened.failed_step < STEP_COUNT);
		assert_true(
			opened.text.hint < HINT_COUNT && opened.path_reason < PATH_REASON_COUNT);
	}
	assert_true(refused > 20);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(diagnosis_decode(span_of(plain, i), &opened), ST_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip_keeps_everything),
		cmocka_unit_test(round_trip_of_an_allowed_one),
		cmocka_unit_test(a_refusal_without_cause_is_a_fault),
		cmocka_unit_test(altered_byte_is_found_at_every_place),
		cmocka_unit_test(cut_or_longer_is_found),
		cmocka_unit_test(statuses_tell_what_is_wrong),
		cmocka_unit_test(no_token_is_ever_kept),
		cmocka_unit_test(plain_app_keys_are_kept),
		cmocka_unit_test(length_tells_nothing_of_what_is_there),
		cmocka_unit_test(swapped_pair_keeps_its_length),
		cmocka_unit_test(longest_input_fits),
		cmocka_unit_test(other_account_may_not_read),
		cmocka_unit_test(another_accounts_key_and_token_do_not_show),
		cmocka_unit_test(linked_key_of_another_account_shows),
		cmocka_unit_test(foreign_plain_text_is_refused),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
