#include "testing.h"

#include "base/encode.h"
#include "index/record.h"

#define ROOM 8192u

static const struct record_keys keys = { { 1, 2, 3 }, { 4, 5, 6 } };

/* One record of each kind, as the encoders make it. */
struct sample {
	const char *label;
	enum record_kind kind;
	enum status (*write)(struct record_writer *to);
};

static struct view_key usual_key(void)
{
	struct view_key key = {
		.slot = 77,
		.account = 5,
		.state = KEY_ACTIVE,
		.app_key = SPAN_LIT("appkey-mystore-QPZRY9X8"),
		.digests_count = 1,
		.profiles_count = 2,
		.profiles = { 9, 11 },
	};

	memset(key.digests[0], 0x5a, DIGEST_SIZE);
	return key;
}

static struct view_key full_key(void)
{
	struct view_key key = usual_key();

	key.state = KEY_REVOKED;
	key.expires_at_us = INT64_MAX;
	key.digests_count = 2;
	memset(key.digests[1], 0xa5, DIGEST_SIZE);
	key.profiles_count = LIMIT_PROFILES_PER_KEY;
	for (unsigned i = 0; i < LIMIT_PROFILES_PER_KEY; i++)
		key.profiles[i] = UINT32_MAX - i;
	key.external_id = SPAN_LIT("customer 12");
	for (unsigned i = 0; i < WINDOW_COUNT; i++)
		key.limits.counts[i] = i < RATE_COUNT ? LIMIT_RATE : LIMIT_QUOTA;
	key.addresses_count = LIMIT_ADDRESSES_PER_KEY;
	for (unsigned i = 0; i < LIMIT_ADDRESSES_PER_KEY; i++)
		key.addresses[i] = (struct address_range){ { (uint8_t)i }, (uint8_t)(i * 4) };
	return key;
}

static enum status write_meta(struct record_writer *to)
{
	struct record_meta meta = { .keys = keys, .keys_count = 3 };

	meta.mark.epoch = 2;
	meta.mark.revision = 1234567;
	return record_write_meta(to, &meta);
}

static enum status write_account(struct record_writer *to)
{
	const struct span hosts[] = { SPAN_LIT("a.example"), SPAN_LIT("b.example") };
	const struct index_account account = { { 4, SPAN_LIT("mystore"), true }, hosts, 2 };

	return record_write_account(to, &account);
}

static enum status write_name(struct record_writer *to)
{
	return record_write_name(to, KIND_ACCOUNT_NAME, 4, SPAN_LIT("mystore"));
}

static enum status write_host(struct record_writer *to)
{
	return record_write_name(to, KIND_HOST, 4, SPAN_LIT("a.example"));
}

static enum status write_profile(struct record_writer *to)
{
	static const uint32_t resources[] = { 1, 7, 65536 };
	const struct view_profile profile = { 3, 4, SPAN_LIT("Reader"), (const uint8_t *)resources,
		3 };

	return record_write_profile(to, &profile);
}

static enum status write_resource(struct record_writer *to)
{
	const struct view_resource resource = { 6, SPAN_LIT("orders"), SPAN_LIT("view"),
		SPAN_LIT("View orders") };

	return record_write_resource(to, &resource);
}

static enum status write_routes(struct record_writer *to)
{
	return record_write_routes(to, SPAN_LIT("compiled routes"));
}

static enum status write_key_slot(struct record_writer *to)
{
	return record_write_key_slot(to, 77, record_at_hash(&keys, KIND_KEY, SPAN_LIT("x")));
}

static enum status write_key_extra(struct record_writer *to)
{
	struct view_key key = full_key();

	return record_write_key_extra(to, &key);
}

static enum status write_key(struct record_writer *to)
{
	struct view_key key = usual_key();

	return record_write_key(to, &key);
}

static enum status write_token(struct record_writer *to)
{
	static const uint8_t digest[DIGEST_SIZE] = { 0xd1 };

	return record_write_token(to, digest, &(struct view_token){ 77, true });
}

static const struct sample samples[] = {
	{ "meta", KIND_META, write_meta },
	{ "account", KIND_ACCOUNT, write_account },
	{ "account name", KIND_ACCOUNT_NAME, write_name },
	{ "host", KIND_HOST, write_host },
	{ "profile", KIND_PROFILE, write_profile },
	{ "resource", KIND_RESOURCE, write_resource },
	{ "routes", KIND_ROUTES, write_routes },
	{ "key slot", KIND_KEY_SLOT, write_key_slot },
	{ "key extra", KIND_KEY_EXTRA, write_key_extra },
	{ "key", KIND_KEY, write_key },
	{ "token", KIND_TOKEN, write_token },
};

static struct span written(const struct sample *sample, struct buf *out)
{
	struct record_writer to = { .keys = &keys, .written = 42, .out = out };

	buf_clear(out);
	CHECK_ROW(sample->label, sample->write(&to) == ST_OK);
	return buf_span(out);
}

static void whole_records_open_and_cut_ones_do_not(void **state)
{
	char memory[ROOM];
	struct buf out = BUF_ARRAY(memory);
	struct record record;

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct span bytes = written(&samples[i], &out);

		CHECK_ROW(samples[i].label,
			record_open(&keys, samples[i].kind, bytes, &record) == ST_OK);
		CHECK_ROW(samples[i].label, record.size == bytes.len && record.written == 42);
		for (size_t len = 0; len < bytes.len; len++)
			CHECK_ROW(samples[i].label,
				record_open(&keys, samples[i].kind, span_part(bytes, 0, len),
					&record) == ST_DAMAGED);
	}
}

static void a_record_is_of_one_kind_and_one_index(void **state)
{
	static const struct record_keys others = { { 1, 2, 3 }, { 4, 5, 7 } };
	char memory[ROOM];
	struct buf out = BUF_ARRAY(memory);
	struct record record;

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct span bytes = written(&samples[i], &out);

		for (unsigned kind = 0; kind < 16; kind++)
			CHECK_ROW(samples[i].label,
				(record_open(&keys, (enum record_kind)kind, bytes, &record) ==
					ST_OK) == (kind == samples[i].kind));
		CHECK_ROW(samples[i].label,
			record_open(&others, samples[i].kind, bytes, &record) == ST_DAMAGED);
	}
}

static void every_changed_bit_is_found(void **state)
{
	char memory[ROOM];
	struct buf out = BUF_ARRAY(memory);
	struct record record;

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct span bytes = written(&samples[i], &out);

		for (size_t bit = 0; bit < bytes.len * 8; bit++) {
			out.ptr[bit / 8] ^= (char)(1 << bit % 8);
			CHECK_ROW(samples[i].label,
				record_open(&keys, samples[i].kind, bytes, &record) == ST_DAMAGED);
			out.ptr[bit / 8] ^= (char)(1 << bit % 8);
		}
	}
}

static void a_key_comes_back_as_it_was(void **state)
{
	struct view_key usual = usual_key(), full = full_key();
	const struct {
		const char *label;
		const struct view_key *key;
		size_t size_max;
	} rows[] = {
		/* The size of a look-up's cache misses: DESIGN says at most 100 bytes. */
		{ "two profiles, one digest", &usual, 100 },
		{ "all that a key can have", &full, 512 },
	};
	char memory[ROOM];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = BUF_ARRAY(memory);
		struct record_writer to = { .keys = &keys, .written = 1, .out = &out };
		const struct view_key *key = rows[i].key;
		struct view_key back;
		struct record record;
		uint32_t slot;
		bool has_extra;

		CHECK_ROW(rows[i].label, record_write_key(&to, key) == ST_OK);
		CHECK_ROW(rows[i].label, out.len <= rows[i].size_max);
		CHECK_ROW(rows[i].label,
			record_open(&keys, KIND_KEY, buf_span(&out), &record) == ST_OK);
		CHECK_ROW(rows[i].label, record_read_key(&record, &back, &has_extra) == ST_OK);
		CHECK_ROW(rows[i].label, has_extra == record_key_has_extra(key));
		CHECK_ROW(rows[i].label, back.slot == key->slot && back.account == key->account);
		CHECK_ROW(rows[i].label, back.state == key->state);
		CHECK_ROW(rows[i].label, back.expires_at_us == key->expires_at_us);
		CHECK_ROW(rows[i].label, allowance_equal(&back.limits, &key->limits));
		CHECK_ROW(rows[i].label, span_equal(back.app_key, key->app_key));
		CHECK_ROW(rows[i].label, back.digests_count == key->digests_count);
		CHECK_ROW(rows[i].label,
			memcmp(back.digests, key->digests, key->digests_count * DIGEST_SIZE) == 0);
		CHECK_ROW(rows[i].label, back.profiles_count == key->profiles_count);
		CHECK_ROW(rows[i].label, memcmp(back.profiles, key->profiles,
						 key->profiles_count * sizeof(uint32_t)) == 0);
		if (!has_extra)
			continue;
		buf_clear(&out);
		CHECK_ROW(rows[i].label, record_write_key_extra(&to, key) == ST_OK);
		CHECK_ROW(rows[i].label,
			record_open(&keys, KIND_KEY_EXTRA, buf_span(&out), &record) == ST_OK);
		CHECK_ROW(rows[i].label, record_read_key_extra(&record, &slot, &back) == ST_OK);
		CHECK_ROW(rows[i].label, slot == key->slot);
		CHECK_ROW(rows[i].label, back.addresses_count == key->addresses_count);
		CHECK_ROW(rows[i].label,
			memcmp(back.addresses, key->addresses, sizeof(key->addresses)) == 0);
		CHECK_ROW(rows[i].label, span_equal(back.external_id, key->external_id));
	}
}

/* A body with a right check, and not of the form of its kind: our own mistake, or malice. */
static void a_wrong_body_is_damage_even_under_a_right_check(void **state)
{
	static const struct {
		const char *label;
		size_t at;
		uint8_t value;
		enum status expected;
	} rows[] = {
		{ "state 1 is active", 16, 0x11, ST_OK },
		{ "state 0 is none", 16, 0x01, ST_DAMAGED },
		{ "state 3 is the last", 16, 0x31, ST_OK },
		{ "state 4 is none", 16, 0x41, ST_DAMAGED },
		{ "a flag that there is not", 16, 0x91, ST_DAMAGED },
		{ "limits that are not there", 16, 0x51, ST_DAMAGED },
		{ "three digests", 16, 0x13, ST_DAMAGED },
		{ "two profiles", 17, 2, ST_OK },
		{ "a profile more than fits leaves no appKey", 17, 8, ST_DAMAGED },
		{ "more profiles than there can be", 17, 65, ST_DAMAGED },
	};
	char memory[ROOM];
	struct buf out = BUF_ARRAY(memory);
	struct view_key key;
	struct record record;
	bool has_extra;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct span bytes = written(&samples[9], &out);

		out.ptr[rows[i].at] = (char)rows[i].value;
		put_u64(out.ptr, crypto_hash64(keys.check, span_part(bytes, 8, bytes.len)));
		CHECK_ROW(rows[i].label, record_open(&keys, KIND_KEY, bytes, &record) == ST_OK);
		CHECK_ROW(rows[i].label,
			record_read_key(&record, &key, &has_extra) == rows[i].expected);
	}
}

static void wrong_limits_are_damage(void **state)
{
	/* After the flags, the count of profiles, the slot and the account. */
	enum { WINDOWS = 26, COUNT = 27 };
	static const struct {
		const char *label;
		uint8_t windows;
		uint32_t count;
		enum status expected;
	} rows[] = {
		{ "one a minute", 1u << RATE_MINUTE, 1, ST_OK },
		{ "the ceiling", 1u << RATE_DAY, (uint32_t)LIMIT_RATE, ST_OK },
		{ "beyond it", 1u << RATE_DAY, (uint32_t)LIMIT_RATE + 1, ST_DAMAGED },
		{ "a limit of nothing", 1u << RATE_MINUTE, 0, ST_DAMAGED },
		{ "no window at all", 0, 1, ST_DAMAGED },
		{ "a window that there is not", 1u << WINDOW_COUNT, 1, ST_DAMAGED },
		{ "one beside that", 1u << WINDOW_COUNT | 1u, 1, ST_DAMAGED },
	};
	struct view_key key = usual_key(), back;
	char memory[ROOM];
	struct record record;
	bool has_extra;

	key.limits.counts[RATE_SECOND] = 1;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = BUF_ARRAY(memory);
		struct record_writer to = { .keys = &keys, .out = &out };

		assert_int_equal(record_write_key(&to, &key), ST_OK);
		assert_int_equal(out.ptr[WINDOWS], 1u << RATE_SECOND);
		out.ptr[WINDOWS] = (char)rows[i].windows;
		put_u32(out.ptr + COUNT, rows[i].count);
		put_u64(out.ptr, crypto_hash64(keys.check, span_of(out.ptr + 8, out.len - 8)));
		assert_int_equal(record_open(&keys, KIND_KEY, buf_span(&out), &record), ST_OK);
		CHECK_ROW(rows[i].label,
			record_read_key(&record, &back, &has_extra) == rows[i].expected);
	}
	key.limits.counts[RATE_SECOND] = LIMIT_RATE + 1;
	struct buf out = BUF_ARRAY(memory);
	struct record_writer to = { .keys = &keys, .out = &out };

	assert_int_equal(record_write_key(&to, &key), ST_LIMIT);
}

static void the_format_is_told_before_the_rest(void **state)
{
	char memory[ROOM];
	struct buf out = BUF_ARRAY(memory);
	struct span bytes = written(&samples[0], &out);
	struct record_meta meta;
	struct record record;

	assert_int_equal(record_open(&keys, KIND_META, bytes, &record), ST_OK);
	assert_int_equal(record_read_meta(&record, &meta), ST_OK);
	assert_int_equal(meta.mark.revision, 1234567);
	put_u32(out.ptr + RECORD_HEADER, INDEX_FORMAT + 1);
	assert_int_equal(record_read_meta(&record, &meta), ST_FORMAT);
}

static void what_is_too_large_or_wrong_is_not_written(void **state)
{
	static const uint32_t descending[] = { 2, 1 }, twice[] = { 2, 2 }, fine[] = { 1, 2 };
	static char long_text[300];
	const struct view_profile profiles[] = {
		{ 1, 1, SPAN_LIT("p"), (const uint8_t *)fine, 2 },
		{ 1, 1, SPAN_LIT("p"), (const uint8_t *)descending, 2 },
		{ 1, 1, SPAN_LIT("p"), (const uint8_t *)twice, 2 },
		{ 0, 1, SPAN_LIT("p"), (const uint8_t *)fine, 2 },
	};
	static const enum status profile_st[] = { ST_OK, ST_INVALID, ST_INVALID, ST_INVALID };
	struct view_key key = usual_key();
	char memory[ROOM];
	struct buf out = BUF_ARRAY(memory);
	struct record_writer to = { .keys = &keys, .out = &out };

	for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
		assert_int_equal(record_write_profile(&to, &profiles[i]), profile_st[i]);
	buf_clear(&out);
	memset(long_text, 'k', sizeof(long_text));
	key.app_key = span_of(long_text, LIMIT_APP_KEY + 1);
	assert_int_equal(record_write_key(&to, &key), ST_LIMIT);
	key.app_key = span_of(long_text, LIMIT_APP_KEY);
	assert_int_equal(record_write_key(&to, &key), ST_OK);
	key.app_key = span_of(long_text, 0);
	assert_int_equal(record_write_key(&to, &key), ST_INVALID);
	key = usual_key();
	key.state = KEY_NONE;
	assert_int_equal(record_write_key(&to, &key), ST_INVALID);
	key.state = KEY_ACTIVE;
	key.slot = 0;
	assert_int_equal(record_write_key(&to, &key), ST_INVALID);
}

static void routes_are_large_enough_to_stand_on_pages_of_their_own(void **state)
{
	char memory[ROOM];
	struct buf out = BUF_ARRAY(memory);
	struct span bytes = written(&samples[6], &out), compiled;
	struct record record;

	assert_true(bytes.len >= 4096);
	assert_int_equal(record_open(&keys, KIND_ROUTES, bytes, &record), ST_OK);
	assert_int_equal(record_read_routes(&record, &compiled), ST_OK);
	assert_true(span_is(compiled, "compiled routes"));
	assert_int_equal((compiled.ptr - bytes.ptr) % 16, 0);
}

static void places_of_kinds_never_meet(void **state)
{
	for (unsigned a = 1; a < KIND_COUNT; a++)
		for (unsigned b = a + 1; b < KIND_COUNT; b++) {
			assert_true(record_at_slot((enum record_kind)a, UINT32_MAX) <
				    record_at_slot((enum record_kind)b, 0));
			assert_true(record_at_hash(&keys, (enum record_kind)a, SPAN_LIT("t")) <
				    record_at_hash(&keys, (enum record_kind)b, SPAN_LIT("t")));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_records_open_and_cut_ones_do_not),
		cmocka_unit_test(a_record_is_of_one_kind_and_one_index),
		cmocka_unit_test(every_changed_bit_is_found),
		cmocka_unit_test(a_key_comes_back_as_it_was),
		cmocka_unit_test(a_wrong_body_is_damage_even_under_a_right_check),
		cmocka_unit_test(wrong_limits_are_damage),
		cmocka_unit_test(the_format_is_told_before_the_rest),
		cmocka_unit_test(what_is_too_large_or_wrong_is_not_written),
		cmocka_unit_test(routes_are_large_enough_to_stand_on_pages_of_their_own),
		cmocka_unit_test(places_of_kinds_never_meet),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
