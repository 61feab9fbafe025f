/* What logging in keeps in memory: second factors that are being set up, and recovery codes. */
#include "testing.h"

#include "base/clock.h"
#include "keeper/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MINUTE (60 * US_PER_S)
#define NOW (1000 * MINUTE)

static char folder[64], key_path[96];
static struct root_key *key;
static struct entry *entry;

static int set_up(void **state)
{
	struct complaint complaint = { 0 };

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/llavero-entry-XXXXXX");
	if (crypto_init() != ST_OK || mkdtemp(folder) == NULL)
		return -1;
	snprintf(key_path, sizeof(key_path), "%s/root.key", folder);
	if (root_key_open(key_path, true, &key, &complaint) != ST_OK)
		return -1;
	return entry_make(key, 8, &entry) == ST_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	entry_free(&entry);
	root_key_close(&key);
	(void)unlink(key_path);
	return rmdir(folder);
}

static struct entry_whose whose(uint32_t user_slot, uint32_t session_slot)
{
	return (struct entry_whose){ user_slot, session_slot };
}

/* A secret that only this one has. */
static enum status put(uint32_t user_slot, uint32_t session_slot, int64_t now_us)
{
	uint8_t secret[TOTP_SECRET_SIZE] = { 0 };

	memcpy(secret, &session_slot, sizeof(session_slot));
	return entry_pending_put(entry, whose(user_slot, session_slot), secret, now_us);
}

static bool has(uint32_t user_slot, uint32_t session_slot, int64_t now_us)
{
	uint8_t secret[TOTP_SECRET_SIZE];
	uint32_t found = 0;

	if (entry_pending_get(entry, whose(user_slot, session_slot), now_us, secret) != ST_OK)
		return false;
	memcpy(&found, secret, sizeof(found));
	return found == session_slot;
}

static void one_person_has_one(void **state)
{
	(void)state;
	for (uint32_t session = 1; session <= 10 * ENTRY_PENDING; session++)
		assert_int_equal(put(1, session, NOW), ST_OK);
	/* The newest; and so there is room for all others. */
	assert_true(has(1, 10 * ENTRY_PENDING, NOW));
	assert_false(has(1, 1, NOW));
	for (uint32_t user = 2; user <= ENTRY_PENDING; user++)
		assert_int_equal(put(user, user, NOW), ST_OK);
	for (uint32_t user = 2; user <= ENTRY_PENDING; user++)
		assert_true(has(user, user, NOW));
}

static void nobody_is_pushed_out(void **state)
{
	(void)state;
	for (uint32_t user = 1; user <= ENTRY_PENDING; user++)
		assert_int_equal(put(user, user, NOW + user), ST_OK);
	assert_int_equal(put(9999, 9999, NOW + MINUTE), ST_BUSY);
	for (uint32_t user = 1; user <= ENTRY_PENDING; user++)
		assert_true(has(user, user, NOW + MINUTE));
	/* Who has one begins anew; and what is over gives way, it alone. */
	assert_int_equal(put(2, 777, NOW + MINUTE), ST_OK);
	assert_int_equal(put(9999, 9999, NOW + 10 * MINUTE + 1), ST_OK);
	assert_true(has(9999, 9999, NOW + 10 * MINUTE + 1));
	assert_true(has(2, 777, NOW + 10 * MINUTE + 1));
	assert_true(has(3, 3, NOW + 10 * MINUTE + 1));
}

static void it_is_of_one_session_and_ends(void **state)
{
	(void)state;
	assert_int_equal(put(1, 5, NOW), ST_OK);
	assert_false(has(1, 6, NOW));
	assert_false(has(2, 5, NOW));
	assert_true(has(1, 5, NOW + 10 * MINUTE - 1));
	assert_false(has(1, 5, NOW + 10 * MINUTE));
	entry_pending_drop(entry, whose(1, 6));
	assert_true(has(1, 5, NOW));
	entry_pending_drop(entry, whose(1, 5));
	assert_false(has(1, 5, NOW));
}

static void what_could_be_a_recovery_code(void **state)
{
	static const struct {
		const char *label, *text;
		bool could;
	} rows[] = {
		{ "as it is shown", "0123AB-CDEFGH-JKMNPQ-RSTVWX", true },
		{ "as it is typed", "o123ab cdefgh jkmnpq rstvwi", true },
		{ "one more", "0123AB-CDEFGH-JKMNPQ-RSTVWXY", false },
		{ "one less", "0123AB-CDEFGH-JKMNPQ-RSTVW", false },
		{ "another letter", "0123AB-CDEFGH-JKMNPQ-RSTVWU", false },
		{ "a code of an authenticator", "123456", false },
		{ "many of them", "123456 123456 123456 123456 123456", false },
		{ "nothing", "", false },
		{ "dashes", "------------------------", false },
	};
	struct recovery_secrets codes;

	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++)
		CHECK_ROW(
			rows[r].label, recovery_has_form(span_str(rows[r].text)) == rows[r].could);
	assert_int_equal(recovery_make(&codes), ST_OK);
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		assert_true(recovery_has_form(span_str(codes.texts[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(one_person_has_one),
		TEST(nobody_is_pushed_out),
		TEST(it_is_of_one_session_and_ends),
		TEST(what_could_be_a_recovery_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
