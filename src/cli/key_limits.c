#include "cli/key_limits.h"

#include "base/allowance.h"
#include "base/limits.h"

/* "100/second" -> {"count":100,"per":"second"}; the keeper knows which periods there are. */
static json_t *item_of(const char *text)
{
	struct span per;
	uint64_t count;

	if (allowance_item_parse(span_str(text), &count, &per) != ST_OK || count > INT64_MAX)
		return NULL;
	return json_pack("{s:I,s:s%}", "count", (json_int_t)count, "per", per.ptr, per.len);
}

static int put_rates(struct cli *cli, const struct cli_args *args, json_t *limits)
{
	json_t *texts = cli_values(args, "rate"), *rates = json_array();
	const json_t *text;
	size_t i;
	int code = EXIT_YES;

	json_array_foreach(texts, i, text)
	{
		json_t *item = item_of(json_string_value(text));

		if (item == NULL) {
			code = cli_fail_with(cli, EXIT_USAGE, "cli.limit_form", "option", "--rate");
			break;
		}
		(void)json_array_append_new(rates, item);
	}
	(void)json_object_set_new(limits, "rate", rates);
	json_decref(texts);
	return code;
}

static int put_quota(struct cli *cli, const struct cli_args *args, json_t *limits)
{
	const char *text = cli_value(args, "quota");
	json_t *item = text == NULL ? json_null() : item_of(text);

	if (item == NULL)
		return cli_fail_with(cli, EXIT_USAGE, "cli.limit_form", "option", "--quota");
	(void)json_object_set_new(limits, "quota", item);
	return EXIT_YES;
}

int limits_put(struct cli *cli, const struct cli_args *args, json_t *body)
{
	bool given = cli_value(args, "rate") != NULL || cli_value(args, "quota") != NULL;
	json_t *limits;
	int code;

	if (given && cli_flag(args, "no-limits"))
		return cli_fail(cli, EXIT_USAGE, "cli.limits_both", NULL, 0);
	if (cli_flag(args, "no-limits"))
		(void)json_object_set_new(body, "limits", json_null());
	if (!given)
		return EXIT_YES;
	limits = json_object();
	code = put_rates(cli, args, limits);
	if (code == EXIT_YES)
		code = put_quota(cli, args, limits);
	(void)json_object_set_new(body, "limits", limits);
	return code;
}

static void append_limit(struct buf *out, const json_t *item, bool quota)
{
	const char *per = json_string_value(json_object_get(item, "per"));

	buf_printf(out, "%s%s%lld/%s", out->len > 0 ? ", " : "", quota ? "quota " : "",
		(long long)json_integer_value(json_object_get(item, "count")),
		per == NULL ? "" : per);
}

void limits_in_words(json_t *key)
{
	const json_t *limits = json_object_get(key, "limits"), *item;
	struct buf text = buf_heap(KIB);
	size_t i;

	if (json_is_object(limits)) {
		json_array_foreach(json_object_get(limits, "rate"), i, item)
			append_limit(&text, item, false);
		if (json_is_object(json_object_get(limits, "quota")))
			append_limit(&text, json_object_get(limits, "quota"), true);
		(void)json_object_set_new(key, "limits", json_string(buf_str(&text)));
	}
	buf_free(&text);
}

static void add_row(json_t *rows, const json_t *item, bool quota)
{
	struct buf text = buf_heap(KIB);

	append_limit(&text, item, quota);
	(void)json_array_append_new(rows, json_pack("{s:s,s:O?,s:O?}", "limit", buf_str(&text),
						  "left", json_object_get(item, "remaining"),
						  "resets", json_object_get(item, "resetsAt")));
	buf_free(&text);
}

void limits_show_state(const struct cli *cli, const json_t *key)
{
	static const struct column columns[] = {
		{ "cli.col_limit", "limit" },
		{ "cli.col_left", "left" },
		{ "cli.col_resets", "resets" },
	};
	const json_t *state = json_object_get(key, "limitsState"), *item;
	json_t *rows;
	size_t i;

	if (!json_is_object(state))
		return;
	rows = json_array();
	json_array_foreach(json_object_get(state, "rate"), i, item) add_row(rows, item, false);
	if (json_is_object(json_object_get(state, "quota")))
		add_row(rows, json_object_get(state, "quota"), true);
	(void)putchar('\n');
	show_table(cli, rows, columns, ARRAY_LEN(columns));
	json_decref(rows);
}
