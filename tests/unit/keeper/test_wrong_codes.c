/* How many codes may be wrong beside the right password, in a row. */
#include "testing.h"

#include "keeper/wrong_codes.h"

#define HERE SPAN_LIT("192.0.2.7")

static struct wrong_codes codes;

static int set_up(void **state)
{
	(void)state;
	memset(&codes, 0, sizeof(codes));
	return 0;
}

static void add(uint32_t user_slot, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		wrong_codes_add(&codes, user_slot, HERE);
}

static void so_many_are_too_many(void **state)
{
	struct wrong_codes_of of = { .count = 0 };

	(void)state;
	add(7, WRONG_CODES_MAX - 1);
	add(8, WRONG_CODES_MAX - 1);
	assert_false(wrong_codes_due(&codes, &of));
	add(8, 1);
	assert_true(wrong_codes_due(&codes, &of));
	assert_int_equal(of.user_slot, 8);
	assert_int_equal(of.count, WRONG_CODES_MAX);
	assert_string_equal(of.address, "192.0.2.7");
	/* Until it was done. */
	assert_true(wrong_codes_due(&codes, &of));
	wrong_codes_forget(&codes, 8);
	assert_false(wrong_codes_due(&codes, &of));
	add(7, 1);
	assert_true(wrong_codes_due(&codes, &of));
	assert_int_equal(of.user_slot, 7);
}

static void a_login_between_begins_anew(void **state)
{
	struct wrong_codes_of of;

	(void)state;
	add(7, WRONG_CODES_MAX - 1);
	wrong_codes_forget(&codes, 7);
	add(7, WRONG_CODES_MAX - 1);
	assert_false(wrong_codes_due(&codes, &of));
}

static void others_do_not_push_out_who_is_guessed_at(void **state)
{
	struct wrong_codes_of of = { .count = 0 };

	(void)state;
	add(7, WRONG_CODES_MAX - 1);
	for (uint32_t user = 1000; user < 1000 + 3 * WRONG_CODES_PEOPLE; user++)
		add(user, 2);
	assert_false(wrong_codes_due(&codes, &of));
	add(7, 1);
	assert_true(wrong_codes_due(&codes, &of));
	assert_int_equal(of.user_slot, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(so_many_are_too_many, set_up),
		cmocka_unit_test_setup(a_login_between_begins_anew, set_up),
		cmocka_unit_test_setup(others_do_not_push_out_who_is_guessed_at, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
