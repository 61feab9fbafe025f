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
	code = input_key_token(cli, cli_value(args, "app-token-file"), "cli.prompt_token", &token);
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

/* Take the texts of a cause into what is shown; false when it is none. */
static bool find_cause(const struct cli *cli, const char *name, json_t *out)
{
	static const char *const PARTS[] = { "title", "meaning", "check", "fix" };

	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")] != '\0')
		return false;
	(void)json_object_set_new(out, "cause", json_string(name));
	for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
		CLEANUP(buf_free)
		struct buf key = buf_heap(KIB);
		const char *text;

		buf_printf(&key, "cause.%s.%s", name, PARTS[i]);
		text = message_text(cli->lang, buf_str(&key));
		if (text == NULL)
			return false;
		(void)json_object_set_new(out, PARTS[i], json_string(text));
	}
	return true;
}

/* What a cause means, as the page of its name does. */
static bool show_cause(const struct cli *cli, const char *name)
{
	static const struct column columns[] = {
		{ "cli.col_cause", "cause" },
		{ "cli.col_title", "title" },
		{ "cli.col_meaning", "meaning" },
		{ "page.check", "check" },
		{ "page.fix", "fix" },
	};
	json_t *cause = json_object();
	bool found = find_cause(cli, name, cause);

	if (found)
		show_one(cli, cause, columns, ARRAY_LEN(columns));
	json_decref(cause);
	return found;
}

int run_explain(struct cli *cli, const struct cli_args *args)
{
	json_t *body;
	int code = EXIT_YES;

	if (args->operands_count == 1 && show_cause(cli, args->operands[0]))
		return EXIT_YES;
	body = json_object();
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

/* ---- token check ---- */

#define PREFIX_WITHIN_S 2L

/*
 * What the appKeys of the installation begin with: as told, else as the keeper
 * says when it is there, else as always. Nothing that is read goes to the keeper.
 */
static void find_prefix(struct cli *cli, const struct cli_args *args, struct buf *out)
{
	struct client_answer answer;
	const char *prefix = cli_value(args, "prefix");

	if (prefix != NULL) {
		buf_append_str(out, prefix);
		return;
	}
	if (client_ask(cli,
		    &(struct client_request){ .method = "GET",
			    .path = "/v1/status",
			    .within_s = PREFIX_WITHIN_S,
			    .quiet = true },
		    0, &answer) == EXIT_YES)
		prefix = json_string_value(json_object_get(answer.json, "appKeyPrefix"));
	buf_append_str(out, prefix != NULL ? prefix : APP_KEY_PREFIX_DEFAULT);
	client_answer_free(&answer);
}

/* appKey, token or both, a line each. */
static void check_text(struct span text, struct span prefix, struct text_finding *out)
{
	size_t end = span_find(text, '\n');
	struct span first = span_part(text, 0, end);

	if (end < text.len)
		credential_check(first, span_part(text, end + 1, text.len), prefix, out);
	else if (app_key_check(first, prefix) != APP_KEY_FOREIGN)
		credential_check(first, SPAN_ABSENT, prefix, out);
	else
		credential_check(SPAN_ABSENT, first, prefix, out);
}

/* For people: the cause's and the hint's own words in place of their names. */
static void put_words(const struct cli *cli, json_t *answer, const char *cause)
{
	char key[96];
	const char *text;

	(void)snprintf(key, sizeof(key), "cause.%s.title", cause);
	text = message_text(cli->lang, key);
	if (text == NULL) {
		(void)snprintf(key, sizeof(key), "cli.text_%s", cause);
		text = message_text(cli->lang, key);
	}
	if (text != NULL)
		put_text(answer, "words", text);
	(void)snprintf(
		key, sizeof(key), "hint.%s", json_string_value(json_object_get(answer, "hint")));
	text = message_text(cli->lang, key);
	if (text != NULL)
		put_text(answer, "hint", text);
	else
		(void)json_object_del(answer, "hint");
	if (json_array_size(json_object_get(answer, "positions")) == 0)
		(void)json_object_del(answer, "positions");
}

static void show_finding(const struct cli *cli, const struct text_finding *finding)
{
	static const struct column found[] = {
		{ "cli.col_valid", "valid" },
		{ "cli.col_cause", "cause" },
		{ "cli.col_title", "words" },
		{ "cli.col_field", "field" },
		{ "cli.col_positions", "positions" },
		{ "cli.col_hint", "hint" },
	};
	static const char *const FIELDS[] = { NULL, "appKey", "appToken", "both" };
	const char *cause = finding->cause == TEXT_FOREIGN ? "foreign"
			    : text_tells(finding)          ? text_cause_name(finding->cause)
							   : "none";
	json_t *answer = json_pack("{s:b,s:s,s:s,s:s*}", "valid", !text_tells(finding), "cause",
		cause, "hint", text_hint_name(finding->hint), "field",
		text_tells(finding) ? FIELDS[finding->field & 3] : NULL);
	json_t *positions = json_array();

	for (size_t i = 0; i < finding->positions_count; i++)
		(void)json_array_append_new(positions, json_integer(finding->positions[i]));
	(void)json_object_set_new(answer, "positions", positions);
	if (cli->json) {
		(void)show_json(answer);
	} else {
		put_words(cli, answer, cause);
		show_fields(cli, answer, found, ARRAY_LEN(found));
	}
	json_decref(answer);
}

/* Of the text alone, so that it works offline. */
int run_token_check(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_wipe)
	struct buf text = buf_heap(0);
	CLEANUP(buf_free)
	struct buf prefix = buf_heap(KIB);
	struct text_finding finding;
	int code = input_key_token(cli, "-", "cli.prompt_token", &text);

	if (code != EXIT_YES)
		return code;
	find_prefix(cli, args, &prefix);
	check_text(buf_span(&text), buf_span(&prefix), &finding);
	show_finding(cli, &finding);
	return text_tells(&finding) ? EXIT_REFUSED : EXIT_YES;
}
