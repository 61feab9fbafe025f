/*
 * Look at the data directory of a daemon that has ended: does the chain of events verify,
 * with the public key and the mark that stand beside it, and does the index say what the
 * records say, no more and no less?
 *
 * usage: audit DATA_DIR    (TAP)
 */
#include "testing.h"

#include "base/clock.h"
#include "compare.h"
#include "index/reader.h"
#include "records/high_water.h"
#include "records/root_key.h"

#include <stdio.h>
#include <stdlib.h>

#define ASSERT_OK(st) assert_string_equal(status_name(st), "ok")

static const char *data_dir;

/* "{scheme}{data_dir}/{name}" */
static void path_of(char out[512], const char *scheme, const char *name)
{
	struct buf path = buf_fixed(out, 512);

	buf_printf(&path, "%s%s/%s", scheme, data_dir, name);
	assert_true(buf_ok(&path));
}

static void public_key_read(uint8_t out_key[SIGN_PUBLIC_KEY_SIZE])
{
	char path[512], text[256];
	FILE *file;
	size_t got;

	path_of(path, "", "event-public-key");
	file = fopen(path, "re");
	assert_non_null(file);
	got = fread(text, 1, sizeof(text), file);
	(void)fclose(file);
	ASSERT_OK(public_key_parse(span_of(text, got), out_key));
}

static void the_chain_of_events_verifies(void **state)
{
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE];
	char path[512], told[512];
	struct checkpoint mark;
	struct verify_options options = { .path = path, .public_key = public_key };
	struct complaint complaint = { .key = NULL };
	struct buf text = BUF_ARRAY(told);
	struct verify_result result;

	(void)state;
	path_of(path, "", "records.db");
	public_key_read(public_key);
	ASSERT_OK(high_water_read(data_dir, &mark));
	options.checkpoint = &mark;
	ASSERT_OK(events_verify(&options, &result, &complaint));
	complaint_append(&text, LANG_EN, &complaint);
	if (result.fault != EVENT_FAULT_NONE)
		fail_msg("event %lld: %s", (long long)result.first_bad, buf_str(&text));
	print_message("events: %lld\n", (long long)result.events);
}

static void the_index_equals_the_records(void **state)
{
	char url[512], index_dir[512], key_path[512];
	struct complaint complaint = { .key = NULL };
	struct root_key *root_key = NULL;
	struct records *records = NULL;
	struct snapshot *snapshot = NULL;
	struct index_reader *reader = NULL;
	struct index_info info;
	const struct view *view;
	uint64_t entries;

	(void)state;
	path_of(url, "sqlite:", "records.db");
	path_of(index_dir, "", "index");
	path_of(key_path, "", "root.key");
	ASSERT_OK(root_key_open(key_path, false, &root_key, &complaint));
	ASSERT_OK(records_open(
		&(struct records_options){ .url = url, .data_dir = data_dir, .root_key = root_key },
		&records, &complaint));
	ASSERT_OK(snapshot_begin(records, &snapshot));
	ASSERT_OK(index_reader_open(index_dir, NULL, &reader));
	ASSERT_OK(index_reader_view_begin(reader, clock_boot_us(), &view));
	entries = compare_index(snapshot, view);
	ASSERT_OK(index_reader_info(reader, clock_boot_us(), &info));
	assert_int_equal(info.entries_count, entries);
	index_reader_close(&reader);
	snapshot_end(&snapshot);
	records_close(&records);
	root_key_close(&root_key);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_of_events_verifies),
		cmocka_unit_test(the_index_equals_the_records),
	};

	if (argc != 2) {
		fputs("usage: audit DATA_DIR\n", stderr);
		return 2;
	}
	data_dir = argv[1];
	ASSERT_OK(crypto_init());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
