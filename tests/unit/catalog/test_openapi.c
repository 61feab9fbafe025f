/* What operations need, by each of the rules, and what stays undecided. */
#include "support.h"

#define HEAD "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\n"
#define SCHEMES                                                                                    \
	"components:\n  securitySchemes:\n"                                                        \
	"    key: {type: apiKey, in: header, name: X-API-Key}\n"                                   \
	"    session: {type: apiKey, in: cookie, name: s}\n"                                       \
	"    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://x.y/t',"         \
	" scopes: {'orders:read': Read orders, 'orders:write': Write orders}}}}\n"
#define GLOBAL "security: [{key: []}]\n"
#define PATH "paths:\n  /x:\n    get:\n"
#define TABLE                                                                                      \
	"      description: |\n        | Product | Category | Resource |\n        | - | - | - |\n"

struct row {
	const char *label, *text, *expected;
};

static void check_rows(const struct row *rows, size_t count, const char *method, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		struct loaded l = load(rows[i].text, NULL);
		struct buf actual = buf_heap(1 << 16);

		outcome_text(&actual, &l, method, path);
		CHECK_TEXT(rows[i].label, buf_str(&actual), rows[i].expected);
		buf_free(&actual);
		loaded_free(&l);
	}
}

static void extensions_state_needs(void **state)
{
	static const struct row ROWS[] = {
		{ "keys", HEAD PATH "      x-llavero-resources: [b, a]\n", "Shop/a Shop/b" },
		{ "a key twice", HEAD PATH "      x-llavero-resources: [a, a]\n", "Shop/a" },
		{ "another product",
			HEAD PATH "      x-llavero-resources: [{product: CRM, key: read}]\n",
			"CRM/read" },
		{ "product of the document",
			HEAD "x-llavero-product: Store\n" PATH "      x-llavero-resources: [a]\n",
			"Store/a" },
		{ "by name",
			HEAD PATH "      x-llavero-resources: [{product: CRM, category: Users, "
				  "name: See them}]\n",
			"CRM/users.see-them" },
		{ "authenticated", HEAD PATH "      x-llavero-authenticated: true\n",
			"authenticated" },
		{ "public", HEAD PATH "      x-llavero-public: true\n", "public" },
		{ "of the path", HEAD "paths:\n  /x:\n    x-llavero-public: true\n    get: {}\n",
			"public" },
		{ "the operation's before the path's",
			HEAD "paths:\n  /x:\n    x-llavero-public: true\n    get: "
			     "{x-llavero-resources: [a]}\n",
			"Shop/a" },
		{ "before the description",
			HEAD PATH "      x-llavero-resources: [a]\n" TABLE
				  "        | P | C | R |\n",
			"Shop/a" },
		{ "before security", HEAD SCHEMES GLOBAL PATH "      x-llavero-public: true\n",
			"public" },
		{ "false states nothing", HEAD PATH "      x-llavero-public: false\n",
			"undecided: silent" },
		{ "false beside true",
			HEAD PATH
			"      x-llavero-public: false\n      x-llavero-authenticated: true\n",
			"authenticated" },
		{ "two at once",
			HEAD PATH
			"      x-llavero-public: true\n      x-llavero-authenticated: true\n",
			"undecided: contradiction" },
		{ "resources and public",
			HEAD PATH "      x-llavero-public: true\n      x-llavero-resources: [a]\n",
			"undecided: contradiction" },
		{ "no resource", HEAD PATH "      x-llavero-resources: []\n",
			"undecided: extension" },
		{ "resources as a text", HEAD PATH "      x-llavero-resources: a\n",
			"undecided: extension" },
		{ "a number", HEAD PATH "      x-llavero-resources: [1]\n",
			"undecided: extension" },
		{ "a misspelt field",
			HEAD PATH "      x-llavero-resources: [{prodct: A, key: b}]\n",
			"undecided: extension" },
		{ "null", HEAD PATH "      x-llavero-resources: ~\n", "undecided: extension" },
		{ "public as a text", HEAD PATH "      x-llavero-public: 'true'\n",
			"undecided: extension" },
		{ "public as a number", HEAD PATH "      x-llavero-public: 1\n",
			"undecided: extension" },
		{ "a key that is no name", HEAD PATH "      x-llavero-resources: [' a']\n",
			"undecided: unreadable" },
		{ "a key with a line end", HEAD PATH "      x-llavero-resources: [\"a\\nb\"]\n",
			"undecided: unreadable" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), "GET", "/x");
}

static void descriptions_state_needs(void **state)
{
	static const struct row ROWS[] = {
		{ "table", HEAD PATH TABLE "        | Store | Orders | **View orders** |\n",
			"Store/orders.view-orders" },
		{ "table before security",
			HEAD SCHEMES PATH "      security: []\n" TABLE
					  "        | Store | Orders | View |\n",
			"Store/orders.view" },
		{ "no permission, inherited security",
			HEAD SCHEMES GLOBAL PATH
			"      description: This endpoint does not require permissions.\n",
			"authenticated" },
		{ "no permission, own security",
			HEAD SCHEMES PATH "      description: This endpoint does not require "
					  "permissions.\n      security: [{key: []}]\n",
			"authenticated" },
		{ "no permission, no security at all",
			HEAD PATH
			"      description: This endpoint does not require permissions.\n",
			"authenticated" },
		{ "no permission, and security wants none",
			HEAD SCHEMES GLOBAL PATH "      description: This endpoint does not "
						 "require permissions.\n      security: []\n",
			"public" },
		{ "no authentication",
			HEAD PATH
			"      description: This endpoint does not require authentication.\n",
			"public" },
		{ "no authentication against the document's default",
			HEAD SCHEMES GLOBAL PATH
			"      description: This endpoint does not require authentication.\n",
			"public" },
		{ "no authentication, a session cookie",
			HEAD SCHEMES PATH "      description: This endpoint does not require "
					  "authentication.\n      security: [{session: []}]\n",
			"public" },
		{ "no authentication against its own security",
			HEAD SCHEMES PATH "      description: This endpoint does not require "
					  "authentication.\n      security: [{key: []}]\n",
			"undecided: contradiction" },
		{ "somebody else knows",
			HEAD PATH "      description: \"## Permissions\\n\\nCheck with your "
				  "service provider.\"\n",
			"undecided: ask_provider" },
		{ "not understood, though scopes are there",
			HEAD SCHEMES PATH "      description: \"## Permissions\\n\\nAsk "
					  "around.\"\n      security: [{oauth: ['orders:read']}]\n",
			"undecided: unreadable" },
		{ "description of the wrong type", HEAD PATH "      description: [x]\n",
			"catalog.wrong_type" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), "GET", "/x");
}

static void scopes_state_needs(void **state)
{
	static const struct row ROWS[] = {
		{ "one scope", HEAD SCHEMES PATH "      security: [{oauth: ['orders:read']}]\n",
			"Shop/orders:read" },
		{ "alternatives",
			HEAD SCHEMES PATH
			"      security: [{oauth: ['orders:read']}, {oauth: ['orders:write']}]\n",
			"Shop/orders:read Shop/orders:write" },
		{ "inherited",
			HEAD SCHEMES "security: [{oauth: ['orders:read']}]\n" PATH
				     "      tags: [a]\n",
			"Shop/orders:read" },
		{ "the operation's own instead",
			HEAD SCHEMES "security: [{oauth: ['orders:read']}]\n" PATH
				     "      security: [{oauth: ['orders:write']}]\n",
			"Shop/orders:write" },
		{ "a key or a scope: the stricter",
			HEAD SCHEMES PATH "      security: [{key: []}, {oauth: ['orders:read']}]\n",
			"Shop/orders:read" },
		{ "a key and a scope",
			HEAD SCHEMES PATH "      security: [{key: [], oauth: ['orders:read']}]\n",
			"Shop/orders:read" },
		{ "two scopes together",
			HEAD SCHEMES PATH
			"      security: [{oauth: ['orders:read', 'orders:write']}]\n",
			"undecided: all_of" },
		{ "two schemes together",
			HEAD SCHEMES PATH
			"      security: [{oauth: ['orders:read'], key: ['orders:write']}]\n",
			"undecided: all_of" },
		{ "one scope, or two together",
			HEAD SCHEMES PATH "      security: [{oauth: [a]}, {oauth: ['orders:read', "
					  "'orders:write']}]\n",
			"undecided: all_of" },
		{ "a credential only", HEAD SCHEMES GLOBAL PATH "      tags: [a]\n",
			"undecided: auth_only" },
		{ "nothing", HEAD PATH "      tags: [a]\n", "undecided: silent" },
		{ "empty for the document", HEAD "security: []\n" PATH "      tags: [a]\n",
			"undecided: silent" },
		{ "empty for the operation", HEAD SCHEMES GLOBAL PATH "      security: []\n",
			"undecided: anonymous" },
		{ "optional", HEAD SCHEMES PATH "      security: [{}, {oauth: ['orders:read']}]\n",
			"undecided: anonymous" },
		{ "not a list", HEAD PATH "      security: {oauth: [a]}\n",
			"undecided: unreadable" },
		{ "scopes not a list", HEAD PATH "      security: [{oauth: a}]\n",
			"undecided: unreadable" },
		{ "null", HEAD SCHEMES GLOBAL PATH "      security: ~\n", "undecided: unreadable" },
		{ "a requirement that is null", HEAD PATH "      security: [~]\n",
			"undecided: unreadable" },
		{ "scopes of two schemes, alternatives",
			HEAD SCHEMES PATH
			"      security: [{oauth: ['orders:read']}, {other: ['x']}]\n",
			"Shop/orders:read Shop/x" },
		{ "scopes of two schemes, together",
			HEAD SCHEMES PATH
			"      security: [{oauth: ['orders:read'], other: ['x']}]\n",
			"undecided: all_of" },
		{ "a scope that is no name", HEAD SCHEMES PATH "      security: [{oauth: ['']}]\n",
			"undecided: resource" },
		{ "none of the ways in asks for a scope",
			HEAD SCHEMES PATH "      security: [{oauth: []}, {key: []}]\n",
			"undecided: auth_only" },
		{ "a scope not a text", HEAD PATH "      security: [{oauth: [1]}]\n",
			"undecided: unreadable" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), "GET", "/x");
}

static void references_are_followed_only_within_the_document(void **state)
{
	static const struct row ROWS[] = {
		{ "a path item",
			HEAD "paths: {/x: {$ref: '#/components/pathItems/p'}}\ncomponents: "
			     "{pathItems: {p: {get: {x-llavero-public: true}}}}\n",
			"public" },
		{ "escaped",
			HEAD "paths: {/x: {$ref: '#/paths/~1a~1%7Bb%7D'}, '/a/{b}': {get: "
			     "{x-llavero-public: true}}}\n",
			"public" },
		{ "two hops",
			HEAD "paths: {/x: {$ref: '#/components/pathItems/p'}}\ncomponents: "
			     "{pathItems: {p: {$ref: '#/components/pathItems/q'}, q: {get: "
			     "{x-llavero-public: true}}}}\n",
			"public" },
		{ "an operation beside it",
			HEAD
			"paths: {/x: {$ref: '#/components/pathItems/p', get: {x-llavero-public: "
			"true}}}\ncomponents: {pathItems: {p: {put: {}}}}\n",
			"public" },
		{ "the same operation on both sides",
			HEAD
			"paths: {/x: {$ref: '#/components/pathItems/p', get: {x-llavero-public: "
			"true}}}\ncomponents: {pathItems: {p: {get: {}}}}\n",
			"undecided: contradiction" },
		{ "an operation by reference",
			HEAD "paths: {/x: {get: {$ref: '#/components/x'}}}\n",
			"undecided: reference" },
		{ "statements beside a reference are not the operation's",
			HEAD
			"paths: {/x: {$ref: '#/components/pathItems/p', x-llavero-public: true}}\n"
			"components: {pathItems: {p: {get: {}}}}\n",
			"undecided: silent" },
		{ "a target of the wrong type", HEAD "paths: {/x: {$ref: '#/info/title'}}\n",
			"catalog.wrong_type" },
	};
	static const struct row REFUSED[] = {
		{ "another file", HEAD "paths: {/x: {$ref: 'other.yaml#/p'}}\n",
			"undecided: reference" },
		{ "another host", HEAD "paths: {/x: {$ref: 'https://evil.example/p'}}\n",
			"undecided: reference" },
		{ "missing", HEAD "paths: {/x: {$ref: '#/components/nothing'}}\n",
			"undecided: reference" },
		{ "itself", HEAD "paths: {/x: {$ref: '#/paths/~1x'}}\n", "undecided: reference" },
		{ "a circle",
			HEAD "paths: {/x: {$ref: '#/c/a'}}\nc: {a: {$ref: '#/c/b'}, b: {$ref: "
			     "'#/c/a'}}\n",
			"undecided: reference" },
		{ "a bad escape", HEAD "paths: {/x: {$ref: '#/paths/~2'}}\n",
			"undecided: reference" },
		{ "a bad percent", HEAD "paths: {/x: {$ref: '#/paths/%0'}}\n",
			"undecided: reference" },
		{ "a NUL", HEAD "paths: {/x: {$ref: '#/paths/%00'}}\n", "undecided: reference" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), "GET", "/x");
	check_rows(REFUSED, ARRAY_LEN(REFUSED), "*", "/x");
}

static void documents_of_other_kinds_are_refused(void **state)
{
	static const struct row ROWS[] = {
		{ "3.0", "openapi: 3.0.3\npaths: {/x: {get: {x-llavero-public: true}}}\n",
			"public" },
		{ "3.1", "openapi: 3.1.1\npaths: {/x: {get: {x-llavero-public: true}}}\n",
			"public" },
		{ "3.2", "openapi: 3.2.0\npaths: {}\n", "catalog.version" },
		{ "2.0", "swagger: '2.0'\npaths: {}\n", "catalog.swagger" },
		{ "a number", "openapi: 3.1\npaths: {}\n", "catalog.version" },
		{ "nothing of the kind", "a: b\n", "catalog.form" },
		{ "a list", "[a]\n", "catalog.json_syntax" },
		{ "a text", "hello\n", "catalog.form" },
		{ "paths a list", HEAD "paths: []\n", "catalog.wrong_type" },
		{ "a path of the wrong type", HEAD "paths: {/x: y}\n", "catalog.wrong_type" },
		{ "an operation of the wrong type", HEAD "paths: {/x: {get: y}}\n",
			"catalog.wrong_type" },
		{ "an extension among the paths", HEAD "paths: {x-y: z}\n", "absent" },
		{ "no paths", HEAD "components: {}\n", "absent" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), "GET", "/x");
}

/* What is written in other places than paths is no route; what was left out states nothing. */
static void only_operations_of_paths_are_routes(void **state)
{
	static const struct row ROWS[] = {
		{ "webhooks", HEAD "webhooks: {/x: {get: {x-llavero-public: true}}}\n", "absent" },
		{ "path items that nothing refers to",
			HEAD "components: {pathItems: {/x: {get: {x-llavero-public: true}}}}\n",
			"absent" },
		{ "callbacks",
			HEAD "paths: {/y: {post: {callbacks: {c: {/x: {get: {x-llavero-public: "
			     "true}}}}}}}\n",
			"absent" },
		{ "an extension of the path",
			HEAD "paths: {/x: {x-get: {x-llavero-public: true}}}\n", "absent" },
		{ "the same operationId twice",
			HEAD "paths: {/y: {get: {operationId: a}}, /x: {get: {operationId: a, "
			     "x-llavero-public: true}}}\n",
			"public" },
		{ "a path without anything", HEAD "paths: {/x: }\n", "absent" },
		{ "an operation without anything", HEAD "paths: {/x: {get: }}\n",
			"undecided: silent" },
		{ "a description without anything",
			HEAD "paths: {/x: {get: {description: , x-llavero-public: true}}}\n",
			"public" },
		{ "a merge key",
			HEAD "x-a: &a {x-llavero-public: true}\npaths: {/x: {get: {<<: *a}}}\n",
			"public" },
		{ "its own before what is merged",
			HEAD "x-a: &a {x-llavero-public: true}\npaths: {/x: {get: {<<: *a, "
			     "x-llavero-public: false}}}\n",
			"undecided: silent" },
		{ "a path item by alias",
			HEAD "x-a: &a {get: {x-llavero-public: true}}\npaths: {/x: *a}\n",
			"public" },
	};
	static const struct row STRANGE[] = {
		{ "in capitals", HEAD "paths: {/x: {GET: {x-llavero-public: true}}}\n",
			"undecided: method" },
		{ "behind a reference",
			HEAD
			"paths: {/x: {$ref: '#/c/p'}}\nc: {p: {GET: {x-llavero-public: true}}}\n",
			"undecided: method" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), "GET", "/x");
	check_rows(STRANGE, ARRAY_LEN(STRANGE), "GET", "/x");
}

static void complaints_name_document_and_place(void **state)
{
	struct loaded l = load(HEAD "paths:\n  /orders/{id}:\n    get: [1]\n", NULL);
	struct buf text = buf_heap(4096);

	complaint_append(&text, LANG_EN, &l.complaint);
	assert_string_equal(buf_str(&text),
		"test.yaml: paths./orders/{id}.get: a value of another type is expected here.");
	assert_null(l.catalog);
	assert_int_equal(l.report->undecided_count, 0);
	loaded_free(&l);
	buf_free(&text);
}

static void every_method_is_read(void **state)
{
	static const char *const METHODS[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE",
		"OPTIONS", "TRACE" };
	struct loaded l =
		load(HEAD "paths:\n  /x:\n    x-llavero-authenticated: true\n    get: {}\n"
			  "    head: {}\n    post: {}\n    put: {}\n    patch: {}\n"
			  "    delete: {}\n    options: {}\n    trace: {}\n"
			  "    parameters: []\n    summary: x\n",
			NULL);

	for (size_t i = 0; i < ARRAY_LEN(METHODS); i++)
		CHECK_ROW(METHODS[i],
			catalog_find_route(l.catalog, "default", METHODS[i], "/x") != NULL);
	assert_int_equal(l.catalog->routes_count, ARRAY_LEN(METHODS));
	assert_int_equal(l.report->operations_count, ARRAY_LEN(METHODS));
	loaded_free(&l);
}

/* An undecided operation must leave nothing: no route, no resource. */
static void undecided_operations_leave_nothing(void **state)
{
	struct loaded l =
		load(HEAD PATH TABLE "        | Shop | C | A |\n        | | C | B |\n", NULL);

	assert_int_equal(l.status, ST_OK);
	assert_int_equal(l.catalog->routes_count, 0);
	assert_int_equal(l.catalog->resources_count, 0);
	assert_int_equal(l.report->undecided_count, 1);
	loaded_free(&l);
}

/* A key that the document states is used for its name wherever that stands. */
static void the_order_of_operations_does_not_matter(void **state)
{
	static const struct row ROWS[] = {
		{ "stated after",
			"openapi: 3.0.0\npaths:\n  /x:\n    get:\n" TABLE
			"        | S | C | View |\n"
			"  /y: {get: {x-llavero-resources: [{product: S, category: C, name: View, "
			"key: k}]}}\n",
			"S/k" },
		{ "stated before",
			"openapi: 3.0.0\npaths:\n"
			"  /a: {get: {x-llavero-resources: [{product: S, category: C, name: View, "
			"key: k}]}}\n"
			"  /x:\n    get:\n" TABLE "        | S | C | View |\n",
			"S/k" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS), "GET", "/x");
}

static void the_number_of_operations_has_a_limit(void **state)
{
	struct buf text = buf_heap(LIMIT_BODY_IMPORT);

	for (unsigned extra = 0; extra < 2; extra++) {
		struct loaded l;

		buf_clear(&text);
		buf_append_str(&text, "{\"openapi\":\"3.0.0\",\"paths\":{");
		for (unsigned i = 0; i < LIMIT_ROUTES + extra; i++)
			buf_printf(&text,
				"%s\"/a%u\":{\"get\":{\"x-llavero-resources\":[\"k%u\"]}}",
				i == 0 ? "" : ",", i, i);
		buf_append_str(&text, "}}");
		l = load(buf_str(&text), NULL);
		assert_int_equal(l.status, extra == 0 ? ST_OK : ST_LIMIT);
		loaded_free(&l);
	}
	buf_free(&text);
}

static void silent_documents_get_proposals(void **state)
{
	static const char TEXT[] = HEAD SCHEMES GLOBAL
		"paths:\n"
		"  /orders:\n    get: {tags: [Order history]}\n    post: {tags: [Order history]}\n"
		"  /carts/{id}:\n    head: {}\n    delete: {}\n"
		"  /stated:\n    get: {x-llavero-public: true}\n"
		"  /unclear:\n    get: {security: [{oauth: [a, b]}]}\n";
	static const struct row ROWS[] = {
		{ "GET", "/orders", "Shop/order-history.read" },
		{ "POST", "/orders", "Shop/order-history.write" },
		{ "HEAD", "/carts/{id}", "Shop/carts.read" },
		{ "DELETE", "/carts/{id}", "Shop/carts.write" },
		{ "GET", "/stated", "public" },
		{ "GET", "/unclear", "undecided: all_of" },
	};
	struct catalog_document document = { span_str(TEXT), "test.yaml" };
	struct catalog_read_options options = { 0 };
	struct loaded l = { .report = catalog_report_make() };

	l.status = catalog_suggest(&document, &options, l.report, &l.catalog, &l.complaint);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct buf actual = buf_heap(4096);

		outcome_text(&actual, &l, ROWS[i].label, ROWS[i].text);
		CHECK_TEXT(ROWS[i].text, buf_str(&actual), ROWS[i].expected);
		buf_free(&actual);
	}
	/* It can be reviewed and imported as it is. */
	assert_int_equal(catalog_check(l.catalog, &l.complaint), ST_OK);
	assert_string_equal(l.catalog->routes[0].sources, "");
	loaded_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extensions_state_needs),
		cmocka_unit_test(descriptions_state_needs),
		cmocka_unit_test(scopes_state_needs),
		cmocka_unit_test(references_are_followed_only_within_the_document),
		cmocka_unit_test(documents_of_other_kinds_are_refused),
		cmocka_unit_test(only_operations_of_paths_are_routes),
		cmocka_unit_test(complaints_name_document_and_place),
		cmocka_unit_test(every_method_is_read),
		cmocka_unit_test(undecided_operations_leave_nothing),
		cmocka_unit_test(the_order_of_operations_does_not_matter),
		cmocka_unit_test(the_number_of_operations_has_a_limit),
		cmocka_unit_test(silent_documents_get_proposals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
