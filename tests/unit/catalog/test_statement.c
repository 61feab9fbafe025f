/* What descriptions say about permissions, and what they only seem to say. */
#include "support.h"

#include "catalog/statement.h"

#define TABLE "| **Product** | **Category** | **Resource** |\n| - | - | - |\n"
#define ROW_A "| Shop | Orders | **View orders** |\n"
#define ROW_B "| Shop | Orders | **Edit orders** |\n"
#define ANY                                                                                        \
	"Any key must have at least one of the appropriate [resources](https://x.y/z) to run.\n\n"
#define EACH "Any key must have all of the [resources](https://x.y) to run.\n\n"
#define APPROPRIATE "Any key must have the appropriate [resources](https://x.y) to run.\n\n"

static const char *const KINDS[] = {
	[STATEMENT_NONE] = "none",
	[STATEMENT_ROWS] = "rows",
	[STATEMENT_ALL_ROWS] = "all rows",
	[STATEMENT_NO_PERMISSION] = "no permission",
	[STATEMENT_NO_AUTHENTICATION] = "no authentication",
	[STATEMENT_ASK_PROVIDER] = "ask provider",
	[STATEMENT_UNREADABLE] = "unreadable",
	[STATEMENT_CONTRADICTION] = "contradiction",
};

/* "rows: P/C/R; P/C/R" or the kind alone. */
static void describe(struct buf *out, const char *text)
{
	struct arena *arena = arena_make(1 << 20);
	static struct statement s;

	assert_int_equal(statement_read(span_str(text), arena, &s), ST_OK);
	buf_append_str(out, KINDS[s.kind]);
	for (size_t i = 0; s.kind == STATEMENT_ROWS && i < s.rows_count; i++) {
		buf_append_str(out, i == 0 ? ": " : "; ");
		buf_append(out, s.rows[i].product);
		buf_append_char(out, '/');
		buf_append(out, s.rows[i].category);
		buf_append_char(out, '/');
		buf_append(out, s.rows[i].resource);
		if (span_present(s.rows[i].key)) {
			buf_append_char(out, '#');
			buf_append(out, s.rows[i].key);
		}
	}
	arena_free(&arena);
}

struct row {
	const char *label, *text, *expected;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf actual = buf_heap(1 << 16);

		describe(&actual, rows[i].text);
		CHECK_TEXT(rows[i].label, buf_str(&actual), rows[i].expected);
		buf_free(&actual);
	}
}

static const struct row READ[] = {
	{ "one row", "## Permissions\n\n" ANY TABLE ROW_A, "rows: Shop/Orders/View orders" },
	{ "alternatives", "## Permissions\n\n" ANY TABLE ROW_A ROW_B,
		"rows: Shop/Orders/View orders; Shop/Orders/Edit orders" },
	{ "no heading, no words", TABLE ROW_A ROW_B,
		"rows: Shop/Orders/View orders; Shop/Orders/Edit orders" },
	{ "CR LF",
		"## Permissions\r\n\r\n| Product | Category | Resource |\r\n| --- | --- | "
		"--- |\r\n| Shop | Orders | View |\r\n",
		"rows: Shop/Orders/View" },
	{ "CR alone",
		"| Product | Category | Resource |\r| - | - | - |\r| Shop | Orders | View "
		"|\r",
		"rows: Shop/Orders/View" },
	{ "wide, aligned",
		"|  **Product**   | Category |  Resource  |\n|:---|:---:|---:|\n|   Shop "
		"|Orders|   View   orders |",
		"rows: Shop/Orders/View orders" },
	{ "no outer bars", "Product | Category | Resource\n--- | --- | ---\nShop | Orders | View\n",
		"rows: Shop/Orders/View" },
	{ "no alignment row", "| Product | Category | Resource |\n| Shop | Orders | View |\n",
		"rows: Shop/Orders/View" },
	{ "other order",
		"| Resource | Product | Category |\n| - | - | - |\n| View | Shop | Orders "
		"|\n",
		"rows: Shop/Orders/View" },
	{ "without category", "| Product | Resource |\n| - | - |\n| Shop | View |\n",
		"rows: Shop//View" },
	{ "with keys",
		"| Product | Category | Resource | Key |\n| - | - | - | - |\n| Shop | "
		"Orders | View | view_it |\n",
		"rows: Shop/Orders/View#view_it" },
	{ "with descriptions",
		"| Product | Category | Resource | Description |\n| - | - | - | - |\n| "
		"Shop | Orders | View | whatever |\n",
		"rows: Shop/Orders/View" },
	{ "Spanish",
		"| Producto | Categor\xC3\xAD"
		"a | Recurso |\n| - | - | - |\n| Shop | Orders | View |\n",
		"rows: Shop/Orders/View" },
	{ "quoted",
		"> | Product | Category | Resource |\n> | - | - | - |\n> | Shop | Orders | "
		"View |\n",
		"rows: Shop/Orders/View" },
	{ "code, links, entities",
		"| Product | Category | Resource |\n| - | - | - |\n| `Shop` | "
		"[Orders](https://a.b/c) | View &amp; edit |\n",
		"rows: Shop/Orders/View & edit" },
	{ "underscores are the name's",
		"| Product | Category | Resource |\n| - | - | - |\n| Units | units | "
		"**Edit_Org_Unit** |\n| Units | units | __View__ |\n",
		"rows: Units/units/Edit_Org_Unit; Units/units/View" },
	{ "escaped bar",
		"| Product | Category | Resource |\n| - | - | - |\n| Shop | Orders | A \\| "
		"B |\n",
		"rows: Shop/Orders/A | B" },
	{ "an empty row", TABLE ROW_A "| | | |\n", "rows: Shop/Orders/View orders" },
	{ "other titles",
		"| Product name | Categories | Resource name |\n| - | - | - |\n| Shop | "
		"Orders | View |\n",
		"rows: Shop/Orders/View" },
	{ "titles in capitals",
		"| PRODUCT | CATEGORY | RESOURCE |\n|-|-|-|\n| Shop | Orders | View |",
		"rows: Shop/Orders/View" },
	{ "titles with links, italics, tabs",
		"|\t[Product](x)\t| *Category* | [**Resource**](y) "
		"|\n|-|-|-|\n|\t[Shop](z)\t| "
		"*Orders* | `View` |",
		"rows: Shop/Orders/View" },
	{ "spaces that do not break",
		"| Product | Category\xC2\xA0| Resource |\n|-|-|-|\n| Shop | Orders | "
		"View\xC2\xA0it |",
		"rows: Shop/Orders/View it" },
	{ "indented, in a list",
		"- Rights:\n\n  | Product | Resource |\n  |-|-|\n  | Shop | View |",
		"rows: Shop//View" },
	{ "folded away", "<details><summary>Rights</summary>\n\n" TABLE ROW_A "\n</details>",
		"rows: Shop/Orders/View orders" },
	{ "beside a table in HTML about other things",
		TABLE ROW_A "\n<table><tr><td>Code</td><td>Meaning</td></tr></table>",
		"rows: Shop/Orders/View orders" },
	{ "a table that is commented out", "<!--\n" TABLE ROW_B "-->\n" TABLE ROW_A,
		"rows: Shop/Orders/View orders" },
	{ "another table beside it",
		TABLE ROW_A "\n| Role | Resource |\n| - | - |\n| Owner | X |\n",
		"rows: Shop/Orders/View orders" },
};

static void tables_are_read_however_they_are_set(void **state)
{
	check_rows(READ, ARRAY_LEN(READ));
}

static const struct row UNCLEAR[] = {
	{ "appropriate says not how many", "## Permissions\n\n" APPROPRIATE TABLE ROW_A ROW_B,
		"rows: Shop/Orders/View orders; Shop/Orders/Edit orders" },
	{ "all of them", "## Permissions\n\n" EACH TABLE ROW_A ROW_B, "all rows" },
	{ "one row is one row", "## Permissions\n\n" EACH TABLE ROW_A,
		"rows: Shop/Orders/View orders" },
	{ "all, then any",
		"## Permissions\n\n" EACH TABLE ROW_A ROW_B
		"\nAdd at least one of the resources above.\n",
		"rows: Shop/Orders/View orders; Shop/Orders/Edit orders" },
	{ "any, of another section",
		"Send at least one of the fields.\n## Permissions\n\n" EACH TABLE ROW_A ROW_B,
		"all rows" },
	{ "roles are not resources",
		"## Permissions\n\n" EACH TABLE ROW_A ROW_B "\nUse one of the following roles.\n",
		"all rows" },
	{ "both", "You need both of these.\n" TABLE ROW_A ROW_B, "all rows" },
	{ "both resources", "The key must have both resources.\n\n" TABLE ROW_A ROW_B, "all rows" },
	{ "all these", "Add all these to its role.\n\n" TABLE ROW_A ROW_B, "all rows" },
	{ "as well as", "You need the first as well as the second.\n\n" TABLE ROW_A ROW_B,
		"all rows" },
	{ "all, in Spanish", "Debe tener todos los recursos:\n\n" TABLE ROW_A ROW_B, "all rows" },
	{ "both, in Portuguese", "Precisa de ambos os recursos:\n\n" TABLE ROW_A ROW_B,
		"all rows" },
	{ "any, and one more", ANY TABLE ROW_A ROW_B "\nIt must also have the resource X.\n",
		"all rows" },
	{ "one of each", "At least one of the resources of each product:\n\n" TABLE ROW_A ROW_B,
		"all rows" },
	{ "a cell is missing", TABLE "| Shop | View |\n", "unreadable" },
	{ "an empty product", TABLE "| | Orders | View |\n", "unreadable" },
	{ "a cell too many", TABLE "| Shop | Orders | View | x |\n", "unreadable" },
	{ "two in a cell", TABLE "| Shop | Orders | **A** or **B** |\n", "unreadable" },
	{ "a line break in a cell", TABLE "| Shop | Orders | A<br/>B |\n", "unreadable" },
	{ "a column with a meaning",
		"| Product | Category | Resource | Method |\n| - | - | - | - |\n| Shop | "
		"Orders | View | GET |\n",
		"unreadable" },
	{ "a column twice",
		"| Product | Resource | Resource |\n| - | - | - |\n| Shop | View | Edit "
		"|\n",
		"unreadable" },
	{ "a column with numbers", "| # | Product | Resource |\n|-|-|-|\n| 1 | Shop | View |\n",
		"unreadable" },
	{ "titles that are not known",
		"| License Manager product | Category | Resource needed |\n|-|-|-|\n| Shop "
		"| "
		"Orders | View |\n",
		"unreadable" },
	{ "a title with a space of no width",
		"| Product | Category | Resource\xE2\x80\x8B |\n|-|-|-|\n| Shop | C | View "
		"|\n",
		"unreadable" },
	{ "struck out", TABLE "| Shop | Orders | ~~View~~ |\n" ROW_B, "unreadable" },
	{ "none", TABLE "| None | None | None |\n", "unreadable" },
	{ "not applicable", TABLE "| Shop | N/A | N/A |\n", "unreadable" },
	{ "any", TABLE "| Shop | Orders | Any |\n", "unreadable" },
	{ "a star", TABLE "| Shop | Orders | \\* |\n", "unreadable" },
	{ "a long dash", TABLE "| Shop | \xE2\x80\x94 | View |\n", "unreadable" },
	{ "the product of the row above", TABLE ROW_A "| | | Edit |\n", "unreadable" },
	{ "in HTML",
		"<table><tr><th>Product</th><th>Resource</th></tr><tr><td>Shop</"
		"td><td>View</td></tr>"
		"</table>",
		"unreadable" },
	{ "in HTML over lines",
		"<TABLE>\n<TR>\n<TH>Producto</TH>\n<TH>Recurso</TH>\n</TR>\n</TABLE>",
		"unreadable" },
	{ "in HTML beside one in Markdown",
		TABLE ROW_A "\n<table><tr><th>Product</th><th>Resource</th></tr></table>",
		"unreadable" },
	{ "line ends that are letters", "| Product | Resource |\\n|-|-|\\n| Shop | View |\\n",
		"unreadable" },
	{ "a comment that never ends", "<!-- " TABLE ROW_A, "none" },
	{ "no rows", TABLE, "unreadable" },
	{ "two tables", TABLE ROW_A "\n" TABLE ROW_B, "unreadable" },
	{ "a table and its denial", "This endpoint does not require permissions.\n\n" TABLE ROW_A,
		"contradiction" },
	{ "in a fence", "```\n" TABLE ROW_A "```\n", "none" },
	{ "a section without a table", "## Permissions\n\nYou need rights.\n", "unreadable" },
	{ "its heading in bold", "**Permissions**\n\nYou need rights.\n", "unreadable" },
	{ "its heading underlined", "Permissions\n-----------\n\nYou need rights.\n",
		"unreadable" },
	{ "its heading in HTML", "<h2>Permissions</h2>\n\nYou need rights.\n", "unreadable" },
	{ "its heading with a symbol", "## \xF0\x9F\x94\x90 Permissions\n\nYou need rights.\n",
		"unreadable" },
	{ "its heading with more words", "### Permissions required:\n\nYou need rights.\n",
		"unreadable" },
	{ "its heading in Spanish", "## Permisos requeridos\n\nPregunte.\n", "unreadable" },
	{ "none, without a sentence", "## Permissions\n\nNone.\n", "unreadable" },
	{ "somebody else knows", "## Permissions\n\nCheck with your service provider.\n",
		"ask provider" },
	{ "another heading", "## Storefront permissions\n\nYou need a role.\n", "none" },
	{ "nothing", "", "none" },
	{ "other text", "Lists orders. See [permissions](https://a.b).", "none" },
};

static void tables_that_are_not_clear_are_not_guessed(void **state)
{
	check_rows(UNCLEAR, ARRAY_LEN(UNCLEAR));
}

static void statements_that_nothing_is_needed(void **state)
{
	static const struct row ROWS[] = {
		{ "permissions",
			"## Permissions\n\nThis endpoint does not require "
			"[permissions](https://a.b/c).",
			"no permission" },
		{ "resources",
			"This endpoint does not require [License Manager resources](https://a.b).",
			"no permission" },
		{ "both",
			"This endpoint does not require [authentication](https://a.b) or "
			"[permissions](https://a.b).",
			"no authentication" },
		{ "brackets twice",
			"This endpoint is usually used internally for backend services and does "
			"not require user [permissions]((https://a.b)).",
			"no permission" },
		{ "authentication alone", "This endpoint does not require authentication.",
			"no authentication" },
		{ "contraction", "This request doesn't need any specific permissions.",
			"no permission" },
		{ "typographic apostrophe", "This request doesn\xE2\x80\x99t require permissions.",
			"no permission" },
		{ "requires no", "The operation requires no authentication.", "no authentication" },
		{ "no ... required", "Lists shops. No permissions are required.", "no permission" },
		{ "in brackets", "Lists shops (no authentication required).", "no authentication" },
		{ "after a dash", "Public - no authentication needed.", "no authentication" },
		{ "not required", "Authentication is not required.", "no authentication" },
		{ "wrapped over lines", "This endpoint does not\nrequire any\npermissions.",
			"no permission" },
		{ "a list item", "- This endpoint does not require authentication.",
			"no authentication" },
		{ "with a purpose", "This endpoint does not require permissions to be called.",
			"no permission" },
		{ "authorization is permission", "No authorization required", "no permission" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS));
}

static void statements_with_a_condition_are_none(void **state)
{
	static const struct row ROWS[] = {
		{ "if", "This endpoint does not require authentication if the cart is public.",
			"unreadable" },
		{ "when", "When called by a shopper, this endpoint does not require permissions.",
			"unreadable" },
		{ "unless", "No authentication is required unless the store is closed.",
			"unreadable" },
		{ "for some", "This endpoint does not require permissions for read access.",
			"unreadable" },
		{ "only", "Only this endpoint does not require authentication.", "unreadable" },
		{ "something else's", "The mobile app does not require authentication.",
			"unreadable" },
		{ "more than", "This endpoint does not require additional permissions.", "none" },
		{ "a request body", "This request does not require a request body.", "none" },
		{ "a parameter", "This endpoint does not require the name of the role.", "none" },
		{ "asked for elsewhere",
			"This endpoint does not require authentication.\n\nThe shopper must be "
			"authenticated.",
			"contradiction" },
		{ "denied", "It is not true that this endpoint does not require permissions.",
			"unreadable" },
		{ "and yet",
			"This endpoint does not require permissions. However, B2B stores need the "
			"Edit resource.",
			"contradiction" },
		{ "permissions of another kind, in a section of their own",
			"This endpoint does not require permissions.\n\n## Storefront\n\nThe "
			"shopper must "
			"have a role with this permission.",
			"no permission" },
		{ "no longer", "This endpoint no longer requires permissions.", "none" },
		{ "one sentence that is clear and one that is not",
			"This endpoint does not require permissions. It does not require "
			"authentication if "
			"the cart is public.",
			"unreadable" },
		{ "public, whatever that means", "This is a public endpoint.", "none" },
		{ "commented out", "<!-- This endpoint does not require permissions. -->", "none" },
		{ "another language", "Este endpoint no requiere permisos.", "none" },
		{ "its opposite", "This endpoint requires authentication.", "none" },
		{ "required", "Authentication is required.", "none" },
		{ "not only", "This endpoint does not only require permissions.", "none" },
	};

	check_rows(ROWS, ARRAY_LEN(ROWS));
}

static void hostile_markdown_takes_linear_time(void **state)
{
	struct buf text = buf_heap(1 << 23), actual = buf_heap(4096);

	for (int i = 0; i < 400000; i++)
		buf_append_str(&text, "](<a");
	describe(&actual, buf_str(&text));
	/* Too long a paragraph to understand is not understood. */
	CHECK_TEXT("brackets", buf_str(&actual), "unreadable");
	buf_free(&text);
	buf_free(&actual);
}

static void more_rows_than_a_route_takes_are_not_cut(void **state)
{
	struct buf text = buf_heap(1 << 20);

	for (unsigned extra = 0; extra < 2; extra++) {
		struct buf actual = buf_heap(1 << 16);

		buf_clear(&text);
		buf_append_str(&text, TABLE);
		for (unsigned i = 0; i < LIMIT_RESOURCES_PER_ROUTE + extra; i++)
			buf_printf(&text, "| Shop | C | R%u |\n", i);
		describe(&actual, buf_str(&text));
		if (extra == 0)
			CHECK_ROW("at the limit", strncmp(buf_str(&actual), "rows: ", 6) == 0);
		else
			CHECK_TEXT("one more", buf_str(&actual), "unreadable");
		buf_free(&actual);
	}
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_read_however_they_are_set),
		cmocka_unit_test(tables_that_are_not_clear_are_not_guessed),
		cmocka_unit_test(statements_that_nothing_is_needed),
		cmocka_unit_test(statements_with_a_condition_are_none),
		cmocka_unit_test(hostile_markdown_takes_linear_time),
		cmocka_unit_test(more_rows_than_a_route_takes_are_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
