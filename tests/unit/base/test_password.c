/* What a new password must be, and that argon2id tells one from another. */
#include "testing.h"

#include "base/crypto.h"
#include "base/password.h"

static int set_up(void **state)
{
	return crypto_init() == ST_OK ? 0 : -1;
}

static void what_a_new_one_must_be(void **state)
{
	static const struct {
		const char *label, *password, *fault;
	} rows[] = {
		{ "eleven characters", "f7-Kq0zLw3x", "login.password_short" },
		{ "twelve", "f7-Kq0zLw3xB", NULL },
		{ "twelve of two bytes each", "ñçéàûøáíóúëï", NULL },
		{ "eleven of two bytes each", "ñçéàûøáíóúë", "login.password_short" },
		{ "spaces around it are its own", "  f7-Kq0zLw ", NULL },
		{ "a common one", "password1234", "login.password_common" },
		{ "the same in capitals", "PassWord1234", "login.password_common" },
		{ "a walk over the keyboard", "qwertyuiopqw", "login.password_common" },
		{ "common in Spanish", "contraseña123", "login.password_common" },
		{ "four different characters", "abcdabcdabcd", "login.password_common" },
		{ "five", "bZ9-qbZ9-qbZ9-q", NULL },
		{ "his own address", "Ana@Example.com", "login.password_is_email" },
		{ "broken UTF-8", "f7-Kq0zLw3xB\xff", "login.password_not_text" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct complaint complaint = { 0 };
		enum status st = password_fit(
			span_str(rows[i].password), SPAN_LIT("ana@example.com"), &complaint);

		CHECK_ROW(rows[i].label, (st == ST_OK) == (rows[i].fault == NULL));
		CHECK_ROW(rows[i].label, st == ST_OK || strcmp(complaint.key, rows[i].fault) == 0);
	}
}

static void the_longest(void **state)
{
	char text[PASSWORD_CHARACTERS_MAX + 1];
	struct complaint complaint;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + (i * 7) % 26);
	assert_int_equal(
		password_fit(span_of(text, sizeof(text) - 1), SPAN_ABSENT, &complaint), ST_OK);
	assert_int_equal(
		password_fit(span_of(text, sizeof(text)), SPAN_ABSENT, &complaint), ST_INVALID);
	assert_string_equal(complaint.key, "login.password_long");
}

static void its_bytes_count(void **state)
{
	static const struct {
		const char *label, *tried;
		bool is;
	} rows[] = {
		{ "the same", "f7-Kq0zLw3xB ", true },
		{ "without the space at its end", "f7-Kq0zLw3xB", false },
		{ "another case", "F7-Kq0zLw3xB ", false },
		{ "nothing", "", false },
	};
	char text[PASSWORD_TEXT_SIZE];

	assert_int_equal(password_text_make(span_str(rows[0].tried), text), ST_OK);
	assert_memory_equal(text, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].label, password_is(text, span_str(rows[i].tried)) == rows[i].is);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_new_one_must_be),
		cmocka_unit_test(the_longest),
		cmocka_unit_test(its_bytes_count),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
