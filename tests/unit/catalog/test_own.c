/* The catalogue's own form: what goes out comes in again, and nothing unknown comes in. */
#include "support.h"

static const char FULL[] =
	"llavero: catalog/1\n"
	"resources:\n"
	"  - {product: CRM, key: \"404\"}\n"
	"  - {product: Shop, category: Orders, key: edit, name: Edit orders, aliases: [Alter, "
	"Old / Change]}\n"
	"  - {product: Shop, category: Orders, key: view, name: \"Ver pedidos: \xC3\xB1, "
	"\\\"todo\\\"\"}\n"
	"services:\n"
	"  - {name: default}\n"
	"  - {name: shop, hosts: [\"*.shop.example\", shop.example], basePath: /v1, "
	"caseInsensitive: true, semicolon: strip, unmapped: authenticated, preflight: pass}\n"
	"routes:\n"
	"  - {service: default, method: GET, path: /health, public: true}\n"
	"  - {service: shop, method: GET, path: /nobody, resources: []}\n"
	"  - {service: shop, method: GET, path: \"/orders/{id}\", resources: [{product: CRM, key: "
	"\"404\"}, {product: Shop, key: view}], from: [a.yaml, b.yaml]}\n"
	"  - {service: shop, method: PUT, path: \"/orders/{id}\", authenticated: true}\n"
	"profiles:\n"
	"  - name: Empty\n"
	"    resources: []\n"
	"  - name: Order viewer\n"
	"    resources:\n"
	"      - {product: CRM, key: \"404\"}\n"
	"      - {product: Shop, key: view}\n";

static void round_trip(const struct catalog *catalog, enum catalog_form form)
{
	struct buf text = buf_heap(LIMIT_BODY_IMPORT), again = buf_heap(LIMIT_BODY_IMPORT);
	struct loaded l;

	assert_int_equal(catalog_write(catalog, form, &text), ST_OK);
	l = load(buf_str(&text), NULL);
	if (l.status != ST_OK)
		fail_msg("not read again: %s\n%s", l.complaint.key, buf_str(&text));
	assert_int_equal(catalog_diff(catalog, l.catalog, l.report), ST_OK);
	assert_int_equal(l.report->differences_count, 0);
	assert_int_equal(catalog_write(l.catalog, form, &again), ST_OK);
	assert_string_equal(buf_str(&text), buf_str(&again));
	loaded_free(&l);
	buf_free(&text);
	buf_free(&again);
}

static void what_is_written_is_read_again(void **state)
{
	struct loaded l = load(FULL, NULL);
	struct buf text = buf_heap(1 << 16);

	assert_int_equal(l.status, ST_OK);
	assert_int_equal(catalog_check(l.catalog, &l.complaint), ST_OK);
	assert_int_equal(catalog_write(l.catalog, CATALOG_YAML, &text), ST_OK);
	/* Stable to the byte: FULL stands in the order and the spelling of the writer. */
	assert_string_equal(buf_str(&text), FULL);
	round_trip(l.catalog, CATALOG_YAML);
	round_trip(l.catalog, CATALOG_JSON);
	loaded_free(&l);
	buf_free(&text);
}

/* Names that YAML would take for something else. */
static void awkward_names_survive(void **state)
{
	static const char *const NAMES[] = { "true", "No", "null", "~", "1", "1e3", "0x1F", ".inf",
		"- a", "a: b", "a #b", "#a", "*a", "&a", "!a", "%a", "@a", "`a", "{a}", "[a]",
		"a,b", "'a'", "\"a\"", "a\\b", "?", "<<", "---", "a  b", "\xC3\xB1",
		"\xF0\x9F\x94\x91", "=", "2020-01-01", "y", "/", "a/b", "key|value", ">",
		"\xC2\xA0x" };
	struct catalog *catalog = catalog_make();
	struct complaint complaint = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		struct catalog_resource resource = { "P", NAMES[i], NAMES[i], NAMES[i], NAMES[i] };
		struct catalog_ref ref = { "P", NAMES[i] };
		struct catalog_profile profile = { NAMES[i], &ref, 1 };

		assert_int_equal(catalog_add_resource(catalog, &resource), ST_OK);
		assert_int_equal(catalog_add_profile(catalog, &profile), ST_OK);
	}
	catalog_sort(catalog);
	if (catalog_check(catalog, &complaint) != ST_OK)
		fail_msg("%s: %s", complaint.key, complaint.args[1].value);
	round_trip(catalog, CATALOG_YAML);
	round_trip(catalog, CATALOG_JSON);
	catalog_free(&catalog);
}

static void an_empty_catalogue_is_one(void **state)
{
	struct catalog *catalog = catalog_make();

	round_trip(catalog, CATALOG_YAML);
	round_trip(catalog, CATALOG_JSON);
	catalog_free(&catalog);
}

#define FORM "llavero: catalog/1\n"
#define RESOURCE "resources: [{product: Shop, key: view}]\n"

static void faults_are_told_with_their_place(void **state)
{
	static const struct {
		const char *label, *text, *key, *place;
	} ROWS[] = {
		{ "another version", "llavero: catalog/2\n", "catalog.own_version", "catalog/2" },
		{ "a number as version", "llavero: 1\n", "catalog.own_version", "?" },
		{ "unknown list", FORM "rotes: []\n", "catalog.unknown_field", "rotes" },
		{ "not a list", FORM "routes: {}\n", "catalog.wrong_type", "routes" },
		{ "not an object", FORM "routes: [x]\n", "catalog.wrong_type", "routes[0]" },
		{ "unknown field",
			FORM RESOURCE "routes: [{method: GET, path: /x, publik: true}]\n",
			"catalog.unknown_field", "routes[0].publik" },
		{ "missing field", FORM "routes: [{path: /x, public: true}]\n",
			"catalog.missing_field", "routes[0].method" },
		{ "second item", FORM "resources: [{product: a, key: b}, {product: a}]\n",
			"catalog.missing_field", "resources[1].key" },
		{ "a number as key", FORM "resources: [{product: a, key: 404}]\n",
			"catalog.wrong_type", "resources[0].key" },
		{ "a space before", FORM "resources: [{product: a, key: ' b'}]\n",
			"catalog.no_name", "resources[0].key" },
		{ "too long",
			FORM "resources: [{product: a, key: "
			     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}]\n",
			"catalog.no_name", "resources[0].key" },
		{ "no need", FORM "routes: [{method: GET, path: /x}]\n", "catalog.one_need",
			"routes[0]" },
		{ "two needs",
			FORM RESOURCE
			"routes: [{method: GET, path: /x, public: true, resources: [view]}]\n",
			"catalog.one_need", "routes[0]" },
		{ "public: false is no need",
			FORM "routes: [{method: GET, path: /x, public: false}]\n",
			"catalog.one_need", "routes[0]" },
		{ "public as a text", FORM "routes: [{method: GET, path: /x, public: 'yes'}]\n",
			"catalog.wrong_type", "routes[0].public" },
		{ "unknown key alone",
			FORM "routes: [{method: GET, path: /x, resources: [view]}]\n",
			"catalog.key_unknown", "routes[0].resources" },
		{ "ambiguous key alone",
			FORM "resources: [{product: a, key: k}, {product: b, key: k}]\nroutes: "
			     "[{method: GET, path: /x, resources: [k]}]\n",
			"catalog.key_ambiguous", "routes[0].resources" },
		{ "a service's name", FORM "services: [{name: Shop}]\n", "catalog.no_service_name",
			"services[0].name" },
		{ "a base path", FORM "services: [{name: a, basePath: '/{x}'}]\n",
			"catalog.no_base_path", "services[0].basePath" },
		{ "a switch", FORM "services: [{name: a, unmapped: public}]\n",
			"catalog.wrong_choice", "services[0].unmapped" },
		{ "hosts", FORM "services: [{name: a, hosts: b}]\n", "catalog.wrong_type",
			"services[0].hosts" },
		{ "a profile", FORM "profiles: [{name: a}]\n", "catalog.missing_field",
			"profiles[0].resources" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct loaded l = load(ROWS[i].text, NULL);

		CHECK_ROW(ROWS[i].label, l.status == ST_INVALID && l.catalog == NULL);
		CHECK_TEXT(ROWS[i].label, l.complaint.key, ROWS[i].key);
		CHECK_TEXT(ROWS[i].label, l.complaint.args[0].value, ROWS[i].place);
		loaded_free(&l);
	}
}

static void a_catalogue_is_checked_as_a_whole(void **state)
{
	static const struct {
		const char *label, *text, *key;
	} ROWS[] = {
		{ "sound", FORM RESOURCE "routes: [{method: GET, path: /x, resources: [view]}]\n",
			NULL },
		{ "unknown resource",
			FORM
			"routes: [{method: GET, path: /x, resources: [{product: a, key: b}]}]\n",
			"catalog.no_such_resource" },
		{ "unknown resource in a profile",
			FORM "profiles: [{name: a, resources: [{product: a, key: b}]}]\n",
			"catalog.no_such_resource" },
		{ "unknown service",
			FORM "routes: [{service: a, method: GET, path: /x, public: true}]\n",
			"catalog.no_such_service" },
		{ "a resource twice",
			FORM "resources: [{product: a, key: b}, {product: a, key: b}]\n",
			"catalog.twice" },
		{ "keys of two products",
			FORM "resources: [{product: a, key: b}, {product: c, key: b}]\n", NULL },
		{ "keys differ by case",
			FORM "resources: [{product: a, key: b}, {product: a, key: B}]\n", NULL },
		{ "a service twice", FORM "services: [{name: a}, {name: a}]\n", "catalog.twice" },
		{ "a profile twice",
			FORM "profiles: [{name: a, resources: []}, {name: a, resources: []}]\n",
			"catalog.twice" },
		{ "a route twice",
			FORM "routes: [{method: GET, path: '/{a}', public: true}, {method: GET, "
			     "path: '/{b}', public: true}]\n",
			"catalog.twice" },
		{ "a host in capitals", FORM "services: [{name: a, hosts: [A.b]}]\n",
			"catalog.bad_host" },
		{ "a pattern within", FORM "services: [{name: a, hosts: [a.*.b]}]\n",
			"catalog.bad_host" },
	};
	struct loaded l;

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct complaint complaint = { 0 };
		enum status st;

		l = load(ROWS[i].text, NULL);
		CHECK_ROW(ROWS[i].label, l.status == ST_OK);
		st = catalog_check(l.catalog, &complaint);
		CHECK_ROW(ROWS[i].label, (st == ST_OK) == (ROWS[i].key == NULL));
		CHECK_TEXT(ROWS[i].label, complaint.key == NULL ? "" : complaint.key,
			ROWS[i].key == NULL ? "" : ROWS[i].key);
		loaded_free(&l);
	}
	l = load(FORM "routes: [{method: get, path: /x, public: true}]\n", NULL);
	assert_int_equal(catalog_check(l.catalog, &l.complaint), ST_INVALID);
	loaded_free(&l);
	l = load(FORM "routes: [{method: GET, path: x, public: true}]\n", NULL);
	assert_int_equal(catalog_check(l.catalog, &l.complaint), ST_INVALID);
	loaded_free(&l);
}

static void resources_come_as_a_table_too(void **state)
{
	struct loaded l = load("kind\tproduct\tid\tcategory\tresource\tkey\r\n"
			       "public\tOMS\t1\tOMS access\tView order\tViewOrder \r\n\n"
			       "public\tOMS\t1\t\tList\tList Orders\r\n",
		NULL);

	assert_int_equal(l.status, ST_OK);
	assert_int_equal(l.catalog->resources_count, 2);
	assert_string_equal(l.catalog->resources[0].key, "List Orders");
	assert_string_equal(l.catalog->resources[1].key, "ViewOrder");
	assert_string_equal(l.catalog->resources[1].category, "OMS access");
	loaded_free(&l);
	l = load("product\tresource\tkey\nOMS\tView\t\n", NULL);
	assert_int_equal(l.status, ST_INVALID);
	assert_string_equal(l.complaint.key, "catalog.bad_line");
	assert_string_equal(l.complaint.args[0].value, "2");
	loaded_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(awkward_names_survive),
		cmocka_unit_test(an_empty_catalogue_is_one),
		cmocka_unit_test(faults_are_told_with_their_place),
		cmocka_unit_test(a_catalogue_is_checked_as_a_whole),
		cmocka_unit_test(resources_come_as_a_table_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
