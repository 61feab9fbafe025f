/*
 * The catalogue: which resources exist and what each route needs. Documents in
 * (OpenAPI 3.0 and 3.1, a table of resources, the catalogue's own form), needs
 * out. Pure: no file, no network, no clock; a remote $ref is never fetched.
 *
 * I1: what a document does not clearly say is not guessed: the operation is
 *     listed as undecided and no route is made, so it is refused.
 * I2: an empty set of resources refuses everyone; it never becomes a flag.
 * I3: nothing is half-done: a call that fails leaves its out_ arguments as they were,
 *     except the complaint and, for ST_CONFLICT, the report.
 *
 * The keeper's way: catalog_make(); catalog_add_*() from its records;
 * catalog_import() with the documents; then apply report->differences.
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include "base/arena.h"
#include "base/complaint.h"
#include "base/status.h"

/* A resource by its identity. */
struct catalog_ref {
	const char *product, *key;
};

struct catalog_resource {
	const char *product, *key;   /* identity, compared byte for byte */
	const char *category, *name; /* "" when unknown */
	const char *aliases;         /* further names that documents use, one a line: "Name",
					"Category / Name" or "Product / Category / Name" */
};

struct catalog_service {
	const char *name;  /* identity: [a-z0-9][a-z0-9-]{0,62} */
	const char *hosts; /* one a line, lower case, "*.example.com" is a pattern; "": any host */
	const char *base_path; /* "" or "/v1": starts with a slash, ends without */
	bool case_insensitive;
	bool semicolon_strip;        /* strip ";..." before matching; false: refuse */
	bool unmapped_authenticated; /* unmapped = authenticated; false: refuse */
	bool preflight_pass;         /* CORS preflights pass; false: refuse */
	bool settled; /* the settings above are stated; false: only the name is known (from OpenAPI)
		       */
};

/* In order of strictness: each allows whatever the one before it allows. */
enum catalog_access {
	CATALOG_RESOURCES = 0, /* any one of resources; none listed: nobody */
	CATALOG_AUTHENTICATED,
	CATALOG_PUBLIC
};

struct catalog_need {
	enum catalog_access access;
	const struct catalog_ref *resources; /* sorted, no repeats; only with CATALOG_RESOURCES */
	size_t resources_count;
};

struct catalog_route {
	/* Identity: service, method, and path with the parameters' names taken off. */
	const char *service, *method, *path; /* path: a template below the service's base path */
	struct catalog_need need;
	/*
	 * The documents that state this need, sorted, one a line; "" for a route added by hand
	 * or by the own form. A document may change or remove on its own only what it alone
	 * stated. Provenance, never access: records that do not keep it lose only that.
	 */
	const char *sources;
	const char *origin; /* the path as the document writes it, or "" */
	const char *normal; /* path without the parameters' names; set by catalog_add_route() */
};

/* Predefined: offered to every account. */
struct catalog_profile {
	const char *name;
	const struct catalog_ref *resources; /* sorted, no repeats */
	size_t resources_count;
};

struct catalog {
	struct catalog_resource *resources;
	size_t resources_count, resources_capacity;
	struct catalog_service *services;
	size_t services_count, services_capacity;
	struct catalog_route *routes;
	size_t routes_count, routes_capacity;
	struct catalog_profile *profiles;
	size_t profiles_count, profiles_capacity;
	const char *documents; /* names of the OpenAPI documents it was read from, one a line */
	struct arena *arena;   /* owns every text and every list */
};

/* NULL without memory. */
NODISCARD struct catalog *catalog_make(void);
void catalog_free(struct catalog **catalog);

/*
 * Add one thing; all texts are copied, NULL stands for "". The identity must be new: it is
 * checked not here but by catalog_check(). ST_NO_MEMORY.
 */
NODISCARD enum status catalog_add_resource(
	struct catalog *catalog, const struct catalog_resource *resource);
NODISCARD enum status catalog_add_service(
	struct catalog *catalog, const struct catalog_service *service);
/* Sorts the resources of the copy and drops repeats. */
NODISCARD enum status catalog_add_route(struct catalog *catalog, const struct catalog_route *route);
NODISCARD enum status catalog_add_profile(
	struct catalog *catalog, const struct catalog_profile *profile);

/* Sort everything by identity, the order in which catalog_write() writes. */
void catalog_sort(struct catalog *catalog);

/*
 * Is the (sorted) catalogue sound: names and templates well formed, identities unique, every
 * reference to something that exists in it, within the limits? ST_INVALID, ST_EXISTS, ST_LIMIT.
 */
NODISCARD enum status catalog_check(const struct catalog *catalog, struct complaint *out_complaint);

/* After catalog_sort(); NULL when there is none. */
const struct catalog_resource *catalog_find_resource(
	const struct catalog *catalog, struct span product, struct span key);
const struct catalog_service *catalog_find_service(const struct catalog *catalog, struct span name);
/* By identity: the names of the path's parameters do not matter. */
const struct catalog_route *catalog_find_route(
	const struct catalog *catalog, const char *service, const char *method, const char *path);

bool catalog_need_equal(const struct catalog_need *a, const struct catalog_need *b);

/* ---- reports ---- */

enum catalog_reason {
	CATALOG_REASON_SILENT = 0,    /* says nothing about what it needs */
	CATALOG_REASON_AUTH_ONLY,     /* wants a credential, but not which right */
	CATALOG_REASON_ANONYMOUS,     /* security is empty or optional, and nothing else is said */
	CATALOG_REASON_ALL_OF,        /* needs several rights together; routes know any-of only */
	CATALOG_REASON_ASK_PROVIDER,  /* refers to somebody else for the permissions */
	CATALOG_REASON_UNREADABLE,    /* a permissions section or table that cannot be read */
	CATALOG_REASON_CONTRADICTION, /* two statements that exclude each other */
	CATALOG_REASON_EXTENSION,     /* an x-llavero- extension of the wrong form */
	CATALOG_REASON_RESOURCE,      /* a resource that cannot be told from others */
	CATALOG_REASON_PATH,          /* a path that is no template (query, pattern, space) */
	CATALOG_REASON_SERVER,        /* where the path is mounted cannot be told */
	CATALOG_REASON_REFERENCE,     /* a $ref that is remote, missing or circular */
	CATALOG_REASON_METHOD,        /* a field that is no method of OpenAPI, but looks like one */
	CATALOG_REASON_COUNT
};

struct catalog_undecided {
	const char *document, *service, *method, *path; /* as written in the document */
	enum catalog_reason reason;
	const char *detail; /* what was seen; "" when the reason says all */
};

enum catalog_kind { CATALOG_RESOURCE = 0, CATALOG_SERVICE, CATALOG_ROUTE, CATALOG_PROFILE };

struct catalog_conflict {
	enum catalog_kind kind;              /* CATALOG_SERVICE, CATALOG_ROUTE or CATALOG_PROFILE */
	const char *service, *method, *path; /* of a route, else "" */
	const char *name;                    /* of a service or profile, else "" */
	struct catalog_need there, incoming; /* the two needs; for a profile its resources */
	const char *there_sources, *incoming_sources;
	struct catalog_need result; /* what the policy made of it; under fail: there */
};

enum catalog_change {
	CATALOG_ADDED = 0,
	CATALOG_CHANGED,
	CATALOG_REMOVED,
	CATALOG_NOTED /* only the provenance (sources) changed; nobody's access does */
};

/* One change from the base to the result. The pointers live in the two catalogues. */
struct catalog_difference {
	enum catalog_kind kind;
	enum catalog_change change;
	union {
		struct {
			const struct catalog_resource *before, *after;
		} resource;
		struct {
			const struct catalog_service *before, *after;
		} service;
		struct {
			const struct catalog_route *before, *after;
		} route;
		struct {
			const struct catalog_profile *before, *after;
		} profile;
	}; /* before NULL when added, after NULL when removed */
};

/* Two routes with other needs that claim one path: it is refused as ambiguous. */
struct catalog_ambiguous {
	bool slash; /* they claim it with and without the trailing slash */
	const struct catalog_route *route, *other; /* live in the catalogue; route matches */
	const char *method, *path;                 /* an example, with the service's base path */
};

struct catalog_report {
	size_t operations_count;                              /* read from OpenAPI documents */
	size_t services_count, routes_count, resources_count; /* stated by the documents */
	struct catalog_undecided *undecided;
	size_t undecided_count, undecided_capacity;
	struct catalog_conflict *conflicts;
	size_t conflicts_count, conflicts_capacity;
	/* In the order in which records can apply them: services and resources first, removals
	 * of what others refer to last. */
	struct catalog_difference *differences;
	size_t differences_count, differences_capacity;
	size_t unchanged_count;
	struct catalog_ambiguous *ambiguous;
	size_t ambiguous_count, ambiguous_capacity;
	bool ambiguous_incomplete; /* there may be more */
	struct arena *arena;       /* owns the texts of undecided, conflicts, ambiguous */
};

NODISCARD struct catalog_report *catalog_report_make(void);
void catalog_report_free(struct catalog_report **report);

/* One sentence for people, without the operation's name. */
void catalog_undecided_append(
	struct buf *out, enum lang lang, const struct catalog_undecided *undecided);

/* The name of a reason in JSON, e.g. "silent". */
const char *catalog_reason_name(enum catalog_reason reason);

/* ---- reading ---- */

enum catalog_servers {
	CATALOG_SERVERS_FOLLOW = 0, /* the path of the document's servers is part of the route */
	CATALOG_SERVERS_IGNORE      /* paths as written: the gateway adds or strips the rest */
};

struct catalog_document {
	struct span bytes;
	const char *name; /* e.g. the file's name; stands in sources and complaints */
};

struct catalog_read_options {
	const char *service; /* NULL: "default" */
	enum catalog_servers servers;
	const struct catalog *known; /* resources and services that exist already; may be NULL */
};

/*
 * Read one document; the form is told from its content: JSON or YAML by its first byte,
 * OpenAPI by "openapi", the own form by "llavero", a table of resources by its header line.
 *
 * On success *out_catalog (the caller's) holds what the document states: of the resources
 * only those that are not known yet. report (may be NULL) gets undecided operations added.
 *
 * Fails with ST_INVALID (syntax, form, encoding: the complaint has line and column or the
 * place in the document), ST_LIMIT, ST_NO_MEMORY.
 */
NODISCARD enum status catalog_read(const struct catalog_document *document,
	const struct catalog_read_options *options, struct catalog_report *report,
	struct catalog **out_catalog, struct complaint *out_complaint);

/*
 * For OpenAPI documents that state nothing: propose {tag}.read for GET and HEAD and {tag}.write
 * for other methods, as a catalogue for people to review. Operations whose needs are stated keep
 * those.
 */
NODISCARD enum status catalog_suggest(const struct catalog_document *document,
	const struct catalog_read_options *options, struct catalog_report *report,
	struct catalog **out_catalog, struct complaint *out_complaint);

/* ---- merging ---- */

enum catalog_policy {
	CATALOG_FAIL = 0, /* list the conflicts and change nothing */
	CATALOG_NARROW,   /* what both allow; nothing in common: nobody */
	CATALOG_WIDEN     /* what either allows */
};

struct catalog_merge_options {
	enum catalog_policy policy;
	bool prune; /* the incoming catalogue is the whole: what it lacks is removed */
};

/*
 * base (sorted, not changed; may be empty) with incoming laid over it. A route with the same
 * sources on both sides is replaced; one that incoming's documents alone stated and do not state
 * any more is removed; any other difference of needs is a conflict.
 *
 * ST_CONFLICT under CATALOG_FAIL when there is one: report->conflicts has them all and
 * *out_merged is left as it was.
 */
NODISCARD enum status catalog_merge(const struct catalog *base, const struct catalog *incoming,
	const struct catalog_merge_options *options, struct catalog_report *report,
	struct catalog **out_merged);

/* Fill report->differences and unchanged_count with what leads from before to after (both
 * sorted). The report borrows from both. ST_NO_MEMORY. */
NODISCARD enum status catalog_diff(
	const struct catalog *before, const struct catalog *after, struct catalog_report *report);

/*
 * Does the catalogue, which passed catalog_check(), compile to what the gates match with? Where
 * two of its routes meet is put into report->ambiguous (which borrows from catalog); that is no
 * failure. ST_INVALID, ST_EXISTS or ST_LIMIT with a complaint of area "route", ST_NO_MEMORY.
 */
NODISCARD enum status catalog_compile(const struct catalog *catalog, struct catalog_report *report,
	struct complaint *out_complaint);

struct catalog_import {
	const struct catalog *base; /* sorted; not changed */
	const struct catalog_document *documents;
	size_t documents_count;
	const char *service; /* as in catalog_read_options */
	enum catalog_servers servers;
	struct catalog_merge_options merge;
};

/*
 * The whole import: read every document (resource lists and the own form first; each may use
 * the resources of those before it), merge them with each other, then into base, check the
 * result, and report the differences and what is ambiguous. *out_merged is the caller's;
 * report->differences and
 * ->ambiguous point into base and *out_merged. Fails as catalog_read() and catalog_merge() do.
 */
NODISCARD enum status catalog_import(const struct catalog_import *import,
	struct catalog_report *report, struct catalog **out_merged,
	struct complaint *out_complaint);

/* ---- writing ---- */

enum catalog_form { CATALOG_YAML = 0, CATALOG_JSON };

/*
 * The own form (docs/catalog.md) of a sorted catalogue, one item a line where it can be, so
 * that the difference between two versions is small. Reading it gives an equal catalogue.
 * ST_LIMIT beyond the buffer's ceiling.
 */
NODISCARD enum status catalog_write(
	const struct catalog *catalog, enum catalog_form form, struct buf *out);

#endif
