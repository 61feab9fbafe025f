/* Opening and closing, forks, and structs of other versions. */
#include "testing.h"

#include "installation.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct installation made;

static int set_up(void **state)
{
	installation_make(&made);
	return 0;
}

static int tear_down(void **state)
{
	installation_remove(&made);
	return 0;
}

/* ---- what cannot be opened ---- */

static const struct llv_family NAMELESS[] = { { "X-Key", NULL } };
static const struct llv_family EMPTY[] = { { "", "X-Token" } };
static const struct llv_family MANY[LLV_FAMILIES_MAX + 1];

static void no_index(struct llv_setup *setup)
{
	setup->index_dir = NULL;
}

static void small(struct llv_setup *setup)
{
	setup->size = 8;
}

static void negative_lease(struct llv_setup *setup)
{
	setup->lease_us = -1;
}

static void bad_prefix(struct llv_setup *setup)
{
	setup->app_key_prefix = "Upper Case";
}

static void bad_language(struct llv_setup *setup)
{
	setup->language = "de";
}

static void long_node(struct llv_setup *setup)
{
	setup->node = "seventeen-letters";
}

static void nameless_family(struct llv_setup *setup)
{
	setup->families = NAMELESS;
	setup->families_count = 1;
}

static void empty_family(struct llv_setup *setup)
{
	setup->families = EMPTY;
	setup->families_count = 1;
}

static void too_many_families(struct llv_setup *setup)
{
	setup->families = MANY;
	setup->families_count = LLV_FAMILIES_MAX + 1;
}

static void what_cannot_be_a_setup_is_refused(void **state)
{
	static const struct {
		const char *label;
		void (*spoil)(struct llv_setup *setup);
	} rows[] = {
		{ "no index", no_index },
		{ "a size that never was", small },
		{ "a negative lease", negative_lease },
		{ "a prefix that no key can have", bad_prefix },
		{ "an unknown language", bad_language },
		{ "a long node", long_node },
		{ "a family without its token", nameless_family },
		{ "a family with an empty name", empty_family },
		{ "too many families", too_many_families },
	};
	struct llv *llv = NULL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct llv_setup setup = installation_setup(&made);

		rows[i].spoil(&setup);
		CHECK_ROW(rows[i].label, llv_open(&setup, &llv) == LLV_INVALID);
		CHECK_ROW(rows[i].label, llv == NULL);
	}
	assert_int_equal(llv_open(NULL, &llv), LLV_INVALID);
}

static void calls_without_a_handle_refuse(void **state)
{
	struct llv_decision decision = { .size = sizeof(decision), .allowed = 5 };
	struct llv_setup setup = installation_setup(&made);
	struct question question;
	struct llv *llv = NULL;

	question_allowed(&made, false, &question);
	assert_int_equal(llv_decide(NULL, &question.request, &decision), 0);
	assert_int_equal(decision.allowed, 5);
	assert_int_equal(llv_tend(NULL), LLV_INVALID);
	llv_close(NULL);
	llv_close(&llv);
	llv = installation_open(&setup);
	assert_int_equal(llv_decide(llv, &question.request, NULL), 0);
	assert_int_equal(llv_decide(llv, NULL, &decision), 0);
	assert_string_equal(decision.cause, "request_malformed");
	decision = (struct llv_decision){ .size = 8, .allowed = 5 };
	assert_int_equal(llv_decide(llv, &question.request, &decision), 0);
	assert_int_equal(decision.allowed, 5);
	llv_close(&llv);
}

static void the_setup_is_copied(void **state)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	struct llv_setup setup = installation_setup(&made);
	struct llv_family families[] = { { NULL, "X-Shop-Token" } };
	char name[] = "X-Shop-Token", realm[] = "shop";
	struct llv_header header = { text_of("x-shop-token"), { NULL, 0 } };
	struct question question;
	struct llv *llv;

	families[0].token_header = name;
	setup.families = families;
	setup.families_count = 1;
	setup.no_bearer = 1;
	setup.realm = realm;
	llv = installation_open(&setup);
	memset(name, 'x', sizeof(name) - 1);
	memset(realm, 'x', sizeof(realm) - 1);
	memset(families, 0, sizeof(families));
	memset(&setup, 0, sizeof(setup));
	assert_string_equal(llv_credential_header(llv, 0), "X-Shop-Token");
	assert_null(llv_credential_header(llv, 1));
	question_allowed(&made, false, &question);
	/* The families that are usual elsewhere do not count here. */
	assert_int_equal(llv_decide(llv, &question.request, &decision), 0);
	assert_string_equal(decision.cause, "credentials_missing");
	assert_true(text_is(header_of(&decision, "WWW-Authenticate"), "Bearer realm=\"shop\""));
	header.value = question.headers[1].value;
	question.request.headers = &header;
	question.request.headers_count = 1;
	assert_int_equal(llv_decide(llv, &question.request, &decision), 1);
	llv_close(&llv);
}

/* ---- programs of other versions ---- */

/* A program that was built with a later header: its structs have more at their end. */
struct later_request {
	struct llv_request now;
	uint64_t more;
};

struct later_decision {
	struct llv_decision now;
	uint64_t more;
};

static void later_structs_work_and_what_is_not_known_is_not_passed_over(void **state)
{
	struct later_decision decision = { .now = { .size = sizeof(decision) }, .more = 77 };
	struct llv_setup setup = installation_setup(&made);
	struct llv *llv = installation_open(&setup);
	struct later_request request;
	struct question question;

	question_allowed(&made, false, &question);
	request = (struct later_request){ .now = question.request };
	request.now.size = sizeof(request);
	assert_int_equal(llv_decide(llv, &request.now, &decision.now), 1);
	assert_int_equal(decision.now.size, sizeof(decision));
	/* Left alone: the library does not know it. */
	assert_int_equal(decision.more, 77);
	request.more = 1;
	assert_int_equal(llv_decide(llv, &request.now, &decision.now), 0);
	assert_string_equal(decision.now.cause, "request_malformed");
	llv_close(&llv);
}

/* ---- forks ---- */

/* 0, or the number of what does not hold. */
static int in_a_child(struct llv *llv)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	struct llv_index index = { .size = sizeof(index) };
	struct llv_setup setup = installation_setup(&made);
	struct question question;
	struct llv *own = NULL;
	char out[16];
	size_t len;

	question_allowed(&made, false, &question);
	if (llv_decide(llv, &question.request, &decision) != 0 ||
		strcmp(decision.cause, "index_unavailable") != 0)
		return 1;
	if (llv_tend(llv) != LLV_FORKED || llv_index(llv, &index) != LLV_FORKED ||
		llv_explain(llv, &question.request, NULL, out, sizeof(out), &len) != LLV_FORKED)
		return 2;
	if (llv_open(&setup, &own) != LLV_OK || llv_decide(own, &question.request, &decision) != 1)
		return 3;
	if (llv_decide(llv, &question.request, &decision) != 0)
		return 4;
	llv_close(&llv);
	if (llv != NULL || llv_decide(own, &question.request, &decision) != 1)
		return 5;
	llv_close(&own);
	return 0;
}

static void a_handle_is_dead_in_a_child_and_alive_in_its_parent(void **state)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	struct llv_setup setup = installation_setup(&made);
	struct llv *llv = installation_open(&setup);
	struct question question;
	int status = 0;
	pid_t child;

	question_allowed(&made, false, &question);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(in_a_child(llv));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(llv_decide(llv, &question.request, &decision), 1);
	assert_int_equal(llv_tend(llv), LLV_OK);
	llv_close(&llv);
}

static void names_are_never_null(void **state)
{
	assert_string_equal(llv_status_name(LLV_OK), "ok");
	assert_string_equal(llv_status_name(LLV_UNAVAILABLE), "unavailable");
	assert_string_equal(llv_status_name((enum llv_status)99), "unknown");
	assert_string_equal(llv_status_name((enum llv_status) - 1), "unknown");
	assert_true(strlen(llv_version()) >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_a_setup_is_refused),
		cmocka_unit_test(calls_without_a_handle_refuse),
		cmocka_unit_test(the_setup_is_copied),
		cmocka_unit_test(later_structs_work_and_what_is_not_known_is_not_passed_over),
		cmocka_unit_test(a_handle_is_dead_in_a_child_and_alive_in_its_parent),
		cmocka_unit_test(names_are_never_null),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
