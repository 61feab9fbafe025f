/* llavero owner: the transfer of an account's ownership, by invitation or, for the operator, at
 * once. */
#include "cli/commands.h"

#include "base/limits.h"

static const struct column INVITATION[] = {
	{ "cli.col_id", "user.id" },
	{ "cli.col_email", "user.email" },
	{ "cli.col_name", "user.name" },
	{ "cli.col_expires", "expiresAt" },
	{ "cli.col_revision", "revision" },
};

static const struct column ACCOUNT[] = {
	{ "cli.col_account", "name" },
	{ "cli.col_state", "state" },
	{ "cli.col_owner", "ownerId" },
	{ "cli.col_revision", "revision" },
};

/* An owner who has not enrolled yet: with which link he does. */
static const struct column MOVED[] = {
	{ "cli.col_account", "name" },
	{ "cli.col_state", "state" },
	{ "cli.col_owner", "ownerId" },
	{ "cli.col_revision", "revision" },
	{ "login.col_enrolment", "enrolment" },
	{ "login.col_expires", "enrolmentExpiresAt" },
};

/* By id, which is a number, or by address. */
static void put_user(json_t *body, const char *text)
{
	uint64_t id;

	if (span_to_u64(span_str(text), &id) && id <= INT64_MAX)
		(void)json_object_set_new(body, "user", json_integer((json_int_t)id));
	else
		put_text(body, "user", text);
}

static void owner_path(struct buf *out, const struct cli_args *args, const char *rest)
{
	client_path(out, "/v1/accounts/%s/owner", cli_value(args, "account"));
	buf_append_str(out, rest);
}

int run_owner_transfer(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	bool now = cli_flag(args, "now");
	json_t *body = json_object();

	put_user(body, args->operands[0]);
	owner_path(&path, args, now ? "" : "/invitation");
	if (now)
		return send_and_show(cli, "POST", buf_str(&path), body, MOVED, ARRAY_LEN(MOVED));
	return send_and_show(cli, "POST", buf_str(&path), body, INVITATION, ARRAY_LEN(INVITATION));
}

int run_owner_invitation(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	owner_path(&path, args, "/invitation");
	return send_and_show(cli, "GET", buf_str(&path), NULL, INVITATION, ARRAY_LEN(INVITATION));
}

int run_owner_accept(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	owner_path(&path, args, "/accept");
	return send_and_show(cli, "POST", buf_str(&path), NULL, ACCOUNT, ARRAY_LEN(ACCOUNT));
}

int run_owner_cancel(struct cli *cli, const struct cli_args *args)
{
	static const struct column done[] = { { "cli.col_revision", "revision" } };
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	owner_path(&path, args, "/invitation");
	return send_and_show(cli, "DELETE", buf_str(&path), NULL, done, 1);
}
