/* OpenAPI 3.0 and 3.1 to needs: what the files openapi*.c and servers.c share. */
#ifndef CATALOG_OPENAPI_H
#define CATALOG_OPENAPI_H

#include "catalog/internal.h"
#include "catalog/names.h"

#include <jansson.h>

/* One document while it is read. */
struct openapi {
	json_t *root;
	const char *document; /* its name, for reports and sources */
	const char *service;
	const char *base_path; /* of the service */
	const char *product;   /* of resources that are named by key alone */
	enum catalog_servers servers;
	bool collecting; /* the first of two walks: only resources by key */
	bool suggest;    /* propose resources where nothing is stated */
	struct names *names;
	struct catalog *out;
	struct catalog_report *report; /* may be NULL */
	struct arena *arena;           /* what the reading takes */
	size_t operations;
};

/* What an operation needs, or why that is not known. */
struct decided {
	bool known;
	struct catalog_need need; /* refs in the arena */
	enum catalog_reason reason;
	const char *detail;
};

/*
 * Fill out from the parsed root. The version is checked; a wrong type is ST_INVALID with its
 * place. ctx has all but root, base_path and product.
 */
NODISCARD enum status openapi_read(struct openapi *ctx, struct complaint *out_complaint);

struct operation {
	json_t *item, *object; /* path item and operation */
	const char *method, *path;
};

/* From extensions, description and security, in this order. ST_NO_MEMORY. */
NODISCARD enum status openapi_need(
	struct openapi *ctx, const struct operation *operation, struct decided *out);
/* Add the resources that the operation names by key. ST_NO_MEMORY. */
NODISCARD enum status openapi_collect(struct openapi *ctx, const struct operation *operation);
/* From security alone. */
NODISCARD enum status openapi_security_need(
	struct openapi *ctx, const struct operation *operation, struct decided *out);
/* Whether the operation's own "security" (or the document's) asks for anything. */
enum security_demand {
	SECURITY_ABSENT = 0, /* nowhere */
	SECURITY_EMPTY,      /* the operation itself says that none is needed */
	SECURITY_OPTIONAL,   /* one of the ways in is none */
	SECURITY_INHERITED,  /* the document's default */
	SECURITY_COOKIE,     /* the operation's own, by cookies alone */
	SECURITY_OWN         /* the operation's own */
};
enum security_demand openapi_security_demand(
	struct openapi *ctx, const struct operation *operation);

/* {tag}.read or {tag}.write. */
NODISCARD enum status openapi_suggest_need(
	struct openapi *ctx, const struct operation *operation, struct decided *out);

/* A local reference ("#/components/x") followed; NULL when it is remote, missing or circular. */
json_t *openapi_follow(json_t *root, json_t *value);

#define TEMPLATES_MAX 16u

struct templates {
	const char *path[TEMPLATES_MAX]; /* below the service's base path; in the arena */
	size_t count;
	bool known;
	enum catalog_reason reason;
	const char *detail;
};

/* Where the operation is mounted. ST_NO_MEMORY. */
NODISCARD enum status openapi_templates(
	struct openapi *ctx, const struct operation *operation, struct templates *out);
/* The one literal path that all of the document's servers have, or "". In the arena; NULL
 * without memory. */
const char *openapi_common_prefix(struct openapi *ctx);

static inline struct span json_span(const json_t *value)
{
	return json_is_string(value) ? span_of(json_string_value(value), json_string_length(value))
				     : SPAN_ABSENT;
}

void decide_unknown(struct decided *out, enum catalog_reason reason, const char *detail);

#endif
