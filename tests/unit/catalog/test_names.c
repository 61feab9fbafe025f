/* Names to keys. */
#include "support.h"

#include "catalog/names.h"

static struct catalog *known_resources(void)
{
	static const struct catalog_resource RESOURCES[] = {
		{ "OMS", "ViewOrder", "OMS access", "View order", "" },
		{ "OMS", "ListOrders", "OMS access", "List Orders", "" },
		{ "OMS", "Main", "General", "Main Access", "Main\nStart / Home" },
		{ "VTEX ID", "api_keys", "Keys", "View", "" },
		{ "VTEX ID", "tokens", "Tokens", "View", "" },
		{ "Rates", "Manage_Rates", "Promotions", "Manage rates", "" },
		/* Derived before, stated now. */
		{ "CRM", "users.see-them", "Users", "See them", "" },
		{ "CRM", "SeeUsers", "Users", "See them", "" },
		{ "Pay", "x", "A", "Same", "" },
		{ "Pay", "y", "A", "Same", "" },
		{ "Left", "shared", "", "", "" },
		{ "Right", "shared", "", "", "" },
	};
	struct catalog *known = catalog_make();

	for (size_t i = 0; i < ARRAY_LEN(RESOURCES); i++)
		assert_int_equal(catalog_add_resource(known, &RESOURCES[i]), ST_OK);
	catalog_sort(known);
	return known;
}

static void names_drift_and_are_found(void **state)
{
	static const struct {
		const char *label, *product, *category, *name, *expected;
	} ROWS[] = {
		{ "as it is", "OMS", "OMS access", "View order", "OMS/ViewOrder" },
		{ "case and spaces", "oms", "Oms  Access", "view_Order", "OMS/ViewOrder" },
		{ "product in another case", "Vtex Id", "keys", "View", "VTEX ID/api_keys" },
		{ "category tells two apart", "VTEX ID", "Tokens", "View", "VTEX ID/tokens" },
		{ "category is the key", "VTEX ID", "tokens", "View", "VTEX ID/tokens" },
		{ "category is unknown, the name is one", "OMS", "Whatever", "List orders",
			"OMS/ListOrders" },
		{ "the name is the key", "Rates", "Manage rates", "Manage_Rates",
			"Rates/Manage_Rates" },
		{ "an alias", "OMS", "Anything", "Main", "OMS/Main" },
		{ "an alias with its category", "OMS", "Start", "home", "OMS/Main" },
		{ "an alias with another category", "OMS", "End", "home", "OMS/end.home" },
		{ "the stated key beats the derived one", "CRM", "Users", "See them",
			"CRM/SeeUsers" },
		{ "two of the name, no category", "VTEX ID", "Other", "View", "ambiguous" },
		{ "two of the same names", "Pay", "A", "Same", "ambiguous" },
		{ "unknown name", "oms", "Returns", "Accept return", "OMS/returns.accept-return" },
		{ "unknown product", "New", "", "Do it", "New/do-it" },
		{ "no name", "OMS", "A", "", "invalid" },
		{ "no product", "", "A", "B", "invalid" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct catalog *known = known_resources(), *out = catalog_make();
		struct names *names = names_make(known);
		struct name_query query = { span_str(ROWS[i].product), span_str(ROWS[i].category),
			span_str(ROWS[i].name), SPAN_ABSENT };
		struct catalog_ref ref = { "", "" };
		enum status st = names_resolve(names, &query, out, &ref);
		char actual[512];

		(void)snprintf(actual, sizeof(actual), "%s/%s", ref.product, ref.key);
		CHECK_TEXT(ROWS[i].label,
			st == ST_CONFLICT  ? "ambiguous"
			: st == ST_INVALID ? "invalid"
					   : actual,
			ROWS[i].expected);
		names_free(&names);
		catalog_free(&known);
		catalog_free(&out);
	}
}

static void keys_alone_are_found(void **state)
{
	static const struct {
		const char *label, *product, *key, *expected;
	} ROWS[] = {
		{ "of the product", "OMS", "ViewOrder", "OMS/ViewOrder" },
		{ "the only one of any product", "Shop", "ViewOrder", "OMS/ViewOrder" },
		{ "of one of two products", "Right", "shared", "Right/shared" },
		{ "of two other products", "Shop", "shared", "ambiguous" },
		{ "keys keep their case", "OMS", "vieworder", "OMS/vieworder" },
		{ "new", "Shop", "new", "Shop/new" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct catalog *known = known_resources(), *out = catalog_make();
		struct names *names = names_make(known);
		struct name_query query = { .product = span_str(ROWS[i].product),
			.key = span_str(ROWS[i].key) };
		struct catalog_ref ref = { "", "" };
		enum status st = names_resolve_key(names, &query, out, &ref);
		char actual[512];

		(void)snprintf(actual, sizeof(actual), "%s/%s", ref.product, ref.key);
		CHECK_TEXT(
			ROWS[i].label, st == ST_CONFLICT ? "ambiguous" : actual, ROWS[i].expected);
		names_free(&names);
		catalog_free(&known);
		catalog_free(&out);
	}
}

static void derived_keys_depend_on_nothing_but_names(void **state)
{
	static const struct {
		const char *category, *name, *key;
	} ROWS[] = {
		{ "Price List", "Modify prices", "price-list.modify-prices" },
		{ "", "Modify prices", "modify-prices" },
		{ "Budget", "ViewBudget", "budget.view-budget" },
		{ "units", "Edit_Organization_Unit", "units.edit-organization-unit" },
		{ "A", "Logistics - Full access", "a.logistics-full-access" },
		/* What is lost in a slug is told apart by a hash of the names. */
		{ "A", "Edit (not remove)", "a.edit-not-remove-99bc5c74" },
		{ "A", "Edit not remove", "a.edit-not-remove" },
		{ "Gesti\xC3\xB3n", "Ver", "gestion.ver-f255fdc6" },
		{ "A", "\xE6\xB3\xA8\xE6\x96\x87", "a.-afbb6980" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct buf key = buf_heap(4096);

		names_derive_key(&key, span_str(ROWS[i].category), span_str(ROWS[i].name));
		CHECK_TEXT(ROWS[i].name, buf_str(&key), ROWS[i].key);
		buf_free(&key);
	}
}

/* The same names in another spelling and order give the same resources. */
static void reading_order_does_not_matter(void **state)
{
	static const char *const NAMES[][2] = { { "A", "View" }, { "B", "View" }, { "a", "VIEW" } };

	for (int turn = 0; turn < 2; turn++) {
		struct catalog *out = catalog_make();
		struct names *names = names_make(NULL);

		for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
			size_t at = turn == 0 ? i : ARRAY_LEN(NAMES) - 1 - i;
			struct name_query query = { SPAN_LIT("P"), span_str(NAMES[at][0]),
				span_str(NAMES[at][1]), SPAN_ABSENT };
			struct catalog_ref ref;

			assert_int_equal(names_resolve(names, &query, out, &ref), ST_OK);
			CHECK_TEXT(NAMES[at][0], ref.key, at == 1 ? "b.view" : "a.view");
		}
		assert_int_equal(out->resources_count, 2);
		names_free(&names);
		catalog_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_drift_and_are_found),
		cmocka_unit_test(keys_alone_are_found),
		cmocka_unit_test(derived_keys_depend_on_nothing_but_names),
		cmocka_unit_test(reading_order_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
