/* llavero whoami, session, password, recovery-codes, second-factor, enrol: what a person has
 * himself. */
#include "cli/commands.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static const struct column SHOWN[] = {
	{ "cli.col_caller", "caller" },
	{ "cli.col_account", "account" },
	{ "cli.col_email", "user.email" },
	{ "cli.col_name", "user.name" },
	{ "cli.col_owner", "user.owner" },
	{ "cli.col_rights", "rights" },
	{ "login.col_installation", "managesInstallation" },
	{ "login.col_factor_until", "secondFactorUntil" },
	{ "login.col_idle_until", "idleUntil" },
	{ "login.col_expires", "expiresAt" },
};

static const struct column SESSION[] = {
	{ "cli.col_id", "id" },
	{ "login.col_current", "current" },
	{ "login.col_kind", "kind" },
	{ "login.col_address", "address" },
	{ "login.col_agent", "agent" },
	{ "cli.col_created", "createdAt" },
	{ "login.col_seen", "seenAt" },
	{ "login.col_expires", "expiresAt" },
};

static const struct column FACTOR[] = {
	{ "cli.col_account", "account" },
	{ "cli.col_email", "email" },
	{ "login.col_secret", "secret" },
	{ "login.col_otpauth", "otpauth" },
};

static const struct column CODES[] = {
	{ "login.col_recovery", "recoveryCodes" },
};

int run_whoami(struct cli *cli, const struct cli_args *args)
{
	struct client_answer answer;
	int code = send_body(cli, "GET", "/v1/session", NULL, &answer);

	(void)args;
	if (code == EXIT_YES) {
		session_note_held(cli, answer.json);
		show_one(cli, answer.json, SHOWN, ARRAY_LEN(SHOWN));
	}
	client_answer_free(&answer);
	return code;
}

int run_session_list(struct cli *cli, const struct cli_args *args)
{
	struct client_answer answer;
	int code = client_ask(cli,
		&(struct client_request){ .method = "GET", .path = "/v1/sessions" }, 0, &answer);

	(void)args;
	if (code == EXIT_YES)
		show_items(cli, json_object_get(answer.json, "items"), SESSION, ARRAY_LEN(SESSION));
	client_answer_free(&answer);
	return code;
}

int run_session_end(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	if (strcmp(args->operands[0], "others") == 0)
		return send_and_say(cli, "DELETE", "/v1/sessions", NULL, "login.sessions_ended");
	client_path(&path, "/v1/sessions/%s", args->operands[0]);
	return send_and_say(cli, "DELETE", buf_str(&path), NULL, "login.session_ended");
}

/* ---- secrets that are typed ---- */

static bool same(const struct buf *a, const struct buf *b)
{
	return span_equal(buf_span(a), buf_span(b));
}

/* A new password: typed twice, or from a file. */
static int put_new_password(struct cli *cli, const struct cli_args *args, json_t *body)
{
	const char *file = cli_value(args, "password-file");
	CLEANUP(buf_wipe)
	struct buf once = buf_heap(1);
	CLEANUP(buf_wipe)
	struct buf again = buf_heap(1);
	int code = input_secret(cli, file, "login.ask_new_password", &once);

	if (code == EXIT_YES && file == NULL)
		code = input_secret(cli, NULL, "login.ask_again", &again);
	if (code == EXIT_YES && file == NULL && !same(&once, &again))
		return cli_fail(cli, EXIT_USAGE, "login.not_the_same", NULL, 0);
	if (code == EXIT_YES)
		(void)json_object_set_new(body, "password", json_stringn(buf_str(&once), once.len));
	return code;
}

/*
 * Show the factor that an app is to have, and take its code from the person. With --json it is
 * shown beside the one answer.
 */
static int show_factor(
	struct cli *cli, const struct cli_args *args, const json_t *factor, json_t *body)
{
	struct message_arg uri = { "otpauth",
		span_str(json_string_value(json_object_get(factor, "otpauth"))) };

	if (cli->json) {
		cli_note(cli, "login.factor_json", &uri, 1);
	} else {
		show_fields(cli, factor, FACTOR, ARRAY_LEN(FACTOR));
		(void)fflush(stdout);
		cli_note(cli, "login.factor_next", NULL, 0);
	}
	return put_secret(cli, body, "code", cli_value(args, "code-file"), "login.ask_code");
}

static void show_codes(struct cli *cli, const json_t *answer)
{
	if (cli->json) {
		(void)show_json(answer);
		return;
	}
	show_fields(cli, answer, CODES, ARRAY_LEN(CODES));
	cli_note(cli, "login.recovery_once", NULL, 0);
}

/* The password that he has now: who has his session alone changes nothing of his login. */
static int put_current(struct cli *cli, const struct cli_args *args, json_t *body)
{
	return put_secret(
		cli, body, "current", cli_value(args, "current-file"), "login.ask_password");
}

/* Change what he proves himself with; then the devices that were known are not, but this one. */
static int send_change(struct cli *cli, const char *path, json_t *body, const char *done_key)
{
	struct client_answer answer;
	int code = send_body(cli, "POST", path, body, &answer);

	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES)
		cli_say(cli, done_key, NULL, 0);
	if (code == EXIT_YES)
		code = session_keep_device(cli, &answer);
	client_answer_free(&answer);
	return code;
}

int run_password(struct cli *cli, const struct cli_args *args)
{
	json_t *body = json_object();
	int code = put_current(cli, args, body);

	if (code == EXIT_YES)
		code = put_new_password(cli, args, body);
	if (code == EXIT_YES)
		return send_change(cli, "/v1/me/password", body, "login.password_changed");
	json_decref(body);
	return code;
}

/* Ask for a change that the password proves. */
static int ask_with_password(struct cli *cli, const struct cli_args *args, const char *path,
	struct client_answer *out_answer)
{
	json_t *body = json_object();
	int code = put_current(cli, args, body);

	*out_answer = (struct client_answer){ .body = buf_heap(1) };
	if (code == EXIT_YES)
		return send_body(cli, "POST", path, body, out_answer);
	json_decref(body);
	return code;
}

int run_recovery_codes(struct cli *cli, const struct cli_args *args)
{
	struct client_answer answer;
	int code = ask_with_password(cli, args, "/v1/me/recovery-codes", &answer);

	if (code == EXIT_YES)
		show_codes(cli, answer.json);
	client_answer_free(&answer);
	return code;
}

int run_second_factor(struct cli *cli, const struct cli_args *args)
{
	struct client_answer begun;
	json_t *body = json_object();
	int code = ask_with_password(cli, args, "/v1/me/second-factor", &begun);

	if (code == EXIT_YES)
		code = show_factor(cli, args, begun.json, body);
	client_answer_free(&begun);
	if (code == EXIT_YES)
		return send_change(
			cli, "/v1/me/second-factor/confirm", body, "login.factor_changed");
	json_decref(body);
	return code;
}

/* ---- enrolling ---- */

static int ask_open(
	struct cli *cli, const char *path, const json_t *body, struct client_answer *answer)
{
	return client_ask(cli,
		&(struct client_request){
			.method = "POST", .path = path, .json = body, .without_session = true },
		0, answer);
}

/* Somebody looked at the link before, perhaps not this person. */
static void note_opened_before(const struct cli *cli, const json_t *opened)
{
	const json_t *before = json_object_get(opened, "openedBefore");
	CLEANUP(buf_free)
	struct buf time = buf_heap(KIB);
	struct message_arg arg;

	if (!json_is_string(before))
		return;
	show_value(&time, before);
	arg = (struct message_arg){ "at", span_str(buf_str(&time)) };
	cli_note(cli, "login.enrolment_before", &arg, 1);
}

int run_enrol(struct cli *cli, const struct cli_args *args)
{
	struct client_answer opened = { .body = buf_heap(1) }, used = { .body = buf_heap(1) };
	json_t *body = json_object();
	int code = put_link(cli, args, body, "token");
	/* By the socket the address is not known here. */
	struct message_arg url = { "url",
		span_str(cli->url != NULL ? cli->url : cli_text(cli, "login.word_url")) };

	if (code == EXIT_YES)
		code = ask_open(cli, "/v1/enrolment/open", body, &opened);
	if (code == EXIT_YES)
		note_opened_before(cli, opened.json);
	if (code == EXIT_YES)
		code = put_new_password(cli, args, body);
	if (code == EXIT_YES)
		code = show_factor(cli, args, opened.json, body);
	if (code == EXIT_YES)
		code = ask_open(cli, "/v1/enrolment", body, &used);
	if (code == EXIT_YES)
		show_codes(cli, used.json);
	if (code == EXIT_YES && !cli->json)
		cli_say(cli, "login.enrolled", &url, 1);
	json_decref(body);
	client_answer_free(&opened);
	client_answer_free(&used);
	return code;
}
