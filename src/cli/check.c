/* llavero verify, explain, can, and token check. A token comes from a file, stdin or a prompt. */
#include "cli/commands.h"

#include "base/limits.h"
#include "key/credential.h"

#include <stdio.h>
#include <string.h>

/* The members of a request to try; the token is read here. */
static int trial_body(struct cli *cli, const struct cli_args *args, bool with_token, json_t *body)
{
	CLEANUP(buf_wipe)
	struct buf token = buf_heap(0);
	int code;

	put_text(body, "appKey", cli_value(args, "app-key"));
	put_text(body, "method", args->operands[0]);
	put_text(body, "path", args->operands[1]);
	put_text(body, "host", cli_value(args, "host"));
	put_text(body, "address", cli_value(args, "from"));
	put_text(body, "account", cli_value(args, "account"));
	if (!with_token)
		return EXIT_YES;
	code = input_secret(cli, cli_value(args, "app-token-file"), "cli.prompt_token", &token);
	if (code == EXIT_YES)
		(void)json_object_set_new(
			body, "appToken", json_stringn(buf_str(&token), token.len));
	return code;
}

/* The verdict of an answer: shown, and as exit code. */
static int show_verdict(struct cli *cli, const json_t *answer)
{
	bool allowed = json_is_true(json_object_get(answer, "allowed"));

	if (cli->json)
		(void)show_json(answer);
	else
		show_explanation(cli, answer);
	return allowed ? EXIT_YES : EXIT_REFUSED;
}

static int ask_verdict(struct cli *cli, const char *path, json_t *body)
{
	struct client_answer answer;
	int code = send_body(cli, "POST", path, body, &answer);

	if (code == EXIT_YES)
		code = show_verdict(cli, answer.json);
	client_answer_free(&answer);
	return code;
}

int run_verify(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object();
	int code = trial_body(cli, args, true, body);

	if (code == EXIT_YES)
		return ask_verdict(cli, "/v1/verify", body);
	json_decref(body);
	return code;
}

int run_explain(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object();
	int code = EXIT_YES;

	if (args->operands_count == 1)
		put_text(body, "diagnosis", args->operands[0]);
	else
		code = trial_body(cli, args, true, body);
	if (code == EXIT_YES)
		return ask_verdict(cli, "/v1/explain", body);
	json_decref(body);
	return code;
}

int run_can(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object(), *list;

	put_text(body, "appKey", args->operands[0]);
	put_text(body, "method", args->operands[1]);
	put_text(body, "path", args->operands[2]);
	put_text(body, "host", cli_value(args, "host"));
	put_text(body, "address", cli_value(args, "from"));
	put_text(body, "account", cli_value(args, "account"));
	list = cli_values(args, "with-profile");
	if (list != NULL)
		(void)json_object_set_new(body, "withProfiles", list);
	list = cli_values(args, "without-profile");
	if (list != NULL)
		(void)json_object_set_new(body, "withoutProfiles", list);
	return ask_verdict(cli, "/v1/can", body);
}

/* Offline: appKey, token or both, a line each, on standard input. */
int run_token_check(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_wipe)
	struct buf text = buf_heap(0);
	struct span first, second, app_key = SPAN_ABSENT, token = SPAN_ABSENT;
	struct text_finding finding;
	json_t *answer, *positions = json_array();
	size_t end;
	bool valid;

	(void)args;
	if (input_secret(cli, "-", "cli.prompt_token", &text) != EXIT_YES)
		return EXIT_FAULT;
	end = span_find(buf_span(&text), '\n');
	first = span_part(buf_span(&text), 0, end);
	if (end < text.len) {
		second = span_part(buf_span(&text), end + 1, text.len);
		app_key = first;
		token = second;
	} else if (app_key_check(first, SPAN_LIT(APP_KEY_PREFIX_DEFAULT)) != APP_KEY_FOREIGN) {
		app_key = first;
	} else {
		token = first;
	}
	credential_check(app_key, token, SPAN_LIT(APP_KEY_PREFIX_DEFAULT), &finding);
	valid = !text_tells(&finding);
	for (size_t i = 0; i < finding.positions_count; i++)
		(void)json_array_append_new(positions, json_integer(finding.positions[i]));
	answer = json_pack("{s:b,s:s,s:s,s:o}", "valid", valid, "cause",
		finding.cause == TEXT_FOREIGN ? "foreign"
		: valid                       ? "none"
					      : text_cause_name(finding.cause),
		"hint", text_hint_name(finding.hint), "positions", positions);
	if (cli->json) {
		(void)show_json(answer);
	} else {
		static const struct column found[] = {
			{ "cli.col_valid", "valid" },
			{ "cli.col_cause", "cause" },
			{ "cli.col_hint", "hint" },
			{ "cli.col_positions", "positions" },
		};

		show_fields(cli, answer, found, ARRAY_LEN(found));
	}
	json_decref(answer);
	return valid ? EXIT_YES : EXIT_REFUSED;
}
