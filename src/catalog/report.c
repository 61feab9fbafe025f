#include "catalog/internal.h"

#include <stdlib.h>

struct catalog_report *catalog_report_make(void)
{
	struct catalog_report *report = calloc(1, sizeof(*report));

	if (report == NULL)
		return NULL;
	report->arena = arena_make(CATALOG_MEMORY_MAX);
	if (report->arena == NULL)
		catalog_report_free(&report);
	return report;
}

void catalog_report_free(struct catalog_report **report)
{
	if (*report == NULL)
		return;
	free((*report)->undecided);
	free((*report)->conflicts);
	free((*report)->differences);
	free((*report)->ambiguous);
	arena_free(&(*report)->arena);
	free(*report);
	*report = NULL;
}

enum status report_undecided(
	struct catalog_report *report, const struct catalog_undecided *undecided)
{
	struct catalog_undecided copy;
	enum status st;

	if (report == NULL)
		return ST_OK;
	copy = (struct catalog_undecided){
		.document = text_copy(report->arena, undecided->document),
		.service = text_copy(report->arena, undecided->service),
		.method = text_copy(report->arena, undecided->method),
		.path = text_copy(report->arena, undecided->path),
		.reason = undecided->reason,
		.detail = text_copy(report->arena, undecided->detail),
	};
	st = items_reserve((void **)&report->undecided, report->undecided_count,
		&report->undecided_capacity, sizeof(copy));

	if (st != ST_OK || copy.document == NULL || copy.service == NULL || copy.method == NULL ||
		copy.path == NULL || copy.detail == NULL)
		return ST_NO_MEMORY;
	report->undecided[report->undecided_count++] = copy;
	return ST_OK;
}

enum status report_conflict(struct catalog_report *report, const struct catalog_conflict *conflict)
{
	struct arena *arena = report->arena;
	struct catalog_conflict copy = {
		.kind = conflict->kind,
		.service = text_copy(arena, conflict->service),
		.method = text_copy(arena, conflict->method),
		.path = text_copy(arena, conflict->path),
		.name = text_copy(arena, conflict->name),
		.there_sources = text_copy(arena, conflict->there_sources),
		.incoming_sources = text_copy(arena, conflict->incoming_sources),
	};
	enum status st = items_reserve((void **)&report->conflicts, report->conflicts_count,
		&report->conflicts_capacity, sizeof(copy));

	if (st == ST_OK)
		st = need_copy(arena, &conflict->there, &copy.there);
	if (st == ST_OK)
		st = need_copy(arena, &conflict->incoming, &copy.incoming);
	if (st == ST_OK)
		st = need_copy(arena, &conflict->result, &copy.result);
	if (st != ST_OK || copy.service == NULL || copy.method == NULL || copy.path == NULL ||
		copy.name == NULL || copy.there_sources == NULL || copy.incoming_sources == NULL)
		return ST_NO_MEMORY;
	report->conflicts[report->conflicts_count++] = copy;
	return ST_OK;
}

enum status report_ambiguous(
	struct catalog_report *report, const struct catalog_ambiguous *ambiguous)
{
	enum status st = items_reserve((void **)&report->ambiguous, report->ambiguous_count,
		&report->ambiguous_capacity, sizeof(*ambiguous));

	if (st != ST_OK || ambiguous->method == NULL || ambiguous->path == NULL)
		return ST_NO_MEMORY;
	report->ambiguous[report->ambiguous_count++] = *ambiguous;
	return ST_OK;
}

enum status report_difference(
	struct catalog_report *report, const struct catalog_difference *difference)
{
	enum status st = items_reserve((void **)&report->differences, report->differences_count,
		&report->differences_capacity, sizeof(*difference));

	if (st == ST_OK)
		report->differences[report->differences_count++] = *difference;
	return st;
}

static const struct {
	const char *name, *text;
} REASONS[CATALOG_REASON_COUNT] = {
	[CATALOG_REASON_SILENT] = { "silent", "catalog.undecided_silent" },
	[CATALOG_REASON_AUTH_ONLY] = { "auth_only", "catalog.undecided_auth_only" },
	[CATALOG_REASON_ANONYMOUS] = { "anonymous", "catalog.undecided_anonymous" },
	[CATALOG_REASON_ALL_OF] = { "all_of", "catalog.undecided_all_of" },
	[CATALOG_REASON_ASK_PROVIDER] = { "ask_provider", "catalog.undecided_ask_provider" },
	[CATALOG_REASON_UNREADABLE] = { "unreadable", "catalog.undecided_unreadable" },
	[CATALOG_REASON_CONTRADICTION] = { "contradiction", "catalog.undecided_contradiction" },
	[CATALOG_REASON_EXTENSION] = { "extension", "catalog.undecided_extension" },
	[CATALOG_REASON_RESOURCE] = { "resource", "catalog.undecided_resource" },
	[CATALOG_REASON_PATH] = { "path", "catalog.undecided_path" },
	[CATALOG_REASON_SERVER] = { "server", "catalog.undecided_server" },
	[CATALOG_REASON_REFERENCE] = { "reference", "catalog.undecided_reference" },
	[CATALOG_REASON_METHOD] = { "method", "catalog.undecided_method" },
};

const char *catalog_reason_name(enum catalog_reason reason)
{
	return (unsigned)reason < CATALOG_REASON_COUNT ? REASONS[reason].name : "unknown";
}

void catalog_undecided_append(
	struct buf *out, enum lang lang, const struct catalog_undecided *undecided)
{
	if ((unsigned)undecided->reason >= CATALOG_REASON_COUNT)
		return;
	message_append(out, lang, REASONS[undecided->reason].text, NULL, 0);
	if (undecided->detail[0] == '\0')
		return;
	buf_append_str(out, " (");
	buf_append_str(out, undecided->detail);
	buf_append_char(out, ')');
}
