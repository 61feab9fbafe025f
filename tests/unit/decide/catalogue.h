/* A small catalogue, written as lines, for the tests of routes. */
#ifndef TESTS_UNIT_DECIDE_CATALOGUE_H
#define TESTS_UNIT_DECIDE_CATALOGUE_H

#include "decide/routes.h"

#define CATALOGUE_ROUTES 96u
#define CATALOGUE_SERVICES 16u
#define CATALOGUE_CONFLICTS 64u

struct catalogue {
	struct service_spec services[CATALOGUE_SERVICES];
	struct span hosts[CATALOGUE_SERVICES][4];
	size_t services_count;
	struct route_spec routes[CATALOGUE_ROUTES];
	uint32_t resources[CATALOGUE_ROUTES][LIMIT_RESOURCES_PER_ROUTE + 1];
	size_t routes_count;
	struct buf blob;
	struct routes view;
	struct routes_built built;
	struct complaint complaint;
	char conflicts[CATALOGUE_CONFLICTS][128]; /* "crossing 1 2 GET /o/group/note" */
	size_t conflicts_count;
};

void catalogue_init(struct catalogue *c);
void catalogue_free(struct catalogue *c);

/*
 * A service numbered from 1: words "host=" (again for another), "base=",
 * "unmapped", "preflight", "strip", "fold". Lines must outlive the catalogue.
 */
void catalogue_service(struct catalogue *c, const char *line);

/*
 * A route numbered from 1, of the last service: "GET /o/{id} 1,2", or
 * "public", "auth", "nobody" instead of resources.
 */
void catalogue_route(struct catalogue *c, const char *line);

/* Builds, and opens when that worked. */
NODISCARD enum status catalogue_build(struct catalogue *c);

/*
 * Canonicalises and matches, and says the outcome: "3" (a route), "-" (none),
 * "- service 2", "ambiguous 1 2", "exhausted", "refused semicolon".
 */
void catalogue_ask(const struct catalogue *c, const char *host, const char *method,
	const char *target, struct buf *out);

#endif
