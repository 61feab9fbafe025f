#include "../testing.h"

#include "catalogue.h"

#define LINES_MAX 16u

struct ask {
	const char *host;
	const char *method;
	const char *target;
	const char *outcome;
};

struct routes_row {
	const char *label;
	const char *services[LINES_MAX];
	const char *routes[LINES_MAX]; /* of the last service */
	struct ask asks[LINES_MAX];
	const char *conflicts[LINES_MAX];
};

static void check_row(const struct routes_row *row)
{
	static struct catalogue c;

	catalogue_init(&c);
	for (size_t i = 0; i < LINES_MAX && row->services[i] != NULL; i++)
		catalogue_service(&c, row->services[i]);
	if (c.services_count == 0)
		catalogue_service(&c, "");
	for (size_t i = 0; i < LINES_MAX && row->routes[i] != NULL; i++)
		catalogue_route(&c, row->routes[i]);
	if (catalogue_build(&c) != ST_OK)
		fail_msg("%s: %s", row->label, c.complaint.key);
	for (size_t i = 0; i < LINES_MAX && row->asks[i].target != NULL; i++) {
		const struct ask *ask = &row->asks[i];
		char memory[128];
		struct buf outcome = BUF_ARRAY(memory);

		catalogue_ask(&c, ask->host, ask->method == NULL ? "GET" : ask->method, ask->target,
			&outcome);
		if (!span_is(buf_span(&outcome), ask->outcome))
			fail_msg("%s: %s: %s, not %s", row->label, ask->target, buf_str(&outcome),
				ask->outcome);
	}
	for (size_t i = 0; i < c.conflicts_count; i++) {
		if (row->conflicts[i] == NULL || strcmp(row->conflicts[i], c.conflicts[i]) != 0)
			fail_msg("%s: conflict %s, not %s", row->label, c.conflicts[i],
				row->conflicts[i]);
	}
	CHECK_ROW(row->label, row->conflicts[c.conflicts_count] == NULL);
	catalogue_free(&c);
}

static void check_rows(const struct routes_row *rows, size_t rows_count)
{
	for (size_t i = 0; i < rows_count; i++)
		check_row(&rows[i]);
}

static const struct routes_row MATCHING[] = {
	{ "whole segments", {}, { "GET /a/b 1" },
		{ { NULL, NULL, "/a/b", "1" }, { NULL, NULL, "/a", "- service 1" },
			{ NULL, NULL, "/a/b/c", "- service 1" },
			{ NULL, NULL, "/a/bc", "- service 1" },
			{ NULL, NULL, "/a/b/", "- service 1" },
			{ NULL, NULL, "/A/b", "- service 1" }, { NULL, NULL, "/a/b?x=/c", "1" },
			{ NULL, NULL, "/%61/b", "1" } } },
	{ "the root", {}, { "GET / 1" },
		{ { NULL, NULL, "/", "1" }, { NULL, NULL, "/a", "- service 1" } } },
	{ "a trailing slash is another route", {}, { "GET /a/ 1" },
		{ { NULL, NULL, "/a/", "1" }, { NULL, NULL, "/a", "- service 1" } } },
	{ "the method is matched by its bytes", {}, { "GET /a 1", "POST /a 2" },
		{ { NULL, "GET", "/a", "1" }, { NULL, "POST", "/a", "2" },
			{ NULL, "get", "/a", "- service 1" }, { NULL, "GETT", "/a", "- service 1" },
			{ NULL, "GE", "/a", "- service 1" }, { NULL, "PUT", "/a", "- service 1" },
			{ NULL, "OPTIONS", "/a", "- service 1" },
			{ NULL, "", "/a", "- service 1" } } },
	{ "HEAD follows GET", {}, { "GET /a 1", "POST /a 2", "GET /b 3", "HEAD /b 4" },
		{ { NULL, "HEAD", "/a", "1" }, { NULL, "HEAD", "/b", "4" },
			{ NULL, "GET", "/b", "3" } } },
	{ "GET does not follow HEAD", {}, { "HEAD /a 1" },
		{ { NULL, "GET", "/a", "- service 1" }, { NULL, "HEAD", "/a", "1" } } },
	{ "HEAD takes the most specific of both", {}, { "HEAD /{x} public", "GET /secret 1" },
		{ { NULL, "HEAD", "/secret", "2" }, { NULL, "HEAD", "/a", "1" } } },
	{ "a parameter takes one segment that is not empty", {},
		{ "GET /a/{x}/b 1", "GET /a/{x} 2" },
		{ { NULL, NULL, "/a/1/b", "1" }, { NULL, NULL, "/a/1", "2" },
			{ NULL, NULL, "/a/", "- service 1" },
			{ NULL, NULL, "/a/1/", "- service 1" },
			{ NULL, NULL, "/a/%C3%A9", "2" } } },
	{ "a tail takes one segment or more", {}, { "GET /a/{x...} 1" },
		{ { NULL, NULL, "/a/1", "1" }, { NULL, NULL, "/a/1/2/3", "1" },
			{ NULL, NULL, "/a", "- service 1" }, { NULL, NULL, "/a/", "- service 1" },
			{ NULL, NULL, "/a/1/", "- service 1" } } },
	{ "a tail with a trailing slash", {}, { "GET /a/{x...}/ 1" },
		{ { NULL, NULL, "/a/1/", "1" }, { NULL, NULL, "/a/1/2/", "1" },
			{ NULL, NULL, "/a/1", "- service 1" },
			{ NULL, NULL, "/a/", "- service 1" } } },
	{ "literal, mixed, parameter, tail", {},
		{ "GET /{t...} 1", "GET /{x} 1", "GET /v{x} 1", "GET /v1{x} 1", "GET /v12 1",
			"GET /{x}2 1" },
		{ { NULL, NULL, "/v12", "5" }, { NULL, NULL, "/v13", "4" },
			{ NULL, NULL, "/v3", "3" }, { NULL, NULL, "/w", "2" },
			{ NULL, NULL, "/w2", "6" }, { NULL, NULL, "/w/x", "1" } } },
	{ "the leftmost segment decides", {}, { "GET /a/{x}/{y} 1", "GET /{x}/b/c 1" },
		{ { NULL, NULL, "/a/b/c", "1" }, { NULL, NULL, "/z/b/c", "2" } } },
	{ "going back when the more specific beginning leads nowhere", {},
		{ "GET /a/b/c 1", "GET /a/{x}/d 1", "GET /{x}/b/e 1", "GET /{t...} 1" },
		{ { NULL, NULL, "/a/b/c", "1" }, { NULL, NULL, "/a/b/d", "2" },
			{ NULL, NULL, "/a/b/e", "3" }, { NULL, NULL, "/a/b/f", "4" } } },
	{ "going back for the method", {}, { "POST /a/b 1", "GET /a/{x} 2" },
		{ { NULL, "GET", "/a/b", "2" }, { NULL, "POST", "/a/b", "1" } } },
	{ "many literals at one place", {},
		{ "GET /a 1", "GET /b 1", "GET /c 1", "GET /d 1", "GET /e 1", "GET /f 1",
			"GET /g 1", "GET /h 1", "GET /i 1",
			"GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1" },
		{ { NULL, NULL, "/a", "1" }, { NULL, NULL, "/e", "5" }, { NULL, NULL, "/i", "9" },
			{ NULL, NULL, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "10" },
			{ NULL, NULL, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "- service 1" },
			{ NULL, NULL, "/j", "- service 1" } } },
	{ "text that templates give a meaning", {}, { "GET /%7Bid%7D 1", "GET /%2A 2" },
		{ { NULL, NULL, "/%7Bid%7D", "1" }, { NULL, NULL, "/{id}", "1" },
			{ NULL, NULL, "/a", "- service 1" }, { NULL, NULL, "/*", "2" } } },
	{ "no routes at all", {}, {}, { { NULL, NULL, "/", "- service 1" } } },
};

static void the_most_specific_route_of_the_whole_path_matches(void **state)
{
	check_rows(MATCHING, ARRAY_LEN(MATCHING));
}

static const struct routes_row AMBIGUOUS[] = {
	{ "two templates cross", {}, { "GET /o/group/{x} 1", "GET /o/{id}/note 2" },
		{ { NULL, NULL, "/o/group/note", "ambiguous 1 2" },
			{ NULL, NULL, "/o/group/a", "1" }, { NULL, NULL, "/o/1/note", "2" },
			{ NULL, "HEAD", "/o/group/note", "ambiguous 1 2" } },
		{ "crossing 1 2 GET /o/group/note" } },
	{ "with the same needs they do not matter", {},
		{ "GET /o/group/{x} 1,2", "GET /o/{id}/note 2,1,1" },
		{ { NULL, NULL, "/o/group/note", "1" } } },
	{ "of other methods they do not meet", {}, { "GET /o/group/{x} 1", "PUT /o/{id}/note 2" },
		{ { NULL, NULL, "/o/group/note", "1" }, { NULL, "PUT", "/o/group/note", "2" } } },
	{ "GET's and HEAD's meet in HEAD", {}, { "GET /o/group/{x} 1", "HEAD /o/{id}/note 2" },
		{ { NULL, "GET", "/o/group/note", "1" },
			{ NULL, "HEAD", "/o/group/note", "ambiguous 1 2" } },
		{ "crossing 1 2 HEAD /o/group/note" } },
	{ "a route that is more specific than both settles it", {},
		{ "GET /o/group/{x} 1", "GET /o/{id}/note 2", "GET /o/group/note 3" },
		{ { NULL, NULL, "/o/group/note", "3" } } },
	{ "more specific everywhere is not crossing", {}, { "GET /a/{x}/c 1", "GET /{y}/{x}/c 2" },
		{ { NULL, NULL, "/a/b/c", "1" } } },
	{ "two parameters against none", {}, { "GET /a/b 1", "GET /{x}/{y} 2" },
		{ { NULL, NULL, "/a/b", "1" }, { NULL, NULL, "/a/c", "2" } } },
	{ "a flag differs from resources", {}, { "GET /o/group/{x} public", "GET /o/{id}/note 2" },
		{ { NULL, NULL, "/o/group/note", "ambiguous 1 2" } },
		{ "crossing 1 2 GET /o/group/note" } },
	{ "public differs from authenticated", {},
		{ "GET /o/group/{x} public", "GET /o/{id}/note auth" },
		{ { NULL, NULL, "/o/group/note", "ambiguous 1 2" } },
		{ "crossing 1 2 GET /o/group/note" } },
	{ "nobody differs from authenticated", {},
		{ "GET /o/group/{x} nobody", "GET /o/{id}/note auth" },
		{ { NULL, NULL, "/o/group/note", "ambiguous 1 2" } },
		{ "crossing 1 2 GET /o/group/note" } },
	{ "a tail crosses", {}, { "GET /a/{x...} 1", "GET /{x}/b 2" },
		{ { NULL, NULL, "/a/b", "ambiguous 1 2" }, { NULL, NULL, "/a/c", "1" },
			{ NULL, NULL, "/a/b/c", "1" } },
		{ "crossing 1 2 GET /a/b" } },
	{ "a tail is less specific at all its segments", {},
		{ "GET /a/{x}/{y} 1", "GET /a/{t...} 2" },
		{ { NULL, NULL, "/a/b/c", "1" }, { NULL, NULL, "/a/b", "2" } } },
	{ "a tail against text further on", {}, { "GET /a/{t...} 1", "GET /{x}/{y}/c 2" },
		{ { NULL, NULL, "/a/b/c", "ambiguous 1 2" }, { NULL, NULL, "/a/b/d", "1" } },
		{ "crossing 1 2 GET /a/1/c" } },
	{ "mixed segments with equally much text", {}, { "GET /a{x} 1", "GET /{x}b 2" },
		{ { NULL, NULL, "/ab", "ambiguous 2 1" }, { NULL, NULL, "/axb", "ambiguous 2 1" },
			{ NULL, NULL, "/ax", "1" }, { NULL, NULL, "/xb", "2" } },
		{ "crossing 2 1 GET /a1b" } },
	{ "mixed segments with more text", {}, { "GET /a{x} 1", "GET /{x}bc 2" },
		{ { NULL, NULL, "/axbc", "2" } } },
	{ "mixed segments cross with text further on", {}, { "GET /aa{x}/{y} 1", "GET /{x}b/c 2" },
		{ { NULL, NULL, "/aaxb/c", "ambiguous 1 2" }, { NULL, NULL, "/aaxb/d", "1" } },
		{ "crossing 1 2 GET /aa1b/c" } },
	{ "three cross", {}, { "GET /a/{x}/{y} 1", "GET /{x}/b/{y} 2", "GET /{x}/{y}/c 3" },
		{ { NULL, NULL, "/a/b/c", "ambiguous 1 2" },
			{ NULL, NULL, "/a/b/d", "ambiguous 1 2" },
			{ NULL, NULL, "/z/b/c", "ambiguous 2 3" }, { NULL, NULL, "/z/b/d", "2" } },
		{ "crossing 1 2 GET /a/b/1", "crossing 1 3 GET /a/1/c",
			"crossing 2 3 GET /1/b/c" } },
	{ "the first crosses only one of two others", {},
		{ "GET /a/{x}/{y} 1", "GET /{x}/b/{y} 1", "GET /{x}/{y}/c 2" },
		{ { NULL, NULL, "/a/b/c", "ambiguous 1 3" }, { NULL, NULL, "/a/b/d", "1" } },
		{ "crossing 1 3 GET /a/1/c", "crossing 2 3 GET /1/b/c" } },
	{ "the same method and template twice", {}, { "GET /a/{x} 1", "GET /a/{y} 2" },
		{ { NULL, NULL, "/a/b", "ambiguous 1 2" } }, { "same 1 2 GET /a/1" } },
	{ "the same thing twice", {}, { "GET /a/{x} 1,2", "GET /a/:y 2,1" },
		{ { NULL, NULL, "/a/b", "1" } } },
	{ "the same template, HEAD's own needs", {}, { "GET /a/{x} 1", "HEAD /a/{y} 2" },
		{ { NULL, "HEAD", "/a/b", "2" }, { NULL, "GET", "/a/b", "1" } } },
	/* The trailing slash. */
	{ "the twin is more specific", {}, { "GET /{x...} public", "GET /admin/ 1" },
		{ { NULL, NULL, "/admin", "ambiguous 1 2" }, { NULL, NULL, "/admin/", "2" },
			{ NULL, NULL, "/other", "1" } },
		{ "slash 1 2 GET /admin" } },
	{ "the twin without slash is more specific", {}, { "GET /{x}/ public", "GET /admin 1" },
		{ { NULL, NULL, "/admin/", "ambiguous 1 2" }, { NULL, NULL, "/admin", "2" },
			{ NULL, NULL, "/other/", "1" } },
		{ "slash 1 2 GET /admin/" } },
	{ "a twin with the same needs", {}, { "GET /{x...} 1", "GET /admin/ 1" },
		{ { NULL, NULL, "/admin", "1" } } },
	{ "a twin that is less specific", {}, { "GET /admin 1", "GET /{x}/ 2" },
		{ { NULL, NULL, "/admin", "1" }, { NULL, NULL, "/admin/", "ambiguous 2 1" } },
		{ "slash 2 1 GET /admin/" } },
	{ "a twin of its own", {}, { "GET /a/{x} 1", "GET /a/{x}/ 2" },
		{ { NULL, NULL, "/a/b", "1" }, { NULL, NULL, "/a/b/", "2" } } },
	{ "a twin of another method", {}, { "GET /{x...} 1", "PUT /admin/ 2" },
		{ { NULL, NULL, "/admin", "1" } } },
	{ "a twin by mixed segments", {}, { "GET /a{x} 1", "GET /{x}b/ 2" },
		{ { NULL, NULL, "/a1b", "ambiguous 1 2" },
			{ NULL, NULL, "/a1b/", "ambiguous 2 1" } },
		{ "slash 2 1 GET /a1b/", "slash 1 2 GET /a1b" } },
	{ "a twin hidden by one of the same needs", {},
		{ "GET /{x...} 1", "GET /{x}/ 2", "GET /admin/ 1" },
		{ { NULL, NULL, "/admin", "1" }, { NULL, NULL, "/b", "ambiguous 1 2" } },
		{ "slash 1 2 GET /1" } },
	{ "unmapped = authenticated, and twins of which neither goes before", { "unmapped" },
		{ "GET /{a}.{b} auth", "GET /o{x} 1" },
		{ { NULL, NULL, "/o1.json/", "ambiguous 0 2" },
			{ NULL, NULL, "/p1.json/", "- service 1" } },
		{ "crossing 1 2 GET /o1.11" } },
	{ "a twin behind one that goes before it", { "unmapped" },
		{ "GET /o1.json auth", "GET /{a}.{b} 1", "GET /o{x} 2" },
		{ { NULL, NULL, "/o1.json/", "- service 1" } }, { "crossing 2 3 GET /o1.11" } },
	{ "unmapped = authenticated, and a twin that needs more", { "unmapped" },
		{ "GET /admin 1", "GET /open/ auth", "GET /all/ public" },
		{ { NULL, NULL, "/admin/", "ambiguous 0 1" },
			{ NULL, NULL, "/open", "- service 1" },
			{ NULL, NULL, "/all", "ambiguous 0 3" },
			{ NULL, NULL, "/other", "- service 1" },
			{ NULL, "PUT", "/admin/", "- service 1" } } },
	{ "one that stands twice crosses one that needs the same as its first", { NULL },
		{ "GET /o/group/{x} 1", "GET /o/group/{y} 2", "GET /o/{id}/note 1" },
		{ { NULL, NULL, "/o/group/note", "ambiguous 1 2" },
			{ NULL, NULL, "/o/7/note", "3" } },
		{ "same 1 2 GET /o/group/1", "crossing 1 3 GET /o/group/note" } },
	{ "and the other way round", { NULL },
		{ "GET /o/group/{x} 1", "GET /o/{id}/note 1", "GET /o/{key}/note 2" },
		{ { NULL, NULL, "/o/group/note", "ambiguous 1 2" },
			{ NULL, NULL, "/o/group/1", "1" } },
		{ "crossing 1 2 GET /o/group/note", "same 2 3 GET /o/1/note" } },
	{ "the root has no twin", { "unmapped" }, { "GET / 1" }, { { NULL, NULL, "/", "1" } } },
};

static void what_two_routes_claim_is_ambiguous(void **state)
{
	check_rows(AMBIGUOUS, ARRAY_LEN(AMBIGUOUS));
}

static const struct routes_row SERVICES[] = {
	{ "exact host, then pattern, then none",
		{ "", "host=*.shop.example", "host=*.a.shop.example", "host=a.shop.example" },
		{ "GET /x 1" },
		{ { "a.shop.example", NULL, "/x", "1" },
			{ "a.shop.example", NULL, "/y", "- service 4" },
			{ "b.shop.example", NULL, "/x", "- service 2" },
			{ "c.b.shop.example", NULL, "/x", "- service 2" },
			{ "b.a.shop.example", NULL, "/x", "- service 3" },
			{ "shop.example", NULL, "/x", "- service 1" },
			{ "xshop.example", NULL, "/x", "- service 1" },
			{ "other.example", NULL, "/x", "- service 1" },
			{ NULL, NULL, "/x", "- service 1" }, { "", NULL, "/x", "- service 1" } } },
	{ "no service without a host", { "host=a.example" }, { "GET /x 1" },
		{ { "a.example", NULL, "/x", "1" }, { "b.example", NULL, "/x", "-" },
			{ NULL, NULL, "/x", "-" } } },
	{ "several hosts of one service", { "host=a.example host=b.example host=*.c.example" },
		{ "GET /x 1" },
		{ { "a.example", NULL, "/x", "1" }, { "b.example", NULL, "/x", "1" },
			{ "d.c.example", NULL, "/x", "1" }, { "c.example", NULL, "/x", "-" } } },
	{ "the longest base path, in whole segments",
		{ "base=/", "base=/api", "base=/api/v2/", "base=/api/v2/x" }, { "GET /y 1" },
		{ { NULL, NULL, "/api/v2/x/y", "1" }, { NULL, NULL, "/api/v2/y", "- service 3" },
			{ NULL, NULL, "/api/v2/", "- service 3" },
			{ NULL, NULL, "/api/v2", "- service 3" },
			{ NULL, NULL, "/api/v21", "- service 2" },
			{ NULL, NULL, "/api", "- service 2" },
			{ NULL, NULL, "/apis", "- service 1" }, { NULL, NULL, "/y", "- service 1" },
			{ NULL, NULL, "/", "- service 1" } } },
	{ "no fall-through to a pattern or to none",
		{ "", "host=*.example", "host=a.example base=/api" }, { "GET /y 1" },
		{ { "a.example", NULL, "/api/y", "1" }, { "a.example", NULL, "/y", "-" },
			{ "b.example", NULL, "/y", "- service 2" } } },
	{ "templates stand below the base path", { "base=/api" },
		{ "GET / 1", "GET /{x} 1", "GET /a/{x...} 1" },
		{ { NULL, NULL, "/api/", "1" }, { NULL, NULL, "/api", "- service 1" },
			{ NULL, NULL, "/api/b", "2" }, { NULL, NULL, "/api/a/b/c", "3" },
			{ NULL, NULL, "/b", "-" } } },
	{ "an encoded base path", { "base=/caf%C3%A9" }, { "GET /x 1" },
		{ { NULL, NULL, "/caf%c3%a9/x", "1" }, { NULL, NULL, "/cafe/x", "-" } } },
	{ "a conflict's example has the base path", { "base=/api/v1" },
		{ "GET /o/group/{x} 1", "GET /o/{id}/note 2" },
		{ { NULL, NULL, "/api/v1/o/group/note", "ambiguous 1 2" } },
		{ "crossing 1 2 GET /api/v1/o/group/note" } },
	{ "semicolons: refused", { "base=/api" }, { "GET /x/{y} 1" },
		{ { NULL, NULL, "/api/x/1;a=b", "refused semicolon" },
			{ NULL, NULL, "/api;a/x/1", "refused semicolon" },
			{ NULL, NULL, "/api/x/%3b", "refused encoded_semicolon" },
			{ NULL, NULL, "/api/x/1", "1" } } },
	{ "semicolons: stripped", { "base=/api strip" }, { "GET /x/{y} 1" },
		{ { NULL, NULL, "/api/x/1;a=b", "1" }, { NULL, NULL, "/api/x;a=b/1", "1" },
			{ NULL, NULL, "/api;a/x/1", "refused semicolon" },
			{ NULL, NULL, "/api/x/%3b", "refused encoded_semicolon" },
			{ NULL, NULL, "/api/..;/x", "refused dot_segment" } } },
	{ "a semicolon does not lead to another service", { "base=/", "base=/api strip" },
		{ "GET /x 1" },
		{ { NULL, NULL, "/api/x;a", "1" }, { NULL, NULL, "/api;a/x", "refused semicolon" },
			{ NULL, NULL, "/b;a", "refused semicolon" } } },
	{ "a service that ignores case", { "base=/Api fold" },
		{ "GET /Orders/{id} 1", "GET /V{x}/list 2" },
		{ { NULL, NULL, "/api/orders/ABC", "1" }, { NULL, NULL, "/API/ORDERS/abc", "1" },
			{ NULL, NULL, "/aPI/v2/LIST", "2" },
			{ NULL, NULL, "/api/orders/%C3%A9", "refused non_ascii" },
			{ NULL, "get", "/api/orders/1", "- service 1" } } },
	{ "beside one that does not", { "base=/", "base=/a/b fold", "base=/a/b/C" }, { "GET /x 1" },
		{ { NULL, NULL, "/a/b/C/x", "1" }, { NULL, NULL, "/a/b/c/x", "- service 2" },
			{ NULL, NULL, "/A/B", "- service 2" },
			{ NULL, NULL, "/a/c", "- service 1" },
			{ NULL, NULL, "/a/%C3%A9", "- service 1" } } },
	{ "ignoring case makes templates equal", { "fold" }, { "GET /A 1", "GET /a 2" },
		{ { NULL, NULL, "/a", "ambiguous 1 2" } }, { "same 1 2 GET /a" } },
};

static void the_service_is_found_by_host_then_base_path(void **state)
{
	check_rows(SERVICES, ARRAY_LEN(SERVICES));
}

static void a_match_says_what_it_found(void **state)
{
	static struct catalogue c;
	char memory[PATH_SIZE];
	struct path_result path;
	struct route_match match;
	struct route_request request = { SPAN_ABSENT, SPAN_LIT("HEAD"), &path };

	catalogue_init(&c);
	catalogue_service(&c, "unmapped preflight");
	catalogue_route(&c, "GET /a/{id} 7,3,7,65535");
	catalogue_route(&c, "POST /a/{id} public");
	assert_int_equal(catalogue_build(&c), ST_OK);
	path_canonicalise(SPAN_LIT("/a/1"), SPAN_ABSENT, memory, sizeof(memory), &path);
	assert_int_equal(routes_match(&c.view, &request, &match), ST_OK);
	assert_int_equal(match.kind, ROUTE_MATCH_FOUND);
	assert_int_equal(match.path_reason, PATH_OK);
	assert_int_equal(match.access, ROUTE_NEEDS_RESOURCE);
	assert_true(span_is(match.method, "GET"));
	assert_true(span_is(match.template_text, "/a/{id}"));
	assert_int_equal(match.resources_count, 3);
	assert_int_equal(route_match_resource(&match, 0), 3);
	assert_int_equal(route_match_resource(&match, 1), 7);
	assert_int_equal(route_match_resource(&match, 2), 65535);
	assert_int_equal(route_match_resource(&match, 3), 0);
	assert_true(match.has_service && match.unmapped_authenticated && match.preflight_pass);
	assert_int_equal(match.service_id, 1);
	assert_true(span_is(match.service_name, "A"));
	request.method = SPAN_LIT("POST");
	assert_int_equal(routes_match(&c.view, &request, &match), ST_OK);
	assert_int_equal(match.access, ROUTE_PUBLIC);
	assert_int_equal(match.resources_count, 0);
	catalogue_free(&c);
}

static void a_path_that_is_not_canonical_never_matches(void **state)
{
	static const struct path_result PATHS[] = {
		{ 0 },
		{ .reason = PATH_DOT_SEGMENT, .path = { "/a", 2 } },
		{ .reason = PATH_OK, .path = { NULL, 0 } },
		{ .reason = PATH_OK, .path = { "a", 1 } },
		{ .reason = PATH_OK, .path = { "//a", 3 } },
	};
	static struct catalogue c;

	catalogue_init(&c);
	catalogue_service(&c, "");
	catalogue_route(&c, "GET /{x...} public");
	assert_int_equal(catalogue_build(&c), ST_OK);
	for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
		struct route_request request = { SPAN_ABSENT, SPAN_LIT("GET"), &PATHS[i] };
		struct route_match match;

		assert_int_equal(routes_match(&c.view, &request, &match), ST_OK);
		assert_int_equal(match.kind, ROUTE_MATCH_PATH_REFUSED);
		assert_int_not_equal(match.path_reason, PATH_OK);
	}
	catalogue_free(&c);
}

struct build_row {
	const char *label;
	const char *services[LINES_MAX];
	const char *routes[LINES_MAX];
	enum status status;
	const char *key;
};

static const struct build_row BUILDS[] = {
	{ "a bad template", { "" }, { "GET /a//b 1" }, ST_INVALID, "route.template_empty_segment" },
	{ "a bad method", { "" }, { "get /a 1" }, ST_INVALID, "route.method" },
	{ "no path", { "" }, { "GET" }, ST_INVALID, "route.template_empty" },
	{ "beyond ASCII, ignoring case", { "fold" }, { "GET /caf%C3%A9 1" }, ST_INVALID,
		"route.template_non_ascii" },
	{ "beyond ASCII", { "" }, { "GET /caf%C3%A9 1" }, ST_OK, NULL },
	{ "a base path beyond ASCII, ignoring case", { "base=/caf%C3%A9 fold" }, {}, ST_INVALID,
		"route.base_non_ascii" },
	{ "a base path with a parameter", { "base=/{x}" }, {}, ST_INVALID, "route.base_literal" },
	{ "a base path with a tail", { "base=/*" }, {}, ST_INVALID, "route.base_literal" },
	{ "a base path without a slash", { "base=api" }, {}, ST_INVALID, "route.template_start" },
	{ "a base path with ;", { "base=/a;b" }, {}, ST_INVALID, "route.template_text" },
	{ "a host in capitals", { "host=A.example" }, {}, ST_INVALID, "route.service_host" },
	{ "a host with a port", { "host=a.example:80" }, {}, ST_INVALID, "route.service_host" },
	{ "a host with a dot behind", { "host=a.example." }, {}, ST_INVALID, "route.service_host" },
	{ "a star alone", { "host=*" }, {}, ST_INVALID, "route.service_host" },
	{ "a star inside", { "host=a.*.example" }, {}, ST_INVALID, "route.service_host" },
	{ "two stars", { "host=*.*.example" }, {}, ST_INVALID, "route.service_host" },
	{ "a pattern", { "host=*.example" }, {}, ST_OK, NULL },
	{ "an IPv6 host", { "host=[::1]" }, {}, ST_OK, NULL },
	{ "the same base path", { "base=/a", "base=/a/" }, {}, ST_EXISTS, "route.service_clash" },
	{ "the same base path, another host", { "base=/a", "base=/a host=x" }, {}, ST_OK, NULL },
	{ "the same base path and host", { "base=/a host=y host=x", "base=/a host=x" }, {},
		ST_EXISTS, "route.service_clash" },
	{ "base paths that differ by case", { "base=/a", "base=/A" }, {}, ST_OK, NULL },
	{ "and one ignores it", { "base=/a", "base=/A fold" }, {}, ST_EXISTS,
		"route.service_clash" },
	{ "the same host twice in one service", { "host=x host=x" }, {}, ST_EXISTS,
		"route.service_clash" },
};

static void what_cannot_be_compiled_is_refused_with_its_reason(void **state)
{
	static struct catalogue c;

	for (size_t i = 0; i < ARRAY_LEN(BUILDS); i++) {
		const struct build_row *row = &BUILDS[i];
		enum status st;

		catalogue_init(&c);
		for (size_t k = 0; row->services[k] != NULL; k++)
			catalogue_service(&c, row->services[k]);
		for (size_t k = 0; row->routes[k] != NULL; k++)
			catalogue_route(&c, row->routes[k]);
		st = catalogue_build(&c);
		if (st != row->status ||
			(row->key != NULL && strcmp(c.complaint.key, row->key) != 0))
			fail_msg("%s: %s %s", row->label, status_name(st), c.complaint.key);
		if (st != ST_OK) {
			CHECK_ROW(row->label, message_text(LANG_ES, c.complaint.key) != NULL);
			CHECK_ROW(row->label, c.blob.len == 0);
		}
		catalogue_free(&c);
	}
}

static void expect_refusal(struct catalogue *c, enum status status, const char *key)
{
	assert_int_equal(catalogue_build(c), status);
	assert_string_equal(c->complaint.key, key);
	assert_non_null(message_text(LANG_PT, key));
	assert_int_equal(c->blob.len, 0);
}

static void numbers_are_checked(void **state)
{
	static struct catalogue c;
	uint32_t ids[LIMIT_RESOURCES_PER_ROUTE + 1] = { 1 };

	catalogue_init(&c);
	catalogue_service(&c, "");
	catalogue_service(&c, "base=/b");
	catalogue_route(&c, "GET /a 1");
	catalogue_route(&c, "GET /b public");
	c.routes[1].id = 1;
	expect_refusal(&c, ST_EXISTS, "route.id_twice");
	c.routes[1].id = 2;
	c.routes[1].service_id = 3;
	expect_refusal(&c, ST_INVALID, "route.service_unknown");
	c.routes[1].service_id = 2;
	c.routes[1].resource_ids_count = 1;
	expect_refusal(&c, ST_INVALID, "route.flag_and_resources");
	c.routes[1].access = (enum route_access)3;
	c.routes[1].resource_ids_count = 0;
	expect_refusal(&c, ST_INVALID, "route.access");
	c.routes[1].access = ROUTE_NEEDS_RESOURCE;
	c.routes[1].resource_ids = ids;
	c.routes[1].resource_ids_count = LIMIT_RESOURCES_PER_ROUTE + 1;
	expect_refusal(&c, ST_LIMIT, "route.resources_limit");
	c.routes[1].resource_ids_count = LIMIT_RESOURCES_PER_ROUTE;
	c.services[1].id = 1;
	expect_refusal(&c, ST_EXISTS, "route.service_twice");
	c.services[1].id = 2;
	c.services[1].name = c.services[0].name;
	expect_refusal(&c, ST_EXISTS, "route.service_twice");
	c.services[1].name = SPAN_LIT("");
	expect_refusal(&c, ST_INVALID, "route.service_name");
	c.services[1].name = SPAN_LIT("other");
	c.services[1].hosts_count = LIMIT_HOSTS_PER_SERVICE + 1;
	expect_refusal(&c, ST_LIMIT, "route.service_hosts");
	c.services[1].hosts_count = 0;
	assert_int_equal(catalogue_build(&c), ST_OK);
	catalogue_free(&c);
}

static void base_and_template_together_end_at_the_limit(void **state)
{
	static struct catalogue c;
	static char base[LIMIT_TARGET], text[LIMIT_TARGET];

	for (size_t i = 0; i < LIMIT_PATH_SEGMENTS; i++) {
		memcpy(base + i * 2, "/a", 2);
		memcpy(text + i * 2, "/b", 2);
	}
	catalogue_init(&c);
	catalogue_service(&c, "");
	catalogue_route(&c, "GET /a 1");
	c.services[0].base_path = span_of(base, LIMIT_PATH_SEGMENTS);
	c.routes[0].template_text = span_of(text, LIMIT_PATH_SEGMENTS);
	assert_int_equal(catalogue_build(&c), ST_OK);
	buf_clear(&c.blob);
	c.routes[0].template_text = span_of(text, LIMIT_PATH_SEGMENTS + 4);
	expect_refusal(&c, ST_LIMIT, "route.below_base_long");
	catalogue_free(&c);
}

static void the_order_of_the_input_does_not_matter(void **state)
{
	static struct catalogue a, b;

	for (int turn = 0; turn < 2; turn++) {
		struct catalogue *c = turn == 0 ? &a : &b;

		catalogue_init(c);
		catalogue_service(c, "host=x host=*.y base=/q");
		catalogue_service(c, "fold");
		catalogue_route(c, "GET /o/group/{x} 1,2");
		catalogue_route(c, "GET /o/{id}/note 2,3");
		catalogue_route(c, "PUT /o/{id} auth");
	}
	for (size_t i = 0; i < 3; i++)
		b.routes[i] = a.routes[2 - i];
	b.services[0] = a.services[1];
	b.services[1] = a.services[0];
	assert_int_equal(catalogue_build(&a), ST_OK);
	assert_int_equal(catalogue_build(&b), ST_OK);
	assert_true(span_equal(buf_span(&a.blob), buf_span(&b.blob)));
	catalogue_free(&a);
	catalogue_free(&b);
}

static void a_small_ceiling_is_a_limit_and_changes_nothing(void **state)
{
	static struct catalogue c;

	catalogue_init(&c);
	catalogue_service(&c, "");
	catalogue_route(&c, "GET /a 1");
	c.blob = buf_heap(100);
	buf_append_str(&c.blob, "before");
	assert_int_equal(catalogue_build(&c), ST_LIMIT);
	assert_int_equal(c.blob.len, 6);
	catalogue_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_route_of_the_whole_path_matches),
		cmocka_unit_test(what_two_routes_claim_is_ambiguous),
		cmocka_unit_test(the_service_is_found_by_host_then_base_path),
		cmocka_unit_test(a_match_says_what_it_found),
		cmocka_unit_test(a_path_that_is_not_canonical_never_matches),
		cmocka_unit_test(what_cannot_be_compiled_is_refused_with_its_reason),
		cmocka_unit_test(numbers_are_checked),
		cmocka_unit_test(base_and_template_together_end_at_the_limit),
		cmocka_unit_test(the_order_of_the_input_does_not_matter),
		cmocka_unit_test(a_small_ceiling_is_a_limit_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
