#include "decide/routes.h"

#include "base/crypto.h"
#include "decide/routes_walk.h"

#if defined(__has_attribute) && __has_attribute(uninitialized)
/* Large and filled before it is read: the compiler's zeroing would cost more than the match. */
#define UNINITIALIZED __attribute__((uninitialized))
#else
#define UNINITIALIZED
#endif

static const uint32_t SECTION_SIZES[BLOB_SECTIONS] = {
	[BLOB_SERVICES] = SERVICE_SIZE,
	[BLOB_HOSTS] = HOST_SIZE,
	[BLOB_PATTERNS] = HOST_SIZE,
	[BLOB_METHODS] = METHOD_SIZE,
	[BLOB_NODES] = NODE_SIZE,
	[BLOB_ROUTES] = ROUTE_SIZE,
	[BLOB_NEEDS] = NEED_SIZE,
	[BLOB_STRINGS] = 1,
};

/* ---- Opening ---- */

/* Magic, version and size; then the checksum is only read. */
static enum status header_read(struct span blob, uint64_t *out_checksum)
{
	if (blob.len < BLOB_HEADER)
		return ST_DAMAGED;
	if (memcmp(blob.ptr, BLOB_MAGIC, BLOB_MAGIC_LEN) != 0)
		return ST_FORMAT;
	if (get_u32(blob.ptr + BLOB_AT_VERSION) != BLOB_VERSION)
		return ST_FORMAT;
	if (get_u32(blob.ptr + BLOB_AT_SIZE) != blob.len)
		return ST_DAMAGED;
	*out_checksum = get_u64(blob.ptr + BLOB_AT_CHECKSUM);
	return ST_OK;
}

uint64_t routes_checksum(struct span blob)
{
	static const uint8_t KEY[16] = "llavero routes 1";

	return crypto_hash64(KEY, span_part(blob, BLOB_CHECKED_FROM, blob.len));
}

static bool sections_read(struct span blob, struct routes *out)
{
	for (uint32_t i = 0; i < BLOB_SECTIONS; i++) {
		uint32_t offset = get_u32(blob.ptr + BLOB_AT_OFFSETS + (size_t)i * 4);
		uint32_t count = get_u32(blob.ptr + BLOB_AT_COUNTS + (size_t)i * 4);

		if (offset > blob.len || count > (blob.len - offset) / SECTION_SIZES[i])
			return false;
		out->offsets[i] = offset;
		out->counts[i] = count;
	}
	return true;
}

enum status routes_open(struct span blob, struct routes *out)
{
	struct routes opened = { .blob = blob };
	enum status st = header_read(blob, &opened.stamp);

	if (st != ST_OK)
		return st;
	if (routes_checksum(blob) != opened.stamp || !sections_read(blob, &opened))
		return ST_DAMAGED;
	*out = opened;
	return ST_OK;
}

enum status routes_move(struct routes *routes, struct span blob)
{
	uint64_t checksum;

	if (header_read(blob, &checksum) != ST_OK || blob.len != routes->blob.len ||
		checksum != routes->stamp)
		return ST_STALE;
	routes->blob = blob;
	return ST_OK;
}

/* ---- The service ---- */

/* Trees of base paths: of exact ones, and of folded ones. 0: none. */
struct base_roots {
	uint32_t exact, folded;
};

static enum status host_find(const struct routes *r, enum blob_section section, struct span text,
	struct base_roots *out_roots)
{
	uint32_t low = 0, high = r->counts[section];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const char *p = blob_at(r, section, middle, HOST_SIZE);
		struct span host;
		int order;

		if (!blob_text(r, get_u32(p), get_u32(p + 4), &host))
			return ST_DAMAGED;
		order = span_compare(text, host);
		if (order == 0) {
			*out_roots = (struct base_roots){ get_u32(p + 8), get_u32(p + 12) };
			return ST_OK;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ST_NOT_FOUND;
}

/* Exact host, then the longest pattern, then the services without a host. */
static enum status roots_find(
	const struct routes *r, struct span host, struct base_roots *out_roots)
{
	enum status st = ST_NOT_FOUND;

	if (host.len > 0 && r->counts[BLOB_HOSTS] > 0)
		st = host_find(r, BLOB_HOSTS, host, out_roots);
	if (r->counts[BLOB_PATTERNS] > 0) {
		/* A pattern leaves at least one byte to its star. */
		for (size_t i = 1; st == ST_NOT_FOUND && i < host.len; i++) {
			if (host.ptr[i] == '.')
				st = host_find(
					r, BLOB_PATTERNS, span_part(host, i, host.len), out_roots);
		}
	}
	if (st != ST_NOT_FOUND)
		return st;
	*out_roots = (struct base_roots){ get_u32(r->blob.ptr + BLOB_AT_ROOTS),
		get_u32(r->blob.ptr + BLOB_AT_ROOTS + 4) };
	return ST_OK;
}

struct base_found {
	bool found;
	uint32_t service;
	size_t segments; /* of its base path */
};

/* The longest base path of one tree. */
static enum status base_find(const struct routes *r, uint32_t root,
	const struct path_segments *segments, struct base_found *out)
{
	uint32_t index = root;

	for (size_t depth = 0; index != 0; depth++) {
		bool damaged = false;
		struct blob_node node;

		if (!blob_node(r, index, &node))
			return ST_DAMAGED;
		if (node.routes_count != 0)
			*out = (struct base_found){ true, node.first_route, depth };
		if (depth == segments->filled ||
			!node_literal(r, &node, path_segment(segments, depth), &index, &damaged))
			return damaged ? ST_DAMAGED : ST_OK;
	}
	return ST_OK;
}

/* ---- The route ---- */

struct search {
	const struct routes *r;
	const struct path_segments *segments; /* folded when the service ignores case */
	size_t first;                         /* behind the base path */
	uint32_t root;
	struct method_ids methods;
	uint32_t steps; /* that are left */
	uint8_t look;   /* risks to look for whatever the route's record says */
	struct route_match *out;
};

static enum status fill_route(
	const struct routes *r, const struct blob_route *route, struct route_match *out)
{
	const char *method;

	if (route->method >= r->counts[BLOB_METHODS])
		return ST_DAMAGED;
	method = blob_at(r, BLOB_METHODS, route->method, METHOD_SIZE);
	if (!blob_text(r, get_u32(method), get_u32(method + 4), &out->method) ||
		!blob_text(r, route->template_at, route->template_len, &out->template_text))
		return ST_DAMAGED;
	out->route_id = route->id;
	out->access = (enum route_access)route->access;
	out->resources_count = route->needs_count;
	out->resources = blob_at(r, BLOB_NEEDS, route->needs_at, NEED_SIZE);
	return ST_OK;
}

static void set_ambiguous(struct search *s, uint64_t other_id)
{
	s->out->kind = ROUTE_MATCH_AMBIGUOUS;
	s->out->other_route_id = other_id;
}

/* False when the walk ended for another reason than that nothing is left. */
static bool walk_ended_well(struct search *s, const struct walk *w)
{
	if (w->exhausted) {
		s->out->kind = ROUTE_MATCH_AMBIGUOUS;
		s->out->exhausted = true;
	}
	return !w->exhausted && !w->damaged;
}

static void search_walk(struct search *s, size_t count, struct walk *w)
{
	w->r = s->r;
	w->segments = s->segments;
	w->first = s->first;
	w->count = count;
	w->methods = s->methods;
	w->steps = &s->steps;
	walk_begin(w, s->root);
}

/*
 * The other routes that match: is one of them with other needs more specific
 * somewhere? w stands at the one that was found.
 */
static enum status check_crossing(struct search *s, const struct blob_route *found, struct walk *w)
{
	struct walk_trail best UNINITIALIZED;
	struct blob_route other;

	best = w->trail;
	while (walk_next(w, &other)) {
		struct trail_relation relation;

		if (blob_needs_agree(found, &other))
			continue;
		relation = trails_compare(s->r, &best, &w->trail, s->segments->filled - s->first);
		if (relation.damaged)
			return ST_DAMAGED;
		if (relation.second_somewhere) {
			set_ambiguous(s, other.id);
			return ST_OK;
		}
	}
	return walk_ended_well(s, w) || w->exhausted ? ST_OK : ST_DAMAGED;
}

/* Does a twin that says other than found make the path ambiguous? best as for check_slash. */
static bool twin_weighs(struct search *s, const struct blob_route *found,
	const struct walk_trail *best, const struct walk *twin, const struct blob_route *other,
	bool *damaged)
{
	static const struct blob_route UNMAPPED = { .access = ROUTE_AUTHENTICATED };
	struct trail_relation relation = { .leftmost = SPECIFICITY_SECOND };

	if (blob_needs_agree(found == NULL ? &UNMAPPED : found, other))
		return false;
	if (best != NULL)
		relation = trails_compare(s->r, best, &twin->trail, s->segments->filled - s->first);
	*damaged = relation.damaged;
	return relation.leftmost == SPECIFICITY_SECOND || relation.leftmost == SPECIFICITY_TIE;
}

/*
 * The same path with the trailing slash changed: has it a more specific route
 * with other needs? found and best are NULL when the path itself has none and
 * the service asks for authentication only.
 *
 * Of the twin's routes those count that no other one precedes. The walk gives
 * them in order, so one that ties with the last that counted is such a one.
 */
static enum status check_slash(
	struct search *s, const struct blob_route *found, const struct walk_trail *best)
{
	size_t filled = s->segments->filled;
	struct walk twin UNINITIALIZED;
	struct walk_trail last UNINITIALIZED;
	struct blob_route other;
	bool damaged = false, first = true;

	search_walk(s, s->segments->count > filled ? filled : filled + 1, &twin);
	while (!damaged && walk_next(&twin, &other)) {
		if (!first) {
			struct trail_relation order =
				trails_compare(s->r, &last, &twin.trail, filled - s->first);

			damaged = order.damaged;
			if (order.leftmost != SPECIFICITY_TIE)
				continue;
		}
		first = false;
		last = twin.trail;
		if (twin_weighs(s, found, best, &twin, &other, &damaged)) {
			set_ambiguous(s, other.id);
			return damaged ? ST_DAMAGED : ST_OK;
		}
	}
	if (damaged)
		return ST_DAMAGED;
	return walk_ended_well(s, &twin) || twin.exhausted ? ST_OK : ST_DAMAGED;
}

static enum status search_route(struct search *s)
{
	struct walk w UNINITIALIZED;
	struct walk_trail best UNINITIALIZED;
	struct blob_route found;
	enum status st;

	search_walk(s, s->segments->count, &w);
	if (!walk_next(&w, &found)) {
		if (!walk_ended_well(s, &w))
			return w.damaged ? ST_DAMAGED : ST_OK;
		return s->out->unmapped_authenticated ? check_slash(s, NULL, NULL) : ST_OK;
	}
	st = fill_route(s->r, &found, s->out);
	if (st != ST_OK)
		return st;
	s->out->kind = ROUTE_MATCH_FOUND;
	found.risk |= s->look;
	if (found.risk == 0)
		return ST_OK;
	if ((found.risk & RISK_SAME) != 0) {
		set_ambiguous(s, found.other_id);
		return ST_OK;
	}
	best = w.trail;
	if ((found.risk & RISK_CROSSING) != 0)
		st = check_crossing(s, &found, &w);
	if (st == ST_OK && s->out->kind == ROUTE_MATCH_FOUND && (found.risk & RISK_SLASH) != 0)
		st = check_slash(s, &found, &best);
	return st;
}

static enum status fill_service(struct search *s, uint32_t service, struct path_switches *out)
{
	struct route_match *match = s->out;
	uint32_t flags;
	const char *p;

	if (service >= s->r->counts[BLOB_SERVICES])
		return ST_DAMAGED;
	p = blob_at(s->r, BLOB_SERVICES, service, SERVICE_SIZE);
	if (!blob_text(s->r, get_u32(p + 8), get_u32(p + 12), &match->service_name))
		return ST_DAMAGED;
	flags = get_u32(p + 20);
	s->root = get_u32(p + 16);
	match->has_service = true;
	match->service_id = get_u64(p);
	match->unmapped_authenticated = (flags & SERVICE_UNMAPPED_AUTHENTICATED) != 0;
	match->preflight_pass = (flags & SERVICE_PREFLIGHT_PASS) != 0;
	out->strip_semicolon = (flags & SERVICE_STRIP_SEMICOLON) != 0;
	out->case_insensitive = (flags & SERVICE_CASE_INSENSITIVE) != 0;
	return ST_OK;
}

static void fold(struct span path, char *out)
{
	for (size_t i = 0; i < path.len; i++) {
		char c = path.ptr[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
}

/* Fills the service, or leaves has_service false. */
static enum status search_service(struct search *s, const struct route_request *request,
	struct path_segments *segments, char *folded, struct path_switches *out_switches)
{
	struct base_found base = { 0 }, base_folded = { 0 };
	struct base_roots roots = { 0 };
	struct span path = request->path->path;
	enum status st = roots_find(s->r, request->host, &roots);

	if (st == ST_OK)
		st = base_find(s->r, roots.exact, segments, &base);
	if (st == ST_OK && roots.folded != 0) {
		fold(path, folded);
		segments->path.ptr = folded;
		st = base_find(s->r, roots.folded, segments, &base_folded);
		/* The builder lets no two services have the same base path. */
		if (base_folded.found && (!base.found || base_folded.segments > base.segments))
			base = base_folded;
	}
	if (st != ST_OK || !base.found)
		return st;
	s->first = base.segments;
	st = fill_service(s, base.service, out_switches);
	if (st != ST_OK)
		return st;
	segments->path.ptr = out_switches->case_insensitive ? folded : path.ptr;
	if (out_switches->case_insensitive && roots.folded == 0)
		return ST_DAMAGED;
	return ST_OK;
}

static size_t base_len(const struct search *s)
{
	size_t last = s->first - 1;

	return s->first == 0 ? 0 : (size_t)s->segments->offsets[last] + s->segments->lens[last];
}

static enum status match(
	const struct routes *routes, const struct route_request *request, struct route_match *out)
{
	struct path_segments segments UNINITIALIZED;
	char folded[PATH_SIZE] UNINITIALIZED;
	struct path_switches switches = { 0 };
	struct search s = {
		.r = routes, .segments = &segments, .steps = ROUTES_STEPS_MAX, .out = out
	};
	enum status st;

	if (request->path->reason != PATH_OK ||
		!path_segments_cut(request->path->path, &segments)) {
		out->kind = ROUTE_MATCH_PATH_REFUSED;
		out->path_reason = request->path->reason == PATH_OK ? PATH_NOT_LOOKED_AT
								    : request->path->reason;
		return ST_OK;
	}
	out->path_reason = PATH_OK;
	st = search_service(&s, request, &segments, folded, &switches);
	if (st != ST_OK || !out->has_service)
		return st;
	out->path_reason = path_check_service(request->path, switches, base_len(&s));
	if (out->path_reason != PATH_OK) {
		out->kind = ROUTE_MATCH_PATH_REFUSED;
		return ST_OK;
	}
	st = methods_find(routes, request->method, &s.methods);
	return st == ST_OK ? search_route(&s) : st;
}

enum status routes_match(
	const struct routes *routes, const struct route_request *request, struct route_match *out)
{
	enum status st;

	*out = (struct route_match){ 0 };
	st = match(routes, request, out);
	if (st != ST_OK)
		*out = (struct route_match){ 0 };
	return st;
}

enum status routes_find_service(
	const struct routes *routes, struct span host, struct span path, uint64_t *out_id)
{
	struct path_segments segments UNINITIALIZED;
	char folded[PATH_SIZE] UNINITIALIZED;
	const struct path_result result = { .reason = PATH_OK, .path = path };
	const struct route_request request = { .host = host, .path = &result };
	struct route_match match = { 0 };
	struct path_switches switches;
	struct search s = { .r = routes, .segments = &segments, .out = &match };
	enum status st;

	if (!path_segments_cut(path, &segments))
		return ST_INVALID;
	st = search_service(&s, &request, &segments, folded, &switches);
	if (st != ST_OK)
		return st;
	*out_id = match.service_id;
	return match.has_service ? ST_OK : ST_NOT_FOUND;
}

enum status routes_match_below(const struct routes *routes, uint32_t i, struct span method,
	struct span path, uint32_t *steps, struct route_match *out)
{
	struct path_segments segments = { .path = path };
	uint32_t bound = *steps < ROUTES_STEPS_MAX ? *steps : ROUTES_STEPS_MAX;
	struct path_switches switches;
	struct search s = { .r = routes,
		.segments = &segments,
		.steps = bound,
		.look = RISK_CROSSING | RISK_SLASH,
		.out = out };
	enum status st;

	*out = (struct route_match){ .path_reason = PATH_OK };
	if (path.len > 0 && !path_segments_cut(path, &segments))
		return ST_INVALID;
	st = fill_service(&s, i, &switches);
	if (st == ST_OK)
		st = methods_find(routes, method, &s.methods);
	if (st == ST_OK)
		st = search_route(&s);
	*steps -= bound - s.steps;
	return st;
}

uint32_t route_match_resource(const struct route_match *match, size_t i)
{
	return i < match->resources_count ? get_u32(match->resources + i * NEED_SIZE) : 0;
}
