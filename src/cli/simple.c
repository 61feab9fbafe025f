#include "cli/commands.h"

#include "base/limits.h"

int need_account(struct cli *cli, const struct cli_args *args)
{
	if (cli_value(args, "account") != NULL || cli->url != NULL)
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

void put_switch(json_t *object, const char *name, const char *value)
{
	if (value != NULL)
		(void)json_object_set_new(object, name, json_boolean(strcmp(value, "on") == 0));
}

int put_secret(const struct cli *cli, json_t *body, const char *name, const char *path,
	const char *prompt_key)
{
	CLEANUP(buf_wipe)
	struct buf secret;
	int code = input_secret(cli, path, prompt_key, &secret);

	if (code == EXIT_YES)
		(void)json_object_set_new(body, name, json_stringn(buf_str(&secret), secret.len));
	return code;
}

/* "https://host/enrol" is of the keeper at https://host: asked there, unless another is named. */
static void take_link_url(struct cli *cli, struct span page)
{
	size_t end = page.len;

	while (end > 0 && page.ptr[end - 1] != '/')
		end--;
	if (cli->url != NULL || end == 0 || !span_starts_with(page, SPAN_LIT("http")))
		return;
	buf_append(cli->link_url, span_part(page, 0, end - 1));
	cli->url = buf_str(cli->link_url);
}

int put_link(struct cli *cli, const struct cli_args *args, json_t *body, const char *member)
{
	CLEANUP(buf_wipe)
	struct buf link;
	int code = input_secret(cli, cli_value(args, "link-file"), "login.ask_link", &link);
	struct span secret = buf_span(&link);
	size_t at = span_find(secret, '#');

	if (code != EXIT_YES)
		return code;
	if (at < secret.len) {
		take_link_url(cli, span_part(secret, 0, at));
		secret = span_part(secret, at + 1, secret.len);
	}
	(void)json_object_set_new(body, member, json_stringn(secret.ptr, secret.len));
	return cli->url == NULL ? EXIT_YES : session_check_url(cli);
}

void show_one(const struct cli *cli, const json_t *object, const struct column *columns,
	size_t columns_count)
{
	if (cli->json)
		(void)show_json(object);
	else
		show_fields(cli, object, columns, columns_count);
}

int send_and_say(
	struct cli *cli, const char *method, const char *path, json_t *body, const char *done_key)
{
	struct client_answer answer;
	int code = send_body(cli, method, path, body, &answer);

	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES)
		cli_say(cli, done_key, NULL, 0);
	client_answer_free(&answer);
	return code;
}

int send_and_show(struct cli *cli, const char *method, const char *path, json_t *body,
	const struct column *columns, size_t columns_count)
{
	struct client_answer answer;
	int code = send_body(cli, method, path, body, &answer);

	if (code == EXIT_YES)
		show_one(cli, answer.json, columns, columns_count);
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
		/* A keeper without an address knows the path alone; a machine is shown none. */
		cli_note(cli,
			link == NULL     ? "login.link_none"
			: link[0] == '/' ? "login.link_nowhere"
					 : "login.link_next",
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
