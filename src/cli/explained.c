/*
 * An explanation for people: the verdict in words, the steps up to the one that
 * refused, what would help with the command that does it, and what happened to
 * the key where the credential was at fault.
 */
#include "cli/commands.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

/* ---- what was looked at ---- */

/* The steps up to the one that refused: those behind it have nothing to say. */
static void show_steps(const struct cli *cli, const json_t *steps)
{
	static const struct column columns[] = {
		{ "cli.col_outcome", "outcome" },
		{ "cli.col_step", "text" },
	};
	static const struct {
		const char *outcome, *word;
	} words[] = {
		{ "passed", "cli.outcome_passed" },
		{ "failed", "cli.outcome_failed" },
		{ "skipped", "cli.outcome_skipped" },
	};
	json_t *rows = json_array();
	const json_t *step;
	size_t index;

	json_array_foreach(steps, index, step)
	{
		const char *outcome = text_of(step, "outcome");

		for (size_t i = 0; outcome != NULL && i < ARRAY_LEN(words); i++) {
			if (strcmp(outcome, words[i].outcome) == 0)
				(void)json_array_append_new(
					rows, json_pack("{s:s,s:O}", "outcome",
						      cli_text(cli, words[i].word), "text",
						      json_object_get(step, "text")));
		}
	}
	if (json_array_size(rows) > 0) {
		(void)putchar('\n');
		show_table(cli, rows, columns, ARRAY_LEN(columns));
	}
	json_decref(rows);
}

/* ---- what would help ---- */

/* A word for a shell: in single quotes unless it needs none. */
static void append_word(struct buf *out, const char *word)
{
	static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._:/@%+=-";

	if (word[0] != '\0' && word[0] != '-' && word[strspn(word, PLAIN)] == '\0') {
		buf_append_str(out, word);
		return;
	}
	buf_append_char(out, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_append_str(out, "'\\''");
		else
			buf_append_char(out, *word);
	}
	buf_append_char(out, '\'');
}

struct remedy {
	const char *kind, *command;
	const char *facts[2]; /* its words behind the command */
	const char *more;
};

static const struct remedy REMEDIES[] = {
	{ "link_profile", "key link", { "appKey", "profile" }, "" },
	{ "activate_key", "key activate", { "appKey" }, "" },
	{ "rotate_key", "key rotate", { "appKey" }, "" },
	{ "extend_expiry", "key edit", { "appKey" }, " --expires TIME" },
	{ "activate_account", "account edit", { "account" }, " --state active" },
};

/* The command of a fix; nothing when none does it, or not all that it takes is known. */
static void append_command(const json_t *answer, const json_t *fix, struct buf *out)
{
	const char *kind = text_of(fix, "kind");
	const char *home = text_of(json_object_get(answer, "history"), "account");
	const char *account = text_of(answer, "account");
	const struct remedy *remedy = NULL;

	for (size_t i = 0; kind != NULL && i < ARRAY_LEN(REMEDIES); i++) {
		if (strcmp(kind, REMEDIES[i].kind) == 0)
			remedy = &REMEDIES[i];
	}
	if (remedy == NULL)
		return;
	buf_printf(out, "llavero %s", remedy->command);
	for (size_t i = 0; i < ARRAY_LEN(remedy->facts) && remedy->facts[i] != NULL; i++) {
		const char *word = text_of(json_object_get(fix, "facts"), remedy->facts[i]);

		if (word == NULL) {
			buf_clear(out);
			return;
		}
		buf_append_char(out, ' ');
		append_word(out, word);
	}
	buf_append_str(out, remedy->more);
	/* A key that is linked away from home needs to be told where. */
	if (strcmp(kind, "link_profile") == 0 && home != NULL && account != NULL &&
		strcmp(home, account) != 0) {
		buf_append_str(out, " --account ");
		append_word(out, account);
	}
}

static void show_fixes(const struct cli *cli, const json_t *answer)
{
	const json_t *fixes = json_object_get(answer, "fixes");
	const json_t *fix;
	size_t index;

	if (json_array_size(fixes) == 0)
		return;
	(void)putchar('\n');
	cli_say(cli, "cli.col_fix", NULL, 0);
	json_array_foreach(fixes, index, fix)
	{
		struct buf text = buf_heap(64 * KIB), command = buf_heap(8 * KIB);

		show_value(&text, json_object_get(fix, "text"));
		append_command(answer, fix, &command);
		(void)printf("%3zu. %s\n", index + 1, buf_str(&text));
		if (buf_ok(&command) && command.len > 0)
			(void)printf("     %s\n", buf_str(&command));
		buf_free(&text);
		buf_free(&command);
	}
}

/* ---- what happened to the key ---- */

/* A sentence of the history; its words come from one object's members. */
static void say_of(const struct cli *cli, const char *key, const json_t *object)
{
	static const char *const NAMES[] = { "appKey", "label", "account", "createdAt", "expiresAt",
		"revokedAt", "revokedBy", "reason", "deactivatedAt", "deactivatedBy", "retiredAt",
		"retiredBy" };
	struct buf texts[ARRAY_LEN(NAMES)];
	struct message_arg args[ARRAY_LEN(NAMES)];

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		const json_t *value = json_object_get(object, NAMES[i]);

		texts[i] = buf_heap(8 * KIB);
		show_value(&texts[i], value);
		args[i] = (struct message_arg){ NAMES[i], buf_span(&texts[i]) };
	}
	(void)printf("  ");
	cli_say(cli, key, args, ARRAY_LEN(args));
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
		buf_free(&texts[i]);
}

static void say_token(const struct cli *cli, const json_t *token)
{
	static const struct {
		const char *state, *key;
	} SENTENCES[] = {
		{ "live", "cli.history_token_live" },
		{ "rotated", "cli.history_token_rotated" },
		{ "rotation_cancelled", "cli.history_token_cancelled" },
		{ "key_revoked", "cli.history_token_revoked" },
	};
	const char *state = text_of(token, "state");

	for (size_t i = 0; state != NULL && i < ARRAY_LEN(SENTENCES); i++) {
		if (strcmp(state, SENTENCES[i].state) == 0)
			say_of(cli, SENTENCES[i].key, token);
	}
}

static void show_history(const struct cli *cli, const json_t *history)
{
	const json_t *token;
	size_t index;

	(void)putchar('\n');
	cli_say(cli, "cli.history", NULL, 0);
	say_of(cli, "cli.history_key", history);
	if (text_of(history, "expiresAt") != NULL)
		say_of(cli, "cli.history_expires", history);
	if (text_of(history, "deactivatedAt") != NULL)
		say_of(cli, "cli.history_deactivated", history);
	if (text_of(history, "revokedAt") != NULL)
		say_of(cli, "cli.history_revoked", history);
	json_array_foreach(json_object_get(history, "tokens"), index, token) say_token(cli, token);
}

/* Only where the credential failed: it tells nothing about a missing right. */
static bool history_helps(const json_t *answer)
{
	static const char *const STEPS[] = { "text", "key", "token", "state" };
	const char *failed = text_of(answer, "failedStep");

	for (size_t i = 0; failed != NULL && i < ARRAY_LEN(STEPS); i++) {
		if (strcmp(failed, STEPS[i]) == 0)
			return true;
	}
	return false;
}

void show_explanation(const struct cli *cli, const json_t *answer)
{
	static const struct column verdict[] = {
		{ "cli.col_allowed", "allowed" },
		{ "cli.col_cause", "cause" },
		{ "cli.col_title", "title" },
		{ "cli.col_meaning", "meaning" },
		/* What the caller itself is told: of verify. */
		{ "cli.col_title", "problem.title" },
		{ "cli.col_detail", "problem.detail" },
		{ "cli.col_profile", "profile" },
		{ "cli.col_resource", "resource" },
	};
	const json_t *history = json_object_get(answer, "history");

	show_fields(cli, answer, verdict, ARRAY_LEN(verdict));
	show_steps(cli, json_object_get(answer, "steps"));
	show_fixes(cli, answer);
	if (history != NULL && history_helps(answer))
		show_history(cli, history);
}
