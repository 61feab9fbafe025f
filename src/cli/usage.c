/* llavero usage and llavero refusals: how keys are used, and who was refused lately. */
#include "cli/usage.h"

#include "base/limits.h"

#include <stdio.h>

#define LIST_DEFAULT 50u

static const struct column SUMS[] = {
	{ "cli.col_allowed", "allowed" },
	{ "cli.col_refused", "refused" },
	{ "use.since", "since" },
	{ "use.until", "until" },
	{ "use.counted_since", "countedSince" },
	{ "use.counted_until", "countedUntil" },
};

static int take_limit(struct cli *cli, const struct cli_args *args, size_t *inout_limit)
{
	const char *text = cli_value(args, "limit");
	uint64_t limit;

	if (text == NULL)
		return EXIT_YES;
	if (!span_to_u64(span_str(text), &limit) || limit > INT32_MAX)
		return cli_fail_with(cli, EXIT_USAGE, "cli.not_a_number", "name", "limit");
	*inout_limit = (size_t)limit;
	return EXIT_YES;
}

/* What an item of these sums is of. */
static struct column sum_of(const char *by)
{
	if (by == NULL || strcmp(by, "time") == 0)
		return (struct column){ "cli.col_time", "at" };
	if (strcmp(by, "key") == 0)
		return (struct column){ "cli.col_app_key", "key.appKey" };
	if (strcmp(by, "route") == 0)
		return (struct column){ "cli.col_route", "route.path" };
	if (strcmp(by, "resource") == 0)
		return (struct column){ "cli.col_resource", "resource" };
	return (struct column){ "cli.col_cause", "cause" };
}

/* The second column of keys and routes; else there is none. */
static size_t more_of(const char *by, struct column *out)
{
	if (by != NULL && strcmp(by, "key") == 0)
		*out = (struct column){ "cli.col_label", "key.label" };
	else if (by != NULL && strcmp(by, "route") == 0)
		*out = (struct column){ "cli.col_method", "route.method" };
	else
		return 0;
	return 1;
}

static void show_sums(const struct cli *cli, const char *by, const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items");
	struct column columns[4] = { sum_of(by) };
	size_t count = 1 + more_of(by, &columns[1]);

	columns[count++] = (struct column){ "cli.col_allowed", "allowed" };
	columns[count++] = (struct column){ "cli.col_refused", "refused" };
	show_fields(cli, answer, SUMS, ARRAY_LEN(SUMS));
	if (json_array_size(items) == 0)
		return;
	printf("\n");
	show_table(cli, items, columns, count);
}

/* The sums of the first page hold for all of them; its items are those that count most. */
int run_usage(struct cli *cli, const struct cli_args *args)
{
	static const char *const filters[][2] = { { "account", "account" }, { "key", "key" },
		{ "route", "route-id" }, { "resource", "resource-id" }, { "cause", "cause" },
		{ "verdict", "verdict" }, { "since", "since" }, { "until", "until" },
		{ "step", "step" }, { "by", "by" }, { "limit", "limit" } };
	CLEANUP(buf_free)
	struct buf path = buf_heap(16 * KIB);
	struct client_answer answer;
	size_t limit = 0;
	int code = take_limit(cli, args, &limit);

	if (code != EXIT_YES)
		return code;
	buf_append_str(&path, "/v1/usage");
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		client_query(&path, filters[i][0], cli_value(args, filters[i][1]));
	code = send_body(cli, "GET", buf_str(&path), NULL, &answer);
	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES)
		show_sums(cli, cli_value(args, "by"), answer.json);
	client_answer_free(&answer);
	return code;
}

int run_usage_resources(struct cli *cli, const struct cli_args *args)
{
	static const struct column columns[] = {
		{ "cli.col_resource", "resource" },
		{ "use.last_day", "lastDay" },
		{ "cli.col_profiles", "profiles" },
	};
	CLEANUP(buf_free)
	struct buf path = buf_heap(4 * KIB);
	int code = need_account(cli, args);

	if (code != EXIT_YES)
		return code;
	buf_append_str(&path, "/v1/usage/resources");
	client_query(&path, "account", cli_value(args, "account"));
	client_query(&path, "unusedDays", cli_value(args, "unused-days"));
	return list_and_show(cli, buf_str(&path), columns, ARRAY_LEN(columns));
}

int run_usage_retired(struct cli *cli, const struct cli_args *args)
{
	static const struct column columns[] = {
		{ "cli.col_app_key", "key.appKey" },
		{ "cli.col_label", "key.label" },
		{ "use.token", "token" },
		{ "use.address", "address" },
		{ "use.uses", "uses" },
		{ "cli.col_used", "at" },
	};
	CLEANUP(buf_free)
	struct buf path = buf_heap(4 * KIB);

	buf_append_str(&path, "/v1/usage/retired-tokens");
	client_query(&path, "account", cli_value(args, "account"));
	client_query(&path, "since", cli_value(args, "since"));
	return list_and_show(cli, buf_str(&path), columns, ARRAY_LEN(columns));
}

int run_refusals_list(struct cli *cli, const struct cli_args *args)
{
	static const struct column columns[] = {
		{ "cli.col_time", "at" },
		{ "cli.col_cause", "cause" },
		{ "cli.col_app_key", "key.appKey" },
		{ "cli.col_method", "method" },
		{ "cli.col_path", "path" },
		{ "use.address", "address" },
		{ "use.request_id", "requestId" },
	};
	static const char *const filters[][2] = { { "account", "account" }, { "key", "key" },
		{ "cause", "cause" }, { "address", "from" }, { "requestId", "request-id" },
		{ "since", "since" }, { "until", "until" } };
	CLEANUP(buf_free)
	struct buf path = buf_heap(16 * KIB);
	size_t limit = LIST_DEFAULT;
	json_t *items;
	int code = take_limit(cli, args, &limit);

	buf_append_str(&path, "/v1/refusals");
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		client_query(&path, filters[i][0], cli_value(args, filters[i][1]));
	if (code == EXIT_YES)
		code = client_collect(cli, buf_str(&path), limit, &items);
	if (code != EXIT_YES)
		return code;
	show_items(cli, items, columns, ARRAY_LEN(columns));
	if (!cli->json && json_array_size(items) > 0)
		cli_note(cli, "use.explain_next", NULL, 0);
	json_decref(items);
	return EXIT_YES;
}

/* ---- key show ---- */

/* One row a client that sent a token: the older of two live ones is still in use by these. */
static json_t *rows_of_tokens(const json_t *tokens)
{
	json_t *rows = json_array();
	const json_t *token, *client;
	size_t i, k;

	json_array_foreach(tokens, i, token)
	{
		json_array_foreach(json_object_get(token, "clients"), k, client)
		{
			json_t *row = json_copy((json_t *)(uintptr_t)client);

			(void)json_object_set(row, "token", json_object_get(token, "token"));
			(void)json_object_set(row, "kind", json_object_get(token, "kind"));
			(void)json_array_append_new(rows, row);
		}
	}
	return rows;
}

static void show_part(const struct cli *cli, const json_t *items, const struct column *columns,
	size_t columns_count)
{
	if (json_array_size(items) == 0)
		return;
	printf("\n");
	show_table(cli, items, columns, columns_count);
}

int usage_ask_key(struct cli *cli, const char *app_key, json_t **out_usage)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	struct client_answer answer;
	int code;

	*out_usage = NULL;
	client_path(&path, "/v1/keys/%s/usage", app_key);
	/* Of a key of another account nothing is told. */
	code = client_ask(cli,
		&(struct client_request){ .method = "GET", .path = buf_str(&path), .quiet = true },
		404, &answer);
	if (code == EXIT_YES && answer.status == 200)
		*out_usage = json_incref(answer.json);
	client_answer_free(&answer);
	return code;
}

void usage_show_key(const struct cli *cli, const json_t *usage)
{
	static const struct column sums[] = {
		{ "cli.col_used", "lastUse.at" },
		{ "use.from", "lastUse.address" },
		{ "use.gateway", "lastUse.gateway" },
		{ "use.allowed_30", "allowed" },
		{ "use.refused_30", "refused" },
	};
	static const struct column clients[] = {
		{ "use.token", "token" },
		{ "cli.col_state", "kind" },
		{ "use.address", "address" },
		{ "cli.col_used", "at" },
	};
	static const struct column causes[] = {
		{ "cli.col_cause", "cause" },
		{ "use.refused_30", "refused" },
	};
	json_t *rows = rows_of_tokens(json_object_get(usage, "tokens"));

	if (json_is_null(json_object_get(usage, "lastUse")))
		cli_say(cli, "use.never", NULL, 0);
	show_fields(cli, usage, sums, ARRAY_LEN(sums));
	show_part(cli, rows, clients, ARRAY_LEN(clients));
	show_part(cli, json_object_get(usage, "causes"), causes, ARRAY_LEN(causes));
	json_decref(rows);
}
