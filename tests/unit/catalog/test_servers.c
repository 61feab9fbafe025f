/* Where operations are mounted: servers, base paths, odd paths. */
#include "support.h"

#define HEAD "openapi: 3.0.0\n"
#define PATHS "paths: {/x: {x-llavero-public: true, get: {}}}\n"

/* All routes as "METHOD path" lines and undecided ones as "? METHOD path reason". */
static void describe(struct buf *out, const struct loaded *l)
{
	if (l->status != ST_OK) {
		buf_append_str(out, l->complaint.key == NULL ? "failed" : l->complaint.key);
		return;
	}
	for (size_t i = 0; i < l->catalog->routes_count; i++)
		buf_printf(out, "%s%s", out->len == 0 ? "" : " ", l->catalog->routes[i].path);
	for (size_t i = 0; i < l->report->undecided_count; i++)
		buf_printf(out, "%s? %s", out->len == 0 ? "" : " ",
			catalog_reason_name(l->report->undecided[i].reason));
}

struct row {
	const char *label, *text, *expected;
};

static void check_rows(
	const struct row *rows, size_t count, const struct catalog_read_options *options)
{
	for (size_t i = 0; i < count; i++) {
		struct loaded l = load(rows[i].text, options);
		struct buf actual = buf_heap(1 << 16);

		describe(&actual, &l);
		CHECK_TEXT(rows[i].label, buf_str(&actual), rows[i].expected);
		buf_free(&actual);
		loaded_free(&l);
	}
}

static void the_path_of_the_server_goes_first(void **state)
{
	static const struct row ROWS[] = {
		{ "none", HEAD PATHS, "/x" },
		{ "an empty list", HEAD "servers: []\n" PATHS, "/x" },
		{ "a host", HEAD "servers: [{url: 'https://a.b'}]\n" PATHS, "/x" },
		{ "a host with a slash", HEAD "servers: [{url: 'https://a.b/'}]\n" PATHS, "/x" },
		{ "a path", HEAD "servers: [{url: 'https://a.b/v1'}]\n" PATHS, "/v1/x" },
		{ "slashes", HEAD "servers: [{url: 'https://a.b//v1//'}]\n" PATHS, "/v1/x" },
		{ "a path alone", HEAD "servers: [{url: /v1}]\n" PATHS, "/v1/x" },
		{ "only a slash", HEAD "servers: [{url: /}]\n" PATHS, "/x" },
		{ "without scheme", HEAD "servers: [{url: //a.b/v1}]\n" PATHS, "/v1/x" },
		{ "several",
			HEAD "servers: [{url: 'https://a.b/v1'}, {url: 'https://c.d'}]\n" PATHS,
			"/v1/x /x" },
		{ "the same path twice",
			HEAD "servers: [{url: 'https://a.b/v1'}, {url: 'https://c.d/v1'}]\n" PATHS,
			"/v1/x" },
		{ "relative", HEAD "servers: [{url: v1}]\n" PATHS, "? server" },
		{ "with a query", HEAD "servers: [{url: 'https://a.b/v1?x=y'}]\n" PATHS,
			"? server" },
		{ "no url", HEAD "servers: [{description: x}]\n" PATHS, "? server" },
		{ "of the wrong type", HEAD "servers: [x]\n" PATHS, "? server" },
		{ "left out", HEAD "servers:\n" PATHS, "/x" },
		{ "not a list", HEAD "servers: {url: /v1}\n" PATHS, "? server" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), NULL);
}

static void variables_stand_for_their_values(void **state)
{
	static const struct row ROWS[] = {
		{ "in the host",
			HEAD "servers: [{url: 'https://{a}.{b}.com', variables: {a: {default: x}, "
			     "b: {default: y}}}]\n" PATHS,
			"/x" },
		{ "a segment",
			HEAD "servers: [{url: 'https://a.b/{account}', variables: {account: "
			     "{default: shop}}}]\n" PATHS,
			"/{account}/x" },
		{ "not declared", HEAD "servers: [{url: 'https://a.b/{account}'}]\n" PATHS,
			"/{account}/x" },
		{ "part of a segment",
			HEAD "servers: [{url: 'https://a.b/v{n}', variables: {n: {default: "
			     "'1'}}}]\n" PATHS,
			"/v{n}/x" },
		{ "listed values",
			HEAD "servers: [{url: 'https://a.b/{v}', variables: {v: {enum: [v1, v2], "
			     "default: v2}}}]\n" PATHS,
			"/v1/x /v2/x" },
		{ "a default with a slash",
			HEAD "servers: [{url: 'https://a.b/{base}', variables: {base: {default: "
			     "api/v2}}}]\n" PATHS,
			"/api/v2/x" },
		{ "an empty default",
			HEAD "servers: [{url: 'https://a.b/{base}', variables: {base: {default: "
			     "''}}}]\n" PATHS,
			"/x" },
		{ "the scheme",
			HEAD "servers: [{url: '{scheme}://a.b/v1', variables: {scheme: {default: "
			     "https}}}]\n" PATHS,
			"/v1/x" },
		{ "the whole start",
			HEAD "servers: [{url: '{base}/v1', variables: {base: {default: "
			     "'https://a.b/api'}}}]\n" PATHS,
			"/api/v1/x" },
		{ "the start, unknown", HEAD "servers: [{url: '{base}/v1'}]\n" PATHS, "? server" },
		{ "never closed", HEAD "servers: [{url: 'https://a.b/{v'}]\n" PATHS, "? server" },
		{ "values of the wrong type",
			HEAD
			"servers: [{url: 'https://a.b/{v}', variables: {v: {enum: [1]}}}]\n" PATHS,
			"? server" },
		{ "too many together",
			HEAD "servers: [{url: 'https://a.b/{v}/{v}', variables: {v: {enum: [a, b, "
			     "c, d, e]}}}]\n" PATHS,
			"? server" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), NULL);
}

static void an_operations_own_servers_come_first(void **state)
{
#define OWN(url)                                                                                   \
	"paths: {/pricing/x: {x-llavero-public: true, get: {servers: [{url: '" url "'}]}}}\n"
	static const struct row ROWS[] = {
		{ "instead of the document's",
			HEAD "servers: [{url: 'https://a.b/v1'}]\n" OWN("https://c.d/v2"),
			"/v2/pricing/x" },
		{ "the path's",
			HEAD "servers: [{url: 'https://a.b/v1'}]\npaths: {/x: {servers: [{url: "
			     "/v2}], x-llavero-public: true, get: {}}}\n",
			"/v2/x" },
		{ "the operation's before the path's",
			HEAD "paths: {/x: {servers: [{url: /v2}], x-llavero-public: true, get: "
			     "{servers: [{url: '/{r}', variables: {r: {default: q}}}]}}}\n",
			"/{r}/x" },
		{ "not a list, of the operation",
			HEAD "servers: [{url: /v1}]\npaths: {/x: {x-llavero-public: true, get: "
			     "{servers: {url: /v2}}}}\n",
			"? server" },
		/* Joined once it says what the document says. */
		{ "repeats the beginning of the path",
			HEAD "servers: [{url: 'https://a.b/{account}'}]\n" OWN(
				"https://a.b/{name}/pricing"),
			"/{name}/pricing/x" },
		{ "repeats it, and the document says otherwise",
			HEAD "servers: [{url: 'https://a.b/v1'}]\n" OWN("https://a.b/v2/pricing"),
			"? server" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), NULL);
}

static void odd_paths_are_listed_or_mended(void **state)
{
#define ODD(path) HEAD "paths: {'" path "': {x-llavero-public: true, get: {}}}\n"
	static const struct row ROWS[] = {
		{ "a space at the end", ODD("/x "), "/x" },
		{ "a query", ODD("/x?an={account}"), "? path" },
		{ "a fragment", ODD("/x#first"), "? path" },
		{ "no slash", ODD("x"), "? path" },
		{ "empty", ODD(""), "? path" },
		{ "an empty segment", ODD("/a//b"), "? path" },
		{ "a dot segment", ODD("/a/../b"), "? path" },
		{ "a brace left open", ODD("/a/{b"), "? path" },
		{ "two parameters", ODD("/{id}:{x}"), "/{id}:{x}" },
		{ "mixed", ODD("/carrier@{a}@{b}/{d}F{s}T{e}"), "/carrier@{a}@{b}/{d}F{s}T{e}" },
		{ "a query with a parameter", ODD("/x/{id}?y={y}"), "? path" },
		{ "a query and a fragment", ODD("/x?y=z#first"), "? path" },
		{ "an ending", ODD("/a/{id}.json"), "/a/{id}.json" },
		{ "two with text between", ODD("/a/{a}-{b}"), "/a/{a}-{b}" },
		{ "two that touch", ODD("/a/{a}{b}"), "? path" },
		{ "a pattern", ODD("/a/{id:[0-9]+}"), "? path" },
		{ "optional", ODD("/a/{id?}"), "? path" },
		{ "braces twice", ODD("/a/{{id}}"), "? path" },
		{ "a space inside", ODD("/a/b c"), "? path" },
		{ "an encoded slash", ODD("/a%2Fb"), "? path" },
		{ "a backslash", ODD("/a\\b"), "? path" },
		{ "a semicolon", ODD("/a;b"), "? path" },
		{ "odd names", ODD("/a/{order.id}/{ x y }/{$z}/{\xE5\x90\x8D}"),
			"/a/{order.id}/{ x y }/{$z}/{\xE5\x90\x8D}" },
		{ "a name twice", ODD("/{a}/{a}"), "/{a}/{a}" },
		{ "as OData writes it", ODD("/a(''{id}'')/$value"), "/a('{id}')/$value" },
		{ "a trailing slash", ODD("/a/"), "/a/" },
		{ "hyphens in names", ODD("/{product-text-link}/p"), "/{product-text-link}/p" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), NULL);
}

/* The base path that the service in the result has. */
static const char *base_path(const struct loaded *l, const char *service)
{
	const struct catalog_service *found = catalog_find_service(l->catalog, span_str(service));

	return found == NULL ? "absent" : found->base_path;
}

static void a_service_has_a_base_path(void **state)
{
#define V1 HEAD "servers: [{url: 'https://a.b/v1'}]\n" PATHS
	struct catalog *known = catalog_make();
	const struct catalog_service shop = {
		.name = "shop", .hosts = "", .base_path = "/v1", .settled = true
	};
	struct catalog_read_options options = { .service = "shop" };
	const struct row RELATIVE[] = { { "taken from the servers", V1, "/x" } };
	const struct row KNOWN[] = {
		{ "cut off", V1, "/x" },
		{ "longer server", HEAD "servers: [{url: /v1/eu}]\n" PATHS, "/eu/x" },
		{ "no server: below it", HEAD PATHS, "/x" },
		{ "another server", HEAD "servers: [{url: /v2}]\n" PATHS, "? server" },
		{ "a server that only begins so", HEAD "servers: [{url: /v11}]\n" PATHS,
			"? server" },
	};
	const struct row BAD[] = { { "no name", V1, "catalog.bad_service" } };
	struct loaded l = load(V1, &options);

	assert_string_equal(base_path(&l, "shop"), "/v1");
	loaded_free(&l);
	l = load(V1, NULL);
	assert_string_equal(base_path(&l, "default"), "");
	loaded_free(&l);
	check_rows(RELATIVE, ARRAY_LEN(RELATIVE), &options);
	assert_int_equal(catalog_add_service(known, &shop), ST_OK);
	options.known = known;
	check_rows(KNOWN, ARRAY_LEN(KNOWN), &options);
	options.service = "Shop";
	check_rows(BAD, ARRAY_LEN(BAD), &options);
	catalog_free(&known);
}

static void servers_can_be_ignored(void **state)
{
	const struct catalog_read_options options = { .servers = CATALOG_SERVERS_IGNORE };
	const struct row ROWS[] = { { "as written", V1, "/x" },
		{ "even a relative one", HEAD "servers: [{url: v1}]\n" PATHS, "/x" } };

	check_rows(ROWS, ARRAY_LEN(ROWS), &options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_path_of_the_server_goes_first),
		cmocka_unit_test(variables_stand_for_their_values),
		cmocka_unit_test(an_operations_own_servers_come_first),
		cmocka_unit_test(odd_paths_are_listed_or_mended),
		cmocka_unit_test(a_service_has_a_base_path),
		cmocka_unit_test(servers_can_be_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
