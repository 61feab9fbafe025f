/*
 * The matcher against a model that knows nothing of trees: it tries all
 * templates of a random catalogue on a random path and applies the rules of
 * decide/routes.h word for word. It shares no code with what it tests.
 */
#include "../testing.h"

#include "base/crypto.h"
#include "decide/routes.h"

#include <stdio.h>
#include <stdlib.h>

#define CATALOGUES 12000u
#define ASKS 24u
#define ROUTES_MAX 9u
#define SERVICES_MAX 4u
#define SEGMENTS_MAX 5u

/* ---- A random catalogue ---- */

enum kind { LITERAL, MIXED, PARAMETER, TAIL };

struct segment {
	enum kind kind;
	const char *text; /* of a mixed one, "*" stands for a parameter */
};

struct route {
	unsigned service;
	const char *method;
	size_t count;
	struct segment segments[SEGMENTS_MAX];
	bool slash;
	unsigned needs; /* an index of NEEDS */
	char text[128]; /* the template */
};

struct service {
	const char *host; /* NULL: none */
	size_t base_count;
	const char *base[2];
	char base_text[16];
	bool unmapped, fold;
	struct span host_span;
};

struct model {
	size_t services_count, routes_count;
	struct service services[SERVICES_MAX];
	struct route routes[ROUTES_MAX];
	struct route_spec specs[ROUTES_MAX];
	struct service_spec service_specs[SERVICES_MAX];
};

static const char *const LITERALS[] = { "a", "b", "ab", "A", "aab" };
static const char *const MIXEDS[] = { "a*", "*b", "a*b", "*a*", "*ab", "b*a*" };
static const char *const METHODS[] = { "GET", "GET", "GET", "HEAD", "PUT" };
static const char *const HOSTS[] = { NULL, NULL, "x", "*.x", "*.y.x" };
static const char *const ASKED_HOSTS[] = { NULL, "x", "z.x", "y.x", "z.y.x", "other" };
static const char *const PARTS[] = { "a", "b", "ab", "A", "aab", "ba", "aba", "bab", "c", "aB" };

static const uint32_t NEED_IDS[] = { 1, 2 };
static const struct {
	enum route_access access;
	size_t first, count;
} NEEDS[] = {
	{ ROUTE_NEEDS_RESOURCE, 0, 1 },
	{ ROUTE_NEEDS_RESOURCE, 0, 2 },
	{ ROUTE_AUTHENTICATED, 0, 0 },
	{ ROUTE_NEEDS_RESOURCE, 0, 0 },
	{ ROUTE_PUBLIC, 0, 0 },
};

static uint64_t seed = 1;

static unsigned below(unsigned limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % limit;
}

#define ANY(array) ((array)[below(ARRAY_LEN(array))])

static void write_segment(struct buf *out, const struct segment *s)
{
	buf_append_char(out, '/');
	for (const char *c = s->text; c != NULL && *c != '\0'; c++) {
		if (*c == '*')
			buf_append_str(out, "{p}");
		else
			buf_append_char(out, *c);
	}
	if (s->kind == PARAMETER)
		buf_append_str(out, "{id}");
	if (s->kind == TAIL)
		buf_append_str(out, "{rest...}");
}

static void make_route(struct route *r, unsigned services_count)
{
	struct buf text = BUF_ARRAY(r->text);

	memset(r, 0, sizeof(*r));
	text = BUF_ARRAY(r->text);
	r->service = below(services_count);
	r->method = ANY(METHODS);
	r->count = 1 + below(4);
	r->needs = below(below(2) ? 2 : ARRAY_LEN(NEEDS));
	for (size_t i = 0; i < r->count; i++) {
		struct segment *s = &r->segments[i];
		unsigned draw = below(10);

		s->kind = draw < 4 ? LITERAL : draw < 6 ? MIXED : PARAMETER;
		if (i + 1 == r->count && below(5) == 0)
			s->kind = TAIL;
		if (s->kind == LITERAL)
			s->text = ANY(LITERALS);
		if (s->kind == MIXED)
			s->text = ANY(MIXEDS);
		write_segment(&text, s);
	}
	r->slash = below(4) == 0;
	if (r->slash)
		buf_append_char(&text, '/');
}

static void make_service(struct service *s)
{
	struct buf text;

	memset(s, 0, sizeof(*s));
	text = BUF_ARRAY(s->base_text);
	s->host = ANY(HOSTS);
	s->host_span = span_str(s->host);
	s->base_count = below(3);
	s->unmapped = below(2) == 0;
	s->fold = below(4) == 0;
	for (size_t i = 0; i < s->base_count; i++) {
		s->base[i] = LITERALS[below(4)];
		buf_printf(&text, "/%s", s->base[i]);
	}
	if (s->base_count == 0)
		buf_append_char(&text, '/');
}

static void make_model(struct model *m)
{
	m->services_count = 1 + below(below(2) ? 1 : SERVICES_MAX);
	m->routes_count = 1 + below(ROUTES_MAX);
	for (size_t i = 0; i < m->services_count; i++) {
		struct service *s = &m->services[i];
		static const char *const NAMES[] = { "s1", "s2", "s3", "s4" };

		make_service(s);
		m->service_specs[i] = (struct service_spec){ .id = i,
			.name = span_str(NAMES[i]),
			.hosts = &s->host_span,
			.hosts_count = s->host != NULL,
			.base_path = span_str(s->base_text),
			.unmapped_authenticated = s->unmapped,
			.switches = { .case_insensitive = s->fold } };
	}
	for (size_t i = 0; i < m->routes_count; i++) {
		struct route *r = &m->routes[i];

		make_route(r, (unsigned)m->services_count);
		m->specs[i] = (struct route_spec){ .id = i,
			.service_id = r->service,
			.method = span_str(r->method),
			.template_text = span_str(r->text),
			.access = NEEDS[r->needs].access,
			.resource_ids = NEED_IDS + NEEDS[r->needs].first,
			.resource_ids_count = NEEDS[r->needs].count };
	}
}

/* ---- The rules ---- */

struct asked {
	const char *host, *method;
	size_t count;
	const char *segments[SEGMENTS_MAX + 4];
	bool slash;
};

static bool same_char(char a, char b, bool fold)
{
	if (fold && a >= 'A' && a <= 'Z')
		a = (char)(a + 32);
	if (fold && b >= 'A' && b <= 'Z')
		b = (char)(b + 32);
	return a == b;
}

static bool text_matches(const char *pattern, const char *text, bool fold)
{
	if (*pattern == '\0')
		return *text == '\0';
	if (*pattern != '*')
		return *text != '\0' && same_char(*pattern, *text, fold) &&
		       text_matches(pattern + 1, text + 1, fold);
	for (; *text != '\0'; text++) {
		if (text_matches(pattern + 1, text + 1, fold))
			return true;
	}
	return false;
}

static const struct segment *segment_at(const struct route *r, size_t i)
{
	return &r->segments[i < r->count ? i : r->count - 1];
}

static bool route_takes(const struct model *m, const struct route *r, const struct asked *a,
	size_t base_count, bool slash)
{
	bool fold = m->services[r->service].fold;
	size_t count = a->count - base_count;
	bool tail = r->segments[r->count - 1].kind == TAIL;

	if (r->slash != slash || (tail ? count < r->count : count != r->count))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct segment *s = segment_at(r, i);

		if ((s->kind == LITERAL || s->kind == MIXED) &&
			!text_matches(s->text, a->segments[base_count + i], fold))
			return false;
	}
	return true;
}

static size_t text_len(const char *pattern)
{
	size_t len = 0;

	for (; *pattern != '\0'; pattern++)
		len += *pattern != '*';
	return len;
}

/* < 0: x is more specific at this segment; *out_tie: neither is, and they differ. */
static int segment_order(const struct segment *x, const struct segment *y, bool fold, bool *out_tie)
{
	*out_tie = false;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind != MIXED)
		return 0;
	if (text_len(x->text) != text_len(y->text))
		return text_len(x->text) > text_len(y->text) ? -1 : 1;
	*out_tie = fold ? strcasecmp(x->text, y->text) != 0 : strcmp(x->text, y->text) != 0;
	return fold ? strcasecmp(x->text, y->text) : strcmp(x->text, y->text);
}

struct relation {
	int leftmost;
	bool leftmost_tie;
	bool second_somewhere;
};

static struct relation relate(const struct route *x, const struct route *y, size_t count, bool fold)
{
	struct relation relation = { 0 };

	for (size_t i = 0; i < count; i++) {
		bool tie;
		int order = segment_order(segment_at(x, i), segment_at(y, i), fold, &tie);

		if (relation.leftmost == 0) {
			relation.leftmost = order;
			relation.leftmost_tie = tie;
		}
		if (order > 0 || tie)
			relation.second_somewhere = true;
	}
	return relation;
}

static bool same_template(const struct model *m, const struct route *x, const struct route *y)
{
	bool fold = m->services[x->service].fold;

	if (x->service != y->service || x->count != y->count || x->slash != y->slash)
		return false;
	for (size_t i = 0; i < x->count; i++) {
		const struct segment *s = &x->segments[i], *t = &y->segments[i];

		if (s->kind != t->kind)
			return false;
		if (s->text != NULL &&
			(fold ? strcasecmp(s->text, t->text) : strcmp(s->text, t->text)) != 0)
			return false;
	}
	return true;
}

static bool method_takes(const struct route *r, const char *method)
{
	return strcmp(r->method, method) == 0 ||
	       (strcmp(method, "HEAD") == 0 && strcmp(r->method, "GET") == 0);
}

/*
 * Of routes with one template: HEAD's own before GET's, and the first of
 * doubles. Is r another one's shadow in this sense?
 */
static bool shadowed(const struct model *m, const struct route *r, const char *method)
{
	for (size_t i = 0; i < m->routes_count; i++) {
		const struct route *o = &m->routes[i];

		if (o == r || !same_template(m, o, r) || !method_takes(o, method))
			continue;
		if (strcmp(o->method, r->method) == 0 ? o < r : strcmp(o->method, method) == 0)
			return true;
	}
	return false;
}

/* A double with other needs. */
static bool doubled(const struct model *m, const struct route *r)
{
	for (size_t i = 0; i < m->routes_count; i++) {
		const struct route *o = &m->routes[i];

		if (same_template(m, o, r) && strcmp(o->method, r->method) == 0 &&
			o->needs != r->needs)
			return true;
	}
	return false;
}

static bool is_candidate(const struct model *m, const struct route *r, unsigned service,
	const struct asked *a, bool slash)
{
	return r->service == service && method_takes(r, a->method) &&
	       route_takes(m, r, a, m->services[service].base_count, slash) &&
	       !shadowed(m, r, a->method);
}

static const struct route *winner(
	const struct model *m, unsigned service, const struct asked *a, bool slash)
{
	size_t count = a->count - m->services[service].base_count;
	const struct route *best = NULL;

	for (size_t i = 0; i < m->routes_count; i++) {
		const struct route *r = &m->routes[i];

		if (!is_candidate(m, r, service, a, slash))
			continue;
		if (best == NULL || relate(r, best, count, m->services[service].fold).leftmost < 0)
			best = r;
	}
	return best;
}

static bool crossed(
	const struct model *m, unsigned service, const struct asked *a, const struct route *best)
{
	size_t count = a->count - m->services[service].base_count;

	for (size_t i = 0; i < m->routes_count; i++) {
		const struct route *r = &m->routes[i];

		if (r != best && is_candidate(m, r, service, a, a->slash) &&
			(r->needs != best->needs || doubled(m, r)) &&
			relate(best, r, count, m->services[service].fold).second_somewhere)
			return true;
	}
	return false;
}

/* Is another route of the twin decidedly more specific than this one? */
static bool preceded(const struct model *m, unsigned service, const struct asked *a,
	const struct route *twin, size_t count)
{
	for (size_t i = 0; i < m->routes_count; i++) {
		struct relation relation;

		if (!is_candidate(m, &m->routes[i], service, a, !a->slash))
			continue;
		relation = relate(&m->routes[i], twin, count, m->services[service].fold);
		if (relation.leftmost < 0 && !relation.leftmost_tie)
			return true;
	}
	return false;
}

static bool twin_says_other(
	const struct model *m, unsigned service, const struct asked *a, const struct route *best)
{
	size_t count = a->count - m->services[service].base_count;

	if (a->count == 0)
		return false;
	for (size_t i = 0; i < m->routes_count; i++) {
		const struct route *twin = &m->routes[i];
		struct relation relation = { .leftmost = 1 };

		if (!is_candidate(m, twin, service, a, !a->slash) ||
			preceded(m, service, a, twin, count))
			continue;
		if (best == NULL) {
			if (m->services[service].unmapped &&
				(NEEDS[twin->needs].access != ROUTE_AUTHENTICATED ||
					doubled(m, twin)))
				return true;
			continue;
		}
		relation = relate(best, twin, count, m->services[service].fold);
		if ((twin->needs != best->needs || doubled(m, twin)) &&
			(relation.leftmost > 0 || relation.leftmost_tie))
			return true;
	}
	return false;
}

static unsigned host_rank(const struct service *s, const char *host)
{
	size_t len;

	if (s->host == NULL)
		return 1;
	if (host == NULL)
		return 0;
	if (s->host[0] != '*')
		return strcmp(s->host, host) == 0 ? 1000 : 0;
	len = strlen(s->host) - 1;
	if (strlen(host) > len && strcmp(host + strlen(host) - len, s->host + 1) == 0)
		return 1 + (unsigned)len;
	return 0;
}

static bool base_takes(const struct service *s, const struct asked *a)
{
	if (s->base_count > a->count)
		return false;
	for (size_t i = 0; i < s->base_count; i++) {
		if (!text_matches(s->base[i], a->segments[i], s->fold))
			return false;
	}
	return true;
}

/* The number of the service, or services_count. */
static unsigned find_service(const struct model *m, const struct asked *a)
{
	unsigned rank = 0, found = (unsigned)m->services_count;

	for (unsigned i = 0; i < m->services_count; i++) {
		if (host_rank(&m->services[i], a->host) > rank)
			rank = host_rank(&m->services[i], a->host);
	}
	for (unsigned i = 0; rank > 0 && i < m->services_count; i++) {
		const struct service *s = &m->services[i];

		if (host_rank(s, a->host) == rank && base_takes(s, a) &&
			(found == m->services_count ||
				s->base_count > m->services[found].base_count))
			found = i;
	}
	return found;
}

struct answer {
	enum route_match_kind kind;
	unsigned service; /* or services_count */
	const struct route *route;
};

static struct answer answer(const struct model *m, const struct asked *a)
{
	struct answer answer = { .service = find_service(m, a) };

	if (answer.service == m->services_count)
		return answer;
	answer.route = winner(m, answer.service, a, a->slash);
	if (answer.route != NULL)
		answer.kind = ROUTE_MATCH_FOUND;
	if ((answer.route != NULL &&
		    (doubled(m, answer.route) || crossed(m, answer.service, a, answer.route))) ||
		twin_says_other(m, answer.service, a, answer.route))
		answer.kind = ROUTE_MATCH_AMBIGUOUS;
	return answer;
}

/* ---- Both asked ---- */

/* Segments that this route takes, more or less. */
static void follow_route(const struct model *m, const struct route *r, struct asked *a)
{
	const struct service *s = &m->services[r->service];
	static const char *const TEXTS[] = { "ab", "aab", "aba", "bab", "abab", "aa" };

	for (size_t i = 0; i < s->base_count; i++)
		a->segments[a->count++] = s->base[i];
	for (size_t i = 0; i < r->count; i++) {
		const struct segment *segment = &r->segments[i];

		a->segments[a->count++] = segment->kind == LITERAL ? segment->text
					  : segment->kind == MIXED ? ANY(TEXTS)
								   : ANY(PARTS);
	}
	if (r->segments[r->count - 1].kind == TAIL && below(2))
		a->segments[a->count++] = ANY(PARTS);
	a->slash = below(4) ? r->slash : !r->slash;
	a->method = below(4) ? r->method : ANY(METHODS);
	if (s->host == NULL || s->host[0] != '*')
		a->host = s->host;
}

static void make_asked(const struct model *m, struct asked *a, struct buf *path)
{
	memset(a, 0, sizeof(*a));
	a->host = below(2) ? NULL : ANY(ASKED_HOSTS);
	a->method = ANY(METHODS);
	if (below(4) != 0) {
		follow_route(m, &m->routes[below((unsigned)m->routes_count)], a);
	} else {
		for (unsigned i = below(SEGMENTS_MAX); i > 0; i--)
			a->segments[a->count++] = ANY(PARTS);
		a->slash = below(3) == 0;
	}
	if (a->count == 0)
		a->slash = true;
	for (size_t i = 0; i < a->count; i++)
		buf_printf(path, "/%s", a->segments[i]);
	if (a->slash)
		buf_append_char(path, '/');
}

#define EXAMPLES_MAX (ROUTES_MAX * ROUTES_MAX * 2)

struct listed {
	bool pairs[ROUTES_MAX][ROUTES_MAX];
	size_t count;
	struct {
		uint64_t service, route, other;
		struct span method;
		char path[128];
	} examples[EXAMPLES_MAX];
};

static enum route_match_kind ask(const struct routes *view, const char *host, struct span method,
	struct span path, struct route_match *out)
{
	static char memory[PATH_SIZE];
	struct path_result result;
	struct route_request request = { span_str(host), method, &result };

	path_canonicalise(path, SPAN_ABSENT, memory, sizeof(memory), &result);
	assert_int_equal(result.reason, PATH_OK);
	assert_int_equal(routes_match(view, &request, out), ST_OK);
	return out->kind;
}

static void note(void *context, const struct route_conflict *conflict)
{
	struct listed *listed = context;
	struct buf path;

	listed->pairs[conflict->route->id][conflict->other->id] = true;
	listed->pairs[conflict->other->id][conflict->route->id] = true;
	assert_true(listed->count < EXAMPLES_MAX);
	path = BUF_ARRAY(listed->examples[listed->count].path);
	buf_append(&path, conflict->path);
	assert_true(buf_ok(&path));
	listed->examples[listed->count].service = conflict->route->service_id;
	listed->examples[listed->count].route = conflict->route->id;
	listed->examples[listed->count].other = conflict->other->id;
	listed->examples[listed->count].method = conflict->method;
	listed->count++;
}

/* What the report shows is refused indeed. */
static void check_examples(
	const struct model *m, const struct routes *view, const struct listed *listed)
{
	for (size_t i = 0; i < listed->count; i++) {
		const char *host = m->services[listed->examples[i].service].host;
		char memory[16];
		struct buf text = BUF_ARRAY(memory);
		struct route_match match;

		if (host != NULL)
			buf_printf(
				&text, "%s%s", host[0] == '*' ? "q" : "", host + (host[0] == '*'));
		assert_int_equal(ask(view, buf_str(&text), listed->examples[i].method,
					 span_str(listed->examples[i].path), &match),
			ROUTE_MATCH_AMBIGUOUS);
		assert_int_equal(match.route_id, listed->examples[i].route);
		assert_true(listed->pairs[match.route_id][match.other_route_id]);
	}
}

static void describe(const struct model *m, const struct asked *a, struct span path)
{
	for (size_t i = 0; i < m->services_count; i++) {
		const struct service *s = &m->services[i];

		print_error("service %zu host %s base %s%s%s\n", i, s->host, s->base_text,
			s->unmapped ? " unmapped" : "", s->fold ? " fold" : "");
	}
	for (size_t i = 0; i < m->routes_count; i++)
		print_error("route %zu of %u: %s %s needs %u\n", i, m->routes[i].service,
			m->routes[i].method, m->routes[i].text, m->routes[i].needs);
	print_error("asked: %s %s %.*s\n", a->host, a->method, (int)path.len, path.ptr);
}

struct tally {
	unsigned kinds[ROUTE_MATCH_FOUND + 1];
	unsigned clashes;
};

static void compare(const struct model *m, const struct routes *view, const struct listed *listed,
	struct tally *tally)
{
	char memory[64];
	struct buf path = BUF_ARRAY(memory);
	struct asked a;
	struct answer expected;
	struct route_match match;
	bool good;

	make_asked(m, &a, &path);
	expected = answer(m, &a);
	(void)!ask(view, a.host, span_str(a.method), buf_span(&path), &match);
	tally->kinds[match.kind]++;
	good = match.kind == expected.kind &&
	       match.has_service == (expected.service < m->services_count) &&
	       (!match.has_service || match.service_id == expected.service) &&
	       (expected.route == NULL || match.route_id == (uint64_t)(expected.route - m->routes));
	/* What is refused as ambiguous between two routes must have been listed. */
	if (good && match.kind == ROUTE_MATCH_AMBIGUOUS && expected.route != NULL)
		good = listed->pairs[match.route_id][match.other_route_id];
	if (good)
		return;
	describe(m, &a, buf_span(&path));
	fail_msg("kind %d, not %d; route %llu and %llu, not %td", (int)match.kind,
		(int)expected.kind, (unsigned long long)match.route_id,
		(unsigned long long)match.other_route_id,
		expected.route == NULL ? -1 : expected.route - m->routes);
}

static void random_catalogues_decide_as_the_model_does(void **state)
{
	static struct model m;
	static struct listed listed;
	struct tally tally = { 0 };
	const char *asked_seed = getenv("LLAVERO_TEST_SEED");

	if (asked_seed != NULL)
		seed = strtoull(asked_seed, NULL, 10);
	for (unsigned i = 0; i < CATALOGUES; i++) {
		CLEANUP(buf_free)
		struct buf blob = buf_heap(ROUTES_BLOB_MAX);
		struct routes_input input = { m.service_specs, 0, m.specs, 0 };
		struct routes view;
		struct route_conflict_sink sink = { note, &listed };
		struct routes_built built;
		enum status st;

		memset(&listed, 0, sizeof(listed));
		make_model(&m);
		input.services_count = m.services_count;
		input.routes_count = m.routes_count;
		st = routes_build(&input, &sink, &blob, &built, NULL);
		if (st == ST_EXISTS) { /* two services with one host and base path */
			tally.clashes++;
			continue;
		}
		assert_int_equal(st, ST_OK);
		assert_int_equal(built.conflicts_count, listed.count);
		assert_false(built.conflicts_incomplete);
		assert_int_equal(routes_open(buf_span(&blob), &view), ST_OK);
		check_examples(&m, &view, &listed);
		for (unsigned k = 0; k < ASKS; k++)
			compare(&m, &view, &listed, &tally);
	}
	/* The run must have seen enough of everything to mean something. */
	assert_true(tally.kinds[ROUTE_MATCH_NONE] > 50000);
	assert_true(tally.kinds[ROUTE_MATCH_FOUND] > 50000);
	assert_true(tally.kinds[ROUTE_MATCH_AMBIGUOUS] > 10000);
	assert_int_equal(tally.kinds[ROUTE_MATCH_PATH_REFUSED], 0);
	assert_true(tally.clashes < CATALOGUES / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_catalogues_decide_as_the_model_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
