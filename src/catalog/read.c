#include "catalog/read.h"

#include "catalog/openapi.h"
#include "catalog/tree.h"

#include <stdlib.h>

/* Names stand in lists of lines and in complaints. */
static const char *document_name(const struct catalog_document *document)
{
	return document->name != NULL && name_is_sound(span_str(document->name)) ? document->name
										 : "document";
}

static const char *service_name(const struct catalog_read_options *options)
{
	return options->service == NULL ? CATALOG_SERVICE_DEFAULT : options->service;
}

/*
 * The service that the document's operations belong to. One that is made for it takes the path
 * that all servers of the document share as its base path; the default one has none, so that
 * several documents can share it.
 */
static enum status choose_service(struct openapi *ctx, const struct catalog_read_options *options,
	struct complaint *complaint)
{
	struct span name = span_str(ctx->service);
	const struct catalog_service *known =
		options->known == NULL ? NULL : catalog_find_service(options->known, name);
	struct catalog_service service = { .name = ctx->service, .hosts = "", .base_path = "" };

	if (!service_name_is_sound(name)) {
		complaint_set(complaint, "catalog.bad_service", 2, "what", "service", "value",
			ctx->service);
		return ST_INVALID;
	}
	if (known != NULL)
		service.base_path = known->base_path;
	else if (options->service != NULL && strcmp(ctx->service, CATALOG_SERVICE_DEFAULT) != 0)
		service.base_path = openapi_common_prefix(ctx);
	if (service.base_path == NULL)
		return ST_NO_MEMORY;
	ctx->base_path = service.base_path;
	return catalog_add_service(ctx->out, &service);
}

/* Resources of operations that stayed undecided after all. */
static enum status drop_unused(struct catalog *catalog)
{
	size_t used_count, kept = 0;
	struct catalog_ref *used = used_refs(catalog, &used_count);

	if (used == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < catalog->resources_count; i++) {
		if (is_used(used, used_count, &catalog->resources[i]))
			catalog->resources[kept++] = catalog->resources[i];
	}
	catalog->resources_count = kept;
	free(used);
	return ST_OK;
}

struct request {
	const struct catalog_document *document;
	const struct catalog_read_options *options;
	struct catalog_report *report;
	bool suggest;
};

static enum status read_openapi(const struct request *request, json_t *root, struct catalog *out,
	struct complaint *out_complaint)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(CATALOG_MEMORY_MAX);
	CLEANUP(names_free)
	struct names *names = names_make(request->options->known);
	struct openapi ctx = {
		.root = root,
		.document = document_name(request->document),
		.service = service_name(request->options),
		.servers = request->options->servers,
		.suggest = request->suggest,
		.names = names,
		.out = out,
		.report = request->report,
		.arena = arena,
	};
	enum status st;

	if (arena == NULL || names == NULL)
		return ST_NO_MEMORY;
	st = choose_service(&ctx, request->options, out_complaint);
	if (st == ST_OK)
		st = openapi_read(&ctx, out_complaint);
	if (st == ST_OK)
		st = drop_unused(out);
	if (st != ST_OK)
		return st;
	if (request->report != NULL)
		request->report->operations_count += ctx.operations;
	if (!request->suggest)
		out->documents = text_copy(out->arena, ctx.document);
	return out->documents == NULL ? ST_NO_MEMORY : ST_OK;
}

static enum status read_tree(const struct request *request, json_t *root, struct catalog *out,
	struct complaint *out_complaint)
{
	if (json_object_get(root, "openapi") != NULL)
		return read_openapi(request, root, out, out_complaint);
	if (json_object_get(root, "llavero") != NULL && !request->suggest)
		return own_read(root, request->options->known, out, out_complaint);
	complaint_set(out_complaint,
		json_object_get(root, "swagger") != NULL ? "catalog.swagger" : "catalog.form", 0);
	return ST_INVALID;
}

static enum status read_into(
	const struct request *request, struct catalog *out, struct complaint *out_complaint)
{
	CLEANUP(tree_free)
	json_t *root = NULL;
	enum status st;

	if (!request->suggest && table_is(request->document->bytes))
		return table_read(request->document->bytes, out, out_complaint);
	st = tree_read(request->document->bytes, &root, out_complaint);
	return st == ST_OK ? read_tree(request, root, out, out_complaint) : st;
}

/* Every text about a document has a place for its name. */
static void name_document(struct complaint *c, const struct catalog_document *document)
{
	struct buf value;

	if (c == NULL || c->key == NULL || c->args_count == COMPLAINT_ARGS_MAX ||
		strncmp(c->key, "catalog.", 8) != 0)
		return;
	value = BUF_ARRAY(c->args[c->args_count].value);
	buf_append_str(&value, document_name(document));
	c->args[c->args_count++].name = "document";
}

/* What a failed reading added to the report is taken back. */
static enum status read_any(const struct request *request, struct catalog **out_catalog,
	struct complaint *out_complaint)
{
	CLEANUP(catalog_free)
	struct catalog *catalog = catalog_make();
	size_t undecided = request->report == NULL ? 0 : request->report->undecided_count;
	enum status st =
		catalog == NULL ? ST_NO_MEMORY : read_into(request, catalog, out_complaint);

	if (st != ST_OK) {
		name_document(out_complaint, request->document);
		if (request->report != NULL)
			request->report->undecided_count = undecided;
		return st;
	}
	catalog_sort(catalog);
	*out_catalog = catalog;
	catalog = NULL;
	return ST_OK;
}

enum status catalog_read(const struct catalog_document *document,
	const struct catalog_read_options *options, struct catalog_report *report,
	struct catalog **out_catalog, struct complaint *out_complaint)
{
	struct request request = { document, options, report, false };

	return read_any(&request, out_catalog, out_complaint);
}

/* The proposal stands alone: it lists the known resources that it refers to. */
static enum status add_known_resources(const struct catalog *known, struct catalog *catalog)
{
	size_t used_count;
	struct catalog_ref *used = used_refs(catalog, &used_count);
	enum status st = used == NULL ? ST_NO_MEMORY : ST_OK;

	for (size_t i = 0; known != NULL && i < known->resources_count && st == ST_OK; i++) {
		if (is_used(used, used_count, &known->resources[i]))
			st = catalog_add_resource(catalog, &known->resources[i]);
	}
	free(used);
	catalog_sort(catalog);
	return st;
}

enum status catalog_suggest(const struct catalog_document *document,
	const struct catalog_read_options *options, struct catalog_report *report,
	struct catalog **out_catalog, struct complaint *out_complaint)
{
	struct request request = { document, options, report, true };
	CLEANUP(catalog_free)
	struct catalog *catalog = NULL;
	enum status st = read_any(&request, &catalog, out_complaint);

	if (st == ST_OK)
		st = add_known_resources(options->known, catalog);
	if (st != ST_OK)
		return st;
	*out_catalog = catalog;
	catalog = NULL;
	return ST_OK;
}
