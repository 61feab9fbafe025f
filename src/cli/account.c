/* llavero account, user create, user list. */
#include "cli/commands.h"

#include "base/limits.h"

static const struct column ACCOUNT[] = {
	{ "cli.col_account", "name" },
	{ "cli.col_display_name", "displayName" },
	{ "cli.col_state", "state" },
	{ "cli.col_hosts", "hosts" },
	{ "login.col_installation", "managesInstallation" },
	{ "cli.col_created", "createdAt" },
	{ "cli.col_revision", "revision" },
};

/* A new one has its owner's link, which is shown this once. */
static const struct column ACCOUNT_MADE[] = {
	{ "cli.col_account", "name" },
	{ "cli.col_display_name", "displayName" },
	{ "login.col_enrolment", "enrolment" },
	{ "cli.col_revision", "revision" },
};

static const struct column USER[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_email", "email" },
	{ "cli.col_name", "name" },
	{ "cli.col_owner", "owner" },
	{ "cli.col_state", "state" },
	{ "login.col_enrolled", "enrolled" },
	{ "cli.col_profiles", "profiles" },
};

/* A new one has a link, which is shown this once. */
static const struct column USER_MADE[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_email", "email" },
	{ "cli.col_name", "name" },
	{ "login.col_enrolment", "enrolment" },
};

int run_account_create(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object();

	put_text(body, "name", args->operands[0]);
	put_text(body, "owner", cli_value(args, "owner"));
	put_text(body, "displayName", cli_value(args, "display-name"));
	return send_and_show_link(cli, "/v1/accounts", body, ACCOUNT_MADE, ARRAY_LEN(ACCOUNT_MADE));
}

int run_account_list(struct cli *cli, const struct cli_args *args)
{
	(void)args;
	return list_and_show(cli, "/v1/accounts", ACCOUNT, 6);
}

int run_account_show(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	client_path(&path, "/v1/accounts/%s", args->operands[0]);
	return send_and_show(cli, "GET", buf_str(&path), NULL, ACCOUNT, ARRAY_LEN(ACCOUNT));
}

int run_account_edit(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	json_t *body = json_object();

	client_path(&path, "/v1/accounts/%s", args->operands[0]);
	put_text(body, "displayName", cli_value(args, "display-name"));
	put_text(body, "state", cli_value(args, "state"));
	put_switch(body, "managesInstallation", cli_value(args, "manages-installation"));
	return send_and_show(cli, "PATCH", buf_str(&path), body, ACCOUNT, ARRAY_LEN(ACCOUNT));
}

int run_account_host_add(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	json_t *body = json_object();

	client_path(&path, "/v1/accounts/%s/hosts", args->operands[0]);
	put_text(body, "host", args->operands[1]);
	return send_and_show(cli, "POST", buf_str(&path), body, ACCOUNT, ARRAY_LEN(ACCOUNT));
}

int run_account_host_remove(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	client_path(&path, "/v1/accounts/%s/hosts/%s", args->operands[0], args->operands[1]);
	return send_and_show(cli, "DELETE", buf_str(&path), NULL, ACCOUNT, ARRAY_LEN(ACCOUNT));
}

int run_user_create(struct cli *cli, const struct cli_args *args)
{
	json_t *body;

	body = json_object();
	put_text(body, "account", cli_value(args, "account"));
	put_text(body, "email", args->operands[0]);
	put_text(body, "name", cli_value(args, "name"));
	return send_and_show_link(cli, "/v1/users", body, USER_MADE, ARRAY_LEN(USER_MADE));
}

int run_user_list(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	buf_append_str(&path, "/v1/users");
	client_query(&path, "account", cli_value(args, "account"));
	return list_and_show(cli, buf_str(&path), USER, ARRAY_LEN(USER));
}
