/*
 * llavero handover: the one-time links that hand a token over. key create and key rotate make
 * them; here they are listed and withdrawn, and the one who got a link looks at it and opens it.
 */
#include "cli/commands.h"

#include "base/limits.h"

static const struct column WAITING[] = {
	{ "cli.col_app_key", "appKey" },
	{ "cli.col_label", "label" },
	{ "cli.col_created", "handover.createdAt" },
	{ "cli.col_expires", "handover.expiresAt" },
};

static const struct column KEY[] = {
	{ "cli.col_app_key", "appKey" },
	{ "cli.col_label", "label" },
	{ "cli.col_state", "state" },
	{ "cli.col_revision", "revision" },
};

static const struct column LOOKED[] = {
	{ "cli.col_state", "state" },
	{ "cli.col_account", "account" },
	{ "cli.col_label", "label" },
	{ "cli.col_expires", "expiresAt" },
	{ "cli.col_opened", "openedAt" },
};

static const struct column OPENED[] = {
	{ "cli.col_app_key", "appKey" },
	{ "cli.col_app_token", "appToken" },
	{ "cli.col_account", "account" },
	{ "cli.col_label", "label" },
};

int run_handover_list(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	json_t *keys;
	int code;

	buf_append_str(&path, "/v1/keys?alert=link_waiting");
	client_query(&path, "account", cli_value(args, "account"));
	code = client_collect(cli, buf_str(&path), 0, &keys);
	if (code != EXIT_YES)
		return code;
	show_items(cli, keys, WAITING, ARRAY_LEN(WAITING));
	json_decref(keys);
	return EXIT_YES;
}

int run_handover_withdraw(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	client_path(&path, "/v1/keys/%s/handover", args->operands[0]);
	return send_and_show(cli, "DELETE", buf_str(&path), NULL, KEY, ARRAY_LEN(KEY));
}

/* Whoever holds the link may: no session goes along. */
static int ask_share(struct cli *cli, const struct cli_args *args, const char *path,
	const struct column *columns, size_t columns_count)
{
	struct client_answer answer = { .body = buf_heap(1) };
	json_t *body = json_object();
	int code = put_link(cli, args, body, "secret");

	if (code == EXIT_YES)
		code = client_ask(cli,
			&(struct client_request){ .method = "POST",
				.path = path,
				.json = body,
				.without_session = true },
			0, &answer);
	if (code == EXIT_YES)
		show_one(cli, answer.json, columns, columns_count);
	json_decref(body);
	client_answer_free(&answer);
	return code;
}

int run_handover_look(struct cli *cli, const struct cli_args *args)
{
	return ask_share(cli, args, "/v1/share/look", LOOKED, ARRAY_LEN(LOOKED));
}

int run_handover_open(struct cli *cli, const struct cli_args *args)
{
	int code = ask_share(cli, args, "/v1/share/open", OPENED, ARRAY_LEN(OPENED));

	if (code == EXIT_YES && !cli->json)
		cli_note(cli, "cli.token_once", NULL, 0);
	return code;
}
