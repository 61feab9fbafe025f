/* llavero init and status. */
#include "cli/commands.h"

int run_init(struct cli *cli, const struct cli_args *args)
{
	static const struct column made[] = {
		{ "cli.col_account", "account" },
		{ "cli.col_owner", "owner" },
		{ "login.col_enrolment", "enrolment" },
		{ "cli.col_clock", "clock.state" },
		{ "cli.col_revision", "revision" },
	};
	json_t *body;

	body = json_object();
	put_text(body, "account", cli_value(args, "account"));
	put_text(body, "owner", cli_value(args, "owner"));
	put_text(body, "displayName", cli_value(args, "display-name"));
	return send_and_show_link(cli, "/v1/init", body, made, ARRAY_LEN(made));
}

int run_status(struct cli *cli, const struct cli_args *args)
{
	static const struct column status[] = {
		{ "cli.col_version", "version" },
		{ "cli.col_held", "held" },
		{ "cli.col_revision", "revision" },
		{ "cli.col_epoch", "epoch" },
		{ "cli.col_public_key", "eventPublicKey" },
		{ "cli.col_index", "index.revision" },
		{ "cli.col_applied", "index.appliedAt" },
		{ "cli.col_accounts", "counts.accounts" },
		{ "cli.col_keys", "counts.keys" },
		{ "cli.col_profiles", "counts.profiles" },
		{ "cli.col_routes", "counts.routes" },
		{ "use.limit_cells", "ledger.limitedKeys" },
		{ "use.dropped", "ledger.dropped" },
		{ "use.counted_until", "ledger.countedUntil" },
	};
	struct client_answer answer;
	int code = client_ask(
		cli, &(struct client_request){ .method = "GET", .path = "/v1/status" }, 0, &answer);

	(void)args;
	if (code == EXIT_YES && cli->json) {
		(void)show_json(answer.json);
	} else if (code == EXIT_YES) {
		show_fields(cli, answer.json, status, ARRAY_LEN(status));
		if (json_object_get(answer.json, "lost") != NULL)
			show_lost(cli, json_object_get(answer.json, "lost"));
	}
	client_answer_free(&answer);
	return code;
}
