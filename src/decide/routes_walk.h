/*
 * The walk through a tree of routes: all routes that match a path, the most
 * specific first. Used for matching, and by the builder to try examples.
 *
 * W1: at each node the literal child is tried first, then the mixed with more
 *     text, with less, the parameter, the tail (B2); so routes come in the order of
 *     the rule "decided at the leftmost segment that differs".
 * W2: a node is entered at most once, because a node has one parent.
 * W3: no more than ROUTES_STEPS_MAX steps; then exhausted is set and the walk ends.
 */
#ifndef DECIDE_ROUTES_WALK_H
#define DECIDE_ROUTES_WALK_H

#include "decide/routes_blob.h"

/* Levels of a walk: a root, each segment, a trailing slash. */
#define WALK_LEVELS (LIMIT_PATH_SEGMENTS + 2)

/* A path cut into segments. After the filled ones always stands an empty one. */
struct path_segments {
	struct span path;
	size_t filled; /* segments that are not empty */
	size_t count;  /* with the empty one of a trailing slash */
	uint16_t offsets[LIMIT_PATH_SEGMENTS + 1];
	uint16_t lens[LIMIT_PATH_SEGMENTS + 1];
};

/* False when the path does not begin with "/", is too long, or has an empty segment inside. */
bool path_segments_cut(struct span path, struct path_segments *out);

static inline struct span path_segment(const struct path_segments *s, size_t i)
{
	return span_of(s->path.ptr + s->offsets[i], s->lens[i]);
}

/* Ids of the methods that count: one's own, and GET's for HEAD. METHOD_NONE: no route has it. */
#define METHOD_NONE UINT32_MAX
struct method_ids {
	uint32_t own, fallback;
};

/* ST_DAMAGED when the bytes do not hold together. */
NODISCARD enum status methods_find(
	const struct routes *r, struct span method, struct method_ids *out);

/* The nodes by which a route was reached. */
struct walk_trail {
	size_t levels; /* nodes[0] is the root */
	uint32_t nodes[WALK_LEVELS];
	bool tail; /* the last level is a tail and covers the rest */
};

struct walk {
	const struct routes *r;
	const struct path_segments *segments;
	size_t first, count; /* the segments to be matched; count may differ from segments->count */
	struct method_ids methods;
	uint32_t *steps;
	bool exhausted, damaged;
	bool at_tail; /* the tail below the top was returned last */
	struct walk_trail trail;
	uint32_t cursors[WALK_LEVELS];
};

/* Fields before trail must be set; the rest is done here. */
void walk_begin(struct walk *w, uint32_t root);

/*
 * The next route that matches; w->trail says how. False at the end; then
 * exhausted and damaged tell why it ended.
 */
NODISCARD bool walk_next(struct walk *w, struct blob_route *out_route);

/* The literal child with this text. False: none, or *damaged. */
bool node_literal(const struct routes *r, const struct blob_node *node, struct span text,
	uint32_t *out_index, bool *damaged);

enum specificity {
	SPECIFICITY_EQUAL = 0,
	SPECIFICITY_FIRST, /* the first is more specific */
	SPECIFICITY_SECOND,
	SPECIFICITY_TIE /* different mixed segments with equally much text */
};

/* Segment position (0 is the first below the root) of a trail. */
static inline uint32_t trail_node(const struct walk_trail *t, size_t position)
{
	size_t level = position + 1;

	return t->nodes[level < t->levels ? level : t->levels - 1];
}

/*
 * The relation of two trails over positions segments that both take: at the
 * leftmost that differs (*out_leftmost), and whether the second is more specific, or a
 * tie, anywhere (*out_second_somewhere).
 */
struct trail_relation {
	enum specificity leftmost;
	bool first_somewhere, second_somewhere; /* a tie sets both */
	bool damaged;
};

struct trail_relation trails_compare(const struct routes *r, const struct walk_trail *a,
	const struct walk_trail *b, size_t positions);

#endif
