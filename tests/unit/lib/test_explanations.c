/* Explaining, and checking a text. */
#include "testing.h"

#include "installation.h"

#include "base/key_file.h"
#include "ledger/ledger.h"

#include <stdlib.h>
#include <unistd.h>

static struct installation made;
static struct llv *llv;
static char text[256 * 1024];

static int set_up(void **state)
{
	struct llv_setup setup;

	installation_make(&made);
	setup = installation_setup(&made);
	setup.language = "pt";
	llv = installation_open(&setup);
	return 0;
}

static int tear_down(void **state)
{
	llv_close(&llv);
	installation_remove(&made);
	return 0;
}

/* One that names a known key with a token that is not its own. */
static void question_refused(struct question *question)
{
	question_allowed(&made, false, question);
	question->headers[1].value = text_of("a-token-that-nobody-has-ever-been-given");
}

static void a_refused_request_is_explained_to_its_owner(void **state)
{
	struct question question;
	size_t len = 0;

	question_refused(&question);
	assert_int_equal(
		llv_explain(llv, &question.request, "en", text, sizeof(text), &len), LLV_OK);
	assert_int_equal(strlen(text), len);
	assert_non_null(strstr(text, "\"allowed\":false"));
	assert_non_null(strstr(text, "\"cause\":\"token_mismatch\""));
	assert_non_null(strstr(text, "\"publicCause\":\"app_key_typo\""));
	assert_non_null(strstr(text, "\"failedStep\":\"token\""));
	assert_non_null(strstr(text, "\"steps\":["));
	assert_non_null(strstr(text, "\"fixes\":["));
	assert_null(strstr(text, "nobody-has-ever"));
}

static void an_explanation_counts_nothing(void **state)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	struct question question;
	size_t len = 0;

	question_allowed(&made, true, &question);
	assert_int_equal(
		llv_explain(llv, &question.request, NULL, text, sizeof(text), &len), LLV_OK);
	assert_non_null(strstr(text, "\"allowed\":true"));
	assert_int_equal(ledger_size(made.ledger_dir).used, 0);
	assert_int_equal(llv_decide(llv, &question.request, &decision), 1);
	assert_int_equal(ledger_size(made.ledger_dir).used, 1);
}

static void a_sealed_diagnosis_is_explained_later(void **state)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	char sealed[600];
	struct question question;
	size_t len = 0;

	question_refused(&question);
	assert_int_equal(llv_decide(llv, &question.request, &decision), 0);
	assert_true(decision.diagnosis.len < sizeof(sealed));
	memcpy(sealed, decision.diagnosis.ptr, decision.diagnosis.len);
	struct llv_span code = { sealed, decision.diagnosis.len };
	assert_int_equal(llv_explain_diagnosis(llv, code, "es", text, sizeof(text), &len), LLV_OK);
	assert_non_null(strstr(text, "\"cause\":\"token_mismatch\""));
	assert_non_null(strstr(text, question.app_key));
	sealed[70] = sealed[70] == 'A' ? 'B' : 'A';
	assert_int_equal(
		llv_explain_diagnosis(llv, code, "es", text, sizeof(text), &len), LLV_DAMAGED);
	assert_int_equal(
		llv_explain_diagnosis(llv, text_of("hello"), "es", text, sizeof(text), &len),
		LLV_INVALID);
}

static void what_does_not_fit_says_how_much_it_needs(void **state)
{
	struct question question;
	size_t needed = 0, len = 0;

	question_refused(&question);
	memset(text, '#', sizeof(text));
	assert_int_equal(llv_explain(llv, &question.request, NULL, NULL, 0, &needed), LLV_NO_ROOM);
	assert_int_equal(
		llv_explain(llv, &question.request, NULL, text, needed, &len), LLV_NO_ROOM);
	assert_int_equal(text[0], '#');
	assert_int_equal(llv_explain(llv, &question.request, NULL, text, needed + 1, &len), LLV_OK);
	assert_int_equal(len, needed);
	assert_int_equal(text[needed + 1], '#');
	assert_int_equal(
		llv_explain(llv, &question.request, "de", text, sizeof(text), &len), LLV_INVALID);
	assert_int_equal(llv_explain(llv, NULL, NULL, text, sizeof(text), &len), LLV_INVALID);
}

static void a_diagnosis_needs_the_key_that_sealed_it(void **state)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	struct llv_setup setup = installation_setup(&made);
	struct question question;
	struct llv *keyless;
	size_t len = 0;

	setup.sealing_key = NULL;
	keyless = installation_open(&setup);
	question_refused(&question);
	assert_int_equal(llv_decide(keyless, &question.request, &decision), 0);
	assert_null(decision.diagnosis.ptr);
	assert_null(header_of(&decision, "X-Llavero-Diagnosis").ptr);
	assert_int_equal(llv_decide(llv, &question.request, &decision), 0);
	assert_int_equal(
		llv_explain_diagnosis(keyless, decision.diagnosis, NULL, text, sizeof(text), &len),
		LLV_UNAVAILABLE);
	llv_close(&keyless);
}

static void a_text_is_checked_offline(void **state)
{
	static const char good[] = "LV1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8";
	struct llv_finding finding = { .size = sizeof(finding) };
	struct llv_span absent = { NULL, 0 };
	static const struct {
		const char *label, *key, *token, *cause, *field;
	} rows[] = {
		{ "cut", NULL, good, "token_truncated", "app_token" },
		{ "a placeholder", NULL, "{{token}}", "placeholder", "app_token" },
		{ "a space", NULL, "LV1QPZ RY9", "whitespace", "app_token" },
		{ "foreign", NULL, "imported-token-of-key-00000001-number-0", "foreign",
			"app_token" },
		{ "a typed key", "appkey-acme-QPZRY9X8", NULL, "app_key_typo", "app_key" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct llv_span key = rows[i].key == NULL ? absent : text_of(rows[i].key);
		struct llv_span token = rows[i].token == NULL ? absent : text_of(rows[i].token);

		assert_int_equal(llv_token_check(key, token, NULL, &finding), 0);
		if (strcmp(finding.cause, rows[i].cause) != 0 ||
			strcmp(finding.field, rows[i].field) != 0)
			fail_msg("%s: %s of %s", rows[i].label, finding.cause, finding.field);
	}
	assert_int_equal(llv_token_check(absent, absent, NULL, NULL), 0);
	finding.size = 1;
	assert_int_equal(llv_token_check(absent, absent, NULL, &finding), 0);
}

static void a_mistyped_character_is_pointed_at(void **state)
{
	struct llv_finding finding = { .size = sizeof(finding) };
	struct llv_span absent = { NULL, 0 };
	uint8_t random[TOKEN_RANDOM_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	char token[TOKEN_LEN];

	token_make(TOKEN_LIVE, random, token);
	struct llv_span whole = { token, sizeof(token) };
	assert_int_equal(llv_token_check(absent, whole, NULL, &finding), 1);
	assert_string_equal(finding.cause, "valid");
	token[20] = token[20] == 'Q' ? 'P' : 'Q';
	assert_int_equal(llv_token_check(absent, whole, NULL, &finding), 0);
	assert_string_equal(finding.cause, "token_typo");
	assert_int_equal(finding.positions_count, 1);
	assert_int_equal(finding.positions[0], 21);
	assert_int_equal(finding.expected, 55);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_request_is_explained_to_its_owner),
		cmocka_unit_test(an_explanation_counts_nothing),
		cmocka_unit_test(a_sealed_diagnosis_is_explained_later),
		cmocka_unit_test(what_does_not_fit_says_how_much_it_needs),
		cmocka_unit_test(a_diagnosis_needs_the_key_that_sealed_it),
		cmocka_unit_test(a_text_is_checked_offline),
		cmocka_unit_test(a_mistyped_character_is_pointed_at),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
