/* Two documents about one route, and reading again. */
#include "support.h"

#define OPENAPI(need) "openapi: 3.1.0\ninfo: {title: Shop}\npaths: {'/x/{id}': {get: {" need "}}}\n"
#define OTHER(need) "openapi: 3.1.0\ninfo: {title: Shop}\npaths: {'/x/{name}': {get: {" need "}}}\n"
#define A "x-llavero-resources: [a]"
#define B "x-llavero-resources: [b]"
#define AB "x-llavero-resources: [a, b]"
#define BC "x-llavero-resources: [b, c]"
#define AUTHENTICATED "x-llavero-authenticated: true"
#define PUBLIC "x-llavero-public: true"
#define SILENT ""

struct imported {
	struct catalog *base, *merged;
	struct catalog_report *report;
	struct complaint complaint;
	enum status status;
};

/* base is taken over; second may be NULL. */
static struct imported import(
	struct catalog *base, enum catalog_policy policy, const char *first, const char *second)
{
	struct catalog_document documents[2] = { { span_str(first), "first.yaml" },
		{ span_str(second), "second.yaml" } };
	struct imported i = { .base = base == NULL ? catalog_make() : base,
		.report = catalog_report_make() };
	struct catalog_import asked = { .base = i.base,
		.documents = documents,
		.documents_count = second == NULL ? 1 : 2,
		.merge.policy = policy };

	i.status = catalog_import(&asked, i.report, &i.merged, &i.complaint);
	return i;
}

static void imported_free(struct imported *i)
{
	catalog_free(&i->base);
	catalog_free(&i->merged);
	catalog_report_free(&i->report);
}

/* The merged catalogue, for the next import. */
static struct catalog *keep(struct imported *i)
{
	struct catalog *merged = i->merged;

	i->merged = NULL;
	imported_free(i);
	assert_non_null(merged);
	return merged;
}

static void route_text(struct buf *out, const struct imported *i)
{
	const struct catalog_route *route;

	if (i->status != ST_OK) {
		buf_append_str(out, status_name(i->status));
		return;
	}
	route = catalog_find_route(i->merged, "default", "GET", "/x/{y}");
	if (route == NULL)
		buf_append_str(out, "absent");
	else
		need_text(out, &route->need);
}

static void needs_that_differ_are_a_conflict(void **state)
{
	static const struct {
		const char *label, *first, *second;
		const char *fail, *narrow, *widen;
	} ROWS[] = {
		{ "the same", OPENAPI(A), OTHER(A), "Shop/a", "Shop/a", "Shop/a" },
		{ "some in common", OPENAPI(AB), OTHER(BC), "conflict", "Shop/b",
			"Shop/a Shop/b Shop/c" },
		{ "one within the other", OPENAPI(AB), OTHER(A), "conflict", "Shop/a",
			"Shop/a Shop/b" },
		{ "nothing in common", OPENAPI(A), OTHER(B), "conflict", "nobody",
			"Shop/a Shop/b" },
		{ "resources, authenticated", OPENAPI(A), OTHER(AUTHENTICATED), "conflict",
			"Shop/a", "authenticated" },
		{ "authenticated, resources", OPENAPI(AUTHENTICATED), OTHER(A), "conflict",
			"Shop/a", "authenticated" },
		{ "resources, public", OPENAPI(A), OTHER(PUBLIC), "conflict", "Shop/a", "public" },
		{ "public, authenticated", OPENAPI(PUBLIC), OTHER(AUTHENTICATED), "conflict",
			"authenticated", "public" },
		{ "both public", OPENAPI(PUBLIC), OTHER(PUBLIC), "public", "public", "public" },
		/* Silence is no statement, so there is nothing to disagree with. */
		{ "one is silent", OPENAPI(A), OTHER(SILENT), "Shop/a", "Shop/a", "Shop/a" },
		{ "both are silent", OPENAPI(SILENT), OTHER(SILENT), "absent", "absent", "absent" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const char *expected[] = { [CATALOG_FAIL] = ROWS[i].fail,
			[CATALOG_NARROW] = ROWS[i].narrow,
			[CATALOG_WIDEN] = ROWS[i].widen };

		for (int policy = CATALOG_FAIL; policy <= CATALOG_WIDEN; policy++) {
			struct imported m = import(
				NULL, (enum catalog_policy)policy, ROWS[i].first, ROWS[i].second);
			struct buf actual = buf_heap(4096);
			bool conflict = strcmp(ROWS[i].fail, "conflict") == 0;

			route_text(&actual, &m);
			CHECK_TEXT(ROWS[i].label, buf_str(&actual), expected[policy]);
			CHECK_ROW(ROWS[i].label, m.report->conflicts_count == conflict);
			buf_free(&actual);
			imported_free(&m);
		}
	}
}

/* The order of two documents decides nothing. */
static void merging_is_symmetric(void **state)
{
	static const char *const NEEDS[] = { OPENAPI(A), OPENAPI(B), OPENAPI(AB), OPENAPI(BC),
		OPENAPI(AUTHENTICATED), OPENAPI(PUBLIC) };

	for (size_t i = 0; i < ARRAY_LEN(NEEDS) * ARRAY_LEN(NEEDS); i++) {
		const char *x = NEEDS[i % ARRAY_LEN(NEEDS)], *y = NEEDS[i / ARRAY_LEN(NEEDS)];

		for (int policy = CATALOG_NARROW; policy <= CATALOG_WIDEN; policy++) {
			struct imported one = import(NULL, (enum catalog_policy)policy, x, y);
			struct imported two = import(NULL, (enum catalog_policy)policy, y, x);
			struct buf one_text = buf_heap(4096), two_text = buf_heap(4096);

			route_text(&one_text, &one);
			route_text(&two_text, &two);
			CHECK_TEXT(x, buf_str(&one_text), buf_str(&two_text));
			buf_free(&one_text);
			buf_free(&two_text);
			imported_free(&one);
			imported_free(&two);
		}
	}
}

struct again {
	const char *label;
	const char *first, *second; /* imported together with narrow; second may be NULL */
	const char *then;           /* imported alone as first.yaml afterwards */
	enum catalog_policy policy;
	const char *expected;
	const char *changes; /* a letter for each difference of a route */
};

static void changes_text(struct buf *out, const struct catalog_report *report)
{
	static const char LETTERS[] = { [CATALOG_ADDED] = 'A',
		[CATALOG_CHANGED] = 'C',
		[CATALOG_REMOVED] = 'R',
		[CATALOG_NOTED] = 'N' };

	for (size_t i = 0; i < report->differences_count; i++) {
		if (report->differences[i].kind == CATALOG_ROUTE)
			buf_append_char(out, LETTERS[report->differences[i].change]);
	}
}

static void a_document_changes_only_what_it_alone_stated(void **state)
{
	static const struct again ROWS[] = {
		{ "the same again", OPENAPI(A), NULL, OPENAPI(A), CATALOG_FAIL, "Shop/a", "" },
		{ "parameters renamed", OPENAPI(A), NULL, OTHER(A), CATALOG_FAIL, "Shop/a", "" },
		{ "a new version", OPENAPI(A), NULL, OPENAPI(B), CATALOG_FAIL, "Shop/b", "C" },
		{ "wider in a new version", OPENAPI(A), NULL, OPENAPI(PUBLIC), CATALOG_FAIL,
			"public", "C" },
		{ "not stated any more", OPENAPI(A), NULL, OPENAPI(SILENT), CATALOG_FAIL, "absent",
			"R" },
		{ "another states it too", OPENAPI(A), OTHER(A), OPENAPI(B), CATALOG_FAIL,
			"conflict", "" },
		{ "another states it still", OPENAPI(A), OTHER(A), OPENAPI(SILENT), CATALOG_FAIL,
			"Shop/a", "N" },
		/* The other's restriction outlives reading one of the two again. */
		{ "narrowed before", OPENAPI(AB), OTHER(BC), OPENAPI(AB), CATALOG_NARROW, "Shop/b",
			"" },
		{ "narrowed before, then fail", OPENAPI(AB), OTHER(BC), OPENAPI(AB), CATALOG_FAIL,
			"conflict", "" },
		{ "nobody before", OPENAPI(A), OTHER(B), OPENAPI(A), CATALOG_NARROW, "nobody", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct imported before =
			import(NULL, CATALOG_NARROW, ROWS[i].first, ROWS[i].second);
		struct imported m = import(keep(&before), ROWS[i].policy, ROWS[i].then, NULL);
		struct buf actual = buf_heap(4096), changes = buf_heap(4096);

		route_text(&actual, &m);
		changes_text(&changes, m.report);
		CHECK_TEXT(ROWS[i].label, buf_str(&actual), ROWS[i].expected);
		CHECK_TEXT(ROWS[i].label, buf_str(&changes), ROWS[i].changes);
		buf_free(&actual);
		buf_free(&changes);
		imported_free(&m);
	}
}

#define OWN(need)                                                                                  \
	"llavero: catalog/1\nresources: [{product: Shop, key: a}, {product: Shop, key: b}]\n"      \
	"routes: [{method: GET, path: '/x/{id}', " need "}]\n"

static void what_a_person_stated_is_not_lost(void **state)
{
	static const struct again ROWS[] = {
		{ "edited in the own form", OWN("resources: [a]"), NULL, OWN("public: true"),
			CATALOG_FAIL, "public", "C" },
		{ "a document disagrees", OWN("resources: [a]"), NULL, OPENAPI(PUBLIC),
			CATALOG_FAIL, "conflict", "" },
		{ "a document disagrees, narrow", OWN("resources: [a]"), NULL, OPENAPI(PUBLIC),
			CATALOG_NARROW, "Shop/a", "" },
		{ "a document says the same", OWN("resources: [a]"), NULL, OPENAPI(A), CATALOG_FAIL,
			"Shop/a", "" },
		{ "a document is silent", OWN("resources: [a]"), NULL, OPENAPI(SILENT),
			CATALOG_FAIL, "Shop/a", "" },
		{ "the own form disagrees with a document", OPENAPI(PUBLIC), NULL,
			OWN("resources: [a]"), CATALOG_FAIL, "conflict", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct imported before = import(NULL, CATALOG_FAIL, ROWS[i].first, NULL);
		struct imported m = import(keep(&before), ROWS[i].policy, ROWS[i].then, NULL);
		struct buf actual = buf_heap(4096), changes = buf_heap(4096);

		route_text(&actual, &m);
		changes_text(&changes, m.report);
		CHECK_TEXT(ROWS[i].label, buf_str(&actual), ROWS[i].expected);
		CHECK_TEXT(ROWS[i].label, buf_str(&changes), ROWS[i].changes);
		buf_free(&actual);
		buf_free(&changes);
		imported_free(&m);
	}
	/* Narrowed against a person's statement: the document read again does not undo it. */
	{
		struct imported one = import(NULL, CATALOG_FAIL, OWN("resources: [a]"), NULL);
		struct imported two = import(keep(&one), CATALOG_NARROW, OPENAPI(AB), NULL);
		struct imported three = import(keep(&two), CATALOG_NARROW, OPENAPI(PUBLIC), NULL);
		struct buf actual = buf_heap(4096);

		route_text(&actual, &three);
		CHECK_TEXT("twice", buf_str(&actual), "Shop/a");
		buf_free(&actual);
		imported_free(&three);
	}
}

static void names_are_known_whatever_the_order_of_documents(void **state)
{
	static const char TABLE[] = "product\tcategory\tresource\tkey\nStore\tOrders\tView\tv-1\n";
	static const char DOCUMENT[] =
		"openapi: 3.0.0\npaths:\n  /x/{id}:\n    get:\n      description: |\n"
		"        | Product | Category | Resource |\n        | - | - | - |\n"
		"        | store | orders | View |\n";
	struct imported m = import(NULL, CATALOG_FAIL, DOCUMENT, TABLE);
	struct buf actual = buf_heap(4096);

	route_text(&actual, &m);
	CHECK_TEXT("table last", buf_str(&actual), "Store/v-1");
	assert_int_equal(m.report->resources_count, 1);
	assert_int_equal(m.report->routes_count, 1);
	assert_int_equal(m.report->services_count, 1);
	buf_free(&actual);
	imported_free(&m);
}

static void pruning_removes_what_the_whole_lacks(void **state)
{
	static const char BEFORE[] = "llavero: catalog/1\nresources: [{product: Shop, key: a}, "
				     "{product: Shop, key: b}]\n"
				     "services: [{name: old, basePath: /old}]\n"
				     "routes: [{method: GET, path: /x, resources: [a]}, {method: "
				     "GET, path: /y, resources: [b]}]\n"
				     "profiles: [{name: p, resources: [b]}]\n";
	static const char AFTER[] = "llavero: catalog/1\nresources: [{product: Shop, key: a}]\n"
				    "routes: [{method: GET, path: /x, resources: [a]}]\n";
	static const enum catalog_kind ORDER[] = { CATALOG_ROUTE, CATALOG_PROFILE, CATALOG_RESOURCE,
		CATALOG_SERVICE };
	struct imported before = import(NULL, CATALOG_FAIL, BEFORE, NULL);
	struct catalog *base = keep(&before), *merged = NULL;
	struct catalog_document document = { span_str(AFTER), "after.yaml" };
	struct catalog_import asked = {
		.base = base, .documents = &document, .documents_count = 1, .merge.prune = true
	};
	struct catalog_report *report = catalog_report_make();
	struct complaint complaint = { 0 };

	assert_int_equal(catalog_import(&asked, report, &merged, &complaint), ST_OK);
	/* What others refer to goes last. */
	assert_int_equal(report->differences_count, ARRAY_LEN(ORDER));
	for (size_t i = 0; i < ARRAY_LEN(ORDER); i++) {
		assert_int_equal(report->differences[i].kind, ORDER[i]);
		assert_int_equal(report->differences[i].change, CATALOG_REMOVED);
	}
	catalog_free(&merged);
	asked.merge.prune = false;
	assert_int_equal(catalog_import(&asked, report, &merged, &complaint), ST_OK);
	assert_int_equal(report->differences_count, 0);
	catalog_free(&merged);
	catalog_free(&base);
	catalog_report_free(&report);
}

static void services_keep_settings_that_nobody_states(void **state)
{
	static const char OWN_FORM_TEXT[] = "llavero: catalog/1\nservices: [{name: default, hosts: "
					    "[a.b], unmapped: authenticated}]\n";
	struct imported before = import(NULL, CATALOG_FAIL, OWN_FORM_TEXT, NULL);
	struct imported m = import(keep(&before), CATALOG_FAIL, OPENAPI(A), NULL);
	const struct catalog_service *service = catalog_find_service(m.merged, SPAN_LIT("default"));

	assert_string_equal(service->hosts, "a.b");
	assert_true(service->unmapped_authenticated);
	imported_free(&m);
	/* Two that state them differently are a conflict; narrow takes the stricter switch. */
	m = import(NULL, CATALOG_FAIL, OWN_FORM_TEXT,
		"llavero: catalog/1\nservices: [{name: default, hosts: [a.b], unmapped: "
		"refuse}]\n");
	assert_int_equal(m.status, ST_CONFLICT);
	imported_free(&m);
	m = import(NULL, CATALOG_NARROW, OWN_FORM_TEXT,
		"llavero: catalog/1\nservices: [{name: default, hosts: [a.b], unmapped: "
		"refuse}]\n");
	assert_false(m.merged->services[0].unmapped_authenticated);
	imported_free(&m);
}

static void profiles_that_differ_are_a_conflict(void **state)
{
#define PROFILE(list)                                                                              \
	"llavero: catalog/1\nresources: [{product: S, key: a}, {product: S, key: b}]\n"            \
	"profiles: [{name: p, resources: " list "}]\n"
	struct imported m = import(NULL, CATALOG_FAIL, PROFILE("[a]"), PROFILE("[b]"));

	assert_int_equal(m.status, ST_CONFLICT);
	assert_int_equal(m.report->conflicts[0].kind, CATALOG_PROFILE);
	imported_free(&m);
	m = import(NULL, CATALOG_NARROW, PROFILE("[a]"), PROFILE("[a, b]"));
	assert_int_equal(m.merged->profiles[0].resources_count, 1);
	imported_free(&m);
	m = import(NULL, CATALOG_WIDEN, PROFILE("[a]"), PROFILE("[b]"));
	assert_int_equal(m.merged->profiles[0].resources_count, 2);
	imported_free(&m);
	/* Edited in a later import, it is what it was edited to. */
	m = import(NULL, CATALOG_FAIL, PROFILE("[a]"), NULL);
	m = import(keep(&m), CATALOG_FAIL, PROFILE("[b]"), NULL);
	assert_string_equal(m.merged->profiles[0].resources[0].key, "b");
	imported_free(&m);
}

static void a_faulty_document_stops_the_whole_import(void **state)
{
	struct imported m = import(NULL, CATALOG_FAIL, OPENAPI(A), "openapi: 3.1.0\npaths: []\n");
	struct buf text = buf_heap(4096);

	assert_int_equal(m.status, ST_INVALID);
	assert_null(m.merged);
	complaint_append(&text, LANG_ES, &m.complaint);
	assert_string_equal(
		buf_str(&text), "second.yaml: paths: aqu\xC3\xAD se espera un valor de otro tipo.");
	buf_free(&text);
	imported_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_that_differ_are_a_conflict),
		cmocka_unit_test(merging_is_symmetric),
		cmocka_unit_test(a_document_changes_only_what_it_alone_stated),
		cmocka_unit_test(what_a_person_stated_is_not_lost),
		cmocka_unit_test(names_are_known_whatever_the_order_of_documents),
		cmocka_unit_test(pruning_removes_what_the_whole_lacks),
		cmocka_unit_test(services_keep_settings_that_nobody_states),
		cmocka_unit_test(profiles_that_differ_are_a_conflict),
		cmocka_unit_test(a_faulty_document_stops_the_whole_import),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
