/* Which edits let somebody do more than before: of those a person is asked again who he is. */
#include "records/fixture.h"

#define LIST_MAX 3u

struct key_row {
	const char *label;
	const char *before[LIST_MAX], *after[LIST_MAX]; /* addresses */
	int64_t expires_before, expires_after;
	struct allowance limits_before, limits_after;
	const char *id_before, *id_after;
	bool widens;
};

static const struct key_row KEY_ROWS[] = {
	{ .label = "nothing differs", .widens = false },
	{ .label = "addresses stay", .before = { "10.0.0.0/8" }, .after = { "10.0.0.0/8" } },
	{ .label = "a first list", .after = { "10.0.0.0/8" } },
	{ .label = "the list goes", .before = { "10.0.0.0/8" }, .widens = true },
	{ .label = "one less", .before = { "10.0.0.1", "10.0.0.2" }, .after = { "10.0.0.2" } },
	{ .label = "one more",
		.before = { "10.0.0.1" },
		.after = { "10.0.0.1", "10.0.0.2" },
		.widens = true },
	{ .label = "a part", .before = { "10.0.0.0/9" }, .after = { "10.127.255.255" } },
	{ .label = "just outside",
		.before = { "10.0.0.0/9" },
		.after = { "10.128.0.0" },
		.widens = true },
	{ .label = "a bit wider",
		.before = { "10.0.0.0/9" },
		.after = { "10.0.0.0/8" },
		.widens = true },
	{ .label = "any of IPv4", .before = { "0.0.0.0/0" }, .after = { "203.0.113.7" } },
	{ .label = "another family",
		.before = { "0.0.0.0/0" },
		.after = { "::/0" },
		.widens = true },
	{ .label = "IPv6, a part",
		.before = { "2001:db8::/33" },
		.after = { "2001:db8:7fff::/48" } },
	{ .label = "IPv6, just outside",
		.before = { "2001:db8::/33" },
		.after = { "2001:db8:8000::/48" },
		.widens = true },

	{ .label = "the same expiry", .expires_before = 9, .expires_after = 9 },
	{ .label = "sooner", .expires_before = 9, .expires_after = 8 },
	{ .label = "later", .expires_before = 9, .expires_after = 10, .widens = true },
	{ .label = "never again", .expires_before = 9, .widens = true },
	{ .label = "a first expiry", .expires_after = 9 },

	{ .label = "the same limit", .limits_before = { { 5 } }, .limits_after = { { 5 } } },
	{ .label = "less", .limits_before = { { 5 } }, .limits_after = { { 4 } } },
	{ .label = "more", .limits_before = { { 5 } }, .limits_after = { { 6 } }, .widens = true },
	{ .label = "a first limit", .limits_after = { { 5 } } },
	{ .label = "one limit goes",
		.limits_before = { { 5, 50 } },
		.limits_after = { { 5 } },
		.widens = true },
	{ .label = "the quota goes",
		.limits_before = { { 5, 0, 0, 0, 0, 9 } },
		.limits_after = { { 5 } },
		.widens = true },

	{ .label = "the same customer", .id_before = "c-1", .id_after = "c-1" },
	{ .label = "another customer", .id_before = "c-1", .id_after = "c-2", .widens = true },
	{ .label = "a first customer", .id_after = "c-1", .widens = true },
	{ .label = "no customer", .id_before = "c-1", .widens = true },
};

static struct key_edit edit_of(const char *const list[LIST_MAX], struct span texts[LIST_MAX],
	int64_t expires_in_s, struct allowance limits, const char *id)
{
	struct key_edit edit = { .set_addresses = true,
		.addresses = texts,
		.set_expiry = true,
		.expires_at_us = expires_in_s == 0 ? 0 : NOW + expires_in_s * US_PER_S,
		.set_limits = true,
		.limits = limits,
		.external_id = span_str(id == NULL ? "" : id) };

	while (edit.addresses_count < LIST_MAX && list[edit.addresses_count] != NULL) {
		texts[edit.addresses_count] = span_str(list[edit.addresses_count]);
		edit.addresses_count++;
	}
	return edit;
}

static bool key_edit_widens(struct fixture *f, uint32_t slot, const struct key_edit *edit)
{
	struct change *change = begin(f);
	bool widens;

	ASSERT_OK(key_edit(change, slot, edit, &f->complaint));
	widens = change_widens(change);
	commit(&change);
	return widens;
}

static void edits_of_a_key(void **state)
{
	struct fixture *f = *state;
	struct key_edit label = { .label = SPAN_LIT("another"), .metadata = SPAN_LIT("{\"a\":1}") };
	uint32_t slot = make_key(f, f->acme, "appkey-acme-AAAAAAAA", 1);

	assert_false(key_edit_widens(f, slot, &label));
	for (size_t i = 0; i < ARRAY_LEN(KEY_ROWS); i++) {
		const struct key_row *row = &KEY_ROWS[i];
		struct span before[LIST_MAX], after[LIST_MAX];
		struct key_edit edit = edit_of(row->before, before, row->expires_before,
			row->limits_before, row->id_before);

		(void)key_edit_widens(f, slot, &edit);
		edit = edit_of(
			row->after, after, row->expires_after, row->limits_after, row->id_after);
		CHECK_ROW(row->label, key_edit_widens(f, slot, &edit) == row->widens);
	}
}

static bool profile_edit_widens(struct fixture *f, uint32_t slot, const struct profile_edit *edit)
{
	struct change *change = begin(f);
	bool widens;

	ASSERT_OK(profile_edit(change, slot, edit, &f->complaint));
	widens = change_widens(change);
	commit(&change);
	return widens;
}

static bool profile_create_widens(struct fixture *f, bool handles_keys)
{
	struct profile_new profile = { .account_slot = f->acme,
		.name = handles_keys ? SPAN_LIT("Deputies") : SPAN_LIT("Readers"),
		.handles_keys = handles_keys };
	struct change *change = begin(f);
	uint32_t slot;
	bool widens;

	ASSERT_OK(profile_create(change, &profile, &slot, &f->complaint));
	widens = change_widens(change);
	commit(&change);
	assert_int_equal(span_contains(last_event(f, 0), "\"handlesKeys\":true"), handles_keys);
	return widens;
}

static void edits_of_a_profile(void **state)
{
	struct fixture *f = *state;
	uint32_t both[] = { make_resource(f, "OMS", "a"), make_resource(f, "OMS", "b") };
	uint32_t slot = make_profile(f, f->acme, "Orders", both, 1);
	const struct {
		const char *label;
		struct profile_edit edit;
		bool widens;
	} rows[] = {
		{ "a name", { .name = SPAN_LIT("Sales") }, false },
		{ "the same set",
			{ .set_resources = true, .resource_slots = both, .resources_count = 1 },
			false },
		{ "one more",
			{ .set_resources = true, .resource_slots = both, .resources_count = 2 },
			true },
		{ "one less",
			{ .set_resources = true, .resource_slots = both, .resources_count = 1 },
			false },
		{ "one for another",
			{ .set_resources = true, .resource_slots = both + 1, .resources_count = 1 },
			true },
		{ "none", { .set_resources = true }, false },
		{ "handles keys", { .set_handles_keys = true, .handles_keys = true }, true },
		{ "as before", { .set_handles_keys = true, .handles_keys = true }, false },
		{ "no longer", { .set_handles_keys = true }, false },
	};

	assert_false(profile_create_widens(f, false));
	assert_true(profile_create_widens(f, true));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].label,
			profile_edit_widens(f, slot, &rows[i].edit) == rows[i].widens);
}

static int setup(void **state)
{
	int failed = fixture_setup(state);

	if (failed == 0)
		fixture_accounts(*state);
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(edits_of_a_key, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(edits_of_a_profile, setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
