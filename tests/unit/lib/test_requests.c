/* Requests through the library, against the tables that the index was made from. */
#include "testing.h"

#include "installation.h"

#include <stdio.h>

static struct installation made;
static struct llv *llv;

static int set_up(void **state)
{
	struct llv_setup setup;

	installation_make(&made);
	setup = installation_setup(&made);
	setup.public_url = "https://keys.example.com";
	setup.node = "edge-1";
	llv = installation_open(&setup);
	return 0;
}

static int tear_down(void **state)
{
	llv_close(&llv);
	assert_null(llv);
	installation_remove(&made);
	return 0;
}

static struct llv_decision decided(const struct llv_request *request)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	int allowed = llv_decide(llv, request, &decision);

	assert_int_equal(allowed, decision.allowed);
	return decision;
}

/* What holds of each answer, whatever it says. */
static void check_answer(const struct llv_decision *decision)
{
	if (decision->allowed) {
		assert_int_equal(decision->http_status, 200);
		assert_string_equal(decision->cause, "none");
		assert_null(decision->body.ptr);
		assert_int_equal(decision->headers_count, 0);
		return;
	}
	assert_in_range(decision->http_status, 400, 503);
	assert_string_not_equal(decision->cause, "none");
	assert_string_not_equal(decision->owner_cause, "none");
	assert_true(decision->body.len > 2 && decision->body.len <= 2048);
	assert_int_equal(decision->body.ptr[0], '{');
	assert_int_equal(decision->body.ptr[decision->body.len - 1], '}');
	assert_true(text_is(decision->content_type, "application/problem+json"));
	assert_true(text_is(header_of(decision, "X-Llavero-Cause"), decision->cause));
	assert_true(text_is(header_of(decision, "Cache-Control"), "no-store"));
	assert_true(decision->diagnosis.len > 0 && decision->diagnosis.len <= 512);
	assert_int_equal(decision->request_id.len, 32);
	assert_null(decision->account.ptr);
}

static void the_library_says_what_the_tables_say(void **state)
{
	unsigned allowed = 0, refused = 0;

	for (unsigned key = 0; key < INSTALLATION_KEYS; key++) {
		for (unsigned i = 0; i < 2 * WORLD_ROUTES; i++) {
			unsigned token = i / WORLD_ROUTES, route = i % WORLD_ROUTES;
			struct llv_decision decision;
			struct question question;

			question_make(key, token, route, &question);
			decision = decided(&question.request);
			check_answer(&decision);
			CHECK_ROW(question.app_key,
				decision.allowed == world_allows(&made.world, key, token, route));
			if (decision.allowed) {
				assert_true(text_is(decision.key, question.app_key));
				assert_true(decision.account.len > 0);
				assert_true(decision.profile.len > 0);
				assert_true(decision.resource_key.len > 0);
				assert_int_equal(decision.route, route + 1);
				assert_int_equal(decision.revision, made.world.revision);
			}
			allowed += decision.allowed == 1;
			refused += decision.allowed == 0;
		}
	}
	assert_true(allowed > 50 && refused > 50);
}

static void an_allowed_request_has_headers_for_the_upstream_when_it_wants_them(void **state)
{
	struct llv_decision decision;
	struct question question;

	question_allowed(&made, true, &question);
	question.request.flags = LLV_REQUEST_HEADERS;
	decision = decided(&question.request);
	assert_int_equal(decision.allowed, 1);
	assert_true(text_is(header_of(&decision, "X-Llavero-Key"), question.app_key));
	assert_non_null(header_of(&decision, "X-Llavero-Account").ptr);
	assert_non_null(header_of(&decision, "X-Llavero-Resource").ptr);
	assert_non_null(header_of(&decision, "X-Llavero-Revision").ptr);
	assert_non_null(header_of(&decision, "RateLimit").ptr);
}

/* A request of one allowed question with something changed about it. */
struct change {
	const char *label;
	void (*change)(struct question *question);
	int http_status;
	const char *cause;
};

static void no_method(struct question *q)
{
	q->request.method = (struct llv_span){ NULL, 0 };
}

static void empty_target(struct question *q)
{
	q->request.target = text_of("");
}

static void marked_malformed(struct question *q)
{
	q->request.flags = LLV_REQUEST_MALFORMED;
}

static void two_readings(struct question *q)
{
	q->request.target = text_of("/r/%2e%2e/1");
}

static void no_credential(struct question *q)
{
	q->request.headers_count = 0;
}

static void token_missing(struct question *q)
{
	q->request.headers_count = 1;
}

static void key_twice(struct question *q)
{
	static struct llv_header three[3];

	three[0] = q->headers[0];
	three[1] = q->headers[1];
	three[2] = q->headers[0];
	q->request.headers = three;
	q->request.headers_count = 3;
}

static void two_families(struct question *q)
{
	static struct llv_header three[3];

	three[0] = q->headers[0];
	three[1] = q->headers[1];
	three[2] = (struct llv_header){ text_of("X-API-Key"), q->headers[1].value };
	q->request.headers = three;
	q->request.headers_count = 3;
}

static void bearer_beside(struct question *q)
{
	static struct llv_header three[3];

	three[0] = q->headers[0];
	three[1] = q->headers[1];
	three[2] = (struct llv_header){ text_of("Authorization"), text_of("Bearer of-a-user") };
	q->request.headers = three;
	q->request.headers_count = 3;
}

static void longer_token(struct question *q)
{
	/* Another byte is another token; the world's keys have no check part that holds. */
	q->headers[1].value.len++;
}

static void unknown_account(struct question *q)
{
	q->request.account_source = LLV_ACCOUNT_NAMED;
	q->request.account = text_of("nobody");
}

static void account_not_named(struct question *q)
{
	q->request.account_source = LLV_ACCOUNT_NAMED;
}

static void no_such_source(struct question *q)
{
	q->request.account_source = (enum llv_account_source)77;
}

static void unknown_host(struct question *q)
{
	q->request.account_source = LLV_ACCOUNT_OF_HOST;
	q->request.host = text_of("nobody.example");
}

static void newer_wanted(struct question *q)
{
	q->request.min_revision = 1000000;
}

static void as_new_as_wanted(struct question *q)
{
	q->request.min_revision = made.world.revision;
}

static void garbled_address(struct question *q)
{
	q->request.client_address = text_of("10.0.0.7:99");
}

static void not_even_a_size(struct question *q)
{
	q->request.size = 3;
}

static void each_change_of_an_allowed_request_has_its_answer(void **state)
{
	static const struct change rows[] = {
		{ "no method", no_method, 400, "request_malformed" },
		{ "empty target", empty_target, 400, "request_malformed" },
		{ "marked", marked_malformed, 400, "request_malformed" },
		{ "no size", not_even_a_size, 400, "request_malformed" },
		{ "an account from nowhere", no_such_source, 400, "request_malformed" },
		{ "a path of two readings", two_readings, 400, "path_ambiguous" },
		{ "no credential", no_credential, 401, "credentials_missing" },
		{ "no token", token_missing, 401, "app_token_missing" },
		{ "the key twice", key_twice, 400, "header_repeated" },
		{ "two families", two_families, 400, "header_repeated" },
		{ "a user's Authorization", bearer_beside, 200, "none" },
		{ "a longer token", longer_token, 401, "app_key_typo" },
		{ "an unknown account", unknown_account, 403, "wrong_account" },
		{ "the account not named", account_not_named, 403, "wrong_account" },
		{ "an unknown host", unknown_host, 403, "wrong_account" },
		{ "a newer index wanted", newer_wanted, 503, "index_stale" },
		{ "this index wanted", as_new_as_wanted, 200, "none" },
		{ "an address that is none", garbled_address, 200, "none" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct llv_decision decision;
		struct question question;

		question_allowed(&made, false, &question);
		rows[i].change(&question);
		decision = decided(&question.request);
		check_answer(&decision);
		if (decision.http_status != rows[i].http_status ||
			strcmp(decision.cause, rows[i].cause) != 0)
			fail_msg("%s: %d %s", rows[i].label, decision.http_status, decision.cause);
	}
}

static unsigned find(void *context, struct llv_span name, struct llv_span *out_value)
{
	struct question *question = context;
	unsigned count = 0;

	for (size_t i = 0; i < 2; i++) {
		struct llv_span own = question->headers[i].name;

		if (!span_equal_nocase(span_of(own.ptr, own.len), span_of(name.ptr, name.len)))
			continue;
		*out_value = question->headers[i].value;
		count++;
	}
	return count;
}

static void an_address_may_come_as_text_or_as_bytes(void **state)
{
	static const unsigned char v4[4] = { 192, 0, 2, 7 }, v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	static const struct {
		const char *label, *text, *told;
		const unsigned char *bytes;
		size_t bytes_len;
	} rows[] = {
		{ "IPv4 as text", "192.0.2.7", "192.0.2.7", NULL, 0 },
		{ "IPv4 as bytes", NULL, "192.0.2.7", v4, 4 },
		{ "IPv6 as text", "2001:db8::", "2001:db8::", NULL, 0 },
		{ "IPv6 as bytes", NULL, "2001:db8::", v6, 16 },
		{ "bytes of another length", "192.0.2.9", "192.0.2.9", v6, 15 },
	};
	static char text[64 * 1024];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char told[64];
		struct question question;
		size_t len = 0;

		question_allowed(&made, false, &question);
		if (rows[i].text != NULL)
			question.request.client_address = text_of(rows[i].text);
		question.request.client_bytes = rows[i].bytes;
		question.request.client_bytes_len = rows[i].bytes_len;
		assert_int_equal(
			llv_explain(llv, &question.request, "en", text, sizeof(text), &len),
			LLV_OK);
		(void)snprintf(told, sizeof(told), "\"address\":\"%s\"", rows[i].told);
		CHECK_ROW(rows[i].label, strstr(text, told) != NULL);
	}
}

static void a_function_may_find_the_headers(void **state)
{
	struct llv_decision decision;
	struct question question;

	question_allowed(&made, false, &question);
	question.request.headers_count = 0;
	question.request.find = find;
	question.request.find_context = &question;
	decision = decided(&question.request);
	assert_int_equal(decision.allowed, 1);
	assert_int_equal(decision.form, LLV_FORM_PAIR);
	question.headers[0].name = question.headers[1].name;
	decision = decided(&question.request);
	assert_string_equal(decision.cause, "header_repeated");
}

static void a_token_alone_and_a_bearer_are_credentials(void **state)
{
	char bearer[80];
	struct llv_decision decision;
	struct question question;

	question_allowed(&made, false, &question);
	question.headers[0] =
		(struct llv_header){ text_of("X-API-KEY"), question.headers[1].value };
	question.request.headers_count = 1;
	decision = decided(&question.request);
	assert_int_equal(decision.allowed, 1);
	assert_int_equal(decision.form, LLV_FORM_TOKEN);
	(void)snprintf(bearer, sizeof(bearer), "Bearer %s", question.token);
	question.headers[0] = (struct llv_header){ text_of("authorization"), text_of(bearer) };
	decision = decided(&question.request);
	assert_int_equal(decision.allowed, 1);
	assert_int_equal(decision.form, LLV_FORM_BEARER);
}

static void a_refusal_is_told_in_the_language_of_the_request(void **state)
{
	struct llv_header headers[] = { { text_of("Accept-Language"), text_of("es-AR,en;q=0.5") } };
	struct llv_request request = { .size = sizeof(request),
		.method = text_of("GET"),
		.target = text_of("/r/1"),
		.headers = headers,
		.headers_count = 1,
		.request_id = text_of("request-4711") };
	struct llv_decision decision = decided(&request);
	struct span body = span_of(decision.body.ptr, decision.body.len);

	assert_non_null(memmem(body.ptr, body.len, "ninguna credencial", 18));
	assert_non_null(memmem(body.ptr, body.len, "\"requestId\":\"request-4711\"", 26));
	assert_non_null(memmem(body.ptr, body.len, "https://keys.example.com/causes/", 32));
	assert_true(text_is(decision.request_id, "request-4711"));
	assert_true(text_is(header_of(&decision, "WWW-Authenticate"), "Bearer realm=\"llavero\""));
}

static void the_names_of_credential_headers_are_told(void **state)
{
	static const char *const expected[] = { "X-VTEX-API-AppKey", "X-VTEX-API-AppToken",
		"X-App-Key", "X-App-Token", "X-API-Key", "Authorization" };

	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_string_equal(llv_credential_header(llv, i), expected[i]);
	assert_null(llv_credential_header(llv, ARRAY_LEN(expected)));
	assert_null(llv_credential_header(llv, SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_says_what_the_tables_say),
		cmocka_unit_test(
			an_allowed_request_has_headers_for_the_upstream_when_it_wants_them),
		cmocka_unit_test(each_change_of_an_allowed_request_has_its_answer),
		cmocka_unit_test(an_address_may_come_as_text_or_as_bytes),
		cmocka_unit_test(a_function_may_find_the_headers),
		cmocka_unit_test(a_token_alone_and_a_bearer_are_credentials),
		cmocka_unit_test(a_refusal_is_told_in_the_language_of_the_request),
		cmocka_unit_test(the_names_of_credential_headers_are_told),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
