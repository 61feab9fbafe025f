/*
 * The routes while they are compiled: checked, cut into segments and joined to
 * trees. routes_build.c makes it from the input, routes_emit.c writes it down,
 * routes_risk.c looks for conflicts in what was written.
 */
#ifndef DECIDE_ROUTES_TREE_H
#define DECIDE_ROUTES_TREE_H

#include "decide/routes_blob.h"
#include "decide/routes_pool.h"

struct tree_node {
	uint32_t parent;
	uint32_t first_child, next_sibling; /* 0: none; node 0 is nobody (B4) */
	uint32_t label_at;
	uint16_t label_len;
	uint8_t kind;
	uint32_t hash;
	uint32_t text_len;                  /* of a mixed label */
	uint32_t first_route, routes_count; /* routes: number + 1; in a base tree the service */
	uint32_t place;                     /* in the blob */
};

struct tree_route {
	const struct route_spec *spec;
	uint32_t next; /* at the same node: number + 1 */
	struct blob_route record;
};

struct tree_service {
	const struct service_spec *spec;
	uint32_t name_at;
	uint32_t root;
	struct template base; /* literals, without a trailing slash, folded if need be */
};

/* Base trees of one host, pattern, or of none. */
struct tree_host {
	struct span text; /* empty for none */
	uint32_t text_at;
	uint32_t exact, folded;
};

struct tree {
	struct tree_service *services; /* by id */
	size_t services_count;
	const struct route_spec **specs; /* by id */
	size_t specs_count;
	struct span *methods; /* by bytes, each once */
	size_t methods_count;
	struct tree_host *hosts;  /* [0] is none; then by bytes, once all are there */
	struct table hosts_table; /* until they are sorted */
	size_t hosts_count, hosts_capacity;
	struct tree_node *nodes;
	size_t nodes_count, nodes_capacity;
	struct table nodes_table;
	struct tree_route *routes;
	size_t routes_count;
	struct pool strings, needs;
	struct complaint *complaint;
};

static inline bool host_is_pattern(struct span host)
{
	return host.len > 0 && host.ptr[0] == '*';
}

static inline struct span tree_label(const struct tree *t, const struct tree_node *node)
{
	return span_part(buf_span(&t->strings.bytes), node->label_at, node->label_len);
}

/* The base path of a service: literals only. Complains of area "route". */
NODISCARD enum status service_base_parse(
	const struct service_spec *service, struct template *out, struct complaint *complaint);

/* Write the blob without its checksum to *out_image, which the caller frees. */
NODISCARD enum status tree_emit(struct tree *t, char **out_image, size_t *out_size);

/* Set the checksum of a finished image. */
void image_seal(char *image, size_t size);

/*
 * Mark in the image the routes that need a closer look when they match, and
 * report conflicts. image is the bytes that view shows.
 */
void tree_find_risks(const struct tree *t, struct routes *view, char *image,
	const struct route_conflict_sink *sink, struct routes_built *out);

#endif
