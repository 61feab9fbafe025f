/*
 * Services and routes, compiled into one flat piece of bytes (a blob) and
 * matched there. The blob is position independent, may lie at any address of a
 * file mapped into memory, and carries magic, version and a checksum.
 *
 * Which service: those that name the request's host exactly; if there are none,
 * those whose pattern ("*.example.com": any depth below, not itself) fits, the
 * longest pattern first; if there are none, those without a host. Of these the
 * one with the longest base path, in whole segments. No fall-through: when no
 * base path fits there, or no route fits in the service, nothing else is tried.
 * A template stands below the base path of its service: base "/api" and
 * template "/x" match the path "/api/x".
 *
 * Which route: of all routes of the service that match method and whole path
 * (HEAD: those of GET too; of equal templates HEAD's), the most specific, decided at
 * the leftmost segment that differs: literal, mixed with more text, mixed with
 * less, parameter, tail.
 *
 * Ambiguous, and refused, is a path when with the route W that matches
 *  a) another route with other needs matches too, and is more specific than W
 *     at some later segment, or differs from it by a mixed segment with equally
 *     much text ("/o/group/{x}" and "/o/{id}/note" claim "/o/group/note");
 *  b) the same path with, or without, the trailing slash has a route with other
 *     needs that is more specific than W by the rule above (or by a mixed
 *     segment with equally much text neither is). A path without route in a
 *     service with unmapped = authenticated counts as less specific than any;
 *  c) two routes have the same method and template, and other needs.
 *
 * Bound: matching takes no memory from the heap. Routes are a tree by segments, so a
 * path visits a node at most once: no catalogue makes it exponential. It looks
 * at no more than ROUTES_STEPS_MAX nodes, however routes cross; beyond that the
 * answer is ambiguous with out->exhausted, never "allow".
 */
#ifndef DECIDE_ROUTES_H
#define DECIDE_ROUTES_H

#include "base/buf.h"
#include "base/complaint.h"
#include "base/limits.h"
#include "decide/path.h"

#define ROUTES_STEPS_MAX (256u * 1024u)

/* What a route asks of a key. Zero denies: with no resource in the list nobody passes. */
enum route_access {
	ROUTE_NEEDS_RESOURCE = 0, /* any one of the listed */
	ROUTE_AUTHENTICATED,      /* an active key with at least one link */
	ROUTE_PUBLIC,             /* no key */
};

/* ---- Building ---- */

struct service_spec {
	uint64_t id; /* unique among the services */
	struct span name;
	const struct span *hosts;    /* exact or "*.suffix", as host_canonicalise gives them */
	size_t hosts_count;          /* 0: a service without a host */
	struct span base_path;       /* "/" or empty: everything */
	bool unmapped_authenticated; /* else refuse */
	bool preflight_pass;         /* else refuse */
	struct path_switches switches;
};

struct route_spec {
	uint64_t id;
	uint64_t service_id;
	struct span method;
	struct span template_text;
	enum route_access access;
	const uint32_t *resource_ids; /* any order; only with ROUTE_NEEDS_RESOURCE */
	size_t resource_ids_count;    /* at most LIMIT_RESOURCES_PER_ROUTE */
};

enum route_conflict_kind {
	ROUTE_CONFLICT_CROSSING = 1, /* a) */
	ROUTE_CONFLICT_SLASH,        /* b) */
	ROUTE_CONFLICT_SAME,         /* c) */
};

struct route_conflict {
	enum route_conflict_kind kind;
	const struct route_spec *route; /* the one that matches path */
	const struct route_spec *other;
	struct span method;
	struct span path; /* an example that is refused as ambiguous; valid during the call */
};

/* Called for each conflict, at most ROUTES_CONFLICTS_MAX times. May be NULL. */
struct route_conflict_sink {
	void (*call)(void *context, const struct route_conflict *conflict);
	void *context;
};

#define ROUTES_CONFLICTS_MAX 1000u

struct routes_built {
	size_t conflicts_count;    /* reported to the sink */
	bool conflicts_incomplete; /* there may be more than were reported */
};

/*
 * Check services without building: names and ids unique, hosts and base paths
 * well formed, and no two services that would claim the same host and base
 * path. ST_INVALID, ST_EXISTS or ST_LIMIT with a complaint of area "route".
 */
NODISCARD enum status services_check(
	const struct service_spec *services, size_t services_count, struct complaint *complaint);

struct routes_input {
	const struct service_spec *services;
	size_t services_count;
	const struct route_spec *routes;
	size_t routes_count;
};

/*
 * Compile into *out (appended to; make it with a ceiling of ROUTES_BLOB_MAX).
 * Conflicts do not fail the build: they are reported, and such paths are refused
 * when matched. Deterministic: the same input in any order gives the same bytes.
 * Fails with ST_INVALID, ST_EXISTS, ST_LIMIT (a complaint tells) or ST_NO_MEMORY; *out is
 * then cut back to its old length. Takes under a second for LIMIT_ROUTES.
 */
NODISCARD enum status routes_build(const struct routes_input *input,
	const struct route_conflict_sink *sink, struct buf *out, struct routes_built *out_built,
	struct complaint *complaint);

#define ROUTES_BLOB_MAX (256 * MIB)

/* ---- Matching ---- */

/* A view of a blob that somebody else owns and keeps while this is used. */
struct routes {
	struct span blob;
	uint64_t stamp; /* the start of the checksum that was verified */
	uint32_t offsets[8];
	uint32_t counts[8];
};

/*
 * Check magic, version (ST_FORMAT) and checksum and structure (ST_DAMAGED), and
 * fill *out. Reads the whole blob once. Bytes that change afterwards never make
 * routes_match read outside the blob or run without end, but only a checked
 * copy in private memory is safe from saying something else.
 */
NODISCARD enum status routes_open(struct span blob, struct routes *out);

/*
 * Point *routes, which was opened before, at the same blob at another address
 * (a mapped file whose transaction was renewed), without reading all of it.
 * ST_STALE when it is another blob: open it.
 */
NODISCARD enum status routes_move(struct routes *routes, struct span blob);

enum route_match_kind {
	ROUTE_MATCH_NONE = 0,     /* no service, or no route in it (see unmapped_authenticated) */
	ROUTE_MATCH_PATH_REFUSED, /* by a switch of the service: path_reason says which */
	ROUTE_MATCH_AMBIGUOUS,
	ROUTE_MATCH_FOUND,
};

struct route_match {
	enum route_match_kind kind;
	enum path_reason path_reason; /* PATH_OK unless PATH_REFUSED */
	bool exhausted;               /* AMBIGUOUS because ROUTES_STEPS_MAX was reached */

	/* The service; has_service says whether there is one. */
	bool has_service;
	bool unmapped_authenticated;
	bool preflight_pass;
	uint64_t service_id;
	struct span service_name;

	/* FOUND: the route. AMBIGUOUS: one of the two, unless exhausted. */
	uint64_t route_id;
	uint64_t other_route_id; /* AMBIGUOUS: the other one */
	enum route_access access;
	struct span method;        /* the route's: GET for a HEAD that found GET's */
	struct span template_text; /* as it was written */
	size_t resources_count;
	const char *resources; /* read it by route_match_resource */
};

struct route_request {
	struct span host; /* canonical; absent: only services without a host */
	struct span method;
	const struct path_result *path; /* reason PATH_OK */
};

/*
 * Find the route. Spans in *out lie in the blob. ST_DAMAGED when the bytes do
 * not hold together; *out is then all zero, which denies.
 */
NODISCARD enum status routes_match(
	const struct routes *routes, const struct route_request *request, struct route_match *out);

/* The i-th resource id, i < resources_count; ascending. */
uint32_t route_match_resource(const struct route_match *match, size_t i);

#endif
