/* What the library says when its index is missing, old, damaged, cut or replaced: never "allow". */
#include "testing.h"

#include "installation.h"

#include "index/writer.h"

#include "shell.h"

#include <stdio.h>
#include <sys/stat.h>
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

static void in_dir(const char *command)
{
	char line[400];

	(void)snprintf(line, sizeof(line), "cd %s && %s", made.dir, command);
	assert_int_equal(shell(line), 0);
}

/* The answer to a question that the tables allow. */
static struct llv_decision answer(struct llv *llv)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	struct question question;

	question_allowed(&made, false, &question);
	if (llv_decide(llv, &question.request, &decision) != decision.allowed)
		fail_msg("says two things");
	return decision;
}

static void assert_refused(struct llv *llv, const char *cause)
{
	struct llv_decision decision = answer(llv);

	assert_int_equal(decision.allowed, 0);
	assert_string_equal(decision.cause, cause);
	assert_int_equal(decision.http_status, 503);
	assert_true(text_is(header_of(&decision, "Retry-After"), "1"));
	assert_true(decision.body.len > 0);
}

struct heard {
	unsigned count;
	enum llv_event event;
	enum llv_status status;
};

static void hear(void *context, enum llv_event event, enum llv_status status)
{
	struct heard *heard = context;

	heard->count++;
	heard->event = event;
	heard->status = status;
}

static void an_index_that_comes_later_is_opened_by_a_tend(void **state)
{
	struct llv_setup setup = installation_setup(&made);
	struct heard heard = { 0 };
	struct llv *llv;

	in_dir("mv index kept && mkdir index");
	setup.ledger_dir = NULL;
	setup.sealing_key = NULL;
	setup.told = hear;
	setup.context = &heard;
	llv = installation_open(&setup);
	assert_refused(llv, "index_unavailable");
	assert_int_equal(llv_tend(llv), LLV_NOT_FOUND);
	assert_refused(llv, "index_unavailable");
	/* Once, however often it is looked for. */
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.event, LLV_EVENT_INDEX);
	assert_int_equal(heard.status, LLV_NOT_FOUND);
	in_dir("rmdir index && mv kept index");
	assert_int_equal(llv_tend(llv), LLV_OK);
	assert_int_equal(answer(llv).allowed, 1);
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.status, LLV_OK);
	llv_close(&llv);
}

static void an_index_older_than_its_lease_is_refused_or_served_and_said(void **state)
{
	static const struct {
		const char *label;
		int64_t lease_us;
		int serve_stale;
		const char *cause;
		unsigned flags;
	} rows[] = {
		{ "within the lease", INT64_C(3600000000), 0, "none", 0 },
		{ "beyond it", 1, 0, "index_stale", 0 },
		{ "beyond it, served", 1, 1, "none", LLV_STALE_SERVED },
		{ "within it, served", INT64_C(3600000000), 1, "none", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct llv_setup setup = installation_setup(&made);
		struct llv_decision decision;
		struct llv *llv;

		setup.lease_us = rows[i].lease_us;
		setup.serve_stale = rows[i].serve_stale;
		llv = installation_open(&setup);
		decision = answer(llv);
		CHECK_ROW(rows[i].label, strcmp(decision.cause, rows[i].cause) == 0);
		CHECK_ROW(rows[i].label, decision.flags == rows[i].flags);
		llv_close(&llv);
	}
}

static void build_again(struct installation *there)
{
	for (unsigned i = 0; i < there->world.keys_count; i++)
		there->world.keys[i].state = KEY_REVOKED;
	installation_rebuild(there);
}

static void a_replaced_index_is_seen_at_once(void **state)
{
	struct llv_setup setup = installation_setup(&made);
	struct llv *llv = installation_open(&setup);
	struct llv_decision decision = answer(llv);

	assert_int_equal(decision.allowed, 1);
	installation_in_child(&made, build_again);
	/* Without a tend: the old one says that it was replaced. */
	decision = answer(llv);
	assert_string_equal(decision.owner_cause, "key_revoked");
	assert_int_equal(decision.revision, made.world.revision + 1);
	assert_int_equal(llv_tend(llv), LLV_OK);
	llv_close(&llv);
}

static void damage_is_refused_until_it_is_mended(void **state)
{
	static const struct {
		const char *label, *damage;
	} rows[] = {
		{ "nothing in current", "rm index/current && mkdir index/current" },
		{ "a link to nowhere", "ln -sfn 0000000000000099 index/current" },
		{ "a link to no number", "ln -sfn elsewhere index/current" },
		{ "no data", "rm index/current/data.mdb" },
		{ "empty data", ": > index/current/data.mdb" },
		{ "cut data", "truncate -s 8192 index/current/data.mdb" },
		{ "no head", "rm index/current/head" },
		{ "a head of zeroes", "dd if=/dev/zero of=index/current/head bs=4096 count=1 "
				      "conv=notrunc status=none" },
		{ "roots of zeroes", "dd if=/dev/zero of=index/current/data.mdb bs=4096 count=2 "
				     "conv=notrunc status=none" },
		{ "pages of zeroes", "dd if=/dev/zero of=index/current/data.mdb bs=4096 seek=2 "
				     "count=2000 conv=notrunc,nocreat status=none" },
	};

	in_dir("cp -a index whole");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct llv_setup setup = installation_setup(&made);
		struct llv_decision decision;
		struct llv *llv;

		in_dir(rows[i].damage);
		llv = installation_open(&setup);
		decision = answer(llv);
		CHECK_ROW(rows[i].label, decision.allowed == 0);
		CHECK_ROW(rows[i].label, strcmp(decision.cause, "index_unavailable") == 0);
		(void)llv_tend(llv);
		CHECK_ROW(rows[i].label, answer(llv).allowed == 0);
		in_dir("rm -rf index && cp -a whole index");
		CHECK_ROW(rows[i].label, llv_tend(llv) == LLV_OK);
		CHECK_ROW(rows[i].label, answer(llv).allowed == 1);
		llv_close(&llv);
	}
}

static void an_older_copy_put_in_place_is_refused(void **state)
{
	struct llv_setup setup = installation_setup(&made);
	struct llv *llv;

	in_dir("cp -a index old");
	installation_in_child(&made, build_again);
	llv = installation_open(&setup);
	assert_string_equal(answer(llv).owner_cause, "key_revoked");
	in_dir("rm -rf index && mv old index");
	assert_int_equal(llv_tend(llv), LLV_DAMAGED);
	assert_refused(llv, "index_unavailable");
	llv_close(&llv);
}

static void without_a_ledger_only_keys_with_limits_are_refused(void **state)
{
	struct llv_decision decision = { .size = sizeof(decision) };
	struct llv_setup setup = installation_setup(&made);
	struct question question;
	struct llv *llv;

	in_dir("mv ledger gone");
	llv = installation_open(&setup);
	question_allowed(&made, true, &question);
	assert_int_equal(llv_decide(llv, &question.request, &decision), 0);
	assert_string_equal(decision.cause, "limits_unavailable");
	assert_int_equal(answer(llv).allowed, 1);
	in_dir("mv gone ledger");
	assert_int_equal(llv_tend(llv), LLV_OK);
	assert_int_equal(llv_decide(llv, &question.request, &decision), 1);
	llv_close(&llv);
}

static void the_index_says_what_it_is(void **state)
{
	struct llv_index found = { .size = sizeof(found) };
	struct llv_setup setup = installation_setup(&made);
	struct llv *llv = installation_open(&setup);

	assert_int_equal(llv_index(llv, &found), LLV_OK);
	assert_int_equal(found.revision, made.world.revision);
	assert_true(found.keys_count > 0 && found.age_us >= 0 && found.age_us < INT64_MAX);
	found.size = 4;
	assert_int_equal(llv_index(llv, &found), LLV_INVALID);
	llv_close(&llv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_index_that_comes_later_is_opened_by_a_tend, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_index_older_than_its_lease_is_refused_or_served_and_said, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_replaced_index_is_seen_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			damage_is_refused_until_it_is_mended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_older_copy_put_in_place_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			without_a_ledger_only_keys_with_limits_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_index_says_what_it_is, set_up, tear_down),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
