/*
 * Damaged bytes and hostile catalogues. The blob under test ends where its
 * memory ends, with a page behind it that nobody may touch, so reading beyond
 * it is seen without a sanitizer too.
 */
#include "../testing.h"

#include "catalogue.h"
#include "decide/routes_blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define DAMAGES 4000u

struct guarded {
	char *memory;
	size_t memory_len;
	char *ptr; /* the blob's bytes */
	size_t len;
};

static struct guarded guard(struct span bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = bytes.len / page + 2;
	struct guarded g = { .memory_len = pages * page, .len = bytes.len };
	void *memory = mmap(
		NULL, g.memory_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	g.memory = memory;
	assert_int_equal(mprotect(g.memory + (pages - 1) * page, page, PROT_NONE), 0);
	g.ptr = g.memory + (pages - 1) * page - bytes.len;
	memcpy(g.ptr, bytes.ptr, bytes.len);
	return g;
}

static void unguard(struct guarded *g)
{
	assert_int_equal(munmap(g->memory, g->memory_len), 0);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static const char *const LINES[] = {
	"GET /o/group/{x} 1",
	"GET /o/{id}/note 2",
	"GET /o/{id} 1,2,3",
	"HEAD /o/{id} auth",
	"PUT /o/{id} 4",
	"DELETE /o/{id} nobody",
	"GET /v{version}/{a}@{b} 5",
	"GET /{x}b/c 6",
	"GET /a{x}/c 7",
	"GET /files/{path...} public",
	"GET /files/secret/ 8",
	"GET /files/{path...}/ 9",
	"GET /a 1",
	"GET /b 2",
	"GET /c 3",
	"GET /d 4",
	"GET / 5",
};

static const struct {
	const char *host, *method, *target;
} ASKS[] = {
	{ NULL, "GET", "/o/group/note" },
	{ NULL, "HEAD", "/o/1" },
	{ NULL, "GET", "/o/1/note" },
	{ NULL, "GET", "/v1/x@y" },
	{ NULL, "GET", "/abb/c" },
	{ NULL, "GET", "/files/a/b/c" },
	{ NULL, "GET", "/files/secret" },
	{ NULL, "GET", "/files/secret/" },
	{ NULL, "PATCH", "/nothing/here" },
	{ NULL, "GET", "/" },
	{ "a.example", "GET", "/api/a" },
	{ "a.example", "GET", "/API/files/x;y" },
	{ "b.x.example", "GET", "/o/1/2/3/4" },
	{ "x.example", "PUT", "/o/1" },
};

static void make(struct catalogue *c)
{
	catalogue_init(c);
	catalogue_service(c, "host=a.example base=/api fold strip");
	for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
		catalogue_route(c, LINES[i]);
	catalogue_service(c, "host=*.x.example host=*.example unmapped");
	for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
		catalogue_route(c, LINES[i]);
	catalogue_service(c, "unmapped preflight");
	for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
		catalogue_route(c, LINES[i]);
	assert_int_equal(catalogue_build(c), ST_OK);
}

/* Reads all of it, so that what cannot be read is noticed. */
static size_t read_all(struct span s)
{
	size_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += (uint8_t)s.ptr[i];
	return sum;
}

static void read_match(const struct route_match *match)
{
	size_t sum = read_all(match->template_text) + read_all(match->service_name) +
		     read_all(match->method);

	for (size_t i = 0; i < match->resources_count; i++)
		sum += route_match_resource(match, i);
	assert_true(sum < SIZE_MAX);
}

/* Any answer will do, if there is one; what it points at must be readable. */
static size_t ask_everything(const struct routes *view)
{
	size_t damaged = 0;

	for (size_t i = 0; i < ARRAY_LEN(ASKS); i++) {
		char memory[PATH_SIZE];
		struct path_result path;
		struct route_match match;
		struct route_request request = { span_str(ASKS[i].host), span_str(ASKS[i].method),
			&path };

		path_canonicalise(
			span_str(ASKS[i].target), request.host, memory, sizeof(memory), &path);
		if (routes_match(view, &request, &match) != ST_OK) {
			damaged++;
			assert_int_equal(match.kind, ROUTE_MATCH_NONE);
			assert_int_equal(match.access, ROUTE_NEEDS_RESOURCE);
			assert_int_equal(match.resources_count, 0);
			assert_false(match.unmapped_authenticated);
			continue;
		}
		read_match(&match);
	}
	return damaged;
}

/* Every single bit, then random groups of them: none is opened. */
static void no_flipped_bit_is_opened(void **state)
{
	static struct catalogue c;
	struct guarded g;
	struct routes view;
	uint32_t seed = 3;

	make(&c);
	g = guard(buf_span(&c.blob));
	for (size_t bit = 0; bit < g.len * 8; bit++) {
		g.ptr[bit / 8] = (char)(g.ptr[bit / 8] ^ 1 << bit % 8);
		assert_int_not_equal(routes_open(span_of(g.ptr, g.len), &view), ST_OK);
		g.ptr[bit / 8] = (char)(g.ptr[bit / 8] ^ 1 << bit % 8);
	}
	for (unsigned i = 0; i < DAMAGES; i++) {
		for (unsigned k = 0; k < 1 + i % 16; k++)
			g.ptr[next_random(&seed) % g.len] ^= (char)(1 + next_random(&seed) % 255);
		if (memcmp(g.ptr, c.blob.ptr, g.len) != 0)
			assert_int_not_equal(routes_open(span_of(g.ptr, g.len), &view), ST_OK);
		memcpy(g.ptr, c.blob.ptr, g.len);
	}
	assert_int_equal(routes_open(span_of(g.ptr, g.len), &view), ST_OK);
	unguard(&g);
	catalogue_free(&c);
}

static void no_cut_or_longer_blob_is_opened(void **state)
{
	static struct catalogue c;
	struct routes view;

	make(&c);
	for (size_t len = 0; len < c.blob.len; len++) {
		struct guarded g = guard(span_of(c.blob.ptr, len));

		assert_int_not_equal(routes_open(span_of(g.ptr, len), &view), ST_OK);
		unguard(&g);
	}
	buf_append_char(&c.blob, '\0');
	assert_int_not_equal(routes_open(buf_span(&c.blob), &view), ST_OK);
	catalogue_free(&c);
}

static void another_version_is_a_matter_of_format(void **state)
{
	static struct catalogue c;
	struct routes view;

	make(&c);
	put_u32(c.blob.ptr + BLOB_AT_VERSION, BLOB_VERSION + 1);
	assert_int_equal(routes_open(buf_span(&c.blob), &view), ST_FORMAT);
	put_u32(c.blob.ptr + BLOB_AT_VERSION, BLOB_VERSION);
	c.blob.ptr[0] ^= 1;
	assert_int_equal(routes_open(buf_span(&c.blob), &view), ST_FORMAT);
	c.blob.ptr[0] ^= 1;
	assert_int_equal(routes_open(buf_span(&c.blob), &view), ST_OK);
	catalogue_free(&c);
}

/* A mapped file may change behind our back: then any answer, but no reading outside. */
static void bytes_that_change_after_opening_lead_nowhere_outside(void **state)
{
	static const uint32_t VALUES[] = { 0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0,
		0xFFFFFFFF };
	static struct catalogue c;
	struct guarded g;
	struct routes view;
	uint32_t seed = 5;
	size_t damaged = 0;

	make(&c);
	g = guard(buf_span(&c.blob));
	assert_int_equal(routes_open(span_of(g.ptr, g.len), &view), ST_OK);
	assert_int_equal(ask_everything(&view), 0);
	for (unsigned i = 0; i < DAMAGES; i++) {
		for (unsigned k = 0; k < 1 + i % 24; k++) {
			uint32_t at = next_random(&seed) % (uint32_t)(g.len - 4);

			if (i % 2 == 0)
				g.ptr[at] ^= (char)(1u << next_random(&seed) % 8);
			else
				put_u32(g.ptr + at / 4 * 4,
					VALUES[next_random(&seed) % ARRAY_LEN(VALUES)]);
		}
		damaged += ask_everything(&view);
		memcpy(g.ptr, c.blob.ptr, g.len);
	}
	assert_true(damaged > 100); /* so the checks are what was tried */
	/* All at once. */
	memset(g.ptr, 0xFF, g.len);
	(void)!ask_everything(&view);
	memset(g.ptr, 0, g.len);
	(void)!ask_everything(&view);
	unguard(&g);
	catalogue_free(&c);
}

/* The same for bytes with a good checksum: whoever can make one gets no further. */
static void a_good_checksum_over_bad_bytes_leads_nowhere_outside(void **state)
{
	static struct catalogue c;
	struct guarded g;
	uint32_t seed = 9;
	unsigned opened = 0;

	make(&c);
	g = guard(buf_span(&c.blob));
	for (unsigned i = 0; i < DAMAGES; i++) {
		struct routes view;

		for (unsigned k = 0; k < 1 + i % 8; k++)
			g.ptr[BLOB_AT_OFFSETS + next_random(&seed) % (g.len - BLOB_AT_OFFSETS)] =
				(char)next_random(&seed);
		put_u64(g.ptr + BLOB_AT_CHECKSUM, routes_checksum(span_of(g.ptr, g.len)));
		if (routes_open(span_of(g.ptr, g.len), &view) == ST_OK) {
			opened++;
			(void)!ask_everything(&view);
		}
		memcpy(g.ptr, c.blob.ptr, g.len);
	}
	assert_true(opened > DAMAGES / 2);
	unguard(&g);
	catalogue_free(&c);
}

static void a_moved_blob_is_known_again(void **state)
{
	static struct catalogue c, other;
	struct guarded g;
	struct routes view;

	make(&c);
	catalogue_init(&other);
	catalogue_service(&other, "");
	assert_int_equal(catalogue_build(&other), ST_OK);
	g = guard(buf_span(&c.blob));
	assert_int_equal(routes_open(buf_span(&c.blob), &view), ST_OK);
	assert_int_equal(routes_move(&view, span_of(g.ptr, g.len)), ST_OK);
	assert_ptr_equal(view.blob.ptr, g.ptr);
	assert_int_equal(ask_everything(&view), 0);
	assert_int_equal(routes_move(&view, buf_span(&other.blob)), ST_STALE);
	assert_int_equal(routes_move(&view, span_of(g.ptr, g.len - 1)), ST_STALE);
	assert_int_equal(routes_move(&view, SPAN_ABSENT), ST_STALE);
	assert_ptr_equal(view.blob.ptr, g.ptr);
	unguard(&g);
	catalogue_free(&c);
	catalogue_free(&other);
}

/* ---- Hostile catalogues: were a match exponential in them, this would not end ---- */

#define TEXT_MAX (4u * LIMIT_PATH_SEGMENTS + 16u)

struct hostile {
	struct route_spec *routes;
	char (*texts)[TEXT_MAX];
	size_t count;
	struct buf blob;
	struct routes view;
	struct routes_built built;
};

static void hostile_make(struct hostile *h, size_t count)
{
	*h = (struct hostile){ .count = count, .blob = buf_heap(ROUTES_BLOB_MAX) };
	h->routes = calloc(count, sizeof(*h->routes));
	h->texts = calloc(count, TEXT_MAX);
	assert_true(h->routes != NULL && h->texts != NULL);
}

static void hostile_free(struct hostile *h)
{
	buf_free(&h->blob);
	free(h->routes);
	free(h->texts);
}

/* Neighbours have other needs. */
static void hostile_route(struct hostile *h, size_t i)
{
	h->routes[i] = (struct route_spec){ .id = i,
		.method = SPAN_LIT("GET"),
		.template_text = span_str(h->texts[i]),
		.access = i % 2 == 0 ? ROUTE_AUTHENTICATED : ROUTE_NEEDS_RESOURCE };
}

static void hostile_build(struct hostile *h)
{
	struct service_spec service = { .name = SPAN_LIT("s"), .unmapped_authenticated = true };
	struct routes_input input = { &service, 1, h->routes, h->count };

	assert_int_equal(routes_build(&input, NULL, &h->blob, &h->built, NULL), ST_OK);
	assert_int_equal(routes_open(buf_span(&h->blob), &h->view), ST_OK);
}

/* All routes whose first segments are text or parameter in every combination. */
static void hostile_crossing(struct hostile *h, unsigned choices, unsigned before, unsigned after)
{
	hostile_make(h, (size_t)1 << choices);
	for (size_t i = 0; i < h->count; i++) {
		struct buf text = BUF_ARRAY(h->texts[i]);

		for (unsigned k = 0; k < before; k++)
			buf_append_str(&text, "/a");
		for (unsigned k = 0; k < choices; k++)
			buf_append_str(&text, (i >> k & 1) != 0 ? "/a" : "/{}");
		for (unsigned k = 0; k < after; k++)
			buf_append_str(&text, "/a");
		hostile_route(h, i);
	}
	hostile_build(h);
}

static struct route_match hostile_ask(const struct hostile *h, struct span target)
{
	static char memory[PATH_SIZE];
	struct path_result path;
	struct route_request request = { SPAN_ABSENT, SPAN_LIT("GET"), &path };
	struct route_match match;

	path_canonicalise(target, SPAN_ABSENT, memory, sizeof(memory), &path);
	assert_int_equal(path.reason, PATH_OK);
	assert_int_equal(routes_match(&h->view, &request, &match), ST_OK);
	return match;
}

static struct route_match hostile_ask_path(
	const struct hostile *h, unsigned segments, const char *last)
{
	char memory[TEXT_MAX];
	struct buf target = BUF_ARRAY(memory);

	for (unsigned i = 1; i < segments; i++)
		buf_append_str(&target, "/a");
	buf_append_str(&target, last);
	return hostile_ask(h, buf_span(&target));
}

static void crossing_within_the_bound_is_decided_exactly(void **state)
{
	struct hostile h;
	struct route_match match;

	hostile_crossing(&h, 8, LIMIT_PATH_SEGMENTS - 8 - 4, 4);
	match = hostile_ask_path(&h, LIMIT_PATH_SEGMENTS, "/a");
	assert_int_equal(match.kind, ROUTE_MATCH_FOUND); /* text everywhere beats all */
	assert_int_equal(match.route_id, h.count - 1);
	match = hostile_ask_path(&h, LIMIT_PATH_SEGMENTS, "/b");
	assert_int_equal(match.kind, ROUTE_MATCH_NONE);
	match = hostile_ask_path(&h, LIMIT_PATH_SEGMENTS, "/a/");
	assert_int_equal(match.kind, ROUTE_MATCH_AMBIGUOUS); /* unmapped; its twin needs more */
	assert_false(match.exhausted);
	hostile_free(&h);
}

static void crossing_beyond_the_bound_is_refused(void **state)
{
	struct hostile h;
	struct route_match match;

	/* More nodes than steps, all of which the path takes but for its last segment. */
	hostile_crossing(&h, 12, 0, LIMIT_PATH_SEGMENTS - 12);
	match = hostile_ask_path(&h, LIMIT_PATH_SEGMENTS, "/b");
	assert_int_equal(match.kind, ROUTE_MATCH_AMBIGUOUS);
	assert_true(match.exhausted);
	match = hostile_ask_path(&h, LIMIT_PATH_SEGMENTS, "/a");
	assert_int_equal(match.kind, ROUTE_MATCH_AMBIGUOUS);
	assert_true(match.exhausted);
	hostile_free(&h);
}

static void many_mixed_segments_on_long_text_are_bounded(void **state)
{
	static char target[LIMIT_TARGET];
	struct hostile h;
	struct route_match match;

	hostile_make(&h, 20000);
	for (size_t i = 0; i < h.count; i++) {
		struct buf text = BUF_ARRAY(h.texts[i]);

		buf_printf(&text, "/a{x}a{y}%zu", i);
		hostile_route(&h, i);
	}
	hostile_build(&h);
	match = hostile_ask(&h, SPAN_LIT("/aaaaaa19999"));
	assert_int_equal(match.kind, ROUTE_MATCH_FOUND);
	assert_int_equal(match.route_id, 19999);
	memset(target, 'a', sizeof(target));
	target[0] = '/';
	match = hostile_ask(&h, span_of(target, sizeof(target)));
	assert_int_equal(match.kind, ROUTE_MATCH_AMBIGUOUS);
	assert_true(match.exhausted);
	hostile_free(&h);
}

static void more_nodes_than_the_limit_are_refused(void **state)
{
	struct hostile h;
	struct service_spec service = { .name = SPAN_LIT("s") };
	struct complaint complaint = { 0 };
	struct routes_input input;

	hostile_make(&h, LIMIT_ROUTES);
	for (size_t i = 0; i < h.count; i++) {
		struct buf text = BUF_ARRAY(h.texts[i]);

		buf_printf(&text, "/%zu", i);
		for (unsigned k = 0; k < LIMIT_PATH_SEGMENTS - 1; k++)
			buf_append_str(&text, "/a");
		hostile_route(&h, i);
	}
	input = (struct routes_input){ &service, 1, h.routes, h.count };
	assert_int_equal(routes_build(&input, NULL, &h.blob, &h.built, &complaint), ST_LIMIT);
	assert_string_equal(complaint.key, "route.nodes_limit");
	assert_int_equal(h.blob.len, 0);
	hostile_free(&h);
}

static void as_many_routes_as_allowed_and_no_more(void **state)
{
	struct hostile h;
	struct service_spec service = { .name = SPAN_LIT("s") };
	struct complaint complaint = { 0 };
	struct routes_input input;

	hostile_make(&h, LIMIT_ROUTES + 1);
	for (size_t i = 0; i < h.count; i++) {
		struct buf text = BUF_ARRAY(h.texts[i]);

		buf_printf(&text, "/%zu", i);
		hostile_route(&h, i);
	}
	input = (struct routes_input){ &service, 1, h.routes, h.count };
	assert_int_equal(routes_build(&input, NULL, &h.blob, &h.built, &complaint), ST_LIMIT);
	assert_string_equal(complaint.key, "route.routes_limit");
	h.count--;
	hostile_build(&h);
	for (size_t i = 0; i < h.count; i += 97)
		assert_int_equal(hostile_ask(&h, span_str(h.texts[i])).route_id, i);
	hostile_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_flipped_bit_is_opened),
		cmocka_unit_test(no_cut_or_longer_blob_is_opened),
		cmocka_unit_test(another_version_is_a_matter_of_format),
		cmocka_unit_test(bytes_that_change_after_opening_lead_nowhere_outside),
		cmocka_unit_test(a_good_checksum_over_bad_bytes_leads_nowhere_outside),
		cmocka_unit_test(a_moved_blob_is_known_again),
		cmocka_unit_test(crossing_within_the_bound_is_decided_exactly),
		cmocka_unit_test(crossing_beyond_the_bound_is_refused),
		cmocka_unit_test(many_mixed_segments_on_long_text_are_bounded),
		cmocka_unit_test(more_nodes_than_the_limit_are_refused),
		cmocka_unit_test(as_many_routes_as_allowed_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
