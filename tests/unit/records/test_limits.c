/* The limits of keys in the records, and databases from before there were any. */
#include "fixture.h"

static const struct allowance BOTH = { .counts = { [RATE_SECOND] = 100, [QUOTA_MONTH] = 9000 } };
#define BOTH_JSON                                                                                  \
	"\"limits\":{\"rate\":[{\"count\":100,\"per\":\"second\"}],"                               \
	"\"quota\":{\"count\":9000,\"per\":\"month\"}}"

static bool has(struct fixture *f, uint32_t slot, const struct allowance *expected)
{
	const struct allowance limits = read_key(f, slot).limits;

	return allowance_equal(&limits, expected);
}

static const struct allowance NONE;

static uint32_t make_limited(struct fixture *f, const struct allowance *limits)
{
	const struct key_new key = { .account_slot = f->acme,
		.app_key = SPAN_LIT("appkey-acme-limited"),
		.digest = digest_of(7),
		.label = SPAN_LIT("limited"),
		.limits = *limits };
	struct change *change = begin(f);
	uint32_t slot = 0;

	ASSERT_OK(end(&change, key_create(change, &key, &slot, &f->complaint)));
	return slot;
}

static void edit(struct fixture *f, uint32_t slot, const struct key_edit *how)
{
	struct change *change = begin(f);

	ASSERT_OK(end(&change, key_edit(change, slot, how, &f->complaint)));
}

static void limits_are_kept_and_told(void **state)
{
	struct fixture *f = *state;
	struct key_edit label = { .label = SPAN_LIT("another") }, none = { .set_limits = true };
	struct allowance most;
	uint32_t slot;

	fixture_accounts(f);
	slot = make_limited(f, &BOTH);
	assert_true(span_contains(last_event(f, 0), BOTH_JSON));
	fixture_reopen(f);
	assert_true(has(f, slot, &BOTH));
	/* Not mentioned: as they are. */
	edit(f, slot, &label);
	assert_true(has(f, slot, &BOTH));
	edit(f, slot, &none);
	assert_true(has(f, slot, &NONE));
	assert_true(span_contains(last_event(f, 0), "\"before\":{"));
	assert_true(span_contains(last_event(f, 0), BOTH_JSON));
	assert_true(span_contains(last_event(f, 0), "\"limits\":null"));
	/* Every window at its ceiling finds room. */
	for (unsigned i = 0; i < WINDOW_COUNT; i++)
		most.counts[i] = i < RATE_COUNT ? LIMIT_RATE : i == QUOTA_DAY ? LIMIT_QUOTA : 0;
	edit(f, slot, &(struct key_edit){ .set_limits = true, .limits = most });
	assert_true(has(f, slot, &most));
	assert_chain(f);
}

static void imported_keys_have_their_limits(void **state)
{
	struct fixture *f = *state;
	struct key_import keys[2] = { 0 };
	struct key_import_result results[2];
	struct change *change;

	fixture_accounts(f);
	for (unsigned i = 0; i < 2; i++)
		keys[i].key = (struct key_new){ .account_slot = f->acme,
			.app_key = i == 0 ? SPAN_LIT("old-1") : SPAN_LIT("old-2"),
			.digest = digest_of(20 + i),
			.label = SPAN_LIT("old") };
	keys[1].key.limits = BOTH;
	change = begin(f);
	ASSERT_OK(end(&change, keys_import(change, keys, 2, results)));
	assert_true(has(f, results[0].slot, &NONE));
	assert_true(has(f, results[1].slot, &BOTH));
	assert_true(span_contains(last_event(f, 0), BOTH_JSON));
}

static void limits_that_cannot_be_read_are_no_none(void **state)
{
	struct fixture *f = *state;
	struct snapshot *snapshot = NULL;
	struct record_key key;
	uint32_t slot;

	fixture_accounts(f);
	slot = make_limited(f, &BOTH);
	records_close(&f->records);
	meddle(f->db_path, "UPDATE app_keys SET limits = '100/fortnight'");
	ASSERT_OK(fixture_open(f, NULL));
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_ST(ST_DAMAGED, snapshot_key(snapshot, slot, f->arena, &key));
	snapshot_end(&snapshot);
}

static void a_database_of_the_first_schema_is_brought_up(void **state)
{
	struct fixture *f = *state;
	struct snapshot *snapshot = NULL;
	struct record_resource resource;
	uint32_t key, slot;

	fixture_accounts(f);
	key = make_key(f, f->acme, "appkey-acme-older", 5);
	slot = make_resource(f, "OMS", "View");
	records_close(&f->records);
	meddle(f->db_path, WITHOUT_EXTERNAL_LINKS "ALTER TABLE app_keys DROP COLUMN limits;"
						  "ALTER TABLE resources DROP COLUMN aliases;"
						  "UPDATE schema_version SET version = 1");
	ASSERT_OK(fixture_open(f, NULL));
	assert_true(has(f, key, &NONE));
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_resource(snapshot, slot, f->arena, &resource));
	assert_int_equal(resource.aliases.len, 0);
	snapshot_end(&snapshot);
	edit(f, key, &(struct key_edit){ .set_limits = true, .limits = BOTH });
	assert_true(has(f, key, &BOTH));
	assert_chain(f);
}

static void aliases_are_lines(void **state)
{
	static const struct {
		const char *label, *aliases;
		enum status expected;
	} rows[] = {
		{ "none", "", ST_OK },
		{ "two", "Alter\nOld / Change", ST_OK },
		{ "an empty line", "Alter\n\nChange", ST_INVALID },
		{ "an outer space", "Alter\n Change", ST_INVALID },
		{ "a control character", "Al\tter", ST_INVALID },
	};
	struct fixture *f = *state;
	char many[2 * (RESOURCE_ALIASES_MAX + 1)];
	uint32_t slot = make_resource(f, "OMS", "View");
	struct change *change;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct resource_new edited = { .aliases = span_str(rows[i].aliases) };
		enum status st;

		change = begin(f);
		st = end(&change, resource_edit(change, slot, 0, &edited, &f->complaint));
		CHECK_ROW(rows[i].label, st == rows[i].expected);
	}
	assert_true(span_contains(last_event(f, 0), "\"aliases\":[\"Alter\",\"Old / Change\"]"));
	for (unsigned i = 0; i <= RESOURCE_ALIASES_MAX; i++)
		memcpy(many + 2 * i, "a\n", 2);
	for (unsigned more = 0; more <= 1; more++) {
		struct resource_new edited = { .aliases = span_of(
						       many, 2 * (RESOURCE_ALIASES_MAX + more)) };

		change = begin(f);
		ASSERT_ST(more ? ST_LIMIT : ST_OK,
			end(&change, resource_edit(change, slot, 0, &edited, &f->complaint)));
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(limits_are_kept_and_told),
		WITH(imported_keys_have_their_limits),
		WITH(limits_that_cannot_be_read_are_no_none),
		WITH(a_database_of_the_first_schema_is_brought_up),
		WITH(aliases_are_lines),
	};

	return cmocka_run_group_tests_name("records limits", tests, NULL, NULL);
}
