/* What the tests of the catalogue share: documents as texts, needs as texts. */
#ifndef TESTS_UNIT_CATALOG_SUPPORT_H
#define TESTS_UNIT_CATALOG_SUPPORT_H

#include "../testing.h"

#include "base/limits.h"
#include "catalog/catalog.h"

#include <stdio.h>
#include <stdlib.h>

struct loaded {
	struct catalog *catalog;
	struct catalog_report *report;
	struct complaint complaint;
	enum status status;
};

static inline void loaded_free(struct loaded *l)
{
	catalog_free(&l->catalog);
	catalog_report_free(&l->report);
}

static inline struct loaded load(const char *text, const struct catalog_read_options *options)
{
	const struct catalog_read_options none = { 0 };
	struct catalog_document document = { span_str(text), "test.yaml" };
	struct loaded l = { .report = catalog_report_make() };

	l.status = catalog_read(
		&document, options == NULL ? &none : options, l.report, &l.catalog, &l.complaint);
	return l;
}

/* "public", "authenticated", "nobody", or "Product/key Product/key" */
static inline void need_text(struct buf *out, const struct catalog_need *need)
{
	if (need->access != CATALOG_RESOURCES) {
		buf_append_str(out, need->access == CATALOG_PUBLIC ? "public" : "authenticated");
		return;
	}
	if (need->resources_count == 0)
		buf_append_str(out, "nobody");
	for (size_t i = 0; i < need->resources_count; i++) {
		buf_append_str(out, i == 0 ? "" : " ");
		buf_append_str(out, need->resources[i].product);
		buf_append_str(out, "/");
		buf_append_str(out, need->resources[i].key);
	}
}

/* The need of a route of service "default"; "undecided: reason", or "absent". */
static inline void outcome_text(
	struct buf *out, const struct loaded *l, const char *method, const char *path)
{
	const struct catalog_route *route;

	if (l->status != ST_OK) {
		buf_append_str(out, l->complaint.key == NULL ? "failed" : l->complaint.key);
		return;
	}
	route = catalog_find_route(l->catalog, "default", method, path);
	if (route != NULL) {
		need_text(out, &route->need);
		return;
	}
	for (size_t i = 0; i < l->report->undecided_count; i++) {
		const struct catalog_undecided *u = &l->report->undecided[i];

		if (strcmp(u->method, method) == 0 && strcmp(u->path, path) == 0) {
			buf_append_str(out, "undecided: ");
			buf_append_str(out, catalog_reason_name(u->reason));
			return;
		}
	}
	buf_append_str(out, "absent");
}

#define CHECK_TEXT(label, actual, expected)                                                        \
	do {                                                                                       \
		if (strcmp((actual), (expected)) != 0)                                             \
			fail_msg("%s: expected \"%s\", got \"%s\"", label, expected, actual);      \
	} while (0)

/* The file's bytes, the caller's to free; absent when there is no such file. */
static inline struct span read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct span result = SPAN_ABSENT;
	char *memory;
	long size;

	if (file == NULL)
		return result;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
		rewind(file);
		memory = malloc((size_t)size + 1);
		assert_non_null(memory);
		result = span_of(memory, fread(memory, 1, (size_t)size, file));
	}
	fclose(file);
	return result;
}

#endif
