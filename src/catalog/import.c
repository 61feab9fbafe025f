/* Documents into a catalogue, all or nothing. */
#include "catalog/internal.h"

struct import {
	const struct catalog_import *asked;
	struct catalog_report *report;
	struct catalog *known;    /* base's resources and services, and those read so far */
	struct catalog *incoming; /* what the documents state */
	struct complaint *complaint;
};

static bool has_service(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->services_count; i++) {
		if (strcmp(catalog->services[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Of services the first counts; settings that are stated twice are a conflict later. */
static enum status add_names(struct catalog *to, const struct catalog *from)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < from->resources_count && st == ST_OK; i++)
		st = catalog_add_resource(to, &from->resources[i]);
	for (size_t i = 0; i < from->services_count && st == ST_OK; i++) {
		if (!has_service(to, from->services[i].name))
			st = catalog_add_service(to, &from->services[i]);
	}
	catalog_sort(to);
	return st;
}

static enum status add_all(struct catalog *to, const struct catalog *from)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < from->resources_count && st == ST_OK; i++)
		st = catalog_add_resource(to, &from->resources[i]);
	for (size_t i = 0; i < from->services_count && st == ST_OK; i++)
		st = catalog_add_service(to, &from->services[i]);
	for (size_t i = 0; i < from->routes_count && st == ST_OK; i++)
		st = catalog_add_route(to, &from->routes[i]);
	for (size_t i = 0; i < from->profiles_count && st == ST_OK; i++)
		st = catalog_add_profile(to, &from->profiles[i]);
	return st;
}

/* The document's name joins those that are read in this import. */
static enum status add_document(struct catalog *to, const char *name)
{
	struct buf names = buf_heap(LIMIT_BODY);
	const char *copy = to->documents;

	if (name[0] != '\0' && !lines_have(to->documents, span_str(name))) {
		buf_append_str(&names, to->documents);
		buf_append_str(&names, names.len == 0 ? "" : "\n");
		buf_append_str(&names, name);
		copy = buf_ok(&names) ? text_copy_span(to->arena, buf_span(&names)) : NULL;
	}
	buf_free(&names);
	if (copy != NULL)
		to->documents = copy;
	return copy == NULL ? ST_NO_MEMORY : ST_OK;
}

static enum status read_document(struct import *import, const struct catalog_document *document)
{
	struct catalog_read_options options = {
		.service = import->asked->service,
		.servers = import->asked->servers,
		.known = import->known,
	};
	CLEANUP(catalog_free)
	struct catalog *read = NULL;
	enum status st = catalog_read(document, &options, import->report, &read, import->complaint);

	if (st == ST_OK)
		st = add_all(import->incoming, read);
	if (st == ST_OK)
		st = add_document(import->incoming, read->documents);
	return st == ST_OK ? add_names(import->known, read) : st;
}

/*
 * Tables of resources and catalogues in the own form first, whatever their place: they say what
 * the names in the other documents mean. Only they hold the word "llavero", or tabs in the
 * first line; an OpenAPI document that holds it is read in its turn all the same.
 */
static bool states_names(const struct catalog_document *document)
{
	struct span line = span_part(document->bytes, 0, span_find(document->bytes, '\n'));
	struct span start = span_part(document->bytes, 0, 4 * KIB);

	return span_find(line, '\t') < line.len ||
	       (start.len > 0 && memmem(start.ptr, start.len, "catalog/1", 9) != NULL);
}

static enum status read_documents(struct import *import)
{
	const struct catalog_document *documents = import->asked->documents;
	enum status st = ST_OK;

	for (int names = 1; names >= 0; names--) {
		for (size_t i = 0; i < import->asked->documents_count && st == ST_OK; i++) {
			if (states_names(&documents[i]) == names)
				st = read_document(import, &documents[i]);
		}
	}
	catalog_sort(import->incoming);
	return st;
}

static enum status merge_and_check(struct import *import, struct catalog **out_merged)
{
	CLEANUP(catalog_free)
	struct catalog *merged = NULL;
	enum status st = catalog_merge(import->asked->base, import->incoming, &import->asked->merge,
		import->report, &merged);

	if (st == ST_CONFLICT)
		complaint_set(import->complaint, "catalog.conflicts", 0);
	if (st == ST_OK)
		st = catalog_check(merged, import->complaint);
	if (st == ST_OK)
		st = catalog_compile(merged, import->report, import->complaint);
	if (st == ST_OK)
		st = catalog_diff(import->asked->base, merged, import->report);
	if (st != ST_OK)
		return st;
	*out_merged = merged;
	merged = NULL;
	return ST_OK;
}

enum status catalog_import(const struct catalog_import *asked, struct catalog_report *report,
	struct catalog **out_merged, struct complaint *out_complaint)
{
	CLEANUP(catalog_free)
	struct catalog *known = catalog_make();
	CLEANUP(catalog_free)
	struct catalog *incoming = catalog_make();
	struct import import = { asked, report, known, incoming, out_complaint };
	enum status st =
		known == NULL || incoming == NULL ? ST_NO_MEMORY : add_names(known, asked->base);

	if (st == ST_OK)
		st = read_documents(&import);
	return st == ST_OK ? merge_and_check(&import, out_merged) : st;
}
