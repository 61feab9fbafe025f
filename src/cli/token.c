/* llavero token create, list, revoke: management tokens for machines. One is printed once. */
#include "cli/commands.h"

#include "base/limits.h"

static const struct column TOKEN[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_machine_token", "token" },
	{ "cli.col_label", "label" },
	{ "cli.col_account", "account" },
	{ "cli.col_rights", "rights" },
	{ "cli.col_addresses", "addresses" },
	{ "cli.col_expires", "expiresAt" },
	{ "cli.col_revoked", "revokedAt" },
	{ "cli.col_used", "usedAt" },
	{ "cli.col_revision", "revision" },
};

static const struct column ROW[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_label", "label" },
	{ "cli.col_rights", "rights" },
	{ "cli.col_addresses", "addresses" },
	{ "cli.col_expires", "expiresAt" },
	{ "cli.col_revoked", "revokedAt" },
	{ "cli.col_used", "usedAt" },
};

int run_token_create(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object();
	int code;

	put_text(body, "account", cli_value(args, "account"));
	put_text(body, "label", cli_value(args, "label"));
	put_text(body, "expiresAt", cli_value(args, "expires"));
	(void)json_object_set_new(body, "rights", cli_values(args, "right"));
	(void)json_object_set_new(body, "addresses", cli_values(args, "address"));
	code = send_and_show(cli, "POST", "/v1/management-tokens", body, TOKEN, ARRAY_LEN(TOKEN));
	if (code == EXIT_YES && !cli->json)
		cli_note(cli, "cli.machine_token_once", NULL, 0);
	return code;
}

int run_token_list(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	buf_append_str(&path, "/v1/management-tokens");
	client_query(&path, "account", cli_value(args, "account"));
	client_query(&path, "q", cli_value(args, "search"));
	return list_and_show(cli, buf_str(&path), ROW, ARRAY_LEN(ROW));
}

int run_token_revoke(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	client_path(&path, "/v1/management-tokens/%s", args->operands[0]);
	return send_and_show(cli, "DELETE", buf_str(&path), NULL, TOKEN, ARRAY_LEN(TOKEN));
}
