#include "compare.h"

#include "testing.h"

#include "decide/routes.h"
#include "follow/entity.h"

#define ASSERT_OK(st) assert_string_equal(status_name(st), "ok")

struct compare {
	const struct view *view;
	struct snapshot *snapshot;
	uint64_t entries;
};

static enum status compare_account(void *arg, const struct record_account *account)
{
	struct compare *compare = arg;
	const struct view *view = compare->view;
	struct view_account found;

	ASSERT_OK(view->account_by_slot(view->context, account->slot, &found));
	assert_true(found.slot == account->slot && span_equal(found.name, account->name));
	assert_int_equal(found.active, account->state == ACCOUNT_ACTIVE);
	ASSERT_OK(view->account_by_name(view->context, account->name, &found));
	assert_int_equal(found.slot, account->slot);
	for (size_t i = 0; i < account->hosts_count; i++) {
		ASSERT_OK(view->account_by_host(view->context, account->hosts[i], &found));
		assert_int_equal(found.slot, account->slot);
	}
	compare->entries += 2 + account->hosts_count;
	return ST_OK;
}

static enum status compare_profile(void *arg, const struct record_profile *profile)
{
	struct compare *compare = arg;
	struct view_profile found;

	ASSERT_OK(compare->view->profile_by_slot(compare->view->context, profile->slot, &found));
	assert_true(found.account == profile->account_slot);
	assert_true(span_equal(found.name, profile->name));
	assert_int_equal(found.resources_count, profile->resources_count);
	if (found.resources_count > 0)
		assert_memory_equal(found.resources, profile->resource_slots,
			found.resources_count * sizeof(uint32_t));
	compare->entries++;
	return ST_OK;
}

static enum status compare_resource(void *arg, const struct record_resource *resource)
{
	struct compare *compare = arg;
	struct view_resource found;

	ASSERT_OK(compare->view->resource_by_slot(compare->view->context, resource->slot, &found));
	assert_true(span_equal(found.product, resource->product));
	assert_true(span_equal(found.key, resource->key));
	assert_true(span_equal(found.name, resource->name));
	compare->entries++;
	return ST_OK;
}

static void compare_views(
	const struct view *view, struct view_key *found, const struct view_key *expected)
{
	if (found->has_extra)
		ASSERT_OK(view->key_extra(view->context, found));
	assert_true(found->slot == expected->slot && found->account == expected->account);
	assert_true(found->state == expected->state);
	assert_true(found->expires_at_us == expected->expires_at_us);
	assert_true(span_equal(found->app_key, expected->app_key));
	assert_true(span_equal(found->external_id, expected->external_id));
	assert_true(allowance_equal(&found->limits, &expected->limits));
	assert_int_equal(found->digests_count, expected->digests_count);
	assert_int_equal(found->profiles_count, expected->profiles_count);
	assert_int_equal(found->addresses_count, expected->addresses_count);
	assert_memory_equal(found->digests, expected->digests,
		sizeof(found->digests[0]) * found->digests_count);
	assert_memory_equal(
		found->profiles, expected->profiles, sizeof(uint32_t) * found->profiles_count);
	assert_memory_equal(found->addresses, expected->addresses,
		sizeof(found->addresses[0]) * found->addresses_count);
}

static enum status compare_key(void *arg, const struct record_key *key)
{
	struct compare *compare = arg;
	const struct view *view = compare->view;
	struct view_key expected, found = { 0 };
	struct view_token token;

	ASSERT_OK(entity_view_key(key, &expected));
	ASSERT_OK(view->key_by_app_key(view->context, key->app_key, &found));
	compare_views(view, &found, &expected);
	ASSERT_OK(view->key_by_slot(view->context, key->slot, &found));
	compare_views(view, &found, &expected);
	for (size_t i = 0; i < key->tokens_count; i++) {
		ASSERT_OK(view->token_by_digest(view->context, key->tokens[i].digest, &token));
		assert_int_equal(token.key, key->slot);
		assert_int_equal(token.live, key->tokens[i].kind != RECORD_TOKEN_RETIRED);
	}
	compare->entries += 2 + key->tokens_count;
	compare->entries += key->addresses_count > 0 || key->external_id.len > 0;
	return ST_OK;
}

static void compare_routes(struct compare *compare)
{
	CLEANUP(buf_free)
	struct buf expected = buf_heap(ROUTES_BLOB_MAX);

	ASSERT_OK(entity_build_routes(compare->snapshot, &expected, NULL));
	assert_int_equal(compare->view->routes != NULL, expected.len > 0);
	if (expected.len > 0)
		assert_true(span_equal(compare->view->routes->blob, buf_span(&expected)));
}

uint64_t compare_index(struct snapshot *snapshot, const struct view *view)
{
	struct compare compare = { .snapshot = snapshot, .view = view, .entries = 2 };
	struct head head = snapshot_head(snapshot);

	assert_int_equal(view->revision, head.revision);
	assert_int_equal(view->epoch, head.epoch);
	ASSERT_OK(snapshot_each_account(snapshot, compare_account, &compare));
	ASSERT_OK(snapshot_each_profile(snapshot, compare_profile, &compare));
	ASSERT_OK(snapshot_each_resource(snapshot, compare_resource, &compare));
	ASSERT_OK(snapshot_each_key(snapshot, compare_key, &compare));
	compare_routes(&compare);
	return compare.entries;
}
