/* What an imported catalogue would be for the gates: paths that two routes claim, services that
 * clash. */
#include "support.h"

struct imported {
	struct catalog *base, *merged;
	struct catalog_report *report;
	struct complaint complaint;
	enum status status;
};

static void imported_free(struct imported *i)
{
	catalog_free(&i->base);
	catalog_free(&i->merged);
	catalog_report_free(&i->report);
}

static struct imported import(const char *services, const char *routes)
{
	struct buf text = buf_heap(1 << 16);
	struct imported i = { .base = catalog_make(), .report = catalog_report_make() };
	struct catalog_document document = { .name = "own.yaml" };
	struct catalog_import asked = {
		.base = i.base, .documents = &document, .documents_count = 1
	};

	buf_printf(&text,
		"llavero: catalog/1\nresources: [{product: P, key: a}, {product: P, key: b}]\n"
		"services: [%s]\nroutes: [%s]\n",
		services, routes);
	document.bytes = buf_span(&text);
	i.status = catalog_import(&asked, i.report, &i.merged, &i.complaint);
	buf_free(&text);
	return i;
}

struct row {
	const char *label, *services, *routes;
	const char *expected; /* what is ambiguous, or the complaint's key */
};

#define ROUTE(method, path, key) "{method: " method ", path: '" path "', resources: [" key "]},"

static void describe(struct buf *out, const struct imported *i)
{
	if (i->status != ST_OK)
		buf_append_str(out, i->complaint.key == NULL ? "failed" : i->complaint.key);
	for (size_t k = 0; i->status == ST_OK && k < i->report->ambiguous_count; k++) {
		const struct catalog_ambiguous *a = &i->report->ambiguous[k];

		buf_printf(out, "%s%s %s %s: %s %s", k == 0 ? "" : "; ",
			a->slash ? "slash" : "crossing", a->method, a->path, a->route->path,
			a->other->path);
	}
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t k = 0; k < count; k++) {
		struct imported i = import(rows[k].services, rows[k].routes);
		struct buf actual = buf_heap(1 << 16);

		describe(&actual, &i);
		CHECK_TEXT(rows[k].label, buf_str(&actual), rows[k].expected);
		CHECK_ROW(rows[k].label, (i.status == ST_OK) == (i.merged != NULL));
		buf_free(&actual);
		imported_free(&i);
	}
}

static void paths_that_two_routes_claim_are_listed(void **state)
{
	static const struct row ROWS[] = {
		{ "nothing", "{name: default}", "", "" },
		{ "no service", "", "", "" },
		{ "crossing", "{name: default}",
			ROUTE("GET", "/o/group/{x}", "a") ROUTE("GET", "/o/{id}/note", "b"),
			"crossing GET /o/group/note: /o/group/{x} /o/{id}/note" },
		{ "crossing with the same needs", "{name: default}",
			ROUTE("GET", "/o/group/{x}", "a") ROUTE("GET", "/o/{id}/note", "a"), "" },
		{ "other methods", "{name: default}",
			ROUTE("GET", "/o/group/{x}", "a") ROUTE("PUT", "/o/{id}/note", "b"), "" },
		{ "HEAD follows GET", "{name: default}",
			ROUTE("GET", "/o/group/{x}", "a") ROUTE("HEAD", "/o/{id}/note", "b"),
			"crossing HEAD /o/group/note: /o/group/{x} /o/{id}/note" },
		{ "a twin with the slash", "{name: default}",
			ROUTE("GET", "/s/{x}", "a") ROUTE("GET", "/s/new/", "b"),
			"slash GET /s/new: /s/{x} /s/new/" },
		{ "below the base path", "{name: default, basePath: /v1}",
			ROUTE("GET", "/o/group/{x}", "a") ROUTE("GET", "/o/{id}/note", "b"),
			"crossing GET /v1/o/group/note: /o/group/{x} /o/{id}/note" },
		{ "of two services", "{name: default}, {name: two, basePath: /two}",
			ROUTE("GET", "/o/group/{x}", "a") "{service: two, method: GET, path: "
							  "'/o/{id}/note', resources: [b]}",
			"" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS));
}

static void services_that_clash_are_refused(void **state)
{
	static const struct row ROWS[] = {
		{ "neither has anything", "{name: a}, {name: b}", "", "route.service_clash" },
		{ "the same base path", "{name: a, basePath: /x}, {name: b, basePath: /x}", "",
			"route.service_clash" },
		{ "other base paths", "{name: a, basePath: /x}, {name: b, basePath: /y}", "", "" },
		{ "a host of both, spelled otherwise",
			"{name: a, hosts: [x.example, y.example]}, {name: b, hosts: [y.example.]}",
			"", "route.service_clash" },
		{ "a pattern of both",
			"{name: a, hosts: ['*.x.example']}, {name: b, hosts: "
			"['*.x.example']}",
			"", "route.service_clash" },
		{ "a host and its pattern",
			"{name: a, hosts: [y.x.example]}, {name: b, hosts: ['*.x.example']}", "",
			"" },
		{ "one ignores case",
			"{name: a, basePath: /x}, {name: b, basePath: /X, caseInsensitive: true}",
			"", "route.service_clash" },
		{ "no host at all", "{name: a, hosts: ['-']}", "", "route.service_host" },
		{ "letters beyond ASCII, and case is ignored",
			"{name: default, caseInsensitive: true}", ROUTE("GET", "/caf%C3%A9", "a"),
			"route.template_non_ascii" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_that_two_routes_claim_are_listed),
		cmocka_unit_test(services_that_clash_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
