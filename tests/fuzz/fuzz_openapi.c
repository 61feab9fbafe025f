/*
 * Documents that are imported. What is refused has a complaint and leaves nothing; what is
 * accepted is a sound catalogue, comes out of its own form again, and importing it once more
 * changes nothing.
 */
#include "base/limits.h"
#include "catalog/catalog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static struct catalog *import(const struct catalog *base, struct span bytes,
	enum catalog_policy policy, struct catalog_report *report)
{
	struct catalog_document document = { bytes, "document" };
	struct catalog_import asked = {
		.base = base, .documents = &document, .documents_count = 1, .merge.policy = policy
	};
	struct complaint complaint = { 0 };
	struct catalog *merged = NULL;
	enum status st = catalog_import(&asked, report, &merged, &complaint);
	struct buf text = buf_heap(MIB);

	must((st == ST_OK) == (merged != NULL));
	must(st == ST_OK || st == ST_CONFLICT || st == ST_INVALID || st == ST_LIMIT ||
		st == ST_EXISTS);
	must(st == ST_OK || complaint.key != NULL);
	must(st != ST_CONFLICT || (policy == CATALOG_FAIL && report->conflicts_count > 0));
	complaint_append(&text, LANG_PT, &complaint);
	must(buf_ok(&text) && span_is_utf8(buf_span(&text)));
	buf_free(&text);
	return merged;
}

static void check_again(const struct catalog *merged, struct span bytes, enum catalog_policy policy)
{
	struct catalog_report *report = catalog_report_make();
	struct catalog *again = import(merged, bytes, policy, report);

	must(again != NULL && report->differences_count == 0);
	catalog_free(&again);
	catalog_report_free(&report);
}

static void check_form(const struct catalog *merged, enum catalog_form form)
{
	struct buf text = buf_heap(LIMIT_BODY_IMPORT);
	struct catalog *empty = catalog_make(), *read;
	struct catalog_report *report = catalog_report_make();

	must(catalog_write(merged, form, &text) == ST_OK);
	read = import(empty, buf_span(&text), CATALOG_FAIL, report);
	must(read != NULL);
	must(catalog_diff(merged, read, report) == ST_OK && report->differences_count == 0);
	catalog_free(&read);
	catalog_free(&empty);
	catalog_report_free(&report);
	buf_free(&text);
}

static void check_policy(struct span bytes, enum catalog_policy policy)
{
	struct catalog *empty = catalog_make();
	struct catalog_report *report = catalog_report_make();
	struct catalog *merged = import(empty, bytes, policy, report);

	if (merged != NULL) {
		check_again(merged, bytes, policy);
		check_form(merged, CATALOG_YAML);
		check_form(merged, CATALOG_JSON);
	}
	catalog_free(&merged);
	catalog_free(&empty);
	catalog_report_free(&report);
}

static void check_suggestion(struct span bytes)
{
	struct catalog_document document = { bytes, "document" };
	struct catalog_read_options options = { 0 };
	struct catalog_report *report = catalog_report_make();
	struct complaint complaint = { 0 };
	struct catalog *proposed = NULL;
	enum status st = catalog_suggest(&document, &options, report, &proposed, &complaint);

	must((st == ST_OK) == (proposed != NULL) && (st == ST_OK || complaint.key != NULL));
	catalog_free(&proposed);
	catalog_report_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of(data, size);

	check_policy(bytes, CATALOG_FAIL);
	check_policy(bytes, CATALOG_NARROW);
	check_policy(bytes, CATALOG_WIDEN);
	check_suggestion(bytes);
	return 0;
}
