/*
 * Which routes can be ambiguous on some path? Each template is laid over the
 * tree of its service; where two overlap, their needs and their order tell.
 *
 * R1: a route that is ambiguous on any path has its risk marked; so a match
 *     without a mark needs no second look. Marks too many cost only time.
 * R2: overlapping goes segment by segment, so it is exact: two templates overlap
 *     when at each segment there is a text that both take.
 * R3: a conflict is reported only with an example that comes to the service and
 *     that the matcher itself, taking every closer look, calls ambiguous.
 * R4: the work is bounded by RISK_STEPS_MAX; beyond, all routes are marked and
 *     the report says that it is incomplete.
 */
#include "decide/routes_tree.h"
#include "decide/routes_walk.h"

#include <stdlib.h>

#define RISK_STEPS_MAX (24u * 1024u * 1024u)
#define EXAMPLES_MAX 20000u
#define HOST_STEPS 10u /* what finding a service costs, in steps */

/* A place in the tree that routes hang on: its trail without the trailing slash. */
struct place {
	struct walk_trail trail;
	size_t positions; /* segments, the tail being one */
	bool tail;
	bool slash;
	uint32_t node; /* that has the routes */
};

struct risk {
	const struct tree *t;
	const struct routes *view;
	char *image;
	const struct route_conflict_sink *sink;
	struct routes_built *out;
	uint32_t service;
	uint32_t get, head; /* numbers of the methods, or METHOD_NONE */
	uint32_t steps, examples;
	bool exhausted;
	struct place own, other;
	struct walk_trail walk; /* where the enumeration stands */
};

static bool spend(struct risk *x, size_t steps)
{
	if (x->steps < steps) {
		x->steps = 0;
		x->exhausted = true;
		return false;
	}
	x->steps -= (uint32_t)steps;
	return true;
}

/* ---- The report ---- */

static const struct route_spec *spec_by_id(const struct tree *t, uint64_t id)
{
	size_t low = 0, high = t->specs_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->specs[middle]->id == id)
			return t->specs[middle];
		if (id < t->specs[middle]->id)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static struct span node_text(const struct risk *x, const struct blob_node *node)
{
	struct span label = SPAN_LIT("");

	(void)blob_text(x->view, node->label_at, node->label_len, &label);
	return label;
}

/*
 * How an example is made. A third route that is more specific than both may
 * hide one of them on some texts; so several are tried.
 */
struct style {
	const char *parameter;
	bool tight;   /* mixed segments as short as they can be */
	size_t extra; /* segments more, when both end in a tail */
};

static const struct style STYLES[] = {
	{ "1", false, 0 },
	{ "~any~", true, 0 },
	{ "1", false, 1 },
	{ "1", false, 5 },
};

/* A text for a segment that both nodes take. */
static void append_common(
	const struct risk *x, uint32_t a, uint32_t b, const struct style *style, struct buf *out)
{
	struct blob_node a_node = { 0 }, b_node = { 0 };

	(void)blob_node(x->view, a, &a_node);
	(void)blob_node(x->view, b, &b_node);
	if (a_node.kind == SEGMENT_LITERAL)
		buf_append(out, node_text(x, &a_node));
	else if (b_node.kind == SEGMENT_LITERAL)
		buf_append(out, node_text(x, &b_node));
	else if (a_node.kind == SEGMENT_MIXED && b_node.kind == SEGMENT_MIXED)
		mixed_append_common(
			node_text(x, &a_node), node_text(x, &b_node), style->tight, out);
	else if (a_node.kind == SEGMENT_MIXED)
		mixed_append_example(node_text(x, &a_node), out);
	else if (b_node.kind == SEGMENT_MIXED)
		mixed_append_example(node_text(x, &b_node), out);
	else
		buf_append_str(out, style->parameter);
}

/* The path below the base that own takes, and that other takes but for the slash. */
static void append_example(const struct risk *x, const struct place *own, const struct place *other,
	const struct style *style, struct buf *out)
{
	size_t positions = own->positions > other->positions ? own->positions : other->positions;

	for (size_t i = 0; i < positions + style->extra; i++) {
		buf_append_char(out, '/');
		append_common(
			x, trail_node(&own->trail, i), trail_node(&other->trail, i), style, out);
	}
	if (own->slash)
		buf_append_char(out, '/');
}

static void append_full(const struct risk *x, struct span below, struct buf *out)
{
	const struct template *base = &x->t->services[x->service].base;

	for (size_t i = 0; i < base->segments_count; i++) {
		buf_append_char(out, '/');
		buf_append(out, template_label(base, i));
	}
	buf_append(out, below);
}

/* Does the path come to this service on any of its hosts, and not to one with a longer base? */
static bool comes_here(struct risk *x, struct span path)
{
	const struct service_spec *service = x->t->services[x->service].spec;
	uint64_t id;

	if (service->hosts_count == 0)
		return routes_find_service(x->view, SPAN_ABSENT, path, &id) == ST_OK &&
		       id == service->id;
	for (size_t i = 0; i < service->hosts_count && spend(x, HOST_STEPS); i++) {
		/* No host is "*.example.com", so as a host it comes to just that pattern. */
		if (routes_find_service(x->view, service->hosts[i], path, &id) == ST_OK &&
			id == service->id)
			return true;
	}
	return false;
}

/* comes_here, or in capitals where a service that ignores case has one beside it that does not. */
static bool reachable(struct risk *x, struct buf *path)
{
	if (comes_here(x, buf_span(path)))
		return true;
	if (!x->t->services[x->service].spec->switches.case_insensitive)
		return false;
	for (size_t i = 0; i < path->len; i++) {
		if (path->ptr[i] >= 'a' && path->ptr[i] <= 'z')
			path->ptr[i] = (char)(path->ptr[i] - 0x20);
	}
	return comes_here(x, buf_span(path));
}

static void report(struct risk *x, enum route_conflict_kind kind, uint64_t id, uint64_t other_id,
	struct span path)
{
	struct route_conflict conflict = { .kind = kind,
		.route = spec_by_id(x->t, id),
		.other = spec_by_id(x->t, other_id),
		.path = path };

	if (conflict.route == NULL || conflict.other == NULL)
		return;
	if (x->out->conflicts_count == ROUTES_CONFLICTS_MAX) {
		x->out->conflicts_incomplete = true;
		return;
	}
	x->out->conflicts_count++;
	if (x->sink == NULL || x->sink->call == NULL)
		return;
	conflict.method = conflict.route->method;
	/* GET's route and HEAD's meet in requests with HEAD. */
	if (span_is(conflict.other->method, "HEAD"))
		conflict.method = conflict.other->method;
	x->sink->call(x->sink->context, &conflict);
}

/* R3. True when the example is ambiguous between the two, and was reported. */
static bool try_example(struct risk *x, enum route_conflict_kind kind, const struct blob_route *own,
	const struct blob_route *other, const struct style *style)
{
	char memory[LIMIT_TARGET + 1], full_memory[LIMIT_TARGET + 1];
	struct buf below = BUF_ARRAY(memory), full = BUF_ARRAY(full_memory);
	bool head = own->method != other->method;
	struct route_match match;

	append_example(x, &x->own, &x->other, style, &below);
	append_full(x, buf_span(&below), &full);
	if (!buf_ok(&below) || !buf_ok(&full) || !reachable(x, &full) ||
		routes_match_below(x->view, x->service,
			head ? SPAN_LIT("HEAD") : x->t->methods[own->method], buf_span(&below),
			&x->steps, &match) != ST_OK ||
		match.kind != ROUTE_MATCH_AMBIGUOUS || match.exhausted)
		return false;
	if (match.route_id == own->id)
		report(x, kind, own->id, other->id, buf_span(&full));
	else if (match.route_id == other->id)
		report(x, kind, other->id, own->id, buf_span(&full));
	else
		return false;
	return true;
}

static void try_examples(struct risk *x, enum route_conflict_kind kind,
	const struct blob_route *own, const struct blob_route *other)
{
	if (x->out->conflicts_count == ROUTES_CONFLICTS_MAX || x->examples == EXAMPLES_MAX) {
		x->out->conflicts_incomplete = true;
		return;
	}
	x->examples++;
	for (size_t i = 0; i < ARRAY_LEN(STYLES); i++) {
		if (STYLES[i].extra > 0 && !(x->own.tail && x->other.tail))
			return;
		if (try_example(x, kind, own, other, &STYLES[i]))
			return;
	}
}

/* ---- Two places ---- */

static bool methods_meet(const struct risk *x, uint32_t a, uint32_t b)
{
	return a == b || (a == x->get && b == x->head) || (a == x->head && b == x->get);
}

static void mark(const struct routes *view, char *image, uint32_t route, uint8_t risk)
{
	char *at = image + view->offsets[BLOB_ROUTES] + (size_t)route * ROUTE_SIZE + ROUTE_AT_RISK;

	*at = (char)((uint8_t)*at | risk);
}

/* What own risks because of other, both being routes of overlapping places. */
static uint8_t risk_of(
	const struct place *own, const struct place *other, const struct trail_relation *relation)
{
	if (own->slash == other->slash)
		return relation->first_somewhere && relation->second_somewhere ? RISK_CROSSING : 0;
	return relation->leftmost == SPECIFICITY_SECOND || relation->leftmost == SPECIFICITY_TIE
		       ? RISK_SLASH
		       : 0;
}

static void check_pair(struct risk *x, uint32_t own, uint32_t other, uint8_t risk)
{
	struct blob_route own_route = { 0 }, other_route = { 0 };

	if (!blob_route(x->view, own, &own_route) || !blob_route(x->view, other, &other_route) ||
		!methods_meet(x, own_route.method, other_route.method) ||
		blob_needs_agree(&own_route, &other_route))
		return;
	mark(x->view, x->image, own, risk);
	if (risk == RISK_SLASH)
		try_examples(x, ROUTE_CONFLICT_SLASH, &own_route, &other_route);
	/* The pair comes twice, save when only the other one stands twice under its template. */
	else if (own < other || blob_needs_agree(&other_route, &own_route))
		try_examples(x, ROUTE_CONFLICT_CROSSING, &own_route, &other_route);
}

/* x->other stands at a place that overlaps with x->own. */
static void check_places(struct risk *x)
{
	size_t positions =
		x->own.positions > x->other.positions ? x->own.positions : x->other.positions;
	struct blob_node own, other;
	struct trail_relation relation;
	uint8_t risk;

	if (x->own.node == x->other.node || !blob_node(x->view, x->own.node, &own) ||
		!blob_node(x->view, x->other.node, &other) || other.routes_count == 0 ||
		!spend(x, positions))
		return;
	relation = trails_compare(x->view, &x->own.trail, &x->other.trail, positions);
	risk = risk_of(&x->own, &x->other, &relation);
	if (risk == 0)
		return;
	for (uint32_t i = 0; i < own.routes_count; i++) {
		for (uint32_t k = 0; k < other.routes_count && spend(x, 1); k++)
			check_pair(x, own.first_route + i, other.first_route + k, risk);
	}
}

/* ---- All places that overlap with x->own ---- */

static bool overlap(const struct risk *x, const struct blob_node *a, const struct blob_node *b)
{
	struct span a_text = node_text(x, a), b_text = node_text(x, b);

	if (a->kind == SEGMENT_LITERAL && b->kind == SEGMENT_LITERAL)
		return a_text.len > 0 && span_equal(a_text, b_text);
	if (a->kind == SEGMENT_LITERAL)
		return a_text.len > 0 &&
		       (b->kind != SEGMENT_MIXED || mixed_matches(b_text, a_text));
	if (b->kind == SEGMENT_LITERAL)
		return b_text.len > 0 &&
		       (a->kind != SEGMENT_MIXED || mixed_matches(a_text, b_text));
	return a->kind != SEGMENT_MIXED || b->kind != SEGMENT_MIXED ||
	       mixed_overlap(a_text, b_text);
}

/* The routes of a node, and of the slash behind it. */
static void check_node(struct risk *x, uint32_t index, const struct blob_node *node)
{
	bool damaged = false;

	x->other.node = index;
	x->other.slash = false;
	check_places(x);
	if (node_literal(x->view, node, SPAN_LIT(""), &x->other.node, &damaged)) {
		x->other.slash = true;
		check_places(x);
	}
}

static void overlap_below(struct risk *x, uint32_t index, size_t level);

static void overlap_child(struct risk *x, uint32_t index, size_t level)
{
	const struct place *own = &x->own;
	struct blob_node child, pattern;

	if (!spend(x, 1) || !blob_node(x->view, index, &child) ||
		!blob_node(x->view, trail_node(&own->trail, level), &pattern) ||
		!overlap(x, &pattern, &child))
		return;
	x->other.trail.nodes[level + 1] = index;
	if (child.kind != SEGMENT_TAIL) {
		overlap_below(x, index, level + 1);
		return;
	}
	x->other.trail.levels = level + 2;
	x->other.positions = level + 1;
	x->other.tail = true;
	check_node(x, index, &child);
	x->other.tail = false;
}

/* level segments of x->own are taken. Goes down at most one level a segment (B1). */
static void overlap_below(struct risk *x, uint32_t index, size_t level)
{
	const struct place *own = &x->own;
	struct blob_node node, pattern;
	uint32_t literal;
	bool damaged = false;

	if (!blob_node(x->view, index, &node))
		return;
	if (level == own->positions || (own->tail && level > own->positions)) {
		x->other.trail.levels = level + 1;
		x->other.positions = level;
		check_node(x, index, &node);
		if (!own->tail)
			return;
	}
	if (!blob_node(x->view, trail_node(&own->trail, level), &pattern))
		return;
	if (pattern.kind == SEGMENT_LITERAL) {
		if (node_literal(x->view, &node, node_text(x, &pattern), &literal, &damaged))
			overlap_child(x, literal, level);
	} else {
		for (uint32_t i = 0; i < node.literals_count && !x->exhausted; i++)
			overlap_child(x, node.first_child + i, level);
	}
	for (uint32_t i = 0; i < node.others_count && !x->exhausted; i++)
		overlap_child(x, node.first_child + node.literals_count + i, level);
}

/* ---- Every place in turn ---- */

/* x->own stands at the node. */
static void report_same(struct risk *x, const struct blob_node *node)
{
	x->other = x->own;
	for (uint32_t i = 0; i < node->routes_count; i++) {
		struct blob_route route, twice;

		if (!blob_route(x->view, node->first_route + i, &route) ||
			(route.risk & RISK_SAME) == 0)
			continue;
		twice = route;
		twice.id = route.other_id;
		try_examples(x, ROUTE_CONFLICT_SAME, &route, &twice);
	}
}

static void check_own(struct risk *x, uint32_t index, const struct blob_node *node)
{
	size_t levels = x->walk.levels;
	struct blob_node last;

	x->own.slash = levels > 1 && node->kind == SEGMENT_LITERAL && node->label_len == 0;
	x->own.trail = x->walk;
	x->own.trail.levels = levels - x->own.slash;
	x->own.positions = x->own.trail.levels - 1;
	x->own.node = index;
	x->own.tail = blob_node(x->view, x->walk.nodes[x->own.trail.levels - 1], &last) &&
		      last.kind == SEGMENT_TAIL;
	report_same(x, node);
	x->other = (struct place){ 0 };
	x->other.trail.nodes[0] = x->walk.nodes[0];
	overlap_below(x, x->walk.nodes[0], 0);
}

/* Goes down at most one level a segment (B1). */
static void check_all(struct risk *x, uint32_t index)
{
	struct blob_node node;

	if (x->exhausted || !spend(x, 1) || x->walk.levels == WALK_LEVELS ||
		!blob_node(x->view, index, &node))
		return;
	x->walk.nodes[x->walk.levels++] = index;
	if (node.routes_count > 0)
		check_own(x, index, &node);
	for (uint32_t i = 0; i < node.literals_count + node.others_count; i++)
		check_all(x, node.first_child + i);
	x->walk.levels--;
}

static uint32_t method_named(const struct tree *t, const char *name)
{
	for (uint32_t i = 0; i < t->methods_count; i++) {
		if (span_is(t->methods[i], name))
			return i;
	}
	return METHOD_NONE;
}

void tree_find_risks(const struct tree *t, struct routes *view, char *image,
	const struct route_conflict_sink *sink, struct routes_built *out)
{
	struct risk *x = calloc(1, sizeof(*x));

	if (x != NULL) {
		x->t = t;
		x->view = view;
		x->image = image;
		x->sink = sink;
		x->out = out;
		x->get = method_named(t, "GET");
		x->head = method_named(t, "HEAD");
		x->steps = RISK_STEPS_MAX;
		for (x->service = 0; x->service < t->services_count; x->service++)
			check_all(x, t->nodes[t->services[x->service].root].place);
	}
	/* R4; also without memory to look. */
	if (x == NULL || x->exhausted) {
		out->conflicts_incomplete = true;
		for (uint32_t i = 0; i < view->counts[BLOB_ROUTES]; i++)
			mark(view, image, i, RISK_CROSSING | RISK_SLASH);
	}
	free(x);
}
