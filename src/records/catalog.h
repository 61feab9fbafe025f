/*
 * Changes of the catalogue: resources, services and routes. They belong to the
 * installation; only the operator makes them.
 */
#ifndef RECORDS_CATALOG_H
#define RECORDS_CATALOG_H

#include "records/records.h"

#define SERVICE_HOSTS_MAX 256u

struct resource_new {
	struct span product;  /* 1 to LIMIT_NAME characters */
	struct span key;      /* unique in the product, by bytes */
	struct span category; /* may be empty */
	struct span name;     /* absent: the key */
	struct span aliases;  /* lines, each as a name; absent: none, or unchanged */
};
#define RESOURCE_ALIASES_MAX 64u
/* ST_EXISTS (out_slot then is the one there, and the change may go on), ST_INVALID, ST_LIMIT. */
NODISCARD enum status resource_create(struct change *change, const struct resource_new *resource,
	uint32_t *out_slot, struct complaint *complaint);
/* Category, name and aliases; absent: unchanged. Nothing differs: no event. */
NODISCARD enum status resource_edit(struct change *change, uint32_t slot, int64_t version,
	const struct resource_new *edited, struct complaint *complaint);
/* In use by a profile or route: ST_CONFLICT. */
NODISCARD enum status resource_delete(
	struct change *change, uint32_t slot, struct complaint *complaint);

/* All of a service but its slot and version, which are ignored. Zero enums: refuse. */
NODISCARD enum status service_create(struct change *change, const struct record_service *service,
	uint32_t *out_slot, struct complaint *complaint);
NODISCARD enum status service_edit(struct change *change, uint32_t slot, int64_t version,
	const struct record_service *edited, struct complaint *complaint);
/* With routes: ST_CONFLICT. */
NODISCARD enum status service_delete(
	struct change *change, uint32_t slot, struct complaint *complaint);

/*
 * All of a route but its slot and version. Unique by service, method and path.
 * The path's grammar is the caller's (decide/) to check; here it begins with
 * "/" and holds no control character. RECORD_NEEDS_RESOURCES without a resource
 * refuses everyone, which a merge of two catalogues may mean; ST_INVALID for
 * resources beside another need.
 */
NODISCARD enum status route_create(struct change *change, const struct record_route *route,
	uint32_t *out_slot, struct complaint *complaint);
/* needs, resources and (unless absent) sources only. Nothing differs: no event. */
NODISCARD enum status route_edit(struct change *change, uint32_t slot, int64_t version,
	const struct record_route *edited, struct complaint *complaint);
NODISCARD enum status route_delete(
	struct change *change, uint32_t slot, struct complaint *complaint);

#endif
