/*
 * The layout of the compiled routes, shared by those who write and read it.
 * Not for other folders: decide/routes.h is.
 *
 *   0 magic 8 | 8 checksum u64 of all that follows | 16 version u32
 *  20 size u32 of the whole | 24 offsets u32[8] | 56 counts u32[8] of the sections
 *  88 roots u32[2] of the services without a host | 96 sections
 *
 * All numbers are little-endian, at any alignment. Nodes form trees:
 *
 * B1: the children of a node are one run of nodes, all after the node itself,
 *     so whoever goes down comes to an end.
 * B2: in a run the literals come first, ordered by (hash, bytes); then the
 *     mixed, more text first; then the parameter; then the tail.
 * B3: equal texts and equal lists of resources are stored once, so their
 *     offsets tell whether they are equal.
 * B4: node 0 is nobody; 0 as a root means "none".
 *
 * A tree over literals alone finds the service of a base path: there a node
 * with routes_count = 1 has the number of the service in first_route. Hosts have
 * two of them: of exact base paths, and of folded ones for services that ignore case.
 *
 * The readers here check every number against its section each time: the bytes
 * may have changed since the checksum was verified.
 */
#ifndef DECIDE_ROUTES_BLOB_H
#define DECIDE_ROUTES_BLOB_H

#include "base/encode.h"
#include "decide/routes.h"
#include "decide/template.h"

#define BLOB_MAGIC "LLVROUTE"
#define BLOB_MAGIC_LEN 8u
#define BLOB_VERSION 1u
#define BLOB_CHECKED_FROM 16u /* the checksum covers the bytes from here on */
#define BLOB_AT_CHECKSUM 8u
#define BLOB_AT_VERSION 16u
#define BLOB_AT_SIZE 20u
#define BLOB_AT_OFFSETS 24u
#define BLOB_AT_COUNTS 56u
#define BLOB_AT_ROOTS 88u
#define BLOB_HEADER 96u

enum blob_section {
	BLOB_SERVICES = 0, /* id u64, name u32 offset u32 length, root u32, flags u32 */
	BLOB_HOSTS,        /* text u32 offset u32 length, roots u32 exact u32 folded; by bytes */
	BLOB_PATTERNS,     /* the same; the text is what follows the star */
	BLOB_METHODS,      /* text u32 offset u32 length; by bytes */
	BLOB_NODES,
	BLOB_ROUTES,
	BLOB_NEEDS,   /* u32 each */
	BLOB_STRINGS, /* bytes */
	BLOB_SECTIONS
};

#define SERVICE_SIZE 24u
#define HOST_SIZE 16u
#define METHOD_SIZE 8u
#define NODE_SIZE 32u
#define ROUTE_SIZE 32u
#define NEED_SIZE 4u

#define SERVICE_UNMAPPED_AUTHENTICATED 1u
#define SERVICE_PREFLIGHT_PASS 2u
#define SERVICE_STRIP_SEMICOLON 4u
#define SERVICE_CASE_INSENSITIVE 8u

/* Why a route needs a closer look when it matches. Set too often costs time, never truth. */
#define RISK_CROSSING 1u
#define RISK_SLASH 2u
#define RISK_SAME 4u /* other_id has the same method and template, and other needs */

struct blob_node {
	uint32_t label_at;
	uint16_t label_len;
	uint8_t kind; /* enum segment_kind */
	uint32_t hash;
	uint32_t first_child;
	uint32_t literals_count, others_count;
	uint32_t first_route, routes_count; /* by method */
};

struct blob_route {
	uint64_t id, other_id;
	uint32_t template_at;
	uint32_t needs_at;
	uint16_t template_len;
	uint16_t method;
	uint16_t needs_count;
	uint8_t access; /* enum route_access */
	uint8_t risk;
};

#define ROUTE_AT_RISK 31u

static inline const char *blob_at(
	const struct routes *r, enum blob_section section, uint32_t i, uint32_t size)
{
	return r->blob.ptr + r->offsets[section] + (size_t)i * size;
}

/* False when the text does not lie in its section. */
static inline bool blob_text(const struct routes *r, uint32_t at, uint32_t len, struct span *out)
{
	if (at > r->counts[BLOB_STRINGS] || len > r->counts[BLOB_STRINGS] - at)
		return false;
	*out = span_of(r->blob.ptr + r->offsets[BLOB_STRINGS] + at, len);
	return true;
}

static inline struct blob_node node_decode(const char *p)
{
	return (struct blob_node){ get_u32(p), get_u16(p + 4), (uint8_t)p[6], get_u32(p + 8),
		get_u32(p + 12), get_u32(p + 16), get_u32(p + 20), get_u32(p + 24),
		get_u32(p + 28) };
}

static inline void node_encode(const struct blob_node *n, char *p)
{
	put_u32(p, n->label_at);
	put_u16(p + 4, n->label_len);
	p[6] = (char)n->kind;
	p[7] = 0;
	put_u32(p + 8, n->hash);
	put_u32(p + 12, n->first_child);
	put_u32(p + 16, n->literals_count);
	put_u32(p + 20, n->others_count);
	put_u32(p + 24, n->first_route);
	put_u32(p + 28, n->routes_count);
}

/* False when there is no such node, or its runs leave their sections or go back (B1). */
static inline bool blob_node(const struct routes *r, uint32_t i, struct blob_node *out)
{
	uint64_t children;

	if (i >= r->counts[BLOB_NODES])
		return false;
	*out = node_decode(blob_at(r, BLOB_NODES, i, NODE_SIZE));
	children = (uint64_t)out->literals_count + out->others_count;
	return (children == 0 || (out->first_child > i &&
					 out->first_child + children <= r->counts[BLOB_NODES])) &&
	       out->kind <= SEGMENT_TAIL;
}

static inline struct blob_route route_decode(const char *p)
{
	return (struct blob_route){ get_u64(p), get_u64(p + 8), get_u32(p + 16), get_u32(p + 20),
		get_u16(p + 24), get_u16(p + 26), get_u16(p + 28), (uint8_t)p[30], (uint8_t)p[31] };
}

static inline void route_encode(const struct blob_route *route, char *p)
{
	put_u64(p, route->id);
	put_u64(p + 8, route->other_id);
	put_u32(p + 16, route->template_at);
	put_u32(p + 20, route->needs_at);
	put_u16(p + 24, route->template_len);
	put_u16(p + 26, route->method);
	put_u16(p + 28, route->needs_count);
	p[30] = (char)route->access;
	p[31] = (char)route->risk;
}

static inline bool blob_route(const struct routes *r, uint32_t i, struct blob_route *out)
{
	if (i >= r->counts[BLOB_ROUTES])
		return false;
	*out = route_decode(blob_at(r, BLOB_ROUTES, i, ROUTE_SIZE));
	return out->needs_at <= r->counts[BLOB_NEEDS] &&
	       out->needs_count <= r->counts[BLOB_NEEDS] - out->needs_at &&
	       out->access <= ROUTE_PUBLIC;
}

/* Do two routes ask for the same (B3)? */
static inline bool blob_same_needs(const struct blob_route *a, const struct blob_route *b)
{
	return a->access == b->access && a->needs_count == b->needs_count &&
	       (a->needs_count == 0 || a->needs_at == b->needs_at);
}

/*
 * Does it make no difference whether other matches where own does? A route with
 * a double of other needs never agrees.
 */
static inline bool blob_needs_agree(const struct blob_route *own, const struct blob_route *other)
{
	return blob_same_needs(own, other) && (other->risk & RISK_SAME) == 0;
}

/* Of a segment's text, as nodes have it. */
static inline uint32_t segment_hash(struct span s)
{
	const uint64_t factor = 0x9E3779B97F4A7C15u;
	uint64_t hash = s.len * factor;
	uint64_t word = 0;
	size_t i;

	for (i = 0; i + 8 <= s.len; i += 8) {
		hash = (hash ^ get_u64(s.ptr + i)) * factor;
		hash ^= hash >> 29;
	}
	for (; i < s.len; i++)
		word = word << 8 | (uint8_t)s.ptr[i];
	hash = (hash ^ word) * factor;
	return (uint32_t)(hash >> 32);
}

/* Of a whole blob. */
uint64_t routes_checksum(struct span blob);

/*
 * Match below the base path of service number i, path "" being the base path
 * itself, with every closer look taken. For the builder's examples: takes the
 * steps that it needs off *steps, which is also its bound.
 */
NODISCARD enum status routes_match_below(const struct routes *routes, uint32_t i,
	struct span method, struct span path, uint32_t *steps, struct route_match *out);

/* The id of the service that takes this path of this host. ST_NOT_FOUND: none. */
NODISCARD enum status routes_find_service(
	const struct routes *routes, struct span host, struct span path, uint64_t *out_id);

#endif
