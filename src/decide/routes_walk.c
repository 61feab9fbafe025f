#include "decide/routes_walk.h"

/* A mixed segment is compared byte by byte; this many cost one step more. */
#define BYTES_PER_STEP 64u

bool path_segments_cut(struct span path, struct path_segments *out)
{
	size_t start = 1;

	out->path = path;
	out->filled = 0;
	if (path.len == 0 || path.len > PATH_SIZE || path.ptr[0] != '/')
		return false;
	while (start < path.len) {
		const char *slash = memchr(path.ptr + start, '/', path.len - start);
		size_t end = slash == NULL ? path.len : (size_t)(slash - path.ptr);

		if (end == start || out->filled == LIMIT_PATH_SEGMENTS)
			return false;
		out->offsets[out->filled] = (uint16_t)start;
		out->lens[out->filled] = (uint16_t)(end - start);
		out->filled++;
		start = end + 1;
	}
	out->offsets[out->filled] = (uint16_t)path.len;
	out->lens[out->filled] = 0;
	out->count = out->filled + (path.ptr[path.len - 1] == '/');
	return true;
}

/* ---- Methods ---- */

static bool method_text(const struct routes *r, uint32_t i, struct span *out)
{
	const char *p = blob_at(r, BLOB_METHODS, i, METHOD_SIZE);

	return blob_text(r, get_u32(p), get_u32(p + 4), out);
}

static enum status method_find(const struct routes *r, struct span method, uint32_t *out)
{
	uint32_t low = 0, high = r->counts[BLOB_METHODS];

	*out = METHOD_NONE;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct span text;
		int order;

		if (!method_text(r, middle, &text))
			return ST_DAMAGED;
		order = span_compare(method, text);
		if (order == 0) {
			*out = middle;
			return ST_OK;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ST_OK;
}

enum status methods_find(const struct routes *r, struct span method, struct method_ids *out)
{
	enum status st = method_find(r, method, &out->own);

	out->fallback = METHOD_NONE;
	if (st != ST_OK || !span_is(method, "HEAD"))
		return st;
	return method_find(r, SPAN_LIT("GET"), &out->fallback);
}

/* ---- Nodes ---- */

static int literal_order(const struct routes *r, const struct blob_node *node, uint32_t hash,
	struct span text, bool *damaged)
{
	struct span label = SPAN_ABSENT;

	if (node->hash != hash)
		return hash < node->hash ? -1 : 1;
	if (!blob_text(r, node->label_at, node->label_len, &label))
		*damaged = true;
	return span_compare(text, label);
}

bool node_literal(const struct routes *r, const struct blob_node *node, struct span text,
	uint32_t *out_index, bool *damaged)
{
	uint32_t low = node->first_child, high = low + node->literals_count;
	uint32_t hash;

	if (node->literals_count == 0)
		return false;
	hash = segment_hash(text);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct blob_node child = node_decode(blob_at(r, BLOB_NODES, middle, NODE_SIZE));
		int order = literal_order(r, &child, hash, text, damaged);

		if (order == 0) {
			*out_index = middle;
			return !*damaged;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static enum specificity mixed_compare(
	const struct routes *r, const struct blob_node *a, const struct blob_node *b, bool *damaged)
{
	struct span a_label, b_label;
	size_t a_len, b_len;

	if (a->label_at == b->label_at && a->label_len == b->label_len)
		return SPECIFICITY_EQUAL;
	if (!blob_text(r, a->label_at, a->label_len, &a_label) ||
		!blob_text(r, b->label_at, b->label_len, &b_label)) {
		*damaged = true;
		return SPECIFICITY_TIE;
	}
	a_len = mixed_text_len(a_label);
	b_len = mixed_text_len(b_label);
	if (a_len == b_len)
		return SPECIFICITY_TIE;
	return a_len > b_len ? SPECIFICITY_FIRST : SPECIFICITY_SECOND;
}

/* Two nodes that take the same segment. */
static enum specificity nodes_compare(const struct routes *r, uint32_t a, uint32_t b, bool *damaged)
{
	struct blob_node a_node, b_node;

	if (a == b)
		return SPECIFICITY_EQUAL;
	if (!blob_node(r, a, &a_node) || !blob_node(r, b, &b_node)) {
		*damaged = true;
		return SPECIFICITY_TIE;
	}
	if (a_node.kind != b_node.kind)
		return a_node.kind < b_node.kind ? SPECIFICITY_FIRST : SPECIFICITY_SECOND;
	if (a_node.kind != SEGMENT_MIXED)
		return SPECIFICITY_EQUAL;
	return mixed_compare(r, &a_node, &b_node, damaged);
}

struct trail_relation trails_compare(const struct routes *r, const struct walk_trail *a,
	const struct walk_trail *b, size_t positions)
{
	struct trail_relation relation = { .leftmost = SPECIFICITY_EQUAL };

	for (size_t i = 0; i < positions; i++) {
		enum specificity here =
			nodes_compare(r, trail_node(a, i), trail_node(b, i), &relation.damaged);

		if (relation.leftmost == SPECIFICITY_EQUAL)
			relation.leftmost = here;
		if (here == SPECIFICITY_FIRST || here == SPECIFICITY_TIE)
			relation.first_somewhere = true;
		if (here == SPECIFICITY_SECOND || here == SPECIFICITY_TIE)
			relation.second_somewhere = true;
	}
	return relation;
}

/* ---- The walk ---- */

void walk_begin(struct walk *w, uint32_t root)
{
	w->exhausted = false;
	w->damaged = false;
	w->at_tail = false;
	w->trail.levels = root == 0 ? 0 : 1;
	w->trail.tail = false;
	w->trail.nodes[0] = root;
	w->cursors[0] = 0;
}

static bool spend(struct walk *w, size_t steps)
{
	if (*w->steps < steps) {
		*w->steps = 0;
		w->exhausted = true;
		return false;
	}
	*w->steps -= (uint32_t)steps;
	return true;
}

static bool load(struct walk *w, uint32_t index, struct blob_node *out)
{
	if (blob_node(w->r, index, out))
		return true;
	w->damaged = true;
	return false;
}

static void push(struct walk *w, uint32_t index)
{
	w->cursors[w->trail.levels] = 0;
	w->trail.nodes[w->trail.levels++] = index;
}

/* The route of this method at a node. */
static bool route_of(
	struct walk *w, const struct blob_node *node, uint32_t method, struct blob_route *out)
{
	uint64_t low = node->first_route, high = low + node->routes_count;

	if (high > w->r->counts[BLOB_ROUTES]) {
		w->damaged = true;
		return false;
	}
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (!blob_route(w->r, (uint32_t)middle, out)) {
			w->damaged = true;
			return false;
		}
		if (out->method == method)
			return true;
		if (method < out->method)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* W's own method first: that is "HEAD first" of equal templates. */
static bool route_at(struct walk *w, const struct blob_node *node, struct blob_route *out)
{
	if (w->methods.own != METHOD_NONE && route_of(w, node, w->methods.own, out))
		return true;
	return w->methods.fallback != METHOD_NONE && route_of(w, node, w->methods.fallback, out);
}

/* A tail takes all segments that are left, and none of them is empty. */
static bool route_at_tail(
	struct walk *w, uint32_t index, const struct blob_node *tail, struct blob_route *out_route)
{
	struct blob_node node = *tail;
	uint32_t slash;

	if (w->count > w->segments->filled) {
		if (!node_literal(w->r, tail, SPAN_LIT(""), &slash, &w->damaged) ||
			!load(w, slash, &node))
			return false;
	}
	if (!route_at(w, &node, out_route))
		return false;
	push(w, index);
	w->trail.tail = true;
	w->at_tail = true;
	return true;
}

/*
 * Try a child that is no literal: go down to it, or find the route of a tail
 * (then true).
 */
static bool try_other(
	struct walk *w, uint32_t index, struct span segment, struct blob_route *out_route)
{
	struct blob_node child;
	struct span label;

	if (!spend(w, 1) || !load(w, index, &child))
		return false;
	if (child.kind == SEGMENT_TAIL)
		return route_at_tail(w, index, &child, out_route);
	if (child.kind == SEGMENT_MIXED) {
		if (!blob_text(w->r, child.label_at, child.label_len, &label)) {
			w->damaged = true;
			return false;
		}
		if (!spend(w, (label.len + segment.len) / BYTES_PER_STEP) ||
			!mixed_matches(label, segment))
			return false;
	}
	push(w, index);
	return false;
}

/* One move down or up from the top node, which has a segment to take. True: a tail's route. */
static bool move(struct walk *w, const struct blob_node *node, struct blob_route *out_route)
{
	size_t top = w->trail.levels - 1;
	struct span segment = path_segment(w->segments, w->first + top);
	uint32_t literal;

	if (w->cursors[top] == 0) {
		w->cursors[top] = 1;
		if (node_literal(w->r, node, segment, &literal, &w->damaged)) {
			push(w, literal);
			return false;
		}
	}
	while (segment.len > 0 && w->cursors[top] <= node->others_count) {
		uint32_t index = node->first_child + node->literals_count + w->cursors[top] - 1;

		w->cursors[top]++;
		if (try_other(w, index, segment, out_route))
			return true;
		if (w->damaged || w->exhausted || w->trail.levels > top + 1)
			return false;
	}
	w->trail.levels--;
	return false;
}

bool walk_next(struct walk *w, struct blob_route *out_route)
{
	if (w->at_tail) {
		w->at_tail = false;
		w->trail.tail = false;
		w->trail.levels--;
	}
	while (w->trail.levels > 0 && !w->damaged && !w->exhausted) {
		size_t top = w->trail.levels - 1;
		struct blob_node node;

		if (!spend(w, 1) || !load(w, w->trail.nodes[top], &node))
			return false;
		if (w->first + top < w->count) {
			if (move(w, &node, out_route))
				return !w->damaged;
			continue;
		}
		if (w->cursors[top]++ == 0 && route_at(w, &node, out_route))
			return !w->damaged;
		w->trail.levels--;
	}
	return false;
}
