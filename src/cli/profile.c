/* llavero profile: access profiles of an account. */
#include "cli/commands.h"

#include "base/limits.h"

static const struct column PROFILE[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_name", "name" },
	{ "cli.col_resources", "resources" },
	{ "cli.col_handles_keys", "handlesKeys" },
	{ "cli.col_keys", "keys" },
	{ "cli.col_users", "users" },
	{ "cli.col_revision", "revision" },
};

static const struct column ROW[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_name", "name" },
	{ "cli.col_handles_keys", "handlesKeys" },
	{ "cli.col_resources", "resources" },
};

int run_profile_create(struct cli *cli, const struct cli_args *args)
{
	json_t *body, *resources = cli_values(args, "resource");

	body = json_object();
	put_text(body, "account", cli_value(args, "account"));
	put_text(body, "name", args->operands[0]);
	if (resources != NULL)
		(void)json_object_set_new(body, "resources", resources);
	put_switch(body, "handlesKeys", cli_value(args, "handles-keys"));
	return send_and_show(cli, "POST", "/v1/profiles", body, PROFILE, ARRAY_LEN(PROFILE));
}

int run_profile_list(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	buf_append_str(&path, "/v1/profiles");
	client_query(&path, "account", cli_value(args, "account"));
	client_query(&path, "q", cli_value(args, "search"));
	client_query(&path, "predefined", cli_flag(args, "predefined") ? "true" : NULL);
	return list_and_show(cli, buf_str(&path), ROW, ARRAY_LEN(ROW));
}

/* A profile by id, or by name with --account; appends its path. */
static int profile_path(struct cli *cli, const struct cli_args *args, struct buf *out)
{
	CLEANUP(buf_free)
	struct buf list = buf_heap(4 * KIB);
	const char *wanted = args->operands[0];
	json_t *items, *item;
	size_t index;
	uint64_t id;
	int code;

	if (span_to_u64(span_str(wanted), &id)) {
		client_path(out, "/v1/profiles/%s", wanted);
		return EXIT_YES;
	}
	if (need_account(cli, args) != EXIT_YES)
		return EXIT_USAGE;
	buf_append_str(&list, "/v1/profiles");
	client_query(&list, "account", cli_value(args, "account"));
	client_query(&list, "q", wanted);
	code = client_collect(cli, buf_str(&list), 0, &items);
	if (code != EXIT_YES)
		return code;
	code = EXIT_REFUSED;
	json_array_foreach(items, index, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));

		if (name == NULL || strcmp(name, wanted) != 0)
			continue;
		buf_printf(out, "/v1/profiles/%lld",
			(long long)json_integer_value(json_object_get(item, "id")));
		code = EXIT_YES;
	}
	json_decref(items);
	return code == EXIT_YES
		       ? code
		       : cli_fail_with(cli, EXIT_REFUSED, "cli.no_profile", "name", wanted);
}

int run_profile_show(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	int code = profile_path(cli, args, &path);

	return code != EXIT_YES ? code
				: send_and_show(cli, "GET", buf_str(&path), NULL, PROFILE,
					  ARRAY_LEN(PROFILE));
}

int run_profile_edit(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	json_t *body, *list;
	int code = profile_path(cli, args, &path);

	if (code != EXIT_YES)
		return code;
	body = json_object();
	put_text(body, "name", cli_value(args, "name"));
	list = cli_values(args, "resource");
	if (list != NULL)
		(void)json_object_set_new(body, "resources", list);
	list = cli_values(args, "add");
	if (list != NULL)
		(void)json_object_set_new(body, "addResources", list);
	list = cli_values(args, "remove");
	if (list != NULL)
		(void)json_object_set_new(body, "removeResources", list);
	put_switch(body, "handlesKeys", cli_value(args, "handles-keys"));
	return send_and_show(cli, "PATCH", buf_str(&path), body, PROFILE, ARRAY_LEN(PROFILE));
}

int run_profile_delete(struct cli *cli, const struct cli_args *args)
{
	static const struct column done[] = { { "cli.col_revision", "revision" } };
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	int code = profile_path(cli, args, &path);

	if (code != EXIT_YES)
		return code;
	client_query(&path, "unlink", cli_flag(args, "unlink") ? "true" : NULL);
	return send_and_show(cli, "DELETE", buf_str(&path), NULL, done, 1);
}
