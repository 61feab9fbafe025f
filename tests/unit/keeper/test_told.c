/* How seldom failures are told, however many there are. Time is an argument. */
#include "testing.h"

#include "base/clock.h"
#include "keeper/told.h"

#define HERE SPAN_LIT("192.0.2.7")
#define MINUTE (60 * US_PER_S)
#define DAY_S 86400

static struct told_list list;

static int set_up(void **state)
{
	(void)state;
	list = (struct told_list){ .items = { { .account_slot = 0 } } };
	return 0;
}

static void the_first_is_told_at_once_and_the_others_together(void **state)
{
	struct told told = { .count = 0 };
	int64_t now = 1000 * MINUTE;

	(void)state;
	assert_false(told_take(&list, now, &told));
	told_add(&list, 4, 0, HERE);
	assert_true(told_take(&list, now, &told));
	assert_int_equal(told.account_slot, 4);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.address, "192.0.2.7");
	assert_false(told_take(&list, now, &told));
	for (unsigned i = 0; i < 50; i++)
		told_add(&list, 4, 0, SPAN_LIT("2001:db8::1"));
	assert_false(told_take(&list, now + MINUTE - 1, &told));
	assert_true(told_take(&list, now + MINUTE, &told));
	assert_int_equal(told.count, 50);
	assert_string_equal(told.address, "2001:db8::1");
}

static void a_flood_of_days_is_few_events(void **state)
{
	struct told told;
	unsigned events = 0, failures = 0, wanted = 0;

	(void)state;
	for (int64_t second = 0; second < 3 * DAY_S; second++) {
		for (unsigned i = 0; i < 5; i++, wanted++)
			told_add(&list, 4, 9, HERE);
		while (told_take(&list, (DAY_S + second) * US_PER_S, &told)) {
			events++;
			failures += (unsigned)told.count;
		}
	}
	assert_in_range(events, 70, 90);
	assert_in_range(failures, wanted - 3600 * 5, wanted);
	/* After a rest it is new again. */
	told_add(&list, 4, 9, HERE);
	assert_true(told_take(&list, 5 * DAY_S * US_PER_S, &told));
	told_add(&list, 4, 9, HERE);
	assert_true(told_take(&list, 5 * DAY_S * US_PER_S + MINUTE, &told));
}

static void each_has_its_own_and_nothing_that_waits_is_pushed_out(void **state)
{
	struct told told;
	int64_t now = 1000 * MINUTE;
	unsigned events = 0;

	(void)state;
	for (uint32_t user = 1; user <= 10 * TOLD_MAX; user++)
		told_add(&list, 4, user, HERE);
	while (told_take(&list, now, &told)) {
		events++;
		assert_int_equal(told.user_slot, events);
	}
	assert_int_equal(events, TOLD_MAX);
	/* Those gave their room up as soon as they were told. */
	told_add(&list, 4, 10 * TOLD_MAX, HERE);
	assert_true(told_take(&list, now, &told));
	assert_int_equal(told.user_slot, 10 * TOLD_MAX);
}

static void a_clock_that_is_set_back_does_not_silence_it(void **state)
{
	struct told told;

	(void)state;
	told_add(&list, 4, 0, HERE);
	assert_true(told_take(&list, 1000 * MINUTE, &told));
	told_add(&list, 4, 0, HERE);
	assert_true(told_take(&list, 10 * MINUTE, &told));
	assert_int_equal(told.count, 1);
}

static void at_the_end_nothing_is_left(void **state)
{
	struct told told;
	int64_t now = 1000 * MINUTE, failures = 0;

	(void)state;
	told_add(&list, 4, 0, HERE);
	assert_true(told_take(&list, now, &told));
	for (uint32_t user = 0; user < 5; user++) {
		told_add(&list, 4, user, HERE);
		told_add(&list, 4, user, HERE);
	}
	while (told_take_last(&list, &told))
		failures += told.count;
	assert_int_equal(failures, 10);
	assert_false(told_take(&list, now + 100 * MINUTE, &told));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(the_first_is_told_at_once_and_the_others_together),
		TEST(a_flood_of_days_is_few_events),
		TEST(each_has_its_own_and_nothing_that_waits_is_pushed_out),
		TEST(at_the_end_nothing_is_left),
		TEST(a_clock_that_is_set_back_does_not_silence_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
