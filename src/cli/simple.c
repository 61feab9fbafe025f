#include "cli/commands.h"

int need_account(struct cli *cli, const struct cli_args *args)
{
	if (cli_value(args, "account") != NULL)
		return EXIT_YES;
	return cli_fail_with(cli, EXIT_USAGE, "cli.option_missing", "name", "account");
}

void put_text(json_t *object, const char *name, const char *value)
{
	if (value != NULL)
		(void)json_object_set_new(object, name, json_string(value));
}

int send_body(struct cli *cli, const char *method, const char *path, json_t *body,
	struct client_answer *answer)
{
	int code = client_ask(cli,
		&(struct client_request){ .method = method, .path = path, .json = body }, 0,
		answer);

	json_decref(body);
	return code;
}

int send_and_show(struct cli *cli, const char *method, const char *path, json_t *body,
	const struct column *columns, size_t columns_count)
{
	struct client_answer answer;
	int code = send_body(cli, method, path, body, &answer);

	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES)
		show_fields(cli, answer.json, columns, columns_count);
	client_answer_free(&answer);
	return code;
}

int send_and_show_link(struct cli *cli, const char *path, json_t *body,
	const struct column *columns, size_t columns_count)
{
	struct client_answer answer;
	const char *link;
	int code = send_body(cli, "POST", path, body, &answer);

	if (code == EXIT_YES && cli->json) {
		(void)show_json(answer.json);
	} else if (code == EXIT_YES) {
		show_fields(cli, answer.json, columns, columns_count);
		link = json_string_value(json_object_get(answer.json, "enrolment"));
		/* A keeper without an address knows the path alone. */
		cli_note(cli,
			link != NULL && link[0] == '/' ? "login.link_nowhere" : "login.link_next",
			NULL, 0);
	}
	client_answer_free(&answer);
	return code;
}

void show_items(const struct cli *cli, const json_t *items, const struct column *columns,
	size_t columns_count)
{
	if (cli->json)
		(void)show_json(items);
	else if (json_array_size(items) == 0)
		cli_say(cli, "cli.nothing", NULL, 0);
	else
		show_table(cli, items, columns, columns_count);
}

int list_and_show(
	struct cli *cli, const char *path, const struct column *columns, size_t columns_count)
{
	json_t *items;
	int code = client_collect(cli, path, 0, &items);

	if (code != EXIT_YES)
		return code;
	show_items(cli, items, columns, columns_count);
	json_decref(items);
	return EXIT_YES;
}
