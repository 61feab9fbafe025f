/* What callers, gateways and owners are told: problem documents, answers, explanations. */
#include "base/clock.h"
#include "story.h"

#include "decide/answer.h"
#include "decide/explain.h"

#include <jansson.h>
#include <stdio.h>

static const struct problem_site SITE = {
	.public_url = { "https://keys.example.com", 24 },
	.console_url = { "https://console.example.com", 27 },
	.realm = { "acme", 4 },
};
static const struct problem_request REQUEST = {
	.request_id = { "r-1", 3 },
	.diagnosis = { "AQ_sealed-text", 14 },
};

static json_t *parse(struct span text)
{
	json_error_t error;
	json_t *value = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);

	if (value == NULL)
		fail_msg("%s: %.*s", error.text, (int)text.len, text.ptr);
	for (size_t i = 0; i < text.len; i++)
		assert_true(text.ptr[i] >= 0x20 && text.ptr[i] < 0x7F);
	return value;
}

static void json_free(json_t **value)
{
	json_decref(*value);
}

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static struct problem problem_of(struct story *s, const struct problem_request *request)
{
	struct problem problem;

	(void)story_decide(s);
	problem_make(&SITE, &s->decision, &s->table->view, request, &problem);
	return problem;
}

static void problem_says_what_to_do(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	struct problem problem;

	(void)state;
	s->key->profiles[0] = s->pricer;
	problem = problem_of(s, &REQUEST);
	CLEANUP(json_free)
	json_t *doc = parse(span_of(problem.document, problem.document_len));

	assert_int_equal(problem.http_status, 403);
	assert_string_equal(
		member(doc, "type"), "https://keys.example.com/causes/profile_lacks_resource");
	assert_string_equal(member(doc, "cause"), "profile_lacks_resource");
	assert_int_equal(json_integer_value(json_object_get(doc, "status")), 403);
	assert_string_equal(member(doc, "requestId"), "r-1");
	assert_string_equal(member(doc, "diagnosis"), "AQ_sealed-text");
	assert_string_equal(
		member(doc, "instance"), "https://console.example.com/diagnose#AQ_sealed-text");
	assert_true(strlen(member(doc, "title")) > 0 && strlen(member(doc, "detail")) > 0);
	const json_t *resources = json_object_get(doc, "resources");

	assert_int_equal(json_array_size(resources), 2);
	assert_string_equal(member(json_array_get(resources, 0), "key"), "ListOrders");
	assert_string_equal(
		problem.www_authenticate, "Bearer realm=\"acme\", error=\"insufficient_scope\"");
	assert_string_equal(problem.retry_after, "");
}

static void problem_points_at_what_is_mistyped(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	struct problem problem;

	(void)state;
	s->token[10] = s->token[10] == 'Q' ? 'P' : 'Q';
	problem = problem_of(s, &REQUEST);
	CLEANUP(json_free)
	json_t *doc = parse(span_of(problem.document, problem.document_len));
	const json_t *positions = json_object_get(doc, "positions");

	assert_string_equal(member(doc, "cause"), "token_typo");
	assert_string_equal(member(doc, "field"), "appToken");
	assert_int_equal(json_array_size(positions), 1);
	assert_int_equal(json_integer_value(json_array_get(positions, 0)), 11);
	assert_null(json_object_get(doc, "resources"));
	assert_string_equal(
		problem.www_authenticate, "Bearer realm=\"acme\", error=\"invalid_token\"");
}

static void challenge_names_no_error_when_nothing_was_sent(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	const struct problem_site site = { .realm = SPAN_LIT("a\"b\\c\r\nX: y") };
	struct problem problem;

	(void)state;
	s->input.credential = (struct presented){ 0 };
	(void)story_decide(s);
	problem_make(&site, &s->decision, &s->table->view, &REQUEST, &problem);
	CLEANUP(json_free)
	json_t *doc = parse(span_of(problem.document, problem.document_len));

	assert_string_equal(problem.www_authenticate, "Bearer realm=\"abcX: y\"");
	assert_string_equal(member(doc, "type"), "/causes/credentials_missing");
	assert_string_equal(member(doc, "instance"), "/diagnose#AQ_sealed-text");
}

/* P1, with the names and texts that differ only in what is not the caller's. */
static void hidden_causes_look_the_same(void **state)
{
	struct problem first = { 0 };

	(void)state;
	for (int what = 0; what < 7; what++) {
		CLEANUP(story_free)
		struct story *s = story_make();
		struct problem problem;

		s->input.credential.app_token = span_str(s->unused);
		if (what == 1) /* an unknown key: the same text, and no such row */
			s->table->keys[0].app_key = SPAN_LIT("elsewhere");
		if (what == 2) /* another key's token */
			memcpy(s->table->tokens[3].digest, s->table->tokens[0].digest, DIGEST_SIZE);
		if (what == 3)
			s->key->state = KEY_REVOKED;
		if (what == 4)
			s->table->accounts[0].active = false;
		if (what == 5)
			s->table->view.routes = NULL;
		if (what == 6)
			s->key->profiles_count = 0;
		problem = problem_of(s, &REQUEST);
		if (what == 0)
			first = problem;
		assert_int_equal(s->decision.public_cause, CAUSE_CREDENTIALS_INVALID);
		assert_int_equal(problem.http_status, first.http_status);
		assert_string_equal(problem.www_authenticate, first.www_authenticate);
		assert_string_equal(problem.retry_after, first.retry_after);
		assert_int_equal(problem.document_len, first.document_len);
		assert_memory_equal(problem.document, first.document, first.document_len);
	}
}

static void problem_keeps_its_limit(void **state)
{
	static const size_t lengths[] = { 0, 100, 300, 700, 1200, 1500, 1800, 2100, 5000 };
	static char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		CLEANUP(story_free)
		struct story *s = story_make();
		const struct problem_site site = { .public_url = span_of(text, lengths[i] / 4),
			.console_url = span_of(text, lengths[i]) };
		struct problem_request request = { .request_id = SPAN_LIT("r"),
			.diagnosis = span_of(text, LIMIT_DIAGNOSIS) };

		s->key->profiles_count = 0;
		s->table->resources[0].name = span_of(text, lengths[i]);
		for (int lang = 0; lang < LANG_COUNT; lang++) {
			struct problem problem;

			request.lang = (enum lang)lang;
			(void)story_decide(s);
			problem_make(&site, &s->decision, &s->table->view, &request, &problem);
			CLEANUP(json_free)
			json_t *doc = parse(span_of(problem.document, problem.document_len));

			assert_true(problem.document_len <= LIMIT_PROBLEM);
			assert_string_equal(member(doc, "cause"), "no_profile");
			/* The code that the owner needs outlives all the rest. */
			if (lengths[i] <= 2100)
				assert_int_equal(strlen(member(doc, "diagnosis")), LIMIT_DIAGNOSIS);
		}
	}
}

static struct allowance_state used_up(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	(void)context;
	(void)key_slot;
	(void)now_us;
	return (struct allowance_state){ .outcome = ALLOWANCE_USED_UP,
		.window = RATE_MINUTE,
		.count = limits->counts[RATE_MINUTE],
		.wait_us = 17 * US_PER_S,
		.reset_us = 60 * US_PER_S };
}

static void retry_after_comes_with_429_and_503(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	const struct limits_source limits = { NULL, used_up };
	struct problem problem;

	(void)state;
	s->key->limits.counts[RATE_MINUTE] = 30;
	s->input.limits = &limits;
	problem = problem_of(s, &REQUEST);
	CLEANUP(json_free)
	json_t *doc = parse(span_of(problem.document, problem.document_len));

	assert_int_equal(problem.http_status, 429);
	assert_string_equal(problem.retry_after, "17");
	assert_int_equal(json_integer_value(json_object_get(doc, "retryAfter")), 17);
	assert_string_equal(problem.www_authenticate, "");
	s->table->view.stale = true;
	assert_string_equal(problem_of(s, &REQUEST).retry_after, "1");
}

static void which_limit_was_used_up_is_said(void **state)
{
	static const struct {
		enum allowance_window window;
		const char *cause, *english, *spanish;
	} rows[] = {
		{ RATE_SECOND, "rate_limited", "requests per second of its rate", "por segundo" },
		{ RATE_MINUTE, "rate_limited", "requests per minute of its rate", "por minuto" },
		{ RATE_HOUR, "rate_limited", "requests per hour of its rate", "por hora" },
		{ RATE_DAY, "rate_limited", "requests per day of its rate", "por día" },
		{ QUOTA_DAY, "quota_exhausted", "quota for this day", "de este día" },
		{ QUOTA_MONTH, "quota_exhausted", "quota for this month", "de este mes" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_free)
		struct arena *arena = arena_make(EXPLAIN_ARENA);
		struct diagnosis diagnosis = { .cause = CAUSE_RATE_LIMITED,
			.public_cause = CAUSE_RATE_LIMITED,
			.failed_step = STEP_LIMITS,
			.trace = { [STEP_LIMITS] = STEP_FAILED },
			.retry_after_s = 90,
			.limit_window = rows[i].window,
			.limit_count = LIMIT_QUOTA,
			.at_us = STORY_NOW };
		uint8_t plain[DIAGNOSIS_PLAIN_MAX];
		size_t len;
		struct diagnosis back;
		struct explanation explanation;
		char memory[2][1024];
		struct buf english = BUF_ARRAY(memory[0]), spanish = BUF_ARRAY(memory[1]);

		if (window_is_quota(rows[i].window))
			diagnosis.cause = diagnosis.public_cause = CAUSE_QUOTA_EXHAUSTED;
		len = diagnosis_encode(&diagnosis, plain);
		assert_int_equal(diagnosis_decode(span_of(plain, len), &back), ST_OK);
		explain(&back, NULL, arena, &explanation);
		explain_step_text(&explanation, STEP_LIMITS, LANG_EN, &english);
		explain_step_text(&explanation, STEP_LIMITS, LANG_ES, &spanish);
		CHECK_ROW(rows[i].english, strstr(buf_str(&english), rows[i].english) != NULL);
		CHECK_ROW(rows[i].english, strstr(buf_str(&english), "1000000000000") != NULL);
		CHECK_ROW(rows[i].english, strstr(buf_str(&english), "in 90 s, at 20") != NULL);
		CHECK_ROW(rows[i].english, strstr(buf_str(&spanish), rows[i].spanish) != NULL);
	}
}

/* ---- What a gateway is told ---- */

static const char *header(const struct answer *answer, const char *name)
{
	static char value[LIMIT_PROBLEM + 1];

	for (size_t i = 0; i < answer->headers_count; i++) {
		if (strcmp(answer->headers[i].name, name) != 0)
			continue;
		assert_true(answer->headers[i].value.len < sizeof(value));
		memcpy(value, answer->headers[i].value.ptr, answer->headers[i].value.len);
		value[answer->headers[i].value.len] = '\0';
		return value;
	}
	return NULL;
}

static struct allowance_state some_left(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	(void)context;
	(void)key_slot;
	(void)now_us;
	return (struct allowance_state){ .outcome = ALLOWANCE_LEFT,
		.window = QUOTA_DAY,
		.count = limits->counts[QUOTA_DAY],
		.left = 41,
		.reset_us = 3599 * US_PER_S + 1 };
}

static void headers_tell_what_is_left(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	const struct limits_source left = { NULL, some_left }, none = { NULL, used_up };
	static struct answer answer;
	struct problem problem;

	(void)state;
	(void)story_decide(s);
	answer_allowed(&s->decision, &s->table->view, &answer);
	assert_null(header(&answer, "RateLimit"));
	s->key->limits = (struct allowance){
		.counts = { [RATE_MINUTE] = 30, [QUOTA_DAY] = 100, [QUOTA_MONTH] = 900 }
	};
	s->input.limits = &left;
	(void)story_decide(s);
	answer_allowed(&s->decision, &s->table->view, &answer);
	assert_string_equal(header(&answer, "RateLimit-Policy"),
		"\"minute\";q=30;w=60, \"quota-day\";q=100;w=86400, \"quota-month\";q=900");
	assert_string_equal(header(&answer, "RateLimit"), "\"quota-day\";r=41;t=3600");
	s->input.limits = &none;
	problem = problem_of(s, &REQUEST);
	answer_refused(&s->decision, &problem, SPAN_LIT("d"), true, &answer);
	assert_string_equal(header(&answer, "RateLimit"), "\"minute\";r=0;t=60");
	assert_non_null(header(&answer, "X-Llavero-Problem"));
	/* Who did not prove the key learns nothing of its limits. */
	s->input.credential.app_token = SPAN_LIT("");
	problem = problem_of(s, &REQUEST);
	answer_refused(&s->decision, &problem, SPAN_LIT("d"), true, &answer);
	assert_null(header(&answer, "RateLimit-Policy"));
}

static void upstream_learns_who_it_is(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	static struct answer answer;

	(void)state;
	s->key->external_id = SPAN_LIT("7\r\nX-Admin: 1");
	s->table->profiles[s->reader - 1].profile.name = SPAN_LIT("Gesti\xC3\xB3n 100%");
	s->table->resources[s->list_orders - 1].product = SPAN_LIT("O/MS");
	(void)story_decide(s);
	answer_allowed(&s->decision, &s->table->view, &answer);
	assert_string_equal(header(&answer, "X-Llavero-Account"), "acme");
	assert_string_equal(header(&answer, "X-Llavero-Key"), s->app_key);
	assert_string_equal(header(&answer, "X-Llavero-External-Id"), "7%0D%0AX-Admin: 1");
	assert_string_equal(header(&answer, "X-Llavero-Profile"), "Gesti%C3%B3n 100%25");
	assert_string_equal(header(&answer, "X-Llavero-Resource"), "O%2FMS/ListOrders");
	assert_string_equal(header(&answer, "X-Llavero-Revision"), "7");
	s->input.credential = (struct presented){ 0 };
	s->input.target = SPAN_LIT("/api/ping");
	(void)story_decide(s);
	answer_allowed(&s->decision, &s->table->view, &answer);
	assert_int_equal(answer.headers_count, 1);
	assert_string_equal(header(&answer, "X-Llavero-Revision"), "7");
}

static void refusal_reaches_through_a_gateway(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	static struct answer answer;
	struct problem problem;

	(void)state;
	s->input.credential.app_token = span_str(s->unused);
	problem = problem_of(s, &REQUEST);
	answer_refused(&s->decision, &problem, REQUEST.diagnosis, true, &answer);
	assert_string_equal(header(&answer, "X-Llavero-Cause"), "credentials_invalid");
	assert_string_equal(header(&answer, "X-Llavero-Status"), "401");
	assert_string_equal(header(&answer, "X-Llavero-Diagnosis"), "AQ_sealed-text");
	assert_string_equal(header(&answer, "X-Llavero-Problem"), problem.document);
	answer_refused(&s->decision, &problem, REQUEST.diagnosis, false, &answer);
	assert_null(header(&answer, "X-Llavero-Problem"));
}

static void verify_answers_json(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	char memory[4096];
	struct buf text = BUF_ARRAY(memory);
	struct problem problem;

	(void)state;
	(void)story_decide(s);
	answer_verify(&s->decision, &s->table->view, NULL, &text);
	CLEANUP(json_free)
	json_t *allowed = parse(buf_span(&text));

	assert_true(json_is_true(json_object_get(allowed, "allowed")));
	assert_string_equal(member(allowed, "appKey"), s->app_key);
	assert_string_equal(member(json_object_get(allowed, "resource"), "key"), "ListOrders");
	s->input.credential.app_token = span_str(s->unused);
	problem = problem_of(s, &REQUEST);
	buf_clear(&text);
	answer_verify(&s->decision, &s->table->view, &problem, &text);
	CLEANUP(json_free)
	json_t *denied = parse(buf_span(&text));

	assert_true(json_is_false(json_object_get(denied, "allowed")));
	assert_string_equal(member(denied, "cause"), "credentials_invalid");
	assert_string_equal(
		member(json_object_get(denied, "problem"), "cause"), "credentials_invalid");
	assert_null(json_object_get(denied, "appKey"));
}

/* ---- Explanations ---- */

static void every_cause_has_its_texts(void **state)
{
	static const char *const parts[] = { "title", "detail", "meaning", "check", "fix" };

	(void)state;
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
			const char *name = cause_name((enum cause)cause);
			char key[96];

			for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
				(void)snprintf(key, sizeof(key), "cause.%s.%s", name, parts[i]);
				CHECK_ROW(key, message_text((enum lang)lang, key) != NULL);
			}
			(void)snprintf(key, sizeof(key), "explain.failed_%s", name);
			CHECK_ROW(key, message_text((enum lang)lang, key) != NULL);
		}
		for (int kind = FIX_NONE; kind < FIX_KIND_COUNT; kind++)
			CHECK_ROW(fix_name((enum fix_kind)kind),
				message_text((enum lang)lang, fix_message((enum fix_kind)kind)) !=
					NULL);
		for (int reason = 0; reason < PATH_REASON_COUNT; reason++) {
			char key[96];

			(void)snprintf(key, sizeof(key), "explain.path_%s",
				path_reason_name((enum path_reason)reason));
			CHECK_ROW(key, message_text((enum lang)lang, key) != NULL);
		}
	}
}

struct told {
	struct diagnosis diagnosis;
	struct explanation explanation;
	struct arena *arena;
};

static void told_free(struct told *told)
{
	arena_free(&told->arena);
}

static void tell(struct story *s, struct told *out)
{
	const struct diagnosis_origin origin = { SPAN_LIT("r-1"), SPAN_LIT("node-a") };

	(void)story_decide(s);
	diagnosis_make(
		&s->decision, &s->input, &s->scratch, &s->table->view, &origin, &out->diagnosis);
	out->arena = arena_make(EXPLAIN_ARENA);
	assert_non_null(out->arena);
	explain(&out->diagnosis, &s->table->view, out->arena, &out->explanation);
	assert_false(out->explanation.incomplete);
}

static void explanation_names_what_is_missing(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	CLEANUP(told_free)
	struct told told = { 0 };
	struct buf text = buf_heap(64 * KIB);

	(void)state;
	s->key->profiles_count = 0;
	tell(s, &told);
	explain_append_text(&told.explanation, LANG_ES, &text);
	assert_non_null(strstr(
		buf_str(&text), "no est\xC3\xA1 vinculada a ning\xC3\xBAn perfil de acceso"));
	assert_non_null(strstr(buf_str(&text), "OMS/ListOrders, OMS/ViewOrder"));
	assert_non_null(strstr(buf_str(&text), s->app_key));
	assert_null(strchr(buf_str(&text), '{'));
	buf_clear(&text);
	explain_append_json(&told.explanation, LANG_EN, &text);
	assert_true(buf_ok(&text));
	CLEANUP(json_free)
	json_t *doc = parse(buf_span(&text));
	const json_t *steps = json_object_get(doc, "steps");

	assert_string_equal(member(doc, "cause"), "no_profile");
	assert_string_equal(member(doc, "failedStep"), "links");
	assert_string_equal(member(doc, "account"), "acme");
	assert_string_equal(member(doc, "path"), "/api/orders");
	assert_int_equal(json_array_size(steps), STEP_COUNT);
	assert_string_equal(member(json_array_get(steps, STEP_LINKS), "outcome"), "failed");
	assert_string_equal(member(json_array_get(steps, STEP_RESOURCE), "outcome"), "not_reached");
	assert_true(json_array_size(json_object_get(doc, "fixes")) > 0);
	assert_int_equal(json_array_size(json_object_get(doc, "resources")), 2);
	buf_free(&text);
}

/* Any refusal, in any language: no open place, valid JSON, something that helps. */
static void every_refusal_is_explained(void **state)
{
	(void)state;
	for (int cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++) {
		for (int lang = 0; lang < LANG_COUNT; lang++) {
			CLEANUP(story_free)
			struct story *s = story_make();
			CLEANUP(told_free)
			struct told told = { 0 };
			struct buf text = buf_heap(64 * KIB);

			(void)story_decide(s);
			tell(s, &told);
			told.diagnosis.cause = (enum cause)cause;
			told.diagnosis.allowed = cause == CAUSE_NONE;
			told.diagnosis.failed_step = STEP_TOKEN;
			if (cause != CAUSE_NONE)
				told.diagnosis.trace[STEP_TOKEN] = STEP_FAILED;
			explain(&told.diagnosis, &s->table->view, told.arena, &told.explanation);
			explain_append_text(&told.explanation, (enum lang)lang, &text);
			CHECK_ROW(cause_name((enum cause)cause), buf_ok(&text));
			const char *open = strchr(buf_str(&text), '{');

			/* "{{...}}" is what the text of placeholder speaks of. */
			CHECK_ROW(cause_name((enum cause)cause),
				open == NULL || strncmp(open, "{{...}}", 7) == 0);
			CHECK_ROW(cause_name((enum cause)cause),
				cause == CAUSE_NONE || told.explanation.fixes_count > 0);
			buf_clear(&text);
			explain_append_json(&told.explanation, (enum lang)lang, &text);
			CLEANUP(json_free)
			json_t *doc = parse(buf_span(&text));

			assert_non_null(doc);
			buf_free(&text);
		}
	}
}

static void rendered_again_from_the_seal_it_is_the_same(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	CLEANUP(told_free)
	struct told told = { 0 };
	const struct key_file_secret key = { .id = "00000000000000a1" };
	const uint8_t nonce[SEAL_NONCE_SIZE] = { 1 };
	char sealed_memory[LIMIT_DIAGNOSIS + 1];
	struct buf sealed = BUF_ARRAY(sealed_memory), first = buf_heap(64 * KIB),
		   second = buf_heap(64 * KIB);
	struct diagnosis opened;
	struct explanation again;

	(void)state;
	s->token[10] = s->token[10] == 'Q' ? 'P' : 'Q';
	tell(s, &told);
	diagnosis_seal(&told.diagnosis, &key, nonce, &sealed);
	assert_int_equal(diagnosis_open(buf_span(&sealed), &key, 1, &opened), ST_OK);
	explain(&opened, &s->table->view, told.arena, &again);
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		explain_append_json(&told.explanation, (enum lang)lang, &first);
		explain_append_json(&again, (enum lang)lang, &second);
	}
	assert_true(buf_ok(&first) && span_equal(buf_span(&first), buf_span(&second)));
	buf_free(&first);
	buf_free(&second);
}

static void fixes_can_be_added_and_dropped(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	CLEANUP(told_free)
	struct told told = { 0 };
	struct buf text = buf_heap(4 * KIB);
	const struct explain_fact facts[] = {
		{ "profile", SPAN_LIT("Lectura"), false },
		{ "appKey", SPAN_LIT("k"), false },
		{ "further", SPAN_LIT("3"), true },
	};
	size_t before;

	(void)state;
	s->key->profiles_count = 0;
	tell(s, &told);
	before = told.explanation.fixes_count;
	explain_fix_add(&told.explanation, FIX_LINK_PROFILE, facts, 2);
	explain_fix_add(&told.explanation, FIX_LINK_PROFILE, facts, 3);
	explain_fix_text(&told.explanation, before + 1, LANG_EN, &text);
	assert_string_equal(buf_str(&text),
		"Link k to the access profile Lectura; it adds 3 further resources.");
	explain_fix_drop(&told.explanation, FIX_LINK_PROFILE);
	assert_int_equal(told.explanation.fixes_count, before);
	for (size_t i = 0; i < 3 * EXPLAIN_FIXES_MAX; i++)
		explain_fix_add(&told.explanation, FIX_WAIT, NULL, 0);
	assert_int_equal(told.explanation.fixes_count, EXPLAIN_FIXES_MAX);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problem_says_what_to_do),
		cmocka_unit_test(problem_points_at_what_is_mistyped),
		cmocka_unit_test(challenge_names_no_error_when_nothing_was_sent),
		cmocka_unit_test(hidden_causes_look_the_same),
		cmocka_unit_test(problem_keeps_its_limit),
		cmocka_unit_test(retry_after_comes_with_429_and_503),
		cmocka_unit_test(which_limit_was_used_up_is_said),
		cmocka_unit_test(headers_tell_what_is_left),
		cmocka_unit_test(upstream_learns_who_it_is),
		cmocka_unit_test(refusal_reaches_through_a_gateway),
		cmocka_unit_test(verify_answers_json),
		cmocka_unit_test(every_cause_has_its_texts),
		cmocka_unit_test(explanation_names_what_is_missing),
		cmocka_unit_test(every_refusal_is_explained),
		cmocka_unit_test(rendered_again_from_the_seal_it_is_the_same),
		cmocka_unit_test(fixes_can_be_added_and_dropped),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
