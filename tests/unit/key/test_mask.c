#include "testing.h"

#include "key/mask.h"

#define TOKEN "LV1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9C2KHQ6RFCFA92U"

static void cuts_what_could_be_a_secret(void **state)
{
	static const struct {
		const char *label, *text, *shown;
	} rows[] = {
		{ "empty", "", "" },
		{ "a token of ours", TOKEN, "LV1Q..." },
		{ "in a path", "/v1/keys/" TOKEN "/rotate", "/v1/keys/LV1Q.../rotate" },
		{ "two", TOKEN " " TOKEN ".", "LV1Q... LV1Q...." },
		{ "31 characters", "9f86d081884c7d659a2feaa0c55ad01",
			"9f86d081884c7d659a2feaa0c55ad01" },
		{ "32 characters", "9f86d081884c7d659a2feaa0c55ad015", "9f86..." },
		{ "UUID", "3b1f8b40-222c-4a6e-b77e-779d5a94e21c", "3b1f..." },
		{ "with a sign before it", "sk_live_9f86d081884c7d659a2feaa0c55ad015", "sk_l..." },
		{ "letters alone", "ViewAllTheOrdersOfEveryAccountThereIs",
			"ViewAllTheOrdersOfEveryAccountThereIs" },
		{ "digits alone", "00000000000000000000000000000001",
			"00000000000000000000000000000001" },
		{ "words", "the first 2 orders of all the accounts that there are",
			"the first 2 orders of all the accounts that there are" },
		{ "an appKey of ours", "/v1/keys/appkey-a-store-with-a-long-name-2-M4KGFX46/links",
			"/v1/keys/appkey-a-store-with-a-long-name-2-M4KGFX46/links" },
		{ "with a letter too many", "appkey-a-store-with-a-long-name-2-M4KGFX46Q",
			"appk..." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct complaint c;
		char text[256];
		size_t len = strlen(rows[i].text);

		memcpy(text, rows[i].text, len + 1);
		assert_int_equal(mask_secrets(text, len), strlen(rows[i].shown));
		assert_memory_equal(text, rows[i].shown, strlen(rows[i].shown));
		for (size_t k = strlen(rows[i].shown); k < len; k++)
			assert_int_equal(text[k], 0);
		complaint_set(&c, "api.key_unknown", 2, "one", "x", "two", rows[i].text);
		mask_complaint(&c);
		assert_string_equal(c.args[0].value, "x");
		assert_string_equal(c.args[1].value, rows[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(cuts_what_could_be_a_secret) };

	return cmocka_run_group_tests_name("key/mask", tests, NULL, NULL);
}
