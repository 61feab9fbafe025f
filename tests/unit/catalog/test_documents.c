/*
 * The published documents of a real platform: what the import decides for each of their 421
 * operations, against a list that was taken from them by another program. They stand beside the
 * source tree; where they do not, the tests say so and are skipped.
 */
#include "support.h"

#include <dirent.h>

#define EXPECTED_COLUMNS 6

static char data_dir[4096];

static void path_in_data(char *out, size_t size, const char *name)
{
	(void)snprintf(out, size, "%s/%s", data_dir, name);
}

/* Says that no permission is needed; public when it says the same of authentication. */
static const char *expected_flag(const char *document, const char *path)
{
	static const char *const PUBLIC[][2] = {
		{ "VTEX - Checkout API.json", "/api/checkout/pub/orderForms/simulation" },
		/* "security": [] beside "does not require permissions" */
		{ "VTEX - Checkout API.json", "/api/checkout/pub/pickup-points" },
		{ "VTEX - Checkout API.json",
			"/api/checkout/pub/postal-code/{countryCode}/{postalCode}" },
		{ "VTEX - Payments Gateway API.json",
			"/api/payments/transactions/{transactionId}/payments" },
		{ "VTEX - Session Manager API.json", "/api/sessions" },
		{ "VTEX - Session Manager API.json", "/api/segments" },
	};

	for (size_t i = 0; i < ARRAY_LEN(PUBLIC); i++) {
		if (strcmp(document, PUBLIC[i][0]) == 0 && strcmp(path, PUBLIC[i][1]) == 0)
			return "public";
	}
	return "authenticated";
}

/* Case, spaces, "-" and "_" do not tell names apart. */
static void append_folded(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (strchr(" -_", c) == NULL)
			buf_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
	}
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "A / B / C; D / E / F" and a need's resources as the same sorted text. */
static void append_sorted(struct buf *out, char **lines, size_t count)
{
	qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < count; i++) {
		buf_append_str(out, lines[i]);
		buf_append_char(out, '\n');
		free(lines[i]);
	}
}

static void expected_triples(struct buf *out, struct span list)
{
	char *lines[LIMIT_RESOURCES_PER_ROUTE];
	size_t count = 0;

	while (list.len > 0) {
		const char *end = memmem(list.ptr, list.len, "; ", 2);
		size_t len = end == NULL ? list.len : (size_t)(end - list.ptr);
		struct buf line = buf_heap(4096);

		append_folded(&line, span_part(list, 0, len));
		lines[count++] = strdup(buf_str(&line));
		buf_free(&line);
		list = span_part(list, len + 2, list.len);
	}
	append_sorted(out, lines, count);
}

static void actual_triples(
	struct buf *out, const struct catalog *catalog, const struct catalog_need *need)
{
	char *lines[LIMIT_RESOURCES_PER_ROUTE];

	for (size_t i = 0; i < need->resources_count; i++) {
		const struct catalog_resource *resource = catalog_find_resource(catalog,
			span_str(need->resources[i].product), span_str(need->resources[i].key));
		struct buf line = buf_heap(4096);

		assert_non_null(resource);
		append_folded(&line, span_str(resource->product));
		buf_append_char(&line, '/');
		append_folded(&line, span_str(resource->category));
		buf_append_char(&line, '/');
		append_folded(&line, span_str(resource->name));
		lines[i] = strdup(buf_str(&line));
		buf_free(&line);
	}
	append_sorted(out, lines, need->resources_count);
}

struct expected {
	char *column[EXPECTED_COLUMNS]; /* document, method, path, operationId, class, resources */
};

static void check_row(const struct loaded *l, const struct expected *e)
{
	const char *document = e->column[0], *method = e->column[1], *path = e->column[2];
	struct buf actual = buf_heap(65536), wanted = buf_heap(65536);
	bool table = strcmp(e->column[4], "table") == 0;

	outcome_text(&actual, l, method, path);
	if (table) {
		const struct catalog_route *route =
			catalog_find_route(l->catalog, "default", method, path);

		if (route == NULL)
			fail_msg("%s: %s %s: %s", document, method, path, buf_str(&actual));
		buf_clear(&actual);
		actual_triples(&actual, l->catalog, &route->need);
		expected_triples(&wanted, span_str(e->column[5]));
		CHECK_TEXT(path, buf_str(&actual), buf_str(&wanted));
	} else if (strcmp(e->column[4], "none-required(stated)") == 0) {
		CHECK_TEXT(path, buf_str(&actual), expected_flag(document, path));
	} else {
		CHECK_TEXT(path, buf_str(&actual), "undecided: auth_only");
	}
	buf_free(&actual);
	buf_free(&wanted);
}

static struct loaded load_document(const char *name)
{
	const struct catalog_read_options options = { .servers = CATALOG_SERVERS_IGNORE };
	char path[8192];
	struct catalog_document document = { .name = name };
	struct loaded l = { .report = catalog_report_make() };

	(void)snprintf(path, sizeof(path), "%s/openapi/%s", data_dir, name);
	document.bytes = read_file(path);
	assert_true(span_present(document.bytes));
	l.status = catalog_read(&document, &options, l.report, &l.catalog, &l.complaint);
	free((void *)(uintptr_t)document.bytes.ptr);
	assert_int_equal(l.status, ST_OK);
	return l;
}

static bool split_row(char *line, struct expected *out)
{
	for (size_t i = 0; i < EXPECTED_COLUMNS; i++) {
		out->column[i] = strsep(&line, "\t");
		if (out->column[i] == NULL)
			return false;
	}
	return true;
}

static void every_operation_needs_what_its_document_says(void **state)
{
	char path[8192], *rest, *line;
	char last[256] = "";
	struct loaded l = { 0 };
	size_t rows = 0, operations = 0;
	struct span text;

	path_in_data(path, sizeof(path), "openapi-resources.tsv");
	text = read_file(path);
	if (!span_present(text)) {
		print_message("# skipped: no %s\n", path);
		return; /* said above; TAP counts cmocka's skip() as a failure */
	}
	rest = strndup(text.ptr, text.len);
	free((void *)(uintptr_t)text.ptr);
	text = span_of(rest, 0);
	(void)strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) != NULL) {
		struct expected e;

		if (line[0] == '\0' || !split_row(line, &e))
			continue;
		if (strcmp(last, e.column[0]) != 0) {
			loaded_free(&l);
			l = load_document(e.column[0]);
			operations += l.report->operations_count;
			(void)snprintf(last, sizeof(last), "%s", e.column[0]);
		}
		check_row(&l, &e);
		rows++;
	}
	loaded_free(&l);
	free((void *)(uintptr_t)text.ptr);
	assert_int_equal(rows, 421);
	assert_int_equal(operations, 421);
}

#define DOCUMENTS_MAX 64

/* 0: they are not here; said. (TAP counts cmocka's skip() as a failure.) */
static size_t all_documents(struct catalog_document documents[DOCUMENTS_MAX])
{
	char path[8192];
	size_t count = 0;
	struct dirent *entry;
	DIR *dir;

	path_in_data(path, sizeof(path), "license_manager_resources.tsv");
	documents[count++] = (struct catalog_document){ read_file(path), "resources.tsv" };
	path_in_data(path, sizeof(path), "openapi");
	dir = opendir(path);
	if (dir == NULL || !span_present(documents[0].bytes)) {
		print_message("# skipped: no %s\n", path);
		if (dir != NULL)
			closedir(dir);
		free((void *)(uintptr_t)documents[0].bytes.ptr);
		return 0;
	}
	while ((entry = readdir(dir)) != NULL && count < DOCUMENTS_MAX) {
		char file[8192 + 300];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		documents[count++] =
			(struct catalog_document){ read_file(file), strdup(entry->d_name) };
	}
	closedir(dir);
	return count;
}

static void free_documents(struct catalog_document *documents, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((void *)(uintptr_t)documents[i].bytes.ptr);
		if (i > 0)
			free((void *)(uintptr_t)documents[i].name);
	}
}

static void check_key(
	const struct catalog *catalog, const char *method, const char *path, const char *expected)
{
	const struct catalog_route *route = catalog_find_route(catalog, "default", method, path);
	struct buf text = buf_heap(4096);

	assert_non_null(route);
	need_text(&text, &route->need);
	CHECK_TEXT(path, buf_str(&text), expected);
	buf_free(&text);
}

static void names_become_the_keys_of_the_resource_list(void **state)
{
	struct catalog_document documents[DOCUMENTS_MAX];
	size_t count = all_documents(documents);
	struct catalog *base = catalog_make(), *merged = NULL, *again = NULL;
	struct catalog_import import = { .base = base,
		.documents = documents,
		.documents_count = count,
		.merge.policy = CATALOG_NARROW };
	struct catalog_report *report = catalog_report_make();
	struct complaint complaint = { 0 };

	if (count == 0) {
		catalog_free(&base);
		catalog_report_free(&report);
		return;
	}
	assert_int_equal(catalog_import(&import, report, &merged, &complaint), ST_OK);
	assert_int_equal(report->operations_count, 421);
	assert_int_equal(report->undecided_count, 23);
	assert_int_equal(report->conflicts_count, 5);
	check_key(
		merged, "GET", "/api/oms/pvt/orders", "Checkout/AcessaTodosPedidos OMS/ListOrders");
	/* The server's path is part of the route. */
	check_key(merged, "PUT", "/{accountName}/pricing/prices/{itemId}", "Pricing/modify_prices");
	/* The cell holds the key itself. */
	check_key(merged, "GET", "/api/rnb/pvt/benefits/calculatorconfiguration",
		"Rates and Benefits/GerenciarPromocoesETarifas");
	/* Two documents disagree; narrow takes what both allow. */
	check_key(merged, "POST", "/api/checkout/pub/orderForm/{orderFormId}/items",
		"Checkout/GetOrderForm");
	/* Importing all of it again changes nothing. */
	import.base = merged;
	assert_int_equal(catalog_import(&import, report, &again, &complaint), ST_OK);
	assert_int_equal(report->differences_count, 0);
	catalog_free(&again);
	catalog_free(&merged);
	catalog_free(&base);
	catalog_report_free(&report);
	free_documents(documents, count);
}

static void a_conflict_changes_nothing_by_default(void **state)
{
	struct catalog_document documents[DOCUMENTS_MAX];
	size_t count = all_documents(documents);
	struct catalog *base = catalog_make(), *merged = NULL;
	struct catalog_import import = {
		.base = base, .documents = documents, .documents_count = count
	};
	struct catalog_report *report = catalog_report_make();
	struct complaint complaint = { 0 };

	if (count == 0) {
		catalog_free(&base);
		catalog_report_free(&report);
		return;
	}
	assert_int_equal(catalog_import(&import, report, &merged, &complaint), ST_CONFLICT);
	assert_null(merged);
	assert_int_equal(report->conflicts_count, 5);
	assert_string_equal(complaint.key, "catalog.conflicts");
	catalog_free(&base);
	catalog_report_free(&report);
	free_documents(documents, count);
}

/* The sample's export is what its documents give, with profiles, in the writer's own spelling. */
static void the_sample_is_what_its_documents_say(void **state)
{
	static const char *const NAMES[] = { "orders.openapi.yaml", "billing.openapi.json",
		"shop.catalog.yaml" };
	struct catalog_document documents[ARRAY_LEN(NAMES)];
	struct catalog *base = catalog_make(), *merged = NULL, *again = NULL;
	struct catalog_import import = {
		.base = base, .documents = documents, .documents_count = 2
	};
	struct catalog_report *report = catalog_report_make();
	struct complaint complaint = { 0 };
	struct buf text = buf_heap(MIB);

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		char path[8192];

		(void)snprintf(
			path, sizeof(path), "%s/docs/sample/%s", getenv("SOURCE_ROOT"), NAMES[i]);
		documents[i] = (struct catalog_document){ read_file(path), NAMES[i] };
		assert_true(span_present(documents[i].bytes));
	}
	assert_int_equal(catalog_import(&import, report, &merged, &complaint), ST_OK);
	assert_int_equal(report->routes_count, 13);
	assert_int_equal(report->undecided_count, 1);
	import = (struct catalog_import){
		.base = merged, .documents = &documents[2], .documents_count = 1
	};
	assert_int_equal(catalog_import(&import, report, &again, &complaint), ST_OK);
	assert_int_equal(report->differences_count, 3);
	for (size_t i = 0; i < report->differences_count; i++)
		assert_int_equal(report->differences[i].kind, CATALOG_PROFILE);
	assert_int_equal(catalog_write(again, CATALOG_YAML, &text), ST_OK);
	assert_true(span_equal(buf_span(&text), documents[2].bytes));
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
		free((void *)(uintptr_t)documents[i].bytes.ptr);
	buf_free(&text);
	catalog_free(&again);
	catalog_free(&merged);
	catalog_free(&base);
	catalog_report_free(&report);
}

int main(void)
{
	const char *root = getenv("SOURCE_ROOT");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_needs_what_its_document_says),
		cmocka_unit_test(names_become_the_keys_of_the_resource_list),
		cmocka_unit_test(a_conflict_changes_nothing_by_default),
		cmocka_unit_test(the_sample_is_what_its_documents_say),
	};

	(void)snprintf(data_dir, sizeof(data_dir), "%s/../shared/data", root == NULL ? "." : root);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
