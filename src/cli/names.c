/*
 * llavero completion names: the names that only the keeper knows, a line each,
 * for the shells' completion. It says nothing when the keeper is away or refuses,
 * and does not keep a person waiting.
 */
#include "cli/commands.h"

#include "base/limits.h"

#include <stdio.h>

#define WITHIN_S 2L

static const struct kind {
	const char *name, *path, *member;
} KINDS[] = {
	{ "APPKEY", "/v1/keys", "appKey" },
	{ "PROFILE", "/v1/profiles", "name" },
	{ "ACCOUNT", "/v1/accounts", "name" },
};

static bool ask(const struct cli *cli, const struct buf *path, struct client_answer *answer)
{
	return client_ask(cli,
		       &(struct client_request){ .method = "GET",
			       .path = buf_str(path),
			       .within_s = WITHIN_S,
			       .quiet = true },
		       0, answer) == EXIT_YES;
}

/* The account of a key whose profile is looked for. */
static void account_of_key(const struct cli *cli, const char *app_key, struct buf *out)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	struct client_answer answer;
	const char *account;

	client_path(&path, "/v1/keys/%s", app_key);
	if (ask(cli, &path, &answer)) {
		account = json_string_value(json_object_get(answer.json, "account"));
		buf_append_str(out, account == NULL ? "" : account);
	}
	client_answer_free(&answer);
}

/* Names with a control character are none that a person types. */
static bool fit(const char *name, const char *start)
{
	if (name == NULL || strncmp(name, start, strlen(start)) != 0)
		return false;
	for (; *name != '\0'; name++) {
		if ((uint8_t)*name < 0x20 || *name == 0x7F)
			return false;
	}
	return true;
}

static void print_names(
	const struct cli *cli, const struct kind *kind, const char *start, const char *account)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(4 * KIB);
	struct client_answer answer;
	const json_t *item;
	size_t index;

	buf_append_str(&path, kind->path);
	client_query(&path, "account", account[0] != '\0' ? account : NULL);
	client_query(&path, "limit", "200");
	client_query(&path, "q", start[0] != '\0' ? start : NULL);
	if (ask(cli, &path, &answer)) {
		json_array_foreach(json_object_get(answer.json, "items"), index, item)
		{
			const char *name = json_string_value(json_object_get(item, kind->member));

			if (fit(name, start))
				(void)printf("%s\n", name);
		}
	}
	client_answer_free(&answer);
}

int run_completion_names(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf account = buf_heap(KIB);
	const char *start = args->operands_count > 1 ? args->operands[1] : "";
	const char *given = cli_value(args, "account");

	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		bool accounts = strcmp(KINDS[i].name, "ACCOUNT") == 0;

		if (strcmp(args->operands[0], KINDS[i].name) != 0)
			continue;
		if (given != NULL && !accounts)
			buf_append_str(&account, given);
		else if (strcmp(KINDS[i].name, "PROFILE") == 0 && args->operands_count > 2)
			account_of_key(cli, args->operands[2], &account);
		print_names(cli, &KINDS[i], start, buf_str(&account));
		return EXIT_YES;
	}
	return cli_fail_with(cli, EXIT_USAGE, "cli.unknown_names", "name", args->operands[0]);
}
