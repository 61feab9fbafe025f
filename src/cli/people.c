/* llavero user show, edit, profiles, erase, reset: a person by id, or by address with --account. */
#include "cli/commands.h"

#include "base/limits.h"

static const struct column USER[] = {
	{ "cli.col_id", "id" },
	{ "cli.col_email", "email" },
	{ "cli.col_name", "name" },
	{ "cli.col_owner", "owner" },
	{ "cli.col_state", "state" },
	{ "login.col_enrolled", "enrolled" },
	{ "login.col_codes_held", "codesHeldSince" },
	{ "login.col_link_made_by", "linkMadeBy" },
	{ "cli.col_profiles", "profiles" },
	{ "cli.col_created", "createdAt" },
	{ "cli.col_revision", "revision" },
};

static const struct column LINK[] = {
	{ "login.col_enrolment", "enrolment" },
	{ "login.col_expires", "expiresAt" },
};

/* Of the persons that a search found, the one of that address; appends "/v1/users/7". */
static int match_email(struct cli *cli, const json_t *items, const char *email, struct buf *out)
{
	const json_t *item;
	size_t index;

	json_array_foreach(items, index, item)
	{
		const char *text = json_string_value(json_object_get(item, "email"));

		if (text == NULL || !span_equal_nocase(span_str(text), span_str(email)))
			continue;
		buf_printf(out, "/v1/users/%lld",
			(long long)json_integer_value(json_object_get(item, "id")));
		return EXIT_YES;
	}
	return cli_fail_with(cli, EXIT_REFUSED, "cli.no_user", "email", email);
}

/* Appends the path of the person that the first operand names. */
static int user_path(struct cli *cli, const struct cli_args *args, struct buf *out)
{
	CLEANUP(buf_free)
	struct buf list = buf_heap(4 * KIB);
	const char *wanted = args->operands[0];
	json_t *items;
	int code;

	if (strchr(wanted, '@') == NULL) {
		client_path(out, "/v1/users/%s", wanted);
		return EXIT_YES;
	}
	if (need_account(cli, args) != EXIT_YES)
		return EXIT_USAGE;
	buf_append_str(&list, "/v1/users");
	client_query(&list, "account", cli_value(args, "account"));
	client_query(&list, "q", wanted);
	code = client_collect(cli, buf_str(&list), 0, &items);
	if (code != EXIT_YES)
		return code;
	code = match_email(cli, items, wanted, out);
	json_decref(items);
	return code;
}

static int send_and_show_user(
	struct cli *cli, const struct cli_args *args, const char *method, json_t *body)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	int code = user_path(cli, args, &path);

	if (code == EXIT_YES)
		return send_and_show(cli, method, buf_str(&path), body, USER, ARRAY_LEN(USER));
	json_decref(body);
	return code;
}

int run_user_show(struct cli *cli, const struct cli_args *args)
{
	return send_and_show_user(cli, args, "GET", NULL);
}

int run_user_edit(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object();

	put_text(body, "email", cli_value(args, "email"));
	put_text(body, "name", cli_value(args, "name"));
	put_text(body, "state", cli_value(args, "state"));
	return send_and_show_user(cli, args, "PATCH", body);
}

int run_user_erase(struct cli *cli, const struct cli_args *args)
{
	static const struct column done[] = { { "cli.col_revision", "revision" } };
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	int code = user_path(cli, args, &path);

	return code != EXIT_YES ? code
				: send_and_show(cli, "DELETE", buf_str(&path), NULL, done, 1);
}

int run_user_reset(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	int code = user_path(cli, args, &path);

	buf_append_str(&path, "/enrolment");
	return code != EXIT_YES
		       ? code
		       : send_and_show_link(cli, buf_str(&path), NULL, LINK, ARRAY_LEN(LINK));
}

/* ---- profiles that a person holds ---- */

/* Is it this profile, by id or by name? */
static bool is_profile(const json_t *profile, const char *wanted)
{
	const char *name = json_string_value(json_object_get(profile, "name"));
	uint64_t id;

	if (name != NULL && strcmp(name, wanted) == 0)
		return true;
	return span_to_u64(span_str(wanted), &id) &&
	       json_integer_value(json_object_get(profile, "id")) == (json_int_t)id;
}

static bool is_removed(const json_t *removed, const json_t *profile)
{
	const json_t *one;
	size_t index;

	json_array_foreach(removed, index, one)
	{
		if (is_profile(profile, json_string_value(one)))
			return true;
	}
	return false;
}

/* A reference as the keeper takes one: an id, or a name. */
static json_t *reference(const char *text)
{
	uint64_t id;

	return span_to_u64(span_str(text), &id) ? json_integer((json_int_t)id) : json_string(text);
}

/* What he holds, without what is removed, and what is added. */
static json_t *new_profiles(const json_t *user, const json_t *removed, const json_t *added)
{
	json_t *profiles = json_array();
	const json_t *one;
	size_t index;

	json_array_foreach(json_object_get(user, "profiles"), index, one)
	{
		if (!is_removed(removed, one))
			(void)json_array_append(profiles, json_object_get(one, "id"));
	}
	json_array_foreach(added, index, one)
	{
		(void)json_array_append_new(profiles, reference(json_string_value(one)));
	}
	return profiles;
}

/* Every profile that is to go is one that he holds. */
static int check_removed(struct cli *cli, const json_t *user, const json_t *removed)
{
	const json_t *wanted, *one;
	size_t index, k;

	json_array_foreach(removed, index, wanted)
	{
		bool held = false;

		json_array_foreach(json_object_get(user, "profiles"), k, one)
		{
			held |= is_profile(one, json_string_value(wanted));
		}
		if (!held)
			return cli_fail_with(cli, EXIT_REFUSED, "cli.profile_not_held", "name",
				json_string_value(wanted));
	}
	return EXIT_YES;
}

static int set_profiles(struct cli *cli, const char *path, const struct client_answer *read,
	const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf profiles = buf_heap(KIB);
	json_t *removed = cli_values(args, "remove"), *added = cli_values(args, "add");
	struct client_answer answer = { .body = buf_heap(1) };
	json_t *body = json_object();
	int code = check_removed(cli, read->json, removed);

	buf_printf(&profiles, "%s/profiles", path);
	(void)json_object_set_new(body, "profiles", new_profiles(read->json, removed, added));
	if (code == EXIT_YES)
		code = client_ask(cli,
			&(struct client_request){ .method = "PUT",
				.path = buf_str(&profiles),
				.json = body,
				.version = json_integer_value(
					json_object_get(read->json, "version")) },
			0, &answer);
	if (code == EXIT_YES)
		show_one(cli, answer.json, USER, ARRAY_LEN(USER));
	client_answer_free(&answer);
	json_decref(body);
	json_decref(removed);
	json_decref(added);
	return code;
}

int run_user_profiles(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	struct client_answer read;
	int code = user_path(cli, args, &path);

	if (code != EXIT_YES)
		return code;
	code = client_ask(
		cli, &(struct client_request){ .method = "GET", .path = buf_str(&path) }, 0, &read);
	if (code == EXIT_YES && cli_value(args, "add") == NULL && cli_value(args, "remove") == NULL)
		show_one(cli, read.json, USER, ARRAY_LEN(USER));
	else if (code == EXIT_YES)
		code = set_profiles(cli, buf_str(&path), &read, args);
	client_answer_free(&read);
	return code;
}
