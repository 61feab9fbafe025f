#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

const char *cli_value(const struct cli_args *args, const char *name)
{
	for (size_t i = 0; i < args->count; i++) {
		if (strcmp(args->options[i].option->name, name) == 0)
			return args->options[i].value;
	}
	return NULL;
}

bool cli_flag(const struct cli_args *args, const char *name)
{
	for (size_t i = 0; i < args->count; i++) {
		if (strcmp(args->options[i].option->name, name) == 0)
			return true;
	}
	return false;
}

json_t *cli_values(const struct cli_args *args, const char *name)
{
	json_t *values = NULL;

	for (size_t i = 0; i < args->count; i++) {
		if (strcmp(args->options[i].option->name, name) != 0)
			continue;
		if (values == NULL)
			values = json_array();
		(void)json_array_append_new(values, json_string(args->options[i].value));
	}
	return values;
}

const char *cli_reason(const struct cli *cli, int error)
{
	static const struct {
		int error;
		const char *key;
	} REASONS[] = {
		{ ENOENT, "cli.reason_absent" },
		{ ENOTDIR, "cli.reason_absent" },
		{ EACCES, "cli.reason_denied" },
		{ EPERM, "cli.reason_denied" },
		{ EISDIR, "cli.reason_folder" },
		{ ENOSPC, "cli.reason_full" },
		{ EROFS, "cli.reason_read_only" },
	};

	for (size_t i = 0; i < ARRAY_LEN(REASONS); i++) {
		if (REASONS[i].error == error)
			return cli_text(cli, REASONS[i].key);
	}
	return strerror(error);
}

void cli_note(
	const struct cli *cli, const char *key, const struct message_arg *args, size_t args_count)
{
	struct buf text = buf_heap(16 * 1024);

	message_append(&text, cli->lang, key, args, args_count);
	(void)fprintf(stderr, "llavero: %s\n", buf_str(&text));
	buf_free(&text);
}

static void show_problem(const struct cli *cli, int code, const char *key,
	const struct message_arg *args, size_t args_count)
{
	static const char *const TITLES[] = {
		[EXIT_REFUSED] = "cli.title_refused",
		[EXIT_USAGE] = "cli.title_usage",
		[EXIT_FAULT] = "cli.title_fault",
	};
	struct buf text = buf_heap(16 * 1024);
	json_t *problem;

	message_append(&text, cli->lang, key, args, args_count);
	problem = json_pack("{s:s,s:s,s:s,s:s,s:i}", "type", "about:blank", "title",
		cli_text(cli, TITLES[code]), "detail", buf_str(&text), "code", key, "exit", code);
	(void)show_json(problem);
	json_decref(problem);
	buf_free(&text);
}

int cli_fail(const struct cli *cli, int code, const char *key, const struct message_arg *args,
	size_t args_count)
{
	cli_note(cli, key, args, args_count);
	if (cli->json)
		show_problem(cli, code, key, args, args_count);
	return code;
}

int cli_fail_with(
	const struct cli *cli, int code, const char *key, const char *name, const char *value)
{
	return cli_fail(cli, code, key, &(struct message_arg){ name, span_str(value) }, 1);
}

int cli_complain(const struct cli *cli, int code, const struct complaint *complaint)
{
	struct message_arg args[COMPLAINT_ARGS_MAX];

	for (size_t i = 0; i < complaint->args_count; i++)
		args[i] = (struct message_arg){ complaint->args[i].name,
			span_str(complaint->args[i].value) };
	return cli_fail(cli, code, complaint->key, args, complaint->args_count);
}

void cli_say(
	const struct cli *cli, const char *key, const struct message_arg *args, size_t args_count)
{
	struct buf text = buf_heap(16 * 1024);

	message_append(&text, cli->lang, key, args, args_count);
	printf("%s\n", buf_str(&text));
	buf_free(&text);
}

void show_progress(uint64_t done, uint64_t total)
{
	if (isatty(STDERR_FILENO) != 1 || total == 0)
		return;
	if (done < total)
		(void)fprintf(stderr, "\r%3u%% ", (unsigned)(done * 100 / total));
	else
		(void)fprintf(stderr, "\r     \r");
}
