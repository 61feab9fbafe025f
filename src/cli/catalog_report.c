/* What an import found and changed, for people. Lists of what went well are cut; the others are
 * whole. */
#include "cli/commands.h"

#include "base/limits.h"

#include <stdio.h>

#define DIFF_ROWS_MAX 40u

/* "public", "Checkout/GetOrderForm, OMS/ViewOrder", "nobody"; "-" when there is none. */
static void append_need(struct cli *cli, const json_t *need, struct buf *out)
{
	const json_t *resources = json_object_get(need, "resources");
	const char *key = NULL;

	if (json_is_true(json_object_get(need, "public")))
		key = "cli.need_public";
	else if (json_is_true(json_object_get(need, "authenticated")))
		key = "cli.need_authenticated";
	else if (resources != NULL && json_array_size(resources) == 0)
		key = "cli.need_nobody";
	if (key != NULL)
		buf_append_str(out, cli_text(cli, key));
	else
		show_value(out, resources);
}

static void put_buf(json_t *row, const char *name, struct buf *text)
{
	(void)json_object_set_new(row, name, json_stringn(buf_str(text), text->len));
	buf_free(text);
}

/* sources: the documents that say so, one a line; a person when there is none. */
static void put_need(
	struct cli *cli, json_t *row, const char *name, const json_t *need, const char *sources)
{
	struct buf text = buf_heap(MIB);

	append_need(cli, need, &text);
	if (sources != NULL && sources[0] != '\0') {
		buf_append_str(&text, " (");
		for (; *sources != '\0'; sources++) {
			if (*sources == '\n')
				buf_append_str(&text, ", ");
			else
				buf_append_char(&text, *sources);
		}
		buf_append_char(&text, ')');
	}
	put_buf(row, name, &text);
}

static const char *member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

/* What an item is about: "GET /orders/{id}", "OMS/ViewOrder", or a name. */
static void put_subject(json_t *row, const char *name, const json_t *item)
{
	struct buf text = buf_heap(64 * KIB);

	if (json_object_get(item, "path") != NULL)
		buf_printf(&text, "%s %s", member_text(item, "method"), member_text(item, "path"));
	else
		show_value(&text, item);
	put_buf(row, name, &text);
}

static void show_conflicts(struct cli *cli, const json_t *answer)
{
	static const struct column columns[] = {
		{ "cli.col_what", "what" },
		{ "cli.col_there", "there" },
		{ "cli.col_incoming", "incoming" },
		{ "cli.col_result", "result" },
	};
	const json_t *list = json_object_get(answer, "conflicts"), *item;
	/* Under "fail" nothing came of them. */
	bool settled = json_object_get(answer, "code") == NULL;
	json_t *rows = json_array();
	size_t i;

	json_array_foreach(list, i, item)
	{
		json_t *row = json_object();

		put_subject(row, "what", item);
		put_need(cli, row, "there", json_object_get(item, "there"),
			member_text(item, "thereSources"));
		put_need(cli, row, "incoming", json_object_get(item, "incoming"),
			member_text(item, "incomingSources"));
		put_need(cli, row, "result", json_object_get(item, "result"), NULL);
		(void)json_array_append_new(rows, row);
	}
	if (json_array_size(rows) > 0) {
		cli_say(cli, "cli.conflicts", NULL, 0);
		show_table(cli, rows, columns, ARRAY_LEN(columns) - !settled);
	}
	json_decref(rows);
}

static void show_ambiguous(struct cli *cli, const json_t *answer)
{
	static const struct column columns[] = {
		{ "cli.col_example", "example" },
		{ "cli.col_route", "route" },
		{ "cli.col_other_route", "other" },
	};
	const json_t *list = json_object_get(answer, "ambiguous"), *item;
	json_t *rows = json_array();
	size_t i;

	json_array_foreach(list, i, item)
	{
		json_t *row = json_object();

		put_subject(row, "example", item);
		put_subject(row, "route", json_object_get(item, "route"));
		put_subject(row, "other", json_object_get(item, "otherRoute"));
		(void)json_array_append_new(rows, row);
	}
	if (json_array_size(rows) > 0) {
		cli_say(cli, "cli.ambiguous", NULL, 0);
		show_table(cli, rows, columns, ARRAY_LEN(columns));
	}
	if (json_is_true(json_object_get(answer, "ambiguousIncomplete")))
		cli_say(cli, "cli.ambiguous_incomplete", NULL, 0);
	json_decref(rows);
}

static const char *change_text(struct cli *cli, const char *change)
{
	if (strcmp(change, "added") == 0)
		return cli_text(cli, "cli.change_added");
	if (strcmp(change, "removed") == 0)
		return cli_text(cli, "cli.change_removed");
	return cli_text(
		cli, strcmp(change, "changed") == 0 ? "cli.change_changed" : "cli.change_noted");
}

static json_t *diff_row(struct cli *cli, const json_t *item)
{
	json_t *row = json_object();

	put_text(row, "change", change_text(cli, member_text(item, "change")));
	put_subject(row, "what", item);
	if (json_object_get(item, "before") != NULL)
		put_need(cli, row, "before", json_object_get(item, "before"), NULL);
	if (json_object_get(item, "after") != NULL)
		put_need(cli, row, "after", json_object_get(item, "after"), NULL);
	return row;
}

/* What takes or changes somebody's access goes before what is new; resources that are new, last. */
static int rank_of(const json_t *item)
{
	if (strcmp(member_text(item, "change"), "added") != 0)
		return 0;
	return strcmp(member_text(item, "kind"), "resource") == 0 ? 2 : 1;
}

static void show_diff(struct cli *cli, const json_t *answer)
{
	static const struct column columns[] = {
		{ "cli.col_change", "change" },
		{ "cli.col_what", "what" },
		{ "cli.col_before", "before" },
		{ "cli.col_after", "after" },
	};
	const json_t *list = json_object_get(answer, "diff"), *item;
	json_t *rows = json_array();
	size_t i;

	for (int rank = 0; rank < 3; rank++) {
		json_array_foreach(list, i, item)
		{
			if (rank_of(item) == rank &&
				(rank == 0 || json_array_size(rows) < DIFF_ROWS_MAX))
				(void)json_array_append_new(rows, diff_row(cli, item));
		}
	}
	if (json_array_size(rows) > 0) {
		cli_say(cli,
			json_is_true(json_object_get(answer, "dryRun")) ? "cli.diff_dry"
									: "cli.diff",
			NULL, 0);
		show_table(cli, rows, columns, ARRAY_LEN(columns));
	}
	if (json_array_size(rows) < json_array_size(list)) {
		char memory[24];
		struct buf count = BUF_ARRAY(memory);

		buf_append_u64(&count, json_array_size(list) - json_array_size(rows));
		cli_say(cli, "cli.diff_more", &(struct message_arg){ "count", buf_span(&count) },
			1);
	}
	json_decref(rows);
}

void show_catalog_import(struct cli *cli, const json_t *answer)
{
	static const struct column counts[] = {
		{ "cli.col_routes", "routes" },
		{ "cli.col_resources", "resources" },
		{ "cli.col_added", "added" },
		{ "cli.col_changed", "changed" },
		{ "cli.col_removed", "removed" },
		{ "cli.col_unchanged", "unchanged" },
		{ "cli.col_revision", "revision" },
	};
	static const struct column undecided[] = {
		{ "cli.col_document", "document" },
		{ "cli.col_method", "method" },
		{ "cli.col_path", "path" },
		{ "cli.col_detail", "detail" },
	};
	const json_t *list = json_object_get(answer, "undecided");

	show_fields(cli, answer, counts, ARRAY_LEN(counts));
	show_diff(cli, answer);
	if (json_array_size(list) > 0) {
		cli_say(cli, "cli.undecided", NULL, 0);
		show_table(cli, list, undecided, ARRAY_LEN(undecided));
	}
	show_ambiguous(cli, answer);
	show_conflicts(cli, answer);
}
