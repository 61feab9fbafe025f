/* Keys: what they may be, their states, rotation and links, both sides of each border. */
#include "fixture.h"

#include <stdio.h>

/* One key "appkey-acme-1" in account acme, digest 1. */
static uint32_t one_key(struct fixture *f)
{
	fixture_accounts(f);
	return make_key(f, f->acme, "appkey-acme-1", 1);
}

static enum status create(struct fixture *f, const struct key_new *key)
{
	struct change *change = begin(f);
	uint32_t slot;

	return end(&change, key_create(change, key, &slot, &f->complaint));
}

static struct key_new plain(struct fixture *f)
{
	return (struct key_new){ .account_slot = f->acme,
		.app_key = SPAN_LIT("appkey-acme-new"),
		.digest = digest_of(77),
		.label = SPAN_LIT("Integration") };
}

static struct span repeat(char *memory, size_t size, char c, size_t count)
{
	assert_true(count <= size);
	memset(memory, c, count);
	return span_of(memory, count);
}

/* ---- creating ---- */

static void a_new_key_has_its_token_and_no_links(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	struct record_key key = read_key(f, slot);
	struct span event = last_event(f, 0);

	assert_int_equal(key.state, RECORD_KEY_ACTIVE);
	assert_int_equal(key.tokens_count, 1);
	assert_int_equal(key.live_count, 1);
	assert_int_equal(key.links_count, 0);
	assert_int_equal(key.version, 1);
	assert_true(span_is(key.account, "acme"));
	assert_true(span_contains(event, "\"action\":\"key.create\""));
	assert_true(span_contains(event, "\"id\":\"operator:1000\""));
	assert_true(span_contains(event, "\"uid\":1000"));
	assert_true(span_contains(event, "\"before\":null"));
	assert_chain(f);
}

static void neither_digest_nor_email_stands_in_events(void **state)
{
	struct fixture *f = *state;
	char hex[2 * DIGEST_SIZE + 1];

	one_key(f);
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest_of(1)[i]);
	for (int64_t i = 0; i < records_head(f->records).revision; i++) {
		assert_false(span_contains(last_event(f, i), hex + 8));
		assert_false(span_contains(last_event(f, i), "@"));
	}
}

static void texts_of_a_key(void **state)
{
	static const struct {
		const char *label;
		const char *app_key, *key_label, *external_id, *metadata;
		enum status st;
	} ROWS[] = {
		{ "plain", "appkey-acme-x", "Label", NULL, NULL, ST_OK },
		{ "imported form", "vtexappkey-acme-ORYNWX", "Label", NULL, NULL, ST_OK },
		{ "empty appKey", "", "Label", NULL, NULL, ST_INVALID },
		{ "space in appKey", "appkey acme", "Label", NULL, NULL, ST_INVALID },
		{ "line feed in appKey", "appkey\nacme", "Label", NULL, NULL, ST_INVALID },
		{ "not ASCII", "appkey-\xc3\xb1", "Label", NULL, NULL, ST_INVALID },
		{ "empty label", "k1", "", NULL, NULL, ST_INVALID },
		{ "label in Spanish", "k2", "Facturaci\xc3\xb3n n\xc2\xba 1", NULL, NULL, ST_OK },
		{ "label with outer space", "k3", " a", NULL, NULL, ST_INVALID },
		{ "label with inner space", "k4", "a b", NULL, NULL, ST_OK },
		{ "label with escape", "k5", "a\x1b[31m", NULL, NULL, ST_INVALID },
		{ "label with line separator", "k6", "a\xe2\x80\xa8z", NULL, NULL, ST_INVALID },
		{ "label with direction override", "k7", "a\xe2\x80\xaez", NULL, NULL, ST_INVALID },
		{ "label not UTF-8", "k8", "a\xff", NULL, NULL, ST_INVALID },
		{ "externalId", "k9", "l", "customer 12", NULL, ST_OK },
		{ "externalId with CR", "k10", "l", "a\rSet-Cookie: b", NULL, ST_INVALID },
		{ "externalId not ASCII", "k11", "l", "\xc3\xb1", NULL, ST_INVALID },
		{ "metadata", "k12", "l", NULL, "{\"b\": 1, \"a\": [true, null]}", ST_OK },
		{ "metadata: a list", "k13", "l", NULL, "[1]", ST_INVALID },
		{ "metadata: a name twice", "k14", "l", NULL, "{\"a\":1,\"a\":2}", ST_INVALID },
		{ "metadata: too great a number", "k15", "l", NULL, "{\"a\":1e400}", ST_INVALID },
		{ "metadata: NUL", "k16", "l", NULL, "{\"a\":\"\\u0000\"}", ST_INVALID },
		{ "metadata: lone surrogate", "k17", "l", NULL, "{\"a\":\"\\ud800\"}", ST_INVALID },
		{ "metadata: rubbish behind", "k18", "l", NULL, "{}{}", ST_INVALID },
		{ "SQL in all of it", "k19');--", "'; DROP TABLE app_keys;--", "' OR 1=1",
			"{\"'\":\"');--\"}", ST_OK },
	};
	struct fixture *f = *state;

	fixture_accounts(f);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct key_new key = { .account_slot = f->acme,
			.app_key = span_str(ROWS[i].app_key),
			.digest = digest_of((unsigned)i),
			.label = span_str(ROWS[i].key_label),
			.external_id = span_str(ROWS[i].external_id),
			.metadata = span_str(ROWS[i].metadata) };
		enum status st = create(f, &key);

		CHECK_ROW(ROWS[i].label, st == ROWS[i].st);
		CHECK_ROW(ROWS[i].label, st == ST_OK || f->complaint.key != NULL);
	}
	assert_chain(f);
}

static void lengths_of_a_key(void **state)
{
	static const struct {
		const char *label;
		size_t app_key, key_label, external_id, metadata;
		enum status st;
	} ROWS[] = {
		{ "all at their most", 160, 100, 200, 4096, ST_OK },
		{ "appKey one more", 161, 100, 200, 4096, ST_INVALID },
		{ "label one more", 159, 101, 200, 4096, ST_LIMIT },
		{ "externalId one more", 158, 100, 201, 4096, ST_INVALID },
		{ "metadata one more", 157, 100, 200, 4097, ST_LIMIT },
	};
	static char a[256], l[256], e[256], m[8192];
	struct fixture *f = *state;

	fixture_accounts(f);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct key_new key = { .account_slot = f->acme,
			.app_key = repeat(a, sizeof(a), 'k', ROWS[i].app_key),
			.digest = digest_of((unsigned)i),
			.label = repeat(l, sizeof(l), 'l', ROWS[i].key_label),
			.external_id = repeat(e, sizeof(e), 'e', ROWS[i].external_id),
			.metadata = repeat(m, sizeof(m), 'm', ROWS[i].metadata) };

		memcpy(m, "{\"k\":\"", 6);
		memcpy(m + ROWS[i].metadata - 2, "\"}", 2);
		CHECK_ROW(ROWS[i].label, create(f, &key) == ROWS[i].st);
	}
}

static void metadata_is_canonical(void **state)
{
	struct fixture *f = *state;
	struct key_new key;
	struct change *change;
	uint32_t slot;

	fixture_accounts(f);
	key = plain(f);
	key.metadata = SPAN_LIT("{ \"z\" : \"\xc3\xb1\",\n \"a\" : 1 }");
	change = begin(f);
	ASSERT_OK(key_create(change, &key, &slot, &f->complaint));
	commit(&change);
	assert_true(span_is(read_key(f, slot).metadata, "{\"a\":1,\"z\":\"\\u00F1\"}"));
}

static void expiry_lies_ahead(void **state)
{
	static const struct {
		const char *label;
		int64_t expires_at_us;
		enum status st;
	} ROWS[] = {
		{ "never", 0, ST_OK },
		{ "one microsecond ahead", NOW + 1, ST_OK },
		{ "now", NOW, ST_INVALID },
		{ "before", NOW - 1, ST_INVALID },
		{ "below zero", -1, ST_INVALID },
	};
	struct fixture *f = *state;

	fixture_accounts(f);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct key_new key = plain(f);
		char app_key[16];

		snprintf(app_key, sizeof(app_key), "key-%zu", i);
		key.app_key = span_str(app_key);
		key.digest = digest_of((unsigned)i);
		key.expires_at_us = ROWS[i].expires_at_us;
		CHECK_ROW(ROWS[i].label, create(f, &key) == ROWS[i].st);
	}
}

static void app_keys_and_digests_are_unique(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	struct key_new key = plain(f);
	struct change *change;

	key.app_key = SPAN_LIT("appkey-acme-1");
	ASSERT_ST(ST_EXISTS, create(f, &key));
	assert_string_equal(f->complaint.key, "records.app_key_taken");
	/* In the installation, not only in the account; the complaint tells no more. */
	key.account_slot = f->other;
	ASSERT_ST(ST_EXISTS, create(f, &key));
	key.app_key = SPAN_LIT("APPKEY-acme-1"); /* case matters */
	key.digest = digest_of(1);
	ASSERT_ST(ST_EXISTS, create(f, &key));
	assert_string_equal(f->complaint.key, "records.token_taken");
	/* A retired one is taken for ever. */
	change = begin(f);
	ASSERT_OK(key_revoke(change, slot, REVOKE_UNUSED, &f->complaint));
	commit(&change);
	ASSERT_ST(ST_EXISTS, create(f, &key));
	key.digest = digest_of(2);
	ASSERT_OK(create(f, &key));
}

static void a_key_may_come_without_a_token(void **state)
{
	struct fixture *f = *state;
	struct key_new key;
	struct change *change;
	uint32_t slot;

	fixture_accounts(f);
	key = plain(f);
	key.digest = NULL;
	change = begin(f);
	ASSERT_OK(key_create(change, &key, &slot, &f->complaint));
	commit(&change);
	assert_int_equal(read_key(f, slot).tokens_count, 0);
	/* Its first one opens no rotation. */
	change = begin(f);
	ASSERT_OK(key_rotate(change, slot, digest_of(5), ROTATE_OPEN, &f->complaint));
	commit(&change);
	assert_int_equal(read_key(f, slot).live_count, 1);
	assert_false(read_key(f, slot).rotation_open);
}

static void addresses(void **state)
{
	static const struct {
		const char *text;
		const char *canonical; /* NULL: refused */
	} ROWS[] = {
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "10.0.0.1", "10.0.0.1/32" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "255.255.255.255/32", "255.255.255.255/32" },
		{ "2001:DB8::/32", "2001:db8::/32" },
		{ "2001:db8:0:0::1", "2001:db8::1/128" },
		{ "::/0", "::/0" },
		{ "::ffff:10.1.2.3", "10.1.2.3/32" },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8" },
		{ "10.0.0.1/8", NULL },
		{ "10.0.0.0/33", NULL },
		{ "10.0.0.0/", NULL },
		{ "10.0.0.0/08", NULL },
		{ "10.0.0/8", NULL },
		{ "010.0.0.1", NULL },
		{ "2001:db8::/129", NULL },
		{ "2001:db8::1/32", NULL },
		{ "fe80::1%eth0", NULL },
		{ "[::1]", NULL },
		{ "1.2.3.4 ", NULL },
		{ "", NULL },
		{ "localhost", NULL },
	};
	struct record_address address;
	struct complaint complaint;

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char text[64];
		struct buf b = BUF_ARRAY(text);
		enum status st = record_address_parse(span_str(ROWS[i].text), &address, &complaint);

		CHECK_ROW(ROWS[i].text, (st == ST_OK) == (ROWS[i].canonical != NULL));
		if (st != ST_OK)
			continue;
		record_address_append(&b, &address);
		CHECK_ROW(ROWS[i].text, strcmp(buf_str(&b), ROWS[i].canonical) == 0);
	}
	/* A NUL inside cuts nothing off. */
	assert_int_equal(
		record_address_parse(span_of("1.2.3.4\0x", 9), &address, NULL), ST_INVALID);
}

static void addresses_of_a_key(void **state)
{
	struct fixture *f = *state;
	struct span texts[LIMIT_ADDRESSES_PER_KEY + 1];
	char memory[LIMIT_ADDRESSES_PER_KEY + 1][16];
	struct key_new key;
	struct record_key read;
	struct change *change;
	uint32_t slot;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		snprintf(memory[i], sizeof(memory[i]), "10.0.%zu.0/24", i);
		texts[i] = span_str(memory[i]);
	}
	fixture_accounts(f);
	key = plain(f);
	key.addresses = texts;
	key.addresses_count = ARRAY_LEN(texts);
	ASSERT_ST(ST_LIMIT, create(f, &key));
	key.addresses_count--;
	texts[0] = texts[1]; /* twice: kept once */
	change = begin(f);
	ASSERT_OK(key_create(change, &key, &slot, &f->complaint));
	commit(&change);
	read = read_key(f, slot);
	assert_int_equal(read.addresses_count, LIMIT_ADDRESSES_PER_KEY - 1);
	assert_int_equal(read.addresses[0].prefix_len, 24);
	assert_true(span_contains(last_event(f, 0), "\"addresses\":[\"10.0.1.0/24\","));
}

/* ---- editing ---- */

static void editing_and_versions(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	struct key_edit edit = { .version = 1, .label = SPAN_LIT("new label") };
	struct change *change = begin(f);

	ASSERT_OK(end(&change, key_edit(change, slot, &edit, &f->complaint)));
	assert_int_equal(read_key(f, slot).version, 2);
	/* Read before the edit: refused. */
	edit.label = SPAN_LIT("lost update");
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, key_edit(change, slot, &edit, &f->complaint)));
	assert_string_equal(f->complaint.key, "records.changed_meanwhile");
	assert_true(span_is(read_key(f, slot).label, "new label"));
	/* 0: whatever it is. */
	edit = (struct key_edit){ .external_id = SPAN_LIT("x-1") };
	change = begin(f);
	ASSERT_OK(end(&change, key_edit(change, slot, &edit, &f->complaint)));
	assert_true(span_is(read_key(f, slot).external_id, "x-1"));
	assert_true(span_is(read_key(f, slot).label, "new label"));
	/* Empty takes it off. */
	edit.external_id = SPAN_LIT("");
	change = begin(f);
	ASSERT_OK(end(&change, key_edit(change, slot, &edit, &f->complaint)));
	assert_false(span_present(read_key(f, slot).external_id));
	assert_chain(f);
}

/* ---- states ---- */

enum move { ACTIVATE, DEACTIVATE, REVOKE, EDIT, ROTATE, LINK };

static enum status move(struct fixture *f, uint32_t slot, uint32_t profile, enum move move)
{
	static unsigned next = 5000;
	struct key_edit edit = { .label = SPAN_LIT("moved") };
	struct change *change = begin(f);
	enum status st = ST_INVALID;

	switch (move) {
	case ACTIVATE:
		st = key_activate(change, slot, &f->complaint);
		break;
	case DEACTIVATE:
		st = key_deactivate(change, slot, &f->complaint);
		break;
	case REVOKE:
		st = key_revoke(change, slot, REVOKE_COMPROMISED, &f->complaint);
		break;
	case EDIT:
		st = key_edit(change, slot, &edit, &f->complaint);
		break;
	case ROTATE:
		st = key_rotate(change, slot, digest_of(next++), 0, &f->complaint);
		break;
	case LINK:
		st = link_add(change, slot, profile, &f->complaint);
		break;
	}
	return end(&change, st);
}

static void states_of_a_key(void **state)
{
	static const struct {
		const char *label;
		enum move first, second;
		enum status st;
	} ROWS[] = {
		{ "active again", EDIT, ACTIVATE, ST_CONFLICT },
		{ "active, deactivate", EDIT, DEACTIVATE, ST_OK },
		{ "inactive, activate", DEACTIVATE, ACTIVATE, ST_OK },
		{ "inactive again", DEACTIVATE, DEACTIVATE, ST_CONFLICT },
		{ "inactive, revoke", DEACTIVATE, REVOKE, ST_OK },
		{ "inactive, edit", DEACTIVATE, EDIT, ST_OK },
		{ "inactive, link", DEACTIVATE, LINK, ST_OK },
		{ "revoked is final: activate", REVOKE, ACTIVATE, ST_CONFLICT },
		{ "revoked is final: deactivate", REVOKE, DEACTIVATE, ST_CONFLICT },
		{ "revoked is final: again", REVOKE, REVOKE, ST_CONFLICT },
		{ "revoked is final: edit", REVOKE, EDIT, ST_CONFLICT },
		{ "revoked is final: rotate", REVOKE, ROTATE, ST_CONFLICT },
		{ "revoked is final: link", REVOKE, LINK, ST_CONFLICT },
	};
	struct fixture *f = *state;
	uint32_t profile;

	fixture_accounts(f);
	profile = make_profile(f, f->acme, "p", NULL, 0);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char app_key[16];
		uint32_t slot;

		snprintf(app_key, sizeof(app_key), "key-%zu", i);
		slot = make_key(f, f->acme, app_key, 100 + (unsigned)i);
		CHECK_ROW(ROWS[i].label, move(f, slot, profile, ROWS[i].first) == ST_OK);
		CHECK_ROW(ROWS[i].label, move(f, slot, profile, ROWS[i].second) == ROWS[i].st);
		CHECK_ROW(ROWS[i].label, ROWS[i].st == ST_OK || f->complaint.key != NULL);
	}
	assert_chain(f);
}

static void revoking_ends_all_tokens(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	struct change *change = begin(f);
	struct record_key key;

	ASSERT_OK(end(&change, key_rotate(change, slot, digest_of(2), ROTATE_OPEN, &f->complaint)));
	change = begin(f);
	ASSERT_OK(end(&change, key_revoke(change, slot, REVOKE_COMPROMISED, &f->complaint)));
	key = read_key(f, slot);
	assert_int_equal(key.state, RECORD_KEY_REVOKED);
	assert_int_equal(key.reason, REVOKE_COMPROMISED);
	assert_int_equal(key.revoked_at_us, NOW);
	assert_int_equal(key.live_count, 0);
	assert_int_equal(key.tokens_count, 2);
	assert_false(key.rotation_open);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(key.tokens[i].kind, RECORD_TOKEN_RETIRED);
		assert_int_equal(key.tokens[i].cause, RETIRE_KEY_REVOKED);
		assert_true(span_is(key.tokens[i].retired_by, "operator:1000"));
	}
	assert_true(span_contains(last_event(f, 0), "\"reason\":\"compromised\""));
}

static void a_reason_is_needed(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	struct change *change = begin(f);

	ASSERT_ST(ST_INVALID, end(&change, key_revoke(change, slot, REVOKE_NONE, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_INVALID,
		end(&change, key_revoke(change, slot, REVOKE_REASON_COUNT, &f->complaint)));
	assert_int_equal(read_key(f, slot).state, RECORD_KEY_ACTIVE);
}

/* ---- rotation ---- */

static enum status rotate(struct fixture *f, uint32_t slot, unsigned digest, int64_t overlap_us)
{
	struct change *change = begin(f);

	return end(&change, key_rotate(change, slot, digest_of(digest), overlap_us, &f->complaint));
}

static enum status has_same_tokens(void *arg, const struct record_key *key)
{
	const struct record_key *read = arg;

	assert_int_equal(key->tokens_count, read->tokens_count);
	for (size_t i = 0; i < read->tokens_count; i++)
		assert_memory_equal(key->tokens[i].digest, read->tokens[i].digest, DIGEST_SIZE);
	return ST_OK;
}

static void a_rotation_opens_finishes_and_cancels(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	struct snapshot *snapshot = NULL;
	struct record_key key;
	struct change *change;

	ASSERT_OK(rotate(f, slot, 2, ROTATE_OPEN));
	key = read_key(f, slot);
	ASSERT_OK(snapshot_begin(f->records, &snapshot));
	ASSERT_OK(snapshot_keys(snapshot, slot, slot, has_same_tokens, &key));
	snapshot_end(&snapshot);
	assert_true(key.rotation_open);
	assert_int_equal(key.live_count, 2);
	assert_memory_equal(key.tokens[0].digest, digest_of(2), DIGEST_SIZE); /* newest first */
	assert_memory_equal(key.tokens[1].digest, digest_of(1), DIGEST_SIZE);
	ASSERT_ST(ST_CONFLICT, rotate(f, slot, 3, ROTATE_OPEN));
	assert_string_equal(f->complaint.key, "records.rotation_is_open");
	change = begin(f);
	ASSERT_OK(end(&change, key_finish_rotation(change, slot, &f->complaint)));
	key = read_key(f, slot);
	assert_false(key.rotation_open);
	assert_int_equal(key.live_count, 1);
	assert_memory_equal(key.tokens[0].digest, digest_of(2), DIGEST_SIZE);
	assert_int_equal(key.tokens[1].cause, RETIRE_ROTATED);
	ASSERT_OK(rotate(f, slot, 3, ROTATE_OPEN));
	change = begin(f);
	ASSERT_OK(end(&change, key_cancel_rotation(change, slot, &f->complaint)));
	key = read_key(f, slot);
	assert_int_equal(key.live_count, 1);
	assert_memory_equal(key.tokens[0].digest, digest_of(2), DIGEST_SIZE);
	assert_int_equal(key.tokens[0].kind, RECORD_TOKEN_CURRENT);
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, key_cancel_rotation(change, slot, &f->complaint)));
	change = begin(f);
	ASSERT_ST(ST_CONFLICT, end(&change, key_finish_rotation(change, slot, &f->complaint)));
	/* The cancelled one is spent. */
	ASSERT_ST(ST_EXISTS, rotate(f, slot, 3, ROTATE_OPEN));
	assert_chain(f);
}

static void rotating_without_overlap_retires_at_once(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	struct record_key key;

	ASSERT_OK(rotate(f, slot, 2, 0));
	key = read_key(f, slot);
	assert_int_equal(key.live_count, 1);
	assert_memory_equal(key.tokens[0].digest, digest_of(2), DIGEST_SIZE);
	assert_int_equal(key.tokens[1].kind, RECORD_TOKEN_RETIRED);
	ASSERT_ST(ST_INVALID, rotate(f, slot, 3, ROTATE_OVERLAP_MAX_US + 1));
	ASSERT_ST(ST_INVALID, rotate(f, slot, 3, -2));
	ASSERT_OK(rotate(f, slot, 3, ROTATE_OVERLAP_MAX_US));
}

static void an_overlap_ends_by_itself(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f), second = make_key(f, f->acme, "second", 50);
	size_t ended;
	int64_t next_us;

	ASSERT_OK(rotate(f, slot, 2, 1000));
	ASSERT_OK(rotate(f, second, 51, 5000));
	ASSERT_OK(keys_end_overlaps(f->records, NOW + 999, &ended, &next_us));
	assert_int_equal(ended, 0);
	assert_int_equal(next_us, NOW + 1000);
	assert_int_equal(read_key(f, slot).live_count, 2);
	ASSERT_OK(keys_end_overlaps(f->records, NOW + 1000, &ended, &next_us));
	assert_int_equal(ended, 1);
	assert_int_equal(next_us, NOW + 5000);
	assert_int_equal(read_key(f, slot).live_count, 1);
	assert_true(
		span_contains(last_event(f, 0), "\"kind\":\"system\",\"id\":\"system:overlap\""));
	ASSERT_OK(keys_end_overlaps(f->records, NOW + 5000, &ended, &next_us));
	assert_int_equal(ended, 1);
	assert_int_equal(next_us, 0);
	ASSERT_OK(keys_end_overlaps(f->records, NOW + 9000, &ended, &next_us));
	assert_int_equal(ended, 0);
	assert_chain(f);
}

static void many_overlaps_end_in_one_call(void **state)
{
	enum { MANY = 230 };
	struct fixture *f = *state;
	size_t ended;
	int64_t next_us;

	fixture_accounts(f);
	for (unsigned i = 0; i < MANY; i++) {
		char app_key[16];

		snprintf(app_key, sizeof(app_key), "key-%u", i);
		ASSERT_OK(rotate(f, make_key(f, f->acme, app_key, 1000 + i), 2000 + i, 10 + i));
	}
	ASSERT_OK(keys_end_overlaps(f->records, NOW + 10 + MANY - 2, &ended, &next_us));
	assert_int_equal(ended, MANY - 1);
	assert_int_equal(next_us, NOW + 10 + MANY - 1);
}

/* ---- links ---- */

static enum status link_it(struct fixture *f, uint32_t key, uint32_t profile)
{
	struct change *change = begin(f);

	return end(&change, link_add(change, key, profile, &f->complaint));
}

static enum status unlink_it(struct fixture *f, uint32_t key, uint32_t profile)
{
	struct change *change = begin(f);

	return end(&change, link_remove(change, key, profile, &f->complaint));
}

static void linking_and_unlinking(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	uint32_t profile = make_profile(f, f->acme, "Orders", NULL, 0);

	ASSERT_OK(link_it(f, slot, profile));
	assert_int_equal(read_key(f, slot).links_count, 1);
	assert_true(span_is(read_key(f, slot).links[0].profile, "Orders"));
	assert_int_equal(read_key(f, slot).version, 2);
	ASSERT_ST(ST_EXISTS, link_it(f, slot, profile));
	ASSERT_ST(ST_NOT_FOUND, link_it(f, slot, profile + 1));
	assert_string_equal(f->complaint.key, "records.no_profile");
	ASSERT_ST(ST_NOT_FOUND, link_it(f, slot + 1, profile));
	assert_string_equal(f->complaint.key, "records.no_key");
	ASSERT_OK(unlink_it(f, slot, profile));
	assert_int_equal(read_key(f, slot).links_count, 0);
	ASSERT_ST(ST_NOT_FOUND, unlink_it(f, slot, profile));
	assert_string_equal(f->complaint.key, "records.no_link");
	assert_chain(f);
}

static void a_key_has_64_links_at_most(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	uint32_t profiles[LIMIT_PROFILES_PER_KEY + 1];
	struct key_new key = plain(f);

	for (unsigned i = 0; i < ARRAY_LEN(profiles); i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%u", i);
		profiles[i] = make_profile(f, f->acme, name, NULL, 0);
	}
	for (unsigned i = 0; i < LIMIT_PROFILES_PER_KEY; i++)
		ASSERT_OK(link_it(f, slot, profiles[i]));
	ASSERT_ST(ST_LIMIT, link_it(f, slot, profiles[LIMIT_PROFILES_PER_KEY]));
	ASSERT_OK(unlink_it(f, slot, profiles[0]));
	ASSERT_OK(link_it(f, slot, profiles[LIMIT_PROFILES_PER_KEY]));
	key.profile_slots = profiles;
	key.profiles_count = ARRAY_LEN(profiles);
	ASSERT_ST(ST_LIMIT, create(f, &key));
	key.profiles_count--;
	ASSERT_OK(create(f, &key));
}

static void a_key_of_another_account_is_external(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	uint32_t home = make_profile(f, f->acme, "Home", NULL, 0);
	uint32_t away = make_profile(f, f->other, "Away", NULL, 0);
	struct key_new key = plain(f);
	struct record_key read;
	CLEANUP(buf_free)
	struct buf all = buf_heap(MIB), own = buf_heap(MIB);
	struct span event;

	ASSERT_OK(link_it(f, slot, home));
	ASSERT_OK(link_it(f, slot, away));
	read = read_key(f, slot);
	assert_int_equal(read.links_count, 2);
	assert_int_equal(read.links[1].account_slot, f->other);
	/* The home account is not shown that another one uses its key. */
	key_append_json(&all, &read, VIEWER_ALL);
	key_append_json(&own, &read, f->acme);
	assert_true(span_contains(buf_span(&all), "Away"));
	assert_false(span_contains(buf_span(&own), "Away"));
	assert_true(span_contains(buf_span(&own), "Home"));
	assert_int_equal(read.version, 2);
	/* The event is the other account's and tells nothing of the key but its name. */
	event = last_event(f, 0);
	assert_true(span_contains(event, "\"account\":\"other\""));
	assert_true(span_contains(event, "\"external\":true"));
	assert_false(span_contains(event, "a label"));
	assert_false(span_contains(event, "Home"));
	/* Not by the way of creating. */
	key.profile_slots = &away;
	key.profiles_count = 1;
	ASSERT_ST(ST_NOT_FOUND, create(f, &key));
}

static void predefined_profiles_are_never_linked(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	uint32_t predefined = make_profile(f, 0, "Owner", NULL, 0);

	ASSERT_ST(ST_NOT_FOUND, link_it(f, slot, predefined));
}

/* ---- who may ---- */

static void only_the_owner_changes_keys(void **state)
{
	static const struct {
		const char *label;
		int who; /* 0 owner, 1 another user, 2 the other account's owner, 3 nobody known */
		enum status st;
	} ROWS[] = {
		{ "the owner", 0, ST_OK },
		{ "another user of the account", 1, ST_DENIED },
		{ "the owner of another account", 2, ST_NOT_FOUND },
		{ "a user that is not", 3, ST_DENIED },
	};
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	uint32_t profile = make_profile(f, f->acme, "p", NULL, 0);
	uint32_t users[4] = { 1, make_user(f, f->acme, "berta@acme.example"), 2, 999 };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct key_new key = plain(f);

		f->actor = (struct actor){
			.kind = ACTOR_USER, .user_slot = users[ROWS[i].who], .peer_uid = -1
		};
		CHECK_ROW(ROWS[i].label, create(f, &key) == ROWS[i].st);
		for (enum move m = ACTIVATE; m <= LINK; m++) {
			enum status st = move(f, slot, profile, m);
			bool allowed = st == ST_OK || st == ST_CONFLICT;

			CHECK_ROW(ROWS[i].label, ROWS[i].st == ST_OK ? allowed : st == ROWS[i].st);
		}
	}
	assert_chain(f);
}

static void an_owner_is_not_told_of_other_accounts_keys(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	uint32_t profile = make_profile(f, f->other, "p", NULL, 0);

	f->actor = (struct actor){ .kind = ACTOR_USER, .user_slot = 2, .peer_uid = -1 };
	ASSERT_ST(ST_NOT_FOUND, link_it(f, slot, profile));
	assert_string_equal(f->complaint.key, "records.no_key");
	ASSERT_ST(ST_NOT_FOUND, link_it(f, slot + 100, profile));
	assert_string_equal(f->complaint.key, "records.no_key");
}

static void ownership_counts_at_the_change(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = one_key(f);
	uint32_t berta = make_user(f, f->acme, "berta@acme.example");
	struct change *change = begin(f);

	ASSERT_OK(end(&change, owner_transfer(change, berta, &f->complaint)));
	f->actor = (struct actor){ .kind = ACTOR_USER, .user_slot = 1, .peer_uid = -1 };
	ASSERT_ST(ST_DENIED, move(f, slot, 0, DEACTIVATE));
	f->actor.user_slot = berta;
	ASSERT_OK(move(f, slot, 0, DEACTIVATE));
	assert_true(span_contains(last_event(f, 0), "\"id\":\"user:3\",\"uid\":null"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(a_new_key_has_its_token_and_no_links),
		WITH(neither_digest_nor_email_stands_in_events),
		WITH(texts_of_a_key),
		WITH(lengths_of_a_key),
		WITH(metadata_is_canonical),
		WITH(expiry_lies_ahead),
		WITH(app_keys_and_digests_are_unique),
		WITH(a_key_may_come_without_a_token),
		cmocka_unit_test(addresses),
		WITH(addresses_of_a_key),
		WITH(editing_and_versions),
		WITH(states_of_a_key),
		WITH(revoking_ends_all_tokens),
		WITH(a_reason_is_needed),
		WITH(a_rotation_opens_finishes_and_cancels),
		WITH(rotating_without_overlap_retires_at_once),
		WITH(an_overlap_ends_by_itself),
		WITH(many_overlaps_end_in_one_call),
		WITH(linking_and_unlinking),
		WITH(a_key_has_64_links_at_most),
		WITH(a_key_of_another_account_is_external),
		WITH(predefined_profiles_are_never_linked),
		WITH(only_the_owner_changes_keys),
		WITH(an_owner_is_not_told_of_other_accounts_keys),
		WITH(ownership_counts_at_the_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
