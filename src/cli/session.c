/*
 * llavero login, logout, owner reset; and where a session is kept:
 * a file of mode 0600 under XDG_STATE_HOME, {"URL":{"token","account","device","expiresAt"}}.
 */
#include "cli/commands.h"

#include "base/crypto.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (256 * KIB)

static const struct column SHOWN[] = {
	{ "cli.col_account", "account" },
	{ "cli.col_email", "user.email" },
	{ "cli.col_owner", "user.owner" },
	{ "login.col_expires", "expiresAt" },
	{ "login.col_factor_until", "secondFactorUntil" },
};

static const struct column LINK[] = {
	{ "login.col_enrolment", "enrolment" },
	{ "login.col_expires", "expiresAt" },
	{ "login.col_tokens_ended", "managementTokensEnded" },
};

/* ---- the file ---- */

/* The folder, made when it is not there. */
static bool folder(struct buf *out, bool make)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state != NULL && state[0] == '/') {
		buf_append_str(out, state);
	} else if (home != NULL && home[0] == '/') {
		buf_printf(out, "%s/.local", home);
		if (make)
			(void)mkdir(buf_str(out), 0755);
		buf_append_str(out, "/state");
	} else {
		return false;
	}
	if (make)
		(void)mkdir(buf_str(out), 0700);
	buf_append_str(out, "/llavero");
	if (make)
		(void)mkdir(buf_str(out), 0700);
	return buf_ok(out);
}

static bool file_path(struct buf *out, bool make)
{
	if (!folder(out, make))
		return false;
	buf_append_str(out, "/sessions.json");
	return buf_ok(out);
}

/* What is kept; an empty object when there is nothing, or when others may read or write it. */
static json_t *file_read(void)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(4 * KIB);
	CLEANUP(buf_wipe)
	struct buf text = buf_heap(FILE_MAX);
	char chunk[4096];
	struct stat about;
	json_t *json = NULL;
	ssize_t got;
	int fd;

	if (!file_path(&path, false))
		return json_object();
	fd = open(buf_str(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return json_object();
	if (fstat(fd, &about) == 0 && (about.st_mode & 077) == 0 && about.st_uid == geteuid()) {
		while ((got = read(fd, chunk, sizeof(chunk))) > 0)
			buf_append(&text, span_of(chunk, (size_t)got));
		json = json_loadb(buf_str(&text), text.len, 0, NULL);
	}
	(void)close(fd);
	crypto_wipe(chunk, sizeof(chunk));
	if (json_is_object(json))
		return json;
	json_decref(json);
	return json_object();
}

static int file_write(const struct cli *cli, const json_t *json)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(4 * KIB);
	char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
	int code;

	if (text == NULL || !file_path(&path, true)) {
		crypto_free_wiped(text);
		return cli_fail(cli, EXIT_FAULT, "login.no_state", NULL, 0);
	}
	code = output_file(cli, buf_str(&path), span_str(text), 0600);
	crypto_free_wiped(text);
	return code;
}

/* A member of what is kept of this URL, in out. */
static void kept(const struct cli *cli, const char *name, struct buf *out)
{
	json_t *all = file_read();
	const char *text = json_string_value(json_object_get(json_object_get(all, cli->url), name));

	if (text != NULL)
		buf_append_str(out, text);
	json_decref(all);
}

void session_token(const struct cli *cli, struct buf *out_token)
{
	kept(cli, "token", out_token);
}

int session_account(const struct cli *cli, struct buf *out_account)
{
	struct client_answer answer;
	const char *account;
	int code;

	if (cli->url == NULL)
		return EXIT_USAGE;
	if (cli->token_file == NULL)
		kept(cli, "account", out_account);
	if (out_account->len > 0)
		return EXIT_YES;
	code = client_ask(cli, &(struct client_request){ .method = "GET", .path = "/v1/session" },
		0, &answer);
	account = json_string_value(json_object_get(answer.json, "account"));
	if (code == EXIT_YES && account != NULL)
		buf_append_str(out_account, account);
	client_answer_free(&answer);
	return code != EXIT_YES || out_account->len > 0 ? code : EXIT_USAGE;
}

/* ---- login ---- */

/* A port or nothing before the path: no name and password, which an address may stand behind. */
static bool ends_host(const char *rest)
{
	size_t digits = rest[0] == ':' ? strspn(rest + 1, "0123456789") + 1 : 0;

	return rest[digits] == '\0' || rest[digits] == '/';
}

int session_check_url(const struct cli *cli)
{
	static const char *const near[] = { "http://127.0.0.1", "http://localhost",
		"http://[::1]" };

	if (cli->url == NULL)
		return cli_fail(cli, EXIT_USAGE, "login.url_needed", NULL, 0);
	if (span_starts_with(span_str(cli->url), SPAN_LIT("https://")))
		return EXIT_YES;
	for (size_t i = 0; i < ARRAY_LEN(near); i++) {
		size_t len = strlen(near[i]);

		if (strncmp(cli->url, near[i], len) == 0 && ends_host(cli->url + len))
			return EXIT_YES;
	}
	return cli_fail_with(cli, EXIT_USAGE, "login.url_plain", "url", cli->url);
}

/* Keep what came, and show it without the token. */
static int keep(const struct cli *cli, const struct client_answer *answer)
{
	json_t *all = file_read(), *one = json_object();
	int code;

	(void)json_object_set(one, "token", json_object_get(answer->json, "token"));
	(void)json_object_set(one, "expiresAt", json_object_get(answer->json, "expiresAt"));
	(void)json_object_set(one, "account", json_object_get(answer->json, "account"));
	(void)json_object_set_new(one, "device", json_string(answer->device));
	(void)json_object_set_new(all, cli->url, one);
	code = file_write(cli, all);
	json_decref(all);
	(void)json_object_del(answer->json, "token");
	return code;
}

int session_keep_device(const struct cli *cli, const struct client_answer *answer)
{
	json_t *all, *one;
	int code = EXIT_YES;

	if (cli->url == NULL || answer->device[0] == '\0')
		return EXIT_YES;
	all = file_read();
	one = json_object_get(all, cli->url);
	if (one != NULL) {
		(void)json_object_set_new(one, "device", json_string(answer->device));
		code = file_write(cli, all);
	}
	json_decref(all);
	return code;
}

void session_note_held(const struct cli *cli, const json_t *session)
{
	const json_t *since = json_object_get(session, "codesHeldSince");
	CLEANUP(buf_free)
	struct buf time = buf_heap(KIB);
	struct message_arg arg;

	if (!json_is_string(since))
		return;
	show_value(&time, since);
	arg = (struct message_arg){ "since", span_str(buf_str(&time)) };
	cli_note(cli, "login.codes_held_note", &arg, 1);
}

static int show(const struct cli *cli, const struct client_answer *answer)
{
	session_note_held(cli, answer->json);
	if (cli->json)
		return show_json(answer->json);
	show_fields(cli, answer->json, SHOWN, ARRAY_LEN(SHOWN));
	return EXIT_YES;
}

static int confirm(struct cli *cli, const struct cli_args *args)
{
	struct client_answer answer;
	json_t *body = json_object();
	int code = put_secret(cli, body, "code", cli_value(args, "code-file"), "login.ask_code");

	if (code != EXIT_YES) {
		json_decref(body);
		return code;
	}
	code = send_body(cli, "POST", "/v1/session/confirm", body, &answer);
	if (code == EXIT_YES)
		code = show(cli, &answer);
	client_answer_free(&answer);
	return code;
}

int run_login(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_wipe)
	struct buf device = buf_heap(KIB), email = buf_heap(KIB);
	struct client_answer answer = { .body = buf_heap(1) };
	json_t *body;
	int code = session_check_url(cli);

	if (code != EXIT_YES)
		return code;
	if (cli_flag(args, "confirm"))
		return confirm(cli, args);
	if (cli_value(args, "email") != NULL)
		buf_append_str(&email, cli_value(args, "email"));
	else if (input_line(cli, "login.ask_email", &email) != EXIT_YES)
		return cli_fail_with(cli, EXIT_USAGE, "cli.option_missing", "name", "email");
	body = json_object();
	put_text(body, "account", cli_value(args, "account"));
	put_text(body, "email", buf_str(&email));
	put_text(body, "kind", "cli");
	code = put_secret(
		cli, body, "password", cli_value(args, "password-file"), "login.ask_password");
	if (code == EXIT_YES)
		code = put_secret(
			cli, body, "code", cli_value(args, "code-file"), "login.ask_code");
	kept(cli, "device", &device);
	if (code == EXIT_YES)
		code = client_ask(cli,
			&(struct client_request){ .method = "POST",
				.path = "/v1/session",
				.json = body,
				.device = device.len > 0 ? buf_str(&device) : NULL,
				.without_session = true },
			0, &answer);
	if (code == EXIT_YES)
		code = keep(cli, &answer);
	if (code == EXIT_YES)
		code = show(cli, &answer);
	json_decref(body);
	client_answer_free(&answer);
	return code;
}

/* What is kept goes in any case: a session that the keeper no longer knows is over too. */
int run_logout(struct cli *cli, const struct cli_args *args)
{
	struct client_answer answer;
	json_t *all, *one;
	int code = session_check_url(cli);

	(void)args;
	if (code != EXIT_YES)
		return code;
	all = file_read();
	one = json_object_get(all, cli->url);
	if (json_object_get(one, "token") == NULL) {
		json_decref(all);
		return cli_fail_with(cli, EXIT_REFUSED, "login.not_logged_in", "url", cli->url);
	}
	code = client_ask(cli,
		&(struct client_request){ .method = "DELETE", .path = "/v1/session" }, 401,
		&answer);
	(void)json_object_del(one, "token");
	(void)json_object_del(one, "account");
	(void)json_object_del(one, "expiresAt");
	if (file_write(cli, all) != EXIT_YES)
		code = EXIT_FAULT;
	if (code == EXIT_YES && cli->json)
		code = show_json(answer.json);
	else if (code == EXIT_YES)
		cli_say(cli, "login.logged_out", NULL, 0);
	json_decref(all);
	client_answer_free(&answer);
	return code;
}

/* ---- a new link ---- */

int run_owner_reset(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB), reset = buf_heap(KIB);
	struct client_answer answer;
	int code;

	client_path(&path, "/v1/accounts/%s", cli_value(args, "account"));
	code = client_ask(cli, &(struct client_request){ .method = "GET", .path = buf_str(&path) },
		0, &answer);
	buf_printf(&reset, "/v1/users/%lld/enrolment",
		(long long)json_integer_value(json_object_get(answer.json, "ownerId")));
	client_answer_free(&answer);
	return code != EXIT_YES
		       ? code
		       : send_and_show_link(cli, buf_str(&reset), NULL, LINK, ARRAY_LEN(LINK));
}
