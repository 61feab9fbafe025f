/* The last step: what a key has left of its limits, both sides of each border. */
#include "story.h"

#include "base/clock.h"

/* What the story's key is told, and how often it asked. */
struct limits_story {
	struct allowance_state said;
	unsigned asked;
};

static struct allowance_state limit_answer(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	struct limits_story *story = context;

	assert_int_equal(now_us, STORY_NOW);
	assert_int_equal(key_slot, 1);
	assert_int_equal(limits->counts[RATE_SECOND], 5);
	story->asked++;
	return story->said;
}

static void limits_are_asked_last_and_once(void **state)
{
	static const struct {
		const char *label;
		struct allowance_state said;
		enum cause cause;
		uint32_t retry_after_s;
	} rows[] = {
		{ "room", { .outcome = ALLOWANCE_LEFT }, CAUSE_NONE, 0 },
		{ "a rate", { ALLOWANCE_USED_UP, RATE_SECOND, 5, 0, 200000, 0 }, CAUSE_RATE_LIMITED,
			1 },
		{ "exactly a second", { ALLOWANCE_USED_UP, RATE_DAY, 5, 0, US_PER_S, 0 },
			CAUSE_RATE_LIMITED, 1 },
		{ "a microsecond more", { ALLOWANCE_USED_UP, RATE_DAY, 5, 0, US_PER_S + 1, 0 },
			CAUSE_RATE_LIMITED, 2 },
		{ "free by now, lost to another", { ALLOWANCE_USED_UP, RATE_DAY, 5, 0, 0, 0 },
			CAUSE_RATE_LIMITED, 1 },
		{ "a quota of a day", { ALLOWANCE_USED_UP, QUOTA_DAY, 5, 0, 9 * US_PER_S, 0 },
			CAUSE_QUOTA_EXHAUSTED, 9 },
		{ "a quota of a month", { ALLOWANCE_USED_UP, QUOTA_MONTH, 5, 0, INT64_MAX, 0 },
			CAUSE_QUOTA_EXHAUSTED, INT32_MAX },
		{ "nobody can tell", { 0 }, CAUSE_LIMITS_UNAVAILABLE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(story_free)
		struct story *s = story_make();
		struct limits_story limits = { .said = rows[i].said };
		const struct limits_source source = { &limits, limit_answer };

		s->key->limits.counts[RATE_SECOND] = 5;
		s->input.limits = &source;
		(void)story_decide(s);
		CHECK_ROW(rows[i].label, s->decision.cause == rows[i].cause);
		CHECK_ROW(rows[i].label, s->decision.retry_after_s == rows[i].retry_after_s);
		CHECK_ROW(rows[i].label, limits.asked == 1);
		/* A refused request is not charged. */
		s->key->profiles_count = 0;
		(void)story_decide(s);
		CHECK_ROW(rows[i].label, s->decision.cause == CAUSE_NO_PROFILE);
		CHECK_ROW(rows[i].label, limits.asked == 1);
	}
}

static void a_limited_key_needs_somebody_who_counts(void **state)
{
	CLEANUP(story_free)
	struct story *s = story_make();
	struct limits_story limits = { .asked = 0 };
	const struct limits_source source = { &limits, limit_answer };

	(void)state;
	s->input.limits = NULL;
	(void)story_decide(s);
	assert_int_equal(s->decision.verdict, VERDICT_ALLOW);
	assert_int_equal(s->decision.trace[STEP_LIMITS], STEP_SKIPPED);
	s->key->limits.counts[QUOTA_MONTH] = 5;
	(void)story_decide(s);
	assert_int_equal(s->decision.verdict, VERDICT_DENY);
	assert_int_equal(s->decision.cause, CAUSE_LIMITS_UNAVAILABLE);
	/* A key without limits is nobody's business. */
	s->key->limits.counts[QUOTA_MONTH] = 0;
	s->input.limits = &source;
	(void)story_decide(s);
	assert_int_equal(s->decision.verdict, VERDICT_ALLOW);
	assert_int_equal(limits.asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_asked_last_and_once),
		cmocka_unit_test(a_limited_key_needs_somebody_who_counts),
	};

	return crypto_init() != ST_OK
		       ? 1
		       : cmocka_run_group_tests_name("decide limits", tests, NULL, NULL);
}
