/* llavero catalog: what each method and path needs. */
#include "cli/commands.h"

#include "base/limits.h"

#include <stdio.h>

static const struct column ROUTE[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_service", "service" },
	{ "cli.col_method", "method" },
	{ "cli.col_path", "path" },
	{ "cli.col_needs", "needs" },
	{ "cli.col_resources", "resources" },
	{ "cli.col_revision", "revision" },
};

/* A document as {"name","text"}, under the file's last name. */
static int put_document(struct cli *cli, const char *path, json_t *out)
{
	CLEANUP(buf_free)
	struct buf text = buf_heap(0);
	const char *slash = strrchr(path, '/');
	int code = input_file(cli, path, INPUT_OPEN, LIMIT_BODY_IMPORT, &text);

	if (code != EXIT_YES)
		return code;
	put_text(out, "name", slash != NULL ? slash + 1 : path);
	/* JSON could carry a NUL, but no reader of it would take one. */
	if (memchr(buf_str(&text), '\0', text.len) != NULL ||
		json_object_set_new(out, "text", json_stringn(buf_str(&text), text.len)) != 0)
		return cli_fail_with(cli, EXIT_REFUSED, "cli.not_utf8", "path", path);
	return EXIT_YES;
}

static int import_body(struct cli *cli, const struct cli_args *args, json_t *body)
{
	json_t *documents = json_array();

	(void)json_object_set_new(body, "documents", documents);
	for (size_t i = 0; i < args->operands_count; i++) {
		json_t *document = json_object();
		int code = put_document(cli, args->operands[i], document);

		(void)json_array_append_new(documents, document);
		if (code != EXIT_YES)
			return code;
	}
	put_text(body, "service", cli_value(args, "service"));
	put_text(body, "onConflict", cli_value(args, "on-conflict"));
	if (cli_flag(args, "ignore-servers"))
		put_text(body, "servers", "ignore");
	if (cli_flag(args, "prune"))
		(void)json_object_set_new(body, "prune", json_true());
	if (cli_flag(args, "dry-run"))
		(void)json_object_set_new(body, "dryRun", json_true());
	return EXIT_YES;
}

int run_catalog_import(struct cli *cli, const struct cli_args *args)
{
	struct client_answer answer;
	json_t *body = json_object();
	int code = import_body(cli, args, body);

	if (code != EXIT_YES) {
		json_decref(body);
		return code;
	}
	code = client_ask(cli,
		&(struct client_request){ .method = "POST",
			.path = "/v1/catalog/import",
			.json = body,
			.progress = true },
		409, &answer);
	json_decref(body);
	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES)
		show_catalog_import(cli, answer.json);
	/* Conflicts change nothing: somebody has to choose. */
	if (code == EXIT_YES && answer.status == 409) {
		cli_note(cli, "cli.catalog_conflicts", NULL, 0);
		code = EXIT_REFUSED;
	}
	client_answer_free(&answer);
	return code;
}

/* A catalogue as text, JSON with --json and YAML otherwise. */
static int print_catalog(struct cli *cli, const char *method, const char *path, json_t *body)
{
	struct client_answer answer;
	int code = client_ask(cli,
		&(struct client_request){ .method = method,
			.path = path,
			.json = body,
			.accept = cli->json ? "application/json" : "application/yaml" },
		0, &answer);

	json_decref(body);
	if (code == EXIT_YES)
		(void)fwrite(buf_str(&answer.body), 1, answer.body.len, stdout);
	client_answer_free(&answer);
	return code;
}

int run_catalog_export(struct cli *cli, const struct cli_args *args)
{
	(void)args;
	return print_catalog(cli, "GET", "/v1/catalog", NULL);
}

int run_catalog_suggest(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object();
	int code = put_document(cli, args->operands[0], body);

	if (code != EXIT_YES) {
		json_decref(body);
		return code;
	}
	put_text(body, "service", cli_value(args, "service"));
	return print_catalog(cli, "POST", "/v1/catalog/suggest", body);
}

int run_catalog_add(struct cli *cli, const struct cli_args *args)
{
	json_t *body, *resources = cli_values(args, "resource");
	int needs =
		(resources != NULL) + cli_flag(args, "authenticated") + cli_flag(args, "public");

	if (needs != 1) {
		json_decref(resources);
		return cli_fail(cli, EXIT_USAGE, "cli.one_need", NULL, 0);
	}
	body = json_object();
	put_text(body, "method", args->operands[0]);
	put_text(body, "path", args->operands[1]);
	put_text(body, "service", cli_value(args, "service"));
	if (resources != NULL)
		(void)json_object_set_new(body, "resources", resources);
	if (cli_flag(args, "authenticated"))
		(void)json_object_set_new(body, "authenticated", json_true());
	if (cli_flag(args, "public"))
		(void)json_object_set_new(body, "public", json_true());
	return send_and_show(cli, "POST", "/v1/routes", body, ROUTE, ARRAY_LEN(ROUTE));
}

/* Appends the path of the route that states exactly this method and path. */
static int route_path(struct cli *cli, const struct cli_args *args, struct buf *out)
{
	CLEANUP(buf_free)
	struct buf list = buf_heap(64 * KIB);
	const char *service = cli_value(args, "service");
	json_t *items, *item;
	size_t index;
	int code;

	buf_append_str(&list, "/v1/routes");
	client_query(&list, "service", service != NULL ? service : "default");
	client_query(&list, "q", args->operands[1]);
	code = client_collect(cli, buf_str(&list), 0, &items);
	if (code != EXIT_YES)
		return code;
	code = EXIT_REFUSED;
	json_array_foreach(items, index, item)
	{
		const char *method = json_string_value(json_object_get(item, "method"));
		const char *path = json_string_value(json_object_get(item, "path"));

		if (method == NULL || path == NULL || strcmp(method, args->operands[0]) != 0 ||
			strcmp(path, args->operands[1]) != 0)
			continue;
		buf_printf(out, "/v1/routes/%lld",
			(long long)json_integer_value(json_object_get(item, "id")));
		code = EXIT_YES;
	}
	json_decref(items);
	return code == EXIT_YES ? code : cli_fail(cli, EXIT_REFUSED, "cli.no_route", NULL, 0);
}

int run_catalog_remove(struct cli *cli, const struct cli_args *args)
{
	static const struct column done[] = { { "cli.col_revision", "revision" } };
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	int code = route_path(cli, args, &path);

	return code != EXIT_YES ? code
				: send_and_show(cli, "DELETE", buf_str(&path), NULL, done, 1);
}

/* For people: what the catalogue says of a request, as a sentence. */
static void match_in_words(const struct cli *cli, json_t *answer)
{
	static const char *const WORDS[][2] = {
		{ "none", "cli.match_none" },
		{ "found", "cli.match_found" },
		{ "ambiguous", "cli.match_ambiguous" },
		{ "path_refused", "cli.match_path_refused" },
	};
	const char *match = json_string_value(json_object_get(answer, "match"));

	for (size_t i = 0; match != NULL && i < ARRAY_LEN(WORDS); i++) {
		if (strcmp(match, WORDS[i][0]) == 0) {
			(void)json_object_set_new(
				answer, "match", json_string(cli_text(cli, WORDS[i][1])));
			return;
		}
	}
}

static int show_match(struct cli *cli, const char *path)
{
	static const struct column match[] = {
		{ "cli.col_match", "match" },
		{ "cli.col_service", "service" },
		{ "cli.col_unmapped", "unmapped" },
		{ "cli.col_reason", "reason" },
		{ "cli.col_path", "route.path" },
		{ "cli.col_needs", "route.needs" },
		{ "cli.col_resources", "route.resources" },
	};
	struct client_answer answer;
	int code = send_body(cli, "GET", path, NULL, &answer);

	if (code == EXIT_YES && cli->json) {
		(void)show_json(answer.json);
	} else if (code == EXIT_YES) {
		match_in_words(cli, answer.json);
		show_fields(cli, answer.json, match, ARRAY_LEN(match));
	}
	client_answer_free(&answer);
	return code;
}

int run_catalog_show(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(64 * KIB);

	if (args->operands_count == 0) {
		buf_append_str(&path, "/v1/routes");
		client_query(&path, "service", cli_value(args, "service"));
		client_query(&path, "q", cli_value(args, "search"));
		return list_and_show(cli, buf_str(&path), ROUTE, 6);
	}
	if (args->operands_count == 1)
		return cli_fail(cli, EXIT_USAGE, "cli.method_and_path", NULL, 0);
	buf_append_str(&path, "/v1/routes/match");
	client_query(&path, "method", args->operands[0]);
	client_query(&path, "path", args->operands[1]);
	client_query(&path, "host", cli_value(args, "host"));
	return show_match(cli, buf_str(&path));
}

static const struct column RESOURCE[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_product", "product" },
	{ "cli.col_key", "key" },
	{ "cli.col_name", "name" },
	{ "cli.col_revision", "revision" },
};

int run_resource_list(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	buf_append_str(&path, "/v1/resources");
	client_query(&path, "q", cli_value(args, "search"));
	return list_and_show(cli, buf_str(&path), RESOURCE, 4);
}

int run_resource_create(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object();

	put_text(body, "product", args->operands[0]);
	put_text(body, "key", args->operands[1]);
	put_text(body, "category", cli_value(args, "category"));
	put_text(body, "name", cli_value(args, "name"));
	return send_and_show(cli, "POST", "/v1/resources", body, RESOURCE, ARRAY_LEN(RESOURCE));
}
